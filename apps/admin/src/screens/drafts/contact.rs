//! Whose order it is, and where it goes.

use std::time::Duration;

use leptos::prelude::*;

use super::form::{Form, error_line};
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::customers::{CustomerRow, CustomerSort, Customers, CustomersVariables};
use crate::parts::field::{Field, TextField};
use crate::parts::{FailureView, icon};
use crate::place;
use crate::screens::prices::countries;
use crate::session::use_session;

/// Customers that are offered at once.
const MOST: i32 = 6;

/// Customer and e-mail address.
#[component]
pub fn Contact(
    /// The draft.
    form: Form,
) -> impl IntoView {
    let session = use_session();
    let may_find = place::memo(move || session.may("customers:list"));
    let may_open = place::memo(move || session.may("customers:read"));
    let chosen = move || form.draft.with(|draft| draft.customer.clone());
    let drop_it = move |_| form.draft.update(|draft| draft.customer = None);
    let pick = move |row: CustomerRow| {
        let name = if row.name.is_empty() { row.email.clone() } else { row.name };
        form.draft.update(|draft| {
            draft.customer = Some((row.id.inner().to_owned(), name));
            if draft.email.trim().is_empty() {
                draft.email = row.email;
            }
        });
    };
    let customer = move || match (chosen(), may_find.get()) {
        (Some((id, name)), _) => {
            let link = may_open.get().then(|| {
                let href = place::to(&format!("/customers/{id}"));
                view! { <a href=href target="_blank" rel="noopener">"Open"</a> }
            });
            view! {
                <div class="flex wrap gap-s">
                    <span class="tag">
                        <span class="clip">{name.clone()}</span>
                        <button type="button" aria-label=format!("Remove {name}") on:click=drop_it>{icon("x")}</button>
                    </span>
                    {link}
                </div>
            }
            .into_any()
        }
        (None, true) => view! { <FindCustomer on_pick=pick/> }.into_any(),
        (None, false) => {
            view! { <p class="dim">"You may not look for customers; the e-mail address is enough."</p> }
                .into_any()
        }
    };
    view! {
        <section class="card">
            <header><h2>"Customer"</h2></header>
            <div class="body">
                <div class="field" role="group" aria-label="Customer">
                    <span class="label">"Customer" " " <span class="opt">"optional"</span></span>
                    {customer}
                    {error_line(form.fault("customerId"))}
                    <span class="hint">"Prices, groups and taxes of this customer count"</span>
                </div>
                <TextField
                    id="email"
                    label="E-mail"
                    mode="email"
                    most=254
                    value=form.text(|draft| &draft.email)
                    on_input=form.put(|draft, typed| draft.email = typed)
                    error=form.fault("email")
                />
            </div>
        </section>
    }
}

/// A search whose results are buttons.
#[component]
fn FindCustomer(#[prop(into)] on_pick: Callback<CustomerRow>) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let asked = RwSignal::new(String::new());
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let found = remote(move || {
        let q = asked.get();
        async move {
            if q.is_empty() {
                return Ok(Vec::new());
            }
            let variables = CustomersVariables {
                first: Some(MOST),
                after: None,
                last: None,
                before: None,
                q,
                group_id: None,
                marketing: None,
                sort: CustomerSort::CreatedDesc,
            };
            api::ask(Customers::build(variables)).await.map(|answer| answer.customers.nodes)
        }
    });
    let stop = move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    };
    let input = move |event| {
        typed.set(event_target_value(&event));
        stop();
        let later = move || asked.set(typed.get_untracked().trim().to_owned());
        waiting.set_value(set_timeout_with_handle(later, Duration::from_millis(250)).ok());
    };
    on_cleanup(stop);
    let rows = move || {
        if let Some(failure) = found.failure.get() {
            return view! { <FailureView failure again=move |()| found.reload()/> }.into_any();
        }
        let rows = found.data.get().unwrap_or_default();
        if rows.is_empty() && !asked.with(String::is_empty) && !found.busy.get() {
            return view! { <p class="dim" role="status">"No customer has these words."</p> }.into_any();
        }
        let buttons = rows
            .into_iter()
            .map(|row| {
                let (name, email) = (row.name.clone(), row.email.clone());
                view! {
                    <button type="button" on:click=move |_| on_pick.run(row.clone())>
                        <span class="grow clip">{name} <small>{email}</small></span>
                        {icon("plus")}
                    </button>
                }
            })
            .collect_view();
        view! { <div class="list found">{buttons}</div> }.into_any()
    };
    view! {
        <label class="input">
            {icon("search")}
            <input
                type="search"
                aria-label="Find a customer"
                placeholder="Find a customer"
                maxlength="100"
                prop:value=move || typed.get()
                on:input=input
                on:keydown=|event| if event.key() == "Enter" { event.prevent_default() }
            />
        </label>
        {rows}
    }
}

