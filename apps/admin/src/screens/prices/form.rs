//! The fields of a price list.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::{Choice, Groups, When, countries};
use crate::api::Failure;
use crate::logic::price_list::Draft;
use crate::parts::field::{Field, TextField};
use crate::parts::tags::Pick;
use crate::place;
use crate::session::use_session;

/// The draft with its faults.
#[derive(Clone, Copy)]
pub struct Form {
    /// As it is typed.
    pub draft: RwSignal<Draft>,
    /// What the server refused.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether somebody wanted to send it: from then on every fault is shown.
    pub asked: RwSignal<bool>,
    faults: Memo<BTreeMap<String, String>>,
}

impl Form {
    /// A form that begins with a draft.
    pub fn new(draft: Draft) -> Self {
        let draft = RwSignal::new(draft);
        let faults = place::memo(move || draft.with(|draft| draft.faults(place::zone)));
        Self { draft, failure: RwSignal::new(None), asked: RwSignal::new(false), faults }
    }

    /// How many fields are wrong, as far as that is shown.
    pub fn wrong(self) -> Signal<usize> {
        place::derived(move || if self.asked.get() { self.faults.with(BTreeMap::len) } else { 0 })
    }

    /// Whether it can be sent. If not, every fault is shown from now on.
    pub fn can_be_sent(self) -> bool {
        self.asked.set(true);
        self.faults.with_untracked(BTreeMap::is_empty)
    }

    fn text(self, pick: fn(&Draft) -> &String) -> Signal<String> {
        place::derived(move || self.draft.with(|draft| pick(draft).clone()))
    }

    fn put(self, put: fn(&mut Draft, String)) -> Callback<String> {
        Callback::new(move |typed| self.draft.update(|draft| put(draft, typed)))
    }

    fn fault(self, path: &'static str) -> Signal<Option<String>> {
        place::derived(move || {
            let mine =
                self.asked.get().then(|| self.faults.with(|faults| faults.get(path).cloned())).flatten();
            mine.or_else(|| {
                self.failure.with(|failure| {
                    let mut faults = failure.iter().flat_map(|failure| &failure.fields);
                    let inside = |it: &str| {
                        it.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    };
                    faults.find(|fault| inside(&fault.field)).map(|fault| fault.message.clone())
                })
            })
        })
    }
}

/// Name, switch and time.
#[component]
pub fn NameAndTime(form: Form) -> impl IntoView {
    view! {
        <section class="card">
            <header><h2>"Price list"</h2></header>
            <div class="body">
                <TextField
                    id="name"
                    label="Name"
                    hint=Signal::stored("Shoppers read it beside a price of it".to_owned())
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
                        prop:checked=move || form.draft.with(|draft| draft.active)
                        on:change=move |event| {
                            let on = event_target_checked(&event);
                            form.draft.update(|draft| draft.active = on);
                        }
                    />
                    <span>"Switched on"<small>"Off, nobody pays its prices, whatever the time says"</small></span>
                </label>
                <div class="row">
                    <When id="from" label="From" value=form.text(|draft| &draft.from) on_input=form.put(|draft, typed| draft.from = typed) error=form.fault("startsAt")/>
                    <When id="until" label="Until" value=form.text(|draft| &draft.until) on_input=form.put(|draft, typed| draft.until = typed) error=form.fault("endsAt")/>
                </div>
                <p class="meta">"Times are those of your own clock."</p>
            </div>
        </section>
    }
}

/// Who pays these prices.
#[component]
pub fn ForWhom(form: Form) -> impl IntoView {
    let all = countries();
    let named = StoredValue::new(all.clone());
    let chosen = place::derived(move || {
        let name = |code: &String| {
            let known = named.with_value(|all| all.iter().find(|(own, _)| own == code).cloned());
            known.unwrap_or_else(|| (code.clone(), code.clone()))
        };
        form.draft.with(|draft| draft.countries.iter().map(name).collect::<Vec<_>>())
    });
    let choose = move |chosen: Vec<(String, String)>| {
        form.draft.update(|draft| draft.countries = chosen.into_iter().map(|(code, _)| code).collect());
    };
    view! {
        <section class="card">
            <header><h2>"For whom"</h2></header>
            <div class="body">
                <Groups
                    label="Groups of customers"
                    hint="None chosen: everybody, signed in or not"
                    chosen=place::derived(move || form.draft.with(|draft| draft.groups.clone()))
                    on_change=move |groups| form.draft.update(|draft| draft.groups = groups)
                    error=form.fault("groupIds")
                />
                <Choice
                    label="Countries"
                    hint=Signal::stored("Where the order goes to. None chosen: everywhere".to_owned())
                    error=form.fault("countries")
                >
                    <Pick chosen options=Signal::stored(all) on_change=choose label="Add a country"/>
                </Choice>
                <div class="row">
                    <TextField
                        id="priority"
                        label="Priority"
                        hint=Signal::stored("Of several lists that fit, the highest counts".to_owned())
                        most=11
                        value=form.text(|draft| &draft.priority)
                        on_input=form.put(|draft, typed| draft.priority = typed)
                        error=form.fault("priority")
                    />
                </div>
            </div>
        </section>
    }
}

/// How its prices are meant.
#[component]
pub fn Meaning(
    form: Form,
    /// It has prices: their currency stays.
    #[prop(into)]
    priced: Signal<bool>,
) -> impl IntoView {
    let chosen = place::memo(move || form.draft.with(|draft| draft.currency.clone()));
    let includes = place::memo(move || form.draft.with(|draft| draft.includes_tax));
    let options = move || {
        let now = chosen.get();
        let option = |currency: primitives::Currency| {
            view! { <option value=currency.code() selected=currency.code() == now>{currency.code()}</option> }
        };
        primitives::Currency::all().map(option).collect_view()
    };
    let radio = move |words: &'static str, value: bool| {
        view! {
            <label>
                <input
                    type="radio"
                    name="includes-tax"
                    prop:checked=move || includes.get() == value
                    on:change=move |_| form.draft.update(|draft| draft.includes_tax = value)
                />
                {words}
            </label>
        }
    };
    let session = use_session();
    let hint = place::derived(move || {
        let text = match (priced.get(), chosen.get() == session.currency()) {
            (true, _) => "It has prices: make another list for another currency",
            (false, true) => {
                "Carts in other currencies see its prices converted, unless a list in theirs fits"
            }
            (false, false) => "Carts in other currencies never see its prices",
        };
        text.to_owned()
    });
    view! {
        <section class="card">
            <header><h2>"Its prices"</h2></header>
            <div class="body">
                <Field id="currency" label="Currency" hint error=form.fault("currency")>
                    <select
                        class="input"
                        id="currency"
                        disabled=move || priced.get()
                        on:change=move |event| {
                            let code = event_target_value(&event);
                            form.draft.update(|draft| draft.currency = code);
                        }
                    >
                        {options}
                    </select>
                </Field>
                <div class="field" role="group" aria-label="Tax">
                    <span class="label">"Tax"</span>
                    <div class="seg" role="radiogroup" aria-label="Tax">{radio("Is in the prices", true)} {radio("Comes on top", false)}</div>
                    <span class="hint">"Shoppers see prices as the shop writes them"</span>
                </div>
            </div>
        </section>
    }
}
