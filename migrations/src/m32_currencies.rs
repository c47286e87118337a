//! Currencies that a shop offers beside its own, and in which ones carts, orders and figures are.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // `rate` is decimal text: units of this currency for one of the shop's. Prices are multiples of the step, plus the
        // ending.
        sql.tenant_table(
            "currency_rate",
            "currency {text} NOT NULL CHECK (length(currency) = 3),
             rate {text} NOT NULL CHECK (length(rate) BETWEEN 1 AND 20),
             step_minor bigint NOT NULL CHECK (step_minor > 0),
             ending_minor bigint NOT NULL CHECK (ending_minor >= 0 AND ending_minor < step_minor),
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, currency)",
        )
        .await?;
        // The currency in which a price was seen; empty for the shop's own.
        for table in ["cart_line", "saved_line"] {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN seen_currency {{text}} NOT NULL DEFAULT ''"))
                .await?;
        }
        // The rate at which an order was made; empty for one in the shop's own currency.
        sql.run("ALTER TABLE orders ADD COLUMN exchange_rate {text} NOT NULL DEFAULT ''").await?;
        // In the shop's currency: what an order has brought in so far, and its total.
        for column in ["worth_minor", "value_minor"] {
            sql.run(&format!("ALTER TABLE order_row ADD COLUMN {column} bigint NOT NULL DEFAULT 0")).await?;
        }
        // Of all shops at once: the rules of rows hold for the owner, too, who acts for no tenant here.
        sql.postgres("ALTER TABLE order_row NO FORCE ROW LEVEL SECURITY").await?;
        sql.run("UPDATE order_row SET worth_minor = paid_minor - refunded_minor, value_minor = total_minor")
            .await?;
        sql.postgres("ALTER TABLE order_row FORCE ROW LEVEL SECURITY").await?;
        sql.run("CREATE INDEX order_row_value ON order_row (tenant_id, value_minor, id)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.run("DROP INDEX order_row_value").await?;
        for column in ["worth_minor", "value_minor"] {
            sql.run(&format!("ALTER TABLE order_row DROP COLUMN {column}")).await?;
        }
        sql.run("ALTER TABLE orders DROP COLUMN exchange_rate").await?;
        for table in ["cart_line", "saved_line"] {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN seen_currency")).await?;
        }
        sql.drop_table("currency_rate").await
    }
}
