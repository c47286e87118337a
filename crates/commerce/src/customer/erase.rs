//! Forgetting a customer: what says who it was goes, what the books need stays.
//!
//! | kept | because |
//! |---|---|
//! | orders with number, lines, amounts, taxes, country and region; payments; the ledger; parcels; invoices and credit notes but for their buyer | books and taxes |
//! | tax number and reason of an exemption, on the orders that were free of tax | the proof that no tax was due |
//! | what gateways told us | the proof of a payment; it names our payment, and no person of ours |
//! | reasons of staff: why an order was cancelled or refunded, why store credit changed, the note of a gift card | the books and the streams are written once; the form says that no names belong there |
//! | ids of customer and account in orders, events, the audit log | they tell people apart and name nobody any more |
//! | why orders were cancelled and money went back | the history says it, which is written once, and the order says the same |
//! | whether letters were wanted, and since when | the proof that they were |
//! | the audit log, see [`identity::erase`] | what was done, by which id |
//!
//! Everything else about the person is replaced by a name and an address that are nobody's: in the customer's record, in
//! its orders and in their read model; what it wrote about products stays, without a name. Addresses, groups, letters and
//! the account are deleted. Notes of the staff about it and tags of its orders are deleted, notes on its orders and its
//! returns lose their words, since nobody knows what stands in them, and what staff has written for it before it was placed
//! is deleted. Events carry ids only.
//!
//! Only what is theirs goes: letters to an address that was merely typed into an order go alone, and not where another
//! account, an invitation or another customer has it. An account that never confirmed its address has no record; of what its
//! orders have made it takes along what nobody else has ordered with.
//!
//! What the shop still owes is settled before: open orders and returns refuse, and what is left of store credit is taken
//! out of the books with a movement of its own, which whoever forgets has been told in numbers.
//!
//! The record is locked first: an order that is being placed for the same customer comes before it (and is then open,
//! which refuses) or after it (and then makes a new record).

use std::collections::BTreeSet;

use events::Emit;
use identity::Visit;
use platform::{Access, Ctx, Error, Tx};
use primitives::{CustomerId, Permission, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType};
use sea_orm::{ColumnTrait, Condition, QuerySelect};
use uuid::Uuid;

use crate::draft;
use crate::entity::{
    cart, cart_line, customer, customer_address, customer_group_member, customer_note, draft_order,
    order_edit, order_note, order_tag, orders, return_request, saved_line, tender_account,
};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::papers;
use crate::promotion::book;
use crate::review;
use crate::tender;
use crate::view::Address;
use crate::wish;

/// Who a forgotten customer is called.
const NOBODY: &str = "Erased customer";
/// What a note says whose words are gone.
const NO_WORDS: &str = "(removed together with the customer's data)";
/// Open orders that a refusal names.
const NAMED: usize = 5;

/// What was forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Orders that say no more whose they were.
    pub n_orders: usize,
    /// There was an account, and it is gone.
    pub account: bool,
}

/// Forgets a customer. `typed` is the customer's e-mail address, as somebody wrote it to show that this one is meant.
///
/// # Errors
/// `BAD_USER_INPUT` on `confirmation` when it is another address; `CONFLICT` with the numbers of orders that are still
/// open or have an open return, for an account that works for the shop, and for whoever is forgotten already; `NOT_FOUND`.
pub async fn erase(ctx: &Ctx, id: CustomerId, typed: &str) -> Result<Erased> {
    let erased = ctx
        .write(Permission::CUSTOMERS_DELETE, async |tx| {
            let row = tx.get::<customer::Entity>(id.uuid()).await?;
            if row.erased_at.is_some() {
                return Err(Error::conflict("this customer is forgotten already").into());
            }
            same_address(typed, &row.email)?;
            let user = row.user_id.map(UserId::from_uuid);
            forget(tx, ctx, Some(row), user).await
        })
        .await?;
    book::forget(ctx).await;
    Ok(erased)
}

