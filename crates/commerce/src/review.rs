//! Reviews: what customers say about products, one each, and what becomes of it before others read it.
//!
//! [`policy`] says who may write, [`desk`] is where staff looks at it, [`list`] what readers get. Stars are counted in the
//! transaction that changes what is published ([`rating`]), and whether an author has bought the product is kept right by
//! what happens to orders ([`buyers`]).

mod buyers;
mod desk;
mod list;
mod policy;
mod rating;

pub use buyers::VerifiedBuyers;
pub use desk::{Judged, MAX_AT_ONCE, Verdict, answer, delete, moderate};
pub use list::{
    PER_PAGE, ReviewCounts, ReviewFilter, ReviewSort, Shown, StaffReview, counts, get, list, published, shown,
};
pub use policy::{ReviewPolicy, Writers, policy, set_policy};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use events::Emit;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{ErrorCode, FieldError, ProductId, ReviewId, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QuerySelect};
use uuid::Uuid;

use crate::entity::review;
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;

/// Characters of a review's text.
pub const BODY: std::ops::RangeInclusive<usize> = 10..=4_000;
/// Most characters of a review's title.
pub const MAX_TITLE: usize = 120;
/// Most characters of the name that stands under a review.
pub const MAX_AUTHOR: usize = 60;
/// Reviews that one person may write or change in [`PACE`].
pub const MAX_WRITTEN: i64 = 10;
/// See [`MAX_WRITTEN`].
pub const PACE: Duration = Duration::from_secs(3600);
/// What stands under the review of somebody who is gone.
pub const FORMER: &str = "Former customer";

/// What a customer writes. Text is text: it is kept as it is and shown literally.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewDraft {
    /// 1 to 5 stars.
    pub rating: i64,
    /// 1 to [`MAX_TITLE`] characters.
    pub title: String,
    /// 10 to 4,000 characters.
    pub body: String,
    /// The name that others read, 1 to [`MAX_AUTHOR`] characters.
    pub author: String,
}

/// Who reads a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewState {
    /// Its author and staff: nobody has looked at it yet.
    Pending,
    /// Everybody.
    Published,
    /// Its author and staff: it was turned down.
    Rejected,
}

impl ReviewState {
    /// As rows have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Published => "published",
            Self::Rejected => "rejected",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        match text {
            "pending" => Ok(Self::Pending),
            "published" => Ok(Self::Published),
            "rejected" => Ok(Self::Rejected),
            _ => Err(Error::internal("a review has an unknown state").into()),
        }
    }
}

/// A review as its author sees it; for others it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewView {
    /// Identity.
    pub id: ReviewId,
    /// What it is about.
    pub product: ProductId,
    /// What was written.
    pub draft: ReviewDraft,
    /// Who reads it.
    pub state: ReviewState,
    /// Why it was turned down; empty otherwise.
    pub reason: String,
    /// The author has bought it, and that order was paid and not given back.
    pub verified: bool,
    /// What the shop says to it, and when.
    pub answer: Option<(String, Timestamp)>,
    /// When its author last wrote it.
    pub written_at: Timestamp,
}

/// Whether the caller may review a product, and what the caller said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnReview {
    /// What was written, when something was.
    pub review: Option<ReviewView>,
    /// The caller has bought it.
    pub verified: bool,
    /// Why the caller may not write, in words; `None`: may.
    pub refused: Option<&'static str>,
    /// The name of the account, for the form.
    pub name: String,
}

const ONLY_BUYERS: &str =
    "only who has bought this can review it: sign in with the account that you ordered with";
const NO_REVIEWS: &str = "this shop takes no reviews now";

/// The caller's own review of a product, and whether the caller may write one.
///
/// # Errors
/// `NOT_FOUND` for a product that shoppers do not see, `UNAUTHENTICATED` for nobody.
pub async fn own(ctx: &Ctx, product: ProductId) -> Result<OwnReview> {
    let user = author_of(ctx)?;
    if catalog::query::product_by_id(ctx, product).await?.is_none() {
        return Err(CommerceError::not_found(ProductId::KIND));
    }
    let rows = ctx.read(Access::SignedIn).await?;
    let (policy, verified) = (policy::load(&rows).await?, buyers::has_bought(&rows, user, product).await?);
    let review = find_own(&rows, user, product).await?.map(view).transpose()?;
    let name = identity::user::people(&rows, &[user]).await?.remove(&user).map(|person| person.name);
    Ok(OwnReview { review, verified, refused: refused(&policy, verified), name: name.unwrap_or_default() })
}

