//! Shops that are paid through Stripe, at a server of ours that follows its API.

use std::time::Duration;

use axum::http::HeaderMap;
use commerce::draft::Draft;
use commerce::order::edit::{self, Changes, LineQuantity, Why};
use commerce::order::{self, Capture, Refund, Target};
use commerce::payment::dispute::DisputeState;
use commerce::payment::webhook::{self, Receipt};
use commerce::payment::{provider, reconcile};
use commerce::settings::{self, CaptureMode};
use commerce::view::{NextStep, OrderState, OrderView, PaymentState};
use commerce::{CommerceError, cart};
use primitives::{OrderId, PageArgs, Permission, VariantId};
use serde_json::{Value, json};
use testkit::stripe::{SECRET_KEY, Stripe, WEBHOOK_SECRET};
use testkit::{Backend, Fixture, TestApp, on_both};

use crate::drafting::{complete, drafted, line, written};
use crate::gateway::{Gateway, Mood};
use crate::shop::{Guest, SECRET, Shop, refusal};

struct StripeShop {
    shop: Shop,
    stripe: Stripe,
    mug: VariantId,
}

impl std::ops::Deref for StripeShop {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Fixture for StripeShop {
    async fn create(backend: Backend) -> Self {
        let (gateway, stripe) = (Gateway::start().await, Stripe::start().await);
        let (url, gateway_url) = (stripe.url.clone(), gateway.url.clone());
        let app = TestApp::configured(backend, |config| {
            config.payments.stripe_url = url;
            config.payments.gateway_url = Some(gateway_url);
            config.payments.webhook_secret = Some(SECRET.to_owned());
            config.payments.timeout_ms = 1_500;
            config.database.max_connections = 16;
        })
        .await;
        let shop = Shop { app, gateway };
        let boss = shop.boss();
        provider::set(&boss, SECRET_KEY, WEBHOOK_SECRET).await.unwrap();
        let current = settings::current(&boss).await.unwrap();
        let mut next = current.settings.clone();
        next.payment.stripe = true;
        settings::update(&boss, current.version, next).await.unwrap();
        let mug = shop.product("Mug", "12.50", 20).await;
        Self { shop, stripe, mug }
    }
}

impl StripeShop {
    /// Somebody who has pressed the button and is to go to the page where they pay.
    async fn placed(&self) -> (Guest, OrderView) {
        let guest = self.guest(self.mug, 2).await;
        let placed = guest.buy("stripe").await.unwrap();
        assert_eq!(placed.next, NextStep::Pay);
        (guest, placed.order)
    }

    /// They pay there, and Stripe tells of it.
    async fn paid(&self) -> (OrderId, String) {
        let (_, order) = self.placed().await;
        let session = self.session_id();
        let intent = self.stripe.pay(&session);
        self.told("evt_paid", "checkout.session.completed", &session).await;
        self.sweep().await;
        (order.id, intent)
    }

    fn session_id(&self) -> String {
        self.stripe.session()["id"].as_str().unwrap().to_owned()
    }

    /// Stripe sends an event about a thing; the job looks.
    async fn told(&self, event: &str, kind: &str, id: &str) -> Receipt {
        let receipt = self.send(event, kind, &self.stripe.thing(id)).await.unwrap();
        self.sweep().await;
        receipt
    }

    async fn send(&self, event: &str, kind: &str, about: &Value) -> Result<Receipt, CommerceError> {
        let body = self.stripe.event(event, kind, about);
        self.hear(&body, &Stripe::sign(self.seconds(), &body)).await
    }

    async fn hear(&self, body: &str, signature: &str) -> Result<Receipt, CommerceError> {
        let mut headers = HeaderMap::new();
        headers.insert("stripe-signature", signature.parse().unwrap());
        webhook::receive(&self.anonymous(), "stripe", &headers, body.as_bytes()).await
    }

    fn seconds(&self) -> i64 {
        self.now().millis() / 1_000
    }

    async fn seen(&self, id: OrderId) -> OrderView {
        order::by_id(&self.boss(), id).await.unwrap()
    }

