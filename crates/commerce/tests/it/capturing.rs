//! Money that staff takes: all of it, a part, several parts, and what becomes of the rest.

use std::time::Duration;

use commerce::CommerceError;
use commerce::order::{self, Capture, Refund, Target};
use commerce::settings::{self, CaptureMode};
use commerce::view::{NextStep, OrderState, OrderView, PaymentState};
use primitives::OrderId;
use serde_json::json;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Shop, refusal};
use crate::tendering::{issued, with_card};

async fn by_hand(shop: &Shop) {
    let boss = shop.boss();
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    next.payment.capture = CaptureMode::Manual;
    settings::update(&boss, current.version, next).await.unwrap();
}

async fn take(shop: &Shop, id: OrderId, amount: i64, key: &str) -> Result<OrderView, CommerceError> {
    order::capture(&shop.boss(), id, Capture { amount: Some(amount), key }).await
}

async fn seen(shop: &Shop, id: OrderId) -> OrderView {
    order::by_id(&shop.boss(), id).await.unwrap()
}

/// The state, where the money is, what was received, and what can be taken.
fn stands(order: &OrderView) -> (OrderState, PaymentState, i64, i64) {
    (order.state, order.payment, order.paid.minor, order.capturable.minor)
}

async fn placed(shop: &Shop) -> OrderId {
    by_hand(shop).await;
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 2).await.buy("http").await.unwrap();
    assert_eq!(placed.next, NextStep::Done);
    assert_eq!(stands(&placed.order), (OrderState::PendingPayment, PaymentState::Authorised, 0, 0));
    placed.order.id
}

async fn waits_for_staff_and_is_paid_when_all_is_taken(shop: Shop) {
    let id = placed(&shop).await;
    assert_eq!(shop.gateway.effects("capture"), 0);
    assert_eq!(shop.sweep().await, commerce::jobs::Swept::default());
    let before = seen(&shop, id).await;
    assert_eq!(stands(&before), (OrderState::PendingPayment, PaymentState::Authorised, 0, 3_000));
    let stale = Target { id, version: Some(before.version - 1) };
    let all = |key| Capture { amount: None, key };
    assert_eq!(refusal(order::capture(&shop.boss(), stale, all("k")).await).0, "CONFLICT");
    for (amount, key, field) in [(3_001, "k", "amount"), (0, "k", "amount"), (1, "", "idempotencyKey")] {
        let refused = refusal(take(&shop, id, amount, key).await);
        assert_eq!(refused, ("BAD_USER_INPUT".to_owned(), vec![field.to_owned()]));
    }
    let nobody = shop.staff(&[primitives::Permission::ORDERS_MANAGE]);
    assert_eq!(refusal(order::capture(&nobody, id, all("k")).await).0, "FORBIDDEN");
    assert_eq!(shop.gateway.calls().len(), 1, "only the authorisation");
    let done = order::capture(&shop.boss(), id, all("k")).await.unwrap();
    assert_eq!(stands(&done), (OrderState::Paid, PaymentState::Paid, 3_000, 0));
    let again = order::capture(&shop.boss(), id, all("k")).await.unwrap();
    assert_eq!((again.version, shop.gateway.effects("capture")), (done.version, 1));
    assert_eq!(refusal(take(&shop, id, 1, "k").await).0, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(refusal(take(&shop, id, 1, "other").await).0, "CONFLICT");
    shop.holds().await;
}

async fn takes_a_part_and_forgoes_the_rest(shop: Shop) {
    let id = placed(&shop).await;
    let part = take(&shop, id, 1_200, "k").await.unwrap();
    // This gateway lets the rest go.
    assert_eq!(stands(&part), (OrderState::PendingPayment, PaymentState::PartlyPaid, 1_200, 0));
    assert_eq!((part.pay_until, part.attention.as_deref()), (None, None));
    shop.advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(shop.sweep().await.expired, 0, "money is here");
    assert_eq!(refusal(order::cancel(&shop.boss(), id, "no").await).0, "CONFLICT");
    let more = Refund { amount: Some(1_201), reason: "too much", ..Refund::default() };
    assert_eq!(refusal(order::refund_part(&shop.boss(), id, &more).await).1, ["amount"]);
    let done = order::release(&shop.boss(), id, "one mug is gone").await.unwrap();
    assert_eq!(stands(&done), (OrderState::Paid, PaymentState::Paid, 1_200, 0));
    assert_eq!((done.released.minor, shop.gateway.effects("void")), (1_800, 0));
    let kinds: Vec<_> = done.timeline.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["order.placed", "payment.authorised", "payment.captured", "payment.released", "order.paid"]
    );
    assert_eq!(shop.told().await["payment.released"], 1);
    assert_eq!(refusal(order::release(&shop.boss(), id, "again").await).0, "CONFLICT");
    order::ship(&shop.boss(), id, &order::Tracking::default()).await.unwrap();
    let back = order::refund(&shop.boss(), id, "broken").await.unwrap();
    assert_eq!((back.state, back.refunded.minor), (OrderState::Refunded, 1_200));
    shop.holds().await;
}