/// Writes the caller's review of a product, or writes it anew. The same once more changes nothing.
///
/// It is published at once where the shop says so, unless it had been turned down before, or the caller has taken one back
/// that was, and the shop has published nothing of the caller's since: then somebody looks again.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, and for somebody who has not bought the product where only buyers may write;
/// `UNAUTHENTICATED` for an account that is gone; `NOT_FOUND` for a product that shoppers do not see; `FEATURE_NOT_ENABLED` where no reviews are taken;
/// `RATE_LIMIT_EXCEEDED` after [`MAX_WRITTEN`] in an hour; `CONFLICT` when it was judged at the same moment.
pub async fn write(ctx: &Ctx, product: ProductId, draft: &ReviewDraft) -> Result<ReviewView> {
    let (user, now) = (author_of(ctx)?, ctx.now());
    let draft = checked(draft)?;
    if catalog::query::product_by_id(ctx, product).await?.is_none() {
        return Err(CommerceError::not_found(ProductId::KIND));
    }
    ctx.write(Access::SignedIn, async |tx| {
        identity::user::hold(tx, user).await?;
        let policy = policy::load(tx).await?;
        if policy.writers == Writers::Nobody {
            return Err(Error::new(ErrorCode::FeatureNotEnabled, NO_REVIEWS).into());
        }
        let verified = buyers::has_bought(tx, user, product).await?;
        if let Some(words) = refused(&policy, verified) {
            return Err(CommerceError::field("product", words));
        }
        let before = find_own(tx, user, product).await?;
        if let Some(same) = before.as_ref().filter(|before| draft_of(before) == draft) {
            return view(same.clone());
        }
        let turned_down = keep_pace(tx, user, now).await?;
        let state = match &before {
            _ if policy.look_first || turned_down => ReviewState::Pending,
            Some(before) if before.state == ReviewState::Rejected.as_str() => ReviewState::Pending,
            _ => ReviewState::Published,
        };
        let (row, event) = match &before {
            None => insert(tx, user, product, (&draft, state, verified), now).await?,
            Some(before) => rewrite(tx, before, (&draft, state, verified), now).await?,
        };
        let was_public = before.is_some_and(|before| before.state == ReviewState::Published.as_str());
        if was_public || state == ReviewState::Published {
            rating::renew(tx, [product]).await?;
        }
        tx.emit(event).await?;
        view(row)
    })
    .await
}

/// Takes the caller's review of a product away, for good.
///
/// # Errors
/// `NOT_FOUND` when there is none.
pub async fn withdraw(ctx: &Ctx, product: ProductId) -> Result<()> {
    let user = author_of(ctx)?;
    ctx.write(Access::SignedIn, async |tx| {
        // Locked: one that is being turned down at this moment is known as such.
        let own = tx.find::<review::Entity>().filter(review::Column::ProductId.eq(product.uuid()));
        let own = own.filter(review::Column::UserId.eq(user.uuid()));
        let row = own.map(|select| select.lock(LockType::Update)).one().await?;
        let row = row.ok_or_else(|| CommerceError::not_found(ReviewId::KIND))?;
        if row.state == ReviewState::Rejected.as_str() {
            remember_turned_down(tx, user, ctx.now()).await?;
        }
        tx.delete_many::<review::Entity>().filter(review::Column::Id.eq(row.id)).exec().await?;
        // Also one that was not published when it was read: somebody may just have done that.
        rating::renew(tx, [product]).await?;
        let review_id = ReviewId::from_uuid(row.id);
        tx.emit(CommerceEvent::ReviewDeleted { review_id, product_id: product }).await?;
        Ok(())
    })
    .await
}

/// Takes the name and the account from every review of somebody who is to be forgotten; the words stay, under
/// [`FORMER`]. Gives back how many there were.
pub async fn forget_author(tx: &Tx, user: UserId) -> Result<u64> {
    let user = user.uuid();
    let written = tx
        .find::<review::Entity>()
        .filter(review::Column::UserId.eq(user))
        .order_by_asc(review::Column::Id)
        .columns::<(Uuid, Uuid)>([review::Column::Id, review::Column::ProductId])
        .await?;
    let forgotten = tx
        .update_many::<review::Entity>()
        .set(review::Column::UserId, None::<Uuid>)
        .set(review::Column::Author, FORMER)
        .col_expr(review::Column::Version, Expr::col(review::Column::Version).add(1))
        .filter(review::Column::UserId.eq(user))
        .exec()
        .await?;
    tx.raw_exec("DELETE FROM review_writer WHERE tenant_id = {tenant} AND user_id = ?", vec![user.into()])
        .await?;
    rating::renew(tx, written.into_iter().map(|(_, product)| ProductId::from_uuid(product))).await?;
    Ok(forgotten)
}

fn author_of(ctx: &Ctx) -> Result<UserId> {
    ctx.require(Access::SignedIn)?;
    Ok(ctx.user_id().ok_or_else(Error::unauthenticated)?)
}

