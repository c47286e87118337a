//! The cart, as a page and as the contents of the drawer.

use crate::data;
use crate::islands::{Live, PART};
use crate::page::{self, Head, Page};
use crate::parts::{card, form, icon, lines};
use crate::query;
use crate::routes::list::breadcrumbs;
use crate::routes::order::again;
use crate::settings::Link;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use catalog::view::{ListQuery, ProductCard};
use commerce::view::CartView;
use leptos::prelude::*;
use platform::Ctx;
use primitives::Money;
use std::sync::Arc;

/// `GET /cart`; `again` names an order that was just put into it.
pub async fn show(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    headers: HeaderMap,
    RawQuery(encoded): RawQuery,
) -> Response {
    let cart = match data::cart(&ctx, &visitor).await {
        Ok(cart) => cart,
        Err(error) => return super::errors::failure(&ctx, &shop, &error).await,
    };
    let pairs = query::pairs(&encoded.unwrap_or_default());
    let named = pairs.iter().find(|(key, _)| key == "again").map(|(_, value)| value.as_str());
    let missing = match named {
        // An order that is not the visitor's says nothing here.
        Some(named) => data::missing(&ctx, again::door(named)).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let words = again::words(&missing);
    let said = words.as_deref().map(|text| Said { tone: "warning", text });
    answer_with(&ctx, &shop, &visitor, &headers, StatusCode::OK, &cart, said).await
}

/// What stands above the lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said<'t> {
    /// Tone of the notice.
    pub tone: &'static str,
    /// Its words.
    pub text: &'t str,
}

impl<'t> Said<'t> {
    /// Something is wrong.
    pub fn problem(text: &'t str) -> Self {
        Self { tone: "danger", text }
    }
}

fn notice(said: Option<Said<'_>>) -> Option<AnyView> {
    said.map(|said| form::notice(said.tone, said.text))
}

/// The cart in the form that was asked for, with what is wrong.
pub async fn answer(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    status: StatusCode,
    cart: &CartView,
    problem: Option<String>,
) -> Response {
    let said = problem.as_deref().map(Said::problem);
    answer_with(ctx, shop, visitor, headers, status, cart, said).await
}

/// The drawer's contents, the page's contents, or the page.
async fn answer_with(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    headers: &HeaderMap,
    status: StatusCode,
    cart: &CartView,
    said: Option<Said<'_>>,
) -> Response {
    let response = match headers.get(PART).and_then(|part| part.to_str().ok()) {
        Some("drawer") => page::fragment(status, || drawer(shop, cart, said)),
        Some("cart") => page::fragment(status, || contents(shop, cart, said)),
        _ => {
            let cards = suggestions(ctx, cart).await;
            page::answer(shop, || Page { status, ..page(shop, cart, said, &cards) })
        }
    };
    visitor.with_count(shop, response, cart.n_items)
}

/// A few products that are not in the cart yet.
async fn suggestions(ctx: &Ctx, cart: &CartView) -> Vec<Arc<ProductCard>> {
    let query = ListQuery { page: 1, in_stock: true, ..ListQuery::default() };
    let mut cards = data::list(ctx, &query).await.map(|list| list.cards.clone()).unwrap_or_default();
    cards.retain(|card| cart.lines.iter().all(|line| line.product != card.id));
    cards.truncate(4);
    cards
}

/// The page.
pub fn page(shop: &Shop, cart: &CartView, said: Option<Said<'_>>, cards: &[Arc<ProductCard>]) -> Page {
    let crumbs = [("Home".to_owned(), Some("/".to_owned())), ("Cart".to_owned(), None)];
    let title = if cart.lines.is_empty() { "You may like" } else { "Goes with what you chose" };
    let head = Head { title: "Your cart".into(), ..Head::default() };
    let contents = contents(shop, cart, said);
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <Live part="cart".to_owned()>{contents}</Live>
        </div>
        {card::shelf(shop, "more", title, None, cards)}
    };
    let mut page = Page::new(head, "/cart", view.into_any());
    page.cart_count = Some(cart.n_items);
    page
}

