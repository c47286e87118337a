//! What variants cost when their history begins is its first line.

use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};
use testkit::TestDb;
use uuid::Uuid;

use crate::schema::at;

async fn a_history_of_prices_begins_with_what_holds(database: TestDb) {
    let owner = database.owner().await;
    let sqlite = owner.get_database_backend() == DbBackend::Sqlite;
    let id = |n: u128| {
        let id = Uuid::from_u128(n << 64 | 0x7000 << 48 | n);
        if sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") }
    };
    let all = Migrator::migrations();
    let place = all.iter().position(|one| one.name() == "m27_prices").expect("the migration");
    let back = u32::try_from(all.len() - place).expect("a few");
    Migrator::down(&owner, Some(back)).await.expect("back");
    for (shop, slug) in [(1, "one"), (2, "two")] {
        let (tenant, shown, draft) = (id(shop), id(10 + shop), id(20 + shop));
        let tx = owner.begin().await.expect("begun");
        if !sqlite {
            let set = format!("SELECT set_config('rustok.tenant', {tenant}, true)");
            tx.execute_unprepared(&set).await.expect("set");
        }
        for statement in [
            format!(
                "INSERT INTO tenant (id, slug, name, locale, currency, country, prices_include_tax, theme, storefront, \
                   status, revision, created_at, updated_at) \
                 VALUES ({tenant}, '{slug}', 'Old', 'en', 'EUR', 'BE', true, 'x', '{{}}', 'active', 1, 7, 7)"
            ),
            format!(
                "INSERT INTO product (tenant_id, id, slug, title, body, vendor, product_type, tags, seo_title, \
                   seo_description, option_names, status, source_columns, version, created_at, updated_at, published_at) \
                 VALUES ({tenant}, {shown}, 'p', 'P', '', '', '', '[]', '', '', '[]', 'published', '{{}}', 1, 1, 40, 2), \
                   ({tenant}, {draft}, 'd', 'D', '', '', '', '[]', '', '', '[]', 'draft', '{{}}', 1, 1, 50, NULL)"
            ),
            format!(
                "INSERT INTO variant (tenant_id, id, product_id, position, option_values, sku, barcode, currency, \
                   price_minor, compare_at_minor, weight_grams, weight_unit, requires_shipping, taxable, source_columns) \
                 VALUES ({tenant}, {shown}, {shown}, 0, '[]', '', '', 'EUR', 900, 1000, 0, 'g', true, true, '{{}}'), \
                   ({tenant}, {draft}, {draft}, 0, '[]', '', '', 'EUR', 5, NULL, 0, 'g', true, false, '{{}}')"
            ),
        ] {
            tx.execute_unprepared(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        tx.commit().await.expect("committed");
    }
    Migrator::up(&owner, None).await.expect("forth");
    for shop in [1, 2] {
        let tx = owner.begin().await.expect("begun");
        if !sqlite {
            let set = format!("SELECT set_config('rustok.tenant', {}, true)", id(shop));
            tx.execute_unprepared(&set).await.expect("set");
        }
        let sql = format!(
            "SELECT seq || ' ' || currency || ' ' || price_minor || ' ' || coalesce(CAST(compare_at_minor AS text), '-') \
               || ' ' || coalesce(CAST(prior_minor AS text), '-') || ' ' || CASE WHEN offered THEN 'seen' ELSE 'not' END \
               || ' ' || at FROM price_change WHERE tenant_id = {} ORDER BY at",
            id(shop)
        );
        let statement = sea_orm::Statement::from_string(tx.get_database_backend(), &sql);
        let found = tx.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let lines: Vec<String> = found.iter().map(|row| at::<String>(row, 0)).collect();
        assert_eq!(lines, ["1 EUR 900 1000 - seen 40", "1 EUR 5 - - not 50"]);
    }
    owner.close().await.expect("closed");
}

testkit::on_both!(a_history_of_prices_begins_with_what_holds);
