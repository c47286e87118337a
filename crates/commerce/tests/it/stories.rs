//! Whatever happens to orders, their rows are what their streams rebuild, and the books agree.

use std::time::Duration;

use commerce::order::{self, OrderFact, Tracking};
use commerce::payment::{self, PaymentFact};
use commerce::view::{OrderState, OrderView};
use commerce::{CommerceError, cart};
use events::Aggregate;
use events::stream;
use migrations::{Migrator, MigratorTrait};
use platform::{Access, Error};
use primitives::{OrderId, PaymentId};
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use testkit::{Backend, on_both};
use uuid::Uuid;

use crate::gateway::Mood;
use crate::shop::{Shop, verified};

/// One thing that somebody does.
#[derive(Clone, Debug)]
enum Deed {
    /// A guest buys; the gateway treats both calls like this.
    Buy(bool, Mood, Mood),
    MarkPaid(usize),
    Ship(usize),
    /// One piece of the first line.
    ShipOne(usize),
    DeliverOne(usize),
    Deliver(usize),
    Cancel(usize),
    /// The gateway treats whatever goes back like this.
    Refund(usize, Mood),
    Note(usize),
    Look(usize),
    /// The gateway calls back about a call of an order, with or without its amount.
    CallBack(usize, &'static str, &'static str, bool),
    Wait(u64),
    Sweep,
}

