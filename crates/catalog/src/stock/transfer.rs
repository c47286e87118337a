//! Pieces that go from one location to another. On the way they lie on neither shelf.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use platform::{Context, Ctx, Error, TenantDb, Tx};
use primitives::{Cursor, Direction, LocationId, PageArgs, Permission, Timestamp, TransferId, VariantId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, IntoActiveModel, QuerySelect};
use uuid::Uuid;

use super::inventory::{Label, labels};
use super::shelf::{self, Why};
use super::{Level, Reason};
use crate::entity::{location, stock_transfer, stock_transfer_line};
use crate::error::{CatalogError, Result};
use crate::product::spec::{Check, MAX_ON_HAND};
use crate::query::Slice;

/// Variants that one transfer may move.
pub const MAX_LINES: usize = 500;

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Being put together; nothing has moved.
    Draft,
    /// It has left; some of it may have arrived.
    InTransit,
    /// Everything that comes has arrived.
    Received,
    /// It never left, or came back whole.
    Cancelled,
}

impl TransferState {
    const ALL: [Self; 4] = [Self::Draft, Self::InTransit, Self::Received, Self::Cancelled];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InTransit => "in_transit",
            Self::Received => "received",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        Ok(found.ok_or_else(|| Error::internal("a transfer has an unknown state"))?)
    }
}

/// A transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Identity.
    pub id: TransferId,
    /// Where it leaves.
    pub from: LocationId,
    /// Where it goes.
    pub to: LocationId,
    /// Where it stands.
    pub state: TransferState,
    /// What somebody wrote.
    pub note: String,
    /// What it moves, in the order of the variants' ids.
    pub lines: Vec<TransferLine>,
    /// For optimistic changes.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// When it was received or cancelled.
    pub closed_at: Option<Timestamp>,
}

/// One variant of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferLine {
    /// Which one.
    pub variant: VariantId,
    /// What it is called.
    pub label: Option<Label>,
    /// Pieces that leave.
    pub quantity: i64,
    /// Pieces that have arrived.
    pub received: i64,
}

/// A transfer to make, or what a draft shall be.
#[derive(Clone, Debug)]
pub struct NewTransfer {
    /// Where it leaves.
    pub from: LocationId,
    /// Where it goes.
    pub to: LocationId,
    /// Pieces of each variant, 1 or more.
    pub lines: Vec<(VariantId, i64)>,
    /// At most 500 characters.
    pub note: String,
}

impl NewTransfer {
    fn check(&self) -> Result<(String, BTreeMap<VariantId, i64>)> {
        let mut check = Check::default();
        let note = check.line("note", &self.note, 500);
        let lines = quantities(&mut check, &self.lines, 1);
        check.finish((note, lines))
    }

    async fn must_exist(&self, tx: &Tx, lines: &BTreeMap<VariantId, i64>) -> Result<()> {
        must_exist(tx, [self.from, self.to], lines.keys()).await?;
        if self.from == self.to {
            return Err(CatalogError::field("toId", "must be another location"));
        }
        Ok(())
    }
}

/// Numbers per variant, each named once and at least `least`.
pub(super) fn quantities(
    check: &mut Check,
    lines: &[(VariantId, i64)],
    least: i64,
) -> BTreeMap<VariantId, i64> {
    if lines.is_empty() || MAX_LINES < lines.len() {
        check.fail("lines", format!("must be 1 to {MAX_LINES} lines"));
    }
    let mut all = BTreeMap::new();
    for (n, (variant, quantity)) in lines.iter().enumerate() {
        check.within(&format!("lines.{n}.quantity"), *quantity, least, MAX_ON_HAND);
        if all.insert(*variant, *quantity).is_some() {
            check.fail(&format!("lines.{n}.variantId"), "a variant is named twice");
        }
    }
    all
}

