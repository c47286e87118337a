//! What each action takes off the cart as it is.

use std::cmp::Reverse;

use primitives::{Money, MoneyError, Rate, distribute};

use super::apply::Stop;
use super::explain::{How, Reason};
use super::{Action, Per, Selector};
use crate::cart::{Cart, Working, sum};

/// What a promotion takes off.
pub(super) struct Taken<'a> {
    /// All of it, in minor units and the cart's mode.
    pub total: i64,
    pub effect: Effect<'a>,
}

/// What it is taken off.
pub(super) enum Effect<'a> {
    /// Lines, each at most once.
    Lines(Vec<Part>),
    /// A gift that is added, the whole of it.
    Gift(Working<'a>, How),
    /// Shipping.
    Shipping(How),
}

/// What is taken off one line: above zero, not more than is left of it.
pub(super) struct Part {
    pub line: usize,
    pub amount: i64,
    pub how: How,
}

impl Action {
    /// What it takes off the cart as it is, or why nothing.
    pub(super) fn takes<'a>(&self, cart: &Cart<'a>) -> Result<Taken<'a>, Stop> {
        match self {
            Action::Percent { of, off } => {
                let off = within_one(*off);
                each(cart, of, |line| {
                    let how = How::Percent { off, of: cart.money(line.left) };
                    Ok((i128::from(off.discount_on(line.left)?), how))
                })
            }
            Action::Fixed { of, off, per: Per::Piece } => each(cart, of, |line| {
                let how = How::PerPiece { off: cart.money(*off), pieces: line.quantity };
                Ok((i128::from(*off) * i128::from(line.quantity.get()), how))
            }),
            Action::Fixed { of, off, per: Per::Order } => {
                let how = |taken, left| How::Share { off: taken, of: left };
                spread(cart, Some(of), |_| Ok(*off), how)
            }
            Action::FixedPrice { of, price } => each(cart, of, |line| {
                let (price, pieces) = (cart.money(*price), line.quantity);
                let how = How::FixedPrice { price, pieces, instead_of: cart.money(line.left) };
                Ok((i128::from(line.left) - i128::from(price.minor) * i128::from(pieces.get()), how))
            }),
            Action::BuyGet { buy, buy_of, get, get_of, off, most } => {
                let deal = Deal { buy: u64::from(*buy), buy_of, get: u64::from(*get), get_of };
                deal.takes(cart, within_one(*off), most.map(u64::from))
            }
            Action::CheapestFree { of, of_each, most } => {
                cheapest_free(cart, of, u64::from(*of_each), most.map(u64::from))
            }
            Action::OrderPercent { off } => {
                let off = within_one(*off);
                let how = |_, left| How::SharePercent { off, of: left };
                spread(cart, None, |left| off.discount_on(left), how)
            }
            Action::OrderFixed { off } => {
                let how = |taken, left| How::Share { off: taken, of: left };
                spread(cart, None, |_| Ok(*off), how)
            }
            Action::FreeGift { variant, quantity } => {
                let line = cart.request.gifts.iter().find(|gift| gift.variant == *variant);
                let line = Working::new(cart.request, line.ok_or(Reason::NoGift)?, *quantity, true)?;
                Ok(Taken { total: line.amount, effect: Effect::Gift(line, How::Gift) })
            }
            Action::FreeShipping { methods, most } => {
                let Some((full, method)) = cart.delivery()?.and_then(Result::ok).zip(cart.request.shipping)
                else {
                    return Err(Reason::NothingToTakeOff.into());
                };
                if methods.as_ref().is_some_and(|methods| !methods.contains(&method.id)) {
                    return Err(Reason::OtherDelivery.into());
                }
                let left = full - sum(cart.shipping_discounts.iter().map(|discount| discount.amount))?;
                let total = most.map_or(left, |most| most.min(left));
                if total <= 0 {
                    return Err(Reason::NothingToTakeOff.into());
                }
                let how = How::Shipping { off: cart.money(total), of: cart.money(left) };
                Ok(Taken { total, effect: Effect::Shipping(how) })
            }
        }
    }
}

