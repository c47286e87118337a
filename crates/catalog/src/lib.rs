//! Products, prices, stock and collections of a shop, and the read model that lists and pages are served from.
//!
//! Reading order: [`product`] and [`collection`] are what editors do, [`stock`] what buyers take, [`import`] and
//! [`export`] what files say, [`query`] what readers ask, [`projection`] how the answers are kept, [`view`] what they
//! look like. [`graphql`] and [`http`] are the doors to the outside, listed in [`surface`]; [`verify`] looks whether stock and
//! its history agree.

pub mod collection;
mod entity;
mod error;
pub mod event;
pub mod export;
pub mod graphql;
pub mod http;
pub mod import;
mod media;
mod module;
pub mod product;
pub mod projection;
pub mod query;
pub mod rating;
pub mod stock;
mod surface;
mod text;
pub mod verify;
pub mod view;

use std::sync::Arc;

use index::Projection;

pub use error::{CatalogError, Shortage};
pub use http::rest;
pub use module::module;
pub use surface::surface;

/// The read models of the catalogue.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::CatalogProjection)]
}

/// What the relay feeds here.
pub fn consumers() -> Vec<Arc<dyn events::Consumer>> {
    index::consumers(projections())
}
