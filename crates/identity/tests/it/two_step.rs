//! The second step: switching it on, signing in with it, losing it.

use crate::support::{PASSWORD, count, events, visit_from, who};
use identity::security::two_step::{self, Challenge, Enrolment};
use identity::{Credentials, Step, Visit, first_step, people, second_step, sign_in, signin, user};
use platform::{Actor, App, Ctx};
use primitives::{ErrorCode, Permission, SystemRole, UserId};
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::time::Duration;
use testkit::{Backend, TestApp};
use totp_rs::{Builder, Secret, Totp};

const ANNA: &str = "anna@x.example";
const STEP: Duration = Duration::from_secs(30);

struct Person {
    id: UserId,
    ctx: Ctx,
    application: Totp,
    recovery: Vec<String>,
}

impl Person {
    /// What the application shows now.
    fn code(&self, app: &TestApp) -> String {
        self.application.generate(u64::try_from(app.now().millis()).unwrap() / 1_000).to_string()
    }
}

fn application(drawn: &Enrolment) -> Totp {
    Builder::new().with_secret(Secret::try_from_base32(&drawn.secret).unwrap()).build().unwrap()
}

/// Anna with a second step; the code that switched it on is used up.
async fn anna(app: &TestApp) -> Person {
    let id = people::create(&app.system(), ANNA, "Anna", PASSWORD, "customer").await.unwrap().id;
    let ctx = app.anonymous().with_actor(Actor::Customer { user: id });
    let drawn = two_step::start(&ctx, PASSWORD, &Visit::local()).await.unwrap();
    let mut person = Person { id, ctx, application: application(&drawn), recovery: Vec::new() };
    person.recovery = two_step::confirm(&person.ctx, &person.code(app)).await.unwrap();
    app.advance(STEP);
    person
}

async fn challenge(app: &TestApp) -> Challenge {
    match first_step(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap() {
        Step::Code(challenge) => challenge,
        Step::In(_) => panic!("a code is owed"),
    }
}

/// What a refusal names.
async fn refused(ctx: &Ctx, token: &str, code: &str) -> (ErrorCode, String) {
    let error = second_step(ctx, token, code, &Visit::local()).await.expect_err("a refusal");
    (error.code(), error.fields().first().map(|field| field.field.clone()).unwrap_or_default())
}

fn wrong(field: &str) -> (ErrorCode, String) {
    (ErrorCode::Unauthenticated, field.to_owned())
}

async fn it_is_switched_on_by_a_code_and_shown_once(app: TestApp) {
    let id = people::create(&app.system(), ANNA, "Anna", PASSWORD, "customer").await.unwrap().id;
    let ctx = app.anonymous().with_actor(Actor::Customer { user: id });
    let error = two_step::start(&ctx, "wrong horse", &Visit::local()).await.err().unwrap();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "password"));
    let drawn = two_step::start(&ctx, PASSWORD, &Visit::local()).await.unwrap();
    assert!(drawn.uri.starts_with("otpauth://totp/Hearth%20%26%20Home:anna%40x"), "{}", drawn.uri);
    assert!(drawn.uri.contains(&format!("secret={}", drawn.secret)));
    assert!(drawn.qr.starts_with("data:image/svg+xml;base64,"));
    // Until it is confirmed nothing has changed.
    assert_eq!(two_step::status(&ctx).await.unwrap().enabled_at, None);
    sign_in(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap();
    for nonsense in ["", "000000", "12345", "abcdef", "0000-0000-0000-0000"] {
        let error = two_step::confirm(&ctx, nonsense).await.unwrap_err();
        assert_eq!(
            (error.code(), error.fields()[0].field.as_str()),
            (ErrorCode::BadUserInput, "code"),
            "{nonsense}"
        );
    }
    let code = application(&drawn).generate(u64::try_from(app.now().millis()).unwrap() / 1_000).to_string();
    let stranger = app.customer();
    assert_eq!(two_step::confirm(&stranger, &code).await.unwrap_err().code(), ErrorCode::Conflict);
    let recovery = two_step::confirm(&ctx, &code).await.unwrap();
    let mut different = recovery.clone();
    different.sort();
    different.dedup();
    assert_eq!((recovery.len(), different.len()), (10, 10));
    let status = two_step::status(&ctx).await.unwrap();
    assert_eq!(
        (status.enabled_at, status.recovery_codes_left, status.available),
        (Some(app.now()), 10, true)
    );
    for again in [
        two_step::start(&ctx, PASSWORD, &Visit::local()).await.err(),
        two_step::confirm(&ctx, &code).await.err(),
    ] {
        assert_eq!(again.unwrap().code(), ErrorCode::Conflict);
    }
    assert_eq!(events(&app, "user.updated").await, 1);
    // The database knows neither the secret nor a code.
    let sealed = Secret::try_from_base32(&drawn.secret).unwrap();
    let rows = app.database().owner().await;
    let row = sea_orm::Statement::from_string(rows.get_database_backend(), "SELECT secret FROM two_step");
    let stored: Vec<u8> = rows.query_one_raw(row).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert!(!stored.windows(20).any(|part| part == sealed.as_bytes()));
    assert_eq!(count(&app, "SELECT count(*) FROM recovery_code WHERE length(code_hash) = 32").await, 10);
}

