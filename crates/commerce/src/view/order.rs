//! Orders and everything that happens to them.

use catalog::view::Picture;
use primitives::{
    CustomerId, DisputeId, FulfilmentId, LocationId, Money, OrderId, OrderLineId, PaymentId, ProductId, Rate,
    ReturnId, Timestamp, UserId, VariantId,
};
use serde::{Deserialize, Serialize};

use super::{Address, DiscountView, Totals};
use crate::payment::dispute::DisputeState;
use crate::returns::{ReturnReason, ReturnState};
use crate::tender::OrderTenderView;

/// State of an order, MONEY "Orders".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Being written by staff, not placed.
    Draft,
    /// Placed, stock is reserved, money is not here.
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

/// Where the money is, derived from the ledger and the payment attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Nothing received.
    Unpaid,
    /// The gateway is asked, has not decided, or its answer was lost.
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

/// Money that a customer's bank wants back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeView {
    /// Identity.
    pub id: DisputeId,
    /// The order.
    pub order: OrderId,
    /// Its number.
    pub order_number: i64,
    /// What the gateway calls it.
    pub gateway_id: String,
    /// Where it stands.
    pub state: DisputeState,
    /// How much.
    pub amount: Money,
    /// Why, as the gateway says it; may be empty.
    pub reason: String,
    /// When the gateway told of it first.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

/// A payment of which the gateway says something else than we do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscrepancyView {
    /// Identity.
    pub payment: PaymentId,
    /// The order.
    pub order: OrderId,
    /// Its number.
    pub order_number: i64,
    /// How it is paid.
    pub provider: String,
    /// Taken by our books.
    pub captured: Money,
    /// Given back through the gateway by our books.
    pub refunded: Money,
    /// Taken by the gateway's.
    pub gateway_captured: Money,
    /// Given back by the gateway's.
    pub gateway_refunded: Money,
    /// When they were compared.
    pub checked_at: Timestamp,
}

/// An order. The same for staff, its customer, and whoever holds its token; `notes`, `attention` and `customer` are
/// filled for staff only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// Identity.
    pub id: OrderId,
    /// Number that people say, counting per shop.
    pub number: i64,
    /// Opens `/orders/{token}`.
    pub token: String,
    /// State.
    pub state: OrderState,
    /// Where the money is.
    pub payment: PaymentState,
    /// `manual`, `http`, or `tender` when nothing was left to pay.
    pub payment_provider: String,
    /// How the customer pays, in words.
    pub payment_name: String,
    /// What to do to pay by hand; empty when there is nothing to do.
    pub payment_instructions: String,
    /// Contact.
    pub email: String,
    /// Where it goes.
    pub address: Address,
    /// Name of the delivery.
    pub shipping_name: String,
    /// Where the customer fetches it, and when; `None` when it is sent.
    #[serde(default)]
    pub pickup_place: Option<String>,
    /// What was bought, as it was then.
    pub lines: Vec<OrderLineView>,
    /// Sums, as they were then.
    pub totals: Totals,
    /// Received so far, from gift cards and store credit, too.
    pub paid: Money,
    /// Given back so far.
    pub refunded: Money,
    /// What gift cards and store credit paid.
    pub tenders: Vec<OrderTenderView>,
    /// What they left to the payment.
    pub due: Money,
    /// What the shop forgoes of the total.
    pub released: Money,
    /// What is still to come in; nothing once it counts as paid.
    pub balance_due: Money,
    /// Units of its currency for one of the shop's, decimal text; empty for an order in the shop's own.
    pub exchange_rate: String,
    /// What is promised and staff can take now; zero for shoppers.
    pub capturable: Money,
    /// What the customer's bank wants back, the first dispute first; empty for shoppers.
    pub disputes: Vec<DisputeView>,
    /// Where the shopper has to go to pay.
    pub pay_url: Option<String>,
    /// The whole of it is promised, and the shop takes it when it wants to: nothing is left to do for the shopper.
    pub promised: bool,
    /// Parcels, the first that left first.
    pub fulfilments: Vec<FulfilmentView>,
    /// Some pieces have left and some are still to be sent.
    pub partly_shipped: bool,
    /// What comes back, the first return first.
    pub returns: Vec<ReturnView>,
    /// The last moment at which something can be sent back; `None` when nothing can.
    pub return_until: Option<Timestamp>,
    /// Oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it is cancelled unless it is paid.
    pub pay_until: Option<Timestamp>,
    /// Why it was cancelled; empty otherwise.
    pub cancel_reason: String,
    /// What the shop tells the customer; may be empty.
    #[serde(default)]
    pub note: String,
    /// What was exchanged of it, and what it was exchanged for.
    #[serde(default)]
    pub exchanges: Vec<ExchangeView>,
    /// Staff: why somebody has to look at it.
    pub attention: Option<String>,
    /// Staff: notes, oldest first.
    pub notes: Vec<NoteView>,
    /// Staff: tags, in alphabetical order.
    pub tags: Vec<String>,
    /// Staff: the customer's record.
    pub customer: Option<CustomerId>,
    /// Staff: which moves are possible now, and why the others are not.
    pub moves: Vec<MoveView>,
    /// Grows with every change.
    pub version: i64,
}

