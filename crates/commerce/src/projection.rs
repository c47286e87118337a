//! The read model: orders in lists, sales per day and product.
//!
//! Rows are computed from the orders that the events name. Sales are kept by what a row counted before and counts
//! now, so applying an event twice adds nothing, and a rebuild adds everything up again.
//!
//! Rows are in the currency of their order; what is added up is in the shop's, at the rate that the order keeps.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use events::Envelope;
use index::{Projection, Rebuild, Slice};
use platform::{Context, Error, Tx};
use primitives::{Currency, Exchange};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbBackend, IntoActiveModel, Iterable};
use uuid::Uuid;

use crate::currency;
use crate::entity::{order_line, order_row, orders, payment};
use crate::event::Touched;
use crate::payment::state_of;

/// Orders of one slice of a rebuild.
const SLICE: u64 = 500;
/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;

/// Keeps `order_row`, `sales_day` and `sales_product`.
pub struct OrdersProjection;

#[async_trait]
impl Projection for OrdersProjection {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["order.*", "payment.*", "fulfilment.*", "return.*", "gift_card.*", "store_credit.*"]
    }

    async fn apply(&self, tx: &Tx, events: &[Envelope]) -> platform::Result<()> {
        let mut ids = BTreeSet::new();
        let mut edited = BTreeSet::new();
        for event in events {
            let touched = event.decode::<Touched>()?;
            let id = touched.order_id.map(|id| id.uuid());
            ids.extend(id);
            edited.extend(id.filter(|_| touched.edit_id.is_some()));
        }
        let ids: Vec<Uuid> = ids.into_iter().collect();
        project(tx, &ids, &edited).await.context("projecting orders").map(|_| ())
    }

    async fn rebuild(&self, rebuild: &Rebuild<'_>) -> platform::Result<u64> {
        rebuild
            .slices(async |tx, after| {
                let mut next = tx.find::<orders::Entity>();
                if let Some(after) = after {
                    next = next.filter(orders::Column::Id.gt(after));
                }
                let ids: Vec<(Uuid,)> =
                    next.order_by_asc(orders::Column::Id).limit(SLICE).columns([orders::Column::Id]).await?;
                let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
                let last = ids.last().copied().filter(|_| ids.len() as u64 == SLICE);
                forget(tx, after, last, &ids).await?;
                let documents = project(tx, &ids, &BTreeSet::new()).await?;
                if last.is_none() {
                    sum_up(tx).await.context("summing sales up")?;
                }
                Ok(Slice { documents, last })
            })
            .await
    }
}

/// What a row adds to the sales of its day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    orders: i64,
    items: i64,
    revenue: i64,
}

fn counted(row: &order_row::Model) -> Option<(i64, Counted)> {
    row.paid_day.map(|day| (day, Counted { orders: 1, items: row.n_items, revenue: row.worth_minor }))
}

/// Whether its lines are among the products sold: paid, and not given back in full.
fn sold(row: &order_row::Model) -> bool {
    row.paid_day.is_some() && row.state != "refunded"
}

