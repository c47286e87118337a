//! Asking whoever provides payments; the client of the `http` gateway protocol (CONTRACT).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use platform::{App, Ctx, failpoint};
use reqwest::{Client, StatusCode, redirect};
use serde::{Deserialize, Serialize};

use super::{HTTP, Outcome, STRIPE, Step, brief, stripe};
use crate::entity::payment;

/// Largest answer that is read, bytes.
const MAX_ANSWER: usize = 64 * 1024;
const CONNECT: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Call<'a> {
    /// Our payment's id: what call-backs name.
    reference: String,
    amount: i64,
    currency: &'a str,
    /// The gateway's own id, once it has told us one.
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    id: String,
    status: String,
    #[serde(default)]
    reason: String,
    /// Of a capture: what can still be captured of its authorisation, minor units.
    #[serde(default)]
    remaining: i64,
}

/// What a gateway has of a payment, minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Taken so far.
    pub captured: i64,
    /// Given back so far.
    pub refunded: i64,
    pub currency: String,
}

/// The answer to `status`.
#[derive(Deserialize)]
struct Books {
    captured: i64,
    refunded: i64,
    #[serde(default)]
    currency: String,
}

/// Whether this host has a gateway.
pub(crate) fn is_configured(app: &App) -> bool {
    app.config().payments.gateway_url.as_deref().is_some_and(|url| !url.is_empty())
}

/// How long a payment is left to whoever asks about it; after this somebody else may ask again.
pub(crate) fn patience(app: &App) -> Duration {
    let payments = &app.config().payments;
    Duration::from_millis(payments.timeout_ms.saturating_add(payments.lease_margin_ms))
}

/// Makes one call. Never fails: what is not an answer is [`Outcome::Unknown`].
pub(crate) async fn call(ctx: &Ctx, payment: &payment::Model, step: Step, gateway_id: &str) -> Outcome {
    let app = ctx.app();
    match step {
        Step::ByHand => {}
        Step::Authorize => failpoint!("payment.authorize.call"),
        Step::Capture => failpoint!("payment.capture.call"),
        Step::Refund => failpoint!("payment.refund.call"),
        Step::Void => failpoint!("payment.void.call"),
    }
    let asked = match payment.provider.as_str() {
        STRIPE => stripe::ask(ctx, payment, step, gateway_id).await,
        _ => ask(app, payment, step, gateway_id).await,
    };
    match step {
        Step::ByHand => {}
        Step::Authorize => failpoint!("payment.authorize.answered"),
        Step::Capture => failpoint!("payment.capture.answered"),
        Step::Refund => failpoint!("payment.refund.answered"),
        Step::Void => failpoint!("payment.void.answered"),
    }
    if payment.provider == HTTP {
        let lost = &app.state(Lost::default).0;
        match &asked {
            Ok(_) => lost.store(0, Ordering::Relaxed),
            Err(_) => drop(lost.fetch_add(1, Ordering::Relaxed)),
        }
    }
    asked.unwrap_or_else(|error| Outcome::Unknown(brief(&error, 300)))
}

/// Answers that were lost since the last good one.
#[derive(Default)]
struct Lost(AtomicU32);

/// Whether the last few calls of this process all got no answer; shoppers can still pay by hand.
pub fn is_down(app: &App) -> bool {
    2 < app.state(Lost::default).0.load(Ordering::Relaxed)
}

/// What the gateway has of a payment; `None` for one that does not tell.
///
/// # Errors
/// Why there was no answer, in words.
pub(crate) async fn held(ctx: &Ctx, payment: &payment::Model) -> Result<Option<Held>, String> {
    if payment.provider == STRIPE {
        return stripe::held(ctx, payment).await;
    }
    let app = ctx.app();
    let call = Call {
        reference: payment.id.to_string(),
        amount: payment.amount_minor,
        currency: &payment.currency,
        id: &payment.gateway_id,
    };
    let (status, body) = post(app, "status", &payment.authorize_key, &call).await?;
    if [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED, StatusCode::NOT_IMPLEMENTED].contains(&status)
    {
        return Ok(None);
    }
    if !status.is_success() {
        return Err(format!("the gateway answered {status}"));
    }
    let books = serde_json::from_slice::<Books>(&body).ok();
    Ok(books.map(|Books { captured, refunded, currency }| Held {
        captured,
        refunded,
        currency: if currency.is_empty() { payment.currency.clone() } else { currency.to_uppercase() },
    }))
}

