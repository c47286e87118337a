//! Sessions of other people, and all of one's own at once.

use crate::support::{PASSWORD, cookie_pair, count, events, who};
use identity::security::{refresh, sessions, two_step};
use identity::{Credentials, SignedIn, Visit, people, sign_in, signin};
use platform::{Actor, Ctx};
use primitives::{ErrorCode, Permission, SessionId, SystemRole, UserId};
use testkit::TestApp;

async fn person(app: &TestApp, name: &str, role: &str) -> UserId {
    people::create(&app.system(), &format!("{name}@x.example"), name, PASSWORD, role).await.unwrap().id
}

async fn enter(app: &TestApp, name: &str) -> SignedIn {
    sign_in(&app.anonymous(), &format!("{name}@x.example"), PASSWORD, &Visit::local()).await.unwrap()
}

async fn is_in(app: &TestApp, signed_in: &SignedIn) -> bool {
    let cookie = [("cookie", cookie_pair(&signed_in.cookie))];
    who(app.app(), "hearth", &cookie).await.unwrap().actor != Actor::Anonymous
}

async fn staff_see_and_end_the_sessions_of_a_person(app: TestApp) {
    let anna = person(&app, "anna", "customer").await;
    let (phone, desk) = (enter(&app, "anna").await, enter(&app, "anna").await);
    let staff = app.staff(&[Permission::USERS_UPDATE]);
    let listed = sessions::list_of(&staff, anna, &Visit::local()).await.unwrap();
    let mut ids: Vec<_> = listed.iter().map(|session| session.id).collect();
    ids.sort();
    let mut open = vec![phone.session, desk.session];
    open.sort();
    assert_eq!(ids, open);
    sessions::revoke_of(&staff, anna, phone.session).await.unwrap();
    assert!(!is_in(&app, &phone).await && is_in(&app, &desk).await);
    let again = sessions::revoke_of(&staff, anna, phone.session).await.unwrap_err();
    assert_eq!(again.code(), ErrorCode::NotFound);
    // A session of somebody else is none of this person's.
    let bert = person(&app, "bert", "customer").await;
    let error = sessions::revoke_of(&staff, bert, desk.session).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::NotFound, "session not found"));
    assert!(is_in(&app, &desk).await);
    assert_eq!(sessions::revoke_all_of(&staff, anna).await.unwrap(), 1);
    assert!(!is_in(&app, &desk).await);
    assert_eq!(sessions::revoke_all_of(&staff, anna).await.unwrap(), 0);
}

async fn only_who_manages_roles_reaches_the_sessions_of_staff(app: TestApp) {
    let owner = person(&app, "owner", "owner").await;
    let signed_in = enter(&app, "owner").await;
    let all = async |ctx: &Ctx| {
        [
            sessions::list_of(ctx, owner, &Visit::local()).await.err().map(|error| error.code()),
            sessions::revoke_of(ctx, owner, signed_in.session).await.err().map(|error| error.code()),
            sessions::revoke_all_of(ctx, owner).await.err().map(|error| error.code()),
            two_step::reset(ctx, owner).await.err().map(|error| error.code()),
        ]
    };
    assert_eq!(all(&app.staff(&[Permission::USERS_UPDATE])).await, [Some(ErrorCode::Forbidden); 4]);
    assert_eq!(
        all(&app.staff(&[Permission::USERS_READ, Permission::ROLES_MANAGE])).await,
        [Some(ErrorCode::Forbidden); 4]
    );
    assert_eq!(all(&app.customer()).await, [Some(ErrorCode::Forbidden); 4]);
    assert_eq!(all(&app.anonymous()).await, [Some(ErrorCode::Unauthenticated); 4]);
    assert_eq!(all(&app.other_tenant()).await, [Some(ErrorCode::NotFound); 4]);
    assert!(is_in(&app, &signed_in).await);
    // Managing roles is not enough: it takes all that the other one holds.
    assert_eq!(
        all(&app.staff(&[Permission::USERS_UPDATE, Permission::ROLES_MANAGE])).await,
        [Some(ErrorCode::Forbidden); 4]
    );
    let permissions = SystemRole::Owner.permissions();
    let mighty = app.system().with_actor(Actor::Staff { user: UserId::new(), permissions });
    assert_eq!(sessions::list_of(&mighty, owner, &Visit::local()).await.unwrap().len(), 1);
    sessions::revoke_of(&mighty, owner, signed_in.session).await.unwrap();
    assert!(!is_in(&app, &signed_in).await);
    for id in [UserId::new(), person_of_other(&app).await] {
        assert_eq!(sessions::revoke_all_of(&mighty, id).await.unwrap_err().code(), ErrorCode::NotFound);
        let error = sessions::revoke_of(&mighty, id, SessionId::new()).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (ErrorCode::NotFound, "user not found"));
    }
}

async fn person_of_other(app: &TestApp) -> UserId {
    people::create(&app.other_system(), "f@x.example", "", PASSWORD, "customer").await.unwrap().id
}

async fn signing_out_everywhere_ends_everything_of_mine_and_nothing_else(app: TestApp) {
    let anna = person(&app, "anna", "customer").await;
    person(&app, "bert", "customer").await;
    let (phone, desk, bert) =
        (enter(&app, "anna").await, enter(&app, "anna").await, enter(&app, "bert").await);
    let shown = Credentials { email: "anna@x.example".into(), password: PASSWORD.into(), code: None };
    let program = signin::token(&app.anonymous(), &shown, &Visit::local()).await.unwrap();
    let itself = app.anonymous().with_actor(Actor::Customer { user: anna });
    let here = Visit { session: Some(desk.session), ..Visit::local() };
    let (ended, cookie) = sessions::sign_out_everywhere(&itself, true, &here).await.unwrap();
    assert_eq!((ended, cookie), (2, None));
    assert!(!is_in(&app, &phone).await && is_in(&app, &desk).await && is_in(&app, &bert).await);
    assert!(refresh::refresh(&app.anonymous(), &program.refresh_token).await.is_err());
    let (ended, cookie) = sessions::sign_out_everywhere(&itself, false, &here).await.unwrap();
    assert_eq!(ended, 1);
    assert_eq!(cookie.as_deref(), Some("rustok_session_hearth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    assert!(!is_in(&app, &desk).await && is_in(&app, &bert).await);
    assert_eq!(count(&app, "SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 1);
    let nobody = sessions::sign_out_everywhere(&app.anonymous(), false, &here).await.unwrap_err();
    assert_eq!(nobody.code(), ErrorCode::Unauthenticated);
    assert_eq!(events(&app, "user.logged_in").await, 4);
}

testkit::on_both!(
    staff_see_and_end_the_sessions_of_a_person,
    only_who_manages_roles_reaches_the_sessions_of_staff,
    signing_out_everywhere_ends_everything_of_mine_and_nothing_else,
);
