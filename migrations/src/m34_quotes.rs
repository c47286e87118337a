//! Letters of drafts: which version its customer was told of, and whom an answer to a letter reaches.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns of tables that are there already.
const COLUMNS: [(&str, &str, &str); 3] = [
    // The last letter of a draft: when it was written, and about which version.
    ("draft_order", "sent_at", "bigint"),
    ("draft_order", "sent_version", "bigint"),
    // Where answers to a letter go; empty: to where all letters come from.
    ("mail_job", "reply_to", "{text} NOT NULL DEFAULT '' CHECK (length(reply_to) <= 254)"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for (table, name, kind) in COLUMNS {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {name} {kind}")).await?;
        }
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for (table, name, _) in COLUMNS.iter().rev() {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {name}")).await?;
        }
        Ok(())
    }
}
