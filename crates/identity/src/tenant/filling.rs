//! What an import needs of a tenant that is not there yet: a context, a first person, and the moment it is shown.

use super::{NewOwner, NewTenant, checked, first_person, forget, store_first, touch};
use crate::directory::Life;
use crate::entity::tenant;
use crate::event::IdentityEvent;
use events::Emit;
use platform::{Access, App, Ctx, Error, Result};
use primitives::{Permission, TenantId, TenantSlug};
use sea_orm::ColumnTrait;
use std::sync::Arc;

/// A context in a tenant whose row is about to be stored; of its settings only id and slug mean anything.
///
/// # Errors
/// None that a slug could cause.
pub fn before(app: &App, id: TenantId, slug: &TenantSlug) -> Result<Ctx> {
    let (mut info, _) = checked(NewTenant::new(slug.as_str(), slug.as_str(), "EUR", "BE"))?;
    info.id = id;
    Ok(Ctx::system(app, Arc::new(info), "tenant-import"))
}

/// Gives a tenant its first person.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `CONFLICT` when the address has an account.
pub async fn add_owner(ctx: &Ctx, owner: NewOwner) -> Result<()> {
    let first = first_person(ctx, owner).await?;
    ctx.write(Access::System, async |tx| store_first(tx, ctx, first).await).await
}

/// Shows a tenant that is filled, for whoever had it filled.
///
/// # Errors
/// `CONFLICT` when it is none, or was given up meanwhile.
pub async fn show(ctx: &Ctx) -> Result<()> {
    let info = ctx.tenant();
    ctx.write(Permission::TENANTS_IMPORT, async |tx| {
        let shown = touch(tx, ctx.now())
            .set(tenant::Column::Life, Life::Open.as_str())
            .set(tenant::Column::PurgeAt, None::<i64>)
            .filter(tenant::Column::Life.eq(Life::Filling.as_str()))
            .exec()
            .await?;
        if shown == 0 {
            return Err(Error::conflict("the import was given up meanwhile"));
        }
        tx.emit(IdentityEvent::TenantCreated {
            tenant_id: info.id,
            slug: info.slug.clone(),
            currency: info.currency,
            locale: info.locale,
        })
        .await?;
        forget(tx)
    })
    .await
}
