//! Several processes on one PostgreSQL.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use platform::{App, Config, Db, SystemClock, hub::Key};
use testkit::{Backend, TestApp};
use tokio_util::sync::CancellationToken;

#[test]
fn what_one_process_marks_as_stale_all_do() {
    testkit::run(Backend::Postgres, async |app: TestApp| {
        let stop = CancellationToken::new();
        let (one, two) = (another(&app).await, another(&app).await);
        let tasks = [&one, &two].map(|app| tokio::spawn(events::share_bumps(app.clone(), stop.clone())));
        let tenant = app.tenant().id;
        let (catalog, product) = (Key::new(tenant, "catalog"), Key::new(tenant, "product:1"));
        // Both listen once their generations have moved for the first time.
        until(|| one.hub().generation(catalog) > 0 && two.hub().generation(catalog) > 0).await;
        let (before, others) = (two.hub().generation(catalog), two.hub().generation(product));
        let epoch = one.hub().epoch();
        one.hub().bump(tenant, "catalog");
        until(|| two.hub().generation(catalog) > before).await;
        assert_eq!(two.hub().generation(product), others, "only what was named");
        // What is longer than a message can carry comes as everything.
        one.hub().bump(tenant, &"x".repeat(500));
        until(|| two.hub().generation(product) > others).await;
        assert_eq!(one.hub().generation(catalog), epoch + 1, "nobody hears himself");
        assert_eq!(one.hub().epoch(), epoch + 2);
        stop.cancel();
        for task in tasks {
            task.await.expect("stopped");
        }
    });
}

async fn another(app: &TestApp) -> App {
    let mut config = Config::default();
    app.database().url().clone_into(&mut config.database.url);
    let db = Db::connect(&config.database).await.expect("connected");
    App::new(db, Arc::new(SystemClock), Arc::new(config))
}

async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(5), "never came true");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
