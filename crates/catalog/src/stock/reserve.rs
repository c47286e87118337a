//! Promises: taken by one conditional statement per line, lines in the order of their variants' ids.

use std::collections::BTreeMap;

use events::Emit;
use platform::{Context, Error, TenantDb, Tx};
use primitives::{Quantity, Timestamp, VariantId};
use sea_orm::{ColumnTrait, QueryResult, QuerySelect, Value};
use uuid::Uuid;

use super::{Level, Reason, note_movement};
use crate::entity::stock_reservation;
use crate::error::{CatalogError, Result, Shortage};
use crate::event::{CatalogEvent, StockLine};
use crate::view::StockPolicy;

/// Pieces that a holder was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Of what.
    pub variant: VariantId,
    /// How many.
    pub quantity: i64,
    /// Until when; `None` when they are kept for good.
    pub expires_at: Option<Timestamp>,
}

/// Promises all `lines` to `holder` until `expires_at` (`None`: until they are shipped or released), or none of them.
///
/// Lines of one variant are added up. A holder that holds something already gets more on top; the later expiry of this
/// call counts for those variants.
///
/// # Errors
/// `OUT_OF_STOCK` with every line that is short; `NOT_FOUND` for a variant that does not exist. The caller's
/// transaction must then be rolled back.
pub async fn reserve(
    tx: &Tx,
    holder: Uuid,
    lines: &[(VariantId, Quantity)],
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let events = promise(tx, holder, lines, expires_at, now).await?;
    tx.emit_all(events).await?;
    Ok(())
}

/// As [`reserve`], for a caller that has more to tell: gives back the events, which it emits with its own.
///
/// # Errors
/// As [`reserve`].
pub async fn promise(
    tx: &Tx,
    holder: Uuid,
    lines: &[(VariantId, Quantity)],
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Vec<CatalogEvent>> {
    let wanted = ordered(lines);
    let (mut short, mut events) = (Vec::new(), Vec::new());
    for (variant, quantity) in &wanted {
        match take(tx, *variant, *quantity, now).await? {
            Some(level) if level.fell_low(level.free() + quantity) => {
                events.push(CatalogEvent::InventoryLow { variant_id: *variant, available: level.free() });
            }
            Some(_) => {}
            None => short.push((*variant, *quantity)),
        }
    }
    if !short.is_empty() {
        return Err(CatalogError::OutOfStock(shortages(tx, &short).await?));
    }
    if wanted.is_empty() {
        return Ok(events);
    }
    let mut values: Vec<Value> = Vec::with_capacity(wanted.len() * 5);
    for (variant, quantity) in &wanted {
        values.extend([
            holder.into(),
            variant.uuid().into(),
            (*quantity).into(),
            now.millis().into(),
            Value::BigInt(expires_at.map(Timestamp::millis)),
        ]);
    }
    let rows = vec!["({tenant}, ?, ?, ?, ?, ?)"; wanted.len()].join(", ");
    // What is there already under this holder grows.
    tx.raw_exec(
        &format!(
            "INSERT INTO stock_reservation (tenant_id, holder, variant_id, quantity, created_at, expires_at) \
             VALUES {rows} ON CONFLICT (tenant_id, holder, variant_id) DO UPDATE \
             SET quantity = stock_reservation.quantity + excluded.quantity, expires_at = excluded.expires_at"
        ),
        values,
    )
    .await
    .context("writing reservations")?;
    let lines = wanted.into_iter().map(|(variant_id, quantity)| StockLine { variant_id, quantity }).collect();
    events.push(CatalogEvent::InventoryReserved { holder, lines });
    Ok(events)
}

/// Locks the stock of variants that are about to go, and makes sure that no piece of them is promised: a buyer who is
/// just being promised one is waited for, the next one finds nothing any more.
///
/// # Errors
/// `CONFLICT` when a piece is promised.
pub(crate) async fn must_be_free(tx: &Tx, variants: impl IntoIterator<Item = Uuid>) -> Result<()> {
    use crate::entity::stock_level;
    let variants: Vec<Uuid> = variants.into_iter().collect();
    for variants in variants.chunks(1_000) {
        let rows = tx
            .find::<stock_level::Entity>()
            .filter(stock_level::Column::VariantId.is_in(variants.iter().copied()))
            .order_by_asc(stock_level::Column::VariantId)
            .map(|select| select.lock_exclusive())
            .all()
            .await
            .context("looking for promised pieces")?;
        if rows.iter().any(|row| 0 < row.reserved) {
            return Err(CatalogError::Held);
        }
    }
    Ok(())
}

/// What `holder` was promised.
pub async fn held(db: &TenantDb, holder: Uuid) -> Result<Vec<Held>> {
    let rows = db
        .find::<stock_reservation::Entity>()
        .filter(stock_reservation::Column::Holder.eq(holder))
        .order_by_asc(stock_reservation::Column::VariantId)
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Held {
            variant: VariantId::from_uuid(row.variant_id),
            quantity: row.quantity,
            expires_at: row.expires_at.map(Timestamp::from_millis),
        })
        .collect())
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
    let lines = dissolve(tx, "holder = ?", vec![holder.into()]).await?;
    give_back(tx, holder, &lines, now).await?;
    Ok(lines)
}

