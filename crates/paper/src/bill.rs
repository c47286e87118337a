//! What stands on a paper, in values: frozen when it is issued, worded when it is shown.

use primitives::{Currency, Locale, Rate, Timestamp};
use serde::{Deserialize, Serialize};

/// Somebody with an address, in the lines in which it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Name first; none is empty.
    pub lines: Vec<String>,
    /// Number under which it pays tax; may be empty.
    #[serde(default)]
    pub tax_number: String,
}

/// What kind of bill it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BillKind {
    /// What is to be paid for an order.
    Invoice,
    /// What of an invoice is taken back.
    CreditNote {
        /// The number of the invoice.
        invoice: i64,
        /// Why.
        reason: String,
    },
}

/// An invoice or a credit note without its buyer. Amounts are minor units of `currency`; those of a credit note are what
/// goes back, positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Which of the two.
    pub what: BillKind,
    /// Counts the shop's bills of this kind, without a gap.
    pub number: i64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The language it is written in.
    pub locale: Locale,
    /// Of every amount.
    pub currency: Currency,
    /// Number of the order.
    pub order: i64,
    /// When that was placed.
    pub ordered_at: Timestamp,
    /// When its first parcel left, if it had.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
    /// Who sells.
    pub seller: Party,
    /// Whether unit prices and line totals hold the tax.
    pub includes_tax: bool,
    /// What was bought; none on a credit note.
    pub lines: Vec<BillLine>,
    /// Sum of the lines before what is taken off.
    pub subtotal: i64,
    /// What is taken off, goods and delivery.
    pub deductions: Vec<Deduction>,
    /// Name of the delivery; empty when nothing is sent.
    pub delivery: String,
    /// What the delivery costs, before what is taken off it.
    pub delivery_amount: i64,
    /// Tax by rate.
    pub taxes: Vec<TaxPart>,
    /// Why no tax is asked for; empty for whoever is taxed as usual.
    #[serde(default)]
    pub exemption: String,
    /// What an exempt buyer does not pay of prices that hold the tax.
    #[serde(default)]
    pub relief: i64,
    /// What is to be paid, or goes back.
    pub total: i64,
    /// What gift cards and store credit pay of it.
    pub tenders: Vec<Paid>,
    /// What they leave.
    pub due: i64,
    /// How that is paid; empty when nothing is left.
    pub payment: String,
    /// What the seller has below every bill: bank, register, terms.
    #[serde(default)]
    pub footer: String,
}

/// Pieces of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// Name.
    pub title: String,
    /// Name of the variant; may be empty.
    pub variant: String,
    /// Stock keeping unit; may be empty.
    pub sku: String,
    /// Pieces.
    pub quantity: i64,
    /// Price of one, as the shop writes prices.
    pub unit: i64,
    /// What is taken off the line.
    pub discount: i64,
    /// What the line costs after that, as the shop writes prices.
    pub total: i64,
    /// Rate of the tax.
    pub rate: Rate,
    /// Tax in or on it.
    pub tax: i64,
}

/// Something that is taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deduction {
    /// What it is called.
    pub name: String,
    /// How much.
    pub amount: i64,
}

/// Tax of one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxPart {
    /// What it is called.
    pub name: String,
    /// The rate.
    pub rate: Rate,
    /// What it is computed on.
    pub net: i64,
    /// The tax.
    pub tax: i64,
}

/// What paid a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// How shoppers know it.
    pub name: String,
    /// How much.
    pub amount: i64,
}

/// What goes into a parcel: no prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// The language.
    pub locale: Locale,
    /// Number of the order.
    pub order: i64,
    /// When it was placed.
    pub ordered_at: Timestamp,
    /// Counts the parcels of the order from 1; `None`: what is not sent yet.
    pub parcel: Option<i64>,
    /// When the parcel left.
    pub sent_at: Option<Timestamp>,
    /// Who brings it; may be empty.
    pub carrier: String,
    /// Its number there; may be empty.
    pub tracking: String,
    /// Name of the delivery.
    pub delivery: String,
    /// Who sends.
    pub seller: Party,
    /// Who receives.
    pub buyer: Party,
    /// What lies in it.
    pub lines: Vec<SlipLine>,
    /// What of the order is not in it, pieces.
    pub elsewhere: i64,
}

/// Pieces of one thing in a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipLine {
    /// Name.
    pub title: String,
    /// Name of the variant; may be empty.
    pub variant: String,
    /// Stock keeping unit; may be empty.
    pub sku: String,
    /// Pieces.
    pub quantity: i64,
}
