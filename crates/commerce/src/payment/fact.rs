//! What becomes of a payment, fact by fact: each call to the gateway, its answer, and what it was asked for.

use events::stream::{Fact, Fold, Recorded};
use primitives::OrderId;
use serde::{Deserialize, Serialize};

use super::{Status, Step};
use crate::entity::payment;

/// Something that happened to a payment. The stored form is pinned by a test: what changes it needs an upcaster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "every fact says where the calls stand then")]
pub enum PaymentFact {
    /// It is wanted; the keys of its calls are kept before the first one.
    Opened { payment: OpenedPayment, call: Call },
    /// It stands like this, for reasons from before there were facts, or where nobody wrote them.
    Adopted { payment: OpenedPayment, call: Call, back: Back },
    /// Somebody asks the gateway now; until the answer is here nobody knows.
    Asked { call: Call },
    /// The money is promised.
    Authorised { call: Call },
    /// The money is here.
    Captured { call: Call },
    /// The gateway has given the money back.
    GivenBack { call: Call },
    /// The gateway has given the authorisation back.
    Voided { call: Call },
    /// The gateway said no.
    Declined { call: Call },
    /// The gateway has not decided and will call back.
    Waiting { call: Call },
    /// The answer was lost.
    Lost { call: Call },
    /// Money or an authorisation is to go back.
    BackAsked { call: Call, back: Back },
    /// Staff wants it taken, or a part of it.
    TakeAsked { call: Call },
    /// Another amount is wanted, since its order was edited; or the page to pay on is over, and another one is opened. Under
    /// other keys where the gateway has to be asked again.
    Reopened { payment: OpenedPayment, call: Call, back: Back },
    /// It stands like this by a change that has no name of its own.
    Corrected { call: Call, back: Back },
}

impl Fact for PaymentFact {}

/// What about a payment never changes. Amounts in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedPayment {
    /// What is paid.
    pub order_id: OrderId,
    /// How.
    pub provider: String,
    /// How much.
    pub amount: i64,
    /// In what.
    pub currency: String,
    /// Under which key the gateway is asked to authorise.
    pub authorize_key: String,
    /// Under which key the gateway is asked to capture all of it.
    pub capture_key: String,
    /// Whether staff says when it is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub manual: bool,
}

/// The call that a payment stands at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Which.
    pub step: String,
    /// How it stands.
    pub status: String,
    /// The gateway's own id.
    pub gateway_id: String,
    /// How often it was asked without an answer.
    pub attempt: i64,
    /// When it is asked next, milliseconds since 1970.
    pub next_at: Option<i64>,
    /// What the gateway said last that was no yes.
    pub last_error: String,
    /// What staff wanted taken last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<Take>,
    /// What is promised still and staff may take, minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rest: i64,
    /// What is asked for once this attempt is called off, minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub again: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

/// A capture that staff asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Under which key the gateway is asked.
    pub key: String,
    /// How much, minor units.
    pub amount: i64,
}

/// What was asked to go back last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// Under which key the gateway is asked; empty before anything was.
    pub key: String,
    /// How much, minor units.
    pub amount: i64,
    /// Why.
    pub reason: String,
}

/// A payment as its facts tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStory {
    /// What never changes.
    pub payment: OpenedPayment,
    /// Where its calls stand.
    pub call: Call,
    /// What was asked to go back.
    pub back: Back,
}

impl Fold for PaymentStory {
    type Fact = PaymentFact;
    const STREAM: &'static str = "payment";
    const STATE_VERSION: u16 = 3;

    fn begin(first: &Recorded<PaymentFact>) -> Option<Self> {
        match &first.fact {
            PaymentFact::Opened { payment, call } => {
                Some(Self { payment: payment.clone(), call: call.clone(), back: Back::default() })
            }
            PaymentFact::Adopted { payment, call, back } => {
                Some(Self { payment: payment.clone(), call: call.clone(), back: back.clone() })
            }
            _ => None,
        }
    }

