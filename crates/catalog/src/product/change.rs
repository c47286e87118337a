//! From what a product is to what it shall be: one comparison for editor and import, and one way to write it.

use std::collections::{HashMap, HashSet};

use events::Emit;
use platform::{Context, Error, Tx};
use pricing::TaxCategory;
use primitives::{Currency, LocationId, MediaId, ProductId, Timestamp, VariantId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel};
use uuid::Uuid;

use super::price::{self, Sold};
use super::spec::{ImageSpec, ProductSpec, VariantSpec};
use super::state::Product;
use super::store::{self, Snapshot};
use super::{json, names};
use crate::entity::{product, product_image, stock_level, variant};
use crate::error::{CatalogError, Result};
use crate::event::{CatalogEvent, PriceFact};
use crate::stock::{self, Level, Reason, Stock};
use crate::view::ProductStatus;

/// What happens to variants and pictures that the specification does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// They stay, after the named ones.
    Keep,
    /// They go.
    Remove,
}

/// Everything that has to be written to bring one product to its specification.
#[derive(Debug)]
pub(crate) struct Changes {
    pub id: ProductId,
    /// The version that the comparison saw; `None` for a new product.
    pub version: Option<i64>,
    /// What of the product itself differs.
    pub fields: Vec<&'static str>,
    product: product::Model,
    old_slug: Option<String>,
    new_variants: Vec<(variant::Model, stock_level::Model)>,
    changed_variants: Vec<(variant::Model, variant::Model)>,
    removed_variants: Vec<Uuid>,
    /// What was seen, what the default location's shelf shall be, the field that says so.
    stock: Vec<(Stock, Level, String)>,
    new_images: Vec<product_image::Model>,
    changed_images: Vec<product_image::Model>,
    removed_images: Vec<Uuid>,
}

impl Changes {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.version.is_some() && self.stock.is_empty() && !self.touches_product()
    }

    /// A new product that is shown in the shop at once.
    pub fn published(mut self, now: Timestamp) -> Result<Self> {
        let published = Product::draft(self.id).publish(self.new_variants.len(), now)?;
        self.product.status = ProductStatus::Published.as_str().to_owned();
        self.product.published_at = Some(published.state().at.millis());
        Ok(self)
    }

    /// The variants that cost something else from now on.
    fn sold(&self) -> impl Iterator<Item = Sold> {
        let offered = self.product.status == ProductStatus::Published.as_str();
        let new = self.new_variants.iter().map(move |(row, _)| Sold::of(row, offered, None));
        let changed = self.changed_variants.iter().filter(|(before, row)| {
            (before.price_minor, before.compare_at_minor, &before.currency)
                != (row.price_minor, row.compare_at_minor, &row.currency)
        });
        new.chain(changed.map(move |(before, row)| Sold::of(row, offered, Some(before.price_minor))))
    }

    /// Whether more than counts differs; only then the product gets a new version.
    fn touches_product(&self) -> bool {
        !(self.fields.is_empty()
            && self.new_variants.is_empty()
            && self.changed_variants.is_empty()
            && self.removed_variants.is_empty()
            && self.new_images.is_empty()
            && self.changed_images.is_empty()
            && self.removed_images.is_empty())
    }
}

/// Compares. `None` for `before` means a new product, a draft. Pure.
///
/// # Errors
/// `CONFLICT` when a variant has to go of which pieces are promised, `NOT_FOUND` for a variant or picture id that is
/// not this product's.
pub(crate) fn compare(
    before: Option<&Snapshot>,
    spec: &ProductSpec,
    missing: Missing,
    currency: Currency,
    now: Timestamp,
) -> Result<Changes> {
    let id = before.map_or_else(ProductId::new, |snapshot| ProductId::from_uuid(snapshot.product.id));
    let mut fields = Vec::new();
    let product = product_row(before.map(|snapshot| &snapshot.product), id, spec, now, &mut fields);
    let old_slug = before.map(|s| s.product.slug.clone()).filter(|slug| *slug != product.slug);
    let mut changes = Changes {
        id,
        version: before.map(|snapshot| snapshot.product.version),
        fields,
        product,
        old_slug,
        new_variants: Vec::new(),
        changed_variants: Vec::new(),
        removed_variants: Vec::new(),
        stock: Vec::new(),
        new_images: Vec::new(),
        changed_images: Vec::new(),
        removed_images: Vec::new(),
    };
    let images = place_images(before, spec, missing, &mut changes)?;
    // With other options, what is not named has no place any more.
    let same_options = before.is_some_and(|s| names(&s.product.option_names) == spec.option_names);
    let missing = if same_options { missing } else { Missing::Remove };
    place_variants(before, spec, missing, currency, &images, now, &mut changes)?;
    Ok(changes)
}

