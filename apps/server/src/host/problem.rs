//! Errors on their way out: RFC 9457 problem documents for programs, a quiet page for people.

use super::limits;
use super::trace::in_shop;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::Error;
use primitives::ErrorCode;
use serde_json::json;

/// Answers with a problem document; the cause of an internal error goes to the log only.
pub fn problem(error: &Error, request_id: &str, instance: &str) -> Response {
    log(error, request_id);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = json!({
        "type": format!("/problems/{}", error.code().as_str().to_ascii_lowercase().replace('_', "-")),
        "title": title(error.code()),
        "status": status.as_u16(),
        "detail": error.message(),
        "instance": instance,
        "code": error.code().as_str(),
        "trace_id": request_id,
    });
    if !error.fields().is_empty() {
        body["fields"] = json!(error.fields());
    }
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    retry_after(headers, error);
    response
}

/// Answers a browser that asked for a page: plain words, no script, and the one style that needs no theme. What broke on
/// our side has the storefront's page for that.
fn page(error: &Error, request_id: &str, place: Place) -> Response {
    log(error, request_id);
    if error.code() == ErrorCode::Internal {
        return storefront::internal_error(request_id);
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (heading, advice) = match (error.code(), place) {
        (ErrorCode::NotFound, Place::Door) => {
            ("There is no shop at this address", "Check the address for a typing mistake.")
        }
        (ErrorCode::NotFound | ErrorCode::ModuleDisabled | ErrorCode::FeatureNotEnabled, Place::Shop) => {
            ("There is nothing at this address", "Check the address for a typing mistake.")
        }
        (ErrorCode::Forbidden, Place::Door) => ("This shop is closed for now", "Please come back later."),
        (ErrorCode::Forbidden, Place::Shop) => (
            "This was not sent from a page of the shop",
            "Nothing was changed. Open the shop again and repeat what you did.",
        ),
        (ErrorCode::BadUserInput, Place::Door) => {
            ("This address cannot belong to a shop", "Check the address for a typing mistake.")
        }
        (ErrorCode::BadUserInput, Place::Shop) => {
            ("This could not be read", "Nothing was changed. Go back, look at what you sent and try again.")
        }
        (ErrorCode::Unauthenticated, _) => ("Sign in first", "Your session may have ended. Sign in again."),
        (ErrorCode::ServiceUnavailable | ErrorCode::RateLimitExceeded, _) => {
            ("We are busy right now", "Nothing is lost. Please try again in a few seconds.")
        }
        _ => ("Something went wrong on our side", "Nothing you entered was changed. Please try again."),
    };
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{heading}</title>\
         <meta name=\"robots\" content=\"noindex\"><link rel=\"stylesheet\" href=\"/500.css\">\
         <main><h1>{heading}</h1><p>{advice}</p><p><small>Reference: <code>{}</code></small></p></main></html>",
        escape(request_id)
    );
    let mut response = (status, Body::from(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    retry_after(headers, error);
    response
}

/// Where a request was refused.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Before its shop was found, or because it is closed.
    Door,
    /// In the shop.
    Shop,
}

/// Who reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody in front of a browser: a page.
    Person,
    /// Anything else: a problem document.
    Program,
}

impl Reader {
    /// A person prefers HTML, at an address that is not made for programs.
    pub fn of(headers: &HeaderMap, path: &str) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let wants_html = accept.is_some_and(|accept| accept.contains("text/html"));
        let (_, path) = in_shop(path);
        let for_programs = path.starts_with("/api/") || path.starts_with("/webhooks/");
        if wants_html && !for_programs { Self::Person } else { Self::Program }
    }
}

/// The answer to a request that did not get into a shop.
pub fn answer_at_the_door(error: &Error, headers: &HeaderMap, request_id: &str, instance: &str) -> Response {
    answer_to(Reader::of(headers, instance), Place::Door, error, request_id, instance)
}

/// The answer to a request that is in its shop.
pub fn answer(error: &Error, headers: &HeaderMap, request_id: &str, instance: &str) -> Response {
    answer_to(Reader::of(headers, instance), Place::Shop, error, request_id, instance)
}

