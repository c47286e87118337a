//! The codes of the second step: time-based ones (RFC 6238: six digits, 30 s, SHA-1, which is what the applications
//! know) and recovery codes.

use super::secret::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::{Error, Result};
use primitives::Timestamp;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// Bytes of a shared secret, as RFC 4226 recommends.
const SECRET: usize = 20;
/// Recovery codes of one person.
pub(super) const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code: 80 bits, so that its plain hash cannot be searched.
const RECOVERY_LETTERS: usize = 16;
/// Without the letters that are taken for digits (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What an application and the shop share.
pub(super) struct Shared(Zeroizing<Vec<u8>>);

impl Shared {
    pub(super) fn draw() -> Self {
        Self(Zeroizing::new(rand::random::<[u8; SECRET]>().to_vec()))
    }

    pub(super) fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number of the half minute that the code belongs to: this one, the one before or the one after.
    pub(super) fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let totp = self.totp("", None).ok()?;
        let seconds = u64::try_from(now.millis()).ok()? / 1_000;
        totp.check(code, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// The secret as people type it.
    pub(super) fn base32(&self) -> Result<String> {
        Ok(self.totp("", None)?.secret().to_base32())
    }

    /// The address that applications read from the QR code.
    pub(super) fn uri(&self, account: &str, issuer: &str) -> Result<String> {
        // A colon parts the two.
        let (account, issuer) = (account.replace(':', " "), issuer.replace(':', " "));
        self.totp(&account, Some(issuer))?.to_url().map_err(|error| Error::internal(error.to_string()))
    }

    fn totp(&self, account: &str, issuer: Option<String>) -> Result<Totp> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(30)
            .with_skew(1)
            .with_secret(self.0.to_vec())
            .with_account_name(account)
            .with_issuer(issuer)
            .build()
            .map_err(|error| Error::internal(error.to_string()))
    }
}

/// A picture of the text as a QR code, as a `data:` address.
///
/// # Errors
/// `INTERNAL_SERVER_ERROR` for a text of more than about 2,000 bytes.
pub(super) fn qr(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let picture = code.render::<svg::Color<'_>>().module_dimensions(4, 4).build();
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
}

/// What somebody typed as a code.
pub(super) enum Typed {
    /// Six digits.
    Time(String),
    /// SHA-256 of a recovery code.
    Recovery([u8; 32]),
    /// Neither.
    Nonsense,
}

impl Typed {
    /// Spaces and hyphens do not count.
    pub(super) fn read(text: &str) -> Self {
        let letters: String =
            text.chars().take(64).filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
        if letters.len() == 6 && letters.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Time(letters);
        }
        let letters: String = letters
            .chars()
            .map(|letter| match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        let fits =
            letters.len() == RECOVERY_LETTERS && letters.bytes().all(|letter| ALPHABET.contains(&letter));
        if fits { Self::Recovery(digest(letters.as_bytes())) } else { Self::Nonsense }
    }
}

/// A fresh recovery code as it is shown, `xxxx-xxxx-xxxx-xxxx`, and its hash.
pub(super) fn recovery_code() -> (String, [u8; 32]) {
    let letters: Vec<u8> = rand::random::<[u8; RECOVERY_LETTERS]>()
        .iter()
        .map(|byte| ALPHABET[usize::from(byte % 32)])
        .collect();
    let shown: Vec<String> =
        letters.chunks(4).map(|part| part.iter().map(|letter| char::from(*letter)).collect()).collect();
    (shown.join("-"), digest(&letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six of eight digits.
        let shared = Shared(Zeroizing::new(b"12345678901234567890".to_vec()));
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(shared.step_of(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_one_step_to_either_side() {
        let shared = Shared(Zeroizing::new(b"12345678901234567890".to_vec()));
        let step = 1_111_111_109 / 30;
        // The code's own half minute ends a second later.
        for (seconds, found) in
            [(-60, None), (-59, Some(step)), (0, Some(step)), (30, Some(step)), (31, None)]
        {
            let now = at(1_111_111_109 + seconds);
            assert_eq!(shared.step_of("081804", now), found, "{seconds}");
        }
        for nonsense in ["", "81804", "0818040", "+81804", "08180a", "٠٨١٨٠٤"] {
            assert_eq!(shared.step_of(nonsense, at(1_111_111_109)), None, "{nonsense}");
        }
    }

    #[test]
    fn the_address_names_shop_and_person() {
        let shared = Shared(Zeroizing::new(b"12345678901234567890".to_vec()));
        assert_eq!(
            shared.uri("anna@x.example", "Hearth: Home").unwrap(),
            "otpauth://totp/Hearth%20%20Home:anna%40x.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Hearth%20%20Home"
        );
        assert_eq!(shared.base32().unwrap(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(qr("otpauth://totp/x").unwrap().starts_with("data:image/svg+xml;base64,"));
    }

    #[test]
    fn reads_codes_as_people_write_them() {
        let (shown, hash) = recovery_code();
        assert_eq!((shown.len(), shown.matches('-').count()), (19, 3));
        for text in [shown.clone(), shown.to_uppercase(), shown.replace('-', " "), shown.replace('0', "O")] {
            assert!(matches!(Typed::read(&text), Typed::Recovery(read) if read == hash), "{text}");
        }
        assert!(matches!(Typed::read(" 081 804 "), Typed::Time(code) if code == "081804"));
        for nonsense in ["", "08180", "0818041", "x", &shown[1..], &"a".repeat(1_000_000), "۰۸۱۸۰۴"] {
            assert!(matches!(Typed::read(nonsense), Typed::Nonsense));
        }
    }
}
