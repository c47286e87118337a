//! Tax on what is left, shipping by its parts, and the sums.

use std::cmp::Reverse;

use pricing::{
    Discount, Outcome, Quote, QuotedLine, QuotedShipping, Rounding, ShippingPart, ShippingTax, TaxShare,
    Totals,
};
use primitives::tax::TaxedLine;
use primitives::{MoneyError, Quantity, Rate};

use crate::cart::{Cart, Goods, Offer, Taken, in_mode, minor, total, with_tax};
use crate::exact::{fraction, round, spread, whole};
use crate::prices::rate_of;

/// Net, tax and gross before they are known to fit.
#[derive(Clone, Copy)]
struct Taxed {
    net: i128,
    tax: i128,
}

/// The answer for a cart to which nothing more is done.
pub fn quote(
    cart: &Cart<'_>,
    promotions: Vec<Outcome>,
    unknown_codes: Vec<String>,
) -> Result<Quote, MoneyError> {
    let request = cart.request;
    let exempt = request.shopper.exempt;
    let mut lines = vec![];
    let mut relief_of_all = 0;
    for (goods, taxed) in cart.goods.iter().zip(tax_lines(cart)) {
        // The line has to fit with its tax, also for a shopper who does not pay it.
        fitting(taxed)?;
        let (shown, relief) = relieved(taxed, exempt, request.includes_tax);
        relief_of_all += relief;
        lines.push(QuotedLine {
            variant: goods.line.variant,
            quantity: Quantity::new(i64::try_from(goods.pieces).unwrap_or(0))
                .map_err(|_| MoneyError::Overflow)?,
            unit: minor(in_mode(request, goods.line, 1, goods.rate))?,
            amount: minor(goods.amount)?,
            discounts: discounts(&goods.taken)?,
            left: minor(goods.left())?,
            rate: if exempt { Rate::ZERO } else { goods.rate },
            rate_name: if exempt { String::new() } else { goods.rate_name.to_owned() },
            taxed: fitting(shown)?,
            relief: minor(relief)?,
            gift: goods.gift,
        });
    }

    let mut no_delivery = None;
    let mut shipping = None;
    match cart.offer()? {
        Offer::Nothing => {}
        Offer::Refused(reason) => no_delivery = Some(reason),
        Offer::Price(method, full) => {
            let amount = full - total(&cart.off_shipping);
            let mut parts = vec![];
            let mut relief_of_parts = 0;
            for (rate, name, part) in parts_of_shipping(cart, method.tax_category.as_ref(), amount) {
                let with_tax = taxed(part, rate, request.includes_tax);
                fitting(with_tax)?;
                let (shown, relief) = relieved(with_tax, exempt, request.includes_tax);
                relief_of_parts += relief;
                parts.push(ShippingPart {
                    rate: if exempt { Rate::ZERO } else { rate },
                    name: if exempt { String::new() } else { name.to_owned() },
                    taxed: fitting(shown)?,
                });
            }
            relief_of_all += relief_of_parts;
            shipping = Some(QuotedShipping {
                method: method.id.clone(),
                name: method.name.clone(),
                full: minor(full)?,
                discounts: discounts(&cart.off_shipping)?,
                amount: minor(amount)?,
                parts,
                relief: minor(relief_of_parts)?,
            });
        }
    }

    let parts = || shipping.iter().flat_map(|shipping| &shipping.parts);
    let every_tax: Vec<TaxedLine> =
        lines.iter().map(|line| line.taxed).chain(parts().map(|part| part.taxed)).collect();
    let totals = Totals {
        subtotal: minor(cart.goods.iter().map(|goods| goods.amount).sum())?,
        discount: minor(cart.goods.iter().map(|goods| total(&goods.taken)).sum())?,
        shipping: shipping.as_ref().map_or(0, |shipping| shipping.amount),
        tax: minor(every_tax.iter().map(|taxed| i128::from(taxed.tax)).sum())?,
        relief: minor(relief_of_all)?,
        total: minor(every_tax.iter().map(|taxed| i128::from(taxed.gross)).sum())?,
    };
    let mut named: Vec<(Rate, &str, TaxedLine)> = vec![];
    named.extend(lines.iter().map(|line| (line.rate, line.rate_name.as_str(), line.taxed)));
    named.extend(parts().map(|part| (part.rate, part.name.as_str(), part.taxed)));
    Ok(Quote {
        currency: request.currency,
        includes_tax: request.includes_tax,
        requires_shipping: cart.requires_shipping(),
        no_delivery,
        totals,
        taxes: summary(&named)?,
        promotions,
        unknown_codes,
        lines,
        shipping,
    })
}

/// What to give back for some pieces, as [`pricing::refund_of`] says: every piece has its own gross and tax.
///
/// # Errors
/// [`MoneyError::Overflow`] when there are not that many pieces any more.
pub fn refund_of(line: &QuotedLine, already: u32, pieces: u32) -> Result<TaxedLine, MoneyError> {
    let quantity = line.quantity.get() as usize;
    let (from, until) = (already as usize, already as usize + pieces as usize);
    if quantity < until {
        return Err(MoneyError::Overflow);
    }
    let of_pieces =
        |amount: i64| -> i128 { spread(i128::from(amount), &vec![1; quantity])[from..until].iter().sum() };
    let (gross, tax) = (of_pieces(line.taxed.gross), of_pieces(line.taxed.tax));
    fitting(Taxed { net: gross - tax, tax })
}

