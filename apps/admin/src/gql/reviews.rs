//! Reviews: the list, and what becomes of them.

use super::{DateTime, Long, PageInfo, schema};

/// Who reads a review.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReviewState {
    Pending,
    Published,
    Rejected,
}

impl ReviewState {
    /// With its key in the address.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Pending, "pending"), (Self::Published, "published"), (Self::Rejected, "rejected")];

    /// Tone and word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => ("warning", "To read"),
            Self::Published => ("good", "Published"),
            Self::Rejected => ("off", "Turned down"),
        }
    }
}

/// Who may write reviews.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReviewWriters {
    Everybody,
    Buyers,
    Nobody,
}

/// What becomes of reviews.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReviewVerdict {
    Publish,
    Reject,
}

/// Which reviews to list.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReviewFilterInput {
    pub q: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub state: Option<ReviewState>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub rating: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub answered: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<cynic::Id>,
}

/// Variables of [`Reviews`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct ReviewsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub filter: Option<ReviewFilterInput>,
}

/// One page of the table, with the numbers of its tabs.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "ReviewsVariables")]
pub struct Reviews {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter)]
    pub reviews: StaffReviewConnection,
    /// For the tabs.
    pub review_counts: ReviewCounts,
}

/// Numbers of the tabs.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ReviewCounts {
    pub pending: i32,
    pub published: i32,
    pub rejected: i32,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct StaffReviewConnection {
    pub nodes: Vec<StaffReview>,
    pub page_info: PageInfo,
    pub total_count: i32,
}

/// A review.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StaffReview {
    pub id: cynic::Id,
    pub rating: i32,
    pub title: String,
    pub body: String,
    pub author: String,
    pub verified: bool,
    pub answer: Option<ReviewAnswer>,
    pub written_at: DateTime,
    pub state: ReviewState,
    pub reason: String,
    pub product_title: String,
    pub product_slug: String,
    pub version: Long,
}

/// What the shop says to a review.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ReviewAnswer {
    pub text: String,
}

/// A review in the version that somebody has looked at.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct SeenReviewInput {
    pub id: cynic::Id,
    pub version: Long,
}

/// What becomes of some reviews.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReviewsModerateInput {
    pub reviews: Vec<SeenReviewInput>,
    pub verdict: ReviewVerdict,
    pub reason: String,
}

/// Reviews after a verdict.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReviewsPayload {
    pub stale: Vec<cynic::Id>,
}

/// An answer.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReviewAnswerInput {
    pub id: cynic::Id,
    pub version: Long,
    pub text: String,
}

/// A review after an answer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "StaffReviewPayload")]
#[allow(missing_docs)]
pub struct AnsweredReview {
    pub review: StaffReviewId,
}

/// Only its id.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "StaffReview")]
#[allow(missing_docs)]
pub struct StaffReviewId {
    pub id: cynic::Id,
}

/// Who may review, and whether somebody looks first.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ReviewSettings {
    pub writers: ReviewWriters,
    pub look_first: bool,
    pub version: Long,
}

/// The settings.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
#[allow(missing_docs)]
pub struct ReviewSettingsQuery {
    pub review_settings: ReviewSettings,
}

/// New settings.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReviewSettingsInput {
    pub version: Long,
    pub writers: ReviewWriters,
    pub look_first: bool,
}

super::mutations! {
    /// Publishes reviews or turns them down.
    ReviewsModerate("ReviewsModerateVariables", ReviewsModerateVariables: ReviewsModerateInput)
        -> reviews_moderate: ReviewsPayload;
    /// Answers a review.
    ReviewAnswerSet("ReviewAnswerSetVariables", ReviewAnswerSetVariables: ReviewAnswerInput)
        -> review_answer: AnsweredReview;
    /// Decides who may review.
    ReviewSettingsUpdate("ReviewSettingsUpdateVariables", ReviewSettingsUpdateVariables: ReviewSettingsInput)
        -> review_settings_update: ReviewSettings;
}

/// Variables of [`ReviewsDelete`].
#[derive(cynic::QueryVariables)]
pub struct ReviewsDeleteVariables {
    /// The reviews.
    pub ids: Vec<cynic::Id>,
}

/// Deletes reviews.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "ReviewsDeleteVariables")]
pub struct ReviewsDelete {
    /// How many.
    #[arguments(ids: $ids)]
    pub reviews_delete: i32,
}
