//! The addresses that an account keeps: what the checkout begins with, and what orders went to.

use events::Emit;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{AddressId, CustomerId, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::address::{self, Needs};
use crate::entity::customer_address;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::settings;
use crate::view::{Address, OwnAddress};

/// Most addresses that somebody keeps by hand.
pub const MAX_ADDRESSES: u64 = 50;

/// The caller's addresses: the first choice, then what was used last.
pub async fn own_addresses(ctx: &Ctx) -> Result<Vec<OwnAddress>> {
    let rows = ctx.read(Access::SignedIn).await?;
    let Some(own) = own_id(&rows, ctx).await? else { return Ok(Vec::new()) };
    of(&rows, own).await
}

/// Keeps an address, or changes one; the first one is the first choice.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field (`address.name`, `address.line1` …), for an address that is kept already and
/// for more than [`MAX_ADDRESSES`]; `NOT_FOUND` for an address that is not the caller's; `CONFLICT` for an account
/// whose address is not confirmed.
pub async fn put_own_address(
    ctx: &Ctx,
    id: Option<AddressId>,
    typed: &Address,
    first_choice: bool,
) -> Result<OwnAddress> {
    let countries = settings::current(ctx).await?.settings.countries(ctx.tenant().country);
    let checked =
        address::check_address(typed, &countries, Needs::Address).map_err(CommerceError::Invalid)?;
    let document = serde_json::to_string(&checked.address).map_err(Error::internal)?;
    let fingerprint = Sha256::digest(document.as_bytes()).to_vec();
    ctx.write(Access::SignedIn, async |tx| {
        let own = own_id(tx, ctx).await?.ok_or_else(no_customer)?;
        // One after the other: nobody keeps more than fits, and one address at most is the first choice.
        touch(tx, own, ctx).await?;
        let kept = of(tx, own).await?;
        if kept.iter().any(|other| other.address == checked.address && Some(other.id) != id) {
            return Err(CommerceError::field("address.line1", "you keep this address already"));
        }
        let first_choice = first_choice || kept.is_empty();
        let id = match id {
            Some(id) => {
                if !kept.iter().any(|other| other.id == id) {
                    return Err(CommerceError::not_found(AddressId::KIND));
                }
                tx.update_many::<customer_address::Entity>()
                    .set(customer_address::Column::Document, document.as_str())
                    .set(customer_address::Column::Fingerprint, fingerprint)
                    .filter(customer_address::Column::Id.eq(id.uuid()))
                    .exec()
                    .await?;
                id
            }
            None => {
                if MAX_ADDRESSES <= kept.len() as u64 {
                    let message = format!("you keep {MAX_ADDRESSES} addresses already: delete one first");
                    return Err(CommerceError::field("address.line1", message));
                }
                let id = AddressId::new();
                tx.insert_many(vec![customer_address::ActiveModel {
                    id: Set(id.uuid()),
                    customer_id: Set(own),
                    fingerprint: Set(fingerprint),
                    document: Set(document),
                    used_at: Set(ctx.now().millis()),
                    is_default: Set(false),
                    ..Default::default()
                }])
                .await?;
                id
            }
        };
        if first_choice {
            prefer(tx, own, id).await?;
        }
        told(tx, own).await?;
        let now = of(tx, own).await?.into_iter().find(|kept| kept.id == id);
        now.ok_or_else(|| CommerceError::not_found(AddressId::KIND))
    })
    .await
}

/// Makes one of the caller's addresses the first choice.
///
/// # Errors
/// `NOT_FOUND` for an address that is not the caller's.
pub async fn prefer_own_address(ctx: &Ctx, id: AddressId) -> Result<()> {
    ctx.write(Access::SignedIn, async |tx| {
        let own = own_id(tx, ctx).await?.ok_or_else(|| CommerceError::not_found(AddressId::KIND))?;
        touch(tx, own, ctx).await?;
        prefer(tx, own, id).await?;
        told(tx, own).await
    })
    .await
}

/// Forgets one of the caller's addresses. Orders keep where they went.
///
/// # Errors
/// `NOT_FOUND` for an address that is not the caller's.
pub async fn remove_own_address(ctx: &Ctx, id: AddressId) -> Result<()> {
    ctx.write(Access::SignedIn, async |tx| {
        let own = own_id(tx, ctx).await?.ok_or_else(|| CommerceError::not_found(AddressId::KIND))?;
        let gone = tx
            .delete_many::<customer_address::Entity>()
            .filter(customer_address::Column::Id.eq(id.uuid()))
            .filter(customer_address::Column::CustomerId.eq(own))
            .exec()
            .await?;
        if gone == 0 {
            return Err(CommerceError::not_found(AddressId::KIND));
        }
        told(tx, own).await
    })
    .await
}

/// The first choice of an account, for the form of the checkout.
pub(super) async fn preferred(rows: &TenantDb, user: UserId) -> Result<Option<Address>> {
    let Some(own) = super::proven(rows, user).await? else { return Ok(None) };
    let found = rows
        .find::<customer_address::Entity>()
        .filter(customer_address::Column::CustomerId.eq(own.id))
        .filter(customer_address::Column::IsDefault.eq(true))
        .one()
        .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(serde_json::from_str(&row.document).map_err(Error::internal)?))
}

