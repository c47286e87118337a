//! What is said about discounts and about promotions that do not apply.

use pricing::{Action, Per, Quote, Reason};
use primitives::{Currency, Money, Rate, Timestamp};

use crate::world::*;

fn words(quote: &Quote) -> Vec<String> {
    let lines = quote.lines.iter().flat_map(|line| &line.discounts);
    let all = lines.chain(quote.shipping.iter().flat_map(|shipping| &shipping.discounts));
    all.map(pricing::Discount::words).collect()
}

#[test]
fn every_discount_says_how_it_came_about() {
    let said = |action| {
        let world = World::ex().line(800, 3).line(1000, 1).shipping(500).gift(100);
        words(&world.promotion("SUMMER", action).quote())
    };
    assert_eq!(said(percent(10)), ["SUMMER: 10 % off 24.00", "SUMMER: 10 % off 10.00"]);
    let of = || everything();
    let odd = Action::Percent { of: only(&[1]), off: Rate::parse_percent("12.5").unwrap() };
    assert_eq!(said(odd), ["SUMMER: 12.5 % off 24.00"]);
    assert_eq!(
        said(Action::Fixed { of: of(), off: 200, per: Per::Piece }),
        ["SUMMER: 2.00 off each of 3 pieces", "SUMMER: 2.00 off 1 piece"]
    );
    let share = "SUMMER: its share of 3.40 off 34.00";
    assert_eq!(said(Action::Fixed { of: of(), off: 340, per: Per::Order }), [share, share]);
    assert_eq!(said(order_fixed(340)), [share, share]);
    // Capped at what there is.
    let all = "SUMMER: its share of 34.00 off 34.00";
    assert_eq!(said(order_fixed(99_999)), [all, all]);
    let share = "SUMMER: its share of 10 % off 34.00";
    assert_eq!(said(order_percent(10)), [share, share]);
    assert_eq!(
        said(Action::FixedPrice { of: of(), price: 500 }),
        ["SUMMER: 3 pieces for 5.00 each instead of 24.00", "SUMMER: 1 piece for 5.00 instead of 10.00"]
    );
    let deal = |off, get| Action::BuyGet {
        buy: 1,
        buy_of: of(),
        get,
        get_of: of(),
        off: Rate::percent(off),
        most: None,
    };
    assert_eq!(said(deal(100, 1)), ["SUMMER: 2 of 3 pieces free, worth 16.00"]);
    assert_eq!(said(deal(50, 2)), ["SUMMER: 50 % off 2 of 3 pieces, worth 16.00"]);
    let cheapest = Action::CheapestFree { of: only(&[2]), of_each: 2, most: None };
    assert_eq!(said(cheapest), Vec::<String>::new());
    let get_two = Action::BuyGet {
        buy: 3,
        buy_of: only(&[1]),
        get: 1,
        get_of: only(&[2]),
        off: Rate::percent(100),
        most: None,
    };
    assert_eq!(said(get_two), ["SUMMER: 1 of 1 piece free, worth 10.00"]);
    assert_eq!(said(free_gift(2)), ["SUMMER: free gift"]);
    assert_eq!(said(free_shipping()), ["SUMMER: free shipping instead of 5.00"]);
    let part = Action::FreeShipping { methods: None, most: Some(300) };
    assert_eq!(said(part), ["SUMMER: 3.00 off shipping of 5.00"]);
}

#[test]
fn discounts_are_said_on_what_was_left_and_in_the_currency() {
    let mut world = World::untaxed().line(1000, 3).promotion("A", percent(50)).promotion("B", percent(10));
    assert_eq!(words(&world.quote()), ["A: 50 % off 30.00", "B: 10 % off 15.00"]);
    world.currency = Currency::JPY;
    assert_eq!(words(&world.quote()), ["A: 50 % off 3000", "B: 10 % off 1500"]);
    world.currency = Currency::KWD;
    assert_eq!(words(&world.quote()), ["A: 50 % off 3.000", "B: 10 % off 1.500"]);
}

#[test]
fn every_reason_has_its_sentence() {
    let at = Timestamp::parse("2026-08-01T09:30:15Z").unwrap();
    let name = || "SUMMER".to_owned();
    let reasons = [
        (Reason::Missing { amount: Money::new(240, Currency::EUR) }, "2.40 EUR more"),
        (Reason::Missing { amount: Money::new(240, Currency::JPY) }, "240 JPY more"),
        (Reason::Pieces { missing: 1 }, "1 more piece"),
        (Reason::Pieces { missing: 2 }, "2 more pieces"),
        (Reason::Expired { at }, "ended at 2026-08-01 09:30 UTC"),
        (Reason::NotYet { from: at }, "starts at 2026-08-01 09:30 UTC"),
        (Reason::Off, "switched off"),
        (Reason::NeedsCode, "needs a code"),
        (Reason::OtherCustomers, "for other customers"),
        (Reason::NotFirstOrder, "for the first order only"),
        (Reason::OtherCountry, "for other countries"),
        (Reason::UsedUp, "used up"),
        (Reason::UsedUpByShopper, "used up by this shopper"),
        (Reason::BudgetUsedUp, "budget used up"),
        (Reason::ExcludedBy { name: name() }, "excluded by SUMMER"),
        (Reason::Worse { than: name() }, "SUMMER is better"),
        (Reason::NothingToTakeOff, "nothing to take off"),
        (Reason::NoGift, "out of stock"),
        (Reason::OtherDelivery, "for other deliveries"),
    ];
    for (reason, sentence) in reasons {
        assert_eq!(reason.to_string(), sentence);
    }
}
