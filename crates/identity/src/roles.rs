//! Roles: who holds which, what they add up to, and who may give them to whom.
//!
//! Nobody gives or takes what he does not hold himself: [`may_grant`] says so for roles, API keys and invitations
//! alike. Read in this order: [`RoleKey`] and [`Held`], [`may_grant`] and [`may_assign`], [`assign`], then [`edit`] for
//! the shop's own roles.

pub mod edit;
pub(crate) mod entity;
pub mod event;
pub mod graphql;

use crate::entity::{role, user};
use crate::event::IdentityEvent;
use crate::session;
use crate::view::UserView;
use entity::{custom_role, holder};
use events::Emit;
use platform::{Ctx, Error, Result, TenantDb, Tx};
use primitives::{Grant, Permission, PermissionSet, RoleId, SystemRole, UnknownName, UserId};
use sea_orm::{ColumnTrait, DbBackend, QuerySelect, Set};
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use uuid::Uuid;

/// How many roles of its own a shop may have, and a person may hold.
const MOST: usize = 100;

/// A role by its key: the name of a system role, or the id of one that the shop has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleKey {
    /// One that every shop has.
    System(SystemRole),
    /// One of the shop's own.
    Custom(RoleId),
}

impl RoleKey {
    /// Reads `owner` or a hyphenated UUID.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, UnknownName> {
        match RoleId::parse(text) {
            Ok(id) => Ok(Self::Custom(id)),
            Err(_) => SystemRole::parse(text).map(Self::System),
        }
    }

    /// Reads a list of them, each at its own field: `roles.0`.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` at the first that is neither.
    pub fn parse_all(field: &str, texts: &[String]) -> Result<Vec<Self>> {
        let parse = |(n, text): (usize, &String)| {
            Self::parse(text).map_err(|error| Error::invalid(format!("{field}.{n}"), error.to_string()))
        };
        texts.iter().enumerate().map(parse).collect()
    }
}

impl RoleKey {
    fn system(&self) -> Option<SystemRole> {
        match self {
            Self::System(role) => Some(*role),
            Self::Custom(_) => None,
        }
    }

    fn custom(&self) -> Option<RoleId> {
        match self {
            Self::System(_) => None,
            Self::Custom(id) => Some(*id),
        }
    }
}

impl From<SystemRole> for RoleKey {
    fn from(role: SystemRole) -> Self {
        Self::System(role)
    }
}

impl From<RoleId> for RoleKey {
    fn from(role: RoleId) -> Self {
        Self::Custom(role)
    }
}

impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(role) => role.fmt(f),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

impl Serialize for RoleKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A role that the shop has made, as far as its holders need to know it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CustomRole {
    /// Key.
    pub id: RoleId,
    /// For people.
    pub name: String,
    /// What its holders may do.
    pub permissions: PermissionSet,
}

impl CustomRole {
    fn of(row: custom_role::Model) -> Self {
        Self { id: RoleId::from_uuid(row.id), permissions: read_set(&row.permissions), name: row.name }
    }
}

/// All roles of one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Those that every shop has, the mightiest first.
    pub system: Vec<SystemRole>,
    /// Those of the shop's own, by name.
    pub custom: Vec<CustomRole>,
}

/// One thing that somebody may do, and which roles say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// What, and with whose things.
    pub grant: Grant,
    /// Names of the roles that allow it in this scope.
    pub from: Vec<String>,
}

impl Held {
    /// What the roles add up to for somebody who works for the shop; nothing for a mere customer, whose own things
    /// have doors of their own.
    pub fn permissions(&self) -> PermissionSet {
        let system = self.system.iter().map(|role| staff_permissions(*role));
        system
            .chain(self.custom.iter().map(|role| role.permissions))
            .fold(PermissionSet::EMPTY, PermissionSet::union)
    }

    /// Whether the person works for the shop.
    pub fn is_staff(&self) -> bool {
        !self.permissions().is_empty()
    }

    /// The keys of the roles.
    pub fn keys(&self) -> Vec<RoleKey> {
        let system = self.system.iter().copied().map(RoleKey::System);
        system.chain(self.custom.iter().map(|role| RoleKey::Custom(role.id))).collect()
    }

