//! Whole shops from a seed: people buy, click twice and go away in the middle; the gateway loses answers, says no, makes
//! up its mind later and calls back late, twice and in another order; staff gives money back; time passes. Then everybody
//! calms down, and what the gateway holds is what the books say.
//!
//! Some seeds run with every test. `SIMULATION_SEEDS=100000 cargo test --release -p commerce --test it simulating` runs
//! more, on two threads; `SIMULATION_FROM` says where to begin: a seed that fails is told with the first one of its shop,
//! and from there on the same plan is made again.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use commerce::checkout::Wish;
use commerce::{CheckoutInput, CommerceError, checkout, order};
use platform::{Access, Ctx, Error};
use primitives::{ErrorCode, OrderId, VariantId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use testkit::{Backend, Fixture};
use uuid::Uuid;

use crate::gateway::Mood;
use crate::shop::{Guest, Shop, verified};

/// Seeds that share a shop: making one costs more than playing in it.
const PER_SHOP: u64 = 20;
/// Shops that are played in at once.
const THREADS: u64 = 2;

/// Bytes: an unoptimised play stands in two checkouts at once.
const STACK: usize = 8 << 20;

/// Somebody who wants to buy, and what has become of it.
struct Buyer {
    guest: Guest,
    form: CheckoutInput,
    order: Option<OrderId>,
}

/// What happens in one seed.
struct Play<'s> {
    shop: &'s Shop,
    boss: Ctx,
    system: Ctx,
    things: [VariantId; 2],
    dice: StdRng,
    buyers: Vec<Buyer>,
    /// Call-backs on their way, with the name of each.
    calls: Vec<(String, Value)>,
}

