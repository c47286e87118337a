//! When promotions apply: dates, codes, conditions, usage, exclusivity, groups, order of work.

use std::time::Duration;

use pricing::{Action, Condition, Group, Pick, Promotion, Reason, Usage, Verdict};
use primitives::{Money, Rate};

use crate::world::*;

fn on(condition: Condition) -> impl FnOnce(&mut Promotion) {
    move |promotion| promotion.conditions = vec![condition]
}

fn of_group(name: &str, pick: Pick) -> impl FnOnce(&mut Promotion) {
    let group = Some(Group { name: name.to_owned(), pick });
    move |promotion| promotion.group = group
}

fn one() -> World {
    World::untaxed().line(1000, 1)
}

/// A tenth off, changed.
fn tenth(change: impl FnOnce(&mut Promotion)) -> World {
    one().promotion_with("TENTH", percent(10), change)
}

#[test]
fn pieces_that_are_missing_are_counted() {
    let condition = || Condition::Has { of: only(&[1, 3]), at_least: 7 };
    let world = World::untaxed().line(100, 2).line(100, 50).line_with(100, 3, |it| it.discountable = false);
    let world = world.promotion_with("SEVEN", percent(10), on(condition()));
    assert_eq!(reason(&world.quote(), "SEVEN"), Reason::Pieces { missing: 2 });
    let world = World::untaxed().line(100, 4).line(100, 1).line_with(100, 3, |it| it.discountable = false);
    // Lines that are not discountable count in conditions.
    assert_eq!(world.promotion_with("SEVEN", percent(10), on(condition())).verdicts(), ["SEVEN 50"]);
}

#[test]
fn money_that_is_missing_is_said_in_the_currency() {
    let condition = || Condition::Subtotal { of: only(&[1]), at_least: 1240 };
    let world = World::ex().line(500, 2).line(900, 1).promotion_with("MORE", percent(10), on(condition()));
    let missing = Money::new(240, world.currency);
    assert_eq!(reason(&world.quote(), "MORE"), Reason::Missing { amount: missing });
    assert_eq!(world.verdicts(), ["MORE: 2.40 EUR more"]);
    // The same in the mode of the cart: 10.00 without tax are 12.00 with it.
    let mut world = World::inclusive().line(500, 2).promotion_with("MORE", percent(10), on(condition()));
    world.lines[0].unit_includes_tax = false;
    assert_eq!(world.verdicts(), ["MORE: 0.40 EUR more"]);
}

#[test]
fn customers_countries_and_first_orders_are_asked_for() {
    let groups = || on(Condition::Groups { any_of: set([group(1), group(2)]) });
    let mut world = tenth(groups());
    assert_eq!(reason(&world.quote(), "TENTH"), Reason::OtherCustomers);
    world.shopper.groups = set([group(3)]);
    assert_eq!(reason(&world.quote(), "TENTH"), Reason::OtherCustomers);
    world.shopper.groups = set([group(2), group(3)]);
    assert_eq!(world.verdicts(), ["TENTH 100"]);

    let mut world = tenth(on(Condition::FirstOrder));
    assert_eq!(world.verdicts(), ["TENTH 100"]);
    world.shopper.orders_before = 1;
    assert_eq!(reason(&world.quote(), "TENTH"), Reason::NotFirstOrder);

    let world = tenth(on(Condition::Countries { any_of: set([country("DE"), country("NL")]) }));
    assert_eq!(reason(&world.quote(), "TENTH"), Reason::OtherCountry);
    let world = tenth(on(Condition::Countries { any_of: set([country("BE")]) }));
    assert_eq!(world.verdicts(), ["TENTH 100"]);
}

#[test]
fn all_conditions_must_hold_and_the_first_that_does_not_is_said() {
    let conditions = vec![
        Condition::FirstOrder,
        Condition::Has { of: everything(), at_least: 2 },
        Condition::Countries { any_of: set([country("DE")]) },
    ];
    let world = tenth(|promotion| promotion.conditions = conditions);
    assert_eq!(reason(&world.quote(), "TENTH"), Reason::Pieces { missing: 1 });
}

