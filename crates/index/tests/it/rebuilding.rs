use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use events::history_after;
use index::{Projection, rebuild, status};
use platform::{Access, Result, Tx};
use primitives::{ErrorCode, Permission};
use testkit::TestApp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::shelf::{Documents, Total, put, relay, rows, total, weigh};

async fn a_rebuild_gives_the_same_rows_as_the_events(app: TestApp) {
    let documents = Arc::new(Documents::default());
    let relay = relay(&app, &documents);
    let (ctx, system) = (app.customer(), app.system());
    let things: Vec<Uuid> = (0..8).map(|_| Uuid::now_v7()).collect();
    for (nth, thing) in things.iter().enumerate() {
        weigh(&ctx, *thing, nth as i64 + 1).await;
    }
    weigh(&ctx, things[2], 50).await;
    weigh(&ctx, things[7], 0).await;
    relay.drain().await.expect("drained");
    let by_events = rows(&system, "document").await;
    assert_eq!(by_events.len(), 7);
    assert_eq!(by_events, rows(&system, "source").await);
    assert_eq!(total(&system).await, 28 - 3 + 50);
    // Damage of every kind: missing, wrong and superfluous rows at the beginning, in the middle and at the end.
    system
        .write(Access::System, async |tx: &Tx| -> Result<()> {
            put(tx, "document", Uuid::from_u128(1), 9).await?;
            put(tx, "document", things[1], 0).await?;
            put(tx, "document", things[3], 777).await?;
            put(tx, "document", things[7], 8).await?;
            put(tx, "document", Uuid::max(), 9).await
        })
        .await
        .expect("damaged");
    let staff = app.staff(&[Permission::INDEX_MANAGE]);
    let done = rebuild(&staff, &*documents).await.expect("rebuilt");
    assert_eq!(done.documents, 7);
    assert_eq!(rows(&system, "document").await, by_events);
    assert_eq!(documents.rebuilds_heard.load(Ordering::SeqCst), 1);
    let done = rebuild(&staff, &Total).await.expect("rebuilt");
    assert_eq!((done.documents, total(&system).await), (10, 75));
    // The process that relays hears of it through the event, wherever the rebuild ran.
    relay.drain().await.expect("drained");
    assert_eq!(documents.rebuilds_heard.load(Ordering::SeqCst), 2);
    assert_eq!((rows(&system, "document").await, total(&system).await), (by_events, 75));
    let reader = system.read(Access::System).await.expect("reader");
    let told = history_after(&reader, 0, 100).await.expect("events");
    let told: Vec<_> =
        told.iter().map(|event| event.kind.as_str()).filter(|kind| kind.starts_with("index.")).collect();
    assert_eq!(told, ["index.reindex_requested", "index.updated"].repeat(2));
}

async fn events_on_their_way_count_once(app: TestApp) {
    let documents = Arc::new(Documents::default());
    let relay = relay(&app, &documents);
    let (ctx, system, thing) = (app.customer(), app.system(), Uuid::now_v7());
    weigh(&ctx, thing, 5).await;
    relay.drain().await.expect("drained");
    weigh(&ctx, thing, 12).await;
    rebuild(&system, &Total).await.expect("rebuilt");
    assert_eq!(total(&system).await, 5, "what the relay has not brought yet is left to it");
    rebuild(&system, &*documents).await.expect("rebuilt");
    relay.drain().await.expect("drained");
    assert_eq!(total(&system).await, 12);
    assert_eq!(rows(&system, "document").await, [(thing, 12)]);
}

