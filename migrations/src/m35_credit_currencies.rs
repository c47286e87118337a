//! Store credit in several currencies: a customer has an account for each.

use crate::dsl::Sql;
use crate::{m06_planner, m14_tenant_life, m19_tender};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const BEFORE: &str = "tenant_id, customer_id";
const AFTER: &str = "tenant_id, customer_id, currency";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        one_for_each(manager, BEFORE, AFTER).await
    }

    /// Refused while somebody has accounts in several currencies: none of them can be left out.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        one_for_each(manager, AFTER, BEFORE).await
    }
}

async fn one_for_each(manager: &SchemaManager<'_>, before: &str, after: &str) -> Result<(), DbErr> {
    let sql = Sql::new(manager);
    if sql.is_postgres() {
        let name = |columns: &str| format!("tender_account_{}_key", columns.replace(", ", "_"));
        sql.run(&format!("ALTER TABLE tender_account DROP CONSTRAINT {}", name(before))).await?;
        let add = format!("ADD CONSTRAINT {} UNIQUE ({after})", name(after));
        return sql.run(&format!("ALTER TABLE tender_account {add}")).await;
    }
    rebuild(&sql, after).await?;
    m14_tenant_life::history_ends_with_its_tenant(&sql, "tender_movement").await?;
    m06_planner::describe(manager).await
}

/// SQLite changes no rule of a table: it is made anew, with those that point at it.
async fn rebuild(sql: &Sql<'_, '_>, one: &str) -> Result<(), DbErr> {
    for trigger in ["tender_movement_is_kept", "tender_movement_is_there"] {
        sql.run(&format!("DROP TRIGGER IF EXISTS {trigger}")).await?;
    }
    for index in
        ["tender_account_by_time", "tender_movement_of", "tender_movement_of_order", "order_tender_of"]
    {
        sql.run(&format!("DROP INDEX IF EXISTS {index}")).await?;
    }
    for table in m19_tender::TABLES {
        sql.run(&format!("ALTER TABLE {table} RENAME TO {table}_before")).await?;
        // What SQLite knows about a table it knows by its name.
        sql.run(&format!("DELETE FROM sqlite_stat1 WHERE tbl LIKE '{table}%'")).await?;
    }
    m19_tender::accounts(sql, one).await?;
    m19_tender::taken(sql).await?;
    for table in m19_tender::TABLES {
        sql.run(&format!("INSERT INTO {table} SELECT * FROM {table}_before")).await?;
    }
    for table in m19_tender::TABLES.iter().rev() {
        sql.run(&format!("DROP TABLE {table}_before")).await?;
    }
    Ok(())
}
