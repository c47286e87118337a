//! Chance that a seed decides (SplitMix64, Steele, Lea and Flood 2014).

use std::sync::Mutex;
use std::sync::PoisonError;

/// A stream of numbers; clones of a seed give the same ones.
pub struct Chance(Mutex<u64>);

impl Chance {
    /// The stream of `seed` for one purpose, so that purposes do not disturb each other.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mixed = purpose.bytes().fold(seed, |sum, byte| mix(sum ^ u64::from(byte)));
        Self(Mutex::new(mixed))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(*state)
    }

    /// `0 <= n < end`; 0 when `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn percent(&self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn a_seed_and_a_purpose_decide_everything() {
        let take = |seed, purpose| (0..5).map(|_| Chance::new(seed, purpose).next()).collect::<Vec<_>>();
        assert_eq!(take(7, "kill"), take(7, "kill"));
        assert_ne!(take(7, "kill"), take(8, "kill"));
        assert_ne!(take(7, "kill"), take(7, "gateway"));
        let chance = Chance::new(1, "x");
        assert!((0..1_000).all(|_| chance.below(3) < 3));
        assert_eq!(chance.below(0), 0);
    }
}
