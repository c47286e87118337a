//! What `verify` finds: each rule is broken on purpose and mended again.

use std::time::Duration;

use commerce::order::{self, Tracking};
use commerce::papers::{self, Reader};
use commerce::promotion;
use sea_orm::ConnectionTrait;
use testkit::on_both;

use crate::gateway::Mood;
use crate::shop::{Shop, verified};

/// A shop with an order in each state: 1001 waits, 1002 is paid, 1003 sent, 1004 given up, 1005 given back.
async fn lived_in(shop: &Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let boss = shop.boss();
    shop.guest(mug, 2).await.order("manual").await;
    shop.guest(mug, 1).await.order("http").await;
    let sent = shop.guest(mug, 1).await.order("manual").await;
    order::mark_paid(&boss, sent.id).await.unwrap();
    order::ship(&boss, sent.id, &Tracking::default()).await.unwrap();
    let gone = shop.guest(mug, 1).await.order("manual").await;
    order::cancel(&boss, gone.id, "never mind").await.unwrap();
    let back = shop.guest(mug, 1).await.order("http").await;
    order::refund(&boss, back.id, "broken").await.unwrap();
    shop.holds().await;
}

/// Check and text of everything that is found.
async fn found(shop: &Shop) -> Vec<(&'static str, String)> {
    let report = verified(&shop.system()).await;
    assert_eq!(report.more, 0);
    for finding in &report.findings {
        assert!(!finding.remedy.is_empty() && !finding.about.is_empty(), "{finding:?}");
    }
    report.findings.into_iter().map(|finding| (finding.check, finding.text)).collect()
}

/// Breaks, expects exactly these checks and this in the first text, and mends.
async fn breaks(shop: &Shop, broken: &[&str], mended: &[&str], checks: &[&str], says: &str) {
    shop.force(broken).await;
    let found = found(shop).await;
    assert_eq!(found.iter().map(|(check, _)| *check).collect::<Vec<_>>(), checks, "{broken:?}: {found:#?}");
    assert!(found[0].1.contains(says), "{}", found[0].1);
    shop.force(mended).await;
    shop.holds().await;
}

const OF: &str = "(SELECT id FROM orders WHERE number = 1001)";

async fn shelves_and_their_history_agree(shop: Shop) {
    lived_in(&shop).await;
    breaks(
        &shop,
        &["UPDATE stock_level SET on_hand = on_hand + 1"],
        &["UPDATE stock_level SET on_hand = on_hand - 1"],
        &["stock.movements"],
        "20 pieces are on hand, its movements add up to 19",
    )
    .await;
    breaks(
        &shop,
        &["UPDATE stock_level SET reserved = reserved + 1"],
        &["UPDATE stock_level SET reserved = reserved - 1"],
        &["stock.reserved"],
        "4 pieces are reserved, its reservations add up to 3",
    )
    .await;
}

async fn numbers_have_no_gap(shop: Shop) {
    lived_in(&shop).await;
    breaks(
        &shop,
        &["UPDATE order_counter SET last = last + 1"],
        &["UPDATE order_counter SET last = last - 1"],
        &["order.numbers"],
        "the counter stands at 1006, there are 5 orders from 1001 to 1005",
    )
    .await;
    let mug = shop.product("Bowl", "30", 1).await;
    let order = shop.guest(mug, 1).await.order("manual").await;
    papers::invoice(&shop.boss(), Reader::Staff(order.id)).await.unwrap();
    breaks(
        &shop,
        &["UPDATE paper_counter SET last = last + 1"],
        &["UPDATE paper_counter SET last = last - 1"],
        &["paper.numbers"],
        "the counter stands at 2, there are 1 papers and the last is 1",
    )
    .await;
}

