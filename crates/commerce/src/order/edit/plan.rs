//! What an edit would do, from what is known now: the preview, and what the edit then does.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use catalog::view::{Offer, Picture};
use platform::{Ctx, Error, TenantDb};
use pricing::{Destination, Line, QuotedLine, Request, ShippingTax, Shopper, TaxCategory};
use primitives::{
    Country, Currency, Email, FieldError, Money, MoneyError, OrderId, OrderLineId, PriceListId, Quantity,
    Rate, UserId, VariantId,
};
use sea_orm::ColumnTrait;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::money::{self, MoneyEffect};
use super::sums::{self, Delivery, Mode, Rated, Work};
use super::{Changes, EditPreview, EditedLine, MAX_CHANGES, MAX_LINES, StockEffect, editable};
use crate::address;
use crate::currency;
use crate::customer::{self, Standing};
use crate::entity::{order_line, orders, payment as payment_row};
use crate::error::{CommerceError, Result};
use crate::order::fact::LineChange;
use crate::order::read::currency_of;
use crate::price::ask::Asking;
use crate::price::rows as listed;
use crate::promotion::book::Book;
use crate::settings::Versioned;
use crate::view::{Address, DiscountView, ExemptionView, TaxShare, Totals};

/// What the shop says today.
pub(super) struct Today {
    pub settings: Arc<Versioned>,
    pub book: Arc<Book>,
}

/// The order that is edited.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub ctx: &'a Ctx,
    pub today: &'a Today,
    pub row: &'a orders::Model,
    pub payment: Option<&'a payment_row::Model>,
}

/// A line before and after; missing before when it is new, after when it is taken away.
pub(super) struct Planned {
    pub before: Option<order_line::Model>,
    pub after: Option<order_line::Model>,
}

/// What an edit would do.
pub(super) struct Plan {
    pub before: orders::Model,
    /// As it would be, but for its version, its state and what was received.
    pub after: orders::Model,
    pub lines: Vec<Planned>,
    /// By variant, in the order of their ids.
    pub stock: Vec<StockEffect>,
    pub money: MoneyEffect,
    /// Another address, and other contact.
    pub moved: (bool, bool),
    problems: Vec<FieldError>,
    /// What is short; the statement that takes it decides.
    short: Vec<FieldError>,
}

impl Plan {
    /// Why it cannot be done, but for the stock.
    pub fn wrong(&self) -> Vec<FieldError> {
        self.problems.clone()
    }

    pub fn currency(&self) -> Result<Currency> {
        Ok(currency_of(&self.before.currency)?)
    }

    /// What changed about which thing.
    pub fn changes(&self) -> Vec<LineChange> {
        let change = |line: &Planned| {
            let known = line.after.as_ref().or(line.before.as_ref())?;
            let pieces = |row: &Option<order_line::Model>| row.as_ref().map_or(0, |row| row.quantity);
            let given = |row: &Option<order_line::Model>| row.as_ref().map_or(0, given_of);
            let (before, after) = (pieces(&line.before), pieces(&line.after));
            let discount =
                (given(&line.before) != given(&line.after) && after != 0).then(|| given(&line.after));
            let title = match known.variant_title.as_str() {
                "" => known.title.clone(),
                variant => format!("{}, {variant}", known.title),
            };
            let variant_id = VariantId::from_uuid(known.variant_id);
            (before != after || discount.is_some()).then_some(LineChange {
                variant_id,
                title,
                before,
                after,
                discount,
            })
        };
        self.lines.iter().filter_map(change).collect()
    }

