//! Projections on both databases: what increments write, a rebuild writes too, at any moment.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod rebuilding;
mod shelf;
