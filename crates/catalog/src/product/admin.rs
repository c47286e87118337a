//! A product as its editors see it, from the rows.

use std::collections::HashMap;

use content::SafeHtml;
use platform::Error;
use primitives::{Currency, ImageId, LocationId, MediaId, Money, ProductId, Timestamp, VariantId};
use uuid::Uuid;

use super::store::Snapshot;
use super::{names, variant_title};
use crate::entity::variant;
use crate::error::Result;
use crate::media::File;
use crate::stock::{Level, Stock};
use crate::view::{AdminImage, AdminProduct, AdminShelf, AdminVariant, CollectionLink, ImageState};

/// Puts the view together.
pub(super) fn view(
    snapshot: &Snapshot,
    old_slugs: Vec<String>,
    collections: Vec<CollectionLink>,
    media: &HashMap<Uuid, File>,
) -> Result<AdminProduct> {
    let row = &snapshot.product;
    let variants =
        snapshot.variants.iter().map(|variant| variant_view(variant, snapshot.stock_of(variant.id)?));
    let variants = variants.collect::<Result<Vec<_>>>()?;
    let options = names(&row.option_names).into_iter().enumerate().map(|(n, name)| {
        let mut values: Vec<String> = Vec::new();
        for variant in &variants {
            if let Some(value) = variant.option_values.get(n).filter(|value| !values.contains(value)) {
                values.push(value.clone());
            }
        }
        (name, values)
    });
    Ok(AdminProduct {
        id: ProductId::from_uuid(row.id),
        slug: row.slug.clone(),
        old_slugs,
        title: row.title.clone(),
        status: row.status.parse().map_err(|()| Error::internal("a product has an unknown state"))?,
        vendor: row.vendor.clone(),
        product_type: row.product_type.clone(),
        tags: names(&row.tags),
        body: SafeHtml::clean(&row.body),
        seo_title: row.seo_title.clone(),
        seo_description: row.seo_description.clone(),
        options: options.collect(),
        images: snapshot
            .images
            .iter()
            .map(|image| {
                let file = media.get(&image.media_id);
                AdminImage {
                    id: ImageId::from_uuid(image.id),
                    media: MediaId::from_uuid(image.media_id),
                    alt: image.alt.clone(),
                    source_url: image.source_url.clone(),
                    picture: file.and_then(|file| file.picture(&image.alt)),
                    state: file.map_or(ImageState::Failed, |file| file.state),
                }
            })
            .collect(),
        variants,
        collections,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        published_at: row.published_at.map(Timestamp::from_millis),
        version: row.version,
    })
}

/// One variant with its stock.
pub(crate) fn variant_view(row: &variant::Model, stock: &Stock) -> Result<AdminVariant> {
    let level = stock.total();
    let currency = Currency::parse(&row.currency).map_err(Error::internal)?;
    let option_values = names(&row.option_values);
    Ok(AdminVariant {
        id: VariantId::from_uuid(row.id),
        position: row.position,
        title: variant_title(&option_values),
        option_values,
        sku: row.sku.clone(),
        barcode: row.barcode.clone(),
        price: Money::new(row.price_minor, currency),
        compare_at: row.compare_at_minor.map(|minor| Money::new(minor, currency)),
        weight_grams: row.weight_grams,
        requires_shipping: row.requires_shipping,
        taxable: row.taxable,
        tax_category: row.tax_category.clone(),
        tracked: level.tracked,
        policy: level.policy,
        on_hand: level.on_hand,
        reserved: level.reserved,
        available: level.free().max(0),
        hot: stock.is_hot(),
        shelves: shelves_view(stock),
        image: row.image_id.map(ImageId::from_uuid),
    })
}

/// What lies at each location.
pub(crate) fn shelves_view(stock: &Stock) -> Vec<AdminShelf> {
    let places = stock.places().into_iter();
    places.filter_map(|(location, sells)| Some(shelf_view(location, sells, stock.at(location)?))).collect()
}

fn shelf_view(location: LocationId, sells: bool, level: Level) -> AdminShelf {
    AdminShelf {
        location,
        on_hand: level.on_hand,
        reserved: level.reserved,
        threshold: level.threshold,
        available: if sells { level.free().max(0) } else { 0 },
    }
}