async fn ask(app: &App, payment: &payment::Model, step: Step, gateway_id: &str) -> Result<Outcome, String> {
    let call = Call {
        reference: payment.id.to_string(),
        amount: payment.amount(step),
        currency: &payment.currency,
        id: gateway_id,
    };
    let (status, body) = post(app, step.as_str(), payment.key(step), &call).await?;
    read(status, &body)
}

async fn post(app: &App, what: &str, key: &str, call: &Call<'_>) -> Result<(StatusCode, Vec<u8>), String> {
    let config = &app.config().payments;
    let base = config.gateway_url.as_deref().ok_or("no gateway is configured")?;
    let call = client_of(app)?
        .post(format!("{}/{what}", base.trim_end_matches('/')))
        .header("Idempotency-Key", key)
        .json(call);
    read_answer(call).await
}

/// The client for everything that providers of payments are asked.
pub(super) fn client_of(app: &App) -> Result<Client, String> {
    let timeout = Duration::from_millis(app.config().payments.timeout_ms);
    app.state(|| Gateway(client(timeout))).0.clone()
}

/// Sends a call and reads its answer as far as it may go.
pub(super) async fn read_answer(call: reqwest::RequestBuilder) -> Result<(StatusCode, Vec<u8>), String> {
    let sent = call.send().await;
    let mut answer = sent.map_err(|error| describe(&error))?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| describe(&error))? {
        if MAX_ANSWER < body.len() + chunk.len() {
            return Err("the gateway's answer is too large".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

/// From HTTP to what it means. Only a clear word is taken as one.
fn read(status: StatusCode, body: &[u8]) -> Result<Outcome, String> {
    let again = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::CONFLICT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
    ];
    if status.is_server_error() || again.contains(&status) {
        return Err(format!("the gateway answered {status}"));
    }
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) => match answer.status.as_str() {
            "succeeded" if status.is_success() && 0 < answer.remaining => {
                Ok(Outcome::TakenInPart { id: brief(&answer.id, 200), remaining: answer.remaining })
            }
            "succeeded" if status.is_success() => Ok(Outcome::Succeeded(brief(&answer.id, 200))),
            "pending" if status.is_success() => Ok(Outcome::Pending(brief(&answer.id, 200))),
            "declined" => Ok(Outcome::Declined(match answer.reason.as_str() {
                "" => "the payment was declined".to_owned(),
                reason => brief(reason, 200),
            })),
            other => Err(format!("the gateway answered {status} with status {:?}", brief(other, 40))),
        },
        Err(_) if status.is_client_error() => {
            Ok(Outcome::Declined(format!("the gateway refused with {status}")))
        }
        Err(_) => Err(format!("the gateway answered {status} with something else than the protocol")),
    }
}

/// Kept for the life of the process: its connections are used again.
struct Gateway(Result<Client, String>);

fn client(timeout: Duration) -> Result<Client, String> {
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .user_agent("rustok")
        .build()
        .map_err(|error| error.to_string())
}

/// Errors of the client name the address, which may carry a secret; only their kind is kept.
fn describe(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "did not answer in time"
    } else if error.is_connect() {
        "cannot be reached"
    } else {
        "broke the connection off"
    };
    format!("the gateway {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_word_is_taken_as_one() {
        let ok = StatusCode::OK;
        let read = |status, body: &str| read(status, body.as_bytes());
        assert_eq!(read(ok, r#"{"id":"a","status":"succeeded"}"#), Ok(Outcome::Succeeded("a".into())));
        let part = r#"{"id":"a","status":"succeeded","remaining":5}"#;
        assert_eq!(read(ok, part), Ok(Outcome::TakenInPart { id: "a".into(), remaining: 5 }));
        assert_eq!(read(ok, r#"{"id":"a","status":"pending","x":1}"#), Ok(Outcome::Pending("a".into())));
        let no = Ok(Outcome::Declined("no funds".into()));
        assert_eq!(read(ok, r#"{"status":"declined","reason":"no funds"}"#), no);
        assert_eq!(read(StatusCode::PAYMENT_REQUIRED, r#"{"status":"declined","reason":"no funds"}"#), no);
        assert!(matches!(read(StatusCode::UNPROCESSABLE_ENTITY, "no"), Ok(Outcome::Declined(_))));
        for status in [500, 502, 503, 429, 409, 404] {
            assert!(
                read(StatusCode::from_u16(status).unwrap(), r#"{"status":"succeeded"}"#).is_err(),
                "{status}"
            );
        }
        for body in ["", "{", r#"{"status":"maybe"}"#, "[]"] {
            assert!(read(ok, body).is_err(), "{body}");
        }
    }
}
