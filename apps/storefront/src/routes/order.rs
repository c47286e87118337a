//! An order: confirmation, tracking, and the customer's own view of it.

pub mod again;
pub mod back;
pub mod papers;
mod parcels;

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::{form, lines, tender};
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::HeaderValue;
use axum::response::Response;
use commerce::view::{Address, OrderRowView, OrderState, OrderView, PaymentState};
use leptos::prelude::*;
use platform::Ctx;
use primitives::{Money, Timestamp};

/// `GET /orders/{token}`: whoever holds the token may look.
pub async fn track(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(token): Path<String>,
    RawQuery(encoded): RawQuery,
) -> Response {
    let fresh = encoded.is_some_and(|query| query.split('&').any(|pair| pair == "placed=1"));
    match data::order_by_token(&ctx, &token).await {
        Ok(order) => {
            let seen = if fresh { Seen::JustPlaced } else { Seen::Later };
            let mut response = answer(&shop, || page(&shop, &order, seen));
            if let Some(url) = order.pay_url.as_deref().filter(|_| fresh) {
                // Straight on to where the shopper pays, also without scripts; whoever comes back finds the link.
                if let Ok(next) = HeaderValue::from_str(&format!("1; url={url}")) {
                    response.headers_mut().insert("refresh", next);
                }
            } else if is_undecided(&order) {
                // The page looks again by itself until the bank has decided, also without scripts.
                response.headers_mut().insert("refresh", HeaderValue::from_static("5"));
            }
            response
        }
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// `GET /account/orders/{id}`
pub async fn own(Extension(ctx): Extension<Ctx>, shop: Shop, Path(id): Path<String>) -> Response {
    match data::own_order(&ctx, &id).await {
        Ok(order) => answer(&shop, || page(&shop, &order, Seen::InAccount)),
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// How the visitor came to see the order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen {
    /// Straight from the checkout.
    JustPlaced,
    /// By the link, later.
    Later,
    /// From the account.
    InAccount,
}

/// The page of an order.
pub fn page(shop: &Shop, order: &OrderView, seen: Seen) -> Page {
    let number = format!("Order {}", order.number);
    let head = Head { title: number.clone(), hidden: true, ..Head::default() };
    let crumbs = (seen == Seen::InAccount).then(|| {
        let crumbs = [
            ("Home".to_owned(), Some("/".to_owned())),
            ("Account".to_owned(), Some("/account".to_owned())),
            (number.clone(), None),
        ];
        view! { <div class="shell">{breadcrumbs(shop, &crumbs)}</div> }
    });
    let shipping = (!order.shipping_name.is_empty()).then_some(order.shipping_name.as_str());
    let view = view! {
        {crumbs}
        <div class="shell split section order-page">
            <div class="stack" data-gap="large">
                <div class="stack">
                    <p class="eyebrow">{number}</p>
                    <h1>{title(order, seen)}</h1>
                    <p class="lead">{lead(shop, order, seen)}</p>
                    {how_to_pay(order)}
                    {notes(order)}
                </div>
                <section aria-labelledby="next" class="stack">
                    <h2 id="next">{if order.state == OrderState::Cancelled { "What happened" } else { "What happens next" }}</h2>
                    <div class="timeline-frame">{timeline(shop, order)}</div>
                    {parcels::parcels(shop, order)}
                </section>
                {back::section(shop, order)}
                <section aria-labelledby="where" class="stack">
                    <h2 id="where">"Where and how"</h2>
                    {facts(shop, order)}
                </section>
                {keep_link(shop, order, seen)}
            </div>
            <aside class="order-summary sticky" aria-labelledby="sum">
                <h2 id="sum">"Your order"</h2>
                {lines::summary_lines(shop, order.lines.iter().map(Into::into))}
                {lines::totals(shop, &order.totals, shipping)}
                {tender::paid(shop, &order.tenders, order.due)}
                {refunded(shop, order)}
                {papers::link(shop, order, seen)}
                {buy_again(shop, order, seen)}
            </aside>
        </div>
    };
    Page::new(head, path_of(order, seen), view.into_any())
}

fn is_undecided(order: &OrderView) -> bool {
    order.state == OrderState::PendingPayment && order.payment == PaymentState::Pending
}

/// Whether the bank has promised what the shop takes later.
fn is_promised(order: &OrderView) -> bool {
    matches!(order.payment, PaymentState::Authorised | PaymentState::PartlyPaid)
}

fn first_name(order: &OrderView) -> &str {
    order.address.name.split_whitespace().next().unwrap_or_default()
}

fn title(order: &OrderView, seen: Seen) -> String {
    let name = first_name(order);
    let thanks = if name.is_empty() { "Thank you.".to_owned() } else { format!("Thank you, {name}.") };
    match (order.state, seen) {
        (OrderState::Cancelled, _) => "This order was cancelled.".into(),
        (OrderState::Refunded, _) if order.is_exchanged() => "It was exchanged.".into(),
        (OrderState::Refunded, _) => "Your money is on its way back.".into(),
        (OrderState::Delivered, _) if order.pickup_place.is_some() => "It is with you.".into(),
        (OrderState::Shipped, _) if order.pickup_place.is_some() => "It is ready for you.".into(),
        (OrderState::Paid, _) if order.partly_shipped && order.pickup_place.is_some() => {
            "A part of it is ready for you.".into()
        }
        (OrderState::Delivered, _) => "It has arrived.".into(),
        (OrderState::Shipped, _) => "It is on its way.".into(),
        (OrderState::Paid, _) if order.partly_shipped => "A part of it is on its way.".into(),
        (OrderState::Paid, Seen::JustPlaced) => format!("{thanks} It is ours to pack now."),
        (OrderState::Paid, _) => "Paid, and being packed.".into(),
        (OrderState::PendingPayment, _) if order.pay_url.is_some() => "One more step: the payment.".into(),
        (OrderState::PendingPayment | OrderState::Draft, _) if order.payment == PaymentState::Pending => {
            "We are waiting for your bank.".into()
        }
        (OrderState::PendingPayment, Seen::JustPlaced) if is_promised(order) => {
            format!("{thanks} Your order is placed.")
        }
        (OrderState::PendingPayment, _) if is_promised(order) => "Your order is with us.".into(),
        (OrderState::PendingPayment | OrderState::Draft, Seen::JustPlaced) => {
            format!("{thanks} Your order is placed.")
        }
        (OrderState::PendingPayment | OrderState::Draft, _) => "We are waiting for your payment.".into(),
    }
}

fn lead(shop: &Shop, order: &OrderView, seen: Seen) -> String {
    match order.state {
        OrderState::Cancelled if order.cancel_reason.is_empty() => "Nothing was charged for it.".into(),
        OrderState::Cancelled => form::sentence(&order.cancel_reason),
        OrderState::PendingPayment if order.pay_url.is_some() => {
            "You pay on a page of our payment provider. When it is done, this page shows it.".into()
        }
        OrderState::PendingPayment if order.payment == PaymentState::Pending => {
            "The payment is not decided yet. This page shows it as soon as it is; you do not have to do anything.".into()
        }
        OrderState::PendingPayment if is_promised(order) => {
            "Your bank has promised the money. We take it when we pack your things; you do not have to do anything.".into()
        }
        OrderState::PendingPayment => match order.pay_until {
            Some(until) => format!("We keep your things for you until {}.", shop.day(until)),
            None => "We keep your things for you until the money is here.".into(),
        },
        _ if seen == Seen::JustPlaced => {
            format!("Keep this page: its address is your way to follow the order. We have noted {} for it.", order.email)
        }
        _ => format!("Placed on {}.", shop.day(order.placed_at)),
    }
}

fn how_to_pay(order: &OrderView) -> Option<AnyView> {
    if let Some(url) = &order.pay_url {
        return Some(
            view! { <p><a class="button" href=url.clone() rel="noreferrer">"Pay now"</a></p> }.into_any(),
        );
    }
    let unpaid = order.state == OrderState::PendingPayment && !order.payment_instructions.is_empty();
    unpaid.then(|| {
        let words = order.payment_instructions.lines().map(|line| view! { <p>{line.to_owned()}</p> }).collect_view();
        view! { <section class="panel stack" data-gap="small" aria-labelledby="pay"><h2 class="small-title" id="pay">"How to pay"</h2>{words}</section> }.into_any()
    })
}

/// What the shop tells the customer, and what belongs together with it.
fn notes(order: &OrderView) -> Option<AnyView> {
    let words = order.note.lines().filter(|line| !line.trim().is_empty());
    let words = words.map(|line| view! { <p>{line.to_owned()}</p> }).collect_view();
    let exchanges = order.exchanges.iter().map(|found| {
        let text = match found.from.0 == order.id {
            true => format!("Return {} was exchanged: see order {}.", found.number, found.to.1),
            false => format!("In exchange for return {} of order {}.", found.number, found.from.1),
        };
        view! { <p>{text}</p> }
    });
    let any = !order.note.trim().is_empty() || !order.exchanges.is_empty();
    any.then(|| {
        view! { <section class="panel stack" data-gap="small">{words}{exchanges.collect_view()}</section> }
            .into_any()
    })
}

/// A step of the way that an order goes.
struct Step {
    title: &'static str,
    note: String,
    done: bool,
}

fn timeline(shop: &Shop, order: &OrderView) -> AnyView {
    let at = |kinds: &[&str]| {
        order.timeline.iter().find(|entry| kinds.contains(&entry.kind.as_str())).map(|entry| entry.at)
    };
    let when = |at: Option<Timestamp>| at.map(|at| shop.moment(at)).unwrap_or_default();
    let state = order.state;
    let mut steps = vec![Step { title: "Placed", note: shop.moment(order.placed_at), done: true }];
    if state == OrderState::Cancelled {
        steps.push(Step { title: "Cancelled", note: when(at(&["order.cancelled"])), done: true });
        return steps_view(steps);
    }
    let paid = !matches!(state, OrderState::Draft | OrderState::PendingPayment);
    let paid_note = match paid {
        true => format!("{}{}", when(at(&["order.paid", "payment.captured"])), paid_with(order)),
        false => order.payment_name.clone(),
    };
    steps.push(Step { title: "Paid", note: paid_note, done: paid });
    let parcel = order.fulfilments.first();
    let shipped = parcel.is_some() || matches!(state, OrderState::Shipped | OrderState::Delivered);
    let shipped_note = match parcel.map(|parcel| shop.moment(parcel.shipped_at)) {
        Some(at) if order.partly_shipped => format!("A part of it, {at}"),
        Some(at) => at,
        None if order.pickup_place.is_some() => "This page says when".into(),
        None => "With a tracking link".into(),
    };
    let title = if order.pickup_place.is_some() { "Ready to be fetched" } else { "On its way" };
    steps.push(Step { title, note: shipped_note, done: shipped });
    // With the last parcel, once nothing is left to come.
    let arrived = order.fulfilments.iter().map(|parcel| parcel.delivered_at).collect::<Option<Vec<_>>>();
    let arrived = arrived.filter(|_| !order.partly_shipped).and_then(|all| all.into_iter().max());
    let delivered = arrived.or_else(|| at(&["order.delivered"]));
    let delivered_note = match delivered {
        Some(at) => shop.moment(at),
        None => order.shipping_name.clone(),
    };
    steps.push(Step {
        title: "With you",
        note: delivered_note,
        done: delivered.is_some() || state == OrderState::Delivered,
    });
    if state == OrderState::Refunded {
        steps.push(Step {
            title: if order.is_exchanged() { "Exchanged" } else { "Refunded" },
            note: when(at(&["order.refunded", "payment.refunded"])),
            done: true,
        });
    }
    steps_view(steps)
}

fn paid_with(order: &OrderView) -> String {
    if order.payment_name.is_empty() { String::new() } else { format!(", {}", order.payment_name) }
}

fn steps_view(steps: Vec<Step>) -> AnyView {
    let current = steps.iter().position(|step| !step.done);
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(index, Step { title, note, done })| {
            let current = (Some(index) == current).then_some("step");
            view! { <li data-done=done.then_some("") aria-current=current><strong>{title}</strong><small>{note}</small></li> }
        })
        .collect_view();
    view! { <ol class="timeline">{steps}</ol> }.into_any()
}

fn facts(shop: &Shop, order: &OrderView) -> AnyView {
    // What gift cards and store credit paid stands in the sums.
    let tendered: i64 = order.tenders.iter().map(|one| one.amount.minor).sum();
    let by_payment = Money { minor: order.paid.minor - tendered, ..order.paid };
    let paid = match order.payment {
        PaymentState::Paid | PaymentState::PartlyRefunded | PaymentState::Refunded => shop.amount(by_payment),
        PaymentState::PartlyPaid => format!("{} so far", shop.amount(by_payment)),
        PaymentState::Authorised => "Promised by your bank".to_owned(),
        PaymentState::Pending => "Not decided yet".to_owned(),
        PaymentState::Declined | PaymentState::Voided => "Not charged".to_owned(),
        PaymentState::Unpaid => "Not paid yet".to_owned(),
    };
    let place = match &order.pickup_place {
        Some(place) => view! {
            <div><dt>"Fetch it at"</dt><dd>{place.clone()}</dd></div>
            <div><dt>"For"</dt><dd>{address(&order.address)}</dd></div>
        }
        .into_any(),
        None => view! { <div><dt>"Delivered to"</dt><dd>{address(&order.address)}</dd></div> }.into_any(),
    };
    view! {
        <dl class="facts">
            {place}
            <div><dt>"Delivery"</dt><dd>{order.shipping_name.clone()}</dd></div>
            <div><dt>"Payment"</dt><dd>{order.payment_name.clone()}<br />{paid}</dd></div>
            <div><dt>"Contact"</dt><dd>{order.email.clone()}</dd></div>
        </dl>
    }
    .into_any()
}

/// An address in the lines of its country.
pub fn address(address: &Address) -> AnyView {
    let lines: Vec<AnyView> = address
        .lines()
        .into_iter()
        .enumerate()
        .map(|(index, line)| view! { {(0 < index).then(|| view! { <br /> })}{line} }.into_any())
        .collect();
    view! { <address>{lines}</address> }.into_any()
}

fn refunded(shop: &Shop, order: &OrderView) -> Option<AnyView> {
    let row = |name: &'static str, amount: Money| {
        (0 < amount.minor).then(|| view! { <div><dt>{name}</dt><dd>{shop.amount(amount)}</dd></div> })
    };
    let money = Money { minor: order.refunded.minor - order.in_goods().minor, ..order.refunded };
    (0 < money.minor.max(order.released.minor)).then(|| {
        let rows = (row("Not charged", order.released), row("Given back", money));
        view! { <dl class="totals">{rows}</dl> }.into_any()
    })
}

/// Not while the shopper should pay for this one.
fn buy_again(shop: &Shop, order: &OrderView, seen: Seen) -> Option<AnyView> {
    again::is_offered(order.state).then(|| again::button(shop, &path_of(order, seen), order.number))
}

/// The address of the page of an order.
fn path_of(order: &OrderView, seen: Seen) -> String {
    match seen {
        Seen::InAccount => format!("/account/orders/{}", order.id),
        Seen::JustPlaced | Seen::Later => format!("/orders/{}", order.token),
    }
}

fn keep_link(shop: &Shop, order: &OrderView, seen: Seen) -> Option<AnyView> {
    (seen == Seen::JustPlaced).then(|| {
        let path = format!("/orders/{}", order.token);
        view! {
            <section class="panel stack" data-gap="small" aria-labelledby="keep">
                <h2 class="small-title" id="keep">"Your way back to this order"</h2>
                <p class="muted">"Whoever has this link can see the order, so keep it to yourself."</p>
                <p><a href=shop.href(&path)>{shop.absolute(&path)}</a></p>
            </section>
        }
        .into_any()
    })
}

/// Tone and words for where an order in a list stands.
pub fn row_words(row: &OrderRowView) -> (&'static str, &'static str) {
    match (row.state, row.payment) {
        _ if row.partly_shipped => ("info", "Partly on its way"),
        (OrderState::PendingPayment, PaymentState::Pending) => ("info", "Waiting for the bank"),
        (OrderState::PendingPayment, PaymentState::Authorised | PaymentState::PartlyPaid) => {
            ("info", "With us")
        }
        (OrderState::Draft | OrderState::PendingPayment, _) => ("warning", "Waiting for payment"),
        (OrderState::Paid, _) => ("info", "Being packed"),
        (OrderState::Shipped, _) => ("info", "On its way"),
        (OrderState::Delivered, _) => ("good", "Delivered"),
        (OrderState::Cancelled, _) => ("off", "Cancelled"),
        (OrderState::Refunded, _) if row.exchanged => ("good", "Exchanged"),
        (OrderState::Refunded, _) => ("off", "Refunded"),
    }
}
