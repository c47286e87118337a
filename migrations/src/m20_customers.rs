//! Groups of customers, who pays no tax, notes, consents, and who has been forgotten.

use crate::dsl::Sql;
use crate::m06_planner;
use crate::m14_tenant_life;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns that tables get here; what is there already has none of it.
const COLUMNS: [(&str, &str, &str); 10] = [
    ("customer", "tax_exempt", "{bool} NOT NULL DEFAULT false"),
    ("customer", "tax_number", "{text} NOT NULL DEFAULT '' CHECK (length(tax_number) <= 40)"),
    ("customer", "tax_reason", "{text} NOT NULL DEFAULT '' CHECK (length(tax_reason) <= 200)"),
    // What holds now: the last entry of customer_consent.
    ("customer", "marketing", "{bool} NOT NULL DEFAULT false"),
    // What the checkout begins with.
    ("customer_address", "is_default", "{bool} NOT NULL DEFAULT false"),
    // Since when it says nothing about anybody any more.
    ("customer", "erased_at", "bigint"),
    // What an exempt customer saves where prices include tax; a part of `discount_minor`.
    ("orders", "relief_minor", "bigint NOT NULL DEFAULT 0 CHECK (relief_minor >= 0)"),
    ("orders", "tax_number", "{text} NOT NULL DEFAULT ''"),
    // Empty on an order that is taxed as usual.
    ("orders", "exempt_reason", "{text} NOT NULL DEFAULT ''"),
    ("order_line", "relief_minor", "bigint NOT NULL DEFAULT 0 CHECK (relief_minor >= 0)"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        // `name_key` is the name as it is compared: trimmed, lower case. With an exemption comes its reason.
        sql.tenant_table(
            "customer_group",
            "id {uuid} NOT NULL,
             name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
             name_key {text} NOT NULL,
             tax_exempt {bool} NOT NULL,
             tax_reason {text} NOT NULL CHECK (length(tax_reason) <= 200),
             version bigint NOT NULL CHECK (version > 0),
             created_at bigint NOT NULL,
             updated_at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             UNIQUE (tenant_id, name_key)",
        )
        .await?;
        sql.tenant_table(
            "customer_group_member",
            "group_id {uuid} NOT NULL,
             customer_id {uuid} NOT NULL,
             at bigint NOT NULL,
             PRIMARY KEY (tenant_id, group_id, customer_id),
             FOREIGN KEY (tenant_id, group_id) REFERENCES customer_group (tenant_id, id) ON DELETE CASCADE,
             FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run(
            "CREATE INDEX customer_group_member_of ON customer_group_member (tenant_id, customer_id, group_id)",
        )
        .await?;
        // Which groups a promotion names: a group that one names stays.
        sql.tenant_table(
            "promotion_group",
            "promotion_id {uuid} NOT NULL,
             group_id {uuid} NOT NULL,
             PRIMARY KEY (tenant_id, promotion_id, group_id),
             FOREIGN KEY (tenant_id, promotion_id) REFERENCES promotion (tenant_id, id) ON DELETE CASCADE,
             FOREIGN KEY (tenant_id, group_id) REFERENCES customer_group (tenant_id, id)",
        )
        .await?;
        sql.run("CREATE INDEX promotion_group_of ON promotion_group (tenant_id, group_id)").await?;
        // What the staff writes down; who wants letters since when, each answer once and for good.
        sql.tenant_table(
            "customer_note",
            "id {uuid} NOT NULL,
             customer_id {uuid} NOT NULL,
             user_id {uuid},
             body {text} NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
             at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id) ON DELETE CASCADE",
        )
        .await?;
        sql.run("CREATE INDEX customer_note_of ON customer_note (tenant_id, customer_id, at, id)").await?;
        sql.tenant_table(
            "customer_consent",
            "id {uuid} NOT NULL,
             customer_id {uuid} NOT NULL,
             given {bool} NOT NULL,
             source {text} NOT NULL CHECK (source IN ('checkout', 'account', 'staff')),
             user_id {uuid},
             at bigint NOT NULL,
             PRIMARY KEY (tenant_id, id),
             FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)",
        )
        .await?;
        sql.run("CREATE INDEX customer_consent_of ON customer_consent (tenant_id, customer_id, at, id)")
            .await?;
        m14_tenant_life::history_ends_with_its_tenant(&sql, "customer_consent").await?;
        for (table, column, kind) in COLUMNS {
            sql.run(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await?;
        }
        sql.run(
            "CREATE UNIQUE INDEX customer_address_default ON customer_address (tenant_id, customer_id) \
             WHERE is_default",
        )
        .await?;
        unlink(&sql).await?;
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.run("DROP INDEX customer_address_default").await?;
        for (table, column, _) in COLUMNS.into_iter().rev() {
            sql.run(&format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        for table in [
            "customer_consent",
            "customer_note",
            "promotion_group",
            "customer_group_member",
            "customer_group",
        ] {
            sql.drop_table(table).await?;
        }
        sql.postgres("DROP FUNCTION customer_consent_is_history()").await
    }
}

/// Until now a record was its account's as soon as somebody opened one with its address. Confirming the address gives it
/// back.
async fn unlink(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // Of all shops at once.
    const TABLES: [&str; 2] = ["customer", "user_account"];
    for table in TABLES {
        sql.postgres(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
    }
    sql.run(
        "UPDATE customer SET user_id = NULL WHERE user_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM user_account u WHERE u.tenant_id = customer.tenant_id AND u.id = customer.user_id \
          AND u.email_verified_at IS NOT NULL AND u.email = customer.email)",
    )
    .await?;
    for table in TABLES {
        sql.postgres(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await?;
    }
    Ok(())
}
