//! The shop's own roles: who may make, give, change and delete them, and what they open.

use crate::support::{PASSWORD, cookie_pair, count, events, meanwhile, who};
use identity::roles::edit::{self, RoleInput};
use identity::roles::{self, RoleKey, may_grant};
use identity::user::{self, UserFilter};
use identity::{Visit, people, sign_in};
use platform::db::count_statements;
use platform::{Access, Actor, Ctx, Result};
use primitives::{
    ErrorCode, Grant, PageArgs, Permission as P, PermissionSet, RoleId, Scope, SystemRole, UserId,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::time::{Duration, Instant};
use testkit::TestApp;

async fn person(ctx: &Ctx, name: &str, role: &str) -> UserId {
    people::create(ctx, &format!("{name}@x.example"), name, PASSWORD, role).await.unwrap().id
}

async fn cookie(app: &TestApp, name: &str) -> String {
    let ctx = app.anonymous();
    let signed_in = sign_in(&ctx, &format!("{name}@x.example"), PASSWORD, &Visit::local()).await.unwrap();
    cookie_pair(&signed_in.cookie).to_owned()
}

async fn actor(app: &TestApp, cookie: &str) -> Actor {
    who(app.app(), "hearth", &[("cookie", cookie)]).await.unwrap().actor
}

fn input(name: &str, permissions: &[Grant]) -> RoleInput {
    RoleInput { name: name.into(), description: "For tests.".into(), permissions: permissions.to_vec() }
}

async fn role(ctx: &Ctx, name: &str, permissions: &[P]) -> Result<RoleId> {
    let grants: Vec<Grant> = permissions.iter().copied().map(Grant::all).collect();
    edit::create(ctx, input(name, &grants)).await.map(|role| custom(role.key))
}

fn custom(key: RoleKey) -> RoleId {
    match key {
        RoleKey::Custom(id) => id,
        RoleKey::System(role) => panic!("{role} is no role of the shop's own"),
    }
}

async fn a_role_opens_what_it_says_and_a_change_counts_at_once(app: TestApp) {
    let owner = app.system();
    let mia = person(&owner, "mia", "customer").await;
    let cookie = cookie(&app, "mia").await;
    assert_eq!(actor(&app, &cookie).await, Actor::Customer { user: mia });
    let clerk = role(&owner, "Clerk", &[P::ORDERS_READ]).await.unwrap();
    let roles = vec![SystemRole::Customer.into(), clerk.into()];
    let changed = roles::assign(&owner, mia, roles.clone()).await.unwrap();
    assert_eq!(changed.held().keys(), roles);
    assert_eq!(user::get(&owner, mia).await.unwrap(), changed);
    let expected = |permissions| Actor::Staff { user: mia, permissions };
    let reads = PermissionSet::EMPTY.with(P::ORDERS_READ);
    assert_eq!(actor(&app, &cookie).await, expected(reads));
    let me = user::me(&app.system().with_actor(expected(reads))).await.unwrap().unwrap();
    assert_eq!((me.is_staff(), me.permissions), (true, vec![Grant::all(P::ORDERS_READ)]));
    let widened = [Grant::all(P::MEDIA_MANAGE), Grant::own(P::ORDERS_READ)];
    let after = edit::update(&owner, clerk, 1, input("Clerk", &widened)).await.unwrap();
    assert_eq!((after.version, after.holders), (2, 1));
    let now = PermissionSet::EMPTY.with(P::MEDIA_MANAGE).with_own(P::ORDERS_READ);
    assert_eq!(actor(&app, &cookie).await, expected(now));
    let unchanged = edit::update(&owner, clerk, 2, input("Clerk", &widened)).await.unwrap();
    assert_eq!(unchanged.version, 2);
    let late = edit::update(&owner, clerk, 1, input("Other", &widened)).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::Conflict);
    roles::assign(&owner, mia, vec![SystemRole::Customer.into()]).await.unwrap();
    assert_eq!(actor(&app, &cookie).await, Actor::Customer { user: mia });
    let told = ["role.created", "role.updated", "user.role_changed"];
    let mut counts = Vec::new();
    for kind in told {
        counts.push(events(&app, kind).await);
    }
    assert_eq!(counts, [1, 1, 2]);
}