/// Forgets the caller: the account, and the customer's record that belongs to it. `typed` is the address of the account.
///
/// # Errors
/// As [`erase`], and `BAD_USER_INPUT` on `password` when it is wrong.
pub async fn erase_own(ctx: &Ctx, typed: &str, password: &str, visit: &Visit) -> Result<Erased> {
    let user = ctx.user_id().ok_or_else(Error::unauthenticated)?;
    let rows = ctx.read(Access::SignedIn).await?;
    let account = identity::erase::data_of(&rows, user).await?.ok_or_else(Error::unauthenticated)?;
    drop(rows);
    same_address(typed, &account.email)?;
    identity::erase::confirm(ctx, password, visit).await?;
    let erased = ctx
        .write(Access::SignedIn, async |tx| {
            let own = tx.find::<customer::Entity>().filter(customer::Column::UserId.eq(user.uuid()));
            let own = own.one().await?;
            forget(tx, ctx, own, Some(user)).await
        })
        .await?;
    book::forget(ctx).await;
    Ok(erased)
}

fn same_address(typed: &str, email: &str) -> Result<()> {
    match typed.trim().eq_ignore_ascii_case(email) {
        true => Ok(()),
        false => Err(CommerceError::field("confirmation", format!("type {email} to confirm"))),
    }
}

async fn forget(tx: &Tx, ctx: &Ctx, record: Option<customer::Model>, user: Option<UserId>) -> Result<Erased> {
    let now = ctx.now();
    // Without a record an account may have orders all the same: the pseudonym is then the account's.
    let known = record.as_ref().map(|row| row.id).or(user.map(UserId::uuid)).unwrap_or_default();
    let email = pseudonym(known);
    let mut records: Vec<customer::Model> = record.into_iter().collect();
    if let Some(user) = user {
        records.extend(made_alone(tx, user).await?);
    }
    let mut letters: BTreeSet<String> = BTreeSet::new();
    for row in &records {
        letters.insert(row.email.clone());
        forget_record(tx, row, now).await?;
    }
    let mut theirs = Condition::any().add(orders::Column::CustomerId.is_in(records.iter().map(|row| row.id)));
    if let Some(user) = user {
        theirs = theirs.add(orders::Column::UserId.eq(user.uuid()));
    }
    let found = tx.find::<orders::Entity>().filter(theirs).order_by_asc(orders::Column::Number).all().await?;
    refuse_open(&found)?;
    let ids: Vec<Uuid> = found.iter().map(|order| order.id).collect();
    for some in ids.chunks(500) {
        refuse_returns(tx, some).await?;
    }
    for order in &found {
        letters.insert(order.email.clone());
        forget_order(tx, order, &email).await?;
    }
    for some in ids.chunks(500) {
        papers::forget_buyers(tx, some, NOBODY).await?;
        tx.update_many::<order_note::Entity>()
            .set(order_note::Column::Body, NO_WORDS)
            .filter(order_note::Column::OrderId.is_in(some.iter().copied()))
            .exec()
            .await?;
        // It was computed from what is forgotten.
        tx.update_many::<order_edit::Entity>()
            .set(order_edit::Column::Fingerprint, rand::random::<[u8; 32]>().to_vec())
            .filter(order_edit::Column::OrderId.is_in(some.iter().copied()))
            .exec()
            .await?;
        let tagged = order_tag::Column::OrderId.is_in(some.iter().copied());
        tx.delete_many::<order_tag::Entity>().filter(tagged).exec().await?;
        tx.update_many::<return_request::Entity>()
            .set(return_request::Column::Words, "")
            .set(return_request::Column::Answer, "")
            .filter(return_request::Column::OrderId.is_in(some.iter().copied()))
            .exec()
            .await?;
    }
    for row in &records {
        let of = customer_address::Column::CustomerId.eq(row.id);
        tx.delete_many::<customer_address::Entity>().filter(of).exec().await?;
        let of = customer_note::Column::CustomerId.eq(row.id);
        tx.delete_many::<customer_note::Entity>().filter(of).exec().await?;
        let of = customer_group_member::Column::CustomerId.eq(row.id);
        tx.delete_many::<customer_group_member::Entity>().filter(of).exec().await?;
        tender::end_credit(tx, CustomerId::from_uuid(row.id), now).await?;
    }
    forget_drafts(tx, &records, user, &ids).await?;
    let account = match user {
        Some(user) => {
            empty_cart(tx, user).await?;
            // The account first: a review that is being written holds it, and is then found.
            let account = identity::erase::account(tx, user, now).await?;
            review::forget_author(tx, user).await?;
            wish::forget(tx, user).await?;
            account
        }
        None => None,
    };
    for address in letters.difference(&others(tx, &letters).await?) {
        mail::forget(tx, address).await?;
        // A gift card stays with whoever has its code.
        tx.update_many::<tender_account::Entity>()
            .set(tender_account::Column::Recipient, "")
            .set(tender_account::Column::Note, "")
            .filter(tender_account::Column::Recipient.eq(address.as_str()))
            .exec()
            .await?;
    }
    for row in &records {
        let customer_id = CustomerId::from_uuid(row.id);
        tx.about(CustomerId::KIND, row.id);
        tx.emit(CommerceEvent::CustomerErased { customer_id }).await?;
    }
    Ok(Erased { n_orders: found.len(), account: account.is_some() })
}

