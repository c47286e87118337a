//! A sign-in through a provider, from the button to the session.
//!
//! The browser that begins gets a cookie with a secret of which the database has the hash. From secret and state together
//! come the nonce and the verifier, so that a row of the database opens nothing, and an answer counts only in the browser
//! that asked, once, within ten minutes. The cookie is `Lax`: the answer comes from the provider's site, by `GET`. Cookies
//! that are `Strict` do not come along, so the flow remembers session and device itself.

use super::entity::{oidc_flow, oidc_provider};
use super::link::{self, Refusal};
use super::peer::{Binding, Claims, Client, Disbelief, Peer, Peers};
use super::provider::{self, Opened};
use crate::door::Visit;
use crate::guess::Guesses;
use crate::security::keys::{Keys, mac};
use crate::security::secret::Secret;
use crate::security::two_step::{self, Challenge};
use crate::session::set_cookie;
use crate::signin::{Browser, SignedIn};
use platform::{Access, Context, Ctx, Error, Result, TenantInfo, Tx};
use primitives::{ErrorCode, OidcProviderId, SessionId};
use sea_orm::{ColumnTrait, Set};
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// How long a person may take at the provider.
const FLOW: Duration = Duration::from_secs(10 * 60);
/// Sign-ins of one shop that may be under way at once.
const WAITING: u64 = 5_000;
/// Longest path to come back to.
const LONGEST_PATH: usize = 500;
/// Longest code, bytes.
const LONGEST_CODE: usize = 4_096;

/// A sign-in that has begun.
#[derive(Clone)]
pub struct Started {
    /// Where the browser goes.
    pub url: String,
    /// Value of the `Set-Cookie` header that binds it.
    pub cookie: String,
}

/// What a provider's redirect says.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// What we sent along.
    pub state: String,
    /// For the ID token.
    pub code: String,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who says so (RFC 9207).
    pub iss: Option<String>,
}

/// How a sign-in ended.
pub enum Finished {
    /// Inside; go on with this path of the admin.
    In(Box<SignedIn>, String),
    /// In front of the second step; go on with this path afterwards.
    Code(Challenge, String),
    /// Outside.
    Refused(Refusal),
}

/// Begins a sign-in: `to` is where in the admin it leads.
///
/// # Errors
/// `NOT_FOUND` for a provider that is not there or switched off; `BAD_USER_INPUT` at `to`; `RATE_LIMIT_EXCEEDED`;
/// `SERVICE_UNAVAILABLE` when the provider is of no use at the moment.
pub async fn start(ctx: &Ctx, id: OidcProviderId, to: &str, visit: &Visit) -> Result<Started> {
    Guesses::of(ctx.app()).provider(ctx.tenant_id(), visit.client, ctx.now())?;
    let to = local_path(to).ok_or_else(|| Error::invalid("to", "must be a path of the admin"))?;
    let row = {
        let db = ctx.read(Access::Public).await?;
        trusted(db.find_by_id::<oidc_provider::Entity>(id.uuid()).await?, ctx)
            .ok_or_else(|| Error::not_found(OidcProviderId::KIND))?
    };
    let away = || Error::unavailable("this provider cannot be reached at the moment");
    let Some(secret) = provider::open(ctx, &row) else {
        tracing::error!(provider.id = %row.id, "the secret of a sign-in provider cannot be opened");
        return Err(away());
    };
    let peer = Peers::of(ctx.app()).get(ctx.app(), &row.issuer).await.map_err(|error| {
        tracing::warn!(provider.id = %row.id, "a sign-in provider is of no use: it {error}");
        away()
    })?;
    let (state, browser) = (Secret::draw(), Secret::draw());
    let redirect_uri = provider::redirect_uri(visit);
    let client = Client { id: &row.client_id, secret: secret.plain, redirect_uri: &redirect_uri };
    let url = peer.sign_in_address(&client, state.text(), &binding(&browser, &state))?;
    let began = ctx.write(Access::Public, async |tx| {
        let now = ctx.now();
        tx.delete_many::<oidc_flow::Entity>()
            .filter(oidc_flow::Column::ExpiresAt.lte(now.millis()))
            .exec()
            .await?;
        if WAITING <= tx.find::<oidc_flow::Entity>().count().await? {
            return Err(Error::rate_limited(Duration::from_secs(60)));
        }
        tx.insert(oidc_flow::ActiveModel {
            id: Set(Uuid::now_v7()),
            provider_id: Set(row.id),
            state_hash: Set(state.hash().to_vec()),
            browser_hash: Set(browser.hash().to_vec()),
            redirect_uri: Set(redirect_uri.clone()),
            return_to: Set(to.to_owned()),
            session_id: Set(visit.session.map(SessionId::uuid)),
            created_at: Set(now.millis()),
            expires_at: Set((now + FLOW).millis()),
            ..Default::default()
        })
        .await
        .map(|_| ())
    });
    began.await.context("beginning a sign-in through a provider")?;
    let held = match &visit.device {
        Some(device) => format!("{}.{}", browser.text(), device.text()),
        None => browser.text(),
    };
    let name = cookie_name(ctx.tenant(), visit.secure);
    Ok(Started { url, cookie: set_cookie(&name, visit.secure, &held, FLOW.as_secs(), "Lax") })
}

