//! An order's rows with its number, stored at one stroke.
//!
//! The counter's row is locked from the moment it gives a number until the commit, and every other order of the shop waits
//! for it; on SQLite every other writer does. Number, order, lines and payment are therefore said in one breath: to
//! PostgreSQL as one statement, to SQLite as one after the other.

use platform::db::insert_sql;
use platform::{Error, Tx};
use sea_orm::{DbBackend, IdenStatic};

use crate::entity::{order_line, orders, payment};
use crate::error::Result;

/// Number of a shop's first order.
pub(crate) const FIRST_NUMBER: i64 = 1001;
/// Numbers rise by one per order of the shop; an order that is rolled back gives its number back.
const COUNT: &str = "INSERT INTO order_counter (tenant_id, id, last) VALUES ({tenant}, {tenant}, ?) \
     ON CONFLICT (tenant_id, id) DO UPDATE SET last = order_counter.last + 1 RETURNING last";

/// Stores a new order with its lines and its payment, and gives it the next number of its shop.
pub(super) async fn store(
    tx: &Tx,
    order: &mut orders::Model,
    lines: &[order_line::Model],
    payment: Option<&payment::Model>,
) -> Result<()> {
    let at_once = tx.backend() == DbBackend::Postgres;
    let given = if at_once { in_statement } else { in_table };
    let mut values = vec![FIRST_NUMBER.into()];
    let placed = insert_sql::<orders::Entity>(std::slice::from_ref(order), &mut values, given)?;
    let mut rows = vec![placed, insert_sql::<order_line::Entity>(lines, &mut values, |_| None)?];
    if let Some(payment) = payment {
        rows.push(insert_sql::<payment::Entity>(std::slice::from_ref(payment), &mut values, |_| None)?);
    }
    let sql = if at_once {
        let rows: String = rows.iter().zip(0..).map(|(row, nth)| format!(", row{nth} AS ({row})")).collect();
        format!("WITH counted AS ({COUNT}){rows} SELECT last FROM counted")
    } else {
        format!("{COUNT}; {}", rows.join("; "))
    };
    let counted = tx.raw_all(&sql, values).await?;
    let counted = counted.first().ok_or_else(|| Error::internal("the order counter gave no number"))?;
    order.number = counted.try_get("", "last").map_err(Error::from)?;
    tx.record(None, Some(&*order));
    lines.iter().for_each(|line| tx.record(None, Some(line)));
    if let Some(payment) = payment {
        tx.record(None, Some(payment));
    }
    Ok(())
}

/// The number that the counter gives in the same statement.
fn in_statement(column: &orders::Column) -> Option<&'static str> {
    (column.as_str() == orders::Column::Number.as_str()).then_some("(SELECT last FROM counted)")
}

/// The number that the counter has just given.
fn in_table(column: &orders::Column) -> Option<&'static str> {
    (column.as_str() == orders::Column::Number.as_str())
        .then_some("(SELECT last FROM order_counter WHERE tenant_id = {tenant} AND id = {tenant})")
}
