//! The invoice of an order, and what of it was taken back.

use super::{Seen, path_of};
use crate::data;
use crate::shop::Shop;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use commerce::returns::Door;
use commerce::view::{OrderState, OrderView};
use leptos::prelude::*;
use platform::{Access, Ctx, Error};
use primitives::OrderId;

/// `GET /orders/{token}/papers/{paper}`: whoever holds the token may look.
pub async fn by_token(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path((token, paper)): Path<(String, String)>,
) -> Response {
    match data::paper(&ctx, Door::Token(&token), &paper).await {
        Ok(answer) => answer,
        Err(error) => crate::routes::errors::failure(&ctx, &shop, &error).await,
    }
}

/// `GET /account/orders/{id}/papers/{paper}`
pub async fn own(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    Path((id, paper)): Path<(String, String)>,
) -> Response {
    let answer = match (ctx.require(Access::SignedIn), id.parse::<OrderId>()) {
        (Ok(()), Ok(id)) => data::paper(&ctx, Door::Own(id), &paper).await,
        (Ok(()), Err(_)) => Err(Error::not_found(OrderId::KIND)),
        (Err(error), _) => Err(error),
    };
    match answer {
        Ok(answer) => answer,
        Err(error) => crate::routes::errors::failure(&ctx, &shop, &error).await,
    }
}

/// Where the invoice is. What was given up may never have had one.
pub(super) fn link(shop: &Shop, order: &OrderView, seen: Seen) -> Option<AnyView> {
    let there = !matches!(order.state, OrderState::Draft | OrderState::Cancelled);
    there.then(|| {
        let href = shop.href(&format!("{}/papers/invoice", path_of(order, seen)));
        let file = format!("{href}.pdf");
        view! { <p><a href=href>"Invoice"</a>" · "<a href=file>"as PDF"</a></p> }.into_any()
    })
}
