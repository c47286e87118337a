//! How many statements ran: for the metric, and for tests that hold a page to a constant number.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

static TOTAL: AtomicU64 = AtomicU64::new(0);

tokio::task_local! {
    static COUNT: Cell<u64>;
}

/// Statements since the process started.
pub fn statements_total() -> u64 {
    TOTAL.load(Ordering::Relaxed)
}

/// Runs `work` and says how many statements it sent from its own task.
pub async fn count_statements<T>(work: impl Future<Output = T>) -> (T, u64) {
    COUNT
        .scope(Cell::new(0), async {
            let value = work.await;
            (value, COUNT.with(Cell::get))
        })
        .await
}

/// What SeaORM's own connections call.
pub(super) fn record(_: &sea_orm::metric::Info<'_>) {
    add();
}

pub(super) fn add() {
    TOTAL.fetch_add(1, Ordering::Relaxed);
    // Outside of `count_statements` there is nothing to count into.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}
