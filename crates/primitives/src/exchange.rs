//! From one currency into another, exactly: a ratio of whole numbers, rounded once, then to the step of the shop.

use std::fmt;

use crate::{Currency, Money, MoneyError, round_half_away};

/// The text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a rate such as 1.0842: above 0, with at most 15 digits, 12 of them after the point")]
pub struct ExchangeRateError(pub String);

/// Units of one currency for one unit of another, exactly as its decimal text says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExchangeRate {
    /// 1 to 10^15 − 1.
    digits: i64,
    /// How many of them stand after the point, 0 to 12.
    decimals: u8,
}

impl ExchangeRate {
    /// One for one.
    pub const ONE: ExchangeRate = ExchangeRate { digits: 1, decimals: 0 };
    const MAX_DIGITS: usize = 15;
    const MAX_DECIMALS: usize = 12;

    /// Reads digits with perhaps a point. Zeros that say nothing are left out: `1.10` and `01.1` are one rate.
    pub fn parse(text: &str) -> Result<Self, ExchangeRateError> {
        let wrong = || ExchangeRateError(text.chars().take(40).collect());
        let trimmed = text.trim();
        let (whole, decimals) = trimmed.split_once('.').unwrap_or((trimmed, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) {
            return Err(wrong());
        }
        let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
        if Self::MAX_DECIMALS < decimals.len() || Self::MAX_DIGITS < whole.len() + decimals.len() {
            return Err(wrong());
        }
        let digits: i64 = format!("0{whole}{decimals}").parse().map_err(|_| wrong())?;
        let decimals = u8::try_from(decimals.len()).map_err(|_| wrong())?;
        if digits == 0 { Err(wrong()) } else { Ok(Self { digits, decimals }) }
    }
}

impl fmt::Display for ExchangeRate {
    /// With at least two decimals: `1.10`, `0.8534`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0width$}", self.digits, width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        write!(f, "{whole}.{part:0<2}")
    }
}

/// What converted prices are rounded to, in minor units of their currency: multiples of `step`, plus `ending`.
///
/// A step of 5 and no ending gives 0.05, 0.10, …; a step of 100 and an ending of 99 gives 0.99, 1.99, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PriceStep {
    step: i64,
    ending: i64,
}

impl PriceStep {
    /// As they come out.
    pub const EXACT: PriceStep = PriceStep { step: 1, ending: 0 };

    /// `None` unless `1 <= step` and `0 <= ending < step`.
    pub const fn new(step: i64, ending: i64) -> Option<PriceStep> {
        if 1 <= step && 0 <= ending && ending < step { Some(PriceStep { step, ending }) } else { None }
    }

    /// Minor units from one price to the next.
    pub const fn step(self) -> i64 {
        self.step
    }

    /// Minor units that every price has beyond a multiple of the step.
    pub const fn ending(self) -> i64 {
        self.ending
    }

    /// The nearest of the shop's prices, halves away from zero; what is above zero stays above zero.
    fn round(self, minor: i64, ending: i64) -> Result<i64, MoneyError> {
        let (step, end) = (i128::from(self.step), i128::from(ending));
        let steps = round_half_away(i128::from(minor.abs()) - end, step)?;
        let least = if ending == 0 { step } else { end };
        let rounded = (i128::from(steps) * step + end).max(least);
        let signed = if minor < 0 { -rounded } else { rounded };
        i64::try_from(signed).map_err(|_| MoneyError::Overflow)
    }
}

/// From the currency of a shop into the one of a session.
///
/// Everything passes here once, before it is multiplied or taxed: the price of a piece, what a promotion takes off or asks
/// for, what a delivery costs. Nothing is ever converted twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exchange {
    from: Currency,
    to: Currency,
    rate: ExchangeRate,
    step: PriceStep,
}

impl Exchange {
    /// Nothing is changed: a session in the shop's own currency.
    pub const fn none(currency: Currency) -> Exchange {
        Exchange { from: currency, to: currency, rate: ExchangeRate::ONE, step: PriceStep::EXACT }
    }

    /// `rate` units of `to` for one of `from`. Of a currency into itself this is [`Exchange::none`].
    pub fn new(from: Currency, to: Currency, rate: ExchangeRate, step: PriceStep) -> Exchange {
        if from == to { Exchange::none(from) } else { Exchange { from, to, rate, step } }
    }

