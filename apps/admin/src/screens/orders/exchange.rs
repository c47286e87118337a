//! Other goods instead of money: what a return is exchanged for, and what was exchanged.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::moves::{Act, above};
use crate::api::{self, Asking, Data, remote, sentence};
use crate::gql::Document;
use crate::gql::drafts::{DraftForetold, DraftForetoldVariables, DraftOrderPreview};
use crate::gql::orders::{Order, OrderExchange};
use crate::gql::returns::{Return, ReturnExchange, ReturnExchangeInput, ReturnExchangeVariables};
use crate::gql::settings::{CommerceSettings, Settings};
use crate::logic::draft_order::{Line, foretold};
use crate::logic::exchange::{self, priced_as, wanted};
use crate::logic::price_list::pieces;
use crate::parts::dialog::{Confirm, Drawer};
use crate::parts::field::Field;
use crate::parts::{FailureView, count, icon};
use crate::place;
use crate::screens::stock::picker::AnyVariant;
use crate::session::use_session;

/// What stands beside a field of its own, and not above the form.
fn has_field(name: &str) -> bool {
    matches!(name, "shippingMethod" | "paymentProvider") || name.starts_with("lines.")
}

/// What an order came from, above everything else of it.
pub(super) fn came_from(order: &Order) -> impl IntoView + use<> {
    let one = |found: &OrderExchange| {
        let link = place::to(&format!("/orders/{}#returns", found.from_order_id.inner()));
        view! {
            <div class="banner" data-tone="info" role="note">
                {icon("returns")}
                <p class="grow">
                    <span>
                        "In exchange for return " <a href=link>{found.return_number.clone()}</a>
                        {format!(" of order #{}, which paid {} of it", found.from_order_number.0, found.value.formatted)}
                    </span>
                </p>
            </div>
        }
    };
    order.exchanges.iter().filter(|found| found.to_order_id == order.id).map(one).collect_view()
}

/// What a return became.
pub(super) fn became(found: &OrderExchange) -> impl IntoView + use<> {
    let link = place::to(&format!("/orders/{}", found.to_order_id.inner()));
    view! {
        <p>
            "Exchanged for order " <a href=link>{format!("#{}", found.to_order_number.0)}</a>
            {format!(", of which it paid {}", found.value.formatted)}
        </p>
    }
}

