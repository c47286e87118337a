use crate::support::{PASSWORD, cookie_pair, count, events, meanwhile, register, visit_from, who};
use identity::{
    Credentials, Visit, invitation, password_work, people, recovery, session, sign_in, sign_out, signin, user,
};
use platform::clock::ManualClock;
use platform::db::count_statements;
use platform::{Actor, App, Ctx, Db};
use primitives::{ErrorCode, Permission};
use std::sync::Arc;
use std::time::Duration;
use testkit::TestApp;

const ANNA: &str = "anna@x.example";

async fn a_customer_signs_in_is_known_and_signs_out(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, " Anna@X.example ", PASSWORD).await.unwrap();
    let signed_in = sign_in(&ctx, "ANNA@x.example", PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!((signed_in.me.user.email.as_str(), signed_in.me.is_staff()), (ANNA, false));
    let cookie = &signed_in.cookie;
    assert!(cookie.starts_with("rustok_session_hearth="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{cookie}");

    let pair = cookie_pair(cookie);
    let known = who(app.app(), "hearth", &[("cookie", &format!("a=b; {pair}; c=d"))]).await.unwrap();
    assert_eq!(known.actor, Actor::Customer { user: signed_in.me.user.id });
    assert_eq!(known.visit.session, Some(signed_in.session));
    let me = user::me(&ctx.with_actor(known.actor)).await.unwrap().unwrap();
    assert_eq!(me, signed_in.me);

    let cleared = sign_out(&ctx, &known.visit).await.unwrap();
    assert_eq!(cleared, "rustok_session_hearth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    let gone = who(app.app(), "hearth", &[("cookie", pair)]).await.unwrap();
    assert_eq!((gone.actor, gone.visit.session), (Actor::Anonymous, None));
    assert_eq!((events(&app, "user.registered").await, events(&app, "user.logged_in").await), (1, 1));
}

async fn staff_get_their_permissions_and_a_strict_cookie(app: TestApp) {
    people::create(&app.system(), "owner@x.example", "Olga", PASSWORD, "owner").await.unwrap();
    let secure = Visit { secure: true, ..Visit::local() };
    let signed_in = sign_in(&app.anonymous(), "owner@x.example", PASSWORD, &secure).await.unwrap();
    assert!(signed_in.me.is_staff());
    assert!(signed_in.cookie.starts_with("__Host-rustok_session_hearth="), "{}", signed_in.cookie);
    assert!(signed_in.cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{}", signed_in.cookie);
    // Over plain HTTP the cookie of HTTPS is nobody's, and the other way round.
    let pair = cookie_pair(&signed_in.cookie);
    assert_eq!(who(app.app(), "hearth", &[("cookie", pair)]).await.unwrap().actor, Actor::Anonymous);
    let plain = pair.replace("__Host-", "");
    match who(app.app(), "hearth", &[("cookie", &plain)]).await.unwrap().actor {
        Actor::Staff { permissions, .. } => {
            assert!(permissions.contains(Permission::ORDERS_REFUND));
            assert!(!permissions.contains(Permission::TENANTS_CREATE));
        }
        other => panic!("{other:?}"),
    }
}

async fn every_failure_has_one_answer(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    people::create(&app.system(), "closed@x.example", "", PASSWORD, "customer").await.unwrap();
    let closed = user::find_by_email(&app.system(), "closed@x.example").await.unwrap();
    user::set_active(&app.system(), closed.id, false).await.unwrap();
    let mut answers = Vec::new();
    for (email, password) in [
        (ANNA, "wrong horse battery"),
        ("nobody@x.example", PASSWORD),
        ("closed@x.example", PASSWORD),
        ("no address", PASSWORD),
        (ANNA, "short"),
        (ANNA, ""),
        ("' OR 1=1 --", PASSWORD),
    ] {
        let error = sign_in(&ctx, email, password, &Visit::local()).await.unwrap_err();
        answers.push((error.code(), error.message().to_owned(), error.fields().len()));
    }
    answers.dedup();
    assert_eq!(answers, [(ErrorCode::Unauthenticated, "e-mail address or password is wrong".to_owned(), 0)]);
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 0);
    assert_eq!(events(&app, "user.logged_in").await, 0);
}

async fn an_unknown_address_costs_what_a_wrong_password_costs(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    people::create(&app.system(), "closed@x.example", "", PASSWORD, "customer").await.unwrap();
    let closed = user::find_by_email(&app.system(), "closed@x.example").await.unwrap();
    user::set_active(&app.system(), closed.id, false).await.unwrap();
    // Answers are compared by what they do; a watch would say the same on a quiet machine only.
    let mut costs = Vec::new();
    for (email, password) in [
        (ANNA, "wrong horse battery"),
        ("nobody@x.example", "wrong horse battery"),
        ("closed@x.example", "wrong horse battery"),
        ("closed@x.example", PASSWORD),
    ] {
        let before = password_work(app.app());
        let (answer, statements) = count_statements(sign_in(&ctx, email, password, &Visit::local())).await;
        assert_eq!(answer.unwrap_err().code(), ErrorCode::Unauthenticated, "{email}");
        costs.push((statements, password_work(app.app()) - before));
    }
    costs.dedup();
    assert_eq!(costs.len(), 1, "{costs:?}");
    assert_eq!(costs[0].1, 1);
}

async fn a_password_of_a_megabyte_is_refused_before_anything_is_computed(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let (before, huge) = (password_work(app.app()), "x".repeat(1024 * 1024));
    let (answer, statements) = count_statements(sign_in(&ctx, ANNA, &huge, &Visit::local())).await;
    let error = answer.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::Unauthenticated, "e-mail address or password is wrong")
    );
    let opened = register(&ctx, "new@x.example", &huge).await.unwrap_err();
    assert_eq!((opened.code(), opened.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "password"));
    assert_eq!((statements, password_work(app.app())), (0, before));
    assert_eq!(count(&app, "SELECT count(*) FROM user_account").await, 1);
}

async fn a_megabyte_is_no_new_password_either(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let id = user::find_by_email(&app.system(), ANNA).await.unwrap().id;
    let anna = ctx.with_actor(Actor::Customer { user: id });
    let (before, huge) = (password_work(app.app()), "x".repeat(1024 * 1024));
    for (current, new, field) in [(PASSWORD, huge.as_str(), "new"), (&huge, "another password", "current")] {
        let error = user::change_password(&anna, current, new, &Visit::local()).await.unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, field));
    }
    let asked =
        recovery::request_address_change(&anna, "new@x.example", &huge, &Visit::local()).await.unwrap_err();
    let set = user::set_password(&app.system(), id, &huge).await.unwrap_err();
    // Nobody learns from it whether a link is good.
    let reset = recovery::reset_password(&ctx, "nonsense", &huge).await.unwrap_err();
    let accepted = invitation::accept(&ctx, "nonsense", "", &huge).await.unwrap_err();
    for error in [asked, set, reset, accepted] {
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "password"));
        assert!(error.message().len() < 200);
    }
    assert_eq!(password_work(app.app()), before);
}

