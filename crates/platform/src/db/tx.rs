//! The two handles behind the doors: [`Reader`] and [`Tx`]. Both lead to one tenant's rows only.

use super::TenantDb;
use super::tenant_db::Conn;
use super::writer::Lease;
use crate::{Ctx, Error, Result};
use parking::Callbacks;
use primitives::TenantId;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use std::ops::Deref;
use tokio::sync::oneshot;

/// Reads of one call. Leads to [`TenantDb`].
pub struct Reader {
    rows: TenantDb,
}

impl Reader {
    pub(super) fn from_pool(pool: DatabaseConnection, tenant: TenantId) -> Self {
        Self { rows: TenantDb::new(Conn::Pool(pool), tenant) }
    }

    pub(super) fn from_transaction(tx: DatabaseTransaction, tenant: TenantId) -> Self {
        Self { rows: TenantDb::new(Conn::Tx(tx), tenant) }
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
    done: Option<oneshot::Sender<super::writer::Ack>>,
    callbacks: Callbacks,
}

impl Tx {
    pub(super) fn from_lease(lease: Lease, tenant: TenantId, ctx: Option<Ctx>) -> Self {
        Self {
            rows: TenantDb::new(Conn::Tx(lease.savepoint), tenant),
            ctx,
            done: Some(lease.done),
            callbacks: Callbacks::default(),
        }
    }

    pub(super) fn from_transaction(tx: DatabaseTransaction, tenant: TenantId, ctx: Option<Ctx>) -> Self {
        Self { rows: TenantDb::new(Conn::Tx(tx), tenant), ctx, done: None, callbacks: Callbacks::default() }
    }

    /// The call that writes; `None` for platform work outside any tenant.
    pub fn ctx(&self) -> Option<&Ctx> {
        self.ctx.as_ref()
    }

    /// The raw transaction, for platform-wide tables only (tenants, outbox, leases).
    pub fn global(&self) -> &DatabaseTransaction {
        self.rows.transaction()
    }

    /// Runs `callback` once the commit is durable; never when it fails.
    pub fn after_commit(&self, callback: impl FnOnce() + Send + 'static) {
        self.callbacks.push(Box::new(callback));
    }

    /// Makes everything durable, then runs the callbacks.
    pub async fn commit(self) -> Result<()> {
        let Self { rows, done, callbacks, .. } = self;
        rows.into_transaction().commit().await?;
        if let Some(done) = done {
            let (ack, committed) = oneshot::channel();
            done.send(ack).map_err(|_| Error::unavailable("the write took too long, try again"))?;
            committed.await.map_err(|_| Error::unavailable("the database writer has stopped"))??;
        }
        callbacks.run();
        Ok(())
    }

    /// Undoes everything. Trouble while undoing is the pool's to mend: it rolls back again before reuse.
    pub async fn rollback(self) {
        if let Err(error) = self.rows.into_transaction().rollback().await {
            tracing::warn!(%error, "rolling a transaction back failed");
        }
    }
}

impl Deref for Tx {
    type Target = TenantDb;

    fn deref(&self) -> &TenantDb {
        &self.rows
    }
}

mod parking {
    use std::sync::Mutex;

    type Callback = Box<dyn FnOnce() + Send>;

    #[derive(Default)]
    pub(super) struct Callbacks(Mutex<Vec<Callback>>);

    impl Callbacks {
        pub(super) fn push(&self, callback: Callback) {
            self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(callback);
        }

        pub(super) fn run(self) {
            for callback in self.0.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()) {
                callback();
            }
        }
    }
}
