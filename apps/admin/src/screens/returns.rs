//! The table of returns; what is done with one is done on the page of its order.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::returns::{Return, ReturnFilter, ReturnState, Returns as Page, ReturnsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Tabs};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, status};
use crate::place;

const TABS: [(&str, &str); 5] =
    [("", "Open"), ("decide", "To decide"), ("awaited", "Awaited"), ("refund", "To refund"), ("all", "All")];
const COLUMNS: [Column; 6] = [
    Column::new("Return"),
    Column::new("Asked for").prio("2"),
    Column::new("Customer"),
    Column::new("State"),
    Column::new("Why").prio("3"),
    Column::number("Items"),
];

/// The table of returns.
#[component]
pub fn Returns() -> impl IntoView {
    place::title(|| "Returns".to_owned());
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let (open, states) = match state.get("tab") {
            "decide" => (false, vec![ReturnState::Requested]),
            "awaited" => (false, vec![ReturnState::Approved]),
            "refund" => (false, vec![ReturnState::Received]),
            "all" => (false, Vec::new()),
            _ => (true, Vec::new()),
        };
        let variables = ReturnsVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            filter: Some(ReturnFilter { open, state: states }),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.returns) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Row row/> }).collect_view()
    };
    let empty = || {
        view! { <Empty symbol="returns" title="Nothing here" text="What customers want to send back comes up here. They ask for it on the page of their order."/> }
    };
    view! {
        <div class="page">
            <PageHead title="Returns".to_owned() about=rows.about("return", "returns")/>
            <Table label="Returns" list rows columns=&COLUMNS words=("Newer", "Older") body empty>
                <Tabs list label="Where they stand" all=&TABS/>
            </Table>
        </div>
    }
}

#[component]
fn Row(row: Return) -> impl IntoView {
    let (tone, state) = row.state.words();
    let wish = row.exchange_wished.then(|| view! { <span class="meta">", wants other goods"</span> });
    let items: i32 = row.lines.iter().map(|line| line.quantity).sum();
    view! {
        <tr>
            <td data-slot="title">
                <a class="key" href=place::to(&format!("/orders/{}#returns", row.order_id.inner()))>{row.number}</a>
            </td>
            <td class="nowrap dim" data-prio="2">{place::reader().moment(&row.requested_at.0)}</td>
            <td class="fill" data-slot="sub">{row.customer_name}</td>
            <td data-slot="state">{status(tone, state)}</td>
            <td data-prio="3">{row.reason.words()} {wish}</td>
            <td class="num" data-slot="value">{items}</td>
        </tr>
    }
}
