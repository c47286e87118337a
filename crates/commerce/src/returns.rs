//! Returns: customers ask, staff says yes or no, receives the pieces, puts them back and gives the money back.
//!
//! Read in this order: [`state`] (the table of moves), [`ask`] (what customers do), this file (what staff does),
//! [`exchange`] (goods instead of money), `read` (what either sees). A return is only moved while its order is open on the [`Desk`], so whatever counts pieces or money
//! of an order waits for one another.

mod ask;
pub(crate) mod exchange;
mod read;
mod state;

pub(crate) use ask::find;
pub use ask::{Ask, Door, MAX_RETURNS, request, withdraw};
pub use exchange::{Exchange, Exchanged, exchange};
pub(crate) use read::{Back, Known, of_order, returnable, until};
pub use read::{ReturnFilter, by_id, list};
pub use state::{RETURN_MOVES, ReturnCommand, ReturnMove, ReturnReason, ReturnState};

use std::collections::{BTreeMap, BTreeSet};

use catalog::{CatalogError, stock};
use platform::{Context, Ctx, Error, Tx};
use primitives::tax::TaxedLine;
use primitives::{
    ErrorCode, LocationId, Money, OrderId, OrderLineId, Permission, Quantity, ReturnId, Timestamp, VariantId,
};
use sea_orm::{ColumnTrait, QuerySelect};
use uuid::Uuid;

use crate::entity::{order_line, orders, return_line, return_request};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::desk::Desk;
use crate::order::read::currency_of;
use crate::order::refund::{hand_back, of_payment};
use crate::order::{MAX_REASON, Refusal, Target, checked_text, parcel};
use crate::payment::{self, Step, settle};
use crate::view::ReturnView;

/// Pieces of a line that have arrived, and where they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The line of the order.
    pub line: OrderLineId,
    /// Pieces, at most those that are awaited.
    pub quantity: i64,
    /// Whether they can be sold again.
    pub restock: bool,
    /// On whose shelves; the shop's first location when nobody says.
    pub location: Option<LocationId>,
}

/// A return with the version that the caller saw: another one now is a `CONFLICT`. `None` does not check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// The return.
    pub id: ReturnId,
    /// The version.
    pub version: Option<i64>,
}

impl From<ReturnId> for Which {
    fn from(id: ReturnId) -> Self {
        Self { id, version: None }
    }
}

/// Yes: the customer may send the pieces. `words` are for the customer, may be empty.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `words`, `CONFLICT` unless it was asked for.
pub async fn approve(ctx: &Ctx, which: impl Into<Which>, words: &str) -> Result<ReturnView> {
    let which = which.into();
    let words = checked_text("words", words, MAX_REASON, false)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut case = Case::open(tx, which, ctx.now()).await?;
        case.move_on(ReturnCommand::Approve)?;
        case.row.answer.clone_from(&words);
        case.save().await
    })
    .await?;
    read::after(ctx, which.id).await
}

/// No, and why: the customer reads it.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `words`, which must not be empty, `CONFLICT` unless it was asked for.
pub async fn decline(ctx: &Ctx, which: impl Into<Which>, words: &str) -> Result<ReturnView> {
    let which = which.into();
    let words = checked_text("words", words, MAX_REASON, true)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut case = Case::open(tx, which, ctx.now()).await?;
        case.move_on(ReturnCommand::Decline)?;
        case.row.answer.clone_from(&words);
        case.free_all().await?;
        case.save().await
    })
    .await?;
    read::after(ctx, which.id).await
}

