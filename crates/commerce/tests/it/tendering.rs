//! Gift cards and store credit: what they pay, what they get back, and what nobody can make of them.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use commerce::checkout::{self, CheckoutInput, Wish};
use commerce::order::{self, BackTo, Refund};
use commerce::tender::{
    self, CreditChange, GiftCardChange, GiftCardDraft, GiftCardFilter, GiftCardState, GiftCardView, Issued,
    MovementKind, StoreCreditView, TenderChoice,
};
use commerce::view::{NextStep, OrderState, OrderView, PaymentState};
use commerce::{CommerceError, cart};
use futures::future::join_all;
use platform::{Ctx, Error};
use primitives::{CustomerId, GiftCardId, PageArgs};
use serde_json::json;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Guest, Shop, refusal, verified};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn issue(ctx: &Ctx, draft: &GiftCardDraft) -> Result<Issued, CommerceError> {
    tender::issue(ctx, &uuid::Uuid::new_v4().to_string(), draft).await
}

async fn change(
    ctx: &Ctx,
    id: CustomerId,
    amount: i64,
    reason: &str,
) -> Result<StoreCreditView, CommerceError> {
    let key = uuid::Uuid::new_v4().to_string();
    tender::change(ctx, id, &CreditChange { key: &key, amount, reason }).await
}

async fn switch(ctx: &Ctx, id: GiftCardId, version: i64, on: bool) -> Result<GiftCardView, CommerceError> {
    tender::update(ctx, id, version, &GiftCardChange { enabled: Some(on), expires_at: None }).await
}

/// The code of a card that was issued a moment ago.
trait Coded {
    fn code(&self) -> String;
}

impl Coded for Issued {
    fn code(&self) -> String {
        self.code.clone().unwrap()
    }
}

pub async fn issued(shop: &Shop, amount: i64) -> Issued {
    issue(&shop.boss(), &GiftCardDraft { amount, ..GiftCardDraft::default() }).await.unwrap()
}

pub async fn with_card(guest: &Guest, card: &Issued) {
    tender::add_gift_card(&guest.ctx, Some(&guest.token), &card.code(), HERE).await.unwrap();
}

pub async fn balance(shop: &Shop, card: &Issued) -> i64 {
    tender::get(&shop.boss(), card.card.id).await.unwrap().balance.minor
}

async fn seen(shop: &Shop, order: &OrderView) -> OrderView {
    order::by_id(&shop.boss(), order.id).await.unwrap()
}

fn kinds(order: &OrderView) -> Vec<&str> {
    order.timeline.iter().map(|entry| entry.kind.as_str()).collect()
}

/// Pays, in minor units, and is left.
fn paying(tenders: &[TenderChoice]) -> Vec<(i64, i64)> {
    tenders.iter().map(|one| (one.amount.minor, one.balance.minor)).collect()
}

async fn back(shop: &Shop, order: &OrderView, amount: i64, to: BackTo) -> Result<OrderView, CommerceError> {
    let refund = Refund { amount: Some(amount), to, reason: "broken" };
    order::refund_part(&shop.boss(), order.id, &refund).await
}

