//! One-time tokens: 32 random bytes in a link, stored as their SHA-256, bound to person, purpose, address and password.
//!
//! Whatever is wrong with a token, the answer is the same.

use crate::entity::{one_time_token, user};
use crate::roles::roles_of;
use crate::session::actor_of;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform::{Context, Ctx, Error, Result, TenantDb, Tx};
use primitives::{InvitationId, Timestamp, UserId};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, QuerySelect, Set};
use sha2::{Digest, Sha256};
use std::time::Duration;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Confirms the address of an account.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Gives an account another address.
    ChangeAddress,
    /// Opens an account that works for the shop.
    Invitation,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeAddress => "change_address",
            Self::Invitation => "invitation",
        }
    }

    /// How long a token of this purpose is good.
    pub(crate) fn life(self) -> Duration {
        const HOUR: u64 = 3600;
        Duration::from_secs(match self {
            Self::VerifyEmail => 3 * 24 * HOUR,
            Self::ResetPassword => HOUR,
            Self::ChangeAddress => 24 * HOUR,
            Self::Invitation => 7 * 24 * HOUR,
        })
    }
}

/// Whom a token is for.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// This account, while it has this password; the link goes to this address.
    Account(&'a user::Model, &'a str),
    /// Whoever was invited at this address.
    Invited(InvitationId, &'a str),
    /// Nobody: an unknown address costs what a known one costs, and the token opens nothing.
    Nobody,
}

/// The text of a token as it stands in a link; wiped when dropped, never printed.
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes a token; one that was made before for the same person and purpose is good no more.
pub(crate) async fn issue(tx: &Tx, ctx: &Ctx, purpose: Purpose, subject: Subject<'_>) -> Result<Secret> {
    let secret = Zeroizing::new(rand::random::<[u8; 32]>());
    let now = ctx.now();
    let (user, invitation, email, password) = match subject {
        Subject::Account(row, email) => (Some(row.id), None, email, row.password_hash.as_str()),
        Subject::Invited(id, email) => (None, Some(id.uuid()), email, ""),
        Subject::Nobody => (None, None, "", ""),
    };
    // Of two at the same time the second waits here, and then finds the first one's token.
    tx.find::<user::Entity>()
        .filter(user::Column::Id.eq(user.unwrap_or_default()))
        .map(|select| select.lock(LockType::NoKeyUpdate))
        .columns::<Uuid>([user::Column::Id])
        .await?;
    let earlier = Condition::any()
        .add(one_time_token::Column::UserId.eq(user.unwrap_or_default()))
        .add(one_time_token::Column::InvitationId.eq(invitation.unwrap_or_default()));
    tx.delete_many::<one_time_token::Entity>()
        .filter(earlier)
        .filter(one_time_token::Column::Purpose.eq(purpose.as_str()))
        .exec()
        .await?;
    tx.insert(one_time_token::ActiveModel {
        id: Set(Uuid::now_v7()),
        purpose: Set(purpose.as_str().to_owned()),
        user_id: Set(user),
        invitation_id: Set(invitation),
        email: Set(email.to_owned()),
        token_hash: Set(digest(secret.as_slice())),
        bound: Set(digest(password.as_bytes())),
        created_at: Set(now.millis()),
        expires_at: Set((now + purpose.life()).millis()),
        used_at: Set(None),
        ..Default::default()
    })
    .await
    .context("storing a one-time token")?;
    Ok(Secret(Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.as_slice()))))
}

/// A token that is good now, with the account that it is for; the account is none for invitations.
pub(crate) struct Good {
    pub(crate) token: one_time_token::Model,
    pub(crate) user: Option<user::Model>,
}

/// Looks at a token without using it.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it.
pub(crate) async fn peek(db: &TenantDb, now: Timestamp, purpose: Purpose, text: &str) -> Result<Good> {
    let secret = URL_SAFE_NO_PAD.decode(text.trim()).map(Zeroizing::new).map_err(|_| stale())?;
    if secret.len() != 32 {
        return Err(stale());
    }
    let token = db
        .find::<one_time_token::Entity>()
        .filter(one_time_token::Column::TokenHash.eq(digest(&secret)))
        .one()
        .await?
        .ok_or_else(stale)?;
    let usable =
        token.purpose == purpose.as_str() && token.used_at.is_none() && now.millis() < token.expires_at;
    if !usable {
        return Err(stale());
    }
    let user = match token.user_id {
        Some(id) => db.find_by_id::<user::Entity>(id).await?,
        None => None,
    };
    match (&user, token.invitation_id) {
        (Some(row), _) if row.status == "active" && token.bound == digest(row.password_hash.as_bytes()) => {}
        (None, Some(_)) if token.user_id.is_none() => {}
        _ => return Err(stale()),
    }
    Ok(Good { token, user })
}

/// Uses a token: of any number at the same time one succeeds.
///
/// # Errors
/// As [`peek`].
pub(crate) async fn consume(tx: &Tx, now: Timestamp, purpose: Purpose, text: &str) -> Result<Good> {
    let good = peek(tx, now, purpose, text).await?;
    // Whoever holds the link is the person that it was sent to.
    if let Some(row) = &good.user {
        let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
        tx.acts_as(actor_of(UserId::from_uuid(row.id), roles.permissions()));
    }
    let used = tx
        .update_many::<one_time_token::Entity>()
        .set(one_time_token::Column::UsedAt, now.millis())
        .filter(one_time_token::Column::Id.eq(good.token.id))
        .filter(one_time_token::Column::UsedAt.is_null())
        .exec()
        .await?;
    if used == 1 { Ok(good) } else { Err(stale()) }
}

/// Makes every open token of a person useless.
pub(crate) async fn void_all(tx: &Tx, user: Uuid) -> Result<()> {
    tx.delete_many::<one_time_token::Entity>()
        .filter(one_time_token::Column::UserId.eq(user))
        .filter(one_time_token::Column::UsedAt.is_null())
        .exec()
        .await
        .map(|_| ())
}

/// Makes the links of open invitations to an address useless; the shop sends them again.
pub(crate) async fn void_invitations(tx: &Tx, email: &str) -> Result<()> {
    tx.delete_many::<one_time_token::Entity>()
        .filter(one_time_token::Column::Purpose.eq(Purpose::Invitation.as_str()))
        .filter(one_time_token::Column::Email.eq(email))
        .filter(one_time_token::Column::UsedAt.is_null())
        .exec()
        .await
        .map(|_| ())
}

/// Forgets tokens that ran out before `until`.
pub(crate) async fn sweep(tx: &Tx, until: Timestamp) -> Result<u64> {
    tx.delete_many::<one_time_token::Entity>()
        .filter(one_time_token::Column::ExpiresAt.lt(until.millis()))
        .exec()
        .await
}

/// The one answer to a token that is not good, whatever the reason.
pub(crate) fn stale() -> Error {
    Error::invalid("token", "is not good any more, ask for a new link")
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}
