//! Proving that an address is one's own: confirm it, forget the password, change the address.
//!
//! Whether an address is known shows in no answer and in no time: both ways write the same rows.

pub mod graphql;

use crate::door::Visit;
use crate::entity::user;
use crate::event::IdentityEvent;
use crate::guess::Guesses;
use crate::one_time::{self, Purpose, Secret, Subject, stale};
use crate::password::{Hasher, Password};
use crate::roles::roles_of;
use crate::security::two_step;
use crate::session;
use crate::user::{email_row, own_row, store_password};
use events::Emit;
use mail::{Letter, Link, To, address_of};
use platform::{Access, Ctx, Error, Result, Tx};
use primitives::{Email, ErrorCode, Locale, MailId, UserId};
use sea_orm::ColumnTrait;
use uuid::Uuid;

/// Sends the caller a link that confirms the address of the account; nothing when it is confirmed.
///
/// # Errors
/// `UNAUTHENTICATED`; `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn request_verification(ctx: &Ctx, visit: &Visit) -> Result<()> {
    let row = own_row(ctx).await?;
    if row.email_verified_at.is_some() {
        return Ok(());
    }
    let email = address(&row)?;
    Guesses::of(ctx.app()).letter(ctx.tenant_id(), &email, visit.client, ctx.now())?;
    ctx.write(Access::SignedIn, async |tx| send_verification(tx, ctx, &row).await).await
}

/// Sends a link that confirms the address of an account, in the transaction that opens it.
pub(crate) async fn send_verification(tx: &Tx, ctx: &Ctx, row: &user::Model) -> Result<()> {
    let secret = one_time::issue(tx, ctx, Purpose::VerifyEmail, Subject::Account(row, &row.email)).await?;
    let letter =
        Letter::VerifyEmail { link: link(ctx, "/verify-email", &secret), life: Purpose::VerifyEmail.life() };
    mail::send(tx, To::Somebody(&address(row)?), language(row), &letter).await.map(|_| ())
}

/// Tells the owner of an address that it has an account already, or nobody.
pub(crate) async fn send_has_account(tx: &Tx, ctx: &Ctx, to: To<'_>, locale: Locale) -> Result<()> {
    // As many rows as a new account's own letter takes.
    one_time::issue(tx, ctx, Purpose::VerifyEmail, Subject::Nobody).await?;
    let base = address_of(ctx.app().config(), ctx.tenant());
    let letter = Letter::HasAccount { sign_in: Link::new(base + "/sign-in"), forgotten: forgotten(ctx) };
    mail::send(tx, to, locale, &letter).await.map(|_| ())
}

/// Whether a link confirms an address; gives back the address.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it.
pub async fn verification(ctx: &Ctx, token: &str) -> Result<String> {
    let db = ctx.read(Access::Public).await?;
    let good = one_time::peek(&db, ctx.now(), Purpose::VerifyEmail, token).await?;
    own_address(good).map(|row| row.email)
}

/// Confirms the address of an account.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it.
pub async fn verify(ctx: &Ctx, token: &str) -> Result<()> {
    ctx.write(Access::Public, async |tx| {
        let row = own_address(one_time::consume(tx, ctx.now(), Purpose::VerifyEmail, token).await?)?;
        mark_verified(tx, ctx, &row).await
    })
    .await
}

/// Sends a link that sets a new password, when an open account has the address. The answer is the same otherwise, and
/// takes as long.
///
/// # Errors
/// `BAD_USER_INPUT` on `email` for what is no address; `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn request_reset(ctx: &Ctx, email: &str, visit: &Visit) -> Result<()> {
    let email = Email::parse(email).map_err(|error| Error::invalid("email", error.to_string()))?;
    Guesses::of(ctx.app()).letter(ctx.tenant_id(), &email, visit.client, ctx.now())?;
    ctx.write(Access::Public, async |tx| {
        let row = email_row(tx, &email).await?.filter(|row| row.status == "active");
        let id = row.as_ref().map_or(Uuid::nil(), |row| row.id);
        let roles = roles_of(tx, &[id]).await?.remove(&id).unwrap_or_default();
        let subject = row.as_ref().map_or(Subject::Nobody, |row| Subject::Account(row, &row.email));
        let secret = one_time::issue(tx, ctx, Purpose::ResetPassword, subject).await?;
        // Who works for the shop signs in at the admin.
        let staff = roles.is_staff();
        let path = if staff { "/admin/reset-password" } else { "/reset-password" };
        let letter =
            Letter::ResetPassword { link: link(ctx, path, &secret), life: Purpose::ResetPassword.life() };
        let (to, locale) = match &row {
            Some(row) => (To::Somebody(&email), language(row)),
            None => (To::Nobody, *ctx.locale()),
        };
        mail::send(tx, to, locale, &letter).await.map(|_| ())
    })
    .await
}

