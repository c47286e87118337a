//! What goes back to gift cards and to the gateway, bit by bit, and what a gateway says of it.

use std::time::Duration;

use commerce::checkout::{self, Wish};
use commerce::order::{self, BackTo, Refund};
use commerce::tender::{self, GiftCardChange, GiftCardDraft, GiftCardState};
use commerce::view::{NextStep, OrderState, PaymentState};
use futures::future::join_all;
use serde_json::json;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Shop, refusal};
use crate::tendering::{back, balance, issue, issued, kinds, paying, seen, with_card};

async fn what_cards_leave_goes_to_the_gateway_and_back_the_other_way_round(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let (one, other) = (issued(&shop, 700).await, issued(&shop, 300).await);
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &one).await;
    with_card(&guest, &other).await;
    let order = guest.order("http").await;
    assert_eq!((order.state, order.paid.minor, order.due.minor), (OrderState::Paid, 3_000, 2_000));
    let asked: Vec<_> = shop.gateway.calls().iter().map(|call| call.body["amount"].clone()).collect();
    assert_eq!(asked, [json!(2_000), json!(2_000)]);
    shop.holds().await;
    // The payment first, bit by bit, each under its own key; then the cards, in the order in which they gave.
    let part = back(&shop, &order, 500, BackTo::Original).await.unwrap();
    assert_eq!((part.state, part.payment), (OrderState::Paid, PaymentState::PartlyRefunded));
    assert_eq!((part.refunded.minor, balance(&shop, &one).await), (500, 0));
    let wrong = refusal(back(&shop, &order, 2_501, BackTo::Original).await);
    assert_eq!(wrong, ("BAD_USER_INPUT".into(), vec!["amount".into()]));
    assert_eq!(refusal(back(&shop, &order, 0, BackTo::Original).await).1, ["amount"]);
    let part = back(&shop, &order, 1_900, BackTo::Original).await.unwrap();
    assert_eq!((part.state, part.refunded.minor), (OrderState::Paid, 2_400));
    assert_eq!((balance(&shop, &one).await, balance(&shop, &other).await), (400, 0));
    shop.holds().await;
    let all = order::refund(&shop.boss(), order.id, "all of it").await.unwrap();
    assert_eq!((all.state, all.refunded.minor), (OrderState::Refunded, 3_000));
    assert_eq!((balance(&shop, &one).await, balance(&shop, &other).await), (700, 300));
    let calls = shop.gateway.calls();
    let refunds: Vec<_> = calls.iter().filter(|call| call.step == "refund").collect();
    let amounts: Vec<_> = refunds.iter().map(|call| call.body["amount"].clone()).collect();
    assert_eq!(amounts, [json!(500), json!(1_500)]);
    assert_ne!(refunds[0].key, refunds[1].key);
    assert_eq!(shop.stock().await, (20, 0));
    shop.holds().await;
}

async fn a_refund_that_the_gateway_refuses_can_be_asked_again(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let card = issued(&shop, 1_000).await;
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &card).await;
    let order = guest.order("http").await;
    shop.gateway.next("refund", &[Mood::Decline]);
    let refused = order::refund(&shop.boss(), order.id, "broken").await.unwrap();
    // What the card gave is back, what the gateway has is not.
    assert_eq!((refused.state, refused.refunded.minor), (OrderState::Paid, 1_000));
    assert!(refused.attention.is_some());
    shop.holds().await;
    let done = order::refund(&shop.boss(), order.id, "broken").await.unwrap();
    assert_eq!((done.state, done.refunded.minor, done.attention), (OrderState::Refunded, 3_000, None));
    assert_eq!(balance(&shop, &card).await, 1_000);
    shop.holds().await;
}

