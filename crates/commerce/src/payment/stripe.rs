//! Stripe by its public API: the shopper pays on a page of theirs (Checkout Sessions), without scripts of ours; what was
//! promised is taken, given back and let go through the PaymentIntent behind it.
//!
//! Until the shopper has paid, the payment's `gateway_id` is the session (`cs_…`), then the intent (`pi_…`). Calls that do
//! something carry our stored key; whether they did it is asked of the thing itself.

pub(crate) mod hook;

use platform::{Access, Ctx};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::gateway::{self, Held};
use super::provider::{self, Secrets};
use super::{Outcome, Step, brief};
use crate::checkout::staff;
use crate::entity::{orders, payment};

/// Stripe keeps no session for less than half an hour, and counts from when it hears of it.
const SHORTEST: i64 = 32 * 60;
/// Nor for more than a day.
const LONGEST: i64 = 24 * 3600 - 120;

/// Makes one call.
///
/// # Errors
/// Why there is no answer that says something, in words.
pub(super) async fn ask(
    ctx: &Ctx,
    payment: &payment::Model,
    step: Step,
    gateway_id: &str,
) -> Result<Outcome, String> {
    let Ok(units) = units(payment.amount(step), &payment.currency) else {
        let why = "Stripe takes amounts in this currency in steps of ten only";
        return Ok(Outcome::Declined(why.to_owned()));
    };
    let api = Api::of(ctx).await?;
    match step {
        Step::ByHand => Err("nobody has to be asked".to_owned()),
        Step::Authorize if gateway_id.is_empty() => api.open_session(payment, units).await,
        Step::Authorize => api.session(gateway_id).await.and_then(|session| promised(&session)),
        Step::Capture => api.capture(payment, gateway_id, units).await,
        Step::Refund => api.refund(payment, gateway_id, units).await,
        Step::Void => api.void(payment, gateway_id).await,
    }
}

/// What Stripe has of a payment.
///
/// # Errors
/// Why there was no answer, in words.
pub(super) async fn held(ctx: &Ctx, payment: &payment::Model) -> Result<Option<Held>, String> {
    let api = Api::of(ctx).await?;
    let nothing = Held { captured: 0, refunded: 0, currency: payment.currency.clone() };
    if payment.gateway_id.is_empty() {
        return Ok(None);
    }
    let Some(intent) = api.intent_of(&payment.gateway_id).await? else { return Ok(Some(nothing)) };
    let intent = api.get(&format!("payment_intents/{intent}?expand[]=latest_charge")).await?;
    let currency = text(&intent, "currency").to_uppercase();
    let amount = |value: &Value| minor(value.as_i64().unwrap_or(0), &currency);
    Ok(Some(Held {
        captured: amount(&intent["amount_received"]),
        refunded: amount(&intent["latest_charge"]["amount_refunded"]),
        currency,
    }))
}

/// What an answer refuses.
struct Refused {
    code: String,
    message: String,
}

impl Refused {
    /// Whether the thing is in another state than the call expected: it may have done it before.
    fn is_late(&self) -> bool {
        self.code == "payment_intent_unexpected_state"
    }

    fn outcome(self) -> Outcome {
        let told = if self.message.is_empty() { "the payment was declined" } else { &self.message };
        Outcome::Declined(brief(told, 200))
    }
}

struct Api<'c> {
    ctx: &'c Ctx,
    secrets: Secrets,
}

impl<'c> Api<'c> {
    async fn of(ctx: &'c Ctx) -> Result<Self, String> {
        let secrets = provider::secrets(ctx).await.map_err(|error| error.to_string())?;
        let secrets = secrets.ok_or("the shop has no keys at Stripe that open: write them again")?;
        Ok(Self { ctx, secrets })
    }