fn pseudonym(id: Uuid) -> String {
    format!("erased-{}@erased.invalid", id.simple())
}

async fn forget_record(tx: &Tx, row: &customer::Model, now: Timestamp) -> Result<()> {
    let changed = tx
        .update_many::<customer::Entity>()
        .set(customer::Column::Email, pseudonym(row.id))
        .set(customer::Column::Name, NOBODY)
        .set(customer::Column::UserId, Option::<Uuid>::None)
        .set(customer::Column::Marketing, false)
        .set(customer::Column::TaxExempt, false)
        .set(customer::Column::TaxNumber, "")
        .set(customer::Column::TaxReason, "")
        .set(customer::Column::ErasedAt, now.millis())
        .set(customer::Column::UpdatedAt, now.millis())
        .filter(customer::Column::Id.eq(row.id))
        .filter(customer::Column::Email.eq(row.email.as_str()))
        .filter(customer::Column::ErasedAt.is_null())
        .exec()
        .await?;
    match changed {
        0 => Err(Error::conflict("somebody else changed this customer, load it again").into()),
        _ => Ok(()),
    }
}

/// Records without an account that this one's orders, or its registration, have made and nobody else has ordered with;
/// locked.
async fn made_alone(tx: &Tx, user: UserId) -> Result<Vec<customer::Model>> {
    let Some(account) = identity::erase::data_of(tx, user).await? else { return Ok(Vec::new()) };
    let email = account.email.to_lowercase();
    let ordered = tx.find::<orders::Entity>().filter(orders::Column::UserId.eq(user.uuid()));
    let ordered = ordered.columns::<(Uuid,)>([orders::Column::CustomerId]).await?;
    let candidates: BTreeSet<Uuid> = ordered.into_iter().map(|(id,)| id).collect();
    let wanted = Condition::any()
        .add(customer::Column::Id.is_in(candidates))
        .add(customer::Column::Email.eq(email.as_str()));
    let found = tx
        .find::<customer::Entity>()
        .filter(wanted)
        .filter(customer::Column::UserId.is_null())
        .filter(customer::Column::ErasedAt.is_null())
        .order_by_asc(customer::Column::Id)
        .map(|select| select.lock(LockType::Update))
        .all()
        .await?;
    let typed = found.iter().map(|row| row.email.clone()).filter(|typed| *typed != email).collect();
    let taken = identity::erase::addressed(tx, &typed).await?;
    let mut alone = Vec::new();
    for row in found.into_iter().filter(|row| !taken.contains(&row.email)) {
        let others = tx
            .find::<orders::Entity>()
            .filter(orders::Column::CustomerId.eq(row.id))
            .filter(
                Condition::any()
                    .add(orders::Column::UserId.is_null())
                    .add(orders::Column::UserId.ne(user.uuid())),
            )
            .count()
            .await?;
        if others == 0 {
            alone.push(row);
        }
    }
    Ok(alone)
}

/// Somebody waits for what comes back of these, or for the money.
async fn refuse_returns(tx: &Tx, orders: &[Uuid]) -> Result<()> {
    let open = tx
        .find::<return_request::Entity>()
        .filter(return_request::Column::OrderId.is_in(orders.iter().copied()))
        .filter(return_request::Column::Open.eq(1))
        .order_by_asc(return_request::Column::Number)
        .limit(1)
        .one()
        .await?;
    let Some(open) = open else { return Ok(()) };
    let order = tx.get::<orders::Entity>(open.order_id).await?;
    let message = format!("return R-{}-{} is still open: settle it first", order.number, open.number);
    Err(Error::conflict(message).into())
}

