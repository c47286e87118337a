//! Types and rules that differ between SQLite and PostgreSQL, in one place.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// Name of the transaction-local PostgreSQL setting that holds the tenant of the current transaction.
pub const TENANT_SETTING: &str = "rustok.tenant";

/// Role that the application takes on PostgreSQL: it owns nothing and cannot bypass row level security.
pub const APP_ROLE: &str = "rustok_app";

/// Runs plain SQL with placeholders for the types that differ:
/// `{uuid}` `{bytes}` `{json}` `{bool}` `{serial}` (an auto-incremented primary key) `{text}`.
pub struct Sql<'m, 'c> {
    manager: &'m SchemaManager<'c>,
    backend: DbBackend,
}

impl<'m, 'c> Sql<'m, 'c> {
    /// Wraps the manager that a migration is handed.
    pub fn new(manager: &'m SchemaManager<'c>) -> Self {
        Self { manager, backend: manager.get_database_backend() }
    }

    /// Whether the statements run on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.backend == DbBackend::Postgres
    }

    /// One statement for both databases.
    pub async fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.manager.get_connection().execute_unprepared(&self.expand(sql)).await?;
        Ok(())
    }

    /// One statement for PostgreSQL only.
    pub async fn postgres(&self, sql: &str) -> Result<(), DbErr> {
        if self.is_postgres() { self.run(sql).await } else { Ok(()) }
    }

    /// One statement for SQLite only.
    pub async fn sqlite(&self, sql: &str) -> Result<(), DbErr> {
        if self.is_postgres() { Ok(()) } else { self.run(sql).await }
    }

    /// A table of platform-wide rows: no tenant column, no row level security; the application may use it.
    pub async fn platform_table(&self, name: &str, columns: &str) -> Result<(), DbErr> {
        self.run(&format!("CREATE TABLE {name} ({columns})")).await?;
        self.grant(name).await
    }

    /// A table whose every row belongs to one tenant.
    ///
    /// `columns` name everything but the tenant and must contain a `PRIMARY KEY (tenant_id, …)`.
    /// Adds `tenant_id` with its foreign key and, on PostgreSQL, forced row level security on
    /// [`TENANT_SETTING`].
    pub async fn tenant_table(&self, name: &str, columns: &str) -> Result<(), DbErr> {
        self.tenant_rows(name, columns, "REFERENCES tenant (id) ON DELETE CASCADE").await?;
        if self.is_postgres() {
            for sql in [
                format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
                format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"),
                format!(
                    "CREATE POLICY tenant_rows ON {name} \
                     USING (tenant_id = nullif(current_setting('{TENANT_SETTING}', true), '')::uuid) \
                     WITH CHECK (tenant_id = nullif(current_setting('{TENANT_SETTING}', true), '')::uuid)"
                ),
            ] {
                self.run(&sql).await?;
            }
        }
        Ok(())
    }

    /// A table with a tenant column that platform work reads across tenants (outbox, leases, job queues):
    /// no row level security, and domain code has no door to it.
    pub async fn queue_table(&self, name: &str, columns: &str) -> Result<(), DbErr> {
        self.tenant_rows(name, columns, "REFERENCES tenant (id) ON DELETE CASCADE").await
    }

    /// Drops a table and what hangs on it.
    pub async fn drop_table(&self, name: &str) -> Result<(), DbErr> {
        self.run(&format!("DROP TABLE IF EXISTS {name}{}", if self.is_postgres() { " CASCADE" } else { "" }))
            .await
    }

    async fn tenant_rows(&self, name: &str, columns: &str, reference: &str) -> Result<(), DbErr> {
        self.run(&format!("CREATE TABLE {name} (tenant_id {{uuid}} NOT NULL {reference}, {columns})"))
            .await?;
        self.grant(name).await
    }

    async fn grant(&self, name: &str) -> Result<(), DbErr> {
        if !self.is_postgres() {
            return Ok(());
        }
        self.run(&format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN \
             EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {APP_ROLE}'; \
             EXECUTE 'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}'; END IF; END $$"
        ))
        .await
    }

    fn expand(&self, sql: &str) -> String {
        let types: [(&str, &str); 6] = if self.is_postgres() {
            [
                ("{uuid}", "uuid"),
                ("{bytes}", "bytea"),
                ("{json}", "text"),
                ("{bool}", "boolean"),
                ("{serial}", "bigserial PRIMARY KEY"),
                ("{text}", "text"),
            ]
        } else {
            [
                ("{uuid}", "blob"),
                ("{bytes}", "blob"),
                ("{json}", "text"),
                ("{bool}", "boolean"),
                ("{serial}", "integer PRIMARY KEY AUTOINCREMENT"),
                ("{text}", "text"),
            ]
        };
        types.iter().fold(sql.to_owned(), |sql, (from, to)| sql.replace(from, to))
    }
}

/// Creates the application's role when it is missing, and lets the owner of the schema take it.
///
/// The migration connects as owner; `serve` connects as the same login and takes the role with `SET ROLE`,
/// or connects as a login that is a member of it. An owner that may not create roles needs the role beforehand;
/// the error says how.
pub async fn ensure_app_role(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.postgres(&format!(
        "DO $$ BEGIN \
           IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN \
             BEGIN \
               CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; \
             END; \
           END IF; \
           IF NOT pg_has_role(current_user, '{APP_ROLE}', 'MEMBER') THEN \
             EXECUTE 'GRANT {APP_ROLE} TO ' || quote_ident(current_user); \
           END IF; \
           GRANT USAGE ON SCHEMA public TO {APP_ROLE}; \
         EXCEPTION WHEN insufficient_privilege THEN \
           RAISE EXCEPTION 'the schema needs the role {APP_ROLE}, which % may not set up (%): have a superuser run \
             CREATE ROLE {APP_ROLE} NOLOGIN; GRANT {APP_ROLE} TO %', \
             current_user, SQLERRM, quote_ident(current_user); \
         END $$"
    ))
    .await
}
