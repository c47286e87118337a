//! What became of each promotion, and how each discount came about, in words.

use std::fmt;

use primitives::{Money, PromotionId, Quantity, Rate, Timestamp};
use serde::{Deserialize, Serialize};

use crate::check::moment;

/// What one promotion took off one line or off shipping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// Which promotion.
    pub promotion: PromotionId,
    /// Its name at that moment.
    pub name: String,
    /// Minor units in the cart's mode, above 0 (0 only for a gift that costs nothing).
    pub amount: i64,
    /// How it came about.
    pub how: How,
}

/// How a discount came about. Amounts are in the cart's currency and mode, as they were at the promotion's turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum How {
    /// "10 % off 24.00"
    Percent {
        /// How much.
        off: Rate,
        /// What was left of the line.
        of: Money,
    },
    /// "2.00 off each of 3 pieces"
    PerPiece {
        /// How much for one piece.
        off: Money,
        /// The quantity of the line.
        pieces: Quantity,
    },
    /// "its share of 10.00 off 120.00": a fixed amount spread over several lines, of the item or of the order stage.
    Share {
        /// How much was spread, after capping.
        off: Money,
        /// What was left of all these lines together.
        of: Money,
    },
    /// "3 pieces for 5.00 each instead of 24.00"
    FixedPrice {
        /// For one piece.
        price: Money,
        /// The quantity of the line.
        pieces: Quantity,
        /// What was left of the line.
        instead_of: Money,
    },
    /// "2 of 3 pieces free, worth 8.00", "50 % off 1 of 3 pieces, worth 8.00"
    Pieces {
        /// How much; 100 % is free.
        off: Rate,
        /// How many pieces were given.
        given: u32,
        /// The quantity of the line.
        pieces: Quantity,
        /// What the given pieces were worth together.
        worth: Money,
    },
    /// "its share of 10 % off 120.00"
    SharePercent {
        /// How much.
        off: Rate,
        /// What was left of all discountable lines together.
        of: Money,
    },
    /// "free gift"
    Gift,
    /// "free shipping instead of 5.00", "3.00 off shipping of 5.00"
    Shipping {
        /// How much.
        off: Money,
        /// What was left of the shipping amount.
        of: Money,
    },
}

impl Discount {
    /// How it came about, with the name of the promotion: `SUMMER: 10 % off 24.00`. Amounts are plain decimals in the
    /// cart's currency.
    pub fn words(&self) -> String {
        format!("{}: {}", self.name, self.how)
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Percent { off, of } => write!(f, "{} % off {}", off.percent_text(), of.decimal()),
            How::PerPiece { off, pieces: Quantity::ONE } => write!(f, "{} off 1 piece", off.decimal()),
            How::PerPiece { off, pieces } => write!(f, "{} off each of {pieces} pieces", off.decimal()),
            How::Share { off, of } => write!(f, "its share of {} off {}", off.decimal(), of.decimal()),
            How::FixedPrice { price, pieces: Quantity::ONE, instead_of } => {
                write!(f, "1 piece for {} instead of {}", price.decimal(), instead_of.decimal())
            }
            How::FixedPrice { price, pieces, instead_of } => {
                write!(f, "{pieces} pieces for {} each instead of {}", price.decimal(), instead_of.decimal())
            }
            How::Pieces { off, given, pieces, worth } => {
                let noun = if *pieces == Quantity::ONE { "piece" } else { "pieces" };
                if off.ppm() == Rate::ONE {
                    write!(f, "{given} of {pieces} {noun} free, worth {}", worth.decimal())
                } else {
                    let off = off.percent_text();
                    write!(f, "{off} % off {given} of {pieces} {noun}, worth {}", worth.decimal())
                }
            }
            How::SharePercent { off, of } => {
                write!(f, "its share of {} % off {}", off.percent_text(), of.decimal())
            }
            How::Gift => f.write_str("free gift"),
            How::Shipping { off, of } if off == of => {
                write!(f, "free shipping instead of {}", of.decimal())
            }
            How::Shipping { off, of } => write!(f, "{} off shipping of {}", off.decimal(), of.decimal()),
        }
    }
}

/// What became of one promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Which promotion.
    pub promotion: PromotionId,
    /// Its name.
    pub name: String,
    /// Applied or not.
    pub verdict: Verdict,
}

/// Whether a promotion applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did.
    Applied {
        /// All that it took off, in minor units and the cart's mode; 0 only for a gift that costs nothing.
        amount: i64,
    },
    /// It did not.
    Not(Reason),
}

/// Why a promotion did not apply. `Display` says it in plain English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reason {
    /// "2.40 EUR more": so much is missing to the subtotal that a condition asks for.
    Missing {
        /// How much more.
        amount: Money,
    },
    /// "2 more pieces": so many are missing to what a condition or an action asks for.
    Pieces {
        /// How many more.
        missing: u32,
    },
    /// "ended at 2026-08-01 00:00 UTC"
    Expired {
        /// The first moment after it.
        at: Timestamp,
    },
    /// "starts at 2026-08-01 00:00 UTC"
    NotYet {
        /// Its first moment.
        from: Timestamp,
    },
    /// "switched off"
    Off,
    /// "needs a code"
    NeedsCode,
    /// "for other customers"
    OtherCustomers,
    /// "for the first order only"
    NotFirstOrder,
    /// "for other countries"
    OtherCountry,
    /// "used up"
    UsedUp,
    /// "used up by this shopper"
    UsedUpByShopper,
    /// "budget used up": less is left than it would take off.
    BudgetUsedUp,
    /// "excluded by SUMMER": that one applies alone, or is of the same group and applied before.
    ExcludedBy {
        /// Name of the other.
        name: String,
    },
    /// "SUMMER is better": that one is of the same group and takes off more (or as much, and works earlier).
    Worse {
        /// Name of the other.
        than: String,
    },
    /// "nothing to take off": no line matches, or nothing is left of those that do.
    NothingToTakeOff,
    /// "out of stock": the gift is not among the gifts of the request.
    NoGift,
    /// "for other deliveries": another way of shipping was chosen.
    OtherDelivery,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Missing { amount } => write!(f, "{amount} more"),
            Reason::Pieces { missing: 1 } => f.write_str("1 more piece"),
            Reason::Pieces { missing } => write!(f, "{missing} more pieces"),
            Reason::Expired { at } => write!(f, "ended at {}", moment(*at)),
            Reason::NotYet { from } => write!(f, "starts at {}", moment(*from)),
            Reason::Off => f.write_str("switched off"),
            Reason::NeedsCode => f.write_str("needs a code"),
            Reason::OtherCustomers => f.write_str("for other customers"),
            Reason::NotFirstOrder => f.write_str("for the first order only"),
            Reason::OtherCountry => f.write_str("for other countries"),
            Reason::UsedUp => f.write_str("used up"),
            Reason::UsedUpByShopper => f.write_str("used up by this shopper"),
            Reason::BudgetUsedUp => f.write_str("budget used up"),
            Reason::ExcludedBy { name } => write!(f, "excluded by {name}"),
            Reason::Worse { than } => write!(f, "{than} is better"),
            Reason::NothingToTakeOff => f.write_str("nothing to take off"),
            Reason::NoGift => f.write_str("out of stock"),
            Reason::OtherDelivery => f.write_str("for other deliveries"),
        }
    }
}
