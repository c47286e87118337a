//! How promotions are put to work: which are tried when, and which apply.

use std::cmp::Reverse;

use primitives::{MoneyError, Timestamp};

use super::action::{Effect, Taken};
use super::explain::{Discount, Outcome, Reason, Verdict};
use super::{Condition, Pick, Promotion, Selector};
use crate::cart::{Cart, Working};

/// Why a promotion takes nothing off.
pub(crate) enum Stop {
    /// It does not apply, and says why.
    Reason(Reason),
    /// An amount leaves its range; the whole quote ends.
    Money(MoneyError),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Stop {
        Stop::Reason(reason)
    }
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Stop {
        Stop::Money(error)
    }
}

/// A promotion, and what became of it as soon as that is known.
struct Candidate<'a> {
    promotion: &'a Promotion,
    verdict: Option<Verdict>,
}

/// What is known of a group whose first member had its turn.
struct GroupState<'a> {
    name: &'a str,
    /// The member that applied.
    applied: Option<&'a str>,
}

/// Applies all promotions of the request to the untouched cart. One outcome for each, in working order.
pub(crate) fn apply_all(cart: &mut Cart<'_>) -> Result<Vec<Outcome>, MoneyError> {
    let at = cart.request.at;
    let promotions = cart.request.promotions.iter();
    let mut order: Vec<Candidate<'_>> = promotions
        .map(|promotion| Candidate { promotion, verdict: idle(promotion, at).map(Verdict::Not) })
        .collect();
    order.sort_by_key(|Candidate { promotion, .. }| {
        (promotion.stage(), Reverse(promotion.priority), promotion.id)
    });
    if !apply_alone(cart, &mut order)? {
        apply_together(cart, &mut order)?;
    }
    let outcome = |Candidate { promotion, verdict }: Candidate<'_>| Outcome {
        promotion: promotion.id,
        name: promotion.name.clone(),
        // Every candidate has one by now.
        verdict: verdict.unwrap_or(Verdict::Not(Reason::NothingToTakeOff)),
    };
    Ok(order.into_iter().map(outcome).collect())
}

/// Why a promotion does not run at a moment, whatever the cart.
fn idle(promotion: &Promotion, at: Timestamp) -> Option<Reason> {
    if !promotion.active {
        return Some(Reason::Off);
    }
    if let Some(from) = promotion.from
        && at < from
    {
        return Some(Reason::NotYet { from });
    }
    promotion.until.filter(|until| *until <= at).map(|at| Reason::Expired { at })
}

