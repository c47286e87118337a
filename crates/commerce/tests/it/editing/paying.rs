//! What becomes of the money that is here, is promised or is asked for when an order is edited.

use super::*;

async fn a_paid_order_costs_more_only_when_the_rest_is_here(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 1).await.order("http").await;
    let order = seen(&shop, order.id).await;
    let more = set(order.lines[0].id, 2);
    let before = shop.told().await;
    let refused = edit::preview(&boss, order.id, &more).await.unwrap();
    assert_eq!(refused.problems[0].field, "total");
    assert_eq!(refusal(edit::edit(&boss, at(&order), &more, why("k")).await).1, ["total"]);
    assert_eq!((shop.told().await, shop.stock().await), (before, (20, 1)));

    let order = shop.guest(mug, 1).await.order("manual").await;
    order::mark_paid(&boss, order.id).await.unwrap();
    let order = seen(&shop, order.id).await;
    let more = set(order.lines[0].id, 2);
    assert_eq!(refusal(edit::edit(&boss, at(&order), &more, why("k")).await).1, ["restReceived"]);
    let more = Changes { rest_received: true, ..more };
    let nobody = shop.staff(&[Permission::ORDERS_UPDATE]);
    assert_eq!(refusal(edit::edit(&nobody, at(&order), &more, why("k")).await).0, "FORBIDDEN");
    let (_, edited) = as_foretold(&boss, &order, &more, "k").await;
    assert_eq!(stands(&edited), (OrderState::Paid, PaymentState::Paid, 3_000, 3_000, 0));
    let (_, edited) = as_foretold(&boss, &edited, &set(order.lines[0].id, 1), "l").await;
    assert_eq!(stands(&edited), (OrderState::Paid, PaymentState::PartlyRefunded, 1_750, 3_000, 1_250));
    let done = order::refund(&boss, order.id, "broken").await.unwrap();
    assert_eq!((done.state, done.refunded.minor), (OrderState::Refunded, 3_000));
    shop.holds().await;
}

async fn what_is_promised_covers_less_and_is_asked_anew_for_more(shop: Shop) {
    capture_by_staff(&shop).await;
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 2).await.order("http").await;
    let order = seen(&shop, order.id).await;
    let line = order.lines[0].id;
    let (preview, less) = as_foretold(&boss, &order, &set(line, 1), "k").await;
    assert!(matches!(preview.money, MoneyEffect::Covered { amount } if amount.minor == 1_750));
    assert_eq!((less.capturable.minor, shop.gateway.calls().len()), (1_750, 1), "nobody is asked");
    let (preview, more) = as_foretold(&boss, &less, &set(line, 3), "l").await;
    assert!(matches!(preview.money, MoneyEffect::Anew { amount } if amount.minor == 4_250));
    let calls = shop.gateway.calls();
    let asked: Vec<_> = calls.iter().map(|call| (call.step.as_str(), call.body["amount"].as_i64())).collect();
    assert_eq!(asked[1..], [("void", Some(1_750)), ("authorize", Some(4_250))]);
    assert_eq!((more.payment, more.capturable.minor), (PaymentState::Authorised, 4_250));
    let done = order::capture(&boss, order.id, Capture { amount: None, key: "c" }).await.unwrap();
    assert_eq!(stands(&done), (OrderState::Paid, PaymentState::Paid, 4_250, 4_250, 0));
    shop.holds().await;
}

async fn an_attempt_that_cannot_be_called_off_is_asked_about(shop: Shop) {
    capture_by_staff(&shop).await;
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 1).await.order("http").await;
    let order = seen(&shop, order.id).await;
    shop.gateway.next("void", &[Mood::Decline]);
    let more = edit::edit(&boss, at(&order), &set(order.lines[0].id, 2), why("k")).await.unwrap();
    assert_eq!(more.totals.total.minor, 3_000);
    assert!(more.attention.is_some());
    order::cancel(&boss, order.id, "never mind").await.unwrap();
    assert_eq!(shop.stock().await, (20, 0));
    shop.sweep().await;
    assert_eq!(seen(&shop, order.id).await.payment, PaymentState::Voided);
    shop.holds().await;
}

/// An order of one mug whose edit to two the gateway has refused to make room for: 17.50 are promised, it costs 30.00.
async fn promised_too_little(shop: &Shop) -> OrderView {
    capture_by_staff(shop).await;
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 1).await.order("http").await;
    let order = seen(shop, order.id).await;
    shop.gateway.next("void", &[Mood::Decline]);
    let more = edit::edit(&boss, at(&order), &set(order.lines[0].id, 2), why("more")).await.unwrap();
    assert_eq!((more.totals.total.minor, more.capturable.minor), (3_000, 1_750));
    more
}

