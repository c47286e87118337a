//! The draft as it is typed, what is wrong with it, and what it would cost.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::drafts::{
    DraftForetold, DraftForetoldVariables, DraftOrder, DraftOrderPreview, DraftOrderState,
};
use crate::logic::draft_order::{Draft, Line, Off};
use crate::parts::icon;
use crate::place;

/// So long nothing is typed before it is priced.
const CALM: Duration = Duration::from_millis(300);

/// The draft with its faults and its price.
#[derive(Clone, Copy)]
pub struct Form {
    /// As it is typed.
    pub draft: RwSignal<Draft>,
    /// What the server refused.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether somebody wanted to send it: from then on every fault is shown.
    pub asked: RwSignal<bool>,
    /// What it would cost: of what was typed last without a fault. Nothing for a draft that was placed.
    pub foretold: Remote<Option<DraftOrderPreview>>,
    faults: Memo<BTreeMap<String, String>>,
}

impl Form {
    /// A form that begins with what is saved, or with a new draft.
    pub fn new(saved: Option<&DraftOrder>, exponent: u32) -> Self {
        let draft = RwSignal::new(saved.map_or_else(Draft::new, Draft::of));
        let faults = place::memo(move || draft.with(|draft| draft.faults(exponent)));
        let turn = RwSignal::new(0_u32);
        let waiting = StoredValue::new(None::<TimeoutHandle>);
        let stop = move || {
            if let Some(Some(handle)) = waiting.try_get_value() {
                handle.clear();
            }
        };
        place::effect(move |before: Option<()>| {
            draft.track();
            if before.is_none() || faults.with(|faults| !faults.is_empty()) {
                return;
            }
            stop();
            let later = move || turn.update(|turn| *turn += 1);
            waiting.set_value(set_timeout_with_handle(later, CALM).ok());
        });
        on_cleanup(stop);
        let id = saved.map(|saved| saved.id.clone());
        let open = saved.is_none_or(|saved| saved.state == DraftOrderState::Open);
        let foretold = remote(move || {
            turn.track();
            let right = open && faults.with_untracked(BTreeMap::is_empty);
            let input = right.then(|| draft.with_untracked(|draft| draft.input(exponent)));
            let id = id.clone();
            async move {
                let Some(input) = input else { return Ok(None) };
                let answer = api::ask(DraftForetold::build(DraftForetoldVariables { id, input })).await?;
                Ok(Some(answer.draft_order_preview))
            }
        });
        let (failure, asked) = (RwSignal::new(None), RwSignal::new(false));
        Self { draft, failure, asked, foretold, faults }
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

    /// What it would cost in all, for people and in minor units.
    pub fn total(self) -> Option<(String, i64)> {
        self.foretold.data.with(|seen| {
            let total = seen.iter().flatten().map(|seen| &seen.totals.total).next();
            total.map(|total| (total.formatted.clone(), total.minor.0))
        })
    }

    /// A text of the draft.
    pub fn text(self, pick: fn(&Draft) -> &String) -> Signal<String> {
        place::derived(move || self.draft.with(|draft| pick(draft).clone()))
    }

    /// Writes a text into the draft.
    pub fn put(self, put: fn(&mut Draft, String)) -> Callback<String> {
        Callback::new(move |typed| self.draft.update(|draft| put(draft, typed)))
    }

    /// What is wrong at a path. Why something is taken off may be said last.
    pub fn fault(self, path: &'static str) -> Signal<Option<String>> {
        place::derived(move || self.said(path))
    }

    fn said(self, path: &str) -> Option<String> {
        let shown = self.asked.get() || !path.ends_with(".reason");
        let mine = shown.then(|| self.faults.with(|faults| faults.get(path).cloned())).flatten();
        let refused = |failure: &Option<Failure>| failure.as_ref().and_then(|failure| failure.at(path));
        mine.or_else(|| self.failure.with(refused)).or_else(|| self.foretold.failure.with(refused))
    }

    /// A line by its variant.
    pub fn line(self, variant: StoredValue<String>) -> LineForm {
        LineForm { form: self, variant }
    }
}

/// One line of the form, wherever it stands.
#[derive(Clone, Copy)]
pub struct LineForm {
    /// Its draft.
    pub form: Form,
    /// Its variant.
    pub variant: StoredValue<String>,
}

impl LineForm {
    fn at(self) -> Option<usize> {
        self.variant.with_value(|variant| {
            self.form.draft.with(|draft| draft.lines.iter().position(|line| line.variant == *variant))
        })
    }

