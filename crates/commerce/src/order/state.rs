//! What an order may do, as types and as one table.
//!
//! [`transitions!`] is the one source: it makes the methods of [`Order`], so that an illegal move does not compile,
//! and [`TRANSITIONS`], which tells the admin "why not" and the documentation what there is.
//!
//! ```
//! use commerce::order::{Order, Paid, Refusal, Shipped};
//! fn sends(order: Order<Paid>) -> Result<Order<Shipped>, Refusal> {
//!     order.ship()
//! }
//! ```
//!
//! A paid order is refunded and not cancelled:
//!
//! ```compile_fail,E0599
//! use commerce::order::{Order, Paid};
//! fn cancels(order: Order<Paid>) {
//!     let _ = order.cancel();
//! }
//! ```
//!
//! Nothing is sent before it is paid, and an end is an end:
//!
//! ```compile_fail,E0599
//! use commerce::order::{Order, PendingPayment};
//! fn sends(order: Order<PendingPayment>) {
//!     let _ = order.ship();
//! }
//! ```
//!
//! ```compile_fail,E0599
//! use commerce::order::{Cancelled, Order};
//! fn pays(order: Order<Cancelled>) {
//!     let _ = order.pay();
//! }
//! ```
//!
//! Nobody makes a paid order out of nothing:
//!
//! ```compile_fail,E0451
//! use commerce::order::{Facts, Order, Paid};
//! fn invents(facts: Facts) -> Order<Paid> {
//!     Order { facts, state: std::marker::PhantomData }
//! }
//! ```

use std::marker::PhantomData;

use crate::view::OrderState;

/// What guards look at; amounts in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What is to be paid.
    pub total: i64,
    /// Received so far.
    pub paid: i64,
    /// Given back so far.
    pub refunded: i64,
    /// What of `paid` gift cards and store credit gave when it was placed.
    pub tendered: i64,
    /// What the shop forgoes of the total.
    pub released: i64,
    /// Pieces that are still to be sent.
    pub to_send: i64,
    /// Parcels that have left and not arrived.
    pub under_way: i64,
}

/// An order in state `S`, carrying what its guards look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order<S> {
    facts: Facts,
    state: PhantomData<S>,
}

/// A type for each state of an order.
pub trait State {
    /// The state as a value.
    const STATE: OrderState;
}

impl<S: State> Order<S> {
    /// The state as a value.
    pub fn state(&self) -> OrderState {
        S::STATE
    }

    /// What its guards look at.
    pub fn facts(&self) -> Facts {
        self.facts
    }

    fn into<T>(self) -> Order<T> {
        Order { facts: self.facts, state: PhantomData }
    }
}

impl Order<Draft> {
    /// A new order.
    pub fn draft(facts: Facts) -> Self {
        Self { facts, state: PhantomData }
    }
}

/// What somebody wants to do with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Place it.
    Place,
    /// The money is here.
    Pay,
    /// Send it.
    Ship,
    /// It arrived.
    Deliver,
    /// Call it off before it is paid.
    Cancel,
    /// All money went back.
    Refund,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 6] =
        [Self::Place, Self::Pay, Self::Ship, Self::Deliver, Self::Cancel, Self::Refund];

    /// The word that clients use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Pay => "mark_paid",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
        }
    }

    fn participle(self) -> &'static str {
        match self {
            Self::Place => "placed",
            Self::Pay => "marked as paid",
            Self::Ship => "shipped",
            Self::Deliver => "marked as delivered",
            Self::Cancel => "cancelled",
            Self::Refund => "refunded",
        }
    }
}

/// Why a move is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The table has no such move.
    #[error("an order that is {} cannot be {}", words(*.from), .command.participle())]
    State {
        /// State it is in.
        from: OrderState,
        /// What was asked for.
        command: Command,
    },
    /// The table has the move, and its guard says no.
    #[error("{0}")]
    Guard(&'static str),
}

/// One move.
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// State before.
    pub from: OrderState,
    /// What somebody wants.
    pub command: Command,
    /// What has to hold, in words.
    pub guard: &'static str,
    /// State after.
    pub to: OrderState,
    /// What happens with it, in words.
    pub effects: &'static str,
    /// Name of the event.
    pub event: &'static str,
    check: fn(&Facts) -> Result<(), Refusal>,
}