    /// How often Stripe was asked to do something at a path that ends like this, and under how many keys.
    fn asked(&self, end: &str) -> (usize, usize) {
        let calls: Vec<_> = self
            .stripe
            .called()
            .into_iter()
            .filter(|call| call.method == "POST" && call.path.ends_with(end))
            .collect();
        let keys: std::collections::BTreeSet<_> = calls.iter().map(|call| call.key.clone()).collect();
        (calls.len(), keys.len())
    }
}

async fn sends_the_shopper_to_pay_and_takes_what_was_promised(shop: StripeShop) {
    let (guest, order) = shop.placed().await;
    assert_eq!((order.state, order.payment), (OrderState::PendingPayment, PaymentState::Pending));
    let session = shop.stripe.session();
    assert_eq!(order.pay_url.as_deref(), session["url"].as_str());
    let form = shop.stripe.called().remove(0).form;
    let of = |key: &str| form[key].clone();
    assert_eq!(of("line_items[0][price_data][unit_amount]"), "3000");
    assert_eq!(of("line_items[0][price_data][currency]"), "eur");
    assert_eq!(of("payment_intent_data[capture_method]"), "manual");
    assert!(of("success_url").ends_with(&format!("/orders/{}", order.token)), "{}", of("success_url"));
    assert_eq!(of("expires_at"), (shop.seconds() + 32 * 60).to_string());
    // Whoever comes back without having paid finds the same page again.
    let again = order::by_token(&guest.ctx, &order.token).await.unwrap();
    assert_eq!(again.pay_url, order.pay_url);
    let id = shop.session_id();
    let intent = shop.stripe.pay(&id);
    assert_eq!(shop.told("evt_1", "checkout.session.completed", &id).await, Receipt::Stored);
    shop.sweep().await;
    let paid = shop.seen(order.id).await;
    assert_eq!((paid.state, paid.payment, paid.pay_url), (OrderState::Paid, PaymentState::Paid, None));
    assert_eq!(shop.stripe.thing(&intent)["amount_received"], 3_000);
    let kinds: Vec<_> = paid.timeline.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["order.placed", "payment.authorised", "payment.captured", "order.paid"]);
    assert_eq!((shop.asked("sessions"), shop.asked("capture")), ((1, 1), (1, 1)));
    let kept = shop.number("SELECT COUNT(*) FROM payment_event WHERE document LIKE '%customer%'").await;
    assert_eq!(kept, 0);
    shop.holds().await;
}

async fn gives_the_cart_back_when_nobody_pays_or_the_bank_refuses(shop: StripeShop) {
    let (guest, order) = shop.placed().await;
    let session = shop.session_id();
    shop.stripe.run_out(&session);
    shop.advance(Duration::from_secs(1_801));
    shop.told("evt_1", "checkout.session.expired", &session).await;
    let gone = shop.seen(order.id).await;
    assert_eq!((gone.state, gone.payment), (OrderState::Cancelled, PaymentState::Declined));
    assert_eq!(cart::view(&guest.ctx, Some(&guest.token)).await.unwrap().n_items, 2);
    // Once more; the shopper pays, and then the bank says no to taking it.
    shop.stripe.refuse_captures(1);
    let second = guest.buy("stripe").await.unwrap().order;
    let session = shop.session_id();
    shop.stripe.pay(&session);
    shop.told("evt_2", "checkout.session.completed", &session).await;
    shop.sweep().await;
    let declined = shop.seen(second.id).await;
    assert_eq!((declined.state, declined.payment), (OrderState::Cancelled, PaymentState::Declined));
    assert_eq!(shop.stock().await, (20, 0));
    shop.holds().await;
}

