//! Rules that every table keeps, whoever adds it.

use testkit::{Backend, TestDb};

use crate::schema::{self, Schema, Table};

/// Tables without a tenant.
const PLATFORM: &[&str] = &["relay_lease", "seaql_migrations", "tenant", "tenant_change"];

/// Tables with a tenant column that platform work reads across tenants, so without row level security. Each is
/// reached by one module only, and never through `TenantDb::find`.
pub const QUEUES: &[&str] = &[
    "audit_waiting",
    "mail_queue",
    "media_fetch",
    "outbox",
    "outbox_failure",
    "outbox_head",
    "outbox_waiting",
    "tenant_domain",
    "tenant_due",
    "tenant_feature",
    "tenant_module",
];

/// Only PostgreSQL needs these.
const ONLY_POSTGRES: &[&str] = &["outbox_head"];

async fn every_table_belongs_to_a_tenant_or_is_known_not_to(database: TestDb) {
    let schema = schema::read(&database).await;
    let without: Vec<_> = schema
        .iter()
        .filter(|(_, table)| !table.belongs_to_a_tenant())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(without, PLATFORM);
    for queue in
        QUEUES.iter().filter(|name| database.backend() == Backend::Postgres || !ONLY_POSTGRES.contains(name))
    {
        assert!(schema.contains_key(*queue), "{queue} is gone: take it from the list");
    }
}

async fn keys_of_tenant_tables_begin_with_the_tenant(database: TestDb) {
    let schema = schema::read(&database).await;
    for (name, table) in of_tenants(&schema) {
        assert!(table.columns["tenant_id"].required, "{name}.tenant_id must be NOT NULL");
        let to_tenant =
            table.foreign_keys.iter().any(|key| key.table == "tenant" && key.columns == ["tenant_id"]);
        let busy = database.backend() == Backend::Postgres && migrations::BUSY.contains(&name);
        assert_eq!(to_tenant, !busy, "{name}.tenant_id and the key to tenant");
        let composite = table.primary_key.first().is_some_and(|first| first == "tenant_id");
        // The outbox and its queue are ordered by a position across tenants.
        assert!(
            composite || name == "outbox" || name == "outbox_waiting",
            "{name} has the primary key {:?}",
            table.primary_key
        );
        if table.columns.contains_key("id") {
            assert!(table.has_unique(&["tenant_id", "id"]), "{name} needs (tenant_id, id) as a key");
        }
        for key in &table.unique {
            let across = key == &["position"];
            assert!(
                across || key.iter().any(|column| column == "tenant_id"),
                "{name} is unique on {key:?} alone"
            );
        }
    }
}

async fn foreign_keys_cannot_point_into_another_tenant(database: TestDb) {
    let schema = schema::read(&database).await;
    let mut between = 0;
    for (name, table) in &schema {
        for key in &table.foreign_keys {
            let target = &schema[&key.table];
            if !target.belongs_to_a_tenant() {
                assert_eq!(key.table, "tenant", "{name} points at {}", key.table);
                continue;
            }
            let pairs: Vec<_> = key.columns.iter().zip(&key.referenced).collect();
            let carries_tenant = pairs.iter().any(|(from, to)| *from == "tenant_id" && *to == "tenant_id");
            assert!(
                carries_tenant && pairs.len() >= 2,
                "{name}{:?} → {}{:?}",
                key.columns,
                key.table,
                key.referenced
            );
            between += 1;
        }
    }
    assert!(between > 10, "only {between} foreign keys were looked at");
}