fn refused(policy: &ReviewPolicy, verified: bool) -> Option<&'static str> {
    match policy.writers {
        Writers::Nobody => Some(NO_REVIEWS),
        Writers::Buyers if !verified => Some(ONLY_BUYERS),
        Writers::Buyers | Writers::Everybody => None,
    }
}

async fn find_own(rows: &TenantDb, user: UserId, product: ProductId) -> Result<Option<review::Model>> {
    let own = rows.find::<review::Entity>().filter(review::Column::ProductId.eq(product.uuid()));
    Ok(own.filter(review::Column::UserId.eq(user.uuid())).one().await?)
}

async fn insert(
    tx: &Tx,
    user: UserId,
    product: ProductId,
    (draft, state, verified): (&ReviewDraft, ReviewState, bool),
    now: Timestamp,
) -> Result<(review::Model, CommerceEvent)> {
    let row = review::Model {
        tenant_id: tx.tenant_id().uuid(),
        id: ReviewId::new().uuid(),
        product_id: product.uuid(),
        user_id: Some(user.uuid()),
        author: draft.author.clone(),
        rating: draft.rating,
        title: draft.title.clone(),
        body: draft.body.clone(),
        state: state.as_str().to_owned(),
        reason: String::new(),
        verified,
        answer: String::new(),
        answered_at: None,
        version: 1,
        created_at: now.millis(),
        written_at: now.millis(),
        updated_at: now.millis(),
    };
    if tx.insert_new(vec![row.clone().into_active_model().reset_all()]).await? == 0 {
        return Err(
            Error::conflict("you have just written about this in another tab, look at that first").into()
        );
    }
    let review_id = ReviewId::from_uuid(row.id);
    Ok((row, CommerceEvent::ReviewCreated { review_id, product_id: product }))
}

async fn rewrite(
    tx: &Tx,
    before: &review::Model,
    (draft, state, verified): (&ReviewDraft, ReviewState, bool),
    now: Timestamp,
) -> Result<(review::Model, CommerceEvent)> {
    let row = review::Model {
        author: draft.author.clone(),
        rating: draft.rating,
        title: draft.title.clone(),
        body: draft.body.clone(),
        state: state.as_str().to_owned(),
        reason: String::new(),
        verified,
        version: before.version.saturating_add(1),
        written_at: now.millis(),
        updated_at: now.millis(),
        ..before.clone()
    };
    let changed = tx
        .update_many::<review::Entity>()
        .set(review::Column::Author, row.author.as_str())
        .set(review::Column::Rating, row.rating)
        .set(review::Column::Title, row.title.as_str())
        .set(review::Column::Body, row.body.as_str())
        .set(review::Column::State, row.state.as_str())
        .set(review::Column::Reason, "")
        .set(review::Column::Verified, row.verified)
        .set(review::Column::Version, row.version)
        .set(review::Column::WrittenAt, row.written_at)
        .set(review::Column::UpdatedAt, row.updated_at)
        .filter(review::Column::Id.eq(row.id))
        .filter(review::Column::Version.eq(before.version))
        .exec()
        .await?;
    if changed == 0 {
        return Err(Error::conflict("the shop has just looked at your review, send it again").into());
    }
    let (review_id, product_id) = (ReviewId::from_uuid(row.id), ProductId::from_uuid(row.product_id));
    Ok((row, CommerceEvent::ReviewUpdated { review_id, product_id }))
}

