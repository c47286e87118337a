//! What each action takes off.

use pricing::{Action, Per, Reason, Selector};
use primitives::Rate;

use crate::world::*;

fn fixed(of: Selector, off: i64, per: Per) -> Action {
    Action::Fixed { of, off, per }
}

fn buy_get(buy: u32, buy_of: Selector, get: u32, get_of: Selector, most: Option<u32>) -> Action {
    Action::BuyGet { buy, buy_of, get, get_of, off: Rate::percent(100), most }
}

fn cheapest(of_each: u32, most: Option<u32>) -> Action {
    Action::CheapestFree { of: everything(), of_each, most }
}

#[test]
fn percents_are_taken_off_matching_lines_only() {
    let world = World::untaxed().line(999, 1).line(500, 2).line(999, 1);
    let action = Action::Percent { of: only(&[1, 2]), off: Rate::parse_percent("33.3333").unwrap() };
    assert_eq!(world.promotion("THIRD", action).left(), [666, 667, 999]);
}

#[test]
fn selectors_mean_products_variants_collections_and_tags() {
    let matching = |of: Selector| {
        let world = World::untaxed()
            .line_with(100, 1, |line| line.collections = vec![collection(7), collection(8)])
            .line_with(100, 1, |line| line.tags = vec!["sale".to_owned(), "new".to_owned()])
            .line(100, 1)
            .line_with(100, 1, |line| line.discountable = false);
        let left = world.promotion("ALL", Action::Percent { of, off: Rate::percent(100) }).left();
        left.iter().map(|left| *left == 0).collect::<Vec<_>>()
    };
    let none = Selector::default;
    assert_eq!(matching(none()), [true, true, true, false]);
    assert_eq!(matching(Selector { products: set([product(3)]), ..none() }), [false, false, true, false]);
    assert_eq!(matching(Selector { variants: set([variant(1)]), ..none() }), [true, false, false, false]);
    let collections = set([collection(8), collection(9)]);
    assert_eq!(
        matching(Selector { collections: collections.clone(), ..none() }),
        [true, false, false, false]
    );
    let tags = set(["sale".to_owned()]);
    assert_eq!(matching(Selector { tags: tags.clone(), ..none() }), [false, true, false, false]);
    // Any of the sets is enough; what is barred is barred, whatever names it.
    let several = Selector { collections: collections.clone(), tags: tags.clone(), ..none() };
    assert_eq!(matching(several), [true, true, false, false]);
    let barred = Selector { not_collections: collections, not_tags: tags, ..none() };
    assert_eq!(matching(barred), [false, false, true, false]);
    let barred = Selector { not_products: set([product(1)]), not_variants: set([variant(3)]), ..none() };
    assert_eq!(matching(barred.clone()), [false, true, false, false]);
    let named = Selector { products: set([product(1), product(2)]), ..barred };
    assert_eq!(matching(named), [false, true, false, false]);
}

#[test]
fn a_fixed_amount_per_piece_stops_at_what_is_left() {
    let world = World::untaxed().line(100, 2).line(500, 3).line(500, 1);
    let world = world.promotion("OFF", fixed(only(&[1, 2]), 150, Per::Piece));
    assert_eq!(world.left(), [0, 1050, 500]);
    assert_eq!(world.verdicts(), ["OFF 650"]);
}

#[test]
fn a_fixed_amount_per_order_is_spread_over_the_matching_lines() {
    let world = World::untaxed().line(300, 1).line(700, 1).line(1000, 1);
    let spread = |off| world.clone().promotion("OFF", fixed(only(&[1, 2]), off, Per::Order)).left();
    assert_eq!(spread(101), [270, 629, 1000]);
    assert_eq!(spread(5000), [0, 0, 1000]);
}

#[test]
fn a_fixed_price_takes_off_what_is_above_it() {
    let action = Action::FixedPrice { of: everything(), price: 400 };
    let world = World::untaxed().line(500, 3).line(300, 1).line(400, 2);
    assert_eq!(world.clone().promotion("FOUR", action.clone()).left(), [1200, 300, 800]);
    // A price so high that the line would leave 64 bits is above it too.
    let huge = Action::FixedPrice { of: everything(), price: i64::MAX / 2 };
    assert_eq!(world.promotion("HUGE", huge).verdicts(), ["HUGE: nothing to take off"]);
    // Below the price already: nothing.
    let world = World::untaxed().line(500, 3).promotion("HALF", percent(50)).promotion("FOUR", action);
    assert_eq!(world.verdicts(), ["HALF 750", "FOUR: nothing to take off"]);
}

