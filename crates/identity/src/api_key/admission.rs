//! Lets API keys in: who a key is, how much it may ask, when it was last used.
//!
//! What a key opens is believed for 4 s without asking the database, as with sessions; a change of the key, of its
//! maker's roles or of the account counts at once here, and elsewhere within 5 s.

use super::Shown;
use super::entity::api_key;
use crate::door::{Authenticated, Visit};
use crate::roles::read_set;
use crate::session::{self, BELIEVED, CHANGES, REMEMBERED};
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::{future, sync};
use platform::hub;
use platform::{Access, Actor, App, Context, Ctx, Error, Result, TenantInfo};
use primitives::{ApiKeyId, TenantId, Timestamp, UserId};
use sea_orm::{ColumnTrait, Condition};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// What the limit of a key speaks of.
const WINDOW: Duration = Duration::from_secs(60);
/// The last use is written down at most this often.
const NOTED: Duration = Duration::from_secs(60);

/// How much a key may still ask, for the fields `RateLimit` and `RateLimit-Policy`
/// (draft-ietf-httpapi-ratelimit-headers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests per window.
    pub limit: u32,
    /// The window.
    pub window: Duration,
    /// Requests that are left now.
    pub remaining: u32,
    /// When all of `limit` are there again, if nothing is asked until then; for a refused request when the next one
    /// is let through.
    pub reset: Duration,
    /// Whether this request is let through.
    pub admitted: bool,
}

/// Who the program with this key is; every reason why it is nobody gives the same answer.
///
/// # Errors
/// `UNAUTHENTICATED` for a key that is unknown, another tenant's, revoked, expired, or whose maker's account is closed.
pub(crate) async fn authenticate(
    app: &App,
    tenant: &Arc<TenantInfo>,
    token: &str,
    visit: Visit,
) -> Result<Authenticated> {
    let shown = Shown::read(token).ok_or_else(Error::unauthenticated)?;
    let keys = Keys::of(app);
    let live = keys.find(app, tenant, shown.hash).await?.filter(|live| live.prefix == shown.prefix);
    let live = live.ok_or_else(Error::unauthenticated)?;
    let allowance = keys.count(app, live.key);
    if allowance.admitted {
        keys.note(app, tenant, &live);
    }
    let actor = live.actor.clone();
    Ok(Authenticated { actor, visit, allowance: Some(allowance) })
}

/// A key that opens something, unless its time has run out since.
struct Live {
    key: ApiKeyId,
    prefix: String,
    actor: Actor,
    expires_at: Option<Timestamp>,
    last_used_at: i64,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, AppClock, StateInformationMiddleware>;

/// Keys that are in use, one per process; the limit is each process's own.
struct Keys {
    known: future::Cache<(TenantId, u64, [u8; 32]), Option<Arc<Live>>>,
    limits: sync::Cache<ApiKeyId, Arc<Limiter>>,
    /// When the last use of each key was written down.
    noted: sync::Cache<ApiKeyId, Arc<AtomicI64>>,
}

impl Keys {
    fn of(app: &App) -> Arc<Self> {
        app.state(|| Self {
            known: future::Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build(),
            limits: sync::Cache::builder().max_capacity(REMEMBERED).time_to_idle(2 * WINDOW).build(),
            noted: sync::Cache::builder().max_capacity(REMEMBERED).time_to_idle(2 * NOTED).build(),
        })
    }

    /// The generation is part of the key, as with sessions.
    async fn find(&self, app: &App, tenant: &Arc<TenantInfo>, hash: [u8; 32]) -> Result<Option<Arc<Live>>> {
        let generation = app.hub().generation(hub::Key::new(tenant.id, CHANGES));
        let found = self.known.try_get_with((tenant.id, generation, hash), load(app, tenant, hash)).await;
        let found = found.map_err(|error: Arc<Error>| Error::clone(&error))?;
        Ok(found.filter(|live| live.expires_at.is_none_or(|at| app.clock().now() < at)))
    }

