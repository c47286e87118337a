//! Tenants: create, list, suspend, resume, settings, domains. The command line and the seed call these.

use crate::directory::{Directory, Record, SETTINGS, info_of, primary};
use crate::entity::{domain, tenant};
use crate::event::IdentityEvent;
use crate::resolve::Key;
use events::Emit;
use platform::{Access, App, Context, Ctx, Error, Result, TenantInfo, Tx};
use primitives::{
    Country, Currency, DomainId, ErrorCode, FieldError, HostName, Locale, Permission, TenantId, TenantSlug,
    Timestamp,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryOrder, Set};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Largest `storefront` or `settings` document, bytes.
const MAX_DOCUMENT: usize = 256 * 1024;

/// What a new tenant begins with.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// Name in addresses.
    pub slug: String,
    /// Name that shoppers see.
    pub name: String,
    /// Language, such as `en`.
    pub locale: String,
    /// ISO 4217 code.
    pub currency: String,
    /// ISO 3166-1 code.
    pub country: String,
    /// Whether entered prices include tax.
    pub prices_include_tax: bool,
    /// Theme name.
    pub theme: String,
    /// Announcement, menus, blocks: an object.
    pub storefront: Value,
    /// Shipping, tax, payment, by section: an object.
    pub settings: Value,
    /// Hosts of its own.
    pub domains: Vec<String>,
}

impl NewTenant {
    /// An English shop with nothing special.
    pub fn new(slug: &str, name: &str, currency: &str, country: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            name: name.to_owned(),
            locale: "en".to_owned(),
            currency: currency.to_owned(),
            country: country.to_owned(),
            prices_include_tax: true,
            theme: "default".to_owned(),
            storefront: Value::Object(serde_json::Map::new()),
            settings: Value::Object(serde_json::Map::new()),
            domains: Vec::new(),
        }
    }
}

/// A line of the list of tenants.
#[derive(Clone, Debug, Serialize)]
pub struct TenantView {
    /// Key.
    pub id: TenantId,
    /// Name in addresses.
    pub slug: String,
    /// Name that shoppers see.
    pub name: String,
    /// `active` or `suspended`.
    pub status: String,
    /// Currency of every price.
    pub currency: Currency,
    /// Country whose tax rate applies.
    pub country: Country,
    /// Hosts of its own.
    pub domains: Vec<String>,
    /// When it was created, Unix milliseconds.
    pub created_at: Timestamp,
    /// Identity and settings.
    #[serde(skip)]
    pub info: Arc<TenantInfo>,
}

/// Creates a tenant. It is visible at once in this process and within a second in others.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `CONFLICT` when the slug or a domain is taken.
pub async fn create(app: &App, new: NewTenant) -> Result<Arc<TenantInfo>> {
    let (info, domains) = checked(new)?;
    let info = Arc::new(info);
    let ctx = Ctx::operator(app, info.clone(), "tenant create");
    let now = ctx.now().millis();
    let stored = ctx.write(Access::System, async |tx| {
        tx.insert(tenant::ActiveModel {
            id: Set(info.id.uuid()),
            slug: Set(info.slug.clone()),
            name: Set(info.name.clone()),
            locale: Set(info.locale.to_string()),
            currency: Set(info.currency.as_str().to_owned()),
            country: Set(info.country.as_str().to_owned()),
            prices_include_tax: Set(info.prices_include_tax),
            theme: Set(info.theme.clone()),
            storefront: Set(info.storefront.to_string()),
            settings: Set(info.settings.to_string()),
            status: Set("active".to_owned()),
            revision: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
        })
        .await?;
        if !domains.is_empty() {
            tx.insert_many(domains.iter().map(|host| domain_row(host, now)).collect()).await?;
        }
        tx.emit(IdentityEvent::TenantCreated {
            tenant_id: info.id,
            slug: info.slug.clone(),
            currency: info.currency,
            locale: info.locale,
        })
        .await?;
        forget(tx)
    });
    match stored.await {
        Ok(()) => Ok(find(app, &info.slug).await?.info.clone()),
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::conflict(format!("the tenant slug {} or one of its domains is taken", info.slug)))
        }
        Err(error) => Err(error).context("creating a tenant"),
    }
}

