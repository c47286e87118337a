//! Which tenants have something to do.

use crate::support::count;
use events::due;
use platform::{Access, Ctx, Result};
use primitives::{TenantId, Timestamp};
use std::time::Duration;
use testkit::TestApp;

const JOB: &str = "test";
const MINUTE: Duration = Duration::from_secs(60);

async fn plan(ctx: &Ctx, at: Timestamp) {
    let planned: Result<()> = ctx.write(Access::System, async |tx| due::plan(tx, JOB, at).await).await;
    planned.unwrap();
}

async fn who(app: &TestApp) -> Vec<TenantId> {
    due::tenants(app.app(), JOB, None, 10).await.unwrap().into_iter().map(|due| due.tenant).collect()
}

async fn a_tenant_is_named_from_its_minute_until_somebody_has_looked(app: TestApp) {
    let (ours, theirs) = (app.system(), app.other_system());
    plan(&ours, app.now() + 10 * MINUTE).await;
    plan(&theirs, app.now() - MINUTE).await;
    assert_eq!(who(&app).await, [theirs.tenant_id()], "what is late is due");
    assert!(due::tenants(app.app(), "other", None, 10).await.unwrap().is_empty());
    app.advance(10 * MINUTE);
    let mut both = vec![ours.tenant_id(), theirs.tenant_id()];
    both.sort();
    assert_eq!(who(&app).await, both);
    let first = due::tenants(app.app(), JOB, None, 1).await.unwrap();
    let second = due::tenants(app.app(), JOB, Some(first[0].tenant), 1).await.unwrap();
    assert_eq!([first[0].tenant, second[0].tenant], both[..]);

    let named = |ctx: &Ctx| {
        let (app, tenant) = (app.app().clone(), ctx.tenant_id());
        async move {
            let due = due::tenants(&app, JOB, None, 10).await.unwrap();
            due.into_iter().find(|due| due.tenant == tenant).unwrap()
        }
    };
    // Somebody may still be writing what falls into this minute.
    due::looked(&ours, JOB, named(&ours).await, app.now(), None).await.unwrap();
    assert_eq!(who(&app).await, both);
    // This one was over ten minutes ago.
    due::looked(&theirs, JOB, named(&theirs).await, app.now(), None).await.unwrap();
    assert_eq!(who(&app).await, [ours.tenant_id()]);
    app.advance(5 * MINUTE);
    // Not everything that was due could be done.
    due::looked(&ours, JOB, named(&ours).await, app.now(), Some(app.now() - MINUTE)).await.unwrap();
    assert_eq!(who(&app).await, [ours.tenant_id()]);
    due::looked(&ours, JOB, named(&ours).await, app.now(), Some(app.now() + 2 * MINUTE)).await.unwrap();
    assert!(who(&app).await.is_empty());
    app.advance(2 * MINUTE);
    assert_eq!(who(&app).await, [ours.tenant_id()]);
}

async fn a_minute_is_planned_once_and_remembered(app: TestApp) {
    let ctx = app.system();
    let at = app.now() + 5 * MINUTE;
    for _ in 0..3 {
        plan(&ctx, at).await;
    }
    assert_eq!(count(&app, "SELECT count(*) FROM tenant_due WHERE job = 'test'").await, 1);
    let (_, statements) = platform::db::count_statements(plan(&ctx, at)).await;
    let (_, nothing) =
        platform::db::count_statements(ctx.write(Access::System, async |_| Ok::<_, platform::Error>(())))
            .await;
    assert_eq!(statements, nothing, "what is planned costs no statement");
    // What was rolled back is not remembered.
    let later = at + MINUTE;
    let undone: Result<()> = ctx
        .write(Access::System, async |tx| {
            due::plan(tx, JOB, later).await?;
            Err(platform::Error::conflict("no"))
        })
        .await;
    assert!(undone.is_err());
    plan(&ctx, later).await;
    assert_eq!(count(&app, "SELECT count(*) FROM tenant_due WHERE job = 'test'").await, 2);
}

testkit::on_both!(
    a_tenant_is_named_from_its_minute_until_somebody_has_looked,
    a_minute_is_planned_once_and_remembered,
);
