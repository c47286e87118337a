//! A product as documents: a pure function of its rows.

use std::collections::{BTreeMap, HashMap};

use content::{SafeHtml, excerpt};
use platform::Error;
use primitives::{Currency, Money, ProductId, Timestamp, VariantId};
use uuid::Uuid;

use crate::entity::{product, product_doc, product_facet, product_text, variant, variant_doc};
use crate::error::Result;
use crate::media::File;
use crate::product::store::Snapshot;
use crate::product::{json, names, spec::PLAIN_OPTION, variant_title};
use crate::stock::Level;
use crate::text::{fold, is_colour_option, swatch};
use crate::view::{
    AdminProductRow, Availability, OptionGroup, OptionValue, Picture, ProductCard, ProductPage,
    ProductStatus, Rating, Swatch, VariantView,
};

/// Puts what cannot be bought behind what can, whenever it was published.
const SOLD_OUT_LAST: i64 = 1_000_000_000_000_000;
/// Characters of searched text that are kept per product.
const MAX_SEARCH: usize = 8_000;

/// Everything that the read model keeps of one product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Documents {
    pub doc: product_doc::Model,
    pub text: product_text::Model,
    pub variants: Vec<variant_doc::Model>,
    pub facets: Vec<product_facet::Model>,
}

/// What can be sold over counted variants; nothing when none is counted.
pub(crate) fn sellable<'l>(levels: impl IntoIterator<Item = &'l Level>) -> Option<i64> {
    let counted: Vec<i64> =
        levels.into_iter().filter(|level| level.tracked).map(|level| level.free().max(0)).collect();
    (!counted.is_empty()).then(|| counted.into_iter().fold(0, i64::saturating_add))
}

/// The word of one variant as the read model remembers it.
pub(crate) fn availability_word(availability: Availability) -> String {
    match availability {
        Availability::InStock => "in_stock".to_owned(),
        Availability::Low { left } => format!("low:{left}"),
        Availability::Backorder => "backorder".to_owned(),
        Availability::SoldOut => "sold_out".to_owned(),
    }
}

/// Renders one product. The page has no collections in it: those are joined when it is read.
pub(crate) fn documents(
    snapshot: &Snapshot,
    media: &HashMap<Uuid, File>,
    rating: Option<Rating>,
    lowest: &HashMap<Uuid, i64>,
    currency: Currency,
) -> Result<Documents> {
    let row = &snapshot.product;
    let id = ProductId::from_uuid(row.id);
    let levels = snapshot
        .variants
        .iter()
        .map(|variant| Ok(snapshot.stock_of(variant.id)?.total()))
        .collect::<Result<Vec<_>>>()?;
    let currency = match snapshot.variants.first() {
        Some(variant) => Currency::parse(&variant.currency).map_err(Error::internal)?,
        None => currency,
    };
    let (pictures, places) = pictures(snapshot, media);
    let page = page(row, &snapshot.variants, &levels, currency, pictures, &places);
    let page = ProductPage { rating, ..compared(page, lowest) };
    let published_at = row.published_at.map(Timestamp::from_millis);
    let card = card(&page, snapshot, published_at);
    let in_stock = page.availability.purchasable();
    let status = row.status.parse().map_err(|()| Error::internal("a product has an unknown state"))?;
    let staff = AdminProductRow {
        id,
        slug: row.slug.clone(),
        title: row.title.clone(),
        status,
        vendor: row.vendor.clone(),
        product_type: row.product_type.clone(),
        tags: page.tags.clone(),
        picture: page.pictures.first().cloned(),
        price: page.price,
        price_max: page.price_max,
        variant_count: card.variant_count,
        stock: None,
        availability: page.availability,
        collections: Vec::new(),
        updated_at: page.updated_at,
        version: row.version,
    };
    let doc = product_doc::Model {
        tenant_id: row.tenant_id,
        product_id: row.id,
        slug: row.slug.clone(),
        status: row.status.clone(),
        title_sort: fold(&row.title),
        vendor_key: fold(&row.vendor),
        type_key: fold(&row.product_type),
        tag_keys: page.tags.iter().fold(String::from("\n"), |keys, tag| keys + &fold(tag) + "\n"),
        search: search_text(row, &page.tags, &snapshot.variants),
        price_min: page.price.minor,
        price_max: page.price_max.minor,
        currency: currency.code().to_owned(),
        in_stock,
        stock_state: availability_word(page.availability),
        stock: sellable(&levels),
        variant_count: i32::try_from(snapshot.variants.len()).unwrap_or(i32::MAX),
        featured: if in_stock { 0 } else { SOLD_OUT_LAST } - row.published_at.unwrap_or(0),
        published_at: row.published_at.unwrap_or(0),
        updated_at: row.updated_at,
        version: row.version,
        card: json(&card),
    };
    let text = product_text::Model {
        tenant_id: row.tenant_id,
        product_id: row.id,
        page: json(&page),
        staff: json(&staff),
    };
    let variants = snapshot.variants.iter().zip(&levels).map(|(variant, level)| variant_doc::Model {
        tenant_id: row.tenant_id,
        variant_id: variant.id,
        product_id: row.id,
        availability: availability_word(level.availability()),
    });
    Ok(Documents { doc, text, variants: variants.collect(), facets: facets(row, &page) })
}

