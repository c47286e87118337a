//! Signing in and registering: two forms, one page each way.

use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems};
use crate::parts::icon;
use crate::query;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::RawQuery;
use axum::response::{IntoResponse, Redirect, Response};
use leptos::prelude::*;
use platform::Ctx;
use platform::module::Feature;
use primitives::Slug;

/// Which of the two forms is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Form {
    /// Sign in.
    #[default]
    SignIn,
    /// Open an account.
    Register,
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hello {
    /// An account was opened, or the address had one.
    Registered,
    /// A new password was set.
    Changed,
}

/// What was typed; never a password.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// The form that was posted.
    pub form: Form,
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// Where to go on: `checkout`, `review:<slug>`, or nothing for the account.
    pub to: String,
}

impl Typed {
    /// Reads a query string or a posted form.
    pub fn from_pairs(form: Form, pairs: &[(String, String)]) -> Self {
        let get = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.trim().chars().take(300).collect::<String>())
        };
        Self {
            form,
            email: get("email").unwrap_or_default(),
            name: get("name").unwrap_or_default(),
            to: get("to").unwrap_or_default(),
        }
    }

    /// Where to go on. Only places that we know.
    pub fn destination(&self) -> String {
        match self.to.split_once(':') {
            None if self.to == "checkout" => "/checkout".to_owned(),
            Some(("review", slug)) if Slug::parse(slug).is_ok_and(|parsed| parsed.as_str() == slug) => {
                format!("/reviews/{slug}")
            }
            _ => "/account".to_owned(),
        }
    }
}

/// `GET /sign-in`
pub async fn sign_in(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    show(&ctx, &shop, Form::SignIn, &encoded.unwrap_or_default())
}

/// `GET /register`
pub async fn register(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    show(&ctx, &shop, Form::Register, &encoded.unwrap_or_default())
}

fn show(ctx: &Ctx, shop: &Shop, form: Form, encoded: &str) -> Response {
    let pairs = query::pairs(encoded);
    let typed = Typed::from_pairs(form, &pairs);
    if ctx.user_id().is_some() {
        return Redirect::to(&shop.href(&typed.destination())).into_response();
    }
    let has = |name: &str| pairs.iter().any(|(key, value)| key == name && value == "1");
    let hello = match (has("registered"), has("changed")) {
        (true, _) => Some(Hello::Registered),
        (_, true) => Some(Hello::Changed),
        _ => None,
    };
    answer(shop, || page(shop, &typed, &Problems::default(), hello))
}

/// The page with one form open and a way to the other.
pub fn page(shop: &Shop, typed: &Typed, problems: &Problems, hello: Option<Hello>) -> Page {
    let (title, path) = match typed.form {
        Form::SignIn => ("Sign in", "/sign-in"),
        Form::Register => ("Create an account", "/register"),
    };
    let head = Head { title: title.into(), hidden: true, ..Head::default() };
    let hello = hello.map(|hello| {
        let words = match hello {
            Hello::Registered => {
                "Your account is ready, if this e-mail had none before. Sign in with the password you chose. We have \
                 written to you: open the link there to confirm your e-mail."
            }
            Hello::Changed => "Your new password is set. Sign in with it.",
        };
        form::notice("good", words)
    });
    let to = (!typed.to.is_empty()).then(|| form::hidden("to", &typed.to));
    let body = match typed.form {
        Form::SignIn => sign_in_form(shop, typed, problems, hello.into_any(), to.into_any()),
        Form::Register => register_form(shop, typed, problems, to.into_any()),
    };
    Page::new(head, path, view! { <div class="shell signin-page">{body}</div> }.into_any())
}

fn notice(problems: &Problems) -> Option<AnyView> {
    (!problems.message.is_empty()).then(|| {
        let message = problems.message.clone();
        view! { <div class="notice" data-tone="danger" role="alert" tabindex="-1" data-focus="">{icon::alert()}<p><strong>{message}</strong></p></div> }
            .into_any()
    })
}

fn sign_in_form(shop: &Shop, typed: &Typed, problems: &Problems, hello: AnyView, to: AnyView) -> AnyView {
    let email = Field {
        name: "email",
        label: "E-mail",
        kind: "email",
        autocomplete: "username",
        value: &typed.email,
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Password",
        kind: "password",
        autocomplete: "current-password",
        ..Field::default()
    };
    let register = with_destination("/register", typed);
    let new = shop.has(Feature::CustomerAccounts).then(|| {
        view! {
            <section aria-labelledby="new" class="stack">
                <h2 id="new">"New here?"</h2>
                {shop.sells().then(|| view! { <p class="muted">"You can buy without an account. With one, you find all your orders in one place."</p> })}
                <p><a class="button" data-kind="secondary" data-wide="" href=shop.href(&register)>"Create an account"</a></p>
            </section>
        }
    });
    view! {
        <section aria-labelledby="in" class="stack">
            <h1 id="in">"Welcome back"</h1>
            {shop.sells().then(|| view! { <p class="muted">"Your cart and your orders are where you left them."</p> })}
            {hello}
            <form action=shop.href("/sign-in") method="post" novalidate="">
                {notice(problems)}
                {to}
                {email.view(problems)}
                {password.view(problems)}
                <button class="button" data-wide="">"Sign in"</button>
            </form>
            <p><a href=shop.href("/forgot-password")>"Forgot your password?"</a></p>
        </section>
        {new}
    }
    .into_any()
}

fn register_form(shop: &Shop, typed: &Typed, problems: &Problems, to: AnyView) -> AnyView {
    let name = Field {
        name: "name",
        label: "Name",
        autocomplete: "name",
        value: &typed.name,
        optional: true,
        ..Field::default()
    };
    let email = Field {
        name: "email",
        label: "E-mail",
        kind: "email",
        autocomplete: "email",
        value: &typed.email,
        ..Field::default()
    };
    let password = Field {
        name: "password",
        label: "Password",
        kind: "password",
        autocomplete: "new-password",
        hint: "Eight characters or more. A sentence works well.",
        ..Field::default()
    };
    let sign_in = with_destination("/sign-in", typed);
    view! {
        <section aria-labelledby="new" class="stack">
            <h1 id="new">"Create an account"</h1>
            <p class="muted">"Name it once, find every order again."</p>
            <form action=shop.href("/register") method="post" novalidate="">
                {notice(problems)}
                {to}
                {name.view(problems)}
                {email.view(problems)}
                {password.view(problems)}
                <button class="button" data-wide="">"Create account"</button>
            </form>
        </section>
        <section aria-labelledby="in" class="stack">
            <h2 id="in">"Have one already?"</h2>
            <p class="muted">"Then your cart and your orders are waiting for you."</p>
            <p><a class="button" data-kind="secondary" data-wide="" href=shop.href(&sign_in)>"Sign in"</a></p>
        </section>
    }
    .into_any()
}

/// The address with where to go on afterwards.
pub fn with_destination(path: &str, typed: &Typed) -> String {
    match typed.to.as_str() {
        "" => path.to_owned(),
        to => format!("{path}?{}", query::encode(&[("to", to)])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_only_to_places_that_we_know() {
        let to = |to: &str| Typed { to: to.into(), ..Typed::default() }.destination();
        assert_eq!(to("checkout"), "/checkout");
        assert_eq!(to("review:wool-throw"), "/reviews/wool-throw");
        assert_eq!(to("review:../admin"), "/account");
        assert_eq!(to("review://example.com"), "/account");
        assert_eq!(to("https://example.com"), "/account");
        assert_eq!(to("//example.com"), "/account");
    }
}
