//! Customers: a record per e-mail address, made by the first order, by registering or by staff.

use events::Emit;
use identity::view::UserView;
use platform::db::Rows;
use platform::{Access, Ctx, Error, TenantDb, Tx};
use primitives::{CustomerId, Email, Money, Permission, Timestamp, UserId};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ColumnTrait, QuerySelect, Value};
use uuid::Uuid;

use crate::entity::{customer, customer_address, orders};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::view::{Address, ContactView, CustomerView};

mod addresses;
mod consent;
mod data;
mod erase;
mod export;
mod groups;
mod list;
mod notes;
pub(crate) mod past;
mod records;
mod staff;
mod standing;

pub use addresses::{MAX_ADDRESSES, own_addresses, prefer_own_address, put_own_address, remove_own_address};
pub use consent::{consent_with_order, own_consent, set_consent, set_own_consent};
pub use data::{CustomerData, data, own_data};
pub use erase::{Erased, erase, erase_own};
pub use export::export;
pub use groups::{
    GroupDraft, GroupView, MAX_GROUPS, MAX_MEMBERS_AT_ONCE, add_members, create_group, delete_group, group,
    groups, remove_members, update_group,
};
pub(crate) use groups::{all_there as groups_all_there, hold as hold_groups};
pub use list::{CustomerFilter, CustomerSort, list};
pub use notes::add_note;
pub use records::CustomerRecords;
pub use staff::{MAX_NAME, NewCustomer, create, rename};
pub use standing::{Exemption, Membership, Standing, TaxDraft, exemption_of, groups_of, set_tax};
pub(crate) use standing::{anybody_is_exempt, standing, standing_of};

/// The record for an order; made when there is none.
///
/// Only an account that has confirmed its address has a record of its own. Any other orders as a guest does, into the
/// record of the address as it was typed, which stays nobody's until somebody shows that the mailbox is theirs; the order
/// itself is the account's all the same.
pub(crate) async fn of_order(
    tx: &Tx,
    user: Option<UserId>,
    email: &Email,
    name: &str,
    now: Timestamp,
) -> Result<CustomerId> {
    if let Some(user) = user {
        if let Some(id) = linked(tx, user).await? {
            return Ok(id);
        }
        let person = identity::user::people(tx, &[user]).await?.remove(&user);
        if let Some(person) = person.filter(is_proven)
            && let Some(id) = own(tx, &person, name, now).await?
        {
            return Ok(id);
        }
    }
    find_or_make(tx, email, name, now).await
}

/// A customer whom staff has chosen for an order, held against being forgotten until the commit.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` for a customer that is forgotten.
pub(crate) async fn hold(tx: &Tx, id: CustomerId) -> Result<CustomerId> {
    let rows = tx.find::<customer::Entity>().filter(customer::Column::Id.eq(id.uuid()));
    let row = held(rows).one().await?.ok_or_else(|| Error::not_found(CustomerId::KIND))?;
    match row.erased_at {
        Some(_) => Err(Error::conflict("this customer is forgotten").into()),
        None => Ok(id),
    }
}

/// The address of a customer's record.
pub(crate) async fn email_of(rows: &TenantDb, id: CustomerId) -> Result<String> {
    Ok(rows.get::<customer::Entity>(id.uuid()).await?.email)
}

/// Where the last thing of a customer went.
pub(crate) async fn last_address(rows: &TenantDb, id: CustomerId) -> Result<Option<Address>> {
    Ok(addresses(rows, id.uuid(), 1).await?.pop())
}

/// Whether the address of an account was shown to be its owner's.
fn is_proven(person: &UserView) -> bool {
    person.email_verified_at.is_some()
}

/// The record that an account has.
async fn linked(tx: &Tx, user: UserId) -> Result<Option<CustomerId>> {
    let rows = tx.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
    Ok(held(rows).one().await?.map(|row| CustomerId::from_uuid(row.id)))
}