fn product_row(
    before: Option<&product::Model>,
    id: ProductId,
    spec: &ProductSpec,
    now: Timestamp,
    fields: &mut Vec<&'static str>,
) -> product::Model {
    let wanted = product::Model {
        tenant_id: before.map_or(Uuid::nil(), |row| row.tenant_id),
        id: id.uuid(),
        slug: spec.slug.as_str().to_owned(),
        title: spec.title.clone(),
        body: spec.body.as_str().to_owned(),
        vendor: spec.vendor.clone(),
        product_type: spec.product_type.clone(),
        tags: json(&spec.tags),
        seo_title: spec.seo_title.clone(),
        seo_description: spec.seo_description.clone(),
        option_names: json(&spec.option_names),
        status: before.map_or_else(|| "draft".to_owned(), |row| row.status.clone()),
        source_columns: json(&spec.source_columns),
        version: before.map_or(1, |row| row.version),
        created_at: before.map_or(now.millis(), |row| row.created_at),
        updated_at: before.map_or(now.millis(), |row| row.updated_at),
        published_at: before.and_then(|row| row.published_at),
    };
    if let Some(row) = before {
        let pairs = [
            ("slug", row.slug != wanted.slug),
            ("title", row.title != wanted.title),
            ("body", row.body != wanted.body),
            ("vendor", row.vendor != wanted.vendor),
            ("productType", row.product_type != wanted.product_type),
            ("tags", row.tags != wanted.tags),
            ("seoTitle", row.seo_title != wanted.seo_title),
            ("seoDescription", row.seo_description != wanted.seo_description),
            ("options", row.option_names != wanted.option_names),
            ("sourceColumns", row.source_columns != wanted.source_columns),
        ];
        fields.extend(pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name));
    }
    wanted
}

/// Gives every picture its place; the answer says which row each picture of the specification became.
fn place_images(
    before: Option<&Snapshot>,
    spec: &ProductSpec,
    missing: Missing,
    changes: &mut Changes,
) -> Result<Vec<Uuid>> {
    let there = before.map_or(&[][..], |snapshot| &snapshot.images);
    let mut used = HashSet::new();
    let mut ids = Vec::with_capacity(spec.images.len());
    let mut position = 0;
    for image in &spec.images {
        let row = match image.id {
            Some(id) => {
                let row = there.iter().find(|row| row.id == id.uuid());
                Some(row.ok_or_else(|| Error::not_found(primitives::ImageId::KIND))?)
            }
            None => there.iter().find(|row| !used.contains(&row.id) && same_picture(row, image)),
        };
        let wanted = product_image::Model {
            tenant_id: Uuid::nil(),
            id: row.map_or_else(Uuid::now_v7, |row| row.id),
            product_id: changes.id.uuid(),
            media_id: row.map_or_else(|| image.media.map_or(Uuid::nil(), MediaId::uuid), |row| row.media_id),
            position,
            alt: image.alt.clone(),
            source_url: row.map_or_else(|| image.url.clone(), |row| row.source_url.clone()),
        };
        position += 1;
        used.insert(wanted.id);
        ids.push(wanted.id);
        match row {
            None => changes.new_images.push(wanted),
            Some(row) if row.position != wanted.position || row.alt != wanted.alt => {
                changes.changed_images.push(wanted)
            }
            Some(_) => {}
        }
    }
    for row in there.iter().filter(|row| !used.contains(&row.id)) {
        match missing {
            Missing::Remove => changes.removed_images.push(row.id),
            Missing::Keep => {
                if row.position != position {
                    changes.changed_images.push(product_image::Model { position, ..row.clone() });
                }
                position += 1;
            }
        }
    }
    Ok(ids)
}

