//! A thousand tenants in one process, beside one: the first answer of a shop that nobody has asked for yet, the first row
//! of a list that nobody has asked for yet in a shop that is known, the rate over shops taken at random, and what the
//! process holds in memory.
//!
//! The page cache is off in the runs whose memory is compared: with it every shop that is visited rightly takes its share of
//! the cache's own limit, which says nothing about tenants. Lists are asked for by a price that nobody has asked for before,
//! so that one shop's list is as new to the process as that of a thousand, and under load by a thousand prices in turn, so that
//! as much is read and remembered of one shop as of a thousand.
//!
//! Times are taken of both in turn: machines are faster in one minute than in the next.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::host::{Host, Setup};
use crate::http::{Connection, get};
use crate::load::measure;
use crate::scenario::Scenario;

/// Products of each tenant.
const PRODUCTS: usize = 20;
/// Processes of which the first answer is measured, each of another shop.
const FIRST: usize = 40;
/// Lists whose first row is measured, and how many of one process before it is the other's turn.
const ROWS: usize = 4_000;
const TURN: usize = 100;
/// The other number of tenants, beside one.
const MANY: usize = 1_000;

/// Memory that one number of tenants takes, MiB.
struct Memory {
    idle: f64,
    used: f64,
}

/// One number of tenants.
struct Town {
    setup: Setup,
    n_tenants: usize,
    order: Vec<usize>,
    _folder: tempfile::TempDir,
}

/// Measures one tenant and a thousand on one kind of database; `fresh` gives the address of an empty one and a folder.
pub async fn compare(
    name: &str,
    seconds: f64,
    connections: usize,
    mut fresh: impl FnMut(usize) -> Result<(Setup, tempfile::TempDir)>,
) -> Result<()> {
    let mut town = async |n_tenants| -> Result<Town> {
        let (setup, folder) = fresh(n_tenants)?;
        let started = Instant::now();
        setup.run(&["migrate", "up"])?;
        let (products, tenants) = (PRODUCTS.to_string(), n_tenants.to_string());
        setup.run(&["seed", "--generate", &products, "--tenants", &tenants])?;
        eprintln!(
            "  {name}, {n_tenants} tenants of {PRODUCTS} products: made in {:.1} s",
            started.elapsed().as_secs_f64()
        );
        setup.settle().await?;
        Ok(Town { setup, n_tenants, order: shuffled(n_tenants), _folder: folder })
    };
    let towns = [town(1).await?, town(MANY).await?];
    let first = in_turn(name, "first list page, cache off", &towns, first_answers(&towns).await?);
    let row = in_turn(name, "list that nobody asked for", &towns, first_rows(&towns).await?);
    let [one, many] = &towns;
    let one = under_load(name, one, seconds, connections).await?;
    let many = under_load(name, many, seconds, connections).await?;
    let more = |one: f64, many: f64| (many / one - 1.0) * 100.0;
    println!(
        "{name:<10} {MANY} tenants against one: first answer {first:+.0} %, first row of a list {row:+.0} %, memory at the start {:+.0} %, after use {:+.0} %",
        more(one.idle, many.idle),
        more(one.used, many.used),
    );
    Ok(())
}

/// A line for each of both; gives back how much longer the thousand's median is, percent.
fn in_turn(name: &str, what: &str, towns: &[Town; 2], taken: [Vec<Duration>; 2]) -> f64 {
    let medians = taken.into_iter().zip(towns).map(|(mut taken, town)| {
        taken.sort_unstable();
        let (p50, p99) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
        line(name, town.n_tenants, what, 1, 0.0, p50, p99, 0, 0.0);
        p50.as_secs_f64()
    });
    let medians: Vec<f64> = medians.collect();
    (medians[1] / medians[0] - 1.0) * 100.0
}

/// How long shops take to answer that their process has heard nothing of; one shop is new to one process once.
async fn first_answers(towns: &[Town; 2]) -> Result<[Vec<Duration>; 2]> {
    let mut taken = [Vec::new(), Vec::new()];
    for turn in 0..FIRST {
        for (town, taken) in towns.iter().zip(&mut taken) {
            let host = town.setup.serve(false).await?;
            read_through(&town.setup.folder)?;
            // What the first request of a process costs, whoever it is for, is not the tenant's.
            visit(&host, "/health/ready").await?;
            taken.push(visit(&host, &list_of(town.order[turn % town.n_tenants])).await?);
        }
    }
    Ok(taken)
}

/// Has the system remember a database of SQLite, as it does that of one shop: what a disk takes to find a shop of many has to
/// do with how much there is, and not with whose it is.
fn read_through(folder: &Path) -> Result<()> {
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|end| end == "db") {
            std::io::copy(&mut std::fs::File::open(path)?, &mut std::io::sink())?;
        }
    }
    Ok(())
}