/// All tenants, by slug.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App) -> Result<Vec<TenantView>> {
    let connection = primary(app.db());
    let rows = tenant::Entity::find().order_by_asc(tenant::Column::Slug).all(connection).await?;
    let domains = domain::Entity::find().order_by_asc(domain::Column::CreatedAt).all(connection).await?;
    let mut switches = crate::modules::all_switches(connection).await?;
    rows.into_iter()
        .map(|row| {
            let own = domains.iter().filter(|domain| domain.tenant_id == row.id);
            let own: Vec<_> = own.map(|domain| domain.host.clone()).collect();
            let (status, created_at) = (row.status.clone(), Timestamp::from_millis(row.created_at));
            let switches = Arc::new(switches.remove(&row.id).unwrap_or_default());
            let info = Arc::new(TenantInfo { switches, ..info_of(row, |_| own.clone())? });
            Ok(TenantView {
                id: info.id,
                slug: info.slug.clone(),
                name: info.name.clone(),
                status,
                currency: info.currency,
                country: info.country,
                domains: own,
                created_at,
                info,
            })
        })
        .collect()
}

/// The tenant of that slug or id, suspended or not.
///
/// # Errors
/// `BAD_USER_INPUT` for what can be neither, `NOT_FOUND`.
pub async fn find(app: &App, slug_or_id: &str) -> Result<Arc<Record>> {
    let key = Key::parse(slug_or_id)?;
    Directory::of(app)?.find(app, &key).await?.ok_or_else(|| Error::not_found("tenant"))
}

/// Closes a tenant to everybody (403) until [`resume`].
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when it is suspended already; `BAD_USER_INPUT` for a reason over 500 characters.
pub async fn suspend(app: &App, slug: &str, reason: &str) -> Result<()> {
    let tenant_id = find(app, slug).await?.info.id;
    let event = IdentityEvent::TenantSuspended { tenant_id, reason: reason.trim().to_owned() };
    switch(app, slug, "active", "suspended", event).await
}

/// Opens a suspended tenant again.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when it is not suspended.
pub async fn resume(app: &App, slug: &str) -> Result<()> {
    let tenant_id = find(app, slug).await?.info.id;
    switch(app, slug, "suspended", "active", IdentityEvent::TenantResumed { tenant_id }).await
}

async fn switch(
    app: &App,
    slug: &str,
    from: &'static str,
    to: &'static str,
    event: IdentityEvent,
) -> Result<()> {
    let record = find(app, slug).await?;
    let ctx = Ctx::operator(app, record.info.clone(), format!("tenant {to}"));
    ctx.write(Access::System, async |tx| {
        let changed = touch(tx, ctx.now())
            .set(tenant::Column::Status, to)
            .filter(tenant::Column::Status.eq(from))
            .exec()
            .await?;
        if changed == 0 {
            return Err(Error::conflict(format!("tenant {} is {to} already", record.info.slug)));
        }
        tx.emit(event).await?;
        forget(tx)
    })
    .await
}

/// What to change; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ShopChange {
    /// Name that shoppers see.
    pub name: Option<String>,
    /// Default language.
    pub locale: Option<String>,
    /// Country whose tax rate applies.
    pub country: Option<String>,
    /// Theme name.
    pub theme: Option<String>,
    /// Whether entered prices include tax.
    pub prices_include_tax: Option<bool>,
    /// Announcement, menus, blocks: replaces the whole object.
    pub storefront: Option<Value>,
    /// One section of the settings, replaced or added.
    pub section: Option<(String, Value)>,
}

