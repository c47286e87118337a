//! Parcels of orders, for staff.

use async_graphql::{Context, ID, InputObject, Object, Result};
use platform::graphql::{Long, ctx_of, failure, parse_id};
use primitives::{FulfilmentId, OrderLineId};

use super::staff::OrderPayload;
use crate::order::{self, Piece, Tracking};

/// So many pieces of a line of an order.
#[derive(InputObject)]
pub struct OrderPieceInput {
    /// The line.
    pub line_id: ID,
    /// At least one.
    pub quantity: i32,
}

pub(super) fn pieces(lines: &[OrderPieceInput]) -> Result<Vec<Piece>> {
    let piece = |line: &OrderPieceInput| {
        let id = parse_id::<OrderLineId>(&line.line_id, OrderLineId::KIND)?;
        Ok(Piece { line: id, quantity: i64::from(line.quantity) })
    };
    lines.iter().map(piece).collect()
}

/// A parcel that is followed in another way.
#[derive(InputObject)]
pub struct FulfilmentTrackInput {
    /// The parcel.
    pub id: ID,
    /// The version of its order that was seen; another one now is a CONFLICT.
    pub version: Option<Long>,
    /// Who brings it.
    #[graphql(default)]
    pub carrier: String,
    /// Number of the parcel.
    #[graphql(default)]
    pub tracking_number: String,
    /// Where to follow it: empty, or an http(s) address.
    #[graphql(default)]
    pub tracking_url: String,
}

/// A parcel that arrived.
#[derive(InputObject)]
pub struct FulfilmentDeliverInput {
    /// The parcel.
    pub id: ID,
    /// The version of its order that was seen; another one now is a CONFLICT.
    pub version: Option<Long>,
}

/// What becomes of parcels, for staff.
#[derive(Default)]
pub struct ParcelsMutation;

#[Object]
impl ParcelsMutation {
    /// Says anew how a parcel can be followed.
    async fn fulfilment_track(
        &self,
        context: &Context<'_>,
        input: FulfilmentTrackInput,
    ) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id::<FulfilmentId>(&input.id, FulfilmentId::KIND)?;
        let version = input.version.map(|version| version.0);
        let tracking =
            Tracking { carrier: input.carrier, number: input.tracking_number, url: input.tracking_url };
        let order = Box::pin(order::track(ctx, id, version, &tracking)).await.map_err(failure)?;
        Ok(OrderPayload::of(order, ctx))
    }

    /// A parcel arrived; the order is delivered with the last one.
    async fn fulfilment_deliver(
        &self,
        context: &Context<'_>,
        input: FulfilmentDeliverInput,
    ) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id::<FulfilmentId>(&input.id, FulfilmentId::KIND)?;
        let version = input.version.map(|version| version.0);
        let order = Box::pin(order::deliver_parcel(ctx, id, version)).await.map_err(failure)?;
        Ok(OrderPayload::of(order, ctx))
    }
}
