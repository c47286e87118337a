//! What the staff knows about a customer: notes, and whether letters are wanted.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::gql::Document;
use crate::gql::customers::Customer;
use crate::gql::groups::{
    ConsentInput, ConsentSet, ConsentSetVariables, NoteAdd, NoteAddVariables, NoteInput,
};
use crate::parts::toast::use_toaster;
use crate::parts::{icon, status};
use crate::place;
use crate::session::use_session;

/// Notes, with a line to write one.
#[component]
pub fn NotesCard(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let (toaster, reader) = (use_toaster(), place::reader());
    let (text, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let id = StoredValue::new(customer.id.clone());
    let add = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let words = text.get_untracked().trim().to_owned();
        if words.is_empty() || busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let input = NoteInput { id: id.get_value(), text: words };
            match api::ask(NoteAdd::build(NoteAddVariables { input })).await {
                Ok(_) => on_done.run(()),
                Err(failure) => toaster.failure("The note was not added", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    let notes = customer
        .notes
        .into_iter()
        .map(|note| {
            let author = if note.author.is_empty() { "a former colleague".to_owned() } else { note.author };
            view! {
                <li>
                    <span class="dot">{icon("note")}</span>
                    <div><span class="dim">{author}</span><div class="quote">{note.text}</div></div>
                    <time datetime=note.at.0.clone()>{reader.moment(&note.at.0)}</time>
                </li>
            }
        })
        .collect_view();
    let composer = customer.erased_at.is_none().then(|| {
        view! {
            <form class="composer input" on:submit=add>
                <input
                    placeholder="Write a note for your colleagues"
                    aria-label="Note for colleagues"
                    maxlength="4000"
                    autocomplete="off"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                />
                <button class="btn" type="submit" data-size="sm" disabled=move || busy.get() || text.with(|text| text.trim().is_empty())>"Add"</button>
            </form>
        }
    });
    view! {
        <section class="card">
            <header><h2>"Notes"</h2></header>
            <div class="body">{composer}<ol class="timeline">{notes}</ol></div>
        </section>
    }
}

/// Whether letters are wanted, and each answer to that.
#[component]
pub fn LettersCard(customer: Customer, #[prop(into)] on_done: Callback<()>) -> impl IntoView {
    let (session, toaster, reader) = (use_session(), use_toaster(), place::reader());
    let (id, given) = (StoredValue::new(customer.id.clone()), customer.marketing);
    let busy = RwSignal::new(false);
    let change = move |_| {
        busy.set(true);
        spawn_local(async move {
            let input = ConsentInput { id: id.get_value(), given: !given };
            match api::ask(ConsentSet::build(ConsentSetVariables { input })).await {
                Ok(_) => on_done.run(()),
                Err(failure) => toaster.failure("It stays as it is", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    let may = session.may("customers:update") && customer.erased_at.is_none();
    let button = may.then(|| {
        view! {
            <button class="btn end" type="button" data-kind="quiet" data-size="sm" disabled=move || busy.get() on:click=change>
                {if given { "Withdraw" } else { "Note consent" }}
            </button>
        }
    });
    let log = customer
        .consents
        .into_iter()
        .map(|one| {
            let said = if one.given { "Given" } else { "Withdrawn" };
            let place = match one.source.as_str() {
                "checkout" => "at the checkout",
                "account" => "in the account",
                _ => "by staff",
            };
            view! { <p class="dim">{format!("{said} {place}, {}", reader.moment(&one.at.0))}</p> }
        })
        .collect_view();
    let now = if given { status("good", "Wanted") } else { status("off", "Not wanted") };
    view! {
        <section class="card">
            <header><h2>"Letters about offers"</h2>{button}</header>
            <div class="body"><p>{now}</p>{log}</div>
        </section>
    }
}
