//! GraphQL of the audit log: parse, call, map.

use super::list::{self, AuditFilter, AuditPage, Change};
use super::{EntryView, Who};
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::Error;
use platform::graphql::{DateTime, Long, PageInfo, ctx_of, failure};
use primitives::{Cursor, ErrorCode, FieldError, PageArgs, UserId};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What people and operators did.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What people and operators did, newest first.
    #[graphql(complexity = "10 + page_size(first, last) * child_complexity")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<AuditLogFilter>,
    ) -> Result<AuditEntryConnection> {
        let page = PageArgs::new(first, after, last, before)
            .map_err(|error| failure(Error::invalid_fields(vec![FieldError::from(error)])))?;
        let filter = filter.unwrap_or_default().parsed().map_err(failure)?;
        let page = list::list(ctx_of(context)?, &filter, &page).await.map_err(failure)?;
        Ok(AuditEntryConnection::from(page))
    }

    /// One entry of the log; null when there is none with this id.
    async fn audit_entry(&self, context: &Context<'_>, id: ID) -> Result<Option<AuditEntry>> {
        let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
        match list::get(ctx_of(context)?, id).await {
            Ok(entry) => Ok(Some(entry.into())),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }
}

fn page_size(first: Option<i32>, last: Option<i32>) -> usize {
    usize::try_from(first.or(last).unwrap_or(24)).unwrap_or(0)
}

/// Which entries to list; all given conditions hold.
#[derive(InputObject, Default)]
struct AuditLogFilter {
    /// Of this person.
    actor_id: Option<ID>,
    /// Part of what was called, in any case.
    action: Option<String>,
    /// About things of this kind: `product`, `order`, `user`.
    subject_kind: Option<String>,
    /// About this thing.
    subject_id: Option<ID>,
    /// At this moment or later.
    from: Option<DateTime>,
    /// Before this moment.
    to: Option<DateTime>,
}

impl AuditLogFilter {
    fn parsed(self) -> Result<AuditFilter, Error> {
        let id = |field: &str, id: Option<ID>| {
            let parsed = id.map(|id| id.parse::<Uuid>()).transpose();
            parsed.map_err(|_| Error::invalid(field, "is no id"))
        };
        for (field, text) in [("filter.action", &self.action), ("filter.subjectKind", &self.subject_kind)] {
            if text.as_ref().is_some_and(|text| 200 < text.chars().count()) {
                return Err(Error::invalid(field, "must be at most 200 characters"));
            }
        }
        Ok(AuditFilter {
            actor: id("filter.actorId", self.actor_id)?.map(UserId::from_uuid),
            action: self.action,
            subject_kind: self.subject_kind,
            subject: id("filter.subjectId", self.subject_id)?,
            from: self.from.map(|from| from.0),
            to: self.to.map(|to| to.0),
        })
    }
}

/// A page of the log.
#[derive(SimpleObject)]
#[graphql(complex)]
struct AuditEntryConnection {
    /// The entries with their cursors.
    edges: Vec<AuditEntryEdge>,
    /// Where the page stands.
    page_info: PageInfo,
    /// How many there are on all pages.
    total_count: i64,
}