async fn takes_several_parts_where_the_gateway_can(shop: Shop) {
    shop.gateway.captures_in_parts();
    let id = placed(&shop).await;
    assert_eq!(stands(&take(&shop, id, 1_000, "a").await.unwrap()).3, 2_000);
    // Some of it goes back before more of it comes.
    let some = Refund { amount: Some(400), reason: "a scratch", ..Refund::default() };
    let back = order::refund_part(&shop.boss(), id, &some).await.unwrap();
    assert_eq!(stands(&back), (OrderState::PendingPayment, PaymentState::PartlyPaid, 1_000, 2_000));
    shop.gateway.next("capture", &[Mood::Cut]);
    let lost = take(&shop, id, 500, "b").await.unwrap();
    assert_eq!((lost.paid.minor, lost.capturable.minor), (1_000, 0), "nobody knows");
    assert_eq!(refusal(take(&shop, id, 500, "c").await).0, "CONFLICT", "while the gateway is being asked");
    assert_eq!(refusal(order::refund(&shop.boss(), id, "no").await).0, "CONFLICT");
    // A call-back about the part before says nothing about this one: the gateway is asked.
    let reference = shop.gateway.last_reference();
    let body = json!({"operation": "capture", "reference": reference, "id": "capture-2", "status": "succeeded",
                      "amount": 1_000});
    shop.call_back("evt-1", body.clone()).await.unwrap();
    shop.sweep().await;
    let known = seen(&shop, id).await;
    assert_eq!(stands(&known), (OrderState::PendingPayment, PaymentState::PartlyPaid, 1_500, 1_500));
    shop.call_back("evt-2", body).await.unwrap();
    shop.sweep().await;
    assert_eq!(stands(&seen(&shop, id).await), stands(&known));
    assert_eq!(shop.gateway.effects("capture"), 2);
    // The first key once more: it is done.
    assert_eq!(take(&shop, id, 1_000, "a").await.unwrap().paid.minor, 1_500);
    let done = order::capture(&shop.boss(), id, Capture { amount: None, key: "d" }).await.unwrap();
    assert_eq!(stands(&done), (OrderState::Paid, PaymentState::PartlyRefunded, 3_000, 0));
    assert_eq!(shop.number("SELECT COUNT(*) FROM money_ledger WHERE kind = 'capture'").await, 3);
    shop.holds().await;
}

async fn gives_the_rest_of_several_parts_back(shop: Shop) {
    shop.gateway.captures_in_parts();
    let id = placed(&shop).await;
    assert_eq!(refusal(order::release(&shop.boss(), id, "too early").await).0, "CONFLICT");
    take(&shop, id, 1_000, "a").await.unwrap();
    shop.gateway.next("void", &[Mood::Down]);
    let asked = order::release(&shop.boss(), id, "no more").await.unwrap();
    assert_eq!(asked.state, OrderState::PendingPayment);
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let done = seen(&shop, id).await;
    assert_eq!(stands(&done), (OrderState::Paid, PaymentState::Paid, 1_000, 0));
    let void = shop.gateway.calls().into_iter().rfind(|call| call.step == "void").unwrap();
    assert_eq!((&void.body["amount"], shop.gateway.effects("void")), (&json!(2_000), 1));
    shop.holds().await;
}

async fn a_refused_part_changes_nothing(shop: Shop) {
    let id = placed(&shop).await;
    shop.gateway.next("capture", &[Mood::Decline]);
    let refused = take(&shop, id, 1_000, "a").await.unwrap();
    assert_eq!(stands(&refused), (OrderState::PendingPayment, PaymentState::Authorised, 0, 3_000));
    assert!(refused.attention.is_some());
    // The same key is the same call; another one is another.
    assert_eq!(take(&shop, id, 1_000, "a").await.unwrap().paid.minor, 0);
    let done = order::capture(&shop.boss(), id, Capture { amount: None, key: "b" }).await.unwrap();
    assert_eq!(done.state, OrderState::Paid);
    order::clear_attention(&shop.boss(), id).await.unwrap();
    shop.holds().await;
}