    pub fn preview(&self) -> Result<EditPreview> {
        let currency = self.currency()?;
        let money = |minor| Money::new(minor, currency);
        let line = |line: &Planned| {
            let known = line.after.as_ref().or(line.before.as_ref())?;
            let after = line.after.as_ref();
            Some(EditedLine {
                line: line.before.as_ref().map(|row| OrderLineId::from_uuid(row.id)),
                variant: VariantId::from_uuid(known.variant_id),
                title: known.title.clone(),
                variant_title: known.variant_title.clone(),
                sku: known.sku.clone(),
                before: line.before.as_ref().map_or(0, |row| row.quantity),
                quantity: after.map_or(0, |row| row.quantity),
                unit: money(known.unit_minor),
                discount: money(after.map_or(0, |row| row.discount_minor)),
                total: money(after.map_or(0, |row| left_of(row, self.before.includes_tax))),
                tax: money(after.map_or(0, |row| row.tax_minor)),
            })
        };
        Ok(EditPreview {
            version: self.before.version,
            lines: self.lines.iter().filter_map(line).collect(),
            before: totals(&self.before, currency)?,
            after: totals(&self.after, currency)?,
            difference: money(self.after.total_minor - self.before.total_minor),
            money: self.money,
            stock: self.stock.clone(),
            problems: self.problems.iter().chain(&self.short).cloned().collect(),
        })
    }
}

/// What is left of a line, in the order's mode.
fn left_of(row: &order_line::Model, includes_tax: bool) -> i64 {
    if includes_tax { row.gross_minor } else { row.net_minor }.saturating_add(row.relief_minor)
}

fn given_of(row: &order_line::Model) -> i64 {
    let discounts: Vec<DiscountView> = serde_json::from_str(&row.discounts).unwrap_or_default();
    discounts.iter().filter(|one| one.promotion == sums::by_hand()).map(|one| one.amount.minor).sum()
}

fn totals(row: &orders::Model, currency: Currency) -> Result<Totals> {
    let money = |minor| Money::new(minor, currency);
    Ok(Totals {
        subtotal: money(row.subtotal_minor),
        discount: money(row.discount_minor.saturating_sub(row.relief_minor)),
        discounts: json(&row.discounts)?,
        shipping: Some(money(row.shipping_minor)),
        tax: money(row.tax_minor),
        taxes: json(&row.taxes)?,
        total: money(row.total_minor),
        includes_tax: row.includes_tax,
        exemption: (!row.exempt_reason.is_empty()).then(|| ExemptionView {
            reason: row.exempt_reason.clone(),
            number: row.tax_number.clone(),
            relief: money(row.relief_minor),
        }),
    })
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_str(text).map_err(Error::internal)?)
}

fn text<T: serde::Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value).map_err(Error::internal)?)
}

/// Looks at everything that an edit is about.
///
/// # Errors
/// `NOT_FOUND` for a line or a variant that is not there.
pub(super) async fn plan(rows: &TenantDb, known: Known<'_>, changes: &Changes) -> Result<Plan> {
    let lines = rows
        .find::<order_line::Entity>()
        .filter(order_line::Column::OrderId.eq(known.row.id))
        .order_by_asc(order_line::Column::Position)
        .all()
        .await?;
    let mut sheet = Sheet::open(known, lines)?;
    if let Err(why) = editable(known.row, known.payment) {
        sheet.wrong("state", why);
    }
    if !sheet.is_bounded(changes) {
        // Nothing of it is looked at, least of all in the catalogue.
        let none = Changes::default();
        let destination = sheet.contact(&none)?;
        return sheet.finish(&none, &HashMap::new(), &destination);
    }
    sheet.resize(changes)?;
    sheet.give(changes)?;
    let offers = sheet.offers(rows, changes).await?;
    let destination = sheet.contact(changes)?;
    let standing = match known.row.user_id {
        Some(user) if known.today.book.standing => customer::standing(rows, UserId::from_uuid(user)).await?,
        _ => Standing::default(),
    };
    let prices = match changes.add.is_empty() {
        true => Vec::new(),
        false => {
            let lists: Vec<PriceListId> = known.today.book.lists.iter().map(|list| list.id).collect();
            let variants: Vec<VariantId> = changes.add.iter().map(|new| new.variant).collect();
            listed::of_variants(rows, &lists, &variants).await?
        }
    };
    let tenant = known.ctx.tenant();
    let asking = Asking {
        tenant,
        settings: &known.today.settings,
        lists: &known.today.book.lists,
        prices: &prices,
        groups: &standing.groups,
        destination: &destination,
        at: known.ctx.now(),
        // At the rate that it was placed at, as everything else of it.
        exchange: currency::of_order(tenant.currency, &known.row.currency, &known.row.exchange_rate)?,
    };
    sheet.add(changes, &offers, &asking)?;
    sheet.finish(changes, &offers, &destination)
}