/// How long lists take that nobody has asked for before, of shops that the process knows.
async fn first_rows(towns: &[Town; 2]) -> Result<[Vec<Duration>; 2]> {
    let hosts = [towns[0].setup.serve(false).await?, towns[1].setup.serve(false).await?];
    let mut connections =
        [Connection::open(hosts[0].address).await?, Connection::open(hosts[1].address).await?];
    let mut taken = [Vec::new(), Vec::new()];
    // Each shop once, so that all of them are known; then again.
    for first in (0..MANY + ROWS).step_by(TURN) {
        for at in 0..2 {
            let order = &towns[at].order;
            for turn in first..first + TURN {
                let path = priced(order[turn % order.len()], 100_000, turn);
                let begun = Instant::now();
                let status = connections[at].exchange(&get(&path)).await?;
                if status != 200 {
                    bail!("{path} answered {status}");
                }
                if MANY <= turn {
                    taken[at].push(begun.elapsed());
                }
            }
        }
    }
    Ok(taken)
}

async fn under_load(name: &str, town: &Town, seconds: f64, connections: usize) -> Result<Memory> {
    let Town { setup, n_tenants, order, .. } = town;
    let host = setup.serve(false).await?;
    visit(&host, "/health/ready").await?;
    let (idle, _) = host.memory();
    let scenario =
        Rc::new(Scenario::Requests { address: host.address, requests: lists(order), graphql: false });
    let warm_up = Duration::from_secs_f64(1.0);
    let run = measure(&scenario, connections, None, warm_up, Duration::from_secs_f64(seconds)).await;
    let run = run.context("list pages of random tenants")?;
    let (used, most) = host.memory();
    let what = "list pages, cache off";
    line(name, *n_tenants, what, connections, run.per_second, run.p50, run.p99, run.failures, used);
    if let Some(failure) = run.first_failure {
        eprintln!("    first failure: {failure}");
    }
    drop(host);
    let host = setup.serve(true).await?;
    let scenario =
        Rc::new(Scenario::Requests { address: host.address, requests: lists(order), graphql: false });
    let warm = measure(&scenario, connections, None, warm_up, Duration::from_secs_f64(seconds)).await;
    let warm = warm.context("cached list pages of random tenants")?;
    line(
        name,
        *n_tenants,
        "list pages, cache on",
        connections,
        warm.per_second,
        warm.p50,
        warm.p99,
        warm.failures,
        host.memory().0,
    );
    eprintln!("  at start {idle:.0} MiB, at most {most:.0} MiB with the cache off");
    Ok(Memory { idle, used })
}

#[expect(clippy::too_many_arguments, reason = "the columns of the table")]
fn line(
    database: &str,
    tenants: usize,
    what: &str,
    connections: usize,
    per_second: f64,
    p50: Duration,
    p99: Duration,
    failures: usize,
    memory: f64,
) {
    println!(
        "{database:<10} {tenants:>8} {what:<28} {connections:>5} {per_second:>10.0} {:>10.2} {:>10.2} {failures:>9} {memory:>9.0}",
        p50.as_secs_f64() * 1000.0,
        p99.as_secs_f64() * 1000.0,
    );
}

async fn visit(host: &Host, path: &str) -> Result<Duration> {
    let mut connection = Connection::open(host.address).await?;
    let begun = Instant::now();
    let status = connection.exchange(&get(path)).await?;
    if status != 200 {
        bail!("{path} answered {status}");
    }
    Ok(begun.elapsed())
}

/// As many different lists, whoever they are of: what is compared is tenants, and not how much of one list is remembered.
fn lists(order: &[usize]) -> Vec<Vec<u8>> {
    let list = |(turn, tenant): (usize, &usize)| get(&priced(*tenant, 200_000, turn));
    order.iter().cycle().take(order.len().max(MANY)).enumerate().map(list).collect()
}

/// A list up to a price that is above every price, and another one each turn.
fn priced(tenant: usize, above: usize, turn: usize) -> String {
    format!("{}?price_max={}.{:02}", list_of(tenant), above + turn / 100, turn % 100)
}

fn list_of(tenant: usize) -> String {
    format!("/t/load-{:04}/products", tenant + 1)
}

/// The numbers up to `n` in an order without a pattern, the same every time.
fn shuffled(n: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..n).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for at in (1..n).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers.swap(at, usize::try_from(state % (at as u64 + 1)).unwrap_or(0));
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_is_asked_once_in_no_order() {
        let order = shuffled(1_000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1_000).collect::<Vec<_>>());
        assert_ne!(order, sorted);
        assert_eq!(shuffled(1), [0]);
    }
}
