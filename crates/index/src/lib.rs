//! The read side: projections keep tables that answer readers in one statement, follow events as they happen,
//! and can be rebuilt while the shop serves.
//!
//! Reading order: [`Projection`] is what a module writes, [`consumer`] makes the relay feed it, [`rebuild()`]
//! computes it afresh, [`status()`] says how far it is.

mod checkpoint;
mod event;
mod module;
mod projection;
mod rebuild;
mod status;

pub use event::IndexEvent;
pub use module::module;
pub use projection::{Projection, consumer, consumers};
pub use rebuild::{Rebuild, Rebuilt, Slice, rebuild};
pub use status::{ProjectionStatus, status};
