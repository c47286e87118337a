//! Appending: all facts of one change in one statement, whatever streams they belong to.

use platform::audit::named;
use platform::db::{Met, Said, Together};
use platform::{Context, Error, Result, Tx};
use primitives::{EventId, Timestamp};
use sea_orm::{DbBackend, Value};
use serde_json::json;

use super::{Fact, schema_version, upcast};
use crate::event::Aggregate;
use crate::validate;

/// Facts of one moment on their way into one statement.
pub struct Batch {
    at: Timestamp,
    rows: Vec<serde_json::Value>,
}

impl Batch {
    /// Facts that happen at `at`, which the rows of the same change say, too.
    pub fn new(at: Timestamp) -> Self {
        Self { at, rows: Vec::new() }
    }

    /// Adds facts, oldest first, behind version `expected` of a stream (0: it begins with them), each with the event
    /// that told about it.
    ///
    /// # Errors
    /// `INTERNAL_SERVER_ERROR` for facts that cannot be written.
    pub fn add<F: Fact>(
        &mut self,
        stream: Aggregate,
        expected: i64,
        facts: &[(F, Option<EventId>)],
    ) -> Result<()> {
        for (version, told) in (expected..).zip(facts) {
            // What has to be there already; other facts follow the ones before them in this batch.
            let follows = if version == expected && !self.holds(stream, expected) { expected } else { 0 };
            self.push(stream, version + 1, follows, told)?;
        }
        Ok(())
    }

    /// Adds a fact that begins a stream anew at `version`, whatever the stream lacks before it: for things that were
    /// changed where nobody wrote facts.
    ///
    /// # Errors
    /// As [`Batch::add`].
    pub fn begin_anew<F: Fact>(
        &mut self,
        stream: Aggregate,
        version: i64,
        fact: (F, Option<EventId>),
    ) -> Result<()> {
        self.push(stream, version, 0, &fact)
    }

    fn holds(&self, stream: Aggregate, version: i64) -> bool {
        let id = stream.id.simple().to_string();
        self.rows.iter().any(|row| row["t"] == stream.kind && row["i"] == *id && row["n"] == version)
    }

    fn push<F: Fact>(
        &mut self,
        stream: Aggregate,
        version: i64,
        follows: i64,
        (fact, event): &(F, Option<EventId>),
    ) -> Result<()> {
        validate::kind("stream_type", stream.kind)?;
        validate::id("stream_id", stream.id)?;
        let (kind, payload) = upcast::write(fact)?;
        self.rows.push(json!({
            "t": stream.kind,
            "i": stream.id.simple().to_string(),
            "n": version,
            "b": follows,
            "k": kind,
            "s": schema_version::<F>(),
            "p": payload,
            "e": event.map(|event| event.uuid().simple().to_string()),
        }));
        Ok(())
    }

    /// Whether there is nothing to append.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Stores the facts of a batch in the transaction of their change.
///
/// # Errors
/// `CONFLICT` when a stream is not at the version that its facts follow: somebody was faster. The transaction must then
/// be rolled back.
pub async fn append(tx: &Tx, batch: &Batch) -> Result<()> {
    match try_append(tx, batch).await? {
        true => Ok(()),
        false => Err(Error::conflict("somebody else changed the same thing at the same time, try again")),
    }
}

/// As [`append`]; `false` when a stream does not reach the version that its facts follow. Nothing is stored then, and
/// the transaction may go on.
///
/// # Errors
/// `CONFLICT` when a stream has gone on beyond that version. The transaction must then be rolled back.
pub async fn try_append(tx: &Tx, batch: &Batch) -> Result<bool> {
    let mut alone = tx.together();
    let said = say(tx, &mut alone, batch)?;
    let met = alone.send().await.context("appending facts")?;
    said.stored(&met)
}

/// As [`try_append`], as one of the changes that travel together.
pub fn say(tx: &Tx, together: &mut Together<'_>, batch: &Batch) -> Result<Appended> {
    if batch.is_empty() {
        return Ok(Appended(None));
    }
    let ctx = tx.ctx().ok_or_else(|| Error::internal("a fact needs a tenant"))?;
    let rows = serde_json::to_string(&batch.rows).map_err(Error::internal)?;
    let (kind, id, _) = named(ctx.actor());
    let values: Vec<Value> = vec![rows.into(), kind.into(), id.into(), batch.at.millis().into()];
    let (with, sql) = insert_sql(tx.backend());
    Ok(Appended(Some((together.chained(with, sql, values), batch.rows.len()))))
}

/// Facts that travel with other changes.
#[must_use = "whether they were stored is known when they have been sent"]
pub struct Appended(Option<(Said, usize)>);

impl Appended {
    /// Whether they were stored, as [`try_append`] says it.
    pub fn stored(&self, met: &Met) -> Result<bool> {
        let Some((said, facts)) = self.0 else { return Ok(true) };
        let stored = met.rows(said);
        match usize::try_from(stored) {
            Ok(stored) if stored == facts => Ok(true),
            Ok(0) => Ok(false),
            _ => Err(Error::internal(format!("{stored} of {facts} facts were stored"))),
        }
    }
}

/// All or nothing: unless what each stream's first fact follows is there, no row is stored. That nothing else follows it
/// already is what the primary key says.
fn insert_sql(backend: DbBackend) -> (&'static [&'static str], &'static str) {
    let facts: &[&str] = match backend {
        DbBackend::Postgres => &["f AS (
               SELECT v->>'t' AS stream_type, (v->>'i')::uuid AS stream_id, (v->>'n')::bigint AS version,
                      (v->>'b')::bigint AS follows, v->>'k' AS kind, (v->>'s')::integer AS schema_version,
                      v->>'p' AS payload, (v->>'e')::uuid AS event_id
               FROM jsonb_array_elements(?::jsonb) AS x (v)
             )"],
        _ => &["f AS MATERIALIZED (
               SELECT value->>'t' AS stream_type, unhex(value->>'i') AS stream_id, value->>'n' AS version,
                      value->>'b' AS follows, value->>'k' AS kind, value->>'s' AS schema_version,
                      value->>'p' AS payload, unhex(value->>'e') AS event_id
               FROM json_each(?)
             )"],
    };
    (
        facts,
        "INSERT INTO stream_event (tenant_id, stream_type, stream_id, version, kind, schema_version, payload,
           event_id, actor_kind, actor_id, occurred_at)
         SELECT {tenant}, f.stream_type, f.stream_id, f.version, f.kind, f.schema_version, f.payload, f.event_id,
           ?, ?, ?
         FROM f WHERE NOT EXISTS (
           SELECT 1 FROM f g WHERE g.follows > 0 AND NOT EXISTS (
             SELECT 1 FROM stream_event h WHERE h.tenant_id = {tenant} AND h.stream_type = g.stream_type
               AND h.stream_id = g.stream_id AND h.version = g.follows))",
    )
}