fn same_picture(row: &product_image::Model, image: &ImageSpec) -> bool {
    match image.media {
        Some(media) => row.media_id == media.uuid(),
        None => !image.url.is_empty() && row.source_url == image.url,
    }
}

fn place_variants(
    before: Option<&Snapshot>,
    spec: &ProductSpec,
    missing: Missing,
    currency: Currency,
    images: &[Uuid],
    now: Timestamp,
    changes: &mut Changes,
) -> Result<()> {
    let there = before.map_or(&[][..], |snapshot| &snapshot.variants);
    let matched = match_variants(there, &spec.variants)?;
    let mut used = HashSet::new();
    let mut position = 0;
    for (n, (wanted, row)) in spec.variants.iter().zip(matched).enumerate() {
        let row = row.map(|at| &there[at]);
        let image = wanted.image.and_then(|at| images.get(at).copied());
        let next = variant_row(changes.id, row, wanted, currency, position, image);
        position += 1;
        match row {
            None => changes.new_variants.push((next.clone(), stock_row(next.id, wanted, now))),
            Some(row) => {
                used.insert(row.id);
                if *row != next {
                    changes.changed_variants.push((row.clone(), next));
                }
                let stock = before.map(|snapshot| snapshot.stock_of(row.id)).transpose()?;
                if let Some(stock) = stock {
                    let field = format!("variants.{n}.onHand");
                    let level = wanted_level(default_shelf(stock, row.tenant_id), stock, wanted, &field)?;
                    if level != default_shelf(stock, row.tenant_id) {
                        changes.stock.push((stock.clone(), level, field));
                    }
                }
            }
        }
    }
    for row in there.iter().filter(|row| !used.contains(&row.id)) {
        if missing == Missing::Keep {
            if row.position != position {
                changes.changed_variants.push((row.clone(), variant::Model { position, ..row.clone() }));
            }
            position += 1;
            continue;
        }
        let reserved =
            before.and_then(|snapshot| snapshot.stock.get(&row.id)).map_or(0, |stock| stock.total().reserved);
        if 0 < reserved {
            return Err(CatalogError::Held);
        }
        changes.removed_variants.push(row.id);
    }
    Ok(())
}

/// Which row each variant is: by id, else by its values, else by an article number that is unique on both sides.
fn match_variants(there: &[variant::Model], wanted: &[VariantSpec]) -> Result<Vec<Option<usize>>> {
    let mut matched: Vec<Option<usize>> = vec![None; wanted.len()];
    let mut used = HashSet::new();
    let by_id: HashMap<Uuid, usize> = there.iter().enumerate().map(|(at, row)| (row.id, at)).collect();
    for (n, spec) in wanted.iter().enumerate() {
        if let Some(id) = spec.id {
            let at = *by_id.get(&id.uuid()).ok_or_else(|| Error::not_found(VariantId::KIND))?;
            used.insert(at);
            matched[n] = Some(at);
        }
    }
    let key = |values: &[String]| values.iter().map(|value| value.to_lowercase()).collect::<Vec<_>>();
    let by_values: HashMap<Vec<String>, usize> =
        there.iter().enumerate().map(|(at, row)| (key(&names(&row.option_values)), at)).collect();
    for (n, spec) in wanted.iter().enumerate().filter(|(_, spec)| spec.id.is_none()) {
        if let Some(at) = by_values.get(&key(&spec.option_values)).copied().filter(|at| used.insert(*at)) {
            matched[n] = Some(at);
        }
    }
    let unique = |skus: Vec<&str>| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for sku in skus.into_iter().filter(|sku| !sku.is_empty()) {
            *counts.entry(sku.to_owned()).or_default() += 1;
        }
        counts.into_iter().filter(|(_, count)| *count == 1).map(|(sku, _)| sku).collect::<HashSet<_>>()
    };
    let (old, new) = (
        unique(there.iter().map(|row| row.sku.as_str()).collect()),
        unique(wanted.iter().map(|v| v.sku.as_str()).collect()),
    );
    for (n, spec) in wanted.iter().enumerate() {
        if matched[n].is_none() && spec.id.is_none() && old.contains(&spec.sku) && new.contains(&spec.sku) {
            matched[n] = there.iter().position(|row| row.sku == spec.sku).filter(|at| used.insert(*at));
        }
    }
    Ok(matched)
}

