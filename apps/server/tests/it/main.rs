//! The host as the outside sees it, over HTTP, on both databases.

mod graphql;
mod host;
mod shop;
mod sweep;
mod world;
