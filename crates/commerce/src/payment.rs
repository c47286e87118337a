//! Payments: by hand, through a gateway that speaks the `http` protocol, or through Stripe.
//!
//! A payment row stands at one call (`step`) with one `status`. The keys of its calls are stored before the first one,
//! so any call may be made again, by anybody, after any crash: the gateway recognises it. A lost answer is the status
//! `unknown` and is settled by asking again, never by guessing. Nothing outside [`apply`] moves money state, and every
//! change of a row is a fact in its stream.

mod apply;
pub mod dispute;
mod fact;
pub(crate) mod gateway;
pub mod provider;
pub mod reconcile;
pub(crate) mod settle;
mod stripe;
pub mod webhook;

pub(crate) use apply::{
    apply, ask_now, ask_on, capture_by_hand, forgo, give_back_by_hand, kept, receive_rest,
};
pub use fact::{Back, Call, OpenedPayment, PaymentFact, PaymentStory, Take};

use events::stream::Folded;
use platform::{Access, Ctx};
use primitives::PaymentId;

use crate::entity::{orders, payment};
use crate::view::PaymentState;

/// Bank transfer, cash: staff marks the order as paid.
pub const MANUAL: &str = "manual";

/// Why an order ends, and a promise goes back, after the gateway's no.
pub(crate) const DECLINED: &str = "the payment was declined";
/// The gateway protocol of CONTRACT.
pub const HTTP: &str = "http";

/// Stripe, with keys of the shop's own.
pub const STRIPE: &str = "stripe";

/// Gift cards and store credit have paid all of it; there is no payment.
pub const TENDER: &str = "tender";

/// A call of the gateway protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// No gateway.
    ByHand,
    Authorize,
    Capture,
    Refund,
    Void,
}

impl Step {
    pub const ALL: [Self; 5] = [Self::ByHand, Self::Authorize, Self::Capture, Self::Refund, Self::Void];

    /// The stored word, also the last part of the gateway's address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Authorize => "authorize",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Void => "void",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// To be made.
    Due,
    /// Made, and the answer was lost.
    Unknown,
    /// The gateway has not decided and will call back.
    Pending,
    /// It worked.
    Done,
    /// The gateway said no.
    Declined,
}

impl Status {
    pub const ALL: [Self; 5] = [Self::Due, Self::Unknown, Self::Pending, Self::Done, Self::Declined];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Declined => "declined",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the call has no verdict yet.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::Unknown | Self::Pending)
    }
}

/// What the gateway said about one call, or that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It worked; the gateway's own id of it.
    Succeeded(String),
    /// As [`Outcome::Succeeded`], for a capture of a part after which the gateway still promises the rest, minor
    /// units.
    TakenInPart { id: String, remaining: i64 },
    /// It will tell later; the gateway's own id of it.
    Pending(String),
    /// As [`Outcome::Pending`], and the shopper has to go to `url` to pay.
    Redirect { id: String, url: String },
    /// It said no, and why.
    Declined(String),
    /// Nobody has paid, and nobody will: the page on which the shopper could is over, or the gateway has taken nothing of
    /// an order that is given up.
    Expired(String),
    /// The answer was lost: it may have worked.
    Unknown(String),
}

impl payment::Model {
    pub(crate) fn step(&self) -> Step {
        Step::parse(&self.step).unwrap_or(Step::ByHand)
    }

    pub(crate) fn status(&self) -> Status {
        Status::parse(&self.status).unwrap_or(Status::Unknown)
    }

    /// The key under which the gateway recognises a call.
    pub(crate) fn key(&self, step: Step) -> &str {
        match step {
            Step::Authorize | Step::ByHand => &self.authorize_key,
            Step::Capture if self.takes_a_part() => &self.take_key,
            Step::Capture => &self.capture_key,
            Step::Refund | Step::Void => &self.back_key,
        }
    }

