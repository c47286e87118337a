//! REST: sign-in, also through providers, and who am I. Everything else is GraphQL.

use crate::door::Authenticated;
use crate::security::refresh;
use crate::user::{self, Registration};
use crate::view::TokenView;
use crate::{oidc, session, signin};
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use platform::{App, Ctx, Error, Result};
use primitives::FieldError;
use serde::Deserialize;
use serde_json::json;

/// Routes below `/api/v1`.
pub fn rest() -> Router<App> {
    Router::new()
        .route("/auth/register", post(register))
        .route("/auth/sign-in", post(sign_in))
        .route("/auth/sign-out", post(sign_out))
        .route("/auth/token", post(token))
        .route("/auth/oidc/callback", get(oidc::http::callback))
        .route("/me", get(me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
    /// Of the second step, for who has one.
    #[serde(default)]
    code: Option<String>,
}

/// In the words of RFC 6749; without `grant_type` it is a password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    #[serde(default)]
    grant_type: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    email: String,
    password: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    locale: Option<String>,
}

async fn register(
    Extension(ctx): Extension<Ctx>,
    Extension(who): Extension<Authenticated>,
    input: Result<Json<NewAccount>, JsonRejection>,
) -> Result<impl IntoResponse> {
    let Json(NewAccount { email, password, name, locale }) = input?;
    user::register(&ctx, Registration { email, password, name, locale }, &who.visit).await?;
    Ok((StatusCode::ACCEPTED, NO_STORE, Json(json!({ "accepted": true }))))
}

async fn sign_in(
    Extension(ctx): Extension<Ctx>,
    Extension(who): Extension<Authenticated>,
    input: Result<Json<Credentials>, JsonRejection>,
) -> Result<impl IntoResponse> {
    let Json(Credentials { email, password, code }) = input?;
    let shown = signin::Credentials { email, password, code };
    let signed_in = signin::sign_in_with(&ctx, &shown, &who.visit).await?;
    let cookies = signed_in.cookies().map(|cookie| (header::SET_COOKIE, cookie.to_owned()));
    Ok((NO_STORE, AppendHeaders(cookies), Json(signed_in.me)))
}

async fn sign_out(
    Extension(ctx): Extension<Ctx>,
    Extension(who): Extension<Authenticated>,
) -> Result<impl IntoResponse> {
    let cookie = session::sign_out(&ctx, &who.visit).await?;
    Ok((StatusCode::NO_CONTENT, NO_STORE, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

async fn token(
    Extension(ctx): Extension<Ctx>,
    Extension(who): Extension<Authenticated>,
    input: Result<Json<Grant>, JsonRejection>,
) -> Result<(NoStore, Json<TokenView>)> {
    let Json(grant) = input?;
    let token = match grant.read()? {
        Granted::Password(shown) => signin::token(&ctx, &shown, &who.visit).await?,
        Granted::Refresh(token) => refresh::refresh(&ctx, &token).await?,
    };
    Ok((NO_STORE, Json(token)))
}

enum Granted {
    Password(signin::Credentials),
    Refresh(String),
}

impl Grant {
    fn read(self) -> Result<Granted> {
        let missing = |field: &str| FieldError::new(field, "is required");
        let alien = |field: &str, kind: &str| FieldError::new(field, format!("does not belong to {kind}"));
        let Self { grant_type, email, password, code, refresh_token } = self;
        let (granted, mistakes) = match grant_type.as_deref().unwrap_or("password") {
            kind @ "password" => {
                let mistakes = [
                    email.is_none().then(|| missing("email")),
                    password.is_none().then(|| missing("password")),
                    refresh_token.is_some().then(|| alien("refresh_token", kind)),
                ];
                let (email, password) = (email.unwrap_or_default(), password.unwrap_or_default());
                (Granted::Password(signin::Credentials { email, password, code }), mistakes)
            }
            kind @ "refresh_token" => {
                let given = [("email", &email), ("password", &password), ("code", &code)];
                let more = given.into_iter().find(|(_, value)| value.is_some());
                let mistakes = [
                    refresh_token.is_none().then(|| missing("refresh_token")),
                    more.map(|(field, _)| alien(field, kind)),
                    None,
                ];
                (Granted::Refresh(refresh_token.unwrap_or_default()), mistakes)
            }
            _ => return Err(Error::invalid("grant_type", "must be password or refresh_token")),
        };
        let mistakes: Vec<_> = mistakes.into_iter().flatten().collect();
        if mistakes.is_empty() { Ok(granted) } else { Err(Error::invalid_fields(mistakes)) }
    }
}

async fn me(Extension(ctx): Extension<Ctx>) -> Result<impl IntoResponse> {
    let me = user::me(&ctx).await?.ok_or_else(Error::unauthenticated)?;
    Ok((NO_STORE, Json(me)))
}

type NoStore = [(header::HeaderName, &'static str); 1];

const NO_STORE: NoStore = [(header::CACHE_CONTROL, "no-store")];
