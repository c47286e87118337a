//! A database handle on which a query without a tenant cannot be written.

use super::noting::{Before, same_row, taken};
use super::session::Conn;
use crate::audit::Trail;
use crate::{Error, Result};
use primitives::TenantId;
use sea_orm::sea_query::{IntoCondition, LockType, OnConflict};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr,
    DeleteMany, EntityTrait, FromQueryResult, IdenStatic, IntoActiveModel, IntoSimpleExpr, Iterable, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select, Statement, TryGetableMany,
    UpdateMany, Value,
};
use uuid::Uuid;

/// An entity whose every row belongs to exactly one tenant.
pub trait TenantOwned: EntityTrait {
    /// The column that holds the tenant.
    const TENANT: Self::Column;
    /// The column that holds the row's own id.
    const ID: Self::Column;
    /// What people call it: `product`, `order`.
    const KIND: &'static str;
    /// Text columns whose values the audit log may show; of the others it says that they changed. Numbers, ids and
    /// switches it shows, bytes and secrets ([`crate::audit::is_secret`]) never, nor should there be anybody's name or
    /// address. `None` keeps the table out of the log: read models, queues, carts.
    const SHOWN: Option<&'static [&'static str]> = Some(&[]);
}

/// The only handle that domain code gets to the database: every statement carries the tenant.
///
/// It is no SeaORM connection, so the unscoped calls do not compile:
///
/// ```compile_fail,E0277
/// use sea_orm::EntityTrait;
/// async fn leak<E: EntityTrait>(db: &platform::TenantDb) {
///     let _ = E::find().all(db).await;
/// }
/// ```
///
/// and neither does a platform-wide table:
///
/// ```compile_fail,E0277
/// fn global<E: sea_orm::EntityTrait>(db: &platform::TenantDb) {
///     let _ = db.find::<E>();
/// }
/// ```
///
/// and a reader, an open write or a raw statement are no way around it either:
///
/// ```compile_fail,E0277
/// async fn leak(tx: &platform::Tx) {
///     let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT 1");
///     let _ = sea_orm::JsonValue::find_by_statement(statement).all(&**tx).await;
/// }
/// use sea_orm::FromQueryResult;
/// ```
///
/// ```compile_fail,E0599
/// async fn leak(reader: &platform::Reader) {
///     use sea_orm::ConnectionTrait;
///     let _ = reader.execute_unprepared("DELETE FROM product").await;
/// }
/// ```
///
/// The transaction inside stays there:
///
/// ```compile_fail,E0624
/// fn leak(db: &platform::TenantDb) {
///     let _ = db.conn();
/// }
/// ```
///
/// and a row of a platform-wide table cannot be stored through it:
///
/// ```compile_fail,E0277
/// async fn global<A>(db: &platform::TenantDb, row: A)
/// where
///     A: sea_orm::ActiveModelTrait + sea_orm::ActiveModelBehavior + Send,
///     <A::Entity as sea_orm::EntityTrait>::Model: sea_orm::IntoActiveModel<A>,
/// {
///     let _ = db.insert(row).await;
/// }
/// ```
///
/// A tenant's own rows do:
///
/// ```
/// async fn fine<E: platform::TenantOwned>(db: &platform::TenantDb) {
///     let _ = db.find::<E>().all().await;
/// }
/// ```
pub struct TenantDb {
    conn: Conn,
    tenant: TenantId,
    pub(super) trail: Trail,
}

impl TenantDb {
    pub(super) fn new(conn: Conn, tenant: TenantId) -> Self {
        Self { conn, tenant, trail: Trail::default() }
    }

    /// The tenant whose rows these are.
    pub fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// Which database answers.
    pub fn backend(&self) -> DbBackend {
        self.conn.get_database_backend()
    }

