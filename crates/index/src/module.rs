//! This module as the registry knows it.

use events::desk;
use platform::App;
use platform::module::{Health, Module};

/// What readers see may be this old, in milliseconds.
const OLD: i64 = 60_000;

struct Index;

/// This module, for the registry.
pub fn module() -> impl Module {
    Index
}

#[async_trait::async_trait]
impl Module for Index {
    fn name(&self) -> &'static str {
        "index"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Keeps what readers see up to date with what has happened."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["events"]
    }

    async fn health(&self, app: &App) -> Health {
        match desk::status(app).await {
            Ok(status) if OLD < status.oldest_age_ms => {
                Health::Degraded(format!("readers see what was {} s ago", status.oldest_age_ms / 1000).into())
            }
            Ok(_) => Health::of_table(app, "projection_checkpoint").await,
            Err(error) => {
                tracing::warn!(report = %error.report(), "the outbox cannot be read");
                Health::Failed("the outbox cannot be read".into())
            }
        }
    }
}