async fn another_process_sees_a_changed_role_within_five_seconds(app: TestApp) {
    let owner = app.system();
    let mia = person(&owner, "mia", "customer").await;
    let cookie = cookie(&app, "mia").await;
    let clerk = role(&owner, "Clerk", &[P::ORDERS_READ]).await.unwrap();
    roles::assign(&owner, mia, vec![clerk.into()]).await.unwrap();
    assert!(matches!(actor(&app, &cookie).await, Actor::Staff { .. }));
    // What another process writes tells this one nothing.
    let rows = app.database().owner().await;
    let sql = "UPDATE custom_role SET permissions = '[\"media:read\"]'";
    sea_orm::ConnectionTrait::execute_unprepared(&rows, sql).await.unwrap();
    let expected = Actor::Staff { user: mia, permissions: PermissionSet::EMPTY.with(P::MEDIA_READ) };
    let begun = Instant::now();
    while actor(&app, &cookie).await != expected {
        assert!(begun.elapsed() < Duration::from_secs(5), "still the role of before");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn nobody_gives_what_he_does_not_hold(app: TestApp) {
    let boss = app.system();
    let (low, high) = (person(&boss, "low", "customer").await, person(&boss, "high", "manager").await);
    let orders = role(&boss, "Orders", &[P::ORDERS_READ]).await.unwrap();
    let money = role(&boss, "Money", &[P::ORDERS_READ, P::ORDERS_REFUND]).await.unwrap();
    let clerk = app.staff(&[P::ROLES_MANAGE, P::USERS_MANAGE, P::ORDERS_READ, P::API_KEYS_MANAGE]);
    let changes = count(&app, "SELECT count(*) FROM outbox").await;
    let orders_and_more = [Grant::all(P::ORDERS_READ), Grant::all(P::ORDERS_REFUND)];
    let new_user = user::NewUser {
        email: "x@x.example".into(),
        password: PASSWORD.into(),
        name: String::new(),
        locale: None,
        roles: vec![money.into()],
    };
    let refused = [
        role(&clerk, "Mine", &[P::ORDERS_REFUND]).await.map(drop),
        role(&clerk, "Mine", &[P::ORDERS_MANAGE]).await.map(drop),
        edit::update(&clerk, orders, 1, input("Orders", &orders_and_more)).await.map(drop),
        // Nor does he take it away.
        edit::update(&clerk, money, 1, input("Money", &[Grant::all(P::ORDERS_READ)])).await.map(drop),
        edit::delete(&clerk, money, None).await.map(drop),
        roles::assign(&clerk, low, vec![money.into()]).await.map(drop),
        roles::assign(&clerk, low, vec![SystemRole::Owner.into()]).await.map(drop),
        roles::assign(&clerk, low, vec![SystemRole::SuperAdmin.into()]).await.map(drop),
        roles::assign(&clerk, high, vec![]).await.map(drop),
        roles::give(&clerk, high, orders.into()).await.map(drop),
        user::set_active(&clerk, high, false).await.map(drop),
        user::create(&clerk, new_user).await.map(drop),
        may_grant(&clerk, &PermissionSet::EMPTY.with(P::ORDERS_REFUND)),
    ];
    for (n, result) in refused.into_iter().enumerate() {
        assert_eq!(result.unwrap_err().code(), ErrorCode::Forbidden, "{n}");
    }
    assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, changes, "a refusal tells nothing");
    assert_eq!(count(&app, "SELECT count(*) FROM user_custom_role").await, 0);
    // What he holds he gives, and takes.
    let mine = role(&clerk, "Mine", &[P::ORDERS_READ]).await.unwrap();
    roles::assign(&clerk, low, vec![orders.into(), mine.into()]).await.unwrap();
    assert_eq!(edit::delete(&clerk, mine, Some(vec![])).await.unwrap(), 1);
    // Own things are not everybody's.
    let mut own = app.staff(&[P::ROLES_MANAGE]);
    let Actor::Staff { user, permissions } = own.actor().clone() else { panic!("staff") };
    own = own.with_actor(Actor::Staff { user, permissions: permissions.with_own(P::ORDERS_READ) });
    assert!(edit::update(&own, orders, 1, input("Orders", &[Grant::own(P::ORDERS_READ)])).await.is_err());
    assert!(role(&own, "Wide", &[P::ORDERS_READ]).await.is_err());
    edit::create(&own, input("Narrow", &[Grant::own(P::ORDERS_READ)])).await.unwrap();
    let error = role(&clerk, "All", &[P::PRODUCTS_MANAGE, P::PRICES_READ, P::POSTS_READ]).await.unwrap_err();
    let text = "nobody gives or takes what he does not hold: products:manage, prices:read and posts:read";
    assert_eq!(error.message(), text);
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let shop: Vec<P> = P::ALL.iter().copied().filter(|it| !it.scopes().is_empty()).collect();
    let grant = (proptest::sample::select(shop), any::<bool>()).prop_map(|(permission, own)| Grant {
        permission,
        scope: if own && P::OWNABLE.contains(&permission) { Scope::Own } else { Scope::All },
    });
    prop_oneof![
        proptest::collection::vec(grant, 1..6),
        (1..6_usize).prop_map(|at| SystemRole::ALL[at].permissions().grants().collect()),
    ]
}

async fn whatever_is_made_and_given_its_giver_holds(app: TestApp) {
    let mut runner = TestRunner::deterministic();
    let low = person(&app.system(), "low", "customer").await;
    let cookie = cookie(&app, "low").await;
    let (mut given, mut refused) = (0, 0);
    for n in 0..60 {
        let mut draw = || grants().new_tree(&mut runner).unwrap().current();
        let (held, mut wanted) = (draw(), draw());
        if n % 3 == 0 {
            // Often something near the border of what is held.
            wanted = held.iter().copied().chain(wanted.into_iter().take(n % 2)).collect();
        }
        let held: PermissionSet = held.into_iter().collect();
        let giver = Actor::Staff {
            user: UserId::new(),
            permissions: held.with(P::ROLES_CREATE).with(P::ROLES_MANAGE),
        };
        let giver = app.system().with_actor(giver);
        let holds = giver.permissions().unwrap();
        match edit::create(&giver, input(&format!("Role {n}"), &wanted)).await {
            Ok(role) => {
                roles::assign(&giver, low, vec![role.key]).await.unwrap();
                let Actor::Staff { permissions, .. } = actor(&app, &cookie).await else { panic!("staff") };
                assert!(permissions.effective().all(|it| holds.scope_of(it.permission) >= Some(it.scope)));
                roles::assign(&app.system(), low, vec![]).await.unwrap();
                given += 1;
            }
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Forbidden);
                let wanted: PermissionSet = wanted.into_iter().collect();
                assert!(!holds.covers(&wanted));
                refused += 1;
            }
        }
    }
    assert!(given > 10 && refused > 10, "{given} given, {refused} refused");
}

