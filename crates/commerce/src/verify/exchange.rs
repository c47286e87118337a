//! Whether exchanges moved what they say, and drafts became the orders that they say.

use platform::verify::{Finding, Report};
use platform::{Result, TenantDb};

use super::NAMED;

/// What came back of one order against what it paid of the other.
pub(super) async fn exchanges(db: &TenantDb, report: &mut Report) -> Result<()> {
    let all = db.raw_all("SELECT count(*) FROM exchange WHERE tenant_id = {tenant}", Vec::new()).await?;
    let all: i64 = all.first().map_or(Ok(0), |row| row.try_get_by_index(0))?;
    report.looked("exchanges", usize::try_from(all).unwrap_or(0));
    let sql = "SELECT o.number, e.value_minor, r.state FROM exchange e \
               JOIN orders o ON o.tenant_id = e.tenant_id AND o.id = e.to_order_id \
               JOIN return_request r ON r.tenant_id = e.tenant_id AND r.id = e.return_id \
               WHERE e.tenant_id = {tenant} AND (r.state NOT IN ('received', 'refunded') \
                 OR r.given_minor < e.value_minor \
                 OR NOT EXISTS (SELECT 1 FROM tender_movement m WHERE m.tenant_id = e.tenant_id \
                   AND m.order_id = e.from_order_id AND m.kind = 'return' AND m.currency = e.currency \
                   AND m.amount_minor = e.value_minor) \
                 OR NOT EXISTS (SELECT 1 FROM tender_movement m WHERE m.tenant_id = e.tenant_id \
                   AND m.order_id = e.to_order_id AND m.kind = 'redeem' AND m.currency = e.currency \
                   AND m.amount_minor = -e.value_minor)) \
               ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let (number, value, state): (i64, i64, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        report.find(Finding {
            check: "exchange.value",
            about: format!("order {number}"),
            text: format!(
                "it says that {value} of it were paid with what came back, whose return is {state}, and no such value \
                 moved"
            ),
            remedy: "see in the histories of both orders what moved, then restore the exchange from a backup",
        });
    }
    Ok(())
}

/// Drafts that were placed against their orders.
pub(super) async fn drafts(db: &TenantDb, report: &mut Report) -> Result<()> {
    let sql = "SELECT o.number FROM draft_order d \
               JOIN orders o ON o.tenant_id = d.tenant_id AND o.id = d.order_id \
               WHERE d.tenant_id = {tenant} AND o.cart_id <> d.id ORDER BY o.number LIMIT ?";
    for row in db.raw_all(sql, vec![NAMED.into()]).await? {
        let number: i64 = row.try_get_by_index(0)?;
        report.find(Finding {
            check: "draft.order",
            about: format!("order {number}"),
            text: "a draft says that it became this order, which came from another cart".to_owned(),
            remedy: "restore order_id of draft_order from a backup",
        });
    }
    Ok(())
}
