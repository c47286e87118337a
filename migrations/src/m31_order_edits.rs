//! Orders that staff changes after they were placed: each change once by its key, what it does to the money, and invoices
//! that replace others.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns of tables that are there already.
const COLUMNS: [(&str, &str, &str); 2] = [
    // By how much edits have changed the total since its payment was asked for.
    ("orders", "edited_minor", "bigint NOT NULL DEFAULT 0"),
    // What the next attempt asks for, once the one before is called off; 0: there is none.
    ("payment", "again_minor", "bigint NOT NULL DEFAULT 0 CHECK (again_minor >= 0)"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for (table, name, kind) in COLUMNS {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {name} {kind}")).await?;
        }
        // `fingerprint` is of everything that was asked for: the same key means the same edit.
        sql.tenant_table(
            "order_edit",
            "id {uuid} NOT NULL,
             order_id {uuid} NOT NULL,
             edit_key {text} NOT NULL CHECK (length(edit_key) BETWEEN 1 AND 255),
             fingerprint {bytes} NOT NULL,
             at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, order_id, edit_key),
             FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        // One invoice replaces another when its order is edited.
        sql.run("DROP INDEX paper_invoice").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.drop_table("order_edit").await?;
        for (table, name, _) in COLUMNS.iter().rev() {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {name}")).await?;
        }
        // No longer unique: orders may have several by now.
        sql.run("CREATE INDEX paper_invoice ON paper (tenant_id, order_id) WHERE kind = 'invoice'").await
    }
}
