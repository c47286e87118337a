//! Orders that customers fetch.

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Where and when, in the words that the shop had for it; null: it is sent.
        Sql::new(manager)
            .run("ALTER TABLE orders ADD COLUMN pickup_place {text} CHECK (length(pickup_place) BETWEEN 1 AND 300)")
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Sql::new(manager).run("ALTER TABLE orders DROP COLUMN pickup_place").await
    }
}
