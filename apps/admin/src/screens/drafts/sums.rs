//! What a draft costs now, what is still missing, how it is delivered and paid.

use leptos::prelude::*;

use super::form::{Form, TakenOff};
use crate::gql::drafts::DraftOrderPreview;
use crate::logic::{amount, draft_order, order};
use crate::parts::field::Field;
use crate::parts::{FailureView, icon, status};
use crate::place;
use crate::session::use_session;

/// The sums, as the server counts them.
#[component]
pub fn Sums(
    /// The draft.
    form: Form,
) -> impl IntoView {
    let asking = form.foretold.asking();
    let shown = move || {
        // What is wrong with the input stands at its fields.
        let failure = asking.failure.get().filter(|failure| failure.fields.is_empty());
        if let Some(failure) = failure {
            return view! { <div class="body"><FailureView failure again=move |()| asking.reload()/></div> }
                .into_any();
        }
        match form.foretold.data.get() {
            Some(Some(preview)) => sums(preview).into_any(),
            _ => {
                let line = |width: &'static str| view! { <span class="skel" style=("--w", width)></span> };
                view! { <div class="body late">{line("70%")} {line("50%")} {line("80%")} {line("60%")}</div> }
                    .into_any()
            }
        }
    };
    view! {
        <section class="card" aria-label="Sum" aria-live="polite" aria-busy=move || asking.busy.get().to_string()>
            <header><h2>"Sum"</h2><span class="meta end">"at the prices of now"</span></header>
            {shown}
        </section>
    }
}

fn sums(preview: DraftOrderPreview) -> impl IntoView {
    let missing = draft_order::missing(&preview);
    let held = preview.problems.len() > missing.len();
    let totals = preview.totals;
    let tax_word = if totals.includes_tax { "Tax in it" } else { "Tax" };
    let shipping = match order::full_shipping(&totals) {
        Some(0) => "free".to_owned(),
        Some(full) => use_session().formatted(full),
        None => "–".to_owned(),
    };
    let discounts = totals
        .discounts
        .into_iter()
        .map(|one| view! { <dt title=one.words>{one.name}</dt><dd>"−" {one.amount.formatted}</dd> })
        .collect_view();
    let taxes = totals
        .taxes
        .into_iter()
        .map(|share| view! { <dt>{format!("{tax_word}, {}", share.name)}</dt><dd class="dim">{share.tax.formatted}</dd> })
        .collect_view();
    let exempt = totals.exemption.filter(|exemption| exemption.relief.minor.0 != 0).map(|exemption| {
        view! { <dt>{format!("Tax exempt: {}", exemption.reason)}</dt><dd>"−" {exemption.relief.formatted}</dd> }
    });
    let state = match (held, missing.is_empty()) {
        (true, _) => status("danger", "A line cannot be sold as it is"),
        (false, true) => status("good", "Can be placed"),
        (false, false) => status("warning", "Before it can be placed"),
    };
    let missing = missing.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    view! {
        <div class="body">
            <dl class="dl">
                <dt>"Lines"</dt>
                <dd>{totals.subtotal.formatted}</dd>
                <dt>"Delivery"</dt>
                <dd>{shipping}</dd>
                {discounts}
                {exempt}
                {taxes}
                <dt class="sum">"Total"</dt>
                <dd class="sum" id="draft-total">{totals.total.formatted}</dd>
            </dl>
            {state}
            <ul class="meta">{missing}</ul>
        </div>
    }
}

/// What is taken off the whole, and whether the shop's promotions count.
#[component]
pub fn WholeDiscount(
    /// The draft.
    form: Form,
) -> impl IntoView {
    let symbol = amount::symbol(&use_session().currency());
    let off = place::derived(move || form.draft.with(|draft| draft.off.clone()));
    let faults = ["discount.amount", "discount.percent", "discount.reason"].map(|path| form.fault(path));
    view! {
        <section class="card">
            <header><h2>"Discount"</h2><span class="meta end">"off all of it, after everything else"</span></header>
            <div class="body">
                <TakenOff id="off" value=off on_change=move |off| form.draft.update(|draft| draft.off = off) symbol faults/>
                <label class="check">
                    <input
                        class="switch"
                        type="checkbox"
                        role="switch"
                        prop:checked=move || form.draft.with(|draft| draft.use_promotions)
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.draft.update(|draft| draft.use_promotions = on);
                        }
                    />
                    <span>"The shop's promotions count, too"<small>"Off, only what is agreed here is taken off"</small></span>
                </label>
            </div>
        </section>
    }
}

/// How it gets there, and how it is paid.
#[component]
pub fn DeliveryAndPayment(
    /// The draft.
    form: Form,
) -> impl IntoView {
    let seen = move |pick: fn(&DraftOrderPreview) -> Vec<(String, String)>| {
        form.foretold.data.with(|seen| seen.iter().flatten().next().map(pick).unwrap_or_default())
    };
    let deliveries = place::memo(move || {
        seen(|seen| {
            let named = |one: &crate::gql::drafts::Delivery| {
                (one.id.clone(), format!("{}, {}", one.name, one.price.formatted))
            };
            seen.deliveries.iter().map(named).collect()
        })
    });
    let payments = place::memo(move || {
        seen(|seen| seen.payments.iter().map(|one| (one.id.clone(), one.name.clone())).collect())
    });
    view! {
        <section class="card">
            <header><h2>"Delivery and payment"</h2></header>
            <div class="body">
                <Choose
                    id="delivery"
                    label="Delivery"
                    none="None yet"
                    options=deliveries
                    value=form.text(|draft| &draft.shipping_method)
                    on_pick=form.put(|draft, chosen| draft.shipping_method = chosen)
                    error=form.fault("shippingMethod")
                />
                <Choose
                    id="payment"
                    label="Payment"
                    none="By hand, where the shop offers that"
                    options=payments
                    value=form.text(|draft| &draft.payment_provider)
                    on_pick=form.put(|draft, chosen| draft.payment_provider = chosen)
                    error=form.fault("paymentProvider")
                />
            </div>
        </section>
    }
}

/// One of those that are offered; a chosen one that is not any more is shown as what it is.
#[component]
fn Choose(
    id: &'static str,
    label: &'static str,
    none: &'static str,
    options: Memo<Vec<(String, String)>>,
    value: Signal<String>,
    on_pick: Callback<String>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let all = move || {
        let now = value.get();
        let mut all = options.get();
        if !now.is_empty() && !all.iter().any(|(known, _)| *known == now) {
            all.push((now.clone(), format!("{now} (not offered now)")));
        }
        all.into_iter()
            .map(|(option, words)| {
                let chosen = option == now;
                view! { <option value=option selected=chosen>{words}</option> }
            })
            .collect_view()
    };
    view! {
        <Field id label error>
            <select
                class="input"
                id=id
                aria-invalid=move || error.get().is_some().to_string()
                aria-describedby=format!("{id}-note")
                prop:value=move || value.get()
                on:change=move |event| on_pick.run(event_target_value(&event))
            >
                <option value="">{none}</option>
                {all}
            </select>
        </Field>
    }
}

/// A button that is not ready says why when it is pointed at.
pub fn act_button(
    kind: Option<&'static str>,
    symbol: &'static str,
    label: &'static str,
    why_not: Signal<Option<&'static str>>,
    on_click: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <button
            class="btn"
            type="button"
            data-kind=kind
            disabled=move || why_not.get().is_some()
            title=move || why_not.get()
            on:click=move |_| on_click()
        >
            {icon(symbol)}
            {label}
        </button>
    }
}
