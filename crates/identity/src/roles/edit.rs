//! The shop's own roles: make, change, delete, list.

use super::entity::{custom_role, holder};
use super::event::RoleEvent;
use super::{Held, MOST, RoleKey, insert, may_assign, may_grant, read_set, roles_of, staff_permissions};
use crate::entity::user;
use crate::event::IdentityEvent;
use crate::session;
use events::Emit;
use platform::{Ctx, Error, Result, TenantDb, Tx};
use primitives::{
    ErrorCode, FieldError, Grant, Permission, PermissionSet, RoleId, SystemRole, Timestamp, UserId,
};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, QuerySelect, Set};
use std::collections::HashMap;
use uuid::Uuid;

/// People whose roles one deletion changes.
const MOST_MOVED: usize = 1_000;

/// A role of either kind, as its readers get it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleView {
    /// Its key.
    pub key: RoleKey,
    /// For people; of a system role its key.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// What its holders may do.
    pub permissions: PermissionSet,
    /// How many people hold it.
    pub holders: u64,
    /// Rises with every change; 0 for system roles, which never change.
    pub version: i64,
    /// When it was last changed; `None` for system roles.
    pub updated_at: Option<Timestamp>,
}

/// What a role is to be.
#[derive(Clone, Debug)]
pub struct RoleInput {
    /// 1 to 64 characters on one line, unlike every other role's in any case.
    pub name: String,
    /// At most 500 characters.
    pub description: String,
    /// At least one.
    pub permissions: Vec<Grant>,
}

/// Makes a role.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `FORBIDDEN` for what the caller does not hold; `CONFLICT` when the name is
/// taken or the shop has too many roles.
pub async fn create(ctx: &Ctx, input: RoleInput) -> Result<RoleView> {
    let checked = Checked::read(input)?;
    may_grant(ctx, &checked.permissions)?;
    let id = RoleId::new();
    let stored = ctx
        .write(Permission::ROLES_CREATE, async |tx| {
            if tx.find::<custom_role::Entity>().count().await? >= MOST as u64 {
                return Err(Error::conflict(format!("a shop has at most {MOST} roles of its own")));
            }
            let now = ctx.now().millis();
            let row = tx
                .insert(custom_role::ActiveModel {
                    id: Set(id.uuid()),
                    name: Set(checked.name.clone()),
                    name_key: Set(checked.name_key.clone()),
                    description: Set(checked.description.clone()),
                    permissions: Set(checked.document()?),
                    version: Set(1),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                })
                .await?;
            tx.emit(RoleEvent::Created { role_id: id, permissions: checked.permissions }).await?;
            Ok(row)
        })
        .await;
    stored.map(|row| view(row, 0)).map_err(taken)
}

/// Changes a role. Whoever holds it may do what it says from now on: here at once, elsewhere within 5 s.
///
/// The caller has to hold what the role has allowed and what it is to allow: nobody widens or narrows what is mightier
/// than himself.
///
/// # Errors
/// As [`create`]; `NOT_FOUND`; `CONFLICT` when somebody else has changed it since `version`.
pub async fn update(ctx: &Ctx, id: RoleId, version: i64, input: RoleInput) -> Result<RoleView> {
    let checked = Checked::read(input)?;
    let stored = ctx
        .write(Permission::ROLES_UPDATE, async |tx| {
            let row = locked(tx, id).await?;
            let old = read_set(&row.permissions);
            may_grant(ctx, &old.union(checked.permissions))?;
            if row.version != version {
                return Err(Error::conflict("somebody else has changed this role"));
            }
            let changed: Vec<&'static str> = [
                ("name", row.name != checked.name),
                ("description", row.description != checked.description),
                ("permissions", old != checked.permissions),
            ]
            .into_iter()
            .filter(|(_, changed)| *changed)
            .map(|(name, _)| name)
            .collect();
            let holders = holders(tx, Some(id)).await?.remove(&id.uuid()).unwrap_or_default();
            if changed.is_empty() {
                return Ok((row, holders));
            }
            let row = tx
                .update(custom_role::ActiveModel {
                    id: Set(row.id),
                    name: Set(checked.name.clone()),
                    name_key: Set(checked.name_key.clone()),
                    description: Set(checked.description.clone()),
                    permissions: Set(checked.document()?),
                    version: Set(row.version + 1),
                    updated_at: Set(ctx.now().millis()),
                    ..Default::default()
                })
                .await?;
            tx.emit(RoleEvent::Updated { role_id: id, changed, old, new: checked.permissions }).await?;
            session::forget(tx)?;
            Ok((row, holders))
        })
        .await;
    stored.map(|(row, holders)| view(row, holders)).map_err(taken)
}

