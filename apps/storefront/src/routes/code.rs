//! The second step of signing in: a page of its own that asks for the code.

use super::signin::{Form, Typed};
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems};
use crate::parts::icon;
use crate::query;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Redirect, Response};
use leptos::prelude::*;
use platform::Ctx;

/// `GET /sign-in/code`
pub async fn show(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    RawQuery(encoded): RawQuery,
) -> Response {
    let typed = Typed::from_pairs(Form::SignIn, &query::pairs(&encoded.unwrap_or_default()));
    if ctx.user_id().is_some() {
        return Redirect::to(&shop.href(&typed.destination())).into_response();
    }
    // Nobody owes a code who has not shown the password in this browser.
    if visitor.challenge.is_none() {
        return Redirect::to(&shop.href("/sign-in")).into_response();
    }
    answer(&shop, || page(&shop, &typed, &Problems::default()))
}

/// The page.
pub fn page(shop: &Shop, typed: &Typed, problems: &Problems) -> Page {
    let head = Head { title: "One more step".into(), hidden: true, ..Head::default() };
    let code = Field {
        name: "code",
        label: "Code",
        autocomplete: "one-time-code",
        hint: "Six digits from your authenticator application, or one of your recovery codes.",
        ..Field::default()
    };
    let to = (!typed.to.is_empty()).then(|| form::hidden("to", &typed.to));
    let message = (!problems.message.is_empty()).then(|| {
        let message = problems.message.clone();
        view! { <div class="notice" data-tone="danger" role="alert" tabindex="-1" data-focus="">{icon::alert()}<p><strong>{message}</strong></p></div> }
    });
    let view = view! {
        <div class="shell signin-page">
            <section aria-labelledby="code-title" class="stack">
                <h1 id="code-title">"One more step"</h1>
                <p class="muted">"Your password was right. Now the code that goes with it."</p>
                <form action=shop.href("/sign-in/code") method="post" novalidate="">
                    {message}
                    {to}
                    {code.view(problems)}
                    <button class="button" data-wide="">"Sign in"</button>
                </form>
                <p><a href=shop.href("/sign-in")>"Begin again with another account"</a></p>
            </section>
        </div>
    };
    Page::new(head, "/sign-in/code", view.into_any())
}
