//! Tags of orders, for staff.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{Long, ctx_of, failure};

use super::input::target;
use super::staff::OrderPayload;
use crate::order;

/// The tags of the shop's orders.
#[derive(Default)]
pub struct TagsQuery;

#[Object]
impl TagsQuery {
    /// The tags that orders have, the one of most orders first; at most 200.
    async fn order_tags(&self, context: &Context<'_>) -> Result<Vec<OrderTag>> {
        let known = order::known_tags(ctx_of(context)?).await.map_err(failure)?;
        Ok(known.into_iter().map(|(tag, n_orders)| OrderTag { tag, n_orders }).collect())
    }
}

/// Tagging orders.
#[derive(Default)]
pub struct TagsMutation;

#[Object]
impl TagsMutation {
    /// Gives an order exactly these tags; none takes them off. They are kept trimmed and in lower case.
    async fn order_tags_set(&self, context: &Context<'_>, input: OrderTagsSetInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let order = Box::pin(order::set_tags(ctx, target(&input.id, input.version)?, &input.tags)).await;
        Ok(OrderPayload::of(order.map_err(failure)?, ctx))
    }
}

/// A tag that orders have.
#[derive(SimpleObject)]
pub struct OrderTag {
    /// The word.
    tag: String,
    /// How many orders have it.
    n_orders: u64,
}

/// Tags for an order.
#[derive(InputObject)]
pub struct OrderTagsSetInput {
    /// The order.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Option<Long>,
    /// All of them, at most 20 of up to 40 characters.
    tags: Vec<String>,
}
