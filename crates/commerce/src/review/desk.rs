//! What staff does with reviews.

use std::collections::{BTreeMap, BTreeSet};

use events::Emit;
use platform::{Ctx, Error, Tx};
use primitives::{Permission, ProductId, ReviewId};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::list::{StaffReview, staff_views};
use super::{BODY, ReviewState, paragraphs, products, rating};
use crate::entity::review;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;

/// Most reviews that are judged or deleted together.
pub const MAX_AT_ONCE: usize = 100;
/// Most characters of a reason.
const MAX_REASON: usize = 500;

/// What becomes of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everybody reads it.
    Publish,
    /// Nobody but its author reads it, who is told why.
    Reject {
        /// 1 to 500 characters.
        reason: String,
    },
}

/// What came of judging some reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// As they are now, in the order of their ids.
    pub reviews: Vec<StaffReview>,
    /// Those that were changed since somebody looked; nothing became of them.
    pub stale: Vec<ReviewId>,
}

/// Publishes reviews or turns them down, each in the version that somebody has looked at: words that nobody has read are
/// never published.
///
/// # Errors
/// `NOT_FOUND` when one of them is unknown or another shop's, `BAD_USER_INPUT` for a missing or too long reason and for
/// none or more than [`MAX_AT_ONCE`] reviews; then nothing is changed.
pub async fn moderate(ctx: &Ctx, seen: &[(ReviewId, i64)], verdict: &Verdict) -> Result<Judged> {
    let (state, reason) = match verdict {
        Verdict::Publish => (ReviewState::Published, String::new()),
        Verdict::Reject { reason } => (ReviewState::Rejected, checked_reason(reason)?),
    };
    let seen: BTreeMap<ReviewId, i64> = seen.iter().copied().collect();
    some(seen.len())?;
    let now = ctx.now().millis();
    ctx.write(Permission::COMMENTS_MODERATE, async |tx| {
        let before = load(tx, &seen.keys().copied().collect::<Vec<_>>()).await?;
        let (mut touched, mut stale, mut events) = (BTreeSet::new(), Vec::new(), Vec::new());
        let mut trusted = BTreeSet::new();
        for row in &before {
            let (id, product_id) = (ReviewId::from_uuid(row.id), ProductId::from_uuid(row.product_id));
            let version = seen.get(&id).copied().unwrap_or_default();
            if row.version == version && row.state == state.as_str() && row.reason == reason {
                continue;
            }
            let changed = tx
                .update_many::<review::Entity>()
                .set(review::Column::State, state.as_str())
                .set(review::Column::Reason, reason.as_str())
                .set(review::Column::Version, version.saturating_add(1))
                .set(review::Column::UpdatedAt, now)
                .filter(review::Column::Id.eq(row.id))
                .filter(review::Column::Version.eq(version))
                .exec()
                .await?;
            if changed == 0 {
                stale.push(id);
                continue;
            }
            touched.insert(product_id);
            trusted.extend(row.user_id.filter(|_| state == ReviewState::Published));
            let state = state.as_str().to_owned();
            events.push(CommerceEvent::ReviewModerated { review_id: id, product_id, state });
        }
        rating::renew(tx, touched).await?;
        if !trusted.is_empty() {
            let sql = format!(
                "UPDATE review_writer SET turned_down_at = NULL \
                 WHERE tenant_id = {{tenant}} AND user_id IN ({}) AND turned_down_at IS NOT NULL",
                platform::db::holes(trusted.len())
            );
            tx.raw_exec(&sql, trusted.into_iter().map(Into::into).collect()).await?;
        }
        if !events.is_empty() {
            tx.emit_all(events).await?;
        }
        // One that its author has taken away meanwhile is among the stale ones.
        let after = find(tx, &seen.keys().copied().collect::<Vec<_>>()).await?;
        Ok(Judged { reviews: staff_views(tx, after).await?, stale })
    })
    .await
}

