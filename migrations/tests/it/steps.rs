//! Up, down, and up again.

use migrations::{Migrator, MigratorTrait};
use testkit::{Backend, TestDb};

use crate::schema::{self, at, rows};

async fn going_down_leaves_nothing_and_going_up_again_gives_the_same(database: TestDb) {
    let before = schema::read(&database).await;
    let owner = database.owner().await;
    assert_eq!(Migrator::get_pending_migrations(&owner).await.expect("status").len(), 0);
    Migrator::up(&owner, None).await.expect("nothing to do");
    Migrator::down(&owner, None).await.expect("down");
    let left = schema::read(&database).await;
    assert_eq!(left.keys().collect::<Vec<_>>(), ["seaql_migrations"]);
    let objects = match database.backend() {
        Backend::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')",
        Backend::Postgres => {
            "SELECT (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace)
               + (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('S', 'v', 'm'))
               + (SELECT count(*) FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e')"
        }
    };
    assert_eq!(
        at::<i64>(&rows(&owner, objects).await[0], 0),
        0,
        "functions, triggers, views, sequences or types stay"
    );
    Migrator::up(&owner, None).await.expect("up again");
    owner.close().await.expect("closed");
    assert_eq!(schema::read(&database).await, before);
}

testkit::on_both!(going_down_leaves_nothing_and_going_up_again_gives_the_same);
