//! A database per test, copied from a migrated template.
#![expect(clippy::disallowed_methods, reason = "the set-up of a test happens before there are doors")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use migrations::{Migrator, MigratorTrait, dsl::APP_ROLE};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use url::Url;
use uuid::Uuid;

/// Name of the variable with the superuser address of a private PostgreSQL cluster.
pub const POSTGRES_ENV: &str = "RUSTOK_TEST_PG";

/// Login under which the tests' application connects: a member of the application role, owner of nothing.
const LOGIN: &str = "rustok_test_login";

/// Any number: taken by every process that may create a template.
const TEMPLATE_LOCK: i64 = 7_031_955;

/// The state of the migrations that this test was built with; see `build.rs`.
const FINGERPRINT: &str = env!("MIGRATIONS_FINGERPRINT");

/// The two databases that everything has to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own in the private cluster.
    Postgres,
}

/// A migrated, otherwise empty database that lives as long as this value.
#[derive(Debug)]
pub struct TestDb {
    backend: Backend,
    url: String,
    owner_url: String,
    folder: tempfile::TempDir,
}

impl TestDb {
    /// Copies the template of this schema; makes the template first when this is the first test to ask.
    ///
    /// # Panics
    /// When the database cannot be made; for PostgreSQL without a cluster the message says which command to run.
    pub async fn create(backend: Backend) -> Self {
        let folder =
            tempfile::Builder::new().prefix("rustok-test-").tempdir().expect("temporary folder for a test");
        match backend {
            Backend::Sqlite => {
                let file = folder.path().join("test.db");
                std::fs::copy(sqlite_template().await, &file).expect("copying the SQLite template");
                let url = format!("sqlite://{}", file.display());
                Self { backend, owner_url: url.clone(), url, folder }
            }
            Backend::Postgres => {
                let cluster = cluster();
                let name = format!("rustok_test_{}", Uuid::new_v4().simple());
                let template = postgres_template(&cluster).await;
                let admin = connect(&cluster).await;
                execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                admin.close().await.expect("closing the superuser's connection");
                let mut owner = cluster.clone();
                owner.set_path(&name);
                let mut url = owner.clone();
                url.set_username(LOGIN).expect("a PostgreSQL address has a user");
                url.set_password(None).expect("a PostgreSQL address has a password");
                Self { backend, url: url.into(), owner_url: owner.into(), folder }
            }
        }
    }

    /// Which of the two it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Address for the application; on PostgreSQL its login owns nothing.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Address that may do anything, for set-up that no application does.
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    /// A folder that goes away with the database, for data files of the application.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A plain connection that may do anything, past every door; for set-up and for looking.
    pub async fn owner(&self) -> DatabaseConnection {
        let url = Url::parse(&self.owner_url).expect("the test's own address");
        connect(&url).await
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if self.backend == Backend::Sqlite {
            return;
        }
        let name = Url::parse(&self.owner_url).map(|url| url.path().trim_start_matches('/').to_owned());
        let (Ok(name), Ok(cluster)) = (name, std::env::var(POSTGRES_ENV)) else { return };
        // Its own thread and runtime: this may run inside a runtime and while a failed test unwinds.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let options = options(&cluster);
                let admin = Database::connect(options).await?;
                admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
                admin.close().await
            })?;
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("the test's database stayed behind: {error}");
        }
    }
}

fn cluster() -> Url {
    let Ok(text) = std::env::var(POSTGRES_ENV) else {
        panic!(
            "{POSTGRES_ENV} is not set: run `cargo x test -p {}`, which starts a private PostgreSQL for the tests",
            std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "<crate>".to_owned())
        );
    };
    Url::parse(&text).unwrap_or_else(|error| panic!("{POSTGRES_ENV} is not an address: {error}"))
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false).acquire_timeout(Duration::from_secs(60));
    options
}

async fn connect(url: &Url) -> DatabaseConnection {
    Database::connect(options(url.as_str()))
        .await
        .unwrap_or_else(|error| panic!("connecting to {url}: {error}"))
}

async fn execute(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn one_bool(connection: &DatabaseConnection, sql: &str) -> bool {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    let row = row.unwrap_or_else(|error| panic!("{sql}: {error}")).expect("one row");
    row.try_get_by_index(0).expect("one boolean")
}

/// Name of the migrated database that the tests' databases are copied from, one per state of the migrations.
async fn postgres_template(cluster: &Url) -> String {
    let name = format!("rustok_template_{}", FINGERPRINT);
    let ready = format!("SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{name}' AND datistemplate)");
    let admin = connect(cluster).await;
    if !one_bool(&admin, &ready).await {
        execute(&admin, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
        if !one_bool(&admin, &ready).await {
            make_postgres_template(cluster, &admin, &name).await;
        }
        execute(&admin, &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    }
    admin.close().await.expect("closing the superuser's connection");
    name
}

async fn make_postgres_template(cluster: &Url, admin: &DatabaseConnection, name: &str) {
    // A half-made one of a killed process is in the way.
    execute(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    for (role, login) in [(APP_ROLE, "NOLOGIN"), (LOGIN, "LOGIN")] {
        let exists = format!("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')");
        if !one_bool(admin, &exists).await {
            execute(
                admin,
                &format!("CREATE ROLE {role} {login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"),
            )
            .await;
        }
    }
    execute(admin, &format!("GRANT {APP_ROLE} TO {LOGIN}")).await;
    execute(admin, &format!("CREATE DATABASE {name}")).await;
    let mut url = cluster.clone();
    url.set_path(name);
    let template = connect(&url).await;
    Migrator::up(&template, None)
        .await
        .unwrap_or_else(|error| panic!("migrating the PostgreSQL template: {error}"));
    template.close().await.expect("closing the template");
    execute(admin, &format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
}

/// File of the migrated SQLite database that the tests' files are copied from.
async fn sqlite_template() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/testkit");
    let file = folder.join(format!("template-{}.db", FINGERPRINT));
    if file.exists() {
        return file;
    }
    std::fs::create_dir_all(&folder).expect("a folder for the template");
    // Made aside and moved into place, so that nobody copies half of it; two makers make the same.
    let aside = tempfile::tempdir_in(&folder).expect("temporary folder for the template");
    let made = aside.path().join("template.db");
    let url =
        Url::parse(&format!("sqlite://{}?mode=rwc", made.display())).expect("an address for the template");
    let template = connect(&url).await;
    Migrator::up(&template, None)
        .await
        .unwrap_or_else(|error| panic!("migrating the SQLite template: {error}"));
    // One file without a journal beside it is what can be copied.
    execute(&template, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    template.close().await.expect("closing the template");
    std::fs::rename(&made, &file)
        .or_else(|_| std::fs::copy(&made, &file).map(|_| ()))
        .expect("keeping the template");
    file
}