async fn a_role_that_is_held_says_where_its_people_go(app: TestApp) {
    let owner = app.system();
    let (mia, tom) = (person(&owner, "mia", "customer").await, person(&owner, "tom", "editor").await);
    let clerk = role(&owner, "Clerk", &[P::ORDERS_READ]).await.unwrap();
    let desk = role(&owner, "Desk", &[P::CUSTOMERS_READ]).await.unwrap();
    for id in [mia, tom] {
        roles::give(&owner, id, clerk.into()).await.unwrap();
    }
    let error = edit::delete(&owner, clerk, None).await.unwrap_err();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::Conflict, "moveTo"));
    assert!(error.message().starts_with("2 people hold this role"), "{error}");
    let itself = edit::delete(&owner, clerk, Some(vec![clerk.into()])).await.unwrap_err();
    assert_eq!(itself.fields()[0].field, "moveTo");
    let nowhere = edit::delete(&owner, clerk, Some(vec![RoleId::new().into()])).await.unwrap_err();
    assert_eq!(nowhere.code(), ErrorCode::NotFound);
    assert_eq!(count(&app, "SELECT count(*) FROM user_custom_role").await, 2);
    let before = events(&app, "user.role_changed").await;
    let to = vec![desk.into(), SystemRole::Support.into()];
    assert_eq!(edit::delete(&owner, clerk, Some(to)).await.unwrap(), 2);
    assert_eq!(events(&app, "user.role_changed").await, before + 2);
    let keys = user::get(&owner, tom).await.unwrap().held().keys();
    assert_eq!(keys, [SystemRole::Editor.into(), SystemRole::Support.into(), RoleKey::from(desk)]);
    assert_eq!(edit::get(&owner, desk.into()).await.unwrap().holders, 2);
    assert_eq!(edit::delete(&owner, desk, Some(vec![])).await.unwrap(), 2);
    let keys = user::get(&owner, mia).await.unwrap().held().keys();
    assert_eq!(keys, [SystemRole::Support.into(), SystemRole::Customer.into()]);
    // Giving is a right of its own: whoever may delete alone says no new roles.
    let other = role(&owner, "Other", &[P::ORDERS_READ]).await.unwrap();
    roles::give(&owner, mia, other.into()).await.unwrap();
    let deleter = app.staff(&[P::ROLES_DELETE, P::ORDERS_READ]);
    let error = edit::delete(&deleter, other, Some(vec![SystemRole::Support.into()])).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    assert_eq!(edit::delete(&deleter, other, Some(vec![])).await.unwrap(), 1);
}

