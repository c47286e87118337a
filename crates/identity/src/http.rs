//! REST: sign-in and who am I. Everything else is GraphQL.

use crate::door::Authenticated;
use crate::session;
use crate::user::{self, Registration};
use crate::view::TokenView;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use platform::{App, Ctx, Error, Result};
use serde::Deserialize;
use serde_json::json;

/// Routes below `/api/v1`.
pub fn rest() -> Router<App> {
    Router::new()
        .route("/auth/register", post(register))
        .route("/auth/sign-in", post(sign_in))
        .route("/auth/sign-out", post(sign_out))
        .route("/auth/token", post(token))
        .route("/me", get(me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    email: String,
    password: String,
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
    let Json(Credentials { email, password }) = input?;
    let signed_in = session::sign_in(&ctx, &email, &password, &who.visit).await?;
    Ok((NO_STORE, AppendHeaders([(header::SET_COOKIE, signed_in.cookie)]), Json(signed_in.me)))
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
    input: Result<Json<Credentials>, JsonRejection>,
) -> Result<(NoStore, Json<TokenView>)> {
    let Json(Credentials { email, password }) = input?;
    Ok((NO_STORE, Json(session::token(&ctx, &email, &password, &who.visit).await?)))
}

async fn me(Extension(ctx): Extension<Ctx>) -> Result<impl IntoResponse> {
    let me = user::me(&ctx).await?.ok_or_else(Error::unauthenticated)?;
    Ok((NO_STORE, Json(me)))
}

type NoStore = [(header::HeaderName, &'static str); 1];

const NO_STORE: NoStore = [(header::CACHE_CONTROL, "no-store")];
