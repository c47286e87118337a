//! What readers get: plain values, filled from the read model.
//!
//! Cards and pages are shared between requests behind `Arc`; nothing in here knows a person.

use std::{fmt, str::FromStr, sync::Arc};

use pricing::TaxCategory;
use primitives::{CollectionId, Money, ProductId, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

mod admin;

pub use admin::*;
pub use content::{Picture, SafeHtml};

/// What can be said about stock without counting pieces in public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Availability {
    /// Enough, or not counted at all.
    InStock,
    /// At most [`crate::stock::LOW_MARK`] pieces.
    Low {
        /// Pieces that can be sold now.
        left: i64,
    },
    /// Nothing here, but it may be ordered.
    Backorder,
    /// Nothing here and nothing to be had.
    SoldOut,
}

impl Availability {
    /// Whether it can be put into a cart.
    pub fn purchasable(self) -> bool {
        self != Self::SoldOut
    }

    /// The better one of two, for a product with several variants.
    pub fn best(self, other: Self) -> Self {
        let rank = |a: Self| match a {
            Self::InStock => 0,
            Self::Low { .. } => 1,
            Self::Backorder => 2,
            Self::SoldOut => 3,
        };
        match (self, other) {
            (Self::Low { left: a }, Self::Low { left: b }) => Self::Low { left: a.max(b) },
            (a, b) if rank(a) <= rank(b) => a,
            (_, b) => b,
        }
    }
}

/// A colour that a card shows as a dot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swatch {
    /// The option's value as the merchant wrote it.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
}

/// What published reviews give a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// Reviews with one star, two stars, up to five.
    pub stars: [u32; 5],
    /// Moves with everything that the product's page shows of its reviews.
    pub version: i64,
}

impl Rating {
    /// Reviews.
    pub fn count(&self) -> u32 {
        self.stars.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The mean in tenths of a star, 10 to 50, half a tenth rounded up; nothing without reviews.
    pub fn tenths(&self) -> Option<u32> {
        let count = u64::from(self.count());
        let sum: u64 = (1..).zip(self.stars).map(|(star, n): (u64, u32)| star * u64::from(n)).sum();
        (0 < count).then(|| u32::try_from((sum * 20 + count) / (count * 2)).unwrap_or(50))
    }
}

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCard {
    /// Identity.
    pub id: ProductId,
    /// Last part of the address `/products/{slug}`.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Maker, may be empty.
    pub vendor: String,
    /// Kind of product, may be empty.
    pub product_type: String,
    /// The lowest price of the variants.
    pub price: Money,
    /// The highest price of the variants; show "from" when it differs from `price`.
    pub price_max: Money,
    /// Struck-out price belonging to `price`, always higher than it.
    pub compare_at: Option<Money>,
    /// The lowest price of the 30 days before `price` was reduced, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest_before: Option<Money>,
    /// At most two: the cover and the one for hovering.
    pub pictures: Vec<Picture>,
    /// Colours of the options, in their order.
    pub swatches: Vec<Swatch>,
    /// The best of its variants.
    pub availability: Availability,
    /// How many variants there are.
    pub variant_count: u32,
    /// The only variant's id, so that a card can carry a working "add" form.
    pub only_variant: Option<VariantId>,
    /// What reviews give it; nothing where nobody has ever written one.
    #[serde(default)]
    pub rating: Option<Rating>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When the document last changed.
    pub updated_at: Timestamp,
}

impl ProductCard {
    /// Whether variants differ in price.
    pub fn price_from(&self) -> bool {
        self.price != self.price_max
    }

    /// Whole per cent off, rounded down, when the price is reduced; see [`percent_off`].
    pub fn discount_percent(&self) -> Option<u8> {
        percent_off(self.price, self.compare_at, self.lowest_before)
    }
}

/// Whole per cent off, rounded down; nothing when it is under one per cent, or without a price to compare with.
///
/// Off the lowest price of the 30 days before, where that is known: a percentage that is told is one of that price
/// (Directive 98/6/EC, article 6a; judgment of the Court of Justice in C-330/23). Else off the struck-out price.
pub fn percent_off(price: Money, compare_at: Option<Money>, lowest_before: Option<Money>) -> Option<u8> {
    let was = lowest_before.filter(|_| compare_at.is_some()).or(compare_at)?;
    if was.minor <= price.minor || was.minor <= 0 {
        return None;
    }
    let percent = i128::from(was.minor - price.minor) * 100 / i128::from(was.minor);
    u8::try_from(percent).ok().filter(|p| 0 < *p)
}

/// One of up to three things to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionGroup {
    /// For example "Colour".
    pub name: String,
    /// In the merchant's order.
    pub values: Vec<OptionValue>,
}

