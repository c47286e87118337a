//! The staff's list of customers.

use std::collections::HashMap;

use platform::{Access, Ctx, Error, TenantDb};
use primitives::{Currency, Cursor, CustomerGroupId, Direction, Money, PageArgs, Permission, Timestamp};
use sea_orm::sea_query::{self, Expr, Query};
use sea_orm::{ColumnTrait, Condition, Order, Value};
use uuid::Uuid;

use crate::entity::{customer, customer_group_member};
use crate::error::Result;
use crate::page::{Page, escape_like, searched};
use crate::view::CustomerView;

/// Which customers are meant; by default all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Looks in e-mail and name.
    pub q: String,
    /// Only members of this group; nobody is in one that does not exist.
    pub group: Option<CustomerGroupId>,
    /// Only those who want letters about offers, or only those who do not.
    pub marketing: Option<bool>,
}

/// Orders of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CustomerSort {
    /// Newest record first.
    #[default]
    CreatedDesc,
    /// Oldest record first.
    CreatedAsc,
    /// By name.
    NameAsc,
    /// By name, backwards.
    NameDesc,
    /// Who has spent most first.
    SpentDesc,
    /// Who has spent least first.
    SpentAsc,
    /// Who has ordered most often first.
    OrdersDesc,
    /// Who has ordered least often first.
    OrdersAsc,
}

/// What the filter asks of a record.
pub(super) fn wanted(rows: &TenantDb, filter: &CustomerFilter) -> Condition {
    use customer::Column::{Email, Id, Marketing, Name};
    use customer_group_member::Column::{CustomerId, GroupId, TenantId};
    let mut wanted = Condition::all();
    if let Some(group) = filter.group {
        let members = Query::select()
            .column(CustomerId)
            .from(customer_group_member::Entity)
            .and_where(TenantId.eq(rows.tenant_id().uuid()))
            .and_where(GroupId.eq(group.uuid()))
            .to_owned();
        wanted = wanted.add(Id.in_subquery(members));
    }
    if let Some(marketing) = filter.marketing {
        wanted = wanted.add(Marketing.eq(marketing));
    }
    let q = searched(&filter.q);
    if !q.is_empty() {
        let pattern = format!("%{}%", escape_like(&q));
        wanted = wanted.add(
            Condition::any()
                .add(crate::page::contains(Email, &pattern))
                .add(crate::page::contains(Name, &pattern)),
        );
    }
    wanted
}

/// What the list is ordered by.
fn key_of(sort: CustomerSort) -> (Expr, &'static str, bool) {
    use customer::Column::{CreatedAt, Name};
    let of_orders = |sum: &str| {
        Expr::cust(format!(
            "(SELECT CAST({sum} AS bigint) FROM order_row f WHERE f.tenant_id = customer.tenant_id \
             AND f.customer_id = customer.id AND f.state <> 'cancelled')"
        ))
    };
    let spent = || of_orders("COALESCE(SUM(f.worth_minor), 0)");
    let column = |column| Expr::col((customer::Entity, column));
    match sort {
        CustomerSort::CreatedDesc => (column(CreatedAt), "customer-created", false),
        CustomerSort::CreatedAsc => (column(CreatedAt), "customer-created-asc", true),
        CustomerSort::NameAsc => (column(Name), "customer-name", true),
        CustomerSort::NameDesc => (column(Name), "customer-name-desc", false),
        CustomerSort::SpentDesc => (spent(), "customer-spent-desc", false),
        CustomerSort::SpentAsc => (spent(), "customer-spent", true),
        CustomerSort::OrdersDesc => (of_orders("COUNT(*)"), "customer-orders-desc", false),
        CustomerSort::OrdersAsc => (of_orders("COUNT(*)"), "customer-orders", true),
    }
}