async fn signing_in_takes_both_steps(app: TestApp) {
    let (anna, ctx) = (anna(&app).await, app.anonymous());
    let waiting = challenge(&app).await;
    assert_eq!(waiting.expires_at, app.now() + Duration::from_secs(600));
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 0, "the password alone opens nothing");
    assert_eq!(events(&app, "user.logged_in").await, 0);
    let signed_in = second_step(&ctx, &waiting.token, &anna.code(&app), &Visit::local()).await.unwrap();
    assert_eq!(signed_in.me.user.id, anna.id);
    let cookie = [("cookie", signed_in.cookie.split(';').next().unwrap())];
    let known = who(app.app(), "hearth", &cookie).await.unwrap();
    assert_eq!(known.actor, Actor::Customer { user: anna.id });
    assert_eq!(refused(&ctx, &waiting.token, &anna.code(&app)).await, wrong("token"), "answered once");
    for nonsense in ["", "x", &"A".repeat(43), &"A".repeat(1_000_000)] {
        assert_eq!(refused(&ctx, nonsense, &anna.code(&app)).await, wrong("token"));
    }
    // A wrong password does not get as far, and says nothing about the second step.
    let error = first_step(&ctx, ANNA, "wrong horse", &Visit::local()).await.err().unwrap();
    assert_eq!((error.message(), error.fields().len()), ("e-mail address or password is wrong", 0));
    // Another shop knows nothing of it.
    let waiting = challenge(&app).await;
    app.advance(STEP);
    let elsewhere = app.other_tenant().with_actor(Actor::Anonymous);
    assert_eq!(refused(&elsewhere, &waiting.token, &anna.code(&app)).await, wrong("token"));
    second_step(&ctx, &waiting.token, &anna.code(&app), &Visit::local()).await.unwrap();
}

async fn programs_and_single_requests_send_the_code_along(app: TestApp) {
    let (anna, ctx) = (anna(&app).await, app.anonymous());
    let shown = |code: Option<&str>| Credentials {
        email: ANNA.into(),
        password: PASSWORD.into(),
        code: code.map(str::to_owned),
    };
    for code in [None, Some(""), Some("000000"), Some("x")] {
        let error = signin::token(&ctx, &shown(code), &Visit::local()).await.err().unwrap();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), wrong_pair(), "{code:?}");
    }
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 0);
    signin::token(&ctx, &shown(Some(&anna.code(&app))), &Visit::local()).await.unwrap();
    let replayed =
        signin::sign_in_with(&ctx, &shown(Some(&anna.code(&app))), &Visit::local()).await.unwrap_err();
    assert_eq!((replayed.code(), replayed.fields()[0].field.as_str()), wrong_pair());
    app.advance(STEP);
    signin::sign_in_with(&ctx, &shown(Some(&anna.code(&app))), &Visit::local()).await.unwrap();
    // A wrong password with the right code is a wrong password.
    app.advance(STEP);
    let other = Credentials { password: "wrong horse".into(), ..shown(Some(&anna.code(&app))) };
    let error = signin::sign_in_with(&ctx, &other, &Visit::local()).await.unwrap_err();
    assert_eq!(error.fields().len(), 0);
}

fn wrong_pair() -> (ErrorCode, &'static str) {
    (ErrorCode::Unauthenticated, "code")
}

