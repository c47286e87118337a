//! GraphQL of roles: parse, call, map.

use super::edit::{self, RoleInput, RoleView};
use super::{Held, RoleKey, may_grant, staff_permissions};
use crate::graphql::User;
use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure, parse_id};
use platform::{Access, Ctx, Error};
use primitives::{ErrorCode, Grant, Permission, PermissionSet, RoleId, Scope, SystemRole};

/// Roles and what can be allowed.
#[derive(Default)]
pub struct RolesQuery;

/// The shop's own roles.
#[derive(Default)]
pub struct RolesMutation;

#[Object]
impl RolesQuery {
    /// The roles that exist: those of every shop, the mightiest first, then the shop's own by name.
    async fn roles(&self, context: &Context<'_>) -> Result<Vec<Role>> {
        let ctx = ctx_of(context)?;
        let roles = edit::list(ctx).await.map_err(failure)?;
        Ok(roles.into_iter().map(|role| Role::of(role, ctx)).collect())
    }

    /// A role by its key: the name of a system role, or the id of one of the shop's own; null when there is none.
    async fn role(&self, context: &Context<'_>, id: ID) -> Result<Option<Role>> {
        let ctx = ctx_of(context)?;
        let Ok(key) = RoleKey::parse(&id) else { return Ok(None) };
        match edit::get(ctx, key).await {
            Ok(role) => Ok(Some(Role::of(role, ctx))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// Every permission that exists, with the scopes in which it can be given and the one in which I hold it.
    async fn permissions(&self, context: &Context<'_>) -> Result<Vec<PermissionInfo>> {
        let ctx = ctx_of(context)?;
        ctx.require(Access::SignedIn).map_err(failure)?;
        let held = ctx.permissions().unwrap_or(PermissionSet::everything());
        Ok(Permission::ALL.iter().map(|permission| PermissionInfo::of(*permission, &held)).collect())
    }
}

#[Object]
impl RolesMutation {
    /// Makes a role. Nobody can put into it what he does not hold.
    async fn create_role(&self, context: &Context<'_>, input: CreateRoleInput) -> Result<RolePayload> {
        let ctx = ctx_of(context)?;
        let CreateRoleInput { name, description, permissions } = input;
        let input = RoleInput { name, description, permissions: read(permissions).map_err(failure)? };
        Ok(RolePayload { role: Role::of(edit::create(ctx, input).await.map_err(failure)?, ctx) })
    }

    /// Changes a role for everybody who holds it.
    async fn update_role(&self, context: &Context<'_>, input: UpdateRoleInput) -> Result<RolePayload> {
        let ctx = ctx_of(context)?;
        let UpdateRoleInput { id, version, name, description, permissions } = input;
        let id: RoleId = parse_id(&id, RoleId::KIND)?;
        let input = RoleInput { name, description, permissions: read(permissions).map_err(failure)? };
        let role = edit::update(ctx, id, version.into(), input).await.map_err(failure)?;
        Ok(RolePayload { role: Role::of(role, ctx) })
    }

    /// Deletes a role. One that is held needs `moveTo`: what its people get instead, perhaps nothing.
    async fn delete_role(&self, context: &Context<'_>, input: DeleteRoleInput) -> Result<DeleteRolePayload> {
        let id: RoleId = parse_id(&input.id, RoleId::KIND)?;
        let to =
            input.move_to.map(|keys| RoleKey::parse_all("moveTo", &keys)).transpose().map_err(failure)?;
        let moved = edit::delete(ctx_of(context)?, id, to).await.map_err(failure)?;
        Ok(DeleteRolePayload { deleted: true, moved_people: i32::try_from(moved).unwrap_or(i32::MAX) })
    }
}

#[ComplexObject]
impl User {
    /// Everything that the roles add up to, with what `manage` implies, and which roles say so.
    #[graphql(complexity = "20 + 50 * child_complexity")]
    async fn effective_permissions(&self) -> Vec<EffectivePermission> {
        let effective = self.held.effective().into_iter();
        effective
            .map(|it| EffectivePermission {
                permission: it.grant.permission.name(),
                scope: it.grant.scope.into(),
                from: it.from,
            })
            .collect()
    }
}

fn read(permissions: Vec<GrantInput>) -> platform::Result<Vec<Grant>> {
    let parse = |(n, input): (usize, GrantInput)| {
        let permission = Permission::parse(&input.permission)
            .map_err(|error| Error::invalid(format!("permissions.{n}.permission"), error.to_string()))?;
        Ok(Grant { permission, scope: input.scope.into() })
    };
    permissions.into_iter().enumerate().map(parse).collect()
}

/// With whose things something may be done.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PermissionScope {
    /// With everybody's.
    All,
    /// With the person's own alone.
    Own,
}

impl From<Scope> for PermissionScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::All => Self::All,
            Scope::Own => Self::Own,
        }
    }
}

impl From<PermissionScope> for Scope {
    fn from(scope: PermissionScope) -> Self {
        match scope {
            PermissionScope::All => Self::All,
            PermissionScope::Own => Self::Own,
        }
    }
}

