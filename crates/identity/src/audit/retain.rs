//! Clears away entries whose time is over, where the configuration says that it ends.

use super::chain::{Keys, Mark, stored};
use super::entity::{checkpoint, entry, start};
use platform::{Access, Ctx, Result};
use primitives::Timestamp;
use sea_orm::{ColumnTrait, Set};
use std::time::Duration;

/// Entries in one transaction.
const BATCH: i64 = 2_000;

/// Deletes sealed entries that are older than `audit.keep_days`; the chain goes on behind a signed mark. With 0 days,
/// the default, everything is kept for ever. The last entry always stays. Gives back how many went.
///
/// # Errors
/// Those of the database; what was cleared until then stays so.
pub async fn retain(ctx: &Ctx) -> Result<u64> {
    let days = ctx.app().config().audit.keep_days;
    if days == 0 {
        return Ok(0);
    }
    let cutoff = ctx.now() - Duration::from_secs(days.saturating_mul(24 * 3600));
    let keys = Keys::of(ctx.app())?;
    let mut sum = 0;
    loop {
        match ctx.write(Access::System, async |tx| clear(tx, ctx, &keys, cutoff).await).await? {
            0 => return Ok(sum),
            gone => sum += gone,
        }
    }
}

async fn clear(tx: &platform::Tx, ctx: &Ctx, keys: &Keys, cutoff: Timestamp) -> Result<u64> {
    let begun = tx.find::<start::Entity>().one().await?.map_or(0, |start| start.position);
    let sealed = || tx.find::<entry::Entity>().filter(entry::Column::Position.gt(begun));
    let Some(last) = sealed().order_by_desc(entry::Column::Position).limit(1).one().await? else {
        return Ok(0);
    };
    // The first one that stays; positions follow time closely, but not to the millisecond.
    let stays = sealed()
        .filter(entry::Column::At.gte(cutoff.millis()))
        .order_by_asc(entry::Column::Position)
        .limit(1)
        .one()
        .await?;
    let stays = stays.and_then(|stays| stays.position).or(last.position).unwrap_or(0);
    let mark = sealed()
        .filter(entry::Column::Position.lt(stays))
        .filter(entry::Column::Position.lte(begun + BATCH))
        .order_by_desc(entry::Column::Position)
        .limit(1)
        .one()
        .await?;
    let Some((position, hash)) = mark.and_then(|mark| Some((mark.position?, stored(&mark.hash?)))) else {
        return Ok(0);
    };
    let at = ctx.now().millis();
    tx.upsert(
        start::ActiveModel {
            position: Set(position),
            hash: Set(hash.to_vec()),
            at: Set(at),
            key_id: Set(keys.present().to_owned()),
            signature: Set(keys.sign(Mark::Start, ctx.tenant_id(), position, &hash, at)?.to_vec()),
            ..Default::default()
        },
        &[start::Column::TenantId],
        &[
            start::Column::Position,
            start::Column::Hash,
            start::Column::At,
            start::Column::KeyId,
            start::Column::Signature,
        ],
    )
    .await?;
    tx.delete_many::<checkpoint::Entity>().filter(checkpoint::Column::Position.lte(position)).exec().await?;
    tx.delete_many::<entry::Entity>().filter(entry::Column::Position.lte(position)).exec().await
}
