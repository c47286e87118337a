//! Orders: the table and the detail.

use super::catalog::IdVariablesFields;
use super::{DateTime, Long, Money, PageInfo, Picture, schema};

/// Where an order stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OrderState {
    Draft,
    PendingPayment,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
    Refunded,
}

impl OrderState {
    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Draft => ("off", "Draft"),
            Self::PendingPayment => ("warning", "Waiting for payment"),
            Self::Paid => ("warning", "To send"),
            Self::Shipped => ("info", "On its way"),
            Self::Delivered => ("good", "Delivered"),
            Self::Cancelled => ("off", "Cancelled"),
            Self::Refunded => ("off", "Refunded"),
        }
    }
}

/// What is known of the money.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PaymentState {
    Unpaid,
    Pending,
    Authorised,
    PartlyPaid,
    Paid,
    PartlyRefunded,
    Refunded,
    Declined,
    Voided,
}

impl PaymentState {
    /// Every state with its name in the address.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Unpaid, "unpaid"),
        (Self::Pending, "pending"),
        (Self::Authorised, "authorised"),
        (Self::PartlyPaid, "partly-paid"),
        (Self::Paid, "paid"),
        (Self::PartlyRefunded, "partly-refunded"),
        (Self::Refunded, "refunded"),
        (Self::Declined, "declined"),
        (Self::Voided, "voided"),
    ];

    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unpaid => ("warning", "Not paid"),
            Self::Pending => ("info", "Pending"),
            Self::Authorised => ("info", "Authorised"),
            Self::PartlyPaid => ("warning", "Partly paid"),
            Self::Paid => ("good", "Paid"),
            Self::PartlyRefunded => ("warning", "Partly refunded"),
            Self::Refunded => ("off", "Refunded"),
            Self::Declined => ("danger", "Declined"),
            Self::Voided => ("off", "Voided"),
        }
    }
}

/// Order of the table.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OrderSort {
    PlacedDesc,
    PlacedAsc,
    NumberDesc,
    NumberAsc,
    TotalDesc,
    TotalAsc,
}

impl OrderSort {
    /// Column and direction in the address.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::PlacedDesc, "-placed"),
        (Self::PlacedAsc, "placed"),
        (Self::NumberDesc, "-number"),
        (Self::NumberAsc, "number"),
        (Self::TotalDesc, "-total"),
        (Self::TotalAsc, "total"),
    ];

    /// The order that the address names; the newest first when it names none.
    pub fn from_key(key: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == key).map_or(Self::PlacedDesc, |(sort, _)| *sort)
    }
}

/// What narrows the table.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub struct OrderFilter {
    /// Number, or a part of e-mail or name.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// One of these.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub state: Option<Vec<OrderState>>,
    /// One of these.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub payment: Option<Vec<PaymentState>>,
    /// Somebody has to look.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub attention: Option<bool>,
    /// By this customer.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<cynic::Id>,
    /// Placed at this moment or later.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub placed_from: Option<DateTime>,
    /// Placed before this moment.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub placed_to: Option<DateTime>,
    /// With this tag.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// Variables of [`Orders`].
#[derive(cynic::QueryVariables, Debug)]
pub struct OrdersVariables {
    /// Rows from the start.
    pub first: Option<i32>,
    /// Cursor in front.
    pub after: Option<String>,
    /// Rows towards the end.
    pub last: Option<i32>,
    /// Cursor behind.
    pub before: Option<String>,
    /// What narrows the table.
    pub filter: Option<OrderFilter>,
    /// Its order.
    pub sort: OrderSort,
}

/// One page of the table, with the numbers of its tabs.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "OrdersVariables")]
pub struct Orders {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort)]
    pub orders: OrderRowConnection,
    /// Numbers of the tabs.
    pub order_counts: OrderCounts,
}

/// The orders of one customer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "OrdersVariables")]
pub struct OrdersOf {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort)]
    pub orders: OrderRowConnection,
}

