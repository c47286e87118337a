//! Rows of whole products: loaded together, written together.

use std::collections::HashMap;

use platform::{Context, Error, TenantDb, Tx};
use primitives::ProductId;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel};
use uuid::Uuid;

use crate::entity::{product, product_image, product_slug, stock_level, variant};
use crate::error::{CatalogError, Result};
use crate::stock::Stock;

/// A product with everything that belongs to it, in order.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub product: product::Model,
    pub variants: Vec<variant::Model>,
    pub stock: HashMap<Uuid, Stock>,
    pub images: Vec<product_image::Model>,
}

impl Snapshot {
    /// The stock of one of its variants; every variant has a shelf.
    pub fn stock_of(&self, variant: Uuid) -> Result<&Stock> {
        Ok(self
            .stock
            .get(&variant)
            .ok_or_else(|| Error::internal(format!("variant {variant} has no stock level")))?)
    }
}

/// Loads products by id; those that do not exist are left out. Four statements however many.
pub(crate) async fn load(db: &TenantDb, ids: &[Uuid]) -> Result<HashMap<Uuid, Snapshot>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let products =
        db.find::<product::Entity>().filter(product::Column::Id.is_in(ids.iter().copied())).all().await?;
    complete(db, products).await
}

/// Loads products by their present address.
pub(crate) async fn load_by_slug(db: &TenantDb, slugs: &[&str]) -> Result<HashMap<String, Snapshot>> {
    let mut found = HashMap::new();
    for slugs in slugs.chunks(500) {
        let products = db
            .find::<product::Entity>()
            .filter(product::Column::Slug.is_in(slugs.iter().copied()))
            .all()
            .await?;
        let complete = complete(db, products).await?;
        found.extend(complete.into_values().map(|snapshot| (snapshot.product.slug.clone(), snapshot)));
    }
    Ok(found)
}

/// One product; `NOT_FOUND` without it.
pub(crate) async fn get(db: &TenantDb, id: ProductId) -> Result<Snapshot> {
    let found = load(db, &[id.uuid()]).await?.remove(&id.uuid());
    Ok(found.ok_or_else(|| Error::not_found(ProductId::KIND))?)
}

