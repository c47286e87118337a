//! Background work: call-backs, unsettled payments, deadlines, carts that nobody came back to.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use events::Emit;
use events::due::{self, Due};
use platform::{Access, App, Ctx, Tx};
use primitives::{CartId, ErrorCode, TenantId, Timestamp};
use sea_orm::{ColumnTrait, sea_query::Expr};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::entity::cart;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::expire;
use crate::payment::webhook::{self, SIGNAL, Wanted};
use crate::payment::{reconcile, settle};

/// A named piece of background work.
pub type Job = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

/// Rows of one kind that one sweep of one tenant looks at.
const BATCH: u64 = 100;
/// Payments that one sweep of one tenant compares with their gateways.
const COMPARED: u64 = 20;
/// Tenants that one question about the plan gives.
const PAGE: u64 = 200;
/// Name of the plan of payments, orders and call-backs (`migrations/src/m14_tenant_life.rs` knows it, too).
const PAYMENTS: &str = "payments";
/// Name of the plan of carts.
const CARTS: &str = "carts";
/// Sweeps between two looks at abandoned carts.
const CARTS_EVERY: u64 = 300;
/// Sweeps between two counts of payments that do not settle.
const STUCK_EVERY: u64 = 10;
/// A cart that was not touched for this long counts as abandoned.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// What one sweep of a tenant did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Call-backs that were applied.
    pub call_backs: usize,
    /// Payments whose gateway was asked.
    pub asked: usize,
    /// Payments that were compared with what their gateway has of them.
    pub compared: usize,
    /// Orders that were not paid in time.
    pub expired: usize,
}

/// What runs beside the host until `stop`.
pub fn jobs(app: &App, stop: CancellationToken) -> Vec<Job> {
    vec![("commerce-sweep", Box::pin(run(app.clone(), stop)))]
}

async fn run(app: App, stop: CancellationToken) {
    let signal = app.hub().signal(SIGNAL);
    let every = Duration::from_millis(app.config().orders.sweep_ms.max(10));
    let mut round: u64 = 0;
    let mut stuck = HashMap::new();
    let mut next_full = tokio::time::Instant::now();
    loop {
        let full = next_full <= tokio::time::Instant::now();
        if full {
            next_full = tokio::time::Instant::now() + every;
            round += 1;
        }
        if let Err(error) = sweep(&app, full, round, &mut stuck).await {
            warn!(report = %error.report(), "sweeping payments and orders failed");
        }
        let woken = async {
            tokio::select! {
                () = signal.notified() => {}
                () = tokio::time::sleep_until(next_full) => {}
            }
        };
        if stop.run_until_cancelled(woken).await.is_none() {
            return;
        }
    }
}

/// Looks after tenants that have something to do, or after those only whose gateways have just called.
async fn sweep(
    app: &App,
    full: bool,
    round: u64,
    stuck: &mut HashMap<TenantId, u64>,
) -> platform::Result<()> {
    for tenant in app.state(Wanted::default).take() {
        look_after(app, tenant, PAYMENTS, None, stuck).await;
    }
    if !full {
        return Ok(());
    }
    each_due(app, PAYMENTS, stuck).await?;
    if round % STUCK_EVERY == 1 {
        let stuck = u32::try_from(stuck.values().sum::<u64>()).unwrap_or(u32::MAX);
        metrics::gauge!("rustok_saga_stuck").set(f64::from(stuck));
    }
    if round % CARTS_EVERY == 1 {
        each_due(app, CARTS, stuck).await?;
    }
    Ok(())
}

/// Every tenant that the plan of `job` names, some at a time.
async fn each_due(app: &App, job: &'static str, stuck: &mut HashMap<TenantId, u64>) -> platform::Result<()> {
    let mut after = None;
    loop {
        let page = due::tenants(app, job, after, PAGE).await?;
        for due in &page {
            look_after(app, due.tenant, job, Some(*due), stuck).await;
        }
        match page.last() {
            Some(last) if page.len() as u64 == PAGE => after = Some(last.tenant),
            _ => return Ok(()),
        }
    }
}

