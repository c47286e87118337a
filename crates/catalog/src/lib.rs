//! Products, prices, stock and collections of a shop, and the read model that lists and pages are served from.

pub mod view;
