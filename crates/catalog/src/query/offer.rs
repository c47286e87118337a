//! What carts and checkouts need of a variant: the truth of the write side, also inside a transaction.

use std::collections::{BTreeSet, HashMap};

use platform::db::holes;
use platform::{Context, Error, TenantDb};
use pricing::TaxCategory;
use primitives::{CollectionId, Currency, Money, ProductId, VariantId};
use sea_orm::{ColumnTrait, QueryResult};
use uuid::Uuid;

use crate::entity::{collection, collection_product, product, variant};
use crate::error::Result;
use crate::media::{PICTURE_COLUMNS, picture_of};
use crate::product::{names, variant_title};
use crate::view::{Offer, ProductName};

/// The offers for these variants, those that do not exist left out: what all locations have that orders are sent from.
/// One statement.
pub async fn offers(db: &TenantDb, variants: &[VariantId]) -> Result<HashMap<VariantId, Offer>> {
    let mut ids: Vec<Uuid> = variants.iter().map(|id| id.uuid()).collect();
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let holes = holes(ids.len());
    let rows = db
        .raw_all(
            &format!(
                "SELECT v.id, v.product_id, v.option_values, v.sku, v.currency, v.price_minor, v.compare_at_minor, \
                   v.weight_grams, v.requires_shipping, v.taxable, v.tax_category, p.slug, p.title, p.tags, p.status, \
                   s.sellable, s.limited, {PICTURE_COLUMNS} \
                 FROM variant v \
                 JOIN product p ON p.tenant_id = v.tenant_id AND p.id = v.product_id \
                 JOIN (SELECT variant_id, MAX(CASE WHEN tracked AND policy = 'deny' THEN 1 ELSE 0 END) AS limited, \
                     CAST(SUM(CASE WHEN sells AND on_hand - reserved - threshold > 0 \
                       THEN on_hand - reserved - threshold ELSE 0 END) AS bigint) AS sellable \
                   FROM stock_level WHERE tenant_id = {{tenant}} AND variant_id IN ({holes}) \
                   GROUP BY variant_id) s ON s.variant_id = v.id \
                 LEFT JOIN media m ON m.tenant_id = v.tenant_id AND m.id = COALESCE( \
                   (SELECT i.media_id FROM product_image i \
                    WHERE i.tenant_id = v.tenant_id AND i.id = v.image_id), \
                   (SELECT i.media_id FROM product_image i \
                    WHERE i.tenant_id = v.tenant_id AND i.product_id = v.product_id \
                    ORDER BY i.position, i.id LIMIT 1)) \
                 WHERE v.tenant_id = {{tenant}} AND v.id IN ({holes})"
            ),
            ids.iter().chain(&ids).map(|id| (*id).into()).collect(),
        )
        .await
        .context("loading offers")?;
    let mut offers = HashMap::with_capacity(rows.len());
    for row in &rows {
        let offer = read(row).map_err(Error::from)?;
        offers.insert(offer.variant, offer);
    }
    Ok(offers)
}

/// The collections of these products; those that are in none are left out. One statement.
pub async fn collections_of(
    db: &TenantDb,
    products: &[ProductId],
) -> Result<HashMap<ProductId, Vec<CollectionId>>> {
    let mut found: HashMap<ProductId, Vec<CollectionId>> = HashMap::new();
    if products.is_empty() {
        return Ok(found);
    }
    let rows = db
        .find::<collection_product::Entity>()
        .filter(collection_product::Column::ProductId.is_in(products.iter().map(|id| id.uuid())))
        .columns::<(Uuid, Uuid)>([
            collection_product::Column::ProductId,
            collection_product::Column::CollectionId,
        ])
        .await?;
    for (product, collection) in rows {
        found.entry(ProductId::from_uuid(product)).or_default().push(CollectionId::from_uuid(collection));
    }
    Ok(found)
}

