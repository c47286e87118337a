//! Currencies by ISO 4217.

use crate::text_value;
use std::fmt;

/// The text is no ISO 4217 code of a currency in use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ISO 4217 currency code such as EUR")]
pub struct CurrencyError(pub String);

/// A currency by its three-letter code of ISO 4217 (list one, without metals, funds and test codes).
/// Cheap to copy; sorts by code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u8);

impl Currency {
    /// Euro.
    pub const EUR: Currency = Currency::known("EUR");
    /// US dollar.
    pub const USD: Currency = Currency::known("USD");
    /// Pound sterling.
    pub const GBP: Currency = Currency::known("GBP");
    /// Yen, without minor units.
    pub const JPY: Currency = Currency::known("JPY");
    /// Kuwaiti dinar, with three decimals.
    pub const KWD: Currency = Currency::known("KWD");

    /// Finds a code at compile time; an unknown one does not compile.
    const fn known(code: &str) -> Currency {
        let code = code.as_bytes();
        let mut at = 0;
        loop {
            let row = TABLE[at].0.as_bytes();
            if row[0] == code[0] && row[1] == code[1] && row[2] == code[2] {
                return Currency(at as u8);
            }
            at += 1;
        }
    }

    /// Reads exactly three capitals.
    pub fn parse(text: &str) -> Result<Currency, CurrencyError> {
        TABLE
            .binary_search_by_key(&text.trim(), |row| row.0)
            .ok()
            .and_then(|index| u8::try_from(index).ok())
            .map(Currency)
            .ok_or_else(|| CurrencyError(text.chars().take(20).collect()))
    }

    /// The three capitals.
    pub fn as_str(&self) -> &'static str {
        self.row().0
    }

    /// The three capitals.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// How many decimals the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u8 {
        self.row().1
    }

    /// A symbol that is not mistaken for another currency's; the code where there is none.
    pub fn symbol(self) -> &'static str {
        self.row().2
    }

    /// Every currency, by code.
    pub fn all() -> impl Iterator<Item = Currency> {
        (0..=u8::MAX).take(TABLE.len()).map(Currency)
    }

    fn row(self) -> &'static (&'static str, u8, &'static str) {
        &TABLE[usize::from(self.0)]
    }
}
text_value!(Currency, CurrencyError);

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