async fn hears_twice_in_any_order_and_only_what_is_signed(shop: StripeShop) {
    let (_, order) = shop.placed().await;
    let session = shop.session_id();
    // Paid at Stripe, and the last event comes first.
    let intent = shop.stripe.pay(&session);
    let about = shop.stripe.thing(&intent);
    assert_eq!(shop.send("evt_2", "payment_intent.succeeded", &about).await.unwrap(), Receipt::Stored);
    assert_eq!(shop.send("evt_2", "payment_intent.succeeded", &about).await.unwrap(), Receipt::Duplicate);
    shop.sweep().await;
    shop.told("evt_1", "checkout.session.completed", &session).await;
    shop.sweep().await;
    shop.told("evt_3", "payment_intent.amount_capturable_updated", &intent).await;
    let paid = shop.seen(order.id).await;
    assert_eq!((paid.state, paid.attention.as_deref()), (OrderState::Paid, None));
    assert_eq!(shop.asked("capture"), (1, 1));
    // What concerns no payment of this shop is none of our business, and no error.
    let stranger = json!({"id": "pi_stranger", "metadata": {}});
    assert_eq!(shop.send("evt_4", "payment_intent.succeeded", &stranger).await.unwrap(), Receipt::Ignored);
    let customer = json!({"id": "cus_1"});
    assert_eq!(shop.send("evt_5", "customer.created", &customer).await.unwrap(), Receipt::Ignored);
    let events = shop.number("SELECT COUNT(*) FROM payment_event").await;
    let body = shop.stripe.event("evt_6", "checkout.session.completed", &shop.stripe.thing(&session));
    let now = shop.seconds();
    let other = Stripe::sign(now, &body.replace("evt_6", "evt_7"));
    for signature in [other, Stripe::sign(now - 301, &body), Stripe::sign(now + 301, &body), "t=1".to_owned()]
    {
        assert_eq!(refusal(shop.hear(&body, &signature).await).0, "UNAUTHENTICATED", "{signature}");
    }
    let none = webhook::receive(&shop.anonymous(), "stripe", &HeaderMap::new(), body.as_bytes()).await;
    assert_eq!(refusal(none).0, "UNAUTHENTICATED");
    assert_eq!(shop.number("SELECT COUNT(*) FROM payment_event").await, events);
    shop.holds().await;
}

async fn an_id_of_one_gateway_is_not_that_of_another(shop: StripeShop) {
    shop.gateway.next("authorize", &[Mood::Pending]);
    let here = shop.guest(shop.mug, 1).await.buy("http").await.unwrap().order;
    let (_, there) = shop.placed().await;
    let session = shop.session_id();
    shop.stripe.pay(&session);
    let body = json!({"operation": "authorize", "reference": shop.gateway.last_reference(), "id": "a-1",
                      "status": "succeeded", "amount": 1_750, "currency": "EUR"});
    let about = shop.stripe.thing(&session);
    let completed = "checkout.session.completed";
    assert_eq!(shop.call_back("evt_1", body.clone()).await.unwrap(), Receipt::Stored);
    assert_eq!(shop.send("evt_1", completed, &about).await.unwrap(), Receipt::Stored);
    assert_eq!(shop.call_back("evt_1", body).await.unwrap(), Receipt::Duplicate);
    assert_eq!(shop.send("evt_1", completed, &about).await.unwrap(), Receipt::Duplicate);
    assert_eq!(shop.sweep().await.call_backs, 2);
    shop.sweep().await;
    for (id, total) in [(here.id, 1_750), (there.id, 3_000)] {
        let paid = shop.seen(id).await;
        assert_eq!((paid.state, paid.paid.minor, paid.attention), (OrderState::Paid, total, None));
    }
    assert_eq!(shop.number("SELECT COUNT(*) FROM payment_event WHERE event_id = 'evt_1'").await, 2);
    assert_eq!((shop.gateway.effects("capture"), shop.asked("capture")), (1, (1, 1)));
    shop.holds().await;
}

async fn settles_lost_answers_and_events_that_never_came(shop: StripeShop) {
    // The answer about the page to pay on is lost.
    shop.stripe.lose_answers(1);
    let guest = shop.guest(shop.mug, 2).await;
    let placed = guest.buy("stripe").await.unwrap();
    assert_eq!((placed.next, placed.order.pay_url.is_none()), (NextStep::Wait, true));
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let waiting = shop.seen(placed.order.id).await;
    assert!(waiting.pay_url.is_some());
    assert_eq!((shop.asked("sessions"), shop.stripe.things("checkout.session").len()), ((2, 1), 1));
    // The shopper pays, and Stripe's event gets lost; then so does the answer to taking the money.
    shop.stripe.pay(&shop.session_id());
    shop.advance(Duration::from_secs(15 * 60));
    shop.sweep().await;
    shop.stripe.lose_answers(1);
    shop.sweep().await;
    assert_eq!(shop.seen(placed.order.id).await.state, OrderState::PendingPayment);
    shop.advance(Duration::from_secs(2));
    shop.sweep().await;
    let paid = shop.seen(placed.order.id).await;
    assert_eq!((paid.state, paid.attention), (OrderState::Paid, None));
    assert_eq!(shop.asked("capture"), (2, 1));
    // A day later Stripe says the same as we do.
    shop.sweep().await;
    shop.advance(Duration::from_secs(24 * 3600));
    assert_eq!(shop.sweep().await.compared, 1);
    assert_eq!(reconcile::discrepancies(&shop.boss(), &PageArgs::first(1)).await.unwrap().total, 0);
    shop.holds().await;
}

