use crate::support::{PASSWORD, cookie_pair, count, events, meanwhile, who};
use identity::roles::{self, RoleKey};
use identity::user::{self, NewUser, ProfileChange, UserFilter};
use identity::view::UserView;
use identity::{Visit, people, sign_in};
use platform::db::count_statements;
use platform::{Actor, Ctx};
use primitives::{ErrorCode, PageArgs, Permission, SystemRole, UserId};
use testkit::TestApp;

async fn person(ctx: &Ctx, name: &str, role: &str) -> UserId {
    people::create(ctx, &format!("{name}@x.example"), name, PASSWORD, role).await.unwrap().id
}

/// The person as signed in, with the permissions that the roles give.
async fn acting(app: &TestApp, name: &str) -> Ctx {
    let signed_in =
        sign_in(&app.anonymous(), &format!("{name}@x.example"), PASSWORD, &Visit::local()).await.unwrap();
    let known = who(app.app(), "hearth", &[("cookie", cookie_pair(&signed_in.cookie))]).await.unwrap();
    app.system().with_actor(known.actor)
}

async fn assign(ctx: &Ctx, id: UserId, to: Vec<SystemRole>) -> platform::Result<UserView> {
    roles::assign(ctx, id, to.into_iter().map(RoleKey::from).collect()).await
}

async fn roles_are_given_by_owners_only(app: TestApp) {
    for role in ["owner", "admin", "manager", "customer"] {
        person(&app.system(), role, role).await;
    }
    let (owner, admin) = (acting(&app, "owner").await, acting(&app, "admin").await);
    let new = |email: &str, roles: &[SystemRole]| NewUser {
        email: email.into(),
        password: PASSWORD.into(),
        name: String::new(),
        locale: None,
        roles: roles.iter().copied().map(Into::into).collect(),
    };
    let made = user::create(&admin, new("a@x.example", &[SystemRole::Customer])).await.unwrap();
    assert_eq!(made.roles, [SystemRole::Customer]);
    for (ctx, roles) in [
        (&admin, [SystemRole::Editor]),
        (&admin, [SystemRole::Owner]),
        (&owner, [SystemRole::SuperAdmin]),
        (&acting(&app, "manager").await, [SystemRole::Customer]),
        (&acting(&app, "customer").await, [SystemRole::Customer]),
    ] {
        let error = user::create(ctx, new("b@x.example", &roles)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Forbidden, "{roles:?}");
        let error = assign(ctx, made.id, roles.to_vec()).await.map(|user| user.roles);
        assert_eq!(error.unwrap_err().code(), ErrorCode::Forbidden, "{roles:?}");
    }
    let both = [SystemRole::Support, SystemRole::Editor, SystemRole::Support];
    let changed = assign(&owner, made.id, both.to_vec()).await.unwrap();
    assert_eq!(changed.roles, [SystemRole::Editor, SystemRole::Support]);
    assert_eq!(user::get(&owner, made.id).await.unwrap(), changed);
    assign(&owner, made.id, changed.roles.clone()).await.unwrap();
    assert_eq!(events(&app, "user.role_changed").await, 1);
    let taken = user::create(&owner, new("A@x.example", &[])).await.unwrap_err();
    assert_eq!((taken.code(), taken.fields()[0].field.as_str()), (ErrorCode::Conflict, "email"));
}

