//! Orders that staff writes for customers before they are placed, and returns that were exchanged for other goods.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// New tables, parents first.
const TABLES: [&str; 3] = ["draft_order", "draft_line", "exchange"];

/// New columns.
const COLUMNS: [(&str, &str, &str); 2] = [
    // What the shop tells the customer about an order.
    ("orders", "customer_note", "{text} NOT NULL DEFAULT '' CHECK (length(customer_note) <= 2000)"),
    // The customer would rather have other goods than money.
    ("return_request", "exchange", "{bool} NOT NULL DEFAULT FALSE"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for (table, column, kind) in COLUMNS {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await?;
        }
        drafts(&sql).await?;
        exchanges(&sql).await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        for (table, column, _) in COLUMNS.iter().rev() {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}

async fn drafts(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // What is taken off the whole is an amount or a share, with its reason. A draft that was placed knows its order, and
    // the key and the question that placed it; its id is also that of the cart that the order has.
    sql.tenant_table(
        "draft_order",
        "id {uuid} NOT NULL,
         state {text} NOT NULL CHECK (state IN ('open', 'completed')),
         customer_id {uuid},
         email {text} NOT NULL CHECK (length(email) <= 254),
         address {json} NOT NULL,
         shipping_method {text} NOT NULL CHECK (length(shipping_method) <= 100),
         provider {text} NOT NULL CHECK (length(provider) <= 100),
         customer_note {text} NOT NULL CHECK (length(customer_note) <= 2000),
         internal_note {text} NOT NULL CHECK (length(internal_note) <= 4000),
         tags {json} NOT NULL,
         currency {text} NOT NULL CHECK (length(currency) = 3),
         discount_minor bigint CHECK (discount_minor > 0),
         discount_ppm bigint CHECK (discount_ppm BETWEEN 1 AND 1000000),
         discount_reason {text} NOT NULL CHECK (length(discount_reason) <= 200),
         use_promotions {bool} NOT NULL,
         order_id {uuid},
         complete_key {text} NOT NULL CHECK (length(complete_key) <= 100),
         fingerprint {bytes},
         user_id {uuid},
         version bigint NOT NULL CHECK (version > 0),
         created_at bigint NOT NULL,
         updated_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, order_id),
         CHECK (discount_minor IS NULL OR discount_ppm IS NULL),
         CHECK ((state = 'completed') = (order_id IS NOT NULL)),
         FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX draft_order_state ON draft_order (tenant_id, state, id)").await?;
    sql.run("CREATE INDEX draft_order_of ON draft_order (tenant_id, customer_id)").await?;
    // No foreign key to the variant, as with carts: a line of a deleted one is shown as gone.
    sql.tenant_table(
        "draft_line",
        "id {uuid} NOT NULL,
         draft_id {uuid} NOT NULL,
         position bigint NOT NULL CHECK (position >= 0),
         variant_id {uuid} NOT NULL,
         quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
         currency {text} NOT NULL CHECK (length(currency) = 3),
         unit_minor bigint CHECK (unit_minor >= 0),
         unit_reason {text} NOT NULL CHECK (length(unit_reason) <= 200),
         discount_minor bigint CHECK (discount_minor > 0),
         discount_ppm bigint CHECK (discount_ppm BETWEEN 1 AND 1000000),
         discount_reason {text} NOT NULL CHECK (length(discount_reason) <= 200),
         PRIMARY KEY (tenant_id, id),
         UNIQUE (tenant_id, draft_id, variant_id),
         CHECK (discount_minor IS NULL OR discount_ppm IS NULL),
         FOREIGN KEY (tenant_id, draft_id) REFERENCES draft_order (tenant_id, id) ON DELETE CASCADE",
    )
    .await
}

async fn exchanges(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // A return is exchanged once. `value_minor` is what its pieces paid of the new order, `fingerprint` what exactly was asked
    // for under the key.
    sql.tenant_table(
        "exchange",
        "return_id {uuid} NOT NULL,
         from_order_id {uuid} NOT NULL,
         to_order_id {uuid} NOT NULL,
         exchange_key {text} NOT NULL CHECK (length(exchange_key) BETWEEN 1 AND 100),
         fingerprint {bytes} NOT NULL CHECK (length(fingerprint) = 32),
         value_minor bigint NOT NULL CHECK (value_minor > 0),
         currency {text} NOT NULL CHECK (length(currency) = 3),
         user_id {uuid},
         at bigint NOT NULL,
         PRIMARY KEY (tenant_id, return_id),
         UNIQUE (tenant_id, to_order_id),
         FOREIGN KEY (tenant_id, return_id) REFERENCES return_request (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, from_order_id) REFERENCES orders (tenant_id, id),
         FOREIGN KEY (tenant_id, to_order_id) REFERENCES orders (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX exchange_from ON exchange (tenant_id, from_order_id)").await
}
