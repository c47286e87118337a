//! Price lists: which price of a variant holds for whom, where, when and from how many pieces on.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use primitives::{
    Country, Currency, CustomerGroupId, FieldError, PriceListId, Quantity, Timestamp, VariantId,
};
use serde::{Deserialize, Serialize};

use crate::check::{Check, moment};

/// A list of prices for some customers, countries or days. It holds in `from <= at < until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    /// Its id.
    pub id: PriceListId,
    /// What the merchant calls it.
    pub name: String,
    /// The currency of its prices; carts in other currencies never see them.
    pub currency: Currency,
    /// Whether its prices include tax.
    pub includes_tax: bool,
    /// Only for members of one of these groups; `None`: for everybody.
    #[serde(default)]
    pub groups: Option<BTreeSet<CustomerGroupId>>,
    /// Only for these countries of destination; `None`: for all.
    #[serde(default)]
    pub countries: Option<BTreeSet<Country>>,
    /// Its first moment; `None`: since ever.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The first moment after it; `None`: for ever.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The higher one wins.
    pub priority: i32,
    /// Whether it is switched on.
    pub active: bool,
}

/// A price of one variant in one list, from some number of pieces on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    /// The variant.
    pub variant: VariantId,
    /// The list.
    pub list: PriceListId,
    /// From so many pieces on, at least 1.
    pub min_quantity: u32,
    /// Price of one piece in minor units of the list's currency.
    pub price: i64,
    /// The price it is compared with, crossed out in the shop; shown only if it is greater than `price`.
    #[serde(default)]
    pub compare_at: Option<i64>,
}

/// The price of a variant that holds where no list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasePrice {
    /// Price of one piece in minor units of the cart's currency.
    pub price: i64,
    /// The price it is compared with.
    pub compare_at: Option<i64>,
    /// Whether both include tax.
    pub includes_tax: bool,
}

/// Which price is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceQuestion<'a> {
    /// Of what.
    pub variant: VariantId,
    /// For how many pieces.
    pub quantity: Quantity,
    /// In which currency.
    pub currency: Currency,
    /// Where it goes.
    pub country: Country,
    /// The groups the shopper is in.
    pub groups: &'a BTreeSet<CustomerGroupId>,
    /// When.
    pub at: Timestamp,
}

/// The price that holds, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Price of one piece in minor units of the cart's currency.
    pub price: i64,
    /// The price to show crossed out; only if it is greater than `price`.
    pub compare_at: Option<i64>,
    /// Whether both include tax.
    pub includes_tax: bool,
    /// Where the price comes from.
    pub source: PriceSource,
    /// Every list that was given, in the order given, and what became of it.
    pub considered: Vec<Considered>,
}

/// Where a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceSource {
    /// The variant itself.
    Base,
    /// A tier of a price list.
    List {
        /// The list.
        list: PriceListId,
        /// The tier: from so many pieces on.
        min_quantity: u32,
    },
}

/// What became of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// The list.
    pub list: PriceListId,
    /// Why or why not.
    pub outcome: ListOutcome,
}

/// Why a list was chosen or not. Reasons are looked for in the order in which they stand here, from `Off` to `From`;
/// the three that compare name the chosen list.
/// `Display` says it in plain English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListOutcome {
    /// "switched off"
    Off,
    /// "for prices in USD"
    OtherCurrency(Currency),
    /// "for other countries"
    OtherCountry,
    /// "for other customers"
    OtherGroup,
    /// "starts at 2026-08-01 00:00 UTC"
    NotYet(Timestamp),
    /// "ended at 2026-08-01 00:00 UTC"
    Over(Timestamp),
    /// "no price for this variant"
    NoPrice,
    /// "from 10 pieces on": the smallest number that has a price.
    From(u32),
    /// "lower priority than Summer"
    LowerPriority {
        /// Name of the chosen list.
        than: String,
    },
    /// "same priority as Summer, which began later"
    BeganEarlier {
        /// Name of the chosen list.
        than: String,
    },
    /// "same priority and beginning as Summer, which was made first"
    MadeLater {
        /// Name of the chosen list.
        than: String,
    },
    /// "chosen"
    Chosen,
}

