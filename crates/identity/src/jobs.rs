//! Background work of this module.

use crate::audit;
use crate::directory::tenant_of;
use crate::entity::session;
use crate::{invitation, one_time, tenant, watch::watch};
use platform::{Access, App, Ctx, Result};
use primitives::ErrorCode;
use sea_orm::ColumnTrait;
use std::pin::Pin;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what has run out is cleared away.
const SWEEP: Duration = Duration::from_secs(3600);
/// Tenants that are looked after between two questions for more.
const PAGE: u64 = 50;
/// How long the answers of idempotent requests are kept.
const ANSWERS: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long an ended session stays, for whoever looks into a theft.
const ENDED: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long an invitation that has ended stays in the list.
const INVITED: Duration = Duration::from_secs(90 * 24 * 3600);

/// A named piece of background work.
pub type Job = (&'static str, Pin<Box<dyn Future<Output = ()> + Send>>);

/// What runs beside the host until `stop`.
pub fn jobs(app: &App, stop: CancellationToken) -> Vec<Job> {
    vec![
        ("tenant-watch", Box::pin(watch(app.clone(), stop.clone()))),
        ("tenant-purge", Box::pin(tenant::purge::run(app.clone(), stop.clone()))),
        ("identity-sweep", Box::pin(sweep_on(app.clone(), stop))),
    ]
}

async fn sweep_on(app: App, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
        if let Err(error) = sweep(&app).await {
            tracing::warn!(report = %error.report(), "clearing away old sessions and answers failed");
        }
    }
}

/// Deletes sessions, browsers and stored answers that nobody will ask for again, and entries of the audit log whose time
/// is over, in every tenant.
///
/// # Errors
/// Those of the database; what was deleted until then stays deleted.
pub async fn sweep(app: &App) -> Result<()> {
    let mut after = None;
    loop {
        let page = tenant::ids(app, after, PAGE).await?;
        for id in &page {
            match tenant_of(app.clone(), *id).await {
                Ok(tenant) => sweep_tenant(&Ctx::system(app, tenant, "identity-sweep")).await?,
                // It has gone since.
                Err(error) if error.code() == ErrorCode::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        match page.last() {
            Some(last) if page.len() as u64 == PAGE => after = Some(*last),
            _ => return Ok(()),
        }
    }
}

async fn sweep_tenant(ctx: &Ctx) -> Result<()> {
    ctx.write(Access::System, async |tx| {
        let now = ctx.now();
        tx.delete_many::<session::Entity>()
            .filter(session::Column::ExpiresAt.lt((now - ENDED).millis()))
            .exec()
            .await?;
        one_time::sweep(tx, now - ENDED).await?;
        invitation::sweep(tx, now - INVITED).await?;
        mail::sweep(tx, now).await?;
        for table in ["sign_in_challenge", "known_device", "oidc_flow"] {
            let sql = format!("DELETE FROM {table} WHERE tenant_id = {{tenant}} AND expires_at < ?");
            tx.raw_exec(&sql, vec![now.millis().into()]).await?;
        }
        tx.raw_exec(
            "DELETE FROM idempotency_key WHERE tenant_id = {tenant} AND created_at < ?",
            vec![(now - ANSWERS).millis().into()],
        )
        .await
    })
    .await?;
    audit::retain(ctx).await.map(|_| ())
}
