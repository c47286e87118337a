//! Who did what: the entry that a write of a person leaves behind, in the transaction of the write.
//!
//! The writing door sees to it, so a use case cannot forget: [`crate::TenantDb`] notes the rows that change, as they
//! were and as they are, events say which thing it was about, and [`crate::Ctx::write`] stores one row of `audit_entry`
//! before it commits. What a raw statement changes is noted with [`crate::Tx::record`].
//!
//! Noted are the writes of customers, of the staff and of operators ([`crate::Ctx::operator`]). What anonymous shoppers
//! and the process itself do is told by events, and costs nothing here. So do carts: they are somebody's intentions.
//!
//! Identity seals the entries into a chain, verifies and shows them.

use crate::{Actor, Result, Tx};
use sea_orm::Value;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Name of the hub's signal that wakes the sealer.
pub const SIGNAL: &str = "audit";

/// Rows of one write whose values are noted; further ones are counted.
pub const MAX_ROWS: usize = 200;
/// Longest `changes` of an entry, bytes; what does not fit is counted.
const MAX_BYTES: usize = 64 * 1024;
/// Longest text of a value, characters.
const MAX_TEXT: usize = 2_000;
/// Values of one document that are noted.
const MAX_LEAVES: usize = 100;

/// Columns that change with every write and say nothing by themselves.
const HOUSEKEEPING: [&str; 4] = ["updated_at", "version", "revision", "changed"];

/// Where a call comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What was called: a GraphQL field, `POST /account/profile`, a command.
    pub operation: String,
    /// Address of whoever called; empty for the machine itself.
    pub address: String,
    /// What the caller's program calls itself.
    pub user_agent: String,
}

/// Whether a name, of a column or within a document, is that of a secret: such a value is never shown, whatever an
/// entity says.
///
/// `const`, so that [`crate::tenant_table!`] does not compile with a secret among the columns that it shows.
pub const fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "password",
        "passwd",
        "secret",
        "token",
        "hash",
        "fingerprint",
        "cookie",
        "credential",
        "private",
        "api_key",
        "apikey",
        "recovery",
    ];
    let mut word = 0;
    while word < WORDS.len() {
        if contains(name.as_bytes(), WORDS[word].as_bytes()) {
            return true;
        }
        word += 1;
    }
    false
}

const fn contains(text: &[u8], word: &[u8]) -> bool {
    let mut from = 0;
    while from + word.len() <= text.len() {
        let mut same = 0;
        while same < word.len() && text[from + same].to_ascii_lowercase() == word[same] {
            same += 1;
        }
        if same == word.len() {
            return true;
        }
        from += 1;
    }
    false
}

/// Whether none of the columns is a secret; what [`crate::tenant_table!`] asserts.
pub const fn are_no_secrets(columns: &[&str]) -> bool {
    let mut at = 0;
    while at < columns.len() {
        if is_secret(columns[at]) {
            return false;
        }
        at += 1;
    }
    true
}