    /// All rows of `E` in this tenant.
    pub fn find<E: TenantOwned>(&self) -> Rows<'_, E> {
        Rows { db: self, select: E::find() }
    }

    /// The row of `E` with this id in this tenant, or `None`.
    pub async fn find_by_id<E: TenantOwned>(&self, id: Uuid) -> Result<Option<E::Model>> {
        self.find::<E>().filter(E::ID.eq(id)).one().await
    }

    /// The row of `E` with this id; `NOT_FOUND` when there is none, or it is another tenant's.
    pub async fn get<E: TenantOwned>(&self, id: Uuid) -> Result<E::Model> {
        self.find_by_id::<E>(id).await?.ok_or_else(|| Error::not_found(E::KIND))
    }

    /// Stores a new row of this tenant.
    pub async fn insert<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let row = self.stamped(row);
        let row = <A::Entity as EntityTrait>::insert(row).exec_with_returning(&self.conn).await?;
        self.note_inserted::<A::Entity>(&row);
        Ok(row)
    }

    /// Stores many new rows of this tenant in few statements; gives back how many.
    pub async fn insert_many<A>(&self, rows: Vec<A>) -> Result<u64>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let coming = self.coming(&rows);
        let stored = self.insert_all(rows, None).await?;
        self.note_stored::<A::Entity>(coming, &[]);
        Ok(stored)
    }

    /// As [`TenantDb::insert_many`], leaving rows alone whose key is there already; gives back how many were new.
    pub async fn insert_new<A>(&self, rows: Vec<A>) -> Result<u64>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let (coming, more) = self.coming(&rows);
        let all = rows.len() as u64;
        let stored = self.insert_all(rows, Some(OnConflict::new().do_nothing().to_owned())).await?;
        match self.room::<A::Entity>() {
            Some(_) if stored == all => self.note_stored::<A::Entity>((coming, more), &[]),
            // Which of them were new, nobody says.
            Some(_) if stored > 0 => self.note_changed(Before::<A::Entity>::Many, stored).await?,
            _ => {}
        }
        Ok(stored)
    }

    /// Stores rows; where `conflict` columns are taken, overwrites the `update` columns. The tenant is one of the
    /// former and none of the latter, or a row of another tenant could be overwritten.
    pub async fn upsert_many<A>(
        &self,
        rows: Vec<A>,
        conflict: &[<A::Entity as EntityTrait>::Column],
        update: &[<A::Entity as EntityTrait>::Column],
    ) -> Result<u64>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let tenant = <A::Entity as TenantOwned>::TENANT;
        let names = |columns: &[<A::Entity as EntityTrait>::Column]| {
            columns.iter().any(|column| column.as_str() == tenant.as_str())
        };
        if !names(conflict) || names(update) {
            return Err(Error::internal("an upsert conflicts within the tenant and leaves the tenant alone"));
        }
        let rule =
            OnConflict::columns(conflict.iter().copied()).update_columns(update.iter().copied()).to_owned();
        let (coming, more) = self.coming(&rows);
        let before = match coming.is_empty() {
            true => Before::Off,
            false => {
                let which = taken::<A::Entity>(&coming, conflict);
                self.before::<A::Entity>(which, LockType::NoKeyUpdate).await?
            }
        };
        let stored = self.insert_all(rows, Some(rule)).await?;
        match before {
            Before::Rows(before) => self.note_stored::<A::Entity>((coming, more), &before),
            before => self.note_changed(before, stored).await?,
        }
        Ok(stored)
    }

    /// One row of [`TenantDb::upsert_many`].
    pub async fn upsert<A>(
        &self,
        row: A,
        conflict: &[<A::Entity as EntityTrait>::Column],
        update: &[<A::Entity as EntityTrait>::Column],
    ) -> Result<()>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.upsert_many(vec![row], conflict, update).await.map(|_| ())
    }

    /// Changes the row that the primary key in `row` names; `NOT_FOUND` when this tenant has none.
    pub async fn update<A>(&self, row: A) -> Result<<A::Entity as EntityTrait>::Model>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let row = self.stamped(row);
        let before = match self.room::<A::Entity>() {
            Some(_) => self.before::<A::Entity>(same_row(&row), LockType::NoKeyUpdate).await?,
            None => Before::Off,
        };
        let update = <A::Entity as EntityTrait>::update(row)
            .validate()?
            .filter(<A::Entity as TenantOwned>::TENANT.eq(self.tenant.uuid()));
        let after = match update.exec(&self.conn).await {
            Err(DbErr::RecordNotUpdated) => return Err(Error::not_found(<A::Entity as TenantOwned>::KIND)),
            result => result?,
        };
        match before {
            Before::Rows(before) => self.record(before.first(), Some(&after)),
            before => self.note_changed(before, 1).await?,
        }
        Ok(after)
    }

    /// Changes rows of this tenant; rows affected decide.
    pub fn update_many<E: TenantOwned>(&self) -> UpdateRows<'_, E> {
        let update = E::update_many().filter(E::TENANT.eq(self.tenant.uuid()));
        UpdateRows { db: self, update, which: self.room::<E>().map(|_| Condition::all()) }
    }

    /// Deletes rows of this tenant.
    pub fn delete_many<E: TenantOwned>(&self) -> DeleteRows<'_, E> {
        let delete = E::delete_many().filter(E::TENANT.eq(self.tenant.uuid()));
        DeleteRows { db: self, delete, which: self.room::<E>().map(|_| Condition::all()) }
    }

    /// Rows of a statement that the builder cannot say.
    ///
    /// `sql` must name the tenant as `{tenant}`; values stand as `?`, in order. On PostgreSQL both become `$n`, so its
    /// operators with a question mark have no place here (`jsonb_exists` says the same). Inside quotes and comments
    /// both are plain text.
    pub async fn raw_all(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
        let statement = self.statement(sql, values)?;
        Ok(self.conn.query_all_raw(statement).await?)
    }

    /// As [`TenantDb::raw_all`], for statements that change rows; gives back how many were affected.
    pub async fn raw_exec(&self, sql: &str, values: Vec<Value>) -> Result<u64> {
        let statement = self.statement(sql, values)?;
        Ok(self.conn.execute_raw(statement).await?.rows_affected())
    }

    /// The statement with the tenant bound where `{tenant}` stands.
    fn statement(&self, sql: &str, values: Vec<Value>) -> Result<Statement> {
        let backend = self.backend();
        let tenant = Value::from(self.tenant.uuid());
        let (mut given, mut bound) = (values.into_iter(), Vec::new());
        let mut text = String::with_capacity(sql.len() + 16);
        let mut scoped = false;
        let mut rest = sql;
        while let Some(at) = rest.find(['?', '{', '\'', '"', '-', '/']) {
            let (before, found) = rest.split_at(at);
            text.push_str(before);
            let quoted = quoted(found);
            let value = match (quoted, found.starts_with('?'), found.starts_with("{tenant}")) {
                (1.., _, _) => {
                    text.push_str(&found[..quoted]);
                    rest = &found[quoted..];
                    continue;
                }
                (_, true, _) => {
                    rest = &found[1..];
                    given.next().ok_or_else(|| Error::internal("a raw statement has more ? than values"))?
                }
                (_, _, true) => {
                    rest = &found["{tenant}".len()..];
                    scoped = true;
                    tenant.clone()
                }
                _ => {
                    text.push_str(&found[..1]);
                    rest = &found[1..];
                    continue;
                }
            };
            bound.push(value);
            match backend {
                DbBackend::Postgres => text.push_str(&format!("${}", bound.len())),
                _ => text.push('?'),
            }
        }
        text.push_str(rest);
        if !scoped {
            return Err(Error::internal("a raw statement must name {tenant}"));
        }
        if given.next().is_some() {
            return Err(Error::internal("a raw statement has more values than ?"));
        }
        Ok(Statement::from_sql_and_values(backend, text, bound))
    }

    async fn insert_all<A>(&self, rows: Vec<A>, rule: Option<OnConflict>) -> Result<u64>
    where
        A: ActiveModelTrait + ActiveModelBehavior + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        // SQLite binds at most 32,766 values in a statement, PostgreSQL 65,535.
        let columns = <A::Entity as EntityTrait>::Column::iter().count().max(1);
        let chunk = (30_000 / columns).clamp(1, 1_000);
        let mut affected = 0;
        let mut rows = rows.into_iter().map(|row| self.stamped(row)).peekable();
        while rows.peek().is_some() {
            let insert =
                <A::Entity as EntityTrait>::insert_many(rows.by_ref().take(chunk).collect::<Vec<_>>());
            let insert = match &rule {
                Some(rule) => insert.on_conflict(rule.clone()),
                None => insert,
            };
            affected += insert.exec_without_returning(&self.conn).await?;
        }
        Ok(affected)
    }

    fn stamped<A>(&self, mut row: A) -> A
    where
        A: ActiveModelTrait,
        A::Entity: TenantOwned,
    {
        row.set(<A::Entity as TenantOwned>::TENANT, self.tenant.uuid().into());
        row
    }

    pub(super) fn conn(&self) -> &Conn {
        &self.conn
    }

    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }
}

