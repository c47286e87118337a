//! What rows were and are, for the audit log: looked up only in writes that leave an entry.

use super::{TenantDb, TenantOwned};
use crate::Result;
use crate::audit::{Row, Trail, json};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, Condition, EntityTrait, IdenStatic, Iterable, ModelTrait,
    PrimaryKeyToColumn, QueryFilter, QuerySelect, Value,
};

/// Rows as they were before a change.
pub(super) enum Before<E: EntityTrait> {
    /// Nobody is noted, or rows of this kind are not.
    Off,
    /// More than are noted with their values.
    Many,
    Rows(Vec<E::Model>),
}

impl TenantDb {
    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// How many rows of `E` may be noted; `None` when they are not noted at all.
    pub(super) fn room<E: TenantOwned>(&self) -> Option<usize> {
        E::SHOWN.and(self.trail.room())
    }

    /// The rows that a change is about to meet, kept as they are until it is done.
    pub(super) async fn before<E: TenantOwned>(&self, which: Condition, lock: LockType) -> Result<Before<E>> {
        let room = match self.room::<E>() {
            None => return Ok(Before::Off),
            Some(0) => return Ok(Before::Many),
            Some(room) => room,
        };
        let most = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
        let select = E::find().filter(which).filter(E::TENANT.eq(self.tenant_id().uuid()));
        let rows = select.limit(most).lock(lock).all(self.conn()).await?;
        Ok(if rows.len() <= room { Before::Rows(rows) } else { Before::Many })
    }

    /// Notes what became of rows that were changed in place.
    pub(super) async fn note_changed<E: TenantOwned>(&self, before: Before<E>, affected: u64) -> Result<()> {
        match before {
            Before::Many => self.trail.count(table::<E>(), affected),
            Before::Rows(rows) if !rows.is_empty() && affected > 0 => {
                let before: Vec<Row> = rows.iter().map(row::<E>).collect();
                let keys = before.iter().fold(Condition::any(), |any, row| any.add(key_is::<E>(row)));
                let select = E::find().filter(keys).filter(E::TENANT.eq(self.tenant_id().uuid()));
                let after: Vec<Row> = select.all(self.conn()).await?.iter().map(row::<E>).collect();
                for before in before {
                    let after = after.iter().find(|row| key::<E>(row) == key::<E>(&before)).cloned();
                    self.note::<E>(Some(before), after);
                }
            }
            Before::Off | Before::Rows(_) => {}
        }
        Ok(())
    }

    /// Notes rows that were deleted.
    pub(super) fn note_gone<E: TenantOwned>(&self, before: Before<E>, affected: u64) {
        match before {
            Before::Many => self.trail.count(table::<E>(), affected),
            Before::Rows(rows) if affected > 0 => {
                rows.iter().for_each(|gone| self.note::<E>(Some(row::<E>(gone)), None));
            }
            Before::Off | Before::Rows(_) => {}
        }
    }

    /// The columns of rows that are about to be stored, and how many rows there are besides.
    pub(super) fn coming<A>(&self, rows: &[A]) -> (Vec<Row>, usize)
    where
        A: ActiveModelTrait,
        A::Entity: TenantOwned,
    {
        match self.room::<A::Entity>() {
            Some(room) => {
                let noted: Vec<Row> = rows.iter().take(room).map(active_row).collect();
                let more = rows.len() - noted.len();
                (noted, more)
            }
            None => (Vec::new(), 0),
        }
    }

    /// Notes rows that were stored; where one overwrote another, `before` has it.
    pub(super) fn note_stored<E: TenantOwned>(&self, (rows, more): (Vec<Row>, usize), before: &[E::Model]) {
        let before: Vec<Row> = before.iter().map(row::<E>).collect();
        for row in rows {
            let old = before.iter().find(|old| key::<E>(old) == key::<E>(&row)).cloned();
            // What was not given stays as it was.
            let rest =
                old.iter().flatten().filter(|(column, _)| row.iter().all(|(given, _)| given != column));
            let after = row.iter().chain(rest).cloned().collect();
            self.note::<E>(old, Some(after));
        }
        if more > 0 {
            self.trail.count(table::<E>(), u64::try_from(more).unwrap_or(u64::MAX));
        }
    }

