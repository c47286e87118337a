//! An answer as rows of field and value, so that the first difference can be named.

use pricing::{Discount, Quote, Verdict};
use primitives::MoneyError;
use primitives::tax::TaxedLine;

/// Every field of an answer, in reading order.
pub fn rows(answer: &Result<Quote, MoneyError>) -> Vec<(String, String)> {
    let mut rows = Rows(vec![]);
    match answer {
        Err(error) => rows.add("answer", error),
        Ok(quote) => {
            rows.0.push(("answer".to_owned(), "a quote".to_owned()));
            rows.quote(quote);
        }
    }
    rows.0
}

struct Rows(Vec<(String, String)>);

impl Rows {
    fn add(&mut self, field: impl Into<String>, value: impl std::fmt::Debug) {
        self.0.push((field.into(), format!("{value:?}")));
    }

    fn quote(&mut self, quote: &Quote) {
        // Taken apart, so that a new field cannot be forgotten.
        let Quote {
            currency,
            includes_tax,
            lines,
            requires_shipping,
            shipping,
            no_delivery,
            totals,
            taxes,
            promotions,
            unknown_codes,
        } = quote;
        for (index, outcome) in promotions.iter().enumerate() {
            let field = format!("promotions.{index} ({})", outcome.name);
            self.add(format!("{field}.promotion"), outcome.promotion);
            match &outcome.verdict {
                Verdict::Applied { amount } => self.add(format!("{field}.applied"), amount),
                Verdict::Not(reason) => self.add(format!("{field}.not"), reason),
            }
        }
        self.add("lines", lines.len());
        for (index, line) in lines.iter().enumerate() {
            let field = |name: &str| format!("lines.{index}.{name}");
            self.add(field("variant"), line.variant);
            self.add(field("quantity"), line.quantity);
            self.add(field("gift"), line.gift);
            self.add(field("unit"), line.unit);
            self.add(field("amount"), line.amount);
            self.discounts(&field("discounts"), &line.discounts);
            self.add(field("left"), line.left);
            self.add(field("rate"), (line.rate, &line.rate_name));
            self.taxed(&field("taxed"), line.taxed);
            self.add(field("relief"), line.relief);
        }
        self.add("requires_shipping", requires_shipping);
        self.add("no_delivery", no_delivery);
        match shipping {
            None => self.add("shipping", "none"),
            Some(shipping) => {
                self.add("shipping.method", (&shipping.method, &shipping.name));
                self.add("shipping.full", shipping.full);
                self.discounts("shipping.discounts", &shipping.discounts);
                self.add("shipping.amount", shipping.amount);
                self.add("shipping.parts", shipping.parts.len());
                for (index, part) in shipping.parts.iter().enumerate() {
                    self.add(format!("shipping.parts.{index}.rate"), (part.rate, &part.name));
                    self.taxed(&format!("shipping.parts.{index}.taxed"), part.taxed);
                }
                self.add("shipping.relief", shipping.relief);
            }
        }
        self.add("taxes", taxes.len());
        for (index, share) in taxes.iter().enumerate() {
            self.add(format!("taxes.{index}"), (&share.name, share.rate));
            self.add(format!("taxes.{index}.net"), share.net);
            self.add(format!("taxes.{index}.tax"), share.tax);
        }
        self.add("totals.subtotal", totals.subtotal);
        self.add("totals.discount", totals.discount);
        self.add("totals.shipping", totals.shipping);
        self.add("totals.tax", totals.tax);
        self.add("totals.relief", totals.relief);
        self.add("totals.total", totals.total);
        self.add("unknown_codes", unknown_codes);
        self.add("currency", (currency, includes_tax));
    }

    fn discounts(&mut self, field: &str, discounts: &[Discount]) {
        self.add(field, discounts.len());
        for (index, discount) in discounts.iter().enumerate() {
            let field = format!("{field}.{index} ({})", discount.name);
            self.add(format!("{field}.promotion"), discount.promotion);
            self.add(format!("{field}.amount"), discount.amount);
            self.add(format!("{field}.how"), &discount.how);
        }
    }

    fn taxed(&mut self, field: &str, taxed: TaxedLine) {
        self.add(format!("{field}.net"), taxed.net);
        self.add(format!("{field}.tax"), taxed.tax);
        self.add(format!("{field}.gross"), taxed.gross);
    }
}
