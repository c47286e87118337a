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
use primitives::{Currency, CustomerId, GiftCardId, Money, PageArgs};
use testkit::on_both;

use crate::crediting::regular;
use crate::shop::{Guest, Shop, refusal, verified};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub async fn issue(ctx: &Ctx, draft: &GiftCardDraft) -> Result<Issued, CommerceError> {
    tender::issue(ctx, &uuid::Uuid::new_v4().to_string(), draft).await
}

pub async fn change(
    ctx: &Ctx,
    id: CustomerId,
    amount: i64,
    reason: &str,
) -> Result<StoreCreditView, CommerceError> {
    let key = uuid::Uuid::new_v4().to_string();
    tender::change(ctx, id, &CreditChange { key: &key, amount: Money::new(amount, Currency::EUR), reason })
        .await
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

pub async fn seen(shop: &Shop, order: &OrderView) -> OrderView {
    order::by_id(&shop.boss(), order.id).await.unwrap()
}

pub fn kinds(order: &OrderView) -> Vec<&str> {
    order.timeline.iter().map(|entry| entry.kind.as_str()).collect()
}

/// Pays, in minor units, and is left.
pub fn paying(tenders: &[TenderChoice]) -> Vec<(i64, i64)> {
    tenders.iter().map(|one| (one.amount.minor, one.balance.minor)).collect()
}

pub async fn back(
    shop: &Shop,
    order: &OrderView,
    amount: i64,
    to: BackTo,
) -> Result<OrderView, CommerceError> {
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
    let twice = CreditChange { key: "two", amount: Money::new(700, Currency::EUR), reason: "for the wait" };
    let (one, two) =
        tokio::join!(tender::change(&boss, customer, &twice), tender::change(&boss, customer, &twice));
    assert!(one.is_ok() || two.is_ok());
    let seen = tender::change(&boss, customer, &twice).await.unwrap();
    assert_eq!((seen.balance.minor, seen.movements.len()), (700, 1));
    let more = CreditChange { amount: Money::new(701, Currency::EUR), ..twice };
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
    a_gift_card_that_covers_all_needs_no_payment,
    five_cards_and_store_credit_pay_one_order,
    what_is_sent_twice_is_done_once,
    a_search_with_nul_finds_nothing,
    every_code_that_pays_nothing_gets_the_same_answer,
    what_is_left_to_pay_is_what_the_shopper_saw,
    two_hundred_at_once_never_take_more_than_is_there,
    a_code_is_mailed_to_whom_it_is_for_and_kept_nowhere_else,
    verify_finds_what_does_not_add_up,
);
