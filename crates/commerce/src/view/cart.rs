//! Carts and what they cost.

use std::fmt;

use catalog::view::Picture;
use pricing::Reason;
use primitives::{
    CartId, CartLineId, Country, Money, PriceListId, ProductId, PromotionId, Rate, SavedLineId, VariantId,
};
use serde::{Deserialize, Serialize};

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
    /// What became of each promotion that needs no code and runs now, and of each that a code opens that was put in;
    /// those that apply come first. Of a draft, as staff sees it: all that run now, also those that need a code.
    #[serde(default)]
    pub promotions: Vec<CartPromotionView>,
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
    pub problem: Option<WhyNot>,
}

/// What became of a promotion in a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartPromotionView {
    /// The promotion.
    pub promotion: PromotionId,
    /// What shoppers call it.
    pub name: String,
    /// The code that was put in for it, upper case; `None` for one that needs none, and in drafts.
    pub code: Option<String>,
    /// Whether it applied.
    pub outcome: CartOutcome,
}

/// Whether a promotion applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartOutcome {
    /// It did, and takes so much off goods or delivery; zero only for a gift that costs nothing.
    Applied(Money),
    /// It did not.
    Not(WhyNot),
}

impl CartPromotionView {
    /// Whether it applied.
    pub fn applied(&self) -> bool {
        matches!(self.outcome, CartOutcome::Applied(_))
    }
}

/// Why a promotion or a code does nothing for a cart. `Display` says it in plain English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// What the calculation said.
    Priced(Reason),
    /// "needs the code SUMMER", "needs one of 3 codes, such as SUMMER": for staff only.
    NeedsCode {
        /// One of them.
        code: String,
        /// How many there are.
        n_codes: usize,
    },
    /// "no delivery is chosen yet": it takes something off the delivery.
    NoDelivery,
    /// "there is no such code"
    NoSuchCode,
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Priced(reason) => reason.fmt(f),
            Self::NeedsCode { code, n_codes: ..=1 } => write!(f, "needs the code {code}"),
            Self::NeedsCode { code, n_codes } => write!(f, "needs one of {n_codes} codes, such as {code}"),
            Self::NoDelivery => f.write_str("no delivery is chosen yet"),
            Self::NoSuchCode => f.write_str("there is no such code"),
        }
    }
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
