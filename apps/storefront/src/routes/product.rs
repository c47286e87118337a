//! The page of a product.

use super::list::breadcrumbs;
use super::review;
use crate::data;
use crate::islands::{BuyBox, Choice, ChoiceValue, Offer, Pieces, PriceWords, Stock};
use crate::page::{Head, Page, answer};
use crate::parts::media::{self, Loading};
use crate::parts::{card, form, icon, price, stars};
use crate::query;
use crate::seo;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use catalog::view::{Picture, ProductCard, ProductLookup, ProductPage, VariantView};
use commerce::review::Shown;
use leptos::prelude::*;
use platform::Ctx;
use std::sync::Arc;

/// Products shown as related.
const RELATED: usize = 4;

/// `GET /products/{slug}`
pub async fn show(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(slug): Path<String>,
    RawQuery(encoded): RawQuery,
) -> Response {
    let pairs = query::pairs(&encoded.unwrap_or_default());
    match data::product(&ctx, &slug).await {
        Ok(ProductLookup::Found(product)) => {
            let chosen = Chosen { options: query::chosen_options(&pairs), ..Chosen::default() };
            match around(&ctx, &shop, &product, &pairs).await {
                Ok(around) => {
                    let kept = data::may_be_kept(&ctx).await;
                    answer(&shop, || page(&shop, &product, &around, &chosen).kept(kept))
                }
                Err(error) => super::errors::failure(&ctx, &shop, &error).await,
            }
        }
        Ok(ProductLookup::Moved { slug }) => {
            Redirect::permanent(&shop.href(&format!("/products/{slug}"))).into_response()
        }
        Ok(ProductLookup::Missing) => super::errors::not_found(&ctx, &shop).await,
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// What stands on a product's page below the product.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Products that go with it.
    pub related: Vec<Arc<ProductCard>>,
    /// What people say about it; nothing where the shop has no reviews.
    pub reviews: Option<Shown>,
}

/// What stands below a product when its page is opened with these pairs in the address.
pub async fn around(
    ctx: &Ctx,
    shop: &Shop,
    product: &ProductPage,
    pairs: &[(String, String)],
) -> platform::Result<Around> {
    let mut related = data::related(ctx, product, RELATED).await?;
    related.retain(|card| card.id != product.id);
    related.truncate(RELATED);
    let (sort, page) = review::wanted(pairs);
    let reviews = match shop.sells() {
        true => data::reviews(ctx, product.id, sort, page).await?,
        false => None,
    };
    Ok(Around { related, reviews })
}

/// What was chosen on the page, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Chosen<'a> {
    /// Name and value of options.
    pub options: Vec<(&'a str, &'a str)>,
    /// How many, as typed.
    pub quantity: Option<&'a str>,
    /// What was wrong with adding it.
    pub problem: Option<String>,
}

impl Chosen<'_> {
    /// The variant that these options mean; options that are not named are those of the first one to be bought.
    pub fn variant<'p>(&self, product: &'p ProductPage) -> Option<&'p VariantView> {
        product.variants.get(self.variant_index(product)?)
    }

    fn variant_index(&self, product: &ProductPage) -> Option<usize> {
        let values = self.values(product);
        product.variants.iter().position(|variant| variant.options == values)
    }

    /// One value per option group.
    fn values(&self, product: &ProductPage) -> Vec<String> {
        let start = product.default_variant();
        let named = |group: &catalog::view::OptionGroup| {
            let (_, value) = self.options.iter().find(|(name, _)| name.eq_ignore_ascii_case(&group.name))?;
            group
                .values
                .iter()
                .find(|v| v.value.to_lowercase() == value.to_lowercase())
                .map(|v| v.value.clone())
        };
        product
            .options
            .iter()
            .enumerate()
            .map(|(index, group)| {
                named(group)
                    .or_else(|| start.and_then(|variant| variant.options.get(index).cloned()))
                    .unwrap_or_default()
            })
            .collect()
    }
}

