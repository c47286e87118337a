//! Payments that do not move, and those of which the gateway says something else than we do.

use std::time::Duration;

use commerce::order;
use commerce::payment::reconcile;
use commerce::view::{OrderState, OrderView, PaymentState};
use primitives::{OrderId, PageArgs, Permission};
use serde_json::json;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Shop, refusal, verified};

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 3600;

async fn seen(shop: &Shop, id: OrderId) -> OrderView {
    order::by_id(&shop.boss(), id).await.unwrap()
}

/// Order number, and what we and the gateway have taken and given back.
async fn differ(shop: &Shop) -> Vec<(i64, [i64; 4])> {
    let page = reconcile::discrepancies(&shop.boss(), &PageArgs::first(10)).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    let sums = page.items.iter().map(|one| {
        let sums = [one.captured, one.refunded, one.gateway_captured, one.gateway_refunded];
        (one.order_number, sums.map(|money| money.minor))
    });
    sums.collect()
}

async fn asks_who_promised_to_call_and_did_not(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    let id = shop.guest(mug, 1).await.order("http").await.id;
    let deed = shop.gateway.deeds().remove(0);
    shop.gateway.decide(&deed, "succeeded");
    shop.advance(Duration::from_secs(15 * MINUTE - 1));
    assert_eq!(shop.sweep().await.asked, 0);
    shop.advance(Duration::from_secs(1));
    assert_eq!(shop.sweep().await.asked, 1);
    shop.sweep().await;
    let order = seen(&shop, id).await;
    assert_eq!((order.state, order.payment), (OrderState::Paid, PaymentState::Paid));
    assert_eq!((shop.gateway.effects("authorize"), shop.gateway.effects("capture")), (1, 1));
    shop.holds().await;
}

async fn finds_what_differs_and_forgets_it_when_it_agrees(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let id = shop.guest(mug, 1).await.order("http").await.id;
    let reference = shop.gateway.last_reference();
    let by_hand = shop.guest(mug, 1).await.order("manual").await.id;
    assert_eq!(shop.sweep().await.compared, 0, "it says only when the round begins");
    shop.advance(Duration::from_secs(DAY));
    assert_eq!(shop.sweep().await.compared, 1);
    assert_eq!(shop.sweep().await.compared, 0, "once a round");
    assert_eq!(differ(&shop).await, []);
    shop.holds().await;
    // Somebody gives money back at the gateway and tells nobody. What agreed is believed for a week.
    shop.gateway.moved_by_hand("refund", &reference, 500);
    shop.advance(Duration::from_secs(DAY));
    assert_eq!(shop.sweep().await.compared, 0);
    shop.advance(Duration::from_secs(6 * DAY));
    assert_eq!(shop.sweep().await.compared, 1);
    assert_eq!(differ(&shop).await, [(1001, [1_750, 0, 1_750, 500])]);
    let report = verified(&shop.system()).await;
    assert_eq!(report.findings.iter().map(|found| found.check).collect::<Vec<_>>(), ["payment.discrepancy"]);
    let text = "in EUR we have 1750 taken and 0 given back, the gateway 1750 and 500";
    assert_eq!(report.findings[0].text, text);
    let nobody = shop.staff(&[Permission::ORDERS_MANAGE]);
    assert_eq!(refusal(reconcile::discrepancies(&nobody, &PageArgs::first(1)).await).0, "FORBIDDEN");
    assert_eq!(refusal(reconcile::check(&nobody, id).await).0, "FORBIDDEN");
    // It is put right there, and looked at again.
    shop.gateway.moved_by_hand("refund", &reference, -500);
    assert_eq!(refusal(reconcile::check(&shop.boss(), by_hand).await).0, "CONFLICT");
    shop.gateway.next("status", &[Mood::Down]);
    assert_eq!(refusal(reconcile::check(&shop.boss(), id).await).0, "SERVICE_UNAVAILABLE");
    assert_eq!(differ(&shop).await.len(), 1);
    reconcile::check(&shop.boss(), id).await.unwrap();
    assert_eq!(differ(&shop).await, []);
    shop.holds().await;
}

async fn settles_money_that_was_taken_and_nobody_heard_of(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    // Also after the gateway would not call the authorisation off, because it had begun to take the money.
    for (round, refused) in [false, true].into_iter().enumerate() {
        shop.gateway.next("authorize", &[Mood::Pending]);
        let id = shop.guest(mug, 1).await.order("http").await.id;
        let reference = shop.gateway.last_reference();
        order::cancel(&boss, id, "called off").await.unwrap();
        let body =
            json!({"operation": "authorize", "reference": reference, "id": "a-9", "status": "succeeded"});
        shop.call_back(&format!("evt-late-{round}"), body).await.unwrap();
        shop.sweep().await;
        if refused {
            shop.gateway.next("void", &[Mood::Decline]);
            order::refund(&boss, id, "called off").await.unwrap();
            shop.sweep().await;
        }
        assert_eq!(seen(&shop, id).await.payment, PaymentState::Authorised);
        shop.gateway.moved_by_hand("capture", &reference, 1_750);
        shop.advance(Duration::from_secs(DAY));
        assert_eq!(shop.sweep().await.compared, 1);
        let order = seen(&shop, id).await;
        assert_eq!((order.payment, order.paid.minor), (PaymentState::Paid, 1_750));
        assert!(order.attention.unwrap().contains("money arrived after the order was given up"));
        assert_eq!(differ(&shop).await, []);
        let back = order::refund(&boss, id, "called off").await.unwrap();
        assert_eq!((back.payment, back.attention), (PaymentState::Refunded, None));
    }
    shop.holds().await;
}

async fn goes_on_where_it_was_when_the_gateway_is_away(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 100).await;
    for _ in 0..22 {
        shop.guest(mug, 1).await.order("http").await;
    }
    shop.sweep().await;
    shop.advance(Duration::from_secs(DAY));
    shop.gateway.next("status", &[Mood::Succeed, Mood::Down]);
    assert_eq!(shop.sweep().await.compared, 1);
    assert_eq!(shop.sweep().await.compared, 0, "not at once");
    shop.advance(Duration::from_secs(15 * MINUTE));
    assert_eq!(shop.sweep().await.compared, 19, "the first one agreed");
    assert_eq!(shop.sweep().await.compared, 2);
    assert_eq!(shop.sweep().await.compared, 0);
    // A gateway that does not tell what it has is taken at its word.
    shop.advance(Duration::from_secs(7 * DAY));
    shop.gateway.next("status", &[Mood::Decline; 22]);
    assert_eq!(shop.sweep().await.compared, 20);
    assert_eq!(differ(&shop).await, []);
    shop.holds().await;
}

on_both!(
    asks_who_promised_to_call_and_did_not,
    finds_what_differs_and_forgets_it_when_it_agrees,
    settles_money_that_was_taken_and_nobody_heard_of,
    goes_on_where_it_was_when_the_gateway_is_away,
);
