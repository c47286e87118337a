//! PostgreSQL locks the row that a foreign key points at, and the tenant's row is pointed at by everything that a shop writes:
//! orders that are placed at once share that lock, which costs more than the check. Tables that every cart, order, payment and
//! event writes into point at it no longer. Whose their rows are says row level security, and the outbox's emitter; with the
//! tenant they go all the same.

use crate::dsl::{Sql, TENANT_SETTING};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Written with every sale, so without a foreign key to `tenant` on PostgreSQL; children before their parents.
pub const BUSY: [&str; 20] = [
    "cart_line",
    "customer_address",
    "inbox",
    "money_ledger",
    "order_line",
    "order_row",
    "order_tender",
    "outbox_head",
    "outbox_waiting",
    "outbox",
    "payment",
    "promotion_use",
    "stock_reservation",
    "stream_event",
    "stream_snapshot",
    "tenant_due",
    "tender_movement",
    "orders",
    "cart",
    "customer",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in BUSY {
            // Some were made anew under a name that was taken, and their keys have a number.
            sql.postgres(&format!(
                "DO $$ DECLARE key text; BEGIN \
                   SELECT conname INTO STRICT key FROM pg_constraint \
                     WHERE contype = 'f' AND conrelid = '{table}'::regclass AND confrelid = 'tenant'::regclass; \
                   EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', key); \
                 END $$"
            ))
            .await?;
        }
        // Its name is behind those of the foreign keys' own triggers: what hangs on these rows is gone by then.
        let gone: String =
            BUSY.iter().map(|table| format!("DELETE FROM {table} WHERE tenant_id = OLD.id; ")).collect();
        sql.postgres(&format!(
            "CREATE FUNCTION tenant_takes_its_sales() RETURNS trigger LANGUAGE plpgsql AS $$ \
             DECLARE around text := current_setting('{TENANT_SETTING}', true); \
             BEGIN \
               PERFORM set_config('{TENANT_SETTING}', OLD.id::text, true); \
               {gone} \
               PERFORM set_config('{TENANT_SETTING}', coalesce(around, ''), true); \
               RETURN NULL; \
             END $$"
        ))
        .await?;
        sql.postgres(
            "CREATE TRIGGER tenant_takes_its_sales AFTER DELETE ON tenant \
             FOR EACH ROW EXECUTE FUNCTION tenant_takes_its_sales()",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.postgres("DROP TRIGGER tenant_takes_its_sales ON tenant").await?;
        sql.postgres("DROP FUNCTION tenant_takes_its_sales()").await?;
        for table in BUSY {
            sql.postgres(&format!(
                "ALTER TABLE {table} ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id) ON DELETE CASCADE"
            ))
            .await?;
        }
        Ok(())
    }
}
