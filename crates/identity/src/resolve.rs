//! Which tenant a request speaks of, as far as the request alone can say. No database in here.
//!
//! The order is custom domain, subdomain of a base domain, header (API only), path; `server.tenant_resolution`
//! changes it. Whatever is asked of the database is a [`Key`]; [`crate::directory`] answers it.

use axum::http::{HeaderMap, Uri, header};
use ipnet::IpNet;
use platform::{Config, Error, Result};
use primitives::{FieldError, HostName, TenantId, TenantSlug};
use std::net::IpAddr;

/// Header that names a tenant by slug or UUID; read on API paths only.
pub const TENANT_HEADER: &str = "x-tenant-id";

/// What the directory can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A custom domain.
    Domain(HostName),
    /// A name, from a subdomain, the header or the path.
    Slug(TenantSlug),
    /// An id, from the header.
    Id(TenantId),
    /// The tenant of `localhost` and bare addresses.
    Default,
}

impl Key {
    /// Reads a slug or a strict UUID.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for anything else and for reserved names.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        // A hyphenated UUID is also a well-formed slug, so it is tried first.
        if let Ok(id) = text.parse::<TenantId>() {
            return Ok(Self::Id(id));
        }
        TenantSlug::parse(text).map(Self::Slug).map_err(|error| Error::invalid("tenant", error.to_string()))
    }
}

/// A way to find the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The host is a tenant's own domain.
    Domain,
    /// The host is `slug.base`.
    Subdomain,
    /// `X-Tenant-ID`.
    Header,
    /// `/t/{slug}/…`.
    Path,
}

/// What configuration says about resolution, parsed once.
#[derive(Clone, Debug)]
pub struct Rules {
    ways: Vec<Way>,
    base_domains: Vec<HostName>,
    trusted: Vec<IpNet>,
    https: bool,
}

impl Rules {
    /// Reads the `server` section.
    ///
    /// # Errors
    /// Names the key, the value and what is allowed.
    pub fn from_config(config: &Config) -> Result<Self> {
        let server = &config.server;
        let way = |text: &String| match text.as_str() {
            "domain" => Ok(Way::Domain),
            "subdomain" => Ok(Way::Subdomain),
            "header" => Ok(Way::Header),
            "path" => Ok(Way::Path),
            _ => Err(Error::invalid(
                "server.tenant_resolution",
                format!("{text:?}: allowed are domain, subdomain, header and path"),
            )),
        };
        let base = |text: &String| {
            HostName::parse(text).ok().filter(|host| !host.is_local()).ok_or_else(|| {
                Error::invalid(
                    "server.base_domains",
                    format!("{text:?}: allowed are host names such as shops.example"),
                )
            })
        };
        let network = |text: &String| {
            let address = text.parse::<IpAddr>().map(IpNet::from).ok();
            text.parse::<IpNet>().ok().or(address).ok_or_else(|| {
                Error::invalid(
                    "server.trusted_proxies",
                    format!("{text:?}: allowed are networks such as 10.0.0.0/8"),
                )
            })
        };
        Ok(Self {
            ways: server.tenant_resolution.0.iter().map(way).collect::<Result<_>>()?,
            base_domains: server.base_domains.0.iter().map(base).collect::<Result<_>>()?,
            trusted: server.trusted_proxies.0.iter().map(network).collect::<Result<_>>()?,
            https: server.public_url.as_deref().is_some_and(|url| url.starts_with("https:")),
        })
    }

    /// Domains whose subdomains are tenants.
    pub fn base_domains(&self) -> &[HostName] {
        &self.base_domains
    }

    /// Whether forwarded headers from this peer count.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    /// The slug in front of a base domain; `x.localhost` counts as well, for development.
    fn subdomain<'h>(&self, host: &'h HostName) -> Option<&'h str> {
        let local = || host.as_str().strip_suffix(".localhost");
        self.base_domains.iter().find_map(|base| host.subdomain_of(base)).or_else(local)
    }
}

/// What a request says about itself, with forwarded headers only where the peer is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Host and port as the browser sees them, lower case.
    pub authority: String,
    /// Host without port.
    pub host: HostName,
    /// Whether the browser speaks HTTPS.
    pub secure: bool,
    /// Who asks.
    pub client: IpAddr,
}

