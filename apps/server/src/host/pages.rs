//! The page cache: anonymous storefront pages, rendered once, kept with the compressed forms that somebody has asked for.
//!
//! A page says what it was made of in the header `x-rustok-deps` (`catalog,product:<id>`); the cache takes the
//! generations of these keys before rendering and serves the page only while none of them has moved.
//! Whatever is personal comes to the page through an island, so one copy serves everybody.

use super::marked::{Gzip, Marked, brotli};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use moka::sync::Cache;
use platform::App;
use platform::hub::{Key, Stamp};
use platform::nonce::Nonce;
use primitives::{Currency, TenantId};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use tokio::task::JoinError;

/// Header in which a page names what it was made of; it never leaves the host.
pub const DEPS: &str = "x-rustok-deps";

/// Longest life of a page that nothing invalidates.
const LIFE: Duration = Duration::from_secs(600);
/// Pages larger than this are not kept.
const LARGEST: usize = 512 * 1024;
/// Pages that are rendered at once: one computes while others wait for the database.
const RENDERED_PER_CORE: usize = 4;

/// Kept pages.
#[derive(Clone)]
pub struct Pages {
    cache: Option<Cache<PageKey, Arc<Page>>>,
    /// Places to compress at: each takes megabytes for its window.
    squeezers: Arc<Semaphore>,
    /// Places to render at, taken in the order of asking.
    renderers: Arc<Semaphore>,
}

/// What tells two pages apart. The host is no part of it: addresses in a page come from configuration only, and
/// whoever makes hosts up must not fill the cache with copies.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    tenant: TenantId,
    base: Box<str>,
    target: Box<str>,
    /// What its prices are in; `None` for the shop's own.
    currency: Option<Currency>,
}

impl PageKey {
    /// The same page with prices in another currency that the shop offers.
    pub fn in_currency(self, currency: Currency) -> Self {
        Self { currency: Some(currency), ..self }
    }
}

struct Page {
    stamp: Stamp,
    content_type: HeaderValue,
    etag: HeaderValue,
    plain: Marked,
    gzip: OnceCell<Gzip>,
    brotli: OnceCell<Marked>,
}

impl Pages {
    /// A cache of `cache.pages_mib`, or none when `cache.pages` is off.
    pub fn new(app: &App) -> Self {
        let config = &app.config().cache;
        let cache = config.pages.then(|| {
            Cache::builder()
                .max_capacity(config.pages_mib * 1024 * 1024)
                .weigher(|_: &PageKey, page: &Arc<Page>| {
                    // The compressed forms are a sixth to a quarter each.
                    u32::try_from(page.plain.len() * 3 / 2 + 512).unwrap_or(u32::MAX)
                })
                .time_to_live(LIFE)
                .build()
        });
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let places = |count| Arc::new(Semaphore::new(count));
        Self { cache, squeezers: places(cores), renderers: places(cores * RENDERED_PER_CORE) }
    }