/// A percentage of a discount; what no merchant may configure becomes the nearest that they may.
fn within_one(off: Rate) -> Rate {
    Rate::from_ppm(off.ppm().clamp(0, Rate::ONE))
}

/// The lines that an action means, with their indices: discountable ones, no gifts, of everything or of a selector.
fn selected<'c, 'a>(
    cart: &'c Cart<'a>,
    of: Option<&'c Selector>,
) -> impl Iterator<Item = (usize, &'c Working<'a>)> {
    cart.lines.iter().enumerate().filter(move |(_, line)| {
        !line.gift && line.line.discountable && of.is_none_or(|of| of.matches(line.line))
    })
}

/// What is taken off lines; nothing at all is a reason.
fn off_lines<'a>(parts: Vec<Part>) -> Result<Taken<'a>, Stop> {
    if parts.is_empty() {
        return Err(Reason::NothingToTakeOff.into());
    }
    let total = sum(parts.iter().map(|part| part.amount))?;
    Ok(Taken { total, effect: Effect::Lines(parts) })
}

/// Takes something off each matching line, at most what is left of it.
fn each<'a>(
    cart: &Cart<'a>,
    of: &Selector,
    off: impl Fn(&Working<'_>) -> Result<(i128, How), MoneyError>,
) -> Result<Taken<'a>, Stop> {
    let mut parts = Vec::new();
    for (index, line) in selected(cart, Some(of)) {
        let (amount, how) = off(line)?;
        let amount = amount.clamp(0, i128::from(line.left));
        let amount = i64::try_from(amount).map_err(|_| MoneyError::Overflow)?;
        if amount > 0 {
            parts.push(Part { line: index, amount, how });
        }
    }
    off_lines(parts)
}

/// Takes an amount off all matching lines together, at most what is left of them: spread by largest remainder with what
/// is left of each as its weight, so no line loses more than that.
fn spread<'a>(
    cart: &Cart<'a>,
    of: Option<&Selector>,
    off: impl Fn(i64) -> Result<i64, MoneyError>,
    how: impl Fn(Money, Money) -> How,
) -> Result<Taken<'a>, Stop> {
    let (lines, weights): (Vec<usize>, Vec<i64>) =
        selected(cart, of).map(|(index, line)| (index, line.left)).unzip();
    let left = sum(weights.iter().copied())?;
    let total = off(left)?.clamp(0, left);
    let parts = lines.into_iter().zip(distribute(total, &weights)).filter(|(_, amount)| *amount > 0);
    let how = how(cart.money(total), cart.money(left));
    off_lines(parts.map(|(line, amount)| Part { line, amount, how: how.clone() }).collect())
}

/// Pieces of one line that are worth the same.
struct Run {
    amount: i64,
    line: usize,
    pieces: u64,
    /// Whether they might also be bought for the deal.
    shared: bool,
}

/// Puts the pieces of a line into at most two runs: `left mod quantity` of them are worth one minor unit more.
fn into_runs(runs: &mut Vec<Run>, index: usize, line: &Working<'_>, shared: bool) {
    let quantity = i64::from(line.quantity.get());
    let (amount, more) = (line.left / quantity, line.left % quantity);
    // Both are between 0 and the quantity.
    let (more, rest) = (more.unsigned_abs(), (quantity - more).unsigned_abs());
    runs.push(Run { amount, line: index, pieces: rest, shared });
    if more > 0 {
        runs.push(Run { amount: amount + 1, line: index, pieces: more, shared });
    }
}

