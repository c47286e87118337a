//! Promises: taken by one conditional statement per shelf, always in the same order, so that nobody waits in a circle.
//!
//! The order is that of the variants' ids, those that lie at one location first, then those that lie at several, hot ones
//! last of these. A variant at one location takes one statement, as if there were no other locations.

use std::collections::{BTreeMap, BTreeSet};

use events::Emit;
use platform::db::{Together, holes};
use platform::{Context, Error, Tx};
use primitives::{Country, LocationId, Quantity, Timestamp, VariantId};
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, DbBackend, QueryResult, QuerySelect, Value};
use uuid::Uuid;

use super::choose::{Pick, Shelf, choose};
use super::{LOW_MARK, Level};
use crate::entity::stock_level;
use crate::error::{CatalogError, Result, Shortage};
use crate::event::{CatalogEvent, StockLine};
use crate::view::StockPolicy;

/// Promises all `lines` to `holder` until `expires_at` (`None`: until they are shipped or released), or none of them.
///
/// Lines of one variant are added up. A holder that holds something already gets more on top; for what it gets from the
/// same shelf the later expiry of this call counts.
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
    let promised = promise(tx, holder, lines, None, expires_at, now).await?;
    let mut together = tx.together();
    promised.write(&mut together);
    tx.tell(&mut together, &promised.events)?;
    together.send().await.context("writing reservations")?;
    Ok(())
}

/// Pieces that are taken from their shelves; who they are for, and whoever wants to know, is still to be told.
#[must_use = "pieces that nobody holds are lost: write it"]
pub struct Promised {
    /// What has happened, to be told by the caller with what it has to tell itself.
    pub events: Vec<CatalogEvent>,
    holder: Uuid,
    taken: Vec<Taken>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
}

impl Promised {
    /// Writes down who holds the pieces; travels with other changes of the transaction in which they were taken.
    pub fn write(&self, together: &mut Together<'_>) {
        if self.taken.is_empty() {
            return;
        }
        let mut values: Vec<Value> = Vec::with_capacity(self.taken.len() * 7);
        for one in &self.taken {
            values.extend([
                self.holder.into(),
                one.variant.uuid().into(),
                one.location.uuid().into(),
                one.bucket.into(),
                one.quantity.into(),
                self.now.millis().into(),
                Value::BigInt(self.expires_at.map(Timestamp::millis)),
            ]);
        }
        let rows = vec!["({tenant}, ?, ?, ?, ?, ?, ?, ?)"; self.taken.len()].join(", ");
        // What is there already under this holder grows.
        together.raw(
            format!(
                "INSERT INTO stock_reservation \
                   (tenant_id, holder, variant_id, location_id, bucket, quantity, created_at, expires_at) \
                 VALUES {rows} ON CONFLICT (tenant_id, holder, variant_id, location_id, bucket) DO UPDATE \
                 SET quantity = stock_reservation.quantity + excluded.quantity, expires_at = excluded.expires_at"
            ),
            values,
        );
    }
}

