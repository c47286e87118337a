//! What editors read: the table, the editor, collections, stock.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure, parse_id};
use primitives::{CollectionId, ProductId, VariantId};

use super::editor::{AdminCollection, AdminProduct, AdminProductRow, ProductStatus};
use super::{connection, nodes, page_args};
use crate::query::admin::{self, AdminFilter};
use crate::{collection, export, product, stock};

/// The staff's side of the query root.
#[derive(Default)]
pub struct StaffQuery;

/// The editors' part of the catalogue.
#[Object]
impl StaffQuery {
    /// The table of products, every state.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn admin_products(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<AdminProductFilter>,
        #[graphql(default_with = "AdminProductSort::UpdatedDesc")] sort: AdminProductSort,
    ) -> Result<AdminProductConnection> {
        let page = page_args(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let slice =
            Box::pin(admin::list(ctx_of(context)?, &filter, sort.into(), &page)).await.map_err(failure)?;
        Ok(AdminProductConnection::of(&slice, |row| AdminProductRow(Arc::new(row.clone()))))
    }

    /// One product with everything.
    async fn admin_product(&self, context: &Context<'_>, id: ID) -> Result<AdminProduct> {
        let id: ProductId = parse_id(&id, ProductId::KIND)?;
        Ok(AdminProduct(Box::pin(product::get(ctx_of(context)?, id)).await.map_err(failure)?))
    }

    /// Numbers for the tabs of the table.
    async fn admin_product_counts(&self, context: &Context<'_>) -> Result<AdminProductCounts> {
        let counts = Box::pin(admin::counts(ctx_of(context)?)).await.map_err(failure)?;
        Ok(AdminProductCounts {
            all: counts.draft + counts.published + counts.archived,
            draft: counts.draft,
            published: counts.published,
            archived: counts.archived,
            variants: counts.variants,
        })
    }

    /// All collections.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    async fn admin_collections(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<AdminCollectionConnection> {
        let page = page_args(first, after, last, before)?;
        let slice = Box::pin(collection::list(ctx_of(context)?, &page)).await.map_err(failure)?;
        Ok(AdminCollectionConnection::of(&slice, |view| AdminCollection(Arc::new(view.clone()))))
    }

    /// One collection.
    async fn admin_collection(&self, context: &Context<'_>, id: ID) -> Result<AdminCollection> {
        let id: CollectionId = parse_id(&id, CollectionId::KIND)?;
        Ok(AdminCollection(Arc::new(Box::pin(collection::get(ctx_of(context)?, id)).await.map_err(failure)?)))
    }

    /// Counted variants that run low, fewest first.
    async fn low_stock(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u32,
    ) -> Result<Vec<LowStockItem>> {
        let items = Box::pin(stock::low(ctx_of(context)?, first.into())).await.map_err(failure)?;
        Ok(items
            .into_iter()
            .map(|item| LowStockItem {
                variant_id: ID(item.variant.to_string()),
                product_id: ID(item.product.to_string()),
                product_title: item.product_title,
                variant_title: item.variant_title,
                sku: item.sku,
                on_hand: item.on_hand,
                reserved: item.reserved,
                available: (item.on_hand - item.reserved).max(0),
            })
            .collect())
    }

    /// The history of a variant's count, newest first.
    async fn stock_movements(
        &self,
        context: &Context<'_>,
        variant_id: ID,
        #[graphql(default = 50)] first: u32,
    ) -> Result<Vec<StockMovement>> {
        let id: VariantId = parse_id(&variant_id, VariantId::KIND)?;
        let movements =
            Box::pin(stock::movements(ctx_of(context)?, id, first.into())).await.map_err(failure)?;
        Ok(movements
            .into_iter()
            .map(|movement| StockMovement {
                id: ID(movement.id.to_string()),
                delta: movement.delta,
                reason: movement.reason.into(),
                on_hand_after: movement.on_hand_after,
                note: movement.note,
                at: DateTime(movement.at),
            })
            .collect())
    }

    /// The catalogue in the Shopify CSV layout.
    #[graphql(complexity = 1000)]
    async fn product_export(&self, context: &Context<'_>) -> Result<ProductExport> {
        let ctx = ctx_of(context)?;
        let mut csv = Vec::new();
        let products = Box::pin(export::products(ctx, &mut csv)).await.map_err(failure)?;
        let csv = String::from_utf8(csv).map_err(|e| failure(platform::Error::internal(e)))?;
        Ok(ProductExport { filename: export::file_name(ctx), csv, products })
    }
}

connection!(AdminProductConnection, AdminProductEdge, AdminProductRow);
connection!(AdminCollectionConnection, AdminCollectionEdge, AdminCollection);

/// Why a count changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stock::Reason")]
pub enum StockReason {
    /// The variant was made with this many.
    Initial,
    /// Somebody counted.
    Count,
    /// A file said so.
    Import,
    /// Pieces left with an order.
    Shipment,
    /// Pieces came back.
    Return,
}

/// By what can be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "admin::StockFilter")]
pub enum StockFilter {
    /// Nothing of it.
    SoldOut,
    /// Few pieces left.
    Low,
    /// Something of it.
    InStock,
}

/// Order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "admin::AdminSort")]
pub enum AdminProductSort {
    /// Last changed first.
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
    /// Fewest pieces first.
    StockAsc,
    /// Most pieces first.
    StockDesc,
}

/// Which rows of the table; everything given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AdminProductFilter {
    /// Words in name, maker, type, tags, SKUs, bar codes.
    q: Option<String>,
    /// In any of these states.
    status: Option<Vec<ProductStatus>>,
    /// Shown in this collection.
    collection_id: Option<ID>,
    /// Of this maker.
    vendor: Option<String>,
    /// Of this type.
    product_type: Option<String>,
    /// With this tag.
    tag: Option<String>,
    /// By what can be sold.
    stock: Option<StockFilter>,
}

impl AdminProductFilter {
    fn parse(self) -> Result<AdminFilter> {
        Ok(AdminFilter {
            q: self.q,
            status: self.status.unwrap_or_default().into_iter().map(Into::into).collect(),
            collection: self.collection_id.map(|id| parse_id(&id, CollectionId::KIND)).transpose()?,
            vendor: self.vendor,
            product_type: self.product_type,
            tag: self.tag,
            stock: self.stock.map(Into::into),
        })
    }
}

/// Numbers for the tabs of the table.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct AdminProductCounts {
    /// All products.
    all: u64,
    /// Drafts.
    draft: u64,
    /// Published products.
    published: u64,
    /// Archived products.
    archived: u64,
    /// Variants of all of them.
    variants: u64,
}

/// A counted variant that runs low.
#[derive(Clone, Debug, SimpleObject)]
pub struct LowStockItem {
    /// The variant.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// The product's name.
    product_title: String,
    /// The variant's values.
    variant_title: String,
    /// Stock keeping unit.
    sku: String,
    /// Pieces on the shelf.
    on_hand: i64,
    /// Promised pieces.
    reserved: i64,
    /// Pieces that can be sold now.
    available: i64,
}

/// One change of a count.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockMovement {
    /// Identity.
    id: ID,
    /// Pieces more or fewer.
    delta: i64,
    /// Why.
    reason: StockReason,
    /// The count afterwards.
    on_hand_after: i64,
    /// What the person wrote.
    note: String,
    /// When.
    at: DateTime,
}

/// A file to download.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductExport {
    /// Proposed name.
    filename: String,
    /// The file.
    csv: String,
    /// Products in it.
    products: u64,
}
