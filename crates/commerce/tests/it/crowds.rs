//! Many at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use commerce::view::OrderState;
use commerce::{CheckoutInput, cart, checkout};
use futures::future::join_all;
use platform::Error;
use platform::db::count_statements;
use testkit::on_both;

use crate::shop::{Guest, Shop};

async fn sells_one_piece_once_to_two_hundred_buyers(shop: Shop) {
    let vase = shop.product("The only vase", "49.00", 1).await;
    let mut forms = Vec::new();
    for _ in 0..200 {
        let guest = shop.guest(vase, 1).await;
        forms.push((guest.ctx.clone(), guest.form("http").await));
    }
    let clicks = forms.into_iter().map(|(ctx, form)| {
        tokio::spawn(async move { checkout::place_order(&ctx, form).await.map(|placed| placed.order.state) })
    });
    let mut won = 0;
    for result in join_all(clicks).await {
        match result.unwrap() {
            Ok(state) => {
                assert_eq!(state, OrderState::Paid);
                won += 1;
            }
            Err(error) => {
                let error: Error = error.into();
                assert_eq!(error.code().as_str(), "OUT_OF_STOCK", "{}", error.report());
            }
        }
    }
    assert_eq!(won, 1);
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!(shop.stock().await, (1, 1));
    assert_eq!((shop.gateway.effects("authorize"), shop.gateway.effects("capture")), (1, 1));
    shop.holds().await;
}

async fn turns_a_hundred_clicks_into_one_order_and_one_capture(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 500).await;
    let guest = shop.guest(mug, 2).await;
    let (ctx, form) = (guest.ctx.clone(), Arc::new(guest.form("http").await));
    let clicks = (0..100).map(|_| {
        let (ctx, form) = (ctx.clone(), form.clone());
        tokio::spawn(async move { checkout::place_order(&ctx, (*form).clone()).await })
    });
    let mut fresh = 0;
    let mut ids = Vec::new();
    for result in join_all(clicks).await {
        let placed = result.unwrap().unwrap();
        fresh += usize::from(!placed.replayed);
        ids.push(placed.order.id);
    }
    ids.dedup();
    assert_eq!((fresh, ids.len()), (1, 1));
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!(shop.number("SELECT COUNT(*) FROM money_ledger").await, 1);
    assert_eq!(shop.gateway.effects("capture"), 1);
    assert_eq!(shop.stock().await, (500, 2));
    shop.holds().await;
}

async fn turns_clicks_with_different_keys_into_one_order(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 500).await;
    let guest = shop.guest(mug, 2).await;
    let form = guest.form("http").await;
    let clicks = (0..40).map(|n| {
        let form = CheckoutInput { idempotency_key: format!("click-{n}"), ..form.clone() };
        let ctx = guest.ctx.clone();
        tokio::spawn(async move { checkout::place_order(&ctx, form).await })
    });
    let mut fresh = 0;
    let mut ids = BTreeSet::new();
    for result in join_all(clicks).await {
        let placed = result.unwrap().unwrap();
        fresh += usize::from(!placed.replayed);
        ids.insert(placed.order.id);
    }
    assert_eq!((fresh, ids.len()), (1, 1));
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!(shop.number("SELECT COUNT(*) FROM money_ledger").await, 1);
    assert_eq!((shop.gateway.effects("authorize"), shop.gateway.effects("capture")), (1, 1));
    assert_eq!(shop.stock().await, (500, 2));
    assert_eq!(shop.told().await["order.placed"], 1);
    shop.holds().await;
}

async fn places_an_order_in_a_fixed_number_of_statements(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 500).await;
    // The first round loads the settings.
    shop.guest(mug, 1).await.order("http").await;
    let guest = shop.anonymous();
    let (change, added) =
        count_statements(async { cart::add(&guest, None, &[(mug, 1)]).await.unwrap() }).await;
    let guest = Guest { ctx: guest, token: change.token.unwrap() };
    let form = guest.form("http").await;
    let (placed, bought) =
        count_statements(async { checkout::place_order(&guest.ctx, form).await.unwrap() }).await;
    assert_eq!(placed.order.state, OrderState::Paid);
    assert_eq!((added, bought), (2, 9), "to add, to buy");
    shop.holds().await;
}

on_both!(
    places_an_order_in_a_fixed_number_of_statements,
    sells_one_piece_once_to_two_hundred_buyers,
    turns_a_hundred_clicks_into_one_order_and_one_capture,
    turns_clicks_with_different_keys_into_one_order,
);
