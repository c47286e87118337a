//! Orders that staff writes for customers: the table, one of them with what it costs, and what is done with it.

mod acts;
mod contact;
pub mod editor;
mod form;
mod lines;
pub mod list;
mod place_it;
mod promotions;
mod sums;
