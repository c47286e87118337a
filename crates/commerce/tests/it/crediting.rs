//! Store credit: given, taken, used and refunded to.

use std::time::Duration;

use commerce::checkout::{self, CheckoutInput, Wish};
use commerce::order::{self, BackTo};
use commerce::tender::{self, CreditChange, MovementKind};
use commerce::view::OrderState;
use commerce::{cart, currency};
use futures::future::join_all;
use platform::Ctx;
use primitives::{Currency, CustomerId, Money};
use sea_orm::{ConnectionTrait, TransactionTrait};
use testkit::{Backend, on_both};

use crate::currencies::offered;
use crate::shop::{Guest, Shop, refusal};
use crate::tendering::{back, change, paying, seen};

async fn store_credit_goes_to_nobody_but_the_buyer(shop: Shop) {
    let (shopper, customer) = regular(&shop).await;
    let order = shopper.order("http").await;
    // The address that they typed is that of somebody else with an account.
    shop.force(&["UPDATE customer SET user_id = {new id}"]).await;
    let refused = refusal(back(&shop, &order, 100, BackTo::StoreCredit).await);
    assert_eq!(refused, ("BAD_USER_INPUT".into(), vec!["customerId".into()]));
    assert_eq!(tender::of_customer(&shop.boss(), customer, None).await.unwrap().balance.minor, 0);
    assert_eq!(seen(&shop, &order).await.refunded.minor, 0);
    shop.holds().await;
}

/// A signed-in shopper with a customer's record.
pub async fn regular(shop: &Shop) -> (Guest, CustomerId) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let ctx = shop.somebody("maud@example.com").await;
    cart::add(&ctx, None, &[(mug, 1)]).await.unwrap();
    let shopper = Guest { ctx, token: String::new() };
    let first = shopper.order("manual").await;
    let customer = seen(shop, &first).await.customer.unwrap();
    order::cancel(&shop.boss(), first.id, "only to be known").await.unwrap();
    cart::add(&shopper.ctx, None, &[(mug, 2)]).await.unwrap();
    (shopper, customer)
}

async fn store_credit_is_given_used_and_refunded_to(shop: Shop) {
    let (shopper, customer) = regular(&shop).await;
    let (boss, token) = (shop.boss(), Some(shopper.token.as_str()));
    assert_eq!(tender::mine(&shopper.ctx).await.unwrap().balance.minor, 0);
    assert_eq!(refusal(tender::use_store_credit(&shopper.ctx, token).await).1, ["storeCredit"]);
    let credit = change(&boss, customer, 1_500, "for the wait").await.unwrap();
    assert_eq!((credit.balance.minor, credit.movements.len()), (1_500, 1));
    for (amount, reason, field) in [(-1_501, "x", "amount"), (0, "x", "amount"), (5, " ", "reason")] {
        assert_eq!(refusal(change(&boss, customer, amount, reason).await).1, [field]);
    }
    assert_eq!(change(&boss, customer, -500, "too much").await.unwrap().balance.minor, 1_000);
    let page = checkout::view(&shopper.ctx, token, Wish::default()).await.unwrap();
    assert_eq!((page.store_credit.unwrap().minor, page.due.minor), (1_000, 3_000));
    tender::use_store_credit(&shopper.ctx, token).await.unwrap();
    let page = checkout::view(&shopper.ctx, token, Wish::default()).await.unwrap();
    assert_eq!(
        (page.store_credit, paying(&page.tenders), page.due.minor),
        (None, vec![(1_000, 1_000)], 2_000)
    );
    tender::leave_store_credit(&shopper.ctx, token).await.unwrap();
    assert_eq!(checkout::view(&shopper.ctx, token, Wish::default()).await.unwrap().due.minor, 3_000);
    tender::use_store_credit(&shopper.ctx, token).await.unwrap();
    let order = shopper.order("http").await;
    assert_eq!((order.state, order.due.minor), (OrderState::Paid, 2_000));
    assert_eq!(order.tenders[0].name, "Store credit");
    shop.holds().await;
    // As store credit instead: the gateway is not asked, and nothing comes back twice.
    let part = back(&shop, &order, 2_500, BackTo::StoreCredit).await.unwrap();
    assert_eq!((part.state, part.refunded.minor), (OrderState::Paid, 2_500));
    assert_eq!(tender::mine(&shopper.ctx).await.unwrap().balance.minor, 2_500);
    shop.holds().await;
    let all = order::refund(&boss, order.id, "the rest").await.unwrap();
    assert_eq!((all.state, all.refunded.minor), (OrderState::Refunded, 3_000));
    assert_eq!(shop.gateway.effects("refund"), 0);
    let mine = tender::mine(&shopper.ctx).await.unwrap();
    let moved: Vec<_> = mine.movements.iter().map(|one| (one.kind, one.amount.minor)).collect();
    use MovementKind::{Credit, Debit, Redeem, Return};
    assert_eq!(moved, [(Return, 500), (Return, 2_500), (Redeem, -1_000), (Debit, -500), (Credit, 1_500)]);
    assert!(mine.movements.iter().all(|one| one.user.is_none()));
    shop.holds().await;
    // Whoever has no account cannot use it: nobody gets it.
    let mug = shop.product("Cup", "5.00", 20).await;
    let other = shop.guest(mug, 1).await;
    let form = CheckoutInput { email: "guest@example.com".into(), ..other.form("http").await };
    let guest = checkout::place_order(&other.ctx, form).await.unwrap().order;
    let refused = refusal(back(&shop, &guest, 100, BackTo::StoreCredit).await);
    assert_eq!(refused, ("BAD_USER_INPUT".into(), vec!["customerId".into()]));
    assert_eq!(seen(&shop, &guest).await.refunded.minor, 0);
    shop.holds().await;
}

