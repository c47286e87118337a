//! Lets API keys in: who a key is, how much it may ask, when it was last used.
//!
//! What a key opens is believed for 4 s without asking the database, as with sessions; a change of the key, of its
//! maker's roles or of the account counts at once here, and elsewhere within 5 s.

use super::Shown;
use super::entity::api_key;
use crate::allowance;
use crate::door::{Authenticated, Visit};
use crate::roles::read_set;
use crate::session::{self, BELIEVED, CHANGES, REMEMBERED};
use moka::{future, sync};
use platform::hub;
use platform::{Access, Actor, App, Context, Ctx, Error, Result, TenantInfo};
use primitives::{ApiKeyId, TenantId, Timestamp, UserId};
use sea_orm::{ColumnTrait, Condition};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The last use is written down at most this often.
const NOTED: Duration = Duration::from_secs(60);

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
    let allowance = allowance::of_key(app, live.key);
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

/// Keys that are in use, one per process.
struct Keys {
    known: future::Cache<(TenantId, u64, [u8; 32]), Option<Arc<Live>>>,
    /// When the last use of each key was written down.
    noted: sync::Cache<ApiKeyId, Arc<AtomicI64>>,
}

impl Keys {
    fn of(app: &App) -> Arc<Self> {
        app.state(|| Self {
            known: future::Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build(),
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
