//! `cargo x bench`: the release build under load.

use anyhow::Result;

use crate::process::{Steps, cargo, command, run, target};
use crate::{front, postgres};

/// Builds server and load generator, starts a private PostgreSQL, measures.
pub fn run_all(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(3);
    steps.next("Building the front ends and the server (release)");
    front::build()?;
    run(&mut cargo(["build", "--release", "-p", "server"]))?;
    steps.next("Building the load generator");
    run(&mut cargo(["build", "--release", "-p", "bench"]))?;
    steps.next("Measuring");
    let (url, cluster) = postgres::for_tests()?;
    let release = target().join("release");
    let mut bench = command(&release.join("bench").to_string_lossy(), arguments);
    let result = run(bench.env("RUSTOK_BENCH_SERVER", release.join("rustok")).env(postgres::ENV, url));
    drop(cluster);
    result
}
