//! Products and collections as their editors see them.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use platform::graphql::{DateTime, Money, ctx_of, failure};

use super::nodes;
use super::product::{AvailabilityInfo, CollectionLink, Picture};
use super::stock::StockShelf;
use crate::query::admin;
use crate::view;

/// State of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "view::ProductStatus")]
pub enum ProductStatus {
    /// Being worked on, not visible.
    Draft,
    /// Visible in the shop.
    Published,
    /// Put away.
    Archived,
}

/// What happens when the stock is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "view::StockPolicy")]
pub enum StockPolicy {
    /// No more sales.
    Deny,
    /// It may be ordered and is sent later.
    Continue,
}

/// Whether a picture can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "view::ImageState")]
pub enum ImageState {
    /// Still being fetched.
    Pending,
    /// It can be shown.
    Ready,
    /// It could not be had.
    Failed,
}

/// A row of the table.
#[derive(Clone)]
pub struct AdminProductRow(pub(super) Arc<view::AdminProductRow>);

/// A product in the staff's table.
#[Object]
impl AdminProductRow {
    /// Identity.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Address.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Name.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// State.
    async fn status(&self) -> ProductStatus {
        self.0.status.into()
    }

    /// Maker.
    async fn vendor(&self) -> &str {
        &self.0.vendor
    }

    /// Kind.
    async fn product_type(&self) -> &str {
        &self.0.product_type
    }

    /// Tags, sorted.
    async fn tags(&self) -> &[String] {
        &self.0.tags
    }

    /// Cover.
    async fn picture(&self) -> Option<Picture> {
        self.0.picture.as_ref().map(Picture::of)
    }

    /// Lowest price.
    async fn price(&self, context: &Context<'_>) -> Result<Money> {
        Ok(Money::of(self.0.price, ctx_of(context)?.locale()))
    }

    /// Highest price.
    async fn price_max(&self, context: &Context<'_>) -> Result<Money> {
        Ok(Money::of(self.0.price_max, ctx_of(context)?.locale()))
    }

    /// How many variants.
    async fn variant_count(&self) -> u32 {
        self.0.variant_count
    }

    /// What can be sold over counted variants; null when none is counted.
    async fn stock(&self) -> Option<i64> {
        self.0.stock
    }

    /// The best of its variants.
    async fn availability(&self) -> AvailabilityInfo {
        self.0.availability.into()
    }

