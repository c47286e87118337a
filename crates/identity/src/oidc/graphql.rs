//! GraphQL of this room: parse, call, map.

use super::provider::{self, Findings, ProviderInput, ProviderView};
use super::{flow, link, peer};
use crate::graphql::visit_of;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure, parse_id};
use primitives::{OidcLinkId, OidcProviderId};

/// Which providers there are.
#[derive(Default)]
pub struct OidcQuery;

/// Sets providers up and signs in with them.
#[derive(Default)]
pub struct OidcMutation;

#[Object]
impl OidcQuery {
    /// The providers with which the staff may sign in, by name.
    async fn sign_in_providers(&self, context: &Context<'_>) -> Result<Vec<SignInProvider>> {
        let offered = provider::offered(ctx_of(context)?).await.map_err(failure)?;
        Ok(offered.into_iter().map(|(id, name)| SignInProvider { id: ID(id.to_string()), name }).collect())
    }

    /// How sign-in through providers is set up.
    async fn oidc_settings(&self, context: &Context<'_>) -> Result<OidcSettings> {
        let settings = provider::settings(ctx_of(context)?, visit_of(context)?).await.map_err(failure)?;
        Ok(OidcSettings {
            available: settings.available,
            redirect_uri: settings.redirect_uri,
            providers: settings.providers.into_iter().map(OidcProvider::from).collect(),
        })
    }

    /// My accounts at providers, the oldest first.
    async fn oidc_links(&self, context: &Context<'_>) -> Result<Vec<OidcLink>> {
        let links = link::list(ctx_of(context)?).await.map_err(failure)?;
        Ok(links.into_iter().map(OidcLink::from).collect())
    }
}

#[Object]
impl OidcMutation {
    /// Begins a sign-in with a provider: send the browser to `url`. A cookie binds the sign-in to this browser.
    async fn start_oidc_sign_in(
        &self,
        context: &Context<'_>,
        input: StartOidcSignInInput,
    ) -> Result<StartOidcSignInPayload> {
        let id = parse_id(&input.provider_id, OidcProviderId::KIND)?;
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        let started = flow::start(ctx, id, &input.to, visit).await.map_err(failure)?;
        context.append_http_header("set-cookie", started.cookie);
        Ok(StartOidcSignInPayload { url: started.url })
    }

    /// Trusts a provider, after a look at how it describes itself.
    async fn create_oidc_provider(
        &self,
        context: &Context<'_>,
        input: CreateOidcProviderInput,
    ) -> Result<OidcProviderPayload> {
        let CreateOidcProviderInput { issuer, name, client_id, client_secret, domains, enabled } = input;
        let client_secret = Some(client_secret);
        let new = ProviderInput { name, client_id, client_secret, domains, enabled };
        let made = provider::create(ctx_of(context)?, &issuer, new).await.map_err(failure)?;
        Ok(OidcProviderPayload { provider: made.into() })
    }

    /// Changes a provider; its issuer stays. With another client id its people are linked anew.
    async fn update_oidc_provider(
        &self,
        context: &Context<'_>,
        input: UpdateOidcProviderInput,
    ) -> Result<OidcProviderPayload> {
        let id = parse_id(&input.id, OidcProviderId::KIND)?;
        let UpdateOidcProviderInput { version, name, client_id, client_secret, domains, enabled, .. } = input;
        let change = ProviderInput { name, client_id, client_secret, domains, enabled };
        let changed = provider::update(ctx_of(context)?, id, i64::from(version), change).await;
        Ok(OidcProviderPayload { provider: changed.map_err(failure)?.into() })
    }

    /// Looks at a provider, and asks it what it thinks of client id and secret.
    async fn test_oidc_provider(
        &self,
        context: &Context<'_>,
        input: OidcProviderInput,
    ) -> Result<TestOidcProviderPayload> {
        let id = parse_id(&input.id, OidcProviderId::KIND)?;
        let (ctx, visit) = (ctx_of(context)?, visit_of(context)?);
        Ok(provider::test(ctx, id, visit).await.map_err(failure)?.into())
    }

    /// Trusts a provider no more. Open sessions stay open.
    async fn delete_oidc_provider(
        &self,
        context: &Context<'_>,
        input: OidcProviderInput,
    ) -> Result<DeleteOidcProviderPayload> {
        let id = parse_id(&input.id, OidcProviderId::KIND)?;
        provider::delete(ctx_of(context)?, id).await.map_err(failure)?;
        Ok(DeleteOidcProviderPayload { deleted: true })
    }

    /// Takes one of my accounts at providers away, and ends my other sessions.
    async fn unlink_oidc(&self, context: &Context<'_>, input: UnlinkOidcInput) -> Result<UnlinkOidcPayload> {
        let id = parse_id(&input.id, OidcLinkId::KIND)?;
        link::unlink(ctx_of(context)?, id, visit_of(context)?).await.map_err(failure)?;
        Ok(UnlinkOidcPayload { unlinked: true })
    }
}

/// A provider that one may choose.
#[derive(SimpleObject)]
struct SignInProvider {
    /// Key.
    id: ID,
    /// What stands on the button.
    name: String,
}