/// The pictures that can be shown, and where each place of the gallery went among them.
fn pictures(snapshot: &Snapshot, media: &HashMap<Uuid, File>) -> (Vec<Picture>, HashMap<Uuid, u32>) {
    let mut pictures = Vec::new();
    let mut places = HashMap::new();
    for image in &snapshot.images {
        if let Some(picture) = media.get(&image.media_id).and_then(|file| file.picture(&image.alt)) {
            places.insert(image.id, u32::try_from(pictures.len()).unwrap_or(u32::MAX));
            pictures.push(picture);
        }
    }
    (pictures, places)
}

fn page(
    row: &product::Model,
    variants: &[variant::Model],
    levels: &[Level],
    currency: Currency,
    pictures: Vec<Picture>,
    places: &HashMap<Uuid, u32>,
) -> ProductPage {
    let names_of_options = names(&row.option_names);
    // One option called Title with one value is Shopify's way of saying that there is nothing to choose.
    let plain = variants.len() <= 1 && names_of_options == [PLAIN_OPTION];
    let variants: Vec<VariantView> = variants
        .iter()
        .zip(levels)
        .map(|(variant, level)| {
            let values = names(&variant.option_values);
            let price = Money::new(variant.price_minor, currency);
            VariantView {
                id: VariantId::from_uuid(variant.id),
                title: if plain { String::new() } else { variant_title(&values) },
                sku: variant.sku.clone(),
                options: if plain { Vec::new() } else { values },
                price,
                compare_at: struck_out(price, variant.compare_at_minor),
                lowest_before: None,
                tiers: Vec::new(),
                availability: level.availability(),
                picture: variant.image_id.and_then(|image| places.get(&image).copied()),
                weight_grams: variant.weight_grams,
                requires_shipping: variant.requires_shipping,
            }
        })
        .collect();
    let options = if plain { Vec::new() } else { option_groups(names_of_options, &variants) };
    let availability = variants
        .iter()
        .map(|variant| variant.availability)
        .reduce(Availability::best)
        .unwrap_or(Availability::SoldOut);
    let body = SafeHtml::clean(&row.body);
    // What stands under headings of its own is told in panels; the summary is of what comes before.
    let (intro, _) = body.sections();
    let told = if intro.is_blank() { &body } else { &intro };
    let summary = excerpt(told.as_str(), 200);
    let or =
        |given: &str, fallback: &str| if given.is_empty() { fallback.to_owned() } else { given.to_owned() };
    ProductPage {
        id: ProductId::from_uuid(row.id),
        slug: row.slug.clone(),
        title: row.title.clone(),
        vendor: row.vendor.clone(),
        product_type: row.product_type.clone(),
        tags: names(&row.tags),
        seo_title: or(&row.seo_title, &row.title),
        seo_description: or(&row.seo_description, &summary),
        body,
        summary,
        pictures,
        options,
        variants,
        // Those of the variants, once what they have to be compared with is known.
        price: Money::zero(currency),
        price_max: Money::zero(currency),
        compare_at: None,
        lowest_before: None,
        availability,
        collections: Vec::new(),
        rating: None,
        published_at: row.published_at.map(Timestamp::from_millis),
        updated_at: Timestamp::from_millis(row.updated_at),
    }
}

