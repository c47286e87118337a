//! Promotions, the codes that open them, who has used them, and what they took off orders.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // `document` holds conditions and action: always read and written as a whole. What is counted stands beside it,
        // because a statement decides whether one more use fits. Amounts in either are of `currency`.
        sql.tenant_table(
            "promotion",
            "id {uuid} NOT NULL,
             name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
             document {json} NOT NULL,
             currency {text} NOT NULL CHECK (length(currency) = 3),
             active {bool} NOT NULL,
             starts_at bigint,
             ends_at bigint,
             priority bigint NOT NULL,
             use_limit bigint CHECK (use_limit > 0),
             shopper_limit bigint CHECK (shopper_limit > 0),
             budget_minor bigint CHECK (budget_minor > 0),
             uses bigint NOT NULL CHECK (uses >= 0),
             spent_minor bigint NOT NULL CHECK (spent_minor >= 0),
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             CHECK (ends_at IS NULL OR starts_at IS NULL OR starts_at < ends_at)",
        )
        .await?;
        sql.run("CREATE INDEX promotion_by_time ON promotion (tenant_id, created_at, id)").await?;
        // A code opens one promotion of its shop. It is kept as it is compared: trimmed, upper case.
        sql.tenant_table(
            "promotion_code",
            "code {text} NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
             promotion_id {uuid} NOT NULL,
             PRIMARY KEY (tenant_id, code),
             FOREIGN KEY (tenant_id, promotion_id) REFERENCES promotion (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX promotion_code_of ON promotion_code (tenant_id, promotion_id)").await?;
        // One row per order and promotion; `released_at` once the order was given up. A promotion that was used stays.
        sql.tenant_table(
            "promotion_use",
            "promotion_id {uuid} NOT NULL,
             order_id {uuid} NOT NULL,
             customer_id {uuid} NOT NULL,
             amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
             at bigint NOT NULL,
             released_at bigint,
             PRIMARY KEY (tenant_id, promotion_id, order_id),
             FOREIGN KEY (tenant_id, promotion_id) REFERENCES promotion (tenant_id, id),
             FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE,
             FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)",
        )
        .await?;
        sql.run("CREATE INDEX promotion_use_of_order ON promotion_use (tenant_id, order_id)").await?;
        sql.run(
            "CREATE INDEX promotion_use_of_customer ON promotion_use (tenant_id, customer_id, promotion_id)",
        )
        .await?;
        // Codes that the shopper has put into a cart; what was taken off an order and why, as it was when it was placed.
        for (table, column) in [
            ("cart", "codes {json} NOT NULL DEFAULT '[]'"),
            ("orders", "discounts {json} NOT NULL DEFAULT '[]'"),
            ("order_line", "discount_minor bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0)"),
            ("order_line", "discounts {json} NOT NULL DEFAULT '[]'"),
            ("order_line", "gift {bool} NOT NULL DEFAULT false"),
        ] {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {column}")).await?;
        }
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for (table, column) in [
            ("order_line", "gift"),
            ("order_line", "discounts"),
            ("order_line", "discount_minor"),
            ("orders", "discounts"),
            ("cart", "codes"),
        ] {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        for table in ["promotion_use", "promotion_code", "promotion"] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
