//! Customers whom the staff enters by hand, and their names.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::groups::{Known, fault};
use crate::api::{self, Failure, Remote};
use crate::gql::Document;
use crate::gql::customers::Customer;
use crate::gql::groups::{
    CustomerCreate, CustomerCreateVariables, CustomerInput, CustomerRename, CustomerRenameVariables,
    RenameInput,
};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::icon;
use crate::parts::tags::Pick;
use crate::parts::toast::use_toaster;
use crate::place;

/// Adds a customer, and goes there.
#[component]
pub fn Enter(
    /// All groups of the shop.
    groups: Remote<Known>,
) -> impl IntoView {
    let (toaster, navigate) = (use_toaster(), StoredValue::new_local(use_navigate()));
    let open = RwSignal::new(false);
    let text = || RwSignal::new(String::new());
    let (email, name, note) = (text(), text(), text());
    let chosen = RwSignal::new(Vec::<(String, String)>::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let begin = move |_| {
        for field in [email, name, note] {
            field.set(String::new());
        }
        chosen.set(Vec::new());
        failure.set(None);
        open.set(true);
    };
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = CustomerInput {
            email: email.get_untracked(),
            name: name.get_untracked(),
            group_ids: chosen.with_untracked(|all| all.iter().map(|(id, _)| cynic::Id::new(id)).collect()),
            note: note.get_untracked(),
        };
        spawn_local(async move {
            match api::ask(CustomerCreate::build(CustomerCreateVariables { input })).await {
                Ok(answer) => {
                    toaster.done("The customer is added");
                    let there =
                        place::to(&format!("/customers/{}", answer.customer_create.customer.id.inner()));
                    let _ = open.try_set(false);
                    navigate.with_value(|navigate| {
                        navigate(&there, NavigateOptions { resolve: false, ..Default::default() })
                    });
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let other = move || {
        let unknown = |it: &Failure| ["email", "name", "note"].iter().all(|field| it.at(field).is_none());
        failure.get().filter(unknown).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Add"
            </button>
        }
    };
    let names =
        place::derived(move || groups.data.with(|all| all.as_ref().map(Known::names).unwrap_or_default()));
    let note_fault = fault(failure, "note");
    view! {
        <button class="btn" type="button" data-kind="primary" on:click=begin>
            {icon("plus")}
            "Add a customer"
        </button>
        <Drawer open title="New customer".to_owned() footer=footer on_submit=submit>
            {other}
            <TextField
                id="customer-email"
                label="E-mail"
                hint=Signal::stored("No letter goes out. Orders and the account of this address will be found here.".to_owned())
                value=email
                on_input=move |text| email.set(text)
                error=fault(failure, "email")
                mode="email"
                most=254
            />
            <TextField id="customer-name" label="Name" value=name on_input=move |text| name.set(text) error=fault(failure, "name") optional=true most=200/>
            <Show when=move || names.with(|names| !names.is_empty())>
                <div class="field">
                    <span class="label">"Groups"</span>
                    <Pick chosen options=names on_change=move |next| chosen.set(next) label="Add to a group"/>
                </div>
            </Show>
            <Field id="customer-note" label="Note for colleagues" error=note_fault optional=true>
                <textarea
                    class="input"
                    id="customer-note"
                    rows="3"
                    maxlength="4000"
                    aria-invalid=move || note_fault.with(Option::is_some).to_string()
                    aria-describedby="customer-note-note"
                    prop:value=move || note.get()
                    on:input=move |event| note.set(event_target_value(&event))
                ></textarea>
            </Field>
        </Drawer>
    }
}

/// Gives a customer another name.
#[component]
pub fn Rename(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (id, known) = (StoredValue::new(customer.id), StoredValue::new(customer.name));
    let name = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let begin = move |_| {
        name.set(known.get_value());
        failure.set(None);
        open.set(true);
    };
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = RenameInput { id: id.get_value(), name: name.get_untracked() };
        spawn_local(async move {
            match api::ask(CustomerRename::build(CustomerRenameVariables { input })).await {
                Ok(_) => {
                    toaster.done("The name is changed");
                    let _ = open.try_set(false);
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
        let unknown = |it: &Failure| it.at("name").is_none();
        failure.get().filter(unknown).map(|failure| view! { <Wrong failure/> })
    };
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Save"
            </button>
        }
    };
    view! {
        <button class="btn end" type="button" data-kind="quiet" data-size="sm" aria-label="Edit the name" on:click=begin>"Edit"</button>
        <Drawer open title="Name".to_owned() footer=footer on_submit=submit>
            {other}
            <TextField
                id="customer-rename"
                label="Name"
                hint=Signal::stored("Orders keep the names that they were placed with.".to_owned())
                value=name
                on_input=move |text| name.set(text)
                error=fault(failure, "name")
                optional=true
                most=200
            />
        </Drawer>
    }
}
