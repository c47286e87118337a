//! What staff asks and does: orders, the dashboard, settings.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use primitives::Permission;

use super::input::{
    CommerceSettingsInput, OrderCancelInput, OrderFilter, OrderMoveInput, OrderNoteAddInput,
    OrderRefundInput, OrderShipInput, target, target_seen,
};
use super::order::{Order, OrderRow, OrderRowConnection};
use super::parcel::pieces;
use super::{nodes, page_args};
use crate::order::Tracking;
use crate::settings::{self, Versioned};
use crate::{dashboard, order, view};

/// Orders, figures and settings, for staff.
#[derive(Default)]
pub struct OrdersQuery;

#[Object]
impl OrdersQuery {
    /// Orders of the shop.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, filter and sort")]
    async fn orders(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        filter: Option<OrderFilter>,
        #[graphql(default_with = "OrderSort::PlacedDesc")] sort: OrderSort,
    ) -> Result<OrderRowConnection> {
        let ctx = ctx_of(context)?;
        let (filter, page) = (filter.unwrap_or_default().read()?, page_args(first, after, last, before)?);
        let page = order::list(ctx, &filter, sort.into(), &page).await.map_err(failure)?;
        Ok(OrderRowConnection::of(page, |row| OrderRow::of(row, ctx)))
    }

    /// Numbers for the tabs of the table.
    async fn order_counts(&self, context: &Context<'_>) -> Result<OrderCounts> {
        Ok(order::counts(ctx_of(context)?).await.map_err(failure)?.into())
    }

    /// An order with everything that staff sees.
    async fn order(&self, context: &Context<'_>, id: ID) -> Result<Order> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, "order")?;
        Ok(Order::of(order::by_id(ctx, id).await.map_err(failure)?, ctx))
    }

    /// Sales of the last days (1 to 366, UTC), today included, and what needs hands.
    #[graphql(complexity = "50 + child_complexity")]
    async fn dashboard(
        &self,
        context: &Context<'_>,
        #[graphql(default = 30)] days: i32,
    ) -> Result<Dashboard> {
        let ctx = ctx_of(context)?;
        Ok(Dashboard::of(dashboard::view(ctx, i64::from(days)).await.map_err(failure)?, ctx))
    }

    /// Taxes, deliveries and ways to pay.
    async fn commerce_settings(&self, context: &Context<'_>) -> Result<CommerceSettings> {
        let ctx = ctx_of(context)?;
        Ok(CommerceSettings::of(&*settings::current(ctx).await.map_err(failure)?, ctx))
    }
}

/// Moving orders and changing settings, for staff.
#[derive(Default)]
pub struct OrdersMutation;

#[Object]
impl OrdersMutation {
    /// The money of an order that is paid by hand is here.
    async fn order_mark_paid(&self, context: &Context<'_>, input: OrderMoveInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let order = Box::pin(order::mark_paid(ctx, target(&input.id, input.version)?)).await;
        Ok(OrderPayload::of(order.map_err(failure)?, ctx))
    }

    /// Sends everything that is left in one parcel, or the pieces of `lines`.
    async fn order_ship(&self, context: &Context<'_>, input: OrderShipInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target_seen(&input.id, input.version, input.lines.is_some())?;
        let tracking =
            Tracking { carrier: input.carrier, number: input.tracking_number, url: input.tracking_url };
        let order = match input.lines {
            Some(lines) => Box::pin(order::ship_pieces(ctx, at, &pieces(&lines)?, &tracking)).await,
            None => Box::pin(order::ship(ctx, at, &tracking)).await,
        };
        Ok(OrderPayload::of(order.map_err(failure)?, ctx))
    }

    /// Every parcel that is on its way arrived.
    async fn order_deliver(&self, context: &Context<'_>, input: OrderMoveInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let order = Box::pin(order::deliver(ctx, target(&input.id, input.version)?)).await;
        Ok(OrderPayload::of(order.map_err(failure)?, ctx))
    }

    /// Calls an order off before it is paid.
    async fn order_cancel(&self, context: &Context<'_>, input: OrderCancelInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target(&input.id, input.version)?;
        Ok(OrderPayload::of(Box::pin(order::cancel(ctx, at, &input.reason)).await.map_err(failure)?, ctx))
    }

