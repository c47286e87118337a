//! Customers whom the staff enters by hand: who calls, who writes, who stands in the shop.

use std::collections::BTreeSet;

use platform::Ctx;
use primitives::{CustomerGroupId, CustomerId, Email, FieldError, Permission};
use sea_orm::ActiveValue::Set;

use super::{groups, notes};
use crate::entity::{customer, customer_group_member};
use crate::error::{CommerceError, Result};
use crate::order::checked_text;
use crate::promotion::book;
use crate::view::CustomerView;

/// Most characters of a name.
pub const MAX_NAME: usize = 200;
/// Most groups that a customer is put into at once.
const MAX_GROUPS_AT_ONCE: usize = 50;

/// A customer as the staff knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCustomer {
    /// Nobody else's in this shop.
    pub email: String,
    /// Up to [`MAX_NAME`] characters; may be empty.
    pub name: String,
    /// Groups to begin with.
    pub groups: BTreeSet<CustomerGroupId>,
    /// For the staff alone; may be empty.
    pub note: String,
}

/// Makes the record of somebody who has neither ordered nor opened an account. Whoever orders with the address or confirms it
/// as that of an account later gets this record.
///
/// # Errors
/// `BAD_USER_INPUT` with every wrong field, also on `email` for an address that the shop has a record of, and on `groupIds`
/// for more than 50; `NOT_FOUND` for a group that the shop does not have.
pub async fn create(ctx: &Ctx, new: &NewCustomer) -> Result<CustomerView> {
    let email = Email::parse(new.email.trim())
        .map_err(|_| FieldError::new("email", "enter an address such as maud@example.com"));
    let (name, note) = (checked_name(&new.name), checked_text("note", &new.note, notes::MAX_NOTE, false));
    let mut errors = Vec::new();
    if let Err(error) = &email {
        errors.push(error.clone());
    }
    for text in [&name, &note] {
        if let Err(CommerceError::Invalid(wrong)) = text {
            errors.extend(wrong.iter().cloned());
        }
    }
    if MAX_GROUPS_AT_ONCE < new.groups.len() {
        let message = format!("choose at most {MAX_GROUPS_AT_ONCE} groups");
        errors.push(FieldError::new("groupIds", message));
    }
    let (Ok(email), true) = (email, errors.is_empty()) else { return Err(CommerceError::Invalid(errors)) };
    let (name, note, now) = (name?, note?, ctx.now());
    let id = ctx
        .write(Permission::CUSTOMERS_CREATE, async |tx| {
            groups::hold(tx, &new.groups, now).await?;
            let made = super::make(tx, email.as_str(), &name, None, now).await?;
            let id = made.ok_or_else(|| {
                CommerceError::field("email", "a customer with this address is there already: search for it")
            })?;
            let members = new.groups.iter().map(|group| customer_group_member::ActiveModel {
                group_id: Set(group.uuid()),
                customer_id: Set(id.uuid()),
                at: Set(now.millis()),
                ..Default::default()
            });
            tx.insert_many(members.collect()).await?;
            if !note.is_empty() {
                notes::write(tx, ctx, id, &note).await?;
            }
            Ok::<_, CommerceError>(id)
        })
        .await?;
    if !new.groups.is_empty() {
        book::forget(ctx).await;
    }
    // Whoever makes a record sees it, also without the right to read those of others.
    let rows = ctx.read(Permission::CUSTOMERS_CREATE).await?;
    let row = rows.get::<customer::Entity>(id.uuid()).await?;
    super::whole(&rows, ctx, row).await
}

/// Gives a customer another name. Orders keep the names that they were placed with.
///
/// # Errors
/// `BAD_USER_INPUT` on `name`; `NOT_FOUND`; `CONFLICT` for a customer that is forgotten.
pub async fn rename(ctx: &Ctx, id: CustomerId, name: &str) -> Result<CustomerView> {
    let name = checked_name(name)?;
    super::change(ctx, id, vec![(customer::Column::Name, name.into())]).await
}

fn checked_name(name: &str) -> Result<String> {
    let name = checked_text("name", name, MAX_NAME, false)?;
    if name.chars().any(char::is_control) {
        return Err(CommerceError::field("name", "use visible characters only"));
    }
    Ok(name)
}
