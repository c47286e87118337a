//! What is typed, what is wrong with it, what is sent and what is said.

use super::words::said;
use super::*;
use crate::gql::Money;
use crate::gql::promotions::{
    PromotionAction, PromotionCondition, PromotionState, Selection, SelectionInput,
};

const UTC: Zone = |_| 0;
const BRUSSELS: Zone = |_| 60;

fn euro(decimal: &str) -> Money {
    let minor = amount::parse(decimal, 2).unwrap();
    Money {
        minor: Long(minor),
        currency: "EUR".into(),
        decimal: decimal.into(),
        formatted: format!("€{decimal}"),
    }
}

fn selection(products: &[&str], tags: &[&str], not_tags: &[&str]) -> Selection {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    Selection {
        products: products.iter().copied().map(cynic::Id::new).collect(),
        tags: words(tags),
        not_tags: words(not_tags),
        ..Selection::default()
    }
}

fn saved() -> Promotion {
    Promotion {
        id: cynic::Id::new("p1"),
        name: "Summer".into(),
        active: true,
        state: PromotionState::Running,
        starts_at: Some(DateTime("2026-06-01T00:00:00Z".into())),
        ends_at: None,
        priority: 5,
        exclusive: false,
        group: Some("season".into()),
        group_pick: Some(GroupPick::Best),
        codes: vec!["SUMMER".into()],
        conditions: vec![PromotionCondition {
            kind: Needs::Subtotal,
            of: Some(selection(&[], &["sale"], &[])),
            pieces: None,
            amount: Some(euro("50.00")),
            countries: Vec::new(),
            groups: Vec::new(),
        }],
        action: PromotionAction {
            kind: Kind::BuyGet,
            of: Some(selection(&["a", "b"], &[], &["new"])),
            get_of: None,
            percent: Some("50".into()),
            amount: None,
            once: false,
            buy: Some(2),
            get: Some(1),
            most: Some(3),
            variant_id: None,
            methods: Vec::new(),
        },
        gift: None,
        use_limit: Some(Long(100)),
        shopper_limit: None,
        budget: Some(euro("250.00")),
        uses: Long(7),
        spent: euro("35.00"),
        version: Long(2),
        created_at: DateTime("2026-05-01T00:00:00Z".into()),
        updated_at: DateTime("2026-05-01T00:00:00Z".into()),
    }
}

fn money(typed: &str) -> String {
    amount::parse(typed, 2).map_or_else(|_| "…".to_owned(), |minor| format!("€{}", amount::text(minor, 2)))
}

fn words(change: impl FnOnce(&mut Draft)) -> String {
    let mut draft = Draft::new();
    change(&mut draft);
    said(&draft, &money)
}

fn paths(draft: &Draft) -> Vec<String> {
    draft.faults(2, UTC).into_keys().collect()
}

#[test]
fn sends_back_what_was_saved() {
    let draft = Draft::of(&saved(), BRUSSELS);
    assert_eq!(draft.from, "2026-06-01T01:00");
    assert!(draft.faults(2, BRUSSELS).is_empty());
    assert!(draft.changes(&Draft::of(&saved(), BRUSSELS)).is_empty());
    let ids = |ids: &[&str]| ids.iter().copied().map(cynic::Id::new).collect::<Vec<_>>();
    let expected = PromotionInput {
        name: "Summer".into(),
        active: true,
        starts_at: Some(DateTime("2026-06-01T00:00:00Z".into())),
        ends_at: None,
        priority: 5,
        exclusive: false,
        group: Some("season".into()),
        group_pick: Some(GroupPick::Best),
        codes: vec!["SUMMER".into()],
        conditions: vec![PromotionConditionInput {
            kind: Needs::Subtotal,
            of: Some(SelectionInput { tags: vec!["sale".into()], ..SelectionInput::default() }),
            pieces: None,
            amount: Some("50.00".into()),
            countries: Vec::new(),
            groups: Vec::new(),
        }],
        action: PromotionActionInput {
            kind: Kind::BuyGet,
            of: Some(SelectionInput {
                products: ids(&["a", "b"]),
                not_tags: vec!["new".into()],
                ..SelectionInput::default()
            }),
            get_of: None,
            percent: Some("50".into()),
            amount: None,
            once: false,
            buy: Some(2),
            get: Some(1),
            most: Some(3),
            variant_id: None,
            methods: Vec::new(),
        },
        use_limit: Some(Long(100)),
        shopper_limit: None,
        budget: Some("250.00".into()),
    };
    assert_eq!(draft.input(2, BRUSSELS), expected);
}

