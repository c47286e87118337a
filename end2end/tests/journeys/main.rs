//! What people come for, done in a browser from beginning to end.

mod admin;
mod currencies;
mod drafts;
mod money;
mod people;
mod service;
mod shop;
