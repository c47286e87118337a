//! Checks what people type into address forms: every error at its field, all of them at once.

use pricing::Destination;
use primitives::{Country, Email, FieldError};

use crate::view::Address;

/// An address that was checked: trimmed, in a country that the shop sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedAddress {
    /// The cleaned address.
    pub address: Address,
    /// Its country.
    pub country: Country,
}

impl CheckedAddress {
    /// Where it is, for taxes and deliveries.
    pub fn destination(&self) -> Destination {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Destination {
            country: self.country,
            region: text(&self.address.region),
            postal_code: text(&self.address.postal_code),
        }
    }
}

/// What has to be known of whoever buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Where it is sent.
    Address,
    /// Who fetches it: a name and a country. The rest is for the invoice, and may be left out.
    Name,
}

/// Checks contact and address; `countries` is where the shop sends.
///
/// Fields are `email` and `address.name line1 line2 company postalCode city region country phone`.
///
/// # Errors
/// Every field that is wrong.
pub fn check(
    email: &str,
    address: &Address,
    countries: &[Country],
    needs: Needs,
) -> Result<(Email, CheckedAddress), Vec<FieldError>> {
    let email = Email::parse(email.trim())
        .map_err(|_| FieldError::new("email", "enter an address such as maud@example.com"));
    match (email, check_address(address, countries, needs)) {
        (Ok(email), Ok(address)) => Ok((email, address)),
        (email, address) => Err(email.err().into_iter().chain(address.err().into_iter().flatten()).collect()),
    }
}

/// Checks an address; `countries` is where the shop sends.
///
/// # Errors
/// Every field that is wrong.
pub fn check_address(
    address: &Address,
    countries: &[Country],
    needs: Needs,
) -> Result<CheckedAddress, Vec<FieldError>> {
    let mut errors = Vec::new();
    let sent = needs == Needs::Address;
    let mut text = |field: &str, value: &str, max: usize, missing: Option<&str>| {
        let value = value.trim();
        if value.chars().any(char::is_control) {
            errors.push(FieldError::new(format!("address.{field}"), "use plain text on one line"));
        } else if max < value.chars().count() {
            errors.push(FieldError::new(format!("address.{field}"), format!("use at most {max} characters")));
        } else if let (true, Some(missing)) = (value.is_empty(), missing) {
            errors.push(FieldError::new(format!("address.{field}"), missing));
        }
        value.to_owned()
    };
    let mut cleaned = Address {
        name: text(
            "name",
            &address.name,
            200,
            Some(if sent {
                "enter the name of whoever receives it"
            } else {
                "enter the name of whoever fetches it"
            }),
        ),
        company: text("company", &address.company, 200, None),
        line1: text("line1", &address.line1, 200, sent.then_some("enter street and number")),
        line2: text("line2", &address.line2, 200, None),
        city: text("city", &address.city, 100, sent.then_some("enter the town")),
        region: text("region", &address.region, 100, None),
        phone: text("phone", &address.phone, 40, None),
        postal_code: text("postalCode", &address.postal_code, 20, None).to_uppercase(),
        country: address.country.trim().to_uppercase(),
    };
    let country = Country::parse(&cleaned.country).ok().filter(|country| countries.contains(country));
    match country {
        None => errors.push(FieldError::new("address.country", "we do not send to this country")),
        Some(country) => {
            let asked = sent || !cleaned.postal_code.is_empty();
            if let (true, Some(message)) = (asked, postal_code_problem(country, &cleaned.postal_code)) {
                errors.push(FieldError::new("address.postalCode", message));
            }
            cleaned.country = country.as_str().to_owned();
        }
    }
    match country {
        Some(country) if errors.is_empty() => Ok(CheckedAddress { address: cleaned, country }),
        _ => Err(errors),
    }
}

