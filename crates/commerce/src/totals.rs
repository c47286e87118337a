//! What a cart costs: pure, exact, rounded once per line (MONEY rules 1 to 5).

use primitives::tax::{TaxedLine, line_ex, line_in};
use primitives::{Currency, Money, MoneyError, Rate};

use crate::view::{TaxShare, Totals};

/// A line to price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInput {
    /// Price of one piece in minor units, as the shop writes prices.
    pub unit: i64,
    /// Pieces.
    pub quantity: u32,
    /// Tax that applies to it.
    pub rate: Rate,
}

/// A priced cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// One per line, in their order.
    pub lines: Vec<TaxedLine>,
    /// The rate of each line.
    pub rates: Vec<Rate>,
    /// Delivery; `None` when none was chosen.
    pub shipping: Option<TaxedLine>,
    /// The sums.
    pub totals: Totals,
}

/// Prices lines and a delivery of `(price, rate)`.
///
/// Each line is rounded once on `exact unit × quantity`; the sums are sums of rounded lines, so the subtotal, the tax
/// summary and the total always agree.
///
/// # Errors
/// When an amount leaves the range of minor units.
pub fn price(
    lines: &[LineInput],
    shipping: Option<(i64, Rate)>,
    includes_tax: bool,
    tax_name: &str,
    currency: Currency,
) -> Result<Priced, MoneyError> {
    let taxed = if includes_tax { line_in } else { line_ex };
    let priced: Vec<TaxedLine> =
        lines.iter().map(|line| taxed(line.unit, line.quantity, line.rate)).collect::<Result<_, _>>()?;
    let delivery = shipping.map(|(price, rate)| taxed(price, 1, rate)).transpose()?;
    let shown = |line: &TaxedLine| if includes_tax { line.gross } else { line.net };
    let mut subtotal = 0_i64;
    let mut sum = TaxedLine::default();
    let mut shares: Vec<(Rate, TaxedLine)> = Vec::new();
    let rates = lines.iter().map(|line| line.rate).chain(shipping.map(|(_, rate)| rate));
    for (index, (line, rate)) in priced.iter().chain(&delivery).zip(rates).enumerate() {
        if index < priced.len() {
            subtotal = subtotal.checked_add(shown(line)).ok_or(MoneyError::Overflow)?;
        }
        sum = sum.checked_add(*line)?;
        match shares.iter_mut().find(|(of, _)| *of == rate) {
            Some((_, share)) => *share = share.checked_add(*line)?,
            None => shares.push((rate, *line)),
        }
    }
    shares.retain(|(rate, _)| *rate != Rate::ZERO);
    shares.sort_by_key(|(rate, _)| std::cmp::Reverse(rate.ppm()));
    let money = |minor| Money::new(minor, currency);
    let taxes = shares.into_iter().map(|(rate, share)| TaxShare {
        name: tax_name.to_owned(),
        rate,
        net: money(share.net),
        tax: money(share.tax),
    });
    let totals = Totals {
        subtotal: money(subtotal),
        discount: money(0),
        shipping: delivery.as_ref().map(|line| money(shown(line))),
        tax: money(sum.tax),
        taxes: taxes.collect(),
        total: money(sum.gross),
        includes_tax,
    };
    Ok(Priced {
        lines: priced,
        rates: lines.iter().map(|line| line.rate).collect(),
        shipping: delivery,
        totals,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::distribute;
    use proptest::prelude::*;

    const EUR: Currency = Currency::EUR;

    fn ppm(percent: i64) -> Rate {
        Rate::from_ppm(percent * 10_000)
    }

    fn line(unit: i64, quantity: u32, percent: i64) -> LineInput {
        LineInput { unit, quantity, rate: ppm(percent) }
    }

    fn net_and_gross(lines: &[LineInput], shipping: Option<(i64, Rate)>) -> (i64, i64) {
        let totals = price(lines, shipping, false, "VAT", EUR).unwrap().totals;
        (totals.subtotal.minor + totals.shipping.map_or(0, |s| s.minor), totals.total.minor)
    }

    #[test]
    fn worked_cases_without_tax_in_prices() {
        assert_eq!(net_and_gross(&[line(123, 1, 20)], None), (123, 148));
        assert_eq!(net_and_gross(&[line(123, 3, 20)], None), (369, 443));
        assert_eq!(net_and_gross(&[line(31, 10, 20)], None), (310, 372));
        assert_eq!(net_and_gross(&[line(140_292, 1, 20)], None), (140_292, 168_350));
        assert_eq!(net_and_gross(&[line(1000, 2, 4), line(3499, 1, 4)], None), (5499, 5719));
        assert_eq!(net_and_gross(&[line(4167, 1, 20)], None), (4167, 5000));
    }

    #[test]
    fn three_rates_are_summed_up_each() {
        let lines = [line(100, 2, 20), line(100, 2, 10), line(100, 2, 0)];
        let priced = price(&lines, None, false, "VAT", EUR).unwrap();
        assert_eq!(priced.lines.iter().map(|l| l.tax).collect::<Vec<_>>(), [40, 20, 0]);
        let shares: Vec<_> = priced.totals.taxes.iter().map(|s| (s.rate.ppm(), s.tax.minor)).collect();
        assert_eq!(shares, [(200_000, 40), (100_000, 20)]);
        assert_eq!(priced.totals.tax.minor, 60);
    }

    #[test]
    fn prices_with_tax_keep_their_gross() {
        let priced = price(&[line(100, 2, 20)], None, true, "VAT", EUR).unwrap();
        assert_eq!(priced.lines, [TaxedLine { net: 167, tax: 33, gross: 200 }]);
        assert_eq!(priced.totals.total.minor, 200);
        assert_eq!(priced.totals.subtotal.minor, 200);
    }

    #[test]
    fn shipping_is_taxed_at_its_own_rate() {
        let lines = [line(1000, 1, 23), line(1000, 1, 23), line(2000, 1, 23), line(3000, 1, 3)];
        assert_eq!(net_and_gross(&lines, Some((1000, ppm(23)))), (8000, 9240));
        let rate = Rate::from_ppm(107_500);
        let lines = [LineInput { unit: 2499, quantity: 1, rate }];
        let totals =
            price(&lines, Some((644, Rate::ZERO)), false, "Sales tax", Currency::USD).unwrap().totals;
        assert_eq!((totals.tax.minor, totals.total.minor), (269, 3412));
    }

    #[test]
    fn huge_amounts_are_refused_and_not_wrapped() {
        assert_eq!(price(&[line(i64::MAX, 2, 0)], None, false, "", EUR), Err(MoneyError::Overflow));
        assert!(price(&[line(i64::MAX, 1, 0), line(i64::MAX, 1, 0)], None, true, "", EUR).is_err());
    }

    fn carts() -> impl Strategy<Value = (Vec<LineInput>, Option<(i64, Rate)>, bool)> {
        let line = (0..10_000_000_i64, 1..=10_000_u32, 0..400_000_i64)
            .prop_map(|(unit, quantity, rate)| LineInput { unit, quantity, rate: Rate::from_ppm(rate) });
        let shipping =
            proptest::option::of((0..100_000_i64, 0..400_000_i64).prop_map(|(p, r)| (p, Rate::from_ppm(r))));
        (proptest::collection::vec(line, 0..12), shipping, any::<bool>())
    }

    proptest! {
        #[test]
        fn what_is_shown_adds_up((lines, shipping, includes_tax) in carts()) {
            let priced = price(&lines, shipping, includes_tax, "VAT", Currency::KWD).unwrap();
            let totals = &priced.totals;
            let on_top = if includes_tax { 0 } else { totals.tax.minor };
            prop_assert_eq!(
                totals.subtotal.minor + totals.shipping.map_or(0, |s| s.minor) + on_top - totals.discount.minor,
                totals.total.minor
            );
            prop_assert_eq!(totals.taxes.iter().map(|share| share.tax.minor).sum::<i64>(), totals.tax.minor);
            prop_assert_eq!(
                priced.lines.iter().chain(&priced.shipping).map(|line| line.gross).sum::<i64>(),
                totals.total.minor
            );
            for (line, input) in priced.lines.iter().zip(&lines) {
                prop_assert_eq!(line.net + line.tax, line.gross);
                let shown = if includes_tax { line.gross } else { line.net };
                prop_assert_eq!(shown, input.unit * i64::from(input.quantity));
            }
        }

        #[test]
        fn giving_everything_back_line_by_line_ends_at_zero((lines, shipping, includes_tax) in carts()) {
            let priced = price(&lines, shipping, includes_tax, "VAT", EUR).unwrap();
            let mut left = priced.totals.total.minor;
            for (line, input) in priced.lines.iter().zip(&lines) {
                // Piece by piece, by largest remainder: the pieces of a line sum to the line.
                let pieces = distribute(line.gross, &vec![1; input.quantity as usize]);
                left -= pieces.iter().sum::<i64>();
            }
            left -= priced.shipping.map_or(0, |line| line.gross);
            prop_assert_eq!(left, 0);
        }
    }
}
