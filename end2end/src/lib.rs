//! Journeys through the whole product in a real browser: [`Host`] is a server of its own with demo data,
//! [`Browser`] is a headless Chromium that notices every error.
//!
//! `cargo x e2e` builds what they need and runs them; pictures of the pages stay in `target/e2e-shots`.
#![expect(clippy::expect_used, reason = "a journey that cannot go on has nothing better to do than to stop")]

mod browser;
mod gateway;
mod host;

pub use browser::{Browser, Scripts};
pub use gateway::Gateway;
pub use host::Host;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// This package, in the clone whose journeys are run; clones may share what they build.
fn here() -> &'static Path {
    static HERE: LazyLock<PathBuf> = LazyLock::new(|| {
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()).into()
    });
    &HERE
}

/// Runs a journey on a fresh server with a fresh browser; both are gone afterwards, also when it fails.
pub fn journey(scripts: Scripts, walk: impl AsyncFnOnce(&Host, &Browser)) {
    run(scripts, None, walk);
}

/// The same in shops whose customers can pay by card, through a gateway that says yes.
pub fn journey_with_cards(scripts: Scripts, walk: impl AsyncFnOnce(&Host, &Browser)) {
    run(scripts, Some(&Gateway::start()), walk);
}

fn run(scripts: Scripts, gateway: Option<&Gateway>, walk: impl AsyncFnOnce(&Host, &Browser)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let host = Host::start(gateway).await;
        let browser = Browser::start(&host, scripts).await;
        walk(&host, &browser).await;
        browser.expect_no_errors().await;
    });
}

/// What an authenticator application shows for a secret, this many seconds from now.
///
/// # Panics
/// For a text that is no secret.
pub fn authenticator(secret: &str, ahead: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).expect("the secret that was shown");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let application =
        totp_rs::Builder::new().with_secret(secret).build().expect("the standard form of codes");
    application.generate(now + ahead).to_string()
}
