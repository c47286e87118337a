//! Products: the table, the editor, and everything that changes one.

use super::{DateTime, Money, PageInfo, Picture, schema};

/// Where a product stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductStatus {
    /// Seen by staff only.
    Draft,
    /// Sold.
    Published,
    /// Put away.
    Archived,
}

impl ProductStatus {
    /// Every status, in the order of the tabs.
    pub const ALL: [Self; 3] = [Self::Published, Self::Draft, Self::Archived];

    /// Name in the address.
    pub fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Published => "Published",
            Self::Archived => "Archived",
        }
    }

    /// Tone of the dot.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Draft => "info",
            Self::Published => "good",
            Self::Archived => "off",
        }
    }
}

/// Which products by stock.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockFilter {
    /// Nothing left.
    SoldOut,
    /// At or under the low mark.
    Low,
    /// Enough.
    InStock,
}

impl StockFilter {
    /// Every choice with its name in the address and its words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::SoldOut, "sold-out", "sold out"),
        (Self::Low, "low", "running low"),
        (Self::InStock, "in-stock", "in stock"),
    ];
}

/// Order of the table.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AdminProductSort {
    UpdatedDesc,
    UpdatedAsc,
    TitleAsc,
    TitleDesc,
    PriceAsc,
    PriceDesc,
    StockAsc,
    StockDesc,
}

impl AdminProductSort {
    /// Column and direction in the address, like `title` and `-title`.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::UpdatedDesc, "-updated"),
        (Self::UpdatedAsc, "updated"),
        (Self::TitleAsc, "title"),
        (Self::TitleDesc, "-title"),
        (Self::PriceAsc, "price"),
        (Self::PriceDesc, "-price"),
        (Self::StockAsc, "stock"),
        (Self::StockDesc, "-stock"),
    ];

    /// The order that the address names; the newest change first when it names none.
    pub fn from_key(key: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == key).map_or(Self::UpdatedDesc, |(sort, _)| *sort)
    }
}

/// What narrows the table.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub struct AdminProductFilter {
    /// Words in title, SKU, vendor.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// One of these.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub status: Option<Vec<ProductStatus>>,
    /// Member of this collection.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub collection_id: Option<cynic::Id>,
    /// Exactly this vendor.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// By stock.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub stock: Option<StockFilter>,
    /// Carries this tag.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Variables of [`Products`].
#[derive(cynic::QueryVariables, Debug)]
pub struct ProductsVariables {
    /// Rows from the start.
    pub first: Option<i32>,
    /// Cursor in front.
    pub after: Option<String>,
    /// Rows towards the end.
    pub last: Option<i32>,
    /// Cursor behind.
    pub before: Option<String>,
    /// What narrows the table.
    pub filter: Option<AdminProductFilter>,
    /// Its order.
    pub sort: AdminProductSort,
}

/// One page of the table, with the numbers of its tabs.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "ProductsVariables")]
pub struct Products {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort)]
    pub admin_products: AdminProductConnection,
    /// Numbers of the tabs.
    pub admin_product_counts: AdminProductCounts,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct AdminProductConnection {
    /// In order.
    pub nodes: Vec<AdminProductRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit the filter.
    pub total_count: i32,
}

/// Numbers of the tabs.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct AdminProductCounts {
    /// Products of the shop.
    pub all: i32,
    /// Of these not yet shown.
    pub draft: i32,
    /// Of these sold.
    pub published: i32,
    /// Of these put away.
    pub archived: i32,
    /// Variants of all of them.
    pub variants: i32,
}

/// One line of the table.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct AdminProductRow {
    /// The product.
    pub id: cynic::Id,
    /// Its name.
    pub title: String,
    /// Where it stands.
    pub status: ProductStatus,
    /// Who makes it.
    pub vendor: String,
    /// The cover.
    pub picture: Option<Picture>,
    /// Lowest price.
    pub price: Money,
    /// Highest price.
    pub price_max: Money,
    /// How many can be chosen.
    pub variant_count: i32,
    /// What can be sold; nothing when nothing is counted.
    pub stock: Option<i32>,
    /// In words for programs.
    pub availability: Availability,
    /// Where it is shown.
    pub collections: Vec<CollectionLink>,
    /// Last change.
    pub updated_at: DateTime,
    /// To send back with a change.
    pub version: i32,
}

