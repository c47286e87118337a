//! Amounts in minor units, the one rounding rule, and how an amount is spread over lines.

use crate::{Currency, Locale, Quantity};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an amount cannot be computed or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two amounts of different currencies were to be combined.
    #[error("amounts in {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    /// The result does not fit into 64 bits of minor units.
    #[error("amount is too large")]
    Overflow,
    /// Not digits with at most one point.
    #[error("{0:?} is not an amount such as 12.34")]
    Malformed(String),
    /// More decimals than the currency has.
    #[error("{text:?} has more than the {exponent} decimals of {currency}")]
    TooManyDecimals {
        /// What was given.
        text: String,
        /// The currency.
        currency: Currency,
        /// How many decimals the currency has.
        exponent: u8,
    },
}

/// An amount in minor units of a currency: 1234 EUR is 12.34 €, 1234 JPY is ¥1234.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for what is given back.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// The sum; both amounts must be of one currency.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// The difference; both amounts must be of one currency.
    pub fn checked_sub(self, other: Money) -> Result<Money, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    /// So many pieces at this price.
    pub fn mul_qty(self, quantity: Quantity) -> Result<Money, MoneyError> {
        let minor = self.minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Money { minor, ..self })
    }

    fn same_currency(self, other: Money) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }

    /// Plain decimal text with exactly the currency's decimals, `-12.34`; for files and programs.
    pub fn decimal(self) -> String {
        let (sign, whole, part) = self.split();
        format!("{sign}{whole}{}", fraction('.', part, self.currency.exponent()))
    }

    /// Reads plain decimal text: digits, perhaps a sign, perhaps a point and decimals.
    /// Zeros beyond the currency's decimals are allowed (`12.000` JPY files do that), other digits are an error.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Money, MoneyError> {
        let trimmed = text.trim();
        let shown = || trimmed.chars().take(40).collect::<String>();
        let malformed = || MoneyError::Malformed(shown());
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + decimals.len() == 0 || !all_digits(whole) || !all_digits(decimals) {
            return Err(malformed());
        }
        let exponent = usize::from(currency.exponent());
        let (kept, beyond) = decimals.split_at(decimals.len().min(exponent));
        if beyond.bytes().any(|byte| byte != b'0') {
            return Err(MoneyError::TooManyDecimals {
                text: shown(),
                currency,
                exponent: currency.exponent(),
            });
        }
        let mut minor: i64 = 0;
        let padding = std::iter::repeat_n(b'0', exponent - kept.len());
        for digit in whole.bytes().chain(kept.bytes()).chain(padding) {
            let step = minor.checked_mul(10).zip(Some(i64::from(digit - b'0')));
            let next = step
                .and_then(|(tens, one)| if negative { tens.checked_sub(one) } else { tens.checked_add(one) });
            minor = next.ok_or(MoneyError::Overflow)?;
        }
        Ok(Money { minor, currency })
    }

    /// The amount as people of a locale write it: `€1,234.50`, `1.234,50 €`.
    pub fn format(self, locale: &Locale) -> String {
        let style = NumberStyle::of(locale);
        let (sign, whole, part) = self.split();
        let digits = whole.to_string();
        let mut number = String::with_capacity(digits.len() + 8);
        // Some languages group only from five digits on.
        let grouped = digits.len() >= style.group_from;
        for (index, digit) in digits.chars().enumerate() {
            if grouped && index > 0 && (digits.len() - index).is_multiple_of(3) {
                number.push(style.group);
            }
            number.push(digit);
        }
        number.push_str(&fraction(style.decimal, part, self.currency.exponent()));
        let symbol = self.currency.symbol();
        match style.place {
            Place::Before if symbol.ends_with(|last: char| last.is_ascii_alphabetic()) => {
                format!("{sign}{symbol}\u{a0}{number}")
            }
            Place::Before => format!("{sign}{symbol}{number}"),
            Place::BeforeSpaced => format!("{symbol}\u{a0}{sign}{number}"),
            Place::After => format!("{sign}{number}\u{a0}{symbol}"),
        }
    }

    fn split(self) -> (&'static str, u64, u64) {
        let unit = 10_u64.pow(u32::from(self.currency.exponent()));
        let amount = self.minor.unsigned_abs();
        (if self.minor < 0 { "-" } else { "" }, amount / unit, amount % unit)
    }
}