/// Code, decimals, symbol; sorted by code.
const TABLE: &[(&str, u8, &str)] = &[
    ("AED", 2, "AED"),
    ("AFN", 2, "AFN"),
    ("ALL", 2, "ALL"),
    ("AMD", 2, "AMD"),
    ("AOA", 2, "AOA"),
    ("ARS", 2, "ARS"),
    ("AUD", 2, "A$"),
    ("AWG", 2, "AWG"),
    ("AZN", 2, "AZN"),
    ("BAM", 2, "BAM"),
    ("BBD", 2, "BBD"),
    ("BDT", 2, "BDT"),
    ("BGN", 2, "BGN"),
    ("BHD", 3, "BHD"),
    ("BIF", 0, "BIF"),
    ("BMD", 2, "BMD"),
    ("BND", 2, "BND"),
    ("BOB", 2, "BOB"),
    ("BRL", 2, "R$"),
    ("BSD", 2, "BSD"),
    ("BTN", 2, "BTN"),
    ("BWP", 2, "BWP"),
    ("BYN", 2, "BYN"),
    ("BZD", 2, "BZD"),
    ("CAD", 2, "CA$"),
    ("CDF", 2, "CDF"),
    ("CHF", 2, "CHF"),
    ("CLP", 0, "CLP"),
    ("CNY", 2, "CN¥"),
    ("COP", 2, "COP"),
    ("CRC", 2, "CRC"),
    ("CUP", 2, "CUP"),
    ("CVE", 2, "CVE"),
    ("CZK", 2, "Kč"),
    ("DJF", 0, "DJF"),
    ("DKK", 2, "DKK"),
    ("DOP", 2, "DOP"),
    ("DZD", 2, "DZD"),
    ("EGP", 2, "EGP"),
    ("ERN", 2, "ERN"),
    ("ETB", 2, "ETB"),
    ("EUR", 2, "€"),
    ("FJD", 2, "FJD"),
    ("FKP", 2, "FKP"),
    ("GBP", 2, "£"),
    ("GEL", 2, "GEL"),
    ("GHS", 2, "GHS"),
    ("GIP", 2, "GIP"),
    ("GMD", 2, "GMD"),
    ("GNF", 0, "GNF"),
    ("GTQ", 2, "GTQ"),
    ("GYD", 2, "GYD"),
    ("HKD", 2, "HK$"),
    ("HNL", 2, "HNL"),
    ("HTG", 2, "HTG"),
    ("HUF", 2, "Ft"),
    ("IDR", 2, "IDR"),
    ("ILS", 2, "₪"),
    ("INR", 2, "₹"),
    ("IQD", 3, "IQD"),
    ("IRR", 2, "IRR"),
    ("ISK", 0, "ISK"),
    ("JMD", 2, "JMD"),
    ("JOD", 3, "JOD"),
    ("JPY", 0, "¥"),
    ("KES", 2, "KES"),
    ("KGS", 2, "KGS"),
    ("KHR", 2, "KHR"),
    ("KMF", 0, "KMF"),
    ("KPW", 2, "KPW"),
    ("KRW", 0, "₩"),
    ("KWD", 3, "KWD"),
    ("KYD", 2, "KYD"),
    ("KZT", 2, "₸"),
    ("LAK", 2, "LAK"),
    ("LBP", 2, "LBP"),
    ("LKR", 2, "LKR"),
    ("LRD", 2, "LRD"),
    ("LSL", 2, "LSL"),
    ("LYD", 3, "LYD"),
    ("MAD", 2, "MAD"),
    ("MDL", 2, "MDL"),
    ("MGA", 2, "MGA"),
    ("MKD", 2, "MKD"),
    ("MMK", 2, "MMK"),
    ("MNT", 2, "MNT"),
    ("MOP", 2, "MOP"),
    ("MRU", 2, "MRU"),
    ("MUR", 2, "MUR"),
    ("MVR", 2, "MVR"),
    ("MWK", 2, "MWK"),
    ("MXN", 2, "MX$"),
    ("MYR", 2, "MYR"),
    ("MZN", 2, "MZN"),
    ("NAD", 2, "NAD"),
    ("NGN", 2, "NGN"),
    ("NIO", 2, "NIO"),
    ("NOK", 2, "NOK"),
    ("NPR", 2, "NPR"),
    ("NZD", 2, "NZ$"),
    ("OMR", 3, "OMR"),
    ("PAB", 2, "PAB"),
    ("PEN", 2, "PEN"),
    ("PGK", 2, "PGK"),
    ("PHP", 2, "₱"),
    ("PKR", 2, "PKR"),
    ("PLN", 2, "zł"),
    ("PYG", 0, "PYG"),
    ("QAR", 2, "QAR"),
    ("RON", 2, "RON"),
    ("RSD", 2, "RSD"),
    ("RUB", 2, "₽"),
    ("RWF", 0, "RWF"),
    ("SAR", 2, "SAR"),
    ("SBD", 2, "SBD"),
    ("SCR", 2, "SCR"),
    ("SDG", 2, "SDG"),
    ("SEK", 2, "SEK"),
    ("SGD", 2, "SGD"),
    ("SHP", 2, "SHP"),
    ("SLE", 2, "SLE"),
    ("SOS", 2, "SOS"),
    ("SRD", 2, "SRD"),
    ("SSP", 2, "SSP"),
    ("STN", 2, "STN"),
    ("SVC", 2, "SVC"),
    ("SYP", 2, "SYP"),
    ("SZL", 2, "SZL"),
    ("THB", 2, "THB"),
    ("TJS", 2, "TJS"),
    ("TMT", 2, "TMT"),
    ("TND", 3, "TND"),
    ("TOP", 2, "TOP"),
    ("TRY", 2, "₺"),
    ("TTD", 2, "TTD"),
    ("TWD", 2, "NT$"),
    ("TZS", 2, "TZS"),
    ("UAH", 2, "₴"),
    ("UGX", 0, "UGX"),
    ("USD", 2, "$"),
    ("UYU", 2, "UYU"),
    ("UZS", 2, "UZS"),
    ("VED", 2, "VED"),
    ("VES", 2, "VES"),
    ("VND", 0, "₫"),
    ("VUV", 0, "VUV"),
    ("WST", 2, "WST"),
    ("XAF", 0, "FCFA"),
    ("XCD", 2, "EC$"),
    ("XCG", 2, "XCG"),
    ("XOF", 0, "F CFA"),
    ("XPF", 0, "CFPF"),
    ("YER", 2, "YER"),
    ("ZAR", 2, "ZAR"),
    ("ZMW", 2, "ZMW"),
    ("ZWG", 2, "ZWG"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_reads_back() {
        assert!(TABLE.is_sorted_by_key(|row| row.0));
        for currency in Currency::all() {
            assert_eq!(Currency::parse(currency.code()), Ok(currency));
        }
        for bad in ["", "eur", "EURO", "XXX", "XAU", "€"] {
            assert!(Currency::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn exponents_are_those_of_iso_4217() {
        let exponents = [Currency::EUR, Currency::USD, Currency::JPY, Currency::KWD].map(Currency::exponent);
        assert_eq!(exponents, [2, 2, 0, 3]);
        let with =
            |exponent| Currency::all().filter(move |one| one.exponent() == exponent).map(Currency::code);
        let none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
        assert_eq!(with(0).collect::<Vec<_>>().join(" "), none);
        assert_eq!(with(3).collect::<Vec<_>>().join(" "), "BHD IQD JOD KWD LYD OMR TND");
        assert!(Currency::all().all(|one| [0, 2, 3].contains(&one.exponent())));
    }
}
