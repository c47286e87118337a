//! Whether a customer wants letters about offers: asked, never assumed, and written down each time it changes.
//!
//! The log is append-only and names nobody but the customer's id, so it stays when a customer is forgotten: it shows that
//! the letters of that time were wanted. What holds now is its last entry, kept beside the record for lists.

use events::Emit;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{CustomerId, Permission, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use crate::entity::{customer, customer_consent, orders};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::view::{ConsentView, CustomerView};

/// Where somebody was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Checkout,
    Account,
    Staff,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Account => "account",
            Self::Staff => "staff",
        }
    }
}

/// The caller's own answer, in the account; gives back what holds now.
///
/// # Errors
/// `UNAUTHENTICATED`; `NOT_FOUND` for an account that is no customer yet.
pub async fn set_own_consent(ctx: &Ctx, given: bool) -> Result<bool> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    ctx.write(Access::SignedIn, async |tx| {
        let own = tx.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
        let own = own.one().await?.ok_or_else(|| CommerceError::not_found(CustomerId::KIND))?;
        put(tx, ctx, own.id, given, Source::Account).await
    })
    .await?;
    Ok(given)
}

/// What whoever has just ordered answered at the checkout: the key of the order says whose answer it is. Not to have
/// ticked the box takes nothing back that was given before. For a customer with an account nobody else answers: an order with
/// its address that was not placed with the account changes nothing.
///
/// # Errors
/// `NOT_FOUND` for a key of no order.
pub async fn consent_with_order(ctx: &Ctx, token: &str) -> Result<()> {
    ctx.write(Access::Public, async |tx| {
        let order = tx.find::<orders::Entity>().filter(orders::Column::Token.eq(token)).one().await?;
        let order = order.ok_or_else(|| CommerceError::not_found("order"))?;
        let owner = tx.get::<customer::Entity>(order.customer_id).await?;
        if owner.user_id.is_some() && owner.user_id != order.user_id {
            return Ok(());
        }
        put(tx, ctx, order.customer_id, true, Source::Checkout).await
    })
    .await
}

/// What a customer has told the staff.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` for a customer that is forgotten.
pub async fn set_consent(ctx: &Ctx, id: CustomerId, given: bool) -> Result<CustomerView> {
    // The record is the answer: whoever may not read it changes nothing.
    ctx.require(Permission::CUSTOMERS_READ)?;
    ctx.write(Permission::CUSTOMERS_UPDATE, async |tx| {
        let row = tx.get::<customer::Entity>(id.uuid()).await?;
        if row.erased_at.is_some() {
            return Err(Error::conflict("this customer is forgotten").into());
        }
        put(tx, ctx, id.uuid(), given, Source::Staff).await
    })
    .await?;
    super::get(ctx, id).await
}

/// Whether the caller wants letters; `None` for an account that is no customer yet.
pub async fn own_consent(ctx: &Ctx) -> Result<Option<bool>> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let rows = ctx.read(Access::SignedIn).await?;
    let own = rows.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
    Ok(own.one().await?.map(|row| row.marketing))
}

/// The log of a customer, newest first.
pub(super) async fn of(rows: &TenantDb, customer: Uuid) -> Result<Vec<ConsentView>> {
    let found = rows
        .find::<customer_consent::Entity>()
        .filter(customer_consent::Column::CustomerId.eq(customer))
        .order_by_desc(customer_consent::Column::At)
        .order_by_desc(customer_consent::Column::Id)
        .all()
        .await?;
    let view = |row: customer_consent::Model| ConsentView {
        given: row.given,
        source: row.source,
        by: row.user_id.map(UserId::from_uuid),
        at: Timestamp::from_millis(row.at),
    };
    Ok(found.into_iter().map(view).collect())
}

/// Writes an answer down that is another one than before; the statement decides, so two at once are one entry.
async fn put(tx: &Tx, ctx: &Ctx, customer: Uuid, given: bool, source: Source) -> Result<()> {
    let now = ctx.now();
    let changed = tx
        .update_many::<customer::Entity>()
        .set(customer::Column::Marketing, given)
        .set(customer::Column::UpdatedAt, now.millis())
        .filter(customer::Column::Id.eq(customer))
        .filter(customer::Column::Marketing.eq(!given))
        .filter(customer::Column::ErasedAt.is_null())
        .exec()
        .await?;
    if changed == 0 {
        return Ok(());
    }
    tx.insert_many(vec![customer_consent::ActiveModel {
        id: Set(Uuid::now_v7()),
        customer_id: Set(customer),
        given: Set(given),
        source: Set(source.as_str().to_owned()),
        user_id: Set(ctx.user_id().map(UserId::uuid)),
        at: Set(now.millis()),
        ..Default::default()
    }])
    .await?;
    tx.emit(CommerceEvent::CustomerUpdated { customer_id: CustomerId::from_uuid(customer) }).await?;
    Ok(())
}
