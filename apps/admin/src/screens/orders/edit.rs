//! Changing what a placed order is about: fewer, more and other pieces, where it goes, with a look at what that does to the
//! money first.

use std::time::Duration;

use leptos::prelude::*;

use super::contact;
use super::moves::{Act, Reason, number};
use super::parcels::variant_of;
use crate::api::{self, Asking, Data, remote, sentence};
use crate::gql::Document;
use crate::gql::order_edit::{
    OrderEdit, OrderEditAddInput, OrderEditChangesInput, OrderEditDiscountInput, OrderEditForetold,
    OrderEditForetoldVariables, OrderEditInput, OrderEditPreview, OrderEditQuantityInput, OrderEditVariables,
};
use crate::gql::orders::OrderLine;
use crate::gql::stock::InventoryItem;
use crate::logic::contact::{Contact, has_field};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::{FailureView, count, icon};
use crate::place;
use crate::screens::stock::picker::Picker;
use crate::session::use_session;

/// A line with what is typed about it; without an id it is a new one.
#[derive(Clone, PartialEq)]
struct Row {
    line: Option<cynic::Id>,
    variant: cynic::Id,
    called: String,
    before: i32,
    /// Pieces that have left.
    least: i32,
    pieces: String,
    /// What is taken off by hand from now on; empty: what was.
    off: String,
}

impl Row {
    fn placed(line: &OrderLine) -> Self {
        Self {
            line: Some(line.id.clone()),
            variant: line.id.clone(),
            called: format!("{} {}", line.title, variant_of(line)),
            before: line.quantity,
            least: line.sent,
            pieces: line.quantity.to_string(),
            off: String::new(),
        }
    }

    fn added(item: &InventoryItem) -> Self {
        Self {
            line: None,
            variant: item.variant_id.clone(),
            called: item.called(),
            before: 0,
            least: 0,
            pieces: "1".to_owned(),
            off: String::new(),
        }
    }

    fn read(&self) -> Option<i32> {
        self.pieces.trim().parse().ok().filter(|pieces| self.least <= *pieces)
    }
}

/// How long somebody pauses before the server is asked what it would do: an address is typed letter by letter.
const PAUSE: Duration = Duration::from_millis(250);

/// What the form changes; nothing while a row is not typed right.
fn changes(rows: &[Row], contact: &Contact, rest_received: bool) -> Option<OrderEditChangesInput> {
    let nothing = OrderEditChangesInput::none(rest_received);
    let mut changes = nothing.clone();
    contact.put_into(&mut changes);
    for row in rows {
        let quantity = row.read()?;
        match &row.line {
            Some(line_id) => {
                let line_id = line_id.clone();
                if quantity != row.before {
                    changes.quantities.push(OrderEditQuantityInput { line_id: line_id.clone(), quantity });
                }
                let amount = row.off.trim().replace(',', ".");
                if !amount.is_empty() {
                    changes.discounts.push(OrderEditDiscountInput { line_id, amount });
                }
            }
            None => changes.add.push(OrderEditAddInput { variant_id: row.variant.clone(), quantity }),
        }
    }
    (changes != nothing).then_some(changes)
}