/// Where it goes.
#[component]
pub fn Where(
    /// The draft.
    form: Form,
    /// Whether the draft is not saved yet.
    #[prop(into)]
    new: Signal<bool>,
) -> impl IntoView {
    let country = form.text(|draft| &draft.address.country);
    let put_country = form.put(|draft, chosen| draft.address.country = chosen);
    let all = StoredValue::new(countries());
    let options = move || {
        let now = country.get();
        all.with_value(|all| {
            all.iter()
                .map(|(code, name)| {
                    let chosen = *code == now;
                    view! { <option value=code.clone() selected=chosen>{name.clone()}</option> }
                })
                .collect_view()
        })
    };
    let no_country = form.fault("address.country");
    let known = move || new.get() && form.draft.with(|draft| draft.customer.is_some());
    view! {
        <section class="card">
            <header><h2>"Address"</h2></header>
            <div class="body">
                <Show when=known>
                    <p class="meta">"Left empty, the last address of the customer is taken when this is saved."</p>
                </Show>
                <TextField id="address-name" label="Name" most=200 value=form.text(|draft| &draft.address.name) on_input=form.put(|draft, typed| draft.address.name = typed) error=form.fault("address.name")/>
                <TextField id="address-company" label="Company" optional=true most=200 value=form.text(|draft| &draft.address.company) on_input=form.put(|draft, typed| draft.address.company = typed) error=form.fault("address.company")/>
                <TextField id="address-line1" label="Street and number" most=200 value=form.text(|draft| &draft.address.line1) on_input=form.put(|draft, typed| draft.address.line1 = typed) error=form.fault("address.line1")/>
                <TextField id="address-line2" label="Flat, floor" optional=true most=200 value=form.text(|draft| &draft.address.line2) on_input=form.put(|draft, typed| draft.address.line2 = typed) error=form.fault("address.line2")/>
                <div class="row">
                    <TextField id="address-postal" label="Postal code" most=20 value=form.text(|draft| &draft.address.postal_code) on_input=form.put(|draft, typed| draft.address.postal_code = typed) error=form.fault("address.postalCode")/>
                    <TextField id="address-city" label="Town" most=100 value=form.text(|draft| &draft.address.city) on_input=form.put(|draft, typed| draft.address.city = typed) error=form.fault("address.city")/>
                </div>
                <TextField id="address-region" label="State or province" optional=true most=100 value=form.text(|draft| &draft.address.region) on_input=form.put(|draft, typed| draft.address.region = typed) error=form.fault("address.region")/>
                <Field id="address-country" label="Country" error=no_country>
                    <select
                        class="input"
                        id="address-country"
                        aria-invalid=move || no_country.get().is_some().to_string()
                        aria-describedby="address-country-note"
                        prop:value=move || country.get()
                        on:change=move |event| put_country.run(event_target_value(&event))
                    >
                        <option value="">"Choose one"</option>
                        {options}
                    </select>
                </Field>
                <TextField id="address-phone" label="Phone" mode="tel" optional=true most=40 value=form.text(|draft| &draft.address.phone) on_input=form.put(|draft, typed| draft.address.phone = typed) error=form.fault("address.phone")/>
            </div>
        </section>
    }
}

/// What the customer reads, what the staff reads.
#[component]
pub fn Notes(
    /// The draft.
    form: Form,
) -> impl IntoView {
    let area = move |id: &'static str,
                     label: &'static str,
                     hint: &'static str,
                     most: &'static str,
                     value: Signal<String>,
                     put: Callback<String>,
                     error: Signal<Option<String>>| {
        view! {
            <Field id label optional=true hint=Signal::stored(hint.to_owned()) error>
                <textarea
                    class="input"
                    id=id
                    rows="3"
                    maxlength=most
                    aria-invalid=move || error.get().is_some().to_string()
                    aria-describedby=format!("{id}-note")
                    prop:value=move || value.get()
                    on:input=move |event| put.run(event_target_value(&event))
                ></textarea>
            </Field>
        }
    };
    view! {
        <section class="card">
            <header><h2>"Notes"</h2></header>
            <div class="body">
                {area(
                    "customer-note",
                    "For the customer",
                    "Stands in the letter and on the order",
                    "2000",
                    form.text(|draft| &draft.customer_note),
                    form.put(|draft, typed| draft.customer_note = typed),
                    form.fault("customerNote"),
                )}
                {area(
                    "internal-note",
                    "For the staff",
                    "Becomes a note of the order",
                    "4000",
                    form.text(|draft| &draft.internal_note),
                    form.put(|draft, typed| draft.internal_note = typed),
                    form.fault("internalNote"),
                )}
            </div>
        </section>
    }
}
