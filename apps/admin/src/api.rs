//! Transport: one way to ask the API, one shape of failure.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use gloo_net::http::{Request, Response};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::gql::Question;
use crate::logic::answer::{self, Unfit};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field, like `variants.3.sku`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Failure {
    /// With nothing at any field.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), fields: Vec::new(), trace: None }
    }

    fn offline() -> Self {
        Self::new("OFFLINE", "The server could not be reached. Nothing was lost; try again in a moment.")
    }

    /// Whether somebody else changed the same thing first.
    pub fn is_conflict(&self) -> bool {
        self.code == "CONFLICT"
    }

    /// Whether somebody else changed the same thing first, and no field of this one is to blame.
    pub fn is_stale(&self) -> bool {
        self.is_conflict() && self.fields.is_empty()
    }

    /// The failure in one line: what it is, or how many fields have to be mended.
    pub fn headline(&self) -> String {
        match self.fields.len() {
            0 => self.message.clone(),
            1 => "One thing to mend".to_owned(),
            n => format!("{n} things to mend"),
        }
    }

    /// The failure without what stands at fields of the form; nothing when all of it does.
    pub fn above(mut self, has_field: impl Fn(&str) -> bool) -> Option<Self> {
        let some = !self.fields.is_empty();
        self.fields.retain(|fault| !has_field(&fault.field));
        (!some || !self.fields.is_empty()).then_some(self)
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

/// An answer on its way: of every document the same, until it is there.
#[must_use]
pub struct Answer<T> {
    wire: Wire,
    kind: PhantomData<fn() -> T>,
}

type Wire = Pin<Box<dyn Future<Output = Result<Value, Failure>>>>;

impl<T: DeserializeOwned> Future for Answer<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.wire.as_mut().poll(context).map(|value| answer::read(&value?).map_err(unread))
    }
}

fn unread(unfit: Unfit) -> Failure {
    Failure::new("INTERNAL_SERVER_ERROR", format!("The answer could not be read: {unfit}"))
}

/// Asks GraphQL.
pub fn ask<T>(question: Question<T>) -> Answer<T> {
    let Question { query, name, variables, .. } = question;
    Answer { wire: Box::pin(asked(query, name, variables.ok())), kind: PhantomData }
}

async fn asked(query: String, name: String, variables: Option<String>) -> Result<Value, Failure> {
    let variables = variables.ok_or_else(Failure::offline)?;
    let (query, name) = (Value::String(query), Value::String(name));
    let body = format!(r#"{{"query":{query},"variables":{variables},"operationName":{name}}}"#);
    let request = Request::post(&place::shop("/api/graphql"))
        .header("Content-Type", "application/json")
        .body(body)
        .map_err(|_| Failure::offline())?;
    let mut answer = match sent(request).await? {
        Value::Object(answer) => answer,
        _ => return Err(unread(Unfit("data"))),
    };
    if let Some(error) = answer.get("errors").and_then(|errors| errors.get(0)) {
        let extensions = &error["extensions"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        return Err(noticed(Failure {
            code: text(&extensions["code"]).unwrap_or_else(|| "INTERNAL_SERVER_ERROR".to_owned()),
            message: sentence(error["message"].as_str().unwrap_or_default()),
            fields: faults(&extensions["fields"]),
            trace: text(&extensions["trace_id"]),
        }));
    }
    match answer.remove("data") {
        Some(data) if !data.is_null() => Ok(data),
        _ => Err(Failure::new("INTERNAL_SERVER_ERROR", "The answer was empty.")),
    }
}

/// Sends a form to REST and reads the JSON that comes back.
pub fn send_form<T: DeserializeOwned>(path: &str, form: web_sys::FormData) -> Answer<T> {
    let request = Request::post(&place::shop(path)).body(form);
    Answer { wire: Box::pin(delivery(request)), kind: PhantomData }
}

/// Sends a file as it is to REST, with wishes in the address, and reads the JSON that comes back.
pub fn send_file<T: DeserializeOwned>(
    path: &str,
    wishes: &[(&str, String)],
    file: web_sys::File,
) -> Answer<T> {
    let request = Request::post(&place::shop(path))
        .query(wishes.iter().map(|(name, value)| (*name, value.as_str())))
        .header("content-type", "application/zip")
        .body(file);
    Answer { wire: Box::pin(delivery(request)), kind: PhantomData }
}

async fn delivery(request: Result<Request, gloo_net::Error>) -> Result<Value, Failure> {
    sent(request.map_err(|_| Failure::offline())?).await
}

/// Sends a request and reads the JSON that comes back.
async fn sent(request: Request) -> Result<Value, Failure> {
    let response = request.send().await.map_err(|_| Failure::offline())?;
    if !response.ok() {
        return Err(problem(response).await);
    }
    response.json().await.map_err(|_| Failure::new("INTERNAL_SERVER_ERROR", "The answer could not be read."))
}

/// Reads a problem document (RFC 9457), or makes one up from the status.
async fn problem(response: Response) -> Failure {
    let status = response.status();
    let fallback = match status {
        401 => "Please sign in.",
        403 => "You may not do this.",
        413 => "This is larger than the shop takes.",
        429 => "Too many requests; wait a moment, then try again.",
        503 => "The shop is busy; try again in a moment.",
        _ => "Something went wrong on the server.",
    };
    let failure = match response.json::<Value>().await {
        Ok(problem) => {
            let text = |name: &str| problem[name].as_str().map(str::to_owned);
            Failure {
                code: text("code").unwrap_or_else(|| "INTERNAL_SERVER_ERROR".to_owned()),
                message: sentence(&text("detail").or(text("title")).unwrap_or_else(|| fallback.to_owned())),
                fields: faults(&problem["fields"]),
                trace: text("trace_id"),
            }
        }
        Err(_) if status == 401 => Failure::new("UNAUTHENTICATED", fallback),
        Err(_) => Failure::new("INTERNAL_SERVER_ERROR", fallback),
    };
    noticed(failure)
}

/// The input that is wrong, in sentences.
fn faults(fields: &Value) -> Vec<Fault> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fault = |it: &Value| Fault { field: text(&it["field"]), message: sentence(&text(&it["message"])) };
    fields.as_array().into_iter().flatten().map(fault).collect()
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
pub fn sentence(message: &str) -> String {
    let mut letters = message.trim().chars();
    let Some(first) = letters.next() else { return "Something went wrong.".to_owned() };
    let mut text: String = first.to_uppercase().chain(letters).collect();
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}

/// Something that is fetched: what came last, whether more is under way, and what went wrong.
///
/// Old data stays while new data is fetched, so that a table never blanks.
pub struct Remote<T: Send + Sync + 'static> {
    /// What came last.
    pub data: Data<T>,
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
        self.asking().reload();
    }

    /// How it stands, whatever is fetched.
    pub fn asking(&self) -> Asking {
        Asking { failure: self.failure, busy: self.busy, again: self.again }
    }
}