/// A row's columns, as far as they are known.
pub(crate) type Row = Vec<(&'static str, Value)>;

/// What a write has done so far; nothing is kept while nobody is to be noted.
#[derive(Default)]
pub(crate) struct Trail(Mutex<Option<Box<Notes>>>);

#[derive(Default)]
struct Notes {
    who: Option<Actor>,
    /// The thing that the write is about, and whether the use case has said so itself.
    subject: Option<(&'static str, Uuid, bool)>,
    told: bool,
    rows: Vec<Noted>,
    places: HashMap<(&'static str, String), usize>,
    more: Vec<(&'static str, u64)>,
}

struct Noted {
    table: &'static str,
    shown: &'static [&'static str],
    id: String,
    before: Option<Row>,
    after: Option<Row>,
}

impl Trail {
    /// Notes from now on.
    pub fn begin(&self, who: Option<Actor>) {
        self.with_or_begin(|notes| notes.who = who.or(notes.who.take()));
    }

    /// How many more rows have room, or `None` when nothing is noted.
    pub fn room(&self) -> Option<usize> {
        self.with(|notes| MAX_ROWS.saturating_sub(notes.rows.len()))
    }

    /// Notes one row.
    pub fn row(
        &self,
        table: &'static str,
        shown: &'static [&'static str],
        (key, id): (String, String),
        before: Option<Row>,
        after: Option<Row>,
    ) {
        self.with(|notes| match notes.places.get(&(table, key.clone())) {
            // The same row again: as it was at first, as it is at last.
            Some(place) => {
                if let Some(noted) = notes.rows.get_mut(*place) {
                    noted.after = after;
                }
            }
            None if notes.rows.len() < MAX_ROWS => {
                notes.places.insert((table, key), notes.rows.len());
                notes.rows.push(Noted { table, shown, id, before, after });
            }
            None => notes.count(table, 1),
        });
    }

    /// Counts rows without their values.
    pub fn count(&self, table: &'static str, rows: u64) {
        self.with(|notes| notes.count(table, rows));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Notes) -> T) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_deref_mut().map(change)
    }

    fn with_or_begin(&self, change: impl FnOnce(&mut Notes)) {
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default());
    }

    fn take(&self) -> Option<Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(|notes| *notes)
    }
}

impl Tx {
    /// Says whose write this is when the call itself does not know yet: somebody who signs in, registers or shows a
    /// token from a mail. The write is noted from here on.
    pub fn acts_as(&self, who: Actor) {
        self.trail().begin(Some(who));
    }

    /// Says which thing the write is about. Without it, it is the first that an event is told of.
    pub fn about(&self, kind: &'static str, id: Uuid) {
        self.trail().with(|notes| notes.subject = Some((kind, id, true)));
    }

    /// An event of the write; called by the outbox.
    pub fn told(&self, kind: &'static str, id: Uuid) {
        self.trail().with(|notes| {
            notes.told = true;
            notes.subject.get_or_insert((kind, id, false));
        });
    }

    /// The entry of this write, if it leaves one.
    pub(crate) async fn note(&self) -> Result<()> {
        let (Some(ctx), Some(notes)) = (self.ctx(), self.trail().take()) else { return Ok(()) };
        let subject = notes.subject.or_else(|| notes.first_row());
        let (told, who) = (notes.told, notes.who.clone());
        let changes = notes.changes();
        if !told && changes.is_none() {
            return Ok(());
        }
        let (actor_kind, actor_id, part) = named(who.as_ref().unwrap_or(ctx.actor()));
        let origin = ctx.origin().cloned().unwrap_or_default();
        let action = if origin.operation.is_empty() { "unknown" } else { &origin.operation };
        self.raw_exec(
            "INSERT INTO audit_entry (tenant_id, id, at, actor_kind, actor_id, actor_part, action, subject_kind, \
               subject_id, changes, address, user_agent, request_id) \
             SELECT {tenant}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? \
             WHERE EXISTS (SELECT 1 FROM tenant WHERE id = {tenant})",
            vec![
                Uuid::now_v7().into(),
                ctx.now().millis().into(),
                actor_kind.into(),
                actor_id.into(),
                part.into(),
                cut(action, 200).into_owned().into(),
                subject.map(|(kind, ..)| kind).unwrap_or_default().into(),
                subject.map(|(_, id, _)| id).into(),
                changes.unwrap_or_else(|| "[]".to_owned()).into(),
                cut(&origin.address, 64).into_owned().into(),
                cut(&origin.user_agent, 300).into_owned().into(),
                cut(ctx.request_id(), 128).into_owned().into(),
            ],
        )
        .await?;
        let signal = ctx.app().hub().signal(SIGNAL);
        self.after_commit(move || signal.notify_one());
        Ok(())
    }
}

