//! The table of price lists.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::prices::{PriceList, PriceLists as Page, PriceListsVariables};
use crate::logic::list::PAGE;
use crate::logic::price_list;
use crate::parts::list::{List, Search, Tabs};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, count, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 2] = ["q", "tab"];
const COLUMNS: [Column; 6] = [
    Column::new("Price list"),
    Column::new("For whom"),
    Column::new("State"),
    Column::new("Time").prio("4"),
    Column::number("Priority").prio("3"),
    Column::number("Prices"),
];

/// The table of price lists.
#[component]
pub fn PriceLists() -> impl IntoView {
    place::title(|| "Price lists".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = PriceListsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            q: state.get("q").to_owned(),
            archived: Some(state.get("tab") == "away"),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.price_lists) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let may_create = place::memo(move || session.may("prices:create"));
    let may_explain = place::memo(move || session.may("prices:read"));
    let acts = move || {
        view! {
            {may_explain.get().then(|| view! { <a class="btn" href=place::to("/prices/explain")>{icon("info")} "Explain a price"</a> })}
            {may_create.get().then(make)}
        }
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Price lists".to_owned() about=rows.about("price list", "price lists")>{acts}</PageHead>
            <Table label="Price lists" list rows columns=&COLUMNS words=("Newer", "Older") body empty=move || nothing(list)>
                <Tabs list label="In use or put away" all=&[("", "In use"), ("away", "Put away")]/>
                <div class="filters"><span class="end"><Search list label="Name"/></span></div>
            </Table>
        </div>
    }
}

fn make() -> impl IntoView {
    view! { <a class="btn" data-kind="primary" href=place::to("/prices/new")>{icon("plus")} "Make a price list"</a> }
}

#[component]
fn Row(row: PriceList) -> impl IntoView {
    let (tone, state) = price_list::state(&row, place::reader().now);
    let time = |say: fn(&str) -> String| match (&row.starts_at, &row.ends_at) {
        (None, None) => "Always".to_owned(),
        (Some(from), None) => format!("From {}", say(&from.0)),
        (None, Some(until)) => format!("Until {}", say(&until.0)),
        (Some(from), Some(until)) => format!("{} – {}", say(&from.0), say(&until.0)),
    };
    let (days, moments) = (time(place::day), time(place::moment));
    view! {
        <tr>
            <td data-slot="title">
                <a class="key" href=place::to(&format!("/prices/{}", row.id.inner()))>{row.name.clone()}</a>
            </td>
            <td class="fill" data-slot="sub">{price_list::for_whom(&row)}</td>
            <td data-slot="state">{status(tone, state)}</td>
            <td data-prio="4" class="nowrap dim" title=moments>{days}</td>
            <td data-prio="3" class="num dim">{row.priority}</td>
            <td class="num" data-slot="value">
                {crate::parts::grouped(row.n_prices.into())}
                <span class="stacked dim">{if row.n_prices == 1 { " price" } else { " prices" }}</span>
            </td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let title = match list.value("q").as_str() {
            "" => "Nothing was put away".to_owned(),
            asked => format!("Nothing for “{asked}”"),
        };
        let text = "Lists are found by their name. Take the filter off, or see those in use.";
        return view! { <Narrowed list keys=&FILTERS title text all="See the lists in use"/> }.into_any();
    }
    let may_create = use_session().may("prices:create");
    view! {
        <Empty
            symbol="prices"
            title="No price lists yet"
            text="Prices for trade customers, for a country, from ten pieces on, or for a week: each list says for whom it holds, and where none does the price of the product counts."
        >
            {may_create.then(make)}
        </Empty>
    }
    .into_any()
}

/// "12 prices".
pub(super) fn n_prices(n: i32) -> String {
    count(n.into(), "price", "prices")
}
