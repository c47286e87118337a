//! Counting what is on the shelves, and putting pieces there or taking them away.

use std::collections::HashMap;

use events::Emit;
use identity::idempotency::{self, Answer, Begun, Fingerprint, Key};
use platform::{Ctx, Error, Tx};
use primitives::{LocationId, Permission, ProductId, Timestamp, VariantId};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::shelf::{self, Why};
use super::{Level, Reason, Stock, default_location};
use crate::entity::{stock_level, variant};
use crate::error::{CatalogError, Result};
use crate::event::CatalogEvent;
use crate::product::spec::{Check, MAX_ON_HAND};

/// Which shelves a number is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One location's.
    At(LocationId),
    /// All of the shop together: what differs is put on the shelf of the default location, or taken from it.
    Shop,
}

/// One counted variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountItem {
    /// Which one.
    pub variant: VariantId,
    /// Where.
    pub place: Place,
    /// For [`set_on_hand`] the pieces that are there, negative when more was sold than there was; for [`adjust`] how
    /// many more, or fewer. `None` leaves the count.
    pub on_hand: Option<i64>,
    /// The count that the person saw; another one now is a `CONFLICT`.
    pub expected: Option<i64>,
    /// Pieces of that location that are kept back, negative for a depth that may be sold into; `None` leaves it.
    pub threshold: Option<i64>,
}

impl CountItem {
    /// So many pieces in the whole shop.
    pub fn new(variant: VariantId, on_hand: i64) -> Self {
        Self { variant, place: Place::Shop, on_hand: Some(on_hand), expected: None, threshold: None }
    }
}

/// Stores counts, all or none; gives back how many were other than before.
///
/// # Errors
/// `BAD_USER_INPUT` at `items.N.onHand` when orders were promised more than that or, for the whole shop, other locations
/// hold more, at `items.N.threshold` when only that was given and orders were promised more than it leaves, `CONFLICT`
/// when a count is not the expected one, `NOT_FOUND` for a variant or location that does not exist.
pub async fn set_on_hand(ctx: &Ctx, items: &[CountItem], note: &str) -> Result<u64> {
    let how = Change { reason: Reason::Count, field: "onHand", relative: false };
    change(ctx, items, note, how, None).await
}

/// Puts pieces on shelves or takes them away, all or none; gives back how many counts changed. The second time with the
/// same `key`, 1 to 255 visible ASCII characters, nothing changes and the answer is the first one.
///
/// # Errors
/// As [`set_on_hand`], at `items.N.delta` and `idempotencyKey`; `IDEMPOTENCY_KEY_REUSED` for a key of another change.
pub async fn adjust(ctx: &Ctx, items: &[CountItem], note: &str, key: Option<&str>) -> Result<u64> {
    let how = Change { reason: Reason::Adjustment, field: "delta", relative: true };
    change(ctx, items, note, how, key).await
}

#[derive(Clone, Copy)]
struct Change {
    reason: Reason,
    field: &'static str,
    relative: bool,
}

impl Change {
    /// The field that an item's number stands in.
    fn at(self, n: usize, item: &CountItem) -> String {
        match item.on_hand {
            Some(_) => format!("items.{n}.{}", self.field),
            None => format!("items.{n}.threshold"),
        }
    }
}

async fn change(ctx: &Ctx, items: &[CountItem], note: &str, how: Change, key: Option<&str>) -> Result<u64> {
    let mut check = Check::default();
    let note = check.line("note", note, 500);
    if items.is_empty() || 1_000 < items.len() {
        check.fail("items", "must be 1 to 1000 items");
    }
    let mut seen = std::collections::HashSet::new();
    for (n, item) in items.iter().enumerate() {
        if let Some(on_hand) = item.on_hand {
            check.within(&how.at(n, item), on_hand, -MAX_ON_HAND, MAX_ON_HAND);
        }
        if let Some(threshold) = item.threshold {
            check.within(&format!("items.{n}.threshold"), threshold, -MAX_ON_HAND, MAX_ON_HAND);
        }
        if !seen.insert((item.variant, location_of(ctx, item))) {
            check.fail("items", "a variant is named twice");
        }
    }
    let note = check.finish(note)?;
    let key = match key {
        Some(key) => Some((Key::new(ctx, None, key)?, print(ctx, items, &note)?)),
        None => None,
    };
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        if let Some((key, print)) = &key
            && let Begun::Replay(answer) = idempotency::begin(tx, key, print).await?
        {
            return Ok(answer.read()?);
        }
        let mut stocks = shelf::lock(tx, items.iter().map(|item| item.variant)).await?;
        let mut changed = 0;
        for (n, item) in items.iter().enumerate() {
            let stock = stocks.get_mut(&item.variant).ok_or_else(|| Error::not_found(VariantId::KIND))?;
            let why = Why { reason: how.reason, reference: None, note: &note, field: &how.at(n, item) };
            changed += u64::from(Box::pin(one(tx, stock, item, n, how.relative, &why, now)).await?);
        }
        if let Some((key, _)) = &key {
            idempotency::complete(tx, key, &Answer::ok(&changed)?).await?;
        }
        Ok(changed)
    })
    .await
}

