//! Background work with a name, whose panics are counted and logged instead of lost.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Once,
    time::{Duration, Instant},
};

use futures::FutureExt;
use tokio::task::JoinHandle;
use tracing::{Instrument, error, info_span};

use crate::redact::scrub;

/// The longest wait before a loop that panicked starts again.
const MAX_RESTART_DELAY: Duration = Duration::from_secs(30);

/// Counts every panic of the process in `rustok_panics_total` and logs it once, with its place and a message
/// cleaned by [`scrub`]. Call once at start; later calls do nothing.
pub fn install_panic_counter() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            metrics::counter!("rustok_panics_total").increment(1);
            if !tracing::dispatcher::has_been_set() {
                return before(panic);
            }
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let message = scrub(panic.payload_as_str().unwrap_or("no message"));
            error!(panic.location = place, "panic at {place}: {message}");
        }));
    });
}

/// Runs `future` as a task of its own inside a span called `task` with this name.
///
/// The handle gives `None` when the task panicked; the panic has been logged with the task's name.
pub fn spawn<F>(name: &'static str, future: F) -> JoinHandle<Option<F::Output>>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    install_panic_counter();
    tokio::spawn(catching(name, future).instrument(info_span!("task", task.name = name)))
}

/// Runs a loop that must not end by accident: when `start()`'s future panics it is started again, after a
/// wait that doubles from 100 ms to 30 s and falls back after a minute of peace. It ends, with `Some`, when the
/// future ends.
pub fn keep_running<S, F>(name: &'static str, start: S) -> JoinHandle<Option<()>>
where
    S: Fn() -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    install_panic_counter();
    let run = async move {
        let mut delay = Duration::from_millis(100);
        loop {
            let begun = Instant::now();
            if catching(name, start()).await.is_some() {
                return Some(());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                delay = Duration::from_millis(100);
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(MAX_RESTART_DELAY);
        }
    };
    tokio::spawn(run.instrument(info_span!("task", task.name = name)))
}

async fn catching<F: Future>(name: &'static str, future: F) -> Option<F::Output> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(output) => Some(output),
        Err(_) => {
            error!(task.name = name, "task {name} ended with a panic");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::Metrics;

    #[tokio::test]
    async fn a_panic_is_counted_and_gives_nothing() {
        let metrics = Metrics::install().expect("recorder");
        assert_eq!(spawn("fine", async { 7 }).await.expect("joined"), Some(7));
        let gone = spawn("broken", async {
            if std::hint::black_box(true) {
                panic!("on purpose");
            }
        });
        assert_eq!(gone.await.expect("joined"), None);
        let text = metrics.render();
        let count = text.lines().find_map(|line| line.strip_prefix("rustok_panics_total ")).expect("counter");
        assert!(count.parse::<u64>().expect("number") >= 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_starts_again_and_may_end() {
        let runs = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&runs);
        keep_running("loop", move || {
            let seen = Arc::clone(&seen);
            async move { assert!(seen.fetch_add(1, Ordering::SeqCst) >= 2, "not yet") }
        })
        .await
        .expect("ended");
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }
}
