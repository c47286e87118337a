//! `rustok`: one process that runs many shops.

use clap::Parser;
use server::commands::Cli;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::from(error)),
    };
    match runtime.block_on(cli.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// One clear sentence on standard error, exit status 1.
#[expect(clippy::print_stderr, reason = "the command line answers on standard error")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("rustok: {error:#}");
    ExitCode::FAILURE
}