async fn takes_a_part_and_gives_some_back(shop: StripeShop) {
    let boss = shop.boss();
    let current = settings::current(&boss).await.unwrap();
    let mut next = current.settings.clone();
    next.payment.capture = CaptureMode::Manual;
    settings::update(&boss, current.version, next).await.unwrap();
    let (id, intent) = shop.paid().await;
    let promised = shop.seen(id).await;
    assert_eq!((promised.payment, promised.capturable.minor), (PaymentState::Authorised, 3_000));
    let part = Capture { amount: Some(1_000), key: "one" };
    let taken = order::capture(&boss, id, part).await.unwrap();
    assert_eq!(
        (taken.payment, taken.paid.minor, taken.capturable.minor),
        (PaymentState::PartlyPaid, 1_000, 0)
    );
    assert_eq!(shop.stripe.thing(&intent)["amount_received"], 1_000);
    assert_eq!(order::release(&boss, id, "enough").await.unwrap().state, OrderState::Paid);
    // A refund that takes its time, and one that works at once.
    shop.stripe.slow_refunds(1);
    let some = Refund { amount: Some(300), reason: "a scratch", ..Refund::default() };
    let waiting = order::refund_part(&boss, id, &some).await.unwrap();
    assert_eq!(waiting.refunded.minor, 0);
    let refund = shop.stripe.things("refund")[0]["id"].as_str().unwrap().to_owned();
    shop.stripe.end_refund(&refund, "succeeded");
    shop.told("evt_r", "refund.updated", &refund).await;
    assert_eq!(shop.seen(id).await.refunded.minor, 300);
    let back = order::refund(&boss, id, "broken").await.unwrap();
    assert_eq!((back.state, back.refunded.minor), (OrderState::Refunded, 1_000));
    assert_eq!(shop.asked("refunds"), (2, 2));
    shop.holds().await;
}

async fn a_failed_refund_is_for_a_person(shop: StripeShop) {
    let (id, _) = shop.paid().await;
    shop.stripe.slow_refunds(1);
    order::refund(&shop.boss(), id, "broken").await.unwrap();
    let refund = shop.stripe.things("refund")[0]["id"].as_str().unwrap().to_owned();
    shop.stripe.end_refund(&refund, "failed");
    shop.told("evt_r", "refund.failed", &refund).await;
    let order = shop.seen(id).await;
    assert_eq!((order.refunded.minor, order.attention.is_some()), (0, true));
    shop.holds().await;
}

async fn closes_the_page_of_an_order_that_is_given_up(shop: StripeShop) {
    let (_, order) = shop.placed().await;
    let session = shop.session_id();
    order::cancel(&shop.boss(), order.id, "called off").await.unwrap();
    shop.sweep().await;
    let off = shop.seen(order.id).await;
    assert_eq!((off.state, off.payment, off.pay_url), (OrderState::Cancelled, PaymentState::Voided, None));
    assert_eq!(shop.stripe.thing(&session)["status"], "expired");
    // Somebody has just paid when another one is given up: the bank's promise goes back.
    let (_, order) = shop.placed().await;
    let intent = shop.stripe.pay(&shop.session_id());
    shop.advance(Duration::from_secs(1_801));
    assert_eq!(shop.sweep().await.expired, 0, "Stripe was asked first");
    shop.sweep().await;
    let kept = shop.seen(order.id).await;
    assert_eq!(kept.state, OrderState::Paid, "it was paid in time");
    assert_eq!(shop.stripe.thing(&intent)["status"], "succeeded");
    let (_, order) = shop.placed().await;
    let intent = shop.stripe.pay(&shop.session_id());
    order::cancel(&shop.boss(), order.id, "called off").await.unwrap();
    shop.sweep().await;
    assert_eq!(shop.stripe.thing(&intent)["status"], "canceled");
    assert_eq!(shop.seen(order.id).await.payment, PaymentState::Voided);
    shop.holds().await;
}

