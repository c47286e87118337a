//! What goes by mail: every flow through to the mailbox, and every way in which a link is no good.

use crate::support::{PASSWORD, cookie_pair, count, enrol, events, meanwhile, register, visit_from, who};
use identity::invitation::{self, InvitationInput, NewInvitation};
use identity::roles::RoleKey;
use identity::roles::edit::{self, RoleInput};
use identity::{Visit, people, recovery, roles, sign_in, user};
use mail::mailbox;
use platform::db::count_statements;
use platform::{Access, Actor, Ctx, Error};
use primitives::{Email, ErrorCode, Grant, Locale, Permission, SystemRole};
use sea_orm::{ConnectionTrait, Statement};
use std::time::Duration;
use testkit::{Backend, TestApp};

const ANNA: &str = "anna@x.example";
const NEXT: &str = "another horse battery";

/// The mails to an address, newest first: kind and text.
async fn mails(ctx: &Ctx, to: &str) -> Vec<(String, String)> {
    let all = mailbox::list(ctx).await.unwrap();
    // Whoever signs in here without a cookie has a new device each time; that has a test of its own.
    let all = all.into_iter().filter(|mail| mail.to == to && mail.kind != "new_device");
    all.map(|mail| (mail.kind, mail.text)).collect()
}

async fn kinds(ctx: &Ctx, to: &str) -> Vec<String> {
    mails(ctx, to).await.into_iter().map(|(kind, _)| kind).collect()
}

/// The token in the newest mail of a kind.
async fn token(ctx: &Ctx, to: &str, kind: &str) -> String {
    let mails = mails(ctx, to).await;
    let text =
        &mails.iter().find(|mail| mail.0 == kind).unwrap_or_else(|| panic!("no {kind} in {mails:?}")).1;
    let from = text.split("?token=").nth(1).unwrap_or_else(|| panic!("no token in {text}"));
    from.split_whitespace().next().unwrap().to_owned()
}

/// Whether a result is the one answer to every link that is no good.
fn is_stale<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    let error = result.unwrap_err();
    let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
    (error.code(), error.message(), fields)
        == (ErrorCode::BadUserInput, "token: is not good any more, ask for a new link", vec!["token"])
}

async fn registered(app: &TestApp) -> Ctx {
    register(&app.anonymous(), ANNA, PASSWORD).await.unwrap();
    let me = sign_in(&app.anonymous(), ANNA, PASSWORD, &Visit::local()).await.unwrap().me.user.id;
    app.anonymous().with_actor(Actor::Customer { user: me })
}

async fn staff(app: &TestApp, email: &str, role: &str) -> Ctx {
    people::create(&app.system(), email, "Olga", PASSWORD, role).await.unwrap();
    let visit = Visit::local();
    let pair = sign_in(&app.anonymous(), email, PASSWORD, &visit).await.unwrap().cookie;
    let actor = who(app.app(), "hearth", &[("cookie", cookie_pair(&pair))]).await.unwrap().actor;
    app.anonymous().with_actor(actor)
}

async fn a_new_account_confirms_its_address_once(app: TestApp) {
    let anna = registered(&app).await;
    let verified = async || user::me(&anna).await.unwrap().unwrap().user.email_verified_at;
    assert_eq!(verified().await, None);
    assert_eq!(kinds(&anna, ANNA).await, ["verify_email"]);
    let link = token(&anna, ANNA, "verify_email").await;
    assert_eq!(recovery::verification(&app.anonymous(), &link).await.unwrap(), ANNA);
    assert_eq!(verified().await, None, "looking is not confirming: programs open links in mails too");
    recovery::verify(&app.anonymous(), &link).await.unwrap();
    assert_eq!(verified().await, Some(app.now()));
    assert_eq!(events(&app, "user.verified").await, 1);
    assert!(is_stale(recovery::verify(&app.anonymous(), &link).await));
    recovery::request_verification(&anna, &Visit::local()).await.unwrap();
    assert_eq!(kinds(&anna, ANNA).await.len(), 1, "there is nothing to confirm any more");
    assert_eq!(count(&app, "SELECT count(*) FROM outbox WHERE payload LIKE '%anna@%'").await, 0);
}

async fn a_newer_link_takes_the_place_of_the_older_one(app: TestApp) {
    let anna = registered(&app).await;
    let first = token(&anna, ANNA, "verify_email").await;
    app.advance(Duration::from_secs(1));
    recovery::request_verification(&anna, &Visit::local()).await.unwrap();
    let second = token(&anna, ANNA, "verify_email").await;
    assert_ne!(first, second);
    assert!(is_stale(recovery::verify(&app.anonymous(), &first).await));
    recovery::verify(&app.anonymous(), &second).await.unwrap();
}