async fn promotions_count_what_their_orders_have_used(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    let off = pricing::Action::OrderFixed { off: 200 };
    let merchant = shop.staff(&[primitives::Permission::PROMOTIONS_MANAGE]);
    promotion::create(&merchant, &crate::promoting::draft("Sale", off)).await.unwrap();
    let kept = shop.guest(mug, 1).await.order("manual").await;
    let gone = shop.guest(mug, 1).await.order("manual").await;
    order::cancel(&shop.boss(), gone.id, "never mind").await.unwrap();
    assert_eq!((kept.number, kept.totals.discount.minor), (1001, 200));
    shop.holds().await;
    breaks(
        &shop,
        &["UPDATE promotion SET uses = 3, spent_minor = 300"],
        &["UPDATE promotion SET uses = 1, spent_minor = 200"],
        &["promotion.uses"],
        "it counts 3 orders and 300, its orders add up to 1 and 200",
    )
    .await;
    let of = "order_id = (SELECT id FROM orders WHERE number = 1002)";
    breaks(
        &shop,
        &[
            &format!("UPDATE promotion_use SET released_at = NULL WHERE {of}"),
            "UPDATE promotion SET uses = 2, spent_minor = 400",
        ],
        &[
            &format!("UPDATE promotion_use SET released_at = 1 WHERE {of}"),
            "UPDATE promotion SET uses = 1, spent_minor = 200",
        ],
        &["promotion.cancelled"],
        "it was given up and still counts as a use of Sale",
    )
    .await;
}

async fn orders_hold_what_they_should(shop: Shop) {
    lived_in(&shop).await;
    breaks(
        &shop,
        &[
            &format!("UPDATE stock_reservation SET quantity = 1 WHERE holder = {OF}"),
            "UPDATE stock_level SET reserved = reserved - 1",
        ],
        &[
            &format!("UPDATE stock_reservation SET quantity = 2 WHERE holder = {OF}"),
            "UPDATE stock_level SET reserved = reserved + 1",
        ],
        &["reservation.order"],
        "it is pending_payment and holds 1 pieces",
    )
    .await;
    // Each of those that have ended, or are on their way.
    for number in [1003, 1004, 1005] {
        let holder = format!("(SELECT id FROM orders WHERE number = {number})");
        let reserve = format!(
            "INSERT INTO stock_reservation \
               (tenant_id, holder, variant_id, location_id, bucket, quantity, created_at) \
             SELECT tenant_id, {holder}, variant_id, location_id, bucket, 1, 1 FROM stock_level"
        );
        breaks(
            &shop,
            &[&reserve, "UPDATE stock_level SET reserved = reserved + 1"],
            &[
                &format!("DELETE FROM stock_reservation WHERE holder = {holder}"),
                "UPDATE stock_level SET reserved = reserved - 1",
            ],
            &["reservation.order"],
            "it should hold 0",
        )
        .await;
    }
    breaks(
        &shop,
        &[
            "INSERT INTO stock_reservation \
               (tenant_id, holder, variant_id, location_id, bucket, quantity, created_at) \
             SELECT tenant_id, {new id}, variant_id, location_id, bucket, 5, 1 FROM stock_level",
            "UPDATE stock_level SET reserved = reserved + 5",
        ],
        &[
            "DELETE FROM stock_reservation WHERE quantity = 5",
            "UPDATE stock_level SET reserved = reserved - 5",
        ],
        &["reservation.orphan"],
        "there is no order that it belongs to",
    )
    .await;
}

