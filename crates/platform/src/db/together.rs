//! Changes that travel together.

use super::noting::row;
use super::{TenantDb, TenantOwned};
use crate::audit::Row;
use crate::{Error, Result};
use sea_orm::{ActiveModelTrait, ActiveValue, DbBackend, IdenStatic, IntoActiveModel, Iterable, Value};

/// Changes of one transaction that need nothing of one another.
///
/// They are one way to the database and back. On PostgreSQL they are one statement, too: none sees what the others write,
/// and what tables ask of each other is looked at when all are done. No two may change the same row. SQLite does one after
/// the other, in the order in which they were said; locks are taken in that order on both.
pub struct Together<'t> {
    db: &'t TenantDb,
    changes: Vec<Change>,
    /// New rows for the audit log.
    noted: Vec<Note>,
}

type Note = Box<dyn FnOnce(&TenantDb) + Send>;

/// One statement that changes rows, with what stands in front of it.
struct Change {
    /// `name AS (…)`, each; no other change that travels along may use the name.
    with: &'static [&'static str],
    sql: String,
    values: Vec<Value>,
}

/// Which of several changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said(usize);

/// How many rows each change has met.
#[derive(Debug)]
pub struct Met(Vec<u64>);

impl Met {
    /// The rows that this change has met.
    pub fn rows(&self, said: Said) -> u64 {
        self.0.get(said.0).copied().unwrap_or_default()
    }
}

impl TenantDb {
    /// Changes that are to travel together; nothing happens before [`Together::send`].
    pub fn together(&self) -> Together<'_> {
        Together { db: self, changes: Vec::new(), noted: Vec::new() }
    }
}

impl Together<'_> {
    /// A statement that changes rows, as [`TenantDb::raw_exec`] takes it, without `WITH` and without `RETURNING`.
    pub fn raw(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Said {
        self.chained(&[], sql, values)
    }

    /// As [`Together::raw`], behind named parts (`name AS (…)`), whose values come first.
    pub fn chained(
        &mut self,
        with: &'static [&'static str],
        sql: impl Into<String>,
        values: Vec<Value>,
    ) -> Said {
        self.changes.push(Change { with, sql: sql.into(), values });
        Said(self.changes.len() - 1)
    }

    /// Stores new rows of this tenant.
    pub fn insert<E>(&mut self, rows: &[E::Model]) -> Result<()>
    where
        E: TenantOwned,
        E::Model: IntoActiveModel<E::ActiveModel> + Sync,
        E::ActiveModel: ActiveModelTrait<Entity = E>,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let mut values = Vec::new();
        let sql = insert_sql::<E>(rows, &mut values, |_| None)?;
        self.raw(sql, values);
        if self.db.room::<E>().is_some() {
            let rows: Vec<Row> = rows.iter().map(row::<E>).collect();
            self.noted.push(Box::new(move |db| rows.into_iter().for_each(|row| db.note_new::<E>(row))));
        }
        Ok(())
    }

    /// Makes the changes.
    ///
    /// # Errors
    /// Those of the database; the transaction must then be rolled back.
    pub async fn send(self) -> Result<Met> {
        let Self { db, changes, noted } = self;
        if changes.iter().any(|change| !change.names_tenant()) {
            return Err(Error::internal("a raw statement must name {tenant}"));
        }
        let met = match db.backend() {
            _ if changes.len() < 2 => {
                let mut met = Vec::new();
                for alone in changes {
                    met.push(db.raw_exec(&alone.text(), alone.values).await?);
                }
                met
            }
            DbBackend::Postgres => at_once(db, changes).await?,
            _ => in_turn(db, changes).await?,
        };
        noted.into_iter().for_each(|note| note(db));
        Ok(Met(met))
    }
}

impl Change {
    fn text(&self) -> String {
        match self.with {
            [] => self.sql.clone(),
            with => format!("WITH {} {}", with.join(", "), self.sql),
        }
    }

    fn names_tenant(&self) -> bool {
        self.with.iter().copied().chain([self.sql.as_str()]).any(|text| text.contains("{tenant}"))
    }
}

async fn at_once(db: &TenantDb, changes: Vec<Change>) -> Result<Vec<u64>> {
    let mut sql = String::from("WITH ");
    let (mut counts, mut values) = (Vec::with_capacity(changes.len()), Vec::new());
    for (nth, change) in changes.into_iter().enumerate() {
        for part in change.with {
            sql.push_str(part);
            sql.push_str(", ");
        }
        sql.push_str(&format!("said{nth} AS ({} RETURNING 1), ", change.sql));
        counts.push(format!("(SELECT count(*) FROM said{nth})"));
        values.extend(change.values);
    }
    sql.truncate(sql.len() - ", ".len());
    sql.push_str(" SELECT ");
    sql.push_str(&counts.join(", "));
    let found = db.raw_all(&sql, values).await?;
    let counted = found.first().ok_or_else(|| Error::internal("changes that travel together gave no row"))?;
    let met = (0..counts.len()).map(|nth| counted.try_get_by_index::<i64>(nth).map(i64::unsigned_abs));
    Ok(met.collect::<Result<_, _>>()?)
}

/// Several statements said in one breath, each with the question behind it how many rows it has met. What a statement costs
/// on SQLite is mostly that two threads wake each other.
async fn in_turn(db: &TenantDb, changes: Vec<Change>) -> Result<Vec<u64>> {
    let (mut sql, mut values) = (Vec::with_capacity(2 * changes.len()), Vec::new());
    for change in changes {
        sql.push(change.text());
        sql.push("SELECT changes()".to_owned());
        values.extend(change.values);
    }
    let counted = db.raw_all(&sql.join("; "), values).await?;
    let met = counted.iter().map(|row| row.try_get_by_index::<i64>(0).map(i64::unsigned_abs));
    Ok(met.collect::<Result<_, _>>()?)
}

/// The statement that stores rows of a tenant, with its values behind those that are there; `said` is what stands for a
/// column whose value the statement finds by itself.
pub fn insert_sql<E>(
    rows: &[E::Model],
    values: &mut Vec<Value>,
    said: fn(&E::Column) -> Option<&'static str>,
) -> Result<String>
where
    E: TenantOwned,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let columns: Vec<String> = E::Column::iter().map(|column| format!("\"{}\"", column.as_str())).collect();
    let mut tuples = Vec::with_capacity(rows.len());
    for row in rows {
        let row: E::ActiveModel = row.clone().into_active_model();
        let mut holes = Vec::with_capacity(columns.len());
        for column in E::Column::iter() {
            holes.push(match said(&column) {
                Some(said) => said,
                None if column.as_str() == E::TENANT.as_str() => "{tenant}",
                None => {
                    let (ActiveValue::Set(value) | ActiveValue::Unchanged(value)) = row.get(column) else {
                        return Err(Error::internal("a row to be stored has a value in each column"));
                    };
                    values.push(value);
                    "?"
                }
            });
        }
        tuples.push(format!("({})", holes.join(", ")));
    }
    let table = <E as Default>::default();
    Ok(format!("INSERT INTO {} ({}) VALUES {}", table.table_name(), columns.join(", "), tuples.join(", ")))
}