/// What is kept of something that is fetched: nothing until it is there.
///
/// One signal for every kind of thing: each kind that a signal holds costs kilobytes of the bundle.
pub struct Data<T> {
    kept: RwSignal<Kept>,
    kind: PhantomData<fn() -> T>,
}

/// An `Option` of the thing.
type Kept = Arc<dyn Any + Send + Sync>;

impl<T> Clone for Data<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Data<T> {}

impl<T: Send + Sync + 'static> Data<T> {
    fn nothing() -> Self {
        Self { kept: RwSignal::new(Arc::new(None::<T>)), kind: PhantomData }
    }

    /// Looks at it; tracks changes.
    pub fn with<U>(self, look: impl FnOnce(&Option<T>) -> U) -> U {
        look(self.kept.get().downcast_ref().unwrap_or(&None))
    }

    /// Looks at it once.
    pub fn with_untracked<U>(self, look: impl FnOnce(&Option<T>) -> U) -> U {
        look(self.kept.get_untracked().downcast_ref().unwrap_or(&None))
    }

    /// Looks at it once, unless the screen is gone.
    pub fn try_with_untracked<U>(self, look: impl FnOnce(&Option<T>) -> U) -> Option<U> {
        self.kept.try_get_untracked().map(|kept| look(kept.downcast_ref().unwrap_or(&None)))
    }

    /// A copy of it; tracks changes.
    pub fn get(self) -> Option<T>
    where
        T: Clone,
    {
        self.with(Clone::clone)
    }

    /// A copy of it, once.
    pub fn get_untracked(self) -> Option<T>
    where
        T: Clone,
    {
        self.with_untracked(Clone::clone)
    }

    /// Puts another thing in its place, which may come after the screen is gone.
    pub fn set(self, data: Option<T>) {
        let _ = self.kept.try_set(Arc::new(data));
    }
}

/// Fetches now and whenever a signal that `question` reads changes; only the latest answer counts.
pub fn remote<T, Q, A>(question: Q) -> Remote<T>
where
    T: Send + Sync + 'static,
    Q: Fn() -> A + 'static,
    A: Future<Output = Result<T, Failure>> + 'static,
{
    let data = Data::nothing();
    let asking = Asking { failure: RwSignal::new(None), busy: RwSignal::new(true), again: RwSignal::new(0) };
    asking.follow(Box::new(move || {
        let answer = question();
        let keep = move |answer| Box::new(move || data.set(Some(answer))) as Box<dyn FnOnce()>;
        Box::pin(async move { answer.await.map(keep) }) as Keeping
    }));
    let Asking { failure, busy, again } = asking;
    Remote { data, failure, busy, again }
}

/// All of [`Remote`] but the data, which makes it one for all of them.
#[derive(Clone, Copy)]
pub struct Asking {
    /// Why the last request failed.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether a request is under way.
    pub busy: RwSignal<bool>,
    again: RwSignal<u32>,
}

/// Gives what keeps the answer.
type Keeping = Pin<Box<dyn Future<Output = Result<Box<dyn FnOnce()>, Failure>>>>;

impl Asking {
    /// Fetches again.
    pub fn reload(self) {
        self.again.update(|count| *count += 1);
    }

    fn follow(self, question: Box<dyn Fn() -> Keeping>) {
        let Self { failure, busy, again } = self;
        let latest = StoredValue::new(0_u32);
        // Somebody signed in again on top of the page: ask again what was refused, and nothing else, so that what was
        // typed on top of the data stays.
        if let Some(session) = use_context::<Session>() {
            place::effect(move |before: Option<()>| {
                session.track_turn();
                if before.is_some() && failure.with_untracked(Option::is_some) {
                    self.reload();
                }
            });
        }
        place::effect(move |_: Option<()>| {
            again.track();
            let answer = question();
            let mine = latest.get_value() + 1;
            latest.set_value(mine);
            busy.set(true);
            spawn_local(async move {
                let answer = answer.await;
                if latest.try_get_value() != Some(mine) {
                    return;
                }
                match answer {
                    Ok(keep) => {
                        keep();
                        // Whoever shows either of both is left in peace when nothing was wrong.
                        if failure.with_untracked(Option::is_some) {
                            failure.set(None);
                        }
                    }
                    Err(wrong) => failure.set(Some(wrong)),
                }
                busy.set(false);
            });
        });
    }
}