/// What the order is about from now on.
#[component]
pub(super) fn Edit(act: Act) -> impl IntoView {
    let (rows, contact) = (RwSignal::new(Vec::<Row>::new()), RwSignal::new(Contact::default()));
    let (notify, received) = (RwSignal::new(true), RwSignal::new(false));
    let (reason, missing) = (RwSignal::new(String::new()), RwSignal::new(false));
    let key = RwSignal::new(api::fresh_key());
    place::effect(move |_| {
        if act.open.get() {
            act.order.with_untracked(|order| {
                rows.set(order.iter().flat_map(|order| &order.lines).map(Row::placed).collect());
                contact.set(order.as_ref().map(|it| Contact::of(&it.address, &it.email)).unwrap_or_default());
            });
            received.set(false);
            key.set(api::fresh_key());
        }
    });
    place::effect(move |_| act.failure.with(|failure| failure.iter().for_each(|it| api::renew(key, it))));
    let wanted = Memo::new(move |_| {
        let wanted = rows.with(|rows| contact.with(|contact| changes(rows, contact, received.get())));
        wanted.filter(|_| act.open.get())
    });
    let asked = paused(wanted);
    let foretold = remote(move || {
        let (wanted, stamp) = (asked.get(), act.stamp());
        async move {
            let Some((changes, stamp)) = wanted.zip(stamp) else { return Ok(None) };
            let variables = OrderEditForetoldVariables { id: stamp.id, changes };
            let answer = api::ask(OrderEditForetold::build(variables)).await?;
            Ok(Some(answer.order_edit_preview))
        }
    });
    let seen = foretold.data;
    let asking = foretold.asking();
    let ready = move || {
        let possible = |preview: &Option<Option<OrderEditPreview>>| {
            preview.iter().flatten().any(|preview| preview.problems.is_empty())
        };
        let settled = asked.with(|asked| wanted.with(|wanted| asked == wanted));
        settled && !asking.busy.get() && asking.failure.with(Option::is_none) && seen.with(possible)
    };
    let send = move |()| {
        let (Some(stamp), Some(changes)) = (act.stamp(), wanted.get_untracked()) else { return };
        let words = reason.get_untracked().trim().to_owned();
        if words.is_empty() {
            missing.set(true);
            return;
        }
        let Some(version) = stamp.version.filter(|_| untrack(ready)) else { return };
        let idempotency_key = key.get_untracked();
        let notify = notify.get_untracked();
        let input = OrderEditInput { id: stamp.id, version, changes, reason: words, notify, idempotency_key };
        act.run("The order is changed", async move {
            let answer = api::ask(OrderEdit::build(OrderEditVariables { input })).await?;
            let _ = reason.try_set(String::new());
            Ok(answer.order_edit.order)
        });
    };
    let footer = move || {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || act.busy.get().to_string()
                disabled=move || act.busy.get() || !ready()
            >
                "Change the order"
            </button>
            <span class="meta">"Prices, rates and discounts stay as they were when it was placed. New lines cost what they cost today."</span>
        }
    };
    let may_look = use_session().may("inventory:read");
    let number = number(act);
    view! {
        <Drawer open=act.open title=Signal::derive(move || format!("Edit {}", number())) on_submit=send footer>
            {move || act.failure.get().filter(|it| it.at("reason").is_none()).map(|failure| view! { <Wrong failure/> })}
            <div class="stack">
                <For each=move || 0..rows.with(Vec::len) key=|at| *at children=move |at| line(rows, at)/>
            </div>
            {may_look.then(|| {
                let pick = move |item: InventoryItem| {
                    rows.update(|rows| {
                        if !rows.iter().any(|row| row.line.is_none() && row.variant == item.variant_id) {
                            rows.push(Row::added(&item));
                        }
                    });
                };
                view! { <Picker at=Signal::derive(|| None) on_pick=pick/> }
            })}
            {contact::fields(act, contact, seen)}
            {effect(seen, asking, received)}
            <label class="check">
                <input type="checkbox" prop:checked=move || notify.get() on:change=move |event| notify.set(event_target_checked(&event))/>
                <span>"Write to the customer"</span>
            </label>
            <Reason act reason missing id="edit-reason"/>
        </Drawer>
    }
}

/// What is wanted, as soon as somebody pauses; at once when it is nothing.
fn paused(wanted: Memo<Option<OrderEditChangesInput>>) -> RwSignal<Option<OrderEditChangesInput>> {
    let asked = RwSignal::new(None);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    };
    place::effect(move |_| {
        let next = wanted.get();
        stop();
        if next.is_none() {
            return asked.set(None);
        }
        let later = move || drop(asked.try_set(next));
        waiting.set_value(set_timeout_with_handle(later, PAUSE).ok());
    });
    on_cleanup(stop);
    asked
}

