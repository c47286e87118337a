//! PostgreSQL locks the row that a foreign key points at, and the tenant's row is pointed at by everything that a shop writes:
//! orders that are placed at once share that lock, which costs more than the check. Tables that every cart, order, payment and
//! event writes into point at it no longer. Whose their rows are says row level security, and the outbox's emitter; a tenant
//! that goes takes them along one table after the other (`identity::tenant::purge`).

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Written with every sale, so without a foreign key to `tenant` on PostgreSQL.
pub const BUSY: [&str; 20] = [
    "cart",
    "cart_line",
    "customer",
    "customer_address",
    "inbox",
    "money_ledger",
    "order_line",
    "order_row",
    "order_tender",
    "orders",
    "outbox",
    "outbox_head",
    "outbox_waiting",
    "payment",
    "promotion_use",
    "stock_reservation",
    "stream_event",
    "stream_snapshot",
    "tenant_due",
    "tender_movement",
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
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in BUSY {
            sql.postgres(&format!(
                "ALTER TABLE {table} ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id) ON DELETE CASCADE"
            ))
            .await?;
        }
        Ok(())
    }
}
