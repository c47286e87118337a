//! SQLite's one writer, with group commit.
//!
//! Writers queue for a lease. Each works in a savepoint of one shared `BEGIN IMMEDIATE` transaction; when nobody waits
//! any more, or the batch is full, the transaction is committed with one `fsync` and everybody hears the result.
//! Nobody is told of success before the commit is on disk. A writer that fails or disappears only loses its savepoint;
//! one that fails behind others of the batch is told after their commit, too, for it may have failed because of what they
//! wrote: who hears that somebody was faster finds what that one did.
//!
//! Savepoints have no names of their own, only depths, so a savepoint must be gone before the next begins: the writer
//! waits for the end of every lease, however long that takes ([`crate::Ctx::write`] cuts its work off in time), and
//! ends each savepoint itself, where no caller that goes away can interrupt it.

use super::tx::Callbacks;
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
/// A lease this old is worth a line in the log.
const LONG: Duration = Duration::from_secs(30);

/// Hands out leases on the writing connection.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Request>,
}

type Request = oneshot::Sender<Result<Lease>>;

/// A savepoint of the shared transaction. Dropped, it rolls back.
pub(crate) struct Lease {
    pub(super) savepoint: DatabaseTransaction,
    pub(super) end: oneshot::Sender<End>,
}

/// How a lease ends, with the savepoint that comes back.
pub(super) enum End {
    Commit {
        savepoint: DatabaseTransaction,
        kept: Kept,
    },
    /// `done` is dropped when what the writer may have seen of others is on disk, or gone.
    Rollback {
        savepoint: DatabaseTransaction,
        done: oneshot::Sender<Never>,
    },
}

/// Nothing is ever sent.
pub(super) enum Never {}

/// A writer whose savepoint is released, waiting for the commit.
pub(super) struct Kept {
    pub(super) callbacks: Callbacks,
    /// Where it hears how the commit went.
    pub(super) ack: oneshot::Sender<Result<()>>,
}

/// What one turn means for the batch.
enum Turn {
    Kept(Kept),
    /// Nothing remains of it; whoever waits hears so at the end of the batch.
    Undone(Option<oneshot::Sender<Never>>),
    /// It left without a word; the batch ends here, and its commit shows whether the transaction still stands.
    Vanished,
    /// The transaction no longer is what we think it is. SQLite rolls all of it back when the disk is full or fails.
    Broken,
}

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
        if !first.is_closed() && !batch(&connection, first, &mut requests).await {
            replace(&connection).await;
        }
    }
}

/// Serves `first` and whoever waits behind; `false` when the connection is not to be trusted any more.
async fn batch(
    connection: &DatabaseConnection,
    first: Request,
    requests: &mut mpsc::Receiver<Request>,
) -> bool {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let shared = match connection.begin_with_options(options).await {
        Ok(shared) => shared,
        Err(error) => {
            // The caller went away if it does not listen.
            let _ = first.send(Err(Error::from(error)));
            return true;
        }
    };
    let opened = Instant::now();
    let mut kept: Vec<Kept> = Vec::new();
    let mut undone: Vec<oneshot::Sender<Never>> = Vec::new();
    let mut next = Some(first);
    while let Some(request) = next.take() {
        match serve(&shared, request).await {
            Turn::Kept(one) => kept.push(one),
            // Before the first that stays there was nothing of others to see: this one goes on at once.
            Turn::Undone(done) => undone.extend(done.filter(|_| !kept.is_empty())),
            Turn::Vanished => break,
            Turn::Broken => {
                let lost = Error::unavailable("the database could not store this, try again");
                kept.into_iter().for_each(|one| one.answer(Err(lost.clone())));
                return false;
            }
        }
        if kept.len() < BATCH && opened.elapsed() < PATIENCE {
            next = requests.try_recv().ok();
        }
    }
    let result = if kept.is_empty() { shared.rollback().await } else { shared.commit().await };
    let result = result.map_err(Error::from);
    let fine = result.is_ok();
    kept.into_iter().for_each(|one| one.answer(result.clone()));
    drop(undone);
    fine
}

impl Kept {
    /// The callbacks run first, so that whoever hears of success also sees its consequences.
    fn answer(self, result: Result<()>) {
        if result.is_ok() {
            self.callbacks.run();
        }
        // A caller that went away does not listen.
        let _ = self.ack.send(result);
    }
}

/// One writer's turn.
async fn serve(shared: &DatabaseTransaction, request: Request) -> Turn {
    if request.is_closed() {
        return Turn::Undone(None);
    }
    let savepoint = match shared.begin().await {
        Ok(savepoint) => savepoint,
        Err(error) => {
            let _ = request.send(Err(Error::from(error)));
            return Turn::Broken;
        }
    };
    let (end, ended) = oneshot::channel();
    // A lease that nobody takes is dropped here, which rolls its savepoint back.
    if request.send(Ok(Lease { savepoint, end })).is_err() {
        return Turn::Vanished;
    }
    match patiently(ended).await {
        Some(End::Commit { savepoint, kept }) => match savepoint.commit().await {
            Ok(()) => Turn::Kept(kept),
            Err(error) => {
                kept.answer(Err(error.into()));
                Turn::Broken
            }
        },
        Some(End::Rollback { savepoint, done }) => match savepoint.rollback().await {
            Ok(()) => Turn::Undone(Some(done)),
            Err(error) => {
                tracing::error!(%error, "rolling a write back failed");
                Turn::Broken
            }
        },
        None => Turn::Vanished,
    }
}

/// Nothing can be done about a writer that does not end but to say so.
async fn patiently(mut ended: oneshot::Receiver<End>) -> Option<End> {
    loop {
        match tokio::time::timeout(LONG, &mut ended).await {
            Ok(end) => return end.ok(),
            Err(_) => tracing::error!("a writer has held the database for another {} s", LONG.as_secs()),
        }
    }
}

/// Closes the writing connection, which undoes whatever is open on it; the pool opens another one.
#[expect(clippy::disallowed_methods, reason = "this is where the doors are made")]
async fn replace(connection: &DatabaseConnection) {
    let closed = match connection.get_sqlite_connection_pool().acquire().await {
        Ok(old) => old.close().await,
        Err(error) => Err(error),
    };
    if let Err(error) = closed {
        tracing::error!(%error, "replacing the writing connection failed");
    }
}
