//! What an edit changes: stock, lines, the order, its payment, its papers, and what is told of it.

use catalog::stock;
use events::Emit;
use mail::{Letter, LineChanged, Link, MoneyChange, To};
use platform::{Ctx, Error, Tx};
use primitives::{Country, Email, FulfilmentId, Money, MoneyError, Quantity, VariantId};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbBackend, IntoActiveModel};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

use super::money::MoneyEffect;
use super::plan::Plan;
use crate::entity::{fulfilment, order_line, orders, payment as payment_row};
use crate::error::Result;
use crate::event::CommerceEvent;
use crate::order::AnyOrder;
use crate::order::desk::Desk;
use crate::order::fact::{EditedOrder, PlacedLine, Sums};
use crate::order::refund;
use crate::papers::{self, seller::Seller};
use crate::payment::{self, Step, gateway};
use crate::settings::CommerceSettings;

/// What goes with a plan.
#[derive(Clone, Copy)]
pub(super) struct Edit<'a> {
    pub ctx: &'a Ctx,
    pub id: Uuid,
    pub reason: &'a str,
    pub notify: bool,
    pub seller: &'a Seller,
}

/// Does what a plan says; gives back the payment when its gateway is to be asked.
pub(super) async fn write(
    mut desk: Desk<'_>,
    plan: &Plan,
    settings: &CommerceSettings,
    edit: Edit<'_>,
) -> Result<Option<payment_row::Model>> {
    let (ctx, tx) = (edit.ctx, desk.tx());
    lines(tx, plan).await?;
    let fact = fact(plan, &edit)?;
    let told = told(&desk, plan, &fact, &edit);
    let mut row = plan.after.clone();
    row.edited_minor = fact.edited;
    let shipped = fact.shipped;
    desk.edit(row, fact, told);
    if shipped && let AnyOrder::Paid(paid) = desk.order() {
        desk.set_state(paid.ship()?.state());
        tell_shipped(&mut desk).await?;
    }
    let asked = money(&mut desk, plan, &edit).await?;
    // After order and payment: the one order in which everybody takes things.
    shelves(&desk, plan).await?;
    if let MoneyEffect::Refund { amount } = plan.money {
        let until = ctx.now() + gateway::patience(ctx.app());
        let key = Uuid::new_v4().to_string();
        let left = refund::hand_back(&mut desk, amount.minor, edit.reason, &key).await?;
        if 0 < left {
            desk.ask_back(Step::Refund, left, edit.reason, until)?;
        }
    }
    let papers = papers::replace(tx, ctx, settings, edit.seller, desk.row());
    Box::pin(papers).await?;
    if edit.notify {
        letter(ctx, tx, plan).await?;
    }
    let asks = asked || desk.payment().is_ok_and(|it| it.step() == Step::Refund && it.status().is_open());
    let (_, payment) = desk.save_rows().await?;
    Ok(payment.filter(|_| asks))
}

/// What was left to send was taken away: the parcel that left last was the last one.
async fn tell_shipped(desk: &mut Desk<'_>) -> Result<()> {
    let order_id = desk.id();
    let last = desk.tx().find::<fulfilment::Entity>();
    let last = last.filter(fulfilment::Column::OrderId.eq(order_id.uuid()));
    if let Some(parcel) = last.order_by_desc(fulfilment::Column::Id).one().await? {
        let fulfilment_id = FulfilmentId::from_uuid(parcel.id);
        desk.emit(CommerceEvent::OrderShipped { order_id, fulfilment_id });
    }
    Ok(())
}