/// The page.
pub fn page(shop: &Shop, product: &ProductPage, around: &Around, chosen: &Chosen<'_>) -> Page {
    let reviews = around.reviews.as_ref().filter(|_| shop.sells());
    let path = format!("/products/{}", product.slug);
    let mut crumbs = vec![("Home".to_owned(), Some("/".to_owned()))];
    if let Some(collection) = product.collections.first() {
        crumbs.push((collection.title.clone(), Some(format!("/collections/{}", collection.slug))));
    }
    crumbs.push((product.title.clone(), None));
    let head = Head {
        title: if product.seo_title.is_empty() { product.title.clone() } else { product.seo_title.clone() },
        description: product.seo_description.clone(),
        canonical: Some(path.clone()),
        kind: "product",
        picture: product.pictures.first().and_then(|picture| picture.url(1200)),
        data: vec![seo::product(shop, product, reviews), seo::breadcrumbs(shop, &crumbs)],
        ..Head::default()
    };
    let first_picture = chosen.variant(product).and_then(|variant| variant.picture);
    let title = match shop.settings.related_title.as_str() {
        "" => "Goes well with",
        words => words,
    };
    let below = view! {
        {shop.sells().then(|| wish(shop, product, chosen))}
        {reviews.and_then(|_| rated(product))}
        {assurances(shop)}
        {details(shop, product)}
    }
    .into_any();
    let words = match shop.sells() {
        true => view! {
            <BuyBox
                action=shop.href("/cart/add")
                page=shop.href(&path)
                vendor=product.vendor.clone()
                title=product.title.clone()
                summary=product.summary.clone()
                offer=offer(shop, product, chosen)
            >
                {below}
            </BuyBox>
        }
        .into_any(),
        false => showcase(product, below),
    };
    let view = view! {
        <div class="shell product-page">
            {breadcrumbs(shop, &crumbs)}
            <div class="split">
                {gallery(product, first_picture)}
                <div class="sticky">{words}</div>
            </div>
        </div>
        {reviews.map(|shown| review::section(shop, product, shown))}
        {card::shelf(shop, "related", title, None, &around.related)}
    };
    let mut page = Page::new(head, path, view.into_any());
    page.dependencies = vec![format!("product:{}", product.id), "catalog".into(), "tenant".into()];
    page
}

/// Keeps what is chosen for some day.
fn wish(shop: &Shop, product: &ProductPage, chosen: &Chosen<'_>) -> AnyView {
    let variant = chosen.variant(product).map(|variant| form::hidden("variant", &variant.id.to_string()));
    view! {
        <form action=shop.href("/wishlist") method="post">
            {form::hidden("product", &product.id.to_string())}
            {variant}
            <button class="button" data-kind="quiet" data-size="small">{icon::heart()}"Keep on the wishlist"</button>
        </form>
    }
    .into_any()
}

/// The stars, leading to what people say.
fn rated(product: &ProductPage) -> Option<AnyView> {
    let line = stars::line(product.rating)?;
    Some(view! { <a class="plain" href="#reviews">{line}</a> }.into_any())
}

/// What stands in the place of the buy box where nothing is sold: the same words, nothing to choose.
fn showcase(product: &ProductPage, below: AnyView) -> AnyView {
    view! {
        <div class="buy-box">
            <div class="summary">
                {(!product.vendor.is_empty()).then(|| view! { <p class="eyebrow">{product.vendor.clone()}</p> })}
                <h1>{product.title.clone()}</h1>
                {(!product.summary.is_empty()).then(|| view! { <p>{product.summary.clone()}</p> })}
            </div>
            {below}
        </div>
    }
    .into_any()
}

/// Everything that can be chosen, in words, for the island.
pub fn offer(shop: &Shop, product: &ProductPage, chosen: &Chosen<'_>) -> Offer {
    let mut offer = Offer {
        product: product.id.to_string(),
        choices: product
            .options
            .iter()
            .map(|group| Choice {
                name: group.name.clone(),
                values: group
                    .values
                    .iter()
                    .map(|value| ChoiceValue {
                        text: value.value.clone(),
                        swatch: shop.settings.swatch(&value.value, value.swatch.as_deref()),
                    })
                    .collect(),
            })
            .collect(),
        prices: Vec::new(),
        stocks: Vec::new(),
        variants: Vec::with_capacity(product.variants.len()),
        first: Vec::new(),
        price_note: price_note(shop),
        quantity: chosen.quantity.unwrap_or("1").chars().take(5).collect(),
        problem: chosen.problem.clone(),
    };
    let places = |values: &[String]| -> Vec<u16> {
        values
            .iter()
            .zip(&product.options)
            .map(|(value, group)| {
                group
                    .values
                    .iter()
                    .position(|v| v.value == *value)
                    .and_then(|at| u16::try_from(at).ok())
                    .unwrap_or(u16::MAX)
            })
            .collect()
    };
    for variant in &product.variants {
        let price = PriceWords {
            now: shop.price(variant.price),
            was: variant.compare_at.map(|was| shop.price(was)),
            off: variant.discount_percent().map(|percent| format!("−{percent}%")),
            tiers: variant.tiers.iter().map(|tier| price::tier(shop, tier)).collect(),
            lowest: variant.lowest_before.map(|lowest| price::lowest_before(shop, lowest)),
        };
        let price::StockWords { tone, text } = price::stock(variant.availability);
        let stock = Stock { tone: tone.into(), text, buyable: variant.availability.purchasable() };
        let price = place(&mut offer.prices, price);
        let stock = place(&mut offer.stocks, stock);
        let picture = variant.picture.and_then(|at| u16::try_from(at).ok());
        offer.variants.push(Pieces(places(&variant.options), price, stock, picture));
    }
    offer.first = places(&chosen.values(product));
    offer
}

