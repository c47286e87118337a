//! What shoppers put aside, and guests' carts that nobody comes back to.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // With an account's own, or with a guest's cart. No foreign key to the variant: a deleted one is shown as gone.
        sql.tenant_table(
            "saved_line",
            "id {uuid} NOT NULL,
             user_id {uuid},
             cart_id {uuid},
             variant_id {uuid} NOT NULL,
             quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
             unit_seen_minor bigint NOT NULL CHECK (unit_seen_minor >= 0),
             created_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, user_id, variant_id),
             UNIQUE (tenant_id, cart_id, variant_id),
             FOREIGN KEY (tenant_id, cart_id) REFERENCES cart (tenant_id, id) ON DELETE CASCADE,
             CHECK ((user_id IS NULL) <> (cart_id IS NULL))",
        )
        .await?;
        sql.run(
            "CREATE INDEX cart_of_guests ON cart (tenant_id, updated_at) \
             WHERE state = 'open' AND user_id IS NULL",
        )
        .await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.run("DROP INDEX cart_of_guests").await?;
        sql.drop_table("saved_line").await
    }
}