/// How sign-in through providers is set up.
#[derive(SimpleObject)]
struct OidcSettings {
    /// Whether this host can have it at all: it needs a lasting key.
    available: bool,
    /// What has to be registered at a provider, for this address of the shop.
    redirect_uri: String,
    /// The providers by name.
    providers: Vec<OidcProvider>,
}

/// A provider, without its secret.
#[derive(SimpleObject)]
struct OidcProvider {
    /// Key.
    id: ID,
    /// What stands on the button.
    name: String,
    /// Its name in the protocol, an address.
    issuer: String,
    /// What it knows us by.
    client_id: String,
    /// Addresses in these domains only; all when empty.
    domains: Vec<String>,
    /// Whether people may sign in with it.
    enabled: bool,
    /// Whether the client secret can be opened; else it has to be written again.
    usable: bool,
    /// People who have signed in with it.
    linked_count: i32,
    /// Changes with every change.
    version: i32,
    /// When it was set up.
    created_at: DateTime,
    /// When it was changed last.
    updated_at: DateTime,
}

impl From<ProviderView> for OidcProvider {
    fn from(view: ProviderView) -> Self {
        Self {
            id: ID(view.id.to_string()),
            name: view.name,
            issuer: view.issuer,
            client_id: view.client_id,
            domains: view.domains,
            enabled: view.enabled,
            usable: view.usable,
            linked_count: i32::try_from(view.linked).unwrap_or(i32::MAX),
            version: i32::try_from(view.version).unwrap_or(i32::MAX),
            created_at: DateTime(view.created_at),
            updated_at: DateTime(view.updated_at),
        }
    }
}

/// One of my accounts at providers.
#[derive(SimpleObject)]
struct OidcLink {
    /// Key.
    id: ID,
    /// Name of the provider.
    provider: String,
    /// The address there when it was used last; may be empty.
    email: String,
    /// When it was linked.
    created_at: DateTime,
    /// When it opened my account last.
    last_used_at: DateTime,
}

impl From<link::LinkView> for OidcLink {
    fn from(view: link::LinkView) -> Self {
        Self {
            id: ID(view.id.to_string()),
            provider: view.provider,
            email: view.email,
            created_at: DateTime(view.created_at),
            last_used_at: DateTime(view.last_used_at),
        }
    }
}

/// With which provider, and where it leads.
#[derive(InputObject)]
struct StartOidcSignInInput {
    /// The provider.
    provider_id: ID,
    /// Path of the admin to come back to, from its own beginning: `/orders`.
    #[graphql(default)]
    to: String,
}

/// A sign-in that has begun.
#[derive(SimpleObject)]
struct StartOidcSignInPayload {
    /// Where the browser goes.
    url: String,
}

/// A provider that is to be trusted.
#[derive(InputObject)]
struct CreateOidcProviderInput {
    /// What it calls itself: an address that begins with `https://`.
    issuer: String,
    /// What stands on the button, 1 to 64 characters.
    name: String,
    /// What it knows us by.
    client_id: String,
    /// What proves that it is us.
    #[graphql(secret)]
    client_secret: String,
    /// Addresses in these domains only; all when empty.
    #[graphql(default)]
    domains: Vec<String>,
    /// Whether people may sign in with it.
    #[graphql(default = true)]
    enabled: bool,
}

/// A provider as it is to be.
#[derive(InputObject)]
struct UpdateOidcProviderInput {
    /// The provider.
    id: ID,
    /// The version that was changed.
    version: i32,
    /// What stands on the button, 1 to 64 characters.
    name: String,
    /// What it knows us by.
    client_id: String,
    /// What proves that it is us; the one that is stored when not given.
    #[graphql(secret)]
    client_secret: Option<String>,
    /// Addresses in these domains only; all when empty.
    domains: Vec<String>,
    /// Whether people may sign in with it.
    enabled: bool,
}

/// A provider.
#[derive(SimpleObject)]
struct OidcProviderPayload {
    /// As it is now.
    provider: OidcProvider,
}

/// Which provider.
#[derive(InputObject)]
struct OidcProviderInput {
    /// The provider.
    id: ID,
}

/// What a provider thinks of client id and secret.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "peer::Standing")]
enum OidcStanding {
    /// They are right.
    Accepted,
    /// They are not.
    Refused,
    /// Its answer does not say.
    Unknown,
}

/// What a look at a provider found.
#[derive(SimpleObject)]
struct TestOidcProviderPayload {
    /// What is wrong with it; null when it is good.
    problem: Option<String>,
    /// Where it would send people to sign in.
    authorization_endpoint: Option<String>,
    /// What it thinks of client id and secret.
    standing: OidcStanding,
}

impl From<Findings> for TestOidcProviderPayload {
    fn from(found: Findings) -> Self {
        Self {
            problem: found.problem,
            authorization_endpoint: found.authorization_endpoint,
            standing: found.standing.into(),
        }
    }
}

/// The provider is gone.
#[derive(SimpleObject)]
struct DeleteOidcProviderPayload {
    /// Always true.
    deleted: bool,
}

/// Which of my accounts at providers.
#[derive(InputObject)]
struct UnlinkOidcInput {
    /// The link.
    id: ID,
}

/// The link is gone.
#[derive(SimpleObject)]
struct UnlinkOidcPayload {
    /// Always true.
    unlinked: bool,
}
