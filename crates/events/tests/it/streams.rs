//! The event store: versions are the lock, facts stay, snapshots are believed only when they fit.

use events::Aggregate;
use events::stream::{self, Batch, Fact, Fold, Folded, Recorded, Upcaster};
use platform::{Access, Ctx, Error, Result, Tx};
use primitives::{ErrorCode, EventId};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use testkit::{TestApp, on_both};
use uuid::Uuid;

use crate::support::count;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Happened {
    Opened { at: i64 },
    Added { n: i64 },
}

impl Fact for Happened {
    // The first form counted in pairs.
    const UPCASTERS: &'static [Upcaster] = &[|fields| {
        if fields["kind"] == "added" {
            let pairs = fields.get("pairs").and_then(serde_json::Value::as_i64).ok_or("it has no pairs")?;
            fields.insert("n".to_owned(), (2 * pairs).into());
        }
        Ok(())
    }];
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sum {
    total: i64,
}

impl Fold for Sum {
    type Fact = Happened;
    const STREAM: &'static str = "sum";
    const STATE_VERSION: u16 = 1;

    fn begin(first: &Recorded<Happened>) -> Option<Self> {
        match first.fact {
            Happened::Opened { at } => Some(Self { total: at }),
            Happened::Added { .. } => None,
        }
    }

    fn apply(&mut self, next: &Recorded<Happened>) {
        if let Happened::Added { n } = next.fact {
            self.total += n;
        }
    }
}

fn sum(id: Uuid) -> Aggregate {
    Aggregate::new(Sum::STREAM, id)
}

fn added(n: i64) -> (Happened, Option<EventId>) {
    (Happened::Added { n }, None)
}

async fn append(ctx: &Ctx, id: Uuid, expected: i64, facts: &[(Happened, Option<EventId>)]) -> Result<()> {
    let mut batch = Batch::new(ctx.now());
    batch.add(sum(id), expected, facts)?;
    ctx.write(Access::Public, async |tx: &Tx| stream::append(tx, &batch).await).await
}

async fn opened(ctx: &Ctx) -> Uuid {
    let id = Uuid::now_v7();
    append(ctx, id, 0, &[(Happened::Opened { at: 10 }, None), added(1)]).await.unwrap();
    id
}

async fn facts(ctx: &Ctx, id: Uuid) -> Vec<Recorded<Happened>> {
    let rows = ctx.read(Access::Public).await.unwrap();
    stream::read(&rows, sum(id), 0, 100).await.unwrap()
}

async fn state(ctx: &Ctx, id: Uuid) -> Option<Folded<Sum>> {
    let rows = ctx.read(Access::Public).await.unwrap();
    let rebuilt = stream::rebuild::<Sum>(&rows, id).await.unwrap();
    assert_eq!(stream::load::<Sum>(&rows, id).await.unwrap(), rebuilt, "with and without its snapshot");
    rebuilt
}

fn code(result: Result<()>) -> ErrorCode {
    result.unwrap_err().code()
}

