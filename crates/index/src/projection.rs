//! A projection, and how the relay feeds it.

use std::sync::Arc;

use async_trait::async_trait;
use events::{Consumer, Envelope};
use platform::{Ctx, Result, Tx};

use crate::{checkpoint, rebuild::Rebuild};

/// A read model: tables (or documents) that are computed from what a module knows and has told in events.
///
/// Two ways to write one:
/// - *From the source.* `apply` collects the ids that the events name and computes their documents from the
///   module's own tables; `rebuild` does the same for all ids, with [`Rebuild::slices`].
/// - *From the events.* `apply` adds up what the events say (figures, counters); `rebuild` clears the tables and
///   applies the history again, with [`Rebuild::replay`].
///
/// Either way `rebuild` gives the same rows as the events did one by one, and a test of the module says so.
#[async_trait]
pub trait Projection: Send + Sync + 'static {
    /// Stable name, 1 to 64 of letters, digits, `-`, `_`: checkpoint and inbox remember it.
    fn name(&self) -> &'static str;

    /// The events it wants, as in [`Consumer::kinds`].
    fn kinds(&self) -> &'static [&'static str];

    /// Applies events of one tenant, oldest first, as in [`Consumer::apply`]. Each event comes once; while this
    /// runs, no rebuild of the same projection does.
    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()>;

    /// Computes everything afresh; gives back how many documents there are.
    async fn rebuild(&self, rebuild: &Rebuild<'_>) -> Result<u64>;

    /// After a commit of `apply`, for caches; as in [`Consumer::after_commit`].
    fn after_commit(&self, _ctx: &Ctx, _events: &[Envelope]) {}

    /// After a rebuild, for caches: everything may have changed.
    fn after_rebuild(&self, _ctx: &Ctx) {}
}

/// The consumer through which the relay feeds `projection`.
pub fn consumer(projection: Arc<dyn Projection>) -> Arc<dyn Consumer> {
    Arc::new(Feed(projection))
}

/// [`consumer`] for several projections.
pub fn consumers(projections: impl IntoIterator<Item = Arc<dyn Projection>>) -> Vec<Arc<dyn Consumer>> {
    projections.into_iter().map(consumer).collect()
}

struct Feed(Arc<dyn Projection>);

#[async_trait]
impl Consumer for Feed {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.0.kinds()
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        let now = tx.ctx().map(Ctx::now).unwrap_or_default();
        checkpoint::advance(tx, self.name(), events, now).await?;
        self.0.apply(tx, events).await
    }

    fn after_commit(&self, ctx: &Ctx, events: &[Envelope]) {
        self.0.after_commit(ctx, events);
        if let Some(oldest) = events.iter().map(|event| event.occurred_at).min() {
            let lag = ctx.now().since(oldest).as_secs_f64();
            metrics::gauge!("rustok_projection_lag_seconds", "projection" => self.name()).set(lag);
        }
    }
}
