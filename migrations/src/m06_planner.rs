//! What SQLite's planner is told about the tables before there is anything in them.
//!
//! Without statistics SQLite takes every first column of an index for selective. Ours is the tenant, and most databases
//! have few tenants with many rows each: it then prefers an index that only knows the tenant and happens to be in the
//! right order over the one that knows the row, and reads a shop's whole history to find one cart. PostgreSQL looks at
//! the rows ([`crate::m07_young_tables`]).

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Sql::new(manager).sqlite("DELETE FROM sqlite_stat1").await
    }
}

/// Rows of a grown table; nobody counts, only the proportions matter.
const ROWS: i64 = 1_000_000;
/// Rows of an index that leaves most of the table out.
const FEW: i64 = 10_000;
/// Rows of one tenant among them: one in 20.
const TENANTS: i64 = 20;
/// Rows that share a value of any other column with the columns before it.
const ALIKE: i64 = 10;

/// Writes down how selective every index is that SQLite knows nothing about yet. A migration that adds tables calls
/// it at its end; what `ANALYZE` has found out stays.
pub async fn describe(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sql = Sql::new(manager);
    if sql.is_postgres() {
        return Ok(());
    }
    // Makes the table of statistics, which nothing else may make.
    sql.run("ANALYZE relay_lease").await?;
    let columns = "SELECT t.name, i.name, i.\"unique\", i.partial, c.name \
         FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' \
           AND NOT EXISTS (SELECT 1 FROM sqlite_stat1 s WHERE s.tbl = t.name AND s.idx = i.name) \
         ORDER BY t.name, i.name, c.seqno";
    let connection = manager.get_connection();
    let statement = |text: &str| Statement::from_string(manager.get_database_backend(), text);
    let mut indices: Vec<Index> = Vec::new();
    for row in connection.query_all_raw(statement(columns)).await? {
        let name: String = row.try_get_by_index(1)?;
        let column: String = row.try_get_by_index(4)?;
        match indices.last_mut() {
            Some(index) if index.name == name => index.columns.push(column),
            _ => indices.push(Index {
                table: row.try_get_by_index(0)?,
                name,
                unique: row.try_get_by_index(2)?,
                partial: row.try_get_by_index(3)?,
                columns: vec![column],
            }),
        }
    }
    for index in &indices {
        let values = [index.table.as_str().into(), index.name.as_str().into(), index.figures().into()];
        let insert = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)";
        let insert = Statement::from_sql_and_values(manager.get_database_backend(), insert, values);
        connection.execute_raw(insert).await?;
    }
    // Has every connection read them again.
    sql.run("ANALYZE sqlite_schema").await
}

struct Index {
    table: String,
    name: String,
    unique: bool,
    partial: bool,
    columns: Vec<String>,
}

impl Index {
    /// Rows, then how many of them share the first column, the first two, and so on.
    fn figures(&self) -> String {
        let mut left = if self.partial { FEW } else { ROWS };
        let mut figures = vec![left.to_string()];
        for (place, column) in self.columns.iter().enumerate() {
            left = match column.as_str() {
                _ if self.unique && place + 1 == self.columns.len() => 1,
                "tenant_id" => left / TENANTS,
                // A handful of words, in no even parts.
                "status" | "state" | "in_stock" | "consumer" | "provider" | "aggregate_type"
                | "stream_type" | "name_key" => left / 4,
                "value_key" => left / 20,
                "collection_id" => left / 100,
                _ => Ord::min(left, ALIKE),
            };
            left = Ord::max(left, 1);
            figures.push(left.to_string());
        }
        figures.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_many_rows_and_a_key_is_one() {
        let index = |unique, columns: &[&str]| Index {
            table: "t".into(),
            name: "i".into(),
            unique,
            partial: false,
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        };
        assert_eq!(index(true, &["tenant_id", "id"]).figures(), "1000000 50000 1");
        assert_eq!(index(false, &["tenant_id", "state", "placed_at"]).figures(), "1000000 50000 12500 10");
        assert_eq!(index(true, &["tenant_id", "cart_id", "variant_id"]).figures(), "1000000 50000 10 1");
    }
}