    fn count(&self, app: &App, key: ApiKeyId) -> Allowance {
        let limit = app.config().security.api_key_requests_per_minute;
        let limit = NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN);
        let each = WINDOW / limit.get();
        let limiter = self.limits.get_with(key, || {
            let quota = Quota::with_period(each).unwrap_or(Quota::per_minute(limit)).allow_burst(limit);
            Arc::new(RateLimiter::direct_with_clock(quota, AppClock(app.clone())).with_middleware())
        });
        let (remaining, reset, admitted) = match limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                (remaining, each * limit.get().saturating_sub(remaining), true)
            }
            Err(until) => (0, until.wait_time_from(AppClock(app.clone()).now()), false),
        };
        Allowance { limit: limit.get(), window: WINDOW, remaining, reset, admitted }
    }

    /// Writes the use down in the background, when the last note is a minute old.
    fn note(&self, app: &App, tenant: &Arc<TenantInfo>, live: &Live) {
        let (now, key) = (app.clock().now(), live.key);
        let noted = self.noted.get_with(key, || Arc::new(AtomicI64::new(live.last_used_at)));
        let before = noted.load(Ordering::Relaxed);
        let due = now.since(Timestamp::from_millis(before)) >= NOTED;
        if !due || noted.compare_exchange(before, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        let ctx = Ctx::system(app, tenant.clone(), "api-key-use");
        tokio::spawn(async move {
            if let Err(error) = write_use(&ctx, key, now).await {
                tracing::warn!(report = %error.report(), api_key.id = %key, "the use of an API key was not written down");
            }
        });
    }
}

/// Other processes write too: the latest use stays.
async fn write_use(ctx: &Ctx, key: ApiKeyId, now: Timestamp) -> Result<()> {
    ctx.write(Access::System, async |tx| {
        let older = Condition::any()
            .add(api_key::Column::LastUsedAt.is_null())
            .add(api_key::Column::LastUsedAt.lt((now - NOTED / 2).millis()));
        tx.update_many::<api_key::Entity>()
            .set(api_key::Column::LastUsedAt, now.millis())
            .filter(api_key::Column::Id.eq(key.uuid()))
            .filter(older)
            .exec()
            .await
            .map(|_| ())
    })
    .await
}

async fn load(app: &App, tenant: &Arc<TenantInfo>, hash: [u8; 32]) -> Result<Option<Arc<Live>>> {
    const SELECT: &str = "SELECT k.id AS id, k.prefix AS prefix, k.permissions AS permissions, \
         k.created_by AS owner, k.expires_at AS expires_at, k.last_used_at AS last_used_at, \
         r.role AS role, c.permissions AS custom \
         FROM api_key k \
         JOIN user_account u ON u.tenant_id = k.tenant_id AND u.id = k.created_by \
         LEFT JOIN user_role r ON r.tenant_id = u.tenant_id AND r.user_id = u.id \
         LEFT JOIN user_custom_role h ON h.tenant_id = u.tenant_id AND h.user_id = u.id \
         LEFT JOIN custom_role c ON c.tenant_id = h.tenant_id AND c.id = h.role_id \
         WHERE k.tenant_id = {tenant} AND k.secret_hash = ? AND k.revoked_at IS NULL AND u.status = 'active'";
    let ctx = Ctx::system(app, tenant.clone(), "api-keys");
    let rows = session::look(&ctx, SELECT, vec![hash.to_vec().into()]).await;
    let rows = rows.context("looking for an API key")?;
    let Some(first) = rows.first() else { return Ok(None) };
    let key = ApiKeyId::from_uuid(first.try_get("", "id")?);
    let owner = UserId::from_uuid(first.try_get("", "owner")?);
    let scope = read_set(&first.try_get::<String>("", "permissions")?);
    let permissions = scope.intersection(&session::permissions_in(&rows)?);
    Ok(Some(Arc::new(Live {
        key,
        prefix: first.try_get("", "prefix")?,
        actor: Actor::ApiKey { key, owner, permissions },
        expires_at: first.try_get::<Option<i64>>("", "expires_at")?.map(Timestamp::from_millis),
        last_used_at: first.try_get::<Option<i64>>("", "last_used_at")?.unwrap_or_default(),
    })))
}

/// The process's own clock, which tests turn.
struct AppClock(App);

impl Clock for AppClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.clock().now().millis()).unwrap_or_default())
    }
}
