//! What the shop holds about whoever has signed in: as a file, and its end.

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems, error_summary, sentence};
use crate::parts::icon;
use crate::query;
use crate::routes::errors;
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use crate::visitor::{Visitor, set_cookie};
use axum::Extension;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::{ErrorCode, Money};

const PATH: &str = "/account/erase";

/// `GET /account/data`: everything about the caller, as a file.
pub async fn data(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    match data::own_data(&ctx).await {
        Ok(json) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, json).into_response()
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `POST /account/letters`: `wanted`, `1` or `0`.
pub async fn letters(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let wanted = query::pairs(&body).iter().any(|(key, value)| key == "wanted" && value == "1");
    match data::set_letters(&ctx, wanted).await {
        Ok(()) => Redirect::to(&shop.href("/account#letters")).into_response(),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `GET /account/erase`
pub async fn ask(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    match data::own_end(&ctx).await {
        Ok((email, credit)) => answer(&shop, || page(&shop, &email, credit, "", &Problems::default())),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `POST /account/erase`: `confirmation`, `password`.
pub async fn erase(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let pairs = query::pairs(&body);
    let get = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (typed, password) = (get("confirmation"), get("password"));
    match data::erase_own(&ctx, &visitor, &typed, &password).await {
        Ok(cookie) => {
            let response = Redirect::to(&shop.href("/account-erased")).into_response();
            visitor.with_count(&shop, set_cookie(response, &cookie), 0)
        }
        Err(error) => again(&ctx, &shop, &typed, &error).await,
    }
}

/// `GET /account-erased`
pub async fn erased(shop: Shop) -> Response {
    answer(&shop, || {
        let head = Head { title: "Your account is gone".into(), hidden: true, ..Head::default() };
        let view = view! {
            <div class="shell signin-page">
                <section class="stack" aria-labelledby="title">
                    <h1 id="title">"Your account is gone"</h1>
                    <p>"We no longer know who you are. Orders stay in our books without your name and address, because the law asks for them."</p>
                    <p><a class="button" href=shop.href("/")>"Back to the shop"</a></p>
                </section>
            </div>
        };
        Page::new(head, "/account-erased", view.into_any())
    })
}

async fn again(ctx: &Ctx, shop: &Shop, typed: &str, error: &Error) -> Response {
    let (status, problems) = match error.code() {
        ErrorCode::BadUserInput => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Problems { message: String::new(), fields: error.fields().to_vec() },
        ),
        ErrorCode::Conflict => {
            (StatusCode::UNPROCESSABLE_ENTITY, Problems::message(sentence(error.message())))
        }
        ErrorCode::RateLimitExceeded => {
            let words = "That was asked for often just now. Wait a few minutes, then try again.";
            (StatusCode::TOO_MANY_REQUESTS, Problems::message(words))
        }
        _ => return errors::failure(ctx, shop, error).await,
    };
    match data::own_end(ctx).await {
        Ok((email, credit)) => {
            let response = answer(shop, || Page { status, ..page(shop, &email, credit, typed, &problems) });
            errors::when_to_come_back(response, error)
        }
        Err(gone) => errors::failure(ctx, shop, &gone).await,
    }
}

/// The page; `credit` is the store credit that goes with the account, `typed` what was written to confirm.
pub fn page(shop: &Shop, email: &str, credit: Money, typed: &str, problems: &Problems) -> Page {
    let head = Head { title: "Erase your account".into(), hidden: true, ..Head::default() };
    let crumbs = [
        ("Home".to_owned(), Some("/".to_owned())),
        ("Account".to_owned(), Some("/account".to_owned())),
        ("Erase".to_owned(), None),
    ];
    let hint = format!("Type {email}");
    let lost = (0 < credit.minor).then(|| {
        let words = format!(
            "Your store credit of {} is lost with your account. Use it before, if you can.",
            shop.amount(credit)
        );
        form::notice("warning", words)
    });
    let confirmation = Field {
        name: "confirmation",
        label: "Your e-mail, to confirm",
        kind: "email",
        autocomplete: "off",
        value: typed,
        hint: &hint,
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Your password",
        kind: "password",
        autocomplete: "current-password",
        ..Field::default()
    };
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <section class="stack signin-page" aria-labelledby="title">
                <h1 id="title">"Erase your account"</h1>
                <p>"Your account, your addresses, your groups and the letters to you are deleted. Your orders stay in our books without your name, e-mail, address and phone. Nobody can bring this back."</p>
                {lost}
                <p><a href=shop.href("/account/data")>"Download your data first"</a></p>
                <form action=shop.href(PATH) method="post" novalidate="">
                    {(!problems.is_empty()).then(|| error_summary(problems, "Nothing was erased."))}
                    {confirmation.view(problems)}
                    {password.view(problems)}
                    <button class="button" data-wide="">{icon::alert()}"Erase my account for good"</button>
                </form>
            </section>
        </div>
    };
    Page::new(head, PATH, view.into_any())
}
