//! Refresh tokens: opaque, stored hashed, each used once, all of one session a family.
//!
//! Using one gives the next. Using one again ends the whole session, because one of the two who hold it has stolen it;
//! except within `security.refresh_grace_seconds`, when two tabs have asked at once: then the answer holds the newest
//! token of the family, the same for all of them, so that they go on together. The next token is computed from the one
//! before and our key, so that it can be given twice although it is stored hashed.

use super::entity::refresh_token::{ActiveModel, Column, Entity, Model};
use super::keys::{self, Keys};
use super::secret::Secret;
use crate::entity::{session, user};
use crate::event::IdentityEvent;
use crate::roles::roles_of;
use crate::session::{actor_of, end};
use crate::token::Tokens;
use crate::view::TokenView;
use events::Emit;
use platform::{Access, Context, Ctx, Error, Result, Tx};
use primitives::{ErrorCode, SessionId, Timestamp, UserId};
use sea_orm::{ColumnTrait, Set};
use std::time::Duration;
use uuid::Uuid;

/// What the next token is computed for.
const PURPOSE: &[u8] = b"rustok refresh token v1";
/// Used tokens of one session that are remembered; an older one opens nothing, but ends nothing either.
const REMEMBERED: i64 = 2_000;
/// Tokens that one answer within the grace follows at most.
const FOLLOWED: usize = 8;

/// A refresh token that a client is about to get.
pub(crate) struct Issued {
    token: Secret,
    expires_at: Timestamp,
}

/// How long a session goes on.
pub(crate) struct Life {
    /// When it ends unless it is refreshed.
    pub(crate) expires_at: Timestamp,
    ends_at: Timestamp,
}

impl Life {
    /// Of a session that begins now.
    pub(crate) fn begin(ctx: &Ctx) -> Self {
        let security = &ctx.app().config().security;
        Self::until(ctx, ctx.now() + Duration::from_secs(security.refresh_end_seconds))
    }

    /// Of a session that goes on, with its absolute end.
    fn until(ctx: &Ctx, ends_at: Timestamp) -> Self {
        let idle = Duration::from_secs(ctx.app().config().security.refresh_token_seconds);
        Self { expires_at: (ctx.now() + idle).min(ends_at), ends_at }
    }
}

/// The first token of a session.
pub(crate) async fn first(tx: &Tx, ctx: &Ctx, session: SessionId, life: Life) -> Result<Issued> {
    let token = Secret::draw();
    store(tx, ctx, session.uuid(), 0, &token, &life).await?;
    Ok(Issued { token, expires_at: life.expires_at })
}

/// Gives a fresh access token and the next refresh token for one that was not used yet.
///
/// # Errors
/// `UNAUTHENTICATED` for a token that opens nothing (any more), without saying why; the session has ended when it was
/// used before.
pub async fn refresh(ctx: &Ctx, shown: &str) -> Result<TokenView> {
    let shown = Secret::parse(shown).ok_or_else(refused)?;
    let outcome = ctx
        .write(Access::Public, async |tx| turn(tx, ctx, &shown).await)
        .await
        .context("refreshing a session")?;
    match outcome {
        Outcome::Next { user, session, issued } => view(ctx, user, session, &issued),
        Outcome::Reused { user, session } => {
            tracing::warn!(user.id = %user, session.id = %session, "a refresh token was used twice: its session has ended");
            Err(refused())
        }
    }
}

/// What the client gets.
pub(crate) fn view(ctx: &Ctx, user: UserId, session: SessionId, issued: &Issued) -> Result<TokenView> {
    let (tokens, now) = (Tokens::of(ctx.app()), ctx.now());
    Ok(TokenView {
        access_token: tokens.sign(ctx.tenant_id(), user, session, now)?,
        token_type: "Bearer",
        expires_in: tokens.life().as_secs(),
        refresh_token: issued.token.text(),
        refresh_expires_in: issued.expires_at.since(now).as_secs(),
    })
}

enum Outcome {
    Next { user: UserId, session: SessionId, issued: Issued },
    Reused { user: UserId, session: SessionId },
}