impl OrderView {
    /// How it comes to the customer, in words: `To your door`, `In our shop: Kouter 12, Ghent`.
    pub fn delivery(&self) -> String {
        match &self.pickup_place {
            Some(place) if *place != self.shipping_name => format!("{}: {place}", self.shipping_name),
            _ => self.shipping_name.clone(),
        }
    }

    /// What of it was given back as other goods.
    pub fn in_goods(&self) -> Money {
        let given = self.exchanges.iter().filter(|found| found.from.0 == self.id);
        Money { minor: given.map(|found| found.value.minor).sum(), ..self.refunded }
    }

    /// Whether all of it went back, and all that was given for it are other goods.
    pub fn is_exchanged(&self) -> bool {
        let in_goods = self.in_goods().minor;
        self.state == OrderState::Refunded && 0 < in_goods && self.refunded.minor <= in_goods
    }
}

/// One line of an order, as it was when it was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLineView {
    /// Identity.
    pub id: OrderLineId,
    /// What was bought.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Address of the product then.
    pub slug: String,
    /// Name then.
    pub title: String,
    /// Name of the variant then.
    pub variant_title: String,
    /// Number then.
    pub sku: String,
    /// Picture then.
    pub picture: Option<Picture>,
    /// Pieces.
    pub quantity: u32,
    /// Price of one piece, as the shop writes prices.
    pub unit: Money,
    /// `unit × quantity`.
    pub full: Money,
    /// What promotions took off this line.
    pub discounts: Vec<DiscountView>,
    /// `full` less `discounts`.
    pub total: Money,
    /// Whether it was given away.
    pub gift: bool,
    /// Without tax.
    pub net: Money,
    /// Tax.
    pub tax: Money,
    /// With tax.
    pub gross: Money,
    /// Rate of the tax.
    pub rate: Rate,
    /// Pieces that are in parcels.
    pub sent: u32,
    /// Pieces that are still to be sent; none once the order has ended.
    pub to_send: u32,
    /// Pieces that can be sent back now.
    pub returnable: u32,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilmentView {
    /// Identity.
    pub id: FulfilmentId,
    /// Who brings it, may be empty.
    pub carrier: String,
    /// Its number, may be empty.
    pub tracking_number: String,
    /// Where to follow it, an http(s) address or empty.
    pub tracking_url: String,
    /// When it left.
    pub shipped_at: Timestamp,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// What lies in it.
    pub lines: Vec<FulfilmentLineView>,
}