/// Changes the settings of the caller's shop. The currency stays: amounts are already stored in it.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `CONFLICT` when somebody else changed them at the same time.
pub async fn update(ctx: &Ctx, change: ShopChange) -> Result<Arc<TenantInfo>> {
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let row = tx.get::<tenant::Entity>(ctx.tenant_id().uuid()).await?;
        let (revision, old) = (row.revision, info_of(row, |_| Vec::new())?);
        let (new, changed) = applied(&old, change)?;
        if changed.is_empty() {
            return Ok(());
        }
        let rows = touch(tx, ctx.now())
            .set(tenant::Column::Name, new.name)
            .set(tenant::Column::Locale, new.locale.to_string())
            .set(tenant::Column::Country, new.country.as_str())
            .set(tenant::Column::Theme, new.theme)
            .set(tenant::Column::PricesIncludeTax, new.prices_include_tax)
            .set(tenant::Column::Storefront, new.storefront.to_string())
            .set(tenant::Column::Settings, new.settings.to_string())
            .filter(tenant::Column::Revision.eq(revision))
            .exec()
            .await?;
        if rows == 0 {
            return Err(Error::conflict("somebody else changed the settings at the same time"));
        }
        tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed }).await?;
        forget(tx)
    })
    .await?;
    let found = Directory::of(ctx.app())?.find(ctx.app(), &Key::Id(ctx.tenant_id())).await?;
    found.map(|record| record.info.clone()).ok_or_else(|| Error::not_found("tenant"))
}

/// Gives the caller's shop a host of its own.
///
/// # Errors
/// `BAD_USER_INPUT` for what is no host name; `CONFLICT` when a shop has it.
pub async fn add_domain(ctx: &Ctx, host: &str) -> Result<()> {
    let host = domain_name(host).map_err(|error| Error::invalid_fields(vec![error]))?;
    let stored = ctx.write(Permission::TENANTS_UPDATE, async |tx| {
        tx.insert(domain_row(&host, ctx.now().millis())).await?;
        touch(tx, ctx.now()).exec().await?;
        tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed: vec!["domains"] })
            .await?;
        forget(tx)
    });
    match stored.await {
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::conflict(format!("the domain {host} is taken")))
        }
        result => result,
    }
}

/// Takes a host from the caller's shop.
///
/// # Errors
/// `NOT_FOUND` when the shop does not have it.
pub async fn remove_domain(ctx: &Ctx, host: &str) -> Result<()> {
    ctx.write(Permission::TENANTS_UPDATE, async |tx| {
        let gone = tx.delete_many::<domain::Entity>().filter(domain::Column::Host.eq(host)).exec().await?;
        if gone == 0 {
            return Err(Error::not_found("domain"));
        }
        touch(tx, ctx.now()).exec().await?;
        tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed: vec!["domains"] })
            .await?;
        forget(tx)
    })
    .await
}

/// A change of the tenant's row that other processes will notice.
pub(crate) fn touch(tx: &Tx, now: Timestamp) -> platform::db::UpdateRows<'_, tenant::Entity> {
    tx.update_many::<tenant::Entity>()
        .col_expr(tenant::Column::Revision, Expr::col(tenant::Column::Revision).add(1))
        .set(tenant::Column::UpdatedAt, now.millis())
}

/// Forgets cached tenants, and pages that show their settings, once the change is durable.
pub(crate) fn forget(tx: &Tx) -> Result<()> {
    let ctx = tx.ctx().ok_or_else(|| Error::internal("a change of a tenant needs its context"))?.clone();
    let directory = Directory::of(ctx.app())?;
    tx.after_commit(move || {
        directory.invalidate();
        ctx.app().hub().bump(ctx.tenant_id(), SETTINGS);
    });
    Ok(())
}

fn domain_row(host: &HostName, now: i64) -> domain::ActiveModel {
    domain::ActiveModel {
        id: Set(DomainId::new().uuid()),
        host: Set(host.as_str().to_owned()),
        created_at: Set(now),
        ..Default::default()
    }
}

