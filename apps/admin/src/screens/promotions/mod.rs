//! Promotions: the list, the editor with its cards, trying one on orders of the past.

pub mod action;
pub mod conditions;
pub mod editor;
pub mod form;
pub mod list;
pub mod names;
pub mod remove;
pub mod rules;
pub mod trial;
pub mod which;
