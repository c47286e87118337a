//! Whether gift cards and store credit hold what moved on them, and orders what they took.

use platform::verify::{Finding, Report};
use platform::{Result, TenantDb};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::NAMED;

const LOOK: &str = "see in the movements, the ledger and the audit log which of them is right, then restore the other from \
                    a backup";

/// Balances against movements, movements against the ledger.
pub(super) async fn accounts(db: &TenantDb, report: &mut Report) -> Result<()> {
    let all =
        db.raw_all("SELECT count(*) FROM tender_account WHERE tenant_id = {tenant}", Vec::new()).await?;
    let all: i64 = all.first().map_or(Ok(0), |row| row.try_get_by_index(0))?;
    report.looked("gift cards and store credit", usize::try_from(all).unwrap_or(0));
    let sql = "SELECT a.id, a.balance_minor, CAST(coalesce(sum(m.amount_minor), 0) AS bigint) AS moved \
               FROM tender_account a \
               LEFT JOIN tender_movement m ON m.tenant_id = a.tenant_id AND m.account_id = a.id \
                 AND m.currency = a.currency \
               WHERE a.tenant_id = {tenant} GROUP BY a.id, a.balance_minor \
               HAVING a.balance_minor <> coalesce(sum(m.amount_minor), 0) ORDER BY a.id LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (id, balance, moved): (Uuid, i64, i64) = three(&row)?;
        report.find(Finding {
            check: "tender.balance",
            about: format!("account {id}"),
            text: format!("{balance} is on it, its movements add up to {moved}"),
            remedy: LOOK,
        });
    }
    // Each has a row of the ledger under its own id, from and to the right side.
    let sql = "SELECT m.id, m.amount_minor, CAST(coalesce(l.amount_minor, 0) AS bigint) AS booked \
               FROM tender_movement m \
               JOIN tender_account a ON a.tenant_id = m.tenant_id AND a.id = m.account_id \
               LEFT JOIN money_ledger l ON l.tenant_id = m.tenant_id AND l.id = m.id AND l.kind = m.kind \
                 AND l.currency = m.currency AND l.amount_minor = abs(m.amount_minor) \
                 AND (l.order_id = m.order_id OR (l.order_id IS NULL AND m.order_id IS NULL)) \
                 AND a.kind = CASE WHEN m.amount_minor < 0 THEN l.from_account ELSE l.to_account END \
               WHERE m.tenant_id = {tenant} AND l.id IS NULL ORDER BY m.id LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (id, amount, _): (Uuid, i64, i64) = three(&row)?;
        report.find(Finding {
            check: "tender.ledger",
            about: format!("movement {id}"),
            text: format!("it moved {amount}, and the ledger has no such row"),
            remedy: LOOK,
        });
    }
    let sql = "SELECT l.id, l.amount_minor, l.at FROM money_ledger l WHERE l.tenant_id = {tenant} \
               AND l.kind NOT IN ('capture', 'refund', 'chargeback', 'loss') AND NOT EXISTS (SELECT 1 FROM tender_movement m \
                 WHERE m.tenant_id = l.tenant_id AND m.id = l.id) ORDER BY l.id LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (id, amount, _): (Uuid, i64, i64) = three(&row)?;
        report.find(Finding {
            check: "tender.ledger",
            about: format!("ledger row {id}"),
            text: format!("it books {amount}, and no gift card or store credit moved"),
            remedy: LOOK,
        });
    }
    Ok(())
}

/// What orders say that they took against what was taken for them, and what those that were given up gave back.
pub(super) async fn orders(db: &TenantDb, report: &mut Report) -> Result<()> {
    let sql = "SELECT o.number, o.tendered_minor, CAST(coalesce(sum(t.amount_minor), 0) AS bigint) AS taken \
               FROM orders o \
               LEFT JOIN order_tender t ON t.tenant_id = o.tenant_id AND t.order_id = o.id \
               WHERE o.tenant_id = {tenant} GROUP BY o.id, o.number, o.tendered_minor \
               HAVING o.tendered_minor <> coalesce(sum(t.amount_minor), 0) ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (number, said, taken): (i64, i64, i64) = three(&row)?;
        find(report, number, format!("it says that {said} were taken, what it took adds up to {taken}"));
    }
    let sql = "SELECT o.number, t.amount_minor, CAST(coalesce(sum(-m.amount_minor), 0) AS bigint) AS moved \
               FROM order_tender t \
               JOIN orders o ON o.tenant_id = t.tenant_id AND o.id = t.order_id \
               LEFT JOIN tender_movement m ON m.tenant_id = t.tenant_id AND m.order_id = t.order_id \
                 AND m.account_id = t.account_id AND m.kind = 'redeem' \
               WHERE t.tenant_id = {tenant} GROUP BY o.number, t.account_id, t.amount_minor \
               HAVING t.amount_minor <> coalesce(sum(-m.amount_minor), 0) ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (number, took, moved): (i64, i64, i64) = three(&row)?;
        find(report, number, format!("it took {took} from an account, of which {moved} moved"));
    }
    let sql = "SELECT o.number, t.amount_minor, t.returned_minor FROM order_tender t \
               JOIN orders o ON o.tenant_id = t.tenant_id AND o.id = t.order_id \
               WHERE t.tenant_id = {tenant} AND o.state IN ('cancelled', 'refunded') \
               AND t.returned_minor <> t.amount_minor ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (number, took, back): (i64, i64, i64) = three(&row)?;
        find(report, number, format!("it is over, and of the {took} that it took only {back} are back"));
    }
    Ok(())
}

fn find(report: &mut Report, number: i64, text: String) {
    report.find(Finding { check: "tender.order", about: format!("order {number}"), text, remedy: LOOK });
}

fn three<A, B, C>(row: &QueryResult) -> Result<(A, B, C)>
where
    A: sea_orm::TryGetable,
    B: sea_orm::TryGetable,
    C: sea_orm::TryGetable,
{
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?))
}
