//! Words by which the staff sorts orders.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // As they are kept: trimmed and in lower case, so that one word is one tag.
        sql.tenant_table(
            "order_tag",
            "order_id {uuid} NOT NULL,
             tag {text} NOT NULL CHECK (length(tag) BETWEEN 1 AND 40),
             PRIMARY KEY (tenant_id, order_id, tag),
             FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX order_tag_of_tag ON order_tag (tenant_id, tag, order_id)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Sql::new(manager).drop_table("order_tag").await
    }
}
