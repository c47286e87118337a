//! All shelves of one variant: what is there in sum, and how a count comes to stand in the rows.

use std::collections::{BTreeMap, BTreeSet};

use events::Emit;
use platform::{Context, Error, TenantDb, Tx};
use primitives::{LocationId, Timestamp, VariantId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QuerySelect};
use uuid::Uuid;

use super::{Level, Reason, note_movement};
use crate::entity::{location, stock_level};
use crate::error::{CatalogError, Result};
use crate::event::CatalogEvent;

/// The location that every shop has: its id is the shop's own.
pub(crate) fn default_location(db: &TenantDb) -> LocationId {
    LocationId::from_uuid(db.tenant_id().uuid())
}

/// The rows of one variant, by location and bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stock(Vec<stock_level::Model>);

/// Why a count changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Why<'w> {
    pub reason: Reason,
    /// The transfer, the stock count, the delivery.
    pub reference: Option<Uuid>,
    pub note: &'w str,
    /// The field of the input that holds the count, for the refusal.
    pub field: &'w str,
}

impl Stock {
    /// Adds a row of this variant.
    pub fn push(&mut self, row: stock_level::Model) {
        let at = self.0.partition_point(|r| (r.location_id, r.bucket) < (row.location_id, row.bucket));
        self.0.insert(at, row);
    }

    /// What can be sold in all places together.
    ///
    /// Pieces that no order may take (at a location that is switched off, or that another shelf's kept-back pieces
    /// lack) count into the threshold, so that `free` is what can be promised.
    pub fn total(&self) -> Level {
        let mut total = Level::none(self.0.first());
        let (mut most, mut all) = (0_i64, 0_i64);
        for row in &self.0 {
            total.on_hand = total.on_hand.saturating_add(row.on_hand);
            total.reserved = total.reserved.saturating_add(row.reserved);
            let free = if row.sells { Level::of(row).free() } else { 0 };
            most = most.saturating_add(free.max(0));
            all = all.saturating_add(free);
        }
        let free = if 0 < most { most } else { all };
        total.threshold = total.on_hand.saturating_sub(total.reserved).saturating_sub(free);
        total
    }

    /// What there is at one location; nothing when the variant has no shelf there.
    pub fn at(&self, location: LocationId) -> Option<Level> {
        let mut rows = self.0.iter().filter(|row| row.location_id == location.uuid()).peekable();
        let mut level = Level::none(rows.peek().copied());
        rows.peek()?;
        for row in rows {
            level.on_hand = level.on_hand.saturating_add(row.on_hand);
            level.reserved = level.reserved.saturating_add(row.reserved);
            level.threshold = level.threshold.saturating_add(row.threshold);
        }
        Some(level)
    }

    /// The locations where the variant has a shelf, and whether orders are sent from there.
    pub fn places(&self) -> BTreeMap<LocationId, bool> {
        self.0.iter().map(|row| (LocationId::from_uuid(row.location_id), row.sells)).collect()
    }

    /// Whether it is spread for many buyers at once.
    pub fn is_hot(&self) -> bool {
        self.0.iter().any(|row| 0 < row.bucket)
    }

    pub fn variant(&self) -> Option<VariantId> {
        self.0.first().map(|row| VariantId::from_uuid(row.variant_id))
    }

    pub fn rows(&self) -> &[stock_level::Model] {
        &self.0
    }

    /// These rows, with `wanted` at `location` and its tracking and policy everywhere. `sells` is of the location, for
    /// a shelf that is new.
    fn with(&self, location: LocationId, wanted: Level, sells: bool, now: Timestamp) -> Self {
        let mut after = self.clone();
        let buckets: BTreeSet<i32> = self.0.iter().map(|row| row.bucket).collect();
        if after.at(location).is_none()
            && let Some(first) = self.0.first()
        {
            for bucket in buckets {
                let (location_id, updated_at) = (location.uuid(), now.millis());
                let empty = stock_level::Model { on_hand: 0, reserved: 0, threshold: 0, ..first.clone() };
                after.push(stock_level::Model { location_id, bucket, sells, updated_at, ..empty });
            }
        }
        let here = |row: &&stock_level::Model| row.location_id == location.uuid();
        let reserved: Vec<i64> = after.0.iter().filter(here).map(|row| row.reserved).collect();
        let mut spread = spread(wanted.on_hand, wanted.threshold, &reserved).into_iter();
        for row in &mut after.0 {
            row.tracked = wanted.tracked;
            wanted.policy.as_str().clone_into(&mut row.policy);
            if row.location_id == location.uuid() {
                row.on_hand = spread.next().unwrap_or(row.on_hand);
                row.threshold = if row.bucket == 0 { wanted.threshold } else { 0 };
            }
        }
        for row in after.0.iter_mut().filter(|row| !self.0.contains(row)) {
            row.updated_at = now.millis();
        }
        after
    }
}

