//! What an edit would do, from what is known now: the preview, and what the edit then does. The order is a [`Sheet`] while
//! its changes are written into it (`sheet`), and then adds up to a plan (`outcome`).

mod outcome;
mod sheet;

use std::collections::HashMap;
use std::sync::Arc;

use platform::{Ctx, Error, TenantDb};
use primitives::{Currency, FieldError, Money, OrderLineId, PriceListId, UserId, VariantId};
use sea_orm::ColumnTrait;
use serde::de::DeserializeOwned;

use super::money::MoneyEffect;
use super::sums;
use super::{Changes, EditPreview, EditedLine, StockEffect, editable};
use crate::currency;
use crate::customer::{self, Standing};
use crate::entity::{order_line, orders, payment as payment_row};
use crate::error::Result;
use crate::order::fact::LineChange;
use crate::order::read::currency_of;
use crate::price::ask::Asking;
use crate::price::rows as listed;
use crate::promotion::book::Book;
use crate::settings::Versioned;
use crate::view::{DiscountView, ExemptionView, Totals};
use sheet::Sheet;

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
