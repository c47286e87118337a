//! Who did what: the table and one entry of it.

pub mod detail;
pub mod list;
