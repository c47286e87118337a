//! What the staff sees of stock.

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use platform::graphql::{DateTime, ctx_of, failure};
use primitives::VariantId;

use crate::graphql::connection;
use crate::graphql::editor::AdminVariant;
use crate::stock;

connection!(InventoryConnection, InventoryEdge, InventoryItem);
connection!(StockMovementConnection, StockMovementEdge, StockMovement);
connection!(StockTransferConnection, StockTransferEdge, StockTransfer);
connection!(StockCountConnection, StockCountEdge, StockCount);
connection!(StockDeliveryConnection, StockDeliveryEdge, StockDelivery);

/// A counted variant that runs low.
#[derive(Clone, Debug, SimpleObject)]
pub struct LowStockItem {
    /// The variant.
    pub(super) variant_id: ID,
    /// Its product.
    pub(super) product_id: ID,
    /// The product's name.
    pub(super) product_title: String,
    /// The variant's values.
    pub(super) variant_title: String,
    /// Stock keeping unit.
    pub(super) sku: String,
    /// Pieces on the shelves.
    pub(super) on_hand: i64,
    /// Promised pieces.
    pub(super) reserved: i64,
    /// Pieces that can be sold now.
    pub(super) available: i64,
}

/// What there is of a variant.
#[derive(Clone, Debug, SimpleObject)]
pub struct InventoryItem {
    /// The variant.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// The product's name.
    product_title: String,
    /// The variant's values.
    variant_title: String,
    /// Stock keeping unit.
    sku: String,
    /// Whether stock is counted.
    tracked: bool,
    /// Pieces on the shelf.
    on_hand: i64,
    /// Promised pieces.
    reserved: i64,
    /// Pieces that can be sold now.
    available: i64,
    /// Pieces that are kept back; negative for a depth that may be sold into.
    threshold: i64,
    /// Pieces that suppliers are to bring.
    incoming: i64,
    /// Whether it is spread for many buyers at once.
    hot: bool,
}

impl InventoryItem {
    pub(super) fn of(row: &stock::InventoryRow) -> Self {
        Self {
            variant_id: ID(row.variant.to_string()),
            product_id: ID(row.product.to_string()),
            product_title: row.product_title.clone(),
            variant_title: row.variant_title.clone(),
            sku: row.sku.clone(),
            tracked: row.tracked,
            on_hand: row.on_hand,
            reserved: row.reserved,
            available: row.available,
            threshold: row.threshold,
            incoming: row.incoming,
            hot: row.hot,
        }
    }
}

/// What people call a variant.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockLabel {
    /// Its product.
    product_id: ID,
    /// The product's name, and the variant's values behind it.
    title: String,
    /// Stock keeping unit, may be empty.
    sku: String,
}

impl StockLabel {
    pub(super) fn of(label: &stock::Label) -> Self {
        Self { product_id: ID(label.product.to_string()), title: label.title.clone(), sku: label.sku.clone() }
    }
}

/// Why a count changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stock::Reason")]
pub enum StockReason {
    /// The variant was made with this many.
    Initial,
    /// Somebody counted.
    Count,
    /// A file said so.
    Import,
    /// Pieces left with an order.
    Shipment,
    /// Pieces came back.
    Return,
    /// Somebody put pieces there or took them away.
    Adjustment,
    /// Pieces left for another location.
    TransferOut,
    /// Pieces came from another location.
    TransferIn,
    /// A supplier brought them.
    Receipt,
}

/// One change of a count.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockMovement {
    /// Identity.
    id: ID,
    /// Of which variant.
    variant_id: ID,
    /// What it is called; null when it is gone.
    variant: Option<StockLabel>,
    /// On the shelf of which location.
    location_id: ID,
    /// Pieces more or fewer.
    delta: i64,
    /// Why.
    reason: StockReason,
    /// The count of that location afterwards.
    on_hand_after: i64,
    /// The order, transfer, stock count or delivery it belongs to.
    reference: Option<ID>,
    /// What the person wrote.
    note: String,
    /// When.
    at: DateTime,
}

impl StockMovement {
    pub(super) fn of(movement: &stock::Movement) -> Self {
        Self {
            id: ID(movement.id.to_string()),
            variant_id: ID(movement.variant.to_string()),
            variant: movement.label.as_ref().map(StockLabel::of),
            location_id: ID(movement.location.to_string()),
            delta: movement.delta,
            reason: movement.reason.into(),
            on_hand_after: movement.on_hand_after,
            reference: movement.reference.map(|id| ID(id.to_string())),
            note: movement.note.clone(),
            at: DateTime(movement.at),
        }
    }
}

