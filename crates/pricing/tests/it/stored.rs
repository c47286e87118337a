//! What merchants configure: how it is stored, and what may not be stored.

use std::fmt::Debug;

use pricing::{
    Action, Condition, Group, ListPrice, Measure, Per, Pick, Place, PriceList, Promotion, Selector,
    ShippingMethod, ShippingTax, Step, Table, TaxCategory, TaxRate, TaxZone, Usage,
};
use primitives::{Currency, FieldError, Rate, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::world::*;

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let document = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(document).unwrap(), value, "{text}");
}

fn every_action() -> Vec<Action> {
    let of = Selector {
        products: set([product(1)]),
        variants: set([variant(2)]),
        collections: set([collection(3)]),
        tags: set(["sale".to_owned()]),
        not_products: set([product(4)]),
        not_variants: set([variant(5)]),
        not_collections: set([collection(6)]),
        not_tags: set(["gift card".to_owned()]),
    };
    let (buy_of, get_of) = (of.clone(), everything());
    vec![
        Action::Percent { of: of.clone(), off: Rate::from_ppm(123_456) },
        Action::Fixed { of: of.clone(), off: 500, per: Per::Piece },
        Action::Fixed { of: of.clone(), off: 500, per: Per::Order },
        Action::FixedPrice { of: of.clone(), price: 900 },
        Action::BuyGet { buy: 2, buy_of, get: 1, get_of, off: Rate::percent(50), most: Some(3) },
        Action::CheapestFree { of, of_each: 3, most: None },
        order_percent(10),
        order_fixed(500),
        free_gift(2),
        Action::FreeShipping { methods: Some(set(["post".to_owned()])), most: Some(700) },
        free_shipping(),
    ]
}

fn every_condition() -> Vec<Condition> {
    vec![
        Condition::Has { of: only(&[1]), at_least: 3 },
        Condition::Groups { any_of: set([group(1), group(2)]) },
        Condition::Subtotal { of: everything(), at_least: 5000 },
        Condition::FirstOrder,
        Condition::Countries { any_of: set([country("BE"), country("NL")]) },
    ]
}

#[test]
fn promotions_read_back() {
    for action in every_action() {
        let mut promotion = promotion(1, "SUMMER", action);
        reads_back(&promotion);
        promotion.conditions = every_condition();
        promotion.group = Some(Group { name: "one".to_owned(), pick: Pick::Best });
        promotion.codes = vec!["SUMMER".to_owned()];
        promotion.from = Some(AT);
        promotion.until = Some(Timestamp::from_millis(AT.millis() + 1));
        promotion.exclusive = true;
        promotion.priority = -3;
        reads_back(&promotion);
    }
}

#[test]
fn a_promotion_is_stored_in_words() {
    let mut promotion = promotion(1, "SUMMER", Action::Percent { of: only(&[2]), off: Rate::percent(10) });
    promotion.conditions =
        vec![Condition::Subtotal { of: everything(), at_least: 5000 }, Condition::FirstOrder];
    promotion.usage = Usage { left: Some(3), ..Usage::default() };
    let stored = serde_json::to_value(&promotion).unwrap();
    assert_eq!(
        stored,
        json!({
            "id": "00000000-0000-7000-8000-000000000001",
            "name": "SUMMER",
            "active": true,
            "from": null,
            "until": null,
            "priority": 0,
            "exclusive": false,
            "group": null,
            "codes": [],
            "conditions": [{"type": "subtotal", "of": {}, "at_least": 5000}, {"type": "first_order"}],
            "action": {
                "type": "percent",
                "of": {"products": ["00000000-0000-7000-8000-000000000002"]},
                "off": 100_000,
            },
        })
    );
    // How often it was used is not part of it; what may be left out may be left out.
    let read: Promotion = serde_json::from_value(stored).unwrap();
    assert_eq!(read, Promotion { usage: Usage::default(), ..promotion });
    let short = json!({
        "id": "00000000-0000-7000-8000-000000000001",
        "name": "SHIP",
        "active": true,
        "priority": 0,
        "action": {"type": "free_shipping"},
    });
    assert_eq!(
        serde_json::from_value::<Promotion>(short).unwrap(),
        crate::world::promotion(1, "SHIP", free_shipping())
    );
}

#[test]
fn a_restriction_that_is_not_understood_is_no_promotion() {
    let action = |document| serde_json::from_value::<Action>(document).map_err(|error| error.to_string());
    assert!(action(json!({"type": "percent", "of": {}, "off": 5})).is_ok());
    let selector = action(json!({"type": "percent", "of": {"brand": ["x"]}, "off": 5})).unwrap_err();
    assert!(selector.starts_with("unknown field `brand`"), "{selector}");
    let field = action(json!({"type": "free_shipping", "method": ["post"]})).unwrap_err();
    assert!(field.starts_with("unknown field `method`"), "{field}");
    let condition = json!({"type": "has", "of": {}, "at_least": 1, "at_most": 2});
    assert!(serde_json::from_value::<Condition>(condition).is_err());
    assert!(serde_json::from_value::<Place>(json!({"country": "ES", "province": "Canarias"})).is_err());
    assert!(serde_json::from_value::<Place>(json!({"country": "ES"})).is_ok());
}

