//! What a promotion does, in words.

use primitives::Country;

use super::{ActionDraft, Choice, ConditionDraft, Draft, Part, has};
use crate::gql::promotions::{PromotionActionKind as Kind, PromotionConditionKind as Needs};
use crate::logic::settings;

/// Every kind of action with its name in the choice, what it needs, and whether it works on single products, on the
/// whole order or on the delivery.
pub const ACTIONS: [(Kind, &str, &str); 9] = [
    (Kind::OrderPercent, "order-percent", "Percentage off the whole order"),
    (Kind::OrderFixed, "order-fixed", "Amount off the whole order"),
    (Kind::Percent, "percent", "Percentage off products"),
    (Kind::Fixed, "fixed", "Amount off products"),
    (Kind::FixedPrice, "fixed-price", "Products at a fixed price"),
    (Kind::BuyGet, "buy-get", "Buy some, get others cheaper"),
    (Kind::CheapestFree, "cheapest-free", "The cheapest of some is free"),
    (Kind::FreeGift, "free-gift", "A gift"),
    (Kind::FreeShipping, "free-shipping", "Free or cheaper delivery"),
];

/// Every kind of condition with its name in the choice.
pub const CONDITIONS: [(Needs, &str, &str); 5] = [
    (Needs::Subtotal, "subtotal", "At least an amount"),
    (Needs::Has, "has", "At least some pieces"),
    (Needs::FirstOrder, "first-order", "The first order"),
    (Needs::Countries, "countries", "Where it goes"),
    (Needs::Groups, "groups", "A group of customers"),
];

/// `10 % off everything with code SUMMER`. `money` says a typed amount as people write it.
pub fn said(draft: &Draft, money: &dyn Fn(&str) -> String) -> String {
    let mut text = action(&draft.action, money);
    for one in &draft.conditions {
        text.push_str(", ");
        text.push_str(&condition(one, money));
    }
    let comma = if text.contains(", ") { "," } else { "" };
    match draft.codes.as_slice() {
        [] => {}
        [code] => text.push_str(&format!("{comma} with code {code}")),
        codes => text.push_str(&format!("{comma} with one of {} codes", codes.len())),
    }
    text
}

/// What it takes off.
fn action(action: &ActionDraft, money: &dyn Fn(&str) -> String) -> String {
    let percent = settings::rate(&action.percent).unwrap_or_else(|| typed(&action.percent).to_owned());
    let amount = || money(&action.amount);
    match action.kind {
        Kind::Percent => format!("{percent} % off {}", named(&action.of, "every product")),
        Kind::Fixed if action.once => {
            format!("{} off {} together", amount(), named(&action.of, "all products"))
        }
        Kind::Fixed => match everything(&action.of) {
            true => format!("{} off each piece", amount()),
            false => format!("{} off each piece of {}", amount(), named(&action.of, "everything")),
        },
        Kind::FixedPrice => {
            format!("{} for {} a piece", capital(&named(&action.of, "every product")), amount())
        }
        Kind::BuyGet => {
            let price = match percent.as_str() {
                "100" => "free".to_owned(),
                _ => format!("at {percent} % off"),
            };
            let (bought, given) =
                (pieces_of(&action.buy, &action.of), pieces_of(&action.get, &action.get_of));
            format!("Buy {bought}, get {given} {price}{}", at_most(action))
        }
        Kind::CheapestFree => {
            format!("The cheapest of every {} is free{}", pieces_of(&action.buy, &action.of), at_most(action))
        }
        Kind::OrderPercent => format!("{percent} % off everything"),
        Kind::OrderFixed => format!("{} off the order", amount()),
        Kind::FreeGift => match action.get.trim() {
            "" | "1" => "A gift".to_owned(),
            n => format!("{n} gifts"),
        },
        Kind::FreeShipping => {
            let what = match action.amount.trim().is_empty() {
                true => "Free delivery".to_owned(),
                false => format!("Delivery up to {} cheaper", amount()),
            };
            match action.methods.len() {
                0 => what,
                n => format!("{what} with {}", some(n, "way to send", "ways to send")),
            }
        }
    }
}

/// What has to hold.
pub fn condition(condition: &ConditionDraft, money: &dyn Fn(&str) -> String) -> String {
    match condition.kind {
        Needs::Has => {
            let pieces = typed(&condition.pieces);
            let noun = if pieces == "1" { "piece" } else { "pieces" };
            match everything(&condition.of) {
                true => format!("from {pieces} {noun}"),
                false => format!("from {pieces} {noun} of {}", named(&condition.of, "everything")),
            }
        }
        Needs::Subtotal => match everything(&condition.of) {
            true => format!("from {}", money(&condition.amount)),
            false => format!("from {} of {}", money(&condition.amount), named(&condition.of, "everything")),
        },
        Needs::FirstOrder => "on the first order".to_owned(),
        Needs::Countries => match condition.countries.len() {
            0 => "to …".to_owned(),
            1..=3 => {
                let names = condition.countries.iter().map(|code| {
                    Country::parse(code).map_or_else(|_| code.clone(), |country| country.name().to_owned())
                });
                format!("to {}", listed(names.collect(), "and"))
            }
            n => format!("to {n} countries"),
        },
        Needs::Groups => match condition.groups.len() {
            0 => "for …".to_owned(),
            n => format!("for {}", some(n, "group of customers", "groups of customers")),
        },
    }
}

fn everything(choice: &Choice) -> bool {
    !choice.some && !choice.excludes()
}

/// "2 products or 1 collection, except things tagged sale".
fn named(choice: &Choice, all: &str) -> String {
    let things = |products: usize, variants: usize, collections: usize, tags: &[String]| {
        let mut things = Vec::new();
        for (n, one, many) in [
            (products, "product", "products"),
            (variants, "variant", "variants"),
            (collections, "collection", "collections"),
        ] {
            if n > 0 {
                things.push(some(n, one, many));
            }
        }
        match tags.len() {
            0 => {}
            1..=3 => things.push(format!("things tagged {}", listed(tags.to_vec(), "or"))),
            n => things.push(format!("things with one of {n} tags")),
        }
        listed(things, "and")
    };
    let (products, variants, collections) =
        (choice.products.len(), choice.variants.len(), choice.collections.len());
    let mut text = match choice.some {
        true => things(products, variants, collections, &choice.tags),
        false => all.to_owned(),
    };
    if text.is_empty() {
        text.push('…');
    }
    if choice.excludes() {
        let (products, collections) = (choice.not_products.len(), choice.not_collections.len());
        text.push_str(" except ");
        text.push_str(&things(products, 0, collections, &choice.not_tags));
    }
    text
}

/// "2", "2 of 1 collection".
fn pieces_of(pieces: &str, choice: &Choice) -> String {
    match everything(choice) {
        true => typed(pieces).to_owned(),
        false => format!("{} of {}", typed(pieces), named(choice, "everything")),
    }
}

fn at_most(action: &ActionDraft) -> String {
    match action.most.trim() {
        "" => String::new(),
        _ if !has(action.kind, Part::Most) => String::new(),
        "1" => ", once an order".to_owned(),
        n => format!(", at most {n} times an order"),
    }
}

fn typed(text: &str) -> &str {
    if text.trim().is_empty() { "…" } else { text.trim() }
}

fn some(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "a", "a and b", "a, b and c".
fn listed(mut names: Vec<String>, last_word: &str) -> String {
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} {last_word} {last}", names.join(", ")),
    }
}

/// The codes in a row of the list: the first, and how many more.
pub fn codes(codes: &[String]) -> String {
    match codes {
        [] => "No code needed".to_owned(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}
