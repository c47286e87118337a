//! The figures that staff starts the day with, from the read model.

use platform::{Ctx, Error, TenantDb};
use primitives::{Currency, Money, Permission, ProductId, Timestamp, round_half_away};
use sea_orm::ColumnTrait;
use std::collections::HashMap;

use crate::entity::order_row;
use crate::error::{CommerceError, Result};
use crate::order::row_views;
use crate::projection::DAY;
use crate::view::{DashboardView, SalesDay, TopProduct};

/// Sales of the last `days` days (1 to 366), today included; what needs hands. UTC. At most a constant number of statements.
pub async fn view(ctx: &Ctx, days: i64) -> Result<DashboardView> {
    if !(1..=366).contains(&days) {
        return Err(CommerceError::field("days", "must be between 1 and 366"));
    }
    let rows = ctx.read(Permission::ANALYTICS_READ).await?;
    let currency = ctx.tenant().currency;
    let today = ctx.now().millis().div_euclid(DAY);
    let first = today - days + 1;
    let sales = sales(&rows, currency, first - days, today).await?;
    let of = |day: i64| sales.get(&day).copied().unwrap_or_default();
    let money = |minor| Money::new(minor, currency);
    let shown = (first..=today).map(|day| {
        let (n_orders, n_items, revenue) = of(day);
        SalesDay {
            date: Timestamp::from_millis(day * DAY).date(),
            revenue: money(revenue),
            n_orders: count(n_orders),
            n_items: count(n_items),
        }
    });
    let sum = |from: i64, to: i64| {
        (from..=to)
            .map(of)
            .fold((0_i64, 0_i64), |sum, (n, _, revenue)| (sum.0 + n, sum.1.saturating_add(revenue)))
    };
    let (n_orders, revenue) = sum(first, today);
    let (n_before, revenue_before) = sum(first - days, first - 1);
    let average = match n_orders {
        0 => 0,
        n => round_half_away(i128::from(revenue), i128::from(n))?,
    };
    let (n_to_ship, n_unpaid) = waiting(&rows).await?;
    let attention = rows
        .find::<order_row::Entity>()
        .filter(order_row::Column::Attention.is_not_null())
        .order_by_asc(order_row::Column::PlacedAt)
        .limit(20)
        .all()
        .await?;
    let latest = rows
        .find::<order_row::Entity>()
        .order_by_desc(order_row::Column::PlacedAt)
        .order_by_desc(order_row::Column::Id)
        .limit(10)
        .all()
        .await?;
    Ok(DashboardView {
        days: shown.collect(),
        revenue: money(revenue),
        n_orders: count(n_orders),
        average: money(average),
        revenue_before: money(revenue_before),
        n_orders_before: count(n_before),
        n_to_ship,
        n_unpaid,
        top_products: top_products(&rows, currency, first, today).await?,
        attention: row_views(&rows, attention).await?,
        latest: row_views(&rows, latest).await?,
    })
}

/// Orders, pieces and revenue by day.
async fn sales(
    rows: &TenantDb,
    currency: Currency,
    from: i64,
    to: i64,
) -> Result<HashMap<i64, (i64, i64, i64)>> {
    let found = rows
        .raw_all(
            "SELECT day, n_orders, n_items, revenue_minor FROM sales_day \
             WHERE tenant_id = {tenant} AND currency = ? AND day >= ? AND day <= ?",
            vec![currency.code().into(), from.into(), to.into()],
        )
        .await?;
    let mut days = HashMap::with_capacity(found.len());
    for row in found {
        let get = |name: &str| row.try_get::<i64>("", name).map_err(Error::from);
        days.insert(get("day")?, (get("n_orders")?, get("n_items")?, get("revenue_minor")?));
    }
    Ok(days)
}

async fn waiting(rows: &TenantDb) -> Result<(u64, u64)> {
    let found = rows
        .raw_all(
            "SELECT state, CAST(COUNT(*) AS bigint) AS n FROM order_row \
             WHERE tenant_id = {tenant} AND state IN ('paid', 'pending_payment') GROUP BY state",
            Vec::new(),
        )
        .await?;
    let mut waiting = (0, 0);
    for row in found {
        let state: String = row.try_get("", "state").map_err(Error::from)?;
        let n = count(row.try_get("", "n").map_err(Error::from)?);
        if state == "paid" { waiting.0 = n } else { waiting.1 = n }
    }
    Ok(waiting)
}

async fn top_products(rows: &TenantDb, currency: Currency, from: i64, to: i64) -> Result<Vec<TopProduct>> {
    let found = rows
        .raw_all(
            "SELECT product_id, MAX(title) AS title, CAST(SUM(quantity) AS bigint) AS quantity, \
             CAST(SUM(revenue_minor) AS bigint) AS revenue FROM sales_product \
             WHERE tenant_id = {tenant} AND currency = ? AND day >= ? AND day <= ? \
             GROUP BY product_id HAVING SUM(quantity) > 0 ORDER BY revenue DESC, product_id LIMIT 10",
            vec![currency.code().into(), from.into(), to.into()],
        )
        .await?;
    let mut top = Vec::with_capacity(found.len());
    for row in found {
        top.push(TopProduct {
            product: ProductId::from_uuid(row.try_get("", "product_id").map_err(Error::from)?),
            title: row.try_get("", "title").map_err(Error::from)?,
            quantity: count(row.try_get("", "quantity").map_err(Error::from)?),
            revenue: Money::new(row.try_get("", "revenue").map_err(Error::from)?, currency),
        });
    }
    Ok(top)
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}
