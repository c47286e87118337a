//! Giving back: to the payment first, then to the gift cards and the store credit that paid the rest, or all of it as
//! store credit; in one go or bit by bit, and never more than came in.

use catalog::stock;
use platform::{Ctx, failpoint};
use primitives::{CustomerId, Money, Permission};
use uuid::Uuid;

use super::desk::{Desk, state_of};
use super::read::{self, currency_of};
use super::state::{AnyOrder, Refusal};
use super::{MAX_REASON, Target, checked_text};
use crate::entity::{customer, orders};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::payment::{self, Step, settle};
use crate::tender::account::{self, Moving};
use crate::tender::order::Part;
use crate::tender::{MovementKind, TenderKind, credit, order as tenders};
use crate::view::{OrderState, OrderView};

/// Where money goes back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackTo {
    /// Where it came from: the payment first, then gift cards and store credit.
    #[default]
    Original,
    /// All of it to the customer's store credit.
    StoreCredit,
}

/// Money that goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refund<'a> {
    /// Minor units; `None`: everything that is not back yet.
    pub amount: Option<i64>,
    /// Where to.
    pub to: BackTo,
    /// Why, 1 to [`MAX_REASON`] characters.
    pub reason: &'a str,
}

/// Gives back everything that was received and is not given back yet; as [`refund_part`].
///
/// # Errors
/// Those of [`refund_part`].
pub async fn refund(ctx: &Ctx, order: impl Into<Target>, reason: &str) -> Result<OrderView> {
    refund_part(ctx, order, &Refund { reason, ..Refund::default() }).await
}

/// Gives money back; by hand, or through the gateway, and to gift cards and store credit at once.
///
/// The gateway is called after the intent is stored. When its answer is lost, it is asked again in the background. An
/// authorisation that arrived late is given back the same way. Store credit needs no gateway: the money stays with the
/// shop, which owes it.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `reason`, at `amount` (more than is left), at `customerId` when the customer has no
/// account to use store credit with, or another one than who placed the order; `CONFLICT` when there is nothing to give
/// back, or it is being given back.
pub async fn refund_part(ctx: &Ctx, order: impl Into<Target>, refund: &Refund<'_>) -> Result<OrderView> {
    let order = order.into();
    let reason = checked_text("reason", refund.reason, MAX_REASON, true)?;
    let asked = ctx
        .write(Permission::ORDERS_REFUND, async |tx| {
            if refund.to == BackTo::StoreCredit {
                // Before the order, as everybody locks them.
                let row = tx.get::<orders::Entity>(order.id.uuid()).await?;
                credit::hold_owner(tx, CustomerId::from_uuid(row.customer_id)).await?;
            }
            let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
            let Some(amount) = amount_of(&desk, refund)? else {
                // Nothing was taken, and an authorisation is to go.
                return ask(ctx, desk, Step::Void, 0, &reason).await.map(Some);
            };
            if refund.to == BackTo::StoreCredit {
                let (parts, by_payment) = split(&desk, amount).await?;
                tenders::note_back(&desk, &shares(&parts, amount - by_payment)?).await?;
                as_credit(&mut desk, amount, &reason).await?;
                desk.save().await?;
                return Ok(None);
            }
            let key = Uuid::new_v4().to_string();
            match hand_back(&mut desk, amount, &reason, &key).await? {
                0 => desk.save().await.map(|()| None),
                left => ask(ctx, desk, Step::Refund, left, &reason).await.map(Some),
            }
        })
        .await?;
    if let Some(payment) = asked {
        failpoint!("refund.committed");
        settle::advance(ctx, payment).await;
    }
    read::after(ctx, order.id).await
}

/// Gives an amount back to where it came from, as far as no gateway has to be asked: to gift cards and store credit, and
/// by hand, this under `key`. What the gateway has to be asked for is given back to the caller, minor units.
///
/// # Errors
/// `CONFLICT` when it is more than what is left.
pub(crate) async fn hand_back(desk: &mut Desk<'_>, amount: i64, reason: &str, key: &str) -> Result<i64> {
    let (parts, by_payment) = split(desk, amount).await?;
    let shares = shares(&parts, amount - by_payment)?;
    tenders::note_back(desk, &shares).await?;
    tenders::tell_back(desk, &shares, reason);
    let by_hand = desk.payment().is_ok_and(|payment| payment.provider == payment::MANUAL);
    if 0 < by_payment && by_hand {
        payment::give_back_by_hand(desk, by_payment, reason, key.to_owned()).await?;
    } else {
        close(desk, amount, reason).await?;
    }
    // After the stock: the same order as when an order is placed.
    tenders::pay_back(desk, &shares, reason).await?;
    Ok(if by_hand { 0 } else { by_payment })
}

/// How much of an amount the payment gives back; gift cards and store credit get the rest. Minor units.
pub(crate) async fn of_payment(desk: &Desk<'_>, amount: i64) -> Result<i64> {
    Ok(split(desk, amount).await?.1)
}

/// What gift cards and store credit have given, and how much of an amount the payment gives back: as much as it can.
async fn split(desk: &Desk<'_>, amount: i64) -> Result<(Vec<Part>, i64)> {
    let row = desk.row();
    let parts = match row.tendered_minor {
        0 => Vec::new(),
        _ => tenders::parts(desk.tx(), row.id).await?,
    };
    let back: i64 = parts.iter().map(|part| part.returned).sum();
    let left = (row.paid_minor - row.tendered_minor) - (row.refunded_minor - back);
    Ok((parts, amount.min(left).max(0)))
}

