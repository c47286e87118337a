//! The story of an order in words, from the facts of its stream.

use events::stream::Recorded;
use primitives::{Currency, Money, Timestamp, UserId};

use super::fact::{EditedOrder, OrderFact, Standing};
use super::state::words;
use crate::entity::orders;
use crate::payment::dispute::DisputeState;
use crate::returns::ReturnState;
use crate::tender::TenderKind;
use crate::view::TimelineEntry;

/// Facts that are no part of the story, by the kinds under which they are stored: a deadline moves every minute while a
/// gateway does not answer.
pub(super) const UNTOLD: [&str; 1] = ["waits_until"];
/// Most facts of one story.
pub(super) const MOST: u64 = 1_000;

/// What happened, oldest first. Staff also sees notes, tags, attention and which of the staff it was.
pub(super) fn of(
    facts: &[Recorded<OrderFact>],
    row: &orders::Model,
    currency: Currency,
    staff: bool,
) -> Vec<TimelineEntry> {
    let mut story = Vec::with_capacity(facts.len());
    for (n, fact) in facts.iter().enumerate() {
        match &fact.fact {
            OrderFact::Adopted { standing, .. } => adopted(&mut story, n == 0, standing, fact, row),
            _ => story.push(told(&fact.fact, fact.at, who(fact), row.number)),
        }
    }
    let shown = story.into_iter().filter(|entry| staff || !entry.inside);
    let numbered = shown.zip(1..).map(|(entry, version)| TimelineEntry {
        version,
        kind: entry.kind.to_owned(),
        text: entry.text,
        actor: entry.actor.0.to_owned(),
        // Which of the staff it was is nobody else's business.
        user: entry.actor.1.filter(|_| staff),
        amount: (entry.amount != 0).then(|| Money::new(entry.amount, currency)),
        at: entry.at,
    });
    numbered.collect()
}

