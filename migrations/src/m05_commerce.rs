//! Carts, orders, payments with their ledger, parcels, customers, and the read model of orders and sales.

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they are made; dropped from the end.
const TABLES: &[&str] = &[
    "commerce_settings",
    "cart",
    "cart_line",
    "customer",
    "customer_address",
    "order_counter",
    "orders",
    "order_line",
    "order_note",
    "fulfilment",
    "payment",
    "payment_event",
    "money_ledger",
    "order_row",
    "sales_day",
    "sales_product",
];

/// Rows that are written once.
const HISTORY: &[&str] = &["money_ledger"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        carts(&sql).await?;
        customers(&sql).await?;
        orders(&sql).await?;
        payments(&sql).await?;
        documents(&sql).await?;
        for table in HISTORY {
            append_only(&sql, table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        for table in HISTORY {
            sql.postgres(&format!("DROP FUNCTION IF EXISTS {table}_is_history()")).await?;
        }
        Ok(())
    }
}

async fn carts(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // One row per tenant; `id` is the tenant's own.
    sql.tenant_table(
        "commerce_settings",
        "id {uuid} NOT NULL, \
         document {json} NOT NULL, \
         version bigint NOT NULL CHECK (version > 0), \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    // A guest's cart is found by the SHA-256 of its token, an account's by the account.
    sql.tenant_table(
        "cart",
        "id {uuid} NOT NULL, \
         token_hash {bytes} CHECK (token_hash IS NULL OR length(token_hash) = 32), \
         user_id {uuid}, \
         state {text} NOT NULL CHECK (state IN ('open', 'ordered', 'merged', 'restored')), \
         version bigint NOT NULL CHECK (version > 0), \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         abandoned_at bigint, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, token_hash)",
    )
    .await?;
    sql.run(
        "CREATE UNIQUE INDEX cart_of_user ON cart (tenant_id, user_id) \
         WHERE state = 'open' AND user_id IS NOT NULL",
    )
    .await?;
    sql.run(
        "CREATE INDEX cart_untouched ON cart (tenant_id, updated_at) \
         WHERE state = 'open' AND abandoned_at IS NULL",
    )
    .await?;
    // No foreign key to the variant: a line of a deleted one is shown as gone.
    sql.tenant_table(
        "cart_line",
        "id {uuid} NOT NULL, \
         cart_id {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 10000), \
         unit_seen_minor bigint NOT NULL CHECK (unit_seen_minor >= 0), \
         created_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, cart_id, variant_id), \
         FOREIGN KEY (tenant_id, cart_id) REFERENCES cart (tenant_id, id) ON DELETE CASCADE",
    )
    .await
}

async fn customers(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "customer",
        "id {uuid} NOT NULL, \
         user_id {uuid}, \
         email {text} NOT NULL CHECK (length(email) BETWEEN 3 AND 254), \
         name {text} NOT NULL CHECK (length(name) <= 200), \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, email), \
         UNIQUE (tenant_id, user_id)",
    )
    .await?;
    sql.run("CREATE INDEX customer_created ON customer (tenant_id, created_at, id)").await?;
    sql.tenant_table(
        "customer_address",
        "id {uuid} NOT NULL, \
         customer_id {uuid} NOT NULL, \
         fingerprint {bytes} NOT NULL, \
         document {json} NOT NULL, \
         used_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, customer_id, fingerprint), \
         FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id) ON DELETE CASCADE",
    )
    .await
}

async fn orders(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "order_counter",
        "id {uuid} NOT NULL, \
         last bigint NOT NULL CHECK (last >= 0), \
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    // One order per cart and per (principal, checkout key): the second completion finds the first one.
    sql.tenant_table(
        "orders",
        "id {uuid} NOT NULL, \
         number bigint NOT NULL CHECK (number > 0), \
         token {text} NOT NULL CHECK (length(token) >= 22), \
         cart_id {uuid} NOT NULL, \
         principal {bytes} NOT NULL, \
         checkout_key {text} NOT NULL CHECK (length(checkout_key) BETWEEN 1 AND 100), \
         fingerprint {bytes} NOT NULL, \
         state {text} NOT NULL CHECK (state IN ('draft', 'pending_payment', 'paid', 'shipped', 'delivered', \
                                                'cancelled', 'refunded')), \
         version bigint NOT NULL CHECK (version > 0), \
         customer_id {uuid} NOT NULL, \
         user_id {uuid}, \
         email {text} NOT NULL, \
         name {text} NOT NULL, \
         address {json} NOT NULL, \
         country {text} NOT NULL CHECK (length(country) = 2), \
         shipping_method {text} NOT NULL, \
         shipping_name {text} NOT NULL, \
         provider {text} NOT NULL, \
         provider_name {text} NOT NULL, \
         currency {text} NOT NULL CHECK (length(currency) = 3), \
         includes_tax {bool} NOT NULL, \
         n_items bigint NOT NULL CHECK (n_items > 0), \
         subtotal_minor bigint NOT NULL CHECK (subtotal_minor >= 0), \
         discount_minor bigint NOT NULL CHECK (discount_minor >= 0), \
         shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0), \
         tax_minor bigint NOT NULL CHECK (tax_minor >= 0), \
         taxes {json} NOT NULL, \
         total_minor bigint NOT NULL CHECK (total_minor >= 0), \
         paid_minor bigint NOT NULL, \
         refunded_minor bigint NOT NULL, \
         attention {text}, \
         cancel_reason {text} NOT NULL, \
         hold_until bigint, \
         placed_at bigint NOT NULL, \
         paid_at bigint, \
         updated_at bigint NOT NULL, \
         CHECK (0 <= refunded_minor AND refunded_minor <= paid_minor), \
         CHECK (total_minor = subtotal_minor - discount_minor + shipping_minor \
                              + CASE WHEN includes_tax THEN 0 ELSE tax_minor END), \
         CHECK (state NOT IN ('paid', 'shipped', 'delivered') OR total_minor <= paid_minor), \
         CHECK (state <> 'refunded' OR refunded_minor = paid_minor), \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, number), \
         UNIQUE (tenant_id, token), \
         UNIQUE (tenant_id, cart_id), \
         UNIQUE (tenant_id, principal, checkout_key), \
         FOREIGN KEY (tenant_id, cart_id) REFERENCES cart (tenant_id, id), \
         FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX orders_due ON orders (tenant_id, hold_until) WHERE state = 'pending_payment'")
        .await?;
    sql.run("CREATE INDEX orders_of_user ON orders (tenant_id, user_id, placed_at, id)").await?;
    sql.run("CREATE INDEX orders_of_customer ON orders (tenant_id, customer_id)").await?;
    sql.tenant_table(
        "order_line",
        "id {uuid} NOT NULL, \
         order_id {uuid} NOT NULL, \
         position bigint NOT NULL, \
         variant_id {uuid} NOT NULL, \
         product_id {uuid} NOT NULL, \
         slug {text} NOT NULL, \
         title {text} NOT NULL, \
         variant_title {text} NOT NULL, \
         sku {text} NOT NULL, \
         picture {json}, \
         quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 10000), \
         unit_minor bigint NOT NULL CHECK (unit_minor >= 0), \
         net_minor bigint NOT NULL, \
         tax_minor bigint NOT NULL, \
         gross_minor bigint NOT NULL, \
         rate_ppm bigint NOT NULL CHECK (rate_ppm >= 0), \
         CHECK (net_minor + tax_minor = gross_minor), \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, order_id, position), \
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.tenant_table(
        "order_note",
        "id {uuid} NOT NULL, \
         order_id {uuid} NOT NULL, \
         user_id {uuid}, \
         body {text} NOT NULL CHECK (length(body) BETWEEN 1 AND 4000), \
         at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX order_note_order ON order_note (tenant_id, order_id)").await?;
    sql.tenant_table(
        "fulfilment",
        "id {uuid} NOT NULL, \
         order_id {uuid} NOT NULL, \
         carrier {text} NOT NULL, \
         tracking_number {text} NOT NULL, \
         tracking_url {text} NOT NULL, \
         shipped_at bigint NOT NULL, \
         delivered_at bigint, \
         CHECK (delivered_at IS NULL OR shipped_at <= delivered_at), \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX fulfilment_order ON fulfilment (tenant_id, order_id)").await
}

async fn payments(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // `step` is the call that the gateway is asked for, `status` how it stands; keys are stored before the call.
    sql.tenant_table(
        "payment",
        "id {uuid} NOT NULL, \
         order_id {uuid} NOT NULL, \
         provider {text} NOT NULL, \
         step {text} NOT NULL CHECK (step IN ('by_hand', 'authorize', 'capture', 'refund', 'void')), \
         status {text} NOT NULL CHECK (status IN ('due', 'unknown', 'pending', 'done', 'declined')), \
         amount_minor bigint NOT NULL CHECK (amount_minor > 0), \
         currency {text} NOT NULL CHECK (length(currency) = 3), \
         authorize_key {text} NOT NULL, \
         capture_key {text} NOT NULL, \
         back_key {text} NOT NULL, \
         back_minor bigint NOT NULL CHECK (0 <= back_minor AND back_minor <= amount_minor), \
         back_reason {text} NOT NULL, \
         gateway_id {text} NOT NULL, \
         attempt bigint NOT NULL CHECK (attempt >= 0), \
         next_at bigint, \
         last_error {text} NOT NULL, \
         version bigint NOT NULL CHECK (version > 0), \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, order_id), \
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX payment_due ON payment (tenant_id, next_at) WHERE next_at IS NOT NULL").await?;
    // What gateways told us, each once; `handled_at` is empty until the payment has seen it.
    sql.tenant_table(
        "payment_event",
        "provider {text} NOT NULL, \
         event_id {text} NOT NULL CHECK (length(event_id) BETWEEN 1 AND 200), \
         payment_id {uuid} NOT NULL, \
         document {json} NOT NULL, \
         received_at bigint NOT NULL, \
         handled_at bigint, \
         outcome {text} NOT NULL, \
         PRIMARY KEY (tenant_id, provider, event_id), \
         FOREIGN KEY (tenant_id, payment_id) REFERENCES payment (tenant_id, id)",
    )
    .await?;
    sql.run(
        "CREATE INDEX payment_event_open ON payment_event (tenant_id, received_at) WHERE handled_at IS NULL",
    )
    .await?;
    // Double entry: each row moves an amount from one account to another, so every currency sums to zero.
    sql.tenant_table(
        "money_ledger",
        "id {uuid} NOT NULL, \
         order_id {uuid} NOT NULL, \
         payment_id {uuid}, \
         kind {text} NOT NULL CHECK (kind IN ('capture', 'refund')), \
         from_account {text} NOT NULL, \
         to_account {text} NOT NULL, \
         amount_minor bigint NOT NULL CHECK (amount_minor > 0), \
         currency {text} NOT NULL CHECK (length(currency) = 3), \
         fact {text} NOT NULL, \
         at bigint NOT NULL, \
         CHECK (from_account <> to_account), \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, kind, fact), \
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX money_ledger_order ON money_ledger (tenant_id, order_id)").await
}

/// Read model: rebuilt from the tables above by `index rebuild`.
async fn documents(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "order_row",
        "id {uuid} NOT NULL, \
         number bigint NOT NULL, \
         state {text} NOT NULL, \
         payment {text} NOT NULL, \
         customer_id {uuid} NOT NULL, \
         email {text} NOT NULL, \
         name {text} NOT NULL, \
         search {text} NOT NULL, \
         n_items bigint NOT NULL, \
         currency {text} NOT NULL, \
         total_minor bigint NOT NULL, \
         paid_minor bigint NOT NULL, \
         refunded_minor bigint NOT NULL, \
         country {text} NOT NULL, \
         shipping_name {text} NOT NULL, \
         provider {text} NOT NULL, \
         attention {text}, \
         placed_at bigint NOT NULL, \
         paid_day bigint, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    for (name, columns) in [
        ("placed", "placed_at, id"),
        ("number", "number"),
        ("total", "total_minor, id"),
        ("state", "state, placed_at, id"),
        ("customer", "customer_id, placed_at"),
    ] {
        sql.run(&format!("CREATE INDEX order_row_{name} ON order_row (tenant_id, {columns})")).await?;
    }
    sql.run(
        "CREATE INDEX order_row_attention ON order_row (tenant_id, placed_at) WHERE attention IS NOT NULL",
    )
    .await?;
    // `day` counts days since 1970-01-01 UTC.
    sql.tenant_table(
        "sales_day",
        "day bigint NOT NULL, \
         currency {text} NOT NULL, \
         n_orders bigint NOT NULL, \
         n_items bigint NOT NULL, \
         revenue_minor bigint NOT NULL, \
         PRIMARY KEY (tenant_id, day, currency)",
    )
    .await?;
    sql.tenant_table(
        "sales_product",
        "day bigint NOT NULL, \
         product_id {uuid} NOT NULL, \
         currency {text} NOT NULL, \
         title {text} NOT NULL, \
         quantity bigint NOT NULL, \
         revenue_minor bigint NOT NULL, \
         PRIMARY KEY (tenant_id, day, product_id, currency)",
    )
    .await
}

/// Rows of `table` are written once and never changed or deleted.
async fn append_only(sql: &Sql<'_, '_>, table: &str) -> Result<(), DbErr> {
    for (verb, name) in [("UPDATE", "kept"), ("DELETE", "there")] {
        sql.sqlite(&format!(
            "CREATE TRIGGER {table}_is_{name} BEFORE {verb} ON {table} \
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        ))
        .await?;
    }
    sql.postgres(&format!(
        "CREATE FUNCTION {table}_is_history() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    ))
    .await?;
    sql.postgres(&format!(
        "CREATE TRIGGER {table}_is_history BEFORE UPDATE OR DELETE ON {table} \
         FOR EACH ROW EXECUTE FUNCTION {table}_is_history()"
    ))
    .await
}
