//! Goods instead of money for what comes back.

use std::time::Duration;

use commerce::order::{self, OrderFilter, OrderSort};
use commerce::returns::{self, Exchange, Exchanged, ReturnState, Which};
use commerce::tender::{self, CreditChange};
use commerce::view::{OrderState, OrderView, PaymentState, ReturnView};
use commerce::{CommerceError, cart};
use platform::Ctx;
use primitives::{Currency, Money, Permission, ReturnId, VariantId};
use testkit::on_both;

use crate::gateway::Mood;
use crate::parcels::parcel;
use crate::returning::{all_of, asked, delivered};
use crate::shop::{Shop, product_of, refusal, verified};

/// Two of the three mugs, for 12.50 each, lie on the shelf again.
async fn received(shop: &Shop) -> (OrderView, ReturnView) {
    let order = delivered(shop).await;
    let found = asked(shop, &order, &[(order.lines[0].id, 2)]).await.unwrap();
    returns::approve(&shop.boss(), found.id, "").await.unwrap();
    let found = returns::receive(&shop.boss(), found.id, &all_of(&found)).await.unwrap();
    (order, found)
}

fn wanted(key: &str, variant: VariantId, quantity: i64) -> Exchange<'_> {
    Exchange { key, lines: vec![(variant, quantity)], ..Exchange::default() }
}

async fn swap(
    ctx: &Ctx,
    id: ReturnId,
    key: &str,
    variant: VariantId,
    quantity: i64,
) -> Result<Exchanged, CommerceError> {
    returns::exchange(ctx, id, &wanted(key, variant, quantity)).await
}

async fn seen(shop: &Shop, order: &OrderView) -> OrderView {
    order::by_id(&shop.boss(), order.id).await.unwrap()
}

async fn credit(shop: &Shop, order: &OrderView) -> i64 {
    let customer = seen(shop, order).await.customer.unwrap();
    tender::of_customer(&shop.boss(), customer, None).await.unwrap().balance.minor
}

fn kinds(order: &OrderView) -> Vec<&str> {
    order.timeline.iter().map(|entry| entry.kind.as_str()).collect()
}

async fn an_even_exchange_is_paid_at_once(shop: Shop) {
    let (order, found) = received(&shop).await;
    let plate = shop.product("Plate", "25.00", 5).await;
    let boss = shop.boss();
    let done = swap(&boss, found.id, "one", plate, 1).await.unwrap();
    let new = done.placed.order;
    assert_eq!((new.state, new.payment, new.due.minor), (OrderState::Paid, PaymentState::Paid, 0));
    assert_eq!((new.totals.total.minor, new.payment_name.as_str()), (2_500, "Exchange for R-1001-1"));
    assert_eq!((&new.email, &new.address), (&order.email, &order.address));
    assert_eq!(kinds(&new), ["order.placed", "order.in_exchange", "store_credit.redeemed", "order.paid"]);
    assert_eq!(new.timeline[1].text, "In exchange for return R-1001-1");
    assert_eq!((done.found.state, done.found.refunded.unwrap().minor), (ReturnState::Refunded, 2_500));
    let old = seen(&shop, &order).await;
    assert_eq!((old.state, old.refunded.minor), (OrderState::Delivered, 2_500));
    let story: Vec<_> = old.timeline.iter().skip(8).map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        story,
        [
            "Given back as store credit: return R-1001-1",
            "Return R-1001-1 exchanged, see order 1002",
            "Return R-1001-1 refunded"
        ]
    );
    let link = |order: &OrderView| {
        let one = &order.exchanges[0];
        (one.number.clone(), one.from.1, one.to.1, one.value.minor)
    };
    assert_eq!((link(&old), link(&new)), (link(&new), ("R-1001-1".into(), 1001, 1002, 2_500)));
    let shopper = order::by_token(&shop.anonymous(), &new.token).await.unwrap();
    assert_eq!(shopper.exchanges, new.exchanges);
    assert_eq!((credit(&shop, &order).await, shop.stock().await), (0, (42, 1)));
    let told = shop.told().await;
    assert_eq!((told["order.exchanged"], told["order.in_exchange"], told["return.refunded"]), (1, 1, 1));
    shop.holds().await;
    // What is left of the first order goes back as always, and never more.
    let rest = order::refund(&boss, order.id, "the rest").await.unwrap();
    assert_eq!((rest.state, rest.refunded), (OrderState::Refunded, rest.paid));
    shop.holds().await;
}

