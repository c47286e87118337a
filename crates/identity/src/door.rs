//! What the host asks about every request: which tenant, who, and whether the browser was tricked.

use crate::allowance::Allowance;
use crate::api_key::admission;
use crate::directory::{Directory, Life, Record};
use crate::resolve::{Key, Origin, Plan, TENANT_HEADER, Way};
use crate::security::device;
use crate::security::secret::Secret;
use crate::session::{Credential, Sessions, cookie_name};
use crate::token::Tokens;
use crate::{api_key, csrf};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use platform::{Actor, App, Error, Result, TenantInfo};
use primitives::{SessionId, TenantId};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// What every address of the shop begins with: nothing, or `/t/{slug}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopBase(pub String);

/// The tenant of a request and the way it was named.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The tenant.
    pub tenant: Arc<TenantInfo>,
    /// What every address of the shop begins with: nothing, or `/t/{slug}`.
    pub base_path: String,
    /// The path as the tenant's own pages know it.
    pub rest_path: String,
    /// Host, scheme and client, as the browser sees them.
    pub origin: Origin,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// For the context of the call.
    pub actor: Actor,
    /// For signing in and out.
    pub visit: Visit,
    /// How much may still be asked, where that is counted: with an API key. A request that it does not admit gets the
    /// host's refusal.
    pub allowance: Option<Allowance>,
}

/// The browser or program behind a request, as far as sessions need to know it.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Whether it speaks HTTPS.
    pub secure: bool,
    /// Its address.
    pub client: IpAddr,
    /// What it calls itself.
    pub user_agent: String,
    /// The session it showed, when that is open.
    pub session: Option<SessionId>,
    /// What it is known by since an earlier sign-in, as it claims.
    pub device: Option<Secret>,
    /// The shop's own address as it sees it, without a stroke at the end: `https://shop.example`.
    pub site: String,
}

impl Visit {
    /// A program on this machine, for the command line and tests.
    pub fn local() -> Self {
        Self {
            secure: false,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: String::new(),
            session: None,
            device: None,
            site: "http://localhost:3000".to_owned(),
        }
    }
}

/// Finds the tenant of a request by custom domain, subdomain, header (API only) or path, in the configured order.
///
/// # Errors
/// `BAD_USER_INPUT` for what is malformed, reserved or contradicts itself, `NOT_FOUND` for an unknown tenant,
/// `FORBIDDEN` for a suspended one.
pub async fn resolve(app: &App, parts: &Parts, peer: Option<IpAddr>) -> Result<Resolved> {
    let directory = Directory::of(app)?;
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let origin = Origin::read(directory.rules(), &parts.uri, &parts.headers, peer)?;
    let plan = Plan::read(directory.rules(), &origin.host, &parts.headers, parts.uri.path())?;
    let (way, record) = locate(&directory, app, &plan).await?.ok_or_else(|| Error::not_found("shop"))?;
    if plan.header.as_ref().is_some_and(|header| !names(header, &record.info)) {
        return Err(Error::invalid(TENANT_HEADER, "contradicts the address of the request"));
    }
    let on_path = plan.path.filter(|path| path.slug.as_str() == record.info.slug);
    if way == Way::Header && on_path.is_none() && parts.uri.path().starts_with("/t/") {
        return Err(Error::invalid(TENANT_HEADER, "contradicts the path of the request"));
    }
    admitted(&record)?;
    let (base_path, rest_path) = match on_path {
        Some(path) => (format!("/t/{}", path.slug), path.rest),
        None => (String::new(), parts.uri.path().to_owned()),
    };
    Ok(Resolved { tenant: record.info.clone(), base_path, rest_path, origin })
}

/// Refuses where the tenant with this id is not there or closed, as [`resolve`] does: for what is outside of resolution.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN`; those of the database, when nothing is known from before.
pub async fn is_open(app: &App, tenant: TenantId) -> Result<()> {
    match Directory::of(app)?.find(app, &Key::Id(tenant)).await? {
        Some(record) => admitted(&record),
        None => Err(Error::not_found("shop")),
    }
}

fn admitted(record: &Record) -> Result<()> {
    if record.life != Life::Open {
        return Err(Error::not_found("shop"));
    }
    if record.suspended {
        return Err(Error::forbidden("this shop is suspended"));
    }
    Ok(())
}

async fn locate(directory: &Arc<Directory>, app: &App, plan: &Plan) -> Result<Option<(Way, Arc<Record>)>> {
    for step in &plan.steps {
        let key = step.key.as_ref().map_err(|error| Error::invalid_fields(vec![error.clone()]))?;
        if let Some(record) = directory.find(app, key).await? {
            return Ok(Some((step.way, record)));
        }
        // A domain that nobody owns may still be a subdomain; a name that nobody has is nobody's.
        if step.way != Way::Domain {
            return Ok(None);
        }
    }
    Ok(None)
}

fn names(key: &Key, tenant: &TenantInfo) -> bool {
    match key {
        Key::Id(id) => *id == tenant.id,
        Key::Slug(slug) => slug.as_str() == tenant.slug,
        Key::Domain(_) | Key::Default => false,
    }
}

/// Finds out who asks: by API key or bearer token, by session cookie, or nobody.
///
/// # Errors
/// `UNAUTHENTICATED` for a token that is not good here and now; a cookie that is not good is nobody's.
pub async fn authenticate(app: &App, resolved: &Resolved, headers: &HeaderMap) -> Result<Authenticated> {
    let tenant = &resolved.tenant;
    let mut visit = Visit {
        secure: resolved.origin.secure,
        client: resolved.origin.client,
        user_agent: text(headers, header::USER_AGENT).unwrap_or_default().to_owned(),
        session: None,
        device: cookie(headers, &device::cookie_name(tenant, resolved.origin.secure)).and_then(Secret::parse),
        site: site(resolved),
    };
    let live = match bearer(headers)? {
        Some(token) if api_key::is_key(token) => {
            return admission::authenticate(app, tenant, token, visit).await;
        }
        Some(token) => {
            let claims = Tokens::of(app).read(token, tenant.id, app.clock().now())?;
            let live = Sessions::of(app).find(app, tenant, Credential::Session(claims.sid)).await?;
            Some(live.filter(|live| live.user == claims.sub).ok_or_else(Error::unauthenticated)?)
        }
        None => match cookie(headers, &cookie_name(tenant, visit.secure)).and_then(Credential::from_cookie) {
            Some(credential) => Sessions::of(app).find(app, tenant, credential).await?,
            None => None,
        },
    };
    visit.session = live.as_ref().map(|live| live.session);
    let actor = live.map_or(Actor::Anonymous, |live| live.actor.clone());
    Ok(Authenticated { actor, visit, allowance: None })
}

/// Refuses an unsafe request that another site made the browser send.
///
/// # Errors
/// `FORBIDDEN`.
pub fn check_origin(resolved: &Resolved, parts: &Parts) -> Result<()> {
    let origin = &resolved.origin;
    csrf::check(&parts.method, &parts.headers, &resolved.tenant, &origin.authority, origin.secure)
}

fn site(resolved: &Resolved) -> String {
    let scheme = if resolved.origin.secure { "https" } else { "http" };
    format!("{scheme}://{}{}", resolved.origin.authority, resolved.base_path)
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(Error::unauthenticated)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim())) } else { Err(Error::unauthenticated()) }
}

pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
