//! Orders that staff writes for customers.

mod input;

pub use input::DraftOrderInput;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use catalog::graphql::Picture;
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use primitives::{CustomerId, DraftOrderId, FieldError};

use super::cart::{Discount, Totals};
use super::checkout::{PaymentChoice, ShippingChoice};
use super::order::{Address, Order};
use super::verdict::CartPromotion;
use super::{connection, nodes, page_args};
use crate::draft::{self, Completion, Off, Reduction, Which};
use crate::view::LineProblem;
use input::draft_of;

/// Whether a draft can still be changed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "draft::DraftState")]
pub enum DraftOrderState {
    /// It is being written.
    Open,
    /// It was placed.
    Completed,
}

/// An order that staff writes, at today's prices.
#[derive(SimpleObject)]
pub struct DraftOrder {
    /// Identity.
    id: ID,
    /// Whether it can still be changed.
    state: DraftOrderState,
    /// Whose it is.
    customer_id: Option<ID>,
    /// E-mail address; may be empty.
    email: String,
    /// Where it goes, as far as that is written.
    address: Address,
    /// Id of the chosen delivery; may be empty.
    shipping_method: String,
    /// How it is to be paid; may be empty.
    payment_provider: String,
    /// For the customer.
    customer_note: String,
    /// For the staff.
    internal_note: String,
    /// Tags of the order.
    tags: Vec<String>,
    /// Off all of it.
    discount: Option<DraftOrderDiscount>,
    /// Whether the shop's own promotions count, too.
    use_promotions: bool,
    /// What it is about.
    lines: Vec<DraftOrderLine>,
    /// Sums over the lines that can be bought, with the chosen delivery.
    totals: Totals,
    /// What became of the shop's promotions that run now, also of those that need a code; those that apply come first.
    /// None where they do not count.
    promotions: Vec<CartPromotion>,
    /// Deliveries to its address.
    deliveries: Vec<ShippingChoice>,
    /// Ways to pay that are offered now.
    payments: Vec<PaymentChoice>,
    /// What stands in the way of placing it.
    problems: Vec<DraftOrderProblem>,
    /// The order that was made of it.
    order_id: Option<ID>,
    /// Its number.
    order_number: Option<Long>,
    /// Who of the staff began it.
    made_by_id: Option<ID>,
    /// When.
    created_at: DateTime,
    /// When it last changed.
    updated_at: DateTime,
    /// When its customer was written to last.
    sent_at: Option<DateTime>,
    /// About which version.
    sent_version: Option<Long>,
    /// For the next change.
    version: Long,
}

impl DraftOrder {
    fn of(draft: draft::DraftView, ctx: &Ctx) -> Self {
        let choices = draft.deliveries.into_iter().map(|choice| ShippingChoice::of(choice, ctx));
        Self {
            id: ID(draft.id.to_string()),
            state: draft.state.into(),
            customer_id: draft.customer.map(|id| ID(id.to_string())),
            email: draft.email,
            address: draft.address.into(),
            shipping_method: draft.shipping_method,
            payment_provider: draft.payment_provider,
            customer_note: draft.customer_note,
            internal_note: draft.internal_note,
            tags: draft.tags,
            discount: draft.discount.map(|found| DraftOrderDiscount::of(found, ctx)),
            use_promotions: draft.use_promotions,
            lines: draft.lines.into_iter().map(|line| DraftOrderLine::of(line, ctx)).collect(),
            totals: Totals::of(draft.totals, ctx),
            promotions: CartPromotion::all(draft.promotions, ctx),
            deliveries: choices.collect(),
            payments: draft.payments.into_iter().map(PaymentChoice::from).collect(),
            problems: draft.problems.into_iter().map(DraftOrderProblem::from).collect(),
            order_id: draft.order.map(|(id, _)| ID(id.to_string())),
            order_number: draft.order.map(|(_, number)| Long(number)),
            made_by_id: draft.made_by.map(|id| ID(id.to_string())),
            created_at: DateTime(draft.created_at),
            updated_at: DateTime(draft.updated_at),
            sent_at: draft.sent.map(|(at, _)| DateTime(at)),
            sent_version: draft.sent.map(|(_, version)| Long(version)),
            version: Long(draft.version),
        }
    }
}

