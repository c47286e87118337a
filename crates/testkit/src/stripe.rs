//! A small Stripe on 127.0.0.1 that follows its public API as far as shops need it: Checkout Sessions, PaymentIntents with
//! manual capture, refunds, disputes, idempotency keys, signed events. The test decides what shoppers and banks do.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The key that opens every such Stripe.
pub const SECRET_KEY: &str = "sk_test_a_key_for_tests";
/// What its events are signed with.
pub const WEBHOOK_SECRET: &str = "whsec_a_secret_for_tests";

/// A call that reached it.
#[derive(Clone, Debug)]
pub struct Called {
    /// `POST` or `GET`.
    pub method: String,
    /// Without `/v1/`.
    pub path: String,
    /// The header `Idempotency-Key`.
    pub key: String,
    /// The form.
    pub form: BTreeMap<String, String>,
}

/// A Stripe that a test has started; it stops with the test's runtime.
pub struct Stripe {
    /// Base address of its API.
    pub url: String,
    inner: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    /// By kind and id.
    things: BTreeMap<String, Value>,
    n_things: usize,
    /// What was answered to a key, with the fingerprint of what was asked.
    answered: HashMap<String, (String, StatusCode, Value)>,
    called: Vec<Called>,
    /// Calls to come whose answers are lost, after they were obeyed.
    lost: usize,
    /// Captures to come that the bank refuses.
    refused: usize,
    /// Refunds to come that take their time.
    slow: usize,
}

impl Stripe {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Mutex::new(Inside::default()));
        let router = Router::new().route("/v1/{*path}", any(answer)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// The answers to the next calls are lost, after they were obeyed.
    pub fn lose_answers(&self, calls: usize) {
        lock(&self.inner).lost = calls;
    }

    /// Banks refuse the next captures.
    pub fn refuse_captures(&self, captures: usize) {
        lock(&self.inner).refused = captures;
    }

    /// The next refunds wait for a bank.
    pub fn slow_refunds(&self, refunds: usize) {
        lock(&self.inner).slow = refunds;
    }

    /// Every call so far.
    pub fn called(&self) -> Vec<Called> {
        lock(&self.inner).called.clone()
    }

    /// The session that was opened last.
    ///
    /// # Panics
    /// When there is none.
    pub fn session(&self) -> Value {
        let inside = lock(&self.inner);
        let found = inside.things.values().rfind(|thing| thing["object"] == "checkout.session");
        found.expect("a session").clone()
    }

    /// A thing by its id.
    pub fn thing(&self, id: &str) -> Value {
        lock(&self.inner).things.get(id).cloned().unwrap_or_default()
    }

    /// The things of a kind, such as `refund`.
    pub fn things(&self, kind: &str) -> Vec<Value> {
        lock(&self.inner).things.values().filter(|thing| thing["object"] == kind).cloned().collect()
    }

    /// The shopper pays on the page of a session; gives the intent back.
    ///
    /// # Panics
    /// When nobody can pay there any more.
    pub fn pay(&self, session: &str) -> String {
        let mut inside = lock(&self.inner);
        let mut found = inside.things.get(session).cloned().expect("a session");
        assert_eq!(found["status"], "open", "nobody can pay there any more");
        let intent = inside.fresh("pi");
        let charge = inside.fresh("ch");
        let asked = found["asked"].clone();
        let (amount, currency) = (found["amount_total"].clone(), found["currency"].clone());
        let bare = json!({
            "id": intent, "object": "payment_intent", "status": "requires_capture", "amount": amount,
            "amount_capturable": amount, "amount_received": 0, "currency": currency, "latest_charge": charge,
            "capture_method": "manual", "metadata": {"reference": asked["payment_intent_data[metadata][reference]"]},
        });
        let paid = json!({
            "id": charge, "object": "charge", "amount": amount, "amount_refunded": 0, "currency": currency,
            "payment_intent": intent,
        });
        found["status"] = json!("complete");
        found["payment_intent"] = json!(intent);
        inside.put(bare);
        inside.put(paid);
        inside.put(found);
        intent
    }

    /// Nobody has paid in time.
    pub fn run_out(&self, session: &str) {
        let mut inside = lock(&self.inner);
        if let Some(found) = inside.things.get_mut(session) {
            found["status"] = json!("expired");
        }
    }

    /// A refund ends.
    pub fn end_refund(&self, refund: &str, status: &str) {
        let mut inside = lock(&self.inner);
        if let Some(found) = inside.things.get_mut(refund) {
            found["status"] = json!(status);
        }
    }

    /// An event about a thing as it is now, and its body.
    pub fn event(&self, id: &str, kind: &str, about: &Value) -> String {
        json!({"id": id, "object": "event", "type": kind, "data": {"object": about}}).to_string()
    }

    /// The header that says a body was sent `at` some second.
    ///
    /// # Panics
    /// Never.
    pub fn sign(at: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).expect("any length");
        mac.update(format!("{at}.{body}").as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},v1={hex}")
    }
}

