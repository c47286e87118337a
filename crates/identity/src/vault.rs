//! Secrets that other modules keep for a shop, sealed for their rows with the key of this host.

use platform::{App, Error, Result};
use primitives::ErrorCode;
use zeroize::Zeroizing;

use crate::security::keys::Keys;

/// Seals a secret. It opens for the same purpose and place only, as long as `security.secret_key`, or that key among
/// `security.previous_secret_keys`, is there. `place` says whose it is: a row that is copied elsewhere does not open.
///
/// # Errors
/// `FEATURE_NOT_ENABLED` when this host has no lasting key.
pub fn seal(app: &App, purpose: &[u8], place: &[u8], secret: &str) -> Result<Vec<u8>> {
    let keys = Keys::of(app);
    if !keys.lasting() {
        return Err(Error::new(
            ErrorCode::FeatureNotEnabled,
            "keeping secrets needs a lasting key: whoever runs this host sets security.secret_key",
        ));
    }
    keys.seal(purpose, place, secret.as_bytes())
}

/// What was sealed; `None` when it is none of ours, was moved elsewhere, or its key is gone.
pub fn open(app: &App, purpose: &[u8], place: &[u8], sealed: &[u8]) -> Option<Zeroizing<String>> {
    let opened = Keys::of(app).open(purpose, place, sealed)?;
    Some(Zeroizing::new(std::str::from_utf8(&opened.plain).ok()?.to_owned()))
}

/// Whether this host can keep secrets.
pub fn is_lasting(app: &App) -> bool {
    Keys::of(app).lasting()
}
