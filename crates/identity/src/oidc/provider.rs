//! The providers that a shop trusts: set up by whoever may do everything in the shop, since whoever runs a provider can
//! be anybody of the shop's staff.
//!
//! The client's secret is sealed for its row and leaves it only towards the provider.

use super::entity::{oidc_link, oidc_provider};
use super::event::OidcEvent;
use super::peer::{Binding, Client, Peer, PeerError, Peers, Standing, is_secure};
use crate::door::Visit;
use crate::roles::may_grant;
use crate::security::keys::Keys;
use crate::security::secret::Secret;
use events::Emit;
use openidconnect::url::Url;
use platform::{Access, Ctx, Error, Result, TenantDb, Tx};
use primitives::{ErrorCode, FieldError, HostName, OidcProviderId, Permission, SystemRole, Timestamp};
use sea_orm::{ColumnTrait, Set};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the secrets are sealed for.
const PURPOSE: &[u8] = b"rustok sign-in provider v1";
/// Providers of one shop.
const MOST: u64 = 10;
/// Domains that one provider may be limited to.
const MOST_DOMAINS: usize = 50;
/// What people copy instead of the issuer.
const DESCRIPTION: &str = "/.well-known/openid-configuration";

/// A provider, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderView {
    /// Key.
    pub id: OidcProviderId,
    /// What stands on the button.
    pub name: String,
    /// Its name in the protocol, an address.
    pub issuer: String,
    /// What it knows us by.
    pub client_id: String,
    /// Addresses in these domains only; all when empty.
    pub domains: Vec<String>,
    /// Whether people may sign in with it.
    pub enabled: bool,
    /// Whether the secret can be opened: not after its key was lost, then it has to be written again.
    pub usable: bool,
    /// People who have signed in with it.
    pub linked: u64,
    /// Changes with every change.
    pub version: i64,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Everything that the settings show.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether this host can keep secrets at all: it needs `security.secret_key`.
    pub available: bool,
    /// What has to be registered at a provider.
    pub redirect_uri: String,
    /// The providers by name.
    pub providers: Vec<ProviderView>,
}

/// What can be changed about a provider.
#[derive(Clone)]
pub struct ProviderInput {
    /// 1 to 64 characters on one line.
    pub name: String,
    /// What the provider knows us by, 1 to 255 characters.
    pub client_id: String,
    /// What proves that it is us, 1 to 1,024 characters; the one that is stored when not given.
    pub client_secret: Option<String>,
    /// Host names; all domains when empty.
    pub domains: Vec<String>,
    /// Whether people may sign in with it.
    pub enabled: bool,
}

/// What a look at a provider found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// What is wrong with its description; nothing when it is good.
    pub problem: Option<String>,
    /// Where it would send people to sign in.
    pub authorization_endpoint: Option<String>,
    /// What it thinks of client id and secret.
    pub standing: Standing,
}

/// The providers that anybody may choose from: name by name.
///
/// # Errors
/// Those of the database.
pub async fn offered(ctx: &Ctx) -> Result<Vec<(OidcProviderId, String)>> {
    let db = ctx.read(Access::Public).await?;
    if !Keys::of(ctx.app()).lasting() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Uuid, String)> = db
        .find::<oidc_provider::Entity>()
        .filter(oidc_provider::Column::Enabled.eq(true))
        .order_by_asc(oidc_provider::Column::Name)
        .order_by_asc(oidc_provider::Column::Id)
        .limit(MOST)
        .columns([oidc_provider::Column::Id, oidc_provider::Column::Name])
        .await?;
    Ok(rows.into_iter().map(|(id, name)| (OidcProviderId::from_uuid(id), name)).collect())
}

/// How sign-in through providers stands. Two statements.
///
/// # Errors
/// `FORBIDDEN` without `settings:read`.
pub async fn settings(ctx: &Ctx, visit: &Visit) -> Result<Settings> {
    let db = ctx.read(Permission::SETTINGS_READ).await?;
    let rows = db
        .find::<oidc_provider::Entity>()
        .order_by_asc(oidc_provider::Column::Name)
        .order_by_asc(oidc_provider::Column::Id)
        .limit(MOST)
        .all()
        .await?;
    let linked = linked(&db).await?;
    let of = |row: oidc_provider::Model| {
        let count = linked.get(&row.id).copied().unwrap_or_default();
        view(ctx, row, count)
    };
    Ok(Settings {
        available: Keys::of(ctx.app()).lasting(),
        redirect_uri: redirect_uri(visit),
        providers: rows.into_iter().map(of).collect::<Result<_>>()?,
    })
}