/// Polls `work` so many times and then drops it where it stands, as a connection that is cut off does.
async fn cut_off<F: Future>(polls: u32, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// A refusal is an answer; anything that a program did not expect is not.
fn expected<T>(result: Result<T, CommerceError>) -> Option<T> {
    result
        .map_err(|error| {
            let error: Error = error.into();
            assert_ne!(error.code(), ErrorCode::Internal, "{}", error.report());
        })
        .ok()
}

impl Play<'_> {
    fn dice(&mut self, sides: usize) -> usize {
        self.dice.random_range(0..sides)
    }

    /// How often the future of a deed is polled before it is dropped; mostly to its end.
    fn polls(&mut self) -> u32 {
        if self.dice(4) == 0 { self.dice.random_range(0..60) } else { u32::MAX }
    }

    fn mood(&mut self) -> Mood {
        match self.dice(12) {
            0 => Mood::Decline,
            1 | 2 => Mood::Pending,
            3 | 4 => Mood::Cut,
            5 => Mood::Down,
            _ => Mood::Succeed,
        }
    }

    async fn step(&mut self) {
        match self.dice(16) {
            0..4 => self.come().await,
            4..6 => self.click_again().await,
            6..9 => self.hear().await,
            9..12 => self.staff().await,
            12..15 => self.sweep().await,
            _ => {
                let wait = [700, 30_000, 1_900_000][self.dice(3)];
                self.shop.advance(Duration::from_millis(wait));
            }
        }
        self.make_up_minds();
    }

    /// Somebody comes and buys.
    async fn come(&mut self) {
        let thing = self.things[usize::from(self.dice(3) == 0)];
        let quantity = 1 + i64::from(self.dice(4) == 0);
        let ctx = self.shop.anonymous();
        let added = commerce::cart::add(&ctx, None, &[(thing, quantity)]).await;
        let Some(token) = expected(added).and_then(|change| change.token) else { return };
        let guest = Guest { ctx, token };
        let provider = if self.dice(5) == 0 { "manual" } else { "http" };
        // What is sold out is sent nowhere: the page offers no delivery, and whoever came goes away.
        let page = checkout::view(&guest.ctx, Some(&guest.token), Wish::default()).await;
        if expected(page).is_none_or(|page| page.method.is_none()) {
            return;
        }
        let form = guest.form(provider).await;
        self.buyers.push(Buyer { guest, form, order: None });
        self.click(self.buyers.len() - 1).await;
    }

    async fn click_again(&mut self) {
        if !self.buyers.is_empty() {
            let buyer = self.dice(self.buyers.len());
            self.click(buyer).await;
        }
    }

    /// The button, once or twice at the same moment, perhaps by somebody who goes away.
    async fn click(&mut self, buyer: usize) {
        let moods = [self.mood(), self.mood()];
        self.shop.gateway.next("authorize", &moods[..1]);
        self.shop.gateway.next("capture", &moods[1..]);
        let (polls, twice) = (self.polls(), self.dice(5) == 0);
        let who = &self.buyers[buyer];
        let place = || checkout::place_order(&who.guest.ctx, who.form.clone());
        let answers = match twice {
            true => {
                let (one, other) = tokio::join!(cut_off(polls, place()), place());
                vec![one, Some(other)]
            }
            false => vec![cut_off(polls, place()).await],
        };
        for placed in answers.into_iter().flatten().filter_map(expected) {
            let known = *self.buyers[buyer].order.get_or_insert(placed.order.id);
            assert_eq!(known, placed.order.id, "one click, two orders");
        }
    }

    /// What the gateway has not decided it decides now; it will say so some time.
    fn make_up_minds(&mut self) {
        for deed in self.shop.gateway.deeds().into_iter().filter(|deed| deed.status == "pending") {
            let no = deed.step == "authorize" && self.dice(6) == 0;
            let status = if no { "declined" } else { "succeeded" };
            self.shop.gateway.decide(&deed, status);
            let body = json!({
                "type": "payment.updated", "operation": deed.step, "reference": deed.reference, "id": deed.id,
                "status": status, "amount": deed.amount, "currency": "EUR",
            });
            self.calls.push((format!("evt-{}", deed.id), body));
        }
    }

    /// One of the call-backs comes, not always the oldest, and not always for the last time.
    async fn hear(&mut self) {
        if self.calls.is_empty() {
            return;
        }
        let one = self.dice(self.calls.len());
        let (id, body) = self.calls[one].clone();
        let polls = self.polls();
        let heard = cut_off(polls, self.shop.call_back(&id, body)).await;
        if heard.and_then(expected).is_some() && self.dice(3) != 0 {
            self.calls.swap_remove(one);
        }
    }

    async fn staff(&mut self) {
        let orders: Vec<OrderId> = self.buyers.iter().filter_map(|buyer| buyer.order).collect();
        if orders.is_empty() {
            return;
        }
        let id = orders[self.dice(orders.len())];
        let mood = self.mood();
        // A no to giving money back is for a person to see to; in the end somebody tries again.
        self.shop.gateway.next("refund", &[mood]);
        self.shop.gateway.next("void", &[mood]);
        let (polls, boss) = (self.polls(), self.boss.clone());
        let done = match self.dice(6) {
            0 | 1 => cut_off(polls, order::refund(&boss, id, "changed my mind")).await,
            2 => cut_off(polls, order::cancel(&boss, id, "called off")).await,
            3 => cut_off(polls, order::mark_paid(&boss, id)).await,
            4 => cut_off(polls, order::ship(&boss, id, &order::Tracking::default())).await,
            _ => cut_off(polls, order::deliver(&boss, id)).await,
        };
        done.and_then(expected);
    }

    /// The background job, perhaps of two processes at once, perhaps of one that dies.
    async fn sweep(&mut self) {
        let (polls, twice) = (self.polls(), self.dice(4) == 0);
        let sweep = || commerce::jobs::sweep_tenant(&self.system);
        match twice {
            true => {
                let (one, other) = tokio::join!(cut_off(polls, sweep()), sweep());
                one.and_then(expected);
                expected(other);
            }
            false => {
                cut_off(polls, sweep()).await.and_then(expected);
            }
        }
    }

    /// Everything goes well from now on, until nothing waits any more.
    async fn calm(&mut self) {
        self.shop.gateway.calm();
        for _ in 0..40 {
            self.make_up_minds();
            for (id, body) in std::mem::take(&mut self.calls) {
                self.shop.call_back(&id, body).await.unwrap();
            }
            for buyer in 0..self.buyers.len() {
                self.click_calmly(buyer).await;
            }
            self.shop.advance(Duration::from_secs(400));
            self.shop.sweep().await;
            for id in self.ids("attention IS NOT NULL").await {
                if expected(order::refund(&self.boss, id, "the order was given up").await).is_none() {
                    expected(order::clear_attention(&self.boss, id).await);
                }
            }
            self.make_up_minds();
            let waiting = self.number(
                "SELECT (SELECT count(*) FROM payment WHERE tenant_id = {tenant} AND next_at IS NOT NULL) \
                   + (SELECT count(*) FROM payment_event WHERE tenant_id = {tenant} AND handled_at IS NULL) \
                   + (SELECT count(*) FROM orders WHERE tenant_id = {tenant} \
                        AND (attention IS NOT NULL OR provider = 'http' AND state = 'pending_payment'))",
            );
            if waiting.await == 0 && self.calls.is_empty() {
                return;
            }
        }
        panic!("something still waits");
    }

    async fn click_calmly(&mut self, buyer: usize) {
        let who = &self.buyers[buyer];
        let placed = checkout::place_order(&who.guest.ctx, who.form.clone()).await;
        match (expected(placed), who.order) {
            (Some(placed), Some(order)) => {
                assert_eq!((placed.order.id, placed.replayed), (order, true), "the first click, again");
            }
            (Some(placed), None) => self.buyers[buyer].order = Some(placed.order.id),
            (None, known) => assert_eq!(known, None, "an order that was acknowledged is lost"),
        }
    }

    async fn ids(&self, what: &str) -> Vec<OrderId> {
        let sql = format!("SELECT id FROM orders WHERE tenant_id = {{tenant}} AND {what}");
        let rows = self.system.read(Access::System).await.unwrap().raw_all(&sql, Vec::new()).await.unwrap();
        rows.iter().map(|row| OrderId::from_uuid(row.try_get_by_index(0).unwrap())).collect()
    }

    async fn number(&self, sql: &str) -> i64 {
        let rows = self.system.read(Access::System).await.unwrap().raw_all(sql, Vec::new()).await.unwrap();
        rows[0].try_get_by_index(0).unwrap()
    }

    /// What the gateway took and gave back is what the orders say; nothing was taken twice, or kept for nothing.
    async fn compare(&self) {
        let mut accounts: HashMap<String, (i64, i64, u32)> = HashMap::new();
        for deed in self.shop.gateway.deeds().iter().filter(|deed| deed.status == "succeeded") {
            let account = accounts.entry(deed.reference.clone()).or_default();
            match deed.step.as_str() {
                "capture" => {
                    account.0 += deed.amount;
                    account.2 += 1;
                }
                "refund" => account.1 += deed.amount,
                _ => {}
            }
        }
        let sql = "SELECT p.id, o.number, o.state, o.paid_minor, o.refunded_minor FROM payment p \
                   JOIN orders o ON o.tenant_id = p.tenant_id AND o.id = p.order_id \
                   WHERE p.tenant_id = {tenant} AND p.provider = 'http'";
        let rows = self.system.read(Access::System).await.unwrap().raw_all(sql, Vec::new()).await.unwrap();
        for row in rows {
            let (id, number): (Uuid, i64) =
                (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
            let state: String = row.try_get_by_index(2).unwrap();
            let (paid, back): (i64, i64) =
                (row.try_get_by_index(3).unwrap(), row.try_get_by_index(4).unwrap());
            let (took, gave, captures) = accounts.remove(&id.to_string()).unwrap_or_default();
            assert_eq!((took, gave), (paid, back), "order {number}, which is {state}");
            assert!(captures < 2, "order {number} was captured {captures} times");
            let given_up = matches!(state.as_str(), "cancelled" | "refunded");
            assert!(!given_up || took == gave, "order {number} is {state}, {} is kept", took - gave);
        }
        assert!(accounts.values().all(|account| account.0 == 0), "money for nobody: {accounts:?}");
        let short = "SELECT count(*) FROM stock_level WHERE tenant_id = {tenant} AND on_hand < reserved";
        assert_eq!(self.number(short).await, 0, "more is promised than there is");
    }
}

/// Some seeds in one shop.
async fn play(shop: Shop, seeds: std::ops::Range<u64>, at: &Mutex<u64>) {
    let plenty = shop.product("Mug", "12.50", 100_000).await;
    let scarce = shop.product("Bowl", "30", 12).await;
    for seed in seeds {
        *at.lock().unwrap() = seed;
        let (boss, system, things) = (shop.boss(), shop.system(), [plenty, scarce]);
        let dice = StdRng::seed_from_u64(seed);
        let mut play =
            Play { shop: &shop, boss, system, things, dice, buyers: Vec::new(), calls: Vec::new() };
        for _ in 0..8 + play.dice(10) {
            play.step().await;
        }
        play.calm().await;
        shop.settle().await;
        play.compare().await;
        let report = verified(&play.system).await;
        assert!(report.holds(), "{:#?} and {} more", report.findings, report.more);
    }
}

/// A number from the environment.
fn told(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn simulate(backend: Backend, usual: u64) {
    let (from, count) = (told("SIMULATION_FROM", 1), told("SIMULATION_SEEDS", usual));
    let (next, broken, begun) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let work = || {
                while !broken.load(Ordering::Relaxed) {
                    let first = next.fetch_add(PER_SHOP, Ordering::Relaxed);
                    if count <= first {
                        return;
                    }
                    let seeds = from + first..from + (first + PER_SHOP).min(count);
                    let (shown, at) = (seeds.clone(), Mutex::new(seeds.start));
                    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        let runtime =
                            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                        runtime.block_on(async { play(Shop::create(backend).await, seeds, &at).await });
                    }));
                    if played.is_err() {
                        broken.store(true, Ordering::Relaxed);
                        let seed = *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        panic!(
                            "seed {seed} does not hold: SIMULATION_FROM={} SIMULATION_SEEDS={}",
                            shown.start, PER_SHOP
                        );
                    }
                }
            };
            thread.spawn_scoped(threads, work).unwrap();
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::print_stdout, reason = "the speed of a long run by hand")]
    {
        println!("{count} seeds in {seconds:.1} s");
    }
}

#[test]
fn sqlite() {
    simulate(Backend::Sqlite, 120);
}

#[test]
fn postgres() {
    simulate(Backend::Postgres, 40);
}
