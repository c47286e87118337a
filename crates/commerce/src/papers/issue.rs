//! Making papers: what stands on them, their numbers, and what money that goes back does to them.

use paper::{Bill, BillKind, BillLine, Deduction, Paid, Party, TaxPart};
use platform::{Ctx, Error, Tx};
use primitives::{Timestamp, distribute, round_half_away};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use uuid::Uuid;

use super::seller::Seller;
use super::{PaperKind, current, gone, issued, of_order, taken_back};
use crate::entity::{orders, paper as row};
use crate::error::Result;
use crate::order::desk::state_of;
use crate::order::read;
use crate::settings::CommerceSettings;
use crate::view::{OrderState, OrderView};

/// An order has changed: when more of it has gone back than its papers say, a credit note says the rest.
pub(crate) async fn settle(
    tx: &Tx,
    before: &orders::Model,
    order: &orders::Model,
    now: Timestamp,
) -> Result<()> {
    let given_up = order.state != before.state && state_of(order) == OrderState::Cancelled;
    if gone(order) <= gone(before) && !given_up {
        return Ok(());
    }
    let known = of_order(tx, order.id).await?;
    match current(&known) {
        Some(invoice) => credit(tx, order, invoice, &notes_of(&known, invoice)?, now).await,
        None => Ok(()),
    }
}

/// The credit notes that take something of an invoice back.
fn notes_of(papers: &[row::Model], invoice: &row::Model) -> Result<Vec<row::Model>> {
    let mut notes = Vec::new();
    for row in papers.iter().filter(|row| row.kind == PaperKind::CreditNote.as_str()) {
        if matches!(issued(row)?.bill.what, BillKind::CreditNote { invoice: of, .. } if of == invoice.number)
        {
            notes.push(row.clone());
        }
    }
    Ok(notes)
}

/// An order with an invoice was edited: a credit note takes back what is left of it, and another invoice says how the
/// order is now. An order without one has nothing to replace.
pub(crate) async fn replace(
    tx: &Tx,
    ctx: &Ctx,
    settings: &CommerceSettings,
    seller: &Seller,
    order: &orders::Model,
) -> Result<()> {
    let now = ctx.now();
    let known = of_order(tx, order.id).await?;
    let Some(invoice) = current(&known) else { return Ok(()) };
    let notes = notes_of(&known, invoice)?;
    let said: i64 = notes.iter().map(|note| note.total_minor).sum();
    note(tx, order, invoice, &notes, invoice.total_minor - said, now).await?;
    let view = read::held(tx, settings, order.clone(), now).await?;
    let next = store(tx, order, bill_of(ctx, &view, seller)?, buyer_of(&view)).await?;
    // What went back before, the new one has to say again.
    credit(tx, order, &next, &[], now).await
}

/// A credit note for what has gone back and is on none of `notes`.
pub(super) async fn credit(
    tx: &Tx,
    order: &orders::Model,
    invoice: &row::Model,
    notes: &[row::Model],
    now: Timestamp,
) -> Result<()> {
    let said: i64 = notes.iter().map(|note| note.total_minor).sum();
    let amount = taken_back(order, invoice.total_minor).saturating_sub(said);
    note(tx, order, invoice, notes, amount, now).await
}

/// A credit note for `amount`, minor units; none for nothing.
async fn note(
    tx: &Tx,
    order: &orders::Model,
    invoice: &row::Model,
    notes: &[row::Model],
    amount: i64,
    now: Timestamp,
) -> Result<()> {
    if amount <= 0 {
        return Ok(());
    }
    let first = issued(invoice)?.bill;
    let earlier = notes.iter().map(|note| Ok(issued(note)?.bill)).collect::<Result<Vec<Bill>>>()?;
    let bill = Bill {
        // Why money goes back is between the staff; why an order was given up, its customer reads.
        what: BillKind::CreditNote { invoice: first.number, reason: order.cancel_reason.clone() },
        issued_at: now,
        lines: Vec::new(),
        subtotal: 0,
        deductions: Vec::new(),
        delivery: String::new(),
        delivery_amount: 0,
        taxes: shares(&first, &earlier, amount)?,
        relief: 0,
        total: amount,
        tenders: Vec::new(),
        due: 0,
        payment: String::new(),
        ..first
    };
    let buyer = invoice.buyer.clone();
    store_row(tx, order, bill, buyer).await?;
    Ok(())
}

