//! A new password.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::security::{ChangePassword, ChangePasswordInput, ChangePasswordVariables};
use crate::parts::dialog::Wrong;
use crate::parts::field::Field;
use crate::parts::toast::use_toaster;
use crate::place;

/// The form; what was typed goes away as soon as it worked.
#[component]
pub fn PasswordCard() -> impl IntoView {
    let toaster = use_toaster();
    let (current, new) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let read = |node: NodeRef<html::Input>| node.get_untracked().map(|node| node.value()).unwrap_or_default();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let input = ChangePasswordInput { current: read(current), new: read(new) };
        spawn_local(async move {
            match api::ask(ChangePassword::build(ChangePasswordVariables { input })).await {
                Ok(_) => {
                    for node in [current, new] {
                        if let Some(Some(node)) = node.try_get_untracked() {
                            node.set_value("");
                        }
                    }
                    toaster.done("Password changed: everybody else was signed out of your account");
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
    let banner = move || {
        failure.get().filter(|failure| failure.fields.is_empty()).map(|failure| view! { <Wrong failure/> })
    };
    view! {
        <section class="card">
            <header><h2>"Password"</h2></header>
            <form class="body stack" novalidate on:submit=submit>
                {banner}
                <div class="row">
                    <Field id="current-password" label="Password until now" error=at("current")>
                        <input
                            class="input"
                            id="current-password"
                            type="password"
                            autocomplete="current-password"
                            maxlength="1024"
                            node_ref=current
                            aria-describedby="current-password-note"
                            aria-invalid=move || at("current").get().is_some().to_string()
                        />
                    </Field>
                    <Field
                        id="new-password"
                        label="New password"
                        hint=Signal::stored("Eight characters or more. A sentence works well.".to_owned())
                        error=at("new")
                    >
                        <input
                            class="input"
                            id="new-password"
                            type="password"
                            autocomplete="new-password"
                            maxlength="1024"
                            node_ref=new
                            aria-describedby="new-password-note"
                            aria-invalid=move || at("new").get().is_some().to_string()
                        />
                    </Field>
                </div>
                <div class="flex">
                    <button
                        class="btn"
                        type="submit"
                        aria-busy=move || busy.get().to_string()
                        disabled=move || busy.get()
                    >
                        "Change the password"
                    </button>
                    <span class="meta">"Signs you out everywhere else."</span>
                </div>
            </form>
        </section>
    }
}
