//! Price lists: the table, one list with its prices, and why somebody pays what.

pub mod editor;
pub mod explain;
mod form;
pub mod list;
mod put_away;
mod rows;

use leptos::prelude::*;

use crate::parts::field::Field;
use crate::parts::icon;
use crate::parts::tags::Pick;
use crate::place;
use crate::screens::customers::groups::known_groups;

/// Countries by code and name, in the order of their names.
pub fn countries() -> Vec<(String, String)> {
    let named = |country: primitives::Country| (country.as_str().to_owned(), country.name().to_owned());
    let mut all: Vec<_> = primitives::Country::all().map(named).collect();
    all.sort_by(|one, other| one.1.cmp(&other.1));
    all
}

/// A choice among the groups of customers.
#[component]
fn Groups(
    /// What they are for.
    label: &'static str,
    /// What none of them means.
    hint: &'static str,
    /// Ids and names.
    #[prop(into)]
    chosen: Signal<Vec<(String, String)>>,
    /// Another choice.
    #[prop(into)]
    on_change: Callback<Vec<(String, String)>>,
    /// What is wrong.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let all = known_groups();
    let options = place::derived(move || all.data.get().map(|groups| groups.names()).unwrap_or_default());
    let none = move || all.data.with(|all| all.as_ref().is_some_and(|all| all.is_empty()));
    let hint = place::derived(move || match none() {
        true => "The shop has no groups of customers yet".to_owned(),
        false => hint.to_owned(),
    });
    view! { <Choice label hint error><Pick chosen options on_change label="Add a group"/></Choice> }
}

/// A field whose control has a name of its own.
#[component]
fn Choice(
    /// Above it.
    label: &'static str,
    /// Below it, while nothing is wrong.
    #[prop(into)]
    hint: Signal<String>,
    /// What is wrong.
    error: Signal<Option<String>>,
    /// The control.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field" role="group" aria-label=label>
            <span class="label">{label} " " <span class="opt">"optional"</span></span>
            {children()}
            {move || match error.get() {
                Some(text) => view! { <span class="error">{icon("stop")} <span>{text}</span></span> }.into_any(),
                None => view! { <span class="hint">{hint.get()}</span> }.into_any(),
            }}
        </div>
    }
}

/// A point in time on the reader's clock.
#[component]
fn When(
    /// Of the field.
    id: &'static str,
    /// Above it.
    label: &'static str,
    /// As it is typed.
    #[prop(into)]
    value: Signal<String>,
    /// What was typed.
    #[prop(into)]
    on_input: Callback<String>,
    /// Below it.
    #[prop(into, optional)]
    hint: String,
    /// What is wrong.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <Field id label error hint=Signal::stored(hint) optional=true>
            <input
                class="input"
                type="datetime-local"
                id=id
                aria-invalid=move || error.get().is_some().to_string()
                aria-describedby=format!("{id}-note")
                prop:value=move || value.get()
                on:input=move |event| on_input.run(event_target_value(&event))
            />
        </Field>
    }
}
