//! Invitations: somebody gets a link by mail and becomes one who works for the shop.
//!
//! An invitation is one way of giving roles, and the rule is that of all ways: staff roles are given by who manages
//! roles and holds what they allow, when inviting and still when the invited one accepts.

pub mod graphql;

use crate::door::Visit;
use crate::entity::{invitation, user};
use crate::event::IdentityEvent;
use crate::guess::Guesses;
use crate::one_time::{self, Purpose, Subject, stale};
use crate::password::{Hasher, Password};
use crate::recovery::{link, mark_verified};
use crate::roles::{self, Held, RoleKey, may_touch, roles_of};
use crate::security::two_step;
use crate::session;
use crate::user::{Checked, email_row, person_name, store, store_password};
use crate::view::InvitationView;
use events::Emit;
use mail::{Letter, To};
use platform::{Access, Actor, Ctx, Error, Result, TenantDb, Tx};
use primitives::{Email, ErrorCode, FieldError, InvitationId, Locale, Permission, PermissionSet, UserId};
use sea_orm::{ColumnTrait, Condition, Set};
use std::collections::HashMap;
use uuid::Uuid;

/// Invitations of a shop that may be open at once.
const MOST_OPEN: u64 = 200;
/// Roles that one invitation may give.
const MOST_ROLES: usize = 10;
const ROLES_WANTED: &str = "name one to ten";
/// Invitations in the list.
const LISTED: u64 = 200;

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Address.
    pub email: Email,
    /// Name, as far as it is known; the invited one may write another.
    pub name: String,
    /// Language of the letter.
    pub locale: Locale,
    /// What the person shall be.
    pub roles: Vec<RoleKey>,
}

/// Invites somebody within a transaction of the caller's, who has asked whether that is allowed.
///
/// The invitation is from the actor of the transaction; from the shop itself when that is the process, or somebody who
/// has no account in this shop, such as the operator who makes it. It takes the place of an open one for the same
/// address.
///
/// # Errors
/// `BAD_USER_INPUT` without a role; `CONFLICT` when too many are open; those of [`mail::send`].
pub async fn invite(tx: &Tx, new: NewInvitation) -> Result<InvitationView> {
    let ctx = tx.ctx().ok_or_else(|| Error::internal("an invitation needs the shop that it is from"))?;
    let held = roles::held_by(tx, &new.roles).await?;
    if !(1..=MOST_ROLES).contains(&held.keys().len()) {
        return Err(Error::invalid("roles", ROLES_WANTED));
    }
    let now = ctx.now();
    let open = open_rows();
    if tx.find::<invitation::Entity>().filter(open.clone()).count().await? >= MOST_OPEN {
        return Err(Error::conflict(format!("{MOST_OPEN} invitations are open: revoke some first")));
    }
    let same = open.add(invitation::Column::Email.eq(new.email.as_str()));
    for replaced in tx.find::<invitation::Entity>().filter(same.clone()).all().await? {
        may_touch(ctx, &gives(tx, &replaced).await?)?;
    }
    tx.update_many::<invitation::Entity>()
        .set(invitation::Column::RevokedAt, now.millis())
        .filter(same)
        .exec()
        .await?;
    let row = tx
        .insert(invitation::ActiveModel {
            id: Set(InvitationId::new().uuid()),
            email: Set(new.email.as_str().to_owned()),
            name: Set(new.name),
            locale: Set(new.locale.to_string()),
            roles: Set(held.keys().iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
            invited_by: Set(inviter(tx, ctx).await?),
            created_at: Set(now.millis()),
            sent_at: Set(now.millis()),
            expires_at: Set((now + Purpose::Invitation.life()).millis()),
            accepted_at: Set(None),
            revoked_at: Set(None),
            ..Default::default()
        })
        .await?;
    let id = InvitationId::from_uuid(row.id);
    tx.emit(IdentityEvent::UserInvited { invitation_id: id, roles: held.keys() }).await?;
    deliver(tx, ctx, &row).await?;
    view(tx, row).await
}

/// What staff write to invite somebody.
#[derive(Clone, Debug)]
pub struct InvitationInput {
    /// Address.
    pub email: String,
    /// May be empty.
    pub name: String,
    /// Language of the letter; the shop's when not given.
    pub locale: Option<String>,
    /// What the person shall be.
    pub roles: Vec<RoleKey>,
}

/// Invites somebody to work for the shop.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `FORBIDDEN` for staff roles without `roles:manage` and for a role with more
/// than the caller holds, also in the open invitation that this one replaces; `CONFLICT` when the address works here
/// already or too many invitations are open; `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn invite_staff(ctx: &Ctx, input: InvitationInput, visit: &Visit) -> Result<InvitationView> {
    ctx.require(Permission::USERS_CREATE)?;
    let email = Email::parse(&input.email).map_err(|error| FieldError::new("email", error.to_string()));
    let name = person_name(&input.name);
    let locale =
        input.locale.as_deref().filter(|text| !text.trim().is_empty()).map_or(Ok(*ctx.locale()), |text| {
            Locale::parse(text).map_err(|error| FieldError::new("locale", error.to_string()))
        });
    let roles = match input.roles.is_empty() {
        true => Err(FieldError::new("roles", ROLES_WANTED)),
        false => Ok(input.roles),
    };
    let new = match (email, name, locale, roles) {
        (Ok(email), Ok(name), Ok(locale), Ok(roles)) => NewInvitation { email, name, locale, roles },
        (email, name, locale, roles) => {
            let fields = [email.err(), name.err(), locale.err(), roles.err()];
            return Err(Error::invalid_fields(fields.into_iter().flatten().collect()));
        }
    };
    let db = ctx.read(Permission::USERS_CREATE).await?;
    let wanted = roles::known(&db, &new.roles).await?;
    may_touch(ctx, &wanted)?;
    Guesses::of(ctx.app()).letter(ctx.tenant_id(), &new.email, visit.client, ctx.now())?;
    let email = new.email.clone();
    let invited = ctx.write(Permission::USERS_CREATE, async |tx| {
        if let Some(row) = email_row(tx, &email).await? {
            let roles = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
            if roles.is_staff() {
                return Err(Error::conflict(format!("{email} works for this shop already"))
                    .with_field("email", "works for this shop already"));
            }
        }
        roles::may_assign(ctx, tx, &new.roles).await?;
        invite(tx, new).await
    });
    match invited.await {
        // Somebody else invited the same address at the same time.
        Err(error)
            if error.code() == ErrorCode::Conflict
                && error.fields().is_empty()
                && error.cause().is_some() =>
        {
            Err(Error::conflict("somebody else has just invited this address")
                .with_field("email", "was invited a moment ago"))
        }
        result => result,
    }
}

