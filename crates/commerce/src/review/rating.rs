//! Counting stars.

use std::collections::{BTreeSet, HashMap};

use platform::db::holes;
use platform::{Context, Error, Tx};
use primitives::ProductId;
use uuid::Uuid;

use crate::error::Result;

/// Counts the published reviews of products anew and has their pages shown anew. Call it after the reviews were changed,
/// in the same transaction; where reviews are switched off there are none.
pub(super) async fn renew(tx: &Tx, products: impl IntoIterator<Item = ProductId>) -> Result<()> {
    let products: BTreeSet<ProductId> = products.into_iter().collect();
    let taken = catalog::rating::take(tx, &products).await?;
    for some in taken.chunks(500) {
        let counted = count(tx, some).await.context("counting stars")?;
        catalog::rating::put(tx, &counted).await?;
    }
    Ok(())
}

async fn count(tx: &Tx, products: &[ProductId]) -> platform::Result<Vec<(ProductId, [i64; 5])>> {
    let rows = tx
        .raw_all(
            &format!(
                "SELECT product_id, rating, COUNT(*) AS reviews FROM review \
                 WHERE tenant_id = {{tenant}} AND state = 'published' AND product_id IN ({}) \
                   AND NOT EXISTS (SELECT 1 FROM review_settings s \
                     WHERE s.tenant_id = review.tenant_id AND s.writers = 'nobody') \
                 GROUP BY product_id, rating",
                holes(products.len())
            ),
            products.iter().map(|product| product.uuid().into()).collect(),
        )
        .await?;
    let mut counted: HashMap<ProductId, [i64; 5]> = HashMap::new();
    for row in rows {
        let (product, rating): (Uuid, i64) = (row.try_get("", "product_id")?, row.try_get("", "rating")?);
        let stars = counted.entry(ProductId::from_uuid(product)).or_default();
        let place = usize::try_from(rating - 1).ok().and_then(|place| stars.get_mut(place));
        *place.ok_or_else(|| Error::internal("a review has stars that do not exist"))? =
            row.try_get("", "reviews")?;
    }
    Ok(products.iter().map(|product| (*product, counted.remove(product).unwrap_or_default())).collect())
}
