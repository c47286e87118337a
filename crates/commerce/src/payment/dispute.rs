//! Disputes: a customer's bank wants money back that a gateway has taken. The gateway tells of it; here it is kept, shown,
//! and written into the books when the money is gone.

use platform::{Ctx, TenantDb};
use primitives::{Cursor, Direction, DisputeId, Money, OrderId, PageArgs, PaymentId, Permission, Timestamp};
use sea_orm::sea_query::Order;
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel};
use uuid::Uuid;

use super::{Step, apply, brief};
use crate::entity::{orders, payment_dispute};
use crate::error::Result;
use crate::event::CommerceEvent;
use crate::order::desk::Desk;
use crate::order::read::currency_of;
use crate::order::refund;
use crate::page::{Page, bad_cursor, cut, place_after};
use crate::view::DisputeView;

/// How the attention begins that is asked for while a dispute is open.
const WANTED: &str = "the customer's bank wants ";
/// Name of the list's cursors.
const NAME: &str = "disputes";
/// Most disputes that are shown of one order.
const SHOWN: u64 = 50;

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The gateway waits for the shop's answer, or for the bank's.
    Open,
    /// The money stays here.
    Won,
    /// The money is gone.
    Lost,
}

impl DisputeState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Won, Self::Lost];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// What a gateway says.
    pub(super) fn told(text: &str) -> Option<Self> {
        if text == "opened" { Some(Self::Open) } else { Self::parse(text) }
    }
}

/// What a gateway tells of a dispute.
pub(super) struct Word<'a> {
    /// The gateway's own id of it.
    pub id: &'a str,
    pub state: DisputeState,
    /// Minor units; `None`: all that was taken.
    pub amount: Option<i64>,
    pub currency: Option<&'a str>,
    pub reason: &'a str,
}

/// Writes down what a gateway tells of a dispute; gives back what became of it in words. An end is an end, whatever comes
/// later or came late.
pub(super) async fn hear(desk: &mut Desk<'_>, word: &Word<'_>) -> Result<&'static str> {
    let payment = desk.payment()?;
    let amount = word.amount.unwrap_or(desk.row().paid_minor - desk.row().tendered_minor);
    let other_currency =
        word.currency.is_some_and(|currency| !currency.eq_ignore_ascii_case(&payment.currency));
    let id = brief(word.id, 200);
    if other_currency || id.is_empty() || !(1..=payment.amount_minor).contains(&amount) {
        let why = "the gateway told of a dispute about another amount than was paid";
        desk.attention(why);
        return Ok(why);
    }
    let known = desk
        .tx()
        .find::<payment_dispute::Entity>()
        .filter(payment_dispute::Column::PaymentId.eq(payment.id))
        .filter(payment_dispute::Column::GatewayId.eq(id.as_str()))
        .one()
        .await?;
    let state = known.as_ref().and_then(|row| DisputeState::parse(&row.state));
    match (state, word.state) {
        (Some(at), told) if at == told => return Ok("nothing new"),
        (Some(DisputeState::Won | DisputeState::Lost), DisputeState::Open) => return Ok("nothing new"),
        (Some(DisputeState::Won | DisputeState::Lost), _) => {
            let why = "the gateway told of another end of a dispute than before: ask it which is right";
            desk.attention(why);
            return Ok(why);
        }
        (Some(DisputeState::Open) | None, _) => {}
    }
    let reason = brief(word.reason, 300);
    let row = keep(desk, known, id, amount, reason, word.state).await?;
    follow(desk, &row, word.state).await?;
    Ok("applied")
}

async fn keep(
    desk: &Desk<'_>,
    known: Option<payment_dispute::Model>,
    gateway_id: String,
    amount: i64,
    reason: String,
    state: DisputeState,
) -> Result<payment_dispute::Model> {
    let (tx, now) = (desk.tx(), desk.now().millis());
    let closed_at = (state != DisputeState::Open).then_some(now);
    let Some(known) = known else {
        let payment = desk.payment()?;
        let row = payment_dispute::Model {
            tenant_id: payment.tenant_id,
            id: DisputeId::new().uuid(),
            payment_id: payment.id,
            order_id: payment.order_id,
            gateway_id,
            state: state.as_str().to_owned(),
            amount_minor: amount,
            currency: payment.currency.clone(),
            reason,
            opened_at: now,
            closed_at,
            updated_at: now,
        };
        tx.insert_many(vec![row.clone().into_active_model().reset_all()]).await?;
        return Ok(row);
    };
    // The last word about the amount is the one that counts: fees of nobody are in it.
    let row = payment_dispute::Model {
        state: state.as_str().to_owned(),
        amount_minor: amount,
        reason: if reason.is_empty() { known.reason.clone() } else { reason },
        closed_at,
        updated_at: now,
        ..known
    };
    tx.update_many::<payment_dispute::Entity>()
        .set(payment_dispute::Column::State, row.state.clone())
        .set(payment_dispute::Column::AmountMinor, row.amount_minor)
        .set(payment_dispute::Column::Reason, row.reason.clone())
        .set(payment_dispute::Column::ClosedAt, row.closed_at)
        .set(payment_dispute::Column::UpdatedAt, row.updated_at)
        .filter(payment_dispute::Column::Id.eq(row.id))
        .exec()
        .await?;
    Ok(row)
}