/// Transfers, newest first; with states those that are in any of them.
///
/// # Errors
/// `BAD_USER_INPUT` at `after` for another list's cursor.
pub async fn transfers(ctx: &Ctx, states: &[TransferState], page: &PageArgs) -> Result<Slice<Transfer>> {
    const ORDER: &str = "stock-transfers";
    use stock_transfer::Column;
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let mut condition = sea_orm::Condition::all();
    if !states.is_empty() {
        condition = condition.add(Column::State.is_in(states.iter().map(|state| state.as_str())));
    }
    let mut rows = db.find::<stock_transfer::Entity>().filter(condition.clone());
    let forward = page.direction() == Direction::Forward;
    if let Some(cursor) = page.cursor() {
        let (id,): (Uuid,) = cursor.decode(ORDER).map_err(|e| CatalogError::field("after", e.to_string()))?;
        rows = rows.filter(if forward { Column::Id.lt(id) } else { Column::Id.gt(id) });
    }
    let order = if forward { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
    let rows = rows.order_by(Column::Id, order).limit(u64::from(page.limit()) + 1).all().await?;
    let total = db.find::<stock_transfer::Entity>().filter(condition).count().await?;
    let mut lines: HashMap<Uuid, Vec<stock_transfer_line::Model>> = HashMap::new();
    let all = db
        .find::<stock_transfer_line::Entity>()
        .filter(stock_transfer_line::Column::TransferId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(stock_transfer_line::Column::VariantId)
        .all()
        .await?;
    let labels = labels(&db, all.iter().map(|line| line.variant_id)).await?;
    for line in all {
        lines.entry(line.transfer_id).or_default().push(line);
    }
    let items = rows.into_iter().map(|row| {
        let cursor = Cursor::encode(ORDER, &(row.id,)).map_err(Error::internal)?;
        let lines = lines.remove(&row.id).unwrap_or_default();
        Ok((cursor, view(&row, &lines, &labels)?))
    });
    Ok(Slice::of(items.collect::<Result<Vec<_>>>()?, page, total))
}

/// One transfer.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn transfer(ctx: &Ctx, id: TransferId) -> Result<Transfer> {
    let db = ctx.read(Permission::INVENTORY_READ).await?;
    let row = db.get::<stock_transfer::Entity>(id.uuid()).await?;
    let lines = db
        .find::<stock_transfer_line::Entity>()
        .filter(stock_transfer_line::Column::TransferId.eq(id.uuid()))
        .order_by_asc(stock_transfer_line::Column::VariantId)
        .all()
        .await?;
    named(&db, &row, &lines).await
}

/// Plans a transfer; nothing moves yet.
///
/// # Errors
/// `BAD_USER_INPUT` with the fields, `NOT_FOUND` for a location or variant that does not exist.
pub async fn create_transfer(ctx: &Ctx, input: &NewTransfer) -> Result<Transfer> {
    let (note, lines) = input.check()?;
    let now = ctx.now().millis();
    ctx.write(Permission::INVENTORY_CREATE, async |tx| {
        input.must_exist(tx, &lines).await?;
        let row = tx
            .insert(stock_transfer::ActiveModel {
                id: Set(TransferId::new().uuid()),
                from_id: Set(input.from.uuid()),
                to_id: Set(input.to.uuid()),
                state: Set(TransferState::Draft.as_str().to_owned()),
                note: Set(note.clone()),
                version: Set(1),
                created_at: Set(now),
                shipped_at: Set(None),
                closed_at: Set(None),
                ..Default::default()
            })
            .await?;
        let lines = put_lines(tx, row.id, &lines).await?;
        named(tx, &row, &lines).await
    })
    .await
}

/// Makes a draft another one.
///
/// # Errors
/// As [`create_transfer`]; `CONFLICT` when `version` is not the present one or the transfer has left.
pub async fn update_transfer(
    ctx: &Ctx,
    id: TransferId,
    version: i64,
    input: &NewTransfer,
) -> Result<Transfer> {
    let (note, lines) = input.check()?;
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let (row, _) = open(tx, id, version, &[TransferState::Draft], "changed").await?;
        input.must_exist(tx, &lines).await?;
        tx.delete_many::<stock_transfer_line::Entity>()
            .filter(stock_transfer_line::Column::TransferId.eq(id.uuid()))
            .exec()
            .await?;
        let lines = put_lines(tx, id.uuid(), &lines).await?;
        let row = stock_transfer::Model {
            from_id: input.from.uuid(),
            to_id: input.to.uuid(),
            note: note.clone(),
            ..row
        };
        save(tx, row, &lines).await
    })
    .await
}

/// Sends a draft off: its pieces leave the shelves.
///
/// # Errors
/// `BAD_USER_INPUT` at `lines.N` when fewer are there than shall leave, or orders were promised them; `CONFLICT` when it
/// is no draft or `version` is not the present one.
pub async fn ship_transfer(ctx: &Ctx, id: TransferId, version: i64) -> Result<Transfer> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let (row, lines) = open(tx, id, version, &[TransferState::Draft], "sent").await?;
        let from = LocationId::from_uuid(row.from_id);
        if lines.is_empty() {
            return Err(CatalogError::field("lines", "there is nothing to send"));
        }
        let mut stocks =
            shelf::lock(tx, lines.iter().map(|line| VariantId::from_uuid(line.variant_id))).await?;
        for (n, line) in lines.iter().enumerate() {
            let stock = stocks
                .get_mut(&VariantId::from_uuid(line.variant_id))
                .ok_or_else(|| Error::not_found(VariantId::KIND))?;
            let field = format!("lines.{n}");
            let here = stock.at(from).unwrap_or_else(|| Level::none(None));
            let there = here.on_hand.saturating_sub(here.reserved);
            if there < line.quantity {
                let message = format!("{} can leave, {} shall", there.max(0), line.quantity);
                return Err(CatalogError::field(field, message));
            }
            let wanted = Level { on_hand: here.on_hand - line.quantity, ..here };
            let why =
                Why { reason: Reason::TransferOut, reference: Some(row.id), note: &row.note, field: &field };
            Box::pin(shelf::write(tx, stock, from, wanted, &why, now)).await?;
        }
        let state = TransferState::InTransit.as_str().to_owned();
        save(tx, stock_transfer::Model { state, shipped_at: Some(now.millis()), ..row }, &lines).await
    })
    .await
}

