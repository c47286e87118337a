//! Making an order of a draft, once.

use platform::{Context, Ctx, Error, Tx};
use primitives::{CustomerId, DraftOrderId, Money, OrderId, Permission, UserId, VariantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{DraftState, UNSENT, Which, changed_meanwhile, lines_of, price};
use crate::cart::Basket;
use crate::checkout::staff::{self, Sale};
use crate::checkout::{Plan, Stored, answer};
use crate::customer;
use crate::entity::{self, draft_line, draft_order, order_note, order_tag, orders};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::order::desk::Desk;
use crate::order::{self, MAX_NOTE};
use crate::payment;
use crate::view::{Address, Placed};

/// How a draft is placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completion<'c> {
    /// 1 to 100 visible ASCII characters: the second time it gives the first order again.
    pub key: &'c str,
    /// The money is here: the order is paid by hand at once. Else its customer can pay it, as the draft says.
    pub mark_paid: bool,
    /// The total that staff saw, minor units; `None` takes whatever it is now.
    pub expected_total: Option<i64>,
}

/// Places a draft: its pieces are reserved, and the order is written, with what was agreed. The second time under the same
/// key it gives the first order again and changes nothing.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` with every field that is missing or wrong; `OUT_OF_STOCK` with the lines that are short;
/// `CONFLICT` on another version or total, and for a draft that was placed under another key; `IDEMPOTENCY_KEY_REUSED`;
/// `FORBIDDEN` to mark it as paid without the permission to do that with orders. Then nothing has changed.
pub async fn complete(ctx: &Ctx, which: impl Into<Which>, completion: &Completion<'_>) -> Result<Placed> {
    let which = which.into();
    ctx.require(Permission::ORDERS_CREATE)?;
    if completion.mark_paid {
        ctx.require(Permission::PAYMENTS_UPDATE)?;
    }
    staff::key(completion.key)?;
    let asked = fingerprint(which.id, completion);
    if let Some(first) = earlier(ctx, which.id, completion.key, &asked).await? {
        return Ok(first);
    }
    match Box::pin(place(ctx, which, completion, asked)).await {
        Ok(stored) => staff::finish(ctx, stored).await,
        // Whoever asked at the same moment was faster.
        Err(error) => match earlier(ctx, which.id, completion.key, &asked).await? {
            Some(first) => Ok(first),
            None => Err(error),
        },
    }
}

fn fingerprint(id: DraftOrderId, completion: &Completion<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(id.uuid().as_bytes());
    hasher.update([u8::from(completion.mark_paid), u8::from(completion.expected_total.is_some())]);
    hasher.update(completion.expected_total.unwrap_or_default().to_be_bytes());
    hasher.finalize().into()
}

/// The order that was made of it, if one was.
async fn earlier(ctx: &Ctx, id: DraftOrderId, key: &str, asked: &[u8; 32]) -> Result<Option<Placed>> {
    let rows = ctx.read(Permission::ORDERS_CREATE).await?;
    let row = rows.get::<draft_order::Entity>(id.uuid()).await?;
    let Some(order) = row.order_id else { return Ok(None) };
    if row.complete_key != key {
        let number = rows.get::<orders::Entity>(order).await?.number;
        return Err(Error::conflict(format!("this draft was placed already, as order {number}")).into());
    }
    drop(rows);
    if row.fingerprint.as_deref() != Some(asked.as_slice()) {
        return Err(CommerceError::KeyReused);
    }
    let view = Box::pin(order::read::after(ctx, OrderId::from_uuid(order))).await?;
    Ok(Some(answer(view, true)))
}

