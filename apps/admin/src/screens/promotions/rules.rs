//! The cards around the action: name and time, codes, limits, and how it works with others.

use leptos::prelude::*;

use super::form::{Form, error_line};
use crate::logic::amount;
use crate::logic::promotion::{Draft, codes, drawn_code};
use crate::parts::field::{Field, TextField};
use crate::parts::icon;
use crate::parts::tags::Tags;
use crate::place;
use crate::session::use_session;

/// Name, switch and time.
#[component]
pub fn NameAndTime(form: Form) -> impl IntoView {
    let active = move || form.draft.with(|draft| draft.active);
    let active_fault = form.fault("active");
    let moment =
        move |id: &'static str, label: &'static str, path: &'static str, value: Signal<String>, put| {
            let put: Callback<String> = form.put(put);
            let error = form.fault(path);
            view! {
                <Field id label error optional=true>
                    <input
                        class="input"
                        type="datetime-local"
                        id=id
                        aria-invalid=move || error.get().is_some().to_string()
                        aria-describedby=format!("{id}-note")
                        prop:value=value
                        on:input=move |event| put.run(event_target_value(&event))
                    />
                </Field>
            }
        };
    view! {
        <section class="card">
            <header><h2>"Promotion"</h2></header>
            <div class="body">
                <TextField
                    id="name"
                    label="Name"
                    hint=Signal::stored("Shoppers read it beside the discount".to_owned())
                    most=100
                    value=form.text(|draft| &draft.name)
                    on_input=form.put(|draft, typed| draft.name = typed)
                    error=form.fault("name")
                />
                <label class="check">
                    <input
                        class="switch"
                        type="checkbox"
                        role="switch"
                        prop:checked=active
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.draft.update(|draft| draft.active = on);
                        }
                    />
                    <span>"Switched on"<small>"Off, it takes nothing off, whatever the time says"</small></span>
                </label>
                {move || {
                    active_fault.get().map(|text| view! { <div class="field"><span class="error">{icon("stop")} <span>{text}</span></span></div> })
                }}
                <div class="row">
                    {moment("from", "From", "startsAt", form.text(|draft| &draft.from), |draft, typed| draft.from = typed)}
                    {moment("until", "Until", "endsAt", form.text(|draft| &draft.until), |draft, typed| draft.until = typed)}
                </div>
                <p class="meta">"Times are those of your own clock."</p>
            </div>
        </section>
    }
}

/// Codes that open it.
#[component]
pub fn Codes(form: Form) -> impl IntoView {
    let tags = place::derived(move || form.draft.with(|draft| draft.codes.clone()));
    let set = move |typed: Vec<String>| form.draft.update(|draft| draft.codes = codes(&typed));
    let draw = move |_| {
        if let Some(code) = draw() {
            form.draft.update(|draft| draft.codes.push(code));
        }
    };
    let about = move || match tags.with(Vec::len) {
        0 => "none: it applies by itself",
        1 => "it applies when the shopper gives this code",
        _ => "it applies when the shopper gives one of these codes",
    };
    view! {
        <section class="card">
            <header>
                <h2>"Codes"</h2>
                <span class="meta">{about}</span>
                <button class="btn end" type="button" data-size="sm" on:click=draw>{icon("plus")} "Make a code"</button>
            </header>
            <div class="body">
                <div class="field">
                    <label class="vh" for="codes">"Codes"</label>
                    <Tags id="codes" tags on_change=set placeholder="Type a code, then Enter"/>
                    {error_line(form.fault_within("codes"))}
                    <span class="hint">"Capitals and small letters are the same. Several at once, with blanks or commas between them."</span>
                </div>
            </div>
        </section>
    }
}

/// A code that nobody can guess; nothing where the browser has no source for it.
fn draw() -> Option<String> {
    let mut random = [0_u8; 8];
    window().crypto().ok()?.get_random_values_with_u8_array(&mut random).ok()?;
    Some(drawn_code(random))
}

/// How often, and how much at most.
#[component]
pub fn Limits(form: Form) -> impl IntoView {
    let session = use_session();
    view! {
        <section class="card">
            <header><h2>"Limits"</h2><span class="meta">"empty: no limit"</span></header>
            <div class="body">
                <div class="row">
                    <TextField
                        id="use-limit"
                        label="Orders in all"
                        mode="numeric"
                        most=12
                        value=form.text(|draft| &draft.use_limit)
                        on_input=form.put(|draft, typed| draft.use_limit = typed)
                        error=form.fault("useLimit")
                    />
                    <TextField
                        id="shopper-limit"
                        label="Orders of one customer"
                        mode="numeric"
                        most=12
                        value=form.text(|draft| &draft.shopper_limit)
                        on_input=form.put(|draft, typed| draft.shopper_limit = typed)
                        error=form.fault("shopperLimit")
                    />
                    <TextField
                        id="budget"
                        label="Budget"
                        hint=Signal::stored("Most that it takes off in all".to_owned())
                        prefix=amount::symbol(&untrack(|| session.currency()))
                        mode="decimal"
                        most=20
                        value=form.text(|draft| &draft.budget)
                        on_input=form.put(|draft, typed| draft.budget = typed)
                        error=form.fault("budget")
                    />
                </div>
            </div>
        </section>
    }
}

/// Priority, exclusiveness and group.
#[component]
pub fn Others(form: Form) -> impl IntoView {
    let exclusive = place::memo(move || form.draft.with(|draft| draft.exclusive));
    let grouped = place::memo(move || form.draft.with(|draft| !draft.group.trim().is_empty()));
    let best = place::memo(move || form.draft.with(|draft| draft.best));
    let radio = move |words: &'static str, value: bool| {
        let set = move |draft: &mut Draft| draft.best = value;
        view! {
            <label>
                <input
                    type="radio"
                    name="group-pick"
                    prop:checked=move || best.get() == value
                    on:change=move |_| form.draft.update(set)
                />
                {words}
            </label>
        }
    };
    view! {
        <section class="card">
            <header><h2>"How it works with others"</h2></header>
            <div class="body">
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || exclusive.get()
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.draft.update(|draft| draft.exclusive = on);
                        }
                    />
                    <span>"Applies alone"<small>"Where it applies, no other promotion does"</small></span>
                </label>
                <div class="row">
                    <TextField
                        id="priority"
                        label="Priority"
                        hint=Signal::stored("Higher comes first; 0 is the usual one".to_owned())
                        most=11
                        value=form.text(|draft| &draft.priority)
                        on_input=form.put(|draft, typed| draft.priority = typed)
                        error=form.fault("priority")
                    />
                    <TextField
                        id="group"
                        label="Group"
                        hint=Signal::stored("Of promotions with the same word here only one applies".to_owned())
                        optional=true
                        most=60
                        value=form.text(|draft| &draft.group)
                        on_input=form.put(|draft, typed| draft.group = typed)
                        error=form.fault_within("group")
                    />
                </div>
                <Show when=move || grouped.get()>
                    <div class="field" role="group" aria-label="Which one of the group">
                        <span class="label">"Which one of the group"</span>
                        <div class="seg" role="radiogroup" aria-label="Which one of the group">
                            {radio("The first that can", false)} {radio("The one that takes off most", true)}
                        </div>
                    </div>
                </Show>
            </div>
        </section>
    }
}
