//! This module as the registry knows it.

use crate::{Pressure, desk};
use platform::App;
use platform::module::{Health, Module};

/// Events that wait longer than this without anybody at work are stuck, in milliseconds.
const OLD: i64 = 60_000;

struct Events;

/// This module, for the registry.
pub fn module() -> impl Module {
    Events
}

#[async_trait::async_trait]
impl Module for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn about(&self) -> &'static str {
        "What has happened, told to every part that wants to know."
    }

    async fn health(&self, app: &App) -> Health {
        match desk::status(app).await {
            Ok(status) if status.pressure == Pressure::Critical => {
                Health::Degraded("the queue of events is full".into())
            }
            Ok(status) if !status.relay && OLD < status.oldest_age_ms => {
                Health::Degraded("events wait and no process delivers them".into())
            }
            Ok(status) if 0 < status.dead => {
                Health::Degraded(format!("{} events could not be delivered", status.dead).into())
            }
            Ok(_) => Health::Healthy,
            Err(error) => {
                tracing::warn!(report = %error.report(), "the outbox cannot be read");
                Health::Failed("the outbox cannot be read".into())
            }
        }
    }
}
