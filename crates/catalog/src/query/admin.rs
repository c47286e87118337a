//! The staff's table of products: every state, search, filters, sort, keyset. Four statements.

use platform::db::holes;
use platform::{Context, Ctx, Error};
use primitives::{CollectionId, Cursor, Direction, PageArgs, Permission};
use uuid::Uuid;

use super::Slice;
use super::list::Key;
use super::sql::{Sql, search};
use crate::collection::links_of;
use crate::error::{CatalogError, Result};
use crate::text::{contains_pattern, fold};
use crate::view::{AdminProductRow, ProductStatus};

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct AdminFilter {
    /// Text in name, maker, type, tags, SKUs and bar codes.
    pub q: Option<String>,
    /// In any of these states; none means all.
    pub status: Vec<ProductStatus>,
    /// Shown in this collection.
    pub collection: Option<CollectionId>,
    /// Of this maker, whatever the case.
    pub vendor: Option<String>,
    /// Of this type, whatever the case.
    pub product_type: Option<String>,
    /// With this tag, whatever the case.
    pub tag: Option<String>,
    /// By what can be sold.
    pub stock: Option<StockFilter>,
}

/// By what can be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockFilter {
    /// Nothing of it.
    SoldOut,
    /// Few pieces are left of the best variant.
    Low,
    /// Something of it.
    InStock,
}

/// Order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminSort {
    /// Last changed first.
    #[default]
    UpdatedDesc,
    /// First changed first.
    UpdatedAsc,
    /// By name.
    TitleAsc,
    /// By name, backwards.
    TitleDesc,
    /// Lowest price first.
    PriceAsc,
    /// Highest price first.
    PriceDesc,
    /// Fewest pieces first; what is not counted comes last.
    StockAsc,
    /// Most pieces first; what is not counted comes first.
    StockDesc,
}

impl AdminSort {
    /// Expression, whether it is text, whether the largest comes first, name for cursors.
    fn key(self) -> (&'static str, bool, bool, &'static str) {
        match self {
            Self::UpdatedDesc => ("d.updated_at", false, true, "staff:updated-desc"),
            Self::UpdatedAsc => ("d.updated_at", false, false, "staff:updated-asc"),
            Self::TitleAsc => ("d.title_sort", true, false, "staff:title-asc"),
            Self::TitleDesc => ("d.title_sort", true, true, "staff:title-desc"),
            Self::PriceAsc => ("d.price_min", false, false, "staff:price-asc"),
            Self::PriceDesc => ("d.price_min", false, true, "staff:price-desc"),
            Self::StockAsc => ("COALESCE(d.stock, 9000000000000000)", false, false, "staff:stock-asc"),
            Self::StockDesc => ("COALESCE(d.stock, 9000000000000000)", false, true, "staff:stock-desc"),
        }
    }
}

/// Numbers for the tabs of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Drafts.
    pub draft: u64,
    /// Published products.
    pub published: u64,
    /// Archived products.
    pub archived: u64,
    /// Variants of all of them.
    pub variants: u64,
}

/// One page of the table.
///
/// # Errors
/// `BAD_USER_INPUT` for a cursor of another order.
pub async fn list(
    ctx: &Ctx,
    filter: &AdminFilter,
    sort: AdminSort,
    page: &PageArgs,
) -> Result<Slice<AdminProductRow>> {
    let db = ctx.read(Permission::PRODUCTS_LIST).await?;
    let (key, text, largest_first, order) = sort.key();
    let after = match page.cursor() {
        None => None,
        Some(cursor) => {
            let at: (Key, Uuid) =
                cursor.decode(order).map_err(|e| CatalogError::field("after", e.to_string()))?;
            if text != matches!(at.0, Key::Text(_)) {
                return Err(CatalogError::field("after", "cursor is not valid for this list"));
            }
            Some(at)
        }
    };
    let texts = " JOIN product_text t ON t.tenant_id = d.tenant_id AND t.product_id = d.product_id";
    let mut count = Sql::new("SELECT COUNT(*) AS found");
    count.append(conditions(filter, ""));
    let found = db.raw_all(&count.text, count.values).await.context("counting products")?;
    let total: i64 = match found.first() {
        Some(row) => row.try_get("", "found").map_err(Error::from)?,
        None => 0,
    };
    let descending = largest_first != (page.direction() == Direction::Backward);
    let mut select = Sql::new(format!("SELECT d.product_id, t.staff, d.stock, {key} AS sort_key"));
    select.append(conditions(filter, texts));
    if let Some((at, id)) = after {
        let beyond = if descending { "<" } else { ">" };
        select.push(
            &format!(" AND ({key} {beyond} ? OR ({key} = ? AND d.product_id {beyond} ?))"),
            [at.clone().into(), at.into(), id.into()],
        );
    }
    let direction = if descending { "DESC" } else { "ASC" };
    select.push(
        &format!(" ORDER BY sort_key {direction}, d.product_id {direction} LIMIT ?"),
        [(i64::from(page.limit()) + 1).into()],
    );
    let rows = db.raw_all(&select.text, select.values).await.context("listing products")?;
    let mut items = Vec::with_capacity(rows.len());
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: Uuid = row.try_get("", "product_id").map_err(Error::from)?;
        let staff: String = row.try_get("", "staff").map_err(Error::from)?;
        let mut view: AdminProductRow = serde_json::from_str(&staff).map_err(Error::internal)?;
        view.stock = row.try_get("", "stock").map_err(Error::from)?;
        let at = Key::read(row, "sort_key", text)?;
        items.push((Cursor::encode(order, &(at, id)).map_err(Error::internal)?, view));
        ids.push(id);
    }
    let mut links = links_of(&db, &ids).await?;
    for (_, view) in &mut items {
        view.collections = links.remove(&view.id.uuid()).unwrap_or_default();
    }
    Ok(Slice::of(items, page, u64::try_from(total).unwrap_or(0)))
}

