//! What every card of the editor works on: the draft, and what is wrong with it.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::api::Failure;
use crate::gql::promotions::PromotionInput;
use crate::logic::promotion::{Draft, words};
use crate::parts::icon;
use crate::place;
use crate::session::{Session, use_session};

/// The draft with its faults.
#[derive(Clone, Copy)]
pub struct Form {
    /// As it is typed.
    pub draft: RwSignal<Draft>,
    /// What the server refused.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether somebody wanted to send it: from then on every fault is shown.
    pub asked: RwSignal<bool>,
    faults: Memo<BTreeMap<String, String>>,
    session: Session,
}

impl Form {
    /// A form that begins with a draft.
    pub fn new(draft: Draft) -> Self {
        let session = use_session();
        let draft = RwSignal::new(draft);
        let faults = place::memo(move || {
            let exponent = session.exponent();
            draft.with(|draft| draft.faults(exponent, place::zone))
        });
        Self { draft, failure: RwSignal::new(None), asked: RwSignal::new(false), faults, session }
    }

    /// How many fields are wrong, as far as that is shown.
    pub fn wrong(self) -> Signal<usize> {
        place::derived(move || if self.asked.get() { self.faults.with(BTreeMap::len) } else { 0 })
    }

    /// Whether it can be sent. If not, every fault is shown from now on.
    pub fn can_be_sent(self) -> bool {
        self.asked.set(true);
        self.faults.with_untracked(BTreeMap::is_empty)
    }

    /// Whether it can be tried, which needs no name. If not, every fault is shown from now on.
    pub fn can_be_tried(self) -> bool {
        let ready = self.faults.with_untracked(|faults| faults.keys().all(|path| path == "name"));
        if !ready {
            self.asked.set(true);
        }
        ready
    }

    /// What is sent.
    pub fn input(self) -> PromotionInput {
        let exponent = untrack(|| self.session.exponent());
        self.draft.with_untracked(|draft| draft.input(exponent, place::zone))
    }

    /// What it does, in words.
    pub fn said(self) -> String {
        let money = money(self.session);
        self.draft.with(|draft| words::said(draft, &money))
    }

    /// Reads a text of the draft.
    pub fn text(self, pick: fn(&Draft) -> &String) -> Signal<String> {
        place::derived(move || self.draft.with(|draft| pick(draft).clone()))
    }

    /// Writes a text of the draft.
    pub fn put(self, put: fn(&mut Draft, String)) -> Callback<String> {
        Callback::new(move |typed| self.draft.update(|draft| put(draft, typed)))
    }

    /// What is wrong with a field, by the path that the server gives it.
    pub fn fault(self, path: &'static str) -> Signal<Option<String>> {
        self.fault_of(move || path.to_owned())
    }

    /// What is wrong with a field whose path may change.
    pub fn fault_of(self, path: impl Fn() -> String + Send + Sync + 'static) -> Signal<Option<String>> {
        place::derived(move || {
            let path = path();
            let mine =
                self.asked.get().then(|| self.faults.with(|faults| faults.get(&path).cloned())).flatten();
            mine.or_else(|| {
                self.failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(&path)))
            })
        })
    }

    /// The first that is wrong with a field or with something inside of it.
    pub fn fault_within(self, field: &'static str) -> Signal<Option<String>> {
        let inside = move |path: &str| {
            path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        place::derived(move || {
            let first = |faults: &BTreeMap<String, String>| {
                faults.iter().find(|(path, _)| inside(path)).map(|(_, text)| text.clone())
            };
            let mine = self.asked.get().then(|| self.faults.with(first)).flatten();
            mine.or_else(|| {
                self.failure.with(|failure| {
                    let mut faults = failure.iter().flat_map(|failure| &failure.fields);
                    faults.find(|fault| inside(&fault.field)).map(|fault| fault.message.clone())
                })
            })
        })
    }
}

/// Says typed amounts as people of the shop write them.
pub fn money(session: Session) -> impl Fn(&str) -> String {
    let exponent = session.exponent();
    move |typed| match crate::logic::amount::parse(typed, exponent) {
        Ok(minor) => session.formatted(minor),
        Err(_) => "…".to_owned(),
    }
}

/// What is wrong, below something that is not a field of its own.
pub fn error_line(error: Signal<Option<String>>) -> impl IntoView {
    move || error.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })
}
