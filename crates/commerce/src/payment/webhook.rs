//! Call-backs of gateways: checked, stored once, answered at once; the background job acts on them.

use axum::http::HeaderMap;
use platform::{Access, App, Ctx, Error, failpoint};
use primitives::{ErrorCode, OrderId, PaymentId, TenantId};
use sea_orm::{ActiveValue::Set, ColumnTrait};
use serde::Deserialize;
use standardwebhooks::Webhook;
use std::collections::BTreeSet;
use std::sync::Mutex;
use tracing::warn;
use uuid::Uuid;

use super::dispute::{self, DisputeState};
use super::stripe::hook;
use super::{HTTP, Outcome, STRIPE, Step, apply, ask_now, ask_on, brief, provider};
use crate::entity::{payment, payment_event};
use crate::error::{CommerceError, Result};
use crate::jobs;
use crate::order::desk::Desk;

/// Largest call-back, bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// Name of the hub's signal that wakes the job.
pub(crate) const SIGNAL: &str = "payments";
/// What became of a call-back that made us ask the gateway.
pub(super) const ASKED: &str = "asked";

/// What became of a call-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Stored; the payment will see it in a moment.
    Stored,
    /// It was here before.
    Duplicate,
    /// It concerns no payment of this shop.
    Ignored,
}

/// What a gateway tells: at the top, or inside `data`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    r#type: String,
    /// The call it is about: `authorize`, `capture`, `refund`, `void`.
    #[serde(alias = "step", alias = "kind")]
    operation: String,
    reference: String,
    id: String,
    status: String,
    reason: String,
    amount: Option<i64>,
    currency: Option<String>,
    data: Option<Box<Told>>,
}

impl Told {
    fn flat(self) -> Self {
        match self.data {
            None => self,
            Some(inner) => {
                let pick = |outer: String, inner: String| if inner.is_empty() { outer } else { inner };
                Self {
                    operation: pick(self.operation, inner.operation),
                    reference: pick(self.reference, inner.reference),
                    id: pick(self.id, inner.id),
                    status: pick(self.status, inner.status),
                    reason: pick(self.reason, inner.reason),
                    amount: inner.amount.or(self.amount),
                    currency: inner.currency.or(self.currency),
                    r#type: self.r#type,
                    data: None,
                }
            }
        }
    }

