//! The settings as they are being edited; amounts and rates are what was typed.

use std::collections::BTreeMap;

use primitives::Country;

use crate::gql::settings::{
    CommerceSettings, CommerceSettingsInput, DeliveryTax, PaymentSettings, PaymentSettingsInput,
    ShippingMeasure, ShippingMethodInput, ShippingStepInput, TaxRounding, TaxRuleInput,
};
use crate::gql::{DateTime, Long};
use crate::logic::moment::Date;
use crate::logic::{amount, matrix};

/// Everything on the screen.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Form {
    pub name: String,
    pub country: String,
    pub inclusive: bool,
    pub taxes: Vec<TaxDraft>,
    pub rounding: TaxRounding,
    pub delivery_tax: DeliveryTax,
    pub methods: Vec<MethodDraft>,
    pub payment: PaymentSettings,
    pub return_days: String,
    next: u32,
}

/// The rate of a place. `from` and `until` are dates such as `2026-07-01`, empty for none; both begin at midnight UTC.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct TaxDraft {
    pub key: u32,
    pub country: String,
    pub region: String,
    pub postal: String,
    pub category: String,
    pub name: String,
    pub rate: String,
    pub from: String,
    pub until: String,
}

impl TaxDraft {
    /// Whether it says more than a country and a rate.
    pub fn is_special(&self) -> bool {
        let more = [&self.region, &self.postal, &self.from, &self.until];
        more.into_iter().any(|text| !text.is_empty()) || !matches!(self.category.as_str(), "" | "standard")
    }

    fn place(&self) -> (String, String, String, String, String) {
        let low = |text: &str| text.trim().to_lowercase();
        let category = match low(&self.category) {
            empty if empty.is_empty() => "standard".to_owned(),
            category => category,
        };
        (low(&self.country), low(&self.region), low(&self.postal), category, low(&self.from))
    }
}

/// A price from some measure on.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct StepDraft {
    pub key: u32,
    pub from: String,
    pub price: String,
}

/// A way to send.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct MethodDraft {
    pub key: u32,
    pub id: Option<String>,
    pub name: String,
    pub note: String,
    pub countries: String,
    pub price: String,
    pub by: ShippingMeasure,
    pub steps: Vec<StepDraft>,
    pub up_to: String,
    pub pickup: bool,
    pub pickup_place: String,
    /// Empty: taxed as all deliveries.
    pub tax_category: String,
    pub free_from: String,
    pub active: bool,
}

impl MethodDraft {
    /// What a measure is counted in.
    pub fn unit(&self, symbol: &str) -> String {
        match self.by {
            ShippingMeasure::Weight => "g".to_owned(),
            ShippingMeasure::Price => symbol.to_owned(),
            ShippingMeasure::Quantity => "pieces".to_owned(),
        }
    }

    /// A measure in the smallest unit, or what is wrong with it.
    fn measure(&self, typed: &str, exponent: u32) -> Result<i64, String> {
        match self.by {
            ShippingMeasure::Price => amount::parse(typed, exponent).map_err(|error| error.to_string()),
            ShippingMeasure::Weight | ShippingMeasure::Quantity => typed
                .trim()
                .parse()
                .ok()
                .filter(|value| 0 <= *value)
                .ok_or_else(|| "Write a whole number".to_owned()),
        }
    }
}