async fn what_costs_more_is_due_and_gives_the_value_back_when_it_is_given_up(shop: Shop) {
    let (order, found) = received(&shop).await;
    let plate = shop.product("Plate", "30.00", 5).await;
    let boss = shop.boss();
    let new = swap(&boss, found.id, "one", plate, 1).await.unwrap().placed.order;
    assert_eq!((new.state, new.paid.minor, new.due.minor), (OrderState::PendingPayment, 2_500, 500));
    assert_eq!((new.payment_provider.as_str(), shop.stock().await), ("manual", (42, 1)));
    shop.holds().await;
    let cancelled = order::cancel(&boss, new.id, "thought again").await.unwrap();
    assert_eq!((cancelled.state, cancelled.refunded.minor), (OrderState::Cancelled, 2_500));
    assert_eq!((credit(&shop, &order).await, shop.stock().await), (2_500, (42, 0)));
    let attention = cancelled.attention.unwrap();
    assert!(attention.starts_with("the shop owes what went back to the store credit"), "{attention}");
    shop.holds().await;
    // Somebody without an account gets it by hand.
    let customer = cancelled.customer.unwrap();
    let paid = CreditChange {
        key: "by hand",
        amount: Money::new(-2_500, Currency::EUR),
        reason: "by bank transfer",
    };
    tender::change(&boss, customer, &paid).await.unwrap();
    let more = CreditChange { key: "more", amount: Money::new(100, Currency::EUR), reason: "no" };
    assert_eq!(refusal(tender::change(&boss, customer, &more).await).1, ["customerId"]);
    assert_eq!(credit(&shop, &order).await, 0);
    shop.holds().await;
}

async fn what_is_due_is_paid_like_any_order(shop: Shop) {
    let (_, found) = received(&shop).await;
    let plate = shop.product("Plate", "28.00", 5).await;
    let boss = shop.boss();
    let charged = Exchange { charge_delivery: true, payment_provider: "http", ..wanted("one", plate, 1) };
    let new = returns::exchange(&boss, found.id, &charged).await.unwrap().placed.order;
    assert_eq!((new.state, new.totals.total.minor, new.due.minor), (OrderState::Paid, 3_300, 800));
    let asked: Vec<_> = shop.gateway.calls().iter().map(|call| call.body["amount"].clone()).collect();
    assert_eq!(asked, [serde_json::json!(800), serde_json::json!(800)]);
    shop.holds().await;
    // All of it comes back: the payment first, then what the pieces were worth.
    let back = order::refund(&boss, new.id, "broken").await.unwrap();
    assert_eq!((back.state, back.refunded), (OrderState::Refunded, back.paid));
    assert_eq!(credit(&shop, &new).await, 2_500);
    shop.holds().await;
}

async fn what_is_left_of_the_value_goes_back(shop: Shop) {
    let (order, found) = received(&shop).await;
    let cup = shop.product("Cup", "10.00", 5).await;
    let boss = shop.boss();
    let done = swap(&boss, found.id, "one", cup, 1).await.unwrap();
    assert_eq!((done.placed.order.state, done.placed.order.paid.minor), (OrderState::Paid, 1_000));
    assert_eq!((done.found.state, done.found.refunded.unwrap().minor), (ReturnState::Refunded, 2_500));
    let old = seen(&shop, &order).await;
    assert_eq!((old.refunded.minor, credit(&shop, &order).await), (2_500, 0));
    assert!(kinds(&old).contains(&"payment.refunded"));
    shop.holds().await;
}

async fn the_gateway_gives_the_rest_back(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let cup = shop.product("Cup", "10.00", 5).await;
    let boss = shop.boss();
    let placed = shop.guest(mug, 2).await.order("http").await;
    let order = order::ship(&boss, placed.id, &parcel("")).await.unwrap();
    let found = asked(&shop, &order, &[(order.lines[0].id, 2)]).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    shop.gateway.next("refund", &[Mood::Cut]);
    let done = swap(&boss, found.id, "one", cup, 1).await.unwrap();
    assert_eq!((done.found.state, done.found.money_is_coming), (ReturnState::Received, true));
    assert_eq!(done.placed.order.state, OrderState::Paid);
    assert_eq!(refusal(swap(&boss, found.id, "two", cup, 1).await).0, "CONFLICT");
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let settled = returns::by_id(&boss, found.id).await.unwrap();
    assert_eq!((settled.state, settled.refunded.unwrap().minor), (ReturnState::Refunded, 2_500));
    let old = seen(&shop, &order).await;
    assert_eq!((old.refunded.minor, shop.gateway.effects("refund")), (2_500, 1));
    shop.holds().await;
}