    /// A page on which the shopper pays; the same one for the same key.
    async fn open_session(&self, payment: &payment::Model, units: i64) -> Result<Outcome, String> {
        let order = {
            let rows = self.ctx.read(Access::Public).await.map_err(|error| error.to_string())?;
            rows.get::<orders::Entity>(payment.order_id).await.map_err(|error| error.to_string())?
        };
        let app = self.ctx.app();
        let page = format!("{}/orders/{}", mail::address_of(app.config(), self.ctx.tenant()), order.token);
        let (reference, name) = (payment.id.to_string(), format!("Order {}", order.number));
        // Whoever placed the order never changes: what staff has placed waits for longer.
        let held = match staff::has_placed(&order) {
            true => app.config().orders.manual_reservation_seconds,
            false => app.config().orders.reservation_seconds,
        };
        let hold = i64::try_from(held).unwrap_or(LONGEST);
        let life = hold.saturating_add(120).clamp(SHORTEST, LONGEST);
        let mut form = vec![
            ("mode", "payment".to_owned()),
            ("client_reference_id", reference.clone()),
            ("metadata[reference]", reference.clone()),
            ("success_url", page.clone()),
            ("cancel_url", page),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", payment.currency.to_lowercase()),
            ("line_items[0][price_data][unit_amount]", units.to_string()),
            ("line_items[0][price_data][product_data][name]", name.clone()),
            ("payment_intent_data[capture_method]", "manual".to_owned()),
            ("payment_intent_data[description]", name),
            ("payment_intent_data[metadata][reference]", reference),
            // As of when the payment was opened: under one key always the same is asked for.
            ("expires_at", (payment.created_at / 1_000).saturating_add(life).to_string()),
        ];
        if !order.email.is_empty() {
            form.push(("customer_email", order.email));
        }
        match self.post("checkout/sessions", &payment.authorize_key, &form).await? {
            Ok(session) => promised(&session),
            Err(refused) => Ok(refused.outcome()),
        }
    }

    async fn session(&self, id: &str) -> Result<Value, String> {
        self.get(&format!("checkout/sessions/{}?expand[]=payment_intent", segment(id)?)).await
    }

    /// The intent behind what a payment is called; `None` while nobody has paid.
    async fn intent_of(&self, gateway_id: &str) -> Result<Option<String>, String> {
        if !gateway_id.starts_with("cs_") {
            return segment(gateway_id).map(|id| Some(id.to_owned()));
        }
        let session = self.session(gateway_id).await?;
        Ok(Some(text(&session["payment_intent"], "id")).filter(|id| !id.is_empty()))
    }

    async fn intent(&self, id: &str) -> Result<Value, String> {
        self.get(&format!("payment_intents/{}", segment(id)?)).await
    }

    async fn capture(&self, payment: &payment::Model, id: &str, units: i64) -> Result<Outcome, String> {
        let id = self.intent_of(id).await?.ok_or("nobody has paid yet")?;
        let path = format!("payment_intents/{}/capture", segment(&id)?);
        let form = [("amount_to_capture", units.to_string())];
        let intent = match self.post(&path, payment.key(Step::Capture), &form).await? {
            Ok(intent) => intent,
            Err(refused) if refused.is_late() => self.intent(&id).await?,
            Err(refused) => return Ok(refused.outcome()),
        };
        match text(&intent, "status").as_str() {
            "succeeded" if intent["amount_received"].as_i64() == Some(units) => Ok(Outcome::Succeeded(id)),
            "succeeded" => Err("another amount was taken than was asked for".to_owned()),
            "processing" => Ok(Outcome::Pending(id)),
            "canceled" => Ok(Outcome::Declined("the promise of the bank is over".to_owned())),
            other => Err(format!("the payment is {:?}", brief(other, 40))),
        }
    }

    async fn refund(&self, payment: &payment::Model, id: &str, units: i64) -> Result<Outcome, String> {
        let refund = if payment.back_id.starts_with("re_") {
            self.get(&format!("refunds/{}", segment(&payment.back_id)?)).await?
        } else {
            let id = self.intent_of(id).await?.ok_or("nobody has paid yet")?;
            let form = [
                ("payment_intent", id),
                ("amount", units.to_string()),
                ("metadata[reference]", payment.id.to_string()),
            ];
            match self.post("refunds", payment.key(Step::Refund), &form).await? {
                Ok(refund) => refund,
                Err(refused) => return Ok(refused.outcome()),
            }
        };
        let id = brief(&text(&refund, "id"), 200);
        match text(&refund, "status").as_str() {
            "succeeded" => Ok(Outcome::Succeeded(id)),
            "pending" | "requires_action" => Ok(Outcome::Pending(id)),
            "failed" | "canceled" => Ok(Outcome::Declined(match text(&refund, "failure_reason").as_str() {
                "" => "the refund did not go through".to_owned(),
                why => format!("the refund did not go through: {}", brief(why, 100)),
            })),
            other => Err(format!("the refund is {:?}", brief(other, 40))),
        }
    }

