//! Gift cards and store credit: what pays of a checkout, what paid of an order, and what an account has.

use crate::parts::form::{self, Field, Problems};
use crate::shop::Shop;
use commerce::tender::{MovementKind, MovementView, OrderTenderView, StoreCreditView, TenderChoice};
use commerce::view::CheckoutView;
use leptos::prelude::*;
use primitives::Money;

/// The part of the checkout in which gift cards and store credit are chosen, with the total in sight.
pub fn section(shop: &Shop, view: &CheckoutView, refresh: &str, problems: &Problems) -> AnyView {
    let chosen = view.tenders.iter().map(|one| choice(shop, one, refresh)).collect_view();
    let chosen = (!view.tenders.is_empty()).then(|| view! { <ul class="plain codes">{chosen}</ul> });
    let credit = view.store_credit.map(|balance| {
        let words = format!("Use store credit: {}", shop.amount(balance));
        view! { <p>{button(refresh, "credit", "1", words)}</p> }
    });
    let field = Field {
        name: "gift_card",
        label: "Code of a gift card",
        autocomplete: "off",
        optional: true,
        hint: "Sixteen characters; dashes and capitals do not matter.",
        ..Field::default()
    };
    view! {
        <section class="step" aria-labelledby="s-tender">
            <h2 id="s-tender">{if view.signed_in { "Gift card and store credit" } else { "Gift card" }}</h2>
            {chosen}
            {credit}
            <div class="form-grid">{field.view(problems)}</div>
            <p>{button(refresh, "apply", "1", "Use gift card".to_owned())}</p>
        </section>
    }
    .into_any()
}

fn button(refresh: &str, name: &'static str, value: &str, words: String) -> AnyView {
    view! {
        <button class="button" data-kind="secondary" data-size="small" formaction=refresh.to_owned() formnovalidate="" data-live="" name=name value=value.to_owned()>
            {words}
        </button>
    }
    .into_any()
}

fn choice(shop: &Shop, one: &TenderChoice, refresh: &str) -> AnyView {
    let (tone, words) = match &one.problem {
        Some(problem) => ("warning", problem.clone()),
        None => {
            let left = Money { minor: one.balance.minor - one.amount.minor, ..one.balance };
            let (pays, left) = (shop.amount(one.amount), shop.amount(left));
            ("good", format!("has {}, pays {pays}, {left} stay on it", shop.amount(one.balance)))
        }
    };
    let (name, value) = match one.id {
        Some(id) => ("drop_card", id.to_string()),
        None => ("credit", "0".to_owned()),
    };
    view! {
        <li>
            <span class="status" data-tone=tone><strong>{one.name.clone()}</strong>" "{words}</span>
            <button formaction=refresh.to_owned() formnovalidate="" data-live="" name=name value=value>
                "Remove"<span class="visually-hidden">{format!(" {}", one.name)}</span>
            </button>
        </li>
    }
    .into_any()
}

/// Under a total that has not been paid yet: what each pays, and what is left.
pub fn rest(shop: &Shop, view: &CheckoutView) -> Option<AnyView> {
    let paying = view.tenders.iter().filter(|one| 0 < one.amount.minor);
    rows(shop, paying.map(|one| (one.name.clone(), one.amount)).collect(), "Left to pay", view.due)
}

/// Under the total of an order: what each paid, and what was left to the payment.
pub fn paid(shop: &Shop, tenders: &[OrderTenderView], due: Money) -> Option<AnyView> {
    rows(shop, tenders.iter().map(|one| (one.name.clone(), one.amount)).collect(), "Left to the payment", due)
}

fn rows(shop: &Shop, parts: Vec<(String, Money)>, left: &'static str, due: Money) -> Option<AnyView> {
    if parts.is_empty() {
        return None;
    }
    let parts = parts
        .into_iter()
        .map(|(name, amount)| {
            let off = Money { minor: -amount.minor, ..amount };
            view! { <div class="saving"><dt>{name}</dt><dd>{shop.amount(off)}</dd></div> }
        })
        .collect_view();
    let view = view! {
        <dl class="totals">
            {parts}
            <div class="total"><dt>{left}</dt><dd>{shop.amount(due)}</dd></div>
        </dl>
    };
    Some(view.into_any())
}

/// What the page says instead of ways to pay when nothing is left to pay.
pub fn covered() -> AnyView {
    form::notice("good", "Nothing is left to pay.")
}

/// The store credit of an account with its movements; nothing for somebody who never had any.
pub fn credit(shop: &Shop, credit: &StoreCreditView) -> Option<AnyView> {
    if credit.movements.is_empty() {
        return None;
    }
    let some = credit.balances.iter().filter(|one| 0 < one.minor);
    let mut all: Vec<String> = some.map(|one| shop.amount(*one)).collect();
    if all.is_empty() {
        all.push(shop.amount(credit.balance));
    }
    let rows = credit.movements.iter().map(|one| movement(shop, one)).collect_view();
    let view = view! {
        <section aria-labelledby="credit">
            <div class="section-head"><h2 id="credit">"Store credit"</h2><p><strong>{all.join(" and ")}</strong></p></div>
            <p class="muted">"Use it when you check out."</p>
            <ul class="plain">{rows}</ul>
        </section>
    };
    Some(view.into_any())
}

fn movement(shop: &Shop, one: &MovementView) -> AnyView {
    let order = one.order.map(|(_, number)| format!("order {number}"));
    let words = match (one.kind, order) {
        (MovementKind::Redeem, Some(order)) => format!("Paid {order}"),
        (MovementKind::Return, Some(order)) => format!("Back from {order}"),
        (MovementKind::Debit, _) => "Taken by the shop".to_owned(),
        _ => "Added by the shop".to_owned(),
    };
    let reason = match one.reason.as_str() {
        "" => String::new(),
        reason => format!(" · {reason}"),
    };
    let sign = if 0 < one.amount.minor { "+" } else { "" };
    view! {
        <li class="order-row" data-plain="">
            <h3>{words}</h3>
            <p class="amount">{format!("{sign}{}", shop.amount(one.amount))}</p>
            <p class="meta">{format!("{}{reason}", shop.day(one.at))}</p>
        </li>
    }
    .into_any()
}
