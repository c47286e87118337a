//! Buying the same again.

use std::collections::HashSet;

use platform::{Access, Ctx};
use primitives::{Quantity, VariantId};
use sea_orm::ColumnTrait;

use super::{CartChange, add, read};
use crate::entity::order_line;
use crate::error::Result;
use crate::returns::{self, Door};

/// Something of an order that cannot be bought again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Name when it was bought.
    pub title: String,
    /// Name of the variant then; may be empty.
    pub variant_title: String,
    /// It is sold, and just used up; otherwise it is not sold any more.
    pub sold_out: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// The cart; `None` when nothing of the order is sold now, which changed nothing.
    pub change: Option<CartChange>,
    /// What is not in it.
    pub missing: Vec<Missing>,
}

/// Puts what an order holds into the caller's cart, as much of it as is sold today and at today's prices. What was given
/// away is left out.
///
/// # Errors
/// `NOT_FOUND` for an order that the door does not lead to; those of [`add`].
pub async fn again(ctx: &Ctx, token: Option<&str>, door: Door<'_>) -> Result<Again> {
    let (wanted, missing) = sold(ctx, door).await?;
    let change = match wanted.is_empty() {
        true => None,
        false => Some(add(ctx, token, &wanted).await?),
    };
    Ok(Again { change, missing })
}

/// What of an order cannot be bought again now.
///
/// # Errors
/// `NOT_FOUND` for an order that the door does not lead to.
pub async fn missing(ctx: &Ctx, door: Door<'_>) -> Result<Vec<Missing>> {
    Ok(sold(ctx, door).await?.1)
}

async fn sold(ctx: &Ctx, door: Door<'_>) -> Result<(Vec<(VariantId, i64)>, Vec<Missing>)> {
    let (_, order) = returns::find(ctx, door).await?;
    let rows = ctx.read(Access::Public).await?;
    let lines = rows
        .find::<order_line::Entity>()
        .filter(order_line::Column::OrderId.eq(order.uuid()))
        .filter(order_line::Column::Gift.eq(false))
        .order_by_asc(order_line::Column::Position)
        .all()
        .await?;
    let ids: HashSet<VariantId> = lines.iter().map(|line| VariantId::from_uuid(line.variant_id)).collect();
    let ids: Vec<VariantId> = ids.into_iter().collect();
    let offers = read::offers(&rows, &ids).await?;
    let (mut wanted, mut missing): (Vec<(VariantId, i64)>, Vec<Missing>) = Default::default();
    for line in lines {
        let variant = VariantId::from_uuid(line.variant_id);
        let offer = offers.get(&variant).filter(|offer| offer.published);
        if offer.is_some_and(|offer| offer.available.is_none_or(|left| 0 < left)) {
            match wanted.iter_mut().find(|(known, _)| *known == variant) {
                Some((_, pieces)) => {
                    *pieces = pieces.saturating_add(line.quantity).min(i64::from(Quantity::MAX));
                }
                None => wanted.push((variant, line.quantity)),
            }
            continue;
        }
        let (title, variant_title) = (line.title, line.variant_title);
        missing.push(Missing { title, variant_title, sold_out: offer.is_some() });
    }
    Ok((wanted, missing))
}
