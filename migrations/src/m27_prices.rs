//! What variants have cost and since when, and what they are for the tax office.

use crate::dsl::Sql;
use crate::{m06_planner, m14_tenant_life};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        changes(&sql).await?;
        // As `pricing::TaxCategory` reads it.
        sql.run(
            "ALTER TABLE variant ADD COLUMN tax_category {text} NOT NULL DEFAULT 'standard' \
             CHECK (length(tax_category) BETWEEN 1 AND 40)",
        )
        .await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.run("ALTER TABLE variant DROP COLUMN tax_category").await?;
        sql.drop_table("price_change").await?;
        sql.postgres("DROP FUNCTION price_change_is_history()").await
    }
}

/// Every change of a price, numbered by variant: the number is the lock of two who change one at once. No foreign key to
/// the variant: the history outlives it.
///
/// `offered` says whether shoppers saw it. `prior_minor` is the lowest price of the 30 days before a reduction began, as
/// far as it is known; found when the reduction is written, since what was before it does not change any more.
async fn changes(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "price_change",
        "variant_id {uuid} NOT NULL,
         seq bigint NOT NULL CHECK (seq > 0),
         currency {text} NOT NULL CHECK (length(currency) = 3),
         price_minor bigint NOT NULL CHECK (price_minor >= 0),
         compare_at_minor bigint CHECK (compare_at_minor >= 0),
         prior_minor bigint CHECK (prior_minor >= 0),
         offered {bool} NOT NULL,
         at bigint NOT NULL,
         CHECK (prior_minor IS NULL OR compare_at_minor > price_minor),
         PRIMARY KEY (tenant_id, variant_id, seq)",
    )
    .await?;
    // What holds today has held since the product was last written. Of all shops at once: the rules of rows hold for the
    // owner, too, who acts for no tenant here.
    const TABLES: [&str; 3] = ["product", "variant", "price_change"];
    for table in TABLES {
        sql.postgres(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
    }
    sql.run(
        "INSERT INTO price_change (tenant_id, variant_id, seq, currency, price_minor, compare_at_minor, offered, at) \
         SELECT v.tenant_id, v.id, 1, v.currency, v.price_minor, v.compare_at_minor, p.status = 'published', \
           p.updated_at \
         FROM variant v JOIN product p ON p.tenant_id = v.tenant_id AND p.id = v.product_id",
    )
    .await?;
    for table in TABLES {
        sql.postgres(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await?;
    }
    m14_tenant_life::history_ends_with_its_tenant(sql, "price_change").await
}
