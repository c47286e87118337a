//! Whether everything that was told has arrived: part of `rustok verify`. It looks, page by page, while the shop serves,
//! and changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use platform::verify::{Finding, Report};
use platform::{Access, Context, Ctx, Result, TenantDb};
use primitives::{EventId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::Consumer;
use crate::relay::INBOX_LIFE;
use crate::store::{self, Claims};

/// An event that waits for longer than this without an error of its own is stuck.
pub const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Events in memory at a time.
const PAGE: usize = 1_000;
/// Clocks of several processes may differ, and a long transaction tells when it began.
const MARGIN: Duration = Duration::from_secs(3_600);
/// Things that one check names.
const NAMED: i64 = 100;

/// Looks at the caller's tenant: nothing waits for longer than `patience`, nothing is dead, nothing is missing between
/// two events of one thing, and every one of `consumers` has what it wants of the last week.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; those of the database.
pub async fn verify(ctx: &Ctx, consumers: &[Arc<dyn Consumer>], patience: Duration) -> Result<Report> {
    let mut report = Report::default();
    outbox(ctx, patience, &mut report).await.context("verifying the outbox")?;
    inbox(ctx, consumers, &mut report).await.context("verifying the inbox")?;
    Ok(report)
}

/// Dead letters hold back everything behind them, so that alone is no finding.
const NOT_HELD_BACK: &str = "NOT EXISTS (SELECT 1 FROM outbox_failure f WHERE f.tenant_id = o.tenant_id \
     AND f.aggregate_id = o.aggregate_id AND f.aggregate_type = o.aggregate_type \
     AND f.position <= o.position AND f.dead_at IS NOT NULL)";

async fn outbox(ctx: &Ctx, patience: Duration, report: &mut Report) -> Result<()> {
    let db = ctx.snapshot(Access::System).await?;
    let sql = format!(
        "SELECT o.kind, count(*), min(o.occurred_at) FROM outbox_waiting q JOIN outbox o ON o.position = q.position \
         WHERE q.tenant_id = {{tenant}} AND o.occurred_at < ? AND {NOT_HELD_BACK} GROUP BY o.kind ORDER BY o.kind"
    );
    for row in db.raw_all(&sql, vec![(ctx.now() - patience).millis().into()]).await? {
        let (kind, events, oldest): (String, i64, i64) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let oldest = Timestamp::from_millis(oldest).rfc3339();
        report.find(Finding {
            check: "outbox.waiting",
            about: kind,
            text: format!("{events} events wait for their consumers, the oldest since {oldest}"),
            remedy: "see whether a process relays (rustok events status) and what its log says",
        });
    }
    let sql = "SELECT f.event_id, o.kind, f.consumer, f.error FROM outbox_failure f \
               LEFT JOIN outbox o ON o.tenant_id = f.tenant_id AND o.id = f.event_id \
               WHERE f.tenant_id = {tenant} AND f.dead_at IS NOT NULL ORDER BY f.position LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (id, kind): (Uuid, Option<String>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (consumer, error): (String, String) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        report.find(Finding {
            check: "outbox.dead",
            about: format!("event {id} ({})", kind.unwrap_or_default()),
            text: format!("{consumer} could not take it: {error}"),
            remedy: "mend the cause, then rustok events dead --revive",
        });
    }
    let sql = "SELECT count(*) FROM outbox_waiting q WHERE q.tenant_id = {tenant} \
               AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.position = q.position)";
    let lost = number(&db, sql, Vec::new()).await?;
    if 0 < lost {
        report.find(Finding {
            check: "outbox.queue",
            about: "outbox".to_owned(),
            text: format!("{lost} events that wait are gone"),
            remedy: "restore them from a backup: what they told is lost",
        });
    }
    let sql = "SELECT aggregate_type, aggregate_id, max(aggregate_version), count(*) \
               FROM outbox WHERE tenant_id = {tenant} GROUP BY aggregate_id, aggregate_type \
               HAVING max(aggregate_version) <> count(*) ORDER BY aggregate_id, aggregate_type LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (kind, id): (String, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (last, events): (i64, i64) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        report.find(Finding {
            check: "outbox.gap",
            about: format!("{kind} {id}"),
            text: format!("{} of its events 1 to {last} are gone", last - events),
            remedy: "restore them from a backup: what they told is lost to rebuilds",
        });
    }
    let sql = "SELECT count(*) FROM outbox WHERE tenant_id = {tenant}";
    let events = number(&db, sql, Vec::new()).await?;
    report.looked("outbox", usize::try_from(events).unwrap_or(0));
    Ok(())
}

