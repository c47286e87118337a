//! Events of Stripe: whether they are theirs, and what of them concerns a payment. Who paid stays out of what is kept.

use hmac::{Hmac, KeyInit, Mac};
use primitives::Timestamp;
use serde_json::Value;
use sha2::Sha256;

use super::{minor, text};

/// How old an event may be, and how far ahead its clock, seconds.
const TOLERANCE: i64 = 300;
/// Most signatures that are looked at.
const MOST: usize = 8;

/// Checks the header `Stripe-Signature`: `t=…,v1=…`, an HMAC-SHA-256 over the time and the body.
pub(crate) fn is_signed(secret: &str, header: &str, body: &[u8], now: Timestamp) -> bool {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let Some(at) = parts().find(|(key, _)| *key == "t").map(|(_, value)| value) else { return false };
    let Ok(seconds) = at.parse::<i64>() else { return false };
    if (now.millis() / 1_000).abs_diff(seconds) > TOLERANCE.unsigned_abs() {
        return false;
    }
    parts().filter(|(key, _)| *key == "v1").take(MOST).any(|(_, signature)| {
        let Some(signature) = unhex(signature) else { return false };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
        mac.update(at.as_bytes());
        mac.update(b".");
        mac.update(body);
        // In constant time.
        mac.verify_slice(&signature).is_ok()
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// What of an event concerns a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// `evt_…`
    pub event: String,
    /// Our payment's id, when they say it.
    pub reference: String,
    /// The session or the intent.
    pub gateway_id: String,
    /// What is kept of it, in the form of the `http` protocol.
    pub told: Value,
}

/// Reads an event; `None` for one that concerns no payment.
pub(crate) fn heard(event: &Value) -> Option<Heard> {
    let (kind, object) = (text(event, "type"), &event["data"]["object"]);
    let currency = text(object, "currency").to_uppercase();
    let amount = object["amount"].as_i64().map(|units| minor(units, &currency));
    // What moves a payment on is asked of the thing itself: events come late, twice and in any order.
    let ask = |operation: &str| {
        Some(
            serde_json::json!({"type": kind, "operation": operation, "id": text(object, "id"), "status": "pending"}),
        )
    };
    let told = match kind.as_str() {
        "checkout.session.completed"
        | "checkout.session.expired"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "payment_intent.amount_capturable_updated" => ask("authorize"),
        "payment_intent.succeeded" => ask("capture"),
        "payment_intent.canceled" => ask("void"),
        "refund.updated" | "refund.failed" | "charge.refund.updated" => Some(serde_json::json!({
            "type": "refund", "operation": "refund", "id": text(object, "id"), "amount": amount, "currency": currency,
            "status": match text(object, "status").as_str() {
                "succeeded" => "succeeded",
                "failed" | "canceled" => "declined",
                _ => "pending",
            },
            "reason": text(object, "failure_reason"),
        })),
        "charge.dispute.created" => dispute(object, amount, &currency, "opened"),
        "charge.dispute.closed" => match text(object, "status").as_str() {
            "lost" => dispute(object, amount, &currency, "lost"),
            // A warning that ended took nothing.
            "won" | "warning_closed" => dispute(object, amount, &currency, "won"),
            _ => None,
        },
        _ => None,
    }?;
    let of = |key: &str| Some(text(object, key)).filter(|id| !id.is_empty());
    let reference = of("client_reference_id").unwrap_or_else(|| text(&object["metadata"], "reference"));
    Some(Heard {
        event: text(event, "id"),
        reference,
        gateway_id: of("payment_intent").unwrap_or_else(|| text(object, "id")),
        told,
    })
}

fn dispute(object: &Value, amount: Option<i64>, currency: &str, status: &str) -> Option<Value> {
    Some(serde_json::json!({
        "type": "payment.disputed", "operation": "dispute", "id": text(object, "id"), "status": status,
        "amount": amount, "currency": currency, "reason": text(object, "reason"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sign(secret: &str, at: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{at}.{body}").as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn believes_what_is_signed_and_fresh() {
        let (now, body) = (Timestamp::from_millis(1_000_000_000), r#"{"id":"evt_1"}"#);
        let checked = |header: &str| is_signed("whsec_one", header, body.as_bytes(), now);
        let right = |at| format!("t={at},v1={}", sign("whsec_one", at, body));
        assert!(checked(&right(1_000_000)));
        assert!(checked(&right(999_700)) && checked(&right(1_000_300)));
        assert!(!checked(&right(999_699)) && !checked(&right(1_000_301)));
        assert!(!checked(&format!("t=1000000,v1={}", sign("whsec_two", 1_000_000, body))));
        let other = sign("whsec_one", 1_000_000, r#"{"id":"evt_2"}"#);
        assert!(!checked(&format!("t=1000000,v1={other}")));
        // While a secret is changed there are two; another scheme says nothing.
        let ours = sign("whsec_one", 1_000_000, body);
        assert!(checked(&format!("t=1000000,v1={other},v1={ours}")));
        assert!(!checked(&format!("t=1000000,v0={ours}")));
        for nonsense in ["", "t=", "v1=00", "t=x,v1=y", &format!("v1={ours}"), "t=1000000,v1=zz"] {
            assert!(!checked(nonsense), "{nonsense}");
        }
    }

    #[test]
    fn keeps_what_concerns_a_payment_and_nobody() {
        let event = json!({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {
            "id": "cs_1", "client_reference_id": "ref", "payment_intent": "pi_1",
            "customer_details": {"email": "maud@example.com"}}}});
        let heard_of = heard(&event).unwrap();
        assert_eq!((heard_of.reference.as_str(), heard_of.gateway_id.as_str()), ("ref", "pi_1"));
        assert!(!heard_of.told.to_string().contains("maud"));
        let lost = json!({"id": "evt_2", "type": "charge.dispute.closed", "data": {"object": {
            "id": "dp_1", "status": "lost", "amount": 500, "currency": "isk", "payment_intent": "pi_1",
            "reason": "fraudulent"}}});
        let told = heard(&lost).unwrap().told;
        assert_eq!(
            (&told["status"], &told["amount"], &told["currency"]),
            (&json!("lost"), &json!(5), &json!("ISK"))
        );
        assert_eq!(heard(&json!({"type": "customer.created", "data": {"object": {"id": "cus_1"}}})), None);
        assert_eq!(heard(&json!([])), None);
    }
}
