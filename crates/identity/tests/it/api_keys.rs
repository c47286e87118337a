//! API keys: what they open, for how long, how often.

use crate::support::{PASSWORD, count, events, who};
use identity::api_key::{self, ApiKeyView, KeyState, NewApiKey};
use identity::door::Authenticated;
use identity::roles::edit::{self, RoleInput};
use identity::roles::{self, may_grant};
use identity::{people, user};
use platform::{Access, Actor, Ctx, Result};
use primitives::{ApiKeyId, ErrorCode, Grant, Permission as P, PermissionSet, SystemRole, Timestamp, UserId};
use std::time::Duration;
use testkit::{Backend, TestApp};

/// Somebody with an account and exactly these permissions.
async fn maker(app: &TestApp, permissions: PermissionSet) -> Ctx {
    let id = people::create(&app.system(), "maker@x.example", "Maker", PASSWORD, "owner").await.unwrap().id;
    app.system().with_actor(Actor::Staff { user: id, permissions: permissions.with(P::API_KEYS_MANAGE) })
}

fn new(name: &str, permissions: &[P]) -> NewApiKey {
    NewApiKey { name: name.into(), permissions: permissions.to_vec(), expires_at: None }
}

async fn show(app: &TestApp, slug: &str, key: &str) -> Result<Authenticated> {
    who(app.app(), slug, &[("authorization", &format!("Bearer {key}"))]).await
}

fn id_of(ctx: &Ctx) -> UserId {
    ctx.user_id().unwrap()
}

async fn opens(app: &TestApp, key: &str) -> PermissionSet {
    match show(app, "hearth", key).await.unwrap().actor {
        Actor::ApiKey { permissions, .. } => permissions,
        other => panic!("{other:?}"),
    }
}

async fn a_key_opens_its_scope_and_is_nobody(app: TestApp) {
    let owner = maker(&app, SystemRole::Owner.permissions()).await;
    let (view, key) = api_key::create(&owner, new(" Till ", &[P::ORDERS_READ])).await.unwrap();
    assert_eq!((view.name.as_str(), view.state, view.creator.as_str()), ("Till", KeyState::Active, "Maker"));
    assert!(key.starts_with(&format!("{}_", view.prefix)), "{key} {}", view.prefix);
    assert_eq!(key.len(), "rk_12345678_".len() + 43);
    let known = show(&app, "hearth", &key).await.unwrap();
    let permissions = PermissionSet::EMPTY.with(P::ORDERS_READ);
    assert_eq!(known.actor, Actor::ApiKey { key: view.id, owner: id_of(&owner), permissions });
    assert_eq!(known.visit.session, None);
    let program = app.system().with_actor(known.actor);
    assert_eq!((program.user_id(), program.api_key()), (None, Some(view.id)));
    assert!(program.allows(P::ORDERS_READ) && program.allows(Access::Public));
    for shut in [Access::SignedIn, Access::System, P::ORDERS_LIST.into(), P::API_KEYS_LIST.into()] {
        assert_eq!(program.require(shut).unwrap_err().code(), ErrorCode::Forbidden, "{shut:?}");
    }
    assert_eq!(user::me(&program).await.unwrap(), None);
    // Whatever it may do, it gives nobody anything.
    assert!(may_grant(&program, &permissions).is_err());
    // Nothing that is stored or told holds the secret.
    // It may hold the sign that parts it from its name, which is also a joker of LIKE: any sign there is near enough.
    let secret = key.splitn(3, '_').nth(2).unwrap();
    assert_eq!(secret.len(), 43);
    let hidden = format!("SELECT count(*) FROM outbox WHERE payload LIKE '%{secret}%'");
    assert_eq!(count(&app, &hidden).await, 0);
    assert_eq!(events(&app, "api_key.created").await, 1);
}

async fn a_key_is_made_of_what_its_maker_holds(app: TestApp) {
    let clerk = maker(&app, PermissionSet::EMPTY.with(P::ORDERS_MANAGE).with_own(P::CUSTOMERS_READ)).await;
    for permissions in [
        &[P::PRODUCTS_READ][..],
        &[P::ORDERS_READ, P::PAYMENTS_READ],
        // The own customers are not everybody's.
        &[P::CUSTOMERS_READ],
    ] {
        let error = api_key::create(&clerk, new("x", permissions)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Forbidden, "{permissions:?}");
    }
    let past = NewApiKey { expires_at: Some(app.now()), ..new("", &[]) };
    let error = api_key::create(&clerk, past).await.unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["name", "permissions", "expiresAt"]);
    assert_eq!(count(&app, "SELECT count(*) FROM api_key").await, 0);
    let (_, key) = api_key::create(&clerk, new("x", &[P::ORDERS_READ, P::API_KEYS_CREATE])).await.unwrap();
    let program = app.system().with_actor(show(&app, "hearth", &key).await.unwrap().actor);
    let error = api_key::create(&program, new("child", &[P::ORDERS_READ])).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden, "a key makes no keys");
}