    fn apply(&mut self, next: &Recorded<PaymentFact>) {
        match &next.fact {
            PaymentFact::Opened { .. } | PaymentFact::Adopted { .. } => {}
            PaymentFact::Asked { call }
            | PaymentFact::Authorised { call }
            | PaymentFact::Captured { call }
            | PaymentFact::GivenBack { call }
            | PaymentFact::Voided { call }
            | PaymentFact::Declined { call }
            | PaymentFact::Waiting { call }
            | PaymentFact::Lost { call }
            | PaymentFact::TakeAsked { call } => self.call.clone_from(call),
            PaymentFact::Reopened { payment, call, back } => {
                self.payment.clone_from(payment);
                self.call.clone_from(call);
                self.back.clone_from(back);
            }
            PaymentFact::BackAsked { call, back } | PaymentFact::Corrected { call, back } => {
                self.call.clone_from(call);
                self.back.clone_from(back);
            }
        }
    }
}

impl PaymentStory {
    pub(crate) fn of(row: &payment::Model) -> Self {
        Self {
            payment: OpenedPayment {
                order_id: OrderId::from_uuid(row.order_id),
                provider: row.provider.clone(),
                amount: row.amount_minor,
                currency: row.currency.clone(),
                authorize_key: row.authorize_key.clone(),
                capture_key: row.capture_key.clone(),
                manual: row.manual,
            },
            call: Call {
                step: row.step.clone(),
                status: row.status.clone(),
                gateway_id: row.gateway_id.clone(),
                attempt: row.attempt,
                next_at: row.next_at,
                last_error: row.last_error.clone(),
                take: row.takes_a_part().then(|| Take { key: row.take_key.clone(), amount: row.take_minor }),
                rest: row.rest_minor,
                again: row.again_minor,
            },
            back: Back { key: row.back_key.clone(), amount: row.back_minor, reason: row.back_reason.clone() },
        }
    }
}

impl PaymentFact {
    pub(crate) fn opened(row: &payment::Model) -> Self {
        let PaymentStory { payment, call, .. } = PaymentStory::of(row);
        Self::Opened { payment, call }
    }

    pub(crate) fn adopted(row: &payment::Model) -> Self {
        let PaymentStory { payment, call, back } = PaymentStory::of(row);
        Self::Adopted { payment, call, back }
    }

    /// Somebody asks the gateway now.
    pub(crate) fn asked(row: &payment::Model) -> Self {
        Self::Asked { call: PaymentStory::of(row).call }
    }

