//! Reservations per second on one variant, with the hot mode off and on: the whole transaction that takes a piece, as
//! checkouts run it, by many takers at once, without the rest of a checkout around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use catalog::product::input::{NewProduct, VariantInput};
use catalog::stock;
use platform::{Access, App, Config, Ctx, Db, SystemClock};
use primitives::{Quantity, VariantId};
use uuid::Uuid;

use crate::host::Setup;

/// Who takes at once.
const TAKERS: usize = 64;
/// Connections that they share, as the pool of one process would have.
const CONNECTIONS: u32 = 32;
/// More pieces than anybody takes in the time.
const PIECES: i64 = 10_000_000;

/// Measures both modes on one kind of database.
pub async fn compare(name: &str, setup: &Setup, seconds: f64) -> Result<()> {
    setup.run(&["migrate", "up"])?;
    setup.run(&["seed", "--demo"])?;
    let mut config = Config::default();
    config.database.url.clone_from(&setup.database);
    config.database.max_connections = CONNECTIONS;
    let db = Db::connect(&config.database).await?;
    let app = App::new(db, Arc::new(SystemClock), Arc::new(config));
    let tenant = identity::tenant::find(&app, "hearth").await?.info.clone();
    let ctx = Ctx::system(&app, tenant, "bench");
    let mut rates = Vec::new();
    for hot in [false, true] {
        let variant = thing(&ctx).await?;
        if hot {
            stock::hot::set(&ctx, variant, true).await?;
        }
        let (n_taken, took) = take(&ctx, variant, Duration::from_secs_f64(seconds)).await?;
        let reader = ctx.read(Access::System).await?;
        let sql = "SELECT CAST(SUM(reserved) AS bigint) AS reserved FROM stock_level \
                   WHERE tenant_id = {tenant} AND variant_id = ?";
        let rows = reader.raw_all(sql, vec![variant.uuid().into()]).await?;
        let reserved: i64 = rows.first().context("the variant has stock")?.try_get("", "reserved")?;
        ensure!(u64::try_from(reserved) == Ok(n_taken), "{n_taken} were taken, {reserved} are reserved");
        let rate = n_taken as f64 / took.as_secs_f64();
        let mode = if hot { "on" } else { "off" };
        println!(
            "{name:<10} hot mode {mode:<4} {TAKERS} takers, one variant: {rate:>8.0} reservations per second"
        );
        rates.push(rate);
    }
    if let [off, on] = rates.as_slice() {
        println!("{name:<10} hot mode takes {:.1} times as many", on / off);
    }
    Ok(())
}

async fn thing(ctx: &Ctx) -> Result<VariantId> {
    let variant = VariantInput {
        price: Some("5".to_owned()),
        on_hand: Some(PIECES),
        option_values: Some(Vec::new()),
        ..VariantInput::default()
    };
    let new = NewProduct { title: "Wanted".to_owned(), variants: vec![variant], ..NewProduct::default() };
    let made = catalog::product::create(ctx, &new).await.map_err(platform::Error::from)?;
    Ok(made.variants.first().context("a variant")?.id)
}

/// How many were taken in about this time.
async fn take(ctx: &Ctx, variant: VariantId, time: Duration) -> Result<(u64, Duration)> {
    let n_taken = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let takers: Vec<_> = (0..TAKERS)
        .map(|_| {
            let (ctx, n_taken) = (ctx.clone(), n_taken.clone());
            tokio::spawn(async move {
                while started.elapsed() < time {
                    let now = ctx.now();
                    let lines = [(variant, Quantity::ONE)];
                    let taken = ctx.write(Access::System, async |tx| {
                        stock::reserve(tx, Uuid::now_v7(), &lines, None, now).await
                    });
                    taken.await.map_err(platform::Error::from)?;
                    n_taken.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, platform::Error>(())
            })
        })
        .collect();
    for taker in takers {
        taker.await??;
    }
    Ok((n_taken.load(Ordering::Relaxed), started.elapsed()))
}
