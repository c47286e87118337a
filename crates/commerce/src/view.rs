//! What readers get: plain values that carry no row, no token of somebody else and no way to write.

use catalog::view::Picture;
use primitives::{
    AddressId, CartId, CartLineId, Country, CustomerGroupId, CustomerId, DisputeId, FieldError, FulfilmentId,
    LocationId, Money, OrderId, OrderLineId, PaymentId, PriceListId, ProductId, PromotionId, Rate, ReturnId,
    SavedLineId, Timestamp, UserId, VariantId,
};
use serde::{Deserialize, Serialize};

use crate::payment::dispute::DisputeState;
use crate::returns::{ReturnReason, ReturnState};
use crate::tender::{OrderTenderView, TenderChoice};

/// A cart at today's prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    /// Nothing stored yet: a shopper who never added anything.
    pub id: Option<CartId>,
    /// In the order in which they were added.
    pub lines: Vec<CartLineView>,
    /// Pieces over all lines, the number beside the cart symbol.
    pub n_items: u32,
    /// Sums over the lines that can be bought; lines with [`LineProblem::SoldOut`] and [`LineProblem::Gone`] are
    /// not counted.
    pub totals: Totals,
    /// What is missing until delivery to the shop's own country is free; `None` when there is no such offer.
    pub free_shipping: Option<FreeShipping>,
    /// The codes that the shopper has put in, and what they do.
    pub codes: Vec<CodeView>,
    /// What is missing for promotions that need no code.
    pub hints: Vec<HintView>,
    /// What promotions add to it; in the totals at its full price and as a discount.
    pub gifts: Vec<GiftView>,
    /// What lies aside: in no sum, and in no one's way.
    pub saved: Vec<SavedLineView>,
    /// Nothing stands in the way of a checkout: there are lines and none has a problem that stops it.
    pub ready: bool,
}

/// What a shopper has put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedLineView {
    /// Identity, what the forms post.
    pub id: SavedLineId,
    /// What it is.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Last part of `/products/{slug}`; empty for what is not sold any more.
    pub slug: String,
    /// Name of the product.
    pub title: String,
    /// Name of the variant, may be empty.
    pub variant_title: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// 1 to 10,000.
    pub quantity: u32,
    /// Price of one piece now.
    pub unit: Money,
    /// Price of one piece when it was put aside, when that was another one.
    pub was: Option<Money>,
    /// Not sold any more.
    pub gone: bool,
    /// None left now.
    pub sold_out: bool,
}

/// One line of a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLineView {
    /// Identity, what the forms post.
    pub id: CartLineId,
    /// What is bought.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Last part of `/products/{slug}`.
    pub slug: String,
    /// Name of the product.
    pub title: String,
    /// Name of the variant, empty for a product without options.
    pub variant_title: String,
    /// May be empty.
    pub sku: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// 1 to 10,000.
    pub quantity: u32,
    /// Price of one piece now, as the shop writes prices (with or without tax).
    pub unit: Money,
    /// Struck-out price of one piece, always higher than `unit`.
    pub compare_at: Option<Money>,
    /// The price list that `unit` is from; nothing for the variant's own price.
    #[serde(default)]
    pub listed: Option<ListedPrice>,
    /// `unit × quantity`; where a price list says prices with tax and the shop shows them without, or the other way
    /// round, what all pieces together cost exactly, rounded once.
    pub total: Money,
    /// What promotions take off this line.
    pub discounts: Vec<DiscountView>,
    /// `total` less `discounts`.
    pub left: Money,
    /// What the shopper has to know, most important first.
    pub problems: Vec<LineProblem>,
}

impl CartLineView {
    /// Whether the line is in the totals: it can be had, if perhaps not as many times.
    pub fn counted(&self) -> bool {
        !self.problems.iter().any(|p| matches!(p, LineProblem::SoldOut | LineProblem::Gone))
    }

    /// Whether a checkout has to wait until the shopper has mended this line.
    pub fn blocks(&self) -> bool {
        self.problems.iter().any(|p| !matches!(p, LineProblem::PriceChanged { .. }))
    }
}

/// The price list that a price is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPrice {
    /// The list.
    pub list: PriceListId,
    /// What it is called.
    pub name: String,
    /// From so many pieces on.
    pub min_quantity: u32,
}

/// What a promotion takes off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountView {
    /// The promotion.
    pub promotion: PromotionId,
    /// What shoppers call it.
    pub name: String,
    /// What it takes off.
    pub amount: Money,
    /// How that came about, in a sentence.
    pub words: String,
    /// Off the delivery, whose amount is shown without it; else off the goods.
    #[serde(default)]
    pub delivery: bool,
}

/// A code in a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeView {
    /// The code, upper case.
    pub code: String,
    /// The promotion that it opens; empty when there is none.
    pub name: String,
    /// Why it does nothing now.
    pub problem: Option<String>,
}

