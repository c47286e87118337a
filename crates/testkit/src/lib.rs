//! What tests stand on: a database of their own on either engine, and an application with people in it.
//!
//! Reading order: [`TestApp`] (who acts), [`TestDb`] (where), [`on_both!`] (on both databases), [`oidc`] (a provider of
//! sign-in that a test starts), [`stripe`] (a provider of payments that a test starts).
#![expect(
    clippy::expect_used,
    reason = "a test that cannot set up its world has nothing better to do than to stop"
)]

mod app;
mod database;
pub mod oidc;
mod run;
pub mod stripe;

pub use app::TestApp;
pub use database::{Backend, POSTGRES_ENV, TestDb};
pub use run::{Fixture, run};
