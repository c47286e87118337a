//! Lines and totals: cart, checkout, orders.

use super::icon;
use super::media::{self, Loading};
use crate::shop::Shop;
use catalog::view::Picture;
use commerce::view::{
    CartLineView, CartView, CodeView, GiftView, LineProblem, OrderLineView, PromotionReason, Totals, WhyNot,
};
use leptos::prelude::*;
use primitives::{Money, Timestamp};

/// The lines of a cart as one form: steppers, removal, what is wrong and how to mend it.
///
/// `prefix` keeps ids apart when drawer and page are in one document.
pub fn cart_lines(shop: &Shop, cart: &CartView, drawer: bool) -> AnyView {
    let lines = cart.lines.iter().map(|line| cart_line(shop, line)).collect_view();
    view! {
        <form action=shop.href("/cart/update") method="post" data-live="" aria-label="Cart lines">
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
    let saved = shop.href("/cart/saved");
    let later = (!gone).then(|| {
        view! {
            <button type="submit" name="later" value=id.clone() formaction=saved data-live="">
                "Save for later"<span class="visually-hidden">{format!(" {}", line.title)}</span>
            </button>
        }
    });
    let problems =
        line.problems.iter().map(|problem| problem_notice(shop, *problem, line.unit)).collect_view();
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
                {later}
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
    let listed = line.listed.as_ref().map(|listed| match listed.min_quantity {
        ..=1 => listed.name.clone(),
        from => format!("{}, from {from}", listed.name),
    });
    // What promotions take off is struck out from what the line costs now, not from what it cost once.
    let was = if line.discounts.is_empty() { was } else { Some(line.total) };
    let discounts = line
        .discounts
        .iter()
        .map(|discount| view! { <span class="unit">{discount.name.clone()}{format!(" −{}", shop.amount(discount.amount))}</span> })
        .collect_view();
    view! {
        <div class="price" data-sale=was.map(|_| "")>
            <strong>{shop.amount(line.left)}</strong>
            {was.map(|was| view! { " "<s><span class="visually-hidden">"Was "</span>{shop.amount(was)}</s> })}
            {each}
            {listed.map(|listed| view! { <span class="unit">{listed}</span> })}
            {discounts}
        </div>
    }
    .into_any()
}

/// What lies aside, below the lines; nothing when nothing does.
pub fn saved(shop: &Shop, cart: &CartView) -> Option<AnyView> {
    let lines = cart.saved.iter().map(|line| {
        let id = line.id.to_string();
        let title = match line.gone {
            true => line.title.clone().into_any(),
            false => view! { <a href=shop.href(&format!("/products/{}", line.slug))>{line.title.clone()}</a> }.into_any(),
        };
        let pieces = if 1 < line.quantity { format!("{} × ", line.quantity) } else { String::new() };
        let words = match (line.gone, line.sold_out, line.was) {
            (true, ..) => Some("Not sold any more".to_owned()),
            (_, true, _) => Some("Sold out now".to_owned()),
            (.., Some(was)) => Some(format!("Was {}, is {}", shop.amount(was), shop.amount(line.unit))),
            _ => None,
        };
        let back = (!line.gone).then(|| {
            view! {
                <button type="submit" name="back" value=id.clone()>
                    "Move to cart"<span class="visually-hidden">{format!(" {}", line.title)}</span>
                </button>
            }
        });
        view! {
            <li class="cart-line">
                <div class="media">{media::image(line.picture.as_ref().map(|p| media::Source::from(p).alt("")), media::THUMB, Loading::Lazy)}</div>
                <div>
                    <h3>{pieces}{title}</h3>
                    {(!line.variant_title.is_empty()).then(|| view! { <p class="meta">{comma(&line.variant_title)}</p> })}
                    {words.map(|words| view! { <p class="meta">{words}</p> })}
                </div>
                <div class="price"><strong>{shop.amount(line.unit)}</strong></div>
                <div class="controls">
                    {back}
                    <button type="submit" name="forget" value=id>
                        "Remove"<span class="visually-hidden">{format!(" {}", line.title)}</span>
                    </button>
                </div>
            </li>
        }
    });
    (!cart.saved.is_empty()).then(|| {
        view! {
            <form action=shop.href("/cart/saved") method="post" data-live="" aria-label="Saved for later">
                <h2 class="saved-title">"Saved for later"</h2>
                <ul class="plain">{lines.collect_view()}</ul>
            </form>
        }
        .into_any()
    })
}

/// What promotions add to the cart.
pub fn gifts(shop: &Shop, cart: &CartView) -> Option<AnyView> {
    let gifts = cart.gifts.iter().map(|gift| {
        let pieces = if 1 < gift.quantity { format!("{} × ", gift.quantity) } else { String::new() };
        view! {
            <li class="cart-line">
                <div class="media">{media::image(gift.picture.as_ref().map(|p| media::Source::from(p).alt("")), media::THUMB, Loading::Lazy)}</div>
                <div>
                    <h3>{pieces}<a href=shop.href(&format!("/products/{}", gift.slug))>{gift.title.clone()}</a></h3>
                    {(!gift.variant_title.is_empty()).then(|| view! { <p class="meta">{comma(&gift.variant_title)}</p> })}
                    <p class="meta">{format!("Yours with {}", gift.reason)}</p>
                </div>
                <div class="price" data-sale=""><strong>"Free"</strong>" "<s><span class="visually-hidden">"Otherwise "</span>{shop.amount(gift.unit)}</s></div>
            </li>
        }
    });
    (!cart.gifts.is_empty())
        .then(|| view! { <ul class="plain" aria-label="Gifts">{gifts.collect_view()}</ul> }.into_any())
}

/// What is missing for promotions: "€2.40 more for Summer sale".
pub fn hints(shop: &Shop, cart: &CartView) -> Option<AnyView> {
    let hints = cart.hints.iter().map(|hint| {
        let missing = match (hint.amount, hint.pieces) {
            (Some(amount), _) => shop.amount(amount),
            (None, Some(1)) => "1 piece".to_owned(),
            (None, pieces) => format!("{} pieces", pieces.unwrap_or_default()),
        };
        view! { <li><strong>{missing}</strong>{format!(" more for {}", hint.name)}</li> }
    });
    (!cart.hints.is_empty()).then(|| {
        view! { <ul class="plain small hints" aria-label="Almost there">{hints.collect_view()}</ul> }
            .into_any()
    })
}

/// The codes of the cart and the field for another one.
pub fn codes(shop: &Shop, cart: &CartView) -> AnyView {
    let given = cart.codes.iter().map(|code| {
        view! {
            <li>
                {code_status(shop, code)}
                <button type="submit" name="remove" value=code.code.clone() formnovalidate="">
                    "Remove"<span class="visually-hidden">{format!(" {}", code.code)}</span>
                </button>
                <input type="hidden" name="kept" value=code.code.clone() />
            </li>
        }
    });
    let given =
        (!cart.codes.is_empty()).then(|| view! { <ul class="plain codes">{given.collect_view()}</ul> });
    view! {
        <form class="code-form" action=shop.href("/cart/codes") method="post" data-live="" aria-label="Discount codes">
            <div class="field">
                <label for="code">"Discount code"</label>
                <span class="cluster">
                    <input class="input" id="code" name="code" maxlength="40" autocomplete="off" autocapitalize="characters" spellcheck="false" />
                    <button class="button" data-kind="secondary">"Apply"</button>
                </span>
            </div>
            {given}
        </form>
    }
    .into_any()
}

/// A code with what it does, or why it does nothing.
pub fn code_status(shop: &Shop, code: &CodeView) -> AnyView {
    let (tone, words) = match &code.problem {
        None => ("good", code.name.clone()),
        Some(why) if code.name.is_empty() => ("warning", why_not(shop, why)),
        Some(why) => ("warning", format!("{}: {}", code.name, why_not(shop, why))),
    };
    view! { <span class="status" data-tone=tone><strong>{code.code.clone()}</strong>" "{words}</span> }
        .into_any()
}

/// Why a code does nothing, as shoppers read it.
fn why_not(shop: &Shop, why: &WhyNot) -> String {
    match why {
        WhyNot::Priced(PromotionReason::Missing { amount }) => format!("{} more", shop.amount(*amount)),
        // The last day is the one of the last moment.
        WhyNot::Priced(PromotionReason::Expired { at }) => {
            format!("ended on {}", shop.day(Timestamp::from_millis(at.millis().saturating_sub(1))))
        }
        WhyNot::Priced(PromotionReason::NotYet { from }) => format!("begins on {}", shop.moment(*from)),
        WhyNot::Priced(PromotionReason::UsedUpByShopper) => "you have used it already".to_owned(),
        other => other.to_string(),
    }
}

fn times(money: Money, quantity: u32) -> Option<Money> {
    Some(Money { minor: money.minor.checked_mul(i64::from(quantity))?, ..money })
}

fn problem_notice(shop: &Shop, problem: LineProblem, unit: Money) -> AnyView {
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
            format!("It was {} when you added it, it is {} now.", shop.amount(was), shop.amount(unit)),
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
        let CartLineView { title, variant_title, picture, quantity, left, .. } = line;
        Self { title, variant_title, picture: picture.as_ref(), quantity: *quantity, total: *left }
    }
}

