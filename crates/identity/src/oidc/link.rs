//! Whose account at a provider opens which account here.
//!
//! Found by issuer and subject. Only the first time by address: the provider has to have verified it, and the account
//! has to work for the shop and must not belong to another subject there, so that an address that went to somebody else
//! at the provider does not take the account along.

use super::entity::{oidc_link, oidc_provider};
use super::peer::Claims;
use super::provider;
use crate::door::Visit;
use crate::entity::user;
use crate::event::IdentityEvent;
use crate::roles::{Held, roles_of};
use crate::session::{actor_of, end_all};
use crate::user::email_row;
use events::Emit;
use platform::{Access, Ctx, Error, Result, Tx};
use primitives::{Email, OidcLinkId, OidcProviderId, SystemRole, Timestamp, UserId};
use sea_orm::{ColumnTrait, Set};
use serde::Serialize;

/// Why nobody comes in, as far as whoever stands outside may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The person said no at the provider.
    Cancelled,
    /// The sign-in took too long, was begun in another browser, or is over already.
    Expired,
    /// The provider is not answering, or what it says is not believed.
    Provider,
    /// The provider has not verified the address.
    Unverified,
    /// The address is in none of the domains that the shop allows.
    Domain,
    /// No account here is opened by it: whether there is none, it is a customer's, closed, or somebody else's, is not said.
    Unknown,
    /// Too many have tried.
    Busy,
}

impl Refusal {
    /// As it stands in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Provider => "provider",
            Self::Unverified => "unverified",
            Self::Domain => "domain",
            Self::Unknown => "unknown",
            Self::Busy => "busy",
        }
    }
}

/// An account at a provider, as its owner here sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// Key.
    pub id: OidcLinkId,
    /// Name of the provider.
    pub provider: String,
    /// The address there when it was used last; may be empty.
    pub email: String,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it opened the account last.
    pub last_used_at: Timestamp,
}

