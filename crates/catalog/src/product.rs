//! Products and their variants: use cases. The rules are in [`state`] and [`spec`], the writing in [`change`].

pub(crate) mod admin;
pub(crate) mod change;
pub mod input;
pub mod price;
pub(crate) mod spec;
pub mod state;
pub(crate) mod store;

pub use spec::MAX_PRICE;

use platform::{Ctx, Error, TenantDb, Tx};
use primitives::{CollectionId, ImageId, MediaId, Permission, ProductId, Slug};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::Serialize;

use crate::collection;
use crate::entity::{product, product_slug};
use crate::error::{CatalogError, Result};
use crate::event::CatalogEvent;
use crate::stock::Reason;
use crate::view::AdminProduct;
use change::Missing;
use events::Emit;
use input::{MediaInput, NewProduct, PLAIN_VALUE, ProductEdit, VariantsEdit};
use price::Sold;
use spec::{Check, MAX_IMAGES, ProductSpec};
use state::{Move, Stored};

/// Makes a product with its variants, as a draft or published at once.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `CONFLICT` when a given address is taken (one made from the name gets a number),
/// `NOT_FOUND` for a collection or file that does not exist.
pub async fn create(ctx: &Ctx, input: &NewProduct) -> Result<AdminProduct> {
    if input.publish {
        ctx.require(Permission::PRODUCTS_PUBLISH)?;
    }
    let spec = input::new_spec(ctx, input)?;
    let now = ctx.now();
    let currency = ctx.tenant().currency;
    ctx.write(Permission::PRODUCTS_CREATE, async |tx| {
        let mut spec = spec.clone();
        if input.slug.is_none() {
            spec.slug = free_slug(tx, &spec.slug).await?;
        }
        crate::media::must_exist(tx, spec.images.iter().filter_map(|image| image.media)).await?;
        let mut changes = change::compare(None, &spec, Missing::Remove, currency, now)?;
        if input.publish {
            changes = changes.published(now)?;
        }
        let id = changes.id;
        Box::pin(change::write(tx, vec![changes], Reason::Initial, now)).await?;
        Box::pin(collection::set_memberships(tx, id, &input.collections, now)).await?;
        Box::pin(load_admin(tx, id)).await
    })
    .await
}

/// Changes what a product says about itself.
///
/// # Errors
/// As [`create`]; `CONFLICT` when `version` is not the present one.
pub async fn update(ctx: &Ctx, id: ProductId, version: i64, input: &ProductEdit) -> Result<AdminProduct> {
    let beside = Beside { collections: input.collections.as_deref(), media: Vec::new() };
    Box::pin(change_spec(ctx, id, version, beside, |spec| input::edit(spec, input))).await
}

/// Adds, changes and removes variants, all or none.
///
/// # Errors
/// As [`update`]; `CONFLICT` when pieces of a variant that should go are promised to orders.
pub async fn save_variants(
    ctx: &Ctx,
    id: ProductId,
    version: i64,
    input: &VariantsEdit,
) -> Result<AdminProduct> {
    if input.variants.iter().any(|variant| variant.on_hand.is_some()) {
        ctx.require(Permission::INVENTORY_UPDATE)?;
    }
    let currency = ctx.tenant().currency;
    Box::pin(change_spec(ctx, id, version, Beside::default(), |spec| {
        input::edit_variants(spec, input, currency)
    }))
    .await
}

/// Adds pictures behind those that are there.
pub async fn attach_media(
    ctx: &Ctx,
    id: ProductId,
    version: i64,
    media: &[MediaInput],
) -> Result<AdminProduct> {
    let beside = Beside { collections: None, media: media.iter().filter_map(|input| input.media).collect() };
    Box::pin(change_spec(ctx, id, version, beside, |spec| {
        let mut check = Check::default();
        let mut images = input::images(&mut check, "media", media);
        if MAX_IMAGES < spec.images.len() + images.len() {
            check.fail("media", format!("a product has at most {MAX_IMAGES} pictures"));
        }
        check.finish(())?;
        spec.images.append(&mut images);
        Ok(())
    }))
    .await
}