async fn registering_a_known_address_tells_its_owner_and_nobody_else(app: TestApp) {
    let ctx = app.anonymous();
    register(&ctx, ANNA, PASSWORD).await.unwrap();
    app.advance(Duration::from_secs(1));
    register(&ctx, ANNA, NEXT).await.unwrap();
    assert_eq!(kinds(&ctx, ANNA).await, ["has_account", "verify_email"]);
    assert!(sign_in(&ctx, ANNA, NEXT, &Visit::local()).await.is_err());
    for _ in 0..4 {
        app.advance(Duration::from_millis(10));
        let _ = register(&ctx, ANNA, NEXT).await;
    }
    assert_eq!(kinds(&ctx, ANNA).await.len(), 3, "nobody fills her mailbox");
    // A stranger's words stand in no letter.
    assert!(mails(&ctx, ANNA).await.iter().all(|(_, text)| !text.contains("Anna")));
}

async fn a_forgotten_password_is_set_anew_and_ends_every_session(app: TestApp) {
    let ctx = app.anonymous();
    registered(&app).await;
    let cookie = sign_in(&ctx, ANNA, PASSWORD, &Visit::local()).await.unwrap().cookie;
    recovery::request_reset(&ctx, " ANNA@x.example", &Visit::local()).await.unwrap();
    let link = token(&ctx, ANNA, "reset_password").await;
    recovery::reset(&ctx, &link).await.unwrap();
    let short = recovery::reset_password(&ctx, &link, "short").await.unwrap_err();
    assert_eq!((short.code(), short.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "password"));
    app.advance(Duration::from_secs(1));
    assert!(!recovery::reset_password(&ctx, &link, NEXT).await.unwrap());
    let gone = who(app.app(), "hearth", &[("cookie", cookie_pair(&cookie))]).await.unwrap();
    assert_eq!(gone.actor, Actor::Anonymous);
    assert!(sign_in(&ctx, ANNA, PASSWORD, &visit_from([10, 0, 0, 1])).await.is_err());
    let me = sign_in(&ctx, ANNA, NEXT, &visit_from([10, 0, 0, 2])).await.unwrap().me;
    assert!(me.user.email_verified_at.is_some(), "whoever had the link reads the mails of the address");
    assert_eq!(kinds(&ctx, ANNA).await[0], "password_changed");
    assert!(is_stale(recovery::reset_password(&ctx, &link, "yet another horse").await));
}

async fn a_link_is_good_once_in_time_for_its_purpose_shop_and_password_only(app: TestApp) {
    let ctx = app.anonymous();
    let anna = registered(&app).await;
    let forgot = async || {
        app.advance(Duration::from_secs(301));
        recovery::request_reset(&ctx, ANNA, &Visit::local()).await.unwrap();
        token(&ctx, ANNA, "reset_password").await
    };
    let unchanged = async || sign_in(&ctx, ANNA, PASSWORD, &visit_from([10, 9, 9, 9])).await.is_ok();
    // Nonsense.
    for text in ["", "x", "AAAA", &"A".repeat(43), &"A".repeat(100_000), "' OR 1=1 --", "\0"] {
        assert!(is_stale(recovery::reset_password(&ctx, text, NEXT).await), "{text:.20}");
    }
    // Other purpose, other shop.
    let link = forgot().await;
    assert!(is_stale(recovery::verify(&ctx, &link).await));
    assert!(is_stale(recovery::confirm_address_change(&ctx, &link).await));
    assert!(is_stale(invitation::accept(&ctx, &link, "", NEXT).await));
    let verify = token(&ctx, ANNA, "verify_email").await;
    assert!(is_stale(recovery::reset_password(&ctx, &verify, NEXT).await));
    assert!(is_stale(recovery::reset_password(&app.other_tenant(), &link, NEXT).await));
    assert!(is_stale(recovery::reset_password(&app.other_system(), &link, NEXT).await));
    assert!(unchanged().await);
    // Too late.
    app.advance(Duration::from_secs(3_600));
    assert!(is_stale(recovery::reset_password(&ctx, &link, NEXT).await));
    // The password was changed meanwhile.
    let link = forgot().await;
    user::change_password(&anna, PASSWORD, NEXT, &Visit::local()).await.unwrap();
    assert!(is_stale(recovery::reset_password(&ctx, &link, "yet another horse").await));
    assert!(is_stale(recovery::verify(&ctx, &verify).await));
    user::change_password(&anna, NEXT, PASSWORD, &Visit::local()).await.unwrap();
    assert!(unchanged().await);
    // The account was closed.
    let link = forgot().await;
    let id = anna.user_id().unwrap();
    user::set_active(&app.system(), id, false).await.unwrap();
    assert!(is_stale(recovery::reset_password(&ctx, &link, NEXT).await));
    user::set_active(&app.system(), id, true).await.unwrap();
    // Many at once: one.
    let links = forgot().await;
    let all = futures::future::join_all((0..4).map(|n| {
        let (ctx, link) = (ctx.clone(), links.clone());
        async move { recovery::reset_password(&ctx, &link, &format!("{NEXT} {n}")).await }
    }));
    let done = all.await;
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1, "{done:?}");
    assert_eq!(events(&app, "user.password_changed").await, 3);
}

