//! What this process remembers of the read model, guarded by the hub's generations.
//!
//! A key carries the generation that was current before loading, so a value that was loaded before a change can never
//! answer after it; old entries are forgotten by size and time. Loads of one key run once under any number of misses.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::hub::Key;
use platform::{App, Ctx};
use primitives::{Cursor, Direction, PageArgs, ProductId, TenantId};

use super::Slice;
use super::page::{CollectionIndex, Resolved};
use crate::projection::{CATALOG, COLLECTIONS, product_key};
use crate::view::{Facets, ListPage, ListQuery, ProductCard, ProductPage, SitemapEntry};

/// Another process may have changed what we remember, and its hub is not ours.
const LIFE: Duration = Duration::from_secs(20);
/// Lists kept, of each kind.
const LISTS: u64 = 400;

/// Tenant, generation and question.
type Keyed<Q> = (TenantId, u64, Q);

/// Tenant, generations of the product and of the collections, product.
pub(super) type PageKey = (TenantId, u64, u64, ProductId);

/// A question for a keyset page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SliceKey {
    query: ListQuery,
    limit: u32,
    forward: bool,
    cursor: Option<String>,
}

impl SliceKey {
    pub fn new(query: ListQuery, page: &PageArgs) -> Self {
        Self {
            query,
            limit: page.limit(),
            forward: page.direction() == Direction::Forward,
            cursor: page.cursor().map(Cursor::to_string),
        }
    }
}

/// Facets with the number of products.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub total: u64,
    pub facets: Arc<Facets>,
}

pub(super) struct Caches {
    lists: Cache<Keyed<ListQuery>, Arc<ListPage>>,
    slices: Cache<Keyed<SliceKey>, Arc<Slice<Arc<ProductCard>>>>,
    full_slices: Cache<Keyed<SliceKey>, Arc<Slice<Arc<ProductPage>>>>,
    counts: Cache<Keyed<ListQuery>, Counted>,
    slugs: Cache<Keyed<String>, Resolved>,
    pages: Cache<PageKey, Option<Arc<ProductPage>>>,
    collections: Cache<Keyed<()>, Arc<CollectionIndex>>,
    sitemaps: Cache<Keyed<()>, Arc<Vec<SitemapEntry>>>,
}

fn cache<K, V>(capacity: u64) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(capacity).time_to_live(LIFE).build()
}

impl Caches {
    pub fn of(app: &App) -> Arc<Self> {
        let config = &app.config().cache;
        let documents = config.documents;
        app.state(|| Self {
            lists: cache(LISTS),
            slices: cache(LISTS),
            full_slices: cache(LISTS),
            counts: cache(LISTS),
            slugs: cache(documents),
            pages: cache(documents / 2),
            // One of each tenant that is remembered, too.
            collections: cache(config.tenants),
            sitemaps: cache(20),
        })
    }

    pub async fn list(
        &self,
        ctx: &Ctx,
        query: ListQuery,
        load: impl Future<Output = platform::Result<Arc<ListPage>>>,
    ) -> platform::Result<Arc<ListPage>> {
        once(&self.lists, keyed(ctx, CATALOG, query), load).await
    }

    pub async fn slice(
        &self,
        ctx: &Ctx,
        key: SliceKey,
        load: impl Future<Output = platform::Result<Arc<Slice<Arc<ProductCard>>>>>,
    ) -> platform::Result<Arc<Slice<Arc<ProductCard>>>> {
        once(&self.slices, keyed(ctx, CATALOG, key), load).await
    }

    pub async fn full_slice(
        &self,
        ctx: &Ctx,
        key: SliceKey,
        load: impl Future<Output = platform::Result<Arc<Slice<Arc<ProductPage>>>>>,
    ) -> platform::Result<Arc<Slice<Arc<ProductPage>>>> {
        once(&self.full_slices, keyed(ctx, CATALOG, key), load).await
    }

    pub async fn counts(
        &self,
        ctx: &Ctx,
        query: ListQuery,
        load: impl Future<Output = platform::Result<Counted>>,
    ) -> platform::Result<Counted> {
        once(&self.counts, keyed(ctx, CATALOG, query), load).await
    }

    pub async fn slug(
        &self,
        ctx: &Ctx,
        slug: String,
        load: impl Future<Output = platform::Result<Resolved>>,
    ) -> platform::Result<Resolved> {
        once(&self.slugs, keyed(ctx, CATALOG, slug), load).await
    }

    pub async fn page(
        &self,
        ctx: &Ctx,
        id: ProductId,
        load: impl Future<Output = platform::Result<Option<Arc<ProductPage>>>>,
    ) -> platform::Result<Option<Arc<ProductPage>>> {
        once(&self.pages, page_key(ctx, id), load).await
    }

    /// A page that is remembered, if it is.
    pub async fn known_page(&self, ctx: &Ctx, id: ProductId) -> Option<Option<Arc<ProductPage>>> {
        self.pages.get(&page_key(ctx, id)).await
    }

    /// Keys for [`Caches::keep_page`], to be taken before loading.
    pub fn page_keys(&self, ctx: &Ctx, ids: &[ProductId]) -> Vec<PageKey> {
        ids.iter().map(|id| page_key(ctx, *id)).collect()
    }

    pub async fn keep_page(&self, key: PageKey, page: Option<Arc<ProductPage>>) {
        self.pages.insert(key, page).await;
    }

    pub async fn collections(
        &self,
        ctx: &Ctx,
        load: impl Future<Output = platform::Result<Arc<CollectionIndex>>>,
    ) -> platform::Result<Arc<CollectionIndex>> {
        once(&self.collections, keyed(ctx, COLLECTIONS, ()), load).await
    }

    pub async fn sitemap(
        &self,
        ctx: &Ctx,
        load: impl Future<Output = platform::Result<Arc<Vec<SitemapEntry>>>>,
    ) -> platform::Result<Arc<Vec<SitemapEntry>>> {
        once(&self.sitemaps, keyed(ctx, CATALOG, ()), load).await
    }
}

fn page_key(ctx: &Ctx, id: ProductId) -> PageKey {
    let tenant = ctx.tenant_id();
    let hub = ctx.app().hub();
    let own = hub.generation(Key::new(tenant, &product_key(id)));
    let links = hub.generation(Key::new(tenant, COLLECTIONS));
    (tenant, own, links, id)
}

fn keyed<Q>(ctx: &Ctx, name: &str, question: Q) -> Keyed<Q> {
    let tenant = ctx.tenant_id();
    (tenant, ctx.app().hub().generation(Key::new(tenant, name)), question)
}

async fn once<K, V>(
    cache: &Cache<K, V>,
    key: K,
    load: impl Future<Output = platform::Result<V>>,
) -> platform::Result<V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    if let Some(kept) = cache.get(&key).await {
        return Ok(kept);
    }
    cache.try_get_with(key, load).await.map_err(|error: Arc<platform::Error>| (*error).clone())
}
