//! The list of customers as a file.

use platform::Ctx;
use primitives::Permission;
use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::list::{CustomerFilter, views, wanted};
use crate::entity::customer;
use crate::error::Result;
use crate::view::CustomerView;

/// Rows that are read at a time.
const PAGE: u64 = 500;
/// Most rows of a file.
const MOST: usize = 100_000;

/// The customers that fit the filter, oldest first, as CSV (RFC 4180) with a head line; and how many they are, at most
/// 100,000. Amounts are decimal texts, times RFC 3339. A text that a spreadsheet would compute begins with an apostrophe.
pub async fn export(ctx: &Ctx, filter: &CustomerFilter) -> Result<(String, usize)> {
    let rows = ctx.read(Permission::CUSTOMERS_EXPORT).await?;
    let head = [
        "email",
        "name",
        "account",
        "groups",
        "orders",
        "spent",
        "average",
        "currency",
        "last order",
        "since",
        "marketing",
        "tax number",
    ];
    let mut text = String::new();
    line(&mut text, head.iter().map(|cell| (*cell).to_owned()));
    let (mut count, mut after) = (0, Uuid::nil());
    while count < MOST {
        let found = rows.find::<customer::Entity>().filter(wanted(&rows, filter));
        let found = found.filter(customer::Column::Id.gt(after)).order_by_asc(customer::Column::Id);
        let found = found.limit(PAGE).all().await?;
        let Some(last) = found.last() else { break };
        after = last.id;
        for view in views(&rows, found, ctx.tenant().currency).await? {
            line(&mut text, cells(&view));
            count += 1;
        }
    }
    Ok((text, count))
}

fn cells(view: &CustomerView) -> impl Iterator<Item = String> {
    let groups: Vec<&str> = view.groups.iter().map(|group| group.name.as_str()).collect();
    let yes = |it: bool| if it { "yes" } else { "no" }.to_owned();
    [
        view.email.clone(),
        view.name.clone(),
        yes(view.user.is_some()),
        groups.join("; "),
        view.n_orders.to_string(),
        view.spent.decimal(),
        view.average.map(|average| average.decimal()).unwrap_or_default(),
        view.spent.currency.code().to_owned(),
        view.last_order_at.map(|at| at.rfc3339()).unwrap_or_default(),
        view.created_at.rfc3339(),
        yes(view.marketing),
        view.tax_number.clone(),
    ]
    .into_iter()
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (at, cell) in cells.enumerate() {
        if 0 < at {
            text.push(',');
        }
        text.push_str(&quoted(&cell));
    }
    text.push_str("\r\n");
}

/// A cell that says what it says and computes nothing.
fn quoted(cell: &str) -> String {
    let computes = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let guard = if computes { "'" } else { "" };
    match computes || cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{guard}{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text() {
        for (cell, written) in [
            ("Maud", "Maud"),
            ("Maud, \"M\"", "\"Maud, \"\"M\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("@cmd", "\"'@cmd\""),
            ("-12.50", "-12.50"),
            ("-x", "\"'-x\""),
        ] {
            assert_eq!(quoted(cell), written);
        }
    }
}