async fn rebuilding_while_serving_leaves_no_gap_and_loses_nothing(app: TestApp) {
    let documents = Arc::new(Documents::default());
    let relay = relay(&app, &documents);
    let (ctx, system) = (app.customer(), app.system());
    let things: Vec<Uuid> = (0..20).map(|_| Uuid::now_v7()).collect();
    for thing in &things {
        weigh(&ctx, *thing, 1).await;
    }
    relay.drain().await.expect("drained");
    let stop = CancellationToken::new();
    let relaying = tokio::spawn({
        let (relay, stop) = (relay.clone(), stop.clone());
        async move { relay.run(stop).await }
    });
    let done = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let (system, done) = (system.clone(), done.clone());
        async move {
            let mut looks = 0;
            while !done.load(Ordering::SeqCst) {
                assert_eq!(rows(&system, "document").await.len(), 20, "a reader saw a gap");
                let sum = total(&system).await;
                assert!(sum >= 20, "a reader saw {sum}");
                looks += 1;
            }
            looks
        }
    });
    let rebuilding = tokio::spawn({
        let (system, documents, done) = (system.clone(), documents.clone(), done.clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                rebuild(&system, &*documents).await.expect("rebuilt");
                rebuild(&system, &Total).await.expect("rebuilt");
            }
        }
    });
    for round in 2..8 {
        for thing in &things {
            weigh(&ctx, *thing, round).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    done.store(true, Ordering::SeqCst);
    rebuilding.await.expect("rebuilt");
    assert!(reading.await.expect("read") > 0);
    stop.cancel();
    relaying.await.expect("relayed");
    relay.drain().await.expect("drained");
    assert_eq!(rows(&system, "document").await, rows(&system, "source").await);
    assert_eq!(total(&system).await, 20 * 7);
    let before = rows(&system, "document").await;
    rebuild(&system, &*documents).await.expect("rebuilt");
    rebuild(&system, &Total).await.expect("rebuilt");
    assert_eq!((rows(&system, "document").await, total(&system).await), (before, 140));
}

async fn status_tells_how_far_each_projection_is(app: TestApp) {
    let documents = Arc::new(Documents::default());
    let relay = relay(&app, &documents);
    let projections: Vec<Arc<dyn Projection>> = vec![documents.clone(), Arc::new(Total)];
    let staff = app.staff(&[Permission::INDEX_READ]);
    let fresh = status(&staff, &projections).await.expect("status");
    assert_eq!(fresh.iter().map(|row| row.projection.as_str()).collect::<Vec<_>>(), ["documents", "total"]);
    assert!(fresh.iter().all(|row| (row.events, row.pending, row.lag_ms, row.applied_at) == (0, 0, 0, None)));
    weigh(&app.customer(), Uuid::now_v7(), 1).await;
    app.advance(Duration::from_millis(1_500));
    let behind = status(&staff, &projections).await.expect("status");
    assert!(behind.iter().all(|row| (row.events, row.pending, row.lag_ms) == (0, 1, 1_500)));
    relay.drain().await.expect("drained");
    rebuild(&app.system(), &Total).await.expect("rebuilt");
    relay.drain().await.expect("drained");
    let level = status(&staff, &projections).await.expect("status");
    assert!(level.iter().all(|row| (row.events, row.pending, row.lag_ms) == (1, 0, 0)));
    assert_eq!(level[0].applied_at, Some(app.now()));
    assert_eq!((level[0].rebuilt_at, level[1].rebuilt_at), (None, Some(app.now())));
}

async fn only_who_may_rebuilds_and_looks(app: TestApp) {
    let nosy = app.staff(&[Permission::PRODUCTS_READ]);
    assert_eq!(rebuild(&nosy, &Total).await.expect_err("refused").code(), ErrorCode::Forbidden);
    assert_eq!(status(&nosy, &[]).await.expect_err("refused").code(), ErrorCode::Forbidden);
    assert_eq!(
        rebuild(&app.anonymous(), &Total).await.expect_err("refused").code(),
        ErrorCode::Unauthenticated
    );
}

testkit::on_both!(
    a_rebuild_gives_the_same_rows_as_the_events,
    events_on_their_way_count_once,
    rebuilding_while_serving_leaves_no_gap_and_loses_nothing,
    status_tells_how_far_each_projection_is,
    only_who_may_rebuilds_and_looks,
);
