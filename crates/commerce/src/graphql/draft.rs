//! Orders that staff writes for customers.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use catalog::graphql::Picture;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use platform::{Ctx, Error};
use primitives::{CustomerId, DraftOrderId, FieldError, Rate, VariantId};

use super::order::{Address, Order};
use super::shop::{Discount, PaymentChoice, ShippingChoice, Totals};
use super::{connection, nodes, page_args};
use crate::draft::{self, Completion, Off, Reduction, Which};
use crate::view::{self, LineProblem};

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
            deliveries: choices.collect(),
            payments: draft.payments.into_iter().map(PaymentChoice::from).collect(),
            problems: draft.problems.into_iter().map(DraftOrderProblem::from).collect(),
            order_id: draft.order.map(|(id, _)| ID(id.to_string())),
            order_number: draft.order.map(|(_, number)| Long(number)),
            made_by_id: draft.made_by.map(|id| ID(id.to_string())),
            created_at: DateTime(draft.created_at),
            updated_at: DateTime(draft.updated_at),
            version: Long(draft.version),
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
            version: Long(row.version),
        }
    }
}

connection!(DraftOrderConnection, DraftOrderEdge, DraftOrderRow);

/// An order as staff writes it: all of it. What is missing is asked for when it is placed.
#[derive(InputObject)]
pub struct DraftOrderInput {
    /// Whose it is: this customer's prices, groups and taxes count. A new draft takes contact and address from there when
    /// none is given.
    customer_id: Option<ID>,
    /// E-mail address.
    #[graphql(default)]
    email: String,
    /// Where it goes.
    address: Option<DraftOrderAddressInput>,
    /// Id of the delivery.
    #[graphql(default)]
    shipping_method: String,
    /// `manual`, `http`, `stripe`; empty: by hand, where the shop offers that.
    #[graphql(default)]
    payment_provider: String,
    /// What the customer reads on the order, up to 2,000 characters.
    #[graphql(default)]
    customer_note: String,
    /// What the staff reads, up to 4,000 characters.
    #[graphql(default)]
    internal_note: String,
    /// Tags of the order.
    #[graphql(default)]
    tags: Vec<String>,
    /// Off all of it, after everything else.
    discount: Option<DraftOrderDiscountInput>,
    /// Whether the shop's own promotions count, too.
    #[graphql(default = true)]
    use_promotions: bool,
    /// What it is about, each variant once.
    #[graphql(default)]
    lines: Vec<DraftOrderLineInput>,
}

/// An address, as far as it is known.
#[derive(InputObject)]
pub struct DraftOrderAddressInput {
    /// Full name of whoever receives it.
    #[graphql(default)]
    name: String,
    /// Company.
    #[graphql(default)]
    company: String,
    /// Street and number.
    #[graphql(default)]
    line1: String,
    /// Flat, floor.
    #[graphql(default)]
    line2: String,
    /// Postal code.
    #[graphql(default)]
    postal_code: String,
    /// Town.
    #[graphql(default)]
    city: String,
    /// State or province.
    #[graphql(default)]
    region: String,
    /// ISO 3166-1 alpha-2.
    #[graphql(default)]
    country: String,
    /// Phone.
    #[graphql(default)]
    phone: String,
}

/// So many pieces of a variant, and what was agreed about them.
#[derive(InputObject)]
pub struct DraftOrderLineInput {
    /// The variant.
    variant_id: ID,
    /// 1 to 10,000.
    #[graphql(default = 1)]
    quantity: i32,
    /// Decimal text: price of one piece as the shop writes prices, instead of its own.
    price: Option<String>,
    /// Why, for the staff, up to 200 characters.
    #[graphql(default)]
    price_reason: String,
    /// Off this line.
    discount: Option<DraftOrderDiscountInput>,
}

/// Something to take off: an amount or a share.
#[derive(InputObject)]
pub struct DraftOrderDiscountInput {
    /// Decimal text in the shop's currency; or `percent`.
    amount: Option<String>,
    /// Decimal text, above 0 and at most 100; or `amount`.
    percent: Option<String>,
    /// Why, 1 to 200 characters; the customer reads it.
    reason: String,
}

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

fn draft_of(input: DraftOrderInput, ctx: &Ctx) -> Result<draft::Draft> {
    let mut errors = Vec::new();
    let mut lines = Vec::with_capacity(input.lines.len());
    for (n, line) in input.lines.into_iter().enumerate() {
        let price = line.price.and_then(|text| minor(ctx, &format!("lines.{n}.price"), &text, &mut errors));
        let discount = reduction(ctx, &format!("lines.{n}.discount"), line.discount, &mut errors);
        lines.push(draft::DraftLine {
            variant: parse_id(&line.variant_id, VariantId::KIND)?,
            quantity: i64::from(line.quantity),
            price,
            price_reason: line.price_reason,
            discount,
        });
    }
    let discount = reduction(ctx, "discount", input.discount, &mut errors);
    if !errors.is_empty() {
        return Err(failure(Error::invalid_fields(errors)));
    }
    let address = input.address.map(|address| view::Address {
        name: address.name,
        company: address.company,
        line1: address.line1,
        line2: address.line2,
        postal_code: address.postal_code,
        city: address.city,
        region: address.region,
        country: address.country,
        phone: address.phone,
    });
    Ok(draft::Draft {
        customer: input.customer_id.map(|id| parse_id(&id, CustomerId::KIND)).transpose()?,
        email: input.email,
        address: address.unwrap_or_default(),
        shipping_method: input.shipping_method,
        payment_provider: input.payment_provider,
        customer_note: input.customer_note,
        internal_note: input.internal_note,
        tags: input.tags,
        discount,
        use_promotions: input.use_promotions,
        lines,
    })
}

fn minor(ctx: &Ctx, field: &str, text: &str, errors: &mut Vec<FieldError>) -> Option<i64> {
    match primitives::Money::parse_decimal(text, ctx.tenant().currency) {
        Ok(amount) => Some(amount.minor),
        Err(error) => {
            errors.push(FieldError::new(field, error.to_string()));
            None
        }
    }
}

fn reduction(
    ctx: &Ctx,
    field: &str,
    input: Option<DraftOrderDiscountInput>,
    errors: &mut Vec<FieldError>,
) -> Option<Reduction> {
    let DraftOrderDiscountInput { amount, percent, reason } = input?;
    let off = match (amount, percent) {
        (Some(amount), None) => Off::Amount(minor(ctx, &format!("{field}.amount"), &amount, errors)?),
        (None, Some(percent)) => match Rate::parse_percent(&percent) {
            Ok(rate) => Off::Share(rate),
            Err(error) => {
                errors.push(FieldError::new(format!("{field}.percent"), error.to_string()));
                return None;
            }
        },
        _ => {
            errors.push(FieldError::new(field, "say an amount or a percentage, and not both"));
            return None;
        }
    };
    Some(Reduction { off, reason })
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