/// Net and tax by rate of an amount that goes back of an invoice, of which `earlier` went back already: what is left of
/// each rate decides by largest remainder, so that all of it together is exactly the invoice (MONEY rules 4 and 6).
fn shares(invoice: &Bill, earlier: &[Bill], amount: i64) -> Result<Vec<TaxPart>> {
    let gone = |index: usize, of: fn(&TaxPart) -> i64| {
        earlier.iter().filter_map(|bill| bill.taxes.get(index)).map(of).sum::<i64>()
    };
    let left: Vec<(i64, i64)> = invoice
        .taxes
        .iter()
        .enumerate()
        .map(|(index, part)| {
            (part.net - gone(index, |part| part.net), part.tax - gone(index, |part| part.tax))
        })
        .collect();
    let mut weights: Vec<i64> = left.iter().map(|(net, tax)| net + tax).collect();
    // What no rate was asked for.
    let whole = invoice.total - earlier.iter().map(|bill| bill.total).sum::<i64>();
    weights.push((whole - weights.iter().sum::<i64>()).max(0));
    let parts = distribute(amount, &weights);
    let part = |((named, (net, tax)), share): ((&TaxPart, &(i64, i64)), &i64)| {
        let gross = net + tax;
        let back = match gross {
            0 => 0,
            _ => round_half_away(i128::from(*tax) * i128::from(*share), i128::from(gross))?,
        };
        Ok(TaxPart { net: share - back, tax: back, ..named.clone() })
    };
    invoice.taxes.iter().zip(&left).zip(&parts).map(part).collect()
}

/// Stores a new paper under the next number of its kind.
pub(super) async fn store(tx: &Tx, order: &orders::Model, bill: Bill, buyer: Party) -> Result<row::Model> {
    store_row(tx, order, bill, serde_json::to_string(&buyer).map_err(Error::internal)?).await
}

async fn store_row(tx: &Tx, order: &orders::Model, bill: Bill, buyer: String) -> Result<row::Model> {
    let kind = match bill.what {
        BillKind::Invoice => PaperKind::Invoice,
        BillKind::CreditNote { .. } => PaperKind::CreditNote,
    };
    // The counter's row is locked until the commit; what is rolled back gives its number back.
    let counted = tx
        .raw_all(
            "INSERT INTO paper_counter (tenant_id, kind, last) VALUES ({tenant}, ?, 1) \
             ON CONFLICT (tenant_id, kind) DO UPDATE SET last = paper_counter.last + 1 RETURNING last",
            vec![kind.as_str().into()],
        )
        .await?;
    let counted = counted.first().ok_or_else(|| Error::internal("the counter of papers gave no number"))?;
    let number: i64 = counted.try_get("", "last").map_err(Error::from)?;
    let bill = Bill { number, ..bill };
    let model = row::Model {
        tenant_id: order.tenant_id,
        id: Uuid::now_v7(),
        order_id: order.id,
        kind: kind.as_str().to_owned(),
        number,
        currency: order.currency.clone(),
        total_minor: bill.total,
        document: serde_json::to_string(&bill).map_err(Error::internal)?,
        buyer,
        issued_at: bill.issued_at.millis(),
    };
    tx.insert_many(vec![model.clone().into_active_model().reset_all()]).await?;
    Ok(model)
}

