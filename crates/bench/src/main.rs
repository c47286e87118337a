//! The load generator behind `cargo x bench`: the release server, fresh data, closed loops, one table.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod gateway;
mod host;
mod hot;
mod http;
mod load;
mod scenario;
mod tenants;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::host::{Host, Setup};
use crate::load::measure;
use crate::scenario::{Scenario, Shop};

/// Measures requests per second, p50, p99 and resident memory of the release build.
#[derive(Parser)]
#[command(name = "cargo x bench")]
struct Arguments {
    /// A minute instead of ten: 1,000 products only, short runs
    #[arg(long)]
    quick: bool,
    /// Numbers of generated products
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    products: Vec<u32>,
    /// Numbers of connections
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    connections: Vec<usize>,
    /// Seconds that each figure is measured for
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Checkouts that begin per second where a pace is kept, however long each takes
    #[arg(long, default_value_t = 100.0)]
    pace: f64,
    /// Only scenarios whose name contains this; `tenants` compares a thousand tenants with one, and `hot`
    /// the two ways to keep a variant that everybody wants; they do nothing else
    #[arg(long)]
    only: Option<String>,
    /// `sqlite`, `postgres` or both
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    databases: Vec<String>,
    /// The server's binary
    #[arg(long, env = "RUSTOK_BENCH_SERVER", default_value = "target/release/rustok")]
    server: PathBuf,
    /// Superuser address of a PostgreSQL cluster for the figures on PostgreSQL
    #[arg(long, env = "RUSTOK_TEST_PG")]
    postgres: Option<String>,
}

fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    if arguments.quick {
        arguments.products = vec![1_000];
        arguments.seconds = arguments.seconds.min(2.0);
    }
    if !arguments.server.is_file() {
        bail!("{} is not there: run `cargo x bench`, which builds it", arguments.server.display());
    }
    // One thread for all connections: the other core belongs to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(bench(&arguments))
}

async fn bench(arguments: &Arguments) -> Result<()> {
    let gateway = gateway::start().await?;
    println!(
        "{:<10} {:>8} {:<28} {:>5} {:>10} {:>10} {:>10} {:>9} {:>9}",
        "database", "products", "what", "conns", "per s", "p50 ms", "p99 ms", "failures", "RSS MiB"
    );
    for database in &arguments.databases {
        if arguments.only.as_deref() == Some("tenants") {
            let most = arguments.connections.iter().copied().max().unwrap_or(16);
            tenants::compare(database, arguments.seconds, most, |n| {
                let folder = tempfile::Builder::new().prefix("rustok-bench-").tempdir()?;
                let number = u32::try_from(n).unwrap_or(u32::MAX);
                let url = address(arguments, database, &folder, number)?;
                let program = arguments.server.clone();
                let setup = Setup { program, folder: folder.path().to_owned(), database: url, gateway };
                Ok((setup, folder))
            })
            .await?;
            continue;
        }
        if arguments.only.as_deref() == Some("hot") {
            let folder = tempfile::Builder::new().prefix("rustok-bench-").tempdir()?;
            let database_url = address(arguments, database, &folder, 0)?;
            let program = arguments.server.clone();
            let setup = Setup { program, folder: folder.path().to_owned(), database: database_url, gateway };
            let (name, seconds) = (database.clone(), arguments.seconds);
            // The takers are this process, and everything that the machine has.
            let measured = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
                runtime.block_on(hot::compare(&name, &setup, seconds))
            });
            measured.join().map_err(|_| anyhow::anyhow!("the measurement stopped"))??;
            continue;
        }
        for n_products in &arguments.products {
            let folder = tempfile::Builder::new().prefix("rustok-bench-").tempdir()?;
            let url = address(arguments, database, &folder, *n_products)?;
            let setup = Setup {
                program: arguments.server.clone(),
                folder: folder.path().to_owned(),
                database: url,
                gateway,
            };
            let started = Instant::now();
            setup.run(&["migrate", "up"])?;
            // The demo brings the shop's settings, such as the way to pay that is measured.
            setup.run(&["seed", "--demo"])?;
            setup.run(&["seed", "--generate", &n_products.to_string(), "--tenant", "hearth"])?;
            let generated = started.elapsed();
            setup.settle().await?;
            let name = database.as_str();
            shop(arguments, name, *n_products, &setup, generated).await?;
        }
    }
    Ok(())
}

