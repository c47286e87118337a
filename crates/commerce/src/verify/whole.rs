//! What only the whole of a shop can tell.

use platform::verify::{Finding, Report};
use platform::{Access, Ctx, Result, TenantDb};
use primitives::{Currency, Timestamp};
use sea_orm::ColumnTrait;
use uuid::Uuid;

use super::NAMED;
use crate::checkout::FIRST_NUMBER;
use crate::entity::orders;

/// Holders in memory at a time.
const PAGE: usize = 500;

/// What one account gives another one gets: every currency sums to zero.
pub(super) async fn ledger(db: &TenantDb, report: &mut Report) -> Result<()> {
    let sql = "SELECT currency, CAST(sum(minor) AS bigint), count(*) FROM ( \
                 SELECT currency, amount_minor AS minor FROM money_ledger \
                   WHERE tenant_id = {tenant} AND to_account <> '' \
                 UNION ALL SELECT currency, -amount_minor FROM money_ledger \
                   WHERE tenant_id = {tenant} AND from_account <> '' \
               ) AS legs GROUP BY currency ORDER BY currency";
    for row in db.raw_all(sql, Vec::new()).await? {
        let (currency, sum): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let legs: i64 = row.try_get_by_index(2)?;
        report.looked("ledger", usize::try_from(legs / 2).unwrap_or(0));
        if sum != 0 {
            report.find(Finding {
                check: "ledger.sum",
                about: format!("ledger in {currency}"),
                text: format!("what was given and what was received differ by {sum}"),
                remedy: "look for rows of money_ledger with one account only and restore them from a backup",
            });
        }
    }
    Ok(())
}

/// Numbers of orders go from the first to the counter's without a gap.
pub(super) async fn numbers(db: &TenantDb, report: &mut Report) -> Result<()> {
    let sql = "SELECT c.last, \
                 (SELECT count(*) FROM orders o WHERE o.tenant_id = c.tenant_id), \
                 (SELECT min(o.number) FROM orders o WHERE o.tenant_id = c.tenant_id), \
                 (SELECT max(o.number) FROM orders o WHERE o.tenant_id = c.tenant_id) \
               FROM order_counter c WHERE c.tenant_id = {tenant}";
    for row in db.raw_all(sql, Vec::new()).await? {
        let (last, n): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (least, most): (Option<i64>, Option<i64>) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let (least, most) = (least.unwrap_or(FIRST_NUMBER), most.unwrap_or(FIRST_NUMBER - 1));
        if (least, most, n) != (FIRST_NUMBER, last, last - FIRST_NUMBER + 1) {
            report.find(Finding {
                check: "order.numbers",
                about: "numbers of orders".to_owned(),
                text: format!("the counter stands at {last}, there are {n} orders from {least} to {most}"),
                remedy: "restore the orders from a backup: nothing but the server writes them, and it deletes none",
            });
        }
    }
    Ok(())
}

/// Streams of orders and payments that are not there.
pub(super) async fn orphans(db: &TenantDb, report: &mut Report) -> Result<()> {
    for (kind, table) in [("order", "orders"), ("payment", "payment")] {
        let sql = format!(
            "SELECT DISTINCT s.stream_id FROM stream_event s WHERE s.tenant_id = {{tenant}} AND s.stream_type = ? \
             AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.tenant_id = s.tenant_id AND t.id = s.stream_id) \
             ORDER BY s.stream_id LIMIT ?"
        );
        for row in db.raw_all(&sql, vec![kind.into(), NAMED.into()]).await? {
            let id: Uuid = row.try_get_by_index(0)?;
            report.find(Finding {
                check: "stream.orphan",
                about: format!("{kind} {id}"),
                text: "there is a history of it, and no row".to_owned(),
                remedy: "restore the row from a backup",
            });
        }
    }
    Ok(())
}

/// Call-backs of gateways that no payment has seen.
pub(super) async fn call_backs(db: &TenantDb, before: Timestamp, report: &mut Report) -> Result<()> {
    let sql = "SELECT provider, event_id, received_at FROM payment_event \
               WHERE tenant_id = {tenant} AND handled_at IS NULL AND received_at < ? \
               ORDER BY received_at LIMIT ?";
    for row in db.raw_all(sql, vec![before.millis().into(), NAMED.into()]).await? {
        let (provider, event): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let since = Timestamp::from_millis(row.try_get_by_index(2)?).rfc3339();
        report.find(Finding {
            check: "payment.call_back",
            about: format!("call-back {event} of {provider}"),
            text: format!("its payment has not seen it since {since}"),
            remedy: "see whether a process runs its jobs, and what its log says about call-backs",
        });
    }
    Ok(())
}

