//! Brings stored events to their consumers: one relay per database at a time, nudged after every commit and
//! polling behind that.

mod deliver;
mod lease;

use std::{
    collections::HashMap,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use platform::{App, Ctx, Error, Result, TenantInfo, failpoint};
use primitives::{ErrorCode, TenantId, Timestamp};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::{
    Consumer, Envelope,
    backpressure::Backpressure,
    emit,
    store::{self, Fence, Waiting},
};

pub(crate) use lease::NAME as LEASE;

/// Most events of one batch.
const MAX_BATCH: u64 = 500;
/// After the first wake-up in a while, a moment for the rest of a burst to be committed.
const LINGER_IDLE: Duration = Duration::from_millis(2);
/// Under steady load, longer: fuller batches cost the writer less, and 250 ms to visible are far away.
const LINGER_BUSY: Duration = Duration::from_millis(40);
/// How recent the last batch must be to count as steady load.
const BUSY: Duration = Duration::from_millis(100);
/// How often gauges are measured.
const MEASURE: Duration = Duration::from_secs(2);
/// How long inbox rows are kept, and how often old ones are cleared per tenant.
pub(crate) const INBOX_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
const INBOX_SWEEP: Duration = Duration::from_secs(3600);
/// Tenants whose inbox this relay remembers to have looked at.
const REMEMBERED: usize = 10_000;

/// Where the relay finds the tenant of an event. Identity implements it with its cache.
#[async_trait]
pub trait TenantSource: Send + Sync + 'static {
    /// The tenant, suspended or not; `NOT_FOUND` when there is none any more.
    async fn tenant(&self, app: &App, id: TenantId) -> Result<Arc<TenantInfo>>;
}

#[async_trait]
impl<F, R> TenantSource for F
where
    F: Fn(App, TenantId) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Arc<TenantInfo>>> + Send,
{
    async fn tenant(&self, app: &App, id: TenantId) -> Result<Arc<TenantInfo>> {
        self(app.clone(), id).await
    }
}

/// How patient the relay is.
#[derive(Clone, Copy, Debug)]
pub struct RelayOptions {
    /// Events per batch, 1 to 500.
    pub batch: u64,
    /// Longest sleep without a wake-up.
    pub poll: Duration,
    /// Attempts before an event that fails on its own is a dead letter.
    pub attempts: i32,
    /// Wait after the first failure of an event; doubles with each further one.
    pub first_retry: Duration,
    /// Longest wait, for failed events and while the database is away.
    pub longest_retry: Duration,
    /// How long [`Relay::drain`] waits for another relay that is at work.
    pub patience: Duration,
}

impl RelayOptions {
    /// As configured, with eight attempts over about half a minute.
    pub fn of(app: &App) -> Self {
        let events = &app.config().events;
        Self {
            batch: events.batch.clamp(1, MAX_BATCH),
            poll: Duration::from_millis(events.poll_ms.max(1)),
            attempts: 8,
            first_retry: Duration::from_millis(200),
            longest_retry: Duration::from_secs(30),
            patience: Duration::from_secs(10),
        }
    }

    /// Wait after `failures` failures in a row.
    fn wait(&self, failures: u32) -> Duration {
        let doubled = self.first_retry.saturating_mul(1_u32 << failures.saturating_sub(1).min(20));
        doubled.min(self.longest_retry)
    }
}

/// Delivers stored events to consumers. Cheap to clone; clones are the same relay.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    app: App,
    tenants: Box<dyn TenantSource>,
    consumers: Vec<Arc<dyn Consumer>>,
    options: RelayOptions,
    queue: Backpressure,
    owner: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    fence: Option<Fence>,
    renewed: Option<Instant>,
    measured: Option<Instant>,
    swept: HashMap<TenantId, Instant>,
    /// How many times the batch is halved: after trouble, in case it was too much for one transaction.
    halved: u32,
}

/// What one look at the outbox came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Another relay holds the lease.
    Follower,
    /// Nothing was waiting.
    Idle,
    /// Events were taken up.
    Took {
        /// How many were delivered to every consumer.
        delivered: usize,
        /// Whether the batch was full, so that more is probably waiting.
        full: bool,
    },
}

impl Relay {
    /// A relay for these consumers, in this order, as configured.
    pub fn new(app: App, tenants: impl TenantSource, consumers: Vec<Arc<dyn Consumer>>) -> Self {
        let options = RelayOptions::of(&app);
        Self::with_options(app, tenants, consumers, options)
    }

