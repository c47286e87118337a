//! Orders that staff writes for customers: a sale on the telephone, a quote.
//!
//! A draft is a cart of the shop's own, in tables of its own: no shopper comes to it, it is never abandoned and never
//! expires. It is priced by the calculation that prices carts, which sees what staff agrees as prices and discounts
//! ([`price`]), at every look anew. [`complete`] makes an order of it, the way a checkout does; its pieces are reserved
//! then and not before. [`send()`] writes to its customer: what it would cost, and later what is to be paid.

mod complete;
mod input;
mod price;
mod read;
mod send;

pub use complete::{Completion, complete};
pub use input::{Draft, DraftLine, MAX_REASON, Off, Reduction};
pub use read::{DraftFilter, DraftLineView, DraftPreview, DraftRowView, DraftState, DraftView, by_id, list};
pub use send::{Sent, send};

use platform::{Ctx, Error, TenantDb, Tx};
use primitives::{DraftOrderId, Permission, UserId};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel};
use uuid::Uuid;

use crate::customer;
use crate::entity::{draft_line, draft_order, orders};
use crate::error::{CommerceError, Result};
use crate::view::Address;
use input::Checked;

/// A draft, with the version that the caller saw: another one now is a `CONFLICT`. `None` does not check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// The draft.
    pub id: DraftOrderId,
    /// The version.
    pub version: Option<i64>,
}

impl From<DraftOrderId> for Which {
    fn from(id: DraftOrderId) -> Self {
        Self { id, version: None }
    }
}

/// Begins an order for a customer. What is left empty of contact and address comes from the customer's record, if there is
/// one.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field; `NOT_FOUND` for a customer or a variant that is not there.
pub async fn create(ctx: &Ctx, draft: &Draft) -> Result<DraftView> {
    ctx.require(Permission::ORDERS_CREATE)?;
    let checked = input::checked(ctx, draft, &[]).await?;
    let id = DraftOrderId::new();
    ctx.write(Permission::ORDERS_CREATE, async |tx| {
        hold_customer(tx, &checked).await?;
        let checked = filled(tx, checked.clone()).await?;
        let now = ctx.now().millis();
        let row = draft_order::Model {
            id: id.uuid(),
            user_id: ctx.user_id().map(UserId::uuid),
            created_at: now,
            updated_at: now,
            ..checked.row(ctx)
        };
        tx.about(DraftOrderId::KIND, row.id);
        tx.insert_many(vec![row.into_active_model().reset_all()]).await?;
        tx.insert_many(rows_of(lines(id.uuid(), ctx, &checked))).await?;
        Ok::<_, CommerceError>(())
    })
    .await?;
    read::after(ctx, id).await
}

/// Writes a draft anew: all of it is as `draft` says.
///
/// # Errors
/// As [`create`]; `NOT_FOUND`, `CONFLICT` on another version, or when the draft was placed.
pub async fn update(ctx: &Ctx, which: impl Into<Which>, draft: &Draft) -> Result<DraftView> {
    let which = which.into();
    ctx.require(Permission::ORDERS_UPDATE)?;
    let rows = ctx.read(Permission::ORDERS_UPDATE).await?;
    rows.get::<draft_order::Entity>(which.id.uuid()).await?;
    let known: Vec<Uuid> =
        lines_of(&rows, which.id.uuid()).await?.iter().map(|line| line.variant_id).collect();
    drop(rows);
    let checked = input::checked(ctx, draft, &known).await?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        // The customer first, as whoever forgets one does.
        hold_customer(tx, &checked).await?;
        let before = open(tx, which).await?;
        use draft_order::Column as C;
        let row = checked.row(ctx);
        let changed = tx
            .update_many::<draft_order::Entity>()
            .set(C::CustomerId, row.customer_id)
            .set(C::Email, row.email)
            .set(C::Address, row.address)
            .set(C::ShippingMethod, row.shipping_method)
            .set(C::Provider, row.provider)
            .set(C::CustomerNote, row.customer_note)
            .set(C::InternalNote, row.internal_note)
            .set(C::Tags, row.tags)
            .set(C::Currency, row.currency)
            .set(C::DiscountMinor, row.discount_minor)
            .set(C::DiscountPpm, row.discount_ppm)
            .set(C::DiscountReason, row.discount_reason)
            .set(C::UsePromotions, row.use_promotions)
            .set(C::Version, before.version + 1)
            .set(C::UpdatedAt, ctx.now().millis())
            .filter(C::Id.eq(before.id))
            .filter(C::Version.eq(before.version))
            .filter(C::State.eq(DraftState::Open.as_str()))
            .exec()
            .await?;
        if changed != 1 {
            return Err(changed_meanwhile());
        }
        tx.about(DraftOrderId::KIND, before.id);
        let old = draft_line::Column::DraftId.eq(before.id);
        tx.delete_many::<draft_line::Entity>().filter(old).exec().await?;
        tx.insert_many(rows_of(lines(before.id, ctx, &checked))).await?;
        Ok(())
    })
    .await?;
    read::after(ctx, which.id).await
}

