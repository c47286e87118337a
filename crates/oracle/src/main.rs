//! `oracle`: asks `pricing` and the oracle about many random carts and tells the first about which they differ.
#![expect(clippy::print_stdout, reason = "the report is what this program is for")]

use std::collections::BTreeMap;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use clap::Parser;
use oracle::compare::{Difference, check};
use oracle::random::case;
use oracle::shrink::shrink;

/// Compares the calculator with exact fractions on random carts. Ends with 1 at a difference.
#[derive(Parser)]
#[command(name = "oracle")]
struct Arguments {
    /// How many carts
    #[arg(long, default_value_t = 100_000)]
    carts: u64,
    /// The seed of the first cart; each next cart has the next seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many threads; all processors when left out
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Go on after a difference and count them by field
    #[arg(long)]
    all: bool,
    /// Show the cart of `--seed` and both answers, and compare nothing else
    #[arg(long)]
    show: bool,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// Carts that were compared.
    carts: u64,
    /// By field (without its numbers): how many differences, the lowest seed, and what was there.
    differences: BTreeMap<String, (u64, u64, Box<Difference>)>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.show {
        return show(arguments.seed);
    }
    let threads = arguments.threads.or(std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let begin = Instant::now();
    let (next, found) = (AtomicU64::new(0), Mutex::new(Found::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&arguments, &next, &found));
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    #[expect(clippy::cast_precision_loss, reason = "a speed for people")]
    let speed = found.carts as f64 / seconds;
    println!("{} carts in {seconds:.1} s on {threads} threads, {speed:.0} carts per second", found.carts);
    report(&found)
}

/// Says whether they agree, and shows the difference of the lowest seed.
fn report(found: &Found) -> ExitCode {
    let Some((_, seed, difference)) = found.differences.values().min_by_key(|(_, seed, _)| *seed) else {
        println!("pricing and the oracle agree on all of them");
        return ExitCode::SUCCESS;
    };
    for (field, (count, seed, _)) in &found.differences {
        println!("{count} × {field}, first about seed {seed}");
    }
    println!("they differ about seed {seed}: {}", difference.field);
    println!("  oracle:  {}\n  pricing: {}", difference.expected, difference.found);
    let small = shrink(&difference.case, |case| check(case).is_err());
    if let Err(smallest) = check(&small) {
        println!("a small cart about which they differ too:\n{smallest}");
    }
    ExitCode::FAILURE
}

/// Takes a handful of seeds after the other, until all are taken or a difference was found.
fn work(arguments: &Arguments, next: &AtomicU64, found: &Mutex<Found>) {
    const HANDFUL: u64 = 64;
    loop {
        let from = next.fetch_add(HANDFUL, Ordering::Relaxed);
        let until = arguments.carts.min(from.saturating_add(HANDFUL));
        let mut own = Found::default();
        for number in from..until {
            let seed = arguments.seed.wrapping_add(number);
            own.carts += 1;
            if let Err(difference) = check(&case(seed)) {
                own.add(1, seed, difference);
                if !arguments.all {
                    break;
                }
            }
        }
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.carts += own.carts;
        for (count, seed, difference) in own.differences.into_values() {
            found.add(count, seed, difference);
        }
        let enough = !arguments.all && !found.differences.is_empty();
        if arguments.carts <= until || enough {
            return;
        }
    }
}

impl Found {
    fn add(&mut self, count: u64, seed: u64, difference: Box<Difference>) {
        let kind: String = difference.field.chars().filter(|one| !one.is_ascii_digit()).collect();
        match self.differences.get_mut(&kind) {
            None => drop(self.differences.insert(kind, (count, seed, difference))),
            Some(known) => {
                known.0 += count;
                if seed < known.1 {
                    (known.1, known.2) = (seed, difference);
                }
            }
        }
    }
}

/// One cart and what both say about it.
fn show(seed: u64) -> ExitCode {
    let case = case(seed);
    match check(&case) {
        Ok(()) => {
            println!("{case}\n{:#?}", oracle::quote(&case.request()));
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("{difference}");
            ExitCode::FAILURE
        }
    }
}
