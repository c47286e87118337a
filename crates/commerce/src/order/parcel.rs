//! Parcels: what leaves in which, how it is followed, and what has arrived.
//!
//! An order is sent in as many parcels as it takes. It stays paid while pieces are left to send, is shipped with the parcel
//! that carries the last of them, and delivered once every parcel has arrived. That some of it is on its way already is
//! derived from the pieces that its lines count as sent.

use catalog::stock;
use platform::{Context, Ctx, Error, Tx};
use primitives::{FulfilmentId, OrderId, OrderLineId, Permission, Quantity, VariantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use super::desk::Desk;
use super::state::{AnyOrder, Command, Refusal};
use super::{Target, checked_text, read};
use crate::entity::{fulfilment, fulfilment_line, order_line};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::view::OrderView;

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

/// So many pieces of a line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The line.
    pub line: OrderLineId,
    /// At least one.
    pub quantity: i64,
}

/// Sends everything that is left in one parcel: the pieces leave the shelf.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `carrier`, `trackingNumber`, `trackingUrl`, `CONFLICT` unless the order is paid and
/// something of it is left to send.
pub async fn ship(ctx: &Ctx, order: impl Into<Target>, tracking: &Tracking) -> Result<OrderView> {
    send(ctx, order.into(), None, tracking).await
}

/// Sends these pieces in one parcel; the rest stays reserved. The order is shipped with the last of them.
///
/// # Errors
/// As [`ship`], and `NOT_FOUND` for a line of another order, `BAD_USER_INPUT` at `lines` and `lines.0.quantity` for none,
/// less than one piece, or more than are left to send.
pub async fn ship_pieces(
    ctx: &Ctx,
    order: impl Into<Target>,
    pieces: &[Piece],
    tracking: &Tracking,
) -> Result<OrderView> {
    send(ctx, order.into(), Some(pieces), tracking).await
}

async fn send(ctx: &Ctx, order: Target, pieces: Option<&[Piece]>, tracking: &Tracking) -> Result<OrderView> {
    let tracking = checked(tracking)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        if !matches!(desk.order(), AnyOrder::Paid(_)) {
            return Err(desk.refusal(Command::Ship));
        }
        let lines = lines_of(tx, order.id).await?;
        let chosen = match pieces {
            Some(pieces) => chosen(&lines, pieces)?,
            None => lines.iter().map(|line| (line, left(line))).filter(|(_, left)| 0 < *left).collect(),
        };
        if chosen.is_empty() {
            return Err(Refusal::Guard("nothing of this order is left to send").into());
        }
        pack(&mut desk, &chosen, &tracking).await?;
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// Makes a parcel of pieces that were chosen, and moves the order on when they were the last.
async fn pack(desk: &mut Desk<'_>, chosen: &[(&order_line::Model, i64)], tracking: &Tracking) -> Result<()> {
    let (tx, now, order_id) = (desk.tx(), desk.now(), desk.id());
    let mut taken = Vec::with_capacity(chosen.len());
    for (line, quantity) in chosen {
        let sent =
            count(tx, line.id, (order_line::Column::Sent, order_line::Column::Quantity), *quantity).await;
        if !sent.context("counting what is sent")? {
            return Err(Error::conflict("these pieces have just been sent by somebody else").into());
        }
        let quantity = Quantity::new(*quantity).map_err(Error::internal)?;
        taken.push((VariantId::from_uuid(line.variant_id), quantity));
    }
    stock::ship(tx, order_id.uuid(), &taken, now).await?;
    let parcel = FulfilmentId::new();
    tx.insert_many(vec![fulfilment::ActiveModel {
        id: Set(parcel.uuid()),
        order_id: Set(order_id.uuid()),
        carrier: Set(tracking.carrier.clone()),
        tracking_number: Set(tracking.number.clone()),
        tracking_url: Set(tracking.url.clone()),
        shipped_at: Set(now.millis()),
        delivered_at: Set(None),
        ..Default::default()
    }])
    .await?;
    let lies_in = chosen.iter().map(|(line, quantity)| fulfilment_line::ActiveModel {
        fulfilment_id: Set(parcel.uuid()),
        order_line_id: Set(line.id),
        quantity: Set(*quantity),
        ..Default::default()
    });
    tx.insert_many(lies_in.collect()).await?;
    let n_items: i64 = chosen.iter().map(|(_, quantity)| quantity).sum();
    desk.row_mut().n_sent += n_items;
    let shipped = match desk.order() {
        AnyOrder::Paid(paid) if paid.facts().to_send == 0 => Some(paid.ship()?),
        _ => None,
    };
    let carrier = tracking.carrier.clone();
    desk.emit(CommerceEvent::FulfilmentCreated { fulfilment_id: parcel, order_id, n_items });
    let last = shipped.is_some();
    desk.emit(CommerceEvent::FulfilmentShipped { fulfilment_id: parcel, order_id, carrier, last });
    if let Some(shipped) = shipped {
        desk.set_state(shipped.state());
        desk.emit(CommerceEvent::OrderShipped { order_id, fulfilment_id: parcel });
    }
    Ok(())
}

/// Every parcel that is on its way has arrived.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` unless something of the order is on its way.
pub async fn deliver(ctx: &Ctx, order: impl Into<Target>) -> Result<OrderView> {
    let order = order.into();
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
        arrive(&mut desk, None).await?;
        desk.save().await
    })
    .await?;
    read::after(ctx, order.id).await
}