async fn staff_and_orders_at_once_leave_no_credit_below_zero(shop: Shop) {
    let (shopper, customer) = regular(&shop).await;
    change(&shop.boss(), customer, 1_000, "hello").await.unwrap();
    let takes = (0..50).map(|_| {
        let boss: Ctx = shop.boss();
        tokio::spawn(async move { change(&boss, customer, -300, "taken").await.is_ok() })
    });
    let taken = join_all(takes).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
    assert_eq!(taken, 3);
    assert_eq!(tender::mine(&shopper.ctx).await.unwrap().balance.minor, 100);
    shop.holds().await;
}

/// Whoever is being forgotten is locked before the orders that lose the name: giving credit locks in the same order.
async fn giving_credit_waits_for_the_customer_and_holds_no_order_meanwhile(shop: Shop) {
    let (shopper, _) = regular(&shop).await;
    let order = shopper.order("http").await;
    // SQLite has one writer: there is nobody to wait for.
    if shop.database().backend() == Backend::Postgres {
        let owner = shop.database().owner().await;
        let other = owner.begin().await.unwrap();
        other.execute_unprepared("SELECT id FROM customer FOR UPDATE").await.unwrap();
        let forgets = async {
            let waits = "SELECT COUNT(*) FROM pg_stat_activity \
                         WHERE datname = current_database() AND wait_event_type = 'Lock'";
            while shop.number(waits).await == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other.execute_unprepared("SELECT id FROM orders FOR UPDATE NOWAIT").await.unwrap();
            other.commit().await.unwrap();
        };
        let given = back(&shop, &order, 100, BackTo::StoreCredit);
        let (given, ()) = tokio::join!(given, forgets);
        assert_eq!(given.unwrap().refunded.minor, 100);
        owner.close().await.unwrap();
    } else {
        back(&shop, &order, 100, BackTo::StoreCredit).await.unwrap();
    }
    assert_eq!(tender::mine(&shopper.ctx).await.unwrap().balance.minor, 100);
    shop.holds().await;
}

async fn staff_gives_and_takes_in_each_currency(shop: Shop) {
    offered(&shop).await;
    let (boss, (shopper, customer)) = (shop.boss(), regular(&shop).await);
    let give = async |key: &str, minor: i64, currency: Currency| {
        let given = CreditChange { key, amount: Money::new(minor, currency), reason: "for the wait" };
        tender::change(&boss, customer, &given).await
    };
    let seen = async |wanted: Option<Currency>| {
        let credit = tender::of_customer(&boss, customer, wanted).await.unwrap();
        (credit.balance, credit.balances, credit.movements.len())
    };
    let (eur, usd) = (|minor| Money::new(minor, Currency::EUR), |minor| Money::new(minor, Currency::USD));
    assert_eq!(seen(None).await, (eur(0), vec![], 0));
    let first = give("one", 500, Currency::USD).await.unwrap();
    assert_eq!((first.balance, first.balances), (usd(500), vec![usd(500)]));
    assert_eq!(seen(None).await, (usd(500), vec![usd(500)], 1), "there is none in the shop's own");
    give("two", 200, Currency::EUR).await.unwrap();
    let both = vec![eur(200), usd(500)];
    assert_eq!(seen(None).await, (eur(200), both.clone(), 1));
    assert_eq!(seen(Some(Currency::USD)).await, (usd(500), both.clone(), 1));
    assert_eq!(seen(Some(Currency::JPY)).await, (Money::zero(Currency::JPY), both.clone(), 0));
    // Never more than there is of it, whatever there is of another; the same key in another is another change.
    assert_eq!(refusal(give("three", -501, Currency::USD).await).1, ["amount"]);
    assert_eq!(refusal(give("four", -1, Currency::JPY).await).1, ["amount"]);
    assert_eq!(refusal(give("two", 200, Currency::USD).await).0, "IDEMPOTENCY_KEY_REUSED");
    let pounds = Currency::parse("GBP").unwrap();
    assert_eq!(refusal(give("five", 100, pounds).await), ("BAD_USER_INPUT".into(), vec!["currency".into()]));
    assert_eq!(seen(None).await, (eur(200), both, 1));
    assert_eq!(shop.number("SELECT COUNT(*) FROM tender_account").await, 2);
    // What is there stays to be taken when the shop offers the currency no longer.
    currency::remove(&boss, "USD", 1).await.unwrap();
    let left = give("six", -450, Currency::USD).await.unwrap();
    let moved: Vec<_> = left.movements.iter().map(|one| (one.amount, one.balance)).collect();
    assert_eq!(moved, [(usd(-450), usd(50)), (usd(500), usd(500))]);
    assert_eq!(tender::mine(&shopper.ctx).await.unwrap().balances, [eur(200), usd(50)]);
    shop.holds().await;
}

on_both!(
    staff_gives_and_takes_in_each_currency,
    giving_credit_waits_for_the_customer_and_holds_no_order_meanwhile,
    store_credit_goes_to_nobody_but_the_buyer,
    store_credit_is_given_used_and_refunded_to,
    staff_and_orders_at_once_leave_no_credit_below_zero,
);