/// Writes what the shop says to a review, for everybody to read; an empty text takes the answer away.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` for a text that is too long; `CONFLICT` when the review was changed since `version`.
pub async fn answer(ctx: &Ctx, id: ReviewId, version: i64, text: &str) -> Result<StaffReview> {
    let text = paragraphs(text);
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(CommerceError::field("text", "use plain text"));
    }
    if *BODY.end() < text.chars().count() {
        return Err(CommerceError::field("text", format!("use at most {} characters", BODY.end())));
    }
    let now = ctx.now().millis();
    ctx.write(Permission::COMMENTS_MODERATE, async |tx| {
        let before = tx.get::<review::Entity>(id.uuid()).await?;
        let changed = tx
            .update_many::<review::Entity>()
            .set(review::Column::Answer, text.as_str())
            .set(review::Column::AnsweredAt, (!text.is_empty()).then_some(now))
            .set(review::Column::Version, version.saturating_add(1))
            .set(review::Column::UpdatedAt, now)
            .filter(review::Column::Id.eq(id.uuid()))
            .filter(review::Column::Version.eq(version))
            .exec()
            .await?;
        if changed == 0 {
            return Err(Error::conflict("this review was changed in the meantime, look at it again").into());
        }
        let product_id = ProductId::from_uuid(before.product_id);
        if before.state == ReviewState::Published.as_str() {
            rating::renew(tx, [product_id]).await?;
        }
        tx.emit(CommerceEvent::ReviewAnswered { review_id: id, product_id }).await?;
        let after = staff_views(tx, load(tx, &[id]).await?).await?.pop();
        after.ok_or_else(|| CommerceError::not_found(ReviewId::KIND))
    })
    .await
}

/// Deletes reviews for good. Their authors may write again.
///
/// # Errors
/// `NOT_FOUND` when one of them is unknown or another shop's, `BAD_USER_INPUT` for none or more than [`MAX_AT_ONCE`]; then
/// nothing is deleted.
pub async fn delete(ctx: &Ctx, ids: &[ReviewId]) -> Result<u64> {
    let ids: Vec<ReviewId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    some(ids.len())?;
    ctx.write(Permission::COMMENTS_DELETE, async |tx| {
        let rows = load(tx, &ids).await?;
        let deleted = tx
            .delete_many::<review::Entity>()
            .filter(review::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
            .exec()
            .await?;
        rating::renew(tx, products(&rows)).await?;
        let gone = rows.iter().map(|row| CommerceEvent::ReviewDeleted {
            review_id: ReviewId::from_uuid(row.id),
            product_id: ProductId::from_uuid(row.product_id),
        });
        tx.emit_all(gone.collect()).await?;
        Ok(deleted)
    })
    .await
}

fn some(n: usize) -> Result<()> {
    match n {
        1..=MAX_AT_ONCE => Ok(()),
        _ => Err(CommerceError::field("reviews", format!("name 1 to {MAX_AT_ONCE} reviews"))),
    }
}

fn checked_reason(reason: &str) -> Result<String> {
    let reason = paragraphs(reason);
    let plain = !reason.chars().any(|c| c.is_control() && c != '\n');
    match reason.chars().count() {
        1..=MAX_REASON if plain => Ok(reason),
        _ => Err(CommerceError::field(
            "reason",
            format!("say in 1 to {MAX_REASON} characters why: the author reads it"),
        )),
    }
}

/// All of these in the order of their ids, in which everybody changes them, or `NOT_FOUND`.
async fn load(tx: &Tx, ids: &[ReviewId]) -> Result<Vec<review::Model>> {
    let rows = find(tx, ids).await?;
    if rows.len() == ids.len() { Ok(rows) } else { Err(CommerceError::not_found(ReviewId::KIND)) }
}

/// Those of them that there are, in the order of their ids.
async fn find(tx: &Tx, ids: &[ReviewId]) -> Result<Vec<review::Model>> {
    let keys: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = tx.find::<review::Entity>().filter(review::Column::Id.is_in(keys));
    Ok(rows.order_by_asc(review::Column::Id).all().await?)
}
