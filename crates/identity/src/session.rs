//! Sessions: an opaque cookie for browsers, a short token for API clients. Who holds one is known for 4 s without
//! asking the database, so a revocation counts everywhere within 5 s, and at once where it was made.

use crate::door::Visit;
use crate::entity::{session, user};
use crate::event::IdentityEvent;
use crate::guess::Guesses;
use crate::password::{Hasher, Password};
use crate::token::Tokens;
use crate::user::{email_row, roles_of};
use crate::view::{MeView, SessionView, TokenView, UserView};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Emit;
use moka::future::Cache;
use platform::hub;
use platform::{Access, Actor, App, Context, Ctx, Error, Result, TenantInfo, Tx};
use primitives::{Email, ErrorCode, PermissionSet, SessionId, SystemRole, TenantId, Timestamp, UserId};
use sea_orm::{ColumnTrait, Condition, Set, Value, sea_query::ExprTrait};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// How long a session is believed without looking.
const BELIEVED: Duration = Duration::from_secs(4);
/// Sessions that are remembered at once.
const REMEMBERED: u64 = 20_000;
/// Name in the hub of everything that changes who somebody is.
const CHANGES: &str = "sessions";

/// A browser that has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who it is, and may do what.
    pub me: MeView,
    /// The session.
    pub session: SessionId,
    /// Value of the `Set-Cookie` header.
    pub cookie: String,
}

/// Starts a browser session.
///
/// The guest's cart is the caller's to merge: `me.user.id` says into whose.
///
/// # Errors
/// `UNAUTHENTICATED` for a wrong password, an unknown address and a closed account alike;
/// `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn sign_in(ctx: &Ctx, email: &str, password: &str, visit: &Visit) -> Result<SignedIn> {
    let secret = rand::random::<[u8; 32]>();
    let life = Duration::from_secs(ctx.app().config().security.session_seconds);
    let (me, session) =
        begin(ctx, email, password, visit, Kind::Browser { hash: digest(&secret) }, life).await?;
    let value = URL_SAFE_NO_PAD.encode(secret);
    // Nothing outside the shop has business in its admin, so links from there arrive signed out.
    let same_site = if me.is_staff() { "Strict" } else { "Lax" };
    let cookie = set_cookie(ctx.tenant(), visit.secure, &value, life.as_secs(), same_site);
    Ok(SignedIn { me, session, cookie })
}

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
    Ok(set_cookie(ctx.tenant(), visit.secure, "", 0, "Lax"))
}

/// An access token for API clients, good for `security.access_token_seconds`.
///
/// # Errors
/// As [`sign_in`].
pub async fn token(ctx: &Ctx, email: &str, password: &str, visit: &Visit) -> Result<TokenView> {
    let tokens = Tokens::of(ctx.app());
    let (me, session) = begin(ctx, email, password, visit, Kind::Api, tokens.life()).await?;
    let access_token = tokens.sign(ctx.tenant_id(), me.user.id, session, ctx.now())?;
    Ok(TokenView { access_token, token_type: "Bearer", expires_in: tokens.life().as_secs() })
}

/// The caller's open sessions, newest first.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub async fn list_own(ctx: &Ctx, visit: &Visit) -> Result<Vec<SessionView>> {
    let db = ctx.read(Access::SignedIn).await?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
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
    ctx.write(Access::SignedIn, async |tx| {
        let own = session::Column::Id.eq(id.uuid()).and(session::Column::UserId.eq(user.uuid()));
        match end(tx, own, ctx.now()).await? {
            0 => Err(Error::not_found("session")),
            _ => Ok(()),
        }
    })
    .await
}

/// Ends every session of a person, except perhaps one; for changes of password, roles and status.
pub(crate) async fn end_all(tx: &Tx, user: UserId, except: Option<SessionId>, now: Timestamp) -> Result<()> {
    let mut which = Condition::all().add(session::Column::UserId.eq(user.uuid()));
    if let Some(kept) = except {
        which = which.add(session::Column::Id.ne(kept.uuid()));
    }
    end(tx, which, now).await.map(|_| ())
}

/// Makes every process of ours ask again who its visitors are: at once here, within 4 s elsewhere.
pub(crate) fn forget(tx: &Tx) -> Result<()> {
    let ctx = tx.ctx().cloned().ok_or_else(|| Error::internal("a change of sessions needs its context"))?;
    tx.after_commit(move || ctx.app().hub().bump(ctx.tenant_id(), CHANGES));
    Ok(())
}