/// Kind (`anonymous`, `customer`, `staff`, `api_key`, `system`), account or key, and name of whoever acts, as the audit
/// log and the event store keep them.
pub fn named(actor: &Actor) -> (&'static str, Option<Uuid>, &'static str) {
    match actor {
        Actor::Anonymous => ("anonymous", None, ""),
        Actor::Customer { user } => ("customer", Some(user.uuid()), ""),
        Actor::Staff { user, .. } => ("staff", Some(user.uuid()), ""),
        Actor::ApiKey { key, .. } => ("api_key", Some(key.uuid()), ""),
        Actor::System(name) => ("system", None, name),
    }
}

impl Notes {
    fn count(&mut self, table: &'static str, rows: u64) {
        match self.more.iter_mut().find(|(known, _)| *known == table) {
            Some((_, count)) => *count += rows,
            None => self.more.push((table, rows)),
        }
    }

    fn first_row(&self) -> Option<(&'static str, Uuid, bool)> {
        self.rows.iter().find_map(|row| Some((row.table, row.id.parse().ok()?, false)))
    }

    /// What differs, as JSON, or `None` when nothing does.
    fn changes(mut self) -> Option<String> {
        let mut text = String::from("[");
        for row in std::mem::take(&mut self.rows) {
            let Some(change) = row.change() else { continue };
            let change = change.to_string();
            if MAX_BYTES < text.len() + change.len() {
                self.count(row.table, 1);
                continue;
            }
            if 1 < text.len() {
                text.push(',');
            }
            text.push_str(&change);
        }
        for (table, count) in self.more {
            if 1 < text.len() {
                text.push(',');
            }
            text.push_str(&serde_json::json!({ "kind": table, "count": count }).to_string());
        }
        text.push(']');
        (2 < text.len()).then_some(text)
    }
}

impl Noted {
    /// The columns that differ, as they were and as they are; `None` when none does that says anything.
    fn change(&self) -> Option<Json> {
        let (mut before, mut after, mut hidden) = (Map::new(), Map::new(), Vec::new());
        let columns = self.after.iter().chain(&self.before).flatten().map(|(column, _)| *column);
        let mut seen = Vec::new();
        for column in columns {
            if seen.contains(&column) {
                continue;
            }
            seen.push(column);
            let (old, new) = (value_in(&self.before, column), value_in(&self.after, column));
            if same(old, new) {
                continue;
            }
            let changes = self.before.is_some() && self.after.is_some();
            if changes && HOUSEKEEPING.contains(&column) {
                continue;
            }
            if !is_shown(column, old.or(new), self.shown) {
                hidden.push(Json::from(column));
                continue;
            }
            let (old, new) = (old.map(json), new.map(json));
            match (old.as_ref().and_then(document), new.as_ref().and_then(document)) {
                (None, None) => {
                    put(&mut before, column, old);
                    put(&mut after, column, new);
                }
                (old, new) => differ(column, old, new, &mut before, &mut after),
            }
        }
        if self.before.is_none() == self.after.is_none()
            && before.is_empty()
            && after.is_empty()
            && hidden.is_empty()
        {
            return None;
        }
        let mut change = Map::new();
        change.insert("kind".to_owned(), self.table.into());
        change.insert("id".to_owned(), self.id.as_str().into());
        if self.before.is_some() {
            change.insert("before".to_owned(), before.into());
        }
        if self.after.is_some() {
            change.insert("after".to_owned(), after.into());
        }
        if !hidden.is_empty() {
            change.insert("hidden".to_owned(), hidden.into());
        }
        Some(change.into())
    }
}

fn value_in<'r>(row: &'r Option<Row>, column: &str) -> Option<&'r Value> {
    row.as_ref()?.iter().find(|(name, _)| *name == column).map(|(_, value)| value)
}

/// Whether nothing changed; a row that is not there has nothing in its columns.
fn same(old: Option<&Value>, new: Option<&Value>) -> bool {
    let nothing = |value: Option<&Value>| {
        value.is_none_or(|value| match value {
            Value::String(text) => text.as_deref().is_none_or(str::is_empty),
            other => json(other).is_null() && !matches!(other, Value::Bytes(Some(_))),
        })
    };
    old == new || (nothing(old) && nothing(new))
}

