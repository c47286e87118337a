//! What comes with a link from a mail: confirm an address, set a password, accept an invitation, move an account.
//!
//! Opening such a page changes nothing, because programs open links in mails too; its button does.

use crate::data::{self, Invited};
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems};
use crate::parts::icon;
use crate::query;
use crate::routes::errors;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::ErrorCode;

/// Which page is meant, with what only it shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Ask for a link that sets a password.
    Forgot,
    /// Set a password.
    Reset,
    /// Confirm the address of an account.
    Verify {
        /// The address.
        email: String,
    },
    /// Move an account to another address.
    Confirm {
        /// The new address.
        email: String,
    },
    /// Begin to work for the shop.
    Invitation(Invited),
    /// Ask for a link that moves the account.
    Address {
        /// The present address.
        email: String,
    },
}

/// What was typed; never a password.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// From the link.
    pub token: String,
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// Whether it is done.
    pub done: bool,
}

impl Typed {
    /// Reads a query string or a posted form.
    pub fn from_pairs(pairs: &[(String, String)]) -> Self {
        let get = |name: &str| {
            let found = pairs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.trim().chars().take(300).collect::<String>()).unwrap_or_default()
        };
        Self { token: get("token"), email: get("email"), name: get("name"), done: get("done") == "1" }
    }

    fn from_query(encoded: Option<String>) -> Self {
        Self::from_pairs(&query::pairs(&encoded.unwrap_or_default()))
    }
}

/// `GET /forgot-password`
pub async fn forgot(shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    answer(&shop, || page(&shop, &Form::Forgot, &Typed::from_query(encoded), &Problems::default()))
}

/// `GET /reset-password`
pub async fn reset(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let typed = Typed::from_query(encoded);
    let found = data::reset_link(&ctx, &typed.token).await;
    opened(&ctx, &shop, typed, found.map(|()| Form::Reset)).await
}

/// `GET /verify-email`
pub async fn verify(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let typed = Typed::from_query(encoded);
    let found = match typed.done {
        true => Ok(String::new()),
        false => data::verification_link(&ctx, &typed.token).await,
    };
    opened(&ctx, &shop, typed, found.map(|email| Form::Verify { email })).await
}

/// `GET /confirm-address`
pub async fn confirm(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let typed = Typed::from_query(encoded);
    let found = match typed.done {
        true => Ok(String::new()),
        false => data::address_link(&ctx, &typed.token).await,
    };
    opened(&ctx, &shop, typed, found.map(|email| Form::Confirm { email })).await
}

/// `GET /invitation`
pub async fn invitation(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let mut typed = Typed::from_query(encoded);
    let found = data::invitation_link(&ctx, &typed.token).await;
    if let Ok(invited) = &found {
        typed.name.clone_from(&invited.name);
    }
    opened(&ctx, &shop, typed, found.map(Form::Invitation)).await
}

/// `GET /account/address`
pub async fn address(Extension(ctx): Extension<Ctx>, shop: Shop, RawQuery(encoded): RawQuery) -> Response {
    let typed = Typed::from_query(encoded);
    let found = data::own_email(&ctx).await;
    opened(&ctx, &shop, typed, found.map(|email| Form::Address { email })).await
}

async fn opened(ctx: &Ctx, shop: &Shop, typed: Typed, found: Result<Form, Error>) -> Response {
    match found {
        Ok(form) => answer(shop, || page(shop, &form, &typed, &Problems::default())),
        Err(error) => refused(ctx, shop, &error).await,
    }
}

/// A link that is no good, whatever the reason; other failures as everywhere.
pub async fn refused(ctx: &Ctx, shop: &Shop, error: &Error) -> Response {
    let stale = error.code() == ErrorCode::BadUserInput
        && error.fields().first().is_some_and(|field| field.field == "token");
    if stale { answer(shop, || stale_page(shop)) } else { errors::failure(ctx, shop, error).await }
}

fn stale_page(shop: &Shop) -> Page {
    let head = Head { title: "This link is no good any more".into(), hidden: true, ..Head::default() };
    let view = view! {
        <div class="shell not-found">
            <div class="stack">
                <h1>"This link is no good any more"</h1>
                <p>"It was used already, a newer one took its place, or it is too old. Ask for a new one where you got it."</p>
                <p class="cluster">
                    <a class="button" href=shop.href("/forgot-password")>"I forgot my password"</a>
                    <a class="button" data-kind="secondary" href=shop.href("/account")>"Go to my account"</a>
                </p>
            </div>
        </div>
    };
    Page { status: StatusCode::GONE, ..Page::new(head, "", view.into_any()) }
}

/// Path and title of a page.
fn place(form: &Form) -> (&'static str, &'static str) {
    match form {
        Form::Forgot => ("/forgot-password", "Forgot your password?"),
        Form::Reset => ("/reset-password", "Set a new password"),
        Form::Verify { .. } => ("/verify-email", "Confirm your e-mail"),
        Form::Confirm { .. } => ("/confirm-address", "Use a new e-mail"),
        Form::Invitation(_) => ("/invitation", "Work with us"),
        Form::Address { .. } => ("/account/address", "Change your e-mail"),
    }
}

