//! The account: orders and what we know.

use super::order::{address, state_words};
use crate::data::{self, Account};
use crate::page::{Head, Page, answer};
use crate::parts::icon;
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use crate::visitor::Visitor;
use axum::Extension;
use axum::response::Response;
use commerce::view::OrderRowView;
use leptos::prelude::*;
use platform::Ctx;

/// `GET /account`
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor) -> Response {
    match data::account(&ctx, &visitor).await {
        Ok(account) => answer(&shop, || page(&shop, &account)),
        Err(error) => super::errors::failure(&ctx, &shop, &error).await,
    }
}

/// The page.
pub fn page(shop: &Shop, account: &Account) -> Page {
    let head = Head { title: "Your account".into(), hidden: true, ..Head::default() };
    let crumbs = [("Home".to_owned(), Some("/".to_owned())), ("Account".to_owned(), None)];
    let name = account.name.split_whitespace().next().unwrap_or_default();
    let greeting = if name.is_empty() { "Your account".to_owned() } else { format!("Hello, {name}") };
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
                        <li><a href="#orders">"Orders"</a></li>
                        <li><a href="#details">"Your details"</a></li>
                        <li><a href=shop.href("/account/security")>"Password and security"</a></li>
                    </ul>
                </nav>
                <div class="stack" data-gap="large">
                    <section aria-labelledby="orders">
                        <div class="section-head"><h2 id="orders">"Orders"</h2></div>
                        {orders(shop, &account.orders)}
                    </section>
                    <section aria-labelledby="details">
                        <div class="section-head"><h2 id="details">"Your details"</h2></div>
                        <div class="panel-row">
                            {account.address.as_ref().map(|last| view! { <div class="panel"><h3>"Last delivery address"</h3>{address(last)}</div> })}
                            <div class="panel"><h3>"Sign-in"</h3><p>{account.email.clone()}</p></div>
                        </div>
                    </section>
                </div>
            </div>
        </div>
    };
    Page::new(head, "/account", view.into_any())
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
            let (tone, words) = state_words(order.state, order.payment);
            let things = shop.settings.list.count(u64::from(order.n_items));
            view! {
                <li class="order-row" data-plain="">
                    <h3><a href=shop.href(&format!("/account/orders/{}", order.id))>{format!("Order {}", order.number)}</a></h3>
                    <p class="amount">{shop.amount(order.total)}</p>
                    <p class="meta">{format!("{} · {things}", shop.day(order.placed_at))}</p>
                    <p class="status" data-tone=tone>{words}</p>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="plain">{rows}</ul> }.into_any()
}
