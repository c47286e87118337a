//! The composition root: everything the modules export, joined into one process and one command line.

#![recursion_limit = "256"]

pub mod commands;
pub mod graphql;
pub mod host;
pub mod modules;
pub mod seed;
pub mod surface;
pub mod tenants;
pub mod transfer;

pub use modules::{consumers, projections};

/// Applies everything that waits in the outbox, for commands that nobody relays for.
///
/// # Errors
/// Those of the database.
pub async fn drain(app: &platform::App) -> platform::Result<()> {
    events::Relay::new(app.clone(), identity::tenant_of, consumers()).drain().await.map(|_| ())
}