async fn a_maker_who_loses_something_takes_it_from_the_key(app: TestApp) {
    let owner = maker(&app, SystemRole::Owner.permissions()).await;
    let (id, system) = (id_of(&owner), app.system());
    people::create(&system, "second@x.example", "", PASSWORD, "owner").await.unwrap();
    let (_, key) = api_key::create(&owner, new("x", &[P::ORDERS_MANAGE, P::POSTS_READ])).await.unwrap();
    assert_eq!(opens(&app, &key).await, PermissionSet::EMPTY.with(P::ORDERS_MANAGE).with(P::POSTS_READ));
    let clerk = RoleInput {
        name: "Clerk".into(),
        description: String::new(),
        permissions: vec![Grant::own(P::ORDERS_READ), Grant::all(P::MEDIA_READ)],
    };
    let clerk = edit::create(&system, clerk).await.unwrap();
    roles::assign(&system, id, vec![clerk.key]).await.unwrap();
    let left = PermissionSet::EMPTY.with_own(P::ORDERS_READ);
    assert_eq!(opens(&app, &key).await, left);
    let program = app.system().with_actor(show(&app, "hearth", &key).await.unwrap().actor);
    assert_eq!(program.only_own(P::ORDERS_READ), Some(id));
    let listed = api_key::list(&owner, false).await.unwrap();
    assert_eq!((listed[0].effective, listed[0].state), (left, KeyState::Active));
    roles::assign(&system, id, vec![SystemRole::Customer.into()]).await.unwrap();
    assert!(opens(&app, &key).await.is_empty());
    user::set_active(&system, id, false).await.unwrap();
    assert_eq!(show(&app, "hearth", &key).await.unwrap_err().code(), ErrorCode::Unauthenticated);
    assert_eq!(api_key::list(&owner, false).await.unwrap()[0].state, KeyState::Suspended);
}

async fn whatever_is_wrong_with_a_key_the_answer_is_the_same(app: TestApp) {
    let owner = maker(&app, SystemRole::Owner.permissions()).await;
    let make = async |name: &str| api_key::create(&owner, new(name, &[P::ORDERS_READ])).await.unwrap();
    let (good, revoked) = (make("good").await, make("revoked").await);
    let soon =
        NewApiKey { expires_at: Some(app.now() + Duration::from_secs(60)), ..new("soon", &[P::ORDERS_READ]) };
    let expired = api_key::create(&owner, soon).await.unwrap();
    assert!(show(&app, "hearth", &expired.1).await.is_ok());
    app.advance(Duration::from_secs(60));
    api_key::revoke(&owner, revoked.0.id).await.unwrap();
    api_key::revoke(&owner, revoked.0.id).await.unwrap();
    assert_eq!(events(&app, "api_key.revoked").await, 1);
    let (prefix, secret) = good.1.strip_prefix("rk_").unwrap().split_once('_').unwrap();
    let other_prefix = format!("rk_{}_{secret}", if prefix == "aaaaaaaa" { "bbbbbbbb" } else { "aaaaaaaa" });
    let unknown = format!("rk_{prefix}_{}", "A".repeat(43));
    let cases = [
        ("hearth", revoked.1.as_str()),
        ("hearth", &expired.1),
        ("hearth", &unknown),
        ("hearth", &other_prefix),
        ("hearth", "rk_"),
        ("other", &good.1),
    ];
    let mut answers = Vec::new();
    for (tenant, key) in cases {
        let error = show(&app, tenant, key).await.unwrap_err();
        answers.push((error.code(), error.message().to_owned()));
    }
    answers.dedup();
    assert_eq!(answers, [(ErrorCode::Unauthenticated, "sign in to do this".to_owned())]);
    assert!(show(&app, "hearth", &good.1).await.is_ok());
    let states =
        |keys: Vec<ApiKeyView>| keys.into_iter().map(|key| (key.name, key.state)).collect::<Vec<_>>();
    assert_eq!(
        states(api_key::list(&owner, true).await.unwrap()),
        [
            ("soon".into(), KeyState::Expired),
            ("revoked".into(), KeyState::Revoked),
            ("good".into(), KeyState::Active)
        ]
    );
    assert_eq!(api_key::list(&owner, false).await.unwrap().len(), 2);
}