async fn a_shop_keeps_an_owner(app: TestApp) {
    let first = person(&app.system(), "first", "owner").await;
    let owner = acting(&app, "first").await;
    let error = assign(&owner, first, vec![SystemRole::Editor]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    assert_eq!(user::set_active(&app.system(), first, false).await.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(user::set_active(&owner, first, false).await.unwrap_err().code(), ErrorCode::Forbidden);
    assert_eq!(user::get(&owner, first).await.unwrap().roles, [SystemRole::Owner]);
    let second = person(&app.system(), "second", "owner").await;
    user::set_active(&owner, second, false).await.unwrap();
    let error = assign(&owner, first, vec![SystemRole::Editor]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict, "a closed account owns nothing");
    user::set_active(&owner, second, true).await.unwrap();
    assign(&owner, first, vec![SystemRole::Editor]).await.unwrap();
}

async fn two_owners_who_step_down_at_once_leave_one(app: TestApp) {
    for round in 0..8 {
        let one = person(&app.system(), &format!("one{round}"), "owner").await;
        let two = person(&app.system(), &format!("two{round}"), "owner").await;
        let ctx = app.system();
        let step_down = |id| assign(&ctx, id, vec![SystemRole::Customer]);
        let (first, second) = tokio::join!(step_down(one), step_down(two));
        let refused: Vec<_> =
            [&first, &second].into_iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(
            refused.iter().map(|error| error.code()).collect::<Vec<_>>(),
            [ErrorCode::Conflict],
            "{round}"
        );
        // The next round begins without an owner.
        let left = if first.is_err() { one } else { two };
        let owner = app.database().owner().await;
        let gone = "DELETE FROM user_role WHERE role = 'owner'";
        sea_orm::ConnectionTrait::execute_unprepared(&owner, gone).await.unwrap();
        assert_eq!(user::get(&ctx, left).await.unwrap().roles, []);
    }
}

async fn nobody_closes_the_account_of_whoever_becomes_mightier_meanwhile(app: TestApp) {
    let mia = person(&app.system(), "mia", "customer").await;
    let clerk = app.staff(&[Permission::USERS_UPDATE]);
    let others = "UPDATE user_account SET updated_at = updated_at + 1; UPDATE user_role SET role = 'owner'";
    let closed = meanwhile(&app, others, user::set_active(&clerk, mia, false)).await;
    assert_eq!(closed.unwrap_err().code(), ErrorCode::Forbidden);
    assert_eq!(count(&app, "SELECT count(*) FROM user_account WHERE status = 'active'").await, 1);
}

async fn changed_roles_and_closed_accounts_count_at_once(app: TestApp) {
    let id = person(&app.system(), "mia", "manager").await;
    let signed_in = sign_in(&app.anonymous(), "mia@x.example", PASSWORD, &Visit::local()).await.unwrap();
    let cookie = [("cookie", cookie_pair(&signed_in.cookie))];
    let actor = async || who(app.app(), "hearth", &cookie).await.unwrap().actor;
    assert!(matches!(actor().await, Actor::Staff { .. }));
    assign(&app.system(), id, vec![SystemRole::Customer]).await.unwrap();
    assert_eq!(actor().await, Actor::Customer { user: id });
    user::set_active(&app.system(), id, false).await.unwrap();
    assert_eq!(actor().await, Actor::Anonymous);
    user::set_active(&app.system(), id, true).await.unwrap();
    assert_eq!(actor().await, Actor::Anonymous, "the sessions of a closed account stay ended");
}

async fn a_changed_password_ends_all_other_sessions(app: TestApp) {
    let id = person(&app.system(), "mia", "customer").await;
    let phone = sign_in(&app.anonymous(), "mia@x.example", PASSWORD, &Visit::local()).await.unwrap();
    let here = sign_in(&app.anonymous(), "mia@x.example", PASSWORD, &Visit::local()).await.unwrap();
    let visit = Visit { session: Some(here.session), ..Visit::local() };
    let mia = app.anonymous().with_actor(Actor::Customer { user: id });
    for (current, new, field) in [
        ("wrong horse battery", "a new password", "current"),
        (PASSWORD, "short", "new"),
        (PASSWORD, PASSWORD, "new"),
    ] {
        let error = user::change_password(&mia, current, new, &visit).await.unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, field));
    }
    user::change_password(&mia, PASSWORD, "a new password", &visit).await.unwrap();
    let actor = async |cookie: &str| {
        who(app.app(), "hearth", &[("cookie", cookie_pair(cookie))]).await.unwrap().actor
    };
    assert_eq!(actor(&phone.cookie).await, Actor::Anonymous);
    assert_eq!(actor(&here.cookie).await, Actor::Customer { user: id });
    assert!(sign_in(&app.anonymous(), "mia@x.example", PASSWORD, &Visit::local()).await.is_err());
    sign_in(&app.anonymous(), "mia@x.example", "a new password", &Visit::local()).await.unwrap();
    people::set_password(&app.system(), "mia@x.example", "from the command line").await.unwrap();
    assert_eq!(actor(&here.cookie).await, Actor::Anonymous);
    assert_eq!(events(&app, "user.password_changed").await, 2);
    let error = user::set_password(&mia, id, "a third password").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
}

async fn a_profile_belongs_to_its_person(app: TestApp) {
    let id = person(&app.system(), "mia", "customer").await;
    let mia = app.anonymous().with_actor(Actor::Customer { user: id });
    let change = ProfileChange {
        name: Some(" <b>Mia'); DROP TABLE user_account;-- ".into()),
        locale: Some("de_at".into()),
    };
    let changed = user::update_profile(&mia, change).await.unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.locale.as_str()),
        ("<b>Mia'); DROP TABLE user_account;--", "de-AT")
    );
    assert_eq!(user::me(&mia).await.unwrap().unwrap().user, changed);
    let wrong = ProfileChange { name: Some("a\nb".into()), locale: Some("x".into()) };
    assert_eq!(user::update_profile(&mia, wrong).await.unwrap_err().fields().len(), 2);
    user::update_profile(&mia, ProfileChange::default()).await.unwrap();
    assert_eq!(events(&app, "user.updated").await, 1);
    assert_eq!(user::me(&app.anonymous()).await.unwrap(), None);
    let nobody = user::update_profile(&app.anonymous(), ProfileChange::default()).await.unwrap_err();
    assert_eq!(nobody.code(), ErrorCode::Unauthenticated);
}