/// Finds the price of a variant.
///
/// A list fits when it is switched on, has the currency, the country and one of the groups, holds at the moment, and
/// has a price for the variant from at most `quantity` pieces on. Of those that fit the one with the highest priority
/// wins, then the one with the latest `from` (none is the earliest), then the one with the lowest id. Its tier with the
/// greatest `min_quantity` that is not above `quantity` has the price (of two alike the first). If no list fits the
/// base price holds; `None` if there is none either.
///
/// `prices` may hold other variants and lists; prices of lists that are not in `lists` are left out.
pub fn choose(
    base: Option<BasePrice>,
    lists: &[PriceList],
    prices: &[ListPrice],
    question: &PriceQuestion<'_>,
) -> Option<Chosen> {
    let fits: Vec<Result<&ListPrice, ListOutcome>> =
        lists.iter().map(|list| list.tier(prices, question)).collect();
    let rank = |list: &PriceList| (list.priority, list.from, Reverse(list.id));
    let winner = lists.iter().zip(&fits).filter_map(|(list, fit)| Some((list, fit.as_ref().ok()?)));
    let winner = winner.max_by_key(|(list, _)| rank(list)).map(|(list, tier)| (list, *tier));
    let considered = lists.iter().zip(fits).map(|(list, fit)| Considered {
        list: list.id,
        outcome: match (fit, winner) {
            (Err(outcome), _) => outcome,
            (Ok(_), Some((winner, _))) => list.beside(winner),
            (Ok(_), None) => ListOutcome::Chosen,
        },
    });
    let considered = considered.collect();
    let (price, compare_at, includes_tax, source) = match winner {
        Some((list, tier)) => {
            let source = PriceSource::List { list: list.id, min_quantity: tier.min_quantity };
            (tier.price, tier.compare_at, list.includes_tax, source)
        }
        None => {
            let base = base?;
            (base.price, base.compare_at, base.includes_tax, PriceSource::Base)
        }
    };
    let compare_at = compare_at.filter(|compared| *compared > price);
    Some(Chosen { price, compare_at, includes_tax, source, considered })
}

/// The price that a reduction has to be compared with: the lowest that applied in the 30 days before it began
/// (Directive 98/6/EC, article 6a).
///
/// `history` holds the moments at which the price changed and what it became, in any order; each price applies until
/// the next change. The window is `since − 30 × 24 h <= t < since`, and a price counts if it applied at any time in it:
/// the one that applied when the window began does, one that was replaced at the moment at which it was set does not
/// (of several changes at one moment the last given holds). `None` when no price applied.
pub fn lowest_of_30_days(history: &[(Timestamp, i64)], now_price_since: Timestamp) -> Option<i64> {
    const WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    let begin = now_price_since - WINDOW;
    let mut history = history.to_vec();
    history.sort_by_key(|(at, _)| *at);
    let ends = history.iter().skip(1).map(|(at, _)| *at).chain(std::iter::once(now_price_since));
    let applied =
        history.iter().zip(ends).filter(|((from, _), end)| (*from).max(begin) < (*end).min(now_price_since));
    applied.map(|((_, price), _)| *price).min()
}