fn domain_name(text: &str) -> Result<HostName, FieldError> {
    let host = HostName::parse(text).map_err(|error| FieldError::new("domains", error.to_string()))?;
    if host.is_local() || !host.as_str().contains('.') || text.contains(':') {
        return Err(FieldError::new("domains", format!("{text:?} is no domain of a shop")));
    }
    Ok(host)
}

fn checked(new: NewTenant) -> Result<(TenantInfo, Vec<HostName>)> {
    let mut wrong = Wrong(Vec::new());
    let slug = wrong.keep("slug", TenantSlug::parse(&new.slug));
    let locale = wrong.keep("locale", Locale::parse(&new.locale));
    let currency = wrong.keep("currency", Currency::parse(&new.currency));
    let country = wrong.keep("country", Country::parse(&new.country));
    let name = wrong.keep("name", name(&new.name));
    let theme = wrong.keep("theme", theme(&new.theme));
    wrong.keep("storefront", document(&new.storefront));
    wrong.keep("settings", document(&new.settings));
    let domains: Vec<_> = new
        .domains
        .iter()
        .filter_map(|host| domain_name(host).map_err(|error| wrong.0.push(error)).ok())
        .collect();
    match (slug, name, locale, currency, country, theme) {
        (Some(slug), Some(name), Some(locale), Some(currency), Some(country), Some(theme))
            if wrong.0.is_empty() =>
        {
            let info = TenantInfo {
                id: TenantId::new(),
                slug: slug.as_str().to_owned(),
                name,
                locale,
                currency,
                country,
                prices_include_tax: new.prices_include_tax,
                theme,
                storefront: Arc::new(new.storefront),
                settings: Arc::new(new.settings),
                hosts: domains.iter().map(|host| host.as_str().to_owned()).collect(),
                switches: Arc::default(),
            };
            Ok((info, domains))
        }
        _ => Err(Error::invalid_fields(wrong.0)),
    }
}

/// The settings after the change, and which of them changed.
fn applied(old: &TenantInfo, change: ShopChange) -> Result<(TenantInfo, Vec<&'static str>)> {
    let mut wrong = Wrong(Vec::new());
    let mut new = old.clone();
    let mut changed = Vec::new();
    macro_rules! set {
        ($field:ident, $parsed:expr) => {
            if let Some(value) = wrong.keep(stringify!($field), $parsed)
                && new.$field != value
            {
                new.$field = value;
                changed.push(stringify!($field));
            }
        };
    }
    if let Some(text) = change.name {
        set!(name, name(&text));
    }
    if let Some(text) = change.locale {
        set!(locale, Locale::parse(&text));
    }
    if let Some(text) = change.country {
        set!(country, Country::parse(&text));
    }
    if let Some(text) = change.theme {
        set!(theme, theme(&text));
    }
    if let Some(include) = change.prices_include_tax {
        set!(prices_include_tax, Ok::<_, &str>(include));
    }
    if let Some(value) = change.storefront {
        set!(storefront, document(&value).map(|()| Arc::new(value)));
    }
    if let Some((section, value)) = change.section {
        let mut settings = Value::clone(&old.settings);
        settings[&section] = value;
        set!(settings, document(&settings).map(|()| Arc::new(settings)));
    }
    if wrong.0.is_empty() { Ok((new, changed)) } else { Err(Error::invalid_fields(wrong.0)) }
}

struct Wrong(Vec<FieldError>);

impl Wrong {
    fn keep<T, E: ToString>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.0.push(FieldError::new(field, error.to_string()))).ok()
    }
}

fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 200 {
        return Err("must have 1 to 200 characters");
    }
    Ok(text.to_owned())
}

fn theme(text: &str) -> Result<String, &'static str> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 of the letters a to z, digits and -")
    }
}

fn document(value: &Value) -> Result<(), String> {
    if !value.is_object() {
        return Err("must be an object".to_owned());
    }
    let bytes = value.to_string().len();
    if bytes > MAX_DOCUMENT { Err(format!("has {bytes} bytes, allowed are {MAX_DOCUMENT}")) } else { Ok(()) }
}
