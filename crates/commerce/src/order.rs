//! Orders: what staff does with them. States and moves are in [`state`], rows are changed through [`desk`] only, which
//! writes down each change as a [`fact`].

pub(crate) mod desk;
pub(crate) mod expire;
mod fact;
mod list;
pub(crate) mod read;
mod state;
mod timeline;

pub use fact::{OrderFact, OrderStory, PlacedLine, PlacedOrder, Standing};
pub(crate) use list::row_view;
pub use list::{OrderCounts, OrderFilter, OrderSort, counts, list, my_orders};
pub use read::{by_id, by_token, my_order};
pub use state::*;

use catalog::stock;
use events::stream::Folded;
use platform::{Access, Ctx, Error};
use primitives::{FulfilmentId, OrderId, Permission, Quantity, VariantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use crate::entity::{fulfilment, order_line, order_note};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::payment::{self, Step, settle};
use crate::view::OrderView;
use desk::Desk;

/// Longest reason of a cancellation or a refund, characters.
pub const MAX_REASON: usize = 500;
/// Longest note, characters.
pub const MAX_NOTE: usize = 4_000;

/// An order, with the version that the caller saw: another one now is a `CONFLICT`. `None` does not check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The order.
    pub id: OrderId,
    /// The version.
    pub version: Option<i64>,
}

impl From<OrderId> for Target {
    fn from(id: OrderId) -> Self {
        Self { id, version: None }
    }
}

/// How a parcel can be followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    /// Who brings it, up to 100 characters.
    pub carrier: String,
    /// Its number, up to 100 characters.
    pub number: String,
    /// Where to follow it: empty, or an http(s) address.
    pub url: String,
}