/// Sends the letter again, with a new link; the old one is good no more.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when it is accepted or revoked; `FORBIDDEN` for a role with more than the caller holds;
/// `RATE_LIMIT_EXCEEDED` when asked to slow down.
pub async fn resend(ctx: &Ctx, id: InvitationId, visit: &Visit) -> Result<InvitationView> {
    let db = ctx.read(Permission::USERS_CREATE).await?;
    let row = db.get::<invitation::Entity>(id.uuid()).await?;
    may_touch(ctx, &gives(&db, &row).await?)?;
    let email = Email::parse(&row.email).map_err(Error::internal)?;
    Guesses::of(ctx.app()).letter(ctx.tenant_id(), &email, visit.client, ctx.now())?;
    ctx.write(Permission::USERS_CREATE, async |tx| {
        let now = ctx.now();
        let changed = tx
            .update_many::<invitation::Entity>()
            .set(invitation::Column::SentAt, now.millis())
            .set(invitation::Column::ExpiresAt, (now + Purpose::Invitation.life()).millis())
            .set(invitation::Column::InvitedBy, inviter(tx, ctx).await?)
            .filter(open_rows())
            .filter(invitation::Column::Id.eq(id.uuid()))
            .exec()
            .await?;
        if changed == 0 {
            return Err(closed());
        }
        let row = tx.get::<invitation::Entity>(id.uuid()).await?;
        deliver(tx, ctx, &row).await?;
        view(tx, row).await
    })
    .await
}

/// Takes an invitation back.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` when it is accepted or revoked; `FORBIDDEN` for one with roles that are not the caller's to
/// give.
pub async fn revoke(ctx: &Ctx, id: InvitationId) -> Result<InvitationView> {
    ctx.write(Permission::USERS_CREATE, async |tx| {
        let row = tx.get::<invitation::Entity>(id.uuid()).await?;
        may_touch(ctx, &gives(tx, &row).await?)?;
        let changed = tx
            .update_many::<invitation::Entity>()
            .set(invitation::Column::RevokedAt, ctx.now().millis())
            .filter(open_rows())
            .filter(invitation::Column::Id.eq(id.uuid()))
            .exec()
            .await?;
        if changed == 0 {
            return Err(closed());
        }
        view(tx, invitation::Model { revoked_at: Some(ctx.now().millis()), ..row }).await
    })
    .await
}

