//! What every module writes through: the outbox and its relay, the inbox of consumers, checkpoints of
//! projections and the answers to idempotent requests.

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        outbox(&sql).await?;
        consumers(&sql).await?;
        idempotency(&sql).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in [
            "idempotency_key",
            "projection_checkpoint",
            "inbox",
            "relay_lease",
            "outbox_failure",
            "outbox_head",
            "outbox",
        ] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}

/// Events in the transaction of their change. `position` orders the rows of one aggregate as they were
/// committed; rows stay after they are dispatched, for timelines and rebuilds.
async fn outbox(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.queue_table(
        "outbox",
        "position {serial},
         id {uuid} NOT NULL,
         kind {text} NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
         schema_version integer NOT NULL CHECK (schema_version > 0),
         aggregate_type {text} NOT NULL CHECK (length(aggregate_type) BETWEEN 1 AND 64),
         aggregate_id {uuid} NOT NULL,
         aggregate_version bigint NOT NULL CHECK (aggregate_version > 0),
         correlation_id {uuid} NOT NULL,
         causation_id {uuid},
         trace_id {text},
         actor_id {uuid},
         occurred_at bigint NOT NULL,
         payload {json} NOT NULL,
         dispatched_at bigint,
         UNIQUE (tenant_id, id),
         UNIQUE (tenant_id, aggregate_id, aggregate_type, aggregate_version)",
    )
    .await?;
    sql.run("CREATE INDEX outbox_pending ON outbox (position) WHERE dispatched_at IS NULL").await?;
    sql.run("CREATE INDEX outbox_tenant ON outbox (tenant_id, position)").await?;
    // The queue part of the table is hot and small: clean it long before the usual fifth of all rows is dead.
    sql.postgres(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)",
    )
    .await?;
    // Concurrent transactions take versions of one aggregate in the order of their commits by locking its
    // row here. SQLite has one writer at a time and reads the highest version from the outbox itself.
    if sql.is_postgres() {
        sql.queue_table(
            "outbox_head",
            "aggregate_id {uuid} NOT NULL,
             aggregate_type {text} NOT NULL,
             version bigint NOT NULL CHECK (version > 0),
             PRIMARY KEY (tenant_id, aggregate_id, aggregate_type)",
        )
        .await?;
    }
    // Events that a consumer refused: they hold back the later events of their aggregate.
    sql.queue_table(
        "outbox_failure",
        "event_id {uuid} NOT NULL,
         aggregate_type {text} NOT NULL,
         aggregate_id {uuid} NOT NULL,
         position bigint NOT NULL,
         consumer {text} NOT NULL,
         attempts integer NOT NULL CHECK (attempts > 0),
         next_at bigint NOT NULL,
         dead_at bigint,
         error {text} NOT NULL CHECK (length(error) <= 2000),
         PRIMARY KEY (tenant_id, event_id)",
    )
    .await?;
    sql.run(
        "CREATE INDEX outbox_failure_aggregate ON outbox_failure (tenant_id, aggregate_id, aggregate_type)",
    )
    .await?;
    // One relay at a time; the fence of an older one no longer fits.
    sql.platform_table(
        "relay_lease",
        "name {text} NOT NULL PRIMARY KEY,
         owner {text} NOT NULL,
         fence bigint NOT NULL CHECK (fence > 0),
         expires_at bigint NOT NULL",
    )
    .await
}

/// What each consumer has applied, written with its effect, and how far each projection is.
async fn consumers(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "inbox",
        "consumer {text} NOT NULL CHECK (length(consumer) BETWEEN 1 AND 64),
         event_id {uuid} NOT NULL,
         applied_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, consumer, event_id)",
    )
    .await?;
    sql.run("CREATE INDEX inbox_applied ON inbox (tenant_id, applied_at)").await?;
    sql.tenant_table(
        "projection_checkpoint",
        "projection {text} NOT NULL CHECK (length(projection) BETWEEN 1 AND 64),
         position bigint NOT NULL,
         events bigint NOT NULL,
         occurred_at bigint NOT NULL,
         applied_at bigint NOT NULL,
         rebuilt_at bigint,
         PRIMARY KEY (tenant_id, projection)",
    )
    .await
}

/// One row per unsafe request: who asked, what exactly, and the answer that a repetition gets.
/// It is completed in the transaction of the work; `lease_until` frees the key of a process that died.
async fn idempotency(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "idempotency_key",
        "principal {text} NOT NULL CHECK (length(principal) BETWEEN 1 AND 100),
         key {text} NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
         fingerprint {bytes} NOT NULL CHECK (length(fingerprint) = 32),
         state {text} NOT NULL CHECK (state IN ('running', 'done')),
         status integer,
         answer {json},
         lease_until bigint NOT NULL,
         created_at bigint NOT NULL,
         completed_at bigint,
         PRIMARY KEY (tenant_id, principal, key),
         CHECK (state = 'running' OR (answer IS NOT NULL AND completed_at IS NOT NULL))",
    )
    .await?;
    sql.run("CREATE INDEX idempotency_key_age ON idempotency_key (tenant_id, created_at)").await
}