async fn an_unknown_address_gets_the_same_answer_for_the_same_work(app: TestApp) {
    let ctx = app.anonymous();
    registered(&app).await;
    people::create(&app.system(), "closed@x.example", "", PASSWORD, "customer").await.unwrap();
    let closed = user::find_by_email(&app.system(), "closed@x.example").await.unwrap();
    user::set_active(&app.system(), closed.id, false).await.unwrap();
    let rows = async || {
        let jobs = count(&app, "SELECT count(*) FROM mail_job").await;
        (jobs, count(&app, "SELECT count(*) FROM mail_queue").await)
    };
    let mut costs = Vec::new();
    for email in [ANNA, "nobody@x.example", "closed@x.example"] {
        let before = rows().await;
        let (result, statements) =
            count_statements(recovery::request_reset(&ctx, email, &Visit::local())).await;
        result.unwrap();
        let after = rows().await;
        costs.push((statements, after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], costs[2]);
    assert_eq!((costs[0].1, costs[0].2), (1, 1));
    assert_eq!(kinds(&ctx, "nobody@x.example").await, [] as [&str; 0]);
    assert_eq!(kinds(&ctx, "closed@x.example").await, [] as [&str; 0]);
    assert_eq!(count(&app, "SELECT count(*) FROM mail_job WHERE recipient LIKE '%nobody%'").await, 0);
    let wrong = recovery::request_reset(&ctx, "no address", &Visit::local()).await.unwrap_err();
    assert_eq!((wrong.code(), wrong.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "email"));
}

async fn asking_again_and_again_is_slowed_down_for_known_and_unknown_alike(app: TestApp) {
    let ctx = app.anonymous();
    registered(&app).await;
    app.advance(Duration::from_secs(1_000));
    let mut answers = Vec::new();
    for email in [ANNA, "nobody@x.example"] {
        let mut codes = Vec::new();
        for n in 0..6 {
            // From everywhere: what counts is whose mailbox it is.
            let visit = visit_from([10, 0, 1, n]);
            codes.push(recovery::request_reset(&ctx, email, &visit).await.err().map(|error| error.code()));
        }
        answers.push(codes);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].iter().filter(|code| code.is_none()).count(), 3);
    assert_eq!(answers[0][5], Some(ErrorCode::RateLimitExceeded));
    app.advance(Duration::from_secs(300));
    recovery::request_reset(&ctx, ANNA, &visit_from([10, 0, 1, 1])).await.unwrap();
}

async fn an_account_moves_to_an_address_that_is_confirmed_and_both_are_told(app: TestApp) {
    let anna = registered(&app).await;
    let ctx = app.anonymous();
    let new = "anna@new.example";
    let (old_link, ask) = (token(&ctx, ANNA, "verify_email").await, async |email: &str, password: &str| {
        recovery::request_address_change(&anna, email, password, &Visit::local()).await
    });
    for (email, password, field) in [
        (new, "wrong horse battery", "password"),
        (ANNA, PASSWORD, "email"),
        ("no address", PASSWORD, "email"),
    ] {
        let error = ask(email, password).await.unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, field));
    }
    assert_eq!(kinds(&ctx, new).await.len(), 0);
    app.advance(Duration::from_secs(1));
    ask(new, PASSWORD).await.unwrap();
    assert_eq!(kinds(&ctx, new).await, ["confirm_address"]);
    let (kind, text) = mails(&ctx, ANNA).await.remove(0);
    assert!(kind == "address_change_asked" && text.contains(new), "{kind}: {text}");
    assert_eq!(user::me(&anna).await.unwrap().unwrap().user.email, ANNA, "not before it is confirmed");
    let link = token(&ctx, new, "confirm_address").await;
    assert_eq!(recovery::address_change(&ctx, &link).await.unwrap(), new);
    app.advance(Duration::from_secs(1));
    recovery::confirm_address_change(&ctx, &link).await.unwrap();
    let me = user::me(&anna).await.unwrap().unwrap().user;
    assert_eq!((me.email.as_str(), me.email_verified_at), (new, Some(app.now())));
    for address in [ANNA, new] {
        assert_eq!(kinds(&ctx, address).await[0], "address_changed", "{address}");
    }
    assert!(is_stale(recovery::confirm_address_change(&ctx, &link).await));
    assert!(is_stale(recovery::verify(&ctx, &old_link).await), "links to the old address end");
    assert!(sign_in(&ctx, ANNA, PASSWORD, &visit_from([10, 0, 0, 3])).await.is_err());
    sign_in(&ctx, new, PASSWORD, &visit_from([10, 0, 0, 4])).await.unwrap();
}