/// The newest invitations.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<InvitationView>> {
    let db = ctx.read(Permission::USERS_LIST).await?;
    let rows = db
        .find::<invitation::Entity>()
        .order_by_desc(invitation::Column::CreatedAt)
        .order_by_desc(invitation::Column::Id)
        .limit(LISTED)
        .all()
        .await?;
    let inviters: Vec<Uuid> = rows.iter().filter_map(|row| row.invited_by).collect();
    let people: HashMap<Uuid, user::Model> = match inviters.is_empty() {
        true => HashMap::new(),
        false => {
            let found = db.find::<user::Entity>().filter(user::Column::Id.is_in(inviters)).all().await?;
            found.into_iter().map(|row| (row.id, row)).collect()
        }
    };
    let inviter = |row: &invitation::Model| row.invited_by.and_then(|id| people.get(&id)).map(name_of);
    let known = roles::known(&db, &rows.iter().flat_map(keys_in).collect::<Vec<_>>()).await?;
    rows.into_iter()
        .map(|row| {
            let (inviter, roles) = (inviter(&row), known.among(&keys_in(&row)));
            InvitationView::new(row, &roles, inviter)
        })
        .collect()
}

/// The invitation behind a link.
///
/// # Errors
/// `BAD_USER_INPUT` on `token`, whatever is wrong with it.
pub async fn find(ctx: &Ctx, token: &str) -> Result<InvitationView> {
    let db = ctx.read(Access::Public).await?;
    let good = one_time::peek(&db, ctx.now(), Purpose::Invitation, token).await?;
    let (row, roles) = standing(&db, ctx, good).await?;
    InvitationView::new(row, &roles, None)
}

/// Accepts an invitation: the address gets an account with this name and password and the roles of the invitation.
/// An account that it has already gets them too; its old password and its sessions end, as whoever opened it may not
/// have been who reads the mails of the address; so does a second step, unless the address was confirmed. It does not
/// sign in.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake, on `token` whatever is wrong with it.
pub async fn accept(ctx: &Ctx, token: &str, name: &str, password: &str) -> Result<InvitationView> {
    let fields: Vec<FieldError> = match (person_name(name), Password::parse("password", password)) {
        (Ok(_), Ok(_)) => Vec::new(),
        (name, password) => name
            .err()
            .into_iter()
            .chain(password.err().map(|error| error.fields().to_vec()).unwrap_or_default())
            .collect(),
    };
    if !fields.is_empty() {
        return Err(Error::invalid_fields(fields));
    }
    let invited = find(ctx, token).await?;
    let checked = Checked::read(ctx, &invited.email, password, name, Some(invited.locale.as_str()))?;
    let hash = Hasher::of(ctx.app()).hash(&checked.password).await?;
    let accepted = ctx.write(Access::Public, async |tx| {
        let good = one_time::consume(tx, ctx.now(), Purpose::Invitation, token).await?;
        let (row, roles) = standing(tx, ctx, good).await?;
        let account = match email_row(tx, &checked.email).await? {
            None => {
                let id = store(tx, ctx, checked, hash, roles.clone()).await?.id;
                tx.get::<user::Entity>(id.uuid()).await?
            }
            Some(account) if account.status != "active" => return Err(stale()),
            Some(account) => {
                let id = UserId::from_uuid(account.id);
                tx.acts_as(Actor::Customer { user: id });
                tx.update_many::<user::Entity>()
                    .set(user::Column::Name, checked.name)
                    .filter(user::Column::Id.eq(account.id))
                    .exec()
                    .await?;
                store_password(tx, ctx, &account, hash, &Visit::local()).await?;
                one_time::void_all(tx, account.id).await?;
                if account.email_verified_at.is_none() {
                    two_step::remove(tx, id).await?;
                }
                let old = roles_of(tx, &[account.id]).await?.remove(&account.id).unwrap_or_default();
                let all = old.with(&roles);
                if all != old {
                    roles::replace(tx, ctx, id, &old, &all).await?;
                }
                session::forget(tx)?;
                account
            }
        };
        if account.email_verified_at.is_none() {
            mark_verified(tx, ctx, &account).await?;
        }
        let accepted = tx
            .update_many::<invitation::Entity>()
            .set(invitation::Column::AcceptedAt, ctx.now().millis())
            .filter(open_rows())
            .filter(invitation::Column::Id.eq(row.id))
            .exec()
            .await?;
        // It was taken back at the same time.
        if accepted == 0 {
            return Err(stale());
        }
        InvitationView::new(invitation::Model { accepted_at: Some(ctx.now().millis()), ..row }, &roles, None)
    });
    match accepted.await {
        // The address got an account at the same time: the link opens that one when it is tried again.
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::unavailable("somebody else changed this account at the same time, try again"))
        }
        result => result,
    }
}

