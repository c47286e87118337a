//! What an order takes from gift cards and store credit when it is placed, and gets back when it is given up or refunded.

use std::collections::HashMap;

use platform::{Context, Error, TenantDb, Tx};
use primitives::{Currency, GiftCardId, Money, OrderId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryResult};
use uuid::Uuid;

use super::account::{self, Moving};
use super::chosen::Chosen;
use super::view::{MovementKind, OrderTenderView, TenderKind};
use crate::entity::{customer, order_tender, tender_account};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::desk::Desk;

/// How the attention begins that is asked for when money went back to a card that cannot be used.
pub(crate) const STRANDED: &str = "money went back to the gift card";

/// How the attention begins that is asked for when it went back to store credit that nobody can use.
pub(crate) const OWED: &str = "the shop owes what went back to the store credit";

/// What an order took from one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub account: Uuid,
    pub kind: TenderKind,
    pub last_four: String,
    /// Minor units.
    pub amount: i64,
    /// What of that was given back.
    pub returned: i64,
}

/// Takes what the plan says, all of it or nothing (MONEY rule 9). The order is there already.
///
/// # Errors
/// [`CommerceError::TenderGone`] for an account from which somebody else has taken meanwhile; the caller's transaction
/// must then be rolled back.
pub(crate) async fn take(
    tx: &Tx,
    order: OrderId,
    chosen: &[Chosen],
    currency: &str,
    now: Timestamp,
) -> Result<()> {
    let mut wanted: Vec<(usize, &Chosen)> =
        chosen.iter().enumerate().filter(|(_, one)| 0 < one.amount).collect();
    let mut rows = Vec::with_capacity(wanted.len());
    // One order for everybody: nobody waits for somebody who waits for him.
    wanted.sort_by_key(|(_, one)| one.account);
    for (position, one) in wanted {
        let moving = Moving {
            account: one.account,
            kind: one.kind,
            what: MovementKind::Redeem,
            amount: one.amount,
            currency,
            order: Some(order.uuid()),
            reason: "",
        };
        if !account::take(tx, &moving, now).await? {
            return Err(CommerceError::TenderGone { name: one.name.clone() });
        }
        rows.push(order_tender::ActiveModel {
            order_id: Set(order.uuid()),
            account_id: Set(one.account),
            position: Set(i64::try_from(position).unwrap_or(i64::MAX)),
            amount_minor: Set(one.amount),
            returned_minor: Set(0),
            currency: Set(currency.to_owned()),
            ..Default::default()
        });
    }
    if !rows.is_empty() {
        tx.insert_many(rows).await.context("writing down what an order took")?;
    }
    Ok(())
}

/// What tells others that an order was paid with it.
pub(crate) fn taken(one: &Chosen, order_id: OrderId, currency: &str) -> CommerceEvent {
    let (amount, currency) = (one.amount, currency.to_owned());
    match one.kind {
        TenderKind::GiftCard => {
            let gift_card_id = GiftCardId::from_uuid(one.account);
            CommerceEvent::GiftCardRedeemed { gift_card_id, order_id, amount, currency }
        }
        TenderKind::StoreCredit => {
            CommerceEvent::StoreCreditRedeemed { account_id: one.account, order_id, amount, currency }
        }
    }
}

/// What an order took, in the order in which it was taken.
pub(crate) async fn parts(rows: &TenantDb, order: Uuid) -> Result<Vec<Part>> {
    Ok(parts_of(rows, &[order]).await?.remove(&order).unwrap_or_default())
}

async fn parts_of(rows: &TenantDb, orders: &[Uuid]) -> Result<HashMap<Uuid, Vec<Part>>> {
    let sql = format!(
        "SELECT t.order_id, t.account_id, a.kind, a.last_four, t.amount_minor, t.returned_minor \
         FROM order_tender t JOIN tender_account a ON a.tenant_id = t.tenant_id AND a.id = t.account_id \
         WHERE t.tenant_id = {{tenant}} AND t.order_id IN ({}) ORDER BY t.order_id, t.position",
        platform::db::holes(orders.len())
    );
    let found = rows.raw_all(&sql, orders.iter().map(|id| (*id).into()).collect()).await?;
    let read = |row: &QueryResult| -> Result<(Uuid, Part), sea_orm::DbErr> {
        let kind: String = row.try_get("", "kind")?;
        let part = Part {
            account: row.try_get("", "account_id")?,
            kind: TenderKind::parse(&kind),
            last_four: row.try_get("", "last_four")?,
            amount: row.try_get("", "amount_minor")?,
            returned: row.try_get("", "returned_minor")?,
        };
        Ok((row.try_get("", "order_id")?, part))
    };
    let mut parts: HashMap<Uuid, Vec<Part>> = HashMap::new();
    for row in &found {
        let (order, part) = read(row).map_err(Error::from)?;
        parts.entry(order).or_default().push(part);
    }
    Ok(parts)
}

/// What people see of it.
pub(crate) fn view(part: &Part, currency: Currency) -> OrderTenderView {
    OrderTenderView {
        id: (part.kind == TenderKind::GiftCard).then(|| GiftCardId::from_uuid(part.account)),
        kind: part.kind,
        name: part.kind.name(&part.last_four),
        amount: Money::new(part.amount, currency),
        returned: Money::new(part.returned, currency),
    }
}