impl PriceList {
    /// The tier that holds, or why the list does not.
    fn tier<'a>(
        &self,
        prices: &'a [ListPrice],
        question: &PriceQuestion<'_>,
    ) -> Result<&'a ListPrice, ListOutcome> {
        if !self.active {
            return Err(ListOutcome::Off);
        }
        if self.currency != question.currency {
            return Err(ListOutcome::OtherCurrency(self.currency));
        }
        if self.countries.as_ref().is_some_and(|countries| !countries.contains(&question.country)) {
            return Err(ListOutcome::OtherCountry);
        }
        if self.groups.as_ref().is_some_and(|groups| groups.is_disjoint(question.groups)) {
            return Err(ListOutcome::OtherGroup);
        }
        if let Some(from) = self.from
            && question.at < from
        {
            return Err(ListOutcome::NotYet(from));
        }
        if let Some(until) = self.until
            && until <= question.at
        {
            return Err(ListOutcome::Over(until));
        }
        let mut holds: Option<&ListPrice> = None;
        let mut first: Option<u32> = None;
        for price in prices.iter().filter(|one| one.list == self.id && one.variant == question.variant) {
            first = Some(first.map_or(price.min_quantity, |first| first.min(price.min_quantity)));
            if price.min_quantity <= question.quantity.get()
                && holds.is_none_or(|best| best.min_quantity < price.min_quantity)
            {
                holds = Some(price);
            }
        }
        holds.ok_or(first.map_or(ListOutcome::NoPrice, ListOutcome::From))
    }

    /// What became of a list that fits, beside the one that was chosen.
    fn beside(&self, winner: &PriceList) -> ListOutcome {
        let than = || winner.name.clone();
        if self.id == winner.id {
            ListOutcome::Chosen
        } else if self.priority < winner.priority {
            ListOutcome::LowerPriority { than: than() }
        } else if self.from < winner.from {
            ListOutcome::BeganEarlier { than: than() }
        } else {
            ListOutcome::MadeLater { than: than() }
        }
    }

    /// Everything that is wrong with it, by field; empty when it may be stored.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut check = Check::default();
        check.text("name", &self.name, 100);
        if self.groups.as_ref().is_some_and(BTreeSet::is_empty) {
            check.wrong("groups", "is empty, so it would hold for nobody");
        }
        if self.countries.as_ref().is_some_and(BTreeSet::is_empty) {
            check.wrong("countries", "is empty, so it would hold nowhere");
        }
        check.dates("", self.from, self.until);
        check.done()
    }
}

impl ListPrice {
    /// Everything that is wrong with prices that are stored together, by index and field (`2.price`); empty when they
    /// may be stored.
    pub fn errors(prices: &[ListPrice]) -> Vec<FieldError> {
        let mut check = Check::default();
        let mut seen = BTreeSet::new();
        for (index, price) in prices.iter().enumerate() {
            if !(1..=Quantity::MAX).contains(&price.min_quantity) {
                check.wrong(format!("{index}.min_quantity"), "is not between 1 and 10000");
            }
            check.at_least(format!("{index}.price"), price.price, 0);
            if let Some(compared) = price.compare_at {
                check.at_least(format!("{index}.compare_at"), compared, 0);
            }
            if !seen.insert((price.list, price.variant, price.min_quantity)) {
                check.wrong(format!("{index}.min_quantity"), "has a price already");
            }
        }
        check.done()
    }
}

impl fmt::Display for ListOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListOutcome::Off => f.write_str("switched off"),
            ListOutcome::OtherCurrency(currency) => write!(f, "for prices in {currency}"),
            ListOutcome::OtherCountry => f.write_str("for other countries"),
            ListOutcome::OtherGroup => f.write_str("for other customers"),
            ListOutcome::NotYet(from) => write!(f, "starts at {}", moment(*from)),
            ListOutcome::Over(until) => write!(f, "ended at {}", moment(*until)),
            ListOutcome::NoPrice => f.write_str("no price for this variant"),
            ListOutcome::From(1) => f.write_str("from 1 piece on"),
            ListOutcome::From(pieces) => write!(f, "from {pieces} pieces on"),
            ListOutcome::LowerPriority { than } => write!(f, "lower priority than {than}"),
            ListOutcome::BeganEarlier { than } => write!(f, "same priority as {than}, which began later"),
            ListOutcome::MadeLater { than } => {
                write!(f, "same priority and beginning as {than}, which was made first")
            }
            ListOutcome::Chosen => f.write_str("chosen"),
        }
    }
}