fn deed() -> impl Strategy<Value = Deed> {
    let mood = || {
        prop_oneof![
            5 => Just(Mood::Succeed),
            1 => Just(Mood::Decline),
            2 => Just(Mood::Pending),
            2 => Just(Mood::Cut),
            1 => Just(Mood::Down),
        ]
    };
    let step = prop_oneof![Just("authorize"), Just("capture"), Just("refund"), Just("void")];
    let status = prop_oneof![3 => Just("succeeded"), 1 => Just("declined"), 1 => Just("pending")];
    let one = 0_usize..4;
    prop_oneof![
        4 => (any::<bool>(), mood(), mood()).prop_map(|(http, one, two)| Deed::Buy(http, one, two)),
        3 => one.clone().prop_map(Deed::MarkPaid),
        2 => one.clone().prop_map(Deed::Ship),
        2 => one.clone().prop_map(Deed::ShipOne),
        1 => one.clone().prop_map(Deed::DeliverOne),
        1 => one.clone().prop_map(Deed::Deliver),
        2 => one.clone().prop_map(Deed::Cancel),
        3 => (one.clone(), mood()).prop_map(|(n, mood)| Deed::Refund(n, mood)),
        1 => one.clone().prop_map(Deed::Note),
        1 => one.clone().prop_map(Deed::Look),
        4 => (one, step, status, any::<bool>())
            .prop_map(|(n, step, status, odd)| Deed::CallBack(n, step, status, odd)),
        2 => prop_oneof![Just(3_u64), Just(1_000), Just(8 * 24 * 3_600)].prop_map(Deed::Wait),
        3 => Just(Deed::Sweep),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn rows_are_what_their_streams_rebuild_on_sqlite(story in prop::collection::vec(deed(), 5..40)) {
        testkit::run(Backend::Sqlite, async |shop: Shop| play(shop, story).await);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn rows_are_what_their_streams_rebuild_on_postgres(story in prop::collection::vec(deed(), 5..40)) {
        testkit::run(Backend::Postgres, async |shop: Shop| play(shop, story).await);
    }
}

async fn play(shop: Shop, story: Vec<Deed>) {
    let mug = shop.product("Mug", "12.50", 40).await;
    let boss = shop.boss();
    let mut orders: Vec<OrderId> = Vec::new();
    let mut called_back: Vec<OrderId> = Vec::new();
    for deed in story {
        let known = |n: usize| orders.get(n % orders.len().max(1)).copied().unwrap_or_else(OrderId::new);
        let parcel = Tracking { carrier: "DHL".into(), ..Tracking::default() };
        let done = match deed {
            Deed::Buy(http, authorize, capture) => {
                shop.gateway.next("authorize", &[authorize]);
                shop.gateway.next("capture", &[capture]);
                let guest = shop.guest(mug, 2).await;
                let placed = guest.buy(if http { "http" } else { "manual" }).await;
                orders.extend(placed.as_ref().map(|placed| placed.order.id));
                placed.map(|_| ())
            }
            Deed::MarkPaid(n) => order::mark_paid(&boss, known(n)).await.map(|_| ()),
            Deed::Ship(n) => order::ship(&boss, known(n), &parcel).await.map(|_| ()),
            Deed::ShipOne(n) => match order::by_id(&boss, known(n)).await {
                Ok(found) => {
                    let piece = order::Piece { line: found.lines[0].id, quantity: 1 };
                    order::ship_pieces(&boss, found.id, &[piece], &parcel).await.map(|_| ())
                }
                Err(error) => Err(error),
            },
            Deed::DeliverOne(n) => match order::by_id(&boss, known(n)).await {
                Ok(found) => match found.fulfilments.first() {
                    Some(parcel) => order::deliver_parcel(&boss, parcel.id, None).await.map(|_| ()),
                    None => Ok(()),
                },
                Err(error) => Err(error),
            },
            Deed::Deliver(n) => order::deliver(&boss, known(n)).await.map(|_| ()),
            Deed::Cancel(n) => order::cancel(&boss, known(n), "changed their mind").await.map(|_| ()),
            Deed::Refund(n, mood) => {
                shop.gateway.next("refund", &[mood]);
                shop.gateway.next("void", &[mood]);
                order::refund(&boss, known(n), "broken").await.map(|_| ())
            }
            Deed::Note(n) => order::add_note(&boss, known(n), "they called").await.map(|_| ()),
            Deed::Look(n) => order::clear_attention(&boss, known(n)).await.map(|_| ()),
            Deed::CallBack(n, operation, status, odd) => {
                called_back.push(known(n));
                let amount = odd.then_some(1);
                let reference = payment_of(&shop, known(n)).await.unwrap_or_else(PaymentId::new);
                let body = json!({
                    "operation": operation, "reference": reference, "id": "g-1", "status": status, "amount": amount
                });
                shop.call_back(&Uuid::new_v4().to_string(), body).await.map(|_| ())
            }
            Deed::Wait(seconds) => {
                shop.advance(Duration::from_secs(seconds));
                Ok(())
            }
            Deed::Sweep => {
                shop.sweep().await;
                Ok(())
            }
        };
        if let Err(error) = done {
            let error: Error = error.into();
            let refusals = ["CONFLICT", "NOT_FOUND", "OUT_OF_STOCK"];
            assert!(refusals.contains(&error.code().as_str()), "{}", error.report());
        }
    }
    // What a gateway has called back about would be seen in a moment.
    shop.sweep().await;
    for id in &orders {
        agrees(&shop, *id).await;
    }
    shop.settle().await;
    // A call-back here may tell of what its gateway never did; then the books name that payment, and nothing else.
    let mut suspected = Vec::new();
    for id in called_back.iter().filter(|id| orders.contains(id)) {
        suspected.push(format!("payment of order {}", order::by_id(&boss, *id).await.unwrap().number));
    }
    let mut report = verified(&shop.system()).await;
    report.findings.retain(|it| it.check != "payment.discrepancy" || !suspected.contains(&it.about));
    assert!(
        report.findings.is_empty() && report.more == 0,
        "{:#?} and {} more",
        report.findings,
        report.more
    );
    // A change that was not written down would show as a stream that had to begin anew.
    let nameless = "SELECT count(*) FROM stream_event WHERE kind IN ('adopted', 'corrected')";
    assert_eq!(shop.number(nameless).await, 0, "every change is written down under a name of its own");
}

/// The order that staff sees is the one that its facts add up to.
async fn agrees(shop: &Shop, id: OrderId) -> OrderView {
    let seen = order::by_id(&shop.boss(), id).await.unwrap();
    let told = order::rebuild(&shop.system(), id).await.unwrap().unwrap();
    let standing = &told.state.standing;
    assert_eq!(
        (seen.state, seen.paid.minor, seen.refunded.minor, seen.version),
        (standing.state, standing.paid, standing.refunded, told.version)
    );
    assert_eq!((&seen.attention, &seen.cancel_reason), (&standing.attention, &standing.cancel_reason));
    assert_eq!(seen.totals.total.minor, told.state.placed.total);
    seen
}

async fn payment_of(shop: &Shop, order: OrderId) -> Option<PaymentId> {
    let rows = shop.system().read(Access::System).await.unwrap();
    let sql = "SELECT id FROM payment WHERE tenant_id = {tenant} AND order_id = ?";
    let found = rows.raw_all(sql, vec![order.uuid().into()]).await.unwrap();
    found.first().map(|row| PaymentId::from_uuid(row.try_get_by_index(0).unwrap()))
}

async fn kinds(shop: &Shop, stream: Aggregate) -> Vec<String> {
    let owner = shop.database().owner().await;
    let literal = match shop.database().backend() {
        Backend::Sqlite => format!("x'{}'", stream.id.simple()),
        Backend::Postgres => format!("'{}'", stream.id),
    };
    let sql = format!(
        "SELECT kind FROM stream_event WHERE stream_type = '{}' AND stream_id = {literal} ORDER BY version",
        stream.kind
    );
    let rows = owner.query_all_raw(Statement::from_string(owner.get_database_backend(), sql)).await.unwrap();
    owner.close().await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn tells_who_did_what_and_when(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 2).await.order("http").await;
    shop.advance(Duration::from_secs(60));
    let boss = shop.boss();
    let parcel = Tracking { carrier: "DHL".into(), ..Tracking::default() };
    order::ship(&boss, placed.id, &parcel).await.unwrap();
    order::add_note(&boss, placed.id, "Ring twice").await.unwrap();
    shop.gateway.next("refund", &[Mood::Decline]);
    order::refund(&boss, placed.id, "broken").await.unwrap();
    order::refund(&boss, placed.id, "broken").await.unwrap();
    let seen = agrees(&shop, placed.id).await;
    let story: Vec<_> = seen
        .timeline
        .iter()
        .map(|entry| {
            let amount = entry.amount.map_or(0, |amount| amount.minor);
            (entry.kind.as_str(), entry.text.as_str(), entry.actor.as_str(), amount)
        })
        .collect();
    assert_eq!(
        story,
        [
            ("order.placed", "Order placed", "customer", 3_000),
            ("payment.authorised", "Payment authorised", "customer", 3_000),
            ("payment.captured", "Payment received", "customer", 3_000),
            ("order.paid", "Order paid", "customer", 3_000),
            ("order.shipped", "Parcel sent with DHL", "staff", 0),
            ("order.note_added", "Note added", "staff", 0),
            ("payment.failed", "Refund refused: no funds", "staff", 0),
            (
                "order.edited",
                "Needs attention: the gateway refused to give 30.00 EUR back: try again with this amount, or give it back by hand",
                "staff",
                0
            ),
            ("payment.refunded", "Money given back: broken", "staff", 3_000),
            ("order.refunded", "Everything was given back: broken", "staff", 3_000),
        ]
    );
    assert_eq!(seen.timeline[4].user, boss.user_id());
    assert_eq!(seen.timeline[4].at.since(seen.timeline[0].at).as_secs(), 60);
    let shopper = order::by_token(&shop.anonymous(), &placed.token).await.unwrap();
    assert_eq!(shopper.timeline.len(), 8);
    assert!(shopper.timeline.iter().all(|entry| entry.user.is_none()));
    let payment = payment_of(&shop, placed.id).await.unwrap();
    assert_eq!(
        kinds(&shop, Aggregate::new("payment", payment)).await,
        ["opened", "captured", "back_asked", "declined", "back_asked", "given_back"]
    );
    let rebuilt = payment::rebuild(&shop.system(), payment).await.unwrap().unwrap();
    assert_eq!((rebuilt.state.call.step.as_str(), rebuilt.state.call.status.as_str()), ("refund", "done"));
    assert_eq!((rebuilt.state.back.amount, rebuilt.version), (3_000, 6));
    let refused = order::rebuild(&boss, placed.id).await.unwrap_err();
    assert_eq!(Error::from(refused).code().as_str(), "FORBIDDEN");
    assert_eq!(order::rebuild(&shop.other_system(), placed.id).await.unwrap(), None);
    shop.holds().await;
}

async fn nobody_is_named_in_a_stream(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 2).await.order("http").await;
    order::refund(&shop.boss(), placed.id, "broken").await.unwrap();
    for word in ["maud", "Maud", "Beestenmarkt", "Ghent", "9000"] {
        let sql = format!("SELECT count(*) FROM stream_event WHERE payload LIKE '%{word}%'");
        assert_eq!(shop.number(&sql).await, 0, "{word}");
    }
    shop.holds().await;
}

async fn a_free_order_has_its_story(shop: Shop) {
    let boss = shop.boss();
    let mut free = commerce::settings::current(&boss).await.unwrap().settings.clone();
    free.shipping[0].price_minor = 0;
    commerce::settings::update(&boss, 0, free).await.unwrap();
    let leaflet = shop.product("Leaflet", "0.00", 5).await;
    let placed = shop.guest(leaflet, 1).await.order("http").await;
    let seen = agrees(&shop, placed.id).await;
    assert_eq!((seen.state, seen.version, placed.version), (OrderState::Paid, 2, 2));
    assert_eq!(kinds(&shop, Aggregate::new("order", placed.id)).await, ["placed", "paid"]);
    shop.holds().await;
}

/// As while a process of the version before is being replaced: it changes rows and writes no facts.
async fn begins_anew_where_nobody_wrote_facts(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    shop.gateway.next("authorize", &[Mood::Cut]);
    let changed = shop.guest(mug, 2).await.order("http").await;
    let silent = shop.guest(mug, 1).await.order("manual").await;
    let version = |of: &OrderView| of.version;
    shop.force(&[
        "UPDATE orders SET attention = 'old', version = version + 3 WHERE number = 1001",
        "UPDATE payment SET attempt = 9, version = version + 2 \
           WHERE order_id = (SELECT id FROM orders WHERE number = 1001)",
        "DELETE FROM stream_event WHERE stream_id = (SELECT id FROM orders WHERE number = 1002)",
    ])
    .await;
    let report = verified(&shop.system()).await;
    let found: Vec<_> = report.findings.iter().map(|finding| finding.check).collect();
    // Delivery is no matter here.
    assert_eq!(found, ["order.stream", "order.stream", "payment.stream"]);
    shop.advance(Duration::from_secs(3));
    // Authorised first, then captured.
    assert_eq!((shop.sweep().await.asked, shop.sweep().await.asked), (1, 1));
    order::add_note(&boss, silent.id, "they called").await.unwrap();
    let seen = agrees(&shop, changed.id).await;
    assert_eq!((seen.state, seen.attention.as_deref()), (OrderState::Paid, Some("old")));
    assert!(version(&changed) + 3 < seen.version);
    assert_eq!(
        kinds(&shop, Aggregate::new("order", changed.id)).await[1..3],
        ["adopted", "payment_authorised"]
    );
    let seen = agrees(&shop, silent.id).await;
    let story: Vec<_> = seen.timeline.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        story,
        [
            "Order placed",
            "What happened before was not written down; the order was waiting for payment",
            "Note added"
        ]
    );
    shop.holds().await;
}