/// As [`answer`] and [`answer_at_the_door`], where the request is gone already.
pub fn answer_to(reader: Reader, place: Place, error: &Error, request_id: &str, instance: &str) -> Response {
    match reader {
        Reader::Person => page(error, request_id, place),
        Reader::Program => problem(error, request_id, instance),
    }
}

fn log(error: &Error, request_id: &str) {
    match (error.code(), error.cause()) {
        (ErrorCode::Internal, _) => tracing::error!(request_id, report = %error.report(), "request failed"),
        (ErrorCode::ServiceUnavailable, Some(_)) => {
            tracing::warn!(request_id, report = %error.report(), "request could not be served");
        }
        _ => {}
    }
}

/// When to come back, exactly.
fn retry_after(headers: &mut HeaderMap, error: &Error) {
    let Some(seconds) = error.retry_after_seconds() else { return };
    headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from(seconds));
    if error.code() == ErrorCode::RateLimitExceeded {
        limits::one_attempt(seconds, headers);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadUserInput => "The input is not valid",
        ErrorCode::Unauthenticated => "Sign in first",
        ErrorCode::Forbidden => "Not allowed",
        ErrorCode::NotFound => "Not found",
        ErrorCode::Conflict => "Something changed in between",
        ErrorCode::RateLimitExceeded => "Too many requests",
        ErrorCode::ServiceUnavailable => "Not available right now",
        ErrorCode::Internal => "Something went wrong on our side",
        ErrorCode::OutOfStock => "Out of stock",
        ErrorCode::QueryTooComplex => "The query is too large",
        ErrorCode::ModuleDisabled | ErrorCode::FeatureNotEnabled => "Not part of this shop",
        _ => "The request was refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_page_says_what_was_wrong_with_the_request_and_not_with_the_shop() {
        let heading = async |error: Error, place| {
            let body = axum::body::to_bytes(page(&error, "id", place).into_body(), 4096).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            text.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap().to_owned()
        };
        let (suspended, foreign) = (Error::forbidden("suspended"), Error::forbidden("another site"));
        assert_eq!(heading(suspended, Place::Door).await, "This shop is closed for now");
        assert_eq!(heading(foreign, Place::Shop).await, "This was not sent from a page of the shop");
        let too_large = Error::new(ErrorCode::BadUserInput, "too large");
        assert_eq!(heading(too_large, Place::Shop).await, "This could not be read");
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let fields = |error: Error| {
            [problem(&error, "id", "/api/v1/auth/sign-in"), page(&error, "id", Place::Door)].map(|response| {
                ["retry-after", "ratelimit-policy", "ratelimit"].map(|name| {
                    response.headers().get(name).map(|value| value.to_str().unwrap_or_default().to_owned())
                })
            })
        };
        let slow_down =
            ["38", "\"attempts\";q=1;w=38", "\"attempts\";r=0;t=38"].map(|text| Some(text.to_owned()));
        assert_eq!(
            fields(Error::rate_limited(Duration::from_millis(37_001))),
            [slow_down.clone(), slow_down]
        );
        let away = [Some("2".to_owned()), None, None];
        assert_eq!(fields(Error::unavailable("busy")), [away.clone(), away]);
        assert_eq!(fields(Error::conflict("taken")), [[None, None, None], [None, None, None]]);
    }

    #[test]
    fn pages_are_for_people_at_addresses_for_people() {
        let reader = |accept: &'static str, path| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            Reader::of(&headers, path)
        };
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        for path in ["/", "/products/mug", "/t/hearth/cart", "/admin", "/apiary"] {
            assert_eq!(reader(browser, path), Reader::Person, "{path}");
            assert_eq!(reader("*/*", path), Reader::Program, "{path}");
        }
        for path in ["/api/v1/me", "/t/hearth/api/graphql", "/webhooks/payments/http"] {
            assert_eq!(reader(browser, path), Reader::Program, "{path}");
        }
    }
}
