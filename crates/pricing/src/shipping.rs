//! Ways of shipping: what they cost by weight, value or number of pieces, and where they go.

use std::collections::BTreeSet;
use std::fmt;

use primitives::{Country, FieldError};
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::tax::TaxCategory;

/// A way of shipping that a merchant offers. Its amounts are minor units of the cart's currency in the cart's mode
/// (with tax where the cart shows tax).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingMethod {
    /// A key of the merchant's, by which promotions name it.
    pub id: String,
    /// What the shopper reads.
    pub name: String,
    /// When it arrives, in words such as "2 to 4 days".
    #[serde(default)]
    pub window: String,
    /// Where it goes; `None`: everywhere.
    #[serde(default)]
    pub countries: Option<BTreeSet<Country>>,
    /// What it costs.
    pub table: Table,
    /// Costs nothing when what is left of all goods (whether they require shipping or not), after item and order
    /// promotions, in the cart's mode, is at least this. Shipping promotions come later.
    #[serde(default)]
    pub free_from: Option<i64>,
    /// Fetched by the shopper; for display, it changes no price.
    #[serde(default)]
    pub pickup: bool,
    /// How it is taxed, instead of what the zone says about shipping.
    #[serde(default)]
    pub tax_category: Option<TaxCategory>,
    /// Whether it is switched on.
    pub active: bool,
}

/// What a way of shipping costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What decides.
    pub by: Measure,
    /// The price of the last step whose `from` is not above the measure; ascending, the first from 0.
    pub steps: Vec<Step>,
    /// The most that it takes, included; `None`: no end.
    #[serde(default)]
    pub up_to: Option<i64>,
}

/// What decides about the price of shipping. Only lines that require shipping count, gifts among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Their weight in grams.
    Weight,
    /// What is left of them after item and order promotions, in minor units and the cart's mode.
    Price,
    /// Their pieces.
    Quantity,
}

/// A price that holds from some measure on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From this measure on, included.
    pub from: i64,
    /// Minor units in the cart's mode; below zero counts as zero.
    pub price: i64,
}

/// What a way of shipping asks of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measures {
    /// Where it goes.
    pub country: Country,
    /// Grams of what requires shipping.
    pub grams: i64,
    /// Σ `left` of what requires shipping, in minor units and the cart's mode.
    pub value: i64,
    /// Pieces of what requires shipping.
    pub pieces: i64,
    /// Σ `left` of all goods, in minor units and the cart's mode.
    pub goods: i64,
}

/// Why a way of shipping cannot be had. Reasons are looked for in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDelivery {
    /// "switched off"
    Off,
    /// "does not go to Belgium"
    OtherCountry(Country),
    /// "takes no more than 30000 g", or "… than 12 pieces", or "… than that value".
    TooMuch {
        /// What decides.
        by: Measure,
        /// The most it takes.
        most: i64,
    },
    /// "has no price for this cart": its table has no step that low, which [`ShippingMethod::errors`] refuses.
    NoPrice,
}

impl fmt::Display for NoDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoDelivery::Off => f.write_str("switched off"),
            NoDelivery::OtherCountry(country) => write!(f, "does not go to {}", country.name()),
            NoDelivery::TooMuch { by: Measure::Weight, most } => write!(f, "takes no more than {most} g"),
            NoDelivery::TooMuch { by: Measure::Price, .. } => f.write_str("takes no cart of that value"),
            NoDelivery::TooMuch { by: Measure::Quantity, most: 1 } => {
                f.write_str("takes no more than 1 piece")
            }
            NoDelivery::TooMuch { by: Measure::Quantity, most } => {
                write!(f, "takes no more than {most} pieces")
            }
            NoDelivery::NoPrice => f.write_str("has no price for this cart"),
        }
    }
}

impl ShippingMethod {
    /// What it costs before promotions, in minor units and the cart's mode; `None` when it cannot be had.
    pub fn price_for(&self, measures: &Measures) -> Option<i64> {
        self.price_or_reason(measures).ok()
    }

    /// What it costs before promotions, in minor units and the cart's mode.
    ///
    /// # Errors
    /// Why it cannot be had, also where it would cost nothing.
    pub fn price_or_reason(&self, measures: &Measures) -> Result<i64, NoDelivery> {
        if !self.active {
            return Err(NoDelivery::Off);
        }
        if self.countries.as_ref().is_some_and(|countries| !countries.contains(&measures.country)) {
            return Err(NoDelivery::OtherCountry(measures.country));
        }
        let measure = match self.table.by {
            Measure::Weight => measures.grams,
            Measure::Price => measures.value,
            Measure::Quantity => measures.pieces,
        };
        if let Some(most) = self.table.up_to
            && measure > most
        {
            return Err(NoDelivery::TooMuch { by: self.table.by, most });
        }
        let step = self.table.steps.iter().rev().find(|step| step.from <= measure);
        let price = step.ok_or(NoDelivery::NoPrice)?.price.max(0);
        let free = self.free_from.is_some_and(|from| from <= measures.goods);
        Ok(if free { 0 } else { price })
    }

    /// Everything that is wrong with it, by field; empty when it may be stored.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut check = Check::default();
        check.text("id", &self.id, 40);
        check.text("name", &self.name, 100);
        check.length("window", &self.window, 100);
        if self.countries.as_ref().is_some_and(BTreeSet::is_empty) {
            check.wrong("countries", "is empty, so it would go nowhere");
        }
        let steps = &self.table.steps;
        check.at_most("table.steps", steps.len(), 200);
        match steps.first() {
            None => check.wrong("table.steps", "is empty"),
            Some(first) if first.from != 0 => check.wrong("table.steps.0.from", "is not 0"),
            Some(_) => {}
        }
        for (index, step) in steps.iter().enumerate() {
            if index > 0 && step.from <= steps[index - 1].from {
                check.wrong(format!("table.steps.{index}.from"), "is not above the step before");
            }
            check.at_least(format!("table.steps.{index}.price"), step.price, 0);
        }
        let last = steps.last().map_or(0, |step| step.from.max(0));
        if self.table.up_to.is_some_and(|most| most < last) {
            check.wrong("table.up_to", "is below the last step");
        }
        if let Some(from) = self.free_from {
            check.at_least("free_from", from, 0);
        }
        check.done()
    }
}
