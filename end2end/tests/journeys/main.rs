//! What people come for, done in a browser from beginning to end.

mod admin;
mod drafts;
||||||| 05e6e09
mod currencies;
mod money;
mod people;
mod service;
mod shop;