/// Numbers, ids and switches are shown, texts when the entity says so, bytes and secrets never.
fn is_shown(column: &str, value: Option<&Value>, shown: &[&str]) -> bool {
    if is_secret(column) {
        return false;
    }
    match value {
        None | Some(Value::Bytes(_)) => false,
        Some(Value::String(_) | Value::Char(_) | Value::Json(_)) => shown.contains(&column),
        Some(_) => true,
    }
}

pub(crate) fn json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::TinyInt(value) => (*value).into(),
        Value::SmallInt(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::BigInt(value) => (*value).into(),
        Value::TinyUnsigned(value) => (*value).into(),
        Value::SmallUnsigned(value) => (*value).into(),
        Value::Unsigned(value) => (*value).into(),
        Value::BigUnsigned(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Double(value) => (*value).into(),
        Value::String(value) => value.as_deref().into(),
        Value::Char(value) => value.map(String::from).into(),
        Value::Json(value) => value.as_deref().cloned().into(),
        Value::Uuid(value) => value.map(|id| id.to_string()).into(),
        // Bytes, and what no column of ours holds.
        _ => Json::Null,
    }
}

/// A text that is a document of ours: compared value by value.
fn document(value: &Json) -> Option<Json> {
    let text = value.as_str()?;
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn put(row: &mut Map<String, Json>, column: &str, value: Option<Json>) {
    let value = match value {
        None => return,
        Some(Json::String(text)) => Json::String(cut(&text, MAX_TEXT).into_owned()),
        Some(value) => value,
    };
    row.insert(column.to_owned(), value);
}

/// Notes the values of two documents that differ, each under its path.
fn differ(
    column: &str,
    old: Option<Json>,
    new: Option<Json>,
    before: &mut Map<String, Json>,
    after: &mut Map<String, Json>,
) {
    let leaves = |document: Option<Json>| {
        let mut leaves = Vec::new();
        if let Some(document) = document {
            flatten(column.to_owned(), document, &mut leaves);
        }
        leaves
    };
    let (old, new) = (leaves(old), leaves(new));
    let value_at = |leaves: &[(String, Json)], path: &str| {
        leaves.iter().find(|(known, _)| known == path).map(|(_, value)| value.clone())
    };
    let gone = old.iter().filter(|(path, _)| value_at(&new, path).is_none());
    for (path, _) in new.iter().chain(gone).take(10 * MAX_LEAVES) {
        let (was, is) = (value_at(&old, path), value_at(&new, path));
        if was == is {
            continue;
        }
        if MAX_LEAVES <= before.len() + after.len() {
            after.insert("…".to_owned(), Json::from("more values differ"));
            return;
        }
        put(before, path, was);
        put(after, path, is);
    }
}

fn flatten(path: String, value: Json, leaves: &mut Vec<(String, Json)>) {
    // A document this large is not compared to its end.
    if 10 * MAX_LEAVES <= leaves.len() {
        return;
    }
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let value = if is_secret(&name) { Json::from("(hidden)") } else { value };
                flatten(format!("{path}.{name}"), value, leaves);
            }
        }
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (place, item) in items.into_iter().enumerate() {
                flatten(format!("{path}.{place}"), item, leaves);
            }
        }
        value => leaves.push((path, value)),
    }
}

