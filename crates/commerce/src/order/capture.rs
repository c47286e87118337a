//! Taking what a gateway has promised, in one go or in parts, and forgoing what is not taken.

use platform::Ctx;
use primitives::{Money, Permission};
use sea_orm::ColumnTrait;
use sha2::{Digest, Sha256};

use super::desk::Desk;
use super::read::{self, currency_of};
use super::state::{AnyOrder, Command, Refusal};
use super::{MAX_REASON, Target, checked_text};
use crate::entity::{money_ledger, orders, payment as payment_row};
use crate::error::{CommerceError, Result};
use crate::payment::{self, Step, settle};
use crate::view::OrderView;

/// Longest idempotency key, characters.
const MAX_KEY: usize = 255;

/// Money to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capture<'a> {
    /// Minor units; `None`: all that is promised.
    pub amount: Option<i64>,
    /// 1 to 255 visible ASCII characters, fresh for each capture: the second time nothing is taken again.
    pub key: &'a str,
}

/// Takes what the gateway has promised for an order, or a part of it. When all that it costs is here, the order is paid.
///
/// The gateway is called after the intent is stored, under a key that is made of the caller's. When its answer is lost, it
/// is asked again in the background. Most gateways let the rest of an authorisation go with the first capture; where more
/// can be taken, [`OrderView::capturable`] says how much.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `amount` (less than 1, more than is promised) or at `idempotencyKey`;
/// `IDEMPOTENCY_KEY_REUSED` when the key took another amount; `CONFLICT` unless the order waits for payment and its
/// money is promised to staff, or while the gateway is being asked.
pub async fn capture(ctx: &Ctx, order: impl Into<Target>, capture: Capture<'_>) -> Result<OrderView> {
    let order = order.into();
    let key = capture.key;
    if key.is_empty() || MAX_KEY < key.len() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CommerceError::field("idempotencyKey", "use 1 to 255 visible characters"));
    }
    let asked = ctx
        .write(Permission::PAYMENTS_UPDATE, async |tx| {
            let mut desk = Desk::open(tx, order.id, ctx.now()).await?;
            let key = key_of(desk.payment()?, key);
            if let Some(amount) = taken_before(&desk, &key).await? {
                return match capture.amount {
                    Some(other) if other != amount => Err(CommerceError::KeyReused),
                    _ => Ok(None),
                };
            }
            desk.seen(order)?;
            let most = most(desk.row(), desk.payment()?)?;
            let amount = capture.amount.unwrap_or(most);
            if !(1..=most).contains(&amount) {
                let most = Money::new(most, currency_of(&desk.row().currency)?);
                let why = format!("must be more than zero and at most {most}");
                return Err(CommerceError::field("amount", why));
            }
            desk.ask_take(amount, key, ctx.now() + payment::gateway::patience(ctx.app()))?;
            let (_, payment) = desk.save_rows().await?;
            Ok(payment)
        })
        .await?;
    if let Some(payment) = asked {
        settle::advance(ctx, payment).await;
    }
    read::after(ctx, order.id).await
}

/// Forgoes what was not taken of an order of which a part was: what is still promised is given back, and the order
/// counts as paid with what is here.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `reason`; `CONFLICT` unless the order waits for payment and a part of it was taken by
/// staff, or while the gateway is being asked.
pub async fn release(ctx: &Ctx, order: impl Into<Target>, reason: &str) -> Result<OrderView> {
    let order = order.into();
    let reason = checked_text("reason", reason, MAX_REASON, true)?;
    let asked = ctx
        .write(Permission::PAYMENTS_UPDATE, async |tx| {
            let mut desk = Desk::open_at(tx, order, ctx.now()).await?;
            let AnyOrder::PendingPayment(_) = desk.order() else {
                return Err(desk.refusal(Command::Pay));
            };
            let payment = desk.payment()?;
            if payment.is_under_way() {
                return Err(Refusal::Guard(WAIT).into());
            }
            if payment::kept(desk.row()) < 1 {
                return Err(Refusal::Guard("nothing of it was taken: cancel the order instead").into());
            }
            if payment.rest_minor < 1 {
                payment::forgo(&mut desk, &reason)?;
                desk.save().await?;
                return Ok(None);
            }
            let until = ctx.now() + payment::gateway::patience(ctx.app());
            desk.ask_back(Step::Void, 0, &reason, until)?;
            let (_, payment) = desk.save_rows().await?;
            Ok(payment)
        })
        .await?;
    if let Some(payment) = asked {
        settle::advance(ctx, payment).await;
    }
    read::after(ctx, order.id).await
}

const WAIT: &str = "the gateway is being asked about this payment: wait for its answer";

/// What staff can take now, minor units, more than zero.
///
/// # Errors
/// `CONFLICT` with why nothing.
pub(super) fn most(order: &orders::Model, payment: &payment_row::Model) -> Result<i64> {
    if order.state != "pending_payment" {
        return Err(Refusal::State { from: super::desk::state_of(order), command: Command::Pay }.into());
    }
    if payment.is_under_way() {
        return Err(Refusal::Guard(WAIT).into());
    }
    match payment.rest_minor {
        rest @ 1.. => Ok(rest),
        _ => Err(Refusal::Guard("nothing is promised that staff could take").into()),
    }
}

/// The gateway's key of a capture: the same for the same payment and key, and of no other.
fn key_of(payment: &payment_row::Model, key: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(payment.id.as_bytes());
    hasher.update(key.as_bytes());
    let mut half = [0; 16];
    half.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
    uuid::Builder::from_random_bytes(half).into_uuid().to_string()
}

/// How much was asked for under this key before, minor units.
async fn taken_before(desk: &Desk<'_>, key: &str) -> Result<Option<i64>> {
    let payment = desk.payment()?;
    if payment.take_key == key {
        return Ok(Some(payment.take_minor));
    }
    let found = desk.tx().find::<money_ledger::Entity>();
    let found = found
        .filter(money_ledger::Column::Kind.eq("capture"))
        .filter(money_ledger::Column::Fact.eq(key))
        .filter(money_ledger::Column::OrderId.eq(desk.id().uuid()))
        .one()
        .await?;
    Ok(found.map(|row| row.amount_minor))
}
