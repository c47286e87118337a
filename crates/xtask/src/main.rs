//! `cargo x`: the project's own commands.
//!
//! Reading order: [`start`] and [`test`] are the two that everybody uses, [`front`] builds the two front ends,
//! [`tools`] sees to it that what they need is there, [`postgres`] runs a private cluster for the tests.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks on its standard streams"
)]

mod bench;
mod check;
mod crash;
mod front;
mod postgres;
mod process;
mod start;
mod test;
mod tools;
mod wasm;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo x", about = "Builds, runs and tests the whole project", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything, migrate, load demo data into an empty database, serve on http://localhost:3000
    Start(start::Start),
    /// Run every test: units, both databases, compile-fail, browser journeys
    Test {
        /// Passed on to `cargo nextest run`, such as `-p catalog` or a part of a test's name
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        nextest: Vec<String>,
    },
    /// Check formatting, lints of server and front ends, and the arrows between crates
    Check,
    /// Build the two front ends and say what they weigh
    Web,
    /// Run the browser journeys only
    E2e {
        /// Passed on to `cargo nextest run`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        nextest: Vec<String>,
    },
    /// Write apps/server/schema.graphql from the code
    Schema,
    /// Measure the release build: requests per second, p50, p99, resident memory
    Bench {
        /// Passed on to the load generator; `--help` lists what it takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        bench: Vec<String>,
    },
    /// Strike the server down at every failpoint and at random moments while people buy, and look at the books
    #[command(disable_help_flag = true)]
    Crash {
        /// Passed on; `--help` lists what it takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        crash: Vec<String>,
    },
    /// Keep a private PostgreSQL running for test runs of your own, until Ctrl-C
    Pg,
    #[command(hide = true)]
    PackWasm {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    #[command(hide = true)]
    Announce(start::Announce),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    std::env::set_current_dir(process::root())?;
    match command {
        Command::Start(start) => start.run(),
        Command::Test { nextest } => test::run_all(&nextest),
        Command::Check => check::run_all(),
        Command::Web => front::weigh(),
        Command::E2e { nextest } => test::journeys(&nextest),
        Command::Schema => check::write_schema(),
        Command::Bench { bench } => bench::run_all(&bench),
        Command::Crash { crash } => crash::run_all(&crash),
        Command::Pg => postgres::keep(),
        Command::PackWasm { arguments } => wasm::pack(&arguments),
        Command::Announce(announce) => announce.run(),
    }
}
