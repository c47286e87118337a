//! A published product and its parts.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use platform::Error;
use platform::graphql::{DateTime, Money, ctx_of, failure};
use primitives::ProductId;

use crate::query;
use crate::view::{self, Availability, ProductCard, ProductPage};

/// A published product: its card is enough for most lists.
#[derive(Clone)]
pub enum ProductNode {
    /// What a list knows.
    Card(Arc<ProductCard>),
    /// What the product's page knows.
    Page(Arc<ProductPage>),
}

/// The same field of card and page.
macro_rules! of_both {
    ($node:expr, $name:ident) => {
        match $node {
            ProductNode::Card(card) => &card.$name,
            ProductNode::Page(page) => &page.$name,
        }
    };
}

impl ProductNode {
    /// The page; documents that ask for it get it with the list, so this hardly ever loads.
    async fn page(&self, context: &Context<'_>) -> Result<Arc<ProductPage>> {
        match self {
            Self::Page(page) => Ok(Arc::clone(page)),
            Self::Card(card) => {
                let page = query::product_by_id(ctx_of(context)?, card.id).await.map_err(failure)?;
                page.ok_or_else(|| failure(Error::not_found(ProductId::KIND)))
            }
        }
    }
}

/// A product of the shop.
#[Object(name = "Product")]
impl ProductNode {
    /// Identity.
    async fn id(&self) -> ID {
        ID(of_both!(self, id).to_string())
    }

    /// Last part of its address.
    async fn slug(&self) -> &str {
        of_both!(self, slug)
    }

    /// Name.
    async fn title(&self) -> &str {
        of_both!(self, title)
    }

    /// Maker, may be empty.
    async fn vendor(&self) -> &str {
        of_both!(self, vendor)
    }

    /// Kind, may be empty.
    async fn product_type(&self) -> &str {
        of_both!(self, product_type)
    }

    /// Tags, sorted.
    async fn tags(&self, context: &Context<'_>) -> Result<Vec<String>> {
        Ok(self.page(context).await?.tags.clone())
    }

    /// Cleaned HTML.
    async fn description_html(&self, context: &Context<'_>) -> Result<String> {
        Ok(self.page(context).await?.body.as_str().to_owned())
    }

    /// The first sentences as plain text.
    async fn summary(&self, context: &Context<'_>) -> Result<String> {
        Ok(self.page(context).await?.summary.clone())
    }

    /// Title for search engines.
    async fn seo_title(&self, context: &Context<'_>) -> Result<String> {
        Ok(self.page(context).await?.seo_title.clone())
    }

    /// Description for search engines.
    async fn seo_description(&self, context: &Context<'_>) -> Result<String> {
        Ok(self.page(context).await?.seo_description.clone())
    }

    /// The lowest price of its variants.
    async fn price(&self, context: &Context<'_>) -> Result<Money> {
        Ok(Money::of(*of_both!(self, price), ctx_of(context)?.locale()))
    }

    /// The highest price of its variants.
    async fn price_max(&self, context: &Context<'_>) -> Result<Money> {
        Ok(Money::of(*of_both!(self, price_max), ctx_of(context)?.locale()))
    }

    /// The struck-out price that belongs to `price`, when it is higher.
    async fn compare_at_price(&self, context: &Context<'_>) -> Result<Option<Money>> {
        let locale = ctx_of(context)?.locale();
        Ok(of_both!(self, compare_at).map(|amount| Money::of(amount, locale)))
    }

    /// The lowest price of the 30 days before `price` was reduced; nothing where it is not reduced, or not known.
    async fn lowest_price_before(&self, context: &Context<'_>) -> Result<Option<Money>> {
        let locale = ctx_of(context)?.locale();
        Ok(of_both!(self, lowest_before).map(|amount| Money::of(amount, locale)))
    }

    /// The best of its variants.
    async fn availability(&self) -> AvailabilityInfo {
        (*of_both!(self, availability)).into()
    }

    /// Pictures in order.
    async fn images(&self, context: &Context<'_>) -> Result<Vec<Picture>> {
        Ok(self.page(context).await?.pictures.iter().map(Picture::of).collect())
    }

    /// The first picture.
    async fn cover(&self) -> Option<Picture> {
        of_both!(self, pictures).first().map(Picture::of)
    }

    /// What can be chosen.
    async fn options(&self, context: &Context<'_>) -> Result<Vec<ProductOption>> {
        let page = self.page(context).await?;
        let group = |group: &view::OptionGroup| ProductOption {
            name: group.name.clone(),
            values: group
                .values
                .iter()
                .map(|value| ProductOptionValue {
                    value: value.value.clone(),
                    swatch: value.swatch.clone(),
                    available: value.available,
                })
                .collect(),
        };
        Ok(page.options.iter().map(group).collect())
    }

    /// Variants in order.
    async fn variants(&self, context: &Context<'_>) -> Result<Vec<ProductVariant>> {
        let page = self.page(context).await?;
        Ok((0..page.variants.len()).map(|at| ProductVariant { page: Arc::clone(&page), at }).collect())
    }

    /// Collections that show it.
    async fn collections(&self, context: &Context<'_>) -> Result<Vec<CollectionLink>> {
        Ok(self.page(context).await?.collections.iter().map(CollectionLink::of).collect())
    }

    /// What reviews give it; nothing without reviews.
    async fn rating(&self) -> Option<ProductRating> {
        let rating = (*of_both!(self, rating))?;
        let average = f64::from(rating.tenths()?) / 10.0;
        Some(ProductRating { average, count: rating.count(), stars: rating.stars.to_vec() })
    }

    /// When it was published.
    async fn published_at(&self) -> Option<DateTime> {
        of_both!(self, published_at).map(DateTime)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(*of_both!(self, updated_at))
    }
}