/// Pieces have arrived: all that come. Those that did not come can be part of another return.
///
/// # Errors
/// `NOT_FOUND` also for a line that is not in it or a location that is not there, `BAD_USER_INPUT` at `lines` when nothing
/// has arrived, at `lines.0.quantity` for more than was awaited, at `lines.0.restock` for something that is not sold any
/// more; `CONFLICT` unless it was approved.
pub async fn receive(ctx: &Ctx, which: impl Into<Which>, arrived: &[Arrived]) -> Result<ReturnView> {
    let which = which.into();
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut case = Case::open(tx, which, ctx.now()).await?;
        case.move_on(ReturnCommand::Receive)?;
        let mut came = vec![None; case.lines.len()];
        for (n, one) in arrived.iter().enumerate() {
            let at = case.lines.iter().position(|line| line.order_line_id == one.line.uuid());
            let at = at.ok_or_else(|| CommerceError::not_found(OrderLineId::KIND))?;
            let most = case.lines[at].quantity;
            if !(0..=most).contains(&one.quantity) || came[at].is_some() {
                let text = format!("must be 0 to {most}, so many pieces are awaited");
                return Err(CommerceError::field(format!("lines.{n}.quantity"), text));
            }
            came[at] = Some((n, *one));
        }
        if came.iter().flatten().all(|(_, one)| one.quantity == 0) {
            let text = "say of what at least one piece has arrived, or close the return";
            return Err(CommerceError::field("lines", text));
        }
        let shelved =
            |came: Option<(usize, Arrived)>| came.filter(|(_, one)| one.restock && 0 < one.quantity);
        case.put_back(came.iter().filter_map(|came| shelved(*came))).await?;
        for (at, came) in came.into_iter().enumerate() {
            let line = &case.lines[at];
            let quantity = came.map_or(0, |(_, one)| one.quantity);
            case.free(line.order_line_id, line.quantity - quantity).await?;
            let shelf = shelved(came);
            let location = shelf.map(|(_, one)| one.location.map_or(tx.tenant_id().uuid(), LocationId::uuid));
            tx.update_many::<return_line::Entity>()
                .set(return_line::Column::Received, quantity)
                .set(return_line::Column::Restocked, if shelf.is_some() { quantity } else { 0 })
                .set(return_line::Column::LocationId, location)
                .filter(return_line::Column::ReturnId.eq(case.row.id))
                .filter(return_line::Column::OrderLineId.eq(line.order_line_id))
                .exec()
                .await?;
        }
        case.save().await
    })
    .await?;
    read::after(ctx, which.id).await
}

/// Gives back what the pieces have cost, or less: `None` is all of it. By hand, or through the gateway, which is called
/// after the intent is stored; the return ends as refunded with the ledger's entry.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `amount` (minor units) for less than 1 or more than what the pieces have cost and is not
/// back yet, `CONFLICT` unless the pieces were received, when money is on its way back already, or there is none.
pub async fn refund(ctx: &Ctx, which: impl Into<Which>, amount: Option<i64>) -> Result<ReturnView> {
    let which = which.into();
    let asked = ctx
        .write(Permission::ORDERS_REFUND, async |tx| {
            let mut case = Case::open(tx, which, ctx.now()).await?;
            state::next(case.state(), ReturnCommand::Refund)?;
            let most = case.offer().await?;
            let amount = amount.unwrap_or(most);
            let nothing = Refusal::Guard("there is nothing to give back for it: close the return");
            if most < 1 {
                return Err(nothing.into());
            }
            if !(1..=most).contains(&amount) {
                return Err(CommerceError::field(
                    "amount",
                    "must be more than nothing, and at most what the pieces have cost and is not back yet",
                ));
            }
            case.refuse_going()?;
            let reason = format!("return {}", case.number());
            let key = Uuid::new_v4().to_string();
            // What gift cards and store credit get stays with them, whatever the gateway says to the rest.
            let total = case.row.given_minor + amount;
            case.row.given_minor += amount - of_payment(&case.desk, amount).await?;
            case.await_money(&key, total).await?;
            let left = hand_back(&mut case.desk, amount, &reason, &key).await?;
            if left == 0 {
                // Unless what was given back by hand has ended it already.
                settled(&mut case.desk, &key).await?;
                case.desk.save().await?;
                return Ok(None);
            }
            let until = ctx.now() + payment::gateway::patience(ctx.app());
            case.desk.ask_back(Step::Refund, left, &reason, until)?;
            let payment = case.desk.payment()?.clone();
            case.await_money(&payment.back_key, total).await?;
            case.desk.save().await?;
            Ok::<_, CommerceError>(Some(payment))
        })
        .await?;
    if let Some(payment) = asked {
        settle::advance(ctx, payment).await;
    }
    read::after(ctx, which.id).await
}

