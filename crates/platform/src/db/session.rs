//! Where statements go: SQLite's pool or savepoint, or a connection of PostgreSQL that shows one tenant's rows.

use super::count;
use super::sessions::{Held, Sessions};
use crate::error::is_lost;
use futures::future::BoxFuture;
use primitives::TenantId;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, Postgres};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;

/// What a [`super::TenantDb`] sends its statements to.
pub(super) enum Conn {
    Pool(DatabaseConnection),
    Savepoint(DatabaseTransaction),
    Session(Session),
}

/// A connection of PostgreSQL, in a transaction or for reading alone. Dropped without an end a transaction rolls back.
pub(super) struct Session {
    held: Mutex<Held>,
    /// Whose rows a reader sees; each statement of it stands alone.
    reads: Option<TenantId>,
    lets_go: AtomicBool,
}

/// Begins a writing transaction; a session reads only unless it says so.
const WRITE: &str = "BEGIN READ WRITE";
/// Begins one view of everything for as long as it lives.
const SNAPSHOT: &str = "BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ";

/// Commits without waiting for the disk, which lets the rows go that are locked, and begins a transaction that leaves a mark in
/// the journal. Its own commit waits for the disk, and so for everything that stands before the mark.
const COMMIT_AND_MARK: &str = "SET LOCAL synchronous_commit = off; COMMIT AND CHAIN; \
                               SELECT pg_logical_emit_message(true, 'rustok', '')";

type Query<'q> = sqlx::query::Query<'q, Postgres, SqlxValues>;

impl Session {
    /// Reads rows of a tenant. Every statement sees what is committed when it begins, as in a transaction of this isolation;
    /// begin and commit would be two round trips for nothing.
    pub async fn read(sessions: &Sessions, tenant: TenantId) -> Result<Self, DbErr> {
        Self::reader(sessions.take(Some(tenant)).await?, tenant).await
    }

    /// As [`Session::read`] when a connection is to spare.
    pub async fn read_spare(sessions: &Sessions, tenant: TenantId) -> Option<Self> {
        Self::reader(sessions.take_spare(tenant)?, tenant).await.ok()
    }

    async fn reader(mut held: Held, tenant: TenantId) -> Result<Self, DbErr> {
        held.show(tenant).await?;
        Ok(Self { held: Mutex::new(held), reads: Some(tenant), lets_go: AtomicBool::new(false) })
    }

    /// A transaction that writes; with a tenant, row level security shows its rows alone, without one none.
    pub async fn write(sessions: &Sessions, tenant: Option<TenantId>) -> Result<Self, DbErr> {
        Self::transaction(sessions, WRITE, tenant).await
    }

    /// A transaction that reads what was committed when it began.
    pub async fn snapshot(sessions: &Sessions, tenant: TenantId) -> Result<Self, DbErr> {
        Self::transaction(sessions, SNAPSHOT, Some(tenant)).await
    }

    async fn transaction(sessions: &Sessions, begin: &str, tenant: Option<TenantId>) -> Result<Self, DbErr> {
        let shown = tenant.map(|tenant| tenant.to_string()).unwrap_or_default();
        // An id has nothing in it that could end the quotes.
        let begin = format!("{begin}; SET LOCAL rustok.tenant = '{shown}'");
        let mut held = sessions.take(tenant).await?;
        held.begin(begin).await?;
        Ok(Self { held: Mutex::new(held), reads: None, lets_go: AtomicBool::new(false) })
    }

    /// Has the commit let its rows go before it is on disk.
    pub fn let_go(&self) {
        self.lets_go.store(true, Ordering::Relaxed);
    }

    /// Makes everything durable: this returns when it is on disk.
    pub async fn commit(self) -> Result<(), DbErr> {
        let mut held = self.held.into_inner();
        if self.lets_go.into_inner() {
            let marked = held.work().await?.execute(COMMIT_AND_MARK).await.map_err(exec_error);
            held.done(marked)?;
        }
        held.end("COMMIT").await
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.held.into_inner().end("ROLLBACK").await
    }

    async fn ask<T>(
        &self,
        statement: Statement,
        wrong: fn(sqlx::Error) -> DbErr,
        how: for<'c> fn(&'c mut PgConnection, Query<'c>) -> BoxFuture<'c, Result<T, sqlx::Error>>,
    ) -> Result<T, DbErr> {
        count::add();
        let mut held = self.held.lock().await;
        let Statement { sql, values, .. } = statement;
        let values = values.unwrap_or_else(|| Values(Vec::new()));
        let query = |values: Values| sqlx::query_with(AssertSqlSafe(sql.as_str()), SqlxValues(values));
        let Some(tenant) = self.reads else {
            let done = how(held.work().await?, query(values)).await.map_err(wrong);
            return held.done(done);
        };
        let done = how(held.work().await?, query(values.clone())).await.map_err(wrong);
        match held.done(done) {
            // It died while it was idle: nothing is lost by asking again.
            Err(error) if is_lost(&error) => {
                held.renew().await?;
                held.show(tenant).await?;
                let done = how(held.work().await?, query(values)).await.map_err(wrong);
                held.done(done)
            }
            done => done,
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Session {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let result = self.ask(statement, exec_error, |connection, query| connection.execute(query)).await;
        Ok(result?.into())
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        count::add();
        let mut held = self.held.lock().await;
        let result = held.work().await?.execute(AssertSqlSafe(sql)).await.map_err(exec_error);
        Ok(held.done(result)?.into())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let row =
            self.ask(statement, query_error, |connection, query| connection.fetch_optional(query)).await;
        Ok(row?.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = self.ask(statement, query_error, |connection, query| connection.fetch_all(query)).await;
        Ok(rows?.into_iter().map(Into::into).collect())
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Conn {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Pool(pool) => pool.get_database_backend(),
            Self::Savepoint(savepoint) => savepoint.get_database_backend(),
            Self::Session(session) => session.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Pool(pool) => pool.execute_raw(statement).await,
            Self::Savepoint(savepoint) => savepoint.execute_raw(statement).await,
            Self::Session(session) => session.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Pool(pool) => pool.execute_unprepared(sql).await,
            Self::Savepoint(savepoint) => savepoint.execute_unprepared(sql).await,
            Self::Session(session) => session.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Pool(pool) => pool.query_one_raw(statement).await,
            Self::Savepoint(savepoint) => savepoint.query_one_raw(statement).await,
            Self::Session(session) => session.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Pool(pool) => pool.query_all_raw(statement).await,
            Self::Savepoint(savepoint) => savepoint.query_all_raw(statement).await,
            Self::Session(session) => session.query_all_raw(statement).await,
        }
    }
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