/// Makes sure that the shop has all of these.
///
/// # Errors
/// `NOT_FOUND` with the kind of the first that it does not have.
pub async fn must_exist(
    db: &TenantDb,
    products: &BTreeSet<ProductId>,
    variants: &BTreeSet<VariantId>,
    collections: &BTreeSet<CollectionId>,
) -> Result<()> {
    let products: Vec<Uuid> = products.iter().map(|id| id.uuid()).collect();
    for some in products.chunks(500) {
        let found = db.find::<product::Entity>().filter(product::Column::Id.is_in(some.iter().copied()));
        all(found.count().await?, some, ProductId::KIND)?;
    }
    let variants: Vec<Uuid> = variants.iter().map(|id| id.uuid()).collect();
    for some in variants.chunks(500) {
        let found = db.find::<variant::Entity>().filter(variant::Column::Id.is_in(some.iter().copied()));
        all(found.count().await?, some, VariantId::KIND)?;
    }
    let collections: Vec<Uuid> = collections.iter().map(|id| id.uuid()).collect();
    for some in collections.chunks(500) {
        let found =
            db.find::<collection::Entity>().filter(collection::Column::Id.is_in(some.iter().copied()));
        all(found.count().await?, some, CollectionId::KIND)?;
    }
    Ok(())
}

fn all(found: u64, wanted: &[Uuid], kind: &str) -> Result<()> {
    if found == wanted.len() as u64 { Ok(()) } else { Err(Error::not_found(kind).into()) }
}

/// The tags of these products; products that are gone are left out. One statement.
pub async fn tags_of(db: &TenantDb, products: &[ProductId]) -> Result<HashMap<ProductId, Vec<String>>> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = db
        .find::<product::Entity>()
        .filter(product::Column::Id.is_in(products.iter().map(|id| id.uuid())))
        .columns::<(Uuid, String)>([product::Column::Id, product::Column::Tags])
        .await?;
    Ok(rows.into_iter().map(|(id, tags)| (ProductId::from_uuid(id), names(&tags))).collect())
}

/// Address, name and whether it is published, of these products; products that are gone are left out. One statement.
pub async fn names_of(db: &TenantDb, products: &[ProductId]) -> Result<HashMap<ProductId, ProductName>> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = db
        .find::<product::Entity>()
        .filter(product::Column::Id.is_in(products.iter().map(|id| id.uuid())))
        .columns::<(Uuid, String, String, String)>([
            product::Column::Id,
            product::Column::Slug,
            product::Column::Title,
            product::Column::Status,
        ])
        .await?;
    let named = rows.into_iter().map(|(id, slug, title, status)| {
        (ProductId::from_uuid(id), ProductName { slug, title, published: status == "published" })
    });
    Ok(named.collect())
}

fn tax_category(row: &QueryResult) -> Result<TaxCategory, sea_orm::DbErr> {
    if !row.try_get::<bool>("", "taxable")? {
        return Ok(TaxCategory::NONE);
    }
    let category: String = row.try_get("", "tax_category")?;
    TaxCategory::parse(&category).map_err(|error| sea_orm::DbErr::Type(error.to_string()))
}

fn read(row: &QueryResult) -> Result<Offer, sea_orm::DbErr> {
    let currency: String = row.try_get("", "currency")?;
    let currency = Currency::parse(&currency).map_err(|error| sea_orm::DbErr::Type(error.to_string()))?;
    let price = Money::new(row.try_get("", "price_minor")?, currency);
    let compare_at: Option<i64> = row.try_get("", "compare_at_minor")?;
    let values: String = row.try_get("", "option_values")?;
    let status: String = row.try_get("", "status")?;
    let (limited, sellable): (i32, i64) = (row.try_get("", "limited")?, row.try_get("", "sellable")?);
    Ok(Offer {
        variant: VariantId::from_uuid(row.try_get("", "id")?),
        product: ProductId::from_uuid(row.try_get("", "product_id")?),
        slug: row.try_get("", "slug")?,
        title: row.try_get("", "title")?,
        variant_title: variant_title(&names(&values)),
        sku: row.try_get("", "sku")?,
        price,
        compare_at: compare_at.filter(|minor| price.minor < *minor).map(|minor| Money::new(minor, currency)),
        weight_grams: row.try_get("", "weight_grams")?,
        requires_shipping: row.try_get("", "requires_shipping")?,
        tax_category: tax_category(row)?,
        tags: names(&row.try_get::<String>("", "tags")?),
        published: status == "published",
        available: (limited != 0).then_some(sellable),
        picture: picture_of(row)?,
    })
}