/// Takes a percentage off the cheapest pieces, of equals off those of the later line: so many in all, and of shared
/// ones no more than are spare.
fn give<'a>(
    cart: &Cart<'a>,
    mut runs: Vec<Run>,
    mut pieces: u64,
    mut spare: u64,
    off: Rate,
) -> Result<Taken<'a>, Stop> {
    runs.sort_by_key(|run| (run.amount, Reverse(run.line)));
    // Number and worth of the given pieces, by line.
    let mut given = vec![(0_u32, 0_i64); cart.lines.len()];
    for run in runs {
        let mut taken = run.pieces.min(pieces);
        if run.shared {
            taken = taken.min(spare);
            spare -= taken;
        }
        pieces -= taken;
        // A run has at most 10,000 pieces, which together are worth no more than what is left of their line.
        let taken = u32::try_from(taken).map_err(|_| MoneyError::Overflow)?;
        given[run.line].0 += taken;
        given[run.line].1 += run.amount * i64::from(taken);
    }
    let mut parts = Vec::new();
    for (index, (given, worth)) in given.into_iter().enumerate() {
        let amount = off.discount_on(worth)?;
        if amount > 0 {
            let (pieces, worth) = (cart.lines[index].quantity, cart.money(worth));
            parts.push(Part { line: index, amount, how: How::Pieces { off, given, pieces, worth } });
        }
    }
    off_lines(parts)
}

/// Buy some, get others.
struct Deal<'s> {
    buy: u64,
    buy_of: &'s Selector,
    get: u64,
    get_of: &'s Selector,
}

impl Deal<'_> {
    fn takes<'a>(&self, cart: &Cart<'a>, off: Rate, most: Option<u64>) -> Result<Taken<'a>, Stop> {
        if self.buy == 0 || self.get == 0 || most == Some(0) {
            return Err(Reason::NothingToTakeOff.into());
        }
        let (mut only_buy, mut only_get, mut both) = (0_u64, 0_u64, 0_u64);
        let mut runs = Vec::new();
        for (index, line) in selected(cart, None) {
            let pieces = u64::from(line.quantity.get());
            let (buys, gets) = (self.buy_of.matches(line.line), self.get_of.matches(line.line));
            match (buys, gets) {
                (true, true) => both += pieces,
                (true, false) => only_buy += pieces,
                (false, true) => only_get += pieces,
                (false, false) => {}
            }
            if gets {
                into_runs(&mut runs, index, line, buys);
            }
        }
        // How many pieces of lines in both roles are bought, and how many are needed at all, to work so many times.
        let bought = |times: u64| (times * self.buy).saturating_sub(only_buy);
        let needed = |times: u64| bought(times) + (times * self.get).saturating_sub(only_get);
        if needed(1) > both {
            let missing = u32::try_from(needed(1) - both).unwrap_or(u32::MAX);
            return Err(Reason::Pieces { missing }.into());
        }
        // It works `times` times and not `beyond` times.
        let mut times = 1;
        let mut beyond = 1 + ((only_buy + both) / self.buy).min((only_get + both) / self.get);
        while times + 1 < beyond {
            let middle = times.midpoint(beyond);
            if needed(middle) <= both {
                times = middle;
            } else {
                beyond = middle;
            }
        }
        let times = most.map_or(times, |most| most.min(times));
        give(cart, runs, times * self.get, both - bought(times), off)
    }
}

/// Of each so many pieces the cheapest is free.
fn cheapest_free<'a>(
    cart: &Cart<'a>,
    of: &Selector,
    of_each: u64,
    most: Option<u64>,
) -> Result<Taken<'a>, Stop> {
    if of_each < 2 || most == Some(0) {
        return Err(Reason::NothingToTakeOff.into());
    }
    let mut pieces = 0_u64;
    let mut runs = Vec::new();
    for (index, line) in selected(cart, Some(of)) {
        pieces += u64::from(line.quantity.get());
        into_runs(&mut runs, index, line, false);
    }
    if pieces < of_each {
        let missing = u32::try_from(of_each - pieces).unwrap_or(u32::MAX);
        return Err(Reason::Pieces { missing }.into());
    }
    let free = pieces / of_each;
    give(cart, runs, most.map_or(free, |most| most.min(free)), 0, Rate::from_ppm(Rate::ONE))
}
