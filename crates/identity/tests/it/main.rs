//! Use cases of this module on SQLite and PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod api_keys;
mod audit;
mod devices;
mod domains;
mod door;
mod idempotency;
mod letters;
mod life;
mod modules;
mod oidc;
mod propagation;
mod refresh;
mod roles;
mod sessions;
mod sign_in;
mod support;
mod tenants;
mod two_step;
mod users;
