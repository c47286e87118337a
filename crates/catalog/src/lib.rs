//! Products, prices, stock and collections of a shop, and the read model that lists and pages are served from.

pub mod collection;
mod entity;
mod error;
pub mod event;
mod media;
pub mod product;
pub mod projection;
pub mod query;
pub mod stock;
mod text;
pub mod view;

pub use error::{CatalogError, Shortage};
