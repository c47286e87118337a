//! The one way to change an order: open it, move it, save it with compare-and-set, tell what happened and write it down.

use catalog::stock;
use events::Emit;
use platform::db::{Met, Said, Together};
use platform::{Error, Tx, failpoint};
use primitives::{ErrorCode, OrderId, Timestamp};
use sea_orm::{ColumnTrait, QuerySelect, Value};
use uuid::Uuid;

use super::Target;
use super::fact::{EditedOrder, OrderFact, Standing, Sums};
use super::state::{AnyOrder, Command, Facts, Refusal};
use crate::entity::{orders, payment};
use crate::error::{CommerceError, Result};
use crate::event::CommerceEvent;
use crate::jobs;
use crate::papers;
use crate::payment::{PaymentFact, Status, Step};
use crate::promotion::usage;
use crate::stream::{self, Change};
use crate::tender;
use crate::view::OrderState;

/// An order being changed inside one transaction. Changes become true with [`Desk::save`] only.
///
/// Lock order, here and everywhere: the order, its payment, then stock.
pub(crate) struct Desk<'t> {
    tx: &'t Tx,
    now: Timestamp,
    row: orders::Model,
    /// As it was read.
    before: orders::Model,
    payment: Option<(payment::Model, payment::Model)>,
    /// Parcels that have left and not arrived, for whoever moves the order on with them.
    under_way: i64,
    /// What an edit made of it; its event tells others.
    edited: Option<EditedOrder>,
    events: Vec<CommerceEvent>,
}

impl<'t> Desk<'t> {
    /// Loads and locks an order of the tenant.
    pub async fn open(tx: &'t Tx, id: OrderId, now: Timestamp) -> Result<Self> {
        let row = tx.find::<orders::Entity>().filter(orders::Column::Id.eq(id.uuid()));
        let row = row.map(|select| select.lock_exclusive()).one().await?;
        let row = row.ok_or_else(|| CommerceError::not_found(OrderId::KIND))?;
        let payment = tx.find::<payment::Entity>().filter(payment::Column::OrderId.eq(id.uuid()));
        let payment = payment.map(|select| select.lock_exclusive()).one().await?;
        let payment = payment.map(|payment| (payment.clone(), payment));
        Ok(Self {
            tx,
            now,
            before: row.clone(),
            row,
            payment,
            under_way: 0,
            edited: None,
            events: Vec::new(),
        })
    }

    /// An order as this process has just stored it, not read again and not locked: saving finds out whether anybody
    /// has changed it since.
    pub fn known(tx: &'t Tx, row: orders::Model, payment: payment::Model, now: Timestamp) -> Self {
        Self {
            tx,
            now,
            before: row.clone(),
            row,
            payment: Some((payment.clone(), payment)),
            under_way: 0,
            edited: None,
            events: Vec::new(),
        }
    }

    /// As [`Desk::open`], for somebody who saw a version.
    pub async fn open_at(tx: &'t Tx, target: Target, now: Timestamp) -> Result<Self> {
        let desk = Self::open(tx, target.id, now).await?;
        desk.seen(target)?;
        Ok(desk)
    }

    /// Refuses another version than the one that somebody saw.
    pub fn seen(&self, target: Target) -> Result<()> {
        match target.version {
            Some(seen) if seen != self.row.version => {
                Err(CommerceError::Changed { version: self.row.version })
            }
            _ => Ok(()),
        }
    }

    pub fn tx(&self) -> &'t Tx {
        self.tx
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn id(&self) -> OrderId {
        OrderId::from_uuid(self.row.id)
    }

    pub fn row(&self) -> &orders::Model {
        &self.row
    }

    pub fn row_mut(&mut self) -> &mut orders::Model {
        &mut self.row
    }

    /// The order as a type.
    pub fn order(&self) -> AnyOrder {
        AnyOrder::rehydrate(state_of(&self.row), Facts { under_way: self.under_way, ..facts_of(&self.row) })
    }

