//! What becomes of promises: kept, moved, given back, sent, run out.

use std::collections::BTreeMap;

use events::Emit;
use platform::{Context, Error, TenantDb, Tx, failpoint};
use primitives::{LocationId, Quantity, Timestamp, VariantId};
use sea_orm::{ColumnTrait, QuerySelect, Value};
use uuid::Uuid;

use super::reserve::{lines_of, ordered};
use super::shelf::Why;
use super::{Reason, note_movement};
use crate::entity::stock_reservation;
use crate::error::Result;
use crate::event::CatalogEvent;

/// Pieces of one location that a holder was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Of what.
    pub variant: VariantId,
    /// From where.
    pub location: LocationId,
    /// How many.
    pub quantity: i64,
    /// Until when; `None` when they are kept for good.
    pub expires_at: Option<Timestamp>,
}

/// What `holder` was promised, by variant and location.
pub async fn held(db: &TenantDb, holder: Uuid) -> Result<Vec<Held>> {
    let rows = db
        .find::<stock_reservation::Entity>()
        .filter(stock_reservation::Column::Holder.eq(holder))
        .order_by_asc(stock_reservation::Column::VariantId)
        .order_by_asc(stock_reservation::Column::LocationId)
        .order_by_asc(stock_reservation::Column::Bucket)
        .all()
        .await?;
    let mut held: Vec<Held> = Vec::new();
    for row in rows {
        let variant = VariantId::from_uuid(row.variant_id);
        let location = LocationId::from_uuid(row.location_id);
        let expires_at = row.expires_at.map(Timestamp::from_millis);
        match held.last_mut() {
            Some(last)
                if (last.variant, last.location, last.expires_at) == (variant, location, expires_at) =>
            {
                last.quantity += row.quantity;
            }
            _ => held.push(Held { variant, location, quantity: row.quantity, expires_at }),
        }
    }
    Ok(held)
}

/// Makes the promises of `holder` lasting, once it is paid. Gives back whether there were any.
pub async fn keep(tx: &Tx, holder: Uuid) -> Result<bool> {
    extend(tx, holder, None).await
}

/// Moves the end of the promises of `holder`. Gives back whether there were any.
pub async fn extend(tx: &Tx, holder: Uuid, expires_at: Option<Timestamp>) -> Result<bool> {
    let changed = tx
        .update_many::<stock_reservation::Entity>()
        .set(stock_reservation::Column::ExpiresAt, Value::BigInt(expires_at.map(Timestamp::millis)))
        .filter(stock_reservation::Column::Holder.eq(holder))
        .exec()
        .await?;
    Ok(0 < changed)
}

/// Gives back what `holder` was promised. A second call finds nothing and changes nothing.
pub async fn release(tx: &Tx, holder: Uuid, now: Timestamp) -> Result<Vec<(VariantId, i64)>> {
    let rows = dissolve(tx, "holder = ?", vec![holder.into()]).await?;
    let freed = give_back(tx, holder, &rows, now).await?;
    failpoint!("stock.released");
    Ok(freed)
}

/// Gives back some of what `holder` was promised, of several locations from the last on.
///
/// # Errors
/// `CONFLICT` when `holder` was not promised that many; the caller's transaction must then be rolled back.
pub async fn give_up(tx: &Tx, holder: Uuid, lines: &[(VariantId, Quantity)], now: Timestamp) -> Result<()> {
    let wanted = ordered(lines);
    if wanted.is_empty() {
        return Ok(());
    }
    let rows = promised(tx, holder, &wanted).await?;
    let mut parts: Vec<Dissolved> = Vec::new();
    for (variant, quantity) in &wanted {
        let mut left = *quantity;
        for row in rows.iter().rev().filter(|row| row.variant_id == variant.uuid()) {
            let part = left.min(row.quantity);
            if 0 < part {
                left -= part;
                lessen(tx, row, part).await?;
                parts.push((*variant, row.location_id, row.bucket, part));
            }
        }
        if 0 < left {
            return Err(Error::conflict(format!("variant {variant} is not reserved in this number")).into());
        }
    }
    parts.sort();
    give_back(tx, holder, &parts, now).await?;
    Ok(())
}

