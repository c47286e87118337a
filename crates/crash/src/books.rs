//! What has to be true once everybody has calmed down, whatever had crashed.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use platform::{Access, Ctx};
use uuid::Uuid;

use crate::gateway::Gateway;
use crate::server::Site;
use crate::shop::Told;

/// Longest time until everything that waits is done.
pub const SETTLE: Duration = Duration::from_secs(60);

/// What still waits, as SQL.
const WAITING: [(&str, &str); 5] = [
    (
        "payments that wait for the gateway",
        "SELECT count(*) FROM payment WHERE tenant_id = {tenant} AND next_at IS NOT NULL",
    ),
    (
        "call-backs that nobody has handled",
        "SELECT count(*) FROM payment_event WHERE tenant_id = {tenant} AND handled_at IS NULL",
    ),
    (
        "orders that wait for the gateway",
        "SELECT count(*) FROM orders WHERE tenant_id = {tenant} AND provider = 'http' AND state = 'pending_payment'",
    ),
    (
        "orders that need attention",
        "SELECT count(*) FROM orders WHERE tenant_id = {tenant} AND attention IS NOT NULL",
    ),
    ("events on their way", "SELECT count(*) FROM outbox_waiting WHERE tenant_id = {tenant}"),
];

/// Waits until nothing waits any more; what still does after a minute.
pub async fn settle(ctx: &Ctx, gateway: &Gateway) -> Result<Vec<String>> {
    let until = Instant::now() + SETTLE;
    loop {
        let mut left = Vec::new();
        if 0 < gateway.open_calls() {
            left.push(format!("{} call-backs that the shop has not taken", gateway.open_calls()));
        }
        for (what, sql) in WAITING {
            match number(ctx, sql).await? {
                0 => {}
                n => left.push(format!("{n} {what}")),
            }
        }
        if left.is_empty() || until < Instant::now() {
            return Ok(left);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A number from the tables of the shop.
pub async fn number(ctx: &Ctx, sql: &str) -> Result<i64> {
    let rows = ctx.read(Access::System).await?.raw_all(sql, Vec::new()).await?;
    Ok(rows.first().context("one row")?.try_get_by_index(0)?)
}

/// Compares what buyers were told, what the gateway holds and what the shop has written down; one line for each thing
/// that does not agree, and how many captures there were.
pub async fn compare(site: &Site, ctx: &Ctx, gateway: &Gateway, told: &Told) -> Result<(Vec<String>, u64)> {
    let mut wrong = site.verify()?;
    let orders = orders(ctx).await?;
    heard(told, &orders, &mut wrong);
    let captured = money(ctx, gateway, &mut wrong).await?;
    wrong.extend(gateway.wrong());
    for (what, sql) in [
        (
            "shelves promise more than lies there",
            "SELECT count(*) FROM stock_level WHERE tenant_id = {tenant} AND on_hand < reserved",
        ),
        (
            "variants are sold more often than there are pieces",
            "SELECT count(*) FROM (SELECT l.variant_id FROM order_line l \
               JOIN orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id \
               WHERE l.tenant_id = {tenant} AND o.state IN ('pending_payment', 'paid') GROUP BY l.variant_id \
               HAVING sum(l.quantity) > (SELECT coalesce(sum(s.on_hand), 0) FROM stock_level s \
                 WHERE s.tenant_id = {tenant} AND s.variant_id = l.variant_id)) AS sold",
        ),
        (
            "orders are missing in the list of the admin, or stand there otherwise",
            "SELECT count(*) FROM orders o LEFT JOIN order_row r ON r.tenant_id = o.tenant_id AND r.id = o.id \
             WHERE o.tenant_id = {tenant} AND (r.id IS NULL OR r.state <> o.state)",
        ),
        (
            "carts have more than one order",
            "SELECT count(*) FROM (SELECT cart_id FROM orders WHERE tenant_id = {tenant} GROUP BY cart_id \
             HAVING count(*) > 1) AS twice",
        ),
    ] {
        match number(ctx, sql).await? {
            0 => {}
            n => wrong.push(format!("{n} {what}")),
        }
    }
    Ok((wrong, captured))
}

/// Numbers of the orders of each key.
async fn orders(ctx: &Ctx) -> Result<HashMap<String, Vec<i64>>> {
    let sql = "SELECT checkout_key, number FROM orders WHERE tenant_id = {tenant}";
    let mut orders: HashMap<String, Vec<i64>> = HashMap::new();
    for row in ctx.read(Access::System).await?.raw_all(sql, Vec::new()).await? {
        orders.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
    }
    Ok(orders)
}

/// What was acknowledged is there, once; what was refused is not.
fn heard(told: &Told, orders: &HashMap<String, Vec<i64>>, wrong: &mut Vec<String>) {
    for (key, number) in told.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        if orders.get(key).map(Vec::as_slice) != Some(&[*number]) {
            wrong.push(format!(
                "order {number} was acknowledged; under its key there is {:?}",
                orders.get(key)
            ));
        }
    }
    for key in told.refused.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        if let Some(numbers) = orders.get(key) {
            wrong.push(format!("{key} was refused, and there is order {numbers:?}"));
        }
    }
    wrong.extend(told.wrong.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
}

/// What the gateway took is what the shop has received, payment by payment, and what it gave back is what the shop gave
/// back. Gives back how many captures there were.
async fn money(ctx: &Ctx, gateway: &Gateway, wrong: &mut Vec<String>) -> Result<u64> {
    let sql = "SELECT p.id, o.number, o.state, o.paid_minor, o.refunded_minor, \
                 (SELECT count(*) FROM money_ledger m WHERE m.tenant_id = p.tenant_id AND m.payment_id = p.id \
                    AND m.kind = 'capture') \
               FROM payment p JOIN orders o ON o.tenant_id = p.tenant_id AND o.id = p.order_id \
               WHERE p.tenant_id = {tenant} AND p.provider = 'http'";
    let mut accounts = gateway.accounts();
    let mut captures = 0;
    for row in ctx.read(Access::System).await?.raw_all(sql, Vec::new()).await? {
        let (id, number): (Uuid, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (state, paid): (String, i64) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
        let (refunded, entries): (i64, i64) = (row.try_get_by_index(4)?, row.try_get_by_index(5)?);
        let account = accounts.remove(&id.to_string()).unwrap_or_default();
        captures += u64::from(account.captures);
        let mut say = |text: String| wrong.push(format!("order {number} is {state}: {text}"));
        if 1 < account.captures || 1 < entries {
            say(format!("captured {} times at the gateway, {entries} times in the ledger", account.captures));
        }
        if (account.captured, account.refunded) != (paid, refunded) {
            say(format!(
                "the gateway took {} and gave {} back, the shop received {paid} and gave {refunded} back",
                account.captured, account.refunded
            ));
        }
        let kept = account.captured - account.refunded;
        if 0 < kept && matches!(state.as_str(), "cancelled" | "refunded" | "pending_payment") {
            say(format!("the gateway still holds {kept} of it"));
        }
    }
    for (reference, account) in accounts {
        if 0 < account.captured {
            wrong.push(format!(
                "the gateway took {} for payment {reference}, which is nobody's",
                account.captured
            ));
        }
    }
    Ok(captures)
}
