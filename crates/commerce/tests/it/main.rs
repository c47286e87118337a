//! Buying through its front door, on both databases, with a real gateway at the other end of a real connection.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod buying;
mod carts;
mod crowds;
mod gateway;
mod graphql;
mod orders;
mod paying;
mod promoting;
mod reading;
mod shop;
mod stories;
mod sweeping;
mod verifying;
