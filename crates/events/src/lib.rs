//! What has happened: typed events, stored with the change, delivered once to every consumer.
//!
//! Reading order: [`DomainEvent`] is what a module says, [`Emit`] stores it in the change's transaction,
//! [`Envelope`] is what is stored, [`Consumer`] listens, [`Relay`] brings the two together.
//! [`stream`] is the event store: what became of one thing, for whoever owns it.
//! [`validate`] has the contract's rules, [`desk`] what operators see and do, [`verify`] whether all of it holds, [`due`] which tenants have work, [`backpressure`] the bounded queue, [`share_bumps`] the caches of several processes.

mod across;
pub mod backpressure;
mod consumer;
pub mod desk;
pub mod due;
mod emit;
mod envelope;
mod event;
mod history;
mod module;
mod relay;
mod store;
pub mod stream;
pub mod validate;
pub mod verify;

pub use across::share_bumps;
pub use backpressure::{Backpressure, Permit, Pressure, QueueFull};
pub use consumer::{Consumer, wants};
pub use emit::{Emit, nudge};
pub use envelope::Envelope;
pub use event::{Aggregate, DomainEvent, EventError};
pub use history::{history_after, history_applied};
pub use module::module;
pub use relay::{Relay, RelayOptions, TenantSource};