fn variant_row(
    product: ProductId,
    row: Option<&variant::Model>,
    spec: &VariantSpec,
    currency: Currency,
    position: i32,
    image: Option<Uuid>,
) -> variant::Model {
    variant::Model {
        tenant_id: row.map_or(Uuid::nil(), |row| row.tenant_id),
        id: row.map_or_else(|| VariantId::new().uuid(), |row| row.id),
        product_id: product.uuid(),
        position,
        option_values: json(&spec.option_values),
        sku: spec.sku.clone(),
        barcode: spec.barcode.clone(),
        currency: currency.code().to_owned(),
        price_minor: spec.price.minor,
        compare_at_minor: spec.compare_at.map(|price| price.minor),
        weight_grams: spec.weight_grams,
        weight_unit: spec.weight_unit.clone(),
        requires_shipping: spec.requires_shipping,
        taxable: spec.taxable,
        tax_category: match (&spec.tax_category, row) {
            (Some(category), _) => category.as_str().to_owned(),
            (None, Some(row)) => row.tax_category.clone(),
            (None, None) => TaxCategory::STANDARD.as_str().to_owned(),
        },
        image_id: image,
        source_columns: json(&spec.source_columns),
    }
}

/// The shelf of the default location, whose id is the tenant's.
fn default_shelf(stock: &Stock, tenant: Uuid) -> Level {
    stock.at(LocationId::from_uuid(tenant)).unwrap_or_else(|| stock.total())
}

/// What the default location's shelf becomes when the shop shall have what the specification says.
fn wanted_level(here: Level, stock: &Stock, spec: &VariantSpec, field: &str) -> Result<Level> {
    let on_hand = match spec.on_hand {
        Some(wanted) => stock::part(here.on_hand, stock.total().on_hand, wanted, field)?,
        None => here.on_hand,
    };
    let threshold = spec.threshold.unwrap_or(here.threshold);
    Ok(Level { on_hand, reserved: here.reserved, threshold, tracked: spec.tracked, policy: spec.policy })
}

fn stock_row(variant: Uuid, spec: &VariantSpec, now: Timestamp) -> stock_level::Model {
    stock_level::Model {
        tenant_id: Uuid::nil(),
        variant_id: variant,
        // The default location, which is always active.
        location_id: Uuid::nil(),
        bucket: 0,
        sells: true,
        on_hand: spec.on_hand.unwrap_or(0),
        reserved: 0,
        threshold: spec.threshold.unwrap_or(0),
        tracked: spec.tracked,
        policy: spec.policy.as_str().to_owned(),
        updated_at: now.millis(),
    }
}

