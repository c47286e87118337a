//! Whole shops from a seed: people buy, with gift cards and store credit, too; they click twice and go away in the middle.
//! The gateway loses answers, says no, makes up its mind later and calls back late, twice and in another order. Staff takes
//! money in parts, edits, gives back, takes things back and exchanges them, and writes orders for customers. Time passes.
//! Then everybody calms down, and what the gateway holds is what the books say.
//!
//! Reading order: this file (the plan and its end), [`shoppers`], [`desk`] and [`back`] (what people do), [`books`] (what
//! has to hold).
//!
//! Some seeds run with every test. `SIMULATION_SEEDS=100000 cargo test --release -p commerce --test it simulating::sqlite`
//! runs more, on two threads; `SIMULATION_FROM` says where to begin: a seed that fails is told with the first one of its
//! shop, and from there on the same plan is made again.

mod back;
mod books;
mod desk;
mod shoppers;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use commerce::settings::{self, CaptureMode};
use commerce::tender::{self, CreditChange};
use commerce::{CommerceError, order};
use platform::{Access, Ctx, Error};
use primitives::{CustomerId, ErrorCode, OrderId, VariantId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use testkit::{Backend, Fixture};

use crate::gateway::Mood;
use crate::shop::{Shop, verified};
use back::Swap;
use desk::Written;
use shoppers::{Buyer, Card, Credit, euros};

/// Seeds that share a shop: making one costs more than playing in it, and with each the books have more to look through.
const PER_SHOP: u64 = 20;
/// Shops that are played in at once.
const THREADS: u64 = 2;
/// Bytes: an unoptimised play stands in two checkouts at once.
const STACK: usize = 16 << 20;

static SPENT: Mutex<BTreeMap<&str, (f64, u64)>> = Mutex::new(BTreeMap::new());
async fn timed<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    let (begun, before) = (Instant::now(), platform::db::statements_total());
    let out = work.await;
    let mut spent = SPENT.lock().unwrap();
    let one = spent.entry(name).or_default();
    one.0 += begun.elapsed().as_secs_f64();
    one.1 += platform::db::statements_total() - before;
    out
}

/// How often each deed was tried, and how often it was done.
static TALLY: Mutex<BTreeMap<&str, (u64, u64)>> = Mutex::new(BTreeMap::new());
/// Seeds of which a deed that is never done says that the plan is wrong.
const ENOUGH: u64 = 100;

/// A shop, and what is known of it from one seed to the next.
struct Town {
    shop: Shop,
    /// Plenty of it, and hardly any.
    things: [VariantId; 2],
    /// Pieces of both at the beginning.
    stock: i64,
    /// Somebody with an account, and its record.
    member: (Ctx, CustomerId),
    /// Id of the delivery.
    delivery: String,
    /// What was put on gift cards and on store credit, without orders; minor units.
    issued: i64,
    /// How staff takes money.
    capture: CaptureMode,
}

/// What happens in one seed.
struct Play<'t> {
    town: &'t mut Town,
    boss: Ctx,
    system: Ctx,
    seed: u64,
    dice: StdRng,
    /// Keys that were drawn so far.
    keys: u32,
    buyers: Vec<Buyer>,
    cards: Vec<Card>,
    credits: Vec<Credit>,
    written: Vec<Written>,
    swaps: Vec<Swap>,
    /// Orders of which somebody was told.
    orders: Vec<OrderId>,
    /// Call-backs on their way, with the name of each.
    calls: Vec<(String, Value)>,
}

/// How a deed is done: its future is polled so many times and then dropped; perhaps it is done twice at once.
#[derive(Clone, Copy)]
struct Fate {
    polls: u32,
    twice: bool,
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

impl Fate {
    const CALM: Self = Self { polls: u32::MAX, twice: false };

    /// Has a deed done, and gives back the answers that somebody still listens to.
    async fn befalls<T, F>(self, name: &'static str, deed: impl Fn() -> F) -> Vec<T>
    where
        F: Future<Output = Result<T, CommerceError>>,
    {
        let answers = match self.twice {
            true => {
                let (one, other) = tokio::join!(cut_off(self.polls, Box::pin(deed())), Box::pin(deed()));
                vec![one, Some(other)]
            }
            false => vec![cut_off(self.polls, Box::pin(deed())).await],
        };
        let answers: Vec<_> = answers.into_iter().flatten().filter_map(expected).collect();
        let mut tally = TALLY.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (asked, done) = tally.entry(name).or_default();
        *asked += 1;
        *done += u64::from(!answers.is_empty());
        answers
    }
}

impl Play<'_> {
    fn dice(&mut self, sides: usize) -> usize {
        self.dice.random_range(0..sides)
    }

    fn pick<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        of[self.dice(N)]
    }

    /// A key that nobody has used.
    fn key(&mut self) -> String {
        self.keys += 1;
        format!("{}-{}", self.seed, self.keys)
    }