/// Writes down that somebody takes back what was turned down, so that the same is not new the next time.
async fn remember_turned_down(tx: &Tx, user: UserId, now: Timestamp) -> Result<()> {
    let now = now.millis();
    tx.raw_exec(
        "INSERT INTO review_writer (tenant_id, user_id, since_at, written, turned_down_at) \
         VALUES ({tenant}, ?, ?, 1, ?) \
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET turned_down_at = excluded.turned_down_at",
        vec![user.uuid().into(), now.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Counts one more that `user` has written (SAFETY: limits are statements); gives back whether the last word of the shop
/// about something of theirs that is gone was no.
async fn keep_pace(tx: &Tx, user: UserId, now: Timestamp) -> Result<bool> {
    let over = (now - PACE).millis();
    let counted = tx
        .raw_all(
            "INSERT INTO review_writer (tenant_id, user_id, since_at, written) VALUES ({tenant}, ?, ?, 1) \
             ON CONFLICT (tenant_id, user_id) DO UPDATE SET \
               written = CASE WHEN review_writer.since_at <= ? THEN 1 ELSE review_writer.written + 1 END, \
               since_at = CASE WHEN review_writer.since_at <= ? THEN excluded.since_at \
                 ELSE review_writer.since_at END \
             WHERE review_writer.since_at <= ? OR review_writer.written < ? \
             RETURNING turned_down_at",
            vec![
                user.uuid().into(),
                now.millis().into(),
                over.into(),
                over.into(),
                over.into(),
                MAX_WRITTEN.into(),
            ],
        )
        .await?;
    if let Some(row) = counted.first() {
        let turned_down: Option<i64> = row.try_get_by_index(0).map_err(Error::from)?;
        return Ok(turned_down.is_some());
    }
    let since = tx
        .raw_all(
            "SELECT since_at FROM review_writer WHERE tenant_id = {tenant} AND user_id = ?",
            vec![user.uuid().into()],
        )
        .await?;
    let since: i64 = match since.first() {
        Some(row) => row.try_get_by_index(0).map_err(Error::from)?,
        None => now.millis(),
    };
    let wait = (Timestamp::from_millis(since) + PACE).millis().saturating_sub(now.millis());
    Err(Error::rate_limited(Duration::from_millis(Ord::max(wait, 1_000).unsigned_abs())).into())
}

/// The draft with line ends as one kind and nothing around it, or every wrong field.
fn checked(draft: &ReviewDraft) -> Result<ReviewDraft> {
    let mut errors = BTreeMap::new();
    if !(1..=5).contains(&draft.rating) {
        errors.insert("rating", "choose 1 to 5 stars".to_owned());
    }
    let mut line = |field: &'static str, text: &str, most: usize| {
        let text = text.trim().to_owned();
        let count = text.chars().count();
        if text.chars().any(char::is_control) {
            errors.insert(field, "use plain text on one line".to_owned());
        } else if count == 0 || most < count {
            errors.insert(field, format!("use 1 to {most} characters"));
        }
        text
    };
    let (title, author) = (line("title", &draft.title, MAX_TITLE), line("author", &draft.author, MAX_AUTHOR));
    let body = paragraphs(&draft.body);
    if body.chars().any(|c| c.is_control() && c != '\n') {
        errors.insert("body", "use plain text".to_owned());
    } else if !BODY.contains(&body.chars().count()) {
        errors.insert("body", format!("use {} to {} characters", BODY.start(), BODY.end()));
    }
    match errors.is_empty() {
        true => Ok(ReviewDraft { rating: draft.rating, title, body, author }),
        false => {
            // In the order of the form.
            let fields = ["rating", "title", "body", "author"];
            let found =
                fields.iter().filter_map(|field| Some(FieldError::new(*field, errors.remove(field)?)));
            Err(CommerceError::Invalid(found.collect()))
        }
    }
}

/// Text of several lines as it is kept: one kind of line end, tabs as spaces, nothing around it.
fn paragraphs(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ").trim().to_owned()
}

fn draft_of(row: &review::Model) -> ReviewDraft {
    ReviewDraft {
        rating: row.rating,
        title: row.title.clone(),
        body: row.body.clone(),
        author: row.author.clone(),
    }
}

fn view(row: review::Model) -> Result<ReviewView> {
    let draft = draft_of(&row);
    Ok(ReviewView {
        id: ReviewId::from_uuid(row.id),
        product: ProductId::from_uuid(row.product_id),
        draft,
        state: ReviewState::parse(&row.state)?,
        reason: row.reason,
        verified: row.verified,
        answer: row.answered_at.map(|at| (row.answer, Timestamp::from_millis(at))),
        written_at: Timestamp::from_millis(row.written_at),
    })
}

/// The products of some reviews, each once.
fn products(of: &[review::Model]) -> BTreeSet<ProductId> {
    of.iter().map(|row| ProductId::from_uuid(row.product_id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ReviewDraft {
        ReviewDraft {
            rating: 4,
            title: " Warm ".into(),
            body: "  Warm, and it\r\nstays put.\t".into(),
            author: "Maud".into(),
        }
    }

    #[test]
    fn text_is_kept_as_it_was_meant() {
        let kept = checked(&draft()).unwrap();
        assert_eq!((kept.title.as_str(), kept.body.as_str()), ("Warm", "Warm, and it\nstays put."));
        let html = ReviewDraft { body: "<b>'; DROP TABLE review</b>".into(), ..draft() };
        assert_eq!(checked(&html).unwrap().body, html.body);
    }

    #[test]
    fn every_wrong_field_is_named_in_the_order_of_the_form() {
        let wrong =
            ReviewDraft { rating: 6, title: "  ".into(), body: "Too short".into(), author: "a\u{0}b".into() };
        let Err(CommerceError::Invalid(fields)) = checked(&wrong) else { panic!("it is wrong") };
        let names: Vec<_> = fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(names, ["rating", "title", "body", "author"]);
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let long = |n| checked(&ReviewDraft { body: "é".repeat(n), ..draft() }).is_ok();
        assert!(!long(9) && long(10) && long(4_000) && !long(4_001));
        let titled = |n| checked(&ReviewDraft { title: "é".repeat(n), ..draft() }).is_ok();
        assert!(titled(120) && !titled(121));
    }
}