    /// Says how many parcels have left and not arrived, before [`Desk::order`] is asked to arrive.
    pub fn set_under_way(&mut self, parcels: usize) {
        self.under_way = i64::try_from(parcels).unwrap_or(i64::MAX);
    }

    /// What the table says against a command in this state.
    pub fn refusal(&self, command: Command) -> CommerceError {
        Refusal::State { from: state_of(&self.row), command }.into()
    }

    /// The order's payment.
    pub fn payment(&self) -> Result<&payment::Model> {
        let payment = self.payment.as_ref().map(|(_, now)| now);
        payment.ok_or_else(|| CommerceError::not_found("payment"))
    }

    pub fn payment_mut(&mut self) -> Result<&mut payment::Model> {
        let payment = self.payment.as_mut().map(|(_, now)| now);
        payment.ok_or_else(|| CommerceError::not_found("payment"))
    }

    /// Takes over the state that a move of the type has given.
    pub fn set_state(&mut self, state: OrderState) {
        self.row.state = state.as_str().to_owned();
    }

    pub fn emit(&mut self, event: CommerceEvent) {
        self.events.push(event);
    }

    /// Takes over what an edit has made of the order.
    pub fn edit(&mut self, row: orders::Model, fact: EditedOrder, event: CommerceEvent) {
        self.row = row;
        self.edited = Some(fact);
        self.events.push(event);
    }

    /// Puts the order on the attention list.
    pub fn attention(&mut self, why: &str) {
        if self.row.attention.as_deref() != Some(why) {
            self.row.attention = Some(why.to_owned());
            let attention = Some(why.to_owned());
            self.events.push(CommerceEvent::OrderEdited { order_id: self.id(), attention });
        }
    }

    /// Money went back: takes off what asked for that, and leaves what somebody has to see to all the same.
    pub fn calm(&mut self) {
        let stays = [tender::order::STRANDED, tender::order::OWED];
        if !self.row.attention.as_deref().is_some_and(|why| stays.iter().any(|one| why.starts_with(one))) {
            self.row.attention = None;
        }
    }

    /// The effects of a cancellation: the pieces are free again, what gift cards and store credit gave goes back, and an
    /// authorisation that nobody has used is given back.
    pub async fn cancel(&mut self, state: OrderState, reason: &str) -> Result<()> {
        self.set_state(state);
        self.row.cancel_reason = reason.to_owned();
        self.row.hold_until = None;
        stock::release(self.tx, self.row.id, self.now).await?;
        usage::release(self.tx, self.row.id, self.now).await?;
        self.events.push(CommerceEvent::OrderCancelled { order_id: self.id(), reason: reason.to_owned() });
        tender::order::release(self, reason).await?;
        let unused = self.payment().is_ok_and(|p| {
            (p.step(), p.status()) == (Step::Capture, Status::Due)
                || p.is_promised() && !p.is_under_way()
                // Nobody shall pay on the page that is open for it.
                || !p.pay_url.is_empty()
        });
        if unused {
            self.ask_back(Step::Void, 0, reason, self.now)?;
        }
        Ok(())
    }

    /// Stores the intent to give money or an authorisation back, under a new key.
    pub fn ask_back(&mut self, step: Step, amount: i64, reason: &str, at: Timestamp) -> Result<()> {
        let payment = self.payment_mut()?;
        payment.step = step.as_str().to_owned();
        payment.status = Status::Due.as_str().to_owned();
        payment.pay_url.clear();
        payment.back_key = Uuid::new_v4().to_string();
        payment.back_minor = amount;
        payment.back_reason = reason.to_owned();
        payment.back_id.clear();
        payment.attempt = 0;
        payment.next_at = Some(at.millis());
        Ok(())
    }

    /// Stores the intent to call the payment off and to ask for `amount` instead, under new keys, once that has worked.
    pub fn ask_anew(&mut self, amount: i64, reason: &str, at: Timestamp) -> Result<()> {
        self.ask_back(Step::Void, 0, reason, at)?;
        self.payment_mut()?.again_minor = amount;
        Ok(())
    }

