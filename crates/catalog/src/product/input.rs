//! What editors send, and how it becomes a checked [`ProductSpec`].

use content::SafeHtml;
use platform::Ctx;
use primitives::{CollectionId, Currency, ImageId, MediaId, Slug, VariantId};

use super::names;
use super::spec::{
    Check, ImageSpec, MAX_GRAMS, MAX_IMAGES, MAX_ON_HAND, MAX_VARIANTS, PLAIN_OPTION, ProductSpec,
    SourceColumns, VariantSpec, description,
};
use super::store::Snapshot;
use crate::entity::variant;
use crate::error::Result;
use crate::stock::Level;
use crate::view::StockPolicy;

/// The value of the only variant of a product without options.
pub const PLAIN_VALUE: &str = "Default Title";

/// A product that does not exist yet. Texts are as people typed them.
#[derive(Clone, Debug, Default)]
pub struct NewProduct {
    /// Name.
    pub title: String,
    /// Address; made from the name when absent.
    pub slug: Option<String>,
    /// HTML from anywhere; it is cleaned.
    pub body_html: String,
    /// Maker.
    pub vendor: String,
    /// Kind.
    pub product_type: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Title for search engines.
    pub seo_title: String,
    /// Description for search engines.
    pub seo_description: String,
    /// Names of up to three options; empty for one plain variant.
    pub options: Vec<String>,
    /// Variants, at least one to be published.
    pub variants: Vec<VariantInput>,
    /// Pictures, in order.
    pub media: Vec<MediaInput>,
    /// Collections that show it, at their end.
    pub collections: Vec<CollectionId>,
    /// Whether it is published at once.
    pub publish: bool,
}

/// A change of a product; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ProductEdit {
    /// Name.
    pub title: Option<String>,
    /// Address; the old one forwards.
    pub slug: Option<String>,
    /// HTML from anywhere; it is cleaned.
    pub body_html: Option<String>,
    /// Maker.
    pub vendor: Option<String>,
    /// Kind.
    pub product_type: Option<String>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// Title for search engines.
    pub seo_title: Option<String>,
    /// Description for search engines.
    pub seo_description: Option<String>,
    /// All collections that show it.
    pub collections: Option<Vec<CollectionId>>,
}

/// A variant, new or changed; what is absent stays, or has its default.
#[derive(Clone, Debug, Default)]
pub struct VariantInput {
    /// The variant to change; absent for a new one.
    pub id: Option<VariantId>,
    /// One per option.
    pub option_values: Option<Vec<String>>,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// Bar code.
    pub barcode: Option<String>,
    /// Decimal text in the shop's currency.
    pub price: Option<String>,
    /// Decimal text; empty text takes it away.
    pub compare_at: Option<String>,
    /// Weight in grams.
    pub weight_grams: Option<i64>,
    /// Whether it is sent; a new one is.
    pub requires_shipping: Option<bool>,
    /// Whether tax applies; to a new one it does.
    pub taxable: Option<bool>,
    /// What it is for the tax office, as [`pricing::TaxCategory`] reads it; a new one is `standard`.
    pub tax_category: Option<String>,
    /// Whether stock is counted; of a new one it is.
    pub tracked: Option<bool>,
    /// What happens when the stock is used up.
    pub policy: Option<StockPolicy>,
    /// The count on the shelf.
    pub on_hand: Option<i64>,
    /// Its own picture, by id.
    pub image: Option<ImageId>,
    /// Its own picture, by place in the gallery from 0; for products that are being made.
    pub image_index: Option<usize>,
}

/// Variants to write and to delete.
#[derive(Clone, Debug, Default)]
pub struct VariantsEdit {
    /// New names of the options; then every variant that stays needs new values.
    pub options: Option<Vec<String>>,
    /// New and changed variants.
    pub variants: Vec<VariantInput>,
    /// Variants to delete.
    pub remove: Vec<VariantId>,
}

/// A picture to attach: one of both.
#[derive(Clone, Debug, Default)]
pub struct MediaInput {
    /// An uploaded file.
    pub media: Option<MediaId>,
    /// An address to fetch from.
    pub url: Option<String>,
    /// Text for those who do not see it.
    pub alt: String,
}