/// The money of an order that is paid by hand is here.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` when the order is not waiting for payment, or the gateway decides about it.
pub async fn mark_paid(ctx: &Ctx, order: impl Into<Target>) -> Result<OrderView> {
    let order = order.into();
    ctx.write(Permission::PAYMENTS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        payment::capture_by_hand(&mut desk).await?;
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// Sends everything in one parcel: the pieces leave the shelf.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `carrier`, `trackingNumber`, `trackingUrl`, `CONFLICT` unless the order is paid.
pub async fn ship(ctx: &Ctx, order: impl Into<Target>, tracking: &Tracking) -> Result<OrderView> {
    let order = order.into();
    let tracking = checked(tracking)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        let AnyOrder::Paid(paid) = desk.order() else { return Err(desk.refusal(Command::Ship)) };
        let shipped = paid.ship()?;
        let lines = tx
            .find::<order_line::Entity>()
            .filter(order_line::Column::OrderId.eq(order.id.uuid()))
            .columns::<(Uuid, i64)>([order_line::Column::VariantId, order_line::Column::Quantity])
            .await?;
        let mut pieces = Vec::with_capacity(lines.len());
        for (variant, quantity) in lines {
            pieces.push((VariantId::from_uuid(variant), Quantity::new(quantity).map_err(Error::internal)?));
        }
        stock::ship(tx, order.id.uuid(), &pieces, ctx.now()).await?;
        let parcel = FulfilmentId::new();
        tx.insert_many(vec![fulfilment::ActiveModel {
            id: Set(parcel.uuid()),
            order_id: Set(order.id.uuid()),
            carrier: Set(tracking.carrier.clone()),
            tracking_number: Set(tracking.number.clone()),
            tracking_url: Set(tracking.url.clone()),
            shipped_at: Set(ctx.now().millis()),
            delivered_at: Set(None),
            ..Default::default()
        }])
        .await?;
        desk.set_state(shipped.state());
        let (order_id, n_items) = (order.id, desk.row().n_items);
        desk.emit(CommerceEvent::FulfilmentCreated { fulfilment_id: parcel, order_id, n_items });
        let carrier = tracking.carrier.clone();
        desk.emit(CommerceEvent::FulfilmentShipped { fulfilment_id: parcel, order_id, carrier });
        desk.emit(CommerceEvent::OrderShipped { order_id, fulfilment_id: parcel });
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// It arrived.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` unless the order is on its way.
pub async fn deliver(ctx: &Ctx, order: impl Into<Target>) -> Result<OrderView> {
    let order = order.into();
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        let AnyOrder::Shipped(shipped) = desk.order() else { return Err(desk.refusal(Command::Deliver)) };
        let delivered = shipped.deliver()?;
        let parcel = tx
            .find::<fulfilment::Entity>()
            .filter(fulfilment::Column::OrderId.eq(order.id.uuid()))
            .filter(fulfilment::Column::DeliveredAt.is_null())
            .order_by_asc(fulfilment::Column::Id)
            .one()
            .await?;
        let fulfilment_id = parcel.map(|parcel| FulfilmentId::from_uuid(parcel.id));
        tx.update_many::<fulfilment::Entity>()
            .set(fulfilment::Column::DeliveredAt, ctx.now().millis())
            .filter(fulfilment::Column::OrderId.eq(order.id.uuid()))
            .filter(fulfilment::Column::DeliveredAt.is_null())
            .exec()
            .await?;
        desk.set_state(delivered.state());
        let order_id = order.id;
        if let Some(fulfilment_id) = fulfilment_id {
            desk.emit(CommerceEvent::FulfilmentDelivered { fulfilment_id, order_id });
        }
        desk.emit(CommerceEvent::OrderDelivered { order_id, fulfilment_id });
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// Calls an order off before it is paid; its pieces are free again.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `reason`, `CONFLICT` unless the order waits for payment.
pub async fn cancel(ctx: &Ctx, order: impl Into<Target>, reason: &str) -> Result<OrderView> {
    let order = order.into();
    let reason = checked_text("reason", reason, MAX_REASON, true)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        let cancelled = match desk.order() {
            AnyOrder::Draft(draft) => draft.cancel()?,
            AnyOrder::PendingPayment(pending) => pending.cancel()?,
            _ => return Err(desk.refusal(Command::Cancel)),
        };
        desk.cancel(cancelled.state(), &reason).await?;
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// Gives back everything that was received and is not given back yet; by hand, or through the gateway.
///
/// The gateway is called after the intent is stored. When its answer is lost, it is asked again in the background. An
/// authorisation that arrived late is given back the same way.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `reason`, `CONFLICT` when there is nothing to give back, or it is being given back.
pub async fn refund(ctx: &Ctx, order: impl Into<Target>, reason: &str) -> Result<OrderView> {
    let order = order.into();
    let reason = checked_text("reason", reason, MAX_REASON, true)?;
    let asked = ctx
        .write(Permission::ORDERS_REFUND, async |tx| {
            let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
            let row = desk.row();
            let left = row.paid_minor - row.refunded_minor;
            let nothing = Refusal::Guard("there is nothing to give back");
            let Ok(payment) = desk.payment() else { return Err(nothing.into()) };
            if payment.provider == payment::MANUAL {
                if left == 0 {
                    return Err(nothing.into());
                }
                payment::give_back_by_hand(&mut desk, left, &reason).await?;
                desk.save().await?;
                return Ok(None);
            }
            if matches!(payment.step(), Step::Refund | Step::Void) && payment.status().is_open() {
                return Err(Refusal::Guard("the money is being given back already").into());
            }
            let step = match left {
                0 if payment.is_authorised_only() => Step::Void,
                0 => return Err(nothing.into()),
                _ => Step::Refund,
            };
            let until = ctx.now() + payment::gateway::patience(ctx.app());
            desk.ask_back(step, left, &reason, until)?;
            let payment = desk.payment()?.clone();
            desk.save().await?;
            Ok::<_, CommerceError>(Some(payment))
        })
        .await?;
    if let Some(payment) = asked {
        settle::advance(ctx, payment).await;
    }
    read::after(ctx, order.id).await
}

/// Adds a note that only staff sees.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `text`.
pub async fn add_note(ctx: &Ctx, order: OrderId, text: &str) -> Result<OrderView> {
    let text = checked_text("text", text, MAX_NOTE, true)?;
    // Support reads and notes: whoever may read an order may write down what was said about it.
    ctx.write(Permission::ORDERS_READ, async |tx| {
        let mut desk = Desk::open(tx, order, ctx.now()).await?;
        let note_id = Uuid::now_v7();
        tx.insert_many(vec![order_note::ActiveModel {
            id: Set(note_id),
            order_id: Set(order.uuid()),
            user_id: Set(ctx.user_id().map(primitives::UserId::uuid)),
            body: Set(text.clone()),
            at: Set(ctx.now().millis()),
            ..Default::default()
        }])
        .await?;
        desk.emit(CommerceEvent::OrderNoteAdded { order_id: order, note_id });
        desk.save().await
    })
    .await?;
    read::after(ctx, order).await
}

/// Somebody has looked: takes the order off the attention list.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` on another version.
pub async fn clear_attention(ctx: &Ctx, order: impl Into<Target>) -> Result<OrderView> {
    let order = order.into();
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        if desk.row().attention.is_some() {
            desk.row_mut().attention = None;
            desk.emit(CommerceEvent::OrderEdited { order_id: order.id, attention: None });
        }
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// The order that the facts of its stream add up to, without a look at its row; `None` when there are none.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; `INTERNAL_SERVER_ERROR` when the facts do not go together.
pub async fn rebuild(ctx: &Ctx, order: OrderId) -> Result<Option<Folded<OrderStory>>> {
    Ok(events::stream::rebuild(&*ctx.read(Access::System).await?, order.uuid()).await?)
}

fn checked(tracking: &Tracking) -> Result<Tracking> {
    let url = checked_text("trackingUrl", &tracking.url, 500, false)?;
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(CommerceError::field("trackingUrl", "must begin with https:// or http://"));
    }
    Ok(Tracking {
        carrier: checked_text("carrier", &tracking.carrier, 100, false)?,
        number: checked_text("trackingNumber", &tracking.number, 100, false)?,
        url,
    })
}

fn checked_text(field: &str, text: &str, max: usize, needed: bool) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if needed && length == 0 {
        return Err(CommerceError::field(field, "must not be empty"));
    }
    if max < length || text.contains('\0') {
        return Err(CommerceError::field(field, format!("must be at most {max} characters of text")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracking_addresses_are_web_addresses() {
        let with = |url: &str| checked(&Tracking { url: url.into(), ..Tracking::default() });
        assert!(with("").is_ok() && with("https://example.com/t/1").is_ok());
        for bad in ["javascript:alert(1)", "ftp://x", "//x", &format!("https://{}", "x".repeat(500))] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }
}
