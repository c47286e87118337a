//! Posted reviews.

use crate::data;
use crate::page::{self, Page};
use crate::parts::form::{Problems, sentence};
use crate::query;
use crate::routes::{errors, review};
use crate::shop::Shop;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::{Ctx, Error};
use primitives::ErrorCode;

/// `POST /reviews/{slug}`: `rating`, `title`, `body`, `author`.
pub async fn write(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path(slug): Path<String>,
    body: String,
) -> Response {
    let typed = review::Typed::from_pairs(&query::pairs(&body));
    let (product, own) = match review::load(&ctx, &shop, &slug).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match data::review_write(&ctx, product.id, &typed).await {
        Ok(()) => Redirect::to(&shop.href(&format!("/reviews/{}?done=1", product.slug))).into_response(),
        Err(error) => match problems(&error) {
            Some((status, problems)) => {
                let again = || review::page(&shop, &product, &own, &typed, &problems, false);
                let response = page::answer(&shop, || Page { status, ..again() });
                errors::when_to_come_back(response, &error)
            }
            None => review::instead(&ctx, &shop, &slug, &error).await,
        },
    }
}

/// `POST /reviews/{slug}/withdraw`
pub async fn withdraw(Extension(ctx): Extension<Ctx>, shop: Shop, Path(slug): Path<String>) -> Response {
    let (product, _) = match review::load(&ctx, &shop, &slug).await {
        Ok(found) => found,
        Err(response) => return response,
    };
    match data::review_withdraw(&ctx, product.id).await {
        Ok(()) => Redirect::to(&shop.href(&format!("/products/{}#reviews", product.slug))).into_response(),
        Err(error) => review::instead(&ctx, &shop, &slug, &error).await,
    }
}

/// What comes back with the form; nothing for errors that no other input mends.
fn problems(error: &Error) -> Option<(StatusCode, Problems)> {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    Some(match error.code() {
        ErrorCode::BadUserInput => {
            let (whole, fields): (Vec<_>, Vec<_>) =
                error.fields().iter().cloned().partition(|field| field.field == "product");
            let message = whole.first().map(|field| sentence(&field.message)).unwrap_or_default();
            (unprocessable, Problems { message, fields })
        }
        ErrorCode::Conflict => (unprocessable, Problems::message(sentence(error.message()))),
        ErrorCode::RateLimitExceeded => {
            let words = "You have written a lot in the last hour. Take a break, then send it again.";
            (StatusCode::TOO_MANY_REQUESTS, Problems::message(words))
        }
        _ => return None,
    })
}
