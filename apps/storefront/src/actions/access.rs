//! Posted forms of links from mails.

use crate::data;
use crate::page::{self, Page};
use crate::parts::form::{Problems, sentence};
use crate::query;
use crate::routes::access::{self, Form, Typed};
use crate::routes::errors;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::{Ctx, Error};
use primitives::ErrorCode;

/// A posted form: what may be shown again, and the password.
fn read(body: &str) -> (Typed, String) {
    let pairs = query::pairs(body);
    let password = pairs.iter().find(|(key, _)| key == "password").map(|(_, value)| value.clone());
    (Typed::from_pairs(&pairs), password.unwrap_or_default())
}

fn to(shop: &Shop, path: &str) -> Response {
    Redirect::to(&shop.href(path)).into_response()
}

/// `POST /forgot-password`: `email`.
pub async fn forgot(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let (typed, _) = read(&body);
    match data::request_reset(&ctx, &visitor, &typed.email).await {
        Ok(()) => to(&shop, "/forgot-password?done=1"),
        Err(error) => again(&ctx, &shop, Form::Forgot, typed, &error).await,
    }
}

/// `POST /reset-password`: `token`, `password`.
pub async fn reset(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let (typed, password) = read(&body);
    match data::reset_password(&ctx, &typed.token, &password).await {
        // Who works for the shop signs in at the admin.
        Ok(true) => to(&shop, "/admin/"),
        Ok(false) => to(&shop, "/sign-in?changed=1"),
        Err(error) => again(&ctx, &shop, Form::Reset, typed, &error).await,
    }
}

/// `POST /verify-email`: `token`.
pub async fn verify(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    match data::verify(&ctx, &read(&body).0.token).await {
        Ok(()) => to(&shop, "/verify-email?done=1"),
        Err(error) => access::refused(&ctx, &shop, &error).await,
    }
}

/// `POST /confirm-address`: `token`.
pub async fn confirm(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    match data::confirm_address(&ctx, &read(&body).0.token).await {
        Ok(()) => to(&shop, "/confirm-address?done=1"),
        Err(error) => access::refused(&ctx, &shop, &error).await,
    }
}

/// `POST /invitation`: `token`, `name`, `password`.
pub async fn invitation(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let (typed, password) = read(&body);
    match data::accept_invitation(&ctx, &typed.token, &typed.name, &password).await {
        Ok(invited) if invited.staff => to(&shop, "/admin/"),
        Ok(_) => to(&shop, "/sign-in?changed=1"),
        Err(error) => match data::invitation_link(&ctx, &typed.token).await {
            Ok(invited) => again(&ctx, &shop, Form::Invitation(invited), typed, &error).await,
            Err(gone) => access::refused(&ctx, &shop, &gone).await,
        },
    }
}

/// `POST /account/address`: `email`, `password`.
pub async fn address(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let (typed, password) = read(&body);
    match data::request_address_change(&ctx, &visitor, &typed.email, &password).await {
        Ok(()) => to(&shop, "/account/address?done=1"),
        Err(error) => match data::own_email(&ctx).await {
            Ok(email) => again(&ctx, &shop, Form::Address { email }, typed, &error).await,
            Err(gone) => access::refused(&ctx, &shop, &gone).await,
        },
    }
}

/// `POST /account/verify`: sends the link once more.
pub async fn send_verification(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor) -> Response {
    match data::request_verification(&ctx, &visitor).await {
        Ok(()) => to(&shop, "/account?sent=1"),
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

async fn again(ctx: &Ctx, shop: &Shop, form: Form, typed: Typed, error: &Error) -> Response {
    let (status, problems) = match error.code() {
        ErrorCode::BadUserInput if error.fields().iter().any(|field| field.field == "token") => {
            return access::refused(ctx, shop, error).await;
        }
        ErrorCode::BadUserInput => {
            let fields = error.fields().to_vec();
            let message = if fields.is_empty() { sentence(error.message()) } else { String::new() };
            (StatusCode::UNPROCESSABLE_ENTITY, Problems { message, fields })
        }
        ErrorCode::RateLimitExceeded => {
            let words = "That was asked for often just now. Wait a few minutes, then try again.";
            (StatusCode::TOO_MANY_REQUESTS, Problems::message(words))
        }
        _ => return errors::failure(ctx, shop, error).await,
    };
    let response = page::answer(shop, || Page { status, ..access::page(shop, &form, &typed, &problems) });
    errors::when_to_come_back(response, error)
}
