//! Edits of placed orders, for staff.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{Long, Money, ctx_of, failure, parse_id};
use primitives::{OrderId, OrderLineId, VariantId};

use super::cart::Totals;
use super::input::AddressInput;
use super::staff::OrderPayload;
use crate::order::Target;
use crate::order::edit::{self, Changes, EditPreview, LineDiscount, LineQuantity, MoneyEffect, NewLine, Why};

/// What shall be different about an order. What is left out stays.
#[derive(InputObject)]
pub struct OrderEditChangesInput {
    /// New quantities of lines.
    #[graphql(default)]
    quantities: Vec<OrderEditQuantityInput>,
    /// New lines, at the prices of today.
    #[graphql(default)]
    add: Vec<OrderEditAddInput>,
    /// What is taken off lines by hand.
    #[graphql(default)]
    discounts: Vec<OrderEditDiscountInput>,
    /// What the delivery costs, decimal text in the order's currency.
    shipping: Option<String>,
    /// Where it goes, while nothing of it has left; in the same country.
    address: Option<AddressInput>,
    /// Contact.
    email: Option<String>,
    /// Contact.
    phone: Option<String>,
    /// The money is here by hand that a paid order costs more then.
    #[graphql(default)]
    rest_received: bool,
}

/// The new quantity of a line.
#[derive(InputObject)]
pub struct OrderEditQuantityInput {
    /// The line.
    line_id: ID,
    /// 0 takes it away; not less than what has left.
    quantity: i32,
}

/// A line to add.
#[derive(InputObject)]
pub struct OrderEditAddInput {
    /// Of what.
    variant_id: ID,
    /// 1 to 10,000.
    #[graphql(default = 1)]
    quantity: i32,
}

/// What is taken off a line by hand, in all.
#[derive(InputObject)]
pub struct OrderEditDiscountInput {
    /// The line.
    line_id: ID,
    /// Decimal text in the order's currency; 0 takes it back.
    amount: String,
}

/// An edit.
#[derive(InputObject)]
pub struct OrderEditInput {
    /// The order.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Long,
    /// What shall be different.
    changes: OrderEditChangesInput,
    /// Why, 1 to 500 characters; stays in the order's story.
    reason: String,
    /// Whether the customer is written to.
    #[graphql(default)]
    notify: bool,
    /// 1 to 255 visible ASCII characters, fresh for each edit: the second time nothing is changed again.
    idempotency_key: String,
}

impl OrderEditChangesInput {
    fn read(self) -> Result<Changes> {
        let line = |id: &ID| parse_id::<OrderLineId>(id, OrderLineId::KIND);
        let quantity = |one: OrderEditQuantityInput| {
            Ok(LineQuantity { line: line(&one.line_id)?, quantity: i64::from(one.quantity) })
        };
        let add = |one: OrderEditAddInput| {
            let variant = parse_id::<VariantId>(&one.variant_id, VariantId::KIND)?;
            Ok(NewLine { variant, quantity: i64::from(one.quantity) })
        };
        let discount =
            |one: OrderEditDiscountInput| Ok(LineDiscount { line: line(&one.line_id)?, amount: one.amount });
        Ok(Changes {
            quantities: self.quantities.into_iter().map(quantity).collect::<Result<_>>()?,
            add: self.add.into_iter().map(add).collect::<Result<_>>()?,
            discounts: self.discounts.into_iter().map(discount).collect::<Result<_>>()?,
            shipping: self.shipping,
            address: self.address.map(AddressInput::read),
            email: self.email,
            phone: self.phone,
            rest_received: self.rest_received,
        })
    }
}

/// What an edit would do.
#[derive(SimpleObject)]
pub struct OrderEditPreview {
    /// The version of the order that it is about.
    version: Long,
    /// The lines as they would be, those that are taken away too.
    lines: Vec<OrderEditLine>,
    /// The sums as they are.
    before: Totals,
    /// The sums as they would be.
    after: Totals,
    /// After less before.
    difference: Money,
    /// What would become of the money.
    money: OrderEditMoney,
    /// What would be taken from the shelves and given back.
    stock: Vec<OrderEditStock>,
    /// Why it cannot be done; empty when it can.
    problems: Vec<OrderEditProblem>,
}

/// A line of an edited order.
#[derive(SimpleObject)]
pub struct OrderEditLine {
    /// The line; missing for a new one.
    line_id: Option<ID>,
    /// What it is of.
    variant_id: ID,
    /// Name.
    title: String,
    /// Name of the variant.
    variant_title: String,
    /// Stock keeping unit.
    sku: String,
    /// Pieces before; 0 for a new line.
    before: i64,
    /// Pieces after; 0 for a line that is taken away.
    quantity: i64,
    /// Price of a piece.
    unit: Money,
    /// What is taken off.
    discount: Money,
    /// What is left of it, as the shop writes prices.
    total: Money,
    /// Tax.
    tax: Money,
}

