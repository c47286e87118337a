//! Currencies beside the shop's own: their rates, and what prices in them are rounded to.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Data, Failure, remote};
use crate::gql::currencies::{
    CurrencyRate, CurrencyRateRemove, CurrencyRateRemoveVariables, CurrencyRateSet, CurrencyRateSetVariables,
    CurrencyRates,
};
use crate::gql::{Document, Long};
use crate::logic::currency::{self, Draft, called};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::editor::cards;
use crate::parts::field::{Field, TextField};
use crate::parts::icon;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::{Session, use_session};

/// What is offered.
type Rates = Data<Vec<CurrencyRate>>;

/// The currency as it was seen; none while it is not offered.
fn seen(rates: Rates, code: &str) -> Option<CurrencyRate> {
    rates.with(|rates| rates.iter().flatten().find(|rate| rate.currency == code).cloned())
}

/// What ten of the shop's own are, with a draft.
fn example(session: Session, draft: &Draft) -> Option<String> {
    let exchange = draft.exchange(&session.currency()).ok()?;
    currency::example(&exchange, &session.shop()?.locale)
}

/// The card with its drawer.
#[component]
pub fn Currencies(
    /// Whether they can be changed.
    #[prop(into)]
    editable: Signal<bool>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let found =
        remote(|| async { api::ask(CurrencyRates::build(())).await.map(|answer| answer.currency_rates) });
    let rates = found.data;
    let (open, asking, busy) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let (draft, adding, asked) = (RwSignal::new(Draft::default()), RwSignal::new(true), RwSignal::new(false));
    // The one that is asked about.
    let leaving = RwSignal::new(String::new());
    let begin = move |rate: Option<&CurrencyRate>| {
        draft.set(rate.map(Draft::of).unwrap_or_default());
        adding.set(rate.is_none());
        asked.set(false);
        failure.set(None);
        open.set(true);
    };
    let ask = move |code: String| {
        leaving.set(code);
        failure.set(None);
        asking.set(true);
    };
    // Somebody was faster: what it is now stands beside what was typed, and whoever sends it again has seen both.
    let refused = move |wrong: Failure| {
        if wrong.is_conflict() {
            found.reload();
        }
        let _ = failure.try_set(Some(wrong));
    };
    let version = move |code: &str| untrack(|| seen(rates, code)).map_or(0, |rate| rate.version.0);
    let save = move |()| {
        asked.set(true);
        let home = untrack(|| session.currency());
        let input = draft.with_untracked(|draft| draft.input(&home, version(&draft.currency)));
        let Some(input) = input.ok().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match api::ask(CurrencyRateSet::build(CurrencyRateSetVariables { input })).await {
                Ok(_) => {
                    toaster.done("Saved: the next page shows its prices");
                    let _ = open.try_set(false);
                    found.reload();
                }
                Err(wrong) => refused(wrong),
            }
            let _ = busy.try_set(false);
        });
    };
    let remove = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let currency = leaving.get_untracked();
        let version = Long(version(&currency));
        spawn_local(async move {
            let variables = CurrencyRateRemoveVariables { currency, version };
            match api::ask(CurrencyRateRemove::build(variables)).await {
                Ok(_) => {
                    toaster.done("It is offered no longer");
                    let _ = asking.try_set(false);
                    found.reload();
                }
                Err(wrong) => refused(wrong),
            }
            let _ = busy.try_set(false);
        });
    };
    let change = Callback::new(move |rate: CurrencyRate| begin(Some(&rate)));
    let row = move |rate: CurrencyRate| line(session, rate, editable, change, Callback::new(ask));
    let card = move |all: Vec<CurrencyRate>| {
        let none = all.is_empty().then(|| {
            view! {
                <p class="meta">
                    "Every price is shown in this one. With another one beside it, shoppers choose in the footer of the shop."
                </p>
            }
        });
        view! {
            <section class="card" id="currencies">
                <header>
                    <h2>"Currencies"</h2>
                    <span class="meta">"what shoppers can see prices in, and pay in"</span>
                    <Show when=move || editable.get()>
                        <button class="btn end" type="button" data-size="sm" on:click=move |_| begin(None)>
                            {icon("plus")}
                            "Offer a currency"
                        </button>
                    </Show>
                </header>
                <div class="list">
                    <div>
                        <span class="grow">
                            <b>{called(&session.currency())}</b>
                            <small>"The shop's own: its prices are written in it, its books are kept in it"</small>
                        </span>
                    </div>
                    {all.into_iter().map(row).collect_view()}
                    {none}
                </div>
            </section>
        }
    };
    let own = move || session.currency();
    view! {
        {cards(found, &[3], move |all| card(all).into_any())}
        <Edit open draft adding=adding.into() asked=asked.into() rates failure busy on_save=save/>
        <Confirm
            open=asking
            title=place::derived(move || format!("Offer {} no longer?", leaving.get()))
            act="Offer it no longer".to_owned()
            busy
            failure
            on_yes=remove
        >
            <p>
                "Shoppers who have chosen " <b>{move || leaving.get()}</b> " see prices in " {own}
                " from their next page on, and are told so. Orders that were placed in it stay as they are, at their rate."
            </p>
        </Confirm>
    }
}