impl fmt::Display for Money {
    /// `12.34 EUR`, for logs and messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

fn fraction(point: char, part: u64, exponent: u8) -> String {
    if exponent == 0 {
        String::new()
    } else {
        format!("{point}{part:0width$}", width = usize::from(exponent))
    }
}

enum Place {
    Before,
    BeforeSpaced,
    After,
}

/// How a language writes amounts (CLDR 45, standard currency pattern).
struct NumberStyle {
    decimal: char,
    group: char,
    group_from: usize,
    place: Place,
}

impl NumberStyle {
    fn of(locale: &Locale) -> NumberStyle {
        let (decimal, group, group_from, place) = match (locale.language(), locale.as_str()) {
            (_, "de-CH") => ('.', '’', 4, Place::BeforeSpaced),
            (_, "de-AT") => (',', '\u{a0}', 4, Place::BeforeSpaced),
            ("de" | "it" | "id" | "da", _) => (',', '.', 4, Place::After),
            ("es", _) => (',', '.', 5, Place::After),
            ("nl", _) => (',', '.', 4, Place::BeforeSpaced),
            ("pt", "pt-BR") => (',', '.', 4, Place::BeforeSpaced),
            ("pt", _) => (',', '\u{a0}', 5, Place::After),
            ("fr", _) => (',', '\u{202f}', 4, Place::After),
            ("pl", _) => (',', '\u{a0}', 5, Place::After),
            ("ru" | "uk" | "cs" | "sk" | "sv" | "fi" | "nb" | "bg", _) => (',', '\u{a0}', 4, Place::After),
            _ => ('.', ',', 4, Place::Before),
        };
        NumberStyle { decimal, group, group_from, place }
    }
}

/// A tax rate or percentage as an exact ratio, in parts per million: 21 % is 210,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(i64);

impl Rate {
    /// The whole, in parts per million.
    pub const ONE: i64 = 1_000_000;
    /// No tax at all.
    pub const ZERO: Rate = Rate(0);

    /// Takes parts per million.
    pub const fn from_ppm(ppm: i64) -> Rate {
        Rate(ppm)
    }

    /// Takes whole percents.
    pub const fn percent(percent: i32) -> Rate {
        Rate(percent as i64 * 10_000)
    }

    /// Parts per million.
    pub const fn ppm(self) -> i64 {
        self.0
    }

    /// Reads percents such as `21` or `10.75`, with up to four decimals, from 0 to 1000.
    pub fn parse_percent(text: &str) -> Result<Rate, MoneyError> {
        let trimmed = text.trim();
        let malformed = || MoneyError::Malformed(trimmed.chars().take(40).collect());
        let (whole, decimals) = trimmed.split_once('.').unwrap_or((trimmed, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 4 || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
            return Err(malformed());
        }
        let ppm: i64 = format!("{whole}{decimals:0<4}").parse().map_err(|_| malformed())?;
        if ppm > 10 * Rate::ONE { Err(malformed()) } else { Ok(Rate(ppm)) }
    }

    /// The rate in percents without needless zeros: `21`, `10.75`.
    pub fn percent_text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 10_000, self.0.unsigned_abs() % 10_000);
        if part == 0 {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}.{}", format!("{part:04}").trim_end_matches('0'))
    }

    /// This share of an amount in minor units, rounded once.
    pub fn of(self, minor: i64) -> Result<i64, MoneyError> {
        round_half_away(i128::from(minor) * i128::from(self.0), i128::from(Rate::ONE))
    }

    /// What a discount of this rate takes off an amount. What remains is what gets rounded,
    /// so half off 83.33 takes 41.66 and leaves 41.67.
    pub fn discount_on(self, minor: i64) -> Result<i64, MoneyError> {
        let rest = Rate(Rate::ONE - self.0).of(minor)?;
        minor.checked_sub(rest).ok_or(MoneyError::Overflow)
    }
}

/// The one rounding rule: the nearest whole number to `num / den`, halves away from zero.
/// An error when `den` is zero or the result leaves 64 bits.
pub fn round_half_away(num: i128, den: i128) -> Result<i64, MoneyError> {
    if den == 0 {
        return Err(MoneyError::Overflow);
    }
    let negative = (num < 0) != (den < 0);
    let (num, den) = (num.unsigned_abs(), den.unsigned_abs());
    let (whole, rest) = (num / den, num % den);
    // `rest >= den - rest` says `2 * rest >= den` without overflow.
    let rounded = if rest >= den - rest && rest != 0 { whole + 1 } else { whole };
    let rounded = i128::try_from(rounded).map_err(|_| MoneyError::Overflow)?;
    i64::try_from(if negative { -rounded } else { rounded }).map_err(|_| MoneyError::Overflow)
}

