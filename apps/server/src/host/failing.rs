//! Requests that go wrong: what whoever asked is answered, and what the log has of them.

use super::*;
use serde_json::Value;
use std::io::Write;
use std::sync::Mutex;
use telemetry::LogFormat;
use testkit::{Backend, TestApp};

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A host with routes that no module would have.
async fn host() -> (TestApp, Router, telemetry::Metrics) {
    let app = TestApp::on(Backend::Sqlite).await;
    let metrics = telemetry::Metrics::install().unwrap();
    telemetry::install_panic_counter();
    let more = Router::new()
        .route("/breaks", get(breaks))
        .route("/api/v1/breaks", get(breaks))
        .route("/fails", get(async || Error::internal("the cause is for the log")))
        .route("/orders/{token}/worries", get(worries));
    let router = assembled(app.app(), health::Health::new(metrics.clone()), more).unwrap();
    (app, router, metrics)
}

async fn breaks() -> StatusCode {
    tokio::task::yield_now().await;
    if std::hint::black_box(true) {
        panic!("on purpose, password=hunter2");
    }
    StatusCode::OK
}

async fn worries() -> StatusCode {
    tokio::task::yield_now().await;
    tracing::warn!("something is odd");
    StatusCode::OK
}

async fn ask(router: &Router, path: &str, accept: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path).header(header::HOST, "hearth.localhost").header(header::ACCEPT, accept);
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn panics(metrics: &telemetry::Metrics) -> u64 {
    let text = metrics.render();
    let count = text.lines().find_map(|line| line.strip_prefix("rustok_panics_total "));
    count.and_then(|count| count.parse().ok()).unwrap()
}

#[tokio::test]
async fn what_breaks_shows_people_a_page_and_programs_a_document() {
    let (_app, router, metrics) = host().await;
    let before = panics(&metrics);
    for path in ["/breaks", "/t/hearth/breaks", "/fails"] {
        let (status, headers, body) = ask(&router, path, BROWSER).await;
        assert_eq!(status, 500, "{path}");
        assert_eq!(text(&headers, "content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(text(&headers, "cache-control"), "no-store", "{path}");
        assert!(text(&headers, "content-security-policy").contains("'nonce-"), "{path}");
        assert!(body.contains("<h1>Something broke on our side</h1>"), "{path}: {body}");
        assert!(body.contains(text(&headers, "x-request-id")), "{path}: {body}");
        assert!(!body.contains("on purpose") && !body.contains("cause"), "{path}: {body}");
    }
    assert_eq!(panics(&metrics), before + 2);
    for (path, accept) in [
        ("/breaks", "*/*"),
        ("/fails", "application/json"),
        ("/api/v1/breaks", BROWSER),
        ("/t/hearth/api/v1/breaks", BROWSER),
    ] {
        let (status, headers, body) = ask(&router, path, accept).await;
        assert_eq!(
            (status.as_u16(), text(&headers, "content-type")),
            (500, "application/problem+json"),
            "{path}"
        );
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], "INTERNAL_SERVER_ERROR", "{path}");
        assert_eq!(problem["trace_id"], text(&headers, "x-request-id"), "{path}");
        assert!(!body.contains("on purpose") && !body.contains("cause"), "{path}: {body}");
    }
    assert_eq!(panics(&metrics), before + 5);
    // The next ones are served as if nothing had been.
    assert_eq!(ask(&router, "/health/live", "*/*").await.0, 200);
    assert_eq!(ask(&router, "/", BROWSER).await.0, 200);
}

/// Lines of the log, as an operator's collector gets them.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Collects what this thread logs until the guard goes.
    fn collect(filter: Option<&str>) -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let place = move || writer.clone();
        let subscriber = telemetry::logging::subscriber(filter, LogFormat::Json, false, place).unwrap();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn read(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn find(&self, message: &str) -> Value {
        let mut lines = self.read().into_iter();
        let found = lines.find(|line| line["message"].as_str().is_some_and(|text| text.contains(message)));
        found.unwrap_or_else(|| panic!("no {message:?} in {}", self.text()))
    }
}

#[tokio::test]
async fn whatever_is_logged_says_of_which_request_and_shop() {
    let (_app, router, _) = host().await;
    let (lines, _guard) = Lines::collect(None);
    for (path, message, level, shown) in [
        ("/orders/SECRET/worries?token=SECRET", "something is odd", "WARN", "/orders/-/worries"),
        ("/fails", "request failed", "ERROR", "/fails"),
        ("/breaks?email=anna@example.com", "panic at", "ERROR", "/breaks"),
        ("/t/nobody/", "", "", ""),
    ] {
        let (_, headers, _) = ask(&router, path, BROWSER).await;
        if message.is_empty() {
            continue;
        }
        let line = lines.find(message);
        assert_eq!(line["level"], level, "{line}");
        let span = &line["span"];
        assert_eq!(span["name"], "request", "{line}");
        assert_eq!(span["request_id"], text(&headers, "x-request-id"), "{line}");
        assert_eq!((&span["tenant"], &span["method"]), (&json("hearth"), &json("GET")), "{line}");
        assert_eq!(span["path"], shown, "{line}");
    }
    let text = lines.text();
    for secret in ["SECRET", "anna@example.com", "hunter2"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(lines.read().iter().all(|line| line["target"] != "requests"), "nobody asked for it: {text}");
}

#[tokio::test]
async fn writes_a_line_for_each_request_when_asked() {
    let (_app, router, _) = host().await;
    // What fails here is not for the log that is looked at.
    drop(std::panic::take_hook());
    let (lines, _guard) = Lines::collect(Some("info"));
    let mut expected = Vec::new();
    // The second time, the page cache answers.
    for (path, shown, tenant, status) in [
        ("/?a=SECRET", "/", Some("hearth"), 200),
        ("/?a=SECRET", "/", Some("hearth"), 200),
        ("/orders/SECRET/worries", "/orders/-/worries", Some("hearth"), 200),
        // The host has named the shop already.
        ("/t/nobody/", "/t/nobody/", Some("hearth"), 404),
        ("/health/live", "/health/live", None, 200),
        ("/breaks", "/breaks", None, 500),
    ] {
        let (_, headers, _) = ask(&router, path, BROWSER).await;
        expected.push((text(&headers, "x-request-id").to_owned(), shown, tenant, status));
    }
    let written: Vec<Value> =
        lines.read().into_iter().filter(|line| line["target"] == telemetry::logging::REQUESTS).collect();
    assert_eq!(written.len(), expected.len(), "{written:#?}");
    for (line, (id, path, tenant, status)) in written.iter().zip(expected) {
        assert_eq!((&line["level"], &line["request_id"]), (&json("INFO"), &json(&id)));
        assert_eq!((&line["path"], line["tenant"].as_str()), (&json(path), tenant));
        assert_eq!((&line["method"], line["status"].as_u64()), (&json("GET"), Some(status)));
        assert!(line["ms"].as_f64().is_some_and(|ms| 0.0 < ms), "{line}");
    }
    assert!(!lines.text().contains("SECRET"), "{}", lines.text());
}

fn json(text: &str) -> Value {
    Value::from(text)
}
