//! The host: one router for everything the process serves.
//!
//! A request passes: request id, log and metrics → static files, health → load shedding → tenant → page cache →
//! span of the log → who asks → origin check → the module's route.

#[cfg(test)]
mod failing;
pub mod health;
mod limits;
mod linger;
mod marked;
mod once;
pub mod pages;
pub mod problem;
mod security;
mod serve;
mod statics;
mod trace;
pub use statics::site;

pub use serve::{Role, serve};

use crate::graphql::Endpoint;
use crate::modules;
use crate::surface::Surface;
use crate::tenants;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::LengthLimitError;
use pages::{Before, PageKey, Pages};
use platform::audit::Origin;
use platform::nonce::Nonce;
use platform::surface::Entry;
use platform::{Access, Actor, Ahead, App, Ctx, Error};
use primitives::{Currency, ErrorCode, Permission, TenantId};
use problem::Place;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tower::ServiceExt;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tracing::Instrument;

/// What every request needs, cheap to clone.
#[derive(Clone)]
pub struct Host {
    app: App,
    pages: Pages,
    /// Everything behind tenant resolution.
    inner: Router,
    health: health::Health,
    inflight: Arc<AtomicUsize>,
}

/// Doors of the host itself.
pub fn surface() -> Vec<Entry> {
    vec![
        Entry::rest("POST", "/api/graphql", Access::Public),
        Entry::rest("GET", "/api/graphiql", Access::Public),
        Entry::rest("GET", "/api/graphiql/app.css", Access::Public),
        Entry::rest("GET", "/api/graphiql/app.js", Access::Public),
        Entry::rest("GET", "/health/live", Access::Public),
        Entry::rest("GET", "/health/ready", Access::Public),
        Entry::rest("GET", "/health/modules", Access::Public),
        Entry::rest("GET", "/metrics", Access::Public),
    ]
}

/// Doors of the admin.
pub fn admin_surface() -> Vec<Entry> {
    vec![
        Entry::page("/admin", Access::Public),
        Entry::page("/admin/", Access::Public),
        Entry::page("/admin/{*path}", Access::Public),
    ]
}

/// Builds the service that answers every connection.
///
/// # Errors
/// When a GraphQL root field stands in no module's manifest, or modules do not fit together.
pub fn router(app: &App, health: health::Health) -> anyhow::Result<Router> {
    assembled(app, health, Router::new())
}

/// The same with routes of a tenant that no module has, for tests.
fn assembled(app: &App, health: health::Health, more: Router) -> anyhow::Result<Router> {
    modules::install(app)?;
    let surface = Arc::new(Surface::new());
    let endpoint = Endpoint::new(app.clone(), surface.clone())?;
    let sites = statics::Sites::find(app.config());
    let upload_limit = app.config().server.upload_limit;
    let longest = upload_limit.max(2 * catalog::graphql::MAX_CSV);
    let rest = Router::new()
        .merge(identity::rest())
        .merge(catalog::rest())
        .merge(commerce::rest())
        .merge(content::rest().layer(DefaultBodyLimit::max(upload_limit)))
        .merge(tenants::rest())
        .with_state(app.clone());
    let api = Router::new()
        .route("/graphql", post(graphql))
        .nest("/v1", rest)
        .merge(statics::graphiql(app.config().graphql.graphiql))
        .fallback(async || Error::not_found("address"))
        .layer(axum::middleware::from_fn_with_state(once::Longest(longest), once::once));
    let gate = Gate { surface, refusals: storefront::Refusals::new(app, &sites.leptos_options()) };
    let inner = Router::new()
        .nest("/api", api)
        .merge(commerce::webhooks().with_state(app.clone()))
        .merge(sites.admin_pages())
        .merge(storefront::routes(app, sites.leptos_options()))
        .route_layer(axum::middleware::from_fn_with_state(gate, admitted))
        .merge(more)
        .layer(DefaultBodyLimit::max(app.config().server.body_limit))
        .layer(Extension(endpoint))
        .layer(axum::middleware::from_fn(filled))
        // An answer that nobody keeps is squeezed once, for one reader: the usual level takes longer than making the page.
        .layer(
            CompressionLayer::new().quality(CompressionLevel::Precise(1)).compress_when(
                DefaultPredicate::new()
                    .and(NotForContentType::const_new("image/"))
                    .and(NotForContentType::const_new("application/zip")),
            ),
        );
    let host = Host { app: app.clone(), pages: Pages::new(app), inner, health, inflight: Arc::default() };
    let gate = axum::middleware::from_fn_with_state(app.clone(), of_an_open_shop);
    let pictures = content::media::routes(app).route_layer(gate);
    let outer = operations().merge(sites.files()).fallback(shop).with_state(host).merge(pictures);
    Ok(sealed(outer, app))
}