impl Transition {
    /// Whether the guard lets an order with these facts pass.
    pub fn check(&self, facts: &Facts) -> Result<(), Refusal> {
        (self.check)(facts)
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident),*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl State for $name {
            const STATE: OrderState = OrderState::$name;
        })*

        /// An order whose state is known at run time only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AnyOrder {
            $($(#[$doc])* $name(Order<$name>),)*
        }

        impl AnyOrder {
            /// From what is stored to the type.
            pub fn rehydrate(state: OrderState, facts: Facts) -> Self {
                match state {
                    $(OrderState::$name => Self::$name(Order { facts, state: PhantomData }),)*
                }
            }

            /// The state as a value.
            pub fn state(&self) -> OrderState {
                match self {
                    $(Self::$name(order) => order.state(),)*
                }
            }
        }
    };
}

states! {
    /// Being written, not placed.
    Draft,
    /// Placed, stock is reserved, money is not here.
    PendingPayment,
    /// The money is here.
    Paid,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up before it was paid.
    Cancelled,
    /// All money went back.
    Refunded
}

macro_rules! transitions {
    ($($from:ident -> $to:ident: $method:ident ($command:ident) if $guard:ident, $words:literal;
       $effects:literal; $event:literal)*) => {
        /// Every move there is.
        pub const TRANSITIONS: &[Transition] = &[$(Transition {
            from: OrderState::$from,
            command: Command::$command,
            guard: $words,
            to: OrderState::$to,
            effects: $effects,
            event: $event,
            check: $guard,
        }),*];

        $(impl Order<$from> {
            #[doc = concat!("Emits `", $event, "`; effects: ", $effects, ".")]
            ///
            /// # Errors
            #[doc = concat!("Unless ", $words, ".")]
            pub fn $method(self) -> Result<Order<$to>, Refusal> {
                $guard(&self.facts)?;
                Ok(self.into())
            }
        })*
    };
}

transitions! {
    Draft -> PendingPayment: place(Place) if always, "always"; "reserves stock, takes a number"; "order.placed"
    Draft -> Cancelled: cancel(Cancel) if always, "always"; "nothing"; "order.cancelled"
    PendingPayment -> Paid: pay(Pay) if covered, "what was received, or the shop forgoes, covers the total";
        "keeps the stock"; "order.paid"
    PendingPayment -> Cancelled: cancel(Cancel) if nothing_kept, "nothing that was received is kept";
        "releases stock, gives an authorisation, gift cards and store credit back"; "order.cancelled"
    Paid -> Shipped: ship(Ship) if all_sent, "every piece has left";
        "each parcel takes its pieces off the shelf, the last one ships the order"; "order.shipped"
    Shipped -> Delivered: deliver(Deliver) if all_arrived, "every parcel has arrived";
        "closes the parcels"; "order.delivered"
    Paid -> Refunded: refund(Refund) if all_given_back, "everything received was given back";
        "releases stock"; "order.refunded"
    Shipped -> Refunded: refund(Refund) if all_given_back, "everything received was given back";
        "leaves the stock as it is"; "order.refunded"
    Delivered -> Refunded: refund(Refund) if all_given_back, "everything received was given back";
        "leaves the stock as it is"; "order.refunded"
}

/// Finds the move for an order whose state is known at run time only.
///
/// # Errors
/// When the table has no such move.
pub fn transition(from: OrderState, command: Command) -> Result<&'static Transition, Refusal> {
    TRANSITIONS
        .iter()
        .find(|move_| move_.from == from && move_.command == command)
        .ok_or(Refusal::State { from, command })
}

fn always(_: &Facts) -> Result<(), Refusal> {
    Ok(())
}

fn covered(facts: &Facts) -> Result<(), Refusal> {
    let here = facts.total <= facts.paid + facts.released;
    if here { Ok(()) } else { Err(Refusal::Guard("less money was received than the order costs")) }
}

fn nothing_kept(facts: &Facts) -> Result<(), Refusal> {
    let nothing = facts.paid - facts.refunded == facts.tendered;
    if nothing {
        Ok(())
    } else {
        Err(Refusal::Guard("money was received for this order: give it back instead"))
    }
}

fn all_sent(facts: &Facts) -> Result<(), Refusal> {
    let all = facts.to_send == 0;
    if all { Ok(()) } else { Err(Refusal::Guard("some pieces are still to be sent")) }
}

fn all_arrived(facts: &Facts) -> Result<(), Refusal> {
    let all = facts.under_way == 0;
    if all { Ok(()) } else { Err(Refusal::Guard("some parcels have not arrived yet")) }
}

