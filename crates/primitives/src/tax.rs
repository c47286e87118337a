//! Tax on one line, rounded once per line on the exact unit times quantity.

use crate::{MoneyError, Rate, round_half_away};
use serde::{Deserialize, Serialize};

/// What one line costs, in minor units; `net + tax == gross` always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxedLine {
    /// Without tax.
    pub net: i64,
    /// The tax.
    pub tax: i64,
    /// With tax.
    pub gross: i64,
}

impl TaxedLine {
    /// Adds up lines; totals are sums of rounded lines.
    pub fn checked_add(self, other: TaxedLine) -> Result<TaxedLine, MoneyError> {
        let add = |left: i64, right: i64| left.checked_add(right).ok_or(MoneyError::Overflow);
        Ok(TaxedLine {
            net: add(self.net, other.net)?,
            tax: add(self.tax, other.tax)?,
            gross: add(self.gross, other.gross)?,
        })
    }
}

/// A line of `quantity` pieces at `unit` minor units, where prices exclude tax.
pub fn line_ex(unit: i64, quantity: u32, rate: Rate) -> Result<TaxedLine, MoneyError> {
    on_net(unit.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?, rate)
}

/// A line of `quantity` pieces at `unit` minor units, where prices include tax.
pub fn line_in(unit: i64, quantity: u32, rate: Rate) -> Result<TaxedLine, MoneyError> {
    on_gross(unit.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?, rate)
}

/// Puts tax on a line's net amount, which is already discounted and rounded.
pub fn on_net(net: i64, rate: Rate) -> Result<TaxedLine, MoneyError> {
    let tax = rate.of(net)?;
    let gross = net.checked_add(tax).ok_or(MoneyError::Overflow)?;
    Ok(TaxedLine { net, tax, gross })
}

/// Takes tax out of a line's gross amount, which is already discounted and rounded.
pub fn on_gross(gross: i64, rate: Rate) -> Result<TaxedLine, MoneyError> {
    let one = i128::from(Rate::ONE);
    let net = round_half_away(i128::from(gross) * one, one + i128::from(rate.ppm()))?;
    let tax = gross.checked_sub(net).ok_or(MoneyError::Overflow)?;
    Ok(TaxedLine { net, tax, gross })
}
