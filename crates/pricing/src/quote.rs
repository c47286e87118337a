//! The calculation, and what comes out.

use std::cmp::Reverse;

use primitives::tax::{TaxedLine, on_gross, on_net};
use primitives::{Currency, MoneyError, Quantity, Rate, VariantId, distribute};

use crate::cart::{Cart, Working, sum};
use crate::promotion::apply::apply_all;
use crate::promotion::explain::{Discount, Outcome};
use crate::promotion::normal_code;
use crate::request::{Request, Rounding};
use crate::shipping::NoDelivery;
use crate::tax::{ShippingPart, ShippingTax};

/// What a cart costs, and why. Amounts are minor units of `currency`; amounts *in the cart's mode* include tax when
/// `includes_tax` says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The currency of every amount.
    pub currency: Currency,
    /// The mode of the cart.
    pub includes_tax: bool,
    /// One for each line of the request, in that order, then the gifts in the order in which they were given.
    pub lines: Vec<QuotedLine>,
    /// Whether any line, gifts among them, requires shipping.
    pub requires_shipping: bool,
    /// Shipping, when something requires it, a way was chosen and that way can be had; else nothing is charged.
    pub shipping: Option<QuotedShipping>,
    /// Why the chosen way of shipping cannot be had; `None` when it can, or when there is nothing to ship.
    pub no_delivery: Option<NoDelivery>,
    /// The sums.
    pub totals: Totals,
    /// The tax by name and rate: one share for each pair with a rate above zero on any line or part of shipping
    /// (be its amount zero), the highest rate first, then by name. Their taxes sum to `totals.tax`.
    pub taxes: Vec<TaxShare>,
    /// What became of each promotion of the request, in working order: by stage, then priority (highest first), then id
    /// (lowest first), then as given.
    pub promotions: Vec<Outcome>,
    /// Codes of the request that belong to no promotion of the request, trimmed and in capitals, each once, as given.
    pub unknown_codes: Vec<String>,
}

/// What one line costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedLine {
    /// What is bought or given.
    pub variant: VariantId,
    /// Pieces.
    pub quantity: Quantity,
    /// Price of one piece in the cart's mode before promotions, for display. Converted and rounded for one piece if the
    /// price list has the other mode, so `amount` need not be `unit × quantity` then.
    pub unit: i64,
    /// The line before promotions, in the cart's mode.
    pub amount: i64,
    /// What promotions took off, in the order in which they did; `Σ amount ≤` the line's amount.
    pub discounts: Vec<Discount>,
    /// `amount − Σ discounts`, never below zero: what tax is computed on, in the cart's mode.
    pub left: i64,
    /// The rate; [`Rate::ZERO`] when the shopper is exempt.
    pub rate: Rate,
    /// What the tax is called; empty when there is none or the shopper is exempt.
    pub rate_name: String,
    /// What it costs. Where prices include tax `gross` is `left − relief`, else `net` is `left`.
    pub taxed: TaxedLine,
    /// What an exempt shopper saves where prices include tax: `left` minus its net. Else zero.
    pub relief: i64,
    /// Whether a promotion added it.
    pub gift: bool,
}

/// What shipping costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedShipping {
    /// The id of the way of shipping.
    pub method: String,
    /// Its name.
    pub name: String,
    /// Before shipping promotions, in the cart's mode; zero when the cart reached `free_from`.
    pub full: i64,
    /// What shipping promotions took off.
    pub discounts: Vec<Discount>,
    /// `full − Σ discounts`, in the cart's mode.
    pub amount: i64,
    /// The amount by rate, at least one part: one, or for [`ShippingTax::Weighted`](crate::ShippingTax::Weighted) one
    /// for each rate of the goods, highest rate first. For an exempt shopper each part keeps the net it would have with
    /// tax, at rate zero.
    pub parts: Vec<ShippingPart>,
    /// What an exempt shopper saves where prices include tax: `amount` minus the net of the parts. Else zero.
    pub relief: i64,
}

/// The sums of rounded lines, in minor units. Always
/// `total = subtotal − discount + shipping − relief + (includes_tax ? 0 : tax)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// `Σ amount` of the lines (gifts too), in the cart's mode.
    pub subtotal: i64,
    /// All discounts on lines (those on gifts too), in the cart's mode.
    pub discount: i64,
    /// Shipping after its promotions, in the cart's mode; zero without shipping.
    pub shipping: i64,
    /// All tax, of lines and shipping.
    pub tax: i64,
    /// What an exempt shopper saves on lines and shipping where prices include tax.
    pub relief: i64,
    /// What is to be paid: `Σ gross`, of lines and shipping.
    pub total: i64,
}

