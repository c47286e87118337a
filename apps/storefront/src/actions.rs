//! Posted forms: 303 when it worked; 422 with the same page, what was typed and what is wrong when it did not.

pub mod access;
pub mod review;
pub mod saved;

use crate::data;
use crate::islands::PART;
use crate::page::{self, Page};
use crate::parts::form::{Problems, sentence};
use crate::query;
use crate::routes::product::Chosen;
use crate::routes::{cart, checkout, code, errors, product, signin};
use crate::settings;
use crate::shop::Shop;
use crate::visitor::{Visitor, set_cookie};
use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use catalog::view::ProductPage;
use commerce::checkout::Wish;
use commerce::view::{CartView, NextStep};
use identity::{SignedIn, Step};
use platform::{Actor, Ctx, Error};
use primitives::{CartLineId, ErrorCode, FieldError, ProductId, VariantId};

/// `POST /cart/add`: `product` with `option.<name>`, or `variant`; `quantity`.
pub async fn cart_add(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
    let Some(id) = get("product").and_then(|id| id.parse::<ProductId>().ok()) else {
        return errors::not_found(&ctx, &shop).await;
    };
    let product = match data::product_by_id(&ctx, id).await {
        Ok(Some(product)) => product,
        Ok(None) => return errors::not_found(&ctx, &shop).await,
        Err(error) => return errors::failure(&ctx, &shop, &error).await,
    };
    let mut chosen =
        Chosen { options: query::chosen_options(&pairs), quantity: get("quantity"), ..Chosen::default() };
    let picked = get("variant").and_then(|id| id.parse::<VariantId>().ok());
    let wanted = match wanted(&product, &chosen, picked) {
        Ok(wanted) => wanted,
        Err(problem) => {
            chosen.problem = Some(problem);
            return try_again(&ctx, &shop, &headers, &product, &chosen).await;
        }
    };
    match data::cart_add(&ctx, &visitor, wanted.0, wanted.1).await {
        Ok(change) => {
            let response = match headers.contains_key(PART) {
                true => {
                    cart::answer(&ctx, &shop, &visitor, &headers, StatusCode::OK, &change.cart, None).await
                }
                false => {
                    let response = Redirect::to(&shop.href("/cart")).into_response();
                    visitor.with_count(&shop, response, change.cart.n_items)
                }
            };
            match &change.token {
                Some(token) => visitor.with_cart(&shop, response, Some(token)),
                None => response,
            }
        }
        Err(error) if error.code().http_status() < 500 && error.code() != ErrorCode::RateLimitExceeded => {
            chosen.problem =
                Some(sentence(error.fields().first().map_or(error.message(), |field| &field.message)));
            try_again(&ctx, &shop, &headers, &product, &chosen).await
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// The variant and how many of it, or what is wrong in words.
fn wanted(
    product: &ProductPage,
    chosen: &Chosen<'_>,
    picked: Option<VariantId>,
) -> Result<(VariantId, i64), String> {
    let variant = match picked {
        Some(id) => product.variant(id),
        None => chosen.variant(product),
    };
    let variant = variant.ok_or("This combination is not made. Choose another one.")?;
    if !variant.availability.purchasable() {
        return Err("This is sold out. Choose another one, or come back later.".into());
    }
    let quantity = chosen.quantity.unwrap_or("1");
    match quantity.parse::<i64>() {
        Ok(quantity) if (1..=10_000).contains(&quantity) => Ok((variant.id, quantity)),
        _ => Err("Choose a quantity from 1 to 10,000.".into()),
    }
}

async fn try_again(
    ctx: &Ctx,
    shop: &Shop,
    headers: &HeaderMap,
    product: &ProductPage,
    chosen: &Chosen<'_>,
) -> Response {
    if headers.contains_key(PART) {
        let problem = chosen.problem.clone().unwrap_or_default();
        return (StatusCode::UNPROCESSABLE_ENTITY, problem).into_response();
    }
    let around = product::around(ctx, shop, product, &[]).await.unwrap_or_default();
    let (status, dependencies) = (StatusCode::UNPROCESSABLE_ENTITY, Vec::new());
    page::answer(shop, || Page { status, dependencies, ..product::page(shop, product, &around, chosen) })
}

/// `POST /currency`: `currency`, and `to`, the page to come back to.
pub async fn currency(shop: Shop, visitor: Visitor, body: String) -> Response {
    let pairs = query::pairs(&body);
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
    let to = get("to").filter(|to| settings::is_inside(to)).unwrap_or("/");
    let response = Redirect::to(&shop.href(to)).into_response();
    visitor.with_currency(&shop, response, get("currency").unwrap_or_default())
}

/// `POST /cart/update`: `quantity-<line>` for every line, and which button was pressed: `less`, `more`, `remove`.
pub async fn cart_update(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let lines = match typed_lines(&query::pairs(&body)) {
        Ok(lines) => lines,
        Err(problem) => return cart_again(&ctx, &shop, &visitor, &headers, problem).await,
    };
    if lines.is_empty() {
        return Redirect::to(&shop.href("/cart")).into_response();
    }
    match data::cart_update(&ctx, &visitor, &lines).await {
        Ok(cart) => cart_done(&ctx, &shop, &visitor, &headers, &cart).await,
        // The line went away in another tab: show what is there now.
        Err(error) if error.code() == ErrorCode::NotFound => match data::cart(&ctx, &visitor).await {
            Ok(cart) => cart_done(&ctx, &shop, &visitor, &headers, &cart).await,
            Err(error) => errors::failure(&ctx, &shop, &error).await,
        },
        Err(error) if error.code() == ErrorCode::BadUserInput || error.code() == ErrorCode::OutOfStock => {
            let problem = sentence(error.fields().first().map_or(error.message(), |field| &field.message));
            cart_again(&ctx, &shop, &visitor, &headers, problem).await
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// `POST /cart/remove`: `line`.
pub async fn cart_remove(
    ctx: Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let line =
        pairs.iter().find(|(key, _)| key == "line").map(|(_, value)| value.as_str()).unwrap_or_default();
    cart_update(ctx, shop, visitor, headers, query::encode(&[("remove", line)])).await
}

/// `POST /cart/codes`: `kept` for every code that is there, `code` for another one, `remove` for the one that goes.
pub async fn cart_codes(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let of = |name: &'static str| {
        pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim().to_owned())
    };
    let removed: Vec<String> = of("remove").collect();
    // Whoever presses "Remove" has not asked for what stands in the field.
    let typed = of("code").filter(|code| !code.is_empty() && removed.is_empty());
    let codes: Vec<String> = of("kept").filter(|code| !removed.contains(code)).chain(typed).collect();
    match data::cart_codes(&ctx, &visitor, &codes).await {
        Ok(change) => {
            let response = cart_done(&ctx, &shop, &visitor, &headers, &change.cart).await;
            match &change.token {
                Some(token) => visitor.with_cart(&shop, response, Some(token)),
                None => response,
            }
        }
        Err(error) if error.code() == ErrorCode::BadUserInput => {
            let problem = sentence(error.fields().first().map_or(error.message(), |field| &field.message));
            cart_again(&ctx, &shop, &visitor, &headers, format!("Discount code: {problem}")).await
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// Lines with the quantities that they shall have; 0 takes a line out.
fn typed_lines(pairs: &[(String, String)]) -> Result<Vec<(CartLineId, i64)>, String> {
    let mut lines: Vec<(CartLineId, i64)> = Vec::new();
    for (key, value) in pairs {
        let Some(id) = key.strip_prefix("quantity-").and_then(|id| id.parse().ok()) else { continue };
        match value.trim().parse::<i64>() {
            Ok(quantity) if (0..=10_000).contains(&quantity) => lines.push((id, quantity)),
            _ => return Err("Quantities are whole numbers from 0 to 10,000.".into()),
        }
    }
    for (key, value) in pairs {
        let Ok(id) = value.parse::<CartLineId>() else { continue };
        let place = lines.iter().position(|(line, _)| *line == id);
        match (key.as_str(), place) {
            ("less", Some(at)) => lines[at].1 = (lines[at].1 - 1).max(0),
            ("more", Some(at)) => lines[at].1 = (lines[at].1 + 1).min(10_000),
            ("remove", Some(at)) => lines[at].1 = 0,
            ("remove", None) => lines.push((id, 0)),
            _ => {}
        }
    }
    Ok(lines)
}

async fn cart_done(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    cart: &CartView,
) -> Response {
    if headers.contains_key(PART) {
        return cart::answer(ctx, shop, visitor, headers, StatusCode::OK, cart, None).await;
    }
    visitor.with_count(shop, Redirect::to(&shop.href("/cart")).into_response(), cart.n_items)
}

/// The cart as it is, with what is wrong.
pub async fn cart_again(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    problem: impl Into<String>,
) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match data::cart(ctx, visitor).await {
        Ok(cart) => cart::answer(ctx, shop, visitor, headers, status, &cart, Some(problem.into())).await,
        Err(error) => errors::failure(ctx, shop, &error).await,
    }
}

/// `POST /checkout/refresh`: another country or delivery, or a `code` to add; nothing is ordered.
pub async fn checkout_refresh(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let typed = checkout::Typed::from_pairs(&pairs);
    let code = pairs.iter().find(|(key, _)| key == "code").map(|(_, code)| code.trim());
    if let Some(code) = code.filter(|code| !code.is_empty())
        && let Err(error) = data::cart_code_add(&ctx, &visitor, code).await
    {
        if error.code() != ErrorCode::BadUserInput {
            return errors::failure(&ctx, &shop, &error).await;
        }
        let fields = error.fields().iter().map(|wrong| FieldError::new("code", wrong.message.clone()));
        let problems = Problems { message: String::new(), fields: fields.collect() };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return checkout_again(&ctx, &shop, &visitor, &headers, status, typed, problems).await;
    }
    let (status, problems) = match tenders(&ctx, &visitor, &pairs).await {
        Ok(None) => (StatusCode::OK, Problems::default()),
        Ok(Some(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, problems),
        Err(error) => return errors::failure(&ctx, &shop, &error).await,
    };
    checkout_again(&ctx, &shop, &visitor, &headers, status, typed, problems).await
}

/// What the form says of gift cards and store credit: `gift_card` to use one, `drop_card` not to, `credit` for both; what
/// was wrong with it.
async fn tenders(
    ctx: &Ctx,
    visitor: &Visitor,
    pairs: &[(String, String)],
) -> Result<Option<Problems>, Error> {
    let of = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
    let done = match (of("drop_card"), of("credit"), of("gift_card").filter(|code| !code.is_empty())) {
        // Whoever presses one of these has not asked for what stands in the field.
        (Some(id), ..) => data::gift_card_drop(ctx, visitor, id).await,
        (None, Some(wanted), _) => data::store_credit(ctx, visitor, wanted == "1").await,
        (None, None, Some(code)) => data::gift_card_add(ctx, visitor, code).await,
        (None, None, None) => Ok(()),
    };
    let message = match done {
        Ok(()) => return Ok(None),
        Err(error) if error.code() == ErrorCode::BadUserInput => {
            sentence(error.fields().first().map_or(error.message(), |field| &field.message))
        }
        Err(error) if error.code() == ErrorCode::RateLimitExceeded => {
            "Too many codes were tried. Wait a minute, then try again.".to_owned()
        }
        Err(error) => return Err(error),
    };
    Ok(Some(Problems { message: String::new(), fields: vec![FieldError::new("gift_card", message)] }))
}

/// `POST /checkout`: places the order and pays it.
pub async fn checkout_place(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let typed = checkout::Typed::from_pairs(&pairs);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    // A code in the field that nobody has looked at yet: it pays before anything else is asked for.
    if pairs.iter().any(|(key, value)| key == "gift_card" && !value.trim().is_empty()) {
        let problems = match tenders(&ctx, &visitor, &pairs).await {
            Ok(problems) => problems.unwrap_or_else(|| {
                Problems::message(
                    "The gift card is used now. Look at what is left to pay, then press the button again.",
                )
            }),
            Err(error) => return errors::failure(&ctx, &shop, &error).await,
        };
        return checkout_again(&ctx, &shop, &visitor, &headers, status, typed, problems).await;
    }
    match data::place(&ctx, &visitor, &typed).await {
        Ok(placed) if placed.next == NextStep::TryAgain => {
            let problems =
                Problems::message("The payment was declined. Try again, or choose another way to pay.");
            let typed = checkout::Typed { key: String::new(), ..typed };
            checkout_again(&ctx, &shop, &visitor, &headers, status, typed, problems).await
        }
        Ok(placed) => {
            let response =
                Redirect::to(&shop.href(&format!("/orders/{}?placed=1", placed.token))).into_response();
            visitor.with_cart(&shop, visitor.with_count(&shop, response, 0), None)
        }
        Err(error) => checkout_failed(&ctx, &shop, &visitor, &headers, typed, &error).await,
    }
}

async fn checkout_failed(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    typed: checkout::Typed,
    error: &Error,
) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let fresh = checkout::Typed { key: String::new(), ..typed.clone() };
    match error.code() {
        ErrorCode::BadUserInput => {
            let fields: Vec<_> = error.fields().iter().map(form_field).collect();
            let message = if fields.is_empty() { sentence(error.message()) } else { String::new() };
            checkout_again(ctx, shop, visitor, headers, status, fresh, Problems { message, fields }).await
        }
        ErrorCode::Conflict | ErrorCode::IdempotencyKeyReused => {
            let problems = Problems::message(
                "The total, or what is left to pay of it, has changed since you last saw it. Please look at it once more.",
            );
            checkout_again(ctx, shop, visitor, headers, status, fresh, problems).await
        }
        ErrorCode::OutOfStock => {
            let problem = "Something in your cart sold out a moment ago. Nothing has been charged.";
            cart_again(ctx, shop, visitor, headers, problem).await
        }
        // The first click is still being worked on: the same key finds its order.
        ErrorCode::IdempotencyInProgress => {
            let problems = Problems::message(
                "Your order is being placed. Wait a few seconds, then press the button again.",
            );
            checkout_again(ctx, shop, visitor, headers, status, typed, problems).await
        }
        ErrorCode::ServiceUnavailable => {
            let problems = Problems::message(
                "We could not place the order just now. Press the button again in a moment.",
            );
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let response = checkout_again(ctx, shop, visitor, headers, status, typed, problems).await;
            errors::when_to_come_back(response, error)
        }
        _ => errors::failure(ctx, shop, error).await,
    }
}

/// The name that a field of the use case has in the form.
fn form_field(error: &FieldError) -> FieldError {
    let name = error.field.rsplit('.').next().unwrap_or_default();
    let field = match name {
        "postalCode" | "postal_code" => "postal_code",
        "shippingMethod" | "shipping_method" | "method" => "delivery",
        "paymentProvider" | "payment_provider" | "provider" => "payment",
        "expectedTotal" | "expected_total" => "delivery",
        other => other,
    };
    FieldError { field: field.to_owned(), message: error.message.clone() }
}

async fn checkout_again(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    status: StatusCode,
    typed: checkout::Typed,
    problems: Problems,
) -> Response {
    let contact = &typed.contact;
    let some = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let wish = Wish {
        country: some(&contact.address.country),
        region: some(&contact.address.region),
        postal_code: some(&contact.address.postal_code),
        method: some(&typed.method),
        email: some(&contact.email),
    };
    match data::checkout(ctx, visitor, wish).await {
        Ok(view) if view.cart.lines.is_empty() => Redirect::to(&shop.href("/cart")).into_response(),
        Ok(view) if !view.cart.ready => {
            let problem = "Something in your cart needs another look before you can check out.";
            cart_again(ctx, shop, visitor, headers, problem).await
        }
        Ok(view) => checkout::answer(shop, headers, status, &view, &typed, &problems),
        Err(error) => errors::failure(ctx, shop, &error).await,
    }
}

/// `POST /sign-in`
pub async fn sign_in(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let pairs = query::pairs(&body);
    let typed = signin::Typed::from_pairs(signin::Form::SignIn, &pairs);
    let password =
        pairs.iter().find(|(key, _)| key == "password").map(|(_, value)| value.as_str()).unwrap_or_default();
    match data::sign_in(&ctx, &visitor, &typed.email, password).await {
        Ok(Step::In(signed_in)) => entered(&ctx, &shop, &visitor, &typed, &signed_in).await,
        Ok(Step::Code(challenge)) => {
            let path = signin::with_destination("/sign-in/code", &typed);
            let response = Redirect::to(&shop.href(&path)).into_response();
            visitor.with_challenge(&shop, response, Some(&challenge.token))
        }
        Err(error) => signin_failed(&ctx, &shop, &typed, &error).await,
    }
}

/// `POST /sign-in/code`
pub async fn sign_in_code(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let typed = signin::Typed::from_pairs(signin::Form::SignIn, &pairs);
    let shown =
        pairs.iter().find(|(key, _)| key == "code").map(|(_, value)| value.as_str()).unwrap_or_default();
    match data::second_step(&ctx, &visitor, shown).await {
        Ok(signed_in) => {
            let response = entered(&ctx, &shop, &visitor, &typed, &signed_in).await;
            visitor.with_challenge(&shop, response, None)
        }
        // The password has to be shown again.
        Err(error) if error.fields().iter().any(|field| field.field == "token") => {
            let words = "That took too long, or there were too many wrong codes. Sign in again.";
            let (status, problems) = (StatusCode::UNPROCESSABLE_ENTITY, Problems::message(words));
            let page = || Page { status, ..signin::page(&shop, &typed, &problems, None) };
            visitor.with_challenge(&shop, page::answer(&shop, page), None)
        }
        Err(error) => code_failed(&ctx, &shop, &typed, &error).await,
    }
}

async fn code_failed(ctx: &Ctx, shop: &Shop, typed: &signin::Typed, error: &Error) -> Response {
    let (status, problems) = match error.code() {
        ErrorCode::Unauthenticated => {
            let words = "is not right, or was used before: wait for the next code";
            let fields = vec![FieldError::new("code", words)];
            (StatusCode::UNPROCESSABLE_ENTITY, Problems { message: String::new(), fields })
        }
        ErrorCode::RateLimitExceeded => {
            let words = "Too many wrong codes. Wait a few minutes, then try again.";
            (StatusCode::TOO_MANY_REQUESTS, Problems::message(words))
        }
        _ => return errors::failure(ctx, shop, error).await,
    };
    let response = page::answer(shop, || Page { status, ..code::page(shop, typed, &problems) });
    errors::when_to_come_back(response, error)
}

/// Somebody is in: on with the guest's cart to where the visitor wanted to go.
async fn entered(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    typed: &signin::Typed,
    signed_in: &SignedIn,
) -> Response {
    if !shop.sells() {
        let response = Redirect::to(&shop.href(&typed.destination())).into_response();
        return signed_in.cookies().into_iter().fold(response, set_cookie);
    }
    let ctx = ctx.with_actor(Actor::Customer { user: signed_in.me.user.id });
    // A cart that could not be merged stays the guest's, to be found again after signing out.
    let mut left = None;
    if let Some(token) = &visitor.cart
        && let Err(error) = data::cart_merge(&ctx, token).await
    {
        tracing::warn!(user.id = %signed_in.me.user.id, "guest cart was not merged: {}", error.report());
        left = Some(token.as_str());
    }
    let account = Visitor { cart: None, ..visitor.clone() };
    let n_items = data::cart(&ctx, &account).await.map_or(0, |cart| cart.n_items);
    let response = Redirect::to(&shop.href(&typed.destination())).into_response();
    let response = signed_in.cookies().into_iter().fold(response, set_cookie);
    visitor.with_cart(shop, visitor.with_count(shop, response, n_items), left)
}

/// `POST /register`
pub async fn register(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    body: String,
) -> Response {
    let pairs = query::pairs(&body);
    let typed = signin::Typed::from_pairs(signin::Form::Register, &pairs);
    let password =
        pairs.iter().find(|(key, _)| key == "password").map(|(_, value)| value.as_str()).unwrap_or_default();
    match data::register(&ctx, &visitor, &typed.email, password, &typed.name).await {
        // The same answer for every address: whoever has the account knows its password.
        Ok(()) => {
            let mut pairs = vec![("registered", "1")];
            if !typed.to.is_empty() {
                pairs.push(("to", &typed.to));
            }
            Redirect::to(&shop.href(&format!("/sign-in?{}", query::encode(&pairs)))).into_response()
        }
        Err(error) => signin_failed(&ctx, &shop, &typed, &error).await,
    }
}

async fn signin_failed(ctx: &Ctx, shop: &Shop, typed: &signin::Typed, error: &Error) -> Response {
    let (status, problems) = match error.code() {
        ErrorCode::Unauthenticated => {
            let words = "That e-mail and password do not belong together. Check both.";
            (StatusCode::UNPROCESSABLE_ENTITY, Problems::message(words))
        }
        ErrorCode::BadUserInput => {
            let fields: Vec<_> = error.fields().iter().map(form_field).collect();
            let message = if fields.is_empty() { sentence(error.message()) } else { String::new() };
            (StatusCode::UNPROCESSABLE_ENTITY, Problems { message, fields })
        }
        ErrorCode::RateLimitExceeded => {
            let words = "Too many tries. Wait a few minutes, then try again.";
            (StatusCode::TOO_MANY_REQUESTS, Problems::message(words))
        }
        _ => return errors::failure(ctx, shop, error).await,
    };
    let response = page::answer(shop, || Page { status, ..signin::page(shop, typed, &problems, None) });
    errors::when_to_come_back(response, error)
}

/// `POST /sign-out`
pub async fn sign_out(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor) -> Response {
    match data::sign_out(&ctx, &visitor).await {
        Ok(cookie) => {
            let response = Redirect::to(&shop.href("/")).into_response();
            visitor.with_count(&shop, set_cookie(response, &cookie), 0)
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_which_button_was_pressed() {
        let (a, b) = (CartLineId::new(), CartLineId::new());
        let lines =
            |extra: &str| typed_lines(&query::pairs(&format!("quantity-{a}=2&quantity-{b}=1&{extra}")));
        assert_eq!(lines(&format!("more={a}")), Ok(vec![(a, 3), (b, 1)]));
        assert_eq!(lines(&format!("less={b}")), Ok(vec![(a, 2), (b, 0)]));
        assert_eq!(lines(&format!("remove={a}")), Ok(vec![(a, 0), (b, 1)]));
        assert_eq!(lines("update=1"), Ok(vec![(a, 2), (b, 1)]));
        assert_eq!(typed_lines(&query::pairs(&format!("remove={a}"))), Ok(vec![(a, 0)]));
    }

    #[test]
    fn refuses_quantities_that_are_none() {
        let id = CartLineId::new();
        for bad in ["-1", "10001", "two", "1.5", "99999999999999999999", ""] {
            assert!(typed_lines(&query::pairs(&format!("quantity-{id}={bad}"))).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_fields_as_the_form_does() {
        let name =
            |field: &str| form_field(&FieldError { field: field.into(), message: String::new() }).field;
        assert_eq!(name("address.postalCode"), "postal_code");
        assert_eq!(name("shippingMethod"), "delivery");
        assert_eq!(name("email"), "email");
    }
}
