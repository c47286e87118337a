//! The Prometheus recorder and the catalogue of metrics that dashboards rely on.

use std::{sync::OnceLock, time::Duration};

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::logging::TelemetryError;

/// Seconds from half a millisecond to ten seconds, for everything a person or a client waits for.
const LATENCY_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often histograms are folded when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// Every metric of the contract: name, kind, unit, help.
const CATALOGUE: &[(&str, Kind, Unit, &str)] = &[
    ("rustok_http_requests_total", Counter, Unit::Count, "HTTP requests by class of status"),
    (
        "rustok_http_request_duration_seconds",
        Histogram,
        Unit::Seconds,
        "Time from request head to response head",
    ),
    ("rustok_http_inflight", Gauge, Unit::Count, "Requests being answered now"),
    ("rustok_http_shed_total", Counter, Unit::Count, "Requests refused to keep the others fast"),
    (
        "rustok_db_pool_wait_seconds",
        Histogram,
        Unit::Seconds,
        "Waiting for a connection with an open transaction, by door",
    ),
    ("rustok_db_statements_total", Counter, Unit::Count, "Statements sent to the database"),
    ("rustok_cache_operations_total", Counter, Unit::Count, "Cache look-ups by cache and result"),
    ("rustok_cache_loads_total", Counter, Unit::Count, "Values loaded because a cache did not hold them"),
    ("rustok_circuit_breaker_state", Gauge, Unit::Count, "Circuit breaker: 0 closed, 1 open, 2 half-open"),
    (
        "rustok_circuit_breaker_rejected_total",
        Counter,
        Unit::Count,
        "Calls refused by an open circuit breaker",
    ),
    ("rustok_event_queue_depth", Gauge, Unit::Count, "Events held in memory on their way to consumers"),
    ("rustok_event_backpressure_state", Gauge, Unit::Count, "Event queue: 0 normal, 1 warning, 2 critical"),
    ("rustok_event_queue_rejected_total", Counter, Unit::Count, "Events refused a place in the full queue"),
    ("rustok_outbox_pending", Gauge, Unit::Count, "Events stored and not yet applied by every consumer"),
    (
        "rustok_outbox_oldest_age_seconds",
        Gauge,
        Unit::Seconds,
        "Age of the oldest event that is still pending",
    ),
    ("rustok_outbox_dead_total", Counter, Unit::Count, "Events that were put among the dead letters"),
    ("rustok_projection_lag_seconds", Gauge, Unit::Seconds, "From commit of an event to its being readable"),
    ("rustok_saga_stuck", Gauge, Unit::Count, "Sagas that need a person"),
    ("rustok_orders_placed_total", Counter, Unit::Count, "Orders placed"),
    ("rustok_panics_total", Counter, Unit::Count, "Panics caught anywhere in the process"),
    ("rustok_process_resident_bytes", Gauge, Unit::Bytes, "Resident memory of this process"),
];

/// Counters that read zero from the first scrape on, so that an alert on their increase can work.
const START_AT_ZERO: &[&str] = &[
    "rustok_http_shed_total",
    "rustok_circuit_breaker_rejected_total",
    "rustok_event_queue_rejected_total",
    "rustok_outbox_dead_total",
    "rustok_orders_placed_total",
    "rustok_panics_total",
];

/// The process-wide recorder. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Installs the recorder of this process, or gives back the one already installed here.
    pub fn install() -> Result<Metrics, TelemetryError> {
        static INSTALLED: OnceLock<Result<Metrics, String>> = OnceLock::new();
        INSTALLED
            .get_or_init(|| {
                let metrics = builder().and_then(|builder| Ok(Metrics(builder.install_recorder()?)));
                let metrics = metrics.map_err(|error| error.to_string())?;
                describe();
                Ok(metrics)
            })
            .clone()
            .map_err(TelemetryError::AlreadySet)
    }

    /// The text that `/metrics` answers, in the Prometheus exposition format.
    pub fn render(&self) -> String {
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("rustok_process_resident_bytes").set(bytes as f64);
        }
        self.0.render()
    }

    /// Folds histograms every few seconds, for ever; without it they would grow while nobody scrapes.
    pub async fn upkeep(self) {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            self.0.run_upkeep();
        }
    }
}

fn builder() -> Result<PrometheusBuilder, metrics_exporter_prometheus::BuildError> {
    let mut builder = PrometheusBuilder::new();
    for (name, kind, ..) in CATALOGUE {
        if matches!(kind, Histogram) {
            builder = builder.set_buckets_for_metric(Matcher::Full((*name).to_owned()), &LATENCY_BUCKETS)?;
        }
    }
    Ok(builder)
}

fn describe() {
    for (name, kind, unit, help) in CATALOGUE {
        match kind {
            Counter => describe_counter!(*name, *unit, *help),
            Gauge => describe_gauge!(*name, *unit, *help),
            Histogram => describe_histogram!(*name, *unit, *help),
        }
    }
    for name in START_AT_ZERO {
        metrics::counter!(*name).absolute(0);
    }
    for name in ["rustok_event_queue_depth", "rustok_event_backpressure_state", "rustok_saga_stuck"] {
        metrics::gauge!(name).set(0.0);
    }
}

/// Resident memory in bytes, where the system tells (Linux).
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_described_metrics_with_fixed_buckets() {
        let metrics = Metrics::install().expect("first in this process");
        metrics::histogram!("rustok_http_request_duration_seconds", "route" => "/").record(0.003);
        metrics::counter!("rustok_http_requests_total", "status" => "200").increment(2);
        let text = metrics.render();
        assert!(text.contains("# TYPE rustok_http_request_duration_seconds histogram"), "{text}");
        assert!(
            text.contains("rustok_http_request_duration_seconds_bucket{route=\"/\",le=\"0.005\"} 1"),
            "{text}"
        );
        assert!(text.contains("rustok_http_requests_total{status=\"200\"} 2"), "{text}");
        assert!(text.contains("rustok_panics_total 0"), "{text}");
        assert!(text.contains("# HELP rustok_panics_total"), "{text}");
        assert!(Metrics::install().is_ok(), "a second call gives the same recorder");
    }

    #[test]
    fn catalogue_names_are_unique_and_ours() {
        let mut names: Vec<_> = CATALOGUE.iter().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len());
        assert!(names.iter().all(|name| name.starts_with("rustok_")));
    }
}