fn lock(inner: &Arc<Mutex<Inside>>) -> MutexGuard<'_, Inside> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(inner): State<Arc<Mutex<Inside>>>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header =
        |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let key = header(header::HeaderName::from_static("idempotency-key")).to_owned();
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let mut inside = lock(&inner);
    inside.called.push(Called {
        method: method.to_string(),
        path: path.clone(),
        key: key.clone(),
        form: form.clone(),
    });
    let (status, answer) = if header(header::AUTHORIZATION) == format!("Bearer {SECRET_KEY}") {
        inside.once(&method, &path, query.as_deref().unwrap_or(""), &key, &form)
    } else {
        error(StatusCode::UNAUTHORIZED, "invalid_request_error", "", "Invalid API Key provided")
    };
    if 0 < inside.lost {
        inside.lost -= 1;
        return StatusCode::BAD_GATEWAY.into_response();
    }
    (status, axum::Json(answer)).into_response()
}

fn error(status: StatusCode, kind: &str, code: &str, message: &str) -> (StatusCode, Value) {
    (status, json!({"error": {"type": kind, "code": code, "message": message}}))
}

fn unexpected(message: &str) -> (StatusCode, Value) {
    error(StatusCode::BAD_REQUEST, "invalid_request_error", "payment_intent_unexpected_state", message)
}

impl Inside {
    /// A fresh id; the ids of a kind sort by time.
    fn fresh(&mut self, kind: &str) -> String {
        self.n_things += 1;
        format!("{kind}_test_{:06}", self.n_things)
    }

    fn put(&mut self, thing: Value) {
        let id = thing["id"].as_str().unwrap_or_default().to_owned();
        self.things.insert(id, thing);
    }

    /// Obeys a call, once for each key.
    fn once(
        &mut self,
        method: &Method,
        path: &str,
        query: &str,
        key: &str,
        form: &BTreeMap<String, String>,
    ) -> (StatusCode, Value) {
        if method == Method::GET {
            return self.get(path, query);
        }
        let asked = format!("{path} {form:?}");
        if let Some((before, status, answer)) = self.answered.get(key).filter(|_| !key.is_empty()) {
            if *before != asked {
                let message = "Keys for idempotent requests can only be used with the same parameters";
                return error(StatusCode::BAD_REQUEST, "idempotency_error", "", message);
            }
            return (*status, answer.clone());
        }
        let (status, answer) = self.post(path, form);
        self.answered.insert(key.to_owned(), (asked, status, answer.clone()));
        (status, answer)
    }

    fn get(&self, path: &str, query: &str) -> (StatusCode, Value) {
        let id = path.rsplit('/').next().unwrap_or_default();
        let Some(mut found) = self.things.get(id).cloned() else {
            return error(
                StatusCode::NOT_FOUND,
                "invalid_request_error",
                "resource_missing",
                "No such thing",
            );
        };
        let query = url::form_urlencoded::parse(query.as_bytes());
        for (_, field) in query.filter(|(key, _)| key == "expand[]") {
            let inner = found[&*field].as_str().and_then(|id| self.things.get(id)).cloned();
            if let Some(inner) = inner {
                found[&*field] = inner;
            }
        }
        (StatusCode::OK, found)
    }