async fn number(db: &TenantDb, sql: &str, values: Vec<Value>) -> Result<i64> {
    let rows = db.raw_all(sql, values).await?;
    Ok(rows.first().map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
}

/// An event as the inbox knows it.
struct Told {
    position: i64,
    id: Uuid,
    kind: String,
    at: i64,
    waits: bool,
}

/// Events that a consumer lacks, of one kind.
struct Lacking {
    events: u64,
    latest: Uuid,
}

async fn inbox(ctx: &Ctx, consumers: &[Arc<dyn Consumer>], report: &mut Report) -> Result<()> {
    let begun = begun(ctx).await?;
    // Rows of the inbox go after a while; what happened since must be there.
    let since = (ctx.now() - INBOX_LIFE + MARGIN).millis();
    let mut lacking: BTreeMap<(&'static str, String), Lacking> = BTreeMap::new();
    let mut before = i64::MAX;
    let mut looked = 0;
    loop {
        let db = ctx.snapshot(Access::System).await?;
        let page = told_before(&db, before).await?;
        let Some(last) = page.last() else { break };
        before = last.position;
        if page.iter().all(|event| event.at < since) {
            break;
        }
        for consumer in consumers {
            let name = consumer.name();
            // A consumer that is new, or wants more than it did, has nothing from before.
            let from = |kind: &str| begun.get(&(name.to_owned(), kind.to_owned())).copied();
            let wanted = |event: &&Told| {
                since <= event.at
                    && !event.waits
                    && consumer.wants(&event.kind)
                    && from(&event.kind).is_some_and(|from| from <= event.position)
            };
            let wanted: Vec<&Told> = page.iter().filter(wanted).collect();
            looked += wanted.len();
            let had = applied(&db, name, &wanted).await?;
            for event in wanted.iter().filter(|event| !had.contains(&event.id)) {
                let lack = lacking.entry((name, event.kind.clone()));
                lack.or_insert(Lacking { events: 0, latest: event.id }).events += 1;
            }
        }
    }
    report.looked("inbox", looked);
    for ((consumer, kind), Lacking { events, latest }) in lacking {
        report.find(Finding {
            check: "inbox",
            about: format!("{consumer}, {kind}"),
            text: format!("{events} events have passed it by, the latest is {latest}"),
            remedy: "rustok events replay, or rustok index rebuild for a read model",
        });
    }
    Ok(())
}

/// Since which position each consumer has had events of a kind.
async fn begun(ctx: &Ctx) -> Result<HashMap<(String, String), i64>> {
    let db = ctx.snapshot(Access::System).await?;
    let sql = "SELECT i.consumer, o.kind, min(o.position) FROM inbox i \
               JOIN outbox o ON o.tenant_id = i.tenant_id AND o.id = i.event_id \
               WHERE i.tenant_id = {tenant} GROUP BY i.consumer, o.kind";
    let rows = db.raw_all(sql, Vec::new()).await?;
    rows.iter()
        .map(|row| Ok(((row.try_get_by_index(0)?, row.try_get_by_index(1)?), row.try_get_by_index(2)?)))
        .collect()
}

/// The newest events before `position`, newest first.
async fn told_before(db: &TenantDb, position: i64) -> Result<Vec<Told>> {
    let sql = "SELECT o.position, o.id, o.kind, o.occurred_at, \
                 EXISTS (SELECT 1 FROM outbox_waiting q WHERE q.position = o.position) \
               FROM outbox o WHERE o.tenant_id = {tenant} AND o.position < ? ORDER BY o.position DESC LIMIT ?";
    let rows = db.raw_all(sql, vec![position.into(), store::limit(PAGE as u64)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Told {
                position: row.try_get_by_index(0)?,
                id: row.try_get_by_index(1)?,
                kind: row.try_get_by_index(2)?,
                at: row.try_get_by_index(3)?,
                waits: row.try_get_by_index(4)?,
            })
        })
        .collect()
}

/// Which of these events a consumer has had.
async fn applied(db: &TenantDb, consumer: &str, events: &[&Told]) -> Result<HashSet<Uuid>> {
    if events.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!(
        "SELECT event_id FROM inbox WHERE tenant_id = {{tenant}} AND consumer = ? AND event_id IN ({})",
        platform::db::holes(events.len())
    );
    let mut values: Vec<Value> = vec![consumer.into()];
    values.extend(events.iter().map(|event| Value::from(event.id)));
    let rows = db.raw_all(&sql, values).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Those of `events` that are in the outbox, for whoever has told them.
///
/// # Errors
/// Those of the database.
pub async fn known(db: &TenantDb, events: &[EventId]) -> Result<HashSet<EventId>> {
    let mut known = HashSet::new();
    for some in events.chunks(PAGE) {
        let holes = platform::db::holes(some.len());
        let sql = format!("SELECT id FROM outbox WHERE tenant_id = {{tenant}} AND id IN ({holes})");
        let values = some.iter().map(|id| Value::from(id.uuid())).collect();
        for row in db.raw_all(&sql, values).await? {
            known.insert(EventId::from_uuid(row.try_get_by_index(0)?));
        }
    }
    Ok(known)
}

/// Notes for `consumers` that they have had what a tenant brought along from elsewhere, so that nobody misses it here.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; those of the database.
pub async fn had_elsewhere(ctx: &Ctx, consumers: &[Arc<dyn Consumer>]) -> Result<()> {
    let since = (ctx.now() - INBOX_LIFE).millis();
    let mut before = i64::MAX;
    loop {
        let page = {
            let db = ctx.read(Access::System).await?;
            told_before(&db, before).await?
        };
        let Some(last) = page.last() else { return Ok(()) };
        before = last.position;
        let mut claims = Claims::default();
        for event in page.iter().filter(|event| since <= event.at && !event.waits) {
            for consumer in consumers.iter().filter(|consumer| consumer.wants(&event.kind)) {
                claims.add_id(consumer.name(), event.id);
            }
        }
        ctx.write(Access::System, async |tx| claims.write(tx, ctx.now()).await).await?;
        if page.iter().all(|event| event.at < since) {
            return Ok(());
        }
    }
}
