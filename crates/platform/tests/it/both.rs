//! The doors on both databases, with the real schema.

use platform::{Access, Actor, Ahead, Ctx, Error, Reader, TenantOwned, Tx};
use primitives::{ErrorCode, Permission, UserId};
use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, ExprTrait, QueryResult, Set};
use std::time::Duration;
use testkit::{Backend, TestApp};

mod person {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: String,
        pub name: String,
        pub locale: String,
        pub password_hash: String,
        pub status: String,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl TenantOwned for Entity {
        const TENANT: Column = Column::TenantId;
        const ID: Column = Column::Id;
        const KIND: &'static str = "user";
    }
}

fn row(name: &str) -> person::ActiveModel {
    person::ActiveModel {
        id: Set(Uuid::now_v7()),
        email: Set(format!("{name}@x.example")),
        name: Set(name.to_owned()),
        locale: Set("en".to_owned()),
        password_hash: Set("!".to_owned()),
        status: Set("active".to_owned()),
        created_at: Set(0),
        updated_at: Set(0),
        ..Default::default()
    }
}

async fn store(ctx: &Ctx, name: &str) -> Result<Uuid, Error> {
    ctx.write(Access::System, async |tx: &Tx| Ok(tx.insert(row(name)).await?.id)).await
}

async fn names(ctx: &Ctx) -> Vec<String> {
    let rows = ctx.read(Access::System).await.unwrap();
    let rows = rows.find::<person::Entity>().order_by_asc(person::Column::Name).all().await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

fn text(rows: &[QueryResult]) -> Vec<String> {
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn rows_of_another_tenant_do_not_exist(app: TestApp) {
    let (mine, other) = (app.system(), app.other_system());
    let id = store(&mine, "anna").await.unwrap();
    store(&other, "olga").await.unwrap();
    let theirs = other.read(Access::System).await.unwrap();
    assert_eq!(theirs.get::<person::Entity>(id).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(theirs.find::<person::Entity>().count().await.unwrap(), 1);
    drop(theirs);
    let change = person::ActiveModel { id: Set(id), name: Set("stolen".to_owned()), ..Default::default() };
    let stolen = other.write(Access::System, async |tx: &Tx| tx.update(change).await);
    assert_eq!(stolen.await.unwrap_err().code(), ErrorCode::NotFound);
    let gone = other.write(Access::System, async |tx: &Tx| {
        let here = tx.delete_many::<person::Entity>().filter(person::Column::Id.eq(id)).exec().await?;
        let all = tx.update_many::<person::Entity>().set(person::Column::Locale, "de").exec().await?;
        Ok::<_, Error>((here, all))
    });
    assert_eq!(gone.await.unwrap(), (0, 1));
    // Stored under whatever tenant the row claims, it is the door's.
    let claimed = person::ActiveModel { tenant_id: Set(other.tenant_id().uuid()), ..row("berta") };
    mine.write(Access::System, async |tx: &Tx| tx.insert(claimed).await).await.unwrap();
    assert_eq!(names(&mine).await, ["anna", "berta"]);
    assert_eq!(names(&other).await, ["olga"]);
}

/// The builder's escape hatch may say anything, except leave the tenant.
async fn no_change_to_a_query_takes_the_tenant_away(app: TestApp) {
    let (mine, other) = (app.system(), app.other_system());
    store(&mine, "anna").await.unwrap();
    store(&other, "olga").await.unwrap();
    let db = mine.read(Access::System).await.unwrap();
    let all = db.find::<person::Entity>().map(|_| person::Entity::find()).all().await.unwrap();
    assert_eq!(all.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["anna"]);
    assert_eq!(db.find::<person::Entity>().map(|_| person::Entity::find()).count().await.unwrap(), 1);
    let any = sea_orm::Condition::any()
        .add(person::Column::Name.eq("olga"))
        .add(person::Column::TenantId.eq(other.tenant_id().uuid()));
    assert_eq!(db.find::<person::Entity>().filter(any).all().await.unwrap(), vec![]);
}

async fn an_upsert_cannot_reach_another_tenants_row(app: TestApp) {
    let (mine, other) = (app.system(), app.other_system());
    let id = store(&other, "olga").await.unwrap();
    let taken = || person::ActiveModel { id: Set(id), ..row("mallory") };
    for (conflict, update) in [
        (vec![person::Column::Id], vec![person::Column::Name]),
        (vec![person::Column::TenantId, person::Column::Id], vec![person::Column::TenantId]),
    ] {
        let refused =
            mine.write(Access::System, async |tx: &Tx| tx.upsert(taken(), &conflict, &update).await);
        assert_eq!(refused.await.unwrap_err().code(), ErrorCode::Internal);
    }
    let key = [person::Column::TenantId, person::Column::Id];
    let stored =
        mine.write(Access::System, async |tx: &Tx| tx.upsert(taken(), &key, &[person::Column::Name]).await);
    stored.await.unwrap();
    assert_eq!((names(&mine).await, names(&other).await), (vec!["mallory".into()], vec!["olga".to_owned()]));
}

/// Changes that need nothing of one another are one statement where each is a way to the database and back.
async fn changes_that_travel_together_are_those_that_were_said(app: TestApp) {
    let (mine, other) = (app.system(), app.other_system());
    store(&mine, "anna").await.unwrap();
    store(&other, "olga").await.unwrap();
    let new = |name: &str| person::Model {
        // Whatever the row claims, it is the door's.
        tenant_id: other.tenant_id().uuid(),
        id: Uuid::now_v7(),
        email: format!("{name}@x.example"),
        name: name.to_owned(),
        locale: "en".to_owned(),
        password_hash: "!".to_owned(),
        status: "active".to_owned(),
        created_at: 0,
        updated_at: 0,
    };
    let rename = "UPDATE user_account SET name = ? WHERE tenant_id = {tenant} AND name = ?";
    let renamed = |from: &str, to: &str| vec![to.into(), from.into()];
    let (met, ways) = mine
        .write(Access::System, async |tx: &Tx| {
            let mut together = tx.together();
            let first = together.raw(rename, renamed("anna", "Anna"));
            together.insert::<person::Entity>(&[new("berta"), new("carl")])?;
            let nobody = together.raw(rename, renamed("olga", "Olga"));
            let (met, ways) = platform::db::count_statements(together.send()).await;
            let met = met?;
            Ok::<_, Error>(((met.rows(first), met.rows(nobody)), ways))
        })
        .await
        .unwrap();
    assert_eq!((met, ways), ((1, 0), 1));
    assert_eq!(
        (names(&mine).await, names(&other).await),
        (vec!["Anna".to_owned(), "berta".to_owned(), "carl".to_owned()], vec!["olga".to_owned()],)
    );
    // Each has to say whose rows it changes, also beside others that do.
    let forgot = mine.write(Access::System, async |tx: &Tx| {
        let mut together = tx.together();
        together.raw(rename, renamed("Anna", "anna"));
        together.raw("UPDATE user_account SET locale = 'fr'", Vec::new());
        together.send().await
    });
    assert_eq!(forgot.await.unwrap_err().code(), ErrorCode::Internal);
    // What one of them cannot do, none has done.
    let taken = mine.write(Access::System, async |tx: &Tx| {
        let mut together = tx.together();
        together.raw(rename, renamed("Anna", "anna"));
        together.insert::<person::Entity>(&[new("berta")])?;
        together.send().await
    });
    assert_eq!(taken.await.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(names(&mine).await, ["Anna", "berta", "carl"]);
}

/// Somebody forgets the filter: on PostgreSQL the second wall holds, for reading and for writing.
async fn row_level_security_holds_where_a_raw_statement_forgets_the_filter(app: TestApp) {
    let (mine, other) = (app.system(), app.other_system());
    store(&mine, "anna").await.unwrap();
    store(&other, "olga").await.unwrap();
    let wide = "SELECT name FROM user_account WHERE {tenant} IS NOT NULL ORDER BY name";
    let seen = text(&mine.read(Access::System).await.unwrap().raw_all(wide, Vec::new()).await.unwrap());
    let changed = mine.write(Access::System, async |tx: &Tx| {
        tx.raw_exec("UPDATE user_account SET locale = 'fr' WHERE {tenant} IS NOT NULL", Vec::new()).await
    });
    let changed = changed.await.unwrap();
    if app.database().backend() == Backend::Postgres {
        assert_eq!((seen, changed), (vec!["anna".to_owned()], 1));
        let foreign = other.tenant_id().uuid();
        let moved = mine.write(Access::System, async |tx: &Tx| {
            tx.raw_exec(
                "UPDATE user_account SET tenant_id = ? WHERE tenant_id = {tenant}",
                vec![foreign.into()],
            )
            .await
        });
        assert_eq!(moved.await.unwrap_err().code(), ErrorCode::Internal);
    } else {
        assert_eq!((seen.len(), changed), (2, 2), "SQLite has the first wall only");
    }
}

/// One connection for everybody: what one caller set, the next must not find, however the first one left.
async fn the_tenant_never_stays_on_a_pooled_connection(app: TestApp) {
    let backend = app.database().backend();
    drop(app);
    let app = TestApp::configured(backend, |config| config.database.max_connections = 1).await;
    let (mine, other) = (app.system(), app.other_system());
    store(&mine, "anna").await.unwrap();
    for round in 0..20 {
        match round % 4 {
            0 => assert_eq!(names(&mine).await, ["anna"]),
            1 => assert_eq!(store(&mine, "anna").await.unwrap_err().code(), ErrorCode::Conflict),
            2 => {
                let cut = mine.write(Access::System, async |tx: &Tx| {
                    tx.insert(row("half")).await?;
                    std::future::pending::<Result<(), Error>>().await
                });
                assert!(tokio::time::timeout(Duration::from_millis(30), cut).await.is_err());
            }
            _ => {
                let reader = mine.read(Access::System).await.unwrap();
                let slow =
                    reader.raw_all("SELECT name FROM user_account WHERE tenant_id = {tenant}", Vec::new());
                // Cut off wherever it stands, and while the database is told whose rows are to be seen.
                let _ = tokio::time::timeout(Duration::ZERO, slow).await;
                drop(reader);
                drop(other.read(Access::System).await.unwrap());
                tokio::select! {
                    biased;
                    _ = mine.read(Access::System) => {}
                    () = std::future::ready(()) => {}
                }
            }
        }
        assert_eq!(names(&other).await, Vec::<String>::new(), "{round}");
        if backend == Backend::Postgres {
            assert_eq!(shown(&other).await, [other.tenant_id().to_string()], "{round}");
            // On the very connection of the reader before: there is no other one.
            let wide = app.app().db().begin_global().await.unwrap();
            let left = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, SHOWN);
            assert_eq!(text(&wide.global().query_all_raw(left).await.unwrap()), [""], "{round}");
        }
    }
    assert_eq!(names(&mine).await, ["anna"]);
}

/// Whose rows row level security shows.
const SHOWN: &str = "SELECT coalesce(current_setting('rustok.tenant', true), '')";

async fn shown(ctx: &Ctx) -> Vec<String> {
    let rows = ctx.read(Access::System).await.unwrap();
    text(&rows.raw_all(&format!("{SHOWN} WHERE {{tenant}} IS NOT NULL"), Vec::new()).await.unwrap())
}

/// The next reader of a shop gets the connection that shows its rows already; none of them is in a transaction.
async fn readers_of_a_shop_share_a_connection(app: TestApp) {
    if app.database().backend() != Backend::Postgres {
        return;
    }
    let (mine, other) = (app.system(), app.other_system());
    let ask = async |rows: &Reader, what: &str| {
        text(
            &rows
                .raw_all(&format!("SELECT CAST({what} AS text) WHERE {{tenant}} IS NOT NULL"), vec![])
                .await
                .unwrap(),
        )
    };
    let mut seen = Vec::new();
    for _ in 0..2 {
        let both = (mine.read(Access::System).await.unwrap(), other.read(Access::System).await.unwrap());
        seen.push((ask(&both.0, "pg_backend_pid()").await, ask(&both.1, "pg_backend_pid()").await));
        assert_ne!(
            ask(&both.0, "transaction_timestamp()").await,
            ask(&both.0, "transaction_timestamp()").await
        );
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0].0, seen[0].1);
}

/// A connection that is told ahead whose rows will be read shows those and no others, serves one reader, and is anybody's again
/// when nobody wanted it.
async fn who_is_about_to_read_finds_a_reader(app: TestApp) {
    let backend = app.database().backend();
    drop(app);
    let app = TestApp::configured(backend, |config| config.database.max_connections = 3).await;
    let (mine, other) = (app.system(), app.other_system());
    store(&mine, "anna").await.unwrap();
    store(&other, "berta").await.unwrap();
    let all = async || tokio::join!(names(&mine), names(&other), names(&mine));
    all().await;
    let ahead = async |ctx: &Ctx| Ahead::of(app.app(), ctx.tenant_id()).await;
    if backend == Backend::Sqlite {
        assert!(ahead(&mine).await.is_none(), "its readers are told nothing");
        return;
    }
    // What nobody wanted takes a moment to come back.
    let soon = async |ctx: &Ctx| {
        for _ in 0..5_000 {
            if let Some(ahead) = ahead(ctx).await {
                return ahead;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("none to spare")
    };
    let whose = async |ctx: &Ctx| (names(ctx).await.concat(), shown(ctx).await.concat());
    let (mine_is, others_is) = (whose(&mine).await, whose(&other).await);
    for _ in 0..20 {
        let wanted = soon(&other).await;
        assert!(ahead(&mine).await.is_none(), "two of three are left for whoever is in need");
        let reading = other.reading(wanted);
        assert_eq!((whose(&reading).await, whose(&reading).await), (others_is.clone(), others_is.clone()));
        let elsewhere = mine.reading(soon(&other).await);
        assert_eq!(whose(&elsewhere).await, mine_is);
        drop(elsewhere);
        drop(soon(&mine).await);
    }
    assert_eq!(all().await.1, ["berta"]);
    let app = TestApp::configured(backend, |config| config.database.max_connections = 1).await;
    assert_eq!(names(&app.system()).await, Vec::<String>::new());
    assert!(Ahead::of(app.app(), app.system().tenant_id()).await.is_none(), "its only one");
}

/// More callers than connections: each waits for its turn and nobody is forgotten.
async fn who_waits_for_a_connection_gets_one(app: TestApp) {
    let backend = app.database().backend();
    drop(app);
    let app = TestApp::configured(backend, |config| config.database.max_connections = 2).await;
    let ctx = app.system();
    let turn = |number: usize| {
        let ctx = ctx.clone();
        async move {
            match number % 3 {
                0 => drop(store(&ctx, &format!("anna{number}")).await.unwrap()),
                1 => drop(names(&ctx).await),
                _ => {
                    let rows = ctx.read(Access::System).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    drop(rows);
                }
            }
        }
    };
    futures::future::join_all((0..60).map(turn)).await;
    assert_eq!(names(&ctx).await.len(), 20);
}

async fn a_reader_cannot_write(app: TestApp) {
    let ctx = app.system();
    let reader = ctx.read(Access::System).await.unwrap();
    assert!(reader.insert(row("anna")).await.is_err());
    let raw = reader.raw_exec("DELETE FROM user_account WHERE tenant_id = {tenant}", Vec::new()).await;
    assert!(raw.is_err());
    drop(reader);
    assert_eq!(names(&ctx).await, Vec::<String>::new());
}

async fn a_taken_name_is_a_conflict_and_the_rest_is_not(app: TestApp) {
    let ctx = app.system();
    let id = store(&ctx, "anna").await.unwrap();
    assert_eq!(store(&ctx, "anna").await.unwrap_err().code(), ErrorCode::Conflict);
    let same_key = person::ActiveModel { id: Set(id), ..row("berta") };
    let same_key = ctx.write(Access::System, async |tx: &Tx| tx.insert(same_key).await);
    assert_eq!(same_key.await.unwrap_err().code(), ErrorCode::Conflict);
    let wrong = person::ActiveModel { status: Set("asleep".to_owned()), ..row("carla") };
    let wrong = ctx.write(Access::System, async |tx: &Tx| tx.insert(wrong).await).await.unwrap_err();
    assert_eq!((wrong.code(), wrong.message()), (ErrorCode::Internal, "something went wrong on our side"));
    // Another tenant may have the same name.
    store(&app.other_system(), "anna").await.unwrap();
}

async fn raw_statements_leave_quotes_and_comments_alone(app: TestApp) {
    let ctx = app.system();
    store(&ctx, "what? {tenant}").await.unwrap();
    let db = ctx.read(Access::System).await.unwrap();
    let rows = db
        .raw_all(
            "SELECT name /* really? */ FROM user_account -- {tenant}?\n \
             WHERE name = 'what? {tenant}' AND \"name\" <> ? AND 4 - 2 / 1 = 2 AND tenant_id = {tenant} \
             AND name <> 'it''s?'",
            vec!["x".into()],
        )
        .await
        .unwrap();
    assert_eq!(text(&rows), ["what? {tenant}"]);
    for (sql, values, why) in [
        ("SELECT name FROM user_account WHERE name = '{tenant}'", vec![], "must name {tenant}"),
        ("SELECT name FROM user_account -- {tenant}", vec![], "must name {tenant}"),
        (
            "SELECT name FROM user_account WHERE tenant_id = {tenant} AND name = ?",
            vec![],
            "more ? than values",
        ),
        ("SELECT name FROM user_account WHERE tenant_id = {tenant}", vec!["x".into()], "more values than ?"),
    ] {
        let error = db.raw_all(sql, values).await.unwrap_err();
        assert!(error.report().ends_with(why), "{sql}: {}", error.report());
    }
}

async fn a_write_that_takes_too_long_is_undone(app: TestApp) {
    let backend = app.database().backend();
    drop(app);
    let app = TestApp::configured(backend, |config| config.database.write_timeout_ms = 200).await;
    let ctx = app.system();
    let slow = ctx.write(Access::System, async |tx: &Tx| {
        tx.insert(row("slow")).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok::<_, Error>(())
    });
    assert_eq!(slow.await.unwrap_err().code(), ErrorCode::ServiceUnavailable);
    store(&ctx, "quick").await.unwrap();
    assert_eq!(names(&ctx).await, ["quick"]);
}

/// Two writers that lock two rows in opposite order: PostgreSQL ends one of them, which then runs again.
async fn a_deadlock_is_run_again(app: TestApp) {
    let ctx = app.system();
    let (one, two) = (store(&ctx, "one").await.unwrap(), store(&ctx, "two").await.unwrap());
    let touch = async |first: Uuid, second: Uuid| {
        platform::error::retry(async || {
            ctx.write(Access::System, async |tx: &Tx| {
                for id in [first, second] {
                    tx.update_many::<person::Entity>()
                        .col_expr(person::Column::UpdatedAt, Expr::col(person::Column::UpdatedAt).add(1))
                        .filter(person::Column::Id.eq(id))
                        .exec()
                        .await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Ok::<_, Error>(())
            })
            .await
        })
        .await
    };
    let (left, right) = tokio::join!(touch(one, two), touch(two, one));
    left.unwrap();
    right.unwrap();
    let rows = ctx.read(Access::System).await.unwrap().find::<person::Entity>().all().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.updated_at).collect::<Vec<_>>(), [2, 2]);
}

/// Everybody's idle connection is dead at once; nobody notices.
async fn a_restart_of_the_database_between_two_requests_costs_no_request(app: TestApp) {
    let ctx = app.system();
    let some = || async { tokio::join!(names(&ctx), names(&ctx), names(&ctx), names(&ctx)) };
    some().await;
    store(&ctx, "before").await.unwrap();
    if app.database().backend() == Backend::Postgres {
        let owner = app.database().owner().await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        owner.execute_unprepared(cut).await.unwrap();
        owner.close().await.unwrap();
    }
    store(&ctx, "write").await.unwrap();
    for _ in 0..4 {
        assert_eq!(some().await.0, ["before", "write"]);
    }
}

/// PostgreSQL would find out in a minute, and plan as if it were empty until then.
async fn a_table_that_grew_is_looked_at_once(app: TestApp) {
    let ctx = app.system();
    let db = ctx.app().db();
    let grow = ctx.write(Access::System, async |tx: &Tx| {
        tx.insert_many((0..200).map(|n| row(&format!("n{n}"))).collect()).await?;
        if app.database().backend() == Backend::Postgres {
            tx.global().execute_unprepared("SELECT pg_stat_force_next_flush()").await?;
        }
        Ok::<_, Error>(())
    });
    grow.await.unwrap();
    if app.database().backend() == Backend::Sqlite {
        // Its migrations have told it; the watch ends by itself.
        return db.clone().keep_statistics().await;
    }
    let owner = app.database().owner().await;
    let known = async || {
        let sql = "SELECT reltuples::bigint::text FROM pg_class WHERE oid = 'user_account'::regclass";
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        text(&owner.query_all_raw(statement).await.unwrap())
    };
    assert_eq!(known().await, ["-1"], "nobody has looked at it");
    assert!(db.look_at_grown_tables().await.unwrap() >= 1);
    assert_eq!(known().await, ["200"]);
    assert_eq!(db.look_at_grown_tables().await.unwrap(), 0, "it has not grown since");
    assert_eq!(names(&ctx).await.len(), 200);
    owner.close().await.unwrap();
}

/// A request that is cut off while its transaction opens leaves no open one in the pool for the next.
async fn a_caller_that_goes_away_leaves_no_transaction_open(app: TestApp) {
    let ctx = app.system();
    names(&ctx).await;
    for turns in 0..40 {
        let mut door = Box::pin(ctx.read(Access::System));
        for _ in 0..=turns % 4 {
            if futures::poll!(&mut door).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    if app.database().backend() == Backend::Postgres {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let owner = app.database().owner().await;
        let sql = "SELECT count(*)::text FROM pg_stat_activity \
                   WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        assert_eq!(text(&owner.query_all_raw(statement).await.unwrap()), ["0"]);
        owner.close().await.unwrap();
    }
    assert_eq!(names(&ctx).await, Vec::<String>::new());
}

/// Rows let go before the disk has them are on it all the same when the write returns.
async fn a_commit_that_lets_go_early_is_on_disk_when_it_returns(app: TestApp) {
    let ctx = app.system();
    let postgres = app.database().backend() == Backend::Postgres;
    let written = ctx.write(Access::System, async |tx: &Tx| {
        tx.let_go_early();
        tx.insert(row("anna")).await?;
        if !postgres {
            return Ok(None);
        }
        // The cluster of the tests never waits for the disk.
        tx.global().execute_unprepared("SET SESSION synchronous_commit = on").await?;
        let place = "SELECT pg_current_wal_insert_lsn()::text";
        let place = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, place);
        Ok::<_, Error>(text(&tx.global().query_all_raw(place).await?).pop())
    });
    if let Some(place) = written.await.unwrap() {
        let owner = app.database().owner().await;
        let sql = format!("SELECT (pg_current_wal_flush_lsn() >= '{place}'::pg_lsn)::text");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        assert_eq!(text(&owner.query_all_raw(statement).await.unwrap()), ["true"]);
        owner.close().await.unwrap();
    }
    let undone = ctx.write(Access::System, async |tx: &Tx| {
        tx.let_go_early();
        tx.insert(row("berta")).await?;
        Err::<(), _>(Error::conflict("no"))
    });
    assert_eq!(undone.await.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(names(&ctx).await, ["anna"]);
    assert_eq!(names(&app.other_system()).await, Vec::<String>::new());
}

async fn doors_ask_first(app: TestApp) {
    let ctx = app.staff(&[Permission::USERS_READ]);
    let refused = ctx.write(Permission::USERS_CREATE, async |tx: &Tx| tx.insert(row("no")).await);
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::Forbidden);
    let customer = ctx.with_actor(Actor::Customer { user: UserId::new() });
    assert_eq!(customer.read(Permission::USERS_READ).await.err().unwrap().code(), ErrorCode::Forbidden);
    assert_eq!(customer.read(Access::System).await.err().unwrap().code(), ErrorCode::Forbidden);
    assert!(customer.read(Access::SignedIn).await.is_ok());
    assert_eq!(names(&app.system()).await, Vec::<String>::new());
}

testkit::on_both!(
    rows_of_another_tenant_do_not_exist,
    no_change_to_a_query_takes_the_tenant_away,
    an_upsert_cannot_reach_another_tenants_row,
    row_level_security_holds_where_a_raw_statement_forgets_the_filter,
    the_tenant_never_stays_on_a_pooled_connection,
    who_is_about_to_read_finds_a_reader,
    readers_of_a_shop_share_a_connection,
    who_waits_for_a_connection_gets_one,
    a_reader_cannot_write,
    a_taken_name_is_a_conflict_and_the_rest_is_not,
    raw_statements_leave_quotes_and_comments_alone,
    a_write_that_takes_too_long_is_undone,
    a_deadlock_is_run_again,
    a_restart_of_the_database_between_two_requests_costs_no_request,
    a_table_that_grew_is_looked_at_once,
    a_caller_that_goes_away_leaves_no_transaction_open,
    a_commit_that_lets_go_early_is_on_disk_when_it_returns,
    changes_that_travel_together_are_those_that_were_said,
    doors_ask_first,
);