fn shares(parts: &[Part], amount: i64) -> Result<Vec<(&Part, i64)>> {
    let shares = tenders::shares(parts, amount);
    match shares.iter().map(|(_, share)| share).sum::<i64>() == amount {
        true => Ok(shares),
        false => Err(Refusal::Guard("there is nothing to give back").into()),
    }
}

/// What may go back of an order, minor units. One that waits for its payment is cancelled instead.
pub(crate) fn left_of(row: &orders::Model) -> i64 {
    match state_of(row) {
        OrderState::Draft | OrderState::PendingPayment => {
            row.paid_minor - row.tendered_minor - row.refunded_minor
        }
        _ => row.paid_minor - row.refunded_minor,
    }
}

/// How much is to go back; `None` for an authorisation that nothing was taken of.
fn amount_of(desk: &Desk<'_>, refund: &Refund<'_>) -> Result<Option<i64>> {
    let payment = desk.payment().ok();
    let going = payment.is_some_and(|payment| {
        matches!(payment.step(), Step::Refund | Step::Void) && payment.status().is_open()
    });
    if going {
        return Err(Refusal::Guard("the money is being given back already").into());
    }
    if payment.is_some_and(|payment| payment.is_under_way() && payment.takes_a_part()) {
        return Err(Refusal::Guard("the gateway is being asked for money: wait for its answer").into());
    }
    let left = left_of(desk.row());
    if left <= 0 {
        return match payment.is_some_and(crate::entity::payment::Model::is_promised) {
            true => Ok(None),
            false => Err(Refusal::Guard("there is nothing to give back").into()),
        };
    }
    match refund.amount {
        None => Ok(Some(left)),
        Some(amount) if (1..=left).contains(&amount) => Ok(Some(amount)),
        Some(_) => {
            let most = Money::new(left, currency_of(&desk.row().currency)?);
            Err(CommerceError::field("amount", format!("must be more than zero and at most {most}")))
        }
    }
}

/// Stores what the gateway is to be asked.
async fn ask(
    ctx: &Ctx,
    mut desk: Desk<'_>,
    step: Step,
    amount: i64,
    reason: &str,
) -> Result<crate::entity::payment::Model> {
    let until = ctx.now() + payment::gateway::patience(ctx.app());
    desk.ask_back(step, amount, reason, until)?;
    let payment = desk.payment()?.clone();
    desk.save().await?;
    failpoint!("refund.intended");
    Ok(payment)
}

/// Puts a part of what was received on an account of its customer, as what came back is worth it. Minor units.
///
/// # Errors
/// `CONFLICT` when it is more than what is left.
pub(crate) async fn to_credit(desk: &mut Desk<'_>, account: Uuid, amount: i64, reason: &str) -> Result<()> {
    if left_of(desk.row()) < amount {
        return Err(Refusal::Guard("less is left of this order's money than that").into());
    }
    let (parts, by_payment) = split(desk, amount).await?;
    tenders::note_back(desk, &shares(&parts, amount - by_payment)?).await?;
    put(desk, account, amount, reason).await
}

/// Puts it on the customer's store credit.
async fn as_credit(desk: &mut Desk<'_>, amount: i64, reason: &str) -> Result<()> {
    let (tx, now) = (desk.tx(), desk.now());
    let customer = CustomerId::from_uuid(desk.row().customer_id);
    if let Some(buyer) = desk.row().user_id
        && tx.get::<customer::Entity>(customer.uuid()).await?.user_id.is_some_and(|owner| owner != buyer)
    {
        let why = "is somebody else than who placed this order: give the money back to where it came from";
        return Err(CommerceError::field("customerId", why));
    }
    let account = credit::account_of(tx, customer, currency_of(&desk.row().currency)?, now).await?;
    put(desk, account, amount, reason).await
}

async fn put(desk: &mut Desk<'_>, account: Uuid, amount: i64, reason: &str) -> Result<()> {
    let (tx, now, order_id) = (desk.tx(), desk.now(), desk.id());
    let currency = desk.row().currency.clone();
    desk.row_mut().refunded_minor += amount;
    desk.calm();
    let (told, why) = (currency.clone(), reason.to_owned());
    desk.emit(CommerceEvent::StoreCreditReturned {
        account_id: account,
        order_id,
        amount,
        currency: told,
        reason: why,
    });
    close(desk, amount, reason).await?;
    let moving = Moving {
        account,
        kind: TenderKind::StoreCredit,
        what: MovementKind::Return,
        amount,
        currency: &currency,
        order: Some(order_id.uuid()),
        reason,
    };
    account::give(tx, &moving, now).await?;
    Ok(())
}

/// Ends an order of which everything is back; while something is left, it stays as it is.
pub(crate) async fn close(desk: &mut Desk<'_>, amount: i64, reason: &str) -> Result<()> {
    if desk.row().refunded_minor != desk.row().paid_minor {
        return Ok(());
    }
    let refunded = match desk.order() {
        AnyOrder::Paid(order) => {
            let refunded = order.refund()?;
            // Not sent yet: the pieces are free again.
            stock::release(desk.tx(), desk.id().uuid(), desk.now()).await?;
            refunded
        }
        AnyOrder::Shipped(order) => order.refund()?,
        AnyOrder::Delivered(order) => order.refund()?,
        // Money of an order that was given up: it stays given up.
        _ => return Ok(()),
    };
    desk.set_state(refunded.state());
    let (order_id, currency, reason) = (desk.id(), desk.row().currency.clone(), reason.to_owned());
    desk.emit(CommerceEvent::OrderRefunded { order_id, amount, currency, reason });
    Ok(())
}
