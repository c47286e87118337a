//! What an outcome does to a payment and its order. The only place that moves money state.

use std::time::Duration;

use primitives::{Money, MoneyError, OrderId, PaymentId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use super::settle::STUCK_AFTER;
use super::{DECLINED, MANUAL, Outcome, Status, Step, brief, webhook};
use crate::cart;
use crate::entity::{money_ledger, orders, payment, payment_event};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::jobs;
use crate::order::desk::Desk;
use crate::order::read::currency_of;
use crate::order::{AnyOrder, Refusal, expire, refund};
use crate::returns;
use crate::view::OrderState;

/// Money that a gateway or a person holds for the shop.
fn account(provider: &str) -> &'static str {
    if provider == MANUAL { "bank" } else { "gateway" }
}

/// Applies what the gateway said about `step`. The second time nothing changes; the flag says whether anything did.
pub(crate) async fn apply(desk: &mut Desk<'_>, step: Step, outcome: &Outcome) -> Result<bool> {
    let payment = desk.payment()?;
    let (at, status) = (payment.step(), payment.status());
    let late_yes =
        status == Status::Declined && matches!(outcome, Outcome::Succeeded(_) | Outcome::TakenInPart { .. });
    match step {
        Step::ByHand => Ok(false),
        // A gateway may capture on its own before it has told us of the authorisation, and a capture may have been on its
        // way when the order was given up.
        Step::Capture
            if matches!(at, Step::Authorize | Step::Void) && matches!(outcome, Outcome::Succeeded(_)) =>
        {
            apply_capture(desk, outcome).await
        }
        // It was asked for while the order was given up, and the answer is lost: the gateway has to tell.
        Step::Capture if at == Step::Authorize && matches!(outcome, Outcome::Unknown(_)) => {
            let next = desk.now() + backoff(0);
            move_to(desk.payment_mut()?, Step::Capture, Status::Unknown, Some(next));
            Ok(true)
        }
        _ if step != at => Ok(false),
        // A late yes after a no is money that is there; everything else is old news.
        _ if !(status.is_open() || late_yes) => Ok(false),
        Step::Authorize => apply_authorise(desk, outcome).await,
        Step::Capture => apply_capture(desk, outcome).await,
        Step::Refund => apply_refund(desk, outcome).await,
        Step::Void => apply_void(desk, outcome),
    }
}

async fn apply_authorise(desk: &mut Desk<'_>, outcome: &Outcome) -> Result<bool> {
    match outcome {
        Outcome::Succeeded(id) => {
            let (payment_id, order_id, amount, currency) = named(desk)?;
            desk.emit(CommerceEvent::PaymentAuthorised { payment_id, order_id, amount, currency });
            heard(desk);
            let waiting = matches!(desk.order(), AnyOrder::PendingPayment(_));
            let now = desk.now();
            let payment = desk.payment_mut()?;
            payment.gateway_id = id.clone();
            if waiting && payment.manual {
                payment.rest_minor = payment.amount_minor;
                move_to(payment, Step::Authorize, Status::Done, None);
                // From here on it is the shop that makes the shopper wait, for as long as a promise of a bank holds.
                let config = desk.tx().ctx().map(|ctx| ctx.app().config().orders.authorisation_seconds);
                desk.row_mut().hold_until = config.map(|life| (now + Duration::from_secs(life)).millis());
            } else if waiting {
                move_to(payment, Step::Capture, Status::Due, Some(now));
            } else {
                move_to(payment, Step::Authorize, Status::Done, None);
                desk.attention("the payment was authorised after the order was given up: give it back or call the customer");
            }
        }
        Outcome::TakenInPart { .. } => return Ok(false),
        // Nobody has said no, and there is time left.
        Outcome::Expired(_) if desk.row().hold_until.is_some_and(|until| desk.now().millis() < until) => {
            let now = desk.now();
            ask_afresh(desk.payment_mut()?, now);
        }
        Outcome::Declined(reason) | Outcome::Expired(reason) => {
            decline(desk, Step::Authorize, reason).await?
        }
        Outcome::Pending(id) => wait(desk, id)?,
        Outcome::Redirect { id, url } => {
            wait(desk, id)?;
            desk.payment_mut()?.pay_url.clone_from(url);
        }
        Outcome::Unknown(error) => ask_again(desk, error)?,
    }
    Ok(true)
}

