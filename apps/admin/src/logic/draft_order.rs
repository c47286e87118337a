//! An order that staff writes, as it is being edited; what was typed is kept as it was typed.

use std::collections::BTreeMap;

use primitives::Quantity;

use crate::gql::drafts::{
    CartPromotion, DraftOrder, DraftOrderAddressInput, DraftOrderDiscount, DraftOrderDiscountInput,
    DraftOrderInput, DraftOrderLine, DraftOrderLineInput, DraftOrderPreview, DraftOrderProblem, PricedLine,
};
use crate::gql::orders::Address;
use crate::logic::{amount, settings};

/// The draft.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Draft {
    /// Id and name.
    pub customer: Option<(String, String)>,
    pub email: String,
    pub address: Address,
    pub shipping_method: String,
    pub payment_provider: String,
    pub customer_note: String,
    pub internal_note: String,
    pub tags: Vec<String>,
    pub off: Off,
    pub use_promotions: bool,
    pub lines: Vec<Line>,
}

/// A line of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Line {
    /// Id of the variant, once in a draft.
    pub variant: String,
    pub name: String,
    pub pieces: String,
    /// Of one piece; empty: what it costs in the shop.
    pub price: String,
    pub price_reason: String,
    pub off: Off,
}

/// Something that is taken off by hand; without an amount, nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Off {
    pub percent: bool,
    pub typed: String,
    pub reason: String,
}

impl Off {
    fn of(saved: Option<&DraftOrderDiscount>) -> Self {
        let Some(saved) = saved else { return Self::default() };
        let amount = saved.amount.as_ref().map(|amount| amount.decimal.clone());
        Self {
            percent: saved.percent.is_some(),
            typed: saved.percent.clone().or(amount).unwrap_or_default(),
            reason: saved.reason.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        self.typed.trim().is_empty()
    }

    fn faults(&self, path: &str, exponent: u32, fault: &mut impl FnMut(String, String)) {
        if self.is_empty() {
            return;
        }
        match self.percent {
            true if settings::rate(&self.typed).is_none_or(|rate| rate == "0") => {
                fault(format!("{path}.percent"), "Write more than 0 and at most 100".to_owned());
            }
            false => match amount::parse(&self.typed, exponent) {
                Ok(0) => fault(format!("{path}.amount"), "Write more than nothing".to_owned()),
                Ok(_) => {}
                Err(error) => fault(format!("{path}.amount"), error.to_string()),
            },
            true => {}
        }
        if self.reason.trim().is_empty() {
            fault(format!("{path}.reason"), "Say why: the customer reads it".to_owned());
        }
    }

    fn input(&self, exponent: u32) -> Option<DraftOrderDiscountInput> {
        if self.is_empty() {
            return None;
        }
        let reason = self.reason.trim().to_owned();
        let (amount, percent) = match self.percent {
            true => (None, settings::rate(&self.typed)),
            false => (amount::wire(&self.typed, exponent).ok(), None),
        };
        Some(DraftOrderDiscountInput { amount, percent, reason })
    }
}

impl Line {
    /// One piece of a variant, at the shop's price.
    pub fn new(variant: String, name: String) -> Self {
        Self { variant, name, pieces: "1".to_owned(), ..Self::default() }
    }

    fn of(saved: &DraftOrderLine) -> Self {
        Self {
            variant: saved.variant_id.inner().to_owned(),
            name: match saved.variant_title.as_str() {
                "" => saved.title.clone(),
                variant => format!("{}, {variant}", saved.title),
            },
            pieces: saved.quantity.to_string(),
            price: saved.price.as_ref().map(|price| price.decimal.clone()).unwrap_or_default(),
            price_reason: saved.price_reason.clone(),
            off: Off::of(saved.discount.as_ref()),
        }
    }

    /// Something was agreed about it.
    pub fn is_agreed(&self) -> bool {
        !(self.price.trim().is_empty() && self.off.is_empty())
    }

    fn n_pieces(&self) -> Option<i32> {
        self.pieces.trim().parse().ok().filter(|n| (1..=Quantity::MAX as i32).contains(n))
    }