async fn hears_of_disputes(shop: StripeShop) {
    let (id, intent) = shop.paid().await;
    let about = |status: &str| {
        json!({"id": "dp_1", "object": "dispute", "status": status, "amount": 3_000, "currency": "eur",
               "payment_intent": intent, "reason": "fraudulent", "metadata": {}})
    };
    shop.send("evt_1", "charge.dispute.created", &about("needs_response")).await.unwrap();
    shop.sweep().await;
    let open = shop.seen(id).await;
    assert_eq!(
        (open.disputes[0].state, open.disputes[0].reason.as_str()),
        (DisputeState::Open, "fraudulent")
    );
    shop.send("evt_2", "charge.dispute.closed", &about("lost")).await.unwrap();
    shop.sweep().await;
    let lost = shop.seen(id).await;
    assert_eq!((lost.state, lost.refunded.minor), (OrderState::Refunded, 3_000));
    shop.holds().await;
}

async fn keeps_keys_to_itself(shop: StripeShop) {
    let boss = shop.boss();
    let listed = provider::list(&boss).await.unwrap();
    assert_eq!((listed[0].key_hint.as_str(), listed[0].usable), ("ests", true));
    assert!(listed[0].webhook_address.ends_with("/webhooks/payments/stripe"));
    for (key, secret, field) in [
        ("pk_test_public_key", WEBHOOK_SECRET, "secretKey"),
        (SECRET_KEY, "nothing like it", "webhookSecret"),
    ] {
        let refused = refusal(provider::set(&boss, key, secret).await);
        assert_eq!(refused, ("BAD_USER_INPUT".to_owned(), vec![field.to_owned()]));
    }
    let nobody = shop.staff(&[Permission::PAYMENTS_MANAGE]);
    assert_eq!(refusal(provider::set(&nobody, SECRET_KEY, WEBHOOK_SECRET).await).0, "FORBIDDEN");
    assert_eq!(refusal(provider::list(&nobody).await).0, "FORBIDDEN");
    let sql =
        "SELECT COUNT(*) FROM payment_provider WHERE length(api_secret) > 40 AND length(webhook_secret) > 40";
    assert_eq!(shop.number(sql).await, 1);
    // Without keys it is not offered, and nobody can send events.
    provider::remove(&boss).await.unwrap();
    assert_eq!(refusal(provider::remove(&boss).await).0, "NOT_FOUND");
    let refused = refusal(shop.guest(shop.mug, 1).await.buy("stripe").await);
    assert_eq!(refused.1, ["paymentProvider"]);
    assert_eq!(refusal(shop.hear("{}", "t=1,v1=x").await).0, "NOT_FOUND");
    shop.holds().await;
}

/// Staff places two mugs for somebody who is to pay at Stripe.
async fn placed_by_staff(shop: &StripeShop, key: &str) -> OrderView {
    let wanted = Draft { payment_provider: "stripe".into(), ..written(vec![line(shop.mug, 2)]) };
    let draft = drafted(&shop.boss(), wanted).await;
    complete(&shop.boss(), draft.id, key).await.unwrap().order
}

