//! Returns, for customers and for staff.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use platform::{Ctx, Error};
use primitives::{LocationId, OrderId, OrderLineId, ReturnId};

use super::order::OrderMove;
use super::parcel::{OrderPieceInput, pieces};
use super::{connection, nodes, page_args};
use crate::returns::{self, Arrived, Ask, Door, Which};
use crate::view;

/// Where a return stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "returns::ReturnState")]
pub enum ReturnState {
    /// The customer has asked.
    Requested,
    /// Staff has said yes, the pieces are awaited.
    Approved,
    /// Staff has said no.
    Declined,
    /// The customer keeps the pieces.
    Withdrawn,
    /// Pieces have arrived.
    Received,
    /// Money went back for them.
    Refunded,
    /// Ended without money.
    Closed,
}

/// Why somebody sends something back.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "returns::ReturnReason")]
pub enum ReturnReason {
    /// Too large, too small.
    DoesNotFit,
    /// Not as it was shown.
    NotAsDescribed,
    /// Broken, or broke.
    Damaged,
    /// Something else was in the parcel.
    WrongItem,
    /// They have thought again.
    ChangedMind,
    /// Said in words.
    Other,
}

/// Pieces of an order that come back.
#[derive(SimpleObject, Clone)]
pub struct Return {
    /// Identity.
    id: ID,
    /// Number that people say: `R-1001-1`.
    number: String,
    /// The order.
    order_id: ID,
    /// Its number.
    order_number: Long,
    /// Name of whoever ordered.
    customer_name: String,
    /// State.
    state: ReturnState,
    /// Why.
    reason: ReturnReason,
    /// Why, in the customer's words; may be empty.
    words: String,
    /// What the shop said; may be empty.
    answer: String,
    /// What comes back.
    lines: Vec<ReturnLine>,
    /// Staff: the most that can be given back for what was received.
    offer: Option<Money>,
    /// What went back.
    refunded: Option<Money>,
    /// The gateway has been asked for it and has not answered.
    money_is_coming: bool,
    /// The customer would rather have other goods than money.
    exchange_wished: bool,
    /// When it was asked for.
    requested_at: DateTime,
    /// When it last changed.
    updated_at: DateTime,
    /// Staff: what can be done now, and why the rest cannot.
    moves: Vec<OrderMove>,
    /// Grows with every change.
    version: Long,
}

impl Return {
    pub(super) fn of(found: view::ReturnView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            id: ID(found.id.to_string()),
            number: found.number,
            order_id: ID(found.order.to_string()),
            order_number: Long(found.order_number),
            customer_name: found.customer_name,
            state: found.state.into(),
            reason: found.reason.into(),
            words: found.words,
            answer: found.answer,
            lines: found.lines.into_iter().map(ReturnLine::from).collect(),
            offer: found.offer.map(money),
            refunded: found.refunded.map(money),
            money_is_coming: found.money_is_coming,
            exchange_wished: found.exchange,
            requested_at: DateTime(found.requested_at),
            updated_at: DateTime(found.updated_at),
            moves: found.moves.into_iter().map(OrderMove::from).collect(),
            version: Long(found.version),
        }
    }
}

/// Pieces of a line that come back.
#[derive(SimpleObject, Clone)]
pub struct ReturnLine {
    /// The line of the order.
    line_id: ID,
    /// Name when it was bought.
    title: String,
    /// Name of the variant then; may be empty.
    variant_title: String,
    /// Pieces that were asked for.
    quantity: u32,
    /// Pieces that have arrived.
    received: u32,
    /// Pieces that can be sold again.
    restocked: u32,
    /// Staff: where those lie.
    location_id: Option<ID>,
}

impl From<view::ReturnLineView> for ReturnLine {
    fn from(line: view::ReturnLineView) -> Self {
        Self {
            line_id: ID(line.line.to_string()),
            title: line.title,
            variant_title: line.variant_title,
            quantity: line.quantity,
            received: line.received,
            restocked: line.restocked,
            location_id: line.location.map(|id| ID(id.to_string())),
        }
    }
}