/// As [`refund`], of an amount as people write it, in the currency of the order.
///
/// # Errors
/// As [`refund`], and `BAD_USER_INPUT` at `amount` for a text that is none.
pub async fn refund_text(ctx: &Ctx, which: impl Into<Which>, amount: &str) -> Result<ReturnView> {
    let which = which.into();
    let row =
        ctx.read(Permission::ORDERS_REFUND).await?.get::<return_request::Entity>(which.id.uuid()).await?;
    let amount = Money::parse_decimal(amount, currency_of(&row.currency)?)
        .map_err(|error| CommerceError::field("amount", error.to_string()))?;
    refund(ctx, which, Some(amount.minor)).await
}

/// A key for one more return, as a form carries it.
pub fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

/// Ends it without money, or, when gift cards and store credit have got their share before the gateway refused, with that.
/// Pieces that did not come can be part of another return; `words` are for the customer, may be empty.
///
/// # Errors
/// `NOT_FOUND`, `BAD_USER_INPUT` at `words`, `CONFLICT` unless it was approved or received, or money is on its way back.
pub async fn close(ctx: &Ctx, which: impl Into<Which>, words: &str) -> Result<ReturnView> {
    let which = which.into();
    let words = checked_text("words", words, MAX_REASON, false)?;
    ctx.write(Permission::ORDERS_UPDATE, async |tx| {
        let mut case = Case::open(tx, which, ctx.now()).await?;
        let awaited = case.state() == ReturnState::Approved;
        if read::money_is_coming(&case.row, case.desk.payment().ok()) {
            return Err(Refusal::Guard("money is on its way back for it").into());
        }
        if case.row.given_minor == 0 {
            case.move_on(ReturnCommand::Close)?;
        } else {
            case.row.refund_minor = case.row.given_minor;
            case.row.refund_key.clear();
            case.move_on(ReturnCommand::Refund)?;
            count_pieces(&mut case.desk, &case.lines).await?;
        }
        if awaited {
            case.free_all().await?;
        }
        if !words.is_empty() {
            case.row.answer.clone_from(&words);
        }
        case.save().await
    })
    .await?;
    read::after(ctx, which.id).await
}

/// The ledger has an entry of money that went back: ends the return that has waited for it, if one has.
pub(crate) async fn settled(desk: &mut Desk<'_>, fact: &str) -> Result<()> {
    let (tx, now) = (desk.tx(), desk.now());
    let waiting = tx
        .find::<return_request::Entity>()
        .filter(return_request::Column::OrderId.eq(desk.id().uuid()))
        .filter(return_request::Column::RefundKey.eq(fact))
        .filter(return_request::Column::State.eq(ReturnState::Received.as_str()))
        .one()
        .await?;
    let Some(row) = waiting else { return Ok(()) };
    let lines =
        tx.find::<return_line::Entity>().filter(return_line::Column::ReturnId.eq(row.id)).all().await?;
    count_pieces(desk, &lines).await?;
    let state = state::next(ReturnState::Received, ReturnCommand::Refund)?;
    let after = return_request::Model {
        state: state.as_str().to_owned(),
        open: 0,
        updated_at: now.millis(),
        version: row.version + 1,
        ..row.clone()
    };
    store(tx, &row, &after).await?;
    announce(desk, &after, state);
    Ok(())
}

/// Counts the pieces of a return as given back.
async fn count_pieces(desk: &mut Desk<'_>, lines: &[return_line::Model]) -> Result<()> {
    for line in lines.iter().filter(|line| 0 < line.received) {
        let columns = (order_line::Column::Refunded, order_line::Column::Quantity);
        let counted = parcel::count(desk.tx(), line.order_line_id, columns, line.received).await;
        if !counted.context("counting what was given back")? {
            // The money is gone all the same: nobody may lose sight of that.
            desk.attention("more pieces were given back than the order has: look at its returns");
        }
    }
    Ok(())
}

