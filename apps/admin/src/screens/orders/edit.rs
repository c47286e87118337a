//! Changing what a placed order is about: fewer, more and other pieces, where it goes, with a look at what that does to the
//! money first.

use std::time::Duration;

use leptos::prelude::*;

use super::contact;
use super::moves::{Act, READ, Reason, above, number};
use crate::api::{self, Asking, Data, remote, sentence};
use crate::gql::Document;
use crate::gql::order_edit::{
    OrderEdit, OrderEditChangesInput, OrderEditForetold, OrderEditForetoldVariables, OrderEditInput,
    OrderEditPreview, OrderEditVariables,
};
use crate::logic::amount;
use crate::logic::contact::{Contact, has_field};
use crate::logic::order_edit::{self, Row, changes, is_legible, named};
use crate::parts::dialog::Drawer;
use crate::parts::{FailureView, count, icon};
use crate::place;
use crate::screens::stock::picker::AnyVariant;

/// How long somebody pauses before the server is asked what it would do: an address is typed letter by letter.
const PAUSE: Duration = Duration::from_millis(250);

/// What the order is about from now on.
#[component]
pub(super) fn Edit(act: Act) -> impl IntoView {
    let (rows, contact) = (RwSignal::new(Vec::<Row>::new()), RwSignal::new(Contact::default()));
    let (notify, received) = (RwSignal::new(true), RwSignal::new(false));
    let (reason, missing) = (RwSignal::new(String::new()), RwSignal::new(false));
    let key = RwSignal::new(api::fresh_key());
    let exponent =
        move || act.order.with(|order| order.as_ref().map_or(2, |order| amount::exponent(order.currency())));
    place::effect(move |before: Option<bool>| {
        let open = act.open.get();
        act.order.with(|order| match order {
            // Somebody else has changed the order: what was typed stays.
            Some(order) if open && before == Some(true) => {
                rows.update(|rows| order_edit::follow(rows, &order.lines));
                contact.update(|contact| contact.follow(&order.address, &order.email));
            }
            Some(order) if open => {
                rows.set(order.lines.iter().map(Row::placed).collect());
                contact.set(Contact::of(&order.address, &order.email));
                received.set(false);
                key.set(api::fresh_key());
            }
            _ => {}
        });
        open
    });
    place::effect(move |_| act.failure.with(|failure| failure.iter().for_each(|it| api::renew(key, it))));
    let wanted = place::memo(move || {
        let (received, exponent) = (received.get(), exponent());
        let wanted = rows.with(|rows| contact.with(|contact| changes(rows, contact, received, exponent)));
        wanted.filter(|_| act.open.get())
    });
    let legible = place::memo(move || {
        let exponent = exponent();
        rows.with(|rows| contact.with(|contact| is_legible(rows, contact, exponent)))
    });
    let asked = paused(wanted);
    let foretold = remote(move || {
        // Another version is another order: it is asked once more.
        let (wanted, id) =
            (asked.get(), act.order.with(|order| order.as_ref().map(|order| order.id.clone())));
        async move {
            let Some((changes, id)) = wanted.zip(id) else { return Ok(None) };
            let variables = OrderEditForetoldVariables { id, changes: changes.clone() };
            let mut preview = api::ask(OrderEditForetold::build(variables)).await?.order_edit_preview;
            for problem in &mut preview.problems {
                problem.field = named(&problem.field, &changes);
            }
            Ok(Some(preview))
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
        let sent = changes.clone();
        let input = OrderEditInput { id: stamp.id, version, changes, reason: words, notify, idempotency_key };
        act.run_form("The order is changed", async move {
            let answer = api::ask(OrderEdit::build(OrderEditVariables { input })).await;
            let answer = answer.map_err(|mut failure| {
                for fault in &mut failure.fields {
                    fault.field = named(&fault.field, &sent);
                }
                failure
            })?;
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
    // What the server refuses at a row, before it is sent or after.
    let refused = move |field: &str| {
        let foretold = seen.with(|seen| {
            let mut problems = seen.iter().flatten().flat_map(|preview| &preview.problems);
            problems.find(|problem| problem.field == field).map(|problem| sentence(&problem.message))
        });
        foretold.or_else(|| act.failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))))
    };
    let at_row = move |field: &str| {
        rows.with(|rows| rows.iter().any(|row| row.fields().iter().any(|own| own == field)))
    };
    let has_place = move |field: &str| field == "reason" || has_field(field) || at_row(field);
    let pick = move |(variant, called): (String, String)| {
        rows.update(|rows| order_edit::add(rows, cynic::Id::new(variant), called));
    };
    let faults = move |at: usize| {
        let exponent = exponent();
        rows.with(|rows| rows.get(at).map(|row| row.faults(exponent, refused)).unwrap_or_default())
    };
    let number = number(act);
    view! {
        <Drawer open=act.open title=place::derived(move || format!("Edit {}", number())) on_submit=send footer>
            {move || above(act, has_place)}
            <div class="stack">
                <For each=move || 0..rows.with(Vec::len) key=|at| *at children=move |at| line(rows, at, place::memo(move || faults(at)))/>
            </div>
            <AnyVariant on_pick=pick/>
            {contact::fields(act, contact, seen)}
            {effect(seen, asking, received, legible, has_place)}
            <label class="check">
                <input type="checkbox" prop:checked=move || notify.get() on:change=move |event| notify.set(event_target_checked(&event))/>
                <span>"Write to the customer"</span>
            </label>
            <Reason act reason missing id="edit-reason" hint=READ/>
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

/// Pieces of a line, and what is taken off it, with what is wrong with both.
fn line(rows: RwSignal<Vec<Row>>, at: usize, faults: Memo<[Option<String>; 2]>) -> impl IntoView {
    let of = move |what: fn(&Row) -> String| rows.with(|rows| rows.get(at).map(what).unwrap_or_default());
    let called = move || of(|row| row.called.clone());
    let wrong = move |which: usize| faults.with(|faults| faults[which].is_some()).to_string();
    let note = format!("edit-line-{at}");
    let described = note.clone();
    let placed = move || rows.with(|rows| rows.get(at).is_some_and(|row| row.line.is_some()));
    let remove = move |_| {
        rows.update(|rows| match rows.get_mut(at) {
            Some(row) if row.line.is_some() => row.pieces = row.least.to_string(),
            Some(_) => drop(rows.remove(at)),
            None => {}
        });
    };
    view! {
        <div>
            <p class="flex">
                <span class="grow">
                    {called} <br/>
                    <span class="meta">
                        {move || rows.with(|rows| rows.get(at).map(|row| match (row.before, row.least) {
                            _ if row.line.is_none() => "new".to_owned(),
                            (before, 0) => format!("{before} until now"),
                            (before, least) => format!("{before} until now, {least} have left"),
                        }))}
                    </span>
                </span>
                <input class="input" style=("inline-size", "4.5rem") inputmode="numeric" maxlength="5" autocomplete="off"
                    aria-label=move || format!("Pieces of {}", called())
                    aria-invalid=move || wrong(0)
                    aria-describedby=note.clone()
                    prop:value=move || of(|row| row.pieces.clone())
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        rows.update(|rows| if let Some(row) = rows.get_mut(at) { row.pieces = text });
                    }/>
                <Show when=placed>
                    <input class="input" style=("inline-size", "5.5rem") inputmode="decimal" maxlength="14" autocomplete="off"
                        placeholder="− amount"
                        aria-label=move || format!("Taken off {}", called())
                        aria-invalid=move || wrong(1)
                        aria-describedby=described.clone()
                        prop:value=move || of(|row| row.off.clone())
                        on:input=move |event| {
                            let text = event_target_value(&event);
                            rows.update(|rows| if let Some(row) = rows.get_mut(at) { row.off = text });
                        }/>
                </Show>
                <button class="btn" type="button" data-kind="quiet" data-icon=""
                    aria-label=move || format!("Take {} away", called()) on:click=remove>{icon("x")}</button>
            </p>
            <div id=note>
                {move || faults.get().into_iter().flatten().map(|text| view! { <p class="error">{text}</p> }).collect_view()}
            </div>
        </div>
    }
}

/// What the edit would do, as the server says it.
fn effect(
    seen: Data<Option<OrderEditPreview>>,
    asking: Asking,
    received: RwSignal<bool>,
    legible: Memo<bool>,
    has_place: impl Fn(&str) -> bool + Copy + Send + 'static,
) -> impl IntoView {
    move || {
        if !legible.get() {
            let text = "Something above cannot be read yet: what it costs is counted as soon as it can.";
            return view! { <p class="meta" role="status">{text}</p> }.into_any();
        }
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
        let problems = preview.problems.into_iter().filter(|problem| !has_place(&problem.field));
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
