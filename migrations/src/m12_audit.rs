//! Who did what: entries written once, chained per tenant by a sealer, with signed checkpoints.
//!
//! An entry comes without a position, in the transaction of its write; nobody waits for anybody. The sealer gives it
//! the next position and `SHA-256(previous ‖ entry)` a moment later, once, and nothing else of it ever changes.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        tables(&sql).await?;
        if sql.is_postgres() {
            postgres_rules(&sql).await?;
        } else {
            sqlite_rules(&sql).await?;
        }
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["audit_start", "audit_checkpoint", "audit_waiting", "audit_entry"] {
            sql.drop_table(table).await?;
        }
        for function in ["audit_waits", "audit_entry_is_kept", "audit_checkpoint_is_kept"] {
            sql.postgres(&format!("DROP FUNCTION {function}()")).await?;
        }
        Ok(())
    }
}

async fn tables(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "audit_entry",
        "id {uuid} NOT NULL,
         at bigint NOT NULL,
         actor_kind {text} NOT NULL CHECK (length(actor_kind) BETWEEN 1 AND 32),
         actor_id {uuid},
         actor_part {text} NOT NULL,
         action {text} NOT NULL CHECK (length(action) BETWEEN 1 AND 201),
         subject_kind {text} NOT NULL,
         subject_id {uuid},
         changes {json} NOT NULL,
         address {text} NOT NULL CHECK (length(address) <= 65),
         user_agent {text} NOT NULL CHECK (length(user_agent) <= 301),
         request_id {text} NOT NULL CHECK (length(request_id) <= 129),
         position bigint CHECK (position > 0),
         hash {bytes} CHECK (length(hash) = 32),
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, position),
         CHECK ((position IS NULL) = (hash IS NULL))",
    )
    .await?;
    sql.run("CREATE INDEX audit_entry_at ON audit_entry (tenant_id, at, id)").await?;
    sql.run("CREATE INDEX audit_entry_actor ON audit_entry (tenant_id, actor_id, at, id)").await?;
    sql.run("CREATE INDEX audit_entry_subject ON audit_entry (tenant_id, subject_id, at, id)").await?;
    // What the sealer has to do, across tenants. No foreign key to the entry: one that disappears leaves its trace here.
    sql.queue_table("audit_waiting", "id {uuid} NOT NULL, PRIMARY KEY (tenant_id, id)").await?;
    sql.postgres(
        "ALTER TABLE audit_waiting \
         SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
    )
    .await?;
    // Where the chain stood when, signed with a key that the database does not have.
    let mark = "position bigint NOT NULL CHECK (position >= 0),
         hash {bytes} NOT NULL CHECK (length(hash) = 32),
         at bigint NOT NULL,
         key_id {text} NOT NULL,
         signature {bytes} NOT NULL CHECK (length(signature) = 32)";
    sql.tenant_table("audit_checkpoint", &format!("{mark}, PRIMARY KEY (tenant_id, position, key_id)"))
        .await?;
    // The last entry that was cleared away when its time was over; the chain begins behind it.
    sql.tenant_table("audit_start", &format!("{mark}, PRIMARY KEY (tenant_id)")).await
}

const ENTRY_COLUMNS: [&str; 13] = [
    "tenant_id",
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_part",
    "action",
    "subject_kind",
    "subject_id",
    "changes",
    "address",
    "user_agent",
    "request_id",
];

/// Rows go with their tenant, or when their time is over.
const GONE: &str = "NOT EXISTS (SELECT 1 FROM tenant WHERE id = OLD.tenant_id) \
     OR EXISTS (SELECT 1 FROM audit_start s WHERE s.tenant_id = OLD.tenant_id AND OLD.position <= s.position)";

async fn sqlite_rules(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.run(
        "CREATE TRIGGER audit_waits AFTER INSERT ON audit_entry WHEN NEW.position IS NULL BEGIN \
         INSERT INTO audit_waiting (tenant_id, id) VALUES (NEW.tenant_id, NEW.id); END",
    )
    .await?;
    let same: Vec<String> = ENTRY_COLUMNS.iter().map(|name| format!("NEW.{name} IS OLD.{name}")).collect();
    sql.run(&format!(
        "CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE ON audit_entry \
         WHEN OLD.position IS NOT NULL OR NOT ({}) \
         BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END",
        same.join(" AND ")
    ))
    .await?;
    sql.run(
        "CREATE TRIGGER audit_checkpoint_is_kept BEFORE UPDATE ON audit_checkpoint \
         BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END",
    )
    .await?;
    for table in ["audit_entry", "audit_checkpoint"] {
        sql.run(&format!(
            "CREATE TRIGGER {table}_is_there BEFORE DELETE ON {table} WHEN NOT ({GONE}) \
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        ))
        .await?;
    }
    Ok(())
}

async fn postgres_rules(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.run(
        "CREATE FUNCTION audit_waits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF NEW.position IS NULL THEN \
             INSERT INTO audit_waiting (tenant_id, id) VALUES (NEW.tenant_id, NEW.id); \
           END IF; \
           RETURN NULL; END $$",
    )
    .await?;
    sql.run(
        "CREATE TRIGGER audit_waits AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_waits()",
    )
    .await?;
    for (table, sealed) in [
        (
            "audit_entry",
            "IF OLD.position IS NULL THEN \
               unsealed := NEW; unsealed.position := NULL; unsealed.hash := NULL; \
               IF unsealed IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF; \
             END IF;",
        ),
        ("audit_checkpoint", ""),
    ] {
        sql.run(&format!(
            "CREATE FUNCTION {table}_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ \
             DECLARE unsealed {table}; BEGIN \
               IF TG_OP = 'UPDATE' THEN {sealed} \
               ELSIF {GONE} THEN RETURN OLD; END IF; \
               RAISE EXCEPTION '{table} is append-only'; END $$"
        ))
        .await?;
        sql.run(&format!(
            "CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE ON {table} \
             FOR EACH ROW EXECUTE FUNCTION {table}_is_kept()"
        ))
        .await?;
    }
    Ok(())
}
