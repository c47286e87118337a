//! What everybody may read: published products and collections, from the read model.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Lookahead, Object, Result, SimpleObject};
use platform::Error;
use platform::graphql::{Long, Money, ctx_of, failure, parse_id};
use platform::module::{Feature, FeatureGuard};
use primitives::{CollectionId, Cursor, ProductId};

use super::product::{Picture, ProductNode};
use super::{connection, nodes, page_args};
use crate::query::{self, Slice};
use crate::view::{self, CollectionLookup, CollectionView, ListQuery, ListSort, ProductLookup};

/// The shop's side of the query root.
#[derive(Default)]
pub struct ShopQuery;

/// The public part of the catalogue.
#[Object]
impl ShopQuery {
    /// Products of the shop.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn products(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<ProductFilter>,
        #[graphql(default_with = "ProductSort::Featured")] sort: ProductSort,
    ) -> Result<ProductConnection> {
        let query = list_query(filter, None, sort);
        product_connection(context, &query, first, after, last, before).await
    }

    /// Facets with counts for a filter; each group is counted as if nothing were chosen in it.
    async fn product_facets(
        &self,
        context: &Context<'_>,
        filter: Option<ProductFilter>,
    ) -> Result<ProductFacets> {
        let ctx = ctx_of(context)?;
        let query = list_query(filter, None, ProductSort::Featured);
        let (total, facets) = Box::pin(query::facets(ctx, &query)).await.map_err(failure)?;
        Ok(ProductFacets { total, facets })
    }

    /// A published product by its id or its address; an address that it had before works too.
    async fn product(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        slug: Option<String>,
    ) -> Result<Option<ProductNode>> {
        let ctx = ctx_of(context)?;
        let found = match (id, slug) {
            (Some(id), None) => {
                let id: ProductId = parse_id(&id, ProductId::KIND)?;
                Box::pin(query::product_by_id(ctx, id)).await.map_err(failure)?
            }
            (None, Some(slug)) => match Box::pin(query::product(ctx, &slug)).await.map_err(failure)? {
                ProductLookup::Found(page) => Some(page),
                ProductLookup::Moved { slug } => {
                    match Box::pin(query::product(ctx, &slug)).await.map_err(failure)? {
                        ProductLookup::Found(page) => Some(page),
                        _ => None,
                    }
                }
                ProductLookup::Missing => None,
            },
            _ => return Err(failure(Error::invalid("id", "give id or slug, one of both"))),
        };
        Ok(found.map(ProductNode::Page))
    }

    /// Collections in the merchant's order.
    #[graphql(complexity = "1 + nodes(first, last) * child_complexity")]
    async fn collections(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<CollectionConnection> {
        const ORDER: &str = "shop-collections";
        let page = page_args(first, after, last, before)?;
        let index = Box::pin(query::collections(ctx_of(context)?)).await.map_err(failure)?;
        let place = match page.cursor() {
            None => None,
            Some(cursor) => {
                let id: CollectionId =
                    cursor.decode(ORDER).map_err(|e| failure(Error::invalid("after", e.to_string())))?;
                index.all.iter().position(|view| view.id == id)
            }
        };
        let limit = page.limit() as usize;
        let (from, to) = match page.direction() {
            primitives::Direction::Forward => {
                let from = place.map_or(0, |at| at + 1);
                (from, (from + limit).min(index.all.len()))
            }
            primitives::Direction::Backward => {
                let to = place.unwrap_or(index.all.len());
                (to.saturating_sub(limit), to)
            }
        };
        let mut items = Vec::with_capacity(to - from);
        for view in &index.all[from..to] {
            let cursor = Cursor::encode(ORDER, &view.id).map_err(|e| failure(Error::internal(e)))?;
            items.push((cursor, Arc::clone(view)));
        }
        let (has_next, has_previous) = (to < index.all.len(), 0 < from);
        let slice = Slice { items, total: index.all.len() as u64, has_next, has_previous };
        Ok(CollectionConnection::of(&slice, |view| CollectionNode(Arc::clone(view))))
    }

    /// A collection by its id or its address; an address that it had before works too.
    async fn collection(
        &self,
        context: &Context<'_>,
        id: Option<ID>,
        slug: Option<String>,
    ) -> Result<Option<CollectionNode>> {
        let ctx = ctx_of(context)?;
        let found = match (id, slug) {
            (Some(id), None) => {
                let id: CollectionId = parse_id(&id, CollectionId::KIND)?;
                Box::pin(query::collection_by_id(ctx, id)).await.map_err(failure)?
            }
            (None, Some(slug)) => match Box::pin(query::collection(ctx, &slug)).await.map_err(failure)? {
                CollectionLookup::Found(view) => Some(view),
                CollectionLookup::Moved { slug } => {
                    match Box::pin(query::collection(ctx, &slug)).await.map_err(failure)? {
                        CollectionLookup::Found(view) => Some(view),
                        _ => None,
                    }
                }
                CollectionLookup::Missing => None,
            },
            _ => return Err(failure(Error::invalid("id", "give id or slug, one of both"))),
        };
        Ok(found.map(CollectionNode))
    }
}

