//! How many stars a product has. Whoever keeps the reviews counts them; here is where the counts lie, and from here they
//! go into lists and pages.

use std::collections::{BTreeSet, HashMap};

use platform::db::holes;
use platform::{Context, TenantDb, Tx};
use primitives::ProductId;
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use events::Emit;

use crate::entity::product_rating;
use crate::error::Result;
use crate::event::CatalogEvent;
use crate::view::Rating;

/// Products of one statement.
const AT_ONCE: usize = 500;

/// Takes the ratings of products for this transaction: from here to its end nobody else counts them, and whatever others
/// have committed before can be counted now. Gives back those that the shop has, for [`put`].
pub async fn take(tx: &Tx, products: &BTreeSet<ProductId>) -> Result<Vec<ProductId>> {
    let mut taken = BTreeSet::new();
    let products: Vec<ProductId> = products.iter().copied().collect();
    // In the order of their ids: nobody waits for somebody who waits for him.
    for some in products.chunks(AT_ONCE) {
        let sql = format!(
            "INSERT INTO product_rating \
               (tenant_id, product_id, stars_1, stars_2, stars_3, stars_4, stars_5, version) \
             SELECT tenant_id, id, 0, 0, 0, 0, 0, 1 FROM product \
             WHERE tenant_id = {{tenant}} AND id IN ({}) ORDER BY id \
             ON CONFLICT (tenant_id, product_id) DO UPDATE SET version = product_rating.version + 1 \
             RETURNING product_id",
            holes(some.len())
        );
        let ids = some.iter().map(|product| product.uuid().into()).collect();
        for row in tx.raw_all(&sql, ids).await.context("taking ratings")? {
            taken.insert(ProductId::from_uuid(row.try_get_by_index(0).map_err(platform::Error::from)?));
        }
    }
    Ok(taken.into_iter().collect())
}

/// Writes of products that were [taken](take) how many reviews give one star, two stars, up to five, and has lists and pages
/// of these products shown anew, also when only words beside the stars are others.
pub async fn put(tx: &Tx, counted: &[(ProductId, [i64; 5])]) -> Result<()> {
    use product_rating::Column::{ProductId as Product, Stars1, Stars2, Stars3, Stars4, Stars5, TenantId};
    for some in counted.chunks(AT_ONCE) {
        let row = |(product, stars): &(ProductId, [i64; 5])| product_rating::ActiveModel {
            product_id: Set(product.uuid()),
            stars_1: Set(stars[0]),
            stars_2: Set(stars[1]),
            stars_3: Set(stars[2]),
            stars_4: Set(stars[3]),
            stars_5: Set(stars[4]),
            // That of a row that is there stays: taking it has moved it on.
            version: Set(1),
            ..Default::default()
        };
        let stars = [Stars1, Stars2, Stars3, Stars4, Stars5];
        tx.upsert_many(some.iter().map(row).collect(), &[TenantId, Product], &stars)
            .await
            .context("writing ratings")?;
    }
    if !counted.is_empty() {
        let rated = counted.iter().map(|(product, _)| CatalogEvent::ProductRated { product_id: *product });
        tx.emit_all(rated.collect()).await?;
    }
    Ok(())
}

/// Every product that has ever been rated.
pub async fn rated(rows: &TenantDb) -> Result<BTreeSet<ProductId>> {
    let ids: Vec<(Uuid,)> =
        rows.find::<product_rating::Entity>().columns([product_rating::Column::ProductId]).await?;
    Ok(ids.into_iter().map(|(id,)| ProductId::from_uuid(id)).collect())
}

/// The ratings of these products; those that were never rated are left out. One statement.
pub(crate) async fn of(rows: &TenantDb, products: &[Uuid]) -> Result<HashMap<Uuid, Rating>> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let found = rows
        .find::<product_rating::Entity>()
        .filter(product_rating::Column::ProductId.is_in(products.iter().copied()))
        .all()
        .await?;
    let few = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let read = |row: product_rating::Model| {
        let stars = [row.stars_1, row.stars_2, row.stars_3, row.stars_4, row.stars_5].map(few);
        (row.product_id, Rating { stars, version: row.version })
    };
    Ok(found.into_iter().map(read).collect())
}
