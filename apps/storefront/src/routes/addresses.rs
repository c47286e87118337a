//! The addresses that an account keeps: a list, and a form that adds one or changes it.

use super::order::address as written;
use crate::data::{self, Addresses};
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems, error_summary, sentence};
use crate::parts::icon;
use crate::query;
use crate::routes::errors;
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commerce::view::Address;
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::{Country, ErrorCode, FieldError};

const PATH: &str = "/account/addresses";

/// What was typed into the form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// The address that is changed; empty for a new one.
    pub id: String,
    /// The address.
    pub address: Address,
    /// The checkout begins with it.
    pub first_choice: bool,
}

impl Typed {
    fn from_pairs(pairs: &[(String, String)]) -> Self {
        let mut typed = Self::default();
        for (key, value) in pairs {
            let value: String = value.trim().chars().take(500).collect();
            let address = &mut typed.address;
            match key.as_str() {
                "id" => typed.id = value,
                "name" => address.name = value,
                "company" => address.company = value,
                "line1" => address.line1 = value,
                "line2" => address.line2 = value,
                "postal_code" => address.postal_code = value,
                "city" => address.city = value,
                "region" => address.region = value,
                "country" => address.country = value,
                "phone" => address.phone = value,
                "first_choice" => typed.first_choice = value == "1",
                _ => {}
            }
        }
        typed
    }
}

