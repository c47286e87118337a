//! Some orders with everything that belongs to them.

use std::collections::{BTreeMap, HashMap};

use events::stream::{self, Broken, Fold, Folded, Recorded};
use platform::verify::{Finding, Report};
use platform::{Result, TenantDb};
use primitives::{EventId, VariantId};
use sea_orm::{ColumnTrait, QueryResult, Value};
use uuid::Uuid;

use super::{PAGE, parcel, returns};
use crate::entity::{order_line, orders, payment};
use crate::order::desk::state_of;
use crate::order::{OrderFact, OrderStory, PlacedOrder, Standing};
use crate::payment::PaymentStory;
use crate::view::OrderState;

const LOOK: &str =
    "see in its history and in the audit log which of them is right, then restore the other from a backup";

/// Looks at the orders after `after`; gives back where the next page begins, if there is one.
pub(super) async fn verify(db: &TenantDb, after: Uuid, report: &mut Report) -> Result<Option<Uuid>> {
    let found = db.find::<orders::Entity>().filter(orders::Column::Id.gt(after));
    let found = found.order_by_asc(orders::Column::Id).limit(PAGE as u64).all().await?;
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let mut lines: HashMap<Uuid, Vec<order_line::Model>> = HashMap::new();
    let rows = db.find::<order_line::Entity>().filter(order_line::Column::OrderId.is_in(ids.iter().copied()));
    for line in rows.order_by_asc(order_line::Column::Position).all().await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    let payments = db.find::<payment::Entity>().filter(payment::Column::OrderId.is_in(ids.iter().copied()));
    let payments = payments.all().await?;
    let moved = moved(db, &ids).await?;
    let reserved = catalog::verify::reserved_for(db, &ids).await?;
    let stories = Stories::<OrderStory>::read(db, &ids).await?;
    let known = events::verify::known(db, &stories.events()).await?;
    let parcels = parcel::Parcels::read(db, &ids).await?;
    let returns = returns::Returns::read(db, &ids).await?;
    let none = Vec::new();
    for row in &found {
        let about = format!("order {} ({})", row.number, row.id);
        let lines = lines.get(&row.id).unwrap_or(&none);
        story(&stories, row, lines, &about, report);
        if let Some(Ok(facts)) = stories.facts.get(&row.id) {
            told(facts, &about, |event| known.contains(&event), report);
        }
        ledger(row, moved.get(&row.id).map(Vec::as_slice).unwrap_or_default(), &about, report);
        sums(row, lines, &about, report);
        reservation(row, lines, reserved.get(&row.id), &about, report);
        parcels.verify(row, lines, &about, report);
        returns.verify(row.id, lines, &about, report);
    }
    report.looked("orders", found.len());
    let ids: Vec<Uuid> = payments.iter().map(|row| row.id).collect();
    let stories = Stories::<PaymentStory>::read(db, &ids).await?;
    let by_id: HashMap<Uuid, &orders::Model> = found.iter().map(|row| (row.id, row)).collect();
    for row in &payments {
        let Some(order) = by_id.get(&row.order_id) else { continue };
        let about = format!("payment {} of order {}", row.id, order.number);
        payment_story(&stories, row, &about, report);
        // What it asks for once the attempt before is called off is what the order costs; edits of a paid order leave what
        // was asked for as it is.
        let due = order.total_minor - order.edited_minor - order.tendered_minor;
        let taken = order.paid_minor - order.tendered_minor;
        if due < taken + row.rest_minor {
            report.find(Finding {
                check: "payment.rest",
                about: about.clone(),
                text: format!("{taken} of it were taken and {} can be, it is about {due}", row.rest_minor),
                remedy: LOOK,
            });
        }
        let asks = if row.again_minor == 0 { row.amount_minor } else { row.again_minor };
        if (asks, &row.currency) != (due, &order.currency) {
            report.find(Finding {
                check: "payment.amount",
                about,
                text: format!(
                    "it asks for {asks} {}, the order costs {due} {}",
                    row.currency, order.currency
                ),
                remedy: LOOK,
            });
        }
    }
    report.looked("payments", payments.len());
    Ok((found.len() == PAGE).then_some(last))
}

