//! The databases and the only handles that domain code gets to them.

mod connect;
mod count;
mod noting;
pub mod schema;
mod session;
mod sessions;
mod statistics;
mod table;
mod tenant_db;
mod together;
mod tx;
mod writer;

pub use connect::Db;
pub use count::{count_statements, statements_total};
pub use tenant_db::{DeleteRows, Rows, TenantDb, TenantOwned, UpdateRows, holes};
pub use together::{Met, Said, Together, insert_sql};
pub use tx::{Reader, Tx};
