//! The platform's tenants, and the hosts of the own shop.

pub mod bring;
pub mod create;
pub mod detail;
pub mod domains;
pub mod list;