/// A choice within an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionValue {
    /// As the merchant wrote it.
    pub value: String,
    /// `#rrggbb` for known colour names.
    pub swatch: Option<String>,
    /// Whether any variant with this value can be bought.
    pub available: bool,
}

/// What one piece costs from some number of pieces on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTier {
    /// From so many pieces on, at least 2.
    pub from: u32,
    /// What one of them costs.
    pub unit: Money,
}

/// A variant on the product page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantView {
    /// Identity.
    pub id: VariantId,
    /// Values joined by " / "; empty for the only variant of a product without options.
    pub title: String,
    /// Stock keeping unit, may be empty.
    pub sku: String,
    /// One value per option group of the page, in their order.
    pub options: Vec<String>,
    /// What it costs.
    pub price: Money,
    /// Struck-out price, always higher than `price`.
    pub compare_at: Option<Money>,
    /// The lowest price of the 30 days before its reduction began, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest_before: Option<Money>,
    /// What a piece costs from more pieces on, rising; put there by whoever knows price lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<PriceTier>,
    /// Words for stock.
    pub availability: Availability,
    /// Index into the page's pictures.
    pub picture: Option<u32>,
    /// Weight in grams.
    pub weight_grams: i64,
    /// Whether it is sent.
    pub requires_shipping: bool,
}

impl VariantView {
    /// Whole per cent off, rounded down, when the price is reduced; see [`percent_off`].
    pub fn discount_percent(&self) -> Option<u8> {
        percent_off(self.price, self.compare_at, self.lowest_before)
    }
}

/// A link to a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionLink {
    /// Identity.
    pub id: CollectionId,
    /// Last part of the address `/collections/{slug}`.
    pub slug: String,
    /// Name.
    pub title: String,
}

/// Everything the product page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductPage {
    /// Identity.
    pub id: ProductId,
    /// Last part of the address `/products/{slug}`.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Maker, may be empty.
    pub vendor: String,
    /// Kind of product, may be empty.
    pub product_type: String,
    /// Sorted.
    pub tags: Vec<String>,
    /// Cleaned description.
    pub body: SafeHtml,
    /// The first sentences as plain text, at most 200 characters.
    pub summary: String,
    /// Title for search engines; falls back to the name.
    pub seo_title: String,
    /// Description for search engines; falls back to the summary.
    pub seo_description: String,
    /// In the merchant's order.
    pub pictures: Vec<Picture>,
    /// What can be chosen; empty when there is one plain variant.
    pub options: Vec<OptionGroup>,
    /// In the merchant's order, never empty.
    pub variants: Vec<VariantView>,
    /// The lowest price of the variants.
    pub price: Money,
    /// The highest price of the variants.
    pub price_max: Money,
    /// Struck-out price belonging to `price`.
    pub compare_at: Option<Money>,
    /// The lowest price of the 30 days before `price` was reduced, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest_before: Option<Money>,
    /// The best of the variants.
    pub availability: Availability,
    /// Where it is shown.
    pub collections: Vec<CollectionLink>,
    /// What reviews give it; nothing where nobody has ever written one.
    #[serde(default)]
    pub rating: Option<Rating>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When the document last changed.
    pub updated_at: Timestamp,
}

impl ProductPage {
    /// Whole per cent off, rounded down, when the price is reduced; see [`percent_off`].
    pub fn discount_percent(&self) -> Option<u8> {
        percent_off(self.price, self.compare_at, self.lowest_before)
    }