/// An order while it is edited.
struct Sheet<'a> {
    known: Known<'a>,
    currency: Currency,
    mode: Mode,
    lines: Vec<order_line::Model>,
    old: Vec<Work>,
    works: Vec<Work>,
    /// What stands in the rows of new lines.
    new: Vec<order_line::Model>,
    after: orders::Model,
    moved: (bool, bool),
    problems: Vec<FieldError>,
}

impl<'a> Sheet<'a> {
    fn open(known: Known<'a>, lines: Vec<order_line::Model>) -> Result<Self> {
        let row = known.row;
        let work = |line: &order_line::Model| -> Result<Work> {
            let left = left_of(line, row.includes_tax);
            Ok(Work {
                quantity: line.quantity,
                full: line.discount_minor.checked_add(left).ok_or(MoneyError::Overflow)?,
                discounts: json(&line.discounts)?,
                rate: Rate::from_ppm(line.rate_ppm),
                rate_name: None,
                taxed: primitives::tax::TaxedLine {
                    net: line.net_minor,
                    tax: line.tax_minor,
                    gross: line.gross_minor,
                },
                relief: line.relief_minor,
                changed: false,
            })
        };
        let old: Vec<Work> = lines.iter().map(work).collect::<Result<_>>()?;
        Ok(Self {
            currency: currency_of(&row.currency)?,
            mode: Mode {
                includes_tax: row.includes_tax,
                exempt: !row.exempt_reason.is_empty(),
                rounding: known.today.settings.settings.rounding,
            },
            works: old.clone(),
            old,
            lines,
            new: Vec::new(),
            after: row.clone(),
            moved: (false, false),
            problems: Vec::new(),
            known,
        })
    }

    fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(FieldError::new(field, message));
    }

    /// Whether it is not too much at once; else says so.
    fn is_bounded(&mut self, changes: &Changes) -> bool {
        let n_problems = self.problems.len();
        for (field, n) in [
            ("quantities", changes.quantities.len()),
            ("add", changes.add.len()),
            ("discounts", changes.discounts.len()),
        ] {
            if MAX_CHANGES < n {
                self.wrong(field, format!("change at most {MAX_CHANGES} at once"));
            }
        }
        if MAX_LINES < self.lines.len() + changes.add.len() {
            self.wrong("add", format!("an order has at most {MAX_LINES} lines"));
        }
        self.problems.len() == n_problems
    }

    fn at(&self, line: OrderLineId) -> Result<usize> {
        let at = self.lines.iter().position(|row| row.id == line.uuid());
        at.ok_or_else(|| CommerceError::not_found(OrderLineId::KIND))
    }

    fn amount(&mut self, field: String, text: &str) -> Option<i64> {
        match Money::parse_decimal(text.trim(), self.currency) {
            Ok(money) if 0 <= money.minor => return Some(money.minor),
            Ok(_) => self.wrong(field, "must not be less than nothing"),
            Err(error) => self.wrong(field, error.to_string()),
        }
        None
    }

    fn resize(&mut self, changes: &Changes) -> Result<()> {
        let mut seen = HashSet::new();
        for (n, wanted) in changes.quantities.iter().enumerate() {
            let at = self.at(wanted.line)?;
            let row = &self.lines[at];
            let field = format!("quantities.{n}.quantity");
            let least = row.sent.max(row.returned).max(row.refunded);
            let most = if row.gift { row.quantity } else { i64::from(Quantity::MAX) };
            let words = match (wanted.quantity, row.gift) {
                _ if !seen.insert(wanted.line) => Some("say it once for each line".to_owned()),
                (pieces, _) if pieces < least && least == 1 => {
                    Some("1 piece of it has left, which cannot be taken away".to_owned())
                }
                (pieces, _) if pieces < least => {
                    Some(format!("{least} pieces of it have left, which cannot be taken away"))
                }
                (pieces, true) if most < pieces => {
                    Some("it was given away: there can only be less of it".to_owned())
                }
                (pieces, _) if !(0..=most).contains(&pieces) => Some(format!("must be 0 to {most}")),
                _ => None,
            };
            match words {
                Some(words) => self.wrong(field, words),
                None => self.works[at].resize(wanted.quantity, self.lines[at].unit_minor)?,
            }
        }
        Ok(())
    }

    fn give(&mut self, changes: &Changes) -> Result<()> {
        let mut seen = HashSet::new();
        for (n, wanted) in changes.discounts.iter().enumerate() {
            let at = self.at(wanted.line)?;
            let field = format!("discounts.{n}.amount");
            if !seen.insert(wanted.line) {
                self.wrong(field, "say it once for each line");
                continue;
            }
            let Some(amount) = self.amount(field.clone(), &wanted.amount) else { continue };
            let most = self.works[at].givable()?;
            if most < amount {
                let most = Money::new(most, self.currency);
                self.wrong(field, format!("must be at most {most}, what is left of the line"));
                continue;
            }
            self.works[at].give(amount, self.currency);
        }
        Ok(())
    }

    /// What the catalogue has of what is added, and of what there is to be more of.
    async fn offers(&mut self, rows: &TenantDb, changes: &Changes) -> Result<HashMap<VariantId, Offer>> {
        let more = self.works.iter().zip(&self.lines).filter(|(work, row)| row.quantity < work.quantity);
        let mut variants: Vec<VariantId> =
            more.map(|(_, row)| VariantId::from_uuid(row.variant_id)).collect();
        variants.extend(changes.add.iter().map(|new| new.variant));
        if variants.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(catalog::query::offers(rows, &variants).await?)
    }

    /// Takes over contact and address; gives back where the order goes.
    fn contact(&mut self, changes: &Changes) -> Result<Destination> {
        let row = self.known.row;
        let here: Address = json(&row.address)?;
        let destination = destination_of(&here, &row.country)?;
        let mut address = here.clone();
        if let Some(wanted) = &changes.address {
            let home = self.known.ctx.tenant().country;
            let phone = changes.phone.clone().unwrap_or_else(|| wanted.phone.clone());
            let wanted = Address { phone, ..wanted.clone() };
            let settings = self.known.today.settings.clone();
            let mut countries = settings.settings.countries(home);
            // Where it was sent to before it can be sent to still.
            countries.extend(Country::parse(&row.country).ok());
            match address::check_address(&wanted, &countries) {
                Err(wrong) => self.problems.extend(wrong),
                Ok(checked) if checked.country.as_str() != row.country => self.wrong(
                    "address.country",
                    "another country has other taxes and deliveries: cancel or refund this order and place another one",
                ),
                Ok(checked) => {
                    let there = checked.destination();
                    if settings.zone(&destination, home) != settings.zone(&there, home) {
                        let text = "goods are taxed otherwise there: cancel or refund this order and place another one";
                        self.wrong("address.region", text);
                    }
                    address = checked.address;
                }
            }
            if 0 < row.n_sent && (Address { phone: here.phone.clone(), ..address.clone() }) != here {
                self.wrong("address", "a part of it has left already: only the phone can be changed");
            }
        } else if let Some(phone) = &changes.phone {
            let phone = phone.trim();
            if phone.chars().any(char::is_control) || 40 < phone.chars().count() {
                self.wrong("phone", "use at most 40 characters of plain text");
            } else {
                phone.clone_into(&mut address.phone);
            }
        }
        if let Some(email) = &changes.email {
            match Email::parse(email.trim()) {
                Ok(email) => email.as_str().clone_into(&mut self.after.email),
                Err(_) => self.wrong("email", "enter an address such as maud@example.com"),
            }
        }
        let phone = address.phone != here.phone;
        self.moved = (
            Address { phone: String::new(), ..address.clone() } != Address { phone: String::new(), ..here },
            phone || self.after.email != row.email,
        );
        if self.moved.0 || phone {
            self.after.name.clone_from(&address.name);
            self.after.address = text(&address)?;
        }
        Ok(destination)
    }

    /// New lines, at the prices and rates of today, without promotions.
    fn add(
        &mut self,
        changes: &Changes,
        offers: &HashMap<VariantId, Offer>,
        asking: &Asking<'_>,
    ) -> Result<()> {
        if changes.add.is_empty() {
            return Ok(());
        }
        let tenant = asking.tenant;
        let mut lines = Vec::with_capacity(changes.add.len());
        let mut chosen = Vec::with_capacity(changes.add.len());
        for (n, new) in changes.add.iter().enumerate() {
            let offer = offers.get(&new.variant);
            let offer = offer.ok_or_else(|| CommerceError::not_found(VariantId::KIND))?;
            let Ok(quantity) = Quantity::new(new.quantity) else {
                self.wrong(format!("add.{n}.quantity"), format!("must be 1 to {}", Quantity::MAX));
                continue;
            };
            if !offer.published {
                self.wrong(format!("add.{n}.variantId"), format!("{} is not sold now", offer.title));
                continue;
            }
            if offer.requires_shipping && self.known.row.shipping_method.is_empty() {
                let text = format!("{} has to be sent, and this order has no delivery", offer.title);
                self.wrong(format!("add.{n}.variantId"), text);
                continue;
            }
            let unit = asking.unit(offer, quantity.get())?;
            lines.push(Line {
                variant: offer.variant,
                product: offer.product,
                collections: Vec::new(),
                tags: offer.tags.clone(),
                unit: unit.written,
                unit_includes_tax: unit.includes_tax,
                quantity,
                tax_category: offer.tax_category.clone(),
                grams: offer.weight_grams,
                requires_shipping: offer.requires_shipping,
                discountable: true,
            });
            chosen.push(offer);
        }
        let quote = pricing::quote(&Request {
            currency: self.currency,
            includes_tax: self.mode.includes_tax,
            rounding: self.mode.rounding,
            at: asking.at,
            destination: asking.destination.clone(),
            shopper: Shopper { groups: asking.groups.clone(), orders_before: 0, exempt: self.mode.exempt },
            lines,
            gifts: Vec::new(),
            codes: Vec::new(),
            zone: asking.settings.zone(asking.destination, tenant.country),
            promotions: &[],
            shipping: None,
        })?;
        let first = self.lines.last().map_or(0, |line| line.position.saturating_add(1));
        for ((position, quoted), offer) in (first..).zip(&quote.lines).zip(chosen) {
            self.works.push(Work {
                quantity: i64::from(quoted.quantity),
                full: quoted.amount,
                discounts: Vec::new(),
                rate: quoted.rate,
                rate_name: Some(quoted.rate_name.clone()),
                taxed: quoted.taxed,
                relief: quoted.relief,
                // By rate, the tax of the others is to be found anew, too.
                changed: !self.mode.exempt,
            });
            self.new.push(new_line(self.known.row, position, quoted, offer)?);
        }
        Ok(())
    }

    fn finish(
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

fn destination_of(address: &Address, country: &str) -> Result<Destination> {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(Destination {
        country: Country::parse(country).map_err(Error::internal)?,
        region: some(&address.region),
        postal_code: some(&address.postal_code),
    })
}

fn new_line(
    order: &orders::Model,
    position: i64,
    quoted: &QuotedLine,
    offer: &Offer,
) -> Result<order_line::Model> {
    let picture = |picture: &Picture| text(picture);
    Ok(order_line::Model {
        tenant_id: order.tenant_id,
        id: OrderLineId::new().uuid(),
        order_id: OrderId::from_uuid(order.id).uuid(),
        position,
        variant_id: offer.variant.uuid(),
        product_id: offer.product.uuid(),
        slug: offer.slug.clone(),
        title: offer.title.clone(),
        variant_title: offer.variant_title.clone(),
        sku: offer.sku.clone(),
        picture: offer.picture.as_ref().map(picture).transpose()?,
        quantity: i64::from(quoted.quantity),
        unit_minor: quoted.unit,
        net_minor: quoted.taxed.net,
        tax_minor: quoted.taxed.tax,
        gross_minor: quoted.taxed.gross,
        rate_ppm: quoted.rate.ppm(),
        discount_minor: 0,
        discounts: "[]".to_owned(),
        gift: false,
        relief_minor: quoted.relief,
        sent: 0,
        returned: 0,
        refunded: 0,
    })
}
