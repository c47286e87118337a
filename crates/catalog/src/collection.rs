//! Collections: products that a merchant shows together, in an order of their choice.

use std::collections::{HashMap, HashSet};

use content::SafeHtml;
use events::Emit;
use platform::{Context, Ctx, Error, TenantDb, Tx};
use primitives::{
    CollectionId, Cursor, Direction, MediaId, PageArgs, Permission, ProductId, Slug, Timestamp,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ExprTrait};
use uuid::Uuid;

use crate::entity::{collection, collection_product, collection_slug, product};
use crate::error::{CatalogError, Result};
use crate::event::CatalogEvent;
use crate::product::spec::Check;
use crate::query::Slice;
use crate::view::{AdminCollection, CollectionLink};

/// Products that one collection may show.
pub const MAX_PRODUCTS: usize = 5_000;

/// A collection that does not exist yet.
#[derive(Clone, Debug, Default)]
pub struct NewCollection {
    /// Name.
    pub title: String,
    /// Address; made from the name when absent.
    pub slug: Option<String>,
    /// HTML from anywhere; it is cleaned.
    pub body_html: String,
    /// Title for search engines.
    pub seo_title: String,
    /// Description for search engines.
    pub seo_description: String,
    /// Its own picture.
    pub media: Option<MediaId>,
    /// Its products, in order.
    pub products: Vec<ProductId>,
}

/// A change of a collection; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct CollectionEdit {
    /// Name.
    pub title: Option<String>,
    /// Address; the old one forwards.
    pub slug: Option<String>,
    /// HTML from anywhere; it is cleaned.
    pub body_html: Option<String>,
    /// Title for search engines.
    pub seo_title: Option<String>,
    /// Description for search engines.
    pub seo_description: Option<String>,
    /// Its own picture.
    pub media: Option<MediaId>,
    /// Order among collections, from 0.
    pub position: Option<i32>,
}

/// Makes a collection, behind the others.
pub async fn create(ctx: &Ctx, input: &NewCollection) -> Result<AdminCollection> {
    let mut check = Check::default();
    let title = check.name("title", &input.title, 255);
    let slug = match &input.slug {
        Some(slug) => check.slug("slug", slug),
        None => Slug::slugify(&title),
    };
    if slug.is_none() && input.slug.is_none() {
        check.fail("slug", "the name has no letter or digit an address could be made of: give one");
    }
    let seo_title = check.line("seoTitle", &input.seo_title, 255);
    let seo_description = check.line("seoDescription", &input.seo_description, 1_000);
    distinct(&mut check, &input.products);
    let Some(slug) = check.finish(slug)? else {
        return Err(CatalogError::field("slug", "must not be empty"));
    };
    let now = ctx.now();
    ctx.write(Permission::CATEGORIES_CREATE, async |tx| {
        let id = CollectionId::new();
        claim_slug(tx, id, None, slug.as_str(), now).await?;
        crate::media::must_exist(tx, input.media).await?;
        let last = tx.find::<collection::Entity>().order_by_desc(collection::Column::Position).one().await?;
        tx.insert(collection::ActiveModel {
            id: Set(id.uuid()),
            slug: Set(slug.as_str().to_owned()),
            title: Set(title.clone()),
            body: Set(SafeHtml::clean(&input.body_html).into_string()),
            seo_title: Set(seo_title.clone()),
            seo_description: Set(seo_description.clone()),
            position: Set(last.map_or(0, |row| row.position.saturating_add(1))),
            media_id: Set(input.media.map(MediaId::uuid)),
            version: Set(1),
            created_at: Set(now.millis()),
            updated_at: Set(now.millis()),
            ..Default::default()
        })
        .await
        .context("writing a collection")?;
        Box::pin(put_products(tx, id, &input.products)).await?;
        tx.emit(CatalogEvent::CategoryCreated { collection_id: id, slug: slug.as_str().to_owned() }).await?;
        Box::pin(load_admin(tx, id)).await
    })
    .await
}

