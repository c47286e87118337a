use std::{sync::Arc, time::Duration};

use events::{Consumer, Pressure, desk};
use primitives::Timestamp;
use testkit::TestApp;
use uuid::Uuid;

use crate::support::{Notebook, count, relay, tell};

async fn status_tells_what_waits(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    let empty = desk::status(app.app()).await.expect("status");
    assert_eq!((empty.pending, empty.oldest_age_ms, empty.dead, empty.relay), (0, 0, 0, false));
    assert_eq!(empty.pressure, Pressure::Normal);
    notebook.refuse(2);
    tell(&app.customer(), Uuid::now_v7(), 1).await;
    tell(&app.customer(), Uuid::now_v7(), 2).await;
    app.advance(Duration::from_secs(3));
    let waiting = desk::status(app.app()).await.expect("status");
    assert_eq!((waiting.pending, waiting.oldest_age_ms), (2, 3_000));
    relay.drain().await.expect("drained");
    let retrying = desk::status(app.app()).await.expect("status");
    assert_eq!((retrying.pending, retrying.retrying, retrying.dead, retrying.relay), (1, 1, 0, false));
}

async fn dead_letters_tell_who_refused_what(app: TestApp) {
    let notebook = Notebook::new("notebook");
    let relay = relay(&app, [&notebook]);
    notebook.refuse(1);
    let ours = tell(&app.customer(), Uuid::now_v7(), 1).await;
    let theirs = tell(&app.other_tenant(), Uuid::now_v7(), 1).await;
    for _ in 0..3 {
        relay.drain().await.expect("drained");
        app.advance(Duration::from_secs(1));
    }
    let all = desk::dead(app.app(), None, 10).await.expect("dead");
    assert_eq!(all.iter().map(|letter| letter.event.id).collect::<Vec<_>>(), [ours, theirs]);
    assert_eq!((all[0].consumer.as_str(), all[0].attempts), ("notebook", 3));
    assert!(all[0].error.contains("this event is bad"), "{}", all[0].error);
    let mine = desk::dead(app.app(), Some(app.tenant().id), 10).await.expect("dead");
    assert_eq!(mine.len(), 1);
    notebook.accept_all();
    let stranger = desk::revive(app.app(), Some(app.tenant().id), Some(theirs)).await.expect("revived");
    assert_eq!(stranger, 0, "another tenant's event is not found");
    assert_eq!(desk::revive(app.app(), None, Some(theirs)).await.expect("revived"), 1);
    assert_eq!(relay.drain().await.expect("drained"), 1);
    assert_eq!(notebook.sum(&app.other_system()).await, 1);
    assert_eq!(desk::dead(app.app(), None, 10).await.expect("dead").len(), 1);
}

async fn replay_gives_one_consumer_what_it_has_had(app: TestApp) {
    let (one, two) = (Notebook::new("one"), Notebook::new("two"));
    let relay = relay(&app, [&one, &two]);
    let thing = Uuid::now_v7();
    tell(&app.customer(), thing, 1).await;
    app.advance(Duration::from_secs(10));
    let since = app.now();
    tell(&app.customer(), thing, 20).await;
    relay.drain().await.expect("drained");
    tell(&app.customer(), thing, 300).await;
    let consumer = Arc::clone(&one) as Arc<dyn Consumer>;
    assert_eq!(
        desk::replay(&app.system(), &consumer, since).await.expect("replayed"),
        1,
        "not what is on its way"
    );
    assert_eq!(one.sum(&app.system()).await, 41);
    assert_eq!(desk::replay(&app.system(), &consumer, Timestamp::from_millis(0)).await.expect("replayed"), 2);
    assert_eq!(one.sum(&app.system()).await, 62);
    assert_eq!(two.sum(&app.system()).await, 21, "the others hear nothing");
    assert_eq!(relay.drain().await.expect("drained"), 1);
    assert_eq!((one.sum(&app.system()).await, two.sum(&app.system()).await), (362, 321));
    assert!(desk::replay(&app.customer(), &consumer, since).await.is_err(), "only the system may");
    assert_eq!(count(&app, "SELECT count(*) FROM inbox").await, 6);
}

testkit::on_both!(
    status_tells_what_waits,
    dead_letters_tell_who_refused_what,
    replay_gives_one_consumer_what_it_has_had,
);