    /// Takes the prices of the whole from those of its variants.
    pub fn sum_up_prices(&mut self) {
        let cheapest = self.variants.iter().map(|variant| variant.price).min_by_key(|price| price.minor);
        let Some(price) = cheapest else { return };
        let dearest = self.variants.iter().map(|variant| variant.price).max_by_key(|price| price.minor);
        (self.price, self.price_max) = (price, dearest.unwrap_or(price));
        let shown = || self.variants.iter().filter(|variant| variant.price == price);
        let compare_at = shown().filter_map(|variant| variant.compare_at).max_by_key(|one| one.minor);
        // The price is that of several variants perhaps: the lowest of theirs holds for all of them.
        let lowest_before = shown().filter_map(|variant| variant.lowest_before).min_by_key(|one| one.minor);
        (self.compare_at, self.lowest_before) = (compare_at, lowest_before);
    }

    /// The variant with this id.
    pub fn variant(&self, id: VariantId) -> Option<&VariantView> {
        self.variants.iter().find(|v| v.id == id)
    }

    /// The variant with exactly these values, one per option group.
    pub fn variant_for(&self, values: &[&str]) -> Option<&VariantView> {
        self.variants.iter().find(|v| v.options.iter().map(String::as_str).eq(values.iter().copied()))
    }

    /// What to show first: the first variant that can be bought, else the first.
    pub fn default_variant(&self) -> Option<&VariantView> {
        self.variants.iter().find(|v| v.availability.purchasable()).or_else(|| self.variants.first())
    }
}

/// Answer to an address of a product.
#[derive(Clone, Debug)]
pub enum ProductLookup {
    /// Here it is.
    Found(Arc<ProductPage>),
    /// It moved: answer 301 to `/products/{slug}`.
    Moved {
        /// The slug it has now.
        slug: String,
    },
    /// There is no such published product.
    Missing,
}

/// A collection as readers see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollectionView {
    /// Identity.
    pub id: CollectionId,
    /// Last part of the address `/collections/{slug}`.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Cleaned description.
    pub body: SafeHtml,
    /// Title for search engines; falls back to the name.
    pub seo_title: String,
    /// Description for search engines; falls back to the description's text.
    pub seo_description: String,
    /// Its own picture, or the cover of its first product.
    pub picture: Option<Picture>,
    /// Published products in it.
    pub product_count: u32,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Answer to an address of a collection.
#[derive(Clone, Debug)]
pub enum CollectionLookup {
    /// Here it is.
    Found(Arc<CollectionView>),
    /// It moved: answer 301 to `/collections/{slug}`.
    Moved {
        /// The slug it has now.
        slug: String,
    },
    /// There is no such collection.
    Missing,
}

/// Order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListSort {
    /// The merchant's order in a collection; elsewhere what can be bought first, then newest.
    #[default]
    Featured,
    /// Last published first.
    Newest,
    /// Lowest price first.
    PriceAsc,
    /// Highest price first.
    PriceDesc,
    /// By name.
    Name,
}

impl ListSort {
    /// In the order in which a select shows them.
    pub const ALL: [Self; 5] = [Self::Featured, Self::Newest, Self::PriceAsc, Self::PriceDesc, Self::Name];

    /// The value of `sort` in an address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Featured => "featured",
            Self::Newest => "newest",
            Self::PriceAsc => "price-asc",
            Self::PriceDesc => "price-desc",
            Self::Name => "name",
        }
    }
}

impl fmt::Display for ListSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ListSort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}

/// Any of these values of one option.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OptionFilter {
    /// Name of the option, compared without case.
    pub name: String,
    /// Values, compared without case.
    pub values: Vec<String>,
}

/// What to list. Equal queries share one cached answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListQuery {
    /// Slug of a collection.
    pub collection: Option<String>,
    /// Text to look for in name, maker, type, tags and SKUs.
    pub q: Option<String>,
    /// Lowest price in minor units, inclusive.
    pub price_min: Option<i64>,
    /// Highest price in minor units, inclusive.
    pub price_max: Option<i64>,
    /// All of these must hold.
    pub options: Vec<OptionFilter>,
    /// Only what can be bought.
    pub in_stock: bool,
    /// Order.
    pub sort: ListSort,
    /// From 1; a page behind the end is empty.
    pub page: u32,
}

/// One page of a list with its facets.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// At most 24.
    pub cards: Vec<Arc<ProductCard>>,
    /// Products on all pages.
    pub total: u64,
    /// What the list can be narrowed by; shared with the other pages of the same query.
    pub facets: Arc<Facets>,
    /// From 1.
    pub page: u32,
    /// At least 1.
    pub pages: u32,
    /// The order used.
    pub sort: ListSort,
    /// The collection that was asked for.
    pub collection: Option<Arc<CollectionView>>,
}

