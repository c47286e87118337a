//! What the schema promises, read from the databases themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]
#![expect(clippy::disallowed_methods, reason = "the schema is looked at past the doors")]

mod invariants;
mod planner;
mod prices;
mod roles;
mod schema;
mod steps;
mod stock;