async fn moving_to_a_taken_address_answers_alike_and_tells_its_owner(app: TestApp) {
    let anna = registered(&app).await;
    let ctx = app.anonymous();
    register(&ctx, "bert@x.example", PASSWORD).await.unwrap();
    app.advance(Duration::from_secs(1));
    let visit = Visit::local();
    let ask = |email: &'static str| recovery::request_address_change(&anna, email, PASSWORD, &visit);
    let (taken, one) = count_statements(ask("bert@x.example")).await;
    let (free, two) = count_statements(ask("free@x.example")).await;
    taken.unwrap();
    free.unwrap();
    assert_eq!(one, two);
    assert_eq!(kinds(&ctx, "bert@x.example").await[0], "has_account");
    // Somebody takes the address before the link is used.
    register(&ctx, "free@x.example", PASSWORD).await.unwrap();
    let link = token(&ctx, "free@x.example", "confirm_address").await;
    assert!(is_stale(recovery::confirm_address_change(&ctx, &link).await));
    assert_eq!(user::me(&anna).await.unwrap().unwrap().user.email, ANNA);
}

fn to(email: &str, roles: &[SystemRole]) -> InvitationInput {
    InvitationInput {
        email: email.to_owned(),
        name: String::new(),
        locale: None,
        roles: roles.iter().map(|role| (*role).into()).collect(),
    }
}

async fn an_invited_person_sets_name_and_password_and_works_here(app: TestApp) {
    let olga = staff(&app, "olga@x.example", "owner").await;
    let ctx = app.anonymous();
    let visit = Visit::local();
    let sent =
        invitation::invite_staff(&olga, to("Ed@x.example", &[SystemRole::Editor]), &visit).await.unwrap();
    assert_eq!((sent.email.as_str(), sent.invited_by.as_deref()), ("ed@x.example", Some("Olga")));
    let (_, text) = mails(&ctx, "ed@x.example").await.remove(0);
    assert!(text.contains("Olga invites you") && text.contains("/admin/invitation?token="), "{text}");
    let link = token(&ctx, "ed@x.example", "invitation").await;
    let found = invitation::find(&ctx, &link).await.unwrap();
    assert_eq!(
        (found.email.as_str(), found.roles.as_slice()),
        ("ed@x.example", ["editor".to_owned()].as_slice())
    );
    let wrong = invitation::accept(&ctx, &link, "a\nb", "short").await.unwrap_err();
    let fields: Vec<&str> = wrong.fields().iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["name", "password"]);
    invitation::accept(&ctx, &link, "Ed", NEXT).await.unwrap();
    let me = sign_in(&ctx, "ed@x.example", NEXT, &visit).await.unwrap().me;
    assert_eq!((me.user.name.as_str(), me.is_staff()), ("Ed", true));
    assert_eq!(me.user.roles, [SystemRole::Editor]);
    assert!(me.user.email_verified_at.is_some());
    assert!(is_stale(invitation::accept(&ctx, &link, "Ed", NEXT).await));
    let listed = invitation::list(&olga).await.unwrap();
    assert_eq!((listed.len(), listed[0].accepted_at.is_some()), (1, true));
    let again = invitation::invite_staff(&olga, to("ed@x.example", &[SystemRole::Editor]), &visit).await;
    assert_eq!(again.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(events(&app, "user.invited").await, 1);
}

