//! The audit log: what [`platform::audit`] notes, in a chain that shows every later change.
//!
//! Entries come unsealed, each with the write that it tells of. [`seal`] gives them a position and
//! `SHA-256(previous ‖ entry)` per tenant, and signs where the chain stands with a key that the database does not have.
//! [`verify`] computes all of it again. [`list`] and [`get`] are what the staff reads.

mod chain;
mod entity;
pub mod graphql;
mod list;
mod retain;
mod seal;
mod verify;

pub use list::{AuditFilter, AuditPage, EntryView, Who, get, list};
pub use retain::retain;
pub use seal::{seal, seal_all, sealer};
pub use verify::{Finding, Head, Kind, Report, verify};

use platform::surface::Entry;
use primitives::Permission;

/// Doors of the audit log.
pub(crate) fn surface() -> Vec<Entry> {
    vec![
        Entry::query("auditLog", Permission::LOGS_LIST)
            .id("filter.actorId", "user")
            .id("filter.subjectId", "product"),
        Entry::query("auditEntry", Permission::LOGS_READ).id("id", "audit_entry"),
    ]
}
