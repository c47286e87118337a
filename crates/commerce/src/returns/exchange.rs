//! Other goods instead of money: a new order, which what came back pays for as far as it goes.
//!
//! The value of the pieces is put on the customer's store credit and taken from there by the new order in the same
//! transaction: the order that it came from has given it back, and the ledger says both. What it is worth beyond the new
//! order goes back as any refund; what the new order costs beyond it is due as of any order. A new order that is given up,
//! or refunded, gives the value back to the store credit.

use std::collections::BTreeMap;

use platform::{Ctx, Error, TenantDb};
use primitives::{
    CartLineId, CustomerId, Money, OrderId, Permission, Quantity, ReturnId, Timestamp, UserId, VariantId,
};
use sea_orm::{ActiveValue::Set, QueryResult};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Case, Which, read, settled, state};
use crate::cart::{Agreed, Basket, MAX_LINES, filled};
use crate::checkout::staff::{self, Sale};
use crate::checkout::{Plan, Stored, answer};
use crate::customer::{self, Standing};
use crate::entity::{cart_line, customer as customer_row, exchange, orders, payment, return_request};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::read::currency_of;
use crate::order::refund::{hand_back, of_payment, to_credit};
use crate::order::{self, Refusal};
use crate::payment::{Step, gateway, settle};
use crate::promotion::book;
use crate::returns::ReturnCommand;
use crate::tender::credit;
use crate::view::{Address, ExchangeView, Placed, ReturnView};

/// What a customer gets for what came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange<'e> {
    /// 1 to 100 visible ASCII characters: the second time it gives the first order again.
    pub key: &'e str,
    /// Variants and pieces, at today's prices.
    pub lines: Vec<(VariantId, i64)>,
    /// Id of the delivery; `None`: that of the order whose pieces came back.
    pub shipping_method: Option<&'e str>,
    /// Whether the customer pays for the delivery.
    pub charge_delivery: bool,
    /// How the rest is paid, if there is one; empty: by hand, where the shop offers that.
    pub payment_provider: &'e str,
}

/// A return that was exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// The return.
    pub found: ReturnView,
    /// The new order.
    pub placed: Placed,
}

/// Closes a return with goods. The same key and wish give the first order again.
///
/// # Errors
/// `NOT_FOUND` also for a variant that is not there; `BAD_USER_INPUT` at `lines`, `lines.0.quantity`, `shippingMethod`,
/// `paymentProvider`, `idempotencyKey`, and at `customerId` when the order's account is not the customer's; `OUT_OF_STOCK`;
/// `IDEMPOTENCY_KEY_REUSED`; `CONFLICT` on another version, unless the pieces were received, when there is nothing left of
/// their value, money is on its way back, or it was exchanged under another key. Then nothing has changed.
pub async fn exchange(ctx: &Ctx, which: impl Into<Which>, wanted: &Exchange<'_>) -> Result<Exchanged> {
    let which = which.into();
    ctx.require(Permission::ORDERS_REFUND)?;
    staff::key(wanted.key)?;
    let asked = fingerprint(which.id, wanted);
    if let Some(first) = earlier(ctx, which.id, wanted.key, &asked).await? {
        return Ok(first);
    }
    match Box::pin(swap(ctx, which, wanted, asked)).await {
        Ok((stored, back)) => {
            let placed = Box::pin(staff::finish(ctx, stored)).await?;
            if let Some(payment) = back {
                settle::advance(ctx, payment).await;
            }
            Ok(Exchanged { found: read::after(ctx, which.id).await?, placed })
        }
        // Whoever asked at the same moment was faster.
        Err(error) => match earlier(ctx, which.id, wanted.key, &asked).await? {
            Some(first) => Ok(first),
            None => Err(error),
        },
    }
}

fn fingerprint(id: ReturnId, wanted: &Exchange<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(id.uuid().as_bytes());
    for (variant, quantity) in &wanted.lines {
        hasher.update(variant.uuid().as_bytes());
        hasher.update(quantity.to_be_bytes());
    }
    for text in [wanted.shipping_method.unwrap_or_default(), wanted.payment_provider] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update([u8::from(wanted.charge_delivery), u8::from(wanted.shipping_method.is_some())]);
    hasher.finalize().into()
}

