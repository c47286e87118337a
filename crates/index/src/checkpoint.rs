//! How far each projection is, per tenant. The row is also the lock that keeps a rebuild and the increments of
//! one projection apart on PostgreSQL; SQLite has one writer anyway.

use events::Envelope;
use platform::{Context, Result, TenantDb, Tx};
use primitives::Timestamp;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    pub projection: String,
    pub position: i64,
    pub events: i64,
    pub applied_at: Timestamp,
    pub rebuilt_at: Option<Timestamp>,
}

/// Moves the checkpoint past `events` and keeps its lock until the transaction ends.
pub(crate) async fn advance(tx: &Tx, projection: &str, events: &[Envelope], now: Timestamp) -> Result<()> {
    let position = events.iter().map(|event| event.position).max().unwrap_or(0);
    let occurred_at = events.iter().map(|event| event.occurred_at.millis()).max().unwrap_or(0);
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let sql =
        "INSERT INTO projection_checkpoint (tenant_id, projection, position, events, occurred_at, applied_at)
         VALUES ({tenant}, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant_id, projection) DO UPDATE SET
           position = CASE WHEN excluded.position > projection_checkpoint.position
             THEN excluded.position ELSE projection_checkpoint.position END,
           events = projection_checkpoint.events + excluded.events,
           occurred_at = CASE WHEN excluded.occurred_at > projection_checkpoint.occurred_at
             THEN excluded.occurred_at ELSE projection_checkpoint.occurred_at END,
           applied_at = excluded.applied_at";
    let values =
        vec![projection.into(), position.into(), count.into(), occurred_at.into(), now.millis().into()];
    tx.raw_exec(sql, values).await.context("moving a projection's checkpoint")?;
    Ok(())
}

/// Takes the lock without moving anything.
pub(crate) async fn lock(tx: &Tx, projection: &str) -> Result<()> {
    let sql =
        "INSERT INTO projection_checkpoint (tenant_id, projection, position, events, occurred_at, applied_at)
         VALUES ({tenant}, ?, 0, 0, 0, 0)
         ON CONFLICT (tenant_id, projection) DO UPDATE SET projection = excluded.projection";
    tx.raw_exec(sql, vec![projection.into()]).await.context("locking a projection")?;
    Ok(())
}

/// Notes that the projection has just been computed afresh.
pub(crate) async fn note_rebuilt(tx: &Tx, projection: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE projection_checkpoint SET rebuilt_at = ? WHERE tenant_id = {tenant} AND projection = ?";
    tx.raw_exec(sql, vec![now.millis().into(), projection.into()]).await.context("noting a rebuild")?;
    Ok(())
}

/// All checkpoints of the tenant.
pub(crate) async fn all(rows: &TenantDb) -> Result<Vec<Checkpoint>> {
    let sql = "SELECT projection, position, events, applied_at, rebuilt_at
         FROM projection_checkpoint WHERE tenant_id = {tenant}";
    let rows = rows.raw_all(sql, Vec::new()).await.context("reading checkpoints")?;
    rows.iter()
        .map(|row| {
            Ok(Checkpoint {
                projection: row.try_get_by_index(0)?,
                position: row.try_get_by_index(1)?,
                events: row.try_get_by_index(2)?,
                applied_at: Timestamp::from_millis(row.try_get_by_index(3)?),
                rebuilt_at: row.try_get_by_index::<Option<i64>>(4)?.map(Timestamp::from_millis),
            })
        })
        .collect()
}
