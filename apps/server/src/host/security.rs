//! The outermost layer: request ids, metrics, headers on every answer, panics.

use super::header_value;
use super::linger::lingering;
use super::pages::is_html;
use super::problem::{self, Place, Reader};
use super::trace;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use identity::resolve::Rules;
use platform::nonce::Nonce;
use platform::{Config, Error};
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

/// The id that correlates answer, log and events of one request.
#[derive(Clone, Debug)]
pub struct RequestId(pub Arc<str>);

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a page may do: its scripts are those that carry the answer's nonce, and those that these load.
fn page_policy(nonce: &Nonce) -> HeaderValue {
    header_value(&format!(
        "default-src 'self'; script-src 'nonce-{}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
        nonce.as_str()
    ))
}

/// What everything else may do, should a browser show it as a page.
const FILE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// The id of a request that passed [`outermost`].
pub fn request_id(request: &Request) -> &str {
    request.extensions().get::<RequestId>().map_or("-", |id| &*id.0)
}

/// What the outermost layer knows of the world outside.
#[derive(Clone)]
pub struct Outside {
    /// Whether the shops are published on HTTPS, so that browsers shall never ask otherwise again.
    https: bool,
    /// Whose headers count.
    rules: Option<Arc<Rules>>,
}

impl Outside {
    /// As it is configured.
    pub fn of(config: &Config) -> Self {
        let https = config.server.public_url.as_deref().is_some_and(|url| url.starts_with("https:"));
        Self { https, rules: Rules::from_config(config).ok().map(Arc::new) }
    }

    /// The id that a trusted proxy gave the request: what somebody else says it is would stand in our log, and tie
    /// events together that have nothing to do with each other.
    fn id(&self, request: &Request) -> Option<Arc<str>> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let trusted = self.rules.as_ref().is_some_and(|rules| rules.trusts(peer.ip()));
        if trusted { incoming_id(request.headers()) } else { None }
    }
}

/// Wraps every request.
pub async fn outermost(State(outside): State<Outside>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = outside.id(&request).unwrap_or_else(|| Arc::from(uuid::Uuid::now_v7().to_string()));
    request.extensions_mut().insert(RequestId(id.clone()));
    let nonce = Nonce::draw();
    request.extensions_mut().insert(nonce);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let reader = Reader::of(request.headers(), &path);
    metrics::gauge!("rustok_http_inflight").increment(1.0);
    let answered = AssertUnwindSafe(next.run(lingering(request))).catch_unwind().await;
    metrics::gauge!("rustok_http_inflight").decrement(1.0);
    let mut response = answered.unwrap_or_else(|_| {
        // The panic hook has logged and counted it.
        problem::answer_to(reader, Place::Shop, &Error::internal("a handler panicked"), &id, &path)
    });
    let elapsed = started.elapsed();
    let class = match response.status().as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("rustok_http_requests_total", "status" => class).increment(1);
    metrics::histogram!("rustok_http_request_duration_seconds").record(elapsed.as_secs_f64());
    trace::done(&id, &method, &path, &response, elapsed);
    // A page that did not change keeps, with its text, the nonce and the policy that the browser has.
    if response.status() != StatusCode::NOT_MODIFIED {
        let page = is_html(response.headers());
        let policy = if page { page_policy(&nonce) } else { HeaderValue::from_static(FILE_POLICY) };
        response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    seal(response.headers_mut(), &id, outside.https);
    response
}

/// Headers that every answer carries, errors and redirects included.
fn seal(headers: &mut HeaderMap, id: &str, https: bool) {
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.insert(X_REQUEST_ID.clone(), header_value(id));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=()"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
}

/// A request id that a proxy brought along, when it is harmless.
fn incoming_id(headers: &HeaderMap) -> Option<Arc<str>> {
    let id = headers.get(&X_REQUEST_ID)?.to_str().ok()?;
    let harmless = (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    harmless.then(|| Arc::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shops_on_https_bind_browsers_to_it() {
        let sealed = |https| {
            let mut headers = HeaderMap::new();
            seal(&mut headers, "id", https);
            headers.get(header::STRICT_TRANSPORT_SECURITY).is_some()
        };
        assert_eq!((sealed(true), sealed(false)), (true, false));
    }
}
