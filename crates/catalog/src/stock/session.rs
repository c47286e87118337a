//! Stock counts: somebody goes along the shelves of a location with a list, and what was found is applied at once.
//!
//! A line remembers what the shelf was said to hold when its number was written down. Applying adds the difference, so
//! what was sold between writing and applying stays sold.

use std::collections::{BTreeMap, HashMap};

use platform::{Context, Ctx, Error, TenantDb, Tx};
use primitives::{Cursor, Direction, LocationId, PageArgs, Permission, StockCountId, Timestamp, VariantId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QuerySelect};
use uuid::Uuid;

use super::inventory::{Label, labels};
use super::shelf::{self, Why};
use super::transfer::must_exist;
use super::{Level, Reason, Stock};
use crate::entity::{location, stock_count, stock_count_line, stock_level};
use crate::error::{CatalogError, Result};
use crate::product::spec::{Check, MAX_ON_HAND};
use crate::query::Slice;

/// Variants that one count may have.
pub const MAX_LINES: usize = 5_000;

/// Where a count stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountState {
    /// Somebody is counting.
    Open,
    /// The shelves say what was found.
    Applied,
    /// It was given up.
    Cancelled,
}

impl CountState {
    const ALL: [Self; 3] = [Self::Open, Self::Applied, Self::Cancelled];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Applied => "applied",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        Ok(found.ok_or_else(|| Error::internal("a stock count has an unknown state"))?)
    }
}

/// A stock count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockCount {
    /// Identity.
    pub id: StockCountId,
    /// Where.
    pub location: LocationId,
    /// Where it stands.
    pub state: CountState,
    /// What somebody wrote.
    pub note: String,
    /// What is counted, in the order of the variants' ids; empty in lists.
    pub lines: Vec<CountLine>,
    /// Lines.
    pub n_lines: u64,
    /// Lines with a number.
    pub n_counted: u64,
    /// For optimistic changes.
    pub version: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was applied or given up.
    pub closed_at: Option<Timestamp>,
}

/// One variant of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountLine {
    /// Which one.
    pub variant: VariantId,
    /// What it is called.
    pub label: Option<Label>,
    /// What the shelf was said to hold when the line was last written.
    pub expected: i64,
    /// What was found.
    pub counted: Option<i64>,
}

/// Counts, newest first, without their lines.
///
/// # Errors
/// `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn counts(ctx: &Ctx, page: &PageArgs) -> Result<Slice<StockCount>> {
    const ORDER: &str = "stock-counts";
    use stock_count::Column;
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let mut rows = db.find::<stock_count::Entity>();
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let (id,): (Uuid,) = cursor.decode(ORDER).map_err(|e| CatalogError::field("after", e.to_string()))?;
        rows = rows.filter(if forward { Column::Id.lt(id) } else { Column::Id.gt(id) });
    }
    let order = if forward { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
    let rows = rows.order_by(Column::Id, order).limit(u64::from(page.limit()) + 1).all().await?;
    let total = db.find::<stock_count::Entity>().count().await?;
    let mut sizes: HashMap<Uuid, (i64, i64)> = HashMap::new();
    if !rows.is_empty() {
        let sql = format!(
            "SELECT count_id, COUNT(*) AS n_lines, COUNT(counted) AS n_counted FROM stock_count_line \
             WHERE tenant_id = {{tenant}} AND count_id IN ({}) GROUP BY count_id",
            platform::db::holes(rows.len())
        );
        for row in db.raw_all(&sql, rows.iter().map(|row| row.id.into()).collect()).await? {
            let n = |name: &str| row.try_get::<i64>("", name).map_err(Error::from);
            let id: Uuid = row.try_get("", "count_id").map_err(Error::from)?;
            sizes.insert(id, (n("n_lines")?, n("n_counted")?));
        }
    }
    let items = rows.into_iter().map(|row| {
        let cursor = Cursor::encode(ORDER, &(row.id,)).map_err(Error::internal)?;
        let (n_lines, n_counted) = sizes.get(&row.id).copied().unwrap_or_default();
        let (n_lines, n_counted) = (n_lines.unsigned_abs(), n_counted.unsigned_abs());
        Ok((cursor, StockCount { n_lines, n_counted, ..view(&row, &[], &HashMap::new())? }))
    });
    Ok(Slice::of(items.collect::<Result<Vec<_>>>()?, page, total))
}

