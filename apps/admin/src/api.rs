//! Transport: one way to ask the API, one shape of failure.

use std::cell::RefCell;

use cynic::{GraphQlResponse, Operation};
use gloo_net::http::{Request, Response};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::place;
use crate::session::Session;

/// Why a request did not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Code of the contract; `OFFLINE` when the server could not be reached.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// Input that is wrong, by field.
    pub fields: Vec<Fault>,
    /// Reference for support, when the server gave one.
    pub trace: Option<String>,
}

/// A key for something that must not be done twice: the same one is sent until it was done.
pub fn fresh_key() -> String {
    let part = || js_sys::Math::random().to_bits();
    format!("{:016x}{:016x}", part(), part())
}

/// Another key for a form whose text was changed after its first answer went lost: the failure says so, and who sends it
/// once more means it.
pub fn renew(key: RwSignal<String>, failure: &Failure) {
    if failure.code == "IDEMPOTENCY_KEY_REUSED" {
        let _ = key.try_set(fresh_key());
    }
}

/// A field that the server refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// Path of the field, like `variants.3.sku`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Failure {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), fields: Vec::new(), trace: None }
    }

    fn offline() -> Self {
        Self::new("OFFLINE", "The server could not be reached. Nothing was lost; try again in a moment.")
    }

    /// Whether somebody else changed the same thing first.
    pub fn is_conflict(&self) -> bool {
        self.code == "CONFLICT"
    }

    /// The failure in one line: what it is, or how many fields have to be mended.
    pub fn headline(&self) -> String {
        match self.fields.len() {
            0 => self.message.clone(),
            1 => "One thing to mend".to_owned(),
            n => format!("{n} things to mend"),
        }
    }

    /// What the server says about a field.
    pub fn at(&self, field: &str) -> Option<String> {
        self.fields.iter().find(|fault| fault.field == field).map(|fault| fault.message.clone())
    }
}

