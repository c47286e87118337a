//! Products, variants, pictures, collections, stock, and the read model of the catalogue.

use crate::dsl::Sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they are made; dropped from the end.
const TABLES: &[&str] = &[
    "product",
    "product_slug",
    "variant",
    "product_image",
    "collection",
    "collection_slug",
    "collection_product",
    "stock_level",
    "stock_reservation",
    "stock_movement",
    "product_doc",
    "variant_doc",
    "product_facet",
    "collection_doc",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        products(&sql).await?;
        collections(&sql).await?;
        stock(&sql).await?;
        documents(&sql).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = Sql::new(manager);
        sql.sqlite("DROP TRIGGER IF EXISTS stock_movement_is_history").await?;
        for table in TABLES.iter().rev() {
            sql.drop_table(table).await?;
        }
        sql.postgres("DROP FUNCTION IF EXISTS stock_movement_is_history()").await
    }
}

async fn products(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "product",
        "id {uuid} NOT NULL, \
         slug {text} NOT NULL, \
         title {text} NOT NULL, \
         body {text} NOT NULL, \
         vendor {text} NOT NULL, \
         product_type {text} NOT NULL, \
         tags {json} NOT NULL, \
         seo_title {text} NOT NULL, \
         seo_description {text} NOT NULL, \
         option_names {json} NOT NULL, \
         status {text} NOT NULL CHECK (status IN ('draft', 'published', 'archived')), \
         source_columns {json} NOT NULL, \
         version bigint NOT NULL, \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         published_at bigint, \
         CHECK (status <> 'published' OR published_at IS NOT NULL), \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, slug)",
    )
    .await?;
    sql.tenant_table(
        "product_slug",
        "slug {text} NOT NULL, \
         product_id {uuid} NOT NULL, \
         created_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, slug), \
         FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX product_slug_product ON product_slug (tenant_id, product_id)").await?;
    sql.tenant_table(
        "product_image",
        "id {uuid} NOT NULL, \
         product_id {uuid} NOT NULL, \
         media_id {uuid} NOT NULL, \
         position integer NOT NULL, \
         alt {text} NOT NULL, \
         source_url {text} NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX product_image_product ON product_image (tenant_id, product_id, position)").await?;
    sql.run("CREATE INDEX product_image_media ON product_image (tenant_id, media_id)").await?;
    sql.tenant_table(
        "variant",
        "id {uuid} NOT NULL, \
         product_id {uuid} NOT NULL, \
         position integer NOT NULL, \
         option_values {json} NOT NULL, \
         sku {text} NOT NULL, \
         barcode {text} NOT NULL, \
         currency {text} NOT NULL CHECK (length(currency) = 3), \
         price_minor bigint NOT NULL CHECK (price_minor >= 0), \
         compare_at_minor bigint CHECK (compare_at_minor >= 0), \
         weight_grams bigint NOT NULL CHECK (weight_grams >= 0), \
         weight_unit {text} NOT NULL CHECK (weight_unit IN ('g', 'kg', 'lb', 'oz')), \
         requires_shipping {bool} NOT NULL, \
         taxable {bool} NOT NULL, \
         image_id {uuid}, \
         source_columns {json} NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX variant_product ON variant (tenant_id, product_id, position)").await?;
    sql.run("CREATE INDEX variant_sku ON variant (tenant_id, sku)").await
}

async fn collections(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.tenant_table(
        "collection",
        "id {uuid} NOT NULL, \
         slug {text} NOT NULL, \
         title {text} NOT NULL, \
         body {text} NOT NULL, \
         seo_title {text} NOT NULL, \
         seo_description {text} NOT NULL, \
         position integer NOT NULL, \
         media_id {uuid}, \
         version bigint NOT NULL, \
         created_at bigint NOT NULL, \
         updated_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id), \
         UNIQUE (tenant_id, slug)",
    )
    .await?;
    sql.tenant_table(
        "collection_slug",
        "slug {text} NOT NULL, \
         collection_id {uuid} NOT NULL, \
         created_at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, slug), \
         FOREIGN KEY (tenant_id, collection_id) REFERENCES collection (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.tenant_table(
        "collection_product",
        "collection_id {uuid} NOT NULL, \
         product_id {uuid} NOT NULL, \
         position bigint NOT NULL, \
         PRIMARY KEY (tenant_id, collection_id, product_id), \
         FOREIGN KEY (tenant_id, collection_id) REFERENCES collection (tenant_id, id) ON DELETE CASCADE, \
         FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX collection_product_order ON collection_product (tenant_id, collection_id, position, product_id)")
        .await?;
    sql.run("CREATE INDEX collection_product_product ON collection_product (tenant_id, product_id)").await
}