/// What a draft would cost.
#[derive(SimpleObject)]
pub struct DraftOrderPreview {
    /// What it is about, in the order of the input.
    lines: Vec<DraftOrderLine>,
    /// Sums over the lines that can be bought, with the chosen delivery.
    totals: Totals,
    /// What became of the shop's promotions that run now, also of those that need a code; those that apply come first.
    /// None where they do not count.
    promotions: Vec<CartPromotion>,
    /// Deliveries to its address.
    deliveries: Vec<ShippingChoice>,
    /// Ways to pay that are offered now.
    payments: Vec<PaymentChoice>,
    /// What would stand in the way of placing it.
    problems: Vec<DraftOrderProblem>,
}

impl DraftOrderPreview {
    fn of(preview: draft::DraftPreview, ctx: &Ctx) -> Self {
        let choices = preview.deliveries.into_iter().map(|choice| ShippingChoice::of(choice, ctx));
        Self {
            lines: preview.lines.into_iter().map(|line| DraftOrderLine::of(line, ctx)).collect(),
            totals: Totals::of(preview.totals, ctx),
            promotions: CartPromotion::all(preview.promotions, ctx),
            deliveries: choices.collect(),
            payments: preview.payments.into_iter().map(PaymentChoice::from).collect(),
            problems: preview.problems.into_iter().map(DraftOrderProblem::from).collect(),
        }
    }
}

/// One line of a draft.
#[derive(SimpleObject)]
pub struct DraftOrderLine {
    /// Identity.
    id: ID,
    /// What it is.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// Name of the product.
    title: String,
    /// Name of the variant; may be empty.
    variant_title: String,
    /// May be empty.
    sku: String,
    /// Its picture.
    picture: Option<Picture>,
    /// Pieces.
    quantity: u32,
    /// Price of one piece that counts.
    unit: Money,
    /// The price that staff wrote, if any.
    price: Option<Money>,
    /// Why.
    price_reason: String,
    /// Off this line, by hand.
    discount: Option<DraftOrderDiscount>,
    /// What is taken off it, by promotions and by hand.
    discounts: Vec<Discount>,
    /// Before that.
    total: Money,
    /// After that.
    left: Money,
    /// How many can still be had, when it is fewer than wanted; 0 also for what is no longer sold.
    only_left: Option<u32>,
}

impl DraftOrderLine {
    fn of(line: draft::DraftLineView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        let short = line.problems.iter().find_map(|problem| match problem {
            LineProblem::SoldOut | LineProblem::Gone => Some(0),
            LineProblem::OnlyLeft { left } => Some(*left),
            LineProblem::PriceChanged { .. } => None,
        });
        Self {
            id: ID(line.id.to_string()),
            variant_id: ID(line.variant.to_string()),
            product_id: ID(line.product.to_string()),
            title: line.title,
            variant_title: line.variant_title,
            sku: line.sku,
            picture: line.picture.as_ref().map(Picture::of),
            quantity: line.quantity,
            unit: money(line.unit),
            price: line.price.map(money),
            price_reason: line.price_reason,
            discount: line.discount.map(|found| DraftOrderDiscount::of(found, ctx)),
            discounts: Discount::all(line.discounts, ctx),
            total: money(line.total),
            left: money(line.left),
            only_left: short,
        }
    }
}

/// Something that is taken off by hand.
#[derive(SimpleObject)]
pub struct DraftOrderDiscount {
    /// An amount, if it is one.
    amount: Option<Money>,
    /// Per cent as decimal text, if it is a share.
    percent: Option<String>,
    /// Why; the customer reads it.
    reason: String,
}

impl DraftOrderDiscount {
    fn of(found: Reduction, ctx: &Ctx) -> Self {
        let (amount, percent) = match found.off {
            Off::Amount(minor) => {
                let amount = primitives::Money::new(minor, ctx.tenant().currency);
                (Some(Money::of(amount, ctx.locale())), None)
            }
            Off::Share(rate) => (None, Some(rate.percent_text())),
        };
        Self { amount, percent, reason: found.reason }
    }
}

