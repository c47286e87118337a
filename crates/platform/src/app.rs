//! What one process shares: databases, clock, configuration, generations, module state.

use crate::{Clock, Config, Db, Hub};
use dashmap::DashMap;
use std::any::{Any, TypeId};
use std::sync::{Arc, OnceLock};

/// The process: cheap to clone, handed to everything that runs in it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    hub: Hub,
    state: DashMap<TypeId, Place>,
}

/// One type's state, once it is made.
type Place = Arc<OnceLock<Arc<dyn Any + Send + Sync>>>;

impl App {
    /// Puts a process together.
    pub fn new(db: Db, clock: Arc<dyn Clock>, config: Arc<Config>) -> Self {
        Self(Arc::new(Inner { db, clock, config, hub: Hub::default(), state: DashMap::new() }))
    }

    /// The databases.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The configuration, checked at start.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Generations and wake-ups.
    pub fn hub(&self) -> &Hub {
        &self.0.hub
    }

    /// A module's own state in this process (caches, pools), made on first use, once.
    ///
    /// `make` may ask for the state of other types; asking for its own would never end.
    pub fn state<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let id = TypeId::of::<T>();
        let known = self.0.state.get(&id).map(|place| place.value().clone());
        // The map is not locked while `make` runs.
        let place = known.unwrap_or_else(|| self.0.state.entry(id).or_default().clone());
        let kept = place.get_or_init(|| Arc::new(make())).clone();
        match kept.downcast::<T>() {
            Ok(state) => state,
            Err(_) => unreachable!("state is stored under its own type"),
        }
    }
}
