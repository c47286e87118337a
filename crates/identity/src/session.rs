//! Sessions: an opaque cookie for browsers, a short token for API clients. Who holds one is known for 4 s without
//! asking the database, so a revocation counts everywhere within 5 s, and at once where it was made.

use crate::door::Visit;
use crate::entity::session;
use crate::roles::{read_set, staff_permissions};
use crate::security::device;
use crate::security::secret::Secret;
use crate::view::SessionView;
use moka::future::Cache;
use platform::hub;
use platform::{Access, Actor, App, Context, Ctx, Error, Result, TenantDb, TenantInfo, Tx};
use primitives::{PermissionSet, SessionId, SystemRole, TenantId, Timestamp, UserId};
use sea_orm::{ColumnTrait, Condition, QueryResult, Value, sea_query::ExprTrait};
use std::sync::Arc;
use std::time::Duration;

/// How long a session is believed without looking.
pub(crate) const BELIEVED: Duration = Duration::from_secs(4);
/// Sessions that are remembered at once.
pub(crate) const REMEMBERED: u64 = 20_000;
/// Name in the hub of everything that changes who somebody is.
pub(crate) const CHANGES: &str = "sessions";

/// Ends the visit's session, if it has one; gives back the `Set-Cookie` header that clears the cookie.
///
/// # Errors
/// Those of the database.
pub async fn sign_out(ctx: &Ctx, visit: &Visit) -> Result<String> {
    if let Some(id) = visit.session {
        ctx.write(Access::Public, async |tx| {
            end(tx, session::Column::Id.eq(id.uuid()), ctx.now()).await.map(|_| ())
        })
        .await?;
    }
    Ok(set_cookie(&cookie_name(ctx.tenant(), visit.secure), visit.secure, "", 0, "Lax"))
}

/// The caller's open sessions, newest first.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub async fn list_own(ctx: &Ctx, visit: &Visit) -> Result<Vec<SessionView>> {
    let db = ctx.read(Access::SignedIn).await?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    open_sessions(&db, ctx, user, visit).await
}

/// The open sessions of a person, newest first.
pub(crate) async fn open_sessions(
    db: &TenantDb,
    ctx: &Ctx,
    user: UserId,
    visit: &Visit,
) -> Result<Vec<SessionView>> {
    let rows = db
        .find::<session::Entity>()
        .filter(session::Column::UserId.eq(user.uuid()))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(ctx.now().millis()))
        .order_by_desc(session::Column::CreatedAt)
        .order_by_desc(session::Column::Id)
        .limit(100)
        .all()
        .await?;
    Ok(rows.into_iter().map(|row| SessionView::new(row, visit.session)).collect())
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// `NOT_FOUND` when it is not the caller's, or over.
pub async fn revoke_own(ctx: &Ctx, id: SessionId) -> Result<()> {
    let user = ctx.require(Access::SignedIn).map(|()| ctx.user_id())?.ok_or_else(Error::unauthenticated)?;
    ctx.write(Access::SignedIn, async |tx| end_one(tx, user, id, ctx.now()).await).await
}

/// Ends one session of a person.
pub(crate) async fn end_one(tx: &Tx, user: UserId, id: SessionId, now: Timestamp) -> Result<()> {
    let own = session::Column::Id.eq(id.uuid()).and(session::Column::UserId.eq(user.uuid()));
    match end(tx, own, now).await? {
        0 => Err(Error::not_found("session")),
        _ => Ok(()),
    }
}

/// Ends every session of a person, except perhaps one, and forgets the browsers of the others; for changes of password
/// and status, and for whoever has lost a device.
pub(crate) async fn end_all(tx: &Tx, user: UserId, except: Option<SessionId>, now: Timestamp) -> Result<u64> {
    device::forget_all(tx, user, except).await?;
    let mut which = Condition::all().add(session::Column::UserId.eq(user.uuid()));
    if let Some(kept) = except {
        which = which.add(session::Column::Id.ne(kept.uuid()));
    }
    end(tx, which, now).await
}

/// Makes every process of ours ask again who its visitors are: at once here, within 4 s elsewhere.
pub(crate) fn forget(tx: &Tx) -> Result<()> {
    let ctx = tx.ctx().cloned().ok_or_else(|| Error::internal("a change of sessions needs its context"))?;
    tx.after_commit(move || ctx.app().hub().bump(ctx.tenant_id(), CHANGES));
    Ok(())
}

pub(crate) async fn end(
    tx: &Tx,
    which: impl sea_orm::sea_query::IntoCondition,
    now: Timestamp,
) -> Result<u64> {
    let ended = tx
        .update_many::<session::Entity>()
        .set(session::Column::RevokedAt, now.millis())
        .filter(which)
        .filter(session::Column::RevokedAt.is_null())
        .exec()
        .await
        .context("ending sessions")?;
    forget(tx)?;
    Ok(ended)
}