/// Ends a sign-in with what the provider's redirect says, in a browser that shows `held`.
///
/// # Errors
/// Those of the database; whoever is not let in is no error.
pub async fn finish(ctx: &Ctx, answer: &Answer, held: Option<&str>, visit: &Visit) -> Result<Finished> {
    let refused = |why| Ok(Finished::Refused(why));
    let (state, browser) = (Secret::parse(&answer.state), held.and_then(Held::read));
    let (Some(state), Some(Held { browser, device })) = (state, browser) else {
        return refused(Refusal::Expired);
    };
    // What another site makes a browser ask for comes without the cookie, and is not counted against the browser.
    if Guesses::of(ctx.app()).answer(ctx.tenant_id(), visit.client, ctx.now()).is_err() {
        return refused(Refusal::Busy);
    }
    let Some((flow, row)) = take(ctx, &state, &browser).await? else { return refused(Refusal::Expired) };
    let (Some(row), None) = (trusted(row, ctx), &answer.error) else {
        let cancelled = matches!(answer.error.as_deref(), Some("access_denied" | "login_required"));
        return refused(if cancelled { Refusal::Cancelled } else { Refusal::Provider });
    };
    let Some(secret) = provider::open(ctx, &row) else { return refused(Refusal::Provider) };
    let claims = match ask(ctx, &row, &secret, &flow, answer, &binding(&browser, &state)).await {
        Ok(claims) => claims,
        Err(why) => {
            tracing::warn!(provider.id = %row.id, "a sign-in through a provider was refused: {why}");
            return refused(Refusal::Provider);
        }
    };
    let visit = Visit {
        session: visit.session.or(flow.session_id.map(SessionId::from_uuid)),
        device: visit.device.clone().or(device),
        ..visit.clone()
    };
    let entered = enter(ctx, &row, &secret, &claims, &visit).await;
    let step = match entered {
        // Somebody else was linked in the same moment.
        Err(error) if error.code() == ErrorCode::Conflict => return refused(Refusal::Expired),
        other => other.context("signing in through a provider")?,
    };
    Ok(match step {
        Step::In(signed_in) => Finished::In(signed_in, flow.return_to),
        Step::Code(person) => Finished::Code(two_step::challenge(ctx, &person).await?, flow.return_to),
        Step::Refused(why) => Finished::Refused(why),
    })
}

/// Name of the cookie; shops that share a host by path keep theirs apart.
pub(crate) fn cookie_name(tenant: &TenantInfo, secure: bool) -> String {
    format!("{}rustok_oidc_{}", if secure { "__Host-" } else { "" }, tenant.slug)
}

/// Value of the `Set-Cookie` header that clears the cookie.
pub(crate) fn cleared(ctx: &Ctx, visit: &Visit) -> String {
    set_cookie(&cookie_name(ctx.tenant(), visit.secure), visit.secure, "", 0, "Lax")
}

/// The flow of this state in this browser, which is over from now on, with its provider.
async fn take(
    ctx: &Ctx,
    state: &Secret,
    browser: &Secret,
) -> Result<Option<(oidc_flow::Model, Option<oidc_provider::Model>)>> {
    ctx.write(Access::Public, async |tx| {
        let flow = tx
            .find::<oidc_flow::Entity>()
            .filter(oidc_flow::Column::StateHash.eq(state.hash().to_vec()))
            .filter(oidc_flow::Column::BrowserHash.eq(browser.hash().to_vec()))
            .filter(oidc_flow::Column::ExpiresAt.gt(ctx.now().millis()))
            .one()
            .await?;
        let Some(flow) = flow else { return Ok(None) };
        let gone = tx.delete_many::<oidc_flow::Entity>().filter(oidc_flow::Column::Id.eq(flow.id)).exec();
        // Whoever came with it at the same time has it.
        if gone.await? == 0 {
            return Ok(None);
        }
        let row = tx.find_by_id::<oidc_provider::Entity>(flow.provider_id).await?;
        Ok(Some((flow, row)))
    })
    .await
}

/// A provider that people may sign in with.
fn trusted(row: Option<oidc_provider::Model>, ctx: &Ctx) -> Option<oidc_provider::Model> {
    row.filter(|row| row.enabled && Keys::of(ctx.app()).lasting())
}