    /// Everything that the person may do, with what `manage` implies and with a customer's own things.
    pub fn effective(&self) -> Vec<Effective> {
        let system = self.system.iter().map(|role| {
            let narrow = role.permissions().narrowed();
            (role.as_str(), if role.is_staff() { role.permissions() } else { narrow })
        });
        let custom = self.custom.iter().map(|role| (role.name.as_str(), role.permissions));
        let roles: Vec<(&str, PermissionSet)> = system.chain(custom).collect();
        let all = roles.iter().fold(PermissionSet::EMPTY, |all, (_, set)| all.union(*set));
        let from = |grant: Grant| {
            let giving = roles.iter().filter(|(_, set)| set.scope_of(grant.permission) >= Some(grant.scope));
            giving.map(|(name, _)| (*name).to_owned()).collect()
        };
        all.effective().map(|grant| Effective { grant, from: from(grant) }).collect()
    }
}

impl From<Vec<SystemRole>> for Held {
    fn from(mut system: Vec<SystemRole>) -> Self {
        system.sort_unstable();
        system.dedup();
        Self { system, custom: Vec::new() }
    }
}

/// Whether the caller may hand out `wanted`, or take it from somebody: only what the caller holds, in the same scope or
/// a wider one. The one rule for roles, API keys and invitations. An API key hands out nothing.
///
/// # Errors
/// `FORBIDDEN`, naming what the caller does not hold.
pub fn may_grant(ctx: &Ctx, wanted: &PermissionSet) -> Result<()> {
    let Some(held) = ctx.permissions() else { return Ok(()) };
    if ctx.api_key().is_some() {
        return Err(Error::forbidden("an API key gives nobody permissions"));
    }
    let lacking: Vec<String> = held.lacks(wanted).map(Grant::name).collect();
    match lacking.as_slice() {
        [] => Ok(()),
        [few @ .., last] if few.len() < 5 => {
            let names = if few.is_empty() { last.clone() } else { format!("{} and {last}", few.join(", ")) };
            Err(Error::forbidden(format!("nobody gives or takes what he does not hold: {names}")))
        }
        many => Err(Error::forbidden(format!(
            "nobody gives or takes what he does not hold: {} and {} more",
            many[..4].join(", "),
            many.len() - 4
        ))),
    }
}

/// The roles behind `keys`, when the caller may give them: staff roles need `roles:manage` and everything that they
/// allow; `super_admin` is the command line's to give.
///
/// The shop's own roles among them are locked against change until the end of the write.
///
/// # Errors
/// `FORBIDDEN`; `NOT_FOUND` for a role that does not exist, or is another shop's.
pub async fn may_assign(ctx: &Ctx, tx: &Tx, keys: &[RoleKey]) -> Result<Held> {
    let held = held_by(tx, keys).await?;
    may_touch(ctx, &held)?;
    Ok(held)
}

/// Whether the caller may change anything about somebody with these roles.
///
/// # Errors
/// `FORBIDDEN`.
pub fn may_touch(ctx: &Ctx, held: &Held) -> Result<()> {
    if ctx.permissions().is_none() {
        return Ok(());
    }
    if held.system.contains(&SystemRole::SuperAdmin) {
        return Err(Error::forbidden("the role super_admin is given and taken on the command line only"));
    }
    if !held.custom.is_empty() || held.system.iter().any(|role| role.is_staff()) {
        ctx.require(Permission::ROLES_MANAGE)?;
    }
    may_grant(ctx, &held.permissions())
}

/// Replaces the roles of a person.
///
/// # Errors
/// `NOT_FOUND` for the person or a role; `FORBIDDEN` when a role is not the caller's to give or to take;
/// `CONFLICT` when the shop would be left without an owner.
pub async fn assign(ctx: &Ctx, id: UserId, roles: Vec<RoleKey>) -> Result<UserView> {
    change(ctx, id, |_| roles).await
}