    /// Adds a note that only staff sees.
    async fn order_note_add(&self, context: &Context<'_>, input: OrderNoteAddInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, "order")?;
        Ok(OrderPayload::of(Box::pin(order::add_note(ctx, id, &input.text)).await.map_err(failure)?, ctx))
    }

    /// Gives money back: everything that is not back yet, or an amount.
    async fn order_refund(&self, context: &Context<'_>, input: OrderRefundInput) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let at = target_seen(&input.id, input.version, input.amount.is_some())?;
        let amount = match &input.amount {
            Some(text) => {
                let amount = order::amount(ctx, Permission::ORDERS_REFUND, at.id, text).await;
                Some(amount.map_err(failure)?)
            }
            None => None,
        };
        let refund = order::Refund { amount, to: input.to.into(), reason: &input.reason };
        Ok(OrderPayload::of(Box::pin(order::refund_part(ctx, at, &refund)).await.map_err(failure)?, ctx))
    }

    /// Somebody has looked: takes the order off the attention list.
    async fn order_attention_clear(
        &self,
        context: &Context<'_>,
        input: OrderMoveInput,
    ) -> Result<OrderPayload> {
        let ctx = ctx_of(context)?;
        let order = Box::pin(order::clear_attention(ctx, target(&input.id, input.version)?)).await;
        Ok(OrderPayload::of(order.map_err(failure)?, ctx))
    }

    /// Changes taxes, deliveries and ways to pay; what is left out stays.
    async fn commerce_settings_update(
        &self,
        context: &Context<'_>,
        input: CommerceSettingsInput,
    ) -> Result<CommerceSettingsPayload> {
        let ctx = ctx_of(context)?;
        let version = input.version.0;
        let current = settings::current(ctx).await.map_err(failure)?;
        let next = input.over(&current.settings, ctx.tenant().currency)?;
        let settings = settings::update(ctx, version, next).await.map_err(failure)?;
        Ok(CommerceSettingsPayload { settings: CommerceSettings::of(&settings, ctx) })
    }
}

/// Orders of the staff's list.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "order::OrderSort")]
pub enum OrderSort {
    /// Newest first.
    PlacedDesc,
    /// Oldest first.
    PlacedAsc,
    /// Highest number first.
    NumberDesc,
    /// Lowest number first.
    NumberAsc,
    /// Largest total first.
    TotalDesc,
    /// Smallest total first.
    TotalAsc,
}

/// Numbers of orders.
#[derive(SimpleObject)]
pub struct OrderCounts {
    /// All.
    all: u64,
    /// Waiting for payment.
    pending_payment: u64,
    /// Paid, to be sent.
    paid: u64,
    /// On their way.
    shipped: u64,
    /// Arrived.
    delivered: u64,
    /// Given up.
    cancelled: u64,
    /// Given back.
    refunded: u64,
    /// Somebody has to look.
    attention: u64,
}

impl From<order::OrderCounts> for OrderCounts {
    fn from(counts: order::OrderCounts) -> Self {
        let order::OrderCounts {
            all,
            pending_payment,
            paid,
            shipped,
            delivered,
            cancelled,
            refunded,
            attention,
        } = counts;
        Self { all, pending_payment, paid, shipped, delivered, cancelled, refunded, attention }
    }
}

/// An order after a change.
#[derive(SimpleObject)]
pub struct OrderPayload {
    /// The order.
    order: Order,
}

impl OrderPayload {
    pub(super) fn of(order: view::OrderView, ctx: &Ctx) -> Self {
        Self { order: Order::of(order, ctx) }
    }
}

/// The figures that the day starts with.
#[derive(SimpleObject)]
pub struct Dashboard {
    /// One entry per day, oldest first.
    days: Vec<SalesDay>,
    /// Received minus given back.
    revenue: Money,
    /// Paid orders.
    n_orders: u64,
    /// Revenue per order.
    average: Money,
    /// Revenue of as many days before.
    revenue_before: Money,
    /// Paid orders of as many days before.
    n_orders_before: u64,
    /// Paid and not sent.
    n_to_ship: u64,
    /// Placed and not paid.
    n_unpaid: u64,
    /// Most revenue first.
    top_products: Vec<TopProduct>,
    /// Orders that somebody has to look at.
    attention: Vec<OrderRow>,
    /// The newest orders.
    latest: Vec<OrderRow>,
}

