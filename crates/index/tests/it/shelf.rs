//! A tiny module: things with a weight, kept in `inbox` rows under a name of their own, and two read models.
//!
//! The tables at hand are used because this crate has none: the source of a thing is the row
//! `(source, id, weight)` of `inbox`, its document the row `(document, id, weight)`, and the sum of all weights
//! stands in `projection_checkpoint` under `total`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use events::{Aggregate, DomainEvent, Emit, Envelope, EventError, Relay};
use index::{Projection, Rebuild, Slice};
use platform::{Access, App, Ctx, Error, Result, TenantInfo, Tx};
use primitives::TenantId;
use testkit::TestApp;
use uuid::Uuid;

/// A thing has another weight now.
#[derive(Clone, serde::Serialize)]
pub struct Weighed {
    #[serde(skip)]
    pub thing: Uuid,
    /// How much heavier it is than before.
    pub more: i64,
}

impl DomainEvent for Weighed {
    fn kind(&self) -> &'static str {
        "thing.weighed"
    }

    fn aggregate(&self) -> Aggregate {
        Aggregate::new("thing", self.thing)
    }

    fn validate(&self) -> Result<(), EventError> {
        Ok(())
    }
}

/// Gives a thing a weight; 0 takes it away.
pub async fn weigh(ctx: &Ctx, thing: Uuid, weight: i64) {
    ctx.write(Access::Public, async |tx: &Tx| -> Result<()> {
        let before = weight_of(tx, "source", thing).await?;
        put(tx, "source", thing, weight).await?;
        tx.emit(Weighed { thing, more: weight - before }).await?;
        Ok(())
    })
    .await
    .expect("weighed");
}

/// Documents from the source.
#[derive(Default)]
pub struct Documents {
    pub rebuilds_heard: AtomicUsize,
}

#[async_trait]
impl Projection for Documents {
    fn name(&self) -> &'static str {
        "documents"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["thing.*"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        for event in events {
            let weight = weight_of(tx, "source", event.aggregate_id).await?;
            put(tx, "document", event.aggregate_id, weight).await?;
        }
        Ok(())
    }

    async fn rebuild(&self, rebuild: &Rebuild<'_>) -> Result<u64> {
        rebuild
            .slices(async |tx: &Tx, after: Option<Uuid>| {
                const SLICE: i64 = 3;
                let after = after.unwrap_or(Uuid::nil());
                let sql = "SELECT event_id, applied_at FROM inbox WHERE tenant_id = {tenant}
                     AND consumer = 'source' AND event_id > ? ORDER BY event_id LIMIT ?";
                let rows = tx.raw_all(sql, vec![after.into(), SLICE.into()]).await?;
                let mut found: Vec<(Uuid, i64)> = Vec::new();
                for row in &rows {
                    found.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
                }
                let last = found.last().map(|(id, _)| *id).filter(|_| found.len() as i64 == SLICE);
                let sql = "SELECT event_id FROM inbox WHERE tenant_id = {tenant} AND consumer = 'document'
                     AND event_id > ? AND event_id <= ?";
                let up_to = last.unwrap_or(Uuid::max());
                for row in tx.raw_all(sql, vec![after.into(), up_to.into()]).await? {
                    let id: Uuid = row.try_get_by_index(0)?;
                    if !found.iter().any(|(source, _)| *source == id) {
                        put(tx, "document", id, 0).await?;
                    }
                }
                for (id, weight) in &found {
                    put(tx, "document", *id, *weight).await?;
                }
                Ok(Slice { documents: found.len() as u64, last })
            })
            .await
    }

    fn after_rebuild(&self, _: &Ctx) {
        self.rebuilds_heard.fetch_add(1, Ordering::SeqCst);
    }
}

/// A figure from the events.
pub struct Total;

#[async_trait]
impl Projection for Total {
    fn name(&self) -> &'static str {
        "total"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["thing.weighed"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        let more: i64 = events.iter().map(|event| event.payload["more"].as_i64().unwrap_or(0)).sum();
        let sql = "INSERT INTO projection_checkpoint (tenant_id, projection, position, events, occurred_at, applied_at)
             VALUES ({tenant}, 'total-figure', ?, 1, 0, 0)
             ON CONFLICT (tenant_id, projection) DO UPDATE
             SET position = projection_checkpoint.position + excluded.position";
        tx.raw_exec(sql, vec![more.into()]).await?;
        Ok(())
    }

    async fn rebuild(&self, rebuild: &Rebuild<'_>) -> Result<u64> {
        rebuild
            .replay(async |tx: &Tx| {
                let sql = "DELETE FROM projection_checkpoint WHERE tenant_id = {tenant} AND projection = 'total-figure'";
                tx.raw_exec(sql, Vec::new()).await?;
                Ok(())
            })
            .await
    }
}

/// Weights of all documents, and of all sources, by id.
pub async fn rows(ctx: &Ctx, kind: &'static str) -> Vec<(Uuid, i64)> {
    let reader = ctx.read(Access::System).await.expect("reader");
    let sql = "SELECT event_id, applied_at FROM inbox WHERE tenant_id = {tenant} AND consumer = ? ORDER BY event_id";
    let rows = reader.raw_all(sql, vec![kind.into()]).await.expect("rows");
    rows.iter()
        .map(|row| (row.try_get_by_index(0).expect("id"), row.try_get_by_index(1).expect("weight")))
        .collect()
}

/// The figure.
pub async fn total(ctx: &Ctx) -> i64 {
    let reader = ctx.read(Access::System).await.expect("reader");
    let sql = "SELECT position FROM projection_checkpoint WHERE tenant_id = {tenant} AND projection = 'total-figure'";
    let rows = reader.raw_all(sql, Vec::new()).await.expect("rows");
    rows.first().map_or(0, |row| row.try_get_by_index(0).expect("figure"))
}

/// A relay that feeds both projections.
pub fn relay(app: &TestApp, documents: &Arc<Documents>) -> Relay {
    let projections: Vec<Arc<dyn Projection>> = vec![Arc::clone(documents) as _, Arc::new(Total)];
    let tenant: Arc<TenantInfo> = app.tenant().clone();
    let tenants = move |_: App, id: TenantId| {
        let found = Some(tenant.clone()).filter(|tenant| tenant.id == id);
        std::future::ready(found.ok_or_else(|| Error::not_found("tenant")))
    };
    Relay::new(app.app().clone(), tenants, index::consumers(projections))
}

/// Writes a weight behind the module's back.
pub async fn put(tx: &Tx, kind: &str, id: Uuid, weight: i64) -> Result<()> {
    if weight == 0 {
        let sql = "DELETE FROM inbox WHERE tenant_id = {tenant} AND consumer = ? AND event_id = ?";
        tx.raw_exec(sql, vec![kind.into(), id.into()]).await?;
        return Ok(());
    }
    let sql = "INSERT INTO inbox (tenant_id, consumer, event_id, applied_at) VALUES ({tenant}, ?, ?, ?)
         ON CONFLICT (tenant_id, consumer, event_id) DO UPDATE SET applied_at = excluded.applied_at";
    tx.raw_exec(sql, vec![kind.into(), id.into(), weight.into()]).await?;
    Ok(())
}

async fn weight_of(tx: &Tx, kind: &str, id: Uuid) -> Result<i64> {
    let sql = "SELECT applied_at FROM inbox WHERE tenant_id = {tenant} AND consumer = ? AND event_id = ?";
    let rows = tx.raw_all(sql, vec![kind.into(), id.into()]).await?;
    Ok(rows.first().map_or(Ok(0), |row| row.try_get_by_index(0))?)
}
