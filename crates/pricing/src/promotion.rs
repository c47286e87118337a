//! Promotions as merchants configure them: when they run, for whom, and what they take off.

mod action;
pub(crate) mod apply;
pub(crate) mod explain;

use std::collections::BTreeSet;

use primitives::{
    CollectionId, Country, CustomerGroupId, FieldError, ProductId, PromotionId, Quantity, Rate, Timestamp,
    VariantId,
};
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::request::Line;

/// A promotion. Its amounts are minor units of the cart's currency in the cart's mode (with tax where the cart shows
/// tax).
///
/// Promotions work in stages: item, then order, then (once shipping has its price) shipping; inside a stage by
/// priority, highest first, then by id, lowest first. This is their *working order*. Each is tested against what is
/// left of the lines at its turn: conditions, selectors and percentages see the amounts after those before it.
///
/// The first of these that holds is the reason why it does not apply: `Off`, `NotYet`, `Expired`; then what other
/// promotions say (`ExcludedBy`, `Worse`); then `NeedsCode`, `UsedUp`, `UsedUpByShopper`; then its conditions as they
/// stand; then what its action says; then `BudgetUsedUp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// What the shopper reads.
    pub name: String,
    /// Whether it is switched on.
    pub active: bool,
    /// Its first moment; `None`: since ever.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The first moment after it; `None`: for ever.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// The higher one works first.
    pub priority: i32,
    /// Applies alone: if it qualifies on the untouched cart (all lines at full amount, no gifts, shipping at its full
    /// price) and takes something off, every other promotion that runs is excluded by it. They are tested by priority
    /// (highest first), then id (lowest first), whatever their stages; the first that qualifies applies. Those tested
    /// before it, and all if none qualifies, do not apply and say why. Its group means nothing.
    #[serde(default)]
    pub exclusive: bool,
    /// Promotions that do not apply together.
    #[serde(default)]
    pub group: Option<Group>,
    /// Needs one of these codes; empty: none needed. Compared after trimming and upper-casing.
    #[serde(default)]
    pub codes: Vec<String>,
    /// All must hold; empty: always.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What it takes off.
    pub action: Action,
    /// How often it may still be used. Counted elsewhere and given by the caller at pricing time, so it is not part of
    /// the stored document.
    #[serde(skip)]
    pub usage: Usage,
}

/// A group of promotions of which one applies. Groups are told apart by their exact name and may span stages.
/// Promotions that do not run (switched off, before or after their dates) and exclusive ones take no part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Which member applies. Should members say different things, the first in working order that takes part decides.
    pub pick: Pick,
}

/// Which member of a group applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The first that applies, in working order; later ones are then excluded by it.
    First,
    /// The one that takes off most. At the turn of the first member in working order, all members are tried, each
    /// alone, on the state of that moment (shipping at the price it would have then); the greatest discount wins, of
    /// equals the earlier. Those that qualified too are worse than it; those that did not keep their own reason. The
    /// winner is tested again at its own turn. If none qualifies, none of them is tried again.
    Best,
}

/// How often a promotion may still be used; the default is without limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Orders that may still use it; at 0 it is used up.
    pub left: Option<u64>,
    /// Orders of this shopper that may still use it; at 0 it is used up by the shopper.
    pub left_for_shopper: Option<u64>,
    /// Minor units that it may still take off; a greater discount does not apply at all.
    pub budget_left: Option<i64>,
}

/// Which lines are meant. With nothing in it: every line. With something in the first four sets: a line that any of
/// them names. Never a line that one of the `not_` sets names.
///
/// Lines that are not discountable never match in actions (they do in conditions). Gifts that promotions added never
/// match anything.
///
/// What is stored may leave out empty sets, but not hold a field of another name: a restriction that is not understood
/// must not mean everything. The same goes for [`Condition`] and [`Action`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selector {
    /// These products.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub products: BTreeSet<ProductId>,
    /// These variants.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub variants: BTreeSet<VariantId>,
    /// What is in one of these collections.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub collections: BTreeSet<CollectionId>,
    /// What has one of these tags, compared exactly.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Not these products.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_products: BTreeSet<ProductId>,
    /// Not these variants.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_variants: BTreeSet<VariantId>,
    /// Nothing in one of these collections.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_collections: BTreeSet<CollectionId>,
    /// Nothing with one of these tags.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_tags: BTreeSet<String>,
}