async fn money_agrees_with_orders(shop: Shop) {
    lived_in(&shop).await;
    let entry = |kind: &str, from: &str, to: &str, currency: &str| {
        format!(
            "INSERT INTO money_ledger (tenant_id, id, order_id, kind, from_account, to_account, amount_minor, currency, \
             fact, at) SELECT tenant_id, {{new id}}, id, '{kind}', '{from}', '{to}', 5, '{currency}', 'false', 1 \
             FROM orders WHERE number = 1001"
        )
    };
    let away = "DELETE FROM money_ledger WHERE fact = 'false'";
    let cases: [(String, &[&str], &str); 4] = [
        (
            entry("capture", "customer", "bank", "EUR"),
            &["ledger.order"],
            "the ledger says 5 received and 0 given back, the order 0 and 0",
        ),
        (
            entry("refund", "bank", "customer", "EUR"),
            &["ledger.order"],
            "the ledger says 0 received and 5 given back, the order 0 and 0",
        ),
        (entry("capture", "customer", "bank", "USD"), &["ledger.order"], "money moved in USD"),
        (
            entry("capture", "", "bank", "EUR"),
            &["ledger.order", "ledger.sum"],
            "in EUR the accounts say 0 received and 0 given back, the entries 5 and 0",
        ),
    ];
    for (broken, checks, says) in cases {
        breaks(&shop, &[&broken], &[away], checks, says).await;
    }
    breaks(
        &shop,
        &["UPDATE orders SET paid_minor = paid_minor + 1 WHERE number = 1002"],
        &["UPDATE orders SET paid_minor = paid_minor - 1 WHERE number = 1002"],
        &["order.stream", "ledger.order", "payment.rest"],
        "its row and its history differ: paid is 1751, was told as 1750",
    )
    .await;
    breaks(
        &shop,
        &[&format!("UPDATE payment SET amount_minor = amount_minor + 1 WHERE order_id = {OF}")],
        &[&format!("UPDATE payment SET amount_minor = amount_minor - 1 WHERE order_id = {OF}")],
        &["payment.stream", "payment.amount"],
        "its row is not what was opened",
    )
    .await;
}

async fn rows_are_what_their_streams_rebuild(shop: Shop) {
    lived_in(&shop).await;
    let stream = format!("stream_event WHERE stream_id = {OF}");
    breaks(
        &shop,
        &["UPDATE orders SET attention = 'look' WHERE number = 1001"],
        &["UPDATE orders SET attention = NULL WHERE number = 1001"],
        &["order.stream"],
        "attention is look, was told as none",
    )
    .await;
    breaks(
        &shop,
        &["UPDATE orders SET version = version + 1 WHERE number = 1002"],
        &["UPDATE orders SET version = version - 1 WHERE number = 1002"],
        &["order.stream"],
        "version is 5, was told as 4",
    )
    .await;
    breaks(
        &shop,
        &["UPDATE order_line SET unit_minor = unit_minor + 1"],
        &["UPDATE order_line SET unit_minor = unit_minor - 1"],
        &["order.stream"; 5],
        "its row and lines are not what was placed",
    )
    .await;
    breaks(
        &shop,
        &[&format!("UPDATE payment SET attempt = 7, back_reason = 'x' WHERE order_id = {OF}")],
        &[&format!("UPDATE payment SET attempt = 0, back_reason = '' WHERE order_id = {OF}")],
        &["payment.stream"],
        "attempt is 7, was told as 0, what is to go back is something else",
    )
    .await;
    breaks(
        &shop,
        &[&format!("UPDATE stream_event SET schema_version = 2 WHERE stream_id = {OF}")],
        &[&format!("UPDATE stream_event SET schema_version = 1 WHERE stream_id = {OF}")],
        &["order.stream"],
        "its history cannot be read: fact 1 cannot be read: placed: its form is version 2",
    )
    .await;
    breaks(
        &shop,
        &["UPDATE stream_event SET version = 77 WHERE kind = 'payment_captured' AND stream_id = \
           (SELECT id FROM orders WHERE number = 1002)"],
        &["UPDATE stream_event SET version = 3 WHERE version = 77"],
        &["order.stream"],
        "its history does not hold together: after fact 2 comes fact 4",
    )
    .await;
    breaks(
        &shop,
        &[&format!("UPDATE stream_event SET stream_type = 'hidden' WHERE stream_id = {OF}")],
        &["UPDATE stream_event SET stream_type = 'order' WHERE stream_type = 'hidden'"],
        &["order.stream"],
        "it has no history",
    )
    .await;
    for kind in ["order", "payment"] {
        breaks(
            &shop,
            &[&format!(
                "INSERT INTO stream_event (tenant_id, stream_type, stream_id, version, kind, schema_version, payload, \
                 actor_kind, occurred_at) SELECT tenant_id, '{kind}', {{new id}}, 1, 'strange', 1, '{{}}', 'system', 1 \
                 FROM orders WHERE number = 1001"
            )],
            &["DELETE FROM stream_event WHERE kind = 'strange'"],
            &["stream.orphan"],
            "there is a history of it, and no row",
        )
        .await;
    }
    // A snapshot in another form is nobody's business; one in today's must be right.
    let keep = |hash: &str| {
        format!(
            "INSERT INTO stream_snapshot (tenant_id, stream_type, stream_id, version, schema_hash, state, taken_at) \
             SELECT tenant_id, 'order', stream_id, 1, {hash}, '{{}}', 1 FROM {stream} AND version = 1"
        )
    };
    shop.force(&[&keep("{32 bytes}")]).await;
    shop.holds().await;
    let story = order::rebuild(&shop.system(), order_id(&shop, 1001).await).await.unwrap().unwrap();
    let other = order::rebuild(&shop.system(), order_id(&shop, 1002).await).await.unwrap().unwrap();
    let keep = async |state: order::OrderStory, version: i64| {
        let id = order_id(&shop, 1001).await.uuid();
        let system = shop.system();
        let kept = system.write(platform::Access::System, async |tx| {
            events::stream::forget::<order::OrderStory>(tx, id).await?;
            events::stream::keep(tx, id, &state, version).await
        });
        kept.await.unwrap();
    };
    keep(story.state.clone(), 1).await;
    shop.holds().await;
    for (state, version) in [(other.state, 1), (story.state, 2)] {
        keep(state, version).await;
        let text = format!("what is kept of version {version} is not what its history says");
        assert_eq!(found(&shop).await, [("stream.snapshot", text)]);
    }
}

