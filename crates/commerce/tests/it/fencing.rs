//! Two processes that ask the gateway about one payment.

use std::time::Duration;

use commerce::order;
use commerce::view::PaymentState;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::Shop;

/// The first refund is asked for by a process that hangs, found out to be refused by another one, and asked for again.
/// Then the first process hears the no: it is not about the second refund.
async fn hears_an_answer_only_for_the_call_that_it_answers(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let bought = shop.guest(mug, 1).await.order("http").await;
    shop.gateway.next("refund", &[Mood::Held, Mood::Succeed, Mood::Pending]);
    let boss = shop.boss();
    let calls = shop.gateway.calls().len();
    let slow = {
        let boss = boss.clone();
        tokio::spawn(async move { order::refund(&boss, bought.id, "first").await })
    };
    while shop.gateway.calls().len() == calls {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Nobody has heard of it for longer than a call can last: the job asks again, and the gateway says the same.
    assert_eq!(shop.sweep().await.asked, 0, "not while the first process may still be at it");
    shop.advance(Duration::from_secs(60));
    assert_eq!(shop.sweep().await.asked, 1);
    let refused = order::by_id(&boss, bought.id).await.unwrap();
    assert!(refused.attention.is_some(), "the gateway refused");
    // The second refund; the gateway will call back.
    let second = order::refund(&boss, bought.id, "second").await.unwrap();
    let keys: Vec<String> = shop.gateway.calls()[calls..].iter().map(|call| call.key.clone()).collect();
    assert_eq!((keys[0] == keys[1], keys[1] == keys[2]), (true, false), "{keys:?}");
    let before = shop.number("SELECT version FROM payment").await;
    shop.gateway.let_go();
    slow.await.unwrap().unwrap();
    assert_eq!(shop.number("SELECT version FROM payment").await, before, "the late no changed nothing");
    assert_eq!(
        shop.number("SELECT COUNT(*) FROM payment WHERE step = 'refund' AND status = 'pending'").await,
        1
    );
    assert_eq!(second.payment, PaymentState::Paid);
    shop.holds().await;
}

/// Money that should have gone back, and a gateway that does not say so: it is asked for ever, and a person hears of it.
async fn tells_a_person_when_nobody_knows_whether_money_went_back(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let bought = shop.guest(mug, 1).await.order("http").await;
    let boss = shop.boss();
    shop.gateway.next("refund", &[Mood::Down; 6]);
    for tries in 1..=6_usize {
        match tries {
            1 => drop(order::refund(&boss, bought.id, "broken").await.unwrap()),
            _ => {
                shop.advance(Duration::from_secs(300));
                assert_eq!(shop.sweep().await.asked, 1);
            }
        }
        let seen = order::by_id(&boss, bought.id).await.unwrap();
        assert_eq!(seen.attention.is_some(), tries == 6, "after {tries}");
    }
    shop.advance(Duration::from_secs(300));
    assert_eq!(shop.sweep().await.asked, 1);
    let seen = order::by_id(&boss, bought.id).await.unwrap();
    assert_eq!((seen.payment, seen.attention), (PaymentState::Refunded, None));
    assert_eq!(shop.gateway.effects("refund"), 1);
    shop.holds().await;
}

on_both!(
    hears_an_answer_only_for_the_call_that_it_answers,
    tells_a_person_when_nobody_knows_whether_money_went_back
);
