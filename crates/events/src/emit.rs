//! Saying that something has happened, in the transaction of the change.

use std::{collections::HashMap, future::Future, sync::Arc};

use platform::db::{Said, Together};
use platform::{App, Context, Ctx, Error, Result, Tx, failpoint};
use primitives::{CorrelationId, EventId, TenantId};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    Envelope,
    event::{Aggregate, DomainEvent},
    validate,
};

/// Name of the hub's signal that wakes the relay.
const SIGNAL: &str = "outbox";
/// Longest trace id that is kept.
const MAX_TRACE_ID: usize = 64;

/// Emitting events; exists only on [`Tx`], so that state and event commit together or not at all.
///
/// Each call checks the event by the contract's rules first. A refused event is an error like any other: leave
/// the write with it and nothing of the write remains.
pub trait Emit {
    /// Stores one event.
    fn emit<E: DomainEvent>(&self, event: E) -> impl Future<Output = Result<EventId>> + Send;

    /// Stores several events with one statement, in this order.
    fn emit_all<E: DomainEvent>(&self, events: Vec<E>) -> impl Future<Output = Result<Vec<EventId>>> + Send;

    /// As [`Emit::emit_all`], as one of the changes that travel together; gives back the ids that the events will have.
    fn tell<E: DomainEvent>(&self, together: &mut Together<'_>, events: &[E]) -> Result<Vec<EventId>>;

    /// Stores an event that answers another one: it is correlated with it and names it as its cause.
    fn emit_because<E: DomainEvent>(
        &self,
        cause: &Envelope,
        event: E,
    ) -> impl Future<Output = Result<EventId>> + Send;

    /// Stores an event of `tenant` from platform work (`Db::begin_global`), where no tenant is in scope.
    /// The caller wakes the relay with [`nudge`] after the commit.
    fn emit_for<E: DomainEvent>(
        &self,
        tenant: TenantId,
        event: E,
    ) -> impl Future<Output = Result<EventId>> + Send;
}

impl Emit for Tx {
    async fn emit<E: DomainEvent>(&self, event: E) -> Result<EventId> {
        let batch = Batch::of(&[event])?;
        self.store(batch, None).await
    }

    async fn emit_all<E: DomainEvent>(&self, events: Vec<E>) -> Result<Vec<EventId>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let batch = Batch::of(&events)?;
        let ids = batch.ids.clone();
        self.store(batch, None).await?;
        Ok(ids)
    }

    fn tell<E: DomainEvent>(&self, together: &mut Together<'_>, events: &[E]) -> Result<Vec<EventId>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let batch = Batch::of(events)?;
        let ids = batch.ids.clone();
        self.say(together, batch, None)?;
        Ok(ids)
    }

    async fn emit_because<E: DomainEvent>(&self, cause: &Envelope, event: E) -> Result<EventId> {
        let batch = Batch::of(&[event])?;
        self.store(batch, Some(cause)).await
    }

    #[expect(clippy::disallowed_methods, reason = "the event's tenant is a parameter here")]
    async fn emit_for<E: DomainEvent>(&self, tenant: TenantId, event: E) -> Result<EventId> {
        validate::id("tenant_id", tenant)?;
        let batch = Batch::of(&[event])?;
        let id = batch.first()?;
        let origin = Origin::of(self.ctx(), id, None);
        let connection = self.global();
        let backend = connection.get_database_backend();
        let (with, sql) = insert_sql(backend);
        let sql = format!("WITH {} {sql}", with.join(", "));
        let statement = bind_tenant(backend, &sql, tenant, origin.values(batch.rows, now(self)));
        connection.execute_raw(statement).await.context("storing an event")?;
        Ok(id)
    }
}

/// Wakes the relay of this process; it also looks by itself every `events.poll_ms`.
pub fn nudge(app: &App) {
    signal(app).notify_one();
}

pub(crate) fn signal(app: &App) -> Arc<Notify> {
    app.hub().signal(SIGNAL)
}

/// Storing is an extension of [`Tx`] too, private to this file.
trait Store {
    async fn store(&self, batch: Batch, cause: Option<&Envelope>) -> Result<EventId>;
    fn say(&self, together: &mut Together<'_>, batch: Batch, cause: Option<&Envelope>) -> Result<Said>;
}

impl Store for Tx {
    async fn store(&self, batch: Batch, cause: Option<&Envelope>) -> Result<EventId> {
        let id = batch.first()?;
        let mut alone = self.together();
        self.say(&mut alone, batch, cause)?;
        alone.send().await.context("storing events")?;
        failpoint!("outbox.written");
        Ok(id)
    }