/// Also what [`crate::m17_stock`] goes back to.
pub(crate) async fn stock(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // The last CHECK is the wall behind the conditional statement: what is promised is there, unless the merchant
    // sells without counting, takes backorders, or allows a depth by a negative threshold.
    sql.tenant_table(
        "stock_level",
        "variant_id {uuid} NOT NULL, \
         on_hand bigint NOT NULL, \
         reserved bigint NOT NULL CHECK (reserved >= 0), \
         threshold bigint NOT NULL, \
         tracked {bool} NOT NULL, \
         policy {text} NOT NULL CHECK (policy IN ('deny', 'continue')), \
         updated_at bigint NOT NULL, \
         CHECK (NOT tracked OR policy = 'continue' OR reserved = 0 \
                OR reserved <= on_hand - CASE WHEN threshold < 0 THEN threshold ELSE 0 END), \
         PRIMARY KEY (tenant_id, variant_id), \
         FOREIGN KEY (tenant_id, variant_id) REFERENCES variant (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.tenant_table(
        "stock_reservation",
        "holder {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         quantity bigint NOT NULL CHECK (quantity > 0), \
         created_at bigint NOT NULL, \
         expires_at bigint, \
         PRIMARY KEY (tenant_id, holder, variant_id), \
         FOREIGN KEY (tenant_id, variant_id) REFERENCES stock_level (tenant_id, variant_id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_reservation_due ON stock_reservation (tenant_id, expires_at)").await?;
    sql.run("CREATE INDEX stock_reservation_variant ON stock_reservation (tenant_id, variant_id)").await?;
    // No foreign key to the variant: the history outlives it.
    sql.tenant_table(
        "stock_movement",
        "id {uuid} NOT NULL, \
         variant_id {uuid} NOT NULL, \
         delta bigint NOT NULL, \
         on_hand_after bigint NOT NULL, \
         reason {text} NOT NULL CHECK (reason IN ('initial', 'count', 'import', 'shipment', 'return')), \
         reference {uuid}, \
         note {text} NOT NULL, \
         actor_id {uuid}, \
         at bigint NOT NULL, \
         PRIMARY KEY (tenant_id, id)",
    )
    .await?;
    sql.run("CREATE INDEX stock_movement_variant ON stock_movement (tenant_id, variant_id, id)").await?;
    movements_stay(sql).await
}

/// A movement is never changed.
pub(crate) async fn movements_stay(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    sql.sqlite(
        "CREATE TRIGGER stock_movement_is_history BEFORE UPDATE ON stock_movement \
         BEGIN SELECT RAISE(ABORT, 'stock movements are never changed'); END",
    )
    .await?;
    sql.postgres(
        "CREATE FUNCTION stock_movement_is_history() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'stock movements are never changed'; END $$",
    )
    .await?;
    sql.postgres(
        "CREATE TRIGGER stock_movement_is_history BEFORE UPDATE ON stock_movement \
         FOR EACH ROW EXECUTE FUNCTION stock_movement_is_history()",
    )
    .await
}

async fn documents(sql: &Sql<'_, '_>) -> Result<(), DbErr> {
    // Keys that are compared and sorted are byte-ordered on both databases.
    let key = if sql.is_postgres() { "text COLLATE \"C\"" } else { "text" };
    sql.tenant_table(
        "product_doc",
        &format!(
            "product_id {{uuid}} NOT NULL, \
             slug {{text}} NOT NULL, \
             status {{text}} NOT NULL, \
             title_sort {key} NOT NULL, \
             vendor_key {key} NOT NULL, \
             type_key {key} NOT NULL, \
             tag_keys {{text}} NOT NULL, \
             search {{text}} NOT NULL, \
             price_min bigint NOT NULL, \
             price_max bigint NOT NULL, \
             currency {{text}} NOT NULL, \
             in_stock {{bool}} NOT NULL, \
             stock_state {{text}} NOT NULL, \
             stock bigint, \
             variant_count integer NOT NULL, \
             featured bigint NOT NULL, \
             published_at bigint NOT NULL, \
             updated_at bigint NOT NULL, \
             version bigint NOT NULL, \
             card {{json}} NOT NULL, \
             page {{json}} NOT NULL, \
             staff {{json}} NOT NULL, \
             PRIMARY KEY (tenant_id, product_id), \
             FOREIGN KEY (tenant_id, product_id) REFERENCES product (tenant_id, id) ON DELETE CASCADE"
        ),
    )
    .await?;
    for (name, columns) in [
        ("slug", "slug"),
        // Counts are answered from this index alone: the rows beside it are long.
        ("filter", "status, in_stock, price_min, product_id"),
        ("featured", "status, featured, product_id"),
        ("price", "status, price_min, product_id"),
        ("newest", "status, published_at, product_id"),
        ("name", "status, title_sort, product_id"),
        ("updated", "updated_at, product_id"),
    ] {
        sql.run(&format!("CREATE INDEX product_doc_{name} ON product_doc (tenant_id, {columns})")).await?;
    }
    sql.tenant_table(
        "variant_doc",
        "variant_id {uuid} NOT NULL, \
         product_id {uuid} NOT NULL, \
         availability {text} NOT NULL, \
         PRIMARY KEY (tenant_id, variant_id), \
         FOREIGN KEY (tenant_id, product_id) REFERENCES product_doc (tenant_id, product_id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX variant_doc_product ON variant_doc (tenant_id, product_id)").await?;
    sql.tenant_table(
        "product_facet",
        &format!(
            "product_id {{uuid}} NOT NULL, \
             name_key {key} NOT NULL, \
             value_key {key} NOT NULL, \
             name {{text}} NOT NULL, \
             value {{text}} NOT NULL, \
             PRIMARY KEY (tenant_id, product_id, name_key, value_key), \
             FOREIGN KEY (tenant_id, product_id) REFERENCES product_doc (tenant_id, product_id) ON DELETE CASCADE"
        ),
    )
    .await?;
    sql.run("CREATE INDEX product_facet_value ON product_facet (tenant_id, name_key, value_key, product_id, name, value)")
        .await?;
    sql.tenant_table(
        "collection_doc",
        "collection_id {uuid} NOT NULL, \
         slug {text} NOT NULL, \
         position integer NOT NULL, \
         product_count integer NOT NULL, \
         view {json} NOT NULL, \
         PRIMARY KEY (tenant_id, collection_id), \
         FOREIGN KEY (tenant_id, collection_id) REFERENCES collection (tenant_id, id) ON DELETE CASCADE",
    )
    .await?;
    sql.run("CREATE INDEX collection_doc_slug ON collection_doc (tenant_id, slug)").await?;
    sql.run("CREATE INDEX collection_doc_order ON collection_doc (tenant_id, position, collection_id)").await
}
