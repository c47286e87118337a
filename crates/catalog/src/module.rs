//! This module as the registry knows it.

use platform::App;
use platform::module::{Health, Module, Presence};
use platform::surface::Entry;

struct Catalog;

/// This module, for the registry.
pub fn module() -> impl Module {
    Catalog
}

#[async_trait::async_trait]
impl Module for Catalog {
    fn name(&self) -> &'static str {
        "catalog"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Products, stock and collections."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["identity", "content", "index"]
    }

    fn presence(&self) -> Presence {
        Presence::PerTenant
    }

    fn surface(&self) -> Vec<Entry> {
        crate::surface()
    }

    async fn health(&self, app: &App) -> Health {
        Health::of_table(app, "product_doc").await
    }
}