/// A whole stream, or why it cannot be read.
type Facts<F> = Result<Vec<Recorded<F>>, Broken>;

/// Streams of one kind, and what is kept beside them.
struct Stories<S: Fold> {
    facts: HashMap<Uuid, Facts<S::Fact>>,
    cached: HashMap<Uuid, stream::Cached<S>>,
}

impl<S: Fold + PartialEq> Stories<S> {
    async fn read(db: &TenantDb, ids: &[Uuid]) -> Result<Self> {
        let cached = stream::cached_many::<S>(db, ids).await?.into_iter().collect();
        Ok(Self { facts: stream::of_many(db, S::STREAM, ids).await?, cached })
    }

    fn events(&self) -> Vec<EventId> {
        self.facts.values().flatten().flatten().filter_map(|fact| fact.event).collect()
    }

    /// The state and version that the facts of one stream add up to, and whether its snapshot is one of the states on the
    /// way; what is wrong in words.
    fn rebuild(&self, id: Uuid) -> Result<(Folded<S>, Option<String>), String> {
        let facts = self.facts.get(&id).ok_or("it has no history: a note on it begins one")?;
        let facts = facts.as_ref().map_err(|broken| format!("its history cannot be read: {broken}"))?;
        let mut folded = None;
        let mut stale = self.cached.get(&id).filter(|cached| cached.state.is_some());
        for fact in facts {
            folded = stream::fold::<S>(folded, std::slice::from_ref(fact))
                .map_err(|broken| format!("its history does not hold together: {broken}"))?;
            let same = |cached: &&stream::Cached<S>| {
                cached.version == fact.version
                    && folded.as_ref().is_some_and(|folded| cached.state.as_ref() == Some(&folded.state))
            };
            stale = stale.filter(|cached| !same(cached));
        }
        let folded = folded.ok_or("it has no history: a note on it begins one")?;
        let stale = stale
            .map(|cached| format!("what is kept of version {} is not what its history says", cached.version));
        Ok((folded, stale))
    }
}

fn snapshot(about: &str, text: Option<String>, report: &mut Report) {
    if let Some(text) = text {
        report.find(Finding {
            check: "stream.snapshot",
            about: about.to_owned(),
            text,
            remedy: "delete its row of stream_snapshot: it is a cache and is made again",
        });
    }
}

fn story(
    stories: &Stories<OrderStory>,
    row: &orders::Model,
    lines: &[order_line::Model],
    about: &str,
    report: &mut Report,
) {
    let mut find = |text: String| {
        report.find(Finding { check: "order.stream", about: about.to_owned(), text, remedy: LOOK });
    };
    let (told, stale) = match stories.rebuild(row.id) {
        Ok(told) => told,
        Err(text) => return find(text),
    };
    let placed = PlacedOrder { hold_until: told.state.placed.hold_until, ..PlacedOrder::of(row, lines) };
    if placed != told.state.now() {
        find("its row and lines are not what was placed, or what edits have made of it".to_owned());
    }
    let wrong = differences(&Standing::of(row), &told.state.standing, row, &told);
    if !wrong.is_empty() {
        find(format!("its row and its history differ: {}", wrong.join(", ")));
    }
    snapshot(about, stale, report);
}

/// Each thing that the row says otherwise than the history.
fn differences(
    row: &Standing,
    told: &Standing,
    order: &orders::Model,
    folded: &Folded<OrderStory>,
) -> Vec<String> {
    let word = |state: OrderState| state.as_str().to_owned();
    let time = |at: Option<i64>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    let text = |text: Option<&str>| text.unwrap_or("none").to_owned();
    let pairs = [
        ("state", word(row.state), word(told.state)),
        ("paid", row.paid.to_string(), told.paid.to_string()),
        ("refunded", row.refunded.to_string(), told.refunded.to_string()),
        ("attention", text(row.attention.as_deref()), text(told.attention.as_deref())),
        ("cancel_reason", row.cancel_reason.clone(), told.cancel_reason.clone()),
        ("hold_until", time(row.hold_until), time(told.hold_until)),
        ("paid_at", time(row.paid_at), time(told.paid_at)),
        ("released", row.released.to_string(), told.released.to_string()),
        ("edited", row.edited.to_string(), told.edited.to_string()),
        ("version", order.version.to_string(), folded.version.to_string()),
        ("updated_at", order.updated_at.to_string(), folded.at.millis().to_string()),
    ];
    different(pairs)
}

