//! What there is where: the table of the staff, and what runs low.

use std::collections::{BTreeSet, HashMap};

use platform::db::holes;
use platform::{Context, Ctx, Error, TenantDb};
use primitives::{Cursor, Direction, LocationId, PageArgs, Permission, ProductId, VariantId};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::{LOW_MARK, Stock};
use crate::entity::{location, stock_level, variant};
use crate::error::{CatalogError, Result};
use crate::product::admin::shelves_view;
use crate::product::{names, variant_title};
use crate::query::Slice;
use crate::text::{contains_pattern, search_words};
use crate::view::AdminShelf;

/// One variant at one location, or in the whole shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryRow {
    /// Which one.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// The product's name.
    pub product_title: String,
    /// The variant's values joined by " / ".
    pub variant_title: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Whether stock is counted.
    pub tracked: bool,
    /// Pieces on the shelf.
    pub on_hand: i64,
    /// Promised pieces.
    pub reserved: i64,
    /// Pieces that can be sold now, not below 0.
    pub available: i64,
    /// Pieces that are kept back; negative for a depth that may be sold into.
    pub threshold: i64,
    /// Pieces that suppliers are to bring.
    pub incoming: i64,
    /// Whether it is spread for many buyers at once.
    pub hot: bool,
}

/// What people call a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its product.
    pub product: ProductId,
    /// The product's name, and the variant's values behind it when there are any.
    pub title: String,
    /// Stock keeping unit, may be empty.
    pub sku: String,
}

/// A variant that runs low.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowItem {
    /// Which one.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// The product's name.
    pub product_title: String,
    /// The variant's values joined by " / ".
    pub variant_title: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Pieces on the shelves.
    pub on_hand: i64,
    /// Promised pieces.
    pub reserved: i64,
    /// Pieces that can be sold now, at the places that sell: without what is promised and what is kept back.
    pub available: i64,
}

/// Variants of products that are not archived, by product and place in it; at one location those that have a shelf there.
///
/// # Errors
/// `NOT_FOUND` for a location that does not exist, `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn inventory(
    ctx: &Ctx,
    place: Option<LocationId>,
    words: Option<&str>,
    page: &PageArgs,
) -> Result<Slice<InventoryRow>> {
    const ORDER: &str = "inventory";
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    if let Some(id) = place {
        db.get::<location::Entity>(id.uuid()).await?;
    }
    let here = if place.is_some() { " AND x.location_id = ?" } else { "" };
    let here_values = || place.map(|id| sea_orm::Value::from(id.uuid()));
    let mut condition = format!(
        "FROM variant v JOIN product p ON p.tenant_id = v.tenant_id AND p.id = v.product_id \
         LEFT JOIN product_doc d ON d.tenant_id = p.tenant_id AND d.product_id = p.id \
         WHERE v.tenant_id = {{tenant}} AND p.status <> 'archived' \
         AND EXISTS (SELECT 1 FROM stock_level x WHERE x.tenant_id = v.tenant_id AND x.variant_id = v.id{here})"
    );
    let mut values: Vec<sea_orm::Value> = here_values().into_iter().collect();
    for word in words.map(search_words).unwrap_or_default() {
        condition.push_str(" AND d.search LIKE ? ESCAPE '\\'");
        values.push(contains_pattern(&word).into());
    }
    let counted = db.raw_all(&format!("SELECT COUNT(*) AS total {condition}"), values.clone()).await?;
    let total: i64 = match counted.first() {
        Some(row) => row.try_get("", "total").map_err(Error::from)?,
        None => 0,
    };
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let (product, position, id): (Uuid, i32, Uuid) =
            cursor.decode(ORDER).map_err(|e| CatalogError::field("after", e.to_string()))?;
        let beyond = if forward { ">" } else { "<" };
        condition.push_str(&format!(" AND (v.product_id, v.position, v.id) {beyond} (?, ?, ?)"));
        values.extend([product.into(), position.into(), id.into()]);
    }
    let order = if forward { "ASC" } else { "DESC" };
    // Sums of one location's buckets, or of all locations; only what is sold from counts as available.
    let sum = |what: &str| {
        format!(
            "(SELECT CAST(SUM({what}) AS bigint) FROM stock_level x \
             WHERE x.tenant_id = v.tenant_id AND x.variant_id = v.id{here})"
        )
    };
    let sql = format!(
        "SELECT v.id, v.product_id, v.position, v.option_values, v.sku, p.title, \
           {on_hand} AS on_hand, {reserved} AS reserved, {threshold} AS threshold, {free} AS free, \
           EXISTS (SELECT 1 FROM stock_level x WHERE x.tenant_id = v.tenant_id AND x.variant_id = v.id \
             AND x.tracked) AS tracked, \
           EXISTS (SELECT 1 FROM stock_level x WHERE x.tenant_id = v.tenant_id AND x.variant_id = v.id \
             AND x.bucket > 0) AS hot, \
           (SELECT CAST(COALESCE(SUM(x.quantity - x.received), 0) AS bigint) FROM stock_incoming x \
             WHERE x.tenant_id = v.tenant_id AND x.variant_id = v.id AND x.state = 'announced'{here}) AS incoming \
         {condition} ORDER BY v.product_id {order}, v.position {order}, v.id {order} LIMIT ?",
        on_hand = sum("x.on_hand"),
        reserved = sum("x.reserved"),
        threshold = sum("x.threshold"),
        free = sum("CASE WHEN x.sells AND x.on_hand - x.reserved - x.threshold > 0 \
             THEN x.on_hand - x.reserved - x.threshold ELSE 0 END"),
    );
    let mut all: Vec<sea_orm::Value> = Vec::new();
    for _ in 0..5 {
        all.extend(here_values());
    }
    all.append(&mut values);
    all.push((i64::from(page.limit()) + 1).into());
    let rows = db.raw_all(&sql, all).await.context("reading the inventory")?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let (item, position) = read(row).map_err(Error::from)?;
        let key = (item.product.uuid(), position, item.variant.uuid());
        items.push((Cursor::encode(ORDER, &key).map_err(Error::internal)?, item));
    }
    Ok(Slice::of(items, page, u64::try_from(total).unwrap_or(0)))
}