fn contents(shop: &Shop, cart: &CartView, said: Option<Said<'_>>) -> AnyView {
    let problem = notice(said);
    if cart.lines.is_empty() {
        return view! { {problem}{empty(shop)}{lines::saved(shop, cart)} }.into_any();
    }
    let keep = Link { label: "Keep looking".into(), href: "/products".into() };
    view! {
        <div class="section-head"><h1 tabindex="-1">"Your cart"</h1>{card::arrow_link(shop, &keep)}</div>
        {problem}
        <div class="cart-page">
            <div class="stack">
                {lines::free_delivery(shop, cart)}
                {lines::hints(shop, cart)}
                {lines::cart_lines(shop, cart, false)}
                {lines::gifts(shop, cart)}
                {lines::saved(shop, cart)}
            </div>
            <aside class="order-summary sticky" aria-labelledby="summary">
                <h2 id="summary">"Summary"</h2>
                {lines::totals(shop, &cart.totals, None)}
                {lines::codes(shop, cart)}
                {check_out(shop, cart)}
                <p class="small muted">"No account needed."</p>
            </aside>
        </div>
    }
    .into_any()
}

/// The way to the checkout, or what stands in it.
fn check_out(shop: &Shop, cart: &CartView) -> AnyView {
    match cart.ready {
        true => view! { <a class="button" data-wide="" href=shop.href("/checkout")>"Check out"</a> }.into_any(),
        false => view! {
            <p class="status" data-tone="warning" id="why-not">"Mend the marked lines first, then you can check out."</p>
            <a class="button" data-wide="" role="link" aria-disabled="true" aria-describedby="why-not">"Check out"</a>
        }
        .into_any(),
    }
}

fn empty(shop: &Shop) -> AnyView {
    view! {
        <section class="empty-state" aria-labelledby="empty">
            {icon::bag()}
            <h1 id="empty" tabindex="-1">"Nothing in here yet"</h1>
            <p>"What you add stays here for thirty days, on this device or in your account."</p>
            <p class="cluster">
                <a class="button" href=shop.href("/products?sort=newest")>"See what is new"</a>
                <a class="arrow-link" href=shop.href("/sign-in")>"Sign in to find a saved cart "{icon::arrow()}</a>
            </p>
        </section>
    }
    .into_any()
}

/// The contents of the drawer.
pub fn drawer(shop: &Shop, cart: &CartView, said: Option<Said<'_>>) -> AnyView {
    let problem = notice(said);
    let head = view! {
        <form method="dialog" class="sheet-head">
            <h2 id="cart-title" tabindex="-1">"Cart "<span class="muted">{cart.n_items}</span></h2>
            <button class="icon-button" aria-label="Close cart">{icon::close()}</button>
        </form>
    };
    if cart.lines.is_empty() {
        return view! {
            {head}
            {problem}
            <div class="empty-state" data-plain="">
                {icon::bag()}
                <p>"Nothing in here yet."</p>
                <p class="cluster"><a class="button" href=shop.href("/products")>"See everything"</a></p>
            </div>
            {lines::saved(shop, cart)}
        }
        .into_any();
    }
    let note = match cart.totals.includes_tax {
        _ if cart.totals.exemption.is_some() => "You pay no tax. Delivery is worked out at checkout.",
        true => "Tax included. Delivery is worked out at checkout.",
        false => "Tax and delivery are worked out at checkout.",
    };
    let saved = (cart.totals.discount.minor != 0).then(|| {
        let off = Money { minor: -cart.totals.discount.minor, ..cart.totals.discount };
        view! { <div class="saving"><dt>"Savings"</dt><dd>{shop.amount(off)}</dd></div> }
    });
    let goods =
        Money { minor: cart.totals.subtotal.minor - cart.totals.discount.minor, ..cart.totals.subtotal };
    view! {
        {head}
        <div class="above">{problem}{lines::free_delivery(shop, cart)}{lines::hints(shop, cart)}</div>
        <div class="lines">{lines::cart_lines(shop, cart, true)}{lines::gifts(shop, cart)}{lines::saved(shop, cart)}</div>
        <div class="foot">
            <dl class="totals">{saved}<div class="total"><dt>"Subtotal"</dt><dd>{shop.amount(goods)}</dd></div></dl>
            <p class="small muted">{note}</p>
            {check_out(shop, cart)}
            <a class="button" data-kind="quiet" data-wide="" href=shop.href("/cart")>"View cart"</a>
        </div>
    }
    .into_any()
}
