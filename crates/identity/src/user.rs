//! People of a shop: register, create, change, list.

use crate::door::Visit;
use crate::entity::{role, user};
use crate::event::IdentityEvent;
use crate::guess::Guesses;
use crate::one_time;
use crate::password::{Hasher, Password};
use crate::recovery;
use crate::roles::entity::holder;
use crate::roles::{self, Held, RoleKey, roles_of};
use crate::session;
use crate::view::{MeView, UserView};
use events::Emit;
use mail::To;
use platform::{Access, Actor, Ctx, Error, Result, TenantDb, Tx};
use primitives::{
    Cursor, Direction, Email, ErrorCode, FieldError, Locale, PageArgs, Permission, RoleId, SystemRole, UserId,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, LockType, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, QuerySelect, Set};
use std::collections::HashMap;
use uuid::Uuid;

/// Somebody who opens an account for herself.
#[derive(Clone)]
pub struct Registration {
    /// Address.
    pub email: String,
    /// 8 to 1,024 bytes.
    pub password: String,
    /// May be empty.
    pub name: String,
    /// Language; the shop's when not given.
    pub locale: Option<String>,
}

/// Opens a customer's account.
///
/// The answer is the same, and takes as long to compute, whether or not the address has an account already; an account
/// that exists is not touched, and its owner is told by mail. It does not sign in.
///
/// What it cannot hide: a new shopper may sign in before the address is confirmed, or would have to look for a mail in
/// the middle of buying. So whoever registers an address and then signs in with the password just chosen sees whether
/// it was new; the statements that store an account, some milliseconds, say no more than that. It is not for free: each
/// address costs an attempt in the counts of registering and, when it is known, one of signing in, a mail goes to its
/// owner, and an address that was not known has an account from then on. Signing in, forgetting the password and
/// changing the address tell nobody anything.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn register(ctx: &Ctx, new: Registration, visit: &Visit) -> Result<()> {
    let checked = Checked::read(ctx, &new.email, &new.password, &new.name, new.locale.as_deref())?;
    Guesses::of(ctx.app()).registration(ctx.tenant_id(), &checked.email, visit.client, ctx.now())?;
    let hash = Hasher::of(ctx.app()).hash(&checked.password).await?;
    // Registering an address again and again fills nobody's mailbox.
    let may_write = Guesses::of(ctx.app()).letter(ctx.tenant_id(), &checked.email, visit.client, ctx.now());
    let stored = ctx.write(Access::Public, async |tx| {
        let Some(known) = email_row(tx, &checked.email).await? else {
            let id = store(tx, ctx, checked, hash, vec![SystemRole::Customer].into()).await?.id;
            let row = tx.get::<user::Entity>(id.uuid()).await?;
            return recovery::send_verification(tx, ctx, &row).await;
        };
        let to = match may_write {
            Ok(()) if known.status == "active" => To::Somebody(&checked.email),
            _ => To::Nobody,
        };
        recovery::send_has_account(tx, ctx, to, recovery::language(&known)).await
    });
    match stored.await {
        // Somebody else was faster with the same address.
        Err(error) if error.code() == ErrorCode::Conflict => Ok(()),
        result => result,
    }
}

/// Somebody whom the shop gives an account.
#[derive(Clone)]
pub struct NewUser {
    /// Address.
    pub email: String,
    /// 8 to 1,024 bytes.
    pub password: String,
    /// May be empty.
    pub name: String,
    /// Language; the shop's when not given.
    pub locale: Option<String>,
    /// What the person may do.
    pub roles: Vec<RoleKey>,
}

/// Creates a person. Roles other than `customer` also need `roles:manage`; `super_admin` is the command line's to give.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `CONFLICT` when the address has an account.
pub async fn create(ctx: &Ctx, new: NewUser) -> Result<UserView> {
    ctx.require(Permission::USERS_CREATE)?;
    let checked = Checked::read(ctx, &new.email, &new.password, &new.name, new.locale.as_deref())?;
    let hash = Hasher::of(ctx.app()).hash(&checked.password).await?;
    let email = checked.email.clone();
    let stored = ctx.write(Permission::USERS_CREATE, async |tx| {
        let held = roles::may_assign(ctx, tx, &new.roles).await?;
        store(tx, ctx, checked, hash, held).await
    });
    match stored.await {
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::conflict(format!("{email} has an account already"))
                .with_field("email", "has an account already"))
        }
        result => result,
    }
}

