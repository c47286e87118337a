//! Pages for what went wrong. The page for 500 is fixed text, so that it works when nothing else does.

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::media::{self, Loading};
use crate::parts::{card, shell};
use crate::shop::Shop;
use axum::Extension;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use catalog::view::{CollectionView, ListQuery, ProductCard};
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::ErrorCode;
use std::sync::Arc;

/// The answer to an error of a use case: the page that fits its code.
pub async fn failure(ctx: &Ctx, shop: &Shop, error: &Error) -> Response {
    when_to_come_back(failure_page(ctx, shop, error).await, error)
}

/// The answer with the time after which coming back helps, for programs that look like browsers.
pub fn when_to_come_back(mut response: Response, error: &Error) -> Response {
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn failure_page(ctx: &Ctx, shop: &Shop, error: &Error) -> Response {
    match error.code() {
        ErrorCode::NotFound | ErrorCode::FeatureNotEnabled | ErrorCode::ModuleDisabled => {
            not_found(ctx, shop).await
        }
        ErrorCode::Unauthenticated => Redirect::to(&shop.href("/sign-in")).into_response(),
        ErrorCode::Forbidden => {
            sorry(shop, StatusCode::FORBIDDEN, "This is not yours to see", error.message())
        }
        ErrorCode::RateLimitExceeded => {
            let words = "There were too many tries. Wait a minute, then go on where you left off.";
            sorry(shop, StatusCode::TOO_MANY_REQUESTS, "One moment, please", words)
        }
        ErrorCode::ServiceUnavailable => {
            let words = "The shop is very busy right now. Your cart is kept; try again in a moment.";
            sorry(shop, StatusCode::SERVICE_UNAVAILABLE, "One moment, please", words)
        }
        code if code.http_status() < 500 => {
            let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
            sorry(shop, status, "That did not work", &crate::parts::form::sentence(error.message()))
        }
        _ => {
            tracing::error!(request.id = ctx.request_id(), "page failed: {}", error.report());
            internal(ctx.request_id())
        }
    }
}

/// 404 with a search and ways on.
pub async fn not_found(ctx: &Ctx, shop: &Shop) -> Response {
    let (mut rooms, mut cards) = (Vec::new(), Vec::new());
    if shop.shows_products() {
        rooms = data::collections(ctx).await.unwrap_or_default();
        let query = ListQuery { page: 1, ..ListQuery::default() };
        cards = data::list(ctx, &query).await.map(|list| list.cards.clone()).unwrap_or_default();
        cards.truncate(4);
    }
    answer(shop, || not_found_page(shop, &rooms, &cards))
}

/// `GET` of an address that leads nowhere.
pub async fn fallback(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    not_found(&ctx, &shop).await
}

/// The page for addresses that lead nowhere.
pub fn not_found_page(shop: &Shop, rooms: &[Arc<CollectionView>], cards: &[Arc<ProductCard>]) -> Page {
    let words = &shop.settings.not_found;
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let title = or(&words.title, "There is nothing at this address");
    let text = or(
        &words.text,
        match shop.sells() {
            true => {
                "The address may have a typo, or what was here is gone. Nothing in your cart has changed."
            }
            false => "The address may have a typo, or what was here is gone.",
        },
    );
    let search =
        shop.shows_products().then(|| shell::search_box(shop, "q404", "", "What were you looking for?", ""));
    let picture = words.picture.as_ref().map(|picture| {
        view! { <div class="media">{media::image(Some(picture), media::HALF, Loading::First)}</div> }
    });
    let split = picture.is_some().then_some("center");
    let head = Head { title: "Page not found".into(), hidden: true, ..Head::default() };
    let view = view! {
        <div class="shell split not-found" data-align=split>
            <div class="stack">
                <p class="eyebrow">"Page not found"</p>
                <h1>{title}</h1>
                <p class="lead">{text}</p>
                {search}
                {super::list::room_chips(shop, rooms)}
            </div>
            {picture}
        </div>
        {card::shelf(shop, "found", "Found more often", None, cards)}
    };
    let mut page = Page::new(head, "", view.into_any());
    page.status = StatusCode::NOT_FOUND;
    page
}

/// A page that says what happened and leads back.
pub fn sorry(shop: &Shop, status: StatusCode, title: &'static str, text: &str) -> Response {
    let head = Head { title: title.into(), hidden: true, ..Head::default() };
    let text = text.to_owned();
    let cart = shop.sells().then(|| view! { <a href=shop.href("/cart")>"To your cart"</a> });
    let view = view! {
        <div class="shell not-found">
            <div class="stack">
                <h1>{title}</h1>
                <p class="lead">{text}</p>
                <p class="cluster"><a class="button" href=shop.href("/")>"To the shop"</a>{cart}</p>
            </div>
        </div>
    };
    let mut response = answer(shop, || Page { status, ..Page::new(head, "", view.into_any()) });
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

/// 500: fixed text with the number under which the log has the rest.
pub fn internal(request_id: &str) -> Response {
    let id: String = request_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    let body = include_str!("500.html").replace("{id}", &id);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body).into_response()
}