/// Whether it can be bought.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Availability {
    /// The state.
    pub state: AvailabilityState,
}

/// Whether it can be bought.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AvailabilityState {
    InStock,
    Low,
    Backorder,
    SoldOut,
}

/// A collection by name.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct CollectionLink {
    /// The collection.
    pub id: cynic::Id,
    /// Its name.
    pub title: String,
}

/// Variables of queries by id.
#[derive(cynic::QueryVariables)]
pub struct IdVariables {
    /// The thing.
    pub id: cynic::Id,
}

/// One product, to edit.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct ProductById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub admin_product: Option<AdminProduct>,
}

/// A product with everything that can be changed.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AdminProduct {
    pub id: cynic::Id,
    pub slug: String,
    pub title: String,
    pub status: ProductStatus,
    pub vendor: String,
    pub product_type: String,
    pub tags: Vec<String>,
    pub body_html: String,
    pub seo_title: String,
    pub seo_description: String,
    pub options: Vec<AdminOption>,
    pub variants: Vec<AdminVariant>,
    pub images: Vec<AdminImage>,
    pub collections: Vec<CollectionLink>,
    pub old_slugs: Vec<String>,
    pub currency: String,
    pub created_at: DateTime,
    pub updated_at: DateTime,
    pub published_at: Option<DateTime>,
    pub version: i32,
}

/// An option, like Size.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct AdminOption {
    /// Its name.
    pub name: String,
    /// What can be chosen.
    pub values: Vec<String>,
}

/// What a variant has cost.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct PriceHistory {
    /// Newest first.
    #[arguments(variantId: $id, first: 100)]
    pub price_history: Vec<PriceChange>,
}

/// A change of a variant's price.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PriceChange {
    pub price: Money,
    pub compare_at_price: Option<Money>,
    pub lowest_price_before: Option<Money>,
    pub offered: bool,
    pub at: DateTime,
    pub by: Option<String>,
}

/// What variants can be for the tax office.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct TaxCategories {
    /// `standard` first, `none` last.
    pub tax_categories: Vec<String>,
}

/// What happens at zero.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum StockPolicy {
    /// Stop selling.
    #[default]
    Deny,
    /// Sell on, send later.
    Continue,
}

/// A variant, to edit.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AdminVariant {
    pub id: cynic::Id,
    pub title: String,
    pub option_values: Vec<String>,
    pub sku: String,
    pub barcode: String,
    pub price: Money,
    pub compare_at_price: Option<Money>,
    pub weight_grams: i32,
    pub requires_shipping: bool,
    pub taxable: bool,
    pub tax_category: String,
    pub tracked: bool,
    pub policy: StockPolicy,
    pub on_hand: i32,
    pub reserved: i32,
    pub available: i32,
    pub shelves: Vec<StockShelf>,
    pub image_id: Option<cynic::Id>,
}

/// What of a variant lies at one location.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockShelf {
    pub location_id: cynic::Id,
    pub on_hand: i32,
    pub reserved: i32,
    pub threshold: i32,
    pub available: i32,
}

/// A picture of a product.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AdminImage {
    pub id: cynic::Id,
    pub alt: String,
    pub picture: Option<Picture>,
    pub state: ImageState,
}

/// Whether a picture can be shown.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageState {
    /// Still being fetched.
    Pending,
    /// Shown.
    Ready,
    /// Could not be fetched.
    Failed,
}

/// The product as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ProductPayload {
    /// With its new version.
    pub product: AdminProduct,
}

