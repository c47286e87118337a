//! One order.

use leptos::prelude::*;

use super::exchange::came_from;
use super::moves::Moves;
use super::parcels::Parcels;
use super::pay_link::PayLink;
use super::payment::Payment;
use super::returns::Returns;
use super::story::Story;
use super::tags::TagsCard;
use crate::api::{self, Data, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::orders::{Address, Order, OrderById, OrderState, PaymentState};
use crate::logic::order;
use crate::parts::editor::frame;
use crate::parts::{PageHead, icon, pill};
use crate::place;
use crate::session::use_session;

/// The order with everything.
pub(super) async fn fetch(id: String) -> Result<Order, Failure> {
    let answer = api::ask(OrderById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer.order.ok_or_else(|| Failure::new("NOT_FOUND", "This order does not exist."))
}

/// The screen of one order.
#[component]
pub fn OrderScreen() -> impl IntoView {
    let id = place::id();
    let order = remote(move || fetch(id.get()));
    let there = place::memo(move || order.data.with(Option::is_some));
    place::title(move || {
        order.data.with(|order| {
            order.as_ref().map_or_else(|| "Order".to_owned(), |order| format!("Order #{}", order.number.0))
        })
    });
    let shown = move || {
        there.get().then(|| view! { <Detail order=order.data reload=move |()| order.reload()/> }.into_any())
    };
    frame(order.asking(), "Order", ("/orders", "Orders"), &[&[6, 5, 7], &[5]], Box::new(shown))
}

#[component]
fn Detail(order: Data<Order>, #[prop(into)] reload: Callback<()>) -> impl IntoView {
    // Every move answers with the whole order; it takes the place of the one on the screen.
    let show = Callback::new(move |next: Order| order.set(Some(next)));
    let reader = place::reader();
    let title = place::derived(move || {
        order.with(|order| order.as_ref().map_or_else(String::new, |order| format!("#{}", order.number.0)))
    });
    let about = place::derived(move || {
        order.with(|order| {
            order.as_ref().map_or_else(String::new, |order| {
                format!("{}, by {}", reader.moment(&order.placed_at.0), order.address.name)
            })
        })
    });
    let pills = move || {
        order.get().map(|order| {
            let (payment_tone, payment) = order.payment.words();
            let (tone, state) = order.words();
            let both = (order.state, order.payment) != (OrderState::Refunded, PaymentState::Refunded)
                && !(order.state == OrderState::PendingPayment && order.payment == PaymentState::Unpaid);
            view! {
                {both.then(|| pill(payment_tone, payment))}
                {pill(tone, state)}
            }
        })
    };
    view! {
        <div class="page">
            <PageHead title about back=(place::to("/orders"), "Orders") beside=pills>
                <Moves order on_change=show reload/>
            </PageHead>
            {move || order.get().map(|order| view! { <Attention order on_change=show/> })}
            {move || order.with(|order| order.as_ref().map(came_from))}
            <div class="cols">
                <div class="stack">
                    <Parcels order on_change=show reload/>
                    <Returns order on_change=show reload/>
                    <Payment order on_change=show reload/>
                    {move || order.get().map(|order| view! { <Money order/> })}
                    <Story order on_change=show/>
                </div>
                <aside class="stack">
                    {move || order.get().map(|order| view! { <ToBePaid order/> })}
                    {move || order.get().map(|order| view! { <People order/> })}
                    <TagsCard order on_change=show reload/>
                </aside>
            </div>
        </div>
    }
}

/// Why somebody has to look, and that somebody has.
#[component]
fn Attention(order: Order, on_change: Callback<Order>) -> impl IntoView {
    let session = use_session();
    let toaster = crate::parts::toast::use_toaster();
    let busy = RwSignal::new(false);
    let input =
        crate::gql::order_moves::OrderMoveInput { id: order.id.clone(), version: Some(order.version) };
    let clear = move |_| {
        use crate::gql::order_moves::{OrderAttentionClear, OrderAttentionClearVariables};
        busy.set(true);
        let input = input.clone();
        leptos::task::spawn_local(async move {
            match api::ask(OrderAttentionClear::build(OrderAttentionClearVariables { input })).await {
                Ok(answer) => on_change.run(answer.order_attention_clear.order),
                Err(failure) => toaster.failure("The mark was not taken off", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    order.attention.map(|why| {
        view! {
            <div class="banner" data-tone="warning" role="status">
                {icon("warn")}
                <div class="grow"><b>"Somebody has to look at this order"</b><p>{why}</p></div>
                {session
                    .may("orders:update")
                    .then(|| view! {
                        <button class="btn" type="button" data-size="sm" disabled=move || busy.get() on:click=clear>"I have looked"</button>
                    })}
            </div>
        }
    })
}

/// `21 %`, `10.75 %` from parts per million.
fn rate(parts: i32) -> String {
    let text = format!("{}.{:04}", parts / 10_000, parts % 10_000);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[component]
fn Money(order: Order) -> impl IntoView {
    let items: i32 = order.lines.iter().map(|line| line.quantity).sum();
    let totals = order.totals;
    let tax_word = if totals.includes_tax { "Tax in it" } else { "Tax" };
    let taxes = totals
        .taxes
        .iter()
        .map(|share| {
            view! {
                <dt>{format!("{tax_word}, {} {}", share.name, rate(share.rate))}</dt>
                <dd class=if totals.includes_tax { "dim" } else { "" }>{share.tax.formatted.clone()}</dd>
            }
        })
        .collect_view();
    // With what promotions took off the delivery put back, because that stands below.
    let shipping = match order::full_shipping(&totals) {
        Some(0) => "free".to_owned(),
        Some(full) => use_session().formatted_in(full, &totals.total.currency),
        None => "–".to_owned(),
    };
    let discounts = totals
        .discounts
        .iter()
        .map(|discount| {
            view! { <dt title=discount.words.clone()>{discount.name.clone()}</dt><dd>"−" {discount.amount.formatted.clone()}</dd> }
        })
        .collect_view();
    // Orders of before promotions know the sum alone.
    let discount = (totals.discounts.is_empty() && totals.discount.minor.0 != 0)
        .then(|| view! { <dt>"Discount"</dt><dd>"−" {totals.discount.formatted.trim_start_matches(['-', '−']).to_owned()}</dd> });
    let exempt = totals.exemption.as_ref().map(|exemption| {
        let amount = match exemption.relief.minor.0 {
            0 => "none".to_owned(),
            _ => format!("−{}", exemption.relief.formatted),
        };
        view! { <dt title=exemption.number.clone()>{format!("Tax exempt: {}", exemption.reason)}</dt><dd>{amount}</dd> }
    });
    let at_home = order.exchange_rate.map(|rate| {
        let home = rate.total.currency;
        view! { <dt>{format!("In {home}, at {} for 1 {home}", rate.rate)}</dt><dd class="dim">{rate.total.formatted}</dd> }
    });
    let refunded = (order.refunded.minor.0 > 0)
        .then(|| view! { <dt>"Given back"</dt><dd>"−" {order.refunded.formatted.clone()}</dd> });
    let due = (order.balance_due.minor.0 > 0)
        .then(|| view! { <dt>"Still to come"</dt><dd>{order.balance_due.formatted.clone()}</dd> });
    let forgone = (order.released.minor.0 > 0)
        .then(|| view! { <dt>"Forgone"</dt><dd>"−" {order.released.formatted.clone()}</dd> });
    let (tone, word) = order.payment.words();
    let paid = match order.tenders.is_empty() {
        true => format!("Paid, {}", order.payment_name),
        false => "Paid in all".to_owned(),
    };
    let tenders = order
        .tenders
        .into_iter()
        .map(|part| {
            let name = match part.gift_card_id {
                Some(id) => {
                    view! { <a href=place::to(&format!("/gift-cards/{}", id.inner()))>{part.name}</a> }
                        .into_any()
                }
                None => part.name.into_any(),
            };
            let back = (part.returned.minor.0 > 0)
                .then(|| format!(", {} of it given back", part.returned.formatted));
            view! { <dt>{name} {back}</dt><dd>{part.amount.formatted}</dd> }
        })
        .collect_view();
    let papers = place::shop(&format!("/api/v1/orders/{}/papers/", order.id.inner()));
    let (invoice, slip) = (format!("{papers}invoice"), format!("{papers}packing-slip"));
    view! {
        <section class="card">
            <header><h2>"Money"</h2><span class="end">{pill(tone, word)}</span></header>
            <div class="body">
                <dl class="dl">
                    <dt>{format!("Items, {items}")}</dt>
                    <dd>{totals.subtotal.formatted.clone()}</dd>
                    <dt>{order.shipping_name}</dt>
                    <dd>{shipping}</dd>
                    {discounts}
                    {discount}
                    {taxes}
                    {exempt}
                    <dt class="sum">"Total"</dt>
                    <dd class="sum">{totals.total.formatted.clone()}</dd>
                    {at_home}
                    {tenders}
                    <dt>{paid}</dt>
                    <dd>{order.paid.formatted.clone()}</dd>
                    {due}
                    {forgone}
                    {refunded}
                </dl>
            </div>
            <footer>
                <a href=invoice target="_blank" rel="noopener">"Invoice"</a>
                <a href=slip target="_blank" rel="noopener">"Packing slip"</a>
            </footer>
        </section>
    }
}

/// Where the customer pays what is still to come, to be passed on.
#[component]
fn ToBePaid(order: Order) -> impl IntoView {
    let waits = order.state == OrderState::PendingPayment && order.balance_due.minor.0 > 0;
    waits.then(|| {
        view! {
            <section class="card">
                <header><h2>"Payment link"</h2></header>
                <div class="body">
                    <p class="dim">"The customer sees there what is to be paid, and how."</p>
                    <PayLink token=order.token/>
                </div>
            </section>
        }
    })
}

#[component]
fn People(order: Order) -> impl IntoView {
    let session = use_session();
    let initials: String =
        order.address.name.split(' ').filter_map(|word| word.chars().next()).take(2).collect();
    let link = order.customer_id.filter(|_| session.may("customers:read")).map(|id| {
        view! { <a class="end" href=place::to(&format!("/customers/{}", id.inner()))>"Open"</a> }
    });
    let mail = format!("mailto:{}", order.email);
    let track = place::shop(&format!("/orders/{}", order.token));
    let to = if order.pickup_place.is_some() { "By" } else { "Send to" };
    let phone = order.address.phone.clone();
    view! {
        <section class="card">
            <header><h2>"Customer"</h2>{link}</header>
            <div class="body">
                <div class="flex">
                    <span class="avatar" aria-hidden="true" data-size="lg">{initials}</span>
                    <div class="grow"><b>{order.address.name.clone()}</b></div>
                </div>
                <dl class="dl" data-start="">
                    <dt>{icon("mail")}</dt>
                    <dd><a href=mail>{order.email}</a></dd>
                    {(!phone.is_empty()).then(|| view! { <dt>{icon("phone")}</dt><dd>{phone}</dd> })}
                </dl>
            </div>
            {order.pickup_place.clone().map(|place| view! { <div class="body"><h3>"Fetched at"</h3><p>{place}</p></div> })}
            <div class="body"><h3>{to}</h3>{address(&order.address)}</div>
            <footer>
                {icon("link")}
                <a href=track target="_blank" rel="noopener">"What the customer sees"</a>
            </footer>
        </section>
    }
}

/// An address in lines.
pub fn address(address: &Address) -> impl IntoView + use<> {
    let city = format!("{} {}", address.postal_code, address.city);
    let country = primitives::Country::parse(&address.country)
        .map_or_else(|_| address.country.clone(), |it| it.name().to_owned());
    let last = if address.region.is_empty() { country } else { format!("{}, {country}", address.region) };
    let lines = [&address.name, &address.company, &address.line1, &address.line2, &city, &last];
    let lines = lines
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| view! { {line.clone()} <br/> })
        .collect_view();
    view! { <address>{lines}</address> }
}