/// The service of a process that takes no requests: health and metrics.
pub fn operations_router(app: &App, health: health::Health) -> Router {
    let inner = Router::new();
    let host = Host { app: app.clone(), pages: Pages::new(app), inner, health, inflight: Arc::default() };
    let closed = async || Error::not_found("address");
    sealed(operations().fallback(closed).with_state(host), app)
}

fn operations() -> Router<Host> {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/health/modules", get(health::modules))
        .route("/metrics", get(health::metrics))
}

fn sealed(router: Router, app: &App) -> Router {
    let outside = security::Outside::of(app.config());
    router.layer(axum::middleware::from_fn_with_state(outside, security::outermost))
}

/// What stands before every route of a tenant.
#[derive(Clone)]
struct Gate {
    surface: Arc<Surface>,
    refusals: storefront::Refusals,
}

/// Every route of a tenant by the one table of doors; the use cases ask again.
async fn admitted(
    State(gate): State<Gate>,
    matched: MatchedPath,
    Extension(ctx): Extension<Ctx>,
    Extension(base): Extension<identity::ShopBase>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = matched.as_str();
    let Err(error) = gate.surface.admit(&ctx, request.method(), path) else {
        // The audit log calls it as the table of doors does.
        if ctx.origin().is_some() {
            let named = ctx.doing(format!("{} {path}", request.method()));
            request.extensions_mut().insert(named);
        }
        return next.run(request).await;
    };
    // What a shop does not have is, to whoever looks around in it, an address that leads nowhere.
    let missing = matches!(error.code(), ErrorCode::ModuleDisabled | ErrorCode::FeatureNotEnabled);
    if missing && gate.surface.is_page(request.method(), path) {
        return gate.refusals.page(&ctx, &base, &error).await;
    }
    error.into_response()
}

/// Puts the nonce of the answer into pages that nobody keeps.
async fn filled(request: Request, next: Next) -> Response {
    let nonce = request.extensions().get::<Nonce>().copied();
    let response = next.run(request).await;
    match nonce {
        Some(nonce) => pages::fill(response, &nonce).await,
        None => response,
    }
}

async fn graphql(
    Extension(endpoint): Extension<Endpoint>,
    Extension(ctx): Extension<Ctx>,
    Extension(who): Extension<identity::Authenticated>,
    request: Request,
) -> Response {
    // Whoever may import sends whole files, and text grows in JSON.
    let import = ctx.allows(Permission::PRODUCTS_IMPORT).then_some(2 * catalog::graphql::MAX_CSV);
    let limit = ctx.app().config().server.body_limit.max(import.unwrap_or_default());
    let (parts, body) = request.into_parts();
    match axum::body::to_bytes(body, limit).await {
        Ok(body) => endpoint.post(ctx, who, parts.headers, body).await,
        Err(error) => {
            let too_large = std::error::Error::source(&error).is_some_and(|e| e.is::<LengthLimitError>());
            let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            status.into_response()
        }
    }
}

/// How long a request may run.
fn patience(ctx: &Ctx) -> Duration {
    let server = &ctx.app().config().server;
    let import = ctx.allows(Permission::PRODUCTS_IMPORT);
    Duration::from_millis(if import { server.import_timeout_ms } else { server.request_timeout_ms })
}