/// Notes what has arrived, in one go or in several; `None` for everything that is still on its way. With the last piece
/// the transfer is done.
///
/// # Errors
/// `BAD_USER_INPUT` at `lines.N.quantity` for more than is on its way, `NOT_FOUND` for a variant that the transfer does
/// not move, `CONFLICT` when it is not on its way or `version` is not the present one.
pub async fn receive_transfer(
    ctx: &Ctx,
    id: TransferId,
    version: i64,
    arrived_as_sent: Option<&[(VariantId, i64)]>,
) -> Result<Transfer> {
    let mut check = Check::default();
    let given = arrived_as_sent.map(|arrived| quantities(&mut check, arrived, 1));
    let given = check.finish(given)?;
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let (row, mut lines) = open(tx, id, version, &[TransferState::InTransit], "received").await?;
        let arrived: BTreeMap<VariantId, i64> = match &given {
            Some(given) => given.clone(),
            None => outstanding(&lines),
        };
        for (n, (variant, quantity)) in arrived.iter().enumerate() {
            let line = lines.iter_mut().find(|line| line.variant_id == variant.uuid());
            let line = line.ok_or_else(|| Error::not_found(VariantId::KIND))?;
            if line.quantity - line.received < *quantity {
                let sent = arrived_as_sent.and_then(|sent| sent.iter().position(|(id, _)| id == variant));
                let n = sent.unwrap_or(n);
                let message = format!("only {} are on their way", line.quantity - line.received);
                return Err(CatalogError::field(format!("lines.{n}.quantity"), message));
            }
            line.received += quantity;
        }
        let to = LocationId::from_uuid(row.to_id);
        Box::pin(put_down(tx, to, &arrived, Reason::TransferIn, row.id, &row.note, now)).await?;
        note_received(tx, &lines, arrived.keys()).await?;
        let done = lines.iter().all(|line| line.received == line.quantity);
        let state = if done { TransferState::Received } else { TransferState::InTransit };
        let row = stock_transfer::Model {
            state: state.as_str().to_owned(),
            closed_at: done.then_some(now.millis()),
            ..row
        };
        save(tx, row, &lines).await
    })
    .await
}

/// Calls a transfer off: what is still on its way is back on the shelf that it left.
///
/// # Errors
/// `CONFLICT` when it is done already or `version` is not the present one.
pub async fn cancel_transfer(ctx: &Ctx, id: TransferId, version: i64) -> Result<Transfer> {
    let now = ctx.now();
    ctx.write(Permission::INVENTORY_UPDATE, async |tx| {
        let states = [TransferState::Draft, TransferState::InTransit];
        let (row, lines) = open(tx, id, version, &states, "called off").await?;
        if row.state == TransferState::InTransit.as_str() {
            let from = LocationId::from_uuid(row.from_id);
            let back = outstanding(&lines);
            Box::pin(put_down(tx, from, &back, Reason::TransferIn, row.id, &row.note, now)).await?;
        }
        let some = lines.iter().any(|line| 0 < line.received);
        let state = if some { TransferState::Received } else { TransferState::Cancelled };
        let row =
            stock_transfer::Model { state: state.as_str().to_owned(), closed_at: Some(now.millis()), ..row };
        save(tx, row, &lines).await
    })
    .await
}

fn outstanding(lines: &[stock_transfer_line::Model]) -> BTreeMap<VariantId, i64> {
    let open = lines.iter().filter(|line| line.received < line.quantity);
    open.map(|line| (VariantId::from_uuid(line.variant_id), line.quantity - line.received)).collect()
}

/// Puts pieces on the shelves of a location.
pub(super) async fn put_down(
    tx: &Tx,
    location: LocationId,
    pieces: &BTreeMap<VariantId, i64>,
    reason: Reason,
    reference: Uuid,
    note: &str,
    now: Timestamp,
) -> Result<()> {
    let mut stocks = shelf::lock(tx, pieces.keys().copied()).await?;
    for (variant, quantity) in pieces {
        let stock = stocks.get_mut(variant).ok_or_else(|| Error::not_found(VariantId::KIND))?;
        let here = stock.at(location).unwrap_or_else(|| Level::none(stock.rows().first()));
        let on_hand = here.on_hand.saturating_add(*quantity);
        if MAX_ON_HAND < on_hand {
            return Err(CatalogError::field("lines", format!("a shelf holds at most {MAX_ON_HAND} pieces")));
        }
        let why = Why { reason, reference: Some(reference), note, field: "lines" };
        Box::pin(shelf::write(tx, stock, location, Level { on_hand, ..here }, &why, now)).await?;
    }
    Ok(())
}

