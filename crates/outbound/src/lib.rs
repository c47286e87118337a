//! The one way out to other people's servers.
//!
//! Whoever names an address, a merchant's file or a configuration, the call goes only to addresses of the
//! public internet (and to networks that `outbound.allow_cidrs` opens for tests), on ports 80 and 443.
//! A name is resolved once and the connection goes to what was checked; redirects are not followed; connecting
//! takes 3 seconds at most, everything together 15; an answer larger than its limit is refused.

mod address;

pub use address::{AddressRule, is_global};

use platform::{App, Error};
use primitives::ErrorCode;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Client, Method, StatusCode};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for the whole answer, unless the caller asks for less.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);
/// Largest answer unless the caller says otherwise, bytes.
pub const DEFAULT_LIMIT: usize = 64 * 1024;

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The address may not be called, now or ever.
    #[error("address cannot be called: {0}")]
    Refused(String),
    /// No connection: name unknown, port closed, TLS wrong.
    #[error("server cannot be reached: {0}")]
    Unreachable(String),
    /// No complete answer in time.
    #[error("server did not answer in time")]
    TimedOut,
    /// The answer is larger than the limit in bytes.
    #[error("answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke off in the middle.
    #[error("connection broke off: {0}")]
    Broken(String),
}

impl OutboundError {
    /// Whether trying again later can help.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TimedOut | Self::Broken(_))
    }

    /// Whether the server may have seen and acted on the request: the outcome is unknown.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Broken(_) | Self::TooLarge(_))
    }
}

impl From<OutboundError> for Error {
    fn from(error: OutboundError) -> Error {
        Error::new(ErrorCode::ServiceUnavailable, error.to_string())
    }
}

/// What to send.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// `http` or `https`, without user and password.
    pub url: Url,
    /// Headers; `Host` and lengths are set for you.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Vec<u8>,
    /// Largest answer, bytes.
    pub limit: usize,
    /// Longest wait for the whole answer; never more than 15 seconds.
    pub timeout: Duration,
}

impl Call {
    /// A `GET` with the usual limits.
    pub fn get(url: Url) -> Call {
        Call {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
            limit: DEFAULT_LIMIT,
            timeout: TOTAL_TIMEOUT,
        }
    }

    /// A `POST` of a body with the usual limits.
    pub fn post(url: Url, body: Vec<u8>) -> Call {
        Call { method: Method::POST, body, ..Call::get(url) }
    }
}

/// What came back; redirects come back as they are.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most the call's limit.
    pub body: Vec<u8>,
}

/// The guarded client. Cheap to clone; keeps connections open.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    rule: Arc<AddressRule>,
    resolver: Arc<Guarded>,
}

impl Outbound {
    /// The client of this process, made from `outbound.allow_cidrs` on first use.
    ///
    /// # Errors
    /// Names the key and the value that is no network.
    pub fn of(app: &App) -> Result<Arc<Outbound>, Error> {
        let made = app.state(|| {
            let cidrs = app.config().outbound.allow_cidrs.0.iter().map(String::as_str);
            let rule = AddressRule::new(cidrs).map_err(|text| {
                Error::invalid(
                    "outbound.allow_cidrs",
                    format!("{text:?}: allowed are networks such as 127.0.0.0/8"),
                )
            });
            rule.and_then(Outbound::new).map(Arc::new)
        });
        (*made).clone()
    }

    /// A client that obeys `rule`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(rule: AddressRule) -> Result<Outbound, Error> {
        let rule = Arc::new(rule);
        let resolver = Arc::new(Guarded { rule: rule.clone() });
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("rustok/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(resolver.clone())
            .build()
            .map_err(Error::internal)?;
        Ok(Outbound { client, rule, resolver })
    }

    /// Sends one request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`OutboundError`]; an HTTP error status is an answer, not an error.
    pub async fn send(&self, call: Call) -> Result<Answer, OutboundError> {
        self.check(&call.url).await?;
        let request = self
            .client
            .request(call.method, call.url)
            .headers(call.headers)
            .body(call.body)
            .timeout(call.timeout.min(TOTAL_TIMEOUT));
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let announced =
            response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > call.limit) {
            return Err(OutboundError::TooLarge(call.limit));
        }
        let mut body = Vec::with_capacity(announced.unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > call.limit {
                return Err(OutboundError::TooLarge(call.limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), headers: response.headers().clone(), body })
    }

    /// Refuses what the resolver would never see (bare addresses, odd ports) before anything is sent.
    async fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let refuse = |reason: &str| Err(OutboundError::Refused(reason.to_owned()));
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("only http and https are allowed");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("user and password are not allowed");
        }
        let Some(port) = url.port_or_known_default() else { return refuse("there is no port") };
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            // On the usual ports the resolver's own check, at connecting, is the one that counts.
            Some(Host::Domain(_)) if matches!(port, 80 | 443) => return Ok(()),
            Some(Host::Domain(name)) => return self.resolver.all_allowed(name, port).await,
            None => return refuse("there is no host"),
        };
        if self.rule.permits(address, port) { Ok(()) } else { refuse("it is not on the public internet") }
    }
}

/// Resolves names and hands out only what may be called, so that the connection goes to a checked address.
#[derive(Debug)]
struct Guarded {
    rule: Arc<AddressRule>,
}

impl Guarded {
    /// On an unusual port every address of the name must be in an allowed network; the resolver, which does
    /// not learn the port, then has nothing else to choose from.
    async fn all_allowed(&self, name: &str, port: u16) -> Result<(), OutboundError> {
        let addresses = lookup(name).await.map_err(|error| OutboundError::Unreachable(error.to_string()))?;
        if !addresses.is_empty() && addresses.iter().all(|address| self.rule.permits(address.ip(), port)) {
            Ok(())
        } else {
            Err(OutboundError::Refused("only ports 80 and 443 of the public internet are allowed".to_owned()))
        }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.rule.clone();
        Box::pin(async move {
            let addresses = lookup(name.as_str()).await?;
            let permitted: Vec<SocketAddr> =
                addresses.iter().copied().filter(|address| rule.permits(address.ip(), 443)).collect();
            if permitted.is_empty() {
                return Err(Box::new(NotPublic) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

async fn lookup(name: &str) -> std::io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}

#[derive(Debug, thiserror::Error)]
#[error("it is not on the public internet")]
struct NotPublic;

fn failure(error: &reqwest::Error) -> OutboundError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut innermost = String::new();
    while let Some(inner) = cause {
        if inner.is::<NotPublic>() {
            return OutboundError::Refused(NotPublic.to_string());
        }
        innermost = inner.to_string();
        cause = inner.source();
    }
    innermost.truncate(innermost.char_indices().nth(200).map_or(innermost.len(), |(at, _)| at));
    if error.is_connect() {
        OutboundError::Unreachable(innermost)
    } else if error.is_timeout() {
        OutboundError::TimedOut
    } else {
        OutboundError::Broken(innermost)
    }
}
