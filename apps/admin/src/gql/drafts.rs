//! Orders that staff writes for customers: the table, one of them, what it would cost, and what is done with it.

use super::catalog::IdVariablesFields;
use super::orders::{Address, Discount, OrderState, Totals};
use super::{DateTime, Long, Money, PageInfo, schema};

/// Whether a draft can still be changed.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DraftOrderState {
    Open,
    Completed,
}

impl DraftOrderState {
    /// The state that the address names; none: all of them.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "open" => Some(Self::Open),
            "placed" => Some(Self::Completed),
            _ => None,
        }
    }

    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("info", "Open"),
            Self::Completed => ("good", "Placed"),
        }
    }
}

/// Variables of [`Drafts`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct DraftsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub state: Option<DraftOrderState>,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "DraftsVariables")]
pub struct Drafts {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, state: $state)]
    pub draft_orders: DraftOrderConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DraftOrderConnection {
    /// In order.
    pub nodes: Vec<DraftOrderRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// One line of the table.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderRow {
    pub id: cynic::Id,
    pub state: DraftOrderState,
    pub email: String,
    pub name: String,
    pub n_items: Long,
    pub order_id: Option<cynic::Id>,
    pub order_number: Option<Long>,
    pub sent_at: Option<DateTime>,
    pub updated_at: DateTime,
}

/// One draft, to edit.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct DraftById {
    /// The draft.
    #[arguments(id: $id)]
    pub draft_order: DraftOrder,
}

/// A draft as it is saved.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrder {
    pub id: cynic::Id,
    pub state: DraftOrderState,
    pub customer_id: Option<cynic::Id>,
    pub email: String,
    pub address: Address,
    pub shipping_method: String,
    pub payment_provider: String,
    pub customer_note: String,
    pub internal_note: String,
    pub tags: Vec<String>,
    pub discount: Option<DraftOrderDiscount>,
    pub use_promotions: bool,
    pub lines: Vec<DraftOrderLine>,
    pub order_id: Option<cynic::Id>,
    pub order_number: Option<Long>,
    pub sent_at: Option<DateTime>,
    pub sent_version: Option<Long>,
    pub version: Long,
}

/// One line of a draft, as it is saved.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderLine {
    pub variant_id: cynic::Id,
    pub title: String,
    pub variant_title: String,
    pub quantity: i32,
    pub price: Option<Money>,
    pub price_reason: String,
    pub discount: Option<DraftOrderDiscount>,
}

/// Something that is taken off by hand.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderDiscount {
    pub amount: Option<Money>,
    pub percent: Option<String>,
    pub reason: String,
}

/// Variables of [`DraftForetold`].
#[derive(cynic::QueryVariables)]
pub struct DraftForetoldVariables {
    /// The draft that it shall become; none: a new one.
    pub id: Option<cynic::Id>,
    /// As it is written.
    pub input: DraftOrderInput,
}

/// What a draft would cost.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "DraftForetoldVariables")]
pub struct DraftForetold {
    /// All of it.
    #[arguments(id: $id, input: $input)]
    pub draft_order_preview: DraftOrderPreview,
}

/// What a draft would cost, and what would stand in the way of placing it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderPreview {
    pub lines: Vec<PricedLine>,
    pub totals: Totals,
    pub promotions: Vec<CartPromotion>,
    pub deliveries: Vec<Delivery>,
    pub payments: Vec<WayToPay>,
    pub problems: Vec<DraftOrderProblem>,
}

/// What became of a promotion of the shop.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct CartPromotion {
    pub id: cynic::Id,
    pub name: String,
    pub amount: Option<Money>,
    pub why_not: Option<WhyNot>,
}

/// Why a promotion does nothing.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// In a sentence.
    pub words: String,
}

/// A line with what it costs.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "DraftOrderLine")]
#[allow(missing_docs)]
pub struct PricedLine {
    pub variant_id: cynic::Id,
    pub unit: Money,
    pub discounts: Vec<Discount>,
    pub total: Money,
    pub left: Money,
}