async fn place(ctx: &Ctx, which: Which, completion: &Completion<'_>, asked: [u8; 32]) -> Result<Stored> {
    let rows = ctx.read(Permission::ORDERS_CREATE).await?;
    let row = rows.get::<draft_order::Entity>(which.id.uuid()).await?;
    let lines = lines_of(&rows, row.id).await?;
    let user = match row.customer_id {
        Some(id) => rows.get::<entity::customer::Entity>(id).await?.user_id.map(UserId::from_uuid),
        None => None,
    };
    drop(rows);
    if which.version.is_some_and(|seen| seen != row.version) {
        return Err(changed_meanwhile());
    }
    if row.currency != ctx.tenant().currency.code() {
        let text =
            format!("this draft was written in {}: save it once more, and look at its prices", row.currency);
        return Err(Error::conflict(text).into());
    }
    let basket = price::basket(ctx, &row, &lines).await?;
    let address: Address = serde_json::from_str(&row.address).map_err(Error::internal)?;
    let tags: Vec<String> = serde_json::from_str(&row.tags).map_err(Error::internal)?;
    let note = note(ctx, &row, &lines, &basket);
    let sale = Sale {
        basket,
        cart: row.id,
        customer: row.customer_id.map(CustomerId::from_uuid),
        user,
        email: &row.email,
        address: &address,
        method: &row.shipping_method,
        free_delivery: false,
        provider: &row.provider,
        by_hand: completion.mark_paid,
        expected_total: completion.expected_total,
        key: completion.key,
        asked,
        note: &row.customer_note,
    };
    let mut plan = Box::pin(staff::plan(ctx, sale)).await?;
    let order_id = plan.order();
    plan.tell(CommerceEvent::OrderDrafted { order_id, draft_id: which.id });
    let note = Some(note).filter(|note| !note.is_empty()).map(|note| (Uuid::now_v7(), note));
    if let Some((note_id, _)) = &note {
        plan.tell(CommerceEvent::OrderNoteAdded { order_id, note_id: *note_id });
    }
    if !tags.is_empty() {
        let n_tags = i64::try_from(tags.len()).unwrap_or(i64::MAX);
        plan.tell(CommerceEvent::OrderTagged { order_id, n_tags });
    }
    let _place = staff::place_at_counter(ctx).await;
    ctx.write(Permission::ORDERS_CREATE, async |tx| {
        // The customer first and the draft last, as whoever forgets one does: only its version says that it is still what
        // was priced.
        if let Some(id) = row.customer_id {
            customer::hold(tx, CustomerId::from_uuid(id)).await?;
        }
        let mut stored = staff::store(ctx, tx, &plan).await?;
        beside(ctx, tx, order_id, note.as_ref(), &tags).await?;
        finished(ctx, tx, &row, &plan, (completion.key, &asked)).await?;
        if let (true, Some(payment)) = (completion.mark_paid, stored.payment.clone()) {
            let mut desk = Desk::known(tx, stored.order.clone(), payment, ctx.now());
            payment::capture_by_hand(&mut desk).await?;
            (stored.order, stored.payment) = desk.save_rows().await?;
        }
        Ok::<_, CommerceError>(stored)
    })
    .await
}

/// Note and tags of the new order.
async fn beside(
    ctx: &Ctx,
    tx: &Tx,
    order: OrderId,
    note: Option<&(Uuid, String)>,
    tags: &[String],
) -> Result<()> {
    if let Some((id, body)) = note {
        tx.insert_many(vec![order_note::ActiveModel {
            id: Set(*id),
            order_id: Set(order.uuid()),
            user_id: Set(ctx.user_id().map(UserId::uuid)),
            body: Set(body.clone()),
            at: Set(ctx.now().millis()),
            ..Default::default()
        }])
        .await?;
    }
    let tag = |tag: &String| order_tag::ActiveModel {
        order_id: Set(order.uuid()),
        tag: Set(tag.clone()),
        ..Default::default()
    };
    if !tags.is_empty() {
        tx.insert_many(tags.iter().map(tag).collect()).await?;
    }
    Ok(())
}

async fn finished(
    ctx: &Ctx,
    tx: &Tx,
    row: &draft_order::Model,
    plan: &Plan,
    (key, asked): (&str, &[u8; 32]),
) -> Result<()> {
    use draft_order::Column as C;
    let changed = tx
        .update_many::<draft_order::Entity>()
        .set(C::State, DraftState::Completed.as_str())
        .set(C::OrderId, plan.order().uuid())
        .set(C::CompleteKey, key)
        .set(C::Fingerprint, asked.to_vec())
        // From here on it counts versions of the order, of which none was sent.
        .set(C::SentVersion, row.sent_version.map(|_| UNSENT))
        .set(C::Version, row.version + 1)
        .set(C::UpdatedAt, ctx.now().millis())
        .filter(C::Id.eq(row.id))
        .filter(C::Version.eq(row.version))
        .exec()
        .await
        .context("completing a draft")?;
    if changed == 1 { Ok(()) } else { Err(changed_meanwhile()) }
}

/// What the staff reads on the order: the draft's own note, and which prices were agreed.
fn note(ctx: &Ctx, row: &draft_order::Model, lines: &[draft_line::Model], basket: &Basket) -> String {
    let mut note = row.internal_note.clone();
    for line in lines {
        let offer = basket.offers.get(&VariantId::from_uuid(line.variant_id));
        let (Some(minor), Some(offer)) = (line.unit_minor, offer) else { continue };
        if !note.is_empty() {
            note.push('\n');
        }
        let agreed = Money::new(minor, ctx.tenant().currency);
        note.push_str(&format!("{}: {agreed} agreed instead of {}", offer.title, offer.price));
        if !line.unit_reason.is_empty() {
            note.push_str(&format!(" ({})", line.unit_reason));
        }
    }
    note.chars().take(MAX_NOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_question_has_another_fingerprint() {
        let id = DraftOrderId::new();
        let asked = Completion { key: "one", ..Completion::default() };
        let first = fingerprint(id, &asked);
        assert_eq!(first, fingerprint(id, &Completion { key: "two", ..asked }));
        assert_ne!(first, fingerprint(id, &Completion { mark_paid: true, ..asked }));
        assert_ne!(first, fingerprint(id, &Completion { expected_total: Some(0), ..asked }));
        assert_ne!(first, fingerprint(DraftOrderId::new(), &asked));
    }
}
