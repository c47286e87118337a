//! A whole tenant as one file, and back: export, import, clone.
//!
//! A shop that moves keeps its ids. A copy beside its original gets others, by one rule ([`copy`]), and leaves behind what
//! happened between the original and its customers ([`shape`]). While it is filled a tenant is hidden; an import that fails
//! or is cut off leaves nothing behind. Read models are never in the file: they are made from the rows.

pub mod archive;
pub mod copy;
mod export;
mod import;
pub mod shape;
mod sql;

pub use export::export;
pub use import::{ImportOptions, check, clone_tenant, import};

use migrations::{Migrator, MigratorTrait};

/// The last migration that this program knows: files move between places where it is the same.
pub fn schema_name() -> String {
    Migrator::migrations().last().map(|migration| migration.name().to_owned()).unwrap_or_default()
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows that are done.
    pub rows: u64,
    /// Pictures that are done.
    pub files: u64,
}
