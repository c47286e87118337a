//! `cargo x bench`: the release build under load.

use anyhow::Result;

use crate::front;
use crate::postgres::{self, Cluster, Disk};
use crate::process::{Steps, cargo, command, run, target};

/// Builds server and load generator, starts a private PostgreSQL, measures.
pub fn run_all(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(3);
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
    result
}
