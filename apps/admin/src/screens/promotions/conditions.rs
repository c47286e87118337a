//! The card "When it applies": what has to hold.

use leptos::prelude::*;

use super::form::{Form, error_line};
use super::names::nameless;
use super::which::Which;
use crate::gql::promotions::PromotionConditionKind as Needs;
use crate::logic::amount;
use crate::logic::promotion::{Choice, ConditionDraft, MOST_CONDITIONS, words};
use crate::parts::field::TextField;
use crate::parts::icon;
use crate::parts::tags::Pick;
use crate::place;
use crate::screens::customers::groups::known_groups;
use crate::session::use_session;

/// The card.
#[component]
pub fn Conditions(form: Form) -> impl IntoView {
    let keys = place::memo(move || {
        form.draft
            .with(|draft| draft.conditions.iter().map(|it| (it.key, it.kind)).collect::<Vec<(u32, Needs)>>())
    });
    let add = move |event| {
        let key = event_target_value(&event);
        if let Some((kind, ..)) = words::CONDITIONS.into_iter().find(|(_, known, _)| *known == key) {
            form.draft.update(|draft| draft.add_condition(kind));
        }
    };
    // The choice is made anew after each addition, so that it shows its own words again.
    let more = move || {
        let first = keys.with(|keys| keys.iter().any(|(_, kind)| *kind == Needs::FirstOrder));
        let countries = keys.with(|keys| keys.iter().any(|(_, kind)| *kind == Needs::Countries));
        let options = words::CONDITIONS
            .into_iter()
            .filter(|(kind, ..)| match kind {
                Needs::FirstOrder => !first,
                Needs::Countries => !countries,
                Needs::Has | Needs::Subtotal | Needs::Groups => true,
            })
            .map(|(_, key, name)| view! { <option value=key>{name}</option> })
            .collect_view();
        keys.with(|keys| keys.len() < MOST_CONDITIONS).then(|| {
            view! {
                <select class="input" aria-label="Add a condition" on:change=add>
                    <option value="" selected>"Add a condition…"</option>
                    {options}
                </select>
            }
        })
    };
    let about = move || match keys.with(Vec::len) {
        0 => "always",
        1 => "when this holds",
        _ => "when all of these hold",
    };
    view! {
        <section class="card">
            <header><h2>"When it applies"</h2><span class="meta">{about}</span></header>
            <For each=move || keys.get() key=|(key, _)| *key let:entry>
                <One form key=entry.0 kind=entry.1/>
            </For>
            <div class="body">
                <div class="field">{more} {error_line(form.fault("conditions"))}</div>
            </div>
        </section>
    }
}

