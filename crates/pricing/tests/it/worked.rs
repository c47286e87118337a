//! The worked cases of MONEY that are about prices, row by row.

use pricing::{Condition, Per, Rounding, ShippingTax, TaxCategory};
use primitives::Rate;

use crate::world::*;

#[test]
fn one_piece_at_twenty_percent() {
    assert_eq!(World::ex().line(123, 1).net_and_gross(), (123, 148));
}

#[test]
fn three_pieces_are_rounded_once_per_line() {
    let world = World::ex().line(123, 3);
    assert_eq!(world.net_and_gross(), (369, 443));
    assert_eq!(world.rounding(Rounding::Unit).net_and_gross(), (369, 444));
}

#[test]
fn ten_cheap_pieces() {
    assert_eq!(World::ex().line(31, 10).net_and_gross(), (310, 372));
}

#[test]
fn included_tax_is_taken_out_of_the_line() {
    let quote = World::inclusive().line(100, 2).quote();
    let taxed = quote.lines[0].taxed;
    assert_eq!((taxed.gross, taxed.net, taxed.tax), (200, 167, 33));
    assert_eq!((quote.totals.subtotal, quote.totals.total), (200, 200));
}

#[test]
fn three_rates_make_a_summary_that_equals_the_total() {
    let world = World::ex().rates(&[("a", "20"), ("b", "10"), ("c", "0")]);
    let world = ["a", "b", "c"]
        .into_iter()
        .fold(world, |world, key| world.line_with(100, 2, |line| line.tax_category = category(key)));
    let quote = world.quote();
    assert_eq!(quote.lines.iter().map(|line| line.taxed.tax).collect::<Vec<_>>(), [40, 20, 0]);
    let shares: Vec<_> = quote.taxes.iter().map(|share| (share.rate, share.net, share.tax)).collect();
    assert_eq!(shares, [(Rate::percent(20), 200, 40), (Rate::percent(10), 200, 20)]);
    assert_eq!((quote.totals.tax, quote.totals.total), (60, 660));
}

#[test]
fn an_item_discount_is_taken_before_tax() {
    let world = World::ex().line(155_880, 1).promotion("ITEM", percent(10));
    assert_eq!(world.net_and_gross(), (140_292, 168_350));
}

#[test]
fn tax_sees_the_rounded_discount() {
    let world = World::ex().line(155_880, 1).promotion("ITEM", percent(10));
    let world = world.promotion("ORDER", order_percent(10));
    assert_eq!(world.net_and_gross(), (126_263, 151_516));
}

#[test]
fn two_lines_at_four_percent() {
    let world = World::ex().rates(&[("standard", "4")]).line(1000, 2).line(3499, 1);
    assert_eq!(world.net_and_gross(), (5499, 5719));
}

#[test]
fn two_rates_and_shipping() {
    let world = World::ex().rates(&[("standard", "23"), ("low", "3")]);
    let world = world.line(1000, 1).line(1000, 1).line(2000, 1);
    let world = world.line_with(3000, 1, |line| line.tax_category = category("low")).shipping(1000);
    let quote = world.quote();
    let net: i64 = quote.lines.iter().map(|line| line.taxed.net).sum();
    assert_eq!((net + quote.shipping.as_ref().unwrap().parts[0].taxed.net, quote.totals.total), (8000, 9240));
}

#[test]
fn sales_tax_with_untaxed_shipping() {
    let world = World::ex().rates(&[("standard", "10.75")]).shipping_tax(ShippingTax::Untaxed);
    let totals = world.line(2499, 1).shipping(644).quote().totals;
    assert_eq!((totals.tax, totals.total), (269, 3412));
    let world = World::ex().rates(&[("standard", "10.75")]);
    let by_method = world
        .line(2499, 1)
        .shipping_with(644, |method| method.tax_category = Some(TaxCategory::NONE))
        .quote()
        .totals;
    assert_eq!(by_method, totals);
}

#[test]
fn an_order_discount_is_spread_by_weight() {
    let world = World::untaxed().line(4000, 1).line(2000, 1).line(1000, 2);
    assert_eq!(world.promotion("ORDER", order_fixed(300)).left(), [3850, 1925, 1925]);
}

