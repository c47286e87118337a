//! A tenant between its first day and its last: found, renamed, suspended, resumed, deleted, had back.
//!
//! Each use case works on the tenant of its context. The platform's people get that context from [`of_tenant`].

use super::{TenantView, forget, name as shop_name, touch, views};
use crate::directory::{Directory, Life, Record, primary};
use crate::entity::tenant;
use crate::event::IdentityEvent;
use crate::resolve::Key;
use events::Emit;
use platform::{Ctx, Error, Result, Tx};
use primitives::{ErrorCode, FieldError, Permission, TenantSlug, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Tenants of one page at most.
pub const MOST: u64 = 100;

/// Whether the caller is one of the platform's people: holds the permission, and in the tenant that answers by default,
/// where nobody but the command line makes somebody `super_admin`.
///
/// # Errors
/// `UNAUTHENTICATED`, `FORBIDDEN`.
pub async fn of_the_platform(ctx: &Ctx, permission: Permission) -> Result<()> {
    ctx.require(permission)?;
    if matches!(ctx.actor(), platform::Actor::System(_)) {
        return Ok(());
    }
    let first = Directory::of(ctx.app())?.find(ctx.app(), &Key::Default).await?;
    if first.is_some_and(|record| record.info.id == ctx.tenant_id()) {
        Ok(())
    } else {
        Err(Error::forbidden("only the platform's own people do this"))
    }
}

/// The caller, one of the platform's people, in the tenant of that slug or id, whatever state it is in.
///
/// # Errors
/// As [`of_the_platform`]; `NOT_FOUND`.
pub async fn of_tenant(ctx: &Ctx, permission: Permission, slug_or_id: &str) -> Result<Ctx> {
    of_the_platform(ctx, permission).await?;
    let record = super::find(ctx.app(), slug_or_id).await?;
    Ok(ctx.at(record.info.clone()))
}

/// Which tenants to list.
#[derive(Clone, Debug, Default)]
pub struct TenantFilter {
    /// Part of the slug or the name, in any case.
    pub query: Option<String>,
    /// `active`, `suspended`, `deleted`, `purging` or `filling`.
    pub status: Option<String>,
}

/// Some tenants, by slug.
#[derive(Clone, Debug)]
pub struct TenantPage {
    /// The tenants.
    pub tenants: Vec<TenantView>,
    /// How many there are on all pages.
    pub total: u64,
    /// Whether more come after these.
    pub has_next: bool,
}

/// Tenants whose slugs come after `after`, at most `limit` and never more than [`MOST`]; for the platform's people.
///
/// # Errors
/// As [`of_the_platform`]; `BAD_USER_INPUT` for a state that there is not.
pub async fn page(ctx: &Ctx, filter: &TenantFilter, after: Option<&str>, limit: u64) -> Result<TenantPage> {
    of_the_platform(ctx, Permission::TENANTS_LIST).await?;
    let limit = limit.clamp(1, MOST);
    let mut wanted = Condition::all();
    if let Some(query) = filter.query.as_deref().map(str::trim).filter(|query| !query.is_empty()) {
        let escaped = query.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let like = || LikeExpr::new(format!("%{escaped}%")).escape('\\');
        let lower = |column| Expr::expr(Func::lower(Expr::col(column)));
        wanted = wanted.add(
            Condition::any()
                .add(lower(tenant::Column::Slug).like(like()))
                .add(lower(tenant::Column::Name).like(like())),
        );
    }
    match filter.status.as_deref() {
        None => {}
        Some(status @ ("active" | "suspended")) => {
            wanted = wanted
                .add(tenant::Column::Life.eq(Life::Open.as_str()))
                .add(tenant::Column::Status.eq(status));
        }
        Some(life @ ("deleted" | "purging" | "filling")) => {
            wanted = wanted.add(tenant::Column::Life.eq(life))
        }
        Some(_) => {
            return Err(Error::invalid("status", "is active, suspended, deleted, purging or filling"));
        }
    }
    let connection = primary(ctx.app().db());
    let all = tenant::Entity::find().filter(wanted);
    let total = PaginatorTrait::count(all.clone(), connection).await?;
    let mut rows = all.order_by_asc(tenant::Column::Slug).limit(limit + 1);
    if let Some(after) = after {
        rows = rows.filter(tenant::Column::Slug.gt(after));
    }
    let mut rows = rows.all(connection).await?;
    let has_next = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(TenantPage { tenants: views(ctx.app(), rows).await?, total, has_next })
}

/// One tenant as the list shows it; for the platform's people.
///
/// # Errors
/// As [`of_the_platform`]; `NOT_FOUND`.
pub async fn get(ctx: &Ctx, slug_or_id: &str) -> Result<TenantView> {
    let target = of_tenant(ctx, Permission::TENANTS_LIST, slug_or_id).await?;
    view(&target).await
}

/// The tenant of the context as the list shows it.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn view(ctx: &Ctx) -> Result<TenantView> {
    let row = tenant::Entity::find_by_id(ctx.tenant_id().uuid()).one(primary(ctx.app().db())).await?;
    let row = row.ok_or_else(|| Error::not_found("tenant"))?;
    views(ctx.app(), vec![row]).await?.pop().ok_or_else(|| Error::not_found("tenant"))
}

