//! Reviews: for readers, for whoever writes one, for staff.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::Error;
use platform::graphql::{DateTime, Long, ctx_of, failure, parse_id};
use primitives::{ProductId, ReviewId};

use super::{connection, nodes, page_args};
use crate::review::{self, ReviewDraft, ReviewFilter, ReviewView, Verdict};

/// Reviews, for everybody and for staff.
#[derive(Default)]
pub struct ReviewsQuery;

#[Object]
impl ReviewsQuery {
    /// The published reviews of a product.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection and its order")]
    async fn product_reviews(
        &self,
        context: &Context<'_>,
        product_id: ID,
        #[graphql(default_with = "ReviewSort::Newest")] sort: ReviewSort,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<ReviewConnection> {
        let ctx = ctx_of(context)?;
        let product = parse_id(&product_id, ProductId::KIND)?;
        let page = page_args(first, after, last, before)?;
        let found = review::published(ctx, product, sort.into(), &page).await.map_err(failure)?;
        Ok(ReviewConnection::of(found, Review::of))
    }

    /// What the caller said about a product, and whether the caller may say something.
    async fn my_review(&self, context: &Context<'_>, product_id: ID) -> Result<MyReview> {
        let ctx = ctx_of(context)?;
        let product = parse_id(&product_id, ProductId::KIND)?;
        let own = Box::pin(review::own(ctx, product)).await.map_err(failure)?;
        Ok(MyReview {
            review: own.review.map(OwnReview::of),
            verified: own.verified,
            refused: own.refused.map(str::to_owned),
        })
    }

    /// Reviews of all products, written last first, for staff.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    async fn reviews(
        &self,
        context: &Context<'_>,
        filter: Option<ReviewFilterInput>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<StaffReviewConnection> {
        let ctx = ctx_of(context)?;
        let (filter, page) = (filter.unwrap_or_default().read()?, page_args(first, after, last, before)?);
        let found = review::list(ctx, &filter, &page).await.map_err(failure)?;
        Ok(StaffReviewConnection::of(found, StaffReview::of))
    }

    /// One review, for staff.
    async fn review(&self, context: &Context<'_>, id: ID) -> Result<StaffReview> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, ReviewId::KIND)?;
        Ok(StaffReview::of(review::get(ctx, id).await.map_err(failure)?))
    }

    /// How many reviews are in which state.
    async fn review_counts(&self, context: &Context<'_>) -> Result<ReviewCounts> {
        let review::ReviewCounts { pending, published, rejected } =
            review::counts(ctx_of(context)?).await.map_err(failure)?;
        Ok(ReviewCounts { pending, published, rejected })
    }

    /// Who may review, and whether somebody looks first.
    async fn review_settings(&self, context: &Context<'_>) -> Result<ReviewSettings> {
        let ctx = ctx_of(context)?;
        Ok(ReviewSettings::of(review::policy(ctx).await.map_err(failure)?))
    }
}

/// Writing and judging reviews.
#[derive(Default)]
pub struct ReviewsMutation;

#[Object]
impl ReviewsMutation {
    /// Writes the caller's review of a product, or writes it anew.
    async fn review_write(&self, context: &Context<'_>, input: ReviewWriteInput) -> Result<ReviewPayload> {
        let ctx = ctx_of(context)?;
        let product = parse_id(&input.product_id, ProductId::KIND)?;
        let draft = ReviewDraft {
            rating: input.rating.into(),
            title: input.title,
            body: input.body,
            author: input.author,
        };
        let view = Box::pin(review::write(ctx, product, &draft)).await.map_err(failure)?;
        Ok(ReviewPayload { review: OwnReview::of(view) })
    }

    /// Takes the caller's review of a product away.
    async fn review_withdraw(&self, context: &Context<'_>, product_id: ID) -> Result<bool> {
        let ctx = ctx_of(context)?;
        let product = parse_id(&product_id, ProductId::KIND)?;
        Box::pin(review::withdraw(ctx, product)).await.map_err(failure)?;
        Ok(true)
    }

    /// Publishes reviews or turns them down, each in the version that somebody has looked at.
    async fn reviews_moderate(
        &self,
        context: &Context<'_>,
        input: ReviewsModerateInput,
    ) -> Result<ReviewsPayload> {
        let ctx = ctx_of(context)?;
        let seen = input.reviews.iter().map(|one| Ok((parse_id(&one.id, ReviewId::KIND)?, one.version.0)));
        let seen = seen.collect::<Result<Vec<_>>>()?;
        let verdict = match input.verdict {
            ReviewVerdict::Publish => Verdict::Publish,
            ReviewVerdict::Reject => Verdict::Reject { reason: input.reason },
        };
        let judged = Box::pin(review::moderate(ctx, &seen, &verdict)).await.map_err(failure)?;
        Ok(ReviewsPayload {
            reviews: judged.reviews.into_iter().map(StaffReview::of).collect(),
            stale: judged.stale.into_iter().map(|id| ID(id.to_string())).collect(),
        })
    }