    fn post(&mut self, path: &str, form: &BTreeMap<String, String>) -> (StatusCode, Value) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["checkout", "sessions"] => self.open(form),
            ["checkout", "sessions", id, "expire"] => self.expire(id),
            ["payment_intents", id, "capture"] => self.capture(id, form),
            ["payment_intents", id, "cancel"] => self.cancel(id),
            ["refunds"] => self.refund(form),
            _ => error(StatusCode::NOT_FOUND, "invalid_request_error", "", "Unrecognized request URL"),
        }
    }

    fn open(&mut self, form: &BTreeMap<String, String>) -> (StatusCode, Value) {
        let of = |key: &str| form.get(key).cloned().unwrap_or_default();
        let amount = of("line_items[0][price_data][unit_amount]").parse::<i64>();
        let (Ok(amount), "payment", "manual", true) = (
            amount,
            of("mode").as_str(),
            of("payment_intent_data[capture_method]").as_str(),
            of("success_url").starts_with("http"),
        ) else {
            return error(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                "parameter_invalid",
                "Invalid parameters",
            );
        };
        let id = self.fresh("cs");
        let asked: Map<String, Value> = form.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let session = json!({
            "id": id, "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "url": format!("https://checkout.stripe.example/c/pay/{id}"), "payment_intent": null,
            "amount_total": amount, "currency": of("line_items[0][price_data][currency]"),
            "client_reference_id": of("client_reference_id"),
            "metadata": {"reference": of("metadata[reference]")}, "asked": asked,
        });
        self.put(session.clone());
        (StatusCode::OK, session)
    }

    fn expire(&mut self, id: &str) -> (StatusCode, Value) {
        match self.things.get_mut(id) {
            Some(session) if session["status"] == "open" => {
                session["status"] = json!("expired");
                (StatusCode::OK, session.clone())
            }
            _ => error(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                "",
                "Only open sessions can be expired",
            ),
        }
    }

    fn capture(&mut self, id: &str, form: &BTreeMap<String, String>) -> (StatusCode, Value) {
        let Some(intent) = self.things.get_mut(id) else { return unexpected("No such payment_intent") };
        if intent["status"] != "requires_capture" {
            return unexpected("This PaymentIntent could not be captured");
        }
        if 0 < self.refused {
            self.refused -= 1;
            let why = "Your card was declined.";
            return error(StatusCode::PAYMENT_REQUIRED, "card_error", "card_declined", why);
        }
        let most = intent["amount_capturable"].as_i64().unwrap_or(0);
        let amount = form.get("amount_to_capture").map_or(Ok(most), |text| text.parse::<i64>());
        let Some(amount) = amount.ok().filter(|amount| (1..=most).contains(amount)) else {
            return error(StatusCode::BAD_REQUEST, "invalid_request_error", "amount_too_large", "Too much");
        };
        intent["status"] = json!("succeeded");
        intent["amount_received"] = json!(amount);
        // What is not captured is let go.
        intent["amount_capturable"] = json!(0);
        (StatusCode::OK, intent.clone())
    }

    fn cancel(&mut self, id: &str) -> (StatusCode, Value) {
        match self.things.get_mut(id) {
            Some(intent) if intent["status"] == "requires_capture" => {
                intent["status"] = json!("canceled");
                (StatusCode::OK, intent.clone())
            }
            _ => unexpected("You cannot cancel this PaymentIntent"),
        }
    }

    fn refund(&mut self, form: &BTreeMap<String, String>) -> (StatusCode, Value) {
        let of = |key: &str| form.get(key).cloned().unwrap_or_default();
        let intent = self.things.get(&of("payment_intent")).cloned().unwrap_or_default();
        let charge = intent["latest_charge"].as_str().unwrap_or_default().to_owned();
        let amount = of("amount").parse::<i64>().unwrap_or(0);
        let back =
            self.things.get(&charge).and_then(|charge| charge["amount_refunded"].as_i64()).unwrap_or(0);
        let received = intent["amount_received"].as_i64().unwrap_or(0);
        if amount < 1 || received < back + amount {
            let why = "Refund amount is greater than unrefunded amount on charge";
            return error(StatusCode::BAD_REQUEST, "invalid_request_error", "", why);
        }
        if let Some(charge) = self.things.get_mut(&charge) {
            charge["amount_refunded"] = json!(back + amount);
        }
        let status = if 0 < self.slow { "pending" } else { "succeeded" };
        self.slow = self.slow.saturating_sub(1);
        let id = self.fresh("re");
        let refund = json!({
            "id": id, "object": "refund", "status": status, "amount": amount, "currency": intent["currency"],
            "payment_intent": intent["id"], "metadata": {"reference": of("metadata[reference]")},
        });
        self.put(refund.clone());
        (StatusCode::OK, refund)
    }
}
