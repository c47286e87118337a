//! A payment gateway by the protocol of CONTRACT that keeps books of its own, and misbehaves: it is slow, loses answers,
//! breaks down before or after it has done its work, says no, makes up its mind later, and calls back late or twice.
//!
//! It outlives every crash of the server: its books are what the server's are compared with.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::chance::Chance;

/// Signs call-backs.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How often it does what, in percent of the calls of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Temper {
    /// Does its work and loses the answer.
    pub lose: u64,
    /// Does nothing and answers 500.
    pub fail: u64,
    /// Does its work and answers 500.
    pub fail_after: u64,
    /// Says no.
    pub decline: u64,
    /// Makes up its mind later and calls back.
    pub pending: u64,
    /// Of those, so many only after the order was given up.
    pub late: u64,
    /// Of those, so many twice.
    pub twice: u64,
    /// Is slow.
    pub slow: u64,
}

impl Temper {
    /// Agrees to everything at once.
    pub const CALM: Self =
        Self { lose: 0, fail: 0, fail_after: 0, decline: 0, pending: 0, late: 0, twice: 0, slow: 0 };
    /// Something of everything.
    pub const MOODY: Self =
        Self { lose: 4, fail: 4, fail_after: 4, decline: 4, pending: 12, late: 25, twice: 40, slow: 10 };
    /// Calls back more often than not, and often too late.
    pub const LATE: Self = Self { pending: 60, late: 60, ..Self::MOODY };
    /// Loses every third answer.
    pub const LOSING: Self = Self { lose: 20, fail: 8, fail_after: 8, ..Self::MOODY };
}

/// Something that it has done, or not: once for each step and key.
#[derive(Clone, Debug)]
struct Deed {
    id: String,
    reference: String,
    amount: i64,
    status: &'static str,
}

/// What it holds of one payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Captures that worked, and their sum in minor units.
    pub captures: u32,
    /// Minor units taken.
    pub captured: i64,
    /// Minor units given back.
    pub refunded: i64,
    /// Whether an authorisation was given back.
    pub voided: bool,
}

struct Inner {
    deeds: HashMap<(String, String), Deed>,
    /// What nobody should ever ask of a gateway.
    wrong: Vec<String>,
    temper: Temper,
    /// Where it calls back.
    shop: SocketAddr,
    chance: Chance,
    late: Duration,
    open_calls: usize,
    client: reqwest::Client,
}

/// The running gateway; it ends with its runtime.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Mutex<Inner>>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Gateway {
    /// Starts one on a free port that calls `shop` back; `late` is longer than an order waits for its money.
    pub async fn start(shop: SocketAddr, chance: Chance, late: Duration) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        let inner = Arc::new(Mutex::new(Inner {
            deeds: HashMap::new(),
            wrong: Vec::new(),
            temper: Temper::CALM,
            shop,
            chance,
            late,
            open_calls: 0,
            client,
        }));
        let router = Router::new().route("/{step}", post(answer)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { inner, address })
    }

    /// How it behaves from now on.
    pub fn temper(&self, temper: Temper) {
        lock(&self.inner).temper = temper;
    }

    /// Call-backs that have not been heard yet.
    pub fn open_calls(&self) -> usize {
        lock(&self.inner).open_calls
    }

    /// What it was asked that it should never have been asked.
    pub fn wrong(&self) -> Vec<String> {
        lock(&self.inner).wrong.clone()
    }

    /// What it holds, by the reference of the payment.
    pub fn accounts(&self) -> HashMap<String, Account> {
        let inner = lock(&self.inner);
        let mut accounts: HashMap<String, Account> = HashMap::new();
        for ((step, _), deed) in inner.deeds.iter().filter(|(_, deed)| deed.status == "succeeded") {
            let account = accounts.entry(deed.reference.clone()).or_default();
            match step.as_str() {
                "capture" => {
                    account.captures += 1;
                    account.captured += deed.amount;
                }
                "refund" => account.refunded += deed.amount,
                "void" => account.voided = true,
                _ => {}
            }
        }
        accounts
    }
}

impl Inner {
    /// What it has done of `step` for a payment, minor units.
    fn done(&self, step: &str, reference: &str) -> i64 {
        let deeds = self.deeds.iter().filter(|((of, _), deed)| {
            of == step && deed.reference == reference && deed.status == "succeeded"
        });
        deeds.map(|(_, deed)| deed.amount).sum()
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Deserialize)]
struct Call {
    reference: String,
    amount: i64,
    #[serde(default)]
    currency: String,
}