/// Writes the changes of several products and announces them, in few statements.
///
/// # Errors
/// `CONFLICT` when one of them was changed since the comparison, or an address is taken.
pub(crate) async fn write(tx: &Tx, all: Vec<Changes>, reason: Reason, now: Timestamp) -> Result<()> {
    let mut events = Vec::new();
    let (mut products, mut variants, mut stock, mut moved, mut images) =
        (vec![], vec![], vec![], vec![], vec![]);
    let (mut counts, mut sold) = (Vec::new(), Vec::new());
    for mut changes in all {
        if changes.is_empty() {
            continue;
        }
        announce(&changes, &mut events);
        sold.extend(changes.sold());
        match changes.version {
            None => {
                Box::pin(store::claim_slug(tx, changes.id, None, &changes.product.slug, now)).await?;
                products.push(changes.product.into_active_model().reset_all());
            }
            Some(version) => {
                if changes.touches_product() {
                    if let Some(old) = &changes.old_slug {
                        Box::pin(store::claim_slug(tx, changes.id, Some(old), &changes.product.slug, now))
                            .await?;
                    }
                    Box::pin(update_product(tx, &changes, version, now)).await?;
                }
                Box::pin(remove(tx, &changes)).await?;
            }
        }
        for (row, level) in changes.new_variants.drain(..) {
            if level.on_hand != 0 {
                moved.push(stock::first_movement(tx, level.variant_id, level.on_hand, reason, now));
            }
            variants.push(store::whole_variant(row));
            let level = stock_level::Model { location_id: stock::default_location(tx).uuid(), ..level };
            stock.push(level.into_active_model().reset_all());
        }
        variants.extend(changes.changed_variants.drain(..).map(|(_, row)| store::whole_variant(row)));
        counts.append(&mut changes.stock);
        images.append(&mut changes.new_images);
        for row in changes.changed_images.drain(..) {
            tx.update_many::<product_image::Entity>()
                .set(product_image::Column::Position, row.position)
                .set(product_image::Column::Alt, row.alt)
                .filter(product_image::Column::Id.eq(row.id))
                .exec()
                .await?;
        }
    }
    tx.insert_many(products).await.context("writing products")?;
    Box::pin(put_images(tx, images)).await?;
    Box::pin(store::put_variants(tx, variants)).await?;
    Box::pin(price::note(tx, &sold, now)).await?;
    tx.insert_many(stock).await.context("writing stock levels")?;
    tx.insert_many(moved).await.context("writing stock movements")?;
    Box::pin(recount(tx, counts, reason, now)).await?;
    tx.emit_all(events).await?;
    Ok(())
}

/// Brings shelves to what was compared, unless somebody has counted since.
async fn recount(tx: &Tx, counts: Vec<(Stock, Level, String)>, reason: Reason, now: Timestamp) -> Result<()> {
    let mut stocks = stock::lock(tx, counts.iter().filter_map(|(seen, _, _)| seen.variant())).await?;
    for (seen, wanted, field) in counts {
        let stock = seen.variant().and_then(|variant| stocks.get_mut(&variant));
        let stock = stock.ok_or_else(|| Error::not_found(VariantId::KIND))?;
        let place = stock::default_location(tx);
        let (before, here) = (seen.at(place), stock.at(place));
        let counted = |level: Option<Level>| level.map_or(0, |level| level.on_hand);
        if counted(before) != counted(here) && wanted.on_hand != counted(before) {
            return Err(Error::conflict("the stock was changed by somebody else, try again").into());
        }
        let on_hand = wanted.on_hand - counted(before) + counted(here);
        Box::pin(stock::count(tx, stock, Level { on_hand, ..wanted }, reason, &field, now)).await?;
    }
    Ok(())
}

async fn update_product(tx: &Tx, changes: &Changes, version: i64, now: Timestamp) -> Result<()> {
    let row = changes.product.clone();
    let change = |active: &mut product::ActiveModel| {
        active.slug = Set(row.slug);
        active.title = Set(row.title);
        active.body = Set(row.body);
        active.vendor = Set(row.vendor);
        active.product_type = Set(row.product_type);
        active.tags = Set(row.tags);
        active.seo_title = Set(row.seo_title);
        active.seo_description = Set(row.seo_description);
        active.option_names = Set(row.option_names);
        active.source_columns = Set(row.source_columns);
    };
    store::touch(tx, changes.id, version, change, now).await?;
    Ok(())
}