async fn a_deleted_role_brings_back_nothing_that_was_taken_meanwhile(app: TestApp) {
    let owner = app.system();
    let (mia, tom) = (person(&owner, "mia", "owner").await, person(&owner, "tom", "editor").await);
    let clerk = role(&owner, "Clerk", &[P::ORDERS_READ]).await.unwrap();
    let desk = role(&owner, "Desk", &[P::CUSTOMERS_READ]).await.unwrap();
    for id in [mia, tom] {
        roles::give(&owner, id, clerk.into()).await.unwrap();
    }
    // Tom gives up content and gets the shop; Mia gives up the shop: as `assign` does both, person by person.
    let others = "UPDATE user_account SET updated_at = updated_at + 1; \
         UPDATE user_role SET role = 'owner' WHERE role = 'editor'; \
         DELETE FROM user_role WHERE role = 'owner' AND user_id = (SELECT id FROM user_account WHERE name = 'mia')";
    let moved = meanwhile(&app, others, edit::delete(&owner, clerk, Some(vec![desk.into()]))).await;
    assert_eq!(moved.unwrap(), 2);
    let keys = async |id| user::get(&owner, id).await.unwrap().held().keys();
    assert_eq!(keys(tom).await, [SystemRole::Owner.into(), RoleKey::from(desk)]);
    assert_eq!(keys(mia).await, [RoleKey::from(desk)]);
    let told = "SELECT count(*) FROM outbox WHERE kind = 'user.role_changed' AND payload LIKE '%editor%'";
    assert_eq!(count(&app, told).await, 1, "of when he got the role");
}

async fn deleting_a_role_costs_the_same_however_many_hold_it(app: TestApp) {
    let owner = app.system();
    let mut costs = Vec::new();
    for many in [1, 12] {
        let clerk = role(&owner, &format!("Clerk {many}"), &[P::ORDERS_READ]).await.unwrap();
        let desk = role(&owner, &format!("Desk {many}"), &[P::CUSTOMERS_READ]).await.unwrap();
        for n in 0..many {
            let id = person(&owner, &format!("p{many}-{n}"), "customer").await;
            roles::give(&owner, id, clerk.into()).await.unwrap();
        }
        let to = Some(vec![desk.into(), SystemRole::Editor.into()]);
        let (moved, statements) = count_statements(edit::delete(&owner, clerk, to)).await;
        assert_eq!(moved.unwrap(), many);
        assert_eq!(edit::get(&owner, desk.into()).await.unwrap().holders, many);
        costs.push(statements);
    }
    assert_eq!(costs[0], costs[1]);
}

