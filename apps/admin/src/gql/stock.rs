//! Stock and its locations: what lies where, its history, transfers and counts.

use super::catalog::IdVariablesFields;
use super::{DateTime, PageInfo, schema};

/// Variables of [`Inventory`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct InventoryVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub location_id: Option<cynic::Id>,
    pub q: Option<String>,
}

/// One page of the inventory.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "InventoryVariables")]
pub struct Inventory {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, locationId: $location_id, q: $q)]
    pub inventory: InventoryRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "InventoryConnection")]
pub struct InventoryRows {
    /// In order.
    pub nodes: Vec<InventoryItem>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// What there is of a variant.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct InventoryItem {
    pub variant_id: cynic::Id,
    pub product_id: cynic::Id,
    pub product_title: String,
    pub variant_title: String,
    pub sku: String,
    pub tracked: bool,
    pub on_hand: i32,
    pub reserved: i32,
    pub available: i32,
    pub threshold: i32,
    pub incoming: i32,
    pub hot: bool,
}

impl InventoryItem {
    /// Product and variant in one line.
    pub fn called(&self) -> String {
        match self.variant_title.as_str() {
            "" => self.product_title.clone(),
            variant => format!("{}, {variant}", self.product_title),
        }
    }
}

/// All locations.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Locations {
    /// In the order in which they are asked.
    pub locations: Vec<Location>,
}

/// A place where stock lies.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Location {
    pub id: cynic::Id,
    pub name: String,
    pub country: String,
    pub address: String,
    pub active: bool,
    pub is_default: bool,
    pub version: i32,
}

/// Why a count changed.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StockReason {
    Initial,
    Count,
    Import,
    Shipment,
    Return,
    Adjustment,
    TransferOut,
    TransferIn,
    Receipt,
}

impl StockReason {
    /// All of them: the word in the address and the words for people.
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Initial, "initial", "First stock"),
        (Self::Count, "count", "Count"),
        (Self::Import, "import", "Import"),
        (Self::Shipment, "shipment", "Sent with an order"),
        (Self::Return, "return", "Returned"),
        (Self::Adjustment, "adjustment", "Adjustment"),
        (Self::TransferOut, "transfer-out", "Transfer out"),
        (Self::TransferIn, "transfer-in", "Transfer in"),
        (Self::Receipt, "receipt", "From a supplier"),
    ];

    /// For people.
    pub fn words(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _, _)| *reason == self).map_or("", |(_, _, words)| *words)
    }
}

/// Which movements.
#[derive(cynic::InputObject, Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct StockMovementFilter {
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub variant_id: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<StockReason>>,
}

/// Variables of [`Movements`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct MovementsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub filter: StockMovementFilter,
}

/// One page of the history.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "MovementsVariables")]
pub struct Movements {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter)]
    pub stock_movements: MovementRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "StockMovementConnection")]
pub struct MovementRows {
    /// Newest first.
    pub nodes: Vec<StockMovement>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// One change of a count.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockMovement {
    pub variant: Option<StockLabel>,
    pub location_id: cynic::Id,
    pub delta: i32,
    pub reason: StockReason,
    pub on_hand_after: i32,
    pub note: String,
    pub at: DateTime,
}

/// What a variant is called.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockLabel {
    pub product_id: cynic::Id,
    pub title: String,
    pub sku: String,
}

/// Where a transfer stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StockTransferState {
    Draft,
    InTransit,
    Received,
    Cancelled,
}

impl StockTransferState {
    /// Tone and words of the status.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Draft => ("neutral", "Draft"),
            Self::InTransit => ("info", "On its way"),
            Self::Received => ("good", "Received"),
            Self::Cancelled => ("neutral", "Called off"),
        }
    }

    /// The states behind a tab of the list.
    pub fn of_tab(tab: &str) -> Option<Vec<Self>> {
        match tab {
            "open" => Some(vec![Self::Draft, Self::InTransit]),
            "done" => Some(vec![Self::Received, Self::Cancelled]),
            _ => None,
        }
    }
}

/// Variables of [`Transfers`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct TransfersVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub states: Option<Vec<StockTransferState>>,
}

/// One page of transfers.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "TransfersVariables")]
pub struct Transfers {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, states: $states)]
    pub stock_transfers: TransferRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "StockTransferConnection")]
pub struct TransferRows {
    /// Newest first.
    pub nodes: Vec<StockTransfer>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit.
    pub total_count: i32,
}

/// One transfer, to look at.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct TransferById {
    /// The transfer.
    #[arguments(id: $id)]
    pub stock_transfer: StockTransfer,
}

/// Pieces that go from one location to another.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockTransfer {
    pub id: cynic::Id,
    pub from_id: cynic::Id,
    pub to_id: cynic::Id,
    pub state: StockTransferState,
    pub note: String,
    pub lines: Vec<StockTransferLine>,
    pub version: i32,
    pub created_at: DateTime,
}

/// One variant of a transfer.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockTransferLine {
    pub variant_id: cynic::Id,
    pub variant: Option<StockLabel>,
    pub quantity: i32,
    pub received: i32,
}

/// The transfer as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct StockTransferPayload {
    /// With its new version.
    pub transfer: StockTransfer,
}

/// Where a stock count stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StockCountState {
    Open,
    Applied,
    Cancelled,
}

impl StockCountState {
    /// Tone and words of the status.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("info", "Being counted"),
            Self::Applied => ("good", "Applied"),
            Self::Cancelled => ("neutral", "Given up"),
        }
    }
}

/// Variables of [`Counts`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct CountsVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// One page of stock counts.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "CountsVariables")]
pub struct Counts {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before)]
    pub stock_counts: CountRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "StockCountConnection")]
