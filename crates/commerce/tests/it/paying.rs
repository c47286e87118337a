//! A gateway that answers, refuses, waits, hangs, cuts and calls back.

use std::time::Duration;

use commerce::payment::webhook::{self, Receipt};
use commerce::view::{NextStep, OrderState, OrderView, PaymentState};
use commerce::{cart, checkout, order};
use serde_json::json;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Shop, refusal};

async fn seen(shop: &Shop, order: &OrderView) -> OrderView {
    order::by_id(&shop.boss(), order.id).await.unwrap()
}

async fn is_paid_when_the_gateway_says_so(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 2).await.buy("http").await.unwrap();
    let order = placed.order;
    assert_eq!(
        (placed.next, order.state, order.payment),
        (NextStep::Done, OrderState::Paid, PaymentState::Paid)
    );
    assert_eq!((order.paid, order.pay_until), (order.totals.total, None));
    let calls = shop.gateway.calls();
    assert_eq!(calls.iter().map(|call| call.step.as_str()).collect::<Vec<_>>(), ["authorize", "capture"]);
    for call in &calls {
        assert_eq!((&call.body["amount"], &call.body["currency"]), (&json!(3000), &json!("EUR")));
    }
    assert_ne!(calls[0].key, calls[1].key);
    let told = order::by_id(&shop.boss(), order.id).await.unwrap().timeline;
    let kinds: Vec<_> = told.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["order.placed", "payment.authorised", "payment.captured", "order.paid"]);
    assert_eq!(
        shop.number("SELECT CAST(SUM(amount_minor) AS bigint) FROM money_ledger WHERE kind = 'capture'")
            .await,
        3000
    );
    assert_eq!(shop.stock().await, (20, 2));
    assert_eq!(shop.sweep().await, commerce::jobs::Swept::default());
    shop.holds().await;
}

async fn gives_the_cart_back_when_the_payment_is_declined(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    for step in ["authorize", "capture"] {
        let guest = shop.guest(mug, 2).await;
        let before = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
        shop.gateway.next(step, &[Mood::Decline]);
        let form = guest.form("http").await;
        let placed = checkout::place_order(&guest.ctx, form.clone()).await.unwrap();
        assert_eq!((placed.next, placed.order.state), (NextStep::TryAgain, OrderState::Cancelled), "{step}");
        assert_eq!(placed.order.payment, PaymentState::Declined);
        assert_eq!(shop.number("SELECT CAST(SUM(reserved) AS bigint) FROM stock_level").await, 0);
        let after = cart::view(&guest.ctx, Some(&guest.token)).await.unwrap();
        assert_eq!((after.n_items, after.ready), (before.n_items, true));
        // The first click again: the first answer. A new one: a new order.
        assert!(checkout::place_order(&guest.ctx, form).await.unwrap().replayed);
        let second = guest.buy("http").await.unwrap();
        assert_eq!(second.order.state, OrderState::Paid);
        assert_ne!(second.order.id, placed.order.id);
        let cancelled = shop.number("SELECT number FROM orders WHERE state = 'cancelled' LIMIT 1").await;
        order::cancel(&shop.boss(), placed.order.id, "again").await.unwrap_err();
        assert!(1000 < cancelled);
        order::refund(&shop.boss(), second.order.id, "test").await.unwrap();
    }
    shop.holds().await;
}

async fn waits_for_the_call_back_when_the_gateway_has_not_decided(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
    assert_eq!((placed.next, placed.order.payment), (NextStep::Wait, PaymentState::Pending));
    shop.sweep().await;
    assert_eq!(shop.gateway.calls().len(), 1, "nobody asks while the gateway has promised to call");
    let reference = shop.gateway.last_reference();
    let body = json!({"type": "payment.authorized", "reference": reference, "id": "a-1", "status": "succeeded",
                      "amount": 1750, "currency": "EUR"});
    assert_eq!(shop.call_back("evt-1", body.clone()).await.unwrap(), Receipt::Stored);
    assert_eq!(shop.call_back("evt-1", body.clone()).await.unwrap(), Receipt::Duplicate);
    let swept = shop.sweep().await;
    assert_eq!((swept.call_backs, swept.asked), (1, 1));
    assert_eq!(seen(&shop, &placed.order).await.state, OrderState::Paid);
    // It says the same once more under another name, and then something old.
    shop.call_back("evt-2", body).await.unwrap();
    let declined = json!({"type": "payment.authorized", "reference": reference, "status": "declined"});
    shop.call_back("evt-3", declined).await.unwrap();
    shop.sweep().await;
    let order = seen(&shop, &placed.order).await;
    assert_eq!((order.state, order.attention), (OrderState::Paid, None));
    assert_eq!(shop.gateway.effects("capture"), 1);
    assert_eq!(shop.number("SELECT COUNT(*) FROM money_ledger").await, 1);
    assert_eq!(shop.told().await["order.paid"], 1);
    shop.holds().await;
}

