//! The runtime every module stands on: who asks ([`Ctx`]), through which door ([`Ctx::read`],
//! [`Ctx::write`]), against which rows ([`TenantDb`]), with which errors ([`Error`]).
//!
//! Read in this order: [`ctx`], [`db`], [`error`], [`audit`], [`surface`], [`module`], [`app`], [`config`], [`verify`].

pub mod app;
pub mod audit;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod db;
pub mod error;
pub mod failpoint;
pub mod graphql;
pub mod http;
pub mod hub;
pub mod module;
pub mod nonce;
pub mod surface;
pub mod tenant;
pub mod verify;

pub use app::App;
pub use clock::{Clock, SystemClock};
pub use config::Config;
pub use ctx::{Access, Actor, Ahead, Ctx, Mark};
pub use db::{Db, Reader, TenantDb, TenantOwned, Tx};
pub use error::{Context, Error, Result};
pub use hub::Hub;
pub use tenant::TenantInfo;
