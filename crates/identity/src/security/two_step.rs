//! The second step: a code beside the password, from an application (RFC 6238) or from paper.
//!
//! The shared secret is sealed for its person. A code counts once; how often somebody may be wrong is counted in the
//! database before the code is looked at, so neither many processes nor a restart give more tries.

use super::entity::{challenge, recovery_code, two_step};
use super::keys::Keys;
use super::secret::{Secret, digest};
use super::totp::{self, RECOVERY_CODES, Shared, Typed};
use crate::door::Visit;
use crate::entity::user;
use crate::event::IdentityEvent;
use crate::guess::Guesses;
use crate::password::{Hasher, Password};
use events::Emit;
use platform::{Access, Context, Ctx, Error, Result, TenantDb, Tx};
use primitives::{ErrorCode, Permission, Timestamp, UserId};
use sea_orm::{ColumnTrait, Set};
use std::time::Duration;
use uuid::Uuid;

/// What the shared secrets are sealed for.
const PURPOSE: &[u8] = b"rustok second step v1";
/// Wrong codes that cost nothing; from then on the wait doubles.
const FREE: i64 = 5;
/// The longest wait between two codes.
const LONGEST: Duration = Duration::from_secs(300);
/// After so much silence wrong codes are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How long somebody who has shown the password may take for the code.
const CHALLENGE: Duration = Duration::from_secs(10 * 60);
/// Wrong codes after which the password is asked for again.
const TRIES: i64 = 5;
/// Sign-ins of one person that may wait for a code at once.
const WAITING: u64 = 5;

/// How the second step of somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoStepView {
    /// Whether signing in asks for a code, and since when.
    pub enabled_at: Option<Timestamp>,
    /// Recovery codes that are left.
    pub recovery_codes_left: u64,
    /// Whether this host can keep shared secrets at all: it needs `security.secret_key`.
    pub available: bool,
}

/// What an application needs, shown once.
#[derive(Clone)]
pub struct Enrolment {
    /// The shared secret in base 32, for typing.
    pub secret: String,
    /// `otpauth://…`
    pub uri: String,
    /// The same as a QR code: an SVG picture as a `data:` address.
    pub qr: String,
}

/// Somebody who has shown the password and owes the code.
#[derive(Clone)]
pub struct Challenge {
    /// What the second step has to show.
    pub token: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The caller's own second step.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub async fn status(ctx: &Ctx) -> Result<TwoStepView> {
    let db = ctx.read(Access::SignedIn).await?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let row = db.find_by_id::<two_step::Entity>(user.uuid()).await?;
    let left = db
        .find::<recovery_code::Entity>()
        .filter(recovery_code::Column::UserId.eq(user.uuid()))
        .filter(recovery_code::Column::UsedAt.is_null())
        .count()
        .await?;
    Ok(TwoStepView {
        enabled_at: row.and_then(|row| row.confirmed_at).map(Timestamp::from_millis),
        recovery_codes_left: left,
        available: Keys::of(ctx.app()).lasting(),
    })
}

/// Draws a shared secret for the caller; signing in does not ask for it before [`confirm`].
///
/// # Errors
/// `BAD_USER_INPUT` on `password` when it is wrong; `CONFLICT` when there is a second step already;
/// `FEATURE_NOT_ENABLED` when the host has no lasting key.
pub async fn start(ctx: &Ctx, password: &str, visit: &Visit) -> Result<Enrolment> {
    let keys = Keys::of(ctx.app());
    if !keys.lasting() {
        return Err(Error::new(
            ErrorCode::FeatureNotEnabled,
            "a second step needs a lasting key: whoever runs this host sets security.secret_key",
        ));
    }
    let person = own_password(ctx, password, visit).await?;
    let shared = Shared::draw();
    let sealed = keys.seal(PURPOSE, &place(ctx, person.id), shared.bytes())?;
    ctx.write(Access::SignedIn, async |tx| {
        if confirmed(tx, person.id).await?.is_some() {
            return Err(Error::conflict("there is a second step already: switch it off first"));
        }
        let row = two_step::ActiveModel {
            user_id: Set(person.id),
            secret: Set(sealed),
            confirmed_at: Set(None),
            last_step: Set(0),
            failures: Set(0),
            failed_at: Set(0),
            created_at: Set(ctx.now().millis()),
            ..Default::default()
        };
        use two_step::Column::{CreatedAt, Secret, TenantId, UserId};
        tx.upsert(row, &[TenantId, UserId], &[Secret, CreatedAt]).await
    })
    .await?;
    let uri = shared.uri(&person.email, &ctx.tenant().name)?;
    Ok(Enrolment { secret: shared.base32()?, qr: totp::qr(&uri)?, uri })
}

