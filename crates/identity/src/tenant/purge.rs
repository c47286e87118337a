//! How a tenant goes for good: its rows, some at a time, children before their parents; then its files; then its name.
//!
//! Everything here may stop at any point and is taken up again where it stopped. Whatever a table is, its rows go: the
//! database itself says which tables there are.

use super::{Ctx, forget, touch};
use crate::directory::{Life, primary, tenant_of};
use crate::entity::tenant;
use platform::db::schema::Table;
use platform::{Access, App, Context, Error, Result};
use primitives::{ErrorCode, TenantId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often somebody looks for tenants whose time is up.
const EVERY: Duration = Duration::from_secs(60);
/// Rows that one transaction deletes.
const BATCH: i64 = 500;
/// Tenants of one look.
const TENANTS: u64 = 20;
/// The row of the tenant comes last; rows that the database guards go with it.
const WITH_THE_TENANT: [&str; 4] = ["tenant", "audit_entry", "audit_checkpoint", "audit_start"];

/// Deletes tenants whose time is up, until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        match stop.run_until_cancelled(purge_due(&app)).await {
            Some(Err(error)) => {
                tracing::warn!(report = %error.report(), "deleting tenants for good failed, trying again");
            }
            Some(Ok(_)) => {}
            None => return,
        }
    }
}

/// Deletes every tenant whose time is up; gives back how many.
///
/// # Errors
/// Those of the database and of the files; what is gone is gone.
pub async fn purge_due(app: &App) -> Result<u64> {
    let mut gone = 0;
    loop {
        let due: Vec<Uuid> = tenant::Entity::find()
            .filter(tenant::Column::PurgeAt.lte(app.clock().now().millis()))
            .order_by_asc(tenant::Column::PurgeAt)
            .limit(TENANTS)
            .select_only()
            .column(tenant::Column::Id)
            .into_tuple()
            .all(primary(app.db()))
            .await
            .context("looking for tenants whose time is up")?;
        if due.is_empty() {
            return Ok(gone);
        }
        for id in due {
            gone += u64::from(purge(app, TenantId::from_uuid(id)).await?);
        }
    }
}

/// Deletes one tenant for good that is deleted or was never filled; `false` when it is there, or gone already.
///
/// # Errors
/// Those of the database and of the files.
pub async fn purge(app: &App, id: TenantId) -> Result<bool> {
    let tenant = match tenant_of(app.clone(), id).await {
        Ok(tenant) => tenant,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let ctx = Ctx::system(app, tenant, "tenant-purge");
    // From here on nobody has it back.
    let begun = ctx.write(Access::System, async |tx| {
        let begun = touch(tx, ctx.now())
            .set(tenant::Column::Life, Life::Purging.as_str())
            .filter(tenant::Column::Life.ne(Life::Open.as_str()))
            .exec()
            .await?;
        forget(tx)?;
        Ok::<_, Error>(begun == 1)
    });
    if !begun.await? {
        return Ok(false);
    }
    let tables = app.db().tenant_tables().await?;
    for table in tables.iter().rev().filter(|table| !WITH_THE_TENANT.contains(&table.name.as_str())) {
        empty(&ctx, table).await.context("deleting the rows of a tenant")?;
    }
    let folder = app.config().media.dir.join(id.to_string());
    match tokio::fs::remove_dir_all(&folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::internal(error)).context("deleting the files of a tenant");
        }
        _ => {}
    }
    ctx.write(Access::System, async |tx| {
        tx.raw_exec("DELETE FROM tenant WHERE id = {tenant}", Vec::new()).await?;
        forget(tx)
    })
    .await?;
    tracing::info!(tenant = %id, slug = %ctx.tenant().slug, "a deleted tenant is gone for good");
    Ok(true)
}

async fn empty(ctx: &Ctx, table: &Table) -> Result<()> {
    let place = match ctx.app().db().backend() {
        sea_orm::DbBackend::Postgres => "ctid",
        _ => "rowid",
    };
    let name = &table.name;
    let sql = format!(
        "DELETE FROM {name} WHERE tenant_id = {{tenant}} AND {place} IN \
         (SELECT {place} FROM {name} WHERE tenant_id = {{tenant}} LIMIT ?)"
    );
    loop {
        let gone = ctx.write(Access::System, async |tx| tx.raw_exec(&sql, vec![BATCH.into()]).await).await?;
        if gone < BATCH.unsigned_abs() {
            return Ok(());
        }
    }
}
