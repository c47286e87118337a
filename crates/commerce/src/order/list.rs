//! Lists of orders: the staff's from the read model, a customer's own from the orders.

use std::collections::HashMap;

use platform::{Access, Ctx, Error, TenantDb};
use primitives::{Cursor, CustomerId, Direction, Money, OrderId, PageArgs, Permission, Timestamp, UserId};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, Order};
use uuid::Uuid;

use super::read::{currency_of, own_rows};
use super::tag;
use crate::entity::{order_row, orders};
use crate::error::Result;
use crate::page::{Page, bad_cursor, contains, cut, escape_like, place_after, searched};
use crate::view::{OrderRowView, OrderState, PaymentState};

/// Which orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Number (with or without `#`), or part of the e-mail or of the name.
    pub q: String,
    /// Any of these; empty: all.
    pub states: Vec<OrderState>,
    /// Any of these; empty: all.
    pub payments: Vec<PaymentState>,
    /// Only those that somebody has to look at.
    pub attention: bool,
    /// Of one customer.
    pub customer: Option<CustomerId>,
    /// Placed at this moment or later.
    pub placed_from: Option<Timestamp>,
    /// Placed before this moment.
    pub placed_to: Option<Timestamp>,
    /// With this tag; empty: all. Whoever may see the own orders alone finds nothing by it.
    pub tag: String,
}

/// Orders of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderSort {
    /// Newest first.
    #[default]
    PlacedDesc,
    /// Oldest first.
    PlacedAsc,
    /// Highest number first.
    NumberDesc,
    /// Lowest number first.
    NumberAsc,
    /// Largest total first, whatever its currency: as it is worth in the shop's.
    TotalDesc,
    /// Smallest total first.
    TotalAsc,
}

impl OrderSort {
    fn column(self) -> (order_row::Column, bool, &'static str) {
        match self {
            Self::PlacedDesc => (order_row::Column::PlacedAt, false, "order-placed-desc"),
            Self::PlacedAsc => (order_row::Column::PlacedAt, true, "order-placed"),
            Self::NumberDesc => (order_row::Column::Number, false, "order-number-desc"),
            Self::NumberAsc => (order_row::Column::Number, true, "order-number"),
            Self::TotalDesc => (order_row::Column::ValueMinor, false, "order-total-desc"),
            Self::TotalAsc => (order_row::Column::ValueMinor, true, "order-total"),
        }
    }

    fn key(self, row: &order_row::Model) -> i64 {
        match self {
            Self::PlacedDesc | Self::PlacedAsc => row.placed_at,
            Self::NumberDesc | Self::NumberAsc => row.number,
            Self::TotalDesc | Self::TotalAsc => row.value_minor,
        }
    }
}

/// Numbers for the tabs of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderCounts {
    /// All orders.
    pub all: u64,
    /// Waiting for payment.
    pub pending_payment: u64,
    /// Paid, to be sent.
    pub paid: u64,
    /// On their way.
    pub shipped: u64,
    /// Arrived.
    pub delivered: u64,
    /// Given up.
    pub cancelled: u64,
    /// Given back.
    pub refunded: u64,
    /// Somebody has to look.
    pub attention: u64,
}

