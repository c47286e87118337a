//! Who has changed a price.

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Of changes before it nobody is known. No foreign key: the history outlives the account.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Sql::new(manager).run("ALTER TABLE price_change ADD COLUMN actor_id {uuid}").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Sql::new(manager).run("ALTER TABLE price_change DROP COLUMN actor_id").await
    }
}
