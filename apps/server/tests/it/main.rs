//! The host as the outside sees it, over HTTP, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod again;
mod answers;
mod audit;
mod credentials;
mod currency;
mod failpoints;
mod graphql;
mod host;
mod isolation;
mod keys;
mod letters;
mod matrix;
mod modules;
mod oidc;
mod once;
mod process;
mod returns;
mod shop;
mod stock;
mod sweep;
mod tenants;
mod tender;
mod transfer;
mod two_step;
mod verify;
mod world;
mod wrong;
