//! What a changed order adds up to: its sums, its rows, its stock and its money.

use std::collections::{BTreeMap, HashMap};

use catalog::view::Offer;
use pricing::{Destination, ShippingTax, TaxCategory};
use primitives::{FieldError, Money, MoneyError, Rate, VariantId};
use uuid::Uuid;

use super::sheet::Sheet;
use super::{Plan, Planned, json, text};
use crate::error::Result;
use crate::order::edit::money::{self, MoneyEffect};
use crate::order::edit::sums::{self, Delivery, Rated, Work};
use crate::order::edit::{Changes, StockEffect};
use crate::view::{DiscountView, TaxShare};

impl Sheet<'_> {
    pub(super) fn finish(
        mut self,
        changes: &Changes,
        offers: &HashMap<VariantId, Offer>,
        destination: &Destination,
    ) -> Result<Plan> {
        let row = self.known.row;
        let before: Vec<i64> = self.old.iter().map(Work::left).collect::<Result<_, _>>()?;
        self.mode.tax(&mut self.works, &before)?;
        let was = {
            let taxes: Vec<TaxShare> = json(&row.taxes)?;
            let relief = row.relief_minor - sums::sum(self.old.iter().map(|work| work.relief))?;
            self.mode.delivery(&self.old, &taxes, row.shipping_minor, relief)?
        };
        let wanted = match &changes.shipping {
            Some(text) => self.amount("shipping".to_owned(), text),
            None => None,
        };
        let is = match wanted {
            Some(_) if row.shipping_method.is_empty() => {
                self.wrong("shipping", "nothing of this order is sent");
                was.clone()
            }
            Some(amount) if amount != was.amount => {
                self.mode.redeliver(&was, amount, &self.delivery_today(destination))?
            }
            _ => was.clone(),
        };
        self.sum_up(&was, &is)?;
        let lines = self.rows()?;
        let (stock, short) = self.stock(changes, offers);
        if self.after.n_items == 0 {
            let text = match row.state.as_str() {
                "paid" => "nothing would be left of it: refund the order instead",
                _ => "nothing would be left of it: cancel the order instead",
            };
            self.wrong("quantities", text);
        }
        let unchanged = lines.iter().all(|line| line.before == line.after);
        if self.problems.is_empty() && unchanged && self.after == *row {
            self.wrong("changes", "nothing would change");
        }
        let currency = self.currency;
        let in_currency = |minor| Money::new(minor, currency);
        let money =
            match money::effect(row, &self.after, self.known.payment, changes.rest_received, in_currency) {
                Ok(money) => money,
                Err(why) => {
                    // Of an order without pieces that is said already.
                    if 0 < self.after.n_items {
                        self.problems.push(why);
                    }
                    MoneyEffect::Nothing
                }
            };
        Ok(Plan {
            before: row.clone(),
            after: self.after,
            lines,
            stock,
            money,
            moved: self.moved,
            problems: self.problems,
            short,
        })
    }

    /// How the shop would tax a delivery now: the rates with their weights.
    fn delivery_today(&self, destination: &Destination) -> Vec<Rated> {
        let (ctx, settings) = (self.known.ctx, &self.known.today.settings);
        let Some(zone) = settings.zone(destination, ctx.tenant().country) else { return Vec::new() };
        let method = settings
            .methods(destination.country)
            .find(|method| method.id == self.known.row.shipping_method)
            .and_then(|method| method.tax_category.as_ref());
        let at = |category: &TaxCategory| {
            let (rate, name) = zone.rate(category, ctx.now());
            vec![(rate, Some(name.to_owned()), 1)]
        };
        match (method, &zone.shipping) {
            (Some(category), _) | (None, ShippingTax::Category(category)) => at(category),
            (None, ShippingTax::Untaxed) => Vec::new(),
            (None, ShippingTax::Weighted) => {
                let mut rates: BTreeMap<std::cmp::Reverse<Rate>, (Option<String>, i64)> = BTreeMap::new();
                for work in self.works.iter().filter(|work| 0 < work.quantity) {
                    let entry = rates.entry(std::cmp::Reverse(work.rate)).or_default();
                    entry.0 = entry.0.take().or_else(|| work.rate_name.clone());
                    entry.1 = entry.1.saturating_add(work.left().unwrap_or(0));
                }
                rates.into_iter().map(|(rate, (name, weight))| (rate.0, name, weight)).collect()
            }
        }
    }

    /// The sums as those of rounded lines and of the delivery.
    fn sum_up(&mut self, was: &Delivery, is: &Delivery) -> Result<()> {
        let kept: Vec<&Work> = self.works.iter().filter(|work| 0 < work.quantity).collect();
        let add = |one: i64, other: i64| one.checked_add(other).ok_or(MoneyError::Overflow);
        let subtotal = sums::sum(kept.iter().map(|work| work.full))?;
        let off: Vec<i64> = kept.iter().map(|work| work.discount()).collect::<Result<_, _>>()?;
        let relief = add(sums::sum(kept.iter().map(|work| work.relief))?, is.relief)?;
        let discount = add(sums::sum(off)?, relief)?;
        let delivered: Vec<i64> = is.parts.iter().map(|part| part.taxed.tax).collect();
        let tax = add(sums::sum(kept.iter().map(|work| work.taxed.tax))?, sums::sum(delivered)?)?;
        let goods = add(subtotal, is.amount)? - discount;
        let changed = (&self.old[..], &self.works[..]);
        let taxes: Vec<TaxShare> = json(&self.known.row.taxes)?;
        let discounts: Vec<DiscountView> = json(&self.known.row.discounts)?;
        let shares = sums::shares(&taxes, changed, (was, is), self.currency)?;
        let named = sums::discounts(&discounts, changed, was.amount != is.amount)?;
        let n_items = kept.iter().map(|work| work.quantity).sum();
        let after = &mut self.after;
        after.n_items = n_items;
        after.subtotal_minor = subtotal;
        after.discount_minor = discount;
        after.relief_minor = relief;
        after.shipping_minor = is.amount;
        after.tax_minor = tax;
        after.total_minor = if self.mode.includes_tax { goods } else { add(goods, tax)? };
        if shares != taxes {
            after.taxes = text(&shares)?;
        }
        if named != discounts {
            after.discounts = text(&named)?;
        }
        Ok(())
    }

    /// The lines as their rows would be.
    fn rows(&self) -> Result<Vec<Planned>> {
        let mut lines = Vec::with_capacity(self.works.len());
        let placed = self.lines.iter().map(Some).chain(std::iter::repeat(None));
        for ((at, work), before) in self.works.iter().enumerate().zip(placed) {
            let known = before.or_else(|| self.new.get(at - self.lines.len()));
            let Some(known) = known else { continue };
            let mut after = known.clone();
            after.quantity = work.quantity;
            after.net_minor = work.taxed.net;
            after.tax_minor = work.taxed.tax;
            after.gross_minor = work.taxed.gross;
            after.relief_minor = work.relief;
            after.discount_minor = work.discount()?;
            if json::<Vec<DiscountView>>(&known.discounts)? != work.discounts {
                after.discounts = text(&work.discounts)?;
            }
            lines.push(Planned { before: before.cloned(), after: (0 < work.quantity).then_some(after) });
        }
        Ok(lines)
    }

    /// What is taken from the shelves by variant and what is given back, and what is short of it.
    fn stock(
        &self,
        changes: &Changes,
        offers: &HashMap<VariantId, Offer>,
    ) -> (Vec<StockEffect>, Vec<FieldError>) {
        let mut taken: BTreeMap<VariantId, (i64, String, String)> = BTreeMap::new();
        for (work, row) in self.works.iter().zip(self.lines.iter().chain(&self.new)) {
            let variant = VariantId::from_uuid(row.variant_id);
            let is_new = self.new.iter().any(|new| new.id == row.id);
            let before = if is_new { 0 } else { row.quantity };
            let at = |id: Uuid| changes.quantities.iter().position(|one| one.line.uuid() == id);
            let field = match (is_new, at(row.id)) {
                (false, Some(n)) => format!("quantities.{n}.quantity"),
                _ => {
                    let n = changes.add.iter().position(|new| new.variant == variant).unwrap_or(0);
                    format!("add.{n}.quantity")
                }
            };
            let entry = taken.entry(variant).or_insert((0, row.title.clone(), field.clone()));
            if before < work.quantity {
                entry.2 = field;
            }
            entry.0 += work.quantity - before;
        }
        let mut stock = Vec::new();
        let mut short = Vec::new();
        for (variant, (pieces, title, field)) in taken {
            if pieces == 0 {
                continue;
            }
            let available = offers.get(&variant).and_then(|offer| offer.available);
            match (offers.get(&variant), available) {
                (None, _) if 0 < pieces => {
                    short.push(FieldError::new(field, format!("{title} is no longer sold")));
                }
                (_, Some(left)) if left < pieces => {
                    let text = format!("only {} more of {title} can be had", left.max(0));
                    short.push(FieldError::new(field, text));
                }
                _ => {}
            }
            stock.push(StockEffect { variant, title, taken: pieces, available });
        }
        (stock, short)
    }
}
