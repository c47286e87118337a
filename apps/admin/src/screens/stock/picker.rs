//! Finds variants by name, SKU or barcode, to put them onto a list.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::stock::{Inventory, InventoryItem, InventoryVariables};
use crate::parts::{FailureView, grouped};
use crate::place;
use crate::screens::products::find::FindVariant;
use crate::session::use_session;

/// Variants that are offered at once.
const MOST: i32 = 8;

/// A field that finds variants of the whole shop, with their stock for whoever may look at it.
#[component]
pub fn AnyVariant(
    /// Id and name of what was chosen.
    #[prop(into)]
    on_pick: Callback<(String, String)>,
) -> impl IntoView {
    let session = use_session();
    let by_stock = place::memo(move || session.may("inventory:read"));
    move || match by_stock.get() {
        true => {
            let pick =
                move |item: InventoryItem| on_pick.run((item.variant_id.inner().to_owned(), item.called()));
            view! { <Picker at=Signal::stored(None) on_pick=pick/> }.into_any()
        }
        false => {
            let pick = move |found: Option<(String, String)>| {
                if let Some(found) = found {
                    on_pick.run(found);
                }
            };
            view! { <FindVariant label="Find a product" chosen=Signal::stored(None::<String>) on_pick=pick/> }
                .into_any()
        }
    }
}

/// A field that finds variants; a choice goes to `on_pick`.
#[component]
pub fn Picker(
    /// Where they have to lie; the whole shop without it.
    #[prop(into)]
    at: Signal<Option<cynic::Id>>,
    /// What was chosen.
    #[prop(into)]
    on_pick: Callback<InventoryItem>,
) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let found = remote(move || {
        let (q, location_id) = (words.get(), at.get());
        async move {
            if q.trim().is_empty() {
                return Ok(Vec::new());
            }
            let variables = InventoryVariables {
                first: Some(MOST),
                after: None,
                last: None,
                before: None,
                location_id,
                q: Some(q),
            };
            api::ask(Inventory::build(variables)).await.map(|answer| answer.inventory.nodes)
        }
    });
    let rows = move || {
        if let Some(failure) = found.failure.get() {
            return view! { <FailureView failure again=move |()| found.reload()/> }.into_any();
        }
        let asked = !words.get().trim().is_empty();
        match found.data.get() {
            Some(items) if items.is_empty() && asked && !found.busy.get() => {
                view! { <p class="meta" role="status">"Nothing of that name lies there."</p> }.into_any()
            }
            Some(items) => items
                .into_iter()
                .map(|item| {
                    let (name, there) = (item.called(), grouped(item.on_hand.into()));
                    let label = format!("Add {name}");
                    view! {
                        <p class="flex">
                            <span class="grow">{name} " " <span class="meta">{item.sku.clone()} " · " {there} " on hand"</span></span>
                            <button class="btn" type="button" data-size="sm" aria-label=label on:click=move |_| on_pick.run(item.clone())>"Add"</button>
                        </p>
                    }
                })
                .collect_view()
                .into_any(),
            None => ().into_any(),
        }
    };
    view! {
        <div class="field">
            <label for="find-variant">"Add a variant"</label>
            <input
                id="find-variant"
                class="input"
                type="search"
                autocomplete="off"
                maxlength="100"
                placeholder="Product, SKU or barcode"
                prop:value=move || words.get()
                on:input=move |event| words.set(event_target_value(&event))
                on:keydown=|event| if event.key() == "Enter" { event.prevent_default() }
            />
        </div>
        <div class="stack">{rows}</div>
    }
}