    fn say(&self, together: &mut Together<'_>, batch: Batch, cause: Option<&Envelope>) -> Result<Said> {
        let ctx = self.ctx().ok_or_else(|| Error::internal("an event needs a tenant: use emit_for"))?;
        let origin = Origin::of(Some(ctx), batch.first()?, cause);
        if let Some(about) = batch.about {
            self.told(about.kind, about.id);
        }
        let values = origin.values(batch.rows, now(self));
        let signal = signal(ctx.app());
        self.after_commit(move || signal.notify_one());
        let (with, sql) = insert_sql(self.backend());
        Ok(together.chained(with, sql, values))
    }
}

fn now(tx: &Tx) -> i64 {
    match tx.ctx() {
        Some(ctx) => ctx.now().millis(),
        None => platform::Clock::now(&platform::SystemClock).millis(),
    }
}

/// Checked events on their way into one statement.
struct Batch {
    ids: Vec<EventId>,
    /// What the audit log is told of.
    about: Option<Aggregate>,
    /// JSON array of what differs from event to event.
    rows: String,
}

impl Batch {
    fn of<E: DomainEvent>(events: &[E]) -> Result<Self> {
        let mut ids = Vec::with_capacity(events.len());
        let mut rows = Vec::with_capacity(events.len());
        let about: Vec<Aggregate> = events.iter().map(DomainEvent::aggregate).collect();
        let mut all: HashMap<(&str, Uuid), usize> = HashMap::with_capacity(events.len());
        for aggregate in &about {
            *all.entry((aggregate.kind, aggregate.id)).or_default() += 1;
        }
        let mut told = HashMap::with_capacity(all.len());
        for (event, aggregate) in events.iter().zip(&about) {
            let payload = validate::payload_of(event)?;
            let id = EventId::new();
            let key = (aggregate.kind, aggregate.id);
            let nth = told.entry(key).or_insert(0_usize);
            *nth += 1;
            rows.push(serde_json::json!({
                "i": id.uuid().simple().to_string(),
                "k": event.kind(),
                "s": event.schema_version().max(1),
                "t": aggregate.kind,
                "a": aggregate.id.simple().to_string(),
                "p": payload,
                "n": *nth,
                "m": all.get(&key),
            }));
            ids.push(id);
        }
        let about = events.iter().find(|event| event.is_audited()).map(DomainEvent::aggregate);
        Ok(Self { ids, about, rows: serde_json::Value::Array(rows).to_string() })
    }

    fn first(&self) -> Result<EventId> {
        self.ids.first().copied().ok_or_else(|| Error::internal("a batch of events is never empty"))
    }
}

/// Where events come from: the same for all events of one call.
struct Origin {
    correlation: CorrelationId,
    causation: Option<Uuid>,
    trace: Option<String>,
    actor: Option<Uuid>,
}

impl Origin {
    fn of(ctx: Option<&Ctx>, first: EventId, cause: Option<&Envelope>) -> Self {
        let request =
            ctx.filter(|ctx| !matches!(ctx.actor(), platform::Actor::System(_))).map(Ctx::request_id);
        Self {
            correlation: match (cause, request) {
                (Some(cause), _) => cause.correlation_id,
                (None, Some(request)) => correlation_of(request),
                (None, None) => CorrelationId::from_uuid(first.uuid()),
            },
            causation: cause.map(|cause| cause.id.uuid()),
            trace: match cause {
                Some(cause) => cause.trace_id.clone(),
                None => request.map(|request| request.chars().take(MAX_TRACE_ID).collect()),
            },
            actor: ctx.and_then(Ctx::user_id).map(Into::into),
        }
    }