    /// Mostly to its end, and once.
    fn fate(&mut self) -> Fate {
        let polls = if self.dice(4) == 0 { self.dice.random_range(0..60) } else { u32::MAX };
        Fate { polls, twice: self.dice(5) == 0 }
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

    /// How the gateway will take the next calls, one of each kind.
    fn moods(&mut self, steps: &[&str]) {
        for step in steps {
            let mood = self.mood();
            self.town.shop.gateway.next(step, &[mood]);
        }
    }

    async fn step(&mut self) {
        match self.dice(20) {
            0..4 => Box::pin(self.come()).await,
            4..6 => Box::pin(self.click_again()).await,
            6..9 => Box::pin(self.hear()).await,
            9..15 => Box::pin(self.staff()).await,
            15..18 => Box::pin(self.sweep()).await,
            18 => Box::pin(self.give_something()).await,
            _ => {
                let wait = self.pick([700, 30_000, 1_900_000]);
                self.town.shop.advance(Duration::from_millis(wait));
            }
        }
        self.make_up_minds();
    }

    /// What the gateway has not decided it decides now; it will say so some time.
    fn make_up_minds(&mut self) {
        for deed in self.town.shop.gateway.deeds().into_iter().filter(|deed| deed.status == "pending") {
            let no = deed.step == "authorize" && self.dice(6) == 0;
            let status = if no { "declined" } else { "succeeded" };
            self.town.shop.gateway.decide(&deed, status);
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
        let fate = self.fate();
        let heard = fate.befalls("call back", || self.town.shop.call_back(&id, body.clone())).await;
        if !heard.is_empty() && self.dice(3) != 0 {
            self.calls.swap_remove(one);
        }
    }

    /// The background job, perhaps of two processes at once, perhaps of one that dies.
    async fn sweep(&mut self) {
        let fate = self.fate();
        fate.befalls("sweep", || commerce::jobs::sweep_tenant(&self.system)).await;
    }

    /// Shoppers pay as long as this is so; what is placed keeps to it.
    async fn switch_capture(&mut self) {
        let next = match self.town.capture {
            CaptureMode::Manual => CaptureMode::Automatic,
            CaptureMode::Automatic => CaptureMode::Manual,
        };
        let current = settings::current(&self.boss).await.unwrap();
        let mut changed = current.settings.clone();
        changed.payment.capture = next;
        settings::update(&self.boss, current.version, changed).await.unwrap();
        self.town.capture = next;
    }

    /// Everything goes well from now on, until nothing waits any more.
    async fn calm(&mut self) {
        self.town.shop.gateway.calm();
        for round in 0..40 {
            self.make_up_minds();
            for (id, body) in std::mem::take(&mut self.calls) {
                self.town.shop.call_back(&id, body).await.unwrap();
            }
            if round == 0 {
                self.ask_again().await;
            }
            self.town.shop.advance(Duration::from_secs(400));
            self.town.shop.sweep().await;
            self.take_what_is_promised().await;
            for id in self.ids("attention IS NOT NULL").await {
                expected(order::refund(&self.boss, id, "the order was given up").await);
            }
            // Whoever is owed money stays called about: it cannot go back while another call is under way.
            for id in self.ids("attention IS NOT NULL AND paid_minor = refunded_minor").await {
                expected(order::clear_attention(&self.boss, id).await);
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

    /// Whoever was cut off asks once more under the same key: what was done is not done again, and what was told is true.
    async fn ask_again(&mut self) {
        for buyer in 0..self.buyers.len() {
            self.click_calmly(buyer).await;
        }
        for one in 0..self.written.len() {
            self.complete(one, Fate::CALM).await;
        }
        for one in 0..self.swaps.len() {
            self.swap(one, Fate::CALM).await;
        }
        for card in &mut self.cards {
            card.issued(tender::issue(&self.boss, &card.key, &card.draft()).await.unwrap());
        }
        for credit in self.credits.iter_mut().filter(|credit| !credit.done) {
            let change =
                CreditChange { key: &credit.key, amount: euros(credit.amount), reason: "for the wait" };
            credit.done = expected(tender::change(&self.boss, self.town.member.1, &change).await).is_some();
        }
    }

    /// Orders whose money staff has to take: all of it, what was taken already, or nothing.
    async fn take_what_is_promised(&mut self) {
        let waiting = "provider = 'http' AND state = 'pending_payment' AND EXISTS (SELECT 1 FROM payment p \
             WHERE p.tenant_id = orders.tenant_id AND p.order_id = orders.id AND p.manual \
               AND p.status IN ('done', 'declined'))";
        for id in self.ids(waiting).await {
            let first = self.dice(4);
            for way in first..first + 4 {
                let key = self.key();
                let done = match way % 4 {
                    0 => order::capture(&self.boss, id, order::Capture { amount: None, key: &key }).await,
                    1 => order::release(&self.boss, id, "no more of it").await,
                    2 => order::cancel(&self.boss, id, "never mind").await,
                    _ => order::refund(&self.boss, id, "all of it").await,
                };
                if expected(done).is_some() {
                    break;
                }
            }
        }
    }

    async fn ids(&self, what: &str) -> Vec<OrderId> {
        let sql = format!("SELECT id FROM orders WHERE tenant_id = {{tenant}} AND {what} ORDER BY number");
        let rows = self.system.read(Access::System).await.unwrap().raw_all(&sql, Vec::new()).await.unwrap();
        rows.iter().map(|row| OrderId::from_uuid(row.try_get_by_index(0).unwrap())).collect()
    }

    async fn number(&self, sql: &str) -> i64 {
        let rows = self.system.read(Access::System).await.unwrap().raw_all(sql, Vec::new()).await.unwrap();
        rows[0].try_get_by_index(0).unwrap()
    }
}

impl Town {
    async fn open(shop: Shop) -> Self {
        const STOCK: [i64; 2] = [100_000, 12];
        let things =
            [shop.product("Mug", "12.50", STOCK[0]).await, shop.product("Bowl", "30", STOCK[1]).await];
        let (member, customer) = crate::people::known(&shop, things[0]).await;
        let delivery = shop.guest(things[0], 1).await.form("manual").await.shipping_method;
        let (stock, capture) = (STOCK.iter().sum(), CaptureMode::Automatic);
        Self { shop, things, stock, member: (member, customer), delivery, issued: 0, capture }
    }

    async fn play(&mut self, seed: u64) {
        let (boss, system, dice) = (self.shop.boss(), self.shop.system(), StdRng::seed_from_u64(seed));
        let mut play = Play {
            town: self,
            boss,
            system,
            seed,
            dice,
            keys: 0,
            buyers: Vec::new(),
            cards: Vec::new(),
            credits: Vec::new(),
            written: Vec::new(),
            swaps: Vec::new(),
            orders: Vec::new(),
            calls: Vec::new(),
        };
        if play.dice(3) == 0 {
            play.switch_capture().await;
        }
        let several = play.dice(2) == 0;
        play.town.shop.gateway.set_several(several);
        for _ in 0..8 + play.dice(12) {
            timed("step", play.step()).await;
        }
        timed("calm", play.calm()).await;
        timed("settle", play.town.shop.settle()).await;
        timed("compare", play.compare()).await;
        let report = timed("verify", verified(&play.system)).await;
        assert!(report.holds(), "{:#?} and {} more", report.findings, report.more);
    }
}

/// Some seeds in one shop.
async fn play(shop: Shop, seeds: std::ops::Range<u64>, at: &Mutex<u64>) {
    let mut town = timed("open", Town::open(shop)).await;
    for seed in seeds {
        *at.lock().unwrap() = seed;
        town.play(seed).await;
    }
}

/// A number from the environment.
fn told(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn simulate(backend: Backend, usual: u64) {
    let (from, count) = (told("SIMULATION_FROM", 1), told("SIMULATION_SEEDS", usual));
    let per_shop = told("SIMULATION_PER_SHOP", PER_SHOP);
    let (next, broken, begun) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let work = || {
                while !broken.load(Ordering::Relaxed) {
                    let first = next.fetch_add(per_shop, Ordering::Relaxed);
                    if count <= first {
                        return;
                    }
                    let seeds = from + first..from + (first + per_shop).min(count);
                    let (shown, at) = (seeds.clone(), Mutex::new(seeds.start));
                    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        let runtime =
                            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                        runtime.block_on(async {
                            play(timed("create", Shop::create(backend)).await, seeds, &at).await
                        });
                    }));
                    if played.is_err() {
                        broken.store(true, Ordering::Relaxed);
                        let seed = *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                        panic!(
                            "seed {seed} does not hold: SIMULATION_FROM={} SIMULATION_SEEDS={}",
                            shown.start, per_shop
                        );
                    }
                }
            };
            thread.spawn_scoped(threads, work).unwrap();
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let tally = TALLY.lock().unwrap().clone();
    #[expect(clippy::print_stdout, reason = "the speed of a long run by hand")]
    {
        let statements = platform::db::statements_total() / count.max(1);
        println!(
            "{:?} {count} seeds in {seconds:.1} s, {statements} statements each; deeds tried and done: {tally:?}",
            SPENT.lock().unwrap()
        );
    }
    let never: Vec<_> = tally.iter().filter(|(_, (_, done))| *done == 0).collect();
    assert!(count < ENOUGH || never.is_empty(), "never done: {never:?}");
}

#[test]
fn sqlite() {
    simulate(Backend::Sqlite, 120);
}

#[test]
fn postgres() {
    simulate(Backend::Postgres, 40);
}