#[test]
fn forgets_nothing_typed_and_sends_only_what_belongs_to_the_kind() {
    let before = Draft::of(&saved(), UTC);
    let mut draft = before.clone();
    draft.action.become_kind(Kind::OrderFixed);
    draft.action.amount = "1.234,50".into();
    let input = draft.input(2, UTC).action;
    assert_eq!(
        (input.amount.as_deref(), input.percent, input.of, input.buy),
        (Some("1234.50"), None, None, None)
    );
    assert_eq!(draft.changes(&before), ["what it does"]);
    draft.action.become_kind(Kind::BuyGet);
    assert!(draft.changes(&before).is_empty(), "the amount is not part of this kind");
    draft.action.of.some = false;
    let of = draft.input(2, UTC).action.of.unwrap();
    assert!(of.products.is_empty() && of.not_tags == ["new"], "everything but what is left out");
}

#[test]
fn begins_with_what_most_people_mean() {
    let mut action = ActionDraft::new(Kind::OrderPercent);
    action.percent = "15".into();
    action.become_kind(Kind::BuyGet);
    assert_eq!((action.buy.as_str(), action.get.as_str(), action.percent.as_str()), ("2", "1", "15"));
    let mut draft = Draft::new();
    draft.add_condition(Needs::Has);
    draft.add_condition(Needs::FirstOrder);
    assert_eq!(draft.path_of(1, "pieces"), "conditions.1.pieces");
    draft.conditions.remove(0);
    draft.add_condition(Needs::Countries);
    assert_eq!(draft.path_of(2, "countries"), "conditions.1.countries");
    assert_eq!(draft.path_of(0, "pieces"), "", "it is gone");
}

#[test]
fn names_what_is_wrong_as_the_server_would() {
    let mut draft = Draft::new();
    assert_eq!(paths(&draft), ["action.percent", "name"]);
    draft.name = " Two for one ".into();
    draft.action.become_kind(Kind::BuyGet);
    draft.action.of.some = true;
    draft.action.percent = "100.5".into();
    draft.action.buy = "0".into();
    draft.action.get = "10001".into();
    draft.action.most = "0".into();
    assert_eq!(paths(&draft), ["action.buy", "action.get", "action.most", "action.of", "action.percent"]);
    draft.action.become_kind(Kind::CheapestFree);
    (draft.action.buy, draft.action.most, draft.action.of.some) = ("1".into(), String::new(), false);
    assert_eq!(paths(&draft), ["action.buy"]);
    for (kind, typed, wrong) in [
        (Kind::FixedPrice, "0", false),
        (Kind::FixedPrice, "", true),
        (Kind::OrderFixed, "0.00", true),
        (Kind::OrderFixed, "4.999", true),
        (Kind::FreeShipping, "", false),
        (Kind::FreeShipping, "0", true),
    ] {
        draft.action.become_kind(kind);
        draft.action.amount = typed.into();
        assert_eq!(paths(&draft) == ["action.amount"], wrong, "{kind:?} {typed:?}");
    }
    draft.action.become_kind(Kind::FreeGift);
    draft.action.get = "1".into();
    assert_eq!(paths(&draft), ["action.variantId"]);
    draft.action.variant = Some("v".into());
    assert!(paths(&draft).is_empty());
}

#[test]
fn checks_conditions_codes_limits_and_time() {
    let mut draft = Draft::new();
    (draft.name, draft.action.percent) = ("X".into(), "0,5".into());
    for kind in [Needs::Has, Needs::Subtotal, Needs::FirstOrder, Needs::Countries] {
        draft.add_condition(kind);
    }
    draft.codes = vec!["SUMMER".into(), "ONE/TWO".into(), "X".repeat(41)];
    (draft.use_limit, draft.shopper_limit, draft.budget) = ("0".into(), "many".into(), "0".into());
    (draft.from, draft.until) = ("2026-06-01T10:00".into(), "2026-06-01T10:00".into());
    (draft.priority, draft.group) = (String::new(), "g".repeat(61));
    let expected = [
        "budget",
        "codes.1",
        "codes.2",
        "conditions.0.pieces",
        "conditions.1.amount",
        "conditions.3.countries",
        "endsAt",
        "group",
        "priority",
        "shopperLimit",
        "useLimit",
    ];
    assert_eq!(paths(&draft), expected);
    assert_eq!(draft.faults(2, UTC)["codes.1"], "ONE/TWO: use letters, digits and - _ . % +");
    assert_eq!(draft.input(2, UTC).action.percent.as_deref(), Some("0.5"));
    draft.until = "never".into();
    assert_eq!(draft.faults(2, UTC)["endsAt"], "Choose a date and a time");
    draft.name = "ü".repeat(101);
    assert_eq!(draft.faults(2, UTC)["name"], "Use at most 100 characters");
}