fn different<const N: usize>(pairs: [(&str, String, String); N]) -> Vec<String> {
    let wrong = pairs.into_iter().filter(|(_, row, told)| row != told);
    wrong.map(|(name, row, told)| format!("{name} is {row}, was told as {told}")).collect()
}

fn payment_story(stories: &Stories<PaymentStory>, row: &payment::Model, about: &str, report: &mut Report) {
    let mut find = |text: String| {
        report.find(Finding { check: "payment.stream", about: about.to_owned(), text, remedy: LOOK });
    };
    let (told, stale) = match stories.rebuild(row.id) {
        Ok(told) => told,
        Err(text) => return find(text),
    };
    let now = PaymentStory::of(row);
    if now.payment != told.state.payment {
        find("its row is not what was opened".to_owned());
    }
    let (call, was) = (&now.call, &told.state.call);
    let next = |at: Option<i64>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
    let mut wrong = different([
        ("step", call.step.clone(), was.step.clone()),
        ("status", call.status.clone(), was.status.clone()),
        ("gateway_id", call.gateway_id.clone(), was.gateway_id.clone()),
        ("attempt", call.attempt.to_string(), was.attempt.to_string()),
        ("next_at", next(call.next_at), next(was.next_at)),
        ("last_error", call.last_error.clone(), was.last_error.clone()),
        ("rest", call.rest.to_string(), was.rest.to_string()),
        ("again", call.again.to_string(), was.again.to_string()),
        ("version", row.version.to_string(), told.version.to_string()),
        ("updated_at", row.updated_at.to_string(), told.at.millis().to_string()),
    ]);
    if call.take != was.take {
        wrong.push("what is to be taken is something else".to_owned());
    }
    if now.back != told.state.back {
        wrong.push("what is to go back is something else".to_owned());
    }
    if !wrong.is_empty() {
        find(format!("its row and its history differ: {}", wrong.join(", ")));
    }
    snapshot(about, stale, report);
}

fn told(facts: &[Recorded<OrderFact>], about: &str, known: impl Fn(EventId) -> bool, report: &mut Report) {
    for fact in facts {
        let missing = match fact.event {
            Some(event) => !known(event),
            None => fact.fact.must_be_told(),
        };
        if missing {
            report.find(Finding {
                check: "order.told",
                about: about.to_owned(),
                text: format!("nobody was told of fact {}: its event is not in the outbox", fact.version),
                remedy: "restore the event from a backup, and rebuild the read models (rustok index rebuild)",
            });
        }
    }
}

/// What moved for an order in one currency.
struct Moved {
    currency: String,
    received: i64,
    given_back: i64,
    captures: i64,
    refunds: i64,
}

async fn moved(db: &TenantDb, orders: &[Uuid]) -> Result<HashMap<Uuid, Vec<Moved>>> {
    let sum =
        |condition: &str| format!("CAST(sum(CASE WHEN {condition} THEN amount_minor ELSE 0 END) AS bigint)");
    let sql = format!(
        "SELECT order_id, currency, {}, {}, {}, {} FROM money_ledger \
         WHERE tenant_id = {{tenant}} AND order_id IN ({}) GROUP BY order_id, currency ORDER BY order_id, currency",
        sum("from_account IN ('customer', 'gift_card', 'store_credit')"),
        sum("to_account IN ('customer', 'gift_card', 'store_credit')"),
        sum("kind IN ('capture', 'redeem')"),
        sum("kind IN ('refund', 'return', 'chargeback')"),
        platform::db::holes(orders.len())
    );
    let mut moved: HashMap<Uuid, Vec<Moved>> = HashMap::new();
    for row in db.raw_all(&sql, orders.iter().map(|id| Value::from(*id)).collect()).await? {
        moved.entry(row.try_get_by_index(0)?).or_default().push(of_row(&row)?);
    }
    Ok(moved)
}