/// Pieces of a line in a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilmentLineView {
    /// The line of the order.
    pub line: OrderLineId,
    /// Pieces.
    pub quantity: u32,
}

/// A return that paid for other goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeView {
    /// The return.
    pub found: ReturnId,
    /// Its number: `R-1001-1`.
    pub number: String,
    /// The order whose pieces came back, with its number.
    pub from: (OrderId, i64),
    /// The order that was placed for them, with its number.
    pub to: (OrderId, i64),
    /// What they paid of it.
    pub value: Money,
    /// When.
    pub at: Timestamp,
}

/// Pieces of an order that come back. The same for staff and its customer; `offer`, `moves` and the locations are filled
/// for staff only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnView {
    /// Identity.
    pub id: ReturnId,
    /// Number that people say: `R-1001-1`.
    pub number: String,
    /// The order.
    pub order: OrderId,
    /// Its number.
    pub order_number: i64,
    /// Name of whoever ordered.
    pub customer_name: String,
    /// State.
    pub state: ReturnState,
    /// Why.
    pub reason: ReturnReason,
    /// Why, in the customer's words; may be empty.
    pub words: String,
    /// What the shop said; may be empty.
    pub answer: String,
    /// What comes back.
    pub lines: Vec<ReturnLineView>,
    /// Staff: the most that can be given back for what was received.
    pub offer: Option<Money>,
    /// What went back.
    pub refunded: Option<Money>,
    /// The gateway has been asked for it and has not answered.
    pub money_is_coming: bool,
    /// The customer would rather have other goods than money.
    #[serde(default)]
    pub exchange: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Staff: which moves are possible now, and why the others are not.
    pub moves: Vec<MoveView>,
    /// Grows with every change.
    pub version: i64,
}

/// Pieces of a line that come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLineView {
    /// The line of the order.
    pub line: OrderLineId,
    /// Name when it was bought.
    pub title: String,
    /// Name of the variant then; may be empty.
    pub variant_title: String,
    /// Pieces that were asked for.
    pub quantity: u32,
    /// Pieces that have arrived.
    pub received: u32,
    /// Pieces that can be sold again.
    pub restocked: u32,
    /// Staff: where those lie.
    pub location: Option<LocationId>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Place in the timeline, from 1.
    pub version: i64,
    /// Name of the event: `order.placed`, `payment.captured`.
    pub kind: String,
    /// In words, English.
    pub text: String,
    /// Who did it: `customer`, `staff`, or the name of the background job.
    pub actor: String,
    /// The account, for staff.
    pub user: Option<UserId>,
    /// An amount, when it is about money.
    pub amount: Option<Money>,
    /// When.
    pub at: Timestamp,
}

/// A note of the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteView {
    /// Who wrote it.
    pub author: Option<UserId>,
    /// Plain text.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// Whether something can be done with an order now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveView {
    /// `mark_paid`, `ship`, `deliver`, `cancel`, `refund`.
    pub name: String,
    /// Whether it can be done now.
    pub possible: bool,
    /// Why not; empty when it is possible.
    pub why_not: String,
}

/// An order in the customer's own list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRowView {
    /// Identity.
    pub id: OrderId,
    /// Number.
    pub number: i64,
    /// State.
    pub state: OrderState,
    /// Where the money is.
    pub payment: PaymentState,
    /// Contact.
    pub email: String,
    /// Name of whoever receives it.
    pub name: String,
    /// Pieces.
    pub n_items: u32,
    /// Some pieces have left and some are still to be sent.
    pub partly_shipped: bool,
    /// All of it went back, and all that was given for it are other goods.
    pub exchanged: bool,
    /// What is to be paid.
    pub total: Money,
    /// Where it goes.
    pub country: String,
    /// Name of the delivery.
    pub shipping_name: String,
    /// `manual` or `http`.
    pub payment_provider: String,
    /// Why somebody has to look at it.
    pub attention: Option<String>,
    /// When.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