/// Puts the pictures into this order; those that are not named are detached.
pub async fn reorder_media(
    ctx: &Ctx,
    id: ProductId,
    version: i64,
    order: &[ImageId],
) -> Result<AdminProduct> {
    Box::pin(change_spec(ctx, id, version, Beside::default(), |spec| {
        let mut places = Vec::with_capacity(order.len());
        for image in order {
            let place = spec.images.iter().position(|there| there.id == Some(*image));
            let place = place.ok_or_else(|| Error::not_found(ImageId::KIND))?;
            if places.contains(&place) {
                return Err(CatalogError::field("imageIds", "a picture is named twice"));
            }
            places.push(place);
        }
        for variant in &mut spec.variants {
            variant.image = variant.image.and_then(|image| places.iter().position(|place| *place == image));
        }
        spec.images = places.into_iter().map(|place| spec.images[place].clone()).collect();
        Ok(())
    }))
    .await
}

/// Says what a picture shows.
pub async fn set_alt(
    ctx: &Ctx,
    id: ProductId,
    version: i64,
    image: ImageId,
    alt: &str,
) -> Result<AdminProduct> {
    Box::pin(change_spec(ctx, id, version, Beside::default(), |spec| {
        let mut check = Check::default();
        let alt = check.line("alt", alt, 512);
        check.finish(())?;
        let there = spec.images.iter_mut().find(|there| there.id == Some(image));
        there.ok_or_else(|| Error::not_found(ImageId::KIND))?.alt = alt;
        Ok(())
    }))
    .await
}

/// Publishes, unpublishes, archives or restores a product.
///
/// # Errors
/// `CONFLICT` when its state does not allow it or `version` is not the present one.
pub async fn move_to(ctx: &Ctx, id: ProductId, version: i64, wanted: Move) -> Result<AdminProduct> {
    let permission = match wanted {
        Move::Publish | Move::Unpublish => Permission::PRODUCTS_PUBLISH,
        Move::Archive | Move::Restore => Permission::PRODUCTS_UPDATE,
    };
    ctx.write(permission, async |tx| {
        Box::pin(shift(tx, id, version, wanted)).await?;
        Box::pin(load_admin(tx, id)).await
    })
    .await
}

/// Deletes a product for good. Old orders keep their own copy of what was bought.
///
/// # Errors
/// `CONFLICT` while orders in progress hold pieces of it.
pub async fn delete(ctx: &Ctx, id: ProductId, version: i64) -> Result<()> {
    ctx.write(Permission::PRODUCTS_DELETE, async |tx| {
        let before = Box::pin(store::get(tx, id)).await?;
        crate::stock::must_be_free(tx, before.stock.keys().copied()).await?;
        let collections = collection::of_product(tx, id).await?;
        let deleted = tx
            .delete_many::<product::Entity>()
            .filter(product::Column::Id.eq(id.uuid()))
            .filter(product::Column::Version.eq(version))
            .exec()
            .await?;
        if deleted == 0 {
            return Err(CatalogError::Changed { kind: ProductId::KIND, version: before.product.version });
        }
        let mut events = vec![CatalogEvent::ProductDeleted { product_id: id, slug: before.product.slug }];
        events.extend(collections.into_iter().map(collection::members_changed));
        tx.emit_all(events).await?;
        Ok(())
    })
    .await
}

/// One product for its editors.
pub async fn get(ctx: &Ctx, id: ProductId) -> Result<AdminProduct> {
    let db = ctx.read(Permission::PRODUCTS_READ).await?;
    Box::pin(load_admin(&db, id)).await
}

/// What changes beside the product's own rows.
#[derive(Default)]
struct Beside<'i> {
    /// All collections that show it, when they are given.
    collections: Option<&'i [CollectionId]>,
    /// Files that have to be this tenant's.
    media: Vec<MediaId>,
}

/// Loads, lets `edit` change the specification, writes the difference. Nothing different: nothing is written.
async fn change_spec(
    ctx: &Ctx,
    id: ProductId,
    version: i64,
    beside: Beside<'_>,
    edit: impl Fn(&mut ProductSpec) -> Result<()> + Send + Sync,
) -> Result<AdminProduct> {
    let now = ctx.now();
    let currency = ctx.tenant().currency;
    ctx.write(Permission::PRODUCTS_UPDATE, async |tx| {
        let before = Box::pin(store::get(tx, id)).await?;
        if before.product.version != version {
            return Err(CatalogError::Changed { kind: ProductId::KIND, version: before.product.version });
        }
        let mut spec = input::spec_of(&before)?;
        edit(&mut spec)?;
        crate::media::must_exist(tx, beside.media.iter().copied()).await?;
        if let Some(collections) = beside.collections {
            Box::pin(collection::set_memberships(tx, id, collections, now)).await?;
        }
        if before.product.status == "published" && spec.variants.is_empty() {
            return Err(CatalogError::field("remove", "a published product needs at least one variant"));
        }
        let changes = change::compare(Some(&before), &spec, Missing::Remove, currency, now)?;
        Box::pin(change::write(tx, vec![changes], Reason::Count, now)).await?;
        Box::pin(load_admin(tx, id)).await
    })
    .await
}