/// What the invoice of an order says; its number comes when it is stored.
pub(super) fn bill_of(ctx: &Ctx, order: &OrderView, seller: &Seller) -> Result<Bill> {
    let totals = &order.totals;
    let currency = totals.total.currency;
    let lines: Vec<BillLine> = order
        .lines
        .iter()
        .map(|line| BillLine {
            title: line.title.clone(),
            variant: line.variant_title.clone(),
            sku: line.sku.clone(),
            quantity: i64::from(line.quantity),
            unit: line.unit.minor,
            discount: line.full.minor - line.total.minor,
            total: line.total.minor,
            rate: line.rate,
            tax: line.tax.minor,
        })
        .collect();
    let off: Vec<Deduction> = totals
        .discounts
        .iter()
        .filter(|discount| discount.delivery && discount.amount.minor != 0)
        .map(|discount| Deduction { name: discount.name.clone(), amount: discount.amount.minor })
        .collect();
    let shipping = totals.shipping.map_or(0, |shipping| shipping.minor);
    let relief = totals.exemption.as_ref().map_or(0, |exemption| exemption.relief.minor);
    let taxes = totals.taxes.iter().map(|share| TaxPart {
        name: share.name.clone(),
        rate: share.rate,
        net: share.net.minor,
        tax: share.tax.minor,
    });
    let tenders = order.tenders.iter().filter(|part| part.amount.minor != 0);
    Ok(Bill {
        what: BillKind::Invoice,
        number: 0,
        issued_at: ctx.now(),
        locale: *ctx.locale(),
        currency,
        order: order.number,
        ordered_at: order.placed_at,
        sent_at: order.fulfilments.first().map(|parcel| parcel.shipped_at),
        seller: seller.party(&ctx.tenant().name),
        includes_tax: totals.includes_tax,
        subtotal: lines.iter().map(|line| line.total).sum(),
        lines,
        delivery: order.shipping_name.clone(),
        delivery_amount: shipping + off.iter().map(|one| one.amount).sum::<i64>(),
        deductions: off,
        taxes: taxes.collect(),
        exemption: totals.exemption.as_ref().map(|exemption| exemption.reason.clone()).unwrap_or_default(),
        relief,
        total: totals.total.minor,
        tenders: tenders.map(|part| Paid { name: part.name.clone(), amount: part.amount.minor }).collect(),
        due: order.due.minor,
        payment: if order.due.minor == 0 { String::new() } else { order.payment_name.clone() },
        footer: seller.footer.clone(),
    })
}

/// Whom the invoice of an order is for.
pub(super) fn buyer_of(order: &OrderView) -> Party {
    let number = order.totals.exemption.as_ref().map(|exemption| exemption.number.clone());
    Party { lines: order.address.lines(), tax_number: number.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::{Currency, Locale, Rate};
    use proptest::prelude::*;

    fn invoice(rates: &[(i64, i64)], rest: i64) -> Bill {
        let taxes = rates.iter().enumerate().map(|(index, (net, tax))| TaxPart {
            name: "VAT".into(),
            rate: Rate::from_ppm(i64::try_from(index).unwrap()),
            net: *net,
            tax: *tax,
        });
        Bill {
            what: BillKind::Invoice,
            number: 1,
            issued_at: Timestamp::from_millis(0),
            locale: Locale::EN,
            currency: Currency::EUR,
            order: 1001,
            ordered_at: Timestamp::from_millis(0),
            sent_at: None,
            seller: Party::default(),
            includes_tax: true,
            lines: Vec::new(),
            subtotal: 0,
            deductions: Vec::new(),
            delivery: String::new(),
            delivery_amount: 0,
            taxes: taxes.collect(),
            exemption: String::new(),
            relief: 0,
            total: rates.iter().map(|(net, tax)| net + tax).sum::<i64>() + rest,
            tenders: Vec::new(),
            due: 0,
            payment: String::new(),
            footer: String::new(),
        }
    }

    proptest! {
        #[test]
        fn credit_notes_end_at_exactly_the_invoice(
            rates in prop::collection::vec((0_i64..100_000, 0_i64..30_000), 0..4),
            rest in 0_i64..500,
            cuts in prop::collection::vec(1_i64..40_000, 0..8),
        ) {
            let first = invoice(&rates, rest);
            let mut notes: Vec<Bill> = Vec::new();
            let mut left = first.total;
            for amount in cuts.into_iter().chain([i64::MAX]) {
                let amount = amount.min(left);
                if amount == 0 {
                    break;
                }
                left -= amount;
                let taxes = shares(&first, &notes, amount).unwrap();
                prop_assert!(taxes.iter().all(|part| 0 <= part.net && 0 <= part.tax));
                prop_assert!(taxes.iter().map(|part| part.net + part.tax).sum::<i64>() <= amount);
                notes.push(Bill { taxes, total: amount, ..first.clone() });
            }
            for (index, part) in first.taxes.iter().enumerate() {
                let net: i64 = notes.iter().map(|note| note.taxes[index].net).sum();
                let tax: i64 = notes.iter().map(|note| note.taxes[index].tax).sum();
                prop_assert_eq!((net, tax), (part.net, part.tax));
            }
        }
    }
}
