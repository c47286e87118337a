//! What the staff writes down about a customer. Nobody else reads it.

use events::Emit;
use platform::{Ctx, TenantDb, Tx};
use primitives::{CustomerId, Permission, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use uuid::Uuid;

use crate::entity::{customer, customer_note};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::checked_text;
use crate::view::{CustomerNoteView, CustomerView};

/// Most characters of a note.
pub(super) const MAX_NOTE: usize = 4_000;
/// Notes that are shown, the newest.
const SHOWN: u64 = 100;

/// Writes something down about a customer.
///
/// # Errors
/// `BAD_USER_INPUT` on `text`; `NOT_FOUND`; `CONFLICT` for a customer that is forgotten.
pub async fn add_note(ctx: &Ctx, id: CustomerId, text: &str) -> Result<CustomerView> {
    let text = checked_text("text", text, MAX_NOTE, true)?;
    // Support reads and notes: whoever may read a customer may write down what was said.
    ctx.write(Permission::CUSTOMERS_READ, async |tx| {
        // Held, so that nothing is written down about somebody who is being forgotten.
        let row = super::held(tx.find::<customer::Entity>().filter(customer::Column::Id.eq(id.uuid())));
        let row = row.one().await?.ok_or_else(|| CommerceError::not_found(CustomerId::KIND))?;
        if row.erased_at.is_some() {
            return Err(platform::Error::conflict("this customer is forgotten").into());
        }
        write(tx, ctx, id, &text).await?;
        tx.emit(CommerceEvent::CustomerUpdated { customer_id: id }).await?;
        Ok::<_, CommerceError>(())
    })
    .await?;
    super::get(ctx, id).await
}

/// Writes a note down; the text is checked.
pub(super) async fn write(tx: &Tx, ctx: &Ctx, id: CustomerId, text: &str) -> Result<()> {
    tx.insert_many(vec![customer_note::ActiveModel {
        id: Set(Uuid::now_v7()),
        customer_id: Set(id.uuid()),
        user_id: Set(ctx.user_id().map(UserId::uuid)),
        body: Set(text.to_owned()),
        at: Set(ctx.now().millis()),
        ..Default::default()
    }])
    .await?;
    Ok(())
}

/// The newest notes about a customer, newest first.
pub(super) async fn of(rows: &TenantDb, customer: Uuid) -> Result<Vec<CustomerNoteView>> {
    let found = rows
        .find::<customer_note::Entity>()
        .filter(customer_note::Column::CustomerId.eq(customer))
        .order_by_desc(customer_note::Column::At)
        .order_by_desc(customer_note::Column::Id)
        .limit(SHOWN)
        .all()
        .await?;
    let mut authors: Vec<UserId> =
        found.iter().filter_map(|row| row.user_id).map(UserId::from_uuid).collect();
    authors.sort_unstable();
    authors.dedup();
    let people = identity::user::people(rows, &authors).await?;
    let view = |row: customer_note::Model| {
        let author = row.user_id.map(UserId::from_uuid);
        let person = author.and_then(|author| people.get(&author));
        let name = person.map(|person| if person.name.is_empty() { &person.email } else { &person.name });
        CustomerNoteView {
            author,
            author_name: name.cloned().unwrap_or_default(),
            text: row.body,
            at: Timestamp::from_millis(row.at),
        }
    };
    Ok(found.into_iter().map(view).collect())
}