/// Which part gives back how much of `amount`: the first as much as is left of it, then the next.
pub(crate) fn shares(parts: &[Part], amount: i64) -> Vec<(&Part, i64)> {
    let mut left = amount;
    let mut shares = Vec::with_capacity(parts.len());
    for part in parts {
        let share = left.min(part.amount - part.returned);
        if 0 < share {
            left -= share;
            shares.push((part, share));
        }
    }
    shares
}

/// Notes that so much of what each gave is back, never more than it gave.
///
/// # Errors
/// [`CommerceError::Changed`] when somebody else was faster; the transaction must then be rolled back.
pub(crate) async fn note_back(desk: &Desk<'_>, shares: &[(&Part, i64)]) -> Result<()> {
    use sea_orm::sea_query::{Expr, ExprTrait};
    for (part, share) in shares {
        let then = || Expr::col(order_tender::Column::ReturnedMinor).add(*share);
        let changed = desk
            .tx()
            .update_many::<order_tender::Entity>()
            .col_expr(order_tender::Column::ReturnedMinor, then())
            .filter(order_tender::Column::OrderId.eq(desk.row().id))
            .filter(order_tender::Column::AccountId.eq(part.account))
            .filter(then().lte(Expr::col(order_tender::Column::AmountMinor)))
            .exec()
            .await?;
        if changed != 1 {
            return Err(CommerceError::Changed { version: desk.row().version });
        }
    }
    Ok(())
}

/// Counts the shares as given back and tells of it; [`pay_back`] puts them on their accounts, after the stock.
pub(crate) fn tell_back(desk: &mut Desk<'_>, shares: &[(&Part, i64)], reason: &str) {
    let (order_id, currency) = (desk.id(), desk.row().currency.clone());
    for (part, amount) in shares {
        let (amount, currency, reason) = (*amount, currency.clone(), reason.to_owned());
        desk.row_mut().refunded_minor += amount;
        desk.emit(match part.kind {
            TenderKind::GiftCard => CommerceEvent::GiftCardReturned {
                gift_card_id: GiftCardId::from_uuid(part.account),
                order_id,
                amount,
                currency,
                reason,
            },
            TenderKind::StoreCredit => CommerceEvent::StoreCreditReturned {
                account_id: part.account,
                order_id,
                amount,
                currency,
                reason,
            },
        });
    }
}

/// Puts the shares on the accounts that they came from. Somebody has to look when one cannot be used any more.
pub(crate) async fn pay_back(desk: &mut Desk<'_>, shares: &[(&Part, i64)], reason: &str) -> Result<()> {
    let mut shares = shares.to_vec();
    shares.sort_by_key(|(part, _)| part.account);
    let currency = desk.row().currency.clone();
    for (part, amount) in shares {
        let moving = Moving {
            account: part.account,
            kind: part.kind,
            what: MovementKind::Return,
            amount,
            currency: &currency,
            order: Some(desk.row().id),
            reason,
        };
        let usable = account::give(desk.tx(), &moving, desk.now()).await?;
        if part.kind == TenderKind::StoreCredit && !has_owner(desk, part.account).await? {
            desk.attention(&format!(
                "{OWED} of somebody without an account here: take it from there and pay it back by hand"
            ));
        }
        if !usable && part.kind == TenderKind::GiftCard {
            desk.attention(&format!(
                "{STRANDED} •••• {}, which is over or switched off: give it more time or switch it on",
                part.last_four
            ));
        }
    }
    Ok(())
}

/// Whether the customer of an account of store credit can use it.
async fn has_owner(desk: &Desk<'_>, account: Uuid) -> Result<bool> {
    let account = desk.tx().get::<tender_account::Entity>(account).await?;
    match account.customer_id {
        Some(customer) => Ok(desk.tx().get::<customer::Entity>(customer).await?.user_id.is_some()),
        None => Ok(true),
    }
}

/// Gives everything back that an order took which is given up.
pub(crate) async fn release(desk: &mut Desk<'_>, reason: &str) -> Result<()> {
    if desk.row().tendered_minor == 0 {
        return Ok(());
    }
    let parts = parts(desk.tx(), desk.row().id).await?;
    let shares = shares(&parts, desk.row().tendered_minor);
    note_back(desk, &shares).await?;
    tell_back(desk, &shares, reason);
    pay_back(desk, &shares, reason).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_go_back_in_order_and_never_above_what_was_given() {
        let part = |amount, returned| Part {
            account: Uuid::now_v7(),
            kind: TenderKind::GiftCard,
            last_four: "ABCD".into(),
            amount,
            returned,
        };
        let parts = [part(500, 100), part(300, 300), part(200, 0)];
        let amounts = |amount| shares(&parts, amount).into_iter().map(|(_, share)| share).collect::<Vec<_>>();
        assert_eq!(amounts(0), Vec::<i64>::new());
        assert_eq!(amounts(400), [400]);
        assert_eq!(amounts(401), [400, 1]);
        assert_eq!(amounts(600), [400, 200]);
        assert_eq!(amounts(10_000), [400, 200]);
    }
}
