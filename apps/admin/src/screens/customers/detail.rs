//! One customer.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::credit::Credit;
use super::enter::Rename;
use super::groups::{Known, TaxFields, fault, known_groups, move_members};
use super::notes::{LettersCard, NotesCard};
use super::privacy::PrivacyCard;
use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::customers::{Customer, CustomerById};
use crate::gql::groups::{TaxInput, TaxSet, TaxSetVariables};
use crate::gql::orders::{OrderFilter, OrderSort, OrdersOf, OrdersVariables};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::editor::cards;
use crate::parts::field::TextField;
use crate::parts::list::RowSkeleton;
use crate::parts::tags::Pick;
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, FailureView, PageHead, count, grouped, icon, status};
use crate::place;
use crate::screens::orders::detail::address;
use crate::screens::security::sessions::PersonSessions;
use crate::session::use_session;

async fn fetch(id: String) -> Result<Customer, Failure> {
    let answer = api::ask(CustomerById::build(IdVariables { id: cynic::Id::new(id) })).await?;
    answer.customer.ok_or_else(|| Failure::new("NOT_FOUND", "This customer does not exist."))
}

/// The screen of one customer.
#[component]
pub fn CustomerScreen() -> impl IntoView {
    let session = use_session();
    let id = place::id();
    let customer = remote(move || fetch(id.get()));
    let customer_again = move || customer.reload();
    let name = move || {
        customer.data.with(|customer| match customer {
            Some(customer) if !customer.name.trim().is_empty() => customer.name.clone(),
            Some(customer) => customer.email.clone(),
            None => " ".to_owned(),
        })
    };
    place::title(move || name().trim().to_owned());
    let about = place::derived(move || {
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
            <PageHead title=place::derived(name) about back=(place::to("/customers"), "Customers")/>
            {cards(customer, &[5, 5], move |customer| {
                let orders = session.may("orders:list");
                // Nothing is said any more about whoever is forgotten.
                let known = customer.erased_at.is_none();
                let person = customer.user_id.clone().filter(|_| session.may("users:update"));
                view! {
                    <div class="cols">
                        <div class="stack">
                            <Figures customer=customer.clone()/>
                            <NotesCard customer=customer.clone() on_done=move |()| customer_again()/>
                            {orders.then(|| view! { <OrdersCard id=customer.id.clone()/> })}
                            {session.may("payments:read").then(|| view! { <Credit id=customer.id.clone()/> })}
                        </div>
                        <aside class="stack">
                            <LettersCard customer=customer.clone() on_done=move |()| customer_again()/>
                            {known.then(|| view! {
                                <GroupsCard customer=customer.clone() on_done=move |()| customer_again()/>
                                <TaxCard customer=customer.clone() on_done=move |()| customer_again()/>
                            })}
                            <Contact customer=customer.clone() on_done=move |()| customer_again()/>
                            <PrivacyCard customer=customer.clone() on_done=move |()| customer_again()/>
                            {person.map(|id| view! { <PersonSessions id/> })}
                        </aside>
                    </div>
                }
                    .into_any()
            })}
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
                <div><span class="label">"Average"</span><b>{customer.average.map_or_else(|| "–".to_owned(), |average| average.formatted)}</b></div>
                <div><span class="label">"Last order"</span><b>{last}</b></div>
            </div>
        </section>
    }
}

/// The groups that the customer is in.
#[component]
fn GroupsCard(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let id = StoredValue::new(customer.id.inner().to_owned());
    let now: Vec<(String, String)> =
        customer.groups.iter().map(|group| (group.id.inner().to_owned(), group.name.clone())).collect();
    let may = session.may("customers:update") && session.may("customers:list");
    let guest = customer.user_id.is_none() && !now.is_empty();
    let body = if may {
        let all = known_groups();
        let options =
            place::derived(move || all.data.with(|all| all.as_ref().map(Known::names).unwrap_or_default()));
        let chosen = RwSignal::new(now.clone());
        let change = move |next: Vec<(String, String)>| {
            let before = chosen.get_untracked();
            let missing = |from: &[(String, String)], of: &[(String, String)]| {
                of.iter().find(|one| !from.contains(one)).map(|(id, _)| id.clone())
            };
            let (group, into) = match (missing(&before, &next), missing(&next, &before)) {
                (Some(new), _) => (new, true),
                (None, Some(gone)) => (gone, false),
                (None, None) => return,
            };
            chosen.set(next);
            spawn_local(async move {
                if let Err(failure) = move_members(group, vec![id.get_value()], into).await {
                    toaster.failure("The groups stay as they are", &failure);
                    let _ = chosen.try_set(before);
                    on_done.run(());
                }
            });
        };
        let none = move || {
            all.data.with(|all| all.as_ref().is_some_and(Known::is_empty)).then(|| {
                view! {
                    <p class="dim">
                        "There are no groups yet. A group is a list of customers: promotions can be for it, and it can be free of tax. "
                        <a href=place::to("/customers/groups")>"Make one"</a>
                    </p>
                }
            })
        };
        view! { <Pick chosen options on_change=change label="Add to a group"/> {none} }.into_any()
    } else if now.is_empty() {
        view! { <p class="dim">"In none."</p> }.into_any()
    } else {
        now.into_iter().map(|(_, name)| view! { <span class="tag">{name}</span> }).collect_view().into_any()
    };
    view! {
        <section class="card">
            <header><h2>"Groups"</h2></header>
            <div class="body">
                {body}
                {guest.then(|| view! { <p class="dim">"They count once this customer has an account and signs in."</p> })}
            </div>
        </section>
    }
}

/// Whether the customer pays tax, and under which number.
#[component]
fn TaxCard(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let open = RwSignal::new(false);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let exempt = RwSignal::new(customer.tax_exempt);
    let (number, reason) =
        (RwSignal::new(customer.tax_number.clone()), RwSignal::new(customer.tax_reason.clone()));
    let id = customer.id.clone();
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = TaxInput {
            id: id.clone(),
            exempt: exempt.get_untracked(),
            number: number.get_untracked(),
            reason: reason.get_untracked(),
        };
        spawn_local(async move {
            match api::ask(TaxSet::build(TaxSetVariables { input })).await {
                Ok(_) => {
                    toaster.done("Saved: it holds for orders from now on");
                    open.set(false);
                    on_done.run(());
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let other = move || {
        let unknown = |it: &Failure| it.at("number").is_none() && it.at("reason").is_none();
        failure.get().filter(unknown).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Save"
            </button>
        }
    };
    let edit = session.may("customers:update").then(|| {
        view! { <button class="btn end" type="button" data-kind="quiet" data-size="sm" on:click=move |_| open.set(true)>"Edit"</button> }
    });
    let said = match customer.tax_exempt {
        true => format!("Pays none: {}", customer.tax_reason),
        false => "As usual".to_owned(),
    };
    let shown =
        (!customer.tax_number.is_empty()).then(|| view! { <p class="dim">{customer.tax_number.clone()}</p> });
    view! {
        <section class="card">
            <header><h2>"Tax"</h2>{edit}</header>
            <div class="body"><p>{said}</p>{shown}</div>
        </section>
        <Drawer open title="Tax".to_owned() footer=footer on_submit=submit>
            {other}
            <TextField id="tax-number" label="Tax number" value=number on_input=move |text| number.set(text) error=fault(failure, "number") optional=true most=40/>
            <TaxFields id="tax" label="Pays no tax" exempt reason error=fault(failure, "reason")/>
        </Drawer>
    }
}

#[component]
fn Contact(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let session = use_session();
    let may = session.may("customers:update") && customer.erased_at.is_none();
    let rename = may.then(|| view! { <Rename customer=customer.clone() on_done/> });
    let name = (!customer.name.trim().is_empty())
        .then(|| view! { <dt>{icon("customers")}</dt><dd>{customer.name.clone()}</dd> });
    let mail = format!("mailto:{}", customer.email);
    let addresses = customer
        .addresses
        .iter()
        .map(|it| view! { <div class="body">{address(it)} {(!it.phone.is_empty()).then(|| view! { <p class="dim">{it.phone.clone()}</p> })}</div> })
        .collect_view();
    let none = customer.addresses.is_empty();
    view! {
        <section class="card">
            <header><h2>"Contact"</h2>{rename}</header>
            <div class="body">
                <dl class="dl" data-start="">{name}<dt>{icon("mail")}</dt><dd><a href=mail>{customer.email}</a></dd></dl>
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
                let (tone, state) = row.words();
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