/// What stands in the way of placing a draft.
#[derive(SimpleObject)]
pub struct DraftOrderProblem {
    /// Where: `email`, `address.city`, `shippingMethod`, `lines.0` …
    field: String,
    /// In words.
    message: String,
}

impl From<FieldError> for DraftOrderProblem {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, message: error.message }
    }
}

/// A draft in a list.
#[derive(SimpleObject, Clone)]
pub struct DraftOrderRow {
    /// Identity.
    id: ID,
    /// Whether it can still be changed.
    state: DraftOrderState,
    /// Whose it is.
    customer_id: Option<ID>,
    /// E-mail address; may be empty.
    email: String,
    /// Name of whoever receives it; may be empty.
    name: String,
    /// Pieces over all lines.
    n_items: Long,
    /// The order that was made of it.
    order_id: Option<ID>,
    /// Its number.
    order_number: Option<Long>,
    /// Who of the staff began it.
    made_by_id: Option<ID>,
    /// When.
    created_at: DateTime,
    /// When it last changed.
    updated_at: DateTime,
    /// When its customer was written to last.
    sent_at: Option<DateTime>,
    /// For the next change.
    version: Long,
}

impl From<draft::DraftRowView> for DraftOrderRow {
    fn from(row: draft::DraftRowView) -> Self {
        Self {
            id: ID(row.id.to_string()),
            state: row.state.into(),
            customer_id: row.customer.map(|id| ID(id.to_string())),
            email: row.email,
            name: row.name,
            n_items: Long(row.n_items),
            order_id: row.order.map(|(id, _)| ID(id.to_string())),
            order_number: row.order.map(|(_, number)| Long(number)),
            made_by_id: row.made_by.map(|id| ID(id.to_string())),
            created_at: DateTime(row.created_at),
            updated_at: DateTime(row.updated_at),
            sent_at: row.sent.map(|(at, _)| DateTime(at)),
            version: Long(row.version),
        }
    }
}

connection!(DraftOrderConnection, DraftOrderEdge, DraftOrderRow);

/// How a draft is placed.
#[derive(InputObject)]
pub struct DraftOrderCompleteInput {
    /// The draft.
    id: ID,
    /// The version that was seen; another one now is a CONFLICT.
    version: Option<Long>,
    /// 1 to 100 visible ASCII characters, fresh for each draft: the second time it gives the first order again.
    idempotency_key: String,
    /// The money is here: the order is paid by hand at once.
    #[graphql(default)]
    mark_paid: bool,
    /// The total that was seen, in minor units; left out: whatever it is now.
    expected_total: Option<Long>,
}

/// A draft after a change.
#[derive(SimpleObject)]
pub struct DraftOrderPayload {
    /// With its new version.
    draft: DraftOrder,
}

/// An order that was made of a draft.
#[derive(SimpleObject)]
pub struct DraftOrderCompletePayload {
    /// The order; its customer pays at `payUrl`, or as `paymentInstructions` say.
    order: Order,
    /// An earlier call placed it.
    replayed: bool,
}

/// A draft that was written to its customer.
#[derive(SimpleObject)]
pub struct DraftOrderSendPayload {
    /// The draft; its version is the same.
    draft: DraftOrder,
    /// An earlier call sent this version: no second letter has gone out.
    replayed: bool,
}

fn which(id: &ID, version: Option<Long>) -> Result<Which> {
    Ok(Which { id: parse_id(id, DraftOrderId::KIND)?, version: version.map(|version| version.0) })
}

/// Drafts, for staff.
#[derive(Default)]
pub struct DraftsQuery;

#[Object]
impl DraftsQuery {
    /// Orders that staff writes, the newest first.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, and its filter")]
    async fn draft_orders(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        state: Option<DraftOrderState>,
        customer_id: Option<ID>,
    ) -> Result<DraftOrderConnection> {
        let ctx = ctx_of(context)?;
        let filter = draft::DraftFilter {
            state: state.map(Into::into),
            customer: customer_id.map(|id| parse_id(&id, CustomerId::KIND)).transpose()?,
        };
        let page = page_args(first, after, last, before)?;
        let page = draft::list(ctx, &filter, &page).await.map_err(failure)?;
        Ok(DraftOrderConnection::of(page, DraftOrderRow::from))
    }

