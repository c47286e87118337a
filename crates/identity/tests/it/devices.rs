//! Known devices, and what ten thousand guesses do.

use crate::support::{PASSWORD, cookie_pair, count, events, register, visit_from, who};
use identity::{SignedIn, Visit, password_work, people, sign_in, user};
use platform::Actor;
use primitives::ErrorCode;
use std::time::Duration;
use testkit::TestApp;

const ANNA: &str = "anna@x.example";

/// The browser of an earlier sign-in, as the host sees it the next time.
async fn browser(app: &TestApp, before: &SignedIn) -> Visit {
    let cookie = [("cookie", cookie_pair(&before.device_cookie))];
    let visit = who(app.app(), "hearth", &cookie).await.unwrap().visit;
    assert!(visit.device.is_some() && visit.session.is_none());
    visit
}

async fn a_browser_is_known_by_a_cookie_of_its_own(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let first = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    assert!(first.device_cookie.starts_with("rustok_device_hearth="), "{}", first.device_cookie);
    assert!(first.device_cookie.ends_with("; Path=/; Max-Age=15552000; HttpOnly; SameSite=Strict"));
    let secure = Visit { secure: true, ..Visit::local() };
    let over_tls = sign_in(&ctx, ANNA, PASSWORD, &secure).await.unwrap();
    assert!(over_tls.device_cookie.starts_with("__Host-rustok_device_hearth="), "{}", over_tls.device_cookie);
    assert!(over_tls.device_cookie.ends_with("; SameSite=Strict; Secure"));
    assert_eq!(
        events(&app, "user.new_device").await,
        1,
        "the second browser was new, the first is never told"
    );

    let known = browser(&app, &first).await;
    let again = sign_in(&ctx, ANNA, PASSWORD, &known).await.unwrap();
    assert_eq!(again.device_cookie, first.device_cookie);
    assert_eq!(events(&app, "user.new_device").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM mail_job WHERE kind = 'new_device'").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM known_device WHERE length(token_hash) = 32").await, 2);
    // What another shop gave means nothing here.
    people::create(&app.other_system(), ANNA, "", PASSWORD, "customer").await.unwrap();
    let elsewhere = app.other_tenant().with_actor(Actor::Anonymous);
    sign_in(&elsewhere, ANNA, PASSWORD, &known).await.unwrap();
    let there = sign_in(&elsewhere, ANNA, PASSWORD, &known).await.unwrap();
    assert_ne!(cookie_pair(&there.device_cookie), cookie_pair(&first.device_cookie));
    assert_eq!(events(&app, "user.new_device").await, 2);
}

async fn a_browser_is_known_to_everybody_who_uses_it(app: TestApp) {
    let ctx = app.anonymous();
    for email in [ANNA, "bert@x.example"] {
        register(&ctx, email, PASSWORD).await.unwrap();
    }
    let first = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let counter = browser(&app, &first).await;
    let bert = sign_in(&ctx, "bert@x.example", PASSWORD, &counter).await.unwrap();
    assert_eq!(bert.device_cookie, first.device_cookie);
    sign_in(&ctx, ANNA, PASSWORD, &counter).await.unwrap();
    sign_in(&ctx, "bert@x.example", PASSWORD, &counter).await.unwrap();
    assert_eq!(events(&app, "user.new_device").await, 0);
    // After half a year it is a stranger.
    app.advance(Duration::from_secs(180 * 24 * 3600));
    sign_in(&ctx, ANNA, PASSWORD, &counter).await.unwrap();
    assert_eq!(events(&app, "user.new_device").await, 1);
}

async fn a_changed_password_forgets_all_browsers_but_this(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let there = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let here = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM known_device").await, 2);
    let itself = ctx.with_actor(Actor::Customer { user: here.me.user.id });
    let visit = Visit { session: Some(here.session), ..Visit::local() };
    user::change_password(&itself, PASSWORD, "another password", &visit).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM known_device").await, 1);
    sign_in(&ctx, ANNA, "another password", &browser(&app, &here).await).await.unwrap();
    assert_eq!(events(&app, "user.new_device").await, 1, "only the one of before");
    sign_in(&ctx, ANNA, "another password", &browser(&app, &there).await).await.unwrap();
    assert_eq!(events(&app, "user.new_device").await, 2);
}

