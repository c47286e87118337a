//! Which tenants a job has something to do in, and when: one small table of all tenants, so that a job asks one question
//! instead of looking into every shop.
//!
//! A plan is a minute, not a thing: whatever falls into a minute that is planned already costs nothing, not even a
//! statement while this process remembers it. A minute's plan outlives the minute by the longest transaction there can
//! be, so a change that found it there was committed before the last look at it.
#![expect(clippy::disallowed_methods, reason = "the plan spans tenants; nothing of theirs is in it")]

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use platform::hub::Key;
use platform::{Access, App, Context, Ctx, Result, Tx};
use primitives::{TenantId, Timestamp};

use crate::store;

const MINUTE: i64 = 60_000;
/// Clocks of several processes may differ by this much.
const SKEW: Duration = Duration::from_secs(30);
/// Name in the hub of every change of a tenant itself.
const TENANT: &str = "tenant";
/// Minutes that this process remembers as planned.
const REMEMBERED: usize = 20_000;

/// A tenant with something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The tenant.
    pub tenant: TenantId,
    /// Its earliest minute that is still planned, as a number of minutes since 1970.
    minute: i64,
}

/// Plans a look of `job` at the tenant of `tx`, at `at` or in the minute after it.
///
/// # Errors
/// Those of the database.
pub async fn plan(tx: &Tx, job: &'static str, at: Timestamp) -> Result<()> {
    let Some(ctx) = tx.ctx() else { return Ok(()) };
    let now = minute_of(ctx.now());
    let minute = minute_of(at).max(now);
    let planned = ctx.app().state(Planned::default);
    // A tenant that is deleted takes its plans along, and may come back by an import.
    let life = ctx.app().hub().generation(Key::new(tx.tenant_id(), TENANT));
    let key = (tx.tenant_id(), job, minute, life);
    if planned.knows(&key) {
        return Ok(());
    }
    let sql = "INSERT INTO tenant_due (tenant_id, job, minute) SELECT {tenant}, ?, CAST(? AS bigint) WHERE NOT EXISTS \
               (SELECT 1 FROM tenant_due WHERE tenant_id = {tenant} AND job = ? AND minute = ?) \
               ON CONFLICT DO NOTHING";
    tx.raw_exec(sql, vec![job.into(), minute.into(), job.into(), minute.into()])
        .await
        .context("planning a look at a tenant")?;
    tx.after_commit(move || planned.learn(key, now));
    Ok(())
}

/// Tenants in which `job` has something to do now, after `after` in the order of their ids, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn tenants(app: &App, job: &str, after: Option<TenantId>, limit: u64) -> Result<Vec<Due>> {
    let after = after.map_or(uuid::Uuid::nil(), TenantId::uuid);
    let sql = "SELECT d.tenant_id, min(d.minute) FROM tenant_due d JOIN tenant t ON t.id = d.tenant_id \
               WHERE d.job = ? AND d.minute <= ? AND d.tenant_id > ? AND t.life IN ('open', 'deleted') \
               GROUP BY d.tenant_id ORDER BY d.tenant_id LIMIT ?";
    let now = minute_of(app.clock().now());
    let values = vec![job.into(), now.into(), after.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    let rows = store::query(app.db().global_current(), sql, values).await;
    let rows = rows.context("asking which tenants have something to do")?;
    rows.iter()
        .map(|row| {
            let tenant = TenantId::from_uuid(row.try_get_by_index(0)?);
            Ok(Due { tenant, minute: row.try_get_by_index(1)? })
        })
        .collect()
}

/// Strikes the minutes that are over out of the plan, after a look that has begun since, and plans the `next` look.
///
/// `next` is the earliest thing that the tenant still has to do, as the look left it. When that is due already the
/// plan stays as it is.
///
/// # Errors
/// Those of the database.
pub async fn looked(
    ctx: &Ctx,
    job: &'static str,
    due: Due,
    begun: Timestamp,
    next: Option<Timestamp>,
) -> Result<()> {
    let longest = Duration::from_millis(ctx.app().config().database.write_timeout_ms);
    // The last minute that is over for everybody who may still have been writing when the look began.
    let over = minute_of(begun - longest - SKEW) - 1;
    if over < due.minute || next.is_some_and(|next| next <= ctx.now()) {
        return Ok(());
    }
    ctx.write(Access::System, async |tx| {
        if let Some(next) = next {
            plan(tx, job, next).await?;
        }
        let sql = "DELETE FROM tenant_due WHERE tenant_id = {tenant} AND job = ? AND minute <= ?";
        tx.raw_exec(sql, vec![job.into(), over.into()]).await.context("striking a plan")?;
        Ok(())
    })
    .await
}

fn minute_of(at: Timestamp) -> i64 {
    at.millis().max(0) / MINUTE
}

type Minute = (TenantId, &'static str, i64, u64);

/// Minutes that are in the plan for certain: they are to come, and only past ones are struck.
#[derive(Default)]
struct Planned(Mutex<HashSet<Minute>>);

impl Planned {
    fn knows(&self, minute: &Minute) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(minute)
    }

    fn learn(&self, minute: Minute, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|(_, _, minute, _)| now <= *minute);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(minute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let planned = Planned::default();
        let tenant = TenantId::new();
        for minute in 0..REMEMBERED as i64 {
            planned.learn((tenant, "payments", minute, 0), 0);
        }
        planned.learn((tenant, "payments", 1_000_000, 0), 500);
        assert!(
            !planned.knows(&(tenant, "payments", 499, 0)) && planned.knows(&(tenant, "payments", 500, 0))
        );
        for minute in 0..REMEMBERED as i64 {
            planned.learn((tenant, "carts", minute, 0), 0);
        }
        assert!(planned.0.lock().unwrap().len() <= REMEMBERED);
    }
}