async fn product_connection(
    context: &Context<'_>,
    query: &ListQuery,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> Result<ProductConnection> {
    let ctx = ctx_of(context)?;
    let page = page_args(first, after, last, before)?;
    let look = context.look_ahead();
    if needs_pages(&look) {
        let slice = Box::pin(query::products_with_pages(ctx, query, &page)).await.map_err(failure)?;
        return Ok(ProductConnection::of(&slice, |page| ProductNode::Page(Arc::clone(page))));
    }
    let slice = Box::pin(query::products(ctx, query, &page)).await.map_err(failure)?;
    Ok(ProductConnection::of(&slice, |card| ProductNode::Card(Arc::clone(card))))
}

/// Whether the document asks for what only the product's page knows.
fn needs_pages(look: &Lookahead<'_>) -> bool {
    const PAGE: [&str; 9] = [
        "descriptionHtml",
        "summary",
        "seoTitle",
        "seoDescription",
        "images",
        "options",
        "variants",
        "collections",
        "tags",
    ];
    let nodes = look.field("nodes");
    let node = look.field("edges").field("node");
    PAGE.iter().any(|field| nodes.field(field).exists() || node.field(field).exists())
}

/// Order of a list of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum ProductSort {
    /// The merchant's order in a collection; elsewhere what can be bought first, then newest.
    #[default]
    Featured,
    /// Last published first.
    Newest,
    /// Lowest price first.
    PriceAsc,
    /// Highest price first.
    PriceDesc,
    /// By name.
    Name,
}

impl From<ProductSort> for ListSort {
    fn from(sort: ProductSort) -> Self {
        match sort {
            ProductSort::Featured => Self::Featured,
            ProductSort::Newest => Self::Newest,
            ProductSort::PriceAsc => Self::PriceAsc,
            ProductSort::PriceDesc => Self::PriceDesc,
            ProductSort::Name => Self::Name,
        }
    }
}

/// Which products; everything given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ProductFilter {
    /// Words in name, maker, type, tags, SKUs.
    q: Option<String>,
    /// Address of a collection.
    collection: Option<String>,
    /// Lowest price in minor units.
    price_min: Option<Long>,
    /// Highest price in minor units.
    price_max: Option<Long>,
    /// By options.
    options: Option<Vec<OptionFilter>>,
    /// Only what can be bought.
    in_stock: Option<bool>,
}

/// Any of these values of one option, whatever the case.
#[derive(Clone, Debug, InputObject)]
pub struct OptionFilter {
    /// Name of the option.
    name: String,
    /// Values.
    values: Vec<String>,
}