/// How a count at a location stands in its buckets: promised pieces where they were promised, the kept-back ones in
/// the first bucket, what is free in equal parts, what is missing in the first.
pub(super) fn spread(on_hand: i64, threshold: i64, reserved: &[i64]) -> Vec<i64> {
    let promised = reserved.iter().copied().fold(0_i64, i64::saturating_add);
    let free = on_hand.saturating_sub(promised).saturating_sub(threshold);
    let buckets = i64::try_from(reserved.len()).unwrap_or(i64::MAX).max(1);
    let (each, rest) = if 0 < free { (free / buckets, free % buckets) } else { (0, 0) };
    let mut parts: Vec<i64> = Vec::with_capacity(reserved.len());
    for (n, promised) in (0_i64..).zip(reserved) {
        let share = if n < rest { each + 1 } else { each };
        let first = if n == 0 { threshold.saturating_add(free.min(0)) } else { 0 };
        parts.push(promised.saturating_add(share).saturating_add(first));
    }
    parts
}

/// The stock of these variants, kept as it is until the transaction ends; a variant that does not exist is left out.
///
/// Rows are taken in the one order that every writer keeps, so buyers are waited for and nobody waits in a circle.
pub(crate) async fn lock(
    tx: &Tx,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<BTreeMap<VariantId, Stock>> {
    let variants: BTreeSet<Uuid> = variants.into_iter().map(VariantId::uuid).collect();
    let variants: Vec<Uuid> = variants.into_iter().collect();
    let mut found: BTreeMap<VariantId, Stock> = BTreeMap::new();
    for variants in variants.chunks(1_000) {
        let rows = tx
            .find::<stock_level::Entity>()
            .filter(stock_level::Column::VariantId.is_in(variants.iter().copied()))
            .order_by_asc(stock_level::Column::VariantId)
            .order_by_asc(stock_level::Column::LocationId)
            .order_by_asc(stock_level::Column::Bucket)
            .map(|select| select.lock(LockType::NoKeyUpdate))
            .all()
            .await
            .context("looking at the shelves")?;
        for row in rows {
            found.entry(VariantId::from_uuid(row.variant_id)).or_default().push(row);
        }
    }
    Ok(found)
}

/// Brings a locked stock to `wanted` at `location`, with its movement and events; gives back whether anything changed.
///
/// # Errors
/// `BAD_USER_INPUT` at the field of `why` when more is promised than there would be; `NOT_FOUND` for the location.
pub(crate) async fn write(
    tx: &Tx,
    stock: &mut Stock,
    location: LocationId,
    wanted: Level,
    why: &Why<'_>,
    now: Timestamp,
) -> Result<bool> {
    let variant = stock.variant().ok_or_else(|| Error::not_found(VariantId::KIND))?;
    let before_here = stock.at(location);
    let sells = match stock.places().get(&location) {
        Some(sells) => *sells,
        // Whoever switches it off meanwhile waits, and finds the new shelf.
        None => {
            let row = tx
                .find::<location::Entity>()
                .filter(location::Column::Id.eq(location.uuid()))
                .map(|select| select.lock(LockType::Share))
                .one()
                .await?;
            row.ok_or_else(|| Error::not_found(LocationId::KIND))?.active
        }
    };
    let after = stock.with(location, wanted, sells, now);
    if after == *stock {
        return Ok(false);
    }
    for row in after.rows() {
        let level = Level::of(row);
        if level.limited() && 0 < level.reserved && level.on_hand - level.threshold.min(0) < level.reserved {
            let reserved = after.at(location).map_or(row.reserved, |level| level.reserved);
            let field = why.field.to_owned();
            return Err(CatalogError::Promised { field, reserved, on_hand: wanted.on_hand });
        }
    }
    store(tx, stock, &after).await?;
    let before = before_here.map_or(0, |level| level.on_hand);
    if before != wanted.on_hand {
        let delta = wanted.on_hand - before;
        note_movement(tx, variant, location, delta, wanted.on_hand, why, now).await?;
    }
    announce(tx, variant, stock.total(), after.total(), why.reason).await?;
    *stock = after;
    Ok(true)
}

/// Says that there is another number of pieces, and that few are left.
async fn announce(tx: &Tx, variant_id: VariantId, before: Level, after: Level, reason: Reason) -> Result<()> {
    if before.on_hand != after.on_hand {
        let (old, new, reason) = (before.on_hand, after.on_hand, reason.as_str().to_owned());
        tx.emit(CatalogEvent::InventoryUpdated { variant_id, old, new, reason }).await?;
    }
    if after.fell_low(before.free()) {
        tx.emit(CatalogEvent::InventoryLow { variant_id, available: after.free() }).await?;
    }
    Ok(())
}

/// Writes the rows that differ; the statement holds only while nobody else changed them since they were locked.
pub(super) async fn store(tx: &Tx, before: &Stock, after: &Stock) -> Result<()> {
    let mut new = Vec::new();
    for row in after.rows() {
        let key = |r: &&stock_level::Model| (r.location_id, r.bucket) == (row.location_id, row.bucket);
        let Some(old) = before.rows().iter().find(key) else {
            new.push(row.clone().into_active_model().reset_all());
            continue;
        };
        if old == row {
            continue;
        }
        let changed = tx
            .raw_exec(
                "UPDATE stock_level SET on_hand = ?, reserved = ?, threshold = ?, tracked = ?, policy = ?, updated_at = ? \
                 WHERE tenant_id = {tenant} AND variant_id = ? AND location_id = ? AND bucket = ? \
                 AND on_hand = ? AND reserved = ?",
                vec![
                    row.on_hand.into(),
                    row.reserved.into(),
                    row.threshold.into(),
                    row.tracked.into(),
                    row.policy.as_str().into(),
                    row.updated_at.into(),
                    row.variant_id.into(),
                    row.location_id.into(),
                    row.bucket.into(),
                    old.on_hand.into(),
                    old.reserved.into(),
                ],
            )
            .await
            .context("counting stock")?;
        if changed == 0 {
            return Err(Error::conflict("the stock was changed by somebody else, try again").into());
        }
        tx.record(Some(old), Some(row));
    }
    tx.insert_many(new).await.context("making shelves")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::StockPolicy;

    fn row(location: u128, bucket: i32, on_hand: i64, reserved: i64, sells: bool) -> stock_level::Model {
        stock_level::Model {
            tenant_id: Uuid::nil(),
            variant_id: Uuid::from_u128(9),
            location_id: Uuid::from_u128(location),
            bucket,
            on_hand,
            reserved,
            threshold: 0,
            tracked: true,
            policy: "deny".to_owned(),
            sells,
            updated_at: 0,
        }
    }

    fn stock(rows: impl IntoIterator<Item = stock_level::Model>) -> Stock {
        let mut stock = Stock::default();
        rows.into_iter().for_each(|row| stock.push(row));
        stock
    }

    #[test]
    fn the_total_is_what_can_be_sold() {
        let total = stock([row(1, 0, 5, 2, true), row(2, 0, 10, 0, false), row(3, 0, -4, 0, true)]).total();
        assert_eq!((total.on_hand, total.reserved, total.free()), (11, 2, 3));
        let owed = stock([row(1, 0, -1, 0, true), row(3, 0, -4, 0, true)]).total();
        assert_eq!((owed.on_hand, owed.free()), (-5, -5));
    }

    #[test]
    fn buckets_hold_together_what_the_location_has() {
        assert_eq!(spread(10, 0, &[0, 0, 0]), [4, 3, 3]);
        assert_eq!(spread(10, 2, &[1, 0, 4]), [4, 1, 5]);
        assert_eq!(spread(3, 5, &[0, 1]), [2, 1]);
        assert_eq!(spread(-2, 0, &[0, 0]), [-2, 0]);
        assert_eq!(spread(5, -3, &[6, 0]), [4, 1]);
        for (on_hand, threshold, reserved) in [(100, 7, [3, 0, 9, 1]), (1, 0, [0, 1, 0, 0]), (0, 0, [0; 4])] {
            assert_eq!(spread(on_hand, threshold, &reserved).into_iter().sum::<i64>(), on_hand);
        }
    }

    #[test]
    fn a_new_shelf_of_a_hot_variant_has_as_many_buckets() {
        let before = stock([row(1, 0, 5, 0, true), row(1, 1, 5, 0, true)]);
        let wanted = Level { on_hand: 3, policy: StockPolicy::Continue, ..Level::of(&before.rows()[0]) };
        let after =
            before.with(LocationId::from_uuid(Uuid::from_u128(2)), wanted, false, Timestamp::from_millis(4));
        let seen: Vec<_> = after.rows().iter().map(|r| (r.on_hand, r.sells, r.updated_at)).collect();
        assert_eq!(seen, [(5, true, 4), (5, true, 4), (2, false, 4), (1, false, 4)]);
        assert!(after.rows().iter().all(|row| row.policy == "continue"));
    }
}
