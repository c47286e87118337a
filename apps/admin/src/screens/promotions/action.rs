//! The card "What it does": the kind of action, and the fields that belong to it.

use leptos::prelude::*;

use super::form::{Form, error_line};
use super::names::{Names, nameless};
use super::which::Which;
use crate::api::{self, remote};
use crate::gql::Document;
use crate::gql::promotions::PromotionActionKind as Kind;
use crate::gql::settings::Settings;
use crate::logic::amount;
use crate::logic::promotion::{Choice, Part, has, words};
use crate::parts::dialog::Wrong;
use crate::parts::field::{Field, TextField};
use crate::parts::tags::Pick;
use crate::place;
use crate::screens::products::find::FindVariant;
use crate::session::use_session;

/// The card.
#[component]
pub fn WhatItDoes(form: Form) -> impl IntoView {
    let session = use_session();
    let kind = place::memo(move || form.draft.with(|draft| draft.action.kind));
    let options = words::ACTIONS
        .into_iter()
        .map(
            |(one, key, name)| view! { <option value=key selected=move || kind.get() == one>{name}</option> },
        )
        .collect_view();
    let choose = move |event| {
        let key = event_target_value(&event);
        if let Some((kind, ..)) = words::ACTIONS.into_iter().find(|(_, known, _)| *known == key) {
            form.draft.update(|draft| draft.action.become_kind(kind));
        }
    };
    let symbol = amount::symbol(&untrack(|| session.currency()));
    let fields = move || {
        let kind = kind.get();
        let show = move |part| has(kind, part);
        let symbol = symbol.clone();
        view! {
            {show(Part::Buy)
                .then(|| view! {
                    <div class="row">
                        <TextField
                            id="action-buy"
                            label=if kind == Kind::CheapestFree { "Of every so many pieces one is free" } else { "Pieces to buy" }
                            mode="numeric"
                            most=5
                            value=form.text(|draft| &draft.action.buy)
                            on_input=form.put(|draft, typed| draft.action.buy = typed)
                            error=form.fault("action.buy")
                        />
                        {show(Part::Get)
                            .then(|| view! {
                                <TextField
                                    id="action-get"
                                    label="Pieces that are cheaper"
                                    mode="numeric"
                                    most=5
                                    value=form.text(|draft| &draft.action.get)
                                    on_input=form.put(|draft, typed| draft.action.get = typed)
                                    error=form.fault("action.get")
                                />
                            })}
                        <TextField
                            id="action-most"
                            label="At most so many times an order"
                            optional=true
                            mode="numeric"
                            most=9
                            value=form.text(|draft| &draft.action.most)
                            on_input=form.put(|draft, typed| draft.action.most = typed)
                            error=form.fault("action.most")
                        />
                    </div>
                })}
            <div class="row">
                {show(Part::Percent)
                    .then(|| view! {
                        <TextField
                            id="action-percent"
                            label="Per cent off"
                            hint=place::derived(move || match kind {
                                Kind::BuyGet => "100 is free".to_owned(),
                                _ => "10, or 12.5".to_owned(),
                            })
                            prefix="%"
                            mode="decimal"
                            most=8
                            value=form.text(|draft| &draft.action.percent)
                            on_input=form.put(|draft, typed| draft.action.percent = typed)
                            error=form.fault("action.percent")
                        />
                    })}
                {show(Part::Amount)
                    .then(|| view! {
                        <TextField
                            id="action-amount"
                            label=match kind {
                                Kind::FixedPrice => "Price of one piece",
                                Kind::FreeShipping => "At most so much off the delivery",
                                _ => "Amount off",
                            }
                            hint=place::derived(move || match kind {
                                Kind::FreeShipping => "Empty: it costs nothing, however dear it is".to_owned(),
                                _ => "As the shop writes its prices".to_owned(),
                            })
                            optional={kind == Kind::FreeShipping}
                            prefix=symbol.clone()
                            mode="decimal"
                            most=20
                            value=form.text(|draft| &draft.action.amount)
                            on_input=form.put(|draft, typed| draft.action.amount = typed)
                            error=form.fault("action.amount")
                        />
                    })}
                {show(Part::Once).then(|| view! { <Once form/> })}
                {(kind == Kind::FreeGift)
                    .then(|| view! {
                        <TextField
                            id="action-get"
                            label="Pieces"
                            mode="numeric"
                            most=5
                            value=form.text(|draft| &draft.action.get)
                            on_input=form.put(|draft, typed| draft.action.get = typed)
                            error=form.fault("action.get")
                        />
                    })}
            </div>
            {show(Part::Of)
                .then(|| view! {
                    <Which
                        id="action"
                        label=if kind == Kind::BuyGet { "What has to be bought" } else { "Which products" }
                        choice=place::derived(move || form.draft.with(|draft| draft.action.of.clone()))
                        on_change=move |choice: Choice| form.draft.update(|draft| draft.action.of = choice)
                        error=form.fault("action.of")
                    />
                })}
            {show(Part::GetOf)
                .then(|| view! {
                    <Which
                        id="action-given"
                        label="What is cheaper then"
                        choice=place::derived(move || form.draft.with(|draft| draft.action.get_of.clone()))
                        on_change=move |choice: Choice| form.draft.update(|draft| draft.action.get_of = choice)
                        error=form.fault("action.getOf")
                    />
                })}
            {show(Part::Variant).then(|| view! { <Gift form/> })}
            {show(Part::Methods).then(|| view! { <Methods form/> })}
        }
    };
    view! {
        <section class="card">
            <header><h2>"What it does"</h2></header>
            <div class="body">
                <Field id="action-kind" label="Kind" error=form.fault("action.kind")>
                    <select class="input" id="action-kind" on:change=choose>{options}</select>
                </Field>
                {fields}
            </div>
        </section>
    }
}

