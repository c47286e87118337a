//! The worked cases of the rules of money, by the oracle, and `pricing` on the same carts.

use oracle::compare::check;
use oracle::exact::{discount, spread};
use oracle::random::{Case, NOW, category, id, pieces};
use pricing::{
    Action, Condition, Group, Line, Measure, Per, Pick, Promotion, Quote, Rounding, Selector, ShippingMethod,
    ShippingTax, Step, Table, TaxCategory, TaxRate, TaxZone, Usage, Verdict,
};
use primitives::{MoneyError, Rate};

/// So many pieces, with the price in the mode of the cart it is put into.
fn line(unit: i64, quantity: u32) -> Line {
    Line {
        variant: id(1),
        product: id(1),
        collections: vec![],
        tags: vec![],
        unit,
        unit_includes_tax: false,
        quantity: pieces(quantity),
        tax_category: TaxCategory::STANDARD,
        grams: 100,
        requires_shipping: true,
        discountable: true,
    }
}

fn at(key: &str, line: Line) -> Line {
    Line { tax_category: category(key), ..line }
}

/// A zone in which each category has one rate.
fn zone(rates: &[(&str, &str)], shipping: ShippingTax) -> TaxZone {
    TaxZone {
        id: id(1),
        name: "Zone".to_owned(),
        places: vec![],
        rates: rates
            .iter()
            .map(|(key, percent)| TaxRate {
                category: category(key),
                name: "VAT".to_owned(),
                rate: Rate::parse_percent(percent).unwrap(),
                from: None,
                until: None,
            })
            .collect(),
        shipping,
    }
}

/// A cart at 20 %, without tax in its prices.
fn at_twenty(lines: Vec<Line>) -> Case {
    Case { zone: Some(zone(&[("standard", "20")], ShippingTax::Untaxed)), ..Case::plain(false, lines) }
}

/// The same with the tax in its prices.
fn with_tax(case: Case) -> Case {
    let mut case = Case { includes_tax: true, ..case };
    for line in &mut case.lines {
        line.unit_includes_tax = true;
    }
    case
}

fn promotion(number: u32, action: Action) -> Promotion {
    Promotion {
        id: id(number),
        name: format!("P{number}"),
        active: true,
        from: None,
        until: None,
        priority: 0,
        exclusive: false,
        group: None,
        codes: vec![],
        conditions: vec![],
        action,
        usage: Usage::default(),
    }
}

fn items(percent: i32) -> Action {
    Action::Percent { of: Selector::default(), off: Rate::percent(percent) }
}

fn order(percent: i32) -> Action {
    Action::OrderPercent { off: Rate::percent(percent) }
}

fn promoted(case: Case, actions: impl IntoIterator<Item = Action>) -> Case {
    let promotions = (1..).zip(actions).map(|(number, action)| promotion(number, action)).collect();
    Case { promotions, ..case }
}

fn shipped(case: Case, price: i64) -> Case {
    let shipping = ShippingMethod {
        id: "post".to_owned(),
        name: "Post".to_owned(),
        window: String::new(),
        countries: None,
        table: Table { by: Measure::Weight, steps: vec![Step { from: 0, price }], up_to: None },
        free_from: None,
        pickup: false,
        tax_category: None,
        active: true,
    };
    Case { shipping: Some(shipping), ..case }
}

/// The oracle's answer, which has to be that of `pricing` too.
fn quoted(case: &Case) -> Quote {
    let quote = oracle::quote(&case.request()).unwrap();
    if let Err(difference) = check(case) {
        panic!("{difference}");
    }
    quote
}

/// Net, tax and gross of the whole.
fn sums(case: &Case) -> (i64, i64, i64) {
    let totals = quoted(case).totals;
    (totals.total - totals.tax, totals.tax, totals.total)
}

fn net_gross(case: &Case) -> (i64, i64) {
    let (net, _, gross) = sums(case);
    (net, gross)
}

#[test]
fn rounds_once_per_line() {
    assert_eq!(net_gross(&at_twenty(vec![line(123, 1)])), (123, 148));
    assert_eq!(net_gross(&at_twenty(vec![line(123, 3)])), (369, 443));
    let per_unit = Case { rounding: Rounding::Unit, ..at_twenty(vec![line(123, 3)]) };
    assert_eq!(net_gross(&per_unit), (369, 444));
    assert_eq!(net_gross(&at_twenty(vec![line(31, 10)])), (310, 372));
}

#[test]
fn takes_included_tax_out_of_the_line() {
    assert_eq!(sums(&with_tax(at_twenty(vec![line(100, 2)]))), (167, 33, 200));
}

#[test]
fn taxes_lines_of_several_rates() {
    let lines = vec![line(100, 2), at("reduced", line(100, 2)), at("none", line(100, 2))];
    let rates = zone(&[("standard", "20"), ("reduced", "10")], ShippingTax::Untaxed);
    let quote = quoted(&Case { zone: Some(rates), ..Case::plain(false, lines) });
    assert_eq!(quote.lines.iter().map(|line| line.taxed.tax).collect::<Vec<_>>(), [40, 20, 0]);
    assert_eq!(quote.taxes.iter().map(|share| share.tax).collect::<Vec<_>>(), [40, 20]);
    assert_eq!(quote.totals.tax, 60);
}

#[test]
fn rounds_discounts_before_tax() {
    let goods = || at_twenty(vec![line(155_880, 1)]);
    assert_eq!(net_gross(&promoted(goods(), [items(10)])), (140_292, 168_350));
    assert_eq!(net_gross(&promoted(goods(), [items(10), order(10)])), (126_263, 151_516));
    assert_eq!(net_gross(&promoted(at_twenty(vec![line(8333, 1)]), [items(50)])), (4167, 5000));
    let fixed = Action::OrderFixed { off: 500 };
    assert_eq!(net_gross(&promoted(at_twenty(vec![line(1230, 1)]), [fixed])), (730, 876));
}