/// Tax on one amount that is rounded on its own.
fn taxed(amount: i128, rate: Rate, includes_tax: bool) -> Taxed {
    if includes_tax {
        let net = round(&(whole(amount) / with_tax(rate)));
        Taxed { net, tax: amount - net }
    } else {
        Taxed { net: amount, tax: round(&(whole(amount) * fraction(rate))) }
    }
}

/// Tax on every line, rounded at the level of the request.
fn tax_lines(cart: &Cart<'_>) -> Vec<Taxed> {
    let includes_tax = cart.request.includes_tax;
    match cart.request.rounding {
        Rounding::Line => {
            cart.goods.iter().map(|goods| taxed(goods.left(), goods.rate, includes_tax)).collect()
        }
        Rounding::Unit => cart
            .goods
            .iter()
            .map(|goods| {
                let mut sum = Taxed { net: 0, tax: 0 };
                for piece in goods.each_piece() {
                    let piece = taxed(piece, goods.rate, includes_tax);
                    sum = Taxed { net: sum.net + piece.net, tax: sum.tax + piece.tax };
                }
                sum
            })
            .collect(),
        Rounding::Order => {
            let mut lines: Vec<Taxed> =
                cart.goods.iter().map(|goods| Taxed { net: goods.left(), tax: 0 }).collect();
            for rate in distinct_rates(&cart.goods) {
                let of_rate: Vec<usize> =
                    (0..cart.goods.len()).filter(|index| cart.goods[*index].rate == rate).collect();
                let lefts: Vec<i128> = of_rate.iter().map(|index| cart.goods[*index].left()).collect();
                let tax = taxed(lefts.iter().sum(), rate, includes_tax).tax;
                for (index, tax) in of_rate.into_iter().zip(spread(tax, &lefts)) {
                    let left = cart.goods[index].left();
                    lines[index] = Taxed { net: if includes_tax { left - tax } else { left }, tax };
                }
            }
            lines
        }
    }
}

/// Every rate once, the highest first.
fn distinct_rates<'a>(goods: impl IntoIterator<Item = &'a Goods<'a>>) -> Vec<Rate> {
    let mut rates: Vec<Rate> = goods.into_iter().map(|goods| goods.rate).collect();
    rates.sort_by_key(|rate| Reverse(rate.ppm()));
    rates.dedup();
    rates
}

/// The shipping amount by rate, with the names of the rates.
fn parts_of_shipping<'a>(
    cart: &'a Cart<'a>,
    category: Option<&pricing::TaxCategory>,
    amount: i128,
) -> Vec<(Rate, &'a str, i128)> {
    let request = cart.request;
    let whole_at = |category| {
        let (rate, name) = rate_of(request.zone, category, request.at);
        vec![(rate, name, amount)]
    };
    match (category, request.zone.map(|zone| &zone.shipping)) {
        (Some(category), _) | (None, Some(ShippingTax::Category(category))) => whole_at(category),
        (None, None | Some(ShippingTax::Untaxed)) => vec![(Rate::ZERO, "", amount)],
        (None, Some(ShippingTax::Weighted)) => {
            let sent: Vec<&Goods<'_>> =
                cart.goods.iter().filter(|goods| goods.line.requires_shipping).collect();
            let rates = distinct_rates(sent.iter().copied());
            let of_rate = |rate: Rate| sent.iter().filter(move |goods| goods.rate == rate);
            let weights: Vec<i128> =
                rates.iter().map(|rate| of_rate(*rate).map(|goods| goods.left()).sum()).collect();
            rates
                .iter()
                .zip(spread(amount, &weights))
                .map(|(rate, part)| (*rate, of_rate(*rate).next().map_or("", |goods| goods.rate_name), part))
                .collect()
        }
    }
}

/// What an exempt shopper pays, and how much less that is than what was shown.
fn relieved(taxed: Taxed, exempt: bool, includes_tax: bool) -> (Taxed, i128) {
    match (exempt, includes_tax) {
        (false, _) => (taxed, 0),
        (true, true) => (Taxed { net: taxed.net, tax: 0 }, taxed.tax),
        (true, false) => (Taxed { net: taxed.net, tax: 0 }, 0),
    }
}

fn fitting(taxed: Taxed) -> Result<TaxedLine, MoneyError> {
    Ok(TaxedLine { net: minor(taxed.net)?, tax: minor(taxed.tax)?, gross: minor(taxed.net + taxed.tax)? })
}

fn discounts(taken: &[Taken<'_>]) -> Result<Vec<Discount>, MoneyError> {
    let discount = |taken: &Taken<'_>| {
        Ok(Discount {
            promotion: taken.by.id,
            name: taken.by.name.clone(),
            amount: minor(taken.amount)?,
            how: taken.how.clone(),
        })
    };
    taken.iter().map(discount).collect()
}

/// One share for each name and rate above zero.
fn summary(named: &[(Rate, &str, TaxedLine)]) -> Result<Vec<TaxShare>, MoneyError> {
    let mut keys: Vec<(Reverse<i64>, &str)> = named
        .iter()
        .filter(|(rate, _, _)| *rate != Rate::ZERO)
        .map(|(rate, name, _)| (Reverse(rate.ppm()), *name))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let share = |(Reverse(ppm), name): (Reverse<i64>, &str)| {
        let of_it = || named.iter().filter(move |(rate, other, _)| rate.ppm() == ppm && *other == name);
        Ok(TaxShare {
            name: name.to_owned(),
            rate: Rate::from_ppm(ppm),
            net: minor(of_it().map(|(_, _, taxed)| i128::from(taxed.net)).sum())?,
            tax: minor(of_it().map(|(_, _, taxed)| i128::from(taxed.tax)).sum())?,
        })
    };
    keys.into_iter().map(share).collect()
}