/// For each piece, or once for all of them.
#[component]
fn Once(form: Form) -> impl IntoView {
    let once = place::memo(move || form.draft.with(|draft| draft.action.once));
    let radio = move |words: &'static str, value: bool| {
        view! {
            <label>
                <input
                    type="radio"
                    name="action-once"
                    prop:checked=move || once.get() == value
                    on:change=move |_| form.draft.update(|draft| draft.action.once = value)
                />
                {words}
            </label>
        }
    };
    view! {
        <div class="field" role="group" aria-label="How often">
            <span class="label">"How often"</span>
            <div class="seg" role="radiogroup" aria-label="How often">{radio("Each piece", false)} {radio("Once", true)}</div>
        </div>
    }
}

/// The variant that is given away.
#[component]
fn Gift(form: Form) -> impl IntoView {
    let names = expect_context::<Names>();
    let chosen = place::memo(move || form.draft.with(|draft| draft.action.variant.clone()));
    let set = move |variant: Option<String>| form.draft.update(|draft| draft.action.variant = variant);
    let take = move |found: Option<(String, String)>| {
        set(found.map(|(id, name)| {
            names.learn_variant(&id, name);
            id
        }));
    };
    let name = place::derived(move || {
        let name = |id: String| names.variant(&id).unwrap_or_else(|| nameless("The saved variant", &id));
        chosen.get().map(name)
    });
    view! {
        <div class="field" role="group" aria-label="What is given away">
            <span class="label">"What is given away"</span>
            <FindVariant label="Find what is given away" chosen=name on_pick=take/>
            {error_line(form.fault("action.variantId"))}
            <span class="hint">"The shop adds it to the cart by itself, as long as it is in stock."</span>
        </div>
    }
}

/// Deliveries that it counts for; none chosen: all of them.
#[component]
fn Methods(form: Form) -> impl IntoView {
    let session = use_session();
    let may = untrack(|| session.may("settings:read"));
    let known = remote(move || async move {
        if !may {
            return Ok(Vec::new());
        }
        let answer = api::ask(Settings::build(())).await?;
        let methods = answer.commerce_settings.shipping.into_iter();
        Ok(methods.map(|method| (method.id, method.name)).collect::<Vec<_>>())
    });
    let options = place::derived(move || known.data.get().unwrap_or_default());
    let chosen = place::derived(move || {
        let options = options.get();
        let name = |id: &String| {
            let known = options.iter().find(|(own, _)| own == id);
            known.map_or_else(|| nameless("Delivery", id), |(_, name)| name.clone())
        };
        form.draft.with(|draft| draft.action.methods.iter().map(|id| (id.clone(), name(id))).collect())
    });
    let set = move |chosen: Vec<(String, String)>| {
        form.draft.update(|draft| draft.action.methods = chosen.into_iter().map(|(id, _)| id).collect());
    };
    view! {
        <div class="field">
            <span class="label">"Only these deliveries" <span class="opt">"optional"</span></span>
            <Pick chosen options on_change=set label="Choose a delivery"/>
            {move || known.failure.get().map(|failure| view! { <Wrong failure/> })}
            {error_line(form.fault("action.methods"))}
            <span class="hint">"None chosen: it counts for all of them."</span>
        </div>
    }
}
