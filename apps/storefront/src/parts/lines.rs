//! Lines and totals: cart, checkout, orders.

use super::icon;
use super::media::{self, Loading};
use crate::shop::Shop;
use catalog::view::Picture;
use commerce::view::{CartLineView, CartView, LineProblem, OrderLineView, Totals};
use leptos::prelude::*;
use primitives::Money;

/// The lines of a cart as one form: steppers, removal, what is wrong and how to mend it.
///
/// `prefix` keeps ids apart when drawer and page are in one document.
pub fn cart_lines(shop: &Shop, cart: &CartView, drawer: bool) -> AnyView {
    let lines = cart.lines.iter().map(|line| cart_line(shop, line)).collect_view();
    let class = drawer.then_some("lines");
    view! {
        <form class=class action=shop.href("/cart/update") method="post" data-live="" aria-label="Cart lines">
            // Enter in a quantity field presses the first button of the form: that must be this one.
            <button class="visually-hidden" name="update" value="1" tabindex="-1" aria-hidden="true" data-refresh="">"Update"</button>
            <ul class="plain">{lines}</ul>
            {(!drawer).then(|| {
                view! { <noscript><p class="update"><button class="button" data-kind="secondary" name="update" value="1">"Update quantities"</button></p></noscript> }
            })}
        </form>
    }
    .into_any()
}

fn cart_line(shop: &Shop, line: &CartLineView) -> AnyView {
    let id = line.id.to_string();
    let gone = line.problems.contains(&LineProblem::Gone);
    let title = match gone {
        true => line.title.clone().into_any(),
        false => view! { <a href=shop.href(&format!("/products/{}", line.slug))>{line.title.clone()}</a> }
            .into_any(),
    };
    let quantity = line.counted().then(|| stepper(line));
    let problems = line.problems.iter().map(|problem| problem_notice(shop, *problem)).collect_view();
    view! {
        <li class="cart-line" data-problem=(!line.counted()).then_some("")>
            <div class="media">{media::image(line.picture.as_ref().map(|p| media::Source::from(p).alt("")), media::THUMB, Loading::Lazy)}</div>
            <div>
                <h3>{title}</h3>
                {(!line.variant_title.is_empty()).then(|| view! { <p class="meta">{comma(&line.variant_title)}</p> })}
            </div>
            {line_price(shop, line)}
            <div class="controls">
                {quantity}
                <button type="submit" name="remove" value=id>
                    "Remove"<span class="visually-hidden">{format!(" {}", line.title)}</span>
                </button>
            </div>
            {problems}
        </li>
    }
    .into_any()
}

fn stepper(line: &CartLineView) -> AnyView {
    let id = line.id.to_string();
    let label = format!("Quantity of {}", line.title);
    view! {
        <div class="quantity" data-size="small" role="group" aria-label=label>
            <button type="submit" name="less" value=id.clone()>{icon::minus()}<span class="visually-hidden">{format!("One less, {}", line.title)}</span></button>
            <input
                name=format!("quantity-{id}")
                inputmode="numeric"
                autocomplete="off"
                maxlength="5"
                value=line.quantity
                aria-label="Quantity"
                data-refresh-on-change=""
            />
            <button type="submit" name="more" value=id>{icon::plus()}<span class="visually-hidden">{format!("One more, {}", line.title)}</span></button>
        </div>
    }
    .into_any()
}

fn line_price(shop: &Shop, line: &CartLineView) -> AnyView {
    let was = line.compare_at.and_then(|was| times(was, line.quantity));
    let each = (1 < line.quantity)
        .then(|| view! { <span class="unit">{format!("{} each", shop.amount(line.unit))}</span> });
    view! {
        <div class="price" data-sale=was.map(|_| "")>
            <strong>{shop.amount(line.total)}</strong>
            {was.map(|was| view! { " "<s><span class="visually-hidden">"Was "</span>{shop.amount(was)}</s> })}
            {each}
        </div>
    }
    .into_any()
}

fn times(money: Money, quantity: u32) -> Option<Money> {
    Some(Money { minor: money.minor.checked_mul(i64::from(quantity))?, ..money })
}

fn problem_notice(shop: &Shop, problem: LineProblem) -> AnyView {
    let (tone, strong, rest) = match problem {
        LineProblem::SoldOut => (
            "danger",
            "Sold out while it was in your cart.".to_owned(),
            "It is not counted in the total; remove it to check out.".to_owned(),
        ),
        LineProblem::Gone => (
            "danger",
            "This is not sold any more.".to_owned(),
            "It is not counted in the total; remove it to check out.".to_owned(),
        ),
        LineProblem::OnlyLeft { left } => (
            "warning",
            format!("Only {left} left."),
            format!("Lower the quantity to {left}, so the rest of your cart can go ahead."),
        ),
        LineProblem::PriceChanged { was } => (
            "info",
            "The price has changed.".to_owned(),
            format!("It was {} when you added it.", shop.amount(was)),
        ),
    };
    view! { <div class="notice" data-tone=tone>{icon::alert()}<p><strong>{strong}</strong>" "{rest}</p></div> }.into_any()
}

