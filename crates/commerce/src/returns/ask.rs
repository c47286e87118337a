//! What customers do: ask to send something back, and think again.

use platform::{Access, Context, Ctx, Error, Tx};
use primitives::{OrderId, OrderLineId, ReturnId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use super::read::{self, returnable, until};
use super::state::{ReturnCommand, ReturnReason, ReturnState};
use super::{Case, announce};
use crate::entity::{order_line, orders, return_line, return_request};
use crate::error::{CommerceError, Result};
use crate::order::desk::Desk;
use crate::order::read::{Parcel, is_token};
use crate::order::{AnyOrder, Piece, Refusal, checked_text, parcel};
use crate::settings;
use crate::view::ReturnView;

/// Most returns of one order, those that were withdrawn included.
pub const MAX_RETURNS: u64 = 50;
/// Longest words of a customer, characters.
const MAX_WORDS: usize = 1_000;

/// How a customer came to an order.
#[derive(Clone, Copy, Debug)]
pub enum Door<'d> {
    /// By the tracking link: whoever holds the token may ask.
    Token(&'d str),
    /// From the account: one of the caller's own.
    Own(OrderId),
}

/// What somebody wants to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// 1 to 100 visible ASCII characters, fresh for each return: the second time it changes nothing.
    pub key: String,
    /// Lines and pieces.
    pub lines: Vec<Piece>,
    /// Why.
    pub reason: ReturnReason,
    /// Why in their own words, up to 1,000 characters; needed for [`ReturnReason::Other`] and for an exchange.
    pub words: String,
    /// Other goods instead of money, please: the words say which.
    pub exchange: bool,
}

/// Asks to send pieces back.
///
/// # Errors
/// `NOT_FOUND` for an order, or a line that is not in it; `BAD_USER_INPUT` at `key`, `words`, `lines`, and
/// `lines.0.quantity` for less than one piece or more than were sent and are not on their way back; `CONFLICT` when the
/// shop takes nothing back, the time is over, or the order is not one to send something back of.
pub async fn request(ctx: &Ctx, door: Door<'_>, ask: &Ask) -> Result<ReturnView> {
    let ctx = &ctx.shopping();
    let words = checked_text("words", &ask.words, MAX_WORDS, ask.reason == ReturnReason::Other)?;
    if ask.exchange && words.is_empty() {
        return Err(CommerceError::field("words", "say what you would rather have"));
    }
    let visible = ask.key.chars().all(|c| c.is_ascii_graphic());
    if ask.key.is_empty() || 100 < ask.key.len() || !visible {
        return Err(CommerceError::field("key", "must be 1 to 100 visible ASCII characters"));
    }
    let days = settings::current(ctx).await?.settings.return_days;
    let (access, order) = find(ctx, door).await?;
    let id = ctx
        .write(access, async |tx| {
            let mut desk = Desk::open(tx, order, ctx.now()).await?;
            if let Some(known) = known(tx, order, &ask.key).await? {
                return Ok(known);
            }
            let lines = parcel::lines_of(tx, order).await?;
            let parcels = may_ask(tx, &desk, days).await?;
            let whole = read::whole(&parcels);
            let chosen = chosen(&lines, &ask.lines, whole)?;
            take(tx, &chosen, whole).await?;
            let row = store(tx, &desk, ask, &words, &chosen).await?;
            announce(&mut desk, &row, ReturnState::Requested);
            desk.save().await?;
            Ok::<_, CommerceError>(ReturnId::from_uuid(row.id))
        })
        .await?;
    read::for_shopper(ctx, id).await
}

/// The customer keeps the pieces.
///
/// # Errors
/// `NOT_FOUND`, also for a return of another order; `CONFLICT` once the pieces were received.
pub async fn withdraw(ctx: &Ctx, door: Door<'_>, id: ReturnId) -> Result<ReturnView> {
    let ctx = &ctx.shopping();
    let (access, order) = find(ctx, door).await?;
    ctx.write(access, async |tx| {
        let row = tx.get::<return_request::Entity>(id.uuid()).await?;
        if row.order_id != order.uuid() {
            return Err(CommerceError::not_found(ReturnId::KIND));
        }
        let mut case = Case::open(tx, id.into(), ctx.now()).await?;
        case.move_on(ReturnCommand::Withdraw)?;
        case.free_all().await?;
        case.save().await
    })
    .await?;
    read::for_shopper(ctx, id).await
}

/// The order behind a door, and what opens it.
pub(crate) async fn find(ctx: &Ctx, door: Door<'_>) -> Result<(Access, OrderId)> {
    let access = match door {
        Door::Token(_) => Access::Public,
        Door::Own(_) => Access::SignedIn,
    };
    ctx.require(access)?;
    let rows = ctx.read(access).await?;
    let found = rows.find::<orders::Entity>();
    let found = match door {
        Door::Token(token) if is_token(token) => found.filter(orders::Column::Token.eq(token)).one().await?,
        Door::Token(_) => None,
        Door::Own(id) => {
            let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
            let own = orders::Column::UserId.eq(user.uuid());
            found.filter(orders::Column::Id.eq(id.uuid())).filter(own).one().await?
        }
    };
    let found = found.ok_or_else(|| CommerceError::not_found(OrderId::KIND))?;
    Ok((access, OrderId::from_uuid(found.id)))
}

