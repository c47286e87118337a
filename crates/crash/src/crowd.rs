//! Everybody wants the same thing at the same moment, from three processes on one database.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::{Barrier, Semaphore};

use crate::books;
use crate::chance::Chance;
use crate::gateway::{Gateway, Temper};
use crate::server::{Site, free_address};
use crate::shop::{self, Client, Shop};

/// Processes that serve the shop.
const PROCESSES: usize = 3;
/// Requests that are under way at once.
const AT_ONCE: usize = 192;
/// Longest wait for one answer: everybody else may be first.
const PATIENCE: Duration = Duration::from_secs(900);

/// How large the crowd is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Who wants one piece each.
    pub buyers: usize,
    /// Pieces that there are.
    pub pieces: i64,
    /// Identical clicks at once.
    pub clicks: usize,
}

/// What came of it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// Who wanted a piece.
    pub buyers: usize,
    /// Orders of it.
    pub sold: i64,
    /// Refusals by their code.
    pub refused: BTreeMap<String, usize>,
    /// Seconds from the first click to the last answer.
    pub seconds: f64,
    /// Identical clicks that all got one order.
    pub clicks: usize,
    /// What does not agree.
    pub broken: Vec<String>,
}

/// Lets them in.
pub async fn run(mut site: Site, seed: u64, size: Size) -> Result<Report> {
    let gateway = Gateway::start(site.address, Chance::new(seed, "gateway"), Duration::ZERO).await?;
    gateway.temper(Temper::CALM);
    site.gateway = format!("http://{}", gateway.address);
    let shop = Shop::open(&site, size.pieces).await?;
    let mut servers = vec![site.start(site.address).await?];
    for _ in 1..PROCESSES {
        servers.push(site.start(free_address()?).await?);
    }
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let looking = site.look().await?;

    let mut broken = Vec::new();
    let clicks = click(&addresses, &shop, size.clicks, &mut broken).await?;
    let paid = "SELECT count(*) FROM orders WHERE tenant_id = {tenant}";
    let (orders, captures) = (books::number(&looking, paid).await?, gateway.accounts());
    if orders != 1 || captures.values().map(|account| account.captures).sum::<u32>() != 1 {
        broken
            .push(format!("{clicks} identical clicks made {orders} orders and these captures: {captures:?}"));
    }

    let (answers, seconds) = buy(&addresses, &shop, size.buyers).await?;
    let mut refused = BTreeMap::new();
    let mut told = 0;
    for answer in answers {
        match answer {
            Ok(_) => told += 1,
            Err(code) => *refused.entry(code).or_default() += 1,
        }
    }
    broken.extend(books::settle(&looking, &gateway).await?);
    let sql = format!(
        "SELECT CAST(coalesce(sum(l.quantity), 0) AS bigint) FROM order_line l \
         JOIN orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id \
         WHERE l.tenant_id = {{tenant}} AND o.state = 'paid' AND l.variant_id = {}",
        literal(&site.database, shop.scarce.uuid())
    );
    let sold = books::number(&looking, &sql).await?;
    let wanted = size.pieces.min(i64::try_from(size.buyers)?);
    if (told, sold) != (wanted, wanted) {
        broken.push(format!(
            "{told} buyers were told that they have a piece, {sold} were sold, {wanted} should be"
        ));
    }
    let captures: u32 = gateway.accounts().values().map(|account| account.captures).sum();
    if i64::from(captures) != wanted + 1 {
        broken.push(format!("the gateway captured {captures} times for {} orders", wanted + 1));
    }
    broken.extend(books::compare(&site, &looking, &gateway, &shop::Told::default()).await?.0);
    drop(looking);
    for server in servers {
        server.stop().await?;
    }
    Ok(Report { buyers: size.buyers, sold, refused, seconds, clicks, broken })
}

/// One cart, and its button pressed so many times at once.
async fn click(
    addresses: &[SocketAddr],
    shop: &Shop,
    clicks: usize,
    broken: &mut Vec<String>,
) -> Result<usize> {
    let client = Client::guest()?;
    let until = Instant::now() + PATIENCE;
    let variant = *shop.plenty.first().context("a thing")?;
    let ready = shop::ready(&client, addresses[0], variant, until).await?;
    let input = Arc::new(ready.map_err(|code| anyhow::anyhow!("a cart was refused: {code}"))?);
    let go = Arc::new(Barrier::new(clicks));
    let pressed = (0..clicks).map(|n| {
        let (client, input, go) = (client.clone(), input.clone(), go.clone());
        let address = addresses[n % addresses.len()];
        tokio::spawn(async move {
            go.wait().await;
            shop::place(&client, address, &input, until).await
        })
    });
    let pressed: Vec<_> = pressed.collect();
    let mut numbers = BTreeMap::new();
    for answer in pressed {
        *numbers.entry(answer.await??).or_insert(0_usize) += 1;
    }
    if numbers.len() != 1 || !numbers.keys().all(|answer| answer.is_ok()) {
        broken.push(format!("{clicks} identical clicks were answered with {numbers:?}"));
    }
    Ok(clicks)
}

type Answered = std::result::Result<i64, String>;

/// Everybody fills a cart; then all of them press the button.
async fn buy(addresses: &[SocketAddr], shop: &Shop, buyers: usize) -> Result<(Vec<Answered>, f64)> {
    let client = Client::guest()?;
    let until = Instant::now() + PATIENCE;
    let doors = Arc::new(Semaphore::new(AT_ONCE));
    let filled = (0..buyers).map(|n| {
        let (client, doors, variant) = (client.clone(), doors.clone(), shop.scarce);
        let address = addresses[n % addresses.len()];
        tokio::spawn(async move {
            let _place = doors.acquire().await?;
            shop::ready(&client, address, variant, until).await
        })
    });
    let filled: Vec<_> = filled.collect();
    let mut carts = Vec::with_capacity(buyers);
    for cart in filled {
        carts.push(cart.await??);
    }
    let n_ready = carts.iter().filter(|cart| cart.is_ok()).count();
    ensure!(n_ready == buyers, "only {n_ready} of {buyers} could put a piece into their cart");
    let started = Instant::now();
    let placed = carts.into_iter().enumerate().map(|(n, cart)| {
        let (client, doors) = (client.clone(), doors.clone());
        // Not where the cart was filled.
        let address = addresses[(n + 1) % addresses.len()];
        tokio::spawn(async move {
            let _place = doors.acquire().await?;
            match cart {
                Ok(input) => shop::place(&client, address, &input, until).await,
                Err(code) => Ok(Err(code)),
            }
        })
    });
    let placed: Vec<_> = placed.collect();
    let mut answers = Vec::with_capacity(buyers);
    for answer in placed {
        answers.push(answer.await??);
    }
    Ok((answers, started.elapsed().as_secs_f64()))
}

fn literal(database: &str, id: uuid::Uuid) -> String {
    match database.starts_with("sqlite:") {
        true => format!("x'{}'", id.simple()),
        false => format!("'{id}'"),
    }
}
