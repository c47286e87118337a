//! A provider as it describes itself, and the calls to it. Every call goes through [`outbound`].
//!
//! Description and keys are kept for an hour, one load at a time whoever asks; a key that is not known is looked for
//! again, at most once a minute.

use moka::future::Cache;
use moka::ops::compute::Op;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGrantType, CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse,
};
use openidconnect::url::{Host, Url};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    StandardErrorResponse, TokenResponse as _,
};
use outbound::{Call, Outbound, OutboundError};
use platform::{App, Error, Result};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a description is good.
const KEPT: Duration = Duration::from_secs(3600);
/// How long a provider that did not answer is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// How often keys are looked for again at most.
const AGAIN: Duration = Duration::from_secs(60);
/// Providers whose descriptions are kept at once.
const REMEMBERED: u64 = 1_000;
/// How ID tokens may be signed. Nothing that the client's secret could sign, and nothing unsigned.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 2] =
    [CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EcdsaP256Sha256];

/// What a description says beside what the library reads.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Extra {
    code_challenge_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why a provider is of no use, in words for whoever set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerError {
    /// It calls itself something else.
    OtherName,
    /// Anything else that is wrong with it.
    Useless(String),
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName => f.write_str("is not what this provider calls itself"),
            Self::Useless(why) => f.write_str(why),
        }
    }
}

/// Our account at a provider.
pub(crate) struct Client<'c> {
    /// What the provider knows us by.
    pub(crate) id: &'c str,
    /// What proves that it is us.
    pub(crate) secret: Zeroizing<String>,
    /// Where it sends browsers back to.
    pub(crate) redirect_uri: &'c str,
}

/// What binds an answer to the question.
pub(crate) struct Binding {
    /// Comes back in the ID token.
    pub(crate) nonce: String,
    /// Is shown with the code (RFC 7636).
    pub(crate) verifier: String,
}

/// Who a provider says that somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// What never changes there.
    pub(crate) subject: String,
    /// The address, as it is written there.
    pub(crate) email: Option<String>,
    /// Whether the provider has verified it.
    pub(crate) verified: bool,
}

/// Why an ID token is not believed.
#[derive(Debug)]
pub(crate) enum Disbelief {
    /// It is signed with a key that the provider has not shown us.
    UnknownKey,
    /// It is wrong.
    Wrong(String),
}

/// What a provider thinks of our account there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Client id and secret are right.
    Accepted,
    /// They are not.
    Refused,
    /// Its answer does not say.
    Unknown,
}

/// A provider, as it has described itself.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    metadata: Metadata,
    fetched_at: Timestamp,
}