async fn says_what_happened_when_and_by_whom(app: TestApp) {
    let (customer, event) = (app.customer(), EventId::new());
    let id = opened(&customer).await;
    app.advance(std::time::Duration::from_secs(5));
    append(&app.system(), id, 2, &[(Happened::Added { n: 7 }, Some(event))]).await.unwrap();
    let facts = facts(&customer, id).await;
    assert_eq!(facts.iter().map(|fact| fact.version).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((&facts[0].fact, &facts[2].fact), (&Happened::Opened { at: 10 }, &Happened::Added { n: 7 }));
    assert_eq!((facts[0].event, facts[2].event), (None, Some(event)));
    let who = |n: usize| (facts[n].actor_kind.as_str(), facts[n].actor);
    assert_eq!(who(0), ("customer", customer.user_id().map(|user| user.uuid())));
    assert_eq!(who(2), ("system", None));
    assert_eq!(facts[2].at.since(facts[0].at).as_secs(), 5);
    let folded = state(&customer, id).await.unwrap();
    assert_eq!((folded.state, folded.version, folded.at), (Sum { total: 18 }, 3, facts[2].at));
    assert_eq!(state(&customer, Uuid::now_v7()).await, None);
    assert_eq!(state(&app.other_tenant(), id).await, None, "another shop has no such thing");
}

async fn lets_one_of_many_win(app: TestApp) {
    let ctx = app.customer();
    let id = opened(&ctx).await;
    let race = (0..8).map(|n| {
        let ctx = ctx.clone();
        tokio::spawn(async move { append(&ctx, id, 2, &[added(100 + n)]).await })
    });
    let mut won = 0;
    for result in futures::future::join_all(race).await {
        match result.unwrap() {
            Ok(()) => won += 1,
            refused => assert_eq!(code(refused), ErrorCode::Conflict),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(facts(&ctx, id).await.len(), 3);
    assert_eq!(code(append(&ctx, id, 0, &[(Happened::Opened { at: 1 }, None)]).await), ErrorCode::Conflict);
    assert_eq!(code(append(&ctx, id, 7, &[added(1)]).await), ErrorCode::Conflict, "nothing is left out");
    assert_eq!(facts(&ctx, id).await.len(), 3);
}

async fn appends_to_all_streams_or_to_none(app: TestApp) {
    let ctx = app.customer();
    let (one, two) = (opened(&ctx).await, opened(&ctx).await);
    let both = |expected: i64| {
        let mut batch = Batch::new(app.now());
        batch.add(sum(one), 2, &[added(1), added(2)]).unwrap();
        batch.add(sum(two), expected, &[added(3)]).unwrap();
        batch
    };
    // The transaction may go on, and what it stores then stays.
    let went_on = ctx.write(Access::Public, async |tx: &Tx| {
        assert!(!stream::try_append(tx, &both(5)).await?);
        assert!(stream::try_append(tx, &both(2)).await?);
        Ok::<_, Error>(())
    });
    went_on.await.unwrap();
    assert_eq!(state(&ctx, one).await.unwrap().state.total, 14);
    assert_eq!(state(&ctx, two).await.unwrap().state.total, 14);
    // Somebody has changed it where nobody wrote facts, and was at version 6.
    let anew = ctx.write(Access::Public, async |tx: &Tx| {
        let mut batch = Batch::new(app.now());
        batch.begin_anew(sum(two), 7, (Happened::Opened { at: 40 }, None))?;
        batch.add(sum(two), 7, &[added(2)])?;
        stream::append(tx, &batch).await
    });
    anew.await.unwrap();
    let folded = state(&ctx, two).await.unwrap();
    assert_eq!((folded.state.total, folded.version), (42, 8));
    let undone = ctx.write(Access::Public, async |tx: &Tx| {
        stream::append(tx, &Batch::new(app.now())).await?;
        let mut batch = Batch::new(app.now());
        batch.add(sum(one), 4, &[added(1)])?;
        stream::append(tx, &batch).await?;
        Err::<(), _>(Error::conflict("changed my mind"))
    });
    assert_eq!(code(undone.await), ErrorCode::Conflict);
    assert_eq!(facts(&ctx, one).await.len(), 4);
}

async fn keeps_facts_as_they_are(app: TestApp) {
    let ctx = app.customer();
    let id = opened(&ctx).await;
    let owner = app.database().owner().await;
    for forbidden in [
        "UPDATE stream_event SET payload = '{}'",
        "UPDATE stream_event SET version = 9",
        "DELETE FROM stream_event",
    ] {
        let refused = owner.execute_unprepared(forbidden).await.unwrap_err().to_string();
        assert!(refused.contains("stream_event is append-only"), "{refused}");
    }
    owner.close().await.unwrap();
    assert_eq!(facts(&ctx, id).await.len(), 2);
}

async fn reads_older_forms_and_says_what_it_cannot_read(app: TestApp) {
    let ctx = app.customer();
    let id = opened(&ctx).await;
    let store = async |version: i64, schema: i32, payload: &str| {
        ctx.write(Access::Public, async |tx: &Tx| {
            let sql = "INSERT INTO stream_event (tenant_id, stream_type, stream_id, version, kind, schema_version, \
                       payload, actor_kind, occurred_at) VALUES ({tenant}, 'sum', ?, ?, 'added', ?, ?, 'system', 1)";
            tx.raw_exec(sql, vec![id.into(), version.into(), schema.into(), payload.into()]).await
        })
        .await
        .unwrap();
    };
    store(3, 1, r#"{"pairs":4}"#).await;
    assert_eq!(facts(&ctx, id).await[2].fact, Happened::Added { n: 8 });
    assert_eq!(state(&ctx, id).await.unwrap().state, Sum { total: 19 });
    store(4, 3, r#"{"n":1}"#).await;
    let rows = ctx.read(Access::Public).await.unwrap();
    let error = stream::rebuild::<Sum>(&rows, id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
    assert!(
        error.report().contains("fact 4 cannot be read: added: its form is version 3"),
        "{}",
        error.report()
    );
    let good = opened(&ctx).await;
    let many = stream::of_many::<Happened>(&rows, "sum", &[id, good, Uuid::now_v7()]).await.unwrap();
    assert_eq!(many.len(), 2);
    assert!(many[&id].is_err() && many[&good].as_ref().is_ok_and(|facts| facts.len() == 2));
}

async fn believes_a_snapshot_only_when_it_fits(app: TestApp) {
    let ctx = app.customer();
    let id = opened(&ctx).await;
    let keep = async |total: i64, version: i64| {
        ctx.write(Access::Public, async |tx: &Tx| stream::keep(tx, id, &Sum { total }, version).await)
            .await
            .unwrap();
    };
    let loaded = async || {
        let rows = ctx.read(Access::Public).await.unwrap();
        let folded = stream::load::<Sum>(&rows, id).await.unwrap().unwrap();
        (folded.state.total, folded.version)
    };
    // A wrong total shows where a state comes from.
    keep(1_000, 2).await;
    append(&ctx, id, 2, &[added(5)]).await.unwrap();
    assert_eq!(loaded().await, (1_005, 3));
    keep(2_000, 1).await;
    assert_eq!(loaded().await, (1_005, 3), "an earlier one does not replace a later one");
    let owner = app.database().owner().await;
    for spoilt in [
        "UPDATE stream_snapshot SET state = '{}'",
        "UPDATE stream_snapshot SET state = 'x'",
        "UPDATE stream_snapshot SET version = 77",
        "UPDATE stream_snapshot SET version = 2, state = '{\"total\":1000}', schema_hash = tenant_hash",
    ] {
        let other_hash = match app.database().backend() {
            testkit::Backend::Sqlite => "zeroblob(32)",
            testkit::Backend::Postgres => "decode(repeat('00', 32), 'hex')",
        };
        owner.execute_unprepared(&spoilt.replace("tenant_hash", other_hash)).await.unwrap();
        assert_eq!(loaded().await, (16, 3), "{spoilt}");
    }
    // One in another form gives way.
    keep(3_000, 1).await;
    let rows = ctx.read(Access::Public).await.unwrap();
    let kept = stream::cached::<Sum>(&rows, id).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.state), (1, Some(Sum { total: 3_000 })));
    drop(rows);
    ctx.write(Access::Public, async |tx: &Tx| stream::forget::<Sum>(tx, id).await).await.unwrap();
    assert_eq!(loaded().await, (16, 3));
    assert_eq!(count(&app, "SELECT count(*) FROM stream_snapshot").await, 0);
    owner.close().await.unwrap();
}

on_both!(
    says_what_happened_when_and_by_whom,
    lets_one_of_many_win,
    appends_to_all_streams_or_to_none,
    keeps_facts_as_they_are,
    reads_older_forms_and_says_what_it_cannot_read,
    believes_a_snapshot_only_when_it_fits,
);