/// Somebody waits for goods or money of these.
fn refuse_open(found: &[orders::Model]) -> Result<()> {
    let open = |order: &&orders::Model| {
        matches!(order.state.as_str(), "draft" | "pending_payment" | "paid" | "shipped")
    };
    let numbers: Vec<String> = found.iter().filter(open).map(|order| order.number.to_string()).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let (named, more) = (numbers.iter().take(NAMED), numbers.len().saturating_sub(NAMED));
    let named = named.cloned().collect::<Vec<_>>().join(", ");
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    let (what, verb) = if numbers.len() == 1 { ("order", "is") } else { ("orders", "are") };
    let message = format!("{what} {named}{rest} {verb} still open: deliver or cancel first");
    Err(Error::conflict(message).into())
}

/// Version and time of change stay: nothing has happened to the order that its history would tell.
async fn forget_order(tx: &Tx, order: &orders::Model, email: &str) -> Result<()> {
    let was: Address = serde_json::from_str(&order.address).map_err(Error::internal)?;
    let nowhere =
        Address { name: NOBODY.to_owned(), country: was.country, region: was.region, ..Address::default() };
    let address = serde_json::to_string(&nowhere).map_err(Error::internal)?;
    tx.update_many::<orders::Entity>()
        .set(orders::Column::Email, email)
        .set(orders::Column::Name, NOBODY)
        .set(orders::Column::Address, address)
        .set(orders::Column::CustomerNote, "")
        // It was computed from what is forgotten.
        .set(orders::Column::Fingerprint, rand::random::<[u8; 32]>().to_vec())
        .filter(orders::Column::Id.eq(order.id))
        .exec()
        .await?;
    tx.raw_exec(
        "UPDATE order_row SET email = ?, name = ?, search = ? WHERE tenant_id = {tenant} AND id = ?",
        vec![
            email.into(),
            NOBODY.into(),
            crate::projection::search_of(order.number, email, NOBODY).into(),
            order.id.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What staff wrote for them, placed or not: the order says what was placed.
async fn forget_drafts(
    tx: &Tx,
    records: &[customer::Model],
    user: Option<UserId>,
    orders: &[Uuid],
) -> Result<()> {
    let mut addresses: Vec<String> = records.iter().map(|row| row.email.to_lowercase()).collect();
    if let Some(user) = user
        && let Some(account) = identity::erase::data_of(tx, user).await?
        && account.email_verified_at.is_some()
    {
        addresses.push(account.email.to_lowercase());
    }
    let email = Expr::expr(Func::lower(Expr::col(draft_order::Column::Email)));
    let theirs = Condition::any()
        .add(draft_order::Column::CustomerId.is_in(records.iter().map(|row| row.id)))
        .add(email.is_in(addresses));
    let mut drafts = tx.find::<draft_order::Entity>().filter(theirs).all().await?;
    for some in orders.chunks(500) {
        let placed = draft_order::Column::OrderId.is_in(some.iter().copied());
        drafts.extend(tx.find::<draft_order::Entity>().filter(placed).all().await?);
    }
    let ids: Vec<Uuid> = drafts.into_iter().map(|row| row.id).collect();
    for some in ids.chunks(500) {
        draft::remove(tx, some).await?;
    }
    Ok(())
}

/// What an account meant to buy, now or later.
async fn empty_cart(tx: &Tx, user: UserId) -> Result<()> {
    let aside = saved_line::Column::UserId.eq(user.uuid());
    tx.delete_many::<saved_line::Entity>().filter(aside).exec().await?;
    let open = tx.find::<cart::Entity>().filter(cart::Column::UserId.eq(user.uuid()));
    for row in open.filter(cart::Column::State.eq("open")).all().await? {
        tx.delete_many::<cart_line::Entity>().filter(cart_line::Column::CartId.eq(row.id)).exec().await?;
        tx.delete_many::<cart::Entity>().filter(cart::Column::Id.eq(row.id)).exec().await?;
    }
    Ok(())
}

/// Which of the addresses another customer, an account or an invitation has: its letters stay.
async fn others(tx: &Tx, letters: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let known = tx.find::<customer::Entity>();
    let known = known.filter(customer::Column::Email.is_in(letters.iter().map(|email| email.to_lowercase())));
    let known: BTreeSet<String> = known.all().await?.into_iter().map(|row| row.email).collect();
    let mut others = identity::erase::addressed(tx, letters).await?;
    others.extend(letters.iter().filter(|email| known.contains(&email.to_lowercase())).cloned());
    Ok(others)
}
