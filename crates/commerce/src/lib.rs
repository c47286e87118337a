//! Buying: carts, checkout, payments, orders, customers, and the figures that staff look at.

pub mod view;