/// The order that it was exchanged for, if it was.
async fn earlier(ctx: &Ctx, id: ReturnId, key: &str, asked: &[u8; 32]) -> Result<Option<Exchanged>> {
    use sea_orm::ColumnTrait;
    let rows = ctx.read(Permission::ORDERS_REFUND).await?;
    rows.get::<return_request::Entity>(id.uuid()).await?;
    let found =
        rows.find::<exchange::Entity>().filter(exchange::Column::ReturnId.eq(id.uuid())).one().await?;
    let Some(row) = found else { return Ok(None) };
    if row.exchange_key != key {
        let number = rows.get::<orders::Entity>(row.to_order_id).await?.number;
        return Err(Error::conflict(format!("this return was exchanged already, see order {number}")).into());
    }
    drop(rows);
    if row.fingerprint != asked {
        return Err(CommerceError::KeyReused);
    }
    let view = Box::pin(order::read::after(ctx, OrderId::from_uuid(row.to_order_id))).await?;
    Ok(Some(Exchanged { found: read::after(ctx, id).await?, placed: answer(view, true) }))
}

/// The new order, and the payment whose gateway has to be asked to give the rest back.
async fn swap(
    ctx: &Ctx,
    which: Which,
    wanted: &Exchange<'_>,
    asked: [u8; 32],
) -> Result<(Stored, Option<payment::Model>)> {
    let pieces = pieces(&wanted.lines)?;
    let rows = ctx.read(Permission::ORDERS_REFUND).await?;
    let found = rows.get::<return_request::Entity>(which.id.uuid()).await?;
    let order = rows.get::<orders::Entity>(found.order_id).await?;
    let owner = rows.get::<customer_row::Entity>(order.customer_id).await?;
    drop(rows);
    // What the transaction will say anyway, before anything is priced.
    state::next(read::state_of(&found), ReturnCommand::Refund)?;
    if owner.user_id.is_some() && order.user_id.is_some() && owner.user_id != order.user_id {
        let why = "is somebody else than who placed this order: give the money back instead";
        return Err(CommerceError::field("customerId", why));
    }
    if order.currency != ctx.tenant().currency.code() {
        let why = "this order is in another currency than the shop's: give the money back instead";
        return Err(Refusal::Guard(why).into());
    }
    let plan = Box::pin(priced(ctx, &order, &pieces, wanted, asked)).await?;
    if plan.total() < 1 {
        return Err(CommerceError::field("lines", "cost nothing: there is nothing to exchange for"));
    }
    let label = format!("Exchange for {}", read::number(&order, &found));
    let _place = staff::place_at_counter(ctx).await;
    ctx.write(Permission::ORDERS_REFUND, async |tx| {
        // The customer first, as whoever forgets one does.
        let customer = customer::hold(tx, CustomerId::from_uuid(order.customer_id)).await?;
        let mut case = Case::open(tx, which, ctx.now()).await?;
        state::next(case.state(), ReturnCommand::Refund)?;
        case.refuse_going()?;
        let offer = case.offer().await?;
        if offer < 1 {
            return Err(Refusal::Guard("nothing is left of what the pieces have cost").into());
        }
        let value = offer.min(plan.total());
        let account = credit::account_for(tx, customer, currency_of(&order.currency)?, ctx.now()).await?;
        let mut plan = plan.clone();
        plan.tell(CommerceEvent::OrderInExchange {
            order_id: plan.order(),
            return_id: which.id,
            number: case.row.number,
            from_order_id: case.desk.id(),
            from_number: order.number,
            amount: value,
            currency: order.currency.clone(),
        });
        plan.pay_from(account, &label, value);
        let stored = staff::store(ctx, tx, &plan).await?;
        let reason = format!("return {}", case.number());
        to_credit(&mut case.desk, account, value, &reason).await?;
        staff::settle(ctx, tx, &plan).await?;
        tx.insert_many(vec![exchange::ActiveModel {
            return_id: Set(which.id.uuid()),
            from_order_id: Set(order.id),
            to_order_id: Set(plan.order().uuid()),
            exchange_key: Set(wanted.key.to_owned()),
            fingerprint: Set(asked.to_vec()),
            value_minor: Set(value),
            currency: Set(order.currency.clone()),
            user_id: Set(ctx.user_id().map(UserId::uuid)),
            at: Set(ctx.now().millis()),
            ..Default::default()
        }])
        .await?;
        case.desk.emit(CommerceEvent::OrderExchanged {
            order_id: case.desk.id(),
            return_id: which.id,
            number: case.row.number,
            into_order_id: plan.order(),
            into_number: stored.order.number,
            amount: value,
            currency: order.currency.clone(),
        });
        let back = pay_out(ctx, case, (value, offer - value), &reason).await?;
        Ok::<_, CommerceError>((stored, back))
    })
    .await
}

