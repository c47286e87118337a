//! The registry: order, rolling back, health.

use super::World;
use platform::module::{Health, Module, Registry, State};
use platform::{App, Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Diary = Arc<Mutex<Vec<String>>>;

/// What a probe does when it is asked.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    CannotStart,
    Silent,
    Limping,
}

struct Probe {
    name: &'static str,
    needs: &'static [&'static str],
    mood: Mood,
    diary: Diary,
    asked: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl Module for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn about(&self) -> &'static str {
        "A probe."
    }

    fn depends_on(&self) -> &'static [&'static str] {
        self.needs
    }

    async fn init(&self, _: &App) -> Result<()> {
        self.diary.lock().unwrap().push(format!("init {}", self.name));
        if self.mood == Mood::CannotStart { Err(Error::unavailable("the key is missing")) } else { Ok(()) }
    }

    async fn stop(&self, _: &App) -> Result<()> {
        self.diary.lock().unwrap().push(format!("stop {}", self.name));
        Err(Error::unavailable("whatever stops badly keeps nobody else from stopping"))
    }

    async fn health(&self, _: &App) -> Health {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.mood {
            Mood::Silent => std::future::pending().await,
            Mood::Limping => Health::Degraded("one leg".into()),
            Mood::Well | Mood::CannotStart => Health::Healthy,
        }
    }
}

/// Probes with their needs and moods, in a registry with little patience.
fn registry(probes: &[(&'static str, &'static [&'static str], Mood)]) -> (Registry, Diary, Arc<AtomicUsize>) {
    let (diary, asked) = (Diary::default(), Arc::<AtomicUsize>::default());
    let module = |(name, needs, mood): &(&'static str, &'static [&'static str], Mood)| {
        let probe = Probe { name, needs, mood: *mood, diary: diary.clone(), asked: asked.clone() };
        Arc::new(probe) as Arc<dyn Module>
    };
    let registry = Registry::build(probes.iter().map(module).collect()).unwrap();
    (registry.with_patience(Duration::from_millis(50), Duration::from_secs(60)), diary, asked)
}

fn states(report: &platform::module::Report) -> Vec<(&'static str, State)> {
    report.0.iter().map(|standing| (standing.name, standing.state)).collect()
}

#[tokio::test]
async fn modules_start_after_what_they_need_and_stop_before_it() {
    let world = World::new().await;
    let (registry, diary, _) = registry(&[
        ("shop", &["till", "stock"], Mood::Well),
        ("till", &["stock"], Mood::Well),
        ("stock", &[], Mood::Well),
    ]);
    assert_eq!(states(&*registry.report(&world.app).await)[0], ("stock", State::Registered));
    let again = registry.start(&world.app).await;
    assert!(again.is_ok());
    assert!(registry.start(&world.app).await.is_err(), "nobody starts twice");
    registry.stop(&world.app).await;
    registry.stop(&world.app).await;
    assert_eq!(
        *diary.lock().unwrap(),
        ["init stock", "init till", "init shop", "stop shop", "stop till", "stop stock"]
    );
    assert_eq!(registry.needs("shop"), ["stock", "till"]);
    assert_eq!(registry.dependants("stock"), ["shop", "till"]);
}

#[tokio::test]
async fn one_that_cannot_start_takes_those_before_it_back() {
    let world = World::new().await;
    let (registry, diary, asked) = registry(&[
        ("a", &[], Mood::Well),
        ("b", &["a"], Mood::Well),
        ("c", &["b"], Mood::CannotStart),
        ("d", &["c"], Mood::Well),
    ]);
    let error = registry.start(&world.app).await.unwrap_err();
    assert_eq!(error.message(), "the module c cannot start: the key is missing");
    assert_eq!(*diary.lock().unwrap(), ["init a", "init b", "init c", "stop b", "stop a"]);
    let report = registry.report(&world.app).await;
    assert_eq!(
        states(&report),
        [("a", State::Disabled), ("b", State::Disabled), ("c", State::Disabled), ("d", State::Registered)]
    );
    assert_eq!(report.of("c").unwrap().reason.as_deref(), Some("it could not start: the key is missing"));
    assert_eq!(asked.load(Ordering::SeqCst), 0, "nobody asks what does not run");
}

#[tokio::test]
async fn asks_each_with_a_time_out_and_remembers_the_answer() {
    let world = World::new().await;
    let (registry, _, asked) =
        registry(&[("a", &[], Mood::Well), ("b", &["a"], Mood::Silent), ("c", &["a"], Mood::Limping)]);
    registry.start(&world.app).await.unwrap();
    let registry = registry.install(&world.app);
    assert!(Registry::of(&world.app).is_some());
    let (one, two) = tokio::join!(registry.report(&world.app), registry.report(&world.app));
    assert_eq!(one, two);
    assert_eq!(asked.load(Ordering::SeqCst), 3, "one look for everybody");
    assert_eq!(states(&one), [("a", State::Healthy), ("b", State::Failed), ("c", State::Degraded)]);
    assert_eq!(one.of("b").unwrap().reason.as_deref(), Some("it does not answer"));
    assert_eq!(one.of("c").unwrap().reason.as_deref(), Some("one leg"));
    assert!(one.has_failed() && one.is_degraded());
}
