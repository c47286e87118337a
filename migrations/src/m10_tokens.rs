//! What signing in needs beside sessions: refresh tokens, known devices, second steps.
//!
//! Every secret that somebody else holds is stored as its SHA-256; the one that we have to compute with, the shared
//! secret of a second step, is sealed.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // A family is what one session has been handed, numbered; only the last one is unused.
        sql.tenant_table(
            "refresh_token",
            "id {uuid} NOT NULL,
             session_id {uuid} NOT NULL,
             generation bigint NOT NULL CHECK (generation >= 0),
             token_hash {bytes} NOT NULL CHECK (length(token_hash) = 32),
             created_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             ends_at bigint NOT NULL,
             used_at bigint,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, token_hash),
             UNIQUE (tenant_id, session_id, generation),
             FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id) ON DELETE CASCADE,
             CHECK (created_at < expires_at AND expires_at <= ends_at)",
        )
        .await?;
        // The same browser may be known to several people.
        sql.tenant_table(
            "known_device",
            "id {uuid} NOT NULL,
             user_id {uuid} NOT NULL,
             token_hash {bytes} NOT NULL CHECK (length(token_hash) = 32),
             session_id {uuid} NOT NULL,
             created_at bigint NOT NULL,
             last_used_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, token_hash, user_id),
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX known_device_by_user ON known_device (tenant_id, user_id, last_used_at)")
            .await?;
        // `last_step` is the number of the half minute whose code was used last: no older one is taken again.
        sql.tenant_table(
            "two_step",
            "user_id {uuid} NOT NULL,
             secret {bytes} NOT NULL,
             confirmed_at bigint,
             last_step bigint NOT NULL,
             failures bigint NOT NULL CHECK (failures >= 0),
             failed_at bigint NOT NULL,
             created_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, user_id),
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.tenant_table(
            "recovery_code",
            "id {uuid} NOT NULL,
             user_id {uuid} NOT NULL,
             code_hash {bytes} NOT NULL CHECK (length(code_hash) = 32),
             created_at bigint NOT NULL,
             used_at bigint,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, user_id, code_hash),
             FOREIGN KEY (tenant_id, user_id) REFERENCES two_step (tenant_id, user_id) ON DELETE CASCADE",
        )
        .await?;
        // Somebody who has shown the password and owes the code.
        sql.tenant_table(
            "sign_in_challenge",
            "id {uuid} NOT NULL,
             user_id {uuid} NOT NULL,
             token_hash {bytes} NOT NULL CHECK (length(token_hash) = 32),
             password_digest {bytes} NOT NULL CHECK (length(password_digest) = 32),
             failures bigint NOT NULL CHECK (failures >= 0),
             created_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, token_hash),
             FOREIGN KEY (tenant_id, user_id) REFERENCES two_step (tenant_id, user_id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX sign_in_challenge_by_user ON sign_in_challenge (tenant_id, user_id)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["sign_in_challenge", "recovery_code", "two_step", "known_device", "refresh_token"] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
