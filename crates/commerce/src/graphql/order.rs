//! Orders as clients see them.

use async_graphql::{Enum, ID, SimpleObject};
use catalog::graphql::Picture;
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money};

use super::cart::Totals;
use super::connection;
use super::currency::OrderRate;
use super::exchange::OrderExchange;
use super::payment::Dispute;
use super::returns::Return;
use super::tender::OrderTender;
use crate::view;

/// State of an order.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "view::OrderState")]
pub enum OrderState {
    /// Being written by staff.
    Draft,
    /// Placed, not paid.
    PendingPayment,
    /// The money is here.
    Paid,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up before it was paid.
    Cancelled,
    /// All money went back.
    Refunded,
}

/// Where the money is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "view::PaymentState")]
pub enum PaymentState {
    /// Nothing received.
    Unpaid,
    /// The gateway has not decided, or its answer was lost.
    Pending,
    /// Promised, not taken.
    Authorised,
    /// A part of it was taken.
    PartlyPaid,
    /// Taken.
    Paid,
    /// Some of it went back.
    PartlyRefunded,
    /// All of it went back.
    Refunded,
    /// The gateway said no.
    Declined,
    /// The promise was given back.
    Voided,
}

/// A postal address.
#[derive(SimpleObject, Clone)]
pub struct Address {
    /// Full name of whoever receives it.
    name: String,
    /// Company.
    company: String,
    /// Street and number.
    line1: String,
    /// Flat, floor.
    line2: String,
    /// Postal code.
    postal_code: String,
    /// Town.
    city: String,
    /// State or province.
    region: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Phone.
    phone: String,
}

impl From<view::Address> for Address {
    fn from(address: view::Address) -> Self {
        let view::Address { name, company, line1, line2, postal_code, city, region, country, phone } =
            address;
        Self { name, company, line1, line2, postal_code, city, region, country, phone }
    }
}

/// An order, with names and prices as they were when it was placed.
#[derive(SimpleObject)]
pub struct Order {
    /// Identity.
    id: ID,
    /// Number that people say.
    number: Long,
    /// Opens the tracking page.
    token: String,
    /// State.
    state: OrderState,
    /// Where the money is.
    payment: PaymentState,
    /// `manual`, `http`, `stripe`, or `tender` when nothing was left to pay.
    payment_provider: String,
    /// How it is paid, in words.
    payment_name: String,
    /// What to do to pay by hand.
    payment_instructions: String,
    /// Contact.
    email: String,
    /// Where it goes.
    address: Address,
    /// Name of the delivery.
    shipping_name: String,
    /// Where the customer fetches it, and when. Null: it is sent.
    pickup_place: Option<String>,
    /// What was bought.
    lines: Vec<OrderLine>,
    /// Sums.
    totals: Totals,
    /// Received so far, from gift cards and store credit, too.
    paid: Money,
    /// Given back so far.
    refunded: Money,
    /// What gift cards and store credit paid.
    tenders: Vec<OrderTender>,
    /// What they left to the payment.
    due: Money,
    /// What the shop forgoes of the total.
    released: Money,
    /// What is still to come in; nothing once it counts as paid.
    balance_due: Money,
    /// How its amounts came from the shop's currency; nothing for an order in that.
    exchange_rate: Option<OrderRate>,
    /// Staff: what is promised and can be taken now.
    capturable: Money,
    /// Where the shopper has to go to pay.
    pay_url: Option<String>,
    /// Staff: what the customer's bank wants back, the first dispute first.
    disputes: Vec<Dispute>,
    /// Parcels, the first that left first.
    fulfilments: Vec<Fulfilment>,
    /// Some pieces have left and some are still to be sent.
    partly_shipped: bool,
    /// All of it went back, and all that was given for it are other goods.
    exchanged: bool,
    /// What comes back, the first return first.
    returns: Vec<Return>,
    /// The last moment at which something can be sent back; nothing when nothing can.
    return_until: Option<DateTime>,
    /// What happened, oldest first.
    timeline: Vec<TimelineEntry>,
    /// When it was placed.
    placed_at: DateTime,
    /// When it is cancelled unless it is paid.
    pay_until: Option<DateTime>,
    /// Why it was cancelled.
    cancel_reason: String,
    /// What the shop tells the customer; may be empty.
    customer_note: String,
    /// What was exchanged of it, and what it was exchanged for.
    exchanges: Vec<OrderExchange>,
    /// Staff: why somebody has to look.
    attention: Option<String>,
    /// Staff: notes, oldest first.
    notes: Vec<OrderNote>,
    /// Staff: tags, in alphabetical order.
    tags: Vec<String>,
    /// Staff: the customer's record.
    customer_id: Option<ID>,
    /// Staff: what can be done now, and why the rest cannot.
    moves: Vec<OrderMove>,
    /// Grows with every change.
    version: Long,
}