/// The page of a form, or what there is to say once it is done.
pub fn page(shop: &Shop, form: &Form, typed: &Typed, problems: &Problems) -> Page {
    let (path, title) = place(form);
    let head = Head { title: title.into(), hidden: true, ..Head::default() };
    let body = if typed.done { said(shop, form) } else { asked(shop, form, typed, problems) };
    let view = view! {
        <div class="shell signin-page">
            <section class="stack" aria-labelledby="title"><h1 id="title">{title}</h1>{body}</section>
        </div>
    };
    Page::new(head, path, view.into_any())
}

fn said(shop: &Shop, form: &Form) -> AnyView {
    let (text, label, to) = match form {
        Form::Forgot => (
            "If an account has this e-mail, a link is on its way to it. It works for an hour.",
            "Back to the sign-in",
            "/sign-in",
        ),
        Form::Verify { .. } => ("Thank you: this e-mail is confirmed.", "Go to my account", "/account"),
        Form::Confirm { .. } => {
            ("Done. Sign in with your new e-mail from now on.", "Go to my account", "/account")
        }
        Form::Address { .. } => (
            "We have written to the new e-mail. Open the link there and your account moves. Your present e-mail gets a \
             note about it.",
            "Go to my account",
            "/account",
        ),
        Form::Reset | Form::Invitation(_) => ("Your password is set.", "Sign in", "/sign-in"),
    };
    view! {
        {form::notice("good", text)}
        <p><a class="button" data-kind="secondary" data-wide="" href=shop.href(to)>{label}</a></p>
    }
    .into_any()
}

fn asked(shop: &Shop, form: &Form, typed: &Typed, problems: &Problems) -> AnyView {
    let (path, _) = place(form);
    let email = |label, hint| Field {
        name: "email",
        label,
        kind: "email",
        autocomplete: "email",
        value: &typed.email,
        hint,
        ..Field::default()
    };
    let new_password = || Field {
        name: "password",
        label: "New password",
        kind: "password",
        autocomplete: "new-password",
        hint: "Eight characters or more. A sentence works well.",
        ..Field::default()
    };
    let (text, fields, button) = match form {
        Form::Forgot => (
            "Write the e-mail of your account and we send you a link to set a new one.".to_owned(),
            email("E-mail", "").view(problems),
            "Send the link",
        ),
        Form::Reset => (
            "All your devices are signed out when you set it.".to_owned(),
            new_password().view(problems),
            "Set the password",
        ),
        Form::Verify { email } => (format!("Is {email} your e-mail?"), ().into_any(), "Yes, confirm it"),
        Form::Confirm { email } => (
            format!("From now on your account shall have the e-mail {email}."),
            ().into_any(),
            "Use this e-mail",
        ),
        Form::Invitation(invited) => {
            let name = Field {
                name: "name",
                label: "Name",
                autocomplete: "name",
                value: &typed.name,
                optional: true,
                ..Field::default()
            };
            let fields = view! { {name.view(problems)} {new_password().view(problems)} };
            let text = format!(
                "You are invited to work for {} as {}. Your account has the e-mail {}.",
                shop.name(),
                invited.roles.join(", "),
                invited.email
            );
            (text, fields.into_any(), "Accept")
        }
        Form::Address { email: present } => {
            let password = Field {
                name: "password",
                label: "Your password",
                kind: "password",
                autocomplete: "current-password",
                ..Field::default()
            };
            let fields = view! {
                {email("New e-mail", "We write to it; your account moves when you open the link.").view(problems)}
                {password.view(problems)}
            };
            (format!("Now it is {present}."), fields.into_any(), "Send the link")
        }
    };
    let message = (!problems.message.is_empty()).then(|| {
        let message = problems.message.clone();
        view! { <div class="notice" data-tone="danger" role="alert" tabindex="-1" data-focus="">{icon::alert()}<p><strong>{message}</strong></p></div> }
    });
    let token = (!typed.token.is_empty()).then(|| form::hidden("token", &typed.token));
    view! {
        <p class="muted">{text}</p>
        <form action=shop.href(path) method="post" novalidate="">
            {message}
            {token}
            {fields}
            <button class="button" data-wide="">{button}</button>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::scene;
    use crate::shop::tests::shop_with;
    use serde_json::json;

    fn html(form: &Form, typed: &Typed) -> String {
        scene(|| {
            let shop = shop_with(json!({}), "/t/hearth");
            page(&shop, form, typed, &Problems::default()).into_html(&shop)
        })
    }

    #[test]
    fn carries_the_token_in_the_form_and_nowhere_else() {
        let typed = Typed { token: "SECRET".into(), ..Typed::default() };
        for form in
            [Form::Reset, Form::Verify { email: "a@b.c".into() }, Form::Confirm { email: "a@b.c".into() }]
        {
            let html = html(&form, &typed);
            assert_eq!(html.matches("SECRET").count(), 1, "{form:?}");
            assert!(html.contains("name=\"token\" value=\"SECRET\"") && html.contains("noindex"), "{form:?}");
            assert!(html.contains(&format!("action=\"/t/hearth{}\"", place(&form).0)), "{form:?}");
        }
    }

    #[test]
    fn says_the_same_about_every_address() {
        let done = Typed { done: true, ..Typed::default() };
        assert!(html(&Form::Forgot, &done).contains("If an account has this e-mail"));
    }

    #[test]
    fn shows_names_and_addresses_as_text() {
        let invited = Invited {
            email: "<b>@x.example".into(),
            name: String::new(),
            roles: vec!["<i>".into()],
            staff: true,
        };
        let html = html(&Form::Invitation(invited), &Typed::default());
        assert!(!html.contains("<b>@") && !html.contains("<i>"), "{html}");
    }
}