/// What published reviews give a product.
#[derive(SimpleObject)]
pub struct ProductRating {
    /// The mean, 1 to 5, rounded to tenths.
    average: f64,
    /// How many reviews.
    count: u32,
    /// Reviews with one star, two stars, up to five.
    stars: Vec<u32>,
}

/// What can be said about stock.
#[derive(Clone, Copy, Debug, SimpleObject)]
#[graphql(name = "Availability")]
pub struct AvailabilityInfo {
    /// For programs.
    state: AvailabilityState,
    /// Pieces left, when it is `LOW`.
    left: Option<i64>,
}

/// A word for stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AvailabilityState {
    /// Enough.
    InStock,
    /// Few left.
    Low,
    /// May be ordered, is sent later.
    Backorder,
    /// Cannot be had.
    SoldOut,
}

impl From<Availability> for AvailabilityInfo {
    fn from(availability: Availability) -> Self {
        match availability {
            Availability::InStock => Self { state: AvailabilityState::InStock, left: None },
            Availability::Low { left } => Self { state: AvailabilityState::Low, left: Some(left) },
            Availability::Backorder => Self { state: AvailabilityState::Backorder, left: None },
            Availability::SoldOut => Self { state: AvailabilityState::SoldOut, left: None },
        }
    }
}

/// A picture as clients see it.
#[derive(Clone, Debug)]
pub struct Picture(view::Picture);

/// A picture; its renditions are at `{urlBase}-{w}.webp` for every `w` of `widths`.
#[Object]
impl Picture {
    /// Address without width and ending.
    async fn url_base(&self) -> &str {
        &self.0.url_base
    }

    /// Widths in pixels, ascending.
    async fn widths(&self) -> &[u32] {
        &self.0.widths
    }

    /// Width of the original.
    async fn width(&self) -> u32 {
        self.0.width
    }

    /// Height of the original.
    async fn height(&self) -> u32 {
        self.0.height
    }

    /// Text for those who do not see it.
    async fn alt(&self) -> &str {
        &self.0.alt
    }

    /// The smallest rendition that is at least so wide, else the largest.
    async fn url(&self, #[graphql(default = 800)] width: u32) -> String {
        self.0.url(width).unwrap_or_default()
    }
}

impl Picture {
    /// The picture as clients see it; carts and orders show it too.
    pub fn of(picture: &view::Picture) -> Self {
        Self(picture.clone())
    }
}

/// One of up to three things to choose.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductOption {
    /// For example "Colour".
    name: String,
    /// In order.
    values: Vec<ProductOptionValue>,
}

/// A choice.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductOptionValue {
    /// As the merchant wrote it.
    value: String,
    /// `#rrggbb` of a known colour.
    swatch: Option<String>,
    /// Whether any variant with it can be bought.
    available: bool,
}

/// A variant that can be bought.
pub struct ProductVariant {
    page: Arc<ProductPage>,
    at: usize,
}

impl ProductVariant {
    fn view(&self) -> &view::VariantView {
        &self.page.variants[self.at]
    }
}

/// A variant of a product.
#[Object]
impl ProductVariant {
    /// Identity.
    async fn id(&self) -> ID {
        ID(self.view().id.to_string())
    }

    /// Its values; empty when there is nothing to choose.
    async fn title(&self) -> &str {
        &self.view().title
    }

    /// Stock keeping unit, may be empty.
    async fn sku(&self) -> &str {
        &self.view().sku
    }

    /// One value per option.
    async fn options(&self) -> Vec<SelectedOption> {
        let values = self.page.options.iter().zip(&self.view().options);
        values
            .map(|(group, value)| SelectedOption { name: group.name.clone(), value: value.clone() })
            .collect()
    }

    /// What it costs.
    async fn price(&self, context: &Context<'_>) -> Result<Money> {
        Ok(Money::of(self.view().price, ctx_of(context)?.locale()))
    }

    /// Struck-out price, when it is higher.
    async fn compare_at_price(&self, context: &Context<'_>) -> Result<Option<Money>> {
        let locale = ctx_of(context)?.locale();
        Ok(self.view().compare_at.map(|amount| Money::of(amount, locale)))
    }

    /// The lowest price of the 30 days before its reduction; nothing where it is not reduced, or not known.
    async fn lowest_price_before(&self, context: &Context<'_>) -> Result<Option<Money>> {
        let locale = ctx_of(context)?.locale();
        Ok(self.view().lowest_before.map(|amount| Money::of(amount, locale)))
    }

    /// Words for stock.
    async fn availability(&self) -> AvailabilityInfo {
        self.view().availability.into()
    }

    /// Its own picture.
    async fn picture(&self) -> Option<Picture> {
        let at = self.view().picture.and_then(|at| usize::try_from(at).ok())?;
        self.page.pictures.get(at).map(Picture::of)
    }

    /// Weight in grams.
    async fn weight_grams(&self) -> i64 {
        self.view().weight_grams
    }

    /// Whether it is sent.
    async fn requires_shipping(&self) -> bool {
        self.view().requires_shipping
    }
}

/// The chosen value of one option.
#[derive(Clone, Debug, SimpleObject)]
pub struct SelectedOption {
    /// Name of the option.
    name: String,
    /// The value.
    value: String,
}

/// A link to a collection.
#[derive(Clone, Debug, SimpleObject)]
pub struct CollectionLink {
    /// Identity.
    id: ID,
    /// Address.
    slug: String,
    /// Name.
    title: String,
}

impl CollectionLink {
    pub(crate) fn of(link: &view::CollectionLink) -> Self {
        Self { id: ID(link.id.to_string()), slug: link.slug.clone(), title: link.title.clone() }
    }
}
