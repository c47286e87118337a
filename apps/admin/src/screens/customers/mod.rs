//! Customers: the table, one of them, and their groups.

mod credit;
pub mod detail;
pub mod groups;
pub mod list;
mod notes;
mod privacy;