/// One parcel has arrived. `version` is that of its order, as it was seen.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` for another version, or when the parcel has arrived already or its order was given back.
pub async fn deliver_parcel(ctx: &Ctx, parcel: FulfilmentId, version: Option<i64>) -> Result<OrderView> {
    let order = ctx
        .write(Permission::ORDERS_UPDATE, async |tx| {
            let mut desk = open_for(tx, ctx, parcel, version).await?;
            let id = desk.id();
            arrive(&mut desk, Some(parcel)).await?;
            desk.save().await?;
            Ok::<_, CommerceError>(id)
        })
        .await?;
    read::after(ctx, order).await
}

async fn arrive(desk: &mut Desk<'_>, only: Option<FulfilmentId>) -> Result<()> {
    let (tx, now, order_id) = (desk.tx(), desk.now(), desk.id());
    if !matches!(desk.order(), AnyOrder::Paid(_) | AnyOrder::Shipped(_)) {
        return Err(desk.refusal(Command::Deliver));
    }
    let under_way: Vec<(Uuid,)> = tx
        .find::<fulfilment::Entity>()
        .filter(fulfilment::Column::OrderId.eq(order_id.uuid()))
        .filter(fulfilment::Column::DeliveredAt.is_null())
        .order_by_asc(fulfilment::Column::Id)
        .columns([fulfilment::Column::Id])
        .await?;
    let arrived: Vec<Uuid> =
        under_way.iter().map(|(id,)| *id).filter(|id| only.is_none_or(|only| only.uuid() == *id)).collect();
    if only.is_some() && arrived.is_empty() {
        return Err(Refusal::Guard("this parcel has arrived already").into());
    }
    desk.set_under_way(under_way.len() - arrived.len());
    let delivered = match desk.order() {
        AnyOrder::Shipped(shipped) if shipped.facts().under_way == 0 => Some(shipped.deliver()?),
        _ if arrived.is_empty() => return Err(desk.refusal(Command::Deliver)),
        _ => None,
    };
    tx.update_many::<fulfilment::Entity>()
        .set(fulfilment::Column::DeliveredAt, now.millis())
        .filter(fulfilment::Column::Id.is_in(arrived.iter().copied()))
        .filter(fulfilment::Column::DeliveredAt.is_null())
        .exec()
        .await?;
    let final_one = arrived.last().copied();
    for id in arrived {
        let last = delivered.is_some() && Some(id) == final_one;
        let fulfilment_id = FulfilmentId::from_uuid(id);
        desk.emit(CommerceEvent::FulfilmentDelivered { fulfilment_id, order_id, last });
    }
    if let Some(delivered) = delivered {
        desk.set_state(delivered.state());
        let fulfilment_id = final_one.map(FulfilmentId::from_uuid);
        desk.emit(CommerceEvent::OrderDelivered { order_id, fulfilment_id });
        let (total, currency) = (desk.row().total_minor, desk.row().currency.clone());
        desk.emit(CommerceEvent::OrderCompleted { order_id, total, currency });
    }
    Ok(())
}