async fn a_role_is_given_and_deleted_at_once(app: TestApp) {
    let owner = app.system();
    for round in 0..8 {
        let id = person(&owner, &format!("p{round}"), "customer").await;
        let clerk = role(&owner, &format!("Clerk {round}"), &[P::ORDERS_READ]).await.unwrap();
        let (given, deleted) =
            tokio::join!(roles::give(&owner, id, clerk.into()), edit::delete(&owner, clerk, None));
        match (&given, &deleted) {
            (Ok(_), Err(error)) => assert_eq!(error.code(), ErrorCode::Conflict),
            (Err(error), Ok(0)) => assert_eq!(error.code(), ErrorCode::NotFound),
            other => panic!("{round}: {other:?}"),
        }
    }
}

async fn names_are_taken_once_and_lists_cost_the_same(app: TestApp) {
    let owner = app.staff(&[P::ROLES_MANAGE, P::ORDERS_READ, P::USERS_LIST]);
    let clerk = role(&owner, "Front desk", &[P::ORDERS_READ]).await.unwrap();
    let again = role(&owner, " front   DESK ", &[P::ORDERS_READ]).await.unwrap_err();
    assert_eq!((again.code(), again.fields()[0].field.as_str()), (ErrorCode::Conflict, "name"));
    let wrong = edit::create(&owner, input("", &[Grant::own(P::POSTS_READ)])).await.unwrap_err();
    let fields: Vec<_> = wrong.fields().iter().map(|field| field.field.as_str()).collect();
    assert_eq!((wrong.code(), fields), (ErrorCode::BadUserInput, vec!["name", "permissions.0.scope"]));
    let few = count_statements(edit::list(&owner)).await.1;
    for n in 0..20 {
        role(&owner, &format!("Role {n}"), &[P::ORDERS_READ]).await.unwrap();
    }
    let (roles, many) = count_statements(edit::list(&owner)).await;
    let roles = roles.unwrap();
    assert_eq!((roles.len(), few), (7 + 21, many));
    let mia = person(&app.system(), "mia", "customer").await;
    person(&app.system(), "tom", "customer").await;
    roles::give(&app.system(), mia, clerk.into()).await.unwrap();
    let all = PageArgs::first(10);
    let found = async |filter: UserFilter| {
        let page = user::list(&owner, &filter, &all).await.unwrap();
        page.users.into_iter().map(|(user, _)| user.name).collect::<Vec<_>>()
    };
    assert_eq!(found(UserFilter { role: Some(clerk.into()), ..UserFilter::default() }).await, ["mia"]);
    assert_eq!(found(UserFilter { staff: true, ..UserFilter::default() }).await, ["mia"]);
}

async fn foreign_roles_are_not_found(app: TestApp) {
    let foreign = role(&app.other_system(), "Theirs", &[P::ORDERS_READ]).await.unwrap();
    let owner = app.staff(&[P::ROLES_MANAGE, P::ORDERS_READ, P::USERS_MANAGE]);
    let mia = person(&app.system(), "mia", "customer").await;
    for id in [foreign, RoleId::new()] {
        let answers = [
            edit::get(&owner, id.into()).await.map(drop),
            edit::update(&owner, id, 1, input("Mine", &[Grant::all(P::ORDERS_READ)])).await.map(drop),
            edit::delete(&owner, id, None).await.map(drop),
            roles::assign(&owner, mia, vec![id.into()]).await.map(drop),
        ];
        for answer in answers {
            let error = answer.unwrap_err();
            assert_eq!((error.code(), error.message()), (ErrorCode::NotFound, "role not found"));
        }
    }
    assert_eq!(edit::list(&owner).await.unwrap().len(), 7);
    assert!(owner.require(Access::SignedIn).is_ok());
}

testkit::on_both!(
    a_role_opens_what_it_says_and_a_change_counts_at_once,
    another_process_sees_a_changed_role_within_five_seconds,
    nobody_gives_what_he_does_not_hold,
    whatever_is_made_and_given_its_giver_holds,
    a_role_that_is_held_says_where_its_people_go,
    a_deleted_role_brings_back_nothing_that_was_taken_meanwhile,
    deleting_a_role_costs_the_same_however_many_hold_it,
    a_role_is_given_and_deleted_at_once,
    names_are_taken_once_and_lists_cost_the_same,
    foreign_roles_are_not_found,
);
