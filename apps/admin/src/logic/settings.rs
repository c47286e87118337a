//! The settings as they are being edited; amounts and rates are what was typed.

use std::collections::BTreeMap;

use primitives::Country;

use crate::gql::Long;
use crate::gql::settings::{
    CommerceSettings, CommerceSettingsInput, CountryTaxInput, PaymentSettings, PaymentSettingsInput,
    ShippingMethodInput,
};
use crate::logic::{amount, matrix};

/// Everything on the screen.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Form {
    pub name: String,
    pub country: String,
    pub inclusive: bool,
    pub taxes: Vec<TaxDraft>,
    pub methods: Vec<MethodDraft>,
    pub payment: PaymentSettings,
    next: u32,
}

/// The rate of a country.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct TaxDraft {
    pub key: u32,
    pub country: String,
    pub name: String,
    pub rate: String,
}

/// A way to send.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct MethodDraft {
    pub key: u32,
    pub id: Option<String>,
    pub name: String,
    pub note: String,
    pub countries: String,
    pub price: String,
    pub free_from: String,
    pub active: bool,
}

impl Form {
    /// As they are saved.
    pub fn of(name: String, country: String, inclusive: bool, settings: &CommerceSettings) -> Self {
        let taxes = settings.taxes.iter().zip(0..).map(|(tax, key)| TaxDraft {
            key,
            country: tax.country.clone(),
            name: tax.name.clone(),
            rate: per_cent(tax.rate),
        });
        let methods = settings.shipping.iter().zip(0..).map(|(method, key)| MethodDraft {
            key,
            id: Some(method.id.clone()),
            name: method.name.clone(),
            note: method.note.clone(),
            countries: method.countries.join(", "),
            price: method.price.decimal.clone(),
            free_from: method.free_from.as_ref().map(|money| money.decimal.clone()).unwrap_or_default(),
            active: method.active,
        });
        let (taxes, methods): (Vec<_>, Vec<_>) = (taxes.collect(), methods.collect());
        let next = taxes.len().max(methods.len()) as u32;
        Self { name, country, inclusive, taxes, methods, payment: settings.payment.clone(), next }
    }

    /// Another country.
    pub fn add_tax(&mut self) {
        let name = self.taxes.first().map_or_else(|| "VAT".to_owned(), |tax| tax.name.clone());
        let country = if self.taxes.is_empty() { self.country.clone() } else { String::new() };
        self.taxes.push(TaxDraft { key: self.next, country, name, rate: String::new() });
        self.next += 1;
    }

    /// Another way to send, to the shop's own country at first.
    pub fn add_method(&mut self) {
        let countries = self.country.clone();
        self.methods.push(MethodDraft { key: self.next, countries, active: true, ..MethodDraft::default() });
        self.next += 1;
    }

    /// A tax by its key.
    pub fn tax(&self, key: u32) -> Option<&TaxDraft> {
        self.taxes.iter().find(|tax| tax.key == key)
    }

    /// Changes a tax.
    pub fn tax_mut(&mut self, key: u32, change: impl FnOnce(&mut TaxDraft)) {
        if let Some(tax) = self.taxes.iter_mut().find(|tax| tax.key == key) {
            change(tax);
        }
    }

    /// A way to send by its key.
    pub fn method(&self, key: u32) -> Option<&MethodDraft> {
        self.methods.iter().find(|method| method.key == key)
    }

    /// Changes a way to send.
    pub fn method_mut(&mut self, key: u32, change: impl FnOnce(&mut MethodDraft)) {
        if let Some(method) = self.methods.iter_mut().find(|method| method.key == key) {
            change(method);
        }
    }

