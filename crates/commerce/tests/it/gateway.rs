//! A gateway that speaks the protocol over HTTP and misbehaves when told to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};

/// How it treats a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Succeed,
    Decline,
    Pending,
    /// Does its work and answers far too late.
    Hang,
    /// Does its work and cuts the connection in the middle of the answer.
    Cut,
    /// Has not decided, and cuts the connection in the middle of the answer.
    PendingCut,
    /// Does nothing and says 503.
    Down,
    /// Says no, and holds the answer back until [`Gateway::let_go`].
    Held,
}

/// A call that reached it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub step: String,
    pub key: String,
    pub body: Value,
}

/// Something that it has done, has not decided, or has refused.
#[derive(Clone, Debug)]
pub struct Deed {
    pub step: String,
    pub key: String,
    pub id: String,
    pub reference: String,
    pub amount: i64,
    pub status: String,
}

struct Inner {
    moods: HashMap<String, VecDeque<Mood>>,
    calls: Vec<Seen>,
    /// By step and key: what was done once, and is only repeated.
    done: HashMap<(String, String), Value>,
    held: Arc<tokio::sync::Semaphore>,
    /// Whether more can be captured of an authorisation after the first time.
    several: bool,
    /// What it was asked that nobody may ask: more than was promised, or back more than was taken.
    breaches: Vec<String>,
}

/// The running gateway; it ends with its runtime.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Mutex<Inner>>,
    pub url: String,
}

