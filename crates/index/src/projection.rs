//! A projection, and how the relay feeds it.

use std::{borrow::Cow, sync::Arc};

use async_trait::async_trait;
use events::{Consumer, Envelope, wants};
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

/// The consumer through which the relay feeds `projection`. It hears of rebuilds too, so that the process that
/// relays refreshes its caches also when another one (a command) has rebuilt.
pub fn consumer(projection: Arc<dyn Projection>) -> Arc<dyn Consumer> {
    Arc::new(Feed(projection))
}

/// [`consumer`] for several projections.
pub fn consumers(projections: impl IntoIterator<Item = Arc<dyn Projection>>) -> Vec<Arc<dyn Consumer>> {
    projections.into_iter().map(consumer).collect()
}

struct Feed(Arc<dyn Projection>);

/// The event that says a projection has been rebuilt.
const REBUILT: &str = "index.updated";

impl Feed {
    /// Those events that the projection asked for.
    fn asked_for<'e>(&self, events: &'e [Envelope]) -> Cow<'e, [Envelope]> {
        let asked = |event: &Envelope| wants(self.0.kinds(), &event.kind);
        if events.iter().all(asked) {
            return Cow::Borrowed(events);
        }
        Cow::Owned(events.iter().filter(|event| asked(event)).cloned().collect())
    }

    fn is_rebuilt_by(&self, event: &Envelope) -> bool {
        let name = event.payload.get("projection").and_then(|name| name.as_str());
        event.kind == REBUILT && name == Some(self.name())
    }
}

#[async_trait]
impl Consumer for Feed {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.0.kinds()
    }

    fn wants(&self, kind: &str) -> bool {
        kind == REBUILT || wants(self.kinds(), kind)
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        let events = self.asked_for(events);
        if events.is_empty() {
            return Ok(());
        }
        let now = tx.ctx().map(Ctx::now).unwrap_or_default();
        checkpoint::advance(tx, self.name(), &events, now).await?;
        self.0.apply(tx, &events).await
    }

    fn after_commit(&self, ctx: &Ctx, events: &[Envelope]) {
        if events.iter().any(|event| self.is_rebuilt_by(event)) {
            self.0.after_rebuild(ctx);
        }
        let events = self.asked_for(events);
        if let Some(oldest) = events.iter().map(|event| event.occurred_at).min() {
            self.0.after_commit(ctx, &events);
            let lag = ctx.now().since(oldest).as_secs_f64();
            metrics::gauge!("rustok_projection_lag_seconds", "projection" => self.name()).set(lag);
        }
    }
}
