//! What one process shares: databases, clock, configuration, generations, module state.

use crate::{Clock, Config, Db, Hub};
use dashmap::DashMap;
use std::any::{Any, TypeId};
use std::sync::Arc;

/// The process: cheap to clone, handed to everything that runs in it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    hub: Hub,
    state: DashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

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

    /// A module's own state in this process (caches, pools), made on first use.
    pub fn state<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let kept = self.0.state.get(&TypeId::of::<T>()).map(|kept| kept.value().clone());
        let kept = kept.unwrap_or_else(|| {
            self.0.state.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(make())).value().clone()
        });
        match kept.downcast::<T>() {
            Ok(state) => state,
            Err(_) => unreachable!("state is stored under its own type"),
        }
    }
}