async fn order_id(shop: &Shop, number: i64) -> primitives::OrderId {
    let rows = shop.system().read(platform::Access::System).await.unwrap();
    let sql = "SELECT id FROM orders WHERE tenant_id = {tenant} AND number = ?";
    let found = rows.raw_all(sql, vec![number.into()]).await.unwrap();
    primitives::OrderId::from_uuid(found[0].try_get_by_index(0).unwrap())
}

async fn what_had_to_be_told_was_told(shop: Shop) {
    lived_in(&shop).await;
    let silence = "UPDATE stream_event SET event_id = NULL WHERE kind = 'cancelled'";
    let tell = "UPDATE stream_event SET event_id = (SELECT id FROM outbox WHERE kind = 'order.cancelled') \
                WHERE kind = 'cancelled'";
    breaks(&shop, &[silence], &[tell], &["order.told"], "nobody was told of fact 2").await;
    // The last event of an order; then one from the middle.
    shop.force(&["DELETE FROM outbox WHERE kind = 'order.cancelled'"]).await;
    let checks = async || found(&shop).await.into_iter().map(|(check, _)| check).collect::<Vec<_>>();
    assert_eq!(checks().await, ["order.told"]);
    shop.force(&["DELETE FROM outbox WHERE kind = 'order.paid' AND aggregate_id = \
                  (SELECT id FROM orders WHERE number = 1003)"])
        .await;
    assert_eq!(checks().await, ["outbox.gap", "order.told", "order.told"]);
}