/// A place where stock lies.
#[derive(Clone, Debug, SimpleObject)]
pub struct Location {
    /// Identity.
    id: ID,
    /// Name, unique in the shop.
    name: String,
    /// Two-letter code; decides what is near.
    country: String,
    /// Address in words, may be empty.
    address: String,
    /// Whether orders are sent from here.
    active: bool,
    /// Its place among the others, from 0.
    priority: i32,
    /// Whether it is the one that every shop has.
    is_default: bool,
    /// For optimistic changes.
    version: i64,
    /// When it last changed.
    updated_at: DateTime,
}

impl Location {
    pub(super) fn of(location: stock::Location) -> Self {
        Self {
            id: ID(location.id.to_string()),
            name: location.name,
            country: location.country.as_str().to_owned(),
            address: location.address,
            active: location.active,
            priority: location.priority,
            is_default: location.is_default,
            version: location.version,
            updated_at: DateTime(location.updated_at),
        }
    }
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stock::TransferState")]
pub enum StockTransferState {
    /// Being put together; nothing has moved.
    Draft,
    /// It has left; some of it may have arrived.
    InTransit,
    /// Everything that comes has arrived.
    Received,
    /// It never left, or came back whole.
    Cancelled,
}

/// Pieces that go from one location to another.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockTransfer {
    /// Identity.
    id: ID,
    /// Where it leaves.
    from_id: ID,
    /// Where it goes.
    to_id: ID,
    /// Where it stands.
    state: StockTransferState,
    /// What somebody wrote.
    note: String,
    /// What it moves.
    lines: Vec<StockTransferLine>,
    /// For optimistic changes.
    version: i64,
    /// When it was made.
    created_at: DateTime,
    /// When it left.
    shipped_at: Option<DateTime>,
    /// When it was received or cancelled.
    closed_at: Option<DateTime>,
}

/// One variant of a transfer.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockTransferLine {
    /// Which one.
    variant_id: ID,
    /// What it is called.
    variant: Option<StockLabel>,
    /// Pieces that leave.
    quantity: i64,
    /// Pieces that have arrived.
    received: i64,
}

impl StockTransfer {
    pub(super) fn of(transfer: &stock::Transfer) -> Self {
        let line = |line: &stock::TransferLine| StockTransferLine {
            variant_id: ID(line.variant.to_string()),
            variant: line.label.as_ref().map(StockLabel::of),
            quantity: line.quantity,
            received: line.received,
        };
        Self {
            id: ID(transfer.id.to_string()),
            from_id: ID(transfer.from.to_string()),
            to_id: ID(transfer.to.to_string()),
            state: transfer.state.into(),
            note: transfer.note.clone(),
            lines: transfer.lines.iter().map(line).collect(),
            version: transfer.version,
            created_at: DateTime(transfer.created_at),
            shipped_at: transfer.shipped_at.map(DateTime),
            closed_at: transfer.closed_at.map(DateTime),
        }
    }
}

/// Where a stock count stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stock::CountState")]
pub enum StockCountState {
    /// Somebody is counting.
    Open,
    /// The shelves say what was found.
    Applied,
    /// It was given up.
    Cancelled,
}

/// Somebody counts a location.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockCount {
    /// Identity.
    id: ID,
    /// Where.
    location_id: ID,
    /// Where it stands.
    state: StockCountState,
    /// What somebody wrote.
    note: String,
    /// What is counted; empty in lists.
    lines: Vec<StockCountLine>,
    /// How many lines there are.
    line_count: u64,
    /// How many of them have a number.
    counted_count: u64,
    /// For optimistic changes.
    version: i64,
    /// When it began.
    created_at: DateTime,
    /// When it was applied or given up.
    closed_at: Option<DateTime>,
}

/// One variant of a stock count.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockCountLine {
    /// Which one.
    variant_id: ID,
    /// What it is called.
    variant: Option<StockLabel>,
    /// What the shelf was said to hold when the line was last written.
    expected: i64,
    /// What was found.
    counted: Option<i64>,
}

