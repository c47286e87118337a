//! A module that writes something and a consumer that remembers it.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use events::{Aggregate, Consumer, DomainEvent, Emit, Envelope, EventError, Relay, RelayOptions, validate};
use platform::{Access, App, Ctx, Error, Result, TenantInfo, Tx};
use primitives::{EventId, TenantId, UserId};
use sea_orm::{ConnectionTrait, Statement};
use testkit::TestApp;
use uuid::Uuid;

/// Something simple to say about a thing.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Told {
    #[serde(skip)]
    pub thing: Uuid,
    pub amount: i64,
    pub note: String,
}

impl Told {
    pub fn of(thing: Uuid, amount: i64) -> Self {
        Self { thing, amount, note: String::new() }
    }
}

impl DomainEvent for Told {
    fn kind(&self) -> &'static str {
        "thing.told"
    }

    fn aggregate(&self) -> Aggregate {
        Aggregate::new("thing", self.thing)
    }

    fn validate(&self) -> Result<(), EventError> {
        validate::not_negative("amount", self.amount)
    }
}

/// Writes a consumer's note about each event into `projection_checkpoint`, a table at hand, and remembers the
/// order. Can be told to refuse.
pub struct Notebook {
    name: &'static str,
    kinds: &'static [&'static str],
    /// Events applied, in order, whether or not their transaction was committed.
    pub seen: Mutex<Vec<(EventId, i64)>>,
    /// Amounts of events that are refused.
    pub refused: Mutex<HashSet<i64>>,
    /// How many calls from now on fail after they have written.
    pub crashes: AtomicUsize,
    /// Commits heard of.
    pub commits: AtomicUsize,
}

impl Notebook {
    pub fn new(name: &'static str) -> Arc<Self> {
        Self::of_kinds(name, &["thing.*"])
    }

    pub fn of_kinds(name: &'static str, kinds: &'static [&'static str]) -> Arc<Self> {
        Arc::new(Self {
            name,
            kinds,
            seen: Mutex::default(),
            refused: Mutex::default(),
            crashes: AtomicUsize::new(0),
            commits: AtomicUsize::new(0),
        })
    }

    pub fn refuse(&self, amount: i64) {
        self.refused.lock().expect("lock").insert(amount);
    }

    pub fn accept_all(&self) {
        self.refused.lock().expect("lock").clear();
    }

    /// The sum that the transactions of this consumer have left in the database.
    pub async fn sum(&self, ctx: &Ctx) -> i64 {
        let reader = ctx.read(Access::System).await.expect("reader");
        let sql = "SELECT position FROM projection_checkpoint WHERE tenant_id = {tenant} AND projection = ?";
        let rows = reader.raw_all(sql, vec![self.name.into()]).await.expect("sum");
        rows.first().map_or(0, |row| row.try_get_by_index(0).expect("number"))
    }

    /// Amounts in the order they were applied.
    pub fn amounts(&self) -> Vec<i64> {
        self.seen.lock().expect("lock").iter().map(|(_, amount)| *amount).collect()
    }
}

#[async_trait]
impl Consumer for Notebook {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.kinds
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> Result<()> {
        for event in events {
            let amount = event.payload["amount"].as_i64().unwrap_or(0);
            let sql =
                "INSERT INTO projection_checkpoint (tenant_id, projection, position, events, occurred_at, applied_at)
                 VALUES ({tenant}, ?, ?, 1, 0, 0)
                 ON CONFLICT (tenant_id, projection) DO UPDATE
                 SET position = projection_checkpoint.position + excluded.position";
            tx.raw_exec(sql, vec![self.name.into(), amount.into()]).await?;
            if self.refused.lock().expect("lock").contains(&amount) {
                return Err(Error::internal("this event is bad"));
            }
            self.seen.lock().expect("lock").push((event.id, amount));
        }
        let crash = |left: usize| left.checked_sub(1);
        if self.crashes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, crash).is_ok() {
            return Err(Error::unavailable("crashed in the middle"));
        }
        Ok(())
    }

    fn after_commit(&self, _: &Ctx, _: &[Envelope]) {
        self.commits.fetch_add(1, Ordering::SeqCst);
    }
}

/// A relay over these consumers that knows the two tenants of [`TestApp`].
pub fn relay<'a>(app: &TestApp, consumers: impl IntoIterator<Item = &'a Arc<Notebook>>) -> Relay {
    let consumers = consumers.into_iter().map(|consumer| Arc::clone(consumer) as Arc<dyn Consumer>).collect();
    let options = RelayOptions {
        batch: 500,
        poll: Duration::from_millis(100),
        attempts: 3,
        first_retry: Duration::from_millis(100),
        longest_retry: Duration::from_millis(200),
        patience: Duration::from_millis(300),
    };
    Relay::with_options(app.app().clone(), tenants(app), consumers, options)
}

fn tenants(app: &TestApp) -> impl events::TenantSource {
    let known: Vec<Arc<TenantInfo>> = vec![app.tenant().clone(), app.other_system().tenant().clone()];
    move |_: App, id: TenantId| {
        let found = known.iter().find(|tenant| tenant.id == id).cloned();
        std::future::ready(found.ok_or_else(|| Error::not_found("tenant")))
    }
}

/// Says something about `thing` in a write of its own.
pub async fn tell(ctx: &Ctx, thing: Uuid, amount: i64) -> EventId {
    ctx.write(Access::Public, async |tx: &Tx| tx.emit(Told::of(thing, amount)).await).await.expect("told")
}

/// One number from the whole database, past every door.
pub async fn count(app: &TestApp, sql: &str) -> i64 {
    let owner = app.database().owner().await;
    let statement = Statement::from_string(owner.get_database_backend(), sql);
    let row = owner.query_one_raw(statement).await.expect(sql).expect("one row");
    owner.close().await.expect("closed");
    row.try_get_by_index(0).expect("a number")
}

/// The account of a signed-in actor.
pub fn user(ctx: &Ctx) -> UserId {
    ctx.user_id().expect("signed in")
}