/// What promotions count against what their orders have used.
pub(super) async fn promotions(db: &TenantDb, report: &mut Report) -> Result<()> {
    let all = db.raw_all("SELECT count(*) FROM promotion WHERE tenant_id = {tenant}", Vec::new()).await?;
    let all: i64 = all.first().map_or(Ok(0), |row| row.try_get_by_index(0))?;
    report.looked("promotions", usize::try_from(all).unwrap_or(0));
    let sql = "SELECT p.name, p.uses, p.spent_minor, CAST(count(u.order_id) AS bigint) AS used, \
                 CAST(coalesce(sum(u.amount_minor), 0) AS bigint) AS taken \
               FROM promotion p LEFT JOIN promotion_use u ON u.tenant_id = p.tenant_id AND u.promotion_id = p.id \
                 AND u.released_at IS NULL \
               WHERE p.tenant_id = {tenant} GROUP BY p.id, p.name, p.uses, p.spent_minor \
               HAVING p.uses <> count(u.order_id) OR p.spent_minor <> coalesce(sum(u.amount_minor), 0) \
               ORDER BY p.id LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let name: String = row.try_get_by_index(0)?;
        let number = |at: usize| row.try_get_by_index::<i64>(at);
        let (uses, spent, used, taken) = (number(1)?, number(2)?, number(3)?, number(4)?);
        report.find(Finding {
            check: "promotion.uses",
            about: format!("promotion {name}"),
            text: format!("it counts {uses} orders and {spent}, its orders add up to {used} and {taken}"),
            remedy: "set uses and spent_minor of promotion to what its rows of promotion_use add up to",
        });
    }
    let sql = "SELECT o.number, p.name FROM promotion_use u \
               JOIN orders o ON o.tenant_id = u.tenant_id AND o.id = u.order_id \
               JOIN promotion p ON p.tenant_id = u.tenant_id AND p.id = u.promotion_id \
               WHERE u.tenant_id = {tenant} AND u.released_at IS NULL AND o.state = 'cancelled' \
               ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (order, name): (i64, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        report.find(Finding {
            check: "promotion.cancelled",
            about: format!("order {order}"),
            text: format!("it was given up and still counts as a use of {name}"),
            remedy: "set released_at of its row of promotion_use, and take it from uses and spent_minor",
        });
    }
    Ok(())
}

/// Orders in another currency without their rate, and such in the shop's own with one.
pub(super) async fn rates(db: &TenantDb, home: Currency, report: &mut Report) -> Result<()> {
    let sql = "SELECT number, currency FROM orders WHERE tenant_id = {tenant} \
               AND ((currency = ? AND exchange_rate <> '') OR (currency <> ? AND exchange_rate = '')) \
               ORDER BY number LIMIT ?";
    for row in db.raw_all(sql, vec![home.code().into(), home.code().into(), NAMED.into()]).await? {
        let (order, currency): (i64, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        report.find(Finding {
            check: "order.rate",
            about: format!("order {order}"),
            text: format!("it is in {currency} in a shop that sells in {home}, and its rate does not fit"),
            remedy: "set exchange_rate of orders to the rate in the first fact of its stream",
        });
    }
    Ok(())
}

/// Reservations of nobody.
pub(super) async fn holders(ctx: &Ctx, report: &mut Report) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let db = ctx.snapshot(Access::System).await?;
        let holders = catalog::verify::holders(&db, ctx.now(), after, PAGE).await?;
        let Some(last) = holders.last() else { return Ok(()) };
        after = *last;
        let known: Vec<(Uuid,)> = db
            .find::<orders::Entity>()
            .filter(orders::Column::Id.is_in(holders.iter().copied()))
            .columns([orders::Column::Id])
            .await?;
        for holder in holders.iter().filter(|holder| !known.iter().any(|(id,)| id == *holder)) {
            report.find(Finding {
                check: "reservation.orphan",
                about: format!("reservation of {holder}"),
                text: "there is no order that it belongs to".to_owned(),
                remedy: "delete its rows of stock_reservation and take their pieces from reserved",
            });
        }
        report.looked("reservations", holders.len());
    }
}