/// Promised pieces of `holder` leave the shelves that they were promised from.
///
/// # Errors
/// `CONFLICT` when `holder` was not promised that many; the caller's transaction must then be rolled back.
pub async fn ship(tx: &Tx, holder: Uuid, lines: &[(VariantId, Quantity)], now: Timestamp) -> Result<()> {
    let wanted = ordered(lines);
    if wanted.is_empty() {
        return Ok(());
    }
    let rows = promised(tx, holder, &wanted).await?;
    for (variant, quantity) in &wanted {
        let mut left = *quantity;
        for row in rows.iter().filter(|row| row.variant_id == variant.uuid()) {
            let part = left.min(row.quantity);
            if 0 < part {
                left -= part;
                ship_part(tx, row, part, now).await?;
            }
        }
        if 0 < left {
            return Err(Error::conflict(format!("variant {variant} is not reserved in this number")).into());
        }
    }
    tx.emit(CatalogEvent::InventoryReleased { holder, lines: lines_of(wanted) }).await?;
    Ok(())
}

/// What `holder` was promised of these variants, locked.
async fn promised(
    tx: &Tx,
    holder: Uuid,
    wanted: &BTreeMap<VariantId, i64>,
) -> Result<Vec<stock_reservation::Model>> {
    let rows = tx
        .find::<stock_reservation::Entity>()
        .filter(stock_reservation::Column::Holder.eq(holder))
        .filter(stock_reservation::Column::VariantId.is_in(wanted.keys().map(|variant| variant.uuid())))
        .order_by_asc(stock_reservation::Column::VariantId)
        .order_by_asc(stock_reservation::Column::LocationId)
        .order_by_asc(stock_reservation::Column::Bucket)
        .map(|select| select.lock_exclusive())
        .all()
        .await
        .context("looking for what is promised")?;
    Ok(rows)
}

/// Takes pieces of one promise from its shelf.
async fn ship_part(tx: &Tx, row: &stock_reservation::Model, quantity: i64, now: Timestamp) -> Result<()> {
    lessen(tx, row, quantity).await?;
    // The other buckets of the location as this transaction sees them.
    let rows = tx
        .raw_all(
            "UPDATE stock_level SET reserved = reserved - ?, \
             on_hand = on_hand - CASE WHEN tracked THEN ? ELSE 0 END, updated_at = ? \
             WHERE tenant_id = {tenant} AND variant_id = ? AND location_id = ? AND bucket = ? \
             RETURNING tracked, on_hand, (SELECT CAST(COALESCE(SUM(o.on_hand), 0) AS bigint) FROM stock_level o \
               WHERE o.tenant_id = stock_level.tenant_id AND o.variant_id = stock_level.variant_id \
               AND o.location_id = stock_level.location_id AND o.bucket <> stock_level.bucket) AS beside",
            vec![
                quantity.into(),
                quantity.into(),
                now.millis().into(),
                row.variant_id.into(),
                row.location_id.into(),
                row.bucket.into(),
            ],
        )
        .await
        .context("shipping stock")?;
    let level = rows.first().ok_or_else(|| Error::not_found(VariantId::KIND))?;
    if level.try_get("", "tracked").map_err(Error::from)? {
        let on_hand: i64 = level.try_get("", "on_hand").map_err(Error::from)?;
        let beside: i64 = level.try_get("", "beside").map_err(Error::from)?;
        let (variant, location) =
            (VariantId::from_uuid(row.variant_id), LocationId::from_uuid(row.location_id));
        let why = Why { reason: Reason::Shipment, reference: Some(row.holder), note: "", field: "" };
        note_movement(tx, variant, location, -quantity, on_hand + beside, &why, now).await?;
    }
    Ok(())
}