/// The record of an account that has confirmed its address: the one that it has, else the one that was made when somebody
/// ordered with that address, else a new one; `None` when the address is another account's record.
async fn own(tx: &Tx, person: &UserView, name: &str, now: Timestamp) -> Result<Option<CustomerId>> {
    let email = person.email.to_lowercase();
    // The second time when a guest orders with the address at the same moment.
    for _ in 0..2 {
        // Before anything locks it: two who would claim it wait for each other one after the other.
        tx.raw_exec(
            "UPDATE customer SET user_id = ? WHERE tenant_id = {tenant} AND email = ? AND user_id IS NULL \
             AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.tenant_id = {tenant} AND c.user_id = ?)",
            vec![person.id.uuid().into(), email.as_str().into(), person.id.uuid().into()],
        )
        .await?;
        if let Some(id) = linked(tx, person.id).await? {
            return Ok(Some(id));
        }
        if let Some(id) = make(tx, &email, name, Some(person.id), now).await? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The record of an account, when it is of the very address that the account has confirmed: what guests have ordered with
/// that address is in there, too.
async fn proven(rows: &TenantDb, user: UserId) -> Result<Option<customer::Model>> {
    let own = rows.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
    let Some(row) = own.one().await? else { return Ok(None) };
    let person = identity::user::people(rows, &[user]).await?.remove(&user).filter(is_proven);
    Ok(person.filter(|person| person.email.to_lowercase() == row.email).map(|_| row))
}

/// Locks what is found against being forgotten until the commit: see [`erase`]. SQLite has one writer.
fn held(rows: Rows<'_, customer::Entity>) -> Rows<'_, customer::Entity> {
    rows.map(|select| select.lock(LockType::KeyShare))
}

/// The record of an address as somebody typed it.
async fn find_or_make(tx: &Tx, email: &Email, name: &str, now: Timestamp) -> Result<CustomerId> {
    // Addresses differ in writing only; mail does not care about case.
    let email = email.as_str().to_lowercase();
    let find = async || {
        let rows = tx.find::<customer::Entity>().filter(customer::Column::Email.eq(email.as_str()));
        held(rows).one().await
    };
    if let Some(row) = find().await? {
        return Ok(CustomerId::from_uuid(row.id));
    }
    if let Some(id) = make(tx, &email, name, None, now).await? {
        return Ok(id);
    }
    // Somebody ordering at the same moment was faster.
    let row =
        find().await?.ok_or_else(|| Error::conflict("the customer's record is being made, try again"))?;
    Ok(CustomerId::from_uuid(row.id))
}

/// A new record; `None` when there is one of that address by now.
async fn make(
    tx: &Tx,
    email: &str,
    name: &str,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<Option<CustomerId>> {
    let id = CustomerId::new();
    let row = customer::ActiveModel {
        id: Set(id.uuid()),
        user_id: Set(user.map(UserId::uuid)),
        email: Set(email.to_owned()),
        name: Set(name.chars().take(MAX_NAME).collect()),
        created_at: Set(now.millis()),
        updated_at: Set(now.millis()),
        ..Default::default()
    };
    if tx.insert_new(vec![row]).await? == 0 {
        return Ok(None);
    }
    tx.emit(CommerceEvent::CustomerCreated { customer_id: id }).await?;
    Ok(Some(id))
}

/// What a signed-in shopper's checkout form starts with: the address that is the first choice, else that of the account's
/// last order; the contact of that order, before the first one the account's own.
pub(crate) async fn last_contact(rows: &TenantDb, user: UserId) -> Result<ContactView> {
    let last = rows
        .find::<orders::Entity>()
        .filter(orders::Column::UserId.eq(user.uuid()))
        .order_by_desc(orders::Column::PlacedAt)
        .order_by_desc(orders::Column::Id)
        .limit(1)
        .one()
        .await?;
    let preferred = addresses::preferred(rows, user).await?;
    let Some(order) = last else {
        let person = identity::user::people(rows, &[user]).await?.remove(&user);
        return Ok(person.map_or_else(ContactView::default, |person| ContactView {
            email: person.email,
            address: preferred.unwrap_or_else(|| Address { name: person.name, ..Address::default() }),
        }));
    };
    let address = match preferred {
        Some(address) => address,
        None => serde_json::from_str(&order.address).map_err(Error::internal)?,
    };
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
    if let Some(user) = ctx.only_own(Permission::CUSTOMERS_READ)
        && proven(&rows, user).await?.is_none_or(|own| own.id != row.id)
    {
        return Err(Error::not_found(CustomerId::KIND).into());
    }
    whole(&rows, ctx, row).await
}

/// Changes a record that is not forgotten, and gives it back. Whoever may not read it is refused before anything is changed.
async fn change(ctx: &Ctx, id: CustomerId, to: Vec<(customer::Column, Value)>) -> Result<CustomerView> {
    ctx.require(Permission::CUSTOMERS_READ)?;
    ctx.write(Permission::CUSTOMERS_UPDATE, async |tx| {
        let set = tx.update_many::<customer::Entity>();
        let changed = to
            .into_iter()
            .fold(set, |set, (column, value)| set.set(column, value))
            .set(customer::Column::UpdatedAt, ctx.now().millis())
            .filter(customer::Column::Id.eq(id.uuid()))
            .filter(customer::Column::ErasedAt.is_null())
            .exec()
            .await?;
        if changed == 0 {
            tx.get::<customer::Entity>(id.uuid()).await?;
            return Err(Error::conflict("this customer is forgotten").into());
        }
        tx.emit(CommerceEvent::CustomerUpdated { customer_id: id }).await?;
        Ok::<_, CommerceError>(())
    })
    .await?;
    get(ctx, id).await
}

/// A record with everything that belongs to it; notes are for staff alone.
async fn whole(rows: &TenantDb, ctx: &Ctx, row: customer::Model) -> Result<CustomerView> {
    let id = row.id;
    let mut views = list::views(rows, vec![row], ctx.tenant().currency).await?;
    let mut view = views.pop().ok_or_else(|| Error::not_found(CustomerId::KIND))?;
    view.addresses = addresses(rows, id, 20).await?;
    view.consents = consent::of(rows, id).await?;
    if ctx.only_own(Permission::CUSTOMERS_READ).is_none() {
        view.notes = notes::of(rows, id).await?;
    }
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
        average: None,
        last_order_at: None,
        marketing: row.marketing,
        consents: Vec::new(),
        notes: Vec::new(),
        created_at: Timestamp::from_millis(row.created_at),
        groups: Vec::new(),
        erased_at: row.erased_at.map(Timestamp::from_millis),
        tax_exempt: row.tax_exempt,
        tax_number: row.tax_number,
        tax_reason: row.tax_reason,
        addresses: Vec::new(),
    }
}