/// Asks the provider who it is; gives back why not in words for the log.
async fn ask(
    ctx: &Ctx,
    row: &oidc_provider::Model,
    secret: &Opened,
    flow: &oidc_flow::Model,
    answer: &Answer,
    binding: &Binding,
) -> Result<Claims, String> {
    let code = answer.code.as_str();
    if code.is_empty() || LONGEST_CODE < code.len() {
        return Err("it sent no code".to_owned());
    }
    let (app, peers) = (ctx.app(), Peers::of(ctx.app()));
    let peer = peers.get(app, &row.issuer).await.map_err(|error| error.to_string())?;
    if !peer.is_from_here(answer.iss.as_deref()) {
        return Err("the answer is another provider's".to_owned());
    }
    let client =
        Client { id: &row.client_id, secret: secret.plain.clone(), redirect_uri: &flow.redirect_uri };
    let token = peer.exchange(app, &client, code, binding).await.map_err(|error| error.to_string())?;
    let believe = |peer: &Peer| peer.believe(&client, &token, binding, ctx.now());
    let believed = match believe(&peer) {
        Err(Disbelief::UnknownKey) => {
            match peers.newer(app, &peer).await.map_err(|error| error.to_string())? {
                Some(newer) => believe(&newer),
                None => Err(Disbelief::UnknownKey),
            }
        }
        other => other,
    };
    believed.map_err(|why| match why {
        Disbelief::UnknownKey => "the ID token is signed with a key that is not the provider's".to_owned(),
        Disbelief::Wrong(why) => why,
    })
}

enum Step {
    In(Box<SignedIn>),
    Code(crate::entity::user::Model),
    Refused(Refusal),
}

/// Finds the account and begins its session, or says that a code is owed first; all in one transaction.
async fn enter(
    ctx: &Ctx,
    row: &oidc_provider::Model,
    secret: &Opened,
    claims: &Claims,
    visit: &Visit,
) -> Result<Step> {
    let browser = Browser::new(ctx);
    ctx.write(Access::Public, async |tx: &Tx| {
        let person = match link::account(tx, ctx, row, claims).await? {
            Ok(person) => person,
            Err(why) => return Ok(Step::Refused(why)),
        };
        provider::keep_current(tx, ctx, row, secret).await?;
        if two_step::confirmed(tx, person.id).await?.is_some() {
            return Ok(Step::Code(person));
        }
        browser.begin(tx, ctx, &person, visit, false).await.map(|it| Step::In(Box::new(it)))
    })
    .await
}

/// What a browser holds while it is away: its secret, and the device that it is known as.
struct Held {
    browser: Secret,
    device: Option<Secret>,
}

impl Held {
    fn read(text: &str) -> Option<Self> {
        let (browser, device) = match text.split_once('.') {
            Some((browser, device)) => (browser, Some(device)),
            None => (text, None),
        };
        Some(Self { browser: Secret::parse(browser)?, device: device.and_then(Secret::parse) })
    }
}

/// Nonce and verifier of a flow: nobody makes them who has not both the browser's secret and the state.
fn binding(browser: &Secret, state: &Secret) -> Binding {
    let derive = |purpose: &[u8]| Secret::from_bytes(mac(browser.bytes(), &[state.bytes(), purpose])).text();
    Binding { nonce: derive(b"nonce"), verifier: derive(b"verifier") }
}

/// A path of the admin, below its own address: `/orders?page=2`. Nothing that leads to another site, or out of the admin.
fn local_path(text: &str) -> Option<&str> {
    let text = if text.is_empty() { "/" } else { text };
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
    let path = text.split('?').next().unwrap_or_default();
    let dots = |part: &str| {
        let part = part.to_ascii_lowercase().replace("%2e", ".");
        part == "." || part == ".."
    };
    let good = text.len() <= LONGEST_PATH
        && plain
        && text.starts_with('/')
        && !text.starts_with("//")
        && !path.split('/').any(dots);
    good.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_in_the_admin() {
        for good in ["/", "/orders", "/orders?status=paid&q=a%20b", "/products/0198", "/x?to=//evil.example"]
        {
            assert_eq!(local_path(good), Some(good), "{good}");
        }
        assert_eq!(local_path(""), Some("/"));
        for bad in [
            "//evil.example",
            "https://evil.example",
            "orders",
            "/\\evil.example",
            "/a\\b",
            "/../api",
            "/a/%2E%2e/b",
            "/a b",
            "/a\nSet-Cookie: x",
            "/a#x",
            "/é",
            &format!("/{}", "x".repeat(500)),
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_binding_takes_both_halves() {
        let (browser, state) = (Secret::draw(), Secret::draw());
        let (one, same) = (binding(&browser, &state), binding(&browser, &state));
        assert_eq!((&one.nonce, &one.verifier), (&same.nonce, &same.verifier));
        assert_ne!(one.nonce, one.verifier);
        assert!(43 <= one.verifier.len() && one.verifier.len() <= 128);
        assert_ne!(binding(&Secret::draw(), &state).nonce, one.nonce);
        assert_ne!(binding(&browser, &Secret::draw()).nonce, one.nonce);
    }

    #[test]
    fn what_a_browser_holds_reads_back() {
        let (browser, device) = (Secret::draw(), Secret::draw());
        let held = Held::read(&format!("{}.{}", browser.text(), device.text())).unwrap();
        assert_eq!((held.browser.hash(), held.device.unwrap().hash()), (browser.hash(), device.hash()));
        assert!(Held::read(&browser.text()).unwrap().device.is_none());
        assert!(Held::read("x").is_none() && Held::read("").is_none());
    }
}
