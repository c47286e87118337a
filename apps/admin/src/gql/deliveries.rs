//! What suppliers are to bring, and what of a variant lies at each location.

use super::catalog::{IdVariablesFields, StockShelf};
use super::stock::StockLabel;
use super::{DateTime, PageInfo, schema};

/// The shelves of a variant.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct Shelves {
    /// One for each location where it lies.
    #[arguments(variantId: $id)]
    pub stock_shelves: Vec<StockShelf>,
}

/// Variables of [`Deliveries`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct DeliveriesVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub variant_id: Option<cynic::Id>,
    pub all: bool,
}

/// One page of deliveries.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "DeliveriesVariables")]
pub struct Deliveries {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, variantId: $variant_id, all: $all)]
    pub stock_deliveries: DeliveryRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "StockDeliveryConnection")]
pub struct DeliveryRows {
    /// Newest first.
    pub nodes: Vec<StockDelivery>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// Where a delivery stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StockDeliveryState {
    Announced,
    Received,
    Cancelled,
}

/// Pieces that a supplier is to bring.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockDelivery {
    pub id: cynic::Id,
    pub variant: Option<StockLabel>,
    pub location_id: cynic::Id,
    pub quantity: i32,
    pub received: i32,
    pub expected_at: Option<DateTime>,
    pub note: String,
    pub state: StockDeliveryState,
    pub version: i32,
}

/// The delivery as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct StockDeliveryPayload {
    /// With its new version.
    pub delivery: StockDelivery,
}

/// Pieces to announce.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockDeliveryAnnounceInput {
    pub variant_id: cynic::Id,
    pub location_id: cynic::Id,
    pub quantity: i32,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What has come.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockDeliveryReceiveInput {
    pub id: cynic::Id,
    pub version: i32,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i32>,
    pub last: bool,
}

/// Which delivery in which version.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockDeliveryMoveInput {
    pub id: cynic::Id,
    pub version: i32,
}

super::mutations! {
    /// Announces pieces.
    DeliveryAnnounce("DeliveryAnnounceVariables", DeliveryAnnounceVariables: StockDeliveryAnnounceInput)
        -> stock_delivery_announce: StockDeliveryPayload;
    /// Puts what has come on the shelf.
    DeliveryReceive("DeliveryReceiveVariables", DeliveryReceiveVariables: StockDeliveryReceiveInput)
        -> stock_delivery_receive: StockDeliveryPayload;
    /// Calls off what is to come.
    DeliveryCancel("DeliveryCancelVariables", DeliveryCancelVariables: StockDeliveryMoveInput)
        -> stock_delivery_cancel: StockDeliveryPayload;
}
