//! Who: tenants and their domains, people, roles, sessions, tokens.
//!
//! Read in this order: [`door`] (what the host asks about every request), [`mod@resolve`] and [`directory`] (which
//! tenant), [`session`] and [`token`] (who), [`signin`], [`security`] (what keeps an account its owner's), [`tenant`] and
//! [`user`] (use cases), [`roles`] (who may do what) and [`api_key`], [`oidc`] (sign-in through other providers), [`recovery`] and [`invitation`] (what goes by
//! mail), [`modules`] (what a shop has switched on), [`idempotency`], [`audit`] (who did what).

mod allowance;
pub mod api_key;
pub mod audit;
mod csrf;
pub mod directory;
pub mod door;
mod entity;
pub mod erase;
pub mod event;
pub mod graphql;
mod guess;
mod http;
pub mod idempotency;
pub mod invitation;
mod jobs;
mod module;
pub mod modules;
pub mod oidc;
mod one_time;
mod password;
pub mod people;
pub mod recovery;
pub mod resolve;
pub mod roles;
pub mod security;
pub mod session;
pub mod signin;
pub mod tenant;
pub mod token;
pub mod user;
pub mod vault;
pub mod view;
pub mod watch;

pub use allowance::{Allowance, of_visitor as visitor_allowance};
pub use directory::{check_config, tenant_of};
pub use door::{Authenticated, Resolved, ShopBase, Visit, authenticate, check_origin, resolve};
pub use event::IdentityEvent;
pub use guess::{Attempt, Guesses};
pub use http::rest;
pub use jobs::{jobs, sweep};
pub use module::module;
pub use session::sign_out;
pub use signin::{Credentials, SignedIn, Step, first_step, second_step, sign_in};
pub use user::{NewUser, Registration, register};
pub use watch::watch;

use platform::module::Feature;
use platform::surface::Entry;
use platform::{Access, App};
use primitives::Permission;

/// How many passwords this process has hashed or compared so far: the dear part of signing in.
pub fn password_work(app: &App) -> u64 {
    password::Hasher::of(app).computed()
}

/// Every door of this module.
pub fn surface() -> Vec<Entry> {
    let mut entries = vec![
        Entry::query("me", Access::Public),
        Entry::query("shop", Access::Public),
        Entry::query("users", Permission::USERS_LIST),
        Entry::query("user", Permission::USERS_READ).id("id", "user"),
        Entry::query("roles", Permission::ROLES_LIST),
        Entry::query("role", Permission::ROLES_READ).id("id", "role"),
        Entry::query("permissions", Access::SignedIn),
        Entry::query("mySessions", Access::SignedIn),
        Entry::mutation("signIn", Access::Public),
        Entry::mutation("signOut", Access::Public),
        Entry::mutation("register", Access::Public).feature(Feature::CustomerAccounts),
        Entry::mutation("changePassword", Access::SignedIn),
        Entry::mutation("updateProfile", Access::SignedIn),
        Entry::mutation("revokeSession", Access::SignedIn).id("input.id", "session"),
        Entry::mutation("createUser", Permission::USERS_CREATE).id("input.roles", "role"),
        Entry::mutation("setUserRoles", Permission::ROLES_MANAGE)
            .id("input.id", "user")
            .id("input.roles", "role"),
        Entry::mutation("createRole", Permission::ROLES_CREATE),
        Entry::mutation("updateRole", Permission::ROLES_UPDATE).id("input.id", "role"),
        Entry::mutation("deleteRole", Permission::ROLES_DELETE)
            .id("input.id", "role")
            .id("input.moveTo", "role"),
        Entry::mutation("setUserStatus", Permission::USERS_UPDATE).id("input.id", "user"),
        Entry::mutation("updateShop", Permission::SETTINGS_UPDATE),
        Entry::mutation("requestEmailVerification", Access::SignedIn),
        Entry::mutation("verifyEmail", Access::Public),
        Entry::mutation("requestPasswordReset", Access::Public),
        Entry::mutation("resetPassword", Access::Public),
        Entry::mutation("requestAddressChange", Access::SignedIn),
        Entry::mutation("confirmAddressChange", Access::Public),
        Entry::query("invitations", Permission::USERS_LIST),
        Entry::query("invited", Access::Public),
        Entry::mutation("inviteStaff", Permission::USERS_CREATE).id("input.roles", "role"),
        Entry::mutation("resendInvitation", Permission::USERS_CREATE).id("input.id", "invitation"),
        Entry::mutation("revokeInvitation", Permission::USERS_CREATE).id("input.id", "invitation"),
        Entry::mutation("acceptInvitation", Access::Public),
        Entry::query("apiKeys", Permission::API_KEYS_LIST),
        Entry::mutation("createApiKey", Permission::API_KEYS_CREATE),
        Entry::mutation("renameApiKey", Permission::API_KEYS_UPDATE).id("input.id", "api_key"),
        Entry::mutation("revokeApiKey", Permission::API_KEYS_DELETE).id("input.id", "api_key"),
        Entry::rest("POST", "/api/v1/auth/register", Access::Public).feature(Feature::CustomerAccounts),
        Entry::rest("POST", "/api/v1/auth/sign-in", Access::Public),
        Entry::rest("POST", "/api/v1/auth/sign-out", Access::Public),
        Entry::rest("POST", "/api/v1/auth/token", Access::Public),
        Entry::rest("GET", "/api/v1/me", Access::SignedIn),
    ];
    entries.extend(audit::surface());
    entries.extend(security::surface());
    entries.extend(oidc::surface());
    entries.extend(modules::surface());
    entries
}
