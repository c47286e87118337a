//! SQLite's one writer when writers misbehave and the disk is full: nobody is told of success whose rows are not
//! there, and nobody's trouble is another's.

use crate::{World, note, row, write_down};
use futures::poll;
use platform::{Ctx, Error, Tx};
use primitives::{ErrorCode, Permission};
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const STAFF: [Permission; 2] = [Permission::NODES_CREATE, Permission::NODES_READ];

fn staff(world: &World) -> Ctx {
    world.staff(&world.tenant("mine"), &STAFF)
}

async fn bodies(ctx: &Ctx) -> Vec<String> {
    let rows = ctx.read(Permission::NODES_READ).await.unwrap();
    let rows = rows.find::<note::Entity>().order_by_asc(note::Column::Body).all().await.unwrap();
    rows.into_iter().map(|note| note.body.chars().take(20).collect()).collect()
}

fn count(heard: &AtomicUsize) {
    heard.fetch_add(1, Ordering::SeqCst);
}

/// Holds the writer until `release`, so that those behind share one batch.
async fn hold(ctx: &Ctx) -> (tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<Result<(), Error>>) {
    let (release, wait) = tokio::sync::oneshot::channel::<()>();
    let (started, begun) = tokio::sync::oneshot::channel::<()>();
    let ctx = ctx.clone();
    let holder = tokio::spawn(async move {
        ctx.write(Permission::NODES_CREATE, async move |_: &Tx| {
            started.send(()).unwrap();
            wait.await.unwrap();
            Ok(())
        })
        .await
    });
    begun.await.unwrap();
    (release, holder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_takes_too_long_is_undone_and_takes_nobody_with_it() {
    let world = World::configured(|config| config.database.write_timeout_ms = 300).await;
    let ctx = staff(&world);
    let (release, holder) = hold(&ctx).await;
    let before = tokio::spawn(write_down(ctx.clone(), "before".into()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let slow = tokio::spawn({
        let ctx = ctx.clone();
        async move {
            ctx.write(Permission::NODES_CREATE, async |tx: &Tx| {
                tx.insert(row("slow 1")).await?;
                tokio::time::sleep(Duration::from_millis(700)).await;
                tx.insert(row("slow 2")).await
            })
            .await
        }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let after = tokio::spawn(write_down(ctx.clone(), "after".into()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    release.send(()).unwrap();
    holder.await.unwrap().unwrap();
    before.await.unwrap().unwrap();
    assert_eq!(slow.await.unwrap().unwrap_err().code(), ErrorCode::ServiceUnavailable);
    after.await.unwrap().unwrap();
    write_down(ctx.clone(), "later".into()).await.unwrap();
    assert_eq!(bodies(&ctx).await, ["after", "before", "later"]);
}

/// Who fails because somebody of the same batch was faster finds what that one wrote.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_fails_hears_of_it_when_what_it_saw_is_there_for_everybody() {
    let world = World::new().await;
    let ctx = staff(&world);
    let (release, holder) = hold(&ctx).await;
    let first = tokio::spawn(write_down(ctx.clone(), "first".into()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = tokio::spawn({
        let ctx = ctx.clone();
        async move {
            let lost = ctx
                .write(Permission::NODES_CREATE, async |tx: &Tx| -> Result<(), Error> {
                    let seen = tx.find::<note::Entity>().count().await?;
                    Err(Error::conflict(format!("{seen} seen")))
                })
                .await;
            (lost.unwrap_err().to_string(), bodies(&ctx).await)
        }
    });
    // One more keeps the batch open after the failure.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let third = tokio::spawn(write_down(ctx.clone(), "third".into()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    release.send(()).unwrap();
    let (lost, found) = second.await.unwrap();
    assert!(lost.contains("1 seen"), "{lost}");
    assert!(found.contains(&"first".to_owned()), "{found:?}");
    holder.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    third.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_panics_loses_only_its_own_work() {
    let world = World::new().await;
    let ctx = staff(&world);
    let panicking = tokio::spawn({
        let ctx = ctx.clone();
        async move {
            ctx.write(Permission::NODES_CREATE, async |tx: &Tx| -> Result<(), Error> {
                tx.insert(row("half")).await?;
                panic!("a bug in a use case");
            })
            .await
        }
    });
    assert!(panicking.await.unwrap_err().is_panic());
    write_down(ctx.clone(), "whole".into()).await.unwrap();
    assert_eq!(bodies(&ctx).await, ["whole"]);
}

/// A cut connection drops the handler wherever it stands; once its commit has begun, caches must hear of it.
#[tokio::test]
async fn a_caller_that_goes_away_during_the_commit_does_not_take_the_consequences_away() {
    let world = World::new().await;
    let ctx = staff(&world);
    let (worked, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    {
        let mut write = Box::pin(ctx.write(Permission::NODES_CREATE, async |tx: &Tx| {
            let heard = heard.clone();
            tx.after_commit(move || count(&heard));
            tx.insert(row("kept")).await?;
            worked.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Error>(())
        }));
        // The poll in which the work ends is also the one in which the commit begins.
        while worked.load(Ordering::SeqCst) == 0 {
            assert!(poll!(&mut write).is_pending());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    write_down(ctx.clone(), "next".into()).await.unwrap();
    assert_eq!(bodies(&ctx).await, ["kept", "next"]);
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_callback_that_panics_stops_neither_the_others_nor_the_writer() {
    let world = World::new().await;
    let ctx = staff(&world);
    let heard = Arc::new(AtomicUsize::new(0));
    ctx.write(Permission::NODES_CREATE, async |tx: &Tx| {
        let heard = heard.clone();
        tx.after_commit(|| panic!("a bug in a callback"));
        tx.after_commit(move || count(&heard));
        tx.insert(row("one")).await.map(|_| ())
    })
    .await
    .unwrap();
    write_down(ctx.clone(), "two".into()).await.unwrap();
    assert_eq!((bodies(&ctx).await.len(), heard.load(Ordering::SeqCst)), (2, 1));
}

/// SQLite undoes the whole transaction, not only the statement, when the disk is full.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_for_everybody_whose_rows_are_gone_and_for_nobody_else() {
    let world = World::new().await;
    let ctx = staff(&world);
    write_down(ctx.clone(), "long ago".into()).await.unwrap();
    let pages = "PRAGMA max_page_count = 40";
    world.app.db().global().execute_unprepared(pages).await.unwrap();
    let (release, holder) = hold(&ctx).await;
    let mut tasks = Vec::new();
    for body in ["a".to_owned(), "b".repeat(500_000), "c".to_owned()] {
        tasks.push(tokio::spawn(write_down(ctx.clone(), body)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    release.send(()).unwrap();
    // The holder wrote nothing; it is told what became of its transaction.
    drop(holder.await.unwrap());
    let mut told = vec!["long ago"];
    for (task, body) in tasks.into_iter().zip(["a", "b", "c"]) {
        match task.await.unwrap() {
            Ok(_) => told.push(body),
            Err(error) => assert_eq!(error.code(), ErrorCode::ServiceUnavailable, "{body}: {error:?}"),
        }
    }
    told.sort_unstable();
    assert!(!told.contains(&"b"));
    assert_eq!(bodies(&ctx).await, told);
    // The disk has room again.
    for n in 0..3 {
        write_down(ctx.clone(), format!("later {n}")).await.unwrap();
    }
    let lease = ctx.write(Permission::NODES_CREATE, async |tx: &Tx| -> Result<(), Error> {
        tx.insert(row("no")).await?;
        Err(Error::conflict("no"))
    });
    assert_eq!(lease.await.unwrap_err().code(), ErrorCode::Conflict);
    told.extend(["later 0", "later 1", "later 2"]);
    told.sort_unstable();
    assert_eq!(bodies(&ctx).await, told);
}

#[tokio::test]
async fn a_write_inside_a_write_ends_instead_of_waiting_for_itself_for_ever() {
    let world = World::configured(|config| config.database.write_timeout_ms = 200).await;
    let ctx = staff(&world);
    let nested =
        ctx.write(Permission::NODES_CREATE, async |_: &Tx| write_down(ctx.clone(), "in".into()).await);
    assert_eq!(nested.await.unwrap_err().code(), ErrorCode::ServiceUnavailable);
    write_down(ctx.clone(), "out".into()).await.unwrap();
    assert_eq!(bodies(&ctx).await, ["out"]);
}