impl Peer {
    /// Asks the provider for its description and its keys.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) async fn discover(app: &App, issuer: &str) -> Result<Self, PeerError> {
        let useless = |why: &str| PeerError::Useless(why.to_owned());
        let named = IssuerUrl::new(issuer.to_owned()).map_err(|_| useless("is no address"))?;
        let http = caller(app).map_err(|error| PeerError::Useless(error.message().to_owned()))?;
        let fetched_at = app.clock().now();
        let metadata = Metadata::discover_async(named, &http).await.map_err(|error| described(&error))?;
        let peer = Self { metadata, fetched_at };
        peer.check()?;
        Ok(peer)
    }

    /// Whether this is a provider that we can sign people in with, safely.
    fn check(&self) -> Result<(), PeerError> {
        let useless = |why: &str| Err(PeerError::Useless(why.to_owned()));
        let of = &self.metadata;
        let Some(token_endpoint) = of.token_endpoint() else { return useless("names no token endpoint") };
        let addresses = [of.authorization_endpoint().url(), token_endpoint.url(), of.jwks_uri().url()];
        if !addresses.into_iter().all(is_secure) {
            return useless("names addresses without https");
        }
        let code = |types: &[CoreResponseType]| matches!(types, [CoreResponseType::Code]);
        if !of.response_types_supported().iter().any(|types| code(types)) {
            return useless("does not offer the authorisation code flow");
        }
        let signs = of.id_token_signing_alg_values_supported();
        if !ALGORITHMS.iter().any(|algorithm| signs.contains(algorithm)) {
            return useless("signs ID tokens with neither RS256 nor ES256");
        }
        let challenges = &of.additional_metadata().code_challenge_methods_supported;
        if challenges.as_ref().is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
            return useless("does not take PKCE with S256");
        }
        if self.way_of_proof().is_none() {
            return useless("takes client secrets neither as client_secret_basic nor as client_secret_post");
        }
        Ok(())
    }

    /// How the client's secret is shown.
    fn way_of_proof(&self) -> Option<AuthType> {
        let Some(methods) = self.metadata.token_endpoint_auth_methods_supported() else {
            return Some(AuthType::BasicAuth);
        };
        let has = |method| methods.contains(&method);
        if has(CoreClientAuthMethod::ClientSecretBasic) {
            Some(AuthType::BasicAuth)
        } else {
            has(CoreClientAuthMethod::ClientSecretPost).then_some(AuthType::RequestBody)
        }
    }

    /// What the provider calls itself.
    pub(crate) fn issuer(&self) -> &str {
        self.metadata.issuer()
    }

    /// Where browsers are sent to sign in.
    pub(crate) fn authorization_endpoint(&self) -> &str {
        self.metadata.authorization_endpoint()
    }

    /// Whether an answer that says from whom it comes says the truth (RFC 9207); one that should say so has to.
    pub(crate) fn is_from_here(&self, iss: Option<&str>) -> bool {
        let says = self.metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match iss {
            Some(iss) => iss == self.issuer(),
            None => says != Some(true),
        }
    }

    /// Where to send a browser that wants to sign in.
    ///
    /// # Errors
    /// When our own address is none.
    pub(crate) fn sign_in_address(
        &self,
        client: &Client<'_>,
        state: String,
        binding: &Binding,
    ) -> Result<String> {
        let ours = CoreClient::from_provider_metadata(
            self.metadata.clone(),
            ClientId::new(client.id.to_owned()),
            None,
        )
        .set_redirect_uri(redirect(client)?);
        let verifier = PkceCodeVerifier::new(binding.verifier.clone());
        let (nonce, state) = (Nonce::new(binding.nonce.clone()), CsrfToken::new(state));
        let (address, ..) = ours
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(address.into())
    }

    /// Takes the code to the provider for an ID token.
    ///
    /// # Errors
    /// What the provider had against it.
    pub(crate) async fn exchange(
        &self,
        app: &App,
        client: &Client<'_>,
        code: &str,
        binding: &Binding,
    ) -> Result<CoreIdToken, PeerError> {
        let answer = self.ask_for_token(app, client, code, &binding.verifier).await.map_err(|error| {
            PeerError::Useless(match error {
                Asked::Refused(RequestTokenError::ServerResponse(answer)) => {
                    format!("refused the code: {}", answer.error().as_ref())
                }
                Asked::Refused(RequestTokenError::Request(error)) => error.to_string(),
                Asked::Refused(_) => "answered something else than a token".to_owned(),
                Asked::Not(error) => error.message().to_owned(),
            })
        })?;
        let none = || PeerError::Useless("gave no ID token".to_owned());
        answer.id_token().cloned().ok_or_else(none)
    }

    /// Asks for a token with a code that nobody was given: whoever knows us says that the code is wrong, whoever does not
    /// says that we are.
    pub(crate) async fn standing(&self, app: &App, client: &Client<'_>, binding: &Binding) -> Standing {
        let asked = self.ask_for_token(app, client, "no-such-code", &binding.verifier).await;
        match asked {
            Err(Asked::Refused(RequestTokenError::ServerResponse(answer))) => match answer.error() {
                CoreErrorResponseType::InvalidGrant => Standing::Accepted,
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    Standing::Refused
                }
                _ => Standing::Unknown,
            },
            _ => Standing::Unknown,
        }
    }

    async fn ask_for_token(
        &self,
        app: &App,
        client: &Client<'_>,
        code: &str,
        verifier: &str,
    ) -> Result<CoreTokenResponse, Asked> {
        let secret = ClientSecret::new(client.secret.as_str().to_owned());
        let ours = CoreClient::from_provider_metadata(
            self.metadata.clone(),
            ClientId::new(client.id.to_owned()),
            Some(secret),
        )
        .set_redirect_uri(redirect(client).map_err(Asked::Not)?)
        .set_auth_type(self.way_of_proof().unwrap_or(AuthType::BasicAuth));
        let http = caller(app).map_err(Asked::Not)?;
        let request = ours
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Asked::Not(Error::internal(error)))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        request.request_async(&http).await.map_err(Asked::Refused)
    }

    /// Believes an ID token, or not: issuer, audience, algorithm, signature, time and nonce.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn believe(
        &self,
        client: &Client<'_>,
        token: &CoreIdToken,
        binding: &Binding,
        now: Timestamp,
    ) -> Result<Claims, Disbelief> {
        let now = now.date_time();
        // As a client without a secret: a token that the secret signs is none.
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(client.id.to_owned()),
            self.metadata.issuer().clone(),
            self.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now);
        let nonce = Nonce::new(binding.nonce.clone());
        let claims = token.claims(&verifier, &nonce).map_err(|error| match error {
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
                Disbelief::UnknownKey
            }
            other => Disbelief::Wrong(other.to_string()),
        })?;
        if claims.authorized_party().is_some_and(|party| party.as_str() != client.id) {
            return Err(Disbelief::Wrong("it was made for another client".to_owned()));
        }
        let subject = claims.subject().as_str().to_owned();
        // OpenID Connect Core 1.0, section 2: at most 255 ASCII characters.
        if subject.is_empty() || 255 < subject.len() {
            return Err(Disbelief::Wrong("its subject is none".to_owned()));
        }
        Ok(Claims {
            subject,
            email: claims.email().map(|email| email.as_str().to_owned()),
            verified: claims.email_verified() == Some(true),
        })
    }
}

/// Why there is no token.
enum Asked {
    /// We could not ask.
    Not(Error),
    /// The provider's answer was none.
    Refused(RequestTokenError<OutboundError, StandardErrorResponse<CoreErrorResponseType>>),
}