/// The tags that orders have.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct OrderTags {
    /// The one of most orders first.
    pub order_tags: Vec<OrderTag>,
}

/// A tag that orders have.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct OrderTag {
    /// The word.
    pub tag: String,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct OrderRowConnection {
    /// In order.
    pub nodes: Vec<OrderRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit the filter.
    pub total_count: i32,
}

/// Numbers of the tabs.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[allow(missing_docs)]
pub struct OrderCounts {
    pub all: i32,
    pub pending_payment: i32,
    pub paid: i32,
    pub shipped: i32,
    pub delivered: i32,
    pub cancelled: i32,
    pub refunded: i32,
    pub attention: i32,
}

/// One line of the table.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderRow {
    pub id: cynic::Id,
    pub number: Long,
    pub state: OrderState,
    pub payment: PaymentState,
    pub email: String,
    pub name: String,
    pub n_items: i32,
    pub partly_shipped: bool,
    pub exchanged: bool,
    pub total: Money,
    pub country: String,
    pub shipping_name: String,
    pub attention: Option<String>,
    pub placed_at: DateTime,
}

/// One order.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct OrderById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub order: Option<Order>,
}

/// An order with its whole story.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Order {
    pub id: cynic::Id,
    pub number: Long,
    pub token: String,
    pub state: OrderState,
    pub payment: PaymentState,
    pub payment_name: String,
    pub payment_provider: String,
    pub email: String,
    pub address: Address,
    pub shipping_name: String,
    pub pickup_place: Option<String>,
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    pub exchange_rate: Option<OrderRate>,
    pub paid: Money,
    pub refunded: Money,
    pub balance_due: Money,
    pub capturable: Money,
    pub released: Money,
    pub disputes: Vec<Dispute>,
    pub tenders: Vec<OrderTender>,
    pub fulfilments: Vec<Fulfilment>,
    pub partly_shipped: bool,
    pub exchanged: bool,
    pub returns: Vec<super::returns::Return>,
    pub exchanges: Vec<OrderExchange>,
    pub timeline: Vec<TimelineEntry>,
    pub placed_at: DateTime,
    pub pay_until: Option<DateTime>,
    pub cancel_reason: String,
    pub attention: Option<String>,
    pub notes: Vec<OrderNote>,
    pub tags: Vec<String>,
    pub customer_id: Option<cynic::Id>,
    pub moves: Vec<OrderMove>,
    pub version: Long,
}

/// Where it goes.
#[derive(cynic::QueryFragment, Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Address {
    pub name: String,
    pub company: String,
    pub line1: String,
    pub line2: String,
    pub postal_code: String,
    pub city: String,
    pub region: String,
    pub country: String,
    pub phone: String,
}

/// How the amounts of an order came from the shop's currency.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct OrderRate {
    /// Units of the order's currency for one of the shop's.
    pub rate: String,
    /// The total in the shop's currency.
    pub total: Money,
}

/// A return that paid for other goods.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderExchange {
    pub return_id: cynic::Id,
    pub return_number: String,
    pub from_order_id: cynic::Id,
    pub from_order_number: Long,
    pub to_order_id: cynic::Id,
    pub to_order_number: Long,
    pub value: Money,
}

/// A line as it was bought.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderLine {
    pub id: cynic::Id,
    pub product_id: cynic::Id,
    pub title: String,
    pub variant_title: String,
    pub sku: String,
    pub picture: Option<Picture>,
    pub quantity: i32,
    pub unit: Money,
    pub full: Money,
    pub discounts: Vec<Discount>,
    pub total: Money,
    pub gift: bool,
    pub sent: i32,
    pub to_send: i32,
}

/// What a promotion took off.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct Discount {
    /// What shoppers call the promotion.
    pub name: String,
    /// What it took off.
    pub amount: Money,
    /// How that came about.
    pub words: String,
}

/// Where a dispute stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DisputeState {
    Open,
    Won,
    Lost,
}