/// Moves a product to another state: decided by the types, held by the compare-and-set.
pub(crate) async fn shift(tx: &Tx, id: ProductId, version: i64, wanted: Move) -> Result<()> {
    let now =
        tx.ctx().map(Ctx::now).ok_or_else(|| Error::internal("a product moves within a tenant's write"))?;
    let before = Box::pin(store::get(tx, id)).await?;
    let to = state::decide(Stored::load(&before.product)?, wanted, before.variants.len(), now)?;
    let status = to.status().as_str();
    let change = |row: &mut product::ActiveModel| {
        row.status = Set(status.to_owned());
        if wanted == Move::Publish {
            row.published_at = Set(Some(now.millis()));
        }
    };
    let row = store::touch(tx, id, version, change, now).await?;
    let offered = wanted == Move::Publish;
    let sold: Vec<Sold> = before.variants.iter().map(|row| Sold::of(row, offered, None)).collect();
    Box::pin(price::note(tx, &sold, now)).await?;
    tx.emit(match wanted {
        Move::Publish => CatalogEvent::ProductPublished { product_id: id, slug: row.slug },
        Move::Unpublish | Move::Restore => CatalogEvent::ProductUnpublished { product_id: id },
        Move::Archive => CatalogEvent::ProductArchived { product_id: id },
    })
    .await?;
    Ok(())
}

/// `slug`, or the first of `slug-2`, `slug-3` … that no product has or had.
pub(crate) async fn free_slug(db: &TenantDb, slug: &Slug) -> Result<Slug> {
    let pattern = crate::text::prefix_pattern(slug.as_str());
    let rows = db
        .raw_all(
            "SELECT slug FROM product WHERE tenant_id = {tenant} AND slug LIKE ? ESCAPE '\\' \
             UNION SELECT slug FROM product_slug WHERE tenant_id = {tenant} AND slug LIKE ? ESCAPE '\\'",
            vec![pattern.clone().into(), pattern.into()],
        )
        .await?;
    let mut taken = std::collections::HashSet::new();
    for row in rows {
        taken.insert(row.try_get::<String>("", "slug").map_err(Error::from)?);
    }
    let numbered = (2u32..).map(|n| slug.numbered(n));
    let mut candidates = std::iter::once(slug.clone()).chain(numbered);
    let free = candidates.find(|candidate| !taken.contains(candidate.as_str()));
    Ok(free.ok_or_else(|| Error::internal("ran out of addresses"))?)
}

async fn load_admin(db: &TenantDb, id: ProductId) -> Result<AdminProduct> {
    let snapshot = Box::pin(store::get(db, id)).await?;
    let old_slugs = db
        .find::<product_slug::Entity>()
        .filter(product_slug::Column::ProductId.eq(id.uuid()))
        .order_by_asc(product_slug::Column::CreatedAt)
        .all()
        .await?;
    let collections = collection::links_of(db, &[id.uuid()]).await?.remove(&id.uuid()).unwrap_or_default();
    let media: Vec<uuid::Uuid> = snapshot.images.iter().map(|row| row.media_id).collect();
    let media = crate::media::pictures(db, &media).await?;
    admin::view(&snapshot, old_slugs.into_iter().map(|row| row.slug).collect(), collections, &media)
}

/// JSON for a column of our own making; lists of texts and maps always have one.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A JSON list of texts back from its column.
pub(crate) fn names(column: &str) -> Vec<String> {
    serde_json::from_str(column).unwrap_or_default()
}

/// A variant's name: its values; nothing for the only variant of a product without options.
pub(crate) fn variant_title(values: &[String]) -> String {
    if values == [PLAIN_VALUE] { String::new() } else { values.join(" / ") }
}