impl StockCount {
    pub(super) fn of(count: &stock::StockCount) -> Self {
        let line = |line: &stock::CountLine| StockCountLine {
            variant_id: ID(line.variant.to_string()),
            variant: line.label.as_ref().map(StockLabel::of),
            expected: line.expected,
            counted: line.counted,
        };
        Self {
            id: ID(count.id.to_string()),
            location_id: ID(count.location.to_string()),
            state: count.state.into(),
            note: count.note.clone(),
            lines: count.lines.iter().map(line).collect(),
            line_count: count.n_lines,
            counted_count: count.n_counted,
            version: count.version,
            created_at: DateTime(count.created_at),
            closed_at: count.closed_at.map(DateTime),
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "stock::DeliveryState")]
pub enum StockDeliveryState {
    /// It is to come; some of it may have.
    Announced,
    /// Everything that comes has come.
    Received,
    /// None of it comes.
    Cancelled,
}

/// Pieces that a supplier is to bring.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockDelivery {
    /// Identity.
    id: ID,
    /// Which variant.
    variant_id: ID,
    /// What it is called; null when it is gone.
    variant: Option<StockLabel>,
    /// Where to.
    location_id: ID,
    /// Pieces that were ordered.
    quantity: i64,
    /// Pieces that have come.
    received: i64,
    /// When they are expected, if somebody knows.
    expected_at: Option<DateTime>,
    /// What somebody wrote.
    note: String,
    /// Where it stands.
    state: StockDeliveryState,
    /// For optimistic changes.
    version: i64,
    /// When it was announced.
    created_at: DateTime,
}

impl StockDelivery {
    pub(super) fn of(delivery: &stock::Delivery) -> Self {
        Self {
            id: ID(delivery.id.to_string()),
            variant_id: ID(delivery.variant.to_string()),
            variant: delivery.label.as_ref().map(StockLabel::of),
            location_id: ID(delivery.location.to_string()),
            quantity: delivery.quantity,
            received: delivery.received,
            expected_at: delivery.expected_at.map(DateTime),
            note: delivery.note.clone(),
            state: delivery.state.into(),
            version: delivery.version,
            created_at: DateTime(delivery.created_at),
        }
    }
}

/// The variants as they are now.
#[derive(SimpleObject)]
pub struct InventoryPayload {
    variants: Vec<AdminVariant>,
}

impl InventoryPayload {
    pub(super) async fn of(context: &Context<'_>, variants: impl Iterator<Item = VariantId>) -> Result<Self> {
        let mut ids: Vec<VariantId> = Vec::new();
        for variant in variants {
            if !ids.contains(&variant) {
                ids.push(variant);
            }
        }
        let variants = Box::pin(stock::variants(ctx_of(context)?, &ids)).await.map_err(failure)?;
        Ok(Self { variants: variants.into_iter().map(AdminVariant).collect() })
    }
}

/// The location as it is now.
#[derive(SimpleObject)]
pub struct LocationPayload {
    location: Location,
}

impl LocationPayload {
    pub(super) fn of(result: crate::error::Result<stock::Location>) -> Result<Self> {
        Ok(Self { location: Location::of(result.map_err(failure)?) })
    }
}

/// All locations as they are now.
#[derive(SimpleObject)]
pub struct LocationsPayload {
    pub(super) locations: Vec<Location>,
}

/// The transfer as it is now.
#[derive(SimpleObject)]
pub struct StockTransferPayload {
    transfer: StockTransfer,
}

impl StockTransferPayload {
    pub(super) fn of(result: crate::error::Result<stock::Transfer>) -> Result<Self> {
        Ok(Self { transfer: StockTransfer::of(&result.map_err(failure)?) })
    }
}

/// The stock count as it is now.
#[derive(SimpleObject)]
pub struct StockCountPayload {
    count: StockCount,
}

impl StockCountPayload {
    pub(super) fn of(result: crate::error::Result<stock::StockCount>) -> Result<Self> {
        Ok(Self { count: StockCount::of(&result.map_err(failure)?) })
    }
}

/// The delivery as it is now.
#[derive(SimpleObject)]
pub struct StockDeliveryPayload {
    delivery: StockDelivery,
}

impl StockDeliveryPayload {
    pub(super) fn of(result: crate::error::Result<stock::Delivery>) -> Result<Self> {
        Ok(Self { delivery: StockDelivery::of(&result.map_err(failure)?) })
    }
}

/// What of a variant lies at one location.
#[derive(Clone, Debug, SimpleObject)]
pub struct StockShelf {
    /// Where.
    location_id: ID,
    /// Pieces on the shelf.
    on_hand: i64,
    /// Pieces promised to orders in progress.
    reserved: i64,
    /// Pieces that are kept back; negative for a depth that may be sold into.
    threshold: i64,
    /// Pieces that can be sold now; none while the location is switched off.
    available: i64,
}

impl StockShelf {
    pub(in crate::graphql) fn of(shelf: &crate::view::AdminShelf) -> Self {
        Self {
            location_id: ID(shelf.location.to_string()),
            on_hand: shelf.on_hand,
            reserved: shelf.reserved,
            threshold: shelf.threshold,
            available: shelf.available,
        }
    }
}