/// The operator vouches that the address of an account is its owner's, as a confirmed link would.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for anybody but the process itself.
pub async fn vouch(ctx: &Ctx, id: UserId) -> Result<()> {
    ctx.write(Access::System, async |tx| {
        let row = tx.get::<user::Entity>(id.uuid()).await?;
        match row.email_verified_at {
            Some(_) => Ok(()),
            None => recovery::mark_verified(tx, ctx, &row).await,
        }
    })
    .await
}

/// Closes or opens an account; closing ends its sessions.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` on the caller's own account and on accounts mightier than the caller's;
/// `CONFLICT` when the shop would be left without an owner.
pub async fn set_active(ctx: &Ctx, id: UserId, active: bool) -> Result<UserView> {
    ctx.write(Permission::USERS_UPDATE, async |tx| {
        // Whoever is given a role at the same time has it before this looks, or is asked about afterwards.
        let row = tx.find::<user::Entity>().filter(user::Column::Id.eq(id.uuid()));
        let row = row.map(|select| select.lock_exclusive()).one().await?;
        let row = row.ok_or_else(|| Error::not_found("user"))?;
        let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
        if ctx.user_id() == Some(id) {
            return Err(Error::forbidden("nobody closes the own account here"));
        }
        roles::may_touch(ctx, &roles)?;
        let status = if active { "active" } else { "disabled" };
        if row.status == status {
            return UserView::new(row, roles);
        }
        tx.update_many::<user::Entity>()
            .set(user::Column::Status, status)
            .set(user::Column::UpdatedAt, ctx.now().millis())
            .filter(user::Column::Id.eq(row.id))
            .exec()
            .await?;
        if !active {
            session::end_all(tx, id, None, ctx.now()).await?;
            if roles.system.contains(&SystemRole::Owner) {
                roles::keeps_an_owner(tx).await?;
            }
        }
        tx.emit(IdentityEvent::UserUpdated { user_id: id, changed: vec!["status"] }).await?;
        session::forget(tx)?;
        UserView::new(user::Model { status: status.to_owned(), ..row }, roles)
    })
    .await
}

/// Sets a person's password from the command line and ends all sessions.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` for a password of the wrong length.
pub async fn set_password(ctx: &Ctx, id: UserId, password: &str) -> Result<()> {
    ctx.require(Access::System)?;
    let password = Password::parse("password", password)?;
    let hash = Hasher::of(ctx.app()).hash(&password).await?;
    ctx.write(Access::System, async |tx| {
        let row = tx.get::<user::Entity>(id.uuid()).await?;
        store_password(tx, ctx, &row, hash, &Visit::local()).await
    })
    .await
}

/// Changes the caller's password and ends all other sessions.
///
/// # Errors
/// `BAD_USER_INPUT` on `current` when it is wrong and on `new` when it is too short, too long or the same;
/// `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn change_password(ctx: &Ctx, current: &str, new: &str, visit: &Visit) -> Result<()> {
    let row = own_row(ctx).await?;
    let wrong = || Error::invalid("current", "is not your password");
    let next = Password::parse("new", new)?;
    if current == new {
        return Err(Error::invalid("new", "is the same as before"));
    }
    let (guesses, id) = (Guesses::of(ctx.app()), UserId::from_uuid(row.id));
    let attempt = guesses.own(ctx.tenant_id(), id, visit.session, ctx.now())?;
    let current = Password::parse("current", current).map_err(|_| wrong())?;
    let hasher = Hasher::of(ctx.app());
    if !hasher.verify(&current, Some(&row.password_hash)).await? {
        return Err(wrong());
    }
    attempt.succeeded();
    let hash = hasher.hash(&next).await?;
    ctx.write(Access::SignedIn, async |tx| store_password(tx, ctx, &row, hash, visit).await).await
}

/// What the caller changes about the own account; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// Name.
    pub name: Option<String>,
    /// Language.
    pub locale: Option<String>,
}