    /// Looks at it; tracks changes.
    pub fn with<T: Default>(self, look: impl FnOnce(&Line) -> T) -> T {
        let at = self.at();
        self.form.draft.with(|draft| at.and_then(|at| draft.lines.get(at)).map(look).unwrap_or_default())
    }

    /// A text of it.
    pub fn text(self, pick: fn(&Line) -> &String) -> Signal<String> {
        place::derived(move || self.with(|line| pick(line).clone()))
    }

    /// Writes a text into it.
    pub fn put(self, put: fn(&mut Line, String)) -> Callback<String> {
        Callback::new(move |typed| self.change(|line| put(line, typed)))
    }

    /// Changes it.
    pub fn change(self, act: impl FnOnce(&mut Line)) {
        let Some(at) = untrack(|| self.at()) else { return };
        self.form.draft.update(|draft| {
            if let Some(line) = draft.lines.get_mut(at) {
                act(line);
            }
        });
    }

    /// What is wrong with a field of it.
    pub fn fault(self, field: &'static str) -> Signal<Option<String>> {
        place::derived(move || self.form.said(&format!("lines.{}.{field}", self.at()?)))
    }
}

/// A message below a control that is no field of its own.
pub fn error_line(error: Signal<Option<String>>) -> impl IntoView {
    move || error.get().map(|text| view! { <span class="error">{icon("stop")} <span>{text}</span></span> })
}

/// What is taken off: an amount or a share, and why.
#[component]
pub fn TakenOff(
    /// In front of the ids of its controls.
    #[prop(into)]
    id: String,
    /// As it is typed.
    #[prop(into)]
    value: Signal<Off>,
    /// As it is typed now.
    #[prop(into)]
    on_change: Callback<Off>,
    /// Sign of the shop's currency.
    symbol: String,
    /// What is wrong with the amount, the share or the reason.
    faults: [Signal<Option<String>>; 3],
) -> impl IntoView {
    use crate::parts::field::TextField;
    let [amount, percent, reason] = faults;
    let wrong = place::derived(move || amount.get().or_else(|| percent.get()));
    let change = move |act: &dyn Fn(&mut Off)| {
        let mut off = value.get_untracked();
        act(&mut off);
        on_change.run(off);
    };
    let (kind, why) = (format!("Amount or share, {id}"), format!("{id}-reason"));
    let share = move || value.with(|off| off.percent);
    let label = id.clone();
    view! {
        <div class="row">
            <div class="field">
                <label for=label>"Taken off"</label>
                <span class="flex">
                    <input
                        class="input"
                        id=id
                        inputmode="decimal"
                        maxlength="14"
                        autocomplete="off"
                        aria-invalid=move || wrong.get().is_some().to_string()
                        prop:value=move || value.with(|off| off.typed.clone())
                        on:input=move |event| {
                            let typed = event_target_value(&event);
                            change(&|off| off.typed.clone_from(&typed));
                        }
                    />
                    <select
                        class="input"
                        style=("inline-size", "5rem")
                        aria-label=kind
                        on:change=move |event| {
                            let percent = event_target_value(&event) == "percent";
                            change(&|off| off.percent = percent);
                        }
                    >
                        <option value="amount" selected=move || !share()>{symbol}</option>
                        <option value="percent" selected=share>"%"</option>
                    </select>
                </span>
                {error_line(wrong)}
            </div>
            <TextField
                id=why
                label="Why"
                hint=Signal::stored("The customer reads it".to_owned())
                most=200
                value=place::derived(move || value.with(|off| off.reason.clone()))
                on_input=move |typed: String| change(&|off| off.reason.clone_from(&typed))
                error=reason
            />
        </div>
    }
}