async fn shop(
    arguments: &Arguments,
    database: &str,
    n_products: u32,
    setup: &Setup,
    generated: Duration,
) -> Result<()> {
    let run = Run { arguments, database, n_products };
    let host = setup.serve(true).await?;
    let (idle, _) = host.memory();
    eprintln!(
        "  {database}, {n_products} products: generated in {:.1} s, ready in {} ms, {idle:.0} MiB before the first request",
        generated.as_secs_f64(),
        host.ready.as_millis(),
    );
    let look = Shop::look(host.address).await?;
    if look.n_products < u64::from(n_products) {
        bail!("the shop shows {} of {n_products} products", look.n_products);
    }
    if database == "sqlite" {
        run.figures(&host, "list page", look.list_page()).await?;
        run.figures(&host, "product page", look.product_page()).await?;
        run.figures(&host, "GraphQL list of 24", look.graphql_list()).await?;
        run.figures(&host, "GraphQL product by slug", look.graphql_product()).await?;
        run.figures(&host, "add to cart", look.add_to_cart()).await?;
    }
    run.figures(&host, "full checkout", look.buy()).await?;
    run.paced(&host, "full checkout", look.buy()).await?;
    let (now, most) = host.memory();
    eprintln!("  resident memory after all of it {now:.0} MiB, at most {most:.0} MiB");
    drop(host);
    if database == "sqlite" {
        let host = setup.serve(false).await?;
        let look = Shop::look(host.address).await?;
        run.figures(&host, "list page, page cache off", look.list_page()).await?;
        run.figures(&host, "product page, page cache off", look.product_page()).await?;
    }
    Ok(())
}

struct Run<'a> {
    arguments: &'a Arguments,
    database: &'a str,
    n_products: u32,
}

impl Run<'_> {
    async fn figures(&self, host: &Host, what: &str, scenario: Scenario) -> Result<()> {
        if self.arguments.only.as_ref().is_some_and(|only| !what.contains(only.as_str())) {
            return Ok(());
        }
        let scenario = Rc::new(scenario);
        for n_connections in &self.arguments.connections {
            self.line(host, what, &scenario, *n_connections, None).await?;
        }
        Ok(())
    }

    /// What it takes while the server has time left: so many per second, on the most connections.
    async fn paced(&self, host: &Host, what: &str, scenario: Scenario) -> Result<()> {
        let (pace, most) = (self.arguments.pace, self.arguments.connections.iter().copied().max());
        let name = format!("{what}, {pace}/s offered");
        match most {
            Some(most) if self.arguments.only.as_ref().is_none_or(|only| name.contains(only.as_str())) => {
                self.line(host, &name, &Rc::new(scenario), most, Some(pace)).await
            }
            _ => Ok(()),
        }
    }

    async fn line(
        &self,
        host: &Host,
        what: &str,
        scenario: &Rc<Scenario>,
        n_connections: usize,
        pace: Option<f64>,
    ) -> Result<()> {
        let warm_up = Duration::from_secs_f64(0.5);
        let time = Duration::from_secs_f64(self.arguments.seconds);
        let figures = measure(scenario, n_connections, pace, warm_up, time).await;
        let figures = figures.with_context(|| what.to_owned())?;
        println!(
            "{:<10} {:>8} {what:<28} {n_connections:>5} {:>10.0} {:>10.2} {:>10.2} {:>9} {:>9.0}",
            self.database,
            self.n_products,
            figures.per_second,
            figures.p50.as_secs_f64() * 1000.0,
            figures.p99.as_secs_f64() * 1000.0,
            figures.failures,
            host.memory().0,
        );
        if let Some(failure) = figures.first_failure {
            eprintln!("    first failure: {failure}");
        }
        Ok(())
    }
}

/// An empty database of this kind.
fn address(arguments: &Arguments, database: &str, folder: &tempfile::TempDir, number: u32) -> Result<String> {
    match database {
        "sqlite" => Ok(format!("sqlite://{}", folder.path().join("rustok.db").display())),
        "postgres" => fresh_postgres(arguments, number),
        other => bail!("--databases {other}: sqlite and postgres are what there is"),
    }
}

/// A database of its own in the cluster; it goes away with the cluster.
fn fresh_postgres(arguments: &Arguments, n_products: u32) -> Result<String> {
    let cluster =
        arguments.postgres.as_deref().context("PostgreSQL needs --postgres; `cargo x bench` starts one")?;
    let name = format!("rustok_bench_{n_products}_{}", std::process::id());
    let status = std::process::Command::new("psql")
        .args(["-q", "-X", cluster, "-c", &format!("CREATE DATABASE {name}")])
        .status()
        .context("starting psql")?;
    if !status.success() {
        bail!("psql could not create the database {name}");
    }
    let (server, _) = cluster.rsplit_once('/').context("an address with a database")?;
    Ok(format!("{server}/{name}"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_well_formed() {
        use clap::CommandFactory;
        super::Arguments::command().debug_assert();
    }
}
