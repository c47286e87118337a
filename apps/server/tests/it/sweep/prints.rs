//! Every row of some shops, to say which of them changed.

use crate::world::World;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use std::collections::{BTreeMap, BTreeSet};
use testkit::Backend;
use uuid::Uuid;

/// Rows by table, one below the other.
type Rows = BTreeMap<String, String>;

/// Looks at all rows that some shops own, again and again.
pub struct Watch {
    rows: DatabaseConnection,
    sql: String,
    before: Rows,
}

impl Watch {
    /// Begins with what the shops `tenants` own now, but for the tables `beside`.
    pub async fn begin(world: &World, tenants: &[Uuid], beside: &[&str]) -> Self {
        let rows = world.rows().await;
        let among: Vec<String> = tenants.iter().map(|tenant| world.literal(*tenant)).collect();
        let among = among.join(", ");
        let mut all = Vec::new();
        for (table, columns) in tables(&rows, world.database.backend()).await {
            if beside.contains(&table.as_str()) {
                continue;
            }
            all.push(match world.database.backend() {
                Backend::Sqlite => {
                    let columns: Vec<String> =
                        columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
                    format!(
                        "SELECT '{table}', coalesce(group_concat({}, char(10)), '') FROM \"{table}\" \
                         WHERE tenant_id IN ({among})",
                        columns.join(" || ' ' || ")
                    )
                }
                Backend::Postgres => format!(
                    "SELECT '{table}', coalesce(string_agg(t::text, E'\\n'), '') FROM \"{table}\" t \
                     WHERE tenant_id IN ({among})"
                ),
            });
        }
        let mut watch = Self { rows, sql: all.join(" UNION ALL "), before: Rows::new() };
        watch.before = watch.look().await;
        watch
    }

    /// What has changed since the last look: rows that went with `-`, rows that came with `+`.
    pub async fn changes(&mut self) -> Vec<String> {
        let now = self.look().await;
        let mut changes = Vec::new();
        for (table, rows) in &now {
            let before = &self.before[table];
            if before != rows {
                changes.extend(differences(table, before, rows));
            }
        }
        self.before = now;
        changes
    }

    async fn look(&self) -> Rows {
        let statement = Statement::from_string(self.rows.get_database_backend(), self.sql.clone());
        let found = self.rows.query_all_raw(statement).await.expect("rows");
        let read = |row: sea_orm::QueryResult| {
            let of = |index| row.try_get_by_index::<String>(index).expect("a table with its rows");
            (of(0), of(1))
        };
        found.into_iter().map(read).collect()
    }
}

/// Lines that are only in one of the two, whatever their order.
fn differences(table: &str, before: &str, now: &str) -> Vec<String> {
    let sorted = |rows: &str| -> Vec<String> {
        let mut lines: Vec<String> = rows.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (before, now) = (sorted(before), sorted(now));
    if before == now {
        return Vec::new();
    }
    let set = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
    let (was, is) = (set(&before), set(&now));
    let went = was.difference(&is).map(|row| format!("{table} - {row}"));
    let mut found: Vec<String> =
        went.chain(is.difference(&was).map(|row| format!("{table} + {row}"))).collect();
    if found.is_empty() {
        found.push(format!("{table}: as many other rows"));
    }
    found
}

/// Tables of tenants with their columns.
async fn tables(rows: &DatabaseConnection, backend: Backend) -> BTreeMap<String, Vec<String>> {
    let sql = match backend {
        Backend::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) t ON t.name = 'tenant_id' \
             JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        Backend::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns \
             WHERE column_name = 'tenant_id' AND table_schema = 'public'"
        }
    };
    let statement = Statement::from_string(rows.get_database_backend(), sql);
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.query_all_raw(statement).await.expect("tables") {
        let name = |index| row.try_get_by_index::<String>(index).expect("a name");
        tables.entry(name(0)).or_default().push(name(1));
    }
    tables
}