/// Pieces of a line, and what is taken off it.
fn line(rows: RwSignal<Vec<Row>>, at: usize) -> impl IntoView {
    let of = move |what: fn(&Row) -> String| rows.with(|rows| rows.get(at).map(what).unwrap_or_default());
    let called = move || of(|row| row.called.clone());
    let wrong = move || rows.with(|rows| rows.get(at).is_some_and(|row| row.read().is_none()));
    let placed = move || rows.with(|rows| rows.get(at).is_some_and(|row| row.line.is_some()));
    let remove = move |_| {
        rows.update(|rows| {
            if let Some(row) = rows.get_mut(at) {
                row.pieces = row.least.to_string();
            }
            if rows.get(at).is_some_and(|row| row.line.is_none()) {
                rows.remove(at);
            }
        });
    };
    view! {
        <p class="flex">
            <span class="grow">
                {called} <br/>
                <span class="meta">
                    {move || rows.with(|rows| rows.get(at).map(|row| match (row.before, row.least) {
                        (0, _) => "new".to_owned(),
                        (before, 0) => format!("{before} until now"),
                        (before, least) => format!("{before} until now, {least} have left"),
                    }))}
                </span>
            </span>
            <input class="input" style=("inline-size", "4.5rem") inputmode="numeric" maxlength="5" autocomplete="off"
                aria-label=move || format!("Pieces of {}", called())
                aria-invalid=move || wrong().to_string()
                prop:value=move || of(|row| row.pieces.clone())
                on:input=move |event| {
                    let text = event_target_value(&event);
                    rows.update(|rows| if let Some(row) = rows.get_mut(at) { row.pieces = text });
                }/>
            <Show when=placed>
                <input class="input" style=("inline-size", "5.5rem") inputmode="decimal" maxlength="14" autocomplete="off"
                    placeholder="− amount"
                    aria-label=move || format!("Taken off {}", called())
                    prop:value=move || of(|row| row.off.clone())
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        rows.update(|rows| if let Some(row) = rows.get_mut(at) { row.off = text });
                    }/>
            </Show>
            <button class="btn" type="button" data-kind="quiet" data-icon=""
                aria-label=move || format!("Take {} away", called()) on:click=remove>{icon("x")}</button>
        </p>
    }
}

/// What the edit would do, as the server says it.
fn effect(seen: Data<Option<OrderEditPreview>>, asking: Asking, received: RwSignal<bool>) -> impl IntoView {
    move || {
        if let Some(failure) = asking.failure.get() {
            return view! { <FailureView failure again=move |()| asking.reload()/> }.into_any();
        }
        let Some(preview) = seen.get().flatten() else {
            return view! { <p class="meta" role="status">"Nothing changes yet."</p> }.into_any();
        };
        let moved = |stock: crate::gql::order_edit::OrderEditStock| {
            let pieces = count(stock.taken.unsigned_abs().into(), "piece", "pieces");
            let words = if stock.taken < 0 { "go back into stock" } else { "are taken from stock" };
            view! { <p class="meta">{format!("{pieces} of {} {words}", stock.title)}</p> }
        };
        let rest = preview.problems.iter().any(|problem| problem.field == "restReceived");
        let problems = preview.problems.into_iter().filter(|problem| !has_field(&problem.field));
        let problems = problems.map(|problem| view! { <p class="error">{sentence(&problem.message)}</p> });
        let (before, after) = (preview.before.total.formatted, preview.after.total.formatted);
        view! {
            <div class="stack" role="status" aria-busy=move || asking.busy.get().to_string()>
                <dl class="dl">
                    <dt>"Total until now"</dt>
                    <dd>{before}</dd>
                    <dt class="sum">"Total then"</dt>
                    <dd class="sum">{after}</dd>
                </dl>
                <p><b>{preview.money.text}</b></p>
                {preview.stock.into_iter().map(moved).collect_view()}
                {problems.collect_view()}
                {(rest || received.get()).then(|| view! {
                    <label class="check">
                        <input type="checkbox" prop:checked=move || received.get() on:change=move |event| received.set(event_target_checked(&event))/>
                        <span>"This money is here already"</span>
                    </label>
                })}
            </div>
        }
        .into_any()
    }
}