    fn input(&self, exponent: u32) -> DraftOrderLineInput {
        let price = amount::wire(&self.price, exponent).ok().filter(|price| !price.is_empty());
        DraftOrderLineInput {
            variant_id: cynic::Id::new(&self.variant),
            quantity: self.n_pieces().unwrap_or_default(),
            price_reason: price.as_ref().map(|_| self.price_reason.trim().to_owned()).unwrap_or_default(),
            price,
            discount: self.off.input(exponent),
        }
    }
}

impl Draft {
    /// A new one, with the shop's own promotions.
    pub fn new() -> Self {
        Self { use_promotions: true, ..Self::default() }
    }

    /// What is saved.
    pub fn of(saved: &DraftOrder) -> Self {
        let name = [&saved.address.name, &saved.email].into_iter().find(|name| !name.is_empty());
        let name = name.cloned().unwrap_or_else(|| "A customer of the shop".to_owned());
        Self {
            customer: saved.customer_id.as_ref().map(|id| (id.inner().to_owned(), name)),
            email: saved.email.clone(),
            address: saved.address.clone(),
            shipping_method: saved.shipping_method.clone(),
            payment_provider: saved.payment_provider.clone(),
            customer_note: saved.customer_note.clone(),
            internal_note: saved.internal_note.clone(),
            tags: saved.tags.clone(),
            off: Off::of(saved.discount.as_ref()),
            use_promotions: saved.use_promotions,
            lines: saved.lines.iter().map(Line::of).collect(),
        }
    }

    /// Names of what differs.
    pub fn changes(&self, saved: &Self) -> Vec<String> {
        let id = |draft: &Self| draft.customer.as_ref().map(|(id, _)| id.clone());
        let parts = [
            ("lines", self.lines != saved.lines),
            ("discount", (&self.off, self.use_promotions) != (&saved.off, saved.use_promotions)),
            ("customer", id(self) != id(saved) || self.email.trim() != saved.email),
            ("address", self.address != saved.address),
            ("delivery", self.shipping_method != saved.shipping_method),
            ("payment", self.payment_provider != saved.payment_provider),
            (
                "notes",
                (&self.customer_note, &self.internal_note) != (&saved.customer_note, &saved.internal_note),
            ),
            ("tags", self.tags != saved.tags),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }

    /// What cannot be sent, by the path that the server would name too.
    pub fn faults(&self, exponent: u32) -> BTreeMap<String, String> {
        let mut faults = BTreeMap::new();
        let mut fault = |path: String, text: String| {
            faults.insert(path, text);
        };
        for (at, line) in self.lines.iter().enumerate() {
            if line.n_pieces().is_none() {
                let text = format!("Write a whole number from 1 to {}", Quantity::MAX);
                fault(format!("lines.{at}.quantity"), text);
            }
            if let Err(error) = amount::wire(&line.price, exponent) {
                fault(format!("lines.{at}.price"), error.to_string());
            }
            line.off.faults(&format!("lines.{at}.discount"), exponent, &mut fault);
        }
        self.off.faults("discount", exponent, &mut fault);
        faults
    }

    /// What is sent; only a draft without faults is.
    pub fn input(&self, exponent: u32) -> DraftOrderInput {
        let address = &self.address;
        let text = |text: &String| text.trim().to_owned();
        DraftOrderInput {
            customer_id: self.customer.as_ref().map(|(id, _)| cynic::Id::new(id)),
            email: text(&self.email),
            address: Some(DraftOrderAddressInput {
                name: text(&address.name),
                company: text(&address.company),
                line1: text(&address.line1),
                line2: text(&address.line2),
                postal_code: text(&address.postal_code),
                city: text(&address.city),
                region: text(&address.region),
                country: text(&address.country),
                phone: text(&address.phone),
            }),
            shipping_method: self.shipping_method.clone(),
            payment_provider: self.payment_provider.clone(),
            customer_note: text(&self.customer_note),
            internal_note: text(&self.internal_note),
            tags: self.tags.clone(),
            discount: self.off.input(exponent),
            use_promotions: self.use_promotions,
            lines: self.lines.iter().map(|line| line.input(exponent)).collect(),
        }
    }

    /// Pieces over all lines, as far as they are typed right.
    pub fn n_pieces(&self) -> i64 {
        self.lines.iter().filter_map(Line::n_pieces).map(i64::from).sum()
    }
}

/// A line in what was foretold.
#[derive(Clone, Copy)]
pub struct Seen<'p> {
    /// What it costs.
    pub line: &'p PricedLine,
    /// Why it cannot be sold as it is.
    pub problem: Option<&'p DraftOrderProblem>,
}

/// What was foretold of a variant.
pub fn foretold<'p>(preview: &'p DraftOrderPreview, variant: &str) -> Option<Seen<'p>> {
    let at = preview.lines.iter().position(|line| line.variant_id.inner() == variant)?;
    let path = format!("lines.{at}");
    let problem = preview.problems.iter().find(|problem| problem.field == path);
    Some(Seen { line: preview.lines.get(at)?, problem })
}

