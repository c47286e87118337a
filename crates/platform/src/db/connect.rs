//! Opening the databases, and the difference between the two.

use super::session::Session;
use super::sessions::Sessions;
use super::tx::{Reader, Tx};
use super::{count, writer::Writer};
use crate::config::DatabaseConfig;
use crate::{Context, Ctx, Error, Result};
use primitives::TenantId;
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend, TransactionTrait as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Role without ownership that the process takes on PostgreSQL, so that row level security binds it.
const APP_ROLE: &str = "rustok_app";

/// Most connections of PostgreSQL that are not for tenants' rows. Two of them listen.
const PLATFORM_CONNECTIONS: u32 = 6;

/// Both directions of one database: SQLite with one writer and many readers, or PostgreSQL with an optional replica.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    backend: DbBackend,
    read: DatabaseConnection,
    write: DatabaseConnection,
    writer: Option<Writer>,
    sessions: Option<Both>,
}

/// PostgreSQL's connections for tenants' rows.
struct Both {
    /// To the replica when there is one.
    read: Sessions,
    write: Sessions,
}

impl Db {
    /// Connects as the application. The schema must be there (`rustok migrate`).
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE` when the database cannot be reached or its URL is of another kind.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self> {
        Self::open(config, true).await
    }

    /// Connects as the owner of the schema, for migrations, backups and checks. Never for requests.
    pub async fn connect_as_owner(config: &DatabaseConfig) -> Result<Self> {
        Self::open(config, false).await
    }

    async fn open(config: &DatabaseConfig, as_app: bool) -> Result<Self> {
        if config.url.starts_with("sqlite:") {
            let write = sqlite(&config.url, 1, false, config).await?;
            let readers = config.max_connections.min(sqlite_readers());
            let read = sqlite(&config.url, readers, true, config).await?;
            let writer = Some(Writer::start(write.clone()));
            return Ok(Self(Arc::new(Inner {
                backend: DbBackend::Sqlite,
                read,
                write,
                writer,
                sessions: None,
            })));
        }
        if config.url.starts_with("postgres:") || config.url.starts_with("postgresql:") {
            let (write, sessions) = postgres(&config.url, config, as_app).await?;
            let (read, readers) = match &config.replica_url {
                Some(url) => postgres(url, config, as_app).await?,
                None => (write.clone(), sessions.clone()),
            };
            return Ok(Self(Arc::new(Inner {
                backend: DbBackend::Postgres,
                read,
                write,
                writer: None,
                sessions: Some(Both { read: readers, write: sessions }),
            })));
        }
        Err(Error::unavailable("database.url must begin with sqlite: or postgres:"))
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.0.backend
    }

    /// The writing connection without any tenant, for platform-wide tables only (tenants, outbox, leases).
    ///
    /// On SQLite a single statement through it waits for the writer; use [`Db::begin_global`] for several.
    pub fn global(&self) -> &DatabaseConnection {
        &self.0.write
    }

    /// A reading connection without any tenant, for platform-wide tables only.
    pub fn global_read(&self) -> &DatabaseConnection {
        &self.0.read
    }

    /// A reading connection without any tenant that sees every commit, which a replica may not yet; for platform-wide
    /// tables only.
    pub fn global_current(&self) -> &DatabaseConnection {
        match self.0.backend {
            DbBackend::Postgres => &self.0.write,
            _ => &self.0.read,
        }
    }

    /// Answers when the database does; for health checks.
    pub async fn ping(&self) -> Result<()> {
        self.0.read.ping().await?;
        Ok(())
    }

    /// A transaction over platform-wide tables, through the same queue as everybody's writes.
    pub async fn begin_global(&self) -> Result<Tx> {
        self.open_tx(TenantId::from_uuid(uuid::Uuid::nil()), None, false).await
    }

    pub(crate) async fn reader(&self, tenant: TenantId) -> Result<Reader> {
        let Some(sessions) = &self.0.sessions else {
            return Ok(Reader::from_pool(self.0.read.clone(), tenant));
        };
        let asked = Instant::now();
        let session = Session::read(&sessions.read, tenant).await.context("opening a reader")?;
        waited(asked, true);
        Ok(Reader::from_session(session, tenant))
    }

    /// A reader for somebody who is about to want one, if that costs nobody anything: where a connection has to be told whose
    /// rows to show, and one is to spare.
    pub(crate) async fn spare_reader(&self, tenant: TenantId) -> Option<Reader> {
        let session = Session::read_spare(&self.0.sessions.as_ref()?.read, tenant).await?;
        Some(Reader::from_session(session, tenant))
    }

    /// One view of the tenant's rows for as long as the reader lives, whatever is committed meanwhile.
    pub(crate) async fn snapshot(&self, tenant: TenantId) -> Result<Reader> {
        match &self.0.sessions {
            Some(sessions) => {
                let session = Session::snapshot(&sessions.write, tenant).await;
                Ok(Reader::from_session(session.context("opening a snapshot")?, tenant))
            }
            None => {
                let transaction = self.0.read.begin().await.context("opening a snapshot")?;
                Ok(Reader::from_transaction(transaction, tenant))
            }
        }
    }

    pub(crate) async fn begin(&self, ctx: Ctx) -> Result<Tx> {
        self.open_tx(ctx.tenant_id(), Some(ctx), true).await
    }

    async fn open_tx(&self, tenant: TenantId, ctx: Option<Ctx>, scoped: bool) -> Result<Tx> {
        let asked = Instant::now();
        let tx = match (&self.0.writer, &self.0.sessions) {
            (Some(writer), _) => {
                let lease = writer.lease().await.context("waiting for the writer")?;
                Tx::from_lease(lease, tenant, ctx)
            }
            (None, Some(sessions)) => {
                let session = Session::write(&sessions.write, scoped.then_some(tenant)).await;
                Tx::from_session(session.context("opening a writing transaction")?, tenant, ctx)
            }
            (None, None) => return Err(Error::internal("a database without a writer")),
        };
        waited(asked, false);
        Ok(tx)
    }
}

/// How long somebody stood in line for a transaction: for a connection of PostgreSQL's pools, for SQLite's one writer.
fn waited(asked: Instant, read_only: bool) {
    let door = if read_only { "read" } else { "write" };
    metrics::histogram!("rustok_db_pool_wait_seconds", "door" => door).record(asked.elapsed().as_secs_f64());
}

/// Readers of SQLite that are of any use: each is a thread that computes, with a cache of its own.
fn sqlite_readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get());
    u32::try_from(cores.saturating_mul(2)).unwrap_or(u32::MAX).max(4)
}

async fn sqlite(
    url: &str,
    connections: u32,
    read_only: bool,
    config: &DatabaseConfig,
) -> Result<DatabaseConnection> {
    if let Some(folder) = sqlite_path(url).and_then(|path| Path::new(path).parent().map(Path::to_owned)) {
        std::fs::create_dir_all(&folder)
            .map_err(Error::internal)
            .context("creating the folder of the database")?;
    }
    let url = if url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") };
    let mut options = ConnectOptions::new(url);
    let synchronous = if config.durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off };
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(synchronous)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                .statement_cache_capacity(256)
                // KiB. What a reader remembers is gone with the next commit, and the system keeps the file in memory anyway;
                // mapping it instead counts every page once per connection that has looked at it.
                .pragma("cache_size", if read_only { "-400" } else { "-4000" })
                .pragma("temp_store", "memory")
                // A reader cannot write, as on PostgreSQL; everything written goes through the writer's queue.
                .pragma("query_only", if read_only { "on" } else { "off" })
        });
    connect(options).await
}

fn sqlite_path(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    Some(path.split('?').next().unwrap_or(path))
        .filter(|path| !path.is_empty() && !path.starts_with(":memory:"))
}

/// Connections for platform-wide tables and notifications, and those for tenants' rows.
async fn postgres(
    url: &str,
    config: &DatabaseConfig,
    as_app: bool,
) -> Result<(DatabaseConnection, Sessions)> {
    let sql = |error: sqlx::Error| Error::unavailable(format!("database.url cannot be used: {error}"));
    let of_driver: PgConnectOptions = url.parse().map_err(sql)?;
    let named = |options: PgConnectOptions| options.application_name("rustok").statement_cache_capacity(256);
    let mut greeting = String::new();
    if as_app {
        let timeout = config.statement_timeout_ms;
        greeting =
            format!("SET ROLE {APP_ROLE}; SET statement_timeout = {timeout}; SET lock_timeout = {timeout}");
    }
    // Whatever does not say that it writes only reads.
    let reading = "SET default_transaction_read_only = on";
    let both = if as_app { format!("{greeting}; {reading}") } else { reading.to_owned() };
    let sessions = Sessions::new(named(of_driver), both, config.max_connections);
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(PLATFORM_CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(named);
    if as_app {
        options.map_sqlx_postgres_pool_opts(move |pool| {
            let greeting = greeting.clone();
            pool.after_connect(move |connection, _| {
                let greeting = greeting.clone();
                Box::pin(async move {
                    use sqlx::Executor;
                    connection.execute(sqlx::AssertSqlSafe(greeting)).await?;
                    Ok(())
                })
            })
        });
    }
    Ok((connect(options).await?, sessions))
}

#[expect(clippy::disallowed_methods, reason = "this is where the doors are made")]
async fn connect(options: ConnectOptions) -> Result<DatabaseConnection> {
    let mut connection = Database::connect(options)
        .await
        .map_err(|error| Error::unavailable(format!("the database cannot be opened: {error}")))?;
    connection.set_metric_callback(count::record);
    Ok(connection)
}