/// Changes the caller's own account.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake.
pub async fn update_profile(ctx: &Ctx, change: ProfileChange) -> Result<UserView> {
    let row = own_row(ctx).await?;
    let name = change.name.map_or(Ok(row.name.clone()), |text| person_name(&text));
    let locale = change.locale.map_or(Ok(row.locale.clone()), |text| {
        Locale::parse(&text)
            .map(|locale| locale.to_string())
            .map_err(|e| FieldError::new("locale", e.to_string()))
    });
    let (name, locale) = match (name, locale) {
        (Ok(name), Ok(locale)) => (name, locale),
        (name, locale) => {
            return Err(Error::invalid_fields(name.err().into_iter().chain(locale.err()).collect()));
        }
    };
    let changed: Vec<_> = [("name", name != row.name), ("locale", locale != row.locale)]
        .into_iter()
        .filter(|c| c.1)
        .map(|c| c.0)
        .collect();
    ctx.write(Access::SignedIn, async |tx| {
        let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
        if !changed.is_empty() {
            tx.update_many::<user::Entity>()
                .set(user::Column::Name, name.clone())
                .set(user::Column::Locale, locale.clone())
                .set(user::Column::UpdatedAt, ctx.now().millis())
                .filter(user::Column::Id.eq(row.id))
                .exec()
                .await?;
            tx.emit(IdentityEvent::UserUpdated { user_id: UserId::from_uuid(row.id), changed }).await?;
        }
        UserView::new(user::Model { name, locale, ..row }, roles)
    })
    .await
}

/// Whoever asks; `None` when nobody is signed in.
///
/// # Errors
/// Those of the database.
pub async fn me(ctx: &Ctx) -> Result<Option<MeView>> {
    let Some(id) = ctx.user_id() else { return Ok(None) };
    let db = ctx.read(Access::SignedIn).await?;
    let Some(row) = db.find_by_id::<user::Entity>(id.uuid()).await? else { return Ok(None) };
    let roles = roles_of(&db, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    UserView::new(row, roles).map(MeView::new).map(Some)
}

/// A person by id.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, id: UserId) -> Result<UserView> {
    let db = ctx.read(Permission::USERS_READ).await?;
    let row = db.get::<user::Entity>(id.uuid()).await?;
    let roles = roles_of(&db, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    UserView::new(row, roles)
}

/// A person by address.
///
/// # Errors
/// `BAD_USER_INPUT` for what is no address, `NOT_FOUND`.
pub async fn find_by_email(ctx: &Ctx, email: &str) -> Result<UserView> {
    let email = Email::parse(email).map_err(|error| Error::invalid("email", error.to_string()))?;
    let db = ctx.read(Permission::USERS_READ).await?;
    let row = email_row(&db, &email).await?.ok_or_else(|| Error::not_found("user"))?;
    let roles = roles_of(&db, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    UserView::new(row, roles)
}

/// People by id, for other modules that have passed a door of their own; missing ones are missing.
///
/// # Errors
/// Those of the database.
pub async fn people(db: &TenantDb, ids: &[UserId]) -> Result<HashMap<UserId, UserView>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = db.find::<user::Entity>().filter(user::Column::Id.is_in(ids.iter().copied())).all().await?;
    let mut roles = roles_of(db, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = roles.remove(&row.id).unwrap_or_default();
            UserView::new(row, own).map(|user| (user.id, user))
        })
        .collect()
}

/// Keeps an account from being erased until the commit: whoever writes something in its name comes before that or not at
/// all. SQLite has one writer.
///
/// # Errors
/// `UNAUTHENTICATED` when it is gone.
pub async fn hold(tx: &Tx, id: UserId) -> Result<()> {
    let held = tx
        .find::<user::Entity>()
        .filter(user::Column::Id.eq(id.uuid()))
        .map(|select| select.lock(LockType::KeyShare))
        .columns::<Uuid>([user::Column::Id])
        .await?;
    if held.is_empty() { Err(Error::unauthenticated()) } else { Ok(()) }
}

/// Which people to list.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Part of the address or the name, in any case.
    pub query: Option<String>,
    /// Holders of this role.
    pub role: Option<RoleKey>,
    /// Only those who work for the shop.
    pub staff: bool,
}