impl Form {
    /// As they are saved.
    pub fn of(name: String, country: String, inclusive: bool, settings: &CommerceSettings) -> Self {
        let day = |at: &Option<DateTime>| {
            at.as_ref().and_then(|at| at.0.get(..10)).map(str::to_owned).unwrap_or_default()
        };
        let taxes = settings.taxes.iter().zip(0..).map(|(tax, key)| TaxDraft {
            key,
            country: tax.country.clone(),
            region: tax.region.clone(),
            postal: tax.postal.clone(),
            category: tax.category.clone(),
            name: tax.name.clone(),
            rate: per_cent(tax.rate),
            from: day(&tax.from),
            until: day(&tax.until),
        });
        let methods = settings.shipping.iter().zip(0..).map(|(method, key)| MethodDraft {
            key,
            id: Some(method.id.clone()),
            name: method.name.clone(),
            note: method.note.clone(),
            countries: method.countries.join(", "),
            price: method.price.decimal.clone(),
            by: method.by,
            steps: method
                .steps
                .iter()
                .zip(0..)
                .map(|(step, key)| StepDraft {
                    key,
                    from: step.from.clone(),
                    price: step.price.decimal.clone(),
                })
                .collect(),
            up_to: method.up_to.clone().unwrap_or_default(),
            pickup: method.pickup,
            pickup_place: method.pickup_place.clone(),
            tax_category: method.tax_category.clone().unwrap_or_default(),
            free_from: method.free_from.as_ref().map(|money| money.decimal.clone()).unwrap_or_default(),
            active: method.active,
        });
        let (taxes, methods): (Vec<_>, Vec<_>) = (taxes.collect(), methods.collect());
        let steps = methods.iter().map(|method| method.steps.len()).max().unwrap_or_default();
        let next = taxes.len().max(methods.len()).max(steps) as u32;
        Self {
            name,
            country,
            inclusive,
            taxes,
            rounding: settings.rounding,
            delivery_tax: settings.delivery_tax,
            methods,
            payment: settings.payment.clone(),
            return_days: settings.return_days.to_string(),
            next,
        }
    }

    /// Another rate.
    pub fn add_tax(&mut self) {
        let name = self.taxes.first().map_or_else(|| "VAT".to_owned(), |tax| tax.name.clone());
        let country = if self.taxes.is_empty() { self.country.clone() } else { String::new() };
        self.taxes.push(TaxDraft { key: self.next, country, name, ..TaxDraft::default() });
        self.next += 1;
    }

    /// Another way to send, to the shop's own country at first.
    pub fn add_method(&mut self) {
        let countries = self.country.clone();
        self.methods.push(MethodDraft {
            key: self.next,
            id: None,
            name: String::new(),
            note: String::new(),
            countries,
            price: String::new(),
            by: ShippingMeasure::Price,
            steps: Vec::new(),
            up_to: String::new(),
            pickup: false,
            pickup_place: String::new(),
            tax_category: String::new(),
            free_from: String::new(),
            active: true,
        });
        self.next += 1;
    }