/// The tax of one name and rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxShare {
    /// What it is called.
    pub name: String,
    /// How much.
    pub rate: Rate,
    /// Net amounts taxed at it.
    pub net: i64,
    /// The tax on them, as rounded on lines and parts of shipping.
    pub tax: i64,
}

/// Prices a cart.
///
/// # Errors
/// [`MoneyError::Overflow`] when an amount leaves 64 bits; [`MoneyError::Malformed`] when the price of a line, or of a
/// gift that would be added, is below zero.
pub fn quote(request: &Request<'_>) -> Result<Quote, MoneyError> {
    let mut cart = Cart::new(request)?;
    let promotions = apply_all(&mut cart)?;
    let (shipping, no_delivery) = match cart.delivery()? {
        Some(Ok(full)) => (quoted_shipping(&mut cart, full)?, None),
        Some(Err(reason)) => (None, Some(reason)),
        None => (None, None),
    };
    let requires_shipping = cart.requires_shipping();
    let taxed = tax_lines(request, &cart.lines)?;
    let lines = cart.lines.into_iter().zip(taxed).map(|(line, taxed)| quoted_line(request, line, taxed));
    let lines: Vec<QuotedLine> = lines.collect();
    Ok(Quote {
        currency: request.currency,
        includes_tax: request.includes_tax,
        requires_shipping,
        no_delivery,
        totals: totals(&lines, shipping.as_ref())?,
        taxes: tax_summary(&lines, shipping.as_ref())?,
        promotions,
        unknown_codes: unknown_codes(request),
        lines,
        shipping,
    })
}

/// What to give back for some pieces of a line: what it cost, not what its list price was.
///
/// The gross and the tax of the line are each spread over its pieces by largest remainder, which takes from the first
/// piece on; pieces are given back in that order, after `already_refunded_pieces`. So the refunds of all pieces, in
/// whatever portions, sum exactly to the line, no two pieces are more than one minor unit apart, and pieces that were
/// bought at one price without a discount are given back at that price (MONEY rule 6).
///
/// # Errors
/// [`MoneyError::Overflow`] when there are not that many pieces any more.
pub fn refund_of(
    line: &QuotedLine,
    already_refunded_pieces: u32,
    pieces: u32,
) -> Result<TaxedLine, MoneyError> {
    refund_pieces(line.taxed, line.quantity, already_refunded_pieces, pieces)
}

/// As [`refund_of`], for a line of which only what it costs and its pieces are known.
///
/// # Errors
/// As [`refund_of`].
pub fn refund_pieces(
    taxed: TaxedLine,
    quantity: Quantity,
    already_refunded_pieces: u32,
    pieces: u32,
) -> Result<TaxedLine, MoneyError> {
    let quantity = quantity.get();
    let after = already_refunded_pieces.checked_add(pieces).filter(|after| *after <= quantity);
    let (before, after) = (i64::from(already_refunded_pieces), after.ok_or(MoneyError::Overflow)?);
    let (after, quantity) = (i64::from(after), i64::from(quantity));
    // The first `whole % quantity` pieces have one minor unit more.
    let first = |whole: i64, pieces: i64| whole / quantity * pieces + (whole % quantity).min(pieces);
    let gross = first(taxed.gross, after) - first(taxed.gross, before);
    let tax = first(taxed.tax, after) - first(taxed.tax, before);
    let net = gross.checked_sub(tax).ok_or(MoneyError::Overflow)?;
    Ok(TaxedLine { net, tax, gross })
}

/// What is left of a line that is to be taxed, in the mode of its cart or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The line less its discounts.
    pub amount: i64,
    /// Its pieces.
    pub quantity: Quantity,
    /// The rate that holds for it.
    pub rate: Rate,
}

/// The tax on what is left of lines, as [`quote`] rounds it: `includes_tax` says whether their amounts hold it.
///
/// # Errors
/// [`MoneyError::Overflow`] when an amount leaves 64 bits.
pub fn tax_of(includes_tax: bool, rounding: Rounding, lines: &[Left]) -> Result<Vec<TaxedLine>, MoneyError> {
    match rounding {
        Rounding::Line => lines.iter().map(|line| taxed(includes_tax, line.amount, line.rate)).collect(),
        Rounding::Unit => lines.iter().map(|line| tax_pieces(includes_tax, line)).collect(),
        Rounding::Order => tax_together(includes_tax, lines),
    }
}

/// An amount in the cart's mode, taxed and rounded once.
fn taxed(includes_tax: bool, amount: i64, rate: Rate) -> Result<TaxedLine, MoneyError> {
    if includes_tax { on_gross(amount, rate) } else { on_net(amount, rate) }
}