async fn note_received(
    tx: &Tx,
    lines: &[stock_transfer_line::Model],
    arrived: impl Iterator<Item = &VariantId>,
) -> Result<()> {
    let arrived: BTreeSet<Uuid> = arrived.map(|variant| variant.uuid()).collect();
    for line in lines.iter().filter(|line| arrived.contains(&line.variant_id)) {
        tx.update(line.clone().into_active_model().reset_all()).await?;
    }
    Ok(())
}

/// The transfer, kept as it is until the transaction ends, in one of these states.
async fn open(
    tx: &Tx,
    id: TransferId,
    version: i64,
    states: &[TransferState],
    verb: &str,
) -> Result<(stock_transfer::Model, Vec<stock_transfer_line::Model>)> {
    let row = tx
        .find::<stock_transfer::Entity>()
        .filter(stock_transfer::Column::Id.eq(id.uuid()))
        .map(|select| select.lock(LockType::NoKeyUpdate))
        .one()
        .await
        .context("opening a transfer")?
        .ok_or_else(|| Error::not_found(TransferId::KIND))?;
    if row.version != version {
        return Err(CatalogError::Changed { kind: TransferId::KIND, version: row.version });
    }
    if !states.iter().any(|state| state.as_str() == row.state) {
        let error =
            Error::conflict(format!("a transfer that is {} cannot be {verb}", row.state.replace('_', " ")));
        return Err(error.into());
    }
    let lines = tx
        .find::<stock_transfer_line::Entity>()
        .filter(stock_transfer_line::Column::TransferId.eq(id.uuid()))
        .order_by_asc(stock_transfer_line::Column::VariantId)
        .all()
        .await?;
    Ok((row, lines))
}

async fn put_lines(
    tx: &Tx,
    transfer: Uuid,
    lines: &BTreeMap<VariantId, i64>,
) -> Result<Vec<stock_transfer_line::Model>> {
    let rows: Vec<stock_transfer_line::Model> = lines
        .iter()
        .map(|(variant, quantity)| stock_transfer_line::Model {
            tenant_id: tx.tenant_id().uuid(),
            transfer_id: transfer,
            variant_id: variant.uuid(),
            quantity: *quantity,
            received: 0,
        })
        .collect();
    tx.insert_many(rows.iter().cloned().map(|row| row.into_active_model().reset_all()).collect()).await?;
    Ok(rows)
}

async fn save(tx: &Tx, row: stock_transfer::Model, lines: &[stock_transfer_line::Model]) -> Result<Transfer> {
    let row = stock_transfer::Model { version: row.version + 1, ..row };
    let row = tx.update(row.into_active_model().reset_all()).await?;
    named(tx, &row, lines).await
}

/// Makes sure that these are this tenant's.
pub(super) async fn must_exist<'v>(
    tx: &Tx,
    places: impl IntoIterator<Item = LocationId>,
    variants: impl Iterator<Item = &'v VariantId>,
) -> Result<()> {
    for place in places {
        tx.get::<location::Entity>(place.uuid()).await?;
    }
    let variants = variants.copied().collect();
    crate::query::must_exist(tx, &BTreeSet::new(), &variants, &BTreeSet::new()).await
}

async fn named(
    db: &TenantDb,
    row: &stock_transfer::Model,
    lines: &[stock_transfer_line::Model],
) -> Result<Transfer> {
    view(row, lines, &labels(db, lines.iter().map(|line| line.variant_id)).await?)
}

fn view(
    row: &stock_transfer::Model,
    lines: &[stock_transfer_line::Model],
    labels: &HashMap<Uuid, Label>,
) -> Result<Transfer> {
    let line = |line: &stock_transfer_line::Model| TransferLine {
        variant: VariantId::from_uuid(line.variant_id),
        label: labels.get(&line.variant_id).cloned(),
        quantity: line.quantity,
        received: line.received,
    };
    Ok(Transfer {
        id: TransferId::from_uuid(row.id),
        from: LocationId::from_uuid(row.from_id),
        to: LocationId::from_uuid(row.to_id),
        state: TransferState::parse(&row.state)?,
        note: row.note.clone(),
        lines: lines.iter().map(line).collect(),
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        shipped_at: row.shipped_at.map(Timestamp::from_millis),
        closed_at: row.closed_at.map(Timestamp::from_millis),
    })
}
