//! The oracle against the worked cases, and `pricing` against the oracle.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on stops")]

mod agreement;
mod worked;
