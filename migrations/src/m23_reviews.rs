//! What customers say about products, who may say it, and how many stars that makes.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they are made; dropped from the end.
const TABLES: &[&str] = &["product_rating", "review", "review_writer", "review_settings"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // How many published reviews give how many stars. `version` moves with everything that a product's page shows of
        // them, so that the read model looks different when only a word does.
        sql.tenant_table(
            "product_rating",
            "product_id {uuid} NOT NULL,
             stars_1 bigint NOT NULL CHECK (stars_1 >= 0),
             stars_2 bigint NOT NULL CHECK (stars_2 >= 0),
             stars_3 bigint NOT NULL CHECK (stars_3 >= 0),
             stars_4 bigint NOT NULL CHECK (stars_4 >= 0),
             stars_5 bigint NOT NULL CHECK (stars_5 >= 0),
             version bigint NOT NULL CHECK (version > 0),
             PRIMARY KEY (tenant_id, product_id),
             FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        // A product takes its reviews with it. An author who is gone leaves a review without `user_id`.
        sql.tenant_table(
            "review",
            "id {uuid} NOT NULL,
             product_id {uuid} NOT NULL,
             user_id {uuid},
             author {text} NOT NULL CHECK (length(author) <= 60),
             rating bigint NOT NULL CHECK (rating BETWEEN 1 AND 5),
             title {text} NOT NULL CHECK (length(title) <= 120),
             body {text} NOT NULL CHECK (length(body) BETWEEN 10 AND 4000),
             state {text} NOT NULL CHECK (state IN ('pending', 'published', 'rejected')),
             reason {text} NOT NULL CHECK (length(reason) <= 500),
             verified {bool} NOT NULL,
             answer {text} NOT NULL CHECK (length(answer) <= 4000),
             answered_at bigint,
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             written_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, product_id, user_id),
             FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX review_of_product ON review (tenant_id, product_id, state, written_at)")
            .await?;
        sql.run("CREATE INDEX review_by_state ON review (tenant_id, state, written_at)").await?;
        sql.run("CREATE INDEX review_by_time ON review (tenant_id, written_at)").await?;
        sql.run("CREATE INDEX review_of_author ON review (tenant_id, user_id)").await?;
        // How much somebody has written since `since_at`: a statement decides whether one more fits. `turned_down_at`: when
        // somebody took back what had been turned down; until the next one is published, somebody looks first.
        sql.tenant_table(
            "review_writer",
            "user_id {uuid} NOT NULL,
             since_at bigint NOT NULL,
             written bigint NOT NULL CHECK (written > 0),
             turned_down_at bigint,
             PRIMARY KEY (tenant_id, user_id)",
        )
        .await?;
        // One row per tenant; `id` is the tenant's own.
        sql.tenant_table(
            "review_settings",
            "id {uuid} NOT NULL,
             writers {text} NOT NULL CHECK (writers IN ('everybody', 'buyers', 'nobody')),
             look_first {bool} NOT NULL,
             version bigint NOT NULL CHECK (version > 0),
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id)",
        )
        .await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
