//! Known devices: browsers from which somebody has signed in before.
//!
//! Who shows one is not slowed down by what others do to the account, so nobody can keep an owner out by guessing. A
//! sign-in from anywhere else is told to the owner.

use super::entity::known_device::{ActiveModel, Column, Entity, Model};
use super::secret::Secret;
use crate::door::Visit;
use crate::entity::user;
use crate::event::IdentityEvent;
use crate::recovery::tell_new_device;
use events::Emit;
use platform::{Access, Ctx, Result, TenantDb, TenantInfo, Tx};
use primitives::{Email, SessionId, UserId};
use sea_orm::{ColumnTrait, Set};
use std::time::Duration;
use uuid::Uuid;

/// How long a browser is known after the last sign-in.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(180 * 24 * 3600);
/// Devices of one person that are remembered; the one that was unused longest goes first.
const MOST: u64 = 20;

/// Name of the cookie; shops that share a host by path keep theirs apart.
pub(crate) fn cookie_name(tenant: &TenantInfo, secure: bool) -> String {
    format!("{}rustok_device_{}", if secure { "__Host-" } else { "" }, tenant.slug)
}

/// Whether the owner of the address has signed in from this device. One statement, whether or not there is an owner.
///
/// # Errors
/// Those of the database.
pub(crate) async fn is_known(ctx: &Ctx, email: &Email, device: &Secret) -> Result<bool> {
    let db = ctx.read(Access::Public).await?;
    let sql = "SELECT d.id AS id FROM known_device d \
         JOIN user_account u ON u.tenant_id = d.tenant_id AND u.id = d.user_id \
         WHERE d.tenant_id = {tenant} AND d.token_hash = ? AND u.email = ? AND d.expires_at > ?";
    let values = vec![device.hash().to_vec().into(), email.as_str().into(), ctx.now().millis().into()];
    Ok(!db.raw_all(sql, values).await?.is_empty())
}

/// Remembers the device of a session that begins, and tells the person of one that was not used before.
///
/// Gives back what the browser keeps: what it showed, when somebody of this shop is known by that, else a new secret.
pub(crate) async fn remember(
    tx: &Tx,
    ctx: &Ctx,
    person: &user::Model,
    session: SessionId,
    visit: &Visit,
) -> Result<Secret> {
    let (now, shown) = (ctx.now(), visit.device.as_ref());
    let rows = match shown {
        Some(device) => rows_of(tx, device).await?,
        None => Vec::new(),
    };
    let known = rows.iter().any(|row| row.user_id == person.id && now.millis() < row.expires_at);
    let device = shown.filter(|_| !rows.is_empty()).cloned().unwrap_or_else(Secret::draw);
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        user_id: Set(person.id),
        token_hash: Set(device.hash().to_vec()),
        session_id: Set(session.uuid()),
        created_at: Set(now.millis()),
        last_used_at: Set(now.millis()),
        expires_at: Set((now + KNOWN_FOR).millis()),
        ..Default::default()
    };
    tx.upsert(
        row,
        &[Column::TenantId, Column::TokenHash, Column::UserId],
        &[Column::SessionId, Column::LastUsedAt, Column::ExpiresAt],
    )
    .await?;
    forget_the_oldest(tx, person.id).await?;
    // The first sign-in of an account is from nowhere known by nature.
    if !known && person.last_sign_in_at.is_some() {
        let user_id = UserId::from_uuid(person.id);
        tx.emit(IdentityEvent::UserNewDevice { user_id, session_id: session }).await?;
        tell_new_device(tx, ctx, person, &visit.user_agent).await?;
    }
    Ok(device)
}

async fn rows_of(db: &TenantDb, device: &Secret) -> Result<Vec<Model>> {
    db.find::<Entity>().filter(Column::TokenHash.eq(device.hash().to_vec())).limit(100).all().await
}

async fn forget_the_oldest(tx: &Tx, person: Uuid) -> Result<()> {
    let old: Vec<(Uuid,)> = tx
        .find::<Entity>()
        .filter(Column::UserId.eq(person))
        .order_by_desc(Column::LastUsedAt)
        .order_by_desc(Column::Id)
        .offset(MOST)
        .limit(100)
        .columns([Column::Id])
        .await?;
    if !old.is_empty() {
        tx.delete_many::<Entity>().filter(Column::Id.is_in(old.into_iter().map(|row| row.0))).exec().await?;
    }
    Ok(())
}

/// Forgets the devices of a person, except the one on which `except` began: after a change of password, whoever knew the
/// old one is a stranger.
pub(crate) async fn forget_all(tx: &Tx, person: UserId, except: Option<SessionId>) -> Result<()> {
    let mut gone = tx.delete_many::<Entity>().filter(Column::UserId.eq(person.uuid()));
    if let Some(session) = except {
        gone = gone.filter(Column::SessionId.ne(session.uuid()));
    }
    gone.exec().await.map(|_| ())
}
