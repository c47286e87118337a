//! The life of a tenant: hidden, deleted for good after a while, filled from a file; hosts that wait for their proof;
//! what other processes watch; and which tenants have something due.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Channel on which PostgreSQL tells which tenant has changed, at its commit.
pub const CHANNEL: &str = "rustok_tenants";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        life(&sql).await?;
        changes(&sql).await?;
        domains(&sql).await?;
        due(&sql).await?;
        history_ends_with_its_tenant(&sql, "money_ledger").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        history_stays(&sql, "money_ledger").await?;
        sql.drop_table("tenant_due").await?;
        domains_back(&sql).await?;
        for trigger in ["tenant_begins", "tenant_moves", "tenant_goes"] {
            sql.sqlite(&format!("DROP TRIGGER {trigger}")).await?;
        }
        for trigger in ["tenant_moves", "tenant_tells"] {
            sql.postgres(&format!("DROP TRIGGER {trigger} ON tenant")).await?;
            sql.postgres(&format!("DROP FUNCTION {trigger}()")).await?;
        }
        sql.drop_table("tenant_change").await?;
        sql.run("DROP INDEX tenant_changed").await?;
        sql.run("DROP INDEX tenant_purge").await?;
        for column in ["changed", "purge_at", "life"] {
            sql.run(&format!("ALTER TABLE tenant DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}

/// `open` is what it always was. `deleted` is hidden and can be had back until `purge_at`; then it is `purging`, which
/// ends with the row. `filling` is a tenant that an import has not finished; one that was cut off is purged, too.
async fn life(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.run(
        "ALTER TABLE tenant ADD COLUMN life {text} NOT NULL DEFAULT 'open' \
         CHECK (life IN ('open', 'deleted', 'purging', 'filling'))",
    )
    .await?;
    sql.run("ALTER TABLE tenant ADD COLUMN purge_at bigint").await?;
    sql.run("CREATE INDEX tenant_purge ON tenant (purge_at) WHERE purge_at IS NOT NULL").await
}

/// Numbers every change of a tenant in the order of the commits: whoever changes one keeps the row of the counter until
/// the transaction ends. So whatever comes after the last number that a process has seen is all that it has missed.
async fn changes(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.platform_table(
        "tenant_change",
        "name {text} NOT NULL PRIMARY KEY CHECK (name = 'tenant'), position bigint NOT NULL CHECK (position >= 0)",
    )
    .await?;
    sql.run("INSERT INTO tenant_change (name, position) VALUES ('tenant', 0)").await?;
    sql.run("ALTER TABLE tenant ADD COLUMN changed bigint NOT NULL DEFAULT 0").await?;
    sql.run("CREATE INDEX tenant_changed ON tenant (changed)").await?;
    for (name, when) in [("tenant_begins", "INSERT"), ("tenant_moves", "UPDATE")] {
        sql.sqlite(&format!(
            "CREATE TRIGGER {name} AFTER {when} ON tenant BEGIN \
             UPDATE tenant_change SET position = position + 1; \
             UPDATE tenant SET changed = (SELECT position FROM tenant_change) WHERE id = NEW.id; END"
        ))
        .await?;
    }
    sql.sqlite(
        "CREATE TRIGGER tenant_goes AFTER DELETE ON tenant BEGIN \
         UPDATE tenant_change SET position = position + 1; END",
    )
    .await?;
    sql.postgres(
        "CREATE FUNCTION tenant_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           UPDATE tenant_change SET position = position + 1 RETURNING position INTO NEW.changed; \
           RETURN NEW; \
         END $$",
    )
    .await?;
    sql.postgres(
        "CREATE TRIGGER tenant_moves BEFORE INSERT OR UPDATE ON tenant \
         FOR EACH ROW EXECUTE FUNCTION tenant_moves()",
    )
    .await?;
    sql.postgres(&format!(
        "CREATE FUNCTION tenant_tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF TG_OP = 'DELETE' THEN \
             UPDATE tenant_change SET position = position + 1; \
             PERFORM pg_notify('{CHANNEL}', OLD.id::text); \
           ELSE \
             PERFORM pg_notify('{CHANNEL}', NEW.id::text); \
           END IF; \
           RETURN NULL; \
         END $$"
    ))
    .await?;
    sql.postgres(
        "CREATE TRIGGER tenant_tells AFTER INSERT OR UPDATE OR DELETE ON tenant \
         FOR EACH ROW EXECUTE FUNCTION tenant_tells()",
    )
    .await
}

/// Anybody may say that a host is theirs; it is one tenant's once the proof was seen. Hosts from before stay as they are.
async fn domains(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    if sql.is_postgres() {
        sql.run("ALTER TABLE tenant_domain DROP CONSTRAINT tenant_domain_host_key").await?;
        sql.run("ALTER TABLE tenant_domain ADD COLUMN token text NOT NULL DEFAULT ''").await?;
        sql.run("ALTER TABLE tenant_domain ADD COLUMN verified_at bigint").await?;
        sql.run("UPDATE tenant_domain SET verified_at = created_at").await?;
        sql.run(
            "ALTER TABLE tenant_domain ADD CONSTRAINT tenant_domain_proof \
             CHECK (verified_at IS NOT NULL OR length(token) >= 22)",
        )
        .await?;
    } else {
        sql.run("ALTER TABLE tenant_domain RENAME TO tenant_domain_before").await?;
        sql.queue_table(
            "tenant_domain",
            "id {uuid} NOT NULL,
             host {text} NOT NULL CHECK (length(host) BETWEEN 1 AND 253),
             created_at bigint NOT NULL,
             token {text} NOT NULL DEFAULT '',
             verified_at bigint,
             PRIMARY KEY (tenant_id, id),
             CHECK (verified_at IS NOT NULL OR length(token) >= 22)",
        )
        .await?;
        sql.run(
            "INSERT INTO tenant_domain (tenant_id, id, host, created_at, verified_at) \
             SELECT tenant_id, id, host, created_at, created_at FROM tenant_domain_before",
        )
        .await?;
        sql.run("DROP TABLE tenant_domain_before").await?;
    }
    sql.run("CREATE UNIQUE INDEX tenant_domain_own ON tenant_domain (tenant_id, host)").await?;
    sql.run("CREATE UNIQUE INDEX tenant_domain_host ON tenant_domain (host) WHERE verified_at IS NOT NULL")
        .await
}

async fn domains_back(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.run("DROP INDEX tenant_domain_host").await?;
    sql.run("DROP INDEX tenant_domain_own").await?;
    sql.run("DELETE FROM tenant_domain WHERE verified_at IS NULL").await?;
    if sql.is_postgres() {
        sql.run("ALTER TABLE tenant_domain DROP COLUMN verified_at, DROP COLUMN token").await?;
        return sql
            .run("ALTER TABLE tenant_domain ADD CONSTRAINT tenant_domain_host_key UNIQUE (host)")
            .await;
    }
    sql.run("ALTER TABLE tenant_domain RENAME TO tenant_domain_after").await?;
    sql.queue_table(
        "tenant_domain",
        "id {uuid} NOT NULL,
         host {text} NOT NULL UNIQUE CHECK (length(host) BETWEEN 1 AND 253),
         created_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    sql.run(
        "INSERT INTO tenant_domain (tenant_id, id, host, created_at) \
         SELECT tenant_id, id, host, created_at FROM tenant_domain_after",
    )
    .await?;
    sql.run("DROP TABLE tenant_domain_after").await
}

/// Minutes in which a job has something to do in a tenant (`events::due`).
async fn due(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.queue_table(
        "tenant_due",
        "job {text} NOT NULL CHECK (length(job) BETWEEN 1 AND 64),
         minute bigint NOT NULL CHECK (minute >= 0),
         PRIMARY KEY (tenant_id, job, minute)",
    )
    .await?;
    sql.run("CREATE INDEX tenant_due_minute ON tenant_due (job, minute)").await?;
    // What waited before there was a plan: a look finds it and plans the rest.
    for job in ["payments", "carts"] {
        sql.run(&format!(
            "INSERT INTO tenant_due (tenant_id, job, minute) SELECT id, '{job}', 0 FROM tenant"
        ))
        .await?;
    }
    Ok(())
}

/// Rows of an append-only table may go when their tenant goes, and then only.
///
/// A later migration that adds such a table calls this instead of writing its triggers itself.
pub async fn history_ends_with_its_tenant(sql: &Sql<'_, '_>, table: &str) -> Result<(), DbErr> {
    for (verb, name, condition) in [
        ("UPDATE", "kept", String::new()),
        (
            "DELETE",
            "there",
            "WHEN NOT EXISTS (SELECT 1 FROM tenant t WHERE t.id = OLD.tenant_id \
             AND t.life IN ('purging', 'filling'))"
                .to_owned(),
        ),
    ] {
        sql.sqlite(&format!("DROP TRIGGER IF EXISTS {table}_is_{name}")).await?;
        sql.sqlite(&format!(
            "CREATE TRIGGER {table}_is_{name} BEFORE {verb} ON {table} {condition} \
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        ))
        .await?;
    }
    sql.postgres(&format!(
        "CREATE OR REPLACE FUNCTION {table}_is_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM tenant t WHERE t.id = OLD.tenant_id \
             AND t.life IN ('purging', 'filling')) THEN RETURN OLD; END IF; \
           RAISE EXCEPTION '{table} is append-only'; \
         END $$"
    ))
    .await?;
    sql.postgres(&format!("DROP TRIGGER IF EXISTS {table}_is_history ON {table}")).await?;
    sql.postgres(&format!(
        "CREATE TRIGGER {table}_is_history BEFORE UPDATE OR DELETE ON {table} \
         FOR EACH ROW EXECUTE FUNCTION {table}_is_history()"
    ))
    .await
}

async fn history_stays(sql: &Sql<'_, '_>, table: &str) -> Result<(), DbErr> {
    sql.sqlite(&format!("DROP TRIGGER {table}_is_there")).await?;
    sql.sqlite(&format!(
        "CREATE TRIGGER {table}_is_there BEFORE DELETE ON {table} \
         BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    ))
    .await?;
    sql.postgres(&format!(
        "CREATE OR REPLACE FUNCTION {table}_is_history() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    ))
    .await
}