/// A page of customers. A constant number of statements.
pub async fn list(
    ctx: &Ctx,
    filter: &CustomerFilter,
    sort: CustomerSort,
    page: &PageArgs,
) -> Result<Page<CustomerView>> {
    use customer::Column::Id;
    let rows = ctx.read(Access::Owned(Permission::CUSTOMERS_LIST)).await?;
    let mut wanted = wanted(&rows, filter);
    if let Some(user) = ctx.only_own(Permission::CUSTOMERS_LIST) {
        wanted = wanted.add(customer::Column::UserId.eq(user.uuid()));
    }
    let total = rows.find::<customer::Entity>().filter(wanted.clone()).count().await?;
    let (key, name, ascending) = key_of(sort);
    let ascending_now = ascending == (page.direction() == Direction::Forward);
    if let Some(cursor) = page.cursor() {
        let (value, id): (Value, Uuid) = if matches!(sort, CustomerSort::NameAsc | CustomerSort::NameDesc) {
            let (text, id): (String, Uuid) = cursor.decode(name).map_err(crate::page::bad_cursor)?;
            (text.into(), id)
        } else {
            let (number, id): (i64, Uuid) = cursor.decode(name).map_err(crate::page::bad_cursor)?;
            (number.into(), id)
        };
        let tie = Condition::all().add(sea_query::ExprTrait::eq(key.clone(), Expr::val(value.clone())));
        wanted = wanted.add(if ascending_now {
            let beyond = sea_query::ExprTrait::gt(key.clone(), Expr::val(value));
            Condition::any().add(beyond).add(tie.add(Id.gt(id)))
        } else {
            let beyond = sea_query::ExprTrait::lt(key.clone(), Expr::val(value));
            Condition::any().add(beyond).add(tie.add(Id.lt(id)))
        });
    }
    let order = if ascending_now { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<customer::Entity>()
        .filter(wanted)
        .order_by(key, order.clone())
        .order_by(Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let nodes = views(&rows, found, ctx.tenant().currency).await?;
    let cursor_of = |view: &CustomerView| {
        let id = view.id.uuid();
        match sort {
            CustomerSort::CreatedAsc | CustomerSort::CreatedDesc => {
                Cursor::encode(name, &(view.created_at.millis(), id))
            }
            CustomerSort::NameAsc | CustomerSort::NameDesc => Cursor::encode(name, &(&view.name, id)),
            CustomerSort::SpentAsc | CustomerSort::SpentDesc => Cursor::encode(name, &(view.spent.minor, id)),
            CustomerSort::OrdersAsc | CustomerSort::OrdersDesc => {
                Cursor::encode(name, &(i64::try_from(view.n_orders).unwrap_or(i64::MAX), id))
            }
        }
    };
    let (nodes, cursors, more) = crate::page::cut(nodes, page, cursor_of)?;
    Ok(Page::new(nodes, cursors, page, more, total))
}

/// Records with their figures, from the read model, and their groups, in two statements.
pub(super) async fn views(
    rows: &TenantDb,
    customers: Vec<customer::Model>,
    currency: Currency,
) -> Result<Vec<CustomerView>> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let marks = platform::db::holes(customers.len());
    let figures = rows
        .raw_all(
            &format!(
                "SELECT customer_id, CAST(COUNT(*) AS bigint) AS n, \
                 CAST(SUM(worth_minor) AS bigint) AS spent, MAX(placed_at) AS last_at \
                 FROM order_row WHERE tenant_id = {{tenant}} AND state <> 'cancelled' \
                 AND customer_id IN ({marks}) GROUP BY customer_id"
            ),
            customers.iter().map(|row| row.id.into()).collect(),
        )
        .await?;
    let mut known: HashMap<Uuid, (i64, i64, i64)> = HashMap::new();
    for row in figures {
        let get = |name: &str| row.try_get::<i64>("", name).map_err(Error::from);
        let id: Uuid = row.try_get("", "customer_id").map_err(Error::from)?;
        known.insert(id, (get("n")?, get("spent")?, get("last_at")?));
    }
    let mut groups = super::groups::of_customers(rows, customers.iter().map(|row| row.id).collect()).await?;
    let views = customers.into_iter().map(|row| {
        let figures = known.get(&row.id).copied();
        let groups = groups.remove(&row.id).unwrap_or_default();
        let mut view = CustomerView { groups, ..super::plain(row, currency) };
        if let Some((n, spent, last)) = figures {
            view.n_orders = u64::try_from(n).unwrap_or_default();
            view.spent = Money::new(spent, currency);
            view.average = average(spent, n).map(|minor| Money::new(minor, currency));
            view.last_order_at = Some(Timestamp::from_millis(last));
        }
        view
    });
    Ok(views.collect())
}

/// What an order was worth, rounded half away from zero.
fn average(spent: i64, orders: i64) -> Option<i64> {
    (0 < orders).then(|| primitives::round_half_away(i128::from(spent), i128::from(orders)).ok()).flatten()
}
