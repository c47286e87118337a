use events::{Emit, Envelope, EventError, history_after};
use platform::{Access, Actor, Ctx, Error, Result, Tx};
use primitives::{ErrorCode, UserId};
use testkit::TestApp;
use uuid::Uuid;

use crate::support::{Notebook, Told, count, relay, tell, user};

async fn stores_the_whole_envelope(app: TestApp) {
    let ctx = app.customer();
    let thing = Uuid::now_v7();
    let id = tell(&ctx, thing, 7).await;
    let told = one(&ctx, thing).await;
    assert_eq!(told.id, id);
    assert_eq!(told.kind, "thing.told");
    assert_eq!((told.schema_version, told.aggregate_version), (1, 1));
    assert_eq!((told.aggregate_type.as_str(), told.aggregate_id), ("thing", thing));
    assert_eq!(told.tenant_id, ctx.tenant_id());
    assert_eq!(told.actor_id, Some(user(&ctx)));
    assert_eq!(told.trace_id.as_deref(), Some("test"));
    assert_eq!(told.causation_id, None);
    assert_eq!(told.occurred_at, app.now());
    assert_eq!(told.payload, serde_json::json!({"amount": 7, "note": ""}));
}

async fn counts_versions_per_aggregate(app: TestApp) {
    let (ctx, one_thing, other_thing) = (app.customer(), Uuid::now_v7(), Uuid::now_v7());
    let events =
        [(one_thing, 1), (other_thing, 2), (one_thing, 3)].map(|(thing, amount)| Told::of(thing, amount));
    let ids = ctx
        .write(Access::Public, async |tx: &Tx| -> Result<_> {
            let ids = tx.emit_all(events.to_vec()).await?;
            tx.emit(Told::of(one_thing, 4)).await?;
            Ok(ids)
        })
        .await
        .expect("told");
    tell(&ctx, one_thing, 5).await;
    let told = timeline(&ctx, &[one_thing, other_thing]).await;
    let amounts: Vec<_> =
        told.iter().map(|event| event.payload["amount"].as_i64().expect("amount")).collect();
    assert_eq!(amounts, [1, 2, 3, 4, 5], "in the order they were said");
    assert_eq!(told[..3].iter().map(|event| event.id).collect::<Vec<_>>(), ids);
    let versions = |thing| {
        told.iter()
            .filter(|event| event.aggregate_id == thing)
            .map(|event| event.aggregate_version)
            .collect::<Vec<_>>()
    };
    assert_eq!(versions(one_thing), [1, 2, 3, 4]);
    assert_eq!(versions(other_thing), [1]);
    let none =
        ctx.write(Access::Public, async |tx: &Tx| tx.emit_all(Vec::<Told>::new()).await).await.expect("none");
    assert_eq!(none, []);
}

async fn a_refused_event_rolls_the_whole_write_back(app: TestApp) {
    let (ctx, thing) = (app.customer(), Uuid::now_v7());
    let bad: [(Told, ErrorCode); 3] = [
        (Told::of(thing, -1), ErrorCode::BadUserInput),
        (Told::of(Uuid::nil(), 1), ErrorCode::Internal),
        (Told { thing, amount: 1, note: "x".repeat(256 * 1024) }, ErrorCode::BadUserInput),
    ];
    for (event, code) in bad {
        let result = ctx
            .write(Access::Public, async |tx: &Tx| -> Result<()> {
                let sql = "INSERT INTO inbox (tenant_id, consumer, event_id, applied_at) VALUES ({tenant}, 'x', ?, 1)";
                tx.raw_exec(sql, vec![Uuid::now_v7().into()]).await?;
                tx.emit(Told::of(thing, 1)).await?;
                tx.emit(event).await?;
                Ok(())
            })
            .await;
        assert_eq!(result.expect_err("refused").code(), code);
    }
    let mixed = vec![Told::of(thing, 1), Told::of(thing, -1)];
    let result = ctx.write(Access::Public, async |tx: &Tx| tx.emit_all(mixed).await).await;
    assert_eq!(result.expect_err("refused").fields()[0].field, "amount");
    assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, 0);
    assert_eq!(count(&app, "SELECT count(*) FROM inbox").await, 0);
    let notebook = Notebook::new("notebook");
    assert_eq!(relay(&app, [&notebook]).drain().await.expect("drained"), 0);
}

async fn a_write_that_fails_afterwards_takes_its_events_with_it(app: TestApp) {
    let (ctx, thing) = (app.customer(), Uuid::now_v7());
    let result = ctx
        .write(Access::Public, async |tx: &Tx| -> Result<()> {
            tx.emit(Told::of(thing, 1)).await?;
            Err(Error::conflict("changed my mind"))
        })
        .await;
    assert_eq!(result.expect_err("refused").code(), ErrorCode::Conflict);
    assert_eq!(count(&app, "SELECT count(*) FROM outbox").await, 0);
    tell(&ctx, thing, 2).await;
    assert_eq!(one(&ctx, thing).await.aggregate_version, 1, "versions leave no gap");
}

