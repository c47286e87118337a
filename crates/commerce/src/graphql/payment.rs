//! What staff does with payments.

use async_graphql::{Context, ID, InputObject, Object, Result};
use platform::graphql::{Long, ctx_of, failure};

use super::input::target;
use super::staff::OrderPayload;
use super::tender::minor;
use crate::order;

/// Taking and letting go what gateways have promised, for staff.
#[derive(Default)]
pub struct PaymentsMutation;

#[Object]
impl PaymentsMutation {
    /// Takes what the gateway has promised, or a part of it.
    async fn order_capture(&self, context: &Context<'_>, input: OrderCaptureInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target(&input.id, input.version)?;
        let amount = input.amount.as_deref().map(|text| minor(text, ctx)).transpose()?;
        let capture = order::Capture { amount, key: &input.idempotency_key };
        Ok(OrderPayload::of(Box::pin(order::capture(ctx, at, capture)).await.map_err(failure)?, ctx))
    }

    /// Forgoes what was not taken: the order counts as paid with what is here.
    async fn order_release(&self, context: &Context<'_>, input: OrderReleaseInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target(&input.id, input.version)?;
        Ok(OrderPayload::of(Box::pin(order::release(ctx, at, &input.reason)).await.map_err(failure)?, ctx))
    }
}

/// Money to take.
#[derive(InputObject)]
pub struct OrderCaptureInput {
    /// The order.
    pub id: ID,
    /// The version that was seen.
    pub version: Option<Long>,
    /// Decimal text in the shop's currency; left out: all that is promised.
    pub amount: Option<String>,
    /// 1 to 255 visible ASCII characters, fresh for each capture: the second time nothing is taken again.
    pub idempotency_key: String,
}

/// What is not taken.
#[derive(InputObject)]
pub struct OrderReleaseInput {
    /// The order.
    pub id: ID,
    /// The version that was seen.
    pub version: Option<Long>,
    /// Why, up to 500 characters.
    pub reason: String,
}
