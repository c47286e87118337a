//! Who visits, with which cart, and the shop it is for: what handlers take out of a request.

use crate::assets::Assets;
use crate::data;
use crate::settings::SettingsCache;
use crate::shop::Shop;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use identity::{ShopBase, Visit};
use leptos::prelude::LeptosOptions;
use platform::{App, Ctx, TenantInfo};
use std::sync::Arc;

/// Days for which a browser keeps its cart.
const CART_DAYS: u32 = 30;
/// Seconds for which a browser keeps a sign-in that owes its code; the server gives it as long.
const CHALLENGE_SECONDS: u32 = 600;

/// What the storefront keeps for the whole process.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

struct Inner {
    assets: Arc<Assets>,
    settings: SettingsCache,
    origin: Arc<str>,
}

impl Front {
    /// Looks up the built files once.
    pub fn new(app: &App, options: &LeptosOptions) -> Self {
        let server = &app.config().server;
        let origin = match &server.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let port = server.listen.rsplit(':').next().unwrap_or("3000");
                format!("http://localhost:{port}")
            }
        };
        Self(Arc::new(Inner {
            assets: Arc::new(Assets::new(options)),
            settings: SettingsCache::default(),
            origin: origin.into(),
        }))
    }

    /// Names of the built files.
    pub fn assets(&self) -> &Assets {
        &self.0.assets
    }

    /// The shop of a tenant below `base`.
    pub fn shop(&self, tenant: &Arc<TenantInfo>, base: &str) -> Shop {
        let inner = &self.0;
        Shop::new(
            tenant.clone(),
            inner.settings.of(tenant),
            inner.assets.clone(),
            base.into(),
            self.origin(tenant, base),
        )
    }

    /// Scheme and host of links that leave the page, from configuration only: what a request claims must not end up
    /// in a page that is kept for others.
    fn origin(&self, tenant: &TenantInfo, base: &str) -> Arc<str> {
        match tenant.hosts.first() {
            Some(host) if base.is_empty() => origin_of(&self.0.origin, host).into(),
            _ => self.0.origin.clone(),
        }
    }
}

/// `host` with the scheme and the port of `origin`.
fn origin_of(origin: &str, host: &str) -> String {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("https", origin));
    match authority.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

impl FromRequestParts<Front> for Shop {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, front: &Front) -> Result<Self, Self::Rejection> {
        let missing = (StatusCode::INTERNAL_SERVER_ERROR, "the request has no tenant");
        let ctx = parts.extensions.get::<Ctx>().ok_or(missing)?;
        let base = parts.extensions.get::<ShopBase>().map_or("", |base| base.0.as_str());
        let shop = front.shop(ctx.tenant(), base);
        if !shop.sells() {
            return Ok(shop);
        }
        let shop = match parts.uri.path_and_query() {
            Some(here) if parts.method == Method::GET => shop.seen_at(here.as_str()),
            _ => shop,
        };
        match data::currencies(ctx).await {
            Ok(currencies) => Ok(shop.with_currencies(currencies)),
            Err(error) => {
                // Prices are then in the currency that they were asked for in, whatever the frame says.
                tracing::warn!("the currencies of a shop cannot be read: {}", error.report());
                Ok(shop)
            }
        }
    }
}

/// The browser behind a request.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// For signing in and out.
    pub visit: Visit,
    /// The key to a guest's cart, as the browser sent it.
    pub cart: Option<String>,
    /// What a sign-in that owes its code goes on with.
    pub challenge: Option<String>,
}

impl FromRequestParts<Front> for Visitor {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _: &Front) -> Result<Self, Self::Rejection> {
        let missing = (StatusCode::INTERNAL_SERVER_ERROR, "the request has no tenant");
        let ctx = parts.extensions.get::<Ctx>().ok_or(missing)?;
        let visit = parts.extensions.get::<Visit>().cloned().unwrap_or_else(Visit::local);
        let name = cart_cookie(ctx.tenant(), visit.secure);
        let cart = cookie(&parts.headers, &name).map(str::to_owned);
        let name = challenge_cookie(ctx.tenant(), visit.secure);
        let challenge = cookie(&parts.headers, &name).map(str::to_owned);
        Ok(Self { visit, cart, challenge })
    }
}

