//! What lay somewhere lies at the default location once there are locations, and is one number again without them.

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait};
use testkit::TestDb;
use uuid::Uuid;

use crate::schema::{at, rows};

async fn stock_moves_to_the_default_location(database: TestDb) {
    let owner = database.owner().await;
    moves(&owner).await;
    owner.close().await.expect("closed");
}

/// Steps that lead from now to before there were locations.
fn steps_back() -> u32 {
    let all = Migrator::migrations();
    let place = all.iter().position(|one| one.name() == "m17_stock").expect("the migration");
    u32::try_from(all.len() - place).expect("a few")
}

/// Goes back, puts stock there, goes forth, back and forth again.
pub async fn moves(owner: &DatabaseConnection) {
    let sqlite = owner.get_database_backend() == DbBackend::Sqlite;
    let id = |n: u128| {
        let id = Uuid::from_u128(n << 64 | 0x7000 << 48 | n);
        if sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") }
    };
    let (shop, product, one, two, holder) = (id(1), id(2), id(3), id(4), id(5));
    let within = async |statements: &[String]| {
        let tx = owner.begin().await.expect("begun");
        if !sqlite {
            let set = format!("SELECT set_config('rustok.tenant', {shop}, true)");
            tx.execute_unprepared(&set).await.expect("set");
        }
        for statement in statements {
            tx.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        tx.commit().await.expect("committed");
    };
    let look = async |sql: &str| {
        let tx = owner.begin().await.expect("begun");
        if !sqlite {
            let set = format!("SELECT set_config('rustok.tenant', {shop}, true)");
            tx.execute_unprepared(&set).await.expect("set");
        }
        let statement = sea_orm::Statement::from_string(tx.get_database_backend(), sql);
        let found = tx.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        found.iter().map(|row| at::<String>(row, 0)).collect::<Vec<_>>()
    };
    Migrator::down(owner, Some(steps_back())).await.expect("back");
    let json = "'[]'";
    let variants = [&one, &two].map(|variant| {
        format!("({shop}, {variant}, {product}, 0, {json}, '', '', 'EUR', 1, 0, 'g', true, true, '{{}}')")
    });
    within(&[
        format!(
            "INSERT INTO tenant (id, slug, name, locale, currency, country, prices_include_tax, theme, storefront, \
               status, revision, created_at, updated_at) \
             VALUES ({shop}, 'old', 'Old', 'en', 'EUR', 'BE', true, 'x', '{{}}', 'active', 1, 7, 7)"
        ),
        format!(
            "INSERT INTO product (tenant_id, id, slug, title, body, vendor, product_type, tags, seo_title, \
               seo_description, option_names, status, source_columns, version, created_at, updated_at) \
             VALUES ({shop}, {product}, 'p', 'P', '', '', '', {json}, '', '', {json}, 'draft', '{{}}', 1, 1, 1)"
        ),
        format!(
            "INSERT INTO variant (tenant_id, id, product_id, position, option_values, sku, barcode, currency, \
               price_minor, weight_grams, weight_unit, requires_shipping, taxable, source_columns) VALUES {}",
            variants.join(", ")
        ),
    ])
    .await;
    within(&[
        format!(
            "INSERT INTO stock_level (tenant_id, variant_id, on_hand, reserved, threshold, tracked, policy, updated_at) \
             VALUES ({shop}, {one}, 9, 4, 2, true, 'deny', 5), ({shop}, {two}, -3, 0, 0, true, 'continue', 6)"
        ),
        format!(
            "INSERT INTO stock_reservation (tenant_id, holder, variant_id, quantity, created_at, expires_at) \
             VALUES ({shop}, {holder}, {one}, 4, 3, 99)"
        ),
        format!(
            "INSERT INTO stock_movement (tenant_id, id, variant_id, delta, on_hand_after, reason, note, at) \
             VALUES ({shop}, {product}, {one}, 9, 9, 'initial', 'first', 2)"
        ),
    ])
    .await;
    Migrator::up(owner, None).await.expect("forth");
    let levels = "SELECT on_hand || ' ' || reserved || ' ' || threshold || ' ' || policy || ' ' || updated_at \
                  FROM stock_level WHERE location_id = tenant_id AND bucket = 0 AND sells AND tracked ORDER BY updated_at";
    assert_eq!(look(levels).await, ["9 4 2 deny 5", "-3 0 0 continue 6"]);
    let promises = "SELECT quantity || ' ' || created_at || ' ' || expires_at FROM stock_reservation \
                    WHERE location_id = tenant_id AND bucket = 0";
    assert_eq!(look(promises).await, ["4 3 99"]);
    let moved =
        "SELECT delta || ' ' || reason || ' ' || note FROM stock_movement WHERE location_id = tenant_id";
    assert_eq!(look(moved).await, ["9 initial first"]);
    let places = "SELECT name || ' ' || country || ' ' || priority FROM location WHERE is_default AND active";
    assert_eq!(look(places).await, ["Main location BE 0"]);
    // What lies at two places by then.
    let ghent = id(6);
    within(&[
        format!(
            "INSERT INTO location (tenant_id, id, name, country, address, active, priority, is_default, version, \
               created_at, updated_at) VALUES ({shop}, {ghent}, 'Ghent', 'BE', '', true, 1, false, 1, 1, 1)"
        ),
        format!(
            "INSERT INTO stock_level (tenant_id, variant_id, location_id, bucket, on_hand, reserved, threshold, tracked, \
               policy, sells, updated_at) VALUES ({shop}, {one}, {ghent}, 0, 5, 1, 0, true, 'deny', true, 8)"
        ),
        format!(
            "INSERT INTO stock_reservation (tenant_id, holder, variant_id, location_id, bucket, quantity, created_at, \
               expires_at) VALUES ({shop}, {holder}, {one}, {ghent}, 0, 1, 4, NULL)"
        ),
    ])
    .await;
    Migrator::down(owner, Some(steps_back())).await.expect("back again");
    let levels = "SELECT on_hand || ' ' || reserved || ' ' || threshold || ' ' || policy FROM stock_level \
                  WHERE tracked ORDER BY updated_at";
    assert_eq!(look(levels).await, ["-3 0 0 continue", "14 5 2 deny"]);
    let promises =
        "SELECT quantity || ' ' || coalesce(CAST(expires_at AS text), 'kept') FROM stock_reservation";
    assert_eq!(look(promises).await, ["5 kept"]);
    Migrator::up(owner, None).await.expect("forth again");
    assert_eq!(rows(owner, "SELECT 1 FROM tenant").await.len(), 1);
}

testkit::on_both!(stock_moves_to_the_default_location);
