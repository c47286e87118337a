//! What has happened to something, for timelines.

use platform::{Context, Result, TenantDb};
use sea_orm::Value;
use uuid::Uuid;

use crate::{Envelope, store};

/// Most events of one answer.
const MAX_EVENTS: u64 = 1_000;

/// Everything that happened to these aggregates, oldest first, at most 1,000 events: an order with its
/// payments and fulfilments makes one timeline.
///
/// The caller has passed a door that allows reading the aggregates themselves.
pub async fn history(rows: &TenantDb, aggregates: &[Uuid]) -> Result<Vec<Envelope>> {
    if aggregates.is_empty() {
        return Ok(Vec::new());
    }
    // Few aggregates, each named by itself, and sorted by something that no index has: both databases then look them up
    // by their key, where a list that they cannot see into, or an index in the right order, has them read every event.
    let wanted = platform::db::holes(aggregates.len());
    let sql = format!(
        "SELECT {} FROM outbox o WHERE o.tenant_id = {{tenant}} AND o.aggregate_id IN ({wanted}) \
         ORDER BY o.position + 0 LIMIT ?",
        Envelope::COLUMNS
    );
    let mut values: Vec<Value> = aggregates.iter().map(|id| (*id).into()).collect();
    values.push(store::limit(MAX_EVENTS));
    let rows = rows.raw_all(&sql, values).await.context("reading the history of aggregates")?;
    rows.iter().map(Envelope::from_row).collect()
}

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