async fn a_gift_card_that_covers_all_needs_no_payment(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let card = issued(&shop, 5_000).await;
    assert_eq!((card.card.state, card.card.balance.minor), (GiftCardState::Active, 5_000));
    let guest = shop.guest(mug, 2).await;
    let typed = card.code().to_lowercase().replace('-', " ");
    tender::add_gift_card(&guest.ctx, Some(&guest.token), &typed, HERE).await.unwrap();
    with_card(&guest, &card).await;
    let page = checkout::view(&guest.ctx, Some(&guest.token), Wish::default()).await.unwrap();
    assert_eq!((paying(&page.tenders), page.due.minor), (vec![(3_000, 5_000)], 0));
    let placed = guest.buy("").await.unwrap();
    let order = placed.order;
    assert_eq!(
        (placed.next, order.state, order.payment),
        (NextStep::Done, OrderState::Paid, PaymentState::Paid)
    );
    assert_eq!((order.paid, order.due.minor, order.pay_until), (order.totals.total, 0, None));
    assert_eq!(order.payment_provider, "tender");
    assert_eq!(order.payment_name, format!("Gift card •••• {}", card.card.last_four));
    assert_eq!(kinds(&seen(&shop, &order).await), ["order.placed", "gift_card.redeemed", "order.paid"]);
    assert_eq!((balance(&shop, &card).await, shop.gateway.calls().len()), (2_000, 0));
    assert_eq!(shop.number("SELECT COUNT(*) FROM payment").await, 0);
    let told = shop.told().await;
    assert_eq!((told["gift_card.issued"], told["gift_card.redeemed"], told["order.paid"]), (1, 1, 1));
    let shown = tender::get(&shop.boss(), card.card.id).await.unwrap();
    let moved: Vec<_> =
        shown.movements.iter().map(|one| (one.kind, one.amount.minor, one.balance.minor)).collect();
    assert_eq!(moved, [(MovementKind::Redeem, -3_000, 2_000), (MovementKind::Issue, 5_000, 5_000)]);
    assert_eq!(shown.movements[0].order, Some((order.id, order.number)));
    shop.holds().await;
    // Nothing went through a payment: all of it goes back to the card, and the pieces to the shelf.
    let refunded = order::refund(&shop.boss(), order.id, "broken").await.unwrap();
    assert_eq!((refunded.state, refunded.payment), (OrderState::Refunded, PaymentState::Refunded));
    assert_eq!((balance(&shop, &card).await, shop.stock().await), (5_000, (20, 0)));
    assert_eq!(refusal(order::refund(&shop.boss(), order.id, "again").await).0, "CONFLICT");
    shop.holds().await;
}

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

async fn store_credit_goes_to_nobody_but_the_buyer(shop: Shop) {
    let (shopper, customer) = regular(&shop).await;
    let order = shopper.order("http").await;
    // The address that they typed is that of somebody else with an account.
    shop.force(&["UPDATE customer SET user_id = {new id}"]).await;
    let refused = refusal(back(&shop, &order, 100, BackTo::StoreCredit).await);
    assert_eq!(refused, ("BAD_USER_INPUT".into(), vec!["customerId".into()]));
    assert_eq!(tender::of_customer(&shop.boss(), customer).await.unwrap().balance.minor, 0);
    assert_eq!(seen(&shop, &order).await.refunded.minor, 0);
    shop.holds().await;
}

async fn five_cards_and_store_credit_pay_one_order(shop: Shop) {
    let (shopper, customer) = regular(&shop).await;
    change(&shop.boss(), customer, 100, "hello").await.unwrap();
    let token = Some(shopper.token.as_str());
    tender::use_store_credit(&shopper.ctx, token).await.unwrap();
    for _ in 0..5 {
        with_card(&shopper, &issued(&shop, 100).await).await;
    }
    let sixth = issued(&shop, 100).await;
    let refused = tender::add_gift_card(&shopper.ctx, token, &sixth.code(), HERE).await;
    assert_eq!(refusal(refused).1, ["code"]);
    let page = checkout::view(&shopper.ctx, token, Wish::default()).await.unwrap();
    assert_eq!((page.tenders.len(), page.due.minor), (6, 3_000 - 600));
    // A guest's cart with five others becomes one with it: the store credit stays.
    let guest = shop.guest(shop.product("Cup", "5.00", 20).await, 1).await;
    for _ in 0..5 {
        with_card(&guest, &issued(&shop, 100).await).await;
    }
    cart::merge(&shopper.ctx, &guest.token).await.unwrap();
    let page = checkout::view(&shopper.ctx, token, Wish::default()).await.unwrap();
    assert_eq!(page.tenders.len(), 6);
    assert!(page.tenders.iter().any(|one| one.id.is_none()));
    shop.holds().await;
}

