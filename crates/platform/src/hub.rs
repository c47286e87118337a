//! Generations of things that caches hold, and wake-ups for background work, inside this process.

use dashmap::DashMap;
use primitives::TenantId;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use tokio::sync::Notify;

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

/// Counts changes per key; a cached value remembers the counts from before it was loaded.
///
/// A reader takes the [`Stamp`] first and loads second, so a value that was loaded before an invalidation can never
/// pass as fresh after it.
#[derive(Default)]
pub struct Hub {
    generations: DashMap<Key, u64>,
    signals: DashMap<&'static str, Arc<Notify>>,
}

impl Hub {
    /// Marks everything that was computed from `name` in `tenant` as stale.
    pub fn bump(&self, tenant: TenantId, name: &str) {
        *self.generations.entry(Key::new(tenant, name)).or_insert(0) += 1;
    }

    /// The generation of one key; 0 until the first [`Hub::bump`].
    pub fn generation(&self, key: Key) -> u64 {
        self.generations.get(&key).map_or(0, |g| *g)
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
