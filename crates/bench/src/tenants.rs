//! A thousand tenants in one process, beside one: the first answer of a shop that nobody has asked for yet, the first row
//! of a list that nobody has asked for yet in a shop that is known, the rate over shops taken at random, and what the
//! process holds in memory.
//!
//! The page cache is off in the runs whose memory is compared: with it every shop that is visited rightly takes its share of
//! the cache's own limit, which says nothing about tenants. Lists are asked for by a price that nobody has asked for before,
//! so that one shop's list is as new to the process as that of a thousand, and under load by a thousand prices in turn, so that
//! as much is read and remembered of one shop as of a thousand.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::host::{Host, Setup};
use crate::http::{Connection, get};
use crate::load::measure;
use crate::scenario::Scenario;

/// Products of each tenant.
const PRODUCTS: usize = 20;
/// Shops whose first answer is measured.
const FIRST: usize = 200;
/// Lists whose first row is measured.
const ROWS: usize = 2_000;
/// The other number of tenants, beside one.
const MANY: usize = 1_000;

/// What one number of tenants came to.
struct Figures {
    first: Duration,
    row: Duration,
    idle: f64,
    used: f64,
}

/// Measures one tenant and a thousand on one kind of database; `fresh` gives the address of an empty one and a folder.
pub async fn compare(
    name: &str,
    seconds: f64,
    connections: usize,
    mut fresh: impl FnMut(usize) -> Result<(Setup, tempfile::TempDir)>,
) -> Result<()> {
    let mut all = Vec::new();
    for n_tenants in [1, MANY] {
        let (setup, _folder) = fresh(n_tenants)?;
        let started = Instant::now();
        setup.run(&["migrate", "up"])?;
        let (products, tenants) = (PRODUCTS.to_string(), n_tenants.to_string());
        setup.run(&["seed", "--generate", &products, "--tenants", &tenants])?;
        eprintln!(
            "  {name}, {n_tenants} tenants of {PRODUCTS} products: made in {:.1} s",
            started.elapsed().as_secs_f64()
        );
        let figures = one(name, &setup, n_tenants, seconds, connections).await?;
        all.push(figures);
    }
    let [one, many] = all.as_slice() else { bail!("two runs give two figures") };
    let more = |one: f64, many: f64| (many / one - 1.0) * 100.0;
    println!(
        "{name:<10} {MANY} tenants against one: first answer {:+.0} %, first row of a list {:+.0} %, memory at the start {:+.0} %, after use {:+.0} %",
        more(one.first.as_secs_f64(), many.first.as_secs_f64()),
        more(one.row.as_secs_f64(), many.row.as_secs_f64()),
        more(one.idle, many.idle),
        more(one.used, many.used),
    );
    Ok(())
}

async fn one(
    name: &str,
    setup: &Setup,
    n_tenants: usize,
    seconds: f64,
    connections: usize,
) -> Result<Figures> {
    let order = shuffled(n_tenants);
    let mut first = Vec::new();
    let host = setup.serve(false).await?;
    // What the first request of a process costs, whoever it is for, is not the tenant's.
    visit(&host, "/health/ready").await?;
    let (idle, _) = host.memory();
    for tenant in order.iter().take(FIRST) {
        first.push(visit(&host, &list_of(*tenant)).await?);
    }
    // One tenant is new to one process once.
    while first.len() < 20 {
        let host = setup.serve(false).await?;
        visit(&host, "/health/ready").await?;
        for tenant in order.iter().take(20 - first.len()) {
            first.push(visit(&host, &list_of(*tenant)).await?);
        }
    }
    first.sort_unstable();
    let first = first[first.len() / 2];
    let rows = first_rows(&host, &order).await?;
    let (row, row_p99) = (rows[rows.len() / 2], rows[rows.len() * 99 / 100]);
    let scenario =
        Rc::new(Scenario::Requests { address: host.address, requests: lists(&order), graphql: false });
    let warm_up = Duration::from_secs_f64(1.0);
    let run = measure(&scenario, connections, None, warm_up, Duration::from_secs_f64(seconds)).await;
    let run = run.context("list pages of random tenants")?;
    let (used, most) = host.memory();
    line(name, n_tenants, "first list page, cache off", 1, 0.0, first, first, 0, idle);
    line(name, n_tenants, "list that nobody asked for", 1, 0.0, row, row_p99, 0, idle);
    let what = "list pages, cache off";
    line(name, n_tenants, what, connections, run.per_second, run.p50, run.p99, run.failures, used);
    if let Some(failure) = run.first_failure {
        eprintln!("    first failure: {failure}");
    }
    drop(host);
    let host = setup.serve(true).await?;
    let scenario =
        Rc::new(Scenario::Requests { address: host.address, requests: lists(&order), graphql: false });
    let warm = measure(&scenario, connections, None, warm_up, Duration::from_secs_f64(seconds)).await;
    let warm = warm.context("cached list pages of random tenants")?;
    let what = "list pages, cache on";
    line(
        name,
        n_tenants,
        what,
        connections,
        warm.per_second,
        warm.p50,
        warm.p99,
        warm.failures,
        host.memory().0,
    );
    eprintln!("  at most {most:.0} MiB with the cache off");
    Ok(Figures { first, row, idle, used })
}

/// How long lists take that nobody has asked for before, of shops that the process knows, shortest first.
async fn first_rows(host: &Host, order: &[usize]) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(host.address).await?;
    let mut taken = Vec::with_capacity(ROWS);
    // Each shop once, so that all of them are known; then again.
    for (turn, tenant) in order.iter().cycle().take(order.len().max(MANY) + ROWS).enumerate() {
        let path = priced(*tenant, 100_000, turn);
        let begun = Instant::now();
        let status = connection.exchange(&get(&path)).await?;
        if status != 200 {
            bail!("{path} answered {status}");
        }
        if order.len().max(MANY) <= turn {
            taken.push(begun.elapsed());
        }
    }
    taken.sort_unstable();
    Ok(taken)
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
