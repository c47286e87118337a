//! The statements on outbox, inbox and failures, for both databases.
#![expect(
    clippy::disallowed_methods,
    reason = "the outbox is read and its failures are noted for all tenants at once"
)]

use platform::{App, Context, Result, Tx};
use primitives::{TenantId, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement, Value};
use serde::Serialize;

use crate::{Envelope, emit::bind_tenant};

/// An event that waits, with the number of times it has failed.
pub(crate) struct Waiting {
    pub envelope: Envelope,
    pub attempts: i32,
}

/// A value that statements unfold with `json_each` or `jsonb_array_elements`, so that their text stays the
/// same for any number of items and they are prepared once.
pub(crate) fn json(value: &impl Serialize) -> Value {
    serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned()).into()
}

pub(crate) fn limit(rows: u64) -> Value {
    i64::try_from(rows).unwrap_or(i64::MAX).into()
}

/// The connection for reading platform-wide tables: never a replica, whose view of the outbox is late.
pub(crate) fn connection(app: &App) -> &DatabaseConnection {
    match app.db().backend() {
        DbBackend::Postgres => app.db().global(),
        _ => app.db().global_read(),
    }
}

/// Rows of a statement over platform-wide tables; `?` and `{tenant}` as in `TenantDb::raw_all`.
pub(crate) async fn query(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>> {
    Ok(connection.query_all_raw(statement(connection, sql, values)).await?)
}

/// Runs a statement over platform-wide tables; gives back the rows affected.
pub(crate) async fn execute(connection: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64> {
    Ok(connection.execute_raw(statement(connection, sql, values)).await?.rows_affected())
}

fn statement(connection: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    bind_tenant(connection.get_database_backend(), sql, TenantId::from_uuid(uuid::Uuid::nil()), values)
}

/// Condition on `o`: nothing earlier of its aggregate is dead or waiting to be tried again.
const DELIVERABLE: &str = "NOT EXISTS (SELECT 1 FROM outbox_failure f WHERE f.tenant_id = o.tenant_id
     AND f.aggregate_id = o.aggregate_id AND f.aggregate_type = o.aggregate_type
     AND f.position <= o.position AND (f.dead_at IS NOT NULL OR f.next_at > ?))";

/// What waits, with its events, looked up one by one: PostgreSQL's planner would at times rather merge the short queue
/// with the whole outbox, which is read from its first event on then.
fn queue(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "outbox_waiting q CROSS JOIN LATERAL (
               SELECT * FROM outbox p WHERE p.position = q.position OFFSET 0) o"
        }
        _ => "outbox_waiting q CROSS JOIN outbox o ON o.position = q.position",
    }
}

/// The oldest events that may be delivered now, of all tenants, in the order of their positions.
pub(crate) async fn waiting(app: &App, now: Timestamp, most: u64) -> Result<Vec<Waiting>> {
    let sql = format!(
        "SELECT {}, (SELECT w.attempts FROM outbox_failure w
             WHERE w.tenant_id = o.tenant_id AND w.event_id = o.id) AS attempts
         FROM {} WHERE {DELIVERABLE} ORDER BY q.position LIMIT ?",
        Envelope::COLUMNS,
        queue(app.db().backend())
    );
    let rows = query(connection(app), &sql, vec![now.millis().into(), limit(most)]).await;
    let rows = rows.context("reading the outbox")?;
    rows.iter()
        .map(|row| {
            let attempts = row.try_get_by_index::<Option<i32>>(14)?.unwrap_or(0);
            Ok(Waiting { envelope: Envelope::from_row(row)?, attempts })
        })
        .collect()
}

/// Who may take events out of the queue: the holder of this fence.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    pub name: &'static str,
    pub owner: String,
    pub number: i64,
}

/// Takes events out of the queue if the fence still holds; gives back how many were still waiting.
pub(crate) async fn dequeue(tx: &Tx, events: &[Envelope], fence: &Fence) -> Result<u64> {
    let among = match tx.backend() {
        DbBackend::Postgres => "(SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb) AS x (value))",
        _ => "(SELECT value FROM json_each(?))",
    };
    let sql = format!(
        "DELETE FROM outbox_waiting WHERE tenant_id = {{tenant}} AND position IN {among}
           AND EXISTS (SELECT 1 FROM relay_lease l WHERE l.name = ? AND l.owner = ? AND l.fence = ?)"
    );
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    let values = vec![json(&positions), fence.name.into(), fence.owner.as_str().into(), fence.number.into()];
    tx.raw_exec(&sql, values).await.context("taking events out of the queue")
}

