//! Refresh tokens: each once, in families, with a grace for tabs that ask at once.

use crate::support::{PASSWORD, count, events, who};
use identity::security::refresh::refresh;
use identity::view::TokenView;
use identity::{Credentials, Visit, people, session, signin, user};
use platform::{Actor, Ctx};
use primitives::{ErrorCode, UserId};
use std::time::Duration;
use testkit::TestApp;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn signed_in(app: &TestApp) -> (UserId, TokenView) {
    let person = people::create(&app.system(), "api@x.example", "", PASSWORD, "customer").await.unwrap();
    let shown = Credentials { email: "api@x.example".into(), password: PASSWORD.into(), code: None };
    (person.id, signin::token(&app.anonymous(), &shown, &Visit::local()).await.unwrap())
}

async fn opens(app: &TestApp, token: &TokenView) -> bool {
    let bearer = format!("Bearer {}", token.access_token);
    who(app.app(), "hearth", &[("authorization", &bearer)]).await.is_ok()
}

async fn refused(ctx: &Ctx, token: &str) {
    let error = refresh(ctx, token).await.err().expect("a refusal");
    assert_eq!(
        (error.code(), error.message(), error.fields().len()),
        (ErrorCode::Unauthenticated, "the refresh token is not good (any more), sign in again", 0)
    );
}