impl Origin {
    /// Reads host, scheme and client.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when the host is missing, given twice or malformed.
    pub fn read(rules: &Rules, uri: &Uri, headers: &HeaderMap, peer: IpAddr) -> Result<Self> {
        let trusted = rules.trusts(peer);
        let forwarded = if trusted { last(headers, "x-forwarded-host") } else { None };
        let own = match headers.get_all(header::HOST).iter().collect::<Vec<_>>().as_slice() {
            [] => uri.authority().map(|authority| authority.as_str()),
            [host] => host.to_str().ok(),
            _ => return Err(Error::invalid("host", "is given more than once")),
        };
        let authority = forwarded
            .or(own)
            .ok_or_else(|| Error::invalid("host", "is missing"))?
            .trim()
            .to_ascii_lowercase();
        let host = HostName::parse(&authority).map_err(|error| Error::invalid("host", error.to_string()))?;
        let scheme = if trusted { last(headers, "x-forwarded-proto") } else { None };
        let secure = match scheme {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            // Whoever publishes the shops on HTTPS ends it in front of us, trusted proxy or not.
            None => rules.https || uri.scheme_str() == Some("https"),
        };
        let client = if trusted { client(rules, headers).unwrap_or(peer) } else { peer };
        Ok(Self { authority, host, secure, client: client.to_canonical() })
    }
}

/// The last value is the one that the proxy next to us wrote.
fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty())
}

/// The nearest address that is no proxy of ours.
fn client(rules: &Rules, headers: &HeaderMap) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for").iter().rev();
    let hops = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(','));
    let mut farthest = None;
    for hop in hops {
        // Whatever stands left of something that is no address was written by nobody we know.
        let Ok(address) = hop.trim().parse::<IpAddr>() else { return farthest };
        farthest = Some(address);
        if !rules.trusts(address) {
            return farthest;
        }
    }
    farthest
}

/// The ways to the tenant that this request offers, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Asked one after the other; the first tenant that is found is it, the first malformed name is refused.
    pub steps: Vec<Step>,
    /// What the header says on an API path; it must not contradict the tenant that is found.
    pub header: Option<Key>,
    /// `/t/{slug}` and what follows, when the path begins like that and the slug is well formed.
    pub path: Option<PathTenant>,
}

/// One question to the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How the request names the tenant.
    pub way: Way,
    /// What to ask for, or why the name cannot be one.
    pub key: Result<Key, FieldError>,
}

/// A tenant named by the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTenant {
    /// The slug.
    pub slug: TenantSlug,
    /// The path as the tenant's own pages know it, beginning with `/`.
    pub rest: String,
}

impl Plan {
    /// Reads host, header and path.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when the header is malformed, reserved or given twice.
    pub fn read(rules: &Rules, host: &HostName, headers: &HeaderMap, path: &str) -> Result<Self> {
        let path_tenant = path_segment(path).map(|(slug, rest)| {
            let slug =
                TenantSlug::parse(slug).map_err(|error| FieldError::new("tenant", error.to_string()))?;
            Ok(PathTenant { slug, rest: rest.to_owned() })
        });
        let own_path = match &path_tenant {
            Some(Ok(found)) => &found.rest,
            Some(Err(_)) | None => path,
        };
        let header = if is_api(own_path) { header_key(headers)? } else { None };
        let key = |way: Way| match way {
            Way::Domain => (!host.is_local()).then(|| Ok(Key::Domain(host.clone()))),
            Way::Subdomain => rules.subdomain(host).map(|label| {
                TenantSlug::parse(label)
                    .map(Key::Slug)
                    .map_err(|error| FieldError::new("host", error.to_string()))
            }),
            Way::Header => header.clone().map(Ok),
            Way::Path => {
                path_tenant.as_ref().map(|found| found.clone().map(|PathTenant { slug, .. }| Key::Slug(slug)))
            }
        };
        let mut steps: Vec<Step> =
            rules.ways.iter().filter_map(|way| key(*way).map(|key| Step { way: *way, key })).collect();
        if steps.is_empty() && rules.base_domains.is_empty() && host.is_local() {
            steps.push(Step { way: Way::Domain, key: Ok(Key::Default) });
        }
        Ok(Self { steps, header, path: path_tenant.and_then(Result::ok) })
    }
}

fn header_key(headers: &HeaderMap) -> Result<Option<Key>> {
    match headers.get_all(TENANT_HEADER).iter().collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [value] => {
            let text = value
                .to_str()
                .map_err(|_| Error::invalid(TENANT_HEADER, "holds a character outside ASCII"))?;
            Key::parse(text).map(Some).map_err(|error| {
                Error::invalid(
                    TENANT_HEADER,
                    error.fields().first().map_or("is malformed", |field| field.message.as_str()),
                )
            })
        }
        _ => Err(Error::invalid(TENANT_HEADER, "is given more than once")),
    }
}

fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// `/t/hearth/cart` is (`hearth`, `/cart`).
fn path_segment(path: &str) -> Option<(&str, &str)> {
    let below = path.strip_prefix("/t/")?;
    match below.find('/') {
        Some(at) => Some((&below[..at], &below[at..])),
        None => Some((below, "/")),
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