async fn apply_capture(desk: &mut Desk<'_>, outcome: &Outcome) -> Result<bool> {
    match outcome {
        Outcome::Succeeded(id) | Outcome::TakenInPart { id, .. } => {
            let payment = desk.payment_mut()?;
            if payment.gateway_id.is_empty() {
                payment.gateway_id = id.clone();
            }
            let (fact, amount) = (payment.key(Step::Capture).to_owned(), payment.amount(Step::Capture));
            move_to(payment, Step::Capture, Status::Done, None);
            // Most gateways let the rest of an authorisation go with the first capture.
            let promised = if let Outcome::TakenInPart { remaining, .. } = outcome { *remaining } else { 0 };
            let rest = (payment.rest_minor - amount).clamp(0, promised);
            // Too late to ask for another amount.
            let anew = std::mem::take(&mut payment.again_minor);
            if anew != 0 {
                keep_apart(desk)?;
            }
            let given_up = !matches!(desk.order(), AnyOrder::PendingPayment(_));
            if receive(desk, amount, fact).await? {
                let rest = if given_up { 0 } else { rest };
                desk.payment_mut()?.rest_minor = rest;
                // Or an edit has made the order cheaper than what was promised.
                if rest == 0 && 0 < promised {
                    desk.ask_back(Step::Void, promised, "the rest is not needed", desk.now())?;
                }
            }
            let over = desk.row().paid_minor - desk.row().total_minor;
            if anew != 0 && 0 < over {
                let over = Money::new(over, currency_of(&desk.row().currency)?);
                desk.attention(&format!(
                    "the customer paid before the edit reached the gateway: give {over} back"
                ));
            }
        }
        // What staff wanted taken is not here; the promise is, and the order waits as before.
        Outcome::Declined(reason) if desk.payment()?.takes_a_part() => {
            refuse(desk, Step::Capture, reason)?;
            if !matches!(desk.order(), AnyOrder::PendingPayment(_)) {
                desk.ask_back(Step::Void, 0, "the order was given up", desk.now())?;
                return Ok(true);
            }
            let payment = desk.payment()?;
            let refused = Money::new(payment.take_minor, currency_of(&payment.currency)?);
            desk.attention(&format!("the gateway refused to take {refused}: try again, or cancel the order"));
        }
        // It was asked for because the gateway would not call the payment off, see [`apply_void`].
        Outcome::Declined(reason) | Outcome::Expired(reason) if calls_off(desk.payment()?) => {
            refuse(desk, Step::Void, reason)?;
        }
        // Nobody wants it any more, and it was not taken.
        Outcome::Expired(reason) if !matches!(desk.order(), AnyOrder::PendingPayment(_)) => {
            desk.ask_back(Step::Void, 0, reason, desk.now())?;
        }
        Outcome::Declined(reason) | Outcome::Expired(reason) => decline(desk, Step::Capture, reason).await?,
        Outcome::Pending(_) | Outcome::Redirect { .. } => wait(desk, "")?,
        Outcome::Unknown(error) => ask_again(desk, error)?,
    }
    Ok(true)
}

/// Nobody was asked for what an edit has made the order cost: what was asked for stays what the payment is about.
fn keep_apart(desk: &mut Desk<'_>) -> Result<()> {
    let asked = desk.payment()?.amount_minor;
    let row = desk.row_mut();
    row.edited_minor = row.total_minor - row.tendered_minor - asked;
    Ok(())
}

/// Whether the authorisation was to be given back.
fn calls_off(payment: &payment::Model) -> bool {
    !payment.back_key.is_empty() && payment.back_minor == 0
}

