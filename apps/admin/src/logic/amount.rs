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
    /// One separator in front of three digits: thousands to one person, decimals to another.
    Ambiguous {
        /// As thousands, without the separator.
        whole: String,
        /// As decimals, as many as the currency has.
        parts: String,
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
            Self::Ambiguous { whole, parts } if parts.is_empty() => {
                write!(f, "Write {whole}, without a separator")
            }
            Self::Ambiguous { whole, parts } => write!(f, "Write {whole} or {parts}: this could be either"),
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
/// three. What comes twice stands between groups. What comes once, in front of three digits of a currency with fewer
/// decimals, is an error rather than a guess: `5,000` and `1.234` in EUR, but not `0.500` or `1'234.500`.
pub fn parse(text: &str, exponent: u32) -> Result<i64, AmountError> {
    let typed = text.trim();
    let text: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '\'' && *c != '’').collect();
    if text.starts_with(['-', '−']) {
        return Err(AmountError::Negative);
    }
    let (whole, decimals) = match text.rfind(['.', ',']) {
        Some(at) if text[..at].contains(&text[at..=at]) => (text.as_str(), ""),
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text.as_str(), ""),
    };
    let digits = ungrouped(whole)?;
    if digits.is_empty() && decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    let is_grouped = digits.len() < whole.len() || text.len() < typed.len();
    if decimals.len() == 3 && exponent < 3 && !is_grouped && digits.bytes().any(|b| b != b'0') {
        let parts = match exponent {
            0 => String::new(),
            _ => format!("{digits}.{}", &decimals[..exponent as usize]),
        };
        return Err(AmountError::Ambiguous { whole: format!("{digits}{decimals}"), parts });
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

/// Digits in front of the decimals, with separators of one kind allowed only between groups of three.
fn ungrouped(whole: &str) -> Result<String, AmountError> {
    if whole.contains('.') && whole.contains(',') {
        return Err(AmountError::NotANumber);
    }
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
        assert_eq!(parse("1,000,000", 0), Ok(1_000_000));
        assert_eq!(parse("1.000.500", 2), Ok(100_050_000));
        assert_eq!(parse("1.234,500", 2), Ok(123_450));
    }

    #[test]
    fn does_not_guess_what_a_separator_means() {
        let says = |typed: &str, exponent| parse(typed, exponent).unwrap_err().to_string();
        for typed in ["5,000", "5.000", " 5,000 "] {
            assert_eq!(says(typed, 0), "Write 5000, without a separator", "{typed}");
            assert_eq!(says(typed, 2), "Write 5000 or 5.00: this could be either", "{typed}");
            assert_eq!(parse(typed, 3), Ok(5000), "{typed}");
        }
        assert_eq!(says("14,505", 2), "Write 14505 or 14.50: this could be either");
        assert_eq!(says("1234.500", 2), "Write 1234500 or 1234.50: this could be either");
        for typed in ["0.500", ".500", "00,500"] {
            assert_eq!(parse(typed, 2), Ok(50), "{typed}");
        }
    }

    #[test]
    fn is_never_off_by_a_thousand() {
        for exponent in [0, 2] {
            for amount in [1_i64, 7, 12, 999, 1_000, 1_500, 12_345, 999_999, 1_000_000, 1_234_500] {
                let minor = amount * 10_i64.pow(exponent);
                let digits = amount.to_string();
                for separator in [",", ".", " ", "'"] {
                    let mut groups: Vec<&str> =
                        digits.as_bytes().rchunks(3).map(|it| std::str::from_utf8(it).unwrap()).collect();
                    groups.reverse();
                    let typed = groups.join(separator);
                    assert!(
                        parse(&typed, exponent).is_ok_and(|it| it == minor)
                            || typed.len() < 8 && parse(&typed, exponent).is_err(),
                        "{typed}"
                    );
                }
            }
        }
    }

    #[test]
    fn keeps_to_the_decimals_of_the_currency() {
        assert_eq!(parse("14.5051", 2), Err(AmountError::TooManyDecimals { allowed: 2 }));
        assert_eq!(parse("0.234", 2), Err(AmountError::TooManyDecimals { allowed: 2 }));
        assert_eq!(parse("1.234", 3), Ok(1234));
        assert_eq!(parse("500", 0), Ok(500));
        assert_eq!(parse("500.5", 0), Err(AmountError::TooManyDecimals { allowed: 0 }));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for typed in
            ["", "abc", "26,O0", "1.2.3", "12,34.5", "1,234.567.500", "1.234,567.50", "1e3", ".", "€5", "½"]
        {
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
