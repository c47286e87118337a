//! One product, one collection, and what links to them.

use std::collections::HashMap;
use std::sync::Arc;

use platform::db::holes;
use platform::{Access, Context, Ctx, Error};
use primitives::{CollectionId, PageArgs, ProductId, Timestamp};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::cache::Caches;
use super::list::products;
use crate::collection::links_of;
use crate::entity::{collection_doc, collection_slug, product, product_doc, product_slug};
use crate::error::Result;
use crate::view::{
    CollectionLookup, CollectionView, ListQuery, ListSort, ProductCard, ProductLookup, ProductPage,
    SitemapEntry,
};

/// Addresses in one sitemap, by the protocol's rule.
const MAX_SITEMAP: u64 = 50_000;

/// What a slug leads to.
#[derive(Clone, Debug)]
pub(super) enum Resolved {
    Product(ProductId),
    Moved(String),
    Missing,
}

/// All collections; a shop has tens of them, not thousands. One of every shop is in memory, so there is nothing in it
/// that looking through does not find.
#[derive(Debug, Default)]
pub struct CollectionIndex {
    /// In the merchant's order.
    pub all: Vec<Arc<CollectionView>>,
    /// Addresses of before, in their order, and where they went.
    moved: Vec<(String, Arc<CollectionView>)>,
}

impl CollectionIndex {
    /// The collection with this address.
    pub fn by_slug(&self, slug: &str) -> Option<Arc<CollectionView>> {
        self.all.iter().find(|view| view.slug == slug).cloned()
    }

    fn by_old_slug(&self, slug: &str) -> Option<&CollectionView> {
        let at = self.moved.binary_search_by(|(old, _)| old.as_str().cmp(slug)).ok()?;
        self.moved.get(at).map(|(_, view)| &**view)
    }
}

/// The published product at an address, or where it went. No statement when remembered.
pub async fn product(ctx: &Ctx, slug: &str) -> Result<ProductLookup> {
    // Nothing that cannot be an address is looked up or remembered.
    let Ok(slug) = primitives::Slug::parse(slug) else { return Ok(ProductLookup::Missing) };
    let caches = Caches::of(ctx.app());
    let slug = slug.as_str().to_owned();
    let load = Box::pin(async { Ok(Box::pin(resolve(ctx, &slug)).await?) });
    match caches.slug(ctx, slug.clone(), load).await? {
        Resolved::Product(id) => {
            Ok(product_by_id(ctx, id).await?.map_or(ProductLookup::Missing, ProductLookup::Found))
        }
        Resolved::Moved(slug) => Ok(ProductLookup::Moved { slug }),
        Resolved::Missing => Ok(ProductLookup::Missing),
    }
}

/// The published product with this id. No statement when remembered.
pub async fn product_by_id(ctx: &Ctx, id: ProductId) -> Result<Option<Arc<ProductPage>>> {
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async { Ok(Box::pin(load_pages(ctx, &[id])).await?.pop()) });
    Ok(caches.page(ctx, id, load).await?)
}

/// The pages of these products, those that are not published left out; what is not remembered is loaded with two
/// statements for all of them together.
pub async fn pages(ctx: &Ctx, ids: &[ProductId]) -> Result<HashMap<ProductId, Arc<ProductPage>>> {
    let caches = Caches::of(ctx.app());
    let mut found = HashMap::with_capacity(ids.len());
    let mut missing = Vec::new();
    for id in ids {
        match caches.known_page(ctx, *id).await {
            Some(page) => found.extend(page.map(|page| (*id, page))),
            None => missing.push(*id),
        }
    }
    if !missing.is_empty() {
        let keys = caches.page_keys(ctx, &missing);
        for page in Box::pin(load_pages(ctx, &missing)).await? {
            found.insert(page.id, page);
        }
        for (id, key) in missing.iter().zip(keys) {
            caches.keep_page(key, found.get(id).cloned()).await;
        }
    }
    Ok(found)
}

async fn resolve(ctx: &Ctx, slug: &str) -> Result<Resolved> {
    let db = ctx.read(Access::Public).await?;
    let now = db
        .find::<product_doc::Entity>()
        .filter(product_doc::Column::Slug.eq(slug))
        .filter(product_doc::Column::Status.eq("published"))
        .columns::<(Uuid,)>([product_doc::Column::ProductId])
        .await?;
    if let Some((id,)) = now.first() {
        return Ok(Resolved::Product(ProductId::from_uuid(*id)));
    }
    let before = db.find::<product_slug::Entity>().filter(product_slug::Column::Slug.eq(slug)).one().await?;
    let Some(before) = before else { return Ok(Resolved::Missing) };
    let product = db
        .find::<product::Entity>()
        .filter(product::Column::Id.eq(before.product_id))
        .filter(product::Column::Status.eq("published"))
        .columns::<(String,)>([product::Column::Slug])
        .await?;
    Ok(product.into_iter().next().map_or(Resolved::Missing, |(slug,)| Resolved::Moved(slug)))
}