/// Writes the rows of these orders and what they change in the sales; gives back how many rows there are. `edited` have
/// other lines than before.
async fn project(tx: &Tx, ids: &[Uuid], edited: &BTreeSet<Uuid>) -> platform::Result<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let found =
        tx.find::<orders::Entity>().filter(orders::Column::Id.is_in(ids.iter().copied())).all().await?;
    let payments = tx
        .find::<payment::Entity>()
        .filter(payment::Column::OrderId.is_in(ids.iter().copied()))
        .all()
        .await?;
    let payments: HashMap<Uuid, payment::Model> = payments.into_iter().map(|p| (p.order_id, p)).collect();
    let before =
        tx.find::<order_row::Entity>().filter(order_row::Column::Id.is_in(ids.iter().copied())).all().await?;
    let before: HashMap<Uuid, order_row::Model> = before.into_iter().map(|row| (row.id, row)).collect();
    let home = home(tx)?;
    let mut days: BTreeMap<i64, Counted> = BTreeMap::new();
    let mut turned: Vec<Turned> = Vec::new();
    let mut changed = Vec::new();
    // Nobody knows any more what an edited order counted before: its day is summed up anew. It is rare.
    let mut anew: BTreeSet<i64> = BTreeSet::new();
    for order in &found {
        let exchange = currency::of_order(home, &order.currency, &order.exchange_rate)?;
        let row = row_of(order, payments.get(&order.id), &exchange)?;
        let old = before.get(&order.id);
        if edited.contains(&order.id)
            && let Some(day) = row.paid_day
        {
            anew.insert(day);
        }
        if old == Some(&row) {
            continue;
        }
        for (counts, sign) in [(old.and_then(counted), -1), (counted(&row), 1)] {
            if let Some((day, counts)) = counts {
                let sum = days.entry(day).or_default();
                sum.orders += sign * counts.orders;
                sum.items += sign * counts.items;
                sum.revenue += sign * counts.revenue;
            }
        }
        match (old.is_some_and(sold), sold(&row)) {
            (false, true) => turned.push(Turned { row: row.clone(), exchange, sign: 1 }),
            (true, false) => turned.push(Turned { row: row.clone(), exchange, sign: -1 }),
            _ => {}
        }
        changed.push(row.into_active_model().reset_all());
    }
    let columns: Vec<order_row::Column> = order_row::Column::iter()
        .filter(|c| !matches!(c, order_row::Column::TenantId | order_row::Column::Id))
        .collect();
    if !changed.is_empty() {
        tx.upsert_many(changed, &[order_row::Column::TenantId, order_row::Column::Id], &columns).await?;
    }
    for (day, sum) in days.into_iter().filter(|(_, sum)| *sum != Counted::default()) {
        tx.raw_exec(
            "INSERT INTO sales_day (tenant_id, day, currency, n_orders, n_items, revenue_minor) \
             VALUES ({tenant}, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, day, currency) DO UPDATE SET \
             n_orders = sales_day.n_orders + excluded.n_orders, n_items = sales_day.n_items + excluded.n_items, \
             revenue_minor = sales_day.revenue_minor + excluded.revenue_minor",
            vec![
                day.into(),
                home.code().into(),
                sum.orders.into(),
                sum.items.into(),
                sum.revenue.into(),
            ],
        )
        .await?;
    }
    turned.retain(|one| one.row.paid_day.is_none_or(|day| !anew.contains(&day)));
    count_products(tx, home, &turned).await?;
    for day in anew {
        tx.raw_exec("DELETE FROM sales_product WHERE tenant_id = {tenant} AND day = ?", vec![day.into()])
            .await?;
        sum_products(tx, home, Some(day)).await?;
    }
    Ok(found.len() as u64)
}

/// An order whose products count from now on, or do so no longer.
struct Turned {
    row: order_row::Model,
    exchange: Exchange,
    sign: i64,
}

/// The currency that sales are added up in.
fn home(tx: &Tx) -> platform::Result<Currency> {
    tx.ctx().map(|ctx| ctx.tenant().currency).ok_or_else(|| Error::internal("no tenant to project"))
}

/// What the pieces of a line cost, in minor units of the shop's currency.
fn worth(exchange: &Exchange, unit: i64, quantity: i64) -> platform::Result<i64> {
    let whole = unit.checked_mul(quantity).ok_or_else(|| Error::internal("a line is worth too much"))?;
    exchange.back(whole).map_err(Error::internal)
}

async fn count_products(tx: &Tx, home: Currency, turned: &[Turned]) -> platform::Result<()> {
    if turned.is_empty() {
        return Ok(());
    }
    let by_id: HashMap<Uuid, &Turned> = turned.iter().map(|entry| (entry.row.id, entry)).collect();
    let lines = tx
        .find::<order_line::Entity>()
        .filter(order_line::Column::OrderId.is_in(by_id.keys().copied()))
        .all()
        .await?;
    // Nothing can be taken out of the largest title, so what was given back is summed up anew. It is rare.
    let mut anew: BTreeSet<(i64, Uuid)> = BTreeSet::new();
    let mut sums: Sums = BTreeMap::new();
    for line in lines {
        let Some(Turned { row, exchange, sign }) = by_id.get(&line.order_id) else { continue };
        let Some(day) = row.paid_day else { continue };
        let key = (day, line.product_id);
        if *sign < 0 {
            anew.insert(key);
        }
        let sum = sums.entry(key).or_default();
        sum.0 = std::mem::take(&mut sum.0).max(line.title);
        sum.1 += line.quantity;
        sum.2 += worth(exchange, line.unit_minor, line.quantity)?;
    }
    sums.retain(|key, _| !anew.contains(key));
    add_products(tx, home, sums).await?;
    for (day, product) in anew {
        tx.raw_exec(
            "DELETE FROM sales_product WHERE tenant_id = {tenant} AND day = ? AND product_id = ? AND currency = ?",
            vec![day.into(), product.into(), home.code().into()],
        )
        .await?;
        let sold = tx
            .raw_all(
                "SELECT l.title, l.quantity, l.unit_minor, o.currency, o.exchange_rate FROM order_row r \
                 JOIN orders o ON o.tenant_id = r.tenant_id AND o.id = r.id \
                 JOIN order_line l ON l.tenant_id = r.tenant_id AND l.order_id = r.id \
                 WHERE r.tenant_id = {tenant} AND r.paid_day = ? AND l.product_id = ? AND r.state <> 'refunded'",
                vec![day.into(), product.into()],
            )
            .await?;
        let mut left: Sums = BTreeMap::new();
        for line in sold {
            let (title, currency, rate): (String, String, String) = (
                line.try_get("", "title")?,
                line.try_get("", "currency")?,
                line.try_get("", "exchange_rate")?,
            );
            let (quantity, unit): (i64, i64) =
                (line.try_get("", "quantity")?, line.try_get("", "unit_minor")?);
            let exchange = currency::of_order(home, &currency, &rate)?;
            let sum = left.entry((day, product)).or_default();
            sum.0 = std::mem::take(&mut sum.0).max(title);
            sum.1 += quantity;
            sum.2 += worth(&exchange, unit, quantity)?;
        }
        add_products(tx, home, left).await?;
    }
    Ok(())
}