pub struct CountRows {
    /// Newest first.
    pub nodes: Vec<CountRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// All of them.
    pub total_count: i32,
}

/// One line of the list of counts.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "StockCount")]
#[allow(missing_docs)]
pub struct CountRow {
    pub id: cynic::Id,
    pub location_id: cynic::Id,
    pub state: StockCountState,
    pub note: String,
    pub line_count: i32,
    pub counted_count: i32,
    pub created_at: DateTime,
}

/// One stock count, to look at.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct CountById {
    /// The count.
    #[arguments(id: $id)]
    pub stock_count: StockCount,
}

/// A stock count with its lines.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockCount {
    pub id: cynic::Id,
    pub location_id: cynic::Id,
    pub state: StockCountState,
    pub note: String,
    pub lines: Vec<StockCountLine>,
    pub counted_count: i32,
    pub version: i32,
    pub created_at: DateTime,
}

/// One variant of a stock count.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StockCountLine {
    pub variant_id: cynic::Id,
    pub variant: Option<StockLabel>,
    pub expected: i32,
    pub counted: Option<i32>,
}

/// The count as it is after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct StockCountPayload {
    /// With its new version.
    pub count: StockCount,
}

/// The variants after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct InventoryPayload {
    /// Which ones.
    pub variants: Vec<ChangedVariant>,
}

/// A variant that was counted.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "AdminVariant")]
pub struct ChangedVariant {
    /// Pieces of all locations.
    pub on_hand: i32,
}

/// The location after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct LocationPayload {
    /// With its new version.
    pub location: Location,
}

/// All locations after a change.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct LocationsPayload {
    /// In order.
    pub locations: Vec<Location>,
}

/// Counts to store.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct InventorySetInput {
    pub items: Vec<InventorySetItem>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One counted variant.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct InventorySetItem {
    pub variant_id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<cynic::Id>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub expected: Option<i32>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<i32>,
}

/// How a variant is kept.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct InventoryHotSetInput {
    pub variant_id: cynic::Id,
    pub hot: bool,
}

/// A new location.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct LocationCreateInput {
    pub name: String,
    pub country: String,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A change of a location; what is absent stays.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct LocationUpdateInput {
    pub id: cynic::Id,
    pub version: i32,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

/// Every location once.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct LocationsOrderInput {
    pub ids: Vec<cynic::Id>,
}

/// So many pieces of a variant.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockQuantityInput {
    pub variant_id: cynic::Id,
    pub quantity: i32,
}

/// A transfer to plan.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockTransferCreateInput {
    pub from_id: cynic::Id,
    pub to_id: cynic::Id,
    pub lines: Vec<StockQuantityInput>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Which transfer in which version.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockTransferMoveInput {
    pub id: cynic::Id,
    pub version: i32,
}

/// What has arrived.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockTransferReceiveInput {
    pub id: cynic::Id,
    pub version: i32,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<StockQuantityInput>>,
}

/// A count to begin.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockCountBeginInput {
    pub location_id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What was found.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockCountRecordInput {
    pub id: cynic::Id,
    pub version: i32,
    pub lines: Vec<StockCountLineInput>,
}

/// What was found of one variant.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockCountLineInput {
    pub variant_id: cynic::Id,
    pub counted: Option<i32>,
}

/// Which count in which version.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct StockCountMoveInput {
    pub id: cynic::Id,
    pub version: i32,
}

super::mutations! {
    /// Stores counts.
    InventorySet("InventorySetVariables", InventorySetVariables: InventorySetInput)
        -> inventory_set: InventoryPayload;
    /// Spreads a variant for many buyers at once, or puts it together again.
    InventoryHotSet("InventoryHotSetVariables", InventoryHotSetVariables: InventoryHotSetInput)
        -> inventory_hot_set: InventoryPayload;
    /// Makes a location.
    LocationCreate("LocationCreateVariables", LocationCreateVariables: LocationCreateInput)
        -> location_create: LocationPayload;
    /// Changes a location.
    LocationUpdate("LocationUpdateVariables", LocationUpdateVariables: LocationUpdateInput)
        -> location_update: LocationPayload;
    /// Puts the locations in order.
    LocationsOrder("LocationsOrderVariables", LocationsOrderVariables: LocationsOrderInput)
        -> locations_order: LocationsPayload;
    /// Plans a transfer.
    TransferCreate("TransferCreateVariables", TransferCreateVariables: StockTransferCreateInput)
        -> stock_transfer_create: StockTransferPayload;
    /// Sends it off.
    TransferShip("TransferShipVariables", TransferShipVariables: StockTransferMoveInput)
        -> stock_transfer_ship: StockTransferPayload;
    /// Notes what has arrived.
    TransferReceive("TransferReceiveVariables", TransferReceiveVariables: StockTransferReceiveInput)
        -> stock_transfer_receive: StockTransferPayload;
    /// Calls it off.
    TransferCancel("TransferCancelVariables", TransferCancelVariables: StockTransferMoveInput)
        -> stock_transfer_cancel: StockTransferPayload;
    /// Begins a count.
    CountBegin("CountBeginVariables", CountBeginVariables: StockCountBeginInput)
        -> stock_count_begin: StockCountPayload;
    /// Writes down what was found.
    CountRecord("CountRecordVariables", CountRecordVariables: StockCountRecordInput)
        -> stock_count_record: StockCountPayload;
    /// Applies it.
    CountApply("CountApplyVariables", CountApplyVariables: StockCountMoveInput)
        -> stock_count_apply: StockCountPayload;
    /// Gives it up.
    CountCancel("CountCancelVariables", CountCancelVariables: StockCountMoveInput)
        -> stock_count_cancel: StockCountPayload;
}
