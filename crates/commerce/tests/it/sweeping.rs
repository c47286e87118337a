//! The background job, as the host runs it: it knows where something is due without looking into every shop.

use std::time::{Duration, Instant};

use commerce::order;
use commerce::view::OrderState;
use testkit::on_both;
use tokio_util::sync::CancellationToken;

use crate::shop::Shop;

const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the job until `done` holds.
async fn until(shop: &Shop, done: impl AsyncFn() -> bool) {
    let stop = CancellationToken::new();
    let jobs: Vec<_> =
        commerce::jobs(shop.app.app(), stop.clone()).into_iter().map(|(_, job)| tokio::spawn(job)).collect();
    let begun = Instant::now();
    while !done().await {
        assert!(begun.elapsed() < PATIENCE, "the job does not look");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.cancel();
    for job in jobs {
        job.await.unwrap();
    }
}

async fn finds_what_is_due_and_forgets_what_is_done(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let planned =
        async |job: &str| shop.number(&format!("SELECT count(*) FROM tenant_due WHERE job = '{job}'")).await;
    assert_eq!(planned("payments").await, 0, "nothing waits in a shop that has sold nothing");
    let placed = shop.guest(mug, 2).await.buy("manual").await.unwrap();
    let cart = shop.guest(mug, 1).await;
    assert_eq!((planned("payments").await, planned("carts").await), (1, 1));
    shop.advance(Duration::from_secs(7 * 24 * 3600 + 60));
    let state = async || order::by_id(&shop.boss(), placed.order.id).await.unwrap().state;
    until(&shop, async || state().await == OrderState::Cancelled).await;
    let left = "SELECT count(*) FROM cart WHERE abandoned_at IS NOT NULL";
    until(&shop, async || shop.number(left).await == 1).await;
    drop(cart);
    // A month after it was left, a guest's cart is forgotten.
    shop.advance(Duration::from_secs(24 * 24 * 3600));
    until(&shop, async || shop.number("SELECT count(*) FROM cart WHERE state = 'open'").await == 0).await;
    // Once the minutes are over nobody looks into the shop any more.
    shop.advance(Duration::from_secs(600));
    until(&shop, async || planned("payments").await == 0 && planned("carts").await == 0).await;
    shop.holds().await;
}

/// Rows that came another way than through the use cases, as with an import.
async fn finds_what_was_never_planned_once_it_is_told_to_look(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 2).await.buy("manual").await.unwrap();
    let owner = shop.database().owner().await;
    sea_orm::ConnectionTrait::execute_unprepared(&owner, "DELETE FROM tenant_due").await.unwrap();
    owner.close().await.unwrap();
    // What was planned before is not believed after a tenant has changed.
    shop.app.app().hub().bump(shop.tenant().id, "tenant");
    commerce::jobs::plan_all(&shop.system()).await.unwrap();
    let horizon = "SELECT count(*) FROM tenant_due WHERE job = 'payments' AND minute > 0";
    shop.advance(Duration::from_secs(600));
    // The look plans the next one by itself.
    until(&shop, async || shop.number(horizon).await == 1).await;
    shop.advance(Duration::from_secs(7 * 24 * 3600));
    let state = async || order::by_id(&shop.boss(), placed.order.id).await.unwrap().state;
    until(&shop, async || state().await == OrderState::Cancelled).await;
    shop.holds().await;
}

on_both!(finds_what_is_due_and_forgets_what_is_done, finds_what_was_never_planned_once_it_is_told_to_look);
