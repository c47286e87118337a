//! What the staff sends about stock.

use async_graphql::{ID, InputObject, Result};
use platform::graphql::{DateTime, parse_id};
use primitives::{LocationId, VariantId};

use super::view::StockReason;
use crate::stock::MovementFilter;

/// Which movements; everything given must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct StockMovementFilter {
    /// Of this variant.
    pub(super) variant_id: Option<ID>,
    /// At this location.
    pub(super) location_id: Option<ID>,
    /// For any of these reasons.
    pub(super) reasons: Option<Vec<StockReason>>,
}

impl StockMovementFilter {
    pub(super) fn parse(self) -> Result<MovementFilter> {
        Ok(MovementFilter {
            variant: self.variant_id.map(|id| parse_id(&id, VariantId::KIND)).transpose()?,
            location: self.location_id.map(|id| parse_id(&id, LocationId::KIND)).transpose()?,
            reasons: self.reasons.unwrap_or_default().into_iter().map(Into::into).collect(),
        })
    }
}

/// Counts to store.
#[derive(Clone, Debug, InputObject)]
pub struct InventorySetInput {
    pub(super) items: Vec<InventorySetItem>,
    pub(super) note: Option<String>,
}

/// One counted variant.
#[derive(Clone, Debug, InputObject)]
pub struct InventorySetItem {
    pub(super) variant_id: ID,
    /// Where; without it the number is the whole shop's, and what differs is put on the default location's shelf.
    pub(super) location_id: Option<ID>,
    /// Without it the count stays.
    pub(super) on_hand: Option<i64>,
    /// The count that the person saw; another one by now means CONFLICT.
    pub(super) expected: Option<i64>,
    /// Pieces of that location that are kept back; negative for a depth that may be sold into.
    pub(super) threshold: Option<i64>,
}

/// Pieces to put somewhere or to take away.
#[derive(Clone, Debug, InputObject)]
pub struct InventoryAdjustInput {
    /// 1 to 255 visible ASCII characters, fresh for each change: the second time it changes nothing.
    pub(super) idempotency_key: Option<String>,
    pub(super) items: Vec<InventoryAdjustItem>,
    pub(super) note: Option<String>,
}

/// So many more or fewer of one variant.
#[derive(Clone, Debug, InputObject)]
pub struct InventoryAdjustItem {
    pub(super) variant_id: ID,
    /// Where; without it at the default location.
    pub(super) location_id: Option<ID>,
    pub(super) delta: i64,
}

/// How a variant is kept.
#[derive(Clone, Debug, InputObject)]
pub struct InventoryHotSetInput {
    pub(super) variant_id: ID,
    /// Spread for many buyers at once, or not.
    pub(super) hot: bool,
}

/// A new location.
#[derive(Clone, Debug, InputObject)]
pub struct LocationCreateInput {
    pub(super) name: String,
    /// Two-letter code.
    pub(super) country: String,
    pub(super) address: Option<String>,
}

/// A change of a location; what is absent stays.
#[derive(Clone, Debug, InputObject)]
pub struct LocationUpdateInput {
    pub(super) id: ID,
    pub(super) version: i64,
    pub(super) name: Option<String>,
    /// Two-letter code.
    pub(super) country: Option<String>,
    pub(super) address: Option<String>,
    pub(super) active: Option<bool>,
}

/// Every location once.
#[derive(Clone, Debug, InputObject)]
pub struct LocationsOrderInput {
    pub(super) ids: Vec<ID>,
}

/// So many pieces of one variant.
#[derive(Clone, Debug, InputObject)]
pub struct StockQuantityInput {
    pub(super) variant_id: ID,
    pub(super) quantity: i64,
}

/// A transfer to plan.
#[derive(Clone, Debug, InputObject)]
pub struct StockTransferCreateInput {
    pub(super) from_id: ID,
    pub(super) to_id: ID,
    pub(super) lines: Vec<StockQuantityInput>,
    pub(super) note: Option<String>,
}

/// What a draft shall be.
#[derive(Clone, Debug, InputObject)]
pub struct StockTransferUpdateInput {
    pub(super) id: ID,
    pub(super) version: i64,
    pub(super) from_id: ID,
    pub(super) to_id: ID,
    pub(super) lines: Vec<StockQuantityInput>,
    pub(super) note: Option<String>,
}

/// A transfer that moves on.
#[derive(Clone, Debug, InputObject)]
pub struct StockTransferMoveInput {
    pub(super) id: ID,
    pub(super) version: i64,
}

/// What has arrived.
#[derive(Clone, Debug, InputObject)]
pub struct StockTransferReceiveInput {
    pub(super) id: ID,
    pub(super) version: i64,
    /// Without them everything that is on its way.
    pub(super) lines: Option<Vec<StockQuantityInput>>,
}

/// A stock count to begin.
#[derive(Clone, Debug, InputObject)]
pub struct StockCountBeginInput {
    pub(super) location_id: ID,
    /// Without them all counted variants that lie there.
    pub(super) variant_ids: Option<Vec<ID>>,
    pub(super) note: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, InputObject)]
pub struct StockCountRecordInput {
    pub(super) id: ID,
    pub(super) version: i64,
    pub(super) lines: Vec<StockCountLineInput>,
}

/// What was found of one variant.
#[derive(Clone, Debug, InputObject)]
pub struct StockCountLineInput {
    pub(super) variant_id: ID,
    /// Null takes a number back.
    pub(super) counted: Option<i64>,
}

/// A stock count that is closed.
#[derive(Clone, Debug, InputObject)]
pub struct StockCountMoveInput {
    pub(super) id: ID,
    pub(super) version: i64,
}

/// Pieces that a supplier is to bring.
#[derive(Clone, Debug, InputObject)]
pub struct StockDeliveryAnnounceInput {
    pub(super) variant_id: ID,
    pub(super) location_id: ID,
    pub(super) quantity: i64,
    pub(super) expected_at: Option<DateTime>,
    pub(super) note: Option<String>,
}

/// What has come.
#[derive(Clone, Debug, InputObject)]
pub struct StockDeliveryReceiveInput {
    pub(super) id: ID,
    pub(super) version: i64,
    /// Without it all that are to come.
    pub(super) quantity: Option<i64>,
    /// No more come.
    #[graphql(default)]
    pub(super) last: bool,
}

/// A delivery that does not come.
#[derive(Clone, Debug, InputObject)]
pub struct StockDeliveryMoveInput {
    pub(super) id: ID,
    pub(super) version: i64,
}
