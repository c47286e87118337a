//! How often a promotion was used and what it cost: decided by statements, never by what was read before.

use platform::{Context, Error, Tx};
use primitives::{CustomerId, OrderId, PromotionId, Timestamp};
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::error::{CommerceError, Result};

/// One promotion that takes something off an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub promotion: PromotionId,
    /// As shoppers know it.
    pub name: String,
    /// What it takes off, minor units.
    pub amount: i64,
}

/// Counts the uses of an order that is being placed, all of them or none (MONEY rule 9).
///
/// # Errors
/// [`CommerceError::PromotionGone`] for one whose last use or budget somebody else was faster to take; the caller's
/// transaction must then be rolled back.
pub(crate) async fn take(
    tx: &Tx,
    order: OrderId,
    customer: CustomerId,
    uses: &[Use],
    now: Timestamp,
) -> Result<()> {
    let mut uses: Vec<&Use> = uses.iter().collect();
    // One order for everybody: nobody waits for somebody who waits for him.
    uses.sort_by_key(|one| one.promotion);
    for one in uses {
        let gone = || CommerceError::PromotionGone { name: one.name.clone() };
        let rows = tx
            .raw_all(
                "UPDATE promotion SET uses = uses + 1, spent_minor = spent_minor + ? \
                 WHERE tenant_id = {tenant} AND id = ? AND active \
                 AND (use_limit IS NULL OR uses < use_limit) \
                 AND (budget_minor IS NULL OR spent_minor + ? <= budget_minor) \
                 RETURNING shopper_limit",
                vec![one.amount.into(), one.promotion.uuid().into(), one.amount.into()],
            )
            .await
            .context("counting the use of a promotion")?;
        let row = rows.first().ok_or_else(gone)?;
        let limit: Option<i64> = row.try_get("", "shopper_limit").map_err(Error::from)?;
        // The row of the promotion is locked now: what is counted here, nobody changes before the commit.
        let kept = tx
            .raw_exec(
                "INSERT INTO promotion_use \
                   (tenant_id, promotion_id, order_id, customer_id, amount_minor, at) \
                 SELECT {tenant}, p.id, o.id, o.customer_id, ?, ? FROM promotion p \
                 JOIN orders o ON o.tenant_id = p.tenant_id AND o.id = ? AND o.customer_id = ? \
                 WHERE p.tenant_id = {tenant} AND p.id = ? AND ? > ( \
                   SELECT COUNT(*) FROM promotion_use u WHERE u.tenant_id = p.tenant_id \
                   AND u.promotion_id = p.id AND u.customer_id = o.customer_id AND u.released_at IS NULL)",
                vec![
                    one.amount.into(),
                    now.millis().into(),
                    order.uuid().into(),
                    customer.uuid().into(),
                    one.promotion.uuid().into(),
                    limit.unwrap_or(i64::MAX).into(),
                ],
            )
            .await
            .context("noting the use of a promotion")?;
        if kept == 0 {
            return Err(gone());
        }
    }
    Ok(())
}

/// Gives the uses of an order back that was given up. A second call finds nothing and changes nothing.
pub(crate) async fn release(tx: &Tx, order: Uuid, now: Timestamp) -> Result<()> {
    let rows = tx
        .raw_all(
            "UPDATE promotion_use SET released_at = ? \
             WHERE tenant_id = {tenant} AND order_id = ? AND released_at IS NULL \
             RETURNING promotion_id, amount_minor",
            vec![now.millis().into(), order.into()],
        )
        .await
        .context("giving promotions back")?;
    let read = |row: &QueryResult| -> Result<(Uuid, i64), sea_orm::DbErr> {
        Ok((row.try_get("", "promotion_id")?, row.try_get("", "amount_minor")?))
    };
    let mut given: Vec<(Uuid, i64)> = rows.iter().map(read).collect::<Result<_, _>>().map_err(Error::from)?;
    given.sort_unstable();
    for (promotion, amount) in given {
        tx.raw_exec(
            "UPDATE promotion SET uses = uses - 1, spent_minor = spent_minor - ? \
             WHERE tenant_id = {tenant} AND id = ?",
            vec![amount.into(), promotion.into()],
        )
        .await?;
    }
    Ok(())
}
