//! The table of customers.

use cynic::QueryBuilder;
use leptos::prelude::*;

use crate::api::{self, remote};
use crate::gql::customers::{CustomerRow, CustomerSort, Customers as Page, CustomersVariables};
use crate::logic::list::PAGE;
use crate::parts::list::{List, Pager, RowSkeleton, Search, SortHead, row_keys};
use crate::parts::{Empty, FailureView, PageHead, count, grouped};
use crate::place;

/// The table of customers.
#[component]
pub fn Customers() -> impl IntoView {
    place::title(|| "Customers".to_owned());
    row_keys();
    let list = List::here();
    let page = remote(move || {
        let state = list.get();
        let keys = state.page(PAGE);
        let variables = CustomersVariables {
            first: keys.first,
            after: keys.after,
            last: keys.last,
            before: keys.before,
            q: state.get("q").to_owned(),
            sort: CustomerSort::from_key(state.get("sort")),
        };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.customers) }
    });
    let about = Signal::derive(move || {
        page.data.with(|page| match page {
            Some(page) if list.value("q").is_empty() => {
                count(page.total_count.into(), "customer", "customers")
            }
            Some(page) => format!("{} found", grouped(page.total_count.into())),
            None => " ".to_owned(),
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
            None => view! { <RowSkeleton columns=5/> }.into_any(),
            Some(page) if page.nodes.is_empty() => {
                let asked = list.value("q");
                view! {
                    <tr class="whole">
                        <td colspan="6" data-slot="title">
                            {if asked.is_empty() {
                                view! {
                                    <Empty symbol="customers" title="No customers yet" text="Whoever opens an account or places an order is listed here."/>
                                }
                                    .into_any()
                            } else {
                                view! {
                                    <Empty symbol="search" title=format!("Nobody for “{asked}”") text="The search looks in names and e-mail addresses.">
                                        <button class="btn" type="button" on:click=move |_| list.go(list.get().without(&["q"]))>"See everybody"</button>
                                    </Empty>
                                }
                                    .into_any()
                            }}
                        </td>
                    </tr>
                }
                .into_any()
            }
            Some(page) => page.nodes.into_iter().map(|row| view! { <Row row/> }).collect_view().into_any(),
        }
    };
    view! {
        <div class="page">
            <PageHead title="Customers".to_owned() about/>
            <section class="tablecard" aria-label="Customers" aria-busy=move || page.busy.get().to_string()>
                <div class="filters"><span class="end"><Search list label="Name or e-mail"/></span></div>
                <table class="table" data-stack="" data-rows="" data-dim=move || page.busy.get().then_some("")>
                    <thead>
                        <tr>
                            <SortHead list column="name" label="Name" default="-created"/>
                            <th data-prio="2">"Account"</th>
                            <th class="num">"Orders"</th>
                            <th data-prio="3">"Last order"</th>
                            <SortHead list column="created" label="Since" default="-created" prio="3" falling=true/>
                            <th class="num">"Spent"</th>
                        </tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
                <Pager
                    list
                    page=Signal::derive(move || page.data.with(|page| page.as_ref().map(|page| page.page_info.clone())))
                    rows=Signal::derive(move || page.data.with(|page| page.as_ref().map_or((0, 0), |page| (page.nodes.len(), page.total_count))))
                />
            </section>
        </div>
    }
}

#[component]
fn Row(row: CustomerRow) -> impl IntoView {
    let reader = place::reader();
    let name = if row.name.trim().is_empty() { row.email.clone() } else { row.name };
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span><a href=place::to(&format!("/customers/{}", row.id.inner()))>{name}</a><small>{row.email}</small></span>
                </span>
            </td>
            <td data-prio="2">{if row.user_id.is_some() { "Registered" } else { "Guest" }}</td>
            <td class="num" data-slot="sub">{count(row.n_orders.into(), "order", "orders")}</td>
            <td data-prio="3" class="nowrap dim">{row.last_order_at.map_or_else(|| "–".to_owned(), |at| reader.day(&at.0))}</td>
            <td data-prio="3" class="nowrap dim">{reader.day(&row.created_at.0)}</td>
            <td class="num" data-slot="value">{row.spent.formatted}</td>
        </tr>
    }
}
