//! What a cart costs, and why: pure, exact, in minor units of one currency. Knows no database, runtime or clock.
//!
//! Read on in `request` (what is priced), `list` (which price of a variant holds), `promotion` (what merchants
//! configure), `tax` and `shipping` (zones and ways of shipping), `quote` (the calculation and what comes out), then
//! `promotion::apply` (which apply), `promotion::action` (what each takes off) and `promotion::explain` (what is said
//! about it).
//!
//! The order of work is that of MONEY rule 5: amounts in the cart's mode → item promotions, each tested on what is left
//! → order promotions, spread over the lines → the price of shipping → shipping promotions → tax on what is left →
//! totals as sums of rounded lines. Each discount is in minor units before tax sees the rest (rule 3).
// MONEY rule 1: no floating point near an amount.
#![deny(clippy::float_arithmetic)]
#![forbid(unsafe_code)]

mod cart;
mod check;
mod list;
mod promotion;
mod quote;
mod request;
mod shipping;
mod tax;

pub use list::{
    BasePrice, Chosen, Considered, ListOutcome, ListPrice, PriceList, PriceQuestion, PriceSource, choose,
    lowest_of_30_days,
};
pub use promotion::explain::{Discount, How, Outcome, Reason, Verdict};
pub use promotion::{Action, Condition, Group, Per, Pick, Promotion, Selector, Stage, Usage};
pub use quote::{
    Left, Quote, QuotedLine, QuotedShipping, TaxShare, Totals, quote, refund_of, refund_pieces, tax_of,
};
pub use request::{Destination, Line, Request, Rounding, Shopper};
pub use shipping::{Measure, Measures, NoDelivery, ShippingMethod, Step, Table};
pub use tax::{Place, ShippingPart, ShippingTax, TaxCategory, TaxCategoryError, TaxRate, TaxZone};