impl Order {
    pub(super) fn of(order: view::OrderView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        let exchanged = order.is_exchanged();
        Self {
            id: ID(order.id.to_string()),
            number: Long(order.number),
            token: order.token,
            state: order.state.into(),
            payment: order.payment.into(),
            payment_provider: order.payment_provider,
            payment_name: order.payment_name,
            payment_instructions: order.payment_instructions,
            email: order.email,
            address: order.address.into(),
            shipping_name: order.shipping_name,
            pickup_place: order.pickup_place,
            lines: order.lines.into_iter().map(|line| OrderLine::of(line, ctx)).collect(),
            exchange_rate: OrderRate::of(&order.exchange_rate, order.totals.total, ctx),
            totals: Totals::of(order.totals, ctx),
            paid: money(order.paid),
            refunded: money(order.refunded),
            tenders: order.tenders.into_iter().map(|one| OrderTender::of(one, ctx)).collect(),
            due: money(order.due),
            released: money(order.released),
            balance_due: money(order.balance_due),
            capturable: money(order.capturable),
            pay_url: order.pay_url,
            disputes: order.disputes.into_iter().map(|one| Dispute::of(one, ctx)).collect(),
            fulfilments: order.fulfilments.into_iter().map(Fulfilment::from).collect(),
            exchanged,
            partly_shipped: order.partly_shipped,
            returns: order.returns.into_iter().map(|found| Return::of(found, ctx)).collect(),
            return_until: order.return_until.map(DateTime),
            timeline: order.timeline.into_iter().map(|entry| TimelineEntry::of(entry, ctx)).collect(),
            placed_at: DateTime(order.placed_at),
            pay_until: order.pay_until.map(DateTime),
            cancel_reason: order.cancel_reason,
            customer_note: order.note,
            exchanges: order.exchanges.into_iter().map(|found| OrderExchange::of(found, ctx)).collect(),
            attention: order.attention,
            notes: order.notes.into_iter().map(OrderNote::from).collect(),
            tags: order.tags,
            customer_id: order.customer.map(|id| ID(id.to_string())),
            moves: order.moves.into_iter().map(OrderMove::from).collect(),
            version: Long(order.version),
        }
    }
}

/// One line of an order.
#[derive(SimpleObject)]
pub struct OrderLine {
    /// Identity.
    id: ID,
    /// What was bought.
    variant_id: ID,
    /// Its product.
    product_id: ID,
    /// Address of the product then.
    slug: String,
    /// Name then.
    title: String,
    /// Name of the variant then.
    variant_title: String,
    /// Number then.
    sku: String,
    /// Picture then.
    picture: Option<Picture>,
    /// Pieces.
    quantity: u32,
    /// Price of one piece.
    unit: Money,
    /// Price of all pieces before discounts, as the shop writes prices.
    full: Money,
    /// What promotions took off this line.
    discounts: Vec<super::cart::Discount>,
    /// `full` less the discounts.
    total: Money,
    /// Whether it was given away.
    gift: bool,
    /// Without tax.
    net: Money,
    /// Tax.
    tax: Money,
    /// With tax.
    gross: Money,
    /// Rate of the tax, parts per million.
    rate: i64,
    /// Pieces that are in parcels.
    sent: u32,
    /// Pieces that are still to be sent; none once the order has ended.
    to_send: u32,
    /// Pieces that can be sent back now.
    returnable: u32,
}

impl OrderLine {
    fn of(line: view::OrderLineView, ctx: &Ctx) -> Self {
        let money = |amount| Money::of(amount, ctx.locale());
        Self {
            id: ID(line.id.to_string()),
            variant_id: ID(line.variant.to_string()),
            product_id: ID(line.product.to_string()),
            picture: line.picture.as_ref().map(Picture::of),
            slug: line.slug,
            title: line.title,
            variant_title: line.variant_title,
            sku: line.sku,
            quantity: line.quantity,
            unit: money(line.unit),
            full: money(line.full),
            discounts: super::cart::Discount::all(line.discounts, ctx),
            total: money(line.total),
            gift: line.gift,
            net: money(line.net),
            tax: money(line.tax),
            gross: money(line.gross),
            rate: line.rate.ppm(),
            sent: line.sent,
            to_send: line.to_send,
            returnable: line.returnable,
        }
    }
}

/// A parcel.
#[derive(SimpleObject)]
pub struct Fulfilment {
    /// Identity.
    id: ID,
    /// Who brings it.
    carrier: String,
    /// Its number.
    tracking_number: String,
    /// Where to follow it.
    tracking_url: String,
    /// When it left.
    shipped_at: DateTime,
    /// When it arrived.
    delivered_at: Option<DateTime>,
    /// What lies in it.
    lines: Vec<FulfilmentLine>,
}

