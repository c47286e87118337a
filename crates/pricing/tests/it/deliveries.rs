//! Ways of shipping: tables, limits, where they go, when they cost nothing.

use pricing::{Measure, Measures, NoDelivery, ShippingMethod, Step, Table};

use crate::world::*;

fn table(by: Measure, steps: &[(i64, i64)], up_to: Option<i64>) -> Table {
    let steps = steps.iter().map(|(from, price)| Step { from: *from, price: *price }).collect();
    Table { by, steps, up_to }
}

fn by(by: Measure) -> ShippingMethod {
    ShippingMethod { table: table(by, &[(0, 500), (10, 700), (20, 900)], Some(30)), ..method(0) }
}

fn measures() -> Measures {
    Measures { country: country("BE"), grams: 0, value: 0, pieces: 0, goods: 0 }
}

#[test]
fn the_last_step_that_is_reached_has_the_price() {
    let price = |grams| by(Measure::Weight).price_for(&Measures { grams, ..measures() });
    assert_eq!([0, 9, 10, 19, 20, 30].map(price), [500, 500, 700, 700, 900, 900].map(Some));
    assert_eq!(price(31), None);
}

#[test]
fn each_measure_is_its_own() {
    let question = Measures { grams: 0, value: 10, pieces: 20, ..measures() };
    let price = |measure| by(measure).price_for(&question);
    let prices = [Measure::Weight, Measure::Price, Measure::Quantity].map(price);
    assert_eq!(prices, [Some(500), Some(700), Some(900)]);
}

#[test]
fn what_cannot_be_had_says_why() {
    let too_much = |measure, most| NoDelivery::TooMuch { by: measure, most };
    let reason = |method: ShippingMethod| {
        let question = Measures { grams: 31, value: 31, pieces: 31, goods: 99, ..measures() };
        let reason = method.price_or_reason(&question).unwrap_err();
        (reason, reason.to_string())
    };
    let off = ShippingMethod { active: false, countries: Some(set([])), ..by(Measure::Weight) };
    assert_eq!(reason(off), (NoDelivery::Off, "switched off".to_owned()));
    let elsewhere = ShippingMethod { countries: Some(set([country("NL")])), ..by(Measure::Weight) };
    let there = NoDelivery::OtherCountry(country("BE"));
    assert_eq!(reason(elsewhere), (there, "does not go to Belgium".to_owned()));
    // Also what would cost nothing.
    let heavy = ShippingMethod { free_from: Some(1), ..by(Measure::Weight) };
    let words = "takes no more than 30 g".to_owned();
    assert_eq!(reason(heavy), (too_much(Measure::Weight, 30), words));
    let words = "takes no more than 30 pieces".to_owned();
    assert_eq!(reason(by(Measure::Quantity)), (too_much(Measure::Quantity, 30), words));
    let single = ShippingMethod { table: table(Measure::Quantity, &[(0, 1)], Some(1)), ..method(0) };
    let words = "takes no more than 1 piece".to_owned();
    assert_eq!(reason(single), (too_much(Measure::Quantity, 1), words));
    let words = "takes no cart of that value".to_owned();
    assert_eq!(reason(by(Measure::Price)), (too_much(Measure::Price, 30), words));
    let empty = ShippingMethod { table: table(Measure::Weight, &[], None), ..method(0) };
    assert_eq!(reason(empty), (NoDelivery::NoPrice, "has no price for this cart".to_owned()));
}

#[test]
fn only_what_is_sent_is_measured() {
    let digital = |line: &mut pricing::Line| line.requires_shipping = false;
    let world = |measure| {
        let world = World::untaxed().line_with(7, 1, |line| line.grams = 6).line_with(1000, 500, digital);
        world.line_with(1, 3, |line| line.grams = 2).shipping_with(0, |it| *it = by(measure))
    };
    let full = |measure| world(measure).quote().shipping.unwrap().full;
    // 12 g, 0.10, 4 pieces.
    assert_eq!([Measure::Weight, Measure::Price, Measure::Quantity].map(full), [700, 700, 500]);
    // After goods promotions.
    let less = world(Measure::Price).promotion("HALF", order_percent(50)).quote();
    assert_eq!(less.shipping.unwrap().full, 500);
    let light = World::untaxed().line_with(1, 5, |line| line.grams = -100);
    assert_eq!(light.shipping_with(0, |it| *it = by(Measure::Weight)).quote().totals.shipping, 500);
}

#[test]
fn gifts_are_in_the_parcel() {
    let world = World::untaxed().line_with(1000, 1, |line| line.grams = 5).gift(100);
    let mut world = world.shipping_with(0, |it| *it = by(Measure::Weight));
    world.gifts[0].grams = 5;
    assert_eq!(world.quote().totals.shipping, 500);
    let mut world = world.promotion("GIFT", free_gift(2));
    assert_eq!(world.quote().totals.shipping, 700);
    world.lines[0].requires_shipping = false;
    let quote = world.quote();
    assert!(quote.requires_shipping);
    assert_eq!(quote.totals.shipping, 700);
}

#[test]
fn all_goods_count_towards_free_shipping() {
    let digital = |line: &mut pricing::Line| line.requires_shipping = false;
    let world = World::untaxed().line(1000, 1).line_with(1000, 1, digital);
    let world = world.shipping_with(500, |method| method.free_from = Some(2000));
    let quote = world.quote();
    assert_eq!((quote.totals.shipping, quote.shipping.map(|shipping| shipping.full)), (0, Some(0)));
    // What promotions took off the goods does not.
    assert_eq!(world.promotion("OFF", order_fixed(1)).quote().totals.shipping, 500);
}

#[test]
fn a_cart_without_parcels_needs_no_delivery() {
    let world = World::untaxed().line_with(1000, 1, |line| line.requires_shipping = false);
    let quote = world.shipping_with(500, |method| method.active = false).quote();
    assert_eq!((quote.shipping, quote.no_delivery, quote.totals.total), (None, None, 1000));
    assert!(!quote.requires_shipping);
}

#[test]
fn a_way_that_cannot_be_had_is_not_charged_and_says_why() {
    let world = World::untaxed().line(1000, 1).promotion("FREE", free_shipping());
    let quote = world.clone().shipping_with(500, |it| it.countries = Some(set([country("DE")]))).quote();
    assert_eq!((quote.totals.total, quote.requires_shipping), (1000, true));
    assert_eq!(quote.no_delivery, Some(NoDelivery::OtherCountry(country("BE"))));
    assert_eq!((verdicts(&quote), quote.shipping), (vec!["FREE: nothing to take off".to_owned()], None));
    let quote = world.quote();
    assert_eq!((quote.shipping, quote.no_delivery, quote.requires_shipping), (None, None, true));
}

#[test]
fn promotions_decide_which_price_shipping_has() {
    // On the untouched cart shipping is free, so the exclusive promotion has nothing to take off; then the others
    // take the cart below the limit.
    let world = World::untaxed().line(1000, 1).shipping_with(500, |it| it.free_from = Some(1000));
    let world = world.promotion_with("ALONE", free_shipping(), |it| it.exclusive = true);
    let world = world.promotion("OFF", percent(10)).promotion("SHIP", free_shipping());
    let quote = world.quote();
    assert_eq!(verdicts(&quote), ["OFF 100", "ALONE: nothing to take off", "SHIP 500"]);
    assert_eq!(quote.shipping.unwrap().full, 500);
}
