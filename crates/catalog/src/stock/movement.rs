//! The history of the shelves: append-only, and in sum the count of each.

use std::fmt;

use platform::{Context, Ctx, Error, Tx};
use primitives::{Cursor, Direction, LocationId, PageArgs, Permission, Timestamp, VariantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use super::inventory::{Label, labels};
use super::shelf::Why;
use crate::entity::{location, stock_movement, variant};
use crate::error::{CatalogError, Result};
use crate::query::Slice;

/// Why a count changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
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

impl Reason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Initial,
        Self::Count,
        Self::Import,
        Self::Shipment,
        Self::Return,
        Self::Adjustment,
        Self::TransferOut,
        Self::TransferIn,
        Self::Receipt,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Count => "count",
            Self::Import => "import",
            Self::Shipment => "shipment",
            Self::Return => "return",
            Self::Adjustment => "adjustment",
            Self::TransferOut => "transfer_out",
            Self::TransferIn => "transfer_in",
            Self::Receipt => "receipt",
        }
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).unwrap_or(Self::Count)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One change of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Identity.
    pub id: Uuid,
    /// Of what.
    pub variant: VariantId,
    /// What it is called; nothing when it is gone.
    pub label: Option<Label>,
    /// On which shelf.
    pub location: LocationId,
    /// Pieces more or fewer.
    pub delta: i64,
    /// The count of that location afterwards.
    pub on_hand_after: i64,
    /// Why.
    pub reason: Reason,
    /// The order, checkout, transfer, stock count or delivery it belongs to.
    pub reference: Option<Uuid>,
    /// What the person wrote.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Which movements; everything given must hold.
#[derive(Clone, Debug, Default)]
pub struct MovementFilter {
    /// Of this variant.
    pub variant: Option<VariantId>,
    /// At this location.
    pub location: Option<LocationId>,
    /// For any of these reasons.
    pub reasons: Vec<Reason>,
}

/// The history, newest first.
///
/// # Errors
/// `NOT_FOUND` for a variant or location that does not exist, `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn movements(ctx: &Ctx, filter: &MovementFilter, page: &PageArgs) -> Result<Slice<Movement>> {
    const ORDER: &str = "stock-movements";
    use stock_movement::Column;
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let mut condition = sea_orm::Condition::all();
    if let Some(id) = filter.variant {
        db.get::<variant::Entity>(id.uuid()).await?;
        condition = condition.add(Column::VariantId.eq(id.uuid()));
    }
    if let Some(id) = filter.location {
        db.get::<location::Entity>(id.uuid()).await?;
        condition = condition.add(Column::LocationId.eq(id.uuid()));
    }
    if !filter.reasons.is_empty() {
        condition = condition.add(Column::Reason.is_in(filter.reasons.iter().map(|reason| reason.as_str())));
    }
    let mut rows = db.find::<stock_movement::Entity>().filter(condition.clone());
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let (id,): (Uuid,) = cursor.decode(ORDER).map_err(|e| CatalogError::field("after", e.to_string()))?;
        rows = rows.filter(if forward { Column::Id.lt(id) } else { Column::Id.gt(id) });
    }
    let order = if forward { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
    let rows = rows.order_by(Column::Id, order).limit(u64::from(page.limit()) + 1).all().await?;
    let total = db.find::<stock_movement::Entity>().filter(condition).count().await?;
    let labels = labels(&db, rows.iter().map(|row| row.variant_id)).await?;
    let items = rows.into_iter().map(|row| {
        let cursor = Cursor::encode(ORDER, &(row.id,)).map_err(Error::internal)?;
        let movement = Movement {
            id: row.id,
            variant: VariantId::from_uuid(row.variant_id),
            label: labels.get(&row.variant_id).cloned(),
            location: LocationId::from_uuid(row.location_id),
            delta: row.delta,
            on_hand_after: row.on_hand_after,
            reason: Reason::parse(&row.reason),
            reference: row.reference,
            note: row.note,
            at: Timestamp::from_millis(row.at),
        };
        Ok((cursor, movement))
    });
    Ok(Slice::of(items.collect::<Result<Vec<_>>>()?, page, total))
}

/// Adds one line to the history.
pub(crate) async fn note_movement(
    tx: &Tx,
    variant: VariantId,
    location: LocationId,
    delta: i64,
    on_hand_after: i64,
    why: &Why<'_>,
    now: Timestamp,
) -> Result<()> {
    let row = stock_movement::ActiveModel {
        id: Set(Uuid::now_v7()),
        variant_id: Set(variant.uuid()),
        location_id: Set(location.uuid()),
        delta: Set(delta),
        on_hand_after: Set(on_hand_after),
        reason: Set(why.reason.as_str().to_owned()),
        reference: Set(why.reference),
        note: Set(why.note.to_owned()),
        actor_id: Set(tx.ctx().and_then(Ctx::user_id).map(|user| user.uuid())),
        at: Set(now.millis()),
        ..Default::default()
    };
    tx.insert_many(vec![row]).await.context("noting a movement of stock")?;
    Ok(())
}

/// The line of a variant that is made with pieces, on the shelf of the default location.
pub(crate) fn first_movement(
    tx: &Tx,
    variant: Uuid,
    on_hand: i64,
    reason: Reason,
    now: Timestamp,
) -> stock_movement::ActiveModel {
    let reason = if reason == Reason::Import { reason } else { Reason::Initial };
    stock_movement::ActiveModel {
        id: Set(Uuid::now_v7()),
        variant_id: Set(variant),
        location_id: Set(super::default_location(tx).uuid()),
        delta: Set(on_hand),
        on_hand_after: Set(on_hand),
        reason: Set(reason.as_str().to_owned()),
        reference: Set(None),
        note: Set(String::new()),
        actor_id: Set(tx.ctx().and_then(Ctx::user_id).map(|user| user.uuid())),
        at: Set(now.millis()),
        ..Default::default()
    }
}
