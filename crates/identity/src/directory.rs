//! Tenants by every name they have, cached: found ones for 300 s, missing ones for 60 s, 1,000 of them, one database
//! load per key under any number of concurrent misses. Names and ids have a shelf of 1,000 each, so that requests, which
//! bring names, and the work behind them, which knows ids, do not push each other's tenants out.
//!
//! A key of the cache holds the generation in which it was asked, and every change of a tenant begins a new
//! generation. So whatever was loaded before a change can never answer a question that was asked after it.
//! Other processes notice a change by [`mod@crate::watch`], within a second.
//!
//! A found tenant whose time is up is still given out while it is asked for anew, and for as long as the database is
//! away: nothing that we know of has changed in its generation. So found ones leave by size and by a change only.

use crate::entity::{domain, tenant};
use crate::resolve::{Key, Rules};
use metrics::counter;
use moka::Expiry;
use moka::future::Cache;
use platform::config::CacheConfig;
use platform::{App, Config, Context, Db, Error, Result, TenantInfo};
use primitives::{Country, Currency, Locale, TenantId};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Hub key of everything that is made of a tenant's settings.
pub const SETTINGS: &str = "tenant";

/// A tenant as the directory knows it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Identity and settings.
    pub info: Arc<TenantInfo>,
    /// Whether it is closed to everybody.
    pub suspended: bool,
    /// Where it stands between its first day and its last.
    pub life: Life,
}

/// Where a tenant stands between its first day and its last. Only an open one is ever shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// There.
    Open,
    /// Deleted, and can still be had back.
    Deleted,
    /// Going for good.
    Purging,
    /// An import is filling it.
    Filling,
}

impl Life {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Deleted => "deleted",
            Self::Purging => "purging",
            Self::Filling => "filling",
        }
    }

    /// Reads the name in the database; the database knows no other.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "deleted" => Self::Deleted,
            "purging" => Self::Purging,
            "filling" => Self::Filling,
            _ => Self::Open,
        }
    }
}

/// The cache; one per process.
pub struct Directory {
    rules: Rules,
    default_slug: Option<String>,
    /// How long a found tenant is given out without being asked for anew.
    fresh: Duration,
    names: Shelf,
    ids: Shelf,
    /// What is being asked for anew.
    renewing: Mutex<HashSet<(u64, Key)>>,
    generation: AtomicU64,
    loads: AtomicU64,
}

/// What is known under one kind of key.
type Shelf = Cache<(u64, Key), Option<Known>>;

/// A tenant that was found.
#[derive(Clone)]
struct Known {
    record: Arc<Record>,
    /// When to ask for it anew.
    until: Instant,
}

fn shelf(cache: &CacheConfig) -> Shelf {
    let life = Keep { missing: Duration::from_secs(cache.tenant_missing_seconds) };
    Cache::builder().max_capacity(cache.tenants).expire_after(life).build()
}

/// What was asked for together does not run out together.
fn about(life: Duration) -> Duration {
    life.mul_f64(rand::random_range(0.9..=1.0))
}

/// Refuses a configuration that no request could be resolved with; for the start of the host.
///
/// # Errors
/// Names the key, the value and what is allowed.
pub fn check_config(config: &Config) -> Result<()> {
    Rules::from_config(config).map(|_| ())
}

impl Directory {
    /// The directory of this process.
    ///
    /// # Errors
    /// As [`check_config`].
    pub fn of(app: &App) -> Result<Arc<Self>> {
        struct Slot(Result<Arc<Directory>>);
        app.state(|| Slot(Directory::new(app.config()).map(Arc::new))).0.clone()
    }

    fn new(config: &Config) -> Result<Self> {
        Ok(Self {
            rules: Rules::from_config(config)?,
            default_slug: config.server.default_tenant.clone(),
            fresh: Duration::from_secs(config.cache.tenant_seconds),
            names: shelf(&config.cache),
            ids: shelf(&config.cache),
            renewing: Mutex::default(),
            generation: AtomicU64::new(0),
            loads: AtomicU64::new(0),
        })
    }

    /// What configuration says about resolution.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The tenant of that name, suspended or not.
    ///
    /// # Errors
    /// Those of the database, when nothing is known from before; they are not remembered.
    pub async fn find(self: &Arc<Self>, app: &App, key: &Key) -> Result<Option<Arc<Record>>> {
        let place = (self.generation.load(Ordering::Acquire), key.clone());
        let known = self.shelf(key).get(&place).await;
        let result = if known.is_some() { "hit" } else { "miss" };
        counter!("rustok_cache_operations_total", "cache" => "tenant", "result" => result).increment(1);
        match known {
            Some(Some(known)) => {
                if known.until <= Instant::now() {
                    self.renew(app, place);
                }
                Ok(Some(known.record))
            }
            Some(None) => Ok(None),
            None => {
                let load = self.ask(app.db(), &place);
                let loaded = self.shelf(key).try_get_with(place.clone(), load).await;
                let loaded = loaded.map_err(|error: Arc<Error>| Error::clone(&error))?;
                Ok(loaded.map(|known| known.record))
            }
        }
    }

    fn shelf(&self, key: &Key) -> &Shelf {
        match key {
            Key::Id(_) => &self.ids,
            Key::Domain(_) | Key::Slug(_) | Key::Default => &self.names,
        }
    }

    /// Loads. What was found by a name is known by its id, too.
    async fn ask(&self, db: &Db, place: &(u64, Key)) -> Result<Option<Known>> {
        let Some(record) = self.load(db, &place.1).await? else { return Ok(None) };
        let known = Known { record, until: Instant::now() + about(self.fresh) };
        if !matches!(place.1, Key::Id(_)) {
            self.ids.insert((place.0, Key::Id(known.record.info.id)), Some(known.clone())).await;
        }
        Ok(Some(known))
    }

