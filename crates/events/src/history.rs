//! What was told in a tenant, for rebuilds and replays.

use platform::{Context, Result, TenantDb};

use crate::{Envelope, store};

/// Events of this tenant after `position`, oldest first, at most `limit`; for rebuilds that replay.
pub async fn history_after(rows: &TenantDb, position: i64, limit: u64) -> Result<Vec<Envelope>> {
    let sql = format!(
        "SELECT {} FROM outbox o WHERE o.tenant_id = {{tenant}} AND o.position > ? ORDER BY o.position LIMIT ?",
        Envelope::COLUMNS
    );
    let rows =
        rows.raw_all(&sql, vec![position.into(), store::limit(limit)]).await.context("reading events")?;
    rows.iter().map(Envelope::from_row).collect()
}

/// Events of this tenant after `position` that `consumer` has had, or that went past before it existed; oldest
/// first, at most `limit`. What is still on its way is not among them.
pub async fn history_applied(
    rows: &TenantDb,
    consumer: &str,
    position: i64,
    limit: u64,
) -> Result<Vec<Envelope>> {
    let sql = format!(
        "SELECT {} FROM outbox o WHERE o.tenant_id = {{tenant}} AND o.position > ?
           AND (NOT EXISTS (SELECT 1 FROM outbox_waiting q WHERE q.position = o.position) OR EXISTS (SELECT 1 FROM inbox i
             WHERE i.tenant_id = {{tenant}} AND i.consumer = ? AND i.event_id = o.id))
         ORDER BY o.position LIMIT ?",
        Envelope::COLUMNS
    );
    let values = vec![position.into(), consumer.into(), store::limit(limit)];
    let rows = rows.raw_all(&sql, values).await.context("reading applied events")?;
    rows.iter().map(Envelope::from_row).collect()
}