    /// Writes what the shop says to a review; an empty text takes the answer away.
    async fn review_answer(
        &self,
        context: &Context<'_>,
        input: ReviewAnswerInput,
    ) -> Result<StaffReviewPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, ReviewId::KIND)?;
        let answered = review::answer(ctx, id, input.version.0, &input.text).await.map_err(failure)?;
        Ok(StaffReviewPayload { review: StaffReview::of(answered) })
    }

    /// Deletes reviews for good; gives back how many.
    async fn reviews_delete(&self, context: &Context<'_>, ids: Vec<ID>) -> Result<u64> {
        let ctx = ctx_of(context)?;
        let ids = ids.iter().map(|id| parse_id(id, ReviewId::KIND)).collect::<Result<Vec<_>>>()?;
        review::delete(ctx, &ids).await.map_err(failure)
    }

    /// Decides who may review, and whether somebody looks first.
    async fn review_settings_update(
        &self,
        context: &Context<'_>,
        input: ReviewSettingsInput,
    ) -> Result<ReviewSettings> {
        let ctx = ctx_of(context)?;
        let wanted = review::ReviewPolicy {
            writers: input.writers.into(),
            look_first: input.look_first,
            version: input.version.0,
        };
        Ok(ReviewSettings::of(review::set_policy(ctx, wanted).await.map_err(failure)?))
    }
}

/// Order of a product's reviews.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "review::ReviewSort")]
pub enum ReviewSort {
    /// Written last first.
    Newest,
    /// Most stars first.
    Highest,
    /// Fewest stars first.
    Lowest,
}

/// Who reads a review.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "review::ReviewState")]
pub enum ReviewState {
    /// Its author and staff: nobody has looked at it yet.
    Pending,
    /// Everybody.
    Published,
    /// Its author and staff: it was turned down.
    Rejected,
}

/// Who may write reviews.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "review::Writers")]
pub enum ReviewWriters {
    /// Everybody with an account.
    Everybody,
    /// Whoever has bought the product.
    Buyers,
    /// Nobody: there are no reviews, also none of before.
    Nobody,
}

/// What becomes of reviews.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ReviewVerdict {
    /// Everybody reads them.
    Publish,
    /// Nobody but their authors, who read `reason`.
    Reject,
}

/// What a customer says about a product. All of it is plain text.
#[derive(InputObject)]
pub struct ReviewWriteInput {
    /// The product.
    product_id: ID,
    /// 1 to 5 stars.
    rating: i32,
    /// 1 to 120 characters.
    title: String,
    /// 10 to 4,000 characters.
    body: String,
    /// The name that others read, 1 to 60 characters.
    author: String,
}

/// Which reviews to list; what is left out does not narrow.
#[derive(InputObject, Default)]
pub struct ReviewFilterInput {
    /// Part of the title, the text or the author's name.
    #[graphql(default)]
    q: String,
    /// In this state.
    state: Option<ReviewState>,
    /// With so many stars.
    rating: Option<i32>,
    /// Of buyers, or not.
    verified: Option<bool>,
    /// With an answer of the shop, or without.
    answered: Option<bool>,
    /// Of this product.
    product_id: Option<ID>,
}

impl ReviewFilterInput {
    fn read(self) -> Result<ReviewFilter> {
        let rating = match self.rating {
            Some(rating) if !(1..=5).contains(&rating) => {
                return Err(failure(Error::invalid("filter.rating", "choose 1 to 5 stars")));
            }
            rating => rating.map(i64::from),
        };
        let product = self.product_id.map(|id| parse_id(&id, ProductId::KIND)).transpose()?;
        Ok(ReviewFilter {
            q: self.q,
            state: self.state.map(Into::into),
            rating,
            verified: self.verified,
            answered: self.answered,
            product,
        })
    }
}

/// A review in the version that somebody has looked at.
#[derive(InputObject)]
pub struct SeenReviewInput {
    /// The review.
    id: ID,
    /// Its version.
    version: Long,
}

/// What becomes of some reviews.
#[derive(InputObject)]
pub struct ReviewsModerateInput {
    /// 1 to 100.
    reviews: Vec<SeenReviewInput>,
    /// What becomes of them.
    verdict: ReviewVerdict,
    /// Why they are turned down, 1 to 500 characters; their authors read it.
    #[graphql(default)]
    reason: String,
}

/// What the shop says to a review.
#[derive(InputObject)]
pub struct ReviewAnswerInput {
    /// The review.
    id: ID,
    /// The version that was answered.
    version: Long,
    /// At most 4,000 characters; empty: no answer.
    text: String,
}

