//! What variants have cost and since when, what they are for the tax office, and price lists.

use crate::dsl::Sql;
use crate::{m06_planner, m14_tenant_life};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they are made; dropped from the end.
const LISTS: [&str; 3] = ["price_list", "price_list_group", "price_list_price"];

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
        lists(&sql).await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in LISTS.iter().rev() {
            sql.drop_table(table).await?;
        }
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

/// Lists of prices for some customers, countries or days. `countries` is a JSON list, empty for all; without a group a list
/// is for everybody. One that is archived counts for nobody and stays.
async fn lists(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "price_list",
        "id {uuid} NOT NULL,
         name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
         currency {text} NOT NULL CHECK (length(currency) = 3),
         includes_tax {bool} NOT NULL,
         countries {json} NOT NULL,
         starts_at bigint,
         ends_at bigint,
         priority integer NOT NULL,
         active {bool} NOT NULL,
         archived_at bigint,
         version bigint NOT NULL CHECK (version > 0),
         created_at bigint NOT NULL,
         updated_at bigint NOT NULL,
         CHECK (ends_at IS NULL OR starts_at IS NULL OR starts_at < ends_at),
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX price_list_by_time ON price_list (tenant_id, created_at, id)").await?;
    // A group that a list names stays.
    sql.tenant_table(
        "price_list_group",
        "list_id {uuid} NOT NULL,
         group_id {uuid} NOT NULL,
         PRIMARY KEY (tenant_id, list_id, group_id),
         FOREIGN KEY (tenant_id, list_id) REFERENCES price_list (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, group_id) REFERENCES customer_group (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX price_list_group_of ON price_list_group (tenant_id, group_id)").await?;
    // In the currency of the list. A variant takes its prices with it.
    sql.tenant_table(
        "price_list_price",
        "list_id {uuid} NOT NULL,
         variant_id {uuid} NOT NULL,
         min_quantity integer NOT NULL CHECK (min_quantity BETWEEN 1 AND 10000),
         price_minor bigint NOT NULL CHECK (price_minor >= 0),
         compare_at_minor bigint CHECK (compare_at_minor >= 0),
         PRIMARY KEY (tenant_id, list_id, variant_id, min_quantity),
         FOREIGN KEY (tenant_id, list_id) REFERENCES price_list (tenant_id, id) ON DELETE CASCADE,
         FOREIGN KEY (tenant_id, variant_id) REFERENCES variant (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX price_list_price_of ON price_list_price (tenant_id, variant_id, list_id)").await
}
