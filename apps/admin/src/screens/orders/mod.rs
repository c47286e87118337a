//! Orders: the table, and one order with its story and its moves.

mod contact;
pub mod detail;
mod edit;
mod exchange;
pub mod list;
pub mod moves;
mod parcels;
mod payment;
mod returns;
pub mod story;
mod tags;
