//! Orders: the table, and one order with its story and its moves.

pub mod detail;
pub mod list;
pub mod moves;
pub mod story;