async fn a_session_does_not_begin_with_a_password_that_was_changed_meanwhile(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let others = "UPDATE user_account SET password_hash = '!'; UPDATE session SET revoked_at = 1";
    let entered = meanwhile(&app, others, sign_in(&ctx, ANNA, PASSWORD, &Visit::local())).await;
    let error = entered.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::Unauthenticated, "e-mail address or password is wrong")
    );
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 0);
    // Nor with an account that was closed.
    people::create(&app.system(), "bert@x.example", "", PASSWORD, "customer").await.unwrap();
    let others = "UPDATE user_account SET status = 'disabled'";
    let entered = meanwhile(&app, others, sign_in(&ctx, "bert@x.example", PASSWORD, &Visit::local())).await;
    assert_eq!(entered.unwrap_err().code(), ErrorCode::Unauthenticated);
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 0);
}

async fn a_password_is_stored_anew_once_it_costs_more(app: TestApp) {
    register(&app.anonymous(), ANNA, PASSWORD).await.unwrap();
    let mut config = app.app().config().clone();
    config.security.hash_memory_kib = 64;
    let process = App::new(
        Db::connect(&config.database).await.unwrap(),
        Arc::new(ManualClock::at(app.now())),
        Arc::new(config),
    );
    let ctx = Ctx::new(process, app.tenant().clone(), Actor::Anonymous, "test");
    let stored = async |cost: &str| {
        count(&app, &format!("SELECT count(*) FROM user_account WHERE password_hash LIKE '%m={cost},%'"))
            .await
    };
    sign_in(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let guess = sign_in(&ctx, ANNA, "wrong horse battery", &Visit::local()).await;
    assert_eq!((guess.is_err(), stored("8").await, stored("64").await), (true, 1, 0));
    // Two at once are both in.
    let here = Visit::local();
    let enter = || sign_in(&ctx, ANNA, PASSWORD, &here);
    let (one, two) = tokio::join!(enter(), enter());
    assert_eq!((one.is_ok(), two.is_ok(), stored("64").await), (true, true, 1));
    let sessions = "SELECT count(*) FROM session WHERE revoked_at IS NULL";
    assert_eq!(count(&app, sessions).await, 3, "it is the password of before: nobody is signed out");
    // What costs more than is asked for stays.
    sign_in(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!(stored("64").await, 1);
}

async fn guessing_is_slowed_down_for_the_guesser(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    for email in [ANNA, "nobody@x.example"] {
        for _ in 0..5 {
            let error = sign_in(&ctx, email, "wrong horse battery", &Visit::local()).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Unauthenticated);
        }
        let error = sign_in(&ctx, email, PASSWORD, &Visit::local()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::RateLimitExceeded, "{email}");
    }
    sign_in(&ctx, ANNA, PASSWORD, &visit_from([192, 0, 2, 7])).await.expect("the owner from elsewhere");
    app.advance(Duration::from_secs(2));
    sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.expect("the owner after the wait");
}

async fn registering_answers_the_same_for_a_known_address(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    register(&ctx, ANNA, "another password").await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM user_account").await, 1);
    assert_eq!(events(&app, "user.registered").await, 1);
    sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.expect("the first password still fits");
    let elsewhere = app.other_tenant().with_actor(Actor::Anonymous);
    register(&elsewhere, ANNA, "another password").await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM user_account").await, 2);
    let error = register(&ctx, "anna", "short").await.unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(|field| field.field.as_str()).collect();
    assert_eq!((error.code(), fields), (ErrorCode::BadUserInput, vec!["email", "password"]));
}

async fn a_session_opens_only_its_own_tenant(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let signed_in = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let value = cookie_pair(&signed_in.cookie).split_once('=').unwrap().1;
    let stolen = format!("rustok_session_other={value}");
    assert_eq!(who(app.app(), "other", &[("cookie", &stolen)]).await.unwrap().actor, Actor::Anonymous);
    for nonsense in ["", "x", &value[1..], &format!("{value}A"), "%00", &"A".repeat(4_000)] {
        let cookie = format!("rustok_session_hearth={nonsense}");
        assert_eq!(who(app.app(), "hearth", &[("cookie", &cookie)]).await.unwrap().actor, Actor::Anonymous);
    }
}

async fn the_database_knows_no_secret(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let hashed = "SELECT count(*) FROM user_account WHERE password_hash LIKE '$argon2id$v=19$%'";
    assert_eq!(count(&app, hashed).await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM session WHERE length(token_hash) = 32").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox WHERE payload LIKE '%@%'").await, 0);
}