/// Gives a person one more role.
///
/// # Errors
/// As [`assign`].
pub async fn give(ctx: &Ctx, id: UserId, role: RoleKey) -> Result<UserView> {
    change(ctx, id, |mut roles| {
        roles.push(role);
        roles
    })
    .await
}

async fn change(
    ctx: &Ctx,
    id: UserId,
    change: impl FnOnce(Vec<RoleKey>) -> Vec<RoleKey>,
) -> Result<UserView> {
    ctx.write(Permission::ROLES_MANAGE, async |tx| {
        // Two changes of one person come one after the other.
        let row = tx.find::<user::Entity>().filter(user::Column::Id.eq(id.uuid()));
        let row = row.map(|select| select.lock_exclusive()).one().await?;
        let row = row.ok_or_else(|| Error::not_found("user"))?;
        let old = roles_of(tx, &[row.id]).await?.remove(&row.id).unwrap_or_default();
        let keys = sorted(change(old.keys()));
        may_touch(ctx, &old)?;
        if keys == old.keys_sorted() {
            return UserView::new(row, old);
        }
        let new = may_assign(ctx, tx, &keys).await?;
        replace(tx, ctx, id, &old, &new).await?;
        UserView::new(row, new)
    })
    .await
}

/// Stores other roles for a person and tells; nobody is asked whether he may.
pub(crate) async fn replace(tx: &Tx, ctx: &Ctx, id: UserId, old: &Held, new: &Held) -> Result<()> {
    tx.delete_many::<role::Entity>().filter(role::Column::UserId.eq(id.uuid())).exec().await?;
    tx.delete_many::<holder::Entity>().filter(holder::Column::UserId.eq(id.uuid())).exec().await?;
    insert(tx, ctx, &[(id, new.clone())]).await?;
    if old.system.contains(&SystemRole::Owner) && !new.system.contains(&SystemRole::Owner) {
        keeps_an_owner(tx).await?;
    }
    let (old, new) = (old.keys_sorted(), new.keys_sorted());
    tx.emit(IdentityEvent::UserRoleChanged { user_id: id, old, new }).await?;
    session::forget(tx)
}

/// Stores roles that people do not hold yet, in two statements.
pub(crate) async fn insert(tx: &Tx, ctx: &Ctx, people: &[(UserId, Held)]) -> Result<()> {
    let now = ctx.now().millis();
    let system = people.iter().flat_map(|(user, held)| {
        held.system.iter().map(|name| role::ActiveModel {
            id: Set(RoleId::new().uuid()),
            user_id: Set(user.uuid()),
            role: Set(name.as_str().to_owned()),
            granted_at: Set(now),
            ..Default::default()
        })
    });
    let custom = people.iter().flat_map(|(user, held)| {
        held.custom.iter().map(|role| holder::ActiveModel {
            user_id: Set(user.uuid()),
            role_id: Set(role.id.uuid()),
            granted_at: Set(now),
            ..Default::default()
        })
    });
    let (system, custom): (Vec<_>, Vec<_>) = (system.collect(), custom.collect());
    if !system.is_empty() {
        tx.insert_many(system).await?;
    }
    if !custom.is_empty() {
        tx.insert_many(custom).await?;
    }
    Ok(())
}

/// Of two owners who step down at the same time one stays: on PostgreSQL each would still see the other, so the
/// second waits here for the first one's commit. SQLite has one writer. To be asked after every change that takes an
/// owner away, in its transaction.
///
/// # Errors
/// `CONFLICT` when nobody who may sign in owns the shop any more.
pub(crate) async fn keeps_an_owner(tx: &Tx) -> Result<()> {
    if tx.backend() == DbBackend::Postgres {
        tx.raw_all("SELECT id FROM tenant WHERE id = {tenant} FOR NO KEY UPDATE", Vec::new()).await?;
    }
    let rows = tx
        .raw_all(
            "SELECT count(*) AS owners FROM user_role r JOIN user_account u ON u.tenant_id = r.tenant_id AND u.id = r.user_id \
             WHERE r.tenant_id = {tenant} AND r.role = 'owner' AND u.status = 'active'",
            Vec::new(),
        )
        .await?;
    let owners = match rows.first() {
        Some(row) => row.try_get::<i64>("", "owners")?,
        None => 0,
    };
    if owners == 0 { Err(Error::conflict("a shop needs an owner: name another one first")) } else { Ok(()) }
}