connection!(ReturnConnection, ReturnEdge, Return);

/// Which returns.
#[derive(InputObject, Default)]
pub struct ReturnFilter {
    /// Only those with something left to do.
    #[graphql(default)]
    open: bool,
    /// Any of these.
    #[graphql(default)]
    state: Vec<ReturnState>,
}

/// Pieces that somebody wants to send back.
#[derive(InputObject)]
pub struct ReturnRequestInput {
    /// The key of the order's tracking link; or `orderId`.
    token: Option<String>,
    /// One of the caller's own orders; or `token`.
    order_id: Option<ID>,
    /// 1 to 100 visible ASCII characters, fresh for each return: the second time it changes nothing.
    idempotency_key: String,
    /// Lines and pieces.
    lines: Vec<OrderPieceInput>,
    /// Why.
    reason: ReturnReason,
    /// Why, in their own words, up to 1,000 characters; needed for `OTHER` and for an `exchange`.
    #[graphql(default)]
    words: String,
    /// Other goods instead of money, please: the words say which.
    #[graphql(default)]
    exchange: bool,
}

/// A return that is not meant any more.
#[derive(InputObject)]
pub struct ReturnWithdrawInput {
    /// The key of the order's tracking link; or `orderId`.
    token: Option<String>,
    /// One of the caller's own orders; or `token`.
    order_id: Option<ID>,
    /// The return.
    id: ID,
}

/// A return to answer or to end.
#[derive(InputObject)]
pub struct ReturnAnswerInput {
    /// The return.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Option<Long>,
    /// For the customer, up to 500 characters.
    #[graphql(default)]
    words: String,
}

/// What of a return has arrived.
#[derive(InputObject)]
pub struct ReturnReceiveInput {
    /// The return.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Option<Long>,
    /// What has arrived; nothing of a line that is left out.
    lines: Vec<ReturnArrivedInput>,
}

/// Pieces that have arrived.
#[derive(InputObject)]
pub struct ReturnArrivedInput {
    /// The line of the order.
    line_id: ID,
    /// 0 to what is awaited.
    quantity: i32,
    /// Whether they can be sold again.
    #[graphql(default = true)]
    restock: bool,
    /// On whose shelves; left out: the first location of the shop.
    location_id: Option<ID>,
}

/// Money for a return.
#[derive(InputObject)]
pub struct ReturnRefundInput {
    /// The return.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Option<Long>,
    /// Decimal text in the order's currency, at most the offer; left out: all of it.
    amount: Option<String>,
}

/// A return after a change.
#[derive(SimpleObject)]
pub struct ReturnPayload {
    /// The return.
    #[graphql(name = "return")]
    found: Return,
}

impl ReturnPayload {
    fn of(found: view::ReturnView, ctx: &Ctx) -> Self {
        Self { found: Return::of(found, ctx) }
    }
}

fn which(id: &ID, version: Option<Long>) -> Result<Which> {
    Ok(Which { id: parse_id(id, ReturnId::KIND)?, version: version.map(|version| version.0) })
}

pub(super) fn door<'d>(token: Option<&'d String>, order: Option<&ID>) -> Result<Door<'d>> {
    match (token, order) {
        (Some(token), None) => Ok(Door::Token(token)),
        (None, Some(id)) => Ok(Door::Own(parse_id::<OrderId>(id, OrderId::KIND)?)),
        _ => Err(failure(Error::invalid("token", "name the order by its token or by its id, not by both"))),
    }
}

/// Returns, for staff.
#[derive(Default)]
pub struct ReturnsQuery;

