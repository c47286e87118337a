//! Pieces that suppliers are to bring. They are no stock before they are received.

use std::collections::BTreeMap;

use platform::{Context, Ctx, Error, TenantDb, Tx};
use primitives::{Cursor, Direction, IncomingId, LocationId, PageArgs, Permission, Timestamp, VariantId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QuerySelect};
use uuid::Uuid;

use super::Reason;
use super::inventory::{Label, labels};
use super::transfer::{must_exist, put_down};
use crate::entity::{stock_incoming, variant};
use crate::error::{CatalogError, Result};
use crate::product::spec::{Check, MAX_ON_HAND};
use crate::query::Slice;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to come; some of it may have.
    Announced,
    /// Everything that comes has come.
    Received,
    /// None of it comes.
    Cancelled,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Announced, Self::Received, Self::Cancelled];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Received => "received",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        Ok(found.ok_or_else(|| Error::internal("a delivery has an unknown state"))?)
    }
}

/// Pieces of one variant that a supplier is to bring to one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Identity.
    pub id: IncomingId,
    /// Which one.
    pub variant: VariantId,
    /// What it is called; nothing when it is gone.
    pub label: Option<Label>,
    /// Where to.
    pub location: LocationId,
    /// Pieces that were ordered.
    pub quantity: i64,
    /// Pieces that have come.
    pub received: i64,
    /// When they are expected, if somebody knows.
    pub expected_at: Option<Timestamp>,
    /// What somebody wrote, such as the supplier and the order's number there.
    pub note: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// For optimistic changes.
    pub version: i64,
    /// When it was announced.
    pub created_at: Timestamp,
}

/// A delivery to announce.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Which one.
    pub variant: VariantId,
    /// Where to.
    pub location: LocationId,
    /// Pieces, 1 or more.
    pub quantity: i64,
    /// When they are expected.
    pub expected_at: Option<Timestamp>,
    /// At most 500 characters.
    pub note: String,
}

/// Deliveries, newest first; of one variant when it is given, only those that are still to come unless `all`.
///
/// # Errors
/// `NOT_FOUND` for a variant that does not exist, `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn deliveries(
    ctx: &Ctx,
    of: Option<VariantId>,
    all: bool,
    page: &PageArgs,
) -> Result<Slice<Delivery>> {
    const ORDER: &str = "stock-incoming";
    use stock_incoming::Column;
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let mut condition = sea_orm::Condition::all();
    if let Some(id) = of {
        db.get::<variant::Entity>(id.uuid()).await?;
        condition = condition.add(Column::VariantId.eq(id.uuid()));
    }
    if !all {
        condition = condition.add(Column::State.eq(DeliveryState::Announced.as_str()));
    }
    let mut rows = db.find::<stock_incoming::Entity>().filter(condition.clone());
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let (id,): (Uuid,) = cursor.decode(ORDER).map_err(|e| CatalogError::field("after", e.to_string()))?;
        rows = rows.filter(if forward { Column::Id.lt(id) } else { Column::Id.gt(id) });
    }
    let order = if forward { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
    let rows = rows.order_by(Column::Id, order).limit(u64::from(page.limit()) + 1).all().await?;
    let total = db.find::<stock_incoming::Entity>().filter(condition).count().await?;
    let labels = labels(&db, rows.iter().map(|row| row.variant_id)).await?;
    let items = rows.into_iter().map(|row| {
        let cursor = Cursor::encode(ORDER, &(row.id,)).map_err(Error::internal)?;
        Ok((cursor, view(&row, labels.get(&row.variant_id).cloned())?))
    });
    Ok(Slice::of(items.collect::<Result<Vec<_>>>()?, page, total))
}

/// One delivery.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn delivery(ctx: &Ctx, id: IncomingId) -> Result<Delivery> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    named(&db, &db.get::<stock_incoming::Entity>(id.uuid()).await?).await
}