    /// Waits for a place to render a page at, when the request is for a page that looks the same to everybody. Such
    /// pages only compute and read: in line each takes its time once, side by side all would take everybody's.
    pub async fn place(&self, method: &Method, uri: &Uri) -> Option<SemaphorePermit<'_>> {
        if !is_shared(method, uri) {
            return None;
        }
        // Nobody closes it; without a place it would only take longer.
        self.renderers.acquire().await.ok()
    }

    /// As [`Pages::place`], for a request that need not wait.
    pub fn free_place(&self, method: &Method, uri: &Uri) -> Option<SemaphorePermit<'_>> {
        is_shared(method, uri).then(|| self.renderers.try_acquire().ok()).flatten()
    }

    /// The key of a request whose answer may be kept.
    pub fn key(&self, method: &Method, uri: &Uri, resolved: &identity::Resolved) -> Option<PageKey> {
        self.cache.as_ref()?;
        let target = uri.path_and_query()?.as_str();
        if !is_shared(method, uri) || target.len() > 512 {
            return None;
        }
        Some(PageKey {
            tenant: resolved.tenant.id,
            base: resolved.base_path.as_str().into(),
            target: target.into(),
            currency: None,
        })
    }

    /// The kept page, if it is still fresh.
    pub async fn get(
        &self,
        app: &App,
        key: &PageKey,
        headers: &HeaderMap,
        nonce: &Nonce,
    ) -> Option<Response> {
        let page = self.cache.as_ref()?.get(key)?;
        if !app.hub().is_fresh(&page.stamp) {
            return None;
        }
        metrics::counter!("rustok_cache_operations_total", "cache" => "pages", "result" => "hit")
            .increment(1);
        Some(self.respond(&page, headers, nonce).await)
    }

    /// Keeps the page when it may be kept; answers with it either way.
    ///
    /// `before` is the moment before the page was rendered.
    pub async fn keep(
        &self,
        app: &App,
        key: PageKey,
        before: Before,
        response: Response,
        (headers, nonce): (&HeaderMap, &Nonce),
    ) -> Response {
        let (mut parts, body) = response.into_parts();
        let deps = parts.headers.remove(DEPS);
        let (Some(cache), Some(deps), StatusCode::OK) = (&self.cache, deps, parts.status) else {
            return fill(Response::from_parts(parts, body), nonce).await;
        };
        metrics::counter!("rustok_cache_operations_total", "cache" => "pages", "result" => "miss")
            .increment(1);
        let Ok(plain) = axum::body::to_bytes(body, 8 * 1024 * 1024).await else {
            return Response::from_parts(parts, Body::empty());
        };
        let names: Vec<Key> = deps
            .to_str()
            .unwrap_or_default()
            .split(',')
            .map(|name| Key::new(key.tenant, name.trim()))
            .collect();
        let stamp = app.hub().stamp(names);
        // Something on it moved while it was rendered: it may be old already.
        if plain.len() > LARGEST
            || !app.hub().is_untouched(&stamp, before.0)
            || parts.headers.contains_key(header::SET_COOKIE)
        {
            return Response::from_parts(parts, Body::from(Marked::new(plain).with(nonce)));
        }
        let content_type = parts
            .headers
            .get(header::CONTENT_TYPE)
            .cloned()
            .unwrap_or(HeaderValue::from_static("text/html; charset=utf-8"));
        // Of many who missed the same page at once, the first has kept it.
        if let Some(kept) = cache.get(&key).filter(|kept| app.hub().is_fresh(&kept.stamp)) {
            return self.respond(&kept, headers, nonce).await;
        }
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let etag = HeaderValue::from_str(&format!("W/\"{:016x}\"", hasher.finish()))
            .unwrap_or(HeaderValue::from_static("W/\"0\""));
        let page = Arc::new(Page {
            stamp,
            content_type,
            etag,
            // It was written into more room than it takes.
            plain: Marked::new(Bytes::copy_from_slice(&plain)),
            gzip: OnceCell::new(),
            brotli: OnceCell::new(),
        });
        cache.insert(key, page.clone());
        self.respond(&page, headers, nonce).await
    }

    async fn respond(&self, page: &Arc<Page>, request: &HeaderMap, nonce: &Nonce) -> Response {
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, page.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if request.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == page.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, page.content_type.clone());
        let accepted = request
            .get(header::ACCEPT_ENCODING)
            .and_then(|accepted| accepted.to_str().ok())
            .unwrap_or_default();
        let (coding, body) = if accepts(accepted, "br") {
            let brotli = page.brotli.get_or_try_init(|| self.squeezed(page, brotli)).await;
            ("br", brotli.map(|brotli| brotli.with(nonce)))
        } else if accepts(accepted, "gzip") {
            let gzip = page.gzip.get_or_try_init(|| self.squeezed(page, Gzip::new)).await;
            ("gzip", gzip.map(|gzip| gzip.with(nonce)))
        } else {
            ("identity", Ok(page.plain.with(nonce)))
        };
        let (coding, body) =
            body.map_or_else(|_| ("identity", page.plain.with(nonce)), |body| (coding, body));
        if coding != "identity" {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        *response.body_mut() = Body::from(body);
        response
    }

    /// A compressed form, made to the end also when nobody waits for it any more.
    async fn squeezed<T: Send + 'static>(
        &self,
        page: &Arc<Page>,
        how: fn(&Marked) -> T,
    ) -> Result<T, JoinError> {
        // Nobody closes it; without a place it would only take more memory.
        let place = self.squeezers.clone().acquire_owned().await;
        let page = page.clone();
        tokio::task::spawn_blocking(move || {
            let _place = place;
            how(&page.plain)
        })
        .await
    }
}

