//! Who may do what: the team, roles, API keys.

use super::catalog::IdVariablesFields;
use super::{DateTime, PageInfo, schema};

/// With whose things something may be done.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionScope {
    /// The person's own.
    Own,
    /// Everybody's.
    All,
}

/// A permission that exists.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct PermissionInfo {
    /// `orders:read`.
    pub name: String,
    /// `orders`.
    pub resource: String,
    /// `read`.
    pub action: String,
    /// The scopes in which it can be given.
    pub scopes: Vec<PermissionScope>,
    /// The scope in which the person in front of the screen holds it.
    pub held: Option<PermissionScope>,
}

/// Everything that can be allowed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Permissions {
    /// In a fixed order.
    pub permissions: Vec<PermissionInfo>,
}

/// A permission as a role gives it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct PermissionGrant {
    /// `orders:read`.
    pub permission: String,
    /// With whose things.
    pub scope: PermissionScope,
}

/// A role.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Role {
    pub id: cynic::Id,
    pub name: String,
    pub description: String,
    pub system: bool,
    pub grants: Vec<PermissionGrant>,
    pub holder_count: i32,
    pub grantable: bool,
    pub version: i32,
}

impl Role {
    /// The name in words.
    pub fn words(&self) -> String {
        if self.system { role_words(&self.name) } else { self.name.clone() }
    }
}

/// A system role in words: `super_admin` is "Super admin".
pub fn role_words(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Every role.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Roles {
    /// System roles first.
    pub roles: Vec<Role>,
}

/// One role, with everything that can be allowed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct RoleById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub role: Option<Role>,
    /// In a fixed order.
    pub permissions: Vec<PermissionInfo>,
}

/// A permission to give.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
pub struct GrantInput {
    /// `orders:read`.
    pub permission: String,
    /// With whose things.
    pub scope: PermissionScope,
}

/// A new role.
#[derive(cynic::InputObject, Debug)]
#[allow(missing_docs)]
pub struct CreateRoleInput {
    pub name: String,
    pub description: String,
    pub permissions: Vec<GrantInput>,
}

/// A role as it is to be.
#[derive(cynic::InputObject, Debug)]
#[allow(missing_docs)]
pub struct UpdateRoleInput {
    pub id: cynic::Id,
    pub version: i32,
    pub name: String,
    pub description: String,
    pub permissions: Vec<GrantInput>,
}

/// A role that goes.
#[derive(cynic::InputObject, Debug)]
pub struct DeleteRoleInput {
    /// Which.
    pub id: cynic::Id,
    /// What its people get instead.
    pub move_to: Option<Vec<String>>,
}

/// The role as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct RolePayload {
    /// With the change.
    pub role: Role,
}

/// It is gone.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DeleteRolePayload {
    /// How many people have other roles now.
    pub moved_people: i32,
}

/// A page of the team.
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct TeamVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub query: Option<String>,
    pub role: Option<String>,
}

/// People who work for the shop.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "TeamVariables")]
pub struct Team {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, query: $query, role: $role, staff: true)]
    pub users: TeamRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "UserConnection")]
pub struct TeamRows {
    /// In order.
    pub nodes: Vec<Member>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// Whether a person may sign in.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// May.
    Active,
    /// May not.
    Disabled,
}

/// A role of the shop's own.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct AssignedRole {
    /// Key.
    pub id: cynic::Id,
    /// For people.
    pub name: String,
}

/// Somebody with roles.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "User")]
#[allow(missing_docs)]
pub struct Member {
    pub id: cynic::Id,
    pub email: String,
    pub name: String,
    pub status: UserStatus,
    pub roles: Vec<String>,
    pub custom_roles: Vec<AssignedRole>,
    pub last_sign_in_at: Option<DateTime>,
}

impl Member {
    /// Name, or address when there is none.
    pub fn title(&self) -> String {
        if self.name.trim().is_empty() { self.email.clone() } else { self.name.clone() }
    }

    /// Keys of all roles.
    pub fn keys(&self) -> Vec<String> {
        let own = self.custom_roles.iter().map(|role| role.id.inner().to_owned());
        self.roles.iter().cloned().chain(own).collect()
    }

    /// All roles in words.
    pub fn role_words(&self) -> String {
        let own = self.custom_roles.iter().map(|role| role.name.clone());
        let words: Vec<String> = self.roles.iter().map(|name| role_words(name)).chain(own).collect();
        words.join(", ")
    }
}

/// A permission that somebody has, and where from.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct EffectivePermission {
    /// `orders:read`.
    pub permission: String,
    /// With whose things.
    pub scope: PermissionScope,
    /// Names of the roles that say so.
    pub from: Vec<String>,
}

