//! A second opinion on `pricing`: the same answers from the same rules, found in the slowest and plainest way.
//!
//! Everything between two roundings is an exact fraction, pieces are taken one by one, every number of times is tried,
//! and a promotion is tried by copying the whole cart. Nothing of `pricing` is used but its types, nothing of
//! `primitives` but plain values, so that one mistake cannot stand in both.
//!
//! Read on in `exact` (fractions and rounding), `cart` (lines and the price of shipping), `promotion` (why not, and what
//! is taken off), `settle` (tax and totals), `prices` (price lists and zones); then `random` (carts from a seed),
//! `compare` and `shrink` (the first difference, and a small cart that still has it), `rows` (an answer as text).
#![forbid(unsafe_code)]

mod cart;
pub mod compare;
mod dice;
pub mod exact;
mod prices;
mod promotion;
pub mod random;
mod rows;
mod settle;
pub mod shrink;
pub mod text;

pub use dice::Dice;
pub use prices::{choose, find_zone, lowest_of_30_days};
pub use settle::refund_of;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use pricing::{Outcome, Promotion, Quote, Reason, Request, Verdict};
use primitives::MoneyError;

use crate::cart::Cart;
use crate::promotion::{attempt, idle};

/// Prices a cart. The answer has to be that of [`pricing::quote`], to the last field.
///
/// # Errors
/// As [`pricing::quote`]; of [`MoneyError::Malformed`] only the kind is meant, not its text.
pub fn quote(request: &Request<'_>) -> Result<Quote, MoneyError> {
    let mut cart = Cart::new(request)?;
    let working = working_order(request.promotions);
    // What became of each promotion, by its place in the working order.
    let mut verdicts: Vec<Option<Verdict>> =
        working.iter().map(|promotion| idle(promotion, request.at).map(Verdict::Not)).collect();
    let running = |verdicts: &[Option<Verdict>]| -> Vec<usize> {
        (0..working.len()).filter(|index| verdicts[*index].is_none()).collect()
    };

    // Exclusive promotions, each alone on the untouched cart.
    let mut exclusive = running(&verdicts);
    exclusive.retain(|index| working[*index].exclusive);
    exclusive.sort_by_key(|index| (Reverse(working[*index].priority), working[*index].id, *index));
    for index in exclusive {
        match attempt(&cart, working[index])? {
            Err(reason) => verdicts[index] = Some(Verdict::Not(reason)),
            Ok((after, amount)) => {
                // Those that were tried before it and did not qualify keep what they said.
                for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_none()) {
                    let name = working[index].name.clone();
                    *verdict = Some(Verdict::Not(Reason::ExcludedBy { name }));
                }
                verdicts[index] = Some(Verdict::Applied { amount: cart::minor(amount)? });
                cart = after;
                break;
            }
        }
    }

    let others = running(&verdicts);
    let mut applied_of_group: Vec<(&str, &str)> = vec![];
    let mut decided: BTreeSet<&str> = BTreeSet::new();
    for index in &others {
        let promotion = working[*index];
        if verdicts[*index].is_some() {
            continue;
        }
        if let Some(group) = &promotion.group {
            let in_group = |index: &&usize| {
                working[**index].group.as_ref().is_some_and(|other| other.name == group.name)
            };
            let members: Vec<usize> = others.iter().filter(in_group).copied().collect();
            let pick = working[members[0]].group.as_ref().map_or(group.pick, |first| first.pick);
            match pick {
                pricing::Pick::First => {
                    let before = applied_of_group.iter().find(|(name, _)| *name == group.name);
                    if let Some((_, by)) = before {
                        let reason = Reason::ExcludedBy { name: (*by).to_owned() };
                        verdicts[*index] = Some(Verdict::Not(reason));
                        continue;
                    }
                }
                pricing::Pick::Best if decided.insert(&group.name) => {
                    choose_best(&cart, &working, &members, &mut verdicts)?;
                    if verdicts[*index].is_some() {
                        continue;
                    }
                }
                pricing::Pick::Best => {}
            }
        }
        verdicts[*index] = Some(match attempt(&cart, promotion)? {
            Err(reason) => Verdict::Not(reason),
            Ok((after, amount)) => {
                cart = after;
                if let Some(group) = &promotion.group {
                    applied_of_group.push((&group.name, &promotion.name));
                }
                Verdict::Applied { amount: cart::minor(amount)? }
            }
        });
    }

    let promotions = working
        .iter()
        .zip(verdicts)
        .filter_map(|(promotion, verdict)| {
            Some(Outcome { promotion: promotion.id, name: promotion.name.clone(), verdict: verdict? })
        })
        .collect();
    settle::quote(&cart, promotions, unknown_codes(request))
}

/// Tries every member alone on the same cart. All get their verdict but the winner, whose turn comes.
fn choose_best(
    cart: &Cart<'_>,
    working: &[&Promotion],
    members: &[usize],
    verdicts: &mut [Option<Verdict>],
) -> Result<(), MoneyError> {
    let mut qualified: Vec<(usize, i128)> = vec![];
    for member in members {
        match attempt(cart, working[*member])? {
            Ok((_, amount)) => qualified.push((*member, amount)),
            Err(reason) => verdicts[*member] = Some(Verdict::Not(reason)),
        }
    }
    let Some(greatest) = qualified.iter().map(|(_, amount)| *amount).max() else { return Ok(()) };
    let Some((winner, _)) = qualified.iter().find(|(_, amount)| *amount == greatest) else { return Ok(()) };
    for (member, _) in &qualified {
        if member != winner {
            let than = working[*winner].name.clone();
            verdicts[*member] = Some(Verdict::Not(Reason::Worse { than }));
        }
    }
    Ok(())
}

/// By stage, priority (highest first), id (lowest first), as given.
fn working_order(promotions: &[Promotion]) -> Vec<&Promotion> {
    let mut working: Vec<&Promotion> = promotions.iter().collect();
    working.sort_by_key(|promotion| {
        (promotion::stage(&promotion.action), Reverse(promotion.priority), promotion.id)
    });
    working
}

/// Codes that belong to no promotion.
fn unknown_codes(request: &Request<'_>) -> Vec<String> {
    let known: Vec<String> = request
        .promotions
        .iter()
        .flat_map(|promotion| &promotion.codes)
        .map(|code| promotion::capitals(code))
        .collect();
    let mut unknown = vec![];
    for code in &request.codes {
        let code = promotion::capitals(code);
        if !code.is_empty() && !known.contains(&code) && !unknown.contains(&code) {
            unknown.push(code);
        }
    }
    unknown
}
