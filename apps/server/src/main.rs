//! `rustok`: one process that runs many shops.

use clap::Parser;
use server::commands::Cli;
use std::process::ExitCode;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of a worker, bytes. Only what is touched takes memory; builds without optimisation touch 1 MiB in a checkout.
const STACK: usize = 8 * 1024 * 1024;
/// How long the end waits for threads that compute.
const LAST_MOMENT: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    small_pages();
    // `cargo leptos watch` starts the server of a front end without a word.
    let watched = std::env::args_os().len() == 1 && std::env::var_os("LEPTOS_SITE_ADDR").is_some();
    let cli = if watched { Cli::parse_from(["rustok", "serve"]) } else { Cli::parse() };
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::from(error)),
    };
    let ended = runtime.block_on(cli.run());
    // What still computes for somebody who has gone must not keep the process.
    runtime.shutdown_timeout(LAST_MOMENT);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Memory in pages of 4 KiB, and not of 2 MiB of which a part is in use: a third less is resident, at the same speed. It
/// belongs before the first thread. A kernel that knows no such wish serves us as it likes.
fn small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// One clear sentence on standard error, exit status 1.
#[expect(clippy::print_stderr, reason = "the command line answers on standard error")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("rustok: {error:#}");
    ExitCode::FAILURE
}
