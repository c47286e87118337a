//! The doors: here on a bare SQLite file, in [`both`] on both databases with the real schema, in [`writer`] where
//! SQLite's one writer goes wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot set up its world stops")]
#![expect(clippy::disallowed_methods, reason = "the doors are tested from outside, too")]

mod both;
mod modules;
mod state;
mod writer;

use platform::db::count_statements;
use platform::{Access, Actor, App, Clock, Config, Ctx, Db, Error, SystemClock, TenantInfo, TenantOwned, Tx};
use primitives::{ErrorCode, Permission, PermissionSet, TenantId, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, Set};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

mod note {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub body: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl TenantOwned for Entity {
        const TENANT: Column = Column::TenantId;
        const ID: Column = Column::Id;
        const KIND: &'static str = "note";
        // This database has no audit log.
        const SHOWN: Option<&'static [&'static str]> = None;
    }
}

struct World {
    app: App,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        Self::configured(|_| {}).await
    }

    async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        change(&mut config);
        config.database.url = format!("sqlite://{}/test.db", dir.path().display());
        let db = Db::connect(&config.database).await.unwrap();
        db.global()
            .execute_unprepared(
                "CREATE TABLE note (tenant_id blob NOT NULL, id blob NOT NULL, body text NOT NULL UNIQUE, \
                 PRIMARY KEY (tenant_id, id))",
            )
            .await
            .unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Self { app: App::new(db, clock, Arc::new(config)), _dir: dir }
    }

    fn tenant(&self, slug: &str) -> Arc<TenantInfo> {
        Arc::new(TenantInfo {
            id: TenantId::new(),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            locale: "en".parse().unwrap(),
            currency: "EUR".parse().unwrap(),
            country: "BE".parse().unwrap(),
            prices_include_tax: true,
            theme: slug.to_owned(),
            storefront: Arc::default(),
            settings: Arc::default(),
            hosts: Vec::new(),
            switches: Arc::default(),
        })
    }

    fn staff(&self, tenant: &Arc<TenantInfo>, permissions: &[Permission]) -> Ctx {
        let permissions: PermissionSet = permissions.iter().copied().collect();
        Ctx::new(self.app.clone(), tenant.clone(), Actor::Staff { user: UserId::new(), permissions }, "test")
    }
}

fn row(body: &str) -> note::ActiveModel {
    note::ActiveModel { id: Set(Uuid::now_v7()), body: Set(body.to_owned()), ..Default::default() }
}

/// A use case as a handler calls it; its future must be `Send`.
async fn write_down(ctx: Ctx, body: String) -> Result<Uuid, Error> {
    ctx.write(Permission::NODES_CREATE, async |tx: &Tx| Ok(tx.insert(row(&body)).await?.id)).await
}

#[tokio::test]
async fn rows_of_another_tenant_do_not_exist() {
    let world = World::new().await;
    let (mine, other) = (world.tenant("mine"), world.tenant("other"));
    let permissions = [Permission::NODES_CREATE, Permission::NODES_READ, Permission::NODES_UPDATE];
    let (me, them) = (world.staff(&mine, &permissions), world.staff(&other, &permissions));
    let id = tokio::spawn(write_down(me.clone(), "hello".into())).await.unwrap().unwrap();

    let theirs = them.read(Permission::NODES_READ).await.unwrap();
    assert_eq!(theirs.find::<note::Entity>().all().await.unwrap(), vec![]);
    assert_eq!(theirs.get::<note::Entity>(id).await.unwrap_err().code(), ErrorCode::NotFound);
    let change = note::ActiveModel { id: Set(id), body: Set("stolen".to_owned()), ..Default::default() };
    let error = them
        .write(Permission::NODES_UPDATE, async |tx: &Tx| tx.update(change.clone()).await)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    let mine = me.read(Permission::NODES_READ).await.unwrap();
    assert_eq!(mine.get::<note::Entity>(id).await.unwrap().body, "hello");
}

#[tokio::test]
async fn a_door_asks_for_its_permission() {
    let world = World::new().await;
    let tenant = world.tenant("mine");
    let reader = world.staff(&tenant, &[Permission::NODES_READ]);
    let error = write_down(reader.clone(), "no".into()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::Forbidden, "this needs the permission nodes:create")
    );
    let nobody = reader.with_actor(Actor::Anonymous);
    assert_eq!(nobody.read(Access::SignedIn).await.err().unwrap().code(), ErrorCode::Unauthenticated);
    let rows = reader.read(Permission::NODES_READ).await.unwrap();
    assert_eq!(rows.find::<note::Entity>().count().await.unwrap(), 0);
}