/// What is missing for a promotion; one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HintView {
    /// What shoppers call the promotion.
    pub name: String,
    /// So much more has to be bought.
    pub amount: Option<Money>,
    /// So many more pieces have to be bought.
    pub pieces: Option<u32>,
}

/// Something that is given away with a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftView {
    /// What it is.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// Last part of `/products/{slug}`.
    pub slug: String,
    /// Name of the product.
    pub title: String,
    /// Name of the variant, empty for a product without options.
    pub variant_title: String,
    /// May be empty.
    pub sku: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// Pieces.
    pub quantity: u32,
    /// What one piece costs otherwise.
    pub unit: Money,
    /// The promotion that gives it.
    pub reason: String,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LineProblem {
    /// None left.
    SoldOut,
    /// The product is not sold any more.
    Gone,
    /// Fewer left than wanted.
    OnlyLeft {
        /// Pieces that can be had.
        left: u32,
    },
    /// The price is another one than when the line was added; for information.
    PriceChanged {
        /// Price of one piece when it was added.
        was: Money,
    },
}

/// Sums. Always: `subtotal + shipping - discount - exemption.relief + (tax, when prices are shown without it) = total`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Sum of the lines as the shop writes prices.
    pub subtotal: Money,
    /// Taken off the goods.
    pub discount: Money,
    /// What promotions took off, goods and delivery; those of the goods sum to `discount`.
    pub discounts: Vec<DiscountView>,
    /// Delivery as the shop writes prices, after its discounts; `None` until a delivery is chosen.
    pub shipping: Option<Money>,
    /// All tax in or on the total, delivery included.
    pub tax: Money,
    /// Tax by rate, highest rate first; sums to `tax`.
    pub taxes: Vec<TaxShare>,
    /// What is to be paid.
    pub total: Money,
    /// Whether `subtotal` and `shipping` already hold the tax.
    pub includes_tax: bool,
    /// Why no tax is asked for; `None` for whoever is taxed as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<ExemptionView>,
}

/// Why no tax is asked for, and what that saves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExemptionView {
    /// In words.
    pub reason: String,
    /// The customer's tax number; may be empty.
    pub number: String,
    /// What is taken off because prices hold the tax; zero where they do not.
    pub relief: Money,
}

impl ExemptionView {
    /// `Reverse charge, BE 0123.456.789`.
    pub fn words(&self) -> String {
        match self.number.as_str() {
            "" => self.reason.clone(),
            number => format!("{}, {number}", self.reason),
        }
    }
}

/// Tax of one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxShare {
    /// What it is called: `VAT`, `Sales tax`.
    pub name: String,
    /// Share of the net amount.
    pub rate: Rate,
    /// What it was computed on, without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
}

/// How far it is to free delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreeShipping {
    /// From this sum on delivery is free.
    pub from: Money,
    /// What is missing; zero when reached.
    pub missing: Money,
    /// 0 to 100.
    pub percent: u8,
    /// Where it holds.
    pub country: Country,
}

/// The checkout page: cart, choices, and what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutView {
    /// What is bought; `cart.totals` holds the chosen delivery.
    pub cart: CartView,
    /// Where the shop sends, in the order of their names; the shop's own country first.
    pub countries: Vec<Country>,
    /// The country that `methods` and totals are for.
    pub country: Country,
    /// Whether anything has to be sent. If not, there is no delivery to choose.
    pub needs_delivery: bool,
    /// Deliveries into `country`; one of them is chosen whenever there is one.
    pub methods: Vec<ShippingChoice>,
    /// The id of the chosen delivery.
    pub method: Option<String>,
    /// What gift cards and store credit pay of the total, in the order in which they were chosen.
    pub tenders: Vec<TenderChoice>,
    /// What is left to pay; zero: no way to pay has to be chosen.
    pub due: Money,
    /// Store credit that whoever is signed in has and this cart does not use.
    pub store_credit: Option<Money>,
    /// Ways to pay.
    pub payments: Vec<PaymentChoice>,
    /// What the form starts with: contact and address of the account's last order, else what the account knows; empty
    /// for guests.
    pub contact: ContactView,
    /// Whether an account is buying.
    pub signed_in: bool,
    /// A fresh idempotency key for the hidden field.
    pub idempotency_key: String,
}

/// A delivery that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingChoice {
    /// What the form posts.
    pub id: String,
    /// Name such as "To your door".
    pub name: String,
    /// Words on when it comes, may be empty.
    pub note: String,
    /// As the shop writes prices; zero when free.
    pub price: Money,
    /// Price before "free from" was applied.
    pub full_price: Money,
    /// Free from this sum on.
    pub free_from: Option<Money>,
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentChoice {
    /// What the form posts: `manual` or `http`.
    pub id: String,
    /// Name such as "Bank transfer".
    pub name: String,
    /// What happens next, in one sentence.
    pub note: String,
}

