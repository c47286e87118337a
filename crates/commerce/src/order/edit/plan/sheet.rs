//! An order with what somebody wants to be different, line by line; what of it cannot be is said at its field.

use std::collections::{HashMap, HashSet};

use catalog::view::{Offer, Picture};
use platform::{Error, TenantDb};
use pricing::{Destination, Line, QuotedLine, Request, Shopper};
use primitives::{
    Country, Currency, Email, FieldError, Money, MoneyError, OrderId, OrderLineId, Quantity, Rate, VariantId,
};

use super::{Known, json, left_of, text};
use crate::address::{self, Needs};
use crate::entity::{order_line, orders};
use crate::error::{CommerceError, Result};
use crate::order::edit::sums::{Mode, Work};
use crate::order::edit::{Changes, MAX_CHANGES, MAX_LINES};
use crate::order::read::currency_of;
use crate::price::ask::Asking;
use crate::view::Address;

/// An order while it is edited.
pub(super) struct Sheet<'a> {
    pub(super) known: Known<'a>,
    pub(super) currency: Currency,
    pub(super) mode: Mode,
    pub(super) lines: Vec<order_line::Model>,
    pub(super) old: Vec<Work>,
    pub(super) works: Vec<Work>,
    /// What stands in the rows of new lines.
    pub(super) new: Vec<order_line::Model>,
    pub(super) after: orders::Model,
    pub(super) moved: (bool, bool),
    pub(super) problems: Vec<FieldError>,
}

impl<'a> Sheet<'a> {
    pub(super) fn open(known: Known<'a>, lines: Vec<order_line::Model>) -> Result<Self> {
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

    pub(super) fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.problems.push(FieldError::new(field, message));
    }

    /// Whether it is not too much at once; else says so.
    pub(super) fn is_bounded(&mut self, changes: &Changes) -> bool {
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

    pub(super) fn amount(&mut self, field: String, text: &str) -> Option<i64> {
        match Money::parse_decimal(text.trim(), self.currency) {
            Ok(money) if 0 <= money.minor => return Some(money.minor),
            Ok(_) => self.wrong(field, "must not be less than nothing"),
            Err(error) => self.wrong(field, error.to_string()),
        }
        None
    }

    pub(super) fn resize(&mut self, changes: &Changes) -> Result<()> {
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

    pub(super) fn give(&mut self, changes: &Changes) -> Result<()> {
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
    pub(super) async fn offers(
        &mut self,
        rows: &TenantDb,
        changes: &Changes,
    ) -> Result<HashMap<VariantId, Offer>> {
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
    pub(super) fn contact(&mut self, changes: &Changes) -> Result<Destination> {
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
            let needs = if row.pickup_place.is_some() { Needs::Name } else { Needs::Address };
            match address::check_address(&wanted, &countries, needs) {
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
    pub(super) fn add(
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