/// The specification of a new product.
pub(super) fn new_spec(ctx: &Ctx, input: &NewProduct) -> Result<ProductSpec> {
    let mut check = Check::default();
    let title = check.name("title", &input.title, 255);
    let slug = match &input.slug {
        Some(slug) => check.slug("slug", slug),
        None => {
            let slug = Slug::slugify(&title);
            if slug.is_none() && !title.is_empty() {
                check.fail("slug", "the name has no letter or digit an address could be made of: give one");
            }
            slug
        }
    };
    let plain = input.options.is_empty();
    let mut option_names = check.option_names("options", input.options.iter().map(String::as_str));
    if plain {
        option_names = vec![PLAIN_OPTION.to_owned()];
    }
    let images = images(&mut check, "media", &input.media);
    let currency = ctx.tenant().currency;
    let one_plain = [VariantInput { price: Some("0".to_owned()), ..VariantInput::default() }];
    let given = if input.variants.is_empty() && plain { &one_plain[..] } else { &input.variants[..] };
    let mut variants = Vec::with_capacity(given.len());
    for (n, variant) in given.iter().enumerate() {
        let at = format!("variants.{n}");
        let mut variant = variant.clone();
        if plain && variant.option_values.as_ref().is_none_or(Vec::is_empty) {
            variant.option_values = Some(vec![PLAIN_VALUE.to_owned()]);
        }
        if variant.id.is_some() {
            check.fail(&format!("{at}.id"), "a new product has no variants yet");
        }
        if variant.image.is_some() {
            check.fail(&format!("{at}.imageId"), "a new product has no pictures yet");
        }
        let mut spec = patched(&mut check, &at, None, &variant, option_names.len(), currency);
        spec.image = variant.image_index.filter(|at| *at < images.len());
        variants.push(spec);
    }
    whole(&mut check, &variants);
    let spec = slug.map(|slug| ProductSpec {
        slug,
        title,
        body: description(&input.body_html),
        vendor: check.line("vendor", &input.vendor, 255),
        product_type: check.line("productType", &input.product_type, 255),
        tags: check.tags("tags", input.tags.iter().map(String::as_str)),
        seo_title: check.line("seoTitle", &input.seo_title, 255),
        seo_description: check.line("seoDescription", &input.seo_description, 1_000),
        option_names,
        variants,
        images,
        source_columns: SourceColumns::new(),
    });
    match check.finish(spec)? {
        Some(spec) => Ok(spec),
        None => Err(crate::CatalogError::field("slug", "must not be empty")),
    }
}

/// A stored product as a specification, to be changed and compared.
pub(super) fn spec_of(snapshot: &Snapshot) -> Result<ProductSpec> {
    let row = &snapshot.product;
    let place = |image: uuid::Uuid| snapshot.images.iter().position(|row| row.id == image);
    let variants = snapshot.variants.iter().map(|row| {
        let level = snapshot.stock_of(row.id)?.total();
        Ok(variant_spec(row, &level, row.image_id.and_then(place)))
    });
    Ok(ProductSpec {
        slug: Slug::parse(&row.slug).map_err(platform::Error::internal)?,
        title: row.title.clone(),
        body: SafeHtml::clean(&row.body),
        vendor: row.vendor.clone(),
        product_type: row.product_type.clone(),
        tags: names(&row.tags),
        seo_title: row.seo_title.clone(),
        seo_description: row.seo_description.clone(),
        option_names: names(&row.option_names),
        variants: variants.collect::<Result<_>>()?,
        images: snapshot
            .images
            .iter()
            .map(|row| ImageSpec {
                id: Some(ImageId::from_uuid(row.id)),
                media: Some(MediaId::from_uuid(row.media_id)),
                url: row.source_url.clone(),
                alt: row.alt.clone(),
            })
            .collect(),
        source_columns: serde_json::from_str(&row.source_columns).unwrap_or_default(),
    })
}

