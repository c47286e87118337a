//! A tenant between its first day and its last.

use crate::support::{PASSWORD, count, events, resolve};
use identity::tenant::life::{self, TenantFilter};
use identity::tenant::purge;
use identity::tenant::{self, NewOwner, NewTenant};
use identity::{Visit, sign_in};
use platform::{Actor, Ctx};
use primitives::{ErrorCode, Permission, PermissionSet, SystemRole, UserId};
use sea_orm::ConnectionTrait;
use std::time::Duration;
use testkit::TestApp;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A person of the tenant that answers by default.
fn super_admin(app: &TestApp) -> Ctx {
    let permissions = SystemRole::SuperAdmin.permissions();
    app.anonymous().with_actor(Actor::Staff { user: UserId::new(), permissions })
}

fn owner_of(ctx: &Ctx) -> Ctx {
    let permissions = SystemRole::Owner.permissions();
    ctx.with_actor(Actor::Staff { user: UserId::new(), permissions })
}

async fn shop(app: &TestApp, slug: &str) -> Ctx {
    tenant::create(app.app(), NewTenant::new(slug, slug, "EUR", "BE")).await.unwrap();
    tenant::system(app.app(), slug).await.unwrap()
}

async fn code(app: &TestApp, slug: &str) -> Option<ErrorCode> {
    resolve(app.app(), &format!("/t/{slug}/"), &[]).await.err().map(|error| error.code())
}

async fn a_new_shop_has_an_owner_who_signs_in(app: TestApp) {
    let owner = |password: Option<&str>| NewOwner {
        email: "Anna@fresh.example".into(),
        name: "Anna".into(),
        password: password.map(str::to_owned),
    };
    let new = |slug: &str, password| NewTenant {
        owner: Some(owner(password)),
        ..NewTenant::new(slug, "Fresh", "JPY", "JP")
    };
    let info = tenant::create_by(&super_admin(&app), new("fresh", Some(PASSWORD))).await.unwrap();
    assert_eq!((info.currency.code(), info.country.as_str()), ("JPY", "JP"));
    let anybody = Ctx::new(app.app().clone(), info, Actor::Anonymous, "test");
    let signed_in = sign_in(&anybody, "anna@fresh.example", PASSWORD, &Visit::local()).await.unwrap();
    assert!(signed_in.me.is_staff());
    // Without a password there is an invitation by mail, and no account yet.
    tenant::create_by(&super_admin(&app), new("quiet", None)).await.unwrap();
    let quiet = tenant::system(app.app(), "quiet").await.unwrap().with_actor(Actor::Anonymous);
    let refused = sign_in(&quiet, "anna@fresh.example", PASSWORD, &Visit::local()).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unauthenticated);
    assert_eq!(events(&app, "user.invited").await, 1);

    let error = tenant::create_by(&super_admin(&app), new("short", Some("short"))).await.unwrap_err();
    assert_eq!(error.fields()[0].field, "owner.password");
    assert_eq!(code(&app, "short").await, Some(ErrorCode::NotFound));
    assert_eq!(count(&app, "SELECT count(*) FROM tenant").await, 4);
}

async fn only_the_platform_s_own_people_reach_other_tenants(app: TestApp) {
    shop(&app, "third").await;
    let everything = Actor::Staff { user: UserId::new(), permissions: PermissionSet::everything() };
    // An owner of the platform's shop is an owner of one shop; whoever may do everything elsewhere may do it there.
    for stranger in
        [owner_of(&app.anonymous()), app.other_tenant(), app.other_system().with_actor(everything)]
    {
        for refused in [
            life::page(&stranger, &TenantFilter::default(), None, 10).await.map(|_| ()),
            life::of_tenant(&stranger, Permission::TENANTS_MANAGE, "third").await.map(|_| ()),
            tenant::create_by(&stranger, NewTenant::new("mine", "Mine", "EUR", "BE")).await.map(|_| ()),
            life::get(&stranger, "third").await.map(|_| ()),
        ] {
            assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
        }
    }
    let nobody = life::page(&app.anonymous(), &TenantFilter::default(), None, 10).await.unwrap_err();
    assert_eq!(nobody.code(), ErrorCode::Unauthenticated);
    let platform = super_admin(&app);
    let ctx = life::of_tenant(&platform, Permission::TENANTS_MANAGE, "third").await.unwrap();
    life::suspend(&ctx, "unpaid").await.unwrap();
    assert_eq!(code(&app, "third").await, Some(ErrorCode::Forbidden));
    let unknown = life::of_tenant(&platform, Permission::TENANTS_MANAGE, "nobody").await.err().unwrap();
    assert_eq!(unknown.code(), ErrorCode::NotFound);
    assert_eq!(count(&app, "SELECT count(*) FROM tenant").await, 3);
}

