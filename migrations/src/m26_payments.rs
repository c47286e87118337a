//! Payments in parts: what staff takes of an authorisation, what of it is let go, and orders that are paid with less than
//! they cost because the shop forgoes the rest. Disputes, and the money that leaves with them. What gateways say of payments
//! when they are asked. The keys of shops at providers of payments.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns of tables that are there already.
const COLUMNS: [(&str, &str, &str); 6] = [
    // Whether staff says when money is taken of an authorisation.
    ("payment", "manual", "{bool} NOT NULL DEFAULT {false}"),
    // The capture that staff asked for last: its key, and how much.
    ("payment", "take_key", "{text} NOT NULL DEFAULT ''"),
    ("payment", "take_minor", "bigint NOT NULL DEFAULT 0 CHECK (take_minor >= 0)"),
    // What the gateway still promises and staff may take.
    ("payment", "rest_minor", "bigint NOT NULL DEFAULT 0 CHECK (rest_minor >= 0)"),
    // Where the shopper has to go to pay; empty when there is nothing to do.
    ("payment", "pay_url", "{text} NOT NULL DEFAULT ''"),
    // What the shop forgoes of the total.
    ("orders", "released_minor", "bigint NOT NULL DEFAULT 0 CHECK (released_minor >= 0)"),
];

/// What has to be here before an order counts as paid, and what it was before this migration.
const COVERED: &str = "total_minor <= paid_minor + released_minor";
const COVERED_BEFORE: &str = "total_minor <= paid_minor";

/// Kinds of entries of the ledger.
const KINDS: &str =
    "'capture', 'refund', 'issue', 'credit', 'debit', 'redeem', 'return', 'chargeback', 'loss'";
const KINDS_BEFORE: &str = "'capture', 'refund', 'issue', 'credit', 'debit', 'redeem', 'return'";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        let no = if sql.is_postgres() { "false" } else { "0" };
        for (table, name, kind) in COLUMNS {
            let kind = kind.replace("{false}", no);
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {name} {kind}")).await?;
        }
        covered(&sql, COVERED_BEFORE, COVERED, "").await?;
        kinds(&sql, KINDS_BEFORE, KINDS).await?;
        disputes(&sql).await?;
        checks(&sql).await?;
        providers(&sql).await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for index in ["payment_waiting", "payment_by_time"] {
            sql.run(&format!("DROP INDEX {index}")).await?;
        }
        for table in ["payment_provider", "payment_round", "payment_check", "payment_dispute"] {
            sql.drop_table(table).await?;
        }
        kinds(&sql, KINDS, KINDS_BEFORE).await?;
        // Orders that were paid with less stay as they are.
        covered(&sql, COVERED, COVERED_BEFORE, "NOT VALID").await?;
        for (table, name, _) in COLUMNS.iter().rev() {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {name}")).await?;
        }
        Ok(())
    }
}

/// Exchanges the rule of `orders` about what covers a total.
async fn covered(sql: &Sql<'_, '_>, before: &str, after: &str, validity: &str) -> Result<(), DbErr> {
    if !sql.is_postgres() {
        return rule(sql, "orders", before, after).await;
    }
    sql.run(
        "DO $$ DECLARE rule text; BEGIN \
           SELECT conname INTO STRICT rule FROM pg_constraint WHERE conrelid = 'orders'::regclass \
             AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%total_minor <= %paid_minor%'; \
           EXECUTE format('ALTER TABLE orders DROP CONSTRAINT %I', rule); END $$",
    )
    .await?;
    sql.run(&format!(
        "ALTER TABLE orders ADD CONSTRAINT orders_covered \
         CHECK (state NOT IN ('paid', 'shipped', 'delivered') OR {after}) {validity}"
    ))
    .await
}