/// Closes a return with goods; leads to the new order.
#[component]
pub(super) fn Exchange(act: Act, chosen: RwSignal<Option<Return>>) -> impl IntoView {
    let session = use_session();
    let navigate = StoredValue::new(use_navigate());
    let rows = RwSignal::new(Vec::<Line>::new());
    let (method, provider) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (charge, asking, missing) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let key = RwSignal::new(api::fresh_key());
    place::effect(move |_| {
        if act.open.get() {
            rows.set(Vec::new());
            method.set(String::new());
            provider.set(String::new());
            charge.set(false);
            missing.set(false);
            key.set(api::fresh_key());
        } else {
            asking.set(false);
        }
    });
    place::effect(move |_| act.failure.with(|failure| failure.iter().for_each(|it| api::renew(key, it))));
    // Somebody else has changed the order: what was typed stays, and is about the return as it is now.
    place::effect(move |_| {
        let now = act.order.with(|order| {
            let id = chosen.with_untracked(|found| found.as_ref().map(|found| found.id.clone()));
            let mut all = order.iter().flat_map(|order| &order.returns);
            all.find(|found| Some(&found.id) == id.as_ref()).cloned()
        });
        if act.open.get_untracked() && now.is_some() {
            chosen.set(now);
        }
    });
    // Other deliveries and ways to pay can be chosen by who may look at the settings.
    let choices = remote(move || {
        let may = act.open.get() && session.may("settings:read");
        async move {
            match may {
                true => api::ask(Settings::build(())).await.map(|answer| Some(answer.commerce_settings)),
                false => Ok(None),
            }
        }
    });
    // The new order has no preview of its own; a draft of the same is priced the same way.
    let priced = remote(move || {
        let delivery = if charge.get() { method.get() } else { String::new() };
        let input = rows.with(|rows| {
            act.order.with(|order| order.as_ref().and_then(|order| priced_as(order, rows, &delivery)))
        });
        let input = input.filter(|_| act.open.get());
        async move {
            let Some(input) = input else { return Ok(None) };
            let answer = api::ask(DraftForetold::build(DraftForetoldVariables { id: None, input })).await?;
            Ok(Some(answer.draft_order_preview))
        }
    });
    let (seen, counting) = (priced.data, priced.asking());
    let said =
        move |say: fn(&Return) -> String| chosen.with(|found| found.as_ref().map(say).unwrap_or_default());
    let number = move || said(|found| found.number.clone());
    let worth =
        move || said(|found| found.offer.as_ref().map(|offer| offer.formatted.clone()).unwrap_or_default());
    let ask = move |()| match rows.with_untracked(|rows| wanted(rows)) {
        Some(_) => asking.set(true),
        None => missing.set(true),
    };
    let yes = move |()| {
        asking.set(false);
        let lines = rows.with_untracked(|rows| wanted(rows));
        let Some((found, lines)) = chosen.get_untracked().zip(lines) else { return };
        let input = ReturnExchangeInput {
            id: found.id,
            version: Some(found.version),
            idempotency_key: key.get_untracked(),
            lines,
            shipping_method: Some(method.get_untracked()).filter(|id| !id.is_empty()),
            charge_delivery: charge.get_untracked(),
            payment_provider: provider.get_untracked(),
        };
        act.run_form("Exchanged: this is the new order", async move {
            let answer = api::ask(ReturnExchange::build(ReturnExchangeVariables { input })).await?;
            let order = answer.return_exchange.order;
            let address = place::to(&format!("/orders/{}", order.id.inner()));
            let options = NavigateOptions { resolve: false, ..Default::default() };
            let _ = navigate.try_with_value(|go| go(&address, options));
            Ok(order)
        });
    };
    let nothing = place::derived(move || missing.get() && rows.with(Vec::is_empty));
    let pick = move |(variant, name): (String, String)| {
        rows.update(|rows| exchange::add(rows, variant, name));
    };
    let offer = move || {
        chosen.with(|found| found.as_ref().and_then(|found| found.offer.as_ref().map(|it| it.minor.0)))
    };
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || act.busy.get().to_string()
                disabled=move || act.busy.get()
            >
                "Exchange"
            </button>
            <span class="meta">"You are asked once more before the order is placed."</span>
        }
    };
    view! {
        <Drawer open=act.open title=place::derived(move || format!("Exchange {}", number())) on_submit=ask footer>
            {move || above(act, has_field)}
            <dl class="dl">
                <dt>"What came back has cost"</dt>
                <dd><b>{worth}</b></dd>
            </dl>
            <p class="dim">
                "It pays the new order, at today's prices and with the promotions of today, as far as it goes. What the order costs beyond it is still to be paid; what it costs less goes back as a refund does."
            </p>
            <div class="stack">
                <For each=move || 0..rows.with(Vec::len) key=|at| *at children=move |at| line(act, rows, at, seen)/>
            </div>
            {move || nothing.get().then(|| view! { <p class="error" role="alert">"Choose what the customer gets"</p> })}
            <AnyVariant on_pick=pick/>
            {move || choices.data.get().flatten().map(|settings| ways(act, &settings, method, provider))}
            <label class="check">
                <input type="checkbox" prop:checked=move || charge.get() on:change=move |event| charge.set(event_target_checked(&event))/>
                <span>"The customer pays for the delivery"</span>
            </label>
            {move || cost(seen, counting, charge.get(), offer())}
        </Drawer>
        <Confirm
            open=asking
            title=place::derived(move || format!("Place the order for {}?", number()))
            act="Place the order".to_owned()
            kind="primary"
            refuse="Not yet"
            busy=place::derived(move || act.busy.get() || counting.busy.get())
            on_yes=yes
        >
            <p><b>{move || rows.with(|rows| listed(rows))}</b></p>
            {move || cost(seen, counting, charge.get(), offer())}
            <p>
                "A new order with them is placed for " {move || said(|found| found.customer_name.clone())}
                ", to where the first one went. Up to " <b>{worth}</b>
                " of the money for the first one pays it, and the return ends as refunded. This cannot be taken back."
            </p>
        </Confirm>
    }
}