/// The return that was asked for under this key before.
async fn known(tx: &Tx, order: OrderId, key: &str) -> Result<Option<ReturnId>> {
    let found = tx
        .find::<return_request::Entity>()
        .filter(return_request::Column::OrderId.eq(order.uuid()))
        .filter(return_request::Column::RequestKey.eq(key))
        .one()
        .await?;
    Ok(found.map(|row| ReturnId::from_uuid(row.id)))
}

/// Refuses unless something can be sent back now; the parcels of the order.
async fn may_ask(tx: &Tx, desk: &Desk<'_>, days: u32) -> Result<Vec<Parcel>> {
    if days == 0 {
        return Err(Refusal::Guard("this shop offers no returns here: write to it instead").into());
    }
    if !matches!(desk.order(), AnyOrder::Paid(_) | AnyOrder::Shipped(_) | AnyOrder::Delivered(_)) {
        return Err(Refusal::Guard("nothing of this order can be sent back any more").into());
    }
    let parcels = crate::order::read::parcels(tx, desk.id().uuid()).await?;
    match until(&parcels, days) {
        None => Err(Refusal::Guard("nothing of this order has been sent yet").into()),
        Some(until) if until < desk.now() => {
            let text = format!("it could be sent back until {}", day(until));
            Err(Error::conflict(text).into())
        }
        Some(_) => Ok(parcels),
    }
}

/// `2026-11-21`, UTC.
fn day(at: Timestamp) -> String {
    at.rfc3339().chars().take(10).collect()
}

/// Lines with their pieces, each once.
fn chosen<'l>(
    lines: &'l [order_line::Model],
    pieces: &[Piece],
    whole: bool,
) -> Result<Vec<(&'l order_line::Model, i64)>> {
    if pieces.is_empty() {
        return Err(CommerceError::field("lines", "choose at least one piece to send back"));
    }
    let mut wanted = vec![0_i64; lines.len()];
    for (n, piece) in pieces.iter().enumerate() {
        let at = lines.iter().position(|line| line.id == piece.line.uuid());
        let at = at.ok_or_else(|| CommerceError::not_found(OrderLineId::KIND))?;
        let so_far = wanted[at].saturating_add(piece.quantity);
        let most = returnable(&lines[at], whole);
        if piece.quantity < 1 || most < so_far {
            let text = match most {
                0 => "nothing of it can be sent back now, leave it out".to_owned(),
                most => format!("must be 1 to {most}, so many pieces can be sent back"),
            };
            return Err(CommerceError::field(format!("lines.{n}.quantity"), text));
        }
        wanted[at] = so_far;
    }
    Ok(lines.iter().zip(wanted).filter(|(_, wanted)| 0 < *wanted).collect())
}

/// Keeps pieces from being part of two returns.
async fn take(tx: &Tx, chosen: &[(&order_line::Model, i64)], whole: bool) -> Result<()> {
    let most = if whole { order_line::Column::Quantity } else { order_line::Column::Sent };
    for (line, quantity) in chosen {
        let taken = parcel::count(tx, line.id, (order_line::Column::Returned, most), *quantity).await;
        if !taken.context("counting what comes back")? {
            return Err(Error::conflict("these pieces are part of another return already").into());
        }
    }
    Ok(())
}

async fn store(
    tx: &Tx,
    desk: &Desk<'_>,
    ask: &Ask,
    words: &str,
    chosen: &[(&order_line::Model, i64)],
) -> Result<return_request::Model> {
    let of_order =
        || tx.find::<return_request::Entity>().filter(return_request::Column::OrderId.eq(desk.id().uuid()));
    // The order is locked: nobody else counts at the same time.
    let before = of_order().count().await?;
    if MAX_RETURNS <= before {
        return Err(Refusal::Guard("there are too many returns of this order: write to the shop").into());
    }
    let now = desk.now().millis();
    let id = Uuid::now_v7();
    tx.insert_many(vec![return_request::ActiveModel {
        id: Set(id),
        order_id: Set(desk.id().uuid()),
        number: Set(i64::try_from(before).map_err(Error::internal)? + 1),
        request_key: Set(ask.key.clone()),
        state: Set(ReturnState::Requested.as_str().to_owned()),
        open: Set(1),
        reason: Set(ask.reason.as_str().to_owned()),
        words: Set(words.to_owned()),
        answer: Set(String::new()),
        currency: Set(desk.row().currency.clone()),
        refund_key: Set(String::new()),
        refund_minor: Set(0),
        given_minor: Set(0),
        exchange: Set(ask.exchange),
        version: Set(1),
        requested_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }])
    .await?;
    let lines = chosen.iter().map(|(line, quantity)| return_line::ActiveModel {
        return_id: Set(id),
        order_line_id: Set(line.id),
        quantity: Set(*quantity),
        received: Set(0),
        restocked: Set(0),
        location_id: Set(None),
        ..Default::default()
    });
    tx.insert_many(lines.collect()).await?;
    Ok(tx.get::<return_request::Entity>(id).await?)
}
