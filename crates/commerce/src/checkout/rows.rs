//! An order's rows with its number, stored at one stroke.
//!
//! The counter's row is locked from the moment it gives a number until the commit, and every other order of the shop waits
//! for it. On PostgreSQL, where each statement is a way to the database and back, number, order, lines and payment are
//! therefore one statement; SQLite has one writer anyway, and no such statement.

use platform::db::insert_sql;
use platform::{Error, Tx};
use sea_orm::{ActiveModelTrait, DbBackend, IdenStatic, IntoActiveModel, Value};

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
    if tx.backend() == DbBackend::Postgres {
        return at_once(tx, order, lines, payment).await;
    }
    order.number = number(tx, COUNT, vec![FIRST_NUMBER.into()]).await?;
    tx.insert_many(vec![order.clone().into_active_model().reset_all()]).await?;
    tx.insert_many(lines.iter().map(|line| line.clone().into_active_model().reset_all()).collect()).await?;
    if let Some(payment) = payment {
        tx.insert_many(vec![payment.clone().into_active_model().reset_all()]).await?;
    }
    Ok(())
}

async fn at_once(
    tx: &Tx,
    order: &mut orders::Model,
    lines: &[order_line::Model],
    payment: Option<&payment::Model>,
) -> Result<()> {
    let mut values = vec![FIRST_NUMBER.into()];
    let mut sql = format!("WITH counted AS ({COUNT})");
    let numbered = insert_sql::<orders::Entity>(std::slice::from_ref(order), &mut values, |column| {
        (column.as_str() == orders::Column::Number.as_str()).then_some("(SELECT last FROM counted)")
    })?;
    sql.push_str(&format!(", placed AS ({numbered})"));
    let rest = insert_sql::<order_line::Entity>(lines, &mut values, |_| None)?;
    sql.push_str(&format!(", lines AS ({rest})"));
    if let Some(payment) = payment {
        let paid = insert_sql::<payment::Entity>(std::slice::from_ref(payment), &mut values, |_| None)?;
        sql.push_str(&format!(", paid AS ({paid})"));
    }
    sql.push_str(" SELECT last FROM counted");
    order.number = number(tx, &sql, values).await?;
    tx.record(None, Some(&*order));
    lines.iter().for_each(|line| tx.record(None, Some(line)));
    if let Some(payment) = payment {
        tx.record(None, Some(payment));
    }
    Ok(())
}

async fn number(tx: &Tx, sql: &str, values: Vec<Value>) -> Result<i64> {
    let rows = tx.raw_all(sql, values).await?;
    let row = rows.first().ok_or_else(|| Error::internal("the order counter gave no number"))?;
    Ok(row.try_get("", "last").map_err(Error::from)?)
}
