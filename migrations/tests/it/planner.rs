//! How the databases go about the queries that every shopper causes.

use migrations::{SchemaManager, m06_planner};
use testkit::{Backend, TestDb};

use crate::schema::{at, rows};

/// Queries on growing tables, and the index that must answer each.
const FOUND_BY: &[(&str, &str)] = &[
    (
        "SELECT * FROM cart_line WHERE cart_id = ? AND tenant_id = ? ORDER BY id",
        "sqlite_autoindex_cart_line_2",
    ),
    (
        "SELECT * FROM cart WHERE token_hash = ? AND state = 'open' AND tenant_id = ?",
        "sqlite_autoindex_cart_2",
    ),
    ("SELECT * FROM cart WHERE user_id = ? AND state = 'open' AND tenant_id = ?", "cart_of_user"),
    (
        "SELECT * FROM stream_event WHERE tenant_id = ? AND stream_type = ? AND stream_id = ? AND kind NOT IN (?) ORDER BY version LIMIT 10",
        "sqlite_autoindex_stream_event_1",
    ),
    (
        "SELECT id FROM orders WHERE tenant_id = ? AND state = 'pending_payment' AND hold_until <= ? ORDER BY hold_until",
        "orders_due",
    ),
    ("SELECT * FROM media WHERE tenant_id = ? AND source_url IN (?, ?) AND source_url <> ''", "media_source"),
    ("SELECT * FROM collection_product WHERE tenant_id = ? AND product_id = ?", "collection_product_product"),
    ("SELECT * FROM variant WHERE tenant_id = ? AND product_id = ? ORDER BY position, id", "variant_product"),
];

async fn finds_rows_by_their_own_index_before_anybody_has_counted(database: TestDb) {
    let owner = database.owner().await;
    let unknown = "SELECT count(*) FROM sqlite_schema i JOIN sqlite_schema t ON t.name = i.tbl_name AND t.type = 'table'
         WHERE i.type = 'index' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'
           AND NOT EXISTS (SELECT 1 FROM sqlite_stat1 s WHERE s.tbl = i.tbl_name AND s.idx = i.name)";
    assert_eq!(
        at::<i64>(&rows(&owner, unknown).await[0], 0),
        0,
        "call m06_planner::describe after adding tables"
    );
    for (query, index) in FOUND_BY {
        let plan: Vec<String> =
            rows(&owner, &format!("EXPLAIN QUERY PLAN {query}")).await.iter().map(|row| at(row, 3)).collect();
        assert!(plan[0].contains(&format!(" {index} ")), "{query}: {plan:?}");
    }
    owner.close().await.expect("closed");
}

async fn keeps_what_was_counted(database: TestDb) {
    let owner = database.owner().await;
    rows(&owner, "UPDATE sqlite_stat1 SET stat = '7 7 1' WHERE idx = 'orders_due'").await;
    m06_planner::describe(&SchemaManager::new(&owner)).await.expect("again");
    let kept = rows(&owner, "SELECT stat FROM sqlite_stat1 WHERE idx = 'orders_due'").await;
    assert_eq!(at::<String>(&kept[0], 0), "7 7 1");
    owner.close().await.expect("closed");
}

#[test]
fn sqlite_finds_rows_by_their_own_index_before_anybody_has_counted() {
    testkit::run(Backend::Sqlite, finds_rows_by_their_own_index_before_anybody_has_counted);
}

#[test]
fn sqlite_keeps_what_was_counted() {
    testkit::run(Backend::Sqlite, keeps_what_was_counted);
}
