//! How many, and of what.

use crate::text_value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number is outside 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("quantity {0} is not between 1 and 10000")]
pub struct QuantityError(pub i64);

/// A number of pieces in a cart or order line, 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(u32);

impl Quantity {
    /// One piece.
    pub const ONE: Quantity = Quantity(1);
    /// The most that one line can hold.
    pub const MAX: u32 = 10_000;

    /// Checks the bounds.
    pub fn new(count: i64) -> Result<Quantity, QuantityError> {
        match u32::try_from(count) {
            Ok(pieces) if (1..=Quantity::MAX).contains(&pieces) => Ok(Quantity(pieces)),
            _ => Err(QuantityError(count)),
        }
    }

    /// The number of pieces.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Two lines of the same thing become one; an error above the bound.
    pub fn checked_add(self, other: Quantity) -> Result<Quantity, QuantityError> {
        Quantity::new(i64::from(self.0) + i64::from(other.0))
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;
    fn try_from(count: i64) -> Result<Quantity, QuantityError> {
        Quantity::new(count)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> i64 {
        i64::from(quantity.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no stock-keeping unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkuError {
    /// Nothing but space.
    #[error("SKU is empty")]
    Empty,
    /// More than 255 characters.
    #[error("SKU is longer than 255 characters")]
    TooLong,
    /// A line break, tab or other control character.
    #[error("SKU holds a control character")]
    Control,
}

/// A merchant's own name of a variant: 1 to 255 characters, trimmed, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(String);

impl Sku {
    /// Trims and checks.
    pub fn parse(text: &str) -> Result<Sku, SkuError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SkuError::Empty);
        }
        if text.chars().count() > 255 {
            return Err(SkuError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(SkuError::Control);
        }
        Ok(Sku(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
text_value!(Sku, SkuError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_stay_between_one_and_ten_thousand() {
        for bad in [i64::MIN, -1, 0, 10_001, i64::MAX] {
            assert_eq!(Quantity::new(bad), Err(QuantityError(bad)));
        }
        assert_eq!(Quantity::new(10_000).map(Quantity::get), Ok(10_000));
        assert!(Quantity::new(9_999).unwrap().checked_add(Quantity::new(2).unwrap()).is_err());
        assert!(serde_json::from_str::<Quantity>("-3").is_err());
    }

    #[test]
    fn skus_are_trimmed_and_printable() {
        assert_eq!(Sku::parse(" A-1 ").unwrap().as_str(), "A-1");
        assert_eq!(Sku::parse(" "), Err(SkuError::Empty));
        assert_eq!(Sku::parse("a\nb"), Err(SkuError::Control));
        assert_eq!(Sku::parse(&"x".repeat(256)), Err(SkuError::TooLong));
    }
}
