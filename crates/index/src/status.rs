//! How far the projections are.

use std::sync::Arc;

use events::wants;
use platform::{Context, Ctx, Result};
use primitives::{Permission, Timestamp};
use serde::Serialize;

use crate::{Projection, checkpoint};

/// Where one projection of one tenant stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProjectionStatus {
    /// Its name.
    pub projection: String,
    /// Events applied so far.
    pub events: i64,
    /// Events that are stored and not applied yet.
    pub pending: i64,
    /// Age of the oldest of them in milliseconds; 0 when everything is readable.
    pub lag_ms: i64,
    /// When it last applied something.
    pub applied_at: Option<Timestamp>,
    /// When it was last computed afresh.
    pub rebuilt_at: Option<Timestamp>,
}

/// The state of these projections for the tenant of `ctx`, who needs `index:read`.
pub async fn status(ctx: &Ctx, projections: &[Arc<dyn Projection>]) -> Result<Vec<ProjectionStatus>> {
    let reader = ctx.read(Permission::INDEX_READ).await?;
    let checkpoints = checkpoint::all(&reader).await?;
    let sql = "SELECT o.kind, count(*), min(o.occurred_at)
         FROM outbox_waiting q JOIN outbox o ON o.position = q.position
         WHERE q.tenant_id = {tenant} AND o.tenant_id = {tenant} GROUP BY o.kind";
    let rows = reader.raw_all(sql, Vec::new()).await.context("counting pending events")?;
    let mut waiting: Vec<(String, i64, i64)> = Vec::with_capacity(rows.len());
    for row in &rows {
        waiting.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?));
    }
    let now = ctx.now();
    let status_of = |projection: &Arc<dyn Projection>| {
        let checkpoint = checkpoints.iter().find(|row| row.projection == projection.name());
        let mine = waiting.iter().filter(|(kind, ..)| wants(projection.kinds(), kind));
        let (pending, oldest) = mine.fold((0, None::<i64>), |(sum, oldest), (_, count, since)| {
            (sum + count, Some(oldest.map_or(*since, |oldest| oldest.min(*since))))
        });
        let lag = oldest.map_or(0, |oldest| now.since(Timestamp::from_millis(oldest)).as_millis());
        ProjectionStatus {
            projection: projection.name().to_owned(),
            events: checkpoint.map_or(0, |row| row.events),
            pending,
            lag_ms: i64::try_from(lag).unwrap_or(i64::MAX),
            applied_at: checkpoint.map(|row| row.applied_at).filter(|at| at.millis() > 0),
            rebuilt_at: checkpoint.and_then(|row| row.rebuilt_at),
        }
    };
    Ok(projections.iter().map(status_of).collect())
}
