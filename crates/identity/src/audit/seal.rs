//! Gives entries their place in the chain, a moment after they were written.
//!
//! A write never waits for the chain: it leaves its entry and a line in `audit_waiting`, and both are seen once it has
//! committed. What commits late is sealed late. One sealer at a time works on a tenant's chain, whoever else is running.

use super::chain::{self, Hash, Keys, Mark, NOTHING, hex, stored};
use super::entity::{checkpoint, entry, start};
use crate::directory::{primary, tenant_of};
use platform::{Access, App, Context, Ctx, Error, Result, Tx, audit};
use primitives::{ErrorCode, TenantId};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, Set, Statement};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Entries in one go, under one checkpoint.
const BATCH: u64 = 500;
/// Tenants in one look.
const TENANTS: u64 = 200;

/// Seals what comes until `stop`; in every process that relays.
pub async fn sealer(app: App, stop: CancellationToken) {
    let signal = app.hub().signal(audit::SIGNAL);
    let poll = Duration::from_millis(app.config().audit.seal_ms);
    loop {
        if let Err(error) = seal_all(&app).await {
            tracing::warn!(report = %error.report(), "entries of the audit log could not be sealed, trying again");
        }
        let woken = async {
            tokio::select! {
                () = signal.notified() => {}
                () = tokio::time::sleep(poll) => {}
            }
        };
        if stop.run_until_cancelled(woken).await.is_none() {
            return;
        }
    }
}

/// Seals everything that waits, in every tenant, what has waited longest first; gives back how many entries. A tenant
/// whose entries cannot be sealed keeps no other one waiting.
///
/// # Errors
/// Those of the database when it does not say who waits.
pub async fn seal_all(app: &App) -> Result<u64> {
    let (mut sealed, mut left) = (0, 0);
    loop {
        let waiting = waiting(app, left).await?;
        for tenant in &waiting {
            match seal_one(app, *tenant).await {
                // Sealed by somebody else meanwhile, or its log went with it.
                Ok(0) => left += 1,
                Ok(entries) => sealed += entries,
                Err(error) => {
                    left += 1;
                    tracing::warn!(tenant.id = %tenant, report = %error.report(), "entries of the audit log could not be sealed, trying again");
                }
            }
        }
        if (waiting.len() as u64) < TENANTS {
            return Ok(sealed);
        }
    }
}

/// Tenants with unsealed entries behind the first `left`, which were looked at already.
async fn waiting(app: &App, left: u64) -> Result<Vec<TenantId>> {
    let connection = primary(app.db());
    let backend = connection.get_database_backend();
    // Ids grow with time.
    let oldest = if backend == DbBackend::Postgres { "min(id::text)" } else { "min(id)" };
    let sql = format!(
        "SELECT tenant_id FROM audit_waiting GROUP BY tenant_id ORDER BY {oldest} LIMIT {TENANTS} OFFSET {left}"
    );
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await;
    let rows = rows.context("looking for unsealed entries")?;
    rows.iter().map(|row| Ok(TenantId::from_uuid(row.try_get_by_index::<Uuid>(0)?))).collect()
}

