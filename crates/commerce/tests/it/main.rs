//! Buying through its front door, on both databases, with a real gateway at the other end of a real connection.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]

mod again;
mod buying;
mod capturing;
mod carts;
mod crowds;
mod currencies;
mod disputing;
mod drafting;
mod editing;
mod exchanging;
mod fencing;
mod forgetting;
mod gateway;
mod graphql;
mod knowing;
mod listing;
mod orders;
mod papering;
mod parcels;
mod paying;
mod people;
mod promoting;
mod reading;
mod reconciling;
mod returning;
mod reviewing;
mod saving;
mod shop;
mod simulating;
mod stories;
mod stripe;
mod sweeping;
mod tendering;
mod verifying;
mod wishing;
