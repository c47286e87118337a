//! What became of promotions, as clients see it.

use async_graphql::{Enum, ID, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Money};
use pricing::Reason;

use crate::view;

/// What became of a promotion in a cart or in a draft.
#[derive(SimpleObject)]
pub struct CartPromotion {
    /// The promotion.
    id: ID,
    /// What shoppers call it.
    name: String,
    /// The code that was put in for it, upper case; missing for one that needs none, and in drafts.
    code: Option<String>,
    /// Whether it applied.
    applied: bool,
    /// What it takes off goods or delivery, when it applied.
    amount: Option<Money>,
    /// Why it did not apply.
    why_not: Option<WhyNot>,
}

impl CartPromotion {
    pub(super) fn all(views: Vec<view::CartPromotionView>, ctx: &Ctx) -> Vec<Self> {
        let of = |one: view::CartPromotionView| {
            let applied = one.applied();
            let (amount, why_not) = match one.outcome {
                view::CartOutcome::Applied(amount) => (Some(Money::of(amount, ctx.locale())), None),
                view::CartOutcome::Not(why) => (None, Some(WhyNot::of(why, ctx))),
            };
            Self {
                id: ID(one.promotion.to_string()),
                name: one.name,
                code: one.code,
                applied,
                amount,
                why_not,
            }
        };
        views.into_iter().map(of).collect()
    }
}

/// Why a promotion or a code does nothing.
#[derive(SimpleObject)]
pub struct WhyNot {
    /// Why.
    reason: WhyNotReason,
    /// In a sentence: `2.40 EUR more`, `excluded by SUMMER`.
    words: String,
    /// What is missing, with `MISSING_AMOUNT`.
    amount: Option<Money>,
    /// How many pieces are missing, with `MISSING_PIECES`.
    pieces: Option<u32>,
    /// The first moment after it with `ENDED`, its first one with `NOT_YET`.
    at: Option<DateTime>,
    /// Name of the other one, with `EXCLUDED` and `WORSE`.
    other: Option<String>,
}

/// Why a promotion or a code does nothing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNotReason {
    /// More has to be bought.
    MissingAmount,
    /// More pieces have to be bought.
    MissingPieces,
    /// It is over.
    Ended,
    /// It has not begun.
    NotYet,
    /// It is switched off.
    SwitchedOff,
    /// It needs a code.
    NeedsCode,
    /// It is for other groups of customers.
    OtherCustomers,
    /// It is for first orders.
    FirstOrderOnly,
    /// It is for other countries.
    OtherCountry,
    /// All its uses are taken.
    UsedUp,
    /// This customer has used it often enough.
    UsedUpByCustomer,
    /// Less is left of its budget than it would take off.
    BudgetUsedUp,
    /// Another one excludes it.
    Excluded,
    /// Another one of its group takes off more.
    Worse,
    /// Nothing in the cart is meant, or nothing is left of it.
    NothingToTakeOff,
    /// The gift cannot be had.
    GiftOutOfStock,
    /// It is for other deliveries.
    OtherDelivery,
    /// It takes something off the delivery, and none is chosen yet.
    NoDelivery,
    /// There is no such code.
    NoSuchCode,
}

impl WhyNot {
    pub(super) fn of(why: view::WhyNot, ctx: &Ctx) -> Self {
        use WhyNotReason as Is;
        let words = why.to_string();
        let plain = |reason| Self { reason, words, amount: None, pieces: None, at: None, other: None };
        let reason = match why {
            view::WhyNot::Priced(reason) => reason,
            view::WhyNot::NeedsCode { .. } => return plain(Is::NeedsCode),
            view::WhyNot::NoDelivery => return plain(Is::NoDelivery),
            view::WhyNot::NoSuchCode => return plain(Is::NoSuchCode),
        };
        match reason {
            Reason::Missing { amount } => {
                Self { amount: Some(Money::of(amount, ctx.locale())), ..plain(Is::MissingAmount) }
            }
            Reason::Pieces { missing } => Self { pieces: Some(missing), ..plain(Is::MissingPieces) },
            Reason::Expired { at } => Self { at: Some(DateTime(at)), ..plain(Is::Ended) },
            Reason::NotYet { from } => Self { at: Some(DateTime(from)), ..plain(Is::NotYet) },
            Reason::Off => plain(Is::SwitchedOff),
            Reason::NeedsCode => plain(Is::NeedsCode),
            Reason::OtherCustomers => plain(Is::OtherCustomers),
            Reason::NotFirstOrder => plain(Is::FirstOrderOnly),
            Reason::OtherCountry => plain(Is::OtherCountry),
            Reason::UsedUp => plain(Is::UsedUp),
            Reason::UsedUpByShopper => plain(Is::UsedUpByCustomer),
            Reason::BudgetUsedUp => plain(Is::BudgetUsedUp),
            Reason::ExcludedBy { name } => Self { other: Some(name), ..plain(Is::Excluded) },
            Reason::Worse { than } => Self { other: Some(than), ..plain(Is::Worse) },
            Reason::NothingToTakeOff => plain(Is::NothingToTakeOff),
            Reason::NoGift => plain(Is::GiftOutOfStock),
            Reason::OtherDelivery => plain(Is::OtherDelivery),
        }
    }
}