/// Deletes a role; its people get the roles of `move_to` instead. `None` refuses when there are any, an empty list
/// leaves them with what else they hold.
///
/// Gives back how many people were moved.
///
/// # Errors
/// `NOT_FOUND` for this role or one of `move_to`; `CONFLICT` at `moveTo` when it is held and nothing was said;
/// `FORBIDDEN` for what the caller does not hold.
pub async fn delete(ctx: &Ctx, id: RoleId, move_to: Option<Vec<RoleKey>>) -> Result<u64> {
    if move_to.as_ref().is_some_and(|roles| roles.contains(&RoleKey::Custom(id))) {
        return Err(Error::invalid("moveTo", "must be other roles than the one that is deleted"));
    }
    ctx.write(Permission::ROLES_DELETE, async |tx| {
        // People before roles, as everybody locks them; once the role is locked nobody gets it any more.
        locked_holders(tx, id).await?;
        let row = locked(tx, id).await?;
        let permissions = read_set(&row.permissions);
        may_grant(ctx, &permissions)?;
        let people = locked_holders(tx, id).await?;
        if people.len() > MOST_MOVED {
            return Err(Error::conflict(format!("more than {MOST_MOVED} people hold this role")));
        }
        // What is said has to be right, whether or not anybody is there to move.
        let target = match &move_to {
            // Giving roles is a right of its own, beside deleting one.
            Some(roles) if !roles.is_empty() => Some(may_assign(ctx, tx, roles).await?),
            Some(_) => Some(Held::default()),
            None => None,
        };
        match target {
            _ if people.is_empty() => {}
            Some(target) => move_people(tx, ctx, id, &people, &target).await?,
            None => {
                let hold = if people.len() == 1 {
                    "1 person holds".to_owned()
                } else {
                    format!("{} people hold", people.len())
                };
                return Err(Error::conflict(format!("{hold} this role: say which roles they get instead"))
                    .with_field("moveTo", "say which roles its people get instead"));
            }
        }
        tx.delete_many::<custom_role::Entity>().filter(custom_role::Column::Id.eq(id.uuid())).exec().await?;
        tx.emit(RoleEvent::Deleted { role_id: id, permissions }).await?;
        session::forget(tx)?;
        Ok(people.len() as u64)
    })
    .await
}

/// The holders of a role, and no more than one too many; nobody else changes their roles until the end of the write.
async fn locked_holders(tx: &Tx, id: RoleId) -> Result<Vec<Uuid>> {
    let people: Vec<Uuid> = tx
        .find::<holder::Entity>()
        .filter(holder::Column::RoleId.eq(id.uuid()))
        .limit(MOST_MOVED as u64 + 1)
        .columns([holder::Column::UserId])
        .await?;
    if (1..=MOST_MOVED).contains(&people.len()) {
        tx.find::<user::Entity>()
            .filter(user::Column::Id.is_in(people.iter().copied()))
            .order_by_asc(user::Column::Id)
            .map(|select| select.lock(LockType::NoKeyUpdate))
            .columns::<Uuid>([user::Column::Id])
            .await?;
    }
    Ok(people)
}