    /// A draft with what it costs now, and what stands in the way of placing it.
    #[graphql(complexity = "50 + child_complexity")]
    async fn draft_order(&self, context: &Context<'_>, id: ID) -> Result<DraftOrder> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, DraftOrderId::KIND)?;
        Ok(DraftOrder::of(Box::pin(draft::by_id(ctx, id)).await.map_err(failure)?, ctx))
    }

    /// What a draft would cost, and what would stand in the way of placing it. Changes nothing.
    #[graphql(complexity = "50 + child_complexity")]
    async fn draft_order_preview(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The draft that it shall become; left out: a new one")] id: Option<ID>,
        input: DraftOrderInput,
    ) -> Result<DraftOrderPreview> {
        let ctx = ctx_of(context)?;
        let id = id.map(|id| parse_id(&id, DraftOrderId::KIND)).transpose()?;
        let preview = Box::pin(draft::preview(ctx, id, &draft_of(input, ctx)?)).await.map_err(failure)?;
        Ok(DraftOrderPreview::of(preview, ctx))
    }
}

/// Writing and placing drafts.
#[derive(Default)]
pub struct DraftsMutation;

#[Object]
impl DraftsMutation {
    /// Begins an order for a customer.
    async fn draft_order_create(
        &self,
        context: &Context<'_>,
        input: DraftOrderInput,
    ) -> Result<DraftOrderPayload> {
        let ctx = ctx_of(context)?;
        let made = Box::pin(draft::create(ctx, &draft_of(input, ctx)?)).await.map_err(failure)?;
        Ok(DraftOrderPayload { draft: DraftOrder::of(made, ctx) })
    }

    /// Writes a draft anew: all of it is as the input says.
    async fn draft_order_update(
        &self,
        context: &Context<'_>,
        id: ID,
        #[graphql(desc = "The version that was seen; another one now is a CONFLICT")] version: Option<Long>,
        input: DraftOrderInput,
    ) -> Result<DraftOrderPayload> {
        let ctx = ctx_of(context)?;
        let which = which(&id, version)?;
        let changed = Box::pin(draft::update(ctx, which, &draft_of(input, ctx)?)).await.map_err(failure)?;
        Ok(DraftOrderPayload { draft: DraftOrder::of(changed, ctx) })
    }

    /// Throws a draft away that was not placed.
    async fn draft_order_delete(&self, context: &Context<'_>, id: ID, version: Option<Long>) -> Result<bool> {
        let ctx = ctx_of(context)?;
        Box::pin(draft::delete(ctx, which(&id, version)?)).await.map_err(failure)?;
        Ok(true)
    }

    /// Writes to the customer: a quote while the draft is open, what is to be paid once it was placed. Each version is sent
    /// once.
    async fn draft_order_send(
        &self,
        context: &Context<'_>,
        id: ID,
        #[graphql(desc = "The version that was seen; another one now is a CONFLICT")] version: Option<Long>,
    ) -> Result<DraftOrderSendPayload> {
        let ctx = ctx_of(context)?;
        let sent = Box::pin(draft::send(ctx, which(&id, version)?)).await.map_err(failure)?;
        Ok(DraftOrderSendPayload { draft: DraftOrder::of(sent.draft, ctx), replayed: sent.replayed })
    }

    /// Makes an order of a draft. The same key gives the first order again.
    async fn draft_order_complete(
        &self,
        context: &Context<'_>,
        input: DraftOrderCompleteInput,
    ) -> Result<DraftOrderCompletePayload> {
        let ctx = ctx_of(context)?;
        let completion = Completion {
            key: &input.idempotency_key,
            mark_paid: input.mark_paid,
            expected_total: input.expected_total.map(|total| total.0),
        };
        let placed = Box::pin(draft::complete(ctx, which(&input.id, input.version)?, &completion)).await;
        let placed = placed.map_err(failure)?;
        Ok(DraftOrderCompletePayload { replayed: placed.replayed, order: Order::of(placed.order, ctx) })
    }
}
