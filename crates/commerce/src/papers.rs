//! Invoices, credit notes and packing slips of orders; [`paper`] writes them down.
//!
//! An invoice is issued when somebody first asks for it, a credit note in the transaction in which money goes back of an
//! order that has one, or in which such an order is given up. Both get the next number of their kind in the transaction
//! that stores them, so that no number is missing, and say the same for ever. When an order with an invoice is edited, a
//! credit note takes back what is left of it, and another invoice replaces it. Only the buyer can be forgotten
//! ([`crate::customer::erase`]). A packing slip says how things are and is kept nowhere.

pub mod http;
mod issue;
pub mod seller;
mod slip;

pub(crate) use issue::{replace, settle};
pub use slip::slip;

use std::collections::HashMap;

use platform::{Access, Ctx, Error, TenantDb};
use primitives::{Money, OrderId, Permission, Timestamp};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use crate::entity::{self, orders};
use crate::error::{CommerceError, Result};
use crate::order::desk::{Desk, state_of};
use crate::order::{self, read};
use crate::settings;
use crate::view::{OrderState, OrderView};

/// How a reader came to an order.
#[derive(Clone, Copy, Debug)]
pub enum Reader<'r> {
    /// Staff that may read it.
    Staff(OrderId),
    /// By the tracking link: whoever holds the token may look.
    Token(&'r str),
    /// From the account: one of the caller's own.
    Own(OrderId),
}

impl Reader<'_> {
    /// The order, if the reader may see it.
    pub(crate) async fn order(self, ctx: &Ctx) -> Result<OrderView> {
        match self {
            Self::Staff(id) => order::by_id(ctx, id).await,
            Self::Token(token) => order::by_token(ctx, token).await,
            Self::Own(id) => order::my_order(ctx, id).await,
        }
    }

    fn access(self) -> Access {
        match self {
            Self::Staff(_) => Access::Owned(Permission::ORDERS_READ),
            Self::Token(_) => Access::Public,
            Self::Own(_) => Access::SignedIn,
        }
    }
}

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperKind {
    /// What is to be paid.
    Invoice,
    /// What of it is taken back.
    CreditNote,
}

impl PaperKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }
}

/// A paper in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperView {
    /// Which of the two it is.
    pub kind: PaperKind,
    /// Counts the shop's papers of this kind.
    pub number: i64,
    /// How people say it: `7`, `C-7`.
    pub label: String,
    /// What it is about, tax included.
    pub total: Money,
    /// When.
    pub issued_at: Timestamp,
    /// The last part of its address below the order's papers.
    pub name: String,
}

/// A paper as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// All of it but the buyer.
    pub bill: paper::Bill,
    /// Whom it is for.
    pub buyer: paper::Party,
}

/// The papers of an order: its invoice, if one was issued, then credit notes, the oldest first.
///
/// # Errors
/// `NOT_FOUND` for an order that the reader may not see.
pub async fn list(ctx: &Ctx, reader: Reader<'_>) -> Result<Vec<PaperView>> {
    let order = reader.order(ctx).await?;
    let rows = ctx.read(reader.access()).await?;
    let known = of_order(&rows, order.id.uuid()).await?;
    let current = current(&known).map(|invoice| invoice.number);
    known.iter().map(|row| view(row, current)).collect()
}

/// The invoice of an order; the first time it is issued.
///
/// # Errors
/// `NOT_FOUND` for an order that the reader may not see; `CONFLICT` for one that was given up before anybody asked for its
/// invoice.
pub async fn invoice(ctx: &Ctx, reader: Reader<'_>) -> Result<Issued> {
    let access = reader.access();
    // Whoever may not see it is told before anything about papers.
    let order = reader.order(ctx).await?;
    let rows = ctx.read(access).await?;
    let known = of_order(&rows, order.id.uuid()).await?;
    drop(rows);
    if let Some(row) = current(&known) {
        return issued(row);
    }
    let (settings, seller) = (settings::current(ctx).await?, seller::current(ctx).await?);
    let now = ctx.now();
    ctx.write(access, async |tx| {
        let desk = Desk::open(tx, order.id, now).await?;
        let row = desk.row().clone();
        // Somebody who asked at the same time was faster.
        let known = of_order(tx, row.id).await?;
        if let Some(first) = current(&known) {
            return issued(first);
        }
        if matches!(state_of(&row), OrderState::Draft | OrderState::Cancelled) {
            let words = "this order was given up before it had an invoice";
            return Err(Error::conflict(words).into());
        }
        let view = read::held(tx, &settings.settings, row.clone(), now).await?;
        let bill = issue::bill_of(ctx, &view, &seller)?;
        let first = issue::store(tx, &row, bill, issue::buyer_of(&view)).await?;
        // What went back before somebody asked.
        issue::credit(tx, &row, &first, &[], now).await?;
        issued(&first)
    })
    .await
}

