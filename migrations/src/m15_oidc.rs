//! Sign-in through other providers (OpenID Connect): who they are, whose account there belongs to whom here, and
//! sign-ins that are under way.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // `secret` is sealed for its row. `domains` is a JSON array of host names: always read and written as a whole.
        // The issuer of a row never changes: a subject means somebody only together with it.
        sql.tenant_table(
            "oidc_provider",
            "id {uuid} NOT NULL,
             name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
             issuer {text} NOT NULL CHECK (length(issuer) BETWEEN 1 AND 255),
             client_id {text} NOT NULL CHECK (length(client_id) BETWEEN 1 AND 255),
             secret {bytes} NOT NULL,
             domains {json} NOT NULL,
             enabled {bool} NOT NULL,
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, issuer)",
        )
        .await?;
        // One account here has one there, and the other way round: an address that was given to somebody else at the
        // provider does not open the account of whoever had it before.
        sql.tenant_table(
            "oidc_link",
            "id {uuid} NOT NULL,
             provider_id {uuid} NOT NULL,
             user_id {uuid} NOT NULL,
             subject {text} NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
             email {text} NOT NULL,
             created_at bigint NOT NULL,
             last_used_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, provider_id, subject),
             UNIQUE (tenant_id, provider_id, user_id),
             FOREIGN KEY (tenant_id, provider_id) REFERENCES oidc_provider (tenant_id, id) ON DELETE CASCADE,
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX oidc_link_by_user ON oidc_link (tenant_id, user_id)").await?;
        // A sign-in that is under way, good once. The database knows neither the state nor what the browser holds.
        sql.tenant_table(
            "oidc_flow",
            "id {uuid} NOT NULL,
             provider_id {uuid} NOT NULL,
             state_hash {bytes} NOT NULL CHECK (length(state_hash) = 32),
             browser_hash {bytes} NOT NULL CHECK (length(browser_hash) = 32),
             redirect_uri {text} NOT NULL,
             return_to {text} NOT NULL,
             session_id {uuid},
             created_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, state_hash),
             FOREIGN KEY (tenant_id, provider_id) REFERENCES oidc_provider (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX oidc_flow_by_end ON oidc_flow (tenant_id, expires_at)").await?;
        sql.run("CREATE INDEX oidc_flow_by_provider ON oidc_flow (tenant_id, provider_id)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["oidc_flow", "oidc_link", "oidc_provider"] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