async fn ten_thousand_guesses_do_not_keep_the_owner_out(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let first = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let known = browser(&app, &first).await;
    let before = password_work(app.app());
    let mut answers = [0_u32; 2];
    for n in 0..10_000_u32 {
        let [_, a, b, c] = n.to_be_bytes();
        let error = sign_in(&ctx, ANNA, &format!("guess number {n}"), &visit_from([10, a, b, c])).await;
        match error.unwrap_err().code() {
            ErrorCode::Unauthenticated => answers[0] += 1,
            ErrorCode::RateLimitExceeded => answers[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answers, [30, 9_970], "twenty are looked at, and ten from addresses that had not failed");
    assert_eq!(password_work(app.app()) - before, 30);
    // From somewhere else the owner waits some seconds like everybody; on the known browser not even that.
    let elsewhere = visit_from([192, 0, 2, 7]);
    let error = sign_in(&ctx, ANNA, PASSWORD, &elsewhere).await.unwrap_err();
    assert!(error.retry_after_seconds().is_some_and(|seconds| seconds <= 8), "{error}");
    let itself = sign_in(&ctx, ANNA, PASSWORD, &Visit { client: elsewhere.client, ..known.clone() }).await;
    assert_eq!(itself.expect("the owner on a known browser").me.user.email, ANNA);
    assert_eq!(events(&app, "user.new_device").await, 0);
    // A cookie that was made up opens no such way, and nobody else's does.
    register(&ctx, "bert@x.example", PASSWORD).await.unwrap();
    let bert = sign_in(&ctx, "bert@x.example", PASSWORD, &Visit::local()).await.unwrap();
    let made_up = format!("rustok_device_hearth={}", "A".repeat(43));
    for cookie in [made_up.as_str(), cookie_pair(&bert.device_cookie)] {
        let visit = who(app.app(), "hearth", &[("cookie", cookie)]).await.unwrap().visit;
        let error =
            sign_in(&ctx, ANNA, PASSWORD, &Visit { client: elsewhere.client, ..visit }).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::RateLimitExceeded, "{cookie}");
    }
    // Whoever guesses on a known browser is slowed down there.
    let guessed = async || {
        let visit = Visit { client: elsewhere.client, ..known.clone() };
        sign_in(&ctx, ANNA, "wrong horse battery", &visit).await.unwrap_err().code()
    };
    let mut looked_at = 0;
    while guessed().await == ErrorCode::Unauthenticated {
        looked_at += 1;
        assert!(looked_at < 100);
    }
    assert_eq!(looked_at, 10);
    app.advance(Duration::from_secs(8));
    sign_in(&ctx, ANNA, PASSWORD, &elsewhere).await.expect("the owner, from anywhere, some seconds later");
}

async fn guessers_who_never_stop_keep_the_owner_out_nowhere(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let first = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let known = browser(&app, &first).await;
    let anna = ctx.with_actor(Actor::Customer { user: first.me.user.id });
    let before = password_work(app.app());
    let mut password = PASSWORD;
    // Fifty addresses, every two seconds, for twenty minutes; forty are enough to take every turn of this account.
    for turn in 0..600_u32 {
        for n in 0..50 {
            let error = sign_in(&ctx, ANNA, "wrong horse battery", &visit_from([10, 0, 0, n])).await;
            assert!(error.is_err());
        }
        let minutes = turn / 30;
        if turn % 30 == 29 && minutes > 5 {
            let fresh = visit_from([192, 0, 2, u8::try_from(minutes).unwrap()]);
            sign_in(&ctx, ANNA, password, &fresh).await.expect("the owner at an address that has not failed");
            let there = Visit { client: visit_from([10, 0, 0, 1]).client, ..known.clone() };
            sign_in(&ctx, ANNA, password, &there).await.expect("the owner on a known browser, from anywhere");
            let here = Visit { client: there.client, session: Some(first.session), ..Visit::local() };
            let next = if password == PASSWORD { "another password" } else { PASSWORD };
            if minutes == 19 {
                user::change_password(&anna, password, next, &here).await.expect("the owner in her session");
                password = next;
            }
        }
        app.advance(Duration::from_secs(2));
    }
    sign_in(&ctx, ANNA, password, &visit_from([198, 51, 100, 1])).await.unwrap();
    let guessed = password_work(app.app()) - before;
    assert!(guessed < 600, "{guessed}");
}

async fn a_person_has_so_many_browsers(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let first = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    for _ in 0..21 {
        app.advance(Duration::from_secs(1));
        sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    }
    assert_eq!(count(&app, "SELECT count(*) FROM known_device").await, 20);
    let told = events(&app, "user.new_device").await;
    let again = sign_in(&ctx, ANNA, PASSWORD, &browser(&app, &first).await).await.unwrap();
    assert_eq!(events(&app, "user.new_device").await, told + 1, "the oldest was forgotten");
    assert_ne!(again.device_cookie, first.device_cookie);
}

testkit::on_both!(
    a_browser_is_known_by_a_cookie_of_its_own,
    a_browser_is_known_to_everybody_who_uses_it,
    a_changed_password_forgets_all_browsers_but_this,
    ten_thousand_guesses_do_not_keep_the_owner_out,
    guessers_who_never_stop_keep_the_owner_out_nowhere,
    a_person_has_so_many_browsers,
);