/// One look at one tenant; what goes wrong with it keeps no other from its own.
async fn look_after(
    app: &App,
    tenant: TenantId,
    job: &'static str,
    due: Option<Due>,
    stuck: &mut HashMap<TenantId, u64>,
) {
    let done = async {
        let tenant = identity::tenant_of(app.clone(), tenant).await?;
        let ctx = Ctx::system(app, tenant, "commerce-sweep");
        let begun = ctx.now();
        let next = if job == CARTS {
            abandon_carts(&ctx).await?;
            expire_carts(&ctx).await?;
            next_cart(&ctx).await?
        } else {
            sweep_tenant(&ctx).await?;
            match settle::stuck(&ctx).await? {
                0 => stuck.remove(&ctx.tenant_id()),
                n => stuck.insert(ctx.tenant_id(), n),
            };
            next_payment(&ctx).await?
        };
        match due {
            Some(due) => Ok(due::looked(&ctx, job, due, begun, next).await?),
            None => Ok::<_, CommerceError>(()),
        }
    };
    match done.await.map_err(platform::Error::from) {
        // It has gone since.
        Err(error) if error.code() == ErrorCode::NotFound => {}
        Err(error) => {
            warn!(%tenant, job, report = %error.report(), "looking after payments, orders and carts failed");
        }
        Ok(()) => {}
    }
}

/// Plans a look at what waits for a gateway or for a deadline; `None` waits for nothing.
pub(crate) async fn plan(tx: &Tx, at: Option<i64>) -> platform::Result<()> {
    match at {
        Some(at) => due::plan(tx, PAYMENTS, Timestamp::from_millis(at)).await,
        None => Ok(()),
    }
}

/// Plans the look that finds a cart abandoned which was touched at `at`; all carts of an hour share it.
pub(crate) async fn plan_carts(tx: &Tx, at: Timestamp) -> platform::Result<()> {
    due::plan(tx, CARTS, carts_look(at)).await
}

/// The first full hour at which a cart that was touched at `at` counts as abandoned.
fn carts_look(at: Timestamp) -> Timestamp {
    const HOUR: i64 = 3_600_000;
    Timestamp::from_millis(((at + ABANDONED).millis() / HOUR).saturating_add(1).saturating_mul(HOUR))
}

/// The earliest thing that waits for a gateway, for a deadline or for us.
async fn next_payment(ctx: &Ctx) -> platform::Result<Option<Timestamp>> {
    let sql = format!(
        "SELECT min(at) FROM ( \
           SELECT min(next_at) AS at FROM payment WHERE tenant_id = {{tenant}} AND next_at IS NOT NULL \
           UNION ALL SELECT min(updated_at) + {} FROM payment WHERE tenant_id = {{tenant}} AND status = 'pending' \
           UNION ALL SELECT min(next_at) FROM payment_round WHERE tenant_id = {{tenant}} \
           UNION ALL SELECT min(hold_until) FROM orders WHERE tenant_id = {{tenant}} AND state = 'pending_payment' \
           UNION ALL SELECT min(received_at) FROM payment_event WHERE tenant_id = {{tenant}} AND handled_at IS NULL \
         ) AS waiting",
        reconcile::CALLS_BACK.as_millis()
    );
    earliest(ctx, &sql).await
}

/// When the cart that nobody has touched for longest counts as abandoned, or a guest's is forgotten.
async fn next_cart(ctx: &Ctx) -> platform::Result<Option<Timestamp>> {
    const LEFT: &str = "SELECT min(updated_at) FROM cart \
         WHERE tenant_id = {tenant} AND state = 'open' AND abandoned_at IS NULL";
    const GUESTS: &str = "SELECT min(updated_at) FROM cart \
         WHERE tenant_id = {tenant} AND state = 'open' AND user_id IS NULL";
    let left = earliest(ctx, LEFT).await?.map(carts_look);
    let expired = earliest(ctx, GUESTS).await?.map(|at| at + guest_life(ctx));
    Ok(left.into_iter().chain(expired).min())
}

