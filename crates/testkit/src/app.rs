//! An application on a fresh database, with a clock that tests turn and people who act.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use platform::clock::ManualClock;
use platform::{Actor, App, Clock, Config, Ctx, Db, TenantInfo};
use primitives::{Country, Currency, Locale, Permission, PermissionSet, TenantId, Timestamp, UserId};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};

use crate::{Backend, TestDb};

/// 2026-01-02 03:04:05 UTC, where the clock of every test starts.
const START_MS: i64 = 1_767_323_045_000;

/// An [`App`] with two tenants: `hearth` (EUR, Belgium, prices include tax), where everybody acts, and `other`
/// (USD, United States, prices exclude tax), whose things nobody of `hearth` may ever see.
pub struct TestApp {
    app: App,
    clock: Arc<ManualClock>,
    hearth: Arc<TenantInfo>,
    other: Arc<TenantInfo>,
    // Last, so that the pools are closed before the database goes away.
    database: TestDb,
}

impl TestApp {
    /// A fresh application on a fresh database.
    ///
    /// # Panics
    /// When the database cannot be made.
    pub async fn on(backend: Backend) -> Self {
        Self::configured(backend, |_| {}).await
    }

    /// As [`TestApp::on`], after `change` has altered the configuration.
    pub async fn configured(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDb::create(backend).await;
        let mut config = Config::default();
        config.database.url = database.url().to_owned();
        config.database.durable = false;
        config.media.dir = database.folder().join("media");
        config.security.secret_key = Some("the secret key of every test application".to_owned());
        // As weak as the algorithm goes: tests sign in by the hundred, and the host starts with nothing below its floor.
        config.security.hash_memory_kib = 8;
        config.security.hash_passes = 1;
        change(&mut config);
        let db = Db::connect(&config.database).await.expect("connecting the application");
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(START_MS)));
        let app = App::new(db, clock.clone(), Arc::new(config));
        let hearth = Arc::new(tenant("hearth", "Hearth & Home", "EUR", "BE", true));
        let other = Arc::new(tenant("other", "The Other Shop", "USD", "US", false));
        let owner = database.owner().await;
        for tenant in [&hearth, &other] {
            insert_tenant(&owner, tenant, clock.now()).await;
        }
        owner.close().await.expect("closing the owner's connection");
        Self { app, clock, hearth, other, database }
    }

    /// The application itself.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The database underneath.
    pub fn database(&self) -> &TestDb {
        &self.database
    }

    /// The tenant where [`TestApp::customer`] and [`TestApp::staff`] act.
    pub fn tenant(&self) -> &Arc<TenantInfo> {
        &self.hearth
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The clock's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Nobody signed in, in `hearth`.
    pub fn anonymous(&self) -> Ctx {
        self.act(&self.hearth, Actor::Anonymous)
    }

    /// A customer of `hearth`; every call is another one. The account has no row in the database.
    pub fn customer(&self) -> Ctx {
        self.act(&self.hearth, Actor::Customer { user: UserId::new() })
    }

    /// A member of the staff of `hearth` who may do exactly this. The account has no row in the database.
    pub fn staff(&self, permissions: &[Permission]) -> Ctx {
        let permissions = permissions.iter().copied().collect::<PermissionSet>();
        self.act(&self.hearth, Actor::Staff { user: UserId::new(), permissions })
    }

    /// The process itself, in `hearth`.
    pub fn system(&self) -> Ctx {
        Ctx::system(&self.app, self.hearth.clone(), "test")
    }

    /// A member of the staff of the tenant `other` who may do everything there.
    pub fn other_tenant(&self) -> Ctx {
        let permissions = PermissionSet::everything();
        self.act(&self.other, Actor::Staff { user: UserId::new(), permissions })
    }

    /// The process itself, in `other`.
    pub fn other_system(&self) -> Ctx {
        Ctx::system(&self.app, self.other.clone(), "test")
    }

    fn act(&self, tenant: &Arc<TenantInfo>, actor: Actor) -> Ctx {
        Ctx::new(self.app.clone(), tenant.clone(), actor, "test")
    }
}

fn tenant(slug: &str, name: &str, currency: &str, country: &str, prices_include_tax: bool) -> TenantInfo {
    TenantInfo {
        id: TenantId::new(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        locale: Locale::from_str("en").expect("a locale"),
        currency: Currency::from_str(currency).expect("a currency"),
        country: Country::from_str(country).expect("a country"),
        prices_include_tax,
        theme: slug.to_owned(),
        storefront: Arc::default(),
        settings: Arc::default(),
        hosts: Vec::new(),
        switches: Arc::default(),
    }
}

async fn insert_tenant(owner: &DatabaseConnection, tenant: &TenantInfo, now: Timestamp) {
    const COLUMNS: &str = "id, slug, name, locale, currency, country, prices_include_tax, theme, storefront, status, \
                           revision, created_at, updated_at";
    let placeholders = match owner.get_database_backend() {
        DbBackend::Sqlite => "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
        _ => "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13",
    };
    let values: [Value; 13] = [
        tenant.id.uuid().into(),
        tenant.slug.clone().into(),
        tenant.name.clone().into(),
        tenant.locale.to_string().into(),
        tenant.currency.code().into(),
        tenant.country.as_str().into(),
        tenant.prices_include_tax.into(),
        tenant.theme.clone().into(),
        "{}".into(),
        "active".into(),
        1_i64.into(),
        now.millis().into(),
        now.millis().into(),
    ];
    let sql = format!("INSERT INTO tenant ({COLUMNS}) VALUES ({placeholders})");
    let statement = Statement::from_sql_and_values(owner.get_database_backend(), sql, values);
    owner.execute_raw(statement).await.expect("inserting a tenant");
}
