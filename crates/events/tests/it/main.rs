//! Events on both databases: stored with their change, delivered once, in order, whatever fails.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]
#![expect(clippy::disallowed_methods, reason = "platform work is tested, too")]

mod across;
mod delivery;
mod desk;
mod due;
mod emitting;
mod properties;
mod streams;
mod support;
mod verifying;