#[ComplexObject]
impl AuditEntryConnection {
    /// The entries alone.
    async fn nodes(&self) -> Vec<&AuditEntry> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

/// An entry in a page.
#[derive(SimpleObject)]
struct AuditEntryEdge {
    /// The entry.
    node: AuditEntry,
    /// The place.
    cursor: String,
}

/// What somebody did.
#[derive(SimpleObject)]
struct AuditEntry {
    /// Key.
    id: ID,
    /// When.
    at: DateTime,
    /// Who.
    actor: AuditActor,
    /// What was called: a GraphQL field, a form, a command.
    action: String,
    /// What it was about: `product`, `order`; empty when it was about nothing in particular.
    subject_kind: String,
    /// Which one.
    subject_id: Option<ID>,
    /// Every row that changed.
    changes: Vec<AuditChange>,
    /// From which address; empty for the machine itself.
    address: String,
    /// With which program.
    user_agent: String,
    /// The call, as in the log.
    request_id: String,
    /// Place in the chain; none in the moment before it is sealed.
    position: Option<Long>,
    /// Link of the chain: SHA-256 of the one before and this entry, in hexadecimal.
    hash: Option<String>,
}

/// Who acted.
#[derive(SimpleObject)]
struct AuditActor {
    /// What kind of actor: `customer`, `staff`, `system`.
    kind: String,
    /// The account.
    id: Option<ID>,
    /// Name of the account today, or of the part of the system; may be empty.
    name: String,
    /// Address of the account today; none when the account is gone.
    email: Option<String>,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum AuditChangeKind {
    /// It is new.
    Created,
    /// It says something else.
    Updated,
    /// It is gone.
    Deleted,
    /// So many rows that are not listed.
    Counted,
}

/// A row that changed.
#[derive(SimpleObject)]
struct AuditChange {
    /// The table: `product`, `variant`, `orders`.
    kind: String,
    /// The row; empty for rows that are counted.
    id: String,
    /// What became of it.
    change: AuditChangeKind,
    /// Rows that are counted only.
    count: Option<Long>,
    /// Its values.
    fields: Vec<AuditField>,
}

/// A value that changed.
#[derive(SimpleObject)]
struct AuditField {
    /// Name, with the path into a document: `settings.taxes.0.rate`.
    name: String,
    /// As it was; none when there was nothing, or it is not shown.
    before: Option<String>,
    /// As it is; none when there is nothing, or it is not shown.
    after: Option<String>,
    /// Whether it changed and is not shown: passwords, keys, what belongs to a person.
    hidden: bool,
}

impl From<AuditPage> for AuditEntryConnection {
    fn from(page: AuditPage) -> Self {
        let cursor = |edge: Option<&(EntryView, Cursor)>| edge.map(|edge| edge.1.to_string());
        Self {
            page_info: PageInfo {
                has_next_page: page.has_next,
                has_previous_page: page.has_previous,
                start_cursor: cursor(page.entries.first()),
                end_cursor: cursor(page.entries.last()),
            },
            total_count: i64::try_from(page.total).unwrap_or(i64::MAX),
            edges: page
                .entries
                .into_iter()
                .map(|(entry, cursor)| AuditEntryEdge { node: entry.into(), cursor: cursor.to_string() })
                .collect(),
        }
    }
}

impl From<EntryView> for AuditEntry {
    fn from(entry: EntryView) -> Self {
        Self {
            id: entry.id.into(),
            at: DateTime(entry.at),
            actor: entry.who.into(),
            action: entry.action,
            subject_kind: entry.subject_kind,
            subject_id: entry.subject.map(ID::from),
            changes: entry.changes.into_iter().map(AuditChange::from).collect(),
            address: entry.address,
            user_agent: entry.user_agent,
            request_id: entry.request_id,
            position: entry.position.map(Long),
            hash: entry.hash,
        }
    }
}

impl From<Who> for AuditActor {
    fn from(who: Who) -> Self {
        Self { kind: who.kind, id: who.user.map(|user| user.uuid().into()), name: who.name, email: who.email }
    }
}

impl From<Change> for AuditChange {
    fn from(change: Change) -> Self {
        let kind = match (&change.count, &change.before, &change.after) {
            (Some(_), ..) => AuditChangeKind::Counted,
            (None, None, _) => AuditChangeKind::Created,
            (None, Some(_), None) => AuditChangeKind::Deleted,
            (None, Some(_), Some(_)) => AuditChangeKind::Updated,
        };
        let (before, after) = (change.before.unwrap_or_default(), change.after.unwrap_or_default());
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        let shown = after.keys().chain(gone).map(|name| AuditField {
            name: name.clone(),
            before: text(&before, name),
            after: text(&after, name),
            hidden: false,
        });
        let hidden = change.hidden.iter().map(|name| AuditField {
            name: name.clone(),
            before: None,
            after: None,
            hidden: true,
        });
        let fields = shown.chain(hidden).collect();
        Self { kind: change.kind, id: change.id, change: kind, count: change.count.map(Long), fields }
    }
}

fn text(values: &Map<String, Value>, name: &str) -> Option<String> {
    match values.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
