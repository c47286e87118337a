//! Connections of PostgreSQL that transactions and readers take turns on.
//!
//! sqlx's own pool pings at every return and forgets what it knows of a connection. This one remembers which tenant row
//! level security shows on a connection, so that a reader of the same tenant costs no round trip but its statements.

use crate::error::is_lost;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use primitives::TenantId;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions as _, Executor as _};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
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
    /// Places for whoever is not in a hurry to leave: one more than half of all have to be free.
    spare: usize,
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
    /// None once it has been given back or was lost, and while something is `coming`.
    line: Option<Line>,
    /// What was said first, as long as nobody has waited for the answer.
    coming: Option<BoxFuture<'static, Result<Line, DbErr>>>,
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
        let most = most.try_into().unwrap_or(Semaphore::MAX_PERMITS);
        let (places, spare) = (Arc::new(Semaphore::new(most)), most.div_ceil(2));
        Self(Arc::new(Inner {
            options: options.disable_statement_logging(),
            greeting,
            places,
            spare,
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
        Ok(self.held(line, place))
    }

    /// One that is idle, as long as most of them are: for somebody who may turn out not to want it, nobody has to wait.
    pub fn take_spare(&self, tenant: TenantId) -> Option<Held> {
        if self.0.places.available_permits() <= self.0.spare {
            return None;
        }
        let place = self.0.places.clone().try_acquire_owned().ok()?;
        Some(self.held(self.idle(Some(tenant))?, place))
    }

    fn held(&self, line: Line, place: OwnedSemaphorePermit) -> Held {
        let (home, place) = (self.clone(), Some(place));
        Held { line: Some(line), coming: None, open: false, clean: true, home, place }
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

    /// A new connection instead of one that is lost. Those that were idle are hardly any better.
    async fn renewed(&self) -> Result<Line, DbErr> {
        drop(std::mem::take(&mut *self.lock()));
        self.open().await
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
    pub async fn work(&mut self) -> Result<&mut PgConnection, DbErr> {
        if let Some(coming) = &mut self.coming {
            let line = coming.await;
            self.coming = None;
            self.line = Some(line?);
        }
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
        match &self.line {
            Some(line) if line.tenant == Some(tenant) => Ok(()),
            // An id has nothing in it that could end the quotes.
            _ => self.first(format!("SET rustok.tenant = '{tenant}'"), Some(tenant)).await,
        }
    }

    /// Opens a transaction with this statement; it has to be ended by [`Held::end`].
    pub async fn begin(&mut self, begin: String) -> Result<(), DbErr> {
        self.open = true;
        self.first(begin, None).await
    }

    /// Says something on a connection of which nothing has been asked yet. It is on its way when this returns, and whoever asks
    /// next waits for the answer, which then has mostly come while the question was thought of; so does what went wrong.
    async fn first(&mut self, words: String, shows: Option<TenantId>) -> Result<(), DbErr> {
        let line = self.line.take().ok_or_else(lost)?;
        let mut said: BoxFuture<'static, _> = Box::pin(first(self.home.clone(), line, words, shows));
        match futures::poll!(&mut said) {
            Poll::Ready(line) => self.line = Some(line?),
            Poll::Pending => self.coming = Some(said),
        }
        Ok(())
    }

    /// Ends the transaction with this statement.
    pub async fn end(&mut self, end: &str) -> Result<(), DbErr> {
        let ended = say(self.work().await?, end).await;
        self.open = ended.is_err();
        self.done(ended)
    }

    /// A new connection instead of one that is lost.
    pub async fn renew(&mut self) -> Result<(), DbErr> {
        self.line = Some(self.home.renewed().await?);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let (line, coming) = (self.line.take(), self.coming.take());
        let (home, place) = (self.home.clone(), self.place.take());
        let undo = match (line, coming, self.clean && !self.open) {
            (Some(line), None, true) => return home.put(line),
            (Some(line), None, false) => undone(line).boxed(),
            (_, Some(coming), true) => async { coming.await.ok() }.boxed(),
            (_, Some(coming), false) => async { undone(coming.await.ok()?).await }.boxed(),
            (None, None, _) => return,
        };
        // Closing is undoing as well: where nothing can wait any more, that is left to the database.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Ok(Some(line)) = timeout(PATIENCE, undo).await {
                home.put(line);
            }
            drop(place);
        });
    }
}

/// The connection outside every transaction. Waits for what is still under way; outside a transaction it is only a warning.
async fn undone(mut line: Line) -> Option<Line> {
    say(&mut line.connection, "ROLLBACK").await.ok()?;
    Some(line)
}

/// Says something on a connection, or on another one when this died while it was idle, as all do when the database restarts.
/// Afterwards it shows the rows of `shows`, if any.
async fn first(
    home: Sessions,
    mut line: Line,
    words: String,
    shows: Option<TenantId>,
) -> Result<Line, DbErr> {
    match say(&mut line.connection, &words).await {
        Err(error) if is_lost(&error) => {
            line = home.renewed().await?;
            say(&mut line.connection, &words).await?;
        }
        said => said?,
    }
    line.tenant = shows.or(line.tenant);
    Ok(line)
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