async fn cancels_when_the_call_back_says_no(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    let guest = shop.guest(mug, 1).await;
    let placed = guest.buy("http").await.unwrap();
    let reference = shop.gateway.last_reference();
    let body = json!({"type": "payment.updated", "data": {"operation": "authorize", "reference": reference,
                      "status": "declined", "reason": "stolen card"}});
    shop.call_back("evt-1", body).await.unwrap();
    shop.sweep().await;
    assert_eq!(seen(&shop, &placed.order).await.state, OrderState::Cancelled);
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().n_items, 1);
    assert_eq!(shop.stock().await, (20, 0));
    shop.holds().await;
}

async fn settles_lost_answers_by_asking_again_with_the_same_key(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    for (step, mood) in [
        ("authorize", Mood::Hang),
        ("authorize", Mood::Cut),
        ("authorize", Mood::Down),
        ("capture", Mood::Hang),
        ("capture", Mood::Cut),
        ("capture", Mood::Down),
    ] {
        shop.gateway.next(step, &[mood]);
        let captures = shop.gateway.effects("capture");
        let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
        assert_eq!(
            (placed.next, placed.order.state),
            (NextStep::Wait, OrderState::PendingPayment),
            "{step} {mood:?}"
        );
        assert_eq!(shop.sweep().await.asked, 0, "not before its time");
        shop.advance(Duration::from_secs(2));
        for _ in 0..3 {
            shop.sweep().await;
        }
        let order = seen(&shop, &placed.order).await;
        assert_eq!((order.state, order.attention), (OrderState::Paid, None), "{step} {mood:?}");
        assert_eq!(shop.gateway.effects("capture"), captures + 1, "{step} {mood:?}");
        let reference = placed_reference(&shop, step);
        let keys: std::collections::BTreeSet<_> = reference.iter().collect();
        assert_eq!((reference.len(), keys.len()), (2, 1), "{step} {mood:?}");
    }
    assert_eq!(shop.number("SELECT COUNT(*) FROM money_ledger").await, 6);
    shop.holds().await;
}

/// Keys of the calls of `step` for the payment that was asked for last.
fn placed_reference(shop: &Shop, step: &str) -> Vec<String> {
    let last = shop.gateway.last_reference();
    let calls = shop.gateway.calls().into_iter();
    calls
        .filter(|call| call.step == step && call.body["reference"] == last.as_str())
        .map(|call| call.key)
        .collect()
}

async fn finishes_what_a_cut_connection_left_behind(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Hang]);
    let guest = shop.guest(mug, 1).await;
    let form = guest.form("http").await;
    // The shopper's connection goes away in the middle: the future is dropped where it stands.
    let click = checkout::place_order(&guest.ctx, form.clone());
    assert!(tokio::time::timeout(Duration::from_millis(900), click).await.is_err());
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 1);
    let again = checkout::place_order(&guest.ctx, form.clone()).await.unwrap();
    assert_eq!((again.next, again.replayed), (NextStep::Wait, true));
    assert_eq!(shop.sweep().await.asked, 0);
    shop.advance(Duration::from_secs(60));
    shop.sweep().await;
    shop.sweep().await;
    let done = checkout::place_order(&guest.ctx, form).await.unwrap();
    assert_eq!((done.next, done.order.id), (NextStep::Done, again.order.id));
    assert_eq!((shop.gateway.effects("authorize"), shop.gateway.effects("capture")), (1, 1));
    shop.holds().await;
}