/// Tries the exclusive promotions on the untouched cart. Whether one of them applied; then all have their verdict.
fn apply_alone(cart: &mut Cart<'_>, order: &mut [Candidate<'_>]) -> Result<bool, MoneyError> {
    let exclusive = |candidate: &Candidate<'_>| candidate.promotion.exclusive && candidate.verdict.is_none();
    let mut alone: Vec<usize> = (0..order.len()).filter(|at| exclusive(&order[*at])).collect();
    alone.sort_by_key(|at| (Reverse(order[*at].promotion.priority), order[*at].promotion.id));
    for at in alone {
        let promotion = order[at].promotion;
        match attempt(cart, promotion) {
            Ok(taken) => {
                order[at].verdict = Some(Verdict::Applied { amount: taken.total });
                take(cart, promotion, taken);
                for candidate in order.iter_mut().filter(|candidate| candidate.verdict.is_none()) {
                    let name = promotion.name.clone();
                    candidate.verdict = Some(Verdict::Not(Reason::ExcludedBy { name }));
                }
                return Ok(true);
            }
            Err(Stop::Reason(reason)) => order[at].verdict = Some(Verdict::Not(reason)),
            Err(Stop::Money(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// Applies those that have no verdict yet, each at its turn.
fn apply_together<'a>(cart: &mut Cart<'a>, order: &mut [Candidate<'a>]) -> Result<(), MoneyError> {
    let mut groups: Vec<GroupState<'a>> = Vec::new();
    for at in 0..order.len() {
        let promotion = order[at].promotion;
        if order[at].verdict.is_some() {
            continue;
        }
        let mut group = None;
        if let Some(own) = &promotion.group {
            let known = groups.iter().position(|group| group.name == own.name);
            let index = known.unwrap_or(groups.len());
            if known.is_none() {
                groups.push(GroupState { name: &own.name, applied: None });
                if own.pick == Pick::Best {
                    pick_best(cart, order, &own.name)?;
                }
            }
            if let Some(name) = groups[index].applied {
                let name = name.to_owned();
                order[at].verdict = Some(Verdict::Not(Reason::ExcludedBy { name }));
            }
            group = groups.get_mut(index);
        }
        if order[at].verdict.is_some() {
            continue;
        }
        order[at].verdict = Some(match attempt(cart, promotion) {
            Ok(taken) => {
                let amount = taken.total;
                take(cart, promotion, taken);
                if let Some(group) = group {
                    group.applied = Some(&promotion.name);
                }
                Verdict::Applied { amount }
            }
            Err(Stop::Reason(reason)) => Verdict::Not(reason),
            Err(Stop::Money(error)) => return Err(error),
        });
    }
    Ok(())
}

/// Tries all members of a group on the cart as it is. All but the best get their verdict.
fn pick_best(cart: &Cart<'_>, order: &mut [Candidate<'_>], group: &str) -> Result<(), MoneyError> {
    let mut best: Option<(usize, i64)> = None;
    let mut qualified = Vec::new();
    for (at, candidate) in order.iter_mut().enumerate() {
        let member = candidate.promotion.group.as_ref().is_some_and(|own| own.name == group);
        if !member || candidate.verdict.is_some() {
            continue;
        }
        match attempt(cart, candidate.promotion) {
            Ok(taken) => {
                qualified.push(at);
                if best.is_none_or(|(_, most)| most < taken.total) {
                    best = Some((at, taken.total));
                }
            }
            Err(Stop::Reason(reason)) => candidate.verdict = Some(Verdict::Not(reason)),
            Err(Stop::Money(error)) => return Err(error),
        }
    }
    if let Some((winner, _)) = best {
        for at in qualified.into_iter().filter(|at| *at != winner) {
            let than = order[winner].promotion.name.clone();
            order[at].verdict = Some(Verdict::Not(Reason::Worse { than }));
        }
    }
    Ok(())
}

/// What a promotion that runs would take off the cart as it is, or why nothing.
fn attempt<'a>(cart: &Cart<'a>, promotion: &Promotion) -> Result<Taken<'a>, Stop> {
    if !promotion.codes.is_empty() && !cart.request.codes.iter().any(|code| promotion.takes_code(code)) {
        return Err(Reason::NeedsCode.into());
    }
    if promotion.usage.left == Some(0) {
        return Err(Reason::UsedUp.into());
    }
    if promotion.usage.left_for_shopper == Some(0) {
        return Err(Reason::UsedUpByShopper.into());
    }
    for condition in &promotion.conditions {
        hold(cart, condition)?;
    }
    let taken = promotion.action.takes(cart)?;
    if promotion.usage.budget_left.is_some_and(|budget| budget < taken.total) {
        return Err(Reason::BudgetUsedUp.into());
    }
    Ok(taken)
}

/// Whether a condition holds on the cart as it is, or why not.
fn hold(cart: &Cart<'_>, condition: &Condition) -> Result<(), Reason> {
    let request = cart.request;
    match condition {
        Condition::Has { of, at_least } => {
            let pieces: u64 = matching(cart, of).map(|line| u64::from(line.quantity.get())).sum();
            let missing = u64::from(*at_least).saturating_sub(pieces);
            // It is at most `at_least`, so it fits.
            match u32::try_from(missing).unwrap_or(*at_least) {
                0 => Ok(()),
                missing => Err(Reason::Pieces { missing }),
            }
        }
        Condition::Subtotal { of, at_least } => {
            let left: i64 = matching(cart, of).map(|line| line.left).sum();
            if *at_least <= left {
                Ok(())
            } else {
                Err(Reason::Missing { amount: cart.money(at_least - left) })
            }
        }
        Condition::Groups { any_of } if any_of.is_disjoint(&request.shopper.groups) => {
            Err(Reason::OtherCustomers)
        }
        Condition::FirstOrder if request.shopper.orders_before > 0 => Err(Reason::NotFirstOrder),
        Condition::Countries { any_of } if !any_of.contains(&request.destination.country) => {
            Err(Reason::OtherCountry)
        }
        Condition::Groups { .. } | Condition::FirstOrder | Condition::Countries { .. } => Ok(()),
    }
}

/// The lines that a condition means; gifts never.
fn matching<'c>(cart: &'c Cart<'_>, of: &'c Selector) -> impl Iterator<Item = &'c Working<'c>> {
    cart.lines.iter().filter(|line| !line.gift && of.matches(line.line))
}

/// Takes off what a promotion takes off.
fn take<'a>(cart: &mut Cart<'a>, promotion: &Promotion, taken: Taken<'a>) {
    let discount =
        |amount, how| Discount { promotion: promotion.id, name: promotion.name.clone(), amount, how };
    match taken.effect {
        Effect::Lines(parts) => {
            for part in parts {
                let line = &mut cart.lines[part.line];
                line.left -= part.amount;
                line.discounts.push(discount(part.amount, part.how));
            }
        }
        Effect::Gift(mut line, how) => {
            line.left = 0;
            line.discounts.push(discount(taken.total, how));
            cart.lines.push(line);
        }
        Effect::Shipping(how) => cart.shipping_discounts.push(discount(taken.total, how)),
    }
}
