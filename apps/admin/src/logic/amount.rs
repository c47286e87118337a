//! Amounts as people type them, and as the API takes them: decimal text in the shop's currency.

use std::fmt;

use primitives::{Currency, Locale, Money};

/// Why a typed amount is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// Something else than digits and separators.
    NotANumber,
    /// More decimals than the currency has.
    TooManyDecimals {
        /// How many it has.
        allowed: u32,
    },
    /// Below zero.
    Negative,
    /// More than an amount can hold.
    TooLarge,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber => f.write_str("Write an amount with digits, like 12.50"),
            Self::TooManyDecimals { allowed: 0 } => f.write_str("This currency has no decimals"),
            Self::TooManyDecimals { allowed } => write!(f, "Use at most {allowed} decimals"),
            Self::Negative => f.write_str("An amount is not below zero"),
            Self::TooLarge => f.write_str("This amount is too large"),
        }
    }
}

/// Decimals of a currency by its ISO 4217 code; an unknown one is taken to have two.
pub fn exponent(currency: &str) -> u32 {
    Currency::parse(currency).map_or(2, |currency| u32::from(currency.exponent()))
}

/// The sign in front of an amount, or the code where there is none.
pub fn symbol(currency: &str) -> String {
    Currency::parse(currency).map_or_else(|_| currency.to_owned(), |currency| currency.symbol().to_owned())
}

/// Minor units of a typed amount.
///
/// Takes a point or a comma as the decimal separator, the other one (or blanks, or apostrophes) between groups of
/// three. A single separator is always the decimal one, so `1.234` is an error in EUR rather than a guess.
pub fn parse(text: &str, exponent: u32) -> Result<i64, AmountError> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '\'' && *c != '’').collect();
    if text.starts_with(['-', '−']) {
        return Err(AmountError::Negative);
    }
    let (whole, decimals) = match text.rfind(['.', ',']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text.as_str(), ""),
    };
    let digits = ungrouped(whole)?;
    if digits.is_empty() && decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    let significant = decimals.trim_end_matches('0');
    if significant.len() > exponent as usize {
        return Err(AmountError::TooManyDecimals { allowed: exponent });
    }
    let minor = format!("{digits}{significant:0<width$}", width = exponent as usize);
    if minor.is_empty() {
        return Ok(0);
    }
    minor.parse().map_err(|_| AmountError::TooLarge)
}

/// Digits in front of the decimals, with separators allowed only between groups of three.
fn ungrouped(whole: &str) -> Result<String, AmountError> {
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let digits_only = groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit()));
    let grouped = groups.len() == 1
        || (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    if digits_only && grouped { Ok(groups.concat()) } else { Err(AmountError::NotANumber) }
}

/// Decimal text of an amount in minor units, the way the API takes it and a field shows it.
pub fn text(minor: i64, exponent: u32) -> String {
    if exponent == 0 {
        return minor.to_string();
    }
    let unit = 10_u64.pow(exponent.min(18));
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{whole}.{rest:0width$}", width = exponent as usize)
}

/// An amount as people of a locale write it, the way the API formats amounts too.
pub fn formatted(minor: i64, currency: &str, locale: &str) -> String {
    match (Currency::parse(currency), Locale::parse(locale)) {
        (Ok(currency), Ok(locale)) => Money::new(minor, currency).format(&locale),
        _ => format!("{} {}", text(minor, exponent(currency)), symbol(currency)),
    }
}

/// Normalises a typed amount for the API; the empty text stays empty.
pub fn wire(typed: &str, exponent: u32) -> Result<String, AmountError> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    parse(typed, exponent).map(|minor| text(minor, exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_separators() {
        for typed in ["1234.5", "1234,5", "1,234.50", "1.234,50", " 1 234,50", "1'234.500"] {
            assert_eq!(parse(typed, 2), Ok(123_450), "{typed}");
        }
        assert_eq!(parse(".5", 2), Ok(50));
        assert_eq!(parse("7", 2), Ok(700));
        assert_eq!(parse("7.", 2), Ok(700));
        assert_eq!(parse("0", 0), Ok(0));
        assert_eq!(parse("1,000,000.00", 2), Ok(100_000_000));
    }

    #[test]
    fn keeps_to_the_decimals_of_the_currency() {
        assert_eq!(parse("14.505", 2), Err(AmountError::TooManyDecimals { allowed: 2 }));
        assert_eq!(parse("1.234", 2), Err(AmountError::TooManyDecimals { allowed: 2 }));
        assert_eq!(parse("1.234", 3), Ok(1234));
        assert_eq!(parse("500", 0), Ok(500));
        assert_eq!(parse("500.5", 0), Err(AmountError::TooManyDecimals { allowed: 0 }));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for typed in ["", "abc", "26,O0", "1.2.3", "12,34.5", "1e3", ".", "€5", "½"] {
            assert_eq!(parse(typed, 2), Err(AmountError::NotANumber), "{typed}");
        }
        assert_eq!(parse("-3", 2), Err(AmountError::Negative));
        assert_eq!(parse("99999999999999999999", 2), Err(AmountError::TooLarge));
    }

    #[test]
    fn writes_what_it_reads() {
        assert_eq!(text(1450, 2), "14.50");
        assert_eq!(text(5, 2), "0.05");
        assert_eq!(text(-5, 2), "-0.05");
        assert_eq!(text(500, 0), "500");
        assert_eq!(text(1234, 3), "1.234");
        assert_eq!(formatted(123_450, "EUR", "en"), "€1,234.50");
        assert_eq!(formatted(500, "XQQ", "en"), "5.00 XQQ");
        assert_eq!(wire("1.234,5", 2).as_deref(), Ok("1234.50"));
        assert_eq!(wire("  ", 2).as_deref(), Ok(""));
    }
}
