//! Hosts of a shop's own: named by the shop, proved by a record in the DNS, and only then leading there.

use super::proof::{self, Source};
use super::{domain_name, forget, touch};
use crate::directory::Directory;
use crate::entity::domain;
use crate::event::IdentityEvent;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::Emit;
use platform::{Ctx, Error, Result, TenantDb, Tx};
use primitives::{DomainId, ErrorCode, FieldError, HostName, Permission, Timestamp};
use sea_orm::{ColumnTrait, Set};
use serde::Serialize;

/// Hosts that one shop may name.
const MOST: u64 = 50;

/// A host of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainView {
    /// Key.
    pub id: DomainId,
    /// The host.
    pub host: String,
    /// Since when it leads to the shop; not yet when empty. Unix milliseconds.
    pub verified_at: Option<Timestamp>,
    /// Name of the TXT record that proves it.
    pub record_name: String,
    /// What the record has to say.
    pub record_value: String,
    /// When it was named, Unix milliseconds.
    pub created_at: Timestamp,
}

impl From<domain::Model> for DomainView {
    fn from(row: domain::Model) -> Self {
        Self {
            id: DomainId::from_uuid(row.id),
            record_name: proof::record_name(&row.host),
            record_value: proof::record_value(&row.token),
            host: row.host,
            verified_at: row.verified_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

/// The hosts of the caller's shop, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn list(ctx: &Ctx) -> Result<Vec<DomainView>> {
    let db = ctx.read(Permission::TENANTS_READ).await?;
    let rows = db.find::<domain::Entity>().order_by_asc(domain::Column::CreatedAt);
    let rows = rows.order_by_asc(domain::Column::Id).limit(MOST).all().await?;
    Ok(rows.into_iter().map(DomainView::from).collect())
}

/// Names a host of the caller's shop and draws what proves it. A host that is named already is given back as it is.
///
/// # Errors
/// `BAD_USER_INPUT` for what is no host of a shop; `CONFLICT` when another shop has proved it, or with too many.
pub async fn add(ctx: &Ctx, host: &str) -> Result<DomainView> {
    ctx.require(Permission::TENANTS_UPDATE)?;
    let host = own_host(ctx, host)?;
    let stored = ctx.write(Permission::TENANTS_UPDATE, async |tx| {
        if let Some(known) = row_of(tx, &host).await? {
            return Ok(DomainView::from(known));
        }
        if tx.find::<domain::Entity>().count().await? >= MOST {
            return Err(Error::conflict(format!("a shop names at most {MOST} domains")));
        }
        let row = tx
            .insert(domain::ActiveModel {
                id: Set(DomainId::new().uuid()),
                host: Set(host.as_str().to_owned()),
                created_at: Set(ctx.now().millis()),
                token: Set(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())),
                verified_at: Set(None),
                ..Default::default()
            })
            .await?;
        changed(tx, ctx).await?;
        Ok(DomainView::from(row))
    });
    stored.await
}

/// Looks for the proof of a host; from then on it leads to the caller's shop. One that leads there already stays.
///
/// # Errors
/// `NOT_FOUND` for a host that the shop has not named; `BAD_USER_INPUT` when the proof is not there; `CONFLICT` when
/// another shop has proved it before; `SERVICE_UNAVAILABLE` when no name server answers.
pub async fn verify(ctx: &Ctx, host: &str) -> Result<DomainView> {
    ctx.require(Permission::TENANTS_UPDATE)?;
    let host = own_host(ctx, host)?;
    let row = {
        let db = ctx.read(Permission::TENANTS_UPDATE).await?;
        row_of(&db, &host).await?.ok_or_else(|| Error::not_found("domain"))?
    };
    if row.verified_at.is_some() {
        return Ok(row.into());
    }
    let (name, wanted) = (proof::record_name(&row.host), proof::record_value(&row.token));
    let texts = Source::of(ctx.app())?.texts(&name).await?;
    if !texts.iter().any(|text| text.trim() == wanted) {
        let found = match texts.len() {
            0 => "there is none".to_owned(),
            1 => "it says something else".to_owned(),
            n => format!("none of its {n} texts does"),
        };
        return Err(Error::invalid(
            "host",
            format!("the TXT record {name} should say {wanted}, but {found}"),
        ));
    }
    let now = ctx.now();
    let proved = ctx.write(Permission::TENANTS_UPDATE, async |tx| {
        let proved = tx
            .update_many::<domain::Entity>()
            .set(domain::Column::VerifiedAt, now.millis())
            .filter(domain::Column::Id.eq(row.id))
            .filter(domain::Column::Token.eq(row.token.as_str()))
            .exec()
            .await?;
        if proved == 0 {
            return Err(Error::not_found("domain"));
        }
        changed(tx, ctx).await
    });
    match proved.await {
        Ok(()) => Ok(domain::Model { verified_at: Some(now.millis()), ..row }.into()),
        Err(error) if error.code() == ErrorCode::Conflict => {
            Err(Error::conflict(format!("another shop has proved that {host} is its own"))
                .with_field("host", "is another shop's"))
        }
        Err(error) => Err(error),
    }
}

/// Takes a host from the caller's shop, proved or not.
///
/// # Errors
/// `NOT_FOUND` when the shop does not have it.
pub async fn remove(ctx: &Ctx, host: &str) -> Result<()> {
    ctx.require(Permission::TENANTS_UPDATE)?;
    let host = HostName::parse(host).map_err(|error| Error::invalid("host", error.to_string()))?;
    ctx.write(Permission::TENANTS_UPDATE, async |tx| {
        let gone =
            tx.delete_many::<domain::Entity>().filter(domain::Column::Host.eq(host.as_str())).exec().await?;
        if gone == 0 {
            return Err(Error::not_found("domain"));
        }
        changed(tx, ctx).await
    })
    .await
}

/// A host that whoever creates the tenant vouches for.
pub(super) fn proved(host: &HostName, now: i64) -> domain::ActiveModel {
    domain::ActiveModel {
        id: Set(DomainId::new().uuid()),
        host: Set(host.as_str().to_owned()),
        created_at: Set(now),
        token: Set(String::new()),
        verified_at: Set(Some(now)),
        ..Default::default()
    }
}

async fn changed(tx: &Tx, ctx: &Ctx) -> Result<()> {
    touch(tx, ctx.now()).exec().await?;
    tx.emit(IdentityEvent::TenantUpdated { tenant_id: ctx.tenant_id(), changed: vec!["domains"] }).await?;
    forget(tx)
}

async fn row_of(db: &TenantDb, host: &HostName) -> Result<Option<domain::Model>> {
    db.find::<domain::Entity>().filter(domain::Column::Host.eq(host.as_str())).one().await
}

/// Below a base domain every name is some shop's by its slug: nobody takes one as a domain.
fn own_host(ctx: &Ctx, host: &str) -> Result<HostName> {
    let wrong = |error: FieldError| Error::invalid_fields(vec![error]);
    let host = domain_name("host", host.trim()).map_err(wrong)?;
    let directory = Directory::of(ctx.app())?;
    let of_the_platform = directory
        .rules()
        .base_domains()
        .iter()
        .any(|base| host == *base || host.as_str().ends_with(&format!(".{base}")));
    if of_the_platform {
        return Err(Error::invalid("host", format!("{host} belongs to the platform")));
    }
    Ok(host)
}
