//! What an account holds about a person, and its end.
//!
//! The account goes as a whole: with it go its sessions, devices, codes, links to providers and answers that were kept
//! for repeated requests; letters to its address go too, once somebody has shown that it is theirs. Its id stays where somebody has to be told apart from others
//! (orders, the audit log, events): it says nothing about a person once the account is gone. The audit log keeps what
//! was done, with the network address and the browser of whoever did it, for as long as `audit.keep_days` says; it has
//! never shown names or addresses of people.

use std::collections::BTreeSet;

use crate::door::Visit;
use crate::entity::{invitation, one_time_token, role, user};
use crate::event::IdentityEvent;
use crate::roles::entity::holder;
use crate::security::two_step;
use crate::session;
use events::Emit;
use platform::{Context, Ctx, Error, Result, TenantDb, Tx};
use primitives::{SystemRole, Timestamp, UserId};
use sea_orm::ColumnTrait;

/// What is kept of an account, apart from what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountData {
    /// The account.
    pub id: UserId,
    /// Address.
    pub email: String,
    /// When the address was confirmed.
    pub email_verified_at: Option<Timestamp>,
    /// Name.
    pub name: String,
    /// Language of letters.
    pub locale: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When somebody last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// Sign-ins that are known: when they began and from which browser.
    pub sessions: Vec<(Timestamp, String)>,
    /// Addresses at other providers that sign in to it.
    pub linked: Vec<String>,
}

/// What is kept of an account; `None` for one that does not exist.
pub async fn data_of(rows: &TenantDb, id: UserId) -> Result<Option<AccountData>> {
    let Some(row) = rows.find_by_id::<user::Entity>(id.uuid()).await? else { return Ok(None) };
    let sessions = rows
        .find::<crate::entity::session::Entity>()
        .filter(crate::entity::session::Column::UserId.eq(id.uuid()))
        .order_by_asc(crate::entity::session::Column::CreatedAt)
        .all()
        .await?;
    let linked = rows
        .find::<crate::oidc::entity::oidc_link::Entity>()
        .filter(crate::oidc::entity::oidc_link::Column::UserId.eq(id.uuid()))
        .order_by_asc(crate::oidc::entity::oidc_link::Column::CreatedAt)
        .all()
        .await?;
    Ok(Some(AccountData {
        id,
        email: row.email,
        email_verified_at: row.email_verified_at.map(Timestamp::from_millis),
        name: row.name,
        locale: row.locale,
        created_at: Timestamp::from_millis(row.created_at),
        last_sign_in_at: row.last_sign_in_at.map(Timestamp::from_millis),
        sessions: sessions
            .into_iter()
            .map(|row| (Timestamp::from_millis(row.created_at), row.user_agent))
            .collect(),
        linked: linked.into_iter().map(|row| row.email).collect(),
    }))
}

/// Whether the caller knows the password of the account; for what cannot be taken back.
///
/// # Errors
/// `BAD_USER_INPUT` on `password` when it is wrong; `UNAUTHENTICATED`; `RATE_LIMIT_EXCEEDED` after too many wrong ones.
pub async fn confirm(ctx: &Ctx, password: &str, visit: &Visit) -> Result<()> {
    two_step::own_password(ctx, password, visit).await.map(|_| ())
}

/// Ends an account of a customer, with everything that hangs on it; gives back its address, or `None` when it is gone
/// already.
///
/// # Errors
/// `CONFLICT` for the account of somebody who works for the shop.
pub async fn account(tx: &Tx, id: UserId, now: Timestamp) -> Result<Option<String>> {
    let Some(row) = tx.find_by_id::<user::Entity>(id.uuid()).await? else { return Ok(None) };
    let works = tx
        .find::<role::Entity>()
        .filter(role::Column::UserId.eq(id.uuid()))
        .filter(role::Column::Role.ne(SystemRole::Customer.as_str()))
        .count()
        .await?;
    let held = tx.find::<holder::Entity>().filter(holder::Column::UserId.eq(id.uuid())).count().await?;
    if 0 < works || 0 < held {
        let message = "this account also works for the shop: take its other roles away first";
        return Err(Error::conflict(message));
    }
    session::end_all(tx, id, None, now).await?;
    let own = one_time_token::Column::UserId.eq(id.uuid());
    tx.delete_many::<one_time_token::Entity>().filter(own).exec().await?;
    // Only whose address it is has this effect, or somebody who has opened an account for another one's address would
    // undo that one's invitations.
    if row.email_verified_at.is_some() {
        forget_letters(tx, &row.email).await?;
    }
    tx.raw_exec(
        "DELETE FROM idempotency_key WHERE tenant_id = {tenant} AND principal = ?",
        vec![format!("user:{id}").into()],
    )
    .await
    .context("forgetting answers of an account")?;
    tx.delete_many::<user::Entity>().filter(user::Column::Id.eq(id.uuid())).exec().await?;
    tx.emit(IdentityEvent::UserDeleted { user_id: id }).await?;
    Ok(Some(row.email))
}

/// Which of these addresses somebody else has: an account, or an invitation that is open.
pub async fn addressed(rows: &TenantDb, addresses: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let lower = || addresses.iter().map(|address| address.to_lowercase());
    let accounts = rows.find::<user::Entity>().filter(user::Column::Email.is_in(lower()));
    let mut taken: BTreeSet<String> = accounts.all().await?.into_iter().map(|row| row.email).collect();
    let invited = rows
        .find::<invitation::Entity>()
        .filter(invitation::Column::Email.is_in(lower()))
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::RevokedAt.is_null());
    taken.extend(invited.all().await?.into_iter().map(|row| row.email));
    Ok(addresses.iter().filter(|address| taken.contains(&address.to_lowercase())).cloned().collect())
}

/// Takes away the letters to an address, sent or not, and what was promised to it: links and invitations.
async fn forget_letters(tx: &Tx, email: &str) -> Result<()> {
    mail::forget(tx, email).await?;
    tx.delete_many::<one_time_token::Entity>().filter(one_time_token::Column::Email.eq(email)).exec().await?;
    tx.delete_many::<invitation::Entity>().filter(invitation::Column::Email.eq(email)).exec().await?;
    Ok(())
}