/// The migration with orders that are there already.
async fn takes_over_orders_from_before_there_were_streams(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let vase = shop.product("Vase", "40.00", 20).await;
    let boss = shop.boss();
    let guest = shop.guest(mug, 2).await;
    cart::add(&guest.ctx, Some(&guest.token), &[(vase, 1)]).await.unwrap();
    let paid = guest.order("http").await;
    let waiting = shop.guest(mug, 1).await.order("manual").await;
    let gone = shop.guest(mug, 1).await.order("manual").await;
    order::cancel(&boss, gone.id, "it's \"gone\"").await.unwrap();
    order::refund(&boss, paid.id, "broken").await.unwrap();
    let before = order::rebuild(&shop.system(), paid.id).await.unwrap().unwrap();
    let owner = shop.database().owner().await;
    let later = Migrator::migrations().iter().rev().position(|step| step.name() == "m16_streams").unwrap();
    Migrator::down(&owner, Some(u32::try_from(later).unwrap() + 1)).await.unwrap();
    Migrator::up(&owner, None).await.unwrap();
    owner.close().await.unwrap();
    for id in [paid.id, waiting.id, gone.id] {
        assert_eq!(kinds(&shop, Aggregate::new("order", id)).await, ["adopted"]);
        agrees(&shop, id).await;
    }
    let after = order::rebuild(&shop.system(), paid.id).await.unwrap().unwrap();
    assert_eq!((&after.state.standing, after.version), (&before.state.standing, before.version));
    assert_eq!(after.state.placed.lines, before.state.placed.lines);
    assert_eq!(after.state.placed.lines.len(), 2);
    let rows = shop.system().read(Access::System).await.unwrap();
    let payment = payment_of(&shop, paid.id).await.unwrap();
    let facts: Vec<stream::Recorded<PaymentFact>> =
        stream::read(&rows, Aggregate::new("payment", payment), 0, 10).await.unwrap();
    assert!(matches!(facts[0].fact, PaymentFact::Adopted { .. }));
    drop(rows);
    order::mark_paid(&boss, waiting.id).await.unwrap();
    let seen = agrees(&shop, waiting.id).await;
    assert_eq!(
        seen.timeline.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(),
        ["order.placed", "order.edited", "payment.captured", "order.paid"]
    );
    shop.holds().await;
}

