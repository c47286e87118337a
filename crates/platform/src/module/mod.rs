//! Modules: what they bring, what they need, how they are, and whether a shop has them.
//!
//! Reading order: [`Module`] is what each one says about itself, [`Registry`] starts, asks and stops them, [`Feature`]
//! and [`Switches`] say what one shop has, [`FeatureGuard`] and [`ModuleGuard`] hold it in GraphQL below the root.
//! Above the root the manifest does ([`crate::surface`]): the host refuses every door of a module that a shop has
//! switched off.

mod feature;
pub mod graph;
mod guard;
mod lifecycle;
mod registry;

pub use feature::{Feature, Provision, Switches};
pub use graph::Unfit;
pub use guard::{FeatureGuard, ModuleGuard, feature_off, module_off};
pub use lifecycle::{Health, IllegalMove, Lifecycle, State};
pub use registry::{Registry, Report, Standing};

use crate::surface::Entry;
use crate::{App, Result, Tx};

/// Whether shops can do without a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Every shop has it.
    Required,
    /// Each shop switches it on and off.
    PerTenant,
}

/// A part of the process that starts, stops and fails by itself.
#[async_trait::async_trait]
pub trait Module: Send + Sync + 'static {
    /// Its name in tables, events, addresses and the manifest: 1 to 64 of a to z, 0 to 9, - and _.
    fn name(&self) -> &'static str;

    /// Its version, that of its crate.
    fn version(&self) -> &'static str;

    /// What it brings, in a sentence for merchants.
    fn about(&self) -> &'static str;

    /// Modules without which it does nothing.
    fn depends_on(&self) -> &'static [&'static str] {
        &[]
    }

    /// The feature that it brings, if it is one.
    fn feature(&self) -> Option<Feature> {
        None
    }

    /// Whether shops can do without it.
    fn presence(&self) -> Presence {
        Presence::Required
    }

    /// Every door of it.
    fn surface(&self) -> Vec<Entry> {
        Vec::new()
    }

    /// Sets it up, once, after everything that it needs.
    ///
    /// # Errors
    /// What keeps the process from starting.
    async fn init(&self, app: &App) -> Result<()> {
        let _ = app;
        Ok(())
    }

    /// Takes back what [`Module::init`] did, before anything that it needs is stopped.
    ///
    /// # Errors
    /// Logged; the others are stopped all the same.
    async fn stop(&self, app: &App) -> Result<()> {
        let _ = app;
        Ok(())
    }

    /// How it is. Asked for at most every few seconds, and cut off after two.
    async fn health(&self, app: &App) -> Health {
        let _ = app;
        Health::Healthy
    }

    /// A shop switches it on; in the transaction of the switch. `tx.ctx()` says which shop and who.
    ///
    /// # Errors
    /// Whatever is wrong undoes the switch.
    async fn on_enable(&self, tx: &Tx) -> Result<()> {
        let _ = tx;
        Ok(())
    }

    /// A shop switches it off; in the transaction of the switch. Its data stays.
    ///
    /// # Errors
    /// Whatever is wrong undoes the switch.
    async fn on_disable(&self, tx: &Tx) -> Result<()> {
        let _ = tx;
        Ok(())
    }
}
