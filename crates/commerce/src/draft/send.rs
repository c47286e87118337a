//! Writing to the customer what a draft is about: a quote while it is open, what is to be paid once it was placed.

use mail::{Bill, BillLine, Letter, Link, To};
use platform::{Ctx, Error};
use primitives::{DraftOrderId, Email, Money, OrderId, Permission};
use sea_orm::{ColumnTrait, QuerySelect};

use super::{DraftView, Which, changed_meanwhile, read};
use crate::entity::draft_order;
use crate::error::{CommerceError, Result};
use crate::order;
use crate::view::{OrderState, Totals};

/// A draft that was written to its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The draft.
    pub draft: DraftView,
    /// This version was written to its customer before: no second letter has gone out.
    pub replayed: bool,
}

/// Writes to the customer, in the language of the shop. An open draft is a quote: its lines and its total at the prices of
/// now, and whoever answers reaches the person who sends it. One that was placed asks for what is still to be paid, with
/// the page of the order. Each version, of the draft or of its order, is sent once.
///
/// # Errors
/// `NOT_FOUND`; `BAD_USER_INPUT` at `email`, and with every problem of an open draft; `CONFLICT` on another version, and
/// when the order that was made of it does not wait for a payment; `SERVICE_UNAVAILABLE` when too many mails wait.
pub async fn send(ctx: &Ctx, which: impl Into<Which>) -> Result<Sent> {
    let which = which.into();
    ctx.require(Permission::ORDERS_UPDATE)?;
    let seen = Box::pin(read::after(ctx, which.id)).await?;
    if which.version.is_some_and(|version| version != seen.version) {
        return Err(changed_meanwhile());
    }
    if seen.sent.is_some_and(|(_, version)| version == seen.version) {
        return Ok(Sent { draft: seen, replayed: true });
    }
    let (email, letter, order) = match seen.order {
        Some((order, _)) => Box::pin(payment_asked(ctx, order)).await?,
        None => quote(ctx, &seen)?,
    };
    let answers = sender(ctx).await?;
    let fresh = ctx
        .write(Permission::ORDERS_UPDATE, async |tx| {
            use draft_order::Column as C;
            let row = tx.find::<draft_order::Entity>().filter(C::Id.eq(which.id.uuid()));
            let row = row.map(|select| select.lock_exclusive()).one().await?;
            let row = row.ok_or_else(|| CommerceError::not_found(DraftOrderId::KIND))?;
            if row.version != seen.version {
                return Err(changed_meanwhile());
            }
            // The draft that was placed changes no more: its order does.
            let version = order.unwrap_or(row.version);
            // Whoever asked at the same moment was faster.
            if row.sent_version == Some(version) {
                return Ok(false);
            }
            tx.about(DraftOrderId::KIND, row.id);
            tx.update_many::<draft_order::Entity>()
                .set(C::SentAt, ctx.now().millis())
                .set(C::SentVersion, version)
                .filter(C::Id.eq(row.id))
                .exec()
                .await?;
            let to = To::Somebody(&email);
            mail::send_answerable(tx, to, answers.as_ref(), ctx.tenant().locale, &letter).await?;
            Ok(true)
        })
        .await?;
    Ok(Sent { draft: Box::pin(read::after(ctx, which.id)).await?, replayed: !fresh })
}

/// Whom an answer reaches: the person who sends it; an API key is nobody.
async fn sender(ctx: &Ctx) -> Result<Option<Email>> {
    let Some(user) = ctx.user_id() else { return Ok(None) };
    let rows = ctx.read(Permission::ORDERS_UPDATE).await?;
    let person = identity::user::people(&rows, &[user]).await?.remove(&user);
    Ok(person.and_then(|person| Email::parse(&person.email).ok()))
}

fn quote(ctx: &Ctx, draft: &DraftView) -> Result<(Email, Letter, Option<i64>)> {
    let email = address(&draft.email)?;
    if !draft.problems.is_empty() {
        return Err(CommerceError::Invalid(draft.problems.clone()));
    }
    let chosen = draft.deliveries.iter().find(|choice| choice.id == draft.shipping_method);
    let lines = draft
        .lines
        .iter()
        .map(|line| bill_line(ctx, &line.title, &line.variant_title, line.quantity, line.total));
    let bill = bill(ctx, lines.collect(), chosen.map(|choice| choice.name.as_str()), &draft.totals);
    let link = Link::new(mail::address_of(ctx.app().config(), ctx.tenant()));
    Ok((email, Letter::Quote { bill, note: draft.customer_note.clone(), link }, None))
}

/// The letter and the version of the order that it is about.
async fn payment_asked(ctx: &Ctx, id: OrderId) -> Result<(Email, Letter, Option<i64>)> {
    let order = order::read::after(ctx, id).await?;
    let waits = order.state == OrderState::PendingPayment && !order.promised && 0 < order.balance_due.minor;
    if !waits {
        let text = format!("order {} does not wait for a payment", order.number);
        return Err(Error::conflict(text).into());
    }
    let lines = order
        .lines
        .iter()
        .map(|line| bill_line(ctx, &line.title, &line.variant_title, line.quantity, line.full));
    let name = Some(order.shipping_name.as_str()).filter(|name| !name.is_empty());
    let link = format!("{}/orders/{}", mail::address_of(ctx.app().config(), ctx.tenant()), order.token);
    let letter = Letter::PaymentAsked {
        number: order.number,
        bill: bill(ctx, lines.collect(), name, &order.totals),
        note: order.note.clone(),
        due: written(ctx, order.balance_due),
        link: Link::new(link),
    };
    Ok((address(&order.email)?, letter, Some(order.version)))
}

fn address(typed: &str) -> Result<Email> {
    Email::parse(typed).map_err(|_| CommerceError::field("email", "say where the letter goes"))
}

fn written(ctx: &Ctx, amount: Money) -> String {
    amount.format(&ctx.tenant().locale)
}

fn bill_line(ctx: &Ctx, title: &str, variant: &str, quantity: u32, total: Money) -> BillLine {
    let title = if variant.is_empty() { title.to_owned() } else { format!("{title}, {variant}") };
    BillLine { title, quantity, total: written(ctx, total) }
}

fn bill(ctx: &Ctx, lines: Vec<BillLine>, delivery: Option<&str>, totals: &Totals) -> Bill {
    let some = |amount: Money| (amount.minor != 0).then(|| written(ctx, amount));
    Bill {
        lines,
        discount: some(totals.discount),
        delivery: totals.shipping.zip(delivery).map(|(price, name)| (name.to_owned(), written(ctx, price))),
        exempt: totals.exemption.as_ref().and_then(|exemption| some(exemption.relief)),
        tax: some(totals.tax),
        includes_tax: totals.includes_tax,
        total: written(ctx, totals.total),
    }
}
