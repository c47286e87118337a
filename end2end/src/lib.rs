//! Journeys through the whole product in a real browser: [`Host`] is a server of its own with demo data,
//! [`Browser`] is a headless Chromium that notices every error.
//!
//! `cargo x e2e` builds what they need and runs them; pictures of the pages stay in `target/e2e-shots`.
#![expect(clippy::expect_used, reason = "a journey that cannot go on has nothing better to do than to stop")]

mod browser;
mod host;

pub use browser::{Browser, Scripts};
pub use host::Host;

/// Runs a journey on a fresh server with a fresh browser; both are gone afterwards, also when it fails.
pub fn journey(scripts: Scripts, walk: impl AsyncFnOnce(&Host, &Browser)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let host = Host::start().await;
        let browser = Browser::start(&host, scripts).await;
        walk(&host, &browser).await;
        browser.expect_no_errors().await;
    });
}