/// Trusts a provider, after a look at how it describes itself.
///
/// # Errors
/// `BAD_USER_INPUT` with a field per mistake; `FORBIDDEN` for whoever holds less than an owner; `FEATURE_NOT_ENABLED`
/// when the host has no lasting key; `CONFLICT` for an issuer that is trusted already, or with too many.
pub async fn create(ctx: &Ctx, issuer: &str, input: ProviderInput) -> Result<ProviderView> {
    may_configure(ctx)?;
    let keys = lasting(ctx)?;
    let issuer = read_issuer(issuer);
    let checked = Checked::read(input, true);
    let (issuer, checked) = match (issuer, checked) {
        (Ok(issuer), Ok(checked)) => (issuer, checked),
        (Err(wrong), Ok(_)) => return Err(Error::invalid_fields(vec![wrong])),
        (Ok(_), Err(wrong)) => return Err(Error::invalid_fields(wrong)),
        (Err(first), Err(more)) => {
            return Err(Error::invalid_fields(std::iter::once(first).chain(more).collect()));
        }
    };
    let peer = look(ctx, &issuer).await?;
    let id = OidcProviderId::new();
    let secret = checked.client_secret.as_ref().map_or("", |secret| secret.as_str());
    let sealed = keys.seal(PURPOSE, &place(ctx, id.uuid()), secret.as_bytes())?;
    let stored = ctx.write(Permission::ROLES_MANAGE, async |tx| {
        if tx.find::<oidc_provider::Entity>().count().await? >= MOST {
            return Err(Error::conflict(format!("a shop has at most {MOST} providers: remove one first")));
        }
        let now = ctx.now().millis();
        let row = tx
            .insert(oidc_provider::ActiveModel {
                id: Set(id.uuid()),
                name: Set(checked.name.clone()),
                issuer: Set(peer.issuer().to_owned()),
                client_id: Set(checked.client_id.clone()),
                secret: Set(sealed),
                domains: Set(checked.document()?),
                enabled: Set(checked.enabled),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            })
            .await?;
        tx.emit(OidcEvent::Created { provider_id: id }).await?;
        Ok(row)
    });
    view(ctx, stored.await.map_err(taken)?, 0)
}

/// Changes a provider. Its issuer stays: another one is another provider. One that people may sign in with is looked at
/// first. With another client id the people sign in anew by their addresses: providers may name them differently to
/// every client.
///
/// # Errors
/// As [`create`]; `NOT_FOUND`; `CONFLICT` when somebody else has changed it since `version`.
pub async fn update(
    ctx: &Ctx,
    id: OidcProviderId,
    version: i64,
    input: ProviderInput,
) -> Result<ProviderView> {
    may_configure(ctx)?;
    let keys = lasting(ctx)?;
    let checked = Checked::read(input, false).map_err(Error::invalid_fields)?;
    let row = {
        let db = ctx.read(Permission::ROLES_MANAGE).await?;
        db.get::<oidc_provider::Entity>(id.uuid()).await?
    };
    if checked.enabled {
        if checked.client_secret.is_none() && open(ctx, &row).is_none() {
            return Err(Error::invalid("clientSecret", "cannot be opened any more: write it again"));
        }
        let looked = Peers::of(ctx.app()).look(ctx.app(), &row.issuer).await;
        looked.map_err(|error| Error::invalid("issuer", error.to_string()))?;
    }
    let sealed = match &checked.client_secret {
        Some(secret) => Some(keys.seal(PURPOSE, &place(ctx, row.id), secret.as_bytes())?),
        None => None,
    };
    let domains = checked.document()?;
    let stored = ctx.write(Permission::ROLES_MANAGE, async |tx| {
        let row = tx.get::<oidc_provider::Entity>(id.uuid()).await?;
        if row.version != version {
            return Err(Error::conflict("somebody else has changed this provider"));
        }
        let other_client = row.client_id != checked.client_id;
        let changed: Vec<&'static str> = [
            ("name", row.name != checked.name),
            ("client_id", other_client),
            ("secret", sealed.is_some()),
            ("domains", row.domains != domains),
            ("enabled", row.enabled != checked.enabled),
        ]
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(name, _)| name)
        .collect();
        if changed.is_empty() {
            return Ok((row, linked(tx).await?));
        }
        if other_client {
            tx.delete_many::<oidc_link::Entity>()
                .filter(oidc_link::Column::ProviderId.eq(id.uuid()))
                .exec()
                .await?;
        }
        let moved = tx
            .update_many::<oidc_provider::Entity>()
            .set(oidc_provider::Column::Name, checked.name.clone())
            .set(oidc_provider::Column::ClientId, checked.client_id.clone())
            .set(oidc_provider::Column::Secret, sealed.unwrap_or_else(|| row.secret.clone()))
            .set(oidc_provider::Column::Domains, domains)
            .set(oidc_provider::Column::Enabled, checked.enabled)
            .set(oidc_provider::Column::Version, version + 1)
            .set(oidc_provider::Column::UpdatedAt, ctx.now().millis())
            .filter(oidc_provider::Column::Id.eq(id.uuid()))
            .filter(oidc_provider::Column::Version.eq(version))
            .exec()
            .await?;
        if moved == 0 {
            return Err(Error::conflict("somebody else has changed this provider"));
        }
        tx.emit(OidcEvent::Updated { provider_id: id, changed }).await?;
        Ok((tx.get::<oidc_provider::Entity>(id.uuid()).await?, linked(tx).await?))
    });
    let (row, linked) = stored.await?;
    let count = linked.get(&row.id).copied().unwrap_or_default();
    view(ctx, row, count)
}

