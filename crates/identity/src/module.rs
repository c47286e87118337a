//! This module as the registry knows it.

use crate::directory::check_config;
use platform::module::{Health, Module};
use platform::surface::Entry;
use platform::{App, Result};

struct Identity;

/// This module, for the registry.
pub fn module() -> impl Module {
    Identity
}

#[async_trait::async_trait]
impl Module for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Shops, people, roles and sessions."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["events", "mail"]
    }

    fn surface(&self) -> Vec<Entry> {
        crate::surface()
    }

    async fn init(&self, app: &App) -> Result<()> {
        check_config(app.config())
    }

    async fn health(&self, app: &App) -> Health {
        Health::of_table(app, "tenant").await
    }
}