/// The index of a value in a list of different values.
fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> u16 {
    let at = list.iter().position(|other| *other == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    });
    u16::try_from(at).unwrap_or(0)
}

fn price_note(shop: &Shop) -> String {
    match shop.settings.price_note.as_str() {
        "" if shop.tenant().prices_include_tax => "Tax included.".to_owned(),
        "" => "Tax is added at checkout.".to_owned(),
        words => words.to_owned(),
    }
}

fn gallery(product: &ProductPage, first: Option<u32>) -> AnyView {
    let shown: Vec<(usize, &Picture)> = {
        let mut shown: Vec<_> =
            product.pictures.iter().enumerate().filter(|(_, p)| !p.widths.is_empty()).collect();
        if let Some(at) =
            first.and_then(|first| shown.iter().position(|(index, _)| u32::try_from(*index) == Ok(first)))
        {
            let chosen = shown.remove(at);
            shown.insert(0, chosen);
        }
        shown
    };
    if shown.is_empty() {
        return view! {
            <section class="gallery" aria-label="Pictures"><ul class="plain"><li><div class="media">{media::placeholder()}</div></li></ul></section>
        }
        .into_any();
    }
    let items = shown
        .into_iter()
        .enumerate()
        .map(|(place, (index, picture))| {
            let loading = if place == 0 { Loading::First } else { Loading::Lazy };
            let alt = if picture.alt.is_empty() { product.title.as_str() } else { picture.alt.as_str() };
            let image = media::image(Some(media::Source::from(picture).alt(alt)), media::GALLERY, loading);
            let id = format!("picture-{index}");
            view! { <li id=id><a class="media" href=picture.url(1600)>{image}</a></li> }
        })
        .collect_view();
    view! { <section class="gallery" aria-label="Pictures"><ul class="plain">{items}</ul></section> }
        .into_any()
}

fn assurances(shop: &Shop) -> AnyView {
    if shop.settings.assurances.is_empty() || !shop.sells() {
        return ().into_any();
    }
    let items = shop
        .settings
        .assurances
        .iter()
        .map(|promise| {
            let rest = if promise.text.is_empty() { String::new() } else { format!(", {}", promise.text) };
            view! { <li>{icon::named(&promise.icon)}<span><strong>{promise.title.clone()}</strong>{rest}</span></li> }
        })
        .collect_view();
    view! { <ul class="assurances">{items}</ul> }.into_any()
}

fn details(shop: &Shop, product: &ProductPage) -> AnyView {
    let (intro, sections) = product.body.sections();
    let told = content::plain_text(intro.as_str()).trim() == product.summary.trim();
    let description = (!intro.is_blank() && !told).then(|| disclosure("Description", true, rich(&intro)));
    let opened = description.is_some();
    let told_nothing = !opened && sections.is_empty();
    let sections = sections
        .into_iter()
        .enumerate()
        .map(|(place, (title, body))| disclosure(title, place == 0 && !opened, rich(&body)))
        .collect_view();
    let variant = (product.variants.len() == 1).then(|| product.variants.first()).flatten();
    let facts = [
        ("Maker", product.vendor.clone()),
        ("Kind", product.product_type.clone()),
        ("Number", variant.map(|v| v.sku.clone()).unwrap_or_default()),
        ("Weight", weight(product)),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let facts = (!facts.is_empty()).then(|| {
        let rows =
            facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> }).collect_view();
        disclosure("At a glance", told_nothing, view! { <dl>{rows}</dl> }.into_any())
    });
    let delivery = (shop.sells() && !shop.settings.delivery_notes.is_empty()).then(|| {
        let lines =
            shop.settings.delivery_notes.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        disclosure("Delivery and returns", false, view! { <ul>{lines}</ul> }.into_any())
    });
    view! { <div id="details">{description}{sections}{facts}{delivery}</div> }.into_any()
}

/// Cleaned HTML as it is.
fn rich(html: &content::SafeHtml) -> AnyView {
    view! { <div class="rich" inner_html=html.as_str().to_owned()></div> }.into_any()
}

fn disclosure(title: impl Into<String>, open: bool, body: AnyView) -> AnyView {
    view! { <details class="disclosure" open=open><summary>{title.into()}" "{icon::plus()}</summary>{body}</details> }.into_any()
}

/// "980 g", "0.9 to 1.3 kg".
fn weight(product: &ProductPage) -> String {
    let grams = || product.variants.iter().map(|v| v.weight_grams).filter(|g| 0 < *g);
    let (Some(low), Some(high)) = (grams().min(), grams().max()) else { return String::new() };
    let words = |grams: i64| match grams {
        ..1000 => format!("{grams} g"),
        _ => format!("{}.{:02} kg", grams / 1000, grams % 1000 / 10).replace(".00 kg", " kg"),
    };
    if low == high { words(low) } else { format!("{} to {}", words(low), words(high)) }
}