/// The page with what its reduced prices have to be compared with.
fn compared(mut page: ProductPage, lowest: &HashMap<Uuid, i64>) -> ProductPage {
    for variant in page.variants.iter_mut().filter(|variant| variant.compare_at.is_some()) {
        let minor = lowest.get(&variant.id.uuid()).copied();
        variant.lowest_before = minor.map(|minor| Money::new(minor, variant.price.currency));
    }
    page.sum_up_prices();
    page
}

/// A struck-out price that is not higher strikes nothing out.
fn struck_out(price: Money, compare_at_minor: Option<i64>) -> Option<Money> {
    compare_at_minor.filter(|minor| price.minor < *minor).map(|minor| Money::new(minor, price.currency))
}

fn option_groups(option_names: Vec<String>, variants: &[VariantView]) -> Vec<OptionGroup> {
    let group = |(n, name): (usize, String)| {
        let colour = is_colour_option(&name);
        let mut at: HashMap<&str, usize> = HashMap::new();
        let mut values: Vec<OptionValue> = Vec::new();
        for variant in variants {
            let Some(value) = variant.options.get(n) else { continue };
            let place = *at.entry(value).or_insert_with(|| {
                let swatch = if colour { swatch(value).map(str::to_owned) } else { None };
                values.push(OptionValue { value: value.clone(), swatch, available: false });
                values.len() - 1
            });
            values[place].available |= variant.availability.purchasable();
        }
        OptionGroup { name, values }
    };
    option_names.into_iter().enumerate().map(group).collect()
}

fn card(page: &ProductPage, snapshot: &Snapshot, published_at: Option<Timestamp>) -> ProductCard {
    let swatches = page.options.iter().flat_map(|group| &group.values).filter_map(|value| {
        value.swatch.as_ref().map(|color| Swatch { name: value.value.clone(), color: color.clone() })
    });
    ProductCard {
        id: page.id,
        slug: page.slug.clone(),
        title: page.title.clone(),
        vendor: page.vendor.clone(),
        product_type: page.product_type.clone(),
        price: page.price,
        price_max: page.price_max,
        compare_at: page.compare_at,
        lowest_before: page.lowest_before,
        pictures: page.pictures.iter().take(2).cloned().collect(),
        swatches: swatches.take(8).collect(),
        availability: page.availability,
        variant_count: u32::try_from(snapshot.variants.len()).unwrap_or(u32::MAX),
        only_variant: match &page.variants[..] {
            [only] => Some(only.id),
            _ => None,
        },
        rating: page.rating,
        published_at,
        updated_at: page.updated_at,
    }
}

fn search_text(row: &product::Model, tags: &[String], variants: &[variant::Model]) -> String {
    let mut words = vec![row.title.as_str(), &row.vendor, &row.product_type];
    words.extend(tags.iter().map(String::as_str));
    words.extend(variants.iter().flat_map(|variant| [variant.sku.as_str(), &variant.barcode]));
    let text = fold(&words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    text.chars().take(MAX_SEARCH).collect()
}

fn facets(row: &product::Model, page: &ProductPage) -> Vec<product_facet::Model> {
    let mut facets = BTreeMap::new();
    // Lists show what is published, so only that is counted.
    if row.status != ProductStatus::Published.as_str() {
        return Vec::new();
    }
    for group in &page.options {
        for value in &group.values {
            facets.entry((fold(&group.name), fold(&value.value))).or_insert_with(|| product_facet::Model {
                tenant_id: row.tenant_id,
                product_id: row.id,
                name_key: fold(&group.name),
                value_key: fold(&value.value),
                name: group.name.clone(),
                value: value.value.clone(),
            });
        }
    }
    facets.into_values().collect()
}
