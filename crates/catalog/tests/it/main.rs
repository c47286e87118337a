//! The catalogue through its front door, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod graphql;
mod importing;
mod products;
mod reading;
mod stock;
mod support;

/// Moves that are not allowed do not compile.
#[test]
fn an_illegal_move_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}
