//! The account: orders and what we know.

use super::order::{address, again, row_words};
use crate::data::{self, Account};
use crate::page::{Head, Page, answer};
use crate::parts::{form, icon, tender};
use crate::query;
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::extract::RawQuery;
use axum::response::Response;
use commerce::view::OrderRowView;
use leptos::prelude::*;
use platform::Ctx;

/// `GET /account`
pub async fn show(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    RawQuery(encoded): RawQuery,
) -> Response {
    let pairs = query::pairs(&encoded.unwrap_or_default());
    let sent = pairs.iter().any(|(key, value)| key == "sent" && value == "1");
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match data::account(&ctx, &visitor, (value("after"), value("before"))).await {
        Ok(account) => answer(&shop, || page(&shop, &account, sent)),
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// The page; `sent` says that a link which confirms the address is on its way.
pub fn page(shop: &Shop, account: &Account, sent: bool) -> Page {
    let head = Head { title: "Your account".into(), hidden: true, ..Head::default() };
    let crumbs = [("Home".to_owned(), Some("/".to_owned())), ("Account".to_owned(), None)];
    let name = account.name.split_whitespace().next().unwrap_or_default();
    let greeting = if name.is_empty() { "Your account".to_owned() } else { format!("Hello, {name}") };
    let listed = shop.sells().then(|| {
        view! {
            <section aria-labelledby="orders">
                <div class="section-head"><h2 id="orders">"Orders"</h2></div>
                {orders(shop, &account.orders)}
                {pages(shop, account)}
            </section>
        }
    });
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <div class="section-head">
                <h1>{greeting}</h1>
                <form action=shop.href("/sign-out") method="post"><button class="button" data-kind="quiet" data-size="small">"Sign out"</button></form>
            </div>
            <div class="railed">
                <nav aria-label="Account">
                    <ul class="account-menu">
                        <li><a href=shop.href("/account") aria-current="page">"Overview"</a></li>
                        {shop.sells().then(|| view! { <li><a href="#orders">"Orders"</a></li> })}
                        <li><a href="#details">"Your details"</a></li>
                        {shop.sells().then(|| view! { <li><a href=shop.href("/account/wishlist")>"Wishlist"</a></li> })}
                        {shop.sells().then(|| view! { <li><a href=shop.href("/account/addresses")>"Addresses"</a></li> })}
                        <li><a href=shop.href("/account/security")>"Password and security"</a></li>
                    </ul>
                </nav>
                <div class="stack" data-gap="large">
                    {listed}
                    {account.credit.as_ref().and_then(|credit| tender::credit(shop, credit))}
                    <section aria-labelledby="details">
                        <div class="section-head"><h2 id="details">"Your details"</h2></div>
                        <div class="panel-row">
                            {account.address.as_ref().map(|last| view! { <div class="panel"><h3>"Last delivery address"</h3>{address(last)}</div> })}
                            <div class="panel">
                                <h3>"Sign-in"</h3>
                                <p>{account.email.clone()}</p>
                                {confirmed(shop, account.verified, sent)}
                                <p><a href=shop.href("/account/address")>"Change the e-mail"</a></p>
                                <p><a href=shop.href("/forgot-password")>"Set a new password"</a></p>
                            </div>
                            {account.letters.map(|wanted| letters(shop, wanted))}
                            {shop.sells().then(|| view! {
                                <div class="panel">
                                    <h3>"Your data"</h3>
                                    <p><a href=shop.href("/account/data")>"Download everything we know"</a></p>
                                    <p><a href=shop.href("/account/erase")>"Erase my account"</a></p>
                                </div>
                            })}
                        </div>
                    </section>
                </div>
            </div>
        </div>
    };
    Page::new(head, "/account", view.into_any())
}

/// The way to newer and to older orders.
fn pages(shop: &Shop, account: &Account) -> Option<AnyView> {
    let (newer, older) = &account.beside;
    let to = |name: &str, place: &String| format!("{}?{name}={place}#orders", shop.href("/account"));
    let newer = newer.as_ref().map(|place| to("before", place));
    let older = older.as_ref().map(|place| to("after", place));
    (newer.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pagination" aria-label="Pages of orders">
                <ul>
                    {newer.map(|to| view! { <li><a href=to rel="prev">"Newer orders"</a></li> })}
                    {older.map(|to| view! { <li><a href=to rel="next">"Older orders"</a></li> })}
                </ul>
            </nav>
        }
        .into_any()
    })
}

/// Whether letters about offers come, and the button that changes it.
fn letters(shop: &Shop, wanted: bool) -> AnyView {
    let (said, button, value) = match wanted {
        true => ("We write to you about offers.", "Stop the letters", "0"),
        false => ("We do not write to you about offers.", "Write to me about offers", "1"),
    };
    view! {
        <div class="panel" id="letters">
            <h3>"Letters"</h3>
            <p>{said}</p>
            <form action=shop.href("/account/letters") method="post">
                {form::hidden("wanted", value)}
                <button class="button" data-kind="secondary" data-size="small">{button}</button>
            </form>
        </div>
    }
    .into_any()
}

/// Whether the address is confirmed, and what to do when not.
fn confirmed(shop: &Shop, verified: bool, sent: bool) -> AnyView {
    match (verified, sent) {
        (true, _) => view! { <p class="status" data-tone="good">"Confirmed"</p> }.into_any(),
        (false, true) => form::notice("good", "A link is on its way. Open it to confirm that the e-mail is yours."),
        (false, false) => view! {
            <p class="status" data-tone="warning">"Not confirmed yet"</p>
            <form action=shop.href("/account/verify") method="post">
                <button class="button" data-kind="secondary" data-size="small">"Send me a link to confirm it"</button>
            </form>
        }
        .into_any(),
    }
}

fn orders(shop: &Shop, orders: &[OrderRowView]) -> AnyView {
    if orders.is_empty() {
        return view! {
            <div class="empty-state">
                {icon::bag()}
                <p>"You have not ordered anything yet. When you do, you can follow it here."</p>
                <p class="cluster"><a class="button" href=shop.href("/products")>"Look around"</a></p>
            </div>
        }
        .into_any();
    }
    let rows = orders
        .iter()
        .map(|order| {
            let (tone, words) = row_words(order);
            let things = shop.settings.list.count(u64::from(order.n_items));
            let path = format!("/account/orders/{}", order.id);
            let again = again::is_offered(order.state).then(|| again::button(shop, &path, order.number));
            view! {
                <li class="order-row" data-plain="">
                    <h3><a href=shop.href(&path)>{format!("Order {}", order.number)}</a></h3>
                    <p class="amount">{shop.amount(order.total)}</p>
                    <p class="meta">{format!("{} · {things}", shop.day(order.placed_at))}</p>
                    <p class="status" data-tone=tone>{words}</p>
                    {again}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="plain">{rows}</ul> }.into_any()
}
