//! This module as the registry knows it.

use platform::App;
use platform::module::{Health, Module};

struct Mail;

/// This module, for the registry.
pub fn module() -> impl Module {
    Mail
}

#[async_trait::async_trait]
impl Module for Mail {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Mails to customers and staff."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["events"]
    }

    async fn health(&self, app: &App) -> Health {
        Health::of_table(app, "mail_job").await
    }
}