/// Forgets invitations that ended before `until`.
pub(crate) async fn sweep(tx: &Tx, until: primitives::Timestamp) -> Result<u64> {
    let until = until.millis();
    tx.delete_many::<invitation::Entity>()
        .filter(
            Condition::any()
                .add(invitation::Column::ExpiresAt.lt(until))
                .add(invitation::Column::RevokedAt.lt(until)),
        )
        .exec()
        .await
}

/// The account in this shop that invites.
async fn inviter(tx: &Tx, ctx: &Ctx) -> Result<Option<Uuid>> {
    match ctx.user_id() {
        Some(id) => Ok(tx.find_by_id::<user::Entity>(id.uuid()).await?.map(|row| row.id)),
        None => Ok(None),
    }
}

/// Makes a link and mails it.
async fn deliver(tx: &Tx, ctx: &Ctx, row: &invitation::Model) -> Result<()> {
    let id = InvitationId::from_uuid(row.id);
    let secret = one_time::issue(tx, ctx, Purpose::Invitation, Subject::Invited(id, &row.email)).await?;
    let inviter = match row.invited_by {
        Some(by) => tx.find_by_id::<user::Entity>(by).await?.map(|row| name_of(&row)),
        None => None,
    };
    let roles = gives(tx, row).await?;
    // Who works for the shop begins at the admin.
    let path = if roles.is_staff() { "/admin/invitation" } else { "/invitation" };
    let letter = Letter::Invitation {
        link: link(ctx, path, &secret),
        life: Purpose::Invitation.life(),
        inviter,
        roles: roles.names(),
    };
    let email = Email::parse(&row.email).map_err(Error::internal)?;
    let locale = Locale::parse(&row.locale).unwrap_or(*ctx.locale());
    mail::send(tx, To::Somebody(&email), locale, &letter).await.map(|_| ())
}

/// The invitation of a good token with what it gives, when it is open and its inviter still holds that.
async fn standing(db: &TenantDb, ctx: &Ctx, good: one_time::Good) -> Result<(invitation::Model, Held)> {
    let id = good.token.invitation_id.ok_or_else(stale)?;
    let row = db.find_by_id::<invitation::Entity>(id).await?.ok_or_else(stale)?;
    let open = row.accepted_at.is_none() && row.revoked_at.is_none() && ctx.now().millis() < row.expires_at;
    if !open || row.email != good.token.email {
        return Err(stale());
    }
    let gives = gives(db, &row).await?;
    if gives == Held::default() {
        return Err(stale());
    }
    if let Some(by) = row.invited_by {
        let inviter = db.find_by_id::<user::Entity>(by).await?.filter(|row| row.status == "active");
        let held = roles_of(db, &[by]).await?.remove(&by).unwrap_or_default();
        let held = inviter.map_or(PermissionSet::EMPTY, |_| held.permissions());
        let may = held.contains(Permission::USERS_CREATE)
            && (!gives.is_staff() || held.contains(Permission::ROLES_MANAGE))
            && held.covers(&gives.permissions());
        if !may {
            return Err(stale());
        }
    }
    Ok((row, gives))
}

fn open_rows() -> Condition {
    Condition::all()
        .add(invitation::Column::AcceptedAt.is_null())
        .add(invitation::Column::RevokedAt.is_null())
}

fn closed() -> Error {
    Error::conflict("this invitation is accepted or revoked already")
}

async fn view(tx: &Tx, row: invitation::Model) -> Result<InvitationView> {
    let inviter = match row.invited_by {
        Some(by) => tx.find_by_id::<user::Entity>(by).await?.map(|row| name_of(&row)),
        None => None,
    };
    let roles = gives(tx, &row).await?;
    InvitationView::new(row, &roles, inviter)
}

/// How a person is named to others.
fn name_of(row: &user::Model) -> String {
    if row.name.is_empty() { row.email.clone() } else { row.name.clone() }
}

/// What an invitation gives: those of its roles that are still there.
async fn gives(db: &TenantDb, row: &invitation::Model) -> Result<Held> {
    roles::known(db, &keys_in(row)).await
}

fn keys_in(row: &invitation::Model) -> Vec<RoleKey> {
    row.roles.split(',').filter_map(|key| RoleKey::parse(key).ok()).collect()
}
