//! Customers: the table, one of them, and their groups.

mod credit;
pub mod detail;
mod enter;
pub mod groups;
pub mod list;
mod notes;
mod privacy;