/// `2 pieces of Oak stool, 1 piece of Mug, Blue`.
fn listed(rows: &[Line]) -> String {
    let one = |row: &Line| {
        let n = pieces(&row.pieces).unwrap_or_default();
        format!("{} of {}", count(n.into(), "piece", "pieces"), row.name)
    };
    rows.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What the new order costs, as far as it can be said now, and what becomes of the rest.
fn cost(
    seen: Data<Option<DraftOrderPreview>>,
    counting: Asking,
    charge: bool,
    offer: Option<i64>,
) -> impl IntoView {
    if let Some(failure) = counting.failure.get() {
        return view! {
            <p>"What the new order costs could not be counted."</p>
            <FailureView failure again=move |()| counting.reload()/>
        }
        .into_any();
    }
    let Some(totals) = seen.with(|seen| seen.iter().flatten().next().map(|seen| seen.totals.clone())) else {
        return ().into_any();
    };
    let rest = offer.map(|offer| {
        let (words, minor) = exchange::rest(totals.total.minor.0, offer);
        view! { <dt>{words}</dt><dd>{use_session().formatted(minor)}</dd> }
    });
    view! {
        <div class="stack" role="status" aria-busy=move || counting.busy.get().to_string()>
            <dl class="dl">
                <dt class="sum">"The new order, at today's prices"</dt>
                <dd class="sum">{totals.total.formatted.clone()}</dd>
                {rest}
            </dl>
            <p class="meta">{exchange::about(&totals, charge)}</p>
        </div>
    }
    .into_any()
}

/// A variant with its pieces, and what one of it costs.
fn line(
    act: Act,
    rows: RwSignal<Vec<Line>>,
    at: usize,
    seen: Data<Option<DraftOrderPreview>>,
) -> impl IntoView {
    let of = move |what: fn(&Line) -> String| rows.with(|rows| rows.get(at).map(what).unwrap_or_default());
    let called = move || of(|row| row.name.clone());
    let priced = place::memo(move || {
        let variant = of(|row| row.variant.clone());
        seen.with(|seen| {
            let found = foretold(seen.iter().flatten().next()?, &variant)?;
            let each = format!("{} each", found.line.unit.formatted);
            Some((each, found.problem.map(|problem| sentence(&problem.message))))
        })
    });
    let refused = move || {
        let (quantity, variant) = (format!("lines.{at}.quantity"), format!("lines.{at}.variantId"));
        let refused = act
            .failure
            .with(|failure| failure.as_ref().and_then(|it| it.at(&quantity).or_else(|| it.at(&variant))));
        refused.or_else(|| priced.get().and_then(|(_, problem)| problem))
    };
    let wrong =
        place::memo(move || rows.with(|rows| rows.get(at).is_some_and(|it| pieces(&it.pieces).is_none())));
    let remove = move |_| {
        rows.update(|rows| {
            if at < rows.len() {
                rows.remove(at);
            }
        });
    };
    view! {
        <p class="flex">
            <span class="grow">{called} <br/> <span class="meta">{move || priced.get().map(|(each, _)| each)}</span></span>
            <input class="input" style=("inline-size", "4.5rem") inputmode="numeric" maxlength="5" autocomplete="off"
                aria-label=move || format!("Pieces of {}", called())
                aria-invalid=move || (wrong.get() || refused().is_some()).to_string()
                prop:value=move || of(|row| row.pieces.clone())
                on:input=move |event| {
                    let text = event_target_value(&event);
                    rows.update(|rows| if let Some(row) = rows.get_mut(at) { row.pieces = text });
                }/>
            <button class="btn" type="button" data-kind="quiet" data-icon=""
                aria-label=move || format!("Take {} away", called()) on:click=remove>{icon("x")}</button>
        </p>
        {move || {
            let text = refused().or_else(|| wrong.get().then(|| "Write a whole number from 1 to 10,000".to_owned()));
            text.map(|text| view! { <p class="error">{text}</p> })
        }}
    }
}

/// By which delivery it goes, and how a rest is paid.
fn ways(
    act: Act,
    settings: &CommerceSettings,
    method: RwSignal<String>,
    provider: RwSignal<String>,
) -> impl IntoView + use<> {
    let (country, as_before) = act.order.with_untracked(|order| {
        order.as_ref().map(|it| (it.address.country.clone(), it.shipping_name.clone())).unwrap_or_default()
    });
    let goes = |countries: &[String]| countries.is_empty() || countries.contains(&country);
    let methods = settings.shipping.iter().filter(|it| it.active && goes(&it.countries));
    let methods: Vec<_> = methods.map(|it| (it.id.clone(), it.name.clone())).collect();
    let payment = &settings.payment;
    let gateways =
        [("stripe", payment.stripe, &payment.stripe_name), ("http", payment.http, &payment.http_name)];
    let gateways = gateways.into_iter().filter(|(_, on, _)| *on);
    let gateways: Vec<_> = gateways.map(|(id, _, name)| (id.to_owned(), name.clone())).collect();
    let fault = move |field: &'static str| {
        place::derived(move || act.failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))))
    };
    let choice = move |id: &'static str,
                       first: String,
                       rest: Vec<(String, String)>,
                       value: RwSignal<String>,
                       error: Signal<Option<String>>| {
        let now = value.get_untracked();
        let rest = rest.into_iter().map(|(id, name)| {
            let selected = id == now;
            view! { <option value=id selected=selected>{name}</option> }
        });
        view! {
            <select
                class="input"
                id=id
                aria-invalid=move || error.get().is_some().to_string()
                aria-describedby=format!("{id}-note")
                on:change=move |event| value.set(event_target_value(&event))
            >
                <option value="">{first}</option>
                {rest.collect_view()}
            </select>
        }
    };
    let before = match as_before.as_str() {
        "" => "As the first order".to_owned(),
        name => format!("As the first order: {name}"),
    };
    let (no_delivery, no_payment) = (fault("shippingMethod"), fault("paymentProvider"));
    let pay = (!gateways.is_empty()).then(|| {
        view! {
            <Field id="exchange-provider" label="A rest is paid" error=no_payment>
                {choice("exchange-provider", "By hand".to_owned(), gateways, provider, no_payment)}
            </Field>
        }
    });
    view! {
        <Field id="exchange-method" label="Delivery" error=no_delivery>
            {choice("exchange-method", before, methods, method, no_delivery)}
        </Field>
        {pay}
    }
}

/// Whether returns of this order can be exchanged at all: in the shop's own currency alone.
pub(super) fn is_at_home(order: Data<Order>) -> bool {
    order.with(|order| order.as_ref().is_some_and(|order| order.exchange_rate.is_none()))
}