/// Whether a link sets a password.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it.
pub async fn reset(ctx: &Ctx, token: &str) -> Result<()> {
    let db = ctx.read(Access::Public).await?;
    own_address(one_time::peek(&db, ctx.now(), Purpose::ResetPassword, token).await?).map(|_| ())
}

/// Sets a new password and ends all sessions. Whoever has the link reads the mails of the address, so it is confirmed
/// as well. Gives back whether the account works for the shop.
///
/// When the address was never confirmed before, whoever opened the account may be a stranger: a second step goes too,
/// or the stranger would keep the owner of the address out with it. Not that of somebody who works for the shop: nobody
/// gets there by registering an address, and the second step is what a stolen mailbox does not open.
///
/// API keys stay: they are the shop's and not the person's, they do what they were made for whoever made them, and the
/// page of keys ends them.
///
/// # Errors
/// `BAD_USER_INPUT` on `password` for one of the wrong length, and on `token`, whatever is wrong with it.
pub async fn reset_password(ctx: &Ctx, token: &str, password: &str) -> Result<bool> {
    let password = Password::parse("password", password)?;
    // Hashing is dear: only for who has a link.
    reset(ctx, token).await?;
    let hash = Hasher::of(ctx.app()).hash(&password).await?;
    let stored = ctx.write(Access::Public, async |tx| {
        let row = own_address(one_time::consume(tx, ctx.now(), Purpose::ResetPassword, token).await?)?;
        store_password(tx, ctx, &row, hash, &Visit::local()).await?;
        one_time::void_all(tx, row.id).await?;
        let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
        if row.email_verified_at.is_none() {
            mark_verified(tx, ctx, &row).await?;
            one_time::void_invitations(tx, &row.email).await?;
            if !roles.is_staff() {
                two_step::remove(tx, UserId::from_uuid(row.id)).await?;
            }
        }
        Ok::<_, Error>(roles.is_staff())
    });
    match stored.await {
        // Somebody else has just set another password: the link is not bound to that.
        Err(error) if error.code() == ErrorCode::Conflict => Err(stale()),
        result => result,
    }
}

/// Tells a person that the password is another one now.
pub(crate) async fn tell_password_changed(tx: &Tx, ctx: &Ctx, row: &user::Model) -> Result<()> {
    // An address from before the rules is nobody's to write to.
    let Ok(email) = Email::parse(&row.email) else { return Ok(()) };
    let letter = Letter::PasswordChanged { forgotten: forgotten(ctx) };
    unless_full(ctx, mail::send(tx, To::Somebody(&email), language(row), &letter).await)
}

/// Tells a person that somebody signed in from a browser that was not seen before.
pub(crate) async fn tell_new_device(tx: &Tx, ctx: &Ctx, row: &user::Model, device: &str) -> Result<()> {
    let Ok(email) = Email::parse(&row.email) else { return Ok(()) };
    unless_full(ctx, mail::new_device(tx, &email, language(row), device, ctx.now()).await)
}

/// Nobody is kept from signing in, or from changing a password, because too many mails wait.
fn unless_full(ctx: &Ctx, sent: Result<MailId>) -> Result<()> {
    match sent {
        Err(error) if error.code() == ErrorCode::ServiceUnavailable && error.cause().is_none() => {
            tracing::warn!(request.id = ctx.request_id(), "a notice was not written: {}", error.message());
            Ok(())
        }
        sent => sent.map(|_| ()),
    }
}

