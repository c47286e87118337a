//! What one process does to a tenant, another one knows.

use crate::support::{resolve, second_process};
use identity::tenant::{self, NewTenant};
use platform::App;
use primitives::ErrorCode;
use sea_orm::ConnectionTrait;
use std::time::{Duration, Instant};
use testkit::{Backend, TestApp};
use tokio_util::sync::CancellationToken;

/// Far above what a busy machine takes.
const PATIENCE: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(3_600);

/// Whether `slug` answers as wanted in this process, within our patience.
async fn soon(app: &App, slug: &str, wanted: Option<ErrorCode>) {
    let begun = Instant::now();
    loop {
        let answer = resolve(app, &format!("/t/{slug}/"), &[]).await.err().map(|error| error.code());
        if answer == wanted {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{slug} answers {answer:?}, not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Created, suspended, renamed, deleted: the other process follows.
async fn follows(app: &TestApp, other: &App) {
    let name = format!("shop-{}", uuid::Uuid::now_v7().simple());
    soon(other, &name, Some(ErrorCode::NotFound)).await;
    tenant::create(app.app(), NewTenant::new(&name, "A shop", "EUR", "BE")).await.unwrap();
    soon(other, &name, None).await;
    tenant::suspend(app.app(), &name, "test").await.unwrap();
    soon(other, &name, Some(ErrorCode::Forbidden)).await;
    tenant::resume(app.app(), &name).await.unwrap();
    soon(other, &name, None).await;
    let ctx = tenant::system(app.app(), &name).await.unwrap();
    let renamed = format!("{name}-2");
    tenant::life::rename(&ctx, None, Some(&renamed)).await.unwrap();
    soon(other, &renamed, None).await;
    soon(other, &name, Some(ErrorCode::NotFound)).await;
    let ctx = tenant::system(app.app(), &renamed).await.unwrap();
    tenant::life::delete(&ctx, &renamed).await.unwrap();
    soon(other, &renamed, Some(ErrorCode::NotFound)).await;
}

async fn postgresql_tells_at_the_commit(app: TestApp) {
    if app.database().backend() == Backend::Sqlite {
        return;
    }
    let (other, stop) = (second_process(&app).await, CancellationToken::new());
    // Nobody looks: what is seen was told.
    let watch = tokio::spawn(identity::watch::watch_every(other.clone(), NEVER, stop.clone()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    follows(&app, &other).await;
    // A connection that is lost is made again, and whatever was said meanwhile is looked up.
    let owner = app.database().owner().await;
    owner
        .execute_unprepared(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .await
        .unwrap();
    follows(&app, &other).await;
    stop.cancel();
    watch.await.unwrap();
}

async fn looking_finds_what_nobody_told(app: TestApp) {
    if app.database().backend() == Backend::Postgres {
        let owner = app.database().owner().await;
        owner.execute_unprepared("ALTER TABLE tenant DISABLE TRIGGER tenant_tells").await.unwrap();
        owner.close().await.unwrap();
    }
    let (other, stop) = (second_process(&app).await, CancellationToken::new());
    let watch = tokio::spawn(identity::watch(other.clone(), stop.clone()));
    follows(&app, &other).await;
    stop.cancel();
    watch.await.unwrap();
}

async fn changes_are_numbered_in_the_order_of_their_commits(app: TestApp) {
    let change = |n: usize| {
        let ctx = if n.is_multiple_of(2) { app.system() } else { app.other_system() };
        async move { tenant::life::rename(&ctx, Some(&format!("Shop {n}")), None).await.unwrap() }
    };
    let (other, stop) = (second_process(&app).await, CancellationToken::new());
    let watch =
        tokio::spawn(identity::watch::watch_every(other.clone(), Duration::from_millis(1), stop.clone()));
    for round in 0..20 {
        let (one, two) = (round * 2, round * 2 + 1);
        tokio::join!(change(one), change(two));
        for (slug, n) in [("hearth", one), ("other", two)] {
            let begun = Instant::now();
            let path = format!("/t/{slug}/");
            while resolve(&other, &path, &[]).await.unwrap().tenant.name != format!("Shop {n}") {
                assert!(begun.elapsed() < PATIENCE, "change {n} of {slug} was missed");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
    stop.cancel();
    watch.await.unwrap();
}

testkit::on_both!(
    postgresql_tells_at_the_commit,
    looking_finds_what_nobody_told,
    changes_are_numbered_in_the_order_of_their_commits,
);
