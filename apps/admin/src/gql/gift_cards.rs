//! Gift cards and store credit.

use super::catalog::IdVariablesFields;
use super::{DateTime, Long, Money, PageInfo, schema};

/// How a gift card stands now.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum GiftCardState {
    Active,
    Empty,
    Expired,
    Disabled,
}

impl GiftCardState {
    /// The state that a tab of the list names.
    pub fn of_tab(tab: &str) -> Option<Self> {
        match tab {
            "active" => Some(Self::Active),
            "empty" => Some(Self::Empty),
            "expired" => Some(Self::Expired),
            "off" => Some(Self::Disabled),
            _ => None,
        }
    }

    /// Tone and word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Active => ("good", "Pays"),
            Self::Empty => ("off", "Empty"),
            Self::Expired => ("off", "Over"),
            Self::Disabled => ("warning", "Switched off"),
        }
    }
}

/// What a movement was.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TenderMovementKind {
    Issue,
    Credit,
    Debit,
    Redeem,
    Return,
}

impl TenderMovementKind {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Issue => "Issued",
            Self::Credit => "Added",
            Self::Debit => "Taken",
            Self::Redeem => "Paid with",
            Self::Return => "Given back",
        }
    }
}

/// Variables of [`GiftCards`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct GiftCardsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub q: String,
    pub state: Option<GiftCardState>,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "GiftCardsVariables")]
pub struct GiftCards {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, q: $q, state: $state)]
    pub gift_cards: GiftCardConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct GiftCardConnection {
    /// In order.
    pub nodes: Vec<GiftCard>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// One gift card.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct GiftCardById {
    /// With its movements.
    #[arguments(id: $id)]
    pub gift_card: GiftCard,
}

/// A gift card.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct GiftCard {
    pub id: cynic::Id,
    pub last_four: String,
    pub state: GiftCardState,
    pub issued: Money,
    pub balance: Money,
    pub enabled: bool,
    pub expires_at: Option<DateTime>,
    pub recipient: String,
    pub note: String,
    pub version: Long,
    pub created_at: DateTime,
    pub movements: Vec<TenderMovement>,
}

/// One movement.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TenderMovement {
    pub kind: TenderMovementKind,
    pub amount: Money,
    pub balance: Money,
    pub order_id: Option<cynic::Id>,
    pub order_number: Option<Long>,
    pub reason: String,
    pub at: DateTime,
}

/// Variables of [`StoreCreditOf`].
#[derive(cynic::QueryVariables, Debug)]
pub struct StoreCreditOfVariables {
    /// Whose.
    pub customer_id: cynic::Id,
    /// In which currency.
    pub currency: Option<String>,
}

/// The store credit of a customer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "StoreCreditOfVariables")]
pub struct StoreCreditOf {
    /// With its movements.
    #[arguments(customerId: $customer_id, currency: $currency)]
    pub store_credit: StoreCredit,
}

/// What is there, and how it came about.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StoreCredit {
    pub balance: Money,
    pub balances: Vec<Money>,
    pub usable: bool,
    pub movements: Vec<TenderMovement>,
}

/// A gift card to issue.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct GiftCardIssueInput {
    pub idempotency_key: String,
    pub amount: String,
    pub expires_at: Option<DateTime>,
    pub recipient: String,
    pub note: String,
}

/// A gift card as it is to be.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct GiftCardUpdateInput {
    pub id: cynic::Id,
    pub version: Long,
    pub enabled: bool,
    pub expires_at: Option<DateTime>,
}

/// Store credit to add or to take.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StoreCreditChangeInput {
    pub idempotency_key: String,
    pub customer_id: cynic::Id,
    pub amount: String,
    pub currency: Option<String>,
    pub reason: String,
}

/// A fresh gift card.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct GiftCardIssuePayload {
    /// The card.
    pub gift_card: GiftCard,
    /// In the first answer and never again.
    pub code: Option<String>,
}

/// A gift card after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct GiftCardPayload {
    /// With its new version.
    pub gift_card: GiftCard,
}

/// Store credit after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct StoreCreditPayload {
    /// With the new movement.
    pub store_credit: StoreCredit,
}

super::mutations! {
    /// Issues one.
    GiftCardIssue("GiftCardIssueVariables", GiftCardIssueVariables: GiftCardIssueInput) -> gift_card_issue: GiftCardIssuePayload;
    /// Switches one on or off, or gives it another end.
    GiftCardUpdate("GiftCardUpdateVariables", GiftCardUpdateVariables: GiftCardUpdateInput) -> gift_card_update: GiftCardPayload;
    /// Adds or takes store credit.
    StoreCreditChange("StoreCreditChangeVariables", StoreCreditChangeVariables: StoreCreditChangeInput)
        -> store_credit_change: StoreCreditPayload;
}
