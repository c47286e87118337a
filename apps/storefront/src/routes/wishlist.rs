//! The wishlist: what an account keeps for some day. Without scripts, each button posts a form.

use crate::data;
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Problems, error_summary, sentence};
use crate::parts::icon;
use crate::parts::media::{self, Loading};
use crate::query;
use crate::routes::errors;
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use commerce::wish::WishView;
use leptos::prelude::*;
use platform::{Access, Ctx, Error};
use primitives::{ErrorCode, ProductId, VariantId};

const PATH: &str = "/account/wishlist";

/// `GET /account/wishlist`
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop) -> Response {
    match data::wishlist(&ctx).await {
        Ok(wishes) => answer(&shop, || page(&shop, &wishes, &Problems::default())),
        Err(error) => failure(&ctx, &shop, &error, PATH).await,
    }
}

/// `POST /wishlist`: `product`, and `variant` when one was chosen. Whoever has not signed in is asked to, and comes back to
/// the product.
pub async fn keep(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
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
    let chosen = get("variant").and_then(|id| id.parse::<VariantId>().ok());
    let variant = match chosen {
        Some(id) => product.variant(id),
        None => product.default_variant(),
    };
    let Some(variant) = variant else { return errors::not_found(&ctx, &shop).await };
    match data::wish_keep(&ctx, variant.id).await {
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
        Err(error) => failure(&ctx, &shop, &error, &format!("/products/{}", product.slug)).await,
    }
}

/// `POST /account/wishlist/move`: `variant`.
pub async fn to_cart(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let moved = match posted(&ctx, &body) {
        Ok(variant) => data::wish_to_cart(&ctx, &visitor, variant).await,
        Err(error) => Err(error),
    };
    match moved {
        Ok(change) => {
            let response = Redirect::to(&shop.href("/cart")).into_response();
            visitor.with_count(&shop, response, change.cart.n_items)
        }
        Err(error) => failure(&ctx, &shop, &error, PATH).await,
    }
}

/// `POST /account/wishlist/remove`: `variant`.
pub async fn remove(Extension(ctx): Extension<Ctx>, shop: Shop, body: String) -> Response {
    let removed = match posted(&ctx, &body) {
        Ok(variant) => data::wish_drop(&ctx, variant).await,
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
        Err(error) => failure(&ctx, &shop, &error, PATH).await,
    }
}

/// Which variant a form is about. Whoever has not signed in is told so first.
fn posted(ctx: &Ctx, body: &str) -> Result<VariantId, Error> {
    ctx.require(Access::SignedIn)?;
    let pairs = query::pairs(body);
    let variant = pairs.iter().find(|(key, _)| key == "variant").and_then(|(_, id)| id.trim().parse().ok());
    variant.ok_or_else(|| Error::not_found(VariantId::KIND))
}

/// The page with what went wrong; the sign-in for whoever is nobody yet, which leads back to `from`.
async fn failure(ctx: &Ctx, shop: &Shop, error: &Error, from: &str) -> Response {
    match error.code() {
        ErrorCode::Unauthenticated => {
            let path = format!("/sign-in?{}", query::encode(&[("to", from)]));
            Redirect::to(&shop.href(&path)).into_response()
        }
        ErrorCode::BadUserInput | ErrorCode::Conflict => match data::wishlist(ctx).await {
            Ok(wishes) => {
                let said = error.fields().first().map_or(error.message(), |field| &field.message);
                let problems = Problems::message(sentence(said));
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                answer(shop, || Page { status, ..page(shop, &wishes, &problems) })
            }
            Err(gone) => errors::failure(ctx, shop, &gone).await,
        },
        _ => errors::failure(ctx, shop, error).await,
    }
}

/// The page.
pub fn page(shop: &Shop, wishes: &[WishView], problems: &Problems) -> Page {
    let head = Head { title: "Your wishlist".into(), hidden: true, ..Head::default() };
    let crumbs = [
        ("Home".to_owned(), Some("/".to_owned())),
        ("Account".to_owned(), Some("/account".to_owned())),
        ("Wishlist".to_owned(), None),
    ];
    let list = match wishes.is_empty() {
        true => view! {
            <div class="empty-state">
                {icon::heart()}
                <p>"Nothing here yet. Press the heart beside something, and it waits for you on this page."</p>
                <p class="cluster"><a class="button" href=shop.href("/products")>"Look around"</a></p>
            </div>
        }
        .into_any(),
        false => {
            let rows = wishes.iter().map(|wish| row(shop, wish)).collect_view();
            view! { <ul class="product-grid">{rows}</ul> }.into_any()
        }
    };
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <div class="stack" data-gap="large">
                <h1>"Your wishlist"</h1>
                {error_summary(problems, "Your wishlist is as it was.")}
                {list}
            </div>
        </div>
    };
    Page::new(head, PATH, view.into_any())
}

fn row(shop: &Shop, wish: &WishView) -> AnyView {
    let title = match wish.slug.as_str() {
        "" => wish.title.clone().into_any(),
        slug => {
            let href = shop.href(&format!("/products/{slug}"));
            view! { <a href=href>{wish.title.clone()}</a> }.into_any()
        }
    };
    let state = match wish.price {
        None => view! { <p class="status" data-tone="off">"Not sold any more"</p> }.into_any(),
        Some(_) if wish.sold_out => view! { <p class="status" data-tone="warning">"Sold out"</p> }.into_any(),
        Some(price) => view! { <p class="price"><strong>{shop.price(price)}</strong></p> }.into_any(),
    };
    // Whoever only hears the page has to know which thing a button is for.
    let post = |path: &str, words: &'static str, kind: &'static str| {
        view! {
            <form action=shop.href(path) method="post">
                {form::hidden("variant", &wish.variant.to_string())}
                <button class="button" data-kind=kind data-size="small">
                    {words}<span class="visually-hidden">{format!(" {}", wish.title)}</span>
                </button>
            </form>
        }
    };
    let buyable = wish.price.is_some() && !wish.sold_out;
    let picture = media::image(wish.picture.as_ref(), media::GRID, Loading::Lazy);
    let kind =
        (!wish.variant_title.is_empty()).then(|| view! { <p class="meta">{wish.variant_title.clone()}</p> });
    view! {
        <li>
            <article class="stack" data-gap="small">
                <div class="media">{picture}</div>
                <h2 class="small-title">{title}</h2>
                {kind}
                {state}
                <div class="cluster">
                    {buyable.then(|| post("/account/wishlist/move", "Move to cart", "secondary"))}
                    {post("/account/wishlist/remove", "Remove", "quiet")}
                </div>
            </article>
        </li>
    }
    .into_any()
}