    /// Stores the intent to take `amount` of what is promised, under a key that the caller knows again.
    ///
    /// From here on nobody knows what became of it until the gateway has told.
    pub fn ask_take(&mut self, amount: i64, key: String, at: Timestamp) -> Result<()> {
        let payment = self.payment_mut()?;
        payment.step = Step::Capture.as_str().to_owned();
        payment.status = Status::Unknown.as_str().to_owned();
        payment.take_key = key;
        payment.take_minor = amount;
        payment.attempt = 0;
        payment.next_at = Some(at.millis());
        Ok(())
    }

    /// Writes everything with compare-and-set on the versions that were read, tells what happened, and writes it down in
    /// the streams of the order and its payment.
    ///
    /// # Errors
    /// [`CommerceError::Changed`] when somebody else was faster; the transaction must then be rolled back.
    pub async fn save(self) -> Result<()> {
        Box::pin(self.save_rows()).await.map(|_| ())
    }

    /// As [`Desk::save`]; gives back the rows as they stand then, once the transaction is committed.
    pub async fn save_rows(self) -> Result<(orders::Model, Option<payment::Model>)> {
        let Self { tx, now, mut row, before, mut payment, mut edited, events, .. } = self;
        tx.about(OrderId::KIND, row.id);
        let mut fact_of = |event: &CommerceEvent| match event {
            CommerceEvent::OrderChanged { .. } => edited.take().map(OrderFact::Edited),
            event => OrderFact::told_by(event),
        };
        let told = events.iter().enumerate();
        let told: Vec<_> = told.filter_map(|(n, event)| Some((n, fact_of(event)?))).collect();
        let (was, is) = (Standing::of(&before), Standing::of(&row));
        let unsaid = OrderFact::unsaid(&was, told.iter().map(|(_, fact)| fact), &is, now.millis());
        let n_facts = i64::try_from(told.len() + unsaid.len()).map_err(Error::internal)?;
        let mut together = tx.together();
        let mut stored = None;
        if 0 < n_facts {
            // The version of the row is that of its last fact.
            row.version = before.version + n_facts;
            row.updated_at = now.millis();
            stored = Some(store(&mut together, &before, &row));
        }
        let mut paid = None;
        if let Some((before, after)) = &mut payment
            && before != after
        {
            after.version = before.version + 1;
            after.updated_at = now.millis();
            paid = Some(store_payment(&mut together, before, after));
        }
        let ids = tx.tell(&mut together, &events)?;
        let told = told.into_iter().map(|(n, fact)| (fact, ids.get(n).copied()));
        let facts: Vec<_> = told.chain(unsaid.into_iter().map(|fact| (fact, None))).collect();
        let changed = payment.as_ref().filter(|(before, after)| before != after);
        let change = Change {
            order: (0 < n_facts).then_some((&before, facts)),
            payment: changed.map(|(before, after)| (before, PaymentFact::between(before, after))),
        };
        let history = stream::say(tx, &mut together, now, &change)?;
        failpoint!("order.decided");
        // Whoever was faster has moved the row on, or its history stands where ours would.
        let met = match together.send().await {
            Err(error) if error.code() == ErrorCode::Conflict && !error.is_retryable() => None,
            met => Some(met?),
        };
        let fresh = |met: &Met| [stored, paid].into_iter().flatten().all(|said| met.rows(said) == 1);
        let Some(met) = met.filter(fresh) else {
            return Err(CommerceError::Changed { version: row.version });
        };
        failpoint!("order.told");
        stream::settle(tx, now, &change, history.stored(&met)?).await?;
        if stored.is_some() {
            tx.record(Some(&before), Some(&row));
            if row.hold_until != before.hold_until {
                jobs::plan(tx, row.hold_until).await?;
            }
        }
        if let Some((before, after)) = changed {
            tx.record(Some(before), Some(after));
            if after.next_at != before.next_at {
                jobs::plan(tx, after.next_at).await?;
            }
        }
        Box::pin(papers::settle(tx, &before, &row, now)).await?;
        failpoint!("order.saved");
        Ok((row, payment.map(|(_, after)| after)))
    }
}

