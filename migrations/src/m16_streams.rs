//! The event store: what has become of a thing, fact by fact, and snapshots of where that leads.
//!
//! A stream's primary key is its optimistic lock: of two who append the same version one is refused. What is written
//! stays as it is. A snapshot is a cache and may be thrown away at any time.
//!
//! Orders and payments that are here already get a first fact that says how they stand (`adopted`), at the version of
//! their row; what happened to them before is in the outbox.

use crate::dsl::Sql;
use crate::{m06_planner, m14_tenant_life};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        tables(&sql).await?;
        adopt(&sql).await?;
        m14_tenant_life::history_ends_with_its_tenant(&sql, "stream_event").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.drop_table("stream_snapshot").await?;
        sql.drop_table("stream_event").await?;
        sql.postgres("DROP FUNCTION stream_event_is_history()").await
    }
}

async fn tables(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // `event_id` is what was told about the fact; a fact that is nobody else's business has none.
    sql.tenant_table(
        "stream_event",
        "stream_type {text} NOT NULL CHECK (length(stream_type) BETWEEN 1 AND 64),
         stream_id {uuid} NOT NULL,
         version bigint NOT NULL CHECK (version > 0),
         kind {text} NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
         schema_version integer NOT NULL CHECK (schema_version > 0),
         payload {json} NOT NULL,
         event_id {uuid},
         actor_kind {text} NOT NULL CHECK (length(actor_kind) BETWEEN 1 AND 32),
         actor_id {uuid},
         occurred_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, stream_type, stream_id, version)",
    )
    .await?;
    sql.tenant_table(
        "stream_snapshot",
        "stream_type {text} NOT NULL CHECK (length(stream_type) BETWEEN 1 AND 64),
         stream_id {uuid} NOT NULL,
         version bigint NOT NULL CHECK (version > 0),
         schema_hash {bytes} NOT NULL CHECK (length(schema_hash) = 32),
         state {json} NOT NULL,
         taken_at bigint NOT NULL,
         PRIMARY KEY (tenant_id, stream_type, stream_id)",
    )
    .await
}

/// Tables that the first facts are made of, and the one that takes them.
const READ: [&str; 4] = ["orders", "order_line", "payment", "stream_event"];

async fn adopt(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // The rules of rows hold for the owner, too, who acts for no tenant here: lifted for this one transaction.
    for table in READ {
        sql.postgres(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
    }
    let words = Words { postgres: sql.is_postgres() };
    let first = "INSERT INTO stream_event (tenant_id, stream_type, stream_id, version, kind, schema_version, payload, \
                 actor_kind, occurred_at)";
    sql.run(&format!(
        "{first} SELECT o.tenant_id, 'order', o.id, o.version, 'adopted', 1, {}, 'system', o.updated_at FROM orders o",
        words.text(&order(&words))
    ))
    .await?;
    sql.run(&format!(
        "{first} SELECT p.tenant_id, 'payment', p.id, p.version, 'adopted', 1, {}, 'system', p.updated_at FROM payment p",
        words.text(&payment(&words))
    ))
    .await?;
    for table in READ {
        sql.postgres(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await?;
    }
    Ok(())
}

fn order(words: &Words) -> String {
    let line = words.object(&[
        ("variant_id", words.id("l.variant_id")),
        ("product_id", words.id("l.product_id")),
        ("sku", "l.sku".into()),
        ("quantity", "l.quantity".into()),
        ("unit", "l.unit_minor".into()),
        ("net", "l.net_minor".into()),
        ("tax", "l.tax_minor".into()),
        ("gross", "l.gross_minor".into()),
        ("rate_ppm", "l.rate_ppm".into()),
    ]);
    let placed = words.object(&[
        ("number", "o.number".into()),
        ("cart_id", words.id("o.cart_id")),
        ("customer_id", words.id("o.customer_id")),
        ("user_id", words.id("o.user_id")),
        ("shipping_method", "o.shipping_method".into()),
        ("provider", "o.provider".into()),
        ("currency", "o.currency".into()),
        ("includes_tax", words.flag("o.includes_tax")),
        ("n_items", "o.n_items".into()),
        ("subtotal", "o.subtotal_minor".into()),
        ("discount", "o.discount_minor".into()),
        ("shipping", "o.shipping_minor".into()),
        ("tax", "o.tax_minor".into()),
        ("total", "o.total_minor".into()),
        ("placed_at", "o.placed_at".into()),
        ("lines", words.lines(&line)),
    ]);
    let standing = words.object(&[
        ("state", "o.state".into()),
        ("paid", "o.paid_minor".into()),
        ("refunded", "o.refunded_minor".into()),
        ("attention", "o.attention".into()),
        ("cancel_reason", "o.cancel_reason".into()),
        ("hold_until", "o.hold_until".into()),
        ("paid_at", "o.paid_at".into()),
    ]);
    words.object(&[("placed", placed), ("standing", standing)])
}

fn payment(words: &Words) -> String {
    let opened = words.object(&[
        ("order_id", words.id("p.order_id")),
        ("provider", "p.provider".into()),
        ("amount", "p.amount_minor".into()),
        ("currency", "p.currency".into()),
        ("authorize_key", "p.authorize_key".into()),
        ("capture_key", "p.capture_key".into()),
    ]);
    let call = words.object(&[
        ("step", "p.step".into()),
        ("status", "p.status".into()),
        ("gateway_id", "p.gateway_id".into()),
        ("attempt", "p.attempt".into()),
        ("next_at", "p.next_at".into()),
        ("last_error", "p.last_error".into()),
    ]);
    let back = words.object(&[
        ("key", "p.back_key".into()),
        ("amount", "p.back_minor".into()),
        ("reason", "p.back_reason".into()),
    ]);
    words.object(&[("payment", opened), ("call", call), ("back", back)])
}

/// JSON as each of the databases makes it.
struct Words {
    postgres: bool,
}

impl Words {
    fn object(&self, fields: &[(&str, String)]) -> String {
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("'{name}', {value}")).collect();
        let function = if self.postgres { "json_build_object" } else { "json_object" };
        format!("{function}({})", fields.join(", "))
    }

    fn id(&self, column: &str) -> String {
        if self.postgres {
            return column.to_owned();
        }
        let part = |from: u8, length: u8| format!("substr(hex({column}), {from}, {length})");
        let parts = [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ");
        format!("CASE WHEN {column} IS NULL THEN NULL ELSE lower({parts}) END")
    }

    fn flag(&self, column: &str) -> String {
        match self.postgres {
            true => column.to_owned(),
            false => format!("json(CASE WHEN {column} THEN 'true' ELSE 'false' END)"),
        }
    }

    fn lines(&self, line: &str) -> String {
        let of = "order_line l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id";
        match self.postgres {
            true => {
                format!("(SELECT coalesce(json_agg({line} ORDER BY l.position), '[]'::json) FROM {of})")
            }
            false => format!(
                "json((SELECT json_group_array(json(line)) \
                 FROM (SELECT {line} AS line FROM {of} ORDER BY l.position)))"
            ),
        }
    }

    fn text(&self, json: &str) -> String {
        if self.postgres { format!("CAST({json} AS text)") } else { json.to_owned() }
    }
}
