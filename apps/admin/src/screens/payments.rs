//! Payments that somebody has to look at: what differs from the gateway, and what customers' banks want back.

use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::payments::{
    Discrepancies, DiscrepanciesVariables, Disputes, DisputesVariables, ListedDispute, PaymentDiscrepancy,
};
use crate::gql::{Document, Money};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Tabs};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::{Empty, PageHead, status};
use crate::place;

const TABS: [(&str, &str); 3] =
    [("", "Differ from the gateway"), ("disputes", "Open disputes"), ("all-disputes", "All disputes")];
const DIFFER: [Column; 6] = [
    Column::new("Order"),
    Column::new("How it is paid").prio("2"),
    Column::number("Taken by our books"),
    Column::number("By the gateway's"),
    Column::number("Given back").prio("3"),
    Column::new("Compared").prio("2"),
];
const DISPUTES: [Column; 6] = [
    Column::new("Order"),
    Column::new("Why"),
    Column::new("State"),
    Column::new("At the gateway").prio("4"),
    Column::new("Opened").prio("2"),
    Column::number("Amount"),
];

/// The screen.
#[component]
pub fn Payments() -> impl IntoView {
    place::title(|| "Payments to look at".to_owned());
    let list = List::here();
    let disputes = place::memo(move || match list.value("tab").as_str() {
        "disputes" => Some(true),
        "all-disputes" => Some(false),
        _ => None,
    });
    view! {
        <div class="page">
            <PageHead
                title="Payments to look at".to_owned()
                about=Signal::stored("What our books and the gateway's do not agree about, and what customers' banks want back".to_owned())
            />
            {move || match disputes.get() {
                None => view! { <Differing list/> }.into_any(),
                Some(open) => view! { <Disputed list open/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Differing(list: List) -> impl IntoView {
    let page = remote(move || {
        let keys = list.get().page(PAGE);
        let variables = DiscrepanciesVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
        };
        async move { api::ask(Discrepancies::build(variables)).await.map(|answer| answer.payment_discrepancies) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Difference row/> }).collect_view()
    };
    let empty = || {
        view! { <Empty symbol="check" title="Nothing differs" text="Payments that stand still are compared with the gateway every few minutes. One of which it says something else comes up here."/> }
    };
    view! {
        <Table label="Payments that differ" list rows columns=&DIFFER words=("Newer", "Older") body empty>
            <Tabs list label="What to look at" all=&TABS/>
        </Table>
    }
}

/// The order's number, which leads to it.
fn order(id: &cynic::Id, number: i64) -> impl IntoView + use<> {
    view! { <a class="key" href=place::to(&format!("/orders/{}", id.inner()))>"#" {number}</a> }
}

#[component]
fn Difference(row: PaymentDiscrepancy) -> impl IntoView {
    let both = |ours: &Money, theirs: &Money| match ours == theirs {
        true => ours.formatted.clone(),
        false => format!("{} and {}", ours.formatted, theirs.formatted),
    };
    let back = both(&row.refunded, &row.gateway_refunded);
    let how = match row.provider.as_str() {
        "stripe" => "Stripe",
        _ => "The payment gateway",
    };
    view! {
        <tr>
            <td data-slot="title">{order(&row.order_id, row.order_number.0)}</td>
            <td data-prio="2" class="nowrap">{how}</td>
            <td class="num" data-slot="sub"><span class="stacked dim">"ours "</span>{row.captured.formatted}</td>
            <td class="num odd" data-slot="value"><span class="stacked dim">"theirs "</span>{row.gateway_captured.formatted}</td>
            <td data-prio="3" class="num dim" title="By our books, and by the gateway's">{back}</td>
            <td data-prio="2" class="nowrap dim" data-slot="more">{place::moment(&row.checked_at.0)}</td>
        </tr>
    }
}

#[component]
fn Disputed(list: List, open: bool) -> impl IntoView {
    let page = remote(move || {
        let keys = list.get().page(PAGE);
        let variables = DisputesVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            open,
        };
        async move { api::ask(Disputes::build(variables)).await.map(|answer| answer.payment_disputes) }
    });
    let rows = Rows::of(page, |page| Shown::page(page.nodes.len(), page.total_count, &page.page_info));
    let body = move || {
        let nodes = page.data.get().map(|page| page.nodes).unwrap_or_default();
        nodes.into_iter().map(|row| view! { <Dispute row/> }).collect_view()
    };
    let empty = move || {
        let title = if open { "No dispute waits for an end" } else { "No disputes" };
        view! { <Empty symbol="check" title text="When the bank of a customer wants money back, the gateway says so, and it comes up here. Answer it at the gateway in time."/> }
    };
    view! {
        <Table label="Disputes" list rows columns=&DISPUTES words=("Newer", "Older") body empty>
            <Tabs list label="What to look at" all=&TABS/>
        </Table>
    }
}

#[component]
fn Dispute(row: ListedDispute) -> impl IntoView {
    let (tone, word) = row.state.words();
    let reason = if row.reason.is_empty() { "No reason given".to_owned() } else { row.reason };
    let closed = row.closed_at.map(|at| format!("Ended {}", place::moment(&at.0)));
    view! {
        <tr>
            <td data-slot="title">{order(&row.order_id, row.order_number.0)}</td>
            <td class="fill" data-slot="sub">{reason}</td>
            <td data-slot="state" title=closed>{status(tone, word)}</td>
            <td data-prio="4" class="dim"><code>{row.gateway_id}</code></td>
            <td data-prio="2" data-slot="more" class="nowrap dim">{place::moment(&row.opened_at.0)}</td>
            <td class="num" data-slot="value">{row.amount.formatted}</td>
        </tr>
    }
}
