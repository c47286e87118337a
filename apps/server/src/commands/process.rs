//! `serve`, `migrate`, `seed`.

#![expect(clippy::disallowed_methods, reason = "the schema belongs to the platform, not to a tenant")]

use super::{connect, say, say_json};
use crate::host::{self, Role};
use crate::seed;
use anyhow::{Context as _, bail};
use migrations::sea_orm_migration::Migration;
use migrations::{Migrator, MigratorTrait};
use platform::{Config, Db};
use std::path::PathBuf;

/// Runs the host.
#[derive(clap::Args, Debug)]
pub struct Serve {
    /// Which part of the work this process does.
    #[arg(long, value_enum, default_value_t = Role::All)]
    role: Role,
    /// Brings the schema up to date first; the default on SQLite.
    #[arg(long)]
    migrate: bool,
}

impl Serve {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let filter = std::env::var("RUSTOK_LOG").unwrap_or_else(|_| config.log.filter.clone());
        let format = match config.log.format.as_str() {
            "json" => telemetry::LogFormat::Json,
            "text" => telemetry::LogFormat::Readable,
            _ => telemetry::LogFormat::Automatic,
        };
        telemetry::init(Some(&filter), format)?;
        telemetry::install_panic_counter();
        let metrics = telemetry::Metrics::install()?;
        if self.migrate || config.database.url.starts_with("sqlite:") {
            migrate_up(&config).await?;
        }
        let app = connect(config).await?;
        telemetry::spawn("metrics", metrics.clone().upkeep());
        host::serve(app, self.role, metrics).await
    }
}

async fn migrate_up(config: &Config) -> anyhow::Result<()> {
    let db = Db::connect_as_owner(&config.database).await?;
    Migrator::up(db.global(), None).await.context("bringing the schema up to date")
}

/// Brings the schema up to date, takes the last step back, or says where it stands.
#[derive(clap::Args, Debug)]
pub struct Migrate {
    #[arg(value_enum, default_value_t = Direction::Up)]
    direction: Direction,
    /// For programs (status).
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Direction {
    Up,
    Down,
    Status,
}

impl Migrate {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        let db = Db::connect_as_owner(&config.database).await?;
        match self.direction {
            Direction::Up => {
                Migrator::up(db.global(), None).await.context("bringing the schema up to date")?;
                say("the schema is up to date");
            }
            Direction::Down => {
                Migrator::down(db.global(), Some(1)).await.context("taking the last migration back")?;
                say("the last migration is taken back");
            }
            Direction::Status => {
                let applied = Migrator::get_applied_migrations(db.global()).await?;
                let pending = Migrator::get_pending_migrations(db.global()).await?;
                let names = |list: &[Migration]| -> Vec<String> {
                    list.iter().map(|migration| migration.name().to_owned()).collect()
                };
                let (applied, pending) = (names(&applied), names(&pending));
                if self.json {
                    return say_json(&serde_json::json!({ "applied": applied, "pending": pending }));
                }
                for name in &applied {
                    say(format_args!("applied  {name}"));
                }
                for name in &pending {
                    say(format_args!("pending  {name}"));
                }
            }
        }
        Ok(())
    }
}

/// Loads data into an empty shop.
#[derive(clap::Args, Debug)]
pub struct Seed {
    /// The two demo shops, `hearth` and `northbound`, with people to sign in as.
    #[arg(long)]
    demo: bool,
    /// A fixture file in the layout of the demo shops.
    fixture: Option<PathBuf>,
    /// Made-up products for load tests: how many; of each tenant with `--tenants`.
    #[arg(long, value_name = "N")]
    generate: Option<usize>,
    /// Made-up tenants for load tests, `load-0001` and on: how many.
    #[arg(long, value_name = "N", requires = "generate", conflicts_with = "tenant")]
    tenants: Option<usize>,
    /// The tenant that made-up products go to.
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Adds to a shop that has products already.
    #[arg(long)]
    force: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

impl Seed {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<()> {
        if config.database.url.starts_with("sqlite:") {
            migrate_up(&config).await?;
        }
        let app = super::open(config).await?;
        let report = match (&self.fixture, self.demo, self.generate, &self.tenant) {
            (Some(file), false, None, _) => seed::file(&app, file, self.force).await?,
            (None, true, None, _) => seed::demo(&app).await?,
            (None, false, Some(products), None) if self.tenants.is_some() => {
                seed::generate_tenants(&app, self.tenants.unwrap_or_default(), products).await?
            }
            (None, false, Some(products), Some(tenant)) => {
                let ctx = super::tenant_ctx(&app, tenant).await?;
                seed::generate(&ctx, products).await?
            }
            _ => bail!("say what to load: --demo, a fixture file, or --generate N --tenant SLUG"),
        };
        // Nobody else moves the events of a command.
        crate::drain(&app).await?;
        if self.json {
            return say_json(&report);
        }
        say(report);
        Ok(())
    }
}
