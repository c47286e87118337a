//! `cargo x test`: every test, in private folders, on free ports, leaving nothing running.

use anyhow::Result;

use crate::process::{Steps, cargo, run};
use crate::{front, postgres, tools};

/// Packages that are bundles for browsers; leptos' csr, hydrate and ssr must not meet in one cargo call.
pub const BUNDLES: [&str; 2] = ["admin", "storefront-wasm"];

/// Packages of which nothing compiles for this machine.
const WASM_ONLY: [&str; 1] = ["storefront-wasm"];

/// The server that the tests start can be struck down (`platform/src/failpoint.rs`).
const FAILPOINTS: [&str; 2] = ["--features", "server/failpoints"];

/// Runs everything, or with arguments what they choose.
pub fn run_all(nextest: &[String]) -> Result<()> {
    let chosen = packages(nextest);
    let journeys = chosen.is_empty() || chosen.contains(&"end2end");
    let mut steps = Steps::new(if chosen.is_empty() { 4 } else { 2 });

    steps.next("Looking for PostgreSQL, Chromium and the test runner");
    if journeys {
        tools::debian(&[("chromium", "chromium"), ("chromedriver", "chromium-driver")])?;
    }
    tools::nextest()?;
    let (url, cluster) = postgres::for_tests()?;

    if chosen.is_empty() {
        // The front ends link on one core for long; the tests compile on the other.
        let front = front::build_beside()?;
        steps.next("Compiling all tests, and the front ends beside them");
        run(cargo(["nextest", "run", "--no-run"]).args(workspace()).args(FAILPOINTS))?;
        if let Some(front) = front {
            eprintln!("      waiting for the front ends");
            front.finish()?;
        }
        steps.next(
            "Running the examples in the documentation, and checking that what must not compile does not",
        );
        // The whole workspace, although few crates have examples: another choice would build dependencies again.
        run(cargo(["test", "--quiet", "--doc"]).args(workspace()).args(FAILPOINTS))?;
    } else {
        if journeys {
            front::build()?;
        }
        if journeys || chosen.contains(&"crash") {
            run(cargo(["build", "-p", "server"]).args(FAILPOINTS))?;
        }
    }

    steps.next("Running the tests");
    let mut command = cargo(["nextest", "run"]);
    if chosen.is_empty() {
        command.args(workspace()).args(FAILPOINTS);
    }
    command.args(nextest).env(postgres::ENV, url);
    let result = run(&mut command);
    drop(cluster);
    result
}

/// Runs the browser journeys.
pub fn journeys(nextest: &[String]) -> Result<()> {
    let arguments: Vec<_> = ["-p", "end2end"].map(str::to_owned).iter().chain(nextest).cloned().collect();
    run_all(&arguments)
}

/// Everything that compiles for this machine.
pub fn workspace() -> Vec<&'static str> {
    let mut arguments = vec!["--workspace"];
    for package in WASM_ONLY {
        arguments.extend(["--exclude", package]);
    }
    arguments
}

/// The packages that the arguments choose.
fn packages(arguments: &[String]) -> Vec<&str> {
    let mut chosen = vec![];
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-p" | "--package" => chosen.extend(words.next()),
            _ => chosen.extend(
                word.strip_prefix("--package=").or_else(|| word.strip_prefix("-p").filter(|p| !p.is_empty())),
            ),
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::packages;

    #[test]
    fn finds_the_chosen_packages_however_they_are_written() {
        let words = ["-p", "catalog", "--package=events", "-pindex", "--no-fail-fast", "moves_stock"]
            .map(str::to_owned);
        assert_eq!(packages(&words), ["catalog", "events", "index"]);
        assert!(packages(&["moves_stock".to_owned()]).is_empty());
    }
}