#[test]
fn closes_mixed_orders_to_the_minor_unit() {
    let four = zone(&[("standard", "4")], ShippingTax::Untaxed);
    let case = Case { zone: Some(four), ..Case::plain(false, vec![line(1000, 2), line(3499, 1)]) };
    assert_eq!(net_gross(&case), (5499, 5719));

    let lines = vec![line(1000, 1), line(1000, 1), line(2000, 1), at("reduced", line(3000, 1))];
    let rates = zone(&[("standard", "23"), ("reduced", "3")], ShippingTax::Category(TaxCategory::STANDARD));
    let case = shipped(Case { zone: Some(rates), ..Case::plain(false, lines) }, 1000);
    assert_eq!(net_gross(&case), (8000, 9240));

    let rates = zone(&[("standard", "10.75")], ShippingTax::Untaxed);
    let case = shipped(Case { zone: Some(rates), ..Case::plain(false, vec![line(2499, 1)]) }, 644);
    assert_eq!(sums(&case), (3143, 269, 3412));
}

#[test]
fn spreads_by_largest_remainder() {
    assert_eq!(spread(300, &[4000, 2000, 2000]), [150, 75, 75]);
    assert_eq!(spread(-300, &[4000, 2000, 2000]), [-150, -75, -75]);
    assert_eq!(spread(299, &[1000, 1000, 1000]), [100, 100, 99]);
    assert_eq!(spread(10, &[0, 0]), [5, 5]);
    assert_eq!(spread(10, &[]), Vec::<i128>::new());
}

#[test]
fn retests_rules_on_what_is_left() {
    let case = |unit, quantity| {
        let mut half = promotion(1, items(50));
        half.conditions = vec![Condition::Has { of: Selector::default(), at_least: 3 }];
        let mut tenth = promotion(2, items(10));
        tenth.conditions = vec![Condition::Subtotal { of: Selector::default(), at_least: 1000 }];
        Case { promotions: vec![tenth, half], ..at_twenty(vec![line(unit, quantity)]) }
    };
    assert_eq!(net_gross(&case(500, 2)), (900, 1080));
    assert_eq!(net_gross(&case(500, 3)), (750, 900));
    assert_eq!(net_gross(&case(800, 3)), (1080, 1296));
}

#[test]
fn caps_a_coupon_at_the_goods() {
    let case = shipped(at_twenty(vec![line(120, 1)]), 500);
    let quote = quoted(&promoted(case, [Action::OrderFixed { off: 1000 }]));
    assert_eq!((quote.totals.total, quote.totals.discount, quote.totals.shipping), (500, 120, 500));
}

#[test]
fn takes_an_order_discount_off_a_sale() {
    let mut sale = line(1000, 2);
    sale.tags = vec!["sale".to_owned()];
    let of = Selector { tags: ["sale".to_owned()].into(), ..Selector::default() };
    let half = Action::Percent { of, off: Rate::percent(50) };
    let case = at_twenty(vec![sale, line(5000, 1)]);
    assert_eq!(sums(&promoted(case.clone(), [half.clone()])).0, 6000);
    assert_eq!(sums(&promoted(case, [half, order(15)])).0, 5100);
}

#[test]
fn rounds_what_remains_of_each_line() {
    let lines: Vec<Line> = [106, 206, 306, 406].map(|unit| line(unit, 1)).into();
    let quote = quoted(&promoted(Case::plain(false, lines.clone()), [items(10)]));
    let off: Vec<i64> = quote.lines.iter().flat_map(|line| &line.discounts).map(|off| off.amount).collect();
    assert_eq!((off, quote.totals.discount), (vec![11, 21, 31, 41], 104));
    assert_eq!(discount(Rate::percent(50), 8333), 4166);
}

#[test]
fn picks_the_best_of_a_group() {
    let mut promotions = vec![
        promotion(1, Action::Fixed { of: Selector::default(), off: 550, per: Per::Order }),
        promotion(2, items(20)),
    ];
    for member in &mut promotions {
        member.group = Some(Group { name: "one of".to_owned(), pick: Pick::Best });
    }
    let quote = quoted(&Case { promotions, ..Case::plain(false, vec![line(3000, 1)]) });
    assert_eq!(quote.totals.discount, 600);
    assert_eq!(quote.promotions[1].verdict, Verdict::Applied { amount: 600 });
}

#[test]
fn relieves_an_exempt_shopper_of_the_tax_in_prices() {
    let mut case = shipped(with_tax(at_twenty(vec![line(100, 2)])), 120);
    case.zone = Some(zone(&[("standard", "20")], ShippingTax::Weighted));
    case.shopper.exempt = true;
    let totals = quoted(&case).totals;
    assert_eq!(
        (totals.subtotal, totals.shipping, totals.relief, totals.tax, totals.total),
        (200, 120, 53, 0, 267)
    );
}

#[test]
fn refuses_prices_below_zero_and_beyond_64_bits() {
    let below = Case::plain(false, vec![line(-1, 1)]);
    assert!(matches!(oracle::quote(&below.request()), Err(MoneyError::Malformed(_))));
    let beyond = Case::plain(false, vec![line(i64::MAX, 2)]);
    assert_eq!(oracle::quote(&beyond.request()), Err(MoneyError::Overflow));
    for case in [below, beyond] {
        assert!(check(&case).is_ok());
    }
    assert_eq!(NOW.rfc3339(), "2027-01-15T08:00:00.000Z");
}
