//! Who sells, as invoices say it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::payments::{Seller, SellerInput, SellerUpdate, SellerUpdateVariables};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

/// The card.
#[component]
pub fn SellerCard(
    /// As it is saved.
    seller: Seller,
    /// Whether it can be changed.
    editable: Signal<bool>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let saved = RwSignal::new(seller.clone());
    let draft = RwSignal::new(seller);
    let (open, busy, failure) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Failure>));
    let save = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let Seller { name, line1, line2, postal_code, city, country, tax_number, footer, version } =
            draft.get_untracked();
        let input =
            SellerInput { name, line1, line2, postal_code, city, country, tax_number, footer, version };
        spawn_local(async move {
            match api::ask(SellerUpdate::build(SellerUpdateVariables { input })).await {
                Ok(answer) => {
                    toaster.done("Saved: the next invoice says so");
                    let _ = open.try_set(false);
                    let _ = saved.try_set(answer.seller_update);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let fault = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))))
    };
    let line = move |id: &'static str,
                     label: &'static str,
                     field: &'static str,
                     read: fn(&Seller) -> &String,
                     write: fn(&mut Seller, String)| {
        view! {
            <TextField
                id
                label
                optional=true
                most=200
                value=place::derived(move || draft.with(|draft| read(draft).clone()))
                on_input=move |typed| draft.update(|draft| write(draft, typed))
                error=fault(field)
            />
        }
    };
    let countries = move || {
        let now = draft.with(|draft| draft.country.clone());
        primitives::Country::all()
            .map(|country| view! { <option value=country.as_str() selected=country.as_str() == now>{country.name()}</option> })
            .collect_view()
    };
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Save"
            </button>
            <span class="meta">"Invoices that were issued stay as they are."</span>
        }
    };
    let shown = move || {
        let seller = saved.get();
        let named = if seller.name.is_empty() { session.shop_name() } else { seller.name.clone() };
        let town = format!("{} {}", seller.postal_code, seller.city);
        let country = primitives::Country::parse(&seller.country).map_or("", primitives::Country::name);
        let lines = [named.as_str(), &seller.line1, &seller.line2, town.trim(), country];
        let lines = lines
            .into_iter()
            .filter(|line| !line.is_empty())
            .map(|line| view! { {line.to_owned()} <br/> })
            .collect_view();
        let bare = (seller.line1.is_empty() || seller.city.is_empty()).then(|| {
            view! { <p class="odd">"An invoice has to say where the business is: the address is not complete."</p> }
        });
        let facts = [("Tax number", seller.tax_number), ("At the foot", seller.footer)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| view! { <dt>{name}</dt><dd class="lines-kept">{text}</dd> })
            .collect::<Vec<_>>();
        view! {
            {bare}
            <address>{lines}</address>
            {(!facts.is_empty()).then(|| view! { <dl class="dl" data-start="">{facts}</dl> })}
        }
    };
    let begin = move |_| {
        draft.set(saved.get_untracked());
        failure.set(None);
        open.set(true);
    };
    view! {
        <section class="card" id="seller">
            <header>
                <h2>"Who sells"</h2>
                <span class="meta">"on invoices, credit notes and packing slips"</span>
                <Show when=move || editable.get()>
                    <button class="btn end" type="button" data-size="sm" on:click=begin>"Change"</button>
                </Show>
            </header>
            <div class="body">{shown}</div>
        </section>
        <Drawer open title="Who sells".to_owned() on_submit=save footer>
            {move || failure.get().filter(|it| it.fields.is_empty()).map(|failure| view! { <Wrong failure/> })}
            {line("seller-name", "Name of the business", "name", |it| &it.name, |it, typed| it.name = typed)}
            {line("seller-line1", "Street and number", "line1", |it| &it.line1, |it, typed| it.line1 = typed)}
            {line("seller-line2", "Building, floor", "line2", |it| &it.line2, |it, typed| it.line2 = typed)}
            <div class="row">
                {line("seller-postal", "Postal code", "postalCode", |it| &it.postal_code, |it, typed| it.postal_code = typed)}
                {line("seller-city", "Town", "city", |it| &it.city, |it, typed| it.city = typed)}
            </div>
            <Field id="seller-country" label="Country" error=fault("country") optional=true>
                <select
                    class="input"
                    id="seller-country"
                    on:change=move |event| {
                        let code = event_target_value(&event);
                        draft.update(|draft| draft.country = code);
                    }
                >
                    <option value="" selected=move || draft.with(|draft| draft.country.is_empty())>"None"</option>
                    {countries}
                </select>
            </Field>
            {line("seller-tax", "VAT or tax number", "taxNumber", |it| &it.tax_number, |it, typed| it.tax_number = typed)}
            <Field
                id="seller-footer"
                label="At the foot of every invoice"
                hint=Signal::stored("Bank, register, terms".to_owned())
                error=fault("footer")
                optional=true
            >
                <textarea
                    class="input"
                    id="seller-footer"
                    rows="4"
                    maxlength="1000"
                    prop:value=move || draft.with(|draft| draft.footer.clone())
                    on:input=move |event| {
                        let typed = event_target_value(&event);
                        draft.update(|draft| draft.footer = typed);
                    }
                ></textarea>
            </Field>
        </Drawer>
    }
}
