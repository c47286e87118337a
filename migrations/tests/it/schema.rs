//! The schema as a value, read from either database.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement, TryGetable};
use testkit::{Backend, TestDb};

/// Tables by name.
pub type Schema = BTreeMap<String, Table>;

#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// Type and whether NULL is refused, by name.
    pub columns: BTreeMap<String, Column>,
    pub primary_key: Vec<String>,
    /// Columns of each unique key, the primary one included.
    pub unique: Vec<Vec<String>>,
    pub foreign_keys: Vec<ForeignKey>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub kind: String,
    pub required: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey {
    pub columns: Vec<String>,
    pub table: String,
    pub referenced: Vec<String>,
}

impl Table {
    pub fn belongs_to_a_tenant(&self) -> bool {
        self.columns.contains_key("tenant_id")
    }

    pub fn has_unique(&self, columns: &[&str]) -> bool {
        let mut wanted = columns.to_vec();
        wanted.sort_unstable();
        self.unique.iter().any(|key| {
            let mut key: Vec<_> = key.iter().map(String::as_str).collect();
            key.sort_unstable();
            key == wanted
        })
    }
}

/// Everything but the book-keeping of the databases themselves.
pub async fn read(database: &TestDb) -> Schema {
    let connection = database.owner().await;
    let schema = match database.backend() {
        Backend::Sqlite => read_sqlite(&connection).await,
        Backend::Postgres => read_postgres(&connection).await,
    };
    connection.close().await.expect("closed");
    schema
}

/// Rows of a statement.
pub async fn rows(connection: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// One column of a row.
pub fn at<T: TryGetable>(row: &QueryResult, column: usize) -> T {
    row.try_get_by_index(column).expect("a value of this type")
}

async fn read_sqlite(connection: &DatabaseConnection) -> Schema {
    let mut schema = Schema::new();
    let names =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    for row in rows(connection, names).await {
        let name: String = at(&row, 0);
        let mut table = Table::default();
        let mut key = BTreeMap::new();
        let columns = format!("SELECT name, lower(type), \"notnull\", pk FROM pragma_table_info('{name}')");
        for row in rows(connection, &columns).await {
            let (column, kind, required, pk): (String, String, i32, i32) =
                (at(&row, 0), at(&row, 1), at(&row, 2), at(&row, 3));
            if pk > 0 {
                key.insert(pk, column.clone());
            }
            table.columns.insert(column, Column { kind, required: required != 0 || pk > 0 });
        }
        table.primary_key = key.into_values().collect();
        table.unique.push(table.primary_key.clone());
        let uniques =
            format!("SELECT name FROM pragma_index_list('{name}') WHERE \"unique\" = 1 AND partial = 0");
        for row in rows(connection, &uniques).await {
            let index: String = at(&row, 0);
            let columns = format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno");
            table.unique.push(rows(connection, &columns).await.iter().map(|row| at(row, 0)).collect());
        }
        let mut keys: BTreeMap<i32, ForeignKey> = BTreeMap::new();
        let foreign = format!(
            "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list('{name}') ORDER BY id, seq"
        );
        for row in rows(connection, &foreign).await {
            let key = keys.entry(at(&row, 0)).or_insert_with(|| ForeignKey {
                columns: Vec::new(),
                table: at(&row, 1),
                referenced: Vec::new(),
            });
            key.columns.push(at(&row, 2));
            key.referenced.push(at(&row, 3));
        }
        table.foreign_keys = keys.into_values().collect();
        table.foreign_keys.sort();
        schema.insert(name, table);
    }
    schema
}

async fn read_postgres(connection: &DatabaseConnection) -> Schema {
    let mut schema = Schema::new();
    let columns = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped";
    for row in rows(connection, columns).await {
        let table: &mut Table = schema.entry(at(&row, 0)).or_default();
        table.columns.insert(at(&row, 1), Column { kind: at(&row, 2), required: at(&row, 3) });
    }
    let keys = "SELECT c.relname::text, i.indisprimary,
           (SELECT string_agg(a.attname, ',' ORDER BY k.nth) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, nth)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum)
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND i.indpred IS NULL";
    for row in rows(connection, keys).await {
        let (name, primary, columns): (String, bool, String) = (at(&row, 0), at(&row, 1), at(&row, 2));
        let columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
        let table = schema.entry(name).or_default();
        if primary {
            table.primary_key.clone_from(&columns);
        }
        table.unique.push(columns);
    }
    let names = |list: &str, relation: &str| {
        format!(
            "(SELECT string_agg(a.attname, ',' ORDER BY k.nth) FROM unnest({list}) WITH ORDINALITY AS k (attnum, nth)
              JOIN pg_attribute a ON a.attrelid = {relation} AND a.attnum = k.attnum)"
        )
    };
    let foreign = format!(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, {}, {} FROM pg_constraint
         WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
        names("conkey", "conrelid"),
        names("confkey", "confrelid")
    );
    for row in rows(connection, &foreign).await {
        let split = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let key =
            ForeignKey { table: at(&row, 1), columns: split(at(&row, 2)), referenced: split(at(&row, 3)) };
        schema.entry(at(&row, 0)).or_default().foreign_keys.push(key);
    }
    schema.values_mut().for_each(|table| table.foreign_keys.sort());
    schema
}
