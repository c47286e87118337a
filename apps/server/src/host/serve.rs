//! Starting and stopping: listener, background work, graceful end.

use super::health::Health;
use crate::{consumers, modules};
use anyhow::Context as _;
use axum::serve::ListenerExt;
use platform::App;
use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Which part of the work this process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Requests, relay and projections.
    All,
    /// Requests only.
    Api,
    /// Moves events out of the outbox and runs background jobs.
    Relay,
    /// As relay: keeps the read models.
    Indexer,
}

impl Role {
    fn serves(self) -> bool {
        matches!(self, Self::All | Self::Api)
    }

    fn relays(self) -> bool {
        matches!(self, Self::All | Self::Relay | Self::Indexer)
    }
}

/// Serves until SIGTERM or Ctrl+C, then finishes what runs and gives the leases back.
///
/// # Errors
/// When a module cannot start, the address cannot be bound, or the manifest has a hole.
pub async fn serve(app: App, role: Role, metrics: telemetry::Metrics) -> anyhow::Result<()> {
    let started = Instant::now();
    let stop = CancellationToken::new();
    let modules = modules::install(&app)?;
    modules.start(&app).await.map_err(|error| anyhow::anyhow!("{}", error.message().to_owned()))?;
    let mut tasks = Vec::new();
    if role.relays() {
        let relay = events::Relay::new(app.clone(), identity::tenant_of, consumers());
        let token = stop.clone();
        tasks.push(telemetry::keep_running("relay", move || {
            let (relay, token) = (relay.clone(), token.clone());
            async move { relay.run(token).await }
        }));
        let jobs = modules::jobs(&app, &stop);
        for (name, job) in jobs.map_err(|error| anyhow::anyhow!(error.report()))? {
            tasks.push(telemetry::spawn(name, job));
        }
    }
    for (name, job) in modules::watches(&app, &stop) {
        tasks.push(telemetry::spawn(name, job));
    }
    let health = Health::new(metrics);
    let router = if role.serves() {
        super::router(&app, health.clone())?
    } else {
        super::operations_router(&app, health.clone())
    };
    let config = &app.config().server;
    let listen: SocketAddr = config.listen.parse().context("server.listen")?;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("server.listen: {listen} cannot be bound, is something else running there?")
    })?;
    let address = listener.local_addr()?;
    let patience = Duration::from_millis(config.shutdown_timeout_ms);
    if role.serves() {
        tracing::info!(%address, ms = started.elapsed().as_millis() as u64, "ready on http://{address}");
    } else {
        tracing::info!(%address, ?role, "ready, health only");
    }
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let closing = stop.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown({
        let health = health.clone();
        async move {
            signal().await;
            tracing::info!("stopping: finishing what runs");
            health.stop();
            closing.cancel();
        }
    });
    tokio::select! {
        served = server.into_future() => served.context("serving")?,
        () = async { stop.cancelled().await; tokio::time::sleep(patience).await } => {
            tracing::warn!("requests were still running after {} s", patience.as_secs());
        }
    }
    stop.cancel();
    let finished = async {
        for task in tasks {
            // A task that panicked has been logged and counted.
            let _ = task.await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(5), finished).await.is_err() {
        tracing::warn!("background work did not end in time");
    }
    modules.stop(&app).await;
    tracing::info!("stopped");
    Ok(())
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
