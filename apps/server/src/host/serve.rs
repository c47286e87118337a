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
    let times = Times::of(Duration::from_millis(config.shutdown_timeout_ms));
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
    let server = axum::serve(listener, service).with_graceful_shutdown({
        let (health, stop) = (health.clone(), stop.clone());
        async move {
            let signal = signal().await;
            tracing::info!("stopping: finishing what runs");
            health.stop();
            stop.cancel();
            // Whoever sends requests here asks whether we are ready, and is told before nobody answers any more.
            if role.serves() && signal == Signal::Terminate {
                tokio::time::sleep(times.notice).await;
            }
        }
    });
    let mut server = std::pin::pin!(server.into_future());
    let running = tokio::select! {
        served = &mut server => {
            served.context("serving")?;
            false
        }
        () = stop.cancelled() => true,
    };
    let since = tokio::time::Instant::now();
    if running {
        match tokio::time::timeout_at(since + times.requests, server).await {
            Ok(served) => served.context("serving")?,
            Err(_) => tracing::warn!("requests were still running after {:?}", times.requests),
        }
    }
    stop.cancel();
    let finished = async {
        for task in tasks {
            // A task that panicked has been logged and counted.
            let _ = task.await;
        }
    };
    if tokio::time::timeout_at(since + times.tasks, finished).await.is_err() {
        tracing::warn!("background work did not end in time");
    }
    if tokio::time::timeout_at(since + times.modules, modules.stop(&app)).await.is_err() {
        tracing::warn!("a module did not stop in time");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Until when what has to end, counted from the signal.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// Requests are still taken.
    notice: Duration,
    requests: Duration,
    tasks: Duration,
    modules: Duration,
}

impl Times {
    /// Parts of the whole time, in which the process is gone.
    fn of(whole: Duration) -> Self {
        Self {
            notice: (whole / 10).min(Duration::from_secs(1)),
            requests: whole.mul_f64(0.8),
            tasks: whole.mul_f64(0.9),
            modules: whole.mul_f64(0.95),
        }
    }
}

/// Who asks us to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// Somebody at the keyboard, with Ctrl+C.
    Interrupt,
    /// Whoever runs the process.
    Terminate,
}

async fn signal() -> Signal {
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
        _ = interrupt => Signal::Interrupt,
        () = terminate => Signal::Terminate,
    }
}
