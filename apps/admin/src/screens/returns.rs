//! The table of returns; what is done with one is done on the page of its order.

use cynic::QueryBuilder;
use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::returns::{Return, ReturnFilter, ReturnState, Returns as Page, ReturnsVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Pager, RowSkeleton, Tab, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, status};
use crate::place;

/// The table of returns.
#[component]
pub fn Returns() -> impl IntoView {
    place::title(|| "Returns".to_owned());
    row_keys();
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
    let about = Signal::derive(move || {
        page.data.with(|page| {
            let words = |page: &crate::gql::returns::ReturnConnection| {
                count(page.total_count.into(), "return", "returns")
            };
            page.as_ref().map_or_else(|| " ".to_owned(), words)
        })
    });
    let body = move || {
        if let Some(failure) = page.failure.get() {
            return view! {
                <tr class="whole"><td colspan="6" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
            }
            .into_any();
        }
        match page.data.get() {
            None => view! { <RowSkeleton columns=6/> }.into_any(),
            Some(page) if page.nodes.is_empty() => view! {
                <tr class="whole"><td colspan="6" data-slot="title">
                    <Empty symbol="returns" title="Nothing here" text="What customers want to send back comes up here. They ask for it on the page of their order."/>
                </td></tr>
            }
            .into_any(),
            Some(page) => page.nodes.into_iter().map(|row| view! { <Row row/> }).collect_view().into_any(),
        }
    };
    view! {
        <div class="page">
            <PageHead title="Returns".to_owned() about/>
            <section class="tablecard" aria-label="Returns" aria-busy=move || page.busy.get().to_string()>
                <nav class="tabs" aria-label="Where they stand">
                    <Tab list name="tab" value="" label="Open" count=Signal::stored(None)/>
                    <Tab list name="tab" value="decide" label="To decide" count=Signal::stored(None)/>
                    <Tab list name="tab" value="awaited" label="Awaited" count=Signal::stored(None)/>
                    <Tab list name="tab" value="refund" label="To refund" count=Signal::stored(None)/>
                    <Tab list name="tab" value="all" label="All" count=Signal::stored(None)/>
                </nav>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <th>"Return"</th>
                            <th data-prio="2">"Asked for"</th>
                            <th>"Customer"</th>
                            <th>"State"</th>
                            <th data-prio="3">"Why"</th>
                            <th class="num">"Items"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
                <Pager
                    list
                    words=("Newer", "Older")
                    page=Signal::derive(move || page.data.with(|page| page.as_ref().map(|page| page.page_info.clone())))
                    rows=Signal::derive(move || page.data.with(|page| page.as_ref().map_or((0, 0), |page| (page.nodes.len(), page.total_count))))
                />
            </section>
        </div>
    }
}

#[component]
fn Row(row: Return) -> impl IntoView {
    let (tone, state) = row.state.words();
    let items: i32 = row.lines.iter().map(|line| line.quantity).sum();
    view! {
        <tr>
            <td data-slot="title">
                <a class="key" href=place::to(&format!("/orders/{}#returns", row.order_id.inner()))>{row.number}</a>
            </td>
            <td class="nowrap dim" data-prio="2">{place::reader().moment(&row.requested_at.0)}</td>
            <td class="fill" data-slot="sub">{row.customer_name}</td>
            <td data-slot="state">{status(tone, state)}</td>
            <td data-prio="3" class="nowrap">{row.reason.words()}</td>
            <td class="num" data-slot="value">{items}</td>
        </tr>
    }
}