/// So many `?`, separated, for a list in a raw statement.
pub fn holes(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// Length of the literal, quoted name or comment that `sql` begins with; 0 when it begins with none.
fn quoted(sql: &str) -> usize {
    let until =
        |start: usize, end: &str| sql[start..].find(end).map_or(sql.len(), |at| start + at + end.len());
    match sql.as_bytes() {
        // A doubled quote ends one literal and begins the next, which comes to the same.
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        _ => 0,
    }
}

/// A query over one tenant's rows of `E`.
pub struct Rows<'c, E: EntityTrait> {
    db: &'c TenantDb,
    select: Select<E>,
}

impl<E: TenantOwned> Rows<'_, E> {
    /// Narrows the rows.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        self.select = self.select.filter(condition);
        self
    }

    /// Smallest first.
    pub fn order_by_asc(mut self, column: impl IntoSimpleExpr) -> Self {
        self.select = self.select.order_by_asc(column);
        self
    }

    /// Largest first.
    pub fn order_by_desc(mut self, column: impl IntoSimpleExpr) -> Self {
        self.select = self.select.order_by_desc(column);
        self
    }

    /// In the given direction.
    pub fn order_by(mut self, column: impl IntoSimpleExpr, order: Order) -> Self {
        self.select = self.select.order_by(column, order);
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.select = self.select.limit(rows);
        self
    }

    /// Skips so many rows; for page numbers only, cursors filter.
    pub fn offset(mut self, rows: u64) -> Self {
        self.select = self.select.offset(rows);
        self
    }

    /// Anything else that the builder can say; the tenant filter is added to whatever comes out.
    pub fn map(mut self, change: impl FnOnce(Select<E>) -> Select<E>) -> Self {
        self.select = change(self.select);
        self
    }

    /// The first row, if any.
    pub async fn one(self) -> Result<Option<E::Model>> {
        let db = self.db;
        Ok(self.scoped().one(&db.conn).await?)
    }

    /// All rows.
    pub async fn all(self) -> Result<Vec<E::Model>> {
        let db = self.db;
        Ok(self.scoped().all(&db.conn).await?)
    }

    /// How many rows there are.
    pub async fn count(self) -> Result<u64>
    where
        E::Model: FromQueryResult + Send + Sync,
    {
        let db = self.db;
        Ok(PaginatorTrait::count(self.scoped(), &db.conn).await?)
    }

    /// Only these columns, as tuples.
    pub async fn columns<T: TryGetableMany + Send>(
        self,
        columns: impl IntoIterator<Item = E::Column>,
    ) -> Result<Vec<T>> {
        let db = self.db;
        Ok(self.scoped().select_only().columns(columns).into_tuple::<T>().all(&db.conn).await?)
    }

    /// Rows as another shape, after [`Rows::map`] chose what to select.
    pub async fn into_model<M: FromQueryResult + Send>(self) -> Result<Vec<M>> {
        let db = self.db;
        Ok(self.scoped().into_model::<M>().all(&db.conn).await?)
    }

    /// The filter comes last, so that nothing that was said before can take it away.
    fn scoped(self) -> Select<E> {
        self.select.filter(E::TENANT.eq(self.db.tenant.uuid()))
    }
}

