//! Buying: carts, checkout, payments, orders, customers, and the figures that staff look at.
//!
//! Read in this order: [`cart`], [`checkout`] (one use case makes an order of a cart), [`order`] (states as types, one
//! table of moves), [`price`] (lists of prices), [`promotion`] (what is taken off), [`tender`] (gift cards and store
//! credit), [`returns`] (what comes back), [`draft`] (what staff writes for customers), [`review`] (what customers
//! say), [`wish`] (what they keep for some day), [`papers`] (invoices and packing slips), [`payment`] (the gateway is
//! called outside transactions, under stored keys), `stream` (every change of orders and payments is a fact in the event store), [`settings`],
//! [`projection`] and [`dashboard`] (the read side), [`jobs`] (what settles and expires in the background), [`verify`]
//! (whether all of it agrees).
//!
//! # What is locked first
//! A write that takes several of these takes them in this order, so that no two ever wait for each other: the customer, the
//! order, its payment, its return, the stock, gift cards and store credit, a draft.
//! Whoever comes to a customer through an order or a return reads that without a lock, holds the customer, and then opens it.
// MONEY rule 1: no floating point near an amount.
#![deny(clippy::float_arithmetic)]

pub mod address;
pub mod cart;
pub mod checkout;
pub mod currency;
pub mod customer;
pub mod dashboard;
pub mod draft;
mod entity;
mod error;
pub mod event;
pub mod graphql;
mod http;
pub mod jobs;
mod module;
pub mod order;
mod page;
pub mod papers;
pub mod payment;
pub mod price;
pub mod projection;
pub mod promotion;
pub mod returns;
pub mod review;
pub mod settings;
mod stream;
mod surface;
pub mod tender;
pub mod verify;
pub mod view;
mod who;
pub mod wish;

pub use checkout::{CheckoutInput, place_order};
pub use error::CommerceError;
pub use event::CommerceEvent;
pub use http::webhooks;
pub use jobs::jobs;
pub use module::module;
pub use page::Page;
pub use papers::http::rest;
pub use surface::surface;

use std::sync::Arc;

use index::Projection;

/// The read models of this module, for the relay and for rebuilds.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::OrdersProjection)]
}

/// The consumers of this module.
pub fn consumers() -> Vec<Arc<dyn events::Consumer>> {
    let mut consumers = index::consumers(projections());
    consumers.push(Arc::new(customer::CustomerRecords));
    consumers.push(Arc::new(review::VerifiedBuyers));
    consumers
}