/// Everything that belongs to a tenant.
async fn shop(State(host): State<Host>, request: Request) -> Response {
    let Some(_running) = Running::take(&host) else {
        metrics::counter!("rustok_http_shed_total").increment(1);
        let error = Error::unavailable("more requests are running than this host takes on, try again");
        return problem::answer_at_the_door(
            &error,
            request.headers(),
            security::request_id(&request),
            request.uri().path(),
        );
    };
    let (mut parts, body) = request.into_parts();
    let request_id =
        parts.extensions.get::<security::RequestId>().map_or_else(|| Arc::from("-"), |id| id.0.clone());
    let peer = parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let resolved = match identity::resolve(&host.app, &parts, peer).await {
        Ok(resolved) => resolved,
        Err(error) => {
            let path = parts.uri.path();
            return trace::span(&request_id, &parts.method, path, None)
                .in_scope(|| problem::answer_at_the_door(&error, &parts.headers, &request_id, path));
        }
    };
    if resolved.rest_path != parts.uri.path() {
        match rewrite(&parts.uri, &resolved.rest_path) {
            Ok(uri) => parts.uri = uri,
            Err(error) => return problem::answer(&error, &parts.headers, &request_id, parts.uri.path()),
        }
    }
    let nonce = parts.extensions.get::<Nonce>().copied().unwrap_or_else(Nonce::draw);
    let mut key = host.pages.key(&parts.method, &parts.uri, &resolved);
    if key.is_some()
        && pages::may_be_somebody(&parts.headers)
        && has_own_prices(&host, &resolved, &request_id).await
    {
        key = None;
    }
    let (slug, secure) = (&resolved.tenant.slug, resolved.origin.secure);
    let wanted = commerce::currency::header_wish(&parts.headers, slug, secure)
        .filter(|wanted| *wanted != resolved.tenant.currency && resolved.tenant.switches.module("commerce"));
    if let Some(currency) = wanted
        && let Some(own) = key.take()
        && is_offered(&host, &resolved, &request_id, currency).await
    {
        // Else the page says that it is not offered, which is nobody else's business.
        key = Some(own.in_currency(currency));
    }
    if let Some(key) = &key
        && let Some(page) = host.pages.get(&host.app, key, &parts.headers, &nonce).await
    {
        return trace::told(page, &resolved.tenant);
    }
    let tenant = resolved.tenant.clone();
    let span = trace::span(&request_id, &parts.method, parts.uri.path(), Some(&tenant.slug));
    let asked = Asked { request_id, resolved, nonce, key, wanted };
    let mut response = worked(host, asked, parts, body).instrument(span).await;
    limits::of_refusal(&mut response);
    trace::told(response, &tenant)
}

/// What is known of a request that needs work.
struct Asked {
    request_id: Arc<str>,
    resolved: identity::Resolved,
    nonce: Nonce,
    /// Under which its page may be kept.
    key: Option<PageKey>,
    /// The currency that its browser asks for, other than the shop's.
    wanted: Option<Currency>,
}

/// A request that the page cache has no answer to.
async fn worked(host: Host, asked: Asked, mut parts: Parts, body: Body) -> Response {
    let Asked { request_id, resolved, nonce, key, wanted } = asked;
    let headers = parts.headers.clone();
    let path = parts.uri.path().to_owned();
    let place = host.pages.free_place(&parts.method, &parts.uri);
    let ahead = match &place {
        Some(_) => Ahead::of(&host.app, resolved.tenant.id).await,
        None => None,
    };
    let authenticated = match identity::authenticate(&host.app, &resolved, &parts.headers).await {
        Ok(authenticated) => authenticated,
        Err(error) => return problem::answer(&error, &headers, &request_id, &path),
    };
    let counted_by_key = authenticated.allowance;
    let allowance =
        counted_by_key.or_else(|| identity::visitor_allowance(&host.app, &resolved, &parts.method));
    if let Some(error) = allowance.as_ref().and_then(limits::refusal) {
        let response = problem::answer(&error, &headers, &request_id, &path);
        return counted(response, allowance);
    }
    if let Err(error) = identity::check_origin(&resolved, &parts) {
        return problem::answer(&error, &headers, &request_id, &path);
    }
    let mut ctx =
        Ctx::new(host.app.clone(), resolved.tenant.clone(), authenticated.actor.clone(), request_id.clone());
    if !parts.method.is_safe() || ctx.user_id().is_some() {
        ctx = ctx.with_origin(Origin {
            operation: format!("{} {path}", parts.method),
            address: authenticated.visit.client.to_string(),
            user_agent: authenticated.visit.user_agent.clone(),
        });
    }
    ctx = ctx.in_currency(wanted);
    if let Some(ahead) = ahead {
        ctx = ctx.reading(ahead);
    }
    let timeout = patience(&ctx);
    parts.extensions.insert(ctx);
    parts.extensions.insert(identity::ShopBase(resolved.base_path.clone()));
    parts.extensions.insert(authenticated.visit.clone());
    parts.extensions.insert(authenticated);
    parts.extensions.insert(resolved);
    let before = Before::now(&host.app);
    // The page cache squeezes pages and fills nonces in itself.
    if key.is_some() {
        parts.headers.remove(header::ACCEPT_ENCODING);
        parts.extensions.remove::<Nonce>();
    }
    let head = parts.method == Method::HEAD;
    let answer = async {
        let _place = match place {
            Some(place) => Some(place),
            None => host.pages.place(&parts.method, &parts.uri).await,
        };
        // Somebody who stood in line before us may have asked for the same.
        if let Some(key) = &key
            && let Some(page) = host.pages.get(&host.app, key, &headers, &nonce).await
        {
            return Ok(Err(page));
        }
        host.inner.clone().oneshot(Request::from_parts(parts, body)).await.map(Ok)
    };
    let response = match tokio::time::timeout(timeout, answer).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(kept))) => return kept,
        Ok(Err(never)) => match never {},
        Err(_) => {
            let error = Error::unavailable("this took too long, try again");
            return problem::answer(&error, &headers, &request_id, &path);
        }
    };
    let mut response = match key {
        Some(key) if !head => host.pages.keep(&host.app, key, before, response, (&headers, &nonce)).await,
        _ => response,
    };
    response.headers_mut().remove(pages::DEPS);
    counted(plain_refusal(response, &headers, &request_id, &path), allowance)
}