/// What stands in a summary: a picture, a name, an amount.
pub struct SummaryLine<'a> {
    title: &'a str,
    variant_title: &'a str,
    picture: Option<&'a Picture>,
    quantity: u32,
    total: Money,
}

impl<'a> From<&'a CartLineView> for SummaryLine<'a> {
    fn from(line: &'a CartLineView) -> Self {
        let CartLineView { title, variant_title, picture, quantity, total, .. } = line;
        Self { title, variant_title, picture: picture.as_ref(), quantity: *quantity, total: *total }
    }
}

impl<'a> From<&'a OrderLineView> for SummaryLine<'a> {
    fn from(line: &'a OrderLineView) -> Self {
        let OrderLineView { title, variant_title, picture, quantity, total, .. } = line;
        Self { title, variant_title, picture: picture.as_ref(), quantity: *quantity, total: *total }
    }
}

/// The lines of a summary.
pub fn summary_lines<'a>(shop: &Shop, lines: impl Iterator<Item = SummaryLine<'a>>) -> AnyView {
    let lines = lines
        .map(|line| {
            let title = match line.quantity {
                1 => line.title.to_owned(),
                n => format!("{} × {n}", line.title),
            };
            view! {
                <li>
                    <div class="media">{media::image(line.picture.map(|p| media::Source::from(p).alt("")), media::THUMB, Loading::Lazy)}</div>
                    <span>
                        <strong>{title}</strong>
                        {(!line.variant_title.is_empty()).then(|| view! { <br /><span class="muted">{comma(line.variant_title)}</span> })}
                    </span>
                    <span class="amount">{shop.amount(line.total)}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="summary-lines">{lines}</ul> }.into_any()
}

/// Sums, as shown everywhere: subtotal, delivery, what was taken off, tax, total.
pub fn totals(shop: &Shop, totals: &Totals, shipping_name: Option<&str>) -> AnyView {
    let delivery = match (totals.shipping, shipping_name) {
        (None, _) => "Worked out at checkout".to_owned(),
        (Some(money), _) if money.minor == 0 => "Free".to_owned(),
        (Some(money), _) => shop.amount(money),
    };
    let name = match shipping_name {
        Some(name) if !name.is_empty() => format!("Delivery, {}", lower_first(name)),
        _ => "Delivery".to_owned(),
    };
    let discount = (totals.discount.minor != 0).then(|| {
        let off = Money { minor: -totals.discount.minor, ..totals.discount };
        view! { <div><dt>"Savings"</dt><dd>{shop.amount(off)}</dd></div> }
    });
    let shares = || totals.taxes.iter().filter(|share| share.tax.minor != 0);
    let taxes_before = (!totals.includes_tax).then(|| {
        shares()
            .map(|share| view! { <div><dt>{format!("{}, {} %", share.name, share.rate.percent_text())}</dt><dd>{shop.amount(share.tax)}</dd></div> })
            .collect_view()
    });
    let taxes_after = totals.includes_tax.then(|| {
        shares()
            .map(|share| {
                let words = format!("of which {}, {} %", share.name, share.rate.percent_text());
                view! { <div><dt><small>{words}</small></dt><dd><small>{shop.amount(share.tax)}</small></dd></div> }
            })
            .collect_view()
    });
    view! {
        <dl class="totals">
            <div><dt>"Subtotal"</dt><dd>{shop.amount(totals.subtotal)}</dd></div>
            {discount}
            <div><dt>{name}</dt><dd>{delivery}</dd></div>
            {taxes_before}
            <div class="total"><dt>"Total"</dt><dd>{shop.amount(totals.total)}</dd></div>
            {taxes_after}
        </dl>
    }
    .into_any()
}

/// How far it is to free delivery.
pub fn free_delivery(shop: &Shop, cart: &CartView) -> Option<AnyView> {
    let offer = cart.free_shipping.as_ref().filter(|_| !cart.lines.is_empty())?;
    let reached = offer.missing.minor == 0;
    let place = match shop.settings.free_delivery_note.as_str() {
        "" => format!("to {}", offer.country.name()),
        note => note.to_owned(),
    };
    let words = match reached {
        true => view! { {icon::check_small()}<span><strong>"Free delivery"</strong>{format!(" {place} is yours.")}</span> }.into_any(),
        false => view! { <span><strong>{shop.amount(offer.missing)}</strong>{format!(" more for free delivery {place}.")}</span> }.into_any(),
    };
    let percent = offer.percent;
    Some(
        view! {
            <div class="free-delivery" data-reached=reached.then_some("")>
                <p>{words}</p>
                <progress class="meter" max="100" value=percent aria-label="Progress to free delivery">{format!("{percent}%")}</progress>
            </div>
        }
        .into_any(),
    )
}

/// "Oat / 130 × 180 cm" as "Oat, 130 × 180 cm".
pub fn comma(variant_title: &str) -> String {
    variant_title.replace(" / ", ", ")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