/// By day and product: the title, how many, and what they cost in the shop's currency.
type Sums = BTreeMap<(i64, Uuid), (String, i64, i64)>;

/// Adds to what is there.
async fn add_products(tx: &Tx, home: Currency, sums: Sums) -> platform::Result<()> {
    let bytewise = bytewise(tx);
    let sums: Vec<_> = sums.into_iter().collect();
    for sums in sums.chunks(1_000) {
        let rows = vec!["({tenant}, ?, ?, ?, ?, ?, ?)"; sums.len()].join(", ");
        let values = sums.iter().flat_map(|((day, product), (title, quantity, revenue))| {
            let (currency, title) = (home.code(), title.as_str());
            [
                (*day).into(),
                (*product).into(),
                currency.into(),
                title.into(),
                (*quantity).into(),
                (*revenue).into(),
            ]
        });
        tx.raw_exec(
            &format!(
                "INSERT INTO sales_product (tenant_id, day, product_id, currency, title, quantity, revenue_minor) \
                 VALUES {rows} ON CONFLICT (tenant_id, day, product_id, currency) DO UPDATE SET \
                 title = CASE WHEN excluded.title{bytewise} > sales_product.title THEN excluded.title \
                   ELSE sales_product.title END, \
                 quantity = sales_product.quantity + excluded.quantity, \
                 revenue_minor = sales_product.revenue_minor + excluded.revenue_minor"
            ),
            values.collect(),
        )
        .await?;
    }
    Ok(())
}

/// Texts are compared as SQLite and Rust do, whatever the database's own language says.
fn bytewise(tx: &Tx) -> &'static str {
    if tx.backend() == DbBackend::Postgres { " COLLATE \"C\"" } else { "" }
}

/// Sums products sold up from the rows of orders in the shop's own currency, for those that fit the condition.
fn sum_of_products(tx: &Tx, condition: &str) -> String {
    let bytewise = bytewise(tx);
    format!(
        "INSERT INTO sales_product (tenant_id, day, product_id, currency, title, quantity, revenue_minor) \
         SELECT r.tenant_id, r.paid_day, l.product_id, r.currency, MAX(l.title{bytewise}), \
                CAST(SUM(l.quantity) AS bigint), CAST(SUM(l.unit_minor * l.quantity) AS bigint) \
         FROM order_row r JOIN order_line l ON l.tenant_id = r.tenant_id AND l.order_id = r.id \
         WHERE r.tenant_id = {{tenant}} AND r.paid_day IS NOT NULL AND r.state <> 'refunded' AND r.currency = ? {condition} \
         GROUP BY r.tenant_id, r.paid_day, l.product_id, r.currency"
    )
}

/// Deletes rows of this range of ids whose order is gone.
async fn forget(tx: &Tx, after: Option<Uuid>, last: Option<Uuid>, ids: &[Uuid]) -> platform::Result<()> {
    let mut range = tx.find::<order_row::Entity>();
    if let Some(after) = after {
        range = range.filter(order_row::Column::Id.gt(after));
    }
    if let Some(last) = last {
        range = range.filter(order_row::Column::Id.lte(last));
    }
    let known: HashSet<Uuid> = ids.iter().copied().collect();
    let rows: Vec<(Uuid,)> = range.columns([order_row::Column::Id]).await?;
    let gone: Vec<Uuid> = rows.into_iter().map(|(id,)| id).filter(|id| !known.contains(id)).collect();
    if !gone.is_empty() {
        tx.delete_many::<order_row::Entity>().filter(order_row::Column::Id.is_in(gone)).exec().await?;
    }
    Ok(())
}