/// Pictures are outside of tenant resolution, and go with their shop all the same: closed or deleted as its pages are.
async fn of_an_open_shop(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let request_id: Arc<str> = Arc::from(security::request_id(&request));
    let reader = problem::Reader::of(request.headers(), &path);
    let span = trace::span(&request_id, request.method(), &path, None);
    let answer = async {
        let response = next.run(request).await;
        let tenant = path.split('/').nth(2).and_then(|id| TenantId::parse(id).ok());
        // What is not there needs no shop.
        let Some(tenant) = tenant.filter(|_| response.status() != StatusCode::NOT_FOUND) else {
            return response;
        };
        match identity::door::is_open(&app, tenant).await {
            Ok(()) => response,
            Err(error) => problem::answer_to(reader, Place::Door, &error, &request_id, &path),
        }
    };
    answer.instrument(span).await
}

/// Whether pages of the shop have prices in a currency.
async fn is_offered(
    host: &Host,
    resolved: &identity::Resolved,
    request_id: &Arc<str>,
    currency: Currency,
) -> bool {
    let ctx = Ctx::new(host.app.clone(), resolved.tenant.clone(), Actor::Anonymous, request_id.clone());
    let known = commerce::currency::current(&ctx).await;
    known.is_ok_and(|known| known.find(currency).is_some())
}

/// Whether pages of the shop may have other prices for whoever has signed in. When nobody can tell, they may.
async fn has_own_prices(host: &Host, resolved: &identity::Resolved, request_id: &Arc<str>) -> bool {
    let ctx = Ctx::new(host.app.clone(), resolved.tenant.clone(), Actor::Anonymous, request_id.clone());
    ctx.has_module("commerce") && commerce::price::of_group(&ctx).await.unwrap_or(true)
}

/// Says in the answer how much may still be asked, where that is counted.
fn counted(mut response: Response, allowance: Option<identity::Allowance>) -> Response {
    if let Some(allowance) = allowance {
        limits::fields(&allowance, response.headers_mut());
    }
    response
}

/// Gives errors that routes return, and refusals that axum itself makes (wrong method, body too large), one shape.
fn plain_refusal(mut response: Response, headers: &HeaderMap, request_id: &str, path: &str) -> Response {
    // A module's route returned an error as it is (platform::http).
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        return problem::answer(&error, headers, request_id, path);
    }
    let status = response.status();
    let own = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| !kind.starts_with("text/plain"));
    let empty = !response.headers().contains_key(header::CONTENT_TYPE);
    if !(status.is_client_error() || status.is_server_error()) || (own && !empty) {
        return response;
    }
    let error = match status.as_u16() {
        404 => Error::not_found("page"),
        405 => Error::new(ErrorCode::BadUserInput, "this address does not take that method"),
        413 => Error::new(ErrorCode::BadUserInput, "the request is larger than this address takes"),
        415 => Error::new(ErrorCode::BadUserInput, "this address does not take that content type"),
        400 | 422 => Error::new(ErrorCode::BadUserInput, "the request cannot be read"),
        _ => return response,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut shaped = problem::answer(&error, headers, request_id, path);
    *shaped.status_mut() = status;
    if let Some(allow) = allow {
        shaped.headers_mut().insert(header::ALLOW, allow);
    }
    shaped
}

