//! Tenants: create, list, settings. The command line, the seed and the platform's people call these.
//!
//! [`life`] has what happens to a tenant between its first day and its last, [`domain`] its own hosts and their
//! [`proof`], [`purge`] how it goes for good.

pub mod domain;
pub mod filling;
pub mod life;
pub mod proof;
pub mod purge;

use crate::directory::{Directory, Life, Record, SETTINGS, info_of, primary};
use crate::entity::{domain as domain_row, tenant};
use crate::event::IdentityEvent;
use crate::invitation::{self, NewInvitation};
use crate::password::Hasher;
use crate::resolve::Key;
use crate::user;
use events::Emit;
use platform::{App, Context, Ctx, Error, Result, TenantInfo, Tx};
use primitives::{
    Country, Currency, Email, ErrorCode, FieldError, HostName, Locale, Permission, SystemRole, TenantId,
    TenantSlug, Timestamp,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

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
    /// Hosts of its own, proved by whoever creates the tenant.
    pub domains: Vec<String>,
    /// The first person of the shop, its owner.
    pub owner: Option<NewOwner>,
}

/// The first person of a shop.
#[derive(Clone)]
pub struct NewOwner {
    /// Address.
    pub email: String,
    /// May be empty.
    pub name: String,
    /// 8 to 1,024 bytes. Without one the person gets an invitation by mail.
    pub password: Option<String>,
}

impl fmt::Debug for NewOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewOwner").field("email", &self.email).finish_non_exhaustive()
    }
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
            owner: None,
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
    /// `active` or `suspended`; `deleted`, `purging` or `filling` when it is not shown at all.
    pub status: String,
    /// When a deleted one goes for good, Unix milliseconds.
    pub purge_at: Option<Timestamp>,
    /// Currency of every price.
    pub currency: Currency,
    /// Country whose tax rate applies.
    pub country: Country,
    /// Hosts of its own that lead there.
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
    create_as(app, |info| Ctx::operator(app, info, "tenant create"), new).await
}

/// As [`create`], by one of the platform's people.
///
/// # Errors
/// As [`create`]; `FORBIDDEN` for everybody else.
pub async fn create_by(ctx: &Ctx, new: NewTenant) -> Result<Arc<TenantInfo>> {
    life::of_the_platform(ctx, Permission::TENANTS_CREATE).await?;
    create_as(ctx.app(), |info| ctx.at(info), new).await
}

async fn create_as(
    app: &App,
    within: impl FnOnce(Arc<TenantInfo>) -> Ctx,
    mut new: NewTenant,
) -> Result<Arc<TenantInfo>> {
    let owner = new.owner.take();
    let (info, domains) = checked(new)?;
    let info = Arc::new(info);
    let ctx = within(info.clone());
    ctx.require(Permission::TENANTS_CREATE)?;
    let owner = match owner {
        Some(owner) => Some(first_person(&ctx, owner).await?),
        None => None,
    };
    let now = ctx.now().millis();
    let stored = ctx.write(Permission::TENANTS_CREATE, async |tx| {
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
            life: Set(Life::Open.as_str().to_owned()),
            ..Default::default()
        })
        .await?;
        if !domains.is_empty() {
            tx.insert_many(domains.iter().map(|host| domain::proved(host, now)).collect()).await?;
        }
        tx.emit(IdentityEvent::TenantCreated {
            tenant_id: info.id,
            slug: info.slug.clone(),
            currency: info.currency,
            locale: info.locale,
        })
        .await?;
        if let Some(owner) = owner {
            store_first(tx, &ctx, owner).await?;
        }
        forget(tx)
    });
    match stored.await {
        Ok(()) => Ok(find(app, &info.slug).await?.info.clone()),
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::conflict(format!("the tenant slug {} or one of its domains is taken", info.slug))
                .with_field("slug", "is taken, or one of the domains is"))
        }
        Err(error) => Err(error).context("creating a tenant"),
    }
}

/// The first person, checked: with a password an account, without one an invitation.
pub(crate) enum First {
    Account(Box<user::Checked>, String),
    Invited(Box<NewInvitation>),
}

async fn first_person(ctx: &Ctx, owner: NewOwner) -> Result<First> {
    let at = |fields: &[FieldError]| {
        let field =
            |field: &FieldError| FieldError::new(format!("owner.{}", field.field), field.message.clone());
        Error::invalid_fields(fields.iter().map(field).collect())
    };
    let Some(password) = owner.password else {
        let email = Email::parse(&owner.email).map_err(|error| FieldError::new("email", error.to_string()));
        let new = match (email, user::person_name(&owner.name)) {
            (Ok(email), Ok(name)) => NewInvitation {
                email,
                name,
                locale: ctx.tenant().locale,
                roles: vec![SystemRole::Owner.into()],
            },
            (email, name) => {
                let wrong: Vec<_> = email.err().into_iter().chain(name.err()).collect();
                return Err(at(&wrong));
            }
        };
        return Ok(First::Invited(Box::new(new)));
    };
    let person = user::Checked::read(ctx, &owner.email, &password, &owner.name, None);
    let person = person.map_err(|error| at(error.fields()))?;
    let hash = Hasher::of(ctx.app()).hash(&person.password).await?;
    Ok(First::Account(Box::new(person), hash))
}

