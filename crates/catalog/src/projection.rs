//! The read model: documents computed from the rows that events name, written only when they look different.

pub(crate) mod render;

use std::collections::{BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use content::{SafeHtml, excerpt};
use events::Envelope;
use index::{Projection, Rebuild, Slice};
use platform::db::holes;
use platform::{Context, Ctx, Error, Tx};
use primitives::{CollectionId, LocationId, ProductId, Timestamp, VariantId};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, Value};
use uuid::Uuid;

use crate::entity::{
    collection, collection_doc, collection_product, product, product_doc, product_facet, product_image,
    product_text, stock_level, variant_doc,
};
use crate::error::Result;
use crate::event::Touched;
use crate::product::{json, price, store};
use crate::stock::Stock;
use crate::view::{CollectionView, ProductCard};
use render::{Documents, availability_word};

/// Products that are rendered together.
const CHUNK: usize = 250;
/// Hub key of everything that lists products.
pub const CATALOG: &str = "catalog";
/// Hub key of what links to collections.
pub const COLLECTIONS: &str = "collections";

/// Hub key of one product's page.
pub fn product_key(id: ProductId) -> String {
    format!("product:{id}")
}

/// Keeps `product_doc`, `product_text`, `variant_doc`, `product_facet` and `collection_doc`.
pub struct CatalogProjection;

#[async_trait]
impl Projection for CatalogProjection {
    fn name(&self) -> &'static str {
        "catalog"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[
            "product.*",
            "variant.*",
            "price.*",
            "category.*",
            "inventory.*",
            "location.updated",
            "media.uploaded",
        ]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> platform::Result<()> {
        let mut products = BTreeSet::new();
        let mut deleted = HashSet::new();
        let mut collections = BTreeSet::new();
        let mut variants = BTreeSet::new();
        let mut media = BTreeSet::new();
        let mut locations = BTreeSet::new();
        for event in events {
            let touched: Touched = event.decode()?;
            if event.kind.starts_with("inventory.") {
                variants.extend(touched.variant_id);
                variants.extend(touched.lines.iter().map(|line| line.variant_id));
                continue;
            }
            if let Some(location) = touched.location_id {
                // What lies there is sold now, or is not any more.
                if touched.changed.iter().any(|field| field == "active") {
                    locations.insert(location);
                }
                continue;
            }
            if event.kind == "product.deleted" {
                deleted.extend(touched.product_id);
            }
            products.extend(touched.product_id);
            collections.extend(touched.collection_id);
            media.extend(touched.media_id.map(|id| id.uuid()));
        }
        let mut changed = Changed { products: deleted, ..Changed::default() };
        Box::pin(showing(tx, &media, &mut products, &mut collections)).await?;
        for location in locations {
            variants.extend(lying_at(tx, location).await?);
        }
        Box::pin(restock(tx, &variants, &mut products)).await?;
        let products: Vec<Uuid> = products.into_iter().map(ProductId::uuid).collect();
        for chunk in products.chunks(CHUNK) {
            Box::pin(project_products(tx, chunk, &mut changed, &mut collections)).await?;
        }
        Box::pin(project_collections(tx, &collections, &mut changed)).await?;
        announce(tx, changed);
        Ok(())
    }

    async fn rebuild(&self, rebuild: &Rebuild<'_>) -> platform::Result<u64> {
        rebuild
            .slices(async |tx: &Tx, after: Option<Uuid>| Box::pin(slice(tx, after)).await.map_err(Into::into))
            .await
    }

    fn after_rebuild(&self, ctx: &Ctx) {
        ctx.app().hub().bump(ctx.tenant_id(), CATALOG);
        ctx.app().hub().bump(ctx.tenant_id(), COLLECTIONS);
    }
}

/// What looks different after a commit.
#[derive(Default)]
struct Changed {
    products: HashSet<ProductId>,
    collections: bool,
}

fn announce(tx: &Tx, changed: Changed) {
    let Some(ctx) = tx.ctx().cloned() else { return };
    tx.after_commit(move || {
        let (hub, tenant) = (ctx.app().hub(), ctx.tenant_id());
        for id in &changed.products {
            hub.bump(tenant, &product_key(*id));
        }
        if changed.collections {
            hub.bump(tenant, COLLECTIONS);
        }
        // Lists can carry whatever a page knows.
        if !changed.products.is_empty() || changed.collections {
            hub.bump(tenant, CATALOG);
        }
    });
}