/// What must hold for a promotion to apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// At least so many pieces of these lines together. Else `Pieces`.
    Has {
        /// Of which lines.
        of: Selector,
        /// How many pieces.
        at_least: u32,
    },
    /// The shopper is in one of these groups. Else `OtherCustomers`.
    Groups {
        /// The groups.
        any_of: BTreeSet<CustomerGroupId>,
    },
    /// At least this amount is left of these lines together, in the cart's mode. Else `Missing`.
    Subtotal {
        /// Of which lines.
        of: Selector,
        /// Minor units.
        at_least: i64,
    },
    /// The shopper placed no order before. Else `NotFirstOrder`.
    FirstOrder,
    /// It goes to one of these countries. Else `OtherCountry`.
    Countries {
        /// The countries.
        any_of: BTreeSet<Country>,
    },
}

/// When an action works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// First, on lines.
    Item,
    /// Then, on all lines together.
    Order,
    /// Last, on shipping.
    Shipping,
}

/// What a promotion takes off. No line ever loses more than what is left of it. An action that takes nothing off does
/// not apply (`NothingToTakeOff`), unless it says otherwise here.
///
/// The *pieces* of a line: what is left of it over its `quantity` pieces, so that `left mod quantity` of them are worth
/// one minor unit more than the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    clippy::large_enum_variant,
    reason = "a shop has tens of promotions; a box would only be in the way"
)]
pub enum Action {
    /// Item stage. Each matching line loses [`Rate::discount_on`] of what is left of it: rounded line by line.
    Percent {
        /// Which lines.
        of: Selector,
        /// Above 0, at most 100 %.
        off: Rate,
    },
    /// Item stage. A fixed amount.
    Fixed {
        /// Which lines.
        of: Selector,
        /// Minor units.
        off: i64,
        /// Per what.
        per: Per,
    },
    /// Item stage. Each matching line loses what is left of it above `price × quantity`.
    FixedPrice {
        /// Which lines.
        of: Selector,
        /// Minor units for one piece.
        price: i64,
    },
    /// Item stage. Who buys so many pieces gets so many others cheaper.
    ///
    /// It works `k` times: the greatest number such that `k × buy` pieces of `buy_of` and `k × get` pieces of `get_of`
    /// can be taken with no piece in both roles, at most `most`. Given are the `k × get` cheapest pieces of `get_of` (by
    /// the amount of the piece, of equals those of the later line), but of lines that both selectors match only as many
    /// as buying leaves over: `both − max(0, k × buy − pieces that only buy_of matches)`. Each line loses
    /// [`Rate::discount_on`] of the sum of its given pieces. If it does not work once, `Pieces` says how many are missing.
    BuyGet {
        /// Pieces to buy, at least 1.
        buy: u32,
        /// Of which lines.
        buy_of: Selector,
        /// Pieces given for it, at least 1.
        get: u32,
        /// Of which lines.
        get_of: Selector,
        /// Above 0, at most 100 %.
        off: Rate,
        /// At most so many times; `None`: as often as it can.
        #[serde(default)]
        most: Option<u32>,
    },
    /// Item stage. Of each so many matching pieces one is free: the `pieces / of_each` (rounded down, at most `most`)
    /// cheapest, of equals those of the later line. If there is not one, `Pieces` says how many are missing.
    CheapestFree {
        /// Which lines.
        of: Selector,
        /// At least 2.
        of_each: u32,
        /// At most so many free pieces; `None`: as many as there are.
        #[serde(default)]
        most: Option<u32>,
    },
    /// Order stage. [`Rate::discount_on`] of what is left of all discountable lines together, spread over them by
    /// largest remainder with what is left of each as its weight.
    OrderPercent {
        /// Above 0, at most 100 %.
        off: Rate,
    },
    /// Order stage. An amount, at most what is left of all discountable lines together, spread over them likewise.
    OrderFixed {
        /// Minor units.
        off: i64,
    },
    /// Item stage. Adds the line of [`Request::gifts`](crate::Request::gifts) with this variant at its full amount and
    /// takes that whole amount off again. Its discount is the amount of the line; a gift that costs nothing anyway is
    /// given too, and counts as a discount above 0. Without such a line: `NoGift`.
    FreeGift {
        /// What is given.
        variant: VariantId,
        /// How many pieces.
        quantity: Quantity,
    },
    /// Shipping stage. What is left of the shipping amount, at most `most`. Without shipping, `NothingToTakeOff`; with
    /// a way of shipping that is not among `methods`, `OtherDelivery`.
    FreeShipping {
        /// Only these ways of shipping, by id; `None`: all.
        #[serde(default)]
        methods: Option<BTreeSet<String>>,
        /// Minor units.
        #[serde(default)]
        most: Option<i64>,
    },
}