/// Contact and address as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactView {
    /// E-mail address.
    pub email: String,
    /// Address.
    pub address: Address,
}

/// A postal address. Free text, checked by [`crate::address`] before it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Full name of whoever receives it.
    pub name: String,
    /// Company, may be empty.
    pub company: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor; may be empty.
    pub line2: String,
    /// Postal code in the country's own writing.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// State or province, may be empty.
    pub region: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// May be empty.
    pub phone: String,
}

/// What a shopper is told after placing, and what the page does next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// The order; its timeline may be left out.
    pub order: OrderView,
    /// Opens `/orders/{token}`.
    pub token: String,
    /// What happens now.
    pub next: NextStep,
    /// An earlier call placed it; this call changed nothing.
    pub replayed: bool,
}

/// What happens after an order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Paid: show the confirmation.
    Done,
    /// Show how to pay by hand.
    PayByHand,
    /// Send the shopper to [`OrderView::pay_url`].
    Pay,
    /// The gateway has not decided, or its answer was lost: show the order and look again; it settles by itself.
    Wait,
    /// The order is cancelled. After a declined payment the cart is back, so that the shopper can try again.
    TryAgain,
}

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

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// Identity.
    pub id: CustomerId,
    /// The account, when there is one.
    pub user: Option<UserId>,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Orders that were not cancelled.
    pub n_orders: u64,
    /// Received minus given back.
    pub spent: Money,
    /// `spent` by order, rounded half away from zero; `None` without an order.
    pub average: Option<Money>,
    /// When the last order was placed.
    pub last_order_at: Option<Timestamp>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// Wants letters about offers.
    pub marketing: bool,
    /// Each answer to that, newest first; empty in lists.
    pub consents: Vec<ConsentView>,
    /// What the staff wrote down, newest first; empty in lists and for the customer.
    pub notes: Vec<CustomerNoteView>,
    /// The groups it is in, by name.
    pub groups: Vec<GroupName>,
    /// Since when it says nothing about anybody any more; name and address are made up then.
    pub erased_at: Option<Timestamp>,
    /// Pays no tax, whatever the groups say.
    pub tax_exempt: bool,
    /// Tax number; may be empty.
    pub tax_number: String,
    /// Why no tax is asked for; empty unless `tax_exempt`.
    pub tax_reason: String,
    /// Last used first; empty in lists.
    pub addresses: Vec<Address>,
}

/// What the staff wrote down about a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNoteView {
    /// Who wrote it.
    pub author: Option<UserId>,
    /// Name of whoever wrote it, else the address; empty for somebody who is gone.
    pub author_name: String,
    /// Plain text.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// An address that an account keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAddress {
    /// Identity.
    pub id: AddressId,
    /// The address.
    pub address: Address,
    /// The checkout begins with it.
    pub first_choice: bool,
}

/// An answer to whether letters are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentView {
    /// Given, else withdrawn.
    pub given: bool,
    /// Where: `checkout`, `account` or `staff`.
    pub source: String,
    /// Who had signed in.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// A group of customers by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// Identity.
    pub id: CustomerGroupId,
    /// What staff calls it.
    pub name: String,
}

/// The figures of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DashboardView {
    /// One entry per day, oldest first, days without sales included; UTC.
    pub days: Vec<SalesDay>,
    /// Received minus given back over `days`. All sums are in the shop's currency; orders in others count at the rate that
    /// they keep.
    pub revenue: Money,
    /// Paid orders over `days`.
    pub n_orders: u64,
    /// `revenue / n_orders`, rounded once; zero without orders.
    pub average: Money,
    /// Revenue of the same number of days before.
    pub revenue_before: Money,
    /// Paid orders of the same number of days before.
    pub n_orders_before: u64,
    /// Paid and not sent.
    pub n_to_ship: u64,
    /// Placed and not paid.
    pub n_unpaid: u64,
    /// Most revenue first, at most ten.
    pub top_products: Vec<TopProduct>,
    /// Orders that somebody has to look at, oldest first, at most twenty.
    pub attention: Vec<OrderRowView>,
    /// The newest orders, at most ten.
    pub latest: Vec<OrderRowView>,
}

/// Sales of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesDay {
    /// `2026-11-21`, UTC.
    pub date: String,
    /// Received minus given back.
    pub revenue: Money,
    /// Orders that were paid.
    pub n_orders: u64,
    /// Pieces in them.
    pub n_items: u64,
}

/// A product that sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopProduct {
    /// Identity.
    pub product: ProductId,
    /// Name when it was last sold.
    pub title: String,
    /// Pieces.
    pub quantity: u64,
    /// Line totals, as the shop writes prices.
    pub revenue: Money,
}

/// Errors of a form at its fields, for a page that comes back with 422.
pub type FormErrors = Vec<FieldError>;
