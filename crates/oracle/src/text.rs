//! A cart as text: one row for each line, rate, step and promotion.

use std::fmt;

use pricing::{Action, Condition, Line, Promotion, Selector};
use uuid::Uuid;

use crate::random::{Case, NOW};

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.includes_tax { "with tax" } else { "without tax" };
        writeln!(f, "{} {mode}, tax rounded per {:?}", self.currency, self.rounding)?;
        let region = self.destination.region.as_deref().unwrap_or("-");
        let groups: Vec<u32> = self.shopper.groups.iter().map(|group| number(group.uuid())).collect();
        let exempt = if self.shopper.exempt { ", exempt" } else { "" };
        writeln!(
            f,
            "to {} {region}; groups {groups:?}, {} orders before{exempt}; codes {:?}",
            self.destination.country, self.shopper.orders_before, self.codes
        )?;
        for line in &self.lines {
            writeln!(f, "line {}", LineText(line))?;
        }
        for line in &self.gifts {
            writeln!(f, "gift {}", LineText(line))?;
        }
        match &self.zone {
            None => writeln!(f, "no zone")?,
            Some(zone) => {
                writeln!(f, "zone, shipping {:?}", zone.shipping)?;
                for rate in &zone.rates {
                    let (from, until) = (ago(rate.from), ago(rate.until));
                    writeln!(
                        f,
                        "  {} {:?} {} ppm, from {from} until {until}",
                        rate.category,
                        rate.name,
                        rate.rate.ppm()
                    )?;
                }
            }
        }
        if let Some(method) = &self.shipping {
            writeln!(
                f,
                "shipping {:?} by {:?} up to {:?}, free from {:?}, countries {:?}, category {:?}, active {}",
                method.id,
                method.table.by,
                method.table.up_to,
                method.free_from,
                method.countries,
                method.tax_category,
                method.active
            )?;
            for step in &method.table.steps {
                writeln!(f, "  from {}: {}", step.from, step.price)?;
            }
        }
        for promotion in &self.promotions {
            write!(f, "{}", PromotionText(promotion))?;
        }
        Ok(())
    }
}

struct LineText<'a>(&'a Line);

impl fmt::Display for LineText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.0;
        let collections: Vec<u32> = line.collections.iter().map(|one| number(one.uuid())).collect();
        write!(
            f,
            "v{} of p{} in {collections:?} {:?}: {} × {}, tax {}, {} g",
            number(line.variant.uuid()),
            number(line.product.uuid()),
            line.tags,
            line.quantity,
            line.unit,
            line.tax_category,
            line.grams
        )?;
        for (holds, text) in [
            (line.unit_includes_tax, "price with tax"),
            (!line.unit_includes_tax, "price without tax"),
            (!line.requires_shipping, "not sent"),
            (!line.discountable, "not discountable"),
        ] {
            if holds {
                write!(f, ", {text}")?;
            }
        }
        Ok(())
    }
}

struct PromotionText<'a>(&'a Promotion);

impl fmt::Display for PromotionText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let promotion = self.0;
        write!(
            f,
            "promotion {:?} id {} priority {}",
            promotion.name,
            number(promotion.id.uuid()),
            promotion.priority
        )?;
        if !promotion.active {
            write!(f, ", off")?;
        }
        if promotion.from.is_some() || promotion.until.is_some() {
            write!(f, ", from {} until {}", ago(promotion.from), ago(promotion.until))?;
        }
        if promotion.exclusive {
            write!(f, ", exclusive")?;
        }
        if let Some(group) = &promotion.group {
            write!(f, ", {:?} of {:?}", group.pick, group.name)?;
        }
        if !promotion.codes.is_empty() {
            write!(f, ", codes {:?}", promotion.codes)?;
        }
        if promotion.usage != pricing::Usage::default() {
            write!(f, ", {:?}", promotion.usage)?;
        }
        writeln!(f)?;
        for condition in &promotion.conditions {
            match condition {
                Condition::Has { of, at_least } => {
                    writeln!(f, "  if at least {at_least} pieces of {}", SelectorText(of))?;
                }
                Condition::Subtotal { of, at_least } => {
                    writeln!(f, "  if {} leaves at least {at_least}", SelectorText(of))?;
                }
                Condition::Groups { any_of } => {
                    let groups: Vec<u32> = any_of.iter().map(|group| number(group.uuid())).collect();
                    writeln!(f, "  if in one of groups {groups:?}")?;
                }
                Condition::FirstOrder => writeln!(f, "  if first order")?,
                Condition::Countries { any_of } => writeln!(f, "  if to one of {any_of:?}")?,
            }
        }
        writeln!(f, "  then {}", ActionText(&promotion.action))
    }
}

struct ActionText<'a>(&'a Action);

impl fmt::Display for ActionText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Action::Percent { of, off } => write!(f, "{} ppm off {}", off.ppm(), SelectorText(of)),
            Action::Fixed { of, off, per } => write!(f, "{off} per {per:?} off {}", SelectorText(of)),
            Action::FixedPrice { of, price } => write!(f, "{price} for each of {}", SelectorText(of)),
            Action::BuyGet { buy, buy_of, get, get_of, off, most } => write!(
                f,
                "buy {buy} of {}, get {get} of {} at {} ppm off, most {most:?}",
                SelectorText(buy_of),
                SelectorText(get_of),
                off.ppm()
            ),
            Action::CheapestFree { of, of_each, most } => {
                write!(f, "cheapest of each {of_each} of {} free, most {most:?}", SelectorText(of))
            }
            Action::OrderPercent { off } => write!(f, "{} ppm off the order", off.ppm()),
            Action::OrderFixed { off } => write!(f, "{off} off the order"),
            Action::FreeGift { variant, quantity } => {
                write!(f, "{quantity} × v{} as a gift", number(variant.uuid()))
            }
            Action::FreeShipping { methods, most } => {
                write!(f, "free shipping by {methods:?}, most {most:?}")
            }
        }
    }
}

struct SelectorText<'a>(&'a Selector);

impl fmt::Display for SelectorText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.0;
        let mut words: Vec<String> = vec![];
        for (sign, products, variants, collections, tags) in [
            ("", &of.products, &of.variants, &of.collections, &of.tags),
            ("not ", &of.not_products, &of.not_variants, &of.not_collections, &of.not_tags),
        ] {
            words.extend(products.iter().map(|one| format!("{sign}p{}", number(one.uuid()))));
            words.extend(variants.iter().map(|one| format!("{sign}v{}", number(one.uuid()))));
            words.extend(collections.iter().map(|one| format!("{sign}c{}", number(one.uuid()))));
            words.extend(tags.iter().map(|one| format!("{sign}{one:?}")));
        }
        if words.is_empty() { f.write_str("everything") } else { write!(f, "[{}]", words.join(", ")) }
    }
}

/// The number of an id of a random cart.
fn number(id: Uuid) -> u32 {
    u32::try_from(id.as_u128()).unwrap_or(u32::MAX)
}

/// A moment in milliseconds after [`NOW`].
fn ago(at: Option<primitives::Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| format!("{:+}", at.millis() - NOW.millis()))
}