    /// The amount of a call, minor units.
    pub(crate) fn amount(&self, step: Step) -> i64 {
        match step {
            Step::Refund => self.back_minor,
            Step::Capture if self.takes_a_part() => self.take_minor,
            Step::Void if 0 < self.back_minor => self.back_minor,
            // Of an authorisation that parts were taken of only the rest can go.
            Step::Void if 0 < self.rest_minor => self.rest_minor,
            _ => self.amount_minor,
        }
    }

    /// Whether the capture that it stands at, or the last one, was asked for by staff.
    pub(crate) fn takes_a_part(&self) -> bool {
        !self.take_key.is_empty()
    }

    /// Promised, or a part of it, not taken, and not given back.
    pub(crate) fn is_promised(&self) -> bool {
        0 < self.rest_minor
            || matches!(
                (self.step(), self.status()),
                (Step::Authorize, Status::Done) | (Step::Void, Status::Declined)
            )
    }

    /// Whether what was promised is called off because it could not be taken.
    pub(crate) fn was_declined(&self) -> bool {
        self.step() == Step::Void && self.back_reason == DECLINED
    }

    /// Whether a gateway is being asked about it, or will be, or will call back.
    pub(crate) fn is_under_way(&self) -> bool {
        self.step() != Step::ByHand && self.status().is_open()
    }
}

/// Where the money of an order is: derived from what was received and given back, else from the payment's call.
pub(crate) fn state_of(order: &orders::Model, payment: Option<&payment::Model>) -> PaymentState {
    if 0 < order.paid_minor && order.total_minor <= order.paid_minor + order.released_minor {
        return match order.refunded_minor {
            0 => PaymentState::Paid,
            back if back == order.paid_minor => PaymentState::Refunded,
            _ => PaymentState::PartlyRefunded,
        };
    }
    let Some(payment) = payment else {
        return if order.total_minor == 0 { PaymentState::Paid } else { PaymentState::Unpaid };
    };
    if 0 < order.paid_minor - order.tendered_minor {
        // Gift cards and store credit get theirs back last.
        let nothing_kept = order.paid_minor - order.refunded_minor <= order.tendered_minor;
        return match (nothing_kept, payment.is_promised()) {
            (true, true) => PaymentState::Authorised,
            (true, false) => PaymentState::Refunded,
            (false, _) => PaymentState::PartlyPaid,
        };
    }
    if payment.was_declined() {
        return PaymentState::Declined;
    }
    if payment.is_promised() && !payment.is_under_way() {
        return PaymentState::Authorised;
    }
    match (payment.step(), payment.status()) {
        (Step::ByHand, _) => PaymentState::Unpaid,
        (Step::Authorize, Status::Done) => PaymentState::Authorised,
        (Step::Authorize | Step::Capture, Status::Declined) => PaymentState::Declined,
        (Step::Authorize, _) => PaymentState::Pending,
        (Step::Void, Status::Done) => PaymentState::Voided,
        _ => PaymentState::Authorised,
    }
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Unpaid,
        Self::Pending,
        Self::Authorised,
        Self::PartlyPaid,
        Self::Paid,
        Self::PartlyRefunded,
        Self::Refunded,
        Self::Declined,
        Self::Voided,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Pending => "pending",
            Self::Authorised => "authorised",
            Self::PartlyPaid => "partly_paid",
            Self::Paid => "paid",
            Self::PartlyRefunded => "partly_refunded",
            Self::Refunded => "refunded",
            Self::Declined => "declined",
            Self::Voided => "voided",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The payment that the facts of its stream add up to, without a look at its row; `None` when there are none.
///
/// # Errors
/// `FORBIDDEN` to all but the server itself; `INTERNAL_SERVER_ERROR` when the facts do not go together.
pub async fn rebuild(ctx: &Ctx, payment: PaymentId) -> crate::error::Result<Option<Folded<PaymentStory>>> {
    Ok(events::stream::rebuild(&*ctx.read(Access::System).await?, payment.uuid()).await?)
}

/// Cuts what a gateway says to what a row may hold.
pub(crate) fn brief(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(step));
        }
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        for state in PaymentState::ALL {
            assert_eq!(PaymentState::parse(state.as_str()), Some(state));
        }
    }
}
