//! Customers, to look at: the table and one of them.

pub mod detail;
pub mod list;
