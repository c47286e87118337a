use crate::support::count;
use identity::idempotency::{self, Answer, Begun, Key, Once, Said};
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

/// A change, made as the request that has taken a key.
async fn change(ctx: &Ctx, name: &str) -> Result<()> {
    let values = vec![name.to_owned().into()];
    ctx.write(Access::Public, async |tx| {
        let sql = "INSERT INTO idempotency_key (tenant_id, principal, key, fingerprint, state, lease_until, created_at) \
                   SELECT {tenant}, 'test', ?, fingerprint, 'running', 0, 0 FROM idempotency_key LIMIT 1";
        tx.raw_exec(sql, values).await.map(|_| ())
    })
    .await
}

const CHANGES: &str = "SELECT count(*) FROM idempotency_key WHERE principal = 'test'";

async fn a_request_is_done_once_whenever_its_server_dies(app: TestApp) {
    let ctx = app.customer();
    let key = || Key::of_request(&ctx, KEY).unwrap();
    let print = idempotency::fingerprint("request", &"a").unwrap();
    let said =
        || Said { status: 201, kind: "application/json".into(), body: r#"{"secret":"shown once"}"#.into() };
    let code = async |ctx: &Ctx| Once::begin(ctx, key(), &print).await.err().map(|error| error.code());

    let first = Once::begin(&ctx, key(), &print).await.unwrap().ok().unwrap();
    assert_eq!(code(&ctx).await, Some(ErrorCode::IdempotencyInProgress));
    let other = idempotency::fingerprint("request", &"b").unwrap();
    let reused = Once::begin(&ctx, key(), &other).await.err().unwrap();
    assert_eq!(reused.code(), ErrorCode::IdempotencyKeyReused);

    // It dies before it has changed anything: a minute later somebody else does the work, and it cannot any more.
    app.advance(Duration::from_secs(61));
    let second = Once::begin(&ctx, key(), &print).await.unwrap().ok().unwrap();
    let late = change(&ctx.marked(first.clone()), "late").await.unwrap_err();
    assert_eq!((late.code(), count(&app, CHANGES).await), (ErrorCode::IdempotencyInProgress, 0));

    // It dies after its change: nobody does the work again, and nobody knows what was answered.
    let marked = ctx.marked(second.clone());
    change(&marked, "one").await.unwrap();
    change(&marked, "two").await.unwrap();
    assert_eq!((code(&ctx).await, count(&app, CHANGES).await), (Some(ErrorCode::IdempotencyInProgress), 2));
    app.advance(Duration::from_secs(61));
    assert_eq!(code(&ctx).await, Some(ErrorCode::Conflict));

    // It lives: the answer is kept, and nobody reads it in the table.
    second.end(&ctx, &said(), true).await.unwrap();
    let again = Once::begin(&ctx, key(), &print).await.unwrap().err().unwrap();
    assert_eq!((again.status, again.kind, again.body), (201, said().kind, said().body));
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_key WHERE answer LIKE '%secret%'").await, 0);
    // Somebody else's key is another one, and so is one inside of a request.
    assert!(Once::begin(&app.customer(), key_of(&app.customer()), &print).await.unwrap().is_ok());
    assert!(!work(&ctx, None, KEY, "a").await.unwrap().0);
}

fn key_of(ctx: &Ctx) -> Key {
    Key::of_request(ctx, KEY).unwrap()
}

async fn a_request_that_failed_frees_its_key(app: TestApp) {
    let ctx = app.anonymous();
    let short = Key::of_request(&ctx, "1").unwrap_err();
    assert_eq!(short.code(), ErrorCode::BadUserInput);
    let key = || Key::of_request(&ctx, "b7c1d2e3f4a5968778695a4b").unwrap();
    let print = idempotency::fingerprint("request", &"a").unwrap();
    let said = |status| Said { status, kind: "application/json".into(), body: "{}".into() };
    let failed = Once::begin(&ctx, key(), &print).await.unwrap().ok().unwrap();
    failed.end(&ctx, &said(422), false).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_key").await, 0);
    // One that fails after its first change stays as it is.
    let half = Once::begin(&ctx, key(), &print).await.unwrap().ok().unwrap();
    change(&ctx.marked(half.clone()), "half").await.unwrap();
    half.end(&ctx, &said(500), false).await.unwrap();
    assert_eq!(Once::begin(&ctx, key(), &print).await.unwrap().err().unwrap().status, 500);
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
    a_request_is_done_once_whenever_its_server_dies,
    a_request_that_failed_frees_its_key,
    answers_and_sessions_are_cleared_away_after_a_week,
    of_many_at_once_one_works,
);
