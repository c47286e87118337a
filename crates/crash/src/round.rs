//! One round: people buy, the server is struck down once or several times, comes back, calms down, and the books are
//! looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::books;
use crate::chance::Chance;
use crate::gateway::{Gateway, Temper};
use crate::server::{HOLD_SECONDS, Server, Site};
use crate::shop::{self, Shop, Told};

/// Longest time until somebody passes a failpoint.
const REACH: Duration = Duration::from_secs(12);
/// How long people go on buying from the server that has come back.
const AFTERWARDS: Duration = Duration::from_millis(400);

/// What ends a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blow {
    /// A failpoint, the `at`th time that it is passed.
    Failpoint {
        /// Of `platform::failpoint::NAMES`.
        name: &'static str,
        /// From 1 on.
        at: u64,
    },
    /// `kill -9`, so long after it was started.
    Kill {
        /// From the start of the process on, ready or not.
        after: Duration,
    },
}

impl Blow {
    /// Under which name its line stands.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Failpoint { name, .. } => name,
            Self::Kill { .. } => "kill -9",
        }
    }

    /// A failpoint, the first time or a later one.
    pub fn at(name: &'static str, chance: &Chance) -> Self {
        // What happens all the time is also worth a look in the middle of it.
        let often = ["outbox.", "order.", "relay.taken", "relay.claimed", "relay.applied", "relay.committed"];
        let most = if often.iter().any(|start| name.starts_with(start)) { 25 } else { 3 };
        Self::Failpoint { name, at: if name == "relay.led" { 1 } else { 1 + chance.below(most) } }
    }

    /// At any moment.
    pub fn kill(chance: &Chance) -> Self {
        Self::Kill { after: Duration::from_millis(50 + chance.below(3_500)) }
    }

    /// How the gateway has to behave for it to be met.
    fn temper(&self) -> Temper {
        let name = self.name();
        if ["webhook.", "expiry.", "payment.void", "stock."].iter().any(|start| name.starts_with(start)) {
            Temper::LATE
        } else if name.starts_with("payment.claim") {
            Temper::LOSING
        } else {
            Temper::MOODY
        }
    }
}

/// What came of a round.
pub struct Outcome {
    /// Orders that buyers were told of.
    pub acknowledged: u64,
    /// Captures at the gateway, in this round.
    pub captured: u64,
    /// Blows that fell; a failpoint that nobody passes does not.
    pub fell: Vec<bool>,
    /// What does not agree.
    pub broken: Vec<String>,
}

/// A shop with its database, its gateway and everybody in it.
pub struct World {
    site: Arc<Site>,
    shop: Arc<Shop>,
    gateway: Gateway,
    seed: u64,
    buyers: u64,
    rounds: u64,
    /// Captures before this round.
    captured: u64,
}

impl World {
    /// A fresh one.
    pub async fn open(mut site: Site, seed: u64, buyers: u64) -> Result<Self> {
        let late = Duration::from_secs(HOLD_SECONDS + 1);
        let gateway = Gateway::start(site.address, Chance::new(seed, "gateway"), late).await?;
        site.gateway = format!("http://{}", gateway.address);
        let refusal = site.refusal()?;
        if !refusal.contains("there is no such failpoint") {
            bail!(
                "a wrong FAILPOINTS does not stop {}: build it with `cargo build -p server --features failpoints` \
                 ({refusal})",
                site.program.display()
            );
        }
        let shop = Arc::new(Shop::open(&site, 60).await?);
        let site = Arc::new(site);
        Ok(Self { site, shop, gateway, seed, buyers, rounds: 0, captured: 0 })
    }

    /// The database and its folder stay as they are; gives back where.
    pub fn keep(self) -> Option<std::path::PathBuf> {
        Some(Arc::into_inner(self.site)?.folder.keep())
    }

    /// Strikes once for each of `blows`, then looks.
    pub async fn round(&mut self, blows: &[Blow]) -> Result<Outcome> {
        self.rounds += 1;
        let told = Arc::new(Told::default());
        let stop = Arc::new(AtomicBool::new(false));
        let address = self.site.address;
        let people = (0..self.buyers).map(|n| {
            let chance = Chance::new(self.seed, &format!("buyer {n} of round {}", self.rounds));
            tokio::spawn(shop::buyer(self.shop.clone(), address, chance, told.clone()))
        });
        let people: Vec<_> = people.collect();
        let chance = Chance::new(self.seed, &format!("staff of round {}", self.rounds));
        let staff = shop::staff(self.shop.clone(), address, chance, told.clone(), stop.clone());
        let staff = tokio::spawn(staff);
        let mut fell = Vec::with_capacity(blows.len());
        for blow in blows {
            self.gateway.temper(blow.temper());
            fell.push(self.strike(blow).await?);
        }
        self.gateway.temper(Temper::MOODY);
        let server = self.site.start(address).await?;
        tokio::time::sleep(AFTERWARDS).await;
        told.closing.store(true, Ordering::Relaxed);
        self.gateway.temper(Temper::CALM);
        for buyer in people {
            buyer.await.context("a buyer")??;
        }
        let looking = self.site.look().await?;
        let mut broken = books::settle(&looking, &self.gateway).await?;
        stop.store(true, Ordering::Relaxed);
        staff.await.context("the staff")?;
        let (wrong, all) = books::compare(&self.site, &looking, &self.gateway, &told).await?;
        broken.extend(wrong);
        drop(looking);
        if let Err(error) = self.end(server).await {
            broken.push(format!("{error:#}"));
        }
        let captured = all.saturating_sub(self.captured);
        self.captured = all;
        Ok(Outcome { acknowledged: told.count() as u64, captured, fell, broken })
    }

    /// Whether it fell.
    async fn strike(&self, blow: &Blow) -> Result<bool> {
        let (failpoints, longest) = match blow {
            Blow::Failpoint { name, at } => (format!("{name}=abort@{at}"), REACH),
            Blow::Kill { after } => (String::new(), *after),
        };
        let mut server = self.site.spawn(self.site.address, &failpoints)?;
        let started = Instant::now();
        while started.elapsed() < longest {
            if let Some(status) = server.ended()? {
                let expected =
                    matches!(blow, Blow::Failpoint { .. }) && !status.success() && status.code().is_none();
                if !expected {
                    bail!("rustok serve ended ({status}) before {}: {}", blow.name(), self.site.log());
                }
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.kill()?;
        Ok(matches!(blow, Blow::Kill { .. }))
    }

    /// Half of the time as an operator would stop it, else once more without warning.
    async fn end(&self, mut server: Server) -> Result<()> {
        match self.rounds % 2 {
            0 => server.stop().await,
            _ => server.kill(),
        }
    }
}