#[test]
fn lists_zones_and_methods_read_back() {
    let list = list();
    reads_back(&list);
    reads_back(&PriceList { groups: Some(set([group(1)])), countries: Some(set([country("BE")])), ..list });
    reads_back(&ListPrice {
        variant: variant(1),
        list: list_id(1),
        min_quantity: 10,
        price: 900,
        compare_at: Some(1000),
    });
    let mut zone = zone(&[("standard", "21"), ("books", "6.5")]);
    zone.rates[0].from = Some(AT);
    zone.places.push(Place {
        country: country("ES"),
        region: Some("Canarias".to_owned()),
        postal: Some("35".to_owned()),
    });
    for shipping in [ShippingTax::Category(category("books")), ShippingTax::Weighted, ShippingTax::Untaxed] {
        zone.shipping = shipping;
        reads_back(&zone);
    }
    let mut method = method(500);
    reads_back(&method);
    method.countries = Some(set([country("BE")]));
    method.tax_category = Some(TaxCategory::NONE);
    (method.free_from, method.table.up_to) = (Some(5000), Some(30_000));
    for by in [Measure::Weight, Measure::Price, Measure::Quantity] {
        method.table.by = by;
        reads_back(&method);
    }
    assert!(serde_json::from_str::<TaxCategory>("\"no way\"").is_err());
}

#[test]
fn what_is_told_about_a_quote_reads_back() {
    let world = World::ex().line(1000, 3).line(100, 1).shipping(500).gift(50);
    let world = every_action().into_iter().fold(world, |world, action| world.promotion("ANY", action));
    let quote = world.quote();
    let discounts = quote.lines.iter().flat_map(|line| &line.discounts);
    for discount in discounts.chain(quote.shipping.iter().flat_map(|shipping| &shipping.discounts)) {
        reads_back(discount);
    }
    for outcome in &quote.promotions {
        reads_back(outcome);
    }
}

fn fields(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect()
}

fn list() -> PriceList {
    PriceList {
        id: list_id(1),
        name: "Trade".to_owned(),
        currency: Currency::EUR,
        includes_tax: false,
        groups: None,
        countries: None,
        from: None,
        until: None,
        priority: 0,
        active: true,
    }
}

#[test]
fn what_is_fine_has_no_errors() {
    for action in every_action() {
        let mut promotion = promotion(1, "SUMMER", action);
        promotion.conditions = every_condition();
        assert_eq!(promotion.errors(), []);
    }
    assert_eq!(list().errors(), []);
    assert_eq!(zone(&[("standard", "21")]).errors(), []);
    assert_eq!(method(500).errors(), []);
}

#[test]
fn every_wrong_field_of_a_promotion_is_named() {
    let nobody = Condition::Groups { any_of: set([]) };
    let nowhere = Condition::Countries { any_of: set([]) };
    let blank = Selector { not_tags: set([" ".to_owned()]), ..everything() };
    let promotion = Promotion {
        name: " ".to_owned(),
        from: Some(AT),
        until: Some(AT),
        group: Some(Group { name: "x".repeat(61), pick: Pick::First }),
        codes: vec!["A\nB".to_owned(), "one".to_owned(), " ONE".to_owned(), String::new()],
        conditions: vec![
            Condition::Has { of: blank, at_least: 0 },
            nobody,
            Condition::Subtotal { of: everything(), at_least: 0 },
            Condition::FirstOrder,
            nowhere,
        ],
        ..promotion(1, "", percent(0))
    };
    assert_eq!(
        fields(&promotion.errors()),
        [
            "name is empty",
            "until is not after the beginning",
            "group.name is longer than 60 characters",
            "codes.0 holds a control character",
            "codes.2 is there twice",
            "codes.3 is empty",
            "conditions.0.of.not_tags holds an empty tag",
            "conditions.0.at_least is not above zero",
            "conditions.1.any_of is empty, so it would never hold",
            "conditions.2.at_least is not above zero",
            "conditions.4.any_of is empty, so it would never hold",
            "action.off is not above 0 and at most 100 %",
        ]
    );
}