/// Rows for the inbox: which consumer applies which event.
#[derive(Default)]
pub(crate) struct Claims(Vec<(&'static str, String)>);

impl Claims {
    pub(crate) fn add(&mut self, consumer: &'static str, event: &Envelope) {
        self.add_id(consumer, event.id.uuid());
    }

    pub(crate) fn add_id(&mut self, consumer: &'static str, event: uuid::Uuid) {
        self.0.push((consumer, event.simple().to_string()));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Writes the rows; gives back how many were new.
    pub(crate) async fn write(&self, tx: &Tx, now: Timestamp) -> Result<u64> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let sql = match tx.backend() {
            DbBackend::Postgres => {
                "INSERT INTO inbox (tenant_id, consumer, event_id, applied_at)
                 SELECT {tenant}, v->>0, (v->>1)::uuid, ? FROM jsonb_array_elements(?::jsonb) AS x (v)
                 ON CONFLICT DO NOTHING"
            }
            _ => {
                "INSERT INTO inbox (tenant_id, consumer, event_id, applied_at)
                 SELECT {tenant}, value->>0, unhex(value->>1), ? FROM json_each(?) WHERE true
                 ON CONFLICT DO NOTHING"
            }
        };
        tx.raw_exec(sql, vec![now.millis().into(), json(&self.0)]).await.context("writing the inbox")
    }

    /// Removes the rows.
    pub(crate) async fn erase(&self, tx: &Tx) -> Result<u64> {
        let sql = match tx.backend() {
            DbBackend::Postgres => {
                "DELETE FROM inbox WHERE tenant_id = {tenant} AND (consumer, event_id) IN
                 (SELECT v->>0, (v->>1)::uuid FROM jsonb_array_elements(?::jsonb) AS x (v))"
            }
            _ => {
                "DELETE FROM inbox WHERE tenant_id = {tenant} AND (consumer, event_id) IN
                 (SELECT value->>0, unhex(value->>1) FROM json_each(?))"
            }
        };
        tx.raw_exec(sql, vec![json(&self.0)]).await.context("clearing the inbox")
    }
}

/// Forgets inbox rows from before `cutoff` whose event is dispatched and so will not come again; at most 5,000.
pub(crate) async fn prune_inbox(tx: &Tx, cutoff: Timestamp) -> Result<u64> {
    let sql = format!(
        "DELETE FROM inbox WHERE tenant_id = {{tenant}} AND (consumer, event_id) IN (
         SELECT i.consumer, i.event_id FROM inbox i WHERE i.tenant_id = {{tenant}} AND i.applied_at < ?
           AND i.event_id NOT IN (SELECT o.id FROM {} WHERE q.tenant_id = {{tenant}})
         ORDER BY i.applied_at LIMIT 5000)",
        queue(tx.backend())
    );
    tx.raw_exec(&sql, vec![cutoff.millis().into()]).await.context("clearing old inbox rows")
}

/// Notes that an event failed; gives back the number of attempts so far.
pub(crate) async fn record_failure(app: &App, event: &Envelope, failure: &Failure<'_>) -> Result<()> {
    let tx = app.db().begin_global().await?;
    let sql =
        "INSERT INTO outbox_failure (tenant_id, event_id, aggregate_type, aggregate_id, position, consumer,
           attempts, next_at, dead_at, error)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant_id, event_id) DO UPDATE SET consumer = excluded.consumer,
           attempts = excluded.attempts, next_at = excluded.next_at, dead_at = excluded.dead_at,
           error = excluded.error";
    let values = vec![
        event.tenant_id.uuid().into(),
        event.id.uuid().into(),
        event.aggregate_type.as_str().into(),
        event.aggregate_id.into(),
        event.position.into(),
        failure.consumer.into(),
        failure.attempts.into(),
        failure.next_at.millis().into(),
        failure.dead_at.map(Timestamp::millis).into(),
        failure.error.chars().take(2_000).collect::<String>().into(),
    ];
    execute(tx.global(), sql, values).await.context("noting a failed event")?;
    tx.commit().await
}

/// How an event failed.
pub(crate) struct Failure<'a> {
    pub consumer: &'a str,
    pub attempts: i32,
    pub next_at: Timestamp,
    pub dead_at: Option<Timestamp>,
    pub error: &'a str,
}

/// Forgets that an event ever failed.
pub(crate) async fn clear_failure(tx: &Tx, event: &Envelope) -> Result<u64> {
    let sql = "DELETE FROM outbox_failure WHERE tenant_id = {tenant} AND event_id = ?";
    tx.raw_exec(sql, vec![event.id.uuid().into()]).await.context("clearing a failure")
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// Events not yet dispatched, dead ones included.
    pub pending: i64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
    /// Events waiting to be tried again.
    pub retrying: i64,
    /// Dead letters.
    pub dead: i64,
}

pub(crate) async fn backlog(app: &App) -> Result<Backlog> {
    let sql = "SELECT (SELECT count(*) FROM outbox_waiting),
         (SELECT occurred_at FROM outbox WHERE position = (SELECT min(position) FROM outbox_waiting)),
         (SELECT count(*) FROM outbox_failure WHERE dead_at IS NULL),
         (SELECT count(*) FROM outbox_failure WHERE dead_at IS NOT NULL)";
    let rows = query(connection(app), sql, Vec::new()).await.context("counting the outbox")?;
    let Some(row) = rows.first() else { return Ok(Backlog::default()) };
    Ok(Backlog {
        pending: row.try_get_by_index(0)?,
        oldest: row.try_get_by_index::<Option<i64>>(1)?.map(Timestamp::from_millis),
        retrying: row.try_get_by_index(2)?,
        dead: row.try_get_by_index(3)?,
    })
}

/// Positions of those of `events` that are not dispatched yet.
pub(crate) async fn still_waiting(tx: &Tx, events: &[Envelope]) -> Result<Vec<i64>> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(Vec::new()) };
    let sql = "SELECT position FROM outbox_waiting
         WHERE tenant_id = {tenant} AND position >= ? AND position <= ?";
    let rows = tx.raw_all(sql, vec![first.position.into(), last.position.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// When the oldest waiting event of each kind happened.
pub(crate) async fn oldest_by_kind(app: &App) -> Result<Vec<(String, Timestamp)>> {
    let queue = queue(app.db().backend());
    let sql = format!("SELECT o.kind, min(o.occurred_at) FROM {queue} GROUP BY o.kind");
    let rows = query(connection(app), &sql, Vec::new()).await.context("measuring the outbox")?;
    rows.iter()
        .map(|row| Ok((row.try_get_by_index(0)?, Timestamp::from_millis(row.try_get_by_index(1)?))))
        .collect()
}