/// The money is here: the ledger, the order, and what to do when the order is not there any more.
///
/// `false` when it was written down already.
async fn receive(desk: &mut Desk<'_>, amount: i64, fact: String) -> Result<bool> {
    let from = account(&desk.payment()?.provider);
    if !post(desk, "capture", "customer", from, amount, fact).await? {
        return Ok(false);
    }
    let (payment_id, order_id, _, currency) = named(desk)?;
    desk.row_mut().paid_minor += amount;
    heard(desk);
    desk.emit(CommerceEvent::PaymentCaptured { payment_id, order_id, amount, currency: currency.clone() });
    let AnyOrder::PendingPayment(pending) = desk.order() else {
        desk.attention("money arrived after the order was given up: refund it or call the customer");
        return Ok(true);
    };
    match pending.pay() {
        Ok(paid) => pay(desk, paid.state(), amount),
        // Staff wanted no more, and says what becomes of the rest.
        Err(_) if desk.payment()?.takes_a_part() => desk.row_mut().hold_until = None,
        Err(_) => desk.attention("less money arrived than the order costs"),
    }
    Ok(true)
}

/// What the order costs is here, as far as the shop wants it.
fn pay(desk: &mut Desk<'_>, state: OrderState, amount: i64) {
    let (now, order_id, currency) = (desk.now(), desk.id(), desk.row().currency.clone());
    desk.set_state(state);
    let row = desk.row_mut();
    row.paid_at = Some(now.millis());
    row.hold_until = None;
    desk.emit(CommerceEvent::OrderPaid { order_id, amount, currency });
}

/// The shop forgoes what was not taken: the order counts as paid with what is here.
pub(crate) fn forgo(desk: &mut Desk<'_>, reason: &str) -> Result<()> {
    let (payment_id, order_id, _, currency) = named(desk)?;
    let row = desk.row_mut();
    let (amount, here) = (row.total_minor - row.paid_minor, row.paid_minor);
    row.released_minor = amount;
    let reason = reason.to_owned();
    desk.emit(CommerceEvent::PaymentReleased { payment_id, order_id, amount, currency, reason });
    let AnyOrder::PendingPayment(pending) = desk.order() else {
        return Err(desk.refusal(crate::order::Command::Pay));
    };
    pay(desk, pending.pay()?.state(), here);
    Ok(())
}

/// What of the payment the shop has and has not given back; gift cards and store credit do not count. Minor units.
pub(crate) fn kept(row: &orders::Model) -> i64 {
    (row.paid_minor - row.refunded_minor - row.tendered_minor).max(0)
}

async fn apply_refund(desk: &mut Desk<'_>, outcome: &Outcome) -> Result<bool> {
    match outcome {
        Outcome::TakenInPart { .. } => return Ok(false),
        Outcome::Succeeded(_) => {
            let payment = desk.payment_mut()?;
            move_to(payment, Step::Refund, Status::Done, None);
            let (fact, amount, reason) =
                (payment.back_key.clone(), payment.back_minor, payment.back_reason.clone());
            give_back(desk, amount, fact, reason).await?;
        }
        Outcome::Declined(reason) | Outcome::Expired(reason) => {
            refuse(desk, Step::Refund, reason)?;
            let payment = desk.payment()?;
            let refused = Money::new(payment.back_minor, currency_of(&payment.currency)?);
            // Gift cards and store credit have got their share of it: only this is to be given once more.
            desk.attention(&format!(
                "the gateway refused to give {refused} back: try again with this amount, or give it back by hand"
            ));
        }
        Outcome::Pending(id) | Outcome::Redirect { id, .. } => {
            wait(desk, "")?;
            recognise(desk, id).await?;
        }
        Outcome::Unknown(error) => ask_again(desk, error)?,
    }
    Ok(true)
}

