//! The e-mail of the own account.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::security::{RequestAddressChange, RequestAddressChangeInput, RequestAddressChangeVariables};
use crate::parts::dialog::Wrong;
use crate::parts::field::Field;
use crate::parts::icon;
use crate::place;
use crate::session::use_session;

/// The form: the account moves when the link is opened that the new address gets.
#[component]
pub fn AddressCard() -> impl IntoView {
    let session = use_session();
    let (email, password) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let sent = RwSignal::new(None::<String>);
    let read = |node: NodeRef<html::Input>| node.get_untracked().map(|node| node.value()).unwrap_or_default();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let to = read(email).trim().to_owned();
        let input = RequestAddressChangeInput { email: to.clone(), password: read(password) };
        spawn_local(async move {
            match api::ask(RequestAddressChange::build(RequestAddressChangeVariables { input })).await {
                Ok(_) => {
                    for node in [email, password] {
                        if let Some(Some(node)) = node.try_get_untracked() {
                            node.set_value("");
                        }
                    }
                    let _ = sent.try_set(Some(to));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let at = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
    };
    let wrong = move || {
        failure
            .get()
            .filter(|failure| ["email", "password"].iter().all(|field| failure.at(field).is_none()))
            .map(|failure| view! { <Wrong failure/> })
    };
    let done = move || {
        sent.get().map(|to| {
            view! {
                <div class="banner" data-tone="good" role="status">
                    {icon("mail")}
                    <p class="grow">"We have written to " <b>{to}</b> ". Open the link there and your account moves; the present address gets a note about it."</p>
                </div>
            }
        })
    };
    view! {
        <section class="card">
            <header><h2>"E-mail"</h2><span class="meta">{move || session.email()}</span></header>
            <form class="body stack" novalidate on:submit=submit>
                {wrong}
                {done}
                <div class="row">
                    <Field id="new-email" label="New e-mail" error=at("email")>
                        <input
                            class="input"
                            id="new-email"
                            type="email"
                            autocomplete="email"
                            maxlength="254"
                            node_ref=email
                            aria-describedby="new-email-note"
                            aria-invalid=move || at("email").get().is_some().to_string()
                        />
                    </Field>
                    <Field id="email-password" label="Your password" error=at("password")>
                        <input
                            class="input"
                            id="email-password"
                            type="password"
                            autocomplete="current-password"
                            maxlength="1024"
                            node_ref=password
                            aria-describedby="email-password-note"
                            aria-invalid=move || at("password").get().is_some().to_string()
                        />
                    </Field>
                </div>
                <div class="flex">
                    <button class="btn" type="submit" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                        "Send the link"
                    </button>
                </div>
            </form>
        </section>
    }
}