/// Announces pieces.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `NOT_FOUND` for a variant or location that does not exist.
pub async fn announce(ctx: &Ctx, input: &NewDelivery) -> Result<Delivery> {
    let mut check = Check::default();
    let note = check.line("note", &input.note, 500);
    let quantity = check.within("quantity", input.quantity, 1, MAX_ON_HAND);
    let (note, quantity) = check.finish((note, quantity))?;
    let now = ctx.now().millis();
    ctx.write(Permission::INVENTORY_CREATE, async |tx| {
        must_exist(tx, [input.location], std::iter::once(&input.variant)).await?;
        let row = tx
            .insert(stock_incoming::ActiveModel {
                id: Set(IncomingId::new().uuid()),
                variant_id: Set(input.variant.uuid()),
                location_id: Set(input.location.uuid()),
                quantity: Set(quantity),
                received: Set(0),
                expected_at: Set(input.expected_at.map(Timestamp::millis)),
                note: Set(note.clone()),
                state: Set(DeliveryState::Announced.as_str().to_owned()),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            })
            .await?;
        named(tx, &row).await
    })
    .await
}

/// Puts pieces that have come on the shelf; `None` for all that are still to come. `last` says that no more come.
///
/// # Errors
/// `BAD_USER_INPUT` at `quantity` for more than are to come, `CONFLICT` when none are or `version` is not the present one.
pub async fn receive_delivery(
    ctx: &Ctx,
    id: IncomingId,
    version: i64,
    quantity: Option<i64>,
    last: bool,
) -> Result<Delivery> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let row = open(tx, id, version, "received").await?;
        let open = row.quantity - row.received;
        let arrived = quantity.unwrap_or(open);
        if !(1..=open).contains(&arrived) {
            return Err(CatalogError::field("quantity", format!("must be between 1 and {open}")));
        }
        let pieces = BTreeMap::from([(VariantId::from_uuid(row.variant_id), arrived)]);
        let location = LocationId::from_uuid(row.location_id);
        Box::pin(put_down(tx, location, &pieces, Reason::Receipt, row.id, &row.note, now)).await?;
        let state = if last || arrived == open { DeliveryState::Received } else { DeliveryState::Announced };
        let received = row.received + arrived;
        save(tx, stock_incoming::Model { received, state: state.as_str().to_owned(), ..row }, now).await
    })
    .await
}

/// Calls off what is still to come; what has come stays.
///
/// # Errors
/// `CONFLICT` when nothing is to come or `version` is not the present one.
pub async fn cancel_delivery(ctx: &Ctx, id: IncomingId, version: i64) -> Result<Delivery> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let row = open(tx, id, version, "called off").await?;
        let state = if 0 < row.received { DeliveryState::Received } else { DeliveryState::Cancelled };
        save(tx, stock_incoming::Model { state: state.as_str().to_owned(), ..row }, now).await
    })
    .await
}

/// The delivery, kept as it is until the transaction ends, while pieces are to come.
async fn open(tx: &Tx, id: IncomingId, version: i64, verb: &str) -> Result<stock_incoming::Model> {
    let row = tx
        .find::<stock_incoming::Entity>()
        .filter(stock_incoming::Column::Id.eq(id.uuid()))
        .map(|select| select.lock(LockType::NoKeyUpdate))
        .one()
        .await
        .context("opening a delivery")?
        .ok_or_else(|| Error::not_found(IncomingId::KIND))?;
    if row.version != version {
        return Err(CatalogError::Changed { kind: IncomingId::KIND, version: row.version });
    }
    if row.state != DeliveryState::Announced.as_str() {
        return Err(Error::conflict(format!("a delivery that is {} cannot be {verb}", row.state)).into());
    }
    Ok(row)
}

async fn save(tx: &Tx, row: stock_incoming::Model, now: Timestamp) -> Result<Delivery> {
    let row = stock_incoming::Model { version: row.version + 1, updated_at: now.millis(), ..row };
    named(tx, &tx.update(row.into_active_model().reset_all()).await?).await
}

async fn named(db: &TenantDb, row: &stock_incoming::Model) -> Result<Delivery> {
    let label = labels(db, [row.variant_id]).await?.remove(&row.variant_id);
    view(row, label)
}

fn view(row: &stock_incoming::Model, label: Option<Label>) -> Result<Delivery> {
    Ok(Delivery {
        id: IncomingId::from_uuid(row.id),
        variant: VariantId::from_uuid(row.variant_id),
        label,
        location: LocationId::from_uuid(row.location_id),
        quantity: row.quantity,
        received: row.received,
        expected_at: row.expected_at.map(Timestamp::from_millis),
        note: row.note.clone(),
        state: DeliveryState::parse(&row.state)?,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
    })
}