/// Adds all sales up again, from the rows.
async fn sum_up(tx: &Tx) -> platform::Result<()> {
    let home = home(tx)?;
    tx.raw_exec("DELETE FROM sales_day WHERE tenant_id = {tenant}", Vec::new()).await?;
    tx.raw_exec("DELETE FROM sales_product WHERE tenant_id = {tenant}", Vec::new()).await?;
    tx.raw_exec(
        &"INSERT INTO sales_day (tenant_id, day, currency, n_orders, n_items, revenue_minor) \
         SELECT tenant_id, paid_day, {currency}, COUNT(*), CAST(SUM(n_items) AS bigint), \
                CAST(SUM(worth_minor) AS bigint) \
         FROM order_row WHERE tenant_id = {tenant} AND paid_day IS NOT NULL \
         GROUP BY tenant_id, paid_day"
            .replace("{currency}", &format!("'{}'", home.code())),
        Vec::new(),
    )
    .await?;
    sum_products(tx, home, None).await
}

/// Adds the products sold up, of one day or of all.
async fn sum_products(tx: &Tx, home: Currency, day: Option<i64>) -> platform::Result<()> {
    let condition = day.map_or("", |_| "AND r.paid_day = ?");
    let values = std::iter::once(home.code().into()).chain(day.map(sea_orm::Value::from));
    tx.raw_exec(&sum_of_products(tx, condition), values.collect()).await?;
    // The others one by one, each at its own rate.
    let mut after = None;
    loop {
        let mut others = tx.find::<order_row::Entity>().filter(order_row::Column::Currency.ne(home.code()));
        if let Some(day) = day {
            others = others.filter(order_row::Column::PaidDay.eq(day));
        }
        if let Some(after) = after {
            others = others.filter(order_row::Column::Id.gt(after));
        }
        let others = others.order_by_asc(order_row::Column::Id).limit(SLICE).all().await?;
        let Some(last) = others.last().map(|row| row.id) else { return Ok(()) };
        after = Some(last);
        let ids = others.iter().map(|row| row.id);
        let orders = tx.find::<orders::Entity>().filter(orders::Column::Id.is_in(ids)).all().await?;
        let rates: HashMap<Uuid, Exchange> = orders
            .iter()
            .map(|order| Ok((order.id, currency::of_order(home, &order.currency, &order.exchange_rate)?)))
            .collect::<platform::Result<_>>()?;
        let turned: Vec<Turned> = others
            .into_iter()
            .filter(sold)
            .filter_map(|row| Some(Turned { exchange: *rates.get(&row.id)?, row, sign: 1 }))
            .collect();
        count_products(tx, home, &turned).await?;
    }
}

/// What the search of the list looks in.
pub(crate) fn search_of(number: i64, email: &str, name: &str) -> String {
    format!("{number} {email} {name}").to_lowercase()
}

fn row_of(
    order: &orders::Model,
    payment: Option<&payment::Model>,
    exchange: &Exchange,
) -> platform::Result<order_row::Model> {
    let kept = order.paid_minor - order.refunded_minor;
    Ok(order_row::Model {
        tenant_id: order.tenant_id,
        id: order.id,
        number: order.number,
        state: order.state.clone(),
        payment: state_of(order, payment).as_str().to_owned(),
        customer_id: order.customer_id,
        email: order.email.clone(),
        name: order.name.clone(),
        search: search_of(order.number, &order.email, &order.name),
        n_items: order.n_items,
        n_sent: order.n_sent,
        currency: order.currency.clone(),
        total_minor: order.total_minor,
        paid_minor: order.paid_minor,
        refunded_minor: order.refunded_minor,
        country: order.country.clone(),
        shipping_name: order.shipping_name.clone(),
        provider: order.provider.clone(),
        attention: order.attention.clone(),
        placed_at: order.placed_at,
        paid_day: order.paid_at.map(|at| at.div_euclid(DAY)),
        updated_at: order.updated_at,
        worth_minor: exchange.back(kept).map_err(Error::internal)?,
        value_minor: exchange.back(order.total_minor).map_err(Error::internal)?,
    })
}
