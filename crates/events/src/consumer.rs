//! Who listens.

use async_trait::async_trait;
use platform::{Ctx, Result, Tx};

use crate::Envelope;

/// Part of a module that does something because something has happened.
///
/// `apply` runs inside a write of the tenant, as the system, in the transaction that also records
/// `(consumer, event)` in the inbox: whatever it writes happens exactly once. It touches nothing but the
/// database; effects outside (mail, gateway) start from a job row that it writes.
#[async_trait]
pub trait Consumer: Send + Sync + 'static {
    /// Stable name, 1 to 64 characters: the inbox remembers it.
    fn name(&self) -> &'static str;

    /// The events it wants: names (`order.placed`), families (`order.*`) or everything (`*`).
    fn kinds(&self) -> &'static [&'static str];

    /// Whether it wants events called `kind`; follows from [`Consumer::kinds`].
    fn wants(&self, kind: &str) -> bool {
        wants(self.kinds(), kind)
    }

    /// Applies events of one tenant, oldest first, at most 500 at once. The events of one aggregate arrive in
    /// the order of their commits and none is left out.
    ///
    /// An error rolls the batch back. The relay then looks for the events that fail on their own, tries those
    /// again later and goes on with the others.
    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()>;

    /// Runs after the commit, for what lives in memory (caches). May be lost in a crash. To act only on real
    /// changes, use `tx.after_commit` inside `apply`.
    fn after_commit(&self, _ctx: &Ctx, _events: &[Envelope]) {}
}

/// Whether a consumer of `kinds` wants events called `kind`.
pub fn wants(kinds: &[&str], kind: &str) -> bool {
    kinds.iter().any(|wanted| match wanted.strip_suffix('*') {
        Some(family) => kind.starts_with(family),
        None => *wanted == kind,
    })
}

#[cfg(test)]
mod tests {
    use super::wants;

    #[test]
    fn kinds_match_by_name_family_or_everything() {
        assert!(wants(&["order.placed"], "order.placed"));
        assert!(!wants(&["order.placed"], "order.placed_late"));
        assert!(wants(&["order.*"], "order.placed"));
        assert!(!wants(&["order.*"], "orders.placed"));
        assert!(wants(&["*"], "order.placed"));
        assert!(!wants(&[], "order.placed"));
    }
}
