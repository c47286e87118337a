//! Signing in: address and password, then a code where the person has a second step, then a session.

use crate::door::Visit;
use crate::entity::{session, user};
use crate::event::IdentityEvent;
use crate::guess::{Attempt, Guesses};
use crate::password::{Hasher, Password};
use crate::roles::roles_of;
use crate::security::secret::Secret;
use crate::security::two_step::{self, Challenge, Proof};
use crate::security::{device, refresh};
use crate::session::{actor_of, end, set_cookie};
use crate::user::email_row;
use crate::view::{MeView, TokenView, UserView};
use events::Emit;
use platform::{Access, Context, Ctx, Error, Result, TenantInfo, Tx};
use primitives::{Email, ErrorCode, SessionId, Timestamp, UserId};
use sea_orm::{ColumnTrait, Set};
use std::sync::Arc;
use std::time::Duration;

/// What somebody shows to come in, at once.
#[derive(Clone)]
pub struct Credentials {
    /// Address.
    pub email: String,
    /// Password.
    pub password: String,
    /// Code of the second step, for who has one.
    pub code: Option<String>,
}

/// A browser that has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who it is, and may do what.
    pub me: MeView,
    /// The session.
    pub session: SessionId,
    /// Value of the `Set-Cookie` header.
    pub cookie: String,
    /// Value of a second one, by which the browser is known the next time.
    pub device_cookie: String,
}

impl SignedIn {
    /// Values of all `Set-Cookie` headers.
    pub fn cookies(&self) -> [&str; 2] {
        [&self.cookie, &self.device_cookie]
    }
}

/// Where somebody stands who has shown the right password.
pub enum Step {
    /// Inside.
    In(Box<SignedIn>),
    /// In front of the second step.
    Code(Challenge),
}

/// Takes address and password of a browser: whoever has no second step is in.
///
/// The guest's cart is the caller's to merge: `me.user.id` says into whose.
///
/// # Errors
/// `UNAUTHENTICATED` for a wrong password, an unknown address and a closed account alike;
/// `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn first_step(ctx: &Ctx, email: &str, password: &str, visit: &Visit) -> Result<Step> {
    let known = check(ctx, email, password, visit).await?;
    if known.two_step {
        return two_step::challenge(ctx, &known.person).await.map(Step::Code);
    }
    let browser = Browser::new(ctx);
    let began =
        ctx.write(Access::Public, async |tx| browser.begin(tx, ctx, &known.person, visit, false).await);
    began.await.context("beginning a session").map(Box::new).map(Step::In)
}

/// Takes the code that [`first_step`] asked for.
///
/// # Errors
/// `UNAUTHENTICATED` naming `token` when the first step has to be done again, `code` when the code is wrong;
/// `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn second_step(ctx: &Ctx, token: &str, code: &str, visit: &Visit) -> Result<SignedIn> {
    let attempt = Guesses::of(ctx.app()).code(ctx.tenant_id(), visit.client, ctx.now())?;
    let browser = Browser::new(ctx);
    let began = two_step::answer(ctx, token, code, async |tx, person| {
        browser.begin(tx, ctx, &person, visit, true).await
    });
    let signed_in = began.await.context("beginning a session")?;
    attempt.succeeded();
    Ok(signed_in)
}

/// Both steps of a browser at once.
///
/// # Errors
/// As [`first_step`]; `UNAUTHENTICATED` naming `code` when the password is right and a code is missing or wrong.
pub async fn sign_in_with(ctx: &Ctx, shown: &Credentials, visit: &Visit) -> Result<SignedIn> {
    let known = check(ctx, &shown.email, &shown.password, visit).await?;
    let browser = Browser::new(ctx);
    let began =
        known.enter(ctx, shown, async |tx, person, coded| browser.begin(tx, ctx, person, visit, coded).await);
    began.await.context("beginning a session")
}

/// As [`sign_in_with`], for people without a second step.
///
/// # Errors
/// As [`sign_in_with`].
pub async fn sign_in(ctx: &Ctx, email: &str, password: &str, visit: &Visit) -> Result<SignedIn> {
    let shown = Credentials { email: email.to_owned(), password: password.to_owned(), code: None };
    sign_in_with(ctx, &shown, visit).await
}

