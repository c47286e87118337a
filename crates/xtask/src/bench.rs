//! `cargo x bench`: the release build under load, and a million carts beside an exact oracle.

use anyhow::Result;

use crate::front;
use crate::postgres::{self, Cluster, Disk};
use crate::process::{Steps, cargo, command, run, target};

/// Carts about which prices and the oracle have to agree.
const CARTS: &str = "1000000";

/// Builds server and load generator, starts a private PostgreSQL, measures, and compares carts; `--only carts` does nothing
/// else.
pub fn run_all(arguments: &[String]) -> Result<()> {
    let only = arguments.iter().skip_while(|word| *word != "--only").nth(1).map(String::as_str);
    if only == Some("carts") {
        return carts(&mut Steps::new(1));
    }
    let whole = only.is_none() && !arguments.iter().any(|word| word == "--quick" || word == "--help");
    let mut steps = Steps::new(if whole { 4 } else { 3 });
    steps.next("Building the front ends and the server (release)");
    front::build()?;
    run(&mut cargo(["build", "--release", "-p", "server"]))?;
    steps.next("Building the load generator");
    run(&mut cargo(["build", "--release", "-p", "bench"]))?;
    steps.next("Measuring");
    let cluster = Cluster::start(Disk::Waited)?;
    let release = target().join("release");
    let mut bench = command(&release.join("bench").to_string_lossy(), arguments);
    let result =
        run(bench.env("RUSTOK_BENCH_SERVER", release.join("rustok")).env(postgres::ENV, cluster.url()));
    drop(cluster);
    result?;
    if whole { carts(&mut steps) } else { Ok(()) }
}

/// Prices random carts twice, with whole numbers and with exact fractions.
fn carts(steps: &mut Steps) -> Result<()> {
    steps.next("Comparing the prices of a million random carts with exact fractions");
    run(&mut cargo(["run", "--release", "-q", "-p", "oracle", "--", "--carts", CARTS]))
}