    /// The call it is about, when it says so.
    fn step(&self) -> Option<Step> {
        let said = format!("{} {}", self.operation, self.r#type).to_lowercase();
        let words = [
            ("author", Step::Authorize),
            ("captur", Step::Capture),
            ("refund", Step::Refund),
            ("void", Step::Void),
        ];
        words.into_iter().find(|(word, _)| said.contains(word)).map(|(_, step)| step)
    }

    /// Where a dispute stands, when it is about one; `None` inside for a word that is none.
    fn dispute(&self) -> Option<Option<DisputeState>> {
        let said = format!("{} {}", self.operation, self.r#type).to_lowercase();
        said.contains("disput").then(|| DisputeState::told(&self.status))
    }

    /// Whether it is about the refund that the payment stands at, and about no other.
    fn is_under_way(&self, payment: &payment::Model) -> bool {
        !payment.back_id.is_empty() && payment.back_id == brief(&self.id, 200)
    }

    fn word(&self, state: DisputeState) -> dispute::Word<'_> {
        let Self { id, amount, currency, reason, .. } = self;
        dispute::Word { id, state, amount: *amount, currency: currency.as_deref(), reason }
    }

    fn outcome(&self) -> Option<Outcome> {
        match self.status.as_str() {
            "succeeded" => Some(Outcome::Succeeded(brief(&self.id, 200))),
            "pending" => Some(Outcome::Pending(brief(&self.id, 200))),
            "declined" | "failed" => Some(Outcome::Declined(match self.reason.as_str() {
                "" => "the payment was declined".to_owned(),
                reason => brief(reason, 200),
            })),
            _ => None,
        }
    }
}

/// Takes a call-back of `provider`: checks its signature and stores it, once per event id.
///
/// # Errors
/// `NOT_FOUND` for a provider or a payment that this shop does not have, `UNAUTHENTICATED` for a signature that is
/// missing, wrong or older than five minutes, `BAD_USER_INPUT` for something else than the protocol.
pub async fn receive(ctx: &Ctx, provider: &str, headers: &HeaderMap, body: &[u8]) -> Result<Receipt> {
    if provider == STRIPE {
        return receive_from_stripe(ctx, headers, body).await;
    }
    let secret = ctx.app().config().payments.webhook_secret.as_deref().filter(|_| provider == HTTP);
    let secret = secret.ok_or_else(|| CommerceError::not_found("payment provider"))?;
    let verifier = Webhook::new(secret).map_err(|error| Error::internal(error.to_string()))?;
    let refused = |_| Error::new(ErrorCode::Unauthenticated, "the signature of this call-back is not valid");
    verifier.verify(body, headers).map_err(refused)?;
    let event_id =
        headers.get(standardwebhooks::HEADER_WEBHOOK_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    if event_id.is_empty() || 200 < event_id.len() {
        return Err(CommerceError::field("webhook-id", "must have 1 to 200 characters"));
    }
    let told: Told = serde_json::from_slice(body)
        .map_err(|_| CommerceError::field("body", "must be a JSON object of the protocol"))?;
    let told = told.flat();
    match told.dispute() {
        Some(None) => return Err(CommerceError::field("status", "must be opened, won or lost")),
        None if told.outcome().is_none() => {
            return Err(CommerceError::field("status", "must be succeeded, pending or declined"));
        }
        _ => {}
    }
    let payment = find(ctx, provider, &told.reference, &told.id).await?;
    let payment = payment.ok_or_else(|| CommerceError::not_found(PaymentId::KIND))?;
    let document = String::from_utf8_lossy(body).into_owned();
    store(ctx, provider, event_id, payment, document).await
}

/// An event of Stripe: it keeps accounts that do more than pay orders of this shop, so what is none of ours is no error.
async fn receive_from_stripe(ctx: &Ctx, headers: &HeaderMap, body: &[u8]) -> Result<Receipt> {
    let secrets = provider::secrets(ctx).await?;
    let secrets = secrets.ok_or_else(|| CommerceError::not_found("payment provider"))?;
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or("");
    if !hook::is_signed(&secrets.webhook, signature, body, ctx.now()) {
        return Err(
            Error::new(ErrorCode::Unauthenticated, "the signature of this call-back is not valid").into()
        );
    }
    let event: serde_json::Value = serde_json::from_slice(body)
        .map_err(|_| CommerceError::field("body", "must be a JSON object of the protocol"))?;
    let Some(heard) = hook::heard(&event) else { return Ok(Receipt::Ignored) };
    if heard.event.is_empty() || 200 < heard.event.len() {
        return Err(CommerceError::field("id", "must have 1 to 200 characters"));
    }
    let Some(payment) = find(ctx, STRIPE, &heard.reference, &heard.gateway_id).await? else {
        return Ok(Receipt::Ignored);
    };
    store(ctx, STRIPE, &heard.event, payment, heard.told.to_string()).await
}

/// Keeps a call-back until its payment has seen it, once.
async fn store(
    ctx: &Ctx,
    provider: &str,
    event_id: &str,
    payment: Uuid,
    document: String,
) -> Result<Receipt> {
    failpoint!("webhook.checked");
    let stored = ctx
        .write(Access::Public, async |tx| {
            let stored = tx
                .insert_new(vec![payment_event::ActiveModel {
                    provider: Set(provider.to_owned()),
                    event_id: Set(event_id.to_owned()),
                    payment_id: Set(payment),
                    document: Set(document.clone()),
                    received_at: Set(ctx.now().millis()),
                    handled_at: Set(None),
                    outcome: Set(String::new()),
                    ..Default::default()
                }])
                .await?;
            // Should this process end before it has looked, another one looks.
            jobs::plan(tx, Some(ctx.now().millis())).await?;
            let (app, tenant) = (ctx.app().clone(), ctx.tenant_id());
            tx.after_commit(move || nudge(&app, tenant));
            failpoint!("webhook.stored");
            Ok::<_, CommerceError>(0 < stored)
        })
        .await?;
    failpoint!("webhook.committed");
    Ok(if stored { Receipt::Stored } else { Receipt::Duplicate })
}

/// The payment of this shop that the call-back is about: by our reference, else by the gateway's id.
async fn find(ctx: &Ctx, provider: &str, reference: &str, id: &str) -> Result<Option<Uuid>> {
    let rows = ctx.read(Access::Public).await?;
    let found = match Uuid::parse_str(reference) {
        Ok(reference) => rows.find_by_id::<payment::Entity>(reference).await?,
        Err(_) if !id.is_empty() => {
            rows.find::<payment::Entity>().filter(payment::Column::GatewayId.eq(id)).one().await?
        }
        Err(_) => None,
    };
    Ok(found.filter(|payment| payment.provider == provider).map(|payment| payment.id))
}

/// Applies every stored call-back that the payments have not seen, oldest first; gives back how many.
pub(crate) async fn handle_open(ctx: &Ctx, limit: u64) -> Result<usize> {
    let rows = ctx.read(Access::System).await?;
    let open = rows
        .find::<payment_event::Entity>()
        .filter(payment_event::Column::HandledAt.is_null())
        .order_by_asc(payment_event::Column::ReceivedAt)
        .order_by_asc(payment_event::Column::EventId)
        .limit(limit)
        .all()
        .await?;
    drop(rows);
    for event in &open {
        let handled = handle(ctx, event).await;
        failpoint!("webhook.done");
        if let Err(error) = handled {
            let error: Error = error.into();
            warn!(event.id = %event.event_id, report = %error.report(), "a call-back could not be applied");
        }
    }
    Ok(open.len())
}

async fn handle(ctx: &Ctx, event: &payment_event::Model) -> Result<()> {
    let told = serde_json::from_str::<Told>(&event.document).map(Told::flat).map_err(Error::internal)?;
    ctx.write(Access::System, async |tx| {
        let this = || {
            tx.update_many::<payment_event::Entity>()
                .filter(payment_event::Column::Provider.eq(event.provider.as_str()))
                .filter(payment_event::Column::EventId.eq(event.event_id.as_str()))
        };
        let taken = this()
            .set(payment_event::Column::HandledAt, ctx.now().millis())
            .filter(payment_event::Column::HandledAt.is_null())
            .exec()
            .await?;
        // Another process was faster: its transaction has done all of this.
        if taken == 0 {
            return Ok(());
        }
        failpoint!("webhook.taken");
        let payment = tx.get::<payment::Entity>(event.payment_id).await?;
        let mut desk = Desk::open(tx, OrderId::from_uuid(payment.order_id), ctx.now()).await?;
        let outcome = match judge(&told, desk.payment()?) {
            _ if told.dispute().is_some() => match told.dispute().flatten() {
                Some(state) => dispute::hear(&mut desk, &told.word(state)).await?,
                None => "nothing new",
            },
            // About the attempt that was called off before the one that is under way.
            _ if desk.payment()?.step() == Step::Authorize && told.is_under_way(desk.payment()?) => {
                "nothing new"
            }
            // Its word only says that there is something to ask about.
            _ if event.provider == STRIPE && told.step() != Some(Step::Refund) => {
                if ask_on(&mut desk)? {
                    "asked again"
                } else {
                    "nothing new"
                }
            }
            Err(why) => {
                desk.attention(why);
                why
            }
            // It may be about money that was to go back earlier: without the id of the refund that is under way only
            // the gateway knows about this.
            Ok((Step::Refund, outcome)) if !told.is_under_way(desk.payment()?) => {
                if ask_now(&mut desk, Step::Refund, &outcome)? { ASKED } else { "nothing new" }
            }
            // As of refunds, there can be many of parts.
            Ok((Step::Capture, outcome)) if desk.payment()?.takes_a_part() => {
                if ask_now(&mut desk, Step::Capture, &outcome)? { "asked again" } else { "nothing new" }
            }
            Ok((step, outcome)) => match apply(&mut desk, step, &outcome).await? {
                true => "applied",
                false => "nothing new",
            },
        };
        desk.save().await?;
        this().set(payment_event::Column::Outcome, outcome).exec().await?;
        failpoint!("webhook.handled");
        Ok(())
    })
    .await
}

/// What a call-back says about which call. One about another amount moves nothing; a person has to look.
fn judge(told: &Told, payment: &payment::Model) -> Result<(Step, Outcome), &'static str> {
    let step = told.step().unwrap_or_else(|| payment.step());
    let other_amount = told.amount.is_some_and(|amount| match step {
        // An earlier one may have been of another amount.
        Step::Refund if !told.is_under_way(payment) => !(1..=payment.amount_minor).contains(&amount),
        Step::Capture if payment.takes_a_part() => !(1..=payment.amount_minor).contains(&amount),
        Step::Void => !(1..=payment.amount_minor).contains(&amount),
        _ => amount != payment.amount(step),
    });
    let other_currency =
        told.currency.as_ref().is_some_and(|currency| !currency.eq_ignore_ascii_case(&payment.currency));
    if other_amount || other_currency {
        return Err("the gateway reported another amount than the order costs");
    }
    told.outcome().map(|outcome| (step, outcome)).ok_or("the gateway reported something unknown")
}

/// Tenants whose payments want to be looked at now.
#[derive(Default)]
pub(crate) struct Wanted(Mutex<BTreeSet<TenantId>>);

impl Wanted {
    pub fn take(&self) -> BTreeSet<TenantId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

fn nudge(app: &App, tenant: TenantId) {
    let wanted = app.state(Wanted::default);
    wanted.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(tenant);
    app.hub().signal(SIGNAL).notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: serde_json::Value) -> Told {
        serde_json::from_value::<Told>(json).unwrap().flat()
    }

