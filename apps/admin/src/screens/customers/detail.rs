//! One customer.

use cynic::QueryBuilder;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::{self, Failure, remote};
use crate::gql::catalog::IdVariables;
use crate::gql::customers::{Customer, CustomerById};
use crate::gql::orders::{OrderFilter, OrderSort, OrdersOf, OrdersVariables};
use crate::parts::list::RowSkeleton;
use crate::parts::{CardSkeleton, Empty, FailureCard, FailureView, PageHead, count, grouped, icon, status};
use crate::place;
use crate::screens::orders::detail::address;
use crate::screens::security::sessions::PersonSessions;
use crate::session::use_session;

async fn fetch(id: String) -> Result<Customer, Failure> {
    let answer = api::ask(CustomerById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer.customer.ok_or_else(|| Failure {
        code: "NOT_FOUND".to_owned(),
        message: "This customer does not exist.".to_owned(),
        fields: Vec::new(),
        trace: None,
    })
}

/// The screen of one customer.
#[component]
pub fn CustomerScreen() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    let customer = remote(move || fetch(id.get()));
    let name = move || {
        customer.data.with(|customer| match customer {
            Some(customer) if !customer.name.trim().is_empty() => customer.name.clone(),
            Some(customer) => customer.email.clone(),
            None => " ".to_owned(),
        })
    };
    place::title(move || name().trim().to_owned());
    let about = Signal::derive(move || {
        customer.data.with(|customer| {
            customer.as_ref().map_or_else(
                || " ".to_owned(),
                |customer| {
                    let kind = if customer.user_id.is_some() { "With an account" } else { "Guest" };
                    format!(
                        "{kind}, since {}",
                        place::reader()
                            .day(&customer.created_at.0)
                            .replace("Today", "today")
                            .replace("Yesterday", "yesterday")
                    )
                },
            )
        })
    });
    view! {
        <div class="page">
            <PageHead title=Signal::derive(name) about back=(place::to("/customers"), "Customers")/>
            {move || match (customer.data.get(), customer.failure.get()) {
                (_, Some(failure)) => view! { <FailureCard failure again=move |()| customer.reload()/> }.into_any(),
                (None, None) => view! { <CardSkeleton/> <CardSkeleton/> }.into_any(),
                (Some(customer), None) => {
                    let orders = session.may("orders:list");
                    let person = customer.user_id.clone().filter(|_| session.may("users:update"));
                    view! {
                        <div class="cols">
                            <div class="stack">
                                <Figures customer=customer.clone()/>
                                {orders.then(|| view! { <OrdersCard id=customer.id.clone()/> })}
                            </div>
                            <aside class="stack">
                                <Contact customer/>
                                {person.map(|id| view! { <PersonSessions id/> })}
                            </aside>
                        </div>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

#[component]
fn Figures(customer: Customer) -> impl IntoView {
    let last = customer.last_order_at.map_or_else(|| "none yet".to_owned(), |at| place::reader().day(&at.0));
    view! {
        <section class="card" aria-label="Figures">
            <div class="stats">
                <div><span class="label">"Spent"</span><b>{customer.spent.formatted}</b></div>
                <div><span class="label">"Orders"</span><b>{grouped(customer.n_orders.into())}</b></div>
                <div><span class="label">"Last order"</span><b>{last}</b></div>
            </div>
        </section>
    }
}

#[component]
fn Contact(customer: Customer) -> impl IntoView {
    let mail = format!("mailto:{}", customer.email);
    let addresses = customer
        .addresses
        .iter()
        .map(|it| view! { <div class="body">{address(it)} {(!it.phone.is_empty()).then(|| view! { <p class="dim">{it.phone.clone()}</p> })}</div> })
        .collect_view();
    let none = customer.addresses.is_empty();
    view! {
        <section class="card">
            <header><h2>"Contact"</h2></header>
            <div class="body">
                <dl class="dl" data-start=""><dt>{icon("mail")}</dt><dd><a href=mail>{customer.email}</a></dd></dl>
            </div>
        </section>
        <section class="card">
            <header><h2>"Addresses"</h2></header>
            {addresses}
            {none.then(|| view! { <div class="body"><p class="dim">"None kept."</p></div> })}
        </section>
    }
}

#[component]
fn OrdersCard(id: cynic::Id) -> impl IntoView {
    let page = remote(move || {
        let filter = OrderFilter { customer_id: Some(id.clone()), ..OrderFilter::default() };
        let variables = OrdersVariables {
            first: Some(20),
            after: None,
            last: None,
            before: None,
            filter: Some(filter),
            sort: OrderSort::PlacedDesc,
        };
        async move { api::ask(OrdersOf::build(variables)).await.map(|answer| answer.orders) }
    });
    let reader = place::reader();
    let body = move || {
        match (page.data.get(), page.failure.get()) {
        (_, Some(failure)) => view! {
            <tr class="whole"><td colspan="5" data-slot="title"><FailureView failure again=move |()| page.reload()/></td></tr>
        }
        .into_any(),
        (None, None) => view! { <RowSkeleton columns=5 rows=3/> }.into_any(),
        (Some(page), None) if page.nodes.is_empty() => view! {
            <tr class="whole"><td colspan="5" data-slot="title"><Empty symbol="orders" title="No orders" text="This customer has not bought anything yet."/></td></tr>
        }
        .into_any(),
        (Some(page), None) => page
            .nodes
            .into_iter()
            .map(|row| {
                let (payment_tone, payment) = row.payment.words();
                let (tone, state) = row.state.words();
                view! {
                    <tr>
                        <td data-slot="title"><a class="key" href=place::to(&format!("/orders/{}", row.id.inner()))>"#" {row.number.0}</a></td>
                        <td class="nowrap dim" data-slot="sub">{reader.moment(&row.placed_at.0)}</td>
                        <td data-slot="state">{status(payment_tone, payment)}</td>
                        <td data-slot="more">{status(tone, state)}</td>
                        <td class="num" data-slot="value">{row.total.formatted}</td>
                    </tr>
                }
            })
            .collect_view()
            .into_any(),
    }
    };
    let about = move || {
        page.data.with(|page| page.as_ref().map(|page| count(page.total_count.into(), "order", "orders")))
    };
    view! {
        <section class="tablecard" aria-label="Orders">
            <header class="cardhead"><h2>"Orders"</h2><span class="meta">{about}</span></header>
            <table class="table" data-stack="" data-static="">
                <thead>
                    <tr><th>"Order"</th><th>"Placed"</th><th>"Payment"</th><th>"Delivery"</th><th class="num">"Total"</th></tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </section>
    }
}
