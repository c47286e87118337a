//! Rows as JSON, out of both databases and into both, in statements of any table.
//!
//! A UUID is 32 hexadecimal digits, bytes are hexadecimal, yes and no are `true` and `false`, everything else is itself.

use super::shape::Shape;
use platform::db::schema::Kind;
use platform::{Error, Result, TenantDb};
use sea_orm::{DbBackend, Value};
use serde_json::Map;
use std::fmt::Write as _;
use uuid::Uuid;

/// Rows of one question.
pub const PAGE: usize = 200;

/// Reads rows behind a row in the order of the key, [`PAGE`] at most.
pub fn select(shape: &Shape, backend: DbBackend, first: bool) -> String {
    let tenant = shape.tenant_column();
    let table = &shape.table.name;
    let mut fields: Vec<(String, String)> = shape
        .columns
        .iter()
        .map(|column| (column.name.clone(), out(column.kind, &column.name, backend)))
        .collect();
    if table == "outbox" {
        let waits = "EXISTS (SELECT 1 FROM outbox_waiting w WHERE w.position = t.position)";
        let waits = match backend {
            DbBackend::Postgres => waits.to_owned(),
            _ => format!("json(CASE WHEN {waits} THEN 'true' ELSE 'false' END)"),
        };
        fields.push(("waiting".to_owned(), waits));
    }
    // Where the next page begins, when the key itself is not in the file.
    for key in shape.table.key.iter().filter(|key| shape.column(key).is_none()) {
        let kind =
            shape.table.columns.iter().find(|column| column.name == **key).map_or(Kind::Text, |c| c.kind);
        fields.push((format!("={key}"), out(kind, key, backend)));
    }
    let keys: Vec<String> = shape.table.key.iter().map(|key| format!("t.\"{key}\"")).collect();
    let keys = keys.join(", ");
    let behind = if first || keys.is_empty() {
        String::new()
    } else {
        format!(" AND ({keys}) > ({})", platform::db::holes(shape.table.key.len()))
    };
    let order = if keys.is_empty() { String::new() } else { format!(" ORDER BY {keys}") };
    let rows = format!("FROM {table} t WHERE t.{tenant} = {{tenant}}{behind}{order} LIMIT {PAGE}");
    match backend {
        DbBackend::Postgres => {
            let fields: Vec<_> = fields.iter().map(|(name, sql)| format!("{sql} AS \"{name}\"")).collect();
            format!("SELECT to_json(x)::text FROM (SELECT {} {rows}) x", fields.join(", "))
        }
        _ => {
            let fields: Vec<_> = fields.iter().map(|(name, sql)| format!("'{name}', {sql}")).collect();
            format!("SELECT json_object({}) {rows}", fields.join(", "))
        }
    }
}

fn out(kind: Kind, name: &str, backend: DbBackend) -> String {
    match (backend, kind) {
        (DbBackend::Postgres, Kind::Uuid) => format!("replace(t.\"{name}\"::text, '-', '')"),
        (DbBackend::Postgres, Kind::Bytes) => format!("encode(t.\"{name}\", 'hex')"),
        (DbBackend::Postgres, _) => format!("t.\"{name}\""),
        (_, Kind::Uuid | Kind::Bytes) => {
            format!("CASE WHEN t.\"{name}\" IS NULL THEN NULL ELSE lower(hex(t.\"{name}\")) END")
        }
        (_, Kind::Bool) => {
            format!("json(CASE t.\"{name}\" WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")
        }
        (_, Kind::Number | Kind::Text) => format!("t.\"{name}\""),
    }
}

