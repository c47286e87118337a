//! The event desk: what operators see of the outbox and what they can do, from the command line and the admin.
#![expect(clippy::disallowed_methods, reason = "the event desk serves operators of the platform")]

use std::sync::Arc;

use platform::{Access, App, Context, Ctx, Result, Tx};
use primitives::{EventId, TenantId, Timestamp};
use sea_orm::Value;
use serde::Serialize;

use crate::{
    Consumer, Envelope, Pressure,
    backpressure::Backpressure,
    emit,
    history::history_after,
    relay::LEASE,
    store::{self, Claims},
};

/// The state of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Events not yet with every consumer, dead letters included.
    pub pending: i64,
    /// Age of the oldest of them, in milliseconds.
    pub oldest_age_ms: i64,
    /// Events that failed and will be tried again.
    pub retrying: i64,
    /// Dead letters.
    pub dead: i64,
    /// Whether a relay holds the lease.
    pub relay: bool,
    /// The queue of this process.
    pub pressure: Pressure,
}

/// An event that no relay tries any more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeadLetter {
    /// The event.
    pub event: Envelope,
    /// Who refused it.
    pub consumer: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Since when it is dead.
    pub dead_at: Timestamp,
    /// What the consumer said.
    pub error: String,
}

/// How much waits, and whether anybody works at it.
pub async fn status(app: &App) -> Result<Status> {
    let backlog = store::backlog(app).await?;
    let now = app.clock().now();
    let sql = "SELECT count(*) FROM relay_lease WHERE name = ? AND expires_at > ?";
    let rows = store::query(store::connection(app), sql, vec![LEASE.into(), now.millis().into()]).await?;
    let leases: i64 = match rows.first() {
        Some(row) => row.try_get_by_index(0)?,
        None => 0,
    };
    let oldest = backlog.oldest.map_or(0, |oldest| now.since(oldest).as_millis());
    Ok(Status {
        pending: backlog.pending,
        oldest_age_ms: i64::try_from(oldest).unwrap_or(i64::MAX),
        retrying: backlog.retrying,
        dead: backlog.dead,
        relay: leases > 0,
        pressure: Backpressure::of(app).pressure(),
    })
}

/// Dead letters, of one tenant or of all, oldest first, at most `most`.
pub async fn dead(app: &App, tenant: Option<TenantId>, most: u64) -> Result<Vec<DeadLetter>> {
    let only = if tenant.is_some() { "AND f.tenant_id = ?" } else { "" };
    let sql = format!(
        "SELECT {}, f.consumer, f.attempts, f.dead_at, f.error FROM outbox_failure f
         JOIN outbox o ON o.tenant_id = f.tenant_id AND o.id = f.event_id
         WHERE f.dead_at IS NOT NULL {only} ORDER BY o.position LIMIT ?",
        Envelope::COLUMNS
    );
    let mut values: Vec<Value> = tenant.map(|tenant| tenant.uuid().into()).into_iter().collect();
    values.push(store::limit(most));
    let rows = store::query(store::connection(app), &sql, values).await.context("reading dead letters")?;
    rows.iter()
        .map(|row| {
            Ok(DeadLetter {
                event: Envelope::from_row(row)?,
                consumer: row.try_get_by_index(14)?,
                attempts: row.try_get_by_index(15)?,
                dead_at: Timestamp::from_millis(row.try_get_by_index(16)?),
                error: row.try_get_by_index(17)?,
            })
        })
        .collect()
}

/// Has dead letters tried again, with all their attempts: one, those of one tenant, or all. Gives back how many.
/// Their aggregates go on as soon as they are through.
pub async fn revive(app: &App, tenant: Option<TenantId>, event: Option<EventId>) -> Result<u64> {
    let mut sql = "DELETE FROM outbox_failure WHERE dead_at IS NOT NULL".to_owned();
    let mut values: Vec<Value> = Vec::new();
    if let Some(tenant) = tenant {
        sql.push_str(" AND tenant_id = ?");
        values.push(tenant.uuid().into());
    }
    if let Some(event) = event {
        sql.push_str(" AND event_id = ?");
        values.push(event.uuid().into());
    }
    let tx = app.db().begin_global().await?;
    let revived = store::execute(tx.global(), &sql, values).await.context("reviving dead letters")?;
    tx.commit().await?;
    emit::nudge(app);
    Ok(revived)
}

/// Applies this tenant's dispatched events since `since` to one consumer once more, oldest first; gives back
/// how many. For consumers whose effect was lost; projections are rebuilt with `index::rebuild`.
pub async fn replay(ctx: &Ctx, consumer: &Arc<dyn Consumer>, since: Timestamp) -> Result<u64> {
    ctx.require(Access::System)?;
    let mut position = 0;
    let mut sum = 0;
    loop {
        let batch = {
            let reader = ctx.read(Access::System).await?;
            history_after(&reader, position, 500).await?
        };
        let Some(last) = batch.last() else { return Ok(sum) };
        position = last.position;
        let wanted: Vec<Envelope> = batch
            .into_iter()
            .filter(|event| event.occurred_at >= since && consumer.wants(&event.kind))
            .collect();
        sum += again(ctx, &**consumer, &wanted).await?;
    }
}

/// Applies those of `events` that are dispatched, whatever the inbox says.
async fn again(ctx: &Ctx, consumer: &dyn Consumer, events: &[Envelope]) -> Result<u64> {
    if events.is_empty() {
        return Ok(0);
    }
    let applied = ctx
        .write(Access::System, async |tx: &Tx| -> Result<Vec<Envelope>> {
            let waiting = store::still_waiting(tx, events).await?;
            let done: Vec<Envelope> =
                events.iter().filter(|event| !waiting.contains(&event.position)).cloned().collect();
            let mut claims = Claims::default();
            done.iter().for_each(|event| claims.add(consumer.name(), event));
            claims.erase(tx).await?;
            claims.write(tx, ctx.now()).await?;
            consumer.apply(tx, &done).await?;
            Ok(done)
        })
        .await?;
    consumer.after_commit(ctx, &applied);
    Ok(applied.len() as u64)
}
