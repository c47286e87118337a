use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use events::Emit;
use platform::db::count_statements;
use platform::{Access, Tx};
use primitives::ErrorCode;
use sea_orm::{ConnectionTrait as _, Statement};
use testkit::TestApp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Notebook, Told, count, relay, tell};

async fn every_consumer_gets_what_it_wants_once_and_in_order(app: TestApp) {
    let (one, two) = (Notebook::new("one"), Notebook::of_kinds("two", &["*"]));
    let deaf = Notebook::of_kinds("deaf", &["order.*"]);
    let relay = relay(&app, [&one, &two, &deaf]);
    let (ours, theirs) = (Uuid::now_v7(), Uuid::now_v7());
    for amount in 1..=3 {
        tell(&app.customer(), ours, amount).await;
        tell(&app.other_tenant(), theirs, amount * 10).await;
    }
    assert_eq!(relay.drain().await.expect("drained"), 6);
    assert_eq!(relay.drain().await.expect("drained"), 0);
    for notebook in [&one, &two] {
        assert_eq!(notebook.amounts(), [1, 2, 3, 10, 20, 30], "by tenant, each in order");
        assert_eq!(notebook.sum(&app.system()).await, 6);
        assert_eq!(notebook.sum(&app.other_system()).await, 60);
        assert_eq!(notebook.commits.load(Ordering::SeqCst), 2, "one commit per tenant");
    }
    assert_eq!(deaf.amounts(), Vec::<i64>::new());
    assert_eq!(count(&app, "SELECT count(*) FROM inbox").await, 12);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_waiting").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, 6, "rows stay for timelines");
}

async fn a_consumer_that_crashes_in_the_middle_applies_once(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let first = relay(&app, [&notebook]);
    let thing = Uuid::now_v7();
    for amount in 1..=20 {
        tell(&app.customer(), thing, amount).await;
    }
    notebook.crashes.store(1, Ordering::SeqCst);
    let error = first.drain().await.expect_err("crashed");
    assert_eq!(error.code(), ErrorCode::ServiceUnavailable);
    assert_eq!(notebook.amounts().len(), 20, "it had written everything");
    assert_eq!(notebook.sum(&app.system()).await, 0, "and nothing stayed");
    assert_eq!(count(&app, "SELECT count(*) FROM inbox").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_failure").await, 0, "no event is to blame");
    first.resign().await.expect("resigned");
    // The next process finds everything as it was.
    let second = relay(&app, [&notebook]);
    assert_eq!(second.drain().await.expect("drained"), 20);
    assert_eq!(notebook.sum(&app.system()).await, 210);
    assert_eq!(second.drain().await.expect("drained"), 0);
    assert_eq!(notebook.sum(&app.system()).await, 210);
}

async fn a_cancelled_delivery_applies_once(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    let thing = Uuid::now_v7();
    for amount in 1..=30 {
        tell(&app.customer(), thing, amount).await;
    }
    for micros in [0, 200, 500, 1_000, 2_000, 4_000, 8_000] {
        let _cut = tokio::time::timeout(Duration::from_micros(micros), relay.drain()).await;
    }
    relay.drain().await.expect("drained");
    assert_eq!(notebook.sum(&app.system()).await, 465);
}

async fn one_bad_event_stops_only_its_aggregate_and_only_its_consumer(app: TestApp) {
    let (strict, mild) = (Notebook::new("strict"), Notebook::new("mild"));
    let relay = relay(&app, [&strict, &mild]);
    let (bad, good) = (Uuid::now_v7(), Uuid::now_v7());
    strict.refuse(100);
    let ctx = app.customer();
    for (thing, amount) in [(good, 1), (bad, 2), (bad, 100), (good, 3), (bad, 4), (good, 5)] {
        tell(&ctx, thing, amount).await;
    }
    assert_eq!(relay.drain().await.expect("drained"), 4);
    assert_eq!(strict.sum(&app.system()).await, 1 + 2 + 3 + 5, "4 waits behind 100");
    assert_eq!(mild.sum(&app.system()).await, 1 + 2 + 100 + 3 + 5, "100 reached the other one");
    // While it waits for its next attempt, later events of other aggregates pass.
    tell(&ctx, good, 6).await;
    assert_eq!(relay.drain().await.expect("drained"), 1);
    // Two more attempts make it a dead letter.
    for _ in 0..2 {
        app.advance(Duration::from_secs(1));
        assert_eq!(relay.drain().await.expect("drained"), 0);
    }
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_failure WHERE dead_at IS NOT NULL").await, 1);
    app.advance(Duration::from_secs(3600));
    tell(&ctx, bad, 7).await;
    assert_eq!(relay.drain().await.expect("drained"), 0, "its aggregate is paused");
    assert_eq!(strict.sum(&app.system()).await, 1 + 2 + 3 + 5 + 6);
    // Mended and revived, everything arrives in order and once.
    strict.accept_all();
    assert_eq!(events::desk::revive(app.app(), None, None).await.expect("revived"), 1);
    assert_eq!(relay.drain().await.expect("drained"), 3);
    let all = 1 + 2 + 100 + 3 + 4 + 5 + 6 + 7;
    assert_eq!((strict.sum(&app.system()).await, mild.sum(&app.system()).await), (all, all));
    let of_bad: Vec<_> =
        strict.amounts().into_iter().filter(|amount| [2, 100, 4, 7].contains(amount)).collect();
    assert_eq!(of_bad[of_bad.len() - 3..], [100, 4, 7]);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_failure").await, 0);
}

async fn a_retry_that_works_leaves_no_trace(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    let (thing, ctx) = (Uuid::now_v7(), app.customer());
    notebook.refuse(1);
    tell(&ctx, thing, 1).await;
    tell(&ctx, thing, 2).await;
    assert_eq!(relay.drain().await.expect("drained"), 0);
    notebook.accept_all();
    assert_eq!(relay.drain().await.expect("drained"), 0, "not before its time");
    app.advance(Duration::from_millis(150));
    assert_eq!(relay.drain().await.expect("drained"), 2);
    assert_eq!(notebook.sum(&app.system()).await, 3);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_failure").await, 0);
}

async fn one_relay_at_a_time(app: TestApp) {
    let (ours, theirs) = (Notebook::new("notebook"), Notebook::new("notebook"));
    let (first, second) = (relay(&app, [&ours]), relay(&app, [&theirs]));
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (first, stop) = (first.clone(), stop.clone());
        async move { first.run(stop).await }
    });
    until(|| app.app().hub().signal("outbox").notify_one(), || async { leases(&app).await == 1 }).await;
    for amount in [1, 2, 4] {
        tell(&app.customer(), Uuid::now_v7(), amount).await;
        assert_eq!(second.drain().await.expect("the other one does it"), 0);
        assert_eq!(ours.sum(&app.system()).await, if amount == 4 { 7 } else { amount * 2 - 1 });
    }
    stop.cancel();
    running.await.expect("stopped");
    assert_eq!(leases(&app).await, 0, "given back, it is free at once");
    tell(&app.customer(), Uuid::now_v7(), 8).await;
    assert_eq!(second.drain().await.expect("leads"), 1);
    assert_eq!(leases(&app).await, 0, "a relay that only drained leads no longer");
}