    /// Notes what a statement of the use case's own changed: the row as it was and as it is.
    pub fn record<M>(&self, before: Option<&M>, after: Option<&M>)
    where
        M: ModelTrait,
        M::Entity: TenantOwned + EntityTrait<Model = M>,
    {
        if self.room::<M::Entity>().is_some() {
            self.note::<M::Entity>(before.map(row::<M::Entity>), after.map(row::<M::Entity>));
        }
    }

    pub(super) fn note_inserted<E: TenantOwned>(&self, model: &E::Model) {
        if self.room::<E>().is_some() {
            self.note::<E>(None, Some(row::<E>(model)));
        }
    }

    pub(super) fn note_new<E: TenantOwned>(&self, row: Row) {
        self.note::<E>(None, Some(row));
    }

    fn note<E: TenantOwned>(&self, before: Option<Row>, after: Option<Row>) {
        let Some(named) = before.as_ref().or(after.as_ref()) else { return };
        let id = named.iter().find(|(column, _)| *column == E::ID.as_str()).map(|(_, value)| json(value));
        let id = match id {
            Some(serde_json::Value::String(id)) => id,
            Some(serde_json::Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        self.trail.row(table::<E>(), E::SHOWN.unwrap_or_default(), (key::<E>(named), id), before, after);
    }
}

fn table<E: TenantOwned>() -> &'static str {
    E::default().table_name()
}

fn is_named<E: TenantOwned>(column: &E::Column) -> bool {
    column.as_str() != E::TENANT.as_str() || E::TENANT.as_str() == E::ID.as_str()
}

pub(super) fn row<E: TenantOwned>(model: &E::Model) -> Row {
    E::Column::iter().filter(is_named::<E>).map(|column| (column.as_str(), model.get(column))).collect()
}

fn active_row<A>(model: &A) -> Row
where
    A: ActiveModelTrait,
    A::Entity: TenantOwned,
{
    let columns = <A::Entity as EntityTrait>::Column::iter().filter(is_named::<A::Entity>);
    columns
        .filter_map(|column| match model.get(column) {
            ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some((column.as_str(), value)),
            ActiveValue::NotSet => None,
        })
        .collect()
}

/// The columns of the primary key beside the tenant.
fn key_columns<E: TenantOwned>() -> impl Iterator<Item = E::Column> {
    E::PrimaryKey::iter().map(|part| part.into_column()).filter(is_named::<E>)
}

fn key<E: TenantOwned>(row: &Row) -> String {
    let value = |column: E::Column| row.iter().find(|(name, _)| *name == column.as_str()).map(|(_, v)| v);
    key_columns::<E>().map(|column| format!("{:?} ", value(column))).collect()
}

fn key_is<E: TenantOwned>(row: &Row) -> Condition {
    let value = |column: E::Column| {
        let found = row.iter().find(|(name, _)| *name == column.as_str());
        found.map_or(Value::Bool(None), |(_, value)| value.clone())
    };
    key_columns::<E>().fold(Condition::all(), |all, column| all.add(column.eq(value(column))))
}

/// The rows that `rows` would overwrite where `conflict` is taken.
pub(super) fn taken<E: TenantOwned>(rows: &[Row], conflict: &[E::Column]) -> Condition {
    rows.iter().fold(Condition::any(), |any, row| {
        let columns = conflict.iter().filter(|column| is_named::<E>(column));
        any.add(columns.fold(Condition::all(), |all, column| {
            let found = row.iter().find(|(name, _)| *name == column.as_str());
            all.add(column.eq(found.map_or(Value::Bool(None), |(_, value)| value.clone())))
        }))
    })
}

/// The row that the primary key in `row` names.
pub(super) fn same_row<A>(model: &A) -> Condition
where
    A: ActiveModelTrait,
    A::Entity: TenantOwned,
{
    key_is::<A::Entity>(&active_row(model))
}
