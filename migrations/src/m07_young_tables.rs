//! Lets the application have PostgreSQL look at tables that grew, sooner than it does by itself.
//!
//! A table that was never looked at is taken for one with many tenants of a row each, so any index that begins with
//! the tenant seems as good as the key, and a plan that was made in a young shop's first second stays with its
//! connection: every key of an order is then found by reading all orders. PostgreSQL's own look comes a minute later.
//! SQLite was told by [`crate::m06_planner`].

use crate::dsl::{APP_ROLE, Sql};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // Tables that have three times the rows that they had at the last look, the smallest left out; gives back how
        // many. Only an owner may look, so the function does it as its own. A table that somebody else looks at now
        // is skipped.
        sql.postgres(
            "CREATE FUNCTION look_at_grown_tables() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER \
             SET search_path = pg_catalog, pg_temp AS $$ \
             DECLARE grown regclass; looked integer := 0; \
             BEGIN \
               FOR grown IN SELECT s.relid FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid \
                 JOIN pg_proc f ON f.proname = 'look_at_grown_tables' \
                   AND f.pronamespace = c.relnamespace AND f.proowner = c.relowner \
                 WHERE s.n_live_tup > 50 + 3 * greatest(c.reltuples, 0) \
               LOOP \
                 EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown); \
                 looked := looked + 1; \
               END LOOP; \
               RETURN looked; \
             END $$",
        )
        .await?;
        sql.postgres("REVOKE ALL ON FUNCTION look_at_grown_tables() FROM PUBLIC").await?;
        sql.postgres(&format!("GRANT EXECUTE ON FUNCTION look_at_grown_tables() TO {APP_ROLE}")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        Sql::new(manager).postgres("DROP FUNCTION IF EXISTS look_at_grown_tables()").await
    }
}