fn list_query(filter: Option<ProductFilter>, collection: Option<String>, sort: ProductSort) -> ListQuery {
    let filter = filter.unwrap_or_default();
    let options = filter.options.unwrap_or_default();
    ListQuery {
        collection: collection.or(filter.collection),
        q: filter.q,
        price_min: filter.price_min.map(|Long(minor)| minor),
        price_max: filter.price_max.map(|Long(minor)| minor),
        options: options.into_iter().map(|o| view::OptionFilter { name: o.name, values: o.values }).collect(),
        in_stock: filter.in_stock.unwrap_or(false),
        sort: sort.into(),
        page: 1,
    }
}

connection!(ProductConnection, ProductEdge, ProductNode);
connection!(CollectionConnection, CollectionEdge, CollectionNode);

/// What a list can be narrowed by.
pub struct ProductFacets {
    total: u64,
    facets: Arc<view::Facets>,
}

/// Facets of a list.
#[Object]
impl ProductFacets {
    /// Products with the whole filter.
    async fn total(&self) -> u64 {
        self.total
    }

    /// Options with their values.
    #[graphql(guard = "FeatureGuard::new(Feature::AdvancedSearch)")]
    async fn options(&self) -> Vec<OptionFacet> {
        let facet = |facet: &view::OptionFacet| OptionFacet {
            name: facet.name.clone(),
            values: facet
                .values
                .iter()
                .map(|value| FacetValue {
                    value: value.value.clone(),
                    swatch: value.swatch.clone(),
                    count: value.count,
                    selected: value.selected,
                })
                .collect(),
        };
        self.facets.options.iter().map(facet).collect()
    }

    /// Bounds of the price, without the price filter.
    #[graphql(guard = "FeatureGuard::new(Feature::AdvancedSearch)")]
    async fn price(&self, context: &Context<'_>) -> Result<PriceFacet> {
        let locale = ctx_of(context)?.locale();
        let (min, max) = self.facets.price.unzip();
        let money = |amount: primitives::Money| Money::of(amount, locale);
        Ok(PriceFacet { min: min.map(money), max: max.map(money) })
    }

    /// Products that can be bought, without the stock filter.
    async fn in_stock(&self) -> u64 {
        self.facets.in_stock
    }
}

/// One option.
#[derive(Clone, Debug, SimpleObject)]
pub struct OptionFacet {
    /// Its name.
    name: String,
    /// Most frequent first.
    values: Vec<FacetValue>,
}

/// One value.
#[derive(Clone, Debug, SimpleObject)]
pub struct FacetValue {
    /// As the merchant wrote it.
    value: String,
    /// `#rrggbb` of a known colour.
    swatch: Option<String>,
    /// Products that have it.
    count: u64,
    /// Whether the filter asks for it.
    selected: bool,
}

/// Bounds of the price.
#[derive(Clone, Debug, SimpleObject)]
pub struct PriceFacet {
    /// The lowest.
    min: Option<Money>,
    /// The highest.
    max: Option<Money>,
}

/// A collection.
#[derive(Clone)]
pub struct CollectionNode(Arc<CollectionView>);

/// Products that a merchant shows together.
#[Object(name = "Collection")]
impl CollectionNode {
    /// Identity.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Last part of its address.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Name.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Cleaned HTML.
    async fn description_html(&self) -> &str {
        self.0.body.as_str()
    }

    /// Its picture, else the cover of its first product.
    async fn picture(&self) -> Option<Picture> {
        self.0.picture.as_ref().map(Picture::of)
    }

    /// Published products in it.
    async fn product_count(&self) -> u32 {
        self.0.product_count
    }

    /// Title for search engines.
    async fn seo_title(&self) -> &str {
        &self.0.seo_title
    }

    /// Description for search engines.
    async fn seo_description(&self) -> &str {
        &self.0.seo_description
    }

    /// Its products. Inside a list of collections this is one (remembered) load each.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a Relay connection")]
    async fn products(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<ProductFilter>,
        #[graphql(default_with = "ProductSort::Featured")] sort: ProductSort,
    ) -> Result<ProductConnection> {
        let query = list_query(filter, Some(self.0.slug.clone()), sort);
        product_connection(context, &query, first, after, last, before).await
    }
}