impl DisputeState {
    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("danger", "Open"),
            Self::Won => ("good", "Won"),
            Self::Lost => ("off", "Lost"),
        }
    }
}

/// Money that the customer's bank wants back.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Dispute {
    pub state: DisputeState,
    pub amount: Money,
    pub reason: String,
    pub opened_at: DateTime,
    pub closed_at: Option<DateTime>,
}

/// What a gift card or store credit paid.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct OrderTender {
    pub gift_card_id: Option<cynic::Id>,
    pub name: String,
    pub amount: Money,
    pub returned: Money,
}

/// What it costs.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Totals {
    pub subtotal: Money,
    pub discount: Money,
    pub discounts: Vec<Discount>,
    pub shipping: Option<Money>,
    pub tax: Money,
    pub taxes: Vec<TaxShare>,
    pub total: Money,
    pub includes_tax: bool,
    pub exemption: Option<TaxExemption>,
}

/// Why no tax is asked for.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TaxExemption {
    pub reason: String,
    pub number: String,
    pub relief: Money,
}

/// The tax of one rate.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct TaxShare {
    /// Name of the tax.
    pub name: String,
    /// Parts per million.
    pub rate: i32,
    /// How much.
    pub tax: Money,
}

/// A parcel.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Fulfilment {
    pub id: cynic::Id,
    pub carrier: String,
    pub tracking_number: String,
    pub tracking_url: String,
    pub shipped_at: DateTime,
    pub delivered_at: Option<DateTime>,
    pub lines: Vec<FulfilmentLine>,
}

/// Pieces of a line in a parcel.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct FulfilmentLine {
    pub line_id: cynic::Id,
    pub quantity: i32,
}

/// Something that happened.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TimelineEntry {
    pub kind: String,
    pub text: String,
    pub actor: String,
    pub amount: Option<Money>,
    pub at: DateTime,
}

/// What a colleague wrote.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct OrderNote {
    /// The words.
    pub text: String,
    /// When.
    pub at: DateTime,
}

/// Whether a move can be made, and why not.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
pub struct OrderMove {
    /// `mark_paid`, `ship`, `deliver`, `cancel`, `refund`, `edit`.
    pub name: String,
    /// It can.
    pub possible: bool,
    /// It cannot, because.
    pub why_not: String,
}

/// Words for where an order stands, with what its parcels say.
fn words(state: OrderState, partly_shipped: bool, exchanged: bool) -> (&'static str, &'static str) {
    match (partly_shipped, exchanged) {
        (true, _) => ("warning", "Partly sent"),
        (_, true) => ("good", "Exchanged"),
        _ => state.words(),
    }
}

impl OrderRow {
    /// Tone and word for where it stands.
    pub fn words(&self) -> (&'static str, &'static str) {
        words(self.state, self.partly_shipped, self.exchanged)
    }
}

impl Order {
    /// Tone and word for where it stands.
    pub fn words(&self) -> (&'static str, &'static str) {
        words(self.state, self.partly_shipped, self.exchanged)
    }

    /// The currency of its amounts.
    pub fn currency(&self) -> &str {
        &self.totals.total.currency
    }

    /// Whether a gateway has the money, or promised it.
    pub fn through_gateway(&self) -> bool {
        !matches!(self.payment_provider.as_str(), "manual" | "tender")
    }

    /// Whether what was not taken can be forgone: a part is here that neither a gift card nor store credit paid.
    pub fn can_release(&self) -> bool {
        let tendered: i64 = self.tenders.iter().map(|part| part.amount.minor.0).sum();
        let kept = self.paid.minor.0 - self.refunded.minor.0 - tendered;
        self.through_gateway() && self.state == OrderState::PendingPayment && 0 < kept
    }

    /// Whether a move can be made.
    pub fn can(&self, name: &str) -> bool {
        self.moves.iter().any(|step| step.name == name && step.possible)
    }
}