/// The shelf that a number changes.
fn location_of(ctx: &Ctx, item: &CountItem) -> LocationId {
    match item.place {
        Place::At(location) => location,
        Place::Shop => LocationId::from_uuid(ctx.tenant_id().uuid()),
    }
}

/// What exactly is put where.
fn print(ctx: &Ctx, items: &[CountItem], note: &str) -> Result<Fingerprint> {
    let item = |item: &CountItem| (item.variant.uuid(), location_of(ctx, item).uuid(), item.on_hand);
    let items: Vec<_> = items.iter().map(item).collect();
    Ok(idempotency::fingerprint("inventoryAdjust", &(items, note))?)
}

async fn one(
    tx: &Tx,
    stock: &mut Stock,
    item: &CountItem,
    n: usize,
    relative: bool,
    why: &Why<'_>,
    now: Timestamp,
) -> Result<bool> {
    let location = match item.place {
        Place::At(location) => location,
        Place::Shop => default_location(tx),
    };
    let here = stock.at(location).unwrap_or_else(|| Level::none(stock.rows().first()));
    let shown = match item.place {
        Place::At(_) => here.on_hand,
        Place::Shop => stock.total().on_hand,
    };
    if item.expected.is_some_and(|expected| expected != shown) {
        let error = Error::conflict(format!("somebody else counted {shown} already"));
        return Err(error.with_field(format!("items.{n}.expected"), "is not the count any more").into());
    }
    let on_hand = match item.on_hand {
        Some(delta) if relative => part(here.on_hand, shown, shown.saturating_add(delta), why.field)?,
        Some(on_hand) => part(here.on_hand, shown, on_hand, why.field)?,
        None => here.on_hand,
    };
    if !(-MAX_ON_HAND..=MAX_ON_HAND).contains(&on_hand) {
        return Err(CatalogError::field(why.field, format!("must be at most {MAX_ON_HAND}, either way")));
    }
    let threshold = item.threshold.unwrap_or(here.threshold);
    let moved = threshold != here.threshold;
    let wanted = Level { on_hand, threshold, ..here };
    let changed = shelf::write(tx, stock, location, wanted, why, now).await?;
    // Keeping other pieces back moves none, but it changes what can be bought.
    if changed && moved && on_hand == here.on_hand {
        let row = tx.get::<variant::Entity>(item.variant.uuid()).await?;
        let product_id = ProductId::from_uuid(row.product_id);
        tx.emit(CatalogEvent::VariantUpdated { product_id, variant_id: item.variant }).await?;
    }
    Ok(changed)
}

/// What the shelf of a location has to hold when `shown` pieces, of which it holds `here`, are to be `wanted`.
///
/// # Errors
/// `BAD_USER_INPUT` at `field` when the other shelves alone hold more.
pub(crate) fn part(here: i64, shown: i64, wanted: i64, field: &str) -> Result<i64> {
    let part = here.saturating_add(wanted.saturating_sub(shown));
    let others = shown.saturating_sub(here);
    if others != 0 && part < 0 && 0 <= wanted {
        return Err(CatalogError::field(field, format!("the other locations hold {others} pieces")));
    }
    Ok(part)
}

/// Brings the default location's shelf of a locked stock to `wanted`, and the tracking and policy of all.
///
/// # Errors
/// `BAD_USER_INPUT` at `field` when orders were promised more.
pub(crate) async fn count(
    tx: &Tx,
    stock: &mut Stock,
    wanted: Level,
    reason: Reason,
    field: &str,
    now: Timestamp,
) -> Result<bool> {
    let why = Why { reason, reference: None, note: "", field };
    shelf::write(tx, stock, default_location(tx), wanted, &why, now).await
}

/// These variants with their stock, in the order of `ids`.
pub async fn variants(ctx: &Ctx, ids: &[VariantId]) -> Result<Vec<crate::view::AdminVariant>> {
    let db = ctx.read(Permission::INVENTORY_UPDATE).await?;
    let keys: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows =
        db.find::<variant::Entity>().filter(variant::Column::Id.is_in(keys.iter().copied())).all().await?;
    let levels = db
        .find::<stock_level::Entity>()
        .filter(stock_level::Column::VariantId.is_in(keys.iter().copied()))
        .all()
        .await?;
    let mut stocks: HashMap<Uuid, Stock> = HashMap::new();
    for level in levels {
        stocks.entry(level.variant_id).or_default().push(level);
    }
    let mut found = Vec::with_capacity(keys.len());
    for id in keys {
        let row = rows.iter().find(|row| row.id == id);
        if let (Some(row), Some(stock)) = (row, stocks.get(&id)) {
            found.push(crate::product::admin::variant_view(row, stock)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_location_takes_what_differs() {
        assert_eq!(part(4, 4, 9, "onHand").unwrap(), 9);
        assert_eq!(part(4, 9, 7, "onHand").unwrap(), 2);
        assert_eq!(part(4, 4, -2, "onHand").unwrap(), -2);
        assert!(part(4, 9, 3, "onHand").is_err(), "five lie elsewhere");
    }
}
