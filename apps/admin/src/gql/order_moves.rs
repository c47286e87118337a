//! Every move that staff make with an order.

use super::orders::Order;
use super::{Long, schema};

/// The order after a move.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct OrderPayload {
    /// With its new version.
    pub order: Order,
}

/// Which order in which version.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct OrderMoveInput {
    /// The order.
    pub id: cynic::Id,
    /// As it was seen.
    pub version: Option<Long>,
}

/// A parcel that leaves.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderShipInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub lines: Option<Vec<OrderPieceInput>>,
}

/// So many pieces of a line.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderPieceInput {
    pub line_id: cynic::Id,
    pub quantity: i32,
}

/// How a parcel is followed from now on.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct FulfilmentTrackInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
}

/// A parcel that arrived.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct FulfilmentDeliverInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
}

/// An order that is called off.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderCancelInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub reason: String,
}

/// Words for colleagues.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderNoteAddInput {
    pub id: cynic::Id,
    pub text: String,
}

/// All the tags of an order.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderTagsSetInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub tags: Vec<String>,
}

/// Money that goes back.
#[derive(cynic::InputObject, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderRefundInput {
    pub id: cynic::Id,
    pub version: Option<Long>,
    pub amount: Option<String>,
    pub to: RefundTo,
    pub reason: String,
}

/// Where money goes back to.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RefundTo {
    Original,
    StoreCredit,
}

super::mutations! {
    /// The money came by hand.
    OrderMarkPaid("OrderMarkPaidVariables", OrderMarkPaidVariables: OrderMoveInput) -> order_mark_paid: OrderPayload;
    /// A parcel left.
    OrderShip("OrderShipVariables", OrderShipVariables: OrderShipInput) -> order_ship: OrderPayload;
    /// It arrived.
    OrderDeliver("OrderDeliverVariables", OrderDeliverVariables: OrderMoveInput) -> order_deliver: OrderPayload;
    /// A parcel is followed in another way.
    FulfilmentTrack("FulfilmentTrackVariables", FulfilmentTrackVariables: FulfilmentTrackInput) -> fulfilment_track: OrderPayload;
    /// A parcel arrived.
    FulfilmentDeliver("FulfilmentDeliverVariables", FulfilmentDeliverVariables: FulfilmentDeliverInput)
        -> fulfilment_deliver: OrderPayload;
    /// It is called off.
    OrderCancel("OrderCancelVariables", OrderCancelVariables: OrderCancelInput) -> order_cancel: OrderPayload;
    /// A note for colleagues.
    OrderNoteAdd("OrderNoteAddVariables", OrderNoteAddVariables: OrderNoteAddInput) -> order_note_add: OrderPayload;
    /// It has these tags.
    OrderTagsSet("OrderTagsSetVariables", OrderTagsSetVariables: OrderTagsSetInput) -> order_tags_set: OrderPayload;
    /// The money goes back.
    OrderRefund("OrderRefundVariables", OrderRefundVariables: OrderRefundInput) -> order_refund: OrderPayload;
    /// Somebody has looked.
    OrderAttentionClear("OrderAttentionClearVariables", OrderAttentionClearVariables: OrderMoveInput)
        -> order_attention_clear: OrderPayload;
}