/// How many products there are in each state.
pub async fn counts(ctx: &Ctx) -> Result<Counts> {
    let db = ctx.read(Permission::PRODUCTS_LIST).await?;
    let rows = db
        .raw_all(
            "SELECT status, CAST(COUNT(*) AS bigint) AS products, CAST(SUM(variant_count) AS bigint) AS variants \
             FROM product_doc WHERE tenant_id = {tenant} GROUP BY status",
            Vec::new(),
        )
        .await?;
    let mut counts = Counts::default();
    for row in rows {
        let status: String = row.try_get("", "status").map_err(Error::from)?;
        let products: i64 = row.try_get("", "products").map_err(Error::from)?;
        let variants: i64 = row.try_get("", "variants").map_err(Error::from)?;
        let products = u64::try_from(products).unwrap_or(0);
        counts.variants += u64::try_from(variants).unwrap_or(0);
        match status.as_str() {
            "draft" => counts.draft = products,
            "published" => counts.published = products,
            _ => counts.archived = products,
        }
    }
    Ok(counts)
}

/// `FROM … WHERE …` over documents `d` and what is joined to them.
fn conditions(filter: &AdminFilter, joined: &str) -> Sql {
    let mut sql = Sql::new(format!(" FROM product_doc d{joined}"));
    if let Some(collection) = filter.collection {
        sql.push(
            " JOIN collection_product m ON m.tenant_id = d.tenant_id AND m.product_id = d.product_id \
             AND m.collection_id = ?",
            [collection.uuid().into()],
        );
    }
    sql.push(" WHERE d.tenant_id = {tenant}", []);
    if !filter.status.is_empty() {
        let words = filter.status.iter().map(|status| status.as_str().into());
        sql.push(&format!(" AND d.status IN ({})", holes(filter.status.len())), words);
    }
    for (column, wanted) in [("vendor_key", &filter.vendor), ("type_key", &filter.product_type)] {
        if let Some(text) = wanted.as_deref().map(fold).filter(|text| !text.is_empty()) {
            sql.push(&format!(" AND d.{column} = ?"), [text.into()]);
        }
    }
    if let Some(tag) = filter.tag.as_deref().map(fold).filter(|tag| !tag.is_empty()) {
        sql.push(" AND d.tag_keys LIKE ? ESCAPE '\\'", [contains_pattern(&format!("\n{tag}\n")).into()]);
    }
    match filter.stock {
        Some(StockFilter::SoldOut) => sql.push(" AND NOT d.in_stock", []),
        Some(StockFilter::Low) => sql.push(" AND d.stock_state LIKE 'low:%'", []),
        Some(StockFilter::InStock) => sql.push(" AND d.in_stock", []),
        None => {}
    }
    search(&mut sql, filter.q.as_deref());
    sql
}

/// Products of a collection as rows of the table, in the collection's order.
pub async fn members(ctx: &Ctx, collection: CollectionId, limit: u64) -> Result<Vec<AdminProductRow>> {
    let db = ctx.read(Permission::CATEGORIES_READ).await?;
    let rows = db
        .raw_all(
            "SELECT t.staff, d.stock FROM collection_product m \
             JOIN product_doc d ON d.tenant_id = m.tenant_id AND d.product_id = m.product_id \
             JOIN product_text t ON t.tenant_id = d.tenant_id AND t.product_id = d.product_id \
             WHERE m.tenant_id = {tenant} AND m.collection_id = ? ORDER BY m.position, m.product_id LIMIT ?",
            vec![collection.uuid().into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let staff: String = row.try_get("", "staff").map_err(Error::from)?;
            let mut view: AdminProductRow = serde_json::from_str(&staff).map_err(Error::internal)?;
            view.stock = row.try_get("", "stock").map_err(Error::from)?;
            Ok(view)
        })
        .collect()
}