fn all_given_back(facts: &Facts) -> Result<(), Refusal> {
    let all = facts.refunded == facts.paid;
    if all { Ok(()) } else { Err(Refusal::Guard("not everything that was received was given back")) }
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::PendingPayment,
        Self::Paid,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

pub(super) fn words(state: OrderState) -> &'static str {
    match state {
        OrderState::PendingPayment => "waiting for payment",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use events::DomainEvent;
    use primitives::{CartId, CustomerId, FulfilmentId, OrderId};

    use super::*;
    use crate::event::CommerceEvent;

    const PAID: Facts =
        Facts { total: 100, paid: 100, refunded: 0, tendered: 0, released: 0, to_send: 0, under_way: 0 };

    #[test]
    fn types_and_table_agree() {
        let draft = Order::draft(Facts { total: 100, ..Facts::default() });
        let pending = draft.place().unwrap();
        assert_eq!(pending.state(), OrderState::PendingPayment);
        assert_eq!(pending.cancel().unwrap().state(), OrderState::Cancelled);
        let AnyOrder::PendingPayment(pending) = AnyOrder::rehydrate(OrderState::PendingPayment, PAID) else {
            unreachable!()
        };
        assert!(pending.cancel().is_err());
        let delivered = pending.pay().unwrap().ship().unwrap().deliver().unwrap();
        assert_eq!(
            delivered.refund(),
            Err(Refusal::Guard("not everything that was received was given back"))
        );
        assert_eq!(transition(OrderState::Paid, Command::Ship).unwrap().to, OrderState::Shipped);
    }

    #[test]
    fn what_gift_cards_gave_keeps_no_order_from_being_cancelled() {
        let facts = Facts { total: 100, paid: 30, refunded: 0, tendered: 30, ..Facts::default() };
        let pending = |facts| match AnyOrder::rehydrate(OrderState::PendingPayment, facts) {
            AnyOrder::PendingPayment(order) => order,
            _ => unreachable!(),
        };
        assert!(pending(facts).cancel().is_ok());
        assert!(pending(facts).pay().is_err());
        assert!(pending(Facts { paid: 31, ..facts }).cancel().is_err());
        // What was taken of the payment and is back again keeps it neither.
        assert!(pending(Facts { paid: 80, refunded: 50, ..facts }).cancel().is_ok());
        assert!(pending(Facts { paid: 80, refunded: 49, ..facts }).cancel().is_err());
    }

    #[test]
    fn is_paid_with_less_when_the_shop_forgoes_the_rest() {
        let facts = Facts { total: 100, paid: 60, ..Facts::default() };
        let pay = |facts| match AnyOrder::rehydrate(OrderState::PendingPayment, facts) {
            AnyOrder::PendingPayment(order) => order.pay().is_ok(),
            _ => unreachable!(),
        };
        assert_eq!([39, 40].map(|released| pay(Facts { released, ..facts })), [false, true]);
    }

    #[test]
    fn is_shipped_with_the_last_piece_and_delivered_with_the_last_parcel() {
        let at = |state, facts| match AnyOrder::rehydrate(state, facts) {
            AnyOrder::Paid(order) => order.ship().map(|order| order.state()),
            AnyOrder::Shipped(order) => order.deliver().map(|order| order.state()),
            _ => unreachable!(),
        };
        let (paid, shipped) = (OrderState::Paid, OrderState::Shipped);
        assert_eq!(at(paid, Facts { under_way: 1, ..PAID }), Ok(shipped));
        assert!(at(paid, Facts { to_send: 1, ..PAID }).is_err());
        assert_eq!(at(shipped, PAID), Ok(OrderState::Delivered));
        assert!(at(shipped, Facts { under_way: 1, ..PAID }).is_err());
    }

    /// What the method of the type says; `None` where the type has none.
    fn typed(from: OrderState, command: Command, facts: Facts) -> Option<Result<OrderState, Refusal>> {
        fn end<S: State>(moved: Result<Order<S>, Refusal>) -> Option<Result<OrderState, Refusal>> {
            Some(moved.map(|order| order.state()))
        }
        match (AnyOrder::rehydrate(from, facts), command) {
            (AnyOrder::Draft(order), Command::Place) => end(order.place()),
            (AnyOrder::Draft(order), Command::Cancel) => end(order.cancel()),
            (AnyOrder::PendingPayment(order), Command::Pay) => end(order.pay()),
            (AnyOrder::PendingPayment(order), Command::Cancel) => end(order.cancel()),
            (AnyOrder::Paid(order), Command::Ship) => end(order.ship()),
            (AnyOrder::Shipped(order), Command::Deliver) => end(order.deliver()),
            (AnyOrder::Paid(order), Command::Refund) => end(order.refund()),
            (AnyOrder::Shipped(order), Command::Refund) => end(order.refund()),
            (AnyOrder::Delivered(order), Command::Refund) => end(order.refund()),
            _ => None,
        }
    }

    #[test]
    fn every_command_in_every_state_is_a_move_or_says_why_not() {
        // Nothing paid; paid, and nothing else to do; paid with everything still to do.
        let unpaid = Facts { total: 100, to_send: 1, ..Facts::default() };
        let refunded = Facts { refunded: 100, ..PAID };
        let begun = Facts { to_send: 1, under_way: 1, ..PAID };
        let mut said = Vec::new();
        for from in OrderState::ALL {
            for command in Command::ALL {
                let found = transition(from, command);
                for facts in [unpaid, PAID, refunded, begun] {
                    let table = found.as_ref().ok().map(|one| one.check(&facts).map(|()| one.to));
                    assert_eq!(table, typed(from, command, facts), "{from:?} {command:?} {facts:?}");
                }
                let words = match found {
                    Err(refusal) => refusal.to_string(),
                    Ok(one) => match [unpaid, begun].iter().find_map(|facts| one.check(facts).err()) {
                        None => one.to.as_str().to_owned(),
                        Some(refusal) => format!("{}, unless {refusal}", one.to.as_str()),
                    },
                };
                said.push(format!("{} + {}: {words}", from.as_str(), command.name()));
            }
        }
        insta::assert_snapshot!("every_state_and_command", said.join("\n"));
    }

    /// The table as the documentation shows it.
    fn markdown() -> String {
        let mut lines = vec![
            "| from | command | if | to | effects | event |".to_owned(),
            "|---|---|---|---|---|---|".to_owned(),
        ];
        lines.extend(TRANSITIONS.iter().map(|one| {
            let Transition { from, command, guard, to, effects, event, .. } = one;
            let (from, command, to) = (from.as_str(), command.name(), to.as_str());
            format!("| `{from}` | `{command}` | {guard} | `{to}` | {effects} | `{event}` |")
        }));
        lines.join("\n")
    }

    #[test]
    fn the_table_reads_like_this() {
        insta::assert_snapshot!("transitions", markdown());
    }

    #[test]
    fn every_move_tells_an_event_that_there_is() {
        let order_id = OrderId::new();
        let (currency, reason) = (|| "EUR".to_owned(), || "why".to_owned());
        let known = |command| match command {
            Command::Place => CommerceEvent::OrderPlaced {
                order_id,
                number: 1,
                cart_id: CartId::new(),
                customer_id: CustomerId::new(),
                total: 1,
                currency: currency(),
            },
            Command::Pay => CommerceEvent::OrderPaid { order_id, amount: 1, currency: currency() },
            Command::Ship => CommerceEvent::OrderShipped { order_id, fulfilment_id: FulfilmentId::new() },
            Command::Deliver => CommerceEvent::OrderDelivered { order_id, fulfilment_id: None },
            Command::Cancel => CommerceEvent::OrderCancelled { order_id, reason: reason() },
            Command::Refund => {
                CommerceEvent::OrderRefunded { order_id, amount: 1, currency: currency(), reason: reason() }
            }
        };
        for one in TRANSITIONS {
            assert_eq!(one.event, known(one.command).kind(), "{:?} {:?}", one.from, one.command);
        }
    }

    #[test]
    fn cancels_only_before_payment() {
        for state in OrderState::ALL {
            let allowed = matches!(state, OrderState::Draft | OrderState::PendingPayment);
            assert_eq!(transition(state, Command::Cancel).is_ok(), allowed, "{state:?}");
        }
    }

    #[test]
    fn refunds_only_what_was_paid() {
        for state in OrderState::ALL {
            let allowed = matches!(state, OrderState::Paid | OrderState::Shipped | OrderState::Delivered);
            assert_eq!(transition(state, Command::Refund).is_ok(), allowed, "{state:?}");
        }
    }

    #[test]
    fn ends_are_ends() {
        for state in [OrderState::Cancelled, OrderState::Refunded] {
            assert!(TRANSITIONS.iter().all(|move_| move_.from != state));
        }
    }

    #[test]
    fn a_refusal_reads_like_a_sentence() {
        let refusal = transition(OrderState::Paid, Command::Cancel).unwrap_err();
        assert_eq!(refusal.to_string(), "an order that is paid cannot be cancelled");
        let refusal = transition(OrderState::PendingPayment, Command::Ship).unwrap_err();
        assert_eq!(refusal.to_string(), "an order that is waiting for payment cannot be shipped");
    }
}
