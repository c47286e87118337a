//! What goes into a parcel.

use std::collections::HashMap;

use paper::{Slip, SlipLine};
use platform::{Ctx, Error};
use primitives::{OrderId, OrderLineId};

use super::seller;
use crate::error::{CommerceError, Result};
use crate::order;
use crate::view::FulfilmentView;

/// The packing slip of a parcel of an order, the first being 1; without one, of what is still to be sent, or of the last
/// parcel when all of it has left.
///
/// # Errors
/// `NOT_FOUND` for the order or the parcel; `CONFLICT` when nothing is to be sent and nothing was.
pub async fn slip(ctx: &Ctx, id: OrderId, parcel: Option<usize>) -> Result<Slip> {
    let order = order::by_id(ctx, id).await?;
    let seller = seller::current(ctx).await?;
    let to_send: i64 = order.lines.iter().map(|line| i64::from(line.to_send)).sum();
    let nothing = parcel.is_none() && to_send == 0;
    let chosen = if nothing { Some(order.fulfilments.len()) } else { parcel };
    let sent: Option<(usize, &FulfilmentView)> = match chosen {
        None => None,
        Some(number) => {
            let found = number.checked_sub(1).and_then(|index| order.fulfilments.get(index));
            match found {
                Some(parcel) => Some((number, parcel)),
                None if nothing => return Err(Error::conflict("nothing of this order is to be sent").into()),
                None => return Err(CommerceError::not_found("parcel")),
            }
        }
    };
    let inside: Option<HashMap<OrderLineId, u32>> =
        sent.map(|(_, parcel)| parcel.lines.iter().map(|line| (line.line, line.quantity)).collect());
    let lines: Vec<SlipLine> = order
        .lines
        .iter()
        .map(|line| {
            let quantity = match &inside {
                Some(inside) => inside.get(&line.id).copied().unwrap_or_default(),
                None => line.to_send,
            };
            SlipLine {
                title: line.title.clone(),
                variant: line.variant_title.clone(),
                sku: line.sku.clone(),
                quantity: i64::from(quantity),
            }
        })
        .filter(|line| 0 < line.quantity)
        .collect();
    let all: i64 = order.lines.iter().map(|line| i64::from(line.quantity)).sum();
    let here: i64 = lines.iter().map(|line| line.quantity).sum();
    let said =
        |of: fn(&FulfilmentView) -> &String| sent.map(|(_, parcel)| of(parcel).clone()).unwrap_or_default();
    Ok(Slip {
        locale: *ctx.locale(),
        order: order.number,
        ordered_at: order.placed_at,
        parcel: sent.and_then(|(number, _)| i64::try_from(number).ok()),
        sent_at: sent.map(|(_, parcel)| parcel.shipped_at),
        carrier: said(|parcel| &parcel.carrier),
        tracking: said(|parcel| &parcel.tracking_number),
        delivery: order.delivery(),
        seller: seller.party(&ctx.tenant().name),
        buyer: paper::Party { lines: order.address.lines(), tax_number: String::new() },
        lines,
        elsewhere: all - here,
    })
}
