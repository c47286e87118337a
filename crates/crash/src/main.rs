//! `cargo x crash`: a shop whose server is struck down again and again while people buy.
//!
//! Reading order: [`round`] (what happens), [`books`] (what has to be true afterwards), [`shop`] (who buys), [`gateway`]
//! (who takes the money), [`server`] (the processes), [`crowd`] (everybody at once).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks on its standard streams"
)]

mod books;
mod chance;
mod crowd;
mod gateway;
mod round;
mod server;
mod shop;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use platform::failpoint::NAMES;
use serde_json::json;
use uuid::Uuid;

use crate::chance::Chance;
use crate::round::{Blow, Outcome, World};
use crate::server::{Site, free_address};

/// Aborts the server at every failpoint and kills it at random moments while people buy, and looks whether the books
/// agree afterwards: no acknowledged order lost, nothing captured twice or for nobody, nothing oversold, every event
/// applied once, `rustok verify` without a finding.
#[derive(Parser)]
#[command(name = "cargo x crash")]
struct Arguments {
    /// Less than a minute: each failpoint once on one of the databases, several before each look; a small crowd
    #[arg(long)]
    quick: bool,
    /// Rounds for each failpoint, on each database
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Times that it is killed at a random moment, on each database
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// Times that the server is struck down before the books are looked at
    #[arg(long, default_value_t = 1)]
    chain: usize,
    /// Rounds until a fresh shop opens: with every order there is more to look through
    #[arg(long, default_value_t = 40)]
    shop: usize,
    /// Only failpoints whose name contains this, `kill`, or `crowd`
    #[arg(long)]
    only: Option<String>,
    /// `sqlite`, `postgres` or both; they run beside each other
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<String>,
    /// Buyers at once
    #[arg(long, default_value_t = 16)]
    buyers: u64,
    /// Who wants one of the pieces, in the crowd
    #[arg(long, default_value_t = 10_000)]
    crowd: usize,
    /// Pieces that the crowd wants
    #[arg(long, default_value_t = 1_000)]
    pieces: i64,
    /// Identical clicks at once, in the crowd
    #[arg(long, default_value_t = 100)]
    clicks: usize,
    /// No round begins later than this, minutes
    #[arg(long, default_value_t = 720)]
    minutes: u64,
    /// The same seed makes the same plan; how the machine interleaves it is its own affair
    #[arg(long)]
    seed: Option<u64>,
    /// For programs
    #[arg(long)]
    json: bool,
    /// The server's binary, built with the feature `failpoints`
    #[arg(long, env = "RUSTOK_BENCH_SERVER", default_value = "target/debug/rustok")]
    server: PathBuf,
    /// Superuser address of a PostgreSQL cluster
    #[arg(long, env = "RUSTOK_TEST_PG")]
    postgres: Option<String>,
}

fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        (arguments.rounds, arguments.kills, arguments.chain) = (1, 4, 12);
        (arguments.crowd, arguments.pieces, arguments.clicks) = (200, 20, 30);
        arguments.minutes = arguments.minutes.min(3);
    }
    arguments.server = std::path::absolute(&arguments.server)?;
    if !arguments.server.is_file() {
        bail!("{} is not there: run `cargo x crash`, which builds it", arguments.server.display());
    }
    // Threads for the gateway and the buyers while others wait for a process to end.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    runtime.block_on(crash(&arguments))
}

/// What is known of one kind of blow on one database.
#[derive(Clone, Debug, Default, serde::Serialize)]
struct Line {
    rounds: u64,
    fell: u64,
    acknowledged: u64,
    captured: u64,
    broken: Vec<String>,
}

type Lines = BTreeMap<(String, String), Line>;

async fn crash(arguments: &Arguments) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0 >> 1);
    let started = Instant::now();
    eprintln!("seed {seed}");
    let (one, other) = match arguments.databases.as_slice() {
        [one] => (one, None),
        [one, other] => (one, Some(other)),
        _ => bail!("--databases: sqlite, postgres, or both"),
    };
    let mut lines = Lines::new();
    let only = arguments.only.as_deref();
    if only != Some("crowd") {
        let both = other.is_some();
        let first = database(arguments, one, seed, both.then_some(0), started);
        match other {
            None => lines.extend(first.await?),
            Some(other) => {
                let second = database(arguments, other, seed ^ 1, Some(1), started);
                let (first, second) = tokio::try_join!(first, second)?;
                lines.extend(first);
                lines.extend(second);
            }
        }
    }
    let mut crowds = Vec::new();
    if only.is_none_or(|only| only == "crowd") && arguments.databases.iter().any(|name| name == "postgres") {
        let size =
            crowd::Size { buyers: arguments.crowd, pieces: arguments.pieces, clicks: arguments.clicks };
        crowds.push(crowd::run(site(arguments, "postgres", seed)?, seed, size).await?);
    }
    report(arguments, seed, &lines, &crowds, started.elapsed())
}