/// Name of the session cookie: shops that share a host by path keep their sessions apart.
pub fn cookie_name(tenant: &TenantInfo, secure: bool) -> String {
    format!("{}rustok_session_{}", if secure { "__Host-" } else { "" }, tenant.slug)
}

/// Value of a `Set-Cookie` header that keeps scripts out.
pub(crate) fn set_cookie(name: &str, secure: bool, value: &str, seconds: u64, same_site: &str) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}")
}

/// What a request shows to say who it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Credential {
    /// SHA-256 of the cookie.
    Cookie([u8; 32]),
    /// The session of a token whose signature is good.
    Session(SessionId),
}

impl Credential {
    /// Reads a cookie's value; anything but 32 bytes in base64url is nobody's.
    pub(crate) fn from_cookie(value: &str) -> Option<Self> {
        Secret::parse(value).map(|secret| Self::Cookie(secret.hash()))
    }
}

/// A session that is open, unless it has run out since.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) actor: Actor,
    expires_at: Timestamp,
}

/// Open sessions, remembered for [`BELIEVED`]; one per process.
pub(crate) struct Sessions {
    known: Cache<(TenantId, u64, Credential), Option<Arc<Live>>>,
}

impl Sessions {
    pub(crate) fn of(app: &App) -> Arc<Self> {
        app.state(|| Self { known: Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build() })
    }

    /// Who holds the credential, or `None` when it opens nothing (any more).
    ///
    /// The generation is part of the key, so what was loaded before a revocation answers no question after it.
    pub(crate) async fn find(
        &self,
        app: &App,
        tenant: &Arc<TenantInfo>,
        credential: Credential,
    ) -> Result<Option<Arc<Live>>> {
        let generation = app.hub().generation(hub::Key::new(tenant.id, CHANGES));
        let load = load(app, tenant, credential.clone());
        let found = self.known.try_get_with((tenant.id, generation, credential), load).await;
        let found = found.map_err(|error: Arc<Error>| Error::clone(&error))?;
        Ok(found.filter(|live| app.clock().now() < live.expires_at))
    }
}

async fn load(app: &App, tenant: &Arc<TenantInfo>, credential: Credential) -> Result<Option<Arc<Live>>> {
    const SELECT: &str = "SELECT s.id AS session, s.user_id AS user_id, s.expires_at AS expires_at, \
         r.role AS role, c.permissions AS custom \
         FROM session s \
         JOIN user_account u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
         LEFT JOIN user_role r ON r.tenant_id = u.tenant_id AND r.user_id = u.id \
         LEFT JOIN user_custom_role h ON h.tenant_id = u.tenant_id AND h.user_id = u.id \
         LEFT JOIN custom_role c ON c.tenant_id = h.tenant_id AND c.id = h.role_id \
         WHERE s.tenant_id = {tenant} AND s.revoked_at IS NULL AND u.status = 'active' AND s.expires_at > ? AND ";
    let ctx = Ctx::system(app, tenant.clone(), "sessions");
    let (sql, value): (String, Value) = match &credential {
        Credential::Cookie(hash) => (format!("{SELECT}s.token_hash = ?"), hash.to_vec().into()),
        Credential::Session(id) => (format!("{SELECT}s.id = ? AND s.kind = 'api'"), id.uuid().into()),
    };
    let values = vec![ctx.now().millis().into(), value];
    let rows = look(&ctx, &sql, values).await.context("looking for a session")?;
    let Some(first) = rows.first() else { return Ok(None) };
    let user = UserId::from_uuid(first.try_get("", "user_id")?);
    Ok(Some(Arc::new(Live {
        session: SessionId::from_uuid(first.try_get("", "session")?),
        user,
        actor: actor_of(user, permissions_in(&rows)?),
        expires_at: Timestamp::from_millis(first.try_get("", "expires_at")?),
    })))
}

/// Rows that must not be older than what has just been written: a replica may not have them yet.
pub(crate) async fn look(ctx: &Ctx, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>> {
    if ctx.app().config().database.replica_url.is_none() {
        ctx.read(Access::System).await?.raw_all(sql, values).await
    } else {
        ctx.write(Access::System, async |tx| tx.raw_all(sql, values).await).await
    }
}

/// What the roles in these rows add up to: names of system roles in `role`, permissions of the shop's own in `custom`.
pub(crate) fn permissions_in(rows: &[QueryResult]) -> Result<PermissionSet> {
    let mut all = PermissionSet::EMPTY;
    for row in rows {
        if let Some(role) = row.try_get::<Option<String>>("", "role")?
            && let Ok(role) = SystemRole::parse(&role)
        {
            all = all.union(staff_permissions(role));
        }
        if let Some(stored) = row.try_get::<Option<String>>("", "custom")? {
            all = all.union(read_set(&stored));
        }
    }
    Ok(all)
}

/// Who somebody with these permissions is.
pub(crate) fn actor_of(user: UserId, permissions: PermissionSet) -> Actor {
    if permissions.is_empty() { Actor::Customer { user } } else { Actor::Staff { user, permissions } }
}