    /// Kinds of goods that the rates are for, beside ordinary ones; and none.
    pub fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> =
            self.taxes.iter().map(|tax| tax.category.trim().to_lowercase()).collect();
        kinds.retain(|kind| !matches!(kind.as_str(), "" | "standard" | "none"));
        kinds.sort();
        kinds.dedup();
        kinds.push("none".to_owned());
        kinds
    }

    /// Another step of a way to send.
    pub fn add_step(&mut self, method: u32) {
        let key = self.next;
        self.method_mut(method, |method| method.steps.push(StepDraft { key, ..StepDraft::default() }));
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
            (
                "tax",
                (&self.taxes, self.rounding, self.delivery_tax)
                    != (&saved.taxes, saved.rounding, saved.delivery_tax),
            ),
            ("shipping", self.methods != saved.methods),
            ("ways to pay", self.payment != saved.payment),
            ("returns", self.return_days != saved.return_days),
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
        if days(&self.return_days).is_none() {
            fault("returnDays".to_owned(), "0 to 365 days");
        }
        for (at, tax) in self.taxes.iter().enumerate() {
            let path = |field: &str| format!("taxes.{}.{field}", tax.key);
            if tax.country.is_empty() {
                fault(path("country"), "Choose a country");
            } else if self.taxes[..at].iter().any(|other| other.place() == tax.place()) {
                fault(path("country"), "This place has a rate for these goods already");
            }
            if tax.name.trim().is_empty() {
                fault(path("name"), "Give the tax its name, like VAT");
            }
            if rate(&tax.rate).is_none() {
                fault(path("rate"), "Write a rate from 0 to 100 with at most 4 decimals");
            }
            let key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if !tax.category.trim().chars().all(key) || 40 < tax.category.trim().len() {
                fault(path("category"), "Use letters, digits, - and _");
            }
            for (field, typed) in [("from", &tax.from), ("until", &tax.until)] {
                if !typed.is_empty() && Date::parse(typed).is_none() {
                    fault(path(field), "Write a date such as 2026-07-01");
                }
            }
            if let (Some(from), Some(until)) = (Date::parse(&tax.from), Date::parse(&tax.until))
                && until <= from
            {
                fault(path("until"), "This must be after the beginning");
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
            if method.pickup && method.pickup_place.trim().is_empty() {
                fault(path("pickupPlace"), "Say where it is fetched, and when");
            }
            let mut last = 0;
            for step in &method.steps {
                let path = |field: &str| format!("shipping.{}.steps.{}.{field}", method.key, step.key);
                match method.measure(&step.from, exponent) {
                    Err(text) => fault(path("from"), &text),
                    Ok(from) if from <= last => fault(path("from"), "This must be above the step before"),
                    Ok(from) => last = from,
                }
                if let Err(error) = amount::parse(&step.price, exponent) {
                    fault(path("price"), &error.to_string());
                }
            }
            if !method.up_to.trim().is_empty() {
                match method.measure(&method.up_to, exponent) {
                    Err(text) => fault(path("upTo"), &text),
                    Ok(most) if most < last => fault(path("upTo"), "This must not be below the last step"),
                    Ok(_) => {}
                }
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
        if self.payment.stripe && self.payment.stripe_name.trim().is_empty() {
            fault("payment.stripeName".to_owned(), "Give it a name");
        }
        faults
    }

    /// What to send; nothing when only the shop's own texts differ.
    pub fn input(&self, version: i64, saved: &Self, exponent: u32) -> Option<CommerceSettingsInput> {
        let money = |typed: &str| amount::wire(typed, exponent).unwrap_or_default();
        let taxes = (self.taxes != saved.taxes).then(|| {
            let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let day = |text: &str| some(text).map(|day| DateTime(format!("{day}T00:00:00Z")));
            let taxes = self.taxes.iter().map(|tax| TaxRuleInput {
                country: tax.country.clone(),
                region: some(&tax.region),
                postal: some(&tax.postal),
                category: some(&tax.category.to_lowercase()),
                name: tax.name.trim().to_owned(),
                rate: rate(&tax.rate).unwrap_or_default(),
                from: day(&tax.from),
                until: day(&tax.until),
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
                by: Some(method.by),
                steps: Some(
                    method
                        .steps
                        .iter()
                        .map(|step| ShippingStepInput {
                            from: match method.by {
                                ShippingMeasure::Price => money(&step.from),
                                _ => step.from.trim().to_owned(),
                            },
                            price: money(&step.price),
                        })
                        .collect(),
                ),
                up_to: Some(match method.by {
                    ShippingMeasure::Price => money(&method.up_to),
                    _ => method.up_to.trim().to_owned(),
                })
                .filter(|text| !text.is_empty()),
                pickup: Some(method.pickup),
                pickup_place: Some(method.pickup_place.trim().to_owned()),
                tax_category: Some(method.tax_category.clone()).filter(|kind| !kind.is_empty()),
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
            capture: Some(self.payment.capture),
            stripe: Some(self.payment.stripe),
            stripe_name: Some(self.payment.stripe_name.trim().to_owned()),
        });
        let rounding = (self.rounding != saved.rounding).then_some(self.rounding);
        let delivery_tax = (self.delivery_tax != saved.delivery_tax).then_some(self.delivery_tax);
        let return_days = days(&self.return_days).filter(|_| self.return_days != saved.return_days);
        let input = CommerceSettingsInput {
            version: Long(version),
            taxes,
            rounding,
            delivery_tax,
            shipping,
            payment,
            return_days,
        };
        let nothing = input.taxes.is_none()
            && input.rounding.is_none()
            && input.delivery_tax.is_none()
            && input.shipping.is_none()
            && input.payment.is_none()
            && input.return_days.is_none();
        (!nothing).then_some(input)
    }
}

/// Days in which something can be sent back, as they are typed.
fn days(typed: &str) -> Option<i32> {
    typed.trim().parse().ok().filter(|days| (0..=365).contains(days))
}

/// `21`, `10.75` from parts per million.
fn per_cent(parts: i32) -> String {
    amount::text(i64::from(parts), 4).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The text that the API takes for a typed rate: 0 to 100 per cent, with at most four decimals.
pub(super) fn rate(typed: &str) -> Option<String> {
    let parts = amount::parse(typed, 4).ok().filter(|parts| (0..=1_000_000).contains(parts))?;
    i32::try_from(parts).ok().map(per_cent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::settings::TaxRule;

    fn saved() -> Form {
        let payment =
            PaymentSettings { manual: true, manual_name: "Bank transfer".into(), ..PaymentSettings::none() };
        let taxes = vec![TaxRule {
            country: "BE".into(),
            region: String::new(),
            postal: String::new(),
            category: "standard".into(),
            name: "VAT".into(),
            rate: 210_000,
            from: None,
            until: None,
        }];
        let settings = CommerceSettings {
            version: Long(3),
            taxes,
            rounding: TaxRounding::Line,
            delivery_tax: DeliveryTax::Standard,
            shipping: Vec::new(),
            payment,
            return_days: 30,
        };
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
    fn what_is_fetched_has_a_place() {
        let saved = saved();
        let mut mine = saved.clone();
        mine.add_method();
        mine.method_mut(1, |method| {
            method.name = "In our shop".into();
            method.price = "0".into();
            method.pickup = true;
            method.tax_category = "books".into();
        });
        assert_eq!(mine.faults(2)["shipping.1.pickupPlace"], "Say where it is fetched, and when");
        mine.method_mut(1, |method| method.pickup_place = " Kouter 12 ".into());
        assert!(mine.faults(2).is_empty());
        let sent = mine.input(3, &saved, 2).unwrap().shipping.unwrap().remove(0);
        assert_eq!(
            (sent.pickup_place.as_deref(), sent.tax_category.as_deref()),
            (Some("Kouter 12"), Some("books"))
        );
        mine.add_tax();
        mine.tax_mut(2, |tax| tax.category = "Books".into());
        assert_eq!(mine.kinds(), ["books", "none"]);
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
        mine.payment.stripe = true;
        let faults = mine.faults(2);
        let paths: Vec<_> = faults.keys().map(String::as_str).collect();
        let expected = [
            "payment.httpName",
            "payment.stripeName",
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
    fn a_table_rises_and_is_sent_in_its_own_unit() {
        let mut mine = saved();
        mine.add_method();
        mine.method_mut(1, |method| {
            method.name = "Parcel".into();
            method.price = "5".into();
            method.by = ShippingMeasure::Weight;
            method.up_to = "1000".into();
        });
        mine.add_step(1);
        let set = |mine: &mut Form, from: &str| {
            mine.method_mut(1, |method| {
                method.steps[0].from = from.into();
                method.steps[0].price = "9.90".into();
            });
        };
        set(&mut mine, "two kilos");
        assert_eq!(mine.faults(2)["shipping.1.steps.2.from"], "Write a whole number");
        set(&mut mine, "2000");
        assert_eq!(mine.faults(2)["shipping.1.upTo"], "This must not be below the last step");
        mine.method_mut(1, |method| method.up_to = "30000".into());
        assert!(mine.faults(2).is_empty());
        let sent = mine.input(3, &saved(), 2).unwrap().shipping.unwrap().remove(0);
        let steps: Vec<_> = sent.steps.unwrap().into_iter().map(|step| (step.from, step.price)).collect();
        assert_eq!(
            (steps, sent.up_to),
            (vec![("2000".to_owned(), "9.90".to_owned())], Some("30000".to_owned()))
        );
    }

    #[test]
    fn a_place_may_have_one_rate_for_each_kind_of_goods_and_beginning() {
        let mut mine = saved();
        mine.add_tax();
        mine.tax_mut(1, |tax| {
            tax.country = "BE".into();
            tax.rate = "6".into();
            tax.category = "Books".into();
            tax.from = "2027-01-01".into();
        });
        assert!(mine.faults(2).is_empty());
        let sent = mine.input(3, &saved(), 2).unwrap().taxes.unwrap().remove(1);
        assert_eq!(sent.category.as_deref(), Some("books"));
        assert_eq!(sent.from, Some(DateTime("2027-01-01T00:00:00Z".into())));
        mine.tax_mut(1, |tax| tax.until = "2026-01-01".into());
        assert_eq!(mine.faults(2)["taxes.1.until"], "This must be after the beginning");
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