async fn a_token_is_good_once_and_gives_the_next(app: TestApp) {
    let (ctx, (_, first)) = (app.anonymous(), signed_in(&app).await);
    app.advance(Duration::from_secs(599));
    assert!(opens(&app, &first).await);
    let second = refresh(&ctx, &first.refresh_token).await.unwrap();
    app.advance(Duration::from_secs(1));
    assert!(!opens(&app, &first).await && opens(&app, &second).await);
    let third = refresh(&ctx, &second.refresh_token).await.unwrap();
    assert!(opens(&app, &third).await);
    assert_eq!(count(&app, "SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM refresh_token WHERE used_at IS NULL").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM refresh_token WHERE length(token_hash) = 32").await, 3);
    // Nothing that was handed out stands in the database.
    let hashes = "SELECT count(DISTINCT token_hash) FROM refresh_token";
    assert_eq!(count(&app, hashes).await, 3);
}

async fn using_one_again_ends_the_whole_family(app: TestApp) {
    let (ctx, (_, first)) = (app.anonymous(), signed_in(&app).await);
    let second = refresh(&ctx, &first.refresh_token).await.unwrap();
    let third = refresh(&ctx, &second.refresh_token).await.unwrap();
    assert!(opens(&app, &third).await);
    app.advance(Duration::from_secs(10));
    refused(&ctx, &first.refresh_token).await;
    assert!(!opens(&app, &third).await, "revoked for whoever holds it");
    for token in [&first, &second, &third] {
        refused(&ctx, &token.refresh_token).await;
    }
    assert_eq!(count(&app, "SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 0);
    assert_eq!(events(&app, "user.token_reused").await, 1);
    let noted = "SELECT count(*) FROM audit_entry WHERE actor_kind = 'customer'";
    assert_eq!(count(&app, noted).await, 2, "the log says who signed in, and whose session it was");
    // Another session of the same person goes on.
    let shown = Credentials { email: "api@x.example".into(), password: PASSWORD.into(), code: None };
    let other = signin::token(&ctx, &shown, &Visit::local()).await.unwrap();
    assert!(refresh(&ctx, &other.refresh_token).await.is_ok());
}

async fn tabs_that_ask_at_once_go_on_together(app: TestApp) {
    let (ctx, (_, first)) = (app.anonymous(), signed_in(&app).await);
    let ask = || refresh(&ctx, &first.refresh_token);
    let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
    let tabs: Vec<TokenView> = [one, two, three, four].into_iter().map(|tab| tab.ok().unwrap()).collect();
    for tab in &tabs {
        assert_eq!(tab.refresh_token, tabs[0].refresh_token, "one next token for all");
        assert!(opens(&app, tab).await);
    }
    assert_eq!(count(&app, "SELECT count(*) FROM refresh_token").await, 2);
    app.advance(Duration::from_secs(9));
    // One tab was even faster: the slow one gets the newest.
    let next = refresh(&ctx, &tabs[0].refresh_token).await.unwrap();
    let slow = refresh(&ctx, &first.refresh_token).await.unwrap();
    assert_eq!(slow.refresh_token, next.refresh_token);
    assert!(refresh(&ctx, &slow.refresh_token).await.is_ok());
    assert_eq!(events(&app, "user.token_reused").await, 0);
    // The grace is counted from the first use and ends by itself.
    app.advance(Duration::from_secs(1));
    refused(&ctx, &first.refresh_token).await;
    assert_eq!(events(&app, "user.token_reused").await, 1);
}

async fn a_session_goes_on_while_it_is_used_and_has_an_end(app: TestApp) {
    let (ctx, (_, first)) = (app.anonymous(), signed_in(&app).await);
    let mut token = first;
    for day in (13..90).step_by(13) {
        app.advance(13 * DAY);
        token = refresh(&ctx, &token.refresh_token).await.unwrap_or_else(|error| panic!("{day}: {error}"));
        let left = (90 - day).min(14) * 24 * 3600;
        assert_eq!(token.refresh_expires_in, left as u64, "day {day}");
    }
    // Day 78: twelve days are left, whatever happens.
    app.advance(11 * DAY);
    token = refresh(&ctx, &token.refresh_token).await.unwrap();
    assert_eq!(token.refresh_expires_in, 24 * 3600);
    app.advance(DAY);
    refused(&ctx, &token.refresh_token).await;
    assert!(!opens(&app, &token).await);
    assert_eq!(events(&app, "user.token_reused").await, 0, "too late is not stolen");
}

async fn a_token_that_was_not_used_runs_out(app: TestApp) {
    let (ctx, (_, first)) = (app.anonymous(), signed_in(&app).await);
    app.advance(14 * DAY - Duration::from_millis(1));
    let second = refresh(&ctx, &first.refresh_token).await.unwrap();
    app.advance(14 * DAY);
    refused(&ctx, &second.refresh_token).await;
}

async fn a_token_belongs_to_its_session_and_its_shop(app: TestApp) {
    let (ctx, (person, first)) = (app.anonymous(), signed_in(&app).await);
    refused(&app.other_tenant().with_actor(Actor::Anonymous), &first.refresh_token).await;
    for nonsense in
        ["", "x", &first.access_token, &"A".repeat(43), &first.refresh_token[1..], "é".repeat(43).as_str()]
    {
        refused(&ctx, nonsense).await;
    }
    let itself = ctx.with_actor(Actor::Customer { user: person });
    let sessions = session::list_own(&itself, &Visit::local()).await.unwrap();
    assert_eq!(sessions.len(), 1);
    session::revoke_own(&itself, sessions[0].id).await.unwrap();
    refused(&ctx, &first.refresh_token).await;
    let shown = Credentials { email: "api@x.example".into(), password: PASSWORD.into(), code: None };
    let again = signin::token(&ctx, &shown, &Visit::local()).await.unwrap();
    user::set_active(&app.system(), person, false).await.unwrap();
    refused(&ctx, &again.refresh_token).await;
    assert_eq!(events(&app, "user.token_reused").await, 0);
}

async fn a_changed_password_ends_every_family(app: TestApp) {
    let (ctx, (person, first)) = (app.anonymous(), signed_in(&app).await);
    user::set_password(&app.system(), person, "another password").await.unwrap();
    refused(&ctx, &first.refresh_token).await;
}

testkit::on_both!(
    a_token_is_good_once_and_gives_the_next,
    using_one_again_ends_the_whole_family,
    tabs_that_ask_at_once_go_on_together,
    a_session_goes_on_while_it_is_used_and_has_an_end,
    a_token_that_was_not_used_runs_out,
    a_token_belongs_to_its_session_and_its_shop,
    a_changed_password_ends_every_family,
);