fn no_customer() -> CommerceError {
    Error::conflict("confirm the e-mail address of your account first: then addresses are kept").into()
}

async fn own_id(rows: &TenantDb, ctx: &Ctx) -> Result<Option<Uuid>> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    Ok(super::proven(rows, user).await?.map(|row| row.id))
}

async fn touch(tx: &Tx, own: Uuid, ctx: &Ctx) -> Result<()> {
    let held = tx
        .raw_exec(
            "UPDATE customer SET updated_at = ? WHERE tenant_id = {tenant} AND id = ? AND erased_at IS NULL",
            vec![ctx.now().millis().into(), own.into()],
        )
        .await?;
    if held == 0 { Err(CommerceError::not_found(AddressId::KIND)) } else { Ok(()) }
}

async fn prefer(tx: &Tx, own: Uuid, id: AddressId) -> Result<()> {
    let set = async |to: bool| {
        let rows = tx.update_many::<customer_address::Entity>();
        let rows = rows.set(customer_address::Column::IsDefault, to);
        let rows = rows.filter(customer_address::Column::CustomerId.eq(own));
        match to {
            true => rows.filter(customer_address::Column::Id.eq(id.uuid())).exec().await,
            false => rows.filter(customer_address::Column::IsDefault.eq(true)).exec().await,
        }
    };
    set(false).await?;
    if set(true).await? == 0 { Err(CommerceError::not_found(AddressId::KIND)) } else { Ok(()) }
}

async fn told(tx: &Tx, own: Uuid) -> Result<()> {
    tx.emit(CommerceEvent::CustomerUpdated { customer_id: CustomerId::from_uuid(own) }).await?;
    Ok(())
}

async fn of(rows: &TenantDb, own: Uuid) -> Result<Vec<OwnAddress>> {
    let found = rows
        .find::<customer_address::Entity>()
        .filter(customer_address::Column::CustomerId.eq(own))
        .order_by_desc(customer_address::Column::IsDefault)
        .order_by_desc(customer_address::Column::UsedAt)
        .order_by_desc(customer_address::Column::Id)
        .limit(MAX_ADDRESSES * 4)
        .all()
        .await?;
    let read = |row: customer_address::Model| -> Result<OwnAddress> {
        Ok(OwnAddress {
            id: AddressId::from_uuid(row.id),
            address: serde_json::from_str(&row.document).map_err(Error::internal)?,
            first_choice: row.is_default,
        })
    };
    found.into_iter().map(read).collect()
}
