//! Stock at several locations: levels, promises and movements per location, what suppliers are to bring, transfers and
//! stock counts.
//!
//! The default location of a tenant has the tenant's own id, so no statement has to look for it. A level may be spread
//! over buckets, rows of which each is taken from by itself; one bucket, 0, is the rule.

use crate::dsl::Sql;
use crate::{m04_catalog, m06_planner};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Tables of [`m04_catalog`] that are made anew, parents first.
const REBUILT: [&str; 3] = ["stock_level", "stock_reservation", "stock_movement"];
/// New tables, parents first.
const NEW: [&str; 6] = [
    "location",
    "stock_incoming",
    "stock_transfer",
    "stock_transfer_line",
    "stock_count",
    "stock_count_line",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        locations(&sql).await?;
        set_aside(&sql).await?;
        levels(&sql).await?;
        for (table, columns, from) in [
            (
                "stock_level",
                "variant_id, location_id, bucket, on_hand, reserved, threshold, tracked, policy, sells, updated_at",
                "variant_id, tenant_id, 0, on_hand, reserved, threshold, tracked, policy, true, updated_at",
            ),
            (
                "stock_reservation",
                "holder, variant_id, location_id, bucket, quantity, created_at, expires_at",
                "holder, variant_id, tenant_id, 0, quantity, created_at, expires_at",
            ),
            (
                "stock_movement",
                "id, variant_id, location_id, delta, on_hand_after, reason, reference, note, actor_id, at",
                "id, variant_id, tenant_id, delta, on_hand_after, reason, reference, note, actor_id, at",
            ),
        ] {
            copy(&sql, table, columns, &format!("SELECT tenant_id, {from} FROM {table}_before")).await?;
        }
        drop_aside(&sql).await?;
        plans(&sql).await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.sqlite("DROP TRIGGER tenant_has_a_location").await?;
        sql.postgres("DROP TRIGGER tenant_has_a_location ON tenant").await?;
        sql.postgres("DROP FUNCTION tenant_has_a_location()").await?;
        set_aside(&sql).await?;
        m04_catalog::stock(&sql).await?;
        // What lies in several places is one number again.
        for (table, columns, from) in [
            (
                "stock_level",
                "variant_id, on_hand, reserved, threshold, tracked, policy, updated_at",
                "SELECT tenant_id, variant_id, CAST(SUM(on_hand) AS bigint), CAST(SUM(reserved) AS bigint), \
                   CAST(SUM(threshold) AS bigint), MAX(CASE WHEN tracked THEN 1 ELSE 0 END) = 1, MAX(policy), \
                   MAX(updated_at) FROM stock_level_before GROUP BY tenant_id, variant_id",
            ),
            (
                "stock_reservation",
                "holder, variant_id, quantity, created_at, expires_at",
                "SELECT tenant_id, holder, variant_id, CAST(SUM(quantity) AS bigint), MIN(created_at), \
                   CASE WHEN COUNT(*) = COUNT(expires_at) THEN MAX(expires_at) END \
                 FROM stock_reservation_before GROUP BY tenant_id, holder, variant_id",
            ),
            (
                "stock_movement",
                "id, variant_id, delta, on_hand_after, reason, reference, note, actor_id, at",
                "SELECT tenant_id, id, variant_id, delta, on_hand_after, \
                   CASE WHEN reason IN ('initial', 'count', 'import', 'shipment', 'return') THEN reason \
                     ELSE 'count' END, reference, note, actor_id, at FROM stock_movement_before",
            ),
        ] {
            copy(&sql, table, columns, from).await?;
        }
        drop_aside(&sql).await?;
        for table in NEW.iter().rev() {
            sql.drop_table(table).await?;
        }
        m06_planner::describe(manager).await
    }
}