/// A delivery that is offered.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "ShippingChoice")]
#[allow(missing_docs)]
pub struct Delivery {
    pub id: String,
    pub name: String,
    pub price: Money,
}

/// A way to pay that is offered.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "PaymentChoice")]
#[allow(missing_docs)]
pub struct WayToPay {
    pub id: String,
    pub name: String,
}

/// What stands in the way of placing a draft.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderProblem {
    pub field: String,
    pub message: String,
}

/// A draft as it shall be.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderInput {
    pub customer_id: Option<cynic::Id>,
    pub email: String,
    pub address: Option<DraftOrderAddressInput>,
    pub shipping_method: String,
    pub payment_provider: String,
    pub customer_note: String,
    pub internal_note: String,
    pub tags: Vec<String>,
    pub discount: Option<DraftOrderDiscountInput>,
    pub use_promotions: bool,
    pub lines: Vec<DraftOrderLineInput>,
}

/// An address, as far as it is known.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderAddressInput {
    pub name: String,
    pub company: String,
    pub line1: String,
    pub line2: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub phone: String,
}

/// So many pieces of a variant, and what was agreed about them.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderLineInput {
    pub variant_id: cynic::Id,
    pub quantity: i32,
    pub price: Option<String>,
    pub price_reason: String,
    pub discount: Option<DraftOrderDiscountInput>,
}

/// Something to take off.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct DraftOrderDiscountInput {
    pub amount: Option<String>,
    pub percent: Option<String>,
    pub reason: String,
}

/// A draft after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DraftOrderPayload {
    /// With its new version.
    pub draft: DraftOrder,
}

/// Variables of [`DraftUpdate`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct DraftUpdateVariables {
    pub id: cynic::Id,
    pub version: Long,
    pub input: DraftOrderInput,
}

/// Writes a draft anew.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "DraftUpdateVariables")]
pub struct DraftUpdate {
    /// What came of it.
    #[arguments(id: $id, version: $version, input: $input)]
    pub draft_order_update: DraftOrderPayload,
}

/// Variables of [`DraftDelete`] and [`DraftSend`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct DraftSeenVariables {
    pub id: cynic::Id,
    pub version: Long,
}

/// Throws a draft away.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "DraftSeenVariables")]
pub struct DraftDelete {
    /// Always true.
    #[arguments(id: $id, version: $version)]
    pub draft_order_delete: bool,
}

/// Writes to the customer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "DraftSeenVariables")]
pub struct DraftSend {
    /// What came of it.
    #[arguments(id: $id, version: $version)]
    pub draft_order_send: DraftOrderSendPayload,
}

/// A draft that was written to its customer.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DraftOrderSendPayload {
    /// As it is now.
    pub draft: DraftOrder,
}

/// How a draft is placed.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct DraftOrderCompleteInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub idempotency_key: String,
    pub mark_paid: bool,
    pub expected_total: Option<Long>,
}

/// The order that was made of a draft.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DraftOrderCompletePayload {
    /// The order.
    pub order: PlacedOrder,
}

/// An order, as far as its draft shows it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Order")]
#[allow(missing_docs)]
pub struct PlacedOrder {
    pub id: cynic::Id,
    pub number: Long,
    pub token: String,
    pub state: OrderState,
    pub balance_due: Money,
}

/// The order of a draft that was placed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct PlacedOrderById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub order: Option<PlacedOrder>,
}

super::mutations! {
    /// Begins a draft.
    DraftCreate("DraftCreateVariables", DraftCreateVariables: DraftOrderInput)
        -> draft_order_create: DraftOrderPayload;
    /// Makes an order of a draft.
    DraftComplete("DraftCompleteVariables", DraftCompleteVariables: DraftOrderCompleteInput)
        -> draft_order_complete: DraftOrderCompletePayload;
}