/// Spreads `total` over `weights` by largest remainder.
///
/// The parts always sum to `total` and have its sign; ties go to the lowest index;
/// weights that are all zero (or negative, which counts as zero) split evenly. No weights, no parts.
pub fn distribute(total: i64, weights: &[i64]) -> Vec<i64> {
    let Ok(count) = i128::try_from(weights.len()) else { return Vec::new() };
    if count == 0 {
        return Vec::new();
    }
    let mut weights: Vec<i128> = weights.iter().map(|weight| i128::from((*weight).max(0))).collect();
    let mut sum: i128 = weights.iter().sum();
    if sum == 0 {
        weights.fill(1);
        sum = count;
    }
    let amount = i128::from(total.unsigned_abs());
    let mut parts: Vec<i128> = weights.iter().map(|weight| amount * weight / sum).collect();
    let missing = amount - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(amount * weights[*index] % sum));
    for index in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[index] += 1;
    }
    let sign = if total < 0 { -1 } else { 1 };
    // Each part is at most |total|, so it fits.
    parts.into_iter().map(|part| i64::try_from(part * sign).unwrap_or(total)).collect()
}

/// Spreads a discount over lines without taking any line below zero: as [`distribute`] of
/// `discount` capped at the sum of the lines. Negative discounts and lines count as zero.
pub fn distribute_capped(discount: i64, lines: &[i64]) -> Vec<i64> {
    let sum = lines.iter().fold(0_i64, |sum, line| sum.saturating_add((*line).max(0)));
    distribute(discount.clamp(0, sum), lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EUR: Currency = Currency::EUR;

    #[test]
    fn rounds_halves_away_from_zero() {
        for (num, den, rounded) in [
            (5, 2, 3),
            (-5, 2, -3),
            (5, -2, -3),
            (-5, -2, 3),
            (4, 3, 1),
            (-4, 3, -1),
            (0, 7, 0),
            (1, 2, 1),
            (149, 100, 1),
            (i128::from(i64::MAX), 1, i64::MAX),
            (i128::from(i64::MIN), 1, i64::MIN),
        ] {
            assert_eq!(round_half_away(num, den), Ok(rounded), "{num}/{den}");
        }
        assert_eq!(round_half_away(1, 0), Err(MoneyError::Overflow));
        assert_eq!(round_half_away(i128::MAX, 1), Err(MoneyError::Overflow));
        assert_eq!(round_half_away(i128::MIN, 1), Err(MoneyError::Overflow));
        assert_eq!(round_half_away(i128::MAX, i128::MAX), Ok(1));
    }

    #[test]
    fn distributes_by_largest_remainder() {
        assert_eq!(distribute(300, &[4000, 2000, 2000]), [150, 75, 75]);
        assert_eq!(distribute(-300, &[4000, 2000, 2000]), [-150, -75, -75]);
        assert_eq!(distribute(299, &[1000, 1000, 1000]), [100, 100, 99]);
        assert_eq!(distribute(10, &[0, 0]), [5, 5]);
        assert_eq!(distribute(11, &[0, 0]), [6, 5]);
        assert_eq!(distribute(10, &[]), Vec::<i64>::new());
        assert_eq!(distribute(10, &[-5, 5]), [0, 10]);
        assert_eq!(distribute(i64::MIN, &[1]), [i64::MIN]);
    }

    #[test]
    fn a_discount_never_takes_a_line_below_zero() {
        assert_eq!(distribute_capped(1000, &[120]), [120]);
        assert_eq!(distribute_capped(1000, &[120, 380]), [120, 380]);
        assert_eq!(distribute_capped(-5, &[120]), [0]);
        assert_eq!(distribute_capped(5, &[0, 0]), [0, 0]);
    }

    #[test]
    fn ten_percent_is_rounded_line_by_line() {
        let parts: Vec<i64> =
            [106, 206, 306, 406].map(|line| Rate::percent(10).discount_on(line).unwrap()).to_vec();
        assert_eq!(parts, [11, 21, 31, 41]);
        assert_eq!(parts.iter().sum::<i64>(), 104);
    }

    #[test]
    fn decimals_follow_the_currency() {
        let read =
            |text, code| Money::parse_decimal(text, Currency::parse(code).unwrap()).map(|money| money.minor);
        assert_eq!(read("12.34", "EUR"), Ok(1234));
        assert_eq!(read("12", "EUR"), Ok(1200));
        assert_eq!(read("12.5", "EUR"), Ok(1250));
        assert_eq!(read(".5", "EUR"), Ok(50));
        assert_eq!(read("-0.01", "EUR"), Ok(-1));
        assert_eq!(read("+7", "EUR"), Ok(700));
        assert_eq!(read("1200.00", "JPY"), Ok(1200));
        assert_eq!(read("1.234", "KWD"), Ok(1234));
        assert!(matches!(read("12.345", "EUR"), Err(MoneyError::TooManyDecimals { exponent: 2, .. })));
        assert!(matches!(read("1.5", "JPY"), Err(MoneyError::TooManyDecimals { exponent: 0, .. })));
        for bad in ["", ".", "-", "1,5", "1.2.3", "1e3", "NaN", "€5", "--1", "1 000", "١"] {
            assert!(matches!(read(bad, "EUR"), Err(MoneyError::Malformed(_))), "{bad}");
        }
        assert_eq!(read("92233720368547758.07", "EUR"), Ok(i64::MAX));
        assert_eq!(read("-92233720368547758.08", "EUR"), Ok(i64::MIN));
        assert_eq!(read("92233720368547758.08", "EUR"), Err(MoneyError::Overflow));
    }

    #[test]
    fn formats_as_people_write() {
        let show = |minor, code: &str, locale: &str| {
            Money::new(minor, Currency::parse(code).unwrap()).format(&Locale::parse(locale).unwrap())
        };
        assert_eq!(show(123_450, "EUR", "en"), "€1,234.50");
        assert_eq!(show(123_450, "EUR", "de"), "1.234,50\u{a0}€");
        assert_eq!(show(123_450, "EUR", "es"), "1234,50\u{a0}€");
        assert_eq!(show(1_234_550, "EUR", "es"), "12.345,50\u{a0}€");
        assert_eq!(show(123_450, "EUR", "fr"), "1\u{202f}234,50\u{a0}€");
        assert_eq!(show(123_450, "RUB", "ru"), "1\u{a0}234,50\u{a0}₽");
        assert_eq!(show(123_450, "EUR", "nl-BE"), "€\u{a0}1.234,50");
        assert_eq!(show(-1999, "USD", "en"), "-$19.99");
        assert_eq!(show(1_234, "JPY", "en"), "¥1,234");
        assert_eq!(show(1_234, "KWD", "en"), "KWD\u{a0}1.234");
        assert_eq!(show(i64::MIN, "EUR", "en"), "-€92,233,720,368,547,758.08");
    }

    #[test]
    fn currencies_never_mix_and_sums_never_wrap() {
        let euro = Money::new(1, EUR);
        assert_eq!(
            euro.checked_add(Money::new(1, Currency::USD)),
            Err(MoneyError::CurrencyMismatch(EUR, Currency::USD))
        );
        assert_eq!(Money::new(i64::MAX, EUR).checked_add(euro), Err(MoneyError::Overflow));
        assert_eq!(Money::new(i64::MIN, EUR).checked_sub(euro), Err(MoneyError::Overflow));
        let many = Quantity::new(10_000).unwrap();
        assert_eq!(Money::new(i64::MAX / 2, EUR).mul_qty(many), Err(MoneyError::Overflow));
        assert_eq!(Money::new(25, EUR).mul_qty(many), Ok(Money::new(250_000, EUR)));
    }

    #[test]
    fn rates_are_exact() {
        assert_eq!(Rate::parse_percent("10.75"), Ok(Rate::from_ppm(107_500)));
        assert_eq!(Rate::parse_percent("21"), Ok(Rate::percent(21)));
        assert_eq!(Rate::percent(21).percent_text(), "21");
        assert_eq!(Rate::from_ppm(107_500).percent_text(), "10.75");
        for bad in ["", "-1", "1.23456", "1001", "x", "1,5"] {
            assert!(Rate::parse_percent(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn decimal_text_reads_back(minor: i64, index in 0..150_usize) {
            let currency = Currency::all().nth(index).unwrap();
            let money = Money::new(minor, currency);
            prop_assert_eq!(Money::parse_decimal(&money.decimal(), currency), Ok(money));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = Money::parse_decimal(&text, EUR);
            let _ = Rate::parse_percent(&text);
        }

        #[test]
        fn parts_sum_to_the_whole(total: i64, weights in prop::collection::vec(any::<i64>(), 1..20)) {
            let parts = distribute(total, &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
            prop_assert!(parts.iter().all(|part| part.signum() * total.signum() >= 0));
        }

        #[test]
        fn capped_parts_stay_within_their_lines(
            discount in 0..1_000_000_i64,
            lines in prop::collection::vec(0..100_000_i64, 1..20),
        ) {
            let parts = distribute_capped(discount, &lines);
            prop_assert!(parts.iter().zip(&lines).all(|(part, line)| 0 <= *part && part <= line));
            prop_assert_eq!(parts.iter().sum::<i64>(), discount.min(lines.iter().sum()));
        }

        #[test]
        fn rounding_is_within_half(num in -1_000_000_000_000_i128..1_000_000_000_000, den in 1..1_000_000_i128) {
            let rounded = i128::from(round_half_away(num, den).unwrap());
            prop_assert!((rounded * den - num).abs() * 2 <= den);
        }
    }
}
