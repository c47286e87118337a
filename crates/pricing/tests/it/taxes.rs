//! Zones, rates, modes, rounding levels, exempt shoppers.

use std::time::Duration;

use pricing::{Destination, Place, Rounding, ShippingTax, TaxCategory, TaxRate, TaxShare, TaxZone};
use primitives::tax::TaxedLine;
use primitives::{Currency, MoneyError, Rate, Timestamp};

use crate::world::*;

fn taxed(net: i64, tax: i64) -> TaxedLine {
    TaxedLine { net, tax, gross: net + tax }
}

fn place(code: &str, region: Option<&str>, postal: Option<&str>) -> Place {
    Place { country: country(code), region: region.map(str::to_owned), postal: postal.map(str::to_owned) }
}

fn at(code: &str, region: Option<&str>, postal: Option<&str>) -> Destination {
    Destination {
        country: country(code),
        region: region.map(str::to_owned),
        postal_code: postal.map(str::to_owned),
    }
}

fn named(name: &str, places: Vec<Place>) -> TaxZone {
    TaxZone { name: name.to_owned(), places, ..zone(&[]) }
}

#[test]
fn the_most_specific_zone_is_found() {
    let zones = [
        named("spain", vec![place("ES", None, None), place("PT", None, None)]),
        named("again", vec![place("ES", None, None)]),
        named("canaries", vec![place("ES", Some("Canarias"), None)]),
        named("palmas", vec![place("ES", None, Some("35"))]),
        named("town", vec![place("ES", None, Some("35-0 01"))]),
        named("both", vec![place("ES", Some("Canarias"), Some("38"))]),
        named("blank", vec![place("DE", Some(" "), Some(" - "))]),
        named("london", vec![place("GB", None, Some("sw1"))]),
    ];
    let found = |destination: Destination| TaxZone::find(&zones, &destination).map(|zone| zone.name.as_str());
    assert_eq!(found(at("ES", None, None)), Some("spain"));
    assert_eq!(found(at("PT", Some("Canarias"), Some("35001"))), Some("spain"));
    assert_eq!(found(at("ES", Some(" CANARIAS "), None)), Some("canaries"));
    assert_eq!(found(at("ES", Some("Canarias"), Some("35 123"))), Some("palmas"));
    assert_eq!(found(at("ES", Some("Canarias"), Some("35001"))), Some("town"));
    assert_eq!(found(at("ES", Some("Canarias"), Some("38001"))), Some("both"));
    assert_eq!(found(at("ES", Some("Madrid"), Some("38001"))), Some("spain"));
    assert_eq!(found(at("ES", None, Some("3"))), Some("spain"));
    assert_eq!(found(at("DE", None, None)), Some("blank"));
    assert_eq!(found(at("GB", None, Some("Sw1A 1aa"))), Some("london"));
    assert_eq!(found(at("GB", None, Some("S"))), None);
    assert_eq!(found(at("FR", None, Some("35001"))), None);
}

#[test]
fn rates_have_their_days_and_fall_back_to_standard() {
    let day = |day: u64| Timestamp::from_millis(0) + Duration::from_hours(24 * day);
    let rate = |key: &str, name: &str, percent, from: Option<u64>, until: Option<u64>| TaxRate {
        category: category(key),
        name: name.to_owned(),
        rate: Rate::percent(percent),
        from: from.map(day),
        until: until.map(day),
    };
    let zone = TaxZone {
        rates: vec![
            rate("standard", "old", 19, None, None),
            rate("standard", "low", 16, Some(10), Some(20)),
            rate("standard", "new", 21, Some(30), None),
            rate("standard", "newer", 22, Some(30), None),
            rate("books", "books", 5, Some(15), Some(25)),
            rate("bad", "bad", -5, None, None),
            rate("none", "never", 50, None, None),
        ],
        ..named("zone", vec![])
    };
    let name = |key: &str, on| zone.rate(&category(key), day(on)).1.to_owned();
    assert_eq!(name("standard", 9), "old");
    assert_eq!(name("standard", 10), "low");
    assert_eq!(name("standard", 19), "low");
    assert_eq!(name("standard", 20), "old");
    assert_eq!(name("standard", 30), "newer");
    assert_eq!(name("books", 14), "low");
    assert_eq!(name("books", 15), "books");
    assert_eq!(name("books", 25), "old");
    assert_eq!(name("food", 25), "old");
    assert_eq!(zone.rate(&category("standard"), day(30)).0, Rate::percent(22));
    assert_eq!(zone.rate(&category("bad"), day(0)), (Rate::ZERO, "bad"));
    assert_eq!(zone.rate(&TaxCategory::NONE, day(0)), (Rate::ZERO, ""));
    assert_eq!(named("empty", vec![]).rate(&TaxCategory::STANDARD, day(0)), (Rate::ZERO, ""));
}