async fn happens_once(shop: Shop) {
    let (_, found) = received(&shop).await;
    let plate = shop.product("Plate", "25.00", 1).await;
    let boss = shop.boss();
    let (one, two) =
        tokio::join!(swap(&boss, found.id, "key", plate, 1), swap(&boss, found.id, "key", plate, 1));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.placed.order.id, two.placed.order.id);
    assert_eq!(u8::from(one.placed.replayed) + u8::from(two.placed.replayed), 1);
    let again = swap(&boss, found.id, "key", plate, 1).await.unwrap();
    assert_eq!((again.placed.replayed, again.placed.order.id), (true, one.placed.order.id));
    assert_eq!(refusal(swap(&boss, found.id, "key", plate, 2).await).0, "IDEMPOTENCY_KEY_REUSED");
    let other = swap(&boss, found.id, "other", plate, 1).await.unwrap_err();
    assert_eq!(other.to_string(), "this return was exchanged already, see order 1002");
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 2);
    shop.holds().await;
}

async fn what_cannot_be_exchanged_changes_nothing(shop: Shop) {
    let (order, found) = received(&shop).await;
    let plate = shop.product("Plate", "25.00", 1).await;
    let (boss, elsewhere) = (shop.boss(), shop.other_tenant());
    let before = (shop.told().await, shop.stock().await);
    assert_eq!(refusal(swap(&boss, found.id, "one", plate, 2).await).0, "OUT_OF_STOCK");
    assert_eq!(refusal(swap(&boss, found.id, "one", plate, 0).await).1, ["lines.0.quantity"]);
    assert_eq!(refusal(swap(&boss, found.id, "", plate, 1).await).1, ["idempotencyKey"]);
    let nothing = Exchange { key: "one", ..Exchange::default() };
    assert_eq!(refusal(returns::exchange(&boss, found.id, &nothing).await).1, ["lines"]);
    let nowhere = Exchange { shipping_method: Some("balloon"), ..wanted("one", plate, 1) };
    assert_eq!(refusal(returns::exchange(&boss, found.id, &nowhere).await).1, ["shippingMethod"]);
    let unpaid = Exchange { payment_provider: "shells", ..wanted("one", plate, 1) };
    assert_eq!(refusal(returns::exchange(&boss, found.id, &unpaid).await).1, ["paymentProvider"]);
    let stale = Which { id: found.id, version: Some(1) };
    assert_eq!(refusal(returns::exchange(&boss, stale, &wanted("one", plate, 1)).await).0, "CONFLICT");
    let clerk = shop.staff(&[Permission::ORDERS_UPDATE, Permission::ORDERS_CREATE]);
    assert_eq!(refusal(swap(&clerk, found.id, "one", plate, 1).await).0, "FORBIDDEN");
    assert_eq!(refusal(swap(&elsewhere, found.id, "one", plate, 1).await).0, "NOT_FOUND");
    assert_eq!((shop.told().await, shop.stock().await), before);
    let theirs = product_of(&elsewhere, "Plate", "25.00", 5).await;
    assert_eq!(refusal(swap(&boss, found.id, "one", theirs, 1).await).0, "NOT_FOUND");
    // What went back already is not worth anything any more.
    order::refund(&boss, order.id, "all of it").await.unwrap();
    let spent = swap(&boss, found.id, "one", plate, 1).await.unwrap_err();
    assert_eq!(spent.to_string(), "nothing is left of what the pieces have cost");
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 1);
    assert_eq!((shop.number("SELECT COUNT(*) FROM exchange").await, credit_rows(&shop).await), (0, 0));
    returns::close(&boss, found.id, "").await.unwrap();
    assert_eq!(refusal(swap(&boss, found.id, "one", plate, 1).await).0, "CONFLICT");
    shop.holds().await;
}

async fn the_books_say_what_was_exchanged(shop: Shop) {
    let (_, found) = received(&shop).await;
    let plate = shop.product("Plate", "25.00", 5).await;
    swap(&shop.boss(), found.id, "one", plate, 1).await.unwrap();
    shop.holds().await;
    shop.force(&["UPDATE exchange SET value_minor = value_minor + 1"]).await;
    let report = verified(&shop.system()).await;
    let checks: Vec<_> = report.findings.iter().map(|found| (found.check, found.about.as_str())).collect();
    assert_eq!(checks, [("exchange.value", "order 1002")]);
}