#[test]
fn buying_some_gives_the_cheapest_of_the_others() {
    let world = World::untaxed().line(1000, 4).line(500, 2).line(300, 1);
    let world = world.promotion("GET", buy_get(2, only(&[1]), 1, only(&[2, 3]), None));
    assert_eq!(world.left(), [4000, 500, 0]);
    assert_eq!(world.verdicts(), ["GET 800"]);
}

#[test]
fn no_piece_is_both_bought_and_given() {
    let off = |quantity| {
        let world = World::untaxed().line(100, quantity);
        world.promotion("GET", buy_get(2, everything(), 1, everything(), None)).verdicts().remove(0)
    };
    assert_eq!(off(1), "GET: 2 more pieces");
    assert_eq!(off(2), "GET: 1 more piece");
    assert_eq!(off(3), "GET 100");
    assert_eq!(off(8), "GET 200");
    assert_eq!(off(9), "GET 300");
    assert_eq!(off(10_000), "GET 333300");
}

#[test]
fn pieces_that_are_bought_are_not_spare() {
    // Line 1 is only bought, line 2 both, line 3 only given: the one shared piece has to be bought.
    let deal = || buy_get(2, only(&[1, 2]), 2, only(&[2, 3]), None);
    let world = World::untaxed().line(900, 1).line(100, 1).line(500, 2).promotion("GET", deal());
    assert_eq!(world.left(), [900, 100, 0]);
    // Of three shared pieces one is bought, two are spare and cheaper.
    let world = World::untaxed().line(900, 1).line(100, 3).line(500, 2).promotion("GET", deal());
    assert_eq!(world.left(), [900, 100, 1000]);
    // One of two shared pieces is bought; the other is given, then what may only be given.
    let world = World::untaxed().line(100, 1).line(200, 1).line(500, 2);
    let world = world.promotion("GET", buy_get(1, only(&[1, 2]), 2, everything(), None));
    assert_eq!(world.left(), [0, 200, 500]);
    // What may only be bought is bought first.
    let world = World::untaxed().line(900, 1).line(100, 2);
    let world = world.promotion("GET", buy_get(2, everything(), 1, only(&[2]), None));
    assert_eq!(world.left(), [900, 100]);
}