impl Visitor {
    /// The answer with the number of things in the cart, for pages that are kept for everybody.
    pub fn with_count(&self, shop: &Shop, response: Response, n_items: u32) -> Response {
        let life = if n_items == 0 { 0 } else { CART_DAYS * 24 * 3600 };
        let name = shop.count_cookie();
        set_cookie(
            response,
            &format!("{name}={n_items}; Path=/; Max-Age={life}; SameSite=Lax{}", self.secure()),
        )
    }

    /// The answer with the key to a new guest cart, or without one when it was used up.
    pub fn with_cart(&self, shop: &Shop, response: Response, token: Option<&str>) -> Response {
        let name = cart_cookie(shop.tenant(), self.visit.secure);
        let (value, life) = token.map_or(("", 0), |token| (token, CART_DAYS * 24 * 3600));
        set_cookie(
            response,
            &format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{}", self.secure()),
        )
    }

    /// The answer with the currency that the visitor has chosen; without one for the shop's own.
    pub fn with_currency(&self, shop: &Shop, response: Response, code: &str) -> Response {
        match data::currency_cookie(shop.tenant(), self.visit.secure, code) {
            Some(cookie) => set_cookie(response, &cookie),
            None => response,
        }
    }

    /// The answer with what the second step of signing in goes on with, or without it when it is over.
    pub fn with_challenge(&self, shop: &Shop, response: Response, challenge: Option<&str>) -> Response {
        let name = challenge_cookie(shop.tenant(), self.visit.secure);
        let (value, life) = challenge.map_or(("", 0), |challenge| (challenge, CHALLENGE_SECONDS));
        set_cookie(
            response,
            &format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Strict{}", self.secure()),
        )
    }

    fn secure(&self) -> &'static str {
        if self.visit.secure { "; Secure" } else { "" }
    }
}

/// The answer with one more cookie.
pub fn set_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

fn cart_cookie(tenant: &TenantInfo, secure: bool) -> String {
    format!("{}rustok_cart_{}", if secure { "__Host-" } else { "" }, tenant.slug)
}

fn challenge_cookie(tenant: &TenantInfo, secure: bool) -> String {
    format!("{}rustok_challenge_{}", if secure { "__Host-" } else { "" }, tenant.slug)
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::tests::shop_with;
    use axum::response::IntoResponse;
    use serde_json::json;

    #[test]
    fn keeps_the_key_to_a_cart_from_scripts_and_the_count_open() {
        let shop = shop_with(json!({}), "");
        let mut visitor = Visitor { visit: Visit::local(), cart: None, challenge: None };
        let cookies = |response: Response| -> Vec<String> {
            response
                .headers()
                .get_all(header::SET_COOKIE)
                .iter()
                .map(|v| v.to_str().unwrap().to_owned())
                .collect()
        };
        let response =
            visitor.with_count(&shop, visitor.with_cart(&shop, ().into_response(), Some("key")), 3);
        assert_eq!(
            cookies(response),
            [
                "rustok_cart_hearth=key; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax",
                "rustok_count_hearth=3; Path=/; Max-Age=2592000; SameSite=Lax",
            ]
        );
        visitor.visit.secure = true;
        assert_eq!(
            cookies(visitor.with_cart(&shop, ().into_response(), None)),
            ["__Host-rustok_cart_hearth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"]
        );
    }

    #[test]
    fn gives_a_tenants_host_the_scheme_and_port_of_the_public_address() {
        assert_eq!(origin_of("http://shop.test:3000", "hearth.shop.test"), "http://hearth.shop.test:3000");
        assert_eq!(origin_of("https://shop.test", "hearth.example"), "https://hearth.example");
    }

    #[test]
    fn finds_a_cookie_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; rustok_cart_hearth=k; b="));
        assert_eq!(cookie(&headers, "rustok_cart_hearth"), Some("k"));
        assert_eq!(cookie(&headers, "b"), None);
    }
}
