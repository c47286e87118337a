//! What each shop has switched on and off. A shop without a row has it as it comes.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // No row level security: the switches are part of the tenant, which is found before there is a tenant.
        // `changed_by` is whoever did it, without a foreign key: people go, what they did stays.
        sql.queue_table(
            "tenant_module",
            "module {text} NOT NULL CHECK (length(module) BETWEEN 1 AND 64),
             enabled {bool} NOT NULL,
             changed_at bigint NOT NULL,
             changed_by {uuid},
             PRIMARY KEY (tenant_id, module)",
        )
        .await?;
        sql.queue_table(
            "tenant_feature",
            "feature {text} NOT NULL CHECK (length(feature) BETWEEN 1 AND 64),
             enabled {bool} NOT NULL,
             changed_at bigint NOT NULL,
             changed_by {uuid},
             PRIMARY KEY (tenant_id, feature)",
        )
        .await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.drop_table("tenant_feature").await?;
        sql.drop_table("tenant_module").await
    }
}
