//! Price lists: which price holds, and what is said of the others; the lowest price of 30 days.

use std::collections::BTreeSet;
use std::time::Duration;

use pricing::{
    BasePrice, Chosen, ListOutcome, ListPrice, PriceList, PriceQuestion, PriceSource, choose,
    lowest_of_30_days,
};
use primitives::{Currency, CustomerGroupId, Timestamp};

use crate::world::*;

fn list(number: u32) -> PriceList {
    PriceList {
        id: list_id(number),
        name: format!("list {number}"),
        currency: Currency::EUR,
        includes_tax: true,
        groups: None,
        countries: None,
        from: None,
        until: None,
        priority: 0,
        active: true,
    }
}

fn price(list: u32, min_quantity: u32, price: i64) -> ListPrice {
    ListPrice { variant: variant(1), list: list_id(list), min_quantity, price, compare_at: None }
}

const BASE: BasePrice = BasePrice { price: 1000, compare_at: None, includes_tax: false };

fn ask(lists: &[PriceList], prices: &[ListPrice], quantity: u32) -> Chosen {
    ask_in(lists, prices, quantity, &set([group(1), group(2)])).unwrap()
}

fn ask_in(
    lists: &[PriceList],
    prices: &[ListPrice],
    quantity: u32,
    groups: &BTreeSet<CustomerGroupId>,
) -> Option<Chosen> {
    let question = PriceQuestion {
        variant: variant(1),
        quantity: pieces(quantity),
        currency: Currency::EUR,
        country: country("BE"),
        groups,
        at: AT,
    };
    choose(Some(BASE), lists, prices, &question)
}

fn words(chosen: &Chosen) -> Vec<String> {
    chosen.considered.iter().map(|considered| considered.outcome.to_string()).collect()
}

#[test]
fn without_lists_the_base_price_holds() {
    let chosen = ask(&[], &[price(1, 1, 5)], 1);
    assert_eq!((chosen.price, chosen.source, chosen.includes_tax), (1000, PriceSource::Base, false));
    let question = PriceQuestion {
        variant: variant(1),
        quantity: pieces(1),
        currency: Currency::EUR,
        country: country("BE"),
        groups: &set([]),
        at: AT,
    };
    assert_eq!(choose(None, &[list(1)], &[], &question), None);
}

#[test]
fn the_greatest_tier_that_is_reached_holds() {
    let prices = [price(1, 10, 800), price(1, 1, 900), price(1, 50, 700), price(1, 10, 1)];
    let tier = |quantity| {
        let chosen = ask(&[list(1)], &prices, quantity);
        assert!(chosen.includes_tax);
        (chosen.price, chosen.source)
    };
    let source = |min_quantity| PriceSource::List { list: list_id(1), min_quantity };
    assert_eq!(tier(1), (900, source(1)));
    assert_eq!(tier(9), (900, source(1)));
    assert_eq!(tier(10), (800, source(10)));
    assert_eq!(tier(10_000), (700, source(50)));
}