/// Adds the products and collections that show these files.
async fn showing(
    tx: &Tx,
    media: &BTreeSet<Uuid>,
    products: &mut BTreeSet<ProductId>,
    collections: &mut BTreeSet<CollectionId>,
) -> Result<()> {
    if media.is_empty() {
        return Ok(());
    }
    let ids: Vec<(Uuid,)> = tx
        .find::<product_image::Entity>()
        .filter(product_image::Column::MediaId.is_in(media.iter().copied()))
        .columns([product_image::Column::ProductId])
        .await?;
    products.extend(ids.into_iter().map(|(id,)| ProductId::from_uuid(id)));
    let ids: Vec<(Uuid,)> = tx
        .find::<collection::Entity>()
        .filter(collection::Column::MediaId.is_in(media.iter().copied()))
        .columns([collection::Column::Id])
        .await?;
    collections.extend(ids.into_iter().map(|(id,)| CollectionId::from_uuid(id)));
    Ok(())
}

/// The variants that have a shelf at a location.
async fn lying_at(tx: &Tx, location: LocationId) -> Result<BTreeSet<VariantId>> {
    let rows: Vec<(Uuid,)> = tx
        .find::<stock_level::Entity>()
        .filter(stock_level::Column::LocationId.eq(location.uuid()))
        .filter(stock_level::Column::Bucket.eq(0))
        .columns([stock_level::Column::VariantId])
        .await?;
    Ok(rows.into_iter().map(|(id,)| VariantId::from_uuid(id)).collect())
}

/// Looks at variants whose stock moved: adds the products whose words change, and corrects the sums of the others.
///
/// Most sales leave every word as it was; then two statements read and one small one writes, and no page is touched.
async fn restock(tx: &Tx, variants: &BTreeSet<VariantId>, products: &mut BTreeSet<ProductId>) -> Result<()> {
    if variants.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = variants.iter().map(|id| id.uuid()).collect();
    let mut sums_of = BTreeSet::new();
    for ids in ids.chunks(1_000) {
        let shown = tx
            .find::<variant_doc::Entity>()
            .filter(variant_doc::Column::VariantId.is_in(ids.iter().copied()))
            .all();
        let levels = tx
            .find::<stock_level::Entity>()
            .filter(stock_level::Column::VariantId.is_in(ids.iter().copied()))
            .all();
        let (shown, levels) = (shown.await?, levels.await?);
        let mut stocks: HashMap<Uuid, Stock> = HashMap::new();
        for row in levels {
            stocks.entry(row.variant_id).or_default().push(row);
        }
        for row in shown {
            let product = ProductId::from_uuid(row.product_id);
            match stocks.get(&row.variant_id).map(|stock| availability_word(stock.total().availability())) {
                Some(word) if word == row.availability => drop(sums_of.insert(product)),
                _ => drop(products.insert(product)),
            }
        }
    }
    sums_of.retain(|product| !products.contains(product));
    let sums_of: Vec<Value> = sums_of.into_iter().map(|product| product.uuid().into()).collect();
    for products in sums_of.chunks(1_000) {
        tx.raw_exec(
            &format!(
                "UPDATE product_doc SET stock = ( \
                   SELECT CAST(SUM(CASE WHEN s.sells AND s.on_hand - s.reserved - s.threshold > 0 \
                     THEN s.on_hand - s.reserved - s.threshold ELSE 0 END) AS bigint) \
                   FROM variant v JOIN stock_level s ON s.tenant_id = v.tenant_id AND s.variant_id = v.id \
                   WHERE v.tenant_id = product_doc.tenant_id AND v.product_id = product_doc.product_id \
                     AND s.tracked) \
                 WHERE tenant_id = {{tenant}} AND product_id IN ({})",
                holes(products.len())
            ),
            products.to_vec(),
        )
        .await
        .context("summing stock")?;
    }
    Ok(())
}

