//! Buying the same again, from the page of an order or from the account.

use crate::actions;
use crate::data;
use crate::parts::form::sentence;
use crate::parts::lines::comma;
use crate::routes::errors;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use commerce::cart::{Again, Missing};
use commerce::returns::Door;
use commerce::view::OrderState;
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::{ErrorCode, OrderId};

/// `POST /orders/{token}/again`
pub async fn by_token(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    let again = data::again(&ctx, &visitor, Door::Token(&token)).await;
    done(&ctx, &shop, &visitor, &headers, &token, again).await
}

/// `POST /account/orders/{id}/again`
pub async fn own(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let again = match id.parse::<OrderId>() {
        Ok(order) => data::again(&ctx, &visitor, Door::Own(order)).await,
        Err(_) => Err(Error::not_found(OrderId::KIND)),
    };
    done(&ctx, &shop, &visitor, &headers, &id, again).await
}

/// To the cart, which says what of the order is not in it.
async fn done(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    order: &str,
    again: Result<Again, Error>,
) -> Response {
    let again = match again {
        Ok(again) => again,
        // The cart would hold too much: it is as it was.
        Err(error) if error.code() == ErrorCode::BadUserInput => {
            let problem = sentence(error.fields().first().map_or(error.message(), |field| &field.message));
            return actions::cart_again(ctx, shop, visitor, headers, problem).await;
        }
        Err(error) => return errors::failure(ctx, shop, &error).await,
    };
    let path = match again.missing.is_empty() {
        true => "/cart".to_owned(),
        false => format!("/cart?again={order}"),
    };
    let response = Redirect::to(&shop.href(&path)).into_response();
    let Some(change) = again.change else { return response };
    let response = visitor.with_count(shop, response, change.cart.n_items);
    match &change.token {
        Some(token) => visitor.with_cart(shop, response, Some(token)),
        None => response,
    }
}

/// The order that the address of the cart names: its id for its own customer, else its token.
pub fn door(named: &str) -> Door<'_> {
    match named.parse::<OrderId>() {
        Ok(id) => Door::Own(id),
        Err(_) => Door::Token(named),
    }
}

/// What is not in the cart, in words; nothing when everything is.
pub fn words(missing: &[Missing]) -> Option<String> {
    let names = |sold_out: bool| {
        let name = |one: &Missing| match one.variant_title.as_str() {
            "" => one.title.clone(),
            variant => format!("{} ({})", one.title, comma(variant)),
        };
        let some = missing.iter().filter(|one| one.sold_out == sold_out).map(name);
        some.collect::<Vec<_>>().join("; ")
    };
    let (gone, sold_out) = (names(false), names(true));
    let gone = (!gone.is_empty()).then(|| format!("Not sold any more: {gone}."));
    let sold_out = (!sold_out.is_empty()).then(|| format!("Sold out now: {sold_out}."));
    let all: Vec<String> = gone.into_iter().chain(sold_out).collect();
    (!all.is_empty()).then(|| format!("Some of that order is not in your cart. {}", all.join(" ")))
}

/// Not while the order itself waits to be paid: whoever pays it has what it holds.
pub fn is_offered(state: OrderState) -> bool {
    !matches!(state, OrderState::Draft | OrderState::PendingPayment)
}

/// The button; `path` is that of the order.
pub fn button(shop: &Shop, path: &str, of: i64) -> AnyView {
    view! {
        <form class="again" action=shop.href(&format!("{path}/again")) method="post">
            <button class="button" data-kind="secondary" data-size="small">"Order again"<span class="visually-hidden">{format!(", order {of}")}</span></button>
        </form>
    }
    .into_any()
}
