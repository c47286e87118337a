//! The catalogue through its front door, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod graphql;
mod importing;
mod locations;
mod prices;
mod products;
mod reading;
mod stock;
mod support;