async fn load_pages(ctx: &Ctx, ids: &[ProductId]) -> Result<Vec<Arc<ProductPage>>> {
    let db = ctx.read(Access::Public).await?;
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let sql = format!(
        "SELECT t.page FROM product_text t \
         JOIN product_doc d ON d.tenant_id = t.tenant_id AND d.product_id = t.product_id \
         WHERE t.tenant_id = {{tenant}} AND d.status = 'published' AND t.product_id IN ({})",
        holes(ids.len())
    );
    let rows = db.raw_all(&sql, ids.iter().map(|id| (*id).into()).collect()).await;
    let rows = rows.context("loading product pages")?;
    let mut links = links_of(&db, &ids).await?;
    rows.iter()
        .map(|row| {
            let page: String = row.try_get("", "page").map_err(Error::from)?;
            let mut page: ProductPage = serde_json::from_str(&page).map_err(Error::internal)?;
            page.collections = links.remove(&page.id.uuid()).unwrap_or_default();
            Ok(Arc::new(page))
        })
        .collect()
}

/// Products that go with one: from its first collection, else of its maker or the newest; at most `limit`.
pub async fn related(ctx: &Ctx, page: &ProductPage, limit: usize) -> Result<Vec<Arc<ProductCard>>> {
    let query = match page.collections.first() {
        Some(link) => ListQuery { collection: Some(link.slug.clone()), ..ListQuery::default() },
        None if !page.vendor.is_empty() => ListQuery { q: Some(page.vendor.clone()), ..ListQuery::default() },
        None => ListQuery { sort: ListSort::Newest, ..ListQuery::default() },
    };
    let slice = products(ctx, &query, &PageArgs::first(24)).await?;
    let cards: Vec<&Arc<ProductCard>> = slice.items.iter().map(|(_, card)| card).collect();
    // Begin behind the product itself, so that neighbours differ from page to page.
    let own = cards.iter().position(|card| card.id == page.id).unwrap_or(0);
    let others = cards.iter().cycle().skip(own + 1).take(cards.len()).filter(|card| card.id != page.id);
    Ok(others.take(limit).map(|card| Arc::clone(card)).collect())
}

/// All collections in the merchant's order. No statement when remembered.
pub async fn collections(ctx: &Ctx) -> Result<Arc<CollectionIndex>> {
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async { Ok(Arc::new(Box::pin(load_collections(ctx)).await?)) });
    Ok(caches.collections(ctx, load).await?)
}

/// The collection at an address, or where it went.
pub async fn collection(ctx: &Ctx, slug: &str) -> Result<CollectionLookup> {
    let index = collections(ctx).await?;
    Ok(match (index.by_slug(slug), index.by_old_slug(slug)) {
        (Some(view), _) => CollectionLookup::Found(view),
        (None, Some(view)) => CollectionLookup::Moved { slug: view.slug.clone() },
        (None, None) => CollectionLookup::Missing,
    })
}

/// The collection with this id.
pub async fn collection_by_id(ctx: &Ctx, id: CollectionId) -> Result<Option<Arc<CollectionView>>> {
    Ok(collections(ctx).await?.all.iter().find(|view| view.id == id).cloned())
}

async fn load_collections(ctx: &Ctx) -> Result<CollectionIndex> {
    let db = ctx.read(Access::Public).await?;
    let rows = db
        .find::<collection_doc::Entity>()
        .order_by_asc(collection_doc::Column::Position)
        .order_by_asc(collection_doc::Column::CollectionId)
        .all()
        .await
        .context("loading collections")?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(Arc::new(serde_json::from_str::<CollectionView>(&row.view).map_err(Error::internal)?));
    }
    let by_id: HashMap<Uuid, &Arc<CollectionView>> = all.iter().map(|view| (view.id.uuid(), view)).collect();
    let mut moved = Vec::new();
    for old in db.find::<collection_slug::Entity>().all().await? {
        if let Some(view) = by_id.get(&old.collection_id) {
            moved.push((old.slug, Arc::clone(view)));
        }
    }
    moved.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(CollectionIndex { all, moved })
}

/// Addresses of everything public: collections, then products, newest first.
pub async fn sitemap(ctx: &Ctx) -> Result<Arc<Vec<SitemapEntry>>> {
    let caches = Caches::of(ctx.app());
    let load = Box::pin(async {
        let index = collections(ctx).await?;
        let mut entries: Vec<SitemapEntry> = index
            .all
            .iter()
            .map(|view| SitemapEntry {
                path: format!("/collections/{}", view.slug),
                updated_at: view.updated_at,
            })
            .collect();
        let db = ctx.read(Access::Public).await?;
        let rows: Vec<(String, i64)> = db
            .find::<product_doc::Entity>()
            .filter(product_doc::Column::Status.eq("published"))
            .order_by_desc(product_doc::Column::PublishedAt)
            .limit(MAX_SITEMAP.saturating_sub(entries.len() as u64))
            .columns([product_doc::Column::Slug, product_doc::Column::UpdatedAt])
            .await?;
        entries.extend(rows.into_iter().map(|(slug, at)| SitemapEntry {
            path: format!("/products/{slug}"),
            updated_at: Timestamp::from_millis(at),
        }));
        Ok(Arc::new(entries))
    });
    Ok(caches.sitemap(ctx, load).await?)
}
