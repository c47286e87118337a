//! What is written of a customer.

use serde::Serialize;

use crate::view::Address;

/// What is held about somebody. Times are RFC 3339, amounts decimal texts with their currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct CustomerData {
    pub shop: String,
    pub written_at: String,
    pub account: Option<Account>,
    pub customer: Option<Record>,
    pub addresses: Vec<UsedAddress>,
    pub orders: Vec<OrderData>,
    pub drafts: Vec<DraftData>,
    pub cart: Vec<CartPiece>,
    pub saved_for_later: Vec<CartPiece>,
    pub wishlist: Vec<Wished>,
    pub reviews: Vec<ReviewData>,
    pub store_credit: Option<Credit>,
    pub store_credit_elsewhere: Vec<Credit>,
    pub gift_cards: Vec<CardData>,
}

/// An order that the shop has begun to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct DraftData {
    pub begun_at: String,
    pub state: String,
    pub email: String,
    pub address: Address,
    pub note: String,
    pub pieces: Vec<CartPiece>,
}

/// A gift card that was mailed to the address. Its code is the holder's secret and kept by nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct CardData {
    pub last_four: String,
    pub issued: String,
    pub currency: String,
    pub issued_at: String,
}

/// What the shop owes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct Credit {
    pub balance: String,
    pub currency: String,
    pub since: String,
    pub movements: Vec<CreditMoved>,
}

/// Store credit that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct CreditMoved {
    pub kind: String,
    pub amount: String,
    pub balance: String,
    pub reason: String,
    pub at: String,
}

/// What was said about a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct ReviewData {
    pub product_id: String,
    pub stars: i64,
    pub title: String,
    pub text: String,
    pub name: String,
    pub state: String,
    pub answer: String,
    pub written_at: String,
}

/// The account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct Account {
    pub id: String,
    pub email: String,
    pub email_confirmed_at: Option<String>,
    pub name: String,
    pub language: String,
    pub opened_at: String,
    pub last_sign_in_at: Option<String>,
    pub sign_ins: Vec<SignIn>,
    pub linked_accounts: Vec<String>,
}

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct SignIn {
    pub at: String,
    pub browser: String,
}

/// The customer's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct Record {
    pub id: String,
    pub email: String,
    pub name: String,
    pub since: String,
    pub groups: Vec<String>,
    pub tax_exempt: bool,
    pub tax_number: String,
    pub tax_reason: String,
    pub wants_letters: bool,
    pub consents: Vec<Consent>,
}

/// An answer to whether letters are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct Consent {
    pub given: bool,
    pub asked_at: String,
    pub at: String,
}

/// An address that orders went to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct UsedAddress {
    pub address: Address,
    pub used_at: String,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct OrderData {
    pub number: i64,
    pub placed_at: String,
    pub paid_at: Option<String>,
    pub state: String,
    pub email: String,
    pub address: Address,
    pub delivery: String,
    pub payment_by: String,
    pub currency: String,
    pub subtotal: String,
    pub discount: String,
    pub tax_relief: String,
    pub shipping: String,
    pub tax: String,
    pub total: String,
    pub tax_number: String,
    pub tax_exemption: String,
    pub cancelled_because: String,
    pub note: String,
    pub discounts: Vec<String>,
    pub lines: Vec<LineData>,
    pub payments: Vec<PaymentData>,
    pub parcels: Vec<ParcelData>,
    pub returns: Vec<ReturnData>,
    pub papers: Vec<BillData>,
}

/// An invoice or a credit note, and whom it is addressed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct BillData {
    pub kind: String,
    pub number: i64,
    pub total: String,
    pub currency: String,
    pub issued_at: String,
    pub addressed_to: Vec<String>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct LineData {
    pub title: String,
    pub variant: String,
    pub sku: String,
    pub quantity: i64,
    pub unit_price: String,
    pub net: String,
    pub tax: String,
    pub gross: String,
    pub tax_rate_percent: String,
    pub gift: bool,
}

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct PaymentData {
    pub kind: String,
    pub amount: String,
    pub currency: String,
    pub at: String,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct ParcelData {
    pub carrier: String,
    pub tracking_number: String,
    pub sent_at: String,
    pub arrived_at: Option<String>,
}

/// Pieces that were to come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct ReturnData {
    pub number: i64,
    pub state: String,
    pub reason: String,
    pub words: String,
    pub answer: String,
    pub asked_at: String,
    pub pieces: Vec<BackPiece>,
}

/// Pieces of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct BackPiece {
    pub title: String,
    pub variant: String,
    pub quantity: i64,
    pub arrived: i64,
}

/// Something that lies in the cart or beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct CartPiece {
    pub variant_id: String,
    pub quantity: i64,
    pub added_at: String,
}

/// Something that is wished for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are those of the file")]
pub struct Wished {
    pub variant_id: String,
    pub kept_at: String,
}