async fn time_frees_the_lease_of_a_relay_that_is_gone(app: TestApp) {
    let (ours, theirs) = (Notebook::new("notebook"), Notebook::new("notebook"));
    let (first, second) = (relay(&app, [&ours]), relay(&app, [&theirs]));
    let running = tokio::spawn(async move { first.run(CancellationToken::new()).await });
    until(|| app.app().hub().signal("outbox").notify_one(), || async { leases(&app).await == 1 }).await;
    running.abort();
    running.await.expect_err("it ends without a word");
    assert_eq!(leases(&app).await, 1, "nobody gave it back");
    tell(&app.customer(), Uuid::now_v7(), 8).await;
    app.advance(Duration::from_secs(16));
    assert_eq!(second.drain().await.expect("leads"), 1);
    assert_eq!(theirs.sum(&app.system()).await, 8);
}

async fn a_relay_whose_lease_was_taken_changes_nothing(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { relay.run(stop).await }
    });
    until(|| app.app().hub().signal("outbox").notify_one(), || async { leases(&app).await == 1 }).await;
    // Somebody else led while this one stood still; it does not know yet.
    let owner = app.database().owner().await;
    let sql = "UPDATE relay_lease SET owner = 'elsewhere', fence = fence + 1, expires_at = 9000000000000";
    owner.execute_unprepared(sql).await.expect("taken");
    tell(&app.customer(), Uuid::now_v7(), 8).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(notebook.sum(&app.system()).await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_waiting").await, 1);
    stop.cancel();
    running.await.expect("stopped");
}

