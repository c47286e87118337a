//! What mutations take.

use async_graphql::{ID, InputObject, Result};
use platform::graphql::parse_id;
use primitives::{CollectionId, ImageId, MediaId, ProductId, VariantId};

use super::editor::StockPolicy;
use crate::product::input::{self as product_input, NewProduct, ProductEdit, VariantsEdit};

/// A new product. Amounts are decimal text in the shop's currency (`"12.50"`): nothing is rounded on the way.
#[derive(Clone, Debug, InputObject)]
pub struct ProductCreateInput {
    title: String,
    /// Address; made from the name when absent.
    slug: Option<String>,
    body_html: Option<String>,
    vendor: Option<String>,
    product_type: Option<String>,
    tags: Option<Vec<String>>,
    seo_title: Option<String>,
    seo_description: Option<String>,
    /// Names of up to three options; none: one plain variant.
    options: Option<Vec<String>>,
    variants: Option<Vec<VariantInput>>,
    media: Option<Vec<MediaInput>>,
    collection_ids: Option<Vec<ID>>,
    #[graphql(default)]
    publish: bool,
}

/// A change of a product; what is absent stays.
#[derive(Clone, Debug, InputObject)]
pub struct ProductUpdateInput {
    pub id: ID,
    pub version: i64,
    title: Option<String>,
    slug: Option<String>,
    body_html: Option<String>,
    vendor: Option<String>,
    product_type: Option<String>,
    tags: Option<Vec<String>>,
    seo_title: Option<String>,
    seo_description: Option<String>,
    collection_ids: Option<Vec<ID>>,
}

/// A product at the version that the person saw.
#[derive(Clone, Debug, InputObject)]
pub struct ProductMoveInput {
    pub id: ID,
    pub version: i64,
}

/// A variant; what is absent stays, or has its default.
#[derive(Clone, Debug, InputObject)]
pub struct VariantInput {
    /// The variant to change; absent for a new one.
    id: Option<ID>,
    option_values: Option<Vec<String>>,
    sku: Option<String>,
    barcode: Option<String>,
    price: Option<String>,
    /// Empty text takes it away.
    compare_at_price: Option<String>,
    weight_grams: Option<i64>,
    requires_shipping: Option<bool>,
    taxable: Option<bool>,
    /// What it is for the tax office: 1 to 40 of `a-z`, `0-9`, `-` and `_`.
    tax_category: Option<String>,
    tracked: Option<bool>,
    policy: Option<StockPolicy>,
    /// Counted stock.
    on_hand: Option<i64>,
    image_id: Option<ID>,
}

/// Variants to write and to delete, all or none.
#[derive(Clone, Debug, InputObject)]
pub struct ProductVariantsSaveInput {
    pub product_id: ID,
    pub version: i64,
    /// New names of the options; then every variant that stays needs new values.
    options: Option<Vec<String>>,
    variants: Vec<VariantInput>,
    /// Variants to delete.
    remove: Option<Vec<ID>>,
}

/// A picture: an uploaded file or an address to fetch from.
#[derive(Clone, Debug, InputObject)]
pub struct MediaInput {
    media_id: Option<ID>,
    url: Option<String>,
    alt: Option<String>,
}

/// Pictures to add.
#[derive(Clone, Debug, InputObject)]
pub struct ProductMediaAttachInput {
    pub product_id: ID,
    pub version: i64,
    pub media: Vec<MediaInput>,
}

/// The pictures in their new order; those left out are detached.
#[derive(Clone, Debug, InputObject)]
pub struct ProductMediaReorderInput {
    pub product_id: ID,
    pub version: i64,
    pub image_ids: Vec<ID>,
}

/// What a picture shows.
#[derive(Clone, Debug, InputObject)]
pub struct ProductMediaAltInput {
    pub product_id: ID,
    pub version: i64,
    pub image_id: ID,
    pub alt: String,
}

/// A new collection.
#[derive(Clone, Debug, InputObject)]
pub struct CollectionCreateInput {
    pub title: String,
    pub slug: Option<String>,
    pub body_html: Option<String>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
    pub media_id: Option<ID>,
    pub product_ids: Option<Vec<ID>>,
}

