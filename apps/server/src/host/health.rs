//! Health and metrics, outside of tenant resolution.

use super::Host;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether the host takes requests, and its metrics.
#[derive(Clone)]
pub struct Health {
    stopping: Arc<AtomicBool>,
    metrics: telemetry::Metrics,
}

impl Health {
    /// A host that takes requests.
    pub fn new(metrics: telemetry::Metrics) -> Self {
        Self { stopping: Arc::default(), metrics }
    }

    /// From now on the host is not ready; requests in flight finish.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

/// `GET /health/live`: the process answers.
pub async fn live() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// `GET /health/ready`: a critical failure is 503, anything less says `degraded`.
pub async fn ready(State(host): State<Host>) -> Response {
    if host.health.stopping.load(Ordering::SeqCst) {
        return unavailable("stopping");
    }
    match tokio::time::timeout(Duration::from_secs(2), host.app.db().ping()).await {
        Ok(Ok(())) => Json(json!({ "status": "ok", "degraded": degraded(&host) })).into_response(),
        _ => unavailable("the database does not answer"),
    }
}

/// `GET /health/modules`: each module by name.
pub async fn modules(State(host): State<Host>) -> Response {
    let database = tokio::time::timeout(Duration::from_secs(2), host.app.db().ping()).await;
    let database = matches!(database, Ok(Ok(())));
    let state = if database { "healthy" } else { "failed" };
    let modules: serde_json::Map<String, serde_json::Value> =
        ["identity", "content", "catalog", "commerce", "events", "storefront", "admin"]
            .into_iter()
            .map(|name| (name.to_owned(), json!({ "state": state })))
            .collect();
    let status = if database { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "modules": modules }))).into_response()
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(State(host): State<Host>) -> Response {
    metrics::counter!("rustok_db_statements_total").absolute(platform::db::statements_total());
    let mut response = host.health.metrics.render().into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    response
}

/// Something is not as it should be, but shoppers can buy.
fn degraded(host: &Host) -> bool {
    host.app.config().payments.gateway_url.is_some() && commerce::gateway_is_down(&host.app)
}

fn unavailable(reason: &str) -> Response {
    let mut response =
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "reason": reason })))
            .into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}
