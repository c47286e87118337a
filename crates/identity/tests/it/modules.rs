//! Switching modules of a shop: hooks, what goes along, what two people do at once.

use crate::support::{count, events};
use identity::directory::Directory;
use identity::modules::{self, Wish};
use identity::resolve::Key;
use platform::module::{Feature, Module, Presence, Registry, State};
use platform::{App, Error, Result, Tx};
use primitives::{ErrorCode, Permission};
use std::sync::Arc;
use std::time::Duration;
use testkit::TestApp;

/// A module whose hooks leave a row behind, and fail where they are told to.
struct Probe {
    name: &'static str,
    needs: &'static [&'static str],
    fails: bool,
}

impl Probe {
    async fn write(&self, tx: &Tx, what: &str) -> Result<()> {
        tx.raw_exec(
            "INSERT INTO tenant_feature (tenant_id, feature, enabled, changed_at) VALUES ({tenant}, ?, ?, 0)",
            vec![format!("{what}-{}", self.name).into(), true.into()],
        )
        .await?;
        if self.fails { Err(Error::conflict("the hook says no")) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl Module for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn about(&self) -> &'static str {
        "A probe."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        self.needs
    }

    fn presence(&self) -> Presence {
        if self.name == "base" { Presence::Required } else { Presence::PerTenant }
    }

    async fn on_enable(&self, tx: &Tx) -> Result<()> {
        self.write(tx, "on").await
    }

    async fn on_disable(&self, tx: &Tx) -> Result<()> {
        self.write(tx, "off").await
    }
}

/// `shop` needs `till` needs `stock` needs `base`; the hook of `stubborn`, which needs `stock`, fails.
fn install(app: &App) {
    let probe = |name, needs: &'static [&'static str]| {
        Arc::new(Probe { name, needs, fails: name == "stubborn" }) as Arc<dyn Module>
    };
    let modules = vec![
        probe("base", &[]),
        probe("stock", &["base"]),
        probe("till", &["stock"]),
        probe("shop", &["till"]),
        probe("stubborn", &["stock"]),
    ];
    Registry::build(modules).unwrap().install(app);
}

fn off(what: &str, cascade: bool) -> Wish<'_> {
    Wish { what, enabled: false, cascade }
}

fn on(what: &str, cascade: bool) -> Wish<'_> {
    Wish { what, enabled: true, cascade }
}

async fn enabled(app: &TestApp) -> Vec<&'static str> {
    let found = Directory::of(app.app()).unwrap().find(app.app(), &Key::Id(app.tenant().id)).await;
    let info = found.unwrap().unwrap().info.clone();
    ["base", "stock", "till", "shop", "stubborn"]
        .into_iter()
        .filter(|name| info.switches.module(name))
        .collect()
}

async fn switches_in_order_with_hooks_and_events(app: TestApp) {
    install(app.app());
    let staff = app.staff(&[Permission::MODULES_UPDATE, Permission::MODULES_READ]);
    let error = modules::toggle_module(&staff, off("till", false)).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::Conflict, "shop needs till: switch it off, too"));
    let (views, changed) = modules::toggle_module(&staff, off("till", true)).await.unwrap();
    assert_eq!(changed, ["shop", "till"]);
    assert_eq!(enabled(&app).await, ["base", "stock", "stubborn"]);
    let till = views.iter().find(|view| view.name == "till").unwrap();
    assert_eq!((till.enabled, till.required, till.state), (false, false, State::Registered));
    assert_eq!((till.dependants.clone(), till.changed_at), (vec!["shop"], Some(app.now())));
    for line in ["off-shop", "off-till"] {
        let sql = format!("SELECT count(*) FROM tenant_feature WHERE feature = '{line}'");
        assert_eq!(count(&app, &sql).await, 1, "{line}");
    }
    assert_eq!(events(&app, "tenant.module_toggled").await, 2);
    let by = "SELECT count(*) FROM tenant_module WHERE changed_by IS NOT NULL";
    assert_eq!(count(&app, by).await, 2);

    let error = modules::toggle_module(&staff, on("shop", false)).await.unwrap_err();
    assert_eq!(error.message(), "shop needs till, which is switched off: switch it on, too");
    assert_eq!(modules::toggle_module(&staff, on("shop", true)).await.unwrap().1, ["till", "shop"]);
    assert_eq!(modules::toggle_module(&staff, on("shop", true)).await.unwrap().1, Vec::<&str>::new());
    assert_eq!(enabled(&app).await.len(), 5);
    assert_eq!(events(&app, "tenant.module_toggled").await, 4);
    assert_eq!(modules::modules(&staff).await.unwrap().len(), 5);
}