/// At most so many characters, with a mark where something is missing.
fn cut(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn noted(shown: &'static [&'static str], before: Option<Row>, after: Option<Row>) -> Option<Json> {
        Noted { table: "thing", shown, id: "7".to_owned(), before, after }.change()
    }

    #[test]
    fn shows_what_differs_and_hides_what_is_not_shown() {
        let row = |title: &str, hash: &str, version: i64| -> Row {
            vec![
                ("title", title.into()),
                ("password_hash", hash.into()),
                ("note", "x".into()),
                ("version", version.into()),
            ]
        };
        let change = noted(&["title"], Some(row("a", "1", 1)), Some(row("b", "2", 2)));
        assert_eq!(
            change,
            Some(json!({
                "kind": "thing", "id": "7", "before": {"title": "a"}, "after": {"title": "b"},
                "hidden": ["password_hash"],
            }))
        );
        assert_eq!(noted(&["title"], Some(row("a", "1", 1)), Some(row("a", "1", 2))), None);
        let made = noted(&["title"], None, Some(row("a", "1", 1))).unwrap();
        assert_eq!(made["after"], json!({"title": "a", "version": 1}));
        assert_eq!(made["hidden"], json!(["password_hash", "note"]));
        assert_eq!(made.get("before"), None);
    }

    #[test]
    fn a_secret_stays_one_whatever_an_entity_says() {
        for name in ["password_hash", "token", "TOTP_SECRET", "webhookSecret", "api_key", "recovery_codes"] {
            assert!(is_secret(name), "{name}");
            assert!(!is_shown(name, Some(&"x".into()), &["password_hash", "token", "api_key"]), "{name}");
        }
        assert!(!is_shown("picture", Some(&vec![1_u8].into()), &["picture"]));
        assert!(
            are_no_secrets(&["title", "currency", "option_values"]) && !are_no_secrets(&["title", "token"])
        );
    }

    #[test]
    fn documents_are_compared_value_by_value() {
        let row = |text: &str| -> Option<Row> { Some(vec![("settings", text.into())]) };
        let old = r#"{"tax":{"rate":21},"mail":{"password":"a"},"zones":[{"name":"EU"}]}"#;
        let new = r#"{"tax":{"rate":19},"mail":{"password":"b"},"zones":[{"name":"EU"},{"name":"US"}]}"#;
        let change = noted(&["settings"], row(old), row(new)).unwrap();
        assert_eq!(change["before"], json!({"settings.tax.rate": 21}));
        assert_eq!(change["after"], json!({"settings.tax.rate": 19, "settings.zones.1.name": "US"}));
    }

    #[test]
    fn long_texts_are_cut_and_many_rows_counted() {
        let trail = Trail::default();
        trail.begin(None);
        let text = "é".repeat(MAX_TEXT + 1);
        for n in 0..MAX_ROWS + 5 {
            let after = Some(vec![("title", Value::from(text.clone()))]);
            trail.row("thing", &["title"], (n.to_string(), n.to_string()), None, after);
        }
        assert_eq!(trail.room(), Some(0));
        let changes = trail.take().unwrap().changes().unwrap();
        assert!(changes.len() <= MAX_BYTES + 100, "{}", changes.len());
        let changes: Vec<Json> = serde_json::from_str(&changes).unwrap();
        let whole = changes.len() - 1;
        assert_eq!(changes[whole], json!({"kind": "thing", "count": MAX_ROWS + 5 - whole}));
        assert_eq!(changes[0]["after"]["title"].as_str().unwrap().chars().count(), MAX_TEXT + 1);
    }

    #[test]
    fn a_row_that_changes_twice_is_noted_once() {
        let trail = Trail::default();
        assert_eq!(trail.room(), None, "nothing is noted of what nobody did");
        trail.begin(None);
        let row = |n: i64| -> Option<Row> { Some(vec![("n", n.into())]) };
        let key = || ("1".to_owned(), "1".to_owned());
        trail.row("thing", &[], key(), row(1), row(2));
        trail.row("thing", &[], key(), row(2), row(3));
        let changes = trail.take().unwrap().changes().unwrap();
        assert_eq!(changes, r#"[{"after":{"n":3},"before":{"n":1},"id":"1","kind":"thing"}]"#);
        trail.begin(None);
        trail.row("thing", &[], key(), row(1), row(2));
        trail.row("thing", &[], key(), row(2), row(1));
        assert_eq!(trail.take().unwrap().changes(), None, "it is as it was");
        trail.begin(None);
        trail.row("thing", &[], key(), None, row(2));
        trail.row("thing", &[], key(), row(2), None);
        assert_eq!(trail.take().unwrap().changes(), None, "it came and went");
    }
}