/// One count with its lines.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn stock_count(ctx: &Ctx, id: StockCountId) -> Result<StockCount> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let row = db.get::<stock_count::Entity>(id.uuid()).await?;
    let lines = db
        .find::<stock_count_line::Entity>()
        .filter(stock_count_line::Column::CountId.eq(id.uuid()))
        .order_by_asc(stock_count_line::Column::VariantId)
        .all()
        .await?;
    named(&db, &row, &lines).await
}

/// Begins a count of these variants, or with `None` of all counted ones that have a shelf at the location.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `NOT_FOUND` for a location or variant that does not exist.
pub async fn begin_count(
    ctx: &Ctx,
    location: LocationId,
    variants: Option<&[VariantId]>,
    note: &str,
) -> Result<StockCount> {
    let mut check = Check::default();
    let note = check.line("note", note, 500);
    if variants.is_some_and(|variants| MAX_LINES < variants.len()) {
        check.fail("variantIds", format!("must be at most {MAX_LINES} variants"));
    }
    let note = check.finish(note)?;
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_CREATE, async |tx| {
        let shelves = match variants {
            Some(variants) => {
                let wanted: std::collections::BTreeSet<VariantId> = variants.iter().copied().collect();
                must_exist(tx, [location], wanted.iter()).await?;
                expected(tx, location, wanted).await?
            }
            None => {
                tx.get::<location::Entity>(location.uuid()).await?;
                all_of(tx, location).await?
            }
        };
        let row = tx
            .insert(stock_count::ActiveModel {
                id: Set(StockCountId::new().uuid()),
                location_id: Set(location.uuid()),
                state: Set(CountState::Open.as_str().to_owned()),
                note: Set(note.clone()),
                version: Set(1),
                created_at: Set(now.millis()),
                closed_at: Set(None),
                ..Default::default()
            })
            .await?;
        let lines: Vec<stock_count_line::Model> = shelves
            .into_iter()
            .map(|(variant, expected)| line(tx, row.id, variant, expected, None))
            .collect();
        tx.insert_many(lines.iter().cloned().map(|row| row.into_active_model().reset_all()).collect())
            .await?;
        named(tx, &row, &lines).await
    })
    .await
}

/// Writes down what was found; `None` takes a number back. A variant that is not on the list comes onto it.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `NOT_FOUND` for a variant that does not exist, `CONFLICT` when the count is closed
/// or `version` is not the present one.
pub async fn record_count(
    ctx: &Ctx,
    id: StockCountId,
    version: i64,
    found: &[(VariantId, Option<i64>)],
) -> Result<StockCount> {
    let mut check = Check::default();
    if found.is_empty() || 500 < found.len() {
        check.fail("lines", "must be 1 to 500 lines");
    }
    let mut numbers: BTreeMap<VariantId, Option<i64>> = BTreeMap::new();
    for (n, (variant, counted)) in found.iter().enumerate() {
        if let Some(counted) = counted {
            check.within(&format!("lines.{n}.counted"), *counted, 0, MAX_ON_HAND);
        }
        if numbers.insert(*variant, *counted).is_some() {
            check.fail(&format!("lines.{n}.variantId"), "a variant is named twice");
        }
    }
    let numbers = check.finish(numbers)?;
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let (row, mut lines) = open(tx, id, version, "written to").await?;
        let location = LocationId::from_uuid(row.location_id);
        must_exist(tx, [], numbers.keys()).await?;
        let there = expected(tx, location, numbers.keys().copied()).await?;
        let mut changed = Vec::with_capacity(numbers.len());
        for (variant, counted) in &numbers {
            let now = there.get(variant).copied().unwrap_or(0);
            let new = line(tx, row.id, *variant, now, *counted);
            match lines.iter_mut().find(|line| line.variant_id == variant.uuid()) {
                Some(line) => *line = new.clone(),
                None => lines.push(new.clone()),
            }
            changed.push(new.into_active_model().reset_all());
        }
        if MAX_LINES < lines.len() {
            return Err(CatalogError::field("lines", format!("a count has at most {MAX_LINES} lines")));
        }
        use stock_count_line::Column::{CountId, Counted, Expected, TenantId, VariantId as Variant};
        tx.upsert_many(changed, &[TenantId, CountId, Variant], &[Expected, Counted]).await?;
        lines.sort_by_key(|line| line.variant_id);
        save(tx, row, &lines).await
    })
    .await
}