/// Meets one row, unless somebody else was faster.
fn store(together: &mut Together<'_>, before: &orders::Model, row: &orders::Model) -> Said {
    let mut values: Vec<Value> = vec![
        row.state.clone().into(),
        row.version.into(),
        row.paid_minor.into(),
        row.refunded_minor.into(),
        row.attention.clone().into(),
        row.cancel_reason.clone().into(),
        row.hold_until.into(),
        row.paid_at.into(),
        row.n_sent.into(),
        row.released_minor.into(),
        row.edited_minor.into(),
        row.updated_at.into(),
    ];
    // What only edits change; its sums go with what was received, by which they are checked.
    let content = content(row);
    let edited = if content == self::content(before) {
        ""
    } else {
        values.extend(content);
        ", n_items = ?, subtotal_minor = ?, discount_minor = ?, shipping_minor = ?, tax_minor = ?, total_minor = ?, \
         relief_minor = ?, taxes = ?, discounts = ?, email = ?, name = ?, address = ?"
    };
    values.extend([row.id.into(), before.version.into(), before.state.clone().into()]);
    let sql = format!(
        "UPDATE orders SET state = ?, version = ?, paid_minor = ?, refunded_minor = ?, attention = ?, \
         cancel_reason = ?, hold_until = ?, paid_at = ?, n_sent = ?, released_minor = ?, edited_minor = ?, \
         updated_at = ?{edited} WHERE tenant_id = {{tenant}} AND id = ? AND version = ? AND state = ?"
    );
    together.raw(sql, values)
}

/// Everything about an order that only edits change.
fn content(row: &orders::Model) -> [Value; 12] {
    let Sums { n_items, subtotal, discount, shipping, tax, total } = Sums::of(row);
    [
        n_items.into(),
        subtotal.into(),
        discount.into(),
        shipping.into(),
        tax.into(),
        total.into(),
        row.relief_minor.into(),
        row.taxes.clone().into(),
        row.discounts.clone().into(),
        row.email.clone().into(),
        row.name.clone().into(),
        row.address.clone().into(),
    ]
}

/// Meets one row, unless somebody else was faster.
fn store_payment(together: &mut Together<'_>, before: &payment::Model, after: &payment::Model) -> Said {
    together.raw(
        "UPDATE payment SET step = ?, status = ?, back_key = ?, back_minor = ?, back_reason = ?, \
         back_id = ?, gateway_id = ?, attempt = ?, next_at = ?, last_error = ?, take_key = ?, take_minor = ?, \
         rest_minor = ?, pay_url = ?, amount_minor = ?, authorize_key = ?, capture_key = ?, again_minor = ?, \
         created_at = ?, version = ?, updated_at = ? \
         WHERE tenant_id = {tenant} AND id = ? AND version = ?",
        vec![
            after.step.clone().into(),
            after.status.clone().into(),
            after.back_key.clone().into(),
            after.back_minor.into(),
            after.back_reason.clone().into(),
            after.back_id.clone().into(),
            after.gateway_id.clone().into(),
            after.attempt.into(),
            after.next_at.into(),
            after.last_error.clone().into(),
            after.take_key.clone().into(),
            after.take_minor.into(),
            after.rest_minor.into(),
            after.pay_url.clone().into(),
            after.amount_minor.into(),
            after.authorize_key.clone().into(),
            after.capture_key.clone().into(),
            after.again_minor.into(),
            after.created_at.into(),
            after.version.into(),
            after.updated_at.into(),
            before.id.into(),
            before.version.into(),
        ],
    )
}

/// The stored state; a row with an unknown one cannot exist, the database checks.
pub(crate) fn state_of(row: &orders::Model) -> OrderState {
    OrderState::parse(&row.state).unwrap_or(OrderState::Cancelled)
}

pub(crate) fn facts_of(row: &orders::Model) -> Facts {
    Facts {
        total: row.total_minor,
        paid: row.paid_minor,
        refunded: row.refunded_minor,
        tendered: row.tendered_minor,
        released: row.released_minor,
        to_send: row.n_items - row.n_sent,
        under_way: 0,
    }
}