/// Every tenant has one from its first moment; one that is being filled from a file gets those of the file.
async fn locations(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "location",
        "id {uuid} NOT NULL, \
         name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 100), \
         country {text} NOT NULL CHECK (length(country) = 2), \
         address {text} NOT NULL CHECK (length(address) <= 500), \
         active {bool} NOT NULL, \
         priority integer NOT NULL, \
         is_default {bool} NOT NULL, \
         version bigint NOT NULL CHECK (version > 0), \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, name), \
         CHECK (is_default = (id = tenant_id)), \
         CHECK (active OR NOT is_default)",
    )
    .await?;
    let columns = "id, name, country, address, active, priority, is_default, version, created_at, updated_at";
    let of = |tenant: &str| {
        format!(
            "{tenant}id, {tenant}id, 'Main location', {tenant}country, '', true, 0, true, 1, \
             {tenant}created_at, {tenant}created_at"
        )
    };
    copy(sql, "location", columns, &format!("SELECT {} FROM tenant", of(""))).await?;
    let insert = format!("INSERT INTO location (tenant_id, {columns}) VALUES ({})", of("NEW."));
    sql.sqlite(&format!(
        "CREATE TRIGGER tenant_has_a_location AFTER INSERT ON tenant WHEN NEW.life <> 'filling' \
         BEGIN {insert}; END"
    ))
    .await?;
    // Whoever makes a tenant is not within it yet, and rows can only be made within.
    sql.postgres(&format!(
        "CREATE FUNCTION tenant_has_a_location() RETURNS trigger LANGUAGE plpgsql AS $$ \
         DECLARE around text := current_setting('rustok.tenant', true); \
         BEGIN \
           PERFORM set_config('rustok.tenant', NEW.id::text, true); \
           {insert}; \
           PERFORM set_config('rustok.tenant', coalesce(around, ''), true); \
           RETURN NULL; \
         END $$"
    ))
    .await?;
    sql.postgres(
        "CREATE TRIGGER tenant_has_a_location AFTER INSERT ON tenant \
         FOR EACH ROW WHEN (NEW.life <> 'filling') EXECUTE FUNCTION tenant_has_a_location()",
    )
    .await
}

async fn levels(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // `sells` is the location's `active`, and `tracked` and `policy` are the same in all rows of a variant: the one
    // statement that takes pieces decides by this row alone. `threshold` stands in bucket 0, the others have none.
    // The last CHECK is the wall behind that statement, as it always was.
    sql.tenant_table(
        "stock_level",
        "variant_id {uuid} NOT NULL, \
         location_id {uuid} NOT NULL, \
         bucket integer NOT NULL CHECK (bucket >= 0), \
         on_hand bigint NOT NULL, \
         reserved bigint NOT NULL CHECK (reserved >= 0), \
         threshold bigint NOT NULL, \
         tracked {bool} NOT NULL, \
         policy {text} NOT NULL CHECK (policy IN ('deny', 'continue')), \
         sells {bool} NOT NULL, \
         updated_at bigint NOT NULL, \
         CHECK (bucket = 0 OR threshold = 0), \
         CHECK (NOT tracked OR policy = 'continue' OR reserved = 0 \
                OR reserved <= on_hand - CASE WHEN threshold < 0 THEN threshold ELSE 0 END), \
         PRIMARY KEY (tenant_id, variant_id, location_id, bucket), \
         FOREIGN KEY (tenant_id, variant_id) REFERENCES variant (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_level_location ON stock_level (tenant_id, location_id, variant_id)").await?;
    sql.tenant_table(
        "stock_reservation",
        "holder {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         location_id {uuid} NOT NULL, \
         bucket integer NOT NULL, \
         quantity bigint NOT NULL CHECK (quantity > 0), \
         created_at bigint NOT NULL, \
         expires_at bigint, \
         PRIMARY KEY (tenant_id, holder, variant_id, location_id, bucket), \
         FOREIGN KEY (tenant_id, variant_id, location_id, bucket) \
           REFERENCES stock_level (tenant_id, variant_id, location_id, bucket)",
    )
    .await?;
    sql.run("CREATE INDEX stock_reservation_due ON stock_reservation (tenant_id, expires_at)").await?;
    sql.run(
        "CREATE INDEX stock_reservation_variant ON stock_reservation (tenant_id, variant_id, location_id, bucket)",
    )
    .await?;
    // No foreign key to the variant: the history outlives it.
    sql.tenant_table(
        "stock_movement",
        "id {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         location_id {uuid} NOT NULL, \
         delta bigint NOT NULL, \
         on_hand_after bigint NOT NULL, \
         reason {text} NOT NULL CHECK (reason IN ('initial', 'count', 'import', 'shipment', 'return', 'adjustment', \
           'transfer_out', 'transfer_in', 'receipt')), \
         reference {uuid}, \
         note {text} NOT NULL, \
         actor_id {uuid}, \
         at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_movement_variant ON stock_movement (tenant_id, variant_id, id)").await?;
    sql.run("CREATE INDEX stock_movement_location ON stock_movement (tenant_id, location_id, id)").await?;
    m04_catalog::movements_stay(sql).await
}