/// What a dispute does to its order.
async fn follow(desk: &mut Desk<'_>, row: &payment_dispute::Model, state: DisputeState) -> Result<()> {
    let amount = Money::new(row.amount_minor, currency_of(&row.currency)?);
    let taken_back = if state == DisputeState::Lost { lose(desk, row).await? } else { 0 };
    let wanted = desk.row().attention.as_deref().is_some_and(|why| why.starts_with(WANTED));
    if wanted {
        desk.row_mut().attention = None;
    }
    desk.emit(CommerceEvent::PaymentDisputed {
        payment_id: PaymentId::from_uuid(row.payment_id),
        order_id: desk.id(),
        dispute_id: DisputeId::from_uuid(row.id),
        state,
        amount: row.amount_minor,
        taken_back,
        currency: row.currency.clone(),
        reason: row.reason.clone(),
    });
    match state {
        DisputeState::Open => {
            desk.attention(&format!("{WANTED}{amount} back: answer the dispute at the gateway"));
        }
        DisputeState::Won => {}
        DisputeState::Lost if taken_back < row.amount_minor => {
            let twice = Money::new(row.amount_minor - taken_back, amount.currency);
            desk.attention(&format!(
                "a dispute about {amount} was lost, of which {twice} had been given back before"
            ));
        }
        DisputeState::Lost => {}
    }
    if 0 < taken_back {
        refund::close(desk, taken_back, "a dispute was lost").await?;
    }
    Ok(())
}

/// The money is gone: what of it had not been given back yet counts as given back, the rest is the shop's loss.
async fn lose(desk: &mut Desk<'_>, row: &payment_dispute::Model) -> Result<i64> {
    let payment = desk.payment()?;
    // What is on its way back already will be given back, too.
    let going = match (payment.step(), payment.status().is_open()) {
        (Step::Refund, true) => payment.back_minor,
        _ => 0,
    };
    let left = (refund::of_payment(desk, i64::MAX).await? - going).max(0);
    let back = row.amount_minor.min(left);
    let fact = row.id.to_string();
    if 0 < back {
        apply::post(desk, "chargeback", "gateway", "customer", back, fact.clone()).await?;
        desk.row_mut().refunded_minor += back;
    }
    if back < row.amount_minor {
        apply::post(desk, "loss", "gateway", "loss", row.amount_minor - back, fact).await?;
    }
    Ok(back)
}

/// The disputes of one order, the first one first.
pub(crate) async fn of_order(rows: &TenantDb, order: &orders::Model) -> Result<Vec<DisputeView>> {
    let found = rows
        .find::<payment_dispute::Entity>()
        .filter(payment_dispute::Column::OrderId.eq(order.id))
        .order_by_asc(payment_dispute::Column::Id)
        .limit(SHOWN)
        .all()
        .await?;
    found.into_iter().map(|row| view(row, order.number)).collect()
}

/// Disputes of the shop, the newest first; `open`: those alone that wait.
///
/// # Errors
/// `BAD_USER_INPUT` for a cursor of another list.
pub async fn list(ctx: &Ctx, open: bool, page: &PageArgs) -> Result<Page<DisputeView>> {
    use payment_dispute::Column;
    let rows = ctx.read(Permission::PAYMENTS_LIST).await?;
    let mut wanted = Condition::all();
    if open {
        wanted = wanted.add(Column::State.eq(DisputeState::Open.as_str()));
    }
    let total = rows.find::<payment_dispute::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (at, id): (i64, Uuid) = cursor.decode(NAME).map_err(bad_cursor)?;
        wanted = wanted.add(place_after(Column::OpenedAt, at.into(), Column::Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<payment_dispute::Entity>()
        .filter(wanted)
        .order_by(Column::OpenedAt, order.clone())
        .order_by(Column::Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let (found, cursors, more) = cut(found, page, |row| Cursor::encode(NAME, &(row.opened_at, row.id)))?;
    let ids: Vec<Uuid> = found.iter().map(|row| row.order_id).collect();
    let numbers: Vec<(Uuid, i64)> = match ids.is_empty() {
        true => Vec::new(),
        false => {
            let named = rows.find::<orders::Entity>().filter(orders::Column::Id.is_in(ids));
            named.columns([orders::Column::Id, orders::Column::Number]).await?
        }
    };
    let number = |id: Uuid| numbers.iter().find(|(of, _)| *of == id).map_or(0, |(_, number)| *number);
    let nodes = found.into_iter().map(|row| {
        let number = number(row.order_id);
        view(row, number)
    });
    Ok(Page::new(nodes.collect::<Result<_>>()?, cursors, page, more, total))
}

fn view(row: payment_dispute::Model, order_number: i64) -> Result<DisputeView> {
    Ok(DisputeView {
        id: DisputeId::from_uuid(row.id),
        order: OrderId::from_uuid(row.order_id),
        order_number,
        gateway_id: row.gateway_id,
        state: DisputeState::parse(&row.state).unwrap_or(DisputeState::Open),
        amount: Money::new(row.amount_minor, currency_of(&row.currency)?),
        reason: row.reason,
        opened_at: Timestamp::from_millis(row.opened_at),
        closed_at: row.closed_at.map(Timestamp::from_millis),
    })
}