/// Gives the tenant its first person, or sends the invitation.
pub(crate) async fn store_first(tx: &Tx, ctx: &Ctx, first: First) -> Result<()> {
    match first {
        First::Account(person, hash) => {
            user::store(tx, ctx, *person, hash, vec![SystemRole::Owner].into()).await.map(|_| ())
        }
        First::Invited(new) => invitation::invite(tx, *new).await.map(|_| ()),
    }
}

/// All tenants, by slug; with their settings, so for commands only. [`life::page`] gives them in parts.
///
/// # Errors
/// Those of the database.
pub async fn list(app: &App) -> Result<Vec<TenantView>> {
    let connection = primary(app.db());
    let rows = tenant::Entity::find().order_by_asc(tenant::Column::Slug).all(connection).await?;
    views(app, rows).await
}

/// Ids of tenants that are not going for good, after `after` in their order, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn ids(app: &App, after: Option<TenantId>, limit: u64) -> Result<Vec<TenantId>> {
    let mut rows = tenant::Entity::find()
        .filter(tenant::Column::Life.is_in([Life::Open.as_str(), Life::Deleted.as_str()]))
        .order_by_asc(tenant::Column::Id)
        .limit(limit);
    if let Some(after) = after {
        rows = rows.filter(tenant::Column::Id.gt(after.uuid()));
    }
    let ids: Vec<Uuid> =
        rows.select_only().column(tenant::Column::Id).into_tuple().all(primary(app.db())).await?;
    Ok(ids.into_iter().map(TenantId::from_uuid).collect())
}

/// Rows with their domains.
async fn views(app: &App, rows: Vec<tenant::Model>) -> Result<Vec<TenantView>> {
    let mut domains: HashMap<Uuid, Vec<String>> = HashMap::new();
    for chunk in rows.chunks(500) {
        let found = domain_row::Entity::find()
            .filter(domain_row::Column::TenantId.is_in(chunk.iter().map(|row| row.id)))
            .filter(domain_row::Column::VerifiedAt.is_not_null())
            .order_by_asc(domain_row::Column::CreatedAt)
            .all(primary(app.db()))
            .await?;
        for domain in found {
            domains.entry(domain.tenant_id).or_default().push(domain.host);
        }
    }
    let mut switches = crate::modules::all_switches(primary(app.db())).await?;
    rows.into_iter()
        .map(|row| {
            let own = domains.remove(&row.id).unwrap_or_default();
            let status = if row.life == Life::Open.as_str() { row.status.clone() } else { row.life.clone() };
            let purge_at = row.purge_at.map(Timestamp::from_millis);
            let created_at = Timestamp::from_millis(row.created_at);
            let switches = Arc::new(switches.remove(&row.id).unwrap_or_default());
            let info = Arc::new(TenantInfo { switches, ..info_of(row, |_| own.clone())? });
            Ok(TenantView {
                id: info.id,
                slug: info.slug.clone(),
                name: info.name.clone(),
                status,
                purge_at,
                currency: info.currency,
                country: info.country,
                domains: own,
                created_at,
                info,
            })
        })
        .collect()
}

/// The tenant of that slug or id, suspended or hidden or not.
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
/// As [`life::suspend`].
pub async fn suspend(app: &App, slug: &str, reason: &str) -> Result<()> {
    life::suspend(&operator(app, slug, "tenant suspended").await?, reason).await
}

/// Opens a suspended tenant again.
///
/// # Errors
/// As [`life::resume`].
pub async fn resume(app: &App, slug: &str) -> Result<()> {
    life::resume(&operator(app, slug, "tenant active").await?).await
}

/// The process itself in a tenant, suspended or hidden or not.
///
/// # Errors
/// As [`find`].
pub async fn system(app: &App, slug_or_id: &str) -> Result<Ctx> {
    Ok(Ctx::system(app, find(app, slug_or_id).await?.info.clone(), "tenants"))
}

/// An operator at the command line in a tenant, who does `operation`; what changes is noted in the audit log.
///
/// # Errors
/// As [`find`].
pub async fn operator(app: &App, slug_or_id: &str, operation: impl Into<String>) -> Result<Ctx> {
    Ok(Ctx::operator(app, find(app, slug_or_id).await?.info.clone(), operation))
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

fn domain_name(field: &str, text: &str) -> Result<HostName, FieldError> {
    let host = HostName::parse(text).map_err(|error| FieldError::new(field, error.to_string()))?;
    if host.is_local() || !host.as_str().contains('.') || text.contains(':') {
        return Err(FieldError::new(field, format!("{text:?} is no domain of a shop")));
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
        .filter_map(|host| domain_name("domains", host).map_err(|error| wrong.0.push(error)).ok())
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
