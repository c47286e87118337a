//! Giving pieces of a line back: what they cost, and exactly all of it.

use pricing::{Quote, refund_of};
use primitives::MoneyError;
use primitives::tax::TaxedLine;

use crate::world::*;

/// 9.98 net and 2.00 tax on three pieces.
fn quote() -> Quote {
    World::ex().line(360, 3).promotion("OFF", order_fixed(82)).quote()
}

#[test]
fn pieces_are_given_back_from_the_first_on() {
    let line = &quote().lines[0];
    assert_eq!(line.taxed, TaxedLine { net: 998, tax: 200, gross: 1198 });
    let piece = |already| {
        let refund = refund_of(line, already, 1).unwrap();
        (refund.net, refund.tax, refund.gross)
    };
    assert_eq!([0, 1, 2].map(piece), [(333, 67, 400), (332, 67, 399), (333, 66, 399)]);
}

#[test]
fn pieces_of_one_price_are_given_back_at_it() {
    // Three mugs at 11.25 with 21 % in it: 27.89 net and 5.86 tax, which no piece has a third of.
    let line = &World::inclusive().rates(&[("standard", "21")]).line(1_125, 3).quote().lines[0];
    assert_eq!(line.taxed, TaxedLine { net: 2_789, tax: 586, gross: 3_375 });
    assert_eq!([0, 1, 2].map(|already| refund_of(line, already, 1).unwrap().gross), [1_125; 3]);
    // The same with tax on top: each has its net price.
    let line = &World::ex().line(100, 7).quote().lines[0];
    for already in 0..7 {
        assert_eq!(refund_of(line, already, 1).unwrap().net, 100);
    }
}

#[test]
fn portions_sum_to_the_line() {
    let line = &quote().lines[0];
    for portions in [vec![3], vec![1, 2], vec![2, 1], vec![1, 1, 1], vec![0, 3, 0]] {
        let (mut already, mut sum) = (0, TaxedLine::default());
        for pieces in portions {
            sum = sum.checked_add(refund_of(line, already, pieces).unwrap()).unwrap();
            already += pieces;
        }
        assert_eq!(sum, line.taxed);
    }
}

#[test]
fn more_pieces_than_there_are_cannot_be_given_back() {
    let line = &quote().lines[0];
    for (already, pieces) in [(0, 4), (3, 1), (4, 0), (u32::MAX, u32::MAX)] {
        assert_eq!(refund_of(line, already, pieces), Err(MoneyError::Overflow));
    }
}

#[test]
fn who_was_exempt_gets_the_net_back() {
    let line = World::inclusive().line(100, 3).exempt().quote().lines.remove(0);
    assert_eq!(refund_of(&line, 0, 3), Ok(TaxedLine { net: 250, tax: 0, gross: 250 }));
    assert_eq!(refund_of(&line, 0, 1), Ok(TaxedLine { net: 84, tax: 0, gross: 84 }));
}