#[test]
fn dates_are_half_open() {
    let second = Duration::from_secs(1);
    let verdict = |from, until| {
        let change = |promotion: &mut Promotion| (promotion.from, promotion.until) = (from, until);
        tenth(change).quote().promotions.remove(0).verdict
    };
    let applied = Verdict::Applied { amount: 100 };
    assert_eq!(verdict(Some(AT), Some(AT + second)), applied);
    assert_eq!(verdict(Some(AT - second), None), applied);
    assert_eq!(verdict(Some(AT - second), Some(AT)), Verdict::Not(Reason::Expired { at: AT }));
    let later = AT + second;
    assert_eq!(verdict(Some(later), Some(later + second)), Verdict::Not(Reason::NotYet { from: later }));
}

#[test]
fn what_is_switched_off_says_so_before_anything_else() {
    let world = tenth(|promotion| {
        promotion.active = false;
        promotion.until = Some(AT);
        promotion.codes = vec!["TENTH".to_owned()];
        promotion.usage.left = Some(0);
    });
    assert_eq!(reason(&world.quote(), "TENTH"), Reason::Off);
}

#[test]
fn codes_are_compared_trimmed_and_in_capitals() {
    let world = || tenth(|it| it.codes = vec!["SUMMER".to_owned(), " größe ".to_owned()]);
    assert_eq!(reason(&world().quote(), "TENTH"), Reason::NeedsCode);
    for code in ["SUMMER", " summer\n", "GRÖSSE", "größe"] {
        assert_eq!(world().code("other").code(code).verdicts(), ["TENTH 100"], "{code}");
    }
    assert_eq!(world().code("SUMMER2").code("").verdicts(), ["TENTH: needs a code"]);
}

#[test]
fn codes_of_no_promotion_are_reported() {
    let world = tenth(|it| {
        it.codes = vec!["SUMMER".to_owned()];
        it.active = false;
    });
    let world = world.code("summer").code(" winter ").code("").code("WINTER").code("Autumn").code("  ");
    assert_eq!(world.quote().unknown_codes, ["WINTER", "AUTUMN"]);
}

#[test]
fn what_is_used_up_does_not_apply() {
    let verdict = |usage| tenth(|promotion| promotion.usage = usage).verdicts().remove(0);
    let free = Usage::default();
    assert_eq!(verdict(Usage { left: Some(0), ..free }), "TENTH: used up");
    assert_eq!(verdict(Usage { left_for_shopper: Some(0), ..free }), "TENTH: used up by this shopper");
    assert_eq!(verdict(Usage { budget_left: Some(99), ..free }), "TENTH: budget used up");
    let enough = Usage { left: Some(1), left_for_shopper: Some(1), budget_left: Some(100) };
    assert_eq!(verdict(enough), "TENTH 100");
}

#[test]
fn an_exclusive_promotion_applies_alone() {
    let world = one().line(500, 2).shipping(400).promotion("ITEM", percent(10));
    let world = world.promotion_with("ALONE", order_percent(5), |it| it.exclusive = true);
    let world = world.promotion("SHIP", free_shipping()).promotion_with("OFF", percent(5), |it| {
        it.active = false;
    });
    let excluded = |name: &str| format!("{name}: excluded by ALONE");
    let words = [excluded("ITEM"), "OFF: switched off".to_owned(), "ALONE 100".to_owned(), excluded("SHIP")];
    assert_eq!(world.verdicts(), words);
    let quote = world.quote();
    assert_eq!((quote.totals.discount, quote.totals.shipping), (100, 400));
}

#[test]
fn exclusive_promotions_are_tested_on_the_untouched_cart() {
    let condition = Condition::Subtotal { of: everything(), at_least: 1000 };
    let world = one().promotion("ITEM", percent(10)).promotion_with("ALONE", order_percent(5), |it| {
        it.exclusive = true;
        it.conditions = vec![condition];
    });
    assert_eq!(world.verdicts(), ["ITEM: excluded by ALONE", "ALONE 50"]);
}

#[test]
fn an_exclusive_promotion_that_does_not_qualify_lets_the_others_work() {
    let condition = Condition::Subtotal { of: everything(), at_least: 1001 };
    let world = one().promotion("ITEM", percent(10)).promotion_with("ALONE", order_percent(5), |it| {
        it.exclusive = true;
        it.conditions = vec![condition];
    });
    assert_eq!(world.verdicts(), ["ITEM 100", "ALONE: 0.01 EUR more"]);
    // Nothing to take off is not qualifying either.
    let world = one().promotion("ITEM", percent(10));
    let world = world.promotion_with("ALONE", free_shipping(), |it| it.exclusive = true);
    assert_eq!(world.verdicts(), ["ITEM 100", "ALONE: nothing to take off"]);
}

