//! What editors get: the truth of the write side and the staff's table.

use std::str::FromStr;

use primitives::{CollectionId, ImageId, LocationId, MediaId, Money, ProductId, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

use super::{Availability, CollectionLink, Picture, SafeHtml};

/// State of a product for its editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being worked on, not visible.
    Draft,
    /// Visible in the shop.
    Published,
    /// Put away: not visible, not for sale, kept for old orders.
    Archived,
}

impl ProductStatus {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

impl FromStr for ProductStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "draft" => Ok(Self::Draft),
            "published" => Ok(Self::Published),
            "archived" => Ok(Self::Archived),
            _ => Err(()),
        }
    }
}

/// A row of the staff's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminProductRow {
    /// Identity.
    pub id: ProductId,
    /// Address.
    pub slug: String,
    /// Name.
    pub title: String,
    /// State.
    pub status: ProductStatus,
    /// Maker.
    pub vendor: String,
    /// Kind.
    pub product_type: String,
    /// Sorted.
    pub tags: Vec<String>,
    /// Cover.
    pub picture: Option<Picture>,
    /// Lowest price.
    pub price: Money,
    /// Highest price.
    pub price_max: Money,
    /// How many variants.
    pub variant_count: u32,
    /// Sum of what can be sold over counted variants; nothing when none is counted.
    pub stock: Option<i64>,
    /// The best of its variants.
    pub availability: Availability,
    /// Where it is shown.
    pub collections: Vec<CollectionLink>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// For optimistic changes.
    pub version: i64,
}

/// What happens when the stock is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockPolicy {
    /// No more sales.
    #[default]
    Deny,
    /// It may be ordered and is sent when there is some again.
    Continue,
}

impl StockPolicy {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Continue => "continue",
        }
    }
}

impl FromStr for StockPolicy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "deny" => Ok(Self::Deny),
            "continue" => Ok(Self::Continue),
            _ => Err(()),
        }
    }
}

/// Whether a product's picture can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageState {
    /// Still being fetched.
    Pending,
    /// It has renditions.
    Ready,
    /// It could not be had; the placeholder is shown.
    Failed,
}

/// A picture of a product for its editors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminImage {
    /// Identity of the place in the gallery.
    pub id: ImageId,
    /// The file.
    pub media: MediaId,
    /// Text for those who do not see it.
    pub alt: String,
    /// Where it came from, when it was fetched.
    pub source_url: String,
    /// The renditions, when ready.
    pub picture: Option<Picture>,
    /// Whether it can be shown.
    pub state: ImageState,
}

/// A variant for its editors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminVariant {
    /// Identity.
    pub id: VariantId,
    /// Order in the product, from 0.
    pub position: i32,
    /// Values joined by " / ".
    pub title: String,
    /// One per option of the product.
    pub option_values: Vec<String>,
    /// Stock keeping unit, may be empty.
    pub sku: String,
    /// Bar code, may be empty.
    pub barcode: String,
    /// What it costs.
    pub price: Money,
    /// Struck-out price as it was typed in.
    pub compare_at: Option<Money>,
    /// Weight in grams.
    pub weight_grams: i64,
    /// Whether it is sent.
    pub requires_shipping: bool,
    /// Whether tax applies.
    pub taxable: bool,
    /// What it is for the tax office, where tax applies.
    pub tax_category: String,
    /// Whether stock is counted.
    pub tracked: bool,
    /// What happens when the stock is used up.
    pub policy: StockPolicy,
    /// Pieces on the shelves of all locations; may be negative after backorders.
    pub on_hand: i64,
    /// Pieces promised to orders in progress.
    pub reserved: i64,
    /// Pieces that can be sold now, not below 0.
    pub available: i64,
    /// Whether it is spread for many buyers at once.
    pub hot: bool,
    /// What lies where, by location.
    pub shelves: Vec<AdminShelf>,
    /// Its own picture.
    pub image: Option<ImageId>,
}

/// What of a variant lies at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminShelf {
    /// Where.
    pub location: LocationId,
    /// Pieces on the shelf.
    pub on_hand: i64,
    /// Pieces promised to orders in progress.
    pub reserved: i64,
    /// Pieces that are kept back; negative for a depth that may be sold into.
    pub threshold: i64,
    /// Pieces that can be sold now, not below 0; none while the location is switched off.
    pub available: i64,
}

/// A product for its editors: the truth of the write side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdminProduct {
    /// Identity.
    pub id: ProductId,
    /// Address.
    pub slug: String,
    /// Earlier addresses that forward.
    pub old_slugs: Vec<String>,
    /// Name.
    pub title: String,
    /// State.
    pub status: ProductStatus,
    /// Maker.
    pub vendor: String,
    /// Kind.
    pub product_type: String,
    /// Sorted.
    pub tags: Vec<String>,
    /// Cleaned description.
    pub body: SafeHtml,
    /// As typed in; empty falls back.
    pub seo_title: String,
    /// As typed in; empty falls back.
    pub seo_description: String,
    /// Name and values of up to three options.
    pub options: Vec<(String, Vec<String>)>,
    /// In order.
    pub variants: Vec<AdminVariant>,
    /// In order.
    pub images: Vec<AdminImage>,
    /// Where it is shown.
    pub collections: Vec<CollectionLink>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last published.
    pub published_at: Option<Timestamp>,
    /// For optimistic changes.
    pub version: i64,
}

/// A collection for its editors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdminCollection {
    /// Identity.
    pub id: CollectionId,
    /// Address.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Cleaned description.
    pub body: SafeHtml,
    /// As typed in.
    pub seo_title: String,
    /// As typed in.
    pub seo_description: String,
    /// Order among collections.
    pub position: i32,
    /// Its own picture.
    pub media: Option<MediaId>,
    /// That picture's renditions.
    pub picture: Option<Picture>,
    /// Products in it, published or not.
    pub product_count: u32,
    /// For optimistic changes.
    pub version: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}