thread_local! {
    static SIGNED_OUT: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Sets what happens when the server no longer knows who is asking.
pub fn on_signed_out(act: impl Fn() + 'static) {
    SIGNED_OUT.with_borrow_mut(|slot| *slot = Some(Box::new(act)));
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    trace_id: Option<String>,
    #[serde(default)]
    fields: Vec<Fault>,
}

/// Asks GraphQL.
pub async fn ask<T, V>(operation: Operation<T, V>) -> Result<T, Failure>
where
    T: DeserializeOwned + 'static,
    V: Serialize,
{
    let request =
        Request::post(&place::shop("/api/graphql")).json(&operation).map_err(|_| Failure::offline())?;
    let response = request.send().await.map_err(|_| Failure::offline())?;
    if !response.ok() {
        return Err(problem(response).await);
    }
    let answer: GraphQlResponse<T, Extensions> = response.json().await.map_err(|error| {
        Failure::new("INTERNAL_SERVER_ERROR", format!("The answer could not be read: {error}"))
    })?;
    let failure = answer.errors.unwrap_or_default().into_iter().next().map(|error| {
        let extensions =
            error.extensions.unwrap_or(Extensions { code: None, trace_id: None, fields: Vec::new() });
        Failure {
            code: extensions.code.unwrap_or_else(|| "INTERNAL_SERVER_ERROR".to_owned()),
            message: sentence(&error.message),
            fields: spoken(extensions.fields),
            trace: extensions.trace_id,
        }
    });
    match (failure, answer.data) {
        (Some(failure), _) => Err(noticed(failure)),
        (None, Some(data)) => Ok(data),
        (None, None) => Err(Failure::new("INTERNAL_SERVER_ERROR", "The answer was empty.")),
    }
}

/// Sends a form to REST and reads the JSON that comes back.
pub async fn send_form<T: DeserializeOwned>(path: &str, form: web_sys::FormData) -> Result<T, Failure> {
    let request = Request::post(&place::shop(path)).body(form).map_err(|_| Failure::offline())?;
    let response = request.send().await.map_err(|_| Failure::offline())?;
    if !response.ok() {
        return Err(problem(response).await);
    }
    response.json().await.map_err(|_| Failure::new("INTERNAL_SERVER_ERROR", "The answer could not be read."))
}

/// Sends a file as it is to REST, with wishes in the address, and reads the JSON that comes back.
pub async fn send_file<T: DeserializeOwned>(
    path: &str,
    wishes: &[(&str, String)],
    file: web_sys::File,
) -> Result<T, Failure> {
    let request = Request::post(&place::shop(path))
        .query(wishes.iter().map(|(name, value)| (*name, value.as_str())))
        .header("content-type", "application/zip")
        .body(file)
        .map_err(|_| Failure::offline())?;
    let response = request.send().await.map_err(|_| Failure::offline())?;
    if !response.ok() {
        return Err(problem(response).await);
    }
    response.json().await.map_err(|_| Failure::new("INTERNAL_SERVER_ERROR", "The answer could not be read."))
}

/// Reads a problem document (RFC 9457), or makes one up from the status.
async fn problem(response: Response) -> Failure {
    #[derive(Deserialize)]
    struct Problem {
        code: Option<String>,
        title: Option<String>,
        detail: Option<String>,
        trace_id: Option<String>,
        #[serde(default)]
        fields: Vec<Fault>,
    }
    let status = response.status();
    let fallback = match status {
        401 => "Please sign in.",
        403 => "You may not do this.",
        413 => "This is larger than the shop takes.",
        429 => "Too many requests; wait a moment, then try again.",
        503 => "The shop is busy; try again in a moment.",
        _ => "Something went wrong on the server.",
    };
    let failure = match response.json::<Problem>().await {
        Ok(problem) => Failure {
            code: problem.code.unwrap_or_else(|| "INTERNAL_SERVER_ERROR".to_owned()),
            message: sentence(&problem.detail.or(problem.title).unwrap_or_else(|| fallback.to_owned())),
            fields: spoken(problem.fields),
            trace: problem.trace_id,
        },
        Err(_) if status == 401 => Failure::new("UNAUTHENTICATED", fallback),
        Err(_) => Failure::new("INTERNAL_SERVER_ERROR", fallback),
    };
    noticed(failure)
}

fn noticed(failure: Failure) -> Failure {
    if failure.code == "UNAUTHENTICATED" {
        SIGNED_OUT.with_borrow(|act| {
            if let Some(act) = act {
                act();
            }
        });
    }
    failure
}

/// Messages of the server begin in lower case and end without a stop; people read sentences.
fn sentence(message: &str) -> String {
    let mut letters = message.trim().chars();
    let Some(first) = letters.next() else { return "Something went wrong.".to_owned() };
    let mut text: String = first.to_uppercase().chain(letters).collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

fn spoken(fields: Vec<Fault>) -> Vec<Fault> {
    fields.into_iter().map(|fault| Fault { message: sentence(&fault.message), field: fault.field }).collect()
}

/// Something that is fetched: what came last, whether more is under way, and what went wrong.
///
/// Old data stays while new data is fetched, so that a table never blanks.
pub struct Remote<T: Send + Sync + 'static> {
    /// What came last.
    pub data: RwSignal<Option<T>>,
    /// Why the last request failed.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether a request is under way.
    pub busy: RwSignal<bool>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

impl<T: Send + Sync + 'static> Remote<T> {
    /// Fetches again.
    pub fn reload(&self) {
        self.again.update(|count| *count += 1);
    }
}

/// Fetches now and whenever a signal that `question` reads changes; only the latest answer counts.
pub fn remote<T, Q, A>(question: Q) -> Remote<T>
where
    T: Send + Sync + 'static,
    Q: Fn() -> A + 'static,
    A: Future<Output = Result<T, Failure>> + 'static,
{
    let remote = Remote {
        data: RwSignal::new(None),
        failure: RwSignal::new(None),
        busy: RwSignal::new(true),
        again: RwSignal::new(0),
    };
    let latest = StoredValue::new(0_u32);
    // Somebody signed in again on top of the page: ask again what was refused, and nothing else, so that what was
    // typed on top of the data stays.
    if let Some(session) = use_context::<Session>() {
        Effect::new(move |before: Option<()>| {
            session.track_turn();
            if before.is_some() && remote.failure.with_untracked(Option::is_some) {
                remote.reload();
            }
        });
    }
    Effect::new(move |_| {
        remote.again.track();
        let answer = question();
        let mine = latest.get_value() + 1;
        latest.set_value(mine);
        remote.busy.set(true);
        spawn_local(async move {
            let answer = answer.await;
            if latest.try_get_value() != Some(mine) {
                return;
            }
            match answer {
                Ok(data) => {
                    remote.data.set(Some(data));
                    remote.failure.set(None);
                }
                Err(failure) => remote.failure.set(Some(failure)),
            }
            remote.busy.set(false);
        });
    });
    remote
}
