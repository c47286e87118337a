//! A currency that the shop offers beside its own, as it is being edited; what was typed is kept as it was typed.

use std::collections::BTreeMap;

use primitives::{Currency, Exchange, ExchangeRate, Money, PriceStep};

use crate::gql::Long;
use crate::gql::currencies::{CurrencyRate, CurrencyRateInput};
use crate::logic::amount;

/// What is wrong, by the field that the server would name too.
pub type Faults = BTreeMap<&'static str, String>;

/// The currency.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Draft {
    /// Code; empty while none is chosen.
    pub currency: String,
    pub rate: String,
    /// Empty: prices are as they come out.
    pub step: String,
    /// Empty: prices end in nothing.
    pub ending: String,
}

impl Draft {
    /// What is saved.
    pub fn of(saved: &CurrencyRate) -> Self {
        let unless = |nothing: i64, money: &crate::gql::Money| match money.minor.0 == nothing {
            true => String::new(),
            false => money.decimal.clone(),
        };
        Self {
            currency: saved.currency.clone(),
            rate: saved.rate.clone(),
            step: unless(1, &saved.step),
            ending: unless(0, &saved.ending),
        }
    }

    /// From the shop's own currency into this one.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn exchange(&self, home: &str) -> Result<Exchange, Faults> {
        let mut faults = Faults::new();
        let currency = Currency::parse(&self.currency).ok();
        if currency.is_none() {
            faults.insert("currency", "Choose a currency".to_owned());
        }
        let rate = rate(&self.rate).map_err(|text| faults.insert("rate", text)).ok();
        let exponent = amount::exponent(&self.currency);
        let mut minor = |field, typed: &str| match typed.trim() {
            "" => None,
            typed => {
                amount::parse(typed, exponent).map_err(|error| faults.insert(field, error.to_string())).ok()
            }
        };
        let (step, ending) = (minor("step", &self.step), minor("ending", &self.ending));
        if step == Some(0) {
            faults.insert("step", "Write more than 0, or leave it empty".to_owned());
        }
        let step = PriceStep::new(step.unwrap_or(1), ending.unwrap_or(0));
        if step.is_none() && faults.is_empty() {
            faults.insert("ending", "Write less than the step: 0.99 with a step of 1".to_owned());
        }
        match (Currency::parse(home).ok(), currency, rate, step) {
            (Some(home), Some(currency), Some(rate), Some(step)) if faults.is_empty() => {
                Ok(Exchange::new(home, currency, rate, step))
            }
            _ => Err(faults),
        }
    }

    /// What is sent; `version` is that of the currency as it was seen, 0 for one that is not offered yet.
    ///
    /// # Errors
    /// As [`Draft::exchange`].
    pub fn input(&self, home: &str, version: i64) -> Result<CurrencyRateInput, Faults> {
        let exchange = self.exchange(home)?;
        let text = |minor| Some(Money::new(minor, exchange.to()).decimal());
        let (step, ending) = (exchange.step().step(), exchange.step().ending());
        Ok(CurrencyRateInput {
            currency: exchange.to().code().to_owned(),
            rate: exchange.rate().to_string(),
            step: text(step).filter(|_| step != 1),
            ending: text(ending).filter(|_| ending != 0),
            version: Long(version),
        })
    }
}

/// A rate with a point or a comma. A comma in front of three digits may be either: `1,500` is no rate, `0,925` is one.
fn rate(typed: &str) -> Result<ExchangeRate, String> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((whole, part)) = typed.trim().split_once(',')
        && part.len() == 3
        && digits(whole)
        && digits(part)
        && whole.bytes().any(|byte| byte != b'0')
    {
        let small = format!("{whole}.{part}");
        let small = small.trim_end_matches('0').trim_end_matches('.');
        return Err(format!("Write {whole}{part} or {small}: with this comma it could be either"));
    }
    ExchangeRate::parse(&typed.replace(',', "."))
        .map_err(|_| "Write a number above 0 like 1.0842, with at most 12 decimals".to_owned())
}

/// What ten of the shop's own are: `€10.00 is shown as $11.00`; nothing where that cannot be said.
pub fn example(exchange: &Exchange, locale: &str) -> Option<String> {
    let home = exchange.from();
    let ten = Money::new(10_i64.pow(u32::from(home.exponent()) + 1), home);
    let shown = exchange.price(ten).ok()?;
    let words = |money: Money| amount::formatted(money.minor, money.currency.code(), locale);
    Some(format!("{} is shown as {}", words(ten), words(shown)))
}

