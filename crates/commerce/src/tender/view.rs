//! What readers get of gift cards and store credit.

use primitives::{Currency, GiftCardId, Money, OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// What pays beside a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenderKind {
    /// Whoever knows its code may use it.
    GiftCard,
    /// One customer's.
    StoreCredit,
}

impl TenderKind {
    /// The stored word, also the name of its account in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GiftCard => "gift_card",
            Self::StoreCredit => "store_credit",
        }
    }

    /// Reads the stored word; the database holds no other.
    pub(crate) fn parse(text: &str) -> Self {
        if text == "store_credit" { Self::StoreCredit } else { Self::GiftCard }
    }

    /// How shoppers know it: `Gift card •••• ABCD`, `Store credit`.
    pub(crate) fn name(self, last_four: &str) -> String {
        match self {
            Self::GiftCard => format!("Gift card •••• {last_four}"),
            Self::StoreCredit => "Store credit".to_owned(),
        }
    }
}

/// How a gift card stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiftCardState {
    /// It pays.
    Active,
    /// Nothing is left on it.
    Empty,
    /// Its time is over.
    Expired,
    /// Staff has switched it off.
    Disabled,
}

/// A gift card as staff sees it. Its code is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiftCardView {
    /// Identity.
    pub id: GiftCardId,
    /// The last characters of its code.
    pub last_four: String,
    /// How it stands now.
    pub state: GiftCardState,
    /// What was put on it.
    pub issued: Money,
    /// What is left.
    pub balance: Money,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The first moment at which it pays no more.
    pub expires_at: Option<Timestamp>,
    /// Whom it was mailed to; empty when nobody.
    pub recipient: String,
    /// What staff wrote down.
    pub note: String,
    /// For the next change.
    pub version: i64,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Newest first, at most the last 200; empty in lists.
    pub movements: Vec<MovementView>,
}

/// What a movement was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// A gift card was issued.
    Issue,
    /// Staff added store credit.
    Credit,
    /// Staff took store credit.
    Debit,
    /// An order was paid with it.
    Redeem,
    /// An order gave it back.
    Return,
}

impl MovementKind {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Credit => "credit",
            Self::Debit => "debit",
            Self::Redeem => "redeem",
            Self::Return => "return",
        }
    }

    /// Reads the stored word; the database holds no other.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "issue" => Self::Issue,
            "credit" => Self::Credit,
            "debit" => Self::Debit,
            "redeem" => Self::Redeem,
            _ => Self::Return,
        }
    }
}

/// One movement of a gift card or of store credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementView {
    /// What it was.
    pub kind: MovementKind,
    /// Below zero when it went out.
    pub amount: Money,
    /// What was there afterwards.
    pub balance: Money,
    /// The order that it belongs to, with its number.
    pub order: Option<(OrderId, i64)>,
    /// Why, as somebody wrote it; may be empty.
    pub reason: String,
    /// Who of the staff it was; for staff only.
    pub user: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// The store credit of a customer in one currency, and what there is in each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreCreditView {
    /// What is there.
    pub balance: Money,
    /// What is there in every currency that anything ever moved in, the shop's own first.
    pub balances: Vec<Money>,
    /// Whether the customer has an account to use it with.
    pub usable: bool,
    /// Newest first, at most the last 200.
    pub movements: Vec<MovementView>,
}

impl StoreCreditView {
    /// That of somebody who never had any.
    pub(super) fn none(currency: Currency, usable: bool) -> Self {
        Self { balance: Money::zero(currency), balances: Vec::new(), usable, movements: Vec::new() }
    }
}

/// Something that a cart is to be paid from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenderChoice {
    /// The gift card; `None` for store credit.
    pub id: Option<GiftCardId>,
    /// Which of the two it is.
    pub kind: TenderKind,
    /// How shoppers know it.
    pub name: String,
    /// What is on it; zero when it cannot be used now.
    pub balance: Money,
    /// What it pays of this cart.
    pub amount: Money,
    /// Why it pays nothing although it was chosen.
    pub problem: Option<String>,
}

/// What an order took from a gift card or from store credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTenderView {
    /// The gift card; `None` for store credit.
    pub id: Option<GiftCardId>,
    /// Which of the two it is.
    pub kind: TenderKind,
    /// How shoppers know it.
    pub name: String,
    /// What it paid.
    pub amount: Money,
    /// What of that was given back, to it or elsewhere.
    pub returned: Money,
}