/// Changes what a collection says about itself. Nothing different: nothing is written.
///
/// # Errors
/// `CONFLICT` when `version` is not the present one or the address is taken.
pub async fn update(
    ctx: &Ctx,
    id: CollectionId,
    version: i64,
    input: &CollectionEdit,
) -> Result<AdminCollection> {
    let now = ctx.now();
    ctx.write(Permission::CATEGORIES_UPDATE, async |tx| {
        let before = claim(tx, id, version).await?;
        let mut check = Check::default();
        let mut row = before.clone();
        if let Some(title) = &input.title {
            row.title = check.name("title", title, 255);
        }
        if let Some(slug) = input.slug.as_ref().and_then(|slug| check.slug("slug", slug)) {
            row.slug = slug.as_str().to_owned();
        }
        if let Some(html) = &input.body_html {
            row.body = SafeHtml::clean(html).into_string();
        }
        if let Some(title) = &input.seo_title {
            row.seo_title = check.line("seoTitle", title, 255);
        }
        if let Some(description) = &input.seo_description {
            row.seo_description = check.line("seoDescription", description, 1_000);
        }
        if let Some(media) = input.media {
            row.media_id = Some(media.uuid());
        }
        if let Some(position) = input.position {
            row.position =
                i32::try_from(check.within("position", position.into(), 0, 1_000_000)).unwrap_or(0);
        }
        check.finish(())?;
        crate::media::must_exist(tx, input.media).await?;
        let changed: Vec<String> = [
            ("title", row.title != before.title),
            ("slug", row.slug != before.slug),
            ("body", row.body != before.body),
            ("seoTitle", row.seo_title != before.seo_title),
            ("seoDescription", row.seo_description != before.seo_description),
            ("media", row.media_id != before.media_id),
            ("position", row.position != before.position),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name.to_owned())
        .collect();
        if !changed.is_empty() {
            if row.slug != before.slug {
                claim_slug(tx, id, Some(&before.slug), &row.slug, now).await?;
            }
            row.version = version + 1;
            row.updated_at = now.millis();
            let active: collection::ActiveModel = row.into();
            tx.update(active.reset_all()).await?;
            tx.emit(CatalogEvent::CategoryUpdated { collection_id: id, changed }).await?;
        }
        Box::pin(load_admin(tx, id)).await
    })
    .await
}

/// Puts exactly these products into the collection, in this order.
pub async fn set_products(
    ctx: &Ctx,
    id: CollectionId,
    version: i64,
    products: &[ProductId],
) -> Result<AdminCollection> {
    let mut check = Check::default();
    distinct(&mut check, products);
    check.finish(())?;
    let now = ctx.now();
    ctx.write(Permission::CATEGORIES_UPDATE, async |tx| {
        let row = claim(tx, id, version).await?;
        let before = tx
            .find::<collection_product::Entity>()
            .filter(collection_product::Column::CollectionId.eq(id.uuid()))
            .order_by_asc(collection_product::Column::Position)
            .columns::<(Uuid,)>([collection_product::Column::ProductId])
            .await?;
        if !before.iter().map(|(product,)| *product).eq(products.iter().map(|product| product.uuid())) {
            tx.delete_many::<collection_product::Entity>()
                .filter(collection_product::Column::CollectionId.eq(id.uuid()))
                .exec()
                .await?;
            Box::pin(put_products(tx, id, products)).await?;
            let mut active: collection::ActiveModel = row.into();
            active.version = Set(version + 1);
            active.updated_at = Set(now.millis());
            tx.update(active).await?;
            tx.emit(members_changed(id)).await?;
        }
        Box::pin(load_admin(tx, id)).await
    })
    .await
}

/// Deletes a collection; its products stay.
pub async fn delete(ctx: &Ctx, id: CollectionId, version: i64) -> Result<()> {
    ctx.write(Permission::CATEGORIES_DELETE, async |tx| {
        let row = claim(tx, id, version).await?;
        tx.delete_many::<collection::Entity>().filter(collection::Column::Id.eq(id.uuid())).exec().await?;
        tx.emit(CatalogEvent::CategoryDeleted { collection_id: id, slug: row.slug }).await?;
        Ok(())
    })
    .await
}

/// One collection for its editors.
pub async fn get(ctx: &Ctx, id: CollectionId) -> Result<AdminCollection> {
    let db = ctx.read(Permission::CATEGORIES_READ).await?;
    Box::pin(load_admin(&db, id)).await
}

