//! The command line. Every command says what it did; what a program would read has `--json`.

mod audit;
mod catalogue;
mod doctor;
mod operate;
mod people;
mod process;
mod tenants;
mod verify;

use clap::{Parser, Subcommand};
use platform::{App, Config, Db, SystemClock};
use std::path::PathBuf;
use std::sync::Arc;

/// One process that runs many shops.
#[derive(Parser, Debug)]
#[command(name = "rustok", version, about, max_term_width = 100)]
pub struct Cli {
    /// Configuration file; without it `rustok.toml` is read when there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Runs the host.
    Serve(process::Serve),
    /// Brings the schema up to date, takes the last step back, or says where it stands.
    Migrate(process::Migrate),
    /// Loads data into an empty shop.
    Seed(process::Seed),
    /// Tenants.
    #[command(subcommand)]
    Tenant(tenants::Tenant),
    /// People.
    #[command(subcommand)]
    User(people::User),
    /// Brings catalogue files in.
    #[command(subcommand)]
    Import(catalogue::Import),
    /// Writes catalogue files out.
    #[command(subcommand)]
    Export(catalogue::Export),
    /// Read models.
    #[command(subcommand)]
    Index(operate::Index),
    /// The event desk.
    #[command(subcommand)]
    Events(operate::Events),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Looks whether the books agree: orders and their histories, money, stock, what was told; each finding says what to do.
    Verify(verify::Verify),
    /// Prints the GraphQL schema.
    Schema,
    /// Lists everything that the outside can reach, with its permission.
    Surface(operate::SurfaceArgs),
    /// Checks configuration, database and files; each finding says what to do.
    Doctor(doctor::Doctor),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// One clear sentence.
    pub async fn run(self) -> anyhow::Result<()> {
        // These two need neither configuration nor database.
        match &self.command {
            Command::Schema => return operate::schema(),
            Command::Surface(args) => return operate::surface(args),
            _ => {}
        }
        #[cfg(feature = "failpoints")]
        platform::failpoint::arm().map_err(anyhow::Error::msg)?;
        let config = Config::load(self.config.as_deref())?;
        match self.command {
            Command::Serve(args) => args.run(config).await,
            Command::Migrate(args) => args.run(config).await,
            Command::Seed(args) => args.run(config).await,
            Command::Tenant(command) => command.run(&open(config).await?).await,
            Command::User(command) => command.run(&open(config).await?).await,
            Command::Import(command) => command.run(&open(config).await?).await,
            Command::Export(command) => command.run(&open(config).await?).await,
            Command::Index(command) => command.run(&open(config).await?).await,
            Command::Events(command) => command.run(&open(config).await?).await,
            Command::Audit(command) => command.run(&open(config).await?).await,
            Command::Verify(args) => args.run(&open(config).await?).await,
            Command::Doctor(args) => args.run(config).await,
            Command::Schema | Command::Surface(_) => Ok(()),
        }
    }
}

/// The process for a command: quiet logs, the application's own rights.
async fn open(config: Config) -> anyhow::Result<App> {
    telemetry::init(Some("warn"), telemetry::LogFormat::Readable)?;
    connect(config).await
}

/// Connects as the application; says what to do when the schema is not there.
async fn connect(config: Config) -> anyhow::Result<App> {
    identity::check_config(&config)?;
    let db = Db::connect(&config.database)
        .await
        .map_err(|error| anyhow::anyhow!("{} (is the schema there? rustok migrate)", error.message()))?;
    // Ends with the process.
    telemetry::spawn("statistics", db.clone().keep_statistics());
    let app = App::new(db, Arc::new(SystemClock), Arc::new(config));
    crate::modules::install(&app)?;
    Ok(app)
}

/// A context of the command line in one tenant.
async fn tenant_ctx(app: &App, tenant: &str) -> anyhow::Result<platform::Ctx> {
    let record = identity::tenant::find(app, tenant)
        .await
        .map_err(|_| anyhow::anyhow!("--tenant {tenant}: there is no such tenant (rustok tenant list)"))?;
    Ok(platform::Ctx::operator(app, record.info.clone(), command_words()))
}

/// The command in the audit log's words: `user grant`.
fn command_words() -> String {
    let word = |word: &String| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let words: Vec<String> = std::env::args().skip(1).take(2).filter(word).collect();
    words.join(" ")
}

/// Prints a line for people.
#[expect(clippy::print_stdout, reason = "the command line answers on standard output")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// Prints a value for programs.
fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// A bar on standard error for work over a second, hidden when nobody watches.
pub(crate) fn progress(length: u64, what: &'static str) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(length);
    let style = indicatif::ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}")
        .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
    bar.set_style(style);
    bar.set_message(what);
    bar
}