async fn a_call_back_about_one_refund_settles_no_other(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let order = shop.guest(mug, 2).await.order("http").await;
    back(&shop, &order, 700, BackTo::Original).await.unwrap();
    let reference = shop.gateway.last_reference();
    shop.gateway.next("refund", &[Mood::Down]);
    assert_eq!(back(&shop, &order, 700, BackTo::Original).await.unwrap().refunded.minor, 700);
    assert_eq!(refusal(back(&shop, &order, 100, BackTo::Original).await).0, "CONFLICT");
    let late =
        json!({"type": "payment.refunded", "reference": reference, "status": "succeeded", "amount": 700});
    shop.call_back("evt-1", late).await.unwrap();
    // It makes us ask, and the answer is lost again.
    shop.gateway.next("refund", &[Mood::Down]);
    assert_eq!(shop.sweep().await.call_backs, 1);
    let now = seen(&shop, &order).await;
    assert_eq!((now.refunded.minor, now.attention, shop.gateway.effects("refund")), (700, None, 1));
    // Our own question, under the key of the second one, settles it.
    shop.advance(Duration::from_secs(60));
    assert_eq!(shop.sweep().await.asked, 1);
    assert_eq!((seen(&shop, &order).await.refunded.minor, shop.gateway.effects("refund")), (1_400, 2));
    shop.holds().await;
}

/// A refund of the gateway as it stands there: what the `n`-th call of it was.
fn refund_id(shop: &Shop, n: usize) -> String {
    let calls = shop.gateway.calls();
    let call = calls.iter().filter(|call| call.step == "refund").nth(n).unwrap();
    shop.gateway.deeds().into_iter().find(|deed| deed.key == call.key).unwrap().id
}

async fn a_call_back_about_a_refused_refund_refuses_no_other(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let order = shop.guest(mug, 2).await.order("http").await;
    shop.gateway.next("refund", &[Mood::Decline, Mood::Cut]);
    assert_eq!(back(&shop, &order, 700, BackTo::Original).await.unwrap().refunded.minor, 0);
    // The second one worked, and nobody has heard of it.
    assert_eq!(back(&shop, &order, 700, BackTo::Original).await.unwrap().refunded.minor, 0);
    let late = json!({"type": "payment.refunded", "reference": shop.gateway.last_reference(), "status": "declined",
                      "id": refund_id(&shop, 0), "amount": 700});
    shop.call_back("evt-1", late).await.unwrap();
    shop.sweep().await;
    assert_eq!((seen(&shop, &order).await.refunded.minor, shop.gateway.effects("refund")), (700, 1));
    shop.holds().await;
}

async fn a_call_back_settles_the_refund_that_it_names(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let order = shop.guest(mug, 2).await.order("http").await;
    let reference = shop.gateway.last_reference();
    let told = |id: &str, status: &str, amount: i64| json!({"type": "payment.refunded", "reference": reference, "id": id, "status": status, "amount": amount});
    back(&shop, &order, 700, BackTo::Original).await.unwrap();
    // This gateway says for ever what it has said first: only its call-back tells more.
    shop.gateway.next("refund", &[Mood::Pending]);
    back(&shop, &order, 500, BackTo::Original).await.unwrap();
    let second = refund_id(&shop, 1);
    shop.call_back("evt-1", told(&second, "succeeded", 499)).await.unwrap();
    shop.sweep().await;
    let now = seen(&shop, &order).await;
    assert_eq!((now.refunded.minor, now.attention.is_some()), (700, true), "another amount");
    shop.call_back("evt-2", told(&second, "succeeded", 500)).await.unwrap();
    shop.sweep().await;
    let now = seen(&shop, &order).await;
    assert_eq!((now.refunded.minor, now.attention), (1_200, None));
    // Once more with a call-back that is here before we know whom it names.
    shop.gateway.next("refund", &[Mood::PendingCut]);
    back(&shop, &order, 300, BackTo::Original).await.unwrap();
    shop.call_back("evt-3", told(&refund_id(&shop, 2), "succeeded", 300)).await.unwrap();
    shop.sweep().await;
    assert_eq!(seen(&shop, &order).await.refunded.minor, 1_200);
    shop.sweep().await;
    assert_eq!(seen(&shop, &order).await.refunded.minor, 1_500);
    // An old one of another amount alarms nobody, one of more than there ever was does.
    shop.call_back("evt-4", told(&second, "succeeded", 500)).await.unwrap();
    shop.call_back("evt-5", told("", "succeeded", 700)).await.unwrap();
    shop.sweep().await;
    assert_eq!(seen(&shop, &order).await.attention, None);
    shop.call_back("evt-6", told("", "succeeded", 3_001)).await.unwrap();
    shop.sweep().await;
    let now = seen(&shop, &order).await;
    assert_eq!((now.refunded.minor, now.attention.is_some()), (1_500, true));
    assert_eq!(shop.gateway.calls().iter().filter(|call| call.step == "refund").count(), 4);
    shop.holds().await;
}

