//! Who may review, and whether somebody looks first.

use platform::{Access, Ctx, Error, TenantDb};
use primitives::Permission;
use sea_orm::{ActiveValue::Set, ColumnTrait};

use super::rating;
use crate::entity::review_settings;
use crate::error::Result;

/// Who may write reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Everybody with an account.
    Everybody,
    /// Whoever has bought the product.
    Buyers,
    /// Nobody: there are no reviews, also none of before.
    Nobody,
}

impl Writers {
    fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Buyers => "buyers",
            Self::Nobody => "nobody",
        }
    }
}

/// How a shop takes reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewPolicy {
    /// Who may write.
    pub writers: Writers,
    /// Somebody looks before others read it.
    pub look_first: bool,
    /// For the next change; 0 until the first one.
    pub version: i64,
}

/// How the shop takes reviews; until somebody decides, from everybody and after a look.
pub async fn policy(ctx: &Ctx) -> Result<ReviewPolicy> {
    load(&*ctx.read(Access::Public).await?).await
}

pub(super) async fn load(rows: &TenantDb) -> Result<ReviewPolicy> {
    let Some(row) = rows.find::<review_settings::Entity>().one().await? else {
        return Ok(ReviewPolicy { writers: Writers::Everybody, look_first: true, version: 0 });
    };
    let writers = [Writers::Everybody, Writers::Buyers, Writers::Nobody];
    let writers = writers.into_iter().find(|one| one.as_str() == row.writers);
    let writers = writers.ok_or_else(|| Error::internal("unknown writers of reviews"))?;
    Ok(ReviewPolicy { writers, look_first: row.look_first, version: row.version })
}

/// Decides how the shop takes reviews from now on; `wanted.version` is the one that was read. What waits for a look goes
/// on waiting.
///
/// # Errors
/// `CONFLICT` when somebody else decided first.
pub async fn set_policy(ctx: &Ctx, wanted: ReviewPolicy) -> Result<ReviewPolicy> {
    let now = ctx.now().millis();
    ctx.write(Permission::SETTINGS_UPDATE, async |tx| {
        let before = load(tx).await?;
        let changed = if wanted.version == 0 {
            tx.insert_new(vec![review_settings::ActiveModel {
                id: Set(tx.tenant_id().uuid()),
                writers: Set(wanted.writers.as_str().to_owned()),
                look_first: Set(wanted.look_first),
                version: Set(1),
                updated_at: Set(now),
                ..Default::default()
            }])
            .await?
        } else {
            tx.update_many::<review_settings::Entity>()
                .set(review_settings::Column::Writers, wanted.writers.as_str())
                .set(review_settings::Column::LookFirst, wanted.look_first)
                .set(review_settings::Column::Version, wanted.version.saturating_add(1))
                .set(review_settings::Column::UpdatedAt, now)
                .filter(review_settings::Column::Version.eq(wanted.version))
                .exec()
                .await?
        };
        if changed == 0 {
            return Err(Error::conflict("somebody else changed the settings, load them again").into());
        }
        // Stars come and go with the reviews.
        if (before.writers == Writers::Nobody) != (wanted.writers == Writers::Nobody) {
            rating::renew(tx, catalog::rating::rated(tx).await?).await?;
        }
        // Every product's page says whether it may be reviewed.
        let (app, tenant) = (ctx.app().clone(), ctx.tenant_id());
        tx.after_commit(move || app.hub().bump(tenant, catalog::projection::CATALOG));
        load(tx).await
    })
    .await
}
