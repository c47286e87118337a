//! Returns: the table, and what staff does with one.

use super::orders::{Order, OrderMove};
use super::{DateTime, Long, Money, PageInfo, schema};

/// Where a return stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReturnState {
    Requested,
    Approved,
    Declined,
    Withdrawn,
    Received,
    Refunded,
    Closed,
}

impl ReturnState {
    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Requested => ("warning", "To decide"),
            Self::Approved => ("info", "Awaited"),
            Self::Declined => ("off", "Declined"),
            Self::Withdrawn => ("off", "Withdrawn"),
            Self::Received => ("warning", "To refund"),
            Self::Refunded => ("good", "Refunded"),
            Self::Closed => ("off", "Closed"),
        }
    }
}

/// Why somebody sends something back.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReturnReason {
    DoesNotFit,
    NotAsDescribed,
    Damaged,
    WrongItem,
    ChangedMind,
    Other,
}

impl ReturnReason {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DoesNotFit => "Does not fit",
            Self::NotAsDescribed => "Not as described",
            Self::Damaged => "Damaged",
            Self::WrongItem => "Something else was sent",
            Self::ChangedMind => "Changed their mind",
            Self::Other => "Something else",
        }
    }
}

/// Pieces of an order that come back.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Return {
    pub id: cynic::Id,
    pub number: String,
    pub order_id: cynic::Id,
    pub customer_name: String,
    pub state: ReturnState,
    pub reason: ReturnReason,
    pub words: String,
    pub answer: String,
    pub lines: Vec<ReturnLine>,
    pub offer: Option<Money>,
    pub refunded: Option<Money>,
    pub money_is_coming: bool,
    pub exchange_wished: bool,
    pub requested_at: DateTime,
    pub moves: Vec<OrderMove>,
    pub version: Long,
}

impl Return {
    /// Whether a move can be made.
    pub fn can(&self, name: &str) -> bool {
        self.moves.iter().any(|step| step.name == name && step.possible)
    }
}

/// Pieces of a line that come back.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ReturnLine {
    pub line_id: cynic::Id,
    pub title: String,
    pub variant_title: String,
    pub quantity: i32,
    pub received: i32,
    pub restocked: i32,
}

/// What narrows the table.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ReturnFilter {
    /// Something is left to do.
    pub open: bool,
    /// One of these.
    pub state: Vec<ReturnState>,
}

/// Variables of [`Returns`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct ReturnsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub filter: Option<ReturnFilter>,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "ReturnsVariables")]
pub struct Returns {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter)]
    pub returns: ReturnConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReturnConnection {
    pub nodes: Vec<Return>,
    pub page_info: PageInfo,
    pub total_count: i32,
}

/// A word for the customer.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReturnAnswerInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub words: Option<String>,
}

/// What has arrived.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReturnReceiveInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub lines: Vec<ReturnArrivedInput>,
}

/// Pieces that have arrived.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReturnArrivedInput {
    pub line_id: cynic::Id,
    pub quantity: i32,
    pub restock: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<cynic::Id>,
}

/// Money for it.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReturnRefundInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub amount: Option<String>,
}

/// Other goods for it.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct ReturnExchangeInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub idempotency_key: String,
    pub lines: Vec<ReturnExchangeLineInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    pub charge_delivery: bool,
    pub payment_provider: String,
}

/// So many pieces of a variant.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ReturnExchangeLineInput {
    pub variant_id: cynic::Id,
    pub quantity: i32,
}

/// The order that a return was exchanged for.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ReturnExchangePayload {
    /// With everything.
    pub order: Order,
}

/// The return after a move.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ReturnPayload {
    /// That there is one: the order is fetched with all of its returns.
    #[cynic(rename = "return")]
    pub found: ReturnId,
}

/// A return by its id.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Return")]
pub struct ReturnId {
    /// Identity.
    pub id: cynic::Id,
}

super::mutations! {
    /// Yes.
    ReturnApprove("ReturnApproveVariables", ReturnApproveVariables: ReturnAnswerInput) -> return_approve: ReturnPayload;
    /// No.
    ReturnDecline("ReturnDeclineVariables", ReturnDeclineVariables: ReturnAnswerInput) -> return_decline: ReturnPayload;
    /// It ends without money.
    ReturnClose("ReturnCloseVariables", ReturnCloseVariables: ReturnAnswerInput) -> return_close: ReturnPayload;
    /// Pieces have arrived.
    ReturnReceive("ReturnReceiveVariables", ReturnReceiveVariables: ReturnReceiveInput) -> return_receive: ReturnPayload;
    /// Money goes back.
    ReturnRefund("ReturnRefundVariables", ReturnRefundVariables: ReturnRefundInput) -> return_refund: ReturnPayload;
    /// Other goods instead of money.
    ReturnExchange("ReturnExchangeVariables", ReturnExchangeVariables: ReturnExchangeInput)
        -> return_exchange: ReturnExchangePayload;
}