/// Tokens for an API client: one to ask with, good for `security.access_token_seconds`, and one to get the next pair
/// with ([`refresh::refresh`]).
///
/// # Errors
/// As [`sign_in_with`].
pub async fn token(ctx: &Ctx, shown: &Credentials, visit: &Visit) -> Result<TokenView> {
    let known = check(ctx, &shown.email, &shown.password, visit).await?;
    let began = known.enter(ctx, shown, async |tx, person, coded| {
        let life = refresh::Life::begin(ctx);
        let (me, session) = begin(tx, ctx, person, visit, Kind::Api, life.expires_at, coded).await?;
        let issued = refresh::first(tx, ctx, session, life).await?;
        Ok((me.user.id, session, issued))
    });
    let (user, session, issued) = began.await.context("beginning a session")?;
    refresh::view(ctx, user, session, &issued)
}

/// Somebody whose password is right.
struct Known {
    person: user::Model,
    two_step: bool,
}

impl Known {
    /// Does the work of signing in, after the code where there has to be one.
    async fn enter<T>(
        self,
        ctx: &Ctx,
        shown: &Credentials,
        work: impl AsyncFnOnce(&Tx, &user::Model, bool) -> Result<T>,
    ) -> Result<T> {
        let code = shown.code.as_deref().map(str::trim).filter(|code| !code.is_empty());
        if !self.two_step {
            return ctx.write(Access::Public, async |tx| work(tx, &self.person, false).await).await;
        }
        let Some(code) = code else { return Err(needs_code()) };
        let entered = ctx.write(Access::Public, async |tx| {
            match two_step::prove(tx, ctx, self.person.id, code).await? {
                Proof::Good => work(tx, &self.person, true).await.map(Ok),
                Proof::Wait(wait) => Ok(Err(Error::rate_limited(wait))),
                Proof::Wrong => Ok(Err(two_step::wrong_code())),
                // It was switched off a moment ago.
                Proof::None => Ok(Err(wrong())),
            }
        });
        entered.await?
    }
}

/// Looks at address and password.
async fn check(ctx: &Ctx, email: &str, password: &str, visit: &Visit) -> Result<Known> {
    let email = Email::parse(email).map_err(|_| wrong())?;
    let guesses = Guesses::of(ctx.app());
    let attempt = admit(ctx, &guesses, &email, visit).await?;
    // No stored password has another length.
    let password = Password::parse("password", password).map_err(|_| wrong())?;
    let found = {
        let db = ctx.read(Access::Public).await?;
        email_row(&db, &email).await?
    };
    let stored = found.as_ref().map(|row| row.password_hash.as_str());
    let hasher = Hasher::of(ctx.app());
    let fits = hasher.verify(&password, stored).await?;
    let Some(mut person) = found.filter(|row| fits && row.status == "active") else {
        return Err(wrong());
    };
    attempt.succeeded();
    if hasher.is_weak(&person.password_hash) {
        person = strengthen(ctx, &hasher, &password, person).await?;
    }
    let db = ctx.read(Access::Public).await?;
    let two_step = two_step::confirmed(&db, person.id).await?.is_some();
    Ok(Known { person, two_step })
}

/// Stores the password as it is stored today, when it was stored before the cost was raised: only now is it known. Links
/// and codes that were bound to what was stored before are good no more.
async fn strengthen(
    ctx: &Ctx,
    hasher: &Hasher,
    password: &Password,
    person: user::Model,
) -> Result<user::Model> {
    // Nobody is kept out because too many others sign in; the next time will do.
    let Ok(hash) = hasher.hash(password).await else { return Ok(person) };
    let stored = ctx.write(Access::Public, async |tx| {
        tx.update_many::<user::Entity>()
            .set(user::Column::PasswordHash, hash.as_str())
            .filter(user::Column::Id.eq(person.id))
            .filter(user::Column::PasswordHash.eq(person.password_hash.as_str()))
            .exec()
            .await
    });
    if stored.await.context("storing a password")? > 0 {
        return Ok(user::Model { password_hash: hash, ..person });
    }
    // Somebody else was faster, with this password or with another one.
    let row = ctx.read(Access::Public).await?.find_by_id::<user::Entity>(person.id).await?;
    let row = row.filter(|row| row.status == "active").ok_or_else(wrong)?;
    if hasher.verify(password, Some(&row.password_hash)).await? { Ok(row) } else { Err(wrong()) }
}

