//! Where statements go: SQLite's pool or savepoint, or a PostgreSQL transaction that knows its tenant from its first
//! round trip. SeaORM begins and sets in two, which is a third of what most reads cost.

use super::count;
use primitives::TenantId;
use sea_orm::sqlx::{self, AssertSqlSafe, Executor as _, PgPool, Postgres, Transaction};
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

/// An open PostgreSQL transaction. Dropped without an end it rolls back.
pub(super) struct Session {
    transaction: Mutex<Transaction<'static, Postgres>>,
    lets_go: AtomicBool,
}

/// Commits without waiting for the disk, which lets the rows go that are locked, and begins a transaction that leaves a mark in
/// the journal. Its own commit waits for the disk, and so for everything that stands before the mark.
const COMMIT_AND_MARK: &str = "SET LOCAL synchronous_commit = off; COMMIT AND CHAIN; \
                               SELECT pg_logical_emit_message(true, 'rustok', '')";

impl Session {
    /// Begins on a connection of the pool; with a tenant, row level security shows its rows alone.
    pub async fn begin(pool: &PgPool, tenant: Option<TenantId>, read_only: bool) -> Result<Self, DbErr> {
        let mut begin = String::from(if read_only { "BEGIN READ ONLY" } else { "BEGIN READ WRITE" });
        if let Some(tenant) = tenant {
            // An id has nothing in it that could end the quotes.
            begin.push_str(&format!("; SET LOCAL rustok.tenant = '{tenant}'"));
        }
        // A task of its own: sqlx does not undo a beginning that is cut off, and the connection would go back to the pool
        // with a transaction open on it. One that nobody waits for any more is rolled back as every other.
        let pool = pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(begin)).await });
        let transaction = begun.await.map_err(|error| DbErr::Custom(error.to_string()))?;
        let transaction = Mutex::new(transaction.map_err(query_error)?);
        Ok(Self { transaction, lets_go: AtomicBool::new(false) })
    }

    /// Has the commit let its rows go before it is on disk.
    pub fn let_go(&self) {
        self.lets_go.store(true, Ordering::Relaxed);
    }

    /// Makes everything durable: this returns when it is on disk.
    pub async fn commit(self) -> Result<(), DbErr> {
        let mut transaction = self.transaction.into_inner();
        if self.lets_go.into_inner() {
            transaction.execute(COMMIT_AND_MARK).await.map_err(exec_error)?;
        }
        transaction.commit().await.map_err(exec_error)
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.transaction.into_inner().rollback().await.map_err(exec_error)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Session {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        count::add();
        let result = query(&statement).execute(&mut **self.transaction.lock().await).await;
        Ok(result.map_err(exec_error)?.into())
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        count::add();
        let result = self.transaction.lock().await.execute(AssertSqlSafe(sql)).await;
        Ok(result.map_err(exec_error)?.into())
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        count::add();
        let row = query(&statement).fetch_optional(&mut **self.transaction.lock().await).await;
        Ok(row.map_err(query_error)?.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        count::add();
        let rows = query(&statement).fetch_all(&mut **self.transaction.lock().await).await;
        Ok(rows.map_err(query_error)?.into_iter().map(Into::into).collect())
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

fn query(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
