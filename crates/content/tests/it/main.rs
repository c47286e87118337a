//! Pictures, on both databases and against a server of our own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod media;
mod peer;