async fn a_code_counts_once_and_one_step_to_either_side(app: TestApp) {
    let (anna, ctx) = (anna(&app).await, app.anonymous());
    let code = anna.code(&app);
    second_step(&ctx, &challenge(&app).await.token, &code, &Visit::local()).await.unwrap();
    assert_eq!(refused(&ctx, &challenge(&app).await.token, &code).await, wrong("code"), "replayed");
    // Two at the same moment with the same code: one is in.
    app.advance(STEP);
    let (one, two) = (challenge(&app).await, challenge(&app).await);
    let code = anna.code(&app);
    let here = Visit::local();
    let (first, second) = tokio::join!(
        second_step(&ctx, &one.token, &code, &here),
        second_step(&ctx, &two.token, &code, &here)
    );
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|ok| **ok).count(), 1);
    // The one before still counts, the one before that does not.
    app.advance(Duration::from_secs(90));
    let late = anna.code(&app);
    app.advance(STEP);
    second_step(&ctx, &challenge(&app).await.token, &late, &here).await.unwrap();
    let too_late = anna.code(&app);
    app.advance(2 * STEP);
    assert_eq!(refused(&ctx, &challenge(&app).await.token, &too_late).await, wrong("code"));
}

async fn wrong_codes_are_limited_whatever_challenge_they_come_with(app: TestApp) {
    let (anna, ctx) = (anna(&app).await, app.anonymous());
    let first = challenge(&app).await;
    for _ in 0..5 {
        assert_eq!(refused(&ctx, &first.token, "000000").await, wrong("code"));
    }
    assert_eq!(refused(&ctx, &first.token, &anna.code(&app)).await, wrong("token"), "five and it is over");
    // A new password step does not give new tries, and another address does not either.
    let next = challenge(&app).await;
    let limited =
        second_step(&ctx, &next.token, &anna.code(&app), &visit_from([192, 0, 2, 7])).await.unwrap_err();
    assert_eq!((limited.code(), limited.retry_after_seconds()), (ErrorCode::RateLimitExceeded, Some(1)));
    app.advance(Duration::from_secs(1));
    assert_eq!(refused(&ctx, &next.token, "000000").await, wrong("code"));
    app.advance(Duration::from_secs(1));
    assert_eq!(
        refused(&ctx, &next.token, "000000").await.0,
        ErrorCode::RateLimitExceeded,
        "the wait doubles"
    );
    app.advance(Duration::from_secs(1));
    // Many at once are one try.
    let codes: Vec<String> = (0..20).map(|n| format!("{n:06}")).collect();
    let visit = Visit::local();
    let tries = codes.iter().map(|code| second_step(&ctx, &next.token, code, &visit));
    let answers = futures_of(tries).await;
    let looked_at = answers.iter().filter(|code| **code == ErrorCode::Unauthenticated).count();
    assert_eq!((looked_at, answers.len()), (1, 20), "{answers:?}");
    // The owner is not locked out: the wait ends, and success forgives.
    app.advance(Duration::from_secs(300));
    second_step(&ctx, &next.token, &anna.code(&app), &Visit::local()).await.unwrap();
    assert_eq!(count(&app, "SELECT failures FROM two_step").await, 0);
}

async fn futures_of<T>(
    all: impl Iterator<Item = impl Future<Output = platform::Result<T>>>,
) -> Vec<ErrorCode> {
    let mut answers = Vec::new();
    let mut all: Vec<_> = all.map(Box::pin).collect();
    // Polls all of them in turn until each is done, so that they overlap in the database.
    std::future::poll_fn(|cx| {
        all.retain_mut(|one| match one.as_mut().poll(cx) {
            std::task::Poll::Ready(answer) => {
                answers.extend(answer.err().map(|error| error.code()));
                false
            }
            std::task::Poll::Pending => true,
        });
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    answers
}

async fn recovery_codes_count_once_each(app: TestApp) {
    let (anna, ctx) = (anna(&app).await, app.anonymous());
    let code = &anna.recovery[3];
    second_step(&ctx, &challenge(&app).await.token, &code.to_uppercase(), &Visit::local()).await.unwrap();
    assert_eq!(refused(&ctx, &challenge(&app).await.token, code).await, wrong("code"));
    assert_eq!(two_step::status(&anna.ctx).await.unwrap().recovery_codes_left, 9);
    let error =
        two_step::renew_recovery_codes(&anna.ctx, PASSWORD, "000000", &Visit::local()).await.unwrap_err();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "code"));
    let error = two_step::renew_recovery_codes(&anna.ctx, "wrong horse", &anna.recovery[4], &Visit::local())
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].field.as_str(), "password");
    let fresh = two_step::renew_recovery_codes(&anna.ctx, PASSWORD, &anna.recovery[4], &Visit::local())
        .await
        .unwrap();
    assert_eq!((fresh.len(), two_step::status(&anna.ctx).await.unwrap().recovery_codes_left), (10, 10));
    assert_eq!(
        refused(&ctx, &challenge(&app).await.token, &anna.recovery[5]).await,
        wrong("code"),
        "of the old ones"
    );
    second_step(&ctx, &challenge(&app).await.token, &fresh[0], &Visit::local()).await.unwrap();
}