/// Roles by person, in two statements; who has none is missing.
///
/// # Errors
/// Those of the database.
pub async fn roles_of(db: &TenantDb, users: &[Uuid]) -> Result<HashMap<Uuid, Held>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        db.find::<role::Entity>().filter(role::Column::UserId.is_in(users.iter().copied())).all().await?;
    let mut held: HashMap<Uuid, Held> = HashMap::new();
    for row in rows {
        held.entry(row.user_id).or_default().system.extend(SystemRole::parse(&row.role).ok());
    }
    let sql = format!(
        "SELECT h.user_id AS user_id, c.id AS id, c.name AS name, c.permissions AS permissions \
         FROM user_custom_role h JOIN custom_role c ON c.tenant_id = h.tenant_id AND c.id = h.role_id \
         WHERE h.tenant_id = {{tenant}} AND h.user_id IN ({}) ORDER BY c.name_key",
        platform::db::holes(users.len())
    );
    for row in db.raw_all(&sql, users.iter().map(|id| (*id).into()).collect()).await? {
        held.entry(row.try_get("", "user_id")?).or_default().custom.push(CustomRole {
            id: RoleId::from_uuid(row.try_get("", "id")?),
            name: row.try_get("", "name")?,
            permissions: read_set(&row.try_get::<String>("", "permissions")?),
        });
    }
    for roles in held.values_mut() {
        roles.system.sort_unstable();
        roles.system.dedup();
    }
    Ok(held)
}

/// The roles behind `keys`, whoever asks.
pub(crate) async fn held_by(tx: &Tx, keys: &[RoleKey]) -> Result<Held> {
    let (mut system, mut ids) = (Vec::new(), Vec::new());
    for key in sorted(keys.to_vec()) {
        match key {
            RoleKey::System(role) => system.push(role),
            RoleKey::Custom(id) => ids.push(id.uuid()),
        }
    }
    if ids.len() > MOST {
        return Err(Error::invalid("roles", format!("must be at most {MOST}")));
    }
    let mut custom = Vec::new();
    if !ids.is_empty() {
        let rows =
            tx.find::<custom_role::Entity>().filter(custom_role::Column::Id.is_in(ids.iter().copied()));
        let rows =
            rows.map(|select| select.lock_shared()).order_by_asc(custom_role::Column::NameKey).all().await?;
        if rows.len() < ids.len() {
            return Err(Error::not_found(RoleId::KIND));
        }
        custom = rows.into_iter().map(CustomRole::of).collect();
    }
    Ok(Held { system, custom })
}

/// As [`held_by`], without those that are there no more, and without holding on to any.
pub(crate) async fn known(db: &TenantDb, keys: &[RoleKey]) -> Result<Held> {
    let keys = sorted(keys.to_vec());
    let ids: Vec<Uuid> = keys.iter().filter_map(|key| key.custom()).map(RoleId::uuid).collect();
    let custom = match ids.is_empty() {
        true => Vec::new(),
        false => {
            let rows = db.find::<custom_role::Entity>().filter(custom_role::Column::Id.is_in(ids));
            rows.order_by_asc(custom_role::Column::NameKey)
                .all()
                .await?
                .into_iter()
                .map(CustomRole::of)
                .collect()
        }
    };
    Ok(Held { system: keys.iter().filter_map(|key| key.system()).collect(), custom })
}

impl Held {
    /// These and those of `other`.
    pub(crate) fn with(&self, other: &Self) -> Self {
        let mut all = Self::from([self.system.as_slice(), other.system.as_slice()].concat());
        all.custom.clone_from(&self.custom);
        all.custom.extend(other.without(self).custom);
        all
    }

