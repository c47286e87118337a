//! What carts cost and why, to the minor unit and to the word.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod actions;
mod deliveries;
mod lists;
mod random;
mod refunds;
mod rules;
mod stored;
mod taxes;
mod words;
mod worked;
mod world;