/// The caller's accounts at providers, the oldest first. Two statements.
///
/// # Errors
/// `UNAUTHENTICATED`.
pub async fn list(ctx: &Ctx) -> Result<Vec<LinkView>> {
    let db = ctx.read(Access::SignedIn).await?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let rows = db
        .find::<oidc_link::Entity>()
        .filter(oidc_link::Column::UserId.eq(user.uuid()))
        .order_by_asc(oidc_link::Column::CreatedAt)
        .order_by_asc(oidc_link::Column::Id)
        .limit(100)
        .all()
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let providers = db
        .find::<oidc_provider::Entity>()
        .filter(oidc_provider::Column::Id.is_in(rows.iter().map(|row| row.provider_id)))
        .all()
        .await?;
    let name = |id| providers.iter().find(|row| row.id == id).map(|row| row.name.clone()).unwrap_or_default();
    let of = |row: oidc_link::Model| LinkView {
        id: OidcLinkId::from_uuid(row.id),
        provider: name(row.provider_id),
        email: row.email,
        created_at: Timestamp::from_millis(row.created_at),
        last_used_at: Timestamp::from_millis(row.last_used_at),
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Takes one of the caller's accounts at a provider away, and ends the other sessions: whoever has come in through it is
/// out. As a change of the password does.
///
/// # Errors
/// `NOT_FOUND` when it is not the caller's.
pub async fn unlink(ctx: &Ctx, id: OidcLinkId, visit: &Visit) -> Result<()> {
    ctx.require(Access::SignedIn)?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    ctx.write(Access::SignedIn, async |tx| {
        let gone = tx
            .delete_many::<oidc_link::Entity>()
            .filter(oidc_link::Column::Id.eq(id.uuid()))
            .filter(oidc_link::Column::UserId.eq(user.uuid()))
            .exec()
            .await?;
        if gone == 0 {
            return Err(Error::not_found(OidcLinkId::KIND));
        }
        end_all(tx, user, visit.session, ctx.now()).await?;
        announce(tx, user).await
    })
    .await
}

/// The account here that somebody's account at a provider opens; links it when it is the first time.
///
/// # Errors
/// Those of the database; whoever is not let in is no error.
pub(crate) async fn account(
    tx: &Tx,
    ctx: &Ctx,
    row: &oidc_provider::Model,
    claims: &Claims,
) -> Result<Result<user::Model, Refusal>> {
    let email = claims.email.as_deref().and_then(|text| Email::parse(text).ok());
    let verified = email.as_ref().filter(|_| claims.verified);
    let domains = provider::domains(row)?;
    if !domains.is_empty() {
        match verified {
            None => return Ok(Err(Refusal::Unverified)),
            Some(email) if !is_in(email, &domains) => return Ok(Err(Refusal::Domain)),
            Some(_) => {}
        }
    }
    let known = tx
        .find::<oidc_link::Entity>()
        .filter(oidc_link::Column::ProviderId.eq(row.id))
        .filter(oidc_link::Column::Subject.eq(claims.subject.as_str()))
        .one()
        .await?;
    let person = match (&known, verified) {
        (Some(link), _) => tx.find_by_id::<user::Entity>(link.user_id).await?,
        (None, Some(email)) => email_row(tx, email).await?,
        (None, None) => return Ok(Err(Refusal::Unverified)),
    };
    let Some(person) = person.filter(|person| person.status == "active") else {
        return Ok(Err(Refusal::Unknown));
    };
    let held = roles_of(tx, &[person.id]).await?.remove(&person.id).unwrap_or_default();
    if !may_come(&held) {
        return Ok(Err(Refusal::Unknown));
    }
    let user = UserId::from_uuid(person.id);
    tx.acts_as(actor_of(user, held.permissions()));
    let shown = email.as_ref().map(Email::as_str).unwrap_or_default();
    let now = ctx.now().millis();
    if let Some(link) = known {
        tx.update_many::<oidc_link::Entity>()
            .set(oidc_link::Column::Email, shown)
            .set(oidc_link::Column::LastUsedAt, now)
            .filter(oidc_link::Column::Id.eq(link.id))
            .exec()
            .await?;
        return Ok(Ok(person));
    }
    let others = tx
        .find::<oidc_link::Entity>()
        .filter(oidc_link::Column::ProviderId.eq(row.id))
        .filter(oidc_link::Column::UserId.eq(person.id));
    if 0 < others.count().await? {
        tracing::warn!(
            user.id = %person.id,
            provider.id = %row.id,
            "an address that is linked already came with another subject: nobody was let in"
        );
        return Ok(Err(Refusal::Unknown));
    }
    tx.insert(oidc_link::ActiveModel {
        id: Set(OidcLinkId::new().uuid()),
        provider_id: Set(OidcProviderId::from_uuid(row.id).uuid()),
        user_id: Set(person.id),
        subject: Set(claims.subject.clone()),
        email: Set(shown.to_owned()),
        created_at: Set(now),
        last_used_at: Set(now),
        ..Default::default()
    })
    .await?;
    announce(tx, user).await?;
    Ok(Ok(person))
}

/// Those who work for the shop and hold no more than an owner, who set the provider up: whoever runs it can say that he
/// is anybody.
fn may_come(held: &Held) -> bool {
    let most = SystemRole::Owner.permissions();
    held.is_staff() && most.lacks(&held.permissions()).next().is_none()
}

fn is_in(email: &Email, domains: &[String]) -> bool {
    let host = email.as_str().rsplit_once('@').map(|(_, host)| host).unwrap_or_default();
    domains.iter().any(|domain| domain == host)
}

async fn announce(tx: &Tx, user_id: UserId) -> Result<()> {
    tx.emit(IdentityEvent::UserUpdated { user_id, changed: vec!["oidc"] }).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_the_whole_domain() {
        let domains = ["corp.example".to_owned()];
        let allowed = |text: &str| is_in(&Email::parse(text).unwrap(), &domains);
        assert!(allowed("anna@corp.example") && allowed("Anna@CORP.example"));
        for other in ["anna@mail.corp.example", "anna@evilcorp.example", "anna@corp.example.evil.example"] {
            assert!(!allowed(other), "{other}");
        }
    }

    #[test]
    fn customers_stay_outside_and_so_do_the_platforms_people() {
        let held = |role: SystemRole| Held::from(vec![role]);
        assert!(may_come(&held(SystemRole::Owner)) && may_come(&held(SystemRole::Support)));
        assert!(!may_come(&held(SystemRole::Customer)) && !may_come(&Held::default()));
        assert!(!may_come(&held(SystemRole::SuperAdmin)));
    }
}
