//! Orders: the table, and one order with its story and its moves.

mod contact;
pub mod detail;
mod edit;
mod exchange;
pub mod list;
pub mod moves;
mod parcels;
pub mod pay_link;
mod payment;
mod returns;
pub mod story;
pub mod tags;