/// A page of the staff's list, of the own orders for whoever may see those alone. Three statements, one more if any of
/// them went back.
pub async fn list(
    ctx: &Ctx,
    filter: &OrderFilter,
    sort: OrderSort,
    page: &PageArgs,
) -> Result<Page<OrderRowView>> {
    let rows = ctx.read(Access::Owned(Permission::ORDERS_LIST)).await?;
    let (column, ascending, name) = sort.column();
    let mut wanted = condition(ctx, filter);
    if let Some(user) = ctx.only_own(Permission::ORDERS_LIST) {
        wanted = wanted.add(order_row::Column::Id.in_subquery(orders_of(ctx, user)));
        if !filter.tag.trim().is_empty() {
            // Tags are between colleagues.
            wanted = wanted.add(order_row::Column::Id.is_in([] as [Uuid; 0]));
        }
    }
    let total = rows.find::<order_row::Entity>().filter(wanted.clone()).count().await?;
    let ascending = ascending == (page.direction() == Direction::Forward);
    if let Some(cursor) = page.cursor() {
        let (key, id): (i64, Uuid) = cursor.decode(name).map_err(bad_cursor)?;
        wanted = wanted.add(place_after(column, key.into(), order_row::Column::Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<order_row::Entity>()
        .filter(wanted)
        .order_by(column, order.clone())
        .order_by(order_row::Column::Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let (found, cursors, more) = cut(found, page, |row| Cursor::encode(name, &(sort.key(row), row.id)))?;
    let nodes = row_views(&rows, found).await?;
    Ok(Page::new(nodes, cursors, page, more, total))
}

/// Orders that an account has placed.
fn orders_of(ctx: &Ctx, user: UserId) -> SelectStatement {
    Query::select()
        .column(orders::Column::Id)
        .from(orders::Entity)
        .and_where(orders::Column::TenantId.eq(ctx.tenant_id().uuid()))
        .and_where(orders::Column::UserId.eq(user.uuid()))
        .to_owned()
}

fn condition(ctx: &Ctx, filter: &OrderFilter) -> Condition {
    let mut wanted = Condition::all();
    let q = searched(&filter.q);
    if !q.is_empty() {
        let pattern = format!("%{}%", escape_like(&q));
        let mut any = Condition::any().add(contains(order_row::Column::Search, &pattern));
        if let Ok(number) = q.trim_start_matches('#').parse::<i64>() {
            any = any.add(order_row::Column::Number.eq(number));
        }
        wanted = wanted.add(any);
    }
    if !filter.states.is_empty() {
        wanted = wanted.add(order_row::Column::State.is_in(filter.states.iter().map(|state| state.as_str())));
    }
    if !filter.payments.is_empty() {
        wanted =
            wanted.add(order_row::Column::Payment.is_in(filter.payments.iter().map(|state| state.as_str())));
    }
    if filter.attention {
        wanted = wanted.add(order_row::Column::Attention.is_not_null());
    }
    if let Some(customer) = filter.customer {
        wanted = wanted.add(order_row::Column::CustomerId.eq(customer.uuid()));
    }
    if let Some(from) = filter.placed_from {
        wanted = wanted.add(order_row::Column::PlacedAt.gte(from.millis()));
    }
    if let Some(to) = filter.placed_to {
        wanted = wanted.add(order_row::Column::PlacedAt.lt(to.millis()));
    }
    if !filter.tag.trim().is_empty() {
        let tagged = tag::orders_with(ctx.tenant_id().uuid(), &filter.tag);
        wanted = wanted.add(order_row::Column::Id.in_subquery(tagged));
    }
    wanted
}

/// Numbers for the tabs of the staff's table. One statement.
pub async fn counts(ctx: &Ctx) -> Result<OrderCounts> {
    let rows = ctx.read(Access::Owned(Permission::ORDERS_LIST)).await?;
    let own = ctx.only_own(Permission::ORDERS_LIST);
    let which = match own {
        Some(_) => " AND id IN (SELECT id FROM orders WHERE tenant_id = {tenant} AND user_id = ?)",
        None => "",
    };
    let sql = format!(
        "SELECT state, CAST(COUNT(*) AS bigint) AS n, CAST(COUNT(attention) AS bigint) AS attention \
         FROM order_row WHERE tenant_id = {{tenant}}{which} GROUP BY state"
    );
    let found = rows.raw_all(&sql, own.iter().map(|user| user.uuid().into()).collect()).await?;
    let mut counts = OrderCounts::default();
    for row in found {
        let get = |name: &str| row.try_get::<i64>("", name).map_err(Error::from);
        let state: String = row.try_get("", "state").map_err(Error::from)?;
        let n = u64::try_from(get("n")?).unwrap_or_default();
        counts.all += n;
        counts.attention += u64::try_from(get("attention")?).unwrap_or_default();
        match OrderState::parse(&state) {
            Some(OrderState::PendingPayment) => counts.pending_payment = n,
            Some(OrderState::Paid) => counts.paid = n,
            Some(OrderState::Shipped) => counts.shipped = n,
            Some(OrderState::Delivered) => counts.delivered = n,
            Some(OrderState::Cancelled) => counts.cancelled = n,
            Some(OrderState::Refunded) => counts.refunded = n,
            Some(OrderState::Draft) | None => {}
        }
    }
    Ok(counts)
}

/// A page of the caller's own orders, newest first. Three statements, one more if any of them went back.
pub async fn my_orders(ctx: &Ctx, page: &PageArgs) -> Result<Page<OrderRowView>> {
    const NAME: &str = "own-orders";
    let rows = ctx.read(Access::SignedIn).await?;
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let mut wanted = Condition::all().add(orders::Column::UserId.eq(user.uuid()));
    let total = rows.find::<orders::Entity>().filter(wanted.clone()).count().await?;
    let ascending = page.direction() == Direction::Backward;
    if let Some(cursor) = page.cursor() {
        let (key, id): (i64, Uuid) = cursor.decode(NAME).map_err(bad_cursor)?;
        wanted =
            wanted.add(place_after(orders::Column::PlacedAt, key.into(), orders::Column::Id, id, ascending));
    }
    let order = if ascending { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<orders::Entity>()
        .filter(wanted)
        .order_by(orders::Column::PlacedAt, order.clone())
        .order_by(orders::Column::Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let (found, cursors, more) = cut(found, page, |row| Cursor::encode(NAME, &(row.placed_at, row.id)))?;
    let nodes = own_rows(&rows, found).await?;
    Ok(Page::new(nodes, cursors, page, more, total))
}

/// Rows of the read model as staff sees them. One statement if any of them went back.
pub(crate) async fn row_views(rows: &TenantDb, found: Vec<order_row::Model>) -> Result<Vec<OrderRowView>> {
    let mut views = found.into_iter().map(row_view).collect::<Result<Vec<_>>>()?;
    mark_exchanged(rows, views.iter_mut()).await?;
    Ok(views)
}

/// Says of orders that went back which were given other goods for and nothing else, as [`OrderView::is_exchanged`] does.
///
/// [`OrderView::is_exchanged`]: crate::view::OrderView::is_exchanged
pub(super) async fn mark_exchanged(
    rows: &TenantDb,
    views: impl Iterator<Item = &mut OrderRowView>,
) -> Result<()> {
    let mut back: HashMap<Uuid, &mut OrderRowView> =
        views.filter(|row| row.state == OrderState::Refunded).map(|row| (row.id.uuid(), row)).collect();
    if back.is_empty() {
        return Ok(());
    }
    let marks = vec!["?"; back.len()].join(", ");
    let sql = format!(
        "SELECT o.id FROM orders o \
         JOIN exchange e ON e.tenant_id = o.tenant_id AND e.from_order_id = o.id \
         WHERE o.tenant_id = {{tenant}} AND o.id IN ({marks}) \
         GROUP BY o.id, o.refunded_minor HAVING o.refunded_minor <= SUM(e.value_minor)"
    );
    for row in rows.raw_all(&sql, back.keys().map(|id| (*id).into()).collect()).await? {
        let id: Uuid = row.try_get("", "id").map_err(Error::from)?;
        if let Some(view) = back.get_mut(&id) {
            view.exchanged = true;
        }
    }
    Ok(())
}

fn row_view(row: order_row::Model) -> Result<OrderRowView> {
    Ok(OrderRowView {
        id: OrderId::from_uuid(row.id),
        number: row.number,
        state: OrderState::parse(&row.state).unwrap_or(OrderState::Cancelled),
        payment: PaymentState::parse(&row.payment).unwrap_or(PaymentState::Unpaid),
        email: row.email,
        name: row.name,
        n_items: u32::try_from(row.n_items).unwrap_or(u32::MAX),
        partly_shipped: row.state == OrderState::Paid.as_str() && 0 < row.n_sent,
        exchanged: false,
        total: Money::new(row.total_minor, currency_of(&row.currency)?),
        country: row.country,
        shipping_name: row.shipping_name,
        payment_provider: row.provider,
        attention: row.attention,
        placed_at: Timestamp::from_millis(row.placed_at),
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}
