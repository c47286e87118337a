//! `cargo x crash`: a server with failpoints, struck down again and again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::postgres::{self, Cluster, Disk};
use crate::process::{Steps, cargo, command, run, target};

/// Builds both, starts a private PostgreSQL, and strikes.
pub fn run_all(arguments: &[String]) -> Result<()> {
    let mut steps = Steps::new(2);
    steps.next("Building the server with failpoints, and whoever strikes it down");
    let quick = arguments.iter().any(|word| word == "--quick");
    let profile = if quick { "debug" } else { "release" };
    let (server, crash) = build(profile)?;
    steps.next("Striking it down");
    if arguments.iter().any(|word| word == "--help" || word == "-h") {
        return strike(&crash, &server, "", arguments);
    }
    let cluster = Cluster::start(Disk::Waited)?;
    let result = strike(&crash, &server, cluster.url(), arguments);
    drop(cluster);
    result
}

/// Both programs; gives back the server, which lies where no other build puts one, and whoever strikes it down. The debug
/// build is there from the tests; the hours of a whole run are shorter with what is sold.
fn build(profile: &str) -> Result<(PathBuf, PathBuf)> {
    let mut both = cargo(["build", "-p", "crash", "-p", "server", "--features", "server/failpoints"]);
    if profile == "release" {
        both.arg("--release");
    }
    run(&mut both)?;
    let folder = target().join(profile);
    let server = folder.join("rustok-failpoints");
    // Under its own name beside the other one; renamed into place, so that one that runs is not written to.
    let aside = folder.join(format!("rustok-failpoints.{}", std::process::id()));
    std::fs::copy(folder.join("rustok"), &aside).context("copying the server")?;
    std::fs::rename(&aside, &server).context("moving the server into place")?;
    Ok((server, folder.join("crash")))
}

/// Runs it against a cluster.
fn strike(crash: &Path, server: &Path, cluster: &str, arguments: &[String]) -> Result<()> {
    let mut crash = command(&crash.to_string_lossy(), arguments);
    run(crash.env("RUSTOK_BENCH_SERVER", server).env(postgres::ENV, cluster))
}