/// Everything on one database; with `half` a quick run takes every second failpoint only.
async fn database(
    arguments: &Arguments,
    name: &str,
    seed: u64,
    half: Option<usize>,
    started: Instant,
) -> Result<Lines> {
    let blows = blows(arguments, seed, half);
    let mut world = World::open(site(arguments, name, seed)?, seed, arguments.buyers).await?;
    let mut lines = Lines::new();
    let n_rounds = blows.len().div_ceil(arguments.chain.max(1));
    for (n, chain) in blows.chunks(arguments.chain.max(1)).enumerate() {
        if 0 < n && n.is_multiple_of(arguments.shop.max(1)) {
            let seed = seed.wrapping_add(n as u64);
            world = World::open(site(arguments, name, seed)?, seed, arguments.buyers).await?;
        }
        if started.elapsed() > Duration::from_secs(arguments.minutes.saturating_mul(60)) {
            eprintln!("{name}: the time is up after {n} of {n_rounds} rounds");
            break;
        }
        let begun = Instant::now();
        let Outcome { acknowledged, captured, fell, broken } = world.round(chain).await?;
        let what = chain.iter().map(Blow::name).collect::<Vec<_>>().join(", ");
        eprintln!(
            "{name} {}/{n_rounds} {what}: {acknowledged} acknowledged, {captured} captured, {:.1} s{}",
            n + 1,
            begun.elapsed().as_secs_f64(),
            if broken.is_empty() { "" } else { ", BROKEN" }
        );
        let end = !broken.is_empty();
        for (blow, fell) in chain.iter().zip(fell) {
            let line = lines.entry((name.to_owned(), blow.name().to_owned())).or_default();
            line.rounds += 1;
            line.fell += u64::from(fell);
            line.acknowledged += acknowledged;
            line.captured += captured;
            line.broken.extend(broken.iter().map(|text| format!("{name} (seed {seed}): {text}")));
        }
        if end {
            // What is broken stays broken: every later round would tell it again.
            if let Some(folder) = world.keep() {
                eprintln!("{name}: its data and its log stay in {}", folder.display());
            }
            break;
        }
    }
    Ok(lines)
}

/// What falls, in the order in which it falls.
fn blows(arguments: &Arguments, seed: u64, half: Option<usize>) -> Vec<Blow> {
    let chance = Chance::new(seed, "blows");
    let only = arguments.only.as_deref();
    let mut blows = Vec::new();
    for _ in 0..arguments.rounds {
        for (n, name) in NAMES.into_iter().enumerate() {
            let mine = !arguments.quick || half.is_none_or(|half| n % 2 == half);
            if mine && only.is_none_or(|only| name.contains(only)) {
                blows.push(Blow::at(name, &chance));
            }
        }
    }
    if only.is_none_or(|only| "kill -9".contains(only)) {
        blows.extend((0..arguments.kills).map(|_| Blow::kill(&chance)));
    }
    blows
}

fn site(arguments: &Arguments, database: &str, seed: u64) -> Result<Site> {
    let folder = tempfile::Builder::new().prefix("rustok-crash-").tempdir()?;
    let database = match database {
        "sqlite" => format!("sqlite://{}", folder.path().join("rustok.db").display()),
        "postgres" => fresh_postgres(arguments, seed)?,
        other => bail!("--databases {other}: sqlite and postgres are what there is"),
    };
    let program = arguments.server.clone();
    Ok(Site { program, folder, database, address: free_address()?, gateway: String::new() })
}

/// A database of its own in the cluster; it goes away with the cluster.
fn fresh_postgres(arguments: &Arguments, seed: u64) -> Result<String> {
    let cluster = arguments.postgres.as_deref().filter(|url| !url.is_empty());
    let cluster = cluster.context("PostgreSQL needs --postgres; `cargo x crash` starts one")?;
    let name = format!("rustok_crash_{}_{}", seed % 1_000_000, Uuid::new_v4().simple());
    let status = std::process::Command::new("psql")
        .args(["-q", "-X", cluster, "-c", &format!("CREATE DATABASE {name}")])
        .status()
        .context("starting psql")?;
    if !status.success() {
        bail!("psql could not create the database {name}");
    }
    let (server, _) = cluster.rsplit_once('/').context("an address with a database")?;
    Ok(format!("{server}/{name}"))
}

/// The table, and an error when anything is broken or was never met.
fn report(
    arguments: &Arguments,
    seed: u64,
    lines: &Lines,
    crowds: &[crowd::Report],
    took: Duration,
) -> Result<()> {
    if arguments.json {
        let rows: Vec<_> = lines
            .iter()
            .map(|((database, what), line)| json!({ "database": database, "what": what, "result": line }))
            .collect();
        let all = json!({ "seed": seed, "seconds": took.as_secs(), "rows": rows, "crowds": crowds });
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        println!(
            "{:<10} {:<28} {:>7} {:>7} {:>13} {:>9} {:>7}",
            "database", "struck down at", "rounds", "fell", "acknowledged", "captured", "broken"
        );
        for ((database, what), line) in lines {
            println!(
                "{database:<10} {what:<28} {:>7} {:>7} {:>13} {:>9} {:>7}",
                line.rounds,
                line.fell,
                line.acknowledged,
                line.captured,
                line.broken.len()
            );
        }
        for crowd in crowds {
            println!(
                "crowd: {} buyers on three processes bought {} pieces in {:.1} s, refused {:?}; {} identical clicks \
                 made one order",
                crowd.buyers, crowd.sold, crowd.seconds, crowd.refused, crowd.clicks
            );
        }
        println!("took {} s, seed {seed}", took.as_secs());
    }
    let broken = lines.values().flat_map(|line| &line.broken).chain(crowds.iter().flat_map(|c| &c.broken));
    // Each blow of a round has what the round broke.
    let broken: BTreeSet<&String> = broken.collect();
    broken.iter().for_each(|text| eprintln!("broken: {text}"));
    if let Some(first) = broken.first() {
        bail!("the shop did not survive: {first}");
    }
    let never: Vec<&str> =
        lines.iter().filter(|(_, line)| line.fell == 0).map(|((_, what), _)| what.as_str()).collect();
    if !never.is_empty() && !arguments.quick {
        bail!("nobody ever passed {}", never.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_well_formed() {
        use clap::CommandFactory;
        super::Arguments::command().debug_assert();
    }
}