#[test]
fn an_exclusive_promotion_that_does_not_run_excludes_nothing() {
    let alone = |change: fn(&mut Promotion)| {
        move |promotion: &mut Promotion| {
            promotion.exclusive = true;
            change(promotion);
        }
    };
    let world = one().promotion_with("OFF", percent(50), alone(|it| it.active = false));
    let world = world.promotion_with("OVER", percent(50), alone(|it| it.until = Some(AT)));
    let world = world.promotion_with("USED", percent(50), alone(|it| it.usage.left = Some(0)));
    let words = ["OFF: switched off", "OVER: ended at 2026-07-31 09:30 UTC", "USED: used up", "ITEM 100"];
    assert_eq!(world.promotion("ITEM", percent(10)).verdicts(), words);
}

#[test]
fn of_several_exclusive_ones_the_highest_priority_then_the_lowest_id_applies() {
    let alone = |priority| {
        move |promotion: &mut Promotion| {
            promotion.exclusive = true;
            promotion.priority = priority;
        }
    };
    let needs_code = |promotion: &mut Promotion| {
        alone(9)(promotion);
        promotion.codes = vec!["NINE".to_owned()];
    };
    let world =
        one().promotion_with("ONE", percent(30), alone(1)).promotion_with("TWO", percent(5), alone(2));
    let world = world.promotion_with("THREE", order_percent(20), alone(2));
    let world = world.promotion_with("NINE", percent(50), needs_code);
    // The one that was tested before keeps its own reason; the stage does not matter, only priority and id.
    assert_eq!(
        world.verdicts(),
        ["NINE: needs a code", "TWO 50", "ONE: excluded by TWO", "THREE: excluded by TWO"]
    );
    let world = one().promotion_with("SHIP", free_shipping(), alone(5)).shipping(300);
    let world = world.promotion_with("ITEM", percent(50), alone(4));
    assert_eq!(world.verdicts(), ["ITEM: excluded by SHIP", "SHIP 300"]);
}

#[test]
fn the_first_of_a_group_keeps_the_later_ones_out() {
    let condition = Condition::Subtotal { of: everything(), at_least: 2000 };
    let world = one().promotion_with("BIG", percent(30), |it| {
        of_group("one", Pick::First)(it);
        it.conditions = vec![condition];
    });
    let world = world.promotion_with("SMALL", percent(5), of_group("one", Pick::First));
    let world = world.promotion("FREE", percent(10));
    let world = world.promotion_with("LATER", order_percent(50), of_group("one", Pick::First));
    let world = world.promotion_with("OTHER", order_percent(10), of_group("two", Pick::First));
    // 10.00 becomes 9.50, 8.55, and 7.70 (10 % off 8.55 leaves 7.695, rounded).
    assert_eq!(
        world.verdicts(),
        ["BIG: 10.00 EUR more", "SMALL 50", "FREE 95", "LATER: excluded by SMALL", "OTHER 85"]
    );
}

#[test]
fn the_best_of_a_group_wins_across_stages() {
    let best = || of_group("one", Pick::Best);
    let world = one().shipping(600).promotion_with("ITEM", percent(10), best());
    let world = world.promotion_with("ORDER", order_percent(30), best());
    let world = world.promotion_with("SHIP", free_shipping(), best());
    assert_eq!(world.verdicts(), ["ITEM: SHIP is better", "ORDER: SHIP is better", "SHIP 600"]);
    let world = world.shipping(200);
    assert_eq!(world.verdicts(), ["ITEM: ORDER is better", "ORDER 300", "SHIP: ORDER is better"]);
}

#[test]
fn of_equally_good_members_the_earlier_wins() {
    let best = || of_group("one", Pick::Best);
    let world = one().promotion_with("A", percent(10), best()).promotion_with("B", percent(10), best());
    assert_eq!(world.verdicts(), ["A 100", "B: A is better"]);
    let mut world = world;
    world.promotions[1].priority = 1;
    assert_eq!(world.verdicts(), ["B 100", "A: B is better"]);
}