async fn draining_gives_up_on_a_relay_that_does_nothing(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    let owner = app.database().owner().await;
    let sql = "INSERT INTO relay_lease (name, owner, fence, expires_at) VALUES ('relay', 'elsewhere', 1, 9000000000000)";
    sea_orm::ConnectionTrait::execute_unprepared(&owner, sql).await.expect("held elsewhere");
    owner.close().await.expect("closed");
    assert_eq!(relay.drain().await.expect("nothing to do"), 0);
    tell(&app.customer(), Uuid::now_v7(), 1).await;
    assert_eq!(relay.drain().await.expect_err("nobody does it").code(), ErrorCode::ServiceUnavailable);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_waiting").await, 1);
}

async fn leases(app: &TestApp) -> i64 {
    count(app, "SELECT count(*) FROM relay_lease WHERE expires_at > 0").await
}

/// Looks again and again, at most twenty seconds.
async fn until<F: Future<Output = bool>>(nudge: impl Fn(), holds: impl Fn() -> F) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "never came true");
        nudge();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn a_commit_wakes_the_relay(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (relay, stop) = (relay.clone(), stop.clone());
        async move { relay.run(stop).await }
    });
    for amount in 1..=20_usize {
        tell(&app.customer(), Uuid::now_v7(), 1).await;
        until(|| {}, || async { notebook.amounts().len() >= amount }).await;
    }
    stop.cancel();
    running.await.expect("stopped");
    let sql = "SELECT count(*) FROM relay_lease WHERE expires_at > 0";
    assert_eq!(count(&app, sql).await, 0, "the lease is given back");
}

async fn a_running_relay_survives_bad_times(app: TestApp) {
    let notebook = Notebook::new("notebook");
    notebook.crashes.store(3, Ordering::SeqCst);
    let relay = relay(&app, [&notebook]);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (relay, stop) = (relay.clone(), stop.clone());
        async move { relay.run(stop).await }
    });
    tell(&app.customer(), Uuid::now_v7(), 5).await;
    let begun = Instant::now();
    while notebook.commits.load(Ordering::SeqCst) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "never arrived");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.expect("stopped");
    assert_eq!(notebook.sum(&app.system()).await, 5);
}

async fn many_events_cost_few_statements(app: TestApp) {
    let (one, two) = (Notebook::of_kinds("one", &["order.*"]), Notebook::of_kinds("two", &["none.*"]));
    let relay = relay(&app, [&one, &two]);
    let ctx = app.customer();
    for _ in 0..6 {
        let events: Vec<Told> = (0..500).map(|_| Told::of(Uuid::now_v7(), 1)).collect();
        ctx.write(Access::Public, async |tx: &Tx| tx.emit_all(events).await).await.expect("told");
    }
    let (drained, statements) = count_statements(relay.drain()).await;
    assert_eq!(drained.expect("drained"), 3_000);
    assert!(statements < 300, "{statements} statements");
}

async fn a_tenant_that_is_gone_leaves_nothing_in_the_queue(app: TestApp) {
    let relay = relay(&app, [&Notebook::new("one")]);
    tell(&app.customer(), Uuid::now_v7(), 1).await;
    tell(&app.other_tenant(), Uuid::now_v7(), 10).await;
    assert_eq!(relay.drain().await.expect("drained"), 2);
    tell(&app.customer(), Uuid::now_v7(), 2).await;
    tell(&app.other_tenant(), Uuid::now_v7(), 20).await;
    // As the application does it, which on PostgreSQL sees only the rows of the tenant it names.
    let tx = app.app().db().begin_global().await.expect("begun");
    let gone = app.customer().tenant_id().uuid();
    let delete = Statement::from_sql_and_values(
        app.app().db().backend(),
        "DELETE FROM tenant WHERE id = $1",
        [gone.into()],
    );
    tx.global().execute_raw(delete).await.expect("deleted");
    tx.commit().await.expect("committed");
    assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, 2);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox_waiting").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM inbox").await, 1);
    assert_eq!(relay.drain().await.expect("drained"), 1);
}

testkit::on_both!(
    every_consumer_gets_what_it_wants_once_and_in_order,
    a_consumer_that_crashes_in_the_middle_applies_once,
    a_cancelled_delivery_applies_once,
    one_bad_event_stops_only_its_aggregate_and_only_its_consumer,
    a_retry_that_works_leaves_no_trace,
    one_relay_at_a_time,
    time_frees_the_lease_of_a_relay_that_is_gone,
    a_relay_whose_lease_was_taken_changes_nothing,
    draining_gives_up_on_a_relay_that_does_nothing,
    a_commit_wakes_the_relay,
    a_running_relay_survives_bad_times,
    many_events_cost_few_statements,
    a_tenant_that_is_gone_leaves_nothing_in_the_queue,
);