    #[test]
    fn reads_both_writings() {
        let flat =
            told(serde_json::json!({"type": "payment.captured", "reference": "r", "status": "succeeded"}));
        assert_eq!((flat.step(), flat.reference.as_str()), (Some(Step::Capture), "r"));
        let nested = told(serde_json::json!({
            "type": "payment.updated", "data": {"operation": "authorize", "id": "x", "status": "declined", "amount": 5}
        }));
        assert_eq!(nested.step(), Some(Step::Authorize));
        assert_eq!(nested.outcome(), Some(Outcome::Declined("the payment was declined".into())));
        assert_eq!(nested.amount, Some(5));
        assert_eq!(told(serde_json::json!({"status": "succeeded"})).step(), None);
        assert_eq!(told(serde_json::json!({"status": "maybe"})).outcome(), None);
        let dispute = |json| told(json).dispute();
        let lost = serde_json::json!({"type": "payment.disputed", "data": {"id": "d", "status": "lost"}});
        assert_eq!(dispute(lost), Some(Some(DisputeState::Lost)));
        assert_eq!(
            dispute(serde_json::json!({"operation": "dispute", "status": "opened"})),
            Some(Some(DisputeState::Open))
        );
        assert_eq!(dispute(serde_json::json!({"operation": "dispute", "status": "maybe"})), Some(None));
        assert_eq!(dispute(serde_json::json!({"operation": "refund", "status": "lost"})), None);
    }
}