/// Trusts a provider no more. Who has come in through it stays in; the next time it takes the password.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for whoever holds less than an owner.
pub async fn delete(ctx: &Ctx, id: OidcProviderId) -> Result<()> {
    may_configure(ctx)?;
    ctx.write(Permission::ROLES_MANAGE, async |tx| {
        let gone = tx
            .delete_many::<oidc_provider::Entity>()
            .filter(oidc_provider::Column::Id.eq(id.uuid()))
            .exec()
            .await?;
        if gone == 0 {
            return Err(Error::not_found(OidcProviderId::KIND));
        }
        tx.emit(OidcEvent::Deleted { provider_id: id }).await?;
        Ok(())
    })
    .await
}

/// Looks at a provider, and asks it what it thinks of client id and secret.
///
/// # Errors
/// `NOT_FOUND`; `FORBIDDEN` for whoever holds less than an owner.
pub async fn test(ctx: &Ctx, id: OidcProviderId, visit: &Visit) -> Result<Findings> {
    may_configure(ctx)?;
    let row = {
        let db = ctx.read(Permission::ROLES_MANAGE).await?;
        db.get::<oidc_provider::Entity>(id.uuid()).await?
    };
    let nothing = |problem: String| Findings {
        problem: Some(problem),
        authorization_endpoint: None,
        standing: Standing::Unknown,
    };
    let Some(secret) = open(ctx, &row) else {
        return Ok(nothing("the client secret cannot be opened any more: write it again".to_owned()));
    };
    let peer = match Peers::of(ctx.app()).look(ctx.app(), &row.issuer).await {
        Ok(peer) => peer,
        Err(error) => return Ok(nothing(format!("the provider {error}"))),
    };
    let redirect_uri = redirect_uri(visit);
    let client = Client { id: &row.client_id, secret: secret.plain, redirect_uri: &redirect_uri };
    let binding = Binding { nonce: String::new(), verifier: Secret::draw().text() };
    Ok(Findings {
        problem: None,
        authorization_endpoint: Some(peer.authorization_endpoint().to_owned()),
        standing: peer.standing(ctx.app(), &client, &binding).await,
    })
}

/// What has to be registered at a provider.
pub(crate) fn redirect_uri(visit: &Visit) -> String {
    format!("{}{}", visit.site, super::CALLBACK)
}

/// A client's secret.
pub(crate) struct Opened {
    pub(crate) plain: Zeroizing<String>,
    /// Whether it is sealed with the current key.
    current: bool,
}

/// The client's secret of a provider; `None` when its key is gone.
pub(crate) fn open(ctx: &Ctx, row: &oidc_provider::Model) -> Option<Opened> {
    let opened = Keys::of(ctx.app()).open(PURPOSE, &place(ctx, row.id), &row.secret)?;
    let plain = std::str::from_utf8(&opened.plain).ok()?;
    Some(Opened { plain: Zeroizing::new(plain.to_owned()), current: opened.current })
}

