//! Rates of the settings, and how they are counted.

use leptos::prelude::*;

use super::Faults;
use crate::gql::settings::{DeliveryTax, TaxRounding};
use crate::logic::settings::{Form, TaxDraft};
use crate::parts::icon;
use crate::place;

/// A rate of a place.
#[component]
pub fn TaxLine(form: RwSignal<Form>, row: u32, fault: impl Faults) -> impl IntoView {
    let read = move |pick: fn(&TaxDraft) -> &String| {
        place::derived(move || {
            form.with(|form| form.tax(row).map(|tax| pick(tax).clone()).unwrap_or_default())
        })
    };
    let write = move |put: fn(&mut TaxDraft, String)| {
        Callback::new(move |typed| form.update(|form| form.tax_mut(row, |tax| put(tax, typed))))
    };
    let (country, name, rate) = (read(|tax| &tax.country), read(|tax| &tax.name), read(|tax| &tax.rate));
    let label =
        move || primitives::Country::parse(&country.get()).map_or("a country", |country| country.name());
    let options = move || {
        let now = country.get();
        primitives::Country::all()
            .map(|country| view! { <option value=country.as_str() selected=country.as_str() == now>{country.name()}</option> })
            .collect_view()
    };
    let set_country = write(|tax, typed| tax.country = typed);
    let (set_name, set_rate) = (write(|tax, typed| tax.name = typed), write(|tax, typed| tax.rate = typed));
    let errors = ["country", "name", "rate"].map(|field| fault(format!("taxes.{row}.{field}")));
    let [country_error, name_error, rate_error] = errors;
    let special = untrack(|| form.with(|form| form.tax(row).is_some_and(TaxDraft::is_special)));
    let field = move |label: &'static str,
                      path: &'static str,
                      kind: &'static str,
                      hint: &'static str,
                      value: Signal<String>,
                      set: Callback<String>| {
        let id = format!("tax-{row}-{path}");
        let error = fault(format!("taxes.{row}.{path}"));
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <input
                    class="input"
                    id=id
                    type=kind
                    maxlength="100"
                    autocomplete="off"
                    placeholder=hint
                    aria-invalid=move || error.get().is_some().to_string()
                    prop:value=value
                    on:input=move |event| set.run(event_target_value(&event))
                />
                {move || error.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })}
            </div>
        }
    };
    view! {
        <div class="rowset" role="group" aria-label=move || format!("Tax of {}", label())>
            <select
                class="input"
                aria-label="Country"
                aria-invalid=move || country_error.get().is_some().to_string()
                on:change=move |event| set_country.run(event_target_value(&event))
            >
                <option value="" selected=move || country.with(String::is_empty)>"Choose a country"</option>
                {options}
            </select>
            <input
                class="input"
                aria-label="Name of the tax"
                aria-invalid=move || name_error.get().is_some().to_string()
                placeholder="VAT"
                maxlength="40"
                prop:value=name
                on:input=move |event| set_name.run(event_target_value(&event))
            />
            <span class="input">
                <input
                    aria-label="Rate in per cent"
                    inputmode="decimal"
                    class="num"
                    maxlength="8"
                    aria-invalid=move || rate_error.get().is_some().to_string()
                    prop:value=rate
                    on:input=move |event| set_rate.run(event_target_value(&event))
                />
                <span class="affix">"%"</span>
            </span>
            <button
                class="btn"
                type="button"
                data-kind="quiet"
                data-icon=""
                aria-label=move || format!("Remove the tax of {}", label())
                on:click=move |_| form.update(|form| form.taxes.retain(|tax| tax.key != row))
            >
                {icon("trash")}
            </button>
            {move || {
                [country_error.get(), name_error.get(), rate_error.get()]
                    .into_iter()
                    .flatten()
                    .next()
                    .map(|text| view! { <span class="error">{icon("stop")} {text}</span> })
            }}
            <details class="whole" open=special>
                <summary>"Part of the country, kind of goods, dates"</summary>
                <div class="row">
                    {field("State or province", "region", "text", "all", read(|tax| &tax.region), write(|tax, typed| tax.region = typed))}
                    {field("Postal codes that begin with", "postal", "text", "all", read(|tax| &tax.postal), write(|tax, typed| tax.postal = typed))}
                    {field("Kind of goods", "category", "text", "standard", read(|tax| &tax.category), write(|tax, typed| tax.category = typed))}
                </div>
                <div class="row">
                    {field("From", "from", "date", "", read(|tax| &tax.from), write(|tax, typed| tax.from = typed))}
                    {field("Until, that day not included", "until", "date", "", read(|tax| &tax.until), write(|tax, typed| tax.until = typed))}
                </div>
            </details>
        </div>
    }
}

/// Where tax is rounded, and how delivery is taxed.
#[component]
pub fn TaxRules(form: RwSignal<Form>) -> impl IntoView {
    let rounding = move |value: TaxRounding| form.with(|form| form.rounding == value);
    let delivery = move |value: DeliveryTax| form.with(|form| form.delivery_tax == value);
    view! {
        <div class="body">
            <div class="row">
                <div class="field">
                    <label for="tax-rounding">"Tax is rounded"</label>
                    <select
                        class="input"
                        id="tax-rounding"
                        on:change=move |event| {
                            let chosen = match event_target_value(&event).as_str() {
                                "unit" => TaxRounding::Unit,
                                "order" => TaxRounding::Order,
                                _ => TaxRounding::Line,
                            };
                            form.update(|form| form.rounding = chosen);
                        }
                    >
                        <option value="line" selected=move || rounding(TaxRounding::Line)>"on each line"</option>
                        <option value="unit" selected=move || rounding(TaxRounding::Unit)>"on each piece"</option>
                        <option value="order" selected=move || rounding(TaxRounding::Order)>"on the whole order, by rate"</option>
                    </select>
                </div>
                <div class="field">
                    <label for="tax-delivery">"Delivery is taxed"</label>
                    <select
                        class="input"
                        id="tax-delivery"
                        on:change=move |event| {
                            let chosen = match event_target_value(&event).as_str() {
                                "weighted" => DeliveryTax::Weighted,
                                "untaxed" => DeliveryTax::Untaxed,
                                _ => DeliveryTax::Standard,
                            };
                            form.update(|form| form.delivery_tax = chosen);
                        }
                    >
                        <option value="standard" selected=move || delivery(DeliveryTax::Standard)>"at the standard rate"</option>
                        <option value="weighted" selected=move || delivery(DeliveryTax::Weighted)>"at the rates of the goods, by their value"</option>
                        <option value="untaxed" selected=move || delivery(DeliveryTax::Untaxed)>"not at all"</option>
                    </select>
                </div>
            </div>
        </div>
    }
}
