use crate::support::{count, events, proved_domain, request, resolve, second_process};
use identity::directory::Directory;
use identity::resolve::Key;
use identity::tenant::{self, NewTenant, ShopChange};
use primitives::{ErrorCode, Permission, TenantSlug};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use testkit::{Backend, TestApp};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

/// Far below the minutes that an entry would be kept for without the look, far above what a busy machine takes.
const PATIENCE: Duration = Duration::from_secs(20);

async fn creates_lists_suspends_and_resumes(app: TestApp) {
    let new = NewTenant {
        domains: vec!["Shop.Example".into()],
        ..NewTenant::new("NorthBound", "Northbound", "USD", "us")
    };
    let created = tenant::create(app.app(), new).await.unwrap();
    assert_eq!(
        (created.slug.as_str(), created.currency.code(), created.country.as_str()),
        ("northbound", "USD", "US")
    );
    assert_eq!(created.hosts, ["shop.example"]);
    let listed = tenant::list(app.app()).await.unwrap();
    let slugs: Vec<_> = listed.iter().map(|tenant| (tenant.slug.as_str(), tenant.status.as_str())).collect();
    assert_eq!(slugs, [("hearth", "active"), ("northbound", "active"), ("other", "active")]);

    tenant::suspend(app.app(), "northbound", "unpaid").await.unwrap();
    assert_eq!(resolve(app.app(), "/t/northbound/", &[]).await.unwrap_err().code(), ErrorCode::Forbidden);
    assert_eq!(tenant::suspend(app.app(), "northbound", "").await.unwrap_err().code(), ErrorCode::Conflict);
    tenant::resume(app.app(), "northbound").await.unwrap();
    assert!(resolve(app.app(), "/t/northbound/", &[]).await.is_ok());
    assert_eq!(tenant::resume(app.app(), "nobody").await.unwrap_err().code(), ErrorCode::NotFound);
    for kind in ["tenant.created", "tenant.suspended", "tenant.resumed"] {
        assert_eq!(events(&app, kind).await, 1, "{kind}");
    }
}

async fn refuses_a_taken_slug_or_domain_and_names_every_mistake(app: TestApp) {
    let own = |slug: &str, host: &str| NewTenant {
        domains: vec![host.into()],
        ..NewTenant::new(slug, "A", "EUR", "BE")
    };
    tenant::create(app.app(), own("first", "a.example")).await.unwrap();
    for taken in [own("first", "b.example"), own("second", "A.example.")] {
        assert_eq!(tenant::create(app.app(), taken).await.unwrap_err().code(), ErrorCode::Conflict);
    }
    let wrong = NewTenant {
        theme: "../x".into(),
        domains: vec!["localhost".into(), "10.0.0.1".into(), "fine.example".into()],
        storefront: json!([]),
        ..NewTenant::new("admin", " ", "XXQ", "ZZ")
    };
    let error = tenant::create(app.app(), wrong).await.unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(|field| field.field.as_str()).collect();
    assert_eq!(fields, ["slug", "currency", "country", "name", "theme", "storefront", "domains", "domains"]);
    assert_eq!(count(&app, "SELECT count(*) FROM tenant").await, 3);
    assert_eq!(events(&app, "tenant.created").await, 1);
}

