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
    /// Does nothing and says 503.
    Down,
}

/// A call that reached it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub step: String,
    pub key: String,
    pub body: Value,
}

#[derive(Default)]
struct Inner {
    moods: HashMap<String, VecDeque<Mood>>,
    calls: Vec<Seen>,
    /// By step and key: what was done once, and is only repeated.
    done: HashMap<(String, String), Value>,
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
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new().route("/{step}", post(answer)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, url }
    }

    /// The next calls of `step` are treated like this, one each; after that they succeed.
    pub fn next(&self, step: &str, moods: &[Mood]) {
        self.inner.lock().unwrap().moods.entry(step.to_owned()).or_default().extend(moods);
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

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    Path(step): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let (mood, answer) = {
        let mut inner = inner.lock().unwrap();
        inner.calls.push(Seen { step: step.clone(), key: key.clone(), body });
        let mood = inner.moods.entry(step.clone()).or_default().pop_front().unwrap_or(Mood::Succeed);
        if mood == Mood::Down {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let status = match mood {
            Mood::Decline => "declined",
            Mood::Pending => "pending",
            _ => "succeeded",
        };
        let id = format!("{step}-{}", inner.done.len() + 1);
        let fresh = json!({ "id": id, "status": status, "reason": "no funds" });
        (mood, inner.done.entry((step, key)).or_insert(fresh).clone())
    };
    match mood {
        Mood::Hang => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Json(answer).into_response()
        }
        Mood::Cut => {
            let chunks: [Result<&str, std::io::Error>; 2] =
                [Ok("{\"id\":\"x\",\"sta"), Err(std::io::Error::other("cut"))];
            Body::from_stream(futures::stream::iter(chunks)).into_response()
        }
        _ => Json(answer).into_response(),
    }
}