/// What providers have said of themselves; one per process. What is kept is public and says from whom it comes, so shops
/// share it.
pub(crate) struct Peers {
    known: Cache<String, Arc<Peer>>,
    silent: Cache<String, PeerError>,
}

impl Peers {
    pub(crate) fn of(app: &App) -> Arc<Self> {
        app.state(|| Self {
            known: Cache::builder().max_capacity(REMEMBERED).time_to_live(KEPT).build(),
            silent: Cache::builder().max_capacity(REMEMBERED).time_to_live(LEFT_ALONE).build(),
        })
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// As [`Peer::discover`]; a provider that has just failed is not asked again for some seconds.
    pub(crate) async fn get(&self, app: &App, issuer: &str) -> Result<Arc<Peer>, PeerError> {
        if let Some(peer) = self.known.get(issuer).await {
            return Ok(peer);
        }
        self.not_silent(issuer).await?;
        let load = async { Peer::discover(app, issuer).await.map(Arc::new) };
        let loaded = self.known.try_get_with(issuer.to_owned(), load).await;
        match loaded {
            Ok(peer) => Ok(peer),
            Err(error) => Err(self.noted(issuer, PeerError::clone(&error)).await),
        }
    }

    /// Asks the provider now, for whoever sets it up.
    ///
    /// # Errors
    /// As [`Peer::discover`].
    pub(crate) async fn look(&self, app: &App, issuer: &str) -> Result<Arc<Peer>, PeerError> {
        let peer = Arc::new(Peer::discover(app, issuer).await?);
        self.known.insert(issuer.to_owned(), peer.clone()).await;
        self.silent.invalidate(issuer).await;
        Ok(peer)
    }

    /// The provider with newer keys than `old` has; `None` when that was fetched a moment ago.
    ///
    /// # Errors
    /// As [`Peers::get`]; `old` is kept then.
    pub(crate) async fn newer(&self, app: &App, old: &Peer) -> Result<Option<Arc<Peer>>, PeerError> {
        let issuer = old.issuer();
        self.not_silent(issuer).await?;
        let now = app.clock().now();
        // One at a time: whoever comes second finds what the first has fetched.
        let looked = self.known.entry(issuer.to_owned()).and_try_compute_with(async |entry| {
            let young = entry.is_some_and(|entry| now.since(entry.value().fetched_at) < AGAIN);
            if young {
                return Ok(Op::Nop);
            }
            Peer::discover(app, issuer).await.map(|peer| Op::Put(Arc::new(peer)))
        });
        match looked.await {
            Ok(done) => {
                let current = done.into_entry().map(moka::Entry::into_value);
                Ok(current.filter(|peer| old.fetched_at < peer.fetched_at))
            }
            Err(error) => Err(self.noted(issuer, error).await),
        }
    }

    async fn not_silent(&self, issuer: &str) -> Result<(), PeerError> {
        match self.silent.get(issuer).await {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    async fn noted(&self, issuer: &str, error: PeerError) -> PeerError {
        self.silent.insert(issuer.to_owned(), error.clone()).await;
        error
    }
}

/// Whether a provider may be at this address: HTTPS, or this machine, which [`outbound`] opens for tests only.
pub(crate) fn is_secure(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

fn redirect(client: &Client<'_>) -> Result<RedirectUrl> {
    RedirectUrl::new(client.redirect_uri.to_owned()).map_err(Error::internal)
}

type Answering = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send>>;

/// The library's way out.
fn caller(app: &App) -> Result<impl Fn(HttpRequest) -> Answering + Send + Sync + use<>> {
    let outbound = Outbound::of(app)?;
    Ok(move |request: HttpRequest| -> Answering {
        let outbound = outbound.clone();
        Box::pin(async move { call(&outbound, request).await })
    })
}

async fn call(outbound: &Outbound, request: HttpRequest) -> Result<HttpResponse, OutboundError> {
    let (head, body) = request.into_parts();
    let url = Url::parse(&head.uri.to_string()).ok().filter(is_secure);
    let url = url.ok_or_else(|| OutboundError::Refused("it is not https".to_owned()))?;
    let call = Call { method: head.method, headers: head.headers, body, ..Call::get(url) };
    let answer = outbound.send(call).await?;
    let mut response = HttpResponse::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

fn described(error: &DiscoveryError<OutboundError>) -> PeerError {
    PeerError::Useless(match error {
        DiscoveryError::Validation(_) => return PeerError::OtherName,
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, ..) => {
            format!("gives no description: it answered {}", status.as_u16())
        }
        DiscoveryError::Parse(error) => {
            let why: String = error.inner().to_string().chars().take(200).collect();
            format!("gives no description that can be read: {why}")
        }
        _ => "gives no description".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_speak_https_or_are_on_this_machine() {
        for good in [
            "https://id.example",
            "https://id.example:8443/x",
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://localhost:5000/realms/x",
        ] {
            assert!(is_secure(&Url::parse(good).unwrap()), "{good}");
        }
        for bad in [
            "http://id.example",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "ftp://id.example",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert!(!is_secure(&Url::parse(bad).unwrap()), "{bad}");
        }
    }
}