impl Dashboard {
    fn of(board: view::DashboardView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            days: board
                .days
                .into_iter()
                .map(|day| SalesDay {
                    date: day.date,
                    revenue: money(day.revenue),
                    n_orders: day.n_orders,
                    n_items: day.n_items,
                })
                .collect(),
            revenue: money(board.revenue),
            n_orders: board.n_orders,
            average: money(board.average),
            revenue_before: money(board.revenue_before),
            n_orders_before: board.n_orders_before,
            n_to_ship: board.n_to_ship,
            n_unpaid: board.n_unpaid,
            top_products: board
                .top_products
                .into_iter()
                .map(|top| TopProduct {
                    product_id: ID(top.product.to_string()),
                    title: top.title,
                    quantity: top.quantity,
                    revenue: money(top.revenue),
                })
                .collect(),
            attention: board.attention.into_iter().map(|row| OrderRow::of(row, ctx)).collect(),
            latest: board.latest.into_iter().map(|row| OrderRow::of(row, ctx)).collect(),
        }
    }
}

/// Sales of one day.
#[derive(SimpleObject)]
pub struct SalesDay {
    /// `2026-11-21`, UTC.
    date: String,
    /// Received minus given back.
    revenue: Money,
    /// Orders that were paid.
    n_orders: u64,
    /// Pieces in them.
    n_items: u64,
}

/// A product that sells.
#[derive(SimpleObject)]
pub struct TopProduct {
    /// Identity.
    product_id: ID,
    /// Name when it was sold.
    title: String,
    /// Pieces.
    quantity: u64,
    /// Line totals.
    revenue: Money,
}

/// Taxes, deliveries and ways to pay.
#[derive(SimpleObject)]
pub struct CommerceSettings {
    /// Send it back with a change; 0 until somebody saved.
    version: Long,
    /// Rates by place and kind of goods; a place without one is taxed like the shop's own country.
    taxes: Vec<TaxRule>,
    /// Where tax is rounded.
    rounding: TaxRounding,
    /// How delivery is taxed.
    delivery_tax: DeliveryTax,
    /// Deliveries, in the order in which they are offered.
    shipping: Vec<ShippingMethod>,
    /// Ways to pay.
    payment: PaymentSettings,
    /// Days after its last parcel arrived in which something of an order can be sent back; 0: not at all.
    return_days: u32,
}

impl CommerceSettings {
    fn of(current: &Versioned, ctx: &Ctx) -> Self {
        let settings = &current.settings;
        let money = |minor| Money::of(primitives::Money::new(minor, ctx.tenant().currency), ctx.locale());
        let codes =
            |countries: &[primitives::Country]| countries.iter().map(|c| c.as_str().to_owned()).collect();
        Self {
            version: Long(current.version),
            taxes: settings
                .taxes
                .iter()
                .map(|tax| TaxRule {
                    country: tax.country.as_str().to_owned(),
                    region: tax.region.clone(),
                    postal: tax.postal.clone(),
                    category: tax.category.to_string(),
                    name: tax.name.clone(),
                    rate: tax.rate.ppm(),
                    from: tax.from.map(DateTime),
                    until: tax.until.map(DateTime),
                })
                .collect(),
            return_days: settings.return_days,
            rounding: settings.rounding.into(),
            delivery_tax: settings.delivery_tax.into(),
            shipping: settings
                .shipping
                .iter()
                .map(|method| ShippingMethod {
                    id: method.id.clone(),
                    name: method.name.clone(),
                    note: method.note.clone(),
                    countries: codes(&method.countries),
                    price: money(method.price_minor),
                    by: method.by.into(),
                    steps: method
                        .steps
                        .iter()
                        .map(|step| ShippingStep {
                            from: measure_text(method.by, step.from, ctx),
                            price: money(step.price),
                        })
                        .collect(),
                    up_to: method.up_to.map(|most| measure_text(method.by, most, ctx)),
                    pickup: method.pickup,
                    pickup_place: method.pickup_place.clone(),
                    tax_category: method.tax_category.as_ref().map(ToString::to_string),
                    free_from: method.free_from_minor.map(money),
                    active: method.active,
                })
                .collect(),
            payment: PaymentSettings {
                manual: settings.payment.manual,
                manual_name: settings.payment.manual_name.clone(),
                manual_instructions: settings.payment.manual_instructions.clone(),
                http: settings.payment.http,
                http_name: settings.payment.http_name.clone(),
                capture: settings.payment.capture.into(),
                stripe: settings.payment.stripe,
                stripe_name: settings.payment.stripe_name.clone(),
            },
        }
    }
}

