//! Orders: the table, and one order with its story and its moves.

pub mod detail;
mod edit;
pub mod list;
pub mod moves;
mod parcels;
pub mod pay_link;
mod payment;
mod returns;
pub mod story;
pub mod tags;