    /// Asks in the background, once at a time.
    fn renew(self: &Arc<Self>, app: &App, place: (u64, Key)) {
        let renewing = || self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        if !renewing().insert(place.clone()) {
            return;
        }
        let (directory, app) = (self.clone(), app.clone());
        tokio::spawn(async move {
            match directory.ask(app.db(), &place).await {
                Ok(found) => directory.shelf(&place.1).insert(place.clone(), found).await,
                Err(error) => {
                    tracing::warn!(report = %error.report(), "a tenant is served as it was known before");
                }
            }
            directory.renewing.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
        });
    }

    /// Forgets everything: the next question to each key is a new load.
    pub fn invalidate(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.names.invalidate_all();
        self.ids.invalidate_all();
    }

    /// How many loads there have been.
    pub fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }

    async fn load(&self, db: &Db, key: &Key) -> Result<Option<Arc<Record>>> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        counter!("rustok_cache_loads_total", "cache" => "tenant").increment(1);
        let connection = primary(db);
        let select = tenant::Entity::find();
        let select = match key {
            Key::Id(id) => select.filter(tenant::Column::Id.eq(id.uuid())),
            Key::Slug(slug) => select.filter(tenant::Column::Slug.eq(slug.as_str())),
            Key::Domain(host) => select
                .join_rev(
                    JoinType::InnerJoin,
                    domain::Entity::belongs_to(tenant::Entity)
                        .from(domain::Column::TenantId)
                        .to(tenant::Column::Id)
                        .into(),
                )
                .filter(domain::Column::Host.eq(host.as_str()))
                .filter(domain::Column::VerifiedAt.is_not_null()),
            Key::Default => match &self.default_slug {
                Some(slug) => select.filter(tenant::Column::Slug.eq(slug.as_str())),
                None => select
                    .filter(tenant::Column::Life.eq(Life::Open.as_str()))
                    .order_by_asc(tenant::Column::CreatedAt)
                    .order_by_asc(tenant::Column::Id),
            },
        };
        let Some(row) = select.one(connection).await.context("looking for a tenant")? else {
            return Ok(None);
        };
        let (suspended, life) = (row.status == "suspended", Life::parse(&row.life));
        let hosts = domain::Entity::find()
            .filter(domain::Column::TenantId.eq(row.id))
            .filter(domain::Column::VerifiedAt.is_not_null())
            .order_by_asc(domain::Column::CreatedAt)
            .order_by_asc(domain::Column::Id)
            .select_only()
            .column(domain::Column::Host)
            .into_tuple::<String>()
            .all(connection)
            .await
            .context("looking for a tenant's domains")?;
        let switches = Arc::new(crate::modules::switches(connection, row.id).await?);
        let info = Arc::new(TenantInfo { switches, ..info_of(row, self.hosts(hosts))? });
        Ok(Some(Arc::new(Record { info, suspended, life })))
    }

    fn hosts(&self, domains: Vec<String>) -> impl FnOnce(&str) -> Vec<String> {
        let bases = self.rules.base_domains().to_vec();
        move |slug| domains.into_iter().chain(bases.iter().map(|base| format!("{slug}.{base}"))).collect()
    }
}

/// Reads a row; `hosts` gives the hosts of its slug. What the shop has switched off stands in other tables.
pub(crate) fn info_of(row: tenant::Model, hosts: impl FnOnce(&str) -> Vec<String>) -> Result<TenantInfo> {
    let doing = || format!("reading tenant {}", row.slug);
    Ok(TenantInfo {
        id: TenantId::from_uuid(row.id),
        locale: Locale::parse(&row.locale).map_err(Error::internal).context(doing())?,
        currency: Currency::parse(&row.currency).map_err(Error::internal).context(doing())?,
        country: Country::parse(&row.country).map_err(Error::internal).context(doing())?,
        prices_include_tax: row.prices_include_tax,
        storefront: Arc::new(
            serde_json::from_str(&row.storefront).map_err(Error::internal).context(doing())?,
        ),
        settings: Arc::new(serde_json::from_str(&row.settings).map_err(Error::internal).context(doing())?),
        hosts: hosts(&row.slug),
        switches: Arc::default(),
        slug: row.slug,
        name: row.name,
        theme: row.theme,
    })
}

/// Tenants are read where they are written: a replica that lags would bring an old one back into the cache.
#[expect(clippy::disallowed_methods, reason = "the tenant of a request is found before there is one")]
pub(crate) fn primary(db: &Db) -> &DatabaseConnection {
    db.global_current()
}

/// The tenant with this id, suspended or hidden or not: what `events::Relay` asks for the tenant of an event.
///
/// # Errors
/// `NOT_FOUND` when there is none; those of the database.
pub async fn tenant_of(app: App, id: TenantId) -> Result<Arc<TenantInfo>> {
    let record = Directory::of(&app)?.find(&app, &Key::Id(id)).await?;
    record.map(|record| Arc::clone(&record.info)).ok_or_else(|| Error::not_found("tenant"))
}

/// How long a name that leads nowhere is remembered; what was found has no end of its own.
struct Keep {
    missing: Duration,
}

impl Expiry<(u64, Key), Option<Known>> for Keep {
    fn expire_after_create(&self, _: &(u64, Key), found: &Option<Known>, _: Instant) -> Option<Duration> {
        found.is_none().then(|| about(self.missing))
    }

    fn expire_after_update(
        &self,
        _: &(u64, Key),
        found: &Option<Known>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        found.is_none().then(|| about(self.missing))
    }
}