    /// What has happened between two standings of a row.
    pub(crate) fn between(before: &payment::Model, after: &payment::Model) -> Self {
        let (old, PaymentStory { payment, call, back }) = (PaymentStory::of(before), PaymentStory::of(after));
        if old.payment != payment {
            return Self::Reopened { payment, call, back };
        }
        if old.back != back {
            return match after.status() {
                Status::Due => Self::BackAsked { call, back },
                _ => Self::Corrected { call, back },
            };
        }
        if old.call.take != call.take {
            return Self::TakeAsked { call };
        }
        match (after.step(), after.status()) {
            (Step::Authorize, Status::Done) | (Step::Capture, Status::Due) => Self::Authorised { call },
            (Step::Capture | Step::ByHand, Status::Done) => Self::Captured { call },
            (Step::Refund, Status::Done) => Self::GivenBack { call },
            (Step::Void, Status::Done) => Self::Voided { call },
            (_, Status::Declined) => Self::Declined { call },
            (_, Status::Pending) => Self::Waiting { call },
            (_, Status::Unknown) => Self::Lost { call },
            (_, Status::Due) => Self::Corrected { call, back },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::stream::{fold, schema_version};
    use primitives::Timestamp;
    use uuid::Uuid;

    fn row(step: Step, status: Status) -> payment::Model {
        payment::Model {
            tenant_id: Uuid::nil(),
            id: Uuid::from_u128(1),
            order_id: Uuid::from_u128(2),
            provider: "http".into(),
            step: step.as_str().into(),
            status: status.as_str().into(),
            amount_minor: 3_000,
            currency: "EUR".into(),
            authorize_key: "a".into(),
            capture_key: "c".into(),
            back_key: String::new(),
            back_minor: 0,
            back_reason: String::new(),
            back_id: String::new(),
            gateway_id: "g".into(),
            attempt: 0,
            next_at: Some(5),
            last_error: String::new(),
            manual: false,
            take_key: String::new(),
            take_minor: 0,
            rest_minor: 0,
            pay_url: String::new(),
            again_minor: 0,
            version: 1,
            created_at: 1,
            updated_at: 1,
        }
    }

    fn backed(step: Step, status: Status) -> payment::Model {
        payment::Model {
            back_key: "b".into(),
            back_minor: 3_000,
            back_reason: "broken".into(),
            ..row(step, status)
        }
    }

    fn taken(step: Step, status: Status) -> payment::Model {
        payment::Model {
            take_key: "t".into(),
            take_minor: 1_000,
            rest_minor: 2_000,
            manual: true,
            ..row(step, status)
        }
    }

    #[test]
    fn the_stored_form_stays_as_it_is() {
        let parts = PaymentStory::of(&taken(Step::Capture, Status::Unknown));
        let PaymentStory { payment, call, back } = PaymentStory::of(&backed(Step::Refund, Status::Due));
        let (payment, call, back) = (|| payment.clone(), || call.clone(), || back.clone());
        let facts = [
            PaymentFact::Opened { payment: payment(), call: call() },
            PaymentFact::Adopted { payment: payment(), call: call(), back: back() },
            PaymentFact::Asked { call: call() },
            PaymentFact::Authorised { call: call() },
            PaymentFact::Captured { call: call() },
            PaymentFact::GivenBack { call: call() },
            PaymentFact::Voided { call: call() },
            PaymentFact::Declined { call: call() },
            PaymentFact::Waiting { call: call() },
            PaymentFact::Lost { call: call() },
            PaymentFact::BackAsked { call: call(), back: back() },
            PaymentFact::Corrected { call: call(), back: back() },
            PaymentFact::Opened { payment: parts.payment, call: call() },
            PaymentFact::TakeAsked { call: parts.call },
            PaymentFact::Reopened { payment: payment(), call: Call { again: 2_000, ..call() }, back: back() },
        ];
        let lines: Vec<_> = facts.iter().map(|fact| serde_json::to_string(fact).unwrap()).collect();
        insta::assert_snapshot!("payment_facts", lines.join("\n"));
        for (fact, line) in facts.iter().zip(&lines) {
            assert_eq!(serde_json::from_str::<PaymentFact>(line).unwrap(), *fact);
        }
        assert_eq!(schema_version::<PaymentFact>(), 1);
    }

    /// Whoever changes the state raises `STATE_VERSION`, so that snapshots from before are not believed.
    #[test]
    fn the_form_of_the_state_has_a_version() {
        let story = PaymentStory::of(&backed(Step::Refund, Status::Due));
        let form = format!("{} {}", PaymentStory::STATE_VERSION, serde_json::to_string(&story).unwrap());
        insta::assert_snapshot!("payment_state", form);
    }

    #[test]
    fn each_change_has_its_name_and_leads_to_the_row() {
        let first = row(Step::Authorize, Status::Due);
        let steps = [
            (row(Step::Authorize, Status::Unknown), "lost"),
            (row(Step::Authorize, Status::Pending), "waiting"),
            (row(Step::Authorize, Status::Done), "authorised"),
            (row(Step::Capture, Status::Due), "authorised"),
            (row(Step::Capture, Status::Declined), "declined"),
            (row(Step::Capture, Status::Done), "captured"),
            (row(Step::ByHand, Status::Done), "captured"),
            (row(Step::ByHand, Status::Due), "corrected"),
            (backed(Step::Refund, Status::Due), "back_asked"),
            (backed(Step::Refund, Status::Done), "given_back"),
            (backed(Step::Void, Status::Done), "voided"),
            (row(Step::Capture, Status::Done), "corrected"),
            (payment::Model { manual: false, ..taken(Step::Capture, Status::Unknown) }, "take_asked"),
            (payment::Model { manual: false, ..taken(Step::Capture, Status::Done) }, "captured"),
            (payment::Model { amount_minor: 2_000, ..row(Step::Authorize, Status::Due) }, "reopened"),
        ];
        let recorded = |version: i64, fact: PaymentFact| Recorded {
            version,
            fact,
            event: None,
            actor_kind: "system".into(),
            actor: None,
            at: Timestamp::from_millis(version),
        };
        let mut facts = vec![recorded(1, PaymentFact::opened(&first))];
        let mut before = first;
        for (version, (after, name)) in (2..).zip(steps) {
            let fact = PaymentFact::between(&before, &after);
            assert_eq!(serde_json::to_value(&fact).unwrap()["kind"], name);
            facts.push(recorded(version, fact));
            let story = fold::<PaymentStory>(None, &facts).unwrap().unwrap();
            assert_eq!((story.state, story.version), (PaymentStory::of(&after), version), "{name}");
            before = after;
        }
    }
}
