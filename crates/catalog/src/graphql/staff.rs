//! What editors read: the table, the editor, collections.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{ctx_of, failure, parse_id};
use primitives::{CollectionId, ProductId};

use super::editor::{AdminCollection, AdminProduct, AdminProductRow, ProductStatus};
use super::{connection, nodes, page_args};
use crate::query::admin::{self, AdminFilter};
use crate::{collection, export, product};

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
