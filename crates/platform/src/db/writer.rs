//! SQLite's one writer, with group commit.
//!
//! Writers queue for a lease. Each works in a savepoint of one shared `BEGIN IMMEDIATE` transaction; when nobody waits
//! any more, or the batch is full, the transaction is committed with one `fsync` and everybody hears the result.
//! Nobody is told of success before the commit is on disk. A writer that fails or disappears only loses its savepoint.

use crate::{Error, Result};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Writers that may wait at once; more are told to come back.
const QUEUE: usize = 4_096;
/// Writes in one commit.
const BATCH: usize = 128;
/// Longest time that a batch stays open for more writers.
const PATIENCE: Duration = Duration::from_millis(15);
/// Longest time that one writer may hold the database.
const HOLD: Duration = Duration::from_secs(30);

/// Hands out leases on the writing connection.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Request>,
}

type Request = oneshot::Sender<Result<Lease>>;

/// A savepoint of the shared transaction.
pub(crate) struct Lease {
    pub(super) savepoint: DatabaseTransaction,
    pub(super) done: oneshot::Sender<Ack>,
}

/// Where a writer whose savepoint is released hears how the commit went.
pub(super) type Ack = oneshot::Sender<Result<()>>;

impl Writer {
    /// Starts the task that owns the writing connection; it ends when the last `Writer` is gone.
    pub(crate) fn start(connection: DatabaseConnection) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        tokio::spawn(run(connection, requests));
        Self { queue }
    }

    /// Waits for the turn.
    pub(crate) async fn lease(&self) -> Result<Lease> {
        let (send, receive) = oneshot::channel();
        self.queue
            .try_send(send)
            .map_err(|_| Error::unavailable("too many writes are waiting, try again"))?;
        receive.await.map_err(|_| Error::unavailable("the database writer has stopped"))?
    }
}

async fn run(connection: DatabaseConnection, mut requests: mpsc::Receiver<Request>) {
    while let Some(first) = requests.recv().await {
        if !first.is_closed() {
            batch(&connection, first, &mut requests).await;
        }
    }
}

async fn batch(connection: &DatabaseConnection, first: Request, requests: &mut mpsc::Receiver<Request>) {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let shared = match connection.begin_with_options(options).await {
        Ok(shared) => shared,
        Err(error) => {
            // The caller went away if it does not listen.
            let _ = first.send(Err(Error::from(error)));
            return;
        }
    };
    let opened = Instant::now();
    let mut waiting: Vec<Ack> = Vec::new();
    let mut next = Some(first);
    while let Some(request) = next.take() {
        if let Some(ack) = serve(&shared, request).await {
            waiting.push(ack);
        }
        if waiting.len() < BATCH && opened.elapsed() < PATIENCE {
            next = requests.try_recv().ok();
        }
    }
    let result = if waiting.is_empty() { shared.rollback().await } else { shared.commit().await };
    let result = result.map_err(Error::from);
    for ack in waiting {
        let _ = ack.send(result.clone());
    }
}

/// One writer's turn; gives back where to report the commit when there is something to commit.
async fn serve(shared: &DatabaseTransaction, request: Request) -> Option<Ack> {
    if request.is_closed() {
        return None;
    }
    let savepoint = match shared.begin().await {
        Ok(savepoint) => savepoint,
        Err(error) => {
            let _ = request.send(Err(Error::from(error)));
            return None;
        }
    };
    let (done, finished) = oneshot::channel();
    // A lease that nobody takes is dropped here, which rolls its savepoint back.
    request.send(Ok(Lease { savepoint, done })).ok()?;
    match tokio::time::timeout(HOLD, finished).await {
        Ok(finished) => finished.ok(),
        Err(_) => {
            tracing::error!("a writer held the database for {} s", HOLD.as_secs());
            None
        }
    }
}