async fn what_was_told_has_arrived(shop: Shop) {
    lived_in(&shop).await;
    let mug = shop.product("Vase", "40.00", 20).await;
    shop.settle().await;
    shop.guest(mug, 1).await.order("manual").await;
    shop.advance(Duration::from_secs(299));
    assert_eq!(found(&shop).await, []);
    shop.advance(Duration::from_secs(2));
    let waiting = found(&shop).await;
    assert!(waiting.iter().all(|(check, _)| *check == "outbox.waiting"), "{waiting:?}");
    assert!(
        waiting.len() >= 3 && waiting[0].1.starts_with("1 events wait for their consumers"),
        "{waiting:?}"
    );
    shop.holds().await;
    // Both the read model and the records of customers want to know of new orders.
    let last = "(SELECT id FROM outbox WHERE kind = 'order.placed' ORDER BY position DESC LIMIT 1)";
    shop.force(&[&format!("DELETE FROM inbox WHERE event_id = {last}")]).await;
    let lacking = found(&shop).await;
    assert_eq!(lacking.iter().map(|(check, _)| *check).collect::<Vec<_>>(), ["inbox", "inbox"]);
    assert!(lacking[0].1.starts_with("1 events have passed it by"), "{lacking:?}");
    // After a week nobody remembers, and that is no finding.
    shop.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(found(&shop).await, []);
    shop.force(&[&format!(
        "INSERT INTO outbox_failure (tenant_id, event_id, aggregate_type, aggregate_id, position, consumer, attempts, \
         next_at, dead_at, error) SELECT tenant_id, id, aggregate_type, aggregate_id, position, 'orders', 8, 1, 1, \
         'it is bad' FROM outbox WHERE id = {last}"
    )])
    .await;
    assert_eq!(found(&shop).await, [("outbox.dead", "orders could not take it: it is bad".to_owned())]);
    shop.force(&["DELETE FROM outbox_failure"]).await;
    shop.force(&["INSERT INTO outbox_waiting (position, tenant_id) SELECT 999999, tenant_id FROM orders \
                  WHERE number = 1001"])
        .await;
    assert_eq!(found(&shop).await, [("outbox.queue", "1 events that wait are gone".to_owned())]);
}

async fn call_backs_were_heard(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 20).await;
    shop.gateway.next("authorize", &[Mood::Pending]);
    shop.guest(mug, 1).await.order("http").await;
    let reference = shop.gateway.last_reference();
    let body = serde_json::json!({"operation": "authorize", "reference": reference, "status": "succeeded"});
    shop.call_back("evt-1", body).await.unwrap();
    shop.settle().await;
    assert_eq!(found(&shop).await, []);
    shop.advance(Duration::from_secs(301));
    let found = found(&shop).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "payment.call_back");
    assert!(found[0].1.starts_with("its payment has not seen it since 2026-01-02T03:04:05"), "{found:?}");
    shop.sweep().await;
    shop.holds().await;
}

async fn only_the_server_looks_and_only_at_one_shop(shop: Shop) {
    lived_in(&shop).await;
    shop.force(&["UPDATE orders SET attention = 'look' WHERE number = 1001"]).await;
    let refused = commerce::verify::verify(&shop.boss(), events::verify::PATIENCE).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "FORBIDDEN");
    let theirs = verified(&shop.other_system()).await;
    assert!(theirs.holds(), "{:?}", theirs.findings);
    let ours = verified(&shop.system()).await;
    assert_eq!((ours.checks["orders"], ours.checks["payments"], ours.checks["stock"]), (5, 5, 1));
    assert!(ours.findings[0].about.starts_with("order 1001 ("), "{:?}", ours.findings);
}

/// More than one page of everything.
async fn looks_at_all_of_a_large_shop(shop: Shop) {
    let mug = shop.product("Mug", "12.50", 1_000).await;
    for _ in 0..101 {
        shop.guest(mug, 1).await.order("manual").await;
    }
    shop.settle().await;
    shop.force(&["UPDATE orders SET attention = 'look' WHERE number = 1101"]).await;
    let report = verified(&shop.system()).await;
    assert_eq!((report.checks["orders"], report.checks["payments"]), (101, 101));
    assert_eq!(report.findings.len(), 1);
    let owner = shop.database().owner().await;
    owner.execute_unprepared("UPDATE orders SET attention = 'look'").await.unwrap();
    owner.close().await.unwrap();
    let report = verified(&shop.system()).await;
    assert_eq!((report.findings.len(), report.more), (100, 1));
}

on_both!(
    numbers_have_no_gap,
    promotions_count_what_their_orders_have_used,
    shelves_and_their_history_agree,
    orders_hold_what_they_should,
    money_agrees_with_orders,
    rows_are_what_their_streams_rebuild,
    what_had_to_be_told_was_told,
    what_was_told_has_arrived,
    call_backs_were_heard,
    only_the_server_looks_and_only_at_one_shop,
    looks_at_all_of_a_large_shop,
);