/// A change over one tenant's rows of `E`.
pub struct UpdateRows<'c, E: EntityTrait> {
    db: &'c TenantDb,
    update: UpdateMany<E>,
    /// The filters once more, when the audit log wants to see the rows.
    which: Option<Condition>,
}

impl<E: TenantOwned> UpdateRows<'_, E> {
    /// Sets a column to an expression, such as `Expr::col(Column::Reserved).add(1)`.
    pub fn col_expr(mut self, column: E::Column, value: impl Into<sea_orm::sea_query::SimpleExpr>) -> Self {
        self.update = self.update.col_expr(column, value.into());
        self
    }

    /// Sets a column to a value.
    pub fn set(self, column: E::Column, value: impl Into<Value>) -> Self {
        self.col_expr(column, sea_orm::sea_query::Expr::value(value.into()))
    }

    /// Narrows the rows.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        let condition = condition.into_condition();
        self.which = self.which.map(|which| which.add(condition.clone()));
        self.update = self.update.filter(condition);
        self
    }

    /// Runs it; gives back how many rows changed.
    pub async fn exec(self) -> Result<u64> {
        let before = match self.which {
            Some(which) => self.db.before::<E>(which, LockType::NoKeyUpdate).await?,
            None => Before::Off,
        };
        let changed = self.update.exec(&self.db.conn).await?.rows_affected;
        self.db.note_changed(before, changed).await?;
        Ok(changed)
    }
}

/// A deletion over one tenant's rows of `E`.
pub struct DeleteRows<'c, E: EntityTrait> {
    db: &'c TenantDb,
    delete: DeleteMany<E>,
    /// The filters once more, when the audit log wants to see the rows.
    which: Option<Condition>,
}

impl<E: TenantOwned> DeleteRows<'_, E> {
    /// Narrows the rows.
    pub fn filter(mut self, condition: impl IntoCondition) -> Self {
        let condition = condition.into_condition();
        self.which = self.which.map(|which| which.add(condition.clone()));
        self.delete = self.delete.filter(condition);
        self
    }

    /// Runs it; gives back how many rows are gone.
    pub async fn exec(self) -> Result<u64> {
        let before = match self.which {
            Some(which) => self.db.before::<E>(which, LockType::Update).await?,
            None => Before::Off,
        };
        let gone = self.delete.exec(&self.db.conn).await?.rows_affected;
        self.db.note_gone(before, gone);
        Ok(gone)
    }
}
