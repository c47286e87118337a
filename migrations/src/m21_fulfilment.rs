//! What happens to an order after it is paid: parcels with pieces, and what comes back.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// New columns, in the order in which they are made.
const COLUMNS: [(&str, &str, &str); 5] = [
    ("order_line", "sent", "bigint NOT NULL DEFAULT 0 CHECK (0 <= sent AND sent <= quantity)"),
    ("orders", "n_sent", "bigint NOT NULL DEFAULT 0 CHECK (0 <= n_sent AND n_sent <= n_items)"),
    ("order_row", "n_sent", "bigint NOT NULL DEFAULT 0"),
    // Pieces in returns that were not called off, and pieces for which money went back.
    ("order_line", "returned", "bigint NOT NULL DEFAULT 0 CHECK (0 <= returned AND returned <= quantity)"),
    ("order_line", "refunded", "bigint NOT NULL DEFAULT 0 CHECK (0 <= refunded AND refunded <= quantity)"),
];

/// New tables, parents first.
const TABLES: [&str; 3] = ["fulfilment_line", "return_request", "return_line"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for (table, column, kind) in COLUMNS {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await?;
        }
        // What lies in a parcel. One without lines was sent before there were any: it carries the whole order.
        sql.tenant_table(
            "fulfilment_line",
            "fulfilment_id {uuid} NOT NULL, \
             order_line_id {uuid} NOT NULL, \
             quantity bigint NOT NULL CHECK (quantity > 0), \
             PRIMARY KEY (tenant_id, fulfilment_id, order_line_id), \
             FOREIGN KEY (tenant_id, fulfilment_id) REFERENCES fulfilment (tenant_id, id) ON DELETE CASCADE, \
             FOREIGN KEY (tenant_id, order_line_id) REFERENCES order_line (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX fulfilment_line_of ON fulfilment_line (tenant_id, order_line_id)").await?;
        returns(&sql).await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        for (table, column, _) in COLUMNS.iter().rev() {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}

async fn returns(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // `open` says in a number whether something is left to do, which comes first in lists. `refund_key` is the fact under
    // which the ledger has what the payment gives of `refund_minor`, or will have it; `given_minor` of it went back to gift
    // cards and store credit at once.
    sql.tenant_table(
        "return_request",
        "id {uuid} NOT NULL, \
         order_id {uuid} NOT NULL, \
         number bigint NOT NULL CHECK (number > 0), \
         request_key {text} NOT NULL CHECK (length(request_key) BETWEEN 1 AND 100), \
         state {text} NOT NULL CHECK (state IN ('requested', 'approved', 'declined', 'withdrawn', 'received', \
                                                'refunded', 'closed')), \
         open bigint NOT NULL CHECK (open = CASE WHEN state IN ('requested', 'approved', 'received') THEN 1 ELSE 0 END), \
         reason {text} NOT NULL CHECK (reason IN ('does_not_fit', 'not_as_described', 'damaged', 'wrong_item', \
                                                  'changed_mind', 'other')), \
         words {text} NOT NULL CHECK (length(words) <= 1000), \
         answer {text} NOT NULL CHECK (length(answer) <= 500), \
         currency {text} NOT NULL CHECK (length(currency) = 3), \
         refund_key {text} NOT NULL, \
         refund_minor bigint NOT NULL CHECK (refund_minor >= 0), \
         given_minor bigint NOT NULL DEFAULT 0 CHECK (0 <= given_minor AND given_minor <= refund_minor), \
         version bigint NOT NULL CHECK (version > 0), \
         requested_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, order_id, number), \
         UNIQUE (tenant_id, order_id, request_key), \
         FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX return_request_open ON return_request (tenant_id, open, id)").await?;
    sql.run("CREATE INDEX return_request_state ON return_request (tenant_id, state, open, id)").await?;
    sql.tenant_table(
        "return_line",
        "return_id {uuid} NOT NULL, \
         order_line_id {uuid} NOT NULL, \
         quantity bigint NOT NULL CHECK (quantity > 0), \
         received bigint NOT NULL CHECK (0 <= received AND received <= quantity), \
         restocked bigint NOT NULL CHECK (0 <= restocked AND restocked <= received), \
         location_id {uuid}, \
         PRIMARY KEY (tenant_id, return_id, order_line_id), \
         FOREIGN KEY (tenant_id, return_id) REFERENCES return_request (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, order_line_id) REFERENCES order_line (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX return_line_of ON return_line (tenant_id, order_line_id)").await
}
