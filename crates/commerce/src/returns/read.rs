//! Returns as people see them.

use std::collections::HashMap;
use std::time::Duration;

use platform::{Access, Ctx, TenantDb};
use primitives::{
    Cursor, Direction, LocationId, Money, OrderId, OrderLineId, PageArgs, Permission, ReturnId, Timestamp,
};
use sea_orm::{ColumnTrait, Condition, Order};
use uuid::Uuid;

use super::offer;
use super::state::{RETURN_MOVES, ReturnCommand, ReturnReason, ReturnState};
use crate::entity::{order_line, orders, payment, return_line, return_request};
use crate::error::Result;
use crate::order::read::{Parcel, currency_of};
use crate::page::{Page, bad_cursor, cut, place_after};
use crate::payment::Step;
use crate::view::{MoveView, ReturnLineView, ReturnView};

/// Which returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnFilter {
    /// Only those with something left to do.
    pub open: bool,
    /// Any of these; empty: all.
    pub states: Vec<ReturnState>,
}

/// A page of the shop's returns: those with something left to do first, then the newest.
///
/// # Errors
/// `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn list(ctx: &Ctx, filter: &ReturnFilter, page: &PageArgs) -> Result<Page<ReturnView>> {
    const NAME: &str = "returns";
    use return_request::Column;
    let rows = ctx.read(Permission::ORDERS_LIST).await?;
    let mut wanted = Condition::all();
    if filter.open {
        wanted = wanted.add(Column::Open.eq(1));
    }
    if !filter.states.is_empty() {
        wanted = wanted.add(Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    let total = rows.find::<return_request::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (open, id): (i64, Uuid) = cursor.decode(NAME).map_err(bad_cursor)?;
        wanted = wanted.add(place_after(Column::Open, open.into(), Column::Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<return_request::Entity>()
        .filter(wanted)
        .order_by(Column::Open, order.clone())
        .order_by(Column::Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let (found, cursors, more) = cut(found, page, |row| Cursor::encode(NAME, &(row.open, row.id)))?;
    let nodes = views(&rows, found, true).await?;
    Ok(Page::new(nodes, cursors, page, more, total))
}

/// A return for staff.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn by_id(ctx: &Ctx, id: ReturnId) -> Result<ReturnView> {
    view(ctx, id, Permission::ORDERS_READ.into(), true).await
}

/// The return after a move of the staff, who have passed that move's door.
pub(super) async fn after(ctx: &Ctx, id: ReturnId) -> Result<ReturnView> {
    view(ctx, id, Access::Public, true).await
}

/// The return after a move of its customer, who has passed that move's door.
pub(super) async fn for_shopper(ctx: &Ctx, id: ReturnId) -> Result<ReturnView> {
    view(ctx, id, Access::Public, false).await
}

async fn view(ctx: &Ctx, id: ReturnId, access: Access, staff: bool) -> Result<ReturnView> {
    ctx.require(access)?;
    let rows = ctx.read(access).await?;
    let row = rows.get::<return_request::Entity>(id.uuid()).await?;
    let mut views = views(&rows, vec![row], staff).await?;
    Ok(views.pop().ok_or_else(|| platform::Error::not_found(ReturnId::KIND))?)
}

/// Everything that returns are shown with, of some orders.
async fn views(rows: &TenantDb, found: Vec<return_request::Model>, staff: bool) -> Result<Vec<ReturnView>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = found.iter().map(|row| row.order_id).collect();
    let orders =
        rows.find::<orders::Entity>().filter(orders::Column::Id.is_in(ids.iter().copied())).all().await?;
    let orders: HashMap<Uuid, orders::Model> = orders.into_iter().map(|row| (row.id, row)).collect();
    let mut lines: HashMap<Uuid, Vec<order_line::Model>> = HashMap::new();
    let of = rows.find::<order_line::Entity>().filter(order_line::Column::OrderId.is_in(ids.iter().copied()));
    for line in of.order_by_asc(order_line::Column::Position).all().await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    let payments = rows.find::<payment::Entity>().filter(payment::Column::OrderId.is_in(ids)).all().await?;
    let payments: HashMap<Uuid, payment::Model> =
        payments.into_iter().map(|row| (row.order_id, row)).collect();
    let back = lines_of(rows, found.iter().map(|row| row.id)).await?;
    let none = Vec::new();
    let view = |row: return_request::Model| {
        let order = orders.get(&row.order_id).ok_or_else(|| platform::Error::not_found(OrderId::KIND))?;
        let known = Known {
            order,
            lines: lines.get(&row.order_id).unwrap_or(&none),
            payment: payments.get(&row.order_id),
            staff,
        };
        known.view(&row, back.get(&row.id).map(Vec::as_slice).unwrap_or_default())
    };
    found.into_iter().map(view).collect()
}

async fn lines_of(
    rows: &TenantDb,
    returns: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Vec<return_line::Model>>> {
    let mut lines: HashMap<Uuid, Vec<return_line::Model>> = HashMap::new();
    let found = rows.find::<return_line::Entity>().filter(return_line::Column::ReturnId.is_in(returns));
    for line in found.all().await? {
        lines.entry(line.return_id).or_default().push(line);
    }
    Ok(lines)
}

/// A return with its lines.
pub(crate) type Back = (return_request::Model, Vec<return_line::Model>);

/// The returns of an order, the first one first.
pub(crate) async fn of_order(rows: &TenantDb, order: Uuid) -> Result<Vec<Back>> {
    let found = rows.find::<return_request::Entity>().filter(return_request::Column::OrderId.eq(order));
    let found = found.order_by_asc(return_request::Column::Number).all().await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = lines_of(rows, found.iter().map(|row| row.id)).await?;
    let with = |row: return_request::Model| {
        let lines = lines.remove(&row.id).unwrap_or_default();
        (row, lines)
    };
    Ok(found.into_iter().map(with).collect())
}

/// What a return is shown with.
pub(crate) struct Known<'k> {
    pub order: &'k orders::Model,
    pub lines: &'k [order_line::Model],
    pub payment: Option<&'k payment::Model>,
    /// Staff also sees the offer and the moves.
    pub staff: bool,
}

impl Known<'_> {
    pub fn view(&self, row: &return_request::Model, back: &[return_line::Model]) -> Result<ReturnView> {
        let state = state_of(row);
        let coming = money_is_coming(row, self.payment);
        let currency = currency_of(&row.currency)?;
        let money = |minor| Money::new(minor, currency);
        let offer = match state {
            ReturnState::Received => offer(self.order, self.lines, row, back)?,
            _ => 0,
        };
        let in_order = self.lines.iter().filter_map(|line| {
            let back = back.iter().find(|back| back.order_line_id == line.id)?;
            Some(ReturnLineView {
                line: OrderLineId::from_uuid(line.id),
                title: line.title.clone(),
                variant_title: line.variant_title.clone(),
                quantity: count(back.quantity),
                received: count(back.received),
                restocked: count(back.restocked),
                location: back.location_id.map(LocationId::from_uuid).filter(|_| self.staff),
            })
        });
        Ok(ReturnView {
            id: ReturnId::from_uuid(row.id),
            number: number(self.order, row),
            order: OrderId::from_uuid(row.order_id),
            order_number: self.order.number,
            customer_name: self.order.name.clone(),
            state,
            reason: ReturnReason::parse(&row.reason).unwrap_or(ReturnReason::Other),
            words: row.words.clone(),
            answer: row.answer.clone(),
            lines: in_order.collect(),
            offer: (self.staff && 0 < offer).then(|| money(offer)),
            refunded: (state == ReturnState::Refunded).then(|| money(row.refund_minor)),
            money_is_coming: coming,
            exchange: row.exchange,
            requested_at: Timestamp::from_millis(row.requested_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            moves: if self.staff { moves(state, coming, offer) } else { Vec::new() },
            version: row.version,
        })
    }
}

fn moves(state: ReturnState, coming: bool, offer: i64) -> Vec<MoveView> {
    let all = ReturnCommand::ALL.into_iter().filter(|command| *command != ReturnCommand::Withdraw);
    let move_view = |command: ReturnCommand| {
        let why_not = match (super::state::next(state, command), command) {
            (Err(error), _) => error.to_string(),
            (_, ReturnCommand::Refund | ReturnCommand::Close) if coming => {
                "money is on its way back for it".to_owned()
            }
            (_, ReturnCommand::Refund) if offer == 0 => "there is nothing to give back for it".to_owned(),
            _ => String::new(),
        };
        MoveView { name: command.name().to_owned(), possible: why_not.is_empty(), why_not }
    };
    debug_assert!(RETURN_MOVES.iter().all(|found| ReturnCommand::ALL.contains(&found.command)));
    all.map(move_view).collect()
}

/// Whether the gateway has been asked for the money of this return and has not said no.
pub(super) fn money_is_coming(row: &return_request::Model, payment: Option<&payment::Model>) -> bool {
    state_of(row) == ReturnState::Received
        && !row.refund_key.is_empty()
        && payment.is_some_and(|payment| {
            payment.back_key == row.refund_key && payment.step() == Step::Refund && payment.status().is_open()
        })
}

/// The stored state; a row with an unknown one cannot exist, the database checks.
pub(super) fn state_of(row: &return_request::Model) -> ReturnState {
    ReturnState::parse(&row.state).unwrap_or(ReturnState::Closed)
}

/// `R-1001-1`.
pub(super) fn number(order: &orders::Model, row: &return_request::Model) -> String {
    format!("R-{}-{}", order.number, row.number)
}

/// Whether a parcel carries the whole order, as those from before parcels had lines.
pub(super) fn whole(parcels: &[Parcel]) -> bool {
    parcels.iter().any(|(_, lines)| lines.is_empty())
}

/// Pieces of a line that were sent and are not part of a return.
pub(crate) fn returnable(line: &order_line::Model, whole: bool) -> i64 {
    let sent = if whole { line.quantity } else { line.sent };
    (sent - line.returned).max(0)
}

/// The last moment at which something can be sent back: so many days after the last parcel arrived, or left when nobody
/// said that it has arrived.
pub(crate) fn until(parcels: &[Parcel], days: u32) -> Option<Timestamp> {
    let last = parcels.iter().map(|(parcel, _)| parcel.delivered_at.unwrap_or(parcel.shipped_at)).max()?;
    (0 < days).then(|| Timestamp::from_millis(last) + Duration::from_secs(u64::from(days) * 86_400))
}

fn count(pieces: i64) -> u32 {
    u32::try_from(pieces.max(0)).unwrap_or(u32::MAX)
}
