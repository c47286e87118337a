//! Keeps PostgreSQL's planner informed about tables that grow fast (`migrations/src/m07_young_tables.rs` says why).

use super::Db;
use crate::{Context, Error, Result};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::time::Duration;

/// Time between two looks. What PostgreSQL counts is a second old.
const EVERY: Duration = Duration::from_secs(2);

impl Db {
    /// Looks at grown tables for as long as it is polled; ends at once on SQLite, whose migrations have told it all.
    pub async fn keep_statistics(self) {
        while self.backend() == DbBackend::Postgres {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.look_at_grown_tables().await {
                tracing::warn!(report = %error.report(), "PostgreSQL could not look at tables that grew");
            }
        }
    }

    /// Has PostgreSQL gather statistics of tables that grew; gives back how many.
    #[expect(clippy::disallowed_methods, reason = "the planner looks at whole tables")]
    pub async fn look_at_grown_tables(&self) -> Result<i32> {
        let look = Statement::from_string(DbBackend::Postgres, "SELECT look_at_grown_tables()");
        let row = self.global().query_one_raw(look).await.context("looking at tables that grew")?;
        let row = row.ok_or_else(|| Error::internal("a function gave no row"))?;
        Ok(row.try_get_by_index(0)?)
    }
}