/// A page of people, newest first.
#[derive(Clone, Debug)]
pub struct UserPage {
    /// The people with their cursors.
    pub users: Vec<(UserView, Cursor)>,
    /// How many there are on all pages.
    pub total: u64,
    /// Whether there is more after the last one.
    pub has_next: bool,
    /// Whether there is more before the first one.
    pub has_previous: bool,
}

/// Lists people in three statements.
///
/// # Errors
/// `BAD_USER_INPUT` for a cursor of another list.
pub async fn list(ctx: &Ctx, filter: &UserFilter, page: &PageArgs) -> Result<UserPage> {
    const ORDER: &str = "users";
    let db = ctx.read(Permission::USERS_LIST).await?;
    let mut which = Condition::all();
    if let Some(text) = filter.query.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let part = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let like = |column| {
            Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(format!("%{part}%")).escape('\\'))
        };
        which = which.add(Condition::any().add(like(user::Column::Email)).add(like(user::Column::Name)));
    }
    if let Some(wanted) = filter.role {
        which = which.add(user::Column::Id.in_subquery(match wanted {
            RoleKey::System(role) => holders(ctx, &[role]),
            RoleKey::Custom(id) => custom_holders(ctx, Some(id)),
        }));
    }
    if filter.staff {
        let staff: Vec<_> = SystemRole::ALL.into_iter().filter(|role| role.is_staff()).collect();
        which = which.add(
            Condition::any()
                .add(user::Column::Id.in_subquery(holders(ctx, &staff)))
                .add(user::Column::Id.in_subquery(custom_holders(ctx, None))),
        );
    }
    let total = db.find::<user::Entity>().filter(which.clone()).count().await?;
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let field = if forward { "after" } else { "before" };
        let (at, id): (i64, Uuid) =
            cursor.decode(ORDER).map_err(|error| Error::invalid(field, error.to_string()))?;
        let (created, key) = (user::Column::CreatedAt, user::Column::Id);
        which = which.add(if forward {
            Condition::any().add(created.lt(at)).add(created.eq(at).and(key.lt(id)))
        } else {
            Condition::any().add(created.gt(at)).add(created.eq(at).and(key.gt(id)))
        });
    }
    let rows = db.find::<user::Entity>().filter(which).limit(u64::from(page.limit()) + 1);
    let rows = match page.direction() {
        Direction::Forward => rows.order_by_desc(user::Column::CreatedAt).order_by_desc(user::Column::Id),
        Direction::Backward => rows.order_by_asc(user::Column::CreatedAt).order_by_asc(user::Column::Id),
    };
    let mut rows = rows.all().await?;
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if !forward {
        rows.reverse();
    }
    let mut roles = roles_of(&db, &rows.iter().map(|row| row.id).collect::<Vec<_>>()).await?;
    let users = rows
        .into_iter()
        .map(|row| {
            let cursor = Cursor::encode(ORDER, &(row.created_at, row.id)).map_err(Error::internal)?;
            let own = roles.remove(&row.id).unwrap_or_default();
            Ok((UserView::new(row, own)?, cursor))
        })
        .collect::<Result<Vec<_>>>()?;
    let beyond_cursor = page.cursor().is_some();
    Ok(UserPage {
        users,
        total,
        has_next: if forward { more } else { beyond_cursor },
        has_previous: if forward { beyond_cursor } else { more },
    })
}

fn holders(ctx: &Ctx, roles: &[SystemRole]) -> SelectStatement {
    Query::select()
        .column(role::Column::UserId)
        .from(role::Entity)
        .and_where(role::Column::TenantId.eq(ctx.tenant_id().uuid()))
        .and_where(role::Column::Role.is_in(roles.iter().map(|role| role.as_str())))
        .to_owned()
}

/// Holders of any role of the shop's own, or of the one.
fn custom_holders(ctx: &Ctx, role: Option<RoleId>) -> SelectStatement {
    let mut select = Query::select()
        .column(holder::Column::UserId)
        .from(holder::Entity)
        .and_where(holder::Column::TenantId.eq(ctx.tenant_id().uuid()))
        .to_owned();
    if let Some(id) = role {
        select.and_where(holder::Column::RoleId.eq(id.uuid()));
    }
    select
}