/// All collections for their editors, in their order.
pub async fn list(ctx: &Ctx, page: &PageArgs) -> Result<Slice<AdminCollection>> {
    const ORDER: &str = "collections";
    let db = ctx.read(Permission::CATEGORIES_LIST).await?;
    let forward = page.direction() == Direction::Forward;
    let mut rows = db.find::<collection::Entity>();
    if let Some(cursor) = page.cursor() {
        use collection::Column::{Id, Position};
        let (position, id): (i32, Uuid) =
            cursor.decode(ORDER).map_err(|e| CatalogError::field("after", e.to_string()))?;
        let beyond = match forward {
            true => Condition::any().add(Position.gt(position)).add(Position.eq(position).and(Id.gt(id))),
            false => Condition::any().add(Position.lt(position)).add(Position.eq(position).and(Id.lt(id))),
        };
        rows = rows.filter(beyond);
    }
    let order = if forward { sea_orm::Order::Asc } else { sea_orm::Order::Desc };
    let rows = rows
        .order_by(collection::Column::Position, order.clone())
        .order_by(collection::Column::Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let total = db.find::<collection::Entity>().count().await?;
    let views = Box::pin(admin_views(&db, &rows)).await?;
    let keyed = rows
        .iter()
        .zip(views)
        .map(|(row, view)| {
            Ok((Cursor::encode(ORDER, &(row.position, row.id)).map_err(Error::internal)?, view))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Slice::of(keyed, page, total))
}

/// The event that the products of a collection are others now.
pub(crate) fn members_changed(id: CollectionId) -> CatalogEvent {
    CatalogEvent::CategoryUpdated { collection_id: id, changed: vec!["products".to_owned()] }
}

/// The collections that show a product.
pub(crate) async fn of_product(db: &TenantDb, product: ProductId) -> Result<Vec<CollectionId>> {
    let rows = db
        .find::<collection_product::Entity>()
        .filter(collection_product::Column::ProductId.eq(product.uuid()))
        .order_by_asc(collection_product::Column::CollectionId)
        .columns::<(Uuid,)>([collection_product::Column::CollectionId])
        .await?;
    Ok(rows.into_iter().map(|(id,)| CollectionId::from_uuid(id)).collect())
}

/// Shows a product in exactly these collections; at the end of those that did not show it before.
pub(crate) async fn set_memberships(
    tx: &Tx,
    product: ProductId,
    collections: &[CollectionId],
    now: Timestamp,
) -> Result<()> {
    let before: HashSet<CollectionId> = of_product(tx, product).await?.into_iter().collect();
    let wanted: HashSet<CollectionId> = collections.iter().copied().collect();
    let mut changed: Vec<CollectionId> = before.symmetric_difference(&wanted).copied().collect();
    changed.sort();
    for id in changed {
        let row = tx.get::<collection::Entity>(id.uuid()).await?;
        if wanted.contains(&id) {
            let last = tx
                .find::<collection_product::Entity>()
                .filter(collection_product::Column::CollectionId.eq(id.uuid()))
                .order_by_desc(collection_product::Column::Position)
                .one()
                .await?;
            tx.insert(collection_product::ActiveModel {
                collection_id: Set(id.uuid()),
                product_id: Set(product.uuid()),
                position: Set(last.map_or(0, |row| row.position + 1)),
                ..Default::default()
            })
            .await?;
        } else {
            tx.delete_many::<collection_product::Entity>()
                .filter(collection_product::Column::CollectionId.eq(id.uuid()))
                .filter(collection_product::Column::ProductId.eq(product.uuid()))
                .exec()
                .await?;
        }
        let version = row.version + 1;
        let mut active: collection::ActiveModel = row.into();
        active.version = Set(version);
        active.updated_at = Set(now.millis());
        tx.update(active).await?;
        tx.emit(members_changed(id)).await?;
    }
    Ok(())
}

/// Which collections show these products, in the collections' order. One statement.
pub(crate) async fn links_of(db: &TenantDb, products: &[Uuid]) -> Result<HashMap<Uuid, Vec<CollectionLink>>> {
    let mut links: HashMap<Uuid, Vec<CollectionLink>> = HashMap::new();
    if products.is_empty() {
        return Ok(links);
    }
    let holes = platform::db::holes(products.len());
    let rows = db
        .raw_all(
            &format!(
                "SELECT m.product_id, c.id, c.slug, c.title FROM collection_product m \
                 JOIN collection c ON c.tenant_id = m.tenant_id AND c.id = m.collection_id \
                 WHERE m.tenant_id = {{tenant}} AND m.product_id IN ({holes}) ORDER BY c.position, c.id"
            ),
            products.iter().map(|id| (*id).into()).collect(),
        )
        .await?;
    for row in rows {
        let product: Uuid = row.try_get("", "product_id").map_err(Error::from)?;
        links.entry(product).or_default().push(CollectionLink {
            id: CollectionId::from_uuid(row.try_get("", "id").map_err(Error::from)?),
            slug: row.try_get("", "slug").map_err(Error::from)?,
            title: row.try_get("", "title").map_err(Error::from)?,
        });
    }
    Ok(links)
}

/// The row when it still has this version.
async fn claim(tx: &Tx, id: CollectionId, version: i64) -> Result<collection::Model> {
    let row = tx.get::<collection::Entity>(id.uuid()).await?;
    // The row is locked by writing it, so that two editors cannot both pass.
    let claimed = tx
        .update_many::<collection::Entity>()
        .set(collection::Column::Version, version)
        .filter(collection::Column::Id.eq(id.uuid()))
        .filter(collection::Column::Version.eq(version))
        .exec()
        .await?;
    if claimed == 0 {
        return Err(CatalogError::Changed { kind: CollectionId::KIND, version: row.version });
    }
    Ok(row)
}

async fn claim_slug(tx: &Tx, id: CollectionId, old: Option<&str>, slug: &str, now: Timestamp) -> Result<()> {
    let taken = tx
        .find::<collection::Entity>()
        .filter(collection::Column::Slug.eq(slug))
        .filter(collection::Column::Id.ne(id.uuid()))
        .one()
        .await?;
    if taken.is_some() {
        return Err(CatalogError::SlugTaken { slug: slug.to_owned() });
    }
    tx.delete_many::<collection_slug::Entity>().filter(collection_slug::Column::Slug.eq(slug)).exec().await?;
    if let Some(old) = old {
        tx.upsert(
            collection_slug::ActiveModel {
                slug: Set(old.to_owned()),
                collection_id: Set(id.uuid()),
                created_at: Set(now.millis()),
                ..Default::default()
            },
            &[collection_slug::Column::TenantId, collection_slug::Column::Slug],
            &[collection_slug::Column::CollectionId, collection_slug::Column::CreatedAt],
        )
        .await?;
    }
    Ok(())
}

async fn put_products(tx: &Tx, id: CollectionId, products: &[ProductId]) -> Result<()> {
    for chunk in products.chunks(1_000) {
        let found = tx
            .find::<product::Entity>()
            .filter(product::Column::Id.is_in(chunk.iter().map(|product| product.uuid())))
            .count()
            .await?;
        if found != chunk.len() as u64 {
            return Err(Error::not_found(ProductId::KIND).into());
        }
    }
    let rows = products.iter().zip(0i64..).map(|(product, position)| collection_product::ActiveModel {
        collection_id: Set(id.uuid()),
        product_id: Set(product.uuid()),
        position: Set(position),
        ..Default::default()
    });
    tx.insert_many(rows.collect()).await.context("writing the products of a collection")?;
    Ok(())
}

fn distinct(check: &mut Check, products: &[ProductId]) {
    if MAX_PRODUCTS < products.len() {
        check.fail("productIds", format!("a collection shows at most {MAX_PRODUCTS} products"));
    }
    let distinct: HashSet<ProductId> = products.iter().copied().collect();
    if distinct.len() != products.len() {
        check.fail("productIds", "a product is named twice");
    }
}

async fn load_admin(db: &TenantDb, id: CollectionId) -> Result<AdminCollection> {
    let row = db.get::<collection::Entity>(id.uuid()).await?;
    let view = Box::pin(admin_views(db, std::slice::from_ref(&row))).await?.pop();
    Ok(view.ok_or_else(|| Error::not_found(CollectionId::KIND))?)
}

async fn admin_views(db: &TenantDb, rows: &[collection::Model]) -> Result<Vec<AdminCollection>> {
    let counts = db
        .raw_all(
            "SELECT collection_id, COUNT(*) AS members FROM collection_product \
             WHERE tenant_id = {tenant} GROUP BY collection_id",
            Vec::new(),
        )
        .await?;
    let mut members: HashMap<Uuid, i64> = HashMap::new();
    for row in counts {
        let id = row.try_get("", "collection_id").map_err(Error::from)?;
        members.insert(id, row.try_get("", "members").map_err(Error::from)?);
    }
    let media: Vec<Uuid> = rows.iter().filter_map(|row| row.media_id).collect();
    let media = crate::media::pictures(db, &media).await?;
    let views = rows.iter().map(|row| AdminCollection {
        id: CollectionId::from_uuid(row.id),
        slug: row.slug.clone(),
        title: row.title.clone(),
        body: SafeHtml::clean(&row.body),
        seo_title: row.seo_title.clone(),
        seo_description: row.seo_description.clone(),
        position: row.position,
        media: row.media_id.map(MediaId::from_uuid),
        picture: row.media_id.and_then(|id| media.get(&id)).and_then(|file| file.picture("")),
        product_count: members.get(&row.id).and_then(|n| u32::try_from(*n).ok()).unwrap_or(0),
        version: row.version,
        updated_at: Timestamp::from_millis(row.updated_at),
    });
    Ok(views.collect())
}