async fn changes_settings_and_shows_them_at_once(app: TestApp) {
    let before = resolve(app.app(), "/t/hearth/", &[]).await.unwrap();
    assert_eq!(before.tenant.name, "Hearth & Home");
    let staff = app.staff(&[Permission::SETTINGS_UPDATE]);
    let change = ShopChange {
        name: Some("Hearth".into()),
        storefront: Some(json!({"announcement": "Free delivery"})),
        section: Some(("tax".into(), json!({"BE": "21"}))),
        ..Default::default()
    };
    tenant::update(&staff, change).await.unwrap();
    let after = resolve(app.app(), "/t/hearth/", &[]).await.unwrap().tenant;
    assert_eq!(after.name, "Hearth");
    assert_eq!(after.storefront["announcement"], "Free delivery");
    assert_eq!(after.settings["tax"]["BE"], "21");
    let one_more = ShopChange { section: Some(("shipping".into(), json!({}))), ..Default::default() };
    let after = tenant::update(&staff, one_more).await.unwrap();
    assert_eq!(after.settings["tax"]["BE"], "21");

    let nothing = ShopChange { name: Some("Hearth".into()), ..Default::default() };
    tenant::update(&staff, nothing).await.unwrap();
    assert_eq!(events(&app, "tenant.updated").await, 2);
    let wrong =
        ShopChange { locale: Some("klingon".into()), country: Some("ZZ".into()), ..Default::default() };
    assert_eq!(tenant::update(&staff, wrong).await.unwrap_err().fields().len(), 2);
    let error = tenant::update(&app.customer(), ShopChange::default()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
}

async fn a_thousand_concurrent_misses_make_one_load(app: TestApp) {
    let directory = Directory::of(app.app()).unwrap();
    for (slug, found) in [("hearth", true), ("nobody", false)] {
        let key = Key::Slug(TenantSlug::parse(slug).unwrap());
        let (before, start) = (directory.loads(), Arc::new(Barrier::new(1_000)));
        let askers: Vec<_> = (0..1_000)
            .map(|_| {
                let (directory, key, start) = (directory.clone(), key.clone(), start.clone());
                let app = app.app().clone();
                tokio::spawn(async move {
                    start.wait().await;
                    directory.find(&app, &key).await.unwrap().is_some()
                })
            })
            .collect();
        for asker in askers {
            assert_eq!(asker.await.unwrap(), found);
        }
        assert_eq!(directory.loads() - before, 1, "{slug}");
        directory.find(app.app(), &key).await.unwrap();
        assert_eq!(directory.loads() - before, 1, "{slug} is remembered");
    }
}

async fn names_and_ids_do_not_push_each_other_out(app: TestApp) {
    let app = TestApp::configured(app.database().backend(), |config| config.cache.tenants = 2).await;
    let directory = Directory::of(app.app()).unwrap();
    let find = async |key: Key| directory.find(app.app(), &key).await.unwrap().unwrap().info.id;
    let names = ["hearth", "other"].map(|slug| Key::Slug(TenantSlug::parse(slug).unwrap()));
    let before = directory.loads();
    for _ in 0..50 {
        for name in &names {
            let id = find(name.clone()).await;
            assert_eq!(find(Key::Id(id)).await, id);
        }
        // What does not fit leaves a little later.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(directory.loads() - before, 2, "each is loaded once, for both");
}

async fn a_change_during_a_load_is_never_hidden_by_it(app: TestApp) {
    let directory = Directory::of(app.app()).unwrap();
    let key = Key::Slug(TenantSlug::parse("fresh").unwrap());
    for _ in 0..20 {
        let asker = tokio::spawn({
            let (directory, key, app) = (directory.clone(), key.clone(), app.app().clone());
            async move { directory.find(&app, &key).await.unwrap() }
        });
        directory.invalidate();
        asker.await.unwrap();
        let loads = directory.loads();
        directory.find(app.app(), &key).await.unwrap();
        directory.find(app.app(), &key).await.unwrap();
        assert!(directory.loads() - loads <= 1);
    }
    tenant::create(app.app(), NewTenant::new("fresh", "Fresh", "EUR", "BE")).await.unwrap();
    assert!(directory.find(app.app(), &key).await.unwrap().is_some());
}

#[expect(clippy::disallowed_methods, reason = "the database is taken away past the doors")]
async fn a_known_tenant_is_served_while_the_database_is_away(app: TestApp) {
    let backend = app.database().backend();
    let app = TestApp::configured(backend, |config| config.cache.tenant_seconds = 1).await;
    let directory = Directory::of(app.app()).unwrap();
    let ask = async |path: &str| resolve(app.app(), path, &[]).await;
    assert!(ask("/t/hearth/").await.is_ok());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // Its time is up: it is given out once more, and renewed behind.
    let loads = directory.loads();
    assert!(ask("/t/hearth/").await.is_ok());
    while directory.loads() == loads {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    app.app().db().global_current().clone().close().await.unwrap();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(ask("/t/hearth/cart").await.unwrap().tenant.slug, "hearth");
    }
    let unknown = ask("/t/other/").await.unwrap_err();
    assert_eq!((unknown.code(), unknown.retry_after_seconds()), (ErrorCode::ServiceUnavailable, Some(2)));
    // What may have changed is not served from memory.
    directory.invalidate();
    assert_eq!(ask("/t/hearth/").await.unwrap_err().code(), ErrorCode::ServiceUnavailable);
}

async fn another_process_sees_a_change_without_being_asked_again(app: TestApp) {
    let other = second_process(&app).await;
    let stop = CancellationToken::new();
    let watch = tokio::spawn(identity::watch(other.clone(), stop.clone()));
    assert_eq!(resolve(&other, "/t/late/", &[]).await.unwrap_err().code(), ErrorCode::NotFound);
    assert!(resolve(&other, "/t/hearth/", &[]).await.is_ok());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(resolve(&other, "/t/late/", &[]).await.unwrap_err().code(), ErrorCode::NotFound);

    tenant::create(app.app(), NewTenant::new("late", "Late", "EUR", "BE")).await.unwrap();
    tenant::suspend(app.app(), "hearth", "test").await.unwrap();
    let changed = std::time::Instant::now();
    let mut seen = false;
    while !seen && changed.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen = resolve(&other, "/t/late/", &[]).await.is_ok()
            && resolve(&other, "/t/hearth/", &[])
                .await
                .is_err_and(|error| error.code() == ErrorCode::Forbidden);
    }
    assert!(seen, "the directory does not look");
    stop.cancel();
    watch.await.unwrap();
}

async fn a_page_of_old_settings_does_not_outlive_the_directory_s_look(app: TestApp) {
    let other = second_process(&app).await;
    let stop = CancellationToken::new();
    let watch = tokio::spawn(identity::watch(other.clone(), stop.clone()));
    assert!(resolve(&other, "/t/hearth/", &[]).await.is_ok());
    tokio::time::sleep(Duration::from_millis(700)).await;
    let stamp = |tenant| other.hub().stamp([platform::hub::Key::new(tenant, "tenant")]);
    let (page, of_another_shop) = (stamp(app.tenant().id), stamp(app.other_tenant().tenant_id()));

    let change = ShopChange { name: Some("Hearth & Garden".to_owned()), ..ShopChange::default() };
    tenant::update(&app.staff(&[Permission::SETTINGS_UPDATE]), change).await.unwrap();
    let changed = std::time::Instant::now();
    while other.hub().is_fresh(&page) {
        assert!(changed.elapsed() < PATIENCE, "the directory does not look");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Whoever makes the page anew finds the new settings.
    assert_eq!(resolve(&other, "/t/hearth/", &[]).await.unwrap().tenant.name, "Hearth & Garden");
    assert!(other.hub().is_fresh(&of_another_shop));
    stop.cancel();
    watch.await.unwrap();
}

async fn the_default_tenant_is_the_oldest_or_the_configured_one(app: TestApp) {
    let first = resolve(app.app(), "/", &[]).await.unwrap().tenant;
    assert_eq!(first.slug, "hearth");
    let backend = app.database().backend();
    let configured =
        TestApp::configured(backend, |config| config.server.default_tenant = Some("other".into())).await;
    assert_eq!(resolve(configured.app(), "/", &[]).await.unwrap().tenant.slug, "other");
}

async fn resolves_in_the_order_of_the_contract(app: TestApp) {
    let backend: Backend = app.database().backend();
    let app =
        TestApp::configured(backend, |config| config.server.base_domains.0 = vec!["shops.example".into()])
            .await;
    let owner = app.staff(&[Permission::TENANTS_UPDATE]);
    proved_domain(&app, &owner, "hearth.example").await;
    let id = app.tenant().id.to_string();
    let found = async |path: &str, headers: &[(&str, &str)]| match resolve(app.app(), path, headers).await {
        Ok(resolved) => format!("{} {}|{}", resolved.tenant.slug, resolved.base_path, resolved.rest_path),
        Err(error) => error.code().http_status().to_string(),
    };
    for (path, headers, answer) in [
        ("/cart", &[("host", "hearth.example")][..], "hearth |/cart"),
        ("/cart", &[("host", "Hearth.Example.:8080")], "hearth |/cart"),
        ("/cart", &[("host", "other.shops.example")], "other |/cart"),
        ("/cart", &[("host", "nobody.shops.example")], "404"),
        ("/cart", &[("host", "www.shops.example")], "400"),
        ("/cart", &[("host", "a..b")], "400"),
        ("/cart", &[("host", "shops.example")], "404"),
        ("/cart", &[("host", "localhost:3000")], "404"),
        ("/api/graphql", &[("host", "shops.example"), ("x-tenant-id", "other")], "other |/api/graphql"),
        ("/api/graphql", &[("host", "shops.example"), ("x-tenant-id", &id)], "hearth |/api/graphql"),
        ("/api/graphql", &[("host", "shops.example"), ("x-tenant-id", "nobody")], "404"),
        ("/api/graphql", &[("host", "shops.example"), ("x-tenant-id", "postgres")], "400"),
        ("/cart", &[("host", "shops.example"), ("x-tenant-id", "other")], "404"),
        ("/api/graphql", &[("host", "hearth.example"), ("x-tenant-id", "other")], "400"),
        ("/api/graphql", &[("host", "hearth.example"), ("x-tenant-id", "HEARTH")], "hearth |/api/graphql"),
        ("/cart", &[("host", "hearth.example"), ("x-tenant-id", "other")], "hearth |/cart"),
        ("/t/other/cart?a=1", &[("host", "shops.example")], "other /t/other|/cart"),
        ("/t/OTHER", &[("host", "shops.example")], "other /t/other|/"),
        ("/t/other/cart", &[("host", "hearth.example")], "hearth |/t/other/cart"),
        ("/t/hearth/cart", &[("host", "hearth.example")], "hearth /t/hearth|/cart"),
        ("/t/admin/cart", &[("host", "shops.example")], "400"),
        // The Kelvin sign and a Cyrillic o, as browsers send them and as they are.
        ("/t/%E2%84%AAiosk/", &[("host", "shops.example")], "400"),
        ("/t/h%D0%BEther/", &[("host", "shops.example")], "400"),
        ("/cart", &[("host", "\u{212a}iosk.shops.example")], "400"),
        ("/cart", &[("host", "\u{43e}ther.shops.example")], "400"),
        ("/api/graphql", &[("host", "shops.example"), ("x-tenant-id", "\u{43e}ther")], "400"),
        (
            "/api/graphql",
            &[("host", "shops.example"), ("x-tenant-id", "{019e0000-0000-7000-8000-000000000000}")],
            "400",
        ),
        ("/t/nobody/cart", &[("host", "shops.example")], "404"),
        ("/t/other/api/x", &[("host", "shops.example"), ("x-tenant-id", "hearth")], "400"),
        ("/t/other/api/x", &[("host", "shops.example"), ("x-tenant-id", "other")], "other /t/other|/api/x"),
        ("/", &[("host", "shops.example"), ("x-forwarded-host", "hearth.example")], "404"),
    ] {
        assert_eq!(found(path, headers).await, answer, "{path} {headers:?}");
    }
    let hosts = resolve(app.app(), "/", &[("host", "hearth.example")]).await.unwrap().tenant.hosts.clone();
    assert_eq!(hosts, ["hearth.example", "hearth.shops.example"]);
    assert_eq!(request("GET", "/", &[]).headers.len(), 1);
}

testkit::on_both!(
    creates_lists_suspends_and_resumes,
    refuses_a_taken_slug_or_domain_and_names_every_mistake,
    changes_settings_and_shows_them_at_once,
    a_thousand_concurrent_misses_make_one_load,
    names_and_ids_do_not_push_each_other_out,
    a_change_during_a_load_is_never_hidden_by_it,
    a_known_tenant_is_served_while_the_database_is_away,
    another_process_sees_a_change_without_being_asked_again,
    a_page_of_old_settings_does_not_outlive_the_directory_s_look,
    the_default_tenant_is_the_oldest_or_the_configured_one,
    resolves_in_the_order_of_the_contract,
);
