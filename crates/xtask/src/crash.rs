//! `cargo x crash`: a server with failpoints, struck down again and again.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::postgres::{self, Cluster, Disk};
use crate::process::{Steps, cargo, command, run, target};

/// Builds both, starts a private PostgreSQL, and strikes.
pub fn run_all(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(2);
    steps.next("Building the server with failpoints, and whoever strikes it down");
    let server = build()?;
    steps.next("Striking it down");
    if arguments.iter().any(|word| word == "--help" || word == "-h") {
        return strike(&server, "", arguments);
    }
    let cluster = Cluster::start(Disk::Waited)?;
    let result = strike(&server, cluster.url(), arguments);
    drop(cluster);
    result
}

/// Both programs, as debug builds; gives back the server, which lies where no other build puts one.
fn build() -> Result<PathBuf> {
    run(&mut cargo(["build", "-p", "crash"]))?;
    run(&mut cargo(["build", "-p", "server", "--features", "failpoints"]))?;
    let debug = target().join("debug");
    let server = debug.join("rustok-failpoints");
    // Under its own name beside the other one; renamed into place, so that one that runs is not written to.
    let aside = debug.join(format!("rustok-failpoints.{}", std::process::id()));
    std::fs::copy(debug.join("rustok"), &aside).context("copying the server")?;
    std::fs::rename(&aside, &server).context("moving the server into place")?;
    Ok(server)
}

/// Runs it against a cluster.
fn strike(server: &std::path::Path, cluster: &str, arguments: &[String]) -> Result<()> {
    let crash = target().join("debug").join("crash");
    let mut crash = command(&crash.to_string_lossy(), arguments);
    run(crash.env("RUSTOK_BENCH_SERVER", server).env(postgres::ENV, cluster))
}
