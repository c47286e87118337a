//! The staff's list of customers.

use std::collections::HashMap;

use platform::{Access, Ctx, Error, TenantDb};
use primitives::{Currency, Cursor, Direction, Money, PageArgs, Permission, Timestamp};
use sea_orm::{ColumnTrait, Condition, Order, Value};
use uuid::Uuid;

use crate::entity::customer;
use crate::error::Result;
use crate::page::{Page, escape_like, place_after};
use crate::view::CustomerView;

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
}

/// A page of customers; `q` looks in e-mail and name. A constant number of statements.
pub async fn list(ctx: &Ctx, q: &str, sort: CustomerSort, page: &PageArgs) -> Result<Page<CustomerView>> {
    use customer::Column::{CreatedAt, Email, Id, Name};
    let rows = ctx.read(Access::Owned(Permission::CUSTOMERS_LIST)).await?;
    let mut wanted = Condition::all();
    if let Some(user) = ctx.only_own(Permission::CUSTOMERS_LIST) {
        wanted = wanted.add(customer::Column::UserId.eq(user.uuid()));
    }
    let q = q.trim().to_lowercase();
    if !q.is_empty() {
        let pattern = format!("%{}%", escape_like(&q));
        wanted = wanted.add(
            Condition::any()
                .add(crate::page::contains(Email, &pattern))
                .add(crate::page::contains(Name, &pattern)),
        );
    }
    let (column, name, ascending) = match sort {
        CustomerSort::CreatedDesc => (CreatedAt, "customer-created", false),
        CustomerSort::CreatedAsc => (CreatedAt, "customer-created-asc", true),
        CustomerSort::NameAsc => (Name, "customer-name", true),
        CustomerSort::NameDesc => (Name, "customer-name-desc", false),
    };
    let total = rows.find::<customer::Entity>().filter(wanted.clone()).count().await?;
    let ascending_now = ascending == (page.direction() == Direction::Forward);
    if let Some(cursor) = page.cursor() {
        let by_name = matches!(sort, CustomerSort::NameAsc | CustomerSort::NameDesc);
        let (value, id): (Value, Uuid) = if by_name {
            let (text, id): (String, Uuid) = cursor.decode(name).map_err(crate::page::bad_cursor)?;
            (text.into(), id)
        } else {
            let (at, id): (i64, Uuid) = cursor.decode(name).map_err(crate::page::bad_cursor)?;
            (at.into(), id)
        };
        wanted = wanted.add(place_after(column, value, Id, id, ascending_now));
    }
    let order = if ascending_now { Order::Asc } else { Order::Desc };
    let found = rows
        .find::<customer::Entity>()
        .filter(wanted)
        .order_by(column, order.clone())
        .order_by(Id, order)
        .limit(u64::from(page.limit()) + 1)
        .all()
        .await?;
    let cursor_of = |row: &customer::Model| match sort {
        CustomerSort::CreatedAsc | CustomerSort::CreatedDesc => {
            Cursor::encode(name, &(row.created_at, row.id))
        }
        CustomerSort::NameAsc | CustomerSort::NameDesc => Cursor::encode(name, &(&row.name, row.id)),
    };
    let (found, cursors, more) = crate::page::cut(found, page, cursor_of)?;
    let nodes = views(&rows, found, ctx.tenant().currency).await?;
    Ok(Page::new(nodes, cursors, page, more, total))
}

/// Records with their figures, from the read model, in one statement.
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
                 CAST(SUM(paid_minor - refunded_minor) AS bigint) AS spent, MAX(placed_at) AS last_at \
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
    let views = customers.into_iter().map(|row| {
        let figures = known.get(&row.id).copied();
        let mut view = super::plain(row, currency);
        if let Some((n, spent, last)) = figures {
            view.n_orders = u64::try_from(n).unwrap_or_default();
            view.spent = Money::new(spent, currency);
            view.last_order_at = Some(Timestamp::from_millis(last));
        }
        view
    });
    Ok(views.collect())
}