fn rewrite(uri: &Uri, path: &str) -> Result<Uri, Error> {
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    target.parse().map_err(|_| Error::invalid("path", "is no address"))
}

/// A place among the running requests; gives itself back when dropped.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn take(host: &Host) -> Option<Self> {
        let place = Self(host.inflight.clone());
        let running = place.0.fetch_add(1, Ordering::SeqCst) + 1;
        (running <= host.app.config().server.max_inflight).then_some(place)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A header value that never fails: what cannot be one becomes `-`.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::Actor;
    use serde_json::{Value, json};
    use testkit::{Backend, TestApp};

    #[tokio::test]
    async fn a_process_that_takes_no_requests_tells_its_health_only() {
        let app = TestApp::on(Backend::Sqlite).await;
        let health = health::Health::new(telemetry::Metrics::install().unwrap());
        let router = operations_router(app.app(), health);
        for (path, status) in [
            ("/health/live", 200),
            ("/health/ready", 200),
            ("/metrics", 200),
            ("/", 404),
            ("/api/graphql", 404),
        ] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(router.clone().oneshot(request).await.unwrap().status().as_u16(), status, "{path}");
        }
    }

    #[tokio::test]
    async fn a_route_is_served_as_its_module_lists_it_or_not_at_all() {
        let app = TestApp::on(Backend::Sqlite).await;
        let (nobody, surface) = (app.anonymous(), Surface::new());
        let customer = app.customer();
        let admit = |ctx: &Ctx, method: Method, path: &str| {
            surface.admit(ctx, &method, path).err().map(|error| error.code())
        };
        assert_eq!(admit(&nobody, Method::GET, "/products/{slug}"), None);
        assert_eq!(admit(&nobody, Method::HEAD, "/products/{slug}"), None);
        assert_eq!(admit(&nobody, Method::POST, "/cart/add"), None);
        // The route itself says that it does not take this method.
        assert_eq!(admit(&nobody, Method::DELETE, "/cart/add"), None);
        assert_eq!(admit(&nobody, Method::POST, "/api/v1/import/shopify"), Some(ErrorCode::Unauthenticated));
        assert_eq!(admit(&customer, Method::POST, "/api/v1/import/shopify"), Some(ErrorCode::Forbidden));
        assert_eq!(admit(&nobody, Method::GET, "/api/v1/secrets"), Some(ErrorCode::NotFound));
    }

    #[tokio::test]
    async fn waits_longer_for_those_who_may_import() {
        let app = TestApp::on(Backend::Sqlite).await;
        assert_eq!(patience(&app.customer()), Duration::from_secs(30));
        assert_eq!(patience(&app.staff(&[Permission::PRODUCTS_IMPORT])), Duration::from_secs(600));
    }

    #[tokio::test]
    async fn takes_whole_files_from_those_who_may_import_them() {
        let app = TestApp::on(Backend::Sqlite).await;
        let endpoint = Endpoint::new(app.app().clone(), Arc::new(Surface::new())).unwrap();
        let mut csv = "Handle,Title,Variant Price\n".to_owned();
        while csv.len() < 4 * 1024 * 1024 {
            csv.push_str("the-same-mug,,\n");
        }
        let query = "mutation M($input: ImportInput!) { importPreview(input: $input) { rows } }";
        let body = json!({ "query": query, "variables": { "input": { "csv": csv } } }).to_string();
        let send = async |ctx: Ctx| {
            let who = identity::Authenticated {
                actor: ctx.actor().clone(),
                visit: identity::Visit::local(),
                allowance: None,
            };
            let request = Request::post("/api/graphql").header("content-type", "application/json");
            let request = request.body(Body::from(body.clone())).unwrap();
            let answer = graphql(Extension(endpoint.clone()), Extension(ctx), Extension(who), request).await;
            let status = answer.status().as_u16();
            let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            (status, serde_json::from_slice::<Value>(&bytes).unwrap_or_default())
        };
        let (status, answer) = send(app.staff(&[Permission::PRODUCTS_IMPORT])).await;
        assert_eq!(status, 200);
        assert!(answer["data"]["importPreview"]["rows"].as_u64().unwrap() > 100_000, "{answer}");
        assert_eq!(send(app.anonymous()).await.0, 413);
        assert_eq!(send(app.anonymous().with_actor(Actor::System("test"))).await.0, 200);
    }
}
