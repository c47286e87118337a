//! Edits of placed orders: fewer, more and other pieces, something taken off, another address, each with a preview of what
//! it does to the money.
//!
//! Read in this order: [`sums`] (what an edited order costs, pure), [`plan`] (what an edit would do, which is also the
//! preview), [`money`] (what becomes of the money), `write` (what it changes). An edit does exactly what its plan says; the
//! stock alone is decided by the statement that takes it.

mod money;
mod plan;
mod sums;
mod write;

pub use money::MoneyEffect;

use platform::{Access, Ctx};
use primitives::{FieldError, Money, OrderId, OrderLineId, Permission, VariantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::desk::Desk;
use super::{MAX_REASON, Target, checked_text, read};
use crate::entity::{order_edit, orders, payment as payment_row};
use crate::error::{CommerceError, Result};
use crate::papers::seller;
use crate::payment::{Step, settle};
use crate::promotion::book;
use crate::settings;
use crate::view::{Address, OrderView, Totals};
use plan::{Known, Today, plan};

/// Longest idempotency key, characters.
const MAX_KEY: usize = 255;
/// Most lines that an order may have.
pub const MAX_LINES: usize = 500;
/// Most things of one kind that one edit may change.
pub const MAX_CHANGES: usize = 200;

/// What staff wants to be different. What is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New quantities of lines; 0 takes a line away.
    pub quantities: Vec<LineQuantity>,
    /// New lines, at the prices of today.
    pub add: Vec<NewLine>,
    /// What is taken off lines by hand.
    pub discounts: Vec<LineDiscount>,
    /// What the delivery costs, decimal text in the order's currency.
    pub shipping: Option<String>,
    /// Where it goes; in the same country, and taxed as before.
    pub address: Option<Address>,
    /// Contact.
    pub email: Option<String>,
    /// Contact; goes before that of `address`.
    pub phone: Option<String>,
    /// The staff has the money by hand that a paid order costs more now.
    pub rest_received: bool,
}

/// The new quantity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineQuantity {
    /// The line.
    pub line: OrderLineId,
    /// 0 to 10,000, and not less than has left.
    pub quantity: i64,
}

/// A line to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Of what.
    pub variant: VariantId,
    /// 1 to 10,000.
    pub quantity: i64,
}

/// What is taken off a line by hand, in all; instead of what was taken off by hand before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineDiscount {
    /// The line.
    pub line: OrderLineId,
    /// Decimal text in the order's currency.
    pub amount: String,
}

/// What goes with the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Why<'a> {
    /// 1 to [`MAX_REASON`] characters; stays in the order's story.
    pub reason: &'a str,
    /// Whether the customer is written to.
    pub notify: bool,
    /// 1 to 255 visible ASCII characters, fresh for each edit: the second time nothing is changed again.
    pub key: &'a str,
}

/// What an edit would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditPreview {
    /// The version that it is about.
    pub version: i64,
    /// The lines as they would be, those that are taken away too.
    pub lines: Vec<EditedLine>,
    /// The sums as they are.
    pub before: Totals,
    /// The sums as they would be.
    pub after: Totals,
    /// After less before.
    pub difference: Money,
    /// What would become of the money.
    pub money: MoneyEffect,
    /// What would be taken from the shelves and given back, by variant.
    pub stock: Vec<StockEffect>,
    /// Why it cannot be done, by field; empty when it can.
    pub problems: Vec<FieldError>,
}

/// A line of an edited order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedLine {
    /// The line; `None` for a new one.
    pub line: Option<OrderLineId>,
    /// What it is of.
    pub variant: VariantId,
    /// Name.
    pub title: String,
    /// Name of the variant.
    pub variant_title: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Pieces before; 0 for a new line.
    pub before: i64,
    /// Pieces after; 0 for a line that is taken away.
    pub quantity: i64,
    /// Price of a piece.
    pub unit: Money,
    /// What is taken off.
    pub discount: Money,
    /// What is left of it, as the shop writes prices.
    pub total: Money,
    /// Tax.
    pub tax: Money,
}

/// What an edit does to the stock of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockEffect {
    /// Of what.
    pub variant: VariantId,
    /// Name.
    pub title: String,
    /// Pieces that are taken, or below zero given back.
    pub taken: i64,
    /// What could be taken at most; `None` when it is not counted or may be backordered.
    pub available: Option<i64>,
}

/// What an edit would do, and why it cannot. Changes nothing.
///
/// # Errors
/// `NOT_FOUND`, also for a line of another order or a variant that is not there.
pub async fn preview(ctx: &Ctx, order: OrderId, changes: &Changes) -> Result<EditPreview> {
    ctx.require(Permission::ORDERS_UPDATE)?;
    let today = Today::of(ctx).await?;
    let rows = ctx.read(Permission::ORDERS_UPDATE).await?;
    let row = rows.get::<orders::Entity>(order.uuid()).await?;
    let payment =
        rows.find::<payment_row::Entity>().filter(payment_row::Column::OrderId.eq(row.id)).one().await?;
    let known = Known { ctx, today: &today, row: &row, payment: payment.as_ref() };
    Box::pin(plan(&rows, known, changes)).await?.preview()
}