async fn money_that_goes_back_to_a_card_that_is_over_can_be_used_again(shop: Shop) {
    let (boss, mug) = (shop.boss(), shop.product("Mug", "12.50", 20).await);
    let until = Some(shop.now() + Duration::from_secs(3600));
    let draft = GiftCardDraft { amount: 3_000, expires_at: until, ..GiftCardDraft::default() };
    let card = issue(&boss, &draft).await.unwrap();
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &card).await;
    let order = guest.order("").await;
    assert_eq!(back(&shop, &order, 100, BackTo::Original).await.unwrap().attention, None);
    shop.advance(Duration::from_secs(3601));
    let back = back(&shop, &order, 900, BackTo::Original).await.unwrap();
    assert!(back.attention.unwrap().contains(&card.card.last_four));
    let seen = tender::get(&boss, card.card.id).await.unwrap();
    assert_eq!((seen.state, seen.balance.minor), (GiftCardState::Expired, 1_000));
    let with = |expires_at| GiftCardChange { enabled: None, expires_at: Some(expires_at) };
    let past = with(Some(shop.now()));
    assert_eq!(refusal(tender::update(&boss, card.card.id, 1, &past).await).1, ["expiresAt"]);
    assert_eq!(refusal(tender::update(&boss, card.card.id, 2, &with(None)).await).0, "CONFLICT");
    let later = shop.now() + Duration::from_secs(60);
    let longer = tender::update(&boss, card.card.id, 1, &with(Some(later))).await.unwrap();
    assert_eq!((longer.state, longer.expires_at), (GiftCardState::Active, Some(later)));
    shop.advance(Duration::from_secs(61));
    // The end that it has had its time may stay as it is.
    let off = GiftCardChange { enabled: Some(false), expires_at: Some(Some(later)) };
    tender::update(&boss, card.card.id, 2, &off).await.unwrap();
    let good = GiftCardChange { enabled: Some(true), expires_at: Some(None) };
    let good = tender::update(&boss, card.card.id, 3, &good).await.unwrap();
    assert_eq!((good.state, good.expires_at, good.version), (GiftCardState::Active, None, 4));
    with_card(&shop.guest(mug, 1).await, &card).await;
    shop.holds().await;
}