/// Switches the caller's second step on once a code shows that the application has the secret; gives back the recovery
/// codes, which nobody sees again.
///
/// # Errors
/// `BAD_USER_INPUT` on `code` when it is wrong; `CONFLICT` when nothing waits for a confirmation; `RATE_LIMIT_EXCEEDED`
/// after too many wrong ones.
pub async fn confirm(ctx: &Ctx, code: &str) -> Result<Vec<String>> {
    ctx.require(Access::SignedIn)?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let Typed::Time(code) = Typed::read(code) else { return Err(not_right()) };
    // Whatever the session: there is one secret to guess.
    let attempt = Guesses::of(ctx.app()).own(ctx.tenant_id(), user, None, ctx.now())?;
    let codes = ctx.write(Access::SignedIn, async |tx| {
        let row = tx.find_by_id::<two_step::Entity>(user.uuid()).await?;
        let row = row
            .filter(|row| row.confirmed_at.is_none())
            .ok_or_else(|| Error::conflict("nothing waits for a confirmation: start again"))?;
        let shared = open(ctx, &row).ok_or_else(not_right)?.0;
        let step = shared.step_of(&code, ctx.now()).ok_or_else(not_right)?;
        let changed = tx
            .update_many::<two_step::Entity>()
            .set(two_step::Column::ConfirmedAt, ctx.now().millis())
            .set(two_step::Column::LastStep, step)
            .filter(two_step::Column::UserId.eq(row.user_id))
            .filter(two_step::Column::ConfirmedAt.is_null())
            .exec()
            .await?;
        if changed == 0 {
            return Err(Error::conflict("nothing waits for a confirmation: start again"));
        }
        announce(tx, user).await?;
        draw_recovery_codes(tx, ctx, row.user_id).await
    });
    let codes = codes.await?;
    attempt.succeeded();
    Ok(codes)
}

/// Switches the caller's second step off.
///
/// # Errors
/// `BAD_USER_INPUT` on `password` or `code` when it is wrong; `CONFLICT` when there is none; `RATE_LIMIT_EXCEEDED`.
pub async fn disable(ctx: &Ctx, password: &str, code: &str, visit: &Visit) -> Result<()> {
    let person = own_password(ctx, password, visit).await?;
    proved(ctx, &person, code, async |tx| {
        remove(tx, UserId::from_uuid(person.id)).await?;
        Ok(())
    })
    .await
}

/// Replaces the caller's recovery codes; the old ones count no more.
///
/// # Errors
/// As [`disable`].
pub async fn renew_recovery_codes(
    ctx: &Ctx,
    password: &str,
    code: &str,
    visit: &Visit,
) -> Result<Vec<String>> {
    let person = own_password(ctx, password, visit).await?;
    proved(ctx, &person, code, async |tx| draw_recovery_codes(tx, ctx, person.id).await).await
}

/// Switches off the second step of somebody who has lost application and paper.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for people who are mightier than the caller and for the caller, or whoever has stolen a
/// session would be rid of the second step that [`disable`] asks for; `CONFLICT` when there is no second step.
pub async fn reset(ctx: &Ctx, user: UserId) -> Result<()> {
    ctx.write(Permission::USERS_UPDATE, async |tx| {
        if ctx.user_id() == Some(user) {
            return Err(Error::forbidden(
                "nobody switches off the own second step here: that is on the page of the own account's security",
            ));
        }
        super::sessions::reachable(tx, ctx, user).await?;
        match remove(tx, user).await? {
            true => Ok(()),
            false => Err(Error::conflict("this person signs in without a second step")),
        }
    })
    .await
}

