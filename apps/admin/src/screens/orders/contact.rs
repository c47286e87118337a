//! The part of an edit that is about no goods: where the order goes, who is written to, what the delivery costs.

use leptos::prelude::*;

use super::moves::Act;
use crate::api::{Data, sentence};
use crate::gql::order_edit::OrderEditPreview;
use crate::gql::orders::Order;
use crate::logic::amount;
use crate::logic::contact::Contact;
use crate::parts::field::TextField;
use crate::place;

/// The fields, behind a line that opens them. What cannot be done stands at them, as far as the preview says it.
pub(super) fn fields(
    act: Act,
    contact: RwSignal<Contact>,
    seen: Data<Option<OrderEditPreview>>,
) -> impl IntoView {
    let said = |say: fn(&Order) -> String| {
        act.order.with_untracked(|order| order.as_ref().map(say).unwrap_or_default())
    };
    let has_left =
        act.order.with_untracked(|order| order.iter().flat_map(|it| &it.lines).any(|line| 0 < line.sent));
    let fault = move |names: &'static [&'static str]| {
        place::derived(move || {
            let foretold = seen.with(|seen| {
                let mut problems = seen.iter().flatten().flat_map(|preview| &preview.problems);
                let found = problems.find(|problem| names.contains(&problem.field.as_str()));
                found.map(|problem| sentence(&problem.message))
            });
            let refused = || {
                act.failure.with(|it| it.as_ref().and_then(|it| names.iter().find_map(|name| it.at(name))))
            };
            foretold.or_else(refused)
        })
    };
    let line = move |id: &'static str,
                     label: &'static str,
                     names: &'static [&'static str],
                     most: u32,
                     part: fn(&mut Contact) -> &mut String| {
        let value = move || contact.with(|contact| part(&mut contact.clone()).clone());
        view! {
            <TextField
                id
                label
                most
                value=place::derived(value)
                on_input=move |typed| contact.update(|contact| *part(contact) = typed)
                error=fault(names)
            />
        }
    };
    let country = said(|order| {
        primitives::Country::parse(&order.address.country)
            .map_or_else(|_| order.address.country.clone(), |it| it.name().to_owned())
    });
    let kept = match has_left {
        true => "A part of it has left already: it goes where it went.".to_owned(),
        false => format!(
            "In {country}. In another country other taxes hold: call the order off and place another one."
        ),
    };
    let delivery = said(|order| order.shipping_name.clone());
    let costs =
        said(|order| order.totals.shipping.as_ref().map(|money| money.formatted.clone()).unwrap_or_default());
    let symbol = said(|order| amount::symbol(order.currency()));
    let exponent = amount::exponent(&said(|order| order.currency().to_owned()));
    let refused = fault(&["shipping"]);
    let no_price = place::derived(move || {
        let mine = contact.with(|contact| contact.shipping(exponent).err());
        mine.map(|error| error.to_string()).or_else(|| refused.get())
    });
    let price = (!delivery.is_empty()).then(|| {
        view! {
            <TextField
                id="edit-shipping"
                label="Price of the delivery"
                optional=true
                mode="decimal"
                most=14
                prefix=symbol
                hint=Signal::stored(format!("{delivery}. Empty: it stays {costs}"))
                value=place::derived(move || contact.with(|contact| contact.shipping.clone()))
                on_input=move |typed| contact.update(|contact| contact.shipping = typed)
                error=no_price
            />
        }
    });
    view! {
        <details>
            <summary>"Address, contact and delivery"</summary>
            <div class="stack tight">
                <fieldset class="stack bare" disabled=has_left>
                    {line("edit-name", "Name", &["address.name"], 200, |it| &mut it.address.name)}
                    {line("edit-company", "Company", &["address.company"], 200, |it| &mut it.address.company)}
                    {line("edit-line1", "Street and number", &["address.line1"], 200, |it| &mut it.address.line1)}
                    {line("edit-line2", "Flat, floor", &["address.line2"], 200, |it| &mut it.address.line2)}
                    <div class="row">
                        {line("edit-postal", "Postal code", &["address.postalCode"], 20, |it| &mut it.address.postal_code)}
                        {line("edit-city", "Town", &["address.city"], 100, |it| &mut it.address.city)}
                    </div>
                    {line("edit-region", "State or province", &["address.region"], 100, |it| &mut it.address.region)}
                </fieldset>
                <p class="meta">{kept}</p>
                <div class="row">
                    {line("edit-email", "E-mail", &["email"], 255, |it| &mut it.email)}
                    {line("edit-phone", "Phone", &["phone", "address.phone"], 40, |it| &mut it.address.phone)}
                </div>
                {price}
            </div>
        </details>
    }
}
