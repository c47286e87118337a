//! Papers against their counters and their orders.

use platform::verify::{Finding, Report};
use platform::{Error, Result, TenantDb};

const REMEDY: &str =
    "restore the papers from a backup: nothing but the server writes them, and it deletes none";

/// Numbers go from 1 to the counter's without a gap, and credit notes take no more back than their invoice asked for.
pub(super) async fn papers(db: &TenantDb, report: &mut Report) -> Result<()> {
    let counted = db
        .raw_all(
            "SELECT c.kind AS kind, c.last AS last, \
               (SELECT count(*) FROM paper p WHERE p.tenant_id = c.tenant_id AND p.kind = c.kind) AS n, \
               (SELECT max(p.number) FROM paper p WHERE p.tenant_id = c.tenant_id AND p.kind = c.kind) AS most \
             FROM paper_counter c WHERE c.tenant_id = {tenant}",
            vec![],
        )
        .await?;
    for row in counted {
        let number = |name| row.try_get::<Option<i64>>("", name).map_err(Error::from);
        let (last, n, most) = (number("last")?, number("n")?, number("most")?);
        if last != n || last != most {
            let kind: String = row.try_get("", "kind").map_err(Error::from)?;
            report.find(Finding {
                check: "paper.numbers",
                about: kind,
                text: format!(
                    "the counter stands at {}, there are {} papers and the last is {}",
                    last.unwrap_or(0),
                    n.unwrap_or(0),
                    most.unwrap_or(0)
                ),
                remedy: REMEDY,
            });
        }
    }
    let over = db
        .raw_all(
            "SELECT max(CASE WHEN p.kind = 'invoice' THEN p.number ELSE 0 END) AS number FROM paper p \
             WHERE p.tenant_id = {tenant} GROUP BY p.order_id \
             HAVING sum(CASE WHEN p.kind = 'invoice' THEN p.total_minor ELSE -p.total_minor END) < 0 \
             ORDER BY number LIMIT 100",
            vec![],
        )
        .await?;
    for row in over {
        let number: i64 = row.try_get("", "number").map_err(Error::from)?;
        report.find(Finding {
            check: "paper.credit",
            about: format!("invoice {number}"),
            text: "the credit notes of its order take more back than its invoices asked for".to_owned(),
            remedy: REMEDY,
        });
    }
    Ok(())
}
