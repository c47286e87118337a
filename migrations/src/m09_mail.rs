//! Mails as jobs, one-time tokens, invitations, and when an address was confirmed.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.run("ALTER TABLE user_account ADD COLUMN email_verified_at bigint").await?;
        // A mail and what became of it. Its words go away when it is sent: links in them open accounts.
        // A `void` mail goes to nobody; it makes a request about an unknown address cost what one about a known one costs.
        sql.tenant_table(
            "mail_job",
            "id {uuid} NOT NULL,
             kind {text} NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
             state {text} NOT NULL CHECK (state IN ('waiting', 'sent', 'kept', 'failed', 'void')),
             recipient {text} NOT NULL CHECK (length(recipient) <= 254),
             subject {text} NOT NULL CHECK (length(subject) <= 400),
             text {text} NOT NULL CHECK (length(text) <= 20000),
             html {text} NOT NULL CHECK (length(html) <= 60000),
             error {text} NOT NULL CHECK (length(error) <= 300),
             created_at bigint NOT NULL,
             finished_at bigint,
             PRIMARY KEY (tenant_id, id)",
        )
        .await?;
        sql.run("CREATE INDEX mail_job_by_age ON mail_job (tenant_id, created_at)").await?;
        // Mails to send, of all tenants: one queue, oldest due first.
        sql.queue_table(
            "mail_queue",
            "mail_id {uuid} NOT NULL,
             attempts integer NOT NULL CHECK (attempts >= 0),
             next_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, mail_id),
             FOREIGN KEY (tenant_id, mail_id) REFERENCES mail_job (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX mail_queue_due ON mail_queue (next_at)").await?;
        // `roles` are names with commas between. Nobody invited when the process itself did.
        sql.tenant_table(
            "invitation",
            "id {uuid} NOT NULL,
             email {text} NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
             name {text} NOT NULL CHECK (length(name) <= 200),
             locale {text} NOT NULL,
             roles {text} NOT NULL CHECK (length(roles) BETWEEN 1 AND 2000),
             invited_by {uuid},
             created_at bigint NOT NULL,
             sent_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             accepted_at bigint,
             revoked_at bigint,
             PRIMARY KEY (tenant_id, id),
             FOREIGN KEY (tenant_id, invited_by) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE,
             CHECK (expires_at > created_at)",
        )
        .await?;
        sql.run(
            "CREATE UNIQUE INDEX invitation_open ON invitation (tenant_id, email) \
             WHERE accepted_at IS NULL AND revoked_at IS NULL",
        )
        .await?;
        sql.run("CREATE INDEX invitation_by_age ON invitation (tenant_id, created_at)").await?;
        // `bound` is the SHA-256 of the password that the account had when the token was made. A token about an unknown
        // address belongs to nobody and opens nothing.
        sql.tenant_table(
            "one_time_token",
            "id {uuid} NOT NULL,
             purpose {text} NOT NULL
               CHECK (purpose IN ('verify_email', 'reset_password', 'change_address', 'invitation')),
             user_id {uuid},
             invitation_id {uuid},
             email {text} NOT NULL CHECK (length(email) <= 254),
             token_hash {bytes} NOT NULL CHECK (length(token_hash) = 32),
             bound {bytes} NOT NULL CHECK (length(bound) = 32),
             created_at bigint NOT NULL,
             expires_at bigint NOT NULL,
             used_at bigint,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, token_hash),
             FOREIGN KEY (tenant_id, user_id) REFERENCES user_account (tenant_id, id) ON DELETE CASCADE,
             FOREIGN KEY (tenant_id, invitation_id) REFERENCES invitation (tenant_id, id) ON DELETE CASCADE,
             CHECK (expires_at > created_at)",
        )
        .await?;
        sql.run("CREATE INDEX one_time_token_by_user ON one_time_token (tenant_id, user_id, purpose)")
            .await?;
        sql.run("CREATE INDEX one_time_token_by_invitation ON one_time_token (tenant_id, invitation_id)")
            .await?;
        sql.run("CREATE INDEX one_time_token_expiry ON one_time_token (tenant_id, expires_at)").await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["one_time_token", "invitation", "mail_queue", "mail_job"] {
            sql.drop_table(table).await?;
        }
        sql.run("ALTER TABLE user_account DROP COLUMN email_verified_at").await
    }
}
