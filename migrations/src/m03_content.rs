//! Pictures and the queue of those that are still to be fetched.

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // A ready picture lies at `{url_base}-{w}.webp` for every width in `widths`.
        sql.tenant_table(
            "media",
            "id {uuid} NOT NULL,
             state {text} NOT NULL CHECK (state IN ('pending', 'ready', 'failed')),
             source_url {text} NOT NULL CHECK (length(source_url) <= 2000),
             file_name {text} NOT NULL CHECK (length(file_name) <= 255),
             hash {text} CHECK (length(hash) = 32),
             mime {text} NOT NULL CHECK (length(mime) <= 255),
             url_base {text} NOT NULL,
             width integer NOT NULL CHECK (width >= 0),
             height integer NOT NULL CHECK (height >= 0),
             widths {json} NOT NULL,
             alt {text} NOT NULL CHECK (length(alt) <= 1000),
             error {text} NOT NULL CHECK (length(error) <= 500),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             CHECK (state <> 'ready' OR (url_base <> '' AND width > 0 AND height > 0))",
        )
        .await?;
        sql.run("CREATE UNIQUE INDEX media_source ON media (tenant_id, source_url) WHERE source_url <> ''")
            .await?;
        sql.run("CREATE INDEX media_hash ON media (tenant_id, hash)").await?;
        // Pictures to fetch, of all tenants: one queue, oldest due first.
        sql.queue_table(
            "media_fetch",
            "media_id {uuid} NOT NULL,
             attempts integer NOT NULL CHECK (attempts >= 0),
             next_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, media_id),
             FOREIGN KEY (tenant_id, media_id) REFERENCES media (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX media_fetch_due ON media_fetch (next_at)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in ["media_fetch", "media"] {
            sql.drop_table(table).await?;
        }
        Ok(())
    }
}