async fn a_token_opens_the_api_of_its_tenant_until_it_is_revoked(app: TestApp) {
    let ctx = app.anonymous();
    people::create(&app.system(), "api@x.example", "", PASSWORD, "manager").await.unwrap();
    let api = Credentials { email: "api@x.example".into(), password: PASSWORD.into(), code: None };
    let token = signin::token(&ctx, &api, &Visit::local()).await.unwrap();
    assert_eq!((token.token_type, token.expires_in), ("Bearer", 600));
    let bearer = format!("Bearer {}", token.access_token);
    let known = who(app.app(), "hearth", &[("authorization", &bearer)]).await.unwrap();
    let Actor::Staff { user, .. } = known.actor else { panic!("{known:?}") };
    let foreign = who(app.app(), "other", &[("authorization", &bearer)]).await.unwrap_err();
    assert_eq!(foreign.code(), ErrorCode::Unauthenticated);
    for wrong in ["Bearer", "Bearer x", "Basic YTpi", &bearer[..bearer.len() - 2]] {
        let error = who(app.app(), "hearth", &[("authorization", wrong)]).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unauthenticated, "{wrong}");
    }
    let itself = app.system().with_actor(Actor::Customer { user });
    session::revoke_own(&itself, known.visit.session.unwrap()).await.unwrap();
    assert!(who(app.app(), "hearth", &[("authorization", &bearer)]).await.is_err());

    let token = signin::token(&ctx, &api, &Visit::local()).await.unwrap();
    let bearer = format!("Bearer {}", token.access_token);
    assert!(who(app.app(), "hearth", &[("authorization", &bearer)]).await.is_ok());
    app.advance(Duration::from_secs(600));
    assert!(who(app.app(), "hearth", &[("authorization", &bearer)]).await.is_err());
}

