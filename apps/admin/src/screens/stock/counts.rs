//! The list of stock counts, and beginning one.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::{all_locations, called};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::stock::{
    CountBegin, CountBeginVariables, CountRow, Counts as Page, CountsVariables, Location,
    StockCountBeginInput,
};
use crate::logic::list::PAGE;
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::list::List;
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, icon, status};
use crate::place;
use crate::session::use_session;

const COLUMNS: [Column; 4] = [
    Column::new("Location"),
    Column::new("State"),
    Column::number("Counted"),
    Column::new("Begun").prio("2"),
];

/// The list of stock counts.
#[component]
pub fn Counts() -> impl IntoView {
    place::title(|| "Stock counts".to_owned());
    let session = use_session();
    let list = List::here();
    let locations = all_locations();
    let beginning = RwSignal::new(false);
    let page = remote(move || {
        let keys = list.get().page(PAGE);
        let variables =
            CountsVariables { first: keys.first, after: keys.after, last: keys.last, before: keys.before };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.stock_counts) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let begin = move || {
        session.may("inventory:create").then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=move |_| beginning.set(true)>
                    {icon("plus")}
                    "Begin a count"
                </button>
            }
        })
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row locations/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty symbol="list" title="No stock counts" text="Go along the shelves of a location with a list; what you found is applied at once, and what was sold meanwhile stays sold.">
                {begin}
            </Empty>
        }
    };
    view! {
        <div class="page">
            <PageHead title="Stock counts".to_owned() back=(place::to("/inventory"), "Inventory")>{begin}</PageHead>
            <Table label="Stock counts" list rows columns=&COLUMNS grey=5 words=("Newer", "Older") body empty/>
            <Begin open=beginning locations/>
        </div>
    }
}

#[component]
fn Row(row: CountRow, locations: Remote<Vec<Location>>) -> impl IntoView {
    let (tone, word) = row.state.words();
    let location = row.location_id;
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a href=place::to(&format!("/inventory/counts/{}", row.id.inner()))>{move || called(locations, &location)}</a>
                        <small>{row.note}</small>
                    </span>
                </span>
            </td>
            <td data-slot="state">{status(tone, word)}</td>
            <td class="num" data-slot="value">{format!("{} of {}", row.counted_count, row.line_count)}</td>
            <td data-prio="2" class="nowrap dim">{place::reader().moment(&row.created_at.0)}</td>
        </tr>
    }
}

/// Begins a count of everything that lies at a location.
#[component]
fn Begin(open: RwSignal<bool>, locations: Remote<Vec<Location>>) -> impl IntoView {
    let (at, note) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let navigate = StoredValue::new(use_navigate());
    place::effect(move |_| {
        let all = locations.data.get().unwrap_or_default();
        if open.get() && at.get_untracked().is_empty() {
            at.set(all.first().map(|it| it.id.inner().to_owned()).unwrap_or_default());
        }
    });
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let note = Some(note.get_untracked()).filter(|note| !note.trim().is_empty());
        let input = StockCountBeginInput { location_id: cynic::Id::new(at.get_untracked()), note };
        spawn_local(async move {
            match api::ask(CountBegin::build(CountBeginVariables { input })).await {
                Ok(answer) => {
                    let id = answer.stock_count_begin.count.id.into_inner();
                    open.set(false);
                    let path = place::to(&format!("/inventory/counts/{id}"));
                    let options = NavigateOptions { resolve: false, ..Default::default() };
                    navigate.with_value(|go| go(&path, options));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let choices = move || {
        let now = at.get();
        let option = |location: Location| {
            let chosen = location.id.inner() == now;
            view! { <option value=location.id.inner().to_owned() selected=chosen>{location.name}</option> }
        };
        locations.data.get().unwrap_or_default().into_iter().map(option).collect_view()
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Begin"
            </button>
        }
    };
    view! {
        <Drawer open title="Begin a count".to_owned() footer=footer on_submit=submit>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            <div class="field">
                <label for="count-at">"Location"</label>
                <select id="count-at" class="input" aria-describedby="count-at-note" on:change=move |event| at.set(event_target_value(&event))>{choices}</select>
                <span class="hint" id="count-at-note">"The list holds every counted variant that lies there; more can be added."</span>
            </div>
            <TextField id="count-note" label="Note" value=note on_input=move |text| note.set(text) optional=true most=500/>
        </Drawer>
    }
}
