//! Customers: a record per e-mail address, made by the first order or by registering.

use events::Emit;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{CustomerId, Email, Money, Permission, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use crate::entity::{customer, customer_address, orders};
use crate::error::Result;
use crate::event::CommerceEvent;
use crate::view::{Address, ContactView, CustomerView};

mod list;
mod records;

pub use list::{CustomerSort, list};
pub use records::CustomerRecords;

/// The record for an order; made when there is none.
pub(crate) async fn of_order(
    tx: &Tx,
    user: Option<UserId>,
    email: &Email,
    name: &str,
    now: Timestamp,
) -> Result<CustomerId> {
    let own = match user {
        Some(user) => {
            let rows = tx.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
            rows.one().await?.map(|row| CustomerId::from_uuid(row.id))
        }
        None => None,
    };
    match own {
        Some(id) => Ok(id),
        // A record that is there already may be somebody else's: typing an address does not make it one's own.
        None => find_or_make(tx, email, name, user, now).await,
    }
}

/// The record of an account, else of an e-mail address as it was typed; `None` for somebody who is new here.
pub(crate) async fn known(
    rows: &TenantDb,
    user: Option<UserId>,
    email: Option<&str>,
) -> Result<Option<CustomerId>> {
    if let Some(user) = user {
        let own = rows.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
        if let Some(row) = own.one().await? {
            return Ok(Some(CustomerId::from_uuid(row.id)));
        }
    }
    let Some(email) = email.and_then(|typed| Email::parse(typed.trim()).ok()) else { return Ok(None) };
    let found =
        rows.find::<customer::Entity>().filter(customer::Column::Email.eq(email.as_str().to_lowercase()));
    Ok(found.one().await?.map(|row| CustomerId::from_uuid(row.id)))
}

/// Orders of a customer that were not given up.
pub(crate) async fn orders_before(rows: &TenantDb, customer: CustomerId) -> Result<u32> {
    let placed = rows
        .find::<orders::Entity>()
        .filter(orders::Column::CustomerId.eq(customer.uuid()))
        .filter(orders::Column::State.ne("cancelled"));
    Ok(u32::try_from(placed.count().await?).unwrap_or(u32::MAX))
}

async fn find_or_make(
    tx: &Tx,
    email: &Email,
    name: &str,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<CustomerId> {
    // Addresses differ in writing only; mail does not care about case.
    let email = email.as_str().to_lowercase();
    let find = async || {
        let rows = tx.find::<customer::Entity>().filter(customer::Column::Email.eq(email.as_str()));
        rows.one().await
    };
    if let Some(row) = find().await? {
        return Ok(CustomerId::from_uuid(row.id));
    }
    let id = CustomerId::new();
    let row = customer::ActiveModel {
        id: Set(id.uuid()),
        user_id: Set(user.map(UserId::uuid)),
        email: Set(email.clone()),
        name: Set(name.chars().take(200).collect()),
        created_at: Set(now.millis()),
        updated_at: Set(now.millis()),
        ..Default::default()
    };
    if 0 < tx.insert_new(vec![row]).await? {
        tx.emit(CommerceEvent::CustomerCreated { customer_id: id }).await?;
        return Ok(id);
    }
    // Somebody ordering at the same moment was faster.
    let row =
        find().await?.ok_or_else(|| Error::conflict("the customer's record is being made, try again"))?;
    Ok(CustomerId::from_uuid(row.id))
}

/// What a signed-in shopper's checkout form starts with: contact and address of the account's last order, before the
/// first one the account's own address and name.
pub(crate) async fn last_contact(rows: &TenantDb, user: UserId) -> Result<ContactView> {
    let last = rows
        .find::<orders::Entity>()
        .filter(orders::Column::UserId.eq(user.uuid()))
        .order_by_desc(orders::Column::PlacedAt)
        .order_by_desc(orders::Column::Id)
        .limit(1)
        .one()
        .await?;
    let Some(order) = last else {
        let person = identity::user::people(rows, &[user]).await?.remove(&user);
        return Ok(person.map_or_else(ContactView::default, |person| ContactView {
            email: person.email,
            address: Address { name: person.name, ..Address::default() },
        }));
    };
    let address = serde_json::from_str(&order.address).map_err(Error::internal)?;
    Ok(ContactView { email: order.email, address })
}

async fn addresses(rows: &TenantDb, customer: Uuid, limit: u64) -> Result<Vec<Address>> {
    let found = rows
        .find::<customer_address::Entity>()
        .filter(customer_address::Column::CustomerId.eq(customer))
        .order_by_desc(customer_address::Column::UsedAt)
        .order_by_desc(customer_address::Column::Id)
        .limit(limit)
        .all()
        .await?;
    let read = |row: customer_address::Model| serde_json::from_str(&row.document).map_err(Error::internal);
    Ok(found.into_iter().map(read).collect::<Result<_, _>>()?)
}

/// A customer with addresses, number of orders and what was spent, for staff; the own record for whoever may see that
/// alone.
///
/// # Errors
/// `NOT_FOUND` for a customer that is unknown or another shop's.
pub async fn get(ctx: &Ctx, id: CustomerId) -> Result<CustomerView> {
    let rows = ctx.read(Access::Owned(Permission::CUSTOMERS_READ)).await?;
    let row = rows.get::<customer::Entity>(id.uuid()).await?;
    if ctx.only_own(Permission::CUSTOMERS_READ).is_some_and(|user| row.user_id != Some(user.uuid())) {
        return Err(Error::not_found(CustomerId::KIND).into());
    }
    let mut views = list::views(&rows, vec![row], ctx.tenant().currency).await?;
    let mut view = views.pop().ok_or_else(|| Error::not_found(CustomerId::KIND))?;
    view.addresses = addresses(&rows, id.uuid(), 20).await?;
    Ok(view)
}

/// A record without its figures.
fn plain(row: customer::Model, currency: primitives::Currency) -> CustomerView {
    CustomerView {
        id: CustomerId::from_uuid(row.id),
        user: row.user_id.map(UserId::from_uuid),
        email: row.email,
        name: row.name,
        n_orders: 0,
        spent: Money::zero(currency),
        last_order_at: None,
        created_at: Timestamp::from_millis(row.created_at),
        addresses: Vec::new(),
    }
}