async fn events_of_one_request_are_correlated_and_answers_name_their_cause(app: TestApp) {
    let (request, thing) = (Uuid::now_v7(), Uuid::now_v7());
    let actor = Actor::Customer { user: UserId::new() };
    let ctx = Ctx::new(app.app().clone(), app.tenant().clone(), actor, request.to_string());
    tell(&ctx, thing, 1).await;
    tell(&ctx, thing, 2).await;
    let told = timeline(&ctx, &[thing]).await;
    assert!(told.iter().all(|event| event.correlation_id.uuid() == request));
    let system = app.system();
    let cause = told[0].clone();
    system
        .write(Access::System, async |tx: &Tx| tx.emit_because(&cause, Told::of(thing, 3)).await)
        .await
        .expect("told");
    let answer = timeline(&ctx, &[thing]).await.pop().expect("three");
    assert_eq!((answer.correlation_id, answer.causation_id), (cause.correlation_id, Some(cause.id)));
    assert_eq!((answer.trace_id, answer.actor_id), (cause.trace_id, None));
    tell(&system, thing, 4).await;
    let alone = timeline(&ctx, &[thing]).await.pop().expect("four");
    assert_eq!(alone.correlation_id.uuid(), alone.id.uuid(), "what nobody asked for begins a correlation");
}

async fn history_is_the_tenant_s_own(app: TestApp) {
    let thing = Uuid::now_v7();
    tell(&app.customer(), thing, 1).await;
    assert_eq!(timeline(&app.other_tenant(), &[thing]).await, []);
    tell(&app.other_tenant(), thing, 2).await;
    let theirs = one(&app.other_tenant(), thing).await;
    assert_eq!((theirs.aggregate_version, theirs.payload["amount"].as_i64()), (1, Some(2)));
    assert_eq!(timeline(&app.customer(), &[]).await, []);
}

async fn platform_work_tells_for_a_tenant(app: TestApp) {
    let (tenant, thing) = (app.tenant().id, Uuid::now_v7());
    for amount in [1, 2] {
        let tx = app.app().db().begin_global().await.expect("transaction");
        assert!(tx.emit(Told::of(thing, 1)).await.is_err(), "no tenant in scope");
        tx.rollback().await;
        let tx = app.app().db().begin_global().await.expect("transaction");
        tx.emit_for(tenant, Told::of(thing, amount)).await.expect("told");
        tx.commit().await.expect("committed");
    }
    let told = timeline(&app.customer(), &[thing]).await;
    assert_eq!(told.iter().map(|event| event.aggregate_version).collect::<Vec<_>>(), [1, 2]);
}

async fn concurrent_writers_of_one_aggregate_get_versions_without_gaps(app: TestApp) {
    let thing = Uuid::now_v7();
    let mut writers = tokio::task::JoinSet::new();
    for amount in 0..40 {
        let ctx = app.customer();
        writers.spawn(async move { tell(&ctx, thing, amount).await });
    }
    while let Some(told) = writers.join_next().await {
        told.expect("told");
    }
    let told = timeline(&app.customer(), &[thing]).await;
    let versions: Vec<_> = told.iter().map(|event| event.aggregate_version).collect();
    assert_eq!(versions, (1..=40).collect::<Vec<_>>(), "by position, versions rise by one");
}

#[test]
fn a_refusal_names_the_field() {
    let error: Error = EventError::Negative { field: "total", value: -1 }.into();
    assert_eq!(error.fields()[0].field, "total");
    assert_eq!(error.message(), "total: total is -1 and must not be negative");
}

async fn timeline(ctx: &Ctx, things: &[Uuid]) -> Vec<Envelope> {
    let reader = ctx.read(Access::Public).await.expect("reader");
    let told = history_after(&reader, 0, 1_000).await.expect("history");
    told.into_iter().filter(|event| things.contains(&event.aggregate_id)).collect()
}

async fn one(ctx: &Ctx, thing: Uuid) -> Envelope {
    let mut told = timeline(ctx, &[thing]).await;
    assert_eq!(told.len(), 1);
    told.remove(0)
}

testkit::on_both!(
    stores_the_whole_envelope,
    counts_versions_per_aggregate,
    a_refused_event_rolls_the_whole_write_back,
    a_write_that_fails_afterwards_takes_its_events_with_it,
    events_of_one_request_are_correlated_and_answers_name_their_cause,
    history_is_the_tenant_s_own,
    platform_work_tells_for_a_tenant,
    concurrent_writers_of_one_aggregate_get_versions_without_gaps,
);
