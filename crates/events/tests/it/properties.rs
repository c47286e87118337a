//! Whatever is told, refused and cut off, each event counts once and each aggregate stays in order.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use proptest::prelude::*;
use testkit::{Backend, TestApp};
use uuid::Uuid;

use crate::support::{Notebook, relay, tell};

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Happening {
    /// Something is told about one of four things.
    Tell(usize),
    /// The relay works.
    Drain,
    /// The relay works and is cut off after so many microseconds.
    Cut(u64),
    /// The relay works and its consumer crashes after writing.
    Crash,
    /// From now on the consumer refuses everything about one thing.
    Refuse(usize),
    /// The consumer is mended, and dead letters are revived.
    Mend,
    /// Another process takes over.
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0_usize..4).prop_map(Happening::Tell),
        3 => Just(Happening::Drain),
        2 => (0_u64..3_000).prop_map(Happening::Cut),
        1 => Just(Happening::Crash),
        1 => (0_usize..4).prop_map(Happening::Refuse),
        1 => Just(Happening::Mend),
        1 => Just(Happening::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn each_event_counts_once_and_in_order_on_sqlite(story in prop::collection::vec(happening(), 1..60)) {
        testkit::run(Backend::Sqlite, async |app: TestApp| play(app, story).await);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn each_event_counts_once_and_in_order_on_postgres(story in prop::collection::vec(happening(), 1..60)) {
        testkit::run(Backend::Postgres, async |app: TestApp| play(app, story).await);
    }
}

async fn play(app: TestApp, story: Vec<Happening>) {
    let things: Vec<Uuid> = (0..4).map(|_| Uuid::now_v7()).collect();
    let notebook = Notebook::new("notebook");
    let mut at_work = relay(&app, [&notebook]);
    let mut told: Vec<(usize, i64)> = Vec::new();
    let ctx = app.customer();
    for happening in story {
        match happening {
            Happening::Tell(thing) => {
                // The amount says which thing it is and which of its events.
                let amount = (told.len() as i64) * 4 + thing as i64;
                tell(&ctx, things[thing], amount).await;
                told.push((thing, amount));
            }
            Happening::Drain => {
                at_work.drain().await.expect("drained");
            }
            Happening::Cut(micros) => {
                let _cut = tokio::time::timeout(Duration::from_micros(micros), at_work.drain()).await;
            }
            Happening::Crash => {
                notebook.crashes.store(1, Ordering::SeqCst);
                let _crashed = at_work.drain().await;
                notebook.crashes.store(0, Ordering::SeqCst);
            }
            Happening::Refuse(thing) => {
                (0..500).for_each(|nth| notebook.refuse(nth * 4 + thing as i64));
            }
            Happening::Mend => {
                notebook.accept_all();
                events::desk::revive(app.app(), None, None).await.expect("revived");
            }
            Happening::Restart => {
                app.advance(Duration::from_secs(20));
                at_work = relay(&app, [&notebook]);
            }
        }
    }
    notebook.accept_all();
    app.advance(Duration::from_secs(60));
    events::desk::revive(app.app(), None, None).await.expect("revived");
    at_work.drain().await.expect("drained");

    let sum: i64 = told.iter().map(|(_, amount)| amount).sum();
    assert_eq!(notebook.sum(&app.system()).await, sum, "each event counts once");
    // What was rolled back was seen too; the last sighting of each event is the one that stayed.
    let mut last_seen = BTreeMap::new();
    for (at, amount) in notebook.amounts().into_iter().enumerate() {
        last_seen.insert(amount, at);
    }
    for thing in 0..4 {
        let mine = told.iter().filter(|(of, _)| *of == thing).map(|(_, amount)| last_seen[amount]);
        assert!(mine.is_sorted(), "the events of one thing stay in order");
    }
}
