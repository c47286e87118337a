//! What promotions ask of whoever buys.

use platform::{Context, Error, TenantDb};
use primitives::{CustomerId, Email, PromotionId, UserId};
use sea_orm::{QueryResult, Value};

use crate::cart::Past;
use crate::error::Result;

/// The past of a record. One statement.
pub(crate) async fn of_record(rows: &TenantDb, customer: CustomerId) -> Result<Past> {
    Ok(read(rows, "id", customer.uuid().into()).await?.unwrap_or_default())
}

/// The past of an account's record, else of that of an e-mail address as it was typed; that of a stranger for somebody who
/// is new here. One statement, and another one for an account that has no record.
pub(crate) async fn of_buyer(rows: &TenantDb, user: Option<UserId>, email: Option<&str>) -> Result<Past> {
    if let Some(user) = user
        && let Some(past) = read(rows, "user_id", user.uuid().into()).await?
    {
        return Ok(past);
    }
    let Some(email) = email.and_then(|typed| Email::parse(typed.trim()).ok()) else {
        return Ok(Past::default());
    };
    Ok(read(rows, "email", email.as_str().to_lowercase().into()).await?.unwrap_or_default())
}

/// `None` when there is no such record; else a row for each promotion that it used, or one without.
async fn read(rows: &TenantDb, column: &str, value: Value) -> Result<Option<Past>> {
    let sql = format!(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = c.tenant_id AND o.customer_id = c.id \
             AND o.state <> 'cancelled') THEN 1 ELSE 0 END AS ordered, \
           u.promotion_id AS promotion, CAST(COUNT(u.promotion_id) AS bigint) AS uses \
         FROM customer c LEFT JOIN promotion_use u \
           ON u.tenant_id = c.tenant_id AND u.customer_id = c.id AND u.released_at IS NULL \
         WHERE c.tenant_id = {{tenant}} AND c.{column} = ? GROUP BY c.tenant_id, c.id, u.promotion_id"
    );
    let found = rows.raw_all(&sql, vec![value]).await.context("looking up what a customer has bought")?;
    let Some(first) = found.first() else { return Ok(None) };
    // 0 or 1: nobody asks how many.
    let ordered: i32 = first.try_get("", "ordered").map_err(Error::from)?;
    let used = found.iter().filter_map(|row| of_promotion(row).transpose());
    let used = used.collect::<Result<_, _>>().map_err(Error::from)?;
    Ok(Some(Past { orders_before: u32::from(ordered != 0), used }))
}

fn of_promotion(row: &QueryResult) -> Result<Option<(PromotionId, i64)>, sea_orm::DbErr> {
    let promotion = row.try_get::<Option<uuid::Uuid>>("", "promotion")?;
    let uses = row.try_get("", "uses")?;
    Ok(promotion.map(|promotion| (PromotionId::from_uuid(promotion), uses)))
}