/// As [`reserve`], for a caller that knows where the parcel goes, which decides between locations, and has more to
/// write and to tell.
///
/// # Errors
/// As [`reserve`].
pub async fn promise(
    tx: &Tx,
    holder: Uuid,
    lines: &[(VariantId, Quantity)],
    destination: Option<Country>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Promised> {
    let wanted = ordered(lines);
    let mut taking = Taking { tx, now, start: start(holder), taken: Vec::new(), short: Vec::new() };
    let scattered = taking.single(&wanted).await?;
    if !scattered.is_empty() {
        Box::pin(taking.scattered(&scattered, destination.map(|country| country.as_str()))).await?;
    }
    let Taking { taken, short, .. } = taking;
    if !short.is_empty() {
        return Err(CatalogError::OutOfStock(short));
    }
    let mut events = Vec::new();
    if !wanted.is_empty() {
        events = ran_low(tx, &taken, &wanted).await?;
        events.push(CatalogEvent::InventoryReserved { holder, lines: lines_of(wanted) });
    }
    Ok(Promised { events, holder, taken, expires_at, now })
}

/// Has the shelves of these variants wait for this transaction, in the one order that every writer keeps, for a caller that
/// gives pieces of some of them back and takes of others. Rows of hot variants are not waited for.
///
/// # Errors
/// Those of the database.
pub async fn hold(tx: &Tx, variants: &[VariantId]) -> Result<()> {
    if tx.backend() != DbBackend::Postgres || variants.is_empty() {
        return Ok(());
    }
    let ids: Vec<Value> = variants.iter().map(|variant| variant.uuid().into()).collect();
    let of = "FROM stock_level o WHERE o.tenant_id = s.tenant_id AND o.variant_id = s.variant_id";
    let sql = format!(
        "SELECT s.variant_id FROM stock_level s WHERE s.tenant_id = {{tenant}} AND s.variant_id IN ({}) \
         AND NOT EXISTS (SELECT 1 {of} AND 0 < o.bucket) \
         ORDER BY 1 < (SELECT COUNT(DISTINCT o.location_id) {of} AND o.sells), s.variant_id, s.location_id, s.bucket \
         FOR NO KEY UPDATE OF s",
        holes(ids.len())
    );
    tx.raw_all(&sql, ids).await.context("holding the shelves")?;
    Ok(())
}

/// Pieces that a statement took.
struct Taken {
    variant: VariantId,
    location: LocationId,
    bucket: i32,
    quantity: i64,
    /// What the row holds now.
    level: Level,
    /// Whether the row is not all that the shop has of it.
    part: bool,
}

/// One reservation being made.
struct Taking<'t> {
    tx: &'t Tx,
    now: Timestamp,
    /// The bucket at which this holder begins to look.
    start: i32,
    taken: Vec<Taken>,
    short: Vec<Shortage>,
}

impl Taking<'_> {
    /// Takes what lies at one location; gives back what lies at several, untouched.
    async fn single(&mut self, wanted: &BTreeMap<VariantId, i64>) -> Result<BTreeMap<VariantId, i64>> {
        let mut scattered = BTreeMap::new();
        let mut seen: Option<BTreeMap<VariantId, Vec<Shelf>>> = None;
        for (variant, quantity) in wanted {
            let n_shelves = |seen: &BTreeMap<VariantId, Vec<Shelf>>| seen.get(variant).map_or(0, Vec::len);
            if seen.as_ref().is_some_and(|seen| 1 < n_shelves(seen)) {
                scattered.insert(*variant, *quantity);
                continue;
            }
            if let Some(taken) = take(self, *variant, None, *quantity).await? {
                self.taken.push(taken);
                continue;
            }
            let seen = match &seen {
                Some(seen) => seen,
                None => {
                    let rest: Vec<VariantId> = wanted.range(variant..).map(|(variant, _)| *variant).collect();
                    seen.insert(shelves(self.tx, &rest, false).await?)
                }
            };
            let Some(shelves) = seen.get(variant) else {
                return Err(Error::not_found(VariantId::KIND).into());
            };
            match &shelves[..] {
                [shelf] if shelf.n_buckets == 1 => {
                    // Somebody may have given pieces back between the two statements; this buyer came before.
                    let available = shelf.level.free().clamp(0, quantity - 1);
                    self.short.push(Shortage { variant: *variant, wanted: *quantity, available });
                }
                [_] => self.anywhere(*variant, *quantity, &[]).await?,
                _ => drop(scattered.insert(*variant, *quantity)),
            }
        }
        Ok(scattered)
    }

    /// Takes what lies at several locations.
    async fn scattered(&mut self, wanted: &BTreeMap<VariantId, i64>, country: Option<&str>) -> Result<()> {
        let ids: Vec<VariantId> = wanted.keys().copied().collect();
        // Whoever looks here waits for whoever is taking; rows of hot variants are not waited for.
        let shelves = shelves(self.tx, &ids, true).await?;
        let fixed: BTreeSet<LocationId> = self.taken.iter().map(|taken| taken.location).collect();
        let picks = match choose(&shelves, wanted, country, &fixed) {
            Ok(picks) => picks,
            Err(mut short) => {
                self.short.append(&mut short);
                return Ok(());
            }
        };
        let is_hot = |variant: &VariantId| {
            shelves.get(variant).is_some_and(|shelves| shelves.iter().any(|shelf| 1 < shelf.n_buckets))
        };
        let (hot, cold): (Vec<Pick>, Vec<Pick>) = picks.into_iter().partition(|pick| is_hot(&pick.variant));
        for pick in cold {
            let taken = take(self, pick.variant, Some(pick.location), pick.quantity).await?;
            self.taken.push(taken.ok_or_else(|| Error::conflict("the stock was just changed, try again"))?);
        }
        let mut again: BTreeMap<VariantId, i64> = BTreeMap::new();
        for pick in hot {
            if again.contains_key(&pick.variant) {
                *again.entry(pick.variant).or_insert(0) += pick.quantity;
                continue;
            }
            match take(self, pick.variant, Some(pick.location), pick.quantity).await? {
                Some(taken) => self.taken.push(taken),
                // It is spread thinner than that, or others were faster: from wherever there is some.
                None => drop(again.insert(pick.variant, pick.quantity)),
            }
        }
        let nearest: Vec<LocationId> = {
            let of =
                |shelf: &Shelf| (country != Some(shelf.country.as_str()), shelf.priority, shelf.location);
            let order: BTreeSet<_> = shelves.values().flatten().map(of).collect();
            order.into_iter().map(|(_, _, location)| location).collect()
        };
        for (variant, quantity) in again {
            self.anywhere(variant, quantity, &nearest).await?;
        }
        Ok(())
    }

    /// Takes `quantity` from whichever rows of the variant have some, all of which are waited for; `nearest` says which
    /// locations come first.
    async fn anywhere(&mut self, variant: VariantId, quantity: i64, nearest: &[LocationId]) -> Result<()> {
        let mut rows = self
            .tx
            .find::<stock_level::Entity>()
            .filter(stock_level::Column::VariantId.eq(variant.uuid()))
            .filter(stock_level::Column::Sells.eq(true))
            .order_by_asc(stock_level::Column::LocationId)
            .order_by_asc(stock_level::Column::Bucket)
            .map(|select| select.lock(LockType::NoKeyUpdate))
            .all()
            .await
            .context("looking for pieces")?;
        let rank = |row: &stock_level::Model| nearest.iter().position(|l| l.uuid() == row.location_id);
        rows.sort_by_key(|row| (rank(row), row.location_id, row.bucket));
        let mut left = quantity;
        for row in &rows {
            let level = Level::of(row);
            let part = if level.limited() { left.min(level.free().max(0)) } else { left };
            if part == 0 {
                continue;
            }
            let taken = take_row(self, row, part).await?;
            self.taken.push(taken.ok_or_else(|| Error::conflict("the stock was just changed, try again"))?);
            left -= part;
        }
        if 0 < left {
            self.short.push(Shortage { variant, wanted: quantity, available: quantity - left });
        }
        Ok(())
    }
}