/// Sends a link to the new address that moves the caller's account there, and a notice to the old one. When the new
/// address has an account its owner is told instead; the answer is the same.
///
/// # Errors
/// `BAD_USER_INPUT` on `password` when it is wrong, on `email` for what is no address or the present one;
/// `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn request_address_change(ctx: &Ctx, email: &str, password: &str, visit: &Visit) -> Result<()> {
    let row = own_row(ctx).await?;
    let new = Email::parse(email).map_err(|error| Error::invalid("email", error.to_string()))?;
    let old = address(&row)?;
    if new == old {
        return Err(Error::invalid("email", "is the address of your account already"));
    }
    let wrong = || Error::invalid("password", "is not your password");
    let (guesses, tenant, now) = (Guesses::of(ctx.app()), ctx.tenant_id(), ctx.now());
    let attempt = guesses.own(tenant, UserId::from_uuid(row.id), visit.session, now)?;
    let password = Password::parse("password", password).map_err(|_| wrong())?;
    if !Hasher::of(ctx.app()).verify(&password, Some(&row.password_hash)).await? {
        return Err(wrong());
    }
    attempt.succeeded();
    guesses.letter(tenant, &new, visit.client, now)?;
    let locale = language(&row);
    ctx.write(Access::SignedIn, async |tx| {
        if let Some(other) = email_row(tx, &new).await? {
            send_has_account(tx, ctx, To::Somebody(&new), language(&other)).await?;
        } else {
            let subject = Subject::Account(&row, new.as_str());
            let secret = one_time::issue(tx, ctx, Purpose::ChangeAddress, subject).await?;
            let letter = Letter::ConfirmAddress {
                link: link(ctx, "/confirm-address", &secret),
                life: Purpose::ChangeAddress.life(),
            };
            mail::send(tx, To::Somebody(&new), locale, &letter).await?;
        }
        let notice = Letter::AddressChangeAsked { new: new.clone(), forgotten: forgotten(ctx) };
        mail::send(tx, To::Somebody(&old), locale, &notice).await.map(|_| ())
    })
    .await
}

/// Whether a link moves an account; gives back the new address.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it.
pub async fn address_change(ctx: &Ctx, token: &str) -> Result<String> {
    let db = ctx.read(Access::Public).await?;
    Ok(one_time::peek(&db, ctx.now(), Purpose::ChangeAddress, token).await?.token.email)
}

/// Moves an account to the address that the link went to. Both addresses are told, and links that went to the old one
/// are good no more.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it, also when another account has the address by now.
pub async fn confirm_address_change(ctx: &Ctx, token: &str) -> Result<()> {
    let moved = ctx.write(Access::Public, async |tx| {
        let good = one_time::consume(tx, ctx.now(), Purpose::ChangeAddress, token).await?;
        let (row, new) = (good.user.ok_or_else(stale)?, good.token.email);
        let (old, new) = (address(&row)?, Email::parse(&new).map_err(Error::internal)?);
        tx.update_many::<user::Entity>()
            .set(user::Column::Email, new.as_str())
            .set(user::Column::EmailVerifiedAt, ctx.now().millis())
            .set(user::Column::UpdatedAt, ctx.now().millis())
            .filter(user::Column::Id.eq(row.id))
            .exec()
            .await?;
        one_time::void_all(tx, row.id).await?;
        let user_id = UserId::from_uuid(row.id);
        tx.emit(IdentityEvent::UserUpdated { user_id, changed: vec!["email"] }).await?;
        tx.emit(IdentityEvent::UserVerified { user_id }).await?;
        session::forget(tx)?;
        let letter = Letter::AddressChanged { new: new.clone() };
        for to in [&old, &new] {
            mail::send(tx, To::Somebody(to), language(&row), &letter).await?;
        }
        Ok::<_, Error>(())
    });
    match moved.await {
        Err(error) if error.code() == ErrorCode::Conflict => Err(stale()),
        result => result,
    }
}

/// Notes that the address of an account is its owner's.
pub(crate) async fn mark_verified(tx: &Tx, ctx: &Ctx, row: &user::Model) -> Result<()> {
    tx.update_many::<user::Entity>()
        .set(user::Column::EmailVerifiedAt, ctx.now().millis())
        .set(user::Column::UpdatedAt, ctx.now().millis())
        .filter(user::Column::Id.eq(row.id))
        .exec()
        .await?;
    tx.emit(IdentityEvent::UserVerified { user_id: UserId::from_uuid(row.id) }).await.map(|_| ())
}

/// The account of a token whose link went to the address that the account still has.
fn own_address(good: one_time::Good) -> Result<user::Model> {
    let email = good.token.email;
    good.user.filter(|row| row.email == email).ok_or_else(stale)
}

pub(crate) fn link(ctx: &Ctx, path: &str, secret: &Secret) -> Link {
    let base = address_of(ctx.app().config(), ctx.tenant());
    Link::new(format!("{base}{path}?token={}", secret.as_str()))
}

fn forgotten(ctx: &Ctx) -> Link {
    Link::new(address_of(ctx.app().config(), ctx.tenant()) + "/forgot-password")
}

fn address(row: &user::Model) -> Result<Email> {
    Email::parse(&row.email).map_err(Error::internal)
}

/// The language of a person.
pub(crate) fn language(row: &user::Model) -> Locale {
    Locale::parse(&row.locale).unwrap_or(Locale::EN)
}