#[test]
fn says_what_it_does() {
    let percent = |draft: &mut Draft| draft.action.percent = "10".into();
    assert_eq!(words(|_| ()), "… % off everything");
    assert_eq!(
        words(|draft| {
            percent(draft);
            draft.codes = vec!["SUMMER".into()];
        }),
        "10 % off everything with code SUMMER"
    );
    assert_eq!(
        words(|draft| {
            percent(draft);
            draft.action.kind = Kind::Percent;
            draft.action.of = Choice { some: true, products: vec!["a".into()], ..Choice::default() };
            draft.action.of.tags = vec!["new".into(), "blue".into()];
            draft.action.of.not_collections = vec!["c".into()];
            draft.codes = vec!["A".into(), "B".into()];
            draft.add_condition(Needs::FirstOrder);
        }),
        "10 % off 1 product and things tagged new or blue except 1 collection, on the first order, with one of 2 codes"
    );
    let kind = |kind: Kind, amount: &'static str| {
        move |draft: &mut Draft| {
            draft.action.become_kind(kind);
            draft.action.amount = amount.into();
        }
    };
    assert_eq!(words(kind(Kind::Percent, "")), "… % off every product");
    assert_eq!(words(|draft| draft.action.percent = "12,50".into()), "12.5 % off everything");
    assert_eq!(words(kind(Kind::Fixed, "5")), "€5.00 off each piece");
    assert_eq!(words(kind(Kind::FixedPrice, "9,9")), "Every product for €9.90 a piece");
    assert_eq!(words(kind(Kind::OrderFixed, "")), "… off the order");
    assert_eq!(words(kind(Kind::BuyGet, "")), "Buy 2, get 1 free");
    assert_eq!(words(kind(Kind::CheapestFree, "")), "The cheapest of every 3 is free");
    assert_eq!(words(kind(Kind::FreeGift, "")), "A gift");
    assert_eq!(words(kind(Kind::FreeShipping, "")), "Free delivery");
    assert_eq!(words(kind(Kind::FreeShipping, "4")), "Delivery up to €4.00 cheaper");
    assert_eq!(
        said(&Draft::of(&saved(), UTC), &money),
        "Buy 2 of 2 products except things tagged new, get 1 at 50 % off, at most 3 times an order, \
         from €50.00 of things tagged sale, with code SUMMER"
    );
    assert_eq!(
        words(|draft| {
            percent(draft);
            draft.add_condition(Needs::Has);
            draft.add_condition(Needs::Countries);
            draft.conditions[0].pieces = "1".into();
            draft.conditions[1].countries = vec!["BE".into(), "FR".into()];
        }),
        "10 % off everything, from 1 piece, to Belgium and France"
    );
}

#[test]
fn reads_and_draws_codes() {
    let typed = ["spring sale".to_owned(), "SALE".to_owned(), "-10%".to_owned()];
    assert_eq!(codes(&typed), ["SPRING", "SALE", "-10%"]);
    let code = drawn_code([0, 31, 32, 255, 7, 13, 14, 24]);
    assert_eq!(code, "A9A9HPQ2");
    let all: String = (0..=255_u8).map(|byte| drawn_code([byte; 8])).collect();
    assert!(!all.contains(['0', 'O', '1', 'I']) && all.chars().all(|c| c.is_ascii_alphanumeric()));
    let list = |codes: &[&str]| words::codes(&codes.iter().map(|&code| code.to_owned()).collect::<Vec<_>>());
    assert_eq!(list(&[]), "No code needed");
    assert_eq!((list(&["A"]), list(&["A", "B", "C"])), ("A".to_owned(), "A and 2 more".to_owned()));
}

#[test]
fn measures_a_part_of_the_whole() {
    let cases = [
        (0, 0, "0 %"),
        (0, 500, "0 %"),
        (500, 500, "100 %"),
        (16, 500, "3.2 %"),
        (1, 3, "33.3 %"),
        (1, 2000, "0.1 %"),
        (1, 2001, "0 %"),
    ];
    for (part, whole, text) in cases {
        assert_eq!(share(part, whole), text, "{part} of {whole}");
    }
    assert_eq!(share(i64::MAX, i64::MAX), "100 %");
}