#[test]
fn categories_are_short_keys() {
    assert_eq!(TaxCategory::parse(" Books ").unwrap().as_str(), "books");
    assert_eq!(TaxCategory::default(), category("standard"));
    for bad in ["", " ", "é", "a b", "a.b", &"x".repeat(41)] {
        assert!(TaxCategory::parse(bad).is_err(), "{bad:?}");
    }
    let error = TaxCategory::parse("a b").unwrap_err();
    assert_eq!(error.to_string(), "\"a b\" is not a tax category: 1 to 40 of a-z, 0-9, - and _");
}

#[test]
fn prices_of_the_other_mode_are_converted_exactly_and_rounded_once() {
    let mut world = World::inclusive().rates(&[("standard", "21")]).line(999, 3);
    world.lines[0].unit_includes_tax = false;
    let line = world.quote().lines.remove(0);
    // 29.97 × 1.21 = 36.2637; one piece would be 12.09.
    assert_eq!((line.unit, line.amount), (1209, 3626));
    assert_eq!(line.taxed, taxed(2997, 629));
    let mut world = World::ex().rates(&[("standard", "21")]).line(999, 3);
    world.lines[0].unit_includes_tax = true;
    let line = world.quote().lines.remove(0);
    // 29.97 / 1.21 = 24.7686; one piece would be 8.26.
    assert_eq!((line.unit, line.amount), (826, 2477));
    assert_eq!(line.taxed, taxed(2477, 520));
}

#[test]
fn tax_is_rounded_per_line_per_piece_or_per_order() {
    let taxes = |world: &World, rounding| {
        let quote = world.clone().rounding(rounding).quote();
        quote.lines.iter().map(|line| line.taxed.tax).collect::<Vec<_>>()
    };
    // 20 % of 1.23 is 0.246: 0.74 for three, 0.25 for each, 1.97 for eight.
    let world = World::ex().line(123, 3).line(123, 5);
    assert_eq!(taxes(&world, Rounding::Line), [74, 123]);
    assert_eq!(taxes(&world, Rounding::Unit), [75, 125]);
    assert_eq!(taxes(&world, Rounding::Order), [74, 123]);
    // 20 % of 0.12 is 0.024: nothing is lost in the order.
    let world = World::ex().line(12, 1).line(12, 1).line(12, 1).line(12, 1).line(12, 1);
    assert_eq!(taxes(&world, Rounding::Line), [2, 2, 2, 2, 2]);
    assert_eq!(taxes(&world, Rounding::Order), [3, 3, 2, 2, 2]);
    // Included: 1.00 holds 16.67; 3.00 hold 50.
    let world = World::inclusive().line(100, 1).line(100, 2);
    assert_eq!(taxes(&world, Rounding::Line), [17, 33]);
    assert_eq!(taxes(&world, Rounding::Unit), [17, 34]);
    assert_eq!(taxes(&world, Rounding::Order), [17, 33]);
}

#[test]
fn pieces_of_a_discounted_line_are_taxed_at_their_two_amounts() {
    let world = World::ex().line(110, 3).promotion("OFF", order_fixed(30)).rounding(Rounding::Unit);
    assert_eq!(world.quote().lines[0].taxed, taxed(300, 60));
    // 2.98 is 1.00, 0.99, 0.99; with 2.5 %: 0.03 (0.025 away from zero), 0.02, 0.02.
    let world = World::ex().rates(&[("standard", "2.5")]).line(110, 3).rounding(Rounding::Unit);
    assert_eq!(world.promotion("OFF", order_fixed(32)).quote().lines[0].taxed, taxed(298, 7));
}