    /// In the order of the placeholders of [`insert_sql`].
    fn values(self, rows: String, now: i64) -> Vec<Value> {
        vec![
            rows.into(),
            self.correlation.uuid().into(),
            self.causation.into(),
            self.trace.into(),
            self.actor.into(),
            now.into(),
        ]
    }
}

/// A request id is a UUID of ours, or a text that a proxy gave; the same text always gives the same id.
fn correlation_of(request: &str) -> CorrelationId {
    let id = Uuid::parse_str(request).unwrap_or_else(|_| {
        let digest = Sha256::digest(request.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    });
    CorrelationId::from_uuid(id)
}

/// Stores the rows of a JSON array and numbers them per aggregate: `n` is the place of an event among the `m` of this call that
/// are about the same thing. One statement, in its named parts and its end.
///
/// PostgreSQL locks the aggregate's row in `outbox_head` before it takes the number and the position, so both
/// follow the order of commits. SQLite has one writer at a time and looks the highest number up.
fn insert_sql(backend: DbBackend) -> (&'static [&'static str], &'static str) {
    match backend {
        DbBackend::Postgres => (
            &[
                "e AS (
                   SELECT ord, (v->>'i')::uuid AS id, v->>'k' AS kind, (v->>'s')::integer AS schema_version,
                          v->>'t' AS aggregate_type, (v->>'a')::uuid AS aggregate_id, v->>'p' AS payload,
                          (v->>'n')::bigint AS nth, (v->>'m')::bigint AS many
                   FROM jsonb_array_elements(?::jsonb) WITH ORDINALITY AS x (v, ord)
                 )",
                "heads AS (
                   INSERT INTO outbox_head AS h (tenant_id, aggregate_id, aggregate_type, version)
                   SELECT {tenant}, aggregate_id, aggregate_type, many FROM e WHERE nth = 1
                   ORDER BY aggregate_id, aggregate_type
                   ON CONFLICT (tenant_id, aggregate_id, aggregate_type)
                   DO UPDATE SET version = h.version + excluded.version
                   RETURNING h.aggregate_id, h.aggregate_type, h.version
                 )",
                "stored AS (
                   INSERT INTO outbox (tenant_id, id, kind, schema_version, aggregate_type, aggregate_id,
                     aggregate_version, correlation_id, causation_id, trace_id, actor_id, occurred_at, payload)
                   SELECT {tenant}, e.id, e.kind, e.schema_version, e.aggregate_type, e.aggregate_id,
                     heads.version - e.many + e.nth, ?, ?, ?, ?, ?, e.payload
                   FROM e JOIN heads USING (aggregate_id, aggregate_type)
                   ORDER BY e.ord
                   RETURNING position, tenant_id
                 )",
            ],
            "INSERT INTO outbox_waiting (position, tenant_id) SELECT position, tenant_id FROM stored",
        ),
        _ => (
            &["e AS (
                 SELECT key AS ord, unhex(value->>'i') AS id, value->>'k' AS kind, value->>'s' AS schema_version,
                        value->>'t' AS aggregate_type, unhex(value->>'a') AS aggregate_id, value->>'p' AS payload,
                        value->>'n' AS nth
                 FROM json_each(?)
               )"],
            "INSERT INTO outbox (tenant_id, id, kind, schema_version, aggregate_type, aggregate_id,
               aggregate_version, correlation_id, causation_id, trace_id, actor_id, occurred_at, payload)
             SELECT {tenant}, e.id, e.kind, e.schema_version, e.aggregate_type, e.aggregate_id,
               coalesce((SELECT max(o.aggregate_version) FROM outbox o WHERE o.tenant_id = {tenant}
                   AND o.aggregate_id = e.aggregate_id AND o.aggregate_type = e.aggregate_type), 0) + e.nth,
               ?, ?, ?, ?, ?, e.payload
             FROM e ORDER BY e.ord",
        ),
    }
}

/// What `TenantDb` does for its own statements: `{tenant}` and `?` become bound values.
pub(crate) fn bind_tenant(backend: DbBackend, sql: &str, tenant: TenantId, values: Vec<Value>) -> Statement {
    let mut text = String::with_capacity(sql.len());
    let mut bound = Vec::with_capacity(values.len() + 2);
    let mut given = values.into_iter();
    for (index, part) in sql.split("{tenant}").enumerate() {
        if index > 0 {
            bound.push(Value::from(tenant.uuid()));
            push_placeholder(&mut text, backend, bound.len());
        }
        for (index, piece) in part.split('?').enumerate() {
            if index > 0 {
                bound.extend(given.next());
                push_placeholder(&mut text, backend, bound.len());
            }
            text.push_str(piece);
        }
    }
    Statement::from_sql_and_values(backend, text, bound)
}

fn push_placeholder(text: &mut String, backend: DbBackend, nth: usize) {
    match backend {
        DbBackend::Postgres => text.push_str(&format!("${nth}")),
        _ => text.push('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_its_correlation_whatever_its_id_looks_like() {
        let id = Uuid::now_v7();
        assert_eq!(correlation_of(&id.to_string()).uuid(), id);
        assert_eq!(correlation_of("proxy-7"), correlation_of("proxy-7"));
        assert_ne!(correlation_of("proxy-7"), correlation_of("proxy-8"));
        assert_eq!(correlation_of("proxy-7").uuid().get_version_num(), 8);
    }

    #[test]
    fn placeholders_are_numbered_in_the_order_they_stand() {
        let tenant = TenantId::from_uuid(Uuid::from_u128(7));
        let sql = "a = ? AND t = {tenant} AND b = ?";
        let statement = bind_tenant(DbBackend::Postgres, sql, tenant, vec![1.into(), 2.into()]);
        assert_eq!(statement.sql, "a = $1 AND t = $2 AND b = $3");
        let values = statement.values.expect("values").0;
        assert_eq!(values, vec![Value::from(1), Value::from(tenant.uuid()), Value::from(2)]);
    }
}
