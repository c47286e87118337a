//! Invoices and credit notes as they were issued, who issues them, and what customers wish for.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// New tables, in the order in which they are made.
const TABLES: [&str; 4] = ["seller", "paper_counter", "paper", "wish"];

/// What of a paper stays as it is; the buyer can be forgotten.
const FROZEN: &str = "tenant_id, id, order_id, kind, number, currency, total_minor, document, issued_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // One row per tenant; `id` is the tenant's own.
        sql.tenant_table(
            "seller",
            "id {uuid} NOT NULL,
             document {text} NOT NULL,
             version bigint NOT NULL CHECK (version > 0),
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id)",
        )
        .await?;
        sql.tenant_table(
            "paper_counter",
            "kind {text} NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
             last bigint NOT NULL CHECK (last > 0),
             PRIMARY KEY (tenant_id, kind)",
        )
        .await?;
        // `document` is all of it but the buyer, `buyer` the lines of the address.
        sql.tenant_table(
            "paper",
            "id {uuid} NOT NULL,
             order_id {uuid} NOT NULL,
             kind {text} NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
             number bigint NOT NULL CHECK (number > 0),
             currency {text} NOT NULL CHECK (length(currency) = 3),
             total_minor bigint NOT NULL CHECK (total_minor >= 0),
             document {text} NOT NULL,
             buyer {text} NOT NULL,
             issued_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, kind, number),
             FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX paper_of_order ON paper (tenant_id, order_id)").await?;
        sql.run("CREATE UNIQUE INDEX paper_invoice ON paper (tenant_id, order_id) WHERE kind = 'invoice'")
            .await?;
        papers_stay(&sql).await?;
        sql.tenant_table(
            "wish",
            "user_id {uuid} NOT NULL,
             variant_id {uuid} NOT NULL,
             product_id {uuid} NOT NULL,
             at bigint NOT NULL,
             PRIMARY KEY (tenant_id, user_id, variant_id)",
        )
        .await?;
        sql.run("CREATE INDEX wish_of_product ON wish (tenant_id, product_id)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        sql.postgres("DROP FUNCTION paper_is_kept()").await
    }
}

/// As other history (`m14_tenant_life`), and the buyer may be changed.
async fn papers_stay(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    const GONE: &str = "EXISTS (SELECT 1 FROM tenant t WHERE t.id = OLD.tenant_id \
                        AND t.life IN ('purging', 'filling'))";
    sql.sqlite(&format!(
        "CREATE TRIGGER paper_is_kept BEFORE UPDATE OF {FROZEN} ON paper \
         BEGIN SELECT RAISE(ABORT, 'paper is append-only'); END"
    ))
    .await?;
    sql.sqlite(&format!(
        "CREATE TRIGGER paper_is_there BEFORE DELETE ON paper WHEN NOT {GONE} \
         BEGIN SELECT RAISE(ABORT, 'paper is append-only'); END"
    ))
    .await?;
    sql.postgres(&format!(
        "CREATE FUNCTION paper_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF TG_OP = 'DELETE' AND {GONE} THEN RETURN OLD; END IF; \
           RAISE EXCEPTION 'paper is append-only'; \
         END $$"
    ))
    .await?;
    sql.postgres(&format!(
        "CREATE TRIGGER paper_is_kept BEFORE DELETE OR UPDATE OF {FROZEN} ON paper \
         FOR EACH ROW EXECUTE FUNCTION paper_is_kept()"
    ))
    .await
}