/// Exchanges the rule of the ledger about its kinds; entries that no longer fit stay: they are history.
async fn kinds(sql: &Sql<'_, '_>, before: &str, after: &str) -> Result<(), DbErr> {
    if !sql.is_postgres() {
        return rule(sql, "money_ledger", &format!("({before})"), &format!("({after})")).await;
    }
    sql.run("ALTER TABLE money_ledger DROP CONSTRAINT money_ledger_kind_check").await?;
    sql.run(&format!(
        "ALTER TABLE money_ledger ADD CONSTRAINT money_ledger_kind_check CHECK (kind IN ({after})) NOT VALID"
    ))
    .await
}

async fn disputes(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // `gateway_id` is what the gateway calls it: one row for each, however often it is told.
    sql.tenant_table(
        "payment_dispute",
        "id {uuid} NOT NULL,
         payment_id {uuid} NOT NULL,
         order_id {uuid} NOT NULL,
         gateway_id {text} NOT NULL CHECK (length(gateway_id) BETWEEN 1 AND 200),
         state {text} NOT NULL CHECK (state IN ('open', 'won', 'lost')),
         amount_minor bigint NOT NULL CHECK (amount_minor > 0),
         currency {text} NOT NULL CHECK (length(currency) = 3),
         reason {text} NOT NULL CHECK (length(reason) <= 300),
         opened_at bigint NOT NULL,
         closed_at bigint,
         updated_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, payment_id, gateway_id),
         CHECK ((state = 'open') = (closed_at IS NULL)),
         FOREIGN KEY (tenant_id, payment_id) REFERENCES payment (tenant_id, id),
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX payment_dispute_of_order ON payment_dispute (tenant_id, order_id)").await?;
    sql.run("CREATE INDEX payment_dispute_by_time ON payment_dispute (tenant_id, opened_at, id)").await
}

async fn checks(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // What we and the gateway had of a payment when they were compared last.
    sql.tenant_table(
        "payment_check",
        "payment_id {uuid} NOT NULL,
         differs {bool} NOT NULL,
         currency {text} NOT NULL CHECK (length(currency) = 3),
         ours_captured_minor bigint NOT NULL,
         ours_refunded_minor bigint NOT NULL,
         theirs_captured_minor bigint NOT NULL,
         theirs_refunded_minor bigint NOT NULL,
         checked_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, payment_id),
         FOREIGN KEY (tenant_id, payment_id) REFERENCES payment (tenant_id, id)",
    )
    .await?;
    sql.run(
        "CREATE INDEX payment_check_differs ON payment_check (tenant_id, checked_at, payment_id) WHERE differs",
    )
    .await?;
    // Where the shop's walk through its payments stands: one row per shop.
    sql.tenant_table(
        "payment_round",
        "id {uuid} NOT NULL,
         after_at bigint NOT NULL,
         after_id {uuid} NOT NULL,
         next_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX payment_by_time ON payment (tenant_id, created_at, id)").await?;
    sql.run("CREATE INDEX payment_waiting ON payment (tenant_id, updated_at) WHERE status = 'pending'").await
}

async fn providers(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // The keys of a shop at a provider of payments, sealed for their row.
    sql.tenant_table(
        "payment_provider",
        "id {uuid} NOT NULL,
         provider {text} NOT NULL CHECK (provider IN ('stripe')),
         api_secret {bytes} NOT NULL,
         webhook_secret {bytes} NOT NULL,
         key_hint {text} NOT NULL CHECK (length(key_hint) <= 4),
         updated_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, provider)",
    )
    .await
}

/// Exchanges a rule of an SQLite table in its stored text, as SQLite's documentation of `ALTER TABLE` describes it for
/// changes that need no new rows: tables that point at it, triggers and indices stay. The columns that are added or taken
/// away beside it tell other connections to read the schema again.
async fn rule(sql: &Sql<'_, '_>, table: &str, before: &str, after: &str) -> Result<(), DbErr> {
    sql.run(&format!(
        "PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = replace(sql, '{}', '{}') WHERE type = 'table' AND name = '{table}'; \
         PRAGMA writable_schema = RESET",
        before.replace('\'', "''"),
        after.replace('\'', "''")
    ))
    .await
}