/// `customer`, `staff` or `system`, and the account for staff.
type Who = (&'static str, Option<UserId>);

struct Entry {
    /// Name of the event that told about it.
    kind: &'static str,
    text: String,
    amount: i64,
    actor: Who,
    at: Timestamp,
    /// Between colleagues.
    inside: bool,
}

/// In which role somebody acted, and not who they are beside it: whoever works here buys as a customer.
fn who(fact: &Recorded<OrderFact>) -> Who {
    match fact.actor_kind.as_str() {
        "system" => ("system", None),
        "staff" => ("staff", fact.actor.map(UserId::from_uuid)),
        "api_key" => ("staff", None),
        _ => ("customer", None),
    }
}

fn told(fact: &OrderFact, at: Timestamp, actor: Who, order: i64) -> Entry {
    let with =
        |said: &str, more: &str| if more.is_empty() { said.to_owned() } else { format!("{said}: {more}") };
    let mut amount = 0;
    let mut of = |minor: &i64| amount = *minor;
    let (kind, text) = match fact {
        OrderFact::Placed(placed) | OrderFact::Adopted { placed, .. } => {
            of(&placed.total);
            ("order.placed", "Order placed".to_owned())
        }
        OrderFact::PaymentAuthorised { amount, .. } => {
            of(amount);
            ("payment.authorised", "Payment authorised".to_owned())
        }
        OrderFact::PaymentCaptured { amount, .. } => {
            of(amount);
            ("payment.captured", "Payment received".to_owned())
        }
        OrderFact::PaymentFailed { step, reason, .. } => {
            let said = match step.as_str() {
                "refund" => "Refund refused",
                "void" => "Giving the authorisation back was refused",
                _ => "Payment refused",
            };
            ("payment.failed", with(said, reason))
        }
        OrderFact::PaymentRefunded { amount: 0, reason, .. } => {
            ("payment.refunded", with("Authorisation given back", reason))
        }
        OrderFact::PaymentRefunded { amount, reason, .. } => {
            of(amount);
            ("payment.refunded", with("Money given back", reason))
        }
        OrderFact::PaymentDisputed { state, amount, reason, .. } => {
            of(amount);
            let said = match state {
                DisputeState::Open => "The customer's bank wants money back",
                DisputeState::Won => "A dispute was won",
                DisputeState::Lost => "A dispute was lost, the money is gone",
            };
            ("payment.disputed", with(said, reason))
        }
        OrderFact::PaymentReleased { amount, reason, .. } => {
            of(amount);
            ("payment.released", with("The rest is not taken, and the order counts as paid", reason))
        }
        OrderFact::TenderTaken { tender, amount, .. } => {
            of(amount);
            match tender {
                TenderKind::GiftCard => ("gift_card.redeemed", "Paid with a gift card".to_owned()),
                TenderKind::StoreCredit => ("store_credit.redeemed", "Paid with store credit".to_owned()),
            }
        }
        OrderFact::TenderReturned { tender, amount, reason, .. } => {
            of(amount);
            match tender {
                TenderKind::GiftCard => ("gift_card.returned", with("Given back to the gift card", reason)),
                TenderKind::StoreCredit => {
                    ("store_credit.returned", with("Given back as store credit", reason))
                }
            }
        }
        OrderFact::Paid { amount } => {
            of(amount);
            ("order.paid", "Order paid".to_owned())
        }
        OrderFact::Shipped { carrier, .. } if carrier.is_empty() => {
            ("order.shipped", "Parcel sent".to_owned())
        }
        OrderFact::Shipped { carrier, .. } => ("order.shipped", format!("Parcel sent with {carrier}")),
        OrderFact::Delivered { .. } => ("order.delivered", "Parcel delivered".to_owned()),
        OrderFact::ParcelSent { carrier, .. } if carrier.is_empty() => {
            ("fulfilment.shipped", "Parcel with a part of it sent".to_owned())
        }
        OrderFact::ParcelSent { carrier, .. } => {
            ("fulfilment.shipped", format!("Parcel with a part of it sent with {carrier}"))
        }
        OrderFact::ParcelArrived { .. } => {
            ("fulfilment.delivered", "One of the parcels delivered".to_owned())
        }
        OrderFact::ParcelTracked { carrier, .. } => {
            ("fulfilment.updated", with("Parcel can be followed in another way", carrier))
        }
        OrderFact::ReturnMoved { number, state, .. } => {
            let (kind, said) = match state {
                ReturnState::Requested => ("return.requested", "asked for"),
                ReturnState::Approved => ("return.approved", "approved"),
                ReturnState::Declined => ("return.declined", "declined"),
                ReturnState::Withdrawn => ("return.withdrawn", "withdrawn"),
                ReturnState::Received => ("return.received", "received"),
                ReturnState::Refunded => ("return.refunded", "refunded"),
                ReturnState::Closed => ("return.closed", "closed"),
            };
            (kind, format!("Return R-{order}-{number} {said}"))
        }
        OrderFact::Cancelled { reason } => ("order.cancelled", with("Order cancelled", reason)),
        OrderFact::Refunded { amount, reason } => {
            of(amount);
            ("order.refunded", with("Everything was given back", reason))
        }
        OrderFact::NoteAdded { .. } => ("order.note_added", "Note added".to_owned()),
        OrderFact::Tagged { n_tags } => {
            let said = match n_tags {
                0 => "Tags taken off".to_owned(),
                1 => "Has 1 tag now".to_owned(),
                n => format!("Has {n} tags now"),
            };
            ("order.tagged", said)
        }
        OrderFact::Drafted { .. } => ("order.drafted", "Written by the shop".to_owned()),
        OrderFact::Exchanged { number, order_number, amount, .. } => {
            of(amount);
            ("order.exchanged", format!("Return R-{order}-{number} exchanged, see order {order_number}"))
        }
        OrderFact::InExchange { number, order_number, amount, .. } => {
            of(amount);
            ("order.in_exchange", format!("In exchange for return R-{order_number}-{number}"))
        }
        OrderFact::AttentionAsked { why } => ("order.edited", format!("Needs attention: {why}")),
        OrderFact::AttentionCleared {} => ("order.edited", "Looked at, nothing left to do".to_owned()),
        OrderFact::WaitsUntil { .. } => ("order.edited", "May be paid for a while longer".to_owned()),
        OrderFact::Edited(edit) => {
            of(&edit.refund.max(edit.due).max(edit.received));
            ("order.edited", with(&edited(edit), &edit.reason))
        }
        OrderFact::Corrected { standing } => {
            ("order.edited", format!("Put right: {}", words(standing.state)))
        }
    };
    let inside = matches!(kind, "order.note_added" | "order.edited" | "order.tagged" | "payment.disputed")
        && !matches!(fact, OrderFact::Edited(_));
    Entry { kind, text, amount, actor, at, inside }
}

/// What an edit did: `2 × Mug taken away, 24.00 EUR to be given back`.
fn edited(edit: &EditedOrder) -> String {
    let money = |minor: i64| match Currency::parse(&edit.currency) {
        Ok(currency) => Money::new(minor, currency).to_string(),
        Err(_) => minor.to_string(),
    };
    let mut said: Vec<String> = Vec::new();
    for change in &edit.changes {
        let title = &change.title;
        match change.after - change.before {
            0 => {}
            more @ 1.. => said.push(format!("{more} × {title} added")),
            fewer => said.push(format!("{} × {title} taken away", fewer.unsigned_abs())),
        }
        match change.discount {
            Some(0) => said.push(format!("nothing is taken off {title} by hand any more")),
            Some(off) => said.push(format!("{} taken off {title}", money(off))),
            None => {}
        }
    }
    if edit.before.shipping != edit.after.shipping {
        said.push(format!("the delivery costs {}", money(edit.after.shipping)));
    }
    if edit.address {
        said.push("it goes to another address".to_owned());
    }
    if edit.contact {
        said.push("other contact".to_owned());
    }
    for (amount, words) in
        [(edit.refund, "to be given back"), (edit.due, "to be paid"), (edit.received, "received by hand")]
    {
        if amount != 0 {
            said.push(format!("{} {words}", money(amount)));
        }
    }
    if said.is_empty() {
        return "Edited".to_owned();
    }
    let said = said.join(", ");
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// An order whose first facts nobody wrote down: what its row knows of them.
fn adopted(
    story: &mut Vec<Entry>,
    first: bool,
    standing: &Standing,
    fact: &Recorded<OrderFact>,
    row: &orders::Model,
) {
    if first {
        story.push(told(&fact.fact, Timestamp::from_millis(row.placed_at), ("customer", None), row.number));
        if let Some(paid_at) = standing.paid_at {
            let paid = OrderFact::Paid { amount: standing.paid };
            story.push(told(&paid, Timestamp::from_millis(paid_at), ("system", None), row.number));
        }
    }
    let text = format!("What happened before was not written down; the order was {}", words(standing.state));
    let (actor, at) = (("system", None), fact.at);
    story.push(Entry { kind: "order.edited", text, amount: 0, actor, at, inside: true });
}