#[test]
fn every_wrong_field_of_an_action_is_named() {
    let wrong = |action| fields(&promotion(1, "X", action).errors());
    let off = "action.off is not above 0 and at most 100 %";
    assert_eq!(wrong(percent(101)), [off]);
    assert_eq!(wrong(order_percent(-1)), [off]);
    assert_eq!(wrong(order_fixed(0)), ["action.off is not above zero"]);
    assert_eq!(
        wrong(Action::Fixed { of: everything(), off: -1, per: Per::Piece }),
        ["action.off is not above zero"]
    );
    assert_eq!(wrong(Action::FixedPrice { of: everything(), price: -1 }), ["action.price is below zero"]);
    let (buy_of, get_of) = (everything(), everything());
    let deal = Action::BuyGet { buy: 0, buy_of, get: 10_001, get_of, off: Rate::ZERO, most: Some(0) };
    let pieces = "is not between 1 and 10000";
    assert_eq!(
        wrong(deal),
        [
            format!("action.buy {pieces}"),
            format!("action.get {pieces}"),
            off.to_owned(),
            "action.most is not above zero".to_owned()
        ]
    );
    let free = Action::CheapestFree { of: everything(), of_each: 1, most: Some(0) };
    assert_eq!(wrong(free), ["action.of_each is not between 2 and 10000", "action.most is not above zero"]);
    let shipping = Action::FreeShipping { methods: Some(set([])), most: Some(-1) };
    assert_eq!(
        wrong(shipping),
        ["action.methods is empty, so it would never apply", "action.most is not above zero"]
    );
}

#[test]
fn every_wrong_field_of_a_price_list_is_named() {
    let wrong = PriceList {
        name: String::new(),
        groups: Some(set([])),
        countries: Some(set([])),
        from: Some(AT),
        until: Some(Timestamp::from_millis(0)),
        ..list()
    };
    assert_eq!(
        fields(&wrong.errors()),
        [
            "name is empty",
            "groups is empty, so it would hold for nobody",
            "countries is empty, so it would hold nowhere",
            "until is not after the beginning",
        ]
    );
    let price = |min_quantity, price, compare_at| ListPrice {
        variant: variant(1),
        list: list_id(1),
        min_quantity,
        price,
        compare_at,
    };
    let prices = [price(1, 0, None), price(0, -1, Some(-1)), price(1, 5, Some(4))];
    assert_eq!(
        fields(&ListPrice::errors(&prices)),
        [
            "1.min_quantity is not between 1 and 10000",
            "1.price is below zero",
            "1.compare_at is below zero",
            "2.min_quantity has a price already",
        ]
    );
}

#[test]
fn every_wrong_field_of_a_tax_zone_is_named() {
    let rate = |key: &str, name: &str, rate, until| TaxRate {
        category: category(key),
        name: name.to_owned(),
        rate,
        from: Some(AT),
        until,
    };
    let place = |region: Option<&str>, postal: Option<&str>| Place {
        country: country("BE"),
        region: region.map(str::to_owned),
        postal: postal.map(str::to_owned),
    };
    let wrong = TaxZone {
        name: "a\tb".to_owned(),
        places: vec![place(Some(" "), None), place(None, Some("--")), place(None, None), place(None, None)],
        rates: vec![
            rate("none", "VAT", Rate::percent(21), None),
            rate("books", " ", Rate::from_ppm(-1), Some(AT)),
            rate("books", "VAT", Rate::percent(1001), None),
        ],
        ..zone(&[])
    };
    assert_eq!(
        fields(&wrong.errors()),
        [
            "name holds a control character",
            "places.0.region is empty",
            "places.1.postal needs 1 to 20 letters or digits",
            "places.3 is there twice",
            "rates.0.category is never taxed",
            "rates.1.name is empty",
            "rates.1.rate is not between 0 and 1000 %",
            "rates.1.until is not after the beginning",
            "rates.2.rate is not between 0 and 1000 %",
        ]
    );
}

#[test]
fn every_wrong_field_of_a_way_of_shipping_is_named() {
    let step = |from, price| Step { from, price };
    let wrong = ShippingMethod {
        id: String::new(),
        name: String::new(),
        window: "x".repeat(101),
        countries: Some(set([])),
        table: Table {
            by: Measure::Weight,
            steps: vec![step(1, 5), step(9, -1), step(9, 0)],
            up_to: Some(8),
        },
        free_from: Some(-1),
        ..method(0)
    };
    assert_eq!(
        fields(&wrong.errors()),
        [
            "id is empty",
            "name is empty",
            "window is longer than 100 characters",
            "countries is empty, so it would go nowhere",
            "table.steps.0.from is not 0",
            "table.steps.1.price is below zero",
            "table.steps.2.from is not above the step before",
            "table.up_to is below the last step",
            "free_from is below zero",
        ]
    );
    let empty = Table { by: Measure::Weight, steps: vec![], up_to: None };
    assert_eq!(fields(&ShippingMethod { table: empty, ..method(0) }.errors()), ["table.steps is empty"]);
}