async fn orders_that_are_given_up_give_back(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let card = issued(&shop, 1_000).await;
    let placed = async |provider: &str| {
        let guest = shop.guest(mug, 2).await;
        with_card(&guest, &card).await;
        let placed = guest.buy(provider).await.unwrap();
        (guest, placed)
    };
    // Cancelled by staff.
    let (_, waiting) = placed("manual").await;
    assert_eq!(
        (waiting.order.state, waiting.order.payment),
        (OrderState::PendingPayment, PaymentState::Unpaid)
    );
    assert_eq!((waiting.order.paid.minor, balance(&shop, &card).await), (1_000, 0));
    assert_eq!(refusal(order::refund(&shop.boss(), waiting.order.id, "x").await).0, "CONFLICT");
    let moves = seen(&shop, &waiting.order).await.moves;
    assert!(moves.iter().any(|one| one.name == "cancel" && one.possible), "{moves:?}");
    shop.holds().await;
    let gone = order::cancel(&shop.boss(), waiting.order.id, "never mind").await.unwrap();
    assert_eq!((gone.state, gone.paid, gone.refunded), (OrderState::Cancelled, gone.paid, gone.paid));
    assert_eq!(kinds(&gone)[2..], ["order.cancelled", "gift_card.returned"]);
    assert_eq!((balance(&shop, &card).await, gone.tenders[0].returned.minor), (1_000, 1_000));
    assert_eq!(refusal(order::cancel(&shop.boss(), waiting.order.id, "x").await).0, "CONFLICT");
    shop.holds().await;
    // Not paid in time.
    let (_, late) = placed("manual").await;
    shop.advance(Duration::from_secs(60 * 24 * 3600));
    assert_eq!(shop.sweep().await.expired, 1);
    assert_eq!(
        (seen(&shop, &late.order).await.state, balance(&shop, &card).await),
        (OrderState::Cancelled, 1_000)
    );
    // Declined: the cart is back, and with it what was to pay.
    shop.gateway.next("authorize", &[Mood::Decline]);
    let (guest, declined) = placed("http").await;
    assert_eq!((declined.next, declined.order.payment), (NextStep::TryAgain, PaymentState::Declined));
    assert_eq!(balance(&shop, &card).await, 1_000);
    let page = checkout::view(&guest.ctx, Some(&guest.token), Wish::default()).await.unwrap();
    assert_eq!((paying(&page.tenders), page.due.minor), (vec![(1_000, 1_000)], 2_000));
    shop.holds().await;
    let paid = guest.order("http").await;
    assert_eq!((paid.state, balance(&shop, &card).await), (OrderState::Paid, 0));
    // By hand, too: marked as paid, then everything back.
    let other = issued(&shop, 500).await;
    let guest = shop.guest(mug, 1).await;
    with_card(&guest, &other).await;
    let by_hand = guest.order("manual").await;
    let by_hand = order::mark_paid(&shop.boss(), by_hand.id).await.unwrap();
    assert_eq!((by_hand.state, by_hand.paid), (OrderState::Paid, by_hand.totals.total));
    let back = order::refund(&shop.boss(), by_hand.id, "broken").await.unwrap();
    assert_eq!((back.state, balance(&shop, &other).await), (OrderState::Refunded, 500));
    shop.holds().await;
}

async fn refunds_at_once_give_back_what_came_in_and_no_more(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    for provider in ["manual", "http"] {
        let card = issued(&shop, 1_000).await;
        let guest = shop.guest(mug, 2).await;
        with_card(&guest, &card).await;
        let order = guest.order(provider).await;
        if provider == "manual" {
            order::mark_paid(&shop.boss(), order.id).await.unwrap();
        }
        let refunds = (0..30).map(|_| {
            let (boss, id) = (shop.boss(), order.id);
            tokio::spawn(async move {
                let refund = Refund { amount: Some(700), to: BackTo::Original, reason: "race" };
                order::refund_part(&boss, id, &refund).await.is_ok()
            })
        });
        let done = join_all(refunds).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
        assert!((1..=4).contains(&done), "{provider}: {done}");
        let now = seen(&shop, &order).await;
        assert!(now.refunded.minor <= 2_800, "{provider}: {:?}", now.refunded);
        let all = order::refund(&shop.boss(), order.id, "the rest").await.unwrap();
        assert_eq!((all.state, all.refunded), (OrderState::Refunded, all.paid), "{provider}");
        assert_eq!(balance(&shop, &card).await, 1_000, "{provider}");
        shop.holds().await;
    }
}

on_both!(
    what_cards_leave_goes_to_the_gateway_and_back_the_other_way_round,
    a_refund_that_the_gateway_refuses_can_be_asked_again,
    a_call_back_about_one_refund_settles_no_other,
    a_call_back_about_a_refused_refund_refuses_no_other,
    a_call_back_settles_the_refund_that_it_names,
    money_that_goes_back_to_a_card_that_is_over_can_be_used_again,
    orders_that_are_given_up_give_back,
    refunds_at_once_give_back_what_came_in_and_no_more,
);