async fn what_staff_has_placed_waits_on_one_page_after_the_other(shop: StripeShop) {
    const DAY: u64 = 24 * 3600 - 120;
    let order = placed_by_staff(&shop, "one").await;
    let until = order.pay_until.unwrap();
    assert_eq!(until, shop.now() + Duration::from_secs(7 * 24 * 3600));
    let first = shop.session_id();
    let over = |shop: &StripeShop| (shop.seconds() + i64::try_from(DAY).unwrap()).to_string();
    assert_eq!(shop.stripe.called()[0].form["expires_at"], over(&shop));
    shop.stripe.run_out(&first);
    shop.advance(Duration::from_secs(DAY));
    shop.told("evt_1", "checkout.session.expired", &first).await;
    shop.sweep().await;
    let second = shop.session_id();
    assert_ne!(first, second);
    let waits = shop.seen(order.id).await;
    assert_eq!((waits.state, waits.pay_until), (OrderState::PendingPayment, Some(until)));
    assert!(waits.pay_url.is_some_and(|url| url.contains(&second)));
    let asked = shop.stripe.called().into_iter().rfind(|call| call.path.ends_with("sessions")).unwrap();
    assert_eq!(asked.form["line_items[0][price_data][unit_amount]"], "3000");
    assert_eq!((asked.form["expires_at"].clone(), shop.asked("sessions")), (over(&shop), (2, 2)));
    // The page before tells once more; an edit leaves as much time as there was.
    shop.told("evt_2", "checkout.session.expired", &first).await;
    let waits = shop.seen(order.id).await;
    let fewer = LineQuantity { line: waits.lines[0].id, quantity: 1 };
    let changes = Changes { quantities: vec![fewer], ..Changes::default() };
    let at = Target { id: order.id, version: Some(waits.version) };
    let why = Why { reason: "one is enough", notify: false, key: "k" };
    let edited = edit::edit(&shop.boss(), at, &changes, why).await.unwrap();
    assert_eq!((edited.pay_until, edited.balance_due.minor), (Some(until), 1_750));
    let third = shop.session_id();
    shop.stripe.pay(&third);
    shop.told("evt_3", "checkout.session.completed", &third).await;
    shop.sweep().await;
    assert_eq!(shop.seen(order.id).await.state, OrderState::Paid);
    // Not beyond its own end.
    let other = placed_by_staff(&shop, "two").await;
    let page = shop.session_id();
    shop.stripe.run_out(&page);
    shop.advance(Duration::from_secs(7 * 24 * 3600));
    shop.told("evt_4", "checkout.session.expired", &page).await;
    shop.sweep().await;
    assert_eq!(shop.seen(other.id).await.state, OrderState::Cancelled);
    shop.holds().await;
}

async fn another_amount_is_paid_on_another_page(shop: StripeShop) {
    let (_, order) = shop.placed().await;
    let first = shop.session_id();
    let seen = shop.seen(order.id).await;
    let fewer = LineQuantity { line: seen.lines[0].id, quantity: 1 };
    let changes = Changes { quantities: vec![fewer], ..Changes::default() };
    let at = Target { id: order.id, version: Some(seen.version) };
    let why = Why { reason: "one is enough", notify: true, key: "k" };
    let edited = edit::edit(&shop.boss(), at, &changes, why).await.unwrap();
    let second = shop.session_id();
    assert_ne!(first, second);
    assert_eq!(shop.stripe.thing(&first)["status"], "expired");
    assert!(edited.pay_url.is_some_and(|url| url.contains(&second)), "the page of the new amount");
    assert_eq!((edited.state, edited.balance_due.minor), (OrderState::PendingPayment, 1_750));
    // The page before tells late that it is over.
    shop.told("evt_old", "checkout.session.expired", &first).await;
    shop.stripe.pay(&second);
    shop.told("evt_new", "checkout.session.completed", &second).await;
    shop.sweep().await;
    let done = shop.seen(order.id).await;
    assert_eq!((done.state, done.paid.minor), (OrderState::Paid, 1_750));
    shop.holds().await;
}

on_both!(
    what_staff_has_placed_waits_on_one_page_after_the_other,
    another_amount_is_paid_on_another_page,
    sends_the_shopper_to_pay_and_takes_what_was_promised,
    gives_the_cart_back_when_nobody_pays_or_the_bank_refuses,
    hears_twice_in_any_order_and_only_what_is_signed,
    an_id_of_one_gateway_is_not_that_of_another,
    settles_lost_answers_and_events_that_never_came,
    takes_a_part_and_gives_some_back,
    a_failed_refund_is_for_a_person,
    closes_the_page_of_an_order_that_is_given_up,
    hears_of_disputes,
    keeps_keys_to_itself,
);