/// Pieces of a line in a parcel.
#[derive(SimpleObject)]
pub struct FulfilmentLine {
    /// The line of the order.
    line_id: ID,
    /// Pieces.
    quantity: u32,
}

impl From<view::FulfilmentLineView> for FulfilmentLine {
    fn from(line: view::FulfilmentLineView) -> Self {
        Self { line_id: ID(line.line.to_string()), quantity: line.quantity }
    }
}

impl From<view::FulfilmentView> for Fulfilment {
    fn from(parcel: view::FulfilmentView) -> Self {
        Self {
            id: ID(parcel.id.to_string()),
            carrier: parcel.carrier,
            tracking_number: parcel.tracking_number,
            tracking_url: parcel.tracking_url,
            shipped_at: DateTime(parcel.shipped_at),
            delivered_at: parcel.delivered_at.map(DateTime),
            lines: parcel.lines.into_iter().map(FulfilmentLine::from).collect(),
        }
    }
}

/// One thing that happened.
#[derive(SimpleObject)]
pub struct TimelineEntry {
    /// Place in the timeline, from 1.
    version: Long,
    /// Name of the event.
    kind: String,
    /// In words, English.
    text: String,
    /// `customer`, `staff` or `system`.
    actor: String,
    /// The account of the staff.
    user_id: Option<ID>,
    /// An amount, when it is about money.
    amount: Option<Money>,
    /// When.
    at: DateTime,
}

impl TimelineEntry {
    fn of(entry: view::TimelineEntry, ctx: &Ctx) -> Self {
        Self {
            version: Long(entry.version),
            kind: entry.kind,
            text: entry.text,
            actor: entry.actor,
            user_id: entry.user.map(|id| ID(id.to_string())),
            amount: entry.amount.map(|amount| Money::of(amount, ctx.locale())),
            at: DateTime(entry.at),
        }
    }
}

/// A note of the staff.
#[derive(SimpleObject)]
pub struct OrderNote {
    /// Who wrote it.
    author_id: Option<ID>,
    /// Plain text.
    text: String,
    /// When.
    at: DateTime,
}

impl From<view::NoteView> for OrderNote {
    fn from(note: view::NoteView) -> Self {
        Self { author_id: note.author.map(|id| ID(id.to_string())), text: note.text, at: DateTime(note.at) }
    }
}

/// Whether something can be done with an order or a return now.
#[derive(SimpleObject, Clone)]
pub struct OrderMove {
    /// `mark_paid`, `ship`, `deliver`, `cancel`, `refund`, `edit`; of a return `approve`, `decline`, `receive`, `refund`, `close`.
    name: String,
    /// Whether it can be done now.
    possible: bool,
    /// Why not.
    why_not: String,
}

impl From<view::MoveView> for OrderMove {
    fn from(found: view::MoveView) -> Self {
        Self { name: found.name, possible: found.possible, why_not: found.why_not }
    }
}

/// An order in a list.
#[derive(SimpleObject, Clone)]
pub struct OrderRow {
    /// Identity.
    id: ID,
    /// Number that people say.
    number: Long,
    /// State.
    state: OrderState,
    /// Where the money is.
    payment: PaymentState,
    /// Contact.
    email: String,
    /// Name of whoever receives it.
    name: String,
    /// Pieces.
    n_items: u32,
    /// Some pieces have left and some are still to be sent.
    partly_shipped: bool,
    /// All of it went back, and all that was given for it are other goods.
    exchanged: bool,
    /// What is to be paid.
    total: Money,
    /// Where it goes.
    country: String,
    /// Name of the delivery.
    shipping_name: String,
    /// `manual` or `http`.
    payment_provider: String,
    /// Why somebody has to look.
    attention: Option<String>,
    /// When it was placed.
    placed_at: DateTime,
    /// When it last changed.
    updated_at: DateTime,
}

impl OrderRow {
    pub(super) fn of(row: view::OrderRowView, ctx: &Ctx) -> Self {
        Self {
            id: ID(row.id.to_string()),
            number: Long(row.number),
            state: row.state.into(),
            payment: row.payment.into(),
            email: row.email,
            name: row.name,
            n_items: row.n_items,
            partly_shipped: row.partly_shipped,
            exchanged: row.exchanged,
            total: Money::of(row.total, ctx.locale()),
            country: row.country,
            shipping_name: row.shipping_name,
            payment_provider: row.payment_provider,
            attention: row.attention,
            placed_at: DateTime(row.placed_at),
            updated_at: DateTime(row.updated_at),
        }
    }
}

connection!(OrderRowConnection, OrderRowEdge, OrderRow);
