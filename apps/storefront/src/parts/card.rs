//! A product in a grid.

use super::media::{self, Loading};
use super::{form, icon, price, stars};
use crate::settings::Link;
use crate::shop::Shop;
use catalog::view::{Availability, ProductCard, Swatch};
use leptos::prelude::*;
use std::sync::Arc;

/// Dots that a card shows before it counts the rest.
const DOTS: usize = 4;

/// One card. The whole of it follows its one link.
pub fn card(shop: &Shop, card: &ProductCard, sizes: &'static str, loading: Loading) -> AnyView {
    let sold_out = shop.sells() && card.availability == Availability::SoldOut;
    let meta = if card.vendor.is_empty() { card.product_type.clone() } else { card.vendor.clone() };
    let second = card.pictures.get(1).filter(|picture| !picture.widths.is_empty());
    view! {
        <article class="product-card" data-sold-out=sold_out.then_some("")>
            <div class="media">
                {media::image(card.pictures.first(), sizes, loading)}
                {second.map(|picture| media::image(Some(media::Source::from(picture).alt("")), sizes, Loading::Lazy))}
                {shop.sells().then(|| badge(card))}
            </div>
            <div class="text">
                <h3><a href=shop.href(&format!("/products/{}", card.slug))>{card.title.clone()}</a></h3>
                {(!meta.is_empty()).then(|| view! { <p class="meta">{meta}</p> })}
                {shop.sells().then(|| stars::line(card.rating)).flatten()}
                {price::price(shop, card.price, card.compare_at, card.lowest_before, card.price_from())}
                {dots(shop, card)}
            </div>
            {shop.sells().then(|| wish(shop, card))}
        </article>
    }
    .into_any()
}

/// The same for everybody: a page that is kept for all cannot know what one of them wishes for.
fn wish(shop: &Shop, card: &ProductCard) -> AnyView {
    let name = format!("Keep {} on the wishlist", card.title);
    view! {
        <form class="wish" action=shop.href("/wishlist") method="post">
            {form::hidden("product", &card.id.to_string())}
            <button aria-label=name>{icon::heart()}</button>
        </form>
    }
    .into_any()
}

fn badge(card: &ProductCard) -> Option<AnyView> {
    let (tone, text) = match (card.availability, card.discount_percent()) {
        (Availability::SoldOut, _) => (None, "Sold out".to_owned()),
        (_, Some(percent)) => (Some("accent"), format!("−{percent}%")),
        (Availability::Low { left: 1 }, None) => (None, "Last one".to_owned()),
        (Availability::Low { left }, None) => (None, format!("Last {left}")),
        _ => return None,
    };
    Some(view! { <span class="badge" data-tone=tone>{text}</span> }.into_any())
}

fn dots(shop: &Shop, card: &ProductCard) -> Option<AnyView> {
    if card.swatches.len() < 2 {
        return None;
    }
    let rest = card.swatches.len().saturating_sub(DOTS);
    let count = format!("{} colours", card.swatches.len());
    let colour = |swatch: &Swatch| shop.settings.swatch(&swatch.name, Some(&swatch.color));
    let dots =
        card.swatches.iter().take(DOTS).filter_map(colour).map(|colour| icon::swatch(&colour)).collect_view();
    Some(
        view! {
            <p class="swatches">
                {dots}
                {(0 < rest).then(|| view! { <span aria-hidden="true">{format!("+{rest}")}</span> })}
                <span class="visually-hidden">{count}</span>
            </p>
        }
        .into_any(),
    )
}

/// A grid of cards. `shelf` keeps rows of four whole.
pub fn grid(shop: &Shop, cards: &[Arc<ProductCard>], shelf: bool, first_eager: usize) -> AnyView {
    let cards = cards
        .iter()
        .enumerate()
        .map(|(index, one)| {
            let loading = match index {
                0 if 0 < first_eager => Loading::First,
                _ if index < first_eager => Loading::Eager,
                _ => Loading::Lazy,
            };
            view! { <li>{card(shop, one, media::GRID, loading)}</li> }
        })
        .collect_view();
    view! { <ul class="product-grid" data-shelf=shelf.then_some("")>{cards}</ul> }.into_any()
}

/// A titled section with a grid; nothing when there are no cards.
pub fn shelf(
    shop: &Shop,
    id: &'static str,
    title: &str,
    link: Option<&Link>,
    cards: &[Arc<ProductCard>],
) -> AnyView {
    if cards.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="section shell" aria-labelledby=id>
            <div class="section-head">
                <h2 id=id>{title.to_owned()}</h2>
                {link.map(|link| arrow_link(shop, link))}
            </div>
            {grid(shop, cards, true, 0)}
        </section>
    }
    .into_any()
}

/// A link that asks to be followed.
pub fn arrow_link(shop: &Shop, link: &Link) -> AnyView {
    view! { <a class="arrow-link" href=shop.href(&link.href)>{link.label.clone()}" "{icon::arrow()}</a> }
        .into_any()
}
