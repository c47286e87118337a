//! Counting what is on the shelf, the history of it, and what runs low.

use std::fmt;

use events::Emit;
use platform::{Context, Ctx, Error, Tx};
use primitives::{Permission, ProductId, Timestamp, VariantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use super::{LOW_MARK, Level};
use crate::entity::{stock_level, stock_movement};
use crate::error::{CatalogError, Result};
use crate::event::CatalogEvent;
use crate::product::spec::{Check, MAX_ON_HAND};

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
}

impl Reason {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Count => "count",
            Self::Import => "import",
            Self::Shipment => "shipment",
            Self::Return => "return",
        }
    }

    fn parse(text: &str) -> Self {
        [Self::Initial, Self::Import, Self::Shipment, Self::Return]
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .unwrap_or(Self::Count)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One counted variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountItem {
    /// Which one.
    pub variant: VariantId,
    /// Pieces on the shelf; negative when more was sold than there was.
    pub on_hand: i64,
    /// The count that the person saw; another one now is a `CONFLICT`.
    pub expected: Option<i64>,
}

/// One change of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Identity.
    pub id: Uuid,
    /// Pieces more or fewer.
    pub delta: i64,
    /// The count afterwards.
    pub on_hand_after: i64,
    /// Why.
    pub reason: Reason,
    /// The order or checkout it belongs to.
    pub reference: Option<Uuid>,
    /// What the person wrote.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// A variant that runs low.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowItem {
    /// Which one.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// The product's name.
    pub product_title: String,
    /// The variant's values joined by " / ".
    pub variant_title: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Pieces on the shelf.
    pub on_hand: i64,
    /// Promised pieces.
    pub reserved: i64,
}

/// Stores counts, all or none; gives back how many were other than before.
///
/// # Errors
/// `BAD_USER_INPUT` at `items.N.onHand` when orders were promised more than that, `CONFLICT` when a count is not the
/// expected one, `NOT_FOUND` for a variant that does not exist.
pub async fn set_on_hand(ctx: &Ctx, items: &[CountItem], note: &str) -> Result<u64> {
    let mut check = Check::default();
    let note = check.line("note", note, 500);
    if items.is_empty() || 1_000 < items.len() {
        check.fail("items", "must be 1 to 1000 items");
    }
    let mut fields = Vec::with_capacity(items.len());
    for (n, item) in items.iter().enumerate() {
        check.within(&format!("items.{n}.onHand"), item.on_hand, -MAX_ON_HAND, MAX_ON_HAND);
        fields.push((item.variant, n));
    }
    fields.sort();
    if fields.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        check.fail("items", "a variant is named twice");
    }
    let (note, fields) = check.finish((note, fields))?;
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let mut changed = 0;
        for (variant, n) in &fields {
            let item = &items[*n];
            let row = tx.get::<stock_level::Entity>(variant.uuid()).await?;
            if item.expected.is_some_and(|expected| expected != row.on_hand) {
                let error = Error::conflict(format!("somebody else counted {} already", row.on_hand));
                return Err(error
                    .with_field(format!("items.{n}.expected"), "is not the count any more")
                    .into());
            }
            let wanted = Level { on_hand: item.on_hand, ..Level::of(&row) };
            changed += u64::from(
                count(tx, &row, wanted, Reason::Count, &format!("items.{n}.onHand"), &note, now).await?,
            );
        }
        Ok(changed)
    })
    .await
}

/// Brings one row to `wanted` (count, threshold, tracking, policy), with its movement and events; gives back whether
/// anything changed. The statement holds only while nobody else changed the count since `row` was read.
pub(crate) async fn count(
    tx: &Tx,
    row: &stock_level::Model,
    wanted: Level,
    reason: Reason,
    field: &str,
    note: &str,
    now: Timestamp,
) -> Result<bool> {
    let before = Level::of(row);
    let wanted = Level { reserved: before.reserved, ..wanted };
    if before == wanted {
        return Ok(false);
    }
    if wanted.limited() && 0 < wanted.reserved && wanted.on_hand - wanted.threshold.min(0) < wanted.reserved {
        return Err(CatalogError::Promised {
            field: field.to_owned(),
            reserved: wanted.reserved,
            on_hand: wanted.on_hand,
        });
    }
    let variant = VariantId::from_uuid(row.variant_id);
    let rows = tx
        .raw_exec(
            "UPDATE stock_level SET on_hand = ?, threshold = ?, tracked = ?, policy = ?, updated_at = ? \
             WHERE tenant_id = {tenant} AND variant_id = ? AND on_hand = ? AND reserved = ?",
            vec![
                wanted.on_hand.into(),
                wanted.threshold.into(),
                wanted.tracked.into(),
                wanted.policy.as_str().into(),
                now.millis().into(),
                row.variant_id.into(),
                row.on_hand.into(),
                row.reserved.into(),
            ],
        )
        .await
        .context("counting stock")?;
    if rows == 0 {
        return Err(Error::conflict("the stock was changed by somebody else, try again").into());
    }
    let after = stock_level::Model {
        on_hand: wanted.on_hand,
        threshold: wanted.threshold,
        tracked: wanted.tracked,
        policy: wanted.policy.as_str().to_owned(),
        updated_at: now.millis(),
        ..row.clone()
    };
    tx.record(Some(row), Some(&after));
    if before.on_hand != wanted.on_hand {
        let delta = wanted.on_hand - before.on_hand;
        note_movement(tx, variant, delta, wanted.on_hand, reason, None, note, now).await?;
    }
    if before.on_hand != wanted.on_hand {
        let reason = reason.as_str().to_owned();
        let (old, new) = (before.on_hand, wanted.on_hand);
        tx.emit(CatalogEvent::InventoryUpdated { variant_id: variant, old, new, reason }).await?;
    }
    if wanted.fell_low(before.free()) {
        tx.emit(CatalogEvent::InventoryLow { variant_id: variant, available: wanted.free() }).await?;
    }
    Ok(true)
}