/// Whether a request may be of somebody who has signed in: it shows the key to a session, valid or not.
pub fn may_be_somebody(headers: &HeaderMap) -> bool {
    const SESSION: &[u8] = b"rustok_session_";
    let cookies = headers.get_all(header::COOKIE).iter();
    headers.contains_key(header::AUTHORIZATION)
        || cookies
            .map(HeaderValue::as_bytes)
            .any(|line| line.windows(SESSION.len()).any(|part| part == SESSION))
}

/// Puts the answer's nonce where HTML has the mark.
pub async fn fill(response: Response, nonce: &Nonce) -> Response {
    if !is_html(response.headers()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    match axum::body::to_bytes(body, 8 * 1024 * 1024).await {
        Ok(plain) => Response::from_parts(parts, Body::from(Marked::new(plain).with(nonce))),
        Err(_) => Response::from_parts(parts, Body::empty()),
    }
}

/// Whether an answer is a page.
pub fn is_html(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Whether everybody gets the same page there.
fn is_shared(method: &Method, uri: &Uri) -> bool {
    let path = uri.path();
    (method == Method::GET || method == Method::HEAD)
        && (path == "/" || path.starts_with("/collections/") || path.starts_with("/products"))
}

/// The moment before a page was rendered.
#[derive(Clone, Copy)]
pub struct Before(u64);

impl Before {
    /// Now.
    pub fn now(app: &App) -> Self {
        Self(app.hub().epoch())
    }
}

fn accepts(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some(coding)
            && !words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_accepted_codings() {
        assert!(accepts("gzip, deflate, br;q=1.0", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("brotli", "br"));
    }

    #[test]
    fn knows_who_may_have_signed_in() {
        let shows = |name, value| {
            let mut headers = HeaderMap::new();
            headers.append(header::COOKIE, HeaderValue::from_static("rustok_cart_hearth=k"));
            headers.append(name, HeaderValue::from_static(value));
            may_be_somebody(&headers)
        };
        assert!(shows(header::COOKIE, "a=b; __Host-rustok_session_hearth=x"));
        assert!(shows(header::COOKIE, "rustok_session_hearth=x") && shows(header::AUTHORIZATION, "Bearer x"));
        assert!(!shows(header::COOKIE, "rustok_count_hearth=2") && !shows(header::ACCEPT, "text/html"));
    }

    /// Whoever waits for a gateway, or looks at something of their own, never stands in the line of pages.
    #[test]
    fn tells_pages_that_everybody_shares() {
        let shared = |method, path: &'static str| is_shared(&method, &Uri::from_static(path));
        for path in ["/", "/products", "/products?page=2", "/products/mug", "/collections/kitchen"] {
            assert!(shared(Method::GET, path) && shared(Method::HEAD, path), "{path}");
            assert!(!shared(Method::POST, path), "{path}");
        }
        for path in ["/checkout", "/cart", "/account", "/orders/x", "/api/graphql", "/collections"] {
            assert!(!shared(Method::GET, path), "{path}");
        }
    }
}