async fn lists_in_parts_by_name_and_state(app: TestApp) {
    for n in 0..5 {
        shop(&app, &format!("shop-{n}")).await;
    }
    tenant::suspend(app.app(), "shop-3", "").await.unwrap();
    life::delete(&tenant::system(app.app(), "shop-4").await.unwrap(), "shop-4").await.unwrap();
    let platform = super_admin(&app);
    let slugs = async |query: Option<&str>, status: Option<&str>, after: Option<&str>, limit: u64| {
        let filter = TenantFilter { query: query.map(str::to_owned), status: status.map(str::to_owned) };
        let page = life::page(&platform, &filter, after, limit).await.unwrap();
        let slugs: Vec<_> = page.tenants.iter().map(|tenant| tenant.slug.clone()).collect();
        (slugs.join(" "), page.total, page.has_next)
    };
    assert_eq!(slugs(None, None, None, 3).await, ("hearth other shop-0".to_owned(), 7, true));
    assert_eq!(slugs(None, None, Some("shop-0"), 10).await.0, "shop-1 shop-2 shop-3 shop-4");
    assert_eq!(slugs(Some("SHOP-"), None, None, 2).await, ("shop-0 shop-1".to_owned(), 5, true));
    assert_eq!(slugs(Some("hearth & h"), None, None, 2).await.0, "hearth");
    // What means something in SQL means itself.
    assert_eq!(slugs(Some("%"), None, None, 9).await.1, 0);
    assert_eq!(slugs(None, Some("suspended"), None, 9).await.0, "shop-3");
    assert_eq!(slugs(None, Some("deleted"), None, 9).await.0, "shop-4");
    assert_eq!(slugs(None, Some("active"), None, 9).await.1, 5);
    let filter = TenantFilter { status: Some("gone".into()), ..TenantFilter::default() };
    let error = life::page(&platform, &filter, None, 9).await.unwrap_err();
    assert_eq!(error.fields()[0].field, "status");
}

async fn a_renamed_shop_is_at_its_new_slug_only(app: TestApp) {
    let ctx = shop(&app, "before").await;
    for wrong in ["admin", "be fore", "-x", "\u{212a}iosk", "h\u{43e}use", "", &"a".repeat(64)] {
        let error = life::rename(&ctx, None, Some(wrong)).await.unwrap_err();
        assert_eq!(
            (error.code(), error.fields()[0].field.as_str()),
            (ErrorCode::BadUserInput, "slug"),
            "{wrong}"
        );
    }
    let taken = life::rename(&ctx, None, Some("hearth")).await.unwrap_err();
    assert_eq!((taken.code(), taken.fields()[0].field.as_str()), (ErrorCode::Conflict, "slug"));
    assert_eq!(events(&app, "tenant.updated").await, 0);
    let view = life::rename(&owner_of(&ctx), Some(" After "), Some("After")).await.unwrap();
    assert_eq!((view.slug.as_str(), view.name.as_str()), ("after", "After"));
    assert_eq!((code(&app, "before").await, code(&app, "after").await), (Some(ErrorCode::NotFound), None));
    // The old one is anybody's again.
    shop(&app, "before").await;
    assert_eq!(events(&app, "tenant.updated").await, 1);
    // Nothing changed, nothing told.
    let same = tenant::system(app.app(), "after").await.unwrap();
    life::rename(&same, Some("After"), Some("after")).await.unwrap();
    assert_eq!(events(&app, "tenant.updated").await, 1);
}