/// Keeps what the gateway calls the refund that is under way, so that its call-back settles it. One that came before we
/// knew that is looked at once more.
async fn recognise(desk: &mut Desk<'_>, id: &str) -> Result<()> {
    let (tx, now) = (desk.tx(), desk.now());
    let payment = desk.payment_mut()?;
    // The payment's own id tells its refunds not apart.
    if id.is_empty() || id == payment.back_id || id == payment.gateway_id {
        return Ok(());
    }
    payment.back_id = id.to_owned();
    let again = tx
        .update_many::<payment_event::Entity>()
        .set(payment_event::Column::HandledAt, Option::<i64>::None)
        .filter(payment_event::Column::PaymentId.eq(payment.id))
        .filter(payment_event::Column::Outcome.eq(webhook::ASKED))
        .exec()
        .await?;
    if 0 < again {
        jobs::plan(tx, Some(now.millis())).await?;
    }
    Ok(())
}

async fn give_back(desk: &mut Desk<'_>, amount: i64, fact: String, reason: String) -> Result<()> {
    let from = account(&desk.payment()?.provider);
    if !post(desk, "refund", from, "customer", amount, fact.clone()).await? {
        return Ok(());
    }
    let (payment_id, order_id, _, currency) = named(desk)?;
    desk.row_mut().refunded_minor += amount;
    desk.calm();
    desk.emit(CommerceEvent::PaymentRefunded {
        payment_id,
        order_id,
        amount,
        currency,
        reason: reason.clone(),
    });
    returns::settled(desk, &fact).await?;
    refund::close(desk, amount, &reason).await
}

fn apply_void(desk: &mut Desk<'_>, outcome: &Outcome) -> Result<bool> {
    match outcome {
        Outcome::TakenInPart { .. } => return Ok(false),
        Outcome::Succeeded(_) => {
            let payment = desk.payment_mut()?;
            move_to(payment, Step::Void, Status::Done, None);
            payment.rest_minor = 0;
            let anew = std::mem::take(&mut payment.again_minor);
            // What the order costs was taken before.
            if 0 < payment.back_minor {
                return Ok(true);
            }
            desk.calm();
            let (payment_id, order_id, _, currency) = named(desk)?;
            let reason = desk.payment()?.back_reason.clone();
            let told = reason.clone();
            desk.emit(CommerceEvent::PaymentRefunded { payment_id, order_id, amount: 0, currency, reason });
            if !matches!(desk.order(), AnyOrder::PendingPayment(_)) {
                if anew != 0 {
                    keep_apart(desk)?;
                }
                return Ok(true);
            }
            if 0 < anew {
                begin_anew(desk, anew)?;
            } else if 0 < kept(desk.row()) {
                forgo(desk, &told)?;
            }
        }
        // A bank that would not pay and has nothing to give back: there is no promise any more.
        Outcome::Declined(reason) | Outcome::Expired(reason) if desk.payment()?.was_declined() => {
            refuse(desk, Step::Void, reason)?;
            move_to(desk.payment_mut()?, Step::Capture, Status::Declined, None);
        }
        Outcome::Declined(reason) | Outcome::Expired(reason) => {
            refuse(desk, Step::Void, reason)?;
            desk.attention("the gateway refused to give the authorisation back");
            // Nobody has asked for all of it, or it is about the rest: there is no such call whose key could tell.
            if desk.payment()?.manual || 0 < desk.payment()?.back_minor {
                return Ok(true);
            }
            // Whoever paid may have been cut off between taking the money and writing it down: the key of that call tells.
            let now = desk.now();
            move_to(desk.payment_mut()?, Step::Capture, Status::Unknown, Some(now));
        }
        Outcome::Pending(_) | Outcome::Redirect { .. } => wait(desk, "")?,
        Outcome::Unknown(error) => ask_again(desk, error)?,
    }
    Ok(true)
}

/// The attempt before is called off: another amount is asked for, as if the order were placed now.
fn begin_anew(desk: &mut Desk<'_>, amount: i64) -> Result<()> {
    let now = desk.now();
    let hold = desk.tx().ctx().map(|ctx| ctx.app().config().orders.reservation_seconds);
    let until = hold.map(|seconds| (now + Duration::from_secs(seconds)).millis());
    let row = desk.row_mut();
    row.hold_until = row.hold_until.max(until);
    let payment = desk.payment_mut()?;
    payment.back_key.clear();
    payment.back_reason.clear();
    payment.amount_minor = amount;
    ask_afresh(payment, now);
    Ok(())
}