/// The rate and what prices are rounded to: `1 EUR = 1.10 USD, prices in steps of $1.00 that end in $0.99`.
pub fn words(saved: &CurrencyRate, home: &str) -> String {
    let rounded = match (saved.step.minor.0, saved.ending.minor.0) {
        (1, 0) => "prices as they come out".to_owned(),
        (_, 0) => format!("prices in steps of {}", saved.step.formatted),
        _ => format!("prices in steps of {} that end in {}", saved.step.formatted, saved.ending.formatted),
    };
    format!("1 {home} = {} {}, {rounded}", saved.rate, saved.currency)
}

/// Code and sign: `USD $`, `CHF`.
pub fn called(code: &str) -> String {
    match amount::symbol(code) {
        symbol if symbol == code => symbol,
        symbol => format!("{code} {symbol}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(currency: &str, rate: &str, step: &str, ending: &str) -> Draft {
        let [currency, rate, step, ending] = [currency, rate, step, ending].map(str::to_owned);
        Draft { currency, rate, step, ending }
    }

    fn wrong(draft: &Draft) -> Vec<&'static str> {
        draft.input("EUR", 0).map_or_else(|faults| faults.into_keys().collect(), |_| Vec::new())
    }

    #[test]
    fn names_every_wrong_field() {
        assert_eq!(wrong(&draft("", "", "", "")), ["currency", "rate"]);
        assert_eq!(wrong(&draft("USD", "one", "0", "")), ["rate", "step"]);
        assert_eq!(wrong(&draft("USD", "1.1", "0.001", "x")), ["ending", "step"]);
        assert_eq!(wrong(&draft("USD", "1.1", "1", "1")), ["ending"]);
        assert_eq!(wrong(&draft("USD", "1.1", "", "0.99")), ["ending"]);
        assert_eq!(wrong(&draft("JPY", "160", "0.5", "")), ["step"]);
        assert_eq!(wrong(&draft("USD", "1,1", "1", "0,99")), [""; 0]);
    }

    #[test]
    fn does_not_guess_what_a_comma_in_a_rate_means() {
        let says = |typed: &str| rate(typed).map(|rate| rate.to_string());
        let either = |texts: &str| Err(format!("Write {texts}: with this comma it could be either"));
        assert_eq!(says("1,500"), either("1500 or 1.5"));
        assert_eq!(says(" 1,000 "), either("1000 or 1"));
        assert_eq!(says("1500,250"), either("1500250 or 1500.25"));
        for (typed, rate) in [
            ("1500", "1500.00"),
            ("1,5", "1.50"),
            ("1,0842", "1.0842"),
            ("0,925", "0.925"),
            ("1.084", "1.084"),
        ] {
            assert_eq!(says(typed).as_deref(), Ok(rate), "{typed}");
        }
        for typed in ["1,500.25", "1,500,000", "1.500,25", ",", "1 500"] {
            assert!(says(typed).is_err(), "{typed}");
        }
        assert_eq!(wrong(&draft("KRW", "1,500", "1,000", "")), ["rate", "step"]);
    }

    #[test]
    fn sends_only_what_is_asked_for() {
        let input = draft("USD", " 1,10", "1", "0,99").input("EUR", 3).unwrap();
        assert_eq!((input.currency.as_str(), input.rate.as_str(), input.version), ("USD", "1.10", Long(3)));
        assert_eq!((input.step.as_deref(), input.ending.as_deref()), (Some("1.00"), Some("0.99")));
        let input = draft("CHF", "0.94", "", "").input("EUR", 0).unwrap();
        assert_eq!((input.step, input.ending), (None, None));
    }

    #[test]
    fn says_what_shoppers_will_see() {
        let says = |draft: Draft| example(&draft.exchange("EUR").unwrap(), "en").unwrap();
        assert_eq!(says(draft("USD", "1.1", "", "")), "€10.00 is shown as $11.00");
        assert_eq!(says(draft("USD", "1.1", "1", "0.99")), "€10.00 is shown as $10.99");
        assert_eq!(says(draft("JPY", "163.5", "10", "")), "€10.00 is shown as ¥1,640");
    }
}
