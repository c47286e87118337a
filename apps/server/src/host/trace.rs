//! What the log says of requests: the span around the work on one, and the line when it is answered.
//!
//! A request that the page cache answers has nothing to tell, so the span opens behind the cache, and the line is off
//! unless somebody asks for it (`RUSTOK_LOG=info`, or `requests=info` in a filter).

use axum::http::Method;
use axum::response::Response;
use platform::TenantInfo;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use telemetry::logging::REQUESTS;
use tracing::{Level, Span};

/// Longest path that is written down, characters.
const LONGEST: usize = 200;

/// The span of a request. Whatever is logged inside carries its fields; a filter that logs nothing makes none.
pub fn span(request_id: &str, method: &Method, path: &str, tenant: Option<&str>) -> Span {
    tracing::error_span!("request", request_id, %method, path = &*shown(path), tenant)
}

/// Notes in an answer whose it is, for the line about it.
pub fn told(mut response: Response, tenant: &Arc<TenantInfo>) -> Response {
    if tracing::enabled!(target: REQUESTS, Level::INFO) {
        response.extensions_mut().insert(Tenant(tenant.clone()));
    }
    response
}

/// Writes the line about a request that was answered.
pub fn done(request_id: &str, method: &Method, path: &str, response: &Response, elapsed: Duration) {
    tracing::info!(
        target: REQUESTS,
        request_id,
        %method,
        path = &*shown(path),
        tenant = response.extensions().get::<Tenant>().map(|tenant| tenant.0.slug.as_str()),
        status = response.status().as_u16(),
        ms = elapsed.as_secs_f64() * 1e3,
        "request"
    );
}

#[derive(Clone)]
struct Tenant(Arc<TenantInfo>);

/// The path as the log may have it: whoever knows the address of an order's page may see the order.
fn shown(path: &str) -> Cow<'_, str> {
    let (base, rest) = in_shop(path);
    let text = match rest.strip_prefix("/orders/") {
        Some(rest) => {
            let after = rest.find('/').map_or("", |at| &rest[at..]);
            Cow::Owned(format!("{base}/orders/-{after}"))
        }
        None => Cow::Borrowed(path),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => text,
    }
}

/// A path in two: `/t/{slug}` where it begins so, and the path as the shop's own pages know it.
pub fn in_shop(path: &str) -> (&str, &str) {
    let Some(named) = path.strip_prefix("/t/") else { return ("", path) };
    let end = named.find('/').unwrap_or(named.len());
    path.split_at("/t/".len() + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_the_log_opens_nothing() {
        let entries = crate::modules::surface();
        let paths = entries.iter().filter_map(|entry| entry.name.split_once(' ')).map(|(_, path)| path);
        let keyed: Vec<&str> = paths.filter(|path| path.contains("{token}")).collect();
        assert!(keyed.len() > 3, "{keyed:?}");
        for path in keyed {
            for base in ["", "/t/hearth"] {
                let path = format!("{base}{}", path.replace("{token}", "SECRET"));
                let shown = shown(&path);
                assert!(!shown.contains("SECRET") && shown.starts_with(base), "{path}: {shown}");
            }
        }
        assert_eq!(shown("/t/hearth/orders/abc/papers/invoice"), "/t/hearth/orders/-/papers/invoice");
        assert_eq!(shown("/account/orders/7"), "/account/orders/7");
        assert_eq!(shown(&format!("/{}", "ü".repeat(300))).chars().count(), LONGEST + 1);
    }

    #[test]
    fn tells_the_shop_from_the_path_in_it() {
        for (path, base, rest) in [
            ("/products", "", "/products"),
            ("/t/hearth/api/graphql", "/t/hearth", "/api/graphql"),
            ("/t/hearth", "/t/hearth", ""),
        ] {
            assert_eq!(in_shop(path), (base, rest));
        }
    }
}