async fn nobody_gives_what_they_do_not_hold(app: TestApp) {
    let visit = Visit::local();
    let admin = staff(&app, "admin@x.example", "admin").await;
    let ask = async |ctx: &Ctx, role: SystemRole| {
        let email = format!("{}@y.example", role.as_str().replace('_', "-"));
        invitation::invite_staff(ctx, to(&email, &[role]), &visit).await.map_err(|error| error.code())
    };
    // An admin is everything but who gives roles, by an invitation as little as directly.
    for role in SystemRole::ALL.into_iter().filter(|role| role.is_staff()) {
        assert_eq!(ask(&admin, role).await.unwrap_err(), ErrorCode::Forbidden, "{role:?}");
    }
    ask(&admin, SystemRole::Customer).await.unwrap();
    let editor = staff(&app, "editor@x.example", "editor").await;
    assert_eq!(ask(&editor, SystemRole::Editor).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(ask(&app.customer(), SystemRole::Editor).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(ask(&app.anonymous(), SystemRole::Editor).await.unwrap_err(), ErrorCode::Unauthenticated);
    let owner = staff(&app, "owner@x.example", "owner").await;
    assert_eq!(ask(&owner, SystemRole::SuperAdmin).await.unwrap_err(), ErrorCode::Forbidden);
    for role in SystemRole::ALL.into_iter().filter(|role| !matches!(role, SystemRole::SuperAdmin)) {
        ask(&owner, role).await.unwrap();
    }
    // Nor does an admin take back or replace what an admin cannot give.
    let open = invitation::list(&owner).await.unwrap();
    let of_owner = open.iter().find(|row| row.email == "owner@y.example").unwrap();
    let replaced =
        invitation::invite_staff(&admin, to("owner@y.example", &[SystemRole::Customer]), &visit).await;
    for refused in [replaced, invitation::revoke(&admin, of_owner.id).await] {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    }
    invitation::find(&app.anonymous(), &token(&app.anonymous(), "owner@y.example", "invitation").await)
        .await
        .unwrap();
    // Who invited holds less by the time that the link is used: not what it gives, or not to give roles.
    people::create(&app.system(), "second@x.example", "", PASSWORD, "owner").await.unwrap();
    let link = token(&app.anonymous(), "manager@y.example", "invitation").await;
    invitation::find(&app.anonymous(), &link).await.unwrap();
    let id = owner.user_id().unwrap();
    for role in [SystemRole::Editor, SystemRole::Admin] {
        roles::assign(&app.system(), id, vec![role.into()]).await.unwrap();
        assert!(is_stale(invitation::accept(&app.anonymous(), &link, "", NEXT).await), "{role:?}");
    }
    roles::assign(&app.system(), id, vec![SystemRole::Owner.into()]).await.unwrap();
    invitation::find(&app.anonymous(), &link).await.unwrap();
    user::set_active(&app.system(), id, false).await.unwrap();
    assert!(is_stale(invitation::accept(&app.anonymous(), &link, "", NEXT).await));
    assert_eq!(count(&app, "SELECT count(*) FROM user_account WHERE email LIKE '%@y.example'").await, 0);
}

async fn an_invitation_gives_roles_of_the_shops_own(app: TestApp) {
    let (olga, visit) = (staff(&app, "olga@x.example", "owner").await, Visit::local());
    let new = async |name: &str| {
        let input = RoleInput {
            name: name.to_owned(),
            description: String::new(),
            permissions: vec![Grant::all(Permission::ORDERS_LIST)],
        };
        edit::create(&olga, input).await.unwrap().key
    };
    let (packer, gone) = (new("Packer").await, new("Gone").await);
    let ask = |email: &str, roles: Vec<RoleKey>| InvitationInput { roles, ..to(email, &[]) };
    let all = ask("ed@x.example", vec![gone, packer, SystemRole::Customer.into()]);
    let sent = invitation::invite_staff(&olga, all, &visit).await.unwrap();
    assert_eq!(sent.roles, ["customer", "Gone", "Packer"]);
    let (_, text) = mails(&app.anonymous(), "ed@x.example").await.remove(0);
    assert!(text.contains("Packer") && text.contains("/admin/invitation?token="), "{text}");
    invitation::invite_staff(&olga, ask("bo@x.example", vec![gone]), &visit).await.unwrap();

    let RoleKey::Custom(id) = gone else { panic!("{gone} is every shop's") };
    edit::delete(&olga, id, None).await.unwrap();
    let open = invitation::list(&olga).await.unwrap();
    let shown: Vec<_> = open.iter().map(|row| (row.email.as_str(), row.roles.join(", "))).collect();
    assert_eq!(shown, [("bo@x.example", String::new()), ("ed@x.example", "customer, Packer".to_owned())]);
    let empty = token(&app.anonymous(), "bo@x.example", "invitation").await;
    assert!(is_stale(invitation::accept(&app.anonymous(), &empty, "", NEXT).await));
    let unknown = invitation::invite_staff(&olga, ask("bo@x.example", vec![gone]), &visit).await;
    assert_eq!(unknown.unwrap_err().code(), ErrorCode::NotFound);
    let none = invitation::invite_staff(&olga, ask("bo@x.example", Vec::new()), &visit).await;
    assert_eq!(none.unwrap_err().fields()[0].field, "roles");

    let link = token(&app.anonymous(), "ed@x.example", "invitation").await;
    let accepted = invitation::accept(&app.anonymous(), &link, "Ed", NEXT).await.unwrap();
    assert_eq!(accepted.roles, ["customer", "Packer"]);
    let me = sign_in(&app.anonymous(), "ed@x.example", NEXT, &visit).await.unwrap().me;
    assert_eq!(me.permissions.iter().map(ToString::to_string).collect::<Vec<_>>(), ["orders:list"]);
}

async fn an_invitation_is_sent_again_taken_back_and_runs_out(app: TestApp) {
    let olga = staff(&app, "olga@x.example", "owner").await;
    let (ctx, visit) = (app.anonymous(), Visit::local());
    let ed = "ed@x.example";
    let sent = invitation::invite_staff(&olga, to(ed, &[SystemRole::Editor]), &visit).await.unwrap();
    let first = token(&ctx, ed, "invitation").await;
    app.advance(Duration::from_secs(1));
    let again = invitation::resend(&olga, sent.id, &visit).await.unwrap();
    assert!(sent.expires_at < again.expires_at && again.id == sent.id);
    let second = token(&ctx, ed, "invitation").await;
    assert!(is_stale(invitation::accept(&ctx, &first, "", NEXT).await));
    invitation::find(&ctx, &second).await.unwrap();
    let taken_back = invitation::revoke(&olga, sent.id).await.unwrap();
    assert_eq!(taken_back.revoked_at, Some(app.now()));
    assert!(is_stale(invitation::accept(&ctx, &second, "", NEXT).await));
    for result in [invitation::resend(&olga, sent.id, &visit).await, invitation::revoke(&olga, sent.id).await]
    {
        assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict);
    }
    let foreign = invitation::revoke(&app.other_tenant(), sent.id).await.unwrap_err();
    assert_eq!(foreign.code(), ErrorCode::NotFound);
    app.advance(Duration::from_secs(1));
    let new = invitation::invite_staff(&olga, to(ed, &[SystemRole::Support]), &visit).await.unwrap();
    let third = token(&ctx, ed, "invitation").await;
    app.advance(Duration::from_secs(7 * 24 * 3600));
    assert!(is_stale(invitation::accept(&ctx, &third, "", NEXT).await));
    invitation::resend(&olga, new.id, &visit).await.unwrap();
    invitation::accept(&ctx, &token(&ctx, ed, "invitation").await, "", NEXT).await.unwrap();
}

async fn an_invited_customer_keeps_the_account_and_whoever_opened_it_leaves(app: TestApp) {
    let olga = staff(&app, "olga@x.example", "owner").await;
    let anna = registered(&app).await;
    let (ctx, visit) = (app.anonymous(), Visit::local());
    let before = sign_in(&ctx, ANNA, PASSWORD, &visit).await.unwrap();
    invitation::invite_staff(&olga, to(ANNA, &[SystemRole::Support]), &visit).await.unwrap();
    let link = token(&ctx, ANNA, "invitation").await;
    invitation::accept(&ctx, &link, "Anna of the shop", NEXT).await.unwrap();
    let gone = who(app.app(), "hearth", &[("cookie", cookie_pair(&before.cookie))]).await.unwrap();
    assert_eq!(gone.actor, Actor::Anonymous);
    assert!(sign_in(&ctx, ANNA, PASSWORD, &visit_from([10, 0, 0, 5])).await.is_err());
    let me = sign_in(&ctx, ANNA, NEXT, &visit_from([10, 0, 0, 6])).await.unwrap().me.user;
    assert_eq!(Some(me.id), anna.user_id());
    assert_eq!(
        (me.name.as_str(), me.roles),
        ("Anna of the shop", vec![SystemRole::Support, SystemRole::Customer])
    );
}

async fn an_invitation_that_is_taken_back_meanwhile_opens_nothing(app: TestApp) {
    let olga = staff(&app, "olga@x.example", "owner").await;
    let (ctx, visit) = (app.anonymous(), Visit::local());
    invitation::invite_staff(&olga, to("ed@x.example", &[SystemRole::Editor]), &visit).await.unwrap();
    let link = token(&ctx, "ed@x.example", "invitation").await;
    let accept = invitation::accept(&ctx, &link, "Ed", NEXT);
    assert!(is_stale(meanwhile(&app, "UPDATE invitation SET revoked_at = created_at", accept).await));
    assert_eq!(count(&app, "SELECT count(*) FROM user_account").await, 1);
    assert_eq!(count(&app, "SELECT count(*) FROM invitation WHERE accepted_at IS NOT NULL").await, 0);
}

async fn of_two_links_at_once_one_is_good(app: TestApp) {
    let ctx = app.anonymous();
    registered(&app).await;
    // Somebody else asks for the same at the same time: that link is the one to confirm the address, made over.
    let others = "UPDATE user_account SET updated_at = updated_at + 1; \
         UPDATE one_time_token SET purpose = 'reset_password'";
    meanwhile(&app, others, recovery::request_reset(&ctx, ANNA, &Visit::local())).await.unwrap();
    assert_eq!(count(&app, "SELECT count(*) FROM one_time_token").await, 1);
    recovery::reset(&ctx, &token(&ctx, ANNA, "reset_password").await).await.unwrap();
}

async fn whoever_opened_an_account_for_a_strangers_address_leaves_no_second_step(app: TestApp) {
    let ctx = app.anonymous();
    let steps = "SELECT count(*) FROM two_step";
    // The owner of the address sets a new password.
    enrol(&app, &registered(&app).await, PASSWORD).await;
    recovery::request_reset(&ctx, ANNA, &Visit::local()).await.unwrap();
    let link = token(&ctx, ANNA, "reset_password").await;
    recovery::reset_password(&ctx, &link, NEXT).await.unwrap();
    let me = sign_in(&ctx, ANNA, NEXT, &Visit::local()).await.unwrap().me.user.id;
    assert_eq!(count(&app, steps).await, 0);
    // Now it is hers, and the next one stays.
    app.advance(Duration::from_secs(301));
    enrol(&app, &ctx.with_actor(Actor::Customer { user: me }), NEXT).await;
    recovery::request_reset(&ctx, ANNA, &Visit::local()).await.unwrap();
    let link = token(&ctx, ANNA, "reset_password").await;
    recovery::reset_password(&ctx, &link, PASSWORD).await.unwrap();
    assert_eq!(count(&app, steps).await, 1);
    // So does that of somebody who works here, whom nobody has asked to confirm an address.
    people::create(&app.system(), "olga@x.example", "Olga", PASSWORD, "owner").await.unwrap();
    let id = user::find_by_email(&app.system(), "olga@x.example").await.unwrap().id;
    enrol(&app, &ctx.with_actor(Actor::Customer { user: id }), PASSWORD).await;
    recovery::request_reset(&ctx, "olga@x.example", &Visit::local()).await.unwrap();
    let link = token(&ctx, "olga@x.example", "reset_password").await;
    recovery::reset_password(&ctx, &link, NEXT).await.unwrap();
    assert_eq!(count(&app, steps).await, 2);
    // An invitation proves the address as well.
    let olga = app.system();
    register(&ctx, "bert@x.example", PASSWORD).await.unwrap();
    let bert = user::find_by_email(&olga, "bert@x.example").await.unwrap().id;
    enrol(&app, &ctx.with_actor(Actor::Customer { user: bert }), PASSWORD).await;
    invitation::invite_staff(&olga, to("bert@x.example", &[SystemRole::Support]), &Visit::local())
        .await
        .unwrap();
    let link = token(&ctx, "bert@x.example", "invitation").await;
    invitation::accept(&ctx, &link, "Bert", NEXT).await.unwrap();
    assert_eq!(count(&app, steps).await, 2);
    sign_in(&ctx, "bert@x.example", NEXT, &Visit::local()).await.unwrap();
}

async fn a_changed_password_ends_the_links_of_invitations(app: TestApp) {
    let olga = staff(&app, "olga@x.example", "owner").await;
    let (ctx, visit) = (app.anonymous(), Visit::local());
    let anna = registered(&app).await;
    let sent = invitation::invite_staff(&olga, to(ANNA, &[SystemRole::Support]), &visit).await.unwrap();
    let link = token(&ctx, ANNA, "invitation").await;
    // As long as nobody knows whose the address is, whoever opened the account ends nothing.
    user::change_password(&anna, PASSWORD, NEXT, &visit).await.unwrap();
    invitation::find(&ctx, &link).await.unwrap();
    recovery::request_verification(&anna, &visit).await.unwrap();
    recovery::verify(&ctx, &token(&ctx, ANNA, "verify_email").await).await.unwrap();
    user::change_password(&anna, NEXT, PASSWORD, &visit).await.unwrap();
    assert!(is_stale(invitation::accept(&ctx, &link, "", NEXT).await));
    app.advance(Duration::from_secs(301));
    invitation::resend(&olga, sent.id, &visit).await.unwrap();
    invitation::accept(&ctx, &token(&ctx, ANNA, "invitation").await, "", NEXT).await.unwrap();
}

async fn a_new_shop_invites_its_owner_in_its_own_transaction(app: TestApp) {
    let system = app.system();
    let new = NewInvitation {
        email: Email::parse("boss@x.example").unwrap(),
        name: "Bo".to_owned(),
        locale: Locale::parse("de").unwrap(),
        roles: vec![SystemRole::Owner.into()],
    };
    let invited =
        system.write(Access::System, async |tx| invitation::invite(tx, new.clone()).await).await.unwrap();
    assert_eq!((invited.name.as_str(), invited.invited_by), ("Bo", None));
    let (_, text) = mails(&app.anonymous(), "boss@x.example").await.remove(0);
    assert!(text.contains("Sie sind eingeladen, für Hearth & Home zu arbeiten."), "{text}");
    let link = token(&app.anonymous(), "boss@x.example", "invitation").await;
    invitation::accept(&app.anonymous(), &link, "Bo", NEXT).await.unwrap();
    let me = sign_in(&app.anonymous(), "boss@x.example", NEXT, &Visit::local()).await.unwrap().me;
    assert_eq!(me.user.roles, [SystemRole::Owner]);
}

#[tokio::test]
async fn a_sign_in_from_a_new_device_is_told_to_the_owner_and_never_kept_from_her() {
    let app = TestApp::configured(Backend::Sqlite, |config| config.mail.queue = 3).await;
    let ctx = app.anonymous();
    registered(&app).await;
    let visit =
        Visit { user_agent: "Mozilla/5.0 (X11; Linux) https://evil.example".to_owned(), ..Visit::local() };
    for _ in 0..4 {
        sign_in(&ctx, ANNA, PASSWORD, &visit).await.unwrap();
    }
    let told: Vec<_> = mailbox::list(&ctx).await.unwrap();
    let told: Vec<_> = told.iter().filter(|mail| mail.kind == "new_device").collect();
    assert_eq!(told.len(), 2, "the queue holds three");
    assert!(told[0].text.contains("Mozilla5.0 (X11; Linux) httpsevil.example"), "{}", told[0].text);
    assert!(told[0].text.contains("/forgot-password"), "{}", told[0].text);
    assert_eq!(count(&app, "SELECT count(*) FROM mail_queue").await, 3);
}

async fn tokens_are_stored_as_hashes_and_old_rows_are_cleared_away(app: TestApp) {
    let olga = staff(&app, "olga@x.example", "owner").await;
    registered(&app).await;
    let ctx = app.anonymous();
    recovery::request_reset(&ctx, ANNA, &Visit::local()).await.unwrap();
    invitation::invite_staff(&olga, to("ed@x.example", &[SystemRole::Editor]), &Visit::local())
        .await
        .unwrap();
    let link = token(&ctx, ANNA, "reset_password").await;
    let owner = app.database().owner().await;
    let statement =
        Statement::from_string(owner.get_database_backend(), "SELECT token_hash FROM one_time_token");
    for row in owner.query_all_raw(statement).await.unwrap() {
        let hash: Vec<u8> = row.try_get_by_index(0).unwrap();
        assert_eq!(hash.len(), 32);
        assert!(!String::from_utf8_lossy(&hash).contains(&link));
    }
    app.advance(Duration::from_secs(200 * 24 * 3600));
    identity::sweep(app.app()).await.unwrap();
    for table in ["one_time_token", "invitation"] {
        assert_eq!(count(&app, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

testkit::on_both!(
    a_new_account_confirms_its_address_once,
    a_newer_link_takes_the_place_of_the_older_one,
    registering_a_known_address_tells_its_owner_and_nobody_else,
    a_forgotten_password_is_set_anew_and_ends_every_session,
    a_link_is_good_once_in_time_for_its_purpose_shop_and_password_only,
    an_unknown_address_gets_the_same_answer_for_the_same_work,
    asking_again_and_again_is_slowed_down_for_known_and_unknown_alike,
    an_account_moves_to_an_address_that_is_confirmed_and_both_are_told,
    moving_to_a_taken_address_answers_alike_and_tells_its_owner,
    an_invited_person_sets_name_and_password_and_works_here,
    nobody_gives_what_they_do_not_hold,
    an_invitation_gives_roles_of_the_shops_own,
    an_invitation_is_sent_again_taken_back_and_runs_out,
    an_invited_customer_keeps_the_account_and_whoever_opened_it_leaves,
    an_invitation_that_is_taken_back_meanwhile_opens_nothing,
    of_two_links_at_once_one_is_good,
    whoever_opened_an_account_for_a_strangers_address_leaves_no_second_step,
    a_changed_password_ends_the_links_of_invitations,
    a_new_shop_invites_its_owner_in_its_own_transaction,
    tokens_are_stored_as_hashes_and_old_rows_are_cleared_away,
);
