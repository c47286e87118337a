//! Disputes and what they have cost.

use platform::verify::{Finding, Report};
use platform::{Result, TenantDb};

use super::NAMED;

/// What disputes have lost stands in the ledger, and nothing else does.
pub(super) async fn ledger(db: &TenantDb, report: &mut Report) -> Result<()> {
    let all =
        db.raw_all("SELECT count(*) FROM payment_dispute WHERE tenant_id = {tenant}", Vec::new()).await?;
    let all: i64 = all.first().map_or(Ok(0), |row| row.try_get_by_index(0))?;
    report.looked("disputes", usize::try_from(all).unwrap_or(0));
    let sql = "SELECT o.number, CAST(sums.lost AS bigint), CAST(sums.gone AS bigint) FROM ( \
                 SELECT order_id, sum(lost) AS lost, sum(gone) AS gone FROM ( \
                   SELECT order_id, amount_minor AS lost, 0 AS gone FROM payment_dispute \
                     WHERE tenant_id = {tenant} AND state = 'lost' \
                   UNION ALL SELECT order_id, 0, amount_minor FROM money_ledger \
                     WHERE tenant_id = {tenant} AND kind IN ('chargeback', 'loss') \
                 ) AS each_one GROUP BY order_id HAVING sum(lost) <> sum(gone) \
               ) AS sums JOIN orders o ON o.tenant_id = {tenant} AND o.id = sums.order_id \
               ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (order, lost): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let gone: i64 = row.try_get_by_index(2)?;
        report.find(Finding {
            check: "dispute.ledger",
            about: format!("order {order}"),
            text: format!("its disputes have lost {lost}, the ledger says {gone}"),
            remedy: "ask the gateway how the disputes ended, then restore what is wrong from a backup",
        });
    }
    Ok(())
}

/// Payments of which the gateway said something else than we do when they were compared last.
pub(super) async fn discrepancies(db: &TenantDb, report: &mut Report) -> Result<()> {
    let sql = "SELECT o.number, c.currency, c.ours_captured_minor, c.ours_refunded_minor, c.theirs_captured_minor, \
                 c.theirs_refunded_minor FROM payment_check c \
               JOIN payment p ON p.tenant_id = c.tenant_id AND p.id = c.payment_id \
               JOIN orders o ON o.tenant_id = p.tenant_id AND o.id = p.order_id \
               WHERE c.tenant_id = {tenant} AND c.differs ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (order, currency): (i64, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let number = |at: usize| row.try_get_by_index::<i64>(at);
        report.find(Finding {
            check: "payment.discrepancy",
            about: format!("payment of order {order}"),
            text: format!(
                "in {currency} we have {} taken and {} given back, the gateway {} and {}",
                number(2)?,
                number(3)?,
                number(4)?,
                number(5)?
            ),
            remedy: "see at the gateway who moved the money, put it right there or refund the order here, then have the \
                     payment checked again (mutation paymentCheck)",
        });
    }
    Ok(())
}