async fn amounts_and_times_are_whole_numbers_and_nothing_floats(database: TestDb) {
    let schema = schema::read(&database).await;
    for (name, table) in schema.iter().filter(|(name, _)| *name != "seaql_migrations") {
        for (column, shape) in &table.columns {
            let whole = column.ends_with("_minor") || column.ends_with("_at") || *column == "at";
            assert!(!whole || shape.kind == "bigint", "{name}.{column} is {}", shape.kind);
            let floats = ["real", "double", "float", "numeric", "decimal", "money", "json"];
            assert!(
                !floats.iter().any(|kind| shape.kind.starts_with(kind)),
                "{name}.{column} is {}",
                shape.kind
            );
            let times = ["timestamp", "date", "time", "interval"];
            assert!(
                !times.iter().any(|kind| shape.kind.starts_with(kind)),
                "{name}.{column} is {}",
                shape.kind
            );
            let uuid = if database.backend() == Backend::Postgres { "uuid" } else { "blob" };
            assert!(
                column != "id" && column != "tenant_id" || shape.kind == uuid,
                "{name}.{column} is {}",
                shape.kind
            );
        }
        if table.columns.keys().any(|column| column.ends_with("_minor")) {
            let currency = table.columns.contains_key("currency");
            // Lines take the currency of the order or cart that they belong to.
            let parent = table.foreign_keys.iter().any(|key| {
                key.table != "tenant"
                    && (schema[&key.table].columns.contains_key("currency") || key.table == "cart")
            });
            assert!(currency || parent, "{name} has amounts without a currency");
        }
    }
}

/// Types as both databases would call them.
fn common(kind: &str) -> &str {
    match kind {
        "uuid" | "bytea" => "blob",
        other => other,
    }
}

#[test]
fn both_databases_have_the_same_schema() {
    let sqlite = testkit::run(Backend::Sqlite, async |database: TestDb| schema::read(&database).await);
    let mut postgres =
        testkit::run(Backend::Postgres, async |database: TestDb| schema::read(&database).await);
    postgres.retain(|name, _| !ONLY_POSTGRES.contains(&name.as_str()));
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (name, one) in sqlite.iter().filter(|(name, _)| *name != "seaql_migrations") {
        let other = &postgres[name];
        let shape = |table: &Table| {
            let columns = table.columns.iter();
            columns
                .map(|(name, column)| {
                    let kind = common(&column.kind);
                    // SQLite's automatic numbers have a type of their own.
                    let kind = if name == "position" && kind == "integer" { "bigint" } else { kind };
                    let kind =
                        if name == "position" && table.primary_key == ["position"] { "bigint" } else { kind };
                    (name.clone(), kind.split(" COLLATE").next().unwrap_or(kind).to_owned(), column.required)
                })
                .collect::<Vec<_>>()
        };
        let mut difference = Vec::new();
        for (here, there) in shape(one).into_iter().zip(shape(other)) {
            let serial = here.0 == "position" && there.0 == "position";
            if here != there && !(serial && here.2 == there.2) {
                difference.push((here, there));
            }
        }
        assert_eq!(difference, [], "{name} differs");
        assert_eq!(one.columns.len(), other.columns.len(), "{name} has other columns");
        assert_eq!(one.primary_key, other.primary_key, "{name} has another primary key");
        let busy = migrations::BUSY.contains(&name.as_str());
        let pointing = one.foreign_keys.iter().filter(|key| !busy || key.table != "tenant");
        assert!(pointing.eq(&other.foreign_keys), "{name} points elsewhere");
        for key in &one.unique {
            let key: Vec<_> = key.iter().map(String::as_str).collect();
            assert!(other.has_unique(&key), "{name} is unique on {key:?} on SQLite only");
        }
        for key in &other.unique {
            let key: Vec<_> = key.iter().map(String::as_str).collect();
            assert!(one.has_unique(&key), "{name} is unique on {key:?} on PostgreSQL only");
        }
    }
}

pub fn of_tenants(schema: &Schema) -> impl Iterator<Item = (&str, &Table)> {
    schema.iter().filter(|(_, table)| table.belongs_to_a_tenant()).map(|(name, table)| (name.as_str(), table))
}

testkit::on_both!(
    every_table_belongs_to_a_tenant_or_is_known_not_to,
    keys_of_tenant_tables_begin_with_the_tenant,
    foreign_keys_cannot_point_into_another_tenant,
    amounts_and_times_are_whole_numbers_and_nothing_floats,
);
