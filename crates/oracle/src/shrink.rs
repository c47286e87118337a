//! Makes a cart smaller as long as the two still differ about it.

use pricing::{Action, Line, Promotion, Rounding, Selector, Shopper, Usage};

use crate::random::{Case, pieces};

/// A small cart for which `differs` still holds; `case` itself if nothing can be left out.
pub fn shrink(case: &Case, differs: impl Fn(&Case) -> bool) -> Case {
    // Enough to leave out all there is; not enough to count down a large price by ones.
    const STEPS: usize = 300;
    let mut case = case.clone();
    for _ in 0..STEPS {
        let Some(smaller) = steps(&case).into_iter().find(&differs) else { break };
        case = smaller;
    }
    case
}

/// Every cart that is one step smaller.
fn steps(case: &Case) -> Vec<Case> {
    let mut smaller = vec![];
    let mut add = |change: &dyn Fn(&mut Case)| {
        let mut changed = case.clone();
        change(&mut changed);
        if changed != *case {
            smaller.push(changed);
        }
    };
    for index in 0..case.promotions.len() {
        add(&|case| drop(case.promotions.remove(index)));
    }
    for index in 0..case.lines.len() {
        add(&|case| drop(case.lines.remove(index)));
    }
    add(&|case| case.gifts.clear());
    for index in 0..case.gifts.len() {
        add(&|case| drop(case.gifts.remove(index)));
    }
    for index in 0..case.codes.len() {
        add(&|case| drop(case.codes.remove(index)));
    }
    add(&|case| case.shipping = None);
    add(&|case| case.zone = None);
    add(&|case| case.rounding = Rounding::Line);
    add(&|case| case.shopper = Shopper::default());
    add(&|case| case.shopper.exempt = false);
    for index in 0..case.zone.as_ref().map_or(0, |zone| zone.rates.len()) {
        add(&|case| {
            if let Some(zone) = &mut case.zone {
                zone.rates.remove(index);
            }
        });
    }
    add(&|case| {
        if let Some(method) = &mut case.shipping {
            method.table.up_to = None;
            method.countries = None;
        }
    });
    add(&|case| {
        if let Some(method) = &mut case.shipping {
            method.free_from = None;
        }
    });
    for index in 1..case.shipping.as_ref().map_or(0, |method| method.table.steps.len()) {
        add(&|case| {
            if let Some(method) = &mut case.shipping {
                method.table.steps.remove(index);
            }
        });
    }
    for index in 0..case.promotions.len() {
        for change in PROMOTION {
            add(&|case| change(&mut case.promotions[index]));
        }
        for condition in 0..case.promotions[index].conditions.len() {
            add(&|case| drop(case.promotions[index].conditions.remove(condition)));
        }
    }
    for index in 0..case.lines.len() {
        for change in LINE {
            add(&|case| {
                let includes_tax = case.includes_tax;
                change(&mut case.lines[index], includes_tax);
            });
        }
    }
    smaller
}

const PROMOTION: [fn(&mut Promotion); 7] = [
    |promotion| promotion.usage = Usage::default(),
    |promotion| promotion.group = None,
    |promotion| promotion.exclusive = false,
    |promotion| promotion.codes.clear(),
    |promotion| (promotion.from, promotion.until) = (None, None),
    |promotion| promotion.priority = 0,
    |promotion| match &mut promotion.action {
        Action::Percent { of, .. }
        | Action::Fixed { of, .. }
        | Action::FixedPrice { of, .. }
        | Action::CheapestFree { of, .. } => *of = Selector::default(),
        Action::BuyGet { buy_of, get_of, .. } => {
            (*buy_of, *get_of) = (Selector::default(), Selector::default());
        }
        Action::OrderPercent { .. }
        | Action::OrderFixed { .. }
        | Action::FreeGift { .. }
        | Action::FreeShipping { .. } => {}
    },
];

const LINE: [fn(&mut Line, bool); 12] = [
    |line, _| line.quantity = pieces(1),
    |line, _| line.quantity = pieces((line.quantity.get() / 2).max(1)),
    |line, _| line.quantity = pieces((line.quantity.get() - 1).max(1)),
    |line, _| line.unit /= 10,
    |line, _| line.unit /= 2,
    |line, _| line.unit = (line.unit - 1).max(0),
    |line, includes_tax| line.unit_includes_tax = includes_tax,
    |line, _| line.tax_category = pricing::TaxCategory::STANDARD,
    |line, _| (line.collections, line.tags) = (vec![], vec![]),
    |line, _| line.grams = 0,
    |line, _| line.requires_shipping = false,
    |line, _| line.discountable = true,
];