/// An invoice of an order by its number, also one that another has replaced.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn invoice_numbered(ctx: &Ctx, reader: Reader<'_>, number: i64) -> Result<Issued> {
    numbered(ctx, reader, PaperKind::Invoice, number).await
}

/// A credit note of an order by its number.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn credit_note(ctx: &Ctx, reader: Reader<'_>, number: i64) -> Result<Issued> {
    numbered(ctx, reader, PaperKind::CreditNote, number).await
}

async fn numbered(ctx: &Ctx, reader: Reader<'_>, kind: PaperKind, number: i64) -> Result<Issued> {
    let order = reader.order(ctx).await?;
    let rows = ctx.read(reader.access()).await?;
    let known = of_order(&rows, order.id.uuid()).await?;
    let found = known.iter().find(|row| row.kind == kind.as_str() && row.number == number);
    let missing = match kind {
        PaperKind::Invoice => "invoice",
        PaperKind::CreditNote => "credit note",
    };
    issued(found.ok_or_else(|| CommerceError::not_found(missing))?)
}

/// The invoice that holds, of the papers of an order.
fn current(papers: &[entity::paper::Model]) -> Option<&entity::paper::Model> {
    papers.iter().rfind(|row| row.kind == PaperKind::Invoice.as_str())
}

async fn of_order(rows: &TenantDb, order: Uuid) -> Result<Vec<entity::paper::Model>> {
    let mut found = rows
        .find::<entity::paper::Entity>()
        .filter(entity::paper::Column::OrderId.eq(order))
        .order_by_asc(entity::paper::Column::Number)
        .all()
        .await?;
    found.sort_by_key(|row| row.kind != PaperKind::Invoice.as_str());
    Ok(found)
}

/// The papers of some orders.
pub(crate) async fn of_orders(
    rows: &TenantDb,
    orders: Vec<Uuid>,
) -> Result<HashMap<Uuid, Vec<entity::paper::Model>>> {
    let mut papers: HashMap<Uuid, Vec<entity::paper::Model>> = HashMap::new();
    let found = rows.find::<entity::paper::Entity>();
    let found = found.filter(entity::paper::Column::OrderId.is_in(orders));
    for row in found.order_by_asc(entity::paper::Column::Id).all().await? {
        papers.entry(row.order_id).or_default().push(row);
    }
    Ok(papers)
}

pub(crate) fn buyer(row: &entity::paper::Model) -> Result<paper::Party> {
    Ok(serde_json::from_str(&row.buyer).map_err(Error::internal)?)
}

fn issued(row: &entity::paper::Model) -> Result<Issued> {
    let bill = serde_json::from_str(&row.document).map_err(Error::internal)?;
    Ok(Issued { bill, buyer: buyer(row)? })
}

fn view(row: &entity::paper::Model, current: Option<i64>) -> Result<PaperView> {
    let invoice = row.kind == PaperKind::Invoice.as_str();
    Ok(PaperView {
        kind: if invoice { PaperKind::Invoice } else { PaperKind::CreditNote },
        number: row.number,
        label: issued(row)?.bill.label(),
        total: Money::new(row.total_minor, read::currency_of(&row.currency)?),
        issued_at: Timestamp::from_millis(row.issued_at),
        name: match invoice {
            true if current == Some(row.number) => "invoice".to_owned(),
            true => format!("invoice-{}", row.number),
            false => format!("credit-note-{}", row.number),
        },
    })
}

/// Nobody is named any more on the papers of these orders.
pub(crate) async fn forget_buyers(tx: &platform::Tx, orders: &[Uuid], nobody: &str) -> Result<()> {
    let buyer = paper::Party { lines: vec![nobody.to_owned()], tax_number: String::new() };
    tx.update_many::<entity::paper::Entity>()
        .set(entity::paper::Column::Buyer, serde_json::to_string(&buyer).map_err(Error::internal)?)
        .filter(entity::paper::Column::OrderId.is_in(orders.iter().copied()))
        .exec()
        .await?;
    Ok(())
}

/// How much of an order's invoice about `invoiced` credit notes have to take back, minor units.
fn taken_back(row: &orders::Model, invoiced: i64) -> i64 {
    match state_of(row) {
        OrderState::Cancelled => invoiced,
        _ => {
            // What edits took off before the invoice was made, it does not ask for.
            let spared = (row.total_minor - row.edited_minor - invoiced).max(0);
            gone(row).saturating_sub(spared).clamp(0, invoiced)
        }
    }
}

/// What has gone back of an order, or is owed no more because the shop forgoes it.
fn gone(row: &orders::Model) -> i64 {
    row.refunded_minor.saturating_add(row.released_minor)
}
