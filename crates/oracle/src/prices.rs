//! Tax rates, tax zones and price lists, by looking at all of them.

use std::cmp::Ordering;
use std::time::Duration;

use pricing::{
    BasePrice, Chosen, Considered, Destination, ListOutcome, ListPrice, Place, PriceList, PriceQuestion,
    PriceSource, TaxCategory, TaxRate, TaxZone,
};
use primitives::{Rate, Timestamp};

/// Rate and name of the tax on a category; zero and no name where there is none.
pub fn rate_of<'a>(zone: Option<&'a TaxZone>, category: &TaxCategory, at: Timestamp) -> (Rate, &'a str) {
    let Some(zone) = zone else { return (Rate::ZERO, "") };
    if category.as_str() == "none" {
        return (Rate::ZERO, "");
    }
    for wanted in [category.as_str(), "standard"] {
        let mut found: Option<&TaxRate> = None;
        for rate in zone.rates.iter().filter(|rate| rate.category.as_str() == wanted) {
            // `None < Some`, as no beginning is the earliest; the later in the list replaces its equal.
            if holds(rate.from, rate.until, at) && found.is_none_or(|before| before.from <= rate.from) {
                found = Some(rate);
            }
        }
        if let Some(rate) = found {
            return (rate.rate.max(Rate::ZERO), &rate.name);
        }
    }
    (Rate::ZERO, "")
}

fn holds(from: Option<Timestamp>, until: Option<Timestamp>, at: Timestamp) -> bool {
    from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
}

/// The zone of a destination, as [`TaxZone::find`] finds it.
#[must_use]
pub fn find_zone<'a>(zones: &'a [TaxZone], destination: &Destination) -> Option<&'a TaxZone> {
    let mut found: Option<(&TaxZone, (usize, bool))> = None;
    for zone in zones {
        for place in &zone.places {
            if let Some(fit) = fit(place, destination)
                && found.is_none_or(|(_, before)| before < fit)
            {
                found = Some((zone, fit));
            }
        }
    }
    found.map(|(zone, _)| zone)
}

/// Letters of the postal prefix, and whether a region was asked for.
fn fit(place: &Place, destination: &Destination) -> Option<(usize, bool)> {
    let text = |text: &Option<String>| text.as_deref().unwrap_or("").trim().to_lowercase();
    let letters = |text: &Option<String>| -> Vec<char> {
        text.as_deref().unwrap_or("").to_uppercase().chars().filter(|one| one.is_alphanumeric()).collect()
    };
    let (region, postal) = (text(&place.region), letters(&place.postal));
    let fits = place.country == destination.country
        && (region.is_empty() || region == text(&destination.region))
        && letters(&destination.postal_code).starts_with(&postal);
    fits.then_some((postal.len(), !region.is_empty()))
}

/// The price that holds, as [`pricing::choose`] finds it.
#[must_use]
pub fn choose(
    base: Option<BasePrice>,
    lists: &[PriceList],
    prices: &[ListPrice],
    question: &PriceQuestion<'_>,
) -> Option<Chosen> {
    let misfits: Vec<Option<ListOutcome>> = lists.iter().map(|list| misfit(list, prices, question)).collect();
    let fitting = || lists.iter().zip(&misfits).filter(|(_, misfit)| misfit.is_none()).map(|(list, _)| list);
    // The one that no other goes before.
    let chosen =
        fitting().find(|list| fitting().all(|other| other.id == list.id || before(list, other).0.is_lt()));
    let considered = lists
        .iter()
        .zip(&misfits)
        .map(|(list, misfit)| {
            let outcome = match (misfit, chosen) {
                (Some(misfit), _) => misfit.clone(),
                (None, Some(chosen)) if chosen.id != list.id => before(chosen, list).1,
                (None, _) => ListOutcome::Chosen,
            };
            Considered { list: list.id, outcome }
        })
        .collect();
    let (price, compare_at, includes_tax, source) = match (chosen, base) {
        (Some(list), _) => {
            let mut tier: Option<&ListPrice> = None;
            for price in of_list(list, prices, question) {
                if price.min_quantity <= question.quantity.get()
                    && tier.is_none_or(|tier| tier.min_quantity < price.min_quantity)
                {
                    tier = Some(price);
                }
            }
            let tier = tier?;
            let source = PriceSource::List { list: list.id, min_quantity: tier.min_quantity };
            (tier.price, tier.compare_at, list.includes_tax, source)
        }
        (None, Some(base)) => (base.price, base.compare_at, base.includes_tax, PriceSource::Base),
        (None, None) => return None,
    };
    let compare_at = compare_at.filter(|compared| price < *compared);
    Some(Chosen { price, compare_at, includes_tax, source, considered })
}

fn of_list<'a>(
    list: &'a PriceList,
    prices: &'a [ListPrice],
    question: &'a PriceQuestion<'_>,
) -> impl Iterator<Item = &'a ListPrice> {
    prices.iter().filter(move |price| price.list == list.id && price.variant == question.variant)
}

/// Why a list does not fit.
fn misfit(list: &PriceList, prices: &[ListPrice], question: &PriceQuestion<'_>) -> Option<ListOutcome> {
    let at = question.at;
    if !list.active {
        return Some(ListOutcome::Off);
    }
    if list.currency != question.currency {
        return Some(ListOutcome::OtherCurrency(list.currency));
    }
    if list.countries.as_ref().is_some_and(|countries| !countries.contains(&question.country)) {
        return Some(ListOutcome::OtherCountry);
    }
    if list.groups.as_ref().is_some_and(|groups| groups.is_disjoint(question.groups)) {
        return Some(ListOutcome::OtherGroup);
    }
    if let Some(from) = list.from.filter(|from| at < *from) {
        return Some(ListOutcome::NotYet(from));
    }
    if let Some(until) = list.until.filter(|until| *until <= at) {
        return Some(ListOutcome::Over(until));
    }
    match of_list(list, prices, question).map(|price| price.min_quantity).min() {
        None => Some(ListOutcome::NoPrice),
        Some(least) if question.quantity.get() < least => Some(ListOutcome::From(least)),
        Some(_) => None,
    }
}

/// Whether a list goes before another, and what the other says if it does.
fn before(list: &PriceList, other: &PriceList) -> (Ordering, ListOutcome) {
    let than = list.name.clone();
    if list.priority != other.priority {
        return (other.priority.cmp(&list.priority), ListOutcome::LowerPriority { than });
    }
    if list.from != other.from {
        return (other.from.cmp(&list.from), ListOutcome::BeganEarlier { than });
    }
    (list.id.cmp(&other.id), ListOutcome::MadeLater { than })
}

/// The price that a reduction is compared with, as [`pricing::lowest_of_30_days`] finds it.
#[must_use]
pub fn lowest_of_30_days(history: &[(Timestamp, i64)], since: Timestamp) -> Option<i64> {
    let begin = since - Duration::from_secs(30 * 24 * 60 * 60);
    let mut changes = history.to_vec();
    // Stable: of several changes at one moment the last given stays last.
    changes.sort_by_key(|(at, _)| *at);
    let mut lowest: Option<i64> = None;
    for (index, (from, price)) in changes.iter().enumerate() {
        let until = changes.get(index + 1).map_or(since, |(next, _)| *next);
        let (from, until) = ((*from).max(begin), until.min(since));
        if from < until {
            lowest = Some(lowest.map_or(*price, |lowest| lowest.min(*price)));
        }
    }
    lowest
}