async fn remove(tx: &Tx, changes: &Changes) -> Result<()> {
    if !changes.removed_variants.is_empty() {
        stock::must_be_free(tx, changes.removed_variants.iter().copied()).await?;
        tx.delete_many::<variant::Entity>()
            .filter(variant::Column::ProductId.eq(changes.id.uuid()))
            .filter(variant::Column::Id.is_in(changes.removed_variants.iter().copied()))
            .exec()
            .await
            .context("deleting variants")?;
    }
    if !changes.removed_images.is_empty() {
        tx.update_many::<variant::Entity>()
            .set(variant::Column::ImageId, None::<Uuid>)
            .filter(variant::Column::ProductId.eq(changes.id.uuid()))
            .filter(variant::Column::ImageId.is_in(changes.removed_images.iter().copied()))
            .exec()
            .await?;
        tx.delete_many::<product_image::Entity>()
            .filter(product_image::Column::ProductId.eq(changes.id.uuid()))
            .filter(product_image::Column::Id.is_in(changes.removed_images.iter().copied()))
            .exec()
            .await?;
    }
    Ok(())
}

/// New pictures; those that are only an address are asked for.
async fn put_images(tx: &Tx, mut images: Vec<product_image::Model>) -> Result<()> {
    let wanted: Vec<String> =
        images.iter().filter(|row| row.media_id.is_nil()).map(|row| row.source_url.clone()).collect();
    let mut media = crate::media::request(tx, &wanted).await?.into_iter();
    for row in images.iter_mut().filter(|row| row.media_id.is_nil()) {
        let id = media.next().ok_or_else(|| Error::internal("fewer media than addresses"))?;
        row.media_id = id.uuid();
    }
    tx.insert_many(images.into_iter().map(|row| row.into_active_model().reset_all()).collect())
        .await
        .context("writing pictures")?;
    Ok(())
}

fn announce(changes: &Changes, events: &mut Vec<CatalogEvent>) {
    let product_id = changes.id;
    let id = |row: &variant::Model| VariantId::from_uuid(row.id);
    if changes.version.is_none() {
        events.push(CatalogEvent::ProductCreated {
            product_id,
            slug: changes.product.slug.clone(),
            variant_ids: changes.new_variants.iter().map(|(row, _)| id(row)).collect(),
        });
    }
    if changes.version.is_none() && changes.product.published_at.is_some() {
        events.push(CatalogEvent::ProductPublished { product_id, slug: changes.product.slug.clone() });
    }
    for (row, _) in &changes.new_variants {
        events.push(CatalogEvent::VariantCreated { product_id, variant_id: id(row), sku: row.sku.clone() });
    }
    for (before, row) in &changes.changed_variants {
        let priced = variant::Model {
            price_minor: row.price_minor,
            compare_at_minor: row.compare_at_minor,
            currency: row.currency.clone(),
            ..before.clone()
        };
        if priced != *before && before.currency == row.currency {
            let fact = |v: &variant::Model| PriceFact {
                price_minor: v.price_minor,
                compare_at_minor: v.compare_at_minor,
            };
            if let Ok(currency) = Currency::parse(&row.currency) {
                let (old, new) = (fact(before), fact(row));
                events.push(CatalogEvent::PriceUpdated {
                    product_id,
                    variant_id: id(row),
                    currency,
                    old,
                    new,
                });
            }
        }
        if priced != *row || before.currency != row.currency {
            events.push(CatalogEvent::VariantUpdated { product_id, variant_id: id(row) });
        }
    }
    for removed in &changes.removed_variants {
        events.push(CatalogEvent::VariantDeleted { product_id, variant_id: VariantId::from_uuid(*removed) });
    }
    let pictures = !changes.new_images.is_empty()
        || !changes.changed_images.is_empty()
        || !changes.removed_images.is_empty();
    let mut changed: Vec<String> = changes.fields.iter().map(|field| (*field).to_owned()).collect();
    if pictures {
        changed.push("images".to_owned());
    }
    if changes.version.is_some() && !changed.is_empty() {
        events.push(CatalogEvent::ProductUpdated { product_id, changed });
    }
    // A change of policy or tracking moves no piece, but it changes what can be bought.
    for (seen, level, _) in &changes.stock {
        let Some(variant_id) = seen.variant() else { continue };
        let tenant = seen.rows().first().map_or(Uuid::nil(), |row| row.tenant_id);
        if default_shelf(seen, tenant).on_hand == level.on_hand {
            events.push(CatalogEvent::VariantUpdated { product_id, variant_id });
        }
    }
}