impl<'a> From<&'a GiftView> for SummaryLine<'a> {
    fn from(gift: &'a GiftView) -> Self {
        let GiftView { title, variant_title, picture, quantity, unit, .. } = gift;
        let total = Money::zero(unit.currency);
        Self { title, variant_title, picture: picture.as_ref(), quantity: *quantity, total }
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
            let amount = if line.total.minor == 0 { "Free".to_owned() } else { shop.amount(line.total) };
            view! {
                <li>
                    <div class="media">{media::image(line.picture.map(|p| media::Source::from(p).alt("")), media::THUMB, Loading::Lazy)}</div>
                    <span>
                        <strong>{title}</strong>
                        {(!line.variant_title.is_empty()).then(|| view! { <br /><span class="muted">{comma(line.variant_title)}</span> })}
                    </span>
                    <span class="amount">{amount}</span>
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
    // Why the delivery costs less.
    let because = totals
        .discounts
        .iter()
        .filter(|discount| discount.delivery)
        .map(|discount| view! { <small>{discount.name.clone()}</small> })
        .collect_view();
    let name = match shipping_name {
        Some(name) if !name.is_empty() => format!("Delivery, {}", lower_first(name)),
        _ => "Delivery".to_owned(),
    };
    // The lines stand after their discounts: so does the sum above them.
    let goods = Money { minor: totals.subtotal.minor - totals.discount.minor, ..totals.subtotal };
    let discounts = totals
        .discounts
        .iter()
        .filter(|discount| discount.amount.minor != 0 && !discount.delivery)
        .map(|discount| {
            let off = Money { minor: -discount.amount.minor, ..discount.amount };
            view! { <div class="saving"><dt>{discount.name.clone()}</dt><dd>{shop.amount(off)}</dd></div> }
        });
    let saved = (totals.discount.minor != 0)
        .then(|| view! { <div><dt>"Goods after savings"</dt><dd>{shop.amount(goods)}</dd></div> });
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
    // Where prices hold the tax it is taken out; where they do not, the words say why there is none.
    let exempt = totals.exemption.as_ref().map(|exemption| {
        let off = Money { minor: -exemption.relief.minor, ..exemption.relief };
        let amount = if totals.includes_tax { shop.amount(off) } else { shop.amount(exemption.relief) };
        let name = if totals.includes_tax { "Tax taken out" } else { "Tax" };
        view! { <div><dt>{name}<small>{exemption.words()}</small></dt><dd>{amount}</dd></div> }
    });
    view! {
        <dl class="totals">
            <div><dt>"Subtotal"</dt><dd>{shop.amount(totals.subtotal)}</dd></div>
            {discounts.collect_view()}
            {saved}
            <div><dt>{name}{because}</dt><dd>{delivery}</dd></div>
            {taxes_before}
            {exempt}
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