/// Has the shelves hold what was found, all lines with a number at once; lines without one stay as they are.
///
/// # Errors
/// `BAD_USER_INPUT` at `lines.N` when orders were promised more than was found, or nothing was counted; `CONFLICT` when
/// the count is closed or `version` is not the present one.
pub async fn apply_count(ctx: &Ctx, id: StockCountId, version: i64) -> Result<StockCount> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let (row, lines) = open(tx, id, version, "applied").await?;
        let location = LocationId::from_uuid(row.location_id);
        let counted = lines.iter().filter(|line| line.counted.is_some());
        let ids: Vec<VariantId> = counted.map(|line| VariantId::from_uuid(line.variant_id)).collect();
        if ids.is_empty() {
            return Err(CatalogError::field("lines", "nothing was counted"));
        }
        let mut stocks = shelf::lock(tx, ids).await?;
        for (n, line) in lines.iter().enumerate() {
            let Some(found) = line.counted else { continue };
            let stock = stocks.get_mut(&VariantId::from_uuid(line.variant_id));
            let stock: &mut Stock = stock.ok_or_else(|| Error::not_found(VariantId::KIND))?;
            let here = stock.at(location).unwrap_or_else(|| Level::none(stock.rows().first()));
            let on_hand = here.on_hand.saturating_add(found.saturating_sub(line.expected));
            let field = format!("lines.{n}");
            let why = Why { reason: Reason::Count, reference: Some(row.id), note: &row.note, field: &field };
            Box::pin(shelf::write(tx, stock, location, Level { on_hand, ..here }, &why, now)).await?;
        }
        let state = CountState::Applied.as_str().to_owned();
        save(tx, stock_count::Model { state, closed_at: Some(now.millis()), ..row }, &lines).await
    })
    .await
}

/// Gives a count up; the shelves stay as they are.
///
/// # Errors
/// `CONFLICT` when it is closed or `version` is not the present one.
pub async fn cancel_count(ctx: &Ctx, id: StockCountId, version: i64) -> Result<StockCount> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let (row, lines) = open(tx, id, version, "given up").await?;
        let state = CountState::Cancelled.as_str().to_owned();
        save(tx, stock_count::Model { state, closed_at: Some(now.millis()), ..row }, &lines).await
    })
    .await
}

