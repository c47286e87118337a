//! Calls to the outside, against a server of our own.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its world stops")]

mod outbound;
mod peer;
