//! Pure rules of the admin: no browser, no network, so that every one of them is tested on the host.

pub mod agent;
pub mod amount;
pub mod answer;
pub mod audit;
pub mod chart;
pub mod contact;
pub mod currency;
pub mod door;
pub mod draft_order;
pub mod exchange;
pub mod grants;
pub mod list;
pub mod matrix;
pub mod modules;
pub mod moment;
pub mod order;
pub mod order_edit;
pub mod permission;
pub mod price_list;
pub mod product;
pub mod promotion;
pub mod settings;
pub mod stock;
