//! Computing a projection afresh, into its live tables, while readers read and events go on.

use std::time::{Duration, Instant};

use events::{Emit, Envelope, history_applied, wants};
use platform::{Access, Context, Ctx, Error, Result, Tx};
use primitives::Permission;
use tracing::info;
use uuid::Uuid;

use crate::{Projection, checkpoint, event::IndexEvent};

/// Events that are applied at once during a replay.
const REPLAY_BATCH: u64 = 500;

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Rebuilt {
    /// Documents written.
    pub documents: u64,
    /// How long it took.
    pub took: Duration,
}

/// Part of a rebuild from the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Documents written.
    pub documents: u64,
    /// The last id that was looked at; `None` when nothing comes after this slice.
    pub last: Option<Uuid>,
}

/// Computes `projection` afresh for the tenant of `ctx`, who needs `index:manage`.
///
/// Readers see each document either as it was or as it is now, never a gap. Events that are committed meanwhile
/// are applied before or after, once.
pub async fn rebuild(ctx: &Ctx, projection: &dyn Projection) -> Result<Rebuilt> {
    ctx.require(Permission::INDEX_MANAGE)?;
    let begun = Instant::now();
    let tenant_id = ctx.tenant_id();
    let name = projection.name();
    let requested = IndexEvent::ReindexRequested { tenant_id, projection: name.to_owned() };
    ctx.write(Permission::INDEX_MANAGE, async |tx: &Tx| tx.emit(requested.clone()).await).await?;

    let system = Ctx::system(ctx.app(), ctx.tenant().clone(), "index");
    let run = Rebuild { ctx: &system, projection };
    let documents = projection.rebuild(&run).await.context("rebuilding a projection")?;

    let told = i64::try_from(documents).unwrap_or(i64::MAX);
    let updated = IndexEvent::Updated { tenant_id, projection: name.to_owned(), documents: told };
    ctx.write(Permission::INDEX_MANAGE, async |tx: &Tx| -> Result<()> {
        checkpoint::lock(tx, name).await?;
        checkpoint::note_rebuilt(tx, name, ctx.now()).await?;
        tx.emit(updated.clone()).await?;
        Ok(())
    })
    .await?;
    projection.after_rebuild(&system);
    let took = begun.elapsed();
    info!(
        projection = name,
        documents,
        "rebuilt {name} with {documents} documents in {} ms",
        took.as_millis()
    );
    Ok(Rebuilt { documents, took })
}

/// What a projection's `rebuild` works with.
pub struct Rebuild<'a> {
    ctx: &'a Ctx,
    projection: &'a dyn Projection,
}

impl Rebuild<'_> {
    /// The tenant, as the system.
    pub fn ctx(&self) -> &Ctx {
        self.ctx
    }

    /// Rebuilds from the module's own tables, in order of id, one transaction per slice.
    ///
    /// `slice` gets the last id of the slice before it (`None` at first). It takes the next few hundred ids after
    /// that one, writes their documents, deletes documents in this range of ids whose source is gone, and says
    /// how far it came. The last slice also deletes whatever documents come after it.
    pub async fn slices(&self, slice: impl AsyncFn(&Tx, Option<Uuid>) -> Result<Slice>) -> Result<u64> {
        let mut after = None;
        let mut sum = 0;
        loop {
            let done = self
                .ctx
                .write(Access::System, async |tx: &Tx| -> Result<Slice> {
                    checkpoint::lock(tx, self.projection.name()).await?;
                    slice(tx, after).await
                })
                .await?;
            sum += done.documents;
            match done.last {
                Some(last) if after.is_some_and(|before| last <= before) => {
                    return Err(Error::internal("a slice of a rebuild did not move on"));
                }
                Some(last) => after = Some(last),
                None => return Ok(sum),
            }
        }
    }

    /// Rebuilds from the events that this projection has seen, in one transaction: `clear` empties its tables,
    /// then the history is applied in order. Events still on their way reach it through the relay, as ever.
    /// Gives back how many events were applied; a history that takes longer than `database.write_timeout_ms` is
    /// one for [`Rebuild::slices`].
    pub async fn replay(&self, clear: impl AsyncFn(&Tx) -> Result<()>) -> Result<u64> {
        self.ctx
            .write(Access::System, async |tx: &Tx| -> Result<u64> {
                checkpoint::lock(tx, self.projection.name()).await?;
                clear(tx).await?;
                replay_in(tx, self.projection).await
            })
            .await
    }
}

async fn replay_in(tx: &Tx, projection: &dyn Projection) -> Result<u64> {
    let mut position = 0;
    let mut sum = 0;
    loop {
        let batch = history_applied(tx, projection.name(), position, REPLAY_BATCH).await?;
        let Some(last) = batch.last() else { return Ok(sum) };
        position = last.position;
        let wanted: Vec<Envelope> =
            batch.into_iter().filter(|event| wants(projection.kinds(), &event.kind)).collect();
        if !wanted.is_empty() {
            projection.apply(tx, &wanted).await?;
            sum += wanted.len() as u64;
        }
    }
}