fn variant_spec(row: &variant::Model, level: &Level, image: Option<usize>) -> VariantSpec {
    let money =
        |minor| primitives::Money::new(minor, Currency::parse(&row.currency).unwrap_or(Currency::EUR));
    VariantSpec {
        id: Some(VariantId::from_uuid(row.id)),
        option_values: names(&row.option_values),
        sku: row.sku.clone(),
        barcode: row.barcode.clone(),
        price: money(row.price_minor),
        compare_at: row.compare_at_minor.map(money),
        weight_grams: row.weight_grams,
        weight_unit: row.weight_unit.clone(),
        requires_shipping: row.requires_shipping,
        taxable: row.taxable,
        tax_category: None,
        tracked: level.tracked,
        policy: level.policy,
        on_hand: None,
        threshold: None,
        image,
        source_columns: serde_json::from_str(&row.source_columns).unwrap_or_default(),
    }
}

/// The product's own fields, changed.
pub(super) fn edit(spec: &mut ProductSpec, input: &ProductEdit) -> Result<()> {
    let mut check = Check::default();
    if let Some(title) = &input.title {
        spec.title = check.name("title", title, 255);
    }
    if let Some(slug) = &input.slug {
        spec.slug = check.slug("slug", slug).unwrap_or_else(|| spec.slug.clone());
    }
    if let Some(html) = &input.body_html {
        spec.body = description(html);
    }
    if let Some(vendor) = &input.vendor {
        spec.vendor = check.line("vendor", vendor, 255);
    }
    if let Some(kind) = &input.product_type {
        spec.product_type = check.line("productType", kind, 255);
    }
    if let Some(tags) = &input.tags {
        spec.tags = check.tags("tags", tags.iter().map(String::as_str));
    }
    if let Some(title) = &input.seo_title {
        spec.seo_title = check.line("seoTitle", title, 255);
    }
    if let Some(description) = &input.seo_description {
        spec.seo_description = check.line("seoDescription", description, 1_000);
    }
    check.finish(())
}

/// Variants and options, changed.
pub(super) fn edit_variants(spec: &mut ProductSpec, input: &VariantsEdit, currency: Currency) -> Result<()> {
    let mut check = Check::default();
    if let Some(options) = &input.options {
        let given = check.option_names("options", options.iter().map(String::as_str));
        spec.option_names = if given.is_empty() { vec![PLAIN_OPTION.to_owned()] } else { given };
    }
    for id in &input.remove {
        match spec.variants.iter().position(|variant| variant.id == Some(*id)) {
            Some(at) => drop(spec.variants.remove(at)),
            None => return Err(platform::Error::not_found(VariantId::KIND).into()),
        }
    }
    let options = spec.option_names.len();
    let mut named = std::collections::HashSet::new();
    for (n, variant) in input.variants.iter().enumerate() {
        let at = format!("variants.{n}");
        let image = match variant.image {
            None => None,
            Some(image) => match spec.images.iter().position(|there| there.id == Some(image)) {
                Some(place) => Some(place),
                None => return Err(platform::Error::not_found(ImageId::KIND).into()),
            },
        };
        let place = match variant.id {
            None => None,
            Some(id) => match spec.variants.iter().position(|there| there.id == Some(id)) {
                Some(place) => Some(place),
                None => return Err(platform::Error::not_found(VariantId::KIND).into()),
            },
        };
        if place.is_some_and(|place| !named.insert(place)) {
            check.fail(&format!("{at}.id"), "is named twice");
        }
        let before = place.map(|place| &spec.variants[place]);
        let mut changed = patched(&mut check, &at, before, variant, options, currency);
        if image.is_some() {
            changed.image = image;
        }
        match place {
            Some(place) => spec.variants[place] = changed,
            None => spec.variants.push(changed),
        }
    }
    for variant in &spec.variants {
        if variant.option_values.len() != options {
            check.fail("options", "every variant needs a value for each option");
            break;
        }
    }
    whole(&mut check, &spec.variants);
    check.finish(())
}

/// Rules over all variants together.
fn whole(check: &mut Check, variants: &[VariantSpec]) {
    if MAX_VARIANTS < variants.len() {
        check.fail("variants", format!("a product has at most {MAX_VARIANTS} variants"));
    }
    check.distinct(
        variants
            .iter()
            .enumerate()
            .map(|(n, v)| (format!("variants.{n}.optionValues"), &v.option_values[..])),
    );
}