async fn never_loses_money_that_comes_late(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
    let reference = shop.gateway.last_reference();
    shop.advance(Duration::from_secs(1_799));
    assert_eq!(shop.sweep().await.expired, 0);
    shop.advance(Duration::from_secs(2));
    assert_eq!(shop.sweep().await.expired, 1);
    let order = seen(&shop, &placed.order).await;
    assert_eq!((order.state, order.cancel_reason.as_str()), (OrderState::Cancelled, "not paid in time"));
    assert_eq!(shop.stock().await, (20, 0));
    let body = json!({"operation": "capture", "reference": reference, "id": "c-9", "status": "succeeded", "amount": 1750});
    shop.call_back("evt-late", body).await.unwrap();
    shop.sweep().await;
    let order = seen(&shop, &placed.order).await;
    assert_eq!(
        (order.state, order.payment, order.paid.minor),
        (OrderState::Cancelled, PaymentState::Paid, 1750)
    );
    assert!(order.attention.is_some());
    let refund = order.moves.iter().find(|found| found.name == "refund").unwrap();
    assert!(refund.possible);
    let back = order::refund(&shop.boss(), order.id, "came too late").await.unwrap();
    assert_eq!(
        (back.state, back.payment, back.attention),
        (OrderState::Cancelled, PaymentState::Refunded, None)
    );
    assert_eq!(shop.gateway.effects("refund"), 1);
    shop.holds().await;
}

async fn an_order_whose_payment_nobody_knows_is_kept(shop: Shop) {
    const DAY: u64 = 24 * 3_600;
    let vase = shop.product("The only vase", "12.50", 1).await;
    for yes in [false, true] {
        shop.gateway.next("authorize", &[Mood::Down; 20]);
        let late = shop.guest(vase, 1).await;
        let form = late.form("http").await;
        let placed = shop.guest(vase, 1).await.buy("http").await.unwrap();
        assert_eq!((placed.next, placed.order.payment), (NextStep::Wait, PaymentState::Pending));
        let reference = shop.gateway.last_reference();
        let stands = async || {
            let order = seen(&shop, &placed.order).await;
            (order.state, order.attention, shop.stock().await)
        };
        let waits = (OrderState::PendingPayment, None, (1, 1));
        // Its deadline is over, and it is looked at once a minute.
        shop.advance(Duration::from_secs(1_801));
        assert_eq!(shop.sweep().await.expired, 0);
        assert_eq!(stands().await, waits);
        let minute = shop.now() + Duration::from_secs(60);
        assert_eq!(seen(&shop, &placed.order).await.pay_until, Some(minute));
        assert_eq!(refusal(checkout::place_order(&late.ctx, form).await).0, "OUT_OF_STOCK", "it is held");
        shop.advance(Duration::from_secs(DAY - 1_801));
        assert_eq!(shop.sweep().await.expired, 0);
        assert_eq!(stands().await, waits);
        // After a day a person is asked, once, and it waits all the same.
        let (_, _, held) = waits;
        let why = Some("the gateway does not tell what became of the payment".to_owned());
        let asked = shop.told().await.get("order.edited").copied().unwrap_or_default();
        for minutes in [1, 1, 24 * 60] {
            shop.advance(Duration::from_secs(minutes * 60));
            assert_eq!(shop.sweep().await.expired, 0);
            assert_eq!(stands().await, (OrderState::PendingPayment, why.clone(), held));
        }
        assert_eq!(shop.told().await["order.edited"], asked + 1);
        assert_eq!((shop.gateway.effects("authorize"), shop.gateway.effects("capture")), (0, 0));
        // What the gateway says in the end counts, and nobody has to look any more.
        shop.gateway.calm();
        if yes {
            let body = json!({"operation": "authorize", "reference": reference, "id": "a-1",
                              "status": "succeeded", "amount": 1750, "currency": "EUR"});
            assert_eq!(shop.call_back("evt-late", body).await.unwrap(), Receipt::Stored);
        } else {
            shop.gateway.next("authorize", &[Mood::Decline]);
            shop.advance(Duration::from_secs(600));
        }
        shop.sweep().await;
        shop.sweep().await;
        let order = seen(&shop, &placed.order).await;
        if yes {
            assert_eq!((order.state, order.paid.minor), (OrderState::Paid, 1_750));
            assert_eq!((shop.gateway.effects("capture"), shop.stock().await), (1, held));
            assert_eq!(order.attention, None);
        } else {
            assert_eq!((order.state, order.paid.minor), (OrderState::Cancelled, 0));
            assert_eq!((order.attention, shop.stock().await), (None, (1, 0)));
        }
    }
    shop.holds().await;
}