/// Counts the attempt. When others have used up the account's patience, a device of the owner has its own.
async fn admit(ctx: &Ctx, guesses: &Guesses, email: &Email, visit: &Visit) -> Result<Attempt> {
    let (tenant, now) = (ctx.tenant_id(), ctx.now());
    match (guesses.attempt(tenant, email, visit.client, now), &visit.device) {
        (Err(slower), Some(shown)) => match device::is_known(ctx, email, shown).await? {
            true => guesses.at_device(tenant, email, &shown.hash(), now),
            false => Err(slower),
        },
        (counted, _) => counted,
    }
}

/// What a browser that signs in is going to hold.
pub(crate) struct Browser {
    secret: Secret,
    life: Duration,
}

impl Browser {
    pub(crate) fn new(ctx: &Ctx) -> Self {
        let life = Duration::from_secs(ctx.app().config().security.session_seconds);
        Self { secret: Secret::draw(), life }
    }

    /// Opens a session for somebody who has shown who it is; `coded`: with a code of the second step.
    pub(crate) async fn begin(
        &self,
        tx: &Tx,
        ctx: &Ctx,
        person: &user::Model,
        visit: &Visit,
        coded: bool,
    ) -> Result<SignedIn> {
        let kind = Kind::Browser { hash: self.secret.hash() };
        let (me, session) = begin(tx, ctx, person, visit, kind, ctx.now() + self.life, coded).await?;
        let device = device::remember(tx, ctx, person, session, visit).await?;
        let tenant: &Arc<TenantInfo> = ctx.tenant();
        // Nothing outside the shop has business in its admin, so links from there arrive signed out.
        let same_site = if me.is_staff() { "Strict" } else { "Lax" };
        let name = crate::session::cookie_name(tenant, visit.secure);
        let cookie = set_cookie(&name, visit.secure, &self.secret.text(), self.life.as_secs(), same_site);
        let name = device::cookie_name(tenant, visit.secure);
        let known_for = device::KNOWN_FOR.as_secs();
        let device_cookie = set_cookie(&name, visit.secure, &device.text(), known_for, "Strict");
        Ok(SignedIn { me, session, cookie, device_cookie })
    }
}

enum Kind {
    Browser { hash: [u8; 32] },
    Api,
}

/// Opens a session for somebody whose password was right a moment ago; `coded`: and whose code was.
async fn begin(
    tx: &Tx,
    ctx: &Ctx,
    known: &user::Model,
    visit: &Visit,
    kind: Kind,
    expires_at: Timestamp,
    coded: bool,
) -> Result<(MeView, SessionId)> {
    // Whoever changed the password or closed the account while we were hashing has ended all sessions; this one must not
    // begin. Changing the row first makes whoever does so now wait, and find this session.
    let (id, now) = (SessionId::new(), ctx.now());
    let open = tx
        .update_many::<user::Entity>()
        .set(user::Column::LastSignInAt, now.millis())
        .filter(user::Column::Id.eq(known.id))
        .filter(user::Column::PasswordHash.eq(known.password_hash.as_str()))
        .filter(user::Column::Status.eq("active"))
        .exec()
        .await?;
    // The same goes for a second step that was switched on since.
    if open == 0 || (!coded && two_step::confirmed(tx, known.id).await?.is_some()) {
        return Err(wrong());
    }
    let row = tx.find_by_id::<user::Entity>(known.id).await?.ok_or_else(wrong)?;
    let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    tx.acts_as(actor_of(UserId::from_uuid(row.id), roles.permissions()));
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
        expires_at: Set(expires_at.millis()),
        revoked_at: Set(None),
        ..Default::default()
    })
    .await?;
    tx.emit(IdentityEvent::UserLoggedIn { user_id: UserId::from_uuid(row.id), kind: name }).await?;
    Ok((MeView::new(UserView::new(row, roles)?), id))
}

/// The one answer to a sign-in that fails, whatever the reason.
fn wrong() -> Error {
    Error::new(ErrorCode::Unauthenticated, "e-mail address or password is wrong")
}

/// For clients that send everything at once; they have shown the right password.
fn needs_code() -> Error {
    Error::new(ErrorCode::Unauthenticated, "this account signs in with a code beside the password")
        .with_field("code", "is needed: the code of the authenticator application, or a recovery code")
}