/// Per what a fixed amount is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each matching line loses the amount times its quantity, at most what is left of it.
    Piece,
    /// The amount is taken once, at most what is left of the matching lines together, and spread over them by largest
    /// remainder with what is left of each as its weight.
    Order,
}

impl Promotion {
    /// When it works.
    pub fn stage(&self) -> Stage {
        self.action.stage()
    }

    /// Whether a code as a shopper gave it is one of its codes.
    pub fn takes_code(&self, given: &str) -> bool {
        self.codes.iter().any(|code| same_code(code, given))
    }

    /// Everything that is wrong with it, by field; empty when it may be stored.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut check = Check::default();
        check.text("name", &self.name, 100);
        check.dates("", self.from, self.until);
        if let Some(group) = &self.group {
            check.text("group.name", &group.name, 60);
        }
        check.at_most("codes", self.codes.len(), 10_000);
        let mut seen = BTreeSet::new();
        for (index, code) in self.codes.iter().enumerate() {
            check.text(format!("codes.{index}"), code, 60);
            if !seen.insert(normal_code(code)) {
                check.wrong(format!("codes.{index}"), "is there twice");
            }
        }
        check.at_most("conditions", self.conditions.len(), 20);
        for (index, condition) in self.conditions.iter().enumerate() {
            condition.check(&mut check, &format!("conditions.{index}"));
        }
        self.action.check(&mut check);
        check.done()
    }
}

/// A code as it is compared and shown: trimmed, in capitals.
pub(crate) fn normal_code(code: &str) -> String {
    code.trim().to_uppercase()
}

/// Whether two codes are the same after trimming and upper-casing; empty ones never are.
fn same_code(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim(), right.trim());
    !left.is_empty()
        && left.chars().flat_map(char::to_uppercase).eq(right.chars().flat_map(char::to_uppercase))
}

impl Selector {
    /// Every line.
    pub fn everything() -> Selector {
        Selector::default()
    }

    /// Whether it means a line of the cart. Whether the line is discountable is not asked here.
    pub fn matches(&self, line: &Line) -> bool {
        let named = self.products.contains(&line.product)
            || self.variants.contains(&line.variant)
            || any(&self.collections, &line.collections)
            || any(&self.tags, &line.tags);
        let everything = self.products.is_empty()
            && self.variants.is_empty()
            && self.collections.is_empty()
            && self.tags.is_empty();
        let barred = self.not_products.contains(&line.product)
            || self.not_variants.contains(&line.variant)
            || any(&self.not_collections, &line.collections)
            || any(&self.not_tags, &line.tags);
        (named || everything) && !barred
    }