/// Seals a secret again that an older key had sealed.
pub(crate) async fn keep_current(
    tx: &Tx,
    ctx: &Ctx,
    row: &oidc_provider::Model,
    secret: &Opened,
) -> Result<()> {
    if secret.current {
        return Ok(());
    }
    let sealed = Keys::of(ctx.app()).seal(PURPOSE, &place(ctx, row.id), secret.plain.as_bytes())?;
    tx.update_many::<oidc_provider::Entity>()
        .set(oidc_provider::Column::Secret, sealed)
        .filter(oidc_provider::Column::Id.eq(row.id))
        .filter(oidc_provider::Column::Version.eq(row.version))
        .exec()
        .await?;
    Ok(())
}

/// The domains that a provider is limited to; none means all.
pub(crate) fn domains(row: &oidc_provider::Model) -> Result<Vec<String>> {
    serde_json::from_str(&row.domains).map_err(Error::internal)
}

/// Whoever runs a provider can be anybody of the staff, so nobody trusts one who holds less than an owner.
fn may_configure(ctx: &Ctx) -> Result<()> {
    ctx.require(Permission::ROLES_MANAGE)?;
    may_grant(ctx, &SystemRole::Owner.permissions())
}

fn lasting(ctx: &Ctx) -> Result<Arc<Keys>> {
    let keys = Keys::of(ctx.app());
    if keys.lasting() {
        return Ok(keys);
    }
    Err(Error::new(
        ErrorCode::FeatureNotEnabled,
        "sign-in through a provider needs a lasting key: whoever runs this host sets security.secret_key",
    ))
}

/// Asks a provider that is new here for its description.
async fn look(ctx: &Ctx, issuer: &str) -> Result<Arc<Peer>> {
    let peers = Peers::of(ctx.app());
    let looked = match peers.look(ctx.app(), issuer).await {
        // A stroke at the end is the commonest slip, and only the provider knows which is right.
        Err(PeerError::OtherName) => {
            let other = issuer.strip_suffix('/').map_or_else(|| format!("{issuer}/"), str::to_owned);
            peers.look(ctx.app(), &other).await
        }
        other => other,
    };
    looked.map_err(|error| Error::invalid("issuer", error.to_string()))
}

/// People by provider.
async fn linked(db: &TenantDb) -> Result<HashMap<Uuid, u64>> {
    let sql = "SELECT provider_id, count(*) AS linked FROM oidc_link \
         WHERE tenant_id = {tenant} GROUP BY provider_id";
    let rows = db.raw_all(sql, Vec::new()).await?;
    let of = |row: sea_orm::QueryResult| {
        let count: i64 = row.try_get("", "linked")?;
        Ok((row.try_get("", "provider_id")?, u64::try_from(count).unwrap_or_default()))
    };
    rows.into_iter().map(of).collect::<Result<_, sea_orm::DbErr>>().map_err(Error::from)
}