    /// Collections that show it.
    async fn collections(&self) -> Vec<CollectionLink> {
        self.0.collections.iter().map(CollectionLink::of).collect()
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// For optimistic changes.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// A product in the editor.
pub struct AdminProduct(pub(super) view::AdminProduct);

/// Everything about a product.
#[Object]
impl AdminProduct {
    /// Identity.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Address.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Earlier addresses that forward to this one.
    async fn old_slugs(&self) -> &[String] {
        &self.0.old_slugs
    }

    /// Name.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// State.
    async fn status(&self) -> ProductStatus {
        self.0.status.into()
    }

    /// Maker.
    async fn vendor(&self) -> &str {
        &self.0.vendor
    }

    /// Kind.
    async fn product_type(&self) -> &str {
        &self.0.product_type
    }

    /// Tags, sorted.
    async fn tags(&self) -> &[String] {
        &self.0.tags
    }

    /// Cleaned description.
    async fn body_html(&self) -> &str {
        self.0.body.as_str()
    }

    /// Title for search engines; empty falls back to the name.
    async fn seo_title(&self) -> &str {
        &self.0.seo_title
    }

    /// Description for search engines; empty falls back to the description.
    async fn seo_description(&self) -> &str {
        &self.0.seo_description
    }

    /// Up to three options with the values in use.
    async fn options(&self) -> Vec<AdminOption> {
        let option = |(name, values): &(String, Vec<String>)| AdminOption {
            name: name.clone(),
            values: values.clone(),
        };
        self.0.options.iter().map(option).collect()
    }

    /// In order.
    async fn variants(&self) -> Vec<AdminVariant> {
        self.0.variants.iter().map(|variant| AdminVariant(variant.clone())).collect()
    }

    /// In order, the first is the cover.
    async fn images(&self) -> Vec<AdminImage> {
        let image = |image: &view::AdminImage| AdminImage {
            id: ID(image.id.to_string()),
            media_id: ID(image.media.to_string()),
            alt: image.alt.clone(),
            source_url: image.source_url.clone(),
            picture: image.picture.as_ref().map(Picture::of),
            state: image.state.into(),
        };
        self.0.images.iter().map(image).collect()
    }

    /// Collections that show it.
    async fn collections(&self) -> Vec<CollectionLink> {
        self.0.collections.iter().map(CollectionLink::of).collect()
    }

    /// Currency of the shop's prices.
    async fn currency(&self, context: &Context<'_>) -> Result<String> {
        Ok(ctx_of(context)?.tenant().currency.code().to_owned())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// When it was last published.
    async fn published_at(&self) -> Option<DateTime> {
        self.0.published_at.map(DateTime)
    }

    /// Send it back with the next change; another number by then means CONFLICT.
    async fn version(&self) -> i64 {
        self.0.version
    }
}

/// An option with the values in use.
#[derive(Clone, Debug, SimpleObject)]
pub struct AdminOption {
    /// Name.
    name: String,
    /// In order of the variants.
    values: Vec<String>,
}

/// A variant in the editor.
pub struct AdminVariant(pub(super) view::AdminVariant);

/// A variant with its stock.
#[Object]
impl AdminVariant {
    /// Identity.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Order, from 0.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Its values.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// One per option.
    async fn option_values(&self) -> &[String] {
        &self.0.option_values
    }

    /// Stock keeping unit, may be empty.
    async fn sku(&self) -> &str {
        &self.0.sku
    }

    /// Bar code, may be empty.
    async fn barcode(&self) -> &str {
        &self.0.barcode
    }

    /// What it costs.
    async fn price(&self, context: &Context<'_>) -> Result<Money> {
        Ok(Money::of(self.0.price, ctx_of(context)?.locale()))
    }

    /// Struck-out price as it was typed in.
    async fn compare_at_price(&self, context: &Context<'_>) -> Result<Option<Money>> {
        let locale = ctx_of(context)?.locale();
        Ok(self.0.compare_at.map(|amount| Money::of(amount, locale)))
    }

    /// Weight in grams.
    async fn weight_grams(&self) -> i64 {
        self.0.weight_grams
    }

    /// Whether it is sent.
    async fn requires_shipping(&self) -> bool {
        self.0.requires_shipping
    }

    /// Whether tax applies.
    async fn taxable(&self) -> bool {
        self.0.taxable
    }

    /// What it is for the tax office, where tax applies: `standard`, or a category that the shop has rates for.
    async fn tax_category(&self) -> &str {
        &self.0.tax_category
    }

    /// Whether stock is counted.
    async fn tracked(&self) -> bool {
        self.0.tracked
    }

    /// What happens when the stock is used up.
    async fn policy(&self) -> StockPolicy {
        self.0.policy.into()
    }

    /// Pieces on the shelves of all locations; may be negative after backorders.
    async fn on_hand(&self) -> i64 {
        self.0.on_hand
    }

    /// Pieces promised to orders in progress.
    async fn reserved(&self) -> i64 {
        self.0.reserved
    }

    /// Pieces that can be sold now.
    async fn available(&self) -> i64 {
        self.0.available
    }

    /// What lies where.
    async fn shelves(&self) -> Vec<StockShelf> {
        self.0.shelves.iter().map(StockShelf::of).collect()
    }

    /// Whether it is spread for many buyers at once.
    async fn hot(&self) -> bool {
        self.0.hot
    }

    /// Its own picture.
    async fn image_id(&self) -> Option<ID> {
        self.0.image.map(|id| ID(id.to_string()))
    }
}

/// A picture of a product.
#[derive(Clone, Debug, SimpleObject)]
pub struct AdminImage {
    /// Identity of the place in the gallery.
    id: ID,
    /// The file.
    media_id: ID,
    /// Text for those who do not see it.
    alt: String,
    /// Where it came from, when it was fetched.
    source_url: String,
    /// The renditions, when ready.
    picture: Option<Picture>,
    /// Whether it can be shown.
    state: ImageState,
}

/// A collection in the editor.
#[derive(Clone)]
pub struct AdminCollection(pub(super) Arc<view::AdminCollection>);

/// Everything about a collection.
#[Object]
impl AdminCollection {
    /// Identity.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Address.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// Name.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Cleaned description.
    async fn body_html(&self) -> &str {
        self.0.body.as_str()
    }

    /// Title for search engines; empty falls back to the name.
    async fn seo_title(&self) -> &str {
        &self.0.seo_title
    }

    /// Description for search engines; empty falls back to the description.
    async fn seo_description(&self) -> &str {
        &self.0.seo_description
    }

    /// Order among collections.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Its own picture.
    async fn media_id(&self) -> Option<ID> {
        self.0.media.map(|id| ID(id.to_string()))
    }

    /// That picture's renditions.
    async fn picture(&self) -> Option<Picture> {
        self.0.picture.as_ref().map(Picture::of)
    }

    /// Products in it, published or not.
    async fn product_count(&self) -> u32 {
        self.0.product_count
    }

    /// Products in it, in its order.
    #[graphql(complexity = "10 + nodes(first, None) * child_complexity")]
    async fn products(&self, context: &Context<'_>, first: Option<i32>) -> Result<Vec<AdminProductRow>> {
        let rows = Box::pin(admin::members(ctx_of(context)?, self.0.id, nodes(first, None) as u64))
            .await
            .map_err(failure)?;
        Ok(rows.into_iter().map(|row| AdminProductRow(Arc::new(row))).collect())
    }

    /// For optimistic changes.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
