//! Whether authors have bought what they write about.

use std::collections::BTreeSet;

use async_trait::async_trait;
use events::{Consumer, Envelope};
use platform::db::holes;
use platform::{Context, Error, TenantDb, Tx};
use primitives::{ProductId, UserId};
use sea_orm::Value;
use uuid::Uuid;

use super::rating;
use crate::event::Touched;

/// An order of the author of `review` with its product, paid and not given back. Orders of guests are nobody's: typing an
/// address does not make it one's own.
const BOUGHT: &str = "EXISTS (SELECT 1 FROM orders o \
    JOIN order_line l ON l.tenant_id = o.tenant_id AND l.order_id = o.id \
    WHERE o.tenant_id = review.tenant_id AND o.user_id = review.user_id \
      AND o.state IN ('paid', 'shipped', 'delivered') AND l.product_id = review.product_id)";

/// Whether somebody has bought a product.
pub(super) async fn has_bought(rows: &TenantDb, user: UserId, product: ProductId) -> platform::Result<bool> {
    let found = rows
        .raw_all(
            "SELECT 1 FROM orders o JOIN order_line l ON l.tenant_id = o.tenant_id AND l.order_id = o.id \
             WHERE o.tenant_id = {tenant} AND o.user_id = ? \
               AND o.state IN ('paid', 'shipped', 'delivered') AND l.product_id = ? LIMIT 1",
            vec![user.uuid().into(), product.uuid().into()],
        )
        .await
        .context("looking for an order of a product")?;
    Ok(!found.is_empty())
}

/// Keeps the mark of verified buyers right when orders are paid or given back, also those that were written at the same
/// moment.
pub struct VerifiedBuyers;

#[async_trait]
impl Consumer for VerifiedBuyers {
    fn name(&self) -> &'static str {
        "verified-buyers"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["order.paid", "order.refunded", "order.cancelled", "review.created", "review.updated"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> platform::Result<()> {
        let (mut orders, mut reviews) = (BTreeSet::new(), BTreeSet::new());
        for event in events {
            let touched: Touched = event.decode()?;
            orders.extend(touched.order_id.map(|id| id.uuid()));
            reviews.extend(touched.review_id.map(|id| id.uuid()));
        }
        Box::pin(by_authors(tx, orders.into_iter().collect(), &mut reviews)).await?;
        let shown = Box::pin(mark(tx, reviews.into_iter().collect())).await?;
        Box::pin(rating::renew(tx, shown)).await.map_err(Error::from)
    }
}

/// Adds the reviews in which the buyers of these orders write about what they bought.
async fn by_authors(tx: &Tx, orders: Vec<Uuid>, reviews: &mut BTreeSet<Uuid>) -> platform::Result<()> {
    for some in orders.chunks(500) {
        let sql = format!(
            "SELECT r.id FROM orders o \
             JOIN order_line l ON l.tenant_id = o.tenant_id AND l.order_id = o.id \
             JOIN review r ON r.tenant_id = o.tenant_id AND r.user_id = o.user_id \
               AND r.product_id = l.product_id \
             WHERE o.tenant_id = {{tenant}} AND o.id IN ({})",
            holes(some.len())
        );
        for row in tx.raw_all(&sql, values(some)).await? {
            reviews.insert(row.try_get_by_index(0)?);
        }
    }
    Ok(())
}

/// Corrects the mark of these reviews; gives back the products whose pages show another one now.
async fn mark(tx: &Tx, reviews: Vec<Uuid>) -> platform::Result<BTreeSet<ProductId>> {
    let mut shown = BTreeSet::new();
    for some in reviews.chunks(500) {
        let sql = format!(
            "UPDATE review SET verified = {BOUGHT} \
             WHERE tenant_id = {{tenant}} AND user_id IS NOT NULL AND id IN ({}) AND verified <> {BOUGHT} \
             RETURNING product_id, state",
            holes(some.len())
        );
        for row in tx.raw_all(&sql, values(some)).await.context("marking verified buyers")? {
            let (product, state): (Uuid, String) =
                (row.try_get("", "product_id")?, row.try_get("", "state")?);
            if state == super::ReviewState::Published.as_str() {
                shown.insert(ProductId::from_uuid(product));
            }
        }
    }
    Ok(shown)
}

fn values(ids: &[Uuid]) -> Vec<Value> {
    ids.iter().map(|id| (*id).into()).collect()
}