/// Writes the lines that changed, those that are new and those that go, each of the three in one statement.
async fn lines(tx: &Tx, plan: &Plan) -> Result<()> {
    let (mut changed, mut gone, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for line in &plan.lines {
        match (&line.before, &line.after) {
            (Some(before), Some(after)) if before != after => changed.push((before, after)),
            (Some(before), None) => gone.push(before.id),
            (None, Some(after)) => new.push(after.clone().into_active_model().reset_all()),
            _ => {}
        }
    }
    if !changed.is_empty() {
        change(tx, &changed).await?;
    }
    if !gone.is_empty() {
        use order_line::Column as C;
        let n_gone = gone.len();
        let deleted = tx.delete_many::<order_line::Entity>().filter(C::Id.is_in(gone));
        at_once(deleted.filter(C::Sent.eq(0)).filter(C::Returned.eq(0)).exec().await?, n_gone)?;
    }
    if !new.is_empty() {
        tx.insert_many(new).await?;
    }
    Ok(())
}

/// Changes lines that are as they were when the plan was made.
async fn change(tx: &Tx, lines: &[(&order_line::Model, &order_line::Model)]) -> Result<()> {
    let rows = lines.iter().map(|(before, after)| {
        json!({
            "i": before.id.simple().to_string(),
            "was": before.quantity,
            "sent": before.sent,
            "q": after.quantity,
            "n": after.net_minor,
            "t": after.tax_minor,
            "g": after.gross_minor,
            "r": after.relief_minor,
            "d": after.discount_minor,
            "s": after.discounts,
        })
    });
    let rows = serde_json::Value::Array(rows.collect()).to_string();
    let changed = tx.raw_exec(change_sql(tx.backend()), vec![rows.into()]).await?;
    at_once(changed, lines.len())?;
    lines.iter().for_each(|(before, after)| tx.record(Some(*before), Some(*after)));
    Ok(())
}

fn change_sql(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "UPDATE order_line SET quantity = v.q, net_minor = v.n, tax_minor = v.t, gross_minor = v.g, \
               relief_minor = v.r, discount_minor = v.d, discounts = v.s \
             FROM (SELECT (v->>'i')::uuid AS i, (v->>'was')::bigint AS was, (v->>'sent')::bigint AS sent, \
               (v->>'q')::bigint AS q, (v->>'n')::bigint AS n, (v->>'t')::bigint AS t, (v->>'g')::bigint AS g, \
               (v->>'r')::bigint AS r, (v->>'d')::bigint AS d, v->>'s' AS s \
               FROM jsonb_array_elements(?::jsonb) AS x (v)) v \
             WHERE order_line.tenant_id = {tenant} AND order_line.id = v.i AND order_line.quantity = v.was \
               AND order_line.sent = v.sent"
        }
        _ => {
            "UPDATE order_line SET quantity = v.q, net_minor = v.n, tax_minor = v.t, gross_minor = v.g, \
               relief_minor = v.r, discount_minor = v.d, discounts = v.s \
             FROM (SELECT unhex(value->>'i') AS i, value->>'was' AS was, value->>'sent' AS sent, \
               value->>'q' AS q, value->>'n' AS n, value->>'t' AS t, value->>'g' AS g, value->>'r' AS r, \
               value->>'d' AS d, value->>'s' AS s FROM json_each(?)) v \
             WHERE order_line.tenant_id = {tenant} AND order_line.id = v.i AND order_line.quantity = v.was \
               AND order_line.sent = v.sent"
        }
    }
}

fn at_once(met: u64, wanted: usize) -> Result<()> {
    match met == wanted as u64 {
        true => Ok(()),
        false => Err(Error::conflict("this order was just changed by somebody else, load it again").into()),
    }
}

/// Takes from the shelves and gives back.
async fn shelves(desk: &Desk<'_>, plan: &Plan) -> Result<()> {
    let (tx, now, holder) = (desk.tx(), desk.now(), desk.id().uuid());
    let (mut back, mut more) = (Vec::new(), Vec::new());
    for effect in &plan.stock {
        let pieces = effect.taken.unsigned_abs();
        let quantity = Quantity::new(i64::try_from(pieces).unwrap_or(i64::MAX)).map_err(Error::internal)?;
        match 0 < effect.taken {
            true => more.push((effect.variant, quantity)),
            false => back.push((effect.variant, quantity)),
        }
    }
    let all: Vec<VariantId> = plan.stock.iter().map(|effect| effect.variant).collect();
    stock::hold(tx, &all).await?;
    stock::give_up(tx, holder, &back, now).await?;
    let country = Country::parse(&plan.before.country).ok();
    let promised = stock::promise(tx, holder, &more, country, None, now).await?;
    let mut together = tx.together();
    promised.write(&mut together);
    tx.tell(&mut together, &promised.events)?;
    together.send().await?;
    Ok(())
}

/// What the edit does to the payment, but for what goes back; whether its gateway is to be asked.
async fn money(desk: &mut Desk<'_>, plan: &Plan, edit: &Edit<'_>) -> Result<bool> {
    match plan.money {
        MoneyEffect::Nothing | MoneyEffect::Refund { .. } => {}
        MoneyEffect::Due { .. } => ask_for_all(desk)?,
        MoneyEffect::Covered { amount } => {
            ask_for_all(desk)?;
            desk.payment_mut()?.rest_minor = amount.minor;
        }
        MoneyEffect::Anew { amount } => {
            let now = desk.now();
            let config = &edit.ctx.app().config().orders;
            let hold = now + Duration::from_secs(config.reservation_seconds);
            desk.ask_anew(amount.minor, edit.reason, now + gateway::patience(edit.ctx.app()))?;
            // From here on the customer pays anew, and has no less time for it than before.
            let row = desk.row_mut();
            row.hold_until = row.hold_until.max(Some(hold.millis()));
            return Ok(true);
        }
        MoneyEffect::Received { amount } => {
            payment::receive_rest(desk, amount.minor, edit.id.to_string()).await?;
        }
    }
    Ok(false)
}