async fn a_hook_that_fails_undoes_everything(app: TestApp) {
    install(app.app());
    let staff = app.staff(&[Permission::MODULES_UPDATE]);
    let revision = "SELECT CAST(sum(revision) AS bigint) FROM tenant";
    let before = count(&app, revision).await;
    let error = modules::toggle_module(&staff, off("stock", true)).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::Conflict, "the hook says no"));
    assert_eq!(enabled(&app).await.len(), 5);
    for table in ["tenant_module", "tenant_feature", "outbox"] {
        assert_eq!(count(&app, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(count(&app, revision).await, before);
}

async fn refuses_what_cannot_be_switched(app: TestApp) {
    install(app.app());
    let staff = app.staff(&[Permission::MODULES_UPDATE]);
    let error = modules::toggle_module(&staff, off("base", true)).await.unwrap_err();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "module"));
    assert_eq!(modules::toggle_module(&staff, on("base", false)).await.unwrap().1, Vec::<&str>::new());
    let error = modules::toggle_module(&staff, off("nonsense", true)).await.unwrap_err();
    assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "module"));
    let wish = Wish { what: &Feature::Forum, enabled: true, cascade: false };
    let error = modules::toggle_feature(&staff, wish).await.unwrap_err();
    assert_eq!((error.code(), error.status()), (ErrorCode::FeatureNotEnabled, 403));
    for nobody in [app.anonymous(), app.customer(), app.staff(&[Permission::MODULES_READ])] {
        let codes = [ErrorCode::Unauthenticated, ErrorCode::Forbidden];
        assert!(
            codes.contains(&modules::toggle_module(&nobody, off("shop", false)).await.unwrap_err().code())
        );
        assert!(codes.contains(&modules::toggle_feature(&nobody, wish).await.unwrap_err().code()));
    }
    assert_eq!(count(&app, "SELECT count(*) FROM tenant_module").await, 0);
}

async fn features_are_switched_and_remembered(app: TestApp) {
    install(app.app());
    let staff = app.staff(&[Permission::MODULES_MANAGE]);
    let wish = |enabled| Wish { what: &Feature::AdvancedSearch, enabled, cascade: false };
    let has = async || {
        let found = Directory::of(app.app()).unwrap().find(app.app(), &Key::Id(app.tenant().id)).await;
        found.unwrap().unwrap().info.switches.feature(Feature::AdvancedSearch)
    };
    assert!(has().await);
    assert!(modules::toggle_feature(&staff, wish(false)).await.unwrap().1);
    assert!(!has().await);
    let (views, changed) = modules::toggle_feature(&staff, wish(false)).await.unwrap();
    assert!(!changed && !views.iter().find(|view| view.feature == Feature::AdvancedSearch).unwrap().enabled);
    assert!(modules::toggle_feature(&staff, wish(true)).await.unwrap().1 && has().await);
    assert_eq!(events(&app, "tenant.feature_toggled").await, 2);
    // The list of shops tells the same, and other shops have their own.
    let listed = identity::tenant::list(app.app()).await.unwrap();
    assert!(listed.iter().all(|tenant| tenant.info.switches.feature(Feature::AdvancedSearch)));
    modules::toggle_feature(&staff, wish(false)).await.unwrap();
    let listed = identity::tenant::list(app.app()).await.unwrap();
    let without: Vec<_> = listed
        .iter()
        .filter(|tenant| !tenant.info.switches.feature(Feature::AdvancedSearch))
        .map(|tenant| tenant.slug.as_str())
        .collect();
    assert_eq!(without, ["hearth"]);
}

/// One switches `stock` off, the other needs it on: whoever comes second sees what the first has done.
async fn two_switches_at_once_leave_no_module_without_what_it_needs(app: TestApp) {
    install(app.app());
    let staff = app.staff(&[Permission::MODULES_UPDATE]);
    modules::toggle_module(&staff, off("till", true)).await.unwrap();
    for _ in 0..8 {
        let (one, two) = tokio::join!(
            modules::toggle_module(&staff, off("till", true)),
            modules::toggle_module(&staff, on("shop", true)),
        );
        for outcome in [one, two] {
            if let Err(error) = outcome {
                assert!(error.is_retryable() || error.code() == ErrorCode::Conflict, "{}", error.report());
            }
        }
        let now = enabled(&app).await;
        assert!(!now.contains(&"shop") || now.contains(&"till"), "{now:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

testkit::on_both!(
    switches_in_order_with_hooks_and_events,
    a_hook_that_fails_undoes_everything,
    refuses_what_cannot_be_switched,
    features_are_switched_and_remembered,
    two_switches_at_once_leave_no_module_without_what_it_needs,
);
