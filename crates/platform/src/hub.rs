//! Generations of things that caches hold, and wake-ups for background work, inside this process.

use dashmap::DashMap;
use primitives::TenantId;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{Notify, mpsc};

/// Changes that may wait to be told to other processes; when there are more, everything is told to be stale.
const TOLD: usize = 4_096;
/// Generations that are remembered, of all tenants together; some 4 MiB.
const KEPT: usize = 100_000;

/// A place in [`Hub`]: a tenant and a name such as `catalog` or `product:<uuid>`, hashed.
///
/// Two names that hash alike only invalidate together, which costs a reload and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Key {
    /// The key of `name` in `tenant`.
    pub fn new(tenant: TenantId, name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        tenant.hash(&mut hasher);
        name.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What a cached value was computed from: it is fresh while no generation has moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Vec<(Key, u64)>);

/// Numbers all changes and remembers the last one of each key; a cached value remembers the numbers from before it
/// was loaded.
///
/// A reader takes the [`Stamp`] first and loads second, so a value that was loaded before an invalidation can never
/// pass as fresh after it.
#[derive(Default)]
pub struct Hub {
    generations: DashMap<Key, u64>,
    signals: DashMap<&'static str, Arc<Notify>>,
    /// The number of the last change.
    epoch: AtomicU64,
    /// The number of the last change of everything: no generation is lower.
    floor: AtomicU64,
    /// About how many generations there are.
    kept: AtomicUsize,
    told: OnceLock<mpsc::Sender<(TenantId, String)>>,
    untold: AtomicBool,
}

impl Hub {
    /// Marks everything that was computed from `name` in `tenant` as stale.
    pub fn bump(&self, tenant: TenantId, name: &str) {
        self.bump_here(tenant, name);
        if let Some(told) = self.told.get()
            && told.try_send((tenant, name.to_owned())).is_err()
        {
            self.untold.store(true, Ordering::SeqCst);
        }
    }

    /// As [`Hub::bump`], for a change that another process has told us of.
    pub fn bump_here(&self, tenant: TenantId, name: &str) {
        let change = self.next();
        let known = {
            let mut generation = self.generations.entry(Key::new(tenant, name)).or_insert(0);
            let known = *generation > 0;
            *generation = change.max(*generation);
            known
        };
        if !known && self.kept.fetch_add(1, Ordering::SeqCst) >= KEPT {
            self.forget();
        }
    }

    /// Drops all generations by marking everything as stale once, before there are more than this process should hold.
    fn forget(&self) {
        let floor = self.next();
        self.floor.fetch_max(floor, Ordering::SeqCst);
        let mut left = 0;
        // One that was moved meanwhile stays: the floor says nothing about it.
        self.generations.retain(|_, generation| {
            let kept = *generation > floor;
            left += usize::from(kept);
            kept
        });
        self.kept.store(left, Ordering::SeqCst);
    }

    /// Marks everything as stale, here only: after we may have missed what other processes told.
    pub fn bump_everything_here(&self) {
        self.floor.fetch_max(self.next(), Ordering::SeqCst);
    }

    fn next(&self) -> u64 {
        self.epoch.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// From now on every [`Hub::bump`] is also given to the receiver, which tells other processes. There can be one
    /// per process: later calls get `None`.
    pub fn tell(&self) -> Option<mpsc::Receiver<(TenantId, String)>> {
        let (told, receiver) = mpsc::channel(TOLD);
        self.told.set(told).is_ok().then_some(receiver)
    }

    /// Whether changes were lost on their way to the receiver since the last call.
    pub fn take_untold(&self) -> bool {
        self.untold.swap(false, Ordering::SeqCst)
    }

    /// The number of the last change of anything; for values whose keys are known only after they were made, see
    /// [`Hub::is_untouched`].
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// The number of the last change of one key; 0 until the first [`Hub::bump`].
    pub fn generation(&self, key: Key) -> u64 {
        self.generations.get(&key).map_or(0, |g| *g).max(self.floor.load(Ordering::SeqCst))
    }

    /// Whether nothing in `stamp` has changed since `epoch`, when the value was begun to be made.
    pub fn is_untouched(&self, stamp: &Stamp, epoch: u64) -> bool {
        stamp.0.iter().all(|(key, generation)| *generation <= epoch && self.generation(*key) <= epoch)
    }

    /// The current generations of `keys`, taken before loading.
    pub fn stamp(&self, keys: impl IntoIterator<Item = Key>) -> Stamp {
        Stamp(keys.into_iter().map(|key| (key, self.generation(key))).collect())
    }

    /// Whether nothing in `stamp` has changed since it was taken.
    pub fn is_fresh(&self, stamp: &Stamp) -> bool {
        stamp.0.iter().all(|(key, generation)| self.generation(*key) == *generation)
    }

    /// A named wake-up signal, such as `outbox`.
    pub fn signal(&self, name: &'static str) -> Arc<Notify> {
        self.signals.entry(name).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_elsewhere_touches_nothing_here() {
        let hub = Hub::default();
        let (ours, theirs) = (TenantId::new(), TenantId::new());
        hub.bump(ours, "catalog");
        let epoch = hub.epoch();
        let stamp = || hub.stamp([Key::new(ours, "catalog"), Key::new(ours, "product:1")]);
        hub.bump(theirs, "catalog");
        hub.bump(ours, "product:2");
        assert!(hub.is_untouched(&stamp(), epoch));
        let before = stamp();
        hub.bump(ours, "product:1");
        assert!(!hub.is_untouched(&stamp(), epoch));
        assert!(!hub.is_untouched(&before, epoch), "moved after the stamp was taken");
        assert!(!hub.is_fresh(&before));
        let (epoch, before) = (hub.epoch(), stamp());
        assert!(hub.is_untouched(&before, epoch));
        hub.bump_everything_here();
        assert!(!hub.is_untouched(&stamp(), epoch) && !hub.is_fresh(&before));
    }

    #[test]
    fn holds_a_bounded_number_of_generations_and_never_calls_a_stale_value_fresh() {
        let hub = Hub::default();
        let tenant = TenantId::new();
        let stamps: Vec<Stamp> = (0..10)
            .map(|n| {
                hub.bump(tenant, &format!("product:{n}"));
                hub.stamp([Key::new(tenant, &format!("product:{n}"))])
            })
            .collect();
        for n in 10..KEPT + 20 {
            hub.bump(tenant, &format!("product:{n}"));
        }
        assert!(hub.generations.len() < 100, "{}", hub.generations.len());
        assert!(stamps.iter().all(|stamp| !hub.is_fresh(stamp)));
        let late = hub.stamp([Key::new(tenant, "product:3")]);
        assert!(hub.is_fresh(&late));
        hub.bump(tenant, "product:3");
        assert!(!hub.is_fresh(&late));
    }
}