/// What the shelves of these variants hold at a location; nothing for those that have none there.
async fn expected(
    tx: &Tx,
    location: LocationId,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<BTreeMap<VariantId, i64>> {
    let variants: Vec<VariantId> = variants.into_iter().collect();
    let mut found: BTreeMap<VariantId, i64> = variants.iter().map(|variant| (*variant, 0)).collect();
    for variants in variants.chunks(1_000) {
        let rows = tx
            .find::<stock_level::Entity>()
            .filter(stock_level::Column::LocationId.eq(location.uuid()))
            .filter(stock_level::Column::VariantId.is_in(variants.iter().map(|variant| variant.uuid())))
            .all()
            .await?;
        for row in rows {
            *found.entry(VariantId::from_uuid(row.variant_id)).or_insert(0) += row.on_hand;
        }
    }
    Ok(found)
}

/// What the shelves of a location hold.
async fn all_of(tx: &Tx, location: LocationId) -> Result<BTreeMap<VariantId, i64>> {
    let rows = tx
        .find::<stock_level::Entity>()
        .filter(stock_level::Column::LocationId.eq(location.uuid()))
        .filter(stock_level::Column::Tracked.eq(true))
        .all()
        .await?;
    let mut found: BTreeMap<VariantId, i64> = BTreeMap::new();
    for row in rows {
        *found.entry(VariantId::from_uuid(row.variant_id)).or_insert(0) += row.on_hand;
    }
    if MAX_LINES < found.len() {
        let message = format!("{} lie there: name at most {MAX_LINES}", found.len());
        return Err(CatalogError::field("variantIds", message));
    }
    Ok(found)
}

/// The count, kept as it is until the transaction ends, while it is open.
async fn open(
    tx: &Tx,
    id: StockCountId,
    version: i64,
    verb: &str,
) -> Result<(stock_count::Model, Vec<stock_count_line::Model>)> {
    let row = tx
        .find::<stock_count::Entity>()
        .filter(stock_count::Column::Id.eq(id.uuid()))
        .map(|select| select.lock(LockType::NoKeyUpdate))
        .one()
        .await
        .context("opening a stock count")?
        .ok_or_else(|| Error::not_found(StockCountId::KIND))?;
    if row.version != version {
        return Err(CatalogError::Changed { kind: StockCountId::KIND, version: row.version });
    }
    if row.state != CountState::Open.as_str() {
        return Err(Error::conflict(format!("a stock count that is {} cannot be {verb}", row.state)).into());
    }
    let lines = tx
        .find::<stock_count_line::Entity>()
        .filter(stock_count_line::Column::CountId.eq(id.uuid()))
        .order_by_asc(stock_count_line::Column::VariantId)
        .all()
        .await?;
    Ok((row, lines))
}

fn line(
    tx: &Tx,
    count: Uuid,
    variant: VariantId,
    expected: i64,
    counted: Option<i64>,
) -> stock_count_line::Model {
    stock_count_line::Model {
        tenant_id: tx.tenant_id().uuid(),
        count_id: count,
        variant_id: variant.uuid(),
        expected,
        counted,
    }
}

async fn save(tx: &Tx, row: stock_count::Model, lines: &[stock_count_line::Model]) -> Result<StockCount> {
    let row = stock_count::Model { version: row.version + 1, ..row };
    let row = tx.update(row.into_active_model().reset_all()).await?;
    named(tx, &row, lines).await
}

async fn named(
    db: &TenantDb,
    row: &stock_count::Model,
    lines: &[stock_count_line::Model],
) -> Result<StockCount> {
    view(row, lines, &labels(db, lines.iter().map(|line| line.variant_id)).await?)
}

fn view(
    row: &stock_count::Model,
    lines: &[stock_count_line::Model],
    labels: &HashMap<Uuid, Label>,
) -> Result<StockCount> {
    let line = |line: &stock_count_line::Model| CountLine {
        variant: VariantId::from_uuid(line.variant_id),
        label: labels.get(&line.variant_id).cloned(),
        expected: line.expected,
        counted: line.counted,
    };
    Ok(StockCount {
        id: StockCountId::from_uuid(row.id),
        location: LocationId::from_uuid(row.location_id),
        state: CountState::parse(&row.state)?,
        note: row.note.clone(),
        lines: lines.iter().map(line).collect(),
        n_lines: lines.len() as u64,
        n_counted: lines.iter().filter(|line| line.counted.is_some()).count() as u64,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        closed_at: row.closed_at.map(Timestamp::from_millis),
    })
}