/// Renders products and writes what differs.
async fn project_products(
    tx: &Tx,
    ids: &[Uuid],
    changed: &mut Changed,
    collections: &mut BTreeSet<CollectionId>,
) -> Result<()> {
    let snapshots = store::load(tx, ids).await?;
    let images: Vec<Uuid> =
        snapshots.values().flat_map(|s| s.images.iter().map(|row| row.media_id)).collect();
    let media = crate::media::pictures(tx, &images).await?;
    let ratings = crate::rating::of(tx, ids).await?;
    let lowest = price::lowest_of(tx, ids).await?;
    let before: HashMap<Uuid, product_doc::Model> = tx
        .find::<product_doc::Entity>()
        .filter(product_doc::Column::ProductId.is_in(ids.iter().copied()))
        .all()
        .await?
        .into_iter()
        .map(|row| (row.product_id, row))
        .collect();
    let texts: HashMap<Uuid, product_text::Model> = tx
        .find::<product_text::Entity>()
        .filter(product_text::Column::ProductId.is_in(ids.iter().copied()))
        .all()
        .await?
        .into_iter()
        .map(|row| (row.product_id, row))
        .collect();
    let currency =
        tx.ctx().map(|ctx| ctx.tenant().currency).ok_or_else(|| Error::internal("no tenant to project"))?;
    let mut next: Vec<Documents> = Vec::new();
    let mut regroup: Vec<Uuid> = Vec::new();
    for id in ids {
        let Some(snapshot) = snapshots.get(id) else { continue };
        let documents = render::documents(snapshot, &media, ratings.get(id).copied(), &lowest, currency)?;
        let old = before.get(id);
        let reads_the_same = texts.get(id) == Some(&documents.text);
        if reads_the_same && old == Some(&documents.doc) {
            continue;
        }
        let visible = |doc: &product_doc::Model| doc.status == "published";
        let as_shown = |doc: &product_doc::Model| product_doc::Model { stock: None, ..doc.clone() };
        let shown = visible(&documents.doc) || old.is_some_and(visible);
        if shown && !(reads_the_same && old.map(as_shown) == Some(as_shown(&documents.doc))) {
            changed.products.insert(ProductId::from_uuid(*id));
        }
        if old.is_none_or(|old| {
            old.status != documents.doc.status || cover(&old.card) != cover(&documents.doc.card)
        }) {
            regroup.push(*id);
        }
        next.push(documents);
    }
    if !regroup.is_empty() {
        let ids: Vec<(Uuid,)> = tx
            .find::<collection_product::Entity>()
            .filter(collection_product::Column::ProductId.is_in(regroup))
            .columns([collection_product::Column::CollectionId])
            .await?;
        collections.extend(ids.into_iter().map(|(id,)| CollectionId::from_uuid(id)));
    }
    Box::pin(put(tx, next)).await
}

fn cover(card: &str) -> Option<String> {
    let card: ProductCard = serde_json::from_str(card).ok()?;
    card.pictures.into_iter().next().map(|picture| picture.url_base)
}

async fn put(tx: &Tx, documents: Vec<Documents>) -> Result<()> {
    use product_doc::Column::*;
    if documents.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = documents.iter().map(|d| d.doc.product_id).collect();
    let (mut docs, mut texts, mut variants, mut facets) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for document in documents {
        docs.push(document.doc.into_active_model().reset_all());
        texts.push(document.text.into_active_model().reset_all());
        variants.extend(document.variants.into_iter().map(|row| row.into_active_model().reset_all()));
        facets.extend(document.facets.into_iter().map(|row| row.into_active_model().reset_all()));
    }
    let columns = [
        Slug,
        Status,
        TitleSort,
        VendorKey,
        TypeKey,
        TagKeys,
        Search,
        PriceMin,
        PriceMax,
        Currency,
        InStock,
        StockState,
        Stock,
        VariantCount,
        Featured,
        PublishedAt,
        UpdatedAt,
        Version,
        Card,
    ];
    tx.upsert_many(docs, &[TenantId, ProductId], &columns).await.context("writing documents")?;
    use product_text::Column as Text;
    tx.upsert_many(texts, &[Text::TenantId, Text::ProductId], &[Text::Page, Text::Staff])
        .await
        .context("writing texts")?;
    tx.delete_many::<variant_doc::Entity>()
        .filter(variant_doc::Column::ProductId.is_in(ids.iter().copied()))
        .exec()
        .await?;
    tx.insert_many(variants).await.context("writing stock words")?;
    tx.delete_many::<product_facet::Entity>()
        .filter(product_facet::Column::ProductId.is_in(ids.iter().copied()))
        .exec()
        .await?;
    tx.insert_many(facets).await.context("writing facets")?;
    Ok(())
}

