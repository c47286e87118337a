//! The long texts of a product's document in a table of their own: lists read the short ones, many at once, and every
//! piece that is sold writes them anew.

use crate::dsl::Sql;
use crate::m06_planner;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: [&str; 2] = ["product_doc", "product_text"];
const COLUMNS: [&str; 2] = ["page", "staff"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.tenant_table(
            "product_text",
            "product_id {uuid} NOT NULL, \
             page {json} NOT NULL, \
             staff {json} NOT NULL, \
             PRIMARY KEY (tenant_id, product_id), \
             FOREIGN KEY (tenant_id, product_id) REFERENCES product_doc (tenant_id, product_id) ON DELETE CASCADE",
        )
        .await?;
        of_all_shops(
            &sql,
            "INSERT INTO product_text (tenant_id, product_id, page, staff) \
             SELECT tenant_id, product_id, page, staff FROM product_doc",
        )
        .await?;
        for column in COLUMNS {
            sql.run(&format!("ALTER TABLE product_doc DROP COLUMN {column}")).await?;
        }
        m06_planner::describe(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        for column in COLUMNS {
            sql.run(&format!("ALTER TABLE product_doc ADD COLUMN {column} {{json}} NOT NULL DEFAULT '{{}}'"))
                .await?;
            let copy = format!(
                "UPDATE product_doc SET {column} = (SELECT t.{column} FROM product_text t \
                   WHERE t.tenant_id = product_doc.tenant_id AND t.product_id = product_doc.product_id)"
            );
            of_all_shops(&sql, &copy).await?;
        }
        sql.drop_table("product_text").await
    }
}

/// The rules of rows hold for the owner, too, who acts for no tenant here.
async fn of_all_shops(sql: &Sql<'_, '_>, statement: &str) -> Result<(), DbErr> {
    for table in TABLES {
        sql.postgres(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
    }
    sql.run(statement).await?;
    for table in TABLES {
        sql.postgres(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await?;
    }
    Ok(())
}