/// Promised pieces of `holder` leave the shelf.
///
/// # Errors
/// `CONFLICT` when `holder` was not promised that many; the caller's transaction must then be rolled back.
pub async fn ship(tx: &Tx, holder: Uuid, lines: &[(VariantId, Quantity)], now: Timestamp) -> Result<()> {
    let wanted = ordered(lines);
    for (variant, quantity) in &wanted {
        let whole = tx
            .raw_exec(
                "DELETE FROM stock_reservation \
                 WHERE tenant_id = {tenant} AND holder = ? AND variant_id = ? AND quantity = ?",
                vec![holder.into(), variant.uuid().into(), (*quantity).into()],
            )
            .await?;
        if whole == 0 {
            let part = tx
                .raw_exec(
                    "UPDATE stock_reservation SET quantity = quantity - ? \
                     WHERE tenant_id = {tenant} AND holder = ? AND variant_id = ? AND quantity > ?",
                    vec![(*quantity).into(), holder.into(), variant.uuid().into(), (*quantity).into()],
                )
                .await?;
            if part == 0 {
                return Err(
                    Error::conflict(format!("variant {variant} is not reserved in this number")).into()
                );
            }
        }
        let rows = tx
            .raw_all(
                "UPDATE stock_level SET reserved = reserved - ?, \
                 on_hand = on_hand - CASE WHEN tracked THEN ? ELSE 0 END, updated_at = ? \
                 WHERE tenant_id = {tenant} AND variant_id = ? \
                 RETURNING on_hand, reserved, threshold, tracked, policy",
                vec![(*quantity).into(), (*quantity).into(), now.millis().into(), variant.uuid().into()],
            )
            .await
            .context("shipping stock")?;
        let level = level_of(rows.first().ok_or_else(|| Error::not_found(VariantId::KIND))?)?;
        if level.tracked {
            note_movement(tx, *variant, -quantity, level.on_hand, Reason::Shipment, Some(holder), "", now)
                .await?;
        }
    }
    let lines = wanted.into_iter().map(|(variant_id, quantity)| StockLine { variant_id, quantity }).collect();
    tx.emit(CatalogEvent::InventoryReleased { holder, lines }).await?;
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
        let lines =
            dissolve(tx, "holder = ? AND expires_at <= ?", vec![holder.into(), now.millis().into()]).await?;
        if !lines.is_empty() {
            give_back(tx, holder, &lines, now).await?;
            expired.push(holder);
        }
    }
    Ok(expired)
}