/// What is on its way: from suppliers, from one location to another; and what somebody is counting.
async fn plans(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "stock_incoming",
        "id {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         location_id {uuid} NOT NULL, \
         quantity bigint NOT NULL CHECK (quantity > 0), \
         received bigint NOT NULL CHECK (received >= 0 AND received <= quantity), \
         expected_at bigint, \
         note {text} NOT NULL CHECK (length(note) <= 500), \
         state {text} NOT NULL CHECK (state IN ('announced', 'received', 'cancelled')), \
         version bigint NOT NULL CHECK (version > 0), \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, variant_id) REFERENCES variant (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_incoming_variant ON stock_incoming (tenant_id, variant_id, state)").await?;
    sql.run("CREATE INDEX stock_incoming_location ON stock_incoming (tenant_id, location_id)").await?;
    sql.run("CREATE INDEX stock_incoming_state ON stock_incoming (tenant_id, state, id)").await?;
    sql.tenant_table(
        "stock_transfer",
        "id {uuid} NOT NULL, \
         from_id {uuid} NOT NULL, \
         to_id {uuid} NOT NULL, \
         state {text} NOT NULL CHECK (state IN ('draft', 'in_transit', 'received', 'cancelled')), \
         note {text} NOT NULL CHECK (length(note) <= 500), \
         version bigint NOT NULL CHECK (version > 0), \
         created_at bigint NOT NULL, \
         shipped_at bigint, \
         closed_at bigint, \
         CHECK (from_id <> to_id), \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, from_id) REFERENCES location (tenant_id, id), \
         FOREIGN KEY (tenant_id, to_id) REFERENCES location (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_transfer_from ON stock_transfer (tenant_id, from_id)").await?;
    sql.run("CREATE INDEX stock_transfer_to ON stock_transfer (tenant_id, to_id)").await?;
    sql.tenant_table(
        "stock_transfer_line",
        "transfer_id {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         quantity bigint NOT NULL CHECK (quantity > 0), \
         received bigint NOT NULL CHECK (received >= 0 AND received <= quantity), \
         PRIMARY KEY (tenant_id, transfer_id, variant_id), \
         FOREIGN KEY (tenant_id, transfer_id) REFERENCES stock_transfer (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, variant_id) REFERENCES variant (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX stock_transfer_line_variant ON stock_transfer_line (tenant_id, variant_id)")
        .await?;
    sql.tenant_table(
        "stock_count",
        "id {uuid} NOT NULL, \
         location_id {uuid} NOT NULL, \
         state {text} NOT NULL CHECK (state IN ('open', 'applied', 'cancelled')), \
         note {text} NOT NULL CHECK (length(note) <= 500), \
         version bigint NOT NULL CHECK (version > 0), \
         created_at bigint NOT NULL, \
         closed_at bigint, \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_count_location ON stock_count (tenant_id, location_id)").await?;
    // `expected` is what was on the shelf when the line was last written.
    sql.tenant_table(
        "stock_count_line",
        "count_id {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         expected bigint NOT NULL, \
         counted bigint, \
         PRIMARY KEY (tenant_id, count_id, variant_id), \
         FOREIGN KEY (tenant_id, count_id) REFERENCES stock_count (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, variant_id) REFERENCES variant (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX stock_count_line_variant ON stock_count_line (tenant_id, variant_id)").await
}

/// Gives the tables that are made anew other names, and their indices none.
async fn set_aside(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.sqlite("DROP TRIGGER stock_movement_is_history").await?;
    sql.postgres("DROP TRIGGER stock_movement_is_history ON stock_movement").await?;
    sql.postgres("DROP FUNCTION stock_movement_is_history()").await?;
    for index in [
        "stock_level_location",
        "stock_reservation_due",
        "stock_reservation_variant",
        "stock_movement_variant",
        "stock_movement_location",
    ] {
        sql.run(&format!("DROP INDEX IF EXISTS {index}")).await?;
    }
    for table in REBUILT {
        sql.run(&format!("ALTER TABLE {table} RENAME TO {table}_before")).await?;
        sql.postgres(&format!("ALTER TABLE {table}_before NO FORCE ROW LEVEL SECURITY")).await?;
        // What SQLite knows about a table it knows by its name.
        sql.sqlite(&format!("DELETE FROM sqlite_stat1 WHERE tbl LIKE '{table}%'")).await?;
    }
    Ok(())
}

async fn drop_aside(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    for table in REBUILT.iter().rev() {
        sql.run(&format!("DROP TABLE {table}_before")).await?;
    }
    Ok(())
}

/// Fills a table with rows of all tenants. An owner of the schema is bound by row level security as everybody is, so
/// it is lifted for the moment.
async fn copy(sql: &Sql<'_, '_>, table: &str, columns: &str, from: &str) -> Result<(), DbErr> {
    sql.postgres(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
    sql.run(&format!("INSERT INTO {table} (tenant_id, {columns}) {from}")).await?;
    sql.postgres(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await
}
