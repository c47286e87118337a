//! The cart while it is being priced: what is left of each line, and of shipping.

use primitives::{Money, MoneyError, Quantity, Rate, round_half_away};

use crate::promotion::explain::Discount;
use crate::request::{Line, Request};
use crate::shipping::{Measures, NoDelivery};

/// A line while it is being priced. Amounts are in the cart's mode.
#[derive(Clone, Debug)]
pub(crate) struct Working<'a> {
    pub line: &'a Line,
    pub quantity: Quantity,
    /// The rate that holds for it, whether the shopper is exempt or not.
    pub rate: Rate,
    pub rate_name: &'a str,
    pub unit: i64,
    pub amount: i64,
    pub left: i64,
    pub discounts: Vec<Discount>,
    pub gift: bool,
}

/// The whole cart while it is being priced.
pub(crate) struct Cart<'a> {
    pub request: &'a Request<'a>,
    pub lines: Vec<Working<'a>>,
    /// What shipping promotions took off so far.
    pub shipping_discounts: Vec<Discount>,
}

impl<'a> Working<'a> {
    /// A line of the request, or a gift of so many pieces, at its full amount.
    pub fn new(
        request: &'a Request<'a>,
        line: &'a Line,
        quantity: Quantity,
        gift: bool,
    ) -> Result<Working<'a>, MoneyError> {
        if line.unit < 0 {
            return Err(MoneyError::Malformed(Money::new(line.unit, request.currency).decimal()));
        }
        let (rate, rate_name) = match request.zone {
            Some(zone) => zone.rate(&line.tax_category, request.at),
            None => (Rate::ZERO, ""),
        };
        let of = |pieces: u32| {
            let exact = i128::from(line.unit) * i128::from(pieces);
            let one = i128::from(Rate::ONE);
            let with_tax = one + i128::from(rate.ppm());
            match (line.unit_includes_tax, request.includes_tax) {
                (false, true) => {
                    round_half_away(exact.checked_mul(with_tax).ok_or(MoneyError::Overflow)?, one)
                }
                (true, false) => round_half_away(exact * one, with_tax),
                (true, true) | (false, false) => i64::try_from(exact).map_err(|_| MoneyError::Overflow),
            }
        };
        let (unit, amount) = (of(1)?, of(quantity.get())?);
        let discounts = Vec::new();
        Ok(Working { line, quantity, rate, rate_name, unit, amount, left: amount, discounts, gift })
    }
}

impl<'a> Cart<'a> {
    /// The untouched cart.
    pub fn new(request: &'a Request<'a>) -> Result<Cart<'a>, MoneyError> {
        // A few places more, for gifts.
        let mut lines = Vec::with_capacity(request.lines.len() + 2);
        for line in &request.lines {
            lines.push(Working::new(request, line, line.quantity, false)?);
        }
        // From here on the sum of any of the lines, or of what is left of them, fits.
        sum(lines.iter().map(|line| line.amount))?;
        Ok(Cart { request, lines, shipping_discounts: Vec::new() })
    }

    /// An amount in the cart's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.request.currency)
    }

    /// Whether anything has to be sent.
    pub fn requires_shipping(&self) -> bool {
        self.lines.iter().any(|line| line.line.requires_shipping)
    }

    /// What shipping costs before its promotions, as the lines are now; `None` when there is nothing to send or no way
    /// was chosen.
    pub fn delivery(&self) -> Result<Option<Result<i64, NoDelivery>>, MoneyError> {
        match self.request.shipping {
            Some(method) if self.requires_shipping() => Ok(Some(method.price_or_reason(&self.measures()?))),
            Some(_) | None => Ok(None),
        }
    }

    fn measures(&self) -> Result<Measures, MoneyError> {
        let (mut grams, mut pieces) = (0_i128, 0_i64);
        let (mut value, mut goods) = (0_i64, 0_i64);
        for line in &self.lines {
            goods = goods.checked_add(line.left).ok_or(MoneyError::Overflow)?;
            if line.line.requires_shipping {
                value = value.checked_add(line.left).ok_or(MoneyError::Overflow)?;
                grams += i128::from(line.line.grams.max(0)) * i128::from(line.quantity.get());
                pieces += i64::from(line.quantity.get());
            }
        }
        let grams = i64::try_from(grams).map_err(|_| MoneyError::Overflow)?;
        Ok(Measures { country: self.request.destination.country, grams, value, pieces, goods })
    }
}

/// The sum, or an error when it leaves 64 bits.
pub(crate) fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, MoneyError> {
    amounts.into_iter().try_fold(0_i64, |sum, amount| sum.checked_add(amount)).ok_or(MoneyError::Overflow)
}