async fn end(tx: &Tx, which: impl sea_orm::sea_query::IntoCondition, now: Timestamp) -> Result<u64> {
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

enum Kind {
    Browser { hash: [u8; 32] },
    Api,
}

async fn begin(
    ctx: &Ctx,
    email: &str,
    password: &str,
    visit: &Visit,
    kind: Kind,
    life: Duration,
) -> Result<(MeView, SessionId)> {
    let email = Email::parse(email).map_err(|_| wrong())?;
    let guesses = Guesses::of(ctx.app());
    let attempt = guesses.attempt(ctx.tenant_id(), &email, visit.client, ctx.now())?;
    // No stored password has another length.
    let password = Password::parse("password", password).map_err(|_| wrong())?;
    let found = {
        let db = ctx.read(Access::Public).await?;
        email_row(&db, &email).await?
    };
    let stored = found.as_ref().map(|row| row.password_hash.as_str());
    let fits = Hasher::of(ctx.app()).verify(&password, stored).await?;
    let Some(known) = found.filter(|row| fits && row.status == "active") else {
        return Err(wrong());
    };
    attempt.succeeded();
    let begun = ctx
        .write(Access::Public, async |tx| {
            // Whoever changed the password while we were hashing has ended all sessions; this one must not begin.
            let row = tx.find_by_id::<user::Entity>(known.id).await?.ok_or_else(wrong)?;
            if row.password_hash != known.password_hash || row.status != "active" {
                return Err(wrong());
            }
            let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
            tx.acts_as(actor_of(UserId::from_uuid(row.id), &roles));
            let (id, now) = (SessionId::new(), ctx.now());
            tx.delete_many::<session::Entity>()
                .filter(session::Column::UserId.eq(row.id))
                .filter(session::Column::ExpiresAt.lt(now.millis()))
                .exec()
                .await?;
            if let (Kind::Browser { .. }, Some(before)) = (&kind, visit.session) {
                end(tx, session::Column::Id.eq(before.uuid()), now).await?;
            }
            let (name, hash) = match &kind {
                Kind::Browser { hash } => ("browser", Some(hash.to_vec())),
                Kind::Api => ("api", None),
            };
            tx.insert(session::ActiveModel {
                id: Set(id.uuid()),
                user_id: Set(row.id),
                kind: Set(name.to_owned()),
                token_hash: Set(hash),
                user_agent: Set(visit.user_agent.chars().take(300).collect()),
                created_at: Set(now.millis()),
                expires_at: Set((now + life).millis()),
                revoked_at: Set(None),
                ..Default::default()
            })
            .await?;
            tx.update_many::<user::Entity>()
                .set(user::Column::LastSignInAt, now.millis())
                .filter(user::Column::Id.eq(row.id))
                .exec()
                .await?;
            tx.emit(IdentityEvent::UserLoggedIn { user_id: UserId::from_uuid(row.id), kind: name }).await?;
            let row = user::Model { last_sign_in_at: Some(now.millis()), ..row };
            Ok((UserView::new(row, roles)?, id))
        })
        .await;
    let (user, session) = begun.context("beginning a session")?;
    Ok((MeView::new(user), session))
}

/// The one answer to a sign-in that fails, whatever the reason.
fn wrong() -> Error {
    Error::new(ErrorCode::Unauthenticated, "e-mail address or password is wrong")
}

fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Name of the session cookie: shops that share a host by path keep their sessions apart.
pub fn cookie_name(tenant: &TenantInfo, secure: bool) -> String {
    format!("{}rustok_session_{}", if secure { "__Host-" } else { "" }, tenant.slug)
}

fn set_cookie(tenant: &TenantInfo, secure: bool, value: &str, seconds: u64, same_site: &str) -> String {
    let name = cookie_name(tenant, secure);
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
        let secret = URL_SAFE_NO_PAD.decode(value).ok()?;
        (secret.len() == 32).then(|| Self::Cookie(digest(&secret)))
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
    const SELECT: &str = "SELECT s.id AS session, s.user_id AS user_id, s.expires_at AS expires_at, r.role AS role \
         FROM session s \
         JOIN user_account u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
         LEFT JOIN user_role r ON r.tenant_id = s.tenant_id AND r.user_id = s.user_id \
         WHERE s.tenant_id = {tenant} AND s.revoked_at IS NULL AND u.status = 'active' AND s.expires_at > ? AND ";
    let ctx = Ctx::system(app, tenant.clone(), "sessions");
    let (sql, value): (String, Value) = match &credential {
        Credential::Cookie(hash) => (format!("{SELECT}s.token_hash = ?"), hash.to_vec().into()),
        Credential::Session(id) => (format!("{SELECT}s.id = ? AND s.kind = 'api'"), id.uuid().into()),
    };
    let values = vec![ctx.now().millis().into(), value];
    let rows = if app.config().database.replica_url.is_none() {
        ctx.read(Access::System).await?.raw_all(&sql, values).await
    } else {
        // A replica may not have a session that has just begun.
        ctx.write(Access::System, async |tx| tx.raw_all(&sql, values).await).await
    };
    let rows = rows.context("looking for a session")?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut roles = Vec::new();
    for row in &rows {
        if let Some(role) = row.try_get::<Option<String>>("", "role")? {
            roles.extend(SystemRole::parse(&role).ok());
        }
    }
    let user = UserId::from_uuid(first.try_get("", "user_id")?);
    Ok(Some(Arc::new(Live {
        session: SessionId::from_uuid(first.try_get("", "session")?),
        user,
        actor: actor_of(user, &roles),
        expires_at: Timestamp::from_millis(first.try_get("", "expires_at")?),
    })))
}

/// Who somebody with these roles is.
pub(crate) fn actor_of(user: UserId, roles: &[SystemRole]) -> Actor {
    let staff = roles.iter().filter(|role| role.is_staff());
    let permissions = staff.fold(PermissionSet::EMPTY, |all, role| all.union(role.permissions()));
    if permissions.is_empty() { Actor::Customer { user } } else { Actor::Staff { user, permissions } }
}
