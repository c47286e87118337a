//! `pricing` and the oracle on random questions from fixed seeds.

use std::num::NonZero;

use oracle::Dice;
use oracle::compare::{against, check};
use oracle::random::{case, questions};
use oracle::shrink::shrink;
use primitives::MoneyError;

/// Runs a check for each seed on all processors; the message of the lowest seed that fails.
fn every_seed(seeds: std::ops::Range<u64>, check: impl Fn(u64) -> Result<(), String> + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let check = &check;
    let failed: Option<(u64, String)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let mut own = seeds.clone().filter(move |seed| seed % threads == thread);
                scope.spawn(move || own.find_map(|seed| Some((seed, check(seed).err()?))))
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().expect("a worker")).min()
    });
    if let Some((seed, message)) = failed {
        panic!("seed {seed}: {message}");
    }
}

#[test]
fn twenty_thousand_random_carts_cost_the_same() {
    every_seed(1..20_001, |seed| {
        check(&case(seed)).map_err(|difference| {
            let small = shrink(&difference.case, |case| check(case).is_err());
            check(&small).err().unwrap_or(difference).to_string()
        })
    });
}

#[test]
fn random_refunds_are_the_same_and_end_at_nothing() {
    every_seed(1..2_001, |seed| {
        let mut dice = Dice::new(seed);
        for line in pricing::quote(&case(seed).request()).map(|quote| quote.lines).unwrap_or_default() {
            let (quantity, mut already, mut net, mut gross) = (line.quantity.get(), 0, 0, 0);
            if quantity > 300 {
                // Spread piece by piece for each refund, thousands would take a minute.
                continue;
            }
            while already < quantity {
                let pieces = dice.count(1, quantity - already);
                let expected = oracle::refund_of(&line, already, pieces);
                let found = pricing::refund_of(&line, already, pieces);
                let text =
                    || format!("{line:#?}, {pieces} after {already}: {expected:?}, pricing: {found:?}");
                if expected != found {
                    return Err(text());
                }
                let refund = found.as_ref().map_err(|_| text())?;
                already += pieces;
                (net, gross) = (net + refund.net, gross + refund.gross);
            }
            let beyond = pricing::refund_of(&line, already, 1);
            if (net, gross) != (line.taxed.net, line.taxed.gross) || beyond != Err(MoneyError::Overflow) {
                return Err(format!("{line:#?}: {net} and {gross} given back, then {beyond:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn random_price_lists_give_the_same_price_and_reasons() {
    every_seed(1..50_001, |seed| {
        let wanted = questions::price(seed);
        let (lists, prices) = (&wanted.lists, &wanted.prices);
        let expected = oracle::choose(wanted.base, lists, prices, &wanted.question());
        let found = pricing::choose(wanted.base, lists, prices, &wanted.question());
        if expected == found {
            Ok(())
        } else {
            Err(format!("{wanted:#?}\noracle: {expected:#?}\npricing: {found:#?}"))
        }
    });
}

#[test]
fn random_places_are_in_the_same_zone() {
    every_seed(1..20_001, |seed| {
        let (zones, destination) = questions::places(seed);
        let expected = oracle::find_zone(&zones, &destination);
        let found = pricing::TaxZone::find(&zones, &destination);
        let id = |zone: Option<&pricing::TaxZone>| zone.map(|zone| zone.id);
        if id(expected) == id(found) {
            Ok(())
        } else {
            Err(format!("{destination:?}\n{zones:#?}\noracle: {:?}\npricing: {:?}", id(expected), id(found)))
        }
    });
}

#[test]
fn random_histories_have_the_same_lowest_price() {
    every_seed(1..20_001, |seed| {
        let (history, since) = questions::history(seed);
        let expected = oracle::lowest_of_30_days(&history, since);
        let found = pricing::lowest_of_30_days(&history, since);
        if expected == found { Ok(()) } else { Err(format!("{history:?}: {expected:?}, pricing: {found:?}")) }
    });
}

/// A comparison that cannot fail would prove nothing: one minor unit anywhere is seen.
#[test]
fn a_wrong_minor_unit_is_found() {
    let mut seen = 0;
    for seed in 1..200 {
        let case = case(seed);
        let wrong = against(&case, |request| {
            let mut quote = oracle::quote(request)?;
            if let Some(line) = quote.lines.last_mut() {
                line.taxed.tax += 1;
            }
            Ok(quote)
        });
        match wrong {
            Err(difference) => {
                assert!(difference.field.ends_with("taxed.tax"), "{difference}");
                seen += 1;
            }
            Ok(()) => assert!(case.lines.is_empty() || oracle::quote(&case.request()).is_err(), "{case}"),
        }
    }
    assert!(seen > 190, "only {seen} of 199 carts have lines");
}

/// The carts have to reach what is compared; a generator that never makes a gift would prove nothing about gifts.
#[test]
fn random_carts_reach_every_verdict_and_action() {
    use pricing::{Action, NoDelivery, Reason, Verdict};
    use std::collections::BTreeMap;

    let mut seen: BTreeMap<&'static str, u32> = BTreeMap::new();
    for seed in 1..4_001 {
        let case = case(seed);
        let Ok(quote) = oracle::quote(&case.request()) else {
            *seen.entry("overflow").or_default() += 1;
            continue;
        };
        let mut note = |what| *seen.entry(what).or_default() += 1;
        for outcome in &quote.promotions {
            let Verdict::Not(reason) = &outcome.verdict else {
                let promotion = case.promotions.iter().find(|promotion| promotion.id == outcome.promotion);
                note(match promotion.map(|promotion| &promotion.action) {
                    Some(Action::Percent { .. }) => "percent",
                    Some(Action::Fixed { per: pricing::Per::Piece, .. }) => "fixed per piece",
                    Some(Action::Fixed { per: pricing::Per::Order, .. }) => "fixed per order",
                    Some(Action::FixedPrice { .. }) => "fixed price",
                    Some(Action::BuyGet { .. }) => "buy and get",
                    Some(Action::CheapestFree { .. }) => "cheapest free",
                    Some(Action::OrderPercent { .. }) => "order percent",
                    Some(Action::OrderFixed { .. }) => "order fixed",
                    Some(Action::FreeGift { .. }) => "gift",
                    Some(Action::FreeShipping { .. }) => "free shipping",
                    None => "nobody's",
                });
                continue;
            };
            note(match reason {
                Reason::Missing { .. } => "missing",
                Reason::Pieces { .. } => "pieces",
                Reason::Expired { .. } => "expired",
                Reason::NotYet { .. } => "not yet",
                Reason::Off => "off",
                Reason::NeedsCode => "needs code",
                Reason::OtherCustomers => "other customers",
                Reason::NotFirstOrder => "not first order",
                Reason::OtherCountry => "other country",
                Reason::UsedUp => "used up",
                Reason::UsedUpByShopper => "used up by shopper",
                Reason::BudgetUsedUp => "budget used up",
                Reason::ExcludedBy { .. } => "excluded",
                Reason::Worse { .. } => "worse",
                Reason::NothingToTakeOff => "nothing to take off",
                Reason::NoGift => "no gift",
                Reason::OtherDelivery => "other delivery",
            });
        }
        match quote.no_delivery {
            Some(NoDelivery::Off) => note("method off"),
            Some(NoDelivery::OtherCountry(_)) => note("method goes elsewhere"),
            Some(NoDelivery::TooMuch { .. }) => note("too much to send"),
            Some(NoDelivery::NoPrice) => note("no price to send"),
            None => {}
        }
        if quote.shipping.as_ref().is_some_and(|shipping| shipping.parts.len() > 1) {
            note("shipping in parts");
        }
        if quote.taxes.len() > 1 {
            note("several taxes");
        }
        if quote.totals.relief > 0 {
            note("relief");
        }
        if !quote.unknown_codes.is_empty() {
            note("unknown codes");
        }
        if quote.lines.iter().any(|line| line.amount != line.unit * i64::from(line.quantity.get())) {
            note("converted amount");
        }
        if quote.lines.iter().any(|line| line.discounts.len() > 2) {
            note("three discounts on a line");
        }
    }
    let rare: Vec<_> = seen.iter().filter(|(_, count)| **count < 5).collect();
    assert_eq!((seen.len(), rare), (38, vec![]), "{seen:#?}");
}
