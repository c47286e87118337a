//! What the variants of a product have cost, folded away until somebody wants to know.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::draft::Draft;
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::catalog::{AdminVariant, IdVariables, PriceChange, PriceHistory};
use crate::parts::{FailureView, status};
use crate::place;

/// The card with past prices; asks for them when it is opened, and again after prices were saved.
#[component]
pub fn PastPrices(
    /// The product, of which the saved variants are shown.
    draft: Draft,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let chosen = RwSignal::new(String::new());
    let names = place::memo(move || {
        let name = |variant: &AdminVariant| (variant.id.inner().to_owned(), variant.title.clone());
        draft.product.with(|product| product.variants.iter().map(name).collect::<Vec<_>>())
    });
    // The first one until another is chosen, and again when that one is gone.
    let shown = place::memo(move || {
        names.with(|names| {
            let known = names.iter().find(|(id, _)| chosen.with(|chosen| id == chosen));
            known.or(names.first()).map(|(id, _)| id.clone())
        })
    });
    let version = place::memo(move || draft.product.with(|product| product.version));
    let history = remote(move || {
        version.track();
        let of = shown.get().filter(|_| open.get());
        async move {
            let Some(id) = of else { return Ok(Vec::new()) };
            let variables = IdVariables { id: cynic::Id::new(id) };
            api::ask(PriceHistory::build(variables)).await.map(|answer| answer.price_history)
        }
    });
    let turn = move |event: web_sys::Event| {
        let details = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        open.set(details.is_some_and(|details| details.has_attribute("open")));
    };
    let choice = move || {
        let names = names.get();
        (1 < names.len()).then(|| {
            let now = shown.get();
            let option = |(id, name): (String, String)| {
                let here = now.as_ref() == Some(&id);
                view! { <option value=id selected=here>{name}</option> }
            };
            view! {
                <div class="field">
                    <label for="prices-of">"Variant"</label>
                    <select id="prices-of" class="input" on:change=move |event| chosen.set(event_target_value(&event))>
                        {names.into_iter().map(option).collect_view()}
                    </select>
                </div>
            }
        })
    };
    let body = move || {
        if let Some(failure) = history.failure.get() {
            return view! { <FailureView failure again=move |()| history.reload()/> }.into_any();
        }
        let rows = history.data.get().unwrap_or_default();
        if rows.is_empty() && history.busy.get() {
            return view! { <p class="late"><span class="skel" style=("--w", "60%")></span></p> }.into_any();
        }
        if rows.is_empty() {
            return view! { <p role="status">"No price has been written down yet."</p> }.into_any();
        }
        view! {
            <div class="clip-x">
                <table class="table" data-static="" data-tight="" aria-label="Past prices">
                    <thead>
                        <tr>
                            <th scope="col">"Since"</th>
                            <th scope="col" class="num">"Price"</th>
                            <th scope="col" class="num">"Was"</th>
                            <th scope="col" class="num">"Lowest of the 30 days before"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"By"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card">
            <div class="body">
                <details class="astable" on:toggle=turn>
                    <summary>"Price history"</summary>
                    <div class="stack tight">
                        {choice}
                        {body}
                    </div>
                </details>
            </div>
        </section>
    }
}

fn row(change: PriceChange) -> impl IntoView {
    let (tone, word) = if change.offered { ("good", "In the shop") } else { ("neutral", "Not in the shop") };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    view! {
        <tr>
            <td class="nowrap">{place::moment(&change.at.0)}</td>
            <td class="num">{change.price.formatted}</td>
            <td class="num">{or_none(change.compare_at_price.map(|was| was.formatted))}</td>
            <td class="num">{or_none(change.lowest_price_before.map(|lowest| lowest.formatted))}</td>
            <td class="nowrap">{status(tone, word)}</td>
            <td>{or_none(change.by)}</td>
        </tr>
    }
}