/// What decides (MONEY rule 8); the rest of its statement says of which row.
const ENOUGH: &str = "(NOT tracked OR policy = 'continue' OR on_hand - reserved - threshold >= ?)";
const TAKEN: &str = "RETURNING location_id, bucket, on_hand, reserved, threshold, tracked, policy";

/// The one statement that decides; `None` when it touched no row. Without a location it touches none when the variant
/// lies at several.
///
/// Of a hot variant it takes a bucket that nobody else is taking from, and waits for the first when there is none; on
/// SQLite there never is anybody else.
async fn take(
    taking: &Taking<'_>,
    variant: VariantId,
    location: Option<LocationId>,
    quantity: i64,
) -> Result<Option<Taken>> {
    let one_place = "1 = (SELECT COUNT(DISTINCT o.location_id) FROM stock_level o \
                     WHERE o.tenant_id = {tenant} AND o.variant_id = ? AND o.sells)";
    let (place, place_of_bucket) = match location {
        Some(_) => ("location_id = ?", "b.location_id = ?"),
        None => (one_place, one_place),
    };
    let skip = match taking.tx.backend() {
        DbBackend::Postgres => "FOR NO KEY UPDATE OF b SKIP LOCKED",
        _ => "",
    };
    let sql = format!(
        "UPDATE stock_level SET reserved = reserved + ?, updated_at = ? \
         WHERE tenant_id = {{tenant}} AND variant_id = ? AND sells AND {place} AND bucket = COALESCE(( \
           SELECT b.bucket FROM stock_level b \
           WHERE b.tenant_id = {{tenant}} AND b.variant_id = ? AND 0 < b.bucket AND b.sells AND {place_of_bucket} \
           AND (NOT b.tracked OR b.policy = 'continue' OR b.on_hand - b.reserved - b.threshold >= ?) \
           ORDER BY (b.bucket + ?) % {BUCKETS}, b.bucket LIMIT 1 {skip}), 0) \
         AND {ENOUGH} {TAKEN}",
        BUCKETS = super::hot::BUCKETS,
    );
    let id: Value = variant.uuid().into();
    let place: Value = location.map_or(variant.uuid(), LocationId::uuid).into();
    let values = vec![
        quantity.into(),
        taking.now.millis().into(),
        id.clone(),
        place.clone(),
        id,
        place,
        quantity.into(),
        taking.start.into(),
        quantity.into(),
    ];
    let rows = taking.tx.raw_all(&sql, values).await.context("reserving stock")?;
    rows.first().map(|row| taken(variant, quantity, location.is_some(), row)).transpose()
}

