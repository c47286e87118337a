//! What variants have cost.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use platform::graphql::{DateTime, Money, ctx_of, failure, parse_id};
use primitives::VariantId;

use super::nodes;
use crate::product::price;

/// Prices on the query root.
#[derive(Default)]
pub struct PriceQuery;

/// The history of prices.
#[Object]
impl PriceQuery {
    /// The changes of a variant's price, newest first, at most 100.
    #[graphql(complexity = "1 + nodes(first, None) * child_complexity")]
    async fn price_history(
        &self,
        context: &Context<'_>,
        variant_id: ID,
        first: Option<i32>,
    ) -> Result<Vec<PriceChange>> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&variant_id, VariantId::KIND)?;
        let changes = Box::pin(price::history(ctx, id, nodes(first, None) as u64)).await.map_err(failure)?;
        let money = |amount| Money::of(amount, ctx.locale());
        let changes = changes.into_iter().map(|change| PriceChange {
            price: money(change.price),
            compare_at_price: change.compare_at.map(money),
            lowest_price_before: change.lowest_before.map(money),
            offered: change.offered,
            at: DateTime(change.at),
            by: change.by,
        });
        Ok(changes.collect())
    }
}

/// A change of a variant's price.
#[derive(Clone, SimpleObject)]
pub struct PriceChange {
    /// What it cost from then on.
    price: Money,
    /// What that was compared with.
    compare_at_price: Option<Money>,
    /// The lowest price of the 30 days before its reduction; nothing where it was not reduced, or not known.
    lowest_price_before: Option<Money>,
    /// Whether shoppers saw it.
    offered: bool,
    /// Since when.
    at: DateTime,
    /// What whoever changed it is called today; null where it was no account, or one that is gone.
    by: Option<String>,
}
