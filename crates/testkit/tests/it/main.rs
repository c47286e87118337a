//! The tests' own ground is firm: fresh, separate, and with no more rights than the server has.
#![allow(clippy::unwrap_used, reason = "a test that cannot set up its world stops")]
#![expect(clippy::disallowed_methods, reason = "what the set-up made is looked at past the doors")]

use platform::Actor;
use primitives::Permission;
use sea_orm::{ConnectionTrait, Statement};
use testkit::{Backend, TestApp, TestDb};

async fn count_of_tenants(database: &TestDb) -> i64 {
    let owner = database.owner().await;
    let statement = Statement::from_string(owner.get_database_backend(), "SELECT count(*) FROM tenant");
    owner.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn every_application_has_a_database_of_its_own(app: TestApp) {
    let another = TestDb::create(app.database().backend()).await;
    assert_eq!(count_of_tenants(app.database()).await, 2);
    assert_eq!(count_of_tenants(&another).await, 0);
}

async fn people_are_who_they_say(app: TestApp) {
    assert_eq!(app.anonymous().actor(), &Actor::Anonymous);
    assert_ne!(app.customer().user_id(), app.customer().user_id());
    let staff = app.staff(&[Permission::PRODUCTS_READ]);
    assert!(staff.allows(Permission::PRODUCTS_READ));
    assert!(!staff.allows(Permission::PRODUCTS_UPDATE));
    assert_ne!(app.other_tenant().tenant_id(), staff.tenant_id());
}

async fn the_application_opens_its_doors(app: TestApp) {
    app.system().read(platform::Access::System).await.unwrap();
    app.anonymous().write(platform::Access::Public, async |_| Ok::<_, platform::Error>(())).await.unwrap();
}

testkit::on_both!(
    every_application_has_a_database_of_its_own,
    people_are_who_they_say,
    the_application_opens_its_doors
);

#[test]
fn on_postgres_the_application_owns_nothing() {
    testkit::run(Backend::Postgres, async |database: TestDb| {
        let application = sea_orm::Database::connect(database.url()).await.unwrap();
        let refused = application.execute_unprepared("DROP TABLE tenant").await.unwrap_err().to_string();
        assert!(refused.contains("must be owner"), "{refused}");
    });
}