fn view(ctx: &Ctx, row: oidc_provider::Model, linked: u64) -> Result<ProviderView> {
    Ok(ProviderView {
        id: OidcProviderId::from_uuid(row.id),
        domains: domains(&row)?,
        usable: open(ctx, &row).is_some(),
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        enabled: row.enabled,
        linked,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}

/// Whose secret it is: sealed into it, so that a row that was copied elsewhere does not open.
fn place(ctx: &Ctx, id: Uuid) -> Vec<u8> {
    [ctx.tenant_id().uuid().as_bytes().as_slice(), id.as_bytes()].concat()
}

fn taken(error: Error) -> Error {
    if error.code() == ErrorCode::Conflict && error.message() == "this already exists" {
        return Error::conflict("this provider is set up already").with_field("issuer", "is set up already");
    }
    error
}

/// Input, parsed.
struct Checked {
    name: String,
    client_id: String,
    client_secret: Option<Zeroizing<String>>,
    domains: Vec<String>,
    enabled: bool,
}

impl Checked {
    fn read(input: ProviderInput, secret_needed: bool) -> Result<Self, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let name = input.name.trim().to_owned();
        if name.is_empty() || 64 < name.chars().count() || name.chars().any(char::is_control) {
            wrong.push(FieldError::new("name", "must have 1 to 64 characters on one line"));
        }
        let client_id = input.client_id.trim().to_owned();
        if client_id.is_empty() || 255 < client_id.len() || !client_id.bytes().all(|b| b.is_ascii_graphic()) {
            wrong.push(FieldError::new("clientId", "must have 1 to 255 characters of ASCII, without spaces"));
        }
        // What browsers send from an empty field is no secret.
        let given = input.client_secret.map(Zeroizing::new);
        let secret = given.map(|secret| Zeroizing::new(secret.trim().to_owned()));
        let secret = secret.filter(|secret| !secret.is_empty());
        match &secret {
            None if secret_needed => wrong.push(FieldError::new("clientSecret", "is required")),
            Some(secret) if 1024 < secret.len() || secret.chars().any(char::is_control) => {
                wrong.push(FieldError::new("clientSecret", "must have 1 to 1,024 characters on one line"));
            }
            _ => {}
        }
        if MOST_DOMAINS < input.domains.len() {
            wrong.push(FieldError::new("domains", format!("must be at most {MOST_DOMAINS}")));
        }
        let mut domains = Vec::new();
        for (n, text) in input.domains.iter().take(MOST_DOMAINS).enumerate() {
            match HostName::parse(text.trim().trim_start_matches('@')) {
                Ok(host) => domains.push(host.as_str().to_owned()),
                Err(error) => wrong.push(FieldError::new(format!("domains.{n}"), error.to_string())),
            }
        }
        domains.sort_unstable();
        domains.dedup();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self { name, client_id, client_secret: secret, domains, enabled: input.enabled })
    }

    fn document(&self) -> Result<String> {
        serde_json::to_string(&self.domains).map_err(Error::internal)
    }
}

/// Reads an issuer: an address without anything behind its path. The address of the description is understood, too.
fn read_issuer(text: &str) -> Result<String, FieldError> {
    let wrong = |text: &str| Err(FieldError::new("issuer", text));
    let text = text.trim();
    let text = text.strip_suffix(DESCRIPTION).unwrap_or(text);
    if text.is_empty() || 255 < text.len() {
        return wrong("must have 1 to 255 characters");
    }
    let Ok(url) = Url::parse(text) else { return wrong("is no address: it begins with https://") };
    if !is_secure(&url) {
        return wrong("must begin with https://");
    }
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() {
        return wrong("must be an address without user, query and fragment");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_plain_address() {
        for (text, read) in [
            ("https://id.example", Ok("https://id.example")),
            ("  https://id.example/realms/shop/ ", Ok("https://id.example/realms/shop/")),
            (
                "https://id.example/realms/shop/.well-known/openid-configuration",
                Ok("https://id.example/realms/shop"),
            ),
            ("", Err("must have 1 to 255 characters")),
            ("id.example", Err("is no address: it begins with https://")),
            ("http://id.example", Err("must begin with https://")),
            ("javascript:alert(1)", Err("must begin with https://")),
            ("https://me:it@id.example", Err("must be an address without user, query and fragment")),
            ("https://id.example/?x", Err("must be an address without user, query and fragment")),
            ("https://id.example/#x", Err("must be an address without user, query and fragment")),
        ] {
            assert_eq!(read_issuer(text).as_deref().map_err(|error| error.message.as_str()), read, "{text}");
        }
        assert!(read_issuer(&format!("https://id.example/{}", "x".repeat(255))).is_err());
    }

    #[test]
    fn every_mistake_is_named() {
        let input = ProviderInput {
            name: "\n".into(),
            client_id: "two words".into(),
            client_secret: Some(" ".into()),
            domains: vec!["@Corp.Example".into(), "not a host".into()],
            enabled: true,
        };
        let fields = |wrong: Vec<FieldError>| wrong.into_iter().map(|it| it.field).collect::<Vec<_>>();
        let wrong = fields(Checked::read(input.clone(), true).err().unwrap());
        assert_eq!(wrong, ["name", "clientId", "clientSecret", "domains.1"]);
        let good = ProviderInput {
            name: " Corp ".into(),
            client_id: "shop".into(),
            domains: vec!["@Corp.Example".into(), "corp.example".into()],
            ..input
        };
        let good = Checked::read(good, false).unwrap_or_else(|_| panic!("it is good"));
        assert_eq!(
            (good.name.as_str(), good.domains.as_slice()),
            ("Corp", ["corp.example".to_owned()].as_slice())
        );
        assert!(good.client_secret.is_none());
    }
}