#[test]
fn missing_pieces_count_for_both_sides() {
    let missing = |world: World| {
        let deal = buy_get(3, only(&[1]), 2, only(&[2]), None);
        match reason(&world.promotion("GET", deal).quote(), "GET") {
            Reason::Pieces { missing } => missing,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(missing(World::untaxed()), 5);
    assert_eq!(missing(World::untaxed().line(100, 2)), 3);
    assert_eq!(missing(World::untaxed().line(100, 2).line(100, 1)), 2);
    assert_eq!(missing(World::untaxed().line(100, 20).line(100, 1)), 1);
}

#[test]
fn a_deal_works_at_most_so_often() {
    let world = World::untaxed().line(100, 9);
    let verdict = |most| {
        let deal = buy_get(2, everything(), 1, everything(), Some(most));
        world.clone().promotion("GET", deal).verdicts().remove(0)
    };
    assert_eq!(verdict(2), "GET 200");
    assert_eq!(verdict(50), "GET 300");
    assert_eq!(verdict(0), "GET: nothing to take off");
}

#[test]
fn given_pieces_are_the_smaller_ones_of_their_line() {
    let half = Action::BuyGet {
        buy: 2,
        buy_of: everything(),
        get: 1,
        get_of: everything(),
        off: Rate::percent(50),
        most: None,
    };
    let world = World::untaxed().line(400, 3).promotion("TWO", order_fixed(200)).promotion("HALF", half);
    // The order stage comes later, so the deal sees 12.00: half of 4.00.
    assert_eq!(world.verdicts(), ["HALF 200", "TWO 200"]);
    // 10.00 over three pieces is 3.34, 3.33, 3.33.
    let two = || fixed(everything(), 200, Per::Order);
    let world = World::untaxed().line(400, 3).promotion("TWO", two()).promotion("FREE", cheapest(3, None));
    assert_eq!(world.verdicts(), ["TWO 200", "FREE 333"]);
    let world = World::untaxed().line(400, 3).promotion("TWO", two());
    let two_of_three = Action::BuyGet {
        buy: 1,
        buy_of: everything(),
        get: 2,
        get_of: everything(),
        off: Rate::percent(50),
        most: None,
    };
    // Both pieces of 3.33: half of 6.66.
    assert_eq!(world.promotion("HALF", two_of_three).verdicts(), ["TWO 200", "HALF 333"]);
}

#[test]
fn all_pieces_of_a_line_are_the_whole_line() {
    let off = Action::Fixed { of: only(&[2]), off: 200, per: Per::Order };
    let world = World::untaxed().line(900, 1).line(400, 3).promotion("OFF", off);
    let world = world.promotion("GET", buy_get(1, only(&[1]), 3, only(&[2]), None));
    assert_eq!((world.left(), world.verdicts()), (vec![900, 0], vec!["OFF 200".into(), "GET 1000".into()]));
}

#[test]
fn of_equal_pieces_those_of_the_later_line_are_given() {
    let world = World::untaxed().line(500, 1).line(500, 1).line(500, 1);
    let deal = buy_get(2, everything(), 1, everything(), None);
    assert_eq!(world.clone().promotion("GET", deal).left(), [500, 500, 0]);
    assert_eq!(world.promotion("FREE", cheapest(2, None)).left(), [500, 500, 0]);
}

#[test]
fn the_cheapest_of_each_few_is_free() {
    let world = World::untaxed().line(900, 3).line(200, 1).line(300, 3);
    let left = |of_each, most| world.clone().promotion("FREE", cheapest(of_each, most)).left();
    assert_eq!(left(3, None), [2700, 0, 600]);
    assert_eq!(left(2, None), [2700, 0, 300]);
    assert_eq!(left(2, Some(1)), [2700, 0, 900]);
    assert_eq!(world.promotion("FREE", cheapest(9, None)).verdicts(), ["FREE: 2 more pieces"]);
}

#[test]
fn lines_that_are_not_discountable_are_left_alone() {
    let keep = |line: &mut pricing::Line| line.discountable = false;
    let actions = [
        percent(10),
        fixed(everything(), 50, Per::Piece),
        fixed(everything(), 50, Per::Order),
        Action::FixedPrice { of: everything(), price: 50 },
        buy_get(1, everything(), 1, everything(), None),
        cheapest(2, None),
        order_percent(10),
        order_fixed(50),
    ];
    for action in actions {
        let world = World::untaxed().line_with(100, 4, keep).line(100, 2).line_with(10, 1, keep);
        let left = world.promotion("OFF", action.clone()).left();
        assert_eq!((left[0], left[2]), (400, 10), "{action:?}");
        assert!(left[1] < 200, "{action:?}");
    }
    // Bought pieces have to be discountable too.
    let world = World::untaxed().line_with(100, 4, keep).line(100, 1);
    let deal = buy_get(1, everything(), 1, everything(), None);
    assert_eq!(world.promotion("GET", deal).verdicts(), ["GET: 1 more piece"]);
}

#[test]
fn a_million_pieces_are_no_more_work_than_one() {
    let world = (0..100).fold(World::untaxed(), |world, index| world.line(1000 + index, 10_000));
    let quote = world.clone().promotion("FREE", cheapest(2, None)).quote();
    // The cheaper half of the lines is free.
    assert_eq!(quote.totals.discount, (0..50).map(|index| (1000 + index) * 10_000).sum::<i64>());
    let quote = world.promotion("GET", buy_get(1, everything(), 1, everything(), None)).quote();
    assert_eq!(quote.totals.discount, (0..50).map(|index| (1000 + index) * 10_000).sum::<i64>());
}

#[test]
fn order_percents_are_spread_by_largest_remainder() {
    let world = World::untaxed().line(333, 1).line(333, 1).line(334, 1);
    // 15 % of 10.00: 49.95, 49.95 and 50.1 cents.
    assert_eq!(world.promotion("ORDER", order_percent(15)).left(), [283, 283, 284]);
    let world = World::untaxed().line(1, 1).line(1, 1).line(1, 1).line(1, 1);
    assert_eq!(world.promotion("ORDER", order_percent(50)).left(), [0, 0, 1, 1]);
}

#[test]
fn a_gift_is_added_in_full_and_taken_off_in_full() {
    let world = World::ex().line(1000, 1).gift(250).promotion("GIFT", free_gift(3));
    let world = world.promotion("ORDER", order_percent(10));
    let quote = world.quote();
    let gift = &quote.lines[1];
    assert!(gift.gift && !quote.lines[0].gift);
    assert_eq!((gift.variant, gift.quantity, gift.unit), (variant(100), pieces(3), 250));
    assert_eq!((gift.amount, gift.left, gift.taxed.gross), (750, 0, 0));
    assert_eq!(gift.rate, Rate::percent(20));
    // The order promotion does not see it.
    assert_eq!(gift.discounts.len(), 1);
    assert_eq!(verdicts(&quote), ["GIFT 750", "ORDER 100"]);
    let totals = quote.totals;
    assert_eq!((totals.subtotal, totals.discount, totals.total), (1750, 850, 1080));
}

#[test]
fn a_gift_that_is_not_there_is_out_of_stock() {
    let world = World::ex().line(1000, 1).promotion("GIFT", free_gift(1));
    assert_eq!(reason(&world.quote(), "GIFT"), Reason::NoGift);
    assert_eq!(world.verdicts(), ["GIFT: out of stock"]);
}

#[test]
fn a_gift_that_costs_nothing_is_given_too() {
    let quote = World::ex().line(1000, 1).gift(0).promotion("SAMPLE", free_gift(1)).quote();
    assert_eq!(verdicts(&quote), ["SAMPLE 0"]);
    assert_eq!((quote.lines.len(), quote.lines[1].discounts.len()), (2, 1));
}

#[test]
fn gifts_are_priced_in_the_mode_of_the_cart() {
    let mut world = World::inclusive().line(1000, 1).gift(250).promotion("GIFT", free_gift(3));
    world.gifts[0].unit_includes_tax = false;
    let gift = world.quote().lines.remove(1);
    assert_eq!((gift.unit, gift.amount), (300, 900));
}

#[test]
fn gifts_match_no_other_promotion() {
    let three = |promotion: &mut pricing::Promotion| {
        promotion.conditions = vec![pricing::Condition::Has { of: everything(), at_least: 3 }];
    };
    let world = World::untaxed().line(1000, 2).gift(100).promotion("GIFT", free_gift(5));
    let world = world.promotion_with("THREE", percent(10), three).promotion("FREE", cheapest(3, None));
    assert_eq!(world.verdicts(), ["GIFT 500", "THREE: 1 more piece", "FREE: 1 more piece"]);
}

#[test]
fn free_shipping_takes_shipping_off() {
    let world = World::ex().line(1000, 1).shipping(600);
    let quote = world.clone().promotion("FREE", free_shipping()).quote();
    let shipping = quote.shipping.unwrap();
    assert_eq!((shipping.full, shipping.amount, shipping.discounts[0].amount), (600, 0, 600));
    assert_eq!((quote.totals.shipping, quote.totals.discount, quote.totals.total), (0, 0, 1200));
    let most = Action::FreeShipping { methods: None, most: Some(400) };
    let world = world.promotion("FOUR", most.clone()).promotion("MORE", most);
    assert_eq!(world.quote().totals.shipping, 0);
    assert_eq!(world.verdicts(), ["FOUR 400", "MORE 200"]);
    let world = world.promotion("LAST", free_shipping());
    assert_eq!(world.verdicts()[2], "LAST: nothing to take off");
}

#[test]
fn free_shipping_is_for_its_deliveries() {
    let action = Action::FreeShipping { methods: Some(set(["courier".to_owned()])), most: None };
    let world = World::ex().line(1000, 1).promotion("FREE", action);
    assert_eq!(reason(&world.quote(), "FREE"), Reason::NothingToTakeOff);
    let world = world.shipping(600);
    assert_eq!(reason(&world.quote(), "FREE"), Reason::OtherDelivery);
    let world = world.shipping_with(600, |method| method.id = "courier".to_owned());
    assert_eq!(world.verdicts(), ["FREE 600"]);
    let world = world.shipping_with(0, |method| method.id = "courier".to_owned());
    assert_eq!(reason(&world.quote(), "FREE"), Reason::NothingToTakeOff);
}

#[test]
fn what_is_gone_cannot_be_taken_off_again() {
    let world = World::untaxed().line(1000, 1).promotion("ALL", percent(100));
    let world = world.promotion("MORE", percent(10)).promotion("ORDER", order_fixed(5));
    assert_eq!(world.verdicts(), ["ALL 1000", "MORE: nothing to take off", "ORDER: nothing to take off"]);
}

#[test]
fn amounts_that_no_merchant_may_configure_take_nothing_below_zero() {
    let rate = |ppm| Action::Percent { of: everything(), off: Rate::from_ppm(ppm) };
    let wild = [i64::MIN, -1, 0, i64::MAX];
    let mut actions: Vec<Action> = wild.iter().map(|wild| rate(*wild)).collect();
    for amount in wild {
        actions.push(fixed(everything(), amount, Per::Piece));
        actions.push(fixed(everything(), amount, Per::Order));
        actions.push(Action::FixedPrice { of: everything(), price: amount });
        actions.push(Action::OrderPercent { off: Rate::from_ppm(amount) });
        actions.push(order_fixed(amount));
        actions.push(Action::FreeShipping { methods: None, most: Some(amount) });
    }
    for many in [0, 1, u32::MAX] {
        actions.push(buy_get(many, everything(), many, everything(), Some(many)));
        actions.push(cheapest(many, Some(many)));
    }
    for action in actions {
        World::ex().line(1000, 3).line(1, 10_000).shipping(700).promotion("WILD", action).quote();
    }
}