#[test]
fn the_order_level_adds_up_rates_of_equal_height() {
    let mut world = World::ex().rates(&[("a", "20"), ("b", "20"), ("c", "10")]).rounding(Rounding::Order);
    world.zone.as_mut().unwrap().rates[1].name = "Other".to_owned();
    let world = ["a", "b", "c"]
        .into_iter()
        .fold(world, |world, key| world.line_with(12, 1, |line| line.tax_category = category(key)));
    let quote = world.quote();
    // 20 % of 0.24 is 0.048; each alone would be 0.02.
    assert_eq!(quote.lines.iter().map(|line| line.taxed.tax).collect::<Vec<_>>(), [3, 2, 1]);
    let share = |name: &str, percent, tax| TaxShare {
        name: name.to_owned(),
        rate: Rate::percent(percent),
        net: 12,
        tax,
    };
    assert_eq!(quote.taxes, [share("Other", 20, 2), share("VAT", 20, 3), share("VAT", 10, 1)]);
}

#[test]
fn the_summary_has_shipping_and_shares_of_nothing() {
    let world = World::ex().rates(&[("standard", "20"), ("low", "10")]).line(1000, 1);
    let low = |line: &mut pricing::Line| line.tax_category = category("low");
    let free = pricing::Action::Percent { of: only(&[2]), off: Rate::percent(100) };
    let quote = world.line_with(500, 1, low).promotion("FREE", free).shipping(500).quote();
    let shares: Vec<_> = quote.taxes.iter().map(|share| (share.net, share.tax)).collect();
    assert_eq!(shares, [(1500, 300), (0, 0)]);
}

#[test]
fn who_is_exempt_pays_the_net() {
    let world = World::inclusive().line(1200, 1).line(100, 1).shipping(600).exempt();
    let quote = world.promotion("TENTH", percent(10)).quote();
    let lines: Vec<_> =
        quote.lines.iter().map(|line| (line.left, line.taxed, line.relief, line.rate)).collect();
    assert_eq!(lines, [(1080, taxed(900, 0), 180, Rate::ZERO), (90, taxed(75, 0), 15, Rate::ZERO)]);
    assert!(quote.lines.iter().all(|line| line.rate_name.is_empty()));
    let shipping = quote.shipping.unwrap();
    assert_eq!((shipping.amount, shipping.relief, shipping.parts[0].taxed), (600, 100, taxed(500, 0)));
    assert_eq!((shipping.parts[0].rate, shipping.parts[0].name.as_str()), (Rate::ZERO, ""));
    assert_eq!(quote.taxes, []);
    assert_eq!((quote.totals.relief, quote.totals.tax, quote.totals.total), (295, 0, 1475));
}

#[test]
fn who_is_exempt_pays_prices_without_tax_as_they_are() {
    let quote = World::ex().line(1200, 1).shipping(600).exempt().quote();
    assert_eq!((quote.totals.relief, quote.totals.total), (0, 1800));
    assert_eq!(quote.lines[0].taxed, taxed(1200, 0));
}

#[test]
fn the_net_of_who_is_exempt_is_that_of_everybody() {
    for rounding in [Rounding::Line, Rounding::Unit, Rounding::Order] {
        let world = World::inclusive().line(99, 7).line(33, 5).line(101, 3).rounding(rounding);
        let nets =
            |world: &World| -> Vec<i64> { world.quote().lines.iter().map(|line| line.taxed.net).collect() };
        assert_eq!(nets(&world), nets(&world.clone().exempt()), "{rounding:?}");
    }
}

#[test]
fn shipping_is_taxed_by_category_by_weight_or_not_at_all() {
    let low = |line: &mut pricing::Line| line.tax_category = category("low");
    let digital = |line: &mut pricing::Line| {
        line.tax_category = category("digital");
        line.requires_shipping = false;
    };
    let world = World::ex().rates(&[("standard", "21"), ("low", "6"), ("digital", "50")]);
    let world = world.line_with(100, 1, low).line(200, 1).line_with(9000, 1, digital).shipping(1000);
    let parts = |tax| {
        let shipping = world.clone().shipping_tax(tax).quote().shipping.unwrap();
        let part = |part: &pricing::ShippingPart| (part.rate, part.taxed);
        shipping.parts.iter().map(part).collect::<Vec<_>>()
    };
    let (high, low) = (Rate::percent(21), Rate::percent(6));
    assert_eq!(parts(ShippingTax::Category(category("low"))), [(low, taxed(1000, 60))]);
    assert_eq!(parts(ShippingTax::Untaxed), [(Rate::ZERO, taxed(1000, 0))]);
    // Two thirds at the high rate; what needs no shipping does not count.
    assert_eq!(parts(ShippingTax::Weighted), [(high, taxed(667, 140)), (low, taxed(333, 20))]);
    // The method's own category goes first.
    let mut own = world.clone().shipping_tax(ShippingTax::Weighted);
    own.shipping.as_mut().unwrap().tax_category = Some(category("low"));
    assert_eq!(own.quote().shipping.unwrap().parts[0].taxed, taxed(1000, 60));
    let mut nowhere = world.clone();
    nowhere.zone = None;
    assert_eq!(nowhere.quote().shipping.unwrap().parts[0].taxed, taxed(1000, 0));
}