    /// Names of what differs.
    pub fn changes(&self, saved: &Self) -> Vec<String> {
        let shop =
            (&self.name, &self.country, self.inclusive) != (&saved.name, &saved.country, saved.inclusive);
        let parts = [
            ("shop", shop),
            ("tax", self.taxes != saved.taxes),
            ("shipping", self.methods != saved.methods),
            ("ways to pay", self.payment != saved.payment),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }

    /// What cannot be sent, by the path of its field; rows are named by their key.
    pub fn faults(&self, exponent: u32) -> BTreeMap<String, String> {
        let mut faults = BTreeMap::new();
        let mut fault = |path: String, text: &str| {
            faults.insert(path, text.to_owned());
        };
        if self.name.trim().is_empty() {
            fault("name".to_owned(), "A shop needs a name");
        }
        for (at, tax) in self.taxes.iter().enumerate() {
            let path = |field: &str| format!("taxes.{}.{field}", tax.key);
            if tax.country.is_empty() {
                fault(path("country"), "Choose a country");
            } else if self.taxes[..at].iter().any(|other| other.country == tax.country) {
                fault(path("country"), "This country has a rate already");
            }
            if tax.name.trim().is_empty() {
                fault(path("name"), "Give the tax its name, like VAT");
            }
            if rate(&tax.rate).is_none() {
                fault(path("rate"), "Write a rate from 0 to 100 with at most 4 decimals");
            }
        }
        for method in &self.methods {
            let path = |field: &str| format!("shipping.{}.{field}", method.key);
            if method.name.trim().is_empty() {
                fault(path("name"), "Give it a name");
            }
            match amount::parse(&method.price, exponent) {
                Err(_) if method.price.trim().is_empty() => fault(path("price"), "Write a price; 0 is one"),
                Err(error) => fault(path("price"), &error.to_string()),
                Ok(_) => {}
            }
            if let Err(error) = amount::wire(&method.free_from, exponent) {
                fault(path("freeFrom"), &error.to_string());
            }
            let unknown =
                matrix::values(&method.countries).into_iter().find(|code| Country::parse(code).is_err());
            if let Some(unknown) = unknown {
                fault(path("countries"), &format!("{unknown} is not the code of a country, like BE or US"));
            }
        }
        if self.payment.manual && self.payment.manual_name.trim().is_empty() {
            fault("payment.manualName".to_owned(), "Give it a name");
        }
        if self.payment.http && self.payment.http_name.trim().is_empty() {
            fault("payment.httpName".to_owned(), "Give it a name");
        }
        faults
    }

    /// What to send; nothing when only the shop's own texts differ.
    pub fn input(&self, version: i64, saved: &Self, exponent: u32) -> Option<CommerceSettingsInput> {
        let money = |typed: &str| amount::wire(typed, exponent).unwrap_or_default();
        let taxes = (self.taxes != saved.taxes).then(|| {
            let taxes = self.taxes.iter().map(|tax| CountryTaxInput {
                country: tax.country.clone(),
                name: tax.name.trim().to_owned(),
                rate: rate(&tax.rate).unwrap_or_default(),
            });
            taxes.collect()
        });
        let shipping = (self.methods != saved.methods).then(|| {
            let methods = self.methods.iter().map(|method| ShippingMethodInput {
                id: method.id.clone(),
                name: method.name.trim().to_owned(),
                note: Some(method.note.trim().to_owned()),
                countries: matrix::values(&method.countries)
                    .into_iter()
                    .map(|it| it.to_uppercase())
                    .collect(),
                price: money(&method.price),
                free_from: Some(money(&method.free_from)).filter(|text| !text.is_empty()),
                active: Some(method.active),
            });
            methods.collect()
        });
        let payment = (self.payment != saved.payment).then(|| PaymentSettingsInput {
            manual: self.payment.manual,
            manual_name: self.payment.manual_name.trim().to_owned(),
            manual_instructions: self.payment.manual_instructions.trim().to_owned(),
            http: self.payment.http,
            http_name: self.payment.http_name.trim().to_owned(),
        });
        let nothing = taxes.is_none() && shipping.is_none() && payment.is_none();
        (!nothing).then_some(CommerceSettingsInput { version: Long(version), taxes, shipping, payment })
    }
}

/// `21`, `10.75` from parts per million.
fn per_cent(parts: i32) -> String {
    amount::text(i64::from(parts), 4).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The text that the API takes for a typed rate: 0 to 100 per cent, with at most four decimals.
fn rate(typed: &str) -> Option<String> {
    let parts = amount::parse(typed, 4).ok().filter(|parts| (0..=1_000_000).contains(parts))?;
    i32::try_from(parts).ok().map(per_cent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::settings::CountryTax;

    fn saved() -> Form {
        let payment = PaymentSettings {
            manual: true,
            manual_name: "Bank transfer".into(),
            manual_instructions: String::new(),
            http: false,
            http_name: String::new(),
        };
        let taxes = vec![CountryTax { country: "BE".into(), name: "VAT".into(), rate: 210_000 }];
        let settings = CommerceSettings { version: Long(3), taxes, shipping: Vec::new(), payment };
        Form::of("Hearth".into(), "BE".into(), true, &settings)
    }

    #[test]
    fn sends_only_the_part_that_changed() {
        let saved = saved();
        assert!(saved.input(3, &saved, 2).is_none());
        let mut mine = saved.clone();
        mine.add_tax();
        mine.tax_mut(1, |tax| {
            tax.country = "US".into();
            tax.rate = "10,750".into();
        });
        assert_eq!(mine.changes(&saved), ["tax"]);
        let input = mine.input(3, &saved, 2).unwrap();
        let rates: Vec<_> = input.taxes.unwrap().into_iter().map(|tax| (tax.country, tax.rate)).collect();
        assert_eq!(rates, [("BE".to_owned(), "21".to_owned()), ("US".to_owned(), "10.75".to_owned())]);
        assert!(input.shipping.is_none() && input.payment.is_none());
    }

    #[test]
    fn names_what_is_wrong() {
        let mut mine = saved();
        mine.add_tax();
        mine.tax_mut(1, |tax| {
            tax.country = "BE".into();
            tax.rate = "101".into();
        });
        mine.add_method();
        mine.method_mut(2, |method| {
            method.price = "4.999".into();
            method.countries = "BE, Elbonia".into();
        });
        mine.payment.http = true;
        let faults = mine.faults(2);
        let paths: Vec<_> = faults.keys().map(String::as_str).collect();
        let expected = [
            "payment.httpName",
            "shipping.2.countries",
            "shipping.2.name",
            "shipping.2.price",
            "taxes.1.country",
            "taxes.1.rate",
        ];
        assert_eq!(paths, expected);
        assert_eq!(faults["shipping.2.countries"], "Elbonia is not the code of a country, like BE or US");
    }

    #[test]
    fn writes_rates_without_idle_zeros() {
        assert_eq!(per_cent(210_000), "21");
        assert_eq!(per_cent(107_500), "10.75");
        assert_eq!(per_cent(0), "0");
        assert_eq!(rate("100"), Some("100".into()));
        assert_eq!(rate("100.0001"), None);
        assert_eq!(rate("-1"), None);
        assert_eq!(rate(""), None);
    }
}