async fn lists_people_page_by_page_in_few_statements(app: TestApp) {
    for n in 0..7 {
        person(&app.system(), &format!("person{n}"), if n % 2 == 0 { "customer" } else { "editor" }).await;
        app.advance(std::time::Duration::from_millis(n % 3));
    }
    person(&app.other_system(), "foreigner", "customer").await;
    let staff = app.staff(&[Permission::USERS_LIST]);
    let names =
        |page: &user::UserPage| page.users.iter().map(|(user, _)| user.name.clone()).collect::<Vec<_>>();
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let args = PageArgs::new(Some(3), after.clone(), None, None).unwrap();
        let page = user::list(&staff, &UserFilter::default(), &args).await.unwrap();
        assert_eq!((page.total, page.has_previous), (7, after.is_some()));
        seen.extend(names(&page));
        after = page.users.last().map(|(_, cursor)| cursor.to_string());
        if !page.has_next {
            break;
        }
    }
    assert_eq!(seen, ["person6", "person5", "person4", "person3", "person2", "person1", "person0"]);
    let back = PageArgs::new(None, None, Some(2), after).unwrap();
    let back = user::list(&staff, &UserFilter::default(), &back).await.unwrap();
    assert_eq!(
        (names(&back), back.has_previous, back.has_next),
        (vec!["person2".into(), "person1".into()], true, true)
    );

    let all = PageArgs::first(100);
    let few = count_statements(user::list(&staff, &UserFilter::default(), &PageArgs::first(2))).await.1;
    let many = count_statements(user::list(&staff, &UserFilter::default(), &all)).await.1;
    assert_eq!(few, many);
    let editors = UserFilter { role: Some(SystemRole::Editor.into()), ..Default::default() };
    assert_eq!(names(&user::list(&staff, &editors, &all).await.unwrap()), ["person5", "person3", "person1"]);
    let query = |text: &str| UserFilter { query: Some(text.into()), ..Default::default() };
    assert_eq!(names(&user::list(&staff, &query("ERSON4@"), &all).await.unwrap()), ["person4"]);
    for nothing in ["%", "_", "\\", "' OR 1=1 --", "foreigner"] {
        assert_eq!(names(&user::list(&staff, &query(nothing), &all).await.unwrap()), [""; 0], "{nothing}");
    }
    let forged = PageArgs::new(None, Some("x".into()), None, None).unwrap();
    let error = user::list(&staff, &UserFilter::default(), &forged).await.unwrap_err();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "after"));
}

async fn foreign_people_are_not_found(app: TestApp) {
    let foreign = person(&app.other_system(), "foreigner", "customer").await;
    let staff = app.staff(&[Permission::USERS_MANAGE, Permission::ROLES_MANAGE]);
    for id in [foreign, UserId::new()] {
        let answers = [
            user::get(&staff, id).await.unwrap_err(),
            assign(&staff, id, vec![]).await.unwrap_err(),
            user::set_active(&staff, id, false).await.unwrap_err(),
            user::set_password(&app.system(), id, PASSWORD).await.unwrap_err(),
            user::vouch(&app.system(), id).await.unwrap_err(),
        ];
        for error in answers {
            assert_eq!((error.code(), error.message()), (ErrorCode::NotFound, "user not found"));
        }
    }
    assert_eq!(count(&app, "SELECT count(*) FROM user_account WHERE status = 'active'").await, 1);
    let db = staff.read(Permission::USERS_READ).await.unwrap();
    assert!(user::people(&db, &[foreign]).await.unwrap().is_empty());
}

async fn the_operator_vouches_for_an_address_and_nobody_else_does(app: TestApp) {
    let anna = person(&app.system(), "anna", "customer").await;
    let refused = user::vouch(&app.staff(Permission::ALL), anna).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert_eq!(user::get(&app.system(), anna).await.unwrap().email_verified_at, None);
    user::vouch(&app.system(), anna).await.unwrap();
    let first = app.now();
    app.advance(std::time::Duration::from_secs(1));
    user::vouch(&app.system(), anna).await.unwrap();
    assert_eq!(user::get(&app.system(), anna).await.unwrap().email_verified_at, Some(first));
    assert_eq!(events(&app, "user.verified").await, 1);
}

testkit::on_both!(
    the_operator_vouches_for_an_address_and_nobody_else_does,
    roles_are_given_by_owners_only,
    a_shop_keeps_an_owner,
    two_owners_who_step_down_at_once_leave_one,
    nobody_closes_the_account_of_whoever_becomes_mightier_meanwhile,
    changed_roles_and_closed_accounts_count_at_once,
    a_changed_password_ends_all_other_sessions,
    a_profile_belongs_to_its_person,
    lists_people_page_by_page_in_few_statements,
    foreign_people_are_not_found,
);
