//! A bounded number of places for events in memory. A place frees itself when its [`Permit`] is dropped.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use platform::{App, Error};
use tokio::sync::Notify;

/// How full the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pressure {
    /// Below the warning mark.
    Normal,
    /// From the warning mark on.
    Warning,
    /// At the mark that is never passed: nothing more is let in.
    Critical,
}

/// The queue's bounds, as numbers of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// From here on the state is [`Pressure::Warning`].
    pub warning: usize,
    /// The count never passes this.
    pub critical: usize,
}

impl Thresholds {
    /// Shares in percent of `capacity`, rounded down, at least one place each.
    pub fn of(capacity: usize, warning_percent: u8, critical_percent: u8) -> Self {
        let share = |percent: u8| (capacity.saturating_mul(usize::from(percent)) / 100).max(1);
        Self { warning: share(warning_percent), critical: share(critical_percent) }
    }
}

/// The queue is critical; try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event queue is full")]
pub struct QueueFull;

impl From<QueueFull> for Error {
    fn from(full: QueueFull) -> Self {
        Error::unavailable(full.to_string())
    }
}

/// Counts the places that are taken. Cheap to clone.
#[derive(Clone)]
pub struct Backpressure(Arc<Places>);

struct Places {
    taken: AtomicUsize,
    thresholds: Thresholds,
    freed: Notify,
}

/// Places in the queue, free again when this is dropped, on whichever path.
#[must_use = "the places are free again as soon as this is dropped"]
pub struct Permit {
    places: Arc<Places>,
    count: usize,
}

impl Backpressure {
    /// An empty queue with these bounds.
    pub fn new(thresholds: Thresholds) -> Self {
        Self(Arc::new(Places { taken: AtomicUsize::new(0), thresholds, freed: Notify::new() }))
    }

    /// The queue of this process, with the configured bounds.
    pub fn of(app: &App) -> Self {
        let events = &app.config().events;
        let thresholds = Thresholds::of(events.queue, events.warning_percent, events.critical_percent);
        app.state(|| Self::new(thresholds)).as_ref().clone()
    }

    /// Takes `count` places, or none when that would pass the critical mark.
    pub fn acquire(&self, count: usize) -> Result<Permit, QueueFull> {
        let places = &self.0;
        let critical = places.thresholds.critical;
        let update = |taken: usize| taken.checked_add(count).filter(|after| *after <= critical);
        match places.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, update) {
            Ok(before) => {
                places.show(before + count);
                Ok(Permit { places: Arc::clone(places), count })
            }
            Err(_) => {
                metrics::counter!("rustok_event_queue_rejected_total").increment(1);
                Err(QueueFull)
            }
        }
    }

    /// Takes up to `most` places, waiting until there is at least one.
    pub async fn acquire_up_to(&self, most: usize) -> Permit {
        loop {
            let freed = self.0.freed.notified();
            tokio::pin!(freed);
            // Listen before looking, so that a place freed in between is not missed.
            freed.as_mut().enable();
            let free = self.0.thresholds.critical.saturating_sub(self.taken());
            if let Ok(permit) = self.acquire_quietly(free.min(most.max(1))) {
                return permit;
            }
            freed.await;
        }
    }

    /// Places taken now.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Acquire)
    }

    /// How full the queue is now.
    pub fn pressure(&self) -> Pressure {
        self.0.thresholds.pressure(self.taken())
    }

    fn acquire_quietly(&self, count: usize) -> Result<Permit, QueueFull> {
        let free = self.0.thresholds.critical.saturating_sub(self.taken());
        if count == 0 || free < count { Err(QueueFull) } else { self.acquire(count) }
    }
}

impl Permit {
    /// How many places this holds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Gives places back early until `count` are left.
    pub fn shrink_to(&mut self, count: usize) {
        let back = self.count.saturating_sub(count);
        self.count -= back;
        self.places.give_back(back);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.places.give_back(self.count);
    }
}

impl Thresholds {
    fn pressure(&self, taken: usize) -> Pressure {
        match taken {
            _ if taken >= self.critical => Pressure::Critical,
            _ if taken >= self.warning => Pressure::Warning,
            _ => Pressure::Normal,
        }
    }
}

impl Places {
    fn give_back(&self, count: usize) {
        if count > 0 {
            let before = self.taken.fetch_sub(count, Ordering::AcqRel);
            self.show(before - count);
            self.freed.notify_waiters();
        }
    }

    fn show(&self, taken: usize) {
        let state = match self.thresholds.pressure(taken) {
            Pressure::Normal => 0.0,
            Pressure::Warning => 1.0,
            Pressure::Critical => 2.0,
        };
        metrics::gauge!("rustok_event_queue_depth").set(taken as f64);
        metrics::gauge!("rustok_event_backpressure_state").set(state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_contract_s_defaults_warn_at_seven_and_close_at_nine_thousand() {
        assert_eq!(Thresholds::of(10_000, 70, 90), Thresholds { warning: 7_000, critical: 9_000 });
    }

    #[test]
    fn state_follows_the_places_taken() {
        let queue = Backpressure::new(Thresholds::of(10, 70, 90));
        let six = queue.acquire(6).expect("room");
        assert_eq!(queue.pressure(), Pressure::Normal);
        let one = queue.acquire(1).expect("room");
        assert_eq!(queue.pressure(), Pressure::Warning);
        let two = queue.acquire(2).expect("room");
        assert_eq!(queue.pressure(), Pressure::Critical);
        assert_eq!(queue.acquire(1).map(|_| ()), Err(QueueFull));
        drop(two);
        assert_eq!(queue.pressure(), Pressure::Warning);
        drop((six, one));
        assert_eq!((queue.taken(), queue.pressure()), (0, Pressure::Normal));
    }

    #[test]
    fn a_panic_gives_the_place_back() {
        let queue = Backpressure::new(Thresholds::of(10, 70, 90));
        let inner = queue.clone();
        let gone = std::thread::spawn(move || {
            let _permit = inner.acquire(5).expect("room");
            panic!("on purpose");
        });
        assert!(gone.join().is_err());
        assert_eq!(queue.taken(), 0);
    }

    #[tokio::test]
    async fn waits_for_a_place_and_takes_what_is_free() {
        let queue = Backpressure::new(Thresholds::of(10, 70, 90));
        let mut all = queue.acquire_up_to(500).await;
        assert_eq!(all.count(), 9);
        let waiting = tokio::spawn({
            let queue = queue.clone();
            async move { queue.acquire_up_to(4).await.count() }
        });
        tokio::task::yield_now().await;
        all.shrink_to(7);
        assert_eq!(waiting.await.expect("joined"), 2);
        assert_eq!(queue.taken(), 7);
    }

    proptest! {
        #[test]
        fn never_passes_critical_under_concurrency(sizes in prop::collection::vec(1_usize..40, 1..60)) {
            let queue = Backpressure::new(Thresholds::of(100, 70, 90));
            let highest = AtomicUsize::new(0);
            std::thread::scope(|scope| {
                for chunk in sizes.chunks(8) {
                    let (queue, highest) = (&queue, &highest);
                    scope.spawn(move || {
                        for size in chunk {
                            if let Ok(permit) = queue.acquire(*size) {
                                highest.fetch_max(queue.taken(), Ordering::SeqCst);
                                std::thread::yield_now();
                                drop(permit);
                            }
                        }
                    });
                }
            });
            prop_assert!(highest.load(Ordering::SeqCst) <= 90);
            prop_assert_eq!(queue.taken(), 0);
        }
    }
}
