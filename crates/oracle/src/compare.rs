//! Whether `pricing` and the oracle say the same about a cart, and if not, where they part.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pricing::Quote;
use primitives::MoneyError;

use crate::random::Case;
use crate::rows::rows;

/// An answer, or that there was a panic.
type Answer = Result<Result<Quote, MoneyError>, String>;

/// Where two answers part.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The cart.
    pub case: Case,
    /// The first field that differs.
    pub field: String,
    /// What the oracle says there.
    pub expected: String,
    /// What `pricing` says there.
    pub found: String,
    /// All rows: field, the oracle's value, that of `pricing`.
    pub rows: Vec<(String, String, String)>,
}

/// Asks both about a cart.
///
/// # Errors
/// The first difference. A panic of either is one.
pub fn check(case: &Case) -> Result<(), Box<Difference>> {
    against(case, pricing::quote)
}

/// Asks the oracle and somebody else about a cart.
///
/// # Errors
/// The first difference. A panic of either is one.
pub fn against(
    case: &Case,
    other: impl Fn(&pricing::Request<'_>) -> Result<Quote, MoneyError>,
) -> Result<(), Box<Difference>> {
    let request = case.request();
    let expected = caught(|| crate::quote(&request));
    let found = caught(|| other(&request));
    let agree = match (&expected, &found) {
        (Ok(Err(MoneyError::Malformed(_))), Ok(Err(MoneyError::Malformed(_)))) => true,
        (Ok(expected), Ok(found)) => expected == found && found.as_ref().is_ok_and(adds_up) | found.is_err(),
        _ => false,
    };
    if agree { Ok(()) } else { Err(Box::new(Difference::between(case, &expected, &found))) }
}

/// What holds for every answer: totals, tax summary and the discounts of each promotion agree.
#[must_use]
pub fn adds_up(quote: &Quote) -> bool {
    let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.map(i128::from).sum::<i128>();
    let totals = &quote.totals;
    let on_top = if quote.includes_tax { 0 } else { totals.tax };
    let total = i128::from(totals.subtotal) - i128::from(totals.discount) + i128::from(totals.shipping)
        - i128::from(totals.relief)
        + i128::from(on_top);
    let of_promotions = quote.promotions.iter().map(|outcome| match outcome.verdict {
        pricing::Verdict::Applied { amount } => amount,
        pricing::Verdict::Not(_) => 0,
    });
    let off_shipping = quote.shipping.iter().flat_map(|shipping| &shipping.discounts);
    total == i128::from(totals.total)
        && sum(&mut quote.taxes.iter().map(|share| share.tax)) == i128::from(totals.tax)
        && sum(&mut { of_promotions })
            == i128::from(totals.discount) + sum(&mut off_shipping.map(|discount| discount.amount))
        && quote.lines.iter().all(|line| 0 <= line.left && line.left <= line.amount)
        && quote.shipping.iter().all(|shipping| 0 <= shipping.amount && shipping.amount <= shipping.full)
}

fn caught(answer: impl FnOnce() -> Result<Quote, MoneyError>) -> Answer {
    catch_unwind(AssertUnwindSafe(answer)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("panic").to_owned()
    })
}

impl Difference {
    fn between(case: &Case, expected: &Answer, found: &Answer) -> Difference {
        let rows = |answer: &Answer| match answer {
            Ok(answer) => rows(answer),
            Err(panic) => vec![("answer".to_owned(), format!("panic: {panic}"))],
        };
        let (expected, found) = (rows(expected), rows(found));
        let value = |rows: &[(String, String)], field: &str| {
            let row = rows.iter().find(|(name, _)| name == field);
            row.map_or_else(|| "(no such field)".to_owned(), |(_, value)| value.clone())
        };
        let mut fields: Vec<&String> = expected.iter().map(|(field, _)| field).collect();
        fields.extend(
            found
                .iter()
                .map(|(field, _)| field)
                .filter(|field| expected.iter().all(|(known, _)| known != *field)),
        );
        let rows: Vec<(String, String, String)> = fields
            .into_iter()
            .map(|field| (field.clone(), value(&expected, field), value(&found, field)))
            .collect();
        let first = rows.iter().find(|(_, expected, found)| expected != found).cloned();
        let (field, expected, found) = first.unwrap_or_else(|| {
            let text = "the same, but it does not add up".to_owned();
            ("sums".to_owned(), text.clone(), text)
        });
        Difference { case: case.clone(), field, expected, found, rows }
    }
}

impl fmt::Display for Difference {
    /// The cart, the first difference and both answers, rows that differ marked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.case)?;
        writeln!(f, "first difference: {}", self.field)?;
        writeln!(f, "  oracle:  {}", self.expected)?;
        writeln!(f, "  pricing: {}", self.found)?;
        writeln!(f, "all of it:")?;
        for (field, expected, found) in &self.rows {
            if expected == found {
                writeln!(f, "    {field} = {expected}")?;
            } else {
                writeln!(f, "  ! {field} = {expected}, pricing: {found}")?;
            }
        }
        Ok(())
    }
}