/// The one statement that decides (MONEY rule 8); `None` when it touched no row.
async fn take(tx: &Tx, variant: VariantId, quantity: i64, now: Timestamp) -> Result<Option<Level>> {
    let rows = tx
        .raw_all(
            "UPDATE stock_level SET reserved = reserved + ?, updated_at = ? \
             WHERE tenant_id = {tenant} AND variant_id = ? \
             AND (NOT tracked OR policy = 'continue' OR on_hand - reserved - threshold >= ?) \
             RETURNING on_hand, reserved, threshold, tracked, policy",
            vec![quantity.into(), now.millis().into(), variant.uuid().into(), quantity.into()],
        )
        .await
        .context("reserving stock")?;
    rows.first().map(level_of).transpose()
}

async fn dissolve(tx: &Tx, condition: &str, values: Vec<Value>) -> Result<Vec<(VariantId, i64)>> {
    let rows = tx
        .raw_all(
            &format!(
                "DELETE FROM stock_reservation WHERE tenant_id = {{tenant}} AND {condition} \
                 RETURNING variant_id, quantity"
            ),
            values,
        )
        .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let variant: Uuid = row.try_get("", "variant_id").map_err(Error::from)?;
        let quantity: i64 = row.try_get("", "quantity").map_err(Error::from)?;
        lines.push((VariantId::from_uuid(variant), quantity));
    }
    lines.sort();
    Ok(lines)
}

async fn give_back(tx: &Tx, holder: Uuid, lines: &[(VariantId, i64)], now: Timestamp) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    for (variant, quantity) in lines {
        tx.raw_exec(
            "UPDATE stock_level SET reserved = reserved - ?, updated_at = ? \
             WHERE tenant_id = {tenant} AND variant_id = ?",
            vec![(*quantity).into(), now.millis().into(), variant.uuid().into()],
        )
        .await
        .context("releasing stock")?;
    }
    let lines =
        lines.iter().map(|(variant_id, quantity)| StockLine { variant_id: *variant_id, quantity: *quantity });
    tx.emit(CatalogEvent::InventoryReleased { holder, lines: lines.collect() }).await?;
    Ok(())
}

async fn shortages(tx: &Tx, short: &[(VariantId, i64)]) -> Result<Vec<Shortage>> {
    use crate::entity::stock_level;
    let ids = short.iter().map(|(variant, _)| variant.uuid());
    let rows =
        tx.find::<stock_level::Entity>().filter(stock_level::Column::VariantId.is_in(ids)).all().await?;
    let free: BTreeMap<Uuid, i64> =
        rows.iter().map(|row| (row.variant_id, Level::of(row).free().max(0))).collect();
    let found = short.iter().map(|(variant, wanted)| {
        let available = *free.get(&variant.uuid()).ok_or_else(|| Error::not_found(VariantId::KIND))?;
        Ok(Shortage { variant: *variant, wanted: *wanted, available })
    });
    found.collect()
}

/// Added up per variant, in the one order that every writer keeps.
fn ordered(lines: &[(VariantId, Quantity)]) -> BTreeMap<VariantId, i64> {
    let mut wanted = BTreeMap::new();
    for (variant, quantity) in lines {
        *wanted.entry(*variant).or_insert(0) += i64::from(*quantity);
    }
    wanted
}

fn level_of(row: &QueryResult) -> Result<Level> {
    let policy: String = row.try_get("", "policy").map_err(Error::from)?;
    Ok(Level {
        on_hand: row.try_get("", "on_hand").map_err(Error::from)?,
        reserved: row.try_get("", "reserved").map_err(Error::from)?,
        threshold: row.try_get("", "threshold").map_err(Error::from)?,
        tracked: row.try_get("", "tracked").map_err(Error::from)?,
        policy: policy.parse::<StockPolicy>().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_up_in_the_order_of_ids() {
        let (a, b) = (VariantId::new(), VariantId::new());
        let two = Quantity::new(2).unwrap();
        let lines: Vec<_> =
            ordered(&[(b, two), (a, Quantity::ONE), (b, Quantity::ONE)]).into_iter().collect();
        assert_eq!(lines, [(a, 1), (b, 3)]);
    }
}