/// Lets go of pieces of one promise.
async fn lessen(tx: &Tx, row: &stock_reservation::Model, quantity: i64) -> Result<()> {
    let key: [Value; 4] =
        [row.holder.into(), row.variant_id.into(), row.location_id.into(), row.bucket.into()];
    let this =
        "WHERE tenant_id = {tenant} AND holder = ? AND variant_id = ? AND location_id = ? AND bucket = ?";
    let done = if quantity == row.quantity {
        let values = key.into_iter().chain([quantity.into()]).collect();
        tx.raw_exec(&format!("DELETE FROM stock_reservation {this} AND quantity = ?"), values).await?
    } else {
        let values = [quantity.into()].into_iter().chain(key).chain([quantity.into()]).collect();
        let update = format!("UPDATE stock_reservation SET quantity = quantity - ? {this} AND quantity > ?");
        tx.raw_exec(&update, values).await?
    };
    if done == 0 {
        return Err(Error::conflict("what was promised has just changed, try again").into());
    }
    Ok(())
}

/// Takes back promises that have run out, at most those of `limit` holders; gives back the holders.
pub async fn expire_due(tx: &Tx, now: Timestamp, limit: u64) -> Result<Vec<Uuid>> {
    let rows = tx
        .raw_all(
            "SELECT holder, MIN(expires_at) AS due FROM stock_reservation \
             WHERE tenant_id = {tenant} AND expires_at <= ? GROUP BY holder ORDER BY due, holder LIMIT ?",
            vec![now.millis().into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        )
        .await?;
    let mut expired = Vec::new();
    for row in rows {
        let holder: Uuid = row.try_get("", "holder").map_err(Error::from)?;
        // Somebody may have paid, or come back, since we looked: only what is still due goes.
        let rows =
            dissolve(tx, "holder = ? AND expires_at <= ?", vec![holder.into(), now.millis().into()]).await?;
        if !rows.is_empty() {
            give_back(tx, holder, &rows, now).await?;
            expired.push(holder);
        }
    }
    Ok(expired)
}

/// A promise that is no more: which shelf, which bucket, how many.
type Dissolved = (VariantId, Uuid, i32, i64);

async fn dissolve(tx: &Tx, condition: &str, values: Vec<Value>) -> Result<Vec<Dissolved>> {
    let rows = tx
        .raw_all(
            &format!(
                "DELETE FROM stock_reservation WHERE tenant_id = {{tenant}} AND {condition} \
                 RETURNING variant_id, location_id, bucket, quantity"
            ),
            values,
        )
        .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let variant: Uuid = row.try_get("", "variant_id").map_err(Error::from)?;
        let location: Uuid = row.try_get("", "location_id").map_err(Error::from)?;
        let bucket: i32 = row.try_get("", "bucket").map_err(Error::from)?;
        let quantity: i64 = row.try_get("", "quantity").map_err(Error::from)?;
        lines.push((VariantId::from_uuid(variant), location, bucket, quantity));
    }
    lines.sort();
    Ok(lines)
}

async fn give_back(
    tx: &Tx,
    holder: Uuid,
    rows: &[Dissolved],
    now: Timestamp,
) -> Result<Vec<(VariantId, i64)>> {
    let mut lines: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (variant, location, bucket, quantity) in rows {
        tx.raw_exec(
            "UPDATE stock_level SET reserved = reserved - ?, updated_at = ? \
             WHERE tenant_id = {tenant} AND variant_id = ? AND location_id = ? AND bucket = ?",
            vec![
                (*quantity).into(),
                now.millis().into(),
                variant.uuid().into(),
                (*location).into(),
                (*bucket).into(),
            ],
        )
        .await
        .context("releasing stock")?;
        *lines.entry(*variant).or_insert(0) += quantity;
    }
    if !lines.is_empty() {
        tx.emit(CatalogEvent::InventoryReleased { holder, lines: lines_of(lines.clone()) }).await?;
    }
    Ok(lines.into_iter().collect())
}