async fn sessions_are_listed_and_ended_by_their_owner_only(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let phone = Visit { user_agent: "Phone".into(), ..Visit::local() };
    let first = sign_in(&ctx, ANNA, PASSWORD, &phone).await.unwrap();
    app.advance(Duration::from_secs(1));
    let second = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let anna = ctx.with_actor(Actor::Customer { user: first.me.user.id });
    let here = Visit { session: Some(second.session), ..Visit::local() };
    let listed = session::list_own(&anna, &here).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|s| (s.id, s.current, s.user_agent.as_str())).collect();
    assert_eq!(listed, [(second.session, true, ""), (first.session, false, "Phone")]);
    for stranger in [app.customer(), app.other_tenant()] {
        let error = session::revoke_own(&stranger, first.session).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
    }
    session::revoke_own(&anna, first.session).await.unwrap();
    assert_eq!(session::revoke_own(&anna, first.session).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(session::list_own(&anna, &here).await.unwrap().len(), 1);
}

async fn signing_in_again_replaces_the_session_of_the_browser(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let first = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let again = Visit { session: Some(first.session), ..Visit::local() };
    sign_in(&ctx, ANNA, PASSWORD, &again).await.unwrap();
    let old = who(app.app(), "hearth", &[("cookie", cookie_pair(&first.cookie))]).await.unwrap();
    assert_eq!(old.actor, Actor::Anonymous);
    assert_eq!(count(&app, "SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 1);
}

async fn a_known_visitor_costs_no_statement(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let signed_in = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let cookie = [("cookie", cookie_pair(&signed_in.cookie))];
    let ask = async || count_statements(who(app.app(), "hearth", &cookie)).await;
    assert!(ask().await.1 > 0);
    let (known, statements) = ask().await;
    assert_eq!((known.unwrap().visit.session, statements), (Some(signed_in.session), 0));
}

async fn a_session_ends_by_itself(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let signed_in = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let cookie = [("cookie", cookie_pair(&signed_in.cookie))];
    assert_ne!(who(app.app(), "hearth", &cookie).await.unwrap().actor, Actor::Anonymous);
    app.advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(who(app.app(), "hearth", &cookie).await.unwrap().actor, Actor::Anonymous);
    sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    app.advance(Duration::from_secs(1));
    sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM session").await, 2, "what has run out is cleared away");
}

async fn another_process_sees_a_revocation_within_five_seconds(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    let signed_in = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap();
    let cookie = [("cookie", cookie_pair(&signed_in.cookie))];
    assert_ne!(who(app.app(), "hearth", &cookie).await.unwrap().actor, Actor::Anonymous);
    // What another process writes does not pass through this one's memory.
    assert_eq!(count(&app, "SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 1);
    let owner = app.database().owner().await;
    sea_orm::ConnectionTrait::execute_unprepared(&owner, "UPDATE session SET revoked_at = 1").await.unwrap();
    let revoked = std::time::Instant::now();
    while who(app.app(), "hearth", &cookie).await.unwrap().actor != Actor::Anonymous {
        assert!(revoked.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

testkit::on_both!(
    a_customer_signs_in_is_known_and_signs_out,
    staff_get_their_permissions_and_a_strict_cookie,
    every_failure_has_one_answer,
    an_unknown_address_costs_what_a_wrong_password_costs,
    a_password_of_a_megabyte_is_refused_before_anything_is_computed,
    a_megabyte_is_no_new_password_either,
    a_session_does_not_begin_with_a_password_that_was_changed_meanwhile,
    a_password_is_stored_anew_once_it_costs_more,
    guessing_is_slowed_down_for_the_guesser,
    registering_answers_the_same_for_a_known_address,
    a_session_opens_only_its_own_tenant,
    the_database_knows_no_secret,
    a_token_opens_the_api_of_its_tenant_until_it_is_revoked,
    sessions_are_listed_and_ended_by_their_owner_only,
    signing_in_again_replaces_the_session_of_the_browser,
    a_known_visitor_costs_no_statement,
    a_session_ends_by_itself,
    another_process_sees_a_revocation_within_five_seconds,
);
