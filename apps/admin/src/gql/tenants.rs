//! Tenants of the platform, and the hosts of the own shop.

use super::{DateTime, PageInfo, schema};

/// Where a tenant stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TenantStatus {
    Active,
    Suspended,
    Deleted,
    Purging,
    Filling,
}

impl TenantStatus {
    /// Values in the address.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Active, "active"),
        (Self::Suspended, "suspended"),
        (Self::Deleted, "deleted"),
        (Self::Purging, "purging"),
        (Self::Filling, "filling"),
    ];

    /// The state that the address names.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == key).map(|(status, _)| *status)
    }

    /// Tone and word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("good", "Open"),
            Self::Suspended => ("warning", "Suspended"),
            Self::Deleted => ("off", "Deleted"),
            Self::Purging => ("danger", "Being deleted"),
            Self::Filling => ("info", "Being filled"),
        }
    }
}

/// Variables of [`Tenants`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct TenantsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub query: Option<String>,
    pub status: Option<TenantStatus>,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "TenantsVariables")]
pub struct Tenants {
    /// The rows.
    #[arguments(first: $first, after: $after, query: $query, status: $status)]
    pub tenants: TenantRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "TenantConnection")]
pub struct TenantRows {
    /// By slug.
    pub nodes: Vec<TenantRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit the search.
    pub total_count: i32,
}

/// One line of the table.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Tenant")]
#[allow(missing_docs)]
pub struct TenantRow {
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
    pub currency: String,
    pub hosts: Vec<String>,
    pub created_at: DateTime,
    pub purge_at: Option<DateTime>,
}

/// Variables of [`TenantBySlug`].
#[derive(cynic::QueryVariables, Debug)]
pub struct SlugVariables {
    /// Which tenant.
    pub slug: String,
}

/// One tenant.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "SlugVariables")]
pub struct TenantBySlug {
    /// Nothing when there is none.
    #[arguments(slug: $slug)]
    pub tenant: Option<Tenant>,
}

/// A tenant with its hosts.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Tenant {
    pub id: cynic::Id,
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
    pub locale: String,
    pub currency: String,
    pub country: String,
    pub domains: Vec<TenantDomain>,
    pub created_at: DateTime,
    pub purge_at: Option<DateTime>,
}

/// A host of a shop.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TenantDomain {
    pub host: String,
    pub verified: bool,
    pub record_name: String,
    pub record_value: String,
}

/// The own shop's hosts.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct ShopDomains {
    /// Proved or not.
    pub shop_domains: Vec<TenantDomain>,
}

/// The first person of a shop.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct TenantOwnerInput {
    /// Address.
    pub email: String,
    /// May be absent.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Without one it is set later.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A new tenant.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct TenantCreateInput {
    pub slug: String,
    pub name: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    pub currency: String,
    pub country: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub owner: Option<TenantOwnerInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub sample: Option<bool>,
}

/// Which tenant.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct TenantInput {
    /// Its slug.
    pub slug: String,
}

/// Another name.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct TenantRenameInput {
    pub slug: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub new_slug: Option<String>,
}

/// Which tenant to close, and why.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct TenantSuspendInput {
    pub slug: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Which tenant to delete.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct TenantDeleteInput {
    /// Its slug.
    pub slug: String,
    /// Its slug, typed.
    pub confirm: String,
}

/// Which tenant to copy, and where to.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct TenantCloneInput {
    pub slug: String,
    pub new_slug: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub owner: Option<TenantOwnerInput>,
}

/// A host of a tenant.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct TenantDomainInput {
    pub slug: String,
    pub host: String,
}

/// A host of the own shop.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ShopDomainInput {
    /// The host.
    pub host: String,
}

/// The tenant as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct TenantPayload {
    /// Enough to go there.
    pub tenant: TenantRow,
}

/// The host as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DomainPayload {
    /// The host.
    pub domain: TenantDomain,
}

/// The host is gone.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DomainRemovedPayload {
    /// Always true.
    pub removed: bool,
}

mutations! {
    /// Opens a shop.
    TenantCreate("TenantCreateVariables", TenantCreateVariables: TenantCreateInput) -> tenant_create: TenantPayload;
    /// Renames one.
    TenantRename("TenantRenameVariables", TenantRenameVariables: TenantRenameInput) -> tenant_rename: TenantPayload;
    /// Closes one.
    TenantSuspend("TenantSuspendVariables", TenantSuspendVariables: TenantSuspendInput) -> tenant_suspend: TenantPayload;
    /// Opens one again.
    TenantResume("TenantResumeVariables", TenantResumeVariables: TenantInput) -> tenant_resume: TenantPayload;
    /// Deletes one.
    TenantDelete("TenantDeleteVariables", TenantDeleteVariables: TenantDeleteInput) -> tenant_delete: TenantPayload;
    /// Has one back.
    TenantRestore("TenantRestoreVariables", TenantRestoreVariables: TenantInput) -> tenant_restore: TenantPayload;
    /// Copies one.
    TenantClone("TenantCloneVariables", TenantCloneVariables: TenantCloneInput) -> tenant_clone: TenantPayload;
    /// Names a host.
    TenantDomainAdd("TenantDomainAddVariables", TenantDomainAddVariables: TenantDomainInput) -> tenant_domain_add: DomainPayload;
    /// Looks for its proof.
    TenantDomainVerify("TenantDomainVerifyVariables", TenantDomainVerifyVariables: TenantDomainInput) -> tenant_domain_verify: DomainPayload;
    /// Takes it away.
    TenantDomainRemove("TenantDomainRemoveVariables", TenantDomainRemoveVariables: TenantDomainInput) -> tenant_domain_remove: DomainRemovedPayload;
    /// Names a host of the own shop.
    ShopDomainAdd("ShopDomainAddVariables", ShopDomainAddVariables: ShopDomainInput) -> shop_domain_add: DomainPayload;
    /// Looks for its proof.
    ShopDomainVerify("ShopDomainVerifyVariables", ShopDomainVerifyVariables: ShopDomainInput) -> shop_domain_verify: DomainPayload;
    /// Takes it away.
    ShopDomainRemove("ShopDomainRemoveVariables", ShopDomainRemoveVariables: ShopDomainInput) -> shop_domain_remove: DomainRemovedPayload;
}