    /// The roles among `keys`.
    pub(crate) fn among(&self, keys: &[RoleKey]) -> Self {
        let custom = self.custom.iter().filter(|role| keys.contains(&RoleKey::Custom(role.id)));
        let system = keys.iter().filter_map(|key| key.system()).collect::<Vec<_>>();
        Self { custom: custom.cloned().collect(), ..Self::from(system) }
    }

    /// Names for people: of system roles their keys.
    pub fn names(&self) -> Vec<String> {
        let system = self.system.iter().map(|role| role.as_str().to_owned());
        system.chain(self.custom.iter().map(|role| role.name.clone())).collect()
    }

    /// What of this `other` does not have.
    fn without(&self, other: &Self) -> Self {
        let system = self.system.iter().copied().filter(|role| !other.system.contains(role));
        let custom = self.custom.iter().filter(|role| other.custom.iter().all(|held| held.id != role.id));
        Self { system: system.collect(), custom: custom.cloned().collect() }
    }

    fn keys_sorted(&self) -> Vec<RoleKey> {
        sorted(self.keys())
    }
}

/// What a system role gives somebody who works for the shop.
pub(crate) fn staff_permissions(role: SystemRole) -> PermissionSet {
    if role.is_staff() { role.permissions() } else { PermissionSet::EMPTY }
}

/// Reads stored permissions. What another version has known and this one does not is not allowed, and neither is what
/// no shop can give, whatever an imported shop's rows say.
pub(crate) fn read_set(stored: &str) -> PermissionSet {
    let names: Vec<String> = serde_json::from_str(stored).unwrap_or_default();
    let grants = names.iter().filter_map(|name| Grant::parse(name).ok());
    grants.filter(|grant| grant.permission.scopes().contains(&grant.scope)).collect()
}

/// The mightiest first, each once.
fn sorted(mut roles: Vec<RoleKey>) -> Vec<RoleKey> {
    roles.sort_unstable();
    roles.dedup();
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        let id = RoleId::new();
        assert_eq!(RoleKey::parse("owner"), Ok(SystemRole::Owner.into()));
        assert_eq!(RoleKey::parse(&id.to_string()), Ok(id.into()));
        for bad in ["", "Owner", "nobody", &id.uuid().simple().to_string()] {
            assert!(RoleKey::parse(bad).is_err(), "{bad}");
        }
        let error = RoleKey::parse_all("roles", &["owner".into(), "x".into()]).unwrap_err();
        assert_eq!(error.fields()[0].field, "roles.1");
    }

    #[test]
    fn says_which_role_allows_what() {
        let clerk = CustomRole {
            id: RoleId::new(),
            name: "Clerk".into(),
            permissions: PermissionSet::EMPTY.with_own(Permission::ORDERS_READ).with(Permission::MEDIA_READ),
        };
        let held = Held { system: vec![SystemRole::Support, SystemRole::Customer], custom: vec![clerk] };
        let effective = held.effective();
        let from = |grant: Grant| {
            effective
                .iter()
                .find(|it| it.grant.permission == grant.permission)
                .map(|it| (it.grant.scope, it.from.clone()))
        };
        assert_eq!(
            from(Permission::ORDERS_READ.into()),
            Some((primitives::Scope::All, vec!["support".to_owned()]))
        );
        assert_eq!(
            from(Permission::COMMENTS_CREATE.into()),
            Some((primitives::Scope::Own, vec!["customer".to_owned()]))
        );
        assert_eq!(
            from(Permission::MEDIA_READ.into()),
            Some((primitives::Scope::All, vec!["Clerk".to_owned()]))
        );
        assert!(!held.permissions().contains(Permission::COMMENTS_CREATE));
        assert_eq!(Held::from(vec![SystemRole::Customer]).permissions(), PermissionSet::EMPTY);
    }

    #[test]
    fn permissions_of_another_version_or_of_the_platform_are_not_allowed() {
        let set = read_set(r#"["orders:read","orders:teleport","x","tenants:create","posts:read:own"]"#);
        assert_eq!(set, PermissionSet::EMPTY.with(Permission::ORDERS_READ));
        assert!(read_set("nonsense").is_empty());
    }
}