    /// A relay with its own patience.
    pub fn with_options(
        app: App,
        tenants: impl TenantSource,
        consumers: Vec<Arc<dyn Consumer>>,
        options: RelayOptions,
    ) -> Self {
        let queue = Backpressure::of(&app);
        let owner = lease::owner();
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner { app, tenants: Box::new(tenants), consumers, options, queue, owner, state }))
    }

    /// Delivers until `shutdown`, then finishes the batch at hand and gives the lease back.
    ///
    /// Trouble with the database is retried for ever, with growing waits.
    pub async fn run(&self, shutdown: CancellationToken) {
        let signal = emit::signal(&self.0.app);
        let mut failures = 0;
        let mut last_delivery: Option<Instant> = None;
        while !shutdown.is_cancelled() {
            let wait = match self.step().await {
                Ok(step) => {
                    if failures > 0 {
                        info!("the relay works again after {failures} failures");
                    }
                    failures = 0;
                    match step {
                        Step::Took { full: true, delivered: 1.. } => continue,
                        Step::Took { .. } => {
                            last_delivery = Some(Instant::now());
                            self.0.options.poll
                        }
                        Step::Idle => self.0.options.poll,
                        Step::Follower => self.0.options.poll.max(Duration::from_millis(500)),
                    }
                }
                Err(error) => {
                    failures += 1;
                    let wait = self.0.options.wait(failures);
                    warn!(error = error.report(), "the relay will try again in {} ms", wait.as_millis());
                    tokio::select! {
                        () = shutdown.cancelled() => break,
                        () = tokio::time::sleep(wait) => continue,
                    }
                }
            };
            let nudged = tokio::select! {
                () = shutdown.cancelled() => break,
                () = signal.notified() => true,
                () = tokio::time::sleep(wait) => false,
            };
            if nudged {
                let busy = last_delivery.is_some_and(|at| at.elapsed() < BUSY);
                tokio::time::sleep(if busy { LINGER_BUSY } else { LINGER_IDLE }).await;
            }
        }
        if let Err(error) = self.resign().await {
            warn!(error = error.report(), "the relay's lease could not be given back and will expire");
        }
    }

    /// Sees to it that everything that can be delivered now is delivered, and gives back how many events this
    /// relay delivered itself. For tests and commands, which want to read what they wrote.
    ///
    /// Where another relay is at work (the host, while a command runs) it waits for that one. Otherwise it takes
    /// the lease for as long as it works. Events that wait for another attempt, and those behind them, stay.
    ///
    /// # Errors
    /// `SERVICE_UNAVAILABLE` when the other relay does not get it done in time; those of the database.
    pub async fn drain(&self) -> Result<usize> {
        let begun = Instant::now();
        let led_before = self.0.state.lock().await.fence.is_some();
        let mut sum = 0;
        loop {
            match self.step().await? {
                Step::Idle => break,
                Step::Took { delivered, .. } => sum += delivered,
                Step::Follower => {
                    let now = self.0.app.clock().now();
                    if store::waiting(&self.0.app, now, 1).await?.is_empty() {
                        return Ok(sum);
                    }
                    if begun.elapsed() > self.0.options.patience {
                        return Err(Error::unavailable(
                            "events are still on their way through another relay",
                        ));
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        if !led_before {
            self.resign().await?;
        }
        Ok(sum)
    }

    /// Gives the lease back, if this relay holds it.
    pub async fn resign(&self) -> Result<()> {
        let mut state = self.0.state.lock().await;
        state.renewed = None;
        match state.fence.take() {
            Some(fence) => lease::release(&self.0.app, &fence).await,
            None => Ok(()),
        }
    }

    /// Takes up one batch.
    async fn step(&self) -> Result<Step> {
        let mut state = self.0.state.lock().await;
        let Some(fence) = self.lead(&mut state).await? else { return Ok(Step::Follower) };
        self.measure(&mut state).await?;
        let most = usize::try_from(self.0.options.batch >> state.halved.min(16)).unwrap_or(1).max(1);
        let mut permit = self.0.queue.acquire_up_to(most).await;
        let now = self.0.app.clock().now();
        let batch = store::waiting(&self.0.app, now, permit.count() as u64).await?;
        if batch.is_empty() {
            return Ok(Step::Idle);
        }
        let full = batch.len() >= permit.count();
        permit.shrink_to(batch.len());
        let begun = Instant::now();
        let mut delivered = 0;
        for (tenant, events) in by_tenant(batch) {
            let count = events.len();
            let ctx = match self.0.tenants.tenant(&self.0.app, tenant).await {
                Ok(tenant) => Ctx::system(&self.0.app, tenant, "relay"),
                // Its events went with it, or will be found again when it is back.
                Err(error) if error.code() == ErrorCode::NotFound => continue,
                Err(error) => return Err(error),
            };
            match self.0.deliver(&ctx, events, &fence).await {
                Ok(some) => delivered += some,
                Err(deliver::Stop::LeaseLost) => {
                    warn!("the relay has lost its lease");
                    state.fence = None;
                    return Ok(Step::Follower);
                }
                Err(deliver::Stop::Trouble(error)) => {
                    state.halved = (state.halved + 1).min(9);
                    return Err(error);
                }
            }
            state.halved = state.halved.saturating_sub(1);
            permit.shrink_to(permit.count().saturating_sub(count));
            self.sweep(&mut state, &ctx).await;
        }
        debug!(delivered, full, "delivered {delivered} events in {} ms", begun.elapsed().as_millis());
        Ok(Step::Took { delivered, full })
    }

    /// Holds or takes the lease.
    async fn lead(&self, state: &mut State) -> Result<Option<Fence>> {
        let fresh = state.renewed.is_some_and(|at| at.elapsed() < lease::RENEW);
        if state.fence.is_none() || !fresh {
            let before = state.fence.as_ref().map(|fence| fence.number);
            state.fence = lease::acquire(&self.0.app, &self.0.owner).await?;
            state.renewed = Some(Instant::now());
            failpoint!("relay.led");
            match (&state.fence, before) {
                (Some(fence), None) => info!(relay.fence = fence.number, "this process relays events"),
                (None, Some(_)) => warn!("another process relays events now"),
                _ => {}
            }
        }
        Ok(state.fence.clone())
    }

    async fn measure(&self, state: &mut State) -> Result<()> {
        if state.measured.is_some_and(|at| at.elapsed() < MEASURE) {
            return Ok(());
        }
        state.measured = Some(Instant::now());
        let backlog = store::backlog(&self.0.app).await?;
        let now = self.0.app.clock().now();
        let age = |oldest: Option<Timestamp>| oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
        metrics::gauge!("rustok_outbox_pending").set(backlog.pending as f64);
        metrics::gauge!("rustok_outbox_oldest_age_seconds").set(age(backlog.oldest));
        let waiting =
            if backlog.pending > 0 { store::oldest_by_kind(&self.0.app).await? } else { Vec::new() };
        for consumer in &self.0.consumers {
            let mine = waiting.iter().filter(|(kind, _)| consumer.wants(kind));
            let oldest = mine.map(|(_, oldest)| *oldest).min();
            metrics::gauge!("rustok_projection_lag_seconds", "projection" => consumer.name())
                .set(age(oldest));
        }
        Ok(())
    }

    /// Clears old inbox rows of a tenant now and then. Failing at it costs nothing but room.
    async fn sweep(&self, state: &mut State, ctx: &Ctx) {
        if state.swept.len() >= REMEMBERED {
            // Tenants come and go. Whoever is forgotten waits a little longer.
            state.swept.clear();
        }
        let last = state.swept.entry(ctx.tenant_id()).or_insert_with(Instant::now);
        if last.elapsed() < INBOX_SWEEP {
            return;
        }
        *last = Instant::now();
        let cutoff = ctx.now() - INBOX_LIFE;
        let result: Result<u64> =
            ctx.write(platform::Access::System, async |tx| store::prune_inbox(tx, cutoff).await).await;
        if let Err(error) = result {
            error!(error = error.report(), "old inbox rows could not be cleared");
        }
    }
}

/// Events by tenant, each in order, tenants in the order of their oldest event.
fn by_tenant(batch: Vec<Waiting>) -> Vec<(TenantId, Vec<Waiting>)> {
    let mut groups: Vec<(TenantId, Vec<Waiting>)> = Vec::new();
    for waiting in batch {
        let tenant = waiting.envelope.tenant_id;
        match groups.iter_mut().find(|(id, _)| *id == tenant) {
            Some((_, events)) => events.push(waiting),
            None => groups.push((tenant, vec![waiting])),
        }
    }
    groups
}

/// What an aggregate is, for holding its later events back.
fn aggregate_of(event: &Envelope) -> (String, uuid::Uuid) {
    (event.aggregate_type.clone(), event.aggregate_id)
}