#[tokio::test]
async fn an_error_takes_everything_back_and_runs_no_callback() {
    let world = World::new().await;
    let ctx = world.staff(&world.tenant("mine"), &[Permission::NODES_CREATE, Permission::NODES_READ]);
    let called = Arc::new(AtomicUsize::new(0));
    let result: Result<(), Error> = ctx
        .write(Permission::NODES_CREATE, async |tx: &Tx| {
            tx.insert(row("one")).await?;
            let called = called.clone();
            tx.after_commit(move || {
                called.fetch_add(1, Ordering::SeqCst);
            });
            Err(Error::conflict("changed my mind"))
        })
        .await;
    assert_eq!(result.unwrap_err().message(), "changed my mind");
    assert_eq!(called.load(Ordering::SeqCst), 0);
    let rows = ctx.read(Permission::NODES_READ).await.unwrap();
    assert_eq!(rows.find::<note::Entity>().count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_writer_in_a_batch_loses_only_its_own_work() {
    let world = World::new().await;
    let ctx = world.staff(&world.tenant("mine"), &[Permission::NODES_CREATE, Permission::NODES_READ]);
    // Every tenth body is a duplicate, which the unique constraint refuses.
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            tokio::spawn(write_down(
                ctx.clone(),
                if n % 10 == 9 { "same".into() } else { format!("note {n}") },
            ))
        })
        .collect();
    let mut conflicts = 0;
    for task in tasks {
        if let Err(error) = task.await.unwrap() {
            assert_eq!(error.code(), ErrorCode::Conflict);
            conflicts += 1;
        }
    }
    assert_eq!(conflicts, 19);
    let rows = ctx.read(Permission::NODES_READ).await.unwrap();
    assert_eq!(rows.find::<note::Entity>().count().await.unwrap(), 181);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_cut_off_neither_commits_nor_blocks_the_next() {
    let world = World::new().await;
    let ctx = world.staff(&world.tenant("mine"), &[Permission::NODES_CREATE, Permission::NODES_READ]);
    let (started, wait) = tokio::sync::oneshot::channel::<()>();
    let started = std::sync::Mutex::new(Some(started));
    let cut = tokio::spawn({
        let ctx = ctx.clone();
        async move {
            ctx.write(Permission::NODES_CREATE, async |tx: &Tx| {
                tx.insert(row("half")).await?;
                if let Some(started) = started.lock().unwrap().take() {
                    started.send(()).unwrap();
                }
                std::future::pending::<Result<(), Error>>().await
            })
            .await
        }
    });
    wait.await.unwrap();
    cut.abort();
    write_down(ctx.clone(), "whole".into()).await.unwrap();
    let rows = ctx.read(Permission::NODES_READ).await.unwrap();
    let bodies: Vec<String> =
        rows.find::<note::Entity>().all().await.unwrap().into_iter().map(|n| n.body).collect();
    assert_eq!(bodies, ["whole"]);
}

#[tokio::test]
async fn raw_statements_name_the_tenant_and_are_counted() {
    let world = World::new().await;
    let (mine, other) = (world.tenant("mine"), world.tenant("other"));
    let ctx = world.staff(&mine, &[Permission::NODES_CREATE, Permission::NODES_READ]);
    write_down(ctx.clone(), "a".into()).await.unwrap();
    write_down(world.staff(&other, &[Permission::NODES_CREATE]), "b".into()).await.unwrap();
    let (rows, statements) = count_statements(async {
        let reader = ctx.read(Permission::NODES_READ).await.unwrap();
        let unscoped = reader.raw_all("SELECT body FROM note", vec![]).await;
        assert_eq!(unscoped.unwrap_err().code(), ErrorCode::Internal);
        reader
            .raw_all("SELECT body FROM note WHERE body <> ? AND tenant_id = {tenant}", vec!["z".into()])
            .await
            .unwrap()
    })
    .await;
    let bodies: Vec<String> = rows.iter().map(|row| row.try_get("", "body").unwrap()).collect();
    assert_eq!((bodies, statements), (vec!["a".to_owned()], 1));
}

#[tokio::test]
async fn many_rows_go_in_chunks() {
    let world = World::new().await;
    let ctx = world.staff(&world.tenant("mine"), &[Permission::NODES_CREATE]);
    let (inserted, statements) = count_statements(async {
        ctx.write(Permission::NODES_CREATE, async |tx: &Tx| {
            let rows = (0..2_500).map(|n| row(&format!("note {n}"))).collect();
            tx.insert_many(rows).await
        })
        .await
        .unwrap()
    })
    .await;
    assert_eq!((inserted, statements), (2_500, 3));
}