/// Adds one line to the history.
#[expect(clippy::too_many_arguments, reason = "one row's columns, called from three places")]
pub(crate) async fn note_movement(
    tx: &Tx,
    variant: VariantId,
    delta: i64,
    on_hand_after: i64,
    reason: Reason,
    reference: Option<Uuid>,
    note: &str,
    now: Timestamp,
) -> Result<()> {
    let actor = tx.ctx().and_then(Ctx::user_id).map(|user| user.uuid());
    tx.insert_many(vec![stock_movement::ActiveModel {
        id: Set(Uuid::now_v7()),
        variant_id: Set(variant.uuid()),
        delta: Set(delta),
        on_hand_after: Set(on_hand_after),
        reason: Set(reason.as_str().to_owned()),
        reference: Set(reference),
        note: Set(note.to_owned()),
        actor_id: Set(actor),
        at: Set(now.millis()),
        ..Default::default()
    }])
    .await?;
    Ok(())
}

/// The history of one variant, newest first.
pub async fn movements(ctx: &Ctx, variant: VariantId, limit: u64) -> Result<Vec<Movement>> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    db.get::<stock_level::Entity>(variant.uuid()).await?;
    let rows = db
        .find::<stock_movement::Entity>()
        .filter(stock_movement::Column::VariantId.eq(variant.uuid()))
        .order_by_desc(stock_movement::Column::Id)
        .limit(limit.min(500))
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Movement {
            id: row.id,
            delta: row.delta,
            on_hand_after: row.on_hand_after,
            reason: Reason::parse(&row.reason),
            reference: row.reference,
            note: row.note,
            at: Timestamp::from_millis(row.at),
        })
        .collect())
}

/// Counted variants of products that are not archived with at most [`LOW_MARK`] pieces free, fewest first.
pub async fn low(ctx: &Ctx, limit: u64) -> Result<Vec<LowItem>> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let rows = db
        .raw_all(
            "SELECT v.id, v.product_id, v.option_values, v.sku, p.title, s.on_hand, s.reserved \
             FROM stock_level s \
             JOIN variant v ON v.tenant_id = s.tenant_id AND v.id = s.variant_id \
             JOIN product p ON p.tenant_id = v.tenant_id AND p.id = v.product_id \
             WHERE s.tenant_id = {tenant} AND s.tracked AND s.policy = 'deny' AND p.status <> 'archived' \
             AND s.on_hand - s.reserved - s.threshold <= ? \
             ORDER BY s.on_hand - s.reserved - s.threshold, p.title, v.id LIMIT ?",
            vec![LOW_MARK.into(), i64::try_from(limit.min(500)).unwrap_or(500).into()],
        )
        .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let values: String = row.try_get("", "option_values").map_err(Error::from)?;
        items.push(LowItem {
            variant: VariantId::from_uuid(row.try_get("", "id").map_err(Error::from)?),
            product: ProductId::from_uuid(row.try_get("", "product_id").map_err(Error::from)?),
            product_title: row.try_get("", "title").map_err(Error::from)?,
            variant_title: crate::product::variant_title(&crate::product::names(&values)),
            sku: row.try_get("", "sku").map_err(Error::from)?,
            on_hand: row.try_get("", "on_hand").map_err(Error::from)?,
            reserved: row.try_get("", "reserved").map_err(Error::from)?,
        });
    }
    Ok(items)
}

/// These variants with their stock, in the order of `ids`.
pub async fn variants(ctx: &Ctx, ids: &[VariantId]) -> Result<Vec<crate::view::AdminVariant>> {
    use crate::entity::variant;
    let db = ctx.read(Permission::INVENTORY_UPDATE).await?;
    let keys: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows =
        db.find::<variant::Entity>().filter(variant::Column::Id.is_in(keys.iter().copied())).all().await?;
    let levels = db
        .find::<stock_level::Entity>()
        .filter(stock_level::Column::VariantId.is_in(keys.iter().copied()))
        .all()
        .await?;
    let mut found = Vec::with_capacity(keys.len());
    for id in keys {
        let row = rows.iter().find(|row| row.id == id);
        let level = levels.iter().find(|level| level.variant_id == id);
        if let (Some(row), Some(level)) = (row, level) {
            found.push(crate::product::admin::variant_view(row, &Level::of(level))?);
        }
    }
    Ok(found)
}
