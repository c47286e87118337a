//! The list of promotions.

use leptos::prelude::*;

use super::form::money;
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::promotions::{Promotion, Promotions as Page, PromotionsVariables};
use crate::logic::list::PAGE;
use crate::logic::promotion::{Draft, words};
use crate::parts::list::{List, Search, Tabs};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, grouped, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 2] = ["q", "tab"];
const COLUMNS: [Column; 7] = [
    Column::new("Promotion"),
    Column::new("What it does"),
    Column::new("State"),
    Column::new("Codes").prio("3"),
    Column::new("Time").prio("4"),
    Column::new("Used"),
    Column::number("Taken off"),
];

/// The list of promotions.
#[component]
pub fn Promotions() -> impl IntoView {
    place::title(|| "Promotions".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = PromotionsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            q: state.get("q").to_owned(),
            active: match state.get("tab") {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            },
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.promotions) }
    });
    let may_create = place::memo(move || session.may("promotions:create"));
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let make = move || {
        may_create.get().then(|| {
            view! { <a class="btn" data-kind="primary" href=place::to("/promotions/new")>{icon("plus")} "Make a promotion"</a> }
        })
    };
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row/> }).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Promotions".to_owned() about=rows.about("promotion", "promotions")>{make}</PageHead>
            <Table label="Promotions" list rows columns=&COLUMNS words=("Newer", "Older") body empty=move || nothing(list)>
                <Tabs list label="Switched on or off" all=&[("", "All"), ("on", "Switched on"), ("off", "Switched off")]/>
                <div class="filters"><span class="end"><Search list label="Name or whole code"/></span></div>
            </Table>
        </div>
    }
}

#[component]
fn Row(row: Promotion) -> impl IntoView {
    let session = use_session();
    let said = words::said(&Draft::of(&row, place::zone), &money(session));
    let (tone, state) = row.state.words();
    let time = |say: fn(&str) -> String| match (&row.starts_at, &row.ends_at) {
        (None, None) => "Always".to_owned(),
        (Some(from), None) => format!("From {}", say(&from.0)),
        (None, Some(until)) => format!("Until {}", say(&until.0)),
        (Some(from), Some(until)) => format!("{} – {}", say(&from.0), say(&until.0)),
    };
    let (days, moments) = (time(place::day), time(place::moment));
    let used = match row.uses.0 {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{} times", grouped(n)),
    };
    view! {
        <tr>
            <td data-slot="title">
                <a class="key" href=place::to(&format!("/promotions/{}", row.id.inner()))>{row.name}</a>
            </td>
            <td class="fill" data-slot="sub">{said}</td>
            <td data-slot="state">{status(tone, state)}</td>
            <td data-prio="3" class=if row.codes.is_empty() { "dim nowrap" } else { "nowrap" }>{words::codes(&row.codes)}</td>
            <td data-prio="4" class="nowrap dim" title=moments>{days}</td>
            <td data-slot="more" class="nowrap dim">{used}</td>
            <td class="num" data-slot="value">{row.spent.formatted}</td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let title = match (list.value("q").as_str(), list.value("tab").as_str()) {
            ("", "on") => "Nothing is switched on".to_owned(),
            ("", _) => "Nothing is switched off".to_owned(),
            (asked, _) => format!("Nothing for “{asked}”"),
        };
        let text = "A code is found when it is typed in full. Take the filter off, or see all promotions.";
        return view! { <Narrowed list keys=&FILTERS title text all="See all promotions"/> }.into_any();
    }
    let may_create = use_session().may("promotions:create");
    view! {
        <Empty
            symbol="prices"
            title="No promotions yet"
            text="A coupon code, a sale on a collection, three for two, free delivery from an amount: each is made here, and can be tried on past orders first."
        >
            {may_create
                .then(|| view! { <a class="btn" data-kind="primary" href=place::to("/promotions/new")>"Make a promotion"</a> })}
        </Empty>
    }
    .into_any()
}