/// Closes a tenant to everybody (403) until [`resume`].
///
/// # Errors
/// `CONFLICT` when it is suspended already, or deleted; `BAD_USER_INPUT` for a reason over 500 characters.
pub async fn suspend(ctx: &Ctx, reason: &str) -> Result<()> {
    let event =
        IdentityEvent::TenantSuspended { tenant_id: ctx.tenant_id(), reason: reason.trim().to_owned() };
    switch(ctx, "active", "suspended", event).await
}

/// Opens a suspended tenant again.
///
/// # Errors
/// `CONFLICT` when it is not suspended, or deleted.
pub async fn resume(ctx: &Ctx) -> Result<()> {
    let event = IdentityEvent::TenantResumed { tenant_id: ctx.tenant_id() };
    switch(ctx, "suspended", "active", event).await
}

async fn switch(ctx: &Ctx, from: &'static str, to: &'static str, event: IdentityEvent) -> Result<()> {
    ctx.write(Permission::TENANTS_MANAGE, async |tx| {
        let changed = touch(tx, ctx.now())
            .set(tenant::Column::Status, to)
            .filter(tenant::Column::Status.eq(from))
            .filter(tenant::Column::Life.eq(Life::Open.as_str()))
            .exec()
            .await?;
        if changed == 0 {
            let slug = &ctx.tenant().slug;
            return Err(Error::conflict(format!("tenant {slug} is {to} already, or deleted")));
        }
        tx.emit(event).await?;
        forget(tx)
    })
    .await
}

/// Gives a tenant another name, another slug, or both. At its old slug there is nothing any more (404), and whoever comes
/// first may have it. Sessions end with a slug: the cookie carries it.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `CONFLICT` when the slug is taken or the tenant is deleted.
pub async fn rename(ctx: &Ctx, name: Option<&str>, slug: Option<&str>) -> Result<TenantView> {
    ctx.require(Permission::TENANTS_UPDATE)?;
    let name = name.map(shop_name).transpose().map_err(|message| FieldError::new("name", message));
    let slug =
        slug.map(TenantSlug::parse).transpose().map_err(|error| FieldError::new("slug", error.to_string()));
    let (name, slug) = match (name, slug) {
        (Ok(name), Ok(slug)) => (name, slug),
        (name, slug) => {
            return Err(Error::invalid_fields(name.err().into_iter().chain(slug.err()).collect()));
        }
    };
    let renamed = ctx.write(Permission::TENANTS_UPDATE, async |tx| {
        let row = open_row(tx, ctx).await?;
        let name = name.filter(|name| *name != row.name);
        let slug = slug.filter(|slug| slug.as_str() != row.slug);
        let mut changed = Vec::new();
        let mut update = touch(tx, ctx.now());
        if let Some(name) = name {
            update = update.set(tenant::Column::Name, name);
            changed.push("name");
        }
        if let Some(slug) = slug {
            update = update.set(tenant::Column::Slug, slug.as_str());
            changed.push("slug");
        }
        if changed.is_empty() {
            return Ok(());
        }
        if update.filter(tenant::Column::Revision.eq(row.revision)).exec().await? == 0 {
            return Err(Error::conflict("somebody else changed the tenant at the same time")
                .with_field("slug", "was changed meanwhile"));
        }
        tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed }).await?;
        forget(tx)
    });
    match renamed.await {
        Ok(()) => view(ctx).await,
        Err(error) if error.code() == ErrorCode::Conflict && error.fields().is_empty() => {
            Err(Error::conflict("this slug is taken, or the tenant is deleted")
                .with_field("slug", "is taken"))
        }
        Err(error) => Err(error),
    }
}

