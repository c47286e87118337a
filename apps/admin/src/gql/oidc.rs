//! Sign-in through other providers.

use super::{DateTime, schema};

/// A provider that one may choose.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct SignInProvider {
    pub id: cynic::Id,
    pub name: String,
}

/// Those that one may choose.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct SignInProviders {
    /// By name.
    pub sign_in_providers: Vec<SignInProvider>,
}

/// A provider, without its secret.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OidcProvider {
    pub id: cynic::Id,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub domains: Vec<String>,
    pub enabled: bool,
    pub usable: bool,
    pub linked_count: i32,
    pub version: i32,
}

/// How it is set up.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct OidcSettings {
    /// Whether the host can have it.
    pub available: bool,
    /// What has to be registered at a provider.
    pub redirect_uri: String,
    /// By name.
    pub providers: Vec<OidcProvider>,
}

/// The settings.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Settings {
    /// How they stand.
    pub oidc_settings: OidcSettings,
}

/// One of my accounts at providers.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OidcLink {
    pub id: cynic::Id,
    pub provider: String,
    pub email: String,
    pub created_at: DateTime,
    pub last_used_at: DateTime,
}

/// My accounts at providers.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct MyLinks {
    /// The oldest first.
    pub oidc_links: Vec<OidcLink>,
    /// What else there is.
    pub sign_in_providers: Vec<SignInProvider>,
}

/// With which provider, and where it leads.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct StartOidcSignInInput {
    pub provider_id: cynic::Id,
    pub to: String,
}

/// Where the browser goes.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct StartOidcSignInPayload {
    pub url: String,
}

/// A new provider.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct CreateOidcProviderInput {
    pub issuer: String,
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    pub domains: Vec<String>,
    pub enabled: bool,
}

/// A provider as it is to be.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct UpdateOidcProviderInput {
    pub id: cynic::Id,
    pub version: i32,
    pub name: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub domains: Vec<String>,
    pub enabled: bool,
}

/// The provider as it is now.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct OidcProviderPayload {
    pub provider: OidcProvider,
}

/// Which provider.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct OidcProviderInput {
    pub id: cynic::Id,
}

/// What a provider thinks of client id and secret.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OidcStanding {
    /// They are right.
    Accepted,
    /// They are not.
    Refused,
    /// Its answer does not say.
    Unknown,
}

/// What a look at a provider found.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TestOidcProviderPayload {
    pub problem: Option<String>,
    pub authorization_endpoint: Option<String>,
    pub standing: OidcStanding,
}

/// It is gone.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct DeleteOidcProviderPayload {
    pub deleted: bool,
}

/// Which of mine.
#[derive(cynic::InputObject)]
#[allow(missing_docs)]
pub struct UnlinkOidcInput {
    pub id: cynic::Id,
}

/// It is gone.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct UnlinkOidcPayload {
    pub unlinked: bool,
}

super::mutations! {
    /// Begins a sign-in.
    StartSignIn("StartSignInVariables", StartSignInVariables: StartOidcSignInInput) -> start_oidc_sign_in: StartOidcSignInPayload;
    /// Trusts a provider.
    CreateProvider("CreateProviderVariables", CreateProviderVariables: CreateOidcProviderInput) -> create_oidc_provider: OidcProviderPayload;
    /// Changes a provider.
    UpdateProvider("UpdateProviderVariables", UpdateProviderVariables: UpdateOidcProviderInput) -> update_oidc_provider: OidcProviderPayload;
    /// Looks at a provider.
    TestProvider("TestProviderVariables", TestProviderVariables: OidcProviderInput) -> test_oidc_provider: TestOidcProviderPayload;
    /// Trusts a provider no more.
    DeleteProvider("DeleteProviderVariables", DeleteProviderVariables: OidcProviderInput) -> delete_oidc_provider: DeleteOidcProviderPayload;
    /// Takes one of my accounts at providers away.
    Unlink("UnlinkVariables", UnlinkVariables: UnlinkOidcInput) -> unlink_oidc: UnlinkOidcPayload;
}
