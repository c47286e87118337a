//! What the staff reads of the audit log.

use super::chain::hex;
use super::entity::entry;
use crate::api_key;
use crate::user::people;
use platform::{Ctx, Error, Result, TenantDb};
use primitives::{Cursor, Direction, PageArgs, Permission, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this person.
    pub actor: Option<UserId>,
    /// Part of what was called, in any case.
    pub action: Option<String>,
    /// About things of this kind: `product`, `order`.
    pub subject_kind: Option<String>,
    /// About this thing.
    pub subject: Option<Uuid>,
    /// At this moment or later.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// `customer`, `staff`, `system`.
    pub kind: String,
    /// The account.
    pub user: Option<UserId>,
    /// Name of the account today, else of the part of the system; may be empty.
    pub name: String,
    /// Address of the account today.
    pub email: Option<String>,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryView {
    /// Key.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// What was called.
    pub action: String,
    /// What it was about: `product`, `order`; may be empty.
    pub subject_kind: String,
    /// Which one.
    pub subject: Option<Uuid>,
    /// Every row that changed.
    pub changes: Vec<Change>,
    /// From which address; empty for the machine itself.
    pub address: String,
    /// With which program.
    pub user_agent: String,
    /// The call, as in the log.
    pub request_id: String,
    /// Place in the chain, once it is sealed.
    pub position: Option<i64>,
    /// Its link, 64 hexadecimal digits.
    pub hash: Option<String>,
}

/// A row that changed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Change {
    /// The table.
    pub kind: String,
    /// The row.
    pub id: String,
    /// Rows of this kind that are counted only.
    pub count: Option<i64>,
    /// What it said; none when it is new.
    pub before: Option<Map<String, Value>>,
    /// What it says; none when it is gone.
    pub after: Option<Map<String, Value>>,
    /// Values that changed and are not shown.
    pub hidden: Vec<String>,
}

/// A page of entries, newest first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The entries with their cursors.
    pub entries: Vec<(EntryView, Cursor)>,
    /// How many there are on all pages.
    pub total: u64,
    /// Whether there is more after the last one.
    pub has_next: bool,
    /// Whether there is more before the first one.
    pub has_previous: bool,
}

/// Lists entries in three statements.
///
/// # Errors
/// `BAD_USER_INPUT` for a cursor of another list.
pub async fn list(ctx: &Ctx, filter: &AuditFilter, page: &PageArgs) -> Result<AuditPage> {
    const ORDER: &str = "audit";
    let db = ctx.read(Permission::LOGS_LIST).await?;
    let mut which = condition(filter);
    let total = db.find::<entry::Entity>().filter(which.clone()).count().await?;
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let field = if forward { "after" } else { "before" };
        let (at, id): (i64, Uuid) =
            cursor.decode(ORDER).map_err(|error| Error::invalid(field, error.to_string()))?;
        let (time, key) = (entry::Column::At, entry::Column::Id);
        which = which.add(if forward {
            Condition::any().add(time.lt(at)).add(time.eq(at).and(key.lt(id)))
        } else {
            Condition::any().add(time.gt(at)).add(time.eq(at).and(key.gt(id)))
        });
    }
    let rows = db.find::<entry::Entity>().filter(which).limit(u64::from(page.limit()) + 1);
    let rows = match page.direction() {
        Direction::Forward => rows.order_by_desc(entry::Column::At).order_by_desc(entry::Column::Id),
        Direction::Backward => rows.order_by_asc(entry::Column::At).order_by_asc(entry::Column::Id),
    };
    let mut rows = rows.all().await?;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if !forward {
        rows.reverse();
    }
    let keys: Vec<_> = rows.iter().map(|row| (row.at, row.id)).collect();
    let mut entries = Vec::with_capacity(rows.len());
    for (view, key) in views(&db, rows).await?.into_iter().zip(keys) {
        entries.push((view, Cursor::encode(ORDER, &key).map_err(Error::internal)?));
    }
    let beyond_cursor = page.cursor().is_some();
    Ok(AuditPage {
        entries,
        total,
        has_next: if forward { more } else { beyond_cursor },
        has_previous: if forward { beyond_cursor } else { more },
    })
}

/// One entry.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, id: Uuid) -> Result<EntryView> {
    let db = ctx.read(Permission::LOGS_READ).await?;
    let row = db.get::<entry::Entity>(id).await?;
    views(&db, vec![row]).await?.pop().ok_or_else(|| Error::not_found("audit entry"))
}

fn condition(filter: &AuditFilter) -> Condition {
    use entry::Column;
    let mut which = Condition::all();
    if let Some(actor) = filter.actor {
        which = which.add(Column::ActorId.eq(actor.uuid()));
    }
    if let Some(text) = filter.action.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let part = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let action = Expr::expr(Func::lower(Expr::col(Column::Action)));
        which = which.add(action.like(LikeExpr::new(format!("%{part}%")).escape('\\')));
    }
    if let Some(kind) = filter.subject_kind.as_deref().filter(|kind| !kind.is_empty()) {
        which = which.add(Column::SubjectKind.eq(kind));
    }
    if let Some(subject) = filter.subject {
        which = which.add(Column::SubjectId.eq(subject));
    }
    if let Some(from) = filter.from {
        which = which.add(Column::At.gte(from.millis()));
    }
    if let Some(to) = filter.to {
        which = which.add(Column::At.lt(to.millis()));
    }
    which
}

/// With the names that people have today; the log itself holds none.
async fn views(db: &TenantDb, rows: Vec<entry::Model>) -> Result<Vec<EntryView>> {
    let actors: BTreeSet<Uuid> = rows.iter().filter_map(|row| row.actor_id).collect();
    let actors: Vec<UserId> = actors.into_iter().map(UserId::from_uuid).collect();
    let known = people(db, &actors).await?;
    let keys: Vec<Uuid> =
        rows.iter().filter(|row| row.actor_kind == "api_key").filter_map(|row| row.actor_id).collect();
    let keys = api_key::names(db, &keys).await?;
    let view = |row: entry::Model| {
        let user = row.actor_id.map(UserId::from_uuid);
        let person = user.and_then(|user| known.get(&user));
        EntryView {
            id: row.id,
            at: Timestamp::from_millis(row.at),
            who: Who {
                kind: row.actor_kind,
                user,
                name: person
                    .map(|person| person.name.clone())
                    .or_else(|| row.actor_id.and_then(|id| keys.get(&id).cloned()))
                    .unwrap_or(row.actor_part),
                email: person.map(|person| person.email.clone()),
            },
            action: row.action,
            subject_kind: row.subject_kind,
            subject: row.subject_id,
            // A row that somebody has changed is still to be seen.
            changes: serde_json::from_str(&row.changes).unwrap_or_default(),
            address: row.address,
            user_agent: row.user_agent,
            request_id: row.request_id,
            position: row.position,
            hash: row.hash.as_deref().map(hex),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