/// An amount in the cart's mode whose tax is known.
fn with_tax(includes_tax: bool, amount: i64, tax: i64) -> Result<TaxedLine, MoneyError> {
    let (net, gross) = if includes_tax {
        (amount.checked_sub(tax), Some(amount))
    } else {
        (Some(amount), amount.checked_add(tax))
    };
    let (net, gross) = net.zip(gross).ok_or(MoneyError::Overflow)?;
    Ok(TaxedLine { net, tax, gross })
}

/// Taxes what is left of each line, as if nobody were exempt.
fn tax_lines(request: &Request<'_>, lines: &[Working<'_>]) -> Result<Vec<TaxedLine>, MoneyError> {
    let left = |line: &Working<'_>| Left { amount: line.left, quantity: line.quantity, rate: line.rate };
    let lines: Vec<Left> = lines.iter().map(left).collect();
    tax_of(request.includes_tax, request.rounding, &lines)
}

/// Taxes each piece of a line on its own. They have at most two different amounts.
fn tax_pieces(includes_tax: bool, line: &Left) -> Result<TaxedLine, MoneyError> {
    let quantity = i64::from(line.quantity.get());
    let (amount, more) = (line.amount / quantity, line.amount % quantity);
    let tax_of = |amount, pieces| {
        let tax = taxed(includes_tax, amount, line.rate)?.tax;
        tax.checked_mul(pieces).ok_or(MoneyError::Overflow)
    };
    let mut tax = tax_of(amount, quantity - more)?;
    if more > 0 {
        tax = tax.checked_add(tax_of(amount + 1, more)?).ok_or(MoneyError::Overflow)?;
    }
    with_tax(includes_tax, line.amount, tax)
}

/// Taxes the lines of each rate together and spreads the tax over them.
fn tax_together(includes_tax: bool, lines: &[Left]) -> Result<Vec<TaxedLine>, MoneyError> {
    let mut result = vec![TaxedLine::default(); lines.len()];
    for (first, line) in lines.iter().enumerate() {
        if lines[..first].iter().any(|before| before.rate == line.rate) {
            continue;
        }
        let same = || lines.iter().enumerate().filter(|(_, other)| other.rate == line.rate);
        let weights: Vec<i64> = same().map(|(_, other)| other.amount).collect();
        let tax = taxed(includes_tax, sum(weights.iter().copied())?, line.rate)?.tax;
        for ((index, other), tax) in same().zip(distribute(tax, &weights)) {
            result[index] = with_tax(includes_tax, other.amount, tax)?;
        }
    }
    Ok(result)
}

/// What is charged, at which rate under which name, and the relief: who is exempt pays the net.
fn charged(
    request: &Request<'_>,
    amount: i64,
    rate: Rate,
    name: &str,
    taxed: TaxedLine,
) -> (Rate, String, TaxedLine, i64) {
    if !request.shopper.exempt {
        return (rate, name.to_owned(), taxed, 0);
    }
    let net = taxed.net;
    (Rate::ZERO, String::new(), TaxedLine { net, tax: 0, gross: net }, amount - net)
}

fn quoted_line(request: &Request<'_>, line: Working<'_>, taxed: TaxedLine) -> QuotedLine {
    let (rate, rate_name, taxed, relief) = charged(request, line.left, line.rate, line.rate_name, taxed);
    QuotedLine {
        variant: line.line.variant,
        quantity: line.quantity,
        unit: line.unit,
        amount: line.amount,
        discounts: line.discounts,
        left: line.left,
        rate,
        rate_name,
        taxed,
        relief,
        gift: line.gift,
    }
}

/// Shipping at its full price, less its discounts, taxed by part.
fn quoted_shipping(cart: &mut Cart<'_>, full: i64) -> Result<Option<QuotedShipping>, MoneyError> {
    let request = cart.request;
    let Some(method) = request.shipping else { return Ok(None) };
    let discounts = std::mem::take(&mut cart.shipping_discounts);
    let amount = full - sum(discounts.iter().map(|discount| discount.amount))?;
    let mut parts = Vec::new();
    let mut all_relief = 0;
    for (amount, rate, name) in shipping_parts(cart, amount)? {
        let taxed = taxed(request.includes_tax, amount, rate)?;
        let (rate, name, taxed, relief) = charged(request, amount, rate, name, taxed);
        parts.push(ShippingPart { rate, name, taxed });
        all_relief += relief;
    }
    Ok(Some(QuotedShipping {
        method: method.id.clone(),
        name: method.name.clone(),
        full,
        discounts,
        amount,
        parts,
        relief: all_relief,
    }))
}