/// As [`take`], from one row that was looked at.
async fn take_row(taking: &Taking<'_>, row: &stock_level::Model, quantity: i64) -> Result<Option<Taken>> {
    let sql = format!(
        "UPDATE stock_level SET reserved = reserved + ?, updated_at = ? \
         WHERE tenant_id = {{tenant}} AND variant_id = ? AND location_id = ? AND bucket = ? AND sells \
         AND {ENOUGH} {TAKEN}"
    );
    let values = vec![
        quantity.into(),
        taking.now.millis().into(),
        row.variant_id.into(),
        row.location_id.into(),
        row.bucket.into(),
        quantity.into(),
    ];
    let rows = taking.tx.raw_all(&sql, values).await.context("reserving stock")?;
    let variant = VariantId::from_uuid(row.variant_id);
    rows.first().map(|row| taken(variant, quantity, true, row)).transpose()
}

fn taken(variant: VariantId, quantity: i64, part: bool, row: &QueryResult) -> Result<Taken> {
    let bucket: i32 = row.try_get("", "bucket").map_err(Error::from)?;
    Ok(Taken {
        variant,
        location: LocationId::from_uuid(row.try_get("", "location_id").map_err(Error::from)?),
        bucket,
        quantity,
        level: level_of(row)?,
        part: part || 0 < bucket,
    })
}

/// Says of which variants few are left now. Of one with a single row that row knows; otherwise the rows are added up,
/// and only when this one's is low, because none can be lower than all together. What two buyers take of several rows
/// at once neither sees of the other, so a hot variant is told about with every promise from the mark on.
async fn ran_low(tx: &Tx, taken: &[Taken], wanted: &BTreeMap<VariantId, i64>) -> Result<Vec<CatalogEvent>> {
    let mut low: BTreeMap<VariantId, i64> = BTreeMap::new();
    let mut unsure: BTreeSet<VariantId> = BTreeSet::new();
    for one in taken {
        if one.part && one.level.limited() && one.level.free() <= LOW_MARK {
            unsure.insert(one.variant);
        } else if !one.part && one.level.fell_low(one.level.free() + one.quantity) {
            low.insert(one.variant, one.level.free());
        }
    }
    if !unsure.is_empty() {
        let ids: Vec<Value> = unsure.iter().map(|variant| variant.uuid().into()).collect();
        let rows = tx
            .raw_all(
                &format!(
                    "SELECT variant_id, MAX(bucket) AS buckets, CAST(SUM(CASE WHEN sells AND \
                       on_hand - reserved - threshold > 0 THEN on_hand - reserved - threshold ELSE 0 END) AS bigint) AS free \
                     FROM stock_level WHERE tenant_id = {{tenant}} AND variant_id IN ({}) GROUP BY variant_id",
                    holes(ids.len())
                ),
                ids,
            )
            .await?;
        for row in rows {
            let variant = VariantId::from_uuid(row.try_get("", "variant_id").map_err(Error::from)?);
            let (buckets, free): (i32, i64) = (
                row.try_get("", "buckets").map_err(Error::from)?,
                row.try_get("", "free").map_err(Error::from)?,
            );
            let before = free + wanted.get(&variant).copied().unwrap_or(0);
            if free <= LOW_MARK && (0 < buckets || LOW_MARK < before) {
                low.insert(variant, free);
            }
        }
    }
    let event = |(variant_id, available)| CatalogEvent::InventoryLow { variant_id, available };
    Ok(low.into_iter().map(event).collect())
}