/// Gives the rest back and ends the return, or has it wait for the gateway's answer.
async fn pay_out(
    ctx: &Ctx,
    mut case: Case<'_>,
    (value, rest): (i64, i64),
    reason: &str,
) -> Result<Option<payment::Model>> {
    let key = Uuid::new_v4().to_string();
    let total = case.row.given_minor + value + rest;
    // What is on an account stays there, whatever the gateway says to the rest.
    case.row.given_minor += value + rest - of_payment(&case.desk, rest).await?;
    case.await_money(&key, total).await?;
    let left = match rest {
        0 => 0,
        rest => hand_back(&mut case.desk, rest, reason, &key).await?,
    };
    if left == 0 {
        // Unless what was given back by hand has ended it already.
        settled(&mut case.desk, &key).await?;
        case.desk.save().await?;
        return Ok(None);
    }
    let until = ctx.now() + gateway::patience(ctx.app());
    case.desk.ask_back(Step::Refund, left, reason, until)?;
    let payment = case.desk.payment()?.clone();
    case.await_money(&payment.back_key, total).await?;
    case.desk.save().await?;
    Ok(Some(payment))
}

/// Pieces by variant, each variant once.
fn pieces(lines: &[(VariantId, i64)]) -> Result<BTreeMap<VariantId, i64>> {
    if lines.is_empty() || MAX_LINES < lines.len() {
        return Err(CommerceError::field("lines", format!("name 1 to {MAX_LINES} lines")));
    }
    let mut pieces: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (n, (variant, quantity)) in lines.iter().enumerate() {
        let so_far = pieces.entry(*variant).or_default();
        let sum = if 0 < *quantity { so_far.saturating_add(*quantity) } else { *quantity };
        Quantity::new(sum)
            .map_err(|error| CommerceError::field(format!("lines.{n}.quantity"), error.to_string()))?;
        *so_far = sum;
    }
    Ok(pieces)
}

/// The new order as it would be placed: for whoever placed the other one, to where that went.
async fn priced(
    ctx: &Ctx,
    order: &orders::Model,
    pieces: &BTreeMap<VariantId, i64>,
    wanted: &Exchange<'_>,
    asked: [u8; 32],
) -> Result<Plan> {
    let cart = Uuid::now_v7();
    let basket = basket(ctx, order, pieces, cart).await?;
    if pieces.keys().any(|variant| !basket.offers.contains_key(variant)) {
        return Err(CommerceError::not_found(VariantId::KIND));
    }
    let address: Address = serde_json::from_str(&order.address).map_err(Error::internal)?;
    let sale = Sale {
        basket,
        cart,
        customer: Some(CustomerId::from_uuid(order.customer_id)),
        user: order.user_id.map(UserId::from_uuid),
        email: &order.email,
        address: &address,
        method: wanted.shipping_method.unwrap_or(&order.shipping_method),
        free_delivery: !wanted.charge_delivery,
        provider: wanted.payment_provider,
        by_hand: false,
        expected_total: None,
        key: wanted.key,
        asked,
        note: "",
    };
    staff::plan(ctx, sale).await
}

