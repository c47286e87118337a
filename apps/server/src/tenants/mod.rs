//! Tenants over GraphQL: the platform's people look after all of them, owners after their own.
//!
//! What spans several modules (samples, copies) comes together here; the rest is `identity::tenant`.

pub mod graphql;
mod http;

pub use http::rest;

use platform::Error;
use platform::surface::Entry;
use primitives::Permission;

/// Every door of this module.
///
/// Those of the platform ask for permissions that no role of a shop has, and answer in the tenant of the platform's people
/// only. They name tenants by slug: whoever may ask may know all of them.
pub fn surface() -> Vec<Entry> {
    vec![
        Entry::query("tenants", Permission::TENANTS_LIST),
        Entry::query("tenant", Permission::TENANTS_LIST),
        Entry::query("shopDomains", Permission::TENANTS_READ),
        Entry::rest("GET", "/api/v1/shop/export", Permission::TENANTS_EXPORT),
        Entry::rest("GET", "/api/v1/tenants/{slug}/export", Permission::TENANTS_MANAGE),
        Entry::rest("POST", "/api/v1/tenants/import", Permission::TENANTS_IMPORT),
        Entry::mutation("tenantCreate", Permission::TENANTS_CREATE),
        Entry::mutation("tenantRename", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantSuspend", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantResume", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantDelete", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantRestore", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantClone", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantDomainAdd", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantDomainVerify", Permission::TENANTS_MANAGE),
        Entry::mutation("tenantDomainRemove", Permission::TENANTS_MANAGE),
        Entry::mutation("shopRename", Permission::TENANTS_UPDATE),
        Entry::mutation("shopDelete", Permission::TENANTS_DELETE),
        Entry::mutation("shopDomainAdd", Permission::TENANTS_UPDATE),
        Entry::mutation("shopDomainVerify", Permission::TENANTS_UPDATE),
        Entry::mutation("shopDomainRemove", Permission::TENANTS_UPDATE),
    ]
}

/// What a transfer says, as the platform's own error; its words are for whoever asked.
fn plain(error: anyhow::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(other) => Error::conflict(format!("{other:#}")),
    }
}
