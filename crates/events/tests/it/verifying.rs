//! Whether everything has arrived, and what is no finding.

use std::sync::Arc;

use events::verify::{self, PATIENCE};
use events::{Consumer, desk};
use platform::verify::Report;
use primitives::Timestamp;
use sea_orm::ConnectionTrait;
use testkit::{TestApp, on_both};
use uuid::Uuid;

use crate::support::{Notebook, relay, tell};

async fn verified(app: &TestApp, notebooks: &[&Arc<Notebook>]) -> Report {
    verify::verify(&app.system(), &consumers(notebooks), PATIENCE).await.unwrap()
}

fn consumers(notebooks: &[&Arc<Notebook>]) -> Vec<Arc<dyn Consumer>> {
    notebooks.iter().map(|notebook| Arc::clone(notebook) as Arc<dyn Consumer>).collect()
}

async fn force(app: &TestApp, sql: &str) {
    let owner = app.database().owner().await;
    owner.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    owner.close().await.unwrap();
}

async fn a_consumer_that_missed_something_can_have_it_again(app: TestApp) {
    let (ctx, notebook) = (app.customer(), Notebook::new("notebook"));
    for amount in 1..=3 {
        tell(&ctx, Uuid::now_v7(), amount).await;
    }
    relay(&app, [&notebook]).drain().await.unwrap();
    let whole = verified(&app, &[&notebook]).await;
    assert!(whole.holds(), "{:?}", whole.findings);
    assert_eq!((whole.checks["outbox"], whole.checks["inbox"]), (3, 3));
    force(&app, "DELETE FROM inbox WHERE event_id = (SELECT id FROM outbox ORDER BY position DESC LIMIT 1)")
        .await;
    let lacking = verified(&app, &[&notebook]).await;
    assert_eq!(lacking.findings.len(), 1);
    let finding = &lacking.findings[0];
    assert_eq!((finding.check, finding.about.as_str()), ("inbox", "notebook, thing.told"));
    assert!(finding.text.starts_with("1 events have passed it by"), "{finding:?}");
    let consumer = consumers(&[&notebook]).remove(0);
    desk::replay(&app.system(), &consumer, Timestamp::from_millis(0)).await.unwrap();
    assert!(verified(&app, &[&notebook]).await.holds());
}

async fn a_new_consumer_has_nothing_from_before(app: TestApp) {
    let (ctx, old, new) = (app.customer(), Notebook::new("old"), Notebook::new("new"));
    tell(&ctx, Uuid::now_v7(), 1).await;
    relay(&app, [&old]).drain().await.unwrap();
    assert!(verified(&app, &[&old, &new]).await.holds());
    tell(&ctx, Uuid::now_v7(), 2).await;
    relay(&app, [&old, &new]).drain().await.unwrap();
    assert!(verified(&app, &[&old, &new]).await.holds());
    tell(&ctx, Uuid::now_v7(), 3).await;
    relay(&app, [&old]).drain().await.unwrap();
    let report = verified(&app, &[&old, &new]).await;
    assert_eq!(
        report.findings.iter().map(|finding| finding.about.as_str()).collect::<Vec<_>>(),
        ["new, thing.told"]
    );
}

/// A tenant that came in a file: some of its events wait, the others were heard where the file was made.
async fn what_was_heard_elsewhere_is_not_missing(app: TestApp) {
    let (ctx, notebook) = (app.customer(), Notebook::new("notebook"));
    for amount in 1..=2 {
        tell(&ctx, Uuid::now_v7(), amount).await;
    }
    force(&app, "DELETE FROM outbox_waiting WHERE position = (SELECT max(position) FROM outbox)").await;
    let system = app.system();
    verify::had_elsewhere(&system, &consumers(&[&notebook])).await.unwrap();
    verify::had_elsewhere(&system, &consumers(&[&notebook])).await.unwrap();
    relay(&app, [&notebook]).drain().await.unwrap();
    assert_eq!(notebook.amounts(), [1], "it is not told twice");
    let report = verified(&app, &[&notebook]).await;
    assert!(report.holds(), "{:?}", report.findings);
    force(&app, "DELETE FROM inbox WHERE event_id = (SELECT id FROM outbox ORDER BY position DESC LIMIT 1)")
        .await;
    assert_eq!(verified(&app, &[&notebook]).await.findings.len(), 1);
}

async fn what_a_dead_letter_holds_back_is_one_finding(app: TestApp) {
    let (ctx, notebook, thing) = (app.customer(), Notebook::new("notebook"), Uuid::now_v7());
    notebook.refuse(1);
    for amount in [1, 2, 3] {
        tell(&ctx, thing, amount).await;
    }
    for _ in 0..3 {
        relay(&app, [&notebook]).drain().await.unwrap();
        app.advance(std::time::Duration::from_secs(200));
    }
    let report = verified(&app, &[&notebook]).await;
    assert_eq!(report.findings.iter().map(|finding| finding.check).collect::<Vec<_>>(), ["outbox.dead"]);
    assert!(report.findings[0].text.contains("notebook could not take it"), "{:?}", report.findings);
    notebook.accept_all();
    desk::revive(app.app(), None, None).await.unwrap();
    assert_eq!(verified(&app, &[&notebook]).await.findings[0].check, "outbox.waiting");
    relay(&app, [&notebook]).drain().await.unwrap();
    assert!(verified(&app, &[&notebook]).await.holds());
    let refused = verify::verify(&ctx, &[], PATIENCE).await.unwrap_err();
    assert_eq!(refused.code().as_str(), "FORBIDDEN");
}

on_both!(
    a_consumer_that_missed_something_can_have_it_again,
    a_new_consumer_has_nothing_from_before,
    what_was_heard_elsewhere_is_not_missing,
    what_a_dead_letter_holds_back_is_one_finding,
);