/// Changes what a placed order is about, with its stock, its papers and its money.
///
/// What the order does not cost any more goes back as a refund does, after the intent is stored; a payment that waits is
/// asked for the new amount, where that is possible. A second call with the same key changes nothing.
///
/// # Errors
/// `NOT_FOUND` as [`preview`]; `BAD_USER_INPUT` with every field that [`preview`] names, at `reason` and at
/// `idempotencyKey`; `IDEMPOTENCY_KEY_REUSED` when the key made another edit; `OUT_OF_STOCK`; `CONFLICT` for another version;
/// `FORBIDDEN` without the permission to refund when money goes back, or to receive when it was received by hand.
pub async fn edit(ctx: &Ctx, order: Target, changes: &Changes, why: Why<'_>) -> Result<OrderView> {
    ctx.require(Permission::ORDERS_UPDATE)?;
    let reason = checked_text("reason", why.reason, MAX_REASON, true)?;
    let key = why.key;
    if key.is_empty() || MAX_KEY < key.len() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CommerceError::field("idempotencyKey", "use 1 to 255 visible characters"));
    }
    let fingerprint = fingerprint(changes, &reason, why.notify);
    // Before the door opens: nobody waits for a second connection while holding one.
    let (today, seller) = (Today::of(ctx).await?, seller::current(ctx).await?);
    let asked = ctx
        .write(Permission::ORDERS_UPDATE, async |tx| {
            let desk = Desk::open(tx, order.id, ctx.now()).await?;
            let before = tx
                .find::<order_edit::Entity>()
                .filter(order_edit::Column::OrderId.eq(order.id.uuid()))
                .filter(order_edit::Column::EditKey.eq(key))
                .one()
                .await?;
            match before {
                Some(before) if before.fingerprint == fingerprint => return Ok(None),
                Some(_) => return Err(CommerceError::KeyReused),
                None => {}
            }
            desk.seen(order)?;
            let known = Known { ctx, today: &today, row: desk.row(), payment: desk.payment().ok() };
            let plan = Box::pin(plan(tx, known, changes)).await?;
            let problems = plan.wrong();
            if !problems.is_empty() {
                return Err(CommerceError::Invalid(problems));
            }
            match plan.money {
                MoneyEffect::Refund { .. } => ctx.require(Permission::ORDERS_REFUND)?,
                MoneyEffect::Received { .. } => ctx.require(Permission::PAYMENTS_UPDATE)?,
                _ => {}
            }
            let id = Uuid::now_v7();
            tx.insert_many(vec![order_edit::ActiveModel {
                id: Set(id),
                order_id: Set(order.id.uuid()),
                edit_key: Set(key.to_owned()),
                fingerprint: Set(fingerprint.clone()),
                at: Set(ctx.now().millis()),
                ..Default::default()
            }])
            .await?;
            let edit = write::Edit { ctx, id, reason: &reason, notify: why.notify, seller: &seller };
            Box::pin(write::write(desk, &plan, &today.settings.settings, edit)).await
        })
        .await?;
    if let Some(payment) = asked {
        follow(ctx, payment).await;
    }
    read::after(ctx, order.id).await
}

/// Asks the gateway what was stored; after an attempt that was called off, for the new one at once.
async fn follow(ctx: &Ctx, payment: payment_row::Model) {
    let (id, anew) = (payment.id, 0 < payment.again_minor);
    Box::pin(settle::advance(ctx, payment)).await;
    if !anew {
        return;
    }
    // What cannot be asked now, the job asks.
    let Ok(rows) = ctx.read(Access::Public).await else { return };
    let next = rows.find_by_id::<payment_row::Entity>(id).await;
    drop(rows);
    if let Ok(Some(next)) = next
        && next.step() == Step::Authorize
        && next.next_at.is_some()
    {
        let _ = Box::pin(settle::ask(ctx, next, Access::Public)).await;
    }
}

/// Changes with everything that staff decided.
fn fingerprint(changes: &Changes, reason: &str, notify: bool) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{changes:?}").as_bytes());
    hasher.update([u8::from(notify)]);
    hasher.update(reason.as_bytes());
    hasher.finalize().to_vec()
}

/// Whether an order can be edited now.
///
/// # Errors
/// Why not, in words.
pub(super) fn editable(
    row: &orders::Model,
    payment: Option<&payment_row::Model>,
) -> std::result::Result<(), &'static str> {
    use crate::view::OrderState;
    match super::desk::state_of(row) {
        OrderState::PendingPayment | OrderState::Paid => money::quiet(row, payment),
        OrderState::Draft => Err("an order that is not placed yet is not edited here"),
        OrderState::Shipped | OrderState::Delivered => Err("all of it has left: take back what comes back"),
        OrderState::Cancelled => Err("an order that was given up cannot be edited"),
        OrderState::Refunded => Err("all of its money went back"),
    }
}

impl Today {
    async fn of(ctx: &Ctx) -> Result<Self> {
        Ok(Self { settings: settings::current(ctx).await?, book: book::current(ctx).await? })
    }
}
