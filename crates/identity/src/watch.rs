//! Notices tenants that other processes have created or changed: PostgreSQL tells it at the commit; whatever was not
//! told, and everything on SQLite, is found by looking at one number, twice a second.

use crate::directory::{Directory, SETTINGS, primary};
use crate::entity::tenant;
use platform::{App, Context, Error, Result};
use primitives::TenantId;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often other processes' changes are looked for; CONTRACT allows a second.
const LOOK: Duration = Duration::from_millis(500);
/// Wait before listening is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Channel of `migrations/src/m14_tenant_life.rs`.
const CHANNEL: &str = "rustok_tenants";
/// Changed tenants whose pages are marked one by one; when there are more, every page is stale.
const MOST: u64 = 1_000;

/// Keeps this process's directory up to date until `stop`.
///
/// A page that was made between a change elsewhere and this look at it shows the settings of before, whatever the other
/// process has told meanwhile; so pages of changed tenants are stale from here on, after the directory is.
pub async fn watch(app: App, stop: CancellationToken) {
    watch_every(app, LOOK, stop).await;
}

/// As [`watch`], with another time between two looks at the number.
pub async fn watch_every(app: App, every: Duration, stop: CancellationToken) {
    let told = Notify::new();
    tokio::select! {
        () = stop.cancelled() => {}
        () = look_on(&app, every, &told) => {}
        () = hear_all(&app, &told) => {}
    }
}

async fn look_on(app: &App, every: Duration, told: &Notify) {
    let mut seen = None;
    let mut away = false;
    loop {
        match look(app, seen).await {
            Ok(position) => {
                seen = Some(position);
                away = false;
            }
            Err(error) if !away => {
                tracing::warn!(report = %error.report(), "tenants of other processes cannot be watched");
                away = true;
            }
            Err(_) => {}
        }
        // What is told while nobody waits is kept until somebody does.
        let _ = tokio::time::timeout(every, told.notified()).await;
    }
}

/// Forgets what has changed since `seen`; gives back how far it has looked.
async fn look(app: &App, seen: Option<i64>) -> Result<i64> {
    let directory = Directory::of(app)?;
    let position = position(app).await?;
    let Some(seen) = seen else {
        directory.invalidate();
        app.hub().bump_everything_here();
        return Ok(position);
    };
    if position == seen {
        return Ok(position);
    }
    let rows: Vec<(Uuid, i64)> = tenant::Entity::find()
        .filter(tenant::Column::Changed.gt(seen))
        .order_by_asc(tenant::Column::Changed)
        .limit(MOST)
        .select_only()
        .columns([tenant::Column::Id, tenant::Column::Changed])
        .into_tuple()
        .all(primary(app.db()))
        .await
        .context("watching tenants")?;
    // First the tenants, then the pages that were made of them.
    directory.invalidate();
    if rows.len() as u64 >= MOST {
        app.hub().bump_everything_here();
    }
    for (tenant, _) in &rows {
        app.hub().bump_here(TenantId::from_uuid(*tenant), SETTINGS);
    }
    // Rows may be newer than the number that was read before them.
    Ok(rows.last().map_or(position, |(_, changed)| position.max(*changed)))
}

/// The number of the last change of any tenant.
async fn position(app: &App) -> Result<i64> {
    let connection = primary(app.db());
    let sql = "SELECT position FROM tenant_change";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.context("watching tenants")?;
    let row = row.ok_or_else(|| Error::internal("the counter of changed tenants is gone"))?;
    Ok(row.try_get_by_index(0)?)
}

/// Listens for as long as it is polled; on SQLite there is nobody to hear.
async fn hear_all(app: &App, told: &Notify) {
    if app.db().backend() != DbBackend::Postgres {
        return std::future::pending().await;
    }
    loop {
        if let Err(error) = hear(app, told).await {
            tracing::debug!(%error, "listening for changed tenants failed, trying again");
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Hears until the connection is lost.
#[expect(clippy::disallowed_methods, reason = "listening needs a connection of its own")]
async fn hear(app: &App, told: &Notify) -> Result<(), sea_orm::sqlx::Error> {
    let mut listener = PgListener::connect_with(app.db().global().get_postgres_connection_pool()).await?;
    listener.listen(CHANNEL).await?;
    // Whatever was said before we listened.
    told.notify_one();
    while listener.try_recv().await?.is_some() {
        told.notify_one();
    }
    Ok(())
}
