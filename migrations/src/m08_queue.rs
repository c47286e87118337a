//! Takes what waits for delivery out of the outbox into a small table of its own.
//!
//! An event's row is then written once and never again. On PostgreSQL the mark of a dispatched event was a second copy
//! of the row with an entry in every index of the outbox, the dearest part of an order.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.run("DROP INDEX outbox_pending").await?;
        sql.queue_table("outbox_waiting", "position bigint NOT NULL PRIMARY KEY").await?;
        sql.run(
            "INSERT INTO outbox_waiting (position, tenant_id) \
             SELECT position, tenant_id FROM outbox WHERE dispatched_at IS NULL",
        )
        .await?;
        sql.run("ALTER TABLE outbox DROP COLUMN dispatched_at").await?;
        // PostgreSQL queues within the statement that stores; SQLite has no such statement.
        sql.sqlite(
            "CREATE TRIGGER outbox_waits AFTER INSERT ON outbox BEGIN \
             INSERT INTO outbox_waiting (position, tenant_id) VALUES (NEW.position, NEW.tenant_id); END",
        )
        .await?;
        // All of the queue is hot and nearly all of it is dead; the outbox itself only grows now.
        sql.postgres(
            "ALTER TABLE outbox RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)",
        )
        .await?;
        sql.postgres(
            "ALTER TABLE outbox_waiting \
             SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)",
        )
        .await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.sqlite("DROP TRIGGER outbox_waits").await?;
        sql.run("ALTER TABLE outbox ADD COLUMN dispatched_at bigint").await?;
        sql.run(
            "UPDATE outbox SET dispatched_at = occurred_at \
             WHERE position NOT IN (SELECT position FROM outbox_waiting)",
        )
        .await?;
        sql.run("CREATE INDEX outbox_pending ON outbox (position) WHERE dispatched_at IS NULL").await?;
        sql.drop_table("outbox_waiting").await
    }
}
