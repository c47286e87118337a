//! What the shop holds about a customer: as a file, and its end.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::groups::fault;
use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::catalog::IdVariables;
use crate::gql::customers::Customer;
use crate::gql::gift_cards::{StoreCreditOf, StoreCreditOfVariables};
use crate::gql::groups::{CustomerData, Erase, EraseInput, EraseVariables};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::TextField;
use crate::parts::toast::use_toaster;
use crate::parts::{count, icon};
use crate::place;
use crate::screens::import::download;
use crate::session::use_session;

/// Lets staff save what is held, and forget the customer.
#[component]
pub fn PrivacyCard(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let id = StoredValue::new(customer.id.clone());
    let busy = RwSignal::new(false);
    let save = move |_| {
        busy.set(true);
        spawn_local(async move {
            let question = CustomerData::build(IdVariables { id: id.get_value() });
            match api::ask(question).await {
                Ok(answer) => download("customer.json", &answer.customer_data),
                Err(failure) => toaster.failure("The file could not be made", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    let export = session.may("customers:export").then(|| {
        view! {
            <button class="btn" type="button" data-size="sm" aria-busy=move || busy.get().to_string() disabled=move || busy.get() on:click=save>
                {icon("download")}
                "Save all data"
            </button>
        }
    });
    let open = RwSignal::new(false);
    let failure = RwSignal::new(None::<Failure>);
    let typed = RwSignal::new(String::new());
    let erased = customer.erased_at.is_some();
    let erase = (!erased && session.may("customers:delete")).then(|| {
        view! {
            <button class="btn" type="button" data-size="sm" data-kind="danger" on:click=move |_| open.set(true)>
                {icon("trash")}
                "Erase…"
            </button>
        }
    });
    // What the shop still owes goes with the rest: it is said before, in numbers.
    let owed = RwSignal::new(None::<String>);
    let (may_see, has_account) = (session.may("payments:read"), customer.user_id.is_some());
    place::effect(move |_| {
        if open.get() && may_see && has_account {
            spawn_local(async move {
                let question = StoreCreditOf::build(StoreCreditOfVariables {
                    customer_id: id.get_value(),
                    currency: None,
                });
                if let Ok(answer) = api::ask(question).await {
                    let left = answer.store_credit.balances.into_iter().filter(|one| one.minor.0 > 0);
                    let left: Vec<String> = left.map(|one| one.formatted).collect();
                    let _ = owed.try_set((!left.is_empty()).then(|| left.join(" and ")));
                }
            });
        }
    });
    let lost = move || match owed.get() {
        Some(amount) => Some(format!("Store credit of {amount} is lost with the account.")),
        None if has_account && !may_see => {
            Some("Store credit that is left is lost with the account.".to_owned())
        }
        None => None,
    };
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = EraseInput { id: id.get_value(), confirmation: typed.get_untracked() };
        spawn_local(async move {
            match api::ask(Erase::build(EraseVariables { input })).await {
                Ok(answer) => {
                    let orders = count(answer.customer_erase.n_orders.into(), "order", "orders");
                    toaster.done(format!("Forgotten; {orders} kept without a name"));
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
        let unknown = |it: &Failure| it.at("confirmation").is_none();
        failure.get().filter(unknown).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="danger" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Erase for good"
            </button>
        }
    };
    let orders = count(customer.n_orders.into(), "order", "orders");
    let hint = Signal::stored(format!("Type {}", customer.email));
    let said = customer
        .erased_at
        .as_ref()
        .map(|at| view! { <p class="dim">{format!("Erased {}", place::reader().day(&at.0))}</p> });
    view! {
        <section class="card">
            <header><h2>"Data"</h2></header>
            <div class="body">
                {said}
                <p class="flex wrap gap-s">{export} {erase}</p>
            </div>
        </section>
        <Drawer open title="Erase this customer".to_owned() footer=footer on_submit=submit>
            {other}
            <p>{format!("Name, e-mail, addresses, groups and the account are gone for good. {orders} stay in the books without them.")}</p>
            {move || lost().map(|words| view! { <p><b>{words}</b></p> })}
            <TextField id="erase-confirmation" label="The customer's e-mail" value=typed on_input=move |text| typed.set(text) hint error=fault(failure, "confirmation")/>
        </Drawer>
    }
}