/// `GET /account/addresses`; `?edit=` names the one that the form holds.
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let pairs = query::pairs(&encoded.unwrap_or_default());
    let edit = pairs.iter().find(|(key, _)| key == "edit").map(|(_, value)| value.clone());
    match data::addresses(&ctx).await {
        Ok(kept) => {
            let chosen = kept.all.iter().find(|one| Some(one.id.to_string()) == edit);
            let typed = chosen.map_or_else(Typed::default, |one| Typed {
                id: one.id.to_string(),
                address: one.address.clone(),
                first_choice: one.first_choice,
            });
            answer(&shop, || page(&shop, &kept, &typed, &Problems::default()))
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `POST /account/addresses`: keeps an address or changes one.
pub async fn put(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let typed = Typed::from_pairs(&query::pairs(&body));
    match data::put_address(&ctx, &typed).await {
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
        Err(error) => again(&ctx, &shop, &typed, &error).await,
    }
}

/// `POST /account/addresses/prefer`: `id`.
pub async fn prefer(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let typed = Typed::from_pairs(&query::pairs(&body));
    match data::prefer_address(&ctx, &typed.id).await {
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `POST /account/addresses/remove`: `id`.
pub async fn remove(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let typed = Typed::from_pairs(&query::pairs(&body));
    match data::remove_address(&ctx, &typed.id).await {
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

async fn again(ctx: &Ctx, shop: &Shop, typed: &Typed, error: &Error) -> Response {
    let problems = match error.code() {
        ErrorCode::BadUserInput => {
            let fields = error.fields().iter().map(|field| {
                let name = field.field.strip_prefix("address.").unwrap_or(&field.field);
                FieldError::new(name.replace("postalCode", "postal_code"), field.message.clone())
            });
            Problems { message: String::new(), fields: fields.collect() }
        }
        ErrorCode::Conflict => Problems::message(sentence(error.message())),
        _ => return errors::failure(ctx, shop, error).await,
    };
    match data::addresses(ctx).await {
        Ok(kept) => answer(shop, || Page {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            ..page(shop, &kept, typed, &problems)
        }),
        Err(gone) => errors::failure(ctx, shop, &gone).await,
    }
}

/// The page.
pub fn page(shop: &Shop, kept: &Addresses, typed: &Typed, problems: &Problems) -> Page {
    let head = Head { title: "Your addresses".into(), hidden: true, ..Head::default() };
    let crumbs = [
        ("Home".to_owned(), Some("/".to_owned())),
        ("Account".to_owned(), Some("/account".to_owned())),
        ("Addresses".to_owned(), None),
    ];
    let cards = kept
        .all
        .iter()
        .map(|one| {
            let id = one.id.to_string();
            // Whoever only hears the page has to know which address a button is for.
            let which = format!(" {}, {}", one.address.line1, one.address.city);
            let hidden = || view! { <span class="visually-hidden">{which.clone()}</span> };
            let post = |path: &str, words: &'static str| {
                view! {
                    <form action=shop.href(path) method="post">
                        {form::hidden("id", &id)}
                        <button class="button" data-kind="quiet" data-size="small">{words}{hidden()}</button>
                    </form>
                }
            };
            let preferred = match one.first_choice {
                true => view! { <p class="status" data-tone="good">"First choice"</p> }.into_any(),
                false => post("/account/addresses/prefer", "Make it the first choice").into_any(),
            };
            view! {
                <div class="panel">
                    {written(&one.address)}
                    {preferred}
                    <p class="cluster">
                        <a class="button" data-kind="secondary" data-size="small" href=shop.href(&format!("{PATH}?edit={id}#edit"))>"Change"{hidden()}</a>
                        {post("/account/addresses/remove", "Delete")}
                    </p>
                </div>
            }
        })
        .collect_view();
    let none = kept.all.is_empty().then(|| view! { <p class="muted">"None kept yet."</p> });
    let title = if typed.id.is_empty() { "Add an address" } else { "Change the address" };
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <h1>"Your addresses"</h1>
            <div class="stack" data-gap="large">
                {none}
                <div class="panel-row">{cards}</div>
                <section class="stack" aria-labelledby="edit">
                    <h2 id="edit">{title}</h2>
                    <form action=shop.href(PATH) method="post" class="stack" novalidate="">
                        {error_summary(problems, "Everything you typed is kept.")}
                        {(!typed.id.is_empty()).then(|| form::hidden("id", &typed.id))}
                        <div class="form-grid">{fields(kept, &typed.address, problems)}</div>
                        <label class="check">
                            <input type="checkbox" name="first_choice" value="1" checked=typed.first_choice/>
                            <span>"My first choice: the checkout begins with it"</span>
                        </label>
                        <p><button class="button">"Save the address"</button></p>
                    </form>
                </section>
            </div>
        </div>
    };
    Page::new(head, PATH, view.into_any())
}

fn fields(kept: &Addresses, typed: &Address, problems: &Problems) -> AnyView {
    let field =
        |name, label, autocomplete, value| Field { name, label, autocomplete, value, ..Field::default() };
    let error = problems.at("country").map(sentence);
    let described = error.as_ref().map(|_| "country-error");
    // One that nothing is sent to any more stays what it is until somebody chooses another.
    let gone = Country::parse(&typed.country).ok().filter(|country| !kept.countries.contains(country));
    let options = gone
        .iter()
        .chain(&kept.countries)
        .map(|country| {
            view! { <option value=country.as_str() selected=country.as_str() == typed.country>{country.name()}</option> }
        })
        .collect_view();
    view! {
        <div class="field">
            <label for="country">"Country"</label>
            <select
                class="input"
                id="country"
                name="country"
                autocomplete="country"
                aria-describedby=described
                aria-invalid=error.is_some().then_some("true")
            >
                {options}
            </select>
            {error.map(|error| view! { <p class="error" id="country-error">{icon::alert()}{error}</p> })}
        </div>
        {field("name", "Full name", "name", &typed.name).view(problems)}
        {Field { optional: true, ..field("company", "Company", "organization", &typed.company) }.view(problems)}
        {field("line1", "Street and number", "address-line1", &typed.line1).view(problems)}
        {Field { optional: true, ..field("line2", "Flat, floor", "address-line2", &typed.line2) }.view(problems)}
        {Field { span: "2", ..field("postal_code", "Postal code", "postal-code", &typed.postal_code) }.view(problems)}
        {Field { span: "4", ..field("city", "Town", "address-level2", &typed.city) }.view(problems)}
        {Field { optional: true, ..field("region", "State or province", "address-level1", &typed.region) }.view(problems)}
        {Field { kind: "tel", optional: true, ..field("phone", "Phone", "tel", &typed.phone) }.view(problems)}
    }
    .into_any()
}