/// The values of a row's key, for the next [`select`]; takes what [`select`] added for that out of the row.
pub fn key_of(shape: &Shape, row: &mut Map<String, serde_json::Value>) -> Result<Vec<Value>> {
    let strange = || Error::internal(format!("a row of {} without its key", shape.table.name));
    let key = shape.table.key.iter().map(|key| {
        let column = shape.table.columns.iter().find(|column| column.name == *key).ok_or_else(strange)?;
        let value = match row.remove(&format!("={key}")) {
            Some(value) => value,
            None => row.get(key).cloned().ok_or_else(strange)?,
        };
        Ok(match (column.kind, &value) {
            (Kind::Uuid, serde_json::Value::String(text)) => {
                Uuid::parse_str(text).map_err(|_| strange())?.into()
            }
            (Kind::Bytes, serde_json::Value::String(text)) => bytes(text).ok_or_else(strange)?.into(),
            (Kind::Text, serde_json::Value::String(text)) => text.as_str().into(),
            (Kind::Number, value) => value.as_i64().ok_or_else(strange)?.into(),
            (Kind::Bool, serde_json::Value::Bool(value)) => (*value).into(),
            _ => return Err(strange()),
        })
    });
    key.collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// Stores the rows of a JSON array, the one value of the statement. `fixed` columns get these expressions.
pub fn insert(shape: &Shape, backend: DbBackend, fixed: &[(&str, &str)]) -> String {
    let columns: Vec<_> = shape
        .columns
        .iter()
        .filter(|column| {
            column.name != shape.tenant_column() && !fixed.iter().any(|(name, _)| *name == column.name)
        })
        .collect();
    let mut names = format!("\"{}\"", shape.tenant_column());
    let mut values = "{tenant}".to_owned();
    for (name, value) in fixed {
        // Writing to a String cannot fail.
        let _ = write!(names, ", \"{name}\"");
        let _ = write!(values, ", {value}");
    }
    let mut typed = Vec::new();
    for column in &columns {
        let name = &column.name;
        let _ = write!(names, ", \"{name}\"");
        let (kind, value) = match (backend, column.kind) {
            (DbBackend::Postgres, Kind::Uuid) => ("uuid", format!("x.\"{name}\"")),
            (DbBackend::Postgres, Kind::Bytes) => ("text", format!("decode(x.\"{name}\", 'hex')")),
            (DbBackend::Postgres, Kind::Bool) => ("boolean", format!("x.\"{name}\"")),
            (DbBackend::Postgres, Kind::Number) => ("bigint", format!("x.\"{name}\"")),
            (DbBackend::Postgres, Kind::Text) => ("text", format!("x.\"{name}\"")),
            (_, Kind::Uuid | Kind::Bytes) => ("", format!("unhex(x.value->>'{name}')")),
            (_, _) => ("", format!("x.value->>'{name}'")),
        };
        typed.push(format!("\"{name}\" {kind}"));
        let _ = write!(values, ", {value}");
    }
    let table = &shape.table.name;
    match backend {
        DbBackend::Postgres if typed.is_empty() => {
            format!("INSERT INTO {table} ({names}) SELECT {values} FROM jsonb_array_elements(?::jsonb)")
        }
        DbBackend::Postgres => format!(
            "INSERT INTO {table} ({names}) SELECT {values} FROM jsonb_to_recordset(?::jsonb) AS x ({})",
            typed.join(", ")
        ),
        _ => format!(
            "INSERT INTO {table} ({names}) SELECT {values} FROM json_each(?) x WHERE true ORDER BY x.key"
        ),
    }
}

/// What is wrong with a value of this kind; bytes and UUIDs are checked here because SQLite would not.
pub fn wrong(kind: Kind, required: bool, value: &serde_json::Value) -> Option<&'static str> {
    use serde_json::Value as Json;
    match (kind, value) {
        (_, Json::Null) => required.then_some("is missing"),
        (Kind::Uuid, Json::String(text)) if text.len() == 32 && Uuid::parse_str(text).is_ok() => None,
        (Kind::Uuid, _) => Some("is no id"),
        (Kind::Bytes, Json::String(text)) if text.len().is_multiple_of(2) && bytes(text).is_some() => None,
        (Kind::Bytes, _) => Some("is not hexadecimal"),
        (Kind::Bool, Json::Bool(_)) => None,
        (Kind::Bool, _) => Some("is neither true nor false"),
        (Kind::Number, Json::Number(number)) if number.is_i64() => None,
        (Kind::Number, _) => Some("is no whole number"),
        (Kind::Text, Json::String(text)) if text.contains('\0') => {
            Some("holds a character that no text may hold")
        }
        (Kind::Text, Json::String(_)) => None,
        (Kind::Text, _) => Some("is no text"),
    }
}

/// Rows that a statement of [`select`] gives, as they go into the file.
pub async fn rows(db: &TenantDb, sql: &str, key: Vec<Value>) -> Result<Vec<Map<String, serde_json::Value>>> {
    let rows = db.raw_all(sql, key).await?;
    rows.iter()
        .map(|row| {
            let text: String = row.try_get_by_index(0)?;
            serde_json::from_str(&text).map_err(Error::internal)
        })
        .collect()
}
