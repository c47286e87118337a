//! Tenants, their host names, their people and sessions. Runs first: every tenant table points at `tenant`.

use crate::dsl::{Sql, ensure_app_role};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        ensure_app_role(&sql).await?;
        // `revision` grows with every change of the row or of its domains; the sum over all rows is what
        // other processes watch to drop their cached tenants.
        sql.platform_table(
            "tenant",
            "id {uuid} NOT NULL PRIMARY KEY,
             slug {text} NOT NULL UNIQUE CHECK (length(slug) BETWEEN 1 AND 63),
             name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
             locale {text} NOT NULL,
             currency {text} NOT NULL CHECK (length(currency) = 3),
             country {text} NOT NULL CHECK (length(country) = 2),
             prices_include_tax {bool} NOT NULL,
             theme {text} NOT NULL,
             storefront {json} NOT NULL,
             settings {json} NOT NULL DEFAULT '{}',
             status {text} NOT NULL CHECK (status IN ('active', 'suspended')),
             revision bigint NOT NULL CHECK (revision > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL",
        )
        .await?;
        // No row level security: the tenant of a request is found through this table.
        sql.queue_table(
            "tenant_domain",
            "id {uuid} NOT NULL,
             host {text} NOT NULL UNIQUE CHECK (length(host) BETWEEN 1 AND 253),
             created_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id)",
        )
        .await?;
        sql.tenant_table(
            "user_account",
            "id {uuid} NOT NULL,
             email {text} NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
             name {text} NOT NULL CHECK (length(name) <= 200),
             locale {text} NOT NULL,
             password_hash {text} NOT NULL,
             status {text} NOT NULL CHECK (status IN ('active', 'disabled')),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             last_sign_in_at bigint,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, email)",
        )
        .await?;
        sql.tenant_table(
            "user_role",
            "id {uuid} NOT NULL,
             user_id {uuid} NOT NULL,
             role {text} NOT NULL CHECK (length(role) BETWEEN 1 AND 64),
             granted_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, user_id, role),
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        // A browser session is found by the SHA-256 of its cookie; an API session by its id in the token.
        sql.tenant_table(
            "session",
            "id {uuid} NOT NULL,
             user_id {uuid} NOT NULL,
             kind {text} NOT NULL CHECK (kind IN ('browser', 'api')),
             token_hash {bytes} CHECK (token_hash IS NULL OR length(token_hash) = 32),
             user_agent {text} NOT NULL CHECK (length(user_agent) <= 300),
             created_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             revoked_at bigint,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, token_hash),
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE,
             CHECK (expires_at > created_at)",
        )
        .await?;
        sql.run("CREATE INDEX session_by_user ON session (tenant_id, user_id, created_at)").await?;
        sql.run("CREATE INDEX session_expiry ON session (tenant_id, expires_at)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["session", "user_role", "user_account", "tenant_domain", "tenant"] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
