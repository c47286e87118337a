//! Tax zones: which places share their taxes, and what rate holds there for which goods.

use std::borrow::Cow;
use std::fmt;

use primitives::tax::TaxedLine;
use primitives::{Country, FieldError, Rate, TaxZoneId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::check::Check;
use crate::request::Destination;

/// A kind of goods or service for the tax office, a short key of the merchant: `standard`, `books`, `food`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxCategory(Cow<'static, str>);

/// The text is no tax category.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a tax category: 1 to 40 of a-z, 0-9, - and _")]
pub struct TaxCategoryError(pub String);

impl TaxCategory {
    /// What goods are in unless said otherwise, and what a zone falls back to.
    pub const STANDARD: TaxCategory = TaxCategory(Cow::Borrowed("standard"));
    /// Never taxed, in no zone.
    pub const NONE: TaxCategory = TaxCategory(Cow::Borrowed("none"));

    /// Reads 1 to 40 of `a-z`, `0-9`, `-` and `_`; trims and lower-cases.
    ///
    /// # Errors
    /// When anything else is in it.
    pub fn parse(text: &str) -> Result<TaxCategory, TaxCategoryError> {
        let key = text.trim().to_ascii_lowercase();
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if (1..=40).contains(&key.len()) && key.bytes().all(allowed) {
            Ok(TaxCategory(Cow::Owned(key)))
        } else {
            Err(TaxCategoryError(text.trim().chars().take(60).collect()))
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for TaxCategory {
    /// [`TaxCategory::STANDARD`].
    fn default() -> TaxCategory {
        TaxCategory::STANDARD
    }
}

impl fmt::Display for TaxCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for TaxCategory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TaxCategory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TaxCategory, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        TaxCategory::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Places that share their taxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxZone {
    /// Its id.
    pub id: TaxZoneId,
    /// What the merchant calls it.
    pub name: String,
    /// Where it is; a destination is in the zone if it is in any of them.
    pub places: Vec<Place>,
    /// Its rates, for goods and days.
    pub rates: Vec<TaxRate>,
    /// How shipping is taxed here.
    pub shipping: ShippingTax,
}

/// A country or a part of one. Everything that is given has to match; what is stored holds no field of another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The country.
    pub country: Country,
    /// Only this region of it: the same text as the destination's, trimmed and without regard to case. Blank text
    /// counts as none.
    #[serde(default)]
    pub region: Option<String>,
    /// Only where the postal code begins with this. Both are compared as letters and digits alone, without regard to
    /// case: `SW1` is the beginning of `sw1a 1aa`. Text without any letter or digit counts as none.
    #[serde(default)]
    pub postal: Option<String>,
}

/// A rate of a category of goods. It holds in `from <= at < until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    /// For which goods.
    pub category: TaxCategory,
    /// What the tax is called on the invoice: `VAT`.
    pub name: String,
    /// How much; below zero counts as zero.
    pub rate: Rate,
    /// Its first moment; `None`: since ever.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The first moment after it; `None`: for ever.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// How a zone taxes shipping. A category named by the shipping method goes before this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShippingTax {
    /// At the rate of a category: one part.
    Category(TaxCategory),
    /// At the rates of the goods. The shipping amount is spread by largest remainder over the distinct rates of the
    /// lines that require shipping, gifts included, highest rate first, with what is left of the lines of each rate as
    /// its weight (all zero: evenly). Each part is taxed and rounded on its own. Rates of equal height are one part,
    /// under the name of the first line that has it. (Where no line requires shipping, none is charged.)
    Weighted,
    /// Not at all: one part at [`Rate::ZERO`] without a name.
    Untaxed,
}

/// A part of the shipping amount, taxed at one rate and rounded on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippingPart {
    /// The rate; zero when the shopper is exempt.
    pub rate: Rate,
    /// What the tax is called; empty when there is none or the shopper is exempt.
    pub name: String,
    /// What it costs.
    pub taxed: TaxedLine,
}

impl TaxZone {
    /// The zone of a destination: the one with the most specific place that matches. The longest postal prefix (in
    /// letters and digits) goes before any shorter one, any postal prefix before a region, a region before a whole
    /// country; of two places alike in this, the one with a region too wins, then the zone that stands first.
    pub fn find<'a>(zones: &'a [TaxZone], destination: &Destination) -> Option<&'a TaxZone> {
        let mut best: Option<((usize, bool), &TaxZone)> = None;
        for zone in zones {
            let fit = zone.places.iter().filter_map(|place| place.fit(destination)).max();
            if let Some(fit) = fit
                && best.is_none_or(|(best, _)| best < fit)
            {
                best = Some((fit, zone));
            }
        }
        best.map(|(_, zone)| zone)
    }

    /// The rate and the name of the tax on a category at a moment.
    ///
    /// Of the rates of the category that hold, the one with the latest `from` (none is the earliest), then the one that
    /// stands last. A category without a rate that holds falls back to `standard`; without that either it is
    /// [`Rate::ZERO`] without a name. `none` is always zero.
    pub fn rate(&self, category: &TaxCategory, at: Timestamp) -> (Rate, &str) {
        if *category == TaxCategory::NONE {
            return (Rate::ZERO, "");
        }
        let holding = |wanted: &TaxCategory| {
            self.rates
                .iter()
                .filter(|rate| rate.category == *wanted && holds(rate.from, rate.until, at))
                .max_by_key(|rate| rate.from)
        };
        match holding(category).or_else(|| holding(&TaxCategory::STANDARD)) {
            Some(rate) => (rate.rate.max(Rate::ZERO), &rate.name),
            None => (Rate::ZERO, ""),
        }
    }

    /// Everything that is wrong with it, by field; empty when it may be stored.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut check = Check::default();
        check.text("name", &self.name, 100);
        check.at_most("places", self.places.len(), 2000);
        for (index, place) in self.places.iter().enumerate() {
            if place.region.as_deref().is_some_and(|region| region.trim().is_empty()) {
                check.wrong(format!("places.{index}.region"), "is empty");
            }
            if let Some(region) = &place.region {
                check.length(format!("places.{index}.region"), region, 100);
            }
            if let Some(postal) = &place.postal {
                let letters = letters(postal).count();
                if !(1..=20).contains(&letters) {
                    check.wrong(format!("places.{index}.postal"), "needs 1 to 20 letters or digits");
                }
            }
            if self.places[..index].contains(place) {
                check.wrong(format!("places.{index}"), "is there twice");
            }
        }
        check.at_most("rates", self.rates.len(), 200);
        for (index, rate) in self.rates.iter().enumerate() {
            if rate.category == TaxCategory::NONE {
                check.wrong(format!("rates.{index}.category"), "is never taxed");
            }
            check.text(format!("rates.{index}.name"), &rate.name, 60);
            if !(0..=10 * Rate::ONE).contains(&rate.rate.ppm()) {
                check.wrong(format!("rates.{index}.rate"), "is not between 0 and 1000 %");
            }
            check.dates(&format!("rates.{index}."), rate.from, rate.until);
        }
        check.done()
    }
}

/// Whether something that runs in `from <= at < until` runs at a moment.
pub(crate) fn holds(from: Option<Timestamp>, until: Option<Timestamp>, at: Timestamp) -> bool {
    from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
}

impl Place {
    /// How specifically a destination matches: letters of the postal prefix, then whether a region was asked for.
    fn fit(&self, destination: &Destination) -> Option<(usize, bool)> {
        if self.country != destination.country {
            return None;
        }
        let region = self.region.as_deref().map(str::trim).filter(|region| !region.is_empty());
        if let Some(region) = region {
            let there = destination.region.as_deref().map_or("", str::trim);
            if there.to_lowercase() != region.to_lowercase() {
                return None;
            }
        }
        let mut there = letters(destination.postal_code.as_deref().unwrap_or_default());
        let mut length = 0;
        for letter in letters(self.postal.as_deref().unwrap_or_default()) {
            if there.next() != Some(letter) {
                return None;
            }
            length += 1;
        }
        Some((length, region.is_some()))
    }
}

/// The letters and digits of a postal code, in capitals.
fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_uppercase)
}