async fn credit_rows(shop: &Shop) -> i64 {
    shop.number("SELECT COUNT(*) FROM tender_account").await
}

async fn an_account_gets_its_value_back_where_it_can_use_it(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let plate = shop.product("Plate", "30.00", 5).await;
    let (maud, customer) = crate::people::known(&shop, mug).await;
    let boss = shop.boss();
    let placed = order::my_orders(&maud, &primitives::PageArgs::first(1)).await.unwrap().items[0].id;
    order::mark_paid(&boss, placed).await.unwrap();
    let order = order::ship(&boss, placed, &parcel("")).await.unwrap();
    let found = asked(&shop, &order, &[(order.lines[0].id, 1)]).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    let new = swap(&boss, found.id, "one", plate, 1).await.unwrap().placed.order;
    assert_eq!((new.paid.minor, new.due.minor), (1_250, 1_750));
    assert_eq!(order::my_order(&maud, new.id).await.unwrap().id, new.id);
    let gone = order::cancel(&boss, new.id, "too dear").await.unwrap();
    assert_eq!(gone.attention, None);
    assert_eq!(tender::of_customer(&boss, customer, None).await.unwrap().balance.minor, 1_250);
    cart::add(&maud, None, &[(mug, 1)]).await.unwrap();
    tender::use_store_credit(&maud, None).await.unwrap();
    shop.holds().await;
}

/// A vase that was bought by an account, was sent, and lies on the shelf again.
async fn vase_back(shop: &Shop, shopper: &Ctx, vase: VariantId) -> (OrderView, ReturnView) {
    let boss = shop.boss();
    let placed = crate::people::member(shopper, vase, 1).await.order("manual").await;
    order::mark_paid(&boss, placed.id).await.unwrap();
    let order = order::ship(&boss, placed.id, &parcel("")).await.unwrap();
    let found = asked(shop, &order, &[(order.lines[0].id, 1)]).await.unwrap();
    returns::approve(&boss, found.id, "").await.unwrap();
    let found = returns::receive(&boss, found.id, &all_of(&found)).await.unwrap();
    (order, found)
}

async fn lists_tell_goods_from_money(shop: Shop) {
    // Dear enough to be delivered for nothing: all that was paid comes back with it.
    let vase = shop.product("Vase", "80.00", 20).await;
    let other = shop.product("Other vase", "80.00", 20).await;
    let smaller = shop.product("Smaller vase", "60.00", 20).await;
    let (maud, boss) = (shop.somebody("maud@example.com").await, shop.boss());
    let (all, back) = vase_back(&shop, &maud, vase).await;
    swap(&boss, back.id, "one", other, 1).await.unwrap();
    let (part, back) = vase_back(&shop, &maud, vase).await;
    swap(&boss, back.id, "two", smaller, 1).await.unwrap();
    let (money, _) = vase_back(&shop, &maud, vase).await;
    order::refund(&boss, money.id, "broken").await.unwrap();
    let is_exchanged = async |order: &OrderView| seen(&shop, order).await.is_exchanged();
    assert_eq!((is_exchanged(&all).await, is_exchanged(&part).await), (true, false));
    shop.settle().await;
    let page = primitives::PageArgs::first(24);
    let own = order::my_orders(&maud, &page).await.unwrap().items;
    let filter = OrderFilter { states: vec![OrderState::Refunded], ..OrderFilter::default() };
    let listed = order::list(&boss, &filter, OrderSort::NumberDesc, &page).await.unwrap().items;
    let latest = commerce::dashboard::view(&boss, 30).await.unwrap().latest;
    let expected = [(money.number, false), (part.number, false), (all.number, true)];
    for rows in [own, listed, latest] {
        let said = rows.iter().filter(|row| row.state == OrderState::Refunded);
        assert_eq!(said.map(|row| (row.number, row.exchanged)).collect::<Vec<_>>(), expected);
    }
    let marked = "SELECT COUNT(*) FROM exchange";
    assert_eq!(shop.number(marked).await, 2);
    shop.holds().await;
}

on_both!(
    an_even_exchange_is_paid_at_once,
    what_costs_more_is_due_and_gives_the_value_back_when_it_is_given_up,
    what_is_due_is_paid_like_any_order,
    what_is_left_of_the_value_goes_back,
    the_gateway_gives_the_rest_back,
    happens_once,
    what_cannot_be_exchanged_changes_nothing,
    the_books_say_what_was_exchanged,
    an_account_gets_its_value_back_where_it_can_use_it,
    lists_tell_goods_from_money,
);