fn patched(
    check: &mut Check,
    at: &str,
    before: Option<&VariantSpec>,
    input: &VariantInput,
    options: usize,
    currency: Currency,
) -> VariantSpec {
    let field = |name: &str| format!("{at}.{name}");
    let zero = primitives::Money::zero(currency);
    let price = match &input.price {
        Some(text) => check.price(&field("price"), text, currency),
        None => before.map(|variant| variant.price),
    };
    if price.is_none() && input.price.is_none() {
        check.fail(&field("price"), "a new variant needs a price");
    }
    let compare_at = match input.compare_at.as_deref().map(str::trim) {
        Some("") => None,
        Some(text) => check.price(&field("compareAtPrice"), text, currency),
        None => before.and_then(|variant| variant.compare_at),
    };
    let option_values = match (&input.option_values, before) {
        (Some(values), _) => check.option_values(&field("optionValues"), values, options),
        (None, Some(variant)) => variant.option_values.clone(),
        (None, None) => check.option_values(&field("optionValues"), &[], options),
    };
    VariantSpec {
        id: before.and_then(|variant| variant.id),
        option_values,
        sku: match &input.sku {
            Some(sku) => check.sku(&field("sku"), sku),
            None => before.map(|variant| variant.sku.clone()).unwrap_or_default(),
        },
        barcode: match &input.barcode {
            Some(barcode) => check.line(&field("barcode"), barcode, 64),
            None => before.map(|variant| variant.barcode.clone()).unwrap_or_default(),
        },
        price: price.unwrap_or(zero),
        compare_at,
        weight_grams: match input.weight_grams {
            Some(grams) => check.within(&field("weightGrams"), grams, 0, MAX_GRAMS),
            None => before.map_or(0, |variant| variant.weight_grams),
        },
        weight_unit: before.map_or_else(|| "g".to_owned(), |variant| variant.weight_unit.clone()),
        requires_shipping: input.requires_shipping.unwrap_or(before.is_none_or(|v| v.requires_shipping)),
        taxable: input.taxable.unwrap_or(before.is_none_or(|v| v.taxable)),
        tax_category: match &input.tax_category {
            Some(text) => check.tax_category(&field("taxCategory"), text),
            None => None,
        },
        tracked: input.tracked.unwrap_or(before.is_none_or(|v| v.tracked)),
        policy: input.policy.unwrap_or(before.map_or(StockPolicy::Deny, |v| v.policy)),
        on_hand: input.on_hand.map(|n| check.within(&field("onHand"), n, -MAX_ON_HAND, MAX_ON_HAND)),
        threshold: None,
        image: before.and_then(|variant| variant.image),
        source_columns: before.map(|variant| variant.source_columns.clone()).unwrap_or_default(),
    }
}

/// Pictures to attach, checked.
pub(super) fn images(check: &mut Check, field: &str, media: &[MediaInput]) -> Vec<ImageSpec> {
    if MAX_IMAGES < media.len() {
        check.fail(field, format!("a product has at most {MAX_IMAGES} pictures"));
    }
    let mut images = Vec::with_capacity(media.len());
    for (n, input) in media.iter().enumerate() {
        let at = format!("{field}.{n}");
        let url = input.url.as_deref().map(str::trim).unwrap_or_default();
        match (input.media, url) {
            (None, "") => check.fail(&at, "give a file or an address"),
            (None, url) => check_url(check, &format!("{at}.url"), url),
            (Some(_), "") => {}
            (Some(_), _) => check.fail(&at, "give a file or an address, not both"),
        }
        let alt = check.line(&format!("{at}.alt"), &input.alt, 512);
        images.push(ImageSpec { id: None, media: input.media, url: url.to_owned(), alt });
    }
    images
}

/// An address that may be fetched; the guard that fetches looks closer.
pub(crate) fn check_url(check: &mut Check, field: &str, url: &str) {
    let known = url.starts_with("https://") || url.starts_with("http://");
    if !known || 2_000 < url.len() || url.contains(char::is_whitespace) || url.contains(char::is_control) {
        check.fail(field, "must be an http or https address of at most 2000 characters");
    }
}