async fn another_process_sees_a_revocation_within_five_seconds(app: TestApp) {
    let owner = maker(&app, SystemRole::Owner.permissions()).await;
    let (_, key) = api_key::create(&owner, new("x", &[P::ORDERS_READ])).await.unwrap();
    assert!(show(&app, "hearth", &key).await.is_ok());
    let rows = app.database().owner().await;
    sea_orm::ConnectionTrait::execute_unprepared(&rows, "UPDATE api_key SET revoked_at = 1").await.unwrap();
    let begun = std::time::Instant::now();
    while show(&app, "hearth", &key).await.is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(5), "still open");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn the_last_use_is_written_at_most_once_a_minute(app: TestApp) {
    let owner = maker(&app, SystemRole::Owner.permissions()).await;
    let (view, key) = api_key::create(&owner, new("x", &[P::ORDERS_READ])).await.unwrap();
    assert_eq!(view.last_used_at, None);
    let used = async |at: Timestamp| {
        let begun = std::time::Instant::now();
        loop {
            let last = api_key::list(&owner, false).await.unwrap()[0].last_used_at;
            if last == Some(at) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{last:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let first = app.now();
    show(&app, "hearth", &key).await.unwrap();
    used(first).await;
    app.advance(Duration::from_secs(59));
    for _ in 0..20 {
        show(&app, "hearth", &key).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    used(first).await;
    app.advance(Duration::from_secs(1));
    show(&app, "hearth", &key).await.unwrap();
    used(first + Duration::from_secs(60)).await;
}

async fn foreign_keys_are_not_found(app: TestApp) {
    let owner = maker(&app, SystemRole::Owner.permissions()).await;
    let theirs = people::create(&app.other_system(), "t@x.example", "", PASSWORD, "owner").await.unwrap().id;
    let permissions = SystemRole::Owner.permissions();
    let theirs = app.other_system().with_actor(Actor::Staff { user: theirs, permissions });
    let (foreign, _) = api_key::create(&theirs, new("theirs", &[P::ORDERS_READ])).await.unwrap();
    for id in [foreign.id, ApiKeyId::new()] {
        for error in [
            api_key::rename(&owner, id, "mine").await.unwrap_err(),
            api_key::revoke(&owner, id).await.unwrap_err(),
        ] {
            assert_eq!((error.code(), error.message()), (ErrorCode::NotFound, "API key not found"));
        }
    }
    assert_eq!(api_key::list(&owner, true).await.unwrap(), []);
    let renamed = api_key::rename(&theirs, foreign.id, " Till 2 ").await.unwrap();
    assert_eq!(renamed.name, "Till 2");
    assert_eq!(api_key::rename(&theirs, foreign.id, "a\nb").await.unwrap_err().fields()[0].field, "name");
}

#[test]
fn a_key_asks_so_often_and_no_more() {
    async fn limited(app: TestApp) {
        let owner = maker(&app, SystemRole::Owner.permissions()).await;
        let (_, key) = api_key::create(&owner, new("x", &[P::ORDERS_READ])).await.unwrap();
        let (_, other) = api_key::create(&owner, new("y", &[P::ORDERS_READ])).await.unwrap();
        let ask = async |key: &str| show(&app, "hearth", key).await.unwrap().allowance.unwrap();
        let mut left = Vec::new();
        for _ in 0..3 {
            left.push(ask(&key).await.remaining);
        }
        assert_eq!(left, [2, 1, 0]);
        let refused = ask(&key).await;
        assert_eq!((refused.admitted, refused.limit, refused.remaining), (false, 3, 0));
        assert_eq!(refused.reset, Duration::from_secs(20));
        assert!(ask(&other).await.admitted, "a limit is each key's own");
        app.advance(refused.reset);
        assert!(ask(&key).await.admitted && !ask(&key).await.admitted);
        app.advance(Duration::from_secs(60));
        let rested = ask(&key).await;
        assert_eq!((rested.remaining, rested.reset), (2, Duration::from_secs(20)));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let change = |config: &mut platform::Config| config.security.api_key_requests_per_minute = 3;
        limited(TestApp::configured(Backend::Sqlite, change).await).await;
    });
}

testkit::on_both!(
    a_key_opens_its_scope_and_is_nobody,
    a_key_is_made_of_what_its_maker_holds,
    a_maker_who_loses_something_takes_it_from_the_key,
    whatever_is_wrong_with_a_key_the_answer_is_the_same,
    another_process_sees_a_revocation_within_five_seconds,
    the_last_use_is_written_at_most_once_a_minute,
    foreign_keys_are_not_found,
);
