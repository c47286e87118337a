//! Refuses what another site made a browser send.

use axum::http::{HeaderMap, Method, header};
use platform::{Error, Result, TenantInfo};
use primitives::HostName;

/// Checks a request that may change something.
///
/// With a cookie it needs `Sec-Fetch-Site: same-origin|none`, or an `Origin` that is this tenant's host; `authority`
/// is the host and port that the request came to; one that came over HTTPS (`secure`) takes no `Origin` without it,
/// which anybody on the way could have written. Without a cookie it may come from anywhere, except that a form
/// another site posts is refused too: it could sign a shopper into somebody else's account.
///
/// # Errors
/// `FORBIDDEN`.
pub fn check(
    method: &Method,
    headers: &HeaderMap,
    tenant: &TenantInfo,
    authority: &str,
    secure: bool,
) -> Result<()> {
    if method.is_safe() {
        return Ok(());
    }
    match verdict(headers, tenant, authority, secure) {
        Some(true) => Ok(()),
        Some(false) if headers.contains_key(header::COOKIE) || is_form(headers) => Err(refused()),
        Some(false) => Ok(()),
        // Programs send neither header; a program with a browser's cookie has to say where it comes from.
        None if headers.contains_key(header::COOKIE) => Err(refused()),
        None => Ok(()),
    }
}

/// Whether the browser says that this shop's own page sent it; `None` when it says nothing.
fn verdict(headers: &HeaderMap, tenant: &TenantInfo, authority: &str, secure: bool) -> Option<bool> {
    if let Some(site) = headers.get("sec-fetch-site")
        && matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Some(true);
    }
    // A foreign `Sec-Fetch-Site` may still be another of this tenant's own hosts, which `Origin` names.
    match headers.get(header::ORIGIN) {
        Some(origin) => Some(origin.to_str().is_ok_and(|origin| is_own(origin, tenant, authority, secure))),
        None => headers.contains_key("sec-fetch-site").then_some(false),
    }
}

fn is_own(origin: &str, tenant: &TenantInfo, authority: &str, secure: bool) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    if scheme != "https" && (secure || scheme != "http") {
        return false;
    }
    if without_default_port(host).eq_ignore_ascii_case(without_default_port(authority)) {
        return true;
    }
    // Elsewhere only on the standard ports: another port is another program.
    let Ok(name) = HostName::parse(host) else { return false };
    name.as_str().eq_ignore_ascii_case(without_default_port(host))
        && tenant.hosts.iter().any(|own| own == name.as_str())
}

fn without_default_port(authority: &str) -> &str {
    authority.strip_suffix(":443").or_else(|| authority.strip_suffix(":80")).unwrap_or(authority)
}

/// The content types that a form of any site can send without asking first.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain" | "")
}

fn refused() -> Error {
    Error::forbidden("this request came from another site")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};
    use primitives::{Country, Currency, ErrorCode, Locale, TenantId};
    use std::sync::Arc;

    fn post(given: &[(&'static str, &'static str)]) -> bool {
        post_over(false, given)
    }

    fn post_over(secure: bool, given: &[(&'static str, &'static str)]) -> bool {
        let tenant = TenantInfo {
            id: TenantId::new(),
            slug: "hearth".into(),
            name: "Hearth".into(),
            locale: Locale::EN,
            currency: Currency::parse("EUR").unwrap(),
            country: Country::parse("BE").unwrap(),
            prices_include_tax: true,
            theme: "hearth".into(),
            storefront: Arc::default(),
            settings: Arc::default(),
            hosts: vec!["shop.example".into()],
            switches: Arc::default(),
        };
        let headers: HeaderMap = given
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        assert!(check(&Method::GET, &headers, &tenant, "localhost:3000", secure).is_ok());
        let result = check(&Method::POST, &headers, &tenant, "localhost:3000", secure);
        assert!(result.as_ref().err().is_none_or(|error| error.code() == ErrorCode::Forbidden));
        result.is_ok()
    }

    #[test]
    fn a_cookie_needs_a_sender_of_this_shop() {
        let cookie = ("cookie", "rustok_session_hearth=x");
        assert!(!post(&[cookie]));
        assert!(!post(&[cookie, ("content-type", "application/json")]));
        assert!(post(&[cookie, ("sec-fetch-site", "same-origin")]));
        assert!(post(&[cookie, ("sec-fetch-site", "none")]));
        assert!(!post(&[cookie, ("sec-fetch-site", "cross-site")]));
        assert!(!post(&[cookie, ("sec-fetch-site", "same-site")]));
        for (origin, own) in [
            ("http://localhost:3000", true),
            ("https://shop.example", true),
            ("https://shop.example:443", true),
            ("https://shop.example:8443", false),
            ("http://localhost:4000", false),
            ("http://localhost:3000.evil.example", false),
            ("https://evil.example", false),
            ("null", false),
            ("file://", false),
        ] {
            assert_eq!(post(&[cookie, ("origin", origin)]), own, "{origin}");
        }
        assert!(post(&[cookie, ("sec-fetch-site", "same-site"), ("origin", "https://shop.example")]));
    }

    #[test]
    fn a_page_without_https_is_not_the_one_with_it() {
        let cookie = ("cookie", "rustok_session_hearth=x");
        for (origin, own) in
            [("https://shop.example", true), ("http://shop.example", false), ("http://localhost:3000", false)]
        {
            assert_eq!(post_over(true, &[cookie, ("origin", origin)]), own, "{origin}");
            assert!(post_over(false, &[cookie, ("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn a_program_without_a_cookie_may_come_from_anywhere() {
        assert!(post(&[("content-type", "application/json")]));
        assert!(post(&[("content-type", "application/x-www-form-urlencoded")]));
        assert!(post(&[("content-type", "application/json"), ("origin", "https://evil.example")]));
    }

    #[test]
    fn a_form_of_another_site_is_refused_even_without_a_cookie() {
        for kind in [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain;charset=utf-8",
        ] {
            assert!(!post(&[("content-type", kind), ("origin", "https://evil.example")]), "{kind}");
            assert!(!post(&[("content-type", kind), ("sec-fetch-site", "cross-site")]), "{kind}");
            assert!(post(&[("content-type", kind), ("sec-fetch-site", "same-origin")]), "{kind}");
        }
    }
}
