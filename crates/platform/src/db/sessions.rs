//! Connections of PostgreSQL that transactions and readers take turns on.
//!
//! sqlx's own pool pings at every return and forgets what it knows of a connection. This one remembers which tenant row
//! level security shows on a connection, so that a reader of the same tenant costs no round trip but its statements.

use crate::error::is_lost;
use primitives::TenantId;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Executor as _};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Longest time in line for a connection, and longest time that opening one or undoing on one may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that nobody used for so long is closed.
const IDLE: Duration = Duration::from_mins(10);
/// So is one of this age: what a backend of PostgreSQL remembers only grows.
const LIFE: Duration = Duration::from_mins(30);

/// As many connections as the configuration allows, opened when they are wanted.
#[derive(Clone)]
pub(super) struct Sessions(Arc<Inner>);

struct Inner {
    options: PgConnectOptions,
    /// Said once to every new connection.
    greeting: String,
    places: Arc<Semaphore>,
    /// The one that was used last stands last.
    idle: Mutex<Vec<Line>>,
}

/// A connection outside every transaction, with nothing under way.
struct Line {
    connection: PgConnection,
    /// Whose rows are shown; none when that is not known.
    tenant: Option<TenantId>,
    born: Instant,
    since: Instant,
}

/// A connection in somebody's hands.
pub(super) struct Held {
    /// None once it has been given back or was lost.
    line: Option<Line>,
    /// Whether a transaction was begun on it.
    open: bool,
    /// Whether it stands outside every transaction with nothing under way.
    clean: bool,
    home: Sessions,
    /// Given back together with the connection.
    place: Option<OwnedSemaphorePermit>,
}

impl Sessions {
    /// Nothing is opened yet.
    pub fn new(options: PgConnectOptions, greeting: String, most: u32) -> Self {
        let places = Arc::new(Semaphore::new(most.try_into().unwrap_or(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner {
            options: options.disable_statement_logging(),
            greeting,
            places,
            idle: Mutex::default(),
        }))
    }

    /// A connection of which nothing has been asked yet, first one that shows this tenant's rows already. It may have died
    /// while it was idle, as all do when the database restarts.
    pub async fn take(&self, tenant: Option<TenantId>) -> Result<Held, DbErr> {
        let place = timeout(PATIENCE, self.0.places.clone().acquire_owned()).await;
        let place =
            place.ok().and_then(Result::ok).ok_or(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let line = match self.idle(tenant) {
            Some(line) => line,
            None => self.open().await?,
        };
        Ok(Held { line: Some(line), open: false, clean: true, home: self.clone(), place: Some(place) })
    }

    fn idle(&self, tenant: Option<TenantId>) -> Option<Line> {
        let mut idle = self.lock();
        let known = idle.iter().rposition(|line| line.tenant.is_some() && line.tenant == tenant);
        match known {
            Some(at) => Some(idle.remove(at)),
            // Not one of somebody who may come again in a moment.
            None => (!idle.is_empty()).then(|| idle.remove(0)),
        }
    }

    async fn open(&self) -> Result<Line, DbErr> {
        let opened = timeout(PATIENCE, async {
            let mut wait = Duration::from_millis(20);
            let mut connection = loop {
                match self.0.options.connect().await {
                    Err(error) if is_starting(&error) => tokio::time::sleep(wait).await,
                    connected => break connected?,
                }
                wait = (wait * 2).min(Duration::from_secs(1));
            };
            connection.execute(AssertSqlSafe(self.0.greeting.as_str())).await?;
            Ok::<_, sqlx::Error>(connection)
        });
        let connection = match opened.await {
            Ok(opened) => opened.map_err(connect_error)?,
            Err(_) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        };
        Ok(Line { connection, tenant: None, born: Instant::now(), since: Instant::now() })
    }

    fn put(&self, mut line: Line) {
        let now = Instant::now();
        if LIFE < now.duration_since(line.born) {
            return;
        }
        line.since = now;
        let mut idle = self.lock();
        idle.push(line);
        // Those in front have waited longest.
        let over = idle.iter().take_while(|line| IDLE < now.duration_since(line.since)).count();
        let closed: Vec<Line> = idle.drain(..over).collect();
        drop(idle);
        drop(closed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The connection for one piece of work, which has to be followed by [`Held::done`]. Whoever drops this in between leaves a
    /// connection that is looked after before anybody else gets it.
    pub fn work(&mut self) -> Result<&mut PgConnection, DbErr> {
        self.clean = false;
        let line = self.line.as_mut().ok_or_else(lost)?;
        Ok(&mut line.connection)
    }

    /// What came of it.
    pub fn done<T>(&mut self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        match &done {
            Err(error) if is_lost(error) => self.line = None,
            _ => self.clean = !self.open,
        }
        done
    }

    /// Shows the rows of `tenant` from now on, and no others.
    pub async fn show(&mut self, tenant: TenantId) -> Result<(), DbErr> {
        match &mut self.line {
            Some(line) if line.tenant == Some(tenant) => return Ok(()),
            // Nobody knows until the answer is here.
            Some(line) => line.tenant = None,
            None => {}
        }
        // An id has nothing in it that could end the quotes.
        self.first(&format!("SET rustok.tenant = '{tenant}'")).await?;
        if let Some(line) = &mut self.line {
            line.tenant = Some(tenant);
        }
        Ok(())
    }

    /// Opens a transaction with this statement; it has to be ended by [`Held::end`].
    pub async fn begin(&mut self, begin: &str) -> Result<(), DbErr> {
        self.open = true;
        self.first(begin).await
    }

    /// Says something on a connection of which nothing has been asked yet; on another one when it died while it was idle, as
    /// all do when the database restarts.
    async fn first(&mut self, words: &str) -> Result<(), DbErr> {
        let said = say(self.work()?, words).await;
        match self.done(said) {
            Err(error) if is_lost(&error) => {
                self.renew().await?;
                let said = say(self.work()?, words).await;
                self.done(said)
            }
            said => said,
        }
    }

    /// Ends the transaction with this statement.
    pub async fn end(&mut self, end: &str) -> Result<(), DbErr> {
        let ended = say(self.work()?, end).await;
        self.open = ended.is_err();
        self.done(ended)
    }

    /// A new connection instead of one that is lost. Those that were idle are hardly any better.
    pub async fn renew(&mut self) -> Result<(), DbErr> {
        drop(std::mem::take(&mut *self.home.lock()));
        self.line = Some(self.home.open().await?);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(mut line) = self.line.take() else { return };
        let (home, place) = (self.home.clone(), self.place.take());
        if self.clean {
            home.put(line);
            return;
        }
        // Closing is undoing as well: where nothing can wait any more, that is left to the database.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // Waits for what is still under way. Outside a transaction it is only a warning.
            let undone = timeout(PATIENCE, say(&mut line.connection, "ROLLBACK")).await;
            if matches!(undone, Ok(Ok(()))) {
                home.put(line);
            }
            drop(place);
        });
    }
}

async fn say(connection: &mut PgConnection, words: &str) -> Result<(), DbErr> {
    let said = connection.execute(AssertSqlSafe(words)).await;
    said.map(drop).map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error))))
}

/// Whether the database will be there in a moment: it starts, or has no place for one more connection.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}

fn lost() -> DbErr {
    connect_error(sqlx::Error::Io(std::io::ErrorKind::NotConnected.into()))
}

fn connect_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