#[test]
fn weighted_shipping_is_named_by_its_first_line_and_sees_gifts() {
    let mut world = World::inclusive().rates(&[("a", "20"), ("b", "20"), ("c", "10")]);
    world.zone.as_mut().unwrap().rates[1].name = "Other".to_owned();
    let world = world.shipping_tax(ShippingTax::Weighted).gift(100).promotion("GIFT", free_gift(1));
    let world = ["b", "a"]
        .into_iter()
        .fold(world, |world, key| world.line_with(1000, 1, |line| line.tax_category = category(key)));
    let mut world = world.shipping(600);
    world.gifts[0].tax_category = category("c");
    let parts = |world: &World| {
        let parts = world.quote().shipping.unwrap().parts;
        parts.into_iter().map(|part| (part.name, part.taxed.gross)).collect::<Vec<_>>()
    };
    assert_eq!(parts(&world), [("Other".to_owned(), 600), ("VAT".to_owned(), 0)]);
    // When nothing is left, all rates count alike.
    let world = world.promotion("ALL", percent(100));
    assert_eq!(parts(&world), [("Other".to_owned(), 300), ("VAT".to_owned(), 300)]);
}

#[test]
fn exempt_parts_of_shipping_stay_apart() {
    let low = |line: &mut pricing::Line| line.tax_category = category("low");
    let world = World::inclusive().rates(&[("standard", "20"), ("low", "10")]);
    let world = world.line(1000, 1).line_with(1000, 1, low).shipping(330).exempt();
    let shipping = world.shipping_tax(ShippingTax::Weighted).quote().shipping.unwrap();
    let parts: Vec<_> = shipping.parts.iter().map(|part| part.taxed).collect();
    // 1.65 with 20 % is 1.375, with 10 % it is 1.50.
    assert_eq!((parts, shipping.relief), (vec![taxed(138, 0), taxed(150, 0)], 42));
}

#[test]
fn currencies_without_decimals_and_with_three_are_the_same_work() {
    for currency in [Currency::JPY, Currency::EUR, Currency::KWD] {
        let mut world = World::ex().line(123, 3);
        world.currency = currency;
        assert_eq!(world.net_and_gross(), (369, 443));
        assert_eq!(world.quote().currency, currency);
    }
}

#[test]
fn huge_amounts_are_refused_and_not_wrapped() {
    let overflow = Err(MoneyError::Overflow);
    assert_eq!(World::ex().line(i64::MAX, 2).try_quote(), overflow);
    assert_eq!(World::ex().line(i64::MAX, 1).try_quote(), overflow, "no room for the tax");
    assert_eq!(World::untaxed().line(i64::MAX, 1).line(1, 1).try_quote(), overflow);
    assert_eq!(World::untaxed().line(i64::MAX, 1).shipping(1).try_quote(), overflow);
    let gift = World::untaxed().line(1, 1).gift(i64::MAX).promotion("GIFT", free_gift(1));
    assert_eq!(gift.try_quote(), overflow);
    assert_eq!(World::untaxed().line(i64::MAX, 1).quote().totals.total, i64::MAX);
    let heavy = |line: &mut pricing::Line| line.grams = i64::MAX;
    assert_eq!(World::untaxed().line_with(1, 2, heavy).shipping(1).try_quote(), overflow);
}

#[test]
fn a_price_below_zero_is_refused() {
    let below = Err(MoneyError::Malformed("-0.05".to_owned()));
    assert_eq!(World::ex().line(-5, 2).try_quote(), below);
    assert_eq!(World::ex().line(5, 2).gift(-5).promotion("GIFT", free_gift(1)).try_quote(), below);
}
