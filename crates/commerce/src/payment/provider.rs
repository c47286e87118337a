//! What a shop has agreed with a provider of payments: its keys, sealed, and never shown again.

use std::fmt;

use identity::directory::SETTINGS;
use identity::vault;
use platform::{Access, Ctx, TenantDb};
use primitives::{FieldError, Permission, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::STRIPE;
use crate::entity::payment_provider;
use crate::error::{CommerceError, Result};

/// What the secrets are sealed for.
const PURPOSE: &[u8] = b"payment provider";
/// Longest key, characters.
const MAX: usize = 255;

/// The keys of a shop at a provider; never printed.
pub(crate) struct Secrets {
    /// Opens the provider's API.
    pub key: Zeroizing<String>,
    /// Signs its call-backs.
    pub webhook: Zeroizing<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// A provider that a shop has set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderView {
    /// `stripe`.
    pub provider: String,
    /// The last four characters of its key.
    pub key_hint: String,
    /// Whether the keys can be opened; else they have to be written again.
    pub usable: bool,
    /// Where the provider calls back.
    pub webhook_address: String,
    /// When they were written.
    pub updated_at: Timestamp,
}

/// Keeps the keys of the shop at Stripe, over those that are there.
///
/// # Errors
/// `BAD_USER_INPUT` at `secretKey` (`sk_…` or `rk_…`) and `webhookSecret` (`whsec_…`); `FEATURE_NOT_ENABLED` when this
/// host cannot keep secrets.
pub async fn set(ctx: &Ctx, secret_key: &str, webhook_secret: &str) -> Result<ProviderView> {
    ctx.require(Permission::SETTINGS_UPDATE)?;
    let (key, webhook) = (secret_key.trim(), webhook_secret.trim());
    let plain = |text: &str| (12..=MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    let mut wrong = Vec::new();
    if !plain(key) || !(key.starts_with("sk_") || key.starts_with("rk_")) {
        wrong.push(FieldError::new("secretKey", "must be a secret or restricted key: sk_… or rk_…"));
    }
    if !plain(webhook) || !webhook.starts_with("whsec_") {
        wrong.push(FieldError::new("webhookSecret", "must be the signing secret of the endpoint: whsec_…"));
    }
    if !wrong.is_empty() {
        return Err(CommerceError::Invalid(wrong));
    }
    let seal = |what: &str, secret| vault::seal(ctx.app(), PURPOSE, &place(ctx, what), secret);
    let row = payment_provider::ActiveModel {
        id: Set(Uuid::now_v7()),
        provider: Set(STRIPE.to_owned()),
        api_secret: Set(seal("key", key)?),
        webhook_secret: Set(seal("webhook", webhook)?),
        key_hint: Set(key.chars().skip(key.len().saturating_sub(4)).collect()),
        updated_at: Set(ctx.now().millis()),
        ..Default::default()
    };
    let tenant = ctx.tenant_id();
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        use payment_provider::Column;
        let key = [Column::TenantId, Column::Provider];
        let columns = [Column::ApiSecret, Column::WebhookSecret, Column::KeyHint, Column::UpdatedAt];
        tx.upsert_many(vec![row], &key, &columns).await?;
        let app = ctx.app().clone();
        // Whether the provider is offered is kept with the settings.
        tx.after_commit(move || app.hub().bump(tenant, SETTINGS));
        Ok::<_, CommerceError>(())
    })
    .await?;
    let rows = ctx.read(Permission::SETTINGS_UPDATE).await?;
    let row = row_of(&rows).await?.ok_or_else(|| CommerceError::not_found("payment provider"))?;
    Ok(view(ctx, row))
}

/// Forgets the keys. Payments that are under way can no longer be settled: they are asked for until the keys are back.
///
/// # Errors
/// `NOT_FOUND` when there are none.
pub async fn remove(ctx: &Ctx) -> Result<()> {
    let tenant = ctx.tenant_id();
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let gone = tx.delete_many::<payment_provider::Entity>();
        let gone = gone.filter(payment_provider::Column::Provider.eq(STRIPE)).exec().await?;
        if gone == 0 {
            return Err(CommerceError::not_found("payment provider"));
        }
        let app = ctx.app().clone();
        tx.after_commit(move || app.hub().bump(tenant, SETTINGS));
        Ok(())
    })
    .await
}

/// The providers that the shop has set up; at most one of each kind.
pub async fn list(ctx: &Ctx) -> Result<Vec<ProviderView>> {
    let rows = ctx.read(Permission::SETTINGS_READ).await?;
    Ok(row_of(&rows).await?.map(|row| view(ctx, row)).into_iter().collect())
}

/// Whether the shop has keys at Stripe.
pub(crate) async fn is_set(rows: &TenantDb) -> platform::Result<bool> {
    let sql = "SELECT 1 FROM payment_provider WHERE tenant_id = {tenant} AND provider = ?";
    Ok(!rows.raw_all(sql, vec![STRIPE.into()]).await?.is_empty())
}

/// The keys of the caller's shop; `None` when there are none that open.
pub(crate) async fn secrets(ctx: &Ctx) -> Result<Option<Secrets>> {
    let row = row_of(&*ctx.read(Access::Public).await?).await?;
    Ok(row.as_ref().and_then(|row| opened(ctx, row)))
}

async fn row_of(rows: &TenantDb) -> Result<Option<payment_provider::Model>> {
    let row = rows.find::<payment_provider::Entity>();
    Ok(row.filter(payment_provider::Column::Provider.eq(STRIPE)).one().await?)
}

fn opened(ctx: &Ctx, row: &payment_provider::Model) -> Option<Secrets> {
    let open = |what: &str, sealed: &[u8]| vault::open(ctx.app(), PURPOSE, &place(ctx, what), sealed);
    Some(Secrets { key: open("key", &row.api_secret)?, webhook: open("webhook", &row.webhook_secret)? })
}

fn view(ctx: &Ctx, row: payment_provider::Model) -> ProviderView {
    let address = mail::address_of(ctx.app().config(), ctx.tenant());
    ProviderView {
        usable: opened(ctx, &row).is_some(),
        webhook_address: format!("{address}/webhooks/payments/{}", row.provider),
        provider: row.provider,
        key_hint: row.key_hint,
        updated_at: Timestamp::from_millis(row.updated_at),
    }
}

/// Whose secret it is, and which.
fn place(ctx: &Ctx, what: &str) -> Vec<u8> {
    let tenant: Uuid = ctx.tenant_id().uuid();
    [tenant.as_bytes().as_slice(), STRIPE.as_bytes(), what.as_bytes()].concat()
}