async fn complete(db: &TenantDb, products: Vec<product::Model>) -> Result<HashMap<Uuid, Snapshot>> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = products.iter().map(|row| row.id).collect();
    let variants = db
        .find::<variant::Entity>()
        .filter(variant::Column::ProductId.is_in(ids.iter().copied()))
        .order_by_asc(variant::Column::ProductId)
        .order_by_asc(variant::Column::Position)
        .order_by_asc(variant::Column::Id)
        .all()
        .await
        .context("loading variants")?;
    let images = db
        .find::<product_image::Entity>()
        .filter(product_image::Column::ProductId.is_in(ids.iter().copied()))
        .order_by_asc(product_image::Column::ProductId)
        .order_by_asc(product_image::Column::Position)
        .order_by_asc(product_image::Column::Id)
        .all()
        .await
        .context("loading pictures")?;
    let stock = stock_of_products(db, &ids).await?;
    let mut found: HashMap<Uuid, Snapshot> = products
        .into_iter()
        .map(|product| {
            let empty = Snapshot { product, variants: Vec::new(), stock: HashMap::new(), images: Vec::new() };
            (empty.product.id, empty)
        })
        .collect();
    let mut owner = HashMap::new();
    for row in variants {
        owner.insert(row.id, row.product_id);
        if let Some(snapshot) = found.get_mut(&row.product_id) {
            snapshot.variants.push(row);
        }
    }
    for row in images {
        if let Some(snapshot) = found.get_mut(&row.product_id) {
            snapshot.images.push(row);
        }
    }
    for row in stock {
        if let Some(snapshot) = owner.get(&row.variant_id).and_then(|product| found.get_mut(product)) {
            snapshot.stock.entry(row.variant_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// Stock of all variants of these products. A subquery, because 250 products may have thousands of variants.
async fn stock_of_products(db: &TenantDb, products: &[Uuid]) -> Result<Vec<stock_level::Model>> {
    use sea_orm::{QueryFilter, QuerySelect, QueryTrait};
    let products = products.to_vec();
    let tenant = db.tenant_id().uuid();
    let variants = <variant::Entity as sea_orm::EntityTrait>::find()
        .select_only()
        .column(variant::Column::Id)
        .filter(variant::Column::TenantId.eq(tenant))
        .filter(variant::Column::ProductId.is_in(products))
        .into_query();
    let rows = db
        .find::<stock_level::Entity>()
        .filter(stock_level::Column::VariantId.in_subquery(variants))
        .all()
        .await
        .context("loading stock levels")?;
    Ok(rows)
}

/// Counts the product's version up when it still is `version`; the compare-and-set of every change.
///
/// # Errors
/// `CONFLICT` when somebody else saved first, `NOT_FOUND` without the product.
pub(crate) async fn touch(
    tx: &Tx,
    id: ProductId,
    version: i64,
    change: impl FnOnce(&mut product::ActiveModel),
    now: primitives::Timestamp,
) -> Result<product::Model> {
    let row = tx.get::<product::Entity>(id.uuid()).await?;
    if row.version != version {
        return Err(CatalogError::Changed { kind: ProductId::KIND, version: row.version });
    }
    let claimed = tx
        .update_many::<product::Entity>()
        .set(product::Column::Version, version + 1)
        .filter(product::Column::Id.eq(id.uuid()))
        .filter(product::Column::Version.eq(version))
        .filter(product::Column::Status.eq(row.status.clone()))
        .exec()
        .await?;
    if claimed == 0 {
        return Err(CatalogError::Changed { kind: ProductId::KIND, version: version + 1 });
    }
    let mut active = row.into_active_model();
    active.version = Set(version + 1);
    active.updated_at = Set(now.millis());
    change(&mut active);
    Ok(tx.update(active).await?)
}

/// Gives `product` the address `slug`, remembering the one it had.
///
/// # Errors
/// `CONFLICT` when another product has it now. An address that only forwards to another product is taken over.
pub(crate) async fn claim_slug(
    tx: &Tx,
    id: ProductId,
    old: Option<&str>,
    slug: &str,
    now: primitives::Timestamp,
) -> Result<()> {
    let taken = tx
        .find::<product::Entity>()
        .filter(product::Column::Slug.eq(slug))
        .filter(product::Column::Id.ne(id.uuid()))
        .one()
        .await?;
    if taken.is_some() {
        return Err(CatalogError::SlugTaken { slug: slug.to_owned() });
    }
    tx.delete_many::<product_slug::Entity>().filter(product_slug::Column::Slug.eq(slug)).exec().await?;
    if let Some(old) = old {
        tx.upsert(
            product_slug::ActiveModel {
                slug: Set(old.to_owned()),
                product_id: Set(id.uuid()),
                created_at: Set(now.millis()),
                ..Default::default()
            },
            &[product_slug::Column::TenantId, product_slug::Column::Slug],
            &[product_slug::Column::ProductId, product_slug::Column::CreatedAt],
        )
        .await?;
    }
    Ok(())
}

/// Writes variants, new ones and changed ones, in few statements.
pub(crate) async fn put_variants(tx: &Tx, rows: Vec<variant::ActiveModel>) -> Result<()> {
    use variant::Column::*;
    tx.upsert_many(
        rows,
        &[TenantId, Id],
        &[
            Position,
            OptionValues,
            Sku,
            Barcode,
            Currency,
            PriceMinor,
            CompareAtMinor,
            WeightGrams,
            WeightUnit,
            RequiresShipping,
            Taxable,
            TaxCategory,
            ImageId,
            SourceColumns,
        ],
    )
    .await
    .context("writing variants")?;
    Ok(())
}

/// A row that is written whole.
pub(crate) fn whole_variant(row: variant::Model) -> variant::ActiveModel {
    row.into_active_model().reset_all()
}
