//! Money that is no gateway's: gift cards and store credit, what moved on them, and what orders took from them.
//!
//! `tender_account` holds a balance, which statements change under conditions; `tender_movement` says how it came about,
//! and each movement has a row of the ledger under the same id. So the ledger learns new kinds of rows, also such that
//! belong to no order.

use crate::dsl::Sql;
use crate::{m06_planner, m14_tenant_life};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they are made; dropped from the end.
pub(crate) const TABLES: [&str; 3] = ["tender_account", "tender_movement", "order_tender"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        accounts(&sql, "tenant_id, customer_id").await?;
        taken(&sql).await?;
        orders(&sql).await?;
        if sql.is_postgres() {
            sql.run("ALTER TABLE money_ledger ALTER COLUMN order_id DROP NOT NULL").await?;
            kinds(&sql, "'capture', 'refund', 'issue', 'credit', 'debit', 'redeem', 'return'").await?;
        } else {
            rebuild(&sql, "", "'capture', 'refund', 'issue', 'credit', 'debit', 'redeem', 'return'").await?;
        }
        for table in ["money_ledger", "tender_movement"] {
            m14_tenant_life::history_ends_with_its_tenant(&sql, table).await?;
        }
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        if sql.is_postgres() {
            // The rules of rows and of history hold for the owner, too: lifted for this one transaction.
            sql.run("ALTER TABLE money_ledger NO FORCE ROW LEVEL SECURITY").await?;
            sql.run("ALTER TABLE money_ledger DISABLE TRIGGER money_ledger_is_history").await?;
            sql.run("DELETE FROM money_ledger WHERE kind NOT IN ('capture', 'refund')").await?;
            sql.run("ALTER TABLE money_ledger ENABLE TRIGGER money_ledger_is_history").await?;
            sql.run("ALTER TABLE money_ledger FORCE ROW LEVEL SECURITY").await?;
            sql.run("ALTER TABLE money_ledger ALTER COLUMN order_id SET NOT NULL").await?;
            kinds(&sql, "'capture', 'refund'").await?;
        } else {
            rebuild(&sql, "NOT NULL", "'capture', 'refund'").await?;
            m14_tenant_life::history_ends_with_its_tenant(&sql, "money_ledger").await?;
        }
        for (table, column) in [("payment", "back_id"), ("orders", "tendered_minor"), ("cart", "tenders")] {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        sql.postgres("DROP FUNCTION tender_movement_is_history()").await
    }
}

/// Accounts and what moved on them; there is one account of store credit for each `one`.
pub(crate) async fn accounts(sql: &Sql<'_, '_>, one: &str) -> Result<(), DbErr> {
    // A gift card is found by the SHA-256 of its code, store credit by its customer. The balance is never below zero.
    sql.tenant_table(
        "tender_account",
        &format!(
            "id {{uuid}} NOT NULL,
             kind {{text}} NOT NULL CHECK (kind IN ('gift_card', 'store_credit')),
             code_hash {{bytes}} CHECK (code_hash IS NULL OR length(code_hash) = 32),
             last_four {{text}} NOT NULL CHECK (length(last_four) <= 4),
             customer_id {{uuid}},
             currency {{text}} NOT NULL CHECK (length(currency) = 3),
             issued_minor bigint NOT NULL CHECK (issued_minor >= 0),
             balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
             enabled {{bool}} NOT NULL,
             expires_at bigint,
             recipient {{text}} NOT NULL CHECK (length(recipient) <= 254),
             note {{text}} NOT NULL CHECK (length(note) <= 500),
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             CHECK ((kind = 'gift_card') = (code_hash IS NOT NULL)),
             CHECK ((kind = 'store_credit') = (customer_id IS NOT NULL)),
             UNIQUE (tenant_id, code_hash),
             UNIQUE ({one}),
             FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)"
        ),
    )
    .await?;
    sql.run("CREATE INDEX tender_account_by_time ON tender_account (tenant_id, created_at, id)").await?;
    // What comes in is above zero, what goes out below; `balance_minor` is what was there then.
    sql.tenant_table(
        "tender_movement",
        "id {uuid} NOT NULL,
         account_id {uuid} NOT NULL,
         order_id {uuid},
         kind {text} NOT NULL CHECK (kind IN ('issue', 'credit', 'debit', 'redeem', 'return')),
         amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
         balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
         currency {text} NOT NULL CHECK (length(currency) = 3),
         reason {text} NOT NULL CHECK (length(reason) <= 500),
         user_id {uuid},
         at bigint NOT NULL,
         PRIMARY KEY (tenant_id, id),
         CHECK ((kind IN ('debit', 'redeem')) = (amount_minor < 0)),
         FOREIGN KEY (tenant_id, account_id) REFERENCES tender_account (tenant_id, id),
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX tender_movement_of ON tender_movement (tenant_id, account_id, id)").await?;
    sql.run("CREATE INDEX tender_movement_of_order ON tender_movement (tenant_id, order_id)").await
}

