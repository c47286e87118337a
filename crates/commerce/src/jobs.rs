//! Background work: call-backs, unsettled payments, deadlines, carts that nobody came back to.

use std::pin::Pin;
use std::time::Duration;

use events::Emit;
use platform::{Access, App, Ctx};
use primitives::CartId;
use sea_orm::{ColumnTrait, sea_query::Expr};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::entity::cart;
use crate::error::Result;
use crate::event::CommerceEvent;
use crate::order::expire;
use crate::payment::settle;
use crate::payment::webhook::{self, SIGNAL, Wanted};

/// A named piece of background work.
pub type Job = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

/// Rows of one kind that one sweep of one tenant looks at.
const BATCH: u64 = 100;
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
    let mut next_full = tokio::time::Instant::now();
    loop {
        let full = next_full <= tokio::time::Instant::now();
        if full {
            next_full = tokio::time::Instant::now() + every;
            round += 1;
        }
        if let Err(error) = sweep(&app, full, round).await {
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

/// Looks after every tenant, or after those only whose gateways have just called.
async fn sweep(app: &App, full: bool, round: u64) -> platform::Result<()> {
    let wanted = app.state(Wanted::default).take();
    let mut stuck = 0;
    for tenant in identity::tenant::list(app).await? {
        if !full && !wanted.contains(&tenant.id) {
            continue;
        }
        let ctx = Ctx::system(app, Arc::clone(&tenant.info), "commerce-sweep");
        let mut done = sweep_tenant(&ctx).await.map(|_| ());
        if done.is_ok() && full && round % CARTS_EVERY == 1 {
            done = abandon_carts(&ctx).await;
        }
        if done.is_ok() && full && round % STUCK_EVERY == 1 {
            done = settle::stuck(&ctx).await.map(|n| stuck += n);
        }
        if let Err(error) = done {
            let error: platform::Error = error.into();
            warn!(tenant = %tenant.slug, report = %error.report(), "sweeping payments and orders failed");
        }
    }
    if full && round % STUCK_EVERY == 1 {
        metrics::gauge!("rustok_saga_stuck").set(f64::from(u32::try_from(stuck).unwrap_or(u32::MAX)));
    }
    Ok(())
}

/// One look at one tenant: call-backs first, then payments that are due, then deadlines.
///
/// # Errors
/// Those of the database; a gateway that does not answer is none.
pub async fn sweep_tenant(ctx: &Ctx) -> Result<Swept> {
    ctx.require(Access::System)?;
    let call_backs = webhook::handle_open(ctx, BATCH).await?;
    let asked = settle::due(ctx, BATCH).await?;
    let expired = expire::due(ctx, BATCH).await?;
    Ok(Swept { call_backs, asked, expired })
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
