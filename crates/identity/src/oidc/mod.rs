//! Sign-in of staff through other providers: OpenID Connect, the authorisation code flow with PKCE.
//!
//! A shop trusts providers ([`provider`]); what they say of themselves is fetched and kept for a while ([`peer`]). A
//! sign-in is bound to the browser that began it and good once ([`flow`]). An account at a provider opens the one
//! account here that it was linked to, by issuer and subject; the first time the verified address finds that account
//! ([`link`]). Nobody gets an account this way, and no customer comes in.

pub(crate) mod entity;
pub mod event;
pub mod flow;
pub mod graphql;
pub mod http;
pub mod link;
pub mod peer;
pub mod provider;

use platform::Access;
use platform::surface::Entry;
use primitives::Permission;

/// Where providers send the browser back to, below the address of the shop.
pub const CALLBACK: &str = "/api/v1/auth/oidc/callback";

/// The doors of this room.
pub(crate) fn surface() -> Vec<Entry> {
    vec![
        Entry::query("signInProviders", Access::Public),
        Entry::query("oidcSettings", Permission::SETTINGS_READ),
        Entry::query("oidcLinks", Access::SignedIn),
        Entry::mutation("startOidcSignIn", Access::Public).id("input.providerId", "oidc_provider"),
        Entry::mutation("createOidcProvider", Permission::ROLES_MANAGE),
        Entry::mutation("updateOidcProvider", Permission::ROLES_MANAGE).id("input.id", "oidc_provider"),
        Entry::mutation("testOidcProvider", Permission::ROLES_MANAGE).id("input.id", "oidc_provider"),
        Entry::mutation("deleteOidcProvider", Permission::ROLES_MANAGE).id("input.id", "oidc_provider"),
        Entry::mutation("unlinkOidc", Access::SignedIn).id("input.id", "oidc_link"),
        Entry::rest("GET", CALLBACK, Access::Public),
    ]
}