#[Object]
impl ReturnsQuery {
    /// Returns of the shop: those with something left to do first, then the newest.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    async fn returns(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<ReturnFilter>,
    ) -> Result<ReturnConnection> {
        let ctx = ctx_of(context)?;
        let filter = filter.unwrap_or_default();
        let filter = returns::ReturnFilter {
            open: filter.open,
            states: filter.state.into_iter().map(Into::into).collect(),
        };
        let page = page_args(first, after, last, before)?;
        let page = returns::list(ctx, &filter, &page).await.map_err(failure)?;
        Ok(ReturnConnection::of(page, |found| Return::of(found, ctx)))
    }

    /// A return.
    #[graphql(name = "return")]
    async fn one_return(&self, context: &Context<'_>, id: ID) -> Result<Return> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, ReturnId::KIND)?;
        Ok(Return::of(returns::by_id(ctx, id).await.map_err(failure)?, ctx))
    }
}

/// Moving returns.
#[derive(Default)]
pub struct ReturnsMutation;

#[Object]
impl ReturnsMutation {
    /// Asks to send pieces of an order back. The same key gives the first return again.
    async fn return_request(
        &self,
        context: &Context<'_>,
        input: ReturnRequestInput,
    ) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let door = door(input.token.as_ref(), input.order_id.as_ref())?;
        let ask = Ask {
            key: input.idempotency_key,
            lines: pieces(&input.lines)?,
            reason: input.reason.into(),
            words: input.words,
            exchange: input.exchange,
        };
        Ok(ReturnPayload::of(Box::pin(returns::request(ctx, door, &ask)).await.map_err(failure)?, ctx))
    }

    /// The customer keeps the pieces.
    async fn return_withdraw(
        &self,
        context: &Context<'_>,
        input: ReturnWithdrawInput,
    ) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let door = door(input.token.as_ref(), input.order_id.as_ref())?;
        let id = parse_id(&input.id, ReturnId::KIND)?;
        Ok(ReturnPayload::of(Box::pin(returns::withdraw(ctx, door, id)).await.map_err(failure)?, ctx))
    }

    /// Yes: the customer may send the pieces.
    async fn return_approve(&self, context: &Context<'_>, input: ReturnAnswerInput) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let done = Box::pin(returns::approve(ctx, which(&input.id, input.version)?, &input.words)).await;
        Ok(ReturnPayload::of(done.map_err(failure)?, ctx))
    }

    /// No, and why.
    async fn return_decline(&self, context: &Context<'_>, input: ReturnAnswerInput) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let done = Box::pin(returns::decline(ctx, which(&input.id, input.version)?, &input.words)).await;
        Ok(ReturnPayload::of(done.map_err(failure)?, ctx))
    }

    /// Pieces have arrived: all that come.
    async fn return_receive(
        &self,
        context: &Context<'_>,
        input: ReturnReceiveInput,
    ) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let arrived = |line: &ReturnArrivedInput| -> Result<Arrived> {
            let location = line.location_id.as_ref();
            Ok(Arrived {
                line: parse_id(&line.line_id, OrderLineId::KIND)?,
                quantity: i64::from(line.quantity),
                restock: line.restock,
                location: location.map(|id| parse_id(id, LocationId::KIND)).transpose()?,
            })
        };
        let arrived = input.lines.iter().map(arrived).collect::<Result<Vec<_>>>()?;
        let done = Box::pin(returns::receive(ctx, which(&input.id, input.version)?, &arrived)).await;
        Ok(ReturnPayload::of(done.map_err(failure)?, ctx))
    }

    /// Gives back what the received pieces have cost, or less.
    async fn return_refund(&self, context: &Context<'_>, input: ReturnRefundInput) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let which = which(&input.id, input.version)?;
        let done = match &input.amount {
            None => Box::pin(returns::refund(ctx, which, None)).await,
            Some(amount) => Box::pin(returns::refund_text(ctx, which, amount)).await,
        };
        Ok(ReturnPayload::of(done.map_err(failure)?, ctx))
    }

    /// Ends it without money.
    async fn return_close(&self, context: &Context<'_>, input: ReturnAnswerInput) -> Result<ReturnPayload> {
        let ctx = ctx_of(context)?;
        let done = Box::pin(returns::close(ctx, which(&input.id, input.version)?, &input.words)).await;
        Ok(ReturnPayload::of(done.map_err(failure)?, ctx))
    }
}
