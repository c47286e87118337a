//! What happened to an order: events and notes by day, newest first.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Data};
use crate::gql::Document;
use crate::gql::order_moves::{OrderNoteAdd, OrderNoteAddInput, OrderNoteAddVariables};
use crate::gql::orders::Order;
use crate::logic::moment::millis;
use crate::parts::icon;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

#[derive(Clone, Copy, PartialEq)]
enum Show {
    All,
    Notes,
    Events,
}

/// One entry: an event or a note.
struct Entry {
    at: String,
    order: usize,
    tone: &'static str,
    symbol: &'static str,
    text: String,
    quote: Option<String>,
    kind: String,
    actor: String,
}

fn look(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "order.placed" => ("", "orders"),
        "order.paid" | "payment.captured" | "payment.authorised" => ("good", "card"),
        "payment.failed" | "order.cancelled" => ("danger", "stop"),
        "order.refunded" | "payment.refunded" | "order.exchanged" | "order.in_exchange" => {
            ("warning", "returns")
        }
        "order.shipped" | "fulfilment.shipped" | "fulfilment.created" => ("accent", "truck"),
        "order.delivered" | "fulfilment.delivered" | "order.completed" => ("good", "check"),
        "order.note_added" => ("", "note"),
        _ => ("", "events"),
    }
}

/// Who did it, in words.
fn by(actor: &str) -> Option<String> {
    match actor {
        "" => None,
        "customer" => Some("by the customer".to_owned()),
        "staff" => Some("by staff".to_owned()),
        other => Some(format!("by {other}")),
    }
}

fn entries(order: &Order, show: Show) -> Vec<Entry> {
    let mut entries = Vec::new();
    if show != Show::Notes {
        // A note has its own entry below, with its words.
        let events = order.timeline.iter().enumerate().filter(|(_, event)| event.kind != "order.note_added");
        entries.extend(events.map(|(at, event)| {
            let (tone, symbol) = look(&event.kind);
            let amount = event.amount.as_ref().map(|amount| amount.formatted.as_str());
            let text = match amount {
                Some(amount) if !event.text.contains(amount) => format!("{} ({amount})", event.text),
                _ => event.text.clone(),
            };
            Entry {
                at: event.at.0.clone(),
                order: at,
                tone,
                symbol,
                text,
                quote: None,
                kind: event.kind.clone(),
                actor: by(&event.actor).unwrap_or_default(),
            }
        }));
    }
    if show != Show::Events {
        entries.extend(order.notes.iter().enumerate().map(|(at, note)| Entry {
            at: note.at.0.clone(),
            order: at,
            tone: "",
            symbol: "note",
            text: "Note".to_owned(),
            quote: Some(note.text.clone()),
            kind: String::new(),
            actor: String::new(),
        }));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse((millis(&entry.at), entry.order)));
    entries
}

/// The card.
#[component]
pub fn Story(
    /// The order.
    order: Data<Order>,
    /// The order with a new note.
    on_change: Callback<Order>,
) -> impl IntoView {
    let session = use_session();
    let show = RwSignal::new(Show::All);
    let choice = move |which: Show, label: &'static str| {
        view! {
            <button type="button" aria-pressed=move || (show.get() == which).to_string() on:click=move |_| show.set(which)>
                {label}
            </button>
        }
    };
    let list = move || {
        order.with(|order| {
            let reader = place::reader();
            let mut day = String::new();
            let entries = order.as_ref().map(|order| entries(order, show.get())).unwrap_or_default();
            if entries.is_empty() {
                return view! { <p class="dim">"Nothing here yet."</p> }.into_any();
            }
            let items = entries
                .into_iter()
                .map(|entry| {
                    let its_day = reader.day(&entry.at);
                    let head = (its_day != day).then(|| view! { <li class="day">{its_day.clone()}</li> });
                    day = its_day;
                    view! {
                        {head}
                        <li>
                            <span class="dot" data-tone=entry.tone>{icon(entry.symbol)}</span>
                            <div>
                                {entry.text}
                                " "
                                <span class="dim">{entry.actor}</span>
                                {entry.quote.map(|quote| view! { <div class="quote">{quote}</div> })}
                                {(!entry.kind.is_empty()).then(|| view! { <br/> <code>{entry.kind}</code> })}
                            </div>
                            <time datetime=entry.at.clone()>{reader.clock(&entry.at)}</time>
                        </li>
                    }
                })
                .collect_view();
            view! { <ol class="timeline">{items}</ol> }.into_any()
        })
    };
    let may_write = place::memo(move || session.may("orders:update"));
    view! {
        <section class="card">
            <header>
                <h2>"What happened"</h2>
                <span class="end seg" data-size="sm" role="group" aria-label="Show">
                    {choice(Show::All, "All")}
                    {choice(Show::Notes, "Notes")}
                    {choice(Show::Events, "Events")}
                </span>
            </header>
            <div class="body">
                {move || may_write.get().then(|| view! { <Composer order on_change/> })}
                {list}
            </div>
        </section>
    }
}

#[component]
fn Composer(order: Data<Order>, on_change: Callback<Order>) -> impl IntoView {
    let toaster = use_toaster();
    let (text, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let add = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let words = text.get_untracked().trim().to_owned();
        let id = order.with_untracked(|order| order.as_ref().map(|order| order.id.clone()));
        let Some(id) = id.filter(|_| !words.is_empty() && !busy.get_untracked()) else { return };
        busy.set(true);
        spawn_local(async move {
            let input = OrderNoteAddInput { id, text: words };
            match api::ask(OrderNoteAdd::build(OrderNoteAddVariables { input })).await {
                Ok(answer) => {
                    let _ = text.try_set(String::new());
                    on_change.run(answer.order_note_add.order);
                }
                Err(failure) => toaster.failure("The note was not added", &failure),
            }
            let _ = busy.try_set(false);
        });
    };
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        if plain && event.key() == "n" && !crate::parts::typing(&event) {
            event.prevent_default();
            crate::parts::list::focus("note-text");
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <form class="composer input" on:submit=add>
            <input
                id="note-text"
                placeholder="Write a note for your colleagues"
                aria-label="Note for colleagues"
                maxlength="2000"
                autocomplete="off"
                prop:value=move || text.get()
                on:input=move |event| text.set(event_target_value(&event))
            />
            <button
                class="btn"
                type="submit"
                data-size="sm"
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get() || text.with(|text| text.trim().is_empty())
            >
                "Add"
            </button>
        </form>
    }
}
