//! Sessions of other people, and all of one's own at once.

use crate::door::Visit;
use crate::entity::user;
use crate::roles::{may_touch, roles_of};
use crate::session::{self, end_all, end_one, set_cookie};
use crate::view::SessionView;
use platform::{Access, Actor, Ctx, Error, Result, TenantDb};
use primitives::{Permission, SessionId, UserId};

/// Ends all sessions of the caller: everywhere, or everywhere but here. Gives back how many, and the `Set-Cookie` header
/// that clears the cookie when this session is among them.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub async fn sign_out_everywhere(
    ctx: &Ctx,
    except_here: bool,
    visit: &Visit,
) -> Result<(u64, Option<String>)> {
    ctx.require(Access::SignedIn)?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let kept = visit.session.filter(|_| except_here);
    let ended = ctx.write(Access::SignedIn, async |tx| end_all(tx, user, kept, ctx.now()).await).await?;
    let name = session::cookie_name(ctx.tenant(), visit.secure);
    let cleared = kept.is_none().then(|| set_cookie(&name, visit.secure, "", 0, "Lax"));
    Ok((ended, cleared))
}

/// The open sessions of a person, newest first.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for people who are mightier than the caller.
pub async fn list_of(ctx: &Ctx, user: UserId, visit: &Visit) -> Result<Vec<SessionView>> {
    let db = ctx.read(Permission::USERS_UPDATE).await?;
    reachable(&db, ctx, user).await?;
    session::open_sessions(&db, ctx, user, visit).await
}

/// Ends a session of a person.
///
/// # Errors
/// `NOT_FOUND` when the person has no such session open; `FORBIDDEN` for people who are mightier than the caller.
pub async fn revoke_of(ctx: &Ctx, user: UserId, id: SessionId) -> Result<()> {
    ctx.write(Permission::USERS_UPDATE, async |tx| {
        reachable(tx, ctx, user).await?;
        end_one(tx, user, id, ctx.now()).await
    })
    .await
}

/// Ends all sessions of a person; gives back how many.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for people who are mightier than the caller.
pub async fn revoke_all_of(ctx: &Ctx, user: UserId) -> Result<u64> {
    ctx.write(Permission::USERS_UPDATE, async |tx| {
        reachable(tx, ctx, user).await?;
        end_all(tx, user, None, ctx.now()).await
    })
    .await
}

/// Whether the caller may meddle with the sign-in of a person: with customers whoever may change people, with those who
/// work for the shop only who may also manage roles and holds all that they hold.
pub(super) async fn reachable(db: &TenantDb, ctx: &Ctx, user: UserId) -> Result<()> {
    db.get::<user::Entity>(user.uuid()).await?;
    if ctx.user_id() == Some(user) || matches!(ctx.actor(), Actor::System(_)) {
        return Ok(());
    }
    let roles = roles_of(db, &[user.uuid()]).await?.remove(&user.uuid()).unwrap_or_default();
    may_touch(ctx, &roles)
}