/// A measure as text: an amount as decimals of the shop's currency, grams and pieces as whole numbers.
fn measure_text(by: pricing::Measure, value: i64, ctx: &Ctx) -> String {
    match by {
        pricing::Measure::Price => primitives::Money::new(value, ctx.tenant().currency).decimal(),
        pricing::Measure::Weight | pricing::Measure::Quantity => value.to_string(),
    }
}

/// A tax rate of a place; it holds in `from <= now < until`.
#[derive(SimpleObject)]
pub struct TaxRule {
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Only this state or province of it; empty: all of it.
    region: String,
    /// Only where the postal code begins with this; empty: everywhere.
    postal: String,
    /// For which goods: `standard`, or a key of the shop's own.
    category: String,
    /// What it is called.
    name: String,
    /// Parts per million: 210000 is 21 %.
    rate: i64,
    /// Its first moment.
    from: Option<DateTime>,
    /// The first moment after it.
    until: Option<DateTime>,
}

/// Where tax is rounded to minor units.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "pricing::Rounding")]
pub enum TaxRounding {
    /// Once per line.
    Line,
    /// Once per piece.
    Unit,
    /// Once per rate.
    Order,
}

/// How delivery is taxed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "settings::DeliveryTax")]
pub enum DeliveryTax {
    /// At the standard rate of where it goes.
    Standard,
    /// At the rates of the goods, in proportion to what they cost.
    Weighted,
    /// Not at all.
    Untaxed,
}

/// What decides about the price of a delivery; only goods that are sent count.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "pricing::Measure")]
pub enum ShippingMeasure {
    /// Their weight in grams.
    Weight,
    /// What they cost after promotions.
    Price,
    /// Their pieces.
    Quantity,
}

/// A price of a delivery from some measure on.
#[derive(SimpleObject)]
pub struct ShippingStep {
    /// From this measure on: grams or pieces as a whole number, an amount as decimal text.
    from: String,
    /// As the shop writes prices.
    price: Money,
}

/// A delivery.
#[derive(SimpleObject)]
pub struct ShippingMethod {
    /// Stays the same over changes.
    id: String,
    /// Name.
    name: String,
    /// Words on when it comes.
    note: String,
    /// Where it goes.
    countries: Vec<String>,
    /// As the shop writes prices, up to the first of the steps.
    price: Money,
    /// What decides about the steps.
    by: ShippingMeasure,
    /// Other prices from some measure on, ascending.
    steps: Vec<ShippingStep>,
    /// The most that it takes, included.
    up_to: Option<String>,
    /// Fetched by the shopper.
    pickup: bool,
    /// Where it is fetched, and when; empty when it is sent.
    pickup_place: String,
    /// How it is taxed, a kind of goods. Null: as all deliveries.
    tax_category: Option<String>,
    /// Free from this sum on.
    free_from: Option<Money>,
    /// Offered now.
    active: bool,
}

/// Ways to pay.
#[derive(SimpleObject)]
pub struct PaymentSettings {
    /// Whether paying by hand is offered.
    manual: bool,
    /// Its name.
    manual_name: String,
    /// What the shopper has to do.
    manual_instructions: String,
    /// Whether the gateway is offered; the host must have one.
    http: bool,
    /// Its name.
    http_name: String,
    /// Who takes the money that a gateway has promised.
    capture: PaymentCapture,
    /// Whether Stripe is offered; the shop must have keys there (`paymentProviderSet`).
    stripe: bool,
    /// Its name.
    stripe_name: String,
}

/// Who takes the money that a gateway has promised, and when.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "settings::CaptureMode")]
pub enum PaymentCapture {
    /// All of it, at once.
    Automatic,
    /// Staff, in one go or in parts.
    Manual,
}

/// Settings after a change.
#[derive(SimpleObject)]
pub struct CommerceSettingsPayload {
    /// The settings.
    settings: CommerceSettings,
}
