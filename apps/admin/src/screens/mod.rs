//! The screens, one module for each place of the side bar.

pub mod access;
pub mod audit;
pub mod collections;
pub mod currency;
pub mod customers;
pub mod dashboard;
pub mod drafts;
pub mod gift_cards;
pub mod import;
pub mod invitations;
pub mod modules;
pub mod oidc;
pub mod orders;
pub mod payments;
pub mod people;
pub mod prices;
pub mod products;
pub mod promotions;
pub mod returns;
pub mod reviews;
pub mod security;
pub mod settings;
pub mod signin;
pub mod stock;
pub mod tenants;