/// Takes the role from its holders, who are locked, and gives them what they lack of `target`: what else they hold is
/// not touched.
async fn move_people(tx: &Tx, ctx: &Ctx, id: RoleId, people: &[Uuid], target: &Held) -> Result<()> {
    let mut held = roles_of(tx, people).await?;
    tx.delete_many::<holder::Entity>().filter(holder::Column::RoleId.eq(id.uuid())).exec().await?;
    let (mut missing, mut events) = (Vec::with_capacity(people.len()), Vec::with_capacity(people.len()));
    for person in people {
        let user_id = UserId::from_uuid(*person);
        let mut held = held.remove(person).unwrap_or_default();
        let old = held.keys_sorted();
        held.custom.retain(|role| role.id != id);
        let lacks = target.without(&held);
        held.system.extend(&lacks.system);
        held.custom.extend(lacks.custom.iter().cloned());
        missing.push((user_id, lacks));
        events.push(IdentityEvent::UserRoleChanged { user_id, old, new: held.keys_sorted() });
    }
    insert(tx, ctx, &missing).await?;
    tx.emit_all(events).await.map(|_| ())
}

/// Every role: those that all shops have, the mightiest first, then the shop's own by name. Three statements.
///
/// # Errors
/// `FORBIDDEN` without `roles:list`.
pub async fn list(ctx: &Ctx) -> Result<Vec<RoleView>> {
    let db = ctx.read(Permission::ROLES_LIST).await?;
    let own = db.find::<custom_role::Entity>().order_by_asc(custom_role::Column::NameKey);
    let own = own.limit(MOST as u64).all().await?;
    let (system, custom) = (system_holders(&db).await?, holders(&db, None).await?);
    let system =
        SystemRole::ALL.map(|role| system_view(role, system.get(role.as_str()).copied().unwrap_or(0)));
    let own = own.into_iter().map(|row| {
        let holders = custom.get(&row.id).copied().unwrap_or(0);
        view(row, holders)
    });
    Ok(system.into_iter().chain(own).collect())
}

/// A role by its key.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn get(ctx: &Ctx, key: RoleKey) -> Result<RoleView> {
    let db = ctx.read(Permission::ROLES_READ).await?;
    match key {
        RoleKey::System(role) => {
            Ok(system_view(role, system_holders(&db).await?.get(role.as_str()).copied().unwrap_or(0)))
        }
        RoleKey::Custom(id) => {
            let row = db.get::<custom_role::Entity>(id.uuid()).await?;
            let holders = holders(&db, Some(id)).await?.remove(&id.uuid()).unwrap_or(0);
            Ok(view(row, holders))
        }
    }
}

fn system_view(role: SystemRole, holders: u64) -> RoleView {
    let permissions = if role.is_staff() { staff_permissions(role) } else { role.permissions().narrowed() };
    RoleView {
        key: role.into(),
        name: role.as_str().to_owned(),
        description: String::new(),
        permissions,
        holders,
        version: 0,
        updated_at: None,
    }
}

fn view(row: custom_role::Model, holders: u64) -> RoleView {
    RoleView {
        key: RoleId::from_uuid(row.id).into(),
        permissions: read_set(&row.permissions),
        name: row.name,
        description: row.description,
        holders,
        version: row.version,
        updated_at: Some(Timestamp::from_millis(row.updated_at)),
    }
}

async fn locked(tx: &Tx, id: RoleId) -> Result<custom_role::Model> {
    let row = tx.find::<custom_role::Entity>().filter(custom_role::Column::Id.eq(id.uuid()));
    let row = row.map(|select| select.lock_exclusive()).one().await?;
    row.ok_or_else(|| Error::not_found(RoleId::KIND))
}

/// How many people hold each role of the shop's own, or the one.
async fn holders(db: &TenantDb, id: Option<RoleId>) -> Result<HashMap<Uuid, u64>> {
    let which = if id.is_some() { " AND role_id = ?" } else { "" };
    let sql = format!(
        "SELECT role_id, count(*) AS n FROM user_custom_role WHERE tenant_id = {{tenant}}{which} GROUP BY role_id"
    );
    let rows = db.raw_all(&sql, id.iter().map(|id| id.uuid().into()).collect()).await?;
    rows.iter().map(|row| Ok((row.try_get("", "role_id")?, number(row.try_get("", "n")?)))).collect()
}

async fn system_holders(db: &TenantDb) -> Result<HashMap<String, u64>> {
    let sql = "SELECT role, count(*) AS n FROM user_role WHERE tenant_id = {tenant} GROUP BY role";
    let rows = db.raw_all(sql, Vec::new()).await?;
    rows.iter().map(|row| Ok((row.try_get("", "role")?, number(row.try_get("", "n")?)))).collect()
}