/// Renders collections and writes what differs.
async fn project_collections(tx: &Tx, ids: &BTreeSet<CollectionId>, changed: &mut Changed) -> Result<()> {
    use collection_doc::Column;
    if ids.is_empty() {
        return Ok(());
    }
    let keys: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    // What is in a collection, and in which order, shows in lists even when its own document stays.
    changed.collections = true;
    let rows = tx
        .find::<collection::Entity>()
        .filter(collection::Column::Id.is_in(keys.iter().copied()))
        .all()
        .await?;
    let holes = holes(keys.len());
    let counts = tx
        .raw_all(
            &format!(
                "SELECT m.collection_id, COUNT(*) AS members FROM collection_product m \
                 JOIN product_doc d ON d.tenant_id = m.tenant_id AND d.product_id = m.product_id \
                 WHERE m.tenant_id = {{tenant}} AND d.status = 'published' AND m.collection_id IN ({holes}) \
                 GROUP BY m.collection_id"
            ),
            keys.iter().map(|id| (*id).into()).collect(),
        )
        .await?;
    let mut members: HashMap<Uuid, i64> = HashMap::new();
    for row in counts {
        let id = row.try_get("", "collection_id").map_err(Error::from)?;
        members.insert(id, row.try_get("", "members").map_err(Error::from)?);
    }
    let media: Vec<Uuid> = rows.iter().filter_map(|row| row.media_id).collect();
    let media = crate::media::pictures(tx, &media).await?;
    let mut docs = Vec::new();
    for row in rows {
        let own = row.media_id.and_then(|id| media.get(&id)).and_then(|file| file.picture(""));
        let picture = match own {
            Some(picture) => Some(picture),
            None => first_cover(tx, row.id).await?,
        };
        let count = members.get(&row.id).copied().unwrap_or(0);
        docs.push(collection_row(row, picture, count).into_active_model().reset_all());
    }
    tx.upsert_many(
        docs,
        &[Column::TenantId, Column::CollectionId],
        &[Column::Slug, Column::Position, Column::ProductCount, Column::View],
    )
    .await
    .context("writing collections")?;
    Ok(())
}

/// The cover of the first published product of a collection that has one.
async fn first_cover(tx: &Tx, collection: Uuid) -> Result<Option<crate::view::Picture>> {
    let rows = tx
        .raw_all(
            "SELECT d.card FROM collection_product m \
             JOIN product_doc d ON d.tenant_id = m.tenant_id AND d.product_id = m.product_id \
             WHERE m.tenant_id = {tenant} AND m.collection_id = ? AND d.status = 'published' \
             ORDER BY m.position, m.product_id LIMIT 12",
            vec![collection.into()],
        )
        .await?;
    for row in rows {
        let card: String = row.try_get("", "card").map_err(Error::from)?;
        let card: ProductCard = serde_json::from_str(&card).map_err(Error::internal)?;
        if let Some(picture) = card.pictures.into_iter().next() {
            return Ok(Some(picture));
        }
    }
    Ok(None)
}

fn collection_row(
    row: collection::Model,
    picture: Option<crate::view::Picture>,
    count: i64,
) -> collection_doc::Model {
    let body = SafeHtml::clean(&row.body);
    let or = |given: &str, fallback: String| if given.is_empty() { fallback } else { given.to_owned() };
    let view = CollectionView {
        id: CollectionId::from_uuid(row.id),
        slug: row.slug.clone(),
        seo_title: or(&row.seo_title, row.title.clone()),
        seo_description: or(&row.seo_description, excerpt(body.as_str(), 200)),
        title: row.title,
        body,
        picture,
        product_count: u32::try_from(count).unwrap_or(0),
        updated_at: Timestamp::from_millis(row.updated_at),
    };
    collection_doc::Model {
        tenant_id: row.tenant_id,
        collection_id: row.id,
        slug: row.slug,
        position: row.position,
        product_count: i32::try_from(count).unwrap_or(i32::MAX),
        view: json(&view),
    }
}

/// One part of a rebuild: the next products after `after`, and with the last part the collections.
async fn slice(tx: &Tx, after: Option<Uuid>) -> Result<Slice> {
    let mut rows = tx.find::<product::Entity>().order_by_asc(product::Column::Id).limit(CHUNK as u64);
    if let Some(after) = after {
        rows = rows.filter(product::Column::Id.gt(after));
    }
    let ids: Vec<(Uuid,)> = rows.columns([product::Column::Id]).await?;
    let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
    let mut changed = Changed::default();
    Box::pin(project_products(tx, &ids, &mut changed, &mut BTreeSet::new())).await?;
    let last = (ids.len() == CHUNK).then(|| ids.last().copied()).flatten();
    let mut documents = ids.len() as u64;
    if last.is_none() {
        let all: Vec<(Uuid,)> = tx.find::<collection::Entity>().columns([collection::Column::Id]).await?;
        let all: BTreeSet<CollectionId> = all.into_iter().map(|(id,)| CollectionId::from_uuid(id)).collect();
        Box::pin(project_collections(tx, &all, &mut changed)).await?;
        documents += all.len() as u64;
    }
    announce(tx, changed);
    Ok(Slice { documents, last })
}
