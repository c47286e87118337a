//! Health and metrics, outside of tenant resolution.

use super::Host;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::module::Registry;
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
        Ok(Ok(())) => Json(json!({ "status": "ok", "degraded": degraded(&host).await })).into_response(),
        _ => unavailable("the database does not answer"),
    }
}

/// `GET /health/modules`: each module by name, as it says itself. One that does not work is 503.
pub async fn modules(State(host): State<Host>) -> Response {
    let Some(registry) = Registry::of(&host.app) else { return unavailable("no module is installed") };
    let report = registry.report(&host.app).await;
    let status = if report.has_failed() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let modules: serde_json::Map<String, serde_json::Value> =
        report.0.iter().map(|standing| (standing.name.to_owned(), json!(standing))).collect();
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
async fn degraded(host: &Host) -> bool {
    match Registry::of(&host.app) {
        Some(registry) => registry.report(&host.app).await.is_degraded(),
        None => false,
    }
}

fn unavailable(reason: &str) -> Response {
    let mut response =
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "reason": reason })))
            .into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}