/// A return that is being moved inside one transaction, with its order.
struct Case<'t> {
    desk: Desk<'t>,
    before: return_request::Model,
    row: return_request::Model,
    lines: Vec<return_line::Model>,
}

impl<'t> Case<'t> {
    /// Loads a return and locks its order first, as everything does.
    async fn open(tx: &'t Tx, which: Which, now: Timestamp) -> Result<Self> {
        let order = tx.get::<return_request::Entity>(which.id.uuid()).await?.order_id;
        let desk = Desk::open_at(tx, Target::from(OrderId::from_uuid(order)), now).await?;
        let row = tx.find::<return_request::Entity>().filter(return_request::Column::Id.eq(which.id.uuid()));
        let row = row.map(|select| select.lock_exclusive()).one().await?;
        let row = row.ok_or_else(|| CommerceError::not_found(ReturnId::KIND))?;
        if which.version.is_some_and(|seen| seen != row.version) {
            let text =
                format!("this return was changed by somebody else, it is now at version {}", row.version);
            return Err(Error::conflict(text).into());
        }
        let lines = tx.find::<return_line::Entity>().filter(return_line::Column::ReturnId.eq(row.id));
        let lines = lines.order_by_asc(return_line::Column::OrderLineId).all().await?;
        Ok(Self { desk, before: row.clone(), row, lines })
    }

    fn state(&self) -> ReturnState {
        read::state_of(&self.row)
    }

    fn number(&self) -> String {
        read::number(self.desk.row(), &self.row)
    }

    /// Takes over the state that the table gives.
    fn move_on(&mut self, command: ReturnCommand) -> Result<()> {
        let to = state::next(self.state(), command)?;
        self.row.state = to.as_str().to_owned();
        self.row.open = i64::from(to.is_open());
        Ok(())
    }

    /// One refund after the other.
    fn refuse_going(&self) -> Result<()> {
        let going = self.desk.payment().is_ok_and(|payment| {
            matches!(payment.step(), Step::Refund | Step::Void) && payment.status().is_open()
        });
        match going {
            true => Err(Refusal::Guard("money of this order is being given back already").into()),
            false => Ok(()),
        }
    }

    /// Gives pieces of a line free for another return.
    async fn free(&self, line: Uuid, quantity: i64) -> Result<()> {
        if quantity == 0 {
            return Ok(());
        }
        let columns = (order_line::Column::Returned, order_line::Column::Quantity);
        let freed = parcel::count(self.desk.tx(), line, columns, -quantity).await;
        if !freed.context("giving pieces free")? {
            return Err(Error::conflict("the pieces of this return have just changed, try again").into());
        }
        Ok(())
    }

    async fn free_all(&self) -> Result<()> {
        for line in &self.lines {
            self.free(line.order_line_id, line.quantity).await?;
        }
        Ok(())
    }

    /// Puts what arrived on its shelves, in the order of the variants, as everybody locks them: nobody waits for somebody
    /// who waits for him. With each comes the number that its caller knows it by.
    async fn put_back(&self, arrived: impl Iterator<Item = (usize, Arrived)>) -> Result<()> {
        let (tx, now) = (self.desk.tx(), self.desk.now());
        let arrived: Vec<_> = arrived.collect();
        if arrived.is_empty() {
            return Ok(());
        }
        for location in arrived.iter().filter_map(|(_, one)| one.location).collect::<BTreeSet<_>>() {
            if !stock::knows(tx, location).await? {
                return Err(CommerceError::not_found(LocationId::KIND));
            }
        }
        let lines = parcel::lines_of(tx, self.desk.id()).await?;
        let variant_of = |one: &Arrived| {
            let line = lines.iter().find(|line| line.id == one.line.uuid());
            let variant = line.map(|line| VariantId::from_uuid(line.variant_id));
            variant.ok_or_else(|| CommerceError::not_found(OrderLineId::KIND))
        };
        let with_variant = |(n, one): (usize, Arrived)| Ok((variant_of(&one)?, n, one));
        let mut shelves = arrived.into_iter().map(with_variant).collect::<Result<Vec<_>>>()?;
        shelves.sort_by_key(|(variant, ..)| *variant);
        for (variant, n, one) in shelves {
            let pieces = BTreeMap::from([(variant, one.quantity)]);
            let done = Box::pin(stock::take_back(tx, one.location, &pieces, self.row.id, now)).await;
            done.map_err(|error| match error {
                CatalogError::Platform(error) if error.code() == ErrorCode::NotFound => {
                    let text = "this is not sold any more: receive it without putting it on a shelf";
                    CommerceError::field(format!("lines.{n}.restock"), text)
                }
                other => other.into(),
            })?;
        }
        Ok(())
    }

