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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribute_capped;
    use proptest::prelude::*;

    const TWENTY: Rate = Rate::percent(20);

    fn net_gross(line: TaxedLine) -> (i64, i64) {
        (line.net, line.gross)
    }

    fn sum(lines: impl IntoIterator<Item = TaxedLine>) -> TaxedLine {
        lines.into_iter().fold(TaxedLine::default(), |sum, line| sum.checked_add(line).unwrap())
    }

    #[test]
    fn rounds_once_per_line() {
        assert_eq!(net_gross(line_ex(123, 1, TWENTY).unwrap()), (123, 148));
        // Rounded per unit it would be 444.
        assert_eq!(net_gross(line_ex(123, 3, TWENTY).unwrap()), (369, 443));
        assert_eq!(net_gross(line_ex(31, 10, TWENTY).unwrap()), (310, 372));
    }

    #[test]
    fn takes_included_tax_out_of_the_line() {
        let line = line_in(100, 2, TWENTY).unwrap();
        assert_eq!(line, TaxedLine { net: 167, tax: 33, gross: 200 });
    }

    #[test]
    fn lines_of_several_rates_add_up() {
        let lines = [20, 10, 0].map(|rate| line_ex(100, 2, Rate::percent(rate)).unwrap());
        assert_eq!(lines.map(|line| line.tax), [40, 20, 0]);
        assert_eq!(sum(lines), TaxedLine { net: 600, tax: 60, gross: 660 });
    }

    #[test]
    fn discounts_are_rounded_before_tax() {
        let ten = Rate::percent(10);
        let item = 155_880 - ten.discount_on(155_880).unwrap();
        assert_eq!(net_gross(on_net(item, TWENTY).unwrap()), (140_292, 168_350));
        let order = item - ten.discount_on(item).unwrap();
        // Were tax to see the unrounded discount, it would be 151,515.
        assert_eq!(net_gross(on_net(order, TWENTY).unwrap()), (126_263, 151_516));
        let half = 8333 - Rate::percent(50).discount_on(8333).unwrap();
        assert_eq!(net_gross(on_net(half, TWENTY).unwrap()), (4167, 5000));
        assert_eq!(net_gross(on_net(1230 - 500, TWENTY).unwrap()), (730, 876));
    }

    #[test]
    fn an_order_discount_is_spread_before_tax() {
        let lines = [2000 - Rate::percent(50).discount_on(2000).unwrap(), 5000];
        assert_eq!(lines.iter().sum::<i64>(), 6000);
        let off = distribute_capped(Rate::percent(15).discount_on(6000).unwrap(), &lines);
        assert_eq!(lines.iter().sum::<i64>() - off.iter().sum::<i64>(), 5100);
        // A coupon of 10.00 on an item of 1.20 takes the item, not the shipping of 5.00.
        let left = 120 - distribute_capped(1000, &[120])[0];
        assert_eq!(left + 500, 500);
    }

    #[test]
    fn mixed_orders_close_to_the_minor_unit() {
        let four = Rate::percent(4);
        let order = sum([line_ex(1000, 2, four).unwrap(), line_ex(3499, 1, four).unwrap()]);
        assert_eq!(net_gross(order), (5499, 5719));

        let (full, low) = (Rate::percent(23), Rate::percent(3));
        let lines = [(1000, full), (1000, full), (2000, full), (3000, low), (1000, full)];
        let order = sum(lines.map(|(unit, rate)| line_ex(unit, 1, rate).unwrap()));
        assert_eq!(net_gross(order), (8000, 9240));

        let rate = Rate::parse_percent("10.75").unwrap();
        let order = sum([line_ex(2499, 1, rate).unwrap(), line_ex(644, 1, Rate::ZERO).unwrap()]);
        assert_eq!((order.tax, order.gross), (269, 3412));
    }

    proptest! {
        #[test]
        fn net_and_tax_always_make_gross(
            unit in 0..1_000_000_000_i64,
            quantity in 1..10_001_u32,
            ppm in 0..1_000_001_i64,
        ) {
            let rate = Rate::from_ppm(ppm);
            for line in [line_ex(unit, quantity, rate).unwrap(), line_in(unit, quantity, rate).unwrap()] {
                prop_assert_eq!(line.net + line.tax, line.gross);
                prop_assert!(0 <= line.tax && line.tax <= line.gross);
            }
        }

        #[test]
        fn huge_amounts_are_errors_not_panics(unit: i64, quantity: u32, ppm in 0..10_000_001_i64) {
            let rate = Rate::from_ppm(ppm);
            let _ = line_ex(unit, quantity, rate);
            let _ = line_in(unit, quantity, rate);
        }
    }
}
