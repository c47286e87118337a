//! The table of drafts.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::drafts::{DraftOrderRow, DraftOrderState, Drafts as Page, DraftsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Tabs};
use crate::parts::table::{Column, Narrowed, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, grouped, icon, status};
use crate::place;
use crate::session::use_session;

const FILTERS: [&str; 1] = ["tab"];
const TABS: [(&str, &str); 3] = [("", "All"), ("open", "Open"), ("placed", "Placed")];
const COLUMNS: [Column; 6] = [
    Column::new("Draft"),
    Column::new("State"),
    Column::new("Order"),
    Column::new("Sent").prio("3"),
    Column::new("Changed").prio("2"),
    Column::number("Pieces"),
];

/// The table of drafts.
#[component]
pub fn Drafts() -> impl IntoView {
    place::title(|| "Drafts".to_owned());
    let session = use_session();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = DraftsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            state: DraftOrderState::from_key(state.get("tab")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.draft_orders) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let may_create = place::memo(move || session.may("orders:create"));
    let acts = move || may_create.get().then(begin);
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(row).collect_view()
    };
    view! {
        <div class="page">
            <PageHead title="Drafts".to_owned() about=rows.about("draft", "drafts") back=(place::to("/orders"), "Orders")>{acts}</PageHead>
            <Table label="Drafts" list rows columns=&COLUMNS words=("Newer", "Older") body empty=move || nothing(list)>
                <Tabs list label="State" all=&TABS/>
            </Table>
        </div>
    }
}

/// The link to a new draft.
pub fn begin() -> impl IntoView {
    view! { <a class="btn" data-kind="primary" href=place::to("/drafts/new")>{icon("plus")} "New draft"</a> }
}

fn row(row: DraftOrderRow) -> impl IntoView {
    let (tone, word) = row.state.words();
    let (called, about) = match (row.name.as_str(), row.email.as_str()) {
        ("", "") => ("Nobody yet".to_owned(), String::new()),
        ("", email) => (email.to_owned(), String::new()),
        (name, email) => (name.to_owned(), email.to_owned()),
    };
    let order = row.order_id.zip(row.order_number).map(|(id, number)| {
        view! { <a href=place::to(&format!("/orders/{}", id.inner()))>"#" {number.0}</a> }
    });
    let sent = row.sent_at.map(|at| place::moment(&at.0));
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span>
                        <a class="key" href=place::to(&format!("/drafts/{}", row.id.inner()))>{called}</a>
                        <small>{about}</small>
                    </span>
                </span>
            </td>
            <td data-slot="state">{status(tone, word)}</td>
            <td data-slot="sub">{order}</td>
            <td data-prio="3" class="nowrap dim">{sent}</td>
            <td data-prio="2" class="nowrap dim">{place::moment(&row.updated_at.0)}</td>
            <td class="num" data-slot="value">
                {grouped(row.n_items.0)}
                <span class="stacked dim">{if row.n_items.0 == 1 { " piece" } else { " pieces" }}</span>
            </td>
        </tr>
    }
}

fn nothing(list: List) -> AnyView {
    if list.get().narrowed_by(&FILTERS) {
        let title = match list.value("tab").as_str() {
            "open" => "No draft is open",
            _ => "No draft was placed yet",
        };
        let text = "A draft is open until it is placed; then it is an order. Take the filter off to see all of them.";
        return view! { <Narrowed list keys=&FILTERS title text all="See all drafts"/> }.into_any();
    }
    let may_create = use_session().may("orders:create");
    view! {
        <Empty
            symbol="draft"
            title="No drafts yet"
            text="A sale on the telephone, a quote: write down what somebody wants, agree on prices, send it to them, and make an order of it."
        >
            {may_create.then(begin)}
        </Empty>
    }
    .into_any()
}
