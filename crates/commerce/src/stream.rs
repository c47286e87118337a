//! Facts of orders and payments on their way into the event store: all of one change in one statement, at the versions
//! of the rows that change with them.

use events::Aggregate;
use events::stream::{self, Appended, Batch, Fold};
use platform::Tx;
use platform::db::Together;
use primitives::{EventId, Timestamp};
use sea_orm::ColumnTrait;
use tracing::warn;
use uuid::Uuid;

use crate::entity::{order_line, orders, payment};
use crate::error::Result;
use crate::order::{OrderFact, OrderStory, PlacedOrder, Standing};
use crate::payment::{PaymentFact, PaymentStory};

/// Facts after which a state is kept beside its stream.
const KEPT_EVERY: i64 = 64;

/// A fact with the event that told others about it.
pub(crate) type Told = (OrderFact, Option<EventId>);

/// What happened to an order and to its payment in one change, each with its row as it was before.
#[derive(Default)]
pub(crate) struct Change<'r> {
    pub order: Option<(&'r orders::Model, Vec<Told>)>,
    pub payment: Option<(&'r payment::Model, PaymentFact)>,
}

pub(crate) fn order(id: Uuid) -> Aggregate {
    Aggregate { kind: OrderStory::STREAM, id }
}

pub(crate) fn payment(id: Uuid) -> Aggregate {
    Aggregate { kind: PaymentStory::STREAM, id }
}

/// Stores a new order's first facts, and its payment's, as one of the changes that travel together: nothing stands in the
/// way of what begins.
pub(crate) fn begin(
    tx: &Tx,
    together: &mut Together<'_>,
    at: Timestamp,
    (row, facts): (&orders::Model, &[Told]),
    paid_by: Option<&payment::Model>,
) -> Result<Appended> {
    let mut batch = Batch::new(at);
    batch.add(order(row.id), 0, facts)?;
    if let Some(row) = paid_by {
        batch.add(payment(row.id), 0, &[(PaymentFact::opened(row), None)])?;
    }
    Ok(stream::say(tx, together, &batch)?)
}

/// Stores what happened behind what is known.
///
/// # Errors
/// As [`settle`].
pub(crate) async fn append(tx: &Tx, at: Timestamp, change: &Change<'_>) -> Result<()> {
    let mut alone = tx.together();
    let said = say(tx, &mut alone, at, change)?;
    let met = alone.send().await?;
    settle(tx, at, change, said.stored(&met)?).await
}

/// What happened, as one of the changes that travel together; [`settle`] wants to know then whether it was stored.
pub(crate) fn say(
    tx: &Tx,
    together: &mut Together<'_>,
    at: Timestamp,
    change: &Change<'_>,
) -> Result<Appended> {
    let mut batch = Batch::new(at);
    change.add_to(&mut batch)?;
    Ok(stream::say(tx, together, &batch)?)
}

/// What is to be done when facts have been sent.
///
/// A row that was changed where nobody wrote facts, as by a process of the version before while it is being replaced, has
/// its stream begun anew from how it stood.
///
/// # Errors
/// `CONFLICT` when a stream has gone on without its row.
pub(crate) async fn settle(tx: &Tx, at: Timestamp, change: &Change<'_>, stored: bool) -> Result<()> {
    if stored {
        return keep(tx, change).await;
    }
    warn!("an order or payment was changed where nobody wrote facts, its stream begins anew");
    let mut batch = Batch::new(at);
    if let Some((before, _)) = &change.order
        && stream::head(tx, order(before.id)).await? < before.version
    {
        let lines = tx.find::<order_line::Entity>().filter(order_line::Column::OrderId.eq(before.id));
        let lines = lines.order_by_asc(order_line::Column::Position).all().await?;
        let placed = PlacedOrder { hold_until: None, ..PlacedOrder::of(before, &lines) };
        let fact = OrderFact::Adopted { placed, standing: Standing::of(before) };
        batch.begin_anew(order(before.id), before.version, (fact, None))?;
    }
    if let Some((before, _)) = &change.payment
        && stream::head(tx, payment(before.id)).await? < before.version
    {
        batch.begin_anew(payment(before.id), before.version, (PaymentFact::adopted(before), None))?;
    }
    change.add_to(&mut batch)?;
    Ok(stream::append(tx, &batch).await?)
}

impl Change<'_> {
    fn add_to(&self, batch: &mut Batch) -> Result<()> {
        if let Some((before, facts)) = &self.order {
            batch.add(order(before.id), before.version, facts)?;
        }
        if let Some((before, fact)) = &self.payment {
            batch.add(payment(before.id), before.version, &[(fact.clone(), None)])?;
        }
        Ok(())
    }
}

/// Keeps the states of streams that have grown long again: a gateway may be asked for days.
async fn keep(tx: &Tx, change: &Change<'_>) -> Result<()> {
    if let Some((before, facts)) = &change.order {
        let added = i64::try_from(facts.len()).unwrap_or(i64::MAX);
        keep_one::<OrderStory>(tx, before.id, before.version, added).await?;
    }
    if let Some((before, _)) = &change.payment {
        keep_one::<PaymentStory>(tx, before.id, before.version, 1).await?;
    }
    Ok(())
}

async fn keep_one<S: Fold>(tx: &Tx, id: Uuid, before: i64, added: i64) -> Result<()> {
    if before / KEPT_EVERY == before.saturating_add(added) / KEPT_EVERY {
        return Ok(());
    }
    match stream::load::<S>(tx, id).await {
        Ok(Some(folded)) => stream::keep(tx, id, &folded.state, folded.version).await?,
        Ok(None) => {}
        // A cache that cannot be filled is no reason to refuse a change.
        Err(error) => {
            warn!(stream = S::STREAM, %id, report = %error.report(), "a stream cannot be added up: rustok verify");
        }
    }
    Ok(())
}
