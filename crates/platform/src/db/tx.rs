//! The two handles behind the doors: [`Reader`] and [`Tx`]. Both lead to one tenant's rows only.

use super::TenantDb;
use super::session::{Conn, Session};
use super::writer::{End, Kept, Lease};
use crate::{Ctx, Error, Result};
use primitives::TenantId;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;
use tracing::Instrument as _;

/// Reads of one call. Leads to [`TenantDb`].
pub struct Reader {
    rows: TenantDb,
}

impl Reader {
    pub(super) fn from_pool(pool: DatabaseConnection, tenant: TenantId) -> Self {
        Self { rows: TenantDb::new(Conn::Pool(pool), tenant) }
    }

    pub(super) fn from_session(session: Session, tenant: TenantId) -> Self {
        Self { rows: TenantDb::new(Conn::Session(session), tenant) }
    }

    /// Rolled back when it is dropped; it has read and nothing else.
    pub(super) fn from_transaction(transaction: DatabaseTransaction, tenant: TenantId) -> Self {
        Self { rows: TenantDb::new(Conn::Savepoint(transaction), tenant) }
    }
}

impl Deref for Reader {
    type Target = TenantDb;

    fn deref(&self) -> &TenantDb {
        &self.rows
    }
}

/// One writing transaction. Leads to [`TenantDb`]; events are emitted on it (`events::Emit`).
///
/// Dropped without commit it rolls back.
pub struct Tx {
    rows: TenantDb,
    ctx: Option<Ctx>,
    /// Where the savepoint goes back to; none on PostgreSQL.
    end: Option<oneshot::Sender<End>>,
    callbacks: Callbacks,
}

impl Tx {
    pub(super) fn from_lease(lease: Lease, tenant: TenantId, ctx: Option<Ctx>) -> Self {
        Self::new(Conn::Savepoint(lease.savepoint), tenant, ctx, Some(lease.end))
    }

    pub(super) fn from_session(session: Session, tenant: TenantId, ctx: Option<Ctx>) -> Self {
        Self::new(Conn::Session(session), tenant, ctx, None)
    }

    fn new(conn: Conn, tenant: TenantId, ctx: Option<Ctx>, end: Option<oneshot::Sender<End>>) -> Self {
        let rows = TenantDb::new(conn, tenant);
        if ctx.as_ref().is_some_and(Ctx::is_audited) {
            rows.trail().begin(None);
        }
        Self { rows, ctx, end, callbacks: Callbacks::default() }
    }

    /// The call that writes; `None` for platform work outside any tenant.
    pub fn ctx(&self) -> Option<&Ctx> {
        self.ctx.as_ref()
    }

    /// The raw transaction, for platform-wide tables only (tenants, outbox, leases).
    pub fn global(&self) -> &impl ConnectionTrait {
        self.rows.conn()
    }

    /// Has the commit let the rows go that this transaction locks before it has waited for the disk: for a row that everybody
    /// of a shop has to pass. The commit still returns when everything is durable.
    ///
    /// In between others see what was written here. Should the database's machine fail in these milliseconds, it is gone
    /// together with all that came after it: no other commit returns before what is in front of it is on disk. On SQLite,
    /// whose writers share a commit, this changes nothing.
    pub fn let_go_early(&self) {
        if let Conn::Session(session) = self.rows.conn() {
            session.let_go();
        }
    }

    /// Runs `callback` once the commit is durable; never when it fails.
    pub fn after_commit(&self, callback: impl FnOnce() + Send + 'static) {
        self.callbacks.push(Box::new(callback));
    }

    /// Makes everything durable, then runs the callbacks.
    ///
    /// From here on a caller that goes away changes nothing: what is committed has its consequences.
    pub async fn commit(self) -> Result<()> {
        let Self { rows, end, callbacks, .. } = self;
        match (rows.into_conn(), end) {
            (Conn::Session(session), _) => {
                let commit = async move {
                    session.commit().await?;
                    callbacks.run();
                    Ok(())
                };
                tokio::spawn(commit.in_current_span()).await.map_err(Error::internal)?
            }
            (Conn::Savepoint(savepoint), Some(end)) => {
                let (ack, committed) = oneshot::channel();
                let gone = || Error::unavailable("the database writer has stopped");
                end.send(End::Commit { savepoint, kept: Kept { callbacks, ack } }).map_err(|_| gone())?;
                committed.await.map_err(|_| gone())?
            }
            (Conn::Savepoint(_) | Conn::Pool(_), _) => Err(Error::internal("nothing to commit")),
        }
    }

    /// Undoes everything, and on SQLite waits for the commit of those who wrote before it in the same batch. Trouble while
    /// undoing is the pool's to mend: it rolls back again before reuse.
    pub async fn rollback(self) {
        let Self { rows, end, .. } = self;
        match (rows.into_conn(), end) {
            (Conn::Session(session), _) => {
                if let Err(error) = session.rollback().await {
                    tracing::warn!(%error, "rolling a transaction back failed");
                }
            }
            // The writer undoes it before anybody else's turn; when it has stopped, dropping undoes it.
            (Conn::Savepoint(savepoint), Some(end)) => {
                let (done, over) = oneshot::channel();
                if end.send(End::Rollback { savepoint, done }).is_ok() {
                    // Nothing is sent: it ends with its sender.
                    let _ = over.await;
                }
            }
            (Conn::Savepoint(_) | Conn::Pool(_), _) => {}
        }
    }
}

impl Deref for Tx {
    type Target = TenantDb;

    fn deref(&self) -> &TenantDb {
        &self.rows
    }
}

type Callback = Box<dyn FnOnce() + Send>;

/// What runs after the commit.
#[derive(Default)]
pub(super) struct Callbacks(Mutex<Vec<Callback>>);

impl Callbacks {
    fn push(&self, callback: Callback) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(callback);
    }

    /// Runs each; one that panics keeps neither the others nor the committed writer from theirs.
    pub(super) fn run(self) {
        for callback in self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            if catch_unwind(AssertUnwindSafe(callback)).is_err() {
                tracing::error!("a callback after a commit panicked");
            }
        }
    }
}