async fn a_deleted_shop_is_hidden_at_once_and_can_be_had_back(app: TestApp) {
    let ctx = shop(&app, "gone").await;
    for wrong in ["", "Gone", "gone ", "hearth"] {
        assert_eq!(life::delete(&ctx, wrong).await.unwrap_err().fields()[0].field, "confirm");
    }
    assert_eq!(code(&app, "gone").await, None);
    let at = life::delete(&owner_of(&ctx), "gone").await.unwrap();
    assert_eq!(at, app.now() + 30 * DAY);
    assert_eq!(code(&app, "gone").await, Some(ErrorCode::NotFound));
    for refused in [
        life::delete(&ctx, "gone").await.map(|_| ()),
        life::suspend(&ctx, "").await,
        life::rename(&ctx, Some("New"), None).await.map(|_| ()),
        // Its slug is its own until it is gone for good.
        tenant::create(app.app(), NewTenant::new("gone", "New", "EUR", "BE")).await.map(|_| ()),
    ] {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Conflict);
    }
    app.advance(29 * DAY);
    assert_eq!(purge::purge_due(app.app()).await.unwrap(), 0);
    life::restore(&ctx).await.unwrap();
    assert_eq!(code(&app, "gone").await, None);
    assert_eq!(life::restore(&ctx).await.unwrap_err().code(), ErrorCode::Conflict);
    app.advance(30 * DAY);
    assert_eq!(purge::purge_due(app.app()).await.unwrap(), 0);
    // The platform's own shop is not to be deleted from within.
    let own = life::delete_own(&owner_of(&app.anonymous()), "hearth").await.unwrap_err();
    assert_eq!(own.code(), ErrorCode::Conflict);
    assert!(life::delete_own(&owner_of(&ctx), "gone").await.is_ok());
}

async fn nothing_is_left_of_a_shop_whose_time_is_up(app: TestApp) {
    let ctx = shop(&app, "gone").await;
    for n in 0..3 {
        identity::people::create(&ctx, &format!("p{n}@gone.example"), "P", PASSWORD, "customer")
            .await
            .unwrap();
    }
    // Far more than one transaction takes.
    let owner = app.database().owner().await;
    let many = match owner.get_database_backend() {
        sea_orm::DbBackend::Postgres => "generate_series(1, 1200) AS s (n)",
        _ => {
            "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1200) SELECT n FROM s)"
        }
    };
    owner
        .execute_unprepared(&format!(
            "INSERT INTO idempotency_key (tenant_id, principal, key, fingerprint, state, lease_until, created_at) \
             SELECT t.id, 'p', 'k' || n, {}, 'running', 0, 0 FROM tenant t, {many} WHERE t.slug IN ('gone', 'hearth')",
            match owner.get_database_backend() {
                sea_orm::DbBackend::Postgres => "decode(repeat('ab', 32), 'hex')",
                _ => "unhex('abababababababababababababababababababababababababababababababab')",
            }
        ))
        .await
        .unwrap();
    owner.close().await.unwrap();
    let folder = app.app().config().media.dir.join(ctx.tenant_id().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.webp"), "x").unwrap();
    assert!(!purge::purge(app.app(), ctx.tenant_id()).await.unwrap(), "an open shop is left alone");
    life::delete(&ctx, "gone").await.unwrap();
    app.advance(30 * DAY);
    assert_eq!(purge::purge_due(app.app()).await.unwrap(), 1);
    assert!(!folder.exists());
    assert_eq!(count(&app, "SELECT count(*) FROM tenant WHERE slug = 'gone'").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM user_account").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM idempotency_key").await, 1_200, "the other shop's stay");
    assert_eq!(purge::purge_due(app.app()).await.unwrap(), 0);
    shop(&app, "gone").await;
}

testkit::on_both!(
    a_new_shop_has_an_owner_who_signs_in,
    only_the_platform_s_own_people_reach_other_tenants,
    lists_in_parts_by_name_and_state,
    a_renamed_shop_is_at_its_new_slug_only,
    a_deleted_shop_is_hidden_at_once_and_can_be_had_back,
    nothing_is_left_of_a_shop_whose_time_is_up,
);