#[test]
fn members_that_do_not_qualify_keep_their_own_reason() {
    let best = |change: fn(&mut Promotion)| {
        move |promotion: &mut Promotion| {
            of_group("one", Pick::Best)(promotion);
            change(promotion);
        }
    };
    let world = one().promotion_with("CODE", percent(50), best(|it| it.codes = vec!["X".to_owned()]));
    let world = world.promotion_with("BROKE", percent(40), best(|it| it.usage.budget_left = Some(399)));
    let world = world.promotion_with("OFF", percent(30), best(|it| it.active = false));
    let world = world.promotion_with(
        "ALONE",
        percent(30),
        best(|it| {
            it.exclusive = true;
            it.codes = vec!["Y".to_owned()];
        }),
    );
    let without = world.clone();
    let world = world.promotion_with("OK", percent(1), best(|_| {}));
    let reasons =
        ["CODE: needs a code", "BROKE: budget used up", "OFF: switched off", "ALONE: needs a code", "OK 10"];
    assert_eq!(world.verdicts(), reasons);
    assert_eq!(without.verdicts(), reasons[..4]);
}

#[test]
fn the_winner_is_tested_again_at_its_own_turn() {
    let best = |change: fn(&mut Promotion)| {
        move |promotion: &mut Promotion| {
            of_group("one", Pick::Best)(promotion);
            change(promotion);
        }
    };
    let world = one().promotion_with("SMALL", percent(5), best(|it| it.priority = 5));
    let world = world.promotion("BETWEEN", percent(10));
    let world = world.promotion_with(
        "BIG",
        order_percent(50),
        best(|it| it.conditions = vec![Condition::Subtotal { of: everything(), at_least: 1000 }]),
    );
    // When the group was decided there were 10.00; at its own turn there are 9.00.
    assert_eq!(world.verdicts(), ["SMALL: BIG is better", "BETWEEN 100", "BIG: 1.00 EUR more"]);
}

#[test]
fn what_a_group_does_is_said_by_its_first_running_member() {
    let world = one().promotion_with("OFF", percent(1), |it| {
        of_group("one", Pick::Best)(it);
        it.active = false;
    });
    let world = world.promotion_with("A", percent(10), of_group("one", Pick::First));
    let world = world.promotion_with("B", percent(20), of_group("one", Pick::Best));
    assert_eq!(world.verdicts(), ["OFF: switched off", "A 100", "B: excluded by A"]);
}

#[test]
fn the_stage_goes_before_the_priority_and_the_priority_before_the_id() {
    let high = |priority| move |promotion: &mut Promotion| promotion.priority = priority;
    let world = one().shipping(500).promotion_with("SHIP", free_shipping(), high(9));
    let world = world.promotion_with("ORDER", order_percent(10), high(8));
    let world = world.promotion_with("LATE", percent(10), high(-1)).promotion("A", percent(10));
    let world = world.promotion("B", percent(10)).promotion_with("EARLY", percent(10), high(1));
    let quote = world.quote();
    let names: Vec<_> = quote.promotions.iter().map(|outcome| outcome.name.as_str()).collect();
    assert_eq!(names, ["EARLY", "A", "B", "LATE", "ORDER", "SHIP"]);
    let on_line: Vec<_> = quote.lines[0].discounts.iter().map(|discount| discount.amount).collect();
    assert_eq!(on_line, [100, 90, 81, 73, 66]);
}

#[test]
fn shipping_promotions_see_the_goods_after_all_others() {
    let condition = Condition::Subtotal { of: everything(), at_least: 1000 };
    let world = one().shipping(500).promotion_with("SHIP", free_shipping(), on(condition));
    assert_eq!(world.verdicts(), ["SHIP 500"]);
    let world = world.promotion("ORDER", order_fixed(1));
    assert_eq!(world.verdicts(), ["ORDER 1", "SHIP: 0.01 EUR more"]);
}

#[test]
fn an_empty_cart_costs_nothing_and_says_why() {
    let world = World::ex().shipping(500).promotion("ITEM", percent(10)).promotion("SHIP", free_shipping());
    let world = world.promotion("ORDER", Action::OrderPercent { off: Rate::percent(10) });
    let quote = world.quote();
    assert_eq!(quote.totals, pricing::Totals::default());
    assert_eq!((quote.shipping, quote.requires_shipping), (None, false));
    assert!(verdicts(&world.quote()).iter().all(|verdict| verdict.ends_with(": nothing to take off")));
}