#[component]
fn One(form: Form, key: u32, kind: Needs) -> impl IntoView {
    let session = use_session();
    let title = words::CONDITIONS.into_iter().find(|(one, ..)| *one == kind).map_or("", |(_, _, name)| name);
    let read = move |pick: fn(&ConditionDraft) -> &String| {
        place::derived(move || {
            form.draft.with(|draft| draft.condition(key).map(|it| pick(it).clone()).unwrap_or_default())
        })
    };
    let write = move |put: fn(&mut ConditionDraft, String)| {
        Callback::new(move |typed| form.draft.update(|draft| draft.condition_mut(key, |it| put(it, typed))))
    };
    let fault =
        move |field: &'static str| form.fault_of(move || form.draft.with(|draft| draft.path_of(key, field)));
    let of = place::derived(move || {
        form.draft.with(|draft| draft.condition(key).map(|it| it.of.clone()).unwrap_or_default())
    });
    let set_of =
        move |choice: Choice| form.draft.update(|draft| draft.condition_mut(key, |it| it.of = choice));
    let which = move |label: &'static str| {
        view! { <Which id=format!("condition-{key}") label choice=of on_change=set_of error=fault("of")/> }
    };
    let fields = match kind {
        Needs::Subtotal => view! {
            <div class="row">
                <TextField
                    id=format!("condition-{key}-amount")
                    label="At least"
                    hint=Signal::stored("What is left after the promotions before this one".to_owned())
                    prefix=amount::symbol(&untrack(|| session.currency()))
                    mode="decimal"
                    most=20
                    value=read(|it| &it.amount)
                    on_input=write(|it, typed| it.amount = typed)
                    error=fault("amount")
                />
            </div>
            {which("Of which products")}
        }
        .into_any(),
        Needs::Has => view! {
            <div class="row">
                <TextField
                    id=format!("condition-{key}-pieces")
                    label="Pieces in the cart"
                    mode="numeric"
                    most=9
                    value=read(|it| &it.pieces)
                    on_input=write(|it, typed| it.pieces = typed)
                    error=fault("pieces")
                />
            </div>
            {which("Of which products")}
        }
        .into_any(),
        Needs::FirstOrder => {
            view! { <p class="dim">"The customer has not ordered here before."</p> }.into_any()
        }
        Needs::Countries => view! { <Countries form of=key error=fault("countries")/> }.into_any(),
        Needs::Groups => view! { <Groups form of=key error=fault("groups")/> }.into_any(),
    };
    let remove = move |_| {
        // What the server said names places, and the places change.
        form.failure.set(None);
        form.draft.update(|draft| draft.conditions.retain(|it| it.key != key));
    };
    view! {
        <div class="body" role="group" aria-label=title>
            <div class="flex">
                <h3>{title}</h3>
                <button
                    class="btn end"
                    type="button"
                    data-kind="quiet"
                    data-size="sm"
                    aria-label=format!("Remove the condition {title}")
                    on:click=remove
                >
                    {icon("trash")}
                    "Remove"
                </button>
            </div>
            {fields}
        </div>
    }
}

#[component]
fn Countries(form: Form, of: u32, error: Signal<Option<String>>) -> impl IntoView {
    let chosen = place::derived(move || {
        let name = |code: &String| {
            let country = primitives::Country::parse(code);
            (code.clone(), country.map_or_else(|_| code.clone(), |country| country.name().to_owned()))
        };
        form.draft.with(|draft| {
            draft
                .condition(of)
                .map(|it| it.countries.iter().map(name).collect::<Vec<_>>())
                .unwrap_or_default()
        })
    });
    let mut all: Vec<(String, String)> = primitives::Country::all()
        .map(|country| (country.as_str().to_owned(), country.name().to_owned()))
        .collect();
    all.sort_by(|one, other| one.1.cmp(&other.1));
    let set = move |chosen: Vec<(String, String)>| {
        let codes = chosen.into_iter().map(|(code, _)| code).collect();
        form.draft.update(|draft| draft.condition_mut(of, |it| it.countries = codes));
    };
    view! {
        <div class="field">
            <span class="label">"The order goes to one of these"</span>
            <Pick chosen options=Signal::stored(all) on_change=set label="Add a country"/>
            {error_line(error)}
        </div>
    }
}

#[component]
fn Groups(form: Form, of: u32, error: Signal<Option<String>>) -> impl IntoView {
    let all = known_groups();
    let options = place::derived(move || all.data.get().map(|groups| groups.names()).unwrap_or_default());
    let chosen = place::derived(move || {
        let names = options.get();
        let name = |id: &String| {
            let known = names.iter().find(|(known, _)| known == id);
            known.cloned().unwrap_or_else(|| (id.clone(), nameless("Group", id)))
        };
        form.draft.with(|draft| {
            draft.condition(of).map(|it| it.groups.iter().map(name).collect::<Vec<_>>()).unwrap_or_default()
        })
    });
    let set = move |chosen: Vec<(String, String)>| {
        let ids = chosen.into_iter().map(|(id, _)| id).collect();
        form.draft.update(|draft| draft.condition_mut(of, |it| it.groups = ids));
    };
    view! {
        <div class="field">
            <span class="label">"The customer has signed in and is in one of these"</span>
            <Pick chosen options on_change=set label="Add a group"/>
            {error_line(error)}
        </div>
    }
}
