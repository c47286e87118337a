//! This module as the registry knows it.

use crate::payment::gateway::is_down;
use platform::App;
use platform::module::{Feature, Health, Module, Presence};
use platform::surface::Entry;

struct Commerce;

/// This module, for the registry.
pub fn module() -> impl Module {
    Commerce
}

#[async_trait::async_trait]
impl Module for Commerce {
    fn name(&self) -> &'static str {
        "commerce"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "Carts, checkout, payments, orders and customers."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        &["catalog"]
    }

    fn feature(&self) -> Option<Feature> {
        Some(Feature::Commerce)
    }

    fn presence(&self) -> Presence {
        Presence::PerTenant
    }

    fn surface(&self) -> Vec<Entry> {
        crate::surface()
    }

    async fn health(&self, app: &App) -> Health {
        match Health::of_table(app, "orders").await {
            Health::Healthy if app.config().payments.gateway_url.is_some() && is_down(app) => {
                Health::Degraded("the payment gateway does not answer, shoppers can pay by hand".into())
            }
            health => health,
        }
    }
}