/// Nothing can come of the attempt before: the gateway is asked under other keys.
fn ask_afresh(payment: &mut payment::Model, now: Timestamp) {
    // A call-back about the attempt before is known by this.
    payment.back_id = std::mem::take(&mut payment.gateway_id);
    payment.authorize_key = Uuid::new_v4().to_string();
    payment.capture_key = Uuid::new_v4().to_string();
    payment.created_at = now.millis();
    payment.attempt = 0;
    payment.pay_url.clear();
    move_to(payment, Step::Authorize, Status::Due, Some(now));
}

/// Staff has received by hand what an edit has made an order cost more.
pub(crate) async fn receive_rest(desk: &mut Desk<'_>, amount: i64, fact: String) -> Result<()> {
    if !post(desk, "capture", "customer", account(MANUAL), amount, fact).await? {
        return Err(CommerceError::Changed { version: desk.row().version });
    }
    let payment = desk.payment_mut()?;
    payment.amount_minor = payment.amount_minor.checked_add(amount).ok_or(MoneyError::Overflow)?;
    let (payment_id, order_id, _, currency) = named(desk)?;
    desk.row_mut().paid_minor += amount;
    desk.emit(CommerceEvent::PaymentCaptured { payment_id, order_id, amount, currency });
    Ok(())
}

/// A no to the shopper's payment ends the order and gives the cart back; what the bank had promised before it said no goes
/// back, too.
async fn decline(desk: &mut Desk<'_>, step: Step, reason: &str) -> Result<()> {
    refuse(desk, step, reason)?;
    if let AnyOrder::PendingPayment(order) = desk.order() {
        let cancelled = order.cancel()?;
        desk.cancel(cancelled.state(), DECLINED).await?;
        cart::restore(desk.tx(), desk.row().cart_id, desk.now()).await?;
    }
    if step == Step::Capture {
        desk.ask_back(Step::Void, 0, DECLINED, desk.now())?;
    }
    Ok(())
}

/// The gateway has told what it kept to itself: nobody has to look for that any more.
fn heard(desk: &mut Desk<'_>) {
    if desk.row().attention.as_deref() == Some(expire::SILENT) {
        desk.row_mut().attention = None;
    }
}

fn refuse(desk: &mut Desk<'_>, step: Step, reason: &str) -> Result<()> {
    heard(desk);
    let payment = desk.payment_mut()?;
    move_to(payment, step, Status::Declined, None);
    payment.last_error = brief(reason, 300);
    let (payment_id, order_id, ..) = named(desk)?;
    let reason = brief(reason, 300);
    desk.emit(CommerceEvent::PaymentFailed { payment_id, order_id, step: step.as_str().to_owned(), reason });
    Ok(())
}

fn wait(desk: &mut Desk<'_>, gateway_id: &str) -> Result<()> {
    let payment = desk.payment_mut()?;
    if !gateway_id.is_empty() {
        payment.gateway_id = gateway_id.to_owned();
    }
    let step = payment.step();
    move_to(payment, step, Status::Pending, None);
    Ok(())
}

fn ask_again(desk: &mut Desk<'_>, error: &str) -> Result<()> {
    let now = desk.now();
    let payment = desk.payment_mut()?;
    // The gateway had promised to call back: a repeated question that gets lost changes nothing about that.
    if payment.status() == Status::Pending {
        return Ok(());
    }
    let (step, attempt) = (payment.step(), payment.attempt);
    move_to(payment, step, Status::Unknown, Some(now + backoff(attempt)));
    payment.attempt = attempt.saturating_add(1);
    payment.last_error = brief(error, 300);
    // An order whose payment is in doubt waits for its deadline; about money that should have gone back a person wants
    // to know. It is asked again all the same.
    if payment.attempt == STUCK_AFTER && matches!(step, Step::Refund | Step::Void) {
        desk.attention("the gateway does not tell whether the money went back");
    }
    Ok(())
}

