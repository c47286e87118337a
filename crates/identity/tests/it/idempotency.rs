use crate::support::count;
use identity::idempotency::{self, Answer, Begun, Key};
use platform::{Access, Ctx, Error, Result};
use primitives::ErrorCode;
use serde_json::json;
use std::time::Duration;
use testkit::TestApp;

const KEY: &str = "5f0c1e0e-order";

/// Work that counts itself by the answers it stores.
async fn work(ctx: &Ctx, guest: Option<&str>, key: &str, input: &str) -> Result<(bool, Answer)> {
    let key = Key::new(ctx, guest, key)?;
    let print = idempotency::fingerprint("work", &input)?;
    ctx.write(Access::Public, async |tx| {
        if let Begun::Replay(answer) = idempotency::begin(tx, &key, &print).await? {
            return Ok((true, answer));
        }
        let answer = Answer { status: 201, body: json!({ "for": input }) };
        idempotency::complete(tx, &key, &answer).await?;
        Ok((false, answer))
    })
    .await
}

async fn the_same_request_is_answered_the_same(app: TestApp) {
    let ctx = app.customer();
    let (replayed, first) = work(&ctx, None, KEY, "a").await.unwrap();
    assert!(!replayed);
    for _ in 0..3 {
        assert_eq!(work(&ctx, None, KEY, "a").await.unwrap(), (true, first.clone()));
    }
    let error = work(&ctx, None, KEY, "b").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdempotencyKeyReused);
    // Somebody else's key is another key.
    assert!(!work(&app.customer(), None, KEY, "b").await.unwrap().0);
    assert!(!work(&app.other_tenant(), None, KEY, "c").await.unwrap().0);
    assert!(!work(&app.anonymous(), Some("cart 1"), KEY, "d").await.unwrap().0);
    assert!(!work(&app.anonymous(), Some("cart 2"), KEY, "e").await.unwrap().0);
    assert!(work(&app.anonymous(), Some("cart 2"), KEY, "e").await.unwrap().0);
    for wrong in ["", " ", "ä", "a\nb", &"a".repeat(256)] {
        assert_eq!(
            work(&ctx, None, wrong, "a").await.unwrap_err().code(),
            ErrorCode::BadUserInput,
            "{wrong:?}"
        );
    }
}

async fn failed_work_leaves_its_key_free(app: TestApp) {
    let ctx = app.customer();
    let key = Key::new(&ctx, None, KEY).unwrap();
    let print = idempotency::fingerprint("work", &"a").unwrap();
    let failed: Result<()> = ctx
        .write(Access::Public, async |tx| {
            idempotency::begin(tx, &key, &print).await?;
            idempotency::complete(tx, &key, &Answer::ok(&"done").unwrap()).await?;
            Err(Error::conflict("no"))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_key").await, 0);
    assert!(!work(&ctx, None, KEY, "a").await.unwrap().0);
}

async fn a_claimed_key_is_in_progress_until_it_is_done_given_back_or_abandoned(app: TestApp) {
    let ctx = app.customer();
    let key = Key::new(&ctx, None, KEY).unwrap();
    let print = idempotency::fingerprint("work", &"a").unwrap();
    assert_eq!(idempotency::claim(&ctx, &key, &print).await.unwrap(), Begun::Started);
    let second = idempotency::claim(&ctx, &key, &print).await.unwrap_err();
    assert_eq!(second.code(), ErrorCode::IdempotencyInProgress);
    idempotency::release(&ctx, &key).await.unwrap();
    assert_eq!(idempotency::claim(&ctx, &key, &print).await.unwrap(), Begun::Started);
    app.advance(Duration::from_secs(61));
    assert_eq!(idempotency::claim(&ctx, &key, &print).await.unwrap(), Begun::Started, "its process died");
    assert!(idempotency::claim(&ctx, &key, &print).await.is_err());
    let answer = Answer::ok(&json!({"order": 7})).unwrap();
    ctx.write(Access::Public, async |tx| idempotency::complete(tx, &key, &answer).await).await.unwrap();
    idempotency::release(&ctx, &key).await.unwrap();
    assert_eq!(idempotency::claim(&ctx, &key, &print).await.unwrap(), Begun::Replay(answer));
}

async fn answers_and_sessions_are_cleared_away_after_a_week(app: TestApp) {
    let ctx = app.customer();
    crate::support::register(&app.anonymous(), "anna@x.example", crate::support::PASSWORD).await.unwrap();
    let visit = identity::Visit::local();
    identity::sign_in(&app.anonymous(), "anna@x.example", crate::support::PASSWORD, &visit).await.unwrap();
    work(&ctx, None, KEY, "a").await.unwrap();
    app.advance(Duration::from_secs(6 * 24 * 3600));
    identity::sweep(app.app()).await.unwrap();
    assert!(work(&ctx, None, KEY, "a").await.unwrap().0);
    app.advance(Duration::from_secs(2 * 24 * 3600));
    identity::sweep(app.app()).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_key").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 1, "a session lives 30 days");
    app.advance(Duration::from_secs(30 * 24 * 3600));
    identity::sweep(app.app()).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 0);
}

async fn of_many_at_once_one_works(app: TestApp) {
    let ctx = app.customer();
    let askers: Vec<_> = (0..50)
        .map(|_| {
            let ctx = ctx.clone();
            tokio::spawn(async move { work(&ctx, None, KEY, "a").await })
        })
        .collect();
    let mut worked = 0;
    for asker in askers {
        match asker.await.unwrap() {
            Ok((replayed, answer)) => {
                assert_eq!(answer.status, 201);
                worked += usize::from(!replayed);
            }
            Err(error) => assert_eq!(error.code(), ErrorCode::IdempotencyInProgress),
        }
    }
    assert_eq!(worked, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_key WHERE state = 'done'").await, 1);
}

testkit::on_both!(
    the_same_request_is_answered_the_same,
    failed_work_leaves_its_key_free,
    a_claimed_key_is_in_progress_until_it_is_done_given_back_or_abandoned,
    answers_and_sessions_are_cleared_away_after_a_week,
    of_many_at_once_one_works,
);