/// How long a guest's cart is kept.
fn guest_life(ctx: &Ctx) -> Duration {
    Duration::from_secs(ctx.app().config().orders.guest_cart_days.saturating_mul(24 * 3600))
}

async fn earliest(ctx: &Ctx, sql: &str) -> platform::Result<Option<Timestamp>> {
    let rows = ctx.read(Access::System).await?.raw_all(sql, Vec::new()).await?;
    let at = match rows.first() {
        Some(row) => row.try_get_by_index::<Option<i64>>(0)?,
        None => None,
    };
    Ok(at.map(Timestamp::from_millis))
}

/// Plans looks at everything of a tenant whose rows came another way than through the use cases, as by an import.
///
/// # Errors
/// Those of the database.
pub async fn plan_all(ctx: &Ctx) -> platform::Result<()> {
    let now = ctx.now();
    ctx.write(Access::System, async |tx| {
        due::plan(tx, PAYMENTS, now).await?;
        due::plan(tx, CARTS, now).await
    })
    .await
}

/// One look at one tenant: call-backs first, then payments that are due or have not moved for long, then deadlines.
///
/// # Errors
/// Those of the database; a gateway that does not answer is none.
pub async fn sweep_tenant(ctx: &Ctx) -> Result<Swept> {
    ctx.require(Access::System)?;
    let call_backs = webhook::handle_open(ctx, BATCH).await?;
    let asked = settle::due(ctx, BATCH).await?;
    let looked = reconcile::due(ctx, COMPARED).await?;
    let expired = expire::due(ctx, BATCH).await?;
    Ok(Swept { call_backs, asked: asked + looked.asked, compared: looked.compared, expired })
}

/// Forgets guests' carts that nobody has touched for `orders.guest_cart_days`, with what lies beside them; some at a time.
/// Gives back how many.
pub async fn expire_carts(ctx: &Ctx) -> Result<u64> {
    let oldest = (ctx.now() - guest_life(ctx)).millis();
    ctx.write(Access::System, async |tx| {
        // Once more in the outer statement: whoever comes back in this moment keeps the cart.
        Ok(tx
            .raw_exec(
                "DELETE FROM cart WHERE tenant_id = {tenant} AND state = 'open' AND user_id IS NULL \
                 AND updated_at <= ? AND id IN (SELECT id FROM cart WHERE tenant_id = {tenant} \
                   AND state = 'open' AND user_id IS NULL AND updated_at <= ? LIMIT 500)",
                vec![oldest.into(), oldest.into()],
            )
            .await?)
    })
    .await
}

/// Tells about carts that were left a day ago, each once until somebody comes back to it.
pub async fn abandon_carts(ctx: &Ctx) -> Result<()> {
    let now = ctx.now();
    let newest = (now - ABANDONED).millis();
    ctx.write(Access::System, async |tx| {
        let left = tx
            .find::<cart::Entity>()
            // Written out, so that the index of untouched carts may answer.
            .filter(Expr::cust("state = 'open'"))
            .filter(cart::Column::AbandonedAt.is_null())
            .filter(cart::Column::UpdatedAt.lte(newest))
            .limit(500)
            .columns::<(uuid::Uuid, i64)>([cart::Column::Id, cart::Column::UpdatedAt])
            .await?;
        if left.is_empty() {
            return Ok(());
        }
        tx.update_many::<cart::Entity>()
            .set(cart::Column::AbandonedAt, now.millis())
            .filter(cart::Column::Id.is_in(left.iter().map(|(id, _)| *id)))
            .exec()
            .await?;
        let events = left.into_iter().map(|(id, at)| CommerceEvent::CartAbandoned {
            cart_id: CartId::from_uuid(id),
            idle_ms: now.millis() - at,
        });
        tx.emit_all(events.collect()).await?;
        Ok(())
    })
    .await
}