/// Has the gateway asked about the refund or the capture that is under way, when a call-back may be about an earlier one.
pub(crate) fn ask_now(desk: &mut Desk<'_>, step: Step, outcome: &Outcome) -> Result<bool> {
    let now = desk.now();
    let payment = desk.payment_mut()?;
    let late_yes = payment.status() == Status::Declined && matches!(outcome, Outcome::Succeeded(_));
    let asks = payment.step() == step && (payment.status().is_open() || late_yes);
    if asks {
        move_to(payment, step, Status::Unknown, Some(now));
    }
    Ok(asks)
}

/// Has the gateway asked what became of the call that is under way, if there is one.
pub(crate) fn ask_on(desk: &mut Desk<'_>) -> Result<bool> {
    let now = desk.now();
    let payment = desk.payment_mut()?;
    let (step, asks) = (payment.step(), payment.is_under_way());
    if asks {
        move_to(payment, step, Status::Unknown, Some(now));
    }
    Ok(asks)
}

/// 1, 2, 4 … seconds, at most five minutes.
fn backoff(attempt: i64) -> Duration {
    let exponent = u32::try_from(attempt.clamp(0, 9)).unwrap_or(9);
    Duration::from_secs(2_u64.pow(exponent).min(300))
}

fn move_to(payment: &mut payment::Model, step: Step, status: Status, next: Option<Timestamp>) {
    if payment.step != step.as_str() {
        payment.attempt = 0;
    }
    payment.step = step.as_str().to_owned();
    payment.status = status.as_str().to_owned();
    payment.next_at = next.map(Timestamp::millis);
    if payment.step() != Step::Authorize || !status.is_open() {
        payment.pay_url.clear();
    }
    if status == Status::Done {
        payment.last_error.clear();
    }
}

/// Staff has seen the money of an order that is paid by hand.
pub(crate) async fn capture_by_hand(desk: &mut Desk<'_>) -> Result<()> {
    if let AnyOrder::PendingPayment(_) = desk.order() {
        if desk.payment()?.provider != MANUAL {
            let why = "the gateway decides whether this order is paid";
            return Err(CommerceError::Refused(Refusal::Guard(why)));
        }
        let payment = desk.payment_mut()?;
        move_to(payment, Step::ByHand, Status::Done, None);
        let (fact, amount) = (payment.capture_key.clone(), payment.amount_minor);
        return receive(desk, amount, fact).await.map(|_| ());
    }
    Err(desk.refusal(crate::order::Command::Pay))
}

/// Staff has given money back by hand; `key` is what whoever waits for the money knows it by.
pub(crate) async fn give_back_by_hand(
    desk: &mut Desk<'_>,
    amount: i64,
    reason: &str,
    key: String,
) -> Result<()> {
    give_back(desk, amount, key, reason.to_owned()).await
}

/// One fact of the ledger; `false` when it was written already.
pub(super) async fn post(
    desk: &Desk<'_>,
    kind: &str,
    from: &str,
    to: &str,
    amount: i64,
    fact: String,
) -> Result<bool> {
    let payment = desk.payment()?;
    let row = money_ledger::ActiveModel {
        id: Set(Uuid::now_v7()),
        order_id: Set(Some(desk.id().uuid())),
        payment_id: Set(Some(payment.id)),
        kind: Set(kind.to_owned()),
        from_account: Set(from.to_owned()),
        to_account: Set(to.to_owned()),
        amount_minor: Set(amount),
        currency: Set(payment.currency.clone()),
        fact: Set(fact),
        at: Set(desk.now().millis()),
        ..Default::default()
    };
    Ok(0 < desk.tx().insert_new(vec![row]).await?)
}

fn named(desk: &Desk<'_>) -> Result<(PaymentId, OrderId, i64, String)> {
    let payment = desk.payment()?;
    Ok((PaymentId::from_uuid(payment.id), desk.id(), payment.amount_minor, payment.currency.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_again_ever_more_slowly_and_never_stops() {
        let seconds: Vec<_> = [0, 1, 5, 8, 9, 1_000_000].map(|n| backoff(n).as_secs()).to_vec();
        assert_eq!(seconds, [1, 2, 32, 256, 300, 300]);
    }
}
