//! All modules of a process: started in order, asked how they are, stopped in reverse.

use super::graph::{self, Node, Unfit};
use super::{Health, IllegalMove, Lifecycle, Module, Presence, State};
use crate::{App, Error, Result};
use moka::future::Cache;
use primitives::ErrorCode;
use serde::Serialize;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a module may think about how it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long its answer stands.
const FRESH: Duration = Duration::from_secs(3);

/// The modules of a process.
pub struct Registry {
    /// In the order in which they start.
    slots: Vec<Slot>,
    report: Cache<(), Arc<Report>>,
    patience: Duration,
}

struct Slot {
    module: Arc<dyn Module>,
    life: Lifecycle,
}

/// How one module is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Where it stands.
    pub state: State,
    /// Why, when it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
}

/// How all modules are, in the order in which they start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report(pub Vec<Standing>);

impl Report {
    /// Whether a module does not work.
    pub fn has_failed(&self) -> bool {
        self.0.iter().any(|standing| standing.state == State::Failed)
    }

    /// Whether a module is less than well.
    pub fn is_degraded(&self) -> bool {
        self.0.iter().any(|standing| matches!(standing.state, State::Degraded | State::Failed))
    }

    /// How this one is.
    pub fn of(&self, name: &str) -> Option<&Standing> {
        self.0.iter().find(|standing| standing.name == name)
    }
}

impl Registry {
    /// Puts modules in the order in which they start.
    ///
    /// # Errors
    /// One sentence that names the modules: needed ones that are missing, circles, names that are taken twice.
    pub fn build(modules: Vec<Arc<dyn Module>>) -> Result<Self, Unfit> {
        let nodes: Vec<Node<'_>> =
            modules.iter().map(|module| (module.name(), module.depends_on().to_vec())).collect();
        let order = graph::order(&nodes)?;
        let loose = |module: &&Arc<dyn Module>| module.presence() == Presence::PerTenant;
        for module in modules.iter().filter(|module| module.presence() == Presence::Required) {
            let needs =
                modules.iter().filter(loose).find(|other| module.depends_on().contains(&other.name()));
            if let Some(needs) = needs {
                return Err(Unfit::Loose {
                    module: module.name().to_owned(),
                    needs: needs.name().to_owned(),
                });
            }
        }
        let slots = order
            .into_iter()
            .map(|place| Slot { module: modules[place].clone(), life: Lifecycle::default() })
            .collect();
        Ok(Self { slots, report: Cache::builder().time_to_live(FRESH).build(), patience: PATIENCE })
    }

    /// The same with another patience for modules that are asked how they are, and another time for which the answer
    /// stands; 2 s and 3 s when nobody says otherwise.
    pub fn with_patience(self, patience: Duration, fresh: Duration) -> Self {
        Self { report: Cache::builder().time_to_live(fresh).build(), patience, ..self }
    }

    /// Makes it the registry of the process; the first one stays.
    pub fn install(self, app: &App) -> Arc<Self> {
        app.state(Installed::default).0.get_or_init(|| Arc::new(self)).clone()
    }

    /// The registry of the process; none in a process that has no modules.
    pub fn of(app: &App) -> Option<Arc<Self>> {
        app.state(Installed::default).0.get().cloned()
    }

    /// The modules, in the order in which they start.
    pub fn modules(&self) -> impl DoubleEndedIterator<Item = &Arc<dyn Module>> {
        self.slots.iter().map(|slot| &slot.module)
    }

    /// The module of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Module>> {
        self.modules().find(|module| module.name() == name)
    }

    /// Everything that `name` needs, directly or not, in the order in which it starts.
    pub fn needs(&self, name: &str) -> Vec<&'static str> {
        let nodes = self.nodes();
        let needs = graph::needs_of(&nodes, name);
        self.modules().map(|module| module.name()).filter(|other| needs.contains(other)).collect()
    }

    /// Everything that needs `name`, directly or not, in the order in which it stops.
    pub fn dependants(&self, name: &str) -> Vec<&'static str> {
        let nodes = self.nodes();
        let names = self.modules().rev().map(|module| module.name());
        names.filter(|other| graph::needs_of(&nodes, other).contains(name)).collect()
    }

    fn nodes(&self) -> Vec<Node<'static>> {
        self.modules().map(|module| (module.name(), module.depends_on().to_vec())).collect()
    }

    /// Sets every module up, in order. When one fails, those that were set up before are stopped, in reverse, and
    /// nothing runs.
    ///
    /// # Errors
    /// What the module said, with its name; `CONFLICT` when they were started before.
    pub async fn start(&self, app: &App) -> Result<()> {
        for (place, slot) in self.slots.iter().enumerate() {
            let name = slot.module.name();
            if slot.life.now().0 != State::Registered {
                return Err(Error::conflict(format!("the module {name} was started before")));
            }
            match slot.module.init(app).await {
                Ok(()) => noted(name, slot.life.become_(State::Initialised, None)),
                Err(error) => {
                    tracing::error!(module = name, report = %error.report(), "the module {name} cannot start");
                    let reason = format!("it could not start: {}", error.message());
                    noted(name, slot.life.become_(State::Disabled, Some(reason.into())));
                    stop_all(app, &self.slots[..place], "another module could not start").await;
                    return Err(Error::new(
                        ErrorCode::ServiceUnavailable,
                        format!("the module {name} cannot start: {}", error.message()),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Stops what runs, in reverse order.
    pub async fn stop(&self, app: &App) {
        stop_all(app, &self.slots, "the process stops").await;
    }

    /// How every module is. Asked for side by side, each with its time-out; the answer stands for a few seconds, and
    /// whoever asks meanwhile gets the same.
    pub async fn report(&self, app: &App) -> Arc<Report> {
        self.report.get_with((), self.ask(app)).await
    }

    async fn ask(&self, app: &App) -> Arc<Report> {
        let standings = self.slots.iter().map(|slot| async move {
            let (name, version) = (slot.module.name(), slot.module.version());
            if slot.life.now().0.runs() {
                let health = tokio::time::timeout(self.patience, slot.module.health(app)).await;
                let health = health.unwrap_or(Health::Failed("it does not answer".into()));
                let (state, reason) = health.split();
                if let (State::Degraded | State::Failed, Some(reason)) = (state, &reason)
                    && slot.life.now().0 != state
                {
                    tracing::warn!(module = name, "the module {name} is {state}: {reason}");
                }
                noted(name, slot.life.become_(state, reason));
            }
            let (state, reason) = slot.life.now();
            Standing { name, version, state, reason }
        });
        Arc::new(Report(futures::future::join_all(standings).await))
    }
}

#[derive(Default)]
struct Installed(OnceLock<Arc<Registry>>);

async fn stop_all(app: &App, slots: &[Slot], why: &'static str) {
    for slot in slots.iter().rev().filter(|slot| slot.life.now().0.runs()) {
        let name = slot.module.name();
        if let Err(error) = slot.module.stop(app).await {
            tracing::error!(module = name, report = %error.report(), "the module {name} did not stop cleanly");
        }
        noted(name, slot.life.become_(State::Disabled, Some(why.into())));
    }
}

/// A module that was stopped while it was asked keeps its last state.
fn noted(name: &str, moved: Result<(), IllegalMove>) {
    if let Err(refused) = moved {
        tracing::debug!(module = name, "{refused}");
    }
}