/// A gateway that never answers makes a long story.
async fn keeps_the_state_of_a_long_story(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Down; 60]);
    let placed = shop.guest(mug, 1).await.order("http").await;
    for _ in 0..40 {
        shop.advance(Duration::from_secs(400));
        shop.sweep().await;
    }
    let payment = payment_of(&shop, placed.id).await.unwrap();
    let rows = shop.system().read(Access::System).await.unwrap();
    let kept = stream::cached::<payment::PaymentStory>(&rows, payment.uuid()).await.unwrap().unwrap();
    assert!(kept.version >= 64 && kept.state.is_some(), "{kept:?}");
    let loaded = stream::load::<payment::PaymentStory>(&rows, payment.uuid()).await.unwrap().unwrap();
    drop(rows);
    assert_eq!(payment::rebuild(&shop.system(), payment).await.unwrap(), Some(loaded.clone()));
    assert!(kept.version < loaded.version);
    // Deadlines that moved are no part of the story.
    let seen = agrees(&shop, placed.id).await;
    assert_eq!(seen.timeline.len(), 1, "{:?}", seen.timeline);
    shop.holds().await;
}

async fn a_version_that_is_taken_is_a_conflict(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let placed = shop.guest(mug, 1).await.order("manual").await;
    // Somebody has written facts without the row.
    let note = OrderFact::NoteAdded { note_id: Uuid::now_v7() };
    let mut batch = stream::Batch::new(shop.now());
    batch.add(Aggregate::new("order", placed.id), 1, &[(note, None)]).unwrap();
    shop.system().write(Access::System, async |tx| stream::append(tx, &batch).await).await.unwrap();
    let refused: Result<_, CommerceError> = order::mark_paid(&shop.boss(), placed.id).await;
    assert_eq!(Error::from(refused.unwrap_err()).code().as_str(), "CONFLICT");
    let seen = order::by_id(&shop.boss(), placed.id).await.unwrap();
    assert_eq!((seen.state, seen.paid.minor, seen.version), (OrderState::PendingPayment, 0, 1));
    assert_eq!(shop.number("SELECT count(*) FROM money_ledger").await, 0);
    shop.force(&["DELETE FROM stream_event WHERE stream_type = 'order' AND version = 2"]).await;
    shop.holds().await;
}

on_both!(
    tells_who_did_what_and_when,
    nobody_is_named_in_a_stream,
    a_free_order_has_its_story,
    begins_anew_where_nobody_wrote_facts,
    takes_over_orders_from_before_there_were_streams,
    keeps_the_state_of_a_long_story,
    a_version_that_is_taken_is_a_conflict,
);