/// What becomes of the money.
#[derive(SimpleObject)]
pub struct OrderEditMoney {
    /// What happens.
    effect: OrderEditEffect,
    /// With how much; missing when nothing happens.
    amount: Option<Money>,
    /// In words, English.
    text: String,
}

/// What can become of the money.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum OrderEditEffect {
    /// Nothing.
    Nothing,
    /// It is to be paid by hand.
    Due,
    /// What is promised covers it.
    Covered,
    /// The payment is called off, and another one is asked for.
    Anew,
    /// It goes back.
    Refund,
    /// It came in by hand.
    Received,
}

/// What an edit does to the stock of a variant.
#[derive(SimpleObject)]
pub struct OrderEditStock {
    /// Of what.
    variant_id: ID,
    /// Name.
    title: String,
    /// Pieces that are taken, or below zero given back.
    taken: i64,
    /// What could be taken at most; missing when it is not counted or may be backordered.
    available: Option<i64>,
}

/// Why an edit cannot be done.
#[derive(SimpleObject)]
pub struct OrderEditProblem {
    /// Of the changes: `quantities.0.quantity`, `add.0.variantId`, `address.city`; `total` and `state` are the order's.
    field: String,
    /// In words.
    message: String,
}

impl OrderEditPreview {
    fn of(preview: EditPreview, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        let line = |line: edit::EditedLine| OrderEditLine {
            line_id: line.line.map(|id| ID(id.to_string())),
            variant_id: ID(line.variant.to_string()),
            title: line.title,
            variant_title: line.variant_title,
            sku: line.sku,
            before: line.before,
            quantity: line.quantity,
            unit: money(line.unit),
            discount: money(line.discount),
            total: money(line.total),
            tax: money(line.tax),
        };
        let stock = |effect: edit::StockEffect| OrderEditStock {
            variant_id: ID(effect.variant.to_string()),
            title: effect.title,
            taken: effect.taken,
            available: effect.available,
        };
        let effect = match preview.money {
            MoneyEffect::Nothing => OrderEditEffect::Nothing,
            MoneyEffect::Due { .. } => OrderEditEffect::Due,
            MoneyEffect::Covered { .. } => OrderEditEffect::Covered,
            MoneyEffect::Anew { .. } => OrderEditEffect::Anew,
            MoneyEffect::Refund { .. } => OrderEditEffect::Refund,
            MoneyEffect::Received { .. } => OrderEditEffect::Received,
        };
        let problems = preview.problems.into_iter();
        Self {
            version: Long(preview.version),
            lines: preview.lines.into_iter().map(line).collect(),
            before: Totals::of(preview.before, ctx),
            after: Totals::of(preview.after, ctx),
            difference: money(preview.difference),
            money: OrderEditMoney {
                effect,
                amount: preview.money.amount().map(money),
                text: preview.money.words(),
            },
            stock: preview.stock.into_iter().map(stock).collect(),
            problems: problems
                .map(|problem| OrderEditProblem { field: problem.field, message: problem.message })
                .collect(),
        }
    }
}

/// What an edit would do.
#[derive(Default)]
pub struct EditsQuery;

#[Object]
impl EditsQuery {
    /// What an edit would do to the order, its stock and its money, and why it cannot be done. Changes nothing.
    #[graphql(complexity = "30 + child_complexity")]
    async fn order_edit_preview(
        &self,
        context: &Context<'_>,
        id: ID,
        changes: OrderEditChangesInput,
    ) -> Result<OrderEditPreview> {
        let ctx = ctx_of(context)?;
        let id = parse_id::<OrderId>(&id, OrderId::KIND)?;
        let preview = Box::pin(edit::preview(ctx, id, &changes.read()?)).await.map_err(failure)?;
        Ok(OrderEditPreview::of(preview, ctx))
    }
}

/// Edits of placed orders.
#[derive(Default)]
pub struct EditsMutation;

#[Object]
impl EditsMutation {
    /// Changes what a placed order is about, with its stock, its papers and its money.
    async fn order_edit(&self, context: &Context<'_>, input: OrderEditInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id::<OrderId>(&input.id, OrderId::KIND)?;
        let target = Target { id, version: Some(input.version.0) };
        let changes = input.changes.read()?;
        let why = Why { reason: &input.reason, notify: input.notify, key: &input.idempotency_key };
        let order = Box::pin(edit::edit(ctx, target, &changes, why)).await.map_err(failure)?;
        Ok(OrderPayload::of(order, ctx))
    }
}
