//! Why somebody pays what: the question, and every list with what became of it.

use leptos::prelude::*;

use super::{Groups, When, countries};
use crate::api::{self, remote};
use crate::gql::DateTime;
use crate::gql::Document;
use crate::gql::prices::{PriceExplainInput, PriceExplained, PriceExplainedVariables, PriceExplanation};
use crate::logic::moment;
use crate::logic::price_list::pieces;
use crate::parts::field::{Field, TextField};
use crate::parts::{CardSkeleton, Empty, FailureCard, PageHead, icon, status};
use crate::place;
use crate::screens::currency::CurrencyField;
use crate::screens::products::find::FindVariant;
use crate::session::use_session;

/// The screen.
#[component]
pub fn Explain() -> impl IntoView {
    place::title(|| "Explain a price".to_owned());
    let session = use_session();
    let variant = RwSignal::new(None::<(String, String)>);
    let chosen = place::derived(move || variant.with(|it| it.as_ref().map(|(_, name)| name.clone())));
    let groups = RwSignal::new(Vec::<(String, String)>::new());
    let [country, currency, at] = [(); 3].map(|()| RwSignal::new(String::new()));
    let quantity = RwSignal::new("1".to_owned());
    let n_pieces = place::memo(move || quantity.with(|typed| pieces(typed)));
    let wrong = place::derived(move || {
        n_pieces.get().is_none().then(|| "Write a whole number from 1 to 10000".to_owned())
    });
    let answer = remote(move || {
        let input = variant.get().zip(n_pieces.get()).map(|((id, _), quantity)| PriceExplainInput {
            variant_id: cynic::Id::new(id),
            quantity,
            country: Some(country.get()).filter(|country| !country.is_empty()),
            group_ids: groups.with(|groups| groups.iter().map(|(id, _)| cynic::Id::new(id)).collect()),
            at: moment::from_local(&at.get(), place::zone).map(DateTime),
            currency: Some(currency.get()).filter(|currency| !currency.is_empty()),
        });
        async move {
            let Some(input) = input else { return Ok(None) };
            let answer = api::ask(PriceExplained::build(PriceExplainedVariables { input })).await?;
            Ok(Some(answer.price_explain))
        }
    });
    let home = session.shop().and_then(|shop| primitives::Country::parse(&shop.country).ok());
    let home = home.map_or_else(|| "The shop's own country".to_owned(), |home| home.name().to_owned());
    let options = countries()
        .into_iter()
        .map(|(code, name)| view! { <option value=code>{name}</option> })
        .collect_view();
    let shown = move || {
        match (answer.failure.get(), answer.data.get(), variant.get()) {
        (Some(failure), ..) => view! { <FailureCard failure again=move |()| answer.reload()/> }.into_any(),
        (None, Some(Some(found)), Some((_, name))) => {
            view! { <Steps found name pieces=n_pieces.get().unwrap_or(1)/> }.into_any()
        }
        (None, _, Some(_)) if wrong.get().is_none() => view! { <CardSkeleton/> }.into_any(),
        _ => view! {
            <section class="card">
                <Empty symbol="prices" title="Which price?" text="Choose a variant. You then see what one piece costs, and what became of every price list."/>
            </section>
        }
        .into_any(),
    }
    };
    view! {
        <div class="page">
            <PageHead title="Explain a price".to_owned() back=(place::to("/prices"), "Price lists")/>
            <div class="cols">
                <div class="stack">
                    <section class="card">
                        <header><h2>"Who buys what"</h2></header>
                        <div class="body">
                            <div class="field" role="group" aria-label="Variant">
                                <span class="label">"Variant"</span>
                                <FindVariant label="Find a product" chosen on_pick=move |found| variant.set(found)/>
                            </div>
                            <div class="row">
                                <TextField
                                    id="quantity"
                                    label="Pieces"
                                    mode="numeric"
                                    most=5
                                    value=quantity
                                    on_input=move |typed| quantity.set(typed)
                                    error=wrong
                                />
                                <Field id="country" label="Goes to">
                                    <select class="input" id="country" on:change=move |event| country.set(event_target_value(&event))>
                                        <option value="">{home}</option>
                                        {options}
                                    </select>
                                </Field>
                            </div>
                            <CurrencyField id="currency" label="Pays in" value=currency/>
                            <Groups label="The customer is in" hint="None: a guest, or a customer without a group" chosen=groups on_change=move |chosen| groups.set(chosen)/>
                            <When id="at" label="At" hint="Empty: now" value=at on_input=move |typed| at.set(typed)/>
                        </div>
                    </section>
                </div>
                <aside class="stack" aria-live="polite" aria-busy=move || answer.busy.get().to_string()>{shown}</aside>
            </div>
        </div>
    }
}

/// The price, and how it came about.
#[component]
fn Steps(found: PriceExplanation, name: String, pieces: i32) -> impl IntoView {
    let chosen = found.lists.iter().find(|list| list.chosen).map(|list| list.name.clone());
    let from = found.min_quantity.filter(|from| 1 < *from).map(|from| format!(", from {from} pieces on"));
    let source = match &chosen {
        Some(list) => format!("From the list {list}{}", from.unwrap_or_default()),
        None => "The variant's own price: no list holds".to_owned(),
    };
    let was = found.compare_at_price.map(|was| view! { <s class="dim">{was.formatted}</s> " " });
    // The one that was chosen first: that is what is looked for.
    let mut lists = found.lists;
    lists.sort_by_key(|list| !list.chosen);
    let none = lists.is_empty();
    let steps = lists
        .into_iter()
        .map(|list| {
            let (tone, words) = match list.chosen {
                true => ("good", "Holds".to_owned()),
                false => ("off", sentence(&list.words)),
            };
            view! {
                <li>
                    <a class="grow" href=place::to(&format!("/prices/{}", list.list_id.inner()))>{list.name}</a>
                    {status(tone, words)}
                </li>
            }
        })
        .collect_view();
    let own = chosen.is_none().then(|| {
        view! { <li><span class="grow">"The variant's own price"</span>{status("good", "Holds")}</li> }
    });
    view! {
        <section class="card">
            <header><h2>{name}</h2></header>
            <div class="body">
                <p class="bigsum">{was}{found.price.formatted}</p>
                {found.converted.map(|converted| view! { <p>{converted}</p> })}
                <p class="dim">{source} {(1 < pieces).then(|| format!(", each of {pieces} pieces"))} "."</p>
            </div>
            <ol class="list" aria-label="What became of every price list">{steps}{own}</ol>
            {none.then(|| view! { <footer>{icon("info")} "The shop has no price list in use."</footer> })}
        </section>
    }
}

/// The server begins its reasons in lower case.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