fn of_row(row: &QueryResult) -> Result<Moved> {
    Ok(Moved {
        currency: row.try_get_by_index(1)?,
        received: row.try_get_by_index(2)?,
        given_back: row.try_get_by_index(3)?,
        captures: row.try_get_by_index(4)?,
        refunds: row.try_get_by_index(5)?,
    })
}

fn ledger(row: &orders::Model, moved: &[Moved], about: &str, report: &mut Report) {
    let mut find = |text: String| {
        report.find(Finding { check: "ledger.order", about: about.to_owned(), text, remedy: LOOK });
    };
    let (mut received, mut given_back) = (0, 0);
    for moved in moved {
        if moved.currency != row.currency {
            find(format!("money moved in {}, the order is in {}", moved.currency, row.currency));
        } else {
            (received, given_back) = (moved.received, moved.given_back);
        }
        if (moved.received, moved.given_back) != (moved.captures, moved.refunds) {
            find(format!(
                "in {} the accounts say {} received and {} given back, the entries {} and {}",
                moved.currency, moved.received, moved.given_back, moved.captures, moved.refunds
            ));
        }
    }
    if (received, given_back) != (row.paid_minor, row.refunded_minor) {
        find(format!(
            "the ledger says {received} received and {given_back} given back, the order {} and {}",
            row.paid_minor, row.refunded_minor
        ));
    }
}

/// What its lines add up to; the database itself sees that the sums of the row go together.
fn sums(row: &orders::Model, lines: &[order_line::Model], about: &str, report: &mut Report) {
    let sum = |of: fn(&order_line::Model) -> i64| lines.iter().map(of).fold(0_i64, i64::saturating_add);
    let left = |line: &order_line::Model, includes_tax: bool| {
        if includes_tax { line.gross_minor } else { line.net_minor }.saturating_add(line.relief_minor)
    };
    let full = lines.iter().map(|line| left(line, row.includes_tax).saturating_add(line.discount_minor));
    let subtotal = full.fold(0_i64, i64::saturating_add);
    let discount = sum(|line| line.discount_minor.saturating_add(line.relief_minor));
    let (tax, n_items) = (sum(|line| line.tax_minor), sum(|line| line.quantity));
    // The delivery has a tax and a relief, too.
    let agree = row.subtotal_minor == subtotal
        && row.n_items == n_items
        && discount <= row.discount_minor
        && row.discount_minor - discount <= row.shipping_minor
        && tax <= row.tax_minor;
    if !agree {
        report.find(Finding {
            check: "order.sums",
            about: about.to_owned(),
            text: format!(
                "its lines add up to {n_items} pieces, {subtotal}, {discount} taken off and {tax} tax, it says {}, {}, {} and {}",
                row.n_items, row.subtotal_minor, row.discount_minor, row.tax_minor
            ),
            remedy: LOOK,
        });
    }
}

fn reservation(
    row: &orders::Model,
    lines: &[order_line::Model],
    reserved: Option<&BTreeMap<VariantId, i64>>,
    about: &str,
    report: &mut Report,
) {
    let mut due: BTreeMap<VariantId, i64> = BTreeMap::new();
    let state = state_of(row);
    if matches!(state, OrderState::PendingPayment | OrderState::Paid) {
        for line in lines {
            *due.entry(VariantId::from_uuid(line.variant_id)).or_default() += line.quantity - line.sent;
        }
    }
    let nothing = BTreeMap::new();
    let held = reserved.unwrap_or(&nothing);
    due.retain(|_, pieces| 0 < *pieces);
    for variant in due.keys().chain(held.keys().filter(|variant| !due.contains_key(variant))) {
        let (due, held) = (due.get(variant).unwrap_or(&0), held.get(variant).unwrap_or(&0));
        if due != held {
            report.find(Finding {
                check: "reservation.order",
                about: about.to_owned(),
                text: format!(
                    "it is {} and holds {held} pieces of variant {variant}, it should hold {due}",
                    state.as_str()
                ),
                remedy: "restore its reservations from a backup; one that is too many is given back by deleting it and \
                         taking its pieces from reserved",
            });
        }
    }
}