    fn check(&self, check: &mut Check, field: &str) {
        for (name, tags) in [("tags", &self.tags), ("not_tags", &self.not_tags)] {
            if tags.iter().any(|tag| tag.trim().is_empty()) {
                check.wrong(format!("{field}.{name}"), "holds an empty tag");
            }
        }
        let sizes = [
            ("products", self.products.len()),
            ("variants", self.variants.len()),
            ("collections", self.collections.len()),
            ("tags", self.tags.len()),
            ("not_products", self.not_products.len()),
            ("not_variants", self.not_variants.len()),
            ("not_collections", self.not_collections.len()),
            ("not_tags", self.not_tags.len()),
        ];
        for (name, size) in sizes {
            check.at_most(format!("{field}.{name}"), size, 1000);
        }
    }
}

fn any<T: Ord>(set: &BTreeSet<T>, of: &[T]) -> bool {
    !set.is_empty() && of.iter().any(|one| set.contains(one))
}

impl Condition {
    fn check(&self, check: &mut Check, field: &str) {
        match self {
            Condition::Has { of, at_least } => {
                of.check(check, &format!("{field}.of"));
                check.at_least(format!("{field}.at_least"), i64::from(*at_least), 1);
            }
            Condition::Groups { any_of } if any_of.is_empty() => {
                check.wrong(format!("{field}.any_of"), "is empty, so it would never hold");
            }
            Condition::Subtotal { of, at_least } => {
                of.check(check, &format!("{field}.of"));
                check.at_least(format!("{field}.at_least"), *at_least, 1);
            }
            Condition::Countries { any_of } if any_of.is_empty() => {
                check.wrong(format!("{field}.any_of"), "is empty, so it would never hold");
            }
            Condition::Groups { .. } | Condition::FirstOrder | Condition::Countries { .. } => {}
        }
    }
}

impl Action {
    /// When it works.
    pub fn stage(&self) -> Stage {
        match self {
            Action::Percent { .. }
            | Action::Fixed { .. }
            | Action::FixedPrice { .. }
            | Action::BuyGet { .. }
            | Action::CheapestFree { .. }
            | Action::FreeGift { .. } => Stage::Item,
            Action::OrderPercent { .. } | Action::OrderFixed { .. } => Stage::Order,
            Action::FreeShipping { .. } => Stage::Shipping,
        }
    }

    fn check(&self, check: &mut Check) {
        match self {
            Action::Percent { of, off } => {
                of.check(check, "action.of");
                check_off(check, *off);
            }
            Action::Fixed { of, off, per: _ } => {
                of.check(check, "action.of");
                check.at_least("action.off", *off, 1);
            }
            Action::FixedPrice { of, price } => {
                of.check(check, "action.of");
                check.at_least("action.price", *price, 0);
            }
            Action::BuyGet { buy, buy_of, get, get_of, off, most } => {
                for (name, pieces) in [("action.buy", *buy), ("action.get", *get)] {
                    if !(1..=Quantity::MAX).contains(&pieces) {
                        check.wrong(name, "is not between 1 and 10000");
                    }
                }
                buy_of.check(check, "action.buy_of");
                get_of.check(check, "action.get_of");
                check_off(check, *off);
                check_most(check, most.map(i64::from));
            }
            Action::CheapestFree { of, of_each, most } => {
                of.check(check, "action.of");
                if !(2..=Quantity::MAX).contains(of_each) {
                    check.wrong("action.of_each", "is not between 2 and 10000");
                }
                check_most(check, most.map(i64::from));
            }
            Action::OrderPercent { off } => check_off(check, *off),
            Action::OrderFixed { off } => check.at_least("action.off", *off, 1),
            Action::FreeGift { .. } => {}
            Action::FreeShipping { methods, most } => {
                if methods.as_ref().is_some_and(BTreeSet::is_empty) {
                    check.wrong("action.methods", "is empty, so it would never apply");
                }
                check_most(check, *most);
            }
        }
    }
}

fn check_off(check: &mut Check, off: Rate) {
    if !(1..=Rate::ONE).contains(&off.ppm()) {
        check.wrong("action.off", "is not above 0 and at most 100 %");
    }
}

fn check_most(check: &mut Check, most: Option<i64>) {
    if let Some(most) = most {
        check.at_least("action.most", most, 1);
    }
}