/// Hides a tenant at once (404) and has it deleted for good after `tenants.grace_days`; gives back when. `confirmed` is its
/// slug, typed by whoever means it.
///
/// # Errors
/// `BAD_USER_INPUT` when something else was typed; `CONFLICT` when it is deleted already.
pub async fn delete(ctx: &Ctx, confirmed: &str) -> Result<Timestamp> {
    ctx.require(Permission::TENANTS_DELETE)?;
    if confirmed != ctx.tenant().slug {
        return Err(Error::invalid("confirm", format!("type {} to confirm", ctx.tenant().slug)));
    }
    let grace = DAY.saturating_mul(u32::try_from(ctx.app().config().tenants.grace_days).unwrap_or(u32::MAX));
    let purge_at = ctx.now() + grace;
    ctx.write(Permission::TENANTS_DELETE, async |tx| {
        open_row(tx, ctx).await?;
        let hidden = touch(tx, ctx.now())
            .set(tenant::Column::Life, Life::Deleted.as_str())
            .set(tenant::Column::PurgeAt, purge_at.millis())
            .filter(tenant::Column::Life.eq(Life::Open.as_str()))
            .filter(tenant::Column::Slug.eq(confirmed))
            .exec()
            .await?;
        if hidden == 0 {
            return Err(Error::conflict("the tenant was changed at the same time"));
        }
        tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed: vec!["deleted"] })
            .await?;
        forget(tx)
    })
    .await?;
    Ok(purge_at)
}

/// As [`delete`], by an owner in the own shop. The shop that answers by default holds the platform's people: that one is
/// the command line's to delete.
///
/// # Errors
/// As [`delete`]; `CONFLICT` for the platform's own shop.
pub async fn delete_own(ctx: &Ctx, confirmed: &str) -> Result<Timestamp> {
    ctx.require(Permission::TENANTS_DELETE)?;
    let first: Option<Arc<Record>> = Directory::of(ctx.app())?.find(ctx.app(), &Key::Default).await?;
    if first.is_some_and(|record| record.info.id == ctx.tenant_id()) {
        return Err(Error::conflict(
            "the platform's own people work in this shop: delete it on the command line",
        ));
    }
    delete(ctx, confirmed).await
}

/// Has a deleted tenant back, as it was.
///
/// # Errors
/// `CONFLICT` when it is not deleted, or is going for good already.
pub async fn restore(ctx: &Ctx) -> Result<()> {
    ctx.write(Permission::TENANTS_MANAGE, async |tx| {
        let back = touch(tx, ctx.now())
            .set(tenant::Column::Life, Life::Open.as_str())
            .set(tenant::Column::PurgeAt, None::<i64>)
            .filter(tenant::Column::Life.eq(Life::Deleted.as_str()))
            .exec()
            .await?;
        if back == 0 {
            let slug = &ctx.tenant().slug;
            return Err(Error::conflict(format!(
                "tenant {slug} is not deleted, or nothing is left to have back"
            )));
        }
        tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed: vec!["restored"] })
            .await?;
        forget(tx)
    })
    .await
}

async fn open_row(tx: &Tx, ctx: &Ctx) -> Result<tenant::Model> {
    let row = tx.get::<tenant::Entity>(ctx.tenant_id().uuid()).await?;
    if row.life == Life::Open.as_str() {
        return Ok(row);
    }
    let told = Error::conflict(format!("tenant {} is deleted", row.slug));
    Err(told.with_field("slug", "is a deleted tenant's"))
}
