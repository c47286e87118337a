//! The tables that hold tenants' rows, as the database describes them: what works on all rows of a tenant, whatever they
//! are (export, import, deletion), is made of this and so knows a table from the migration that adds it.

use super::Db;
use crate::{Context, Result};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// Comes before every other table.
const TENANT: &str = "tenant";

/// A table with a tenant column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name.
    pub name: String,
    /// Columns without `tenant_id`, in their order.
    pub columns: Vec<Column>,
    /// Columns of the primary key without `tenant_id`, in their order.
    pub key: Vec<String>,
    /// Other tables of tenants that its foreign keys point at.
    pub parents: BTreeSet<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether NULL is refused.
    pub required: bool,
}

/// What a column holds, the same word on both databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A UUID.
    Uuid,
    /// Bytes that are no UUID.
    Bytes,
    /// Yes or no.
    Bool,
    /// A whole number.
    Number,
    /// Text, JSON included.
    Text,
}

impl Kind {
    /// SQLite keeps a UUID and other bytes in columns of one type; these names hold the latter. A test holds this against
    /// PostgreSQL, which has a type for each.
    pub fn of_blob(column: &str) -> Self {
        const BYTES: [&str; 7] =
            ["bound", "digest", "fingerprint", "principal", "hash", "secret", "signature"];
        let ends =
            |word: &str| column.strip_suffix(word).is_some_and(|head| head.is_empty() || head.ends_with('_'));
        if BYTES.iter().any(|word| ends(word)) { Self::Bytes } else { Self::Uuid }
    }

    fn of(backend: DbBackend, declared: &str, column: &str) -> Self {
        match declared {
            "uuid" => Self::Uuid,
            "bytea" => Self::Bytes,
            "blob" => Self::of_blob(column),
            "boolean" => Self::Bool,
            "bigint" | "integer" | "smallint" | "int" => Self::Number,
            _ if backend == DbBackend::Sqlite && declared.contains("int") => Self::Number,
            _ => Self::Text,
        }
    }
}

impl Db {
    /// Every table with a tenant column, and `tenant` itself; a table comes after those that its foreign keys point at.
    ///
    /// # Errors
    /// Those of the database.
    #[expect(clippy::disallowed_methods, reason = "the shape of tables is nobody's row")]
    pub async fn tenant_tables(&self) -> Result<Vec<Table>> {
        let connection = self.global_current();
        let backend = connection.get_database_backend();
        let (columns, foreign) = match backend {
            DbBackend::Postgres => (POSTGRES_COLUMNS, POSTGRES_FOREIGN),
            _ => (SQLITE_COLUMNS, SQLITE_FOREIGN),
        };
        let rows = connection.query_all_raw(Statement::from_string(backend, columns)).await;
        let mut tables: BTreeMap<String, (Table, BTreeMap<i64, String>)> = BTreeMap::new();
        for row in rows.context("reading the shape of the tables")? {
            let (name, column, declared): (String, String, String) =
                (at(&row, 0)?, at(&row, 1)?, at(&row, 2)?);
            let (required, place): (bool, i64) = (at(&row, 3)?, at(&row, 4)?);
            let (table, key) = tables.entry(name.clone()).or_insert_with(|| {
                // Whether it points there or not (`migrations::BUSY`).
                let parents = (name != TENANT).then(|| TENANT.to_owned()).into_iter().collect();
                let table = Table { name, columns: Vec::new(), key: Vec::new(), parents };
                (table, BTreeMap::new())
            });
            if column == "tenant_id" {
                continue;
            }
            if place > 0 {
                key.insert(place, column.clone());
            }
            let kind = Kind::of(backend, &declared, &column);
            table.columns.push(Column { name: column, kind, required: required || place > 0 });
        }
        let rows = connection.query_all_raw(Statement::from_string(backend, foreign)).await;
        for row in rows.context("reading the foreign keys of the tables")? {
            let (child, parent): (String, String) = (at(&row, 0)?, at(&row, 1)?);
            if child != parent
                && tables.contains_key(&parent)
                && let Some((table, _)) = tables.get_mut(&child)
            {
                table.parents.insert(parent);
            }
        }
        let tables =
            tables.into_values().map(|(table, key)| Table { key: key.into_values().collect(), ..table });
        Ok(parents_first(tables.collect()))
    }
}

/// In the order of the names, but parents before children. Tables that point at each other come last.
fn parents_first(mut left: Vec<Table>) -> Vec<Table> {
    let mut sorted: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let done: BTreeSet<String> = sorted.iter().map(|table| table.name.clone()).collect();
        let (ready, rest): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|table| table.parents.is_subset(&done));
        if ready.is_empty() {
            sorted.extend(rest);
            return sorted;
        }
        sorted.extend(ready);
        left = rest;
    }
    sorted
}

fn at<T: sea_orm::TryGetable>(row: &QueryResult, place: usize) -> Result<T> {
    Ok(row.try_get_by_index(place)?)
}

const SQLITE_COLUMNS: &str = "SELECT t.name, c.name, lower(c.type), c.\"notnull\" = 1, c.pk \
    FROM sqlite_schema t, pragma_table_info(t.name) c \
    WHERE t.type = 'table' \
      AND (t.name = 'tenant' OR EXISTS (SELECT 1 FROM pragma_table_info(t.name) o WHERE o.name = 'tenant_id')) \
    ORDER BY t.name, c.cid";
const SQLITE_FOREIGN: &str = "SELECT DISTINCT t.name, f.\"table\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f \
    WHERE t.type = 'table'";
const POSTGRES_COLUMNS: &str = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), a.attnotnull, \
      coalesce((SELECT array_position(i.indkey::int2[], a.attnum) FROM pg_index i \
        WHERE i.indrelid = c.oid AND i.indisprimary), -1)::bigint + 1 \
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
      AND (c.relname = 'tenant' OR EXISTS (SELECT 1 FROM pg_attribute o WHERE o.attrelid = c.oid \
        AND o.attname = 'tenant_id' AND NOT o.attisdropped)) \
    ORDER BY c.relname, a.attnum";
const POSTGRES_FOREIGN: &str = "SELECT DISTINCT c.conrelid::regclass::text, c.confrelid::regclass::text \
    FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace";

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, parents: &[&str]) -> Table {
        let parents = parents.iter().map(|parent| (*parent).to_owned()).collect();
        Table { name: name.to_owned(), columns: Vec::new(), key: Vec::new(), parents }
    }

    #[test]
    fn parents_come_before_their_children() {
        let tables = vec![table("a", &["c"]), table("b", &[]), table("c", &["b"]), table("d", &["a", "b"])];
        let names: Vec<_> = parents_first(tables).into_iter().map(|table| table.name).collect();
        assert_eq!(names, ["b", "c", "a", "d"]);
        // Two that need each other are there all the same.
        let tables = vec![table("a", &["b"]), table("b", &["a"]), table("c", &[])];
        assert_eq!(parents_first(tables).len(), 3);
    }

    #[test]
    fn bytes_are_known_by_their_names() {
        for (column, kind) in [
            ("id", Kind::Uuid),
            ("holder", Kind::Uuid),
            ("token_hash", Kind::Bytes),
            ("principal", Kind::Bytes),
            ("hashed_by", Kind::Uuid),
        ] {
            assert_eq!(Kind::of_blob(column), kind, "{column}");
        }
    }
}