/// What of a variant lies at each location where it has a shelf.
///
/// # Errors
/// `NOT_FOUND` for a variant that does not exist.
pub async fn shelves(ctx: &Ctx, id: VariantId) -> Result<Vec<AdminShelf>> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    db.get::<variant::Entity>(id.uuid()).await?;
    let rows = db.find::<stock_level::Entity>().filter(stock_level::Column::VariantId.eq(id.uuid()));
    let mut stock = Stock::default();
    for row in rows.all().await.context("looking at the shelves")? {
        stock.push(row);
    }
    Ok(shelves_view(&stock))
}

/// What these variants are called; those that are gone are left out. A statement for each thousand.
pub(super) async fn labels(
    db: &TenantDb,
    variants: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Label>> {
    let ids: BTreeSet<Uuid> = variants.into_iter().collect();
    let ids: Vec<sea_orm::Value> = ids.into_iter().map(Into::into).collect();
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(1_000) {
        let sql = format!(
            "SELECT v.id, v.product_id, v.option_values, v.sku, p.title FROM variant v \
             JOIN product p ON p.tenant_id = v.tenant_id AND p.id = v.product_id \
             WHERE v.tenant_id = {{tenant}} AND v.id IN ({})",
            holes(ids.len())
        );
        for row in db.raw_all(&sql, ids.to_vec()).await.context("naming variants")? {
            let values: String = row.try_get("", "option_values").map_err(Error::from)?;
            let product: String = row.try_get("", "title").map_err(Error::from)?;
            let title = match variant_title(&names(&values)) {
                values if values.is_empty() => product,
                values => format!("{product}, {values}"),
            };
            let label = Label {
                product: ProductId::from_uuid(row.try_get("", "product_id").map_err(Error::from)?),
                title,
                sku: row.try_get("", "sku").map_err(Error::from)?,
            };
            found.insert(row.try_get("", "id").map_err(Error::from)?, label);
        }
    }
    Ok(found)
}

fn read(row: &sea_orm::QueryResult) -> Result<(InventoryRow, i32), sea_orm::DbErr> {
    let values: String = row.try_get("", "option_values")?;
    let tracked: bool = row.try_get("", "tracked")?;
    let free: i64 = row.try_get("", "free")?;
    let item = InventoryRow {
        variant: VariantId::from_uuid(row.try_get("", "id")?),
        product: ProductId::from_uuid(row.try_get("", "product_id")?),
        product_title: row.try_get("", "title")?,
        variant_title: variant_title(&names(&values)),
        sku: row.try_get("", "sku")?,
        tracked,
        on_hand: row.try_get("", "on_hand")?,
        reserved: row.try_get("", "reserved")?,
        available: free.max(0),
        threshold: row.try_get("", "threshold")?,
        incoming: row.try_get("", "incoming")?,
        hot: row.try_get("", "hot")?,
    };
    Ok((item, row.try_get("", "position")?))
}

/// Counted variants of products that are not archived with at most [`LOW_MARK`] pieces free, fewest first.
pub async fn low(ctx: &Ctx, limit: u64) -> Result<Vec<LowItem>> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    // Of several rows the ones that have some count; of one its own number, which may be below nothing.
    let free = "s.on_hand - s.reserved - s.threshold";
    let rows = db
        .raw_all(
            &format!(
                "SELECT v.id, v.product_id, v.option_values, v.sku, p.title, s.on_hand, s.reserved, s.most \
                 FROM (SELECT s.tenant_id, s.variant_id, CAST(SUM(s.on_hand) AS bigint) AS on_hand, \
                     CAST(SUM(s.reserved) AS bigint) AS reserved, \
                     CAST(SUM(CASE WHEN s.sells AND {free} > 0 THEN {free} ELSE 0 END) AS bigint) AS most, \
                     CAST(SUM(CASE WHEN s.sells THEN {free} ELSE 0 END) AS bigint) AS all_of \
                   FROM stock_level s WHERE s.tenant_id = {{tenant}} AND s.tracked AND s.policy = 'deny' \
                   GROUP BY s.tenant_id, s.variant_id) s \
                 JOIN variant v ON v.tenant_id = s.tenant_id AND v.id = s.variant_id \
                 JOIN product p ON p.tenant_id = v.tenant_id AND p.id = v.product_id \
                 WHERE p.status <> 'archived' AND s.most <= ? \
                 ORDER BY CASE WHEN s.most > 0 THEN s.most ELSE s.all_of END, p.title, v.id LIMIT ?"
            ),
            vec![LOW_MARK.into(), i64::try_from(limit.min(500)).unwrap_or(500).into()],
        )
        .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let values: String = row.try_get("", "option_values").map_err(Error::from)?;
        items.push(LowItem {
            variant: VariantId::from_uuid(row.try_get("", "id").map_err(Error::from)?),
            product: ProductId::from_uuid(row.try_get("", "product_id").map_err(Error::from)?),
            product_title: row.try_get("", "title").map_err(Error::from)?,
            variant_title: variant_title(&names(&values)),
            sku: row.try_get("", "sku").map_err(Error::from)?,
            on_hand: row.try_get("", "on_hand").map_err(Error::from)?,
            reserved: row.try_get("", "reserved").map_err(Error::from)?,
            available: row.try_get("", "most").map_err(Error::from)?,
        });
    }
    Ok(items)
}