/// The payment is about what the order costs now: nothing else is asked for once it is called off.
fn ask_for_all(desk: &mut Desk<'_>) -> Result<()> {
    let row = desk.row();
    let kept_apart = row.edited_minor.checked_add(row.tendered_minor);
    let due = kept_apart.and_then(|apart| row.total_minor.checked_sub(apart)).ok_or(MoneyError::Overflow)?;
    let payment = desk.payment_mut()?;
    payment.amount_minor = due;
    payment.again_minor = 0;
    Ok(())
}

/// What is written down of it.
fn fact(plan: &Plan, edit: &Edit<'_>) -> Result<EditedOrder> {
    let (before, after) = (&plan.before, &plan.after);
    let difference = after.total_minor - before.total_minor;
    let amount = plan.money.amount().map_or(0, |amount| amount.minor);
    // A payment that waits is asked for another amount; one that is done was asked for what it was.
    let edited = match plan.money {
        MoneyEffect::Nothing | MoneyEffect::Refund { .. } => {
            before.edited_minor.checked_add(difference).ok_or(MoneyError::Overflow)?
        }
        _ => before.edited_minor,
    };
    let shipped = before.state == "paid" && 0 < after.n_sent && after.n_sent == after.n_items;
    Ok(EditedOrder {
        edit_id: edit.id,
        reason: edit.reason.to_owned(),
        currency: before.currency.clone(),
        before: Sums::of(before),
        after: Sums::of(after),
        lines: plan.lines.iter().filter_map(|line| line.after.as_ref()).map(PlacedLine::of).collect(),
        changes: plan.changes(),
        address: plan.moved.0,
        contact: plan.moved.1,
        refund: if matches!(plan.money, MoneyEffect::Refund { .. }) { amount } else { 0 },
        due: match plan.money {
            MoneyEffect::Due { .. } | MoneyEffect::Covered { .. } | MoneyEffect::Anew { .. } => amount,
            _ => 0,
        },
        received: if matches!(plan.money, MoneyEffect::Received { .. }) { amount } else { 0 },
        edited,
        shipped,
    })
}

fn told(desk: &Desk<'_>, plan: &Plan, fact: &EditedOrder, edit: &Edit<'_>) -> CommerceEvent {
    CommerceEvent::OrderChanged {
        order_id: desk.id(),
        edit_id: edit.id,
        total_before: plan.before.total_minor,
        total: plan.after.total_minor,
        refund: fact.refund,
        due: fact.due,
        received: fact.received,
        currency: plan.before.currency.clone(),
        reason: edit.reason.to_owned(),
    }
}

/// Writes to the customer.
async fn letter(ctx: &Ctx, tx: &Tx, plan: &Plan) -> Result<()> {
    let Ok(email) = Email::parse(&plan.after.email) else { return Ok(()) };
    let written = |amount: Money| amount.format(&ctx.tenant().locale);
    let money = match plan.money {
        MoneyEffect::Refund { amount } => MoneyChange::Back(written(amount)),
        MoneyEffect::Due { amount } | MoneyEffect::Anew { amount } => MoneyChange::Due(written(amount)),
        MoneyEffect::Nothing | MoneyEffect::Covered { .. } | MoneyEffect::Received { .. } => {
            MoneyChange::None
        }
    };
    let changed = |change: crate::order::fact::LineChange| LineChanged {
        title: change.title,
        before: change.before,
        after: change.after,
    };
    let row: &orders::Model = &plan.after;
    let link = format!("{}/orders/{}", mail::address_of(ctx.app().config(), ctx.tenant()), row.token);
    let letter = Letter::OrderEdited {
        number: row.number,
        // What only costs less shows in the total.
        changes: plan.changes().into_iter().filter(|one| one.before != one.after).map(changed).collect(),
        moved: plan.moved.0,
        total: written(Money::new(row.total_minor, plan.currency()?)),
        money,
        link: Link::new(link),
    };
    mail::send(tx, To::Somebody(&email), ctx.tenant().locale, &letter).await?;
    Ok(())
}