    async fn void(&self, payment: &payment::Model, id: &str) -> Result<Outcome, String> {
        let key = payment.key(Step::Void);
        if id.starts_with("cs_") {
            let path = format!("checkout/sessions/{}/expire", segment(id)?);
            if let Ok(session) = self.post(&path, &format!("{key}-page"), &[]).await? {
                return Ok(Outcome::Succeeded(text(&session, "id")));
            }
        }
        // Nobody can pay on it any more, or somebody has.
        let Some(intent) = self.intent_of(id).await? else { return Ok(Outcome::Succeeded(id.to_owned())) };
        let path = format!("payment_intents/{}/cancel", segment(&intent)?);
        let intent = match self.post(&path, key, &[]).await? {
            Ok(intent) => intent,
            Err(refused) if refused.is_late() => self.intent(&intent).await?,
            Err(refused) => return Ok(refused.outcome()),
        };
        match text(&intent, "status").as_str() {
            "canceled" => Ok(Outcome::Succeeded(text(&intent, "id"))),
            "succeeded" => Ok(Outcome::Declined("the money was taken already".to_owned())),
            other => Err(format!("the payment is {:?}", brief(other, 40))),
        }
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.send(Method::GET, path, None, &[]).await?.map_err(|refused| match refused.message.as_str() {
            "" => "Stripe does not know it".to_owned(),
            message => brief(message, 200),
        })
    }

    async fn post(
        &self,
        path: &str,
        key: &str,
        form: &[(&str, String)],
    ) -> Result<Result<Value, Refused>, String> {
        self.send(Method::POST, path, Some(key), form).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        form: &[(&str, String)],
    ) -> Result<Result<Value, Refused>, String> {
        let app = self.ctx.app();
        let base = app.config().payments.stripe_url.trim_end_matches('/');
        let mut call = gateway::client_of(app)?
            .request(method, format!("{base}/v1/{path}"))
            .bearer_auth(self.secrets.key.as_str());
        if let Some(key) = key {
            call = call.header("Idempotency-Key", key).form(form);
        }
        let (status, body) = gateway::read_answer(call).await?;
        read(status, &body)
    }
}

/// From HTTP to what it means. Only a clear word is taken as one.
fn read(status: StatusCode, body: &[u8]) -> Result<Result<Value, Refused>, String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Err(format!("Stripe answered {status} with something else than JSON"));
    };
    if status.is_success() {
        return Ok(Ok(body));
    }
    let error = &body["error"];
    let refused = Refused { code: text(error, "code"), message: text(error, "message") };
    match (status, text(error, "type").as_str()) {
        (StatusCode::PAYMENT_REQUIRED, "card_error" | "invalid_request_error")
        | (StatusCode::BAD_REQUEST, "card_error" | "invalid_request_error") => Ok(Err(refused)),
        _ => Err(format!("Stripe answered {status} {}", brief(&refused.code, 60))),
    }
}

/// What a session says about whether the money is promised.
fn promised(session: &Value) -> Result<Outcome, String> {
    let (id, intent) = (brief(&text(session, "id"), 200), &session["payment_intent"]);
    match text(session, "status").as_str() {
        "open" => Ok(Outcome::Redirect { id, url: address(&text(session, "url"))? }),
        "expired" => Ok(Outcome::Expired("the payment was not finished in time".to_owned())),
        "complete" => match text(intent, "status").as_str() {
            "requires_capture" | "succeeded" => Ok(Outcome::Succeeded(brief(&text(intent, "id"), 200))),
            "processing" => Ok(Outcome::Pending(id)),
            "canceled" | "requires_payment_method" => {
                Ok(Outcome::Declined("the payment was declined".to_owned()))
            }
            other => Err(format!("the payment is {:?}", brief(other, 40))),
        },
        other => Err(format!("the page to pay on is {:?}", brief(other, 40))),
    }
}