/// How one call goes.
struct Plan {
    deed: Deed,
    wait: Duration,
    lose: bool,
    broken: bool,
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    Path(step): Path<String>,
    headers: HeaderMap,
    Json(call): Json<Call>,
) -> Response {
    if step == "status" {
        return books(&inner, &call.reference);
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let Some(plan) = decide(&inner, &step, &key, &call) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    tokio::time::sleep(plan.wait).await;
    if plan.lose {
        // Longer than anybody waits.
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    if plan.broken {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    Json(json!({ "id": plan.deed.id, "status": plan.deed.status, "reason": "no funds" })).into_response()
}

/// What it has of a payment, unless it breaks down.
fn books(shared: &Mutex<Inner>, reference: &str) -> Response {
    let inner = lock(shared);
    let temper = inner.temper;
    if inner.chance.percent(temper.fail) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let (captured, refunded) = (inner.done("capture", reference), inner.done("refund", reference));
    Json(json!({ "captured": captured, "refunded": refunded })).into_response()
}

/// Does the work, once for each key; `None` when it breaks down before.
fn decide(shared: &Arc<Mutex<Inner>>, step: &str, key: &str, call: &Call) -> Option<Plan> {
    let mut inner = lock(shared);
    let temper = inner.temper;
    if inner.chance.percent(temper.fail) {
        return None;
    }
    let named = (step.to_owned(), key.to_owned());
    let deed = match inner.deeds.get(&named) {
        Some(deed) => {
            let deed = deed.clone();
            if (deed.reference.as_str(), deed.amount) != (call.reference.as_str(), call.amount) {
                inner.wrong.push(format!("{step} {key} was asked again for another payment or amount"));
            }
            deed
        }
        None => {
            let deed = fresh(&mut inner, step, call);
            inner.deeds.insert(named.clone(), deed.clone());
            if deed.status == "pending" {
                inner.open_calls += 1;
                call_back(shared, &inner, named, call);
            }
            deed
        }
    };
    let slow = inner.chance.percent(temper.slow);
    let wait = Duration::from_millis(if slow { 50 + inner.chance.below(400) } else { 0 });
    let lose = inner.chance.percent(temper.lose);
    Some(Plan { deed, wait, lose, broken: inner.chance.percent(temper.fail_after) })
}

/// What it makes of a call that it has not heard before.
fn fresh(inner: &mut Inner, step: &str, call: &Call) -> Deed {
    let temper = inner.temper;
    let done = |of| inner.done(of, &call.reference);
    let (authorised, captured, refunded) = (done("authorize"), done("capture"), done("refund"));
    let voided = inner.deeds.iter().any(|((step, _), deed)| {
        step == "void" && deed.reference == call.reference && deed.status == "succeeded"
    });
    let wrong = match step {
        "authorize" if 0 < authorised => Some("a second authorisation under another key"),
        "capture" if authorised == 0 => Some("a capture without an authorisation"),
        "capture" if authorised < captured + call.amount => Some("a capture of more than was authorised"),
        "capture" if voided => Some("a capture of what was called off"),
        "refund" if captured < refunded + call.amount => Some("a refund of more than was taken"),
        _ => None,
    };
    // Whoever calls off what a process took, or has it take, before it died hears no, and asks about the capture then.
    let taken = step == "void"
        && inner.deeds.iter().any(|((step, _), deed)| {
            step == "capture" && deed.reference == call.reference && deed.status != "declined"
        });
    if let Some(wrong) = wrong {
        inner.wrong.push(format!("{wrong}: payment {}", call.reference));
    }
    // What was authorised is taken, and what was taken is given back, sooner or later.
    let decline = if step == "authorize" { temper.decline } else { 0 };
    let status = match inner.chance.below(100) {
        _ if taken || wrong.is_some() => "declined",
        n if n < decline => "declined",
        n if n < decline + temper.pending => "pending",
        _ => "succeeded",
    };
    let id = format!("{step}-{}", inner.deeds.len() + 1);
    Deed { id, reference: call.reference.clone(), amount: call.amount, status }
}

/// Makes up its mind, now or later, and says so until it is heard.
fn call_back(shared: &Arc<Mutex<Inner>>, inner: &Inner, named: (String, String), call: &Call) {
    let temper = inner.temper;
    let wait = match inner.chance.percent(temper.late) {
        true => inner.late,
        false => Duration::from_millis(inner.chance.below(1_200)),
    };
    let times = if inner.chance.percent(temper.twice) { 2 } else { 1 };
    let yes = named.0 != "authorize" || !inner.chance.percent(15);
    let (shared, client) = (shared.clone(), inner.client.clone());
    let (reference, amount, currency) = (call.reference.clone(), call.amount, call.currency.clone());
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        let status = if yes { "succeeded" } else { "declined" };
        let id = {
            let mut inner = lock(&shared);
            let Some(deed) = inner.deeds.get_mut(&named) else { return };
            deed.status = status;
            deed.id.clone()
        };
        let body = json!({
            "type": "payment.updated", "operation": named.0, "reference": reference, "id": id,
            "status": status, "amount": amount, "currency": currency,
        });
        for _ in 0..times {
            say(&shared, &client, &id, &body).await;
        }
        lock(&shared).open_calls -= 1;
    });
}

/// Until the shop has taken it.
async fn say(shared: &Mutex<Inner>, client: &reqwest::Client, id: &str, body: &Value) {
    let text = body.to_string();
    let Ok(signer) = Webhook::new(SECRET) else { return };
    for _ in 0..600 {
        let shop = lock(shared).shop;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let now = i64::try_from(now).unwrap_or(0);
        let event = format!("evt-{id}");
        let Ok(signature) = signer.sign(&event, now, text.as_bytes()) else { return };
        let sent = client
            .post(format!("http://{shop}/webhooks/payments/http"))
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("webhook-id", event)
            .header("webhook-timestamp", now.to_string())
            .header("webhook-signature", signature)
            .body(text.clone())
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => return,
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