pub(crate) async fn taken(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // What an order took from an account, and how much of that was given back since, wherever it went.
    sql.tenant_table(
        "order_tender",
        "order_id {uuid} NOT NULL,
         account_id {uuid} NOT NULL,
         position bigint NOT NULL,
         amount_minor bigint NOT NULL CHECK (amount_minor > 0),
         returned_minor bigint NOT NULL,
         currency {text} NOT NULL CHECK (length(currency) = 3),
         PRIMARY KEY (tenant_id, order_id, account_id),
         CHECK (0 <= returned_minor AND returned_minor <= amount_minor),
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
         FOREIGN KEY (tenant_id, account_id) REFERENCES tender_account (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX order_tender_of ON order_tender (tenant_id, account_id)").await
}

async fn orders(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // The accounts that a cart is to be paid from, in order; what they paid of an order when it was placed; what the
    // gateway calls the refund that a payment stands at, of which there can be many now.
    for (table, column) in [
        ("cart", "tenders {json} NOT NULL DEFAULT '[]'"),
        ("orders", "tendered_minor bigint NOT NULL DEFAULT 0 CHECK (tendered_minor >= 0)"),
        ("payment", "back_id {text} NOT NULL DEFAULT ''"),
    ] {
        sql.run(&format!("ALTER TABLE {table} ADD COLUMN {column}")).await?;
    }
    Ok(())
}

async fn kinds(sql: &Sql<'_, '_>, kinds: &str) -> Result<(), DbErr> {
    sql.run("ALTER TABLE money_ledger DROP CONSTRAINT money_ledger_kind_check").await?;
    sql.run(&format!(
        "ALTER TABLE money_ledger ADD CONSTRAINT money_ledger_kind_check CHECK (kind IN ({kinds}))"
    ))
    .await
}

/// SQLite changes no rule of a table: it is made anew, with the rows that fit.
async fn rebuild(sql: &Sql<'_, '_>, order: &str, kinds: &str) -> Result<(), DbErr> {
    let columns = "tenant_id, id, order_id, payment_id, kind, from_account, to_account, amount_minor, currency, fact, at";
    sql.run("ALTER TABLE money_ledger RENAME TO money_ledger_before").await?;
    sql.tenant_table(
        "money_ledger",
        &format!(
            "id {{uuid}} NOT NULL,
             order_id {{uuid}} {order},
             payment_id {{uuid}},
             kind {{text}} NOT NULL CHECK (kind IN ({kinds})),
             from_account {{text}} NOT NULL,
             to_account {{text}} NOT NULL,
             amount_minor bigint NOT NULL CHECK (amount_minor > 0),
             currency {{text}} NOT NULL CHECK (length(currency) = 3),
             fact {{text}} NOT NULL,
             at bigint NOT NULL,
             CHECK (from_account <> to_account),
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, kind, fact),
             FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)"
        ),
    )
    .await?;
    sql.run(&format!(
        "INSERT INTO money_ledger ({columns}) SELECT {columns} FROM money_ledger_before WHERE kind IN ({kinds})"
    ))
    .await?;
    sql.run("DROP TABLE money_ledger_before").await?;
    sql.run("CREATE INDEX money_ledger_order ON money_ledger (tenant_id, order_id)").await
}