/// Shapes of postal codes: `9` is a digit, `A` a letter, everything else itself; blanks between groups may be left out.
const SHAPES: &[(&str, &[&str], &str)] = &[
    ("AT", &["9999"], "Austrian codes have four digits"),
    ("AU", &["9999"], "Australian codes have four digits"),
    ("BE", &["9999"], "Belgian codes have four digits, for example 9000"),
    ("BG", &["9999"], "Bulgarian codes have four digits"),
    ("CA", &["A9A 9A9"], "Canadian codes look like K1A 0B1"),
    ("CH", &["9999"], "Swiss codes have four digits"),
    ("CZ", &["999 99"], "Czech codes look like 110 00"),
    ("DE", &["99999"], "German codes have five digits"),
    ("DK", &["9999"], "Danish codes have four digits"),
    ("EE", &["99999"], "Estonian codes have five digits"),
    ("ES", &["99999"], "Spanish codes have five digits"),
    ("FI", &["99999"], "Finnish codes have five digits"),
    ("FR", &["99999"], "French codes have five digits"),
    ("GR", &["999 99"], "Greek codes look like 104 31"),
    ("HR", &["99999"], "Croatian codes have five digits"),
    ("HU", &["9999"], "Hungarian codes have four digits"),
    ("IT", &["99999"], "Italian codes have five digits"),
    ("LT", &["99999", "LT-99999"], "Lithuanian codes have five digits"),
    ("LU", &["9999", "L-9999"], "Luxembourg codes have four digits"),
    ("LV", &["LV-9999"], "Latvian codes look like LV-1010"),
    ("NL", &["9999 AA"], "Dutch codes look like 1012 AB"),
    ("NO", &["9999"], "Norwegian codes have four digits"),
    ("PL", &["99-999"], "Polish codes look like 00-950"),
    ("PT", &["9999-999"], "Portuguese codes look like 1000-205"),
    ("RO", &["999999"], "Romanian codes have six digits"),
    ("SE", &["999 99"], "Swedish codes look like 111 22"),
    ("SI", &["9999"], "Slovenian codes have four digits"),
    ("SK", &["999 99"], "Slovak codes look like 811 01"),
    ("US", &["99999", "99999-9999"], "US codes have five digits, for example 97201"),
];

/// Countries where mail has no code.
const WITHOUT_CODES: &[&str] = &["AE", "AG", "AO", "BS", "HK", "QA", "IE", "PA", "JM", "FJ"];

fn postal_code_problem(country: Country, code: &str) -> Option<&'static str> {
    let Some((_, shapes, message)) = SHAPES.iter().find(|(of, ..)| *of == country.as_str()) else {
        let needed = !WITHOUT_CODES.contains(&country.as_str());
        return (needed && code.is_empty()).then_some("enter the postal code");
    };
    let squeezed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let fits = shapes.iter().any(|shape| {
        let shape = shape.replace(' ', "");
        shape.len() == squeezed.len()
            && shape.bytes().zip(squeezed.bytes()).all(|(want, is)| match want {
                b'9' => is.is_ascii_digit(),
                b'A' => is.is_ascii_uppercase(),
                other => other == is,
            })
    });
    (!fits).then_some(*message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    fn maud() -> Address {
        Address {
            name: " Maud Peeters ".into(),
            line1: "Oude Beestenmarkt 6".into(),
            postal_code: "9000".into(),
            city: "Ghent".into(),
            country: "be".into(),
            ..Address::default()
        }
    }

    #[test]
    fn cleans_what_is_right() {
        let (email, checked) =
            check(" maud@example.com ", &maud(), &[country("BE")], Needs::Address).unwrap();
        assert_eq!(email.as_str(), "maud@example.com");
        assert_eq!((checked.address.name.as_str(), checked.address.country.as_str()), ("Maud Peeters", "BE"));
    }

    #[test]
    fn names_every_wrong_field_at_once() {
        let wrong = Address { city: "x".repeat(101), line1: "a\u{7}".into(), ..Address::default() };
        let errors = check("maud@", &wrong, &[country("BE")], Needs::Address).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["email", "address.name", "address.line1", "address.city", "address.country"]);
    }

    #[test]
    fn whoever_fetches_it_needs_no_street() {
        let short = Address { name: "Maud Peeters".into(), country: "be".into(), ..Address::default() };
        let checked = check_address(&short, &[country("BE")], Needs::Name).unwrap();
        assert_eq!(checked.address, Address { country: "BE".into(), ..short.clone() });
        let errors = check_address(&short, &[country("BE")], Needs::Address).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["address.line1", "address.city", "address.postalCode"]);
        let wrong = Address { name: String::new(), postal_code: "90".into(), ..short };
        let errors = check_address(&wrong, &[country("BE")], Needs::Name).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["address.name", "address.postalCode"]);
    }

    #[test]
    fn knows_the_shape_of_postal_codes() {
        for (code, good, bad) in [
            ("BE", vec!["9000"], vec!["", "900", "90000", "９０００", "9OOO"]),
            ("NL", vec!["1012 AB", "1012AB"], vec!["1012", "AB 1012"]),
            ("US", vec!["97201", "97201-1234"], vec!["9720", "97201-12"]),
            ("PT", vec!["1000-205"], vec!["1000205"]),
            ("IE", vec!["", "D02 X285"], vec![]),
            ("JP", vec!["100-0001"], vec![""]),
        ] {
            for good in good {
                assert_eq!(postal_code_problem(country(code), good), None, "{code} {good}");
            }
            for bad in bad {
                assert!(postal_code_problem(country(code), bad).is_some(), "{code} {bad}");
            }
        }
    }

    #[test]
    fn refuses_countries_that_nothing_is_sent_to() {
        let errors = check("maud@example.com", &maud(), &[country("NL")], Needs::Address).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].field, "address.country");
    }
}