/// The shipping amount by rate: amount, rate, name.
fn shipping_parts<'a>(cart: &Cart<'a>, amount: i64) -> Result<Vec<(i64, Rate, &'a str)>, MoneyError> {
    let request = cart.request;
    let Some(zone) = request.zone else { return Ok(vec![(amount, Rate::ZERO, "")]) };
    let own_category = request.shipping.and_then(|method| method.tax_category.as_ref());
    let category = match (own_category, &zone.shipping) {
        (Some(category), _) | (None, ShippingTax::Category(category)) => category,
        (None, ShippingTax::Untaxed) => return Ok(vec![(amount, Rate::ZERO, "")]),
        (None, ShippingTax::Weighted) => return weighted_parts(cart, amount),
    };
    let (rate, name) = zone.rate(category, request.at);
    Ok(vec![(amount, rate, name)])
}

/// The shipping amount spread over the rates of the goods that are sent, highest first. There are some, or nothing
/// would be charged.
fn weighted_parts<'a>(cart: &Cart<'a>, amount: i64) -> Result<Vec<(i64, Rate, &'a str)>, MoneyError> {
    let mut rates: Vec<(Rate, &str, i64)> = Vec::new();
    for line in cart.lines.iter().filter(|line| line.line.requires_shipping) {
        match rates.iter_mut().find(|(rate, _, _)| *rate == line.rate) {
            Some((_, _, left)) => *left = left.checked_add(line.left).ok_or(MoneyError::Overflow)?,
            None => rates.push((line.rate, line.rate_name, line.left)),
        }
    }
    rates.sort_by_key(|(rate, _, _)| Reverse(*rate));
    let weights: Vec<i64> = rates.iter().map(|(_, _, left)| *left).collect();
    let amounts = distribute(amount, &weights);
    Ok(rates.into_iter().zip(amounts).map(|((rate, name, _), amount)| (amount, rate, name)).collect())
}

fn totals(lines: &[QuotedLine], shipping: Option<&QuotedShipping>) -> Result<Totals, MoneyError> {
    let mut all = TaxedLine::default();
    for part in all_taxed(lines, shipping).map(|(_, _, taxed)| taxed) {
        all = all.checked_add(part)?;
    }
    let reliefs = lines.iter().map(|line| line.relief).chain(shipping.map(|shipping| shipping.relief));
    let subtotal = sum(lines.iter().map(|line| line.amount))?;
    Ok(Totals {
        subtotal,
        discount: subtotal - sum(lines.iter().map(|line| line.left))?,
        shipping: shipping.map_or(0, |shipping| shipping.amount),
        tax: all.tax,
        relief: sum(reliefs)?,
        total: all.gross,
    })
}

fn tax_summary(lines: &[QuotedLine], shipping: Option<&QuotedShipping>) -> Result<Vec<TaxShare>, MoneyError> {
    let mut shares: Vec<TaxShare> = Vec::new();
    for (rate, name, taxed) in all_taxed(lines, shipping).filter(|(rate, _, _)| *rate != Rate::ZERO) {
        let add = |left: i64, right: i64| left.checked_add(right).ok_or(MoneyError::Overflow);
        match shares.iter_mut().find(|share| share.rate == rate && share.name == name) {
            Some(share) => {
                share.net = add(share.net, taxed.net)?;
                share.tax = add(share.tax, taxed.tax)?;
            }
            None => shares.push(TaxShare { name: name.to_owned(), rate, net: taxed.net, tax: taxed.tax }),
        }
    }
    shares.sort_by(|one, other| other.rate.cmp(&one.rate).then_with(|| one.name.cmp(&other.name)));
    Ok(shares)
}

/// Everything that is taxed: the lines, then the parts of shipping.
fn all_taxed<'q>(
    lines: &'q [QuotedLine],
    shipping: Option<&'q QuotedShipping>,
) -> impl Iterator<Item = (Rate, &'q str, TaxedLine)> {
    let lines = lines.iter().map(|line| (line.rate, line.rate_name.as_str(), line.taxed));
    let parts = shipping.into_iter().flat_map(|shipping| &shipping.parts);
    lines.chain(parts.map(|part| (part.rate, part.name.as_str(), part.taxed)))
}

fn unknown_codes(request: &Request<'_>) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    for code in &request.codes {
        if code.trim().is_empty() || request.promotions.iter().any(|promotion| promotion.takes_code(code)) {
            continue;
        }
        let code = normal_code(code);
        if !unknown.contains(&code) {
            unknown.push(code);
        }
    }
    unknown
}
