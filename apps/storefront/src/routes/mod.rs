//! Pages: load what they show, then a view of it. Views are pure, so that a test can look at them.

pub mod access;
pub mod account;
pub mod addresses;
pub mod cart;
pub mod checkout;
pub mod code;
pub mod errors;
pub mod home;
pub mod list;
pub mod mailbox;
pub mod order;
pub mod privacy;
pub mod product;
pub mod review;
pub mod security;
pub mod signin;
pub mod wishlist;