/// The row of an address.
pub(crate) async fn email_row(db: &TenantDb, email: &Email) -> Result<Option<user::Model>> {
    db.find::<user::Entity>().filter(user::Column::Email.eq(email.as_str())).one().await
}

pub(crate) async fn own_row(ctx: &Ctx) -> Result<user::Model> {
    let db = ctx.read(Access::SignedIn).await?;
    let id = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    db.find_by_id::<user::Entity>(id.uuid()).await?.ok_or_else(Error::unauthenticated)
}

/// Input of an account that is about to be opened, parsed.
pub(crate) struct Checked {
    pub(crate) email: Email,
    pub(crate) password: Password,
    pub(crate) name: String,
    pub(crate) locale: Locale,
}

impl Checked {
    pub(crate) fn read(
        ctx: &Ctx,
        email: &str,
        password: &str,
        name: &str,
        locale: Option<&str>,
    ) -> Result<Self> {
        let email = Email::parse(email).map_err(|error| FieldError::new("email", error.to_string()));
        let password = Password::parse("password", password);
        let name = person_name(name);
        let locale = locale.filter(|text| !text.trim().is_empty()).map_or(Ok(*ctx.locale()), |text| {
            Locale::parse(text).map_err(|error| FieldError::new("locale", error.to_string()))
        });
        match (email, password, name, locale) {
            (Ok(email), Ok(password), Ok(name), Ok(locale)) => Ok(Self { email, password, name, locale }),
            (email, password, name, locale) => {
                let password = password.err().map(|error| error.fields().to_vec()).unwrap_or_default();
                let fields = email.err().into_iter().chain(password).chain(name.err()).chain(locale.err());
                Err(Error::invalid_fields(fields.collect()))
            }
        }
    }
}

pub(crate) fn person_name(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(FieldError::new("name", "must have at most 200 characters on one line"));
    }
    Ok(text.to_owned())
}

pub(crate) async fn store(tx: &Tx, ctx: &Ctx, new: Checked, hash: String, held: Held) -> Result<UserView> {
    let (id, now) = (UserId::new(), ctx.now().millis());
    if *ctx.actor() == Actor::Anonymous {
        tx.acts_as(Actor::Customer { user: id });
    }
    let row = tx
        .insert(user::ActiveModel {
            id: Set(id.uuid()),
            email: Set(new.email.as_str().to_owned()),
            name: Set(new.name),
            locale: Set(new.locale.to_string()),
            password_hash: Set(hash),
            status: Set("active".to_owned()),
            created_at: Set(now),
            updated_at: Set(now),
            last_sign_in_at: Set(None),
            ..Default::default()
        })
        .await?;
    roles::insert(tx, ctx, &[(id, held.clone())]).await?;
    tx.emit(IdentityEvent::UserRegistered { user_id: id, locale: new.locale }).await?;
    UserView::new(row, held)
}

/// Replaces the hash that was read before; somebody else's newer one is not overwritten.
pub(crate) async fn store_password(
    tx: &Tx,
    ctx: &Ctx,
    row: &user::Model,
    hash: String,
    visit: &Visit,
) -> Result<()> {
    let changed = tx
        .update_many::<user::Entity>()
        .set(user::Column::PasswordHash, hash)
        .set(user::Column::UpdatedAt, ctx.now().millis())
        .filter(user::Column::Id.eq(row.id))
        .filter(user::Column::PasswordHash.eq(row.password_hash.as_str()))
        .exec()
        .await?;
    if changed == 0 {
        return Err(Error::conflict("the password was changed at the same time"));
    }
    let id = UserId::from_uuid(row.id);
    session::end_all(tx, id, visit.session, ctx.now()).await?;
    // As with all links: what lay in the mailbox before is good no more. Only whose address it is has this effect, or
    // somebody who has opened an account for another one's address would undo that one's invitations.
    if row.email_verified_at.is_some() {
        one_time::void_invitations(tx, &row.email).await?;
    }
    tx.emit(IdentityEvent::UserPasswordChanged { user_id: id }).await?;
    recovery::tell_password_changed(tx, ctx, row).await
}
