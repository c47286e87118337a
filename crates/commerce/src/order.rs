//! Orders: what staff does with them. States and moves are in [`state`], rows are changed through [`desk`] only, which
//! writes down each change as a [`fact`].

mod capture;
pub(crate) mod desk;
pub mod edit;
pub(crate) mod expire;
mod fact;
mod list;
pub(crate) mod parcel;
pub(crate) mod read;
pub(crate) mod refund;
mod state;
pub(crate) mod tag;
mod timeline;

pub use capture::{Capture, capture, release};
pub use fact::{
    Content, EditedOrder, LineChange, OrderFact, OrderStory, PlacedLine, PlacedOrder, Standing, Sums,
};
pub(crate) use list::row_views;
pub use list::{OrderCounts, OrderFilter, OrderSort, counts, list, my_orders};
pub use parcel::{Piece, Tracking, deliver, deliver_parcel, ship, ship_pieces, track};
pub use read::{amount, by_id, by_token, my_order};
pub use refund::{BackTo, Refund, refund, refund_part};
pub use state::*;
pub use tag::{MAX_TAG, MAX_TAGS, known_tags, set_tags};

use events::stream::Folded;
use platform::{Access, Ctx};
use primitives::{OrderId, Permission};
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

use crate::entity::order_note;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::payment;
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

pub(crate) fn checked_text(field: &str, text: &str, max: usize, needed: bool) -> Result<String> {
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