    /// Whether both currencies are one.
    pub fn is_none(&self) -> bool {
        self.from == self.to
    }

    /// The currency of the shop.
    pub fn from(&self) -> Currency {
        self.from
    }

    /// The currency of the session.
    pub fn to(&self) -> Currency {
        self.to
    }

    /// Units of [`Exchange::to`] for one of [`Exchange::from`].
    pub fn rate(&self) -> ExchangeRate {
        self.rate
    }

    /// What prices are rounded to.
    pub fn step(&self) -> PriceStep {
        self.step
    }

    /// The price of one piece: the exact ratio, half away from zero, then the nearest step with its ending. Zero stays zero,
    /// and what costs something goes on costing something. One that is in the currency of the session already is as it is.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] for a third currency, [`MoneyError::Overflow`].
    pub fn price(&self, price: Money) -> Result<Money, MoneyError> {
        if price.currency == self.to {
            return Ok(price);
        }
        if price.currency != self.from {
            return Err(MoneyError::CurrencyMismatch(price.currency, self.from));
        }
        Ok(Money::new(self.convert(price.minor, self.step.ending)?, self.to))
    }

    /// Another amount of the shop's, in minor units: what a promotion asks for, what a delivery costs. As
    /// [`Exchange::price`], and no ending belongs to it.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn amount(&self, minor: i64) -> Result<i64, MoneyError> {
        self.convert(minor, 0)
    }

    /// An amount of the shop's that is taken off, in minor units: the exact ratio, half away from zero, no step, since it is
    /// no price. What takes something off goes on taking something off.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn off(&self, minor: i64) -> Result<i64, MoneyError> {
        Exchange { step: PriceStep::EXACT, ..*self }.amount(minor)
    }

    /// An amount of the session's in minor units of the shop's currency: the exact ratio, half away from zero, no step. For
    /// what is counted, not for what is asked for.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn back(&self, minor: i64) -> Result<i64, MoneyError> {
        let (num, den) = self.ratio();
        round_half_away(i128::from(minor) * den, num)
    }

    /// The most minor units of the session that are counted as at most `limit` of the shop's ([`Exchange::back`]).
    pub fn most_within(&self, limit: i64) -> i64 {
        if self.is_none() {
            return limit;
        }
        if limit < 0 {
            return 0;
        }
        let (num, den) = self.ratio();
        // back(x) <= limit says x × den / num < limit + 1/2.
        let halves = i128::from(limit).saturating_mul(2).saturating_add(1);
        let Some(scaled) = halves.checked_mul(num) else { return i64::MAX };
        let double = den.saturating_mul(2);
        let most = (scaled - 1) / double;
        i64::try_from(most).unwrap_or(i64::MAX)
    }

    /// The lowest price of the shop that is shown as at least `minor`: where a filter in the currency of the session begins.
    pub fn least_shown(&self, minor: i64) -> i64 {
        self.first(|shown| minor <= shown)
    }

    /// The highest price of the shop that is shown as at most `minor`: where such a filter ends.
    pub fn most_shown(&self, minor: i64) -> i64 {
        self.first(|shown| minor < shown).saturating_sub(1).max(0)
    }

    /// How a price came about: `12.00 EUR × 1.10 = 13.20 USD`, and what the step makes of it.
    ///
    /// # Errors
    /// As [`Exchange::price`].
    pub fn words(&self, price: Money) -> Result<String, MoneyError> {
        let shown = self.price(price)?;
        let exact = Exchange { step: PriceStep::EXACT, ..*self }.price(price)?;
        let rounded = if exact == shown { String::new() } else { format!(", rounded to {shown}") };
        Ok(format!("{price} × {} = {exact}{rounded}", self.rate))
    }

    /// The first price of the shop whose shown price is so; prices rise together with what is shown.
    fn first(&self, so: impl Fn(i64) -> bool) -> i64 {
        let shown = |minor| if self.is_none() { Ok(minor) } else { self.convert(minor, self.step.ending) };
        let (mut below, mut above) = (-1_i64, i64::MAX);
        while below + 1 < above {
            let middle = below.midpoint(above);
            // What is too large to be shown is above everything.
            if shown(middle).is_ok_and(|shown| !so(shown)) { below = middle } else { above = middle }
        }
        above
    }

    fn convert(&self, minor: i64, ending: i64) -> Result<i64, MoneyError> {
        if self.is_none() || minor == 0 {
            return Ok(minor);
        }
        let (num, den) = self.ratio();
        let exact = round_half_away(i128::from(minor) * num, den)?;
        // The sign is that of the amount, also where nothing is left of it.
        let exact = if exact == 0 { minor.signum() } else { exact };
        self.step.round(exact, ending)
    }

    /// Minor units of `to` for one of `from`; at most 10^19 over 10^16.
    fn ratio(&self) -> (i128, i128) {
        let ten = |power: u8| 10_i128.pow(u32::from(power));
        let num = i128::from(self.rate.digits) * ten(self.to.exponent());
        (num, ten(self.rate.decimals) * ten(self.from.exponent()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> ExchangeRate {
        ExchangeRate::parse(text).unwrap()
    }

    fn into(code: &str, text: &str, step: i64, ending: i64) -> Exchange {
        let step = PriceStep::new(step, ending).unwrap();
        Exchange::new(Currency::EUR, Currency::parse(code).unwrap(), rate(text), step)
    }

    fn price(exchange: &Exchange, minor: i64) -> i64 {
        exchange.price(Money::new(minor, Currency::EUR)).unwrap().minor
    }

    #[test]
    fn reads_rates_as_they_are_written() {
        for (text, shown) in [
            ("1.10", "1.10"),
            ("160", "160.00"),
            ("0.8534", "0.8534"),
            ("00.5", "0.50"),
            ("0.000000000001", "0.000000000001"),
        ] {
            assert_eq!(rate(text).to_string(), shown);
            assert_eq!(rate(shown), rate(text));
        }
        for bad in [
            "",
            ".",
            ".5",
            "0",
            "0.0",
            "-1",
            "+1",
            "1,1",
            "1e3",
            "1.1.1",
            "NaN",
            "1.1234567890123",
            "1234567890123456",
        ] {
            assert!(ExchangeRate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn converts_once_and_rounds_to_the_step() {
        assert_eq!(price(&into("USD", "1.10", 1, 0), 1200), 1320);
        // 12.35 × 1.1 = 13.585 → 13.59; to 0.05 that is 13.60.
        assert_eq!(price(&into("USD", "1.1", 1, 0), 1235), 1359);
        assert_eq!(price(&into("CHF", "1.1", 5, 0), 1235), 1360);
        assert_eq!(price(&into("USD", "1.1", 100, 0), 1235), 1400);
        assert_eq!(price(&into("USD", "1.1", 100, 99), 1235), 1399);
        assert_eq!(price(&into("USD", "1.1", 100, 99), 1), 99);
        assert_eq!(price(&into("USD", "1.1", 100, 0), 1), 100);
        // Currencies without and with three decimals.
        assert_eq!(price(&into("JPY", "163.5", 1, 0), 1299), 2124);
        assert_eq!(price(&into("JPY", "163.5", 10, 0), 1299), 2120);
        assert_eq!(price(&into("KWD", "0.3331", 1, 0), 1299), 4327);
        assert_eq!(price(&into("USD", "1.1", 5, 0), 0), 0);
        assert_eq!(price(&into("USD", "1.1", 5, 0), -1200), -1320);
        // An ending belongs to prices alone.
        assert_eq!(into("USD", "1.1", 100, 99).amount(500), Ok(600));
        assert_eq!(into("USD", "1.1", 1, 0).back(1320), Ok(1200));
        // What is taken off is no price.
        assert_eq!(into("USD", "1.1", 100, 99).off(30), Ok(33));
        assert_eq!(into("USD", "0.1", 100, 0).off(1), Ok(1));
    }

    #[test]
    fn says_how_a_price_came_about() {
        let words = |exchange: Exchange| exchange.words(Money::new(1200, Currency::EUR)).unwrap();
        assert_eq!(words(into("USD", "1.10", 1, 0)), "12.00 EUR × 1.10 = 13.20 USD");
        assert_eq!(words(into("JPY", "163.5", 1, 0)), "12.00 EUR × 163.50 = 1962 JPY");
        let rounded = "12.00 EUR × 0.941 = 11.29 CHF, rounded to 11.30 CHF";
        assert_eq!(words(into("CHF", "0.941", 5, 0)), rounded);
    }

    #[test]
    fn leaves_alone_what_is_right_and_refuses_a_third_currency() {
        let exchange = into("USD", "1.1", 5, 0);
        let dollars = Money::new(1201, Currency::USD);
        assert_eq!(exchange.price(dollars), Ok(dollars));
        let pounds = Money::new(1, Currency::GBP);
        assert_eq!(exchange.price(pounds), Err(MoneyError::CurrencyMismatch(Currency::GBP, Currency::EUR)));
        assert_eq!(exchange.amount(i64::MAX), Err(MoneyError::Overflow));
        let same = Exchange::new(Currency::EUR, Currency::EUR, rate("2"), PriceStep::EXACT);
        assert!(same.is_none() && same.amount(i64::MAX) == Ok(i64::MAX) && same.most_within(7) == 7);
    }

    prop_compose! {
        fn any_exchange()(
            digits in 1..1_000_000_i64, decimals in 0..7_u8, to in 0..150_usize,
            step in prop::sample::select(vec![1_i64, 5, 10, 50, 100, 1000]), ending in 0..1000_i64,
        ) -> Exchange {
            let step = PriceStep::new(step, ending % step).unwrap();
            let to = Currency::all().nth(to).unwrap();
            Exchange::new(Currency::EUR, to, ExchangeRate { digits, decimals }, step)
        }
    }

    proptest! {
        #[test]
        fn is_exact_to_half_a_minor_unit(minor in -1_000_000_000..1_000_000_000_i64, exchange in any_exchange()) {
            let exact = Exchange { step: PriceStep::EXACT, ..exchange };
            let (num, den) = exact.ratio();
            let converted = i128::from(exact.amount(minor).unwrap());
            let off = (converted * den - i128::from(minor) * num).abs();
            // What costs something goes on costing something.
            prop_assert!(exact.is_none() || off * 2 <= den || converted.abs() == 1);
        }

        #[test]
        fn dearer_things_never_become_cheaper(a in 0..1_000_000_000_i64, b in 0..1_000_000_000_i64, exchange in any_exchange()) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(price(&exchange, low) <= price(&exchange, high));
            prop_assert!(exchange.amount(low).unwrap() <= exchange.amount(high).unwrap());
        }

        #[test]
        fn keeps_to_the_step(minor in 1..1_000_000_000_i64, exchange in any_exchange()) {
            let step = exchange.step;
            let shown = price(&exchange, minor);
            prop_assert!(0 < shown);
            prop_assert!(exchange.is_none() || (shown - step.ending) % step.step == 0);
            // At most half a step away from what it is exactly, unless it is the lowest price there is.
            let exact = Exchange { step: PriceStep::EXACT, ..exchange }.amount(minor).unwrap();
            let least = if step.ending == 0 { step.step } else { step.ending };
            prop_assert!(exchange.is_none() || (shown - exact).abs() * 2 <= step.step || shown == least);
        }

        #[test]
        fn filters_mean_what_is_shown(minor in 0..1_000_000_000_i64, exchange in any_exchange()) {
            let shown = price(&exchange, minor);
            let (least, most) = (exchange.least_shown(shown), exchange.most_shown(shown));
            prop_assert!(least <= minor && minor <= most);
            prop_assert!(price(&exchange, least) == shown && price(&exchange, most) == shown);
            prop_assert!(shown < price(&exchange, most + 1));
            prop_assert!(least == 0 || price(&exchange, least - 1) < shown);
        }

        #[test]
        fn a_budget_is_never_passed(limit in 0..1_000_000_000_i64, exchange in any_exchange()) {
            let most = exchange.most_within(limit);
            prop_assert!(exchange.back(most).unwrap() <= limit);
            prop_assert!(exchange.is_none() || limit < exchange.back(most + 1).unwrap());
        }

        #[test]
        fn any_text_is_a_rate_or_refused(text in "\\PC{0,40}") {
            let _ = ExchangeRate::parse(&text);
        }
    }
}