/// What a draft would cost, and what would stand in the way of placing it; nothing is stored. `id` is the draft that it
/// shall become, if it is not a new one.
///
/// # Errors
/// As [`create`] and, for a draft that is not there, `NOT_FOUND`.
pub async fn preview(ctx: &Ctx, id: Option<DraftOrderId>, draft: &Draft) -> Result<DraftPreview> {
    ctx.require(Permission::ORDERS_READ)?;
    let rows = ctx.read(Permission::ORDERS_READ).await?;
    let known: Vec<Uuid> = match id {
        Some(id) => {
            rows.get::<draft_order::Entity>(id.uuid()).await?;
            lines_of(&rows, id.uuid()).await?.iter().map(|line| line.variant_id).collect()
        }
        None => Vec::new(),
    };
    drop(rows);
    let mut checked = input::checked(ctx, draft, &known).await?;
    let rows = ctx.read(Permission::ORDERS_READ).await?;
    if let Some(customer) = draft.customer {
        customer::email_of(&rows, customer).await?;
    }
    if id.is_none() {
        checked = filled(&rows, checked).await?;
    }
    drop(rows);
    let row = draft_order::Model { id: Uuid::now_v7(), ..checked.row(ctx) };
    read::foretold(ctx, &row, &lines(row.id, ctx, &checked), &checked.draft.address).await
}

/// Throws a draft away.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` on another version, or when the draft was placed.
pub async fn delete(ctx: &Ctx, which: impl Into<Which>) -> Result<()> {
    let which = which.into();
    ctx.write(Permission::ORDERS_DELETE, async |tx| {
        let row = open(tx, which).await?;
        tx.about(DraftOrderId::KIND, row.id);
        remove(tx, &[row.id]).await
    })
    .await
}

/// Deletes drafts with their lines.
pub(crate) async fn remove(tx: &Tx, drafts: &[Uuid]) -> Result<()> {
    let theirs = draft_line::Column::DraftId.is_in(drafts.iter().copied());
    tx.delete_many::<draft_line::Entity>().filter(theirs).exec().await?;
    let them = draft_order::Column::Id.is_in(drafts.iter().copied());
    tx.delete_many::<draft_order::Entity>().filter(them).exec().await?;
    Ok(())
}

/// A draft that can still be changed, locked.
async fn open(tx: &Tx, which: Which) -> Result<draft_order::Model> {
    use sea_orm::QuerySelect;
    let row = tx.find::<draft_order::Entity>().filter(draft_order::Column::Id.eq(which.id.uuid()));
    let row = row.map(|select| select.lock_exclusive()).one().await?;
    let row = row.ok_or_else(|| CommerceError::not_found(DraftOrderId::KIND))?;
    if let Some(order) = row.order_id {
        let number = tx.get::<orders::Entity>(order).await?.number;
        return Err(Error::conflict(format!("this draft was placed already, as order {number}")).into());
    }
    match which.version {
        Some(seen) if seen != row.version => Err(changed_meanwhile()),
        _ => Ok(row),
    }
}

/// The version of an order that no letter was about.
const UNSENT: i64 = 0;

fn changed_meanwhile() -> CommerceError {
    Error::conflict("this draft was changed by somebody else, load it again").into()
}

async fn lines_of(rows: &TenantDb, draft: Uuid) -> Result<Vec<draft_line::Model>> {
    let lines = rows.find::<draft_line::Entity>().filter(draft_line::Column::DraftId.eq(draft));
    Ok(lines.order_by_asc(draft_line::Column::Position).all().await?)
}

fn rows_of(lines: Vec<draft_line::Model>) -> Vec<draft_line::ActiveModel> {
    lines.into_iter().map(|line| line.into_active_model().reset_all()).collect()
}

fn lines(draft: Uuid, ctx: &Ctx, checked: &Checked) -> Vec<draft_line::Model> {
    let line = |(position, line): (usize, &DraftLine)| {
        let (discount_minor, discount_ppm, discount_reason) = input::columns(line.discount.as_ref());
        draft_line::Model {
            tenant_id: ctx.tenant_id().uuid(),
            id: Uuid::now_v7(),
            draft_id: draft,
            position: i64::try_from(position).unwrap_or(i64::MAX),
            variant_id: line.variant.uuid(),
            quantity: line.quantity,
            currency: ctx.tenant().currency.code().to_owned(),
            unit_minor: line.price,
            unit_reason: line.price_reason.clone(),
            discount_minor,
            discount_ppm,
            discount_reason,
        }
    };
    checked.draft.lines.iter().enumerate().map(line).collect()
}

/// The customer is there, and is not being forgotten.
async fn hold_customer(tx: &Tx, checked: &Checked) -> Result<()> {
    match checked.draft.customer {
        Some(id) => customer::hold(tx, id).await.map(|_| ()),
        None => Ok(()),
    }
}

/// A new draft with what the customer's record knows.
async fn filled(rows: &TenantDb, mut checked: Checked) -> Result<Checked> {
    let Some(id) = checked.draft.customer else { return Ok(checked) };
    if checked.draft.email.is_empty() {
        checked.draft.email = customer::email_of(rows, id).await?;
    }
    if checked.draft.address == Address::default() {
        checked.draft.address = customer::last_address(rows, id).await?.unwrap_or_default();
    }
    Ok(checked)
}
