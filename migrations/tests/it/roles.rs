//! PostgreSQL's second wall: forced row level security, and an application that owns nothing.

use std::collections::BTreeSet;

use migrations::{Migrator, MigratorTrait, dsl::APP_ROLE};
use platform::{Db, config::DatabaseConfig};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbErr, TransactionTrait};
use testkit::{Backend, TestDb};
use url::Url;
use uuid::Uuid;

use crate::{
    invariants::{QUEUES, of_tenants},
    schema::{self, at, rows},
};

#[test]
fn row_level_security_is_forced_on_every_tenant_table() {
    testkit::run(Backend::Postgres, async |database: TestDb| {
        let schema = schema::read(&database).await;
        let connection = database.owner().await;
        let guarded = rows(
            &connection,
            "SELECT c.relname::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
             WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND c.relforcerowsecurity
               AND p.polcmd = '*' AND p.polpermissive
               AND pg_get_expr(p.polqual, p.polrelid) LIKE '(tenant_id = %rustok.tenant%'
               AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '(tenant_id = %rustok.tenant%'",
        );
        let guarded: BTreeSet<String> = guarded.await.iter().map(|row| at(row, 0)).collect();
        let expected: BTreeSet<String> = of_tenants(&schema)
            .map(|(name, _)| name.to_owned())
            .filter(|name| !QUEUES.contains(&name.as_str()))
            .collect();
        assert!(expected.len() > 20, "only {} tables were looked at", expected.len());
        assert_eq!(guarded, expected);
        // One policy each: permissive ones are joined with OR, so a second could open the first.
        let policies = rows(&connection, "SELECT count(*) FROM pg_policy").await;
        assert_eq!(at::<i64>(&policies[0], 0), expected.len() as i64);
        connection.close().await.expect("closed");
    });
}

#[test]
fn the_application_owns_nothing_and_cannot_lift_the_rules() {
    testkit::run(Backend::Postgres, async |database: TestDb| {
        let owner = database.owner().await;
        let role = rows(
            &owner,
            &format!(
                "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolcanlogin,
                   (SELECT count(*) FROM pg_class WHERE relowner = r.oid)
                     + (SELECT count(*) FROM pg_proc WHERE proowner = r.oid)
                     + (SELECT count(*) FROM pg_namespace WHERE nspowner = r.oid),
                   has_schema_privilege(r.oid, 'public', 'CREATE'),
                   has_table_privilege(r.oid, 'seaql_migrations', 'SELECT')
                 FROM pg_roles r WHERE rolname = '{APP_ROLE}'"
            ),
        )
        .await;
        let facts: (bool, i64, bool, bool) =
            (at(&role[0], 0), at(&role[0], 1), at(&role[0], 2), at(&role[0], 3));
        assert_eq!(
            facts,
            (false, 0, false, false),
            "may something special, owns, may create, sees migrations"
        );
        owner.close().await.expect("closed");
        let app = application(&database).await;
        for forbidden in [
            "ALTER TABLE user_account DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE user_account NO FORCE ROW LEVEL SECURITY",
            "DROP POLICY tenant_rows ON user_account",
            "CREATE POLICY open ON user_account USING (true)",
            "DROP TABLE user_account",
            "TRUNCATE user_account",
            "CREATE TABLE mine (id int)",
            "SET ROLE postgres",
            "SET SESSION AUTHORIZATION postgres",
            "ALTER ROLE rustok_app BYPASSRLS",
            "SELECT * FROM pg_authid",
            "COPY user_account TO PROGRAM 'cat'",
        ] {
            let refused = app.execute_unprepared(forbidden).await.expect_err(forbidden).to_string();
            let known = ["permission denied", "must be owner", "must have admin", "must be superuser"];
            assert!(known.iter().any(|text| refused.contains(text)), "{forbidden}: {refused}");
        }
        // Switching row security off makes statements fail instead of showing everything.
        let off = app.execute_unprepared("SET row_security = off; SELECT * FROM user_account").await;
        assert!(off.expect_err("refused").to_string().contains("row-level security"));
        app.close().await.expect("closed");
    });
}

