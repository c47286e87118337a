//! States kept beside their streams, so that long ones need not be added up from the start. A cache: whatever is wrong
//! with a snapshot, the stream is right.

use platform::{Context, Error, Result, TenantDb, Tx};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use super::{Fold, Folded, read, schema_hash};
use primitives::Timestamp;

/// A snapshot as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Cached<S> {
    /// Version of the last fact in it.
    pub version: i64,
    /// The state; `None` when it was kept in another form than today's and nobody looks at it any more.
    pub state: Option<S>,
}

/// The state of a thing: its snapshot, if there is one that fits, and the facts behind it.
///
/// # Errors
/// As [`super::rebuild`].
pub async fn load<S: Fold>(rows: &TenantDb, id: Uuid) -> Result<Option<Folded<S>>> {
    let known = cached::<S>(rows, id).await?;
    let known = known.and_then(|cached| Some((cached.version, cached.state?)));
    // Its time is that of the fact; only a state that nothing has followed needs it.
    let known = match known {
        Some((version, state)) => {
            at(rows, S::STREAM, id, version).await?.map(|at| Folded { state, version, at })
        }
        None => None,
    };
    read::go_on(rows, id, known).await
}

/// The snapshot of a thing, if there is one.
///
/// # Errors
/// Those of the database.
pub async fn cached<S: Fold>(rows: &TenantDb, id: Uuid) -> Result<Option<Cached<S>>> {
    Ok(cached_many(rows, &[id]).await?.into_iter().next().map(|(_, cached)| cached))
}

/// The snapshots that there are of some things.
///
/// # Errors
/// Those of the database.
pub async fn cached_many<S: Fold>(rows: &TenantDb, ids: &[Uuid]) -> Result<Vec<(Uuid, Cached<S>)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT stream_id, version, schema_hash, state FROM stream_snapshot \
         WHERE tenant_id = {{tenant}} AND stream_type = ? AND stream_id IN ({})",
        platform::db::holes(ids.len())
    );
    let mut values: Vec<Value> = vec![S::STREAM.into()];
    values.extend(ids.iter().map(|id| Value::from(*id)));
    let found = rows.raw_all(&sql, values).await.context("reading snapshots")?;
    let read = |row: &QueryResult| {
        let (hash, state): (Vec<u8>, String) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let fits = hash == schema_hash::<S>();
        let state = fits.then(|| serde_json::from_str(&state).ok()).flatten();
        Ok((row.try_get_by_index(0)?, Cached { version: row.try_get_by_index(1)?, state }))
    };
    found.iter().map(read).collect()
}

/// The time of a fact; `None` when the stream does not have it, so that a snapshot of it is not believed.
async fn at(rows: &TenantDb, kind: &str, id: Uuid, version: i64) -> Result<Option<Timestamp>> {
    let sql = "SELECT occurred_at FROM stream_event \
               WHERE tenant_id = {tenant} AND stream_type = ? AND stream_id = ? AND version = ?";
    let found = rows.raw_all(sql, vec![kind.into(), id.into(), version.into()]).await?;
    found.first().map(|row| Ok(Timestamp::from_millis(row.try_get_by_index(0)?))).transpose()
}

/// Keeps a state, unless a later one in today's form is kept already.
///
/// # Errors
/// Those of the database.
pub async fn keep<S: Fold>(tx: &Tx, id: Uuid, state: &S, version: i64) -> Result<()> {
    let document = serde_json::to_string(state).map_err(Error::internal)?;
    let now = tx.ctx().map_or(0, |ctx| ctx.now().millis());
    let sql = "INSERT INTO stream_snapshot (tenant_id, stream_type, stream_id, version, schema_hash, state, taken_at) \
               VALUES ({tenant}, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, stream_type, stream_id) DO UPDATE \
               SET version = excluded.version, schema_hash = excluded.schema_hash, state = excluded.state, \
                 taken_at = excluded.taken_at \
               WHERE stream_snapshot.version < excluded.version \
                 OR stream_snapshot.schema_hash <> excluded.schema_hash";
    let values: Vec<Value> = vec![
        S::STREAM.into(),
        id.into(),
        version.into(),
        schema_hash::<S>().to_vec().into(),
        document.into(),
        now.into(),
    ];
    tx.raw_exec(sql, values).await.context("keeping a snapshot").map(|_| ())
}

/// Throws a snapshot away; the next one is made of the stream.
///
/// # Errors
/// Those of the database.
pub async fn forget<S: Fold>(tx: &Tx, id: Uuid) -> Result<()> {
    let sql = "DELETE FROM stream_snapshot WHERE tenant_id = {tenant} AND stream_type = ? AND stream_id = ?";
    tx.raw_exec(sql, vec![S::STREAM.into(), id.into()]).await.context("forgetting a snapshot").map(|_| ())
}