impl Gateway {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::new(tokio::sync::Semaphore::new(0));
        let inner = Inner {
            moods: HashMap::new(),
            calls: Vec::new(),
            done: HashMap::new(),
            held,
            several: false,
            breaches: Vec::new(),
        };
        let inner = Arc::new(Mutex::new(inner));
        let router = Router::new().route("/{step}", post(answer)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    /// The next calls of `step` are treated like this, one each; after that they succeed.
    pub fn next(&self, step: &str, moods: &[Mood]) {
        self.inner.lock().unwrap().moods.entry(step.to_owned()).or_default().extend(moods);
    }

    /// From now on an authorisation can be captured several times.
    pub fn captures_in_parts(&self) {
        self.set_several(true);
    }

    /// Whether an authorisation can be captured several times from now on.
    pub fn set_several(&self, several: bool) {
        self.inner.lock().unwrap().several = several;
    }

    /// What it was asked that nobody may ask.
    pub fn breaches(&self) -> Vec<String> {
        self.inner.lock().unwrap().breaches.clone()
    }

    /// Everything that it was asked to do, once for each step and key.
    pub fn deeds(&self) -> Vec<Deed> {
        let inner = self.inner.lock().unwrap();
        let word = |answer: &Value, key: &str| answer[key].as_str().unwrap().to_owned();
        let deed = |((step, key), answer): (&(String, String), &Value)| Deed {
            step: step.clone(),
            key: key.clone(),
            id: word(answer, "id"),
            reference: word(answer, "reference"),
            amount: answer["amount"].as_i64().unwrap(),
            status: word(answer, "status"),
        };
        inner.done.iter().map(deed).collect()
    }

    /// References and ids of what it has promised, of which something could still be taken, and which nobody has asked to give back.
    pub fn promises(&self) -> Vec<(String, String)> {
        let inner = self.inner.lock().unwrap();
        let of = |at: &str, id: &Value| -> Vec<Value> {
            let same = |((step, _), answer): &(&(String, String), &Value)| {
                step == at && &answer["of"] == id && (at == "void" || answer["status"] == "succeeded")
            };
            inner.done.iter().filter(same).map(|(_, answer)| answer.clone()).collect()
        };
        let stands = |((step, _), answer): &(&(String, String), &Value)| {
            if step != "authorize" || answer["status"] != "succeeded" {
                return false;
            }
            let taken = of("capture", &answer["id"]);
            let in_parts = taken.iter().all(|part| !part["remaining"].is_null());
            let sum: i64 = taken.iter().filter_map(|part| part["amount"].as_i64()).sum();
            in_parts && answer["amount"].as_i64() > Some(sum) && of("void", &answer["id"]).is_empty()
        };
        let open = inner.done.iter().filter(stands);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        open.map(|(_, answer)| (word(&answer["reference"]), word(&answer["id"]))).collect()
    }

    /// Somebody has moved money there by hand.
    pub fn moved_by_hand(&self, step: &str, reference: &str, amount: i64) {
        let deed = json!({"id": "by-hand", "status": "succeeded", "reference": reference, "amount": amount});
        self.inner
            .lock()
            .unwrap()
            .done
            .insert((step.to_owned(), format!("by-hand-{reference}-{amount}")), deed);
    }

    /// It makes up its mind about what was pending.
    pub fn decide(&self, deed: &Deed, status: &str) {
        let mut inner = self.inner.lock().unwrap();
        let answer = inner.done.get_mut(&(deed.step.clone(), deed.key.clone())).unwrap();
        answer["status"] = json!(status);
    }

    /// Nothing is planned for the next calls any more: they succeed.
    pub fn calm(&self) {
        self.inner.lock().unwrap().moods.clear();
    }

    /// One answer that is held back goes out.
    pub fn let_go(&self) {
        self.inner.lock().unwrap().held.add_permits(1);
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Seen> {
        self.inner.lock().unwrap().calls.clone()
    }

    /// How often `step` had an effect: calls with the same key count once.
    pub fn effects(&self, step: &str) -> usize {
        let inner = self.inner.lock().unwrap();
        inner.done.iter().filter(|((of, _), answer)| of == step && answer["status"] == "succeeded").count()
    }

    /// The reference of the last call.
    pub fn last_reference(&self) -> String {
        self.calls().last().unwrap().body["reference"].as_str().unwrap().to_owned()
    }
}

impl Inner {
    /// What it has not refused of `step` for a payment, and of one authorisation where one is named.
    fn sum(&self, step: &str, reference: &Value, of: Option<&Value>) -> i64 {
        let same = |((at, _), answer): &(&(String, String), &Value)| {
            at == step
                && answer["status"] != "declined"
                && &answer["reference"] == reference
                && of.is_none_or(|of| &answer["of"] == of)
        };
        self.done.iter().filter(same).filter_map(|(_, answer)| answer["amount"].as_i64()).sum()
    }

    /// What was promised under this id.
    fn promised(&self, id: &Value) -> i64 {
        let same = |((step, _), answer): &(&(String, String), &Value)| {
            step == "authorize" && &answer["id"] == id && answer["status"] != "declined"
        };
        self.done.iter().filter(same).filter_map(|(_, answer)| answer["amount"].as_i64()).sum()
    }

    /// Notes what nobody may ask for; `false` for a call that makes no sense any more.
    fn can(&mut self, step: &str, body: &Value) -> bool {
        let (reference, of, amount) = (&body["reference"], &body["id"], body["amount"].as_i64().unwrap());
        let taken = self.sum("capture", reference, Some(of));
        let breach = match step {
            "capture" if 0 < self.sum("void", reference, Some(of)) => "what was given back is taken",
            "capture" if 0 < taken && !self.several => "the rest is gone with what was taken first",
            "capture" if self.promised(of) < taken + amount => "more is taken than was promised",
            "refund"
                if self.sum("capture", reference, None) < self.sum("refund", reference, None) + amount =>
            {
                "more is given back than was taken"
            }
            // Whoever has not heard of the capture asks all the same.
            "void" => return taken == 0 || self.several && taken < self.promised(of),
            _ => return true,
        };
        self.breaches.push(format!("{breach}: {body}"));
        true
    }

    /// What it has of a payment.
    fn books(&mut self, reference: &Value) -> Response {
        match self.moods.entry("status".to_owned()).or_default().pop_front() {
            Some(Mood::Down) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Mood::Decline) => return StatusCode::NOT_FOUND.into_response(),
            _ => {}
        }
        let sum = |of: &str| -> i64 {
            let same = |((step, _), answer): &(&(String, String), &Value)| {
                step == of && &answer["reference"] == reference && answer["status"] == "succeeded"
            };
            self.done.iter().filter(same).filter_map(|(_, answer)| answer["amount"].as_i64()).sum()
        };
        Json(json!({"captured": sum("capture"), "refunded": sum("refund"), "currency": "EUR"}))
            .into_response()
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    Path(step): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let (mood, answer, held) = {
        let mut inner = inner.lock().unwrap();
        if step == "status" {
            return inner.books(&body["reference"]);
        }
        let (reference, amount, of) = (body["reference"].clone(), body["amount"].clone(), body["id"].clone());
        inner.calls.push(Seen { step: step.clone(), key: key.clone(), body: body.clone() });
        let mood = inner.moods.entry(step.clone()).or_default().pop_front().unwrap_or(Mood::Succeed);
        if mood == Mood::Down {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let fresh = !inner.done.contains_key(&(step.clone(), key.clone()));
        let status = match mood {
            _ if fresh && !inner.can(&step, &body) => "declined",
            Mood::Decline | Mood::Held => "declined",
            Mood::Pending | Mood::PendingCut => "pending",
            _ => "succeeded",
        };
        let id = format!("{step}-{}", inner.done.len() + 1);
        let mut fresh = json!({
            "id": id, "status": status, "reason": "no funds", "reference": reference, "amount": amount, "of": of
        });
        if inner.several && step == "capture" {
            let taken = inner.sum("capture", &reference, Some(&of)) + amount.as_i64().unwrap();
            fresh["remaining"] = json!(inner.promised(&of) - taken);
        }
        (mood, inner.done.entry((step, key)).or_insert(fresh).clone(), inner.held.clone())
    };
    match mood {
        Mood::Hang => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Json(answer).into_response()
        }
        Mood::Cut | Mood::PendingCut => {
            let chunks: [Result<&str, std::io::Error>; 2] =
                [Ok("{\"id\":\"x\",\"sta"), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures::stream::iter(chunks)).into_response()
        }
        Mood::Held => {
            held.acquire().await.unwrap().forget();
            Json(answer).into_response()
        }
        _ => Json(answer).into_response(),
    }
}