async fn what_nobody_takes_goes_back(shop: Shop) {
    let id = placed(&shop).await;
    shop.advance(Duration::from_secs(6 * 24 * 3600 - 1));
    assert_eq!(shop.sweep().await.expired, 0);
    shop.advance(Duration::from_secs(2));
    assert_eq!(shop.sweep().await.expired, 1);
    shop.sweep().await;
    let order = seen(&shop, id).await;
    assert_eq!(stands(&order), (OrderState::Cancelled, PaymentState::Voided, 0, 0));
    assert_eq!((shop.gateway.effects("void"), shop.stock().await), (1, (20, 0)));
    shop.holds().await;
}

async fn nothing_stays_promised_to_an_order_that_was_given_up_meanwhile(shop: Shop) {
    shop.gateway.captures_in_parts();
    for (status, paid) in [("succeeded", 1_000), ("declined", 0)] {
        let id = placed(&shop).await;
        shop.gateway.next("capture", &[Mood::Pending]);
        take(&shop, id, 1_000, "a").await.unwrap();
        order::cancel(&shop.boss(), id, "called off").await.unwrap();
        let deed = shop.gateway.deeds().into_iter().find(|deed| deed.status == "pending").unwrap();
        shop.gateway.decide(&deed, status);
        let body =
            json!({"operation": "capture", "reference": deed.reference, "id": deed.id, "status": status});
        shop.call_back(&format!("evt-{status}"), body).await.unwrap();
        for _ in 0..3 {
            shop.sweep().await;
        }
        let order = seen(&shop, id).await;
        assert_eq!((order.paid.minor, order.attention.is_some()), (paid, 0 < paid), "{status}");
        let void = shop.gateway.calls().into_iter().rfind(|call| call.step == "void").unwrap();
        assert_eq!(
            (void.body["reference"].as_str(), &void.body["amount"]),
            (Some(&*deed.reference), &json!(3_000 - paid))
        );
        assert_eq!(shop.gateway.promises(), []);
        if 0 < paid {
            let back = order::refund(&shop.boss(), id, "called off").await.unwrap();
            assert_eq!((back.payment, back.attention), (PaymentState::Refunded, None));
        }
        shop.holds().await;
    }
    assert_eq!(shop.gateway.effects("void"), 2);
}

async fn is_called_off_when_all_that_was_taken_is_back(shop: Shop) {
    shop.gateway.captures_in_parts();
    let id = placed(&shop).await;
    take(&shop, id, 1_000, "a").await.unwrap();
    let back = order::refund(&shop.boss(), id, "called off").await.unwrap();
    assert_eq!(stands(&back), (OrderState::PendingPayment, PaymentState::Authorised, 1_000, 2_000));
    let off = order::cancel(&shop.boss(), id, "called off").await.unwrap();
    assert_eq!(off.state, OrderState::Cancelled);
    shop.sweep().await;
    let order = seen(&shop, id).await;
    assert_eq!((order.payment, order.attention), (PaymentState::Refunded, None));
    assert_eq!((shop.gateway.effects("void"), shop.stock().await), (1, (20, 0)));
    shop.holds().await;
}

async fn gift_cards_pay_their_part_and_staff_takes_the_rest(shop: Shop) {
    by_hand(&shop).await;
    let mug = shop.product("Mug", "12.50", 20).await;
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &issued(&shop, 1_000).await).await;
    let id = guest.order("http").await.id;
    assert_eq!(
        stands(&seen(&shop, id).await),
        (OrderState::PendingPayment, PaymentState::Authorised, 1_000, 2_000)
    );
    let part = take(&shop, id, 500, "a").await.unwrap();
    assert_eq!(stands(&part), (OrderState::PendingPayment, PaymentState::PartlyPaid, 1_500, 0));
    let done = order::release(&shop.boss(), id, "enough").await.unwrap();
    assert_eq!((stands(&done).0, done.released.minor), (OrderState::Paid, 1_500));
    let back = order::refund(&shop.boss(), id, "broken").await.unwrap();
    assert_eq!((back.state, back.refunded.minor), (OrderState::Refunded, 1_500));
    shop.holds().await;
}

on_both!(
    waits_for_staff_and_is_paid_when_all_is_taken,
    takes_a_part_and_forgoes_the_rest,
    takes_several_parts_where_the_gateway_can,
    gives_the_rest_of_several_parts_back,
    a_refused_part_changes_nothing,
    what_nobody_takes_goes_back,
    nothing_stays_promised_to_an_order_that_was_given_up_meanwhile,
    is_called_off_when_all_that_was_taken_is_back,
    gift_cards_pay_their_part_and_staff_takes_the_rest,
);