/// A change of a collection; what is absent stays.
#[derive(Clone, Debug, InputObject)]
pub struct CollectionUpdateInput {
    pub id: ID,
    pub version: i64,
    pub title: Option<String>,
    pub slug: Option<String>,
    pub body_html: Option<String>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
    pub media_id: Option<ID>,
    pub position: Option<i32>,
}

/// A collection at the version that the person saw.
#[derive(Clone, Debug, InputObject)]
pub struct CollectionDeleteInput {
    pub id: ID,
    pub version: i64,
}

/// The products of a collection, in this order.
#[derive(Clone, Debug, InputObject)]
pub struct CollectionProductsSetInput {
    pub id: ID,
    pub version: i64,
    pub product_ids: Vec<ID>,
}

/// A product file in the Shopify CSV layout.
#[derive(Clone, Debug, InputObject)]
pub struct ImportInput {
    /// The file's text, up to 5 MB.
    pub csv: String,
    /// Its name, for people.
    pub filename: Option<String>,
}

/// Many ids of one kind.
pub(super) fn ids<T: std::str::FromStr>(ids: Option<Vec<ID>>, kind: &str) -> Result<Vec<T>> {
    ids.unwrap_or_default().iter().map(|id| parse_id(id, kind)).collect()
}

impl ProductCreateInput {
    pub(super) fn parse(self) -> Result<NewProduct> {
        Ok(NewProduct {
            title: self.title,
            slug: self.slug,
            body_html: self.body_html.unwrap_or_default(),
            vendor: self.vendor.unwrap_or_default(),
            product_type: self.product_type.unwrap_or_default(),
            tags: self.tags.unwrap_or_default(),
            seo_title: self.seo_title.unwrap_or_default(),
            seo_description: self.seo_description.unwrap_or_default(),
            options: self.options.unwrap_or_default(),
            variants: self
                .variants
                .unwrap_or_default()
                .into_iter()
                .map(VariantInput::parse)
                .collect::<Result<_>>()?,
            media: self
                .media
                .unwrap_or_default()
                .into_iter()
                .map(MediaInput::parse)
                .collect::<Result<_>>()?,
            collections: ids(self.collection_ids, CollectionId::KIND)?,
            publish: self.publish,
        })
    }
}

impl ProductUpdateInput {
    pub(super) fn parse(self) -> Result<(ProductId, ProductEdit)> {
        let id = parse_id(&self.id, ProductId::KIND)?;
        let collections = match self.collection_ids {
            Some(given) => Some(ids(Some(given), CollectionId::KIND)?),
            None => None,
        };
        let edit = ProductEdit {
            title: self.title,
            slug: self.slug,
            body_html: self.body_html,
            vendor: self.vendor,
            product_type: self.product_type,
            tags: self.tags,
            seo_title: self.seo_title,
            seo_description: self.seo_description,
            collections,
        };
        Ok((id, edit))
    }
}

impl VariantInput {
    fn parse(self) -> Result<product_input::VariantInput> {
        Ok(product_input::VariantInput {
            id: self.id.map(|id| parse_id(&id, VariantId::KIND)).transpose()?,
            option_values: self.option_values,
            sku: self.sku,
            barcode: self.barcode,
            price: self.price,
            compare_at: self.compare_at_price,
            weight_grams: self.weight_grams,
            requires_shipping: self.requires_shipping,
            taxable: self.taxable,
            tax_category: self.tax_category,
            tracked: self.tracked,
            policy: self.policy.map(Into::into),
            on_hand: self.on_hand,
            image: self.image_id.map(|id| parse_id(&id, ImageId::KIND)).transpose()?,
            image_index: None,
        })
    }
}

impl ProductVariantsSaveInput {
    pub(super) fn parse(self) -> Result<(ProductId, VariantsEdit)> {
        let id = parse_id(&self.product_id, ProductId::KIND)?;
        let edit = VariantsEdit {
            options: self.options,
            variants: self.variants.into_iter().map(VariantInput::parse).collect::<Result<_>>()?,
            remove: ids(self.remove, VariantId::KIND)?,
        };
        Ok((id, edit))
    }
}

impl MediaInput {
    pub(super) fn parse(self) -> Result<product_input::MediaInput> {
        Ok(product_input::MediaInput {
            media: self.media_id.map(|id| parse_id(&id, MediaId::KIND)).transpose()?,
            url: self.url,
            alt: self.alt.unwrap_or_default(),
        })
    }
}