#[test]
fn every_list_says_why_or_why_not() {
    let hour = Duration::from_hours(1);
    let lists = [
        PriceList { active: false, currency: Currency::USD, ..list(1) },
        PriceList { currency: Currency::USD, ..list(2) },
        PriceList { countries: Some(set([country("DE")])), ..list(3) },
        PriceList { groups: Some(set([group(3)])), ..list(4) },
        PriceList { from: Some(AT + hour), until: Some(AT), ..list(5) },
        PriceList { until: Some(AT), ..list(6) },
        list(7),
        PriceList { priority: 9, ..list(8) },
        PriceList { priority: 2, ..list(9) },
        PriceList { priority: 3, from: Some(AT - hour), groups: Some(set([group(2)])), ..list(10) },
        PriceList { priority: 3, from: Some(AT), until: Some(AT + hour), ..list(12) },
        PriceList { priority: 3, from: Some(AT), countries: Some(set([country("BE")])), ..list(11) },
        PriceList { priority: 3, ..list(13) },
        list(14),
    ];
    let mut prices: Vec<_> = (1..=6).chain(9..=13).map(|number| price(number, 1, 500)).collect();
    prices.extend([price(8, 30, 1), price(8, 10, 1), price(14, 1, 1)]);
    prices.push(ListPrice { variant: variant(2), ..price(7, 1, 1) });
    let chosen = ask(&lists, &prices, 9);
    let source = PriceSource::List { list: list_id(11), min_quantity: 1 };
    assert_eq!((chosen.price, chosen.source), (500, source));
    assert_eq!(
        words(&chosen),
        [
            "switched off",
            "for prices in USD",
            "for other countries",
            "for other customers",
            "starts at 2026-07-31 10:30 UTC",
            "ended at 2026-07-31 09:30 UTC",
            "no price for this variant",
            "from 10 pieces on",
            "lower priority than list 11",
            "same priority as list 11, which began later",
            "same priority and beginning as list 11, which was made first",
            "chosen",
            "same priority as list 11, which began later",
            "lower priority than list 11",
        ]
    );
    let ids: Vec<_> = chosen.considered.iter().map(|considered| considered.list).collect();
    assert_eq!(ids, lists.map(|list| list.id));
    assert_eq!(chosen.considered[7].outcome, ListOutcome::From(10));
    assert_eq!(ListOutcome::From(1).to_string(), "from 1 piece on");
}

#[test]
fn lists_that_all_fail_leave_the_base_price_and_their_reasons() {
    let groups = PriceList { groups: Some(set([group(1)])), ..list(1) };
    let chosen = ask_in(&[groups], &[price(1, 1, 500)], 1, &set([])).unwrap();
    assert_eq!((chosen.price, words(&chosen)), (1000, vec!["for other customers".to_owned()]));
}

#[test]
fn only_a_greater_price_is_compared_with() {
    let compared = |compare_at| {
        let prices = [ListPrice { compare_at, ..price(1, 1, 500) }];
        ask(&[list(1)], &prices, 1).compare_at
    };
    assert_eq!([None, Some(499), Some(500), Some(501)].map(compared), [None, None, None, Some(501)]);
    let question = PriceQuestion {
        variant: variant(1),
        quantity: pieces(1),
        currency: Currency::EUR,
        country: country("BE"),
        groups: &set([]),
        at: AT,
    };
    let base = BasePrice { compare_at: Some(1200), ..BASE };
    assert_eq!(choose(Some(base), &[], &[], &question).unwrap().compare_at, Some(1200));
}

#[test]
fn the_lowest_price_of_thirty_days_is_found() {
    let day = |day: i64| Timestamp::from_millis(day * 24 * 60 * 60 * 1000);
    let lowest = |history: &[(i64, i64)], since| {
        let history: Vec<_> = history.iter().map(|(at, price)| (day(*at), *price)).collect();
        lowest_of_30_days(&history, day(since))
    };
    // Nothing applied before.
    assert_eq!(lowest(&[], 100), None);
    assert_eq!(lowest(&[(100, 5), (120, 1)], 100), None);
    // The price that held when the window began counts, however old; the reduction itself does not.
    assert_eq!(lowest(&[(1, 900), (100, 500)], 100), Some(900));
    assert_eq!(lowest(&[(1, 900), (80, 1000), (100, 500)], 100), Some(900));
    // Replaced at the first moment of the window: it did not apply in it.
    assert_eq!(lowest(&[(1, 900), (70, 1000), (100, 500)], 100), Some(1000));
    assert_eq!(lowest(&[(1, 900), (71, 1000), (100, 500)], 100), Some(900));
    // A sale in between counts, in any order of the history.
    assert_eq!(lowest(&[(90, 1000), (1, 900), (100, 500), (85, 700)], 100), Some(700));
    // What was replaced at once did not apply; later prices do not count.
    assert_eq!(lowest(&[(1, 900), (90, 10), (90, 950), (110, 1)], 100), Some(900));
    let ends = [(Timestamp::from_millis(i64::MIN), 7)];
    assert_eq!(lowest_of_30_days(&ends, Timestamp::from_millis(i64::MAX)), Some(7));
}