/// One that is offered.
fn line(
    session: Session,
    rate: CurrencyRate,
    editable: Signal<bool>,
    on_change: Callback<CurrencyRate>,
    on_remove: Callback<String>,
) -> impl IntoView {
    let code = rate.currency.clone();
    let about = currency::words(&rate, &session.currency());
    let shown = example(session, &Draft::of(&rate)).map(|text| view! { <small>{text}</small> });
    let (change_label, remove_label) = (format!("Change {code}"), format!("Offer {code} no longer"));
    let name = called(&code);
    let (rate, code) = (StoredValue::new(rate), StoredValue::new(code));
    view! {
        <div>
            <span class="grow"><b>{name}</b><small>{about}</small>{shown}</span>
            <Show when=move || editable.get()>
                <button
                    class="btn"
                    type="button"
                    data-size="sm"
                    aria-label=change_label.clone()
                    on:click=move |_| on_change.run(rate.get_value())
                >
                    "Change"
                </button>
                <button
                    class="btn"
                    type="button"
                    data-kind="quiet"
                    data-icon=""
                    data-size="sm"
                    aria-label=remove_label.clone()
                    on:click=move |_| on_remove.run(code.get_value())
                >
                    {icon("trash")}
                </button>
            </Show>
        </div>
    }
}

/// What stands beside a field of its own, and not above the form.
fn has_field(name: &str) -> bool {
    matches!(name, "currency" | "rate" | "step" | "ending")
}

/// Offers a currency, or changes one.
#[component]
fn Edit(
    open: RwSignal<bool>,
    draft: RwSignal<Draft>,
    /// It is not offered yet.
    adding: Signal<bool>,
    /// Somebody wanted to send it: from then on every fault is shown.
    asked: Signal<bool>,
    rates: Rates,
    failure: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
    #[prop(into)] on_save: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let fault = move |field: &'static str| {
        place::derived(move || {
            let faults = move || draft.with(|draft| draft.exchange(&session.currency()).err());
            let mine = asked.get().then(faults).flatten();
            let mine = mine.and_then(|mut faults| faults.remove(field));
            mine.or_else(|| failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))))
        })
    };
    let line = move |id: &'static str,
                     label: &'static str,
                     field: &'static str,
                     hint: Signal<String>,
                     prefix: String,
                     read: fn(&Draft) -> &String,
                     write: fn(&mut Draft, String)| {
        view! {
            <TextField
                id
                label
                hint
                prefix
                optional=field != "rate"
                mode="decimal"
                most=20
                value=place::derived(move || draft.with(|draft| read(draft).clone()))
                on_input=move |typed| draft.update(|draft| write(draft, typed))
                error=fault(field)
            />
        }
    };
    let code = move || draft.with(|draft| draft.currency.clone());
    // What can be chosen when the drawer opens; a choice leaves the list as it is.
    let options = move || {
        let (home, now) = untrack(|| (session.currency(), code()));
        let known = untrack(|| rates.get()).unwrap_or_default();
        let free = |it: &primitives::Currency| {
            it.code() != home && !known.iter().any(|rate| rate.currency == it.code())
        };
        primitives::Currency::all()
            .filter(free)
            .map(
                |it| view! { <option value=it.code() selected=it.code() == now>{called(it.code())}</option> },
            )
            .collect_view()
    };
    let choice = move || {
        let error = fault("currency");
        view! {
            <Field id="currency-code" label="Currency" error>
                <select
                    class="input"
                    id="currency-code"
                    aria-invalid=move || error.get().is_some().to_string()
                    aria-describedby="currency-code-note"
                    on:change=move |event| {
                        let code = event_target_value(&event);
                        draft.update(|draft| draft.currency = code);
                    }
                >
                    <option value="" selected=untrack(code).is_empty()>"Choose a currency"</option>
                    {options()}
                </select>
            </Field>
        }
    };
    let now = move || {
        let known = seen(rates, &code())?;
        let words = currency::words(&known, &session.currency());
        Some(view! { <p class="meta">"Now: " {words}</p> })
    };
    let shown = move || draft.with(|draft| example(session, draft));
    let rate_hint = place::derived(move || {
        let code = match code() {
            code if code.is_empty() => "it".to_owned(),
            code => code,
        };
        format!("How many {code} are one {}", session.currency())
    });
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Save"
            </button>
            <span class="meta">"The next page and the next cart count with it. Orders keep the rate that they were placed at."</span>
        }
    };
    let title = place::derived(move || match adding.get() {
        true => "Offer a currency".to_owned(),
        false => format!("Change {}", code()),
    });
    view! {
        <Drawer open title on_submit=on_save footer>
            {move || failure.get().and_then(|it| it.above(has_field)).map(|failure| view! { <Wrong failure/> })}
            {move || adding.get().then(choice)}
            {now}
            {line("currency-rate", "Rate", "rate", rate_hint, format!("1 {} =", session.currency()), |it| &it.rate, |it, typed| it.rate = typed)}
            {line(
                "currency-step",
                "Prices are rounded to",
                "step",
                Signal::stored("0.05 or 1, say. Empty: they are as they come out".to_owned()),
                String::new(),
                |it| &it.step,
                |it, typed| it.step = typed,
            )}
            {line(
                "currency-ending",
                "And end in",
                "ending",
                Signal::stored("Less than what they are rounded to: 0.99 makes 10.99 of a step of 1".to_owned()),
                String::new(),
                |it| &it.ending,
                |it, typed| it.ending = typed,
            )}
            <p role="status">{shown}</p>
        </Drawer>
    }
}