/// Says anew how a parcel can be followed. `version` is that of its order, as it was seen.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `carrier`, `trackingNumber`, `trackingUrl`, `CONFLICT` for another version.
pub async fn track(
    ctx: &Ctx,
    parcel: FulfilmentId,
    version: Option<i64>,
    tracking: &Tracking,
) -> Result<OrderView> {
    let tracking = checked(tracking)?;
    let order = ctx
        .write(Permission::ORDERS_UPDATE, async |tx| {
            let mut desk = open_for(tx, ctx, parcel, version).await?;
            let order_id = desk.id();
            let row = tx.get::<fulfilment::Entity>(parcel.uuid()).await?;
            let (carrier, number) = (tracking.carrier.clone(), tracking.number.clone());
            if (row.carrier, row.tracking_number, row.tracking_url)
                != (carrier.clone(), number.clone(), tracking.url.clone())
            {
                tx.update_many::<fulfilment::Entity>()
                    .set(fulfilment::Column::Carrier, carrier.clone())
                    .set(fulfilment::Column::TrackingNumber, number)
                    .set(fulfilment::Column::TrackingUrl, tracking.url.clone())
                    .filter(fulfilment::Column::Id.eq(parcel.uuid()))
                    .exec()
                    .await?;
                desk.emit(CommerceEvent::FulfilmentUpdated { fulfilment_id: parcel, order_id, carrier });
            }
            desk.save().await?;
            Ok::<_, CommerceError>(order_id)
        })
        .await?;
    read::after(ctx, order).await
}

/// The order of a parcel, locked.
async fn open_for<'t>(tx: &'t Tx, ctx: &Ctx, parcel: FulfilmentId, version: Option<i64>) -> Result<Desk<'t>> {
    let row = tx.get::<fulfilment::Entity>(parcel.uuid()).await?;
    Desk::open_at(tx, Target { id: OrderId::from_uuid(row.order_id), version }, ctx.now()).await
}

/// The lines of an order, in their order.
pub(crate) async fn lines_of(tx: &Tx, order: OrderId) -> Result<Vec<order_line::Model>> {
    let lines = tx.find::<order_line::Entity>().filter(order_line::Column::OrderId.eq(order.uuid()));
    Ok(lines.order_by_asc(order_line::Column::Position).all().await?)
}

/// Counts pieces of a line, `column` of at most `most`; `false` when there would be more than that then, or less than
/// none.
pub(crate) async fn count(
    tx: &Tx,
    line: Uuid,
    (column, most): (order_line::Column, order_line::Column),
    pieces: i64,
) -> Result<bool, Error> {
    use sea_orm::sea_query::{Expr, ExprTrait};
    let then = || Expr::col(column).add(pieces);
    let counted = tx
        .update_many::<order_line::Entity>()
        .col_expr(column, then())
        .filter(order_line::Column::Id.eq(line))
        .filter(then().gte(0))
        .filter(then().lte(Expr::col(most)))
        .exec()
        .await?;
    Ok(counted == 1)
}

/// Pieces of a line that are not sent yet.
pub(crate) fn left(line: &order_line::Model) -> i64 {
    (line.quantity - line.sent).max(0)
}

/// The lines that somebody has chosen, in their order, each once with all its pieces.
fn chosen<'l>(lines: &'l [order_line::Model], pieces: &[Piece]) -> Result<Vec<(&'l order_line::Model, i64)>> {
    if pieces.is_empty() {
        return Err(CommerceError::field("lines", "choose at least one piece"));
    }
    let mut wanted = vec![0_i64; lines.len()];
    for (n, piece) in pieces.iter().enumerate() {
        let at = lines.iter().position(|line| line.id == piece.line.uuid());
        let at = at.ok_or_else(|| CommerceError::not_found(OrderLineId::KIND))?;
        let so_far = wanted[at].saturating_add(piece.quantity);
        let most = left(&lines[at]);
        if piece.quantity < 1 || most < so_far {
            let text = match most {
                0 => "nothing of it is left to send, leave it out".to_owned(),
                1 => "1 piece is left to send".to_owned(),
                most => format!("must be 1 to {most}, so many pieces are left to send"),
            };
            return Err(CommerceError::field(format!("lines.{n}.quantity"), text));
        }
        wanted[at] = so_far;
    }
    Ok(lines.iter().zip(wanted).filter(|(_, wanted)| 0 < *wanted).collect())
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