async fn seal_one(app: &App, tenant: TenantId) -> Result<u64> {
    match tenant_of(app.clone(), tenant).await {
        Ok(info) => seal(&Ctx::system(app, info, "audit")).await,
        Err(error) if error.code() == ErrorCode::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Seals everything that waits in the tenant of `ctx`.
///
/// # Errors
/// Those of the database.
pub async fn seal(ctx: &Ctx) -> Result<u64> {
    let keys = Keys::of(ctx.app())?;
    let mut sum = 0;
    loop {
        let sealed = ctx.write(Access::System, async |tx| batch(tx, ctx, &keys).await).await?;
        sum += sealed;
        if sealed < BATCH {
            return Ok(sum);
        }
    }
}

/// What has waited longest; keys grow with time. The plus keeps planners from walking through all that has no place yet,
/// which are as many as wait, for each batch.
const NEXT: &str = "SELECT w.id FROM audit_waiting w JOIN audit_entry e ON e.tenant_id = w.tenant_id AND e.id = w.id \
                    WHERE w.tenant_id = {tenant} AND +e.position IS NULL ORDER BY w.id LIMIT ?";

async fn batch(tx: &Tx, ctx: &Ctx, keys: &Keys) -> Result<u64> {
    if !alone(tx).await? {
        return Ok(0);
    }
    let next = tx.raw_all(NEXT, vec![BATCH.into()]).await?;
    let next = next.iter().map(|row| row.try_get_by_index::<Uuid>(0)).collect::<Result<Vec<_>, _>>()?;
    let waiting = tx
        .find::<entry::Entity>()
        .filter(entry::Column::Id.is_in(next))
        .order_by_asc(entry::Column::At)
        .order_by_asc(entry::Column::Id)
        .all()
        .await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let (mut position, mut previous) = end(tx).await?;
    let mut links = Vec::with_capacity(waiting.len());
    for entry in &waiting {
        position += 1;
        previous = chain::hash(&previous, position, entry)?;
        links.push(
            serde_json::json!({ "i": entry.id.simple().to_string(), "p": position, "h": hex(&previous) }),
        );
    }
    let count = links.len() as u64;
    let links = serde_json::Value::Array(links).to_string();
    let sealed = tx.raw_exec(seal_sql(tx.backend()), vec![links.clone().into()]).await?;
    let taken = tx.raw_exec(take_sql(tx.backend()), vec![links.into()]).await?;
    if (sealed, taken) != (count, count) {
        return Err(Error::unavailable("somebody else seals the audit log at the same time"));
    }
    let at = ctx.now().millis();
    tx.insert_many(vec![checkpoint::ActiveModel {
        position: Set(position),
        hash: Set(previous.to_vec()),
        at: Set(at),
        key_id: Set(keys.present().to_owned()),
        signature: Set(keys.sign(Mark::Checkpoint, ctx.tenant_id(), position, &previous, at)?.to_vec()),
        ..Default::default()
    }])
    .await
    .context("signing the audit log")?;
    tracing::debug!(position, hash = hex(&previous), "sealed {count} entries of {}", ctx.tenant().slug);
    Ok(count)
}

/// Whether no other sealer works on this chain; SQLite has one writer anyway.
async fn alone(tx: &Tx) -> Result<bool> {
    if tx.backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended('rustok audit ' || CAST({tenant} AS text), 0)) AS alone";
    let rows = tx.raw_all(sql, Vec::new()).await?;
    Ok(rows.first().map(|row| row.try_get("", "alone")).transpose()?.unwrap_or(false))
}

/// Where the chain ends: at the last checkpoint, or at its beginning. Entries that somebody put behind it are not
/// followed, but their places are taken.
async fn end(tx: &Tx) -> Result<(i64, Hash)> {
    let last =
        tx.find::<checkpoint::Entity>().order_by_desc(checkpoint::Column::Position).limit(1).one().await?;
    let (position, hash) = match last {
        Some(last) => (last.position, stored(&last.hash)),
        None => match tx.find::<start::Entity>().one().await? {
            Some(start) => (start.position, stored(&start.hash)),
            None => (0, NOTHING),
        },
    };
    let beyond = tx
        .find::<entry::Entity>()
        .filter(entry::Column::Position.gt(position))
        .order_by_desc(entry::Column::Position)
        .limit(1)
        .columns::<Option<i64>>([entry::Column::Position])
        .await?;
    Ok((beyond.into_iter().flatten().next().unwrap_or(position), hash))
}

fn seal_sql(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "UPDATE audit_entry SET position = v.p, hash = v.h FROM (SELECT (v->>'i')::uuid AS i, (v->>'p')::bigint AS p, \
               decode(v->>'h', 'hex') AS h FROM jsonb_array_elements(?::jsonb) v) v \
             WHERE audit_entry.tenant_id = {tenant} AND audit_entry.id = v.i AND audit_entry.position IS NULL"
        }
        _ => {
            "UPDATE audit_entry SET position = v.p, hash = v.h FROM (SELECT unhex(value->>'i') AS i, value->>'p' AS p, \
               unhex(value->>'h') AS h FROM json_each(?)) v \
             WHERE audit_entry.tenant_id = {tenant} AND audit_entry.id = v.i AND +audit_entry.position IS NULL"
        }
    }
}

fn take_sql(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "DELETE FROM audit_waiting WHERE tenant_id = {tenant} \
             AND id IN (SELECT (v->>'i')::uuid FROM jsonb_array_elements(?::jsonb) v)"
        }
        _ => {
            "DELETE FROM audit_waiting WHERE tenant_id = {tenant} \
             AND id IN (SELECT unhex(value->>'i') FROM json_each(?))"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::{Backend, TestDb};

    /// An import leaves entries by the thousand, and SQLite has one writer: whoever seals looks each up by its key, and not
    /// each of a batch among all that wait.
    #[tokio::test]
    async fn sqlite_finds_each_entry_by_its_key() {
        let database = TestDb::create(Backend::Sqlite).await;
        let connection = database.owner().await;
        let statements = [
            (NEXT, ["SEARCH w USING COVERING INDEX", "SEARCH e USING INDEX sqlite_autoindex_audit_entry_1"]),
            (
                seal_sql(DbBackend::Sqlite),
                ["SCAN json_each", "SEARCH audit_entry USING INDEX sqlite_autoindex_audit_entry_1"],
            ),
        ];
        for (sql, steps) in statements {
            let sql = sql.replace("{tenant}", "x'00'").replace('?', "'0'");
            let plan = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"));
            let plan = connection.query_all_raw(plan).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            assert_eq!(plan.len(), steps.len(), "{plan:?}");
            for (step, begins) in plan.iter().zip(steps) {
                assert!(step.starts_with(begins), "{plan:?}");
            }
        }
    }
}