/// How the shop takes reviews.
#[derive(InputObject)]
pub struct ReviewSettingsInput {
    /// The version that was read; 0 before the first change.
    version: Long,
    /// Who may write.
    writers: ReviewWriters,
    /// Somebody looks before others read it.
    look_first: bool,
}

connection!(ReviewConnection, ReviewEdge, Review);

/// What the shop says to a review.
#[derive(SimpleObject, Clone)]
pub struct ReviewAnswer {
    /// Plain text.
    text: String,
    /// When it was written.
    at: DateTime,
}

impl ReviewAnswer {
    fn of(view: &ReviewView) -> Option<Self> {
        view.answer.clone().map(|(text, at)| Self { text, at: DateTime(at) })
    }
}

/// A published review. All of it is plain text.
#[derive(SimpleObject, Clone)]
pub struct Review {
    /// Identity.
    id: ID,
    /// 1 to 5 stars.
    rating: i32,
    /// Title.
    title: String,
    /// Text of several lines.
    body: String,
    /// The name of whoever wrote it.
    author: String,
    /// Its author has bought the product.
    verified: bool,
    /// What the shop says to it.
    answer: Option<ReviewAnswer>,
    /// When it was written.
    written_at: DateTime,
}

impl Review {
    fn of(view: ReviewView) -> Self {
        Self {
            id: ID(view.id.to_string()),
            rating: stars(&view),
            answer: ReviewAnswer::of(&view),
            title: view.draft.title,
            body: view.draft.body,
            author: view.draft.author,
            verified: view.verified,
            written_at: DateTime(view.written_at),
        }
    }
}

/// A review as its author sees it.
#[derive(SimpleObject, Clone)]
pub struct OwnReview {
    /// What was written.
    #[graphql(flatten)]
    review: Review,
    /// Who reads it.
    state: ReviewState,
    /// Why it was turned down.
    reason: Option<String>,
}

impl OwnReview {
    fn of(view: ReviewView) -> Self {
        let reason = Some(view.reason.clone()).filter(|reason| !reason.is_empty());
        Self { state: view.state.into(), reason, review: Review::of(view) }
    }
}

/// What the caller said about a product.
#[derive(SimpleObject)]
pub struct MyReview {
    /// Missing until something was written.
    review: Option<OwnReview>,
    /// The caller has bought it.
    verified: bool,
    /// Why the caller may not write; missing: may.
    refused: Option<String>,
}

/// The caller's review after a change.
#[derive(SimpleObject)]
pub struct ReviewPayload {
    /// The review.
    review: OwnReview,
}

connection!(StaffReviewConnection, StaffReviewEdge, StaffReview);

/// A review as staff sees it.
#[derive(SimpleObject, Clone)]
pub struct StaffReview {
    /// What was written.
    #[graphql(flatten)]
    review: Review,
    /// Who reads it.
    state: ReviewState,
    /// Why it was turned down; empty otherwise.
    reason: String,
    /// The author's account, while it is one.
    user_id: Option<ID>,
    /// What it is about.
    product_id: ID,
    /// The name of the product.
    product_title: String,
    /// Last part of the product's address.
    product_slug: String,
    /// For the next change.
    version: Long,
    /// When it was first written.
    created_at: DateTime,
}

impl StaffReview {
    fn of(view: review::StaffReview) -> Self {
        Self {
            state: view.review.state.into(),
            reason: view.review.reason.clone(),
            user_id: view.user.map(|id| ID(id.to_string())),
            product_id: ID(view.review.product.to_string()),
            product_title: view.title,
            product_slug: view.slug,
            version: Long(view.version),
            created_at: DateTime(view.created_at),
            review: Review::of(view.review),
        }
    }
}

/// A review after an answer.
#[derive(SimpleObject)]
pub struct StaffReviewPayload {
    /// With its new version.
    review: StaffReview,
}

/// Reviews after a verdict.
#[derive(SimpleObject)]
pub struct ReviewsPayload {
    /// As they are now.
    reviews: Vec<StaffReview>,
    /// Those that were changed since somebody looked; nothing became of them.
    stale: Vec<ID>,
}

/// How many reviews are in which state.
#[derive(SimpleObject)]
pub struct ReviewCounts {
    /// Waiting for a look.
    pending: u64,
    /// Read by everybody.
    published: u64,
    /// Turned down.
    rejected: u64,
}

/// How the shop takes reviews.
#[derive(SimpleObject)]
pub struct ReviewSettings {
    /// Who may write.
    writers: ReviewWriters,
    /// Somebody looks before others read it.
    look_first: bool,
    /// For the next change; 0 until the first one.
    version: Long,
}

impl ReviewSettings {
    fn of(policy: review::ReviewPolicy) -> Self {
        Self { writers: policy.writers.into(), look_first: policy.look_first, version: Long(policy.version) }
    }
}

fn stars(view: &ReviewView) -> i32 {
    i32::try_from(view.draft.rating).unwrap_or_default()
}