async fn basket(
    ctx: &Ctx,
    order: &orders::Model,
    pieces: &BTreeMap<VariantId, i64>,
    cart: Uuid,
) -> Result<Basket> {
    let book = book::current(ctx).await?;
    // Orders in another are refused.
    let exchange = primitives::Exchange::none(ctx.tenant().currency);
    let rows = ctx.read(Permission::ORDERS_REFUND).await?;
    // Groups and exemptions count for whoever has signed in.
    let standing = match order.user_id {
        Some(_) if book.standing => {
            customer::standing_of(&rows, CustomerId::from_uuid(order.customer_id)).await?
        }
        _ => Standing::default(),
    };
    let line = |(variant, quantity): (&VariantId, &i64)| cart_line::Model {
        tenant_id: order.tenant_id,
        id: CartLineId::new().uuid(),
        cart_id: cart,
        variant_id: variant.uuid(),
        quantity: *quantity,
        unit_seen_minor: 0,
        seen_currency: String::new(),
        created_at: ctx.now().millis(),
    };
    filled(&rows, pieces.iter().map(line).collect(), book, standing, exchange, Agreed::default()).await
}

/// What was exchanged of an order, and what it was exchanged for; the first first.
pub(crate) async fn of_order(rows: &TenantDb, order: Uuid) -> Result<Vec<ExchangeView>> {
    let found = rows
        .raw_all(
            "SELECT e.return_id, r.number AS return_number, e.from_order_id, f.number AS from_number, \
               e.to_order_id, t.number AS to_number, e.value_minor, e.currency, e.at \
             FROM exchange e \
             JOIN return_request r ON r.tenant_id = e.tenant_id AND r.id = e.return_id \
             JOIN orders f ON f.tenant_id = e.tenant_id AND f.id = e.from_order_id \
             JOIN orders t ON t.tenant_id = e.tenant_id AND t.id = e.to_order_id \
             WHERE e.tenant_id = {tenant} AND (e.from_order_id = ? OR e.to_order_id = ?) ORDER BY e.at, e.return_id",
            vec![order.into(), order.into()],
        )
        .await?;
    let view = |row: &QueryResult| -> Result<ExchangeView> {
        let read = || -> Result<_, sea_orm::DbErr> {
            let (from, to): (Uuid, Uuid) =
                (row.try_get("", "from_order_id")?, row.try_get("", "to_order_id")?);
            let (from_number, to_number): (i64, i64) =
                (row.try_get("", "from_number")?, row.try_get("", "to_number")?);
            let (found, number): (Uuid, i64) =
                (row.try_get("", "return_id")?, row.try_get("", "return_number")?);
            let (minor, currency): (i64, String) =
                (row.try_get("", "value_minor")?, row.try_get("", "currency")?);
            Ok((found, number, (from, from_number), (to, to_number), minor, currency, row.try_get("", "at")?))
        };
        let (found, number, from, to, minor, currency, at) = read().map_err(Error::from)?;
        Ok(ExchangeView {
            found: ReturnId::from_uuid(found),
            number: format!("R-{}-{number}", from.1),
            from: (OrderId::from_uuid(from.0), from.1),
            to: (OrderId::from_uuid(to.0), to.1),
            value: Money::new(minor, currency_of(&currency)?),
            at: Timestamp::from_millis(at),
        })
    };
    found.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_variant_are_added_up() {
        let (one, other) = (VariantId::new(), VariantId::new());
        let sum = pieces(&[(one, 2), (other, 1), (one, 3)]).unwrap();
        assert_eq!((sum[&one], sum[&other]), (5, 1));
        for wrong in [vec![], vec![(one, 0)], vec![(one, 1), (one, -1)], vec![(one, 10_000), (one, 1)]] {
            assert!(pieces(&wrong).is_err(), "{wrong:?}");
        }
    }
}
