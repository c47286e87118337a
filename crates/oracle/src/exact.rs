//! Exact fractions, the one rounding rule and the spreading of an amount, each in the plainest way.
//!
//! Whole minor units are `i128`, so that no sum of 64-bit amounts can leave them; everything between two
//! roundings is a [`BigRational`].

use num_rational::BigRational;
use primitives::Rate;

/// A whole number as a fraction.
#[must_use]
pub fn whole(number: i128) -> BigRational {
    BigRational::from_integer(number.into())
}

/// A rate as a fraction: 21 % is 21/100.
#[must_use]
pub fn fraction(rate: Rate) -> BigRational {
    BigRational::new(rate.ppm().into(), 1_000_000.into())
}

/// The nearest whole number, halves away from zero.
///
/// # Panics
/// If the result leaves 128 bits, which no product of a 64-bit amount, a quantity and a rate does.
#[must_use]
pub fn round(exact: &BigRational) -> i128 {
    let half = BigRational::new(1.into(), 2.into());
    let away = if *exact < whole(0) { (exact - half).ceil() } else { (exact + half).floor() };
    to_i128(&away)
}

/// What a discount of this rate takes off: what remains is what gets rounded.
#[must_use]
pub fn discount(off: Rate, amount: i128) -> i128 {
    amount - round(&(whole(amount) * (whole(1) - fraction(off))))
}

/// Spreads `total` over `weights` by largest remainder: every line gets the whole part of its exact share, then the
/// units left over go one by one to the largest cut-off fraction, ties to the lowest index.
/// Weights that are all zero count as equal ones.
#[must_use]
pub fn spread(total: i128, weights: &[i128]) -> Vec<i128> {
    if total < 0 {
        return spread(-total, weights).into_iter().map(|part| -part).collect();
    }
    let mut weights: Vec<i128> = weights.iter().map(|weight| (*weight).max(0)).collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights.fill(1);
    }
    let sum: i128 = weights.iter().sum();
    let shares: Vec<_> = weights.iter().map(|weight| whole(total) * whole(*weight) / whole(sum)).collect();
    let mut parts: Vec<i128> = shares.iter().map(|share| to_i128(&share.floor())).collect();
    // `sort_by` keeps the order of equals, so the lowest index comes first.
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by(|a, b| shares[*b].fract().cmp(&shares[*a].fract()));
    let over = total - parts.iter().sum::<i128>();
    for (_, index) in (0..over).zip(by_remainder) {
        parts[index] += 1;
    }
    parts
}

#[expect(clippy::expect_used, reason = "a test tool stops rather than going on with another number")]
fn to_i128(exact: &BigRational) -> i128 {
    i128::try_from(exact.to_integer()).expect("amounts fit into 128 bits")
}