/// What a list can be narrowed by. Each group is counted as if nothing were chosen in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// By name.
    pub options: Vec<OptionFacet>,
    /// Lowest and highest price in minor units, without the price filter.
    pub price: Option<(Money, Money)>,
    /// Products that can be bought, without the stock filter.
    pub in_stock: u64,
    /// Products without the stock filter.
    pub all: u64,
}

/// One option with the values found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionFacet {
    /// As the merchant wrote it; the value behind `option.` in an address.
    pub name: String,
    /// Most frequent first, then by name; chosen values are always among them.
    pub values: Vec<FacetValue>,
}

/// One value with the number of products that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// As the merchant wrote it.
    pub value: String,
    /// `#rrggbb` for known colour names.
    pub swatch: Option<String>,
    /// Products.
    pub count: u64,
    /// Whether the query asks for it.
    pub selected: bool,
}

/// One address for `sitemap.xml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitemapEntry {
    /// Path from the shop's root, for example `/products/stoneware-mug`.
    pub path: String,
    /// When what it shows last changed.
    pub updated_at: Timestamp,
}

/// How a product is called and reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductName {
    /// Last part of the address `/products/{slug}`.
    pub slug: String,
    /// Name.
    pub title: String,
    /// Whether shoppers see it.
    pub published: bool,
}

/// A variant as cart and checkout need it: the truth of the write side, not of the read model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Identity.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// The product's address.
    pub slug: String,
    /// The product's name.
    pub title: String,
    /// The variant's values joined by " / "; empty when there is nothing to choose.
    pub variant_title: String,
    /// Stock keeping unit, may be empty.
    pub sku: String,
    /// What one piece costs now.
    pub price: Money,
    /// Struck-out price, always higher than `price`.
    pub compare_at: Option<Money>,
    /// Weight in grams.
    pub weight_grams: i64,
    /// Whether it is sent.
    pub requires_shipping: bool,
    /// What it is for the tax office; [`TaxCategory::NONE`] where no tax applies.
    pub tax_category: TaxCategory,
    /// The product's tags.
    pub tags: Vec<String>,
    /// Whether the product is published.
    pub published: bool,
    /// How many can be sold now; `None` when it is not counted or may be backordered.
    pub available: Option<i64>,
    /// Its own picture, else the product's cover.
    pub picture: Option<Picture>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_rounded_to_tenths() {
        let mean = |stars| Rating { stars, version: 1 }.tenths();
        assert_eq!(mean([0; 5]), None);
        assert_eq!(mean([0, 0, 0, 0, 3]), Some(50));
        assert_eq!(mean([1, 0, 0, 0, 0]), Some(10));
        // 4.25 and 4.666…
        assert_eq!(mean([0, 0, 0, 3, 1]), Some(43));
        assert_eq!(mean([0, 0, 0, 1, 2]), Some(47));
        assert_eq!(mean([u32::MAX, 0, 0, 0, 0]), Some(10));
    }

    #[test]
    fn per_cent_are_those_of_the_lowest_price_where_it_is_known() {
        let eur = |minor| Money::new(minor, primitives::Currency::EUR);
        let off = |compare_at: Option<i64>, lowest: Option<i64>| {
            percent_off(eur(80), compare_at.map(eur), lowest.map(eur))
        };
        assert_eq!((off(Some(100), None), off(Some(100), Some(90))), (Some(20), Some(11)));
        // It was as cheap before: nothing is off.
        assert_eq!((off(Some(100), Some(80)), off(Some(100), Some(70))), (None, None));
        assert_eq!((off(None, Some(100)), off(Some(80), None)), (None, None));
    }

    #[test]
    fn the_best_variant_speaks_for_the_product() {
        use Availability::*;
        assert_eq!(SoldOut.best(Backorder), Backorder);
        assert_eq!(Low { left: 2 }.best(Low { left: 5 }), Low { left: 5 });
        assert_eq!(Low { left: 2 }.best(InStock), InStock);
    }

    #[test]
    fn sorts_are_read_back_from_their_address_value() {
        for sort in ListSort::ALL {
            assert_eq!(sort.as_str().parse(), Ok(sort));
        }
        assert_eq!("best".parse::<ListSort>(), Err(()));
    }
}