async fn turn(tx: &Tx, ctx: &Ctx, shown: &Secret) -> Result<Outcome> {
    let now = ctx.now();
    let row = find(tx, &shown.hash()).await?.ok_or_else(refused)?;
    let session = tx.find_by_id::<session::Entity>(row.session_id).await?.ok_or_else(refused)?;
    let person = tx.find_by_id::<user::Entity>(session.user_id).await?.ok_or_else(refused)?;
    let open = session.revoked_at.is_none() && now.millis() < session.expires_at;
    if !open || person.status != "active" || row.expires_at <= now.millis() {
        return Err(refused());
    }
    let (user, session) = (UserId::from_uuid(person.id), SessionId::from_uuid(session.id));
    let used = tx
        .update_many::<Entity>()
        .set(Column::UsedAt, now.millis())
        .filter(Column::Id.eq(row.id))
        .filter(Column::UsedAt.is_null())
        .exec()
        .await?;
    if used > 0 {
        let issued = next(tx, ctx, &row, shown).await?;
        return Ok(Outcome::Next { user, session, issued });
    }
    match newest(tx, ctx, shown).await? {
        Some(issued) => Ok(Outcome::Next { user, session, issued }),
        None => {
            // The log says whose session it was; which of the two showed the token nobody knows.
            let roles = roles_of(tx, &[person.id]).await?.remove(&person.id).unwrap_or_default();
            tx.acts_as(actor_of(user, roles.permissions()));
            end(tx, session::Column::Id.eq(session.uuid()), now).await?;
            tx.emit(IdentityEvent::UserTokenReused { user_id: user, session_id: session }).await?;
            Ok(Outcome::Reused { user, session })
        }
    }
}

/// Stores the token that follows, and lets the session live on with it.
async fn next(tx: &Tx, ctx: &Ctx, row: &Model, shown: &Secret) -> Result<Issued> {
    let token = successors(ctx, shown).next().ok_or_else(|| Error::internal("there is no key"))?;
    let life = Life::until(ctx, Timestamp::from_millis(row.ends_at));
    let generation = row.generation + 1;
    store(tx, ctx, row.session_id, generation, &token, &life).await?;
    tx.update_many::<session::Entity>()
        .set(session::Column::ExpiresAt, life.expires_at.millis())
        .filter(session::Column::Id.eq(row.session_id))
        .exec()
        .await?;
    tx.delete_many::<Entity>()
        .filter(Column::SessionId.eq(row.session_id))
        .filter(Column::Generation.lt(generation - REMEMBERED))
        .exec()
        .await?;
    Ok(Issued { token, expires_at: life.expires_at })
}

/// The unused token of the family, when the one that was shown was used a moment ago; `None` when that is too long ago.
async fn newest(tx: &Tx, ctx: &Ctx, shown: &Secret) -> Result<Option<Issued>> {
    let grace = Duration::from_secs(ctx.app().config().security.refresh_grace_seconds);
    let mut token = shown.clone();
    for _ in 0..FOLLOWED {
        let Some(row) = find(tx, &token.hash()).await? else { return Ok(None) };
        let Some(used_at) = row.used_at else {
            return Ok(Some(Issued { token, expires_at: Timestamp::from_millis(row.expires_at) }));
        };
        if grace <= ctx.now().since(Timestamp::from_millis(used_at)) {
            return Ok(None);
        }
        let following = tx
            .find::<Entity>()
            .filter(Column::SessionId.eq(row.session_id))
            .filter(Column::Generation.eq(row.generation + 1))
            .one()
            .await?;
        // A key may have been replaced since.
        let found = following.and_then(|following| {
            successors(ctx, &token).find(|next| next.hash().as_slice() == following.token_hash.as_slice())
        });
        match found {
            Some(next) => token = next,
            None => return Ok(None),
        }
    }
    Ok(None)
}

async fn find(tx: &Tx, hash: &[u8; 32]) -> Result<Option<Model>> {
    tx.find::<Entity>().filter(Column::TokenHash.eq(hash.to_vec())).one().await
}

async fn store(
    tx: &Tx,
    ctx: &Ctx,
    session: Uuid,
    generation: i64,
    token: &Secret,
    life: &Life,
) -> Result<()> {
    tx.insert(ActiveModel {
        id: Set(Uuid::now_v7()),
        session_id: Set(session),
        generation: Set(generation),
        token_hash: Set(token.hash().to_vec()),
        created_at: Set(ctx.now().millis()),
        expires_at: Set(life.expires_at.millis()),
        ends_at: Set(life.ends_at.millis()),
        used_at: Set(None),
        ..Default::default()
    })
    .await
    .map(|_| ())
}

/// What follows a token, by each of our keys, the current one first.
fn successors(ctx: &Ctx, token: &Secret) -> impl Iterator<Item = Secret> {
    let tenant = *ctx.tenant_id().uuid().as_bytes();
    let bytes = *token.bytes();
    let keys: Vec<_> = Keys::of(ctx.app()).for_purpose(PURPOSE).collect();
    keys.into_iter().map(move |key| Secret::from_bytes(keys::mac(&*key, &[&tenant, &bytes])))
}

/// The one answer to a token that is not good.
fn refused() -> Error {
    Error::new(ErrorCode::Unauthenticated, "the refresh token is not good (any more), sign in again")
}