/// The confirmed second step of a person.
pub(crate) async fn confirmed(db: &TenantDb, person: Uuid) -> Result<Option<two_step::Model>> {
    Ok(db.find_by_id::<two_step::Entity>(person).await?.filter(|row| row.confirmed_at.is_some()))
}

/// Lets somebody who has shown the password go on with a code.
pub(crate) async fn challenge(ctx: &Ctx, person: &user::Model) -> Result<Challenge> {
    let token = Secret::draw();
    let (now, hash) = (ctx.now(), token.hash());
    let expires_at = now + CHALLENGE;
    let stored = ctx.write(Access::Public, async |tx| {
        tx.delete_many::<challenge::Entity>()
            .filter(challenge::Column::UserId.eq(person.id))
            .filter(challenge::Column::ExpiresAt.lte(now.millis()))
            .exec()
            .await?;
        let old: Vec<(Uuid,)> = tx
            .find::<challenge::Entity>()
            .filter(challenge::Column::UserId.eq(person.id))
            .order_by_desc(challenge::Column::CreatedAt)
            .order_by_desc(challenge::Column::Id)
            .offset(WAITING - 1)
            .limit(100)
            .columns([challenge::Column::Id])
            .await?;
        if !old.is_empty() {
            let old = old.into_iter().map(|row| row.0);
            tx.delete_many::<challenge::Entity>().filter(challenge::Column::Id.is_in(old)).exec().await?;
        }
        tx.insert(challenge::ActiveModel {
            id: Set(Uuid::now_v7()),
            user_id: Set(person.id),
            token_hash: Set(hash.to_vec()),
            password_digest: Set(digest(person.password_hash.as_bytes()).to_vec()),
            failures: Set(0),
            created_at: Set(now.millis()),
            expires_at: Set(expires_at.millis()),
            ..Default::default()
        })
        .await
        .map(|_| ())
    });
    stored.await.context("asking for a code")?;
    Ok(Challenge { token: token.text(), expires_at })
}

/// Takes the code of a challenge and then does the work of signing in, in one transaction; a wrong code is counted even
/// though nothing else happens.
///
/// # Errors
/// `UNAUTHENTICATED` naming `token` when the challenge is over, `code` when the code is wrong; `RATE_LIMIT_EXCEEDED`.
pub(crate) async fn answer<T>(
    ctx: &Ctx,
    token: &str,
    code: &str,
    work: impl AsyncFnOnce(&Tx, user::Model) -> Result<T>,
) -> Result<T> {
    let hash = Secret::parse(token).ok_or_else(over)?.hash();
    let answered = ctx.write(Access::Public, async |tx| {
        let waiting = tx
            .find::<challenge::Entity>()
            .filter(challenge::Column::TokenHash.eq(hash.to_vec()))
            .filter(challenge::Column::ExpiresAt.gt(ctx.now().millis()))
            .one()
            .await?
            .ok_or_else(over)?;
        let person = tx.find_by_id::<user::Entity>(waiting.user_id).await?.ok_or_else(over)?;
        let same = digest(person.password_hash.as_bytes()).as_slice() == waiting.password_digest.as_slice();
        if !same || person.status != "active" {
            return Err(over());
        }
        match prove(tx, ctx, person.id, code).await? {
            Proof::Good => {}
            Proof::Wait(wait) => return Ok(Err(Error::rate_limited(wait))),
            Proof::Wrong => return failed(tx, &waiting).await.map(|()| Err(wrong_code())),
            Proof::None => return Err(over()),
        }
        let gone = tx.delete_many::<challenge::Entity>().filter(challenge::Column::Id.eq(waiting.id)).exec();
        // Whoever answered it at the same time is in already.
        if gone.await? == 0 {
            return Err(over());
        }
        work(tx, person).await.map(Ok)
    });
    answered.await?
}

