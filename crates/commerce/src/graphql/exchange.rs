//! Returns that end with other goods.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use primitives::{ReturnId, VariantId};

use super::order::Order;
use super::returns::Return;
use crate::returns::{self, Exchange, Which};
use crate::view;

/// A return that paid for other goods.
#[derive(SimpleObject)]
pub struct OrderExchange {
    /// The return.
    return_id: ID,
    /// Its number: `R-1001-1`.
    return_number: String,
    /// The order whose pieces came back.
    from_order_id: ID,
    /// Its number.
    from_order_number: Long,
    /// The order that was placed for them.
    to_order_id: ID,
    /// Its number.
    to_order_number: Long,
    /// What the pieces paid of it.
    value: Money,
    /// When.
    at: DateTime,
}

impl OrderExchange {
    pub(super) fn of(found: view::ExchangeView, ctx: &Ctx) -> Self {
        Self {
            return_id: ID(found.found.to_string()),
            return_number: found.number,
            from_order_id: ID(found.from.0.to_string()),
            from_order_number: Long(found.from.1),
            to_order_id: ID(found.to.0.to_string()),
            to_order_number: Long(found.to.1),
            value: Money::of(found.value, ctx.locale()),
            at: DateTime(found.at),
        }
    }
}

/// What a customer gets for what came back.
#[derive(InputObject)]
pub struct ReturnExchangeInput {
    /// The return, whose pieces were received.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Option<Long>,
    /// 1 to 100 visible ASCII characters, fresh for each exchange: the second time it gives the first order again.
    idempotency_key: String,
    /// What the customer gets, at today's prices.
    lines: Vec<ReturnExchangeLineInput>,
    /// Id of the delivery; left out: that of the order whose pieces came back.
    shipping_method: Option<String>,
    /// Whether the customer pays for the delivery.
    #[graphql(default)]
    charge_delivery: bool,
    /// How the rest is paid, if there is one; empty: by hand, where the shop offers that.
    #[graphql(default)]
    payment_provider: String,
}

/// So many pieces of a variant.
#[derive(InputObject)]
pub struct ReturnExchangeLineInput {
    /// The variant.
    variant_id: ID,
    /// 1 to 10,000.
    #[graphql(default = 1)]
    quantity: i32,
}

/// A return that was exchanged.
#[derive(SimpleObject)]
pub struct ReturnExchangePayload {
    /// The return.
    #[graphql(name = "return")]
    found: Return,
    /// The new order: paid, or with the rest due.
    order: Order,
    /// An earlier call placed it.
    replayed: bool,
}

/// Exchanging returns.
#[derive(Default)]
pub struct ExchangeMutation;

#[Object]
impl ExchangeMutation {
    /// Closes a return with goods instead of money: a new order, which what came back pays for as far as it goes. The same
    /// key gives the first order again.
    async fn return_exchange(
        &self,
        context: &Context<'_>,
        input: ReturnExchangeInput,
    ) -> Result<ReturnExchangePayload> {
        let ctx = ctx_of(context)?;
        let line = |line: &ReturnExchangeLineInput| {
            Ok((parse_id::<VariantId>(&line.variant_id, VariantId::KIND)?, i64::from(line.quantity)))
        };
        let wanted = Exchange {
            key: &input.idempotency_key,
            lines: input.lines.iter().map(line).collect::<Result<_>>()?,
            shipping_method: input.shipping_method.as_deref(),
            charge_delivery: input.charge_delivery,
            payment_provider: &input.payment_provider,
        };
        let id: ReturnId = parse_id(&input.id, ReturnId::KIND)?;
        let which = Which { id, version: input.version.map(|version| version.0) };
        let done = Box::pin(returns::exchange(ctx, which, &wanted)).await.map_err(failure)?;
        Ok(ReturnExchangePayload {
            found: Return::of(done.found, ctx),
            replayed: done.placed.replayed,
            order: Order::of(done.placed.order, ctx),
        })
    }
}