/// One variant of a change: with an id it changes that one, without it makes one.
#[derive(cynic::InputObject, Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct VariantInput {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub id: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub option_values: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub barcode: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub requires_shipping: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub taxable: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tax_category: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tracked: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub policy: Option<StockPolicy>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<cynic::Id>,
}

/// A new product.
#[derive(cynic::InputObject, Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct ProductCreateInput {
    pub title: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub variants: Option<Vec<VariantInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub collection_ids: Option<Vec<cynic::Id>>,
}

/// New texts of a product; what is absent stays.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ProductUpdateInput {
    pub id: cynic::Id,
    pub version: i32,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub body_html: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_title: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub seo_description: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub collection_ids: Option<Vec<cynic::Id>>,
}

/// Which product in which version.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ProductMoveInput {
    /// The product.
    pub id: cynic::Id,
    /// As it was seen.
    pub version: i32,
}

/// New variants.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ProductVariantsSaveInput {
    /// The product.
    pub product_id: cynic::Id,
    /// As it was seen.
    pub version: i32,
    /// New option names, only with a full set of variants.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<String>>,
    /// Changed and new ones.
    pub variants: Vec<VariantInput>,
    /// Gone ones.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub remove: Option<Vec<cynic::Id>>,
}

/// A picture to attach.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct MediaInput {
    /// From an upload.
    pub media_id: Option<cynic::Id>,
    /// Its description.
    pub alt: Option<String>,
}

/// Pictures to attach.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ProductMediaAttachInput {
    /// The product.
    pub product_id: cynic::Id,
    /// As it was seen.
    pub version: i32,
    /// At the end of its pictures.
    pub media: Vec<MediaInput>,
}

/// The pictures that stay, in order.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ProductMediaReorderInput {
    /// The product.
    pub product_id: cynic::Id,
    /// As it was seen.
    pub version: i32,
    /// Left-out ones are detached.
    pub image_ids: Vec<cynic::Id>,
}

/// The description of a picture.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ProductMediaAltInput {
    /// The product.
    pub product_id: cynic::Id,
    /// As it was seen.
    pub version: i32,
    /// Which picture.
    pub image_id: cynic::Id,
    /// What it shows.
    pub alt: String,
}

super::mutations! {
    /// Makes a product.
    ProductCreate("ProductCreateVariables", ProductCreateVariables: ProductCreateInput)
        -> product_create: ProductPayload;
    /// Changes its texts and collections.
    ProductUpdate("ProductUpdateVariables", ProductUpdateVariables: ProductUpdateInput)
        -> product_update: ProductPayload;
    /// Shows it in the shop.
    ProductPublish("ProductPublishVariables", ProductPublishVariables: ProductMoveInput)
        -> product_publish: ProductPayload;
    /// Takes it out of the shop.
    ProductUnpublish("ProductUnpublishVariables", ProductUnpublishVariables: ProductMoveInput)
        -> product_unpublish: ProductPayload;
    /// Puts it away.
    ProductArchive("ProductArchiveVariables", ProductArchiveVariables: ProductMoveInput)
        -> product_archive: ProductPayload;
    /// Archived back to draft.
    ProductRestore("ProductRestoreVariables", ProductRestoreVariables: ProductMoveInput)
        -> product_restore: ProductPayload;
    /// Changes its variants.
    ProductVariantsSave("ProductVariantsSaveVariables", ProductVariantsSaveVariables: ProductVariantsSaveInput)
        -> product_variants_save: ProductPayload;
    /// Adds pictures.
    ProductMediaAttach("ProductMediaAttachVariables", ProductMediaAttachVariables: ProductMediaAttachInput)
        -> product_media_attach: ProductPayload;
    /// Orders pictures, detaches left-out ones.
    ProductMediaReorder("ProductMediaReorderVariables", ProductMediaReorderVariables: ProductMediaReorderInput)
        -> product_media_reorder: ProductPayload;
    /// Describes a picture.
    ProductMediaAlt("ProductMediaAltVariables", ProductMediaAltVariables: ProductMediaAltInput)
        -> product_media_alt: ProductPayload;
}
