//! Prices and the words around them.

use crate::shop::Shop;
use catalog::view::{Availability, PriceTier};
use leptos::prelude::*;
use primitives::Money;

/// A price with what it was before, when it is reduced; nothing where nothing is sold.
pub fn price(shop: &Shop, now: Money, was: Option<Money>, lowest: Option<Money>, from: bool) -> AnyView {
    if !shop.sells() {
        return ().into_any();
    }
    let now = if from { format!("from {}", shop.price(now)) } else { shop.price(now) };
    match was {
        None => view! { <p class="price"><strong>{now}</strong></p> }.into_any(),
        Some(was) => view! {
            <p class="price" data-sale="">
                <span class="visually-hidden">"Now "</span>
                <strong>{now}</strong>
                " "
                <s><span class="visually-hidden">"Was "</span>{shop.price(was)}</s>
            </p>
            {lowest.map(|lowest| view! { <p class="meta">{lowest_before(shop, lowest)}</p> })}
        }
        .into_any(),
    }
}

/// What a reduced price has to be compared with, in words.
pub fn lowest_before(shop: &Shop, lowest: Money) -> String {
    format!("Lowest price of the 30 days before: {}", shop.price(lowest))
}

/// What a piece costs from more pieces on, in words.
pub fn tier(shop: &Shop, tier: &PriceTier) -> String {
    format!("From {}: {} each", tier.from, shop.price(tier.unit))
}

/// What is said about stock: a tone for the dot, and the words.
#[derive(Clone, Debug, PartialEq)]
pub struct StockWords {
    /// `good`, `warning` or `off`.
    pub tone: &'static str,
    /// The words.
    pub text: String,
}

/// Words for the stock of one variant.
pub fn stock(availability: Availability) -> StockWords {
    match availability {
        Availability::InStock => StockWords { tone: "good", text: "In stock, ready to send.".into() },
        Availability::Low { left: 1 } => StockWords { tone: "warning", text: "The last one.".into() },
        Availability::Low { left } => StockWords { tone: "warning", text: format!("Only {left} left.") },
        Availability::Backorder => {
            StockWords { tone: "info", text: "Out of stock, made to order. You can buy it now.".into() }
        }
        Availability::SoldOut => StockWords { tone: "off", text: "Sold out.".into() },
    }
}