#[test]
fn a_tenant_sees_and_writes_its_own_rows_only() {
    testkit::run(Backend::Postgres, async |database: TestDb| {
        let (ours, theirs) = (Uuid::now_v7(), Uuid::now_v7());
        let owner = database.owner().await;
        for (id, slug) in [(ours, "ours"), (theirs, "theirs")] {
            owner.execute_unprepared(&tenant_row(id, slug)).await.expect("tenant");
        }
        owner.close().await.expect("closed");
        let app = application(&database).await;
        for id in [ours, theirs] {
            as_tenant(&app, Some(id), &[&note(id, 1)]).await.expect("own rows are written");
        }
        assert_eq!(visible(&app, Some(ours)).await, [ours]);
        assert_eq!(visible(&app, Some(theirs)).await, [theirs]);
        assert_eq!(visible(&app, Some(Uuid::now_v7())).await, Vec::<Uuid>::new());
        assert_eq!(visible(&app, None).await, Vec::<Uuid>::new(), "without a tenant there is nothing");
        let smuggled = as_tenant(&app, Some(ours), &[&note(theirs, 2)]).await.expect_err("refused");
        assert!(smuggled.to_string().contains("row-level security"), "{smuggled}");
        let given_away = format!("UPDATE inbox SET tenant_id = '{theirs}'");
        let given_away = as_tenant(&app, Some(ours), &[&given_away]).await.expect_err("refused");
        assert!(given_away.to_string().contains("row-level security"), "{given_away}");
        let nobody = as_tenant(&app, None, &[&note(ours, 3)]).await.expect_err("refused");
        assert!(nobody.to_string().contains("row-level security"), "{nobody}");
        as_tenant(&app, Some(ours), &["UPDATE inbox SET applied_at = 99", "DELETE FROM inbox"])
            .await
            .expect("own rows");
        assert_eq!(visible(&app, Some(theirs)).await, [theirs], "their rows are untouched");
        app.close().await.expect("closed");
    });
}

/// Operators rarely hand out a superuser: an ordinary owner that may not create roles is enough, once the role
/// is there; and even the owner's own login is bound by the rules when it serves.
#[test]
fn an_ordinary_owner_migrates_and_serves() {
    testkit::run(Backend::Postgres, async |database: TestDb| {
        let admin = database.owner().await;
        let name = format!("rustok_test_{}", Uuid::new_v4().simple());
        let run =
            async |sql: String| admin.execute_unprepared(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        run(format!("CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB")).await;
        run(format!("CREATE DATABASE {name} OWNER {name}")).await;
        let mut url = Url::parse(database.owner_url()).expect("address");
        url.set_path(&name);
        url.set_username(&name).expect("user");
        let owner = Database::connect(url.as_str()).await.expect("connected");
        let refused = Migrator::up(&owner, None).await.expect_err("not a member of the role");
        assert!(refused.to_string().contains("have a superuser run"), "{refused}");
        run(format!("GRANT {APP_ROLE} TO {name}")).await;
        Migrator::up(&owner, None).await.expect("migrated by an ordinary owner");
        // Rows of all tenants move although row level security binds their owner.
        crate::stock::moves(&owner).await;
        let tenant = Uuid::now_v7();
        owner.execute_unprepared(&tenant_row(tenant, "ours")).await.expect("tenant");
        let blocked = owner.execute_unprepared(&note(tenant, 1)).await.expect_err("forced");
        assert!(blocked.to_string().contains("row-level security"), "even for the owner: {blocked}");
        owner.close().await.expect("closed");
        let config = DatabaseConfig { url: url.into(), max_connections: 2, ..DatabaseConfig::default() };
        let db = Db::connect(&config).await.expect("serves");
        let who = rows(db.global(), "SELECT current_user::text").await;
        assert_eq!(at::<String>(&who[0], 0), APP_ROLE);
        db.global().clone().close().await.expect("closed");
        run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        run(format!("DROP ROLE {name}")).await;
        admin.close().await.expect("closed");
    });
}

fn tenant_row(id: Uuid, slug: &str) -> String {
    format!(
        "INSERT INTO tenant (id, slug, name, locale, currency, country, prices_include_tax, theme, storefront, status,
           revision, created_at, updated_at)
         VALUES ('{id}', '{slug}', 'Shop', 'en', 'EUR', 'BE', true, 'x', '{{}}', 'active', 1, 1, 1)"
    )
}

/// A row of the simplest tenant table.
fn note(tenant: Uuid, nth: u128) -> String {
    let event = Uuid::from_u128(nth);
    format!(
        "INSERT INTO inbox (tenant_id, consumer, event_id, applied_at) VALUES ('{tenant}', 'x', '{event}', 1)"
    )
}

async fn application(database: &TestDb) -> DatabaseConnection {
    Database::connect(database.url()).await.expect("connecting as the application")
}

async fn as_tenant(app: &DatabaseConnection, tenant: Option<Uuid>, statements: &[&str]) -> Result<(), DbErr> {
    let tx = app.begin().await?;
    if let Some(tenant) = tenant {
        tx.execute_unprepared(&format!("SELECT set_config('rustok.tenant', '{tenant}', true)")).await?;
    }
    for statement in statements {
        tx.execute_unprepared(statement).await?;
    }
    tx.commit().await
}

async fn visible(app: &DatabaseConnection, tenant: Option<Uuid>) -> Vec<Uuid> {
    let tx = app.begin().await.expect("transaction");
    if let Some(tenant) = tenant {
        tx.execute_unprepared(&format!("SELECT set_config('rustok.tenant', '{tenant}', true)"))
            .await
            .expect("set");
    }
    let sql = "SELECT tenant_id FROM inbox";
    let statement = sea_orm::Statement::from_string(tx.get_database_backend(), sql);
    let found = tx.query_all_raw(statement).await.expect(sql).iter().map(|row| at(row, 0)).collect();
    tx.rollback().await.expect("rolled back");
    found
}