async fn what_is_not_wanted_any_more_is_not_asked_for(shop: Shop) {
    let boss = shop.boss();
    let more = promised_too_little(&shop).await;
    let (preview, less) = as_foretold(&boss, &more, &set(more.lines[0].id, 1), "less").await;
    assert!(matches!(preview.money, MoneyEffect::Covered { amount } if amount.minor == 1_750));
    assert_eq!(less.capturable.minor, 1_750);
    shop.holds().await;
    let done = order::capture(&boss, more.id, Capture { amount: None, key: "c" }).await.unwrap();
    assert_eq!(stands(&done), (OrderState::Paid, PaymentState::Paid, 1_750, 1_750, 0));
    shop.holds().await;
    // Given back instead, nobody is asked for what the order does not cost any more.
    let again = shop.guest(more.lines[0].variant, 1).await.order("http").await;
    let again = seen(&shop, again.id).await;
    shop.gateway.next("void", &[Mood::Decline]);
    let line = again.lines[0].id;
    let more = edit::edit(&boss, at(&again), &set(line, 2), why("more")).await.unwrap();
    edit::edit(&boss, at(&more), &set(line, 1), why("less")).await.unwrap();
    let back = order::refund(&boss, again.id, "called off").await.unwrap();
    shop.sweep().await;
    assert_eq!((back.payment, back.totals.total.minor), (PaymentState::Voided, 1_750));
    let asked = shop.gateway.calls().into_iter().filter(|call| call.step == "authorize").count();
    assert_eq!(asked, 2);
    shop.holds().await;
}

async fn what_is_promised_beyond_an_edit_goes_back(shop: Shop) {
    capture_by_staff(&shop).await;
    shop.gateway.captures_in_parts();
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    for answer in [Mood::Succeed, Mood::Decline] {
        let order = shop.guest(mug, 2).await.order("http").await;
        let order = seen(&shop, order.id).await;
        let less = edit::edit(&boss, at(&order), &set(order.lines[0].id, 1), why("less")).await.unwrap();
        assert_eq!(less.capturable.minor, 1_750);
        let done = order::capture(&boss, order.id, Capture { amount: None, key: "c" }).await.unwrap();
        assert_eq!(stands(&done), (OrderState::Paid, PaymentState::Paid, 1_750, 1_750, 0));
        shop.gateway.next("void", &[answer]);
        shop.sweep().await;
        let void = shop.gateway.calls().into_iter().rfind(|call| call.step == "void").unwrap();
        assert_eq!(void.body["amount"], 1_250);
        // Whoever refuses holds the customer's money: a person asks there.
        let after = seen(&shop, order.id).await;
        assert_eq!(stands(&after), stands(&done));
        assert_eq!(after.attention.is_some(), answer == Mood::Decline);
        shop.holds().await;
        let back = order::refund(&boss, order.id, "broken").await.unwrap();
        assert_eq!((back.payment, back.refunded.minor), (PaymentState::Refunded, 1_750));
    }
    assert_eq!((shop.gateway.effects("void"), shop.gateway.effects("capture")), (1, 2));
    shop.holds().await;
}

async fn what_the_shop_forgoes_after_an_edit_is_credited_once(shop: Shop) {
    let boss = shop.boss();
    let order = promised_too_little(&shop).await;
    let part = order::capture(&boss, order.id, Capture { amount: None, key: "c" }).await.unwrap();
    assert_eq!((part.state, part.paid.minor), (OrderState::PendingPayment, 1_750));
    let reader = Reader::Staff(order.id);
    papers::invoice(&boss, reader).await.unwrap();
    let done = order::release(&boss, order.id, "enough").await.unwrap();
    assert_eq!((done.state, done.released.minor), (OrderState::Paid, 1_250));
    let said = papers::list(&boss, reader).await.unwrap();
    let said: Vec<_> = said.into_iter().map(|paper| (paper.kind, paper.total.minor)).collect();
    assert_eq!(said, [(PaperKind::Invoice, 3_000), (PaperKind::CreditNote, 1_250)]);
    shop.holds().await;
}

async fn whoever_pays_anew_has_time_for_it(shop: Shop) {
    capture_by_staff(&shop).await;
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let order = shop.guest(mug, 1).await.order("http").await;
    let order = seen(&shop, order.id).await;
    let promised = order.pay_until.unwrap();
    // Nobody knows for a while whether the promise was given back.
    shop.gateway.next("void", &[Mood::Down]);
    let more = edit::edit(&boss, at(&order), &set(order.lines[0].id, 2), why("more")).await.unwrap();
    assert_eq!(more.pay_until, Some(promised), "no less than before");
    let late = promised + std::time::Duration::from_secs(5);
    shop.advance(std::time::Duration::from_millis(
        u64::try_from(late.millis() - shop.now().millis()).unwrap(),
    ));
    shop.gateway.next("authorize", &[Mood::Down]);
    shop.sweep().await;
    shop.sweep().await;
    let asked = seen(&shop, order.id).await;
    assert_eq!(asked.state, OrderState::PendingPayment);
    assert_eq!(asked.pay_until, Some(shop.now() + std::time::Duration::from_secs(1_800)));
    shop.advance(std::time::Duration::from_secs(60));
    shop.sweep().await;
    assert_eq!(seen(&shop, order.id).await.capturable.minor, 3_000);
    shop.holds().await;
}

on_both!(
    a_paid_order_costs_more_only_when_the_rest_is_here,
    what_is_promised_covers_less_and_is_asked_anew_for_more,
    an_attempt_that_cannot_be_called_off_is_asked_about,
    what_is_not_wanted_any_more_is_not_asked_for,
    what_is_promised_beyond_an_edit_goes_back,
    what_the_shop_forgoes_after_an_edit_is_credited_once,
    whoever_pays_anew_has_time_for_it,
);