#[test]
fn the_odd_cent_goes_to_the_first_lines() {
    let world = World::untaxed().line(1000, 1).line(1000, 1).line(1000, 1);
    assert_eq!(world.promotion("ORDER", order_fixed(299)).left(), [900, 900, 901]);
}

#[test]
fn weights_of_zero_split_shipping_evenly() {
    let world = World::ex().rates(&[("a", "20"), ("b", "10")]).shipping_tax(ShippingTax::Weighted);
    let world = ["a", "b"]
        .into_iter()
        .fold(world, |world, key| world.line_with(0, 1, |line| line.tax_category = category(key)));
    let shipping = world.shipping(10).quote().shipping.unwrap();
    assert_eq!(shipping.parts.iter().map(|part| part.taxed.net).collect::<Vec<_>>(), [5, 5]);
}

#[test]
fn half_off_an_odd_amount_leaves_the_greater_half() {
    assert_eq!(World::ex().line(8333, 1).promotion("HALF", percent(50)).net_and_gross(), (4167, 5000));
}

#[test]
fn a_fixed_order_discount_is_taken_before_tax() {
    assert_eq!(World::ex().line(1230, 1).promotion("FIVE", order_fixed(500)).net_and_gross(), (730, 876));
}

#[test]
fn each_promotion_is_tested_on_what_is_left() {
    let net = |unit, quantity| {
        let half = |promotion: &mut pricing::Promotion| {
            promotion.conditions = vec![Condition::Has { of: everything(), at_least: 3 }];
        };
        let tenth = |promotion: &mut pricing::Promotion| {
            promotion.conditions = vec![Condition::Subtotal { of: everything(), at_least: 1000 }];
        };
        let world = World::ex().line(unit, quantity).promotion_with("HALF", percent(50), half);
        let world = world.promotion_with("TENTH", percent(10), tenth);
        (world.net_and_gross().0, world.verdicts())
    };
    assert_eq!(net(500, 2), (900, vec!["HALF: 1 more piece".to_owned(), "TENTH 100".to_owned()]));
    assert_eq!(net(500, 3), (750, vec!["HALF 750".to_owned(), "TENTH: 2.50 EUR more".to_owned()]));
    assert_eq!(net(800, 3), (1080, vec!["HALF 1200".to_owned(), "TENTH 120".to_owned()]));
}

#[test]
fn a_coupon_takes_the_item_and_not_the_shipping() {
    let world = World::untaxed().line(120, 1).shipping(500);
    let world = world.promotion_with("TEN", order_fixed(1000), |it| it.codes = vec!["TEN".to_owned()]);
    let quote = world.code("ten").quote();
    assert_eq!((quote.totals.discount, quote.totals.shipping, quote.totals.total), (120, 500, 500));
}

#[test]
fn an_order_discount_comes_after_the_sale() {
    let sale = pricing::Action::Percent { of: only(&[1]), off: Rate::percent(50) };
    let world = World::ex().line(1000, 2).line(5000, 1).promotion("SALE", sale);
    assert_eq!(world.net_and_gross().0, 6000);
    assert_eq!(world.promotion("ORDER", order_percent(15)).net_and_gross().0, 5100);
}

#[test]
fn ten_percent_is_rounded_line_by_line() {
    let world = World::untaxed().line(106, 1).line(206, 1).line(306, 1).line(406, 1);
    let quote = world.promotion("TENTH", percent(10)).quote();
    let off: Vec<i64> = quote.lines.iter().map(|line| line.discounts[0].amount).collect();
    assert_eq!((off, quote.totals.discount), (vec![11, 21, 31, 41], 104));
}

#[test]
fn the_best_of_two_applies() {
    let fixed = pricing::Action::Fixed { of: everything(), off: 550, per: Per::Order };
    let best = |promotion: &mut pricing::Promotion| {
        promotion.group = Some(pricing::Group { name: "one".to_owned(), pick: pricing::Pick::Best });
    };
    let world = World::untaxed().line(3000, 1).promotion_with("FIXED", fixed, best);
    let world = world.promotion_with("FIFTH", percent(20), best);
    assert_eq!(world.verdicts(), ["FIXED: FIFTH is better", "FIFTH 600"]);
    assert_eq!(world.quote().totals.total, 2400);
}
