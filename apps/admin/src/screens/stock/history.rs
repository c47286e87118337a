//! Every change of a count: what, where, why.

use leptos::prelude::*;

use super::{all_locations, called, options};
use crate::api::Remote;
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::stock::{
    Location, Movements as Page, MovementsVariables, StockMovement, StockMovementFilter, StockReason,
};
use crate::logic::list::PAGE;
use crate::parts::list::{FilterChip, FilterSelect, List};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, grouped};
use crate::place;

const FILTERS: [&str; 3] = ["variant", "at", "why"];
const COLUMNS: [Column; 5] = [
    Column::new("Variant"),
    Column::new("Why"),
    Column::new("Location").prio("3"),
    Column::number("Change"),
    Column::new("When").prio("2"),
];

/// The history of the shelves.
#[component]
pub fn History() -> impl IntoView {
    place::title(|| "Stock history".to_owned());
    let list = List::here();
    let locations = all_locations();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let id = |key: &str| Some(state.get(key).to_owned()).filter(|it| !it.is_empty()).map(cynic::Id::new);
        let reason = StockReason::ALL.into_iter().find(|(_, key, _)| *key == state.get("why"));
        let filter = StockMovementFilter {
            variant_id: id("variant"),
            location_id: id("at"),
            reasons: reason.map(|(reason, _, _)| vec![reason]),
        };
        let variables = MovementsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            filter,
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.stock_movements) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let variant = move || {
        page.data.with(|page| {
            let label = page.iter().flat_map(|page| &page.nodes).find_map(|row| row.variant.as_ref());
            label.map_or_else(|| "this variant".to_owned(), |label| label.title.clone())
        })
    };
    let reasons: Vec<(String, String)> =
        StockReason::ALL.into_iter().map(|(_, key, words)| (key.to_owned(), words.to_owned())).collect();
    let chips = move || {
        let (at, why) = (list.value("at"), list.value("why"));
        let reason = StockReason::ALL.into_iter().find(|(_, key, _)| *key == why);
        let reasons = reasons.clone();
        view! {
            {(!list.value("variant").is_empty()).then(|| view! { <FilterChip list name="variant" field="Variant" value=variant()/> })}
            {if at.is_empty() {
                view! { <FilterSelect list name="at" label="All locations" options=options(locations)/> }.into_any()
            } else {
                view! { <FilterChip list name="at" field="Location" value=called(locations, &cynic::Id::new(at))/> }.into_any()
            }}
            {match reason {
                Some((_, _, words)) => view! { <FilterChip list name="why" field="Reason" value=words/> }.into_any(),
                None => view! { <FilterSelect list name="why" label="Every reason" options=reasons/> }.into_any(),
            }}
        }
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row locations/> }).collect_view()
    };
    let empty = move || {
        let text = if list.get().narrowed_by(&FILTERS) {
            "Nothing has moved that fits these filters."
        } else {
            "Whatever is counted, sent, moved or received is written down here."
        };
        view! {
            <Empty symbol="list" title="No changes" text=text>
                <button class="btn" type="button" on:click=move |_| list.go(list.get().without(&FILTERS))>"See everything"</button>
            </Empty>
        }
    };
    let about = rows.about("change", "changes");
    view! {
        <div class="page">
            <PageHead title="Stock history".to_owned() about back=(place::to("/inventory"), "Inventory")/>
            <Table label="Stock history" list rows columns=&COLUMNS words=("Newer", "Older") body empty>
                <div class="filters">{chips}</div>
            </Table>
        </div>
    }
}

#[component]
fn Row(row: StockMovement, locations: Remote<Vec<Location>>) -> impl IntoView {
    let sign = if 0 < row.delta { "+" } else { "" };
    let name = match row.variant {
        Some(label) => view! {
            <span><a href=place::to(&format!("/products/{}", label.product_id.inner()))>{label.title}</a><small>{label.sku}</small></span>
        }
        .into_any(),
        None => view! { <span class="dim">"A variant that is gone"</span> }.into_any(),
    };
    let location = row.location_id;
    view! {
        <tr>
            <td class="fill" data-slot="title"><span class="name">{name}</span></td>
            <td data-slot="sub">
                {row.reason.words()}
                {(!row.note.is_empty()).then(|| view! { <small class="dim">" " {row.note}</small> })}
            </td>
            <td data-prio="3">{move || called(locations, &location)}</td>
            <td class="num" data-slot="value">
                {format!("{sign}{}", grouped(row.delta.into()))}
                <small class="dim">" → " {grouped(row.on_hand_after.into())}</small>
            </td>
            <td data-prio="2" class="nowrap dim">{place::reader().moment(&row.at.0)}</td>
        </tr>
    }
}