fn number(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// Characters without a width, and those that turn the direction of others: two names that look the same would differ
/// by them.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{3164}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Two roles of one name are told apart by nobody.
fn taken(error: Error) -> Error {
    if error.code() == ErrorCode::Conflict && error.message() == "this already exists" {
        return Error::conflict("another role has this name").with_field("name", "is taken by another role");
    }
    error
}

/// A role that is about to be stored, parsed.
struct Checked {
    name: String,
    name_key: String,
    description: String,
    permissions: PermissionSet,
}

impl Checked {
    fn read(input: RoleInput) -> Result<Self> {
        let mut wrong = Vec::new();
        let name = input.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name_key = name.to_lowercase();
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            wrong.push(FieldError::new("name", "must have 1 to 64 characters on one line"));
        } else if name.chars().any(is_unseen) {
            wrong.push(FieldError::new("name", "has a character that nobody sees: write it anew"));
        } else if SystemRole::ALL.iter().any(|role| role.as_str() == name_key.replace([' ', '-'], "_")) {
            wrong.push(FieldError::new("name", "is the name of a role that every shop has"));
        }
        let description = input.description.trim().to_owned();
        if description.chars().count() > 500 || description.contains('\0') {
            wrong.push(FieldError::new("description", "must have at most 500 characters"));
        }
        if input.permissions.is_empty() {
            wrong.push(FieldError::new("permissions", "must be at least one"));
        }
        for (n, grant) in input.permissions.iter().enumerate() {
            let permission = grant.permission;
            match permission.scopes() {
                [] => wrong.push(FieldError::new(
                    format!("permissions.{n}.permission"),
                    format!("{permission} is the platform's, no shop gives it"),
                )),
                scopes if !scopes.contains(&grant.scope) => wrong.push(FieldError::new(
                    format!("permissions.{n}.scope"),
                    format!("{permission} cannot be limited to the own things, only given for all"),
                )),
                _ => {}
            }
        }
        if !wrong.is_empty() {
            return Err(Error::invalid_fields(wrong));
        }
        let permissions = input.permissions.into_iter().collect();
        Ok(Self { name, name_key, description, permissions })
    }

    fn document(&self) -> Result<String> {
        serde_json::to_string(&self.permissions).map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, permissions: &[Grant]) -> Result<Checked> {
        let input =
            RoleInput { name: name.into(), description: String::new(), permissions: permissions.to_vec() };
        Checked::read(input)
    }

    #[test]
    fn a_role_has_a_name_of_its_own_and_allows_something() {
        let some = [Permission::ORDERS_READ.into()];
        let checked = read("  Front   desk ", &some).unwrap();
        assert_eq!((checked.name.as_str(), checked.name_key.as_str()), ("Front desk", "front desk"));
        for bad in [
            "",
            "  ",
            "Owner",
            "super admin",
            "Super-Admin",
            "a\u{7}b",
            &"x".repeat(65),
            "Ow\u{200B}ner",
            "\u{202E}renwo",
            "Desk\u{FEFF}",
            "\u{2066}Desk",
        ] {
            assert_eq!(read(bad, &some).err().unwrap().fields()[0].field, "name", "{bad}");
        }
        assert_eq!(read("Desk", &[]).err().unwrap().fields()[0].field, "permissions");
    }

    #[test]
    fn a_scope_that_no_door_knows_is_refused() {
        let error =
            read("Desk", &[Grant::own(Permission::ORDERS_READ), Grant::own(Permission::POSTS_UPDATE)]);
        let error = error.err().unwrap();
        assert_eq!(error.fields()[0].field, "permissions.1.scope");
        assert!(error.message().contains("posts:update cannot be limited to the own things"), "{error}");
        let platform = read("Desk", &[Grant::all(Permission::TENANTS_CREATE)]).err().unwrap();
        assert_eq!(platform.fields()[0].field, "permissions.0.permission");
        for permission in Permission::ALL {
            let offered = read("Desk", &[Grant::own(*permission)]).is_ok();
            assert_eq!(offered, Permission::OWNABLE.contains(permission), "{permission}");
        }
    }
}