/// A person with what the roles add up to.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "User")]
pub struct MemberDetail {
    /// The person.
    #[cynic(spread)]
    pub member: Member,
    /// With what `manage` implies.
    pub effective_permissions: Vec<EffectivePermission>,
}

/// One person, every role, and everything that can be allowed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct MemberById {
    /// Nobody when there is none.
    #[arguments(id: $id)]
    pub user: Option<MemberDetail>,
    /// In a fixed order.
    pub permissions: Vec<PermissionInfo>,
}

/// Other roles for a person.
#[derive(cynic::InputObject, Debug)]
pub struct SetUserRolesInput {
    /// Who.
    pub id: cynic::Id,
    /// Keys of all roles.
    pub roles: Vec<String>,
}

/// Opens or closes an account.
#[derive(cynic::InputObject, Debug)]
pub struct SetUserStatusInput {
    /// Whose.
    pub id: cynic::Id,
    /// What it is to be.
    pub status: UserStatus,
}

/// The person as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "UserPayload")]
pub struct MemberPayload {
    /// With the change.
    pub user: Member,
}

/// Whether a key opens anything.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ApiKeyState {
    Active,
    Expired,
    Revoked,
    Suspended,
}

impl ApiKeyState {
    /// Tone and words.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("good", "Active"),
            Self::Expired => ("neutral", "Expired"),
            Self::Revoked => ("neutral", "Revoked"),
            Self::Suspended => ("warning", "Maker’s account is closed"),
        }
    }
}

/// A key of a program, without its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ApiKey {
    pub id: cynic::Id,
    pub name: String,
    pub prefix: String,
    pub permissions: Vec<String>,
    pub effective_permissions: Vec<String>,
    pub state: ApiKeyState,
    pub created_by: String,
    pub created_at: DateTime,
    pub expires_at: Option<DateTime>,
    pub last_used_at: Option<DateTime>,
}

/// Whether revoked keys are wanted too.
#[derive(cynic::QueryVariables, Debug)]
pub struct ApiKeysVariables {
    /// They are.
    pub revoked: bool,
}

/// The shop's keys.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "ApiKeysVariables")]
pub struct ApiKeys {
    /// Newest first.
    #[arguments(revoked: $revoked)]
    pub api_keys: Vec<ApiKey>,
}

/// A new key.
#[derive(cynic::InputObject, Debug)]
#[allow(missing_docs)]
pub struct CreateApiKeyInput {
    pub name: String,
    pub permissions: Vec<String>,
    pub expires_at: Option<DateTime>,
}

/// A key and what opens with it.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CreateApiKeyPayload {
    /// The whole key, this once.
    pub secret: String,
}

/// Another name for a key.
#[derive(cynic::InputObject, Debug)]
#[allow(missing_docs)]
pub struct RenameApiKeyInput {
    pub id: cynic::Id,
    pub name: String,
}

/// A key that ends.
#[derive(cynic::InputObject, Debug)]
#[allow(missing_docs)]
pub struct RevokeApiKeyInput {
    pub id: cynic::Id,
}

/// The key as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ApiKeyPayload {
    /// With the change.
    pub api_key: ApiKey,
}

super::mutations! {
    /// Makes a role.
    CreateRole("CreateRoleVariables", CreateRoleVariables: CreateRoleInput) -> create_role: RolePayload;
    /// Changes a role.
    UpdateRole("UpdateRoleVariables", UpdateRoleVariables: UpdateRoleInput) -> update_role: RolePayload;
    /// Deletes a role.
    DeleteRole("DeleteRoleVariables", DeleteRoleVariables: DeleteRoleInput) -> delete_role: DeleteRolePayload;
    /// Replaces somebody's roles.
    SetUserRoles("SetUserRolesVariables", SetUserRolesVariables: SetUserRolesInput)
        -> set_user_roles: MemberPayload;
    /// Opens or closes an account.
    SetUserStatus("SetUserStatusVariables", SetUserStatusVariables: SetUserStatusInput)
        -> set_user_status: MemberPayload;
    /// Makes a key.
    CreateApiKey("CreateApiKeyVariables", CreateApiKeyVariables: CreateApiKeyInput)
        -> create_api_key: CreateApiKeyPayload;
    /// Gives a key another name.
    RenameApiKey("RenameApiKeyVariables", RenameApiKeyVariables: RenameApiKeyInput)
        -> rename_api_key: ApiKeyPayload;
    /// Ends a key.
    RevokeApiKey("RevokeApiKeyVariables", RevokeApiKeyVariables: RevokeApiKeyInput)
        -> revoke_api_key: ApiKeyPayload;
}