/// An address to which shoppers can be sent.
fn address(url: &str) -> Result<String, String> {
    let plain = url.len() <= 4_000 && url.bytes().all(|byte| byte.is_ascii_graphic());
    let web = url.starts_with("https://") || url.starts_with("http://127.0.0.1:");
    if plain && web { Ok(url.to_owned()) } else { Err("Stripe gave no address to pay at".to_owned()) }
}

/// An id of theirs as a part of an address.
fn segment(id: &str) -> Result<&str, String> {
    let plain = (1..=200).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if plain { Ok(id) } else { Err("this id is none of Stripe's".to_owned()) }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// Minor units by ISO 4217 as Stripe counts them (docs.stripe.com/currencies): two currencies without decimals are
/// written with two, and those with three in steps of ten.
fn units(minor: i64, currency: &str) -> Result<i64, ()> {
    match currency {
        "ISK" | "UGX" => minor.checked_mul(100).ok_or(()),
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" if minor % 10 != 0 => Err(()),
        _ => Ok(minor),
    }
}

/// The other way round.
fn minor(units: i64, currency: &str) -> i64 {
    if matches!(currency, "ISK" | "UGX") { units / 100 } else { units }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_as_stripe_does() {
        assert_eq!([units(5, "ISK"), units(5, "JPY"), units(1_250, "EUR")], [Ok(500), Ok(5), Ok(1_250)]);
        assert_eq!(
            [units(5_120, "KWD"), units(5_125, "KWD"), units(i64::MAX, "UGX")],
            [Ok(5_120), Err(()), Err(())]
        );
        assert_eq!([minor(500, "ISK"), minor(1_250, "EUR")], [5, 1_250]);
    }

    #[test]
    fn only_a_clear_word_is_taken_as_one() {
        let told = |status: u16, body: &str| {
            read(StatusCode::from_u16(status).unwrap(), body.as_bytes())
                .map(|answer| answer.map_err(|refused| (refused.code, refused.message)))
        };
        assert_eq!(told(200, r#"{"id":"pi_1"}"#), Ok(Ok(json!({"id": "pi_1"}))));
        let declined = r#"{"error":{"type":"card_error","code":"card_declined","message":"No."}}"#;
        assert_eq!(told(402, declined), Ok(Err(("card_declined".into(), "No.".into()))));
        let reused = r#"{"error":{"type":"idempotency_error","message":"other parameters"}}"#;
        for (status, body) in [
            (400, reused),
            (409, declined),
            (429, declined),
            (500, declined),
            (401, declined),
            (404, declined),
        ] {
            assert!(told(status, body).is_err(), "{status}");
        }
        assert!(told(200, "<html>").is_err());
    }

    #[test]
    fn a_session_says_whether_money_is_promised() {
        let open = json!({"id": "cs_1", "status": "open", "url": "https://pay.example/c"});
        assert_eq!(
            promised(&open),
            Ok(Outcome::Redirect { id: "cs_1".into(), url: "https://pay.example/c".into() })
        );
        assert!(promised(&json!({"id": "cs_1", "status": "open", "url": "javascript:x"})).is_err());
        let complete = |status: &str| {
            promised(
                &json!({"id": "cs_1", "status": "complete", "payment_intent": {"id": "pi_1", "status": status}}),
            )
        };
        assert_eq!(complete("requires_capture"), Ok(Outcome::Succeeded("pi_1".into())));
        assert_eq!(complete("processing"), Ok(Outcome::Pending("cs_1".into())));
        assert!(matches!(complete("canceled"), Ok(Outcome::Declined(_))));
        assert!(complete("something").is_err());
        assert!(matches!(promised(&json!({"id": "cs_1", "status": "expired"})), Ok(Outcome::Expired(_))));
    }
}