/// A permission that exists.
#[derive(SimpleObject)]
pub(crate) struct PermissionInfo {
    /// `orders:read`.
    name: String,
    /// `orders`.
    resource: &'static str,
    /// `read`.
    action: &'static str,
    /// The scopes in which it can be given.
    scopes: Vec<PermissionScope>,
    /// The scope in which I hold it and can give it; null: not at all.
    held: Option<PermissionScope>,
}

impl PermissionInfo {
    fn of(permission: Permission, held: &PermissionSet) -> Self {
        Self {
            name: permission.name(),
            resource: permission.resource().name(),
            action: permission.action().name(),
            scopes: permission.scopes().iter().map(|scope| (*scope).into()).collect(),
            held: held.scope_of(permission).map(PermissionScope::from),
        }
    }
}

/// A permission that somebody has, and where from.
#[derive(SimpleObject)]
pub(crate) struct EffectivePermission {
    /// `orders:read`.
    permission: String,
    /// With whose things.
    scope: PermissionScope,
    /// Names of the roles that say so.
    from: Vec<String>,
}

/// A permission as a role gives it.
#[derive(SimpleObject)]
pub(crate) struct PermissionGrant {
    /// `orders:read`.
    permission: String,
    /// With whose things.
    scope: PermissionScope,
}

/// A role and what it allows.
#[derive(SimpleObject)]
pub(crate) struct Role {
    /// Its key: the name of a system role, or the id of one of the shop's own.
    id: ID,
    /// For people.
    name: String,
    /// What it is for; may be empty.
    description: String,
    /// Whether every shop has it; such a role cannot be changed.
    system: bool,
    /// Permissions, as `resource:action`, with `:own` at the end for the own things alone.
    permissions: Vec<String>,
    /// The same with their scopes.
    grants: Vec<PermissionGrant>,
    /// How many people hold it.
    holder_count: i32,
    /// Whether I hold all that it allows, and so can give, change and delete it as far as my permissions let me.
    grantable: bool,
    /// Rises with every change; 0 for system roles.
    version: i32,
    /// When it was last changed; null for system roles.
    updated_at: Option<DateTime>,
}

impl Role {
    fn of(role: RoleView, ctx: &Ctx) -> Self {
        let given = match role.key {
            RoleKey::System(system) => staff_permissions(system),
            RoleKey::Custom(_) => role.permissions,
        };
        let platform = role.key == RoleKey::System(SystemRole::SuperAdmin);
        Self {
            id: ID(role.key.to_string()),
            name: role.name,
            description: role.description,
            system: matches!(role.key, RoleKey::System(_)),
            permissions: role.permissions.grants().map(Grant::name).collect(),
            grants: role
                .permissions
                .grants()
                .map(|grant| PermissionGrant {
                    permission: grant.permission.name(),
                    scope: grant.scope.into(),
                })
                .collect(),
            holder_count: i32::try_from(role.holders).unwrap_or(i32::MAX),
            grantable: !platform && may_grant(ctx, &given).is_ok(),
            version: i32::try_from(role.version).unwrap_or(i32::MAX),
            updated_at: role.updated_at.map(DateTime),
        }
    }
}

/// A role of the shop's own that somebody holds.
#[derive(SimpleObject)]
pub(crate) struct AssignedRole {
    /// Key.
    id: ID,
    /// For people.
    name: String,
}

impl AssignedRole {
    pub(crate) fn all(held: &Held) -> Vec<Self> {
        let of = |role: &super::CustomRole| Self { id: ID(role.id.to_string()), name: role.name.clone() };
        held.custom.iter().map(of).collect()
    }
}

/// A permission to give.
#[derive(InputObject)]
struct GrantInput {
    /// `orders:read`.
    permission: String,
    /// With whose things.
    #[graphql(default_with = "PermissionScope::All")]
    scope: PermissionScope,
}

/// A new role.
#[derive(InputObject)]
struct CreateRoleInput {
    /// 1 to 64 characters.
    name: String,
    /// What it is for.
    #[graphql(default)]
    description: String,
    /// At least one.
    permissions: Vec<GrantInput>,
}

/// A role as it is to be.
#[derive(InputObject)]
struct UpdateRoleInput {
    /// Key.
    id: ID,
    /// The version that was seen.
    version: i32,
    /// 1 to 64 characters.
    name: String,
    /// What it is for.
    #[graphql(default)]
    description: String,
    /// At least one.
    permissions: Vec<GrantInput>,
}

/// A role that goes.
#[derive(InputObject)]
struct DeleteRoleInput {
    /// Key.
    id: ID,
    /// Keys of the roles that its people get instead; empty: none.
    move_to: Option<Vec<String>>,
}

/// The role as it is now.
#[derive(SimpleObject)]
struct RolePayload {
    /// With the change.
    role: Role,
}

/// The role is gone.
#[derive(SimpleObject)]
struct DeleteRolePayload {
    /// Always true.
    deleted: bool,
    /// How many people have other roles now.
    moved_people: i32,
}