    /// The most that can be given back for what was received.
    async fn offer(&self) -> Result<i64> {
        let lines = parcel::lines_of(self.desk.tx(), self.desk.id()).await?;
        offer(self.desk.row(), &lines, &self.row, &self.lines)
    }

    /// Writes down under which key the money goes back.
    async fn await_money(&mut self, key: &str, amount: i64) -> Result<()> {
        self.row.refund_key = key.to_owned();
        self.row.refund_minor = amount;
        self.row.version = self.before.version + 1;
        self.row.updated_at = self.desk.now().millis();
        store(self.desk.tx(), &self.before, &self.row).await?;
        self.before = self.row.clone();
        Ok(())
    }

    async fn save(mut self) -> Result<()> {
        self.row.version = self.before.version + 1;
        self.row.updated_at = self.desk.now().millis();
        store(self.desk.tx(), &self.before, &self.row).await?;
        let state = self.state();
        announce(&mut self.desk, &self.row, state);
        self.desk.save().await
    }
}

fn announce(desk: &mut Desk<'_>, row: &return_request::Model, state: ReturnState) {
    let (return_id, order_id) = (ReturnId::from_uuid(row.id), desk.id());
    desk.emit(CommerceEvent::ReturnMoved { return_id, order_id, number: row.number, state });
}

/// Compare and set.
async fn store(tx: &Tx, before: &return_request::Model, after: &return_request::Model) -> Result<()> {
    let changed = tx
        .raw_exec(
            "UPDATE return_request SET state = ?, open = ?, answer = ?, refund_key = ?, refund_minor = ?, given_minor = ?, \
             version = ?, updated_at = ? WHERE tenant_id = {tenant} AND id = ? AND version = ? AND state = ?",
            vec![
                after.state.clone().into(),
                after.open.into(),
                after.answer.clone().into(),
                after.refund_key.clone().into(),
                after.refund_minor.into(),
                after.given_minor.into(),
                after.version.into(),
                after.updated_at.into(),
                after.id.into(),
                before.version.into(),
                before.state.clone().into(),
            ],
        )
        .await?;
    if changed != 1 {
        return Err(Error::conflict("this return was changed by somebody else, load it again").into());
    }
    tx.record(Some(before), Some(after));
    Ok(())
}

/// What received pieces have cost, piece by piece after those that were given back before, without what is back already,
/// and never more than is left of the order's money. Minor units, tax included.
fn offer(
    order: &orders::Model,
    lines: &[order_line::Model],
    row: &return_request::Model,
    received: &[return_line::Model],
) -> Result<i64> {
    let mut sum = 0_i64;
    for back in received {
        let Some(line) = lines.iter().find(|line| line.id == back.order_line_id) else { continue };
        let taxed = TaxedLine { net: line.net_minor, tax: line.tax_minor, gross: line.gross_minor };
        let quantity = Quantity::new(line.quantity).map_err(Error::internal)?;
        let pieces = |count: i64| u32::try_from(count).map_err(Error::internal);
        let left = line.quantity - line.refunded;
        let back = pricing::refund_pieces(
            taxed,
            quantity,
            pieces(line.refunded)?,
            pieces(back.received.min(left))?,
        )?;
        sum =
            sum.checked_add(back.gross).ok_or_else(|| Error::internal("the sum of a return is too large"))?;
    }
    Ok((sum - row.given_minor).min(order.paid_minor - order.refunded_minor).max(0))
}