/// Counts a wrong code for a challenge; after [`TRIES`] of them it is over.
async fn failed(tx: &Tx, waiting: &challenge::Model) -> Result<()> {
    if waiting.failures + 1 >= TRIES {
        tx.delete_many::<challenge::Entity>().filter(challenge::Column::Id.eq(waiting.id)).exec().await?;
        return Ok(());
    }
    tx.update_many::<challenge::Entity>()
        .set(challenge::Column::Failures, waiting.failures + 1)
        .filter(challenge::Column::Id.eq(waiting.id))
        .exec()
        .await?;
    Ok(())
}

/// What became of a code.
pub(crate) enum Proof {
    /// It was right and is used up.
    Good,
    /// It was wrong, or was used before.
    Wrong,
    /// It was not looked at: there were too many wrong ones.
    Wait(Duration),
    /// The person has no second step.
    None,
}

/// Looks at a code. What it finds has to be committed, whatever it is.
pub(crate) async fn prove(tx: &Tx, ctx: &Ctx, person: Uuid, code: &str) -> Result<Proof> {
    let Some(row) = confirmed(tx, person).await? else { return Ok(Proof::None) };
    let now = ctx.now();
    let since = now.since(Timestamp::from_millis(row.failed_at));
    let failures = if since >= FORGOTTEN_AFTER { 0 } else { row.failures };
    let wait = wait_after(failures);
    if since < wait {
        return Ok(Proof::Wait(wait - since));
    }
    // Counted before it is looked at; of many at the same time one gets through.
    let counted = tx
        .update_many::<two_step::Entity>()
        .set(two_step::Column::Failures, failures + 1)
        .set(two_step::Column::FailedAt, now.millis())
        .filter(two_step::Column::UserId.eq(person))
        .filter(two_step::Column::Failures.eq(row.failures))
        .filter(two_step::Column::FailedAt.eq(row.failed_at))
        .filter(two_step::Column::LastStep.eq(row.last_step))
        .exec()
        .await?;
    if counted == 0 {
        return Ok(Proof::Wait(Duration::from_secs(1)));
    }
    let mut forgiven = tx
        .update_many::<two_step::Entity>()
        .set(two_step::Column::Failures, 0)
        .set(two_step::Column::FailedAt, 0)
        .filter(two_step::Column::UserId.eq(person));
    match Typed::read(code) {
        Typed::Nonsense => return Ok(Proof::Wrong),
        Typed::Recovery(hash) => {
            let used = tx
                .update_many::<recovery_code::Entity>()
                .set(recovery_code::Column::UsedAt, now.millis())
                .filter(recovery_code::Column::UserId.eq(person))
                .filter(recovery_code::Column::CodeHash.eq(hash.to_vec()))
                .filter(recovery_code::Column::UsedAt.is_null())
                .exec()
                .await?;
            if used == 0 {
                return Ok(Proof::Wrong);
            }
        }
        Typed::Time(code) => {
            let Some((shared, current)) = open(ctx, &row) else {
                tracing::error!(
                    user.id = %person,
                    "a second step cannot be opened: is its key missing in security.previous_secret_keys?"
                );
                return Ok(Proof::Wrong);
            };
            // Neither the code that was used last nor an older one counts again.
            let Some(step) = shared.step_of(&code, now).filter(|step| *step > row.last_step) else {
                return Ok(Proof::Wrong);
            };
            forgiven = forgiven.set(two_step::Column::LastStep, step);
            if !current {
                let sealed = Keys::of(ctx.app()).seal(PURPOSE, &place(ctx, person), shared.bytes())?;
                forgiven = forgiven.set(two_step::Column::Secret, sealed);
            }
        }
    }
    forgiven.exec().await?;
    Ok(Proof::Good)
}

/// Runs `work` once the caller's code is right; wrong ones are counted.
async fn proved<T>(
    ctx: &Ctx,
    person: &user::Model,
    code: &str,
    work: impl AsyncFnOnce(&Tx) -> Result<T>,
) -> Result<T> {
    let proved = ctx.write(Access::SignedIn, async |tx| match prove(tx, ctx, person.id, code).await? {
        Proof::Good => work(tx).await.map(Ok),
        Proof::Wrong => Ok(Err(not_right())),
        Proof::Wait(wait) => Ok(Err(Error::rate_limited(wait))),
        Proof::None => Ok(Err(Error::conflict("there is no second step"))),
    });
    proved.await?
}