/// What is missing apart from the lines, in words with the name of its field.
pub fn missing(preview: &DraftOrderPreview) -> Vec<String> {
    let said = |problem: &DraftOrderProblem| {
        let label = match problem.field.as_str() {
            "email" => "E-mail",
            "address.name" => "Name",
            "address.line1" => "Street",
            "address.city" => "Town",
            "address.postalCode" => "Postal code",
            "address.region" => "Region",
            "address.country" => "Country",
            "address.phone" => "Phone",
            "shippingMethod" => "Delivery",
            "paymentProvider" => "Payment",
            "lines" => "Lines",
            _ => return problem.message.clone(),
        };
        format!("{label}: {}", problem.message)
    };
    let apart = |problem: &&DraftOrderProblem| !problem.field.starts_with("lines.");
    preview.problems.iter().filter(apart).map(said).collect()
}

/// Tone and words for what became of a promotion.
pub fn became(promotion: &CartPromotion) -> (&'static str, String) {
    let Some(why) = &promotion.why_not else { return ("good", "Applied".to_owned()) };
    let mut letters = why.words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    ("off", first.chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gql::drafts::{DraftOrderState, WhyNot};
    use crate::gql::orders::Totals;
    use crate::gql::{Long, Money};

    fn money(minor: i64, decimal: &str) -> Money {
        Money {
            minor: Long(minor),
            currency: "EUR".into(),
            decimal: decimal.into(),
            formatted: format!("€{decimal}"),
        }
    }

    fn saved() -> DraftOrder {
        let off = |amount, percent: Option<&str>| {
            let percent = percent.map(str::to_owned);
            Some(DraftOrderDiscount { amount, percent, reason: "Regular".into() })
        };
        DraftOrder {
            id: cynic::Id::new("7"),
            state: DraftOrderState::Open,
            customer_id: Some(cynic::Id::new("3")),
            email: "maud@example.com".into(),
            address: Address { name: "Maud".into(), country: "BE".into(), ..Address::default() },
            shipping_method: "standard".into(),
            payment_provider: String::new(),
            customer_note: "Thank you".into(),
            internal_note: String::new(),
            tags: vec!["telephone".into()],
            discount: off(Some(money(500, "5.00")), None),
            use_promotions: false,
            lines: vec![DraftOrderLine {
                variant_id: cynic::Id::new("9"),
                title: "Mug".into(),
                variant_title: "Blue".into(),
                quantity: 2,
                price: Some(money(1000, "10.00")),
                price_reason: "as last year".into(),
                discount: off(None, Some("10")),
            }],
            order_id: None,
            order_number: None,
            sent_at: None,
            sent_version: None,
            version: Long(2),
        }
    }

    #[test]
    fn sends_what_is_saved_when_nothing_changes() {
        let draft = Draft::of(&saved());
        assert!(draft.faults(2).is_empty() && draft.changes(&draft).is_empty());
        assert_eq!(draft.customer, Some(("3".into(), "Maud".into())));
        let input = draft.input(2);
        let discount = input.discount.unwrap();
        assert_eq!((discount.amount.as_deref(), discount.percent), (Some("5.00"), None));
        let line = &input.lines[0];
        assert_eq!((line.quantity, line.price.as_deref()), (2, Some("10.00")));
        let off = line.discount.as_ref().unwrap();
        assert_eq!((off.amount.as_deref(), off.percent.as_deref()), (None, Some("10")));
        assert_eq!((draft.lines[0].name.as_str(), draft.n_pieces()), ("Mug, Blue", 2));
        assert_eq!((input.use_promotions, input.email.as_str()), (false, "maud@example.com"));
    }

    #[test]
    fn what_is_left_empty_was_not_agreed() {
        let mut draft = Draft::of(&saved());
        let line = &mut draft.lines[0];
        (line.price, line.off.typed, draft.off.typed) = (" ".into(), String::new(), String::new());
        assert!(!draft.lines[0].is_agreed() && draft.faults(2).is_empty());
        let input = draft.input(2);
        let line = &input.lines[0];
        assert_eq!((&line.price, line.price_reason.as_str(), &line.discount), (&None, "", &None));
        assert_eq!(input.discount, None);
        assert_eq!(draft.changes(&Draft::of(&saved())), ["lines", "discount"]);
        assert!(Draft::new().use_promotions && Draft::new().faults(2).is_empty());
    }

    #[test]
    fn names_what_is_wrong() {
        let mut draft = Draft::of(&saved());
        draft.lines[0].pieces = "0".into();
        draft.lines[0].price = "dear".into();
        draft.lines[0].off = Off { percent: true, typed: "101".into(), reason: " ".into() };
        draft.off.typed = "0".into();
        assert_eq!(
            draft.faults(2).into_keys().collect::<Vec<_>>(),
            [
                "discount.amount",
                "lines.0.discount.percent",
                "lines.0.discount.reason",
                "lines.0.price",
                "lines.0.quantity"
            ]
        );
    }

    #[test]
    fn finds_a_line_in_what_was_foretold_wherever_it_stands() {
        let line = |variant: &str, minor, decimal: &str| PricedLine {
            variant_id: cynic::Id::new(variant),
            unit: money(minor, decimal),
            discounts: Vec::new(),
            total: money(minor, decimal),
            left: money(minor, decimal),
        };
        let problem =
            |field: &str, message: &str| DraftOrderProblem { field: field.into(), message: message.into() };
        let nothing = money(0, "0.00");
        let preview = DraftOrderPreview {
            lines: vec![line("9", 1000, "10.00"), line("4", 500, "5.00")],
            totals: Totals {
                subtotal: nothing.clone(),
                discount: nothing.clone(),
                discounts: Vec::new(),
                shipping: None,
                tax: nothing.clone(),
                taxes: Vec::new(),
                total: nothing,
                includes_tax: true,
                exemption: None,
            },
            promotions: Vec::new(),
            deliveries: Vec::new(),
            payments: Vec::new(),
            problems: vec![problem("lines.1", "sold out"), problem("shippingMethod", "choose one")],
        };
        let seen = foretold(&preview, "4").unwrap();
        let wrong = seen.problem.map(|problem| problem.message.as_str());
        assert_eq!((seen.line.unit.minor, wrong), (Long(500), Some("sold out")));
        assert_eq!(foretold(&preview, "9").unwrap().problem, None);
        assert!(foretold(&preview, "1").is_none());
        assert_eq!(missing(&preview), ["Delivery: choose one"]);
    }

    #[test]
    fn says_what_became_of_promotions() {
        let one = |words: Option<&str>| CartPromotion {
            id: cynic::Id::new("1"),
            name: "Sale".into(),
            amount: None,
            why_not: words.map(|words| WhyNot { words: words.into() }),
        };
        assert_eq!(became(&one(None)), ("good", "Applied".to_owned()));
        for (words, shown) in
            [("needs the code X", "Needs the code X"), ("2.40 EUR more", "2.40 EUR more"), ("", "")]
        {
            assert_eq!(became(&one(Some(words))), ("off", shown.to_owned()));
        }
    }
}
