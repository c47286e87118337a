//! Putting lines of the cart aside, and back.

use super::{cart_again, cart_done};
use crate::data;
use crate::parts::form::sentence;
use crate::query;
use crate::routes::errors;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::http::HeaderMap;
use axum::response::Response;
use platform::Ctx;
use primitives::ErrorCode;

/// `POST /cart/saved`: `later` with a line of the cart, or `back` or `forget` with what lies aside.
pub async fn change(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let pressed = pairs.iter().find(|(key, _)| matches!(key.as_str(), "later" | "back" | "forget"));
    let done = match pressed.map(|(key, id)| (key.as_str(), id.as_str())) {
        Some(("later", id)) => data::cart_save(&ctx, &visitor, id).await,
        Some(("back", id)) => data::cart_take_back(&ctx, &visitor, id).await,
        Some((_, id)) => data::cart_forget(&ctx, &visitor, id).await,
        None => data::cart(&ctx, &visitor).await,
    };
    match done {
        Ok(cart) => cart_done(&ctx, &shop, &visitor, &headers, &cart).await,
        // It went away in another tab: show what is there now.
        Err(error) if error.code() == ErrorCode::NotFound => match data::cart(&ctx, &visitor).await {
            Ok(cart) => cart_done(&ctx, &shop, &visitor, &headers, &cart).await,
            Err(error) => errors::failure(&ctx, &shop, &error).await,
        },
        Err(error) if matches!(error.code(), ErrorCode::BadUserInput | ErrorCode::Conflict) => {
            let problem = sentence(error.fields().first().map_or(error.message(), |field| &field.message));
            cart_again(&ctx, &shop, &visitor, &headers, problem).await
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}