async fn knows_of_money_that_was_taken_while_the_order_was_given_up(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    for (round, by_call_back) in [false, true].into_iter().enumerate() {
        shop.gateway.next("authorize", &[Mood::Pending]);
        let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
        let reference = shop.gateway.last_reference();
        let body =
            json!({"operation": "authorize", "reference": reference, "id": "a-1", "status": "succeeded"});
        shop.call_back(&format!("evt-{round}-1"), body).await.unwrap();
        shop.gateway.next("capture", &[Mood::Hang]);
        let captures = shop.gateway.effects("capture");
        let give_up = async {
            while shop.gateway.effects("capture") == captures {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            order::cancel(&shop.boss(), placed.order.id, "the customer changed their mind").await.unwrap()
        };
        let (_, given_up) = tokio::join!(shop.sweep(), give_up);
        assert_eq!((given_up.state, given_up.paid.minor), (OrderState::Cancelled, 0));
        if by_call_back {
            let body =
                json!({"operation": "capture", "reference": reference, "id": "c-1", "status": "succeeded"});
            shop.call_back(&format!("evt-{round}-2"), body).await.unwrap();
        } else {
            shop.advance(Duration::from_secs(2));
        }
        shop.sweep().await;
        let order = seen(&shop, &placed.order).await;
        assert_eq!(
            (order.state, order.payment),
            (OrderState::Cancelled, PaymentState::Paid),
            "{by_call_back}"
        );
        assert_eq!((order.paid.minor, order.attention.is_some()), (1750, true), "{by_call_back}");
        assert_eq!(shop.gateway.effects("capture"), captures + 1);
        let back = order::refund(&shop.boss(), order.id, "given up").await.unwrap();
        assert_eq!((back.payment, back.attention), (PaymentState::Refunded, None));
        assert_eq!(shop.gateway.effects("void"), 0);
    }
    shop.holds().await;
}

async fn asks_for_money_that_was_taken_while_the_order_was_given_up_and_nobody_heard(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    shop.gateway.next("capture", &[Mood::Hang]);
    let guest = shop.guest(mug, 1).await;
    let give_up = async {
        while shop.gateway.effects("capture") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shop.settle().await;
        let page = primitives::PageArgs::first(1);
        let (filter, sort) = (order::OrderFilter::default(), order::OrderSort::default());
        let found = order::list(&boss, &filter, sort, &page).await.unwrap();
        order::cancel(&boss, found.items[0].id, "the customer changed their mind").await.unwrap()
    };
    let (placed, given_up) = tokio::join!(guest.buy("http"), give_up);
    assert_eq!((given_up.state, given_up.paid.minor), (OrderState::Cancelled, 0));
    assert_eq!(placed.unwrap().order.state, OrderState::Cancelled);
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let order = seen(&shop, &given_up).await;
    assert_eq!((order.state, order.payment), (OrderState::Cancelled, PaymentState::Paid));
    assert_eq!((order.paid.minor, order.attention.is_some()), (1750, true));
    assert_eq!((shop.gateway.effects("capture"), shop.stock().await), (1, (20, 0)));
    shop.holds().await;
}

async fn finds_money_that_a_process_took_before_it_died(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    shop.gateway.next("capture", &[Mood::Hang]);
    let guest = shop.guest(mug, 1).await;
    let form = guest.form("http").await;
    let ctx = guest.ctx.clone();
    let paying = tokio::spawn(async move { checkout::place_order(&ctx, form).await.map(drop) });
    while shop.gateway.effects("capture") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    paying.abort();
    assert!(paying.await.unwrap_err().is_cancelled());
    shop.settle().await;
    let page = primitives::PageArgs::first(1);
    let (filter, sort) = (order::OrderFilter::default(), order::OrderSort::default());
    let found = order::list(&boss, &filter, sort, &page).await.unwrap();
    let given_up = order::cancel(&boss, found.items[0].id, "called off").await.unwrap();
    // The authorisation is heard of, and cannot be called off: what was authorised has been taken.
    shop.advance(Duration::from_secs(60));
    shop.sweep().await;
    let order = seen(&shop, &given_up).await;
    assert_eq!((order.payment, order.paid.minor), (PaymentState::Authorised, 0));
    shop.gateway.next("void", &[Mood::Decline]);
    let refused = order::refund(&boss, order.id, "called off").await.unwrap();
    assert_eq!((refused.paid.minor, refused.attention.is_some()), (0, true));
    shop.sweep().await;
    let order = seen(&shop, &given_up).await;
    assert_eq!((order.payment, order.paid.minor), (PaymentState::Paid, 1750));
    let back = order::refund(&boss, order.id, "called off").await.unwrap();
    assert_eq!((back.payment, back.attention), (PaymentState::Refunded, None));
    assert_eq!((shop.gateway.effects("capture"), shop.gateway.effects("refund")), (1, 1));
    shop.holds().await;
}

async fn an_authorisation_that_nobody_calls_off_is_tried_again(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let captures = || shop.gateway.calls().iter().filter(|call| call.step == "capture").count();
    // A gateway that tells what it has, one that cannot at first, and one that does not: that is asked for the capture.
    for (round, (tells, asked)) in
        [(&[][..], 0), (&[Mood::Down], 0), (&[Mood::Decline], 1)].into_iter().enumerate()
    {
        shop.gateway.next("authorize", &[Mood::Pending]);
        let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
        let reference = shop.gateway.last_reference();
        order::cancel(&boss, placed.order.id, "called off").await.unwrap();
        let body =
            json!({"operation": "authorize", "reference": reference, "id": "a-9", "status": "succeeded"});
        shop.call_back(&format!("evt-late-{round}"), body).await.unwrap();
        shop.sweep().await;
        shop.gateway.next("void", &[Mood::Decline]);
        shop.gateway.next("status", tells);
        if 0 < asked {
            shop.gateway.next("capture", &[Mood::Decline]);
        }
        let before = captures();
        order::refund(&boss, placed.order.id, "called off").await.unwrap();
        for _ in 0..2 {
            shop.sweep().await;
            shop.advance(Duration::from_secs(2));
        }
        let order = seen(&shop, &placed.order).await;
        assert_eq!((order.payment, order.paid.minor), (PaymentState::Authorised, 0), "{round}");
        assert!(order.attention.is_some(), "{round}");
        assert_eq!(captures() - before, asked, "{round}");
        let back = order::refund(&boss, order.id, "called off").await.unwrap();
        assert_eq!((back.payment, back.attention), (PaymentState::Voided, None), "{round}");
        assert_eq!((shop.gateway.effects("capture"), shop.gateway.effects("void")), (0, round + 1));
    }
    shop.holds().await;
}

async fn gives_the_promise_back_when_the_bank_does_not_pay(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("capture", &[Mood::Decline]);
    let declined = shop.guest(mug, 1).await.buy("http").await.unwrap().order;
    assert_eq!((declined.state, declined.payment), (OrderState::Cancelled, PaymentState::Declined));
    assert_eq!(shop.gateway.effects("void"), 0, "the shopper does not wait for it");
    shop.sweep().await;
    let order = seen(&shop, &declined).await;
    assert_eq!(
        (order.payment, order.attention, shop.gateway.effects("void")),
        (PaymentState::Declined, None, 1)
    );
    // There was nothing to give back: nobody is called, and nobody asks once more.
    shop.gateway.next("capture", &[Mood::Decline]);
    shop.gateway.next("void", &[Mood::Decline]);
    let gone = shop.guest(mug, 1).await.buy("http").await.unwrap().order;
    shop.sweep().await;
    let calls = shop.gateway.calls().len();
    shop.advance(Duration::from_secs(24 * 3600));
    shop.sweep().await;
    let order = seen(&shop, &gone).await;
    assert_eq!((order.payment, order.attention), (PaymentState::Declined, None));
    assert_eq!((shop.gateway.effects("void"), shop.gateway.calls().len()), (1, calls));
    // Somebody gave the order up while nobody knew whether the money was taken; the gateway tells, or has to be asked.
    for (tells, payment) in [(&[Mood::Decline][..], PaymentState::Declined), (&[], PaymentState::Voided)] {
        shop.gateway.next("capture", &[Mood::Down]);
        let unknown = shop.guest(mug, 1).await.buy("http").await.unwrap().order;
        assert_eq!((unknown.state, unknown.payment), (OrderState::PendingPayment, PaymentState::Authorised));
        order::cancel(&shop.boss(), unknown.id, "changed their mind").await.unwrap();
        let (voids, captures) = (shop.gateway.effects("void"), shop.gateway.effects("capture"));
        shop.gateway.next("status", tells);
        shop.gateway.next("capture", &vec![Mood::Decline; tells.len()]);
        for _ in 0..2 {
            shop.advance(Duration::from_secs(60));
            shop.sweep().await;
        }
        let order = seen(&shop, &unknown).await;
        assert_eq!((order.payment, order.attention), (payment, None));
        assert_eq!((shop.gateway.effects("void"), shop.gateway.effects("capture")), (voids + 1, captures));
    }
    shop.holds().await;
}

async fn gives_a_late_authorisation_back(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
    let reference = shop.gateway.last_reference();
    let boss = shop.boss();
    order::cancel(&boss, placed.order.id, "the customer changed their mind").await.unwrap();
    let body = json!({"operation": "authorize", "reference": reference, "id": "a-9", "status": "succeeded"});
    shop.call_back("evt-late", body).await.unwrap();
    shop.sweep().await;
    let order = seen(&shop, &placed.order).await;
    assert_eq!((order.payment, order.paid.minor), (PaymentState::Authorised, 0));
    assert!(order.attention.is_some());
    assert_eq!(shop.gateway.effects("capture"), 0, "an order that was given up is never captured");
    let back = order::refund(&boss, order.id, "nothing to pay").await.unwrap();
    assert_eq!((back.payment, back.attention), (PaymentState::Voided, None));
    assert_eq!(shop.gateway.effects("void"), 1);
    shop.holds().await;
}

async fn asks_a_person_when_another_amount_is_reported(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    let placed = shop.guest(mug, 1).await.buy("http").await.unwrap();
    let reference = shop.gateway.last_reference();
    let body = json!({"operation": "capture", "reference": reference, "status": "succeeded", "amount": 1});
    shop.call_back("evt-1", body).await.unwrap();
    shop.sweep().await;
    let order = seen(&shop, &placed.order).await;
    assert_eq!((order.state, order.paid.minor), (OrderState::PendingPayment, 0));
    assert!(order.attention.is_some());
    shop.holds().await;
}

async fn believes_only_signed_call_backs(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    shop.guest(mug, 1).await.buy("http").await.unwrap();
    let reference = shop.gateway.last_reference();
    let body = json!({"reference": reference, "status": "succeeded"}).to_string();
    let mut headers = axum::http::HeaderMap::new();
    let receive = async |headers: &axum::http::HeaderMap, provider: &str| {
        refusal(webhook::receive(&shop.anonymous(), provider, headers, body.as_bytes()).await).0
    };
    assert_eq!(receive(&headers, "http").await, "UNAUTHENTICATED");
    headers.insert("webhook-id", "evt-1".parse().unwrap());
    headers.insert("webhook-timestamp", "1700000000".parse().unwrap());
    headers.insert("webhook-signature", "v1,AAAA".parse().unwrap());
    assert_eq!(receive(&headers, "http").await, "UNAUTHENTICATED");
    assert_eq!(receive(&headers, "manual").await, "NOT_FOUND");
    let unknown = json!({"reference": uuid::Uuid::now_v7().to_string(), "status": "succeeded"});
    assert_eq!(refusal(shop.call_back("evt-2", unknown).await).0, "NOT_FOUND");
    let odd = json!({"reference": reference, "status": "perhaps"});
    assert_eq!(refusal(shop.call_back("evt-3", odd).await).0, "BAD_USER_INPUT");
    assert_eq!(refusal(shop.call_back("evt-4", json!(["x"])).await).0, "BAD_USER_INPUT");
    assert_eq!(shop.number("SELECT COUNT(*) FROM payment_event").await, 0);
    shop.holds().await;
}

on_both!(
    is_paid_when_the_gateway_says_so,
    gives_the_cart_back_when_the_payment_is_declined,
    waits_for_the_call_back_when_the_gateway_has_not_decided,
    cancels_when_the_call_back_says_no,
    settles_lost_answers_by_asking_again_with_the_same_key,
    finishes_what_a_cut_connection_left_behind,
    never_loses_money_that_comes_late,
    an_order_whose_payment_nobody_knows_is_kept,
    knows_of_money_that_was_taken_while_the_order_was_given_up,
    asks_for_money_that_was_taken_while_the_order_was_given_up_and_nobody_heard,
    an_authorisation_that_nobody_calls_off_is_tried_again,
    gives_the_promise_back_when_the_bank_does_not_pay,
    finds_money_that_a_process_took_before_it_died,
    gives_a_late_authorisation_back,
    asks_a_person_when_another_amount_is_reported,
    believes_only_signed_call_backs,
);
