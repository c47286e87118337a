//! Payments: taking what is promised, what is disputed or differs, keys at Stripe, and who sells.

use super::order_moves::OrderPayload;
use super::orders::DisputeState;
use super::{DateTime, Long, Money, PageInfo, schema};

/// Money to take.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderCaptureInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub amount: Option<String>,
    pub idempotency_key: String,
}

/// What is not taken.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderReleaseInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub reason: String,
}

/// An order whose payment is to be looked at.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct PaymentCheckInput {
    /// The order.
    pub id: cynic::Id,
}

/// The shop's keys at Stripe.
#[derive(cynic::InputObject, Clone)]
#[allow(missing_docs)]
pub struct PaymentProviderSetInput {
    pub secret_key: String,
    pub webhook_secret: String,
}

/// Who sells from now on.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct SellerInput {
    pub name: String,
    pub line1: String,
    pub line2: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub tax_number: String,
    pub footer: String,
    pub version: Long,
}

super::mutations! {
    /// Takes what is promised, or a part of it.
    OrderCapture("OrderCaptureVariables", OrderCaptureVariables: OrderCaptureInput) -> order_capture: OrderPayload;
    /// Forgoes what was not taken.
    OrderRelease("OrderReleaseVariables", OrderReleaseVariables: OrderReleaseInput) -> order_release: OrderPayload;
    /// Asks the gateway now.
    PaymentCheck("PaymentCheckVariables", PaymentCheckVariables: PaymentCheckInput) -> payment_check: OrderPayload;
    /// Keeps the shop's keys at Stripe.
    PaymentProviderSet("PaymentProviderSetVariables", PaymentProviderSetVariables: PaymentProviderSetInput)
        -> payment_provider_set: PaymentProviderPayload;
    /// Says who sells.
    SellerUpdate("SellerUpdateVariables", SellerUpdateVariables: SellerInput) -> seller_update: Seller;
}

/// Forgets the shop's keys at Stripe.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation")]
pub struct PaymentProviderRemove {
    /// What is left.
    pub payment_provider_remove: PaymentProviderPayload,
}

/// A provider after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PaymentProviderPayload {
    /// The provider; nothing when its keys are gone.
    pub provider: Option<PaymentProvider>,
}

/// Keys at providers, and who sells.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct MoneySettings {
    /// At most one of each kind.
    pub payment_providers: Vec<PaymentProvider>,
    /// Who sells.
    pub seller: Seller,
}

/// A provider that the shop has keys at.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PaymentProvider {
    pub key_hint: String,
    pub usable: bool,
    pub webhook_address: String,
    pub updated_at: DateTime,
}

/// Who sells, as papers say it.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Seller {
    pub name: String,
    pub line1: String,
    pub line2: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub tax_number: String,
    pub footer: String,
    pub version: Long,
}

/// Variables of [`Discrepancies`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct DiscrepanciesVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Payments of which the gateway says something else.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "DiscrepanciesVariables")]
pub struct Discrepancies {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before)]
    pub payment_discrepancies: PaymentDiscrepancyConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct PaymentDiscrepancyConnection {
    /// Those that were compared last first.
    pub nodes: Vec<PaymentDiscrepancy>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// All of them.
    pub total_count: i32,
}

/// A payment of which the gateway says something else than we do.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PaymentDiscrepancy {
    pub order_id: cynic::Id,
    pub order_number: Long,
    pub provider: String,
    pub captured: Money,
    pub refunded: Money,
    pub gateway_captured: Money,
    pub gateway_refunded: Money,
    pub checked_at: DateTime,
}

/// Variables of [`Disputes`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct DisputesVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub open: bool,
}

/// Money that customers' banks want back.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "DisputesVariables")]
pub struct Disputes {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, open: $open)]
    pub payment_disputes: DisputeConnection,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct DisputeConnection {
    /// The newest first.
    pub nodes: Vec<ListedDispute>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// A dispute with its order.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Dispute")]
#[allow(missing_docs)]
pub struct ListedDispute {
    pub order_id: cynic::Id,
    pub order_number: Long,
    pub gateway_id: String,
    pub state: DisputeState,
    pub amount: Money,
    pub reason: String,
    pub opened_at: DateTime,
    pub closed_at: Option<DateTime>,
}