/// The caller's account, once the password is right.
pub(crate) async fn own_password(ctx: &Ctx, password: &str, visit: &Visit) -> Result<user::Model> {
    let wrong = || Error::invalid("password", "is not your password");
    let person = {
        let db = ctx.read(Access::SignedIn).await?;
        let id = ctx.user_id().ok_or_else(Error::unauthenticated)?;
        db.find_by_id::<user::Entity>(id.uuid()).await?.ok_or_else(Error::unauthenticated)?
    };
    let (guesses, id) = (Guesses::of(ctx.app()), UserId::from_uuid(person.id));
    let attempt = guesses.own(ctx.tenant_id(), id, visit.session, ctx.now())?;
    let password = Password::parse("password", password).map_err(|_| wrong())?;
    if !Hasher::of(ctx.app()).verify(&password, Some(&person.password_hash)).await? {
        return Err(wrong());
    }
    attempt.succeeded();
    Ok(person)
}

/// Takes a second step away with everything that hangs on it; whether there was one.
pub(crate) async fn remove(tx: &Tx, user: UserId) -> Result<bool> {
    let gone = tx.delete_many::<two_step::Entity>().filter(two_step::Column::UserId.eq(user.uuid())).exec();
    if gone.await? == 0 {
        return Ok(false);
    }
    announce(tx, user).await?;
    Ok(true)
}

async fn announce(tx: &Tx, user_id: UserId) -> Result<()> {
    tx.emit(IdentityEvent::UserUpdated { user_id, changed: vec!["two_step"] }).await.map(|_| ())
}

async fn draw_recovery_codes(tx: &Tx, ctx: &Ctx, person: Uuid) -> Result<Vec<String>> {
    tx.delete_many::<recovery_code::Entity>().filter(recovery_code::Column::UserId.eq(person)).exec().await?;
    let (shown, rows): (Vec<_>, Vec<_>) = (0..RECOVERY_CODES)
        .map(|_| {
            let (shown, hash) = totp::recovery_code();
            let row = recovery_code::ActiveModel {
                id: Set(Uuid::now_v7()),
                user_id: Set(person),
                code_hash: Set(hash.to_vec()),
                created_at: Set(ctx.now().millis()),
                used_at: Set(None),
                ..Default::default()
            };
            (shown, row)
        })
        .unzip();
    tx.insert_many(rows).await?;
    Ok(shown)
}

/// The shared secret, and whether it is sealed with the current key.
fn open(ctx: &Ctx, row: &two_step::Model) -> Option<(Shared, bool)> {
    let opened = Keys::of(ctx.app()).open(PURPOSE, &place(ctx, row.user_id), &row.secret)?;
    Some((Shared::from_bytes(opened.plain), opened.current))
}

/// Whose secret it is: sealed into it, so that a row that was copied to somebody else does not open.
fn place(ctx: &Ctx, person: Uuid) -> Vec<u8> {
    [ctx.tenant_id().uuid().as_bytes().as_slice(), person.as_bytes()].concat()
}

fn wait_after(failures: i64) -> Duration {
    match failures - FREE {
        ..0 => Duration::ZERO,
        // 2^9 seconds are more than the longest wait.
        beyond => Duration::from_secs(1_u64 << beyond.min(9)).min(LONGEST),
    }
}

/// For somebody who is signed in.
fn not_right() -> Error {
    Error::invalid("code", "is not the code of this moment")
}

/// For somebody who is not.
pub(crate) fn wrong_code() -> Error {
    Error::new(ErrorCode::Unauthenticated, "the code is wrong, or was used before")
        .with_field("code", "is wrong, or was used before")
}

fn over() -> Error {
    Error::new(ErrorCode::Unauthenticated, "this sign-in has taken too long, begin again")
        .with_field("token", "is not open any more: begin with address and password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_has_an_end() {
        let seconds: Vec<u64> = (0..20).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(seconds[..8], [0, 0, 0, 0, 0, 1, 2, 4]);
        assert_eq!(seconds[13..16], [256, 300, 300]);
        assert_eq!(wait_after(i64::MAX), LONGEST);
    }
}
