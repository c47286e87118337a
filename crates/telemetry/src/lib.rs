//! Logs, metrics and named tasks: what an operator sees of the process.
//!
//! Reading order: [`init`] sets up logging, [`Metrics`] holds the Prometheus recorder, [`task`] spawns
//! named background work, [`redact`] keeps secrets out of both.

pub mod logging;
pub mod metrics;
pub mod redact;
pub mod task;

pub use logging::{LogFormat, TelemetryError, init};
pub use metrics::Metrics;
pub use redact::{Redacted, redact_url, scrub};
pub use task::{install_panic_counter, keep_running, spawn};