async fn switching_it_off_needs_password_and_code(app: TestApp) {
    let anna = anna(&app).await;
    for (password, code, field) in
        [("wrong horse", anna.code(&app), "password"), (PASSWORD, "000000".into(), "code")]
    {
        let error = two_step::disable(&anna.ctx, password, &code, &Visit::local()).await.unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, field));
    }
    let waiting = challenge(&app).await;
    two_step::disable(&anna.ctx, PASSWORD, &anna.code(&app), &Visit::local()).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM recovery_code").await, 0);
    assert_eq!(refused(&app.anonymous(), &waiting.token, &anna.recovery[0]).await, wrong("token"));
    sign_in(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let error = two_step::disable(&anna.ctx, PASSWORD, "000000", &Visit::local()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert_eq!(events(&app, "user.updated").await, 2);
}

async fn staff_help_out_who_lost_everything(app: TestApp) {
    let anna = anna(&app).await;
    let staff = app.staff(&[Permission::USERS_UPDATE]);
    for (ctx, code) in [
        (app.staff(&[Permission::USERS_READ]), ErrorCode::Forbidden),
        (app.customer(), ErrorCode::Forbidden),
        (app.other_tenant(), ErrorCode::NotFound),
    ] {
        assert_eq!(two_step::reset(&ctx, anna.id).await.unwrap_err().code(), code);
    }
    two_step::reset(&staff, anna.id).await.unwrap();
    sign_in(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!(two_step::reset(&staff, anna.id).await.unwrap_err().code(), ErrorCode::Conflict);
    // And the command line helps the owner whom nobody else may help.
    let owner = people::create(&app.system(), "owner@x.example", "", PASSWORD, "owner").await.unwrap().id;
    let ctx = app.anonymous().with_actor(Actor::Customer { user: owner });
    let drawn = two_step::start(&ctx, PASSWORD, &Visit::local()).await.unwrap();
    let now = u64::try_from(app.now().millis()).unwrap() / 1_000;
    two_step::confirm(&ctx, &application(&drawn).generate(now).to_string()).await.unwrap();
    assert_eq!(two_step::reset(&staff, owner).await.unwrap_err().code(), ErrorCode::Forbidden);
    people::disable_two_step(&app.system(), "owner@x.example").await.unwrap();
    sign_in(&app.anonymous(), "owner@x.example", PASSWORD, &Visit::local()).await.unwrap();
}

async fn a_stolen_session_of_staff_does_not_switch_off_its_own(app: TestApp) {
    let anna = anna(&app).await;
    let permissions = SystemRole::Owner.permissions();
    let itself = app.system().with_actor(Actor::Staff { user: anna.id, permissions });
    let error = two_step::reset(&itself, anna.id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    assert!(error.message().contains("own account's security"), "{error}");
    assert!(two_step::status(&anna.ctx).await.unwrap().enabled_at.is_some());
    assert_eq!(events(&app, "user.updated").await, 1);
}

async fn a_challenge_ends_with_time_and_with_the_password(app: TestApp) {
    let (anna, ctx) = (anna(&app).await, app.anonymous());
    let waiting = challenge(&app).await;
    app.advance(Duration::from_secs(600));
    assert_eq!(refused(&ctx, &waiting.token, &anna.code(&app)).await, wrong("token"));
    let waiting = challenge(&app).await;
    user::set_password(&app.system(), anna.id, "another password").await.unwrap();
    assert_eq!(refused(&ctx, &waiting.token, &anna.code(&app)).await, wrong("token"));
    people::set_password(&app.system(), ANNA, PASSWORD).await.unwrap();
    let waiting = challenge(&app).await;
    user::set_active(&app.system(), anna.id, false).await.unwrap();
    assert_eq!(refused(&ctx, &waiting.token, &anna.code(&app)).await, wrong("token"));
    user::set_active(&app.system(), anna.id, true).await.unwrap();
    for _ in 0..9 {
        challenge(&app).await;
    }
    assert_eq!(count(&app, "SELECT count(*) FROM sign_in_challenge").await, 5, "so many wait at once");
}

/// The same database under a process with other keys.
async fn with_keys(app: &TestApp, current: &str, previous: &[&str]) -> Ctx {
    let mut config = app.app().config().clone();
    config.security.secret_key = Some(current.to_owned());
    config.security.previous_secret_keys.0 = previous.iter().map(|key| (*key).to_owned()).collect();
    let db = platform::Db::connect(&config.database).await.unwrap();
    let clock = platform::clock::ManualClock::at(app.now());
    let process = App::new(db, Arc::new(clock), Arc::new(config));
    Ctx::new(process, app.tenant().clone(), Actor::Anonymous, "test")
}

async fn a_replaced_key_still_opens_and_seals_anew(app: TestApp) {
    let anna = anna(&app).await;
    let old = app.app().config().security.secret_key.clone().unwrap();
    let shown =
        |code: String| Credentials { email: ANNA.into(), password: PASSWORD.into(), code: Some(code) };
    // Without the old key the application's codes are lost, the paper is not.
    let lost = with_keys(&app, "a new key of at least 32 characters", &[]).await;
    let error = signin::sign_in_with(&lost, &shown(anna.code(&app)), &Visit::local()).await.unwrap_err();
    assert_eq!(error.fields()[0].field.as_str(), "code");
    signin::sign_in_with(&lost, &shown(anna.recovery[0].clone()), &Visit::local()).await.unwrap();
    let both = with_keys(&app, "a new key of at least 32 characters", &[&old]).await;
    signin::sign_in_with(&both, &shown(anna.code(&app)), &Visit::local()).await.unwrap();
    // By now it is sealed with the new key alone.
    app.advance(STEP);
    let new = with_keys(&app, "a new key of at least 32 characters", &[]).await;
    signin::sign_in_with(&new, &shown(anna.code(&app)), &Visit::local()).await.unwrap();
}

async fn a_secret_that_was_moved_to_another_person_opens_nothing(app: TestApp) {
    let anna = anna(&app).await;
    let eve = people::create(&app.system(), "eve@x.example", "", PASSWORD, "customer").await.unwrap().id;
    let ctx = app.anonymous().with_actor(Actor::Customer { user: eve });
    let drawn = two_step::start(&ctx, PASSWORD, &Visit::local()).await.unwrap();
    let owner = app.database().owner().await;
    let copy = "UPDATE two_step SET secret = (SELECT secret FROM two_step WHERE confirmed_at IS NULL) \
         WHERE confirmed_at IS NOT NULL";
    owner.execute_unprepared(copy).await.unwrap();
    let code = application(&drawn).generate(u64::try_from(app.now().millis()).unwrap() / 1_000).to_string();
    assert_eq!(refused(&app.anonymous(), &challenge(&app).await.token, &code).await, wrong("code"));
    assert_eq!(
        refused(&app.anonymous(), &challenge(&app).await.token, &anna.code(&app)).await,
        wrong("code")
    );
}

#[tokio::test]
async fn it_needs_a_lasting_key() {
    let app = TestApp::configured(Backend::Sqlite, |config| config.security.secret_key = None).await;
    let id = people::create(&app.system(), ANNA, "", PASSWORD, "customer").await.unwrap().id;
    let ctx = app.anonymous().with_actor(Actor::Customer { user: id });
    let error = two_step::start(&ctx, PASSWORD, &Visit::local()).await.err().unwrap();
    assert_eq!(error.code(), ErrorCode::FeatureNotEnabled);
    assert!(error.message().contains("security.secret_key"), "{error}");
    assert!(!two_step::status(&ctx).await.unwrap().available);
}

testkit::on_both!(
    it_is_switched_on_by_a_code_and_shown_once,
    signing_in_takes_both_steps,
    programs_and_single_requests_send_the_code_along,
    a_code_counts_once_and_one_step_to_either_side,
    wrong_codes_are_limited_whatever_challenge_they_come_with,
    recovery_codes_count_once_each,
    switching_it_off_needs_password_and_code,
    staff_help_out_who_lost_everything,
    a_stolen_session_of_staff_does_not_switch_off_its_own,
    a_challenge_ends_with_time_and_with_the_password,
    a_replaced_key_still_opens_and_seals_anew,
    a_secret_that_was_moved_to_another_person_opens_nothing,
);