async fn what_is_sent_twice_is_done_once(shop: Shop) {
    let boss = shop.boss();
    let draft =
        GiftCardDraft { amount: 500, recipient: "nan@example.com".into(), ..GiftCardDraft::default() };
    let first = tender::issue(&boss, "one", &draft).await.unwrap();
    let again = tender::issue(&boss, "one", &draft).await.unwrap();
    assert_eq!((again.card.id, again.code, again.card.balance.minor), (first.card.id, None, 500));
    assert!(first.code.is_some());
    let other = GiftCardDraft { amount: 501, ..draft.clone() };
    assert_eq!(refusal(tender::issue(&boss, "one", &other).await).0, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(refusal(tender::issue(&boss, "", &draft).await).1, ["idempotencyKey"]);
    let kept =
        format!("SELECT COUNT(*) FROM idempotency_key WHERE CAST(answer AS text) LIKE '%{}%'", first.code());
    assert_eq!(shop.number(&kept).await, 0, "its code is kept nowhere");
    let n_cards = "SELECT COUNT(*) FROM tender_account";
    let n_letters = "SELECT COUNT(*) FROM mail_job WHERE recipient = 'nan@example.com'";
    assert_eq!((shop.number(n_cards).await, shop.number(n_letters).await), (1, 1));
    let (_, customer) = regular(&shop).await;
    let twice = CreditChange { key: "two", amount: 700, reason: "for the wait" };
    let (one, two) =
        tokio::join!(tender::change(&boss, customer, &twice), tender::change(&boss, customer, &twice));
    assert!(one.is_ok() || two.is_ok());
    let seen = tender::change(&boss, customer, &twice).await.unwrap();
    assert_eq!((seen.balance.minor, seen.movements.len()), (700, 1));
    let more = CreditChange { amount: 701, ..twice };
    assert_eq!(refusal(tender::change(&boss, customer, &more).await).0, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(shop.told().await["store_credit.updated"], 1);
    // The audit log has the balance of an account that was there before, and no reason: it may name a person.
    let noted = "SELECT COUNT(*) FROM audit_entry WHERE CAST(changes AS text) LIKE '%tender_account%'";
    let before = shop.number(noted).await;
    change(&boss, customer, 1, "called by Nan").await.unwrap();
    assert_eq!(shop.number(noted).await, before + 1);
    let named = "SELECT COUNT(*) FROM audit_entry WHERE CAST(changes AS text) LIKE '%called by Nan%'";
    assert_eq!(shop.number(named).await, 0);
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

async fn a_search_with_nul_finds_nothing(shop: Shop) {
    let boss = shop.boss();
    issued(&shop, 100).await;
    let filter = GiftCardFilter { q: "a\0".to_owned(), state: None };
    assert_eq!(tender::list(&boss, &filter, &PageArgs::first(5)).await.unwrap().total, 0);
    let filter = order::OrderFilter { q: "a\0b".to_owned(), ..order::OrderFilter::default() };
    let found = order::list(&boss, &filter, order::OrderSort::default(), &PageArgs::first(5)).await.unwrap();
    assert_eq!(found.total, 0);
    let token = format!("{}\0", "x".repeat(30));
    assert_eq!(refusal(order::by_token(&shop.anonymous(), &token).await).0, "NOT_FOUND");
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

/// A signed-in shopper with a customer's record.
async fn regular(shop: &Shop) -> (Guest, CustomerId) {
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

async fn every_code_that_pays_nothing_gets_the_same_answer(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    let (empty, off, good) = (issued(&shop, 1_750).await, issued(&shop, 100).await, issued(&shop, 100).await);
    let until = Some(shop.now() + Duration::from_secs(3600));
    let draft = GiftCardDraft { amount: 100, expires_at: until, ..GiftCardDraft::default() };
    let over = issue(&boss, &draft).await.unwrap();
    let draft = GiftCardDraft { amount: 100, ..GiftCardDraft::default() };
    let theirs = issue(&shop.other_tenant(), &draft).await.unwrap();
    let spender = shop.guest(mug, 1).await;
    with_card(&spender, &empty).await;
    spender.order("").await;
    switch(&boss, off.card.id, 1, false).await.unwrap();
    shop.advance(Duration::from_secs(3601));
    let guest = shop.guest(mug, 1).await;
    let try_one = async |code: &str| -> Error {
        let tried = tender::add_gift_card(&guest.ctx, Some(&guest.token), code, HERE).await;
        tried.unwrap_err().into()
    };
    let unknown = try_one("ABCD-EFGH-JKMN-PQRS").await;
    assert_eq!(unknown.code().as_str(), "BAD_USER_INPUT");
    for code in [&empty.code(), &off.code(), &over.code(), &theirs.code(), "", "no code"] {
        let error = try_one(code).await;
        assert_eq!((error.code(), error.fields()), (unknown.code(), unknown.fields()), "{code}");
    }
    // A right one is forgiven, wrong ones add up, and then even a right one has to wait.
    for _ in 0..30 {
        with_card(&guest, &good).await;
    }
    let mut refused = None;
    for _ in 0..30 {
        let error = try_one("ABCD-EFGH-JKMN-PQRS").await;
        if error.code().as_str() == "RATE_LIMIT_EXCEEDED" {
            refused = Some(error);
            break;
        }
    }
    assert!(refused.is_some());
    assert_eq!(try_one(&good.code()).await.code().as_str(), "RATE_LIMIT_EXCEEDED");
    let list = async |q: &str, state| {
        let filter = GiftCardFilter { q: q.to_owned(), state };
        let page = tender::list(&boss, &filter, &PageArgs::first(10)).await.unwrap();
        page.items.into_iter().map(|card| card.id).collect::<Vec<_>>()
    };
    assert_eq!(list("", Some(GiftCardState::Empty)).await, [empty.card.id]);
    assert_eq!(list("", Some(GiftCardState::Disabled)).await, [off.card.id]);
    assert_eq!(list("", Some(GiftCardState::Expired)).await, [over.card.id]);
    assert_eq!(list("", Some(GiftCardState::Active)).await, [good.card.id]);
    assert_eq!(list(&good.code(), None).await, [good.card.id]);
    assert!(list(&off.card.last_four.to_lowercase(), None).await.contains(&off.card.id));
    assert_eq!(list("nobody", None).await, []);
    shop.holds().await;
}

async fn what_is_left_to_pay_is_what_the_shopper_saw(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let card = issued(&shop, 1_000).await;
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &card).await;
    let form = guest.form("manual").await;
    // Without a word about it a client that knows nothing of gift cards meant the whole total.
    let unaware = CheckoutInput { expected_due: None, ..form.clone() };
    let conflict = ("CONFLICT".to_owned(), vec!["expectedDue".to_owned()]);
    assert_eq!(refusal(checkout::place_order(&guest.ctx, unaware).await), conflict);
    switch(&shop.boss(), card.card.id, 1, false).await.unwrap();
    assert_eq!(refusal(checkout::place_order(&guest.ctx, form.clone()).await), conflict);
    let page = checkout::view(&guest.ctx, Some(&guest.token), Wish::default()).await.unwrap();
    assert_eq!((paying(&page.tenders), page.tenders[0].problem.is_some()), (vec![(0, 0)], true));
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 0);
    let stale = refusal(switch(&shop.boss(), card.card.id, 1, true).await);
    assert_eq!(stale.0, "CONFLICT");
    switch(&shop.boss(), card.card.id, 2, true).await.unwrap();
    let placed = checkout::place_order(&guest.ctx, form.clone()).await.unwrap();
    assert_eq!(placed.order.due.minor, 2_000);
    assert!(checkout::place_order(&guest.ctx, form).await.unwrap().replayed);
    assert_eq!(balance(&shop, &card).await, 0);
    // A card that was taken from the cart again pays nothing.
    let other = issued(&shop, 1_000).await;
    let guest = shop.guest(mug, 1).await;
    with_card(&guest, &other).await;
    let token = Some(guest.token.as_str());
    assert_eq!(refusal(tender::remove_gift_card(&guest.ctx, token, card.card.id).await).0, "NOT_FOUND");
    tender::remove_gift_card(&guest.ctx, token, other.card.id).await.unwrap();
    assert_eq!(guest.order("manual").await.tenders, []);
    shop.holds().await;
}

async fn two_hundred_at_once_never_take_more_than_is_there(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 500).await;
    let card = issued(&shop, 10_000).await;
    let mut forms = Vec::new();
    for _ in 0..200 {
        let guest = shop.guest(mug, 1).await;
        with_card(&guest, &card).await;
        let form = guest.form("").await;
        assert_eq!((form.expected_total, form.expected_due), (1_750, Some(0)));
        forms.push((guest.ctx.clone(), form));
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
                assert_eq!(error.code().as_str(), "CONFLICT", "{}", error.report());
            }
        }
    }
    // Five times 17.50; what is left of 100.00 is less than the sixth has seen.
    assert_eq!((won, balance(&shop, &card).await), (5, 1_250));
    assert_eq!(shop.number("SELECT COUNT(*) FROM orders").await, 5);
    assert_eq!(shop.stock().await, (500, 5));
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

async fn a_code_is_mailed_to_whom_it_is_for_and_kept_nowhere_else(shop: Shop) {
    let boss = shop.boss();
    let draft = |recipient: &str| GiftCardDraft {
        amount: 2_500,
        expires_at: Some(shop.now() + Duration::from_secs(90 * 24 * 3600)),
        recipient: recipient.to_owned(),
        note: "birthday".to_owned(),
    };
    for (wrong, field) in [
        (GiftCardDraft { amount: 0, ..draft("") }, "amount"),
        (GiftCardDraft { amount: i64::MAX, ..draft("") }, "amount"),
        (GiftCardDraft { expires_at: Some(shop.now()), ..draft("") }, "expiresAt"),
        (draft("nobody"), "recipient"),
        (GiftCardDraft { note: "x".repeat(501), ..draft("") }, "note"),
    ] {
        assert_eq!(refusal(issue(&boss, &wrong).await), ("BAD_USER_INPUT".into(), vec![field.into()]));
    }
    assert_eq!(shop.number("SELECT COUNT(*) FROM tender_account").await, 0);
    let card = issue(&boss, &draft(" nan@example.com ")).await.unwrap();
    assert_eq!((card.card.recipient.as_str(), card.card.note.as_str()), ("nan@example.com", "birthday"));
    let mailed = format!(
        "SELECT COUNT(*) FROM mail_job WHERE recipient = 'nan@example.com' AND text LIKE '%{}%' \
         AND text LIKE '%25.00%'",
        card.code()
    );
    assert_eq!(shop.number(&mailed).await, 1);
    let nobody = shop.staff(&[]);
    assert_eq!(refusal(issue(&nobody, &draft("")).await).0, "FORBIDDEN");
    assert_eq!(refusal(tender::get(&shop.other_tenant(), card.card.id).await).0, "NOT_FOUND");
    shop.holds().await;
}

async fn verify_finds_what_does_not_add_up(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let card = issued(&shop, 1_000).await;
    let guest = shop.guest(mug, 2).await;
    with_card(&guest, &card).await;
    let kept = guest.order("http").await;
    let gone = shop.guest(mug, 1).await;
    let other = issued(&shop, 400).await;
    with_card(&gone, &other).await;
    let gone = gone.order("manual").await;
    order::cancel(&shop.boss(), gone.id, "never mind").await.unwrap();
    assert_eq!((kept.number, gone.number), (1001, 1002));
    shop.holds().await;
    let order = "(SELECT id FROM orders WHERE number = 1002)";
    let breaks = [
        (
            "UPDATE tender_account SET balance_minor = balance_minor + 1 WHERE issued_minor = 400".to_owned(),
            "UPDATE tender_account SET balance_minor = balance_minor - 1 WHERE issued_minor = 400".to_owned(),
            "tender.balance",
        ),
        (
            "UPDATE money_ledger SET to_account = 'store_credit' WHERE kind = 'issue' AND amount_minor = 400"
                .into(),
            "UPDATE money_ledger SET to_account = 'gift_card' WHERE kind = 'issue' AND amount_minor = 400"
                .into(),
            "tender.ledger",
        ),
        (
            format!("UPDATE order_tender SET returned_minor = 399 WHERE order_id = {order}"),
            format!("UPDATE order_tender SET returned_minor = 400 WHERE order_id = {order}"),
            "tender.order",
        ),
    ];
    for (broken, mended, check) in breaks {
        shop.force(&[&broken]).await;
        let found = verified(&shop.system()).await.findings;
        assert_eq!(found.iter().map(|one| one.check).collect::<Vec<_>>(), [check], "{found:#?}");
        shop.force(&[&mended]).await;
        shop.holds().await;
    }
}

on_both!(
    a_call_back_about_a_refused_refund_refuses_no_other,
    a_call_back_about_one_refund_settles_no_other,
    a_call_back_settles_the_refund_that_it_names,
    a_code_is_mailed_to_whom_it_is_for_and_kept_nowhere_else,
    a_gift_card_that_covers_all_needs_no_payment,
    a_refund_that_the_gateway_refuses_can_be_asked_again,
    a_search_with_nul_finds_nothing,
    every_code_that_pays_nothing_gets_the_same_answer,
    five_cards_and_store_credit_pay_one_order,
    orders_that_are_given_up_give_back,
    refunds_at_once_give_back_what_came_in_and_no_more,
    staff_and_orders_at_once_leave_no_credit_below_zero,
    store_credit_goes_to_nobody_but_the_buyer,
    store_credit_is_given_used_and_refunded_to,
    two_hundred_at_once_never_take_more_than_is_there,
    verify_finds_what_does_not_add_up,
    money_that_goes_back_to_a_card_that_is_over_can_be_used_again,
    what_is_sent_twice_is_done_once,
    what_cards_leave_goes_to_the_gateway_and_back_the_other_way_round,
    what_is_left_to_pay_is_what_the_shopper_saw,
);