/// The shelves from which orders are sent. With `wait` those of variants that are not hot stay as they are until the
/// transaction ends.
async fn shelves(tx: &Tx, variants: &[VariantId], wait: bool) -> Result<BTreeMap<VariantId, Vec<Shelf>>> {
    let ids: Vec<Value> = variants.iter().map(|variant| variant.uuid().into()).collect();
    let holes = holes(ids.len());
    let select = "SELECT s.variant_id, s.location_id, s.bucket, s.on_hand, s.reserved, s.threshold, s.tracked, \
                    s.policy, l.country, l.priority \
                  FROM stock_level s JOIN location l ON l.tenant_id = s.tenant_id AND l.id = s.location_id";
    let order = "ORDER BY s.variant_id, s.location_id, s.bucket";
    let of = format!("WHERE s.tenant_id = {{tenant}} AND s.sells AND s.variant_id IN ({holes})");
    let mut rows = Vec::new();
    if wait && tx.backend() == DbBackend::Postgres {
        let hot = "EXISTS (SELECT 1 FROM stock_level h WHERE h.tenant_id = s.tenant_id \
                   AND h.variant_id = s.variant_id AND 0 < h.bucket)";
        let sql = format!("{select} {of} AND NOT {hot} {order} FOR NO KEY UPDATE OF s");
        rows.extend(tx.raw_all(&sql, ids.clone()).await.context("looking at the shelves")?);
        let locked: BTreeSet<Uuid> =
            rows.iter().filter_map(|row| row.try_get("", "variant_id").ok()).collect();
        if locked.len() < variants.len() {
            let sql = format!("{select} {of} AND {hot} {order}");
            rows.extend(tx.raw_all(&sql, ids).await.context("looking at the shelves")?);
        }
    } else {
        rows = tx.raw_all(&format!("{select} {of} {order}"), ids).await.context("looking at the shelves")?;
    }
    let mut found: BTreeMap<VariantId, Vec<Shelf>> = BTreeMap::new();
    for row in &rows {
        let variant = VariantId::from_uuid(row.try_get("", "variant_id").map_err(Error::from)?);
        let location = LocationId::from_uuid(row.try_get("", "location_id").map_err(Error::from)?);
        let level = level_of(row)?;
        let shelves = found.entry(variant).or_default();
        match shelves.iter_mut().find(|shelf| shelf.location == location) {
            Some(shelf) => {
                shelf.n_buckets += 1;
                shelf.level.on_hand = shelf.level.on_hand.saturating_add(level.on_hand);
                shelf.level.reserved = shelf.level.reserved.saturating_add(level.reserved);
                shelf.level.threshold = shelf.level.threshold.saturating_add(level.threshold);
            }
            None => shelves.push(Shelf {
                location,
                country: row.try_get("", "country").map_err(Error::from)?,
                priority: row.try_get("", "priority").map_err(Error::from)?,
                level,
                n_buckets: 1,
            }),
        }
    }
    Ok(found)
}

/// Locks the stock of variants that are about to go, and makes sure that no piece of them is promised: a buyer who is
/// just being promised one is waited for, the next one finds nothing any more.
///
/// # Errors
/// `CONFLICT` when a piece is promised.
pub(crate) async fn must_be_free(tx: &Tx, variants: impl IntoIterator<Item = Uuid>) -> Result<()> {
    let variants: Vec<Uuid> = variants.into_iter().collect();
    for variants in variants.chunks(1_000) {
        let rows = tx
            .find::<stock_level::Entity>()
            .filter(stock_level::Column::VariantId.is_in(variants.iter().copied()))
            .order_by_asc(stock_level::Column::VariantId)
            .order_by_asc(stock_level::Column::LocationId)
            .order_by_asc(stock_level::Column::Bucket)
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

/// Added up per variant, in the one order that every writer keeps.
pub(super) fn ordered(lines: &[(VariantId, Quantity)]) -> BTreeMap<VariantId, i64> {
    let mut wanted = BTreeMap::new();
    for (variant, quantity) in lines {
        *wanted.entry(*variant).or_insert(0) += i64::from(*quantity);
    }
    wanted
}

pub(super) fn lines_of(wanted: BTreeMap<VariantId, i64>) -> Vec<StockLine> {
    wanted.into_iter().map(|(variant_id, quantity)| StockLine { variant_id, quantity }).collect()
}

/// A bucket to begin with: ids end in chance, so many holders begin everywhere.
fn start(holder: Uuid) -> i32 {
    i32::from(holder.as_bytes()[15])
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
