//! Roles that a shop makes for itself, who holds them, and API keys.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // `name_key` is the name as it is compared. `permissions` is a JSON array of texts such as `orders:read` and
        // `orders:read:own`: it is always read and written as a whole, with every request's person.
        sql.tenant_table(
            "custom_role",
            "id {uuid} NOT NULL,
             name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
             name_key {text} NOT NULL,
             description {text} NOT NULL CHECK (length(description) <= 500),
             permissions {json} NOT NULL,
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, name_key)",
        )
        .await?;
        // A role that somebody holds stays: its deletion says first where its people go.
        sql.tenant_table(
            "user_custom_role",
            "user_id {uuid} NOT NULL,
             role_id {uuid} NOT NULL,
             granted_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, user_id, role_id),
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE,
             FOREIGN KEY (tenant_id, role_id) REFERENCES custom_role (tenant_id, id)",
        )
        .await?;
        sql.run("CREATE INDEX user_custom_role_by_role ON user_custom_role (tenant_id, role_id)").await?;
        // A key is found by the SHA-256 of its secret; the prefix is what people tell keys apart by.
        sql.tenant_table(
            "api_key",
            "id {uuid} NOT NULL,
             name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
             prefix {text} NOT NULL CHECK (length(prefix) = 8),
             secret_hash {bytes} NOT NULL CHECK (length(secret_hash) = 32),
             permissions {json} NOT NULL,
             created_by {uuid} NOT NULL,
             created_at bigint NOT NULL,
             expires_at bigint,
             revoked_at bigint,
             revoked_by {uuid},
             last_used_at bigint,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, secret_hash),
             FOREIGN KEY (tenant_id, created_by) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE,
             CHECK (expires_at IS NULL OR expires_at > created_at)",
        )
        .await?;
        sql.run("CREATE INDEX api_key_by_time ON api_key (tenant_id, created_at)").await?;
        sql.run("CREATE INDEX api_key_by_creator ON api_key (tenant_id, created_by)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["api_key", "user_custom_role", "custom_role"] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
